import { comparable } from '../ansible/inventory/compare.ts'
import {
  agentGroupOf,
  type ClusterGroups,
  clusterGroups,
  type Inventory,
  inventoryFormat,
  readInventory,
} from '../ansible/inventory/index.ts'
import { UserError } from '../errors.ts'
import { formatLocation } from '../span.ts'
import type { YamlText } from '../syntax/yaml.ts'
import { addEntries, addToMap, type Edit, type NewEntry, splice } from '../syntax/yamlEdit.ts'
import { extendIni } from './extendIni.ts'
import { type GroupAddition, groupPlaces } from './groupPlaces.ts'
import type { Site } from './site.ts'
import { hostEntry } from './siteEntries.ts'

export interface Extended {
  readonly text: string
  /** The hosts that were not there. */
  readonly added: readonly string[]
}

export interface ExtendOptions {
  /** The groups that hold the cluster, where their names don't say so. */
  readonly groups?: ClusterGroups
}

/**
 * Adds hosts to the groups of an inventory in YAML or INI. Only lines are added: what stands there, a token above all, is never changed. The result is read again and must hold the old hosts
 * as they were, and the new ones.
 * Throws `UserError` where the inventory can't be read, its groups aren't known, a host is in the other group, or the
 * file has a shape in which no place for the hosts is found.
 */
export function extendInventory(
  path: string,
  text: string,
  site: Pick<Partial<Site>, 'servers' | 'agents'>,
  { groups: given }: ExtendOptions = {},
): Extended {
  const before = readInventory(new Map([[path, text]]), [path])
  const broken = before.faults.find(({ severity }) => severity === undefined || severity === 'error')
  if (broken !== undefined)
    throw new UserError(`the inventory can not be read: ${broken.message}`, {
      fix: broken.fix,
      at: formatLocation(broken.at, text),
    })
  const format = inventoryFormat(path, text)
  if (format.kind === 'other') throw new UserError(format.fault.message, { fix: format.fault.fix, at: path })
  const groups = given ?? clusterGroups(before)
  if (groups === undefined)
    throw new UserError('the inventory has no groups for servers and agents that k3seal knows', {
      fix: 'add the groups server and agent below k3s_cluster, or start a new inventory',
      at: path,
    })
  const additions = newNodes(path, before, groups, site)
  const extended =
    format.kind === 'yaml' ? extendYaml(format.yaml, groups, additions) : extendIni(text, groups, additions)
  verify(path, before, extended, additions)
  return {
    text: extended,
    added: additions.flatMap(({ nodes }) => nodes.map(({ name }) => name)),
  }
}

/** The nodes that are not there yet. Names are compared as Kubernetes does, without regard to case. */
function newNodes(
  path: string,
  before: Inventory,
  groups: ClusterGroups,
  site: Pick<Partial<Site>, 'servers' | 'agents'>,
): readonly GroupAddition[] {
  const known = new Map([...before.hosts.values()].map((host) => [host.name.toLowerCase(), host]))
  const agentGroup = groups.agent ?? agentGroupOf(groups.server)
  const additions = [
    { group: groups.server, nodes: site.servers ?? [] },
    { group: agentGroup, nodes: site.agents ?? [] },
  ]
  return additions.map(({ group, nodes }) => ({
    group,
    nodes: nodes.filter(({ name }) => {
      const host = known.get(name.toLowerCase())
      if (host === undefined) return true
      if (isBelow(before, host.groups, group)) return false
      throw new UserError(`${name} is in the inventory already, but not in the group ${group}`, {
        fix: `move it to ${group} by hand, or leave it out here`,
        at: path,
      })
    }),
  }))
}

function isBelow(inventory: Inventory, names: readonly string[], group: string): boolean {
  return names.some(
    (name) => name === group || isBelow(inventory, inventory.groups.get(name)?.parents ?? [], group),
  )
}

function extendYaml(source: YamlText, groups: ClusterGroups, additions: readonly GroupAddition[]): string {
  const { root } = source
  if (root?.kind !== 'map') return refuse(source.path, 'the inventory is empty')
  const edits: Edit[] = []
  const add = (found: readonly Edit[] | undefined, what: string): void => {
    if (found === undefined) refuse(source.path, `there is no place to add ${what}`)
    else edits.push(...found)
  }
  for (const { group, nodes } of additions) {
    if (nodes.length === 0) continue
    const hosts = nodes.map(hostEntry)
    const place = groupPlaces(root, group, 'hosts')
    if (place !== undefined) {
      const section: NewEntry[] = [{ name: 'hosts', value: hosts }]
      add(
        place.map === undefined
          ? addEntries(source, place.parent, group, section)
          : addEntries(source, place.map, 'hosts', hosts),
        `hosts to the group ${group}`,
      )
      continue
    }
    const beside = groupPlaces(root, groups.server, 'hosts')
    const entry: NewEntry = { name: group, value: [{ name: 'hosts', value: hosts }] }
    add(addToMap(source, beside?.parent ?? root, [entry]), `the group ${group}`)
  }
  return splice(source.text, edits)
}

function refuse(path: string, message: string): never {
  throw new UserError(`${message}; k3seal changes nothing that it can't add to line by line`, {
    fix: 'add the hosts by hand, or write the group in the usual form: hosts: with one host on each line',
    at: path,
  })
}

/** Reads the result again: the old hosts and groups as they were, the new hosts where they belong, and no more. */
function verify(path: string, before: Inventory, text: string, additions: readonly GroupAddition[]): void {
  const after = readInventory(new Map([[path, text]]), [path])
  const wanted = new Map(
    additions.flatMap(({ group, nodes }) => nodes.map((node) => [node.name, { group, node }])),
  )
  const unchanged =
    [...before.hosts].every(([name, { groups, vars }]) => {
      const now = after.hosts.get(name)
      return (
        now !== undefined && now.groups.join() === groups.join() && comparable(now.vars) === comparable(vars)
      )
    }) &&
    [...before.groups].every(([name, { children, vars }]) => {
      const now = after.groups.get(name)
      const kept = new Map([...(now?.vars ?? [])].filter(([variable]) => vars.has(variable)))
      return children.every((child) => now?.children.includes(child)) && comparable(kept) === comparable(vars)
    })
  const placed = [...wanted].every(([name, { group, node }]) => {
    const now = after.hosts.get(name)
    const entries = hostEntry(node).value as readonly NewEntry[]
    return (
      now?.groups.length === 1 &&
      now.groups[0] === group &&
      now.vars.size === entries.length &&
      entries.every((entry) => now.vars.get(entry.name)?.value === entry.value)
    )
  })
  if (unchanged && placed && after.hosts.size === before.hosts.size + wanted.size) return
  refuse(path, 'the hosts can not be added without changing what other lines mean')
}
