import { execFileSync, spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { UserError } from '../../src/errors.ts'
import { readConfig } from '../../src/lint/config.ts'
import type { Finding } from '../../src/lint/finding.ts'
import { ProjectLines } from '../../src/lint/lines.ts'
import { Mask } from '../../src/lint/mask.ts'
import { ownRules } from '../../src/lint/ownRules.ts'
import type { Report } from '../../src/report/report.ts'
import { sarifReport } from '../../src/report/sarif.ts'
import { rules } from '../../src/rules/index.ts'

const root = join(import.meta.dirname, '../..')
const python = join(root, 'test/.peers/ansible-newest/bin/python')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-schema-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

// From the OASIS repository, formatted anew: https://github.com/oasis-tcs/sarif-spec/tree/main/sarif-2.1/schema
const sarifSchema = join(root, 'test/schemas/sarif-schema-2.1.0.json')
const configSchema = join(root, 'schema/k3seal.schema.json')

const VALIDATE = `
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
kind = jsonschema.validators.validator_for(schema)
kind.check_schema(schema)
checker = kind(schema, format_checker=kind.FORMAT_CHECKER)
print(json.dumps([
    ['/'.join(map(str, error.absolute_path)) + ': ' + error.message for error in checker.iter_errors(value)]
    for value in json.load(open(sys.argv[2]))
]))
`

/** What is wrong with each value, as Python's jsonschema sees it. */
function problems(schema: string, values: readonly unknown[]): readonly (readonly string[])[] {
  const file = join(scratch, 'values.json')
  writeFileSync(file, JSON.stringify(values))
  return JSON.parse(execFileSync(python, ['-c', VALIDATE, schema, file], { encoding: 'utf8' })) as string[][]
}

const path = 'roles/edge/tasks/my main.yml'
const at = { path, start: 3, end: 9 }
const finding: Finding = {
  rule: rules[0]?.id ?? 'file-unreadable',
  severity: 'error',
  at,
  message: 'token is lost',
  cure: 'keep it',
  scenario: 'airgapped agent',
  hops: [
    { at: { path: 'hosts', start: 0, end: 2 }, what: 'stands here' },
    { at, what: 'is lost' },
  ],
}
const report: Report = {
  findings: [finding, { ...finding, severity: 'notice', hops: [] }],
  silenced: [
    { finding: { ...finding, severity: 'warning' }, by: 'comment', reason: 'a test network' },
    { finding, by: 'baseline', reason: undefined },
  ],
  unknowns: [{ at, what: 'the module debug is not modelled' }],
  rules: [...rules, ...ownRules],
  files: 2,
  lines: new ProjectLines(
    new Map([
      [path, '- copy:\n    x\n'],
      ['hosts', 'larch\n'],
    ]),
  ),
  mask: new Mask([]),
}

test('SARIF keeps to the schema of OASIS, with and without findings', () => {
  const logs = [report, { ...report, findings: [], silenced: [], unknowns: [] }].map(
    (own) => JSON.parse(sarifReport(own)) as Record<string, unknown>,
  )
  expect(problems(sarifSchema, logs)).toEqual([[], []])
  const [broken] = problems(sarifSchema, [{ ...logs[0], runs: [{ results: [{ level: 'fatal' }] }] }])
  expect(broken?.length).toBeGreaterThan(0)
})

const ids = [...rules, ...ownRules].map(({ id }) => id)
const own = ids[0] ?? ''

test.each([
  [{}, true],
  [null, true],
  [{ select: [own], ignore: own, failOn: 'never', exclude: ['a/', '!b'], baseline: 'x.json' }, true],
  [{ severity: { [own]: 'off' }, inventories: ['hosts.yml', ['a', 'b']] }, true],
  [{ inventories: 'hosts.yml' }, true],
  [{ severity: { [own]: false } }, true],
  [[], false],
  [{ selct: [own] }, false],
  [{ select: [1] }, false],
  [{ select: [''] }, false],
  [{ severity: { [own]: 'fatal' } }, false],
  [{ severity: [] }, false],
  [{ failOn: 'always' }, false],
  [{ exclude: { a: 1 } }, false],
  [{ baseline: ['x'] }, false],
  [{ inventories: [[['a']]] }, false],
])('the schema and k3seal agree on %j', (value, isRight) => {
  const [wrong] = problems(configSchema, [value])
  expect(wrong?.length === 0, wrong?.join('\n')).toBe(isRight)
  const read = (): unknown => readConfig('.k3seal.yml', JSON.stringify(value), ids)
  if (isRight) read()
  else expect(read).toThrow(UserError)
})

test('a real run keeps to the schema, too', () => {
  const { stdout } = spawnSync(
    process.execPath,
    [join(root, 'dist/k3seal.js'), 'lint', '--format', 'sarif'],
    {
      cwd: join(root, 'inventory-examples'),
      encoding: 'utf8',
    },
  )
  expect(problems(sarifSchema, [JSON.parse(stdout)])).toEqual([[]])
  expect(readFileSync(sarifSchema, 'utf8')).toContain('sarif/v2.1.0/errata01/os/schemas')
})
