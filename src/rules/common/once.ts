import type { RuleFinding } from '../../lint/finding.ts'

/** Each place and message once, however many nodes show it; a scenario is named where none of them was found without. */
export function once(findings: Iterable<RuleFinding>): readonly RuleFinding[] {
  const kept = new Map<string, RuleFinding>()
  for (const finding of findings) {
    const { at, message, scenario } = finding
    const key = `${at.path}:${at.start}-${at.end} ${message}`
    const known = kept.get(key)
    if (known === undefined || (known.scenario !== undefined && scenario === undefined))
      kept.set(key, finding)
  }
  return [...kept.values()]
}
