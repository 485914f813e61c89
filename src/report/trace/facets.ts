import type { Scenario } from '../../flow/rehearsal.ts'

/** One thing that a scenario settles, in the words of the text format. */
type Facet = readonly [question: keyof Scenario, word: string]

/** What a scenario of a playbook means where it does not say: others of the same playbook do. */
const usual: Readonly<Partial<Scenario>> = {
  airgapped: false,
  manager: 'systemd',
  tokenGiven: true,
  again: false,
  servers: 'one',
}

const FIRST = 'first run'
const ABSENT = 'no K3s yet'
const OLDER = 'over an older K3s'

const words: readonly {
  readonly question: keyof Scenario
  readonly wordOf: (value: unknown) => string
}[] = [
  { question: 'airgapped', wordOf: (value) => (value === true ? 'airgapped' : 'online') },
  { question: 'again', wordOf: (value) => (value === true ? 'run again' : FIRST) },
  {
    question: 'k3s',
    wordOf: (value) => (value === 'absent' ? ABSENT : value === 'older' ? OLDER : 'over the same K3s'),
  },
  { question: 'manager', wordOf: (value) => (value === 'openrc' ? 'OpenRC' : 'systemd') },
  { question: 'tokenGiven', wordOf: (value) => (value === false ? 'token not given' : 'token given') },
  { question: 'servers', wordOf: (value) => (value === 'one' ? 'one server' : 'several servers') },
]

/** The scenarios of one playbook, told apart by as few words as do. */
export class Facets {
  readonly #facets = new Map<string, readonly Facet[]>()

  constructor(scenarios: Iterable<Scenario>) {
    const all = [...scenarios]
    const asked = words.filter(({ question }) => all.some((scenario) => scenario[question] !== undefined))
    for (const scenario of all)
      this.#facets.set(
        keyOf(scenario),
        asked.flatMap(({ question, wordOf }) => {
          const value = scenario[question] ?? usual[question]
          return value === undefined ? [] : [[question, wordOf(value)] as const]
        }),
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
    const scenarios = [...this.#facets.values()].map(inOneWord)
    return words.flatMap(({ question }) => {
      const found = new Set(
        scenarios.flatMap((facets) => facets.flatMap(([own, word]) => (own === question ? [word] : []))),
      )
      return found.size > 0 && isWanted([...found]) ? [either([...found])] : []
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

/** What stands on the nodes before goes without saying, or can be said with the run. */
function inOneWord(facets: readonly Facet[]): readonly Facet[] {
  const run = facets.find(([question]) => question === 'again')?.[1]
  const k3s = facets.find(([question]) => question === 'k3s')?.[1]
  if (run === undefined || k3s === undefined) return facets
  const word = run === FIRST ? (k3s === ABSENT ? run : k3s) : k3s === OLDER ? `${run} ${k3s}` : run
  return facets.flatMap((facet) =>
    facet[0] === 'k3s' ? [] : facet[0] === 'again' ? [['again', word] as const] : [facet],
  )
}

function either(all: readonly string[]): string {
  const last = all.at(-1) ?? ''
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} or ${last}`
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
