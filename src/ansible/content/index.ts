import type { Project } from '../value.ts'
import type { Content } from './content.ts'
import { ContentReader } from './reader.ts'

export { argumentText } from './action.ts'
export type * from './content.ts'
export { isFixture, isInside, upwards, within } from './paths.ts'
export { collectionsIn, type RoleContext } from './roleSearch.ts'

/**
 * Reads what a project says about playbooks, roles and collections. Nothing is parsed before it is asked for. `directoryName`:
 * what the project's own directory is called.
 */
export function readContent(project: Project, directoryName?: string): Content {
  return new ContentReader(project, directoryName)
}
