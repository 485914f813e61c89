import type { Hop } from '../../flow/atoms.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Severity } from '../../lint/finding.ts'
import { holdsToken, isToken, tokenHops } from './leaks.ts'
import { nodeRunsOf } from './nodes.ts'

/** A line with a token that a task has put into a unit, or a drop-in, whose other lines nobody knows. */
interface HeldLine {
  /** Without `.service`. */
  readonly service: string
  readonly hops: readonly Hop[]
  /** Lower where the line is there only if a pattern was found. */
  readonly severity?: Severity
}

const UNIT = /\/systemd\/[^/]+\/([^/]+)\.service(?:\.d\/[^/]+\.conf)?$/

/** Those lines of a directive, as the files are in the end. */
export function* heldInUnits(analysis: Analysis, directive: RegExp): Generator<HeldLine> {
  const { atoms } = analysis.rehearsal
  for (const { events } of nodeRunsOf(analysis)) {
    const files = new Map(
      events.flatMap((event) => (event.what === 'file-written' ? [[event.path, event.file] as const] : [])),
    )
    for (const [path, { content, hops }] of files) {
      const [, service] = UNIT.exec(path) ?? []
      if (service === undefined || typeof content === 'string') continue
      const certain = content.holds?.split('\n') ?? []
      for (const lines of [certain, content.mayHold?.split('\n') ?? []])
        for (const line of lines) {
          if (!directive.test(line) || !holdsToken(analysis, line)) continue
          const atom = atoms.in(line).find((one) => isToken(analysis, one))
          yield {
            service,
            hops: [...(atom === undefined ? [] : tokenHops(analysis, atom)), ...hops],
            ...(lines === certain ? {} : { severity: 'warning' }),
          }
        }
    }
  }
}
