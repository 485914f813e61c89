import type { Rule } from '../lint/rule.ts'
import { faultFindings, isFresh, startsOf } from './common/faults.ts'
import { installerBefore, isDropped, missingToken } from './common/missing.ts'

const INVENTORY = `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`

export const tokenDroppedByInstaller: Rule = {
  id: 'token-dropped-by-installer',
  severity: 'error',
  summary: 'Install script takes the join token away',
  why: 'Each run of the install script removes the unit and its env file and makes them anew from K3S_ variables of its own environment. A token that was written into the file before is gone, unless K3S_TOKEN is given again.',
  fix: 'give the script K3S_TOKEN, or K3S_TOKEN_FILE for a file with it, in its environment; or write the token into the env file after it',
  see: ['k3s-io/k3s@0136cf25:install.sh', 'https://docs.k3s.io/upgrades/manual'],
  bad: [
    {
      title: 'written before the script runs',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Write the key
  ansible.builtin.copy:
    content: "K3S_TOKEN={{ harbour_key }}"
    dest: /etc/systemd/system/k3s-agent.service.env
    mode: "0600"
  no_log: true
- name: Write the unit
  ansible.builtin.copy:
    content: |
      [Service]
      EnvironmentFile=/etc/systemd/system/k3s-agent.service.env
      ExecStart=/usr/local/bin/k3s agent
    dest: /etc/systemd/system/k3s-agent.service
    mode: "0644"
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  ^^^^^^^^^^^^^^^^^^^^^^^ the install script removes the token of agents, which then start without one
`,
      },
    },
  ],
  good: [
    {
      title: 'written after the script',
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
  *check(analysis) {
    const faults = startsOf(analysis)
      .filter((start) => isDropped(start) && start.verdict.scenario.tokenGiven !== false)
      // A server that has started once reads its token from its own directory.
      .filter(({ verdict }) => verdict.kind === 'agent' || isFresh(verdict.scenario))
      .map((start) => {
        const fault = missingToken(analysis, start)
        const installer = installerBefore(start)
        return { ...fault, hops: [...(installer?.before().hops ?? []), ...fault.hops] }
      })
    yield* faultFindings(
      analysis,
      faults,
      (who, several) =>
        `the install script removes the token of ${who}, which then start${several ? '' : 's'} without one`,
    )
  },
}
