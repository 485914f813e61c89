import { containers } from '../../../facts/containers.ts'
import { installer } from '../../../facts/installer.ts'
import { k3sIn, type Script, type ShellStep } from '../../arrival/index.ts'
import { fileAt } from '../../arrival/paths.ts'
import type { Atoms } from '../../atoms.ts'
import type { PaperFiles } from '../../files.ts'
import { fileRunBy, installerCallOf } from '../../installer.ts'

/** A script of the project's own that a step runs, where its text is known and a shell reads it. */
export function ownScriptOf(step: ShellStep, files: PaperFiles, atoms: Atoms): Script | undefined {
  const ran = fileRunBy(step, atoms)
  const found = ran === undefined ? undefined : fileAt(files, ran.path)
  if (ran === undefined || found?.file.kind !== 'file' || typeof found.file.content !== 'string')
    return undefined
  return READ_BY_SHELL.test(atoms.traced(found.file.content).text) ? { ...found, args: ran.args } : undefined
}

const READ_BY_SHELL = /^(?!#!)|^#!.*\b(?:ba|da|a|k|z)?sh\b/

/**
 * Whether it depends on what only the node knows how a script brings K3s: it has more ways than one to do it, or one to
 * take it away again.
 */
export function isForked(steps: readonly ShellStep[], files: PaperFiles, atoms: Atoms): boolean {
  const open = steps.filter(({ isConditional }) => isConditional)
  const words = (step: ShellStep) => step.words.map((word) => atoms.traced(word).text)
  const bringing = open.filter(
    (step) =>
      installerCallOf(step, 'systemd', { at: NOWHERE, what: '' }, atoms, files) !== undefined ||
      k3sIn(words(step)) !== undefined,
  )
  return bringing.length > 1 || open.some((step) => words(step).some((word) => /-uninstall\.sh$/.test(word)))
}

const NOWHERE = { path: '', start: 0, end: 0 }

/** Whether a script says that it brings K3s, or runs it. */
export const saysK3s = (text: string): boolean => installer.words.test(text) || containers.words.test(text)

/** Whether a file is a script that certainly brings another program: by where it is from, or by its name. */
export function bringsHelper(path: string, files: PaperFiles): boolean {
  const content = fileAt(files, path)?.file.content
  if (typeof content === 'string') return false
  const { addresses, names } = installer.ofHelper
  return addresses.test(content?.unknown ?? '') || names.test(path.slice(path.lastIndexOf('/') + 1))
}

/** Whether a script that is not followed may bring K3s: by what stands in it, or by its name where nobody knows that. */
export function mayBring(path: string, files: PaperFiles, atoms: Atoms): boolean {
  const content = fileAt(files, path)?.file.content
  if (typeof content === 'string') return saysK3s(atoms.traced(content).text)
  return installer.ownNames.test(path.slice(path.lastIndexOf('/') + 1))
}
