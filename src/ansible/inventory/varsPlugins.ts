import { listItems, parseAnsibleConfig } from '../config.ts'
import type { Project } from '../value.ts'

/** https://docs.ansible.com/ansible/latest/collections/community/sops/sops_vars.html */
const SOPS = 'community.sops.sops'
const IN_ENVIRONMENT = /\bANSIBLE_VARS_ENABLED\b.*\bcommunity\.sops\.sops\b/

const known = new WeakMap<Project, boolean>()

/**
 * Whether Ansible decrypts files of variables with sops. It reads one ansible.cfg only, but any of them may be named in
 * ANSIBLE_CONFIG, and what enables plugins may stand wherever an environment is made.
 */
export function usesSops(project: Project): boolean {
  const before = known.get(project)
  if (before !== undefined) return before
  const uses = [...project].some(([path, text]) => enablesSops(path, text))
  known.set(project, uses)
  return uses
}

/** Whether this text of a project does. */
export function enablesSops(path: string, text: string): boolean {
  if (!text.includes(SOPS)) return false
  if (!/(?:^|\/)ansible\.cfg$/.test(path)) return IN_ENVIRONMENT.test(text)
  const setting = parseAnsibleConfig(path, text).defaults.get('vars_plugins_enabled')
  return listItems(setting?.value ?? '').includes(SOPS)
}
