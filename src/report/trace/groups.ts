import { byNumber } from '../../flow/names.ts'
import type { NodeKind, Scenario, Verdict } from '../../flow/rehearsal.ts'
import { CONTROL_NODE } from '../../flow/rehearse/hosts.ts'
import { Facets, keyOf } from '../../lint/facets.ts'
import type { Stop } from './trace.ts'

/** What comes of one playbook on the hosts of one inventory. */
export interface PlaybookPicture {
  readonly playbook: string
  /** The sources of the inventory, where the playbook was rehearsed on several. */
  readonly inventory: readonly string[] | undefined
  readonly facets: Facets
  /** Where some of its hosts are of no inventory: whether they were made up, or tasks add them. */
  readonly beside: 'invented' | 'added' | 'both' | undefined
  /** Hosts that were assumed in groups of the inventory that have none. */
  readonly assumed: readonly string[]
  readonly nodes: readonly NodeGroup[]
}

/** Hosts that fare alike in every scenario. */
export interface NodeGroup {
  readonly kind: NodeKind
  readonly service: string
  readonly hosts: readonly string[]
  readonly outcomes: readonly Outcome[]
  /** The scenarios of hosts like these: those that are assumed may have more than others. */
  readonly facets: Facets
}

/** One outcome and the scenarios that lead to it; `verdict` stands for all of them. */
export interface Outcome {
  readonly verdict: Verdict
  readonly scenarios: readonly Scenario[]
}

/** Groups sorted verdicts for people: by playbook and inventory, then hosts that are alike, then scenarios with the same outcome. */
export function pictures(
  verdicts: readonly Verdict[],
  stops: readonly Stop[] = [],
): readonly PlaybookPicture[] {
  const several = onSeveral(verdicts)
  const parts = grouped(verdicts, ({ playbook, inventory }) => JSON.stringify([playbook, inventory ?? []]))
  return [...parts.values()].map((all) => {
    const [{ playbook, inventory: sources } = { playbook: '' }] = all
    const inventory = several.has(playbook) ? sources : undefined
    const stopped = stops.filter(
      (stop) =>
        stop.playbook === playbook &&
        (inventory === undefined || stop.inventory?.join() === inventory.join()),
    )
    const own = stopped.length === 0 ? withOneServer(all) : all
    const facetsOf = (some: readonly Verdict[]): Facets =>
      new Facets([...some.map(({ scenario }) => scenario), ...stopped.flatMap(({ scenarios }) => scenarios)])
    const facets = facetsOf(own)
    const assumed = own.filter(({ isAssumed }) => isAssumed === true)
    const there = own.filter(({ isAssumed }) => isAssumed !== true)
    const ofOthers = assumed.length === 0 ? facets : facetsOf(there)
    return {
      playbook,
      inventory,
      facets,
      beside: besideInventories(own),
      assumed: [...new Set(assumed.map(({ host }) => host))].sort(byNumber),
      nodes: [...nodeGroups(there, ofOthers), ...nodeGroups(assumed, facets)],
    }
  })
}

/**
 * Servers that are made up beside the first, and that nothing brings to its cluster, have no verdict: where all others fare as
 * they do without, or nobody has looked how they do, there is one server.
 */
function withOneServer(verdicts: readonly Verdict[]): readonly Verdict[] {
  const uncounted = ({ scenario: { servers: _, ...scenario }, ...verdict }: Verdict): Verdict => ({
    ...verdict,
    scenario,
  })
  const [alone, many] = (['one', 'several'] as const).map((servers) =>
    verdicts.filter(({ scenario }) => scenario.servers === servers),
  )
  if (alone === undefined || many === undefined || alone.length + many.length < verdicts.length)
    return verdicts
  const shown = new Set(verdicts.flatMap(({ kind, host }) => (kind === 'agent' ? [] : [host])))
  if (shown.size === 1 && alone.length === 0) return many.map(uncounted)
  const scenarioOf = ({ scenario }: Verdict): string => keyOf({ ...scenario, servers: 'one' })
  // Some are looked at for several servers only.
  const both = new Set(alone.map(scenarioOf))
  const told = (some: readonly Verdict[]): string =>
    some
      .map((verdict) => `${scenarioOf(verdict)} ${verdict.host} ${signature(verdict)}`)
      .sort()
      .join('\n')
  const isAlike = told(alone) === told(many.filter((verdict) => both.has(scenarioOf(verdict))))
  return isAlike && alone.length > 0 ? many.map(uncounted) : verdicts
}

function besideInventories(verdicts: readonly Verdict[]): PlaybookPicture['beside'] {
  // The control node is there whatever an inventory says.
  const without = verdicts.filter(({ inventory, host }) => inventory === undefined && host !== CONTROL_NODE)
  const added = without.filter(({ isAdded }) => isAdded === true)
  if (added.length === 0) return without.length === 0 ? undefined : 'invented'
  return added.length === without.length ? 'added' : 'both'
}

/** Hosts on which plays end at one place, for one reason and in the same scenarios. */
export interface SharedStop extends Stop {
  readonly hosts: readonly string[]
  /** Those that they are from, in words. */
  readonly inventories: readonly string[]
}

export function sharedStops(stops: readonly Stop[]): readonly SharedStop[] {
  const alike = grouped(stops, ({ playbook, variable, why, isOfRun, at, scenarios }) =>
    JSON.stringify([playbook, variable, why, isOfRun, at, scenarios.map(keyOf).sort()]),
  )
  return [...alike.values()].flatMap((same) => {
    const [first] = same
    const hosts = [...new Set(same.flatMap(({ host, others = [] }) => [host, ...others]))].sort(byNumber)
    const inventories = [...new Set(same.map(({ inventory = [] }) => inventory.join(' and ')))]
    return first === undefined ? [] : [{ ...first, hosts, inventories }]
  })
}

/** Playbooks that were rehearsed on more than one inventory: hosts of one name may stand for several there. */
export function onSeveral(verdicts: readonly Verdict[]): ReadonlySet<string> {
  const first = new Map<string, string>()
  const several = new Set<string>()
  for (const { playbook, inventory = [] } of verdicts) {
    const sources = JSON.stringify(inventory)
    if ((first.get(playbook) ?? sources) !== sources) several.add(playbook)
    first.set(playbook, sources)
  }
  return several
}

const KINDS: readonly NodeKind[] = ['first-server', 'joining-server', 'agent']

function nodeGroups(verdicts: readonly Verdict[], facets: Facets): readonly NodeGroup[] {
  const services = [
    ...grouped(verdicts, ({ host, kind, service }) => JSON.stringify([kind, service, host])).values(),
  ]
  const alike = grouped(services, (own) =>
    own
      .map((verdict) => `${keyOf(verdict.scenario)} ${signature(verdict)}`)
      .sort()
      .join('\n'),
  )
  return [...alike.values()]
    .flatMap((same) => {
      const [own] = same
      const [first] = own ?? []
      if (own === undefined || first === undefined) return []
      const outcomes = [...grouped(own, signature).values()].flatMap((one) =>
        one[0] === undefined ? [] : [{ verdict: one[0], scenarios: one.map(({ scenario }) => scenario) }],
      )
      const hosts = same.flatMap(([verdict]) => verdict?.host ?? [])
      return [{ kind: first.kind, service: first.service, hosts, outcomes, facets }]
    })
    .sort((a, b) => KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind))
}

/** The same for verdicts that are shown with the same words and the same way. */
function signature({
  kind,
  service,
  token,
  source,
  serverUrl,
  unknown,
  assumptions,
  arrival,
  hops,
}: Verdict): string {
  const way = hops.map(({ at, what }) => [at.path, at.start, what])
  const masked = arrival.token.masked.map(({ carrier, state }) => [carrier, state])
  return JSON.stringify([
    kind,
    service,
    token,
    source,
    serverUrl,
    unknown,
    assumptions,
    arrival.failure,
    masked,
    way,
  ])
}

function grouped<T>(items: readonly T[], keyOfItem: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>()
  for (const item of items) {
    const key = keyOfItem(item)
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [item])
    else group.push(item)
  }
  return groups
}
