import { pythonEscapes } from '../pythonEscapes.ts'
import type { Range, SyntaxOptions } from './tree.ts'

export type Token = Range &
  (
    | { readonly type: 'name' | 'operator'; readonly value: string }
    | { readonly type: 'string'; readonly value: string }
    | { readonly type: 'integer'; readonly value: bigint }
    | { readonly type: 'float'; readonly value: number }
  )

export interface TokenFault extends Range {
  readonly message: string
}

/** What Python's `\s` matches: it has U+001C…U+001F and U+0085 where JavaScript's has U+FEFF. */
export const pythonSpace =
  '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000'

const space = new RegExp(`[${pythonSpace}]+`, 'y')
const float = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy
const integer = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy
const name = /[A-Za-z_]\w*/y
const widerName = /[\p{ID_Start}_]\p{ID_Continue}*/uy
const string = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y
const operator = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y

const closing: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' }

const isDigit = (code: number): boolean => code >= 48 && code <= 57
const isLetter = (code: number): boolean =>
  (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95

/**
 * Reads the inside of one tag from `start` on, up to the end that `endsAt` finds, which counts only outside of
 * brackets. `endsAt` gives the offset behind the end of a tag that begins to end at an offset, or undefined;
 * without it the end of the text is the end.
 */
export function tagTokens(
  text: string,
  start: number,
  endsAt: ((offset: number) => number | undefined) | undefined,
  literalBackslashes: SyntaxOptions['literalBackslashes'],
): { readonly tokens: readonly Token[]; readonly end: number } | TokenFault {
  const tokens: Token[] = []
  const open: string[] = []
  let at = start
  const matched = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at
    return pattern.exec(text)?.[0]
  }
  const matchedName = (first: number): string | undefined => {
    const found = first < 128 ? matched(name) : matched(widerName)
    return found !== undefined && text.charCodeAt(at + found.length) >= 128 ? matched(widerName) : found
  }
  while (at < text.length) {
    const end = open.length === 0 ? endsAt?.(at) : undefined
    if (end !== undefined) return { tokens, end }
    const first = text.charCodeAt(at)
    let found = isLetter(first) ? undefined : matched(space)
    if (found !== undefined) {
      at += found.length
      continue
    }
    const here = (length: number): Range => ({ start: at, end: at + length })
    found = isDigit(first) ? matched(float) : undefined
    if (found !== undefined) {
      tokens.push({ type: 'float', value: Number(found.replaceAll('_', '')), ...here(found.length) })
      at += found.length
      continue
    }
    found = isDigit(first) ? matched(integer) : undefined
    if (found !== undefined) {
      tokens.push({ type: 'integer', value: BigInt(found.replaceAll('_', '')), ...here(found.length) })
      at += found.length
      continue
    }
    found = matchedName(first)
    if (found !== undefined) {
      tokens.push({ type: 'name', value: found, ...here(found.length) })
      at += found.length
      continue
    }
    found = matched(string)
    if (found !== undefined) {
      const inner = found.slice(1, -1).replace(/\r\n?/g, '\n')
      const value = literalBackslashes ? inner : unescaped(inner)
      if (value === undefined)
        return { message: 'a broken escape sequence in a string', ...here(found.length) }
      tokens.push({ type: 'string', value, ...here(found.length) })
      at += found.length
      continue
    }
    found = matched(operator)
    if (found === undefined) {
      const quoted = /['"]/.test(text.charAt(at))
      return { message: quoted ? 'a string without an end' : 'an unexpected character', ...here(1) }
    }
    const close = closing[found]
    if (close !== undefined) open.push(close)
    else if (/^[)\]}]$/.test(found) && open.pop() !== found)
      return { message: `${found} closes nothing that is open`, ...here(1) }
    tokens.push({ type: 'operator', value: found, ...here(found.length) })
    at += found.length
  }
  if (endsAt === undefined && open.length === 0) return { tokens, end: at }
  return {
    message: endsAt === undefined ? 'a bracket without an end' : 'a tag without an end',
    start,
    end: at,
  }
}

const simpleEscapes: Readonly<Record<string, string>> = { ...pythonEscapes, '\n': '' }

/**
 * Python's `unicode-escape`. An escape that it does not know stands for itself, backslash included; undefined for
 * one that it refuses, and for `\N{…}`, whose table of names is not here.
 */
function unescaped(inner: string): string | undefined {
  let broken = false
  const value = inner.replace(
    /\\(x[\da-f]{2}|u[\da-f]{4}|U[\da-f]{8}|[0-7]{1,3}|[\s\S])/gi,
    (whole, code: string) => {
      if (/^[0-7]/.test(code)) return String.fromCodePoint(Number.parseInt(code, 8))
      const simple = simpleEscapes[code]
      if (simple !== undefined) return simple
      if (!/^[xuUN]/.test(code)) return whole
      const point = Number.parseInt(code.slice(1), 16)
      // The flag i lets X and N{ pass as well: only x, u and U are escapes.
      if (code.length > 1 && /^[xuU]/.test(code) && point <= 0x10ffff) return String.fromCodePoint(point)
      broken = true
      return whole
    },
  )
  return broken ? undefined : value
}
