/** A word as a POSIX shell would see it, and where it stood in the line. */
export interface ShellWord {
  readonly text: string
  readonly start: number
  readonly end: number
  /** The parts of the line that make the text: quotes and what escapes others are left out. */
  readonly parts: readonly { readonly start: number; readonly end: number }[]
}

/**
 * Python's `shlex.split(line, comments=True)`, with which Ansible cuts the host lines of INI inventories. A `#` starts
 * a comment inside a word, too; not for `command`, which is read without comments. A text says what is wrong.
 */
export function shellWords(line: string, { comments = true } = {}): readonly ShellWord[] | string {
  const words: ShellWord[] = []
  const isEnd = comments ? /[ \t\r\n#]/ : /[ \t\r\n]/
  let at = 0
  while (at < line.length) {
    const character = line[at] ?? ''
    if (comments && character === '#') break
    if (/[ \t\r\n]/.test(character)) {
      at += 1
      continue
    }
    const word = readWord(line, at, isEnd)
    if (typeof word === 'string') return word
    const text = word.parts.map(({ start, end }) => line.slice(start, end)).join('')
    // An unquoted nothing, as between two spaces, is no word; '' is one.
    if (text !== '' || word.quoted) words.push({ text, start: at, end: word.end, parts: word.parts })
    at = word.end
  }
  return words
}

interface Read {
  readonly parts: { start: number; end: number }[]
  readonly end: number
}

function readWord(
  line: string,
  start: number,
  isEnd: RegExp,
): (Read & { readonly quoted: boolean }) | string {
  const parts: Read['parts'] = []
  let quoted = false
  let at = start
  while (at < line.length) {
    const character = line[at] ?? ''
    if (isEnd.test(character)) break
    if (character === '\\') {
      if (at + 1 >= line.length) return 'a backslash ends the line'
      parts.push({ start: at + 1, end: at + 2 })
      at += 2
      continue
    }
    if (character !== '"' && character !== "'") {
      parts.push({ start: at, end: at + 1 })
      at += 1
      continue
    }
    const inside = readQuoted(line, at, character)
    if (inside === undefined) return 'a quote is not closed'
    parts.push(...inside.parts)
    at = inside.end
    quoted = true
  }
  return { parts: joined(parts), end: at, quoted }
}

function readQuoted(line: string, start: number, quote: string): Read | undefined {
  const parts: Read['parts'] = []
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line[at] ?? ''
    if (character === quote) return { parts, end: at + 1 }
    if (character === '\\' && quote === '"') {
      const next = line[at + 1]
      if (next === undefined) return undefined
      // The backslash stays before what it does not escape.
      parts.push({ start: next === '"' || next === '\\' ? at + 1 : at, end: at + 2 })
      at += 1
    } else parts.push({ start: at, end: at + 1 })
  }
  return undefined
}

function joined(parts: Read['parts']): Read['parts'] {
  const whole: Read['parts'] = []
  for (const part of parts) {
    const last = whole.at(-1)
    if (last?.end === part.start) last.end = part.end
    else whole.push({ ...part })
  }
  return whole
}
