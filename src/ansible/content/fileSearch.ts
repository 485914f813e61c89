import { escaped } from '../../syntax/regExp.ts'
import { directoryOf, joinPath, type ProjectTree } from '../inventory/projectTree.ts'
import type { Role } from './content.ts'
import { within } from './paths.ts'

export type FileKind = 'tasks' | 'templates' | 'files' | 'vars' | 'handlers'

export interface FileContext {
  readonly playbookDirectory: string
  readonly role?: Role | undefined
  readonly includedFrom?: string | undefined
  readonly dynamic?: boolean | undefined
}

/** Finds what a task names. Whence Ansible was started is not known; the top of the project is taken for it, and comes last. */
export function findFile(
  tree: ProjectTree,
  kind: FileKind,
  name: string,
  from: FileContext,
): string | undefined {
  const isTasks = kind === 'tasks' || kind === 'handlers'
  const directories = isTasks ? forTasks(kind, from) : forFiles(kind, name, from)
  for (const directory of [...directories, '']) {
    const path = within(directory, name)
    if (path === undefined || tree.text(path) === undefined) continue
    // The way up leads through the directory, so that has to be there. Task files are looked for by cleaned paths.
    if (isTasks || directory === '' || !name.includes('..') || tree.isDirectory(directory)) return path
  }
  return undefined
}

/** Where a file of tasks would have to be that is not found; `undefined`: it is, or some of these places are outside of the project. */
export function missingTasks(
  tree: ProjectTree,
  kind: 'tasks' | 'handlers',
  name: string,
  from: FileContext,
): readonly string[] | undefined {
  if (findFile(tree, kind, name, from) !== undefined) return undefined
  const places = forTasks(kind, from).map((directory) => within(directory, name))
  const inside = places.filter((path) => path !== undefined)
  return inside.length < places.length ? undefined : inside
}

/** A file that a name may mean of which only some parts are known, and what stands between these then. */
export interface Match {
  readonly path: string
  readonly between: readonly string[]
}

/** What a name with only these parts known may mean: in the first directory that has any such file. */
export function findMatching(
  tree: ProjectTree,
  kind: FileKind,
  parts: readonly string[],
  from: FileContext,
): readonly Match[] {
  const isTasks = kind === 'tasks' || kind === 'handlers'
  const directories = isTasks ? forTasks(kind, from) : forFiles(kind, parts[0] ?? '', from)
  for (const directory of [...directories, '']) {
    const found = matchesIn(tree, directory, parts.join('\0').split('/'))
    if (found.length > 0) return found
  }
  return []
}

function matchesIn(tree: ProjectTree, directory: string, [first = '', ...rest]: readonly string[]): Match[] {
  const isLast = rest.length === 0
  const inner = (path: string | undefined, between: readonly string[]): Match[] => {
    if (path === undefined) return []
    if (isLast) return tree.text(path) === undefined ? [] : [{ path, between }]
    return matchesIn(tree, path, rest).map((one) => ({ ...one, between: [...between, ...one.between] }))
  }
  // A name that begins with a slash is none of the project's; elsewhere two of them are one.
  if (first === '') return []
  if (!first.includes('\0')) return inner(within(directory, first), [])
  const pattern = new RegExp(`^${first.split('\0').map(escaped).join('(.*)')}$`)
  return tree.list(directory).flatMap((name) => {
    const match = pattern.exec(name)
    return match === null || (!isLast && !tree.isDirectory(joinPath(directory, name)))
      ? []
      : inner(joinPath(directory, name), match.slice(1))
  })
}

/**
 * `import_tasks` (playbook/helpers.py) looks beside the including file first, `include_tasks` (playbook/included_file.py) in the
 * role; each goes on to the playbook's directory before it turns to the other.
 */
function forTasks(
  kind: FileKind,
  { playbookDirectory, role, includedFrom, dynamic }: FileContext,
): readonly string[] {
  const beside = includedFrom === undefined ? undefined : directoryOf(includedFrom)
  if (role === undefined) return beside === undefined ? [playbookDirectory] : [beside, playbookDirectory]
  const from = (directory: string): readonly string[] => [
    joinPath(directory, kind),
    joinPath(directory, 'tasks'),
    directory,
    joinPath(playbookDirectory, kind),
    playbookDirectory,
  ]
  const inRole = from(role.directory)
  if (beside === undefined || beside === joinPath(role.directory, kind)) return inRole
  return dynamic === true ? [...inRole, ...from(beside)] : [...from(beside), ...inRole]
}

/** `path_dwim_relative_stack` in parsing/dataloader.py. */
function forFiles(
  kind: FileKind,
  name: string,
  { playbookDirectory, role, includedFrom }: FileContext,
): readonly string[] {
  const places = [
    ...(role === undefined ? [] : [role.directory]),
    ...(includedFrom === undefined ? [] : [directoryOf(includedFrom)]),
    playbookDirectory,
  ]
  // A name that begins with the directory's own is not looked for in it.
  const isInKind = name.split('/')[0] === kind
  return places.flatMap((place) => (isInKind ? [place] : [joinPath(place, kind), place]))
}

/** `_set_root_dir` and `_traverse_dir_depth` in plugins/action/include_vars.py. */
export function varsDirectory(
  tree: ProjectTree,
  name: string,
  { role, writtenIn }: { readonly role?: Role | undefined; readonly writtenIn: string },
  depth: number,
): readonly string[] | undefined {
  const isInKind = name.split('/')[0] === 'vars'
  const place =
    role === undefined ? directoryOf(writtenIn) : isInKind ? role.directory : joinPath(role.directory, 'vars')
  const top = [place, '']
    .flatMap((directory) => within(directory, name) ?? [])
    .find((at) => tree.isDirectory(at))
  if (top === undefined) return undefined
  const directories = [top]
  for (const directory of directories)
    for (const child of tree.list(directory))
      if (tree.isDirectory(joinPath(directory, child))) directories.push(joinPath(directory, child))
  const depthOf = (directory: string): number => directory.slice(top.length).split('/').length
  return directories
    .filter((directory) => depth === 0 || depthOf(directory) <= depth)
    .sort()
    .flatMap((directory) => tree.list(directory).map((file) => joinPath(directory, file)))
    .filter((path) => tree.text(path) !== undefined)
}
