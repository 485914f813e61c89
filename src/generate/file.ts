import type { Secret } from '../secret.ts'

/** A file that k3seal wants to exist. */
export interface GeneratedFile {
  /** Relative to the directory that is generated into, with `/`; absolute for what must lie outside it. */
  readonly path: string
  /** A `Secret` is written as it is and never shown, not even in a diff. */
  readonly text: string | Secret
  /** Permission bits for a file that does not exist yet; an existing one keeps its own. */
  readonly mode: number
}
