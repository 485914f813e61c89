import { UserError } from '../../errors.ts'
import { isAddress } from '../address.ts'
import { type AnsibleValue, layered, type Variable } from '../value.ts'
import type { Group, Inventory } from './inventory.ts'
import { directoryOf } from './projectTree.ts'

type Variables = ReadonlyMap<string, Variable>

/** The names under which Ansible finds the control node even where no inventory has it: `C.LOCALHOST` of ansible-core. */
export const LOCALHOST: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '::1'])

/**
 * What a host's variables are before any play: the order is that of VARIABLE_PRECEDENCE, in which `group_vars/all`
 * outdoes what the inventory itself says of any group. Without the magic variables. Throws `UserError` where the
 * inventory has no such host.
 * https://docs.ansible.com/ansible/latest/reference_appendices/config.html#variable-precedence
 */
export function hostVariables(inventory: Inventory, host: string): ReadonlyMap<string, Variable> {
  const known = inventory.hosts.get(host)
  const groups = groupsOf(inventory, host)
  const all = inventory.groups.get('all')
  const { inventoryDirectories, playDirectories } = inventory
  const inFiles = (directories: readonly string[], of: readonly (Group | undefined)[]): Variables[] =>
    directories.flatMap((directory) => of.flatMap((group) => group?.fileVars.get(directory) ?? []))
  const layers: (Variables | undefined)[] = [
    all?.inlineVars,
    ...groups.map(({ inlineVars }) => inlineVars),
    ...inFiles(inventoryDirectories, [all]),
    ...inFiles(playDirectories, [all]),
    ...inFiles(inventoryDirectories, groups),
    ...inFiles(playDirectories, groups),
    known?.inlineVars ?? implicitLocalhost(host),
    ...[...inventoryDirectories, ...playDirectories].map((directory) => known?.fileVars.get(directory)),
  ]
  return layered(layers.flatMap((layer) => layer ?? []))
}

function implicitLocalhost(host: string): Variables {
  if (!LOCALHOST.has(host))
    throw new UserError(`the inventory has no host ${host}`, { fix: 'name a host as the inventory names it' })
  const name = 'ansible_connection'
  return new Map([[name, { name, value: 'local', at: { path: host, start: 0, end: 0 } }]])
}

/** The host's groups and all above them but `all`, those that win last: by depth, then priority, then name. */
function groupsOf(inventory: Inventory, host: string): readonly Group[] {
  const found = new Map<string, Group>()
  const pending = [...(inventory.hosts.get(host)?.groups ?? [])]
  for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
    const group = inventory.groups.get(name)
    if (group === undefined || name === 'all' || found.has(name)) continue
    found.set(name, group)
    pending.push(...group.parents)
  }
  return [...found.values()].sort(
    (a, b) => a.depth - b.depth || a.priority - b.priority || (a.name < b.name ? -1 : 1),
  )
}

/** The hosts of a group and of all groups below it, as `groups[…]` lists them. A group that isn't there has none. */
export function groupHosts(inventory: Inventory, group: string): readonly string[] {
  const first = inventory.groups.get(group)
  if (first === undefined) return []
  const hosts = new Set<string>()
  const seen = new Set([group])
  for (let level = [first]; level.length > 0; ) {
    const next: Group[] = []
    for (const { hosts: own, children } of level) {
      for (const host of own) hosts.add(host)
      for (const name of children) {
        const child = inventory.groups.get(name)
        if (child === undefined || seen.has(name)) continue
        seen.add(name)
        next.push(child)
      }
    }
    level = next
  }
  return [...hosts]
}

/**
 * The magic variables that the inventory decides: `inventory_hostname`, `inventory_hostname_short`, `group_names`,
 * `groups`, `inventory_file` and `inventory_dir`. The paths are relative to the project; Ansible's are absolute.
 */
export function magicVariables(inventory: Inventory, host: string): ReadonlyMap<string, AnsibleValue> {
  const source = inventory.hosts.get(host)?.source
  return new Map<string, AnsibleValue>([
    ['inventory_hostname', host],
    ['inventory_hostname_short', shortName(host)],
    [
      'group_names',
      groupsOf(inventory, host)
        .map(({ name }) => name)
        .sort(),
    ],
    ['groups', groupsVariable(inventory)],
    ['inventory_file', source ?? null],
    ['inventory_dir', source === undefined ? null : directoryOf(source)],
  ])
}

/** What stands before the first dot of a name. */
export const shortName = (host: string): string => (isAddress(host) ? host : (host.split('.')[0] ?? host))

const groupsVariables = new WeakMap<Inventory, AnsibleValue>()

function groupsVariable(inventory: Inventory): AnsibleValue {
  const known = groupsVariables.get(inventory)
  if (known !== undefined) return known
  const groups: Record<string, AnsibleValue> = Object.create(null)
  for (const name of inventory.groups.keys()) groups[name] = groupHosts(inventory, name)
  groupsVariables.set(inventory, groups)
  return groups
}
