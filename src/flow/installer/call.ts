import { installer } from '../../facts/installer.ts'
import type { ShellStep } from '../arrival/shellSteps.ts'
import type { Atoms, Hop } from '../atoms.ts'
import type { PaperFiles, ServiceManager } from '../files.ts'
import type { InstallerCall } from '../installer.ts'

/** Whether a file on the node is the install script: by its content where that says where it is from, else by its name. */
export function isInstaller(path: string, files: PaperFiles, atoms: Atoms): boolean {
  const content = files.get(path)?.content
  if (typeof content === 'object' && installer.addresses.test(content.unknown)) return true
  if (typeof content === 'string' && (/\bINSTALL_K3S_EXEC\b/.test(content) || isLookedUp(content, atoms)))
    return true
  const name = path.slice(path.lastIndexOf('/') + 1)
  if (/uninstall|killall/.test(name)) return false
  return installer.names.test(name) || (name === 'install.sh' && /k3s/i.test(path))
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
  const words = step.words.slice(behindWrappers(step.words))
  const args = scriptArguments(words, step, files, atoms)
  return args === undefined ? undefined : { environment: step.environment, args, manager, hop }
}

/** `sudo -E env NAME=value` in front of the program. */
function behindWrappers(words: readonly string[]): number {
  const at = words.findIndex(
    (word, index) =>
      !/^(?:\S*\/)?(?:sudo|env|exec|nohup|command|time)$/.test(word) &&
      !/^[A-Za-z_]\w*=/.test(word) &&
      !(index > 0 && /^--?[A-Za-z]/.test(word)),
  )
  return at === -1 ? words.length : at
}

function scriptArguments(
  words: readonly string[],
  step: ShellStep,
  files: PaperFiles,
  atoms: Atoms,
): readonly string[] | undefined {
  const [program = '', ...args] = words
  // What follows a script stands on its next line.
  if (isLookedUp(program, atoms)) return []
  if (!/(?:^|\/)(?:ba|da|a|k|z)?sh$/.test(program))
    return isInstaller(known(program, atoms), files, atoms) ? args : undefined
  let at = 0
  let readsInput = args.length === 0
  for (; at < args.length; at += 1) {
    const word = args[at] ?? ''
    if (/^-[a-z]*c/.test(word)) return undefined
    if (/^-[a-z]*s/.test(word)) readsInput = true
    if (word === '-' || word === '--') {
      readsInput ||= at === args.length - 1
      at += 1
      break
    }
    if (!/^[-+]/.test(word)) break
  }
  if (readsInput || at >= args.length)
    return isDownload(step.input, files, atoms) ? args.slice(at) : undefined
  return isInstaller(known(args[at] ?? '', atoms), files, atoms) ? args.slice(at + 1) : undefined
}

function isDownload(input: ShellStep | undefined, files: PaperFiles, atoms: Atoms): boolean {
  return (input?.words ?? []).some((word) => {
    const text = known(word, atoms)
    return installer.addresses.test(text) || (text.startsWith('/') && isInstaller(text, files, atoms))
  })
}

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
