import {
  applyFilter,
  type CallArguments,
  Dict,
  iterated,
  knowsFilter,
  List,
  Nothing,
  noArguments,
  refused,
  TemplateFault,
  Undefined,
  UndefinedFault,
  Unknown,
  undefinedFault,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import { hasMark } from '../atoms.ts'
import type { Evaluation } from './expression.ts'
import { undefinedIn } from './operations.ts'
import { tested } from './tests.ts'
import { derived } from './texts.ts'
import { Count, Tainted, UnknownTruth } from './unknowns.ts'

/** What stands in front of and behind the name, in words. */
export interface FilterWords {
  operand(): string
  arguments(): string
}

type FlowFilter = (
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
  names: FilterWords,
) => Value

/** They put texts together or wrap them, so that a text that is not known may take part. */
const writing =
  /^(?:string|trim|join|quote|regex_escape|replace|to_json|to_nice_json|to_yaml|to_nice_yaml|from_yaml|from_json|indent|comment|format|urlencode|(?:ansible\.utils\.)?ipwrap|path_join|basename|dirname|lower|center)$/
/** They move the items of a list or dict and look into none. */
const arranging = /^(?:list|first|last|combine|dict2items|items|flatten|zip|batch|slice|extract|reverse)$/
/** They choose by what the items are. */
const choosing = /^(?:unique|union)$/
/** They make one other text. */
const changing = /^(?:regex_replace|upper|capitalize|title|truncate|hash|md5|sha1|checksum|b64decode)$/
const serialising = /^to_(?:nice_)?(?:json|yaml)$/
const reading = /^from_(?:json|yaml)$/

/** Applies a filter where values and texts may be unknown. */
export function filtered(
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
  const args = [...given.positional, ...given.named.values()]
  if (value instanceof Unknown || args.some((argument) => argument instanceof Unknown))
    return evaluation.unknown(words, [value, ...args])
  const plugin = evaluation.plugin(name)
  const isText = typeof value === 'string' || value instanceof VaultedText
  if (!isText && (arranging.test(short) || (short === 'dictsort' && args.length === 0)))
    return evaluation.attempted(() => applyFilter(name, value, given, plugin), words, [value, ...args])

  const { tracking } = evaluation.host
  const isWriting = writing.test(short)
  const ciphered = serialising.test(short) ? evaluation.host.ciphered(value, evaluation.at) : value
  const contents = tracking.contents([ciphered, ...args])
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
      return derived(subject, evaluation, `passes the filter ${name}`, words)
    return evaluation.unknown(words, operands)
  }
  if (
    isUnread &&
    reading.test(short) &&
    typeof subject === 'string' &&
    tracking.atoms.in(subject).length === 1 &&
    subject.length === 2
  )
    return evaluation.unknown(words, operands)
  return evaluation.attempted(
    () => tracking.through(run, operands, evaluation.hop(`passes the filter ${name}`)),
    words,
    operands,
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

/** A filter of a collection, or one that is not known here: text that went in may come out, nobody knows how. */
function unmodelled(
  name: string,
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
): Value {
  const readable = evaluation.readable(value)
  if (typeof readable === 'string' && hasMark(readable) && !/^(?:exists|type_debug)$/.test(name))
    return derived(readable, evaluation, `passes the filter ${name}`, words, name.endsWith('password_hash'))
  return evaluation.unknown(
    words,
    [readable, ...given.positional, ...given.named.values()],
    `the filter ${name} is not modelled`,
  )
}

const otherwise: FlowFilter = (value, { positional, named }, evaluation, words, names) => {
  const fallback = positional[0] ?? named.get('default_value') ?? ''
  const falsyToo = positional[1] ?? named.get('boolean') ?? false
  if (value instanceof Undefined) return fallback
  if (value instanceof Unknown && value.leaf === value && !(value instanceof UnknownTruth)) {
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
  if (evaluation.truthOf(falsyToo, words) !== true) return value
  const truth = evaluation.truthOf(value, names.operand)
  if (!(truth instanceof Unknown)) return truth ? value : fallback
  return evaluation.either(
    truth,
    () => value,
    () => fallback,
    words,
  )
}

const mandatory: FlowFilter = (value, { positional, named }, evaluation) => {
  if (!(value instanceof Undefined)) return value
  const message = evaluation.key(positional[0] ?? named.get('msg') ?? null)
  throw undefinedFault(
    typeof message === 'string' ? new Undefined(message, value.fix, value.variable, value.place) : value,
  )
}

const ternary: FlowFilter = (value, { positional, named }, evaluation, words, names) => {
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

const length: FlowFilter = (value, given, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof Unknown)
    return value instanceof Tainted
      ? evaluation.unknown(words, [value])
      : new Count(words(), value.why, evaluation.at, 0)
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
    )
  }
  return evaluation.attempted(() => applyFilter('length', text, given, evaluation.plugin('length')), words, [
    text,
  ])
}

const bool: FlowFilter = (value, given, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof UnknownTruth) return value
  const readable = evaluation.readable(value)
  const known = evaluation.host.tracking.known(readable)
  const { isUnread } = evaluation.host.tracking.contents([readable])
  if (value instanceof Unknown || isUnread) return evaluation.unknownTruth(words, [readable])
  return evaluation.attempted(() => applyFilter('bool', known, given, evaluation.plugin('bool')), words, [
    readable,
  ])
}

const b64encode: FlowFilter = (value, given, evaluation, words) => {
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

const b64decode: FlowFilter = (value, given, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof Unknown) return evaluation.unknown(words, [value])
  const { tracking } = evaluation.host
  const text = evaluation.readable(value)
  if (typeof text === 'string') {
    const atoms = tracking.atoms.in(text)
    const [only] = atoms
    if (atoms.length === 1 && text.length === 2 && only?.decoded !== undefined) return only.decoded
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

/** What Python's `iter()` yields; something unknown where nobody knows that. */
function itemsOf(value: Value, evaluation: Evaluation, words: () => string): readonly Value[] | Unknown {
  if (value instanceof Unknown || value instanceof Nothing) return value instanceof Unknown ? value : []
  if (typeof value !== 'string' && !(value instanceof VaultedText)) return iterated(value, () => '')
  const characters = evaluation.looked(([text = '']) => new List(iterated(text, () => '')), value, words)
  if (characters instanceof List) return [...characters]
  return characters instanceof Unknown ? characters : []
}

/** `a.b.0`, as Jinja2's filters take attributes. */
function attributeOf(path: Value, item: Value, evaluation: Evaluation): Value {
  const plain = evaluation.key(path)
  if (plain === undefined) return evaluation.unknown(() => 'an attribute', [path, item])
  const parts: readonly Value[] =
    typeof plain === 'string'
      ? plain.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part))
      : [plain]
  return parts.reduce<Value>(
    (found, part) =>
      evaluation.subscript(found, part, () =>
        found instanceof Unknown ? `${found.what}.${String(part)}` : String(part),
      ),
    item,
  )
}

const map: FlowFilter = (value, { positional, named }, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (evaluation.truthOf(value, words) === false) return new List()
  const items = itemsOf(value, evaluation, words)
  if (items instanceof Unknown) return evaluation.unknown(words, [items])
  const [name, ...rest] = positional
  if (name === undefined) {
    const attribute = named.get('attribute')
    if (attribute === undefined) throw refused('map wants the name of a filter, or attribute=')
    const fallback = named.get('default')
    return new List(
      items.map((item) => {
        const found = attributeOf(attribute, item, evaluation)
        return found instanceof Undefined && fallback !== undefined && fallback !== null ? fallback : found
      }),
    )
  }
  const filter = evaluation.key(name)
  if (typeof filter !== 'string') return evaluation.unknown(words, [value, name])
  const given = { positional: rest, named }
  return new List(
    items.map((item) =>
      filtered(filter, item, given, evaluation, {
        operand: () => evaluation.shown(item, undefined),
        arguments: () => evaluation.shownArguments(given),
      }),
    ),
  )
}

const chosen =
  (wanted: boolean, byAttribute: boolean): FlowFilter =>
  (value, { positional, named }, evaluation, words) => {
    if (value instanceof Undefined) return evaluation.passedOn(value)
    if (evaluation.truthOf(value, words) === false) return new List()
    const items = itemsOf(value, evaluation, words)
    if (items instanceof Unknown) return evaluation.unknown(words, [items])
    const [attribute] = byAttribute ? positional : []
    const [test, ...rest] = byAttribute ? positional.slice(1) : positional
    if (byAttribute && attribute === undefined) throw refused('selectattr wants the name of an attribute')
    const name = test === undefined ? undefined : evaluation.key(test)
    if (test !== undefined && typeof name !== 'string') return evaluation.unknown(words, [value, test])
    const given = { positional: rest, named }
    const kept: Value[] = []
    for (const item of items) {
      const subject = attribute === undefined ? item : attributeOf(attribute, item, evaluation)
      const operand = (): string => evaluation.shown(subject, undefined)
      const outcome =
        typeof name === 'string'
          ? tested(name, subject, given, evaluation, {
              operand,
              arguments: () => evaluation.shownArguments(given),
            })
          : subject
      const truth = evaluation.truthOf(outcome, operand)
      if (truth instanceof Unknown)
        return evaluation.either(
          truth,
          () => value,
          () => new List(),
          words,
        )
      if (truth === wanted) kept.push(item)
    }
    return new List(kept)
  }

/** On a text these look into it, on a list they take what stands there. */
const edge =
  (name: 'first' | 'last'): FlowFilter =>
  (value, given, evaluation, words) => {
    if (value instanceof Undefined) return evaluation.passedOn(value)
    if (value instanceof Unknown) return evaluation.unknown(words, [value])
    const run = ([subject = null]: readonly Value[]): Value =>
      applyFilter(name, subject, given, evaluation.plugin(name))
    if (typeof value === 'string' || value instanceof VaultedText) return evaluation.looked(run, value, words)
    return evaluation.host.settled(evaluation.attempted(() => run([value]), words, [value]))
  }

const items2dict: FlowFilter = (value, { positional, named }, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  if (value instanceof Unknown) return evaluation.unknown(words, [value])
  const keyName = positional[0] ?? named.get('key_name') ?? 'key'
  const valueName = positional[1] ?? named.get('value_name') ?? 'value'
  const items = itemsOf(value, evaluation, words)
  if (items instanceof Unknown) return evaluation.unknown(words, [items])
  const entries = items.map((item) => {
    const [key, content] = item instanceof Dict ? [item.get(keyName), item.get(valueName)] : []
    if (key === undefined || content === undefined)
      throw refused('items2dict wants dicts with a key and a value')
    return [key, content] as const
  })
  return evaluation.dict(entries, words)
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
  ['items2dict', items2dict],
])
