import {
  Callable,
  Dict,
  Float,
  List,
  Namespace,
  Nothing,
  Omitted,
  refused,
  type TemplateFault,
  Tuple,
  Undefined,
  UndefinedFault,
  type Value,
  VaultedText,
} from './values.ts'

/** Turns a vaulted value into its text, and remembers that a secret was read. */
export type Decrypt = (value: VaultedText) => string

/** Python's `str()`. */
export function str(value: Value, decrypt: Decrypt): string {
  if (typeof value === 'string') return value
  if (value instanceof VaultedText) return decrypt(value)
  if (value instanceof Nothing) return ''
  return repr(value, decrypt)
}

/** Python's `repr()`, as lists and dicts show what is in them. */
export function repr(value: Value, decrypt: Decrypt): string {
  if (value === null) return 'None'
  if (typeof value === 'string') return quotedText(value)
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Float) return floatText(value.value)
  if (value instanceof VaultedText) return quotedText(decrypt(value))
  if (value instanceof List) {
    const items = [...value].filter((item) => !(item instanceof Omitted)).map((item) => repr(item, decrypt))
    if (value instanceof Tuple) return items.length === 1 ? `(${items[0]},)` : `(${items.join(', ')})`
    return `[${items.join(', ')}]`
  }
  if (value instanceof Dict) {
    const entries = [...value.entries()].filter(([, item]) => !(item instanceof Omitted))
    return `{${entries.map(([key, item]) => `${repr(key, decrypt)}: ${repr(item, decrypt)}`).join(', ')}}`
  }
  if (value instanceof Undefined) throw undefinedFault(value)
  if (value instanceof Callable)
    throw refused(`${value.name} is used as a value; it needs parentheses behind it`)
  if (value instanceof Namespace) throw refused('a namespace is used as text')
  if (value instanceof Nothing) return 'Undefined'
  throw refused('omit is used as text')
}

export function undefinedFault({ message, fix, offset, variable, place }: Undefined): TemplateFault {
  const fault = new UndefinedFault(message, fix ?? refused(message).fix)
  fault.offset = offset
  fault.variable = variable
  fault.place = place
  return fault
}

/** Python's shortest `repr` of a float: positional from 1e-04 up to 1e16, else with a two-digit exponent. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'nan'
  if (!Number.isFinite(value)) return value > 0 ? 'inf' : '-inf'
  if (Object.is(value, -0)) return '-0.0'
  const [mantissa = '', power = '0'] = value.toExponential().split('e')
  const exponent = Number(power)
  if (exponent < -4 || exponent >= 16) {
    const digits = String(Math.abs(exponent)).padStart(2, '0')
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${digits}`
  }
  const text =
    exponent < 0
      ? value.toFixed(Math.max(0, mantissa.replace(/^-?\d\.?/, '').length) - exponent)
      : String(value)
  return text.includes('.') ? text : `${text}.0`
}

const namedEscapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** Python's `repr` of a string: single quotes unless only they occur in it; what is not printable is escaped. */
function quotedText(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'"
  const inner = text.replace(/[\\'\p{C}\p{Z}]/gu, (character) => {
    if (character === ' ') return character
    if (character === "'") return quote === "'" ? "\\'" : character
    const named = namedEscapes[character]
    if (named !== undefined) return named
    const point = character.codePointAt(0) ?? 0
    if (point <= 0xff) return `\\x${point.toString(16).padStart(2, '0')}`
    if (point <= 0xffff) return `\\u${point.toString(16).padStart(4, '0')}`
    return `\\U${point.toString(16).padStart(8, '0')}`
  })
  return `${quote}${inner}${quote}`
}
