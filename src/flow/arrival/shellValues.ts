import type { ShellPart, ShellWord } from '../../syntax/shell/index.ts'
import { cameFrom, cut, Sourced, SourcedBuilder } from '../../syntax/sourced.ts'
import type { Atoms } from '../atoms.ts'
import { withBlanks } from './blanks.ts'
import { type Letters, madeLetters, saysNothing, unknownIn, type Written, withAtom } from './letters.ts'

/** Variables that a shell has from its surroundings, with values that only the node knows. */
export const surroundings =
  /^(?:HOME|PATH|PWD|OLDPWD|USER|LOGNAME|SHELL|HOSTNAME|LANG|TERM|SUDO_.*|UID|EUID|IFS|[0-9@*#?$!-])$/

/** What words of a shell text mean where they stand. */
export interface ShellScope {
  readonly text: Letters
  readonly atoms: Atoms
  variable(name: string): Letters | undefined
  /** `"$@"`. */
  readonly positional: readonly Letters[] | undefined
  assign(name: string, value: Letters): void
  /** The content of a file of the node, where it is there and known. */
  content(path: string): Letters | undefined
}

/** The fields that a word becomes: none for an unquoted nothing, several where a value is split. */
export function fieldsOf(word: ShellWord, scope: ShellScope): readonly Letters[] {
  const fields: Letters[] = []
  let open = new SourcedBuilder<Written>()
  let isOpen = false
  const close = (): void => {
    if (isOpen || open.length > 0) fields.push(open.done())
    open = new SourcedBuilder()
    isOpen = false
  }
  for (const part of word.parts) {
    if (part.kind === 'variable' && part.name === '@' && scope.positional !== undefined) {
      fields.push(...scope.positional)
      continue
    }
    const value = valueOfPart(part, scope)
    if (part.isQuoted || part.kind === 'text') {
      open.append(value)
      isOpen ||= part.isQuoted || value.text !== ''
      continue
    }
    for (let at = 0; at < value.text.length; ) {
      const [space = ''] = /^[ \t\n]+/.exec(value.text.slice(at)) ?? []
      if (space !== '') close()
      at += space.length
      const [solid = ''] = /^[^ \t\n]+/.exec(value.text.slice(at)) ?? []
      open.append(value, at, at + solid.length)
      at += solid.length
    }
  }
  close()
  return fields
}

/** The value of a word where nothing is split: behind `=`. */
export function textOf(word: ShellWord, scope: ShellScope): Letters {
  const built = new SourcedBuilder<Written>()
  for (const part of word.parts) built.append(valueOfPart(part, scope))
  return built.done()
}

function valueOfPart(part: ShellPart, scope: ShellScope): Letters {
  if (part.kind === 'text') return telling(cameFrom(withBlanks(part.text), scope.text))
  if (part.kind === 'substitution') return substitution(part, scope)
  const value = scope.variable(part.name)
  const isSet = part.operator.startsWith(':') ? value !== undefined && value.text !== '' : value !== undefined
  const argument = (): Letters => (part.argument === undefined ? nothing : textOf(part.argument, scope))
  switch (part.operator.replace(':', '')) {
    case '':
    case '?':
      return value ?? unset(part, scope)
    case '-':
      return isSet && value !== undefined ? value : argument()
    case '=': {
      const given = isSet && value !== undefined ? value : argument()
      if (!isSet) scope.assign(part.name, given)
      return given
    }
    case '+':
      return isSet ? argument() : nothing
    default:
      return unknownLetters(scope, part.start, `a part of $${part.name}`)
  }
}

const nothing: Letters = new Sourced('', [])

/** Without what gives no setting either way: in the text it is a word all the same. */
function telling(letters: Letters): Letters {
  if (!letters.runs.some(({ of }) => saysNothing(of.atom))) return letters
  const built = new SourcedBuilder<Written>()
  for (const [index, { start, of }] of letters.runs.entries())
    if (!saysNothing(of.atom)) built.append(letters, start, start + letters.lengthOf(index))
  return built.done()
}

function unset({ name, start }: ShellPart & { kind: 'variable' }, scope: ShellScope): Letters {
  if (/^[1-9]$/.test(name) && scope.positional !== undefined) return nothing
  return surroundings.test(name) ? unknownLetters(scope, start, `$${name} of the shell`) : nothing
}

export function unknownLetters(
  scope: Pick<ShellScope, 'text' | 'atoms'>,
  start: number,
  what: string,
): Letters {
  const origin = scope.text.originAt(start)
  if (origin === undefined) return nothing
  const key = `shell ${origin.of.source.path} ${origin.at} ${what}`
  const atom = scope.atoms.root(key, { kind: 'unknown', what })
  return madeLetters(scope.atoms.mark(atom), withAtom(origin, atom))
}

/** `$(cat FILE)` and `$(< FILE)` give the file; anything else is the output of a command. */
function substitution(
  { start, end }: { readonly start: number; readonly end: number },
  scope: ShellScope,
): Letters {
  const inside = scope.text.text.slice(start, end).replace(/^(?:\$\(|`)|[)`]$/g, '')
  const [, path] =
    /^\s*(?:(?:sudo\s+)?cat\s+|<\s*)(["']?)(\/[^\s"'$`|;&<>]+|[\w.][\w./@+-]*)\1\s*$/
      .exec(inside)
      ?.slice(1) ?? []
  const content = path === undefined ? undefined : scope.content(path.startsWith('/') ? path : `./${path}`)
  if (content !== undefined) return cut(content, 0, content.text.replace(/\n+$/, '').length)
  return unknownLetters(scope, start, 'the output of a command')
}

/** Three-valued outcome of `[ … ]` and `test …`. */
export function testOutcome(
  words: readonly Letters[],
  exists: (path: string) => boolean | undefined,
): boolean | undefined {
  const [first, ...rest] = words.map(({ text }) => text)
  const given = first === '[' || first === '[[' ? rest.slice(0, -1) : rest
  const negated = given[0] === '!'
  const args = negated ? given.slice(1) : given
  if (words.some((word) => unknownIn(word) !== undefined)) return undefined
  const outcome = plainTest(args, exists)
  return outcome === undefined ? undefined : outcome !== negated
}

function plainTest(
  args: readonly string[],
  exists: (path: string) => boolean | undefined,
): boolean | undefined {
  const [a = '', b = '', c = ''] = args
  if (args.length === 1) return a !== ''
  if (args.length === 2 && a === '-n') return b !== ''
  if (args.length === 2 && a === '-z') return b === ''
  if (args.length === 2 && /^-[defrsx]$/.test(a)) return exists(b)
  if (args.length === 3 && (b === '=' || b === '==')) return a === c
  if (args.length === 3 && b === '!=') return a !== c
  return undefined
}
