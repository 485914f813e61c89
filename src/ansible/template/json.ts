import { compareTexts } from './comparison.ts'
import { type Decrypt, floatText, str, undefinedFault } from './text.ts'
import {
  Dict,
  Float,
  List,
  Omitted,
  refused,
  typeName,
  Undefined,
  type Value,
  VaultedText,
} from './values.ts'

export interface JsonOptions {
  /** Blanks a level; undefined: all in one line. */
  readonly indent: number | undefined
  readonly sortKeys: boolean
  /** Writes what is not ASCII as `\uXXXX`. */
  readonly ascii: boolean
  readonly separators: readonly [item: string, key: string]
}

/** Python's `json.dumps`. */
export function jsonText(value: Value, options: JsonOptions, decrypt: Decrypt, depth = 0): string {
  if (value === null) return 'null'
  if (typeof value === 'boolean') return value ? 'true' : 'false'
  if (typeof value === 'number' || typeof value === 'bigint') return String(value)
  if (value instanceof Float) return floatText(value.value).replace(/^nan$/, 'NaN').replace('inf', 'Infinity')
  if (typeof value === 'string' || value instanceof VaultedText)
    return quoted(str(value, decrypt), options.ascii)
  if (value instanceof List) {
    const items = [...value]
      .filter((item) => !(item instanceof Omitted))
      .map((item) => jsonText(item, options, decrypt, depth + 1))
    return enclosed('[]', items, options, depth)
  }
  if (value instanceof Dict) {
    const entries = [...value.entries()]
      .filter(([, item]) => !(item instanceof Omitted))
      .map(([key, item]) => [keyText(key, decrypt), item] as const)
    if (options.sortKeys) entries.sort(([a], [b]) => compareTexts(a, b))
    const [, colon] = options.separators
    const written = entries.map(
      ([key, item]) => quoted(key, options.ascii) + colon + jsonText(item, options, decrypt, depth + 1),
    )
    return enclosed('{}', written, options, depth)
  }
  if (value instanceof Undefined) throw undefinedFault(value)
  throw refused(`a ${typeName(value)} can't be written as JSON`)
}

function enclosed(brackets: string, items: readonly string[], options: JsonOptions, depth: number): string {
  const [open = '', close = ''] = brackets
  if (items.length === 0) return brackets
  const [separator] = options.separators
  if (options.indent === undefined) return open + items.join(separator) + close
  const inner = `\n${' '.repeat(options.indent * (depth + 1))}`
  return `${open}${inner}${items.join(separator + inner)}\n${' '.repeat(options.indent * depth)}${close}`
}

function keyText(key: Value, decrypt: Decrypt): string {
  if (typeof key === 'string' || key instanceof VaultedText) return str(key, decrypt)
  if (key === null) return 'null'
  if (typeof key === 'boolean') return key ? 'true' : 'false'
  if (typeof key === 'number' || typeof key === 'bigint' || key instanceof Float) return str(key, decrypt)
  throw refused(`a ${typeName(key)} can't be a key in JSON`)
}

const short: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\f': '\\f',
  '\b': '\\b',
}

function quoted(text: string, ascii: boolean): string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
  const special = ascii ? /["\\]|[^\x20-\x7e]/g : /["\\\x00-\x1f]/g
  const escaped = text.replace(
    special,
    (unit) => short[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `"${escaped}"`
}
