import {
  type CallArguments,
  Dict,
  List,
  Nothing,
  Omitted,
  str,
  TemplateFault,
  Undefined,
  UndefinedFault,
  Unknown,
  undefinedFault,
  unsupported,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import type { Span } from '../../span.ts'
import type { Arguments, Comparison, Expression } from '../../syntax/jinja/index.ts'
import { type Hop, hasMark } from '../atoms.ts'
import { keysOf } from './blocks.ts'
import { compared, filling } from './comparing.ts'
import { newerCore } from './decisions.ts'
import type { Host } from './host.ts'
import type { Locals } from './locals.ts'
import { isOfOtherOptions } from './options.ts'
import { shown } from './print.ts'
import { mapped } from './tracking.ts'
import {
  type Filling,
  Fork,
  Harmless,
  isReturned,
  isTainted,
  Keyed,
  madeOfSides,
  NodeName,
  opposite,
  refuseLoop,
  Tainted,
  UnknownTruth,
} from './unknowns.ts'

/** Words that are only made where something turns out to be unknown. */
export type Words = () => string

/** Text that must not be lost in a branch that may or may not be taken. */
/** What a text holds that gives K3s, its unit or its env file a setting that is followed. */
const settings =
  /token|K3S_|Environment|Exec(?!ut)|\[|(?:^|\s)(?:-[stc]\b|--(?:server|config|datastore|cluster))|^[ \t]*(?:server|agent)(?:\s|:|$)/im
const telling = /token|K3S_|server|config|EnvironmentFile|ExecStart|\[/i

/** What expressions, filters and tests do with values that may be unknown or followed. Throws `TemplateFault`. */
export class Operations {
  readonly host: Host
  readonly locals: Locals
  readonly at: Span

  constructor(host: Host, locals: Locals, at: Span) {
    this.host = host
    this.locals = locals
    this.at = at
  }

  truthOf(value: Value, words: Words): boolean | Unknown {
    return this.host.truthOf(value, words, this.at)
  }

  negation(truth: Value): Value {
    if (truth instanceof Undefined) throw undefinedFault(truth)
    if (typeof truth === 'boolean') return !truth
    if (!(truth instanceof Unknown)) return truth
    return opposite(truth, () => `not ${this.shown(truth, undefined)}`)
  }

  /** A value that can't be computed; followed text in the operands is not lost with it. */
  unknown(words: Words, operands: readonly Value[], why?: string): Value {
    const what = words()
    const settled = this.host.decidedValue(what)
    if (settled !== undefined) return settled
    const { atoms, unknown } = this.host.tracking.contents(operands)
    refuseLoop(unknown)
    const reason = why ?? unknown?.why ?? `${what} is only known when the play runs`
    const leaf = unknown === undefined || unknown.leaf === unknown ? undefined : unknown.leaf
    if (unknown instanceof Fork) return new Fork(what, reason, this.at, unknown.leaf)
    const marks = new Set(
      operands.flatMap((operand) => (operand instanceof Tainted ? [...operand.marks] : [])),
    )
    for (const atom of atoms) if (isSerious(atom.kind)) marks.add(this.host.tracking.atoms.mark(atom))
    if (marks.size > 0) return new Tainted(what, reason, this.at, [...marks].slice(0, 8).join(''), leaf)
    return new Unknown(what, reason, this.at, leaf)
  }

  /** A truth that an operation has found, or the unknown one. */
  unknownTruth(words: Words, operands: readonly Value[], why?: string, fills?: Filling): boolean | Unknown {
    const what = words()
    const decided = this.host.decided(what)
    if (decided !== undefined) return decided
    const { unknown } = this.host.tracking.contents(operands)
    refuseLoop(unknown)
    const leaf = unknown === undefined || unknown.leaf === unknown ? undefined : unknown.leaf
    return new UnknownTruth(
      what,
      why ?? unknown?.why ?? `${what} is only known when the play runs`,
      this.at,
      leaf,
      undefined,
      fills,
    )
  }

  /** One of two values, where a condition that is not known decides. */
  either(truth: Unknown, yes: () => Value, no: () => Value, words: Words): Value {
    const values = [this.attempt(yes), this.attempt(no)] as const
    const [a, b] = values
    if (this.isSame(a, b)) return a
    if (isTruth(a) && isTruth(b))
      return new UnknownTruth(words(), truth.why, truth.at, truth.leaf, madeOfSides(truth, a, b))
    if (this.isTelling(values)) return new Fork(words(), truth.why, truth.at, truth.leaf)
    const Kind = this.#isKnown(values) ? Harmless : Keyed
    return new Kind(words(), truth.why, truth.at, truth.leaf, keysOf(values, this.host.tracking.atoms))
  }

  #isKnown(values: readonly Value[]): boolean {
    const { tracking } = this.host
    return values.every((value) => {
      if (typeof value !== 'string') return false
      const { text } = tracking.atoms.traced(value)
      return !settings.test(text) && (!tracking.contents([value]).isUnread || isOfOtherOptions(text))
    })
  }

  isSame(a: Value, b: Value): boolean {
    if (a === b) return true
    if (a instanceof Undefined || b instanceof Undefined || typeof a !== typeof b) return false
    if (a instanceof Unknown || b instanceof Unknown)
      return a instanceof Unknown && b instanceof Unknown && a.what === b.what
    if (typeof a === 'string') return false
    return !(a instanceof Nothing) && compared('==', a, b, this.host.tracking) === true
  }

  /** Whether values are worth a world of their own. */
  isTelling(values: readonly Value[]): boolean {
    const { atoms, unknown, hasVaulted } = this.host.tracking.contents(values)
    if (hasVaulted || unknown instanceof Fork || atoms.some(({ kind }) => isSerious(kind))) return true
    return values.some(
      (value) =>
        value instanceof Undefined ||
        value instanceof Omitted ||
        (typeof value === 'string' && telling.test(value)),
    )
  }

  /** A branch that may not be taken: where it fails, it is undefined. */
  attempt<T extends Value>(run: () => T): T | Undefined | Unknown {
    try {
      return run()
    } catch (error) {
      if (error instanceof UndefinedFault)
        return new Undefined(error.message, error.fix, error.variable, error.place)
      if (error instanceof TemplateFault)
        return new Unknown('an expression that fails', error.message, this.at)
      throw error
    }
  }

  /** Runs what the concrete evaluator does; what it refuses is unknown. */
  attempted(run: () => Value, words: Words, operands: readonly Value[]): Value {
    try {
      return run()
    } catch (error) {
      if (error instanceof UndefinedFault || !(error instanceof TemplateFault)) throw error
      return this.unknown(words, operands, error.message)
    }
  }

  hop(what: string): Hop {
    return { at: this.at, what }
  }

  /** Without vaulted values: each is the atom that stands for its text. */
  readable(value: Value): Value {
    return mapped(value, (item) => (item instanceof VaultedText ? this.host.vaultedText(item) : item))
  }

  /** What a value is in a text; undefined where a world must decide first. */
  textOf(value: Value): string | Fork {
    if (typeof value === 'string') return value
    if (value instanceof Fork) return value
    if (isTainted(value)) return this.host.tracking.carried(value.marks, undefined, { what: value.what })
    if (isReturned(value)) return this.host.returnedText(value, this.at)
    if (value instanceof Unknown) return this.host.unknownText(value)
    if (value instanceof VaultedText) return this.host.vaultedText(value)
    if (!(value instanceof List || value instanceof Dict)) return str(value, plainOnly)
    const { unknown } = this.host.tracking.contents([value])
    if (unknown instanceof Fork) return unknown
    const written = this.host.tracking.through(
      ([plain = null]) => str(plain, plainOnly),
      [this.writable(value)],
      this.hop('is written out'),
    )
    return typeof written === 'string' ? written : ''
  }

  /** A value whose leaves are texts that can be written, as far as something stands in for what is not known. */
  writable(value: Value): Value {
    return mapped(value, (item) => {
      if (item instanceof Omitted || item instanceof Undefined) return item
      if (!(item instanceof Unknown || item instanceof VaultedText)) return item
      const text = this.textOf(item)
      return text
    })
  }

  joined(values: readonly Value[], words: Words): Value {
    let text = ''
    for (const value of values) {
      const part = this.textOf(value)
      if (typeof part !== 'string') return new Fork(words(), part.why, part.at, part.leaf)
      text += part
    }
    return text
  }

  dict(entries: readonly (readonly [Value, Value])[], words: Words): Value {
    const made = new Dict()
    for (const [key, value] of entries) {
      if (key instanceof Undefined) throw undefinedFault(key)
      const plain = this.key(key)
      if (plain === undefined) return this.unknown(words, entries.flat())
      made.set(plain, value)
    }
    return made
  }

  /** A key or index without marks; undefined where it is not known. */
  key(value: Value): Value | undefined {
    if (value instanceof Unknown || value instanceof VaultedText) return undefined
    return typeof value === 'string' ? this.host.tracking.knownText(value) : value
  }

  /** What becomes of a call or filter that gets something undefined. */
  passedOn(missing: Undefined): Undefined {
    if (this.host.decided(newerCore) === true) return missing
    throw undefinedFault(missing)
  }

  /** A value in the words of a message. Followed text is never shown: where it was set stands for it. */
  shown(value: Value, node: Expression | undefined): string {
    if (typeof value === 'string' && hasMark(value)) {
      const { atoms } = this.host.tracking
      const [only, ...others] = atoms.in(value)
      const isAlone = only !== undefined && others.length === 0 && value === atoms.mark(only)
      if (isAlone && (node === undefined || (only.text !== undefined && only.text === only.root.text)))
        return only.root.what
    }
    return shown(value, node)
  }

  plainArguments({ positional, named }: CallArguments): CallArguments {
    const { tracking } = this.host
    return {
      positional: positional.map((value) => tracking.known(value)),
      named: new Map([...named].map(([name, value]) => [name, tracking.known(value)])),
    }
  }

  shownArguments(given: CallArguments, nodes?: Arguments): string {
    return [
      ...given.positional.map((value, index) => this.shown(value, nodes?.positional[index])),
      ...[...given.named].map(
        ([name, value]) =>
          `${name}=${this.shown(value, nodes?.named.find((argument) => argument.name === name)?.value)}`,
      ),
    ].join(', ')
  }

  /** Whether another node is called so, as this world has decided. */
  #isTaken(name: Value, text: Value): boolean {
    return (
      name instanceof NodeName &&
      name.others.some((other) => this.host.decided(`(${other}) == ${this.shown(text, undefined)}`) === true)
    )
  }

  /** One comparison; its words are the same whichever way round it stands. */
  compare(
    operator: Comparison['rest'][number]['operator'],
    left: Value,
    right: Value,
    nodes: { readonly left?: Expression | undefined; readonly right?: Expression | undefined } = {},
  ): boolean | Unknown {
    if (operator === '!=' || operator === 'not in')
      return this.negation(this.compare(operator === '!=' ? '==' : 'in', left, right, nodes)) as
        | boolean
        | Unknown
    const operands = [this.readable(left), this.readable(right)] as const
    let known: boolean | undefined
    try {
      known = compared(operator, ...operands, this.host.tracking)
    } catch (error) {
      if (error instanceof UndefinedFault || !(error instanceof TemplateFault)) throw error
      return this.unknownTruth(
        () => `${this.shown(left, nodes.left)} ${operator} ${this.shown(right, nodes.right)}`,
        operands,
        error.message,
      )
    }
    if (known !== undefined) return known
    if (operator === '==' && operands.includes('') && operands.some((one) => this.host.isFilled(one)))
      return false
    if (operator === '==' && (this.#isTaken(left, right) || this.#isTaken(right, left))) return false
    const turned = operator === '==' && !isOpen(left) && isOpen(right)
    return this.unknownTruth(
      () =>
        turned
          ? `${this.shown(right, nodes.right)} == ${this.shown(left, nodes.left)}`
          : `${this.shown(left, nodes.left)} ${operator} ${this.shown(right, nodes.right)}`,
      operands,
      undefined,
      filling(operator, ...operands),
    )
  }
}

/** Where an operation would read a vaulted value: they are atoms by then. */
export const plainOnly = (): string => {
  throw unsupported('a vaulted value here')
}

export const undefinedIn = ({ positional, named }: CallArguments): Undefined | undefined => {
  for (const value of positional) if (value instanceof Undefined) return value
  for (const value of named.values()) if (value instanceof Undefined) return value
  return undefined
}

export const isSerious = (kind: string): boolean => kind !== 'unknown' && kind !== 'scenario'

const isTruth = (value: Value): value is boolean | UnknownTruth =>
  typeof value === 'boolean' || value instanceof UnknownTruth

const isOpen = (value: Value): boolean =>
  value instanceof Unknown || (typeof value === 'string' && hasMark(value))
