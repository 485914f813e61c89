import type { Hop } from '../../flow/atoms.ts'
import { byNumber } from '../../flow/names.ts'
import type { Scenario, Verdict } from '../../flow/rehearsal.ts'
import type { UnknownNote } from '../../flow/unknown.ts'
import { keyOf } from '../../lint/facets.ts'

type Rename = (text: string) => string

/** A place and words about it, as they are shown. */
export function noteMoved<T extends Hop | UnknownNote>(note: T, rename: Rename, words: Rename): T {
  return { ...note, at: { ...note.at, path: rename(note.at.path) }, what: words(note.what) }
}

/** A verdict with all its paths renamed and all its words blanked where they would show a secret. */
export function moved(verdict: Verdict, rename: Rename, words: Rename): Verdict {
  const { at, hops, playbook, inventory, unknown, assumptions, arrival } = verdict
  return {
    ...verdict,
    playbook: rename(playbook),
    ...inventoryMoved(inventory, rename),
    at: { ...at, path: rename(at.path) },
    hops: hops.map((hop) => noteMoved(hop, rename, words)),
    unknown: unknown === undefined ? undefined : words(unknown),
    assumptions: assumptions.map(words),
    arrival: { ...arrival, failure: arrival.failure === undefined ? undefined : words(arrival.failure) },
  }
}

/** A source with commas is a list of hosts. */
export const inventoryMoved = (
  inventory: readonly string[] | undefined,
  rename: Rename,
): Pick<Verdict, 'inventory'> =>
  inventory === undefined
    ? {}
    : { inventory: inventory.map((source) => (source.includes(',') ? source : rename(source))) }

/**
 * Says of a scenario whether a token is given, where another gives one that the inventory leaves out: the same inventory as it is
 * gives none.
 */
export function tokenGiven(
  verdicts: readonly Verdict[],
): (one: Pick<Verdict, 'playbook' | 'inventory' | 'scenario'>) => Scenario {
  const setOf = ({ playbook, inventory = [] }: Pick<Verdict, 'playbook' | 'inventory'>): string =>
    JSON.stringify([playbook, ...inventory])
  const given = verdicts.filter(({ scenario }) => scenario.tokenGiven === true)
  const playbooks = new Set(given.map(({ playbook }) => playbook))
  const sets = new Set(given.map(setOf))
  return (one) =>
    one.scenario.tokenGiven !== undefined || !playbooks.has(one.playbook)
      ? one.scenario
      : { ...one.scenario, tokenGiven: !sets.has(setOf(one)) }
}

/** By playbook, host, service and scenario; of the same by where the way leads. */
export function verdictsInOrder(verdicts: readonly Verdict[]): readonly Verdict[] {
  const keys = new Map(
    verdicts.map((verdict) => {
      const { playbook, inventory = [], host, service, scenario, token, source, hops } = verdict
      const way = hops.map(({ at, what }) => `${at.path} ${at.start} ${what}`).join()
      return [
        verdict,
        [playbook, host, service, inventory.join(), keyOf(scenario), token, source, way],
      ] as const
    }),
  )
  return [...verdicts].sort((one, other) => {
    const [mine, theirs] = [keys.get(one) ?? [], keys.get(other) ?? []]
    for (const [index, own] of mine.entries()) {
      const their = theirs[index] ?? ''
      if (own === their) continue
      return (index === 1 ? byNumber(own, their) : 0) || (own < their ? -1 : 1)
    }
    return 0
  })
}
