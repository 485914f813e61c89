import type { YamlNode, YamlText } from '../../syntax/yaml.ts'
import { REACH } from './around.ts'

/** Behind what an escape stands for, so that the text stays as long as it is written. */
const FILLER = '\uffff'
/** For a line break within a scalar: white space, but not the end of a line of the file. */
const BREAK = '\v'

/** What is part of a template is Jinja's to read. */
const ESCAPE =
  /\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[^xuU\n"'])/gs

// https://yaml.org/spec/1.1/#id872840
const MEANT: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  e: '\x1b',
  f: '\f',
  n: BREAK,
  N: BREAK,
  L: BREAK,
  P: BREAK,
  r: BREAK,
  t: '\t',
  v: BREAK,
  _: '\u00a0',
}

/** Same length, with what the escapes in double quotes stand for: `"K3S_TOKEN=a\nK3S_URL=b"` has two lines. */
export function withoutEscapes(text: string, yaml: () => YamlText | undefined): string {
  if (!mayEscape(text)) return text
  let result = ''
  let last = 0
  for (const { start, end } of doubleQuoted(yaml()?.root)) {
    if (start < last) continue
    result += text.slice(last, start) + text.slice(start, end).replace(ESCAPE, meant)
    last = end
  }
  return result + text.slice(last)
}

/** How far from the word its value may begin, in code units: `"--token", "…"`. */
const BESIDE = 120
/** As many of the word as are looked at one by one. */
const MOST = 1000

/**
 * Whether an escape may stand where a token is set: within the quotes around the word, or of the scalars behind it. To read
 * manifests of megabytes for all the others takes seconds.
 */
function mayEscape(text: string): boolean {
  if (!/"[^"\n]*\\/.test(text)) return false
  let left = MOST
  for (const { index } of text.matchAll(/token|\s-t\b/gi)) {
    left -= 1
    if (left === 0) return true
    const opening = quoteBefore(text, index)
    let end = quoteBehind(text, index)
    if (opening !== -1 && text.slice(opening, end).includes('\\')) return true
    // The rest of a scalar, what stands between it and the next one, and that.
    for (let next = 0; next < 3 && end - index < BESIDE; next += 1) {
      const start = end
      end = quoteBehind(text, start + 1)
      if (isOpening(text, start) && text.slice(start, end).includes('\\')) return true
    }
  }
  return false
}

/** The quote that a scalar begins with, as far as what stands before it tells; -1 where there is none. */
function quoteBefore(text: string, offset: number): number {
  const least = Math.max(0, offset - REACH)
  for (let at = offset - 1; at >= least; at -= 1)
    if (text[at] === '"' && text[at - 1] !== '\\') return isOpening(text, at) ? at : -1
  return least
}

function quoteBehind(text: string, offset: number): number {
  const most = Math.min(text.length, offset + REACH)
  for (let at = offset; at < most; at += 1) if (text[at] === '"' && text[at - 1] !== '\\') return at
  return most
}

const isOpening = (text: string, quote: number): boolean => /^[\s[{,:(]?$/.test(text[quote - 1] ?? '')

/** A piece of such a text as its reader gets it. */
export const withoutFiller = (text: string): string => text.replaceAll(FILLER, '')

function meant(written: string): string {
  if (!written.startsWith('\\')) return written
  const code = written.slice(1)
  const point = code.length > 1 ? Number.parseInt(code.slice(1), 16) : undefined
  const character =
    point === undefined ? (MEANT[code] ?? code) : point <= 0x10ffff ? String.fromCodePoint(point) : ''
  return character === BREAK || character === '\n'
    ? BREAK.repeat(written.length)
    : character.padEnd(written.length, FILLER)
}

function* doubleQuoted(
  node: YamlNode | undefined,
): Generator<{ readonly start: number; readonly end: number }> {
  if (node === undefined || node.alias !== undefined) return
  if (node.kind === 'map') for (const { value } of node.written) yield* doubleQuoted(value)
  else if (node.kind === 'sequence') for (const item of node.items) yield* doubleQuoted(item)
  else if (node.style === 'double') yield node.at
}
