import type { Span } from '../span.ts'
import type { YamlValue } from '../syntax/value.ts'

export { type Fault, Float, VaultedText } from '../syntax/value.ts'

/** Path → text, paths relative to the project with `/` between the parts. What `io` read; no layer below `commands` reads more. */
export type Project = ReadonlyMap<string, string>

/** What a variable may hold, as Ansible's YAML loader makes it. Integers are `number`, or `bigint` where they are too large for it. */
export type AnsibleValue = YamlValue

export interface Variable {
  readonly name: string
  readonly value: AnsibleValue
  /** Where the value stands (of a mapping: its first key). */
  readonly at: Span
}
