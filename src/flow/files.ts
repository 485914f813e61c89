import type { Hop } from './atoms.ts'

/** A file on a paper node. Nodes are copied when a world forks: never change one in place. */
export interface PaperFile {
  readonly kind: 'file' | 'directory' | 'link'
  /** A marked string, or why it is not known. Of a link: the path it leads to. */
  readonly content: string | UnknownContent
  /** Permission bits; `undefined` where no task says any: what umask leaves, 0644 for a new file of root. */
  readonly mode: number | 'unknown' | undefined
  readonly owner: string | undefined
  /** Every write that the content is made of, in order: where a task is, or a template's text. */
  readonly hops: readonly Hop[]
}

export interface UnknownContent {
  readonly unknown: string
  /** A marked string: the lines that tasks have put into it, and that none has taken away. */
  readonly holds?: string
  /** A marked string: what stands in it where the pattern of a task is found. */
  readonly mayHold?: string
}

/** What is in a file for certain. */
export const heldIn = (content: PaperFile['content']): string =>
  typeof content === 'string' ? content : (content.holds ?? '')

/** What is in it or may be: as far as anything is known of that. */
export const mayBeIn = (content: PaperFile['content']): string =>
  heldIn(content) + (typeof content === 'string' ? '' : (content.mayHold ?? ''))

/** Absolute path on the node, normalised → file. A path that is not in it does not exist, unless `isForeign` of it. */
export type PaperFiles = ReadonlyMap<string, PaperFile>

/** What a node's service manager is. */
export type ServiceManager = 'systemd' | 'openrc'

/** From so many files on not all of them are copied for each one that is written. */
const MANY = 256
/** What was written last is copied each time, until there is so much of it. */
const LAYER = 64

/** The files with one more, or with another one at its path. */
export function withFile(files: PaperFiles, path: string, file: PaperFile): PaperFiles {
  if (files.size < MANY) return new Map(files).set(path, file)
  const [lower, upper] =
    files instanceof Layers ? [files.lower, files.upper] : [files, new Map<string, PaperFile>()]
  const layers = new Layers(lower, new Map(upper).set(path, file))
  return layers.upper.size > LAYER ? new Map(layers) : layers
}

class Layers implements ReadonlyMap<string, PaperFile> {
  readonly lower: PaperFiles
  /** Over the lower ones. */
  readonly upper: PaperFiles
  readonly size: number

  constructor(lower: PaperFiles, upper: PaperFiles) {
    this.lower = lower
    this.upper = upper
    let size = lower.size
    for (const path of upper.keys()) if (!lower.has(path)) size += 1
    this.size = size
  }

  get(path: string): PaperFile | undefined {
    return this.upper.get(path) ?? this.lower.get(path)
  }

  has(path: string): boolean {
    return this.upper.has(path) || this.lower.has(path)
  }

  /** In the order in which the paths were first written, as a map has them. */
  *entries(): MapIterator<[string, PaperFile]> {
    for (const [path, file] of this.lower) yield [path, this.upper.get(path) ?? file]
    for (const entry of this.upper) if (!this.lower.has(entry[0])) yield entry
  }

  *keys(): MapIterator<string> {
    for (const [path] of this.entries()) yield path
  }

  *values(): MapIterator<PaperFile> {
    for (const [, file] of this.entries()) yield file
  }

  [Symbol.iterator](): MapIterator<[string, PaperFile]> {
    return this.entries()
  }

  forEach(visit: (file: PaperFile, path: string, files: PaperFiles) => void): void {
    for (const [path, file] of this.entries()) visit(file, path, this)
  }
}
