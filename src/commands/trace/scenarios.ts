import { UserError } from '../../errors.ts'
import type { Scenario } from '../../flow/rehearsal.ts'
import { suggestion } from '../../suggestion.ts'

/** Words for `--scenario`: which question each is about, and whether a scenario is one of its. */
const words: Readonly<
  Record<string, { readonly question: keyof Scenario; readonly holds: (scenario: Scenario) => boolean }>
> = {
  // Where nothing asks for the network, the same happens with one and without.
  airgapped: { question: 'airgapped', holds: ({ airgapped }) => airgapped !== false },
  online: { question: 'airgapped', holds: ({ airgapped }) => airgapped !== true },
  systemd: { question: 'manager', holds: ({ manager }) => manager !== 'openrc' },
  openrc: { question: 'manager', holds: ({ manager }) => manager === 'openrc' },
  'token-given': { question: 'tokenGiven', holds: ({ tokenGiven }) => tokenGiven !== false },
  'token-not-given': { question: 'tokenGiven', holds: ({ tokenGiven }) => tokenGiven === false },
  'first-run': { question: 'again', holds: ({ again }) => again !== true },
  again: { question: 'again', holds: ({ again }) => again === true },
  absent: { question: 'k3s', holds: ({ k3s }) => k3s === undefined || k3s === 'absent' },
  present: { question: 'k3s', holds: ({ k3s }) => k3s === 'present' },
  older: { question: 'k3s', holds: ({ k3s }) => k3s === 'older' },
  'one-server': { question: 'servers', holds: ({ servers }) => servers !== 'several' },
  'several-servers': { question: 'servers', holds: ({ servers }) => servers !== 'one' },
}

export const scenarioWords = Object.keys(words)

/**
 * Which scenarios the words choose: of the words about one question any, of the questions each. Throws `UserError` for a
 * word that there is not.
 */
export function scenarioFilter(chosen: readonly string[]): (scenario: Scenario) => boolean {
  const questions = new Map<string, ((scenario: Scenario) => boolean)[]>()
  for (const word of chosen) {
    const known = Object.hasOwn(words, word) ? words[word] : undefined
    if (known === undefined)
      throw new UserError(`there is no scenario ${JSON.stringify(word)}`, {
        fix: withList(suggestion(word, scenarioWords)),
      })
    questions.set(known.question, [...(questions.get(known.question) ?? []), known.holds])
  }
  return (scenario) => [...questions.values()].every((any) => any.some((holds) => holds(scenario)))
}

function withList(words: string): string {
  return words.startsWith('one of') ? words : `${words} There are: ${scenarioWords.join(', ')}`
}
