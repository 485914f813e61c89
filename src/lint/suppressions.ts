import { Lines } from './lines.ts'

/** One id of a comment that silences findings; a comment without ids silences every rule. */
export interface Suppression {
  readonly path: string
  /** Of the id, or of the directive where there is none. */
  readonly start: number
  readonly end: number
  /** `undefined`: every rule. */
  readonly rule: string | undefined
  /** The line that it is about, from 1; `undefined`: the whole file. */
  readonly line: number | undefined
  /** What stands behind `--`. */
  readonly reason: string | undefined
}

const WORD = 'k3seal-disable-'
const DIRECTIVE = /k3seal-disable-(next-line|line|file)(?![\w-])([^\n]*)/g

/** Texts in which `;` begins a comment. */
const SEMICOLON = /(?:\.(?:service|socket|timer|conf|ini|cfg|env)(?:\.j2)?|(?:^|\/)hosts)$/i

/**
 * The suppressions of a text: `# k3seal-disable-line id[, id] -- reason`, `-next-line` and `-file`, behind `;` in units and
 * INI files, and in `{# … #}`, where a comment may have several lines with one directive each.
 */
export function suppressionsIn(path: string, text: string): readonly Suppression[] {
  if (!text.includes(WORD)) return []
  const lines = new Lines(text)
  const hasTemplate = text.includes('{#')
  const found: Suppression[] = []
  for (const match of text.matchAll(DIRECTIVE)) {
    const [directive, kind, rest = ''] = match
    const comment = commentAround(path, text, match.index, hasTemplate)
    if (comment === undefined) continue
    const closed =
      comment.end === undefined
        ? rest.length
        : Math.min(rest.length, comment.end - match.index - (directive.length - rest.length))
    const body = rest.slice(0, closed).replace(/[-+]$/, '')
    const bodyStart = match.index + directive.length - rest.length
    const dashes = /(?:^|\s)--(?:\s|$)/.exec(body)
    const ids = dashes === null ? body : body.slice(0, dashes.index)
    const reason = dashes === null ? '' : body.slice(dashes.index + dashes[0].length).trim()
    const line = lineMeant(kind, lines, match.index, comment.end)
    const shared = { path, line, reason: reason === '' ? undefined : reason }
    const named = [...ids.matchAll(/[^\s,]+/g)]
    if (named.length === 0) found.push({ ...shared, rule: undefined, start: match.index, end: bodyStart })
    for (const { 0: rule, index } of named)
      found.push({ ...shared, rule, start: bodyStart + index, end: bodyStart + index + rule.length })
  }
  return found
}

/** The comment that an offset stands at the beginning of, or of one of whose lines; `end` is where its `#}` begins. */
function commentAround(
  path: string,
  text: string,
  offset: number,
  hasTemplate: boolean,
): { readonly end: number | undefined } | undefined {
  const before = text.slice(text.lastIndexOf('\n', offset - 1) + 1, offset)
  const open = hasTemplate ? text.lastIndexOf('{#', offset) : -1
  const isInTemplate = open !== -1 && text.lastIndexOf('#}', offset) < open
  if (isInTemplate) {
    const isFirst = /^[-+]?[\s#*]*$/.test(text.slice(open + 2, offset))
    if (!isFirst && !/^[\s#*;]*$/.test(before)) return undefined
    const end = text.indexOf('#}', offset)
    return { end: end === -1 ? undefined : end }
  }
  if (/(?:^|\s)#+\s*$/.test(before)) return { end: undefined }
  return SEMICOLON.test(path) && /(?:^|\s);+\s*$/.test(before) ? { end: undefined } : undefined
}

function lineMeant(
  kind: string | undefined,
  lines: Lines,
  offset: number,
  end: number | undefined,
): number | undefined {
  if (kind === 'file') return undefined
  const own = lines.position(offset).line
  if (kind === 'line') return own
  // Directives may be stacked, and a blank line holds nothing that they could be about.
  let next = (end === undefined ? own : lines.position(end).line) + 1
  while (next < lines.count && /^\s*(?:$|(?:#|;|\{#).*k3seal-disable-)/.test(lines.line(next))) next += 1
  return next
}
