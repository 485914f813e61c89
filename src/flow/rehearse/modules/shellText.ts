import { behindWrappers } from '../../../syntax/shell/index.ts'
import type { ShellStep } from '../../arrival/index.ts'
import { normalised } from '../call.ts'

/** What can be seen of the words of a step, and of the node. */
export interface ShellView {
  /** A word with its known atoms written out. */
  text(word: string): string
  /** A file as it is then, marked; `undefined` where that is not known. */
  content(path: string): string | undefined
}

/**
 * What a program prints, where its words say it: `echo`, `printf`, `cat` and `tee` of files, a here-document or what comes
 * through a pipe. `undefined`: that is not known.
 */
export function printedBy(step: ShellStep, view: ShellView): string | undefined {
  const { words, start } = programOf(step.words, view)
  const [program, ...args] = step.words.slice(start)
  const options = words.slice(1)
  switch (program === undefined ? '' : words[0]) {
    case 'echo':
      return echoed(args, options)
    case 'printf':
      return formatted(args)
    case 'cat':
      return options.length === 0 ? inputOf(step, view) : catenated(step, options, view)
    case 'tee':
      return inputOf(step, view)
  }
  return undefined
}

/** The files that `tee` writes, as they stand in the step. */
export function teed(
  step: ShellStep,
  view: ShellView,
): { readonly paths: readonly string[]; readonly isAppended: boolean } {
  const { words, start } = programOf(step.words, view)
  if (words[0] !== 'tee') return { paths: [], isAppended: false }
  return {
    paths: step.words.slice(start + 1).filter((_, index) => words[index + 1]?.startsWith('-') === false),
    isAppended: words.slice(1).some((word) => /^-\w*a\w*$|^--append$/.test(word)),
  }
}

/** The pipe that ends with a step, as a shell has it. */
export function pipeOf({ words, reads, input }: ShellStep, view: ShellView): string {
  const own = [
    ...words.map((word) => view.text(word)),
    ...(reads === undefined ? [] : [`<${view.text(reads)}`]),
  ]
  return `${input === undefined ? '' : `${pipeOf(input, view)} | `}${own.join(' ')}`
}

function catenated(step: ShellStep, paths: readonly string[], view: ShellView): string | undefined {
  let whole = ''
  for (const path of paths) {
    const part = path === '-' ? inputOf(step, view) : view.content(normalised(path))
    if (part === undefined) return undefined
    whole += part
  }
  return whole
}

function inputOf({ document, input }: ShellStep, view: ShellView): string | undefined {
  return document ?? (input === undefined ? undefined : printedBy(input, view))
}

/** The program behind `sudo` and its like, its name without a directory. */
function programOf(
  marked: readonly string[],
  view: ShellView,
): { readonly words: readonly string[]; readonly start: number } {
  const words = marked.map((word) => view.text(word))
  const start = behindWrappers(words)
  const [program = '', ...rest] = words.slice(start)
  return { words: [program.slice(program.lastIndexOf('/') + 1), ...rest], start }
}

function echoed(marked: readonly string[], words: readonly string[]): string | undefined {
  const from = words.findIndex((word) => !/^-[neE]+$/.test(word))
  const options = words.slice(0, from === -1 ? undefined : from).join('')
  const said = marked.slice(from === -1 ? words.length : from).join(' ')
  // Shells agree neither on -e nor on escapes.
  if (said.includes('\\') || /[eE]/.test(options)) return undefined
  return options.includes('n') ? said : `${said}\n`
}

/** `printf` with texts only; the format is used again for the arguments that are left. */
function formatted([format = '', ...args]: readonly string[]): string | undefined {
  const pattern = escaped(format)
  const places = [...(pattern ?? '').matchAll(/%(.?)/gs)].map(([, letter]) => letter)
  if (pattern === undefined || places.some((letter) => letter !== 's' && letter !== '%')) return undefined
  const count = places.filter((letter) => letter === 's').length
  const times = count === 0 ? 1 : Math.max(1, Math.ceil(args.length / count))
  let next = 0
  return pattern
    .repeat(times)
    .replace(/%([s%])/g, (_, letter) => (letter === '%' ? '%' : (args[next++] ?? '')))
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: '\n',
  t: '\t',
  '\\': '\\',
  r: '\r',
  "'": "'",
  '"': '"',
}

function escaped(text: string): string | undefined {
  let isKnown = true
  const plain = text.replace(/\\([\s\S]?)/g, (_, letter: string) => {
    isKnown &&= letter in ESCAPES
    return ESCAPES[letter] ?? ''
  })
  return isKnown ? plain : undefined
}
