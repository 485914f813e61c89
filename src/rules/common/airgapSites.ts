import type { Architecture } from '../../airgap/artefact.ts'
import { clusterMembers } from '../../airgap/plan/members.ts'
import { architectureOf } from '../../airgap/plan/nodeFacts.ts'
import { AIRGAP_DIRECTORY, architectureVariables, versionVariables } from '../../airgap/plan/variableNames.ts'
import { hostVariables, type Inventory } from '../../ansible/inventory/index.ts'
import { directoryOf, joinPath, normalPath } from '../../ansible/inventory/projectTree.ts'
import type { Variable } from '../../ansible/value.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Span } from '../../span.ts'

export interface SiteNode {
  readonly name: string
  /** `undefined`: the inventory does not tell it. */
  readonly arch: Architecture | undefined
  /** As the inventory writes it, with its place. */
  readonly version: { readonly text: string; readonly at: Span } | undefined
}

/** A directory of the project that nodes are given as the one with their files, and that has some. */
export interface AirgapSite {
  /** That names the directory: `airgap_dir`. */
  readonly variable: string
  readonly directory: string
  /** Where the variable is set. */
  readonly at: Span
  /** Names, without directories below. */
  readonly files: ReadonlySet<string>
  readonly nodes: readonly SiteNode[]
}

/** What makes a directory one with files for nodes: without any, they are made elsewhere, and nothing can be said. */
const ARTEFACT = /^k3s(?:-(?:amd64|arm64|armhf|arm|s390x))?$|^k3s-airgap-images-/

const known = new WeakMap<Analysis, readonly AirgapSite[]>()

/** Every airgap directory at hand; none where the project names one that is elsewhere, is absent, or holds nothing of K3s. */
export function airgapSites(analysis: Analysis): readonly AirgapSite[] {
  let sites = known.get(analysis)
  if (sites === undefined) {
    sites = analysis.inventories.flatMap(({ inventory }) =>
      namesDirectory(inventory) ? sitesOf(analysis, inventory) : [],
    )
    known.set(analysis, sites)
  }
  return sites
}

function namesDirectory({ groups, hosts }: Inventory): boolean {
  for (const entities of [groups, hosts])
    for (const { vars } of entities.values())
      for (const name of vars.keys()) if (AIRGAP_DIRECTORY.test(name)) return true
  return false
}

type Variables = ReadonlyMap<string, Variable>

function sitesOf(analysis: Analysis, inventory: Inventory): readonly AirgapSite[] {
  const { servers, agents } = clusterMembers(inventory)
  const sites = new Map<Variable, { written: string; nodes: SiteNode[] }>()
  for (const name of [...servers, ...agents]) {
    const variables = hostVariables(inventory, name)
    const variable =
      variables.get('airgap_dir') ?? [...variables.values()].find((each) => AIRGAP_DIRECTORY.test(each.name))
    const written = variable === undefined ? undefined : textOf(variable, variables)
    if (variable === undefined || written === undefined) continue
    const site = sites.get(variable) ?? { written, nodes: [] }
    const machine = firstText(architectureVariables, variables)?.text
    site.nodes.push({
      name,
      arch: machine === undefined ? undefined : architectureOf(machine),
      version: firstText(versionVariables, variables),
    })
    sites.set(variable, site)
  }
  return [...sites].flatMap(([{ name: variable, at }, { written, nodes }]) => {
    const found = directoryAtHand(analysis, inventory, written)
    return found === undefined ? [] : [{ ...found, variable, at, nodes }]
  })
}

function firstText(names: readonly string[], variables: Variables): SiteNode['version'] {
  for (const name of names) {
    const variable = variables.get(name)
    const text = variable === undefined ? undefined : textOf(variable, variables)
    if (variable !== undefined && text !== undefined && text !== '') return { text, at: variable.at }
  }
  return undefined
}

/**
 * A value as far as it is text and names of variables: evaluating more of a template would need the whole engine, which
 * most runs of `lint` do without. What is left of templates stands as it is written.
 */
function textOf({ value }: Variable, variables: Variables, depth = 0): string | undefined {
  if (typeof value !== 'string' || depth > 8) return undefined
  if (!value.includes('{{')) return value
  return value.replace(/\{\{\s*(\w+)\s*\}\}/g, (written, name) => {
    const variable = variables.get(name)
    return (variable === undefined ? undefined : textOf(variable, variables, depth + 1)) ?? written
  })
}

/** A relative path starts at a playbook: https://github.com/k3s-io/k3s-ansible/blob/1.2.2/README.md#airgap-install */
function directoryAtHand(
  { content, disk }: Analysis,
  { inventoryDirectories }: Inventory,
  written: string,
): Pick<AirgapSite, 'directory' | 'files'> | undefined {
  const [, start, path = ''] = /^(?:\{\{\s*(inventory_dir|playbook_dir)\s*\}\}\/+)?(.*)$/s.exec(written) ?? []
  if (/^[/~]|\{[{%]/.test(path)) return undefined
  const playbooks = content.playbooks.map((playbook) => directoryOf(playbook.path))
  const starts =
    start === 'inventory_dir' ? inventoryDirectories : [...playbooks, ...inventoryDirectories, '']
  for (const each of new Set(starts)) {
    const directory = normalPath(joinPath(each, path))
    if (directory === '' || directory.startsWith('..')) continue
    const files = new Set(disk.filesBelow(directory).map((file) => file.slice(file.lastIndexOf('/') + 1)))
    if ([...files].some((name) => ARTEFACT.test(name))) return { directory, files }
  }
  return undefined
}
