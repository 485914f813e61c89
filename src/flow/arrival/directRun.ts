import { behindWrappers } from '../../syntax/shell/index.ts'
import type { Arrival } from '../arrival.ts'
import type { Atoms, Hop } from '../atoms.ts'
import type { PaperFiles } from '../files.ts'
import { Unknown } from '../unknown.ts'
import { noLetters } from './envFiles.ts'
import { k3sArrival } from './k3sArrival.ts'
import { hopSource, lettersOf, paperSource } from './letters.ts'
import { fileAt } from './paths.ts'
import type { ShellStep } from './shellSteps.ts'
import { unknownAtom } from './shellSteps.ts'

const PROGRAM = /^(?:\S*\/)?k3s(?:-(?:amd64|arm64|armhf|s390x))?$/
/** With these K3s says something, or mends its datastore, and ends. */
const ENDS = /^(?:--cluster-reset(?:=true)?|--help|-h|--version|-v|help)$/

/** Where K3s stands in the words of a command that runs it as server or agent by itself: `nohup k3s server &`. */
export function k3sIn(words: readonly string[]): number | undefined {
  const at = behindWrappers(words)
  if (!PROGRAM.test(words[at] ?? '')) return undefined
  const command = words.slice(at + 1).find((word) => !word.startsWith('-'))
  if (command !== 'server' && command !== 'agent') return undefined
  return words.some((word) => ENDS.test(word)) ? undefined : at
}

/** What K3s gets that a task starts by itself, `at` in the words of the step; the command stands for the service. */
export function arrivalOfStep(
  { words, environment, opening }: ShellStep,
  at: number,
  files: PaperFiles,
  hop: Hop,
  atoms: Atoms,
): Arrival {
  const source = hopSource('the command', [hop])
  const argv = words.slice(at).map((word) => lettersOf(word, source, atoms))
  const parts = [...environment].map(([name, value]) => ({
    name,
    value: lettersOf(value instanceof Unknown ? atoms.mark(unknownAtom(value, atoms)) : value, source, atoms),
    carrier: 'environment' as const,
    hops: [hop],
    why: '',
  }))
  const open = opening === undefined ? [] : [{ ...opening, name: undefined, value: noLetters, hops: [hop] }]
  const spawned = {
    argv,
    environment: [...open, ...parts],
    reads: [],
    hops: [hop],
    failure: undefined,
    unknown: undefined,
    fileAt: (path: string) => fileAt(files, path),
  }
  const settings = k3sArrival(spawned, files, paperSource, atoms)
  return { service: `k3s ${settings.command}`, unit: undefined, ...settings, failure: undefined }
}
