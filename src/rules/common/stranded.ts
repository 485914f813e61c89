import { isFixture } from '../../ansible/content/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import { configuredSources } from '../../flow/inventories.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Span } from '../../span.ts'

/**
 * Where `group_vars` or `host_vars` set a variable that lie beside no inventory and no playbook of the project, so that Ansible
 * never reads them. Only for the inventory that an `ansible.cfg` names: another one may be kept out of git, beside them.
 * https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html#organizing-host-and-group-variables
 */
export function strandedSetting(
  { project, content, inventories }: Analysis,
  inventory: readonly string[] | undefined,
  variable: string,
): Span | undefined {
  const isConfigured = configuredSources(project).some((sources) => sources.join() === inventory?.join())
  if (!isConfigured) return undefined
  const readers = new Set([
    ...inventories.flatMap(({ inventory: { inventoryDirectories } }) => inventoryDirectories),
    ...content.playbooks.map(({ path }) => directoryOf(path)),
  ])
  for (const path of project.keys()) {
    const [, directory = ''] = VARIABLES.exec(path) ?? []
    if (!VARIABLES.test(path) || readers.has(directory) || isFixture(path)) continue
    const found = content.varsFile(path)?.get(variable)
    if (found !== undefined) return isGivenByCommand(project) ? undefined : found.at
  }
  return undefined
}

/** Whether some text gives such a file with `-e @…`. */
const isGivenByCommand = (project: Project): boolean =>
  [...project.values()].some((text) => /@[\w./-]*(?:group|host)_vars\//.test(text))

const VARIABLES = /^(?:(.*?)\/)?(?:group_vars|host_vars)\/.*\.ya?ml$/
