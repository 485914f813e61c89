import { UserError } from '../errors.ts'
import type { Finding } from './finding.ts'
import { newSalt, saltedPrint } from './fingerprint.ts'

/** A finding as a baseline knows it: `path` from the baseline's directory on, `essence` the line without its secrets. */
export interface BaselineItem {
  readonly finding: Finding
  readonly path: string
  readonly essence: string
}

interface Entry {
  readonly rule: string
  readonly path: string
  readonly print: string
  readonly count: number
}

/** What was there when the baseline was written. Holds neither text nor lines, only salted hashes. */
export interface Baseline {
  readonly version: 1
  readonly salt: string
  readonly findings: readonly Entry[]
}

/** Throws `UserError` where the text is no baseline. */
export function readBaseline(path: string, text: string): Baseline {
  let value: Partial<Baseline> | null
  try {
    value = JSON.parse(text) as Partial<Baseline> | null
  } catch {
    value = null
  }
  const isWhole =
    value?.version === 1 &&
    typeof value.salt === 'string' &&
    Array.isArray(value.findings) &&
    value.findings.every(
      (entry: Partial<Entry> | null) =>
        typeof entry?.rule === 'string' &&
        typeof entry.path === 'string' &&
        typeof entry.print === 'string' &&
        Number.isSafeInteger(entry.count),
    )
  if (isWhole) return value as Baseline
  throw new UserError('is no baseline that k3seal wrote', {
    at: path,
    fix: 'name another file, or remove it and write a new one with --update-baseline',
  })
}

/** Which findings are new, and which the baseline knows. Of several equal ones as many are known as there were. */
export function compareBaseline(
  { salt, findings }: Baseline,
  items: readonly BaselineItem[],
): { readonly fresh: readonly Finding[]; readonly known: readonly Finding[] } {
  const left = new Map(findings.map(({ rule, path, print, count }) => [keyOf(rule, path, print), count]))
  const fresh: Finding[] = []
  const known: Finding[] = []
  for (const item of items) {
    const key = keyOf(item.finding.rule, item.path, printOf(salt, item))
    const count = left.get(key) ?? 0
    if (count > 0) left.set(key, count - 1)
    ;(count > 0 ? known : fresh).push(item.finding)
  }
  return { fresh, known }
}

/**
 * The baseline of what is found now. What was not looked at this time (`isCovered` says so) keeps its entries; what was, and is not
 * found any more, is stale and goes.
 */
export function updatedBaseline(
  before: Baseline | undefined,
  items: readonly BaselineItem[],
  isCovered: (rule: string, path: string) => boolean,
): { readonly text: string; readonly count: number; readonly stale: number } {
  const salt = before?.salt ?? newSalt()
  const entries = new Map<string, Entry>()
  const add = (entry: Entry): void => {
    const key = keyOf(entry.rule, entry.path, entry.print)
    entries.set(key, { ...entry, count: entry.count + (entries.get(key)?.count ?? 0) })
  }
  for (const entry of before?.findings ?? []) if (!isCovered(entry.rule, entry.path)) add(entry)
  for (const item of items)
    add({ rule: item.finding.rule, path: item.path, print: printOf(salt, item), count: 1 })
  const stale = (before?.findings ?? []).reduce((sum, { rule, path, print, count }) => {
    const now = entries.get(keyOf(rule, path, print))?.count ?? 0
    return sum + Math.max(0, count - now)
  }, 0)
  const sorted = [...entries].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, entry]) => entry)
  const baseline: Baseline = { version: 1, salt, findings: sorted }
  const count = sorted.reduce((sum, entry) => sum + entry.count, 0)
  return { text: `${JSON.stringify(baseline, null, 2)}\n`, count, stale }
}

function keyOf(rule: string, path: string, print: string): string {
  return JSON.stringify([path, rule, print])
}

function printOf(salt: string, { finding, path, essence }: BaselineItem): string {
  return saltedPrint(salt, finding.rule, path, essence)
}
