import { blockLines, type NewEntry } from '../syntax/yamlEdit.ts'
import type { Site } from './site.ts'
import { clusterEntries, hostEntry } from './siteEntries.ts'

export { type Extended, extendInventory } from './extendInventory.ts'

const STEP = 2

/** What stands above a variable, as a reader who does not know k3seal needs it. */
const COMMENTS: Readonly<Record<string, readonly string[]>> = {
  api_endpoint: ['Where nodes and kubectl reach the API server.'],
  airgap_dir: [
    'The K3s binary, images and install script that are copied to nodes',
    'which have no way to the internet.',
  ],
  vault_k3s_token: [
    'The token that joins nodes to the cluster. Servers also encrypt the',
    "cluster's bootstrap data with it: keep a copy where a restore finds it.",
  ],
  token: [
    'Not "token: !vault": k3s-ansible would write the encrypted text, not the',
    "token, into the servers' config.yaml. Ansible decrypts a value that is",
    'used by its name. https://github.com/k3s-io/k3s-ansible/issues/527',
  ],
  vault_k3s_agent_token: ['With this one a node can join as an agent, but not as a server.'],
  k3s_server_config_mode: [
    "The servers' config.yaml holds the token: closed to other users by this,",
    'and by k3seal/protect.yml where k3s-ansible is 1.2.2 or older and does not',
    'know it. https://github.com/k3s-io/k3s-ansible/pull/561',
  ],
  ansible_no_target_syslog: [
    "Modules write their arguments into the node's journal, and k3s-ansible",
    'has tasks with the token among them. With this they write nothing there.',
  ],
}

/**
 * The inventory of a new cluster for the collection k3s.orchestration. The token is used by way of a second variable,
 * because a vaulted value that k3s-ansible puts into a mapping is not decrypted.
 */
export function newInventory(site: Site): string {
  const { servers, agents, vaultedAgentToken } = site
  const serverVars: readonly NewEntry[] =
    vaultedAgentToken === undefined
      ? []
      : [{ name: 'k3seal_agent_token', value: '{{ vault_k3s_agent_token }}' }]
  const agentVars: readonly NewEntry[] =
    vaultedAgentToken === undefined ? [] : [{ name: 'token', value: '{{ vault_k3s_agent_token }}' }]
  const architectures = [...servers, ...agents].some(({ arch }) => arch !== undefined)
  const lines = [
    '---',
    '# A K3s cluster for the Ansible collection k3s.orchestration',
    '# (https://github.com/k3s-io/k3s-ansible). Made by k3seal and yours to edit.',
    ...(architectures ? ['# k3seal_arch: the architecture of a node, for the airgap bundle.'] : []),
    'k3s_cluster:',
    '  children:',
    '    # The first server starts the cluster, the others join it. Use an odd',
    '    # number of them: https://docs.k3s.io/datastore/ha-embedded',
    '    server:',
    ...blockLines([{ name: 'hosts', value: servers.map(hostEntry) }], ' '.repeat(6), STEP),
    ...section(serverVars, ['Servers accept this token from agents.']),
    '    agent:',
    ...blockLines([{ name: 'hosts', value: agents.map(hostEntry) }], ' '.repeat(6), STEP),
    ...section(agentVars, ['Agents join with their own token and never hold the server token.']),
    '  vars:',
    ...clusterEntries(site).flatMap((entry) => [
      ...(COMMENTS[entry.name] ?? []).map((line) => `    # ${line}`),
      ...blockLines([entry], ' '.repeat(4), STEP),
    ]),
  ]
  return `${lines.join('\n')}\n`
}

function section(entries: readonly NewEntry[], comment: readonly string[]): readonly string[] {
  if (entries.length === 0) return []
  return [
    '      vars:',
    ...comment.map((line) => `        # ${line}`),
    ...blockLines(entries, ' '.repeat(8), STEP),
  ]
}
