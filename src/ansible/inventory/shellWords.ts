/** A word as a POSIX shell would see it, and where it stood in the line. */
export interface ShellWord {
  readonly text: string
  readonly start: number
  readonly end: number
}

/**
 * Python's `shlex.split(line, comments=True)`, with which Ansible cuts the host lines of INI inventories. A `#` starts
 * a comment inside a word, too. A text says what is wrong.
 */
export function shellWords(line: string): readonly ShellWord[] | string {
  const words: ShellWord[] = []
  let at = 0
  while (at < line.length) {
    const character = line[at] ?? ''
    if (character === '#') break
    if (/[ \t\r\n]/.test(character)) {
      at += 1
      continue
    }
    const word = readWord(line, at)
    if (typeof word === 'string') return word
    // An unquoted nothing, as between two spaces, is no word; '' is one.
    if (word.text !== '' || word.quoted) words.push({ text: word.text, start: at, end: word.end })
    at = word.end
  }
  return words
}

function readWord(
  line: string,
  start: number,
): { readonly text: string; readonly end: number; readonly quoted: boolean } | string {
  let text = ''
  let quoted = false
  let at = start
  while (at < line.length) {
    const character = line[at] ?? ''
    if (/[ \t\r\n#]/.test(character)) break
    if (character === '\\') {
      if (at + 1 >= line.length) return 'a backslash ends the line'
      text += line[at + 1]
      at += 2
      continue
    }
    if (character !== '"' && character !== "'") {
      text += character
      at += 1
      continue
    }
    const inside = readQuoted(line, at, character)
    if (inside === undefined) return 'a quote is not closed'
    text += inside.text
    at = inside.end
    quoted = true
  }
  return { text, end: at, quoted }
}

function readQuoted(line: string, start: number, quote: string): { text: string; end: number } | undefined {
  let text = ''
  for (let at = start + 1; at < line.length; at += 1) {
    const character = line[at] ?? ''
    if (character === quote) return { text, end: at + 1 }
    if (character === '\\' && quote === '"') {
      const next = line[at + 1]
      if (next === undefined) return undefined
      text += next === '"' || next === '\\' ? next : `\\${next}`
      at += 1
    } else text += character
  }
  return undefined
}
