import type { Event, NodeKind, Run } from '../../flow/rehearsal.ts'
import type { Analysis } from '../../lint/analysis.ts'

export type EventOf<What extends Event['what']> = Extract<Event, { what: What }>

/** What happened on one paper node in one run, in order. */
export interface NodeRun {
  readonly run: Run
  readonly host: string
  readonly kind: NodeKind
  readonly events: readonly Event[]
}

const known = new WeakMap<Analysis, readonly NodeRun[]>()

/** Every node of every run, the worlds of a scenario one by one. */
export function nodeRunsOf(analysis: Analysis): readonly NodeRun[] {
  let runs = known.get(analysis)
  if (runs === undefined) {
    runs = analysis.rehearsal.runs.flatMap((run) => {
      const hosts = new Map<string, Event[]>()
      for (const event of run.events)
        (hosts.get(event.host) ?? hosts.set(event.host, []).get(event.host))?.push(event)
      return [...hosts].map(([host, events]) => ({ run, host, kind: events[0]?.kind ?? 'agent', events }))
    })
    known.set(analysis, runs)
  }
  return runs
}

/** The node runs that `is` holds for in every world of their scenario, one for each node and scenario. */
export function certainNodeRuns(analysis: Analysis, is: (node: NodeRun) => boolean): readonly NodeRun[] {
  const groups = new Map<string, NodeRun[]>()
  const scenarios = new Map<unknown, number>()
  for (const node of nodeRunsOf(analysis)) {
    const { scenario, playbook } = node.run
    if (!scenarios.has(scenario)) scenarios.set(scenario, scenarios.size)
    const key = `${scenarios.get(scenario)} ${playbook} ${node.host}`
    groups.set(key, [...(groups.get(key) ?? []), node])
  }
  return [...groups.values()].flatMap((worlds) => {
    const [first] = worlds
    return first !== undefined && worlds.every(is) ? [first] : []
  })
}
