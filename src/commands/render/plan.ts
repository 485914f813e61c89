import { type HostScope, type HostScopes, hostScopes } from '../../ansible/hostScope.ts'
import { clusterGroups, groupHosts, type Inventory } from '../../ansible/inventory/index.ts'
import { variableText } from '../../ansible/template/index.ts'
import type { AnsibleValue, Project } from '../../ansible/value.ts'
import { UserError } from '../../errors.ts'
import type { GeneratedFile } from '../../generate/file.ts'
import { directoryNameProblem } from '../../generate/hostDirectory.ts'
import { type NodeRole, nodeTokenProblems, tokenDifferences } from '../../generate/nodeTokens.ts'
import { nodeFiles, type ServiceManager } from '../../generate/unit.ts'
import { Secret } from '../../secret.ts'
import { suggestion } from '../../suggestion.ts'

/** One thing that is wrong, with the hosts that it is wrong for. */
export interface HostProblem {
  readonly severity: 'error' | 'warning'
  readonly hosts: readonly string[]
  readonly message: string
  readonly fix: string
  /** `path:line:column` */
  readonly at: string | undefined
}

export interface RenderPlan {
  /** Host → its files, paths relative to the root of the node. Incomplete where there are errors. */
  readonly files: ReadonlyMap<string, readonly GeneratedFile[]>
  /** Each once, errors first. */
  readonly problems: readonly HostProblem[]
}

export interface RenderInput {
  readonly inventory: Inventory
  readonly project: Project
  readonly vaultedFiles: ReadonlySet<string>
  readonly decrypt: (envelope: string, at: string) => Secret
  readonly absolute: (path: string) => string
  /** Empty: all servers and agents. */
  readonly hosts: readonly string[]
  readonly serviceManager: ServiceManager
}

interface Node {
  readonly host: string
  readonly role: NodeRole
  readonly scope: HostScope
}

/** What would be written for each host, and what speaks against it. Throws `UserError` where no host is meant. */
export function renderPlan(input: RenderInput): RenderPlan {
  const problems = new ProblemList()
  const known = clusterGroups(input.inventory)
  const defaults = new Map<string, AnsibleValue>()
  if (known !== undefined) defaults.set('server_group', known.server)
  if (known?.agent !== undefined) defaults.set('agent_group', known.agent)
  const scopes = hostScopes(input.inventory, {
    ...input,
    playHosts: [...input.inventory.hosts.keys()],
    defaults,
  })
  const nodes = wantedHosts(input).flatMap((host) => nodeOf(host, scopes, input, problems))
  if (nodes.length === 0 && problems.errors === 0)
    throw new UserError('the inventory has no K3s servers or agents', {
      fix: 'put the hosts into the groups server and agent, or name your groups with the variables server_group and agent_group',
    })
  for (const { host, role, scope } of nodes)
    for (const problem of nodeTokenProblems(scope, role)) problems.add(host, problem)
  if (problems.errors === 0)
    for (const { host, problem } of tokenDifferences(nodes, firstServers(input, scopes)))
      problems.add(host, problem)
  const files = new Map<string, readonly GeneratedFile[]>()
  const taken = new Map<string, string>()
  for (const { host, role, scope } of nodes) {
    checkName(host, taken, problems)
    try {
      files.set(host, nodeFiles(scope, role === 'agent' ? 'agent' : 'server', input.serviceManager))
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      // A token that can't be rendered has been told already.
      if (!problems.hasError(host)) problems.add(host, { severity: 'error', ...told(error) })
    }
  }
  return { files, problems: problems.all }
}

const told = ({ message, fix, at }: UserError) => ({ message, fix, at })

function wantedHosts({ inventory, hosts }: RenderInput): readonly string[] {
  const unknown = hosts.find((host) => !inventory.hosts.has(host))
  if (unknown !== undefined)
    throw new UserError(`the inventory has no host ${unknown}`, {
      fix: suggestion(unknown, [...inventory.hosts.keys()].slice(0, 50)),
    })
  return hosts.length > 0 ? [...new Set(hosts)] : groupHosts(inventory, 'all')
}

function nodeOf(
  host: string,
  scopes: HostScopes,
  input: RenderInput,
  problems: ProblemList,
): readonly Node[] {
  const scope = scopes.scopeOf(host)
  const { inventory, hosts } = input
  try {
    const groups = scope.variables.get('group_names')
    const isIn = (group: string): boolean => Array.isArray(groups) && groups.includes(group)
    const server = groupName('server_group', 'server', scope)
    const agent = groupName('agent_group', 'agent', scope)
    const at = undefined
    if (isIn(server) && isIn(agent)) {
      const message = `the host is both in ${server} and in ${agent}, and K3s runs as one of them`
      problems.add(host, { severity: 'error', message, fix: 'take it out of one group', at })
      return []
    }
    if (isIn(server)) {
      const isFirst = groupHosts(inventory, server)[0] === host
      return [{ host, scope, role: isFirst ? 'first-server' : 'joining-server' }]
    }
    if (isIn(agent)) return [{ host, scope, role: 'agent' }]
    if (hosts.length > 0) {
      const message = `the host is neither in ${server} nor in ${agent}`
      const fix =
        'put it into one of them, or name your groups with the variables server_group and agent_group'
      problems.add(host, { severity: 'error', message, fix, at })
    }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    problems.add(host, { severity: 'error', ...told(error) })
  }
  return []
}

function groupName(variable: string, usual: string, scope: HostScope): string {
  const text = variableText(variable, scope)?.text
  return text === undefined ? usual : text instanceof Secret ? text.reveal() : text
}

/** The server that others join, of each server group that hosts name: its token is the cluster's. */
function firstServers(
  { inventory }: RenderInput,
  scopes: HostScopes,
): (scope: HostScope) => HostScope | undefined {
  return (scope) => {
    const [first] = groupHosts(inventory, groupName('server_group', 'server', scope))
    return first === undefined ? undefined : scopes.scopeOf(first)
  }
}

function checkName(host: string, taken: Map<string, string>, problems: ProblemList): void {
  const fix =
    'give the host a name of letters, digits, dots and hyphens, and put its address into ansible_host'
  const why = directoryNameProblem(host)
  if (why !== undefined)
    problems.add(host, {
      severity: 'error',
      message: `the host's name can't be the name of a directory: ${why}`,
      fix,
      at: undefined,
    })
  // Kubernetes and many file systems do not tell them apart.
  const other = taken.get(host.toLowerCase())
  if (other !== undefined)
    problems.add(host, {
      severity: 'error',
      message: `the host's name differs from ${other} in case only`,
      fix: 'rename one of them',
      at: undefined,
    })
  taken.set(host.toLowerCase(), host)
}

class ProblemList {
  readonly #found = new Map<string, HostProblem & { readonly hosts: string[] }>()
  readonly #broken = new Set<string>()

  get errors(): number {
    return this.#broken.size
  }

  get all(): readonly HostProblem[] {
    return [...this.#found.values()].sort(
      (a, b) => Number(a.severity === 'warning') - Number(b.severity === 'warning'),
    )
  }

  hasError(host: string): boolean {
    return this.#broken.has(host)
  }

  add(host: string, problem: Omit<HostProblem, 'hosts'>): void {
    if (problem.severity === 'error') this.#broken.add(host)
    const key = JSON.stringify([problem.severity, problem.message, problem.fix, problem.at])
    const same = this.#found.get(key)
    if (same === undefined) this.#found.set(key, { ...problem, hosts: [host] })
    else same.hosts.push(host)
  }
}
