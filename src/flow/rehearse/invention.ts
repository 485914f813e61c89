import { LOCALHOST } from '../../ansible/inventory/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import { bringsK3s } from './bringing.ts'
import { comparedHosts } from './comparedHosts.ts'
import { groupKind, isOfNodes } from './groupKinds.ts'
import { GROUPS, groupsMadeBy, madeByAll, UNGROUPED } from './groups.ts'
import { comparedServers, type Invention, inventedHosts } from './inventedHosts.ts'
import { isAgentName, kindVariables, namedHosts } from './kinds.ts'
import { isHeaded, isToldApart, wholeGroups } from './outsiders.ts'
import { groupsByVariable, groupsOfOwn, isForAll, isForOthers, namedGroups } from './pattern.ts'
import type { PlaybookRuns } from './playbookRuns.ts'
import { groupsAround, hasChildren } from './unfilled.ts'

/** Hosts of one group, of those that tasks add, that are followed at most. */
const MOST_ADDED = 8

/** What a project says of the hosts of a playbook, which no inventory of it names. */
export function inventionOf(runs: PlaybookRuns): Invention {
  const { content, project } = runs.director
  const { patterns, texts } = runs.closure
  const kinds = kindVariables(runs.closure, runs.switches, content, project)
  const groups = runs.groupsInTexts
  const unfilled = runs.director.unfilledInventory(runs.closure, runs.playbook.path)
  const named = [...new Set([...namedGroups([...patterns, ...groups]), ...(unfilled?.leaves ?? [])])]
  // Hosts of others are in the groups that these have in them.
  const isOfHosts = (group: string): boolean => unfilled === undefined || !hasChildren(unfilled, group)
  const isFilled = (group: string): boolean =>
    unfilled?.leaves.includes(group) === true &&
    groupsAround(unfilled, group).some((name) => isBroughtTo(runs, name))
  const invention: Invention = {
    groupNames: named.filter(isOfHosts),
    played: new Set([...namedGroups(patterns), ...groupsOfOwn(texts), ...(unfilled?.leaves ?? [])]),
    byVariable: groupsByVariable(texts, (name) => runs.director.defaultOf(name)).filter(isOfHosts),
    unfilled,
    isOfCluster: (group) =>
      (groupKind(group) !== 'beside' && (groups.includes(group) || isFilled(group))) ||
      isBroughtTo(runs, group),
    hasOthers: patterns.some(isForOthers),
    wholes: wholeGroups(runs.closure, content, project),
    founding: (group) => {
      if (!isBroughtTo(runs, group)) return undefined
      const isTold =
        isToldApart(group, runs.closure) ||
        [...kinds.values()].some(({ first, joining }) => first !== joining)
      return isTold ? 'all' : 'first'
    },
    isHeaded: (group) => isBroughtTo(runs, group) && isHeaded(group, runs.closure),
    named: namedHosts(runs.closure, runs.switches, content, groups),
    kinds: new Map([...kinds].filter(([name]) => runs.director.extraVariable(name) === undefined)),
    project,
    playbookDirectory: directoryOf(runs.playbook.path),
  }
  const compared = new Map(comparedHosts(runs.closure, invention, runs.director))
  const agents = comparedServers({ ...invention, compared }).filter(isAgentName)
  for (const name of agents) compared.delete(name)
  return withAdded(runs, { ...invention, ...withAgents(invention, agents), compared })
}

/**
 * Where a run without hosts in the groups that tasks make shows all that are added to them, the groups have no others. A run
 * that begins with these hosts has to add the same: a name may be that of a host which was assumed.
 */
function withAdded(runs: PlaybookRuns, invention: Invention): Invention {
  const tasks = runs.closure.tasks.filter(({ task }) => task.action.module === 'add_host')
  if (tasks.length === 0) return invention
  const adding = tasks.flatMap(({ task }) => groupsMadeBy(task))
  const isOfNone = tasks.some(({ task }) => !GROUPS.some((name) => task.action.arguments.has(name)))
  const { groupNames, byVariable = [], isOfCluster, compared = new Map(), named } = invention
  const groups = new Set(
    [...groupNames, ...byVariable].filter((group) => adding.some((name) => name.test(group))),
  )
  const isAll = runs.closure.patterns.some(isForAll)
  if (groups.size === 0 && !isAll && !isOfNone) return invention
  const isPlayed = (group: string): boolean =>
    groups.has(group) ||
    (isOfNone && group === UNGROUPED) ||
    (isAll && (isOfNodes(group) || isOfCluster?.(group) === true))
  const without = withoutNames(invention, groups)
  const stands = inventedHosts(without, 'several').hosts
  const called = new Set([...compared.keys(), ...Object.values(named ?? {}).flat()])
  const isNew = (name: string): boolean => !LOCALHOST.has(name) && (!stands.has(name) || called.has(name))
  const made = [...groupsMadeOn(runs, without)].filter(
    ([group, hosts]) => isPlayed(group) && hosts.some(isNew),
  )
  const added = new Map(made.map(([group, hosts]) => [group, hosts.filter(isNew)] as const))
  if (added.size === 0) return invention
  const found = {
    ...withoutNames(invention, new Set([...added.values()].flat()), (group) => added.has(group)),
    added: new Map([...added].map(([group, hosts]) => [group, hosts.slice(0, MOST_ADDED)] as const)),
  }
  const again = groupsMadeOn(runs, found)
  if (!made.every(([group, hosts]) => again.get(group)?.join() === hosts.join())) return invention
  if ([...added.values()].some(({ length }) => length > MOST_ADDED))
    runs.director.bound({ at: runs.beginning, what: 'more hosts that tasks add than are rehearsed' })
  return found
}

/** The groups that tasks make on these hosts, in whatever way the run goes. */
function groupsMadeOn(runs: PlaybookRuns, invention: Invention): ReadonlyMap<string, readonly string[]> {
  const trial = runs.on(invention)
  const base = trial.base()
  return madeByAll(trial.run(base, new Set(), trial.clean(base), false).map((world) => world.groups))
}

/** Whether some play for a group brings K3s. */
function isBroughtTo(runs: PlaybookRuns, group: string): boolean {
  return runs.closure.hosts.some(
    (hosts) =>
      (group === 'all' ? isForAll(hosts.pattern) : namedGroups([hosts.pattern]).includes(group)) &&
      bringsK3s(hosts, runs.director.content, runs.director.project),
  )
}

/** Agents by their names, before others that are known. */
export const withAgents = ({ named }: Invention, agents: readonly string[]): Pick<Invention, 'named'> => ({
  named: {
    servers: named?.servers ?? [],
    others: named?.others ?? [],
    agents: [...agents, ...(named?.agents ?? [])],
  },
})

/** Without these groups and hosts, wherever a project names them, and those of which only such groups ask. */
const withoutNames = (
  invention: Invention,
  names: ReadonlySet<string>,
  isLeftOut: (group: string) => boolean = () => false,
): Invention => {
  const { groupNames, byVariable = [], named, compared = new Map() } = invention
  const rest = (all: readonly string[] = []): readonly string[] => all.filter((name) => !names.has(name))
  return {
    ...invention,
    groupNames: rest(groupNames),
    byVariable: rest(byVariable),
    named: { servers: rest(named?.servers), agents: rest(named?.agents), others: rest(named?.others) },
    compared: new Map(
      [...compared].filter(
        ([name, groups]) => !names.has(name) && (groups.length === 0 || !groups.every(isLeftOut)),
      ),
    ),
  }
}
