import {
  applyFilter,
  type CallArguments,
  Dict,
  iterated,
  List,
  Nothing,
  refused,
  Undefined,
  Unknown,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import type { Evaluation } from './expression.ts'
import type { FlowFilter } from './filter.ts'
import { undefinedIn } from './operations.ts'
import { tested } from './tests.ts'
import { unmodelled } from './texts.ts'
import { Each, Pieces } from './unknowns.ts'

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

export const map: FlowFilter = (value, { positional, named }, evaluation, words) => {
  if (value instanceof Undefined) return evaluation.passedOn(value)
  const isAny = evaluation.truthOf(value, words)
  if (isAny === false) return new List()
  const items = itemsOf(value, evaluation, words)
  const [name, ...rest] = positional
  if (items instanceof Unknown) return eachOf(items, { positional, named }, evaluation, words, isAny)
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
      evaluation.filtered(filter, item, given, {
        operand: () => evaluation.shown(item, undefined),
        arguments: () => evaluation.shownArguments(given),
      }),
    ),
  )
}

/** What `map` makes of a list that is not known: of its items a text that is made of them, where each of them gives one. */
function eachOf(
  list: Unknown,
  { positional: [name = null, ...positional], named }: CallArguments,
  evaluation: Evaluation,
  words: () => string,
  isAny: true | Unknown,
): Value {
  const whole = evaluation.unknown(words, [list])
  const filter = evaluation.key(name)
  if (!(whole instanceof Unknown) || typeof filter !== 'string' || !/(?:^|\.)regex_replace$/.test(filter))
    return whole
  const part = evaluation.textOf(evaluation.unknown(() => `an item of ${list.what}`, [list]))
  const operand = (): string => `an item of ${list.what}`
  const item = evaluation.filtered(filter, part, { positional, named }, { operand, arguments: () => '' })
  return typeof item === 'string' ? new Each(whole, item, isAny) : whole
}

/** Whether only the run knows what stands in a list, as in the lines of a command: then it may be more or fewer items, too. */
function isOpen(items: readonly Value[], { host }: Evaluation): boolean {
  const { isUnread, unknown } = host.tracking.contents(items)
  return isUnread || unknown !== undefined
}

export const chosen =
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
      if (truth instanceof Unknown && isOpen(items, evaluation)) return evaluation.unknown(words, [value])
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
export const edge =
  (name: 'first' | 'last'): FlowFilter =>
  (value, given, evaluation, words) => {
    if (value instanceof Undefined) return evaluation.passedOn(value)
    if (value instanceof Pieces) {
      const piece = name === 'first' ? value.first[0] : value.last
      if (piece !== undefined) return evaluation.piece(piece, value, words)
    }
    if (value instanceof Unknown) return evaluation.unknown(words, [value])
    const run = ([subject = null]: readonly Value[]): Value =>
      applyFilter(name, subject, given, evaluation.plugin(name))
    if (typeof value === 'string' || value instanceof VaultedText) return evaluation.looked(run, value, words)
    return evaluation.host.settled(evaluation.attempted(() => run([value]), words, [value]))
  }

/** `random` and `shuffle` take chances only where there are several items. */
export const byChance =
  (name: 'random' | 'shuffle'): FlowFilter =>
  (value, given, evaluation, words) => {
    const missing = value instanceof Undefined ? value : undefinedIn(given)
    if (missing !== undefined) return evaluation.passedOn(missing)
    const [only, ...others] = value instanceof List ? [...value] : []
    if (only === undefined || others.length > 0) return unmodelled(name, value, given, evaluation, words)
    return name === 'random' ? evaluation.host.settled(only) : value
  }

export const items2dict: FlowFilter = (value, { positional, named }, evaluation, words) => {
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
