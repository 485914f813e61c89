import { type Offsets, SourcedBuilder } from './sourced.ts'

/** An assignment in a file that `EnvironmentFile=` names. */
export interface EnvFileEntry {
  readonly key: string
  readonly value: Offsets
  /** From the key to the end of the value. */
  readonly start: number
  readonly end: number
}

export interface EnvFileText {
  readonly entries: readonly EnvFileEntry[]
  /** Lines without `=`. */
  readonly ignored: readonly { readonly start: number; readonly end: number }[]
}

const SPACE = /[ \t\n\r]/
const BREAK = /[\n\r]/
/** What a backslash takes its meaning from between double quotes. */
const ESCAPED = /["\\`$]/

type State =
  | 'before-key'
  | 'key'
  | 'before-value'
  | 'value'
  | 'escape'
  | 'single'
  | 'double'
  | 'double-escape'
  | 'comment'
  | 'comment-escape'

/**
 * The grammar of systemd's env files (`parse_env_file` of systemd 252), which is not the shell's: nothing is expanded, a
 * value goes on behind a closing quote, an open quote runs to the end of the file.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
 */
export function parseEnvFile(text: string): EnvFileText {
  const entries: EnvFileEntry[] = []
  const ignored: { start: number; end: number }[] = []
  let state: State = 'before-key'
  let key = ''
  let start = 0
  let value = new SourcedBuilder<undefined>()
  /** Length of the value up to its last character that is no white space. */
  let solid = 0
  const push = (end: number, length: number): void => {
    entries.push({ key: key.replace(/[ \t\n\r]+$/, ''), value: value.done(length), start, end })
    key = ''
    value = new SourcedBuilder()
    state = 'before-key'
  }
  const take = (mark: string, at: number): unknown => value.add(mark, { of: undefined, at })
  const add = (mark: string, at: number): void => {
    take(mark, at)
    solid = value.length
  }

  for (let at = 0; at < text.length && text[at] !== '\0'; at += 1) {
    const mark = text[at] ?? ''
    const isBreak = BREAK.test(mark)
    switch (state) {
      case 'before-key':
        if (/[#;]/.test(mark)) state = 'comment'
        else if (!SPACE.test(mark)) {
          state = 'key'
          key = mark
          start = at
        }
        break
      case 'key':
        if (isBreak) {
          ignored.push({ start, end: at })
          state = 'before-key'
          key = ''
        } else if (mark === '=') {
          state = 'before-value'
          solid = 0
        } else key += mark
        break
      case 'before-value':
        if (isBreak) push(at, value.length)
        else if (mark === "'") state = 'single'
        else if (mark === '"') state = 'double'
        else if (mark === '\\') state = 'escape'
        else if (!SPACE.test(mark)) {
          state = 'value'
          add(mark, at)
        }
        break
      case 'value':
        if (isBreak) push(at, solid)
        else if (mark === '\\') {
          state = 'escape'
          solid = value.length
        } else if (SPACE.test(mark)) take(mark, at)
        else add(mark, at)
        break
      case 'escape':
        state = 'value'
        if (!isBreak) add(mark, at)
        break
      case 'single':
        if (mark === "'") state = 'before-value'
        else add(mark, at)
        break
      case 'double':
        if (mark === '"') state = 'before-value'
        else if (mark === '\\') state = 'double-escape'
        else add(mark, at)
        break
      case 'double-escape':
        state = 'double'
        if (ESCAPED.test(mark)) add(mark, at)
        else if (mark !== '\n') {
          add('\\', at - 1)
          add(mark, at)
        }
        break
      case 'comment':
        if (mark === '\\') state = 'comment-escape'
        else if (isBreak) state = 'before-key'
        break
      case 'comment-escape':
        state = 'comment'
        break
    }
  }
  const atEnd: State = state
  if (atEnd === 'value') push(text.length, solid)
  else if (atEnd === 'key') ignored.push({ start, end: text.length })
  else if (!['before-key', 'comment', 'comment-escape'].includes(atEnd)) push(text.length, value.length)
  return { entries, ignored }
}
