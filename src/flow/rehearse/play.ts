import {
  collectionsIn,
  type Keywords,
  type Play,
  type Playbook,
  type RoleUse,
} from '../../ansible/content/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import { evaluator } from '../evaluate/index.ts'
import type { Context, Stage } from './context.ts'
import { rawVariables, within } from './context.ts'
import { withGroups } from './groups.ts'
import { matchingHosts, namedGroups } from './pattern.ts'
import { addHandlers, enterRole, exportedBy, layered, noteSealed } from './roles.ts'
import { scopeOf } from './scope.ts'
import { isActive, Walk } from './statements.ts'
import type { Room } from './task.ts'
import { merged, type RawVariable, type World } from './world.ts'

/** Plays one playbook through, those that it imports included. */
export function playThrough(stage: Stage, playbook: Playbook, start: World, room: Room): readonly World[] {
  return new Playing(stage, room).playbook(playbook, [start], [])
}

class Playing {
  readonly #stage: Stage
  readonly #walk: Walk

  constructor(stage: Stage, room: Room) {
    this.#stage = stage
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
        this.#stage.note({
          at: play.at,
          what: `the playbook ${typeof name === 'string' ? name : ''} is not in the project`,
        })
      else now = this.playbook(file, now, [...trail, path], [...imports, play.keywords])
    }
    return now
  }

  #play(play: Play, path: string, worlds: readonly World[], imports: readonly Keywords[]): readonly World[] {
    const directory = directoryOf(path)
    return merged(
      worlds.flatMap((world) => {
        const base = this.#context(play, path, directory, imports)
        const hosts = this.#hosts(play, base, world)
        if (hosts.length === 0) return [world]
        return batches(hosts, play).reduce<readonly World[]>(
          (now, batch) => this.#sections(play, { ...base, playHosts: batch }, batch, now),
          [restarted(world, hosts)],
        )
      }),
      this.#stage.atoms,
    )
  }

  #hosts(play: Play, context: Context, world: World): readonly string[] {
    const { hosts } = this.#stage
    const pattern = play.hosts
    if (pattern === undefined) return []
    const [first = 'localhost'] = hosts.hosts.keys()
    const evaluate = evaluator(scopeOf(context, world, first))
    const items = Array.isArray(pattern.value) ? pattern.value : [pattern.value]
    const words = items.map((item) => {
      const text = evaluate.text(item, pattern.at)
      return typeof text === 'string' ? this.#stage.atoms.plain(text) : undefined
    })
    if (words.some((word) => word === undefined)) {
      this.#stage.note({ at: pattern.at, what: 'the hosts of a play are not known' })
      return [...hosts.hosts.keys()]
    }
    const found = matchingHosts(words.join(','), withGroups(hosts, world.groups))
    const open = namedGroups(words.map((word) => word ?? '')).some((name) => world.groups.open.has(name))
    // A group that only the run makes, or that the user names.
    if (found.length === 0 && (open || items.some((item) => typeof item === 'string' && item.includes('{{'))))
      this.#stage.note({ at: pattern.at, what: 'no host that is known is among those of a play' })
    return found
  }

  #context(play: Play, path: string, directory: string, imports: readonly Keywords[]): Context {
    const { content } = this.#stage
    const playVars = new Map<string, RawVariable>()
    const empty: Context = {
      stage: this.#stage,
      playbookDirectory: directory,
      playHosts: [],
      playVars,
      hasUnread: false,
      role: undefined,
      collections: collectionsIn(play.keywords),
      roleDefaults: new Map(),
      roleVars: new Map(),
      ofPlay: { defaults: new Map(), vars: new Map(), isSealed: false },
      parents: [],
      parameters: new Map(),
      vars: new Map(),
      items: new Map(),
      conditions: [],
      environment: [],
      noLog: undefined,
      diff: undefined,
      delegateTo: undefined,
      runOnce: false,
      ignoreErrors: false,
      tags: [],
      handlers: [],
      file: path,
      trail: [],
    }
    for (const [name, variable] of rawVariables(play.keywords.get('vars'))) playVars.set(name, variable)
    for (const [name, variable] of prompted(play)) playVars.set(name, variable)
    for (const keywords of imports.toReversed())
      for (const [name, variable] of rawVariables(keywords.get('vars'))) playVars.set(name, variable)
    let hasUnread = false
    const files = play.keywords.get('vars_files')?.value
    for (const file of Array.isArray(files) ? files : files === undefined ? [] : [files]) {
      const candidates = Array.isArray(file) ? file : [file]
      const found = candidates
        .map((name) =>
          typeof name === 'string'
            ? content.findFile('vars', name, { playbookDirectory: directory })
            : undefined,
        )
        .find((name) => name !== undefined)
      const variables = found === undefined ? undefined : content.varsFile(found)
      if (variables === undefined) {
        hasUnread = true
        this.#stage.note({ at: play.at, what: 'a file of vars_files is not in the project' })
      } else if (found !== undefined && content.isSealed(found)) {
        hasUnread = true
        noteSealed(this.#stage, [found])
      }
      for (const { name, value, at } of variables?.values() ?? []) playVars.set(name, { raw: value, at })
    }
    // `vars` of a play are its playVars, not those of a block, which win over include_vars.
    const own = [...imports, play.keywords].map(
      (keywords) => new Map([...keywords].filter(([name]) => name !== 'vars')),
    )
    return own.reduce(within, this.#roles(play.roles, { ...empty, hasUnread }))
  }

  /** Defaults, vars and handlers of a play's roles are there for all of it. */
  #roles(uses: readonly RoleUse[], context: Context): Context {
    const { content } = context.stage
    const roles = uses.flatMap((use) => {
      const role = content.findRole(use.name, context)
      return role === undefined ? [] : [{ role, use }]
    })
    const exported = roles.map(({ role, use }) => exportedBy(role, use, context))
    const ofPlay = {
      defaults: layered(exported.map(({ defaults }) => defaults)),
      vars: layered(exported.map(({ vars }) => vars)),
      isSealed: exported.some(({ isSealed }) => isSealed),
    }
    const known = {
      ...context,
      ofPlay,
      roleDefaults: ofPlay.defaults,
      roleVars: ofPlay.vars,
      hasUnread: context.hasUnread || ofPlay.isSealed,
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
    for (const use of play.roles) now = this.#walk.role(use, context, hosts, now, { tasks: use.tasksFrom })
    now = this.#walk.statements(play.tasks, context, hosts, now)
    now = this.#walk.handlers(context, hosts, now)
    now = this.#walk.statements(play.postTasks, context, hosts, now)
    return this.#walk.handlers(context, hosts, now)
  }
}

/** What `vars_prompt` asks for is typed when the play runs. */
function prompted(play: Play): ReadonlyMap<string, RawVariable> {
  const prompts = play.keywords.get('vars_prompt')
  const result = new Map<string, RawVariable>()
  if (!Array.isArray(prompts?.value)) return result
  for (const prompt of prompts.value) {
    if (typeof prompt !== 'object' || prompt === null || !('name' in prompt)) continue
    const name = (prompt as Readonly<Record<string, unknown>>).name
    if (typeof name === 'string')
      result.set(name, { raw: `{{ lookup('password', '${name}') }}`, at: prompts.at })
  }
  return result
}

/** `serial`: each batch plays the whole play before the next one starts. */
function batches(hosts: readonly string[], play: Play): readonly (readonly string[])[] {
  const serial = play.keywords.get('serial')?.value
  const [size] = Array.isArray(serial) ? serial : [serial]
  if (typeof size !== 'number' || size < 1 || size >= hosts.length) return [hosts]
  const result: (readonly string[])[] = []
  for (let at = 0; at < hosts.length; at += size) result.push(hosts.slice(at, at + size))
  return result
}

/** `meta: end_host` ends a play, not the playbook. */
function restarted(world: World, hosts: readonly string[]): World {
  if (hosts.every((host) => isActive(world, host))) return world
  const next = world.copy()
  for (const host of hosts) if (next.node(host).ended) next.change(host, { ended: false })
  return next
}
