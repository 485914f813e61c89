import { parseToken } from '../../token/form.ts'
import { arrivalAt } from '../arrival/index.ts'
import { type Arrival, type Carried, isWholeResult } from '../arrival.ts'
import { type Atom, type Atoms, isPadded, outline, type TracedText } from '../atoms.ts'
import type { Event, NodeKind, Scenario, Verdict } from '../rehearsal.ts'
import { SERVERS_OWN } from './call.ts'
import { CONTROL_NODE, type PaperHosts } from './hosts.ts'
import { foundedByHand } from './installed.ts'
import { KEPT, SERVER_DIR, serverDirOf } from './modules/files.ts'
import { isRandom, perhapsShared } from './modules/generated.ts'
import { assumptionsOf, type Started, type World } from './world.ts'

/** What came of one scenario in one world, node by node. */
export interface Outcome {
  readonly host: string
  readonly kind: NodeKind
  readonly service: string
  readonly start: Started
  readonly token: Verdict['token']
  readonly isRenewed?: true
}

/**
 * The kind of each host, from what its services start. The first server is the one that founds the cluster: on clean nodes
 * none that is told to join another, whichever starts first. It stays the first one, whatever it is told later.
 */
export function kindsOf(world: World, hosts: PaperHosts, { k3s }: Scenario): ReadonlyMap<string, NodeKind> {
  const started = world.events.flatMap((event) => (event.what === 'service-started' ? [event.host] : []))
  const isFresh = k3s === undefined || k3s === 'absent'
  const order = isFresh ? started : [...nodesInOrder(world, hosts), ...started]
  const kinds = new Map<string, NodeKind>()
  const servers: { readonly host: string; readonly founding: Arrival }[] = []
  for (const host of new Set([...order, ...startable(hosts)])) {
    const { starts, founding } = world.node(host)
    const commands = commandsOf(starts)
    const kind = commands.has('server')
      ? 'joining-server'
      : commands.has('agent')
        ? 'agent'
        : kindByName(host, hosts.hosts.get(host)?.groups ?? [], starts)
    kinds.set(host, kind)
    if (kind === 'joining-server' && founding !== undefined) servers.push({ host, founding })
  }
  const [first] = servers.toSorted((a, b) => foundingRank(a.founding) - foundingRank(b.founding))
  const isFounded = first !== undefined && foundingRank(first.founding) !== JOINS
  // How K3s came to be there is not seen: it may have got the URL of another since.
  const byHand = isFresh
    ? undefined
    : servers.find(({ host, founding }) => host === foundedByHand(hosts) && begunIn(world).has(founding))
  const founder = isFounded ? first : byHand
  if (founder !== undefined) kinds.set(founder.host, 'first-server')
  return kinds
}

/** What this run itself has started. */
const begunIn = ({ events }: World): ReadonlySet<Arrival> =>
  new Set(events.flatMap((event) => (event.what === 'service-started' ? [event.arrival] : [])))

/** In the order in which the run before has started them, if one has. */
const nodesInOrder = (world: World, hosts: PaperHosts): readonly string[] => {
  const known = new Set(startable(hosts))
  return [...world.nodes.keys()].filter((host) => known.has(host))
}

/** The hosts on which a server starts. */
export const serversOf = (world: World, hosts: PaperHosts, scenario: Scenario): readonly string[] =>
  [...kindsOf(world, hosts, scenario)].flatMap(([host, kind]) =>
    kind !== 'agent' && world.node(host).starts.size > 0 ? [host] : [],
  )

/** The kind that a service makes its host: an agent beside a server is an agent all the same, and makes no token. */
const kindOfStart = ({ command }: Arrival, ofHost: NodeKind): NodeKind =>
  command === 'agent' ? 'agent' : ofHost

const JOINS = 3

/**
 * How little speaks against a server as the one that founds the cluster, by what it starts with first. K3s that has a URL
 * joins, `--cluster-init` or not; but on a datastore that servers share it asks for nothing at the URL: the first to start
 * there founds the cluster, and the others join by what it has put there.
 * https://github.com/k3s-io/k3s/blob/0663681a3d6bc7b5cecb4e46ae75dfcae056a108/pkg/cluster/managed.go
 */
function foundingRank({ serverUrl, clusterInit, externalDatastore }: Arrival): number {
  if (serverUrl.state === 'present' && externalDatastore !== true) return JOINS
  if (clusterInit === true) return 0
  return serverUrl.state === 'maybe' ? 2 : 1
}

const commandsOf = (starts: ReadonlyMap<string, Started>): ReadonlySet<Arrival['command']> =>
  new Set([...starts.values()].map(({ arrival }) => arrival.command))

const OF_AGENTS = /agent|worker/i
const OF_SERVERS = /server|master|control/i

/**
 * Where nobody knows what is started: a service called k3s-agent, with none called k3s beside it, is the one that the install
 * script makes on agents, and groups may be of other machines, too. Else groups say more than the host's own name, without its
 * domain, and that more than a service called k3s, as the install script makes it on servers, and some roles on agents, too.
 */
function kindByName(host: string, groups: readonly string[], starts: ReadonlyMap<string, Started>): NodeKind {
  if (starts.has('k3s-agent') && !starts.has('k3s')) return 'agent'
  if (groups.some((group) => OF_AGENTS.test(group))) return 'agent'
  if (groups.some((group) => OF_SERVERS.test(group))) return 'joining-server'
  const [name = ''] = host.split('.')
  if (OF_AGENTS.test(name)) return 'agent'
  return starts.has('k3s') || OF_SERVERS.test(name) ? 'joining-server' : 'agent'
}

export function outcomesOf(
  world: World,
  hosts: PaperHosts,
  scenario: Scenario,
  atoms: Atoms,
): readonly Outcome[] {
  const kinds = kindsOf(world, hosts, scenario)
  // Where all of them join, it is a cluster that is there: they have one token all the same.
  const servers = [...kinds].filter(([host, kind]) => kind !== 'agent' && world.node(host).starts.size > 0)
  const [first] = servers.find(([, kind]) => kind === 'first-server') ?? servers[0] ?? []
  const founding =
    first === undefined
      ? undefined
      : [...world.node(first).starts.values()].find(({ arrival }) => arrival.command === 'server')
  const server =
    founding === undefined
      ? undefined
      : { ...founding.arrival, token: (founding.kept ?? founding.arrival).token }
  const directory = founding === undefined ? SERVER_DIR : serverDirOf(founding.arrival)
  const files = first === undefined ? undefined : world.node(first).files
  const file = (files?.get(`${directory}${KEPT}`) ?? files?.get(`${directory}/token`))?.content
  const lines = typeof file === 'string' ? file.split('\n') : []
  const kept = atoms.in(lines.find((line) => line.includes(',server,')) ?? lines[0] ?? '')
  return startable(hosts).flatMap((host) => {
    const { starts } = world.node(host)
    return [...starts].map(([service, start]): Outcome => {
      const kind = kindOfStart(start.arrival, kinds.get(host) ?? 'agent')
      const renewed = kind === 'agent' ? undefined : renewedStart(world, host, start, scenario, atoms)
      // Something that is not followed may have taken away what the server keeps.
      const renewal = world.node(host).isOpen ? 'maybe' : 'different'
      if (renewed !== undefined)
        return { host, kind, service, start: renewed, token: renewal, isRenewed: true }
      const token = tokenOutcome(start.kept ?? start.arrival, kind, server, kept)
      return { host, kind, service, start, token }
    })
  })
}

/**
 * The start of a server in a second run that certainly gives it another token than the one which it was founded with in the
 * run before. K3s keeps the data of the cluster encrypted by that one, whatever the datastore is, and does not start with
 * another. Of a service that is left running it is the next start. `undefined` where there is none.
 * https://github.com/k3s-io/k3s/blob/0663681a3d6bc7b5cecb4e46ae75dfcae056a108/pkg/cluster/storage.go
 */
function renewedStart(
  world: World,
  host: string,
  start: Started,
  { again, manager = 'systemd' }: Scenario,
  atoms: Atoms,
): Started | undefined {
  const { founding, files, services } = world.node(host)
  const begun = begunIn(world)
  if (again !== true || founding === undefined || begun.has(founding)) return undefined
  const isAnother = ({ command, token }: Arrival): boolean =>
    command === 'server' && isMadeSince(token, founding.token)
  if (begun.has(start.arrival)) return isAnother(start.arrival) ? start : undefined
  const { service } = start.arrival
  const { started, enabled } = services.get(service) ?? {}
  if (started !== true || enabled !== true) return undefined
  const arrival = arrivalAt(files, service, manager, atoms)
  if (!files.has(`${serverDirOf(arrival)}/token`)) return undefined
  const hop = { at: start.at, what: `${service} gets it when it starts the next time` }
  return isAnother(arrival) ? { arrival, kept: undefined, at: start.at, hops: [hop] } : undefined
}

/** Whether some of a token is made anew, and was not there before. */
const isMadeSince = ({ state, text }: Carried, before: Carried): boolean =>
  state === 'present' &&
  before.state !== 'maybe' &&
  text?.marks.some(
    ({ atom }) => isRandom(atom) && !before.text?.marks.some((other) => other.atom.root === atom.root),
  ) === true

/** The hosts whose services count: K3s may run on the control node, too. */
const startable = (hosts: PaperHosts): readonly string[] => [
  ...hosts.hosts.keys(),
  ...(hosts.hosts.has(CONTROL_NODE) ? [] : [CONTROL_NODE]),
]

function tokenOutcome(
  { token }: Arrival,
  kind: NodeKind,
  server: Pick<Arrival, 'token' | 'agentToken'> | undefined,
  kept: readonly Atom[],
): Verdict['token'] {
  if (token.state !== 'present' || kind === 'first-server') return token.state
  if (isWholeResult(token)) return 'different'
  const mine = token.text?.marks.map(({ atom }) => atom) ?? []
  if (server === undefined)
    return mine.length > 0 && mine.every(isServers) && isPadded(token.text ?? BARE) ? 'different' : 'present'
  if (mine.length === 0) return 'present'
  if (kind === 'agent' && server.agentToken.state === 'present' && !differs(token, server.agentToken, []))
    return 'present'
  if (differs(token, server.token, kept)) return 'different'
  return mayDiffer(mine, givenOf(server.token, kept)) ? 'maybe' : 'present'
}

/** What the server has: what it was given, or else what it keeps. */
const givenOf = ({ state, text }: Carried, kept: readonly Atom[]): readonly Atom[] =>
  state === 'present' ? (text?.marks.map(({ atom }) => atom) ?? []) : kept

/**
 * Whether each node made its own of what others may have, too: one second later it is another token, and each file that
 * `lookup('password', …)` keeps has a text of its own, unless somebody copies one.
 */
function mayDiffer(mine: readonly Atom[], given: readonly Atom[]): boolean {
  const isOwn = ({ root }: Atom): boolean =>
    root.kind === 'runtime' ? perhapsShared.has(root.what) : /^lookup\('password', '/.test(root.what)
  return (
    given.some(isOwn) &&
    mine.every(isOwn) &&
    !mine.some(({ root }) => given.some((other) => other.root === root))
  )
}

/** Why it is not known whether a node has the token of the others. */
export const OF_ITS_OWN =
  'each node makes a token of its own, and only a real run shows whether they are the same'

/** Why it is not known whether K3s takes the token of another run. */
const MADE_AGAIN =
  'each run makes another token, which K3s takes only if something that is not followed took away what the server keeps'

/** Whether a node's token is certainly not the server's; `kept` is what the server has on its disk. */
function differs(own: Carried, servers: Carried, kept: readonly Atom[]): boolean {
  const mine = own.text?.marks.map(({ atom }) => atom) ?? []
  const given = givenOf(servers, kept)
  if (mine.some(isCiphertext) !== given.some(isCiphertext)) return given.length > 0
  const [a, b] = [own.text?.text, servers.state === 'present' ? servers.text?.text : undefined]
  if (a !== undefined && b !== undefined && mine.every(isSettled) && given.every(isSettled))
    return passwordOf(a) !== passwordOf(b)
  if (mine.some(({ root }) => given.some((other) => other.root === root)))
    return isPaddedOtherwise(own, servers)
  // Each node that makes a random one has its own.
  if (mine.length > 0 && given.length > 0 && [...mine, ...given].every(isRandom)) return true
  // Where it is not known what the server was given, it may be just this.
  if (servers.state === 'maybe') return false
  // A founding server without a token has made one of its own, which no file of the project can know.
  if (servers.state !== 'present')
    return (
      given.length > 0 &&
      mine.every((atom) => isSettled(atom) || isRandom(atom)) &&
      !given.some(({ root }) => root.kind === 'scenario')
    )
  const isServersOwn = mine.length > 0 && mine.every(isServers)
  return isServersOwn && given.length > 0 && given.every(isSettled)
}

/** A token of the server's own making, whatever it is. */
const BARE: TracedText = { text: '?', marks: [] }

/** Whether other white space stands around a token than around the server's: K3s keeps it, but for that of token files. */
function isPaddedOtherwise({ text: own = BARE }: Carried, { text, doubtful }: Carried): boolean {
  const other = text ?? doubtful ?? BARE
  return (isPadded(own) || isPadded(other)) && outline(own) !== outline(other)
}

const isServers = ({ root }: Atom): boolean => root.what.startsWith(SERVERS_OWN)
const isCiphertext = (atom: Atom): boolean => atom.isCiphertext === true
const isSettled = ({ text }: Atom): boolean => text !== undefined

function passwordOf(text: string): string {
  const form = parseToken(text)
  return 'password' in form && typeof form.password === 'string' ? form.password : text
}

/** Where the hosts are invented, users are still to say which host the URL names. */
const urlOf = (
  { serverUrl: { state, text } }: Arrival,
  { sources }: PaperHosts,
): Arrival['serverUrl']['state'] =>
  state === 'empty' && text !== undefined && sources === undefined ? 'maybe' : state

/** Whether a server joins no other: it needs no token. */
const founds = ({ kind, token, start: { arrival } }: Outcome): boolean =>
  kind === 'first-server' ||
  (kind === 'joining-server' && token === 'absent' && arrival.serverUrl.state === 'absent')

/** Whether it is certainly the first of a cluster of its own; of servers that nobody has named yet that is not said. */
const isAlone = (outcome: Outcome, { servers }: Scenario): boolean =>
  servers === undefined && founds(outcome) && outcome.start.arrival.externalDatastore === false

/** The worlds of one scenario as one verdict for each host and service. */
export function verdictsOf(
  playbook: string,
  scenario: Scenario,
  hosts: PaperHosts,
  worlds: readonly World[],
  atoms: Atoms,
  hopsOf: (start: Started) => Verdict['hops'],
): readonly Verdict[] {
  const groups = new Map<string, { readonly outcome: Outcome; readonly world: World }[]>()
  for (const world of worlds) {
    // What an earlier playbook has started, and this one leaves alone, is not its outcome.
    const begun = begunIn(world)
    for (const outcome of outcomesOf(world, hosts, scenario, atoms)) {
      if (scenario.again !== true && !begun.has(outcome.start.arrival)) continue
      const key = `${outcome.host} ${outcome.service}`
      groups.set(key, [...(groups.get(key) ?? []), { outcome, world }])
    }
  }
  return [...groups.values()].flatMap((found) => {
    // What the run before had found to be otherwise says something only where nothing else does.
    const own = found.filter(({ world }) => !world.isContrary)
    const all = own.length === 0 ? found : own
    const count = all === own ? worlds.filter(({ isContrary }) => !isContrary).length : worlds.length
    const [first] = all
    if (first === undefined) return []
    const worst = all.find(({ outcome }) => outcome.token !== 'present') ?? first
    // A start that only some worlds have may be of a world that can't be: no fault is certain there. Who founds a cluster has none.
    const isWhole = all.length === count || all.every(({ outcome }) => founds(outcome))
    const isCut = all.some(({ world }) => world.isCut)
    const agree =
      all.every(({ outcome }) => outcome.token === first.outcome.token) &&
      ((isWhole && !isCut) || first.outcome.token === 'present')
    const { host, kind, service, start } = worst.outcome
    const { arrival } = start
    const urls = new Set(all.map(({ outcome }) => urlOf(outcome.start.arrival, hosts)))
    const [url] = urls
    const isOwn = isWhole && !isCut && all.every(({ outcome }) => isAlone(outcome, scenario))
    const { groups: ofHost = [], alike = [] } = hosts.hosts.get(host) ?? {}
    const { starts } = worst.world.node(host)
    const commands = commandsOf(starts)
    const isByName = !commands.has('server') && !commands.has('agent')
    const disagreement = isCut
      ? 'the play may go more ways than were followed'
      : 'it depends on what only a real run shows'
    const isUrlOpen = urls.size > 1 || (url !== 'present' && (!isWhole || isCut))
    const serverUrl = isUrlOpen || url === 'maybe' ? ('maybe' as const) : url === 'present'
    const ofToken = agree
      ? ((start.kept ?? arrival).token.unknown ??
        (worst.outcome.token !== 'maybe' ? undefined : worst.outcome.isRenewed ? MADE_AGAIN : OF_ITS_OWN))
      : ((isCut ? undefined : openIn(all.map(({ outcome }) => outcome))) ?? disagreement)
    const ofUrl = isUrlOpen ? disagreement : serverUrl === 'maybe' ? arrival.serverUrl.unknown : undefined
    return [host, ...alike].map((name) => ({
      playbook,
      ...(hosts.sources === undefined ? {} : { inventory: hosts.sources }),
      ...(hosts.added?.has(name) === true ? { isAdded: true as const } : {}),
      ...(hosts.filledWith?.has(name) === true ? { isAssumed: true as const } : {}),
      host: name,
      kind: isOwn
        ? ('first-server' as const)
        : isByName && name !== host
          ? kindByName(name, ofHost, starts)
          : kind,
      scenario,
      service,
      token: agree ? worst.outcome.token : ('maybe' as const),
      ...(agree && worst.outcome.isRenewed === true ? { isRenewed: true as const } : {}),
      source: start.kept === undefined ? arrival.token.carrier : 'none',
      serverUrl,
      hops: hopsOf(start),
      arrival,
      at: start.at,
      unknown: ofToken ?? (kind === 'first-server' || isOwn ? undefined : ofUrl),
      assumptions: agree || isCut ? [] : assumptionsOf(worst.world),
    }))
  })
}

/** What leaves the token open wherever it does not arrive, if that is one thing in all worlds. */
function openIn(outcomes: readonly Outcome[]): string | undefined {
  const open = outcomes.filter(({ token }) => token !== 'present')
  const [reason, ...others] = new Set(open.map(({ start }) => (start.kept ?? start.arrival).token.unknown))
  return others.length === 0 && open.every(({ token }) => token === 'maybe') ? reason : undefined
}

/**
 * Without the second server of invented hosts where no scenario brings it to the first one: the project is for a single
 * server, and nobody will give it two. Nor is an agent that nothing in the project knows of one more of them.
 */
export function ofServersThatJoin(
  verdicts: readonly Verdict[],
  isAssumed: (verdict: Verdict) => boolean,
): readonly Verdict[] {
  const wanted = verdicts.filter((verdict) => verdict.kind !== 'joining-server' || !isAssumed(verdict))
  const isSecond = ({ kind, scenario }: Verdict): boolean =>
    kind === 'joining-server' && scenario.servers === 'several'
  const joined = new Set(
    wanted
      .filter(
        (verdict) =>
          isSecond(verdict) &&
          (verdict.token !== 'absent' ||
            verdict.serverUrl !== false ||
            verdict.arrival.externalDatastore !== false),
      )
      .map(({ playbook }) => playbook),
  )
  const shown = wanted.filter((verdict) => !isSecond(verdict) || joined.has(verdict.playbook))
  // The hosts of a sample tell the same with a server beside them that nobody sees.
  const isBesideNone = ({ playbook, inventory, scenario }: Verdict): boolean =>
    inventory !== undefined && scenario.servers === 'several' && !joined.has(playbook)
  const told = new Set(shown.filter((verdict) => !isBesideNone(verdict)).map(fateOf))
  return shown.filter((verdict) => !isBesideNone(verdict) || !told.has(fateOf(verdict)))
}

/** Whether a start is one that joins a cluster, or might be. */
export const mayJoin = ({ token, serverUrl, externalDatastore }: Arrival): boolean =>
  token.state !== 'absent' || serverUrl.state !== 'absent' || externalDatastore !== false

/** What is told of a host, however many servers there are. */
function fateOf(verdict: Verdict): string {
  const { playbook, inventory, host, kind, service, token, source, serverUrl, assumptions } = verdict
  const { airgapped, manager, tokenGiven, k3s, again } = verdict.scenario
  return JSON.stringify([
    [playbook, inventory, host, kind, service, token, source, serverUrl, assumptions],
    [airgapped, manager, tokenGiven, k3s, again, verdict.arrival.failure],
  ])
}

/** Events with the kind of the node that they happened on, starts with that of their service, the world's own way first. */
export function eventsOf(world: World, hosts: PaperHosts, scenario: Scenario): readonly (readonly Event[])[] {
  const kinds = kindsOf(world, hosts, scenario)
  return world.ways.map((events) =>
    events.map((event) => {
      const kind = kinds.get(event.host) ?? event.kind
      return { ...event, kind: event.what === 'service-started' ? kindOfStart(event.arrival, kind) : kind }
    }),
  )
}
