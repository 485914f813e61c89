import type { Value } from '../../ansible/template/primitives.ts'
import type { Evaluation } from './expression.ts'
import type { Words } from './operations.ts'

/** Another text made of one that is not known: the same token as far as anyone can tell. */
export function derived(
  text: Value,
  evaluation: Evaluation,
  what: string,
  words: Words,
  isFilled?: boolean,
): Value {
  const { tracking } = evaluation.host
  if (typeof text !== 'string') return evaluation.unknown(words, [text])
  const atoms = tracking.atoms.in(text)
  const atom = atoms.find((candidate) => candidate.text === undefined) ?? atoms[0]
  if (atom === undefined) return evaluation.unknown(words, [text])
  return tracking.atoms.mark(
    tracking.atoms.derive(atom, evaluation.hop(what), {
      isFilled: isFilled ?? tracking.isFilled(text) === true,
    }),
  )
}
