import type { Scenario } from '../flow/rehearsal.ts'
import { either, type ScenarioQuestion, scenarioQuestions, scenarioWords } from './scenarioWords.ts'

/** One thing that a scenario settles, in the words of the text format. Where it does not say, it is as usual. */
type Facet = readonly [question: ScenarioQuestion, word: string]

/** The scenarios of one playbook, told apart by as few words as do. */
export class Facets {
  readonly #facets = new Map<string, readonly Facet[]>()

  constructor(scenarios: Iterable<Scenario>) {
    const all = [...scenarios]
    const asked = scenarioQuestions.filter((question) =>
      all.some((scenario) => scenario[question] !== undefined),
    )
    for (const scenario of all)
      this.#facets.set(
        keyOf(scenario),
        asked.map((question) => [question, scenarioWords[question](scenario)] as const),
      )
  }

  get count(): number {
    return this.#facets.size
  }

  /** What varies: `online or airgapped`, in the order of the questions. */
  get varied(): readonly string[] {
    return this.#told((found) => found.length > 1)
  }

  /** What all the scenarios settle alike. */
  get common(): readonly string[] {
    return this.#told((found) => found.length === 1)
  }

  /**
   * Words for some of the scenarios: each phrase holds for nothing but them, all together for each of them. None where
   * they are all that there are.
   */
  phrases(scenarios: readonly Scenario[]): readonly string[] {
    const members = new Set(scenarios.map(keyOf))
    if (members.size === this.#facets.size) return []
    const left = new Set(members)
    const phrases: string[] = []
    while (left.size > 0) {
      const best = this.#widest(members, left)
      if (best === undefined) break
      phrases.push(best.facets.map(([, word]) => word).join(', '))
      for (const key of best.holds) left.delete(key)
    }
    return phrases
  }

  #told(isWanted: (found: readonly string[]) => boolean): readonly string[] {
    const facets = [...this.#facets.values()].flat()
    return scenarioQuestions.flatMap((question) => {
      const found = [...new Set(facets.flatMap(([own, word]) => (own === question ? [word] : [])))]
      // Those of a sample come with several servers first, and all others with one.
      const told = question === 'servers' ? found.toSorted() : found
      return found.length > 0 && isWanted(found) ? [either(told)] : []
    })
  }

  #widest(members: ReadonlySet<string>, left: ReadonlySet<string>) {
    let best:
      | { readonly facets: readonly Facet[]; readonly holds: readonly string[]; readonly gain: number }
      | undefined
    for (const key of left)
      for (const facets of choices(this.#facets.get(key) ?? [])) {
        const holds = [...this.#facets.keys()].filter((other) => this.#has(other, facets))
        if (!holds.every((other) => members.has(other))) continue
        const gain = holds.filter((other) => left.has(other)).length
        if (
          best === undefined ||
          gain > best.gain ||
          (gain === best.gain && facets.length < best.facets.length)
        )
          best = { facets, holds, gain }
      }
    return best
  }

  #has(key: string, facets: readonly Facet[]): boolean {
    const own = this.#facets.get(key) ?? []
    return facets.every(([question, word]) => own.some((one) => one[0] === question && one[1] === word))
  }
}

/** Every selection of at least one facet, in their order. */
function choices(facets: readonly Facet[]): readonly (readonly Facet[])[] {
  return Array.from({ length: 2 ** facets.length - 1 }, (_, index) =>
    facets.filter((__, bit) => ((index + 1) >> bit) % 2 === 1),
  )
}

/** The same for scenarios that say the same, in whatever order. */
export function keyOf(scenario: Scenario): string {
  return JSON.stringify(ordered(scenario))
}

/** A scenario with its questions always in one order. */
export function ordered(scenario: Scenario): Scenario {
  const { airgapped, manager, tokenGiven, k3s, again, servers } = scenario
  return JSON.parse(JSON.stringify({ airgapped, manager, tokenGiven, k3s, again, servers })) as Scenario
}
