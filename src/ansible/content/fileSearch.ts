import { directoryOf, joinPath, type ProjectTree } from '../inventory/projectTree.ts'
import type { Role } from './content.ts'
import { isInside, within } from './paths.ts'

export type FileKind = 'tasks' | 'templates' | 'files' | 'vars' | 'handlers'

export interface FileContext {
  readonly playbookDirectory: string
  readonly role?: Role | undefined
  readonly includedFrom?: string | undefined
}

/** Finds what a task names: path_dwim_relative_stack and path_dwim_relative in ansible-core's parsing/dataloader.py. */
export function findFile(
  tree: ProjectTree,
  kind: FileKind,
  name: string,
  from: FileContext,
): string | undefined {
  for (const directory of kind === 'tasks' || kind === 'handlers'
    ? forTasks(kind, from)
    : forFiles(kind, name, from)) {
    const path = within(directory, name)
    if (path !== undefined && tree.text(path) !== undefined) return path
  }
  return undefined
}

/** Tasks are included relative to the including file first. */
function forTasks(kind: FileKind, { playbookDirectory, role, includedFrom }: FileContext): readonly string[] {
  const beside = includedFrom === undefined ? [] : [directoryOf(includedFrom)]
  const ofRole = role === undefined ? [] : [joinPath(role.directory, kind), role.directory]
  return [
    ...(role === undefined ? [] : beside.map((directory) => joinPath(directory, kind))),
    ...beside,
    ...ofRole,
    ...(role === undefined ? [] : [joinPath(playbookDirectory, kind)]),
    playbookDirectory,
    '',
  ]
}

function forFiles(
  kind: FileKind,
  name: string,
  { playbookDirectory, role, includedFrom }: FileContext,
): readonly string[] {
  // A name that begins with the directory's own is not looked for in it.
  const withKind = (directory: string): readonly string[] =>
    name.split('/')[0] === kind ? [directory] : [joinPath(directory, kind), directory]
  const beside = includedFrom === undefined ? [] : [directoryOf(includedFrom)]
  const inTasks = role === undefined ? undefined : joinPath(role.directory, 'tasks')
  return [
    ...(role === undefined ? [] : withKind(role.directory)),
    ...beside.flatMap((directory) => {
      // From a directory right below tasks/ the way goes by the role's own once more.
      const isBelowTasks =
        role !== undefined && inTasks !== undefined && directory !== inTasks && isInside(directory, inTasks)
      return [...(isBelowTasks ? [joinPath(role.directory, kind), inTasks] : []), ...withKind(directory)]
    }),
    ...withKind(playbookDirectory),
    '',
  ]
}
