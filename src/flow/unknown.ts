import type { Span } from '../span.ts'
import type { Scenario } from './rehearsal.ts'

export { Unknown } from '../ansible/template/values.ts'

/** What a note begins with that tells of a program which brings K3s to nodes: none of its ways there is followed. */
export const BROUGHT = 'K3s is brought by '

/** Something that the rehearsal could not follow: counted, and shown on request. */
export interface UnknownNote {
  readonly at: Span
  readonly what: string
  /** Here the play ends for a host before K3s starts on it. */
  readonly end?: {
    readonly playbook: string
    /** Missing where the host is invented. */
    readonly inventory?: readonly string[]
    readonly host: string
    readonly why: string
    readonly scenarios: readonly Scenario[]
  }
}
