import type { Hop } from '../../flow/atoms.ts'
import type { AtomUse } from '../../flow/rehearsal.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { RuleFinding } from '../../lint/finding.ts'
import type { Span } from '../../span.ts'
import { isToken, tokenTasks } from './leaks.ts'
import { nodeRunsOf } from './nodes.ts'
import { placeIn } from './places.ts'
import { taskAt } from './tasks.ts'

/** Tokens on the command lines that the rehearsal sees: of services that start, and of what tasks run. */
export function* startedCommandLines(analysis: Analysis): Generator<RuleFinding> {
  const starting = new Set<string>()
  // The last start is the one that counts, as a trace shows it.
  for (const { events } of nodeRunsOf(analysis))
    for (const event of events.toReversed()) {
      if (event.what !== 'service-started') continue
      for (const { carrier, text, hops } of [event.arrival.token, event.arrival.agentToken]) {
        if (carrier !== 'argv' || text?.marks.some(({ atom }) => isToken(analysis, atom)) !== true) continue
        starting.add(`${event.at.path}:${event.at.start}`)
        yield {
          at: optionIn(analysis, hops) ?? hops.at(-1)?.at ?? event.at,
          message: `the token becomes an argument of ${event.service}, which every user of the node can read`,
          hops: [...hops, ...event.hops],
        }
      }
    }
  for (const task of tokenTasks(analysis)) {
    // What systemd-run starts is told as a service.
    if (starting.has(`${task.at.path}:${task.at.start}`)) continue
    for (const use of task.uses) {
      if (use.where !== 'command' || !isToken(analysis, use.atom)) continue
      yield {
        at: templateIn(analysis, use),
        message:
          'the token is part of this command line, which every user of the node can read while it runs',
        cure: 'give it in environment: of the task, with no_log: true; or in a file: --token-file',
        severity: 'warning',
        hops: analysis.rehearsal.atoms.hops(use.atom),
      }
    }
  }
}

const OPTION = /--(?:agent-)?token[= ]+(?:\{\{[^}\n]*\}\}|[^\s"'])+|(?<=\s)-t[= ](?:\{\{[^}\n]*\}\}|[^\s"'])+/

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

/** The template in a command that the token comes from: the one behind the setting, or the first. */
function templateIn(analysis: Analysis, { at, atom }: AtomUse): Span {
  const text = (analysis.project.get(at.path) ?? '').slice(at.start, at.end)
  const own = analysis.rehearsal.atoms
    .hops(atom)
    .findLast((hop) => hop.at.path === at.path && hop.at.start > at.start && hop.at.end <= at.end)
  if (own !== undefined) return own.at
  const names = analysis.rehearsal.atoms.hops(atom).flatMap((hop) => {
    const registered = taskAt(analysis, hop.at)?.task.keywords.get('register')?.value
    const [taken] = /^[\w.]+(?= (?:takes it|is set here))/.exec(hop.what) ?? []
    return [registered, taken].filter((name) => typeof name === 'string')
  })
  const templates = [...text.matchAll(/\{\{[^}]*\}\}/g)]
  const isNamed = (template: string): boolean => names.some((name) => template.includes(name))
  const isBehindSetting = (at: number): boolean => /token["']?\s*[=:]?\s*["']?$/i.test(text.slice(0, at))
  const match =
    templates.find(([template]) => isNamed(template)) ??
    templates.find(({ index }) => isBehindSetting(index)) ??
    templates[0]
  if (match !== undefined)
    return { path: at.path, start: at.start + match.index, end: at.start + match.index + match[0].length }
  return text.includes('\n') ? (taskAt(analysis, at)?.task.action.at ?? at) : at
}
