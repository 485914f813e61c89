import type { Finding, Severity } from '../lint/finding.ts'
import { fingerprints } from '../lint/fingerprint.ts'
import type { RuleInfo } from '../lint/ownRules.ts'
import type { Span } from '../span.ts'
import { version } from '../version.ts'
import { placeOf, type Report } from './report.ts'

const SCHEMA = 'https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json'

const levels = { error: 'error', warning: 'warning', notice: 'note' } as const satisfies Record<
  Severity,
  string
>

/** Code scanning sorts by these numbers: 7 and more is "high", 4 and more "medium". */
const scores = { error: '8.0', warning: '5.0', notice: '2.0' } as const satisfies Record<Severity, string>

/** SARIF 2.1.0 with the hops as code flows. Points at places, holds no text of a file. */
export function sarifReport(report: Report): string {
  const reported = [
    ...report.findings.map((finding) => ({ finding, suppressions: undefined })),
    ...report.silenced.map(({ finding, by, reason }) => ({
      finding,
      suppressions: [
        {
          kind: by === 'comment' ? 'inSource' : 'external',
          status: 'accepted',
          ...(reason === undefined ? {} : { justification: reason }),
        },
      ],
    })),
  ]
  const prints = fingerprints(
    reported.map(({ finding }) => finding),
    report.lines,
    report.mask,
  )
  const indices = new Map(report.rules.map(({ id }, index) => [id, index]))
  const results = reported.map(({ finding, suppressions }) => ({
    ruleId: finding.rule,
    ruleIndex: indices.get(finding.rule) ?? -1,
    kind: 'fail',
    level: levels[finding.severity],
    message: { text: messageOf(finding) },
    locations: [location(report, finding.at)],
    partialFingerprints: { 'k3sealFinding/v1': prints.get(finding) ?? '' },
    ...codeFlows(report, finding),
    ...(suppressions === undefined ? {} : { suppressions }),
  }))
  const notifications = report.unknowns.map(({ at, what }) => ({
    level: 'note',
    message: { text: `could not be followed: ${what}` },
    locations: [location(report, at)],
  }))
  const log = {
    $schema: SCHEMA,
    version: '2.1.0',
    runs: [
      {
        tool: {
          driver: {
            name: 'k3seal',
            version,
            semanticVersion: version,
            rules: report.rules.map(descriptor),
          },
        },
        columnKind: 'utf16CodeUnits',
        originalUriBaseIds: { '%SRCROOT%': { description: { text: 'where k3seal lint was run' } } },
        invocations: [{ executionSuccessful: true, toolExecutionNotifications: notifications }],
        results,
      },
    ],
  }
  return `${JSON.stringify(log, null, 2)}\n`
}

function messageOf({ message, scenario, cure }: Finding): string {
  return `${message}${scenario === undefined ? '' : ` (${scenario})`}. Cure: ${cure}`
}

function descriptor({ id, severity, summary, why, fix, see }: RuleInfo): object {
  const sources = see.map((url) => `- ${url}`).join('\n')
  return {
    id,
    name: id.replace(/(?:^|-)(\w)/g, (_, letter: string) => letter.toUpperCase()),
    shortDescription: { text: summary },
    fullDescription: { text: why },
    helpUri: see[0],
    help: {
      text: `${why}\n\nCure: ${fix}`,
      markdown: `${why}\n\n**Cure:** ${fix}\n\n${sources}`,
    },
    defaultConfiguration: { level: levels[severity] },
    properties: {
      'security-severity': scores[severity],
      precision: 'high',
      tags: ['security', 'k3s', 'token'],
    },
  }
}

function codeFlows(report: Report, { hops = [], at, message }: Finding): object {
  if (hops.length === 0) return {}
  const steps = hops.map((hop) => ({
    location: { ...location(report, hop.at), message: { text: hop.what } },
  }))
  const last = hops.at(-1)?.at
  const isThere = last?.path === at.path && last.start === at.start
  const end = isThere ? [] : [{ location: { ...location(report, at), message: { text: message } } }]
  return { codeFlows: [{ threadFlows: [{ locations: [...steps, ...end] }] }] }
}

function location(report: Report, at: Span): object {
  const { path, from, to } = placeOf(report, at)
  return {
    physicalLocation: {
      artifactLocation: { uri: path.split('/').map(encodeURIComponent).join('/'), uriBaseId: '%SRCROOT%' },
      region: { startLine: from.line, startColumn: from.column, endLine: to.line, endColumn: to.column },
    },
  }
}
