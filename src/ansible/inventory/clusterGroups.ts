import type { Group, Inventory } from './inventory.ts'
import { groupHosts } from './variables.ts'

export interface ClusterGroups {
  /** The group above both, where there is one but `all`. */
  readonly cluster: string | undefined
  readonly server: string
  /** `undefined`: the inventory has servers only. */
  readonly agent: string | undefined
}

/**
 * How projects call their two groups, k3s-ansible's names first; found by reading 28 public ones. A pair counts before
 * a server group alone, and a name with `k3s` in it before one that any other software could use.
 */
const PAIRS: readonly (readonly [server: string, agent: string])[] = [
  ['k3s_server', 'k3s_agent'],
  ['k3s_servers', 'k3s_agents'],
  ['k3s_master', 'k3s_worker'],
  ['k3s_masters', 'k3s_workers'],
  ['k3s_master', 'k3s_node'],
  ['k3s_masters', 'k3s_nodes'],
  ['k3s_control', 'k3s_workers'],
  ['k3s_control_plane', 'k3s_workers'],
  ['k3s_control_plane', 'k3s_agents'],
  ['server', 'agent'],
  ['servers', 'agents'],
  ['master', 'node'],
  ['master', 'worker'],
  ['masters', 'workers'],
  ['masters', 'nodes'],
  ['control', 'workers'],
  ['control_plane', 'workers'],
  ['control', 'node'],
]

/** Which groups hold the cluster's servers and agents. `undefined`: none that is known by its name. */
export function clusterGroups(inventory: Inventory): ClusterGroups | undefined {
  const { groups } = inventory
  // - and _ are used alike: k3s-server, k3s_server
  const named = new Map([...groups.keys()].map((name) => [name.toLowerCase().replaceAll('-', '_'), name]))
  const pair = PAIRS.map(([server, agent]) => ({ server: named.get(server), agent: named.get(agent) }))
  const found =
    pair.find(({ server, agent }) => server !== undefined && agent !== undefined) ??
    pair.find(({ server }) => server !== undefined)
  if (found?.server === undefined) return undefined
  return {
    cluster: clusterOf(inventory, found.server, found.agent),
    server: found.server,
    agent: found.agent,
  }
}

/** What projects call the agents' group beside a server group of that name. */
export function agentGroupOf(server: string): string {
  const name = server.toLowerCase().replaceAll('-', '_')
  const agent = PAIRS.find(([known]) => known === name)?.[1] ?? 'agent'
  return server.includes('-') ? agent.replaceAll('_', '-') : agent
}

/** The lowest group above both, other than `all`. */
function clusterOf(inventory: Inventory, server: string, agent: string | undefined): string | undefined {
  const above = (name: string): Group[] => {
    const seen = new Map<string, Group>()
    const pending = [...(inventory.groups.get(name)?.parents ?? [])]
    for (let next = pending.pop(); next !== undefined; next = pending.pop()) {
      const group = inventory.groups.get(next)
      if (group === undefined || seen.has(next) || next === 'all') continue
      seen.set(next, group)
      pending.push(...group.parents)
    }
    return [...seen.values()]
  }
  const agentsAbove = agent === undefined ? undefined : new Set(above(agent).map(({ name }) => name))
  const common = above(server).filter(({ name }) => agentsAbove === undefined || agentsAbove.has(name))
  return common.sort((a, b) => b.depth - a.depth || (a.name < b.name ? -1 : 1))[0]?.name
}

/** The cluster's servers and agents, in Ansible's order; none where its groups are not known. */
export function clusterHosts(inventory: Inventory): {
  readonly servers: readonly string[]
  readonly agents: readonly string[]
} {
  const groups = clusterGroups(inventory)
  if (groups === undefined) return { servers: [], agents: [] }
  const servers = groupHosts(inventory, groups.server)
  const known = new Set(servers)
  const agents = groups.agent === undefined ? [] : groupHosts(inventory, groups.agent)
  return { servers, agents: agents.filter((name) => !known.has(name)) }
}
