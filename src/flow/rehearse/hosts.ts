import {
  groupHosts,
  hostVariables,
  type Inventory,
  LOCALHOST,
  magicVariables,
} from '../../ansible/inventory/index.ts'
import { type AnsibleValue, Float, type Project, type Variable, VaultedText } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import { isVaulted } from '../../syntax/vault.ts'
import { Atoms } from '../atoms.ts'
import type { NamedInventory } from '../inventories.ts'
import { variablesOfGroup } from './beside.ts'
import type { Distinguished } from './distinguished.ts'
import { groupKind } from './groupKinds.ts'
import { type Matchable, matchingHosts } from './pattern.ts'
import { type Batches, batched, batchSizes, kindsByBatch } from './serial.ts'
import { sealedFile, type Unread } from './unread.ts'

/** A host that stands for all hosts like it. */
export interface PaperHost {
  readonly name: string
  readonly groups: readonly string[]
  readonly variables: ReadonlyMap<string, Variable>
  readonly magic: ReadonlyMap<string, AnsibleValue>
  /** The other hosts that nothing in the inventory tells apart from this one. */
  readonly alike: readonly string[]
  /** Where an inventory first names it. */
  readonly at?: Span | undefined
}

/** The hosts of one rehearsal, and the groups that plays and templates see. */
export interface PaperHosts {
  readonly hosts: ReadonlyMap<string, PaperHost>
  /** Group → its hosts, in Ansible's order, as templates count them; of large groups not all. */
  readonly groups: ReadonlyMap<string, readonly string[]>
  /** All that the inventory has, each for itself; `undefined`: the hosts are invented, and there are no more. */
  readonly each?: Matchable
  /** The rehearsed host that stands for a host of the groups, or for the control node. */
  readonly standIn: (name: string) => string | undefined
  /** What the inventory says of a host, whether it is rehearsed or not, and of the control node. */
  readonly known: (name: string) => Pick<PaperHost, 'variables' | 'magic'> | undefined
  /** What a host's variable is when tasks have put it into these groups; `own`: what it is without them. */
  readonly within: (
    groups: readonly string[],
    name: string,
    own: Variable | undefined,
  ) => Variable | undefined
  /** `undefined`: invented for a project that has none. */
  readonly sources: readonly string[] | undefined
  /** Whether the inventory has a part that is not seen here, with more hosts and groups. */
  readonly isOpen?: boolean
  /**
   * Files of the inventory that can't be read, so that a variable of a host which seems undefined may not be; `groups`: those
   * that it is in.
   */
  readonly unread: (host: string, groups: readonly string[]) => Unread
  /** Of invented hosts those that nothing in the project tells apart from the first server, or asks for. */
  readonly assumed: ReadonlySet<string>
  /** Of invented hosts those that are there only once a task has added them. */
  readonly added?: ReadonlySet<string>
  /** Of invented hosts those that others ask for, and that no play is for. */
  readonly unplayed?: ReadonlySet<string>
  /** Of an inventory that users copy and fill in: the same with one more host like that one. */
  readonly withAnother?: (host: string) => PaperHosts
  /** Of an inventory: the same with a host in each of these groups, which have none. */
  readonly filled?: (groups: readonly string[]) => PaperHosts
  /** Hosts that such groups were filled with: the others are told of as they are without these. */
  readonly filledWith?: ReadonlySet<string>
}

/** The hosts of an inventory, one for each kind of them: those that some text tells from others alike, and one more. */
export function inventoryHosts(
  { inventory, sources }: NamedInventory,
  told: Distinguished,
  tokens: ReadonlySet<string> = new Set(),
  project: Project = new Map(),
): PaperHosts {
  const own = hostsOfTheirOwn(inventory, told)
  const stretches = stretchesOf(inventory, told)
  const unread = unreadIn(inventory, project)
  const classes = new Map<
    string,
    { name: string; variables: ReadonlyMap<string, Variable>; alike: string[] }
  >()
  const all = groupHosts(inventory, 'all')
  const allGroups = new Map([...inventory.groups.keys()].map((name) => [name, groupHosts(inventory, name)]))
  const each: Matchable = { hosts: new Set(all), groups: allGroups, standIn: (name) => name }
  const kinds = new Map(
    all.map((name) => {
      const form = told.isByPart ? name.replace(/\d+/g, '0') : ''
      return [
        name,
        `${own.has(name) ? name : form}\n${stretches.get(name) ?? ''}\n${signature(inventory, name, tokens)}\n${unread(name, []).length}`,
      ]
    }),
  )
  for (const [name, kind] of kindsByBatch(kinds, batchesIn(each, told))) {
    const known = classes.get(kind)
    if (known === undefined) classes.set(kind, { name, variables: hostVariables(inventory, name), alike: [] })
    else known.alike.push(name)
  }
  const hosts = new Map(
    [...classes.values()].map(({ name, variables, alike }) => {
      const magic = magicVariables(inventory, name)
      const groups = magic.get('group_names')
      const { at } = inventory.hosts.get(name) ?? {}
      const known = { name, groups: Array.isArray(groups) ? groups : [], variables, magic, alike, at }
      return [name, known] as const
    }),
  )
  const groups = new Map(
    [...allGroups].map(([name, members]) => [name, shortened(members, (host) => hosts.has(host))]),
  )
  const stands = new Map(
    [...hosts.values()].flatMap(({ name, alike }) => [name, ...alike].map((one) => [one, name])),
  )
  const local = controlNode(hosts, inventory)
  const known = (name: string) =>
    hosts.get(name) ??
    (stands.has(name)
      ? { variables: hostVariables(inventory, name), magic: magicVariables(inventory, name) }
      : local(name))
  return {
    hosts,
    groups,
    each,
    standIn: (name) => stands.get(name) ?? local(name)?.name,
    known,
    within: madeGroupVariables(inventory, project),
    sources,
    isOpen: inventory.isOpen,
    unread,
    assumed: new Set(),
  }
}

/** What can't be read of an inventory is for all of its hosts, but for the files of variables of one, or of a group. */
export function unreadIn({ faults }: Inventory, project: Project): PaperHosts['unread'] {
  const ofAll: string[] = []
  const ofGroups = new Map<string, string[]>()
  const ofHosts = new Map<string, string[]>()
  for (const { severity, at } of faults) {
    if (severity !== 'notice') continue
    const { path } = at
    const words = isVaulted(project.get(path) ?? '') ? sealedFile(path) : `${path}, which is not followed`
    const [, kind, entry = ''] = OF_VARIABLES.exec(path) ?? []
    const name = entry.replace(/(?:\.sops)?\.(?:ya?ml|json)$/, '')
    if (kind === undefined || (kind === 'group' && name === 'all')) ofAll.push(words)
    else {
      const files = kind === 'host' ? ofHosts : ofGroups
      files.set(name, [...(files.get(name) ?? []), words])
    }
  }
  return (host, groups) => [
    ...ofAll,
    ...groups.flatMap((group) => ofGroups.get(group) ?? []),
    ...(ofHosts.get(host) ?? []),
  ]
}

const OF_VARIABLES = /(?:^|\/)(group|host)_vars\/([^/]+)/

/** Hosts by their names that are followed each by itself at most. */
const MOST_NAMED = 16

/**
 * The first host of a group may found the cluster, or do what the others need: that of agents only where some text asks for
 * it. A host that is named may do anything.
 */
function hostsOfTheirOwn(inventory: Inventory, { groups, names }: Distinguished): ReadonlySet<string> {
  const firsts = [...inventory.groups.keys()].flatMap((name) =>
    groups === 'all' || groups.has(name) || groupKind(name) !== 'agent'
      ? groupHosts(inventory, name).slice(0, 1)
      : [],
  )
  const named = groupHosts(inventory, 'all').filter((name) => names.has(name))
  return new Set([...firsts, ...named.slice(0, MOST_NAMED)])
}

/** The batches in which plays come to the hosts of an inventory. */
const batchesIn = (each: Matchable, { serial }: Distinguished): readonly Batches[] =>
  serial.flatMap(({ patterns, sizes, isFirstTold }) =>
    patterns.flatMap((pattern) => {
      const hosts = matchingHosts(pattern, each)
      return sizes.flatMap((value) => {
        const found = batchSizes(value, hosts.length, new Atoms())
        const batches = Array.isArray(found) ? batched(hosts, found) : []
        return batches.length < 2 ? [] : { batches, isFirstTold }
      })
    }),
  )

/** Between which places of its groups a host stands, where something is asked by them. */
function stretchesOf(inventory: Inventory, { places }: Distinguished): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [group, cuts] of places) {
    if (!inventory.groups.has(group)) continue
    const names = groupHosts(inventory, group)
    const from = [...cuts].map((cut) => (cut < 0 ? names.length + cut : cut))
    for (const [index, name] of names.entries()) {
      const before = from.filter((cut) => cut <= index).length
      found.set(name, `${found.get(name) ?? ''} ${before}`)
    }
  }
  return found
}

/**
 * The control node under one of its names; where the inventory has a host of such a name, that one. It is in no group, yet
 * has the variables of `all`.
 */
export function controlNode(
  hosts: ReadonlyMap<string, PaperHost>,
  inventory: Inventory,
): (name: string) => PaperHost | undefined {
  const own = [...hosts.values()].find(({ name }) => LOCALHOST.has(name))
  let implicit: PaperHost | undefined
  return (name) => {
    if (!LOCALHOST.has(name)) return undefined
    if (own !== undefined) return own
    implicit ??= {
      name: CONTROL_NODE,
      groups: [],
      variables: hostVariables(inventory, CONTROL_NODE),
      magic: new Map([...magicVariables(inventory, CONTROL_NODE)].filter(([, value]) => value !== null)),
      alike: [],
    }
    return implicit
  }
}

/** The `group_vars` of groups that only a run makes: they win over those of `all`, and of others as their names do. */
export function madeGroupVariables(inventory: Inventory, project: Project): PaperHosts['within'] {
  const known = new Map<string, ReadonlyMap<string, Variable>>()
  const all = inventory.groups.get('all')
  const ofAll = [...(all === undefined ? [] : [all.inlineVars]), ...(all?.fileVars.values() ?? [])]
  return (groups, name, own) => {
    if (own !== undefined && !ofAll.some((variables) => variables.get(name)?.at === own.at)) return own
    for (const group of groups.toSorted().toReversed()) {
      let variables = known.get(group)
      if (variables === undefined) {
        variables = variablesOfGroup(group, project, inventory)
        known.set(group, variables)
      }
      const found = variables.get(name)
      if (found !== undefined) return found
    }
    return own
  }
}

/** What Ansible calls the control node where no inventory does. */
export const CONTROL_NODE = 'localhost'

/** Whether the services of a host count: K3s may run on the control node, too, whether an inventory names it or not. */
export const isNode = ({ hosts }: PaperHosts, name: string): boolean =>
  hosts.has(name) || name === CONTROL_NODE

/** Stands for the host that a task is delegated to by a name that is not known. */
export const UNKNOWN_HOST = 'a delegated host'

/** More hosts of a group than this tell a condition nothing new, but whether they are even. */
const MOST_OF_A_GROUP = 16

function shortened(names: readonly string[], isRehearsed: (name: string) => boolean): readonly string[] {
  if (names.length <= MOST_OF_A_GROUP) return names
  const needed = names.filter(isRehearsed)
  const others = names.filter((name) => !isRehearsed(name))
  const count = Math.max(0, MOST_OF_A_GROUP - needed.length)
  const even = (needed.length + count) % 2 === names.length % 2 ? 0 : 1
  const kept = new Set([...needed, ...others.slice(0, count + even)])
  return names.filter((name) => kept.has(name))
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
