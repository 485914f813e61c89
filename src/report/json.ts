import { placeOf, type Report } from './report.ts'

/** `{"version":1,"findings":[…],"unknowns":[…]}`: places and words, never text of a file. */
export function jsonReport(report: Report): string {
  const findings = report.findings.map(({ rule, severity, at, message, cure, scenario, hops = [] }) => {
    const { path, from, to } = placeOf(report, at)
    return {
      rule,
      severity,
      path,
      line: from.line,
      column: from.column,
      endLine: to.line,
      endColumn: to.column,
      message,
      cure,
      scenario: scenario ?? null,
      hops: hops.map((hop) => ({
        path: hop.at.path,
        line: placeOf(report, hop.at).from.line,
        what: hop.what,
      })),
    }
  })
  const unknowns = report.unknowns.map(({ at, what }) => ({
    path: at.path,
    line: placeOf(report, at).from.line,
    what,
  }))
  return `${JSON.stringify({ version: 1, findings, unknowns }, null, 2)}\n`
}
