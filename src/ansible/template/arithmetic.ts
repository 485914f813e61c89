import type { BinaryOperator } from '../../syntax/jinja/index.ts'
import { percentFormat } from './format.ts'
import { type Decrypt, undefinedFault } from './text.ts'
import {
  Float,
  integer,
  isInteger,
  isNumber,
  List,
  refused,
  Tuple,
  typeName,
  Undefined,
  type Value,
  VaultedText,
} from './values.ts'

type Operator = Exclude<BinaryOperator, 'and' | 'or'>

/** Bits. A power or product larger than this is a mistake, and would take minutes to print. */
const largest = 1_000_000n

/** Python's arithmetic, on sequences too. */
export function calculate(operator: Operator, left: Value, right: Value, decrypt: Decrypt): Value {
  if (left instanceof Undefined) throw undefinedFault(left)
  if (right instanceof Undefined) throw undefinedFault(right)
  const a = left instanceof VaultedText ? decrypt(left) : left
  const b = right instanceof VaultedText ? decrypt(right) : right
  if (isNumber(a) && isNumber(b)) return onNumbers(operator, a, b)
  if (operator === '+') {
    if (typeof a === 'string' && typeof b === 'string') return a + b
    if (a instanceof List && b instanceof List && a instanceof Tuple === b instanceof Tuple)
      return a instanceof Tuple ? new Tuple([...a, ...b]) : new List([...a, ...b])
  }
  if (operator === '*') {
    if (isInteger(b) && !isNumber(a)) return repeated(a, b)
    if (isInteger(a) && !isNumber(b)) return repeated(b, a)
  }
  if (operator === '%' && typeof a === 'string') return percentFormat(a, b, decrypt)
  throw refused(`${operator} can't take a ${typeName(left)} and a ${typeName(right)}`)
}

export function negated(operator: '-' | '+', value: Value): Value {
  if (value instanceof Undefined) throw undefinedFault(value)
  if (value instanceof Float) return operator === '-' ? new Float(-value.value) : value
  if (isInteger(value)) return integer(operator === '-' ? -BigInt(value) : BigInt(value))
  throw refused(`${operator} can't take a ${typeName(value)}`)
}

function repeated(value: Value, times: number | bigint | boolean): Value {
  const count = Math.max(0, Number(times))
  const length = typeof value === 'string' ? value.length : value instanceof List ? value.length : 0
  if (count * length > 10_000_000) throw refused('a sequence is repeated too often')
  if (typeof value === 'string') return value.repeat(count)
  if (!(value instanceof List)) throw refused(`* can't take a ${typeName(value)}`)
  const items = Array.from({ length: count }, () => [...value]).flat()
  return value instanceof Tuple ? new Tuple(items) : new List(items)
}

function onNumbers(
  operator: Operator,
  left: number | bigint | boolean | Float,
  right: number | bigint | boolean | Float,
): Value {
  if (left instanceof Float || right instanceof Float || operator === '/')
    return onFloats(operator, real(left), real(right))
  const [a, b] = [BigInt(left), BigInt(right)]
  switch (operator) {
    case '+':
      return integer(a + b)
    case '-':
      return integer(a - b)
    case '*':
      return integer(bounded(a * b))
    case '//':
      return integer(floorDivided(a, b))
    case '%':
      return integer(a - b * floorDivided(a, b))
    case '**':
      if (b < 0n) return onFloats('**', real(left), real(right))
      if (b * BigInt(a.toString(2).length) > largest) throw refused('a power is too large')
      return integer(a ** b)
  }
}

function floorDivided(a: bigint, b: bigint): bigint {
  if (b === 0n) throw refused('a division by zero')
  const quotient = a / b
  return a % b !== 0n && a < 0n !== b < 0n ? quotient - 1n : quotient
}

function onFloats(operator: Operator, a: number, b: number): Float {
  if (b === 0 && /[/%]/.test(operator)) throw refused('a division by zero')
  switch (operator) {
    case '+':
      return new Float(a + b)
    case '-':
      return new Float(a - b)
    case '*':
      return new Float(a * b)
    case '/':
      return new Float(a / b)
    case '//':
      return new Float(Math.floor(a / b))
    case '%': {
      const remainder = a % b
      return new Float(remainder !== 0 && remainder < 0 !== b < 0 ? remainder + b : remainder)
    }
    case '**':
      if (a === 0 && b < 0) throw refused('zero to a negative power')
      if (a < 0 && !Number.isInteger(b)) throw refused('a fractional power of a negative number')
      return new Float(a ** b)
  }
}

function bounded(value: bigint): bigint {
  if (value.toString(16).length * 4 > largest) throw refused('a product is too large')
  return value
}

const real = (value: number | bigint | boolean | Float): number =>
  value instanceof Float ? value.value : Number(value)
