import type { Fault } from '../ansible/value.ts'
import { distinctHops } from '../flow/atoms.ts'
import type { UnknownNote } from '../flow/unknown.ts'
import type { Analysis } from './analysis.ts'
import { ownFindings } from './faults.ts'
import { type Finding, type RuleFinding, renamed, type Severity } from './finding.ts'
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
  /** Files that are there by links, too: each path that is none of its own, with the one that all is said of. */
  readonly links?: ReadonlyMap<string, string> | undefined
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
  const links = options.links ?? noLinks
  const ownPath = (path: string): string => links.get(path) ?? path
  const found: Finding[] = []
  const add = (rule: Pick<Rule, 'id' | 'severity' | 'fix'>, finding: RuleFinding): void => {
    const whole = completed(rule, finding, options)
    // What is said of a file as a whole may be said of its name.
    found.push(links.size === 0 || whole.at.end === 0 ? whole : renamed(whole, ownPath))
  }
  for (const rule of asked) for (const finding of rule.check(analysis)) add(rule, finding)
  const { findings: faults, unknowns } = ownFindings(analysis, options.faults ?? [])
  for (const { id, ...finding } of faults) {
    const rule = ownRules.find((own) => own.id === id)
    // What can't be read was not checked either: `select` doesn't make that a clean file.
    if (rule !== undefined && isOn(id, 'always')) add(rule, finding)
  }
  const project =
    links.size === 0 ? analysis.project : new Map([...analysis.project].filter(([path]) => !links.has(path)))
  const lines = new ProjectLines(analysis.project)
  const askedIds = new Set([...asked, ...ownRules].map(({ id }) => id))
  const { findings, suppressed, unused } = silence(project, merged(found), lines, {
    known: new Set([...rules, ...ownRules].map(({ id }) => id)),
    asked: askedIds,
  })
  const [, , unusedRule] = ownRules
  // Where only some rules were asked, the others' suppressions have nothing to silence.
  const stale = options.select === undefined && isOn(unusedRule.id) ? unused : []
  return {
    findings: merged([...findings, ...stale.map((finding) => completed(unusedRule, finding, options))]),
    suppressed,
    unknowns: endsTogether(
      notesInOrder(
        [...unknowns, ...analysis.notes].map((note) => ({
          ...note,
          at: { ...note.at, path: ownPath(note.at.path) },
        })),
      ),
    ),
    asked: askedIds,
  }
}

const noLinks: ReadonlyMap<string, string> = new Map()

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
    ...(finding.hops === undefined ? {} : { hops: distinctHops(finding.hops) }),
    rule: id,
    severity: asSet === undefined || asSet === 'off' ? (finding.severity ?? severity) : asSet,
    cure: finding.cure ?? fix,
  }
}
