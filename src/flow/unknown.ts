import type { Span } from '../span.ts'

/**
 * A value that the rehearsal can't know. `what` is the expression in canonical words (`ansible_facts.os_family`,
 * `ansible_facts.os_family == 'RedHat'`): the same `what` of the same host is the same value, so that a world which has
 * decided it once stays with that.
 */
export class Unknown {
  readonly what: string
  /** Why it is not known, for `--show-unknown`: `the module community.general.xyz is not modelled`. */
  readonly why: string
  /** Where it comes from. */
  readonly at: Span | undefined
  /** Of a compound truth (`a and not b`) the first part that is not known; itself otherwise. */
  readonly leaf: Unknown

  constructor(what: string, why: string, at?: Span, leaf?: Unknown) {
    this.what = what
    this.why = why
    this.at = at
    this.leaf = leaf ?? this
  }
}

/** Something that the rehearsal could not follow: counted, and shown on request. */
export interface UnknownNote {
  readonly at: Span
  readonly what: string
}
