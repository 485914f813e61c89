import { arrivalAt, runsOpenrcOnly, servicesRunning, startsAnother } from '../../arrival/index.ts'
import { unitInForce } from '../../arrival/unitFiles.ts'
import type { Arrival, CarriedState } from '../../arrival.ts'
import type { Hop } from '../../atoms.ts'
import type { FlowValue } from '../../evaluate/index.ts'
import type { PaperFile, PaperFiles, ServiceManager } from '../../files.ts'
import { type Call, type Effect, ModuleFails, normalised, SERVERS_OWN } from '../call.ts'
import type { NodeState, Started } from '../world.ts'
import { KEPT, serverDirOf } from './files.ts'
import { broughtUnit, FROM_PACKAGE, NOT_FOLLOWED } from './packages.ts'
import { openStatus, statusOf } from './unitStatus.ts'

/** `service`, `systemd`, `systemd_service`, `sysvinit`, `openrc`. */
export function service(call: Call): Effect {
  const missing = missingTool(call)
  if (missing !== undefined) return { failed: missing, changed: false }
  const written = call.plain('name', 'service', 'unit')
  const name = written?.replace(/\.service$/, '')
  const known = call.plain('state')
  if (known === undefined && call.argument('state') !== undefined) call.value('state')
  const enabled = call.flag('enabled', false)
  call.flag('daemon_reload', false)
  if (written === undefined || name === undefined) {
    if (call.argument('name', 'service') !== undefined) call.note('a service whose name is not known')
    return call.argument('state') === undefined || known === 'stopped' ? {} : { node: mayRun(call) }
  }
  const before = call.node.services.get(name)
  const services = new Map(call.node.services)
  const isEnabled = call.argument('enabled') === undefined ? (before?.enabled ?? false) : enabled !== false
  const returned = (): ReadonlyMap<string, FlowValue> =>
    new Map<string, FlowValue>([
      ['name', written],
      ...(known === undefined ? [] : ([['state', known === 'stopped' ? known : 'started']] as const)),
      ...status(call, name, { ...call.node, services }),
    ])
  if ((known !== undefined || call.value('enabled') !== undefined) && isMissing(call, name)) {
    const msg = `Could not find the requested service ${name}: host`
    return { failed: `${NO_UNIT} ${name}`, changed: false, result: new Map([['msg', msg]]) }
  }
  if (known === 'stopped') {
    services.set(name, { started: false, enabled: isEnabled })
    return { node: { services }, changed: before?.started ?? false, result: returned() }
  }
  const starts =
    known === 'restarted' || known === 'reloaded' || (known === 'started' && before?.started !== true)
  if (!starts) {
    services.set(name, { started: before?.started ?? false, enabled: isEnabled })
    return { node: { services }, changed: before?.enabled !== isEnabled, result: returned() }
  }
  services.set(name, { started: true, enabled: isEnabled })
  return {
    ...started(call, { ...call.node, services }, name, call.hop(`starts ${name}`)),
    changed: true,
    result: returned(),
  }
}

/** `reboot`: what is enabled starts with the node. */
export const reboot = (call: Call): Effect => ({ node: mayRun(call) })

/** What comes of a start that is not followed, and may be that of K3s which is there and has not run: what it makes may be there. */
export function mayRun(call: Call, node: NodeState = call.node): Partial<NodeState> {
  const { founding, files } = node
  const isIdle =
    founding === undefined && servicesRunning(files, call.context.stage.manager, call.atoms).length > 0
  return isIdle ? { isOpen: true } : {}
}

/** The service managers that modules are made for; `service` finds out, unless it is told. */
const MANAGERS: Readonly<Record<string, ServiceManager>> = {
  systemd: 'systemd',
  systemd_service: 'systemd',
  openrc: 'openrc',
}

/** Why a module fails on a node with another service manager than its own: `get_bin_path('systemctl', True)` in systemd.py. */
function missingTool(call: Call): string | undefined {
  const { manager, hosts } = call.context.stage
  const own = managerOfModule(call)
  if (own === undefined || own === manager || !hosts.hosts.has(call.target)) return undefined
  return own === 'systemd'
    ? 'there is no systemctl on a node with OpenRC'
    : 'there is no OpenRC on a node with systemd'
}

function managerOfModule(call: Call): ServiceManager | undefined {
  const module = call.task.action.module.split('.').at(-1) ?? ''
  const used = (module === 'service' ? call.plain('use')?.split('.').at(-1) : undefined) ?? module
  return MANAGERS[used]
}

/**
 * The service manager of the node that a service is for. Where nothing asks for it, that is systemd, unless the project
 * itself gives the service a script that OpenRC alone runs, and no unit.
 */
function managerFor(call: Call, { files }: NodeState, service: string): ServiceManager {
  const { manager, asked } = call.context.stage
  if (manager === 'openrc' || asked.has('manager') || managerOfModule(call) !== undefined) return manager
  return runsOpenrcOnly(files, service) ? 'openrc' : manager
}

/** OpenRC has none that Ansible returns; `after`: the node as the task leaves it. */
function status(call: Call, name: string, after: NodeState): readonly (readonly [string, FlowValue])[] {
  const manager = managerFor(call, call.node, name)
  if (manager !== 'systemd') return []
  const scope = call.plain('scope') ?? 'system'
  const isKnown = scope === 'system' && isK3s(call, call.node, name, manager)
  return [['status', isKnown ? statusOf(call, name, after) : openStatus(call)]]
}

/** A service that only the node could name, or a unit that brings others with it. */
const NAMES_OTHERS = /[\u{f0000}-\u{ffffd}]|\.(?:timer|socket|path|target)$/u

/** Why a module fails for a service, before its name. */
export const NO_UNIT = 'there is no unit for the service'

/** What K3s gets when a service starts. Other services are none of ours. */
export function started(call: Call, node: NodeState, name: string, hop: Hop): Effect {
  const manager = managerFor(call, node, name)
  if (!isK3s(call, node, name, manager)) {
    const isOpen = NAMES_OTHERS.test(name) ? mayRun(call, node) : {}
    return { node: { services: node.services, files: node.files, ...isOpen } }
  }
  const at = withUnit(call, node, name, manager)
  const arrival = arrivalAt(at.files, name, manager, call.atoms)
  if (arrival.unit === undefined && call.context.stage.scenario.k3s !== 'absent' && node.starts.size > 0)
    return { node: { services: node.services, files: node.files } }
  if (arrival.unit === undefined) throw new ModuleFails(`${NO_UNIT} ${name}`)
  return startedK3s(call, at, arrival, hop)
}

/**
 * Whether modules certainly fail for want of the unit, whatever they are to make of it: `fail_if_missing` in
 * systemd_service.py. OpenRC takes a service that it does not have for one that is stopped and not enabled.
 */
function isMissing(call: Call, name: string): boolean {
  const { node, context } = call
  const manager = managerFor(call, node, name)
  if (manager !== 'systemd' || !call.isOnNode || (call.plain('scope') ?? 'system') !== 'system') return false
  if (!isK3s(call, node, name, manager) || node.files.has(`/etc/init.d/${name}`)) return false
  // Nodes that have K3s from before may have it under another name than is seen here.
  if (context.stage.scenario.k3s !== 'absent') return false
  if (node.services.get(name)?.started === true || node.starts.has(name)) return false
  return !node.isPackaged && !node.isOpen && unitInForce(node.files, name) === undefined
}

/** The node with the unit of a service that a package has brought, or something else that was not followed. */
function withUnit({ atoms }: Call, node: NodeState, name: string, manager: ServiceManager): NodeState {
  const isBrought = node.isPackaged || node.isOpen
  if (!isBrought || arrivalAt(node.files, name, manager, atoms).unit !== undefined) return node
  const why = node.isPackaged ? FROM_PACKAGE : NOT_FOLLOWED
  return { ...node, files: new Map(node.files).set(...broughtUnit(name, manager, why)) }
}

/** What comes of a start of K3s, whoever it is that starts it. */
export function startedK3s(call: Call, node: NodeState, arrival: Arrival, hop: Hop): Effect {
  const name = arrival.service
  const { token, agentToken, reads } = arrival
  for (const path of [token.file, agentToken.file, ...reads.map((read) => read.path)])
    if (path !== undefined) call.context.stage.reads(normalised(path))
  const earlier = joinedBefore(node, arrival)
  const kept = earlier?.kept ?? earlier?.arrival
  const hops = [...(earlier === undefined ? wayOfPlaced(call, node, arrival) : wayOf(earlier)), hop]
  const starts = new Map(node.starts).set(name, { arrival, kept, at: hop.at, hops })
  if (arrival.token.unknown === FROM_PACKAGE) call.note(`the unit of ${name} comes from a package`)
  const files = isServer(arrival) ? withTokenFiles(call, node, arrival) : node.files
  return {
    node: {
      services: node.services,
      files,
      starts,
      founding: foundingOf(node, arrival),
      // What runs is there, whichever way it came.
      ...(node.k3s === 'absent' ? { k3s: 'present' as const } : {}),
    },
    events: [
      {
        what: 'service-started',
        host: call.target,
        kind: 'agent',
        at: hop.at,
        service: name,
        arrival,
        kept,
        hops,
      },
    ],
  }
}

/**
 * What a server goes on with that gets no token: the one that it keeps itself since its first start. A file `server/token` that
 * a task has put there is not read for that; only with a datastore that servers share it opens what another one has put there.
 * Where the directory is not known, it is whichever one there is.
 * https://github.com/k3s-io/k3s/blob/09ac65a68f11d6cf0a9b17fb8d53e61ca72791a9/pkg/daemons/control/deps/deps.go
 */
function keptIn(
  files: PaperFiles,
  { dataDir, externalDatastore }: Partial<Pick<Arrival, 'dataDir' | 'externalDatastore'>>,
): PaperFile | undefined {
  const of = (name: string): PaperFile | undefined =>
    files.get(`${serverDirOf({ dataDir })}${name}`) ??
    (dataDir === undefined ? [...files].find(([path]) => path.endsWith(`/server${name}`))?.[1] : undefined)
  return of(KEPT) ?? (externalDatastore === false ? undefined : of('/token'))
}

/**
 * The start that has made the node a server already, whichever service that was: without a token K3s goes on with the one
 * that it keeps since then.
 */
function joinedBefore({ starts, files }: NodeState, arrival: Arrival): Started | undefined {
  const { command, token, dataDir } = arrival
  if (command !== 'server' || (token.state !== 'absent' && token.state !== 'empty')) return undefined
  if (keptIn(files, arrival) === undefined) return undefined
  const before = [...starts.values()].filter(
    ({ arrival: { command: other, dataDir: its } }) =>
      other === 'server' && (dataDir === undefined || its === undefined || dataDir === its),
  )
  const gotOne = (state: CarriedState): Started | undefined =>
    before.findLast(({ arrival: other, kept }) => (kept ?? other).token.state === state)
  return gotOne('present') ?? gotOne('maybe')
}

/** Where what a server keeps is gone, the next start makes it a new one. */
function foundingOf({ founding, files }: NodeState, arrival: Arrival): Arrival | undefined {
  if (arrival.command === 'agent') return founding
  const isNew = founding === undefined || (isServer(arrival) && keptIn(files, arrival) === undefined)
  return isNew ? arrival : founding
}

/** The way of the token that a server goes on with: of starts in between nobody needs to hear. */
const wayOf = ({ arrival, kept, hops }: Started): readonly Hop[] =>
  kept === undefined ? [...arrival.token.hops, ...hops] : hops.slice(0, -1)

/** The way of a token that tasks have put where a server without one looks for its own. */
function wayOfPlaced({ atoms }: Call, { files }: NodeState, arrival: Arrival): readonly Hop[] {
  const { command, token } = arrival
  if (command !== 'server' || token.state === 'present') return []
  const { content, hops } = keptIn(files, arrival) ?? {}
  const isOwn =
    typeof content !== 'string' || atoms.in(content).some(({ root }) => root.what.startsWith(SERVERS_OWN))
  return isOwn ? [] : (hops ?? [])
}

function isK3s({ atoms }: Call, { files }: NodeState, name: string, manager: ServiceManager): boolean {
  if (/\.(?:timer|socket|path|target|mount|slice)$/.test(name)) return false
  if (!/k3s/i.test(name)) return servicesRunning(files, manager, atoms).includes(name)
  return !startsAnother(files, name, manager, atoms)
}

/** What certainly is a server, or by its name and with a token that is known: others read that back. */
const isServer = ({ command, service, token }: Arrival): boolean =>
  command === 'server' ||
  (command === 'unknown' && token.state === 'present' && !/agent|node|worker/i.test(service))

/** A server that has started keeps its token in files that other tasks read. */
function withTokenFiles(call: Call, node: NodeState, arrival: Arrival): NodeState['files'] {
  const directory = serverDirOf(arrival)
  const named = arrival.dataDir === undefined ? '…/server/token' : `${directory}/token`
  const hop = call.hop(`K3s writes its token to ${named}`)
  // Without a token a server goes on with the one that it has; where those of before keep it nobody knows.
  const isOfBefore = node.founding === undefined && call.context.stage.scenario.k3s !== 'absent'
  const found = keptIn(node.files, isOfBefore ? {} : arrival)
  if (arrival.token.state !== 'present' && found !== undefined) return node.files
  const { state, text, doubtful } = arrival.token
  const [mark] = (state === 'present' ? text : doubtful)?.marks ?? []
  const content =
    mark === undefined
      ? call.serverToken(
          call.target,
          state === 'absent' || state === 'empty' ? `K3s makes a token of its own in ${named}` : hop.what,
        )
      : call.atoms.mark(call.atoms.derive(mark.atom, hop, { text: undefined, isFilled: true }))
  const file: PaperFile = { kind: 'file', content: `${content}\n`, mode: 0o600, owner: 'root', hops: [hop] }
  const files = new Map(node.files)
  const agent = arrival.agentToken.state === 'present' ? arrival.agentToken.text?.marks[0] : undefined
  for (const name of ['token', 'node-token', 'agent-token']) files.set(`${directory}/${name}`, file)
  if (agent !== undefined) {
    const where = arrival.dataDir === undefined ? '…/server/agent-token' : `${directory}/agent-token`
    const hops = [call.hop(`K3s writes the agent token to ${where}`)]
    files.set(`${directory}/agent-token`, { ...file, content: `${call.atoms.mark(agent.atom)}\n`, hops })
  }
  const ofAgents = agent === undefined ? content : call.atoms.mark(agent.atom)
  const users = `${ofAgents},node,node,k3s:agent\n${content},server,server,k3s:server\n`
  files.set(`${directory}${KEPT}`, { ...file, content: users })
  return files.set('/etc/rancher/k3s/k3s.yaml', { ...file, content: { unknown: 'the kubeconfig' } })
}
