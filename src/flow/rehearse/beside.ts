import { type Inventory, readInventory } from '../../ansible/inventory/index.ts'
import { directoryOf, joinPath } from '../../ansible/inventory/projectTree.ts'
import { enablesSops } from '../../ansible/inventory/varsPlugins.ts'
import type { Project, Variable } from '../../ansible/value.ts'
import { absentInventory, isForPath } from '../inventories.ts'

/**
 * An inventory of hosts that no file names, with the `group_vars` that the project holds for them: beside the playbook,
 * and beside the inventory that `ansible.cfg` names, or else in the one directory whose hosts git does not take. `unfilled`:
 * the sources of an inventory that has no hosts, and has these then.
 */
export function inventoryOf(
  groups: ReadonlyMap<string, readonly string[]>,
  project: Project,
  playbookDirectory: string,
  unfilled: readonly string[] = [],
): Inventory {
  const text = [...groups].map(([name, hosts]) => `[${name}]\n${hosts.join('\n')}\n`).join('')
  const [source] = unfilled
  if (source !== undefined) {
    const known = new Map(variablesOf(project))
    for (const [path, own] of project)
      if (unfilled.some((one) => path === one || path.startsWith(`${one}/`))) known.set(path, own)
    const isFile = project.has(source)
    const path = joinPath(isFile ? directoryOf(source) : source, SOURCE)
    const sources = isFile ? [...unfilled, path] : unfilled
    return readInventory(known.set(path, text), sources, { playbookDirectory })
  }
  const absent = absentInventory(project, playbookDirectory)
  const places = (absent?.sources ?? []).flatMap((source) => [source, directoryOf(source)])
  const held = [...directoriesOfVariables(project)].filter(
    (one) => absent === undefined || isForPath(project, absent, joinPath(one, SOURCE)),
  )
  const directories = [
    ...places.filter((one) => held.includes(one)),
    ...held.filter((one) => one !== playbookDirectory).sort(),
  ]
  const [directory = playbookDirectory] = directories
  const path = `${directory === '' ? '' : `${directory}/`}${SOURCE}`
  return readInventory(new Map(variablesOf(project)).set(path, text), [path], { playbookDirectory })
}

/** What the `group_vars` beside an inventory, and then those beside a playbook, say of a group that it does not have. */
export function variablesOfGroup(
  group: string,
  project: Project,
  { inventoryDirectories: [directory = ''], playDirectories: [playbookDirectory] }: Inventory,
): ReadonlyMap<string, Variable> {
  const path = joinPath(directory, SOURCE)
  const text = `[${group}]\n`
  const options = playbookDirectory === undefined ? {} : { playbookDirectory }
  const { groups } = readInventory(new Map(variablesOf(project)).set(path, text), [path], options)
  return new Map([...(groups.get(group)?.fileVars.values() ?? [])].flatMap((variables) => [...variables]))
}

const SOURCE = 'hosts-of-nobody.ini'

const known = new WeakMap<Project, ReadonlySet<string>>()

/** The directories that hold `group_vars` or `host_vars`. */
function directoriesOfVariables(project: Project): ReadonlySet<string> {
  const found = known.get(project)
  if (found !== undefined) return found
  const directories = new Set<string>()
  for (const path of project.keys()) {
    const [, directory] = /^(?:(.*)\/)?(?:group_vars|host_vars)\//.exec(path) ?? []
    if (/(?:^|\/)(?:group_vars|host_vars)\//.test(path)) directories.add(directory ?? '')
  }
  known.set(project, directories)
  return directories
}

const variables = new WeakMap<Project, Project>()

/**
 * The files that may be read with an inventory, and what says how: without the others a large project costs no more than
 * a small one.
 */
function variablesOf(project: Project): Project {
  const known = variables.get(project)
  if (known !== undefined) return known
  const made = new Map(
    [...project].filter(
      ([path, text]) => /(?:^|\/)(?:group|host)_vars/.test(path) || enablesSops(path, text),
    ),
  )
  variables.set(project, made)
  return made
}
