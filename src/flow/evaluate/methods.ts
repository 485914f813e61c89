import {
  type CallArguments,
  Callable,
  Dict,
  List,
  methodOf,
  refused,
  typeName,
  Undefined,
  Unknown,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import { answeredOtherwise } from './answers.ts'
import type { Evaluation } from './expression.ts'
import { isOfWords } from './filters.ts'
import { plainOnly, type Words } from './operations.ts'
import { derived, pieces } from './texts.ts'

/** Methods of str that only move text. */
const moving =
  /^(?:strip|lstrip|rstrip|replace|join|format|removeprefix|removesuffix|ljust|rjust|zfill|lower|casefold)$/
/** Methods of str that give one other text. */
const changing = /^(?:upper|capitalize|title)$/
/** Methods of list and dict that change them. */
const mutating = /^(?:append|extend|insert|pop|setdefault|update)$/
const asking = /^(?:startswith|endswith|is[a-z]+)$/

/** `object.name(…)`: a method, or something callable that the object holds. */
export function calledMethod(
  object: Value,
  name: string,
  given: CallArguments,
  evaluation: Evaluation,
  words: Words,
): Value {
  if (object instanceof Unknown) {
    const operands = [object, ...given.positional]
    return asking.test(name)
      ? evaluation.unknownTruth(words, operands, object.why)
      : evaluation.unknown(words, operands)
  }
  if (typeof object === 'string' || object instanceof VaultedText)
    return ofText(evaluation.readable(object), name, given, evaluation, words)
  const method = evaluation.attribute(object, name, words)
  if (method instanceof Undefined) return evaluation.passedOn(method)
  if (mutating.test(name)) answeredOtherwise()
  if (!(method instanceof Callable)) throw refused(`a ${typeName(method)} can't be called`)
  const values = [...given.positional, ...given.named.values()]
  if (object instanceof Dict && /^(?:get|pop|setdefault)$/.test(name)) {
    const [key = null, ...rest] = given.positional
    const plain = evaluation.key(key)
    if (plain === undefined) return evaluation.unknown(words, [object, ...values])
    return evaluation.host.settled(
      evaluation.attempted(() => method.call({ positional: [plain, ...rest], named: given.named }), words, [
        object,
      ]),
    )
  }
  if (object instanceof List && /^(?:index|count)$/.test(name)) {
    const operands = [object, ...values].map((value) => evaluation.readable(value))
    const { isUnread, unknown } = evaluation.host.tracking.contents(operands)
    if (isUnread || unknown !== undefined) return evaluation.unknown(words, operands)
    const [plain = null, ...rest] = operands.map((value) => evaluation.host.tracking.known(value))
    const bound = methodOf(plain, name, plainOnly)
    return evaluation.attempted(
      () => bound?.call({ positional: rest, named: new Map() }) ?? null,
      words,
      operands,
    )
  }
  return evaluation.attempted(() => method.call(given), words, [object, ...values])
}

function ofText(
  object: Value,
  name: string,
  given: CallArguments,
  evaluation: Evaluation,
  words: Words,
): Value {
  const { tracking } = evaluation.host
  const found = evaluation.attribute(object, name, words)
  if (found instanceof Undefined) return evaluation.passedOn(found)
  if (given.positional.some((value) => value instanceof Unknown))
    return evaluation.unknown(words, [object, ...given.positional])
  const names = [...given.named.keys()]
  const isMoving = moving.test(name) || (name === 'split' && isOfWords(object, given))
  const operands = [object, ...given.positional, ...given.named.values()].map((value) =>
    isMoving ? evaluation.writable(value) : evaluation.readable(value),
  )
  const run = ([subject = null, ...values]: readonly Value[]): Value => {
    const method = methodOf(subject, name, plainOnly)
    if (method === undefined) throw refused(`a ${typeName(subject)} has no method ${name}`)
    const positional = values.slice(0, given.positional.length)
    const named = new Map(names.map((key, index) => [key, values[given.positional.length + index] ?? null]))
    return method.call({ positional, named })
  }
  const { isUnread } = tracking.contents(operands)
  if (!isUnread || isMoving)
    return evaluation.attempted(
      () => tracking.through(run, operands, evaluation.hop(`passes ${name}()`)),
      words,
      operands,
    )
  if (asking.test(name)) return asked(name, operands, evaluation, words)
  if (name === 'split' || name === 'rsplit')
    return pieces(operands, evaluation.unknown(words, operands), evaluation)
  if (changing.test(name)) return derived(operands[0] ?? '', evaluation, `passes ${name}()`, words)
  return evaluation.unknown(words, operands)
}

/** `startswith` and `endswith` where the known edge of the text answers. */
function asked(name: string, [text, part]: readonly Value[], evaluation: Evaluation, words: Words): Value {
  const { atoms } = evaluation.host.tracking
  const affix = typeof part === 'string' ? atoms.plain(part) : undefined
  if (typeof text === 'string' && affix !== undefined && /^(?:starts|ends)with$/.test(name)) {
    const { text: whole, marks } = atoms.traced(text)
    const open = marks.filter(({ atom }) => atom.text === undefined)
    const edge = name === 'startswith' ? whole.slice(0, open[0]?.start) : whole.slice(open.at(-1)?.end)
    if (name === 'startswith' ? edge.startsWith(affix) : edge.endsWith(affix)) return true
    const shared = Math.min(edge.length, affix.length)
    const differs =
      name === 'startswith'
        ? edge.slice(0, shared) !== affix.slice(0, shared)
        : edge.slice(edge.length - shared) !== affix.slice(affix.length - shared)
    if (differs) return false
  }
  return evaluation.unknownTruth(words, [text ?? null])
}
