import type { Rule } from '../lint/rule.ts'
import { faultFindings, startsOf } from './common/faults.ts'
import { isBlamed, isDropped, missingToken, needsToken } from './common/missing.ts'
import { wrongVariable } from './token-variable-wrong.ts'

const INVENTORY = `
harbour:
  hosts:
    quay-1:
      ansible_host: 192.0.2.11
    quay-2:
      ansible_host: 192.0.2.12
`

export const serverTokenMissing: Rule = {
  id: 'server-token-missing',
  severity: 'error',
  summary: 'Joining server starts without a join token',
  why: 'Only the first server may do without a token: it makes one. Every other server needs that token, and without it stops with "K3S_TOKEN is required to join a cluster", or, on an external datastore, makes keys of its own that are in the way afterwards.',
  fix: 'give the joining servers the token of the first one: K3S_TOKEN in the env file of the unit, or token: in config.yaml',
  see: ['https://docs.k3s.io/datastore/ha-embedded', 'https://docs.k3s.io/cli/token'],
  bad: [
    {
      title: 'a second server that is told where the first is, and no token',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server --cluster-init
  no_log: true
  environment:
    K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
  when: inventory_hostname == 'quay-1'
- name: Join
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://192.0.2.11:6443
  ^^^^^^^^^^^^^^^^^^^^^^^ joining servers start without a join token
  when: inventory_hostname != 'quay-1'
`,
      },
    },
  ],
  good: [
    {
      title: 'the first server alone without a token, the second with it',
      files: {
        'inventory.yml': `${INVENTORY}    quay-3:\n      ansible_host: 192.0.2.13\n`,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server --cluster-init
  when: inventory_hostname == 'quay-1'
- name: Read
  ansible.builtin.slurp:
    src: /var/lib/rancher/k3s/server/token
  delegate_to: quay-1
  register: anchor
  no_log: true
- name: Join
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://192.0.2.11:6443
  no_log: true
  environment:
    K3S_TOKEN: "{{ anchor.content | b64decode | trim }}"
  when: inventory_hostname != 'quay-1'
`,
      },
    },
  ],
  *check(analysis) {
    const faults = startsOf(analysis)
      .filter(
        (start) =>
          start.verdict.kind === 'joining-server' && needsToken(start) && start.verdict.token === 'absent',
      )
      // Without a server or a datastore to share, each is a cluster of its own.
      .filter(
        ({ verdict: { serverUrl, arrival } }) => serverUrl === true || arrival.externalDatastore === true,
      )
      .filter((start) => isBlamed(analysis, start) && !isDropped(start))
      .filter((start) => wrongVariable(analysis, start) === undefined)
      .map((start) => missingToken(analysis, start))
    yield* faultFindings(
      analysis,
      faults,
      (who, several) => `${who} start${several ? '' : 's'} without a join token`,
    )
  },
}
