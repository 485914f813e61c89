import { cut, join, type Offsets, offsetsFrom, SourcedBuilder, trim } from './sourced.ts'

/**
 * The grammar of systemd's unit files, as `config_parse` of systemd reads them, with offsets.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.syntax.html
 */
export interface UnitDirective {
  /** As between the brackets; empty where no section was opened, so that systemd ignores the line. */
  readonly section: string
  readonly key: string
  readonly keyStart: number
  /** Continuation lines joined, with a space for each backslash; comments between them left out. */
  readonly value: Offsets
  /** From the key to the end of the last line. */
  readonly start: number
  readonly end: number
}

export interface UnitSection {
  readonly name: string
  readonly start: number
  readonly end: number
}

export interface UnitText {
  readonly sections: readonly UnitSection[]
  readonly directives: readonly UnitDirective[]
  readonly faults: readonly { readonly start: number; readonly end: number; readonly message: string }[]
}

/** Never throws: what systemd would warn of and ignore is a fault. */
export function parseUnit(text: string): UnitText {
  const sections: UnitSection[] = []
  const directives: UnitDirective[] = []
  const faults: { start: number; end: number; message: string }[] = []
  for (const line of logicalLines(text)) {
    const whole = trim(line)
    const start = whole.originAt(0)?.at
    if (start === undefined) continue
    const end = (whole.originAt(whole.text.length - 1)?.at ?? start) + 1
    const fault = (message: string): number => faults.push({ start, end, message })
    if (whole.text.startsWith('[')) {
      if (whole.text.endsWith(']')) sections.push({ name: whole.text.slice(1, -1), start, end })
      else fault('the section header is not closed')
      continue
    }
    const equals = whole.text.indexOf('=')
    if (equals === -1) fault('a line without = is ignored')
    else if (equals === 0) fault('a line without a name before = is ignored')
    else {
      const section = sections.at(-1)?.name ?? ''
      if (section === '') fault('a line before the first section is ignored')
      const key = whole.text.slice(0, equals).replace(/[ \t]+$/, '')
      directives.push({ section, key, keyStart: start, value: trim(cut(whole, equals + 1)), start, end })
    }
  }
  return { sections, directives, faults }
}

/** Lines with their continuations: a backslash at the end becomes a space, a comment does not end the line. */
function logicalLines(text: string): readonly Offsets[] {
  const lines: Offsets[] = []
  let open: Offsets | undefined
  for (const { start, end } of physicalLines(text)) {
    const line = trim(offsetsFrom(text.slice(start, end), start), /^[ \t]+/g)
    if (/^[#;]/.test(line.text)) continue
    const whole: Offsets = open === undefined ? line : join([open, line])
    const continues = /(?:^|[^\\])(?:\\\\)*\\$/.test(whole.text)
    if (continues) {
      const last = whole.text.length - 1
      open = new SourcedBuilder<undefined>()
        .append(whole, 0, last)
        .append(whole, last, last + 1, ' ')
        .done()
    } else {
      lines.push(whole)
      open = undefined
    }
  }
  if (open !== undefined) lines.push(open)
  return lines
}

/** `\n`, `\r` and NUL end a line, one of each in a row end it together. */
function* physicalLines(text: string): Iterable<{ readonly start: number; readonly end: number }> {
  let start = text.startsWith('\ufeff') ? 1 : 0
  while (start < text.length) {
    let end = start
    while (end < text.length && !isBreak(text[end])) end += 1
    yield { start, end }
    const seen = new Set<string>()
    start = end
    for (let mark = text[start]; mark !== undefined && isBreak(mark) && !seen.has(mark); mark = text[start]) {
      seen.add(mark)
      start += 1
    }
  }
}

function isBreak(mark: string | undefined): boolean {
  return mark === '\n' || mark === '\r' || mark === '\0'
}
