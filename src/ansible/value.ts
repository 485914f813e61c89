import type { Span } from '../span.ts'
import { Float, VaultedText, type YamlValue } from '../syntax/value.ts'

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
  /** The mappings that weaker places give the same variable, the strongest first: some settings have them put together. */
  readonly over?: readonly Variable[]
}

export const isMapping = (value: AnsibleValue): value is Readonly<Record<string, AnsibleValue>> =>
  typeof value === 'object' &&
  value !== null &&
  !Array.isArray(value) &&
  !(value instanceof Float) &&
  !(value instanceof VaultedText)

/** A scalar as it is written; '' for what has no text of its own: a list, a mapping, nothing, and what is vaulted. */
export function scalarText(value: AnsibleValue): string {
  if (value instanceof Float) return String(value.value)
  return typeof value === 'object' ? '' : String(value)
}

/**
 * A variable as it lies over one of a weaker place, which is kept below where both are mappings: `combine_vars` of ansible-core
 * merges them in some settings.
 */
export function laidOver<V extends { readonly over?: readonly V[] }>(
  weaker: V | undefined,
  stronger: V,
  rawOf: (variable: V) => AnsibleValue,
): V {
  if (weaker === undefined || !isMapping(rawOf(stronger)) || !isMapping(rawOf(weaker))) return stronger
  const { over = [] } = weaker
  return { ...stronger, over: [...(stronger.over ?? []), weaker, ...over] }
}

/** The variables of all layers: those of later ones win. */
export function layered(layers: Iterable<ReadonlyMap<string, Variable>>): ReadonlyMap<string, Variable> {
  const result = new Map<string, Variable>()
  for (const layer of layers)
    for (const [name, variable] of layer)
      result.set(
        name,
        laidOver(result.get(name), variable, ({ value }) => value),
      )
  return result
}
