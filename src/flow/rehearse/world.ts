import type { AnsibleValue, Variable } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { Arrival, Carried } from '../arrival.ts'
import { type Atoms, type Hop, hasMark } from '../atoms.ts'
import { type FlowValue, impliedBy, MADE_AGAIN, UnknownTruth, VariablesDict } from '../evaluate/index.ts'
import { heldIn, type PaperFile, type PaperFiles } from '../files.ts'
import type { Event, TaskRun } from '../rehearsal.ts'
import { Unknown } from '../unknown.ts'
import type { HandlerUse, RoleVariables } from './context.ts'
import { type MadeGroups, noGroups, sameGroups } from './groups.ts'
import type { Unread } from './unread.ts'

/** What a variable holds that a task made under a condition which is not decided yet. */
export class Choice {
  readonly when: Unknown
  readonly yes: Stored
  /** `undefined`: not defined then. */
  readonly no: Stored | undefined
  /** Whether followed text, or a setting of K3s, hangs on it: what uses the variable must wait until that is decided. */
  readonly isTelling: boolean

  constructor(when: Unknown, yes: Stored, no: Stored | undefined) {
    const { made, fills } = when instanceof UnknownTruth ? when : {}
    this.when = new UnknownTruth(when.what, when.why, when.at, undefined, made, fills)
    this.yes = yes
    this.no = no
    this.isTelling = isTelling(yes, 0) || isTelling(no, 0)
  }
}

const SETTING = /^(?:token|agent-token|server|datastore-endpoint|cluster-init)\b/

/** A mapping with settings of K3s: a text alone is told by what it becomes. */
function isTelling(value: Stored | undefined, depth: number): boolean {
  if (value instanceof Choice) return value.isTelling
  if (depth > 3 || value instanceof Unknown || value instanceof VariablesDict || !isEntries(value))
    return false
  for (const [key, item] of value.entries())
    if ((typeof key === 'string' && SETTING.test(key)) || isTelling(item as Stored, depth + 1)) return true
  return false
}

export type Stored = FlowValue | Choice

const GIVEN = ' is given to '
const NAMES = /[A-Za-z_]\w*/g
const namesIn = (what: string): ReadonlySet<string> => new Set(what.match(NAMES))

/** How a world says that an unknown value of a host is there and not empty, since a task would have ended the play. */
export const givenTo = (host: string, what: string): string => `${what}${GIVEN}${host}`

/** What else was assumed, for users. */
export const assumptionsOf = ({ decisions }: World): readonly string[] => [
  ...new Set(
    [...decisions].flatMap(([what, truth]) =>
      what.includes(GIVEN) || what.endsWith(MADE_AGAIN) ? [] : [truth ? what : negated(what)],
    ),
  ),
]

/** A negation that is plainly one is taken away. */
function negated(what: string): string {
  const [, bracketed, bare] = /^not (?:\(([^()]*)\)|([\w.[\]']+))$/.exec(what) ?? []
  return bracketed ?? bare ?? `not (${what})`
}

/** Under what name a node keeps what `set_fact` with `cacheable` puts into `ansible_facts`, too: no variable has a dot. */
export const cachedFact = (name: string): string => `ansible_facts.${name}`

/** And under what name it keeps what `add_host` gives, which is a variable of the inventory: facts and plays win over it. */
export const addedVariable = (name: string): string => `${OF_INVENTORY}${name}`

const OF_INVENTORY = 'inventory.'

/** What a variable is called by templates. */
export const nameOfStored = (stored: string): string =>
  stored.startsWith(OF_INVENTORY) ? stored.slice(OF_INVENTORY.length) : stored

export interface ServiceState {
  readonly started: boolean
  readonly enabled: boolean
}

export interface Failure {
  readonly at: Span
  readonly why: string
  /** What is not defined, where it is that. */
  readonly variable?: string
  /** Whether it ended the whole run, before a play came to this host. */
  readonly isOfRun?: true
}

/** A paper node at one moment of the play. Never changed in place: worlds share what they have in common. */
export interface NodeState {
  readonly files: PaperFiles
  /** Facts that `set_fact` made and results that were registered. */
  readonly variables: ReadonlyMap<string, Stored>
  /** What `include_vars` brought. */
  readonly included: ReadonlyMap<string, RawVariable | OpenVariable>
  /** Files that it brought, too, and that can't be read: what they set is not known. */
  readonly unread: Unread
  /** Whether a task made a fact whose name is not known: any that seems not to be there may be that one. */
  readonly hasUnnamedFact: boolean
  /** Whether a play of this run may have gathered facts of it. */
  readonly hasFacts: boolean
  readonly services: ReadonlyMap<string, ServiceState>
  /** What was notified since handlers have run, by name. */
  readonly notified: ReadonlySet<string>
  /** Handlers that are to run, or that another one has notified behind their turn: they run the next time. */
  readonly due: ReadonlySet<HandlerUse>
  /** Roles, with their parameters, that have run in this play and that it does not run again. */
  readonly played: ReadonlySet<string>
  /** Of roles that this play has taken in while it runs, what they export to all of it; the last one wins. */
  readonly exported: readonly RoleVariables[]
  /** Why no further task runs on this host. */
  readonly failure: Failure | undefined
  /** What has ended for it without a fault: `meta: end_host` and `end_role`. */
  readonly ended: 'play' | 'role' | undefined
  /** What `k3s --version` would find. */
  readonly k3s: 'absent' | 'present' | 'older'
  /** Whether something ran here that could not be followed and may have brought K3s: what is not seen may be there. */
  readonly isOpen: boolean
  /** Whether K3s came from a package: its units are there, and what is in them is not known. */
  readonly isPackaged: boolean
  /** The last start of every K3s service. */
  readonly starts: ReadonlyMap<string, Started>
  /** The start that made the node a server, in this run or in one before: what the service is told since founds or joins nothing. */
  readonly founding: Arrival | undefined
}

export interface Started {
  readonly arrival: Arrival
  /** Of an earlier start, where a server that gets no token goes on with the one of that. */
  readonly kept: Arrival | undefined
  readonly at: Span
  readonly hops: readonly Hop[]
}

/** A variable as a file says it. */
export interface RawVariable {
  readonly raw: AnsibleValue
  readonly at: Span
  /** The mappings of weaker places, the strongest first. */
  readonly over?: readonly RawVariable[]
}

export const rawVariable = ({ value, at, over }: Variable): RawVariable =>
  over === undefined ? { raw: value, at } : { raw: value, at, over: over.map(rawVariable) }

/** Why the play ends: what can't be said where what is not seen may be there. */
const ENDS: ReadonlySet<Event['what']> = new Set(['undefined-variable', 'installer-gave-up'])

/** A variable of which files say no more than what it may be. */
export interface OpenVariable {
  readonly value: Unknown
}

/** What of a world is no node. */
interface Course {
  readonly decisions: ReadonlyMap<string, boolean>
  readonly events: readonly Event[]
  readonly groups: MadeGroups
  /** Whether something was decided one way only, for want of room for the other: what is not seen here may be there. */
  readonly isCut: boolean
  /** What happened instead in worlds that have met this one. */
  readonly others: readonly (readonly Event[])[]
  readonly over: Failure | undefined
  /** What was so in the run before, and is in all that follow. */
  readonly settled: ReadonlyMap<string, boolean>
  /** Whether some of that is not so here: then there was another run before, which another world goes on with. */
  readonly isContrary: boolean
}

/** One way in which the play may go: every paper node, and what was assumed to get here. */
export class World {
  #nodes: ReadonlyMap<string, NodeState>
  /** The same map, where no other world has it. */
  #own: Map<string, NodeState> | undefined
  #course: Course

  constructor(nodes: ReadonlyMap<string, NodeState>, course: Partial<Course> = {}) {
    this.#nodes = nodes
    this.#course = { ...START, ...course }
  }

  get nodes(): ReadonlyMap<string, NodeState> {
    return this.#nodes
  }

  get decisions(): ReadonlyMap<string, boolean> {
    return this.#course.decisions
  }

  get events(): readonly Event[] {
    return this.#course.events
  }

  get isCut(): boolean {
    return this.#course.isCut
  }

  get isContrary(): boolean {
    return this.#course.isContrary
  }

  /** All that may have happened on the way here, this world's own way first: others went as it does from where they met. */
  get ways(): readonly (readonly Event[])[] {
    const { events, others } = this.#course
    return [events, ...others.map((way) => [...way, ...events.slice(way.length)])]
  }

  /** What `group_by` and `add_host` have made. */
  get groups(): MadeGroups {
    return this.#course.groups
  }

  regroup(groups: MadeGroups): void {
    this.#course = { ...this.#course, groups }
  }

  /** Why the whole run has ended, later plays with it. */
  get over(): Failure | undefined {
    return this.#course.over
  }

  end(over: Failure): void {
    this.#course = { ...this.#course, over }
  }

  node(host: string): NodeState {
    return this.#nodes.get(host) ?? emptyNode
  }

  change(host: string, change: Partial<NodeState>): void {
    this.#own ??= new Map(this.#nodes)
    this.#nodes = this.#own
    this.#own.set(host, { ...this.node(host), ...change })
  }

  tell(events: readonly Event[]): void {
    const certain = this.isCut ? events.filter(({ what }) => !ENDS.has(what)) : events
    if (certain.length > 0) this.#course = { ...this.#course, events: [...this.events, ...certain] }
  }

  /** For another world, which may go on in its own way. */
  #shared(): ReadonlyMap<string, NodeState> {
    this.#own = undefined
    return this.#nodes
  }

  copy(): World {
    return new World(this.#shared(), this.#course)
  }

  /** The same world, in which `what` is settled; `isCut`: and nobody looks at the other way. */
  fork(what: string, truth: boolean, isCut = this.isCut): World {
    const { settled } = this.#course
    const decisions = new Map(this.decisions).set(what, truth)
    const isContrary = this.isContrary || settled.get(what) === !truth
    return new World(this.#shared(), { ...this.#course, decisions, isCut, isContrary })
  }

  /** Goes on as a copy of this world did. */
  become(other: World): void {
    this.#nodes = other.#shared()
    const { decisions, isContrary } = other
    this.#course = { ...this.#course, decisions, isContrary }
  }

  /** Without what tasks have made certain of a variable, and what its parts were: it holds something else from here on. */
  forget(name: string): void {
    if (this.decisions.size === 0) return
    const about = [...this.decisions.keys()].filter((what) => namesIn(what).has(name))
    const gone = about.filter((what) => what.includes(GIVEN))
    const isCompared = about.some((what) => what.includes('=='))
    if (gone.length === 0 && !isCompared) return
    const decisions = new Map(this.decisions)
    // What was done where it was so goes on as it did: the truths stay.
    if (isCompared) decisions.set(name + MADE_AGAIN, true)
    for (const what of gone) {
      decisions.delete(what)
      decisions.delete(what.slice(0, what.lastIndexOf(GIVEN)))
    }
    this.#course = { ...this.#course, decisions }
  }

  /** Keeps only the decisions that both worlds made alike, and of what happened in the other what did not happen here. */
  agreeing(other: World): World {
    const decisions = new Map(
      [...this.decisions].filter(([what, truth]) => other.decisions.get(what) === truth),
    )
    for (const what of [...this.decisions.keys(), ...other.decisions.keys()])
      if (what.endsWith(MADE_AGAIN)) decisions.set(what, true)
    const isCut = this.isCut || other.isCut
    const isContrary = this.isContrary && other.isContrary
    const others = [...this.#course.others]
    for (const way of [other.events, ...other.#course.others])
      if (!others.includes(way) && tellsMore(way, [this.events, ...others]))
        others.push([...way, ...other.events.slice(way.length)])
    return new World(this.#shared(), { ...this.#course, decisions, isCut, isContrary, others })
  }

  /** What was decided that is so in every run: nothing that a task finds out, or makes. */
  lasting(isMade: (name: string) => boolean): ReadonlyMap<string, boolean> {
    return new Map(
      [...this.decisions].filter(
        ([what]) =>
          !what.includes(GIVEN) &&
          !what.endsWith(MADE_AGAIN) &&
          !OF_NODES.test(what) &&
          ![...namesIn(what)].some(isMade),
      ),
    )
  }
}

const START: Course = {
  decisions: new Map(),
  events: [],
  groups: noGroups,
  isCut: false,
  others: [],
  over: undefined,
  settled: new Map(),
  isContrary: false,
}

/** Results, files and services, as they are called in truths. */
const OF_NODES = / of | exists on |\bansible_local\b|\bservices\b/

/** Whether something happens on a way that happens on none of the others. */
function tellsMore(way: readonly Event[], others: readonly (readonly Event[])[]): boolean {
  const [own] = others
  // Worlds share what happened before they parted.
  return way.some(
    (event, index) =>
      event !== own?.[index] && !others.some((other) => other.some((one) => isAlike(one, event))),
  )
}

const isAlike = (a: Event, b: Event): boolean =>
  a === b ||
  (a.what === b.what &&
    a.host === b.host &&
    a.at.start === b.at.start &&
    a.at.path === b.at.path &&
    (!('task' in a && 'task' in b) || isSameRun(a.task, b.task)))

const isSameRun = (a: TaskRun, b: TaskRun): boolean =>
  a.noLog === b.noLog &&
  a.diff === b.diff &&
  a.uses.length === b.uses.length &&
  a.uses.every(({ where, atom }, index) => {
    const other = b.uses[index]
    return where === other?.where && atom.root === other.atom.root
  })

/** The world in which a truth is so, with what that says of the truths that it is made of. */
export function assuming(world: World, truth: Unknown, is: boolean): World {
  return [...impliedBy(truth, is)].reduce((assumed, [what, so]) => assumed.fork(what, so), world)
}

export const emptyNode: NodeState = {
  files: new Map(),
  variables: new Map(),
  included: new Map(),
  unread: [],
  hasUnnamedFact: false,
  hasFacts: false,
  services: new Map(),
  notified: new Set(),
  due: new Set(),
  played: new Set(),
  exported: [],
  failure: undefined,
  ended: undefined,
  k3s: 'absent',
  isOpen: false,
  isPackaged: false,
  starts: new Map(),
  founding: undefined,
}

/** Worlds that have come to the same nodes by different decisions are one. */
export function merged(worlds: readonly World[], atoms: Atoms): readonly World[] {
  if (worlds.length < 2) return worlds
  const kept: World[] = []
  for (const world of worlds) {
    const twin = kept.findIndex(
      (other) => other.events.length === world.events.length && new Twins(atoms).nodes(other, world),
    )
    const found = kept[twin]
    if (found === undefined) kept.push(world)
    else kept[twin] = found.agreeing(world)
  }
  return kept
}

/** Compares worlds by what could still lead the token another way. */
class Twins {
  readonly #atoms: Atoms

  constructor(atoms: Atoms) {
    this.#atoms = atoms
  }

  nodes(a: World, b: World): boolean {
    if (!sameGroups(a.groups, b.groups) || (a.over === undefined) !== (b.over === undefined)) return false
    for (const [host, node] of a.nodes) if (!this.#node(node, b.node(host))) return false
    for (const [host, node] of b.nodes) if (!a.nodes.has(host) && !this.#node(emptyNode, node)) return false
    return true
  }

  #node(a: NodeState, b: NodeState): boolean {
    if (a === b) return true
    return (
      a.k3s === b.k3s &&
      a.ended === b.ended &&
      a.unread.join() === b.unread.join() &&
      a.hasUnnamedFact === b.hasUnnamedFact &&
      a.hasFacts === b.hasFacts &&
      a.isOpen === b.isOpen &&
      a.isPackaged === b.isPackaged &&
      (a.failure === undefined) === (b.failure === undefined) &&
      a.notified.size === b.notified.size &&
      [...a.notified].every((name) => b.notified.has(name)) &&
      a.due.size === b.due.size &&
      [...a.due].every((handler) => b.due.has(handler)) &&
      a.played.size === b.played.size &&
      [...a.played].every((role) => b.played.has(role)) &&
      a.exported.length === b.exported.length &&
      a.exported.every((one, index) => one === b.exported[index]) &&
      sameMap(a.files, b.files, (x, y) => this.#file(x, y)) &&
      sameMap(a.services, b.services, (x, y) => x.started === y.started && x.enabled === y.enabled) &&
      sameMap(a.variables, b.variables, (x, y) => this.#value(x, y)) &&
      sameMap(a.included, b.included, (x, y) =>
        'raw' in x && 'raw' in y
          ? x.raw === y.raw
          : 'value' in x && 'value' in y && x.value.what === y.value.what,
      ) &&
      sameMap(a.starts, b.starts, (x, y) => isSameArrival(x.arrival, y.arrival)) &&
      (a.founding === b.founding ||
        (a.founding !== undefined && b.founding !== undefined && isSameArrival(a.founding, b.founding)))
    )
  }

  /** Files that differ in nothing K3s takes its token or its server from are the same here. */
  #file(a: PaperFile, b: PaperFile): boolean {
    if (a.mode !== b.mode || a.kind !== b.kind) return false
    if (a.content === b.content) return true
    if (typeof a.content !== 'string' || typeof b.content !== 'string')
      return (
        typeof a.content === typeof b.content &&
        this.#telling(heldIn(a.content)) === this.#telling(heldIn(b.content))
      )
    return this.#telling(a.content) === this.#telling(b.content)
  }

  #telling(text: string): string {
    return text
      .split('\n')
      .filter((line) => hasMark(line) || TELLING.test(line))
      .map((line) => this.#atoms.rooted(line))
      .join('\n')
  }

  #value(a: unknown, b: unknown): boolean {
    if (a === b) return true
    if (typeof a === 'string' && typeof b === 'string') return this.#atoms.rooted(a) === this.#atoms.rooted(b)
    if (a instanceof Unknown && b instanceof Unknown) return a.what === b.what
    if (a instanceof Choice && b instanceof Choice)
      return a.when.what === b.when.what && this.#value(a.yes, b.yes) && this.#value(a.no, b.no)
    // All variables of a host, which are compared one by one.
    if (a instanceof VariablesDict || b instanceof VariablesDict)
      return a instanceof VariablesDict && b instanceof VariablesDict
    if (isEntries(a) && isEntries(b)) {
      const left = [...a.entries()].filter(tells)
      const right = [...b.entries()].filter(tells)
      return (
        left.length === right.length &&
        left.every(
          ([key, value], index) => key === right[index]?.[0] && this.#value(value, right[index]?.[1]),
        )
      )
    }
    if (!isList(a) || !isList(b)) return false
    const left = [...a]
    const right = [...b]
    return left.length === right.length && left.every((value, index) => this.#value(value, right[index]))
  }
}

/** Whether K3s got the same: by whatever way. */
const isSameArrival = (a: Arrival, b: Arrival): boolean =>
  a === b ||
  (a.command === b.command &&
    a.clusterInit === b.clusterInit &&
    a.externalDatastore === b.externalDatastore &&
    a.serverUrl.state === b.serverUrl.state &&
    isSameToken(a.token, b.token) &&
    isSameToken(a.agentToken, b.agentToken))

const isSameToken = (a: Carried, b: Carried): boolean =>
  a.state === b.state && rootsOf(a).join() === rootsOf(b).join()

const rootsOf = ({ text }: Carried): readonly number[] => text?.marks.map(({ atom }) => atom.root.id) ?? []

/** Lines that could lead the token another way. */
const TELLING = /token|server|K3S_|datastore|cluster-init|Environment|Exec|^\s*\[|k3s (?:agent|server)/

function sameMap<T>(
  a: ReadonlyMap<string, T>,
  b: ReadonlyMap<string, T>,
  equal: (x: T, y: T) => boolean,
): boolean {
  if (a === b) return true
  if (a.size !== b.size) return false
  for (const [key, value] of a) {
    const other = b.get(key)
    if (other === undefined || !(other === value || equal(value, other))) return false
  }
  return true
}

/** A key such as `tls-san` is a setting of K3s; only some of them count here. */
const tells = ([key]: readonly [unknown, unknown]): boolean =>
  typeof key !== 'string' || !key.includes('-') || TELLING.test(key)

const isEntries = (value: unknown): value is { entries(): Iterable<[unknown, unknown]> } =>
  typeof value === 'object' && value !== null && 'entries' in value

const isList = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && value !== null && Symbol.iterator in value
