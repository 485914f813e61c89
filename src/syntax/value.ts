import type { Span } from '../span.ts'

/** A scalar behind `!vault`: known to be there and secret, readable only with a password. */
export class VaultedText {
  /** From `$ANSIBLE_VAULT;` on, as it stands in the file less the indentation. */
  readonly envelope: string
  readonly at: Span

  constructor(envelope: string, at: Span) {
    this.envelope = envelope
    this.at = at
  }
}

/** A YAML float. Apart from integers because Python writes `1.0` where JavaScript writes `1`. */
export class Float {
  readonly value: number

  constructor(value: number) {
    this.value = value
  }
}

/**
 * What a YAML text may hold, as PyYAML's safe loader makes it. Integers are `number`, or `bigint` where they are
 * too large for it. Mappings have no prototype, so that a key `constructor` is an ordinary key.
 */
export type YamlValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Float
  | VaultedText
  | readonly YamlValue[]
  | { readonly [key: string]: YamlValue }

/** What is wrong with a text that was read: cause and cure, and where. */
export interface Fault {
  readonly at: Span
  readonly message: string
  readonly fix: string
  /**
   * `error` (also where it is missing): the text can't be used as it is. `warning`: it can, but probably not as meant.
   * `notice`: something that could not be looked into.
   */
  readonly severity?: 'error' | 'warning' | 'notice'
  /** Of a fault only for what the file is read as: who reads it so belongs to it. */
  readonly readAs?: 'tasks'
  /** The release of ansible-core since which it ends the run: an older one takes it. */
  readonly since?: string
}
