import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Undefined, type Value } from '../../src/ansible/template/values.ts'
import type { AnsibleValue } from '../../src/ansible/value.ts'
import { Atoms } from '../../src/flow/atoms.ts'
import { type EvaluationScope, evaluator, newerCore } from '../../src/flow/evaluate/index.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'

const variables: Readonly<Record<string, AnsibleValue>> = {
  harbour_key: 'larch-elm-7',
  empty_key: '',
  berth: 7,
  ship: { name: 'Ida', crew: { cook: 'Jo' } },
  trees: ['alder', 'birch'],
  dangling: '{{ nowhere }}',
  guarded: "{{ nowhere | default('') }}",
  yes_word: 'yes',
}

/** Each as `when`: the task runs, is skipped, or fails. */
const conditions: readonly string[] = [
  'harbour_key is defined',
  'nowhere is defined',
  'nowhere is not defined',
  'nowhere is undefined',
  'empty_key is defined',
  'dangling is defined',
  'dangling is not defined',
  'guarded is defined',
  "guarded == ''",
  'guarded is string',
  'guarded | length > 0',
  'nowhere.inner is defined',
  'nowhere.inner.deeper is defined',
  "nowhere['inner'].deeper is not defined",
  'ship.name is defined',
  'ship.sail is defined',
  'ship.sail.cloth is defined',
  'ship.crew.cook is defined and ship.crew.mate is not defined',
  'nowhere == 1',
  'not nowhere',
  'nowhere is defined and nowhere == 1',
  'nowhere is not defined or nowhere == 1',
  'nowhere == 1 and false',
  'false and nowhere == 1',
  'true or nowhere == 1',
  "nowhere | default('') != ''",
  "nowhere | default('') == ''",
  'nowhere | default(false) | bool',
  "nowhere.inner | default('x') == 'x'",
  "nowhere | default('') | length == 0",
  'nowhere | length == 0',
  "(nowhere | upper) == 'X'",
  "nowhere in ['a']",
  "'a' in nowhere",
  "nowhere is match('a')",
  "harbour_key is match('larch')",
  "'elm' in harbour_key",
  "'sail' in ship",
  "'name' in ship",
  'trees[5] is defined',
  'trees[0] is defined',
  "trees[5] == 'a'",
  'trees | length > 1',
  'berth > 5',
  "berth == '7'",
  'berth | int == 7',
  'yes_word | bool',
  'hostvars[inventory_hostname].harbour_key is defined',
  "hostvars[inventory_hostname]['nowhere'] is defined",
  "hostvars['gone'] is defined",
  "hostvars['gone'].key is defined",
  "hostvars['gone'].key == 'x'",
  "groups['gone'] is defined",
  "groups['gone'] | default([]) | length == 0",
  "groups['gone'] | length == 0",
  "vars['harbour_key'] is defined",
  "lookup('vars', 'harbour_key') == 'larch-elm-7'",
  "lookup('vars', 'nowhere', default='x') == 'x'",
  "lookup('vars', 'nowhere') == 'x'",
  "(harbour_key if nowhere is defined else 'b') == 'b'",
  "(nowhere if true else 'b') == 'b'",
  "(nowhere is defined) | ternary('a', 'b') == 'b'",
  "['a', nowhere | default('b')] | join(',') == 'a,b'",
  "(nowhere | b64decode) | default('') == ''",
  "(nowhere | trim) | default('z') == 'z'",
  "nowhere | default('') | b64decode == ''",
  "nowhere.split(',') | default([]) == []",
  "ship.get('sail', 'x') == 'x'",
  "ship.get('sail') is none",
]

const scope = (isNewer: boolean): EvaluationScope => {
  const made: EvaluationScope = {
    atoms: new Atoms(),
    decisions: new Map([[newerCore, isNewer]]),
    hostNames: ['larch-host'],
    // The variables of a play are not among those of its hosts.
    hostScope: (host) => (host === 'larch-host' ? { ...made, variable: () => undefined } : undefined),
    lookup: () => null,
    variable(name) {
      const values: Readonly<Record<string, Value>> = { inventory_hostname: 'larch-host' }
      const value = values[name]
      if (value !== undefined) return { value }
      const raw = name === 'groups' ? { all: ['larch-host'] } : variables[name]
      return raw === undefined
        ? undefined
        : { raw, at: { path: 'vars.yml', start: Object.keys(variables).indexOf(name), end: 1 } }
    },
  }
  return made
}

describe.each(ansibles)('conditions under the %s', (label, bin) => {
  let dir = ''
  let theirs: readonly string[] = []

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'k3seal-evaluate-'))
    writeFileSync(
      join(dir, 'hosts'),
      `larch-host ansible_connection=local ansible_python_interpreter=${join(bin, 'python')}\n`,
    )
    // Each condition has a file that says what became of it: nothing is read from what Ansible prints.
    const tasks = conditions.flatMap((condition, index) => [
      {
        'ansible.builtin.set_fact': { [`ran_${index}`]: true },
        when: condition,
        register: `task_${index}`,
        ignore_errors: true,
      },
    ])
    const outcome = conditions
      .map(
        (_, index) =>
          `{{ 'fails' if task_${index} is failed else 'false' if task_${index} is skipped else 'true' }}`,
      )
      .join('\n')
    writeFileSync(
      join(dir, 'play.yml'),
      JSON.stringify([
        {
          hosts: 'all',
          gather_facts: false,
          vars: variables,
          tasks: [
            ...tasks,
            {
              'ansible.builtin.copy': {
                content: `${outcome}\n`,
                dest: '{{ playbook_dir }}/out',
                mode: '0600',
              },
            },
          ],
        },
      ]),
    )
    run(join(bin, 'ansible-playbook'), ['-i', 'hosts', 'play.yml'], {
      cwd: dir,
      env: ansibleEnvironment(dir),
    })
    theirs = readFileSync(join(dir, 'out'), 'utf8').trimEnd().split('\n')
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  test.each([...conditions.entries()])('%i %s', (index, condition) => {
    const truth = evaluator(scope(label.startsWith('newest'))).condition(condition, {
      path: 'play.yml',
      start: 0,
      end: 1,
    })
    const ours =
      truth instanceof Undefined ? 'fails' : typeof truth === 'boolean' ? String(truth) : 'not known'
    expect(ours).toBe(theirs[index])
  })
})
