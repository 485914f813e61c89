import type { Span } from '../span.ts'
import { names } from './names.ts'
import type { Scenario } from './rehearsal.ts'

export { Unknown } from '../ansible/template/values.ts'

/** Something that the rehearsal could not follow: counted, and shown on request. */
export interface UnknownNote {
  readonly at: Span
  readonly what: string
  /** Told even where nobody asks, so that silence is no praise: all of what brings K3s, or its kin, is not followed. */
  readonly isTold?: true
  /** Whether it is a task that brings K3s, of which no service starts anywhere. */
  readonly isIdle?: true
  /** How to have it followed, where there is a way. */
  readonly cure?: string
  /** Here the play ends for a host before K3s starts on it. */
  readonly end?: {
    readonly playbook: string
    /** Missing where the host is invented. */
    readonly inventory?: readonly string[]
    readonly host: string
    /** The hosts that it stands for. */
    readonly others?: readonly string[]
    readonly why: string
    /** What is not defined, where it is that. */
    readonly variable?: string
    /** Whether the whole run ends, before a play comes to that host. */
    readonly isOfRun?: true
    readonly scenarios: readonly Scenario[]
  }
}

/** Of a program that brings K3s to nodes: none of its ways there is followed. */
export const broughtBy = (program: string, at: Span): UnknownNote => ({
  at,
  what: `K3s is brought by ${program}, which is not followed`,
  isTold: true,
})

type End = NonNullable<UnknownNote['end']>

/** What a note begins with that says where a play ends for hosts. */
export const endsFor = (hosts: readonly string[], { isOfRun }: Pick<End, 'isOfRun'>): string =>
  isOfRun === true
    ? `the run ends here, before it comes to ${names(hosts)}: `
    : `the play ends here for ${names(hosts)}: `
