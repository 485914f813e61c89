import { Unknown, type Value } from '../../ansible/template/primitives.ts'
import type { Span } from '../../span.ts'

/** True or false, nobody knows which. */
export class UnknownTruth extends Unknown {
  /** The truths that it is made of: what they are settles it. */
  readonly made: { readonly by: 'and' | 'or' | 'not'; readonly of: readonly Unknown[] } | undefined

  constructor(what: string, why: string, at?: Span, leaf?: Unknown, made?: UnknownTruth['made']) {
    super(what, why, at, leaf)
    this.made = made
  }
}

/** What a world has decided of a truth, or of those that it is made of. */
export function decidedTruth(decisions: ReadonlyMap<string, boolean>, truth: Unknown): boolean | undefined {
  const own = decisions.get(truth.what)
  if (own !== undefined || !(truth instanceof UnknownTruth) || truth.made === undefined) return own
  const { by, of } = truth.made
  const opposite = by === 'not' || decisions.size === 0 ? undefined : decisions.get(oppositeOf(by, of))
  if (opposite !== undefined) return !opposite
  const parts = of.map((part) => decidedTruth(decisions, part))
  if (by === 'not') return parts[0] === undefined ? undefined : !parts[0]
  const settles = by === 'or'
  if (parts.includes(settles)) return settles
  return parts.includes(undefined) ? undefined : !settles
}

/** What a task returned, or a mapping that the user gives: there for certain, though known only in part. */
export class Result extends Unknown {
  /** What is known of it. */
  readonly known: ReadonlyMap<string, Value>

  constructor(name: string, known: ReadonlyMap<string, Value>, members: (key: string) => Value | undefined) {
    super(name, 'the result of a task', undefined, undefined, members)
    this.known = known
  }
}

/** The words of what is true where a truth is not: `not A and not B` of `A or B`. */
function oppositeOf(by: 'and' | 'or', of: readonly Unknown[]): string {
  const parts = of.map((part) => {
    const [inner] = part instanceof UnknownTruth && part.made?.by === 'not' ? part.made.of : []
    return inner?.what ?? `not (${part.what})`
  })
  return parts.map((words) => `(${words})`).join(by === 'and' ? ' or ' : ' and ')
}

/**
 * Hangs on a condition that is not known, and followed text hangs on it: what uses the value must wait until a world
 * has decided `leaf`.
 */
export class Fork extends Unknown {}

/** Made of followed text in a way that can't be computed: a text that comes of it still counts as that text. */
export class Tainted extends Unknown {
  /** The characters of the atoms. */
  readonly marks: string

  constructor(what: string, why: string, at: Span | undefined, marks: string, leaf?: Unknown) {
    super(what, why, at, leaf)
    this.marks = marks
  }
}

/** One of some values, none of which says anything of what is followed. */
export class Harmless extends Unknown {}

/**
 * What users may set and this project does not: who asks whether it is there finds that it isn't, who needs it gets a value
 * that is not known.
 */
export class Ungiven extends Unknown {}

/** The length of a text that is not known. */
export class Count extends Unknown {
  readonly least: number

  constructor(what: string, why: string, at: Span | undefined, least: number) {
    super(what, why, at)
    this.least = least
  }
}
