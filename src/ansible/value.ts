import type { Span } from '../span.ts'

/** Path → text, paths relative to the project with `/` between the parts. What `io` read; no layer below `commands` reads more. */
export type Project = ReadonlyMap<string, string>

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

/** What a variable may hold, as Ansible's YAML loader makes it. Integers are `number`, or `bigint` where they are too large for it. */
export type AnsibleValue =
  | string
  | number
  | bigint
  | boolean
  | null
  | Float
  | VaultedText
  | readonly AnsibleValue[]
  | { readonly [key: string]: AnsibleValue }

export interface Variable {
  readonly name: string
  readonly value: AnsibleValue
  /** Where the value stands (of a mapping: its first key). */
  readonly at: Span
}

/** What is wrong with a text that was read: cause and cure, and where. */
export interface Fault {
  readonly at: Span
  readonly message: string
  readonly fix: string
}
