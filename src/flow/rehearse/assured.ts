import { type Atom, type Atoms, sameBefore } from '../atoms.ts'
import {
  Count,
  evaluator,
  type FlowValue,
  mapped,
  newerCore,
  Result,
  UnknownTruth,
} from '../evaluate/index.ts'
import type { PaperFile } from '../files.ts'
import { Unknown } from '../unknown.ts'
import { Call } from './call.ts'
import type { Inherited } from './context.ts'
import { scopeOf } from './scope.ts'
import { Choice, givenTo, type NodeState, type Stored, type World } from './world.ts'

/** What hangs on more than this is left open. */
const MOST_ROUNDS = 8

/**
 * From here on the world is one in which the condition `is` so on the host, for else its play has ended here. Nothing is taken
 * for certain that it does not say of the very same value.
 */
export function assure(call: Call, { value, at }: Inherited, is: boolean): void {
  if (goesOnAnyway(call)) return
  const { context, host, world } = call
  const truthIn = (one: World) => evaluator(scopeOf(context, one, host)).condition(value, at)
  let now: World = world
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const truth = truthIn(now)
    if (!(truth instanceof Unknown)) break
    for (const filled of filledBy(truth, is)) now = withFilled(now, filled, call)
    const settled = ruledOut(truth, now, call, (one) => truthIn(one) === !is)
    if (settled === undefined) break
    now = settled
  }
  if (now !== world) world.become(now)
}

/** The same for a task that ends the play where all of its conditions hold: the one that is not known does not. */
export function assureNot(call: Call): void {
  const { context, world, host } = call
  const parts = context.conditions.flatMap(({ value, at }) =>
    (Array.isArray(value) ? value : [value]).map((one) => ({ value: one, at })),
  )
  const evaluate = evaluator(scopeOf(context, world, host))
  const open = parts.filter(({ value, at }) => evaluate.condition(value, at) !== true)
  const [only] = open
  if (open.length === 1 && only !== undefined) assure(call, only, false)
}

/**
 * The call of a task that ends the play for invented hosts, as it is for those whose users have filled in what roles leave
 * empty. `undefined`: these hosts are as they are, or the play goes on.
 */
export function whereFilled(call: Call): Call | undefined {
  const { context, world, task, host, target } = call
  return context.stage.hosts.sources !== undefined || goesOnAnyway(call)
    ? undefined
    : new Call({ ...context, isFilled: true }, world, task, host, target)
}

/** Whether the play goes on where the task fails, or nobody knows of which item it speaks. */
const goesOnAnyway = (call: Call): boolean =>
  call.isTolerant ||
  call.context.isRescued === true ||
  [...call.context.items.values()].some((item) => item instanceof Unknown && !(item instanceof Result))

/** The world that is left where something a truth hangs on can only be one way: the other one `isOut`. */
function ruledOut(
  truth: Unknown,
  world: World,
  call: Call,
  isOut: (world: World) => boolean,
): World | undefined {
  for (const leaf of leavesOf(truth)) {
    if (world.decisions.has(leaf.what) || leaf.what === newerCore) continue
    for (const side of [true, false])
      if (isOut(settledBy(world, leaf, side, call))) return settledBy(world, leaf, !side, call)
  }
  return undefined
}

/** A world in which a truth is so, as far as its words are about this host only; else what hangs on it here. */
function settledBy(world: World, leaf: Unknown, is: boolean, call: Call): World {
  const { host } = call
  if (leaf.what.includes(` of ${host}`)) {
    const settled = world.fork(leaf.what, is)
    // A truth that is forgotten with what it is about.
    return is ? settled.fork(givenTo(host, leaf.what), true) : settled
  }
  let settled = world.copy()
  const variables = new Map(world.node(host).variables)
  for (const [name, value] of variables) {
    if (!(value instanceof Choice) || value.when !== leaf) continue
    const side = is ? value.yes : value.no
    if (side === undefined) variables.delete(name)
    else variables.set(name, side)
  }
  settled.change(host, { variables })
  for (const filled of filledBy(leaf, is)) settled = withFilled(settled, filled, call)
  return settled
}

/** What a truth hangs on. */
function* leavesOf(truth: Unknown): Generator<Unknown> {
  if (truth instanceof UnknownTruth && truth.made !== undefined) {
    for (const part of truth.made.of) yield* leavesOf(part)
    return
  }
  if (truth.leaf !== truth) yield truth.leaf
  const about =
    truth instanceof Count ? truth.of : truth instanceof UnknownTruth ? truth.fills?.value : undefined
  if (about instanceof Unknown) yield* leavesOf(about)
}

/** The values that are certainly not empty where a truth `is` so. */
function* filledBy(truth: Unknown, is: boolean): Generator<FlowValue> {
  if (truth instanceof UnknownTruth) {
    const { made, fills } = truth
    if (fills?.when === is) yield fills.value
    if (made !== undefined && (made.by === 'not' || (made.by === 'and') === is))
      for (const part of made.of) yield* filledBy(part, made.by === 'not' ? !is : is)
  } else if (is) yield truth instanceof Count ? truth.of : truth
}

function withFilled(world: World, value: FlowValue, { atoms, host }: Call): World {
  if (value instanceof Unknown)
    return value.leaf === value ? world.fork(givenTo(host, value.what), true) : world
  if (typeof value !== 'string') return world
  const open = new Set(
    atoms
      .in(value)
      .filter(({ text }) => text === undefined)
      .map(sameBefore),
  )
  const [only] = open
  if (only === undefined || open.size > 1) return world
  return new Filled(only, atoms).world(world)
}

/** Says of one text that it is not empty, wherever it is by now. */
class Filled {
  readonly #first: Atom
  readonly #atoms: Atoms

  constructor(first: Atom, atoms: Atoms) {
    this.#first = first
    this.#atoms = atoms
  }

  world(world: World): World {
    const next = world.copy()
    for (const [host, node] of world.nodes) {
      const variables = this.#map(node.variables, (value) => this.#stored(value))
      const files = this.#map(node.files, (file) => this.#file(file))
      if (variables !== node.variables || files !== node.files)
        next.change(host, { variables, files } satisfies Partial<NodeState>)
    }
    return next
  }

  #map<T>(map: ReadonlyMap<string, T>, change: (value: T) => T): ReadonlyMap<string, T> {
    let changed: Map<string, T> | undefined
    for (const [key, value] of map) {
      const made = change(value)
      if (made === value) continue
      changed ??= new Map(map)
      changed.set(key, made)
    }
    return changed ?? map
  }

  #file(file: PaperFile): PaperFile {
    if (typeof file.content !== 'string') return file
    const content = this.#text(file.content)
    return content === file.content ? file : { ...file, content }
  }

  #stored(value: Stored): Stored {
    if (!(value instanceof Choice)) return this.#value(value)
    const yes = this.#stored(value.yes)
    const no = value.no === undefined ? undefined : this.#stored(value.no)
    return yes === value.yes && no === value.no ? value : new Choice(value.when, yes, no)
  }

  #value(value: FlowValue): FlowValue {
    return mapped(value, (item) => {
      if (typeof item === 'string') return this.#text(item)
      if (!(item instanceof Result)) return item
      const known = this.#map(item.known, (member) => this.#value(member))
      if (known === item.known) return item
      const members = (key: string): FlowValue | undefined => known.get(key) ?? item.members?.(key)
      return new Result(item.what, known, members, item.why, item.isReturned)
    })
  }

  #text(text: string): string {
    return this.#atoms.replaced(text, (atom) => {
      if (sameBefore(atom) === this.#first) return this.#atoms.filled(atom)
      const { decoded } = atom
      const inner = decoded === undefined ? undefined : this.#text(decoded)
      return inner === decoded ? atom : this.#atoms.filled(atom, inner)
    })
  }
}
