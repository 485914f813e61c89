import {
  Dict,
  isPythonMethod,
  Undefined,
  UndefinedFault,
  Unknown,
  type Value,
} from '../../ansible/template/primitives.ts'
import type { Span } from '../../span.ts'
import type { Hop } from '../atoms.ts'

/** True or false, nobody knows which. */
export class UnknownTruth extends Unknown {
  /** The truths that it is made of: what they are settles it. */
  readonly made: { readonly by: 'and' | 'or' | 'not'; readonly of: readonly Unknown[] } | undefined
  readonly fills: Filling | undefined

  constructor(
    what: string,
    why: string,
    at?: Span,
    leaf?: Unknown,
    made?: UnknownTruth['made'],
    fills?: Filling,
  ) {
    super(what, why, at, leaf)
    this.made = made
    this.fills = fills
  }

  /** The words of what is true where this is not: `not A and not B` of `A or B`. */
  get contrary(): string | undefined {
    if (this.made !== undefined && this.made.by !== 'not')
      this.#contrary ??= contraryOf(this.made.by, this.made.of)
    return this.#contrary
  }

  /** Every world asks for it. */
  #contrary: string | undefined
}

function contraryOf(by: 'and' | 'or', of: readonly Unknown[]): string {
  const parts = of.map((part) => {
    return negatedBy(part)?.what ?? `not (${part.what})`
  })
  return parts.map((words) => `(${words})`).join(by === 'and' ? ' or ' : ' and ')
}

/** What a negation negates. */
const negatedBy = (truth: Unknown): Unknown | undefined =>
  truth instanceof UnknownTruth && truth.made?.by === 'not' ? truth.made.of[0] : undefined

/** What a truth says of a value: where it is `when`, the value has a character, or an item. */
export interface Filling {
  readonly value: Value
  readonly when: boolean
}

/** The truth that is so where this one is not, in these words; of a negation what it negates. */
export function opposite(truth: Unknown, words: () => string): Unknown {
  return (
    negatedBy(truth) ?? new UnknownTruth(words(), truth.why, truth.at, truth.leaf, { by: 'not', of: [truth] })
  )
}

/** What a world has decided of a truth, or of those that it is made of. */
export function decidedTruth(decisions: ReadonlyMap<string, boolean>, truth: Unknown): boolean | undefined {
  const own = decisions.get(truth.what)
  if (own !== undefined || !(truth instanceof UnknownTruth) || truth.made === undefined) return own
  const { by, of } = truth.made
  const contrary =
    decisions.size === 0 || truth.contrary === undefined ? undefined : decisions.get(truth.contrary)
  if (contrary !== undefined) return !contrary
  const parts = of.map((part) => decidedTruth(decisions, part))
  if (by === 'not') return parts[0] === undefined ? undefined : !parts[0]
  const settles = by === 'or'
  if (parts.includes(settles)) return settles
  return parts.includes(undefined) ? undefined : !settles
}

/** What a truth says by being so: of itself, and of those that it is made of. */
export function impliedBy(truth: Unknown, is: boolean): ReadonlyMap<string, boolean> {
  const { by, of = [] } = (truth instanceof UnknownTruth ? truth.made : undefined) ?? {}
  const parts = by !== 'not' && of.length > 1 && (by === 'and') !== is ? [] : of
  return new Map([
    [truth.what, is],
    ...parts.flatMap((part) => [...impliedBy(part, by === 'not' ? !is : is)]),
  ])
}

/** What a truth is made of that is `yes` where another holds, and `no` where it doesn't. */
export function madeOfSides(
  when: Unknown,
  yes: boolean | Unknown,
  no: boolean | Unknown,
): UnknownTruth['made'] {
  const not = opposite(when, () => `not (${when.what})`)
  if (yes === true) return no instanceof Unknown ? { by: 'or', of: [when, no] } : { by: 'and', of: [when] }
  if (no === true) return yes instanceof Unknown ? { by: 'or', of: [not, yes] } : { by: 'not', of: [when] }
  const parts = [
    ...(yes instanceof Unknown ? [both(when, yes)] : []),
    ...(no instanceof Unknown ? [both(not, no)] : []),
  ]
  return { by: 'or', of: parts }
}

const both = (a: Unknown, b: Unknown): UnknownTruth =>
  new UnknownTruth(`(${a.what}) and (${b.what})`, a.why, a.at, a.leaf, { by: 'and', of: [a, b] })

/** The truth that such sides make. */
export function truthOfSides(
  when: Unknown,
  yes: boolean | Unknown,
  no: boolean | Unknown,
): boolean | Unknown {
  if (typeof yes === 'boolean' && typeof no === 'boolean') {
    if (yes === no) return yes
    return yes ? when : opposite(when, () => `not (${when.what})`)
  }
  const made = madeOfSides(when, yes, no)
  if (made === undefined) return when
  const { by, of } = made
  const [only] = of
  return only instanceof UnknownTruth && of.length === 1
    ? only
    : new UnknownTruth(of.map(({ what }) => `(${what})`).join(` ${by} `), when.why, when.at, when.leaf, made)
}

/** What a task returned, or a mapping that the user gives: there for certain, though known only in part. */
export class Result extends Unknown {
  /** What is known of it. */
  readonly known: ReadonlyMap<string, Value>
  /** Whether a task has returned it. */
  readonly isReturned: boolean

  constructor(
    name: string,
    known: ReadonlyMap<string, Value>,
    members: (key: string) => Value | undefined,
    why = 'the result of a task',
    isReturned = false,
  ) {
    super(name, why, undefined, undefined, members)
    this.known = known
    this.isReturned = isReturned
  }
}

/** Whether a value is all that a task has returned. */
export const isReturned = (value: Value): value is Result => value instanceof Result && value.isReturned

/** What a value is where a truth holds, and where it doesn't; `undefined`: nothing is there then. */
export interface Sides {
  readonly when: Unknown
  readonly yes: Value | undefined
  readonly no: Value | undefined
}

/** Hangs on a condition that is not known. */
export class Pending extends Unknown {
  readonly sides: Sides | undefined

  constructor(what: string, why: string, at?: Span, leaf?: Unknown, sides?: Sides) {
    super(what, why, at, leaf, sides === undefined ? undefined : membersOf(what, sides, new.target))
    this.sides = sides
  }
}

/** Followed text hangs on the condition, too: what uses the value must wait until a world has decided `leaf`. */
export class Fork extends Pending {}

function membersOf(
  what: string,
  { when, yes, no }: Sides,
  Kind: typeof Pending,
): (key: string) => Value | undefined {
  return (key) => {
    const name = `${what}.${key}`
    if (![yes, no].every((side) => isMapping(side, key))) return new Kind(name, when.why, when.at, when)
    const [a, b] = [itemOf(yes, key), itemOf(no, key)]
    return a === b ? a : new Kind(name, when.why, when.at, when, { when, yes: a, no: b })
  }
}

/** Whether what is asked for is a key, not something that a text or a mapping can do. */
function isMapping(side: Value | undefined, key: string): boolean {
  if (side === undefined) return true
  if (side instanceof Dict) return side.has(key) || !isPythonMethod('dict', key)
  return side instanceof Unknown && side.members !== undefined
}

const itemOf = (side: Value | undefined, key: string): Value | undefined =>
  side instanceof Dict ? side.get(key) : side instanceof Unknown ? side.members?.(key) : undefined

/** Made of followed text in a way that can't be computed: a text that comes of it still counts as that text. */
export class Tainted extends Unknown {
  /** The characters of the atoms. */
  readonly marks: string

  constructor(what: string, why: string, at: Span | undefined, marks: string, leaf?: Unknown) {
    super(what, why, at, leaf)
    this.marks = marks
  }
}

/** Whether followed text is in it. */
export const isTainted = (value: unknown): value is Tainted => value instanceof Tainted && value.marks !== ''

/** A piece of a text that was split: its text where that is known, or the atom of which it is a part. */
export type Piece = string | { readonly partOf: string }

/** The pieces of a text of which only some are known to be there: the first ones in their order, and the last one. */
export class Pieces extends Tainted {
  readonly first: readonly Piece[]
  readonly last: Piece | undefined

  constructor(
    whole: Unknown,
    { first, last }: { readonly first: readonly Piece[]; readonly last?: Piece | undefined },
  ) {
    const { what, why, at } = whole
    super(what, why, at, isTainted(whole) ? whole.marks : '', whole.leaf === whole ? undefined : whole.leaf)
    this.first = first
    this.last = last
  }
}

/** One of some texts, each of whole lines that begin with a key, or of none: no other key comes of it. */
export class Keyed extends Unknown {
  readonly keys: readonly string[] | undefined

  constructor(what: string, why: string, at?: Span, leaf?: Unknown, keys?: readonly string[]) {
    super(what, why, at, leaf)
    this.keys = keys
  }
}

/** The name of the first file that is there, of some: parts of these are only known when the play runs. */
export class FirstOf extends Unknown {
  readonly names: readonly string[]

  constructor(what: string, why: string, at: Span | undefined, names: readonly string[]) {
    super(what, why, at)
    this.names = names
  }
}

/** A text that is one of these. */
export class OneOf extends Unknown {
  readonly texts: readonly string[]

  constructor(what: string, why: string, at: Span | undefined, texts: readonly string[]) {
    super(what, why, at)
    this.texts = texts
  }
}

/** A list of which only this is known: what its items are like, and whether there are any. */
export class Each extends Unknown {
  readonly item: string
  readonly isAny: true | Unknown

  constructor({ what, why, at, leaf }: Unknown, item: string, isAny: true | Unknown) {
    super(what, why, at, leaf.what === what ? undefined : leaf)
    this.item = item
    this.isAny = isAny
  }
}

/** One of some values, none of which says anything of what is followed. */
export class Harmless extends Keyed {}

/**
 * What users may set and this project does not: who asks whether it is there finds that it isn't, who needs it gets a value
 * that is not known.
 */
export class Ungiven extends Unknown {
  /** Whether a task has needed it before, which fails without: from then on it is there. */
  readonly isThere: boolean

  constructor(what: string, why: string, at?: Span, isThere = false) {
    super(what, why, at)
    this.isThere = isThere
  }
}

/** A variable that its own template needs: Ansible fails with what is made of it, `default` or not, unless nothing asks for that. */
export class Looped extends Unknown {
  constructor(name: string) {
    super(name, `the variable ${name} leads back to itself, which Ansible refuses`)
  }
}

/** What Ansible could not go on with is as good as undefined. */
export function refuseLoop(value: Unknown | undefined): void {
  if (value?.leaf instanceof Looped)
    throw new UndefinedFault(value.leaf.why, 'give one of the two another name')
}

/** Whether a value is none, or one that is taken not to be given. */
export const isMissing = (value: Value | undefined): boolean =>
  value === undefined || value instanceof Undefined || (value instanceof Ungiven && !value.isThere)

/** The address of a host that users name: each host has one of its own, and may be called by it. */
export class Address extends Unknown {
  /** Whether it is the name of a host: it is that of no other. `undefined`: no host is called so. */
  readonly isNamed: (name: string) => boolean | undefined

  constructor(what: string, why: string, isNamed: (name: string) => boolean | undefined) {
    super(what, why)
    this.isNamed = isNamed
  }
}

/** What a node calls itself, where the inventory does not tell: no two are called the same. */
export class NodeName extends Address {
  readonly host: string
  /** The same of the other nodes, in its words. */
  readonly others: readonly string[]

  constructor(
    what: string,
    why: string,
    { host, others, isNamed }: Pick<NodeName, 'host' | 'others' | 'isNamed'>,
  ) {
    super(what, why, isNamed)
    this.host = host
    this.others = others
  }
}

/** What a store of secrets, or a file that can't be read, has: a text, or a mapping with such. It is followed, though nobody knows whether it is empty. */
export class Fetched extends Unknown {
  /** How the task that asks for it stands in a trace. */
  readonly hop: Hop | undefined

  constructor(what: string, why: string, hop: Hop | undefined) {
    super(what, why, hop?.at, undefined, (key) => new Fetched(memberOf(what, key), why, hop))
    this.hop = hop
  }
}

const memberOf = (what: string, key: string): string => {
  const holder = /^[\w.]+$|\)(?:\.\w+|\[[^\]]*\])*$/.test(what) ? what : `(${what})`
  if (/^\d+$/.test(key)) return `${holder}[${key}]`
  return /^[A-Za-z_]\w*$/.test(key) ? `${holder}.${key}` : `${holder}['${key}']`
}

/** The length of a value that is not known. */
export class Count extends Unknown {
  readonly least: number
  readonly of: Value

  constructor(what: string, why: string, at: Span | undefined, least: number, of: Value) {
    super(what, why, at)
    this.least = least
    this.of = of
  }
}
