import type { Fault } from '../ansible/value.ts'
import type { UnknownNote } from '../flow/unknown.ts'
import type { Analysis } from './analysis.ts'
import { ownFindings } from './faults.ts'
import type { Finding, RuleFinding, Severity } from './finding.ts'
import { ProjectLines } from './lines.ts'
import { endsTogether, merged, notesInOrder } from './order.ts'
import { ownRules } from './ownRules.ts'
import type { Rule } from './rule.ts'
import { type Suppressed, silence } from './silence.ts'

export interface LintOptions {
  /** Beginnings of ids: only these rules. */
  readonly select?: readonly string[] | undefined
  /** Beginnings of ids: not these, whatever is selected. */
  readonly ignore?: readonly string[] | undefined
  readonly severity?: ReadonlyMap<string, Severity | 'off'> | undefined
  /** What was wrong with files before they became texts. */
  readonly faults?: readonly Fault[] | undefined
}

export interface LintResult {
  /** By path, offset and rule; unused suppressions are among them. */
  readonly findings: readonly Finding[]
  /** What a comment silences, in the same order. */
  readonly suppressed: readonly Suppressed[]
  /** What could not be followed, by path and offset. */
  readonly unknowns: readonly UnknownNote[]
  /** The rules that were asked. */
  readonly asked: ReadonlySet<string>
}

/** Asks every rule that is switched on. A rule that throws is a defect of k3seal: the error goes through. */
export function lint(analysis: Analysis, rules: readonly Rule[], options: LintOptions = {}): LintResult {
  const isOn = switches(options)
  const asked = rules.filter(({ id }) => isOn(id))
  const found: Finding[] = []
  for (const rule of asked)
    for (const finding of rule.check(analysis)) found.push(completed(rule, finding, options))
  const { findings: faults, unknowns } = ownFindings(analysis, options.faults ?? [])
  for (const { id, ...finding } of faults) {
    const rule = ownRules.find((own) => own.id === id)
    // What can't be read was not checked either: `select` doesn't make that a clean file.
    if (rule !== undefined && isOn(id, 'always')) found.push(completed(rule, finding, options))
  }
  const lines = new ProjectLines(analysis.project)
  const askedIds = new Set([...asked, ...ownRules].map(({ id }) => id))
  const { findings, suppressed, unused } = silence(analysis.project, merged(found), lines, {
    known: new Set([...rules, ...ownRules].map(({ id }) => id)),
    asked: askedIds,
  })
  const [, , unusedRule] = ownRules
  // Where only some rules were asked, the others' suppressions have nothing to silence.
  const stale = options.select === undefined && isOn(unusedRule.id) ? unused : []
  return {
    findings: merged([...findings, ...stale.map((finding) => completed(unusedRule, finding, options))]),
    suppressed,
    unknowns: endsTogether(notesInOrder([...unknowns, ...analysis.notes])),
    asked: askedIds,
  }
}

function switches({ select, ignore = [], severity }: LintOptions): (id: string, mode?: 'always') => boolean {
  const begins = (id: string, prefixes: readonly string[]): boolean =>
    prefixes.some((prefix) => id.startsWith(prefix))
  return (id, mode) => {
    if (severity?.get(id) === 'off' || begins(id, ignore)) return false
    return mode === 'always' || select === undefined || begins(id, select)
  }
}

function completed(
  { id, severity, fix }: Pick<Rule, 'id' | 'severity' | 'fix'>,
  finding: RuleFinding,
  options: LintOptions,
): Finding {
  const asSet = options.severity?.get(id)
  return {
    ...finding,
    rule: id,
    severity: asSet === undefined || asSet === 'off' ? (finding.severity ?? severity) : asSet,
    cure: finding.cure ?? fix,
  }
}
