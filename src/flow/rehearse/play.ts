import { collectionsIn, type Keywords, type Play, type Playbook } from '../../ansible/content/index.ts'
import { directoryOf, normalPath } from '../../ansible/inventory/projectTree.ts'
import { type AnsibleValue, scalarText } from '../../ansible/value.ts'
import { hasMark } from '../atoms.ts'
import { type Evaluator, evaluator } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import { Undecided } from './call.ts'
import { type Closure, closureOfPlay, textsOfPlay } from './closure.ts'
import type { Context, Stage } from './context.ts'
import { rawVariables, within } from './context.ts'
import { gathersFacts } from './gathering.ts'
import { withGroups } from './groups.ts'
import { addHandlers } from './handlers.ts'
import { CONTROL_NODE } from './hosts.ts'
import { PROMPT } from './lookups.ts'
import { over } from './merging.ts'
import { missingPlaybook } from './missing.ts'
import { candidates, isTemplate, variablesOfOne } from './namedFiles.ts'
import { matchingHosts, namedGroups } from './pattern.ts'
import { enterRole, exportedBy, importedByPlay, NOTHING, noteSealed, rawOf, together } from './roles.ts'
import { scopeOf } from './scope.ts'
import { batched, batchSizes, seesOthers } from './serial.ts'
import { isActive, Walk, withoutNotified } from './statements.ts'
import { forked, type Room } from './task.ts'
import { absentFile, sealedFile, type Unread, withMore } from './unread.ts'
import { merged, type NodeState, type OpenVariable, type RawVariable, type World } from './world.ts'

/** Plays one playbook through, those that it imports included. */
export function playThrough(stage: Stage, playbook: Playbook, start: World, room: Room): readonly World[] {
  return new Playing(stage, room).playbook(playbook, [start], [])
}

class Playing {
  readonly #stage: Stage
  readonly #room: Room
  readonly #walk: Walk

  constructor(stage: Stage, room: Room) {
    this.#stage = stage
    this.#room = room
    this.#walk = new Walk(room)
  }

  /** `imports`: the keywords with which it was imported, the outermost first. */
  playbook(
    { path, plays }: Playbook,
    worlds: readonly World[],
    trail: readonly string[],
    imports: readonly Keywords[] = [],
  ): readonly World[] {
    if (trail.includes(path)) return worlds
    let now = worlds
    for (const play of plays) {
      if (play.kind === 'play') {
        now = this.#play(play, path, now, imports)
        continue
      }
      const name = play.path.value
      const { content } = this.#stage
      const target = typeof name === 'string' ? content.findPlaybook(name, directoryOf(path)) : undefined
      const file = target === undefined ? undefined : content.playbook(target)
      if (file === undefined)
        this.#stage.note(missingPlaybook(typeof name === 'string' ? name : '', play.at, this.#stage))
      else now = this.playbook(file, now, [...trail, path], [...imports, play.keywords])
    }
    return now
  }

  #play(play: Play, path: string, worlds: readonly World[], imports: readonly Keywords[]): readonly World[] {
    const directory = directoryOf(path)
    return merged(
      worlds.flatMap((world) => {
        const general = this.#context(play, path, directory, imports)
        const { hosts, each } = this.#hosts(play, general, world)
        if (hosts.length === 0) return [world]
        if (world.over !== undefined) return [leftOut(world, hosts)]
        const base = {
          ...this.#withFilesOfHosts(play, general, hosts, world),
          isFree: FREE.test(scalarText(play.keywords.get('strategy')?.value ?? null)),
        }
        const isOpen = isForOpenGroup(play, world)
        const begun = this.#withFacts(play, hosts, restarted(world, hosts))
        return this.#batches(play, hosts, each, base, begun).flatMap(({ start, batches }) =>
          batches.reduce<readonly World[]>(
            (now, turn) => {
              const { hosts: batch, each: playBatch } = turn
              const going = now.filter(({ over }) => over === undefined)
              const left = now.filter(({ over }) => over !== undefined).map((one) => leftOut(one, batch))
              if (going.length === 0) return left
              const played = this.#sections(
                play,
                {
                  ...base,
                  ...this.#mostFailed(play, turn),
                  playHosts: batch,
                  allPlayHosts: hosts,
                  playBatch,
                },
                batch,
                going,
              )
              const stopped = played.map((one) => leftOut(one, batch, 'in it'))
              const mayEnd = this.#stage.ends && !isOpen && turn.isWhole
              return [...left, ...(mayEnd ? stopped.map((one) => withEnd(one, world, batch)) : stopped)]
            },
            [start],
          ),
        )
      }),
      this.#stage.atoms,
    )
  }

  /** Facts that a play has gathered are there for the rest of the run. */
  #withFacts({ keywords }: Play, hosts: readonly string[], world: World): World {
    if (!gathersFacts(keywords, this.#stage.project)) return world
    if (hosts.every((host) => world.node(host).hasFacts)) return world
    const next = world.copy()
    for (const host of hosts) next.change(host, { hasFacts: true })
    return next
  }

  /** What a batch has to go beyond to end for all of its hosts. */
  #mostFailed({ keywords }: Play, { isWhole }: Batch): Pick<Context, 'mostFailed'> {
    const written = scalarText(keywords.get('max_fail_percentage')?.value ?? null)
      .replace('%', '')
      .trim()
    const value = written === '' ? Number.NaN : Number(written)
    return Number.isNaN(value) || !(value === 0 || isWhole) ? {} : { mostFailed: value }
  }

  /** `serial`: each batch plays the whole play before the next one starts. `each`: the hosts of the play, each for itself. */
  #batches(
    play: Play,
    hosts: readonly string[],
    each: () => readonly string[],
    context: Context,
    world: World,
  ): readonly { readonly start: World; readonly batches: readonly Batch[] }[] {
    const serial = play.keywords.get('serial')
    const whole = [{ start: world, batches: [{ hosts, each: undefined, isWhole: true }] }]
    if (serial === undefined) return whole
    const all = each()
    if (all.length < 2) return whole
    const sizes = batchSizes(
      this.#evaluator(context, world).value(serial.value, serial.at),
      all.length,
      this.#stage.atoms,
    )
    if (sizes === undefined) return whole
    if (!(sizes instanceof Unknown))
      return [{ start: world, batches: this.#onPaper(batched(all, sizes), hosts, play) }]
    const what = `${sizes.what} == 1`
    const ways = world.decisions.has(what)
      ? [world]
      : forked(new Undecided(what, sizes.at ?? serial.at), world, this.#room)
    return ways.map((start) => ({
      start,
      batches: this.#onPaper(
        batched(all, [start.decisions.get(what) === true ? 1 : all.length]),
        hosts,
        play,
      ),
    }))
  }

  /** Batches of a real run, each with the hosts that stand for its own: once, where such a one was before. */
  #onPaper(batches: readonly (readonly string[])[], hosts: readonly string[], play: Play): readonly Batch[] {
    const { standIn } = this.#stage.hosts
    const wanted = new Set(hosts)
    const kinds = new Map<string, string>()
    const found: Batch[] = []
    let isMixed = false
    for (const each of batches) {
      const stands = each.map((host) => standIn(host) ?? host).filter((host) => wanted.has(host))
      const kind = stands.join()
      isMixed ||= stands.some((host) => (kinds.get(host) ?? kind) !== kind)
      const all = [...new Set(stands)]
      const own = all.filter((host) => !kinds.has(host))
      for (const host of own) kinds.set(host, kind)
      if (own.length > 0) found.push({ hosts: own, each, isWhole: own.length === all.length })
    }
    if (isMixed) this.#noteBatches(play)
    return found
  }

  /** Hosts that stand for others are not in batches of one kind, which may count. */
  #noteBatches(play: Play): void {
    const { at = play.at } = play.keywords.get('serial') ?? {}
    const reached = this.#reachedBy(play)
    if (reached !== undefined && seesOthers(textsOfPlay(play, reached, this.#stage.content)))
      this.#stage.note({ at, what: 'serial makes more kinds of batches than are rehearsed' })
  }

  /** Ansible has no host yet where it reads what a play is for; what all hosts have in common is there. */
  #evaluator(context: Context, world: World): Evaluator {
    const [first = CONTROL_NODE] = this.#stage.hosts.hosts.keys()
    return evaluator(scopeOf(withAnyFacts(context), world, first))
  }

  /** Hosts of a play; `each`: those that they stand for, too. */
  #hosts(
    play: Play,
    context: Context,
    world: World,
  ): { readonly hosts: readonly string[]; readonly each: () => readonly string[] } {
    const { atoms, hosts } = this.#stage
    const pattern = play.hosts
    if (pattern === undefined) return { hosts: [], each: () => [] }
    const evaluate = this.#evaluator(context, world)
    const items = Array.isArray(pattern.value) ? pattern.value : [pattern.value]
    const words = items.map((item) => {
      const text = evaluate.text(item, pattern.at)
      return typeof text === 'string' ? atoms.traced(text).text : undefined
    })
    if (words.some((word) => word === undefined || hasMark(word)))
      this.#stage.note({ at: pattern.at, what: 'the hosts of a play are not known' })
    const text = words.map((word) => word ?? 'all').join(',')
    const now = withGroups(hosts, world.groups)
    const found = matchingHosts(text, now)
    const { hosts: made, open: ofUnknown } = world.groups
    const open = namedGroups(words.map((word) => word ?? '')).some(
      (name) => ofUnknown.has(name) || made.has(name),
    )
    // A group that only the run makes, if of hosts that are in no inventory, or that the user names.
    if (found.length === 0 && (open || items.some((item) => typeof item === 'string' && item.includes('{{'))))
      this.#stage.note({ at: pattern.at, what: 'no host that is known is among those of a play' })
    const groupsOfEach = (): ReadonlyMap<string, readonly string[]> =>
      new Map([
        ...(hosts.each?.groups ?? []),
        ...[...made.keys()].map((name) => [name, now.groups.get(name) ?? []] as const),
      ])
    return {
      hosts: found,
      each: () =>
        hosts.each === undefined ? found : matchingHosts(text, { ...hosts.each, groups: groupsOfEach() }),
    }
  }

  #context(play: Play, path: string, directory: string, imports: readonly Keywords[]): Context {
    const playVars = new Map<string, RawVariable | OpenVariable>()
    const empty: Context = {
      stage: this.#stage,
      playbookDirectory: directory,
      playHosts: [],
      allPlayHosts: [],
      playVars,
      unread: [],
      role: undefined,
      collections: collectionsIn(play.keywords),
      roleDefaults: new Map(),
      roleVars: new Map(),
      below: NOTHING,
      ofPlay: NOTHING,
      parents: [],
      parameters: new Map(),
      vars: new Map(),
      items: new Map(),
      conditions: [],
      environment: [],
      noLog: undefined,
      diff: undefined,
      become: undefined,
      delegateTo: undefined,
      notify: undefined,
      runOnce: false,
      ignoreErrors: false,
      anyErrorsFatal: false,
      tags: [],
      handlers: [],
      reached: () => this.#reachedBy(play),
      file: path,
      trail: [],
    }
    for (const [name, variable] of rawVariables(play.keywords.get('vars'))) playVars.set(name, variable)
    for (const [name, variable] of prompted(play)) playVars.set(name, variable)
    for (const keywords of imports.toReversed())
      for (const [name, variable] of rawVariables(keywords.get('vars'))) playVars.set(name, variable)
    const unread = this.#varsFiles(play, directory, playVars)
    // `vars` of a play are its playVars, not those of a block, which win over include_vars.
    const own = [...imports, play.keywords].map(
      (keywords) => new Map([...keywords].filter(([name]) => name !== 'vars')),
    )
    const roles = this.#roles(play, { ...empty, unread })
    return own.reduce((context, keywords) => within(context, keywords), roles)
  }

  #reachedBy({ hosts }: Play): Closure | undefined {
    const { content, project } = this.#stage
    return hosts === undefined ? undefined : closureOfPlay({ pattern: '', at: hosts.at }, content, project)
  }

  /**
   * Lays `vars_files` over what the play has before. Where one of their names is a template, it is told with what `evaluate`
   * knows; without that it is left out. Those are returned that can't be read.
   */
  #varsFiles(
    play: Play,
    directory: string,
    playVars: Map<string, RawVariable | OpenVariable>,
    evaluate?: (playVars: Context['playVars']) => Evaluator,
  ): Unread {
    const { content, atoms } = this.#stage
    const placed = play.keywords.get('vars_files')
    if (placed === undefined) return []
    const origin = { playbookDirectory: directory }
    const unread: string[] = []
    for (const [index, file] of (Array.isArray(placed.value) ? placed.value : [placed.value]).entries()) {
      const at = (placed.node?.kind === 'sequence' ? placed.node.items[index]?.at : undefined) ?? placed.at
      const written = (Array.isArray(file) ? file : [file]).filter((name) => typeof name === 'string')
      if (evaluate === undefined && written.some(isTemplate)) continue
      const told = written.map((name) => evaluate?.(new Map(playVars)).text(name, at) ?? name)
      const names = told.filter((name) => typeof name === 'string')
      const plain = names.flatMap((name) => atoms.plain(name) ?? [])
      const isKnown = plain.length === told.length
      const found = isKnown
        ? plain.map((name) => content.findFile('vars', name, origin)).find((path) => path !== undefined)
        : undefined
      const paths = isKnown ? [] : candidates(this.#stage, 'vars', names, origin).map(({ path }) => path)
      const variables =
        found === undefined
          ? variablesOfOne(
              this.#stage,
              paths,
              'vars_files of a file whose name is only known when the play runs',
            )
          : rawOf(content.varsFile(found) ?? new Map())
      if (found !== undefined) this.#stage.reach(found)
      if (variables === undefined) {
        unread.push(
          isKnown
            ? absentFile(plain.map(normalPath).join(' or '))
            : 'a file of vars_files whose name is only known when the play runs',
        )
        this.#stage.note({
          at,
          what: isKnown
            ? `${plain.map(normalPath).join(' or ')} of vars_files is not in the project`
            : 'vars_files of files that are not known',
        })
      } else if (found !== undefined && content.isSealed(found)) {
        unread.push(sealedFile(found))
        noteSealed(this.#stage, [found])
      }
      for (const [name, variable] of variables ?? [])
        playVars.set(name, over(this.#stage, playVars.get(name), variable))
    }
    return unread
  }

  /** The context for these hosts, each with the `vars_files` whose names it says. */
  #withFilesOfHosts(play: Play, context: Context, hosts: readonly string[], world: World): Context {
    if (!hasTemplates(play.keywords.get('vars_files')?.value)) return context
    let { unread } = context
    const playVarsOf = new Map(
      hosts.map((host) => {
        const own = new Map(context.playVars)
        const evaluate = (playVars: Context['playVars']): Evaluator =>
          evaluator(scopeOf({ ...withAnyFacts(context), playVars }, world, host))
        unread = withMore(unread, this.#varsFiles(play, context.playbookDirectory, own, evaluate))
        return [host, own] as const
      }),
    )
    // Handlers of the play's roles are there by now.
    const contexts = new Map<Context, Context>()
    const own = (before: Context): Context => {
      const known = contexts.get(before) ?? {
        ...before,
        playVarsOf,
        unread: withMore(before.unread, unread),
      }
      contexts.set(before, known)
      return known
    }
    const { handlers } = context
    handlers.splice(0, handlers.length, ...handlers.map((one) => ({ ...one, context: own(one.context) })))
    return { ...context, playVarsOf, unread }
  }

  /** Defaults, vars and handlers of a play's roles are there for all of it. */
  #roles(play: Play, context: Context): Context {
    const { content } = context.stage
    const roles = play.roles.flatMap((use) => {
      const role = content.findRole(use.name, context)
      return role === undefined ? [] : [{ role, use }]
    })
    const ofPlay = together([
      ...roles.map(({ role, use }) => exportedBy(role, use, context)),
      ...importedByPlay(play, context),
    ])
    const known = {
      ...context,
      ofPlay,
      roleDefaults: ofPlay.defaults,
      roleVars: ofPlay.vars,
      unread: withMore(context.unread, ofPlay.unread),
    }
    for (const { role, use } of roles) enterRole(role, use, within(known, use.keywords))
    return known
  }

  #sections(
    play: Play,
    context: Context,
    hosts: readonly string[],
    worlds: readonly World[],
  ): readonly World[] {
    addHandlers(play.handlers, context)
    let now = this.#walk.statements(play.preTasks, context, hosts, worlds)
    now = this.#walk.handlers(context, hosts, now)
    for (const use of play.roles)
      now = this.#walk.roleOnce(use, context, hosts, now, { tasks: use.tasksFrom })
    now = this.#walk.statements(play.tasks, context, hosts, now)
    now = this.#walk.handlers(context, hosts, now)
    now = this.#walk.statements(play.postTasks, context, hosts, now)
    return this.#walk.handlers(context, hosts, now).map((world) => withoutNotified(world, hosts))
  }
}

/** One of the batches of a play: the hosts that are rehearsed, and `each` that is in it; `undefined`: all of the play. */
interface Batch {
  readonly hosts: readonly string[]
  readonly each: readonly string[] | undefined
  /** Whether no host of it was in a batch before by the one that stands for it. */
  readonly isWhole: boolean
}

/** Whether a name in a list of names, or in a list in that, is a template. */
const hasTemplates = (value: AnsibleValue | undefined): boolean =>
  Array.isArray(value)
    ? value.some((item: AnsibleValue) => hasTemplates(item))
    : typeof value === 'string' && isTemplate(value)

/** The same where a fact that is not there ends nothing: what is read before the play begins. */
const withAnyFacts = (context: Context): Context => ({
  ...context,
  stage: { ...context.stage, hasOwnFactsOnly: false },
})

const FREE = /(?:^|\.)(?:free|host_pinned)$/

/** Whether a play is for hosts, too, that only a real run finds. */
function isForOpenGroup({ hosts }: Play, { groups }: World): boolean {
  const { value } = hosts ?? {}
  const words = (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string')
  return namedGroups(words).some((name) => groups.open.has(name))
}

/** What `vars_prompt` asks for is typed when the play runs: a text, unless Enter alone gives an empty one. */
function prompted(play: Play): ReadonlyMap<string, RawVariable> {
  const prompts = play.keywords.get('vars_prompt')
  const result = new Map<string, RawVariable>()
  if (!Array.isArray(prompts?.value)) return result
  for (const prompt of prompts.value) {
    if (typeof prompt !== 'object' || prompt === null || !('name' in prompt)) continue
    const { name, default: usual } = prompt as Readonly<Record<string, unknown>>
    if (typeof name === 'string')
      result.set(name, {
        raw: `{{ lookup('${PROMPT}', '${name}', isFilled=${usual !== ''}) }}`,
        at: prompts.at,
      })
  }
  return result
}

/** `meta: end_host` ends a play, not the playbook, and each play runs its roles. */
function restarted(world: World, hosts: readonly string[]): World {
  const isNew = ({ played, exported }: NodeState): boolean => played.size === 0 && exported.length === 0
  if (hosts.every((host) => isActive(world, host) && isNew(world.node(host)))) return world
  const next = world.copy()
  for (const host of hosts) next.change(host, { ended: undefined, played: new Set(), exported: [] })
  return next
}

/**
 * The run ends with the batch all of whose hosts have failed in this play, one that has failed `before` it not among them:
 * `PlaybookExecutor.run` of ansible-core. Where not all ways were followed, one may go on.
 */
function withEnd(world: World, before: World, batch: readonly string[]): World {
  const failures = batch.map((host) =>
    before.node(host).failure === undefined ? world.node(host).failure : undefined,
  )
  const [failure] = failures
  if (failure === undefined || failures.includes(undefined) || world.isCut) return world
  const next = world.copy()
  next.end(failure)
  return next
}

/** What is left of a play when the run has ended, before it or in it: no task of it runs. */
function leftOut(world: World, hosts: readonly string[], where: 'before it' | 'in it' = 'before it'): World {
  const { over } = world
  if (over === undefined || hosts.every((host) => world.node(host).failure !== undefined)) return world
  const next = world.copy()
  for (const host of hosts)
    if (next.node(host).failure === undefined)
      next.change(host, { failure: where === 'in it' ? over : { ...over, isOfRun: true } })
  return next
}
