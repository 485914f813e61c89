import type { Project, Variable } from '../value.ts'
import { type DraftGroup, InventoryDraft } from './draft.ts'
import type { Group, Host, Inventory } from './inventory.ts'
import { directoryOf, normalPath, ProjectTree } from './projectTree.ts'
import { readSource } from './source.ts'
import { VarsFiles } from './varsFiles.ts'

export { agentGroupOf, type ClusterGroups, clusterGroups, clusterHosts } from './clusterGroups.ts'
export { iniLines, iniSection } from './iniSource.ts'
export type { Group, Host, Inventory } from './inventory.ts'
export { pythonLiteral } from './pythonLiteral.ts'
export { inventoryFormat, NOT_RUN, templateStatement } from './source.ts'
export { groupHosts, hostVariables, LOCALHOST, magicVariables, shortName } from './variables.ts'

type Variables = ReadonlyMap<string, Variable>

export interface ReadOptions {
  /** The directory of the playbook, '' for the project's own: `group_vars` and `host_vars` there are read too, and win. */
  readonly playbookDirectory?: string
  /** Where a source is to be copied to: `group_vars` and `host_vars` there are read, and not those beside it. */
  readonly copiedTo?: string
  /** Whether files of variables that are there to be copied, too, stand for those that are not there: `group_vars/all.example.yml`. */
  readonly isSample?: boolean
}

/**
 * Reads inventories as Ansible does: files in YAML, INI or JSON, directories of them, lists of hosts (`a,b,`), later
 * sources over earlier ones, with `group_vars` and `host_vars` beside them. Paths are relative to the project.
 * Never throws: what can't be read is a fault, and so is what k3seal does not look into (scripts, plugins, whole
 * files in a vault).
 */
export function readInventory(
  project: Project,
  sources: readonly string[],
  { playbookDirectory, copiedTo, isSample = false }: ReadOptions = {},
): Inventory {
  const tree = new ProjectTree(project)
  const draft = new InventoryDraft()
  const paths = sources.map((source) =>
    source.includes(',') && !project.has(source) ? source : normalPath(source),
  )
  for (const path of paths) readSource(draft, tree, path)
  draft.reconcile()
  const inventoryDirectories = paths.flatMap((path) => {
    if (tree.isDirectory(path)) return [path]
    return tree.text(path) === undefined && path.includes(',') ? [] : [copiedTo ?? directoryOf(path)]
  })
  const playDirectories = playbookDirectory === undefined ? [] : [normalPath(playbookDirectory)]
  const files = new VarsFiles(tree, draft.faults, isSample)
  const variablesOf = entityVariables(files, inventoryDirectories, playDirectories)
  const depths = groupDepths(draft.groups)
  const hosts = new Map<string, Host>()
  for (const { name, vars, groups, source, at } of draft.hosts.values())
    hosts.set(name, { name, groups: [...groups], source, at, ...variablesOf('host_vars', name, vars) })
  const groups = new Map<string, Group>()
  for (const { name, hosts: own, children, parents, priority, vars } of draft.groups.values())
    groups.set(name, {
      name,
      hosts: [...own],
      children: [...children],
      parents: [...parents],
      depth: depths.get(name) ?? 0,
      priority,
      ...variablesOf('group_vars', name, vars),
    })
  const { isOpen } = draft
  return { hosts, groups, faults: draft.faults, isOpen, inventoryDirectories, playDirectories }
}

function entityVariables(
  files: VarsFiles,
  inventoryDirectories: readonly string[],
  playDirectories: readonly string[],
): (
  kind: 'group_vars' | 'host_vars',
  name: string,
  inline: Variables,
) => Pick<Host, 'vars' | 'inlineVars' | 'fileVars'> {
  return (kind, name, inlineVars) => {
    const fileVars = new Map<string, Variables>()
    for (const directory of new Set([...inventoryDirectories, ...playDirectories])) {
      const variables = files.variables(directory, kind, name)
      if (variables.size > 0) fileVars.set(directory, variables)
    }
    if (fileVars.size === 0) return { vars: inlineVars, inlineVars, fileVars }
    const vars = new Map(inlineVars)
    for (const directory of inventoryDirectories)
      for (const [variable, value] of fileVars.get(directory) ?? []) vars.set(variable, value)
    return { vars, inlineVars, fileVars }
  }
}

/** The longest way from `all`, from the top down: a group is placed when all its parents are. */
function groupDepths(groups: ReadonlyMap<string, DraftGroup>): ReadonlyMap<string, number> {
  const depths = new Map<string, number>()
  const waiting = new Map([...groups].map(([name, { parents }]) => [name, parents.size]))
  const ready = [...groups.keys()].filter((name) => waiting.get(name) === 0)
  for (let name = ready.pop(); name !== undefined; name = ready.pop()) {
    const depth = depths.get(name) ?? 0
    depths.set(name, depth)
    for (const child of groups.get(name)?.children ?? []) {
      depths.set(child, Math.max(depths.get(child) ?? 0, depth + 1))
      const left = (waiting.get(child) ?? 1) - 1
      waiting.set(child, left)
      if (left === 0) ready.push(child)
    }
  }
  return depths
}
