import { type Atoms, hasMark } from '../atoms.ts'
import type { PaperFile, PaperFiles } from '../files.ts'

/** As many links as Linux follows. */
const MOST_LINKS = 40

export interface Found {
  /** Behind all links. */
  readonly path: string
  readonly file: PaperFile
}

/** Most paths are of this form already. */
const NORMAL = /^(?:\/[^/.][^/]*)+$/

/** `/a/./b/../c/` → `/a/c`, as text. */
export function normalPath(path: string): string {
  if (NORMAL.test(path)) return path
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '' && part !== '.') parts.push(part)
  }
  return `/${parts.join('/')}`
}

/** The file at a path, links followed. A link into nowhere is nothing. */
export function fileAt(files: PaperFiles, path: string): Found | undefined {
  const real = realPath(files, path)
  const file = real === undefined ? undefined : files.get(real)
  return real === undefined || file === undefined ? undefined : { path: real, file }
}

/** The file at a path that is not known, where a task has put one at that very path. */
export function unknownFileAt(files: PaperFiles, written: string, atoms: Atoms): Found | undefined {
  const path = atoms.original(written)
  const file = files.get(path) ?? files.get(normalPath(path))
  return file?.kind === 'file' ? { path, file } : undefined
}

/** Files in the directory of one whose names are not known as a whole, and may be its own. Sorted. */
export function unknownFilesLike(files: PaperFiles, path: string): readonly Found[] {
  const directory = path.slice(0, path.lastIndexOf('/') + 1)
  return unnamedIn(files).filter((found) => found.path.startsWith(directory) && mayBe(found.path, path))
}

/** Whether each stretch of marks can be filled in so that the one path becomes the other. */
function mayBe(written: string, path: string): boolean {
  const parts = written.split(MARKS)
  const [first = '', ...others] = parts
  const last = others.pop() ?? ''
  let at = first.length
  for (const part of others) {
    const found = path.indexOf(part, at)
    if (found === -1) return false
    at = found + part.length
  }
  return path.startsWith(first) && path.endsWith(last) && at + last.length <= path.length
}

const MARKS = /[\u{f0000}-\u{ffffd}]+/u

const unnamed = new WeakMap<PaperFiles, readonly Found[]>()

function unnamedIn(files: PaperFiles): readonly Found[] {
  let found = unnamed.get(files)
  if (found === undefined) {
    found = [...files]
      .filter(([path, { kind }]) => kind === 'file' && hasMark(path))
      .map(([path, file]) => ({ path, file }))
      .sort((a, b) => (a.path < b.path ? -1 : 1))
    unnamed.set(files, found)
  }
  return found
}

/** The path with all links of its directories and of itself followed; `undefined` for a loop or an unknown link. */
export function realPath(files: PaperFiles, path: string): string | undefined {
  const normal = normalPath(path)
  if (!linksIn(files).some((link) => `${normal}/`.startsWith(link))) return normal
  let links = 0
  let done = ''
  let rest = normal.split('/').slice(1)
  while (rest.length > 0) {
    const next = `${done}/${rest[0]}`
    const file = files.get(next)
    rest = rest.slice(1)
    if (file?.kind !== 'link') {
      done = next
      continue
    }
    links += 1
    if (typeof file.content !== 'string' || links > MOST_LINKS) return undefined
    const target = file.content.startsWith('/') ? file.content : `${done}/${file.content}`
    rest = [...normalPath(target).split('/').slice(1), ...rest]
    done = ''
  }
  return done === '' ? '/' : done
}

const linked = new WeakMap<PaperFiles, readonly string[]>()

/** The paths of all links, with a slash behind each. */
function linksIn(files: PaperFiles): readonly string[] {
  let found = linked.get(files)
  if (found === undefined) {
    found = [...files].flatMap(([path, { kind }]) => (kind === 'link' ? [`${path}/`] : []))
    linked.set(files, found)
  }
  return found
}

/** Names in a directory, sorted by bytes as systemd and `glob` do. */
export function namesIn(files: PaperFiles, directory: string): readonly string[] {
  const real = realPath(files, directory)
  if (real === undefined) return []
  const names = directoriesOf(files).get(real === '/' ? '' : real)
  return names === undefined ? [] : [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))
}

const directories = new WeakMap<PaperFiles, ReadonlyMap<string, ReadonlySet<string>>>()

/** Every directory of a node, by its path without the slash behind it, with the names in it. */
function directoriesOf(files: PaperFiles): ReadonlyMap<string, ReadonlySet<string>> {
  const known = directories.get(files)
  if (known !== undefined) return known
  const found = new Map<string, Set<string>>()
  for (const path of files.keys()) {
    let end = path.length
    for (let slash = path.lastIndexOf('/'); slash !== -1 && slash < path.length - 1; ) {
      const directory = path.slice(0, slash)
      const names = found.get(directory)
      const name = path.slice(slash + 1, end)
      // Where the name is known, so are the directories above it.
      if (names?.has(name)) break
      if (names === undefined) found.set(directory, new Set([name]))
      else names.add(name)
      end = slash
      slash = directory.lastIndexOf('/')
    }
  }
  directories.set(files, found)
  return found
}

/** What `glob` of the C library finds for a path that may hold `*`, `?` and `[…]`. Sorted. */
export const globPaths = (files: PaperFiles, pattern: string): readonly string[] =>
  globbed(files, pattern).filter((path) => fileAt(files, path) !== undefined)

/** The paths that such a pattern stands for, directories, too. Names behind the last mark may not be there. */
export function globbed(files: PaperFiles, pattern: string): readonly string[] {
  if (!/[*?[]/.test(pattern)) return [pattern]
  const parts = normalPath(pattern).split('/').slice(1)
  let found = ['']
  for (const part of parts) {
    if (!/[*?[]/.test(part)) found = found.map((directory) => `${directory}/${part}`)
    else {
      const form = globForm(part)
      found = found.flatMap((directory) =>
        namesIn(files, directory === '' ? '/' : directory)
          .filter((name) => form.test(name) && (part.startsWith('.') || !name.startsWith('.')))
          .map((name) => `${directory}/${name}`),
      )
    }
  }
  return found
}

function globForm(part: string): RegExp {
  const source = part.replace(/\[(!?)([^\]]+)\]|[\\^$.|+(){}[\]]|\*|\?/g, (mark, not, set) => {
    if (set !== undefined) return `[${not ? '^' : ''}${set.replaceAll('\\', '\\\\')}]`
    if (mark === '*') return '.*'
    return mark === '?' ? '.' : `\\${mark}`
  })
  try {
    return new RegExp(`^${source}$`, 'su')
  } catch {
    return /^(?!)/
  }
}
