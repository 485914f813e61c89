import type { NodeSpec } from '../ansible/nodeSpec.ts'
import type { NewEntry } from '../syntax/yamlEdit.ts'
import type { Site } from './site.ts'

/** As the sample inventory of k3s-ansible has it: the address of the first server, or its name where it has none. */
const FIRST_SERVER = "{{ hostvars[groups['server'][0]]['ansible_host'] | default(groups['server'][0]) }}"

/** A host with the variables that are known of it. */
export function hostEntry({ name, address, user, port, arch }: NodeSpec): NewEntry {
  const variables: readonly (readonly [string, string | number | undefined])[] = [
    ['ansible_host', address],
    ['ansible_user', user],
    ['ansible_port', port],
    ['k3seal_arch', arch],
  ]
  return {
    name,
    value: variables.flatMap(([variable, value]) => (value === undefined ? [] : [{ name: variable, value }])),
  }
}

/** The variables of the whole cluster, as k3s-ansible names them, in the order in which they are written. */
export function clusterEntries(site: Partial<Site>): readonly NewEntry[] {
  const { user, k3sVersion, airgapDir, vaultedToken, vaultedAgentToken } = site
  const entry = (name: string, value: NewEntry['value'] | undefined): NewEntry[] =>
    value === undefined ? [] : [{ name, value }]
  return [
    ...entry('ansible_user', user),
    ...entry('k3s_version', k3sVersion),
    ...entry('api_endpoint', site.apiEndpoint ?? FIRST_SERVER),
    ...entry('airgap_dir', airgapDir === undefined ? undefined : airgapPath(airgapDir)),
    ...entry('vault_k3s_token', vaultedToken === undefined ? undefined : { envelope: vaultedToken }),
    ...entry('token', vaultedToken === undefined ? undefined : '{{ vault_k3s_token }}'),
    ...entry(
      'vault_k3s_agent_token',
      vaultedAgentToken === undefined ? undefined : { envelope: vaultedAgentToken },
    ),
    ...entry('k3s_server_config_mode', vaultedToken === undefined ? undefined : '0600'),
    ...entry('ansible_no_target_syslog', vaultedToken === undefined ? undefined : true),
  ]
}

/** Relative to the inventory, so that the playbook may lie, and Ansible be started, anywhere. */
export function airgapPath(directory: string): string {
  if (/^(?:\/|~|[A-Za-z]:[\\/]|\{\{)/.test(directory)) return directory
  const relative = directory
    .replaceAll('\\', '/')
    .replace(/^(?:\.\/+)+/, '')
    .replace(/\/+$/, '')
  return relative === '' || relative === '.' ? '{{ inventory_dir }}' : `{{ inventory_dir }}/${relative}`
}
