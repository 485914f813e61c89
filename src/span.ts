/** A half-open range of one text: `start` and `end` are offsets in UTF-16 code units, `end` excluded. */
export interface Span {
  /** As the user named it, or relative to the project; never absolute below `commands`. */
  readonly path: string
  readonly start: number
  readonly end: number
}

export interface Position {
  /** From 1. */
  readonly line: number
  /** From 1, in UTF-16 code units. */
  readonly column: number
}

/** Where an offset stands in a text. An offset behind the end counts as the end. */
export function positionAt(text: string, offset: number): Position {
  const before = text.slice(0, Math.max(0, offset))
  const lastBreak = before.lastIndexOf('\n')
  let line = 1
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line += 1
  return { line, column: before.length - lastBreak }
}

/** `path:line:column`, the form that editors and terminals make clickable. */
export function formatLocation(span: Span, text: string): string {
  const { line, column } = positionAt(text, span.start)
  return `${span.path}:${line}:${column}`
}
