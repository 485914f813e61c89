import type { Project } from '../value.ts'
import type { Content } from './content.ts'

export type * from './content.ts'

/** Reads what a project says about playbooks, roles and collections. Nothing is parsed before it is asked for. */
export function readContent(_project: Project): Content {
  throw new Error('to be written')
}
