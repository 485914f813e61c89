import type { Playbook } from '../../ansible/content/index.ts'
import type { Span } from '../../span.ts'
import type { PaperFiles } from '../files.ts'
import type { Scenario } from '../rehearsal.ts'
import { endsFor } from '../unknown.ts'
import {
  completed,
  givesUp,
  hasMadeToken,
  hasStarted,
  idle,
  older,
  present,
  rested,
  startsK3s,
  startsServer,
  unlike,
} from './beginnings.ts'
import { bringsK3s, touchesK3s } from './bringing.ts'
import type { Closure } from './closure.ts'
import type { Question } from './context.ts'
import type { Director } from './director.ts'
import { groupKind } from './groupKinds.ts'
import { CONTROL_NODE, type PaperHost, type PaperHosts } from './hosts.ts'
import { calledByStarts, onClean, serversThatAreNone, withEmptyGroups } from './hostTrials.ts'
import { installedNodes } from './installed.ts'
import { inventionOf } from './invention.ts'
import { isDemand } from './modules/facts.ts'
import { NO_FILE } from './modules/lines.ts'
import { NO_UNIT } from './modules/services.ts'
import { neverStarted } from './neverStarted.ts'
import { matchingHosts, namedGroups } from './pattern.ts'
import { PlaybookRuns } from './playbookRuns.ts'
import { mayJoin, serversOf } from './verdicts.ts'
import { type Failure, World } from './world.ts'

/** The scripts that K3s brings itself, to stop it and to take it away, install nothing; nor do its own directories. */
const INSTALLS =
  /\bget\.k3s\.io\b|k3s(?!(?:-agent)?-(?:killall|uninstall)\.sh)[\w.-]*\.sh\b|INSTALL_K3S_|\bk3s-io\/k3s\b|(?<!\b(?:etc|lib)\/)\brancher\/k3s\b/

const OF_CLUSTER = /k3s|kube|k8s|server|master|control|agent|worker/i

/** One playbook on one set of hosts, in all its scenarios. */
export class PlaybookWork {
  readonly #director: Director
  readonly #playbook: Playbook
  readonly #closure: Closure
  readonly #hosts: PaperHosts | 'invented'
  readonly #runs: PlaybookRuns

  constructor(director: Director, playbook: Playbook, closure: Closure, hosts: PaperHosts | 'invented') {
    this.#director = director
    this.#playbook = playbook
    this.#closure = closure
    this.#hosts = hosts
    this.#runs = new PlaybookRuns(director, playbook, closure, hosts === 'invented' ? inventionOf : hosts)
  }

  /** On clean nodes. `false`: nothing of K3s starts, so this is a playbook for nodes that have it. */
  fresh(): boolean {
    const asked = new Set<Question>()
    const online = this.#runs.base()
    let base = online
    let first = withEmptyGroups(this.#runs, base, asked, onClean(this.#runs, base, asked))
    const ended = [first, base] as const
    const starts = (): boolean => first.some(startsK3s) || this.#wouldStart(first, base)
    // Some are for sites without the internet only.
    if (!starts() && this.#runs.isEitherWay(base, asked)) {
      base = { ...online, airgapped: true }
      first = onClean(this.#runs, base, asked)
    }
    if (!starts() && this.#closure.texts.some((text) => /\bnever\b/.test(text))) {
      base = online
      this.#runs.runsAll = true
      first = onClean(this.#runs, base, asked)
    }
    // Others for a token that no file of an inventory holds.
    if (!starts() && asked.has('token') && this.#runs.given.withheld(this.#runs.hostsOf(online)).size > 0) {
      this.#runs.runsAll = false
      base = { ...online, tokenGiven: true }
      first = onClean(this.#runs, base, asked)
    }
    // And others for what a condition asks to be there, and only their users set.
    if (!starts() && this.#runs.given.opensGuards(this.#runs.hostsOf(online))) {
      this.#runs.runsAll = false
      base = online
      first = onClean(this.#runs, base, asked)
      if (starts()) this.#runs.given.sayWhatIsOpened()
      else this.#runs.given.closesGuards()
    }
    if (!starts()) {
      this.#runs.runsAll = false
      this.#ended = ended
      this.#takeWhatGaveUp(...ended)
      return false
    }
    if (first !== ended[0]) {
      this.#takeWhatGaveUp(...ended)
      this.#sayWhereItEnds(...ended)
    }
    first = calledByStarts(this.#runs, base, first, asked)
    const leftOut = serversThatAreNone(this.#runs, first)
    if (leftOut !== undefined && this.#runs.invention !== undefined) {
      this.#runs.invents({ ...this.#runs.invention, leftOut })
      base = this.#runs.counted(base)
      first = onClean(this.#runs, base, asked)
    }
    this.#sayWhereItEnds(first, base, 'each')
    const done: (readonly [Scenario, readonly World[]])[] = []
    const all: World[] = []
    const follow = (scenario: Scenario): readonly World[] => {
      const worlds = scenario === base ? first : this.#runs.run(scenario, asked, this.#runs.clean(scenario))
      this.#take(scenario, worlds)
      all.push(...worlds)
      if (scenario !== base) this.#sayWhereItEnds(worlds, scenario)
      // Agents alone are no cluster that an upgrade could find: their server came to be in a way that is not seen here.
      if (worlds.some(startsServer) && !this.#isFilled)
        for (const key of this.#keys(scenario))
          this.#director.keep(key, [...this.#runs.hostsOf(scenario).hosts.keys()], worlds)
      // Without a token the second run is as the first one, but for what a play makes anew.
      const isOther = scenario.tokenGiven !== false || worlds.some(hasMadeToken)
      if (scenario.manager !== 'openrc' && isOther) done.push([scenario, worlds])
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
    if (this.#isFilled) return true
    const { content, project } = this.#director
    for (const note of neverStarted(this.#closure, this.#runs.hostsOf(base), all, content, project))
      this.#director.note(note)
    return true
  }

  #take(scenario: Scenario, worlds: readonly World[], which: 'all' | 'started' = 'all'): void {
    this.#director.take(this.#playbook.path, scenario, this.#runs.hostsOf(scenario), worlds, which)
  }

  /** Whether it is for clean nodes all the same where the run ends before anything of K3s starts. */
  #wouldStart(worlds: readonly World[], scenario: Scenario): boolean {
    if (!worlds.some(({ over }) => over !== undefined)) return false
    return this.#runs.run(scenario, new Set(), this.#runs.clean(scenario), false).some(startsK3s)
  }

  /** A run for clean nodes that the install script ends on all of them. */
  #takeWhatGaveUp(worlds: readonly World[], scenario: Scenario): void {
    if (worlds.some(givesUp)) this.#take(scenario, worlds)
  }

  /** On nodes that have K3s already: as another playbook left them, or as K3s's own script would have. */
  onInstalled({ isUpkeep }: { readonly isUpkeep: boolean }): void {
    const asked = new Set<Question>()
    let isStarted = false
    let left: readonly World[] = []
    const ends: (readonly [readonly World[], Scenario])[] = []
    const base = this.#runs.base()
    const begin = (scenario: Scenario): readonly World[] =>
      completed(this.#left(scenario) ?? this.#left(base) ?? [], this.#installed(scenario), (host) =>
        this.#isOfCluster(host, this.#runs.hostsOf(base)),
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
        done = this.#runs.run(scenario, asked, first.map(idle))
      isStarted ||= done.some(hasStarted)
      left = done
      ends.push([done, scenario])
      if (done.some(hasStarted)) this.#take(scenario, done, 'started')
      if (!asked.has('version')) break
    }
    const last = asked.has('version') ? 'older' : 'present'
    for (const variant of this.#variants({ ...base, k3s: last }, asked)) {
      const found = begin(variant)
      const done = this.#runOnInstalled(variant, asked, last === 'older' ? older(found) : present(found))
      isStarted ||= done.some(hasStarted)
      ends.push([done, variant])
      if (done.some(hasStarted)) this.#take(variant, done, 'started')
    }
    // Of the sample with another server only what a site playbook has left is known.
    for (const larger of isStarted ? this.#withAnother(base, left) : []) {
      const found = this.#left(larger)
      if (found === undefined) continue
      const scenario: Scenario = { ...larger, k3s: last }
      const done = this.#runs.run(scenario, asked, last === 'older' ? older(found) : present(found))
      ends.push([done, scenario])
      if (done.some(hasStarted)) this.#take(scenario, done, 'started')
    }
    // One that is for nodes which have K3s is not meant to get far on clean ones, and may have nothing to start.
    const isInstalling = [...this.#closure.read].some(
      (path) => !this.#runs.isPassedOver(path) && INSTALLS.test(this.#director.content.text(path) ?? ''),
    )
    // One that only stops K3s goes well where there is any.
    const isForRest = !isStarted && !isInstalling && ends.every(([worlds]) => failuresIn(worlds).length === 0)
    const { 0: clean = [] } = this.#ended ?? []
    // Or it makes sure of that itself.
    const isForOthers = failuresIn(clean).every(({ why }) => why.startsWith(NO_UNIT) || isDemand(why))
    if (this.#ended !== undefined && (isStarted ? isInstalling && !isUpkeep : !(isForRest && isForOthers)))
      this.#sayWhereItEnds(...this.#ended)
    if (isStarted || isInstalling) for (const end of ends) this.#sayWhereItEnds(...end)
    if (isStarted) return
    // A playbook that only reads the token back may show it all the same.
    this.#director.takeLeaks(this.#playbook.path, { ...base, k3s: 'present' }, this.#runs.hostsOf(base), left)
  }

  /**
   * The service of a K3s from before may be called otherwise than its own script calls it, and have more files: then these are
   * there, and not seen.
   * A run that writes a unit itself brings all that it starts.
   */
  #runOnInstalled(scenario: Scenario, asked: Set<Question>, start: readonly World[]): readonly World[] {
    const done = this.#runs.run(scenario, asked, start)
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
    if (!this.#touchesK3s || this.#isFilled) return
    const hosts = this.#runs.hostsOf(scenario)
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
            ...(failure.variable === undefined ? {} : { variable: failure.variable }),
            ...(failure.isOfRun === true ? { isOfRun: true } : {}),
            scenarios: [scenario],
          },
        })
      }
  }

  /** Whether it is about hosts that were assumed in groups of an inventory alone. */
  get #isFilled(): boolean {
    return this.#hosts !== 'invented' && this.#hosts.filledWith !== undefined
  }

  get #touchesK3s(): boolean {
    const { content, project } = this.#director
    this.#touchesFound ??= touchesK3s(this.#closure, content, project)
    return this.#touchesFound
  }

  #touchesFound: boolean | undefined

  /** Whether K3s is meant for a host: some play for it brings K3s, or it is called as the nodes of clusters are. */
  #isForK3s(host: string, hosts: PaperHosts): boolean {
    const { content, project } = this.#director
    const groups = hosts.hosts.get(host)?.groups ?? []
    if (
      host !== CONTROL_NODE &&
      groups.some((group) => OF_CLUSTER.test(group) && groupKind(group) !== 'beside')
    )
      return true
    const bringing = this.#closure.hosts.filter((one) => bringsK3s(one, content, project))
    return bringing.length === 0
      ? hosts.hosts.has(host)
      : bringing.some(({ pattern }) => pattern.includes('{{') || matchingHosts(pattern, hosts).includes(host))
  }

  /** What came of it on clean nodes, where nothing started. */
  #ended: readonly [readonly World[], Scenario] | undefined

  #again(before: Scenario, worlds: readonly World[], asked: Set<Question>): readonly World[] {
    const scenario: Scenario = { ...before, again: true }
    const begin = unlike(worlds)
    if (begin.length === 0) return []
    const { switches } = this.#runs
    const next = (world: World): World =>
      rested(
        world,
        world.lasting((name) => switches.isSet(name)),
      )
    const done = begin.flatMap((some) => this.#runs.run(scenario, asked, some.map(next)))
    this.#take(scenario, done)
    this.#sayWhereItEnds(done, scenario)
    return done
  }

  /** The other scenarios that the conditions of this playbook can tell apart. */
  #variants(base: Scenario, asked: ReadonlySet<Question>): readonly Scenario[] {
    const result: Scenario[] = []
    const hosts = this.#runs.hostsOf(base)
    const airgapped = this.#runs.isEitherWay(base, asked)
    if (airgapped) result.push({ ...base, airgapped: true })
    // Where nothing reads it but under what a play or a role sets, leaving it out changes nothing.
    if (base.tokenGiven === undefined && (asked.has('token') || airgapped)) {
      // Where nobody gives one, none is given as it is.
      const tokenGiven = this.#runs.given.isWithheld(hosts)
      if (tokenGiven || this.#runs.given.optional(hosts).size > 0) {
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
    this.#runs.larger = hosts.withAnother(only)
    return [{ ...base, servers: 'several' }]
  }

  /** Whether anything brings the added server to the cluster: else it is not shown, and the sample is told as it is. */
  #anotherJoins(worlds: readonly World[], base: Scenario): boolean {
    const { hosts } = this.#runs.hostsOf(base)
    const added = [...(this.#runs.larger?.hosts.keys() ?? [])].filter((host) => !hosts.has(host))
    return worlds.some((world) =>
      added.some((host) => [...world.node(host).starts.values()].some(({ arrival }) => mayJoin(arrival))),
    )
  }

  /** Whether all that happens to the hosts of a sample happens to them in the larger one, too. */
  #standsFor(larger: readonly World[], smaller: readonly World[], base: Scenario): boolean {
    const { hosts } = this.#runs.hostsOf(base)
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

  /** Whether a host is one for this playbook: by a group that it plays on, or one that is called as those of clusters are. */
  #isOfCluster(host: string, { hosts }: PaperHosts): boolean {
    const played = new Set(namedGroups(this.#closure.patterns))
    const groups = hosts.get(host)?.groups ?? []
    return played.has(host) || groups.some((group) => played.has(group) || OF_CLUSTER.test(group))
  }

  #installed(scenario: Scenario): World {
    const hosts = this.#runs.hostsOf(scenario)
    // An inventory may be a list of hosts, and hosts that are made up have none.
    const placeOf = ({ at }: PaperHost): Span =>
      at !== undefined && this.#director.project.has(at.path) ? at : this.#runs.beginning
    return new World(installedNodes(hosts, scenario.manager ?? 'systemd', this.#director.atoms, placeOf))
  }

  /** What another playbook left of the nodes; of those that only it plays on nothing. */
  #left(scenario: Scenario): readonly World[] | undefined {
    const names = [...this.#runs.hostsOf(scenario).hosts.keys()]
    return this.#director
      .installed(this.#key(scenario), names)
      ?.map(
        (world) => new World(new Map(names.map((host) => [host, world.node(host)])), { isCut: world.isCut }),
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

/** In how many things two scenarios differ that servers may be told apart by; the service manager is the same on all nodes. */
const differences = (one: Scenario, other: Scenario): number =>
  one.manager === other.manager
    ? (['airgapped', 'tokenGiven'] as const).filter((name) => one[name] !== other[name]).length
    : 0

const failuresIn = (worlds: readonly World[]): readonly Failure[] =>
  worlds.flatMap(({ nodes }) => [...nodes.values()].flatMap(({ failure = [] }) => failure))

const UNIT = /\/k3s[\w@-]*\.service$|\/init\.d\/k3s[\w-]*$/

/** Whether a unit of K3s was written that was not there before. */
const hasNewUnit = (files: PaperFiles, before: PaperFiles): boolean =>
  [...files].some(([path, file]) => UNIT.test(path) && before.get(path) !== file)

/** The hosts on which a run itself started K3s. */
const startedIn = ({ events }: World): ReadonlySet<string> =>
  new Set(events.flatMap(({ what, host }) => (what === 'service-started' ? [host] : [])))
