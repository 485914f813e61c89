import { fileKind } from '../flow/sites/places.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { heldInUnits } from './common/heldUnits.ts'
import { carriesToken } from './common/leaks.ts'
import { nodeRunsOf } from './common/nodes.ts'
import { once } from './common/once.ts'
import { lastPlaceIn } from './common/places.ts'

const SITE = `
- hosts: harbour
  become: true
  roles:
    - edge
`

export const tokenInWorldReadableUnit: Rule = {
  id: 'token-in-world-readable-unit',
  severity: 'error',
  summary: 'Join token in the environment of a unit',
  why: 'systemd tells every user what Environment= of a unit says: systemctl show, and the bus, ask for no right. The mode of the unit file does not matter.',
  fix: 'put K3S_TOKEN=… into a file of mode 0600 and name it in EnvironmentFile=',
  see: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html',
    'https://docs.k3s.io/cli/token',
  ],
  bad: [
    {
      title: 'in a template of a unit, and in a unit that a task writes',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': SITE,
        'roles/pier/templates/k3s-agent.service.j2': `
[Service]
Environment="K3S_TOKEN={{ harbour_key }}"
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^ every user may ask systemd for the token in Environment=
ExecStart=/usr/local/bin/k3s agent --server https://192.0.2.10:6443
`,
        'roles/edge/tasks/main.yml': `
- name: Write the unit
  ansible.builtin.copy:
    content: |
      [Service]
      Environment=K3S_TOKEN={{ harbour_key }}
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ every user may ask systemd for the token in Environment=
      ExecStart=/usr/local/bin/k3s server
    dest: /etc/systemd/system/k3s.service
    mode: "0600"
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s
    state: started
`,
      },
    },
    {
      title: 'a line of a unit whose other lines nobody knows',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Settings
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
  no_log: true
- name: Unit
  ansible.builtin.get_url:
    url: https://harbour.example/k3s.service
    dest: /etc/systemd/system/k3s.service
    mode: "0600"
- name: Its environment
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service
    insertafter: '\\[Service\\]'
    line: Environment=K3S_TOKEN={{ harbour_key }}
                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^ every user may ask systemd for the token in Environment=
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s
    state: started
`,
      },
    },
  ],
  good: [
    {
      title: 'in a file of its own',
      files: {
        'roles/pier/templates/k3s-agent.service.j2': `
[Service]
Environment="K3S_TOKEN_FILE=/etc/rancher/k3s/harbour"
# Environment="K3S_TOKEN={{ harbour_key }}"
EnvironmentFile=/etc/systemd/system/k3s-agent.service.env
ExecStart=/usr/local/bin/k3s agent --server https://192.0.2.10:6443
`,
      },
    },
    {
      title: 'in a unit that no task of its role writes',
      files: {
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`,
        'roles/edge/templates/k3s-agent.service.j2': `
[Service]
Environment="K3S_TOKEN={{ harbour_key }}"
`,
      },
    },
    {
      title: 'in scripts of OpenRC and of a unit, and in a task that runs K3s: systemd has none of them',
      files: {
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Init script
  ansible.builtin.copy:
    dest: /etc/init.d/k3s
    mode: "0700"
    content: |
      #!/sbin/openrc-run
      command=/usr/local/bin/k3s
      command_args="server"
      export K3S_TOKEN="{{ harbour_key }}"
  no_log: true
  when: ansible_service_mgr == 'openrc'
- name: Script of the unit
  ansible.builtin.copy:
    dest: /usr/local/sbin/harbour
    mode: "0700"
    content: |
      #!/bin/sh
      export K3S_TOKEN="{{ harbour_key }}"
      exec /usr/local/bin/k3s server
  no_log: true
  when: ansible_service_mgr == 'systemd'
- name: Unit
  ansible.builtin.copy:
    dest: /etc/systemd/system/k3s.service
    mode: "0644"
    content: |
      [Service]
      ExecStart=/usr/local/sbin/harbour
  when: ansible_service_mgr == 'systemd'
- name: Start
  ansible.builtin.service:
    name: k3s
    state: started
`,
        'berth.yml': `
- hosts: berth
  tasks:
    - ansible.builtin.shell: nohup k3s server &
      environment:
        K3S_TOKEN: "{{ harbour_key }}"
`,
      },
    },
  ],
  check(analysis) {
    const written = [...inUnits(analysis)]
    const paths = new Set(written.map(({ at }) => at.path))
    return once([...written, ...[...inStarted(analysis)].filter(({ at }) => !paths.has(at.path))])
  },
}

const MESSAGE = 'every user may ask systemd for the token in Environment='
const SETTING = /\bK3S_(?:AGENT_)?TOKEN=(?!%)(?:\{\{[^}\n]*\}\}|\{(?!\{)|[^"'\s{])+/

/** Units and their templates as they stand in the project. */
function* inUnits({ project, rehearsal }: Analysis): Generator<RuleFinding> {
  for (const [path, text] of project) {
    if (!/K3S_(?:AGENT_)?TOKEN=/.test(text) || fileKind(path, text) !== 'unit') continue
    if (rehearsal.isUnused(path)) continue
    for (const line of text.matchAll(/^[ \t]*Environment[ \t]*=[^\n]*/gm)) {
      const match = SETTING.exec(line[0])
      if (match === null) continue
      const start = line.index + match.index
      const at = { path, start, end: start + match[0].length }
      yield { at, message: MESSAGE, ...(match[0].includes('{{') ? {} : { secrets: [at] }) }
    }
  }
}

function* inStarted(analysis: Analysis): Generator<RuleFinding> {
  for (const { hops, severity } of heldInUnits(analysis, /^\s*Environment\s*=/))
    for (const { at } of hops.slice(-1))
      yield {
        at: lastPlaceIn(analysis, hops, SETTING) ?? at,
        message: MESSAGE,
        hops,
        ...(severity === undefined ? {} : { severity }),
      }
  for (const { events } of nodeRunsOf(analysis))
    for (const event of events) {
      // What a task starts by itself has no unit that could be asked for.
      if (event.what !== 'service-started' || event.arrival.unit === undefined) continue
      for (const carried of [event.arrival.token, event.arrival.agentToken]) {
        if (carried.carrier !== 'environment' || !carriesToken(analysis, carried)) continue
        const { hops } = carried
        yield {
          at: lastPlaceIn(analysis, hops, /(?:^|\n)[ \t]*Environment=[^\n]*TOKEN=[^\n]*/) ?? event.at,
          message: MESSAGE,
          hops: [...hops, ...event.hops],
        }
      }
    }
}
