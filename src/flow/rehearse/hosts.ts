import {
  clusterGroups,
  groupHosts,
  hostVariables,
  type Inventory,
  magicVariables,
} from '../../ansible/inventory/index.ts'
import { type AnsibleValue, Float, type Project, type Variable, VaultedText } from '../../ansible/value.ts'
import type { NamedInventory } from '../inventories.ts'
import { inventoryOf } from './beside.ts'

/** A host that stands for all hosts like it. */
export interface PaperHost {
  readonly name: string
  readonly groups: readonly string[]
  readonly variables: ReadonlyMap<string, Variable>
  readonly magic: ReadonlyMap<string, AnsibleValue>
  /** The other hosts that nothing in the inventory tells apart from this one. */
  readonly alike: readonly string[]
}

/** The hosts of one rehearsal, and the groups that plays and templates see. */
export interface PaperHosts {
  readonly hosts: ReadonlyMap<string, PaperHost>
  /** Group → its rehearsed hosts, in Ansible's order. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** `undefined`: invented for a project that has none. */
  readonly sources: readonly string[] | undefined
  /** Whether a file of variables is encrypted as a whole, so that a variable which seems undefined may not be. */
  readonly hasSealedFiles: boolean
}

/** The hosts of an inventory, one for each kind of them: of servers the first and one more. */
export function inventoryHosts(
  { inventory, sources }: NamedInventory,
  tokens: ReadonlySet<string> = new Set(),
): PaperHosts {
  const server = clusterGroups(inventory)?.server
  const firstOf = new Set(
    [...inventory.groups.keys()].flatMap((name) => groupHosts(inventory, name).slice(0, 1)),
  )
  const servers = new Set(server === undefined ? [] : groupHosts(inventory, server))
  const classes = new Map<
    string,
    { name: string; variables: ReadonlyMap<string, Variable>; alike: string[] }
  >()
  for (const name of groupHosts(inventory, 'all')) {
    const variables = hostVariables(inventory, name)
    // Where no group is known for that of the servers, the first host of any may be the one that founds the cluster.
    const rank = (server === undefined || servers.has(name)) && firstOf.has(name) ? 'first' : 'other'
    const key = `${rank} ${signature(inventory, name, tokens)}`
    const known = classes.get(key)
    if (known === undefined) classes.set(key, { name, variables, alike: [] })
    else known.alike.push(name)
  }
  const hosts = new Map(
    [...classes.values()].map(({ name, variables, alike }) => {
      const magic = magicVariables(inventory, name)
      const groups = magic.get('group_names')
      return [name, { name, groups: Array.isArray(groups) ? groups : [], variables, magic, alike }] as const
    }),
  )
  const groups = new Map(
    [...inventory.groups.keys()].map((name) => [
      name,
      groupHosts(inventory, name).filter((host) => hosts.has(host)),
    ]),
  )
  const hasSealedFiles = inventory.faults.some(({ severity }) => severity === 'notice')
  return { hosts, groups, sources, hasSealedFiles }
}

/** Hosts with the same signature differ in nothing that could lead the token another way: addresses and names do not count. */
function signature(inventory: Inventory, name: string, tokens: ReadonlySet<string>): string {
  const host = inventory.hosts.get(name)
  if (host === undefined) return name
  const own = [...host.vars.values()].map(
    ({ name: variable, value }) =>
      `${variable}=${tokens.has(variable) && typeof value === 'string' ? value : shape(value)}`,
  )
  return [...host.groups, ...own].sort().join('\n')
}

function shape(value: AnsibleValue): string {
  if (value instanceof VaultedText) return 'vaulted'
  if (value === null || typeof value === 'boolean') return String(value)
  if (typeof value === 'string') {
    if (/\{[{%]/.test(value)) return value
    return value === '' ? 'empty' : /^[\w.:-]*$/.test(value) && /\d/.test(value) ? 'text' : value
  }
  if (typeof value !== 'object' || value instanceof Float) return 'number'
  return JSON.stringify(value, (_, item: unknown) => (typeof item === 'bigint' ? 'number' : item))
}

/**
 * Hosts for a project without an inventory: of each group that its plays name the fewest that show everything, with the
 * variables that the project has for such groups.
 */
export function inventedHosts(
  groupNames: readonly string[],
  servers: 'one' | 'several',
  from: { readonly project: Project; readonly playbookDirectory: string } = {
    project: new Map(),
    playbookDirectory: '',
  },
): PaperHosts {
  const members = new Map<string, readonly string[]>()
  const parents: string[] = []
  for (const name of groupNames) {
    const kind = groupKind(name)
    if (kind === 'cluster') parents.push(name)
    else if (kind === 'server') members.set(name, servers === 'one' ? ['server-1'] : ['server-1', 'server-2'])
    else members.set(name, [kind === 'agent' ? 'agent-1' : `${name}-1`])
  }
  if (members.size === 0) {
    members.set('server', servers === 'one' ? ['server-1'] : ['server-1', 'server-2'])
    members.set('agent', ['agent-1'])
  }
  const names = [...new Set([...members.values()].flat())]
  const own = new Map([...members, ...parents.map((name) => [name, names] as const)])
  const groups = new Map<string, readonly string[]>([...own, ['all', names], ['ungrouped', []]])
  const inventory = inventoryOf(own, from.project, from.playbookDirectory)
  const groupsVariable: AnsibleValue = Object.fromEntries(groups)
  const hosts = new Map(
    names.map((name) => {
      const ofHost = [...own].filter(([, list]) => list.includes(name)).map(([group]) => group)
      const magic = new Map<string, AnsibleValue>([
        ['inventory_hostname', name],
        ['inventory_hostname_short', name],
        ['group_names', ofHost.sort()],
        ['groups', groupsVariable],
        ['inventory_dir', 'inventory'],
        ['inventory_file', 'inventory/hosts.yml'],
      ])
      const variables = hostVariables(inventory, name)
      return [name, { name, groups: ofHost, variables, magic, alike: [] }] as const
    }),
  )
  return { hosts, groups, sources: undefined, hasSealedFiles: false }
}

function groupKind(name: string): 'cluster' | 'server' | 'agent' | 'other' {
  if (/agent|worker|node/i.test(name)) return 'agent'
  if (/server|master|control|main|primary|first/i.test(name)) return 'server'
  return /cluster|k3s|kube|k8s|all/i.test(name) ? 'cluster' : 'other'
}
