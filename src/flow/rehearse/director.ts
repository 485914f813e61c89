import { type Content, isFixture, type Playbook } from '../../ansible/content/index.ts'
import { readInventory } from '../../ansible/inventory/index.ts'
import type { AnsibleValue, Project } from '../../ansible/value.ts'
import { type Atom, Atoms, type Hop } from '../atoms.ts'
import type { FlowValue } from '../evaluate/index.ts'
import type { ServiceManager } from '../files.ts'
import type { NamedInventory } from '../inventories.ts'
import type { Event, Rehearsal, Run, Scenario, Verdict } from '../rehearsal.ts'
import type { RehearseOptions } from '../rehearse.ts'
import type { UnknownNote } from '../unknown.ts'
import type { Undecided } from './call.ts'
import { type Closure, closureOf } from './closure.ts'
import type { Question, Stage } from './context.ts'
import { extraVariables } from './extraVariables.ts'
import { inventedHosts, inventoryHosts, type PaperHosts } from './hosts.ts'
import { installedNodes } from './installed.ts'
import { lonePlaybooks } from './lone.ts'
import { matchingHosts, namedGroups } from './pattern.ts'
import { playThrough } from './play.ts'
import { Relevance } from './relevance.ts'
import { airgapSwitches, Switches } from './switches.ts'
import { assumptionsOf, eventsOf, ofServersThatJoin, verdictsOf } from './verdicts.ts'
import { emptyNode, type NodeState, type RawVariable, type Started, World } from './world.ts'

/** Worlds of one scenario, and inventories of one playbook, that are followed at most. */
const MOST_WORLDS = 24
const MOST_INVENTORIES = 4

/** Playbooks that nobody plays on clean nodes, though they might run there. */
const UPKEEP = /(?:^|[/_-])(?:upgrade|update|reset|restart|reboot|rotate)[^/]*$/i

/** Chooses what is rehearsed: playbooks, hosts, scenarios; and collects what came of it. */
export class Director {
  readonly #project: Project
  readonly #content: Content
  readonly #inventories: readonly NamedInventory[]
  readonly #options: RehearseOptions
  readonly #atoms = new Atoms()
  readonly #verdicts: Verdict[] = []
  readonly #runs: Run[] = []
  readonly #unknowns = new Map<string, UnknownNote>()
  readonly #bounds = new Map<string, UnknownNote>()
  /** The nodes that a site playbook left behind, by hosts and scenario: what an upgrade begins with. */
  readonly #installed = new Map<string, readonly World[]>()

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
  }

  rehearsal(): Rehearsal {
    const hosts = new HostSets(this.#project, this.#inventories, this.tokenVariables)
    const later: (() => void)[] = []
    const playbooks = this.#playbooks()
    const hasOther = playbooks.some(({ playbook }) => !UPKEEP.test(playbook.path))
    for (const { playbook, closure } of playbooks)
      for (const set of hosts.of(
        closure,
        (at) =>
          this.#bounds.set(`${at} inventories`, {
            at: { path: at, start: 0, end: 0 },
            what: 'more inventories than are rehearsed',
          }),
        playbook.path,
      )) {
        const work = new PlaybookWork(this, playbook, closure, set)
        if ((hasOther && UPKEEP.test(playbook.path)) || !work.fresh()) later.push(() => work.onInstalled())
      }
    for (const work of later) work()
    return {
      verdicts: ofServersThatJoin(this.#verdicts).toSorted(byPlace),
      runs: this.#runs,
      atoms: this.#atoms,
      tokens: tokensOf(this.#runs),
      unknowns: sorted(this.#unknowns),
      bounds: sorted(this.#bounds),
    }
  }

  get project(): Project {
    return this.#project
  }

  get content(): Content {
    return this.#content
  }

  get atoms(): Atoms {
    return this.#atoms
  }

  get tokenVariables(): ReadonlySet<string> {
    return this.#options.tokenVariables ?? new Set()
  }

  /** The default of a role, wherever it is: the first that says one. */
  defaultOf(name: string): AnsibleValue | undefined {
    for (const role of this.#content.roles) {
      const value = this.#content.roleDefaults(role).get(name)?.value
      if (value !== undefined) return value
    }
    return undefined
  }

  /** Whether some role has a default of that name, or sets it. */
  isOfRole(name: string): boolean {
    this.#ofRoles ??= new Set(
      this.#content.roles.flatMap((role) => [
        ...this.#content.roleDefaults(role).keys(),
        ...this.#content.roleVars(role).keys(),
      ]),
    )
    return this.#ofRoles.has(name)
  }

  #ofRoles: ReadonlySet<string> | undefined

  extraVariable(name: string): RawVariable | undefined {
    this.#extraVariables ??= extraVariables(this.#project, this.#content)
    return this.#extraVariables.get(name)
  }

  #extraVariables: ReadonlyMap<string, RawVariable> | undefined

  installed(key: string): readonly World[] | undefined {
    return this.#installed.get(key)
  }

  keep(key: string, worlds: readonly World[]): void {
    if (!this.#installed.has(key)) this.#installed.set(key, worlds)
  }

  note(note: UnknownNote): void {
    this.#unknowns.set(`${note.at.path}:${note.at.start} ${note.what}`, note)
  }

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
    for (const verdict of verdictsOf(playbook, scenario, hosts, worlds, this.#atoms, (start) =>
      this.#hops(start),
    ))
      if (which === 'all' || started.has(verdict.arrival)) this.#verdicts.push(verdict)
    for (const world of worlds)
      this.#runs.push({
        playbook,
        scenario,
        assumptions: assumptionsOf(world),
        events: eventsOf(world, hosts),
      })
  }

  #hops({ arrival, hops }: Started): readonly Hop[] {
    return [...arrival.token.hops, ...hops]
  }

  #playbooks(): readonly { readonly playbook: Playbook; readonly closure: Closure }[] {
    const wanted = this.#options.playbooks
    const all = this.#content.playbooks
      .filter(({ path }) => (wanted === undefined ? !isFixture(path) : wanted.includes(path)))
      .map((playbook) => ({ playbook, closure: closureOf(this.#content, this.#project, playbook) }))
    const imported = new Set(wanted === undefined ? all.flatMap(({ closure }) => closure.imported) : [])
    const found = all.filter(({ playbook, closure }) => closure.isK3s && !imported.has(playbook.path))
    if (wanted !== undefined) return found
    const lone = lonePlaybooks(
      this.#content,
      this.#project,
      found.map(({ closure }) => closure),
    )
    return [...found, ...lone]
  }
}

const directoryOf = (path: string): string => (path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '')

/** The hosts that a playbook is rehearsed on: those of the inventories that fit, or invented ones. */
class HostSets {
  readonly #project: Project
  readonly #inventories: readonly NamedInventory[]
  readonly #sets = new Map<string, PaperHosts>()
  readonly #withVariables: ReadonlySet<string>
  readonly #tokenVariables: ReadonlySet<string>

  constructor(project: Project, inventories: readonly NamedInventory[], tokenVariables: ReadonlySet<string>) {
    this.#project = project
    this.#tokenVariables = tokenVariables
    this.#inventories = inventories
    const directories = [...project.keys()].flatMap((path) => {
      const [, directory] = /^(.*?)(?:^|\/)(?:group_vars|host_vars)\//.exec(path) ?? []
      return directory === undefined ? [] : [directory]
    })
    this.#withVariables = new Set(directories)
  }

  of(
    closure: Closure,
    full: (playbook: string) => void,
    playbook: string,
  ): readonly (PaperHosts | 'invented')[] {
    const fitting = this.#inventories
      .map((one) => this.#set(one, playbook))
      .filter((hosts) => fits(closure, hosts))
    if (fitting.length > MOST_INVENTORIES) full(playbook)
    return fitting.length === 0 ? ['invented'] : fitting.slice(0, MOST_INVENTORIES)
  }

  /** Variables beside the playbook count, too. */
  #set(inventory: NamedInventory, playbook: string): PaperHosts {
    const directory = directoryOf(playbook)
    const own = inventory.inventory.inventoryDirectories.includes(directory)
    const beside = this.#withVariables.has(directory) && !own ? directory : undefined
    const key = `${inventory.sources.join()}\n${beside ?? ''}`
    let hosts = this.#sets.get(key)
    if (hosts === undefined) {
      const read =
        beside === undefined
          ? inventory
          : {
              ...inventory,
              inventory: readInventory(this.#project, inventory.sources, { playbookDirectory: beside }),
            }
      hosts = inventoryHosts(read, this.#tokenVariables)
      this.#sets.set(key, hosts)
    }
    return hosts
  }
}

/** Whether the groups that the plays name have hosts in this inventory. */
function fits({ patterns }: Closure, hosts: PaperHosts): boolean {
  const names = namedGroups(patterns)
  if (names.length === 0)
    return (
      hosts.hosts.size > 0 &&
      patterns.some((pattern) => matchingHosts(pattern, hosts).length > 0 || /\{\{/.test(pattern))
    )
  return names.some((name) => (hosts.groups.get(name)?.length ?? 0) > 0 || hosts.hosts.has(name))
}

/** One playbook on one set of hosts, in all its scenarios. */
class PlaybookWork {
  readonly #director: Director
  readonly #playbook: Playbook
  readonly #closure: Closure
  readonly #hosts: PaperHosts | 'invented'
  readonly #switches: Switches

  constructor(director: Director, playbook: Playbook, closure: Closure, hosts: PaperHosts | 'invented') {
    this.#director = director
    this.#playbook = playbook
    this.#closure = closure
    this.#hosts = hosts
    this.#switches = new Switches(closure)
  }

  /** On clean nodes. `false`: nothing of K3s starts, so this is a playbook for nodes that have it. */
  fresh(): boolean {
    const asked = new Set<Question>()
    const [base] = this.#servers()
    if (base === undefined) return true
    const first = this.#run(base, asked, this.#clean(base))
    if (!first.some(startsK3s)) return false
    const rest = this.#variants(base, asked)
    for (const scenario of [base, ...rest]) {
      const worlds = scenario === base ? first : this.#run(scenario, asked, this.#clean(scenario))
      this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), worlds)
      this.#director.keep(this.#key(scenario), worlds)
      if (scenario.manager === 'openrc' || scenario.tokenGiven === false) continue
      // One more run shows what a second one loses: over an older K3s where versions are compared, online and airgapped alike else.
      const isOlder =
        asked.has('version') &&
        (scenario.airgapped !== false || !rest.some(({ airgapped }) => airgapped === true))
      this.#again(
        { ...scenario, k3s: isOlder ? 'older' : 'present', again: true },
        isOlder ? older(worlds) : worlds,
        asked,
      )
    }
    return true
  }

  /** On nodes that have K3s already: as another playbook left them, or as K3s's own script would have. */
  onInstalled(): void {
    const asked = new Set<Question>()
    for (const base of this.#servers()) {
      const begin = (scenario: Scenario): readonly World[] =>
        this.#director.installed(this.#key(scenario)) ??
        this.#director.installed(this.#key(base)) ??
        this.#installed(scenario)
      for (const k3s of ['present', 'older'] as const) {
        const scenario: Scenario = { ...base, k3s }
        const worlds = begin(scenario)
        const done = this.#run(scenario, asked, k3s === 'older' ? older(worlds) : present(worlds))
        if (done.some(hasStarted))
          this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), done, 'started')
        if (!asked.has('version')) break
      }
      for (const variant of this.#variants({ ...base, k3s: 'older' }, asked)) {
        const done = this.#run(variant, asked, older(begin(variant)))
        if (done.some(hasStarted))
          this.#director.take(this.#playbook.path, variant, this.#hostsOf(variant), done, 'started')
      }
    }
  }

  #again(scenario: Scenario, worlds: readonly World[], asked: Set<Question>): void {
    const begin = fullest(worlds)
    if (begin === undefined) return
    const done = this.#run(scenario, asked, [rested(begin)])
    this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), done)
  }

  #servers(): readonly Scenario[] {
    const base: Scenario = { k3s: 'absent', ...this.#airgapped(false) }
    return this.#hosts === 'invented' ? [{ ...base, servers: 'several' }] : [base]
  }

  #airgapped(value: boolean): { readonly airgapped?: boolean } {
    const { switches, settled } = this.#airgap(this.#hostsOf({ servers: 'several' }))
    if (settled === true) return { airgapped: true }
    return switches.length === 0 ? {} : { airgapped: value }
  }

  /** The other scenarios that the conditions of this playbook can tell apart. */
  #variants(base: Scenario, asked: ReadonlySet<Question>): readonly Scenario[] {
    const result: Scenario[] = []
    const hosts = this.#hostsOf(base)
    const { switches, settled } = this.#airgap(hosts)
    const airgapped = asked.has('airgapped') && switches.length > 0 && settled !== true
    if (airgapped) result.push({ ...base, airgapped: true })
    const optional = [...this.#director.tokenVariables].filter((name) => this.#switches.isOptional(name))
    if (optional.length > 0) {
      result.push({ ...base, tokenGiven: false })
      if (airgapped) result.push({ ...base, airgapped: true, tokenGiven: false })
    }
    if (
      asked.has('manager') &&
      this.#closure.texts.some((text) => /openrc|rc-service|init\.d|service_mgr/i.test(text))
    ) {
      result.push({ ...base, manager: 'openrc' })
      if (airgapped) result.push({ ...base, airgapped: true, manager: 'openrc' })
    }
    if (base.servers === 'several') result.push({ ...base, servers: 'one' })
    return result
  }

  #airgap(hosts: PaperHosts) {
    return airgapSwitches(
      this.#switches,
      hosts,
      (name) => this.#director.defaultOf(name),
      this.#director.atoms,
    )
  }

  #hostsOf(scenario: Scenario): PaperHosts {
    if (this.#hosts !== 'invented') return this.#hosts
    const servers = scenario.servers ?? 'several'
    let hosts = this.#invented.get(servers)
    if (hosts === undefined) {
      hosts = inventedHosts(
        namedGroups([...this.#closure.patterns, ...groupsIn(this.#closure.texts)]),
        servers,
        { project: this.#director.project, playbookDirectory: directoryOf(this.#playbook.path) },
      )
      this.#invented.set(servers, hosts)
    }
    return hosts
  }

  readonly #invented = new Map<string, PaperHosts>()

  #run(scenario: Scenario, asked: Set<Question>, start: readonly World[]): readonly World[] {
    const stage = this.#stage(scenario, asked)
    const room = {
      left: MOST_WORLDS,
      full: ({ what, at }: Undecided) =>
        this.#director.bound({
          at: at ?? { path: this.#playbook.path, start: 0, end: 0 },
          what: `more ways than ${MOST_WORLDS}: ${what}`,
        }),
    }
    return start.flatMap((world) => playThrough(stage, this.#playbook, world, room))
  }

  #stage(scenario: Scenario, asked: Set<Question>): Stage {
    const director = this.#director
    const hosts = this.#hostsOf(scenario)
    const manager: ServiceManager = scenario.manager ?? 'systemd'
    const airgap = this.#airgap(hosts).switches
    const overrides = new Map<string, FlowValue | undefined>()
    if (scenario.airgapped !== undefined)
      for (const { name, on, off } of airgap) overrides.set(name, scenario.airgapped ? on : off)
    for (const name of director.tokenVariables) {
      if (name.includes('.')) continue
      if (scenario.tokenGiven === false && this.#switches.isOptional(name)) overrides.set(name, undefined)
      else if (this.#isUnset(name, hosts)) overrides.set(name, givenToken(director.atoms, name))
    }
    return {
      content: director.content,
      project: director.project,
      atoms: director.atoms,
      hosts,
      scenario,
      manager,
      overrides,
      isLeftToUser: (name) => this.#isLeftToUser(name, hosts),
      extraVariable: (name) => director.extraVariable(name),
      asked: watched(asked, new Set(airgap.map(({ name }) => name)), overrides),
      note: (note) => director.note(note),
      bound: (note) => director.bound(note),
      playbook: this.#playbook.path,
      relevance: this.#relevance(hosts),
    }
  }

  #relevance(hosts: PaperHosts): Relevance {
    const { content, tokenVariables } = this.#director
    this.#relevanceFound ??= new Relevance(content, this.#closure, hosts, tokenVariables)
    return this.#relevanceFound
  }

  #relevanceFound: Relevance | undefined

  /**
   * A token, and what a token is chosen by, is what this is about: only where the hosts are invented, or a file can't be
   * read, may it come from elsewhere.
   */
  #isLeftToUser(name: string, hosts: PaperHosts): boolean {
    const { tokenVariables } = this.#director
    const isToken = tokenVariables.has(name) || this.#switches.besides(tokenVariables).has(name)
    if (this.#hosts === 'invented' || hosts.hasSealedFiles)
      return !isToken || !this.#switches.isOptional(name)
    return !isToken && !this.#switches.isSet(name) && !this.#director.isOfRole(name)
  }

  /** A token variable that nobody sets, in a project without an inventory: its users do. */
  #isUnset(name: string, hosts: PaperHosts): boolean {
    if (this.#hosts !== 'invented') return false
    if (this.#director.defaultOf(name) !== undefined) return false
    return (
      ![...hosts.hosts.values()].some(({ variables }) => variables.has(name)) && !this.#switches.isSet(name)
    )
  }

  #clean(scenario: Scenario): readonly World[] {
    const nodes = new Map<string, NodeState>(
      [...this.#hostsOf(scenario).hosts.keys()].map((host) => [host, emptyNode]),
    )
    return [new World(nodes)]
  }

  #installed(scenario: Scenario): readonly World[] {
    const hosts = this.#hostsOf(scenario)
    return [new World(installedNodes(hosts, scenario.manager ?? 'systemd', this.#director.atoms))]
  }

  /** Scenarios that begin with the same nodes. */
  #key({ airgapped, manager, tokenGiven, servers }: Scenario): string {
    const hosts =
      this.#hosts === 'invented'
        ? `invented ${[...this.#hostsOf({ servers: servers ?? 'several' }).hosts.keys()]}`
        : (this.#hosts.sources ?? []).join()
    return JSON.stringify([hosts, airgapped ?? false, manager ?? 'systemd', tokenGiven ?? true, servers])
  }
}

function givenToken(atoms: Atoms, name: string): FlowValue {
  return atoms.mark(
    atoms.root(`given ${name}`, {
      kind: 'scenario',
      what: `${name}, which the inventory sets`,
      isFilled: true,
    }),
  )
}

/** Notes when a variable of the scenario is read. */
function watched(
  asked: Set<Question>,
  airgap: ReadonlySet<string>,
  overrides: Map<string, FlowValue | undefined>,
): Set<Question> {
  const get = overrides.get.bind(overrides)
  overrides.get = (name) => {
    if (airgap.has(name)) asked.add('airgapped')
    return get(name)
  }
  return asked
}

const groupsIn = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) =>
    [
      ...text.matchAll(
        /\bgroups(?:\.(\w+)|\[['"]([\w-]+)['"]\])|['"]([\w-]+)['"]\s+(?:not\s+)?in\s+group_names/g,
      ),
    ].flatMap(([, a, b, c]) => a ?? b ?? c ?? []),
  )

const startsK3s = (world: World): boolean => [...world.nodes.values()].some(({ starts }) => starts.size > 0)

const hasStarted = (world: World): boolean => world.events.some(({ what }) => what === 'service-started')

/** A finished world as the beginning of the next run. */
function rested(world: World): World {
  const nodes = new Map(
    [...world.nodes].map(([host, node]) => [
      host,
      { ...emptyNode, files: node.files, services: node.services, k3s: node.k3s, starts: node.starts },
    ]),
  )
  return new World(nodes)
}

/** The world in which K3s runs on the most nodes: in others an assumption may have kept it from some. */
function fullest(worlds: readonly World[]): World | undefined {
  const running = (world: World): number =>
    [...world.nodes.values()].filter(({ starts }) => starts.size > 0).length
  return worlds.filter(startsK3s).toSorted((a, b) => running(b) - running(a))[0]
}

function present(worlds: readonly World[]): readonly World[] {
  return [fullest(worlds) ?? worlds[0]].flatMap((world) => (world === undefined ? [] : [rested(world)]))
}

function older(worlds: readonly World[]): readonly World[] {
  const [begin] = present(worlds)
  if (begin === undefined) return []
  for (const [host, node] of begin.nodes) if (node.k3s === 'present') begin.change(host, { k3s: 'older' })
  return [begin]
}

/** Roots of what K3s got as a token, or keeps as one. */
function tokensOf(runs: readonly Run[]): ReadonlySet<Atom> {
  const tokens = new Set<Atom>()
  const add = (event: Event): void => {
    if (event.what === 'service-started')
      for (const { text } of [event.arrival.token, event.arrival.agentToken])
        for (const { atom } of text?.marks ?? []) tokens.add(atom.root)
    if (event.what === 'task-ran')
      for (const { atom } of event.task.uses)
        if (atom.root.what.startsWith('the token of the server ')) tokens.add(atom.root)
  }
  for (const { events } of runs) for (const event of events) add(event)
  return tokens
}

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
