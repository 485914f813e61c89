import type { Hop } from '../../flow/atoms.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Span } from '../../span.ts'
import { taskAt } from './tasks.ts'

/** A setting of the token, as env files, environments, settings and command lines write it. */
export const TOKEN_SETTING = /\bK3S_TOKEN\b\s*[=:][^\n]*|(?:^|[\n{,])[ \t]*["']?token["']?[ \t]*:[^\n]*/

/**
 * Where a text stands in what a step of the way writes: in the template that it renders, or in the task itself. Without the
 * blanks around it.
 */
export function placeIn(analysis: Analysis, { at, what }: Hop, pattern: RegExp): Span | undefined {
  const template = /^renders (.+) to \S+$/.exec(what)?.[1]
  const text = template === undefined ? undefined : analysis.project.get(template)
  if (template !== undefined && text !== undefined) return found(template, text, 0, pattern)
  const task = taskAt(analysis, at)?.task
  if (task === undefined) return undefined
  const { path, start, end } = task.at
  return found(path, analysis.project.get(path)?.slice(start, end) ?? '', start, pattern)
}

/** The first place in these steps, the last one first. */
export function lastPlaceIn(analysis: Analysis, hops: readonly Hop[], pattern: RegExp): Span | undefined {
  for (const hop of hops.toReversed()) {
    const place = placeIn(analysis, hop, pattern)
    if (place !== undefined) return place
  }
  return undefined
}

function found(path: string, text: string, offset: number, pattern: RegExp): Span | undefined {
  const match = pattern.exec(text)
  if (match === null) return undefined
  const [whole] = match
  const blanks = /^[\s{,]*/.exec(whole)?.[0].length ?? 0
  const start = offset + match.index + blanks
  return { path, start, end: offset + match.index + whole.trimEnd().length }
}
