import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { lint } from '../src/lint/run.ts'
import { rules } from '../src/rules/index.ts'
import { positionAt } from '../src/span.ts'
import { inWords, projectNames, readExpectation, readProject, verdictsOf } from './projects/expectation.ts'

describe.each(projectNames)('%s', (name) => {
  const { runs, findings, clean } = readExpectation(name)
  const project = readProject(name)

  test.each(runs)('is rehearsed as it is played: $name', (run) => {
    const inventories = run.inventory === undefined ? {} : { inventories: [run.inventory] }
    const { verdicts } = new Analysis(project, inventories).rehearsal
    const said = Object.entries(run.verdicts).map(([host]) => {
      const words = verdictsOf(verdicts, run, host).map(inWords)
      return [host, words.length === 0 ? inWords('none') : [...new Set(words)].join(' | ')]
    })
    const wanted = Object.entries(run.verdicts).map(([host, one]) => [host, inWords(one)])
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(wanted))
  })

  test('has no hop that leads nowhere', () => {
    const analysis = new Analysis(project)
    const { verdicts } = analysis.rehearsal
    const hops = [...verdicts, ...lint(analysis, rules).findings].flatMap((one) => one.hops ?? [])
    expect(hops.filter(({ at }) => !project.has(at.path))).toEqual([])
  })

  test('is found fault with where it is wrong', () => {
    const found = lint(new Analysis(project), rules).findings.map(({ rule, at }) => ({
      rule,
      at: `${at.path}:${positionAt(project.get(at.path) ?? '', at.start).line}`,
    }))
    for (const { rule, at } of findings) expect(found).toContainEqual({ rule, at: at ?? expect.any(String) })
    expect(found.filter(({ rule }) => clean.includes(rule))).toEqual([])
  })
})

test.each(['airgapped-ha.yml', 'online.yml'])('the example %s is clean', (name) => {
  const text = readFileSync(join(import.meta.dirname, '../inventory-examples', name), 'utf8')
  expect(lint(new Analysis(new Map([[name, text]])), rules).findings).toEqual([])
})

test('a playbook that ends before K3s starts is not passed over in silence', () => {
  const { rehearsal } = new Analysis(
    new Map([
      ['inventory.yml', 'harbour:\n  hosts:\n    quay:\n'],
      [
        'site.yml',
        '- hosts: harbour\n  tasks:\n    - ansible.builtin.fail:\n        msg: no token of the harbour\n' +
          '    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server\n',
      ],
    ]),
  )
  expect(rehearsal.verdicts).toEqual([])
  expect(rehearsal.unknowns.map(({ what }) => what)).toContain(
    'the play ends here for quay: a task that fails on purpose',
  )
})
