import type { Architecture } from '../../airgap/artefact.ts'
import {
  AIRGAP_DIRECTORY,
  airgapDirectoryVariable,
  readVariable,
  versionVariables,
} from '../../airgap/inventoryVariables.ts'
import { architectureOf } from '../../airgap/nodeFacts.ts'
import { clusterMembers, machineOf, openScopes } from '../../airgap/planNodes.ts'
import type { HostScope } from '../../ansible/hostScope.ts'
import { hostVariables, type Inventory } from '../../ansible/inventory/index.ts'
import { directoryOf, joinPath, normalPath } from '../../ansible/inventory/projectTree.ts'
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
export const ARTEFACT = /^k3s(?:-(?:amd64|arm64|armhf|arm|s390x))?$|^k3s-airgap-images-/

const ROOT = '/\0project'

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

function sitesOf(analysis: Analysis, inventory: Inventory): readonly AirgapSite[] {
  const scopes = openScopes({
    inventory,
    project: analysis.project,
    absolute: (path) => joinPath(ROOT, path),
  })
  const { servers, agents } = clusterMembers(inventory)
  const sites = new Map<string, { variable: string; at: Span; written: string; nodes: SiteNode[] }>()
  for (const name of [...servers, ...agents]) {
    const scope = scopes.scopeOf(name)
    const variable = airgapDirectoryVariable(scope)
    const written = variable === undefined ? undefined : directoryText(variable, scope)
    const at = variable === undefined ? undefined : hostVariables(inventory, name).get(variable)?.at
    if (variable === undefined || written === undefined || at === undefined) continue
    const key = JSON.stringify([written, at])
    const site = sites.get(key) ?? { variable, at, written, nodes: [] }
    site.nodes.push(siteNode(name, scope, inventory))
    sites.set(key, site)
  }
  return [...sites.values()].flatMap(({ variable, at, written, nodes }) => {
    const found = directoryAtHand(analysis, inventory, written)
    return found === undefined ? [] : [{ ...found, variable, at, nodes }]
  })
}

function siteNode(name: string, scope: HostScope, inventory: Inventory): SiteNode {
  const machine = machineOf(name, scope, new Map())
  const version = readVariable(versionVariables, scope)
  const at = version.kind === 'text' ? hostVariables(inventory, name).get(version.name)?.at : undefined
  return {
    name,
    arch: machine === undefined ? undefined : architectureOf(machine),
    version: version.kind === 'text' && at !== undefined ? { text: version.text, at } : undefined,
  }
}

/** The path as it would reach the module: `/\0project/…` in the project. */
function directoryText(variable: string, scope: HostScope): string | undefined {
  const value = scope.variables.get(variable)
  const beside =
    typeof value === 'string' ? /^\{\{\s*playbook_dir\s*\}\}\/+(.*)$/s.exec(value)?.[1] : undefined
  if (beside !== undefined && !beside.includes('{')) return beside
  const reading = readVariable([variable], scope)
  return reading.kind === 'text' ? reading.text : undefined
}

/** A relative path starts at a playbook: https://github.com/k3s-io/k3s-ansible/blob/1.2.2/README.md#airgap-install */
function directoryAtHand(
  analysis: Analysis,
  { inventoryDirectories }: Inventory,
  written: string,
): Pick<AirgapSite, 'directory' | 'files'> | undefined {
  const path = normalPath(written)
  if (path.startsWith('/') && path !== ROOT && !path.startsWith(`${ROOT}/`)) return undefined
  const starts = path.startsWith('/')
    ? ['']
    : [
        ...new Set([
          ...analysis.content.playbooks.map(({ path: playbook }) => directoryOf(playbook)),
          ...inventoryDirectories,
          '',
        ]),
      ]
  const below = path.startsWith('/') ? path.slice(ROOT.length + 1) : path
  for (const start of starts) {
    const directory = normalPath(joinPath(start, below))
    if (directory === '' || directory.startsWith('..')) continue
    const files = new Set(
      analysis.disk.filesBelow(directory).map((file) => file.slice(file.lastIndexOf('/') + 1)),
    )
    if ([...files].some((name) => ARTEFACT.test(name))) return { directory, files }
  }
  return undefined
}
