import { cut } from '../../syntax/sourced.ts'
import type { EnvironmentCarrier } from '../arrival.ts'
import type { Atoms } from '../atoms.ts'
import { k3sCommandOf } from './k3sCommand.ts'
import { type Letters, lettersOf, madeLetters } from './letters.ts'
import type { EnvironmentPart, Process } from './process.ts'
import { k3sStep, shellOn, stepEnvironment } from './shellProcess.ts'
import { isShell, scriptOf } from './shellRun.ts'
import type { SourceOf } from './systemdProcess.ts'

/**
 * The process that a shell is told to become: `sh -c 'exec k3s agent'`, or a script of the node that is started. `own`: what the
 * command line stands in.
 */
export function unwrapped(
  started: Process,
  own: EnvironmentCarrier,
  sourceOf: SourceOf,
  atoms: Atoms,
): Process {
  const spawned = withoutEnv(started, own)
  if (spawned.argv.length === 0 || k3sCommandOf(spawned.argv) !== undefined) return spawned
  const script = scriptIn(spawned, sourceOf, atoms)
  if (script === undefined) return spawned
  const { run, reads } = shellOn(spawned.fileAt, spawned.hops, sourceOf, atoms)
  for (const { name, value } of spawned.environment)
    if (name !== undefined) {
      run.variables.set(name, value)
      run.exported.add(name)
    }
  run.positional = script.args
  const origin = script.text.originAt(0)
  if (script.exportsAll && origin !== undefined) run.run(madeLetters('set -a', origin))
  run.run(script.text)
  const step = k3sStep(run.steps)
  if (step === undefined) return spawned
  const path = script.text.originAt(0)?.of.source.path ?? ''
  const carrier = script.isFile ? ('script' as const) : own
  return {
    ...spawned,
    argv: step.words,
    environment: stepEnvironment(step, run, { path, carrier }, spawned.environment),
    reads: [...spawned.reads, ...reads],
  }
}

/** `env NAME=value … program` as the program itself. */
function withoutEnv(spawned: Process, carrier: EnvironmentCarrier): Process {
  if (!/(?:^|\/)env$/.test(spawned.argv[0]?.text ?? '')) return spawned
  const parts: EnvironmentPart[] = []
  let at = 1
  for (; at < spawned.argv.length; at += 1) {
    const word = spawned.argv[at]
    const equals = word?.text.indexOf('=') ?? -1
    if (word === undefined || equals < 1 || word.text.startsWith('-')) break
    parts.push({
      name: word.text.slice(0, equals),
      value: cut(word, equals + 1),
      carrier,
      hops: spawned.hops,
      why: '',
    })
  }
  const next = spawned.argv[at]
  if (next === undefined || next.text.startsWith('-')) return spawned
  return { ...spawned, argv: spawned.argv.slice(at), environment: [...spawned.environment, ...parts] }
}

/** The text that a shell is told to run, or a script that is started, and its arguments. */
export function scriptIn(
  { argv, fileAt }: Pick<Process, 'argv' | 'fileAt'>,
  sourceOf: SourceOf,
  atoms: Atoms,
):
  | {
      readonly text: Letters
      readonly args: readonly Letters[]
      readonly exportsAll: boolean
      readonly isFile: boolean
    }
  | undefined {
  const inline = scriptOf({ words: argv, document: undefined })
  // `sh -a`: what the text sets is in the environment of what it starts.
  const exportsAll = (end: number): boolean => argv.slice(1, end).some(({ text }) => /^-[a-z]*a/.test(text))
  if (inline !== undefined) {
    const at = argv.indexOf(inline)
    return { text: inline, args: argv.slice(at + 2), exportsAll: exportsAll(at), isFile: false }
  }
  const hasShell = isShell(argv[0]?.text ?? '')
  const at = hasShell ? argv.findIndex(({ text }, index) => index > 0 && !text.startsWith('-')) : 0
  const path = argv[at]?.text
  const found = path === undefined ? undefined : fileAt(path)
  if (found === undefined || typeof found.file.content !== 'string') return undefined
  if (!hasShell && !/^#!.*\b(?:ba|da|a|k|z)?sh\b/.test(found.file.content)) return undefined
  return {
    text: lettersOf(found.file.content, sourceOf(found.path, found.file), atoms),
    args: argv.slice(at + 1),
    exportsAll: exportsAll(at),
    isFile: true,
  }
}
