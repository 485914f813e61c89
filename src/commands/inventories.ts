import { dirname, resolve } from 'node:path'
import { listItems, parseAnsibleConfig } from '../ansible/config.ts'
import { UserError } from '../errors.ts'
import { ansibleConfigFile } from '../io/ansibleConfigFile.ts'
import { ansiblePath } from '../io/ansiblePath.ts'
import { inventoryPaths, nameOf, pathKind, readTexts } from '../io/files.ts'
import type { Session } from './session.ts'

/** The inventories that Ansible would take by itself. Throws `UserError` where it would take none. */
export async function configuredInventories({ cwd, env }: Session): Promise<readonly string[]> {
  const { found } = await ansibleConfigFile({ projectDir: cwd, cwd, env })
  const setting = found && parseAnsibleConfig(found.path, found.text).inventory
  const [value, base] = env.ANSIBLE_INVENTORY
    ? [env.ANSIBLE_INVENTORY, cwd]
    : [setting?.value ?? '', found === undefined ? cwd : dirname(found.path)]
  const items = listItems(value).filter((item) => item !== '')
  if (items.length > 0) return Promise.all(items.map((item) => ansiblePath(item, base, env)))
  throw new UserError('no inventory is named, here or in an ansible.cfg', {
    fix: 'name it: -i inventory.yml',
  })
}

export interface InventoryTexts {
  /** What `-i` names, relative to the working directory; host lists as they are. */
  readonly sources: readonly string[]
  /** Path relative to the working directory → text: the sources, and `group_vars` and `host_vars` beside them and there. */
  readonly texts: ReadonlyMap<string, string>
}

/** Reads the inventories that `-i`, or else `ansible.cfg`, names. Throws `UserError`. */
export async function inventoryTexts(
  session: Session,
  named: readonly string[] | undefined,
): Promise<InventoryTexts> {
  const { cwd } = session
  const given = named ?? (await configuredInventories(session))
  const files = given.filter((source) => !source.includes(','))
  for (const source of files)
    if (pathKind(resolve(cwd, source)) === 'absent')
      throw new UserError('does not exist', { at: source, fix: 'name the inventory with -i' })
  const paths = files.flatMap((source) => inventoryPaths(resolve(cwd, source)))
  const { texts } = readTexts(cwd, [...paths, 'group_vars', 'host_vars'])
  const sources = given.map((source) => (source.includes(',') ? source : nameOf(cwd, resolve(cwd, source))))
  return { sources, texts }
}
