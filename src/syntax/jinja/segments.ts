import { pythonSpace, type Token, tagTokens } from './tokens.ts'
import type { Range, SyntaxOptions } from './tree.ts'

/** A stretch of a template, in the order of the text. `raw` becomes text. */
export type Segment = Range &
  (
    | { readonly kind: 'text'; readonly text: string }
    | { readonly kind: 'comment'; readonly text: string }
    | { readonly kind: 'variable' | 'block'; readonly tokens: readonly Token[] }
    /** `fault`: what of it is wrong. */
    | { readonly kind: 'opaque'; readonly message: string; readonly fault: Range }
  )

const spaceAfter = new RegExp(`[${pythonSpace}]*`, 'y')
const oneSpace = new RegExp(`[${pythonSpace}]`)
const onlySpace = new RegExp(`^[${pythonSpace}]+$`)
const lineBreak = /\r\n|\n|\r/y

/** Code units. Tags that go on longer, and texts with many of them, are no templates; reading on would cost their length squared. */
const longestTag = 1 << 16
const endlessTags = 8

/** Cuts a template as Jinja2's lexer does. Never throws: a tag that can't be read is opaque, and reading goes on behind it. */
export function segments(source: string, options: SyntaxOptions): readonly Segment[] {
  const text = options.keepTrailingNewline ? source : source.replace(/(?:\r\n|\n|\r)$/, '')
  const found: Segment[] = []
  const tag = tagFinder(options)
  let at = 0
  let lineStarting = true
  let endless = 0

  const pushText = (start: number, end: number, sign: string, isVariable: boolean): void => {
    let piece = text.slice(start, end)
    if (sign === '-') piece = withoutSpaceAtEnd(piece)
    else if (sign !== '+' && options.lstripBlocks && !isVariable) {
      const line = Math.max(piece.lastIndexOf('\n'), piece.lastIndexOf('\r')) + 1
      if ((line > 0 || lineStarting) && onlySpace.test(piece.slice(line))) piece = piece.slice(0, line)
    }
    if (piece !== '') found.push({ kind: 'text', text: normalised(piece), start, end: start + piece.length })
  }
  const behind = (offset: number): void => {
    at = offset
    lineStarting = /[\r\n]/.test(text.charAt(offset - 1))
  }

  while (at < text.length) {
    tag.lastIndex = at
    const match = tag.exec(text)
    if (match === null) {
      pushText(at, text.length, '', true)
      break
    }
    const start = match.index
    const delimiterAndSign = match[0]
    const sign = /[-+]$/.exec(delimiterAndSign)?.[0] ?? ''
    const delimiter = sign === '' ? delimiterAndSign : delimiterAndSign.slice(0, -1)
    const isVariable = delimiter === options.variableStart
    pushText(at, start, sign, isVariable)

    const rawBody = delimiter === options.blockStart ? rawStart(text, start, options) : undefined
    if (rawBody !== undefined) {
      const close = endOfRaw(text, rawBody, options)
      if (close === undefined) {
        found.push({ kind: 'opaque', message: 'raw without endraw', ...opening(start, text) })
        break
      }
      behind(rawBody)
      pushText(rawBody, close.start, close.sign, false)
      behind(close.end)
      continue
    }
    const inside = start + delimiterAndSign.length
    if (delimiter === options.commentStart) {
      const close = endOfComment(text, inside, options)
      if (close === undefined) {
        found.push({ kind: 'opaque', message: 'a comment without an end', ...opening(start, text) })
        break
      }
      found.push({ kind: 'comment', text: text.slice(inside, close.start), start, end: close.tagEnd })
      behind(close.end)
      continue
    }
    const ends = isVariable ? variableEnd(text, options) : blockEnd(text, options)
    const read = tagTokens(
      text.slice(0, inside + longestTag),
      inside,
      (offset) => ends(offset)?.end,
      isVariable && options.literalBackslashes,
    )
    if ('message' in read) {
      if (read.end >= Math.min(text.length, inside + longestTag)) endless += 1
      const end =
        endless > endlessTags ? text.length : recovery(text, inside, read.start, options, isVariable)
      const fault = read.start === inside ? { start, end: inside } : { start: read.start, end: read.end }
      found.push({ kind: 'opaque', message: read.message, fault, start, end })
      behind(end)
      continue
    }
    const last = read.tokens.at(-1)?.end ?? inside
    const tagEnd = text.indexOf(isVariable ? options.variableEnd : options.blockEnd, last)
    found.push({
      kind: isVariable ? 'variable' : 'block',
      tokens: read.tokens,
      start,
      end: tagEnd + (isVariable ? options.variableEnd : options.blockEnd).length,
    })
    behind(read.end)
  }
  return found
}

function withoutSpaceAtEnd(text: string): string {
  let end = text.length
  while (end > 0 && oneSpace.test(text.charAt(end - 1))) end -= 1
  return text.slice(0, end)
}

const opening = (start: number, text: string): Range & { readonly fault: Range } => ({
  start,
  end: text.length,
  fault: { start, end: start + 2 },
})

const normalised = (text: string): string => text.replace(/\r\n?/g, '\n')

const escaped = (text: string): string => text.replace(/[.*+?^${}()|[\]\\/]/g, '\\$&')

/** Longest delimiter first, for one may begin with another. */
function tagFinder({ blockStart, variableStart, commentStart }: SyntaxOptions): RegExp {
  const starts = [blockStart, variableStart, commentStart].sort((a, b) => b.length - a.length)
  return new RegExp(`(?:${starts.map(escaped).join('|')})[-+]?`, 'g')
}

function spaceBehind(text: string, offset: number): number {
  spaceAfter.lastIndex = offset
  return offset + (spaceAfter.exec(text)?.[0].length ?? 0)
}

function breakBehind(text: string, offset: number, options: SyntaxOptions): number {
  if (!options.trimBlocks) return offset
  lineBreak.lastIndex = offset
  return offset + (lineBreak.exec(text)?.[0].length ?? 0)
}

type EndFinder = (offset: number) => { readonly end: number; readonly tagEnd: number } | undefined

const variableEnd =
  (text: string, { variableEnd: delimiter }: SyntaxOptions): EndFinder =>
  (offset) => {
    if (text.startsWith(`-${delimiter}`, offset)) {
      const tagEnd = offset + 1 + delimiter.length
      return { tagEnd, end: spaceBehind(text, tagEnd) }
    }
    if (!text.startsWith(delimiter, offset)) return undefined
    return { tagEnd: offset + delimiter.length, end: offset + delimiter.length }
  }

const closes =
  (text: string, delimiter: string, options: SyntaxOptions): EndFinder =>
  (offset) => {
    const signed = offset + 1 + delimiter.length
    if (text.startsWith(`+${delimiter}`, offset)) return { tagEnd: signed, end: signed }
    if (text.startsWith(`-${delimiter}`, offset)) return { tagEnd: signed, end: spaceBehind(text, signed) }
    if (!text.startsWith(delimiter, offset)) return undefined
    const tagEnd = offset + delimiter.length
    return { tagEnd, end: breakBehind(text, tagEnd, options) }
  }

const blockEnd = (text: string, options: SyntaxOptions): EndFinder => closes(text, options.blockEnd, options)

function endOfComment(
  text: string,
  from: number,
  options: SyntaxOptions,
): { start: number; tagEnd: number; end: number } | undefined {
  const delimiter = text.indexOf(options.commentEnd, from)
  if (delimiter === -1) return undefined
  const signed = delimiter > from && /[-+]/.test(text.charAt(delimiter - 1)) ? delimiter - 1 : delimiter
  const found = closes(text, options.commentEnd, options)(signed)
  return found === undefined ? undefined : { start: signed, ...found }
}

/** Where the text of a `raw` block begins. The line break behind `{% raw %}` belongs to it: Jinja2 does not trim there. */
function rawStart(text: string, start: number, { blockStart, blockEnd }: SyntaxOptions): number | undefined {
  const pattern = new RegExp(
    `${escaped(blockStart)}[-+]?[${pythonSpace}]*raw[${pythonSpace}]*(?:-${escaped(blockEnd)}[${pythonSpace}]*|${escaped(blockEnd)})`,
    'y',
  )
  pattern.lastIndex = start
  const match = pattern.exec(text)
  return match === null ? undefined : start + match[0].length
}

function endOfRaw(
  text: string,
  from: number,
  options: SyntaxOptions,
): { start: number; sign: string; end: number } | undefined {
  const pattern = new RegExp(
    `${escaped(options.blockStart)}([-+]?)[${pythonSpace}]*endraw[${pythonSpace}]*(?=[-+]?${escaped(options.blockEnd)})`,
    'g',
  )
  pattern.lastIndex = from
  const match = pattern.exec(text)
  if (match === null) return undefined
  const end = blockEnd(text, options)(match.index + match[0].length)?.end
  return end === undefined ? undefined : { start: match.index, sign: match[1] ?? '', end }
}

/** Where to read on after a tag that can't be read: behind its end if that comes before the next tag, else on the next line. */
function recovery(
  text: string,
  inside: number,
  from: number,
  options: SyntaxOptions,
  isVariable: boolean,
): number {
  const delimiter = isVariable ? options.variableEnd : options.blockEnd
  // The fault may be the last character of the end: of `(%}` the brace closes nothing.
  const end = text.indexOf(delimiter, Math.max(inside, from - delimiter.length + 1))
  const next = Math.min(
    ...[options.blockStart, options.variableStart].map((start) => {
      const at = text.indexOf(start, from + 1)
      return at === -1 ? text.length : at
    }),
  )
  if (end !== -1 && end <= next) return end + delimiter.length
  const newline = text.indexOf('\n', from)
  return Math.min(next, newline === -1 ? text.length : newline)
}
