import { describe, expect, test } from 'vitest'
import { check } from '../src/commands/lint/engine.ts'
import type { ReadProject } from '../src/commands/lint/project.ts'
import { tokenSites } from '../src/flow/tokenSites.ts'
import { Analysis } from '../src/lint/analysis.ts'
import { Facets } from '../src/lint/facets.ts'
import type { Fix } from '../src/lint/finding.ts'
import { ProjectLines } from '../src/lint/lines.ts'
import { Mask } from '../src/lint/mask.ts'
import { cachedResults, cachedText } from '../src/lint/resultCache.ts'
import type { Example, Rule } from '../src/lint/rule.ts'
import type { LintResult } from '../src/lint/run.ts'
import { githubReport } from '../src/report/github.ts'
import { gitlabReport } from '../src/report/gitlab.ts'
import { jsonReport } from '../src/report/json.ts'
import { junitReport } from '../src/report/junit.ts'
import type { Report } from '../src/report/report.ts'
import { sarifReport } from '../src/report/sarif.ts'
import { textReport } from '../src/report/text.ts'
import { ruleIds } from '../src/rules/ids.ts'
import { rules } from '../src/rules/index.ts'
import { positionAt } from '../src/span.ts'
import { findings, installs, joins } from './tools/paper.ts'

interface Stated {
  readonly at: string
  readonly message: string
}

/** The files without their caret lines, and what these lines state. */
function stated({ files }: Example): { project: ReadonlyMap<string, string>; findings: readonly Stated[] } {
  const project = new Map<string, string>()
  const findings: Stated[] = []
  for (const [path, written] of Object.entries(files)) {
    const lines: string[] = []
    for (const line of dedented(written).split('\n')) {
      const [, blank, carets, message] = /^(\s*)(\^+) (.+)$/.exec(line) ?? []
      if (blank === undefined || carets === undefined || message === undefined) lines.push(line)
      else {
        const column = blank.length + 1
        findings.push({ at: `${path}:${lines.length}:${column}-${column + carets.length}`, message })
      }
    }
    project.set(path, lines.join('\n'))
  }
  return { project, findings: sorted(findings) }
}

function dedented(text: string): string {
  const body = text.replace(/^\n/, '').replace(/\n[ \t]*$/, '\n')
  const indents = body
    .split('\n')
    .flatMap((line) => (line.trim() === '' ? [] : [/^ */.exec(line)?.[0].length ?? 0]))
  const least = Math.min(...indents)
  return body
    .split('\n')
    .map((line) => line.slice(least))
    .join('\n')
}

function found(rule: Rule, project: ReadonlyMap<string, string>): readonly Stated[] {
  return sorted(
    [...rule.check(new Analysis(project))].map(({ at, message }) => {
      const text = project.get(at.path) ?? ''
      const { line, column } = positionAt(text, at.start)
      const end = positionAt(text, at.end)
      return {
        at: `${at.path}:${line}:${column}-${end.line === line ? end.column : `${end.line}:${end.column}`}`,
        message,
      }
    }),
  )
}

function sorted(findings: readonly Stated[]): readonly Stated[] {
  return [...findings].sort((a, b) => (a.at + a.message < b.at + b.message ? -1 : 1))
}

function fixesOf(rule: Rule, project: ReadonlyMap<string, string>): readonly Fix[] {
  return [...rule.check(new Analysis(project))].flatMap(({ fix }) => (fix === undefined ? [] : [fix]))
}

function applied(project: ReadonlyMap<string, string>, fixes: readonly Fix[]): ReadonlyMap<string, string> {
  const changed = new Map(project)
  const edits = fixes.flatMap(({ edits: some }) => some).sort((a, b) => b.at.start - a.at.start)
  for (const { at, text } of edits) {
    const before = changed.get(at.path) ?? ''
    changed.set(at.path, before.slice(0, at.start) + text + before.slice(at.end))
  }
  return changed
}

const wholeProject = (texts: ReadonlyMap<string, string>): ReadProject => ({
  root: '/nowhere',
  directoryName: undefined,
  texts,
  faults: [],
  ignoredByGit: new Set(),
  lists: [],
  ignoredInventories: [],
  inventoryScripts: [],
  links: new Map(),
  outside: new Set(),
  inventories: undefined,
  inventorySets: undefined,
  reported: undefined,
  concernsRules: true,
})

const reportOf = (
  texts: ReadonlyMap<string, string>,
  result: LintResult | undefined,
  mask: Mask,
): Report => ({
  findings: result?.findings ?? [],
  silenced: (result?.suppressed ?? []).map((one) => ({ ...one, by: 'comment' })),
  unknowns: result?.unknowns ?? [],
  rules: [],
  files: texts.size,
  lines: new ProjectLines(texts),
  mask,
})

const textOf = (report: Report): string =>
  textReport(report, { color: false, quiet: false, showUnknown: true })

test('ids are unique, name a fault and are in order', () => {
  const ids = rules.map(({ id }) => id)
  expect(ids).toEqual([...new Set(ids)].sort())
  expect(ruleIds).toEqual(ids)
  for (const id of ids) expect(id).toMatch(/^[a-z][a-z0-9]*(-[a-z0-9]+)+$/)
})

const once: readonly (readonly [title: string, text: string, rule: string])[] = [
  ['a sample that is weak, too', 'k3s_token: changeme!\n', 'token-placeholder'],
  ['a variable that says it is vaulted', 'k3s_token: "{{ vault_tide }}"\nvault_tide: x\n', 'token-plaintext'],
  [
    'a variable that says it is a vaulted token',
    'k3s_token: "{{ vault_tide_token }}"\nvault_tide_token: f3a9c07e51b24d8896cc01d2ab7743fe\n',
    'vault-variable-not-encrypted',
  ],
  [
    'a token beside settings of HashiCorp Vault',
    'vault_addr: https://quay:8200\nk3s_token: "{{ vault_tide_token }}"\nvault_tide_token: f3a9c07e51b24d8896cc01d2ab7743fe\n',
    'token-plaintext',
  ],
  ['a strong token', 'k3s_token: f3a9c07e51b24d8896cc01d2ab7743fe\n', 'token-plaintext'],
]

test.each(once)('one text, one rule: %s', (_, text, id) => {
  const project = new Map([['group_vars/all.yml', text]])
  const telling = rules.filter((rule) => rule.id !== 'token-weak' && found(rule, project).length > 0)
  expect(telling.map((rule) => rule.id)).toEqual([id])
})

test.each([
  'harbour-token-change-in-production',
  'change-in-production',
  'change-this-in-production',
  'please-change-me',
  'replace-with-your-token',
  'harbour_secret_CHANGE_ME',
  'k3s-token-changeme-before-use',
  'harbour token replace this',
  'SET ME IN INVENTORY',
  'set-me',
  'must be set',
  'TODO set in inventory',
  'override_me_in_group_vars',
  'define in inventory',
])('%s asks to be replaced', (text) => {
  const project = new Map([['group_vars/all.yml', `k3s_token: ${text}\n`]])
  expect(rules.filter((rule) => found(rule, project).length > 0).map(({ id }) => id)).toEqual([
    'token-placeholder',
  ])
})

test.each([
  '9f1c0b7e4d2a86539f1c0b7e-change-me',
  'exchange-me-7e4d2a8653f1c0b7',
  'tide-lamp-quay-change-oar',
  'set-9f1c0b7e4d2a8653-in-7e4d2a',
])('%s does not', (text) => {
  const project = new Map([['group_vars/all.yml', `k3s_token: ${text}\n`]])
  expect(rules.filter((rule) => found(rule, project).length > 0).map(({ id }) => id)).not.toContain(
    'token-placeholder',
  )
})

test('what git does not take may hold a token, but no sample', () => {
  const project = new Map([
    ['group_vars/all.yml', 'k3s_token: f3a9c07e51b24d8896cc01d2ab7743fe\n'],
    ['group_vars/quays/vault.yml', 'vault_k3s_token: f3a9c07e51b24d8896cc01d2ab7743fe\n'],
  ])
  const analysis = new Analysis(project, { ignoredByGit: new Set(project.keys()) })
  expect(rules.flatMap((rule) => [...rule.check(analysis)])).toEqual([])
})

test('the clusters of tests are no cause for alarm', () => {
  const project = new Map([
    ['molecule/default/converge.yml', '- hosts: all\n  vars:\n    k3s_token: harbour-tide\n'],
    ['tests/vars.yml', 'k3s_token: secret12345\n'],
    ['molecule/pier/converge.yml', '- hosts: all\n  vars:\n    k3s_token: K10f00d::server:harbour-tide\n'],
    ['roles/edge/defaults/main.yml', 'edge_mock_token: K10f00d::server:harbour-tide\n'],
    [
      'roles/edge/tasks/main.yml',
      '- copy:\n    content: "{{ edge_mock_token }}"\n    dest: /tmp/k3s/node-token\n',
    ],
  ])
  const findings = rules.flatMap((rule) =>
    [...rule.check(new Analysis(project))].map(({ severity }) => `${rule.id} ${severity ?? rule.severity}`),
  )
  expect(findings).toEqual([
    'token-malformed notice',
    'token-malformed notice',
    'token-placeholder notice',
    ...Array.from({ length: 3 }, () => 'token-plaintext notice'),
  ])
})

describe('a unit of a role that is played', () => {
  const told = (files: Readonly<Record<string, string>>, task: string): readonly string[] => {
    const analysis = new Analysis(
      new Map([
        ['site.yml', '- { hosts: quays, roles: [edge] }\n'],
        ['roles/edge/tasks/main.yml', task],
        ...Object.entries(files),
      ]),
    )
    return rules.flatMap((rule) =>
      [...rule.check(analysis)].map(({ severity }) => `${rule.id} ${severity ?? rule.severity}`),
    )
  }
  const path = 'roles/edge/templates/k3s.service.j2'
  const unit = (token: string): string => `[Service]\nExecStart=/usr/local/bin/k3s server --token ${token}\n`
  const percent = {
    'host_vars/quay.yml': 'harbour_key: "f3a9c07e51b24d%n8896cc01d2ab7743fe"\n',
    [path]: unit('{{ harbour_key }}'),
  }
  const writes = '- template: { src: k3s.service.j2, dest: /etc/systemd/system/harbour.service }\n'

  test.each<[string, Readonly<Record<string, string>>, readonly string[], readonly string[]]>([
    [
      'a variable',
      percent,
      ['token-in-arguments error', 'token-plaintext error', 'token-unsafe-in-sink error'],
      ['token-plaintext error'],
    ],
    [
      'a sample',
      { [path]: unit('mytoken') },
      ['token-in-arguments error', 'token-placeholder error'],
      ['token-placeholder notice'],
    ],
    [
      'a weak token',
      { [path]: unit('quay-12') },
      ['token-in-arguments error', 'token-plaintext error', 'token-weak warning'],
      ['token-plaintext error'],
    ],
  ])('with %s is judged as one where a task may write it', (_, files, used, unused) => {
    expect(told(files, writes).filter((one) => !one.startsWith('token-logged'))).toEqual(used)
    expect(told(files, '- debug:\n')).toEqual(unused)
  })

  test.each([
    ['some host', 'inventory_hostname == "quay"', 'error'],
    ['no host here', 'inventory_hostname != "quay"', 'warning'],
    ['a host of which that is not known', "ansible_facts.os_family == 'Debian'", 'error'],
  ])('is an error in a line that %s gets', (_, condition, severity) => {
    const [head = '', line = ''] = unit('{{ harbour_key }}').split('\n')
    const files = {
      'hosts.ini': '[quays]\nquay\n',
      [path]: `${head}\n{% if ${condition} %}\n${line}\n{% else %}\nExecStart=/usr/local/bin/k3s server\n{% endif %}\n`,
    }
    const starts = `${writes.replace('harbour.service', 'k3s.service')}- service: { name: k3s, state: started }\n`
    const [first] = told(files, starts).filter((one) => one.startsWith('token-in-arguments'))
    expect(first).toBe(`token-in-arguments ${severity}`)
  })
})

describe('a sample in place of a token', () => {
  const told = (
    task: string,
    value = '"{{ vault_harbour_key | default(\'changeme\') }}"',
    more: Readonly<Record<string, string>> = {},
  ): string => {
    const project = new Map(
      Object.entries({
        'site.yml': '- { hosts: quays, roles: [edge] }\n',
        'hosts.ini': '[quays]\nquay\n',
        'group_vars/all.yml': `harbour_key: ${value}\n`,
        'roles/edge/tasks/main.yml': `${task}
- copy:
    dest: /etc/rancher/k3s/config.yaml
    mode: '0600'
    content: |
      token: "{{ harbour_key }}"
- shell: curl -sfL https://get.k3s.io | sh -s - server
`,
        ...more,
      }),
    )
    const rule = rules.find(({ id }) => id === 'token-placeholder')
    return [...(rule?.check(new Analysis(project)) ?? [])]
      .map(({ severity = 'error', hops = [] }) => [severity, ...hops.map(({ what }) => what)].join(' '))
      .join()
  }
  const refused = 'notice ends the play where it is that text'

  // As both ansible-cores have it: a variable that is not set is an empty text, and that is defined.
  test.each([
    ["lookup('env', 'TEA') | default('changeme')", 'notice'],
    ["lookup('ansible.builtin.env', 'TEA')|d('changeme')", 'notice'],
    ["lookup('env', 'TEA') | default('changeme', true)", 'error'],
    ["lookup('env', 'TEA', default='x') | default('changeme', boolean=True)", 'error'],
  ])('is no more than a notice in a default that never comes: %s', (expression, severity) => {
    expect(told('- debug:', `"{{ ${expression} }}"`)).toBe(severity)
  })

  test.each([
    "- assert: { that: [harbour_key | length > 3, harbour_key != 'changeme'] }",
    "- assert:\n    that: harbour_key is defined and harbour_key not in ['', 'changeme']",
    "- assert: { that: \"not 'change' in harbour_key | default('')\" }\n  when: harbour_key is defined",
    "- fail: { msg: no }\n  when: harbour_key is not defined or harbour_key == 'changeme'",
    "- block:\n    - fail: { msg: no }\n      when:\n        - harbour_key is defined\n        - harbour_key in ['changeme']",
  ])('is no more than a notice behind %s', (task) => {
    expect(told(task)).toBe(refused)
    expect(told(task, 'changeme')).toBe(refused)
    const alias = { 'group_vars/quays.yml': 'vault_harbour_key: changeme\n' }
    expect(told(task, '"{{ vault_harbour_key }}"', alias)).toBe(refused)
  })

  test.each([
    '- debug: { msg: no }',
    "- assert: { that: harbour_key != 'changeme!' }",
    "- assert: { that: harbour_tide != 'changeme' }",
    "- assert: { that: harbour_key != 'changeme' or is_lab }",
    "- assert: { that: harbour_key != 'changeme' }\n  when: not is_lab",
    "- assert: { that: harbour_key != 'changeme' }\n  ignore_errors: true",
    "- block:\n    - assert: { that: harbour_key != 'changeme' }\n  rescue:\n    - debug:",
    "- fail: { msg: no }\n  when: [not is_lab, harbour_key == 'changeme']",
    "- debug: { msg: no }\n  when: harbour_key == 'changeme'",
  ])('is an error behind %s', (task) => {
    expect(told(task)).toBe('error')
  })

  test('is an error where another playbook does not refuse it, or nothing includes the tasks that do', () => {
    const refusal = "- assert: { that: harbour_key != 'changeme' }\n"
    const tasks = '- shell: curl -sfL https://get.k3s.io | K3S_TOKEN={{ harbour_key }} sh -s - server\n'
    const other = { 'other.yml': `- hosts: quays\n  tasks:\n    ${tasks}` }
    expect(told(refusal, undefined, other)).toBe('error')
    expect(told('- debug:', undefined, { 'roles/edge/tasks/check.yml': refusal })).toBe('error')
    const included = '- include_tasks: check.yml'
    expect(told(included, undefined, { 'roles/edge/tasks/check.yml': refusal })).toBe(refused)
  })
})

describe('a file to be copied', () => {
  const tokens = (
    path: string,
    text: string,
    more: Readonly<Record<string, string>> = {},
  ): readonly string[] => {
    const analysis = new Analysis(new Map([...Object.entries(more), [path, text]]))
    return rules.flatMap((rule) =>
      [...rule.check(analysis)].map(({ severity }) => `${rule.id} ${severity ?? rule.severity}`),
    )
  }
  const published = 'k3s_token: some-SUPER-DEDEUPER-secret-password\n'

  test.each([
    'inventory-sample.yml',
    'example-inventory.yml',
    'group_vars/all/secrets.example.yml',
    'inventory/sample/group_vars/all.yml',
    'group_vars/k3s.dist.yml',
    'vars_template.yml',
  ])('%s may hold a sample, and no token of its own', (path) => {
    expect(tokens(path, published)).toEqual(['token-placeholder notice'])
    expect(tokens(path, 'k3s_token: quince-medlar-0815\n')).toEqual(['token-plaintext warning'])
  })

  test('may be called a vault, and hold texts that ask to be replaced', () => {
    const path = 'inventory/sample/group_vars/all/vault.yml'
    const site = { 'inventory/sample/hosts.ini': '[quays]\nquay\n' }
    const hold = 'vault_tide_password: '
    expect(tokens(path, `${hold}'CHANGEME-TIDE'\n`, site)).toEqual([])
    expect(tokens(path, `${hold}'quince-medlar-0815'\n`, site)).toEqual([
      'vault-variable-not-encrypted warning',
    ])
    expect(tokens(path, "tide_password: 'quince-medlar-0815'\n", site)).toEqual([
      'vault-file-not-encrypted warning',
    ])
    const named = { ...site, 'ansible.cfg': '[defaults]\ninventory = inventory/sample/hosts.ini\n' }
    expect(tokens(path, `${hold}'CHANGEME-TIDE'\n`, named)).toEqual(['vault-variable-not-encrypted error'])
  })

  test.each(['group_vars/all.yml', 'group_vars/resampled.yml', 'roles/edge/templates/config.tmpl.yml'])(
    '%s is none',
    (path) => {
      expect(tokens(path, published)).toEqual(['token-placeholder error'])
    },
  )

  test('is in use where ansible.cfg names it', () => {
    const more = {
      'ansible.cfg': '[defaults]\ninventory = inventory/sample/hosts.ini\n',
      'inventory/sample/hosts.ini': '[quays]\nquay\n',
    }
    expect(tokens('inventory/sample/group_vars/all.yml', published, more)).toEqual([
      'token-placeholder error',
    ])
  })
})

// K3s makes the server's token, and agents can only have that: in full, or once somebody has put it there.
test.each([
  [`K10${'3f1c9a7b'.repeat(8)}::server:5be19a02c7d34f8896e1d0b37a4cf281`, []],
  ['SET ME IN INVENTORY', []],
  ['5be19a02c7d34f8896e1d0b37a4cf281', ['tokens-differ']],
])('agents with %s, and a server without a token', (token, expected) => {
  const files = {
    'hosts.ini': '[quays]\nquay\n[berths]\nberth\n',
    'group_vars/berths.yml': `k3s_token: "${token}"\n`,
    'site.yml': installs('quays', {}) + joins('berths', '{{ k3s_token }}'),
  }
  expect(findings(files).flatMap((one) => one.match(/^tokens-differ/) ?? [])).toEqual(expected)
})

test.each(['K3S_TOKEN', 'k3s_token', 'K3S-TOKEN', '__HARBOUR_TOKEN__', '"@K3S_TOKEN@"', '"%K3S_TOKEN%"'])(
  '%s asks to be filled in',
  (text) => {
    const analysis = new Analysis(new Map([['group_vars/all.yml', `k3s_token: ${text}\n`]]))
    expect(rules.filter((rule) => [...rule.check(analysis)].length > 0).map(({ id }) => id)).toEqual([
      'token-placeholder',
    ])
  },
)

test.each([
  ['a text in its place alike', '$(openssl rand -hex 16)', '$(openssl rand -hex 16)', []],
  ['a text that asks to be replaced alike', '<harbour key>', '<harbour key>', []],
  ['the same token', 'sesame-0815-larch', 'sesame-0815-larch', ['server-url-missing']],
  ['what one variable says', '{{ shared }}', '{{ shared }}', ['server-url-missing']],
])('servers of which nothing says that they are one cluster: with %s', (_, first, second, found) => {
  const project = new Map([
    [
      'hosts.yml',
      `all:
  vars: {shared: <harbour key>}
  children:
    quays:
      hosts:
        quay-1: {tide: "${first}"}
    piers:
      hosts:
        pier-1: {tide: "${second}"}
`,
    ],
    [
      'site.yml',
      ['quays', 'piers']
        .map(
          (group) =>
            `- hosts: ${group}\n  tasks:\n    - command: /usr/local/bin/k3s-install.sh server\n      environment: {K3S_TOKEN: "{{ tide }}"}\n`,
        )
        .join(''),
    ],
  ])
  const analysis = new Analysis(project)
  const asked = rules.filter(({ id }) => id === 'server-url-missing')
  expect(asked.flatMap(({ id, check }) => [...check(analysis)].map(() => id))).toEqual(found)
})

test.each([
  [
    'of the task that makes them is shown',
    'shell: openssl rand -hex 32\n      register: made',
    'made.stdout',
    'site.yml',
  ],
  ['of the inventory is blanked', 'ping:', 'tide', 'hosts.yml'],
])('servers with tokens of their own: the line %s', (_, task, token, place) => {
  const project = new Map([
    [
      'hosts.yml',
      'quays:\n  hosts:\n    quay-1: {tide: sesame-0815-larch}\n    quay-2: {tide: sesame-4711-larch}\n',
    ],
    [
      'site.yml',
      `- hosts: quays
  tasks:
    - ${task}
    - command: /usr/local/bin/k3s-install.sh server --server https://quay-1:6443
      environment: {K3S_TOKEN: "{{ ${token} }}"}
      no_log: true
`,
    ],
  ])
  const [finding] = rules.find(({ id }) => id === 'tokens-differ')?.check(new Analysis(project)) ?? []
  expect(finding?.at.path).toBe(place)
  expect(finding?.secrets ?? []).toEqual(place === 'hosts.yml' ? [finding?.at] : [])
})

test.each([
  ['a script by its mode', 'mode: "0755"', '"0700"', '"0700"'],
  ['a script by its first line', 'owner: root', '"0700"', 'mode: "0700"'],
  ['a script that the group may read', 'mode: "0750"', '"0700"', undefined],
])('a script with the token stays one: %s', (_, argument, mode, text) => {
  const project = new Map([
    [
      'site.yml',
      `- hosts: quays
  tasks:
    - copy:
        dest: /etc/init.d/k3s
        content: |
          #!/sbin/openrc-run
          command=/usr/local/bin/k3s
          command_args=server
          export K3S_TOKEN="{{ tide }}"
        ${argument}
      no_log: true
    - service: {name: k3s, state: started}
`,
    ],
  ])
  const rule = rules.find(({ id }) => id === 'token-world-readable')
  const findings = [...(rule?.check(new Analysis(project)) ?? [])]
  expect(findings.map(({ cure }) => cure)).toEqual([`write mode: ${mode} at the task`])
  const edits = findings.flatMap(({ fix }) => fix?.edits ?? [])
  expect(edits.map((edit) => edit.text.trim())).toEqual(text === undefined ? [] : [text])
})

test('a file that everybody may read is cured where it is written', () => {
  const tasks = `- copy: {content: "token: {{ tide }}", dest: /etc/rancher/k3s/config.yaml, mode: "0644"}
  no_log: true
- command: /usr/local/bin/k3s-install.sh server
`
  const cures = (files: Readonly<Record<string, string>>) => {
    const project = new Map(
      Object.entries({ ...files, hosts: `[quays]\nquay tide="{{ lookup('env', 'TIDE') }}"\n` }),
    )
    const rule = rules.find(({ id }) => id === 'token-world-readable')
    return [...(rule?.check(new Analysis(project)) ?? [])].map(({ cure }) => cure ?? rule?.fix)
  }
  expect(
    cures({ 'site.yml': '- hosts: quays\n  roles: [edge]\n', 'roles/edge/tasks/main.yml': tasks }),
  ).toEqual(['write mode: "0600" at the task'])
  const shell = `- shell: echo '{{ tide }}' > /etc/rancher/k3s/harbour\n  no_log: true\n- command: /usr/local/bin/k3s-install.sh server --token-file /etc/rancher/k3s/harbour\n`
  expect(
    cures({ 'site.yml': '- hosts: quays\n  roles: [edge]\n', 'roles/edge/tasks/main.yml': shell }),
  ).toEqual([expect.stringContaining('or put umask 077 in front of the command')])
  const newer = 'take k3s.orchestration from #561 on, and set k3s_server_config_mode: "0600"'
  expect(
    cures({
      'galaxy.yml': 'namespace: k3s\nname: orchestration\n',
      'playbooks/site.yml': '- hosts: quays\n  roles: [k3s.orchestration.k3s_server]\n',
      'roles/k3s_server/tasks/main.yml': tasks,
    }),
  ).toEqual([`write mode: "0600" at the task, or ${newer}`])
  const installed = 'ansible_collections/k3s/orchestration'
  expect(
    cures({
      'site.yml': '- hosts: quays\n  roles: [k3s.orchestration.k3s_server]\n',
      [`${installed}/galaxy.yml`]: 'namespace: k3s\nname: orchestration\n',
      [`${installed}/roles/k3s_server/tasks/main.yml`]: tasks,
    }),
  ).toEqual([newer])
})

test('a command line is told with the last start of the service, as a trace shows it', () => {
  const project = new Map([
    ['hosts', '[quays]\nquay\n'],
    [
      'site.yml',
      `- hosts: quays
  tasks:
    - copy:
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s server --token {{ lookup('env', 'TIDE') }}
        dest: /etc/systemd/system/k3s.service
      no_log: true
    - service: {name: k3s, state: started}
    - service: {name: k3s, state: restarted}
`,
    ],
  ])
  const analysis = new Analysis(project)
  const rule = rules.find(({ id }) => id === 'token-in-arguments')
  const [finding] = rule?.check(analysis) ?? []
  const [verdict] = analysis.rehearsal.verdicts
  expect(finding?.hops?.at(-1)).toEqual(verdict?.hops.at(-1))
})

test.each([
  ['beacon.rc != 0', 'first run', ['run again over an older K3s', 'run again']],
  [
    "beacon.rc == 0 and beacon.stdout.split(' ')[2] is version('v1.30.2+k3s1', '<')",
    'run again over an older K3s',
    ['first run', 'run again'],
  ],
])('when an agent gets no token is told as a trace tells it: %s', (condition, ill, well) => {
  const project = new Map([
    ['hosts', '[berths]\nberth\n'],
    [
      'site.yml',
      `- hosts: berths
  tasks:
    - { command: k3s --version, register: beacon, failed_when: false }
    - command: /usr/local/bin/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ lookup('env', 'TIDE') }}" }
      no_log: true
    - command: /usr/local/bin/k3s-install.sh agent --server https://quay:6443
      environment: { INSTALL_K3S_FORCE_RESTART: "true" }
      when: ${condition}
`,
    ],
  ])
  const analysis = new Analysis(project)
  const found = rules.flatMap((rule) => [...rule.check(analysis)])
  expect(found.flatMap(({ scenario }) => scenario ?? [])).toEqual([`${ill}, agents`])
  const { verdicts } = analysis.rehearsal
  const facets = new Facets(verdicts.map(({ scenario }) => scenario))
  const phrases = (token: string) =>
    facets.phrases(verdicts.filter((one) => one.token === token).map(({ scenario }) => scenario))
  expect(phrases('absent')).toEqual([ill])
  expect(phrases('present')).toEqual(well)
})

describe('a token in the defaults of a role', () => {
  const role = (key: string) => ({
    'roles/edge/defaults/main.yml': `harbour_key: ${key}\n`,
    'roles/edge/tasks/main.yml':
      '- command: /usr/local/bin/k3s-install.sh server\n  environment: {K3S_TOKEN: "{{ harbour_key }}"}\n  no_log: true\n',
  })
  const site = { 'site.yml': '- hosts: quays\n  roles: [edge]\n', hosts: '[quays]\nquay\n' }
  const given = { 'group_vars/quays.yml': `harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"\n` }
  const alarm = ['token-plaintext error', 'token-weak warning']

  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['is used', { ...role('tide-0815'), ...site }, alarm],
    ['is a whole role', role('tide-0815'), alarm],
    [
      'is what an expression falls back to',
      {
        ...role(`"{{ pier_key | default('tide-0815') }}"`),
        ...site,
        'group_vars/quays.yml': "pier_key: \"{{ lookup('env', 'HARBOUR_KEY') }}\"\n",
      },
      ['token-empty warning', ...alarm],
    ],
    [
      'is a number',
      { ...role('8150815'), ...site },
      ['token-plaintext error', 'token-retyped-by-yaml warning'],
    ],
    ['is given by every group', { ...role('tide-0815'), ...site, ...given }, ['token-plaintext notice']],
    ['is a sample', { ...role('changeme'), ...site, ...given }, ['token-placeholder notice']],
    [
      'is given by one host of two',
      {
        ...role('tide-0815'),
        'site.yml': site['site.yml'],
        hosts: `[quays]\nquay harbour_key="{{ lookup('env', 'HARBOUR_KEY') }}"\npier\n`,
      },
      alarm,
    ],
    [
      'is set by a task before',
      {
        ...role('tide-0815'),
        hosts: site.hosts,
        'site.yml':
          "- hosts: quays\n  pre_tasks:\n    - set_fact: {harbour_key: \"{{ lookup('env', 'HARBOUR_KEY') }}\"}\n      no_log: true\n  roles: [edge]\n",
      },
      ['token-plaintext notice'],
    ],
    [
      'is set by a task that may be skipped',
      {
        ...role('tide-0815'),
        hosts: site.hosts,
        'site.yml':
          "- hosts: quays\n  pre_tasks:\n    - set_fact: {harbour_key: \"{{ lookup('env', 'HARBOUR_KEY') }}\"}\n      when: tide_is_high | bool\n      no_log: true\n  roles: [edge]\n",
      },
      alarm,
    ],
    [
      'is of a role that only starts without a token',
      {
        ...role('tide-0815'),
        ...site,
        'roles/edge/tasks/main.yml': '- command: /usr/local/bin/k3s-install.sh server\n',
      },
      [],
    ],
  ])('%s', (_, files, expected) => {
    const analysis = new Analysis(new Map(Object.entries(files)))
    const findings = rules.flatMap((rule) =>
      [...rule.check(analysis)]
        .filter(({ at }) => at.path.includes('defaults'))
        .map(({ severity }) => `${rule.id} ${severity ?? rule.severity}`),
    )
    expect(findings).toEqual(expected)
  })
})

describe('a token that is an ordinary word', () => {
  const files: Readonly<Record<string, string>> = {
    'hosts.ini': '[berths]\nberth harbour_key=server server_name=server-1\n',
    'site.yml': '- { hosts: berths, roles: [server] }\n',
    'roles/server/vars/main.yml':
      'harbour_tide: "{{ harbour_key | default(\'server\') }}"\nharbour_pier: { server: server, kind: servers }\n',
    'roles/server/tasks/main.yml': `- command: sh /opt/k3s-install.sh agent --server https://server:6443
  environment: { K3S_TOKEN: "{{ harbour_tide }}" }
- copy: { content: "K3S_TOKEN={{ harbour_pier.server }}", dest: /etc/systemd/system/k3s-agent.service.env, mode: "0600" }
- debug: { msg: "the server {{ harbour_tide }} is not 'server' of berths['server']" }
- command: sh /opt/k3s-install.sh {{ 'server' if berth_kind == 'server' else 'agent' }}
  environment: { K3S_TOKEN: 'server' }
`,
    'roles/server/templates/k3s.service.j2':
      '[Service]\nExecStart=/usr/local/bin/k3s server -t server --server https://{{ server }}:6443\n',
  }
  const project = new Map(Object.entries(files))
  const checked = check(wholeProject(project), {}, new Analysis(project).disk)
  const report = reportOf(project, checked, new Mask(checked.secrets))

  test('is blanked where it stands, or may stand, and nowhere else', () => {
    const lines = textOf(report)
      .split('\n')
      .flatMap((line) => /^ +\d+ \| (.*)$/.exec(line)?.[1] ?? [])
    expect([...new Set(lines)].sort()).toEqual([
      '  environment: { K3S_TOKEN: "{{ harbour_tide }}" }',
      "  environment: { K3S_TOKEN: '••••' }",
      '- copy: { content: "K3S_TOKEN={{ harbour_pier.server }}", dest: /etc/systemd/system/k3s-agent.service.env, mod…',
      `- debug: { msg: "the server {{ harbour_tide }} is not '••••' of berths['server']" }`,
      'ExecStart=/usr/local/bin/k3s server -t •••• --server https://{{ server }}:6443',
      'berth harbour_key=•••• server_name=server-1',
      'harbour_pier: { server: ••••, kind: servers }',
      `harbour_tide: "{{ harbour_key | default('••••') }}"`,
    ])
  })

  test.each([
    ['text', textOf],
    ['json', jsonReport],
    ['sarif', sarifReport],
    ['github', githubReport],
    ['gitlab', gitlabReport],
    ['junit', junitReport],
  ])('leaves words and paths of the format %s as they are', (_, format) => {
    const shown = format(report)
    expect(shown).toContain('roles/server/tasks/main.yml')
    expect(shown).not.toContain('••••/')
    expect(format(reportOf(project, checked, new Mask([])))).toBe(shown)
  })

  test.each([
    ['harbour:\n  server: server\n  kind: servers\n', '  server: ••••'],
    ['harbour:\n  kind: servers\n  server: server\n', '  server: ••••'],
    ['harbour: { kind: servers, "server": "server" }\n', 'harbour: { kind: servers, "server": "••••" }'],
    [
      'harbour: { piers: [{ kind: servers, server: server }] }\n',
      'harbour: { piers: [{ kind: servers, server: •••• }] }',
      '.piers[0]',
    ],
  ])('is a value of the mapping, and no key, in %j', (vars, shown, below = '') => {
    const site = `- hosts: berths
  vars_files: server.yml
  tasks:
    - command: sh /opt/k3s-install.sh agent --server https://server:6443
      environment: { K3S_TOKEN: "{{ harbour${below}.server }}" }
`
    const of = new Map([
      ['hosts.ini', '[berths]\nberth\n'],
      ['site.yml', site],
      ['server.yml', vars],
    ])
    const result = check(wholeProject(of), {}, new Analysis(of).disk)
    const lines = textOf(reportOf(of, result, new Mask(result.secrets))).match(/(?<=^ +\d+ \| ).*$/gm)
    expect(new Set(lines)).toEqual(
      new Set([`      environment: { K3S_TOKEN: "{{ harbour${below}.server }}" }`, shown]),
    )
  })
})

test('what could not be followed shows no token', () => {
  const token = 'sesame-0815-larch'
  const project = new Map([
    ['hosts.ini', `[berths]\nberth harbour_key=${token}\n`],
    [
      'site.yml',
      `- hosts: berths
  vars: { harbour_names: {} }
  tasks:
    - copy: { content: "{{ harbour_names['${token}'] }}", dest: /etc/systemd/system/k3s-agent.service.env }
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
`,
    ],
  ])
  const checked = check(wholeProject(project), {}, new Analysis(project).disk)
  expect(checked.unknowns.map(({ what }) => what)).toEqual([
    "the play ends here for berth: 'harbour_names['••••']' is undefined",
  ])
  const report = reportOf(project, checked, new Mask(checked.secrets))
  for (const format of [textOf, jsonReport, sarifReport]) expect(format(report)).not.toContain(token)
})

describe.each(rules)('$id', (rule) => {
  test('has a manual page', () => {
    for (const text of [rule.summary, rule.why, rule.fix]) expect(text.trim()).not.toBe('')
    expect(rule.summary).not.toMatch(/\.$/)
    for (const see of rule.see)
      expect(see).toMatch(/^https:\/\/\S+$|^[\w-]+\/[\w-]+(#\d+|@[0-9a-f]{7,}:\S+)$/)
  })

  test.each(rule.bad)('finds: $title', (example) => {
    const { project, findings } = stated(example)
    expect(findings, 'a bad example states its findings').not.toEqual([])
    expect(found(rule, project)).toEqual(findings)
  })

  test.each([...rule.bad, ...rule.good])('is kept without a secret: $title', (example) => {
    const { project } = stated(example)
    const checked = check(wholeProject(project), {}, new Analysis(project).disk)
    const mask = new Mask(checked.secrets)
    const entry = cachedText([{ result: checked, lookedUp: [], texts: project }], mask)
    // A shorter one may be part of any word.
    for (const secret of checked.secrets) if (secret.length >= 8) expect(entry).not.toContain(secret)
    const [again] = cachedResults(entry)
    for (const report of [textOf, sarifReport, gitlabReport])
      expect(report(reportOf(project, again?.result, new Mask([])))).toBe(
        report(reportOf(project, checked, mask)),
      )
  })

  test.each(rule.bad)('mends what it can: $title', (example) => {
    const { project } = stated(example)
    const fixes = fixesOf(rule, project)
    if (fixes.length === 0) return
    const mended = applied(project, fixes)
    expect(fixesOf(rule, mended)).toEqual([])
    expect(found(rule, mended).length).toBe(found(rule, project).length - fixes.length)
    expect(applied(mended, fixesOf(rule, mended))).toEqual(mended)
    const ofWindows = (texts: ReadonlyMap<string, string>): ReadonlyMap<string, string> =>
      new Map([...texts].map(([path, text]) => [path, text.replaceAll('\n', '\r\n')]))
    expect(applied(ofWindows(project), fixesOf(rule, ofWindows(project)))).toEqual(ofWindows(mended))
  })

  test.each(rule.bad)('shows no token: $title', (example) => {
    const { project } = stated(example)
    const analysis = new Analysis(project)
    const shown = JSON.stringify([...rule.check(analysis)])
    for (const { text } of tokenSites(project).sites) {
      const token = text?.reveal().trim() ?? ''
      // A short one may be a word of the message.
      if (token.length > 8 && !token.startsWith('<')) expect(shown.includes(token)).toBe(false)
    }
  })

  test.each([...rule.bad, ...rule.good])('shows no word that is the token: $title', (example) => {
    const { project } = stated(example)
    const tokens = tokenSites(project).sites.flatMap(({ text }) => text?.reveal().trim() || [])
    // A shorter one may be part of any word.
    const long = tokens.filter((token) => token.length > 8)
    const changed = new Map(
      [...project].map(([path, text]) => [
        path,
        long.reduce((changing, token) => changing.replaceAll(token, 'lantern'), text),
      ]),
    )
    const checked = check(wholeProject(changed), {}, new Analysis(changed).disk)
    const report = reportOf(changed, checked, new Mask(checked.secrets))
    for (const shown of [textOf, jsonReport, sarifReport, githubReport, gitlabReport, junitReport])
      expect(shown(report)).not.toContain('lantern')
  })

  test.each(rule.good)('silent, with all other rules: $title', (example) => {
    const { project, findings } = stated(example)
    expect(findings).toEqual([])
    // K3S_TOKEN arrives through environment: of a task, too; what that shows is told by the rule that asks for it.
    const isOther = ({ message }: Stated): boolean =>
      rule.id === 'token-in-arguments' || !message.startsWith('Ansible hands this environment')
    for (const each of rules) expect(found(each, project).filter(isOther), each.id).toEqual([])
  })
})
