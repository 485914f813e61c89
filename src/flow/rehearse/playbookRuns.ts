import type { Playbook } from '../../ansible/content/index.ts'
import type { Span } from '../../span.ts'
import type { UnknownPlugin } from '../evaluate/index.ts'
import type { Scenario } from '../rehearsal.ts'
import { keepsOnControlNode } from './beginnings.ts'
import type { Undecided } from './call.ts'
import type { Closure } from './closure.ts'
import type { Question, Stage } from './context.ts'
import type { Director } from './director.ts'
import { areFactsOfPlays } from './gathering.ts'
import { GivenVariables } from './givenVariables.ts'
import type { PaperHosts } from './hosts.ts'
import { type InventedHosts, type Invention, inventedHosts } from './inventedHosts.ts'
import { mergeSetting } from './merging.ts'
import { groupsIn, namedGroups } from './pattern.ts'
import { playThrough } from './play.ts'
import { Relevance } from './relevance.ts'
import { Switches } from './switches.ts'
import { emptyNode, type NodeState, World } from './world.ts'

/**
 * What is not followed, and by which a second run may well find the token of the first, or servers that take another: facts
 * that a cache keeps, vaults that commands write, tokens that are rotated, what a server keeps taken away by a shell or a
 * script.
 */
const RENEWS =
  /\bcacheable\b|\bansible-vault\b|\btoken\s+rotate\b|--cluster-reset\b|\/server\/db\b|-uninstall\.sh\b|\bscript:\s|\b(?:rm|mv)\s[^\n]{0,200}(?:rancher|k3s|\{\{|\$)/

/** Of a play, a task or a role: their plugins may be meant. */
const COLLECTIONS = /^[ \t-]*["']?collections["']?[ \t]*:/m

/** Worlds of one scenario that are followed at most, at one time and in all. */
const MOST_WORLDS = 24
const MOST_IN_ALL = 96

/** Runs of one playbook on one set of hosts, in whatever scenario and from whatever the nodes have. */
export class PlaybookRuns {
  readonly director: Director
  readonly playbook: Playbook
  readonly closure: Closure
  readonly switches: Switches
  readonly given: GivenVariables
  /** Both as in `Stage`. */
  makesServers = false
  runsAll = false
  /** The hosts of a sample with one more server, once that is known. */
  larger: PaperHosts | undefined
  readonly #hosts: PaperHosts | ((runs: PlaybookRuns) => Invention)

  /** `hosts`: those of an inventory, or what is to be assumed of them, asked for when it is needed. */
  constructor(
    director: Director,
    playbook: Playbook,
    closure: Closure,
    hosts: PaperHosts | ((runs: PlaybookRuns) => Invention),
  ) {
    this.director = director
    this.playbook = playbook
    this.closure = closure
    this.#hosts = hosts
    this.switches = new Switches(closure)
    this.given = new GivenVariables(
      director,
      playbook.path,
      closure,
      this.switches,
      typeof hosts === 'function',
    )
  }

  /** What is assumed of the hosts; missing where they are those of an inventory. */
  get invention(): Invention | undefined {
    if (typeof this.#hosts === 'function') this.#invention ??= this.#hosts(this)
    return this.#invention
  }

  #invention: Invention | undefined

  /** Other hosts than those that were assumed first. */
  invents(invention: Invention): void {
    this.#invention = invention
    this.#invented.clear()
    this.#relevanceFound = undefined
  }

  /** The same playbook on other hosts that are assumed. */
  on(invention: Invention): PlaybookRuns {
    const runs = new PlaybookRuns(this.director, this.playbook, this.closure, () => invention)
    runs.makesServers = this.makesServers
    runs.runsAll = this.runsAll
    return runs
  }

  /** Of an inventory; missing where they are assumed. */
  get ownHosts(): PaperHosts | undefined {
    return typeof this.#hosts === 'function' ? undefined : this.#hosts
  }

  hostsOf(scenario: Scenario): PaperHosts {
    const own = this.ownHosts
    if (own !== undefined) return (scenario.servers === undefined ? undefined : this.larger) ?? own
    return this.inventedHosts(scenario.servers ?? 'several')
  }

  inventedHosts(servers: 'one' | 'several'): InventedHosts {
    let hosts = this.#invented.get(servers)
    if (hosts === undefined) {
      if (this.invention === undefined) throw new Error('the hosts of an inventory are not invented')
      hosts = inventedHosts(this.invention, servers)
      this.#invented.set(servers, hosts)
    }
    return hosts
  }

  readonly #invented = new Map<string, InventedHosts>()

  /** The scenario of the first run on clean nodes. */
  base(): Scenario {
    const base: Scenario = { k3s: 'absent', ...this.#airgapped(false) }
    if (this.ownHosts !== undefined) return base
    const several: Scenario = { ...base, servers: 'several' }
    return this.invention?.added === undefined ? several : this.counted(several)
  }

  #airgapped(value: boolean): { readonly airgapped?: boolean } {
    const { switches, settled } = this.given.airgap(this.hostsOf({ servers: 'several' }))
    if (settled === true) return { airgapped: true }
    return switches.length === 0 ? {} : { airgapped: value }
  }

  /** Whether the site may as well be one without the internet, so that something of the playbook is another way. */
  isEitherWay(base: Scenario, asked: ReadonlySet<Question>): boolean {
    const { switches, settled } = this.given.airgap(this.hostsOf(base))
    return asked.has('airgapped') && base.airgapped !== true && switches.length > 0 && settled !== true
  }

  /** Without the number of servers, where that says nothing of which hosts there are. */
  counted({ servers, ...base }: Scenario): Scenario {
    const isOne = this.inventedHosts('several').hosts.size === this.inventedHosts('one').hosts.size
    return servers === undefined || isOne ? base : { ...base, servers }
  }

  clean(scenario: Scenario): readonly World[] {
    const nodes = new Map<string, NodeState>(
      [...this.hostsOf(scenario).hosts.keys()].map((host) => [host, emptyNode]),
    )
    return [new World(nodes)]
  }

  /**
   * `ends`: whether a run ends where all hosts of a play have failed; `tells`: whether what can't be followed is told of.
   * Which files K3s reads shows only when it starts: where tasks that may have written one of them were passed over, the run
   * is done again with both of their ways.
   */
  run(
    scenario: Scenario,
    asked: Set<Question>,
    start: readonly World[],
    ends = true,
    tells = ends,
  ): readonly World[] {
    for (;;) {
      this.#passedOver.clear()
      this.#read.clear()
      const worlds = this.#once(scenario, asked, start, ends, tells)
      const missed = [...this.#passedOver].filter((path) => this.#read.has(path))
      if (missed.length === 0) return worlds
      for (const path of missed) this.#looksFor.add(path)
    }
  }

  /** Files that tasks may have written in the run under way, and those that K3s looks for in it. */
  readonly #passedOver = new Set<string>()
  readonly #read = new Set<string>()
  /** What is both. */
  readonly #looksFor = new Set<string>()

  #once(
    scenario: Scenario,
    asked: Set<Question>,
    start: readonly World[],
    ends: boolean,
    tells: boolean,
  ): readonly World[] {
    const makesOthers =
      scenario.again === true &&
      !this.#renews &&
      !start.some((world) => keepsOnControlNode(world, this.director.atoms))
    const whole = { ...this.#stage(scenario, asked), ends, makesOthers }
    // What does not happen is nothing to tell of.
    const stage = tells ? whole : { ...whole, note: nothing, bound: nothing }
    const room = {
      left: MOST_WORLDS,
      inAll: MOST_IN_ALL,
      full: (part: Undecided) =>
        this.director.leftOut.add(part, MOST_WORLDS, { path: this.playbook.path, start: 0, end: 0 }),
    }
    return start.flatMap((world) => playThrough(stage, this.playbook, world, room))
  }

  get #renews(): boolean {
    this.#renewsFound ??= this.closure.texts.some((text) => RENEWS.test(text))
    return this.#renewsFound
  }

  #renewsFound: boolean | undefined

  #stage(scenario: Scenario, asked: Set<Question>): Omit<Stage, 'ends' | 'makesOthers'> {
    const director = this.director
    const hosts = this.hostsOf(scenario)
    return {
      content: director.content,
      project: director.project,
      atoms: director.atoms,
      hosts,
      groupsAsked: this.#groupsAsked,
      scenario,
      manager: scenario.manager ?? 'systemd',
      ...this.given.inScenario(scenario, hosts, asked),
      makesServers: this.makesServers,
      runsAll: this.runsAll,
      note: (note) => director.note(note),
      bound: (note) => director.bound(note),
      broken: (broken) => director.broken(broken),
      reach: (path) => director.reach(path),
      unreached: director.unreached,
      includes: ({ path, start }, file) => {
        const at = `${path}:${start}`
        const known = this.#included.get(at)
        if (known === undefined) this.#included.set(at, new Set([file]))
        else known.add(file)
      },
      passesOver: (path) => this.#passedOver.add(path),
      reads: (path) => this.#read.add(path),
      isRead: (path) => this.#looksFor.has(path),
      refuses: this.#refuses,
      missing: director.missing,
      notFollowed: (note) => director.notFollowed(note),
      playbook: this.playbook.path,
      merges: mergeSetting(director.project, this.playbook.path),
      hasOwnFactsOnly: hosts.sources !== undefined && this.#areFactsOfPlays,
      relevance: this.#relevance(hosts),
    }
  }

  #relevance(hosts: PaperHosts): Relevance {
    const { content, project, tokenVariables } = this.director
    this.#relevanceFound ??= new Relevance(content, project, this.closure, hosts, tokenVariables, {
      refuses: this.#refuses,
      missing: this.director.missing,
    })
    return this.#relevanceFound
  }

  #relevanceFound: Relevance | undefined

  readonly #refuses = ({ kind }: UnknownPlugin): boolean => {
    this.#isWholeFound ??=
      !this.closure.isOpen &&
      this.director.content.playbook(this.playbook.path) !== undefined &&
      !this.closure.texts.some((text) => COLLECTIONS.test(text))
    return this.#isWholeFound && !this.director.mayHaveOwn(kind)
  }

  /** Whether all is in the project that could bring filters and tests along. */
  #isWholeFound: boolean | undefined

  get #areFactsOfPlays(): boolean {
    const { content, project } = this.director
    this.#areFactsOfPlaysFound ??= areFactsOfPlays(this.closure, content, project, this.playbook.path)
    return this.#areFactsOfPlaysFound
  }

  #areFactsOfPlaysFound: boolean | undefined

  get groupsInTexts(): readonly string[] {
    this.#groupsInTextsFound ??= groupsIn(this.closure.texts)
    return this.#groupsInTextsFound
  }

  #groupsInTextsFound: readonly string[] | undefined

  get #groupsAsked(): ReadonlySet<string> {
    this.#groupsAskedFound ??= new Set([
      ...namedGroups([...this.closure.patterns, ...this.groupsInTexts]),
      ...this.director.groupsWithVariables,
    ])
    return this.#groupsAskedFound
  }

  #groupsAskedFound: ReadonlySet<string> | undefined

  /** Whether each task that might include this file was followed, and has always included another one: it is for other playbooks. */
  isPassedOver(path: string): boolean {
    const includes = this.closure.includes.get(path) ?? []
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

  /** Where what is rehearsed begins: a role that no playbook of the project uses has a file, too. */
  get beginning(): Span {
    const { path, plays } = this.playbook
    return { path: plays[0]?.at.path ?? path, start: 0, end: 0 }
  }
}

const nothing = (): void => {}
