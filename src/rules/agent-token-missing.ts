import type { Rule } from '../lint/rule.ts'
import { faultFindings, startsOf } from './common/faults.ts'
import { givenUp, isBlamed, isDropped, missingToken } from './common/missing.ts'
import { wrongVariable } from './token-variable-wrong.ts'

export const agentTokenMissing: Rule = {
  id: 'agent-token-missing',
  severity: 'error',
  summary: 'Agent starts without a join token',
  why: 'An agent that gets no token stops with "--token is required"; one that was a member before tries again every two seconds for ever, and systemctl waits with it. Each run of the install script makes the env file anew from K3S_ variables of its own environment: where K3S_TOKEN is not among them, the file has none. With K3S_URL alone, the script itself gives up.',
  fix: 'give the install script K3S_TOKEN, or K3S_TOKEN_FILE for a file with it, in its environment; or write it into the env file of the unit after the script ran and before the service starts',
  see: ['https://docs.k3s.io/cli/agent', 'k3s-io/k3s@0136cf25:install.sh', 'k3s-io/k3s-ansible#361'],
  bad: [
    {
      title: 'written only where the binary is downloaded',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Install without internet
  ansible.builtin.command: /usr/local/bin/k3s-install.sh
  ^^^^^^^^^^^^^^^^^^^^^^^ agents of an airgapped site start without a join token
  environment:
    INSTALL_K3S_SKIP_DOWNLOAD: "true"
    INSTALL_K3S_SKIP_START: "true"
    INSTALL_K3S_EXEC: agent
    K3S_URL: https://192.0.2.10:6443
  when: airgap_dir is defined
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh
  no_log: true
  environment:
    INSTALL_K3S_SKIP_START: "true"
    INSTALL_K3S_EXEC: agent
    K3S_TOKEN: "{{ harbour_key }}"
    K3S_URL: https://192.0.2.10:6443
  when: airgap_dir is not defined
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`,
      },
    },
    {
      title: 'with the URL of a server only',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
`,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Install
      ansible.builtin.shell: curl -sfL https://get.k3s.io | K3S_URL=https://192.0.2.10:6443 sh -
      ^^^^^^^^^^^^^^^^^^^^^ agents get no join token: the install script gives up
`,
      },
    },
  ],
  good: [
    {
      title: 'given in both ways',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh
  no_log: true
  environment:
    INSTALL_K3S_SKIP_DOWNLOAD: "{{ airgap_dir is defined }}"
    INSTALL_K3S_SKIP_START: "true"
    INSTALL_K3S_EXEC: agent
    K3S_TOKEN: "{{ harbour_key }}"
    K3S_URL: https://192.0.2.10:6443
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`,
      },
    },
  ],
  *check(analysis) {
    yield* givenUp(analysis, 'absent', 'agents get no join token: the install script gives up')
    const faults = startsOf(analysis)
      .filter(({ verdict }) => verdict.kind === 'agent' && verdict.token === 'absent')
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
