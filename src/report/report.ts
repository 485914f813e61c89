import type { UnknownNote } from '../flow/unknown.ts'
import type { Finding } from '../lint/finding.ts'
import type { ProjectLines } from '../lint/lines.ts'
import type { Mask } from '../lint/mask.ts'
import type { RuleInfo } from '../lint/ownRules.ts'
import type { Position, Span } from '../span.ts'

/** All that a reporter may know. Paths are relative to the working directory. */
export interface Report {
  /** In the order in which they are reported. */
  readonly findings: readonly Finding[]
  /** What comments and the baseline silence. */
  readonly silenced: readonly {
    readonly finding: Finding
    readonly by: 'comment' | 'baseline'
    readonly reason: string | undefined
  }[]
  readonly unknowns: readonly UnknownNote[]
  /** By id, every rule that there is where the format describes them. */
  readonly rules: readonly RuleInfo[]
  /** Number of files that were looked at. */
  readonly files: number
  readonly lines: ProjectLines
  readonly mask: Mask
}

interface Place {
  readonly path: string
  readonly from: Position
  readonly to: Position
}

export function placeOf({ lines }: Pick<Report, 'lines'>, { path, start, end }: Span): Place {
  const own = lines.of(path)
  return { path, from: own.position(start), to: own.position(Math.max(start, end)) }
}

/** A path or a message as one line of a terminal: what could steer it is written out. */
export function printable(text: string): string {
  return text.replace(
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not reach a terminal
    /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}
