import type { Span } from '../../span.ts'
import { Float, VaultedText } from '../value.ts'

export { Float, VaultedText }

/**
 * What a Jinja2 expression can be worth, with Python's types. Integers are `number` while they are safe, else
 * `bigint`. A `VaultedText` is a string that nobody has needed to read yet.
 */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | null
  | Float
  | VaultedText
  | List
  | Tuple
  | Dict
  | Namespace
  | Undefined
  | Nothing
  | Callable
  | Omitted
  | Unknown

/** A value that is made when it is first asked for, so that what nobody reads is never rendered or decrypted. */
export class Deferred {
  #make: (() => Value) | undefined
  #value: Value = null

  constructor(make: () => Value) {
    this.#make = make
  }

  get value(): Value {
    if (this.#make !== undefined) {
      this.#value = this.#make()
      this.#make = undefined
    }
    return this.#value
  }
}

const forced = (value: Value | Deferred): Value => (value instanceof Deferred ? value.value : value)

/** A Python list; `items` of it, or of another object, may be made when they are asked for. */
export class List {
  readonly #items: (Value | Deferred)[]

  constructor(items: Iterable<Value | Deferred> = []) {
    this.#items = [...items]
  }

  get length(): number {
    return this.#items.length
  }

  /** With an index inside of the list. */
  at(index: number): Value {
    return forced(this.#items[index] ?? null)
  }

  *[Symbol.iterator](): Generator<Value> {
    for (const item of this.#items) yield forced(item)
  }

  append(value: Value): void {
    this.#items.push(value)
  }

  insert(index: number, value: Value): void {
    this.#items.splice(index, 0, value)
  }

  pop(index: number): Value {
    return forced(this.#items.splice(index, 1)[0] ?? null)
  }
}

export class Tuple extends List {}

/** A Python dict: keys compare as in Python, so that 1, 1.0 and True are one key. Keeps the order of insertion. */
export class Dict {
  readonly #entries = new Map<string, [key: Value, value: Value | Deferred]>()

  constructor(entries: Iterable<readonly [Value, Value | Deferred]> = []) {
    for (const [key, value] of entries) this.set(key, value)
  }

  get size(): number {
    return this.#entries.size
  }

  has(key: Value): boolean {
    return this.#entries.has(hashKey(key))
  }

  /** Undefined where there is no such key. */
  get(key: Value): Value | undefined {
    const entry = this.#entries.get(hashKey(key))
    return entry === undefined ? undefined : forced(entry[1])
  }

  set(key: Value, value: Value | Deferred): void {
    const hashed = hashKey(key)
    const entry = this.#entries.get(hashed)
    if (entry === undefined) this.#entries.set(hashed, [key, value])
    else entry[1] = value
  }

  delete(key: Value): void {
    this.#entries.delete(hashKey(key))
  }

  *keys(): Generator<Value> {
    for (const [key] of this.#entries.values()) yield key
  }

  *entries(): Generator<readonly [Value, Value]> {
    for (const [key, value] of this.#entries.values()) yield [key, forced(value)]
  }

  copy(): Dict {
    return new Dict(this.#entries.values())
  }
}

/** What `namespace()` makes: the one thing whose attributes `set` may change. */
export class Namespace {
  readonly attributes = new Map<string, Value>()
}

/** Something that does not exist. It may be tested and defaulted; any other use is the fault that `message` names. */
export class Undefined {
  readonly message: string
  readonly fix: string | undefined
  /** Where it was printed, in the text of the template that is rendered. */
  offset: number | undefined
  /** The variable whose template it comes from, and where that is set. */
  readonly variable: string | undefined
  readonly place: string | undefined

  constructor(message: string, fix?: string, variable?: string, place?: string) {
    this.message = message
    this.fix = fix
    this.variable = variable
    this.place = place
  }
}

/** Where a conditional expression has no `else`: undefined to tests, but an empty text where it is used. */
export class Nothing {}

export const nothing = new Nothing()

export interface CallArguments {
  readonly positional: readonly Value[]
  readonly named: ReadonlyMap<string, Value>
}

/** A function of Jinja2 or Ansible, or a method bound to its object. */
export class Callable {
  readonly name: string
  readonly call: (given: CallArguments) => Value

  constructor(name: string, call: (given: CallArguments) => Value) {
    this.name = name
    this.call = call
  }
}

/** Ansible's `omit`: drops out of lists and dicts when a template's result is made. */
export class Omitted {}

export const omit = new Omitted()

/**
 * A value that only a real run would show. No template that is rendered ever holds one; the rehearsal's do, and what
 * is done here with values moves it along in lists and dicts. `what` is the expression in canonical words
 * (`ansible_facts.os_family`, `ansible_facts.os_family == 'RedHat'`): the same `what` of the same host is the same
 * value, so that a world which has decided it once stays with that.
 */
export class Unknown {
  readonly what: string
  /** Why it is not known, for `--show-unknown`: `the module community.general.xyz is not modelled`. */
  readonly why: string
  /** Where it comes from. */
  readonly at: Span | undefined
  /** Of a compound truth (`a and not b`) the first part that is not known; itself otherwise. */
  readonly leaf: Unknown
  /**
   * Of a mapping that is known in part: what it has under a key, `undefined` where it certainly has none. Without it every
   * member is as unknown as the whole.
   */
  readonly members: ((key: string) => Value | undefined) | undefined

  constructor(
    what: string,
    why: string,
    at?: Span,
    leaf?: Unknown,
    members?: (key: string) => Value | undefined,
  ) {
    this.what = what
    this.why = why
    this.at = at
    this.leaf = leaf ?? this
    this.members = members
  }
}

/** What is wrong while a template runs. Holds no value of any variable: the words go to the user, and a value may be secret. */
export class TemplateFault extends Error {
  readonly fix: string
  /** Where in the text of the template that is rendered; set on the way out. */
  offset: number | undefined
  /** The variable whose template it comes from, and where that is set. */
  variable: string | undefined
  place: string | undefined

  constructor(message: string, fix: string) {
    super(message)
    this.fix = fix
  }
}

/** Something undefined was used. */
export class UndefinedFault extends TemplateFault {}

export function unsupported(what: string): TemplateFault {
  return new TemplateFault(
    `${what} is not supported by k3seal`,
    'put what it yields into a variable of the inventory, or let Ansible render this template',
  )
}

/** Python would raise TypeError, ValueError or the like. */
export function refused(
  message: string,
  fix = 'mend the expression, or the value of the variable that it uses',
): TemplateFault {
  return new TemplateFault(message, fix)
}

/** A value's type as Python names it. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType'
  if (typeof value === 'string' || value instanceof VaultedText) return 'str'
  if (typeof value === 'boolean') return 'bool'
  if (typeof value === 'number' || typeof value === 'bigint') return 'int'
  if (value instanceof Float) return 'float'
  if (value instanceof Tuple) return 'tuple'
  if (value instanceof List) return 'list'
  if (value instanceof Dict) return 'dict'
  if (value instanceof Namespace) return 'Namespace'
  if (value instanceof Callable) return 'function'
  if (value instanceof Unknown) return 'value that is not known'
  return value instanceof Omitted ? 'omit' : 'Undefined'
}

/** Equal for values that Python holds for the same key. */
function hashKey(key: Value): string {
  if (typeof key === 'string') return `s${key}`
  if (key === null) return 'None'
  if (typeof key === 'boolean') return `n${Number(key)}`
  if (typeof key === 'number' || typeof key === 'bigint') return `n${key}`
  if (key instanceof Float) return Number.isInteger(key.value) ? `n${BigInt(key.value)}` : `n${key.value}`
  if (key instanceof Tuple) return `t(${[...key].map((part) => JSON.stringify(hashKey(part))).join()})`
  throw refused(`a ${typeName(key)} can't be a key or be hashed`)
}

/** An integer as it is kept: `number` where that is exact. */
export function integer(value: bigint): number | bigint {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value
}

export const isInteger = (value: Value): value is number | bigint | boolean =>
  typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean'

export const isNumber = (value: Value): value is number | bigint | boolean | Float =>
  isInteger(value) || value instanceof Float
