import { managerVariables } from '../../facts/systemd.ts'
import { cut, runEnd, SourcedBuilder, trim } from '../../syntax/sourced.ts'
import { nextWord, skipSpace, unitWords } from '../../syntax/unitWords.ts'
import type { Atoms } from '../atoms.ts'
import { type Letters, madeLetters, unknownIn, type Written, withAtom } from './letters.ts'
import { type EnvironmentPart, lastPart } from './process.ts'
import { expandSpecifiers, type UnitName } from './specifiers.ts'

/** A command line of `ExecStart=`. */
export interface ExecCommand {
  /** The program first; with `@` what it is told to be called is in `calledAs`. */
  readonly words: readonly Letters[]
  readonly calledAs: Letters | undefined
  /** `:`: no `$VARIABLE` is expanded. */
  readonly isLiteral: boolean
}

/** `config_parse_exec` of systemd. A line that it refuses gives what came before it. */
export const execCommands = (value: Letters, unit: UnitName, atoms: Atoms): readonly ExecCommand[] =>
  execLine(value, unit, atoms).commands

/** The same, and for what of it systemd refuses a line. */
export function execLine(
  value: Letters,
  unit: UnitName,
  atoms: Atoms,
): { readonly commands: readonly ExecCommand[]; readonly refused?: string } {
  const commands: ExecCommand[] = []
  let at: number | undefined = 0
  while (at !== undefined) {
    const first = nextWord(value, at, 'relaxed')
    if (first === undefined) break
    if (first === 'invalid') return { commands, refused: QUOTES }
    const prefix = /^(?:[-@:+!])*/.exec(first.word.text)?.[0] ?? ''
    const program = expandSpecifiers(cut(first.word, prefix.length), unit, atoms)
    if (program === undefined) return { commands, refused: SPECIFIER }
    if (program.text === '' || program.text.endsWith('/') || isRelative(program))
      return { commands, refused: /\s/.test(program.text) ? BLANKS : 'the path of its program' }
    const read = restOfCommand(value, first.next, unit, atoms)
    if (typeof read === 'string') return { commands, refused: read }
    const [calledAs, ...others] = read.words
    const words = prefix.includes('@') ? [program, ...others] : [program, ...read.words]
    if (prefix.includes('@') && calledAs === undefined)
      return { commands, refused: 'the name that @ wants behind its program' }
    commands.push({
      words,
      calledAs: prefix.includes('@') ? calledAs : undefined,
      isLiteral: prefix.includes(':'),
    })
    at = read.next
  }
  return { commands }
}

const QUOTES = 'its quotes'
const SPECIFIER = 'a % that it does not know'
const BLANKS =
  'the blanks in the name of its program: what is to be more than one word stands in one pair of quotes'

/** A program is a whole path or a name without a slash. What stands behind `|` is for a shell, from systemd 258 on. */
const isRelative = (program: Letters): boolean =>
  /^[^/|].*\//s.test(program.text) && unknownIn(program) === undefined

const SEPARATOR = /\\?;(?=[ \t\n\r]|$)/y

/** Up to a `;` that stands alone; `\;` is an argument. A text: why systemd refuses the command. */
function restOfCommand(
  value: Letters,
  start: number,
  unit: UnitName,
  atoms: Atoms,
): { readonly words: readonly Letters[]; readonly next: number | undefined } | string {
  const words: Letters[] = []
  let at = start
  while (at < value.text.length) {
    SEPARATOR.lastIndex = at
    const [separator] = SEPARATOR.exec(value.text) ?? []
    if (separator !== undefined) {
      const end = at + separator.length
      at = skipSpace(value.text, end)
      if (separator === ';') return { words, next: at }
      words.push(cut(value, end - 1, end))
      continue
    }
    const read = nextWord(value, at, 'relaxed')
    if (read === undefined) break
    if (read === 'invalid') return QUOTES
    const resolved = expandSpecifiers(read.word, unit, atoms)
    if (resolved === undefined) return SPECIFIER
    words.push(resolved)
    at = read.next
  }
  return { words, next: undefined }
}

/** `replace_env_argv` of systemd: `$NAME` as a word of its own is split, `${NAME}` is not. */
export function expandVariables(
  words: readonly Letters[],
  environment: readonly EnvironmentPart[],
  atoms: Atoms,
): readonly Letters[] {
  return words.flatMap((word) => {
    if (/^\$(?![{$])/.test(word.text)) {
      const value = variable(cut(word, 1), word, environment, atoms)
      return value === undefined ? [] : unitWords(trim(value), 'loose').words
    }
    return [expandBraces(word, environment, atoms)]
  })
}

function expandBraces(word: Letters, environment: readonly EnvironmentPart[], atoms: Atoms): Letters {
  if (!word.text.includes('$')) return word
  const built = new SourcedBuilder<Written>()
  for (let at = 0; at < word.text.length; ) {
    const next = runEnd(word.text, at, NO_DOLLAR)
    built.append(word, at, next)
    at = next
    if (word.text.startsWith('$$', at)) {
      built.append(word, at, at + 1)
      at += 2
      continue
    }
    const [whole, name] = /^\$\{([^}:]*)\}/.exec(word.text.slice(at)) ?? []
    if (whole === undefined || name === undefined) {
      built.append(word, at, at + 1)
      at += 1
      continue
    }
    const value = variable(cut(word, at + 2, at + 2 + name.length), word, environment, atoms)
    if (value !== undefined) built.append(value)
    at += whole.length
  }
  return built.done()
}

const NO_DOLLAR = /[^$]+/y

function variable(
  name: Letters,
  word: Letters,
  environment: readonly EnvironmentPart[],
  atoms: Atoms,
): Letters | undefined {
  const { known, maybe } = lastPart(environment, name.text)
  if (known !== undefined) return known.value
  const origin = word.originAt(0)
  const why =
    unknownIn(name)?.what ??
    maybe?.why ??
    (managerVariables.has(name.text) ? `${name.text} of the service manager` : undefined)
  if (why === undefined || origin === undefined) return undefined
  const atom = atoms.root(`variable of ${why}`, { kind: 'unknown', what: why })
  return madeLetters(atoms.mark(atom), withAtom(origin, atom))
}
