import { type Decrypt, undefinedFault } from './text.ts'
import {
  Dict,
  List,
  Nothing,
  refused,
  Tuple,
  typeName,
  Undefined,
  type Value,
  VaultedText,
} from './values.ts'

/** What Python's `iter()` yields: a string's characters, a dict's keys. */
export function iterated(value: Value, decrypt: Decrypt): readonly Value[] {
  if (value instanceof VaultedText) return [...decrypt(value)]
  if (typeof value === 'string') return [...value]
  if (value instanceof List) return [...value]
  if (value instanceof Dict) return [...value.keys()]
  if (value instanceof Nothing) return []
  if (value instanceof Undefined) throw undefinedFault(value)
  throw refused(`a ${typeName(value)} can't be iterated over`)
}

/** Python's `len()`. */
export function length(value: Value, decrypt: Decrypt): number {
  if (value instanceof List) return value.length
  if (value instanceof Dict) return value.size
  if (value instanceof Nothing) return 0
  if (typeof value === 'string' || value instanceof VaultedText) return iterated(value, decrypt).length
  if (value instanceof Undefined) throw undefinedFault(value)
  throw refused(`a ${typeName(value)} has no length`)
}

/** `value[index]`, or undefined where there is no such item. */
export function itemAt(value: Value, index: Value, decrypt: Decrypt): Value | undefined {
  if (value instanceof Dict) {
    const key = index instanceof VaultedText ? decrypt(index) : index
    return key instanceof List && !(key instanceof Tuple) ? undefined : value.get(key)
  }
  if (typeof index !== 'number' && typeof index !== 'boolean') return undefined
  if (value instanceof List || typeof value === 'string' || value instanceof VaultedText) {
    const items = value instanceof List ? value : iterated(value, decrypt)
    const at = Number(index) < 0 ? items.length + Number(index) : Number(index)
    if (at < 0 || at >= items.length) return undefined
    return items instanceof List ? items.at(at) : items[at]
  }
  return undefined
}

/** `value[from:to:step]`. */
export function sliced(
  value: Value,
  bounds: readonly [from: Value | undefined, to: Value | undefined, step: Value | undefined],
  decrypt: Decrypt,
): Value {
  const [from, to, step = 1] = bounds.map((bound) => {
    if (bound === undefined || bound === null) return undefined
    if (typeof bound !== 'number') throw refused('the bounds of a slice are integers')
    return bound
  })
  if (step === 0) throw refused('the step of a slice is not 0')
  if (!(value instanceof List) && typeof value !== 'string' && !(value instanceof VaultedText))
    throw refused(`a ${typeName(value)} can't be sliced`)
  const items = iterated(value, decrypt)
  const size = items.length
  const clamp = (bound: number, low: number, high: number): number =>
    Math.min(high, Math.max(low, bound < 0 ? bound + size : bound))
  const chosen: Value[] = []
  if (step > 0) {
    const end = clamp(to ?? size, 0, size)
    for (let at = clamp(from ?? 0, 0, size); at < end; at += step) chosen.push(items[at] ?? null)
  } else {
    const end = to === undefined ? -1 : clamp(to, -1, size - 1)
    for (let at = from === undefined ? size - 1 : clamp(from, -1, size - 1); at > end; at += step)
      chosen.push(items[at] ?? null)
  }
  if (value instanceof Tuple) return new Tuple(chosen)
  return value instanceof List ? new List(chosen) : chosen.join('')
}
