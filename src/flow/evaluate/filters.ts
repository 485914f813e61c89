import {
  applyFilter,
  type CallArguments,
  knowsFilter,
  noArguments,
  TemplateFault,
  Undefined,
  UndefinedFault,
  Unknown,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import { byChance, chosen, edge, items2dict, map } from './collections.ts'
import { b64decode, b64encode, bool, length } from './conversions.ts'
import type { Evaluation } from './expression.ts'
import { mandatory, otherwise, ternary } from './fallbacks.ts'
import type { FilterWords, FlowFilter } from './filter.ts'
import { jsonQuery } from './jsonQuery.ts'
import { openMapping } from './openMappings.ts'
import { undefinedIn } from './operations.ts'
import { derived, givesPiece, pieces, unmodelled } from './texts.ts'
import { typeDebug } from './typeNames.ts'
import { Each, Fetched } from './unknowns.ts'

/** They put texts together or wrap them, so that a text that is not known may take part. */
const writing =
  /^(?:string|trim|join|quote|regex_escape|replace|to_json|to_nice_json|to_yaml|to_nice_yaml|from_yaml|from_json|indent|comment|format|urlencode|(?:ansible\.utils\.)?ipwrap|path_join|basename|dirname|lower|center)$/
/** They move the items of a list or dict and look into none. */
const arranging =
  /^(?:list|first|last|combine|dict2items|items|flatten|subelements|zip|batch|slice|extract|reverse)$/
/** They choose by what the items are. */
const choosing = /^(?:unique|union)$/
/** They make one other text. */
const changing = /^(?:regex_replace|upper|capitalize|title|truncate|hash|md5|sha1|checksum|b64decode)$/
const serialising = /^to_(?:nice_)?(?:json|yaml)$/
const reading = /^from_(?:json|yaml)$/

/** Applies a filter where values and texts may be unknown. What is made of something fetched is that, still. */
export function filtered(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  names: FilterWords,
): Value {
  const made = applied(name, value, given, evaluation, names)
  return value instanceof Fetched &&
    made instanceof Unknown &&
    made.constructor === Unknown &&
    made.leaf === made
    ? new Fetched(made.what, made.why, value.hop)
    : made
}

function applied(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  names: FilterWords,
): Value {
  const short = name.replace(/^ansible\.(?:builtin|legacy)\./, '')
  const words = (): string => {
    const inside = names.arguments()
    return `${names.operand()} | ${name}${inside === '' ? '' : `(${inside})`}`
  }
  const own = ownFilters.get(short)
  if (own !== undefined) return own(value, given, evaluation, words, names)
  const missing = value instanceof Undefined ? value : undefinedIn(given)
  if (missing !== undefined) return evaluation.passedOn(missing)
  if (!knowsFilter(short)) return unmodelled(name, value, given, evaluation, words)
  // What is around the top of the project is not known, not even by its name.
  if (short === 'dirname' && value === '.')
    return new Unknown(words(), 'it lies outside of the project', evaluation.at)
  const inPart = openMapping(short, value, given, evaluation, words)
  if (inPart !== undefined) return inPart
  const args = [...given.positional, ...given.named.values()]
  if (value instanceof Each && short === 'list') return value
  if (value instanceof Each && short === 'join' && args.length === 1 && evaluation.key(args[0] ?? '') === ' ')
    return oneOf(value, evaluation, words)
  if (value instanceof Unknown || args.some((argument) => argument instanceof Unknown))
    return evaluation.unknown(words, [value, ...args])
  const plugin = evaluation.plugin(name)
  const isText = typeof value === 'string' || value instanceof VaultedText
  if (!isText && (arranging.test(short) || (short === 'dictsort' && args.length === 0)))
    return evaluation.attempted(() => applyFilter(name, value, given, plugin), words, [value, ...args])

  const { tracking } = evaluation.host
  const isWriting =
    writing.test(short) ||
    (short === 'regex_replace' && isOfSpaces(given, evaluation)) ||
    (short === 'split' && isOfWords(value, given))
  const ciphered = serialising.test(short) ? evaluation.host.ciphered(value, evaluation.at) : value
  const contents = tracking.contents([ciphered, ...args])
  const piece = givesPiece(short, given) ? { isPiece: true } : undefined
  const operands = [ciphered, ...args].map((operand) =>
    isWriting ? evaluation.writable(operand) : evaluation.readable(operand),
  )
  const [subject = null] = operands
  const run = ([first = null, ...rest]: readonly Value[]): Value =>
    concrete(name, short, first, spread(given, rest), evaluation)
  const { isUnread, unknown } = tracking.contents(operands)
  if (unknown !== undefined && !isWriting) return evaluation.unknown(words, operands)
  if (contents.unknown !== undefined && contents.unknown.leaf !== contents.unknown) {
    const open = evaluation.unknown(words, [contents.unknown])
    if (evaluation.isTelling([open])) return open
  }
  if (isUnread && !isWriting && !choosing.test(short)) {
    if (changing.test(short) && typeof subject === 'string')
      return derived(subject, evaluation, `passes the filter ${name}`, words, piece)
    const open = evaluation.unknown(words, operands)
    return short === 'split' ? pieces(operands, open, evaluation) : open
  }
  if (
    isUnread &&
    reading.test(short) &&
    typeof subject === 'string' &&
    tracking.atoms.whole(subject) !== undefined
  )
    return evaluation.unknown(words, operands)
  return evaluation.attempted(
    () => tracking.through(run, operands, evaluation.hop(`passes the filter ${name}`), piece),
    words,
    operands,
  )
}

/** As in a loop that prints them, one item stands for all. */
const oneOf = ({ item, isAny }: Each, evaluation: Evaluation, words: () => string): Value =>
  isAny === true
    ? item
    : evaluation.either(
        isAny,
        () => item,
        () => '',
        words,
      )

/** A pattern that matches white space only finds nothing in what is not known: no token has any. The start is always there. */
function isOfSpaces({ positional, named }: CallArguments, { host }: Evaluation): boolean {
  const pattern = positional[0] ?? named.get('pattern')
  const text = typeof pattern === 'string' ? host.tracking.knownText(pattern) : undefined
  return text !== undefined && /^\^$|^\^?(?:(?:\\[snrt]|\s|\[(?:\\[snrt]|\s)+\])[*+?]?)+\$?$/.test(text)
}

/** Text that is split where its known part has blanks: what is not known in it has none, as no token has. */
export function isOfWords(value: Value, { positional, named }: CallArguments): boolean {
  const [separator = ' '] = positional
  return (
    separator === ' ' &&
    positional.length < 2 &&
    named.size === 0 &&
    typeof value === 'string' &&
    /\s/.test(value)
  )
}

const spread = ({ positional, named }: CallArguments, values: readonly Value[]): CallArguments => ({
  positional: values.slice(0, positional.length),
  named: new Map([...named.keys()].map((key, index) => [key, values[positional.length + index] ?? null])),
})

/** YAML that the concrete writer leaves to Ansible is written as JSON, which says the same to every reader. */
function concrete(
  name: string,
  short: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
): Value {
  try {
    return applyFilter(name, value, given, evaluation.plugin(name))
  } catch (error) {
    if (
      !(error instanceof TemplateFault) ||
      error instanceof UndefinedFault ||
      !short.endsWith('_yaml') ||
      short.startsWith('from')
    )
      throw error
    const wide = new Map<string, Value>([...given.named, ['width', 1_000_000]])
    try {
      return applyFilter(name, value, { ...given, named: wide }, evaluation.plugin(name))
    } catch (again) {
      if (!(again instanceof TemplateFault) || again instanceof UndefinedFault) throw again
      const text = applyFilter('to_json', value, noArguments, evaluation.plugin('to_json'))
      return typeof text === 'string' ? `${text}\n` : text
    }
  }
}

const ownFilters: ReadonlyMap<string, FlowFilter> = new Map<string, FlowFilter>([
  ['default', otherwise],
  ['d', otherwise],
  ['mandatory', mandatory],
  ['ternary', ternary],
  ['length', length],
  ['count', length],
  ['bool', bool],
  ['b64encode', b64encode],
  ['b64decode', b64decode],
  ['map', map],
  ['select', chosen(true, false)],
  ['reject', chosen(false, false)],
  ['selectattr', chosen(true, true)],
  ['rejectattr', chosen(false, true)],
  ['first', edge('first')],
  ['last', edge('last')],
  ['random', byChance('random')],
  ['shuffle', byChance('shuffle')],
  ['items2dict', items2dict],
  ['type_debug', typeDebug],
  ['json_query', jsonQuery],
  ['community.general.json_query', jsonQuery],
])
