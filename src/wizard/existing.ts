import {
  type ClusterGroups,
  clusterGroups,
  clusterHosts,
  hostVariables,
  type Inventory,
  readInventory,
} from '../ansible/inventory/index.ts'
import type { NodeSpec } from '../ansible/nodeSpec.ts'
import { type AnsibleValue, type Project, type Variable, VaultedText } from '../ansible/value.ts'
import { UserError } from '../errors.ts'
import { Secret } from '../secret.ts'
import { formatLocation } from '../span.ts'
import { nodesFromInventory } from './nodeSources.ts'
import type { Existing } from './scene.ts'

/** A token that the inventory has. */
export type FoundToken =
  | { readonly kind: 'vaulted'; readonly envelope: string; readonly at: string; readonly isDirect: boolean }
  | { readonly kind: 'plain'; readonly value: Secret; readonly variable: string; readonly at: string }
  /** A template that only Ansible can resolve, or one whose variable stands in a file that is encrypted as a whole. */
  | { readonly kind: 'unknown'; readonly at: string }

/** An inventory that holds a cluster, as far as the wizard wants to know it. */
export interface ExistingSite extends Existing {
  readonly inventory: Inventory
  readonly groups: ClusterGroups
  /** What a server's variables are before any play; of a group without hosts, what the groups say. */
  readonly serverVariables: ReadonlyMap<string, Variable>
  readonly token: FoundToken | undefined
  readonly agentToken: FoundToken | undefined
}

/** Names that other roles have for the token, with the groups master and node or their like. */
export const FOREIGN_TOKENS = ['k3s_token', 'k3s_control_token'] as const

/**
 * The cluster of an inventory; `undefined` where there is no such file, or one without a host or group. Throws
 * `UserError` where it can't be read, or no group of it is known to hold servers.
 */
export function existingSite(project: Project, path: string): ExistingSite | undefined {
  const text = project.get(path)
  const isDirectory = [...project.keys()].some((name) => name.startsWith(`${path}/`))
  if (text === undefined && !isDirectory) return undefined
  if (text?.split('\n').every((line) => /^\s*(?:#.*|---|\.\.\.)?\s*$/.test(line))) return undefined
  const inventory = readInventory(project, [path])
  const broken = inventory.faults.find(({ severity }) => severity === undefined || severity === 'error')
  if (broken !== undefined)
    throw new UserError(broken.message, { fix: broken.fix, at: placeOf(project, broken) })
  const isEmpty = inventory.hosts.size === 0 && [...inventory.groups.keys()].every(isBuiltIn)
  if (isEmpty) {
    const notice = inventory.faults[0]
    if (notice !== undefined)
      throw new UserError(notice.message, {
        fix: `make another inventory: --inventory k3s.yml (${notice.fix})`,
        at: placeOf(project, notice),
      })
    return undefined
  }
  const groups = clusterGroups(inventory)
  if (groups === undefined)
    throw new UserError(
      'the inventory has hosts, but no groups that k3seal knows as K3s servers and agents',
      {
        fix: 'put the hosts into groups server and agent below k3s_cluster, or make another inventory: --inventory k3s.yml',
        at: path,
      },
    )
  const { servers, agents } = nodesFromInventory(inventory)
  const variables = serverVariablesOf(inventory, groups)
  const plain = (name: string): string | undefined => textOf(variables.get(name))
  const name = tokenName(variables)
  const token = tokenIn(project, variables, name, inventory)
  return {
    inventory,
    groups,
    serverVariables: variables,
    servers: servers as readonly NodeSpec[],
    agents: agents as readonly NodeSpec[],
    user: textOf(groupVariable(inventory, groups, 'ansible_user')) ?? plain('ansible_user'),
    k3sVersion: plain('k3s_version'),
    apiEndpoint: endpointOf(plain('api_endpoint')),
    airgapDir: plain('airgap_dir')?.replace(/^\{\{\s*inventory_dir\s*\}\}\//, ''),
    hasToken: token !== undefined,
    hasAgentToken: variables.has('k3seal_agent_token'),
    foreignToken: name === 'token' ? foreignIn(variables) : name,
    token,
    agentToken: tokenIn(project, variables, 'k3seal_agent_token', inventory),
  }
}

/** Problems of tokens that are there, cause and cure in one line each. None of them is changed. */
export function tokenWarnings({ token, agentToken }: ExistingSite): readonly string[] {
  return [token, agentToken].flatMap((found) => {
    if (found?.kind === 'plain')
      return [
        `${found.at}: ${found.variable} stands there in plain text, for everybody who can read the file. k3seal changes no token: encrypt it with ansible-vault encrypt_string as vault_k3s_token, write ${found.variable}: "{{ vault_k3s_token }}", and change the token if the file was ever shared`,
      ]
    if (found?.kind === 'vaulted' && found.isDirect)
      return [
        `${found.at}: a token that is vaulted directly reaches servers as ciphertext with k3s-ansible 1.2.0 and newer (https://github.com/k3s-io/k3s-ansible/issues/527). Rename it to vault_k3s_token and add token: "{{ vault_k3s_token }}"`,
      ]
    return []
  })
}

/** The variable that servers take their token from. */
export function tokenName(variables: ReadonlyMap<string, Variable>): string {
  return ['token', ...FOREIGN_TOKENS].find((name) => !isBlank(variables.get(name))) ?? 'token'
}

/** `token: "{{ k3s_token }}"`, as an earlier run wrote it, still means another role. */
function foreignIn(variables: ReadonlyMap<string, Variable>): string | undefined {
  const { value } = variables.get('token') ?? {}
  return FOREIGN_TOKENS.find((name) => typeof value === 'string' && value.trim() === `{{ ${name} }}`)
}

/** Whether a variable is missing, or there without a value. */
export function isBlank(variable: Variable | undefined): boolean {
  return variable === undefined || variable.value === null || variable.value === ''
}

function tokenIn(
  project: Project,
  variables: ReadonlyMap<string, Variable>,
  name: string,
  inventory: Inventory,
): FoundToken | undefined {
  const variable = variables.get(name)
  if (variable === undefined || isBlank(variable)) return undefined
  const at = placeOf(project, variable)
  const { value } = variable
  if (value instanceof VaultedText) return { kind: 'vaulted', envelope: value.envelope, at, isDirect: true }
  if (typeof value !== 'string')
    return { kind: 'plain', value: new Secret(String(value)), variable: name, at }
  if (!value.includes('{{')) return { kind: 'plain', value: new Secret(value), variable: name, at }
  const [, source = ''] = /^\s*\{\{\s*([A-Za-z_]\w*)\s*\}\}\s*$/.exec(value) ?? []
  const origin = variables.get(source)
  if (origin === undefined) return { kind: 'unknown', at }
  if (origin.value instanceof VaultedText)
    return { kind: 'vaulted', envelope: origin.value.envelope, at: placeOf(project, origin), isDirect: false }
  return source === name ? { kind: 'unknown', at } : tokenIn(project, variables, source, inventory)
}

function serverVariablesOf(inventory: Inventory, groups: ClusterGroups): ReadonlyMap<string, Variable> {
  const [first] = clusterHosts(inventory).servers
  if (first !== undefined) return hostVariables(inventory, first)
  return new Map(
    ['all', groups.cluster, groups.server].flatMap((name) =>
      name === undefined ? [] : [...(inventory.groups.get(name)?.vars ?? [])],
    ),
  )
}

function groupVariable(inventory: Inventory, groups: ClusterGroups, name: string): Variable | undefined {
  return [groups.server, groups.cluster, 'all']
    .map((group) => (group === undefined ? undefined : inventory.groups.get(group)?.vars.get(name)))
    .find((variable) => variable !== undefined)
}

/** k3s-ansible's sample looks the first server up: that is what no answer means. */
function endpointOf(text: string | undefined): string | undefined {
  return text === undefined || /^\{\{\s*hostvars\[\s*groups\[/.test(text) ? undefined : text
}

function textOf(variable: Variable | undefined): string | undefined {
  const value: AnsibleValue | undefined = variable?.value
  return typeof value === 'string' && value !== '' ? value : undefined
}

function isBuiltIn(group: string): boolean {
  return group === 'all' || group === 'ungrouped'
}

function placeOf(project: Project, { at }: Pick<Variable, 'at'>): string {
  return formatLocation(at, project.get(at.path) ?? '')
}
