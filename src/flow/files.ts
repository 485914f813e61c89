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
}

/** Absolute path on the node, normalised → file. A path that is not in it does not exist, unless `isForeign` of it. */
export type PaperFiles = ReadonlyMap<string, PaperFile>

/** What a node's service manager is. */
export type ServiceManager = 'systemd' | 'openrc'
