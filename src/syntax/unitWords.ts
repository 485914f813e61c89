import { runEnd, type Sourced, SourcedBuilder } from './sourced.ts'

const SPACE = /[ \t\n\r]/

const PLAIN = /[^\\"' \t\n\r]+/y
const PLAIN_IN_QUOTES = /[^\\"']+/y

/** A word of a directive's value, and where what follows it begins. */
export interface UnitWord<Of> {
  readonly word: Sourced<Of>
  readonly next: number
}

/**
 * How systemd cuts a value into words (`extract_first_word`).
 * - `strict`: quotes and C escapes as in `Environment=`; an escape it does not know ends the value.
 * - `relaxed`: the same, an unknown escape stays as it is: `ExecStart=`.
 * - `loose`: quotes, a backslash takes the next character, a quote may stay open: the text of `$VARIABLE`.
 */
export type WordStyle = 'strict' | 'relaxed' | 'loose'

/** `undefined` where there is no further word; `invalid` where systemd refuses the rest of the value. */
export function nextWord<Of>(
  value: Sourced<Of>,
  start: number,
  style: WordStyle,
): UnitWord<Of> | 'invalid' | undefined {
  const { text } = value
  let at = skipSpace(text, start)
  if (at === text.length) return undefined
  const word = new SourcedBuilder<Of>()
  let quote = ''
  while (at < text.length) {
    const plain = runEnd(text, at, quote === '' ? PLAIN : PLAIN_IN_QUOTES)
    word.append(value, at, plain)
    at = plain
    if (at === text.length) break
    const mark = text[at] ?? ''
    if (mark === '\\') {
      const end = addEscape(value, at, style, word)
      if (end === undefined) return 'invalid'
      at = end
      continue
    }
    if (quote === '' && SPACE.test(mark)) break
    if (quote === '' ? mark === '"' || mark === "'" : mark === quote) quote = quote === '' ? mark : ''
    else word.append(value, at, at + 1)
    at += 1
  }
  if (quote !== '' && style !== 'loose') return 'invalid'
  return { word: word.done(), next: skipSpace(text, at) }
}

/** All words up to where systemd stops reading. */
export function unitWords<Of>(
  value: Sourced<Of>,
  style: WordStyle,
): { readonly words: readonly Sourced<Of>[]; readonly isValid: boolean } {
  const words: Sourced<Of>[] = []
  let at = 0
  for (;;) {
    const read = nextWord(value, at, style)
    if (read === undefined) return { words, isValid: true }
    if (read === 'invalid') return { words, isValid: false }
    words.push(read.word)
    at = read.next
  }
}

export function skipSpace(text: string, at: number): number {
  let next = at
  while (next < text.length && SPACE.test(text[next] ?? '')) next += 1
  return next
}

/** Adds what the escape at `at` stands for and returns where it ends. */
function addEscape<Of>(
  value: Sourced<Of>,
  at: number,
  style: WordStyle,
  word: SourcedBuilder<Of>,
): number | undefined {
  const origin = value.originAt(at)
  const next = value.text[at + 1]
  if (origin === undefined) return undefined
  if (next === undefined) return style === 'loose' ? at + 1 : undefined
  if (style !== 'loose') {
    const bytes = eightBit(value.text, at)
    if (bytes !== undefined) {
      word.add(bytes.text, origin)
      return bytes.end
    }
    const read = readEscape(value.text, at + 1)
    if (read !== undefined) {
      word.add(String.fromCodePoint(read.code), origin)
      return read.end
    }
    if (style === 'strict') return undefined
    word.append(value, at, at + 1)
  }
  word.append(value, at + 1, at + 2)
  return at + 2
}

const SIMPLE: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
  "'": "'",
  s: ' ',
}

/** The C escape behind a backslash: `cunescape_one`. NUL is refused. */
function readEscape(text: string, at: number): { readonly code: number; readonly end: number } | undefined {
  const simple = SIMPLE[text[at] ?? '']
  if (simple !== undefined) return { code: simple.charCodeAt(0), end: at + 1 }
  const numbers = /x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})/y
  numbers.lastIndex = at
  const [whole = '', two, four, eight, octal] = numbers.exec(text) ?? []
  const code =
    octal === undefined ? Number.parseInt(two ?? four ?? eight ?? '', 16) : Number.parseInt(octal, 8)
  const most = octal === undefined ? 0x10ffff : 0o377
  if (Number.isNaN(code) || code === 0 || code > most || (code >= 0xd800 && code <= 0xdfff)) return undefined
  return { code, end: at + whole.length }
}

/** A run of `\xHH` and `\OOO` above 0x7f is the bytes of UTF-8 text. */
function eightBit(text: string, start: number): { readonly text: string; readonly end: number } | undefined {
  const bytes: number[] = []
  let at = start
  while (text[at] === '\\' && /[x0-7]/.test(text[at + 1] ?? '')) {
    const read = readEscape(text, at + 1)
    if (read === undefined || read.code < 0x80) break
    bytes.push(read.code)
    at = read.end
  }
  return bytes.length === 0 ? undefined : { text: new TextDecoder().decode(Uint8Array.from(bytes)), end: at }
}
