import { type Decrypt, repr, str } from './text.ts'
import {
  type CallArguments,
  Dict,
  Float,
  isInteger,
  isNumber,
  List,
  refused,
  Tuple,
  typeName,
  unsupported,
  type Value,
} from './values.ts'

const directive = /%(?:\(([^)]*)\))?([-+ #0]*)(\*|\d*)(?:\.(\*|\d*))?[hlL]?([\s\S]|$)/g

/** Python's `text % value`, without `*` widths. */
export function percentFormat(text: string, given: Value, decrypt: Decrypt): string {
  const positional = given instanceof Tuple ? [...given] : [given]
  let next = 0
  let named = false
  const result = text.replace(
    directive,
    (
      _,
      key: string | undefined,
      flags: string,
      width: string,
      precision: string | undefined,
      type: string,
    ) => {
      if (type === '%') return '%'
      if (width === '*' || precision === '*') throw unsupported('a * in a format')
      let value: Value
      if (key === undefined) {
        if (next >= positional.length) throw refused('a format wants more values than it gets')
        value = positional[next] ?? null
        next += 1
      } else {
        if (!(given instanceof Dict)) throw refused('a format with names wants a dict')
        const entry = given.get(key)
        if (entry === undefined) throw refused('a format names a key that its dict has not')
        value = entry
        named = true
      }
      const digits = precision === undefined ? undefined : Number(precision)
      return padded(converted(type, value, flags, digits, decrypt), flags, Number(width), type)
    },
  )
  if (
    !named &&
    next < positional.length &&
    !(given instanceof Dict || (given instanceof List && !(given instanceof Tuple)))
  )
    throw refused('a format gets more values than it wants')
  return result
}

function converted(
  type: string,
  value: Value,
  flags: string,
  precision: number | undefined,
  decrypt: Decrypt,
): string {
  if (type === 's') return cut(str(value, decrypt), precision)
  if (type === 'r') return cut(repr(value, decrypt), precision)
  if (!isNumber(value)) throw refused(`%${type} wants a number, not a ${typeName(value)}`)
  const sign = flags.includes('+') ? '+' : flags.includes(' ') ? ' ' : ''
  const signed = (digits: string): string => (digits.startsWith('-') ? digits : sign + digits)
  switch (type) {
    case 'd':
    case 'i':
    case 'u':
      return signed(String(value instanceof Float ? BigInt(Math.trunc(value.value)) : BigInt(value)))
    case 'x':
    case 'X':
    case 'o': {
      if (!isInteger(value)) throw refused(`%${type} wants an integer`)
      const digits = BigInt(value).toString(type === 'o' ? 8 : 16)
      const prefix = flags.includes('#') ? (type === 'o' ? '0o' : '0x') : ''
      const text = digits.startsWith('-') ? `-${prefix}${digits.slice(1)}` : `${prefix}${digits}`
      return signed(type === 'X' ? text.toUpperCase() : text)
    }
    case 'f':
    case 'F':
      return signed((value instanceof Float ? value.value : Number(value)).toFixed(precision ?? 6))
    default:
      throw unsupported(`the format %${type}`)
  }
}

const cut = (text: string, precision: number | undefined): string =>
  precision === undefined ? text : [...text].slice(0, precision).join('')

function padded(text: string, flags: string, width: number, type: string): string {
  const missing = width - [...text].length
  if (missing <= 0) return text
  if (flags.includes('-')) return text + ' '.repeat(missing)
  if (!flags.includes('0') || /[sr]/.test(type)) return ' '.repeat(missing) + text
  const [, head = '', digits = ''] = /^([-+ ]?(?:0[xXo])?)(.*)$/s.exec(text) ?? []
  return head + '0'.repeat(missing) + digits
}

/** Python's `text.format(…)` with plain fields: `{}`, `{0}`, `{name}`. */
export function braceFormat(text: string, given: CallArguments, decrypt: Decrypt): string {
  let next = 0
  return text.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (whole, field: string | undefined) => {
    if (whole === '{{') return '{'
    if (whole === '}}') return '}'
    if (field === undefined) throw refused('a single brace in a format')
    if (!/^\w*$/.test(field)) throw unsupported('a format field with more than a name')
    const value =
      field === '' || /^\d+$/.test(field)
        ? given.positional[field === '' ? next++ : Number(field)]
        : given.named.get(field)
    if (value === undefined) throw refused('a format wants a value that it does not get')
    return str(value, decrypt)
  })
}
