import { calculate } from '../arithmetic.ts'
import { contains, equal, order, truth } from '../comparison.ts'
import { iterated, length } from '../sequences.ts'
import { str } from '../text.ts'
import { type CallArguments, Dict, List, refused, Tuple, Undefined, type Value } from '../values.ts'
import { type Filter, filter, integerArgument, isText, type PluginContext, textArgument } from './filter.ts'

/** Jinja2's attribute paths: `a.b.0`; undefined for the item itself. */
function attributeOf(path: Value | undefined, context: PluginContext): (item: Value) => Value {
  if (path === undefined || path === null) return (item) => item
  const parts: readonly Value[] = isText(path)
    ? str(path, context.decrypt)
        .split('.')
        .map((part) => (/^\d+$/.test(part) ? Number(part) : part))
    : [path]
  return (item) => parts.reduce((value, part) => context.item(value, part), item)
}

function folded(value: Value, caseSensitive: Value | undefined, { decrypt }: PluginContext): Value {
  const keep = caseSensitive !== undefined && truth(caseSensitive, decrypt)
  return isText(value) && !keep ? str(value, decrypt).toLowerCase() : value
}

const extreme = (wanted: -1 | 1): Filter =>
  filter(['case_sensitive', 'attribute'], (value, [caseSensitive, attribute], context) => {
    const key = attributeOf(attribute, context)
    const items = iterated(value, context.decrypt)
    const [first] = items
    if (first === undefined) return new Undefined('an aggregated item of an empty sequence is undefined')
    const rank = (item: Value): Value => folded(key(item), caseSensitive, context)
    return items.reduce((best, item) =>
      Math.sign(order(rank(item), rank(best), context.decrypt)) === wanted ? item : best,
    )
  })

const sort = filter(
  ['reverse', 'case_sensitive', 'attribute'],
  (value, [reverse, caseSensitive, attribute], context) => {
    const paths = isText(attribute) ? str(attribute, context.decrypt).split(',') : [attribute]
    const getters = paths.map((path) => attributeOf(path, context))
    const keyed = iterated(value, context.decrypt).map((item) => ({
      item,
      key: new List(getters.map((get) => folded(get(item), caseSensitive, context))),
    }))
    const direction = reverse !== undefined && truth(reverse, context.decrypt) ? -1 : 1
    keyed.sort((a, b) => direction * order(a.key, b.key, context.decrypt))
    return new List(keyed.map(({ item }) => item))
  },
)

/** Ansible's: folds case unless told otherwise; of what can't be hashed, equal items are dropped as they stand. */
const unique = filter(['case_sensitive', 'attribute'], (value, [caseSensitive, attribute], context) => {
  const get = attributeOf(attribute, context)
  const items = iterated(value, context.decrypt)
  const hashable = items.every((item) => {
    const key = get(item)
    return !(key instanceof Dict) && (!(key instanceof List) || key instanceof Tuple)
  })
  const seen: Value[] = []
  const hashed = new Dict()
  return new List(
    items.filter((item) => {
      const key = get(item)
      const folding = hashable ? folded(key, caseSensitive, context) : key
      if (hashable ? hashed.has(folding) : seen.some((other) => equal(other, folding, context.decrypt)))
        return false
      if (hashable) hashed.set(folding, null)
      else seen.push(folding)
      return true
    }),
  )
})

/** Python makes sets of both, whose order is arbitrary; here the items keep the order in which they stand. */
const setOf =
  (
    choose: (left: readonly Value[], right: readonly Value[], context: PluginContext) => readonly Value[],
  ): Filter =>
  (value, { positional, named }, context) => {
    const other = positional[0] ?? named.get('b')
    if (other === undefined) throw refused(`${context.name} wants a second list`)
    const chosen = choose(iterated(value, context.decrypt), iterated(other, context.decrypt), context)
    const result: Value[] = []
    for (const item of chosen) if (!isIn(result, item, context)) result.push(item)
    return new List(result)
  }

const isIn = (items: readonly Value[], item: Value, { decrypt }: PluginContext): boolean =>
  contains(new List(items), item, decrypt)

const map: Filter = (value, given, context) => {
  if (!truth(value, context.decrypt)) return new List()
  const items = iterated(value, context.decrypt)
  const [name, ...positional] = given.positional
  const named = new Map(given.named)
  if (name === undefined) {
    const attribute = named.get('attribute')
    if (attribute === undefined) throw refused('map wants the name of a filter, or attribute=')
    const otherwise = named.get('default')
    const get = attributeOf(attribute, context)
    return new List(
      items.map((item) => {
        const found = get(item)
        return found instanceof Undefined && otherwise !== undefined && otherwise !== null ? otherwise : found
      }),
    )
  }
  const filterName = textArgument(name, context)
  return new List(items.map((item) => context.filter(filterName, item, { positional, named })))
}

/** `select`, `reject` and their `attr` forms. */
const chosen =
  (wanted: boolean, byAttribute: boolean): Filter =>
  (value, given, context) => {
    if (!truth(value, context.decrypt)) return new List()
    const attribute = byAttribute ? given.positional[0] : undefined
    const [testName, ...rest] = byAttribute ? given.positional.slice(1) : given.positional
    if (byAttribute && attribute === undefined)
      throw refused(`${context.name} wants the name of an attribute`)
    const get = attributeOf(attribute, context)
    const passes = (item: Value): boolean =>
      testName === undefined
        ? truth(get(item), context.decrypt)
        : context.test(textArgument(testName, context), get(item), { positional: rest, named: given.named })
    return new List(iterated(value, context.decrypt).filter((item) => passes(item) === wanted))
  }

function flattened(items: Iterable<Value>, levels: number, skipNulls: boolean): readonly Value[] {
  return [...items].flatMap((item) => {
    if (skipNulls && (item === null || item === 'None' || item === 'null')) return []
    return item instanceof List && levels > 0 ? flattened(item, levels - 1, skipNulls) : [item]
  })
}

/** The list that Ansible's `combine` merges: lists of dicts count as their dicts. */
export const flattenedOnce = (items: Iterable<Value>): readonly Value[] => flattened(items, 1, true)

const parts =
  (cut: (items: readonly Value[], count: number) => readonly Value[][]): Filter =>
  (value, { positional, named }, context) => {
    const [count, fill = named.get('fill_with')] = positional
    const size = integerArgument(count ?? named.get('linecount') ?? named.get('slices'), context, 0)
    if (size < 1) throw refused(`${context.name} wants a positive number`)
    const rows = cut(iterated(value, context.decrypt), size)
    if (fill !== undefined && fill !== null) {
      const longest = context.name === 'batch' ? size : Math.max(...rows.map((row) => row.length))
      for (const row of rows) while (row.length < longest) row.push(fill)
    }
    return new List(rows.map((row) => new List(row)))
  }

export const sequenceFilters: Readonly<Record<string, Filter>> = {
  first: filter([], (value, _, { decrypt }) => {
    const [first] = iterated(value, decrypt)
    return first === undefined ? new Undefined('the first item of an empty sequence is undefined') : first
  }),
  last: filter([], (value, _, { decrypt }) => {
    const last = iterated(value, decrypt).at(-1)
    return last === undefined ? new Undefined('the last item of an empty sequence is undefined') : last
  }),
  length: filter([], (value, _, { decrypt }) => length(value, decrypt)),
  count: filter([], (value, _, { decrypt }) => length(value, decrypt)),
  list: filter([], (value, _, { decrypt }) => new List(iterated(value, decrypt))),
  reverse: filter([], (value, _, { decrypt }) => {
    const items = [...iterated(value, decrypt)].reverse()
    return isText(value) ? items.join('') : new List(items)
  }),
  min: extreme(-1),
  max: extreme(1),
  sum: filter(['attribute', 'start'], (value, [attribute, start], context) =>
    iterated(value, context.decrypt)
      .map(attributeOf(attribute, context))
      .reduce((total, item) => calculate('+', total, item, context.decrypt), start ?? 0),
  ),
  sort,
  unique,
  union: setOf((left, right) => [...left, ...right]),
  intersect: setOf((left, right, context) => left.filter((item) => isIn(right, item, context))),
  difference: setOf((left, right, context) => left.filter((item) => !isIn(right, item, context))),
  symmetric_difference: setOf((left, right, context) => [
    ...left.filter((item) => !isIn(right, item, context)),
    ...right.filter((item) => !isIn(left, item, context)),
  ]),
  map,
  select: chosen(true, false),
  reject: chosen(false, false),
  selectattr: chosen(true, true),
  rejectattr: chosen(false, true),
  flatten: filter(
    ['levels', 'skip_nulls'],
    (value, [levels, skip], context) =>
      new List(
        flattened(
          iterated(value, context.decrypt),
          levels === null
            ? Number.POSITIVE_INFINITY
            : integerArgument(levels, context, Number.POSITIVE_INFINITY),
          skip === undefined || truth(skip, context.decrypt),
        ),
      ),
  ),
  subelements: filter(['subelements', 'skip_missing'], (value, [path, skip], context) => {
    const { decrypt } = context
    const holders =
      value instanceof Dict ? [...value.entries()].map(([, item]) => item) : iterated(value, decrypt)
    const keys = path instanceof List ? [...path] : textArgument(path, context).split('.')
    const mayMiss = skip !== undefined && truth(skip, decrypt)
    return new List(
      holders.flatMap((holder) => {
        let items: Value | undefined = holder
        for (const key of keys) {
          if (!(items instanceof Dict)) throw refused(`${str(key, decrypt)} is asked of what is no dict`)
          items = items.get(key)
          if (items === undefined && mayMiss) return []
          if (items === undefined) throw refused(`an item has no ${str(key, decrypt)}`)
        }
        if (!(items instanceof List)) throw refused('subelements wants a list in each item')
        return [...items].map((item) => new Tuple([holder, item]))
      }),
    )
  }),
  zip: (value, { positional }: CallArguments, { decrypt }) => {
    const rows = [value, ...positional].map((row) => iterated(row, decrypt))
    const shortest = Math.min(...rows.map((row) => row.length))
    return new List(
      Array.from({ length: shortest }, (_, index) => new Tuple(rows.map((row) => row[index] ?? null))),
    )
  },
  batch: parts((items, size) =>
    Array.from({ length: Math.ceil(items.length / size) }, (_, row) =>
      items.slice(row * size, (row + 1) * size),
    ),
  ),
  slice: parts((items, count) => {
    const [base, extra] = [Math.floor(items.length / count), items.length % count]
    return Array.from({ length: count }, (_, row) => {
      const start = row * base + Math.min(row, extra)
      return items.slice(start, start + base + (row < extra ? 1 : 0))
    })
  }),
  extract: filter(['container', 'morekeys'], (value, [container, more], context) => {
    const keys = more === undefined || more === null ? [] : more instanceof List ? [...more] : [more]
    return [value, ...keys].reduce((found, key) => context.item(found, key), container ?? null)
  }),
}
