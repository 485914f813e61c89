import { installer } from '../../facts/installer.ts'
import { behindWrappers, isBeforeProgram } from '../../syntax/shell/index.ts'
import { fileAt } from '../arrival/paths.ts'
import { isShell } from '../arrival/shellRun.ts'
import type { ShellStep } from '../arrival/shellSteps.ts'
import { type Atoms, type Hop, hasMark } from '../atoms.ts'
import type { PaperFiles, ServiceManager } from '../files.ts'
import type { InstallerCall } from '../installer.ts'
import { Unknown } from '../unknown.ts'

/**
 * Whether a file on the node is the install script: by its content where that is known or says where it is from, else by
 * its name.
 */
export function isInstaller(path: string, files: PaperFiles, atoms: Atoms): boolean {
  const content = fileAt(files, path)?.file.content
  if (typeof content === 'object' && installer.addresses.test(content.unknown)) return true
  if (typeof content === 'string') {
    if (isLookedUp(content, atoms)) return true
    const text = known(content, atoms)
    // One that is a variable as a whole says nothing.
    if (/[a-z]/i.test(withoutComments(text))) return isItsText(text)
  }
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/uninstall|killall/.test(name)) return false
  return installer.names.test(name) || (name === 'install.sh' && /k3s/i.test(path))
}

const withoutComments = (text: string): string => text.replace(/^[ \t]*#.*$/gm, '')

/** The install script is told by INSTALL_K3S_EXEC; one that sets it, or downloads the script, hands on to it. */
function isItsText(content: string): boolean {
  if (!/\bINSTALL_K3S_EXEC\b/.test(content)) return false
  const code = withoutComments(content)
  return !/\bINSTALL_K3S_EXEC=/.test(code) && !installer.addresses.test(code)
}

/**
 * The call, where a step runs the install script: `curl … https://get.k3s.io | sh -s - agent`, or a file of the node.
 * `files` tells a script that was saved under another name, where its unknown content names its address.
 */
export function installerCallOf(
  step: ShellStep,
  manager: ServiceManager,
  hop: Hop,
  atoms: Atoms,
  files: PaperFiles = new Map(),
): InstallerCall | undefined {
  const ran = ranScript(step, atoms)
  const isIt =
    'path' in ran
      ? isInstaller(ran.path, files, atoms)
      : isDownload(ran.input, files, atoms) || isToldAsInstaller(step, ran.input, atoms)
  return isIt ? { environment: environmentBehind(step, ran, atoms), args: ran.args, manager, hop } : undefined
}

/** The file that a step runs as a program or as a script, or that a shell gets through a pipe from `cat`. */
export function fileRunBy(
  step: ShellStep,
  atoms: Atoms,
): { readonly path: string; readonly args: readonly string[] } | undefined {
  const ran = ranScript(step, atoms)
  if ('path' in ran) return ran
  const [program, path] = ran.input?.words ?? []
  return program === 'cat' && path !== undefined ? { path: known(path, atoms), args: ran.args } : undefined
}

/** A variable with the token that only the program gets which brings the script: `K3S_TOKEN=… curl … | sh -`. */
export function tokenGoneAstray(
  { environment, input }: ShellStep,
  atoms: Atoms,
): { readonly name: string; readonly program: string } | undefined {
  const isGiven = (value: string | Unknown | undefined): boolean => value !== undefined && value !== ''
  const name = installer.tokens.find(
    (one) => isGiven(input?.environment.get(one)) && !isGiven(environment.get(one)),
  )
  if (input === undefined || name === undefined) return undefined
  const words = input.words.map((word) => known(word, atoms))
  return { name, program: words[behindWrappers(words)]?.split('/').at(-1) ?? '' }
}

/** Whether the install script goes into a pipe behind which only variables stand, or `sudo` with such. */
export function isPipedIntoNothing(steps: readonly ShellStep[], files: PaperFiles, atoms: Atoms): boolean {
  const read = new Set(
    steps
      .filter(({ words, lacksWord }) => lacksWord || behindWrappers(words) < words.length)
      .map(({ input }) => input),
  )
  return steps.some((step) => step.isPiped && !read.has(step) && isDownload(step, files, atoms))
}

/** What a step runs, as far as it may be a script: a file, or what a shell gets through a pipe. */
type Ran = {
  readonly args: readonly string[]
  /** A word in front of the shell that nobody knows: it may set variables. */
  readonly unknown?: string
} & ({ readonly path: string } | { readonly input: ShellStep | undefined })

function ranScript(step: ShellStep, atoms: Atoms): Ran {
  const { input, words } = step
  const texts = words.map((word) => known(word, atoms))
  const start = behindWrappers(texts)
  const [program = '', ...args] = words.slice(start)
  // What follows a script stands on its next line.
  if (isLookedUp(program, atoms)) return { input: step, args: [] }
  const text = texts[start] ?? ''
  if (isShell(text)) return shellRan(args, input, atoms)
  if (input !== undefined) {
    // Of two shells one: the word that says which is left out.
    if ((text === '' && step.lacksWord) || text.startsWith('-'))
      return shellRan(['-s', ...words.slice(start)], input, atoms)
    if (hasMark(text)) {
      const shell = texts.findIndex((word, index) => index > start && isShell(word))
      const isBetween = (word: string): boolean => isBeforeProgram(word) || hasMark(word)
      return shell !== -1 && texts.slice(start, shell).every(isBetween)
        ? { ...shellRan(words.slice(shell + 1), input, atoms), unknown: program }
        : shellRan(args, input, atoms)
    }
  }
  return { path: text, args }
}

/** Of the words behind a shell. */
function shellRan(args: readonly string[], input: ShellStep | undefined, atoms: Atoms): Ran {
  let at = 0
  let readsInput = args.length === 0
  for (; at < args.length; at += 1) {
    const word = known(args[at] ?? '', atoms)
    if (/^-[a-z]*c/.test(word)) return { input: undefined, args: [] }
    if (/^-[a-z]*s/.test(word)) readsInput = true
    if (word === '-' || word === '--') {
      readsInput ||= at === args.length - 1
      at += 1
      break
    }
    if (!/^[-+]/.test(word)) {
      // A word that is not known may be `-s` with all that follows it.
      readsInput ||= input !== undefined && atoms.whole(word) !== undefined
      break
    }
  }
  if (readsInput || at >= args.length) return { input, args: args.slice(at) }
  return { path: known(args[at] ?? '', atoms), args: args.slice(at + 1) }
}

/**
 * What the script gets: behind a word that is not known, and is no `sudo` by its name, a token and a URL, too, perhaps. So it
 * does behind a file that is sourced and not known; but where nothing says that it makes an agent, that file is no reason to
 * take it for one.
 */
function environmentBehind(
  { environment, opening }: ShellStep,
  { unknown, args }: Ran,
  atoms: Atoms,
): ShellStep['environment'] {
  const what = unknown === undefined ? undefined : atoms.in(unknown)[0]?.what
  if (what === undefined || /sudo|become/i.test(what)) {
    if (opening === undefined) return environment
    const open = new Unknown(opening.why, 'the shell sources it')
    const told = environment.get('INSTALL_K3S_EXEC')
    const command = known((typeof told === 'string' && told) || (args[0] ?? ''), atoms)
    return new Map([
      ['K3S_TOKEN', open],
      ...(/^\s*["']?\w/.test(command) ? [['K3S_URL', open] as const] : []),
      ...environment,
    ])
  }
  const open = new Unknown(what, 'it stands in front of the shell that runs the install script')
  return new Map([['K3S_TOKEN', open], ['K3S_URL', open], ...environment])
}

function isDownload(input: ShellStep | undefined, files: PaperFiles, atoms: Atoms): boolean {
  return (input?.words ?? []).some((word) => {
    if (isLookedUp(word, atoms)) return true
    const text = known(word, atoms)
    return installer.addresses.test(text) || (text.startsWith('/') && isInstaller(text, files, atoms))
  })
}

/**
 * Whether what a shell downloads is told what only the install script asks for, wherever it is from: in front of the shell, or
 * for all of the task where nobody knows the address.
 */
function isToldAsInstaller({ environment }: ShellStep, input: ShellStep | undefined, atoms: Atoms): boolean {
  const words = (input?.words ?? []).map((word) => known(word, atoms))
  if (input === undefined || !DOWNLOADS.test(words[behindWrappers(words)] ?? '')) return false
  if (words.some((word) => installer.ofHelper.addresses.test(word))) return false
  const isOpen = input.words.some((word) => atoms.plain(word) === undefined)
  return [...environment.keys()].some((name) =>
    input.environment.has(name) ? isOpen && installer.own.test(name) : installer.told.test(name),
  )
}

const DOWNLOADS = /^(?:\S*\/)?(?:curl|wget)$/

/** Whether a text is the script as the control node gets it: `lookup('url', 'https://get.k3s.io', split_lines=False)`. */
function isLookedUp(marked: string, atoms: Atoms): boolean {
  return atoms
    .in(marked)
    .some(
      ({ root }) => /^lookup\('(?:url|pipe)', .*'\)$/.test(root.what) && installer.addresses.test(root.what),
    )
}

/** What is known of a text. */
function known(marked: string, atoms: Atoms): string {
  return atoms.traced(marked).text
}
