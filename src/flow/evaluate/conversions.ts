import { applyFilter, Undefined, Unknown } from '../../ansible/template/primitives.ts'
import type { FlowFilter } from './filter.ts'
import { derived } from './texts.ts'
import { Count, isTainted, Pending, UnknownTruth } from './unknowns.ts'

export const length: FlowFilter = (value, given, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof Unknown)
    return isTainted(value)
      ? evaluation.unknown(words, [value])
      : new Count(words(), value.why, evaluation.at, Number(evaluation.host.isFilled(value)), value)
  const { tracking } = evaluation.host
  const text = evaluation.readable(value)
  if (typeof text === 'string') {
    const known = tracking.atoms.plain(text)
    if (known !== undefined) return [...known].length
    return new Count(
      words(),
      `the text is only known when the play runs`,
      evaluation.at,
      tracking.least(text),
      text,
    )
  }
  return evaluation.attempted(() => applyFilter('length', text, given, evaluation.plugin('length')), words, [
    text,
  ])
}

export const bool: FlowFilter = (value, given, evaluation, words, names) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof UnknownTruth) return value
  const { yes, no, when } = (value instanceof Pending ? value.sides : undefined) ?? {}
  if (when !== undefined && yes !== undefined && no !== undefined)
    return evaluation.either(
      when,
      () => bool(yes, given, evaluation, words, names),
      () => bool(no, given, evaluation, words, names),
      words,
    )
  const readable = evaluation.readable(value)
  const known = evaluation.host.tracking.known(readable)
  const { isUnread } = evaluation.host.tracking.contents([readable])
  if (value instanceof Unknown || isUnread)
    return evaluation.unknownTruth(words, [readable], undefined, { value: readable, when: true })
  return evaluation.attempted(() => applyFilter('bool', known, given, evaluation.plugin('bool')), words, [
    readable,
  ])
}

export const b64encode: FlowFilter = (value, given, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof Unknown) return evaluation.unknown(words, [value])
  const text = evaluation.textOf(value)
  const { atoms } = evaluation.host.tracking
  const [first] = typeof text === 'string' ? atoms.in(text) : []
  if (typeof text !== 'string' || first === undefined)
    return evaluation.attempted(
      () =>
        applyFilter(
          'b64encode',
          typeof text === 'string' ? text : value,
          given,
          evaluation.plugin('b64encode'),
        ),
      words,
      [value],
    )
  const plain = atoms.plain(text)
  const encoded =
    plain === undefined ? undefined : applyFilter('b64encode', plain, given, evaluation.plugin('b64encode'))
  return atoms.mark(
    atoms.derive(first, evaluation.hop('is encoded by b64encode'), {
      decoded: text,
      isFilled: evaluation.host.tracking.isFilled(text) === true,
      ...(typeof encoded === 'string' ? { text: encoded } : {}),
    }),
  )
}

export const b64decode: FlowFilter = (value, given, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof Unknown) return evaluation.unknown(words, [value])
  const { tracking } = evaluation.host
  const text = evaluation.readable(value)
  if (typeof text === 'string') {
    const decoded = tracking.atoms.whole(text)?.decoded
    if (decoded !== undefined) return decoded
    if (tracking.atoms.plain(text) === undefined)
      return derived(text, evaluation, 'is decoded by b64decode', words)
  }
  return evaluation.attempted(
    () =>
      tracking.through(
        ([encoded = null]) => applyFilter('b64decode', encoded, given, evaluation.plugin('b64decode')),
        [text],
        evaluation.hop('is decoded by b64decode'),
      ),
    words,
    [text],
  )
}
