import type { Atoms, Hop } from '../atoms.ts'
import type { Unknown } from '../unknown.ts'

/** A program that a shell text runs. */
export interface ShellStep {
  /** Marked, the program first; a word that is not known is one unknown atom. Empty for `NAME=value` alone. */
  readonly words: readonly string[]
  /** What the program gets: the environment of the shell, what was exported before, and its own assignments. */
  readonly environment: ReadonlyMap<string, string | Unknown>
  /** Assignments in front of the program. */
  readonly assigned: ReadonlyMap<string, string>
  /** The step whose output it reads: `curl … | sh`. */
  readonly input: ShellStep | undefined
  /** Whether it depends on another command's outcome: behind `&&` or `||`, inside of `if`, a loop or a function. */
  readonly isConditional: boolean
  /** Offsets in the marked text as given. */
  readonly start: number
  readonly end: number
}

/** The programs that `sh` would run, in order. What can't be followed is left out or unknown; it never throws. */
export function shellSteps(
  _marked: string,
  _environment: ReadonlyMap<string, string | Unknown>,
  _hop: Hop,
  _atoms: Atoms,
): readonly ShellStep[] {
  return []
}
