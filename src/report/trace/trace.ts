import type { Scenario, Verdict } from '../../flow/rehearsal.ts'
import type { UnknownNote } from '../../flow/unknown.ts'
import type { ProjectLines } from '../../lint/lines.ts'
import type { Span } from '../../span.ts'

/** Where a play ends before the service of K3s starts: a variable is undefined, or a task fails for another reason. */
export interface Stop {
  readonly playbook: string
  /** The sources of the inventory; missing where the host is invented. */
  readonly inventory?: readonly string[]
  readonly host: string
  /** The hosts that it stands for. */
  readonly others?: readonly string[]
  readonly variable: string | undefined
  readonly why: string
  /** Whether it is the whole run that ends, before it comes to that host. */
  readonly isOfRun: boolean
  readonly at: Span
  /** In which it does. */
  readonly scenarios: readonly Scenario[]
}

/** All that a picture of the token's way may know. Paths are relative to the working directory, words hold no secret. */
export interface Trace {
  /** In the order in which they are shown. */
  readonly verdicts: readonly Verdict[]
  /** Of hosts that have no verdict in some scenario of a playbook. */
  readonly stops: readonly Stop[]
  readonly unknowns: readonly UnknownNote[]
  /** Where the bound on what is rehearsed was hit. */
  readonly bounds: readonly UnknownNote[]
  /** Whether the project has an inventory, or one that git ignores or only a script tells, or `-i` gave one, of which a plugin may make a part (`open`); `empty`: with groups that have no hosts. */
  readonly inventories: 'none' | 'ignored' | 'script' | 'empty' | 'found' | 'given' | 'open'
  /** To what the user narrowed it down, in words: `on a1`. */
  readonly asked: readonly string[]
  /** What brings K3s, or its kin, to nodes in ways that are not followed: `K3s is brought by k3sup, which is not followed`. */
  readonly brought: readonly string[]
  /** Files with faults that hide part of the project. */
  readonly unread: number
  /** Playbooks that Ansible refuses before their first task: each with the first place that it can't read, or `why` it is refused. */
  readonly refused: ReadonlyMap<string, { readonly at: Span; readonly why?: string }>
  readonly lines: ProjectLines
}
