import type { Content } from '../ansible/content/index.ts'
import type { Project } from '../ansible/value.ts'
import type { NamedInventory } from './inventories.ts'
import type { Rehearsal } from './rehearsal.ts'
import { Director } from './rehearse/director.ts'

export interface RehearseOptions {
  /** Variables that lead to a setting of the token, by name. */
  readonly tokenVariables?: ReadonlySet<string>
  /** Only these playbooks. */
  readonly playbooks?: readonly string[]
  /** Whether the user names the inventories: then these are the ones. */
  readonly isAsked?: boolean
  /** The files in a directory of the project and one level below it, whatever they are; missing: nobody knows. */
  readonly filesBelow?: (directory: string) => readonly string[]
  /** Whether a path of the project may be a file, though it is no text of it; missing: nobody knows. */
  readonly mayHave?: (path: string) => boolean
}

/** Walks the plays as Ansible would, on paper, once per scenario. */
export function rehearse(
  project: Project,
  content: Content,
  inventories: readonly NamedInventory[],
  options: RehearseOptions = {},
): Rehearsal {
  return new Director(project, content, inventories, options).rehearsal()
}
