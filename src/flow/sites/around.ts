import type { FileKind } from './places.ts'

/** How far a place is looked around, in code units: a line may be as long as the file. */
export const REACH = 4096

export interface Piece {
  readonly text: string
  readonly start: number
}

/** The command that an offset is part of: continued lines of a script, the scalar of a YAML file with its key, a whole unit. */
export function commandAt(text: string, offset: number, kind: FileKind): Piece {
  if (kind === 'unit') {
    const from = Math.max(0, offset - REACH)
    return { text: text.slice(from, offset + REACH), start: from }
  }
  const lines = kind === 'yaml' || kind === 'ci'
  const begins = (line: string): boolean => /^\s*(?:- )?["']?[\w./-]+["']?:(?:\s|$)/.test(line)
  let start = lineStart(text, offset)
  while (start > 0 && offset - start < 4000) {
    const before = lineAt(text, start - 1)
    if (lines ? begins(lineAt(text, start)) || before.trim() === '' : !/\\\s*$/.test(before)) break
    start = lineStart(text, start - 1)
  }
  let end = lineEnd(text, offset)
  while (end < text.length && end - offset < 4000) {
    const after = lineAt(text, end + 1)
    if (
      lines
        ? begins(after) || /^\s*- /.test(after) || after.trim() === ''
        : !/\\\s*$/.test(text.slice(lineStart(text, end), end))
    )
      break
    end = lineEnd(text, end + 1)
  }
  return { text: text.slice(start, end), start }
}

/** The task around an offset, as far as blank lines say. */
export function paragraph(text: string, offset: number): string {
  const from = Math.max(0, offset - REACH)
  const around = text.slice(from, offset + REACH)
  const start = around.lastIndexOf('\n\n', offset - from)
  const end = around.indexOf('\n\n', offset - from)
  return around.slice(start === -1 ? 0 : start, end === -1 ? undefined : end)
}

export function lineStart(text: string, offset: number): number {
  const from = Math.max(0, offset - REACH)
  return from + text.slice(from, offset).lastIndexOf('\n') + 1
}

function lineEnd(text: string, offset: number): number {
  const end = text.slice(offset, offset + REACH).indexOf('\n')
  return end === -1 ? Math.min(text.length, offset + REACH) : offset + end
}

export function lineAt(text: string, offset: number): string {
  return text.slice(lineStart(text, offset), lineEnd(text, offset))
}

/** No file that somebody wrote has more; one that was made to hold millions must not take minutes. */
const MOST = 1000

export function* firstOf(matches: Iterable<RegExpExecArray>): Generator<RegExpExecArray> {
  let left = MOST
  for (const match of matches) {
    if (left === 0) return
    left -= 1
    yield match
  }
}

/** Same length, comments blank: of the file's own language and of Jinja. */
export function withoutComments(text: string, kind: FileKind): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ')
  const jinja = text.includes('{#') ? text.replace(/\{#[\s\S]*?#\}/g, blank) : text
  const lines = kind === 'unit' || kind === 'ini' ? /^[ \t]*[#;].*$/gm : /^[ \t]*#.*$/gm
  const whole = jinja.replace(lines, blank)
  if (kind === 'unit' || kind === 'env-file' || kind === 'ini' || !/\s#/.test(whole)) return whole
  return whole
    .split('\n')
    .map((line) => {
      const comment = commentStart(line)
      return comment === -1 ? line : line.slice(0, comment) + ' '.repeat(line.length - comment)
    })
    .join('\n')
}

/** Where a comment behind something begins: at a number sign behind white space that stands in no quotes. */
function commentStart(line: string): number {
  if (!/\s#/.test(line)) return -1
  let quote = ''
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? ''
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if ((character === '"' || character === "'") && !/\w/.test(line[at - 1] ?? '')) quote = character
    else if (character === '#' && /\s/.test(line[at - 1] ?? '')) return at
  }
  return -1
}

/** Same length, with blanks in place of these parts. */
export const withoutSpans = (
  text: string,
  spans: readonly { readonly start: number; readonly end: number }[],
): string =>
  spans.reduce(
    (whole, { start, end }) => `${whole.slice(0, start)}${' '.repeat(end - start)}${whole.slice(end)}`,
    text,
  )
