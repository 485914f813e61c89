import type { Atom, Hop } from '../flow/atoms.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { faultFindings, startsOf } from './common/faults.ts'
import { literalsOf } from './common/literals.ts'
import { givenUp, isBlamed, needsToken, startHops } from './common/missing.ts'
import { lastPlaceIn, TOKEN_SETTING } from './common/places.ts'

const INVENTORY = `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
`

export const tokenEmpty: Rule = {
  id: 'token-empty',
  severity: 'error',
  summary: 'Empty join token reaches a node',
  why: 'K3S_TOKEN= is as good as no token: an agent stops with "--token is required", a joining server with "K3S_TOKEN is required to join a cluster". A default of nothing, or the output of a task that was skipped, hides on the control node that the token is missing, so that it shows on the node only.',
  fix: 'leave the default out, so that the play fails where the token is missing; or set the token for these nodes',
  see: ['https://docs.k3s.io/cli/token', 'https://docs.k3s.io/cli/agent'],
  bad: [
    {
      title: 'a default of nothing in an env file',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  environment:
    INSTALL_K3S_SKIP_START: "true"
- name: Write the key
  ansible.builtin.copy:
    content: "K3S_TOKEN={{ harbour_key | default('') }}"
              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ agents get an empty join token
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
      title: 'a default of nothing for the install script',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Install
      ansible.builtin.command: /usr/local/bin/k3s-install.sh
      environment:
        K3S_URL: https://192.0.2.10:6443
        K3S_TOKEN: "{{ harbour_key | default('') }}"
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ agents get an empty join token: the install script gives up
`,
      },
    },
    {
      title: 'a default behind a variable of the environment',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') | default(vault_harbour_key) }}"
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ lookup('env', 'HARBOUR_KEY') is an empty text where the variable is not set: its default never comes
  tasks:
    - name: Install
      ansible.builtin.command: /usr/local/bin/k3s-install.sh
      environment:
        K3S_URL: https://192.0.2.10:6443
        K3S_TOKEN: "{{ harbour_key }}"
`,
      },
    },
  ],
  good: [
    {
      title: 'defaults that come, and one of nothing',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') | default(vault_harbour_key, true) }}"
    quay_key: "{{ lookup('env', 'QUAY_KEY') | default('') }}"
  tasks:
    - name: Install
      ansible.builtin.command: /usr/local/bin/k3s-install.sh
      environment:
        K3S_URL: https://192.0.2.10:6443
        K3S_TOKEN: "{{ harbour_key }}{{ quay_key }}"
`,
      },
    },
    {
      title: 'a default in a pattern, and a first server without a token',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
  environment:
    INSTALL_K3S_SKIP_START: "true"
    K3S_TOKEN: "{{ harbour_key | default('') }}"
  no_log: true
- name: Take an old key out
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    state: absent
    regexp: "^K3S_TOKEN=(?!{{ harbour_key | default('') | regex_escape }}$)"
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s
    state: restarted
`,
      },
    },
  ],
  *check(analysis) {
    yield* givenUp(analysis, 'empty', 'agents get an empty join token: the install script gives up')
    const faults = startsOf(analysis)
      .filter((start) => needsToken(start) && start.verdict.token === 'empty' && isBlamed(analysis, start))
      .filter(({ verdict }) => verdict.arrival.token.masked.every(({ state }) => state !== 'present'))
      .map((start) => {
        const { verdict } = start
        const { hops } = verdict.arrival.token
        return {
          start,
          at: lastPlaceIn(analysis, hops, TOKEN_SETTING) ?? hops[0]?.at ?? verdict.at,
          hops: [...hops, ...startHops(verdict)],
        }
      })
    yield* faultFindings(
      analysis,
      faults,
      (who, several) => `${who} get${several ? '' : 's'} an empty join token`,
    )
    yield* idleDefaults(analysis)
  },
}

/** Whoever has the variable set sees nothing of it: it is told whatever a play does about an empty token. */
function* idleDefaults(analysis: Analysis): Generator<RuleFinding> {
  const told = new Map<Atom, Hop>()
  for (const { verdict } of startsOf(analysis))
    for (const { atom } of verdict.arrival.token.text?.marks ?? []) {
      let first = atom
      while (first.from?.hasIdleDefault === true) first = first.from
      if (first.hasIdleDefault === true && first.hop !== undefined) told.set(first, first.hop)
    }
  const literals = literalsOf(analysis).map(({ site }) => site.at)
  for (const { at, what } of told.values())
    yield {
      at,
      severity: 'warning',
      message: what,
      cure: 'write default(…, true), which takes the place of an empty text, too',
      secrets: literals.filter(
        ({ path, start, end }) => path === at.path && at.start <= start && end <= at.end,
      ),
    }
}
