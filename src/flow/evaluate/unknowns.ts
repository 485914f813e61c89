import { Unknown } from '../../ansible/template/primitives.ts'
import type { Span } from '../../span.ts'

/** True or false, nobody knows which. */
export class UnknownTruth extends Unknown {}

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
