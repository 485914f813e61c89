import { refused, Undefined, Unknown, undefinedFault, type Value } from '../../ansible/template/primitives.ts'
import { hasMark } from '../atoms.ts'
import type { Evaluation } from './expression.ts'
import type { FlowFilter } from './filter.ts'
import { isRefusal } from './refusals.ts'
import { Fork, isMissing, Pending, Ungiven, UnknownTruth } from './unknowns.ts'

/** What holds a token, whatever it is called else. */
const TOKEN = /token|secret|key|passw/i

/** A text that a token falls back to is followed as one that a variable holds. */
function followed(fallback: Value, name: string, evaluation: Evaluation): Value {
  if (
    typeof fallback !== 'string' ||
    hasMark(fallback) ||
    !/^[^\s/]{8,}$/.test(fallback) ||
    !TOKEN.test(name)
  )
    return fallback
  return evaluation.host.literal(fallback, name, evaluation.at)
}

/** What may be missing on one side of what hangs on a condition: there stands the fallback. */
function filledIn(value: Value, fallback: Value, evaluation: Evaluation, words: () => string): Value {
  if (!(value instanceof Pending) || value.sides === undefined) return value
  const { when } = value.sides
  const [yes, no] = [value.sides.yes, value.sides.no].map((side) =>
    side === undefined || isMissing(side) ? fallback : filledIn(side, fallback, evaluation, words),
  )
  if (yes === value.sides.yes && no === value.sides.no) return value
  // Of two texts it may be known that neither says anything.
  if (typeof yes === 'string' && typeof no === 'string')
    return evaluation.either(
      when,
      () => yes,
      () => no,
      words,
    )
  const Kind = value instanceof Fork || evaluation.isTelling([fallback]) ? Fork : Pending
  return new Kind(words(), value.why, value.at, value.leaf, { when, yes, no })
}

/**
 * `lookup('env', …)` is an empty text where the variable is not set, and that is defined:
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/env_lookup.html
 */
function withIdleDefault(value: Value, fallback: Value, falsyToo: Value, evaluation: Evaluation): Value {
  const { atoms } = evaluation.host.tracking
  const atom = typeof value === 'string' ? atoms.whole(value) : undefined
  const isOfEnvironment = atom?.kind === 'lookup' && /^lookup\('env', '[^']*'\)$/.test(atom.what)
  if (atom === undefined || !isOfEnvironment || falsyToo !== false) return value
  if (fallback === '' || !(typeof fallback === 'string' || fallback instanceof Unknown)) return value
  const hop = evaluation.hop(
    `${atom.what} is an empty text where the variable is not set: its default never comes`,
  )
  return atoms.mark(atoms.derive(atom, hop, { hasIdleDefault: true }))
}

export const otherwise: FlowFilter = (found, { positional, named }, evaluation, words, names) => {
  const given = positional[0] ?? named.get('default_value') ?? ''
  const fallback = followed(given, names.operand(), evaluation)
  const falsyToo = positional[1] ?? named.get('boolean') ?? false
  if (isRefusal(found)) throw undefinedFault(found)
  const value = filledIn(found, fallback, evaluation, words)
  if (value instanceof Undefined) return fallback
  if (evaluation.host.isFilled(value)) return value
  if (isMissing(value)) return fallback
  const isOpen = value instanceof Unknown && value.leaf === value
  if (isOpen && !(value instanceof UnknownTruth || value instanceof Ungiven)) {
    const isDefined = evaluation.unknownTruth(() => `${names.operand()} is defined`, [value], value.why)
    if (isDefined === false) return fallback
    if (isDefined instanceof Unknown && evaluation.isTelling([fallback]))
      return evaluation.either(
        isDefined,
        () => value,
        () => fallback,
        words,
      )
  }
  if (evaluation.truthOf(falsyToo, words) !== true)
    return withIdleDefault(value, fallback, falsyToo, evaluation)
  const truth = evaluation.truthOf(value, names.operand)
  if (!(truth instanceof Unknown)) return truth ? evaluation.host.tracking.filled(value) : fallback
  return evaluation.either(
    truth,
    () => value,
    () => fallback,
    words,
  )
}

export const mandatory: FlowFilter = (value, { positional, named }, evaluation) => {
  if (!(value instanceof Undefined)) return value
  const message = evaluation.key(positional[0] ?? named.get('msg') ?? null)
  throw undefinedFault(
    typeof message === 'string' ? new Undefined(message, value.fix, value.variable, value.place) : value,
  )
}

export const ternary: FlowFilter = (value, { positional, named }, evaluation, words, names) => {
  const [yes = named.get('true_val'), no = named.get('false_val'), none = named.get('none_val')] = positional
  if (yes === undefined || no === undefined) throw refused('ternary wants two values')
  if (value === null && none !== undefined && none !== null) return none
  const truth = evaluation.truthOf(value, names.operand)
  if (truth instanceof Unknown)
    return evaluation.either(
      truth,
      () => yes,
      () => no,
      words,
    )
  return truth ? yes : no
}
