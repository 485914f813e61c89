import { type CallArguments, Unknown, type Value } from '../../ansible/template/primitives.ts'
import { type AtomChange, hasMark } from '../atoms.ts'
import type { Evaluation } from './expression.ts'
import type { Words } from './operations.ts'
import { type Piece, Pieces, Tainted } from './unknowns.ts'

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

/**
 * What a text that is not known was split into. Whatever the separator, there is a first piece and a last one; split at
 * white space an empty text has none.
 */
export function pieces(
  [text, separator, limit]: readonly Value[],
  whole: Value,
  { host: { tracking } }: Evaluation,
): Value {
  if (!(whole instanceof Unknown) || typeof text !== 'string' || !hasMark(text) || separator === '')
    return whole
  const isSplit = typeof separator === 'string'
  if (!isSplit && tracking.isFilled(text) !== true) return whole
  const followed = new Set(whole instanceof Tainted ? whole.marks : [])
  const piece = (part: string): Piece | undefined => {
    if (!hasMark(part)) return part
    const marks = [...part].filter(hasMark)
    return marks.length === 1 && marks.every((mark) => followed.has(mark))
      ? { partOf: marks.join('') }
      : undefined
  }
  const isExact = isSplit && !hasMark(separator) && limit === undefined
  const parts = isExact ? text.split(separator) : [text]
  const first = parts.slice(0, parts.findIndex(hasMark) + 1).map(piece)
  const known = first.filter((each) => each !== undefined)
  const last = piece(parts.at(-1) ?? '')
  return known.length === 0 && last === undefined ? whole : new Pieces(whole, { first: known, last })
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
