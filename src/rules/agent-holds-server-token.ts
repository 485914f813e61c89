import type { Rule } from '../lint/rule.ts'
import { faultFindings, startsOf } from './common/faults.ts'
import { startHops } from './common/missing.ts'
import { lastPlaceIn, TOKEN_SETTING } from './common/places.ts'

const INVENTORY = `
harbour:
  hosts:
    quay-1:
      ansible_host: 192.0.2.11
    quay-2:
      ansible_host: 192.0.2.12
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
    pier_key: "{{ lookup('env', 'PIER_KEY') }}"
`
const SITE = `
- hosts: harbour
  become: true
  roles:
    - edge
`
const SERVER = `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server
  no_log: true
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
    K3S_AGENT_TOKEN: "{{ pier_key }}"
  when: inventory_hostname == 'quay-1'
`

export const agentHoldsServerToken: Rule = {
  id: 'agent-holds-server-token',
  severity: 'notice',
  summary: 'Agents hold the token of the servers though they have one of their own',
  why: 'With the token of the servers one may join as a server and read every secret of the cluster. The servers are told another token for agents here, so that an agent that is broken into gives away less; the agents are given that of the servers all the same.',
  fix: 'give the agents the agent token as K3S_TOKEN',
  see: ['https://docs.k3s.io/cli/token', 'https://docs.k3s.io/cli/server'],
  bad: [
    {
      title: 'an agent token that nobody uses',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `${SERVER}
- name: Join
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
  no_log: true
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ agents get the token of the servers, though these have another one for agents
  when: inventory_hostname != 'quay-1'
`,
      },
    },
  ],
  good: [
    {
      title: 'the agent token for the agents',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `${SERVER}
- name: Join
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
  no_log: true
  environment:
    K3S_TOKEN: "{{ pier_key }}"
  when: inventory_hostname != 'quay-1'
`,
      },
    },
  ],
  // Only where the servers are told an agent token: without one the token of the servers is the only one there is.
  *check(analysis) {
    const starts = startsOf(analysis)
    const rootsOf = (marks: readonly { readonly atom: { readonly root: unknown } }[] | undefined) =>
      new Set((marks ?? []).map(({ atom }) => atom.root))
    const faults = starts.flatMap((start) => {
      const { verdict } = start
      if (verdict.kind !== 'agent' || verdict.token !== 'present') return []
      const server = starts.find(
        ({ verdict: other }) => other.kind === 'first-server' && other.scenario === verdict.scenario,
      )?.verdict.arrival
      if (server?.agentToken.state !== 'present') return []
      const own = rootsOf(verdict.arrival.token.text?.marks)
      const servers = rootsOf(server.token.text?.marks)
      const agents = rootsOf(server.agentToken.text?.marks)
      if (own.size === 0 || ![...own].every((root) => servers.has(root) && !agents.has(root))) return []
      const { hops } = verdict.arrival.token
      return [
        {
          start,
          at: lastPlaceIn(analysis, hops, TOKEN_SETTING) ?? hops.at(-1)?.at ?? verdict.at,
          hops: [...hops, ...startHops(verdict)],
        },
      ]
    })
    yield* faultFindings(
      analysis,
      faults,
      (who, several) =>
        `${who} get${several ? '' : 's'} the token of the servers, though these have another one for agents`,
    )
  },
}
