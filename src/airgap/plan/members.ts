import { clusterGroups, groupHosts, type Inventory } from '../../ansible/inventory/index.ts'

/** What projects call a group of agents where there is no group of servers beside it. */
const LONE_AGENTS = ['k3s_agent', 'k3s_agents', 'agent', 'agents', 'k3s_worker', 'k3s_workers']

/** The cluster's servers and agents, by the groups that are known by their names or that variables of k3s-ansible name. */
export function clusterMembers(inventory: Inventory): {
  readonly servers: readonly string[]
  readonly agents: readonly string[]
} {
  const known = clusterGroups(inventory)
  const server = namedGroup(inventory, 'server_group') ?? known?.server
  const lone = LONE_AGENTS.find((name) => inventory.groups.has(name))
  const agent =
    namedGroup(inventory, 'agent_group') ?? known?.agent ?? (server === undefined ? lone : undefined)
  const servers = server === undefined ? [] : groupHosts(inventory, server)
  const taken = new Set(servers)
  const agents = agent === undefined ? [] : groupHosts(inventory, agent).filter((host) => !taken.has(host))
  return { servers, agents }
}

function namedGroup({ groups }: Inventory, variable: string): string | undefined {
  for (const { vars } of groups.values()) {
    const value = vars.get(variable)?.value
    if (typeof value === 'string' && groups.has(value)) return value
  }
  return undefined
}
