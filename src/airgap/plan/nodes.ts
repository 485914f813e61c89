import { type HostScope, type HostScopes, hostScopes } from '../../ansible/hostScope.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import { UserError } from '../../errors.ts'
import { airgapArchitectures, type selinuxTargets } from '../../facts/airgap.ts'
import { formatLocation } from '../../span.ts'
import type { Architecture } from '../artefact.ts'
import { listed } from '../words.ts'
import { keptClosed, readVariable } from './inventoryVariables.ts'
import { clusterMembers } from './members.ts'
import { architectureOf, familyOf, type NodeFacts, selinuxStatus, selinuxTargetOf } from './nodeFacts.ts'
import type { PlanNode, PlanQuestion } from './question.ts'
import { architectureVariables, commonNames } from './variableNames.ts'
import { plannedVersion } from './version.ts'

export interface FoundNode extends PlanNode {
  /** As `uname -m` says it, where facts or a variable do. */
  readonly machine: string | undefined
  readonly selinuxTarget: keyof typeof selinuxTargets | undefined
  /** Whether the version of its distribution is known, so that the package is no guess. */
  readonly isReleaseKnown: boolean
}

export interface FoundNodes {
  readonly k3sVersion: string
  /** Sorted by name. */
  readonly nodes: readonly FoundNode[]
  readonly assumptions: readonly string[]
}

type Scoped = Pick<PlanQuestion, 'inventory' | 'project' | 'absolute'>

/** The variables of the hosts of an inventory; vaulted ones stay closed. */
export function openScopes({ inventory, project, absolute }: Scoped): HostScopes {
  return hostScopes(inventory, {
    project,
    absolute,
    decrypt: keptClosed,
    vaultedFiles: new Set(),
    playHosts: [],
    defaults: new Map<string, AnsibleValue>(),
  })
}

/** The nodes with what is known of each, and their one version. Throws `UserError`. */
export function planNodes(question: PlanQuestion): FoundNodes {
  const { inventory, project } = question
  const fault = inventory.faults.find(({ severity = 'error' }) => severity === 'error')
  if (fault !== undefined)
    throw new UserError(fault.message, {
      at: formatLocation(fault.at, project.get(fault.at.path) ?? ''),
      fix: fault.fix,
    })
  const { servers, agents } = clusterMembers(inventory)
  if (servers.length + agents.length === 0) throw withoutNodes(question)
  const scopes = openScopes(question)
  const names = [...servers, ...agents]
  const k3sVersion = plannedVersion(names, scopes, question)
  const unread = new Map<string, string[]>()
  const nodes = [
    ...servers.map((name) => foundNode(name, 'server', scopes.scopeOf(name), question, unread)),
    ...agents.map((name) => foundNode(name, 'agent', scopes.scopeOf(name), question, unread)),
  ].sort((a, b) => (a.name < b.name ? -1 : 1))
  return { k3sVersion, nodes, assumptions: [...assumptions(nodes, question), ...notRead(unread)] }
}

function withoutNodes({ inventory, project }: PlanQuestion): UserError {
  // An inventory that k3seal does not look into has no hosts here, and says why.
  const [why] = inventory.faults
  if (why !== undefined && inventory.hosts.size === 0)
    return new UserError(why.message, {
      at: formatLocation(why.at, project.get(why.at.path) ?? ''),
      fix: why.fix,
    })
  return new UserError('the inventory has no K3s servers or agents', {
    fix: 'put the hosts into the groups server and agent, or name your groups with the variables server_group and agent_group',
  })
}

function foundNode(
  name: string,
  kind: PlanNode['kind'],
  scope: HostScope,
  { facts, architectures }: PlanQuestion,
  unread: Map<string, string[]>,
): FoundNode {
  const gathered = facts.get(name)
  const machine = gathered?.architecture ?? machineOf(name, scope, unread)
  const arch = machine === undefined ? undefined : architectureOf(machine)
  if (machine !== undefined && arch === undefined)
    throw new UserError(`K3s is not made for ${name}, whose architecture is ${JSON.stringify(machine)}`, {
      at: gathered?.architecture === undefined ? placeOfArchitecture(scope) : undefined,
      fix: `K3s has releases for ${Object.keys(airgapArchitectures).join(', ')}: take the host out of the group, or mend the variable`,
    })
  const system = { ...fromVariables(scope), ...withoutGaps(gathered ?? {}) }
  const osFamily = system.osFamily ?? familyOf(system.distribution ?? '')
  return {
    name,
    kind,
    arch: arch ?? architectures[0] ?? 'amd64',
    archKnown: arch !== undefined,
    ...(osFamily === undefined ? {} : { osFamily }),
    selinux: system.selinux,
    machine,
    selinuxTarget: selinuxTargetOf(system),
    isReleaseKnown: system.majorVersion !== undefined || osFamily === 'Suse',
  }
}

/** What the inventory calls the architecture of a host; `unread` takes what it keeps closed. */
function machineOf(name: string, scope: HostScope, unread: Map<string, string[]>): string | undefined {
  const reading = readVariable(architectureVariables, scope)
  if (reading.kind === 'text')
    return commonNames.has(reading.name) && architectureOf(reading.text) === undefined
      ? undefined
      : reading.text
  if (reading.kind === 'closed') {
    const what = `${reading.name}: ${reading.why}`
    const hosts = unread.get(what)
    if (hosts === undefined) unread.set(what, [name])
    else hosts.push(name)
  }
  return undefined
}

const notRead = (unread: ReadonlyMap<string, readonly string[]>): readonly string[] =>
  [...unread].map(([what, hosts]) => `Not read for ${listed(hosts)}: ${what}.`)

function placeOfArchitecture(scope: HostScope): string | undefined {
  const reading = readVariable(architectureVariables, scope)
  return reading.kind === 'text' ? scope.placeOf?.(reading.name.split('.')[0] ?? '') : undefined
}

/** What the inventory says of the system, where somebody has written facts into it. */
function fromVariables(scope: HostScope): NodeFacts {
  const words = (fact: string): string | undefined => {
    const reading = readVariable([`ansible_${fact}`, `ansible_facts.${fact}`], scope)
    return reading.kind === 'text' ? reading.text : undefined
  }
  return withoutGaps({
    osFamily: words('os_family'),
    distribution: words('distribution'),
    majorVersion: words('distribution_major_version'),
    packageManager: words('pkg_mgr'),
    selinux: selinuxStatus(scope.variables.get('ansible_selinux')),
  })
}

const withoutGaps = (facts: NodeFacts): NodeFacts =>
  Object.fromEntries(Object.entries(facts).filter(([, value]) => value !== undefined))

function assumptions(
  nodes: readonly FoundNode[],
  { inventory, architectures, facts, factless }: PlanQuestion,
): readonly string[] {
  const assumed = nodes.filter(({ archKnown }) => !archKnown)
  const said = architectures.length > 0
  const taken = said ? architectures.join(' and ') : 'amd64'
  const groups = (['server', 'agent'] as const).flatMap((kind) => {
    const members = assumed.filter((node) => node.kind === kind)
    if (members.length === 0) return []
    const [many, whose] = members.length === 1 ? ['', 'its'] : ['s', 'their']
    return [{ who: `${kind}${many} ${listed(members.map(({ name }) => name))}`, whose }]
  })
  const why = facts.size > 0 ? 'neither the inventory nor the facts tell' : 'the inventory does not tell'
  const files = inventory.faults.filter(({ message }) => /encrypted as a whole/.test(message))
  return [
    ...groups.map(
      ({ who, whose }) =>
        `Assumed ${taken} for ${who}: ${why} ${whose} architecture${said ? ', --arch does' : ''}.`,
    ),
    ...(factless.length > 0 ? [`No facts were gathered of ${listed(factless)}.`] : []),
    ...files.map(
      ({ at }) => `${at.path} is encrypted as a whole, and stays closed: what it says is not heeded.`,
    ),
  ]
}

/** The architectures that a node may have. */
export function architecturesOf(
  { arch, archKnown }: PlanNode,
  { architectures }: Pick<PlanQuestion, 'architectures'>,
): readonly Architecture[] {
  return archKnown || architectures.length === 0 ? [arch] : architectures
}
