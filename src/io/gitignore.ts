import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import ignore, { type Ignore } from 'ignore'
import { pathKind } from './files.ts'

interface Layer {
  /** What the patterns are relative to, as a path below the root with `/` behind it; '' for the root itself and above. */
  readonly below: string
  /** Of a file above the root: the root as it sees it, with `/` behind it. */
  readonly above: string
  readonly patterns: Ignore
}

/** Which paths below a root git passes over, as its `.gitignore` files and `.git/info/exclude` say. */
export class GitIgnore {
  readonly #layers: readonly Layer[]

  private constructor(layers: readonly Layer[]) {
    this.#layers = layers
  }

  /** With what stands above the root, up to the top of the work tree. */
  static at(root: string): GitIgnore {
    const above: Layer[] = []
    const top = gitTop(root)
    if (top !== undefined) {
      const exclude = layerOf(join(top, '.git/info/exclude'), '', prefix(top, root))
      if (exclude !== undefined) above.push(exclude)
      for (const directory of between(top, root)) {
        const layer = layerOf(join(directory, '.gitignore'), '', prefix(directory, root))
        if (layer !== undefined) above.push(layer)
      }
    }
    // A root that is ignored itself was named by hand: what ignores it can't speak for what is in it.
    return new GitIgnore(
      above.filter(({ above: own, patterns }) => own === '' || !patterns.test(own).ignored),
    )
  }

  /** With the `.gitignore` of a directory below the root, whose path ends with `/` ('' for the root). */
  inside(root: string, directory: string): GitIgnore {
    const layer = layerOf(join(root, directory, '.gitignore'), directory, '')
    return layer === undefined ? this : new GitIgnore([...this.#layers, layer])
  }

  ignores(path: string, isDirectory: boolean): boolean {
    for (let index = this.#layers.length - 1; index >= 0; index -= 1) {
      const layer = this.#layers[index]
      if (layer === undefined) continue
      const seen = layer.above + path.slice(layer.below.length) + (isDirectory ? '/' : '')
      const { ignored, unignored } = layer.patterns.test(seen)
      if (ignored) return true
      if (unignored) return false
    }
    return false
  }
}

/** Whether gitignore patterns take a path, which is relative to where they stand. */
export function globMatcher(patterns: readonly string[]): (path: string) => boolean {
  if (patterns.length === 0) return () => false
  const own = ignore().add([...patterns])
  return (path) => ignore.isPathValid(path) && own.ignores(path)
}

/** The nearest directory upwards that holds `.git`. */
function gitTop(from: string): string | undefined {
  for (let at = from; ; at = dirname(at)) {
    if (pathKind(join(at, '.git')) !== 'absent') return at
    if (dirname(at) === at) return undefined
  }
}

/** From the top down, the root left out. */
function between(top: string, root: string): readonly string[] {
  const directories: string[] = []
  for (let at = root; at !== top; ) {
    at = dirname(at)
    directories.unshift(at)
  }
  return directories
}

function prefix(directory: string, root: string): string {
  const path = relative(directory, root).replaceAll('\\', '/')
  return path === '' ? '' : `${path}/`
}

function layerOf(file: string, below: string, above: string): Layer | undefined {
  try {
    return { below, above, patterns: ignore().add(readFileSync(file, 'utf8')) }
  } catch {
    // Missing, or nothing that git itself could read.
    return undefined
  }
}
