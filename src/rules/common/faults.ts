import type { Arrival } from '../../flow/arrival.ts'
import type { Hop } from '../../flow/atoms.ts'
import type { Event, NodeKind, Run, Scenario, Verdict } from '../../flow/rehearsal.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { RuleFinding } from '../../lint/finding.ts'
import { either, type ScenarioQuestion, scenarioQuestions, scenarioWords } from '../../lint/scenarioWords.ts'
import type { Span } from '../../span.ts'

/** One start on nodes that are alike, in one scenario, with all that happened there. */
export interface Start {
  readonly verdict: Verdict
  readonly hosts: readonly string[]
  /** What happened on these nodes before the start, in one of the worlds in which it has this outcome. */
  readonly events: readonly Event[]
  /** And all that happened there. */
  readonly all: readonly Event[]
}

const starts = new WeakMap<Analysis, readonly Start[]>()

/** The last start of every service, for each scenario. */
export function startsOf(analysis: Analysis): readonly Start[] {
  const known = starts.get(analysis)
  if (known !== undefined) return known
  const { verdicts, runs } = analysis.rehearsal
  const groups = new Map<Arrival, { verdict: Verdict; hosts: string[] }[]>()
  for (const verdict of verdicts) {
    const group = groups.get(verdict.arrival) ?? []
    const twin = group.find((one) => one.verdict.scenario === verdict.scenario)
    if (twin === undefined) group.push({ verdict, hosts: [verdict.host] })
    else twin.hosts.push(verdict.host)
    groups.set(verdict.arrival, group)
  }
  const made = [...groups.values()].flat().map(({ verdict, hosts }) => {
    const all = eventsOf(verdict, hosts, runs)
    const last = all.findLastIndex(
      (event) => event.what === 'service-started' && event.arrival === verdict.arrival,
    )
    return { verdict, hosts, events: last === -1 ? all : all.slice(0, last + 1), all }
  })
  starts.set(analysis, made)
  return made
}

function eventsOf(
  { scenario, arrival, playbook }: Verdict,
  hosts: readonly string[],
  runs: readonly Run[],
): readonly Event[] {
  const own = runs.filter((run) => run.scenario === scenario && run.playbook === playbook)
  const run =
    own.find(({ events }) =>
      events.some((event) => event.what === 'service-started' && event.arrival === arrival),
    ) ?? own[0]
  return run?.events.filter(({ host }) => hosts.includes(host)) ?? []
}

/** Whether how many servers there are was made up: no inventory of the project has hosts for the playbook, or a sample has one. */
export const isInvented = ({ servers }: Scenario): boolean => servers !== undefined

/** Nodes that had nothing of K3s before the play. */
export const isFresh = ({ k3s }: Scenario): boolean => k3s === undefined || k3s === 'absent'

/** A start that is wrong, and where that is to be put right. */
export interface Fault {
  readonly start: Start
  readonly at: Span
  readonly hops: readonly Hop[]
}

/**
 * One finding for each place, however many nodes and scenarios show it. `message` gets whom it concerns ("agents of an
 * airgapped site") and whether these are several.
 */
export function* faultFindings(
  analysis: Analysis,
  faults: readonly Fault[],
  message: (who: string, several: boolean) => string,
  more: Partial<RuleFinding> = {},
): Generator<RuleFinding> {
  const { first, later } = causes(faults)
  const groups = new Map<string, Fault[]>()
  for (const fault of first) {
    const { at, start } = fault
    const key = `${at.path}:${at.start} ${start.verdict.kind}`
    groups.set(key, [...(groups.get(key) ?? []), fault])
  }
  for (const group of groups.values()) {
    const [leading] = group
    if (leading === undefined) continue
    const { at, hops } = leading
    const { who, several, scenario } = subject(analysis, [
      ...group,
      ...group.flatMap((fault) => later.get(fault) ?? []),
    ])
    yield {
      at,
      message: message(who, several),
      hops,
      ...(scenario === undefined ? {} : { scenario }),
      ...more,
    }
  }
}

/** What is wrong on fresh nodes is wrong for all that comes after them: told once. */
function causes(faults: readonly Fault[]): {
  readonly first: readonly Fault[]
  readonly later: ReadonlyMap<Fault, readonly Fault[]>
} {
  const key = ({ start: { verdict } }: Fault, host: string): string =>
    `${host} ${verdict.service} ${verdict.scenario.airgapped ?? false}`
  const fresh = new Map(
    faults
      .filter(({ start }) => isFresh(start.verdict.scenario))
      .toReversed()
      .flatMap((fault) => fault.start.hosts.map((host) => [key(fault, host), fault] as const)),
  )
  const first: Fault[] = []
  const later = new Map<Fault, Fault[]>()
  for (const fault of faults) {
    const cause = isFresh(fault.start.verdict.scenario)
      ? undefined
      : fault.start.hosts.map((host) => fresh.get(key(fault, host))).find((one) => one !== undefined)
    if (cause === undefined) first.push(fault)
    else later.set(cause, [...(later.get(cause) ?? []), fault])
  }
  return { first, later }
}

const NAMES: Readonly<Record<NodeKind, readonly [one: string, several: string]>> = {
  'first-server': ['the first server', 'first servers'],
  'joining-server': ['the joining server', 'joining servers'],
  agent: ['the agent', 'agents'],
}

interface Subject {
  readonly who: string
  readonly several: boolean
  readonly scenario: string | undefined
}

/** Whom a fault concerns, and the narrowest condition that all of it has in common and that others of its kind have not. */
function subject(analysis: Analysis, group: readonly Fault[]): Subject {
  const ill = new Set(group.map(({ start }) => start))
  const playbooks = new Set(group.map(({ start }) => start.verdict.playbook))
  const [kind = 'agent'] = group.map(({ start }) => start.verdict.kind)
  const areAssumed = group.some(({ start }) => start.verdict.isAssumed === true)
  const alike = startsOf(analysis).filter(
    ({ verdict }) =>
      playbooks.has(verdict.playbook) && verdict.kind === kind && (areAssumed || verdict.isAssumed !== true),
  )
  const isGivenOne = [...ill].every(({ verdict }) => verdict.scenario.tokenGiven !== false)
  const well = alike.filter(
    (start) =>
      !ill.has(start) &&
      start.verdict.token !== 'maybe' &&
      (!isGivenOne || start.verdict.scenario.tokenGiven !== false),
  )
  const own = [...ill]
  const common = scenarioQuestions.filter((name) => {
    const values = new Set(own.map(({ verdict }) => settingOf(verdict.scenario, name)))
    const [value] = values
    // That a token is given goes without saying.
    if (name === 'tokenGiven' && value === true) return false
    return values.size === 1 && well.some(({ verdict }) => settingOf(verdict.scenario, name) !== value)
  })
  const [scenario = {}] = own.map(({ verdict }) => verdict.scenario)
  // Healthy nodes in the very same scenario: it is these hosts, not their kind.
  const besides = well.filter(({ verdict }) =>
    common.every((name) => settingOf(verdict.scenario, name) === settingOf(scenario, name)),
  )
  const hosts = [...new Set(own.flatMap((start) => start.hosts))]
  const isSome = besides.some((start) => start.hosts.some((host) => !hosts.includes(host)))
  const site = common.includes('airgapped')
    ? ` of ${scenario.airgapped === true ? 'an airgapped site' : 'a site with internet'}`
    : ''
  const [one, several] = NAMES[kind]
  // Over K3s that is there a playbook may be run again, or for the first time.
  const words = common.map((name) =>
    either([...new Set(own.map(({ verdict }) => scenarioWords[name]({ ...usual, ...verdict.scenario })))]),
  )
  return {
    who: isSome ? `${hosts.length === 1 ? one : several} ${listed(hosts)}${site}` : `${several}${site}`,
    several: !isSome || hosts.length > 1,
    scenario: words.length === 0 ? undefined : words.toSpliced(1, 0, several).join(', '),
  }
}

/** What a scenario means where it does not say. */
const usual = {
  airgapped: false,
  manager: 'systemd',
  tokenGiven: true,
  k3s: 'absent',
  servers: 'several',
} as const satisfies Scenario

const settingOf = (scenario: Scenario, name: ScenarioQuestion): string | boolean =>
  scenario[name] ?? usual[name]

function listed(names: readonly string[]): string {
  const shown = names.length > 3 ? [...names.slice(0, 2), `${names.length - 2} more`] : names
  return shown.length < 2 ? shown.join('') : `${shown.slice(0, -1).join(', ')} and ${shown.at(-1)}`
}
