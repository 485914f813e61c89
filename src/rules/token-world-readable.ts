import type { Analysis } from '../lint/analysis.ts'
import type { Fix, RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { argumentAdded } from './common/edits.ts'
import { holdsToken, shownPath } from './common/leaks.ts'
import { type EventOf, nodeRunsOf } from './common/nodes.ts'
import { once } from './common/once.ts'
import { taskAt } from './common/tasks.ts'

const INVENTORY = `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`
const SITE = `
- hosts: harbour
  become: true
  roles:
    - edge
`
const INSTALL = `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
`

export const tokenWorldReadable: Rule = {
  id: 'token-world-readable',
  severity: 'error',
  summary: 'File with the join token that every user may read',
  why: 'With the token of the servers any user of the node joins a server of his own and has the cluster. K3s warns of nothing. A file that a task makes without a mode gets what umask leaves: 0644 for root.',
  fix: 'write mode: "0600" at the task; of k3s.orchestration from #561 on set k3s_server_config_mode: "0600"',
  see: [
    'https://docs.k3s.io/cli/token',
    'k3s-io/k3s-ansible#561',
    'https://docs.ansible.com/ansible/latest/collections/ansible/builtin/copy_module.html',
  ],
  bad: [
    {
      title: 'a mode that lets everybody read, and none',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
          ^^^^^^ /etc/rancher/k3s/config.yaml holds the token, and with mode 0644 every user may read it
  no_log: true
- name: Keep the key
  ansible.builtin.copy:
  ^^^^^^^^^^^^^^^^^^^^ /etc/rancher/k3s/harbour holds the token, and no task gives it a mode: every user may read it
    content: "{{ harbour_key }}"
    dest: /etc/rancher/k3s/harbour
  no_log: true
${INSTALL}`,
      },
    },
    {
      title: 'a variable with the mode',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/defaults/main.yml': `
k3s_server_config_mode: "0644"
`,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.copy:
    content: "{{ {'token': harbour_key} | to_nice_yaml }}"
    dest: /etc/rancher/k3s/config.yaml
    mode: "{{ k3s_server_config_mode }}"
          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ /etc/rancher/k3s/config.yaml holds the token, and with mode 0644 every user may read it
  no_log: true
${INSTALL}`,
      },
    },
  ],
  good: [
    {
      title: 'modes for root alone, and settings without a token that everybody may read',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.copy:
    content: "node-label: [quay=north]"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
- name: Write the key
  ansible.builtin.copy:
    content: "token: {{ harbour_key }}"
    dest: /etc/rancher/k3s/config.yaml.d/harbour.yaml
    mode: u=rw,g=,o=
  no_log: true
${INSTALL}`,
      },
    },
  ],
  check: (analysis) => once(readableFiles(analysis)),
}

type Write = EventOf<'file-written'>

/** K3s makes its own directory for root alone. */
const ELSEWHERE = /^\/var\/lib\/rancher\/k3s\/server\/|^\/root\//

function* readableFiles(analysis: Analysis): Generator<RuleFinding> {
  for (const { events } of nodeRunsOf(analysis)) {
    const files = new Map<string, Write[]>()
    for (const event of events)
      if (event.what === 'file-written' && !ELSEWHERE.test(event.path))
        files.set(event.path, [...(files.get(event.path) ?? []), event])
    for (const writes of files.values()) {
      const last = writes.at(-1)
      if (last !== undefined && isOpen(last) && holdsToken(analysis, last.file.content))
        yield finding(analysis, writes, last)
    }
  }
}

function isOpen({ file: { mode, content } }: Write): boolean {
  // Units and copies of them are another rule's: systemd shows what is in them, whatever the mode.
  if (typeof content === 'string' && /^(?:Exec\w+|Environment)=/m.test(content)) return false
  return mode === undefined || (typeof mode === 'number' && (mode & 0o044) !== 0)
}

function finding(analysis: Analysis, writes: readonly Write[], last: Write): RuleFinding {
  const path = shownPath(last.path)
  const { mode } = last.file
  const hops = last.file.hops
  if (typeof mode !== 'number') {
    const { at } = writes.find(({ file }) => holdsToken(analysis, file.content)) ?? last
    const fix = modeAdded(analysis, at)
    return {
      at,
      message: `${path} holds the token, and no task gives it a mode: every user may read it`,
      hops,
      ...(fix === undefined ? {} : { fix }),
    }
  }
  const modeAt = writes.findLast((write) => write.modeAt !== undefined)?.modeAt
  const isForAll = (mode & 0o004) !== 0
  const closed = (mode & 0o111) === 0 ? '"0600"' : '"0700"'
  const written =
    modeAt === undefined ? '' : (analysis.project.get(modeAt.path)?.slice(modeAt.start, modeAt.end) ?? '')
  const [, variable] = /^["']\{\{\s*(\w+)\b[^}]*\}\}["']$/.exec(written) ?? []
  const isLiteral = /^(["']?)[\w=,+-]+\1$/.test(written)
  return {
    at: modeAt ?? last.at,
    message: `${path} holds the token, and with mode 0${mode.toString(8)} ${isForAll ? 'every user' : 'its group'} may read it`,
    hops,
    ...(variable === undefined ? {} : { cure: `set ${variable}: ${closed}` }),
    // The group is often that of root alone, and may be meant.
    ...(isForAll ? {} : { severity: 'notice' as const }),
    ...(isForAll && modeAt !== undefined && isLiteral
      ? { fix: { edits: [{ at: modeAt, text: closed }] } }
      : {}),
  }
}

function modeAdded(analysis: Analysis, at: Write['at']): Fix | undefined {
  const task = taskAt(analysis, at)?.task
  if (task === undefined || task.action.arguments.has('mode')) return undefined
  const after = ['dest', 'path', 'destfile'].find((name) => task.action.arguments.has(name))
  return after === undefined ? undefined : argumentAdded(analysis, task, after, 'mode: "0600"')
}
