import { Dict } from '../../ansible/template/values.ts'
import { isGatheredName, isInterface } from '../../facts/setup.ts'
import { unitDirectories } from '../../facts/systemd.ts'
import { type FlowValue, NodeName } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import type { Stage } from './context.ts'
import type { World } from './world.ts'

const PREFIX = 'ansible_'

/** Variables that Ansible's connection plugins read: not facts, and absent unless somebody sets them. */
const CONNECTION =
  /^ansible_(?:user|port|password|ssh_.*|become.*|connection|python_interpreter|private_key_file|shell_.*|pipelining|winrm_.*|sudo.*|su_.*|httpapi_.*|network_os|managed|no_log|async_dir|remote_tmp|group_priority|no_target_syslog|host)$/

const KNOWN: ReadonlyMap<string, FlowValue> = new Map<string, FlowValue>([
  ['ansible_check_mode', false],
  ['ansible_diff_mode', false],
  ['ansible_verbosity', 0],
  ['ansible_system', 'Linux'],
  [
    'ansible_version',
    new Dict([
      ['full', '2.19.0'],
      ['major', 2],
      ['minor', 19],
      ['revision', 0],
      ['string', '2.19.0'],
    ]),
  ],
])

/** A variable `ansible_…` that is a fact of the node. `undefined`: there is none of that name. */
export function factOf(stage: Stage, world: World, host: string, name: string): FlowValue | undefined {
  const fixed = KNOWN.get(name)
  if (fixed !== undefined) return fixed
  if (CONNECTION.test(name) || name.startsWith('ansible_play') || name.startsWith('ansible_role'))
    return undefined
  if (
    // It is there with --limit only.
    name === 'ansible_limit' ||
    name === 'ansible_run_tags' ||
    name === 'ansible_skip_tags' ||
    name === 'ansible_loop' ||
    name.startsWith('ansible_parent')
  )
    return undefined
  return member(stage, world, host, name.slice(PREFIX.length))
}

/** Whether what a project sets stands before a fact of this name: no node is known to have such a fact. */
export const isOutrankedFact = (name: string): boolean =>
  name.startsWith(PREFIX) && !isGatheredName(name.slice(PREFIX.length))

/** `ansible_facts`: some of its members are known, those that tasks have put there first, and some are not there. */
export function factsOf(
  stage: Stage,
  world: World,
  host: string,
  made: (name: string) => FlowValue | undefined,
  isNotThere: (name: string) => boolean,
): FlowValue {
  return new Unknown(
    'ansible_facts',
    'a fact of the node',
    undefined,
    undefined,
    (name) => made(name) ?? (isNotThere(name) ? undefined : member(stage, world, host, name)),
  )
}

function member(stage: Stage, world: World, host: string, name: string): FlowValue | undefined {
  if (name === 'service_mgr') {
    stage.asked.add('manager')
    return stage.manager
  }
  if (name === 'system') return 'Linux'
  if (name === 'hostname' || name === 'nodename' || name === 'fqdn') return nodeName(stage, host, name)
  if (name === 'services') return services(stage, world, host)
  if (OWN.has(name)) return ownFact(stage, host, name)
  if (name === 'default_ipv4' || name === 'default_ipv6' || isInterface(name))
    return withAddresses(stage, host, name)
  return new Unknown(`ansible_facts.${name}`, 'a fact of the node')
}

/** What no two nodes have in common. */
const OWN = new Set(['all_ipv4_addresses', 'machine_id', 'product_uuid'])
const OWN_PARTS = new Set(['address', 'macaddress'])

/** A fact of which each node has another one. */
function ownFact({ hosts }: Stage, host: string, fact: string): NodeName {
  const words = (one: string): string => `ansible_facts.${fact} of ${one}`
  const others = [...hosts.hosts.keys()].filter((one) => one !== host).map(words)
  return new NodeName(words(host), 'a fact of the node', { host, others, isNamed: () => undefined })
}

/** Of an interface: its addresses are the node's own, its gateway, netmask and the like others may have, too. */
function withAddresses(stage: Stage, host: string, fact: string): Unknown {
  return new Unknown(`ansible_facts.${fact}`, 'a fact of the node', undefined, undefined, (key) => {
    const part = `${fact}.${key}`
    if (OWN_PARTS.has(key)) return ownFact(stage, host, part)
    return key === 'ipv4'
      ? withAddresses(stage, host, part)
      : new Unknown(`ansible_facts.${part}`, 'a fact of the node')
  })
}

/** Nodes are taken to be called as the inventory calls them, where that may be the name of a node. */
function nodeName({ hosts }: Stage, host: string, fact: string): FlowValue {
  if (isNodeName(host)) return fact === 'hostname' ? (host.split('.')[0] ?? host) : host
  const words = (one: string): string => `ansible_facts.${fact} of ${one}`
  return new NodeName(words(host), 'a fact of the node', {
    host,
    others: [...hosts.hosts.keys()].filter((one) => one !== host && !isNodeName(one)).map(words),
    // What stands behind the first dot of a name is not in this fact.
    isNamed: (text) => (fact === 'hostname' && /[.:]/.test(text) ? false : undefined),
  })
}

/** Whether a host is called by no address, and by nothing that Kubernetes refuses. */
const isNodeName = (host: string): boolean => /^(?![\d.]+$)[a-z\d.-]+$/i.test(host)

/** As `service_facts` would find them: K3s' own services are known, others could be anything. */
function services(stage: Stage, world: World, host: string): FlowValue {
  const node = world.node(host)
  const suffix = stage.manager === 'systemd' ? '.service' : ''
  return new Unknown('ansible_facts.services', 'a fact of the node', undefined, undefined, (name) => {
    const service = node.services.get(name.replace(/\.service$/, ''))
    if (service !== undefined)
      return new Dict([
        ['name', `${name.replace(/\.service$/, '')}${suffix}`],
        ['state', service.started ? 'running' : 'stopped'],
        ['status', service.enabled ? 'enabled' : 'disabled'],
        ['source', stage.manager],
      ])
    const unit = `${name.replace(/\.service$/, '')}.service`
    // A unit file that nothing has loaded yet is among those of `systemctl list-unit-files`, which the module asks, too.
    if (
      stage.manager === 'systemd' &&
      unitDirectories.some((directory) => node.files.has(`${directory}/${unit}`))
    )
      return new Dict([
        ['name', unit],
        ['state', 'inactive'],
        ['status', 'disabled'],
        ['source', stage.manager],
      ])
    return /k3s/i.test(name)
      ? undefined
      : new Unknown(`ansible_facts.services['${name}']`, 'a fact of the node')
  })
}
