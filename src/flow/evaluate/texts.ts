import type { CallArguments, Value } from '../../ansible/template/primitives.ts'
import { type AtomChange, hasMark } from '../atoms.ts'
import type { Evaluation } from './expression.ts'
import type { Words } from './operations.ts'

/** Another text made of one that is not known: the same token as far as anyone can tell. */
export function derived(
  text: Value,
  evaluation: Evaluation,
  what: string,
  words: Words,
  { isFilled, isPiece }: Pick<AtomChange, 'isFilled' | 'isPiece'> = {},
): Value {
  const { tracking } = evaluation.host
  if (typeof text !== 'string') return evaluation.unknown(words, [text])
  const atoms = tracking.atoms.in(text)
  const atom = atoms.find((candidate) => candidate.text === undefined) ?? atoms[0]
  if (atom === undefined) return evaluation.unknown(words, [text])
  return tracking.atoms.mark(
    tracking.atoms.derive(atom, evaluation.hop(what), {
      isFilled: isFilled ?? tracking.isFilled(text) === true,
      ...(isPiece === true ? { isPiece } : {}),
    }),
  )
}

/** As many characters of a token tell it apart and don't help to guess it. */
const FEW = 8

/** Whether a slice has a few characters at most, however long the text is. */
export function isOfFew([from, to]: readonly (Value | undefined)[]): boolean {
  const isWhole = (bound: Value | undefined): boolean =>
    bound === undefined || bound === null || typeof bound === 'number'
  if (!isWhole(from) || !isWhole(to)) return false
  const start = typeof from === 'number' ? from : 0
  const most = typeof to !== 'number' ? (start < 0 ? -start : Number.POSITIVE_INFINITY) : lengthOf(start, to)
  return most <= FEW
}

function lengthOf(start: number, end: number): number {
  if (start >= 0 === end >= 0) return end - start
  return start < 0 ? Math.min(-start, end) : Number.POSITIVE_INFINITY
}

const DIGEST = /^(?:hash|md5|sha1|checksum|(?:ansible\.(?:builtin|legacy)\.)?password_hash)$/

/** Whether a filter gives a digest of its operand, or a few characters of it. */
export function givesPiece(name: string, { positional, named }: CallArguments): boolean {
  if (DIGEST.test(name)) return true
  const length = positional[0] ?? named.get('length')
  return name === 'truncate' && typeof length === 'number' && length <= FEW
}

/** A filter of a collection, or one that is not known here: text that went in may come out, nobody knows how. */
export function unmodelled(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
): Value {
  const readable = evaluation.readable(value)
  if (typeof readable === 'string' && hasMark(readable) && name !== 'exists')
    return derived(readable, evaluation, `passes the filter ${name}`, words, {
      isFilled: name.endsWith('password_hash'),
      isPiece: givesPiece(name, given),
    })
  return evaluation.unknown(
    words,
    [readable, ...given.positional, ...given.named.values()],
    `the filter ${name} is not modelled`,
  )
}
