import { joinPath, normalPath } from '../../ansible/inventory/projectTree.ts'
import type { PaperFile } from '../files.ts'
import type { Context } from './context.ts'
import { CONTROL_NODE } from './hosts.ts'
import type { World } from './world.ts'

/** Where a path of the control node leads: what is not absolute begins at the playbook. */
export function controlPath({ playbookDirectory }: Pick<Context, 'playbookDirectory'>, path: string): string {
  return normalPath(path.startsWith('/') ? path : joinPath(playbookDirectory, path))
}

/** A file that a task has put on the control node: fetched from a node, or written there. */
export function onControlNode(context: Context, world: World, path: string): PaperFile | undefined {
  const { files } = world.node(CONTROL_NODE)
  return files.get(controlPath(context, path)) ?? files.get(normalPath(path))
}
