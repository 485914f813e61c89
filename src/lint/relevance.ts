import { mayBePlaybook } from '../ansible/content/paths.ts'
import type { Project } from '../ansible/value.ts'
import { isInventoryName, partsOf } from '../path.ts'

// Spelt out, for `i` makes a search three times as slow, and every text of a project is searched.
const NAMED = /[kK]3[sS]|(?:rke|RKE)2|[mM]icro[kK]8s|MICROK8S|[rR]ancher|RANCHER/
const MATTERS =
  /[kK]3[sS]|(?:rke|RKE)2|[mM]icro[kK]8s|MICROK8S|[rR]ancher|RANCHER|[tT]oken|TOKEN|[vV]ault|VAULT/

/**
 * Whether anything in a project can concern a rule: cheap, and loads nothing. The engine is started only where it is
 * so, for most files that a hook passes have nothing to do with K3s.
 */
export function concernsRules(project: Project): boolean {
  for (const [path, text] of project) if (matters(path, text)) return true
  return false
}

/** Whether any text of a project speaks of K3s or its kin. */
export function speaksOfK3s(project: Project): boolean {
  for (const [path, text] of project) if (namesK3s(path, text)) return true
  return false
}

const OF_ANSIBLE = /(?:^|\/)(?:(?:group_vars|host_vars)\/|tasks\/(?:.*\/)?[^/]+\.ya?ml$)/

/** Whether any text of a project is one that Ansible reads: its settings, plays, tasks, inventories, variables or vaults. */
export function hasAnsible(project: Iterable<readonly [path: string, text: string]>): boolean {
  for (const [path, text] of project)
    if (
      partsOf(path).name === 'ansible.cfg' ||
      OF_ANSIBLE.test(path) ||
      isInventoryName(path) ||
      text.includes('$ANSIBLE_VAULT;') ||
      mayBePlaybook(path, text)
    )
      return true
  return false
}

/** Whether one text could concern a rule. */
export function matters(path: string, text: string): boolean {
  return MATTERS.test(path) || MATTERS.test(text)
}

/** Whether a file speaks of K3s or its kin, so that it matters where it can't be read. */
export function namesK3s(path: string, text: string): boolean {
  return NAMED.test(path) || NAMED.test(text)
}
