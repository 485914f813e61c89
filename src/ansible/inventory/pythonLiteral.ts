import { pythonEscapes } from '../../syntax/pythonEscapes.ts'
import { type AnsibleValue, Float } from '../value.ts'

const MAX_DEPTH = 90
/** Python refuses to read longer integers: https://docs.python.org/3/library/stdtypes.html#integer-string-conversion-length-limitation */
const MAX_DIGITS = 4300
const NUMBER =
  /^(?:0[xX](?:_?[0-9a-fA-F])+|0[oO](?:_?[0-7])+|0[bB](?:_?[01])+|(?:\d(?:_?\d)*\.(?:\d(?:_?\d)*)?|\.\d(?:_?\d)*)(?:[eE][-+]?\d(?:_?\d)*)?|\d(?:_?\d)*[eE][-+]?\d(?:_?\d)*|0(?:_?0)*|[1-9](?:_?\d)*)(?![\w.])/
const STRING_START = /^([rRuU]|[bB][rR]?|[rR][bB])?('''|"""|'|")/

/**
 * Python's `ast.literal_eval`, with which Ansible reads the values of INI inventories. `undefined` where Python raises:
 * the value is then the text itself. Tuples and sets are lists, as Ansible makes them.
 */
export function pythonLiteral(text: string): AnsibleValue | undefined {
  try {
    const reader = new LiteralReader(text.replace(/^[ \t]+/, ''))
    return reader.whole()
  } catch (error) {
    if (error instanceof NoLiteral) return undefined
    throw error
  }
}

class NoLiteral extends Error {}

class LiteralReader {
  readonly #text: string
  #at = 0
  #depth = 0

  constructor(text: string) {
    this.#text = text
  }

  /** A tuple needs no parentheses: `1, 2`. */
  whole(): AnsibleValue {
    const first = this.#value()
    if (!this.#take(',')) return this.#ended(first)
    const items = [first]
    while (!this.#atEnd()) {
      items.push(this.#value())
      if (!this.#take(',')) break
    }
    return this.#ended(items)
  }

  #ended(value: AnsibleValue): AnsibleValue {
    if (!this.#atEnd()) throw new NoLiteral()
    return value
  }

  #atEnd(): boolean {
    this.#skipSpace()
    return this.#at >= this.#text.length
  }

  #skipSpace(): void {
    const space = /^(?:[ \t\f]|#.*$)*/.exec(this.#text.slice(this.#at))
    this.#at += space?.[0].length ?? 0
  }

  #take(expected: string): boolean {
    this.#skipSpace()
    if (!this.#text.startsWith(expected, this.#at)) return false
    this.#at += expected.length
    return true
  }

  #value(): AnsibleValue {
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new NoLiteral()
    const value = this.#inner()
    this.#depth -= 1
    return value
  }

  #inner(): AnsibleValue {
    this.#skipSpace()
    const rest = this.#text.slice(this.#at, this.#at + 5)
    if (STRING_START.test(rest)) return this.#strings()
    if (this.#take('(')) return this.#parenthesis()
    if (this.#take('[')) return this.#items(']')
    if (this.#take('{')) return this.#braces()
    if (this.#take('-')) return negative(this.#operand())
    if (this.#take('+')) return this.#operand()
    const [word] = /^[A-Za-z_]+/.exec(this.#text.slice(this.#at)) ?? []
    if (word !== undefined) return this.#word(word)
    return this.#number()
  }

  #word(word: string): AnsibleValue {
    this.#at += word.length
    if (/\w/.test(this.#text[this.#at] ?? '')) throw new NoLiteral()
    if (word === 'True') return true
    if (word === 'False') return false
    if (word === 'None') return null
    if (word === 'set' && this.#take('(') && this.#take(')')) return []
    throw new NoLiteral()
  }

  /** What a sign may stand in front of: a number, parentheses around it included, but no second sign. */
  #operand(): number | bigint | Float {
    if (!this.#take('(')) return this.#number()
    this.#depth += 1
    if (this.#depth > MAX_DEPTH) throw new NoLiteral()
    const value = this.#operand()
    if (!this.#take(')')) throw new NoLiteral()
    return value
  }

  #number(): number | bigint | Float {
    this.#skipSpace()
    const [text] = NUMBER.exec(this.#text.slice(this.#at)) ?? []
    if (text === undefined) throw new NoLiteral()
    this.#at += text.length
    const bare = text.replaceAll('_', '')
    if (!/^0[xob]/i.test(bare) && /[.e]/i.test(bare)) return new Float(Number(bare))
    if (bare.length > MAX_DIGITS) throw new NoLiteral()
    const value = BigInt(/^0[xob]/i.test(bare) ? bare.toLowerCase() : bare)
    return value > BigInt(Number.MAX_SAFE_INTEGER) ? value : Number(value)
  }

  #parenthesis(): AnsibleValue {
    if (this.#take(')')) return []
    const first = this.#value()
    if (this.#take(')')) return first
    if (!this.#take(',')) throw new NoLiteral()
    return [first, ...this.#items(')')]
  }

  #items(close: string): AnsibleValue[] {
    const items: AnsibleValue[] = []
    while (!this.#take(close)) {
      items.push(this.#value())
      if (this.#take(close)) break
      if (!this.#take(',')) throw new NoLiteral()
    }
    return items
  }

  #braces(): AnsibleValue {
    const map: Record<string, AnsibleValue> = Object.create(null)
    if (this.#take('}')) return map
    const first = this.#value()
    if (!this.#take(':')) {
      if (this.#take('}')) return [first]
      if (!this.#take(',')) throw new NoLiteral()
      const items = [first, ...this.#items('}')]
      return items.filter((item, index) => typeof item === 'object' || items.indexOf(item) === index)
    }
    map[keyName(first)] = this.#value()
    while (!this.#take('}')) {
      if (!this.#take(',')) throw new NoLiteral()
      if (this.#take('}')) break
      const key = keyName(this.#value())
      if (!this.#take(':')) throw new NoLiteral()
      map[key] = this.#value()
    }
    return map
  }

  /** One or more literals side by side are one text; bytes and text don't mix. */
  #strings(): string {
    let text = ''
    let bytes: boolean | undefined
    for (;;) {
      this.#skipSpace()
      const [start, prefix = '', quote = ''] =
        STRING_START.exec(this.#text.slice(this.#at, this.#at + 5)) ?? []
      if (start === undefined) break
      const isBytes = /b/i.test(prefix)
      if (bytes !== undefined && bytes !== isBytes) throw new NoLiteral()
      bytes = isBytes
      this.#at += start.length
      text += this.#body(quote, /r/i.test(prefix), isBytes)
    }
    return bytes === true ? Buffer.from(text, 'latin1').toString('utf8') : text
  }

  #body(quote: string, raw: boolean, bytes: boolean): string {
    let text = ''
    while (!this.#text.startsWith(quote, this.#at)) {
      const character = this.#text[this.#at]
      if (character === undefined || (bytes && character > '\x7f')) throw new NoLiteral()
      this.#at += 1
      if (character !== '\\') text += character
      else if (raw) text += `\\${this.#text[this.#at++] ?? ''}`
      else text += this.#escape(bytes)
    }
    this.#at += quote.length
    return text
  }

  #escape(bytes: boolean): string {
    const rest = this.#text.slice(this.#at)
    const [octal] = /^[0-7]{1,3}/.exec(rest) ?? []
    if (octal !== undefined) return this.#code(octal, octal.length, 8)
    const letter = rest[0] ?? ''
    const width = letter === 'x' ? 2 : bytes ? 0 : letter === 'u' ? 4 : letter === 'U' ? 8 : 0
    if (width > 0) {
      this.#at += 1
      const digits = rest.slice(1, 1 + width)
      if (digits.length !== width || !/^[0-9a-fA-F]+$/.test(digits)) throw new NoLiteral()
      return this.#code(digits, width, 16)
    }
    // A character by its Unicode name: no table of names here.
    if (letter === 'N' && !bytes) throw new NoLiteral()
    this.#at += 1
    return pythonEscapes[letter] ?? `\\${letter}`
  }

  #code(digits: string, length: number, radix: number): string {
    this.#at += length
    const code = Number.parseInt(digits, radix)
    if (code > 0x10ffff) throw new NoLiteral()
    return String.fromCodePoint(code)
  }
}

function negative(value: number | bigint | Float): AnsibleValue {
  if (value instanceof Float) return new Float(-value.value)
  return value === 0 ? 0 : -value
}

function keyName(key: AnsibleValue): string {
  if (typeof key === 'string') return key
  if (typeof key === 'number' || typeof key === 'bigint') return String(key)
  if (typeof key === 'boolean') return key ? 'True' : 'False'
  if (key === null) return 'None'
  throw new NoLiteral()
}
