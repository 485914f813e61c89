import { agentGroupOf, groupHosts } from '../ansible/inventory/index.ts'
import type { NodeSpec } from '../ansible/nodeSpec.ts'
import type { Variable } from '../ansible/value.ts'
import { UserError } from '../errors.ts'
import type { SiteChange } from '../generate/extendSite.ts'
import type { Site } from '../generate/site.ts'
import { clusterEntries } from '../generate/siteEntries.ts'
import type { NewEntry } from '../syntax/yamlEdit.ts'
import type { Answers } from './answers.ts'
import { type ExistingSite, isBlank } from './existing.ts'

/** The variables that an answer may change, each with the member of the answers that it comes from. */
const SCALARS = [
  ['ansible_user', 'user'],
  ['k3s_version', 'k3sVersion'],
  ['api_endpoint', 'apiEndpoint'],
  ['airgap_dir', 'airgapDir'],
] as const

/** What of a node stands in which of its variables. */
const NODE_VARIABLES = [
  ['ansible_host', 'address'],
  ['ansible_user', 'user'],
  ['ansible_port', 'port'],
  ['k3seal_arch', 'arch'],
] as const

export interface PlannedChange extends SiteChange {
  /** What was asked for and is left to the user, cause and cure in one line each. */
  readonly notes: readonly string[]
}

/** How an inventory has to change so that it says what was answered. `site` holds the answers and the vaulted tokens. */
export function siteChange(existing: ExistingSite, answers: Answers, site: Partial<Site>): PlannedChange {
  const { groups, inventory, serverVariables } = existing
  const cluster = groups.cluster ?? 'k3s_cluster'
  const agentGroup = groups.agent ?? agentGroupOf(groups.server)
  const wanted = new Map(clusterEntries(site).map((entry) => [entry.name, inGroup(entry, groups.server)]))
  const { foreignToken } = existing
  const set: { variable: Variable; text: string }[] = nodeEdits(existing, answers)
  const add = new Map<string, NewEntry[]>()
  const notes: string[] = []
  const put = (group: string, ...entries: readonly (NewEntry | undefined)[]): void => {
    const found = entries.filter((entry) => entry !== undefined)
    if (found.length > 0) add.set(group, [...(add.get(group) ?? []), ...found])
  }

  for (const [name, member] of SCALARS) {
    const entry = wanted.get(name)
    const variable =
      name === 'ansible_user' ? groupVariable(existing, cluster, name) : serverVariables.get(name)
    const isSame = answers[member] === existing[member]
    if (variable === undefined) {
      if (!isSame || (name === 'api_endpoint' && foreignToken === undefined)) put(cluster, entry)
    } else if (!isSame && typeof entry?.value === 'string') set.push({ variable, text: entry.value })
    else if (!isSame && entry === undefined)
      notes.push(`${name} stays in the inventory: remove its line by hand where it is not wanted any more`)
  }

  if (!existing.hasToken) {
    const token = serverVariables.get('token')
    put(cluster, wanted.get('vault_k3s_token'))
    if (token === undefined) put(cluster, wanted.get('token'))
    else set.push({ variable: token, text: '{{ vault_k3s_token }}' })
  } else if (isBlank(serverVariables.get('token')) && foreignToken !== undefined)
    put(cluster, { name: 'token', value: `{{ ${foreignToken} }}` })
  // Without it every user of a server can read the token: https://github.com/k3s-io/k3s-ansible/pull/561
  if (!serverVariables.has('k3s_server_config_mode') && foreignToken === undefined)
    put(cluster, { name: 'k3s_server_config_mode', value: '0600' })
  // Modules log their arguments on the node, and a token is among those of k3s-ansible's lineinfile tasks.
  if (!serverVariables.has('ansible_no_target_syslog'))
    put(cluster, { name: 'ansible_no_target_syslog', value: true })

  if (answers.agentToken && !existing.hasAgentToken) {
    if (foreignToken !== undefined)
      throw new UserError(`the role that takes ${foreignToken} gives servers and agents one token`, {
        fix: 'leave --agent-token out, or move to k3s.orchestration first',
        at: answers.inventory,
      })
    put(cluster, wanted.get('vault_k3s_agent_token'))
    put(groups.server, { name: 'k3seal_agent_token', value: '{{ vault_k3s_agent_token }}' })
    put(agentGroup, { name: 'token', value: '{{ vault_k3s_agent_token }}' })
  }

  if (groups.server !== 'server' && isBlank(serverVariables.get('server_group')))
    put(cluster, { name: 'server_group', value: groups.server })
  if (agentGroup !== 'agent' && isBlank(serverVariables.get('agent_group')))
    put(cluster, { name: 'agent_group', value: agentGroup })

  const reached = new Set(groupHosts(inventory, 'k3s_cluster'))
  const isReached = groupHosts(inventory, groups.server).every((name) => reached.has(name))
  const members =
    groups.cluster === undefined
      ? [groups.server, ...(groups.agent === undefined ? [] : [groups.agent])]
      : [groups.cluster]
  const parents =
    inventory.groups.has('k3s_cluster') && isReached ? new Map() : new Map([['k3s_cluster', members]])
  return { groups, nodes: answers, set, add, parents, notes }
}

/** The lookup of the first server, for a group of another name. */
function inGroup({ name, value }: NewEntry, server: string): NewEntry {
  return {
    name,
    value: typeof value === 'string' ? value.replaceAll("groups['server']", `groups['${server}']`) : value,
  }
}

/** New values for variables of hosts that are there. */
function nodeEdits(existing: ExistingSite, answers: Answers): { variable: Variable; text: string }[] {
  const known = new Map(
    [...existing.servers, ...existing.agents].map((node) => [node.name.toLowerCase(), node]),
  )
  return [...answers.servers, ...answers.agents].flatMap((node) => {
    const old = known.get(node.name.toLowerCase())
    if (old === undefined) return []
    return NODE_VARIABLES.flatMap(([name, member]) => {
      const value = node[member]
      if (value === undefined || value === old[member]) return []
      const variable = existing.inventory.hosts.get(old.name)?.vars.get(name)
      if (variable === undefined)
        throw new UserError(`${old.name} is in the inventory, without ${name} of its own`, {
          fix: `write ${name}: ${value} below it by hand, or leave it out here`,
          at: answers.inventory,
        })
      return [{ variable, text: String(value) }]
    })
  })
}

function groupVariable(
  { groups, inventory }: ExistingSite,
  cluster: string,
  name: string,
): Variable | undefined {
  return [groups.server, cluster, 'all']
    .map((group) => inventory.groups.get(group)?.vars.get(name))
    .find((variable) => variable !== undefined)
}

/** Nodes as given, on top of those that the inventory has: what is given of a known one overrides, the rest stays. */
export function overlaid(known: readonly NodeSpec[], given: readonly NodeSpec[]): readonly NodeSpec[] {
  const names = new Set(known.map(({ name }) => name.toLowerCase()))
  const byName = new Map(given.map((node) => [node.name.toLowerCase(), node]))
  return [
    ...known.map((node) => {
      const other = byName.get(node.name.toLowerCase())
      return other === undefined ? node : merged(node, other)
    }),
    ...given.filter(({ name }) => !names.has(name.toLowerCase())),
  ]
}

function merged(node: NodeSpec, { address, arch, user, port }: NodeSpec): NodeSpec {
  return {
    name: node.name,
    address: address ?? node.address,
    arch: arch ?? node.arch,
    user: user ?? node.user,
    port: port ?? node.port,
  }
}
