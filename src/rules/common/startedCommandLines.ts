import type { Carried } from '../../flow/arrival.ts'
import type { Hop } from '../../flow/atoms.ts'
import type { AtomUse } from '../../flow/rehearsal.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { RuleFinding } from '../../lint/finding.ts'
import type { Span } from '../../span.ts'
import { escaped } from '../../syntax/regExp.ts'
import { heldInUnits } from './heldUnits.ts'
import { carriesToken, isToken, tokenHops, tokenTasks } from './leaks.ts'
import { type EventOf, nodeRunsOf } from './nodes.ts'
import { placeIn } from './places.ts'
import { taskAt } from './tasks.ts'

/** Tokens on the command lines that the rehearsal sees: of services that start, and of what tasks run. */
export function* startedCommandLines(analysis: Analysis): Generator<RuleFinding> {
  const starting = new Set<string>()
  // The last start is the one that counts, as a trace shows it.
  for (const { events } of nodeRunsOf(analysis))
    for (const event of events.toReversed()) {
      if (event.what !== 'service-started' && event.what !== 'service-unnamed') continue
      for (const carried of carriedBy(event)) {
        if (carried.carrier !== 'argv' || !carriesToken(analysis, carried)) continue
        const { hops } = carried
        starting.add(`${event.at.path}:${event.at.start}`)
        yield {
          at: optionIn(analysis, hops) ?? hops.at(-1)?.at ?? event.at,
          message: becomesArgument(event.service),
          hops: [...hops, ...event.hops],
        }
      }
    }
  for (const { service, hops, ...rest } of heldInUnits(analysis, /^\s*ExecStart\s*=/))
    for (const { at } of hops.slice(-1))
      yield { at: optionIn(analysis, hops) ?? at, message: becomesArgument(service), hops, ...rest }
  for (const task of tokenTasks(analysis)) {
    // What systemd-run starts is told as a service.
    if (starting.has(`${task.at.path}:${task.at.start}`)) continue
    for (const use of task.uses) {
      const said = use.where === 'command' || use.where === 'environment' ? SAID[use.where] : undefined
      if (said === undefined || !isToken(analysis, use.atom)) continue
      yield { at: templateIn(analysis, use), ...said, hops: tokenHops(analysis, use.atom) }
    }
  }
}

const carriedBy = (event: EventOf<'service-started' | 'service-unnamed'>): readonly Carried[] =>
  event.what === 'service-unnamed'
    ? [event.token]
    : [event.arrival.token, event.arrival.agentToken, event.arrival.clusterSecret]

const becomesArgument = (service: string): string =>
  `the token becomes an argument of ${service}, which every user of the node can read`

/**
 * What a task runs, and what Ansible makes of its `environment:`, with no_log or without:
 * https://github.com/ansible/ansible/blob/v2.21.5/lib/ansible/plugins/shell/__init__.py#L245
 */
export const SAID = {
  command: {
    severity: 'warning',
    message: 'the token is part of this command line, which every user of the node can read while it runs',
    cure: 'write it into a file of mode 0600 before, and name that: K3S_TOKEN_FILE or --token-file, or token: of config.yaml; no_log keeps it out of logs, not off the command line',
  },
  environment: {
    severity: 'notice',
    message:
      'Ansible hands this environment to a shell as its arguments: every user of the node can read the token while the task runs, and -vvv shows it, with no_log or without',
    cure: 'write the token into a file of mode 0600 before, and name that in K3S_TOKEN_FILE, which the install script keeps; or write it as token: into config.yaml, of mode 0600',
  },
} as const

/** The option with its value: in one text, on the next line of it, or as the next word of `argv:`. */
const OPTION =
  /(?:--(?:(?:agent-)?token|cluster-secret)|(?<=[\s"'])-t)["']?(?:=|[ \t]*(?:,|\n[ \t]*-)[ \t]*|(?:\\?\s)+)["']?(?:\{\{[^}\n]*\}\}|\{(?!\{)|[^\s"'{])+/

/** Where `--token` stands: in a variable, a template or a task on the way. */
function optionIn(analysis: Analysis, hops: readonly Hop[]): Span | undefined {
  for (const hop of hops) {
    const { path, start, end } = hop.at
    const match = OPTION.exec((analysis.project.get(path) ?? '').slice(start, end))
    if (match !== null)
      return { path, start: start + match.index, end: start + match.index + match[0].length }
  }
  for (const hop of hops) {
    const place = placeIn(analysis, hop, OPTION)
    if (place !== undefined) return place
  }
  return undefined
}

/** The template in a command or an environment that the token comes from: the one behind the setting, or the first. */
function templateIn(analysis: Analysis, { at, atom }: AtomUse): Span {
  const text = (analysis.project.get(at.path) ?? '').slice(at.start, at.end)
  const hops = tokenHops(analysis, atom)
  const own = hops.findLast(
    (hop) => hop.at.path === at.path && hop.at.start > at.start && hop.at.end <= at.end,
  )
  if (own !== undefined) return own.at
  const names = hops.flatMap((hop) => {
    const registered = taskAt(analysis, hop.at)?.task.keywords.get('register')?.value
    const [taken] = /^[\w.]+(?= (?:takes it|is set here))/.exec(hop.what) ?? []
    return [registered, taken].filter((name) => typeof name === 'string').map(escaped)
  })
  const named = new RegExp(`(?<!\\w)(?:${names.join('|')})(?!\\w)`)
  const templates = [...text.matchAll(/\{\{[^}]*\}\}/g)].map((match) => ({
    start: match.index,
    end: match.index + match[0].length,
    isNamed: names.length > 0 && named.test(match[0]),
    isBehindSetting: /token["']?\s*[=:]?\s*["']?$/i.test(text.slice(0, match.index)),
  }))
  const found =
    templates.find(({ isNamed, isBehindSetting }) => isNamed && isBehindSetting) ??
    templates.find(({ isNamed }) => isNamed) ??
    templates.find(({ isBehindSetting }) => isBehindSetting) ??
    templates[0]
  if (found !== undefined) return { path: at.path, start: at.start + found.start, end: at.start + found.end }
  return text.includes('\n') ? (taskAt(analysis, at)?.task.action.at ?? at) : at
}
