import type { Span } from '../span.ts'

export { Unknown } from '../ansible/template/values.ts'

/** Something that the rehearsal could not follow: counted, and shown on request. */
export interface UnknownNote {
  readonly at: Span
  readonly what: string
}
