import type { Inventory } from '../ansible/inventory/index.ts'
import type { Project } from '../ansible/value.ts'

/** An inventory as it was read, and the sources that it was read from together. */
export interface NamedInventory {
  readonly sources: readonly string[]
  readonly inventory: Inventory
}

/** The inventories that a project holds, each with the sources that belong together. */
export function findInventories(_project: Project): readonly (readonly string[])[] {
  return []
}
