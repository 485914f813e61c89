import { dirname } from 'node:path'
import { listItems, parseAnsibleConfig } from '../ansible/config.ts'
import { UserError } from '../errors.ts'
import { ansibleConfigFile } from '../io/ansibleConfigFile.ts'
import { ansiblePath } from '../io/ansiblePath.ts'
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
