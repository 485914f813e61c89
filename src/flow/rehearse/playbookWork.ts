import type { Playbook } from '../../ansible/content/index.ts'
import { LOCALHOST } from '../../ansible/inventory/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { Span } from '../../span.ts'
import type { PaperFiles } from '../files.ts'
import type { NodeKind, Scenario } from '../rehearsal.ts'
import { endsFor } from '../unknown.ts'
import {
  completed,
  givesUp,
  hasStarted,
  idle,
  keepsOnControlNode,
  older,
  present,
  rested,
  startsK3s,
  startsServer,
  unlike,
} from './beginnings.ts'
import { bringsK3s, leavesK3s, touchesK3s } from './bringing.ts'
import type { Undecided } from './call.ts'
import type { Closure } from './closure.ts'
import { comparedHosts } from './comparedHosts.ts'
import type { Question, Stage } from './context.ts'
import type { Director } from './director.ts'
import { GivenVariables } from './givenVariables.ts'
import { groupKind, isOfNodes } from './groupKinds.ts'
import { GROUPS, groupsMadeBy, madeByAll, UNGROUPED } from './groups.ts'
import { CONTROL_NODE, type PaperHost, type PaperHosts } from './hosts.ts'
import { installedNodes } from './installed.ts'
import { comparedServers, type InventedHosts, type Invention, inventedHosts } from './inventedHosts.ts'
import { isAgentName, kindVariables, namedHosts } from './kinds.ts'
import { mergeSetting } from './merging.ts'
import { NO_FILE } from './modules/lines.ts'
import { NO_UNIT } from './modules/services.ts'
import { neverStarted } from './neverStarted.ts'
import {
  isToldApart,
  missingKinds,
  moreHosts,
  type Outsiders,
  runningCommands,
  startedCommands,
  wholeGroups,
} from './outsiders.ts'
import {
  groupsByVariable,
  groupsIn,
  groupsOfOwn,
  isForAll,
  isForOthers,
  matchingHosts,
  namedGroups,
  wantedGroups,
} from './pattern.ts'
import { playThrough } from './play.ts'
import { Relevance } from './relevance.ts'
import { Switches } from './switches.ts'
import { groupsAround, hasChildren } from './unfilled.ts'
import { kindsOf, mayJoin, serversOf } from './verdicts.ts'
import { emptyNode, type Failure, type NodeState, World } from './world.ts'

/** The scripts that K3s brings itself, to stop it and to take it away, install nothing; nor do its own directories. */
const INSTALLS =
  /\bget\.k3s\.io\b|k3s(?!(?:-agent)?-(?:killall|uninstall)\.sh)[\w.-]*\.sh\b|INSTALL_K3S_|\bk3s-io\/k3s\b|(?<!\b(?:etc|lib)\/)\brancher\/k3s\b/

const OF_CLUSTER = /k3s|kube|k8s|server|master|control|agent|worker/i

/**
 * What is not followed, and by which a second run may well find the token of the first, or servers that take another: facts
 * that a cache keeps, vaults that commands write, tokens that are rotated, what a server keeps taken away by a shell or a
 * script.
 */
const RENEWS =
  /\bcacheable\b|\bansible-vault\b|\btoken\s+rotate\b|--cluster-reset\b|\/server\/db\b|-uninstall\.sh\b|\bscript:\s|\b(?:rm|mv)\s[^\n]{0,200}(?:rancher|k3s|\{\{|\$)/

/** Hosts of one group, of those that tasks add, that are followed at most. */
const MOST_ADDED = 8

/** Worlds of one scenario that are followed at most, at one time and in all. */
const MOST_WORLDS = 24
const MOST_IN_ALL = 96

/** One playbook on one set of hosts, in all its scenarios. */
export class PlaybookWork {
  readonly #director: Director
  readonly #playbook: Playbook
  readonly #closure: Closure
  readonly #hosts: PaperHosts | 'invented'
  readonly #switches: Switches
  readonly #given: GivenVariables

  constructor(director: Director, playbook: Playbook, closure: Closure, hosts: PaperHosts | 'invented') {
    this.#director = director
    this.#playbook = playbook
    this.#closure = closure
    this.#hosts = hosts
    this.#switches = new Switches(closure)
    this.#given = new GivenVariables(director, playbook.path, closure, this.#switches, hosts === 'invented')
  }

  /** On clean nodes. `false`: nothing of K3s starts, so this is a playbook for nodes that have it. */
  fresh(): boolean {
    const asked = new Set<Question>()
    const [online] = this.#servers()
    if (online === undefined) return true
    let base = online
    let first = this.#withEmptyGroups(base, asked, this.#onClean(base, asked))
    const ended = [first, base] as const
    const starts = (): boolean => first.some(startsK3s) || this.#wouldStart(first, base)
    // Some are for sites without the internet only.
    if (!starts() && this.#isEitherWay(base, asked)) {
      base = { ...online, airgapped: true }
      first = this.#onClean(base, asked)
    }
    if (!starts() && this.#closure.texts.some((text) => /\bnever\b/.test(text))) {
      base = online
      this.#runsAll = true
      first = this.#onClean(base, asked)
    }
    // Others for a token that no file of an inventory holds.
    if (!starts() && asked.has('token') && this.#given.withheld(this.#hostsOf(online)).size > 0) {
      this.#runsAll = false
      base = { ...online, tokenGiven: true }
      first = this.#onClean(base, asked)
    }
    if (!starts()) {
      this.#runsAll = false
      this.#ended = ended
      this.#takeWhatGaveUp(...ended)
      return false
    }
    if (first !== ended[0]) {
      this.#takeWhatGaveUp(...ended)
      this.#sayWhereItEnds(...ended)
    }
    first = this.#calledByStarts(base, first, asked)
    const leftOut = this.#serversThatAreNone(first)
    if (leftOut !== undefined && this.#invention !== undefined) {
      this.#invents({ ...this.#invention, leftOut })
      base = this.#counted(base)
      first = this.#onClean(base, asked)
    }
    this.#sayWhereItEnds(first, base, 'each')
    const done: (readonly [Scenario, readonly World[]])[] = []
    const all: World[] = []
    const follow = (scenario: Scenario): readonly World[] => {
      const worlds = scenario === base ? first : this.#run(scenario, asked, this.#clean(scenario))
      this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), worlds)
      all.push(...worlds)
      if (scenario !== base) this.#sayWhereItEnds(worlds, scenario)
      // Agents alone are no cluster that an upgrade could find: their server came to be in a way that is not seen here.
      if (worlds.some(startsServer))
        for (const key of this.#keys(scenario))
          this.#director.keep(key, [...this.#hostsOf(scenario).hosts.keys()], worlds)
      if (scenario.manager !== 'openrc' && scenario.tokenGiven !== false) done.push([scenario, worlds])
      return worlds
    }
    follow(base)
    const another = this.#withAnother(base, first)
    const larger = another.flatMap(follow)
    const standsForBoth = this.#anotherJoins(larger, base) && this.#standsFor(larger, first, base)
    for (const variant of this.#variants(base, asked)) {
      const isWithAnother = another.length > 0 && differences(variant, base) === 1
      // The larger sample has the hosts of the smaller one, too.
      if (!(isWithAnother && standsForBoth)) follow(variant)
      if (isWithAnother) follow({ ...variant, servers: 'several' })
    }
    // A second run shows what it loses: over an older K3s where some scenario compares versions. What only a new K3s brings is
    // left out over the same one, which is looked at once.
    for (const [scenario, worlds] of done) {
      if (!asked.has('version') || scenario === base)
        all.push(...this.#again({ ...scenario, k3s: 'present' }, worlds, asked))
      if (asked.has('version') && !(scenario === base && standsForBoth))
        all.push(...this.#again({ ...scenario, k3s: 'older' }, older(worlds), asked))
    }
    const { content, project } = this.#director
    for (const note of neverStarted(this.#closure, this.#hostsOf(base), all, content, project))
      this.#director.note(note)
    return true
  }

  /** Whether it is for clean nodes all the same where the run ends before anything of K3s starts. */
  #wouldStart(worlds: readonly World[], scenario: Scenario): boolean {
    if (!worlds.some(({ over }) => over !== undefined)) return false
    return this.#run(scenario, new Set(), this.#clean(scenario), false).some(startsK3s)
  }

  /** A run for clean nodes that the install script ends on all of them. */
  #takeWhatGaveUp(worlds: readonly World[], scenario: Scenario): void {
    if (worlds.some(givesUp))
      this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), worlds)
  }

  #onClean(base: Scenario, asked: Set<Question>): readonly World[] {
    const worlds = this.#run(base, asked, this.#clean(base))
    if (!asked.has('own-token') || !worlds.some(startsServer)) return this.#withOutsiders(base, asked, worlds)
    this.#makesServers = true
    return this.#withOutsiders(base, asked, this.#run(base, asked, this.#clean(base)))
  }

  /**
   * Conditions may name the groups of one kind of node only, and bring K3s to all others as the other kind: what starts on
   * hosts that are in no such group shows that.
   */
  #withOutsiders(base: Scenario, asked: Set<Question>, worlds: readonly World[]): readonly World[] {
    const invention = this.#invention
    if (invention === undefined || invention.outsiders !== undefined) return worlds
    let outsiders: Outsiders = {}
    for (const kind of missingKinds(worlds)) {
      const groups = this.#director.groupsWithVariables.filter((name) => groupKind(name) === kind)
      const tried = { ...outsiders, [kind]: groups }
      const trial = new PlaybookWork(this.#director, this.#playbook, this.#closure, 'invented')
      trial.#invention = { ...invention, outsiders: tried }
      trial.#makesServers = this.#makesServers
      trial.#runsAll = this.#runsAll
      const added = moreHosts(this.#closure.patterns, this.#hostsOf(base), trial.#hostsOf(base))
      if (added.size === 0) continue
      const found = trial.#run(base, new Set(), trial.#clean(base), false)
      if (startedCommands(found, (host) => added.has(host)).has(kind)) outsiders = tried
    }
    if (Object.keys(outsiders).length === 0) return worlds
    this.#invents({ ...invention, outsiders })
    return this.#onClean(base, asked)
  }

  /**
   * Groups to which no play brings K3s, where plays bring it to others of their kind, are without hosts where K3s runs on no
   * server or on no agent if they have all of them: those that are gone are never the whole cluster.
   */
  #withEmptyGroups(base: Scenario, asked: Set<Question>, worlds: readonly World[]): readonly World[] {
    const invention = this.#invention
    const before = runningCommands(worlds)
    if (invention === undefined || (before.has('server') && before.has('agent'))) return worlds
    const { content, project } = this.#director
    const bringing = this.#closure.hosts.filter((one) => leavesK3s(one, content, project))
    const brought = new Set(bringing.flatMap(({ pattern }) => wantedGroups(pattern)))
    const kinds = new Set([...brought].map(groupKind))
    const own = new Set(groupsOfOwn(this.#closure.texts))
    const { groupNames, added } = invention
    const empty = groupNames.filter(
      (group) =>
        isOfNodes(group) &&
        kinds.has(groupKind(group)) &&
        !brought.has(group) &&
        !own.has(group) &&
        added?.has(group) !== true,
    )
    if (empty.length === 0) return worlds
    const tried = { ...invention, empty: new Set(empty) }
    const trial = new PlaybookWork(this.#director, this.#playbook, this.#closure, 'invented')
    trial.#invention = tried
    trial.#makesServers = this.#makesServers
    const found = runningCommands(trial.#run(base, new Set(), trial.#clean(base), true, false))
    const more = [...found].filter((command) => command !== 'unknown' && !before.has(command))
    if (more.length === 0 || ![...before].every((command) => found.has(command))) return worlds
    this.#director.note({
      at: this.#beginning,
      what: `no hosts are assumed in ${empty.join(' and ')}: else K3s would run on no ${more.join(' and on no ')}`,
    })
    this.#invents(tried)
    return this.#onClean(base, asked)
  }

  /**
   * A name that conditions compare says nothing of what its host is, which the first run has shown: a name with which a server
   * has started is that of a server, the founding one first; one with which nothing has started, of none.
   */
  #calledByStarts(base: Scenario, first: readonly World[], asked: Set<Question>): readonly World[] {
    const invention = this.#invention
    if (invention === undefined) return first
    const tried = comparedServers(invention)
    if (tried.length === 0) return first
    const hosts = this.#hostsOf(base)
    const found = first.flatMap((world) =>
      [...kindsOf(world, hosts, base)].filter(([host]) => world.node(host).starts.size > 0),
    )
    const of = (kind: NodeKind): readonly string[] => found.flatMap((one) => (one[1] === kind ? one[0] : []))
    const joining = tried.filter((name) => of('joining-server').includes(name))
    const founding = of('first-server').toSorted(
      (a, b) => Number(tried.includes(b)) - Number(tried.includes(a)),
    )
    const isServer = joining.length > 0 || founding.some((name) => tried.includes(name))
    const servers = isServer ? [...new Set([...founding.slice(0, 1), ...joining])].slice(0, 2) : []
    if (servers.join() === tried.join()) return first
    const agents = tried.filter((name) => of('agent').includes(name) && !servers.includes(name))
    this.#invents({
      ...invention,
      ...withAgents(invention, agents),
      compared: new Map([
        ...servers.map((name) => [name, []] as const),
        ...[...(invention.compared ?? [])].filter(([name]) => !tried.includes(name)),
      ]),
    })
    return this.#onClean(base, asked)
  }

  /** Hosts that were assumed to be servers, and on which no more than an agent starts, as on other hosts. */
  #serversThatAreNone(worlds: readonly World[]): Invention['leftOut'] {
    if (this.#hosts !== 'invented') return undefined
    const { assumedServers, askedServers, hosts } = this.#inventedHosts('several')
    const isAgent = (host: string): boolean =>
      [...startedCommands(worlds, (name) => name === host)].join() === 'agent'
    const areAgents = (names: readonly string[]): boolean => names.length > 0 && names.every(isAgent)
    const others = [...hosts.keys()].filter((name) => !askedServers.includes(name))
    if (areAgents(askedServers) && (others.length === 0 || others.some(isAgent))) return 'servers'
    if (![...hosts.keys()].some((name) => !assumedServers.includes(name) && isAgent(name))) return undefined
    const alone = this.#inventedHosts('one').assumedServers
    if (alone.length > 0 && areAgents(assumedServers)) return 'servers'
    return areAgents(assumedServers.filter((name) => !alone.includes(name))) ? 'joining' : undefined
  }

  /** Without the number of servers, where that says nothing of which hosts there are. */
  #counted({ servers, ...base }: Scenario): Scenario {
    const isOne = this.#inventedHosts('several').hosts.size === this.#inventedHosts('one').hosts.size
    return servers === undefined || isOne ? base : { ...base, servers }
  }

  /** On nodes that have K3s already: as another playbook left them, or as K3s's own script would have. */
  onInstalled({ isUpkeep }: { readonly isUpkeep: boolean }): void {
    const asked = new Set<Question>()
    let isStarted = false
    let left: readonly World[] = []
    const ends: (readonly [readonly World[], Scenario])[] = []
    for (const base of this.#servers()) {
      const begin = (scenario: Scenario): readonly World[] =>
        completed(this.#left(scenario) ?? this.#left(base) ?? [], this.#installed(scenario), (host) =>
          this.#isOfCluster(host, this.#hostsOf(base)),
        )
      for (const k3s of ['present', 'older'] as const) {
        const scenario: Scenario = { ...base, k3s }
        const worlds = begin(scenario)
        const first = k3s === 'older' ? older(worlds) : present(worlds)
        let done = this.#runOnInstalled(scenario, asked, first)
        // An image may hold K3s that has never been started.
        if (
          !done.some(hasStarted) &&
          this.#closure.texts.some((text) => /\bstate\s*[:=]\s*["']?started/.test(text))
        )
          done = this.#run(scenario, asked, first.map(idle))
        isStarted ||= done.some(hasStarted)
        left = done
        ends.push([done, scenario])
        if (done.some(hasStarted))
          this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), done, 'started')
        if (!asked.has('version')) break
      }
      for (const variant of this.#variants({ ...base, k3s: 'older' }, asked)) {
        const done = this.#runOnInstalled(variant, asked, older(begin(variant)))
        isStarted ||= done.some(hasStarted)
        ends.push([done, variant])
        if (done.some(hasStarted))
          this.#director.take(this.#playbook.path, variant, this.#hostsOf(variant), done, 'started')
      }
      // Of the sample with another server only what a site playbook has left is known.
      for (const larger of isStarted ? this.#withAnother(base, left) : []) {
        const found = this.#left(larger)
        if (found === undefined) continue
        const k3s = asked.has('version') ? 'older' : 'present'
        const scenario: Scenario = { ...larger, k3s }
        const done = this.#run(scenario, asked, k3s === 'older' ? older(found) : present(found))
        ends.push([done, scenario])
        if (done.some(hasStarted))
          this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), done, 'started')
      }
    }
    // One that is for nodes which have K3s is not meant to get far on clean ones, and may have nothing to start.
    const isInstalling = [...this.#closure.read].some(
      (path) => !this.#isPassedOver(path) && INSTALLS.test(this.#director.content.text(path) ?? ''),
    )
    // One that only stops K3s goes well where there is any.
    const isForRest = !isStarted && !isInstalling && ends.every(([worlds]) => failuresIn(worlds).length === 0)
    const { 0: clean = [] } = this.#ended ?? []
    const isWithoutUnit = failuresIn(clean).every(({ why }) => why.startsWith(NO_UNIT))
    if (this.#ended !== undefined && (isStarted ? isInstalling && !isUpkeep : !(isForRest && isWithoutUnit)))
      this.#sayWhereItEnds(...this.#ended)
    if (isStarted || isInstalling) for (const end of ends) this.#sayWhereItEnds(...end)
    if (isStarted) return
    // A playbook that only reads the token back may show it all the same.
    const [base] = this.#servers()
    if (base !== undefined)
      this.#director.takeLeaks(this.#playbook.path, { ...base, k3s: 'present' }, this.#hostsOf(base), left)
  }

  /**
   * The service of a K3s from before may be called otherwise than its own script calls it, and have more files: then these are
   * there, and not seen.
   * A run that writes a unit itself brings all that it starts.
   */
  #runOnInstalled(scenario: Scenario, asked: Set<Question>, start: readonly World[]): readonly World[] {
    const done = this.#run(scenario, asked, start)
    const started = done.map(startedIn)
    const bare = done.flatMap(({ nodes }) =>
      [...nodes].flatMap(([host, { failure, files }]) =>
        failure !== undefined &&
        (failure.why.startsWith(NO_UNIT) || failure.why.endsWith(NO_FILE)) &&
        failure.isOfRun !== true &&
        !started.some((one) => one.has(host)) &&
        start.some((world) => !world.node(host).isOpen && !hasNewUnit(files, world.node(host).files))
          ? { host, failure }
          : [],
      ),
    )
    if (bare.length === 0) return done
    for (const { failure } of bare)
      this.#director.note({ at: failure.at, what: `${failure.why} here: K3s from before may have it` })
    const open = start.map((world) => {
      const next = world.copy()
      for (const { host } of bare) next.change(host, { isOpen: true })
      return next
    })
    return this.#runOnInstalled(scenario, asked, open)
  }

  /**
   * A node of the cluster on which this run never starts K3s because a task fails before is not passed over in silence.
   * `which`: those of each world, or only those that start it in none.
   */
  #sayWhereItEnds(worlds: readonly World[], scenario: Scenario, which: 'each' | 'never' = 'never'): void {
    if (!this.#touchesK3s) return
    const hosts = this.#hostsOf(scenario)
    const whole = worlds.filter(({ isCut }) => !isCut)
    const started = worlds.map(startedIn)
    for (const world of whole)
      for (const [host, { failure, starts }] of world.nodes) {
        if (failure === undefined || !this.#isForK3s(host, hosts)) continue
        // What the first run started goes on.
        if (scenario.again === true && starts.size > 0) continue
        const isStarted = which === 'each' ? startedIn(world).has(host) : started.some((one) => one.has(host))
        if (isStarted && (failure.isOfRun === true || !failure.why.startsWith(NO_UNIT))) continue
        const { sources } = hosts
        const others = hosts.hosts.get(host)?.alike ?? []
        this.#director.ends({
          at: failure.at,
          what: `${endsFor([host, ...others], failure)}${failure.why}`,
          end: {
            playbook: this.#playbook.path,
            ...(sources === undefined ? {} : { inventory: sources }),
            host,
            ...(others.length === 0 ? {} : { others }),
            why: failure.why,
            ...(failure.isOfRun === true ? { isOfRun: true } : {}),
            scenarios: [scenario],
          },
        })
      }
  }

  /** Whether each task that might include this file was followed, and has always included another one: it is for other playbooks. */
  #isPassedOver(path: string): boolean {
    const includes = this.#closure.includes.get(path) ?? []
    return (
      includes.length > 0 &&
      includes.every(({ at }) => {
        const found = this.#included.get(`${at.path}:${at.start}`)
        return found !== undefined && !found.has(path) && !found.has(undefined)
      })
    )
  }

  /** The files that tasks have included, by where these stand. */
  readonly #included = new Map<string, Set<string | undefined>>()

  get #touchesK3s(): boolean {
    const { content, project } = this.#director
    this.#touchesFound ??= touchesK3s(this.#closure, content, project)
    return this.#touchesFound
  }

  #touchesFound: boolean | undefined

  /** Whether K3s is meant for a host: some play for it brings K3s, or it is called as the nodes of clusters are. */
  #isForK3s(host: string, hosts: PaperHosts): boolean {
    const groups = hosts.hosts.get(host)?.groups ?? []
    if (
      host !== CONTROL_NODE &&
      groups.some((group) => OF_CLUSTER.test(group) && groupKind(group) !== 'beside')
    )
      return true
    const bringing = this.#closure.hosts.filter((one) => this.#isBringing(one))
    return bringing.length === 0
      ? hosts.hosts.has(host)
      : bringing.some(({ pattern }) => pattern.includes('{{') || matchingHosts(pattern, hosts).includes(host))
  }

  /** What came of it on clean nodes, where nothing started. */
  #ended: readonly [readonly World[], Scenario] | undefined
  #makesServers = false
  #runsAll = false

  #again(before: Scenario, worlds: readonly World[], asked: Set<Question>): readonly World[] {
    const scenario: Scenario = { ...before, again: true }
    const begin = unlike(worlds)
    if (begin.length === 0) return []
    const done = this.#run(scenario, asked, begin.map(rested))
    this.#director.take(this.#playbook.path, scenario, this.#hostsOf(scenario), done)
    this.#sayWhereItEnds(done, scenario)
    return done
  }

  #servers(): readonly Scenario[] {
    const base: Scenario = { k3s: 'absent', ...this.#airgapped(false) }
    if (this.#hosts !== 'invented') return [base]
    const several: Scenario = { ...base, servers: 'several' }
    return [this.#invention?.added === undefined ? several : this.#counted(several)]
  }

  #airgapped(value: boolean): { readonly airgapped?: boolean } {
    const { switches, settled } = this.#given.airgap(this.#hostsOf({ servers: 'several' }))
    if (settled === true) return { airgapped: true }
    return switches.length === 0 ? {} : { airgapped: value }
  }

  /** Whether the site may as well be one without the internet, so that something of the playbook is another way. */
  #isEitherWay(base: Scenario, asked: ReadonlySet<Question>): boolean {
    const { switches, settled } = this.#given.airgap(this.#hostsOf(base))
    return asked.has('airgapped') && base.airgapped !== true && switches.length > 0 && settled !== true
  }

  /** The other scenarios that the conditions of this playbook can tell apart. */
  #variants(base: Scenario, asked: ReadonlySet<Question>): readonly Scenario[] {
    const result: Scenario[] = []
    const hosts = this.#hostsOf(base)
    const airgapped = this.#isEitherWay(base, asked)
    if (airgapped) result.push({ ...base, airgapped: true })
    // Where nothing reads it but under what a play or a role sets, leaving it out changes nothing.
    if (base.tokenGiven === undefined && (asked.has('token') || airgapped)) {
      // Where nobody gives one, none is given as it is.
      const tokenGiven = this.#given.isWithheld(hosts)
      if (tokenGiven || this.#given.optional(hosts).size > 0) {
        result.push({ ...base, tokenGiven })
        if (airgapped) result.push({ ...base, airgapped: true, tokenGiven })
      }
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

  /** A sample has often one server only; of its users many have more. */
  #withAnother(base: Scenario, worlds: readonly World[]): readonly Scenario[] {
    const hosts = this.#hosts
    if (hosts === 'invented' || hosts.withAnother === undefined) return []
    const servers = new Set(worlds.flatMap((world) => serversOf(world, hosts, base)))
    const [only] = servers
    if (only === undefined || servers.size > 1 || hosts.hosts.get(only)?.alike.length !== 0) return []
    this.#larger = hosts.withAnother(only)
    return [{ ...base, servers: 'several' }]
  }

  #larger: PaperHosts | undefined

  /** Whether anything brings the added server to the cluster: else it is not shown, and the sample is told as it is. */
  #anotherJoins(worlds: readonly World[], base: Scenario): boolean {
    const { hosts } = this.#hostsOf(base)
    const added = [...(this.#larger?.hosts.keys() ?? [])].filter((host) => !hosts.has(host))
    return worlds.some((world) =>
      added.some((host) => [...world.node(host).starts.values()].some(({ arrival }) => mayJoin(arrival))),
    )
  }

  /** Whether all that happens to the hosts of a sample happens to them in the larger one, too. */
  #standsFor(larger: readonly World[], smaller: readonly World[], base: Scenario): boolean {
    const { hosts } = this.#hostsOf(base)
    const told = (all: readonly World[]): ReadonlySet<string> =>
      new Set(
        all.flatMap(({ events }) =>
          events.flatMap((event) => {
            if (!hosts.has(event.host)) return []
            const { token } = event.what === 'service-started' ? event.arrival : {}
            return [[event.host, event.what, event.at.path, event.at.start, token?.state].join()]
          }),
        ),
      )
    const found = told(larger)
    return [...told(smaller)].every((what) => found.has(what))
  }

  #hostsOf(scenario: Scenario): PaperHosts {
    if (this.#hosts !== 'invented')
      return (scenario.servers === undefined ? undefined : this.#larger) ?? this.#hosts
    return this.#inventedHosts(scenario.servers ?? 'several')
  }

  #inventedHosts(servers: 'one' | 'several'): InventedHosts {
    let hosts = this.#invented.get(servers)
    if (hosts === undefined) {
      this.#invention ??= this.#inventionOf()
      hosts = inventedHosts(this.#invention, servers)
      this.#invented.set(servers, hosts)
    }
    return hosts
  }

  readonly #invented = new Map<string, InventedHosts>()
  #invention: Invention | undefined

  /** Other hosts than those that were taken first. */
  #invents(invention: Invention): void {
    this.#invention = invention
    this.#invented.clear()
    this.#relevanceFound = undefined
  }

  #inventionOf(): Invention {
    const { content, project } = this.#director
    const { patterns, texts } = this.#closure
    const kinds = kindVariables(this.#closure, this.#switches, content, project)
    const groups = this.#groupsInTexts
    const unfilled = this.#director.unfilledInventory(this.#closure, this.#playbook.path)
    const named = [...new Set([...namedGroups([...patterns, ...groups]), ...(unfilled?.leaves ?? [])])]
    // Hosts of others are in the groups that these have in them.
    const isOfHosts = (group: string): boolean => unfilled === undefined || !hasChildren(unfilled, group)
    const isFilled = (group: string): boolean =>
      unfilled?.leaves.includes(group) === true &&
      groupsAround(unfilled, group).some((name) => this.#bringsK3s(name))
    const invention: Invention = {
      groupNames: named.filter(isOfHosts),
      played: new Set([...namedGroups(patterns), ...groupsOfOwn(texts), ...(unfilled?.leaves ?? [])]),
      byVariable: groupsByVariable(texts, (name) => this.#director.defaultOf(name)).filter(isOfHosts),
      unfilled,
      isOfCluster: (group) =>
        (groupKind(group) !== 'beside' && (groups.includes(group) || isFilled(group))) ||
        this.#bringsK3s(group),
      hasOthers: patterns.some(isForOthers),
      wholes: wholeGroups(this.#closure, content, project),
      founding: (group) => {
        if (!this.#bringsK3s(group)) return undefined
        const isTold =
          isToldApart(group, this.#closure) ||
          [...kinds.values()].some(({ first, joining }) => first !== joining)
        return isTold ? 'all' : 'first'
      },
      named: namedHosts(this.#closure, this.#switches, content, groups),
      kinds: new Map([...kinds].filter(([name]) => this.#director.extraVariable(name) === undefined)),
      project,
      playbookDirectory: directoryOf(this.#playbook.path),
    }
    const compared = new Map(comparedHosts(this.#closure, invention, this.#director))
    const agents = comparedServers({ ...invention, compared }).filter(isAgentName)
    for (const name of agents) compared.delete(name)
    return this.#withAdded({ ...invention, ...withAgents(invention, agents), compared })
  }

  /**
   * Where a run without hosts in the groups that tasks make shows all that are added to them, the groups have no others. A run
   * that begins with these hosts has to add the same: a name may be that of a host which was assumed.
   */
  #withAdded(invention: Invention): Invention {
    const tasks = this.#closure.tasks.filter(({ task }) => task.action.module === 'add_host')
    if (tasks.length === 0) return invention
    const adding = tasks.flatMap(({ task }) => groupsMadeBy(task))
    const isOfNone = tasks.some(({ task }) => !GROUPS.some((name) => task.action.arguments.has(name)))
    const { groupNames, byVariable = [], isOfCluster, compared = new Map(), named } = invention
    const groups = new Set(
      [...groupNames, ...byVariable].filter((group) => adding.some((name) => name.test(group))),
    )
    const isAll = this.#closure.patterns.some(isForAll)
    if (groups.size === 0 && !isAll && !isOfNone) return invention
    const isPlayed = (group: string): boolean =>
      groups.has(group) ||
      (isOfNone && group === UNGROUPED) ||
      (isAll && (isOfNodes(group) || isOfCluster?.(group) === true))
    const without = withoutNames(invention, groups)
    const stands = inventedHosts(without, 'several').hosts
    const called = new Set([...compared.keys(), ...Object.values(named ?? {}).flat()])
    const isNew = (name: string): boolean => !LOCALHOST.has(name) && (!stands.has(name) || called.has(name))
    const made = [...this.#groupsMadeOn(without)].filter(
      ([group, hosts]) => isPlayed(group) && hosts.some(isNew),
    )
    const added = new Map(made.map(([group, hosts]) => [group, hosts.filter(isNew)] as const))
    if (added.size === 0) return invention
    const found = {
      ...withoutNames(invention, new Set([...added.values()].flat()), (group) => added.has(group)),
      added: new Map([...added].map(([group, hosts]) => [group, hosts.slice(0, MOST_ADDED)] as const)),
    }
    const again = this.#groupsMadeOn(found)
    if (!made.every(([group, hosts]) => again.get(group)?.join() === hosts.join())) return invention
    if ([...added.values()].some(({ length }) => length > MOST_ADDED))
      this.#director.bound({ at: this.#beginning, what: 'more hosts that tasks add than are rehearsed' })
    return found
  }

  /** The groups that tasks make on these hosts, in whatever way the run goes. */
  #groupsMadeOn(invention: Invention): ReadonlyMap<string, readonly string[]> {
    const trial = new PlaybookWork(this.#director, this.#playbook, this.#closure, 'invented')
    trial.#invention = invention
    return madeByAll(
      trial
        .#servers()
        .flatMap((scenario) => trial.#run(scenario, new Set(), trial.#clean(scenario), false))
        .map((world) => world.groups),
    )
  }

  #bringsK3s(group: string): boolean {
    return this.#closure.hosts.some(
      (hosts) =>
        (group === 'all' ? isForAll(hosts.pattern) : namedGroups([hosts.pattern]).includes(group)) &&
        this.#isBringing(hosts),
    )
  }

  #isBringing(hosts: Closure['hosts'][number]): boolean {
    const { content, project } = this.#director
    return bringsK3s(hosts, content, project)
  }

  /** `ends`: whether a run ends where all hosts of a play have failed; `tells`: whether what can't be followed is told of. */
  #run(
    scenario: Scenario,
    asked: Set<Question>,
    start: readonly World[],
    ends = true,
    tells = ends,
  ): readonly World[] {
    const makesOthers =
      scenario.again === true &&
      !this.#renews &&
      !start.some((world) => keepsOnControlNode(world, this.#director.atoms))
    const whole = { ...this.#stage(scenario, asked), ends, makesOthers }
    // What does not happen is nothing to tell of.
    const stage = tells ? whole : { ...whole, note: nothing, bound: nothing }
    const room = {
      left: MOST_WORLDS,
      inAll: MOST_IN_ALL,
      full: (part: Undecided) =>
        this.#director.leftOut.add(part, MOST_WORLDS, { path: this.#playbook.path, start: 0, end: 0 }),
    }
    return start.flatMap((world) => playThrough(stage, this.#playbook, world, room))
  }

  get #renews(): boolean {
    this.#renewsFound ??= this.#closure.texts.some((text) => RENEWS.test(text))
    return this.#renewsFound
  }

  #renewsFound: boolean | undefined

  #stage(scenario: Scenario, asked: Set<Question>): Omit<Stage, 'ends' | 'makesOthers'> {
    const director = this.#director
    const hosts = this.#hostsOf(scenario)
    return {
      content: director.content,
      project: director.project,
      atoms: director.atoms,
      hosts,
      groupsAsked: this.#groupsAsked,
      scenario,
      manager: scenario.manager ?? 'systemd',
      ...this.#given.inScenario(scenario, hosts, asked),
      makesServers: this.#makesServers,
      runsAll: this.#runsAll,
      note: (note) => director.note(note),
      bound: (note) => director.bound(note),
      reach: (path) => director.reach(path),
      includes: ({ path, start }, file) => {
        const at = `${path}:${start}`
        const known = this.#included.get(at)
        if (known === undefined) this.#included.set(at, new Set([file]))
        else known.add(file)
      },
      notFollowed: (note) => director.notFollowed(note),
      playbook: this.#playbook.path,
      merges: mergeSetting(director.project, this.#playbook.path),
      relevance: this.#relevance(hosts),
    }
  }

  get #groupsInTexts(): readonly string[] {
    this.#groupsInTextsFound ??= groupsIn(this.#closure.texts)
    return this.#groupsInTextsFound
  }

  #groupsInTextsFound: readonly string[] | undefined

  get #groupsAsked(): ReadonlySet<string> {
    this.#groupsAskedFound ??= new Set([
      ...namedGroups([...this.#closure.patterns, ...this.#groupsInTexts]),
      ...this.#director.groupsWithVariables,
    ])
    return this.#groupsAskedFound
  }

  #groupsAskedFound: ReadonlySet<string> | undefined

  #relevance(hosts: PaperHosts): Relevance {
    const { content, project, tokenVariables } = this.#director
    this.#relevanceFound ??= new Relevance(content, project, this.#closure, hosts, tokenVariables)
    return this.#relevanceFound
  }

  #relevanceFound: Relevance | undefined

  #clean(scenario: Scenario): readonly World[] {
    const nodes = new Map<string, NodeState>(
      [...this.#hostsOf(scenario).hosts.keys()].map((host) => [host, emptyNode]),
    )
    return [new World(nodes)]
  }

  /** Whether a host is one for this playbook: by a group that it plays on, or one that is called as those of clusters are. */
  #isOfCluster(host: string, { hosts }: PaperHosts): boolean {
    const played = new Set(namedGroups(this.#closure.patterns))
    const groups = hosts.get(host)?.groups ?? []
    return played.has(host) || groups.some((group) => played.has(group) || OF_CLUSTER.test(group))
  }

  #installed(scenario: Scenario): World {
    const hosts = this.#hostsOf(scenario)
    // An inventory may be a list of hosts, and hosts that are made up have none.
    const placeOf = ({ at }: PaperHost): Span =>
      at !== undefined && this.#director.project.has(at.path) ? at : this.#beginning
    return new World(installedNodes(hosts, scenario.manager ?? 'systemd', this.#director.atoms, placeOf))
  }

  /** Where what is rehearsed begins: a role that no playbook of the project uses has a file, too. */
  get #beginning(): Span {
    const { path, plays } = this.#playbook
    return { path: plays[0]?.at.path ?? path, start: 0, end: 0 }
  }

  /** What another playbook left of the nodes; of those that only it plays on nothing. */
  #left(scenario: Scenario): readonly World[] | undefined {
    const names = [...this.#hostsOf(scenario).hosts.keys()]
    return this.#director
      .installed(this.#key(scenario), names)
      ?.map(
        (world) =>
          new World(
            new Map(names.map((host) => [host, world.node(host)])),
            undefined,
            undefined,
            undefined,
            world.isCut,
          ),
      )
  }

  /**
   * Of hosts that are the same ones however many servers other playbooks have, the keys for any number; so have the hosts of a
   * sample to which one was added, for what follows on those that it has.
   */
  #keys(scenario: Scenario): readonly string[] {
    const { servers, ...anyNumber } = scenario
    if (this.#hosts === 'invented' && servers === undefined)
      return (['several', 'one'] as const).map((number) => this.#key({ ...scenario, servers: number }))
    const isOfSample = this.#hosts !== 'invented' && servers !== undefined
    return [scenario, ...(isOfSample ? [anyNumber] : [])].map((one) => this.#key(one))
  }

  /** Scenarios that begin with the same nodes. */
  #key({ airgapped, manager, tokenGiven, servers }: Scenario): string {
    const hosts = this.#hosts === 'invented' ? this.#hosts : (this.#hosts.sources ?? []).join()
    return JSON.stringify([hosts, airgapped ?? false, manager ?? 'systemd', tokenGiven, servers])
  }
}

/** Agents by their names, before others that are known. */
const withAgents = ({ named }: Invention, agents: readonly string[]): Pick<Invention, 'named'> => ({
  named: {
    servers: named?.servers ?? [],
    others: named?.others ?? [],
    agents: [...agents, ...(named?.agents ?? [])],
  },
})

/** Without these groups and hosts, wherever a project names them, and those of which only such groups ask. */
const withoutNames = (
  invention: Invention,
  names: ReadonlySet<string>,
  isLeftOut: (group: string) => boolean = () => false,
): Invention => {
  const { groupNames, byVariable = [], named, compared = new Map() } = invention
  const rest = (all: readonly string[] = []): readonly string[] => all.filter((name) => !names.has(name))
  return {
    ...invention,
    groupNames: rest(groupNames),
    byVariable: rest(byVariable),
    named: { servers: rest(named?.servers), agents: rest(named?.agents), others: rest(named?.others) },
    compared: new Map(
      [...compared].filter(
        ([name, groups]) => !names.has(name) && (groups.length === 0 || !groups.every(isLeftOut)),
      ),
    ),
  }
}

/** In how many things two scenarios differ that servers may be told apart by; the service manager is the same on all nodes. */
const differences = (one: Scenario, other: Scenario): number =>
  one.manager === other.manager
    ? (['airgapped', 'tokenGiven'] as const).filter((name) => one[name] !== other[name]).length
    : 0

const nothing = (): void => {}

const failuresIn = (worlds: readonly World[]): readonly Failure[] =>
  worlds.flatMap(({ nodes }) => [...nodes.values()].flatMap(({ failure = [] }) => failure))

const UNIT = /\/k3s[\w@-]*\.service$|\/init\.d\/k3s[\w-]*$/

/** Whether a unit of K3s was written that was not there before. */
const hasNewUnit = (files: PaperFiles, before: PaperFiles): boolean =>
  [...files].some(([path, file]) => UNIT.test(path) && before.get(path) !== file)

/** The hosts on which a run itself started K3s. */
const startedIn = ({ events }: World): ReadonlySet<string> =>
  new Set(events.flatMap(({ what, host }) => (what === 'service-started' ? [host] : [])))
