import type { Atoms, Hop } from '../atoms.ts'
import { type PaperFiles, withFile } from '../files.ts'
import { noLetters } from './envFiles.ts'
import { type Letters, unknownIn } from './letters.ts'
import { fileAt, normalPath } from './paths.ts'
import type { EnvironmentPart } from './process.ts'
import { shellOn } from './shellProcess.ts'
import type { RunStep } from './shellRun.ts'
import { scriptIn } from './shellWrapper.ts'
import type { SourceOf } from './systemdProcess.ts'

/** A command that is run before the one of `ExecStart=`. */
export interface EarlierCommand {
  readonly words: readonly Letters[]
  readonly hops: readonly Hop[]
}

/**
 * A node as the commands of `ExecStartPre=` leave it. systemd reads the env files anew for each command, so that K3s gets
 * what these write: the file is there then, and nobody knows what it holds.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html#EnvironmentFile=
 */
export function afterEarlier(
  commands: readonly EarlierCommand[],
  before: PaperFiles,
  environment: readonly EnvironmentPart[],
  sourceOf: SourceOf,
  atoms: Atoms,
): { readonly files: PaperFiles; readonly unknown: readonly EnvironmentPart[] } {
  const unknown: EnvironmentPart[] = []
  let files = before
  for (const { words, hops } of commands) {
    const lookup = (path: string): ReturnType<typeof fileAt> => fileAt(files, path)
    const script = scriptIn({ argv: words, fileAt: lookup }, sourceOf, atoms)
    const { run } = shellOn(lookup, hops, sourceOf, atoms)
    for (const { name, value } of environment) if (name !== undefined) run.variables.set(name, value)
    run.positional = script?.args
    if (script === undefined) run.start(words)
    else run.run(script.text)
    for (const step of run.steps) {
      const [program] = step.words
      for (const path of writtenBy(step, files)) {
        const content = { unknown: `what ${program?.text ?? 'a command'} writes before the start` }
        files = withFile(files, normalPath(path), {
          kind: 'file',
          content,
          mode: undefined,
          owner: undefined,
          hops,
        })
      }
      if (program === undefined || !isForeign(program)) continue
      const why = `what ${program.text} does before the start`
      unknown.push({ name: undefined, value: noLetters, carrier: 'environment', hops, why })
    }
  }
  return { files, unknown }
}

/** Programs that leave what stands in files as it is. */
const KEEPING: ReadonlySet<string> = new Set(
  'cat chgrp chmod chown echo getent grep ls mkdir modprobe printf readlink sleep stat sysctl systemctl touch'.split(
    ' ',
  ),
)

/** What a program that is not known gets as an argument is read where it is there, and may be made where it is not. */
function* writtenBy({ words, output }: RunStep, files: PaperFiles): Generator<string> {
  if (output?.path.text.startsWith('/')) yield output.path.text
  const [program = '', ...args] = words.map(({ text }) => text)
  const name = program.slice(program.lastIndexOf('/') + 1)
  if (KEEPING.has(name)) return
  const paths = args.flatMap((arg) => /^(?:-[^/]*)?(\/.+)$/s.exec(arg)?.[1] ?? [])
  if (/^(?:cp|mv|ln|install)$/.test(name)) yield* copies(paths, files)
  else if (
    name === 'tee' ||
    name === 'rm' ||
    (name === 'sed' && args.some((arg) => /^-\w*i|^--in-place/.test(arg)))
  )
    yield* paths
  else yield* paths.filter((path) => fileAt(files, path) === undefined)
}

function copies(paths: readonly string[], files: PaperFiles): readonly string[] {
  const target = paths.at(-1)
  if (target === undefined || paths.length === 1) return []
  const isDirectory = target.endsWith('/') || fileAt(files, target)?.file.kind === 'directory'
  return isDirectory
    ? paths.slice(0, -1).map((path) => `${target}/${path.slice(path.lastIndexOf('/') + 1)}`)
    : [target]
}

/** A program of the site, or one that is not known: those of the system do what their arguments say. */
const isForeign = (program: Letters): boolean =>
  unknownIn(program) !== undefined ||
  (program.text.startsWith('/') && !/^\/(?:usr\/)?(?:s?bin|lib|libexec)\/|\/k3s$/.test(program.text))
