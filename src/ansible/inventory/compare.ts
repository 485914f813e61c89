import { type AnsibleValue, Float, type Variable, VaultedText } from '../value.ts'

/** Variables as one text, to compare two readings of them. Where they stand does not count. */
export function comparable(variables: ReadonlyMap<string, Variable>): string {
  return JSON.stringify([...variables].map(([name, { value }]) => [name, plain(value)]))
}

/** Types that JSON lacks are told apart, so that `1` and `1.0` differ. */
function plain(value: AnsibleValue): unknown {
  if (value instanceof Float) return { float: String(value.value) }
  if (value instanceof VaultedText) return { vault: value.envelope }
  if (typeof value === 'bigint') return { integer: String(value) }
  if (Array.isArray(value)) return value.map(plain)
  if (value === null || typeof value !== 'object') return value
  return Object.entries(value).map(([name, inner]) => [name, plain(inner)])
}
