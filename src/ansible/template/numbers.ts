import { Float, integer } from './values.ts'

/** Python's `int(text, base)`; undefined where Python raises ValueError. */
export function parseInteger(text: string, base: number): number | bigint | undefined {
  const prefixes: Readonly<Record<number, string>> = { 2: '0[bB]', 8: '0[oO]', 16: '0[xX]' }
  const prefix = prefixes[base]
  const [, sign = '', digits] =
    new RegExp(
      `^\\s*([-+]?)(?:${prefix === undefined ? '' : `(?:${prefix}_?)?`})([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)\\s*$`,
    ).exec(text) ?? []
  if (digits === undefined) return undefined
  let value = 0n
  for (const character of digits.replaceAll('_', '')) {
    const digit = Number.parseInt(character, 36)
    if (digit >= base) return undefined
    value = value * BigInt(base) + BigInt(digit)
  }
  return integer(sign === '-' ? -value : value)
}

/** Python's `float(text)`; undefined where Python raises ValueError. */
export function parseReal(text: string): number | undefined {
  const trimmed = text.trim()
  const named = /^([-+]?)(?:(inf(?:inity)?)|nan)$/i.exec(trimmed)
  if (named !== null) return named[2] === undefined ? Number.NaN : named[1] === '-' ? -Infinity : Infinity
  if (!/^[-+]?(?:\d+(?:_\d+)*\.?(?:\d+(?:_\d+)*)?|\.\d+(?:_\d+)*)(?:[eE][-+]?\d+(?:_\d+)*)?$/.test(trimmed))
    return undefined
  return Number(trimmed.replaceAll('_', ''))
}

/** Python's `round(x, digits)`: to the nearest, and from the exact middle to the even digit. */
export function rounded(value: number, digits: number): Float {
  if (!Number.isFinite(value) || digits > 20) return new Float(value)
  const exact = value.toFixed(Math.min(100, digits + 60))
  const point = exact.indexOf('.')
  const kept = exact.slice(0, digits === 0 ? point : point + 1 + digits)
  const rest = exact.slice(point + 1 + digits)
  if (/^50*$/.test(rest) && /[02468]$/.test(kept)) return new Float(Number(kept))
  return new Float(Number(value.toFixed(digits)))
}
