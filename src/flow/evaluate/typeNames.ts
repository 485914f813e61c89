import {
  Dict,
  isNumber,
  List,
  Tuple,
  typeName,
  Undefined,
  Unknown,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import type { FlowFilter } from './filter.ts'
import { OneOf, Pending, Result, UnknownTruth } from './unknowns.ts'
import { VariablesDict } from './variables.ts'

/** `str` since ansible-core 2.19; before, it hangs on where a text comes from. */
const TEXTS = [
  'str',
  'AnsibleUnicode',
  'AnsibleUnsafeText',
  'AnsibleVaultEncryptedUnicode',
  'NativeJinjaText',
  'NativeJinjaUnsafeText',
]

/** What becomes another type under an ansible-core before 2.19, where a template makes it. */
const EVALUATED = /^(?:[[{]|True$|False$)/

/**
 * Python's name for the type of a value, where it is the same under every ansible-core; else one of those that it may be. Before
 * 2.19 a variable whose template makes a number, or nothing, has a text.
 * https://github.com/ansible/ansible/blob/v2.21.5/lib/ansible/plugins/filter/core.py
 */
export const typeDebug: FlowFilter = (value, given, evaluation, words, names) => {
  if (value instanceof Pending && value.sides !== undefined) {
    const { when, yes, no } = value.sides
    const ofSide = (side: Value | undefined) => (): Value =>
      typeDebug(side ?? new Undefined(`'${names.operand()}' is undefined`), given, evaluation, words, names)
    return evaluation.either(when, ofSide(yes), ofSide(no), words)
  }
  // An older one ends at the variable whose template needs it.
  if (value instanceof Undefined && value.place !== undefined) return evaluation.passedOn(value)
  const possible = namesOf(value, (text) => evaluation.host.tracking.knownText(text))
  const [only] = possible
  if (only === undefined) return evaluation.unknown(words, [value])
  if (possible.length === 1) return only
  const what = words()
  const decided = evaluation.host.decidedValue(what)
  return decided ?? new OneOf(what, 'versions of ansible-core tell it apart', evaluation.at, possible)
}

/** None: nobody knows. */
function namesOf(value: Value, known: (text: string) => Value | undefined): readonly string[] {
  if (value instanceof Undefined) return ['AnsibleUndefined', 'UndefinedMarker']
  if (value instanceof UnknownTruth || typeof value === 'boolean') return ['bool']
  if (value instanceof Result) return ['dict']
  if (value instanceof Unknown || value instanceof VariablesDict || value instanceof Tuple) return []
  if (value instanceof VaultedText) return TEXTS
  if (typeof value === 'string') {
    const text = known(value)
    return typeof text === 'string' && !EVALUATED.test(text) ? TEXTS : []
  }
  if (value === null || isNumber(value)) return [typeName(value), ...TEXTS]
  return value instanceof List || value instanceof Dict ? [typeName(value)] : []
}
