import type { Scenario } from '../flow/rehearsal.ts'

/** What is told of a scenario; `k3s` tells of the run, too: a second one finds what the first left. */
export type ScenarioQuestion = Exclude<keyof Scenario, 'again'>

/** In the order in which they are told. */
export const scenarioQuestions = [
  'airgapped',
  'k3s',
  'manager',
  'tokenGiven',
  'servers',
] as const satisfies readonly ScenarioQuestion[]

/** One scenario has the same words wherever it is told. */
export const scenarioWords: Readonly<Record<ScenarioQuestion, (scenario: Scenario) => string>> = {
  airgapped: ({ airgapped }) => (airgapped === true ? 'airgapped' : 'online'),
  k3s: ({ k3s, again }) => {
    if (k3s === undefined || k3s === 'absent') return again === true ? 'run again' : 'first run'
    const older = 'over an older K3s'
    if (again === true) return k3s === 'older' ? `run again ${older}` : 'run again'
    return k3s === 'older' ? older : 'over the same K3s'
  },
  manager: ({ manager }) => (manager === 'openrc' ? 'OpenRC' : 'systemd'),
  tokenGiven: ({ tokenGiven }) => (tokenGiven === false ? 'token not given' : 'token given'),
  servers: ({ servers }) => (servers === 'several' ? 'several servers' : 'one server'),
}

/** `online or airgapped` */
export function either(all: readonly string[]): string {
  const last = all.at(-1) ?? ''
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} or ${last}`
}
