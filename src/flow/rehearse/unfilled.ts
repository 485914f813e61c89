import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import { absentInventory, inventoriesFor, isForPath, type NamedInventory } from '../inventories.ts'
import { UNGROUPED } from './groups.ts'
import { isForAll, namedGroups } from './pattern.ts'

/** An inventory that has groups and no host in any of them: its users fill it in. */
export interface UnfilledInventory extends NamedInventory {
  /** The groups that hosts are put into, of those that the plays are for. */
  readonly leaves: readonly string[]
}

/** The likeliest one that the plays of a playbook are for. `isAsked`: the user names the inventories. */
export function unfilledInventory(
  inventories: readonly NamedInventory[],
  patterns: readonly string[],
  project: Project,
  playbook: string,
  withPlaybooks: ReadonlySet<string>,
  isAsked: boolean,
): UnfilledInventory | undefined {
  const absent = absentInventory(project, directoryOf(playbook))
  const played = new Set([...namedGroups(patterns), ...(patterns.some(isForAll) ? ['all'] : [])])
  const found = inventories.flatMap((one): readonly UnfilledInventory[] => {
    const { inventory, sources } = one
    if (inventory.hosts.size > 0) return []
    if (absent !== undefined && !sources.every((source) => isForPath(project, absent, source))) return []
    const leaves = [...inventory.groups.keys()].filter(
      (name) =>
        name !== UNGROUPED &&
        !hasChildren(one, name) &&
        groupsAround(one, name).some((group) => played.has(group)),
    )
    return leaves.length > 0 ? [{ ...one, leaves }] : []
  })
  return (isAsked ? found : inventoriesFor(project, directoryOf(playbook), found, withPlaybooks))[0]
}

export const hasChildren = ({ inventory }: NamedInventory, group: string): boolean =>
  (inventory.groups.get(group)?.children.length ?? 0) > 0

/** A group, and all that it is in. */
export function groupsAround({ inventory }: NamedInventory, group: string): readonly string[] {
  const found = new Set([group])
  for (const name of found) for (const parent of inventory.groups.get(name)?.parents ?? []) found.add(parent)
  return [...found]
}
