import type { Severity } from '../lint/finding.ts'
import { fingerprints } from '../lint/fingerprint.ts'
import { placeOf, type Report } from './report.ts'

const severities = { error: 'critical', warning: 'major', notice: 'info' } as const satisfies Record<
  Severity,
  string
>

/** Code Quality. https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format */
export function gitlabReport(report: Report): string {
  const prints = fingerprints(report.findings, report.lines, report.mask)
  const rows = report.findings.map((finding) => {
    const { rule, severity, at, message, scenario } = finding
    const { path, from, to } = placeOf(report, at)
    return {
      description: scenario === undefined ? message : `${message} (${scenario})`,
      check_name: rule,
      fingerprint: prints.get(finding),
      severity: severities[severity],
      location: { path, lines: { begin: from.line, end: to.line } },
    }
  })
  return `${JSON.stringify(rows, null, 2)}\n`
}
