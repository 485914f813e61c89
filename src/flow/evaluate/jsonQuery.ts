import {
  type CallArguments,
  Dict,
  List,
  Undefined,
  Unknown,
  type Value,
} from '../../ansible/template/primitives.ts'
import type { Evaluation } from './expression.ts'
import { unmodelled } from './texts.ts'

/** A name, a number in brackets, or each item of a list. */
type Step = string | number | typeof EACH

const EACH = Symbol('[*]')
const STEP = /(?:(?<=.)\.|^)(?:([A-Za-z_]\w*)|"([^"\\]*)")|\[(?:(-?\d+)|(\*))\]/gy

/** The steps of a query that is a plain path: `a.b[0]."c-d"`, `[*].name`. */
function stepsOf(query: string): readonly Step[] | undefined {
  const found = [...query.matchAll(STEP)]
  if (query === '' || found.reduce((length, [whole]) => length + whole.length, 0) < query.length)
    return undefined
  return found.map(([, name, quoted, index, each]) =>
    each === undefined ? (name ?? quoted ?? Number(index)) : EACH,
  )
}

/**
 * A path through what is known; other queries are not modelled. What is not there is `None`, which a list of results leaves out.
 * https://jmespath.org/specification.html
 */
export function jsonQuery(
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
): Value {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  const query = evaluation.key(given.positional[0] ?? given.named.get('expr') ?? null)
  const steps = typeof query === 'string' ? stepsOf(query) : undefined
  if (steps === undefined) return unmodelled('json_query', value, given, evaluation, words)
  return followed(value, steps, evaluation, words)
}

function followed(value: Value, steps: readonly Step[], evaluation: Evaluation, words: () => string): Value {
  const [step, ...rest] = steps
  if (step === undefined || value instanceof Undefined) return value
  if (value instanceof Unknown) {
    if (typeof step !== 'string' || value.members === undefined) return evaluation.unknown(words, [value])
    const found = value.members(step)
    return found === undefined ? null : followed(evaluation.host.settled(found), rest, evaluation, words)
  }
  if (typeof step === 'string') {
    const found = value instanceof Dict ? value.get(step) : undefined
    return found === undefined ? null : followed(evaluation.host.settled(found), rest, evaluation, words)
  }
  if (!(value instanceof List)) return null
  const items = [...value]
  if (typeof step === 'number') {
    const item = items.at(step)
    return item === undefined ? null : followed(evaluation.host.settled(item), rest, evaluation, words)
  }
  const results = items.map((item) => followed(evaluation.host.settled(item), rest, evaluation, words))
  // One that is not known may be none.
  return results.some((result) => result instanceof Unknown)
    ? evaluation.unknown(words, results)
    : new List(results.filter((result) => result !== null))
}
