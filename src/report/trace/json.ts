import type { Carrier } from '../../flow/arrival.ts'
import { ordered } from '../../lint/facets.ts'
import { placeOf } from '../report.ts'
import { onSeveral } from './groups.ts'
import type { Trace } from './trace.ts'

/** Which script sets the environment is told by the way there. */
const WRITTEN: ReadonlyMap<Carrier, Carrier> = new Map([
  ['init-script', 'environment'],
  ['script', 'environment'],
])

/** `{"version":1,"verdicts":[…],"unknowns":[…],"bounds":[…]}`: places and words, never text of a file. */
export function jsonTrace(trace: Trace): string {
  const several = onSeveral(trace.verdicts)
  const verdicts = trace.verdicts.map((verdict) => {
    const { playbook, host, kind, scenario, service, token, source, serverUrl, unknown, assumptions } =
      verdict
    return {
      playbook,
      ...(several.has(playbook) ? { inventory: verdict.inventory ?? [] } : {}),
      host,
      kind,
      scenario: ordered(scenario),
      service,
      token,
      source: WRITTEN.get(source) ?? source,
      serverUrl,
      hops: verdict.hops.map(({ at, what }) => {
        const { path, from } = placeOf(trace, at)
        return { path, line: from.line, column: from.column, what }
      }),
      ...(unknown === undefined ? {} : { unknown }),
      ...(assumptions.length === 0 ? {} : { assumptions }),
    }
  })
  const notes = (list: Trace['unknowns']) =>
    list.map(({ at, what }) => ({ path: at.path, line: placeOf(trace, at).from.line, what }))
  const refused = [...trace.refused].map(([playbook, { at, why }]) => ({
    playbook,
    path: at.path,
    line: placeOf(trace, at).from.line,
    ...(why === undefined ? {} : { why }),
  }))
  const all = {
    version: 1,
    verdicts,
    ...(refused.length === 0 ? {} : { refused }),
    unknowns: notes(trace.unknowns),
    bounds: notes(trace.bounds),
  }
  return `${JSON.stringify(all, null, 2)}\n`
}
