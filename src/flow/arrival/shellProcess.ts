import type { Arrival, EnvironmentCarrier } from '../arrival.ts'
import type { Atoms } from '../atoms.ts'
import type { PaperFiles } from '../files.ts'
import { noLetters } from './envFiles.ts'
import { k3sCommandOf } from './k3sCommand.ts'
import { type Letters, lettersOf } from './letters.ts'
import { fileAt } from './paths.ts'
import type { EnvironmentPart, Process } from './process.ts'
import { type RunStep, ShellRun } from './shellRun.ts'
import type { SourceOf } from './systemdProcess.ts'

type Read = Arrival['reads'][number]

export interface ShellReading {
  readonly run: ShellRun
  /** Files that the text reads or would read. */
  readonly reads: Read[]
  /** The text of a file, where it is there and known. */
  content(path: string): Letters | undefined
}

/** A shell that sees a node's files. */
export function shellOn(
  lookup: Process['fileAt'],
  hops: Process['hops'],
  sourceOf: SourceOf,
  atoms: Atoms,
): ShellReading {
  const reads: Read[] = []
  const content = (path: string): Letters | undefined => {
    const found = lookup(path)
    return found !== undefined && typeof found.file.content === 'string' && found.file.kind === 'file'
      ? lettersOf(found.file.content, sourceOf(found.path, found.file), atoms)
      : undefined
  }
  const read = (path: string, optional: boolean): void => {
    const found = lookup(path)
    if (reads.some((known) => known.path === path)) return
    const own = found === undefined ? [] : sourceOf(found.path, found.file).hops(0, 0)
    reads.push({ path, optional, exists: found?.file.kind === 'file', hops: [...own, ...hops] })
  }
  const run = new ShellRun(atoms, {
    content,
    exists: (path) => {
      // A file that is asked for is one that would be read.
      if (lookup(path) === undefined) read(path, true)
      return lookup(path) !== undefined
    },
    sourced: (path) => read(path, false),
  })
  return { run, reads, content }
}

export function lookupIn(files: PaperFiles): Process['fileAt'] {
  return (path) => fileAt(files, path)
}

/** The step that starts K3s; of several the last one that is certain. */
export function k3sStep(steps: readonly RunStep[]): RunStep | undefined {
  const starting = steps.filter(({ words }) => k3sCommandOf(words) !== undefined)
  return starting.findLast(({ isConditional }) => !isConditional) ?? starting.at(-1)
}

/** What a step gets. `own`: the path of the text that is run, and what that is; what is assigned elsewhere comes from an env file. */
export function stepEnvironment(
  step: RunStep,
  run: ShellRun,
  own: { readonly path: string; readonly carrier: EnvironmentCarrier },
  before: readonly EnvironmentPart[],
): readonly EnvironmentPart[] {
  const last = new Map(before.map((part) => [part.name, part]))
  const kept = before.filter(({ name }) => name === undefined || step.environment.has(name))
  const set = [...step.environment].flatMap(([name, value]): readonly EnvironmentPart[] => {
    const known = last.get(name)
    if (known?.value === value) return []
    const source = run.assignedIn.get(name)
    const isFile = source !== undefined && source.path !== own.path
    return [
      {
        name,
        value,
        carrier: isFile ? 'env-file' : own.carrier,
        hops: source === undefined ? [] : source.hops(0, 0),
        why: '',
      },
    ]
  })
  const open = run.openings.map(({ carrier, why }) => ({
    name: undefined,
    value: noLetters,
    carrier: carrier === 'environment' ? own.carrier : carrier,
    hops: [],
    why,
  }))
  return [...kept, ...set, ...open]
}
