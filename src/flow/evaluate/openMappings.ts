import { type CallArguments, Dict, Unknown, type Value } from '../../ansible/template/primitives.ts'
import type { Atom } from '../atoms.ts'
import { answeredOtherwise } from './answers.ts'
import type { Evaluation } from './expression.ts'
import { Result, Ungiven } from './unknowns.ts'

/** What filters make of mappings of which only a part is known; `undefined` where that is no more than something unknown. */
export function openMapping(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
): Value | undefined {
  if (name === 'combine') return combined(value, given, evaluation, words)
  if (name === 'from_yaml' && typeof value === 'string') return read(value, given, evaluation, words)
  if (!(value instanceof Result) || value.leaf !== value) return undefined
  if (name === 'to_yaml' || name === 'to_nice_yaml') return written(name, value, given, evaluation)
  return undefined
}

/** Each key is as the last of them has it that may have it. */
function combined(
  value: Value,
  { positional, named }: CallArguments,
  evaluation: Evaluation,
  words: () => string,
): Value | undefined {
  const terms = [value, ...positional]
  if (named.size > 0 || !terms.every(isMapping) || !terms.some((term) => term instanceof Unknown))
    return undefined
  const known = new Map<string, Value>()
  for (const term of terms) {
    if (term instanceof Unknown)
      for (const key of known.keys()) if (memberOf(term, key) !== undefined) known.delete(key)
    for (const [key, item] of knownIn(term)) if (typeof key === 'string') known.set(key, item)
  }
  // Which keys are known hangs on more than the answers of those that are asked for.
  answeredOtherwise()
  const what = words()
  const [open] = terms.filter((term) => term instanceof Unknown)
  const member = (key: string): Value | undefined => {
    const may = terms.flatMap((term) => {
      const item = term instanceof Dict ? term.get(key) : memberOf(term, key)
      return item === undefined ? [] : [{ item, isCertain: term instanceof Dict || knownIn(term).has(key) }]
    })
    const last = may.at(-1)
    if (last === undefined) return undefined
    const isOne = may.length === 1 || last.isCertain
    return evaluation.host.settled(isOne ? last.item : new Unknown(`(${what}).${key}`, open?.why ?? what))
  }
  return new Result(what, known, member, open?.why)
}

const knownIn = (term: Dict | Unknown): ReadonlyMap<Value, Value> =>
  term instanceof Dict ? new Map(term.entries()) : term instanceof Result ? term.known : new Map()

const memberOf = (term: Unknown, key: string): Value | undefined =>
  term.members === undefined ? new Unknown(`${term.what}.${key}`, term.why, term.at) : term.members(key)

/** What waits for a decision of the world, or is made of followed text as a whole, is none of them. */
const isMapping = (value: Value): value is Dict | Unknown =>
  value instanceof Dict ||
  (value instanceof Unknown &&
    value.leaf === value &&
    (value.constructor === Unknown || value instanceof Result || value instanceof Ungiven))

/** The lines of what is known, and after them something for the others. */
function written(
  name: string,
  value: Result,
  given: CallArguments,
  evaluation: Evaluation,
): Value | undefined {
  answeredOtherwise()
  const names = { operand: () => value.what, arguments: () => evaluation.shownArguments(given) }
  const known = evaluation.filtered(name, new Dict([...value.known]), given, names)
  if (typeof known !== 'string') return undefined
  const whole = /^[\w.]+$/.test(value.what) ? value.what : `a mapping: ${value.why}`
  const rest = evaluation.host.unknownText(new Unknown(`${REST}${whole}`, value.why, value.at))
  return `${value.known.size === 0 ? '' : known}${rest}\n`
}

const REST = 'the rest of '

/** What was written so: the other keys are no part of what is known. */
function read(
  text: string,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
): Value | undefined {
  const { atoms } = evaluation.host.tracking
  const lines = text.split('\n')
  const restOf = (line: string): Atom | undefined => {
    const atom = atoms.whole(line)
    return atom?.what.startsWith(REST) === true ? atom : undefined
  }
  const open = lines.map(restOf).find((atom) => atom !== undefined)
  if (open === undefined) return undefined
  const names = { operand: words, arguments: () => evaluation.shownArguments(given) }
  const left = lines.filter((line) => restOf(line) === undefined).join('\n')
  const known = left.trim() === '' ? new Dict([]) : evaluation.filtered('from_yaml', left, given, names)
  if (!(known instanceof Dict)) return undefined
  answeredOtherwise()
  const what = words()
  const named = new Map(
    [...known.entries()].flatMap(([key, item]) => (typeof key === 'string' ? [[key, item]] : [])),
  )
  const member = (key: string): Value =>
    named.get(key) ?? new Unknown(`(${what}).${key}`, open.what, evaluation.at)
  return new Result(what, named, member, open.what)
}
