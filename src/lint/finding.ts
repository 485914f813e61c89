import type { Hop } from '../flow/atoms.ts'
import type { Span } from '../span.ts'

export const severities = ['error', 'warning', 'notice'] as const
export type Severity = (typeof severities)[number]

/** From which severity on a run fails. */
export const failLevels = [...severities, 'never'] as const
export type FailOn = (typeof failLevels)[number]

/** What a rule says. Words, never values: a finding is printed, stored and uploaded. */
export interface RuleFinding {
  readonly at: Span
  /** What is wrong here, in one sentence without a full stop. */
  readonly message: string
  /** Where this one has a better cure than its rule. */
  readonly cure?: string
  /** Where this one weighs less or more than its rule. */
  readonly severity?: Severity
  /** `airgapped, agents, first run`: when it bites; where it always does, nothing. */
  readonly scenario?: string
  /** How the value gets, or would have to get, to `at`. */
  readonly hops?: readonly Hop[]
  /** Ranges that hold a secret in clear text: where their lines are shown, they are blanked. */
  readonly secrets?: readonly Span[]
  readonly fix?: Fix
}

/** A change that can't be wrong: applied as a whole or not at all. The replaced ranges don't overlap. */
export interface Fix {
  readonly edits: readonly { readonly at: Span; readonly text: string }[]
}

export interface Finding extends RuleFinding {
  readonly rule: string
  readonly severity: Severity
  readonly cure: string
}

/** A finding with other names for its files. */
export function renamed(finding: Finding, rename: (path: string) => string): Finding {
  const { at, hops, secrets, fix } = finding
  const span = <T extends { readonly path: string }>(one: T): T => ({ ...one, path: rename(one.path) })
  return {
    ...finding,
    at: span(at),
    ...(hops === undefined ? {} : { hops: hops.map((hop) => ({ ...hop, at: span(hop.at) })) }),
    ...(secrets === undefined ? {} : { secrets: secrets.map(span) }),
    ...(fix === undefined
      ? {}
      : { fix: { edits: fix.edits.map((edit) => ({ ...edit, at: span(edit.at) })) } }),
  }
}
