import { inOrder } from './arguments.ts'
import { calculate } from './arithmetic.ts'
import { compare, contains, equal, truth } from './comparison.ts'
import { isText, type PluginContext, textArgument } from './filters/filter.ts'
import { knowsFilter } from './filters/index.ts'
import { pythonRegex } from './regex.ts'
import { iterated } from './sequences.ts'
import { str } from './text.ts'
import {
  type CallArguments,
  Callable,
  Dict,
  Float,
  isInteger,
  isNumber,
  List,
  Nothing,
  refused,
  Undefined,
  unsupported,
  type Value,
  VaultedText,
} from './values.ts'
import { compareVersions, type VersionKind } from './version.ts'

type JinjaTest = (value: Value, given: CallArguments, context: PluginContext) => boolean

const one =
  (run: (value: Value, other: Value, context: PluginContext) => boolean): JinjaTest =>
  (value, given, context) => {
    const [other] = given.positional
    if (other === undefined) throw refused(`the test ${context.name} wants something to compare with`)
    return run(value, other, context)
  }

const comparison = (operator: '==' | '!=' | '<' | '<=' | '>' | '>='): JinjaTest =>
  one((value, other, { decrypt }) => compare(operator, value, other, decrypt))

const isTrue = (value: Value | undefined, { decrypt }: PluginContext): boolean =>
  value !== undefined && truth(value, decrypt)

const regex =
  (kind?: 'search' | 'match'): JinjaTest =>
  (value, given, context) => {
    const [pattern, ignoreCase, multiline, type] = inOrder(context.name, given, [
      'pattern',
      'ignorecase',
      'multiline',
      'match_type',
    ])
    const how = kind ?? textArgument(type, context, 'search')
    const text = str(value, context.decrypt)
    const options = { ignoreCase: isTrue(ignoreCase, context), multiline: isTrue(multiline, context) }
    const source = textArgument(pattern, context, '')
    if (how === 'fullmatch') return atStart(pythonRegex(`(?:${source})\\Z`, options), text)
    if (how === 'match') return atStart(pythonRegex(source, options), text)
    if (how === 'search') return pythonRegex(source, options).test(text)
    throw refused('match_type is one of search, match and fullmatch')
  }

/** Not the same as a search that finds something at 0: another alternative may match there. */
const atStart = (pattern: RegExp, text: string): boolean =>
  new RegExp(pattern.source, pattern.flags.replace('g', 'y')).test(text)

const versionKinds: Readonly<Record<string, VersionKind>> = {
  loose: 'loose',
  strict: 'strict',
  semver: 'semver',
  semantic: 'semver',
}

const versionOperators: Readonly<Record<string, (order: number) => boolean>> = {
  '==': (order) => order === 0,
  '=': (order) => order === 0,
  eq: (order) => order === 0,
  '!=': (order) => order !== 0,
  '<>': (order) => order !== 0,
  ne: (order) => order !== 0,
  '<': (order) => order < 0,
  lt: (order) => order < 0,
  '<=': (order) => order <= 0,
  le: (order) => order <= 0,
  '>': (order) => order > 0,
  gt: (order) => order > 0,
  '>=': (order) => order >= 0,
  ge: (order) => order >= 0,
}

const version: JinjaTest = (value, given, context) => {
  const [other, operator, strict, type] = inOrder('version', given, [
    'version',
    'operator',
    'strict',
    'version_type',
  ])
  if (other === undefined || !truth(value, context.decrypt) || !truth(other, context.decrypt))
    throw refused('the test version wants two versions that are not empty')
  const named = type === undefined || type === null ? 'loose' : textArgument(type, context)
  const kind = isTrue(strict, context) ? 'strict' : versionKinds[named]
  if (kind === undefined)
    throw named === 'pep440' ? unsupported('the version type pep440') : refused('an unknown version type')
  const holds = versionOperators[textArgument(operator, context, 'eq')]
  if (holds === undefined) throw refused('the test version does not know its operator')
  return holds(compareVersions(str(value, context.decrypt), str(other, context.decrypt), kind))
}

/** Ansible's tests of what a task registered. */
const registered =
  (holds: (result: Dict, context: PluginContext) => boolean): JinjaTest =>
  (value, _, context) => {
    if (!(value instanceof Dict)) throw refused(`the test ${context.name} wants the result of a task`)
    return holds(value, context)
  }

const flag = (key: string, wanted = true): JinjaTest =>
  registered((result, context) => isTrue(result.get(key), context) === wanted)

const subset = (value: Value, other: Value, { decrypt }: PluginContext): boolean =>
  iterated(value, decrypt).every((item) => contains(new List(iterated(other, decrypt)), item, decrypt))

const remainder = (value: Value, divisor: Value, context: PluginContext): Value =>
  calculate('%', value, divisor, context.decrypt)

const truthy =
  (wanted: boolean): JinjaTest =>
  (value, given, context) => {
    const [convert] = inOrder(context.name, given, ['convert_bool'])
    const word =
      isTrue(convert, context) && isText(value) ? str(value, context.decrypt).toLowerCase().trim() : undefined
    if (word !== undefined && /^(?:y|yes|on|1|true|t|1\.0)$/.test(word)) return wanted
    if (word !== undefined && /^(?:n|no|off|0|false|f|0\.0)$/.test(word)) return !wanted
    return truth(value, context.decrypt) === wanted
  }

const isCase =
  (fold: (text: string) => string): JinjaTest =>
  (value, _, { decrypt }) => {
    const text = str(value, decrypt)
    return text === fold(text) && text.toLowerCase() !== text.toUpperCase()
  }

const isUndefined = (value: Value): boolean => value instanceof Undefined || value instanceof Nothing

const equals = comparison('==')

const tests: ReadonlyMap<string, JinjaTest> = new Map<string, JinjaTest>([
  ['defined', (value) => !isUndefined(value)],
  ['undefined', (value) => isUndefined(value)],
  ['none', (value) => value === null],
  ['boolean', (value) => typeof value === 'boolean'],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  ['integer', (value) => isInteger(value) && typeof value !== 'boolean'],
  ['float', (value) => value instanceof Float],
  ['number', (value) => isNumber(value)],
  ['string', (value) => isText(value)],
  ['mapping', (value) => value instanceof Dict],
  ['sequence', (value) => isText(value) || value instanceof List || value instanceof Dict],
  ['iterable', (value) => isText(value) || value instanceof List || value instanceof Dict],
  ['callable', (value) => value instanceof Callable],
  ['lower', isCase((text) => text.toLowerCase())],
  ['upper', isCase((text) => text.toUpperCase())],
  ['odd', (value, _, context) => equal(remainder(value, 2, context), 1, context.decrypt)],
  ['even', (value, _, context) => equal(remainder(value, 2, context), 0, context.decrypt)],
  ['divisibleby', one((value, by, context) => equal(remainder(value, by, context), 0, context.decrypt))],
  ['sameas', one((value, other) => value === other)],
  ['in', one((value, container, { decrypt }) => contains(container, value, decrypt))],
  ['contains', one((value, item, { decrypt }) => contains(value, item, decrypt))],
  ['==', equals],
  ['eq', equals],
  ['equalto', equals],
  ['!=', comparison('!=')],
  ['ne', comparison('!=')],
  ['<', comparison('<')],
  ['lt', comparison('<')],
  ['lessthan', comparison('<')],
  ['<=', comparison('<=')],
  ['le', comparison('<=')],
  ['>', comparison('>')],
  ['gt', comparison('>')],
  ['greaterthan', comparison('>')],
  ['>=', comparison('>=')],
  ['ge', comparison('>=')],
  ['match', regex('match')],
  ['search', regex('search')],
  ['regex', regex()],
  ['version', version],
  ['version_compare', version],
  ['any', (value, _, { decrypt }) => iterated(value, decrypt).some((item) => truth(item, decrypt))],
  ['all', (value, _, { decrypt }) => iterated(value, decrypt).every((item) => truth(item, decrypt))],
  ['truthy', truthy(true)],
  ['falsy', truthy(false)],
  ['vault_encrypted', (value) => value instanceof VaultedText],
  ['subset', one(subset)],
  ['issubset', one(subset)],
  ['superset', one((value, other, context) => subset(other, value, context))],
  ['issuperset', one((value, other, context) => subset(other, value, context))],
  ['filter', (value, _, { decrypt }) => knowsFilter(str(value, decrypt))],
  ['failed', flag('failed')],
  ['failure', flag('failed')],
  ['succeeded', flag('failed', false)],
  ['success', flag('failed', false)],
  ['successful', flag('failed', false)],
  ['changed', flag('changed')],
  ['change', flag('changed')],
  ['skipped', flag('skipped')],
  ['skip', flag('skipped')],
  ['unreachable', flag('unreachable')],
  ['reachable', flag('unreachable', false)],
])

const takesUndefined: ReadonlySet<string> = new Set(['defined', 'undefined'])

/** Applies a test by the name that a template gives it. Of something undefined most tests are undefined too. */
export function applyTest(
  name: string,
  value: Value,
  given: CallArguments,
  context: PluginContext,
): boolean | Undefined {
  const short = name.replace(/^ansible\.(?:builtin|legacy)\./, '')
  const found = tests.get(short)
  if (found === undefined) throw unsupported(`the test ${name}`)
  if (!takesUndefined.has(short)) {
    const missing = [value, ...given.positional, ...given.named.values()].find(
      (item) => item instanceof Undefined,
    )
    if (missing !== undefined) return missing as Undefined
  }
  return found(value, given, context)
}

/** Whether a template may use the test. */
export const knowsTest = (name: string): boolean =>
  tests.has(name.replace(/^ansible\.(?:builtin|legacy)\./, ''))
