import { pythonEscapes } from '../../syntax/pythonEscapes.ts'
import { commandArguments } from './keywords.ts'

/** One `name=value` of a free-form text. */
export interface Pair {
  readonly name: string
  readonly value: string
  /** The word as it stands in the text, quotes and escapes included. */
  readonly word: string
}

export interface FreeForm {
  readonly pairs: readonly Pair[]
  /** What is left, as Ansible puts it together again; `undefined` where nothing is. */
  readonly rest: string | undefined
}

const JINJA = [
  ['{{', '}}'],
  ['{%', '%}'],
  ['{#', '#}'],
] as const

/**
 * Cuts a text at its spaces the way Ansible does (parsing/splitter.py): not inside quotes and Jinja, where both are counted
 * word by word; further spaces and line breaks stay at the word before. `undefined` where a quote or a `{{` is left open:
 * Ansible refuses such a task.
 */
export function splitArguments(text: string): readonly string[] | undefined {
  const words: string[] = []
  const append = (piece: string): void => {
    words.push((words.pop() ?? '') + piece)
  }
  let quote: string | undefined
  let depths = JINJA.map(() => 0)
  const lines = text === '' ? [] : text.split('\n')
  for (const [number, line] of lines.entries()) {
    let continued = false
    for (const [index, piece] of line.split(' ').entries()) {
      if (piece === '' && index > 0) {
        append(' ')
        continue
      }
      if (piece === '\\' && quote === undefined) {
        continued = true
        continue
      }
      if (quote !== undefined || depths.some((depth) => depth > 0)) append((index > 0 ? ' ' : '') + piece)
      else if (piece !== '') words.push(piece)
      quote = quoteAfter(piece, quote)
      if (/[{}]/.test(piece))
        depths = depths.map((depth, kind) => depthAfter(piece, depth, JINJA[kind] ?? JINJA[0]))
    }
    if (number < lines.length - 1 && !continued) append('\n')
  }
  return quote === undefined && depths.every((depth) => depth === 0) ? words : undefined
}

/** Ansible's `parse_kv`; `undefined` as with `splitArguments`. */
export function readFreeForm(text: string, isCommand: boolean): FreeForm | undefined {
  const words = splitArguments(text)
  if (words === undefined) return undefined
  const pairs: Pair[] = []
  const rest: string[] = []
  for (const word of words) {
    const decoded = decodeEscapes(word)
    const equals = /(?<=[^\\])=/su.exec(decoded)?.index
    if (equals === undefined) {
      rest.push(decoded.includes('=') ? decoded.replaceAll('\\=', '=') : word)
      continue
    }
    const name = decoded.slice(0, equals)
    if (isCommand && !commandArguments.has(name)) rest.push(word)
    else pairs.push({ name: name.trim(), value: unquote(decoded.slice(equals + 1).trim()), word })
  }
  return { pairs, rest: rest.length === 0 ? undefined : joinWords(rest) }
}

/** Puts words together again: those that end a line need no space. */
function joinWords(words: readonly string[]): string {
  return words
    .map((word, index) => (index === 0 || words[index - 1]?.endsWith('\n') ? word : ` ${word}`))
    .join('')
}

/** The first word and what follows it, as in `action: copy src=a dest=b`. */
export function splitModule(
  text: string,
): { readonly module: string; readonly rest: string; readonly word: string } | undefined {
  const words = splitArguments(text)
  const [first, ...others] = words ?? []
  if (first === undefined) return undefined
  return { module: first.trim(), rest: others.join(' '), word: first }
}

/** As Ansible's `unquote`: `\"` at the end is no closing quote. */
function unquote(text: string): string {
  const isQuoted = text.length > 1 && /^["']/.test(text) && text.at(-1) === text[0] && text.at(-2) !== '\\'
  return isQuoted ? text.slice(1, -1) : text
}

function quoteAfter(piece: string, before: string | undefined): string | undefined {
  let quote = before
  for (let at = 0; at < piece.length; at += 1) {
    const character = piece[at]
    if ((character !== '"' && character !== "'") || piece[at - 1] === '\\') continue
    if (quote === undefined) quote = character
    else if (quote === character) quote = undefined
  }
  return quote
}

function depthAfter(piece: string, before: number, [open, close]: readonly [string, string]): number {
  return Math.max(0, before + piece.split(open).length - piece.split(close).length)
}

/** `\N{…}` is the one escape that is left as it stands: no table of names here. */
function decodeEscapes(text: string): string {
  return text.replace(
    /\\(?:U([\da-fA-F]{8})|u([\da-fA-F]{4})|x([\da-fA-F]{2})|([\\'"abfnrtv]))/g,
    (whole: string, long?: string, short?: string, byte?: string, letter?: string) => {
      if (letter !== undefined) return pythonEscapes[letter] ?? whole
      const code = Number.parseInt(long ?? short ?? byte ?? '', 16)
      return code > 0x10ffff ? whole : String.fromCodePoint(code)
    },
  )
}
