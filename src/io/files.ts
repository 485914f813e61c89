import {
  closeSync,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  type Stats,
  statSync,
} from 'node:fs'
import { dirname, isAbsolute, join, relative, resolve } from 'node:path'
import { UserError } from '../errors.ts'

/** A larger text is no inventory, template or playbook; it is left out and named. */
const MAX_BYTES = 64 * 1024 * 1024

/** Directories that hold no input of ours and may be huge. */
export const SKIPPED: ReadonlySet<string> = new Set([
  '.git',
  'node_modules',
  '.venv',
  'venv',
  '__pycache__',
  '.tox',
  '.k3seal-write',
])

export interface ReadTexts {
  /** Path relative to the root, with `/` (`../…` for what lies outside) → text. */
  readonly texts: ReadonlyMap<string, string>
  /** What was found and not read, with the reason. */
  readonly passedOver: readonly { readonly path: string; readonly why: string }[]
}

/** The text of one file without its byte order mark kept apart, or `undefined` where there is none. Throws `UserError`. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw unreadable(path, error)
  }
}

/** The bytes of one file, or `undefined` where there is none. Throws `UserError`. */
export function readBytes(path: string): Buffer | undefined {
  try {
    return readFileSync(path)
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw unreadable(path, error)
  }
}

/** What kind of thing stands at a path: links are followed. */
export function pathKind(path: string): 'file' | 'directory' | 'other' | 'absent' {
  const stats = statOrAbsent(path)
  if (stats === undefined) return 'absent'
  if (stats.isFile()) return 'file'
  return stats.isDirectory() ? 'directory' : 'other'
}

/** The names in a directory, sorted; none where it does not exist. Throws `UserError`. */
export function namesIn(path: string): readonly string[] {
  try {
    return readdirSync(path).sort()
  } catch (error) {
    if (isAbsent(error)) return []
    throw unreadable(path, error)
  }
}

/** Bytes of each file in a directory, by name; links are followed. None where it does not exist. Throws `UserError`. */
export function fileSizes(directory: string): ReadonlyMap<string, number> {
  return new Map(
    namesIn(directory).flatMap((name) => {
      const stats = statOrAbsent(join(directory, name))
      return stats?.isFile() === true ? [[name, stats.size] as const] : []
    }),
  )
}

/** The files in a directory and one level below it, as paths from there with `/`. None where it can't be listed. */
export function filesBelow(directory: string): readonly string[] {
  const listed = (path: string): readonly Dirent[] => {
    try {
      return readdirSync(path, { withFileTypes: true })
    } catch {
      return []
    }
  }
  return listed(directory).flatMap((entry) =>
    entry.isDirectory()
      ? listed(join(directory, entry.name)).map(({ name }) => `${entry.name}/${name}`)
      : [entry.name],
  )
}

/**
 * Reads files, and directories with all below them, as text. Binary and oversized files are passed over,
 * so that a directory with container images beside the inventory costs nothing. What does not exist is left out.
 */
export function readTexts(root: string, paths: readonly string[]): ReadTexts {
  const texts = new Map<string, string>()
  const passedOver: { path: string; why: string }[] = []
  const visited = new Set<string>()

  const visit = (path: string, depth: number): void => {
    const name = nameOf(root, path)
    const stats = statOrAbsent(path)
    if (stats === undefined || texts.has(name)) return
    if (stats.isDirectory()) {
      const identity = `${stats.dev}:${stats.ino}`
      if (visited.has(identity) && stats.ino !== 0) return
      visited.add(identity)
      if (depth > 64) {
        passedOver.push({ path: name, why: 'more than 64 directories deep' })
        return
      }
      for (const child of namesIn(path)) if (!SKIPPED.has(child)) visit(join(path, child), depth + 1)
      return
    }
    if (!stats.isFile()) return
    if (stats.size > MAX_BYTES) {
      passedOver.push({ path: name, why: `larger than ${MAX_BYTES / 1024 / 1024} MiB` })
      return
    }
    const text = readIfText(path)
    if (text === undefined) passedOver.push({ path: name, why: 'not a text' })
    else texts.set(name, text)
  }

  for (const path of paths) visit(resolve(root, path), 0)
  return { texts, passedOver }
}

/** An inventory source and what Ansible reads beside it: `group_vars` and `host_vars`. */
export function inventoryPaths(source: string): readonly string[] {
  const directory = pathKind(source) === 'directory' ? source : dirname(source)
  return [source, join(directory, 'group_vars'), join(directory, 'host_vars')]
}

/** A path as messages and `Project` keys show it: relative to the root, with `/`. */
export function nameOf(root: string, path: string): string {
  const name = relative(root, resolve(root, path)).replaceAll('\\', '/')
  return isAbsolute(name) ? path.replaceAll('\\', '/') : name === '' ? '.' : name
}

/** The permission bits of a file, or `undefined` where there is none. */
export function modeOf(path: string): number | undefined {
  const stats = statOrAbsent(path)
  return stats === undefined ? undefined : stats.mode & 0o7777
}

function statOrAbsent(path: string): Stats | undefined {
  try {
    // An exception for each name that isn't there would be most of the work of looking for one.
    return statSync(path, { throwIfNoEntry: false })
  } catch (error) {
    if (isAbsent(error)) return undefined
    throw unreadable(path, error)
  }
}

/** A NUL in the first 8 KiB means binary, as git decides it; images are told apart without reading them. */
function readIfText(path: string): string | undefined {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const head = Buffer.alloc(Math.min(8192, fstatSync(file).size))
    const length = readSync(file, head, 0, head.length, 0)
    if (head.subarray(0, length).includes(0)) return undefined
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw unreadable(path, error)
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

function isAbsent(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function unreadable(path: string, error: unknown): UserError {
  const { code } = error as NodeJS.ErrnoException
  const fixes: Readonly<Record<string, string>> = {
    EACCES: 'make it readable for the user that runs k3seal',
    EPERM: 'make it readable for the user that runs k3seal',
    EISDIR: 'name a file, not a directory',
    ELOOP: 'mend the circle of symbolic links',
  }
  return new UserError(`can't be read (${code ?? 'unknown error'})`, {
    at: path,
    fix: fixes[code ?? ''] ?? 'check the path and the disk',
    cause: error,
  })
}
