import type { Analysis } from './analysis.ts'
import type { RuleFinding, Severity } from './finding.ts'

/** One rule: its manual page, its tests and its check. */
export interface Rule {
  /** Names the fault: `token-in-arguments`. */
  readonly id: string
  readonly severity: Severity
  /** Title of every finding: "Join token on a command line". */
  readonly summary: string
  /** The cause, for someone who has never heard of it. */
  readonly why: string
  /** What to write instead. */
  readonly fix: string
  /** Where the facts come from. */
  readonly see: readonly [string, ...string[]]
  readonly bad: readonly [Example, ...Example[]]
  readonly good: readonly [Example, ...Example[]]
  /** Pure. Throws only what is a defect of k3seal. */
  check(analysis: Analysis): Iterable<RuleFinding>
}

/**
 * A small project. In a bad one a line that holds only blanks, carets and words states a finding at the characters above
 * the carets, with that message; it is taken out before the rule runs. A good one is silent.
 */
export interface Example {
  readonly title: string
  readonly files: Readonly<Record<string, string>>
}
