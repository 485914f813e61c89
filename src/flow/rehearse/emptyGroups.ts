import { isAddress } from '../../ansible/address.ts'
import type { Content } from '../../ansible/content/index.ts'
import { groupHosts, type Host, type Inventory } from '../../ansible/inventory/index.ts'
import type { Project, Variable } from '../../ansible/value.ts'
import type { NamedInventory } from '../inventories.ts'
import { leavesK3s } from './bringing.ts'
import type { Closure } from './closure.ts'
import { groupKind } from './groupKinds.ts'
import { groupsMadeBy, UNGROUPED } from './groups.ts'
import type { PaperHosts } from './hosts.ts'
import { bothGroups, wantedGroups } from './pattern.ts'

/** Groups of one playbook that a host is assumed in at most. */
const MOST_GROUPS = 4

type Play = Closure['hosts'][number]

/**
 * Groups that an inventory declares without hosts, each with the play that brings K3s to it: users fill them in later. They are
 * empty on purpose where another inventory has hosts of theirs, or tasks put some there.
 */
export function emptyGroups(
  { hosts, tasks }: Closure,
  { groups, isOpen }: PaperHosts,
  inventories: readonly NamedInventory[],
  content: Content,
  project: Project,
): ReadonlyMap<string, Play> {
  const found = new Map<string, Play>()
  if (isOpen === true) return found
  const isEmpty = (name: string): boolean =>
    groups.get(name)?.length === 0 &&
    name !== UNGROUPED &&
    groupKind(name) !== 'beside' &&
    !tasks.some(({ task }) => groupsMadeBy(task).some((made) => made.test(name))) &&
    inventories.every(({ inventory }) => groupHosts(inventory, name).length === 0)
  for (const play of hosts) {
    // A host of several groups at once is in none of them alone.
    if (bothGroups(play.pattern).length > 0) continue
    const names = wantedGroups(play.pattern).filter((name) => !found.has(name) && isEmpty(name))
    if (names.length > 0 && leavesK3s(play, content, project)) for (const name of names) found.set(name, play)
  }
  return new Map([...found].slice(0, MOST_GROUPS))
}

/** What a host is called that is assumed in a group. */
export function assumedIn(group: string, taken: Pick<Inventory, 'hosts' | 'groups'>): string {
  let number = 1
  while (taken.hosts.has(`${group}-${number}`) || taken.groups.has(`${group}-${number}`)) number += 1
  return `${group}-${number}`
}

/** An inventory with one host in each of these groups. */
export function withHostsIn(inventory: Inventory, groups: readonly string[]): Inventory {
  const [like] = inventory.hosts.values()
  if (like === undefined) return inventory
  const hosts = new Map(inventory.hosts)
  const all = new Map(inventory.groups)
  for (const group of groups) {
    const name = assumedIn(group, inventory)
    const leaf = leafOf(group, inventory)
    const own = all.get(leaf)
    if (own === undefined) continue
    const vars = connection([...inventory.hosts.values()], name)
    hosts.set(name, { ...like, name, groups: [leaf], vars, inlineVars: vars, fileVars: new Map() })
    all.set(leaf, { ...own, hosts: [...own.hosts, name] })
  }
  return { ...inventory, hosts, groups: all }
}

/** Hosts are in the groups below it. */
function leafOf(group: string, { groups }: Inventory): string {
  const seen = new Set([group])
  for (let leaf = group; ; ) {
    const child = groups.get(leaf)?.children.find((name) => !seen.has(name))
    if (child === undefined) return leaf
    seen.add(child)
    leaf = child
  }
}

/**
 * Of what all hosts say of themselves, addresses and how they are reached: any other one will say that, too. The rest may be
 * what tells them from the hosts of this group.
 */
function connection(hosts: readonly Host[], name: string): ReadonlyMap<string, Variable> {
  const [first, ...others] = hosts
  // No file has it; where it stands tells it from those of the other hosts.
  const at = { path: name, start: 0, end: 0 }
  return new Map(
    [...(first?.vars ?? [])].flatMap(([variable, one]) => {
      const values = [one.value, ...others.map(({ vars }) => vars.get(variable)?.value)]
      if (values.includes(undefined)) return []
      const isOwn =
        variable === 'ansible_host' || values.every((value) => typeof value === 'string' && isAddress(value))
      if (isOwn) return [[variable, { ...one, value: name, at }] as const]
      return variable.startsWith('ansible_') ? [[variable, one] as const] : []
    }),
  )
}
