import { marksOf, paint, type Screen, wrap } from './screen.ts'

/** A question that is answered by typing: one line, or several that are collected. */
export interface Entry {
  readonly message: string
  /** Shown under the question until it is answered. */
  readonly explanation: string
  /** What Enter on an empty line answers. */
  readonly preset?: string | undefined
  /** What an empty answer means, where there is no preset: `the first server`. */
  readonly blank?: string | undefined
  /** Whether each line is one entry and an empty line ends the list. */
  readonly many?: boolean
  /** What is wrong with a line, given the entries before it; asked on every key. `undefined`: nothing. */
  readonly problem: (line: string, entries: readonly string[]) => string | undefined
  /** The entries that a question with `many` starts with. */
  readonly initial?: readonly string[]
  /** What is worth knowing of an answer that may be given all the same. `line` is what Enter would submit. */
  readonly note?: (entries: readonly string[], line: string) => string | undefined
}

export interface EntryState {
  readonly line: string
  /** The finished lines of a question with `many`. */
  readonly entries: readonly string[]
  readonly stage: 'asking' | 'done'
  /** Whether Enter was pressed on a line that has a problem, and nothing was typed since. */
  readonly refused: boolean
}

/** The more entries there are, the fewer are worth the lines that they take. */
const SHOWN_ENTRIES = 12

/** What the prompt shows: the lines up to the cursor's, and those under it. Pure, so that tests can look at it. */
export function entryView(entry: Entry, state: EntryState, screen: Screen): [content: string, below: string] {
  const marks = marksOf(screen)
  if (state.stage === 'done') {
    const given = entry.many ? shortList(state.entries, screen) : state.line
    const answer = given === '' ? paint(screen, 'dim', entry.blank ?? 'none') : paint(screen, 'cyan', given)
    return [`${paint(screen, 'green', marks.done)} ${paint(screen, 'bold', entry.message)} ${answer}`, '']
  }
  const shown = state.entries.slice(-SHOWN_ENTRIES)
  const hidden = state.entries.length - shown.length
  const lines = [
    `${paint(screen, 'cyan', '?')} ${paint(screen, 'bold', entry.message)}`,
    paint(screen, 'dim', wrap(entry.explanation, screen.width - 1, '  ')),
    ...(hidden > 0 ? [paint(screen, 'dim', `  ${marks.dots} ${hidden} above`)] : []),
    ...shown.map((name) => `  ${paint(screen, 'green', marks.done)} ${name}`),
  ]
  const offered = state.line === '' && state.entries.length === 0 ? entry.preset || entry.blank : undefined
  const preset = offered === undefined ? '' : `${paint(screen, 'dim', `(${offered})`)} `
  return [
    [...lines, `${paint(screen, 'cyan', marks.pointer)} ${preset}${state.line}`].join('\n'),
    remark(entry, state, screen),
  ]
}

/** While the line is being typed a problem is a quiet hint; after Enter it is the reason for the refusal. */
function remark(entry: Entry, state: EntryState, screen: Screen): string {
  const marks = marksOf(screen)
  const line = submitted(entry, state)
  const isTyped = state.line.trim() !== ''
  const problem = isTyped || state.refused ? entry.problem(line, state.entries) : undefined
  const text = problem ?? entry.note?.(state.entries, line)
  if (text === undefined) return ''
  const mark = state.refused && problem !== undefined ? marks.wrong : marks.note
  const shown = text
    .split('\n')
    .map((paragraph) => `${mark} ${wrap(paragraph, screen.width - 3).replaceAll('\n', '\n  ')}`)
    .join('\n')
  return paint(screen, state.refused && problem !== undefined ? 'red' : 'dim', shown)
}

/** What Enter would submit. */
export function submitted(entry: Entry, { line, entries }: Pick<EntryState, 'line' | 'entries'>): string {
  const typed = line.trim()
  return typed === '' && entries.length === 0 ? (entry.preset ?? '') : typed
}

function shortList(entries: readonly string[], screen: Screen): string {
  const room = Math.max(16, screen.width - 30)
  let shown = ''
  for (const [index, name] of entries.entries()) {
    const next = shown === '' ? name : `${shown} ${name}`
    if (next.length > room && index > 0) return `${shown} and ${entries.length - index} more`
    shown = next
  }
  return shown
}
