import type { Verdict } from '../../flow/rehearsal.ts'
import type { UnknownNote } from '../../flow/unknown.ts'
import type { ProjectLines } from '../../lint/lines.ts'

/** All that a picture of the token's way may know. Paths are relative to the working directory, words hold no secret. */
export interface Trace {
  /** In the order in which they are shown. */
  readonly verdicts: readonly Verdict[]
  readonly unknowns: readonly UnknownNote[]
  /** Where the bound on what is rehearsed was hit. */
  readonly bounds: readonly UnknownNote[]
  /** Whether the project has an inventory, or `-i` gave one. */
  readonly inventories: 'none' | 'found' | 'given'
  /** What the user asked for, in words, where that left nothing over: `on host a1`. */
  readonly asked: readonly string[]
  /** Whether there were verdicts before the user's choice. */
  readonly isAnything: boolean
  /** Files with faults that hide part of the project. */
  readonly unread: number
  readonly lines: ProjectLines
}
