import type { Hop } from '../../flow/atoms.ts'
import type { Event, Verdict } from '../../flow/rehearsal.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { RuleFinding } from '../../lint/finding.ts'
import type { Span } from '../../span.ts'
import { type Fault, isFresh, type Start, startsOf } from './faults.ts'
import { certainNodeRuns, type EventOf } from './nodes.ts'
import { once } from './once.ts'
import { lastPlaceIn, TOKEN_SETTING } from './places.ts'
import { conditionsOf, isWrittenThrough, taskAt } from './tasks.ts'

type InstallerRan = EventOf<'installer-ran'>

/** The last run of the install script for the service before it starts. */
export function installerBefore({ events, verdict }: Start): InstallerRan | undefined {
  return events.findLast(
    (event): event is InstallerRan => event.what === 'installer-ran' && event.service === verdict.service,
  )
}

/**
 * Whether a start without a token can be held against the project: where the user gives none, only if the project copes with
 * that. Then other nodes of this kind have one, or nodes of another kind one that is made by the run itself.
 */
export function isBlamed(analysis: Analysis, { verdict }: Start): boolean {
  if (mayBeElsewhere(analysis, verdict)) return false
  if (verdict.scenario.tokenGiven !== false) return true
  return startsOf(analysis).some(
    ({ verdict: other }) =>
      other.scenario.tokenGiven === false &&
      other.playbook === verdict.playbook &&
      other.token === 'present' &&
      (other.kind === verdict.kind || isMade(other)),
  )
}

const isMade = ({ arrival }: Verdict): boolean =>
  arrival.token.text?.marks.some(({ atom }) => atom.root.kind === 'runtime') === true

/** A token file that a task of the project does write, by the variable that names it here, may have been missed. */
function mayBeElsewhere(analysis: Analysis, { source, arrival }: Verdict): boolean {
  if (source !== 'token-file') return false
  return arrival.token.hops.some(({ what }) => {
    const [, name] = /^(\w+) takes it$/.exec(what) ?? []
    return name !== undefined && isWrittenThrough(analysis, name)
  })
}

/** Where a token should have been given to a service that starts without one, and how it came to be without. */
export function missingToken(analysis: Analysis, start: Start): Fault {
  const { verdict } = start
  const installer = installerBefore(start)
  const writer = skippedWriter(analysis, start, (one) => one.arrival.token.hops)
  const dropped: readonly Hop[] =
    installer === undefined
      ? []
      : [
          {
            at: installer.at,
            what: 'runs the K3s install script without K3S_TOKEN: the env file that it makes holds none',
          },
        ]
  return {
    start,
    at: placeOf(start, installer?.at),
    hops: [...dropped, ...writer, ...verdict.arrival.token.hops, ...startHops(verdict)],
  }
}

export function startHops({ hops, arrival }: Verdict): readonly Hop[] {
  return hops.filter((hop) => !arrival.token.hops.includes(hop))
}

/** The install script is where a setting can be given, if it made the unit; else the task that starts the service. */
export function placeOf({ verdict }: Start, installer: Span | undefined): Span {
  return installer ?? verdict.at
}

/** The task that brings the setting to nodes of this kind in another scenario, and does not run in this one. */
export function skippedWriter(
  analysis: Analysis,
  { verdict, all }: Start,
  hopsOf: (verdict: Verdict) => readonly Hop[],
): readonly Hop[] {
  const ran = new Set(all.map(({ at }) => `${at.path}:${at.start}`))
  const well = startsOf(analysis)
    .map((start) => start.verdict)
    .filter(
      (other) =>
        other.playbook === verdict.playbook &&
        other.kind === verdict.kind &&
        other.service === verdict.service &&
        other.token === 'present' &&
        isFresh(other.scenario) === isFresh(verdict.scenario),
    )
  for (const other of well)
    for (const { at, what } of hopsOf(other).toReversed()) {
      const task = taskAt(analysis, at)
      if (task === undefined || ran.has(`${at.path}:${at.start}`)) continue
      const conditions = conditionsOf(task)
      return [
        { at, what: `${what}, but not here` },
        ...conditions
          .slice(0, 2)
          .map((condition) => ({ at: condition.at, what: 'is the condition of that' })),
      ]
    }
  return []
}

/** Whether another token, or none, is a fault here: a lone first server makes its own, and a member keeps the one it joined with. */
export function needsToken({ verdict: { kind, scenario } }: Start): boolean {
  return kind === 'agent' || (kind === 'joining-server' && isFresh(scenario))
}

/** Where the install script was to make agents, got this for a token, and gave up, in whichever way the play goes. */
export function givenUp(
  analysis: Analysis,
  state: 'absent' | 'empty',
  message: string,
): readonly RuleFinding[] {
  const { runs } = analysis.rehearsal
  const endOf = (events: readonly Event[]): EventOf<'installer-gave-up'> | undefined => {
    const last = events.findLast(({ what }) => what === 'installer-gave-up' || what === 'service-started')
    return last?.what === 'installer-gave-up' && last.token.state === state ? last : undefined
  }
  const nodes = certainNodeRuns(analysis, ({ events }) => endOf(events) !== undefined).filter(
    ({ run: { scenario, playbook }, host }) =>
      isFresh(scenario) &&
      scenario.tokenGiven !== false &&
      runs.every(
        (other) =>
          other.scenario !== scenario ||
          other.playbook !== playbook ||
          other.events.some((event) => event.host === host),
      ),
  )
  return once(
    nodes.flatMap(({ events }) => {
      const end = endOf(events)
      if (end === undefined) return []
      const { hops } = end.token
      return [
        {
          at: lastPlaceIn(analysis, hops, TOKEN_SETTING) ?? end.at,
          message,
          hops: [...hops, { at: end.at, what: 'the K3s install script is told a server, and gets no token' }],
        },
      ]
    }),
  )
}

/** Whether a token that the node had is lost by the last run of the install script. */
export function isDropped(start: Start): boolean {
  return start.verdict.token === 'absent' && installerBefore(start)?.before().state === 'present'
}
