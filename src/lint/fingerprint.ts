import { createHash, createHmac, randomBytes } from 'node:crypto'
import type { Finding } from './finding.ts'
import type { ProjectLines } from './lines.ts'
import type { Mask } from './mask.ts'

/**
 * A name for each finding that stays when its line moves, and holds no secret: a hash over rule, path, message and the line
 * with its literals blanked. Equal findings are told apart by their order.
 */
export function fingerprints(
  findings: readonly Finding[],
  lines: ProjectLines,
  mask: Mask,
): ReadonlyMap<Finding, string> {
  const seen = new Map<string, number>()
  return new Map(
    findings.map((finding) => {
      const { rule, at, message } = finding
      const text = JSON.stringify([rule, at.path, message, mask.essence(finding, lines.of(at.path))])
      const index = seen.get(text) ?? 0
      seen.set(text, index + 1)
      return [finding, createHash('sha256').update(`${text} ${index}`).digest('hex').slice(0, 32)]
    }),
  )
}

/** As `fingerprints`, for one finding of a baseline: with the baseline's own salt, without order, and without the message's words. */
export function saltedPrint(salt: string, rule: string, path: string, essence: string): string {
  return createHmac('sha256', salt)
    .update(JSON.stringify([rule, path, essence]))
    .digest('hex')
    .slice(0, 32)
}

export function newSalt(): string {
  return randomBytes(16).toString('hex')
}
