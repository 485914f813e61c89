import { stripVTControlCharacters } from 'node:util'
import { expect, test } from 'vitest'
import type { Finding } from '../src/lint/finding.ts'
import { fingerprints } from '../src/lint/fingerprint.ts'
import { ProjectLines } from '../src/lint/lines.ts'
import { Mask } from '../src/lint/mask.ts'
import { ownRules } from '../src/lint/ownRules.ts'
import { githubReport } from '../src/report/github.ts'
import { gitlabReport } from '../src/report/gitlab.ts'
import { jsonReport } from '../src/report/json.ts'
import { junitReport } from '../src/report/junit.ts'
import type { Report } from '../src/report/report.ts'
import { sarifReport } from '../src/report/sarif.ts'
import { textReport } from '../src/report/text.ts'
import type { Span } from '../src/span.ts'

const QUINCE = 'quince-7Rk2'

const texts = new Map([
  ['site/group_vars/all.yml', `---\nharbour_key: "${QUINCE}"\nmoor: {key: "{{ harbour_key }}"}\n`],
  ['roles/edge/tasks/main.yml', "- name: Key\n\tcopy: {content: '{{ harbour_key }}'}\r\n- debug:\n"],
  ['odd, 100%:name\u001b.service', '[Service]\nExecStart=/bin/k3s agent --token %t<&>"\n'],
])

const span = (path: string, needle: string, length = needle.length): Span => {
  const start = (texts.get(path) ?? '').indexOf(needle)
  return { path, start, end: start + length }
}

const key = 'site/group_vars/all.yml'
const task = 'roles/edge/tasks/main.yml'
const unit = 'odd, 100%:name\u001b.service'

const findings: readonly Finding[] = [
  {
    rule: 'token-in-arguments',
    severity: 'error',
    at: span(unit, '--token %t'),
    message: 'token <on> a command line & "seen"\nby all',
    cure: 'use an env file, 100% of the time',
  },
  {
    rule: 'token-logged',
    severity: 'warning',
    at: span(task, 'copy: '),
    message: 'token is shown by --diff',
    cure: 'set no_log: true',
    scenario: 'airgapped, agents, first run',
    hops: [
      { at: span(key, `"${QUINCE}"`), what: 'stands here' },
      { at: span(task, '{{ harbour_key }}'), what: 'is written' },
    ],
  },
  {
    rule: 'token-plaintext',
    severity: 'notice',
    at: span(key, `"${QUINCE}"`),
    message: 'token in clear text',
    cure: 'encrypt it',
    secrets: [span(key, QUINCE)],
  },
]

const report: Report = {
  findings,
  silenced: [
    {
      finding: { ...findings[2], at: span(key, '{key:'), secrets: [] } as unknown as Finding,
      by: 'comment',
      reason: 'a test network',
    },
    { finding: { ...findings[1], hops: [] } as unknown as Finding, by: 'baseline', reason: undefined },
  ],
  unknowns: [{ at: span(task, 'debug'), what: 'the module debug is not modelled' }],
  rules: [
    ...ownRules,
    ...findings.map(({ rule: id, severity }) => ({
      id,
      severity,
      summary: 'Token somewhere',
      why: 'It is there.',
      fix: 'take it away',
      see: ['https://docs.k3s.io/cli/token'] as const,
    })),
  ],
  files: 3,
  lines: new ProjectLines(texts),
  mask: new Mask([QUINCE]),
}

const text = (options: Partial<Parameters<typeof textReport>[1]> = {}, own: Partial<Report> = {}): string =>
  textReport({ ...report, ...own }, { color: false, quiet: false, showUnknown: false, ...options })

test('text shows the place, the line with secrets blanked, the way and the cure', () => {
  expect(
    text(),
  ).toBe(`odd, 100%:name\\u001b.service:2:26  error  token <on> a command line & "seen"\\u000aby all [token-in-arguments]
  2 | ExecStart=/bin/k3s agent --token ••••
    |                          ^^^^^^^^^^^^
  cure: use an env file, 100% of the time

roles/edge/tasks/main.yml:2:2  warning  token is shown by --diff [token-logged]
  2 |  copy: {content: '{{ harbour_key }}'}
    |  ^^^^^^
    site/group_vars/all.yml:2:14  stands here
    roles/edge/tasks/main.yml:2:19  is written
  when: airgapped, agents, first run
  cure: set no_log: true

site/group_vars/all.yml:2:14  notice  token in clear text [token-plaintext]
  2 | harbour_key: "••••"
    |              ^^^^^^
  cure: encrypt it

1 error, 1 warning, 1 notice in 3 files; 1 place could not be followed (--show-unknown)
`)
})

test('text shows what could not be followed on request', () => {
  expect(text({ showUnknown: true }, { findings: [] })).toBe(
    'Could not be followed:\n  roles/edge/tasks/main.yml:3:3  the module debug is not modelled\n\nnothing found in 3 files\n',
  )
})

test('text shows unasked, once each, what brings K3s and is not followed', () => {
  const role = { at: span(task, 'copy'), what: 'the role edge.k3s is not here', isTold: true } as const
  const unknowns = [
    { ...role, cure: 'install it' },
    { at: span(task, 'debug'), what: 'the module debug is not modelled' },
    { ...role, at: span(task, 'debug'), cure: 'install it' },
  ]
  const own = { findings: [], unknowns }
  expect(text({}, own)).toBe(
    'roles/edge/tasks/main.yml:2:2  the role edge.k3s is not here; install it\nnothing found in 3 files; 3 places could not be followed (--show-unknown)\n',
  )
  expect(text({ quiet: true }, own)).toBe('')
  expect(text({ showUnknown: true }, own)).toMatch(/^Could not be followed:\n(?: {2}roles.*\n){3}\nnothing/)
})

test('quiet text is one line for each finding', () => {
  expect(text({ quiet: true }).split('\n')).toEqual([
    'odd, 100%:name\\u001b.service:2:26  error  token <on> a command line & "seen"\\u000aby all [token-in-arguments]',
    'roles/edge/tasks/main.yml:2:2  warning  token is shown by --diff [token-logged]',
    'site/group_vars/all.yml:2:14  notice  token in clear text [token-plaintext]',
    '',
  ])
})

test('colours change nothing but colours', () => {
  const colored = text({ color: true })
  expect(colored).toContain('\u001b[31merror\u001b[39m')
  expect(stripVTControlCharacters(colored)).toBe(text())
})

test('a long line is cut around the place', () => {
  const long = `a: ${'x '.repeat(200)}HERE ${'y '.repeat(200)}\n`
  const start = long.indexOf('HERE')
  const shown = text(
    {},
    {
      lines: new ProjectLines(new Map([['long.yml', long]])),
      findings: [{ ...findings[2], at: { path: 'long.yml', start, end: start + 4 }, secrets: [] } as Finding],
      unknowns: [],
    },
  )
  const [, line = '', carets = ''] = shown.split('\n')
  expect(line.length).toBeLessThan(130)
  expect(line.slice(carets.indexOf('^'), carets.lastIndexOf('^') + 1)).toBe('HERE')
})

test('JSON is exactly what is promised', () => {
  expect(JSON.parse(jsonReport(report))).toEqual({
    version: 1,
    findings: [
      {
        rule: 'token-in-arguments',
        severity: 'error',
        path: unit,
        line: 2,
        column: 26,
        endLine: 2,
        endColumn: 36,
        message: 'token <on> a command line & "seen"\nby all',
        cure: 'use an env file, 100% of the time',
        scenario: null,
        hops: [],
      },
      {
        rule: 'token-logged',
        severity: 'warning',
        path: task,
        line: 2,
        column: 2,
        endLine: 2,
        endColumn: 8,
        message: 'token is shown by --diff',
        cure: 'set no_log: true',
        scenario: 'airgapped, agents, first run',
        hops: [
          { path: key, line: 2, what: 'stands here' },
          { path: task, line: 2, what: 'is written' },
        ],
      },
      {
        rule: 'token-plaintext',
        severity: 'notice',
        path: key,
        line: 2,
        column: 14,
        endLine: 2,
        endColumn: 27,
        message: 'token in clear text',
        cure: 'encrypt it',
        scenario: null,
        hops: [],
      },
    ],
    unknowns: [{ path: task, line: 3, what: 'the module debug is not modelled' }],
  })
})

test('GitHub commands are escaped', () => {
  expect(githubReport(report).split('\n')).toEqual([
    '::error file=odd%2C 100%25%3Aname\u001b.service,line=2,endLine=2,col=26,endColumn=36,title=token-in-arguments::token <on> a command line & "seen"%0Aby all%0Acure: use an env file, 100%25 of the time',
    '::warning file=roles/edge/tasks/main.yml,line=2,endLine=2,col=2,endColumn=8,title=token-logged::token is shown by --diff%0A  site/group_vars/all.yml:2  stands here%0A  roles/edge/tasks/main.yml:2  is written%0Awhen: airgapped, agents, first run%0Acure: set no_log: true',
    '::notice file=site/group_vars/all.yml,line=2,endLine=2,col=14,endColumn=27,title=token-plaintext::token in clear text%0Acure: encrypt it',
    '',
  ])
})

test('GitLab gets an array with fingerprints of its own', () => {
  const rows = JSON.parse(gitlabReport(report)) as { fingerprint: string }[]
  expect(rows.map(({ fingerprint: _, ...row }) => row)).toEqual([
    {
      description: 'token <on> a command line & "seen"\nby all',
      check_name: 'token-in-arguments',
      severity: 'critical',
      location: { path: unit, lines: { begin: 2, end: 2 } },
    },
    {
      description: 'token is shown by --diff (airgapped, agents, first run)',
      check_name: 'token-logged',
      severity: 'major',
      location: { path: task, lines: { begin: 2, end: 2 } },
    },
    {
      description: 'token in clear text',
      check_name: 'token-plaintext',
      severity: 'info',
      location: { path: key, lines: { begin: 2, end: 2 } },
    },
  ])
  expect(new Set(rows.map(({ fingerprint }) => fingerprint)).size).toBe(3)
  for (const { fingerprint } of rows) expect(fingerprint).toMatch(/^[0-9a-f]{32}$/)
})

test('JUnit is a case for each finding, and one that passed where there is none', () => {
  expect(junitReport(report)).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="k3seal lint" tests="3" failures="3" errors="0">
  <testsuite name="odd, 100%:name\ufffd.service" tests="1" failures="1" errors="0">
    <testcase classname="odd, 100%:name\ufffd.service" name="token-in-arguments at 2:26">
      <failure type="error" message="token &lt;on&gt; a command line &amp; &quot;seen&quot;&#10;by all">odd, 100%:name\ufffd.service:2:26  error  token &lt;on&gt; a command line &amp; &quot;seen&quot;&#10;by all&#10;cure: use an env file, 100% of the time</failure>
    </testcase>
  </testsuite>
  <testsuite name="roles/edge/tasks/main.yml" tests="1" failures="1" errors="0">
    <testcase classname="roles/edge/tasks/main.yml" name="token-logged at 2:2">
      <failure type="warning" message="token is shown by --diff">roles/edge/tasks/main.yml:2:2  warning  token is shown by --diff&#10;  site/group_vars/all.yml:2  stands here&#10;  roles/edge/tasks/main.yml:2  is written&#10;when: airgapped, agents, first run&#10;cure: set no_log: true</failure>
    </testcase>
  </testsuite>
  <testsuite name="site/group_vars/all.yml" tests="1" failures="1" errors="0">
    <testcase classname="site/group_vars/all.yml" name="token-plaintext at 2:14">
      <failure type="notice" message="token in clear text">site/group_vars/all.yml:2:14  notice  token in clear text&#10;cure: encrypt it</failure>
    </testcase>
  </testsuite>
</testsuites>
`)
  expect(junitReport({ ...report, findings: [] })).toContain('tests="1" failures="0"')
})

interface Sarif {
  readonly runs: readonly {
    readonly tool: { readonly driver: { readonly rules: readonly { readonly id: string }[] } }
    readonly results: readonly {
      readonly ruleId: string
      readonly ruleIndex: number
      readonly level: string
      readonly locations: readonly unknown[]
      readonly suppressions?: unknown
      readonly codeFlows?: readonly {
        readonly threadFlows: readonly {
          readonly locations: readonly { readonly location: { readonly message: { text: string } } }[]
        }[]
      }[]
    }[]
  }[]
}

test('SARIF has rules, places, code flows and suppressions', () => {
  const [run] = (JSON.parse(sarifReport(report)) as Sarif).runs
  expect(run?.results.map(({ ruleId, level }) => `${ruleId} ${level}`)).toEqual([
    'token-in-arguments error',
    'token-logged warning',
    'token-plaintext note',
    'token-plaintext note',
    'token-logged warning',
  ])
  for (const { ruleId, ruleIndex } of run?.results ?? [])
    expect(run?.tool.driver.rules[ruleIndex]?.id).toBe(ruleId)
  expect(run?.results[0]?.locations).toEqual([
    {
      physicalLocation: {
        artifactLocation: { uri: 'odd%2C%20100%25%3Aname%1B.service', uriBaseId: '%SRCROOT%' },
        region: { startLine: 2, startColumn: 26, endLine: 2, endColumn: 36 },
      },
    },
  ])
  expect(run?.results.map(({ suppressions }) => suppressions)).toEqual([
    undefined,
    undefined,
    undefined,
    [{ kind: 'inSource', status: 'accepted', justification: 'a test network' }],
    [{ kind: 'external', status: 'accepted' }],
  ])
  expect(
    run?.results[1]?.codeFlows?.[0]?.threadFlows[0]?.locations.map(({ location }) => location.message.text),
  ).toEqual(['stands here', 'is written', 'token is shown by --diff'])
})

test('no format shows a text of a file, text alone lines without their secrets', () => {
  const spellings = [QUINCE, Buffer.from(QUINCE).toString('base64'), Buffer.from(QUINCE).toString('hex')]
  const reports = [
    text({ showUnknown: true }),
    jsonReport(report),
    sarifReport(report),
    githubReport(report),
    gitlabReport(report),
    junitReport(report),
  ]
  for (const shown of reports) for (const spelling of spellings) expect(shown).not.toContain(spelling)
  for (const shown of reports.slice(1)) expect(shown).not.toContain('harbour_key')
})

test('fingerprints stay when lines move and tokens change, and tell equal findings apart', () => {
  const of = (content: string, count: number): string[] => {
    const at = [...content.matchAll(/cider/g)].map(({ index }) => ({
      path: 'a.yml',
      start: index,
      end: index + 5,
    }))
    const found = at.slice(0, count).map((own) => ({ ...findings[2], at: own, secrets: [] }) as Finding)
    return [
      ...fingerprints(
        found,
        new ProjectLines(new Map([['a.yml', content]])),
        new Mask(['quince', 'medlar']),
      ).values(),
    ]
  }
  const [before] = of('cider: quince\n', 1)
  expect(of('# moved\n\n  cider:   medlar\n', 1)).toEqual([before])
  expect(of('cider: other\n', 1)).not.toEqual([before])
  expect(new Set(of('cider: quince\ncider: quince\n', 2)).size).toBe(2)
})
