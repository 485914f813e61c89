import type { UnknownNote } from '../flow/unknown.ts'
import type { Finding, Severity } from '../lint/finding.ts'
import { HIDDEN, MAX_LINE } from '../lint/mask.ts'
import { placeOf, printable, type Report } from './report.ts'
import { type Paint, painter } from './style.ts'

export interface TextOptions {
  readonly color: boolean
  /** One line for each finding, no summary. */
  readonly quiet: boolean
  readonly showUnknown: boolean
}

/** For people: each finding with its line, the way that leads there and the cure; the summary is the last line. */
export function textReport(report: Report, { color, quiet, showUnknown }: TextOptions): string {
  const paint = painter(color)
  const blocks = report.findings.map((finding) =>
    quiet ? `${headLine(report, finding, paint)}\n` : `${findingBlock(report, finding, paint)}\n`,
  )
  if (showUnknown && report.unknowns.length > 0) blocks.push(unknownBlock(report, paint))
  if (!quiet && !showUnknown) blocks.push(...bringing(report, paint))
  if (!quiet) blocks.push(`${summary(report, showUnknown, paint)}\n`)
  return blocks.join('')
}

function headLine(report: Report, { at, severity, message, rule }: Finding, paint: Paint): string {
  return `${paint('bold', location(report, at))}  ${paint(colorOf(severity), severity)}  ${printable(message)} ${paint('dim', `[${rule}]`)}`
}

function findingBlock(report: Report, finding: Finding, paint: Paint): string {
  const { hops = [], scenario, cure } = finding
  return [
    headLine(report, finding, paint),
    ...sourceFrame(report, finding, paint),
    ...hops.map(({ at, what }) => `    ${paint('dim', location(report, at))}  ${printable(what)}`),
    ...(scenario === undefined ? [] : [`  when: ${printable(scenario)}`]),
    `  cure: ${printable(cure)}`,
    '',
  ].join('\n')
}

function location(report: Report, at: Finding['at']): string {
  const { path, from } = placeOf(report, at)
  return `${printable(path)}:${from.line}:${from.column}`
}

function colorOf(severity: Severity): 'red' | 'yellow' | 'dim' {
  return severity === 'error' ? 'red' : severity === 'warning' ? 'yellow' : 'dim'
}

const WIDTH = 110

/** The line of a finding with carets below. Secrets are blanked first, so that the carets stand below the blanks. */
function sourceFrame(report: Report, finding: Finding, paint: Paint): readonly string[] {
  const { at } = finding
  const lines = report.lines.of(at.path)
  const { from, to } = placeOf(report, at)
  const line = lines.line(from.line)
  if (line.trim() === '' || line.length > MAX_LINE) return []
  const end = to.line === from.line ? Math.max(to.column - 1, from.column) : line.length
  let text = ''
  let caretStart: number | undefined
  let caretEnd = 0
  let last = 0
  const add = (piece: string, start: number, stop: number): void => {
    // Where in `piece` an offset of the line lands: blanks count as a whole.
    const isBlank = piece === HIDDEN
    if (start < end && stop > from.column - 1) {
      const first = isBlank ? 0 : Math.max(0, from.column - 1 - start)
      const behind = isBlank ? piece.length : Math.min(piece.length, end - start)
      caretStart ??= text.length + first
      caretEnd = text.length + behind
    }
    text += piece
  }
  for (const [start, stop] of report.mask.ranges(line, lines.start(from.line), finding)) {
    add(line.slice(last, start), last, start)
    add(HIDDEN, start, stop)
    last = stop
  }
  add(line.slice(last), last, line.length)
  const first = Math.min(caretStart ?? text.length, text.length)
  const cut = text.length <= WIDTH ? 0 : Math.max(0, Math.min(first - 30, text.length - WIDTH))
  const window = text.slice(cut, cut + WIDTH)
  const head = cut > 0 ? '…' : ''
  const shown = head + tame(window) + (cut + WIDTH < text.length ? '…' : '')
  const before = head + tame(text.slice(cut, first))
  const length = Math.max(1, Math.min(caretEnd, cut + WIDTH) - first)
  const number = String(from.line)
  const gutter = paint('dim', `  ${number} |`)
  const empty = paint('dim', `  ${' '.repeat(number.length)} |`)
  return [
    `${gutter} ${shown}`,
    `${empty} ${' '.repeat(before.length)}${paint(colorOf(finding.severity), '^'.repeat(length))}`,
  ]
}

/** One column for each code unit, and nothing that steers the terminal. */
function tame(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => (character === '\t' ? ' ' : '\ufffd'),
  )
}

function unknownBlock(report: Report, paint: Paint): string {
  const rows = report.unknowns.map((note) => `  ${noteLine(report, note, paint)}`)
  return `Could not be followed:\n${rows.join('')}\n`
}

/** Of what brings K3s one line each, however often it is asked for. */
function bringing(report: Report, paint: Paint): readonly string[] {
  const notes = report.unknowns.filter(({ isTold }) => isTold === true)
  const first = new Map(notes.toReversed().map((note) => [note.what, note]))
  return notes.filter((note) => first.get(note.what) === note).map((note) => noteLine(report, note, paint))
}

function noteLine(report: Report, { at, what, cure }: UnknownNote, paint: Paint): string {
  const words = cure === undefined ? what : `${what}; ${cure}`
  return `${paint('dim', location(report, at))}  ${printable(words)}\n`
}

function summary({ findings, files, unknowns }: Report, showUnknown: boolean, paint: Paint): string {
  const counts = (['error', 'warning', 'notice'] as const).flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length
    return count === 0 ? [] : [paint(colorOf(severity), counted(count, severity))]
  })
  const places = new Set(findings.map(({ at }) => at.path)).size
  const found =
    findings.length === 0
      ? `nothing found in ${counted(files, 'file')}`
      : `${counts.join(', ')} in ${counted(places, 'file')}`
  const unseen =
    unknowns.length === 0 || showUnknown
      ? ''
      : `; ${counted(unknowns.length, 'place')} could not be followed (--show-unknown)`
  return found + unseen
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}
