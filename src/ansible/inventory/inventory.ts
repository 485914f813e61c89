import type { Span } from '../../span.ts'
import type { Fault, Variable } from '../value.ts'

type Variables = ReadonlyMap<string, Variable>

interface Entity {
  readonly name: string
  /** All that is said of this one itself: by the inventory, then by files beside it, which win. */
  readonly vars: Variables
  /** What the inventory itself says. */
  readonly inlineVars: Variables
  /** What `group_vars` or `host_vars` in a directory say, by that directory. */
  readonly fileVars: ReadonlyMap<string, Variables>
}

export interface Host extends Entity {
  /** The groups that name the host, not those above them. */
  readonly groups: readonly string[]
  /** The file that names it first; of a host list the list itself. */
  readonly source: string
  /** Where it is first named. */
  readonly at: Span
}

export interface Group extends Entity {
  /** The hosts that the group itself names, in Ansible's order. */
  readonly hosts: readonly string[]
  readonly children: readonly string[]
  readonly parents: readonly string[]
  /** How far below `all`, by the longest way. Deeper groups win. */
  readonly depth: number
  /** `ansible_group_priority`; among groups of one depth the higher one wins. */
  readonly priority: number
}

export interface Inventory {
  readonly hosts: ReadonlyMap<string, Host>
  /** `all` and `ungrouped` are always there. */
  readonly groups: ReadonlyMap<string, Group>
  readonly faults: readonly Fault[]
  /** Whether a plugin or a script makes a part of it, or a file of it is encrypted as a whole: it may have more hosts and groups. */
  readonly isOpen: boolean
  /** Where `group_vars` and `host_vars` were looked for, in the order in which they win. */
  readonly inventoryDirectories: readonly string[]
  readonly playDirectories: readonly string[]
}
