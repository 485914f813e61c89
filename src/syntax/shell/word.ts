import { type Offsets, SourcedBuilder } from '../sourced.ts'

/** What a shell word is made of, in order. */
export type ShellPart =
  | { readonly kind: 'text'; readonly text: Offsets; readonly isQuoted: boolean }
  /** `$NAME`, `${NAME}`, `${NAME:-word}`: `operator` is what stands between the name and the word. */
  | {
      readonly kind: 'variable'
      readonly name: string
      readonly operator: string
      readonly argument: ShellWord | undefined
      readonly isQuoted: boolean
      readonly start: number
    }
  /** `$(…)`, backticks, `$((…))`. */
  | {
      readonly kind: 'substitution'
      readonly isQuoted: boolean
      readonly start: number
      readonly end: number
    }

export interface ShellWord {
  readonly parts: readonly ShellPart[]
  readonly start: number
  /** Excluded. */
  readonly end: number
}

/** Expansions within one another that are read; no script has so many. */
const MOST_NESTED = 50

const END = /[\s;&|<>()]/
const NAME = /[A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-]/y

/** The word that starts at `start`. Quotes that stay open run to the end of the text. */
export function readWord(
  text: string,
  start: number,
  isEnd: (mark: string) => boolean = isWordEnd,
  depth = 0,
): ShellWord {
  const reader = new WordReader(text, start, depth)
  return reader.word(isEnd)
}

/** The parts of a text between double quotes or of a here-document. */
export function readQuoted(text: string, start: number, end: number): ShellWord {
  const reader = new WordReader(text.slice(0, end), start)
  return reader.quoted()
}

function isWordEnd(mark: string): boolean {
  return END.test(mark)
}

class WordReader {
  readonly #text: string
  readonly #start: number
  readonly #depth: number
  readonly #parts: ShellPart[] = []
  #at: number
  #open = new SourcedBuilder<undefined>()
  #isQuoted = false

  constructor(text: string, start: number, depth = 0) {
    this.#text = text
    this.#start = start
    this.#depth = depth
    this.#at = start
  }

  word(isEnd: (mark: string) => boolean): ShellWord {
    for (let mark = this.#text[this.#at]; mark !== undefined; mark = this.#text[this.#at]) {
      if (isEnd(mark)) break
      if (mark === '\\') this.#escape()
      else if (mark === "'") this.#single()
      else if (mark === '"') this.#double()
      else if (mark === '$' || mark === '`') this.#expansion(false)
      else this.#take(false)
    }
    return this.#done()
  }

  quoted(): ShellWord {
    this.#insideQuotes()
    return this.#done()
  }

  #done(): ShellWord {
    this.#flush()
    return { parts: this.#parts, start: this.#start, end: this.#at }
  }

  #flush(): void {
    if (this.#open.length > 0 || this.#isQuoted)
      this.#parts.push({ kind: 'text', text: this.#open.done(), isQuoted: this.#isQuoted })
    this.#open = new SourcedBuilder()
    this.#isQuoted = false
  }

  #take(isQuoted: boolean): void {
    if (isQuoted !== this.#isQuoted) this.#flush()
    this.#isQuoted = isQuoted
    this.#open.add(this.#text[this.#at] ?? '', { of: undefined, at: this.#at })
    this.#at += 1
  }

  #escape(): void {
    const next = this.#text[this.#at + 1]
    this.#at += next === '\n' ? 2 : 1
    if (next === undefined || next === '\n') return
    this.#take(true)
  }

  #single(): void {
    this.#at += 1
    this.#flush()
    this.#isQuoted = true
    while (this.#at < this.#text.length && this.#text[this.#at] !== "'") this.#take(true)
    this.#at += 1
    this.#flush()
  }

  #double(): void {
    this.#at += 1
    this.#flush()
    this.#isQuoted = true
    this.#insideQuotes('"')
    this.#at += 1
    this.#isQuoted = true
    this.#flush()
  }

  #insideQuotes(end?: string): void {
    for (let mark = this.#text[this.#at]; mark !== undefined && mark !== end; mark = this.#text[this.#at]) {
      const next = this.#text[this.#at + 1]
      if (mark === '\\' && next === '\n') this.#at += 2
      else if (mark === '\\' && next !== undefined && (/[$`\\]/.test(next) || next === end)) {
        this.#at += 1
        this.#take(true)
      } else if (mark === '$' || mark === '`') this.#expansion(true)
      else this.#take(true)
    }
  }

  #expansion(isQuoted: boolean): void {
    const start = this.#at
    const text = this.#text
    if (text[start] === '`' || text[start + 1] === '(') {
      const end = text[start] === '`' ? closingTick(text, start) : closingParenthesis(text, start + 1)
      this.#flush()
      this.#parts.push({ kind: 'substitution', isQuoted, start, end })
      this.#at = end
      return
    }
    if (text[start + 1] === '{') {
      this.#braces(isQuoted)
      return
    }
    NAME.lastIndex = start + 1
    const [name] = NAME.exec(text) ?? []
    if (name === undefined) {
      this.#take(isQuoted)
      return
    }
    this.#flush()
    this.#parts.push({ kind: 'variable', name, operator: '', argument: undefined, isQuoted, start })
    this.#at = start + 1 + name.length
  }

  #braces(isQuoted: boolean): void {
    const start = this.#at
    const [whole, length, name, operator = ''] =
      /^\$\{(#?)([A-Za-z_][A-Za-z0-9_]*|[0-9@*#?$!-])(:?[-=+?]|##?|%%?|[/^,:@].?)?/.exec(
        this.#text.slice(start),
      ) ?? []
    this.#flush()
    if (whole === undefined || name === undefined || length !== '' || this.#depth === MOST_NESTED) {
      const close = this.#text.indexOf('}', start)
      const end = close === -1 ? this.#text.length : close + 1
      this.#parts.push({ kind: 'substitution', isQuoted, start, end })
      this.#at = end
      return
    }
    const argument = readWord(this.#text, start + whole.length, (mark) => mark === '}', this.#depth + 1)
    this.#parts.push({
      kind: 'variable',
      name,
      operator,
      argument: operator === '' ? undefined : argument,
      isQuoted,
      start,
    })
    this.#at = argument.end + 1
  }
}

function closingTick(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at += 1) {
    if (text[at] === '\\') at += 1
    else if (text[at] === '`') return at + 1
  }
  return text.length
}

/** Behind the parenthesis that closes the one at `start`; quotes are skipped. */
function closingParenthesis(text: string, start: number): number {
  let depth = 0
  for (let at = start; at < text.length; at += 1) {
    const mark = text[at]
    if (mark === '\\') at += 1
    else if (mark === "'" || mark === '"') {
      let close = at + 1
      while (close < text.length && text[close] !== mark)
        close += mark === '"' && text[close] === '\\' ? 2 : 1
      at = close
    } else if (mark === '(') depth += 1
    else if (mark === ')') {
      depth -= 1
      if (depth === 0) return at + 1
    }
  }
  return text.length
}
