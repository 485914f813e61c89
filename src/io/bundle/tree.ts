import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../../errors.ts'
import { readFailure } from '../hash.ts'

export interface TreeEntry {
  /** Below the directory, with `/`. */
  readonly path: string
  readonly absolute: string
  readonly kind: 'file' | 'directory'
  /** Bytes; links are followed. */
  readonly size: number
  /** Permission bits; undefined on Windows, which has none. */
  readonly mode: number | undefined
  /** Of a link to a file: what it leads to. */
  readonly target?: string
  /** Why it can't be read. */
  readonly fault?: { readonly message: string; readonly fix: string }
}

const MAX_DEPTH = 40
/** A bundle has some twenty files. */
const MAX_ENTRIES = 20_000

/**
 * All below a directory, sorted, whatever it is: what can't be read says so. Links to directories are not followed. Throws
 * `UserError` where the directory itself can't be read, or holds far more than any bundle.
 */
export function treeOf(directory: string): readonly TreeEntry[] {
  const entries: TreeEntry[] = []
  const visit = (below: string, depth: number): void => {
    for (const child of childrenOf(join(directory, below))) {
      const path = below + child.name
      if (entries.length >= MAX_ENTRIES)
        throw new UserError(`holds more than ${MAX_ENTRIES} files`, {
          at: directory,
          fix: 'name the directory of the bundle',
        })
      const absolute = join(directory, path)
      const entry = entryOf(path, absolute, child)
      if (entry.kind === 'directory' && depth >= MAX_DEPTH)
        entries.push(
          failed(path, absolute, `lies more than ${MAX_DEPTH} directories deep`, 'put it further up'),
        )
      else entries.push(entry)
      if (entry.kind === 'directory' && depth < MAX_DEPTH) visit(`${path}/`, depth + 1)
    }
  }
  visit('', 0)
  return entries
}

function childrenOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    throw readFailure(directory, error)
  }
}

function entryOf(path: string, absolute: string, child: Dirent): TreeEntry {
  const replace = 'put the file itself in its place'
  let stats: Stats | undefined
  try {
    stats = statSync(absolute, { throwIfNoEntry: false })
  } catch (error) {
    const { message, fix } = readFailure(absolute, error)
    return failed(path, absolute, message, fix)
  }
  if (stats === undefined) return failed(path, absolute, 'is a symbolic link to nothing', replace)
  if (!stats.isFile() && !stats.isDirectory())
    return failed(path, absolute, 'is neither a file nor a directory', replace)
  if (stats.isDirectory() && !child.isDirectory())
    return failed(path, absolute, 'is a symbolic link to a directory', replace)
  return {
    path,
    absolute,
    kind: stats.isFile() ? 'file' : 'directory',
    size: stats.size,
    mode: process.platform === 'win32' ? undefined : stats.mode & 0o7777,
    ...(child.isSymbolicLink() ? { target: realPath(absolute) } : {}),
  }
}

function failed(path: string, absolute: string, message: string, fix: string): TreeEntry {
  return { path, absolute, kind: 'file', size: 0, mode: undefined, fault: { message, fix } }
}

/** With links followed, as far as the path exists. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
