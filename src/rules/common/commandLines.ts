import type { Placed, Task } from '../../ansible/content/index.ts'
import { isFixture } from '../../flow/sites/places.ts'
import type { Written } from '../../flow/sites/site.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { RuleFinding } from '../../lint/finding.ts'
import type { Span } from '../../span.ts'
import { tokenSitesOf } from './literals.ts'
import { nodeRunsOf } from './nodes.ts'
import { SAID } from './startedCommandLines.ts'
import { taskAround } from './tasks.ts'

/** Modules whose text is a command line; other programs have the arguments of those. */
export const RUNS = /(?:^|\.)(?:command|shell|raw)$/

/**
 * Tokens on the command lines that stand in the project as text: units and their templates, scripts, CI files, and tasks
 * that have the token itself. What else tasks run is found by rehearsing them.
 */
export function* writtenCommandLines(analysis: Analysis): Generator<RuleFinding> {
  for (const { name, carrier, file, written } of tokenSitesOf(analysis).options) {
    const { at, text } = written
    const isUnit = file === 'unit'
    if (isUnit && analysis.rehearsal.isUnused(at.path)) continue
    if (carrier === 'argument' && file === 'yaml' && !isRun(analysis, written)) continue
    const isIdle = isUnit && text === undefined && isWrittenWithout(analysis, at.path, name)
    const severity = isFixture(at.path)
      ? 'notice'
      : (isUnit && !isIdle) || text !== undefined
        ? undefined
        : 'warning'
    yield {
      at,
      message:
        carrier === 'extra-vars'
          ? `${name} is given to Ansible on the command line, which every user of the control node can read`
          : isUnit
            ? `the token behind ${name} ${isIdle ? 'would stand' : 'stands'} in the unit and in the arguments of k3s, which every user of the node can read${isIdle ? ': no host here gets this line' : ''}`
            : `the token behind ${name} is an argument, which every user of the machine can read`,
      cure:
        carrier === 'extra-vars'
          ? 'give it in a vaulted file of variables: -e @FILE; or take it from the environment with lookup'
          : isUnit
            ? 'put K3S_TOKEN=… into a file of mode 0600 and name that in EnvironmentFile='
            : 'give it in the environment: K3S_TOKEN, or in a file: --token-file',
      ...(text === undefined ? {} : { secrets: [at] }),
      ...(severity === undefined ? {} : { severity }),
    }
  }
  yield* writtenInTasks(analysis)
}

/** Whether a template is rendered, and no host gets the option: it stands in a branch for others. */
function isWrittenWithout(analysis: Analysis, template: string, option: string): boolean {
  const rendered = nodeRunsOf(analysis).flatMap(({ events }) =>
    events.flatMap((event) =>
      event.what === 'file-written' &&
      event.file.hops.some(({ what }) => what.startsWith(`renders ${template} to `))
        ? [event.file.content]
        : [],
    ),
  )
  return (
    rendered.length > 0 &&
    rendered.every((content) => typeof content === 'string' && !content.includes(option))
  )
}

/** `K3S_TOKEN=…` before a command of a task, and in its `environment:`. In a script of the node it would be no argument. */
function* writtenInTasks(analysis: Analysis): Generator<RuleFinding> {
  for (const { at, carrier, text } of tokenSitesOf(analysis).sites) {
    if (carrier === 'argument' || text === undefined || text.isEmpty) continue
    const task = runAround(analysis, at)
    const { freeForm, arguments: named } = task?.action ?? {}
    const isIn = (place: Placed | undefined): boolean =>
      place !== undefined && place.at.start <= at.start && at.end <= place.at.end
    const where = [freeForm, named?.get('cmd'), named?.get('argv')].some(isIn)
      ? 'command'
      : isIn(task?.keywords.get('environment'))
        ? 'environment'
        : undefined
    if (where !== undefined)
      yield { at, ...SAID[where], secrets: [at], ...(isFixture(at.path) ? { severity: 'notice' } : {}) }
  }
}

const isRun = (analysis: Analysis, { at, text }: Pick<Written, 'at' | 'text'>): boolean =>
  text !== undefined && runAround(analysis, at) !== undefined

/** The task in which a text stands, where that runs a command. */
function runAround(analysis: Analysis, at: Span): Task | undefined {
  const task = taskAround(analysis, at)?.task
  return task !== undefined && RUNS.test(task.action.module) ? task : undefined
}
