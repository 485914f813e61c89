import type { Secret } from '../secret.ts'
import { formatLocation } from '../span.ts'
import { groupHosts, hostVariables, type Inventory, magicVariables } from './inventory/index.ts'
import type { TemplateScope } from './template/index.ts'
import type { AnsibleValue, Project, Variable, VaultedText } from './value.ts'

export interface HostScopes {
  scopeOf(host: string): HostScope
}

export interface HostScope extends TemplateScope {
  readonly host: string
}

export interface HostScopeOptions {
  /** For the places in messages. */
  readonly project: Project
  /** Throws a `UserError` where no password opens it; `at` is `path:line:column`. */
  readonly decrypt: (envelope: string, at: string) => Secret
  /** Files that were decrypted as a whole before the inventory was read: all their variables are secret. */
  readonly vaultedFiles: ReadonlySet<string>
  /** Makes the inventory's directories absolute, as Ansible has them. */
  readonly absolute: (path: string) => string
  /** The hosts of the play. */
  readonly playHosts: readonly string[]
  /** Variables that count where a host has none of that name. */
  readonly defaults: ReadonlyMap<string, AnsibleValue>
}

/** What templates see of each host of an inventory; made when it is asked for, once. */
export function hostScopes(inventory: Inventory, options: HostScopeOptions): HostScopes {
  const { project, decrypt, vaultedFiles, absolute, playHosts, defaults } = options
  const scopes = new Map<string, HostScope>()
  const names = groupHosts(inventory, 'all')
  // Counting lines takes time, and many hosts share a variable.
  const locations = new WeakMap<Variable | VaultedText, string>()
  const locationOf = (placed: Variable | VaultedText): string => {
    const known = locations.get(placed)
    if (known !== undefined) return known
    const location = formatLocation(placed.at, project.get(placed.at.path) ?? '')
    locations.set(placed, location)
    return location
  }
  const opened = new Map<string, () => Secret>()

  // Also a failure is kept: trying a wrong password takes as long as the right one, and hosts are many.
  const open = (value: VaultedText): Secret => {
    const known = opened.get(value.envelope)
    if (known !== undefined) return known()
    try {
      const secret = decrypt(value.envelope, locationOf(value))
      opened.set(value.envelope, () => secret)
      return secret
    } catch (error) {
      opened.set(value.envelope, () => {
        throw error
      })
      throw error
    }
  }
  const made = (host: string): HostScope => {
    const own = hostVariables(inventory, host)
    const variables = new Map<string, AnsibleValue>(defaults)
    for (const [name, { value }] of own) variables.set(name, value)
    for (const [name, value] of magicVariables(inventory, host))
      variables.set(
        name,
        (name === 'inventory_dir' || name === 'inventory_file') && typeof value === 'string'
          ? absolute(value)
          : value,
      )
    for (const name of ['ansible_play_hosts', 'ansible_play_hosts_all', 'ansible_play_batch', 'play_hosts'])
      variables.set(name, playHosts)
    const secretVariables = new Set(
      [...own.values()].filter(({ at }) => vaultedFiles.has(at.path)).map(({ name }) => name),
    )
    return {
      host,
      variables,
      decrypt: open,
      secretVariables,
      hosts: { names, scopeOf },
      placeOf: (name) => {
        const variable = own.get(name)
        return variable === undefined ? undefined : locationOf(variable)
      },
    }
  }
  const scopeOf = (host: string): HostScope => {
    const known = scopes.get(host)
    if (known !== undefined) return known
    const scope = made(host)
    scopes.set(host, scope)
    return scope
  }
  return { scopeOf }
}
