import { type Content, isFixture, type Playbook, type Task } from '../../ansible/content/index.ts'
import { LOCALHOST } from '../../ansible/inventory/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { AnsibleValue, Project } from '../../ansible/value.ts'
import type { TemplatePluginKind } from '../../facts/templatePlugins.ts'
import { partsOf } from '../../path.ts'
import { escaped } from '../../syntax/regExp.ts'
import { tokensIn } from '../arrival/index.ts'
import { isWholeResult } from '../arrival.ts'
import { type Atom, Atoms, distinctHops, type Hop } from '../atoms.ts'
import type { NamedInventory } from '../inventories.ts'
import { names } from '../names.ts'
import type { Broken, Event, Rehearsal, Run, Scenario, Verdict } from '../rehearsal.ts'
import type { RehearseOptions } from '../rehearse.ts'
import type { UnknownNote } from '../unknown.ts'
import { bringsK3s, fileBringsK3s, runsInstaller } from './bringing.ts'
import { SECRET_ANSWER, SERVERS_OWN } from './call.ts'
import { type Closure, closureOf } from './closure.ts'
import { distinguished } from './distinguished.ts'
import { emptyGroups } from './emptyGroups.ts'
import { extraVariables, sealedExtraFiles } from './extraVariables.ts'
import { keepsFacts } from './gathering.ts'
import { groupsMadeBy } from './groups.ts'
import { HostSets } from './hostSets.ts'
import type { PaperHosts } from './hosts.ts'
import { isKind } from './kinds.ts'
import { LeftOut } from './leftOut.ts'
import { lonePlaybooks } from './lone.ts'
import { type Missing, MissingTasks } from './missingTasks.ts'
import { isFetch, TOKEN_FILE } from './modules/files.ts'
import { OwnPlugins } from './ownPlugins.ts'
import { groupsIn, groupsOfOwn, hasHosts, isOpen, namedGroups, wantedGroups } from './pattern.ts'
import { PlaybookWork } from './playbookWork.ts'
import { noteSealed } from './roles.ts'
import { isUndef } from './scope.ts'
import { type UnfilledInventory, unfilledInventory } from './unfilled.ts'
import { Unreached } from './unreached.ts'
import { unusedFiles } from './unusedFiles.ts'
import { eventsOf, OF_ITS_OWN, ofServersThatJoin, verdictsOf } from './verdicts.ts'
import { assumptionsOf, type RawVariable, type Started, type World } from './world.ts'

interface Left {
  readonly hosts: readonly string[]
  readonly worlds: readonly World[]
}

const UPKEEP = ['upgrade', 'update', 'reset', 'restart', 'reboot', 'rotate']

/** Whether nobody plays a playbook on clean nodes, though it might run there. */
const isUpkeep = ({ path }: Playbook): boolean =>
  partsOf(path.toLowerCase())
    .name.split(/[_-]/)
    .some((word) => UPKEEP.some((verb) => word.startsWith(verb)))

const OF_VAULT = /^vault(?:ed)?_|_vault(?:ed)?$/i
/** What shows users how to write a file, and is none that Ansible reads. */
const IS_SAMPLE = /[._-](?:example|sample|dist|template|tmpl|tpl|j2|md)$/i

/** Chooses what is rehearsed: playbooks, hosts, scenarios; and collects what came of it. */
export class Director {
  readonly #project: Project
  readonly #content: Content
  readonly #inventories: readonly NamedInventory[]
  readonly #options: RehearseOptions
  readonly #atoms = new Atoms()
  readonly #verdicts: Verdict[] = []
  /** Playbooks with the hosts of them that nothing in the project asks for. */
  readonly #assumed = new Set<string>()
  readonly #runs: Run[] = []
  readonly #unknowns = new Map<string, UnknownNote>()
  readonly #bounds = new Map<string, UnknownNote>()
  /** Files of variables that plays and tasks have named. */
  readonly #reached = new Set<string>()
  /** The variables that the tasks of each playbook make. */
  readonly #made = new Map<string, ReadonlySet<string>>()
  readonly #refused = new Map<string, Missing>()
  readonly leftOut: LeftOut
  readonly unreached: Unreached
  readonly missing: MissingTasks
  /** The nodes that site playbooks left behind, by inventory and scenario: what an upgrade begins with. */
  readonly #installed = new Map<string, Left[]>()

  constructor(
    project: Project,
    content: Content,
    inventories: readonly NamedInventory[],
    options: RehearseOptions,
  ) {
    this.#project = project
    this.#content = content
    this.#inventories = inventories
    this.#options = options
    this.leftOut = new LeftOut(content)
    this.unreached = new Unreached(content)
    this.missing = new MissingTasks(content, project, options.mayHave ?? (() => true))
  }

  rehearsal(): Rehearsal {
    const later: (() => void)[] = []
    const leftOver: (() => void)[] = []
    const playbooks = this.#playbooks()
    for (const { playbook, closure } of playbooks) this.#made.set(playbook.path, closure.made)
    const told = distinguished(
      playbooks.map(({ closure }) => closure),
      this.#content,
      this.#project,
      this.#inventories,
    )
    const hosts = new HostSets(this.#project, this.#inventories, told, this.#withPlaybooks, this.#options)
    const hasOther = playbooks.some(({ playbook }) => !isUpkeep(playbook))
    for (const { playbook, closure, isLone } of playbooks) {
      const refusing = this.missing.refusing(playbook)
      if (refusing !== undefined) this.#refused.set(playbook.path, refusing)
      const found = hosts.of(
        closure,
        (left) => leftOver.push(() => this.#sayWhatIsLeft(playbook, left)),
        (note) => this.note(note),
        playbook.path,
      )
      // What tests a role has seldom a host of each kind that users have.
      const sets = new Set(
        found.map((set) => (isLone && this.#isTooSmallATest(closure, set) ? ('invented' as const) : set)),
      )
      const works = [...sets].map((set) => new PlaybookWork(this, playbook, closure, set))
      const isLater = hasOther && isUpkeep(playbook)
      const idle = works.filter((work) => isLater || !work.fresh())
      if (!isLater && idle.length === works.length && this.#isForOthers(playbook, closure, [...sets]))
        continue
      const filled = [...sets].flatMap((set, index) =>
        works[index] === undefined || idle.includes(works[index]) ? [] : this.#fill(playbook, closure, set),
      )
      this.#sayWhoIsMissing(closure, [...sets], new Set(filled))
      for (const work of idle) later.push(() => work.onInstalled({ isUpkeep: isUpkeep(playbook) }))
    }
    for (const work of later) work()
    for (const say of leftOver) say()
    this.#sayWhatNobodyIncludes(playbooks.map(({ closure }) => closure))
    this.#sayWhatStartsNothing(playbooks.map(({ closure }) => closure))
    const started = new Set(this.#verdicts.map(({ host }) => host))
    if (started.size > 0)
      for (const note of this.unreached.notes((host) => started.has(host))) this.note(note)
    for (const note of this.leftOut.notes()) this.bound(note)
    this.#sayWhatIsNotFollowed()
    return {
      verdicts: ofServersThatJoin(this.#verdicts, ({ playbook, host }) =>
        this.#assumed.has(`${playbook}\n${host}`),
      ).toSorted(byPlace),
      runs: this.#runs,
      atoms: this.#atoms,
      ...tokensOf(this.#runs, this.#atoms),
      reached: new Set([...this.#reached, ...playbooks.flatMap(({ closure }) => [...closure.read])]),
      includerOf: (path) => {
        const [closure] = playbooks.flatMap((each) => (each.closure.includes.has(path) ? [each.closure] : []))
        const at = closure?.includes.get(path)?.[0]?.at
        return closure?.tasks.find(({ task }) => task.at === at)?.task.action.at ?? at
      },
      isUnused: unusedFiles(
        this.#content,
        this.#project,
        playbooks.flatMap(({ closure, isLone }) => (isLone ? [] : [closure])),
      ),
      refused: this.#refused,
      broken: [...this.#broken.values()],
      unknowns: sorted(this.#unknowns),
      bounds: sorted(this.#bounds),
    }
  }

  /** More inventories than are rehearsed, for what starts K3s with those that are. */
  #sayWhatIsLeft({ path, plays }: Playbook, left: readonly PaperHosts[]): void {
    if (!this.#verdicts.some(({ playbook }) => playbook === path)) return
    this.bound({
      at: { path: plays[0]?.at.path ?? path, start: 0, end: 0 },
      what: `more inventories than are rehearsed: not ${names(left.map(({ sources = [] }) => sources.join(' with ')))}`,
    })
  }

  /** Where K3s starts nowhere, the tasks are told that would bring it, unless something is said of why. */
  #sayWhatStartsNothing(closures: readonly Closure[]): void {
    if (this.#verdicts.length > 0 || this.#bounds.size > 0) return
    const said = [...this.#unknowns.values()]
    if (said.some(({ isTold, end }) => isTold === true || end !== undefined)) return
    for (const { task } of closures.flatMap(({ tasks }) => [...tasks])) {
      const { path, start, end } = task.at
      const isSaid = said.some(({ at }) => at.path === path && at.start >= start && at.start < end)
      if (!isSaid && runsInstaller(task, this.#content))
        this.note({
          at: task.action.at,
          what: 'this task would bring K3s, of which no service starts in any scenario',
          isIdle: true,
        })
    }
  }

  /** Files of tasks that bring K3s, of roles that are played, which users of a role may ask for by `tasks_from`. */
  #sayWhatNobodyIncludes(closures: readonly Closure[]): void {
    const read = new Set(closures.flatMap((closure) => [...closure.read]))
    const tasks = closures.flatMap((closure) => [...closure.tasks])
    for (const path of new Set(closures.flatMap(({ paths }) => [...paths])))
      if (!read.has(path) && fileBringsK3s(path, this.#content, tasks))
        this.note({
          at: { path, start: 0, end: 0 },
          what: 'no task of the project includes this file, so it was not rehearsed',
        })
  }

  /** Whether the inventory of a test has no host of a kind of node that the role knows of. */
  #isTooSmallATest({ texts }: Closure, hosts: PaperHosts | 'invented'): boolean {
    if (this.#options.isAsked === true || hosts === 'invented' || hosts.sources?.every(isFixture) !== true)
      return false
    return groupsIn(texts).some((name) => isKind(name) && isWithout(hosts, name))
  }

  /**
   * Where nothing of K3s starts on the hosts of inventories that have none of the groups that plays and conditions ask for, or
   * that plays which bring K3s are for, it is for other inventories, or for groups that a plugin makes: whether it starts on
   * invented hosts.
   */
  #isForOthers(playbook: Playbook, closure: Closure, sets: readonly (PaperHosts | 'invented')[]): boolean {
    if (this.#options.isAsked === true || sets.includes('invented')) return false
    const { patterns, hosts, tasks, texts } = closure
    // `hosts:` may name a host, too.
    const isHost = (name: string): boolean => sets.some((set) => set !== 'invented' && set.hosts.has(name))
    const asked = [...new Set([...namedGroups(patterns), ...groupsIn(texts)])].filter(
      (name) => !EVERY_INVENTORY.has(name) && !isHost(name),
    )
    const isThere = (name: string): boolean =>
      sets.some((set) => set !== 'invented' && !isWithout(set, name)) ||
      tasks.some(({ task }) => makes(task, name))
    if (asked.length === 0) return false
    let missing: readonly string[] = asked
    const isSample = sets.every((set) => set !== 'invented' && set.withAnother !== undefined)
    // Whoever fills in a sample may well add groups.
    if (isSample) missing = asked.filter((name) => !isThere(name))
    else if (asked.some(isThere)) {
      const brought = hosts.filter((one) => bringsK3s(one, this.#content, this.#project))
      missing = namedGroups(brought.map(({ pattern }) => pattern))
      if (missing.length === 0 || missing.some(isThere)) return false
      if (brought.some(({ pattern }) => isOpen(pattern) || sets.some((set) => isFor(pattern, set))))
        return false
    }
    if (missing.length === 0) return false
    if (!new PlaybookWork(this, playbook, closure, 'invented').fresh()) return false
    const sources = sets.flatMap((set) => (set === 'invented' ? [] : [(set.sources ?? []).join(' and ')]))
    this.note({
      at: { path: playbook.path, start: 0, end: 0 },
      what: `no host of ${sources.join(' nor of ')} is in ${missing.join(' or ')}: hosts are assumed that are`,
    })
    return true
  }

  /**
   * An inventory hides nothing that would be found without it: what becomes of a host in groups that it has no hosts for, beside
   * those that it has. The groups in which K3s starts on it.
   */
  #fill(playbook: Playbook, closure: Closure, set: PaperHosts | 'invented'): readonly string[] {
    if (set === 'invented' || set.filled === undefined || this.#options.isAsked === true) return []
    const empty = emptyGroups(closure, set, this.#inventories, this.#content, this.#project)
    if (empty.size === 0) return []
    const hosts = set.filled([...empty.keys()])
    const before = this.#verdicts.length
    new PlaybookWork(this, playbook, closure, hosts).fresh()
    const started = new Set(this.#verdicts.slice(before).map(({ host }) => host))
    return [...empty].flatMap(([group, { at }]) => {
      const host = hosts.groups.get(group)?.find((name) => started.has(name))
      if (host === undefined) return []
      const where = (set.sources ?? []).join(' and ')
      this.note({ at, what: `no host of ${where} is in ${group}: ${host} is assumed` })
      return [group]
    })
  }

  /** Plays and tasks for a kind of node of which no inventory has a host are not passed over in silence. */
  #sayWhoIsMissing(
    { hosts, tasks, texts }: Closure,
    sets: readonly (PaperHosts | 'invented')[],
    filled: ReadonlySet<string>,
  ): void {
    const without = (name: string): readonly string[] =>
      sets.flatMap((set) =>
        set !== 'invented' && isWithout(set, name) ? [(set.sources ?? []).join(' and ')] : [],
      )
    const isMissing = (name: string): boolean =>
      !this.#missing.has(name) &&
      !filled.has(name) &&
      without(name).length === sets.length &&
      !tasks.some(({ task }) => makes(task, name))
    for (const one of hosts) {
      const { pattern, at } = one
      for (const name of wantedGroups(pattern)) {
        if (!isMissing(name)) continue
        // A group that is called otherwise may be one among others that a play is for.
        const isNobodys = (): boolean =>
          !sets.some((set) => isFor(pattern, set)) && bringsK3s(one, this.#content, this.#project)
        if (!isKind(name) && !isNobodys()) continue
        this.#missing.add(name)
        this.bound({
          at,
          what: `the plays for ${name}, of which there is no host in ${without(name).join(' nor in ')}`,
        })
      }
    }
    const [first] = hosts
    if (first === undefined) return
    for (const name of groupsOfOwn(texts)) {
      const isThere = sets.every((set) => set !== 'invented' && set.groups.has(name))
      if (!isThere || !isKind(name) || !isMissing(name)) continue
      this.#missing.add(name)
      this.bound({
        at: first.at,
        what: `the tasks for ${name}, which has no host in ${without(name).join(' nor in ')}`,
      })
    }
  }

  readonly #missing = new Set<string>()

  get project(): Project {
    return this.#project
  }

  get content(): Content {
    return this.#content
  }

  get atoms(): Atoms {
    return this.#atoms
  }

  /** Whether a task of some other playbook makes that variable, and no cache keeps facts for the next run. */
  makesFactFor(name: string, playbook: string): boolean {
    return (
      [...this.#made].some(([path, made]) => path !== playbook && made.has(name)) &&
      !keepsFacts(this.#project)
    )
  }

  get tokenVariables(): ReadonlySet<string> {
    return this.#options.tokenVariables ?? new Set()
  }

  /** Whether the project may have other filters or tests than Ansible has. */
  mayHaveOwn(kind: TemplatePluginKind): boolean {
    const { filesBelow } = this.#options
    if (filesBelow === undefined) return true
    this.#ownPlugins ??= new OwnPlugins(this.#project, this.#content, filesBelow)
    return this.#ownPlugins.mayHave(kind)
  }

  #ownPlugins: OwnPlugins | undefined

  /** Whether a variable is a token's, or a mapping with one in it. */
  holdsToken(name: string): boolean {
    this.#holders ??= new Set([...this.tokenVariables].flatMap((one) => [one, one.split('.')[0] ?? one]))
    return this.#holders.has(name)
  }

  #holders: ReadonlySet<string> | undefined

  /** The default of a role, wherever it is: the first that says one. */
  defaultOf(name: string): AnsibleValue | undefined {
    for (const role of this.#content.roles) {
      const value = this.#content.roleDefaults(role).get(name)?.value
      if (value !== undefined && !isUndef(value)) return value
    }
    return undefined
  }

  /** Of hosts that are made up: the inventory whose groups they are in. */
  unfilledInventory({ patterns }: Closure, playbook: string): UnfilledInventory | undefined {
    const isAsked = this.#options.isAsked === true
    return unfilledInventory(
      this.#inventories,
      patterns,
      this.#project,
      playbook,
      this.#withPlaybooks,
      isAsked,
    )
  }

  /** Directories that have playbooks. */
  get #withPlaybooks(): ReadonlySet<string> {
    this.#withPlaybooksFound ??= new Set(this.#content.playbooks.map(({ path }) => directoryOf(path)))
    return this.#withPlaybooksFound
  }

  #withPlaybooksFound: ReadonlySet<string> | undefined

  get groupsWithVariables(): readonly string[] {
    this.#groupsWithVariables ??= [...this.#project.keys()].flatMap((path) => {
      const [, name] = /(?:^|\/)group_vars\/([\w-]+)(?:\.\w+$|\/)/.exec(path) ?? []
      return name === undefined || name === 'all' ? [] : [name]
    })
    return this.#groupsWithVariables
  }

  #groupsWithVariables: readonly string[] | undefined

  extraVariable(name: string): RawVariable | undefined {
    this.#extraVariables ??= extraVariables(this.#project, this.#content)
    return this.#extraVariables.get(name)
  }

  #extraVariables: ReadonlyMap<string, RawVariable> | undefined

  /** Those, too, that are encrypted as a whole. */
  get sealedExtraFiles(): readonly string[] {
    if (this.#sealedExtraFiles === undefined) {
      this.#sealedExtraFiles = sealedExtraFiles(this.#project, this.#content)
      noteSealed(this, this.#sealedExtraFiles)
    }
    return this.#sealedExtraFiles
  }

  #sealedExtraFiles: readonly string[] | undefined

  /**
   * Whether a name says that its value stands in a vault, and no file of the project has it: so many keep the vault to themselves.
   * https://docs.ansible.com/ansible/latest/tips_tricks/ansible_tips_tricks.html#keep-vaulted-variables-safely-visible
   */
  isOfAbsentVault(name: string): boolean {
    let known = this.#ofAbsentVaults.get(name)
    if (known === undefined) {
      const sets = new RegExp(`(?<![\\w.])${escaped(name)}["']?\\s*(?::|=(?!=))`)
      known =
        OF_VAULT.test(name) &&
        ![...this.#project].some(
          ([path, text]) => text.includes(name) && !IS_SAMPLE.test(path) && sets.test(text),
        )
      this.#ofAbsentVaults.set(name, known)
    }
    return known
  }

  readonly #ofAbsentVaults = new Map<string, boolean>()

  /** Those of a playbook that plays on the same hosts; else, as hosts are invented for each, of one that has K3s on some of them. */
  installed(key: string, hosts: readonly string[]): readonly World[] | undefined {
    const left = this.#installed.get(key) ?? []
    const isOn = (world: World): boolean => hosts.some((host) => world.node(host).starts.size > 0)
    const found =
      left.find((one) => one.hosts.join() === hosts.join()) ?? left.find(({ worlds }) => worlds.some(isOn))
    return found?.worlds
  }

  keep(key: string, hosts: readonly string[], worlds: readonly World[]): void {
    const left = this.#installed.get(key)
    if (left === undefined) this.#installed.set(key, [{ hosts, worlds }])
    else left.push({ hosts, worlds })
  }

  note(note: UnknownNote): void {
    this.#unknowns.set(`${note.at.path}:${note.at.start} ${note.what}`, note)
  }

  notFollowed(note: UnknownNote): void {
    const known = this.#notFollowed.get(note.what) ?? []
    if (!known.some(({ at }) => at.path === note.at.path && at.start === note.at.start))
      this.#notFollowed.set(note.what, [...known, note])
  }

  readonly #notFollowed = new Map<string, readonly UnknownNote[]>()

  /** A verdict that is open because a module is not followed says which one. */
  #sayWhatIsNotFollowed(): void {
    if (this.#notFollowed.size === 0) return
    const whys = new Map<string, Set<string>>()
    for (const { what, why = '' } of this.#atoms.roots)
      if (this.#notFollowed.has(why)) whys.set(what, (whys.get(what) ?? new Set()).add(why))
    for (const { arrival } of this.#verdicts)
      for (const { state, unknown = '', doubtful } of [
        arrival.token,
        arrival.agentToken,
        arrival.serverUrl,
      ]) {
        if (state !== 'maybe') continue
        const words = [unknown, ...(doubtful?.marks.map(({ atom }) => atom.root.what) ?? [])]
        for (const why of words.flatMap((what) => [what, ...(whys.get(what) ?? [])]))
          for (const note of this.#notFollowed.get(why) ?? []) this.note(note)
      }
  }

  /** Where a play ends, for all scenarios in which it does. */
  ends(note: UnknownNote & { readonly end: NonNullable<UnknownNote['end']> }): void {
    const { at, what, end } = note
    const key = `${at.path}:${at.start} ${what} ${end.playbook} ${(end.inventory ?? []).join()}`
    const known = this.#unknowns.get(key)?.end?.scenarios ?? []
    this.#unknowns.set(key, { ...note, end: { ...end, scenarios: [...known, ...end.scenarios] } })
  }

  reach(path: string): void {
    this.#reached.add(path)
  }

  broken(broken: Broken): void {
    this.#broken.set(`${broken.at.path}:${broken.at.start}`, broken)
  }

  readonly #broken = new Map<string, Broken>()

  bound(note: UnknownNote): void {
    this.#bounds.set(`${note.at.path}:${note.at.start} ${note.what}`, note)
  }

  /** `all`: services that this playbook left running as they were count, too. */
  take(
    playbook: string,
    scenario: Scenario,
    hosts: PaperHosts,
    worlds: readonly World[],
    which: 'all' | 'started' = 'all',
  ): void {
    const started = new Set(
      worlds.flatMap(({ events }) =>
        events.flatMap((event) => (event.what === 'service-started' ? [event.arrival] : [])),
      ),
    )
    for (const host of hosts.assumed) this.#assumed.add(`${playbook}\n${host}`)
    for (const verdict of verdictsOf(playbook, scenario, hosts, worlds, this.#atoms, (start) =>
      this.#hops(start),
    )) {
      if (which === 'started' && !started.has(verdict.arrival)) continue
      if (hosts.filledWith?.has(verdict.host) === false) continue
      this.#verdicts.push(verdict)
      if (verdict.unknown === OF_ITS_OWN)
        this.note({ at: verdict.hops[0]?.at ?? verdict.at, what: OF_ITS_OWN })
    }
    for (const world of worlds)
      for (const events of eventsOf(world, hosts, scenario))
        this.#keepRun(playbook, scenario, hosts, world, events)
  }

  /** What a playbook that starts nothing does with tokens. */
  takeLeaks(playbook: string, scenario: Scenario, hosts: PaperHosts, worlds: readonly World[]): void {
    for (const world of worlds)
      for (const way of eventsOf(world, hosts, scenario)) {
        const events = way.filter(({ what }) => LEAKING.has(what))
        if (events.some(({ what }) => what !== 'directory-made'))
          this.#keepRun(playbook, scenario, hosts, world, events)
      }
  }

  #keepRun(
    playbook: string,
    scenario: Scenario,
    { sources, filledWith }: PaperHosts,
    world: World,
    all: readonly Event[],
  ): void {
    const inventory = sources === undefined ? {} : { inventory: sources }
    // That such a host lacks a variable says nothing: it has none of its own.
    const isTold = ({ host, what }: Event): boolean =>
      filledWith?.has(host) === true && what !== 'undefined-variable'
    const events = filledWith === undefined ? all : all.filter(isTold)
    this.#runs.push({ playbook, ...inventory, scenario, assumptions: assumptionsOf(world), events })
  }

  #hops({ arrival, hops }: Started): readonly Hop[] {
    return distinctHops([...arrival.token.hops, ...hops])
  }

  #playbooks(): readonly {
    readonly playbook: Playbook
    readonly closure: Closure
    readonly isLone: boolean
  }[] {
    const wanted = this.#options.playbooks
    const all = this.#content.playbooks
      .filter(({ path }) => (wanted === undefined ? !isFixture(path) : wanted.includes(path)))
      .map((playbook) => ({
        playbook,
        closure: closureOf(this.#content, this.#project, playbook),
        isLone: false,
      }))
    const imported = new Set(wanted === undefined ? all.flatMap(({ closure }) => closure.imported) : [])
    const found = all.filter(({ playbook, closure }) => closure.isK3s && !imported.has(playbook.path))
    if (wanted !== undefined) return found
    const lone = lonePlaybooks(
      this.#content,
      this.#project,
      found.map(({ closure }) => closure),
      all.flatMap(({ closure }) => closure.unfound),
    )
    return [...found, ...lone.map((one) => ({ ...one, isLone: true }))]
  }
}

/** Events that show what becomes of tokens, whether a service starts or not. */
const LEAKING: ReadonlySet<Event['what']> = new Set([
  'task-ran',
  'file-written',
  'directory-made',
  'service-unnamed',
])

/** What each has, said or not. */
const EVERY_INVENTORY: ReadonlySet<string> = new Set(['all', 'ungrouped', ...LOCALHOST])

const isWithout = ({ groups, hosts }: PaperHosts, name: string): boolean =>
  (groups.get(name)?.length ?? 0) === 0 && !hosts.has(name)

const isFor = (pattern: string, set: PaperHosts | 'invented'): boolean =>
  set !== 'invented' && hasHosts(pattern, set)

const makes = (task: Task, group: string): boolean => groupsMadeBy(task).some((name) => name.test(group))

/** Roots of what K3s got as a token, or might have got, or keeps as one. */
function tokensOf(runs: readonly Run[], atoms: Atoms): Pick<Rehearsal, 'tokens' | 'cutTokens'> {
  const tokens = new Set<Atom>()
  const cutTokens = new Set<Atom>()
  const addGiven = (atom: Atom): void => {
    if (atom.isHarmless === true) return
    tokens.add(atom.root)
    if (atom.isPiece === true) cutTokens.add(atom.root)
  }
  const add = (event: Event): void => {
    const carried =
      event.what === 'service-started'
        ? [event.arrival.token, event.arrival.agentToken]
        : event.what === 'service-unnamed' && event.token.state === 'present'
          ? [event.token]
          : []
    for (const { text, doubtful } of carried.filter((one) => !isWholeResult(one)))
      for (const { atom } of (text ?? doubtful)?.marks ?? []) addGiven(atom)
    // What other modules write, they use, but for copies on the node.
    if (event.what === 'file-written') {
      // The unit that reads it may be one that nobody has seen, as that of a package.
      const written = tokensIn(event.path, event.file, atoms)
      if (!written.some(({ isResult }) => isResult)) for (const atom of written) addGiven(atom)
      const isKept = TOKEN_FILE.test(event.path) || isFetch(event.task)
      for (const { root } of typeof event.file.content === 'string' ? atoms.in(event.file.content) : [])
        if ((isKept && root.kind === 'vaulted') || root.what.startsWith(SERVERS_OWN)) tokens.add(root)
    }
    if (event.what === 'task-ran')
      for (const { atom } of event.task.uses)
        if (atom.root.what.startsWith(SERVERS_OWN)) tokens.add(atom.root)
  }
  for (const { events } of runs) for (const event of events) add(event)
  // Who returns a token shows it.
  const fetched = new Set([...tokens].map(originOf))
  for (const root of atoms.roots)
    if (root.what === SECRET_ANSWER && fetched.has(originOf(root))) tokens.add(root)
  return { tokens, cutTokens }
}

const originOf = ({ hop }: Atom): string | undefined => hop && `${hop.at.path}:${hop.at.start} ${hop.what}`

const sorted = (notes: ReadonlyMap<string, UnknownNote>): readonly UnknownNote[] =>
  [...notes.values()].sort((a, b) =>
    a.at.path < b.at.path
      ? -1
      : a.at.path > b.at.path
        ? 1
        : a.at.start - b.at.start || (a.what < b.what ? -1 : 1),
  )

function byPlace(a: Verdict, b: Verdict): number {
  const key = ({ playbook, host, service, scenario }: Verdict): string =>
    `${playbook}\n${host}\n${service}\n${JSON.stringify(scenario)}`
  return key(a) < key(b) ? -1 : 1
}
