import { resolvePlain } from '../../syntax/yamlScalar.ts'
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
  unsupported,
  type Value,
  VaultedText,
} from './values.ts'

export interface YamlOptions {
  /** Blanks a level. */
  readonly indent: number
  /** Which collections stand in brackets: none but empty ones, those that hold only scalars, or all. */
  readonly flow: 'none' | 'leaves' | 'all'
  /** Columns. What PyYAML would have to fold is not supported. */
  readonly width: number
  readonly sortKeys: boolean
}

/** PyYAML's `dump`, for values that it writes without folding or double quotes. */
export function yamlText(value: Value, options: YamlOptions, decrypt: Decrypt): string {
  const writer = new Writer(options, decrypt)
  // PyYAML's two emitters differ in whether `...` follows.
  if (!isCollection(value)) throw unsupported('YAML of a single value')
  return writer.inFlow(value) ? `${writer.flow(value)}\n` : writer.block(value, 0, false)
}

const isCollection = (value: Value): value is List | Dict => value instanceof List || value instanceof Dict

class Writer {
  readonly #options: YamlOptions
  readonly #decrypt: Decrypt

  constructor(options: YamlOptions, decrypt: Decrypt) {
    this.#options = options
    this.#decrypt = decrypt
  }

  inFlow(value: List | Dict): boolean {
    const items = value instanceof List ? [...value] : this.#entries(value).map(([, item]) => item)
    if (items.length === 0 || this.#options.flow === 'all') return true
    return this.#options.flow === 'leaves' && !items.some(isCollection)
  }

  /** Lines with their breaks. `continued`: the first line goes on behind a `-`, padded by the caller. */
  block(value: List | Dict, indent: number, continued: boolean): string {
    const pad = ' '.repeat(indent)
    const lines =
      value instanceof List
        ? this.#items(value).map((item) => this.#entryLine('-', item, indent, false))
        : this.#entries(value).map(([key, item]) =>
            this.#entryLine(`${this.#key(key, false)}:`, item, indent, true),
          )
    return lines.map((line, index) => (continued && index === 0 ? line : pad + line)).join('')
  }

  /** What stands behind `key:` or `-`; a list in a mapping is not indented. */
  #entryLine(head: string, value: Value, indent: number, inMapping: boolean): string {
    if (!isCollection(value)) return this.#fitting(`${head} ${this.scalar(value, false)}`, indent)
    if (this.inFlow(value)) return this.#fitting(`${head} ${this.flow(value)}`, indent)
    const inner = indent + this.#options.indent
    if (inMapping) return `${head}\n${this.block(value, value instanceof List ? indent : inner, false)}`
    return head + ' '.repeat(Math.max(1, this.#options.indent - 1)) + this.block(value, inner, true)
  }

  flow(value: List | Dict): string {
    const inner = (item: Value): string => (isCollection(item) ? this.flow(item) : this.scalar(item, true))
    if (value instanceof List) return `[${this.#items(value).map(inner).join(', ')}]`
    return `{${this.#entries(value)
      .map(([key, item]) => `${this.#key(key, true)}: ${inner(item)}`)
      .join(', ')}}`
  }

  scalar(value: Value, inFlow: boolean): string {
    if (value === null) return 'null'
    if (typeof value === 'boolean') return String(value)
    if (typeof value === 'number' || typeof value === 'bigint') return String(value)
    if (value instanceof Float) return floatYaml(value.value)
    if (typeof value === 'string' || value instanceof VaultedText)
      return styled(str(value, this.#decrypt), inFlow)
    if (value instanceof Undefined) throw undefinedFault(value)
    throw refused(`a ${typeName(value)} can't be written as YAML`)
  }

  #items(list: List): readonly Value[] {
    return [...list].filter((item) => !(item instanceof Omitted))
  }

  #entries(dict: Dict): readonly (readonly [Value, Value])[] {
    const entries = [...dict.entries()].filter(([, item]) => !(item instanceof Omitted))
    if (!this.#options.sortKeys) return entries
    const keyed = entries.map((entry) => ({ key: str(entry[0], this.#decrypt), entry }))
    return keyed.sort((a, b) => compareTexts(a.key, b.key)).map(({ entry }) => entry)
  }

  #key(key: Value, inFlow: boolean): string {
    const text = this.scalar(key, inFlow)
    if (text.length > 120) throw unsupported('YAML with very long keys')
    return text
  }

  #fitting(line: string, indent: number): string {
    if (indent + line.length > this.#options.width && /\s\S.*\s\S/.test(line))
      throw unsupported(`YAML with lines of more than ${this.#options.width} columns`)
    return `${line}\n`
  }
}

function floatYaml(value: number): string {
  if (Number.isNaN(value)) return '.nan'
  if (!Number.isFinite(value)) return value > 0 ? '.inf' : '-.inf'
  const text = floatText(value)
  return text.includes('.') ? text : text.replace('e', '.0e')
}

/** Unquoted where PyYAML's analysis allows it, else in single quotes. */
function styled(text: string, inFlow: boolean): string {
  if (
    /[^\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]/.test(text) &&
    !/^[\p{L}\p{N}\p{P}\p{S} ]*$/u.test(text)
  )
    throw unsupported('YAML of a text with line breaks or control characters')
  if (text === '') return "''"
  const retyped =
    typeof resolvePlain(text).value !== 'string' || /^(?:=|<<|\d{4}-\d\d?-\d\d?(?:[Tt \t].*)?)$/.test(text)
  const forbidden =
    /^[#,[\]{}&*!|>'"%@`]/.test(text) ||
    /^[-?:](?:\s|$)/.test(text) ||
    /^(?:---|\.\.\.)/.test(text) ||
    /:(?:\s|$)|\s#|^\s|\s$/.test(text) ||
    (inFlow && /^[?:]|[,?[\]{}:]/.test(text))
  return retyped || forbidden ? `'${text.replaceAll("'", "''")}'` : text
}
