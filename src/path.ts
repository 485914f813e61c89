/** A path by its parts. Who looks names up in a set spares V8 the compiling of patterns, a tenth of a short run. */
export interface PathParts {
  /** The outermost first. */
  readonly directories: readonly string[]
  readonly name: string
  /** What stands behind the last dot of the name; empty where there is none. */
  readonly ending: string
}

const known = new Map<string, PathParts>()
const MOST_KNOWN = 20_000

export function partsOf(path: string): PathParts {
  let parts = known.get(path)
  if (parts === undefined) {
    const directories = path.split('/')
    const name = directories.pop() ?? ''
    const dot = name.lastIndexOf('.')
    parts = { directories, name, ending: dot === -1 ? '' : name.slice(dot + 1) }
    if (known.size >= MOST_KNOWN) known.clear()
    known.set(path, parts)
  }
  return parts
}

/** Whether one of the directories that a path leads through has one of these names. */
export function isBelow(path: string, names: ReadonlySet<string>): boolean {
  return partsOf(path).directories.some((directory) => names.has(directory))
}
