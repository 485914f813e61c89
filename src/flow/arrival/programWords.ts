import { shellWords } from '../../ansible/inventory/shellWords.ts'
import { cut, join } from '../../syntax/sourced.ts'
import type { Atoms } from '../atoms.ts'
import type { Letters } from './letters.ts'
import { surroundings, unknownLetters } from './shellValues.ts'

/**
 * The words of a text that `command` runs without a shell: as Python's `shlex` cuts it, so that `|`, `;` or `>` is a word
 * like any other. None where a quote is left open.
 */
export function programWords(text: Letters): readonly Letters[] {
  const words = shellWords(text.text, { comments: false })
  if (typeof words === 'string') return []
  return words.map(({ parts }) => join(parts.map(({ start, end }) => cut(text, start, end))))
}

/** A word with its variables as Python's `os.path.expandvars` puts them in, quoted or not; one that nobody sets stays. */
export function expandedWord(
  word: Letters,
  variable: (name: string) => Letters | undefined,
  atoms: Atoms,
): Letters {
  if (!word.text.includes('$')) return word
  const parts: Letters[] = []
  let last = 0
  for (const { 0: whole, 1: bare, 2: braced, index } of word.text.matchAll(VARIABLE)) {
    const name = bare ?? braced ?? ''
    const value =
      variable(name) ??
      (/^[A-Z]/.test(name) && surroundings.test(name)
        ? unknownLetters({ text: word, atoms }, index, `$${name} of the shell`)
        : undefined)
    if (value === undefined) continue
    parts.push(cut(word, last, index), value)
    last = index + whole.length
  }
  return join([...parts, cut(word, last)])
}

const VARIABLE = /\$(?:(\w+)|\{([^}]*)\})/g
