import type { NodeKind, Scenario, Verdict } from '../../flow/rehearsal.ts'
import { makerOf } from '../../flow/rehearse/call.ts'
import type { Analysis } from '../../lint/analysis.ts'
import { isFresh, isInvented, type Start, startsOf } from './faults.ts'

/** Servers that each found a cluster of their own, beside the one that all other nodes join. */
export interface OwnClusters {
  readonly start: Start
  readonly hosts: readonly string[]
  /** The server of which all nodes that join have the token. */
  readonly joined: string
}

/**
 * Several servers that found clusters may be meant to. They are not where the nodes that join all have the token which one of
 * them has made, and the others are started by the same task and of the same groups as that one.
 */
export function ownClusters(analysis: Analysis): readonly OwnClusters[] {
  const starts = startsOf(analysis)
  const isBeside = ({ playbook, scenario }: Verdict, other: Verdict): boolean =>
    other.playbook === playbook && other.scenario === scenario
  return starts.flatMap((start): OwnClusters[] => {
    const { verdict } = start
    if (!foundsOne(verdict)) return []
    const beside = starts.filter((other) => isBeside(verdict, other.verdict))
    const makers = new Set(beside.flatMap((other) => (joins(other.verdict) ? [makerIn(other.verdict)] : [])))
    const [joined] = makers
    if (makers.size !== 1 || joined === undefined) return []
    const founder = beside.find(({ hosts, verdict: { kind } }) => kind === FIRST && hosts.includes(joined))
    if (founder?.verdict.at.start !== verdict.at.start || founder.verdict.at.path !== verdict.at.path)
      return []
    const groups = groupsOf(analysis, verdict, joined)
    const hosts = start.hosts.filter(
      (host) => host !== joined && groups !== undefined && groups === groupsOf(analysis, verdict, host),
    )
    return hosts.length === 0 ? [] : [{ start, hosts, joined }]
  })
}

const FIRST: NodeKind = 'first-server'

const isReal = (scenario: Scenario): boolean => isFresh(scenario) && !isInvented(scenario)

const foundsOne = ({ kind, token, serverUrl, arrival, scenario }: Verdict): boolean =>
  kind === FIRST &&
  token === 'absent' &&
  serverUrl === false &&
  arrival.externalDatastore === false &&
  isReal(scenario)

const joins = ({ kind, token }: Verdict): boolean => kind !== FIRST && token !== 'absent'

/** The server that has made the whole of a node's token. */
function makerIn({ arrival: { token } }: Verdict): string | undefined {
  const makers = new Set((token.text ?? token.doubtful)?.marks.map(({ atom }) => makerOf(atom)))
  const [maker] = makers
  return makers.size === 1 ? maker : undefined
}

function groupsOf(analysis: Analysis, { inventory }: Verdict, host: string): string | undefined {
  const sources = inventory?.join()
  return analysis.inventories
    .find((one) => one.sources.join() === sources)
    ?.inventory.hosts.get(host)
    ?.groups.join()
}
