import {
  applyTest,
  type CallArguments,
  Callable,
  Dict,
  knowsTest,
  List,
  Nothing,
  refused,
  TemplateFault,
  Undefined,
  UndefinedFault,
  Unknown,
  undefinedFault,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import type { ComparisonOperator } from '../../syntax/jinja/index.ts'
import { every, oldVersionIs, some } from './comparing.ts'
import type { Evaluation } from './expression.ts'
import type { FilterWords } from './filter.ts'
import { isRefusal } from './refusals.ts'
import {
  Address,
  Count,
  decidedTruth,
  Fork,
  impliedBy,
  isMissing,
  Pending,
  Result,
  Ungiven,
  UnknownTruth,
} from './unknowns.ts'

const comparisons: Readonly<Record<string, ComparisonOperator>> = {
  '==': '==',
  eq: '==',
  equalto: '==',
  '!=': '!=',
  ne: '!=',
  '<': '<',
  lt: '<',
  lessthan: '<',
  '<=': '<=',
  le: '<=',
  '>': '>',
  gt: '>',
  greaterthan: '>',
  '>=': '>=',
  ge: '>=',
  in: 'in',
}

/** One name for tests that ask the same, and whether the answer is the other way round. */
const synonyms: Readonly<Record<string, readonly [name: string, isOpposite: boolean]>> = {
  undefined: ['defined', true],
  failure: ['failed', false],
  succeeded: ['failed', true],
  success: ['failed', true],
  successful: ['failed', true],
  change: ['changed', false],
  skip: ['skipped', false],
  reachable: ['unreachable', true],
  version_compare: ['version', false],
  falsy: ['truthy', true],
}

const isThere = (value: Unknown): boolean =>
  [UnknownTruth, Result, Count, Address, Ungiven].some((kind) => value instanceof kind)

const ofResults = /^(?:failed|changed|skipped|unreachable)$/
/** Tests of the type, which a text has whatever it says. */
const ofType =
  /^(?:none|boolean|true|false|integer|float|number|string|mapping|sequence|iterable|callable|vault_encrypted)$/

/** Applies a test where values and texts may be unknown. */
export function tested(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: FilterWords,
): Value {
  const short = name.replace(/^ansible\.(?:builtin|legacy)\./, '')
  const [asked, isOpposite] = synonyms[short] ?? [short, false]
  const truth = holds(asked, value, given, evaluation, words)
  return isOpposite && !(truth instanceof Undefined) ? evaluation.negation(truth) : truth
}

function holds(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  names: FilterWords,
): Value {
  const words = (): string => {
    const inside = names.arguments()
    return `${names.operand()} is ${name}${inside === '' ? '' : `(${inside})`}`
  }
  const hanging = value instanceof Pending ? onSides(name, value, given, evaluation, names, words) : undefined
  if (hanging !== undefined) return hanging
  if (name === 'defined') {
    if (isRefusal(value)) throw undefinedFault(value)
    if (evaluation.host.isFilled(value)) return true
    if (isMissing(value) || value instanceof Nothing) return false
    if (!(value instanceof Unknown) || isThere(value)) return true
    // A side may be undefined; what hangs on a condition without having such is there either way.
    return value.leaf === value ||
      value instanceof Fork ||
      (value instanceof Pending && value.sides !== undefined)
      ? evaluation.unknownTruth(words, [value], value.why)
      : true
  }
  const args = [...given.positional, ...given.named.values()]
  const missing = [value, ...args].find((item) => item instanceof Undefined)
  if (missing instanceof Undefined) return evaluation.passedOn(missing)

  const operator = comparisons[name]
  const [other] = given.positional
  if (operator !== undefined) {
    if (other === undefined) throw refused(`the test ${name} wants something to compare with`)
    return evaluation.compare(operator, value, other)
  }
  if (name === 'contains' && other !== undefined) return evaluation.compare('in', other, value)
  if (name === 'truthy' && args.length === 0) return evaluation.truthOf(value, names.operand)
  if (name === 'sameas' && other !== undefined && typeof value === 'string')
    return evaluation.compare('==', value, other)
  if (ofResults.test(name) && (value instanceof Dict || value instanceof Result)) {
    const flag = evaluation.host.settled(
      (value instanceof Dict ? value.get(name) : value.members?.(name)) ?? false,
    )
    return flag instanceof Undefined ? false : evaluation.truthOf(flag, words)
  }
  if ((name === 'any' || name === 'all') && value instanceof List) {
    const truths = [...value].map((item) => evaluation.truthOf(item, names.operand))
    const certain = (name === 'any' ? some : every)(
      truths.map((truth) => (truth instanceof Unknown ? undefined : truth)),
    )
    return certain ?? evaluation.unknownTruth(words, [value])
  }
  if (!knowsTest(name))
    return evaluation.unknownTruth(words, [value, ...args], `the test ${name} is not modelled`)
  if (ofType.test(name)) {
    if (value instanceof Unknown) {
      if (value instanceof UnknownTruth && name === 'boolean') return true
      return evaluation.unknownTruth(words, [value], value.why)
    }
    if (value instanceof Callable || value instanceof VaultedText)
      return concrete(name, value, given, evaluation, words)
  }
  const { tracking } = evaluation.host
  const operands = [value, ...args].map((operand) => evaluation.readable(operand))
  const { isUnread, unknown } = tracking.contents(operands)
  const isCertain = ofType.test(name) || (!isUnread && unknown === undefined)
  if (!isCertain) {
    const operator = given.positional[1] ?? given.named.get('operator')
    const truth = name === 'version' ? oldVersionIs(operator, operands, tracking) : undefined
    return truth ?? evaluation.unknownTruth(words, operands)
  }
  return concrete(
    name,
    tracking.known(operands[0] ?? null),
    evaluation.plainArguments(given),
    evaluation,
    words,
  )
}

/** The answer where both sides of what hangs on a condition give one: the condition itself where they differ. */
function onSides(
  name: string,
  { sides }: Pending,
  given: CallArguments,
  evaluation: Evaluation,
  names: FilterWords,
  words: () => string,
): boolean | Unknown | undefined {
  if (sides === undefined) return undefined
  const { when } = sides
  const [yes, no] = [sides.yes, sides.no].map((side, index) => {
    const inside =
      side instanceof Unknown ? { ...names, operand: () => evaluation.shown(side, undefined) } : names
    const truth = evaluation.attempt(() =>
      holds(name, side ?? new Undefined(`'${names.operand()}' is undefined`), given, evaluation, inside),
    )
    // What the condition asks is what it found there.
    return truth instanceof UnknownTruth ? decidedTruth(impliedBy(when, index === 0), truth) : truth
  })
  if (typeof yes !== 'boolean' || typeof no !== 'boolean') return undefined
  if (yes === no) return yes
  return new UnknownTruth(words(), when.why, when.at, when, { by: yes ? 'and' : 'not', of: [when] })
}

function concrete(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
): Value {
  try {
    return applyTest(name, value, given, evaluation.plugin(name))
  } catch (error) {
    if (error instanceof UndefinedFault || !(error instanceof TemplateFault)) throw error
    return evaluation.unknownTruth(words, [value], error.message)
  }
}
