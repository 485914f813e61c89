import { readFreeForm } from '../../ansible/content/freeForm.ts'
import { calculate, Dict, List, TemplateFault, Tuple } from '../../ansible/template/primitives.ts'
import type { Atoms } from '../atoms.ts'
import type { FlowValue } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'

/** More items than any join token needs: the rest of a loop is not looked at. */
export const MOST_ITEMS = 200

/**
 * The items that a lookup makes of nothing but its terms. `undefined`: it is none of these.
 * https://github.com/ansible/ansible/tree/devel/lib/ansible/plugins/lookup
 */
export function arranged(
  name: string,
  terms: readonly FlowValue[],
  atoms: Atoms,
): readonly FlowValue[] | Unknown | undefined {
  switch (name) {
    case 'dict':
      return entriesOf(terms)
    case 'indexed_items':
      return flattened(terms).map((item, index) => new Tuple([index, item]))
    case 'nested':
    case 'cartesian':
      return nested(terms)
    case 'together':
      return together(terms)
    case 'sequence':
      return sequences(terms, atoms)
    case 'subelements':
      return subelements(terms, atoms)
    default:
      return undefined
  }
}

/** By one level, as `LookupBase._flatten` of ansible-core does. */
export const flattened = (items: readonly FlowValue[]): FlowValue[] =>
  items.flatMap((item) => (item instanceof List ? [...item] : [item]))

/** A text is one item to some releases, and its characters to others. */
function notListed(terms: readonly FlowValue[]): Unknown | undefined {
  const other = terms.find((term) => term instanceof Unknown || typeof term === 'string')
  if (other === undefined || other instanceof Unknown) return other
  return new Unknown('a loop over lists', 'one of them is a text')
}

const listOf = (item: FlowValue): readonly FlowValue[] => (item instanceof List ? [...item] : [item])

function entriesOf(terms: readonly FlowValue[]): readonly FlowValue[] | Unknown {
  const mappings = terms.filter((term) => term instanceof Dict)
  if (mappings.length < terms.length) return new Unknown('a loop over a mapping', 'the mapping is not known')
  return mappings.flatMap((mapping) =>
    [...mapping.entries()].map(
      ([key, value]) =>
        new Dict([
          ['key', key],
          ['value', value],
        ]),
    ),
  )
}

function nested(terms: readonly FlowValue[]): readonly FlowValue[] | Unknown {
  const open = notListed(terms)
  if (open !== undefined) return open
  return terms
    .reduce<FlowValue[][]>(
      (rows, term) =>
        rows
          .flatMap((row) =>
            listOf(term)
              .slice(0, MOST_ITEMS)
              .map((one) => [...row, ...listOf(one)]),
          )
          .slice(0, MOST_ITEMS),
      [[]],
    )
    .map((row) => new List(row))
}

function together(terms: readonly FlowValue[]): readonly FlowValue[] | Unknown {
  const open = notListed(terms)
  if (open !== undefined) return open
  const lists = terms.map(listOf)
  const length = Math.max(0, ...lists.map((list) => list.length))
  return Array.from({ length }, (_, index) => new List(flattened(lists.map((list) => list[index] ?? null))))
}

/** Others are not read alike by all releases. */
const NUMBER = '(0|[1-9][0-9]*)'
/** `[START-]END[/STRIDE][:FORMAT]` */
const SHORT = new RegExp(`^(?:${NUMBER}-)?${NUMBER}(?:/${NUMBER})?(?::(.+))?$`)
const WHOLE = new RegExp(`^-?${NUMBER}$`)

function sequences(terms: readonly FlowValue[], atoms: Atoms): readonly FlowValue[] | Unknown {
  const items: FlowValue[] = []
  for (const term of terms) {
    const text = typeof term === 'string' ? atoms.plain(term) : undefined
    const numbers = text === undefined ? undefined : sequence(text)
    if (numbers === undefined) return new Unknown('a sequence', 'its numbers are not known')
    items.push(...numbers)
  }
  return items
}

function sequence(text: string): readonly FlowValue[] | undefined {
  const options = sequenceOptions(text)
  if (options === undefined) return undefined
  const { start = '1', stride = '1', format = '%d' } = options
  if ([start, stride, options.end ?? '1', options.count ?? '1'].some((one) => !WHOLE.test(one)))
    return undefined
  if ((options.end === undefined) === (options.count === undefined)) return undefined
  const [from, by] = [Number(start), Number(stride)]
  const count = options.count === undefined ? undefined : Number(options.count)
  if (count === 0 || by === 0) return []
  const to = count === undefined ? Number(options.end ?? '') : from + count * by - 1
  if ((by > 0 && to < from) || (by < 0 && to > from) || format.split('%').length !== 2) return undefined
  const size = Math.floor((to - from) / by) + 1
  try {
    return Array.from({ length: Math.min(size, MOST_ITEMS) }, (_, index) =>
      calculate('%', format, from + index * by, () => ''),
    )
  } catch (error) {
    if (error instanceof TemplateFault) return undefined
    throw error
  }
}

type SequenceOptions = Partial<Record<'start' | 'end' | 'stride' | 'count' | 'format', string>>

function sequenceOptions(text: string): SequenceOptions | undefined {
  const short = SHORT.exec(text)
  if (short !== null) {
    const [, start, end, stride, format] = short
    return Object.fromEntries(
      Object.entries({ start, end, stride, format }).filter(([, value]) => value !== undefined),
    )
  }
  const read = readFreeForm(text, false)
  if (read === undefined || read.rest !== undefined) return undefined
  const isKnown = read.pairs.every(({ name }) => /^(?:start|end|stride|count|format)$/.test(name))
  return isKnown ? Object.fromEntries(read.pairs.map(({ name, value }) => [name, value])) : undefined
}

/** Each item of a list in a mapping beside that mapping, which has the list no longer. */
function subelements(terms: readonly FlowValue[], atoms: Atoms): readonly FlowValue[] | Unknown {
  const [holders, path, flags] = terms
  const keys = typeof path === 'string' ? atoms.plain(path)?.split('.') : undefined
  const all = holders instanceof Dict ? [...holders.entries()].map(([, item]) => item) : holders
  const list = all instanceof List ? [...all] : all
  if (keys === undefined || !Array.isArray(list) || terms.length > 3)
    return new Unknown('subelements', 'what has them is not known')
  const mayMiss = flags instanceof Dict && isYes(flags.get('skip_missing'))
  const found: FlowValue[] = []
  for (const holder of list) {
    if (!(holder instanceof Dict)) return new Unknown('subelements', 'what has them is not known')
    if (holder.has('skipped') && holder.get('skipped') !== false) continue
    const taken = takenFrom(holder, keys)
    if (taken === undefined && mayMiss) continue
    if (taken === undefined) return new Unknown('subelements', `an item has no list ${keys.join('.')}`)
    for (const one of taken.items) found.push(new Tuple([taken.rest, one]))
  }
  return found
}

function takenFrom(
  holder: Dict,
  [key = '', ...deeper]: readonly string[],
): { readonly items: List; readonly rest: Dict } | undefined {
  const part = holder.get(key)
  const rest = holder.copy()
  if (deeper.length === 0) {
    rest.delete(key)
    return part instanceof List ? { items: part, rest } : undefined
  }
  const taken = part instanceof Dict ? takenFrom(part, deeper) : undefined
  if (taken === undefined) return undefined
  rest.set(key, taken.rest)
  return { items: taken.items, rest }
}

const isYes = (value: FlowValue | undefined): boolean =>
  value === true || value === 1 || (typeof value === 'string' && /^(?:1|y|yes|on|t|true)$/i.test(value))
