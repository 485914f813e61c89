import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { UserError } from '../src/errors.ts'
import { Analysis } from '../src/lint/analysis.ts'
import { compareBaseline, readBaseline, updatedBaseline } from '../src/lint/baseline.ts'
import { configKeys, readConfig } from '../src/lint/config.ts'
import { ownFindings } from '../src/lint/faults.ts'
import { type Finding, failLevels, type RuleFinding } from '../src/lint/finding.ts'
import { applyFixes } from '../src/lint/fix.ts'
import { Lines } from '../src/lint/lines.ts'
import { Mask } from '../src/lint/mask.ts'
import type { Rule } from '../src/lint/rule.ts'
import { type LintOptions, lint } from '../src/lint/run.ts'
import { isWord } from '../src/lint/secrets.ts'
import { suppressionsIn } from '../src/lint/suppressions.ts'
import { rules as rulesOfK3s } from '../src/rules/index.ts'
import { positionAt } from '../src/span.ts'
import { installs, joins } from './tools/paper.ts'

/** A rule that finds every occurrence of a word. */
const wordRule = (id: string, word: string, more: Partial<Rule> = {}): Rule => ({
  id,
  severity: 'error',
  summary: `No ${word}`,
  why: 'It is a test.',
  fix: `remove ${word}`,
  see: ['https://docs.k3s.io/cli/token'],
  bad: [{ title: '', files: {} }],
  good: [{ title: '', files: {} }],
  *check({ project }) {
    for (const [path, text] of project)
      for (const { index } of text.matchAll(new RegExp(`(?<!word-)${word}`, 'g')))
        yield { at: { path, start: index, end: index + word.length }, message: `${word} is here` }
  },
  ...more,
})

const rules = [wordRule('word-quince', 'quince'), wordRule('word-medlar', 'medlar', { severity: 'notice' })]

const run = (files: Readonly<Record<string, string>>, options: LintOptions = {}, own = rules): string[] => {
  const project = new Map(Object.entries(files))
  return lint(new Analysis(project), own, options).findings.map(({ rule, severity, at }) => {
    const { line, column } = positionAt(project.get(at.path) ?? '', at.start)
    return `${at.path}:${line}:${column} ${severity} ${rule}`
  })
}

describe('lint', () => {
  test('says of what is like K3s that it is not followed', () => {
    const told = (files: Readonly<Record<string, string>>): readonly string[] =>
      lint(new Analysis(new Map(Object.entries(files))), rules).unknowns.map(
        ({ at, what }) => `${at.path}:${at.start} ${what}`,
      )
    const ofMicroK8s = 'MicroK8s is started here, which is not followed: only K3s is'
    const joins = '- command: microk8s.join 192.0.2.1:25000/{{ quince }}\n'
    expect(told({ 'roles/edge/tasks/main.yml': joins })).toEqual([
      `roles/edge/tasks/main.yml:11 ${ofMicroK8s}`,
    ])
    expect(told({ 'a.md': joins, 'b.yml': 'microk8s: join\n', 'molecule/x/c.yml': joins })).toEqual([])
  })

  test.each([
    ['snap: { name: microk8s, classic: true }', true],
    ['community.general.snap:\n        name: [tide, microk8s]\n        classic: true', true],
    ['snap: name=microk8s classic=yes', true],
    ['command: snap install --classic microk8s', true],
    ['snap: { name: microk8s, state: absent }', false],
    ['snap: name=microk8s state=absent', false],
    ['snap: { name: tide }\n      when: microk8s', false],
    ["debug: { msg: Run 'microk8s add-node' there }", false],
    [
      'ansible.builtin.fail:\n        msg: |\n          Log in, and run\n          microk8s add-node there',
      false,
    ],
    ['ping:  # before microk8s add-node', false],
  ])('says so of what starts it, not of what speaks of it: %s', (task, is) => {
    const project = new Map([['site.yml', `- hosts: quays\n  tasks:\n    - ${task}\n`]])
    const { unknowns } = lint(new Analysis(project), rules)
    expect(unknowns.some(({ what }) => what.startsWith('MicroK8s is started here'))).toBe(is)
  })

  test('says of a file that links lead to what is wrong with it once, and what is wrong with each of its names', () => {
    const files = { 'a.yml': 'quince\n', 'c.yml': 'quince\n', 'b/hosts.ini': 'quince\n', hosts: 'quince\n' }
    const links = new Map([
      ['c.yml', 'a.yml'],
      ['b/hosts.ini', 'hosts'],
    ])
    const faults = [
      {
        at: { path: 'b/hosts.ini', start: 0, end: 0 },
        message: 'skipped',
        fix: '',
        severity: 'warning' as const,
      },
      { at: { path: 'c.yml', start: 1, end: 2 }, message: 'of no use', fix: '' },
    ]
    expect(run(files, { links, faults })).toEqual([
      'a.yml:1:1 error word-quince',
      'a.yml:1:2 error file-unreadable',
      'b/hosts.ini:1:1 warning file-ambiguous',
      'hosts:1:1 error word-quince',
    ])
  })

  test('says of what newer releases of Ansible refuse since when, once in a file to which a playbook of K3s comes', () => {
    const lists = 'vars: [{ tide: low }]'
    const files = {
      'site.yml': `- hosts: quays\n  ${lists}\n  roles: [{ role: k3s, ${lists} }]\n  tasks:\n    - include_tasks: rope.yml\n`,
      'rope.yml': `- include: knot.yml\n- ansible.builtin.include: { file: knot.yml }\n- ${lists}\n  block: [{ ping: , ${lists} }]\n`,
      'knot.yml': '- shell: uptime warn=no\n- command: { cmd: uptime, warn: false }\n',
      'other.yml': `- hosts: lamps\n  ${lists}\n  tasks:\n    - ping:\n`,
      'roles/k3s/tasks/main.yml': '- shell: curl -sfL https://get.k3s.io | sh -\n',
    }
    const { findings } = lint(new Analysis(new Map(Object.entries(files))), rulesOfK3s)
    expect(
      findings.map(({ rule, at, message }) => [
        rule,
        at.path,
        positionAt(files[at.path as keyof typeof files], at.start).line,
        message.slice(0, 'since ansible-core 2.18 vars'.length),
      ]),
    ).toEqual([
      ['file-ambiguous', 'knot.yml', 1, 'since ansible-core 2.14 shel'],
      ['file-ambiguous', 'knot.yml', 2, 'since ansible-core 2.14 comm'],
      ['file-ambiguous', 'rope.yml', 1, 'since ansible-core 2.16 ther'],
      ['file-ambiguous', 'rope.yml', 3, 'since ansible-core 2.18 vars'],
      ['file-ambiguous', 'site.yml', 2, 'since ansible-core 2.18 vars'],
    ])
  })

  test('names a step once, though the next host takes a value by the task by which the first one did', () => {
    const first = "groups['quays'][0]"
    const site = `
- hosts: quays:berths
  tasks:
    - set_fact: { harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}" }
      when: inventory_hostname == ${first}
    - set_fact: { harbour_key: "{{ hostvars[${first}].harbour_key }}" }
    - command: k3s-install.sh agent
      environment: { K3S_URL: 'https://quay:6443', K3S_TOKEN: '{{ harbour_key }}' }
      when: "'berths' in group_names"
`
    const files = { 'site.yml': site, 'hosts.ini': '[quays]\nquay\n[berths]\nberth\n' }
    const { findings } = lint(new Analysis(new Map(Object.entries(files))), rulesOfK3s)
    const found = findings.find(({ rule }) => rule === 'token-in-arguments')
    expect(found?.hops?.map(({ at, what }) => `${positionAt(site, at.start).line} ${what}`)).toEqual([
      "4 lookup('env', 'HARBOUR_KEY') fetches it",
      '4 harbour_key takes it',
      '6 harbour_key takes it',
    ])
  })

  test('orders by path, place and rule, whatever the order of rules and files', () => {
    const files = { 'b.yml': 'quince medlar\n', 'a.yml': 'x: medlar\ny: quince\n' }
    const expected = [
      'a.yml:1:4 notice word-medlar',
      'a.yml:2:4 error word-quince',
      'b.yml:1:1 error word-quince',
      'b.yml:1:8 notice word-medlar',
    ]
    expect(run(files)).toEqual(expected)
    expect(run(files, {}, [...rules].reverse())).toEqual(expected)
  })

  test.each<[string, LintOptions, string[]]>([
    ['select takes the beginning of an id', { select: ['word-q'] }, ['error word-quince']],
    ['ignore wins', { select: ['word'], ignore: ['word-q'] }, ['notice word-medlar']],
    [
      'severity changes',
      { severity: new Map([['word-medlar', 'error']]) },
      ['error word-medlar', 'error word-quince'],
    ],
    ['off is off', { severity: new Map([['word-quince', 'off']]) }, ['notice word-medlar']],
  ])('%s', (_, options, expected) => {
    expect(run({ 'a.yml': 'medlar quince\n' }, options)).toEqual(
      expected.map((words) => `a.yml:1:${words.includes('quince') ? 8 : 1} ${words}`),
    )
  })

  test('makes doubles one, with the scenarios of all', () => {
    const at = { path: 'a.yml', start: 0, end: 1 }
    const emits = (...findings: readonly RuleFinding[]): Rule =>
      wordRule('word-quince', 'quince', { check: () => findings })
    const scenarios = (...findings: readonly RuleFinding[]): unknown =>
      lint(new Analysis(new Map([['a.yml', 'x']])), [emits(...findings)]).findings.map(
        ({ message, scenario }) => [message, scenario],
      )
    expect(
      scenarios(
        { at, message: 'one', scenario: 'agent' },
        { at, message: 'two', scenario: 'agent' },
        { at, message: 'one', scenario: 'server' },
        { at, message: 'one', scenario: 'agent' },
      ),
    ).toEqual([
      ['one', 'agent; server'],
      ['two', 'agent'],
    ])
    expect(scenarios({ at, message: 'one', scenario: 'agent' }, { at, message: 'one' })).toEqual([
      ['one', undefined],
    ])
  })

  test('without Ansible, no vault is the cure of a token that is still to be filled in', () => {
    const cure = (files: Readonly<Record<string, string>>): string | undefined =>
      lint(new Analysis(new Map(Object.entries(files))), rulesOfK3s).findings.find(
        ({ rule }) => rule === 'token-placeholder',
      )?.cure
    const script = {
      'moor.sh': '#!/bin/sh\nexport K3S_TOKEN="K3S_TOKEN"\ncurl -sfL https://get.k3s.io | sh -s agent\n',
    }
    expect(cure(script)).toContain('K3S_TOKEN_FILE')
    expect(cure({ ...script, 'site.yml': '- hosts: quays\n  roles: [edge]\n' })).toContain('vault')
  })

  test('a finding may have a cure and a severity of its own', () => {
    const at = { path: 'a.yml', start: 0, end: 1 }
    const rule = wordRule('word-quince', 'quince', {
      check: () => [
        { at, message: 'one' },
        { at, message: 'two', cure: 'do this', severity: 'notice' },
      ],
    })
    const { findings } = lint(new Analysis(new Map([['a.yml', 'x']])), [rule])
    expect(findings.map(({ severity, cure }) => [severity, cure])).toEqual([
      ['error', 'remove quince'],
      ['notice', 'do this'],
    ])
  })

  test('a rule that throws is not swallowed', () => {
    const broken = wordRule('word-quince', 'quince', {
      check: () => {
        throw new RangeError('defect')
      },
    })
    expect(() => run({ 'a.yml': '' }, {}, [broken])).toThrow(RangeError)
  })

  test('an inventory that can not be read is a finding, whatever is selected', () => {
    const project = new Map([['hosts.yml', 'all:\n  hosts: [\n']])
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => analysis.inventories.flatMap(() => []),
    })
    const analysis = (): Analysis => new Analysis(project, { inventories: ['hosts.yml'] })
    const ids = (options: LintOptions): string[] =>
      lint(analysis(), [asks], options).findings.map(({ rule, severity }) => `${severity} ${rule}`)
    expect(new Set(ids({}))).toEqual(new Set(['error file-unreadable']))
    expect(new Set(ids({ select: ['word'] }))).toEqual(new Set(['error file-unreadable']))
    expect(ids({ ignore: ['file-'] })).toEqual([])
  })

  describe('a template of an inventory', () => {
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => analysis.inventories.flatMap(() => []),
    })
    const statements = 'all:\n  hosts:\n{% for one in piers %}\n    {{ one.name }}:\n{% endfor %}\n'
    const outputs = 'all:\n  hosts:\n    {{ pier }}:\n      ansible_host: {{ address }}\n'
    const block =
      'all:\n  hosts:\n    larch:\n      motd: |\n        {% if x %}\n        {{ x }}\n        {% endif %}\n'
    const read = (files: Readonly<Record<string, string>>) => {
      const analysis = new Analysis(new Map(Object.entries(files)))
      const messages = lint(analysis, [asks]).findings.map(
        ({ at, message }) => `${positionAt(analysis.project.get(at.path) ?? '', at.start).line}: ${message}`,
      )
      return [analysis.inventories.map(({ sources }) => sources.join()), messages]
    }

    test('is none itself, by a statement or by the task that fills it in', () => {
      const path = 'inventory/berths.yml'
      const task =
        '- hosts: localhost\n  tasks:\n    - template: {src: inventory/berths.yml, dest: inventory/made.yml}\n'
      expect(read({ [path]: statements })).toEqual([[], []])
      expect(read({ [path]: outputs, 'make.yml': task })).toEqual([[], []])
      expect(read({ [path]: outputs })[0]).toEqual([path])
      expect(read({ [path]: block, 'make.yml': task })).toEqual([[path], []])
      expect(
        read({ 'inventory/hosts': '[piers]\n{% for one in piers %}\n{{ one }}\n{% endfor %}\n' }),
      ).toEqual([[], []])
    })

    test('is one fault where Ansible reads it all the same', () => {
      const configured = {
        'ansible.cfg': '[defaults]\ninventory = inventory\n',
        'inventory/berths.yml': statements,
      }
      expect(read(configured)).toEqual([
        ['inventory'],
        ['3: this inventory is a template, which Ansible reads as it stands'],
      ])
    })
  })

  test('a group that is missing in one inventory and stands in another is not missing', () => {
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => analysis.inventories.flatMap(() => []),
    })
    const messages = (files: Readonly<Record<string, string>>): string[] =>
      lint(new Analysis(new Map(Object.entries(files))), [asks]).findings.map(({ message }) => message)
    const layer = { 'inventory/over/hosts': '[k3s:children]\npress\n' }
    expect(messages({ ...layer, 'inventory/base/hosts': '[press]\nlarch\n' })).toEqual([])
    expect(messages(layer)).toEqual(['the child group press is not there'])
  })

  test.each([
    ['tasks', 'roles/k3s/tasks/main.yml', '- copy: [\n', true],
    ['variables', 'group_vars/all.yml', 'k3s_token: [\n', true],
    ['a playbook', 'site.yml', '---\n# K3s\n- hosts: [k3s\n  roles: [edge]\n', true],
    ['a named play', 'site.yml', '- name: K3s\n  become: true\n  hosts: [k3s\n  roles: [edge]\n', true],
    ['what has nothing to do with K3s', 'roles/edge/tasks/main.yml', '- copy: [\n', false],
    ['a template', 'roles/k3s/templates/vars/x.yml', 'k3s: [\n', false],
    ['a template beside tasks', 'roles/k3s/tasks/user-data.yml', '#cloud-config\nkeys: {{ k3s }}\n', false],
    ['manifests', 'k3s.yml', 'kind: List\n---\nkind: List\n', false],
  ])('broken YAML: %s', (_, path, text, isReported) => {
    const ids = new Set(run({ [path]: text }).map((line) => line.split(' ').slice(1).join(' ')))
    expect([...ids]).toEqual(isReported ? ['error file-unreadable'] : [])
  })

  test('a broken role is told of where a playbook of K3s brings it in, whatever it is about', () => {
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => [...analysis.rehearsal.verdicts].flatMap(() => []),
    })
    const edge = { 'roles/edge/tasks/main.yml': '- debug:\n    msg: {{ tide }}\n' }
    const play = (task: string) => ({
      'site.yml': `- hosts: all\n  roles: [edge]\n  tasks:\n    - ${task}\n`,
    })
    const starts = 'command: /usr/local/bin/k3s-install.sh server'
    const broken = ['roles/edge/tasks/main.yml:2:11 error file-unreadable']
    expect(new Set(run({ ...edge, ...play(starts) }, {}, [asks]))).toEqual(new Set(broken))
    expect(run({ ...edge, ...play('ping:') }, {}, [asks])).toEqual([])
    expect(run({ ...edge, 'site.yml': `- hosts: all\n  tasks:\n    - ${starts}\n` }, {}, [asks])).toEqual([])
    const doubled = { 'roles/edge/tasks/main.yml': '- debug: {msg: a}\n  debug: {msg: b}\n' }
    expect(
      run({ ...doubled, ...play(starts) }, {}, [asks]).filter((line) => line.includes('ambiguous')),
    ).toEqual([])
  })

  test('a playbook that is read as tasks is told of once, with who includes it', () => {
    const play = (task: string) => `- hosts: all\n  tasks:\n    - ${task}\n`
    const analysis = new Analysis(
      new Map([
        ['site.yml', play('name: All\n      include_tasks: "{{ item }}"\n      loop: [quay.yml]')],
        ['quay.yml', play('command: /usr/local/bin/k3s-install.sh server') + play('ping:')],
      ]),
    )
    expect(analysis.rehearsal.verdicts).not.toEqual([])
    const { findings } = ownFindings(analysis, [])
    expect(findings.map(({ id, at, hops }) => [id, at, hops])).toEqual([
      [
        'file-unreadable',
        { path: 'quay.yml', start: 2, end: 7 },
        [{ at: { path: 'site.yml', start: 44, end: 57 }, what: 'includes the file as tasks' }],
      ],
    ])
  })

  test.each([
    ['a play names it', '  vars_files: [settings/tide.yml]\n', '- ping:', true],
    [
      'by a variable',
      "  vars: { tide: high }\n  vars_files: ['settings/{{ tide }}.yml']\n",
      '- ping:',
      false,
    ],
    [
      'that is its name',
      "  vars: { sea: tide }\n  vars_files: ['settings/{{ sea }}.yml']\n",
      '- ping:',
      true,
    ],
    ['a task includes it', '', '- include_vars: settings/tide.yml', true],
    ['with all others', '', '- include_vars: { dir: settings }', true],
    ['but not here', '', '- { include_vars: settings/tide.yml, when: "1 == 2" }', false],
    ['whatever it may be', '', "- include_vars: 'settings/{{ ansible_hostname }}.yml'", false],
  ])('a broken file of variables is told of where Ansible reads it: %s', (_, keywords, task, isReported) => {
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => [...analysis.rehearsal.verdicts].flatMap(() => []),
    })
    const site = `- hosts: all\n${keywords}  tasks:\n    ${task}\n    - command: sh /opt/k3s-install.sh\n`
    const files = { 'site.yml': site, 'settings/tide.yml': 'tide: high\n\tberth: 1\n' }
    expect(run(files, {}, [asks])).toEqual(isReported ? ['settings/tide.yml:2:1 error file-unreadable'] : [])
  })

  test('a pattern in double quotes is one fault, however many backslashes it has', () => {
    const pattern = 'k3s_link: "^(\\d+)\\s\\w"\nk3s_rope: "\\d"\n'
    expect(run({ 'roles/k3s/defaults/main.yml': pattern })).toEqual([
      'roles/k3s/defaults/main.yml:1:14 error file-unreadable',
      'roles/k3s/defaults/main.yml:2:12 error file-unreadable',
    ])
  })

  test('a role that no playbook plays is not read as one', () => {
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => [...analysis.rehearsal.verdicts].flatMap(() => []),
    })
    const files = {
      'ansible.cfg': '[defaults]\ninventory = hosts.ini\n',
      'hosts.ini': '[berths]\nberth\n',
      'roles/k3s/tasks/main.yml':
        '- name: Moor\n  shell: echo K3s: a\n- name: Sail\n  systemd: { name: k3s, state: started }\n',
    }
    expect(new Set(run(files, {}, [asks]))).toEqual(
      new Set(['roles/k3s/tasks/main.yml:2:10 error file-unreadable']),
    )
  })

  test.each([
    ['- ping:\n', false],
    ['# - include_tasks: tide.yml\n- ping:\n', false],
    ['- include_tasks: tide.yml\n', true],
    ['- include_tasks: "{{ ansible_os_family }}.yml"\n', true],
    ['- include_tasks: "on-{{ ansible_os_family }}.yml"\n- include_tasks: on-tide.yml\n', false],
  ])('tasks of a role are those that it may include: %s', (main, isRead) => {
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => [...analysis.rehearsal.verdicts].flatMap(() => []),
    })
    const found = (role: string) =>
      run(
        {
          'site.yml': `- hosts: all\n  roles: [${role}]\n  tasks:\n    - command: /usr/local/bin/k3s-install.sh server\n`,
          [`roles/${role}/tasks/main.yml`]: main,
          [`roles/${role}/tasks/tide.yml`]: '- hosts: all\n  tasks:\n    - ping:\n',
          [`roles/${role}/tasks/on-tide.yml`]: '- ping:\n',
        },
        {},
        [asks],
      )
    for (const role of ['edge', 'k3s_edge'])
      expect(found(role)).toEqual(isRead ? [`roles/${role}/tasks/tide.yml:1:3 error file-unreadable`] : [])
  })

  test('a role of K3s that holds plays is told of, though its playbook is elsewhere', () => {
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => [...analysis.rehearsal.verdicts].flatMap(() => []),
    })
    const file = 'roles/k3s_edge/tasks/main.yml'
    const play = '- hosts: all\n  tasks:\n    - command: /usr/local/bin/k3s-install.sh server\n'
    expect(run({ [file]: play }, {}, [asks])).toEqual([`${file}:1:3 error file-unreadable`])
  })

  test('what was not looked into is an unknown, not a finding', () => {
    const project = new Map([['hosts.yml', 'plugin: amazon.aws.aws_ec2\n']])
    const asks = wordRule('word-quince', 'quince', {
      check: (analysis) => analysis.inventories.flatMap(() => []),
    })
    const { findings, unknowns } = lint(new Analysis(project, { inventories: ['hosts.yml'] }), [asks])
    expect(findings).toEqual([])
    expect(unknowns.map(({ what }) => what)).toEqual([
      'this configures an inventory plugin; k3seal does not run it',
    ])
  })

  describe('nodes of which it is not known whether their token arrives are unknowns', () => {
    const hosts = '[quays]\nrock\n[piers]\npier[1:6]\n[boats]\nboat2\nboat1\n'
    const server = installs('quays', { INSTALL_K3S_EXEC: 'server' })
    const told = (files: Readonly<Record<string, string>>): readonly string[] => {
      const project = new Map(Object.entries({ 'hosts.ini': hosts, ...files }))
      return lint(new Analysis(project), rulesOfK3s).unknowns.map(
        ({ at, what }) => `${at.path}:${positionAt(project.get(at.path) ?? '', at.start).line} ${what}`,
      )
    }
    const why = 'is not known: the output of a command'
    const ask = (hosts: string): string => `- hosts: ${hosts}
  tasks:
    - shell: K3S_TOKEN=$(harbour key) sh /opt/k3s-install.sh ${hosts === 'piers' ? 'server' : 'agent'}
      environment: { K3S_URL: "https://quay:6443" }
`

    test('one for each kind of them and cause, however many plays and scenarios there are', () => {
      expect(told({ 'site.yml': server + ask('piers') + ask('boats') })).toEqual([
        `site.yml:9 whether the token arrives on joining servers pier1, pier2 and 4 more ${why}`,
        `site.yml:13 whether the token arrives on agents boat1 and boat2 ${why}`,
      ])
      const plays = `${server}- { hosts: boats, roles: [moorings] }\n`
      const task = (ask('boats').split('tasks:\n')[1] ?? '').replace(/^ {4}/gm, '')
      const both = { 'site.yml': plays, 'fleet.yml': plays, 'roles/moorings/tasks/main.yml': task }
      expect(told(both)).toEqual([
        `roles/moorings/tasks/main.yml:1 whether the token arrives on agents boat1 and boat2 ${why}`,
      ])
    })

    test('with the scenarios, where it is so in some', () => {
      const site = `${server}${ask('boats')}      when: airgap_dir is defined
${joins('boats', '0ddpassword')}      when: airgap_dir is undefined
`
      expect(told({ 'site.yml': site })).toEqual([
        `site.yml:9 whether the token arrives on agents boat1 and boat2 (airgapped) ${why}`,
      ])
    })

    test('one for what each of them has of its own', () => {
      const found = '- { hosts: boats, tasks: [{ stat: { path: /srv/key }, register: chest }] }\n'
      const joined = joins('boats', '{{ chest.stat.mimetype | trim }}')
      expect(told({ 'site.yml': server + found + joined })).toEqual([
        'site.yml:11 whether the token arrives on agents boat1 and boat2 is not known: (stat of /srv/key: mimetype) | trim',
      ])
    })

    test('unless it is said already why', () => {
      const asked = `- hosts: boats
  tasks:
    - boats.harbour.ask: { of: quay }
      register: asked
${joins('boats', '{{ asked.k3s | trim }}')}`
      expect(told({ 'site.yml': server + asked })).toEqual([
        'site.yml:9 the module boats.harbour.ask is not followed, so asked.k3s is not known',
      ])
      const own = "{{ lookup('password', '/dev/null') }}"
      expect(told({ 'site.yml': server + joins('boats', own) })).toEqual([])
    })
  })
})

describe('suppressions', () => {
  const silent: readonly (readonly [string, string, string])[] = [
    ['on the line', 'a.yml', 'x: quince # k3seal-disable-line word-quince -- a test network\n'],
    ['several ids', 'a.yml', 'x: quince medlar # k3seal-disable-line word-medlar, word-quince\n'],
    ['without ids', 'a.yml', 'x: quince medlar # k3seal-disable-line\n'],
    ['the next line', 'a.yml', '# k3seal-disable-next-line word-quince -- why\nx: quince\n'],
    [
      'stacked',
      'a.yml',
      '# k3seal-disable-next-line word-quince\n  # k3seal-disable-next-line word-medlar\n\nx: quince medlar\n',
    ],
    ['the file', 'a.yml', 'x: quince\n# k3seal-disable-file word-quince -- generated\ny: quince\n'],
    ['a semicolon in a unit', 'a.service', '; k3seal-disable-next-line word-quince\nX=quince\n'],
    ['a template comment', 'a.j2', '{# k3seal-disable-next-line word-quince -- why #}\nX=quince\n'],
    ['a template comment that trims', 'a.j2', 'X=quince {#- k3seal-disable-line word-quince -#}\n'],
    [
      'a template comment of several lines',
      'a.j2',
      '{#\n  About this.\n  k3seal-disable-next-line word-quince -- why\n  so\n#}\nX=quince\n',
    ],
    ['CRLF', 'a.yml', '# k3seal-disable-next-line word-quince\r\nx: quince\r\n'],
  ]
  test.each(silent)('%s', (_, path, text) => {
    expect(run({ [path]: text })).toEqual([])
  })

  test.each([
    [
      'an id that no rule has',
      'a.yml',
      '# k3seal-disable-file word-quinces\n',
      '1:23 warning suppression-unused',
    ],
    [
      'one that silences nothing',
      'a.yml',
      'x: y # k3seal-disable-line word-quince\n',
      '1:28 warning suppression-unused',
    ],
    ['an empty one', 'a.yml', 'x: y # k3seal-disable-line -- why\n', '1:8 warning suppression-unused'],
    ['text that is no comment', 'a.yml', 'x: "k3seal-disable-line quince"\n', '1:25 error word-quince'],
    [
      'a semicolon in YAML',
      'a.yml',
      'x: quince ; k3seal-disable-line word-quince\n',
      '1:4 error word-quince',
    ],
  ])('%s', (_, path, text, expected) => {
    expect(run({ [path]: text })[0]).toBe(`${path}:${expected}`)
  })

  test('an unused one is reported only where its rule was asked', () => {
    const files = { 'a.yml': 'x: y # k3seal-disable-line word-quince\n' }
    expect(run(files, { ignore: ['word-q'] })).toEqual([])
    expect(run(files, { select: ['word-m'] })).toEqual([])
    expect(run(files, { ignore: ['suppression'] })).toEqual([])
  })

  test('the reason is kept', () => {
    const text = 'x: quince # k3seal-disable-line word-quince -- a test -- network\n'
    expect(suppressionsIn('a.yml', text).map(({ reason }) => reason)).toEqual(['a test -- network'])
    const { suppressed } = lint(new Analysis(new Map([['a.yml', text]])), rules)
    expect(suppressed.map(({ finding, reason }) => [finding.rule, reason])).toEqual([
      ['word-quince', 'a test -- network'],
    ])
  })
})

describe('configuration', () => {
  const ids = ['token-empty', 'token-weak', 'vault-malformed']
  const schemaPath = join(import.meta.dirname, '../schema/k3seal.schema.json')

  test('every key', () => {
    const text = [
      'select: [token, vault-malformed]',
      'ignore: token-weak',
      'severity: {token-weak: notice, token-empty: off}',
      'failOn: error',
      'exclude:\n  - "molecule/"',
      'baseline: known.json',
      'inventories:\n  - prod/hosts.yml\n  - [stage/hosts.yml, common/hosts.yml]',
    ].join('\n')
    expect(readConfig('.k3seal.yml', text, ids)).toEqual({
      select: ['token', 'vault-malformed'],
      ignore: ['token-weak'],
      severity: new Map([
        ['token-weak', 'notice'],
        ['token-empty', 'off'],
      ]),
      failOn: 'error',
      exclude: ['molecule/'],
      baseline: 'known.json',
      inventories: [['prod/hosts.yml'], ['stage/hosts.yml', 'common/hosts.yml']],
    })
  })

  test('nothing', () => {
    expect(readConfig('.k3seal.yml', '# none\n', ids)).toEqual({})
    expect(readConfig('package.json', '{"name": "x"}', ids)).toBeUndefined()
    expect(readConfig('package.json', '{"k3seal": {"failOn": "never"}}', ids)).toEqual({ failOn: 'never' })
  })

  test.each([
    ['a key that there is none of', 'selct: [token]\n', 'c.yml:1:1', 'did you mean select?'],
    [
      'a rule that there is none of',
      'select:\n  - tokn\n',
      'c.yml:2:5',
      'k3seal lint --list-rules shows what there is',
    ],
    ['a severity for no rule', 'severity:\n  token-weka: off\n', 'c.yml:2:3', 'did you mean token-weak?'],
    ['no level', 'failOn: always\n', 'c.yml:1:9', 'one of: error, warning, notice, never'],
    ['no text', 'baseline: [a]\n', 'c.yml:1:11', 'put one text, in quotes if in doubt'],
    ['no mapping', '- a\n', 'c.yml:1:1', 'write NAME: VALUE lines'],
    ['no YAML', 'select: [token\n', undefined, undefined],
  ])('refuses %s', (_, text, at, fix) => {
    let error: unknown
    try {
      readConfig('c.yml', text, ids)
    } catch (thrown) {
      error = thrown
    }
    expect(error).toBeInstanceOf(UserError)
    if (at !== undefined) expect(error).toMatchObject({ at, fix })
  })

  test('the published schema knows the same keys and levels', () => {
    const schema = JSON.parse(readFileSync(schemaPath, 'utf8')) as {
      properties: Record<
        string,
        { enum?: readonly string[]; additionalProperties?: { enum: readonly unknown[] } }
      >
    }
    expect(Object.keys(schema.properties)).toEqual(Object.keys(configKeys))
    expect(schema.properties.failOn?.enum).toEqual(failLevels)
    expect(schema.properties.severity?.additionalProperties?.enum).toEqual([
      'error',
      'warning',
      'notice',
      'off',
      false,
    ])
  })
})

describe('baseline', () => {
  const item = (
    rule: string,
    path: string,
    essence: string,
  ): Parameters<typeof compareBaseline>[1][number] => ({
    finding: { rule } as Finding,
    path,
    essence,
  })
  const a = item('word-quince', 'a.yml', 'x: ••••')
  const b = item('word-quince', 'b.yml', 'x: ••••')

  test('knows as many equal findings as there were', () => {
    const { text, count } = updatedBaseline(undefined, [a, a, b], () => true)
    expect(count).toBe(3)
    const { fresh, known } = compareBaseline(readBaseline('f', text), [b, a, a, a])
    expect([fresh.length, known.length]).toEqual([1, 3])
  })

  test('an update drops what went, keeps what was not looked at, and the salt', () => {
    const first = readBaseline('f', updatedBaseline(undefined, [a, a, b], () => true).text)
    const covered = updatedBaseline(first, [a], () => true)
    expect(covered).toMatchObject({ count: 1, stale: 2 })
    const partly = updatedBaseline(first, [a], (_, path) => path === 'a.yml')
    expect(partly).toMatchObject({ count: 2, stale: 1 })
    expect(readBaseline('f', partly.text).salt).toBe(first.salt)
    expect(updatedBaseline(first, [b, a, a], () => true).text).toBe(`${JSON.stringify(first, null, 2)}\n`)
  })

  test('another salt hides the same line behind another hash', () => {
    const prints = [1, 2].map(
      () => JSON.parse(updatedBaseline(undefined, [a], () => true).text).findings[0].print,
    )
    expect(prints[0]).not.toBe(prints[1])
  })

  test.each(['', 'null', '[]', '{"version":2}', '{"version":1,"salt":"x","findings":[{"rule":1}]}', '<xml>'])(
    'refuses %j',
    (text) => {
      expect(() => readBaseline('f', text)).toThrow(UserError)
    },
  )
})

describe('the mask', () => {
  const mask = new Mask(['quince-7Rk2', 'fig'])
  test.each([
    ['token: quince', 'token: ••••'],
    ['k3s_token: "two words" # why', 'k3s_token: "••••" # why'],
    ['k3s_token: two words # why', 'k3s_token: •••• # why'],
    ["token: 'it''s'", "token: '••••'"],
    ['token: true-quince', 'token: ••••'],
    ['token: "{{ prefix }}-quince"', 'token: "{{ prefix }}••••"'],
    [`token: "{{ x | default('quince') }}"`, `token: "{{ x | default('••••') }}"`],
    [
      `--token {{ berths[(quay | default('east'))][0].token | default("quince") }}`,
      `--token {{ berths[(quay | default('east'))][0].token | default("••••") }}`,
    ],
    [`--token {{ berths[token | default('quince')] }}`, `--token {{ berths[token | default('••••')] }}`],
    [`token: "{{ [x | default('quince')] | first }}"`, `token: "{{ [x | default('••••')] | first }}"`],
    ['K3S_TOKEN=quince \\', 'K3S_TOKEN=•••• \\'],
    ['{token: quince}', '{token: ••••'],
    ['  Environment="K3S_TOKEN=quince"', '  Environment="K3S_TOKEN=••••'],
    ['K3S_TOKEN=two words', 'K3S_TOKEN=••••'],
    ['K3S_TOKEN={{ prefix }}-quince sh -', 'K3S_TOKEN={{ prefix }}••••'],
    [
      'K3S_TOKEN={{ harbour_key }} sh -s - --token quince',
      'K3S_TOKEN={{ harbour_key }} sh -s - --token ••••',
    ],
    ['K3S_TOKEN=>quince', 'K3S_TOKEN=••••'],
    [`  "k3s_token" => "quince",`, `  "k3s_token" => "••••",`],
    [`{ 'k3s_token'=>'quince' }`, `{ 'k3s_token'=>'••••' }`],
    ['export K3S_TOKEN="quince"', 'export K3S_TOKEN="••••"'],
    ['larch k3s_token=quince ansible_host=192.0.2.1', 'larch k3s_token=•••• ansible_host=192.0.2.1'],
    ['ExecStart=/bin/k3s server --token quince --v 2', 'ExecStart=/bin/k3s server --token •••• --v 2'],
    ['ExecStart=/bin/k3s server --agent-token=quince', 'ExecStart=/bin/k3s server --agent-token=••••'],
    ['harbour_key: quince-7Rk2', 'harbour_key: ••••'],
    [`x: ${Buffer.from('quince-7Rk2').toString('base64')}`, 'x: ••••='],
    [`x: ${Buffer.from('quince-7Rk2').toString('hex')}`, 'x: ••••'],
    ['x: fig figure', 'x: •••• figure'],
    ['x: K1034c5ab0d2e7::server:quince', 'x: ••••'],
    ['k3s_token: "K1034c5ab0d2e7:server:quince" ', 'k3s_token: "••••" '],
    [`[ 'K1034c5ab0d2e7::server:quince', "K1034c5ab0d2e7" ]`, `[ '••••', "••••" ]`],
    ['x: "K1034c5ab0d2e7::server:\\"quince"', 'x: "••••"'],
    [`x: 'K1034c5ab0d2e7::server:it''s'`, `x: '••••`],
    ['echo "K1034c5ab0d2e7"quince', 'echo "••••'],
    ['-e "k3s_token=$K3S_TOKENquince" --diff', '-e "k3s_token=•••• --diff'],
    ['k3s_token: $A1B2C3', 'k3s_token: ••••'],
    ['x: 0123456789abcdef0123456789abcdef', 'x: ••••'],
  ])('hides in %s', (line, shown) => {
    expect(mask.shown(line, 0)).toBe(shown)
  })

  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: these are texts of units
  test.each([
    'token: "{{ harbour_key }}"',
    'token: !vault |',
    'token: ""',
    'token:',
    'token: ENC[AES256_GCM,data:aaa]',
    'token: *shared',
    'token: # none',
    'k3s_token_file: /etc/rancher/token',
    'ExecStart=/bin/k3s agent --token ${K3S_TOKEN}',
    'ExecStart=/bin/k3s agent --token-file /etc/rancher/token',
    'K3S_TOKEN={{ harbour_key }}',
    'K3S_TOKEN={{ harbour_key }} \\',
    '  K3S_TOKEN={{ harbour_key }} sh -s - agent \\',
    'export K3S_TOKEN=${HARBOUR_KEY} K3S_URL=https://quay:6443',
    '- copy: { content: "K3S_TOKEN={{ harbour_key }}", dest: /etc/harbour/env }',
    '- copy: { dest: /etc/harbour/env, content: "K3S_TOKEN={{ harbour_key }}"}',
    'k3s_token: "{{ berths[quay | default(\'east\')] }}"',
    'K3S_TOKEN="$(cat /etc/rancher/token)"',
    '-e "k3s_token=$K3S_TOKEN" --diff',
    '-e "k3s_token=$HARBOUR_RKE2_TOKEN" --diff',
    'harbour_key: cider',
  ])('shows %s', (line) => {
    expect(mask.shown(line, 0)).toBe(line)
  })

  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: up to here

  test('hides what a finding says is secret', () => {
    const at = { path: 'a', start: 13, end: 19 }
    const finding = { at, secrets: [{ ...at, path: 'b', start: 0, end: 99 }, at] } as unknown as Finding
    expect(mask.shown('x: quince', 10, finding)).toBe('x: ••••')
  })
})

test.each<[string, boolean]>([
  ['server', true],
  ['Secret', true],
  ['TOKEN', true],
  ['k3s', true],
  ['k3s_token', true],
  ['berth-2', true],
  ['12345', true],
  ['harbour-0815', false],
  ['quince-7Rk2', false],
  ['qUinCe', false],
  ['a1b2c3', false],
  ['correct-horse-battery', false],
  ['f3a9c07e51b2', false],
  ['', false],
])('%j is an ordinary word: %j', (text, is) => {
  expect(isWord(text)).toBe(is)
})

describe('fixes', () => {
  const edit = (path: string, start: number, end: number, text: string): Finding =>
    ({ fix: { edits: [{ at: { path, start, end }, text }] } }) as unknown as Finding
  const fix = (text: string, ...findings: readonly Finding[]): unknown => {
    const { texts, applied, skipped } = applyFixes(new Map([['a.yml', text]]), findings)
    return [texts.get('a.yml'), applied, skipped]
  }

  test('those that do not touch are applied', () => {
    expect(fix('a: b\nc: d\n', edit('a.yml', 3, 4, 'x'), edit('a.yml', 8, 9, 'y'))).toEqual([
      'a: x\nc: y\n',
      2,
      0,
    ])
  })
  test('of two at one place the first is applied, an equal one with it', () => {
    expect(
      fix('a: b\n', edit('a.yml', 3, 4, 'x'), edit('a.yml', 3, 4, 'y'), edit('a.yml', 3, 4, 'x')),
    ).toEqual(['a: x\n', 2, 1])
  })
  test('what would break the file is left out', () => {
    expect(fix('a: b\n', edit('a.yml', 3, 4, '[x'))).toEqual([undefined, 0, 1])
  })
  test('a file with bytes that are no UTF-8 is left alone', () => {
    expect(fix('a: \ufffd\n', edit('a.yml', 0, 1, 'x'))).toEqual([undefined, 0, 1])
  })
})

test('lines are found as positionAt finds them', () => {
  const text = 'one\r\ntwo\n\nfour'
  const lines = new Lines(text)
  for (let offset = -1; offset <= text.length + 1; offset += 1)
    expect(lines.position(offset)).toEqual(positionAt(text, Math.min(offset, text.length)))
  expect([0, 1, 2, 3, 4, 5].map((line) => lines.line(line))).toEqual(['', 'one', 'two', '', 'four', ''])
})
