import type { Atoms } from '../flow/atoms.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { isFresh } from './common/faults.ts'
import { certainNodeRuns, type EventOf, type NodeRun } from './common/nodes.ts'
import { once } from './common/once.ts'

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

export const serviceStartedBeforeToken: Rule = {
  id: 'service-started-before-token',
  severity: 'error',
  summary: 'Service starts before the join token is there',
  why: 'The install script starts the service at its end, and systemctl waits until an agent is ready: without a token, or the token file that it is told, it never is, so that the play fails or waits there, and the task that writes the token is not reached.',
  fix: 'write the token first; or run the install script with INSTALL_K3S_SKIP_START=true, write the token, and start the service then',
  see: ['k3s-io/k3s@0136cf25:install.sh', 'https://docs.k3s.io/reference/env-variables'],
  bad: [
    {
      title: 'the install script starts the agent, and the key is written later',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  ^^^^^^^^^^^^^^^^^^^^^^^ starts k3s-agent on agents before they have a token
- name: Write the key
  ansible.builtin.copy:
    content: "K3S_TOKEN={{ harbour_key }}"
    dest: /etc/systemd/system/k3s-agent.service.env
    mode: "0600"
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`,
      },
    },
    {
      title: 'the install script is told a token file, which is written later',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  ^^^^^^^^^^^^^^^^^^^^^^^ starts k3s-agent on agents before they have a token
  environment:
    K3S_TOKEN_FILE: /root/harbour
- name: Write the key
  ansible.builtin.copy:
    content: "{{ harbour_key }}"
    dest: /root/harbour
    mode: "0600"
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`,
      },
    },
  ],
  good: [
    {
      title: 'the install script starts nothing',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  environment:
    INSTALL_K3S_SKIP_START: "true"
- name: Write the key
  ansible.builtin.copy:
    content: "K3S_TOKEN={{ harbour_key }}"
    dest: /etc/systemd/system/k3s-agent.service.env
    mode: "0600"
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`,
      },
    },
  ],
  check: (analysis) => once(earlyStarts(analysis)),
}

function* earlyStarts(analysis: Analysis): Generator<RuleFinding> {
  const { atoms } = analysis.rehearsal
  const tooLate = (
    node: NodeRun,
  ): { start: EventOf<'service-started'>; write: EventOf<'file-written'> } | undefined => {
    for (const [index, start] of node.events.entries()) {
      if (start.what !== 'service-started' || !isStarved(start)) continue
      const write = node.events
        .slice(index + 1)
        .find(
          (event): event is EventOf<'file-written'> =>
            event.what === 'file-written' && writesToken(event, start.arrival, atoms),
        )
      if (write !== undefined) return { start, write }
    }
    return undefined
  }
  for (const node of certainNodeRuns(
    analysis,
    (one) => isFresh(one.run.scenario) && one.run.scenario.tokenGiven !== false && tooLate(one) !== undefined,
  )) {
    const found = tooLate(node)
    if (found === undefined) continue
    const { start, write } = found
    yield {
      at: start.at,
      message: `starts ${start.service} on ${start.kind === 'agent' ? 'agents' : 'joining servers'} before they have a token`,
      hops: [...start.hops, { at: write.at, what: `writes the token into ${write.path}` }],
    }
  }
}

/** Whether a file that K3s reads gets the token: a token file is nothing but that, and wherever one is named it alone counts. */
function writesToken(
  { path, file: { content } }: EventOf<'file-written'>,
  { token, reads }: EventOf<'service-started'>['arrival'],
  atoms: Atoms,
): boolean {
  if (token.file !== undefined)
    return path === token.file && (typeof content !== 'string' || content.trim() !== '')
  return (
    reads.some((read) => read.path === path) &&
    typeof content === 'string' &&
    content
      .split('\n')
      .some(
        (line) => /^\s*(?:export\s+)?K3S_TOKEN=|^["']?token["']?\s*:/.test(line) && atoms.in(line).length > 0,
      )
  )
}

function isStarved({ kind, arrival, kept }: EventOf<'service-started'>): boolean {
  if (kept !== undefined) return false
  const { token, serverUrl, externalDatastore } = arrival
  if (token.state !== 'absent' && token.state !== 'empty') return false
  return kind === 'agent'
    ? arrival.command === 'agent'
    : kind === 'joining-server' && (serverUrl.state === 'present' || externalDatastore === true)
}
