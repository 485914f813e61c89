import { clusterHosts, hostVariables, type Inventory } from '../ansible/inventory/index.ts'
import { type NodeSpec, newNodeSpec } from '../ansible/nodeSpec.ts'
import type { AnsibleValue } from '../ansible/value.ts'
import { UserError } from '../errors.ts'
import type { ClusterNodes } from './nodesFromCsv.ts'

export { type ClusterNodes, nodesFromCsv } from './nodesFromCsv.ts'
export { nodesFromSshConfig, sshConfigWarnings } from './nodesFromSshConfig.ts'

/** The cluster of an inventory, as far as its values are written out: a value with a template in it is left out. */
export function nodesFromInventory(inventory: Inventory): ClusterNodes {
  const { servers, agents } = clusterHosts(inventory)
  const node = (name: string): NodeSpec => {
    const variables = hostVariables(inventory, name)
    const own = inventory.hosts.get(name)?.vars
    const text = (variable: string, from = variables): string | undefined =>
      plainText(from.get(variable)?.value)
    const address = text('ansible_host')
    try {
      return newNodeSpec({
        name,
        address: address === name ? undefined : address,
        arch: text('k3seal_arch'),
        user: own === undefined ? undefined : text('ansible_user', own),
        port: text('ansible_port'),
      })
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      // What the inventory says is for Ansible to judge; only what fits is taken over.
      return { name, address, arch: undefined, user: undefined, port: undefined }
    }
  }
  return { servers: servers.map(node), agents: agents.map(node) }
}

function plainText(value: AnsibleValue | undefined): string | undefined {
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' && !value.includes('{{') ? value : undefined
}
