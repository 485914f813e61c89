import type { ComparisonOperator } from '../../syntax/jinja/index.ts'
import { type Decrypt, undefinedFault } from './text.ts'
import {
  Dict,
  Float,
  isNumber,
  List,
  Namespace,
  Nothing,
  refused,
  Tuple,
  typeName,
  Undefined,
  type Value,
  VaultedText,
} from './values.ts'

/** Python's `bool()`. */
export function truth(value: Value, decrypt: Decrypt): boolean {
  if (typeof value === 'string') return value !== ''
  if (typeof value === 'boolean') return value
  if (value === null) return false
  if (typeof value === 'number' || typeof value === 'bigint') return value !== 0 && value !== 0n
  if (value instanceof Float) return value.value !== 0
  if (value instanceof VaultedText) return decrypt(value) !== ''
  if (value instanceof List) return value.length > 0
  if (value instanceof Dict) return value.size > 0
  if (value instanceof Undefined) throw undefinedFault(value)
  return !(value instanceof Nothing)
}

/** Python's `==`. */
export function equal(a: Value, b: Value, decrypt: Decrypt): boolean {
  if (a instanceof Undefined) throw undefinedFault(a)
  if (b instanceof Undefined) throw undefinedFault(b)
  if (a instanceof VaultedText) return equal(decrypt(a), b, decrypt)
  if (b instanceof VaultedText) return equal(a, decrypt(b), decrypt)
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b) === 0
  if (a instanceof List && b instanceof List)
    return (
      a instanceof Tuple === b instanceof Tuple &&
      a.length === b.length &&
      [...a].every((item, index) => equal(item, b.at(index), decrypt))
    )
  if (a instanceof Dict && b instanceof Dict)
    return (
      a.size === b.size &&
      [...a.entries()].every(([key, value]) => {
        const other = b.get(key)
        return other !== undefined && equal(value, other, decrypt)
      })
    )
  return a === b
}

/** Negative, 0 or positive; NaN where a NaN takes part. Throws where Python can't order the two. */
export function order(a: Value, b: Value, decrypt: Decrypt): number {
  if (a instanceof Undefined) throw undefinedFault(a)
  if (b instanceof Undefined) throw undefinedFault(b)
  if (a instanceof VaultedText) return order(decrypt(a), b, decrypt)
  if (b instanceof VaultedText) return order(a, decrypt(b), decrypt)
  if (typeof a === 'string' && typeof b === 'string') return compareTexts(a, b)
  if (isNumber(a) && isNumber(b)) return compareNumbers(a, b)
  if (a instanceof List && b instanceof List && a instanceof Tuple === b instanceof Tuple) {
    const shared = Math.min(a.length, b.length)
    for (let index = 0; index < shared; index += 1)
      if (!equal(a.at(index), b.at(index), decrypt)) return order(a.at(index), b.at(index), decrypt)
    return a.length - b.length
  }
  throw refused(`a ${typeName(a)} and a ${typeName(b)} can't be ordered`)
}

/** Python's `in`. */
export function contains(container: Value, item: Value, decrypt: Decrypt): boolean {
  if (container instanceof Undefined) throw undefinedFault(container)
  if (container instanceof VaultedText) return contains(decrypt(container), item, decrypt)
  if (typeof container === 'string') {
    if (item instanceof Undefined) throw undefinedFault(item)
    const text = item instanceof VaultedText ? decrypt(item) : item
    if (typeof text !== 'string') throw refused(`a ${typeName(item)} can't be looked for in a str`)
    return container.includes(text)
  }
  if (container instanceof List) {
    for (const candidate of container) if (equal(candidate, item, decrypt)) return true
    return false
  }
  if (container instanceof Dict) {
    if (item instanceof Undefined) throw undefinedFault(item)
    return container.has(item instanceof VaultedText ? decrypt(item) : item)
  }
  if (container instanceof Namespace) throw refused('a namespace is no container')
  throw refused(`a ${typeName(container)} is no container`)
}

export function compare(operator: ComparisonOperator, a: Value, b: Value, decrypt: Decrypt): boolean {
  switch (operator) {
    case '==':
      return equal(a, b, decrypt)
    case '!=':
      return !equal(a, b, decrypt)
    case 'in':
      return contains(b, a, decrypt)
    case 'not in':
      return !contains(b, a, decrypt)
    case '<':
      return order(a, b, decrypt) < 0
    case '<=':
      return order(a, b, decrypt) <= 0
    case '>':
      return order(a, b, decrypt) > 0
    case '>=':
      return order(a, b, decrypt) >= 0
  }
}

/** By code point, as Python does; JavaScript's `<` compares UTF-16 code units. */
export function compareTexts(a: string, b: string): number {
  if (a === b) return 0
  const left = [...a]
  const right = [...b]
  for (let index = 0; index < Math.min(left.length, right.length); index += 1) {
    const difference = (left[index]?.codePointAt(0) ?? 0) - (right[index]?.codePointAt(0) ?? 0)
    if (difference !== 0) return difference
  }
  return left.length - right.length
}

function compareNumbers(a: number | bigint | boolean | Float, b: number | bigint | boolean | Float): number {
  const [x, y] = [plain(a), plain(b)]
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.NaN
  // biome-ignore lint/suspicious/noDoubleEquals: a number and a bigint of the same worth are only loosely equal
  return x == y ? 0 : x < y ? -1 : 1
}

const plain = (value: number | bigint | boolean | Float): number | bigint =>
  value instanceof Float ? value.value : typeof value === 'boolean' ? Number(value) : value
