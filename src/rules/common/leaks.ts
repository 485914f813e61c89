import type { Atom } from '../../flow/atoms.ts'
import type { TaskRun } from '../../flow/rehearsal.ts'
import type { Analysis } from '../../lint/analysis.ts'
import { nodeRunsOf } from './nodes.ts'

/** Whether an atom is, or was made of, what reaches K3s as a token or is read from where K3s keeps one. */
export function isToken({ rehearsal }: Analysis, { root, text }: Atom): boolean {
  return text !== '' && rehearsal.tokens.has(root)
}

/** Whether a marked text holds a token. */
export function holdsToken(analysis: Analysis, text: unknown): boolean {
  return typeof text === 'string' && analysis.rehearsal.atoms.in(text).some((atom) => isToken(analysis, atom))
}

/** Every task that had to do with a token, as often as it ran. */
export function* tokenTasks(analysis: Analysis): Generator<TaskRun> {
  for (const { events } of nodeRunsOf(analysis))
    for (const event of events)
      if (event.what === 'task-ran' && event.task.uses.some(({ atom }) => isToken(analysis, atom)))
        yield event.task
}

/** A path for a message: what is not known in it is an ellipsis. */
export const shownPath = (path: string): string => path.replace(/[\u{f0000}-\u{ffffd}]+/gu, '…')
