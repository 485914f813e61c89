import { type Dirent, readdirSync, realpathSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { UserError } from '../errors.ts'
import { SKIPPED } from './files.ts'
import { readFailure } from './hash.ts'

export interface FoundFile {
  /** Below the directory, with `/`. */
  readonly path: string
  readonly absolute: string
  /** Of a link: the file that it leads to. */
  readonly target?: string
}

/**
 * Every file below a directory, but those that git or Python keep for themselves. A link to a file counts as the file. Throws `UserError` for what is neither file nor
 * directory, for a link to a directory, and for a link to nothing: each would be something else at the far side.
 */
export function filesBelow(directory: string): readonly FoundFile[] {
  const files: FoundFile[] = []
  const visit = (below: string): void => {
    for (const entry of entriesOf(join(directory, below))) {
      const path = below + entry.name
      const absolute = join(directory, path)
      if (entry.isDirectory()) {
        if (!SKIPPED.has(entry.name)) visit(`${path}/`)
      } else if (entry.isFile()) files.push({ path, absolute })
      else if (isLinkToFile(entry, absolute)) files.push({ path, absolute, target: realPath(absolute) })
      else
        throw new UserError('is neither a file nor a directory', {
          at: absolute,
          fix: 'take it out of the directory; only files can be packed',
        })
    }
  }
  visit('')
  return files
}

/** With links followed, as far as the path exists. */
export function realPath(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
  } catch (error) {
    throw readFailure(directory, error)
  }
}

function isLinkToFile(entry: Dirent, absolute: string): boolean {
  if (!entry.isSymbolicLink()) return false
  const target = statSync(absolute, { throwIfNoEntry: false })
  if (target?.isFile() === true) return true
  throw new UserError(
    target === undefined ? 'is a symbolic link to nothing' : 'is a symbolic link to no file',
    { at: absolute, fix: 'put the file itself in its place' },
  )
}
