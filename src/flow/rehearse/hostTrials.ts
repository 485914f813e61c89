import type { NodeKind, Scenario } from '../rehearsal.ts'
import { startsServer } from './beginnings.ts'
import { leavesK3s } from './bringing.ts'
import type { Question } from './context.ts'
import { groupKind, isOfNodes } from './groupKinds.ts'
import { comparedServers, type Invention } from './inventedHosts.ts'
import { withAgents } from './invention.ts'
import { missingKinds, moreHosts, type Outsiders, runningCommands, startedCommands } from './outsiders.ts'
import { groupsOfOwn, wantedGroups } from './pattern.ts'
import type { PlaybookRuns } from './playbookRuns.ts'
import { kindsOf } from './verdicts.ts'
import type { World } from './world.ts'

/** A run on clean nodes, of the hosts that it shows there to be. */
export function onClean(runs: PlaybookRuns, base: Scenario, asked: Set<Question>): readonly World[] {
  const worlds = runs.run(base, asked, runs.clean(base))
  if (!asked.has('own-token') || !worlds.some(startsServer)) return withOutsiders(runs, base, asked, worlds)
  runs.makesServers = true
  return withOutsiders(runs, base, asked, runs.run(base, asked, runs.clean(base)))
}

/**
 * Conditions may name the groups of one kind of node only, and bring K3s to all others as the other kind: what starts on
 * hosts that are in no such group shows that.
 */
function withOutsiders(
  runs: PlaybookRuns,
  base: Scenario,
  asked: Set<Question>,
  worlds: readonly World[],
): readonly World[] {
  const invention = runs.invention
  if (invention === undefined || invention.outsiders !== undefined) return worlds
  let outsiders: Outsiders = {}
  for (const kind of missingKinds(worlds)) {
    const groups = runs.director.groupsWithVariables.filter((name) => groupKind(name) === kind)
    const tried = { ...outsiders, [kind]: groups }
    const trial = runs.on({ ...invention, outsiders: tried })
    const added = moreHosts(runs.closure.patterns, runs.hostsOf(base), trial.hostsOf(base))
    if (added.size === 0) continue
    const found = trial.run(base, new Set(), trial.clean(base), false)
    if (startedCommands(found, (host) => added.has(host)).has(kind)) outsiders = tried
  }
  if (Object.keys(outsiders).length === 0) return worlds
  runs.invents({ ...invention, outsiders })
  return onClean(runs, base, asked)
}

/**
 * Groups to which no play brings K3s, where plays bring it to others of their kind, are without hosts where K3s runs on no
 * server or on no agent if they have all of them: those that are gone are never the whole cluster.
 */
export function withEmptyGroups(
  runs: PlaybookRuns,
  base: Scenario,
  asked: Set<Question>,
  worlds: readonly World[],
): readonly World[] {
  const invention = runs.invention
  const before = runningCommands(worlds)
  if (invention === undefined || (before.has('server') && before.has('agent'))) return worlds
  const { content, project } = runs.director
  const bringing = runs.closure.hosts.filter((one) => leavesK3s(one, content, project))
  const brought = new Set(bringing.flatMap(({ pattern }) => wantedGroups(pattern)))
  const kinds = new Set([...brought].map(groupKind))
  const own = new Set(groupsOfOwn(runs.closure.texts))
  const { groupNames, added } = invention
  const empty = groupNames.filter(
    (group) =>
      isOfNodes(group) &&
      kinds.has(groupKind(group)) &&
      !brought.has(group) &&
      !own.has(group) &&
      added?.has(group) !== true,
  )
  if (empty.length === 0) return worlds
  const tried = { ...invention, empty: new Set(empty) }
  const trial = runs.on(tried)
  const found = runningCommands(trial.run(base, new Set(), trial.clean(base), true, false))
  const more = [...found].filter((command) => command !== 'unknown' && !before.has(command))
  if (more.length === 0 || ![...before].every((command) => found.has(command))) return worlds
  runs.director.note({
    at: runs.beginning,
    what: `no hosts are assumed in ${empty.join(' and ')}: else K3s would run on no ${more.join(' and on no ')}`,
  })
  runs.invents(tried)
  return onClean(runs, base, asked)
}

/**
 * A name that conditions compare says nothing of what its host is, which the first run has shown: a name with which a server
 * has started is that of a server, the founding one first; one with which nothing has started, of none.
 */
export function calledByStarts(
  runs: PlaybookRuns,
  base: Scenario,
  first: readonly World[],
  asked: Set<Question>,
): readonly World[] {
  const invention = runs.invention
  if (invention === undefined) return first
  const tried = comparedServers(invention)
  if (tried.length === 0) return first
  const hosts = runs.hostsOf(base)
  const found = first.flatMap((world) =>
    [...kindsOf(world, hosts, base)].filter(([host]) => world.node(host).starts.size > 0),
  )
  const of = (kind: NodeKind): readonly string[] => found.flatMap((one) => (one[1] === kind ? one[0] : []))
  const joining = tried.filter((name) => of('joining-server').includes(name))
  const founding = of('first-server').toSorted(
    (a, b) => Number(tried.includes(b)) - Number(tried.includes(a)),
  )
  const isServer = joining.length > 0 || founding.some((name) => tried.includes(name))
  const servers = isServer ? [...new Set([...founding.slice(0, 1), ...joining])].slice(0, 2) : []
  if (servers.join() === tried.join()) return first
  const agents = tried.filter((name) => of('agent').includes(name) && !servers.includes(name))
  runs.invents({
    ...invention,
    ...withAgents(invention, agents),
    compared: new Map([
      ...servers.map((name) => [name, []] as const),
      ...[...(invention.compared ?? [])].filter(([name]) => !tried.includes(name)),
    ]),
  })
  return onClean(runs, base, asked)
}

/** Hosts that were assumed to be servers, and on which no more than an agent starts, as on other hosts. */
export function serversThatAreNone(runs: PlaybookRuns, worlds: readonly World[]): Invention['leftOut'] {
  if (runs.ownHosts !== undefined) return undefined
  const { assumedServers, askedServers, hosts } = runs.inventedHosts('several')
  const isAgent = (host: string): boolean =>
    [...startedCommands(worlds, (name) => name === host)].join() === 'agent'
  const areAgents = (names: readonly string[]): boolean => names.length > 0 && names.every(isAgent)
  const others = [...hosts.keys()].filter((name) => !askedServers.includes(name))
  if (areAgents(askedServers) && (others.length === 0 || others.some(isAgent))) return 'servers'
  if (![...hosts.keys()].some((name) => !assumedServers.includes(name) && isAgent(name))) return undefined
  const alone = runs.inventedHosts('one').assumedServers
  if (alone.length > 0 && areAgents(assumedServers)) return 'servers'
  return areAgents(assumedServers.filter((name) => !alone.includes(name))) ? 'joining' : undefined
}
