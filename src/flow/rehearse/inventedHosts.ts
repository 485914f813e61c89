import { groupHosts, hostVariables, type Inventory, shortName } from '../../ansible/inventory/index.ts'
import type { AnsibleValue, Project, Variable } from '../../ansible/value.ts'
import { inventoryOf } from './beside.ts'
import { type FoundingGroup, groupKind, isOfNodes, mayBeWhole, serverParts } from './groupKinds.ts'
import { UNGROUPED } from './groups.ts'
import { controlNode, madeGroupVariables, type PaperHosts, unreadIn } from './hosts.ts'
import type { InventedKind, KindVariable, NamedHosts } from './kinds.ts'
import { numberedHosts } from './numbered.ts'
import type { Outsiders } from './outsiders.ts'
import { isHostName } from './pattern.ts'
import type { UnfilledInventory } from './unfilled.ts'

/** What a project says of the hosts that no inventory of it names. */
export interface Invention {
  /** Names of groups, and of hosts that plays are for. */
  readonly groupNames: readonly string[]
  /** Those of them that plays are for, or of which hosts are asked whether they are in them: of others a play only wants a host. */
  readonly played?: ReadonlySet<string>
  /** Groups of which only a variable says the name: they say nothing of which others there are. */
  readonly byVariable?: readonly string[]
  /** Whether a group whose name does not say what it is has hosts of the cluster, and not only machines beside it. */
  readonly isOfCluster?: (group: string) => boolean
  /** Whether some play is for the hosts that are in none of these groups. */
  readonly hasOthers?: boolean
  /** Groups of plays that have the hosts of others in them, whatever they are called. */
  readonly wholes?: ReadonlySet<string>
  /** What a group of servers has, where another one has a word for those that join. */
  readonly founding?: FoundingGroup
  /** Whether K3s comes to a group of which the first host is one by itself. */
  readonly isHeaded?: (group: string) => boolean
  /** Hosts that are in no group which is named. */
  readonly outsiders?: Outsiders
  /** Groups without hosts. */
  readonly empty?: ReadonlySet<string>
  /** Groups with the hosts that tasks add to them, which are all of them. */
  readonly added?: ReadonlyMap<string, readonly string[]>
  /**
   * Servers that are none: all, or but for those whose names decide something the ones that would join the first. Where plays
   * want a host of a group of servers, they are there all the same, and no play is for them.
   */
  readonly leftOut?: 'servers' | 'joining'
  /** Variables that tell kinds of nodes apart, for those who set none. */
  readonly kinds?: ReadonlyMap<string, KindVariable>
  readonly named?: NamedHosts
  readonly compared?: ComparedHosts
  readonly unfilled?: UnfilledInventory | undefined
  readonly project?: Project
  readonly playbookDirectory?: string
}

/** Names that conditions compare those of hosts with, each with the groups whose plays do; without any: whatever hosts there are. */
export type ComparedHosts = ReadonlyMap<string, readonly string[]>

/** Those of them that may be servers by the groups that they are in. */
export function comparedServers({
  compared = new Map(),
  groupNames,
  byVariable = [],
  wholes = new Set(),
}: Invention): readonly string[] {
  const isWhole = [...groupNames, ...byVariable].some(isOfNodes)
  return [...compared].flatMap(([name, groups]) =>
    groups.length === 0 ||
    groups.some((group) => wholes.has(group) || groupKind(group) === 'server' || isParent(group, isWhole))
      ? [name]
      : [],
  )
}

/** Whether a group is one of all nodes. `isWhole`: whether others are called after the nodes that are in them. */
function isParent(group: string, isWhole: boolean): boolean {
  const kind = groupKind(group)
  return kind === 'cluster' || (kind === 'part' && !isWhole)
}

export interface InventedHosts extends PaperHosts {
  /** Servers of which the project says nothing, in order. */
  readonly assumedServers: readonly string[]
  /** Servers of groups that plays only want a host of. */
  readonly askedServers: readonly string[]
}

/**
 * Hosts for a project without an inventory: of each group that its plays name the fewest that show everything, and of each
 * kind that a variable tells apart, with the variables that the project has for such groups.
 */
export function inventedHosts(invention: Invention, servers: 'one' | 'several'): InventedHosts {
  const {
    groupNames,
    played = new Set(),
    byVariable = [],
    isOfCluster = () => true,
    hasOthers = false,
    wholes = new Set(),
    founding = () => undefined,
    isHeaded = () => false,
    outsiders = {},
    empty = new Set(),
    added = new Map(),
    leftOut,
    kinds = new Map(),
    named = { servers: [], agents: [], others: [] },
    compared = new Map(),
    unfilled,
    project = new Map(),
    playbookDirectory = '',
  } = invention
  const tried = comparedServers(invention)
  const ownGroups = groupNames.filter((name) => !isHostName(name) && !compared.has(name) && !added.has(name))
  const likely = serverNames(tried, named.servers)
  // Where names of hosts decide which server is which, those of groups do not.
  const numberedServers = numberedHosts(tried.length > 0 ? [] : ownGroups, 'server', likely)
  const [first = SERVERS[0], ...joining] =
    numberedServers.size === 0 ? likely : new Set([...numberedServers.values(), ...named.servers])
  // One that a play is for, while another is for the rest of them, is what only its tasks say.
  const apart = hasOthers ? named.agents.filter((name) => groupNames.includes(name)) : []
  const agent = named.agents.find((name) => !apart.includes(name)) ?? AGENT
  const numberedAgents = numberedHosts(ownGroups, 'agent', [agent, ...named.agents])
  const agents = [...new Set([agent, ...numberedAgents.values()])]
  const numbered = new Map([...numberedServers, ...numberedAgents])
  const several = leftOut !== 'joining' ? joining : joining.filter((name) => tried.includes(name))
  // However many there are, each of these groups has one.
  const isOne = servers === 'one' && numberedServers.size === 0
  const areAsked = [...groupNames, ...byVariable].some((name) => groupKind(name) === 'server')
  const ofServers = leftOut === 'servers' && !areAsked ? [] : isOne ? [first] : [first, ...several]
  const members = new Map<string, readonly string[]>()
  const alone = [...apart]
  const parents: string[] = []
  /** Groups of other machines than those of the cluster. */
  const beside = new Set<string>()
  const isWhole = [...groupNames, ...byVariable].some(isOfNodes)
  // Names of hosts decide then which server is which.
  const parts =
    tried.length > 0
      ? undefined
      : serverParts(
          groupNames.filter((name) => !isHostName(name) && !ofServers.includes(name)),
          isOfCluster,
          founding,
        )
  const take = (name: string): void => {
    const part = parts?.get(name)
    const kind = groupKind(name)
    const ofNumber = numbered.get(name)
    // `hosts:` may name a host as well as a group.
    if (ofNumber === name) alone.push(name)
    if (ofNumber === name || ofServers.includes(name) || name === agent || apart.includes(name)) return
    if (tried.includes(name) || compared.get(name)?.includes(name) === false) return
    const isBeside = !isOfNodes(name) && !isOfCluster(name)
    if (isBeside) beside.add(name)
    const ofTasks = added.get(name)
    if (empty.has(name)) members.set(name, [])
    else if (ofTasks !== undefined) members.set(name, ofTasks)
    else if (isHostName(name) || compared.has(name)) alone.push(name)
    else if (part === 'first') members.set(name, ofServers.slice(0, 1))
    // Without other groups of nodes, those that join may be agents as well.
    else if (part === 'joining' && (kind === 'server' || (kind !== 'agent' && isWhole)))
      members.set(name, ofServers.slice(1))
    else if (part === undefined && (wholes.has(name) || isParent(name, isWhole))) parents.push(name)
    else if (kind === 'server') members.set(name, ofNumber === undefined ? ofServers : [ofNumber])
    else {
      const own = isBeside ? [] : [...compared].filter(([, groups]) => groups.includes(name))
      const apart = own.map(([host]) => host).filter((host) => !tried.includes(host))
      // Where no group is one of servers, the first of others founds the cluster.
      const isFounding = !isBeside && !areAsked && mayBeWhole(name) && isHeaded(name)
      const ofName = isFounding && !isOne ? [`${name}-1`, `${name}-2`] : [`${name}-1`]
      const ofKind = ofNumber !== undefined ? [ofNumber] : kind === 'agent' && !isFounding ? agents : ofName
      members.set(name, [...new Set([...apart, ...ofKind])])
    }
  }
  for (const name of [...groupNames, ...added.keys()]) take(name)
  const isTold = [...kinds.values()].some(({ agent, joining }) => agent !== undefined && agent !== joining)
  const isOpen =
    alone.every((name) => beside.has(name)) &&
    [...members.keys()].every((name) => parents.length > 0 && beside.has(name))
  const isAsked = !isOpen || isTold
  if (isOpen) {
    if (ofServers.length > 0) members.set('server', ofServers)
    members.set('agent', [agent])
  }
  if (leftOut === 'servers' && [...members.values()].flat().every((name) => ofServers.includes(name)))
    members.set('agent', [agent])
  // Where tasks add the hosts of all groups that plays are for, there are no others.
  const areAllAdded =
    !isOpen &&
    added.size > 0 &&
    [...members.keys(), ...alone].every((name) => added.has(name) || beside.has(name))
  byVariable.forEach(take)
  const ofOutsiders = { server: ofServers, agent: [agent] }
  for (const kind of ['server', 'agent'] as const)
    for (const name of outsiders[kind] ?? [])
      if (!members.has(name) && !parents.includes(name)) members.set(name, ofOutsiders[kind])
  const grouped = new Set([...members.values()].flat())
  const isOther = named.others.some((name) => !alone.includes(name))
  const ofNoGroup = [
    ...(isTold || outsiders.server !== undefined
      ? ofServers
      : named.servers.length > 0 || isOther
        ? [first]
        : []),
    ...ofServers.filter((name) => tried.includes(name)),
    ...(hasOthers || isTold || outsiders.agent !== undefined || named.agents.length > 0 ? [agent] : []),
  ]
  const others = [...new Set([...alone, ...(areAllAdded ? [] : ofNoGroup)])].filter(
    (name) => !grouped.has(name),
  )
  const names = [...grouped, ...others]
  const ofCluster = new Set([
    ...[...members].flatMap(([name, list]) => (beside.has(name) ? [] : list)),
    ...others.filter((name) => !beside.has(name)),
  ])
  const own = new Map([...members, ...parents.map((name) => [name, [...ofCluster]] as const)])
  const ungrouped = [...(own.get(UNGROUPED) ?? []), ...others]
  const written = others.length === 0 ? own : new Map([...own, [UNGROUPED, ungrouped] as const])
  const inventory = inventoryOf(written, project, playbookDirectory, unfilled?.sources)
  const groups = new Map<string, readonly string[]>(
    unfilled === undefined
      ? [...own, ['all', names], [UNGROUPED, ungrouped]]
      : [...inventory.groups.keys()].map((name) => [name, groupHosts(inventory, name)]),
  )
  const groupsVariable: AnsibleValue = Object.fromEntries(groups)
  const told = toldApart(kinds, names, inventory, (name) =>
    agents.includes(name)
      ? 'agent'
      : name === first
        ? 'first'
        : ofServers.includes(name)
          ? 'joining'
          : undefined,
  )
  const isAssumed =
    outsiders.agent !== undefined || (!isAsked && inventory.groups.get('agent')?.vars.size === 0)
  const isNamed = (name: string): boolean => named.servers.includes(name) || tried.includes(name)
  const isIn = (name: string, isAny: (group: string) => boolean): boolean =>
    [...own].some(([group, list]) => isAny(group) && list.includes(name))
  const areAssumed = !isAsked && inventory.groups.get('server')?.vars.size === 0
  const hosts = new Map(
    names.map((name) => {
      const ofHost = [...groups].flatMap(([group, list]) =>
        group !== 'all' && group !== UNGROUPED && list.includes(name) ? [group] : [],
      )
      const magic = new Map<string, AnsibleValue>([
        ['inventory_hostname', name],
        ['inventory_hostname_short', shortName(name)],
        ['group_names', ofHost.sort()],
        ['groups', groupsVariable],
        ['inventory_dir', 'inventory'],
        ['inventory_file', 'inventory/hosts.yml'],
      ])
      const variables = new Map([...hostVariables(inventory, name), ...told(name)])
      return [name, { name, groups: ofHost, variables, magic, alike: [] }] as const
    }),
  )
  const known = new Map(hosts)
  const [second = first, ...further] = joining.filter((name) => !tried.includes(name))
  const ofOneGroup = new Set(numberedServers.values())
  const alike = further.filter((name) => !ofOneGroup.has(name))
  for (const name of alike) hosts.delete(name)
  const aliases = new Map([
    ...[...named.servers, ...alike].map((name) => [name, known.has(second) ? second : first] as const),
    ...named.agents.map((name) => [name, agent] as const),
    ...named.others.map((name) => [name, first] as const),
  ])
  const local = controlNode(hosts, inventory)
  const standIn = (name: string): string | undefined =>
    hosts.has(name) ? name : (aliases.get(name) ?? local(name)?.name)
  return {
    hosts,
    groups,
    standIn,
    known: (name) => known.get(name) ?? known.get(aliases.get(name) ?? '') ?? local(name),
    within: madeGroupVariables(inventory, project),
    sources: undefined,
    unread: unreadIn(inventory, project),
    assumed: new Set(isAssumed ? [agent] : []),
    ...(leftOut === 'servers' && ofServers.length > 0 ? { unplayed: new Set(ofServers) } : {}),
    ...(added.size === 0 ? {} : { added: new Set([...added.values()].flat()) }),
    assumedServers: areAssumed
      ? ofServers.filter(
          (name) =>
            hosts.has(name) &&
            !isNamed(name) &&
            !isIn(name, (group) => group !== 'server' && members.has(group)),
        )
      : [],
    askedServers:
      areAsked && !isTold
        ? ofServers.filter(
            (name) => hosts.has(name) && !isNamed(name) && !isIn(name, (group) => played.has(group)),
          )
        : [],
  }
}

/** Etcd wants three servers. Beside those of which the names decide something there is one that is like others. */
function serverNames(tried: readonly string[], named: readonly string[]): readonly string[] {
  const given = [...new Set([...tried, ...named])]
  const count = Math.min(given.length, SERVERS.length - 1)
  const made = [...SERVERS.slice(count), ...SERVERS.slice(0, count)].filter((name) => !given.includes(name))
  return [...given, ...made].slice(0, Math.max(SERVERS.length, tried.length + 1))
}

/** What tells an invented host from those of other kinds, where the project's own files do not. */
function toldApart(
  kinds: ReadonlyMap<string, KindVariable>,
  names: readonly string[],
  inventory: Inventory,
  kindOf: (name: string) => InventedKind | undefined,
): (name: string) => ReadonlyMap<string, Variable> {
  const own = new Set(names.flatMap((name) => [...hostVariables(inventory, name).keys()]))
  return (host) => {
    const kind = kindOf(host)
    const variables = new Map<string, Variable>()
    if (kind === undefined) return variables
    for (const [name, { [kind]: value }] of kinds)
      if (value !== undefined && !own.has(name))
        // No file has it; where it stands tells it from those of the others.
        variables.set(name, { name, value, at: { path: host, start: 0, end: 0 } })
    return variables
  }
}

/** The third one is like the second. */
const SERVERS: readonly [string, ...string[]] = ['server-1', 'server-2', 'server-3']
const AGENT = 'agent-1'
