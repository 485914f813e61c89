import { equal, order, truth } from '../comparison.ts'
import { jsonText } from '../json.ts'
import { readJson, readYaml } from '../read.ts'
import { iterated } from '../sequences.ts'
import { str } from '../text.ts'
import { Dict, List, refused, Tuple, typeName, unsupported, type Value } from '../values.ts'
import { yamlText } from '../yamlText.ts'
import { type Filter, filter, integerArgument, isText, type PluginContext, textArgument } from './filter.ts'
import { flattenedOnce } from './sequence.ts'

const listMerges = ['replace', 'keep', 'append', 'prepend', 'append_rp', 'prepend_rp'] as const
type ListMerge = (typeof listMerges)[number]

/** Ansible's `merge_hash`: `over` wins over `base`, whose keys stand first. */
function merged(base: Dict, over: Dict, recursive: boolean, lists: ListMerge, context: PluginContext): Dict {
  if (base.size === 0 || equal(base, over, context.decrypt)) return over.copy()
  if (over.size === 0) return base
  const result = base.copy()
  for (const [key, theirs] of over.entries()) {
    const ours = base.get(key)
    if (ours instanceof Dict && theirs instanceof Dict && recursive)
      result.set(key, merged(ours, theirs, recursive, lists, context))
    else if (ours instanceof List && theirs instanceof List)
      result.set(key, mergedLists(ours, theirs, lists, context))
    else result.set(key, theirs)
  }
  return result
}

function mergedLists(ours: List, theirs: List, how: ListMerge, { decrypt }: PluginContext): List {
  const without = (): readonly Value[] =>
    [...ours].filter((item) => ![...theirs].some((other) => equal(item, other, decrypt)))
  switch (how) {
    case 'replace':
      return theirs
    case 'keep':
      return ours
    case 'append':
      return new List([...ours, ...theirs])
    case 'prepend':
      return new List([...theirs, ...ours])
    case 'append_rp':
      return new List([...without(), ...theirs])
    case 'prepend_rp':
      return new List([...theirs, ...without()])
  }
}

const combine: Filter = (value, { positional, named }, context) => {
  for (const name of named.keys())
    if (name !== 'recursive' && name !== 'list_merge') throw refused(`combine has no argument ${name}`)
  const wanted = textArgument(named.get('list_merge'), context, 'replace')
  const lists = listMerges.find((name) => name === wanted)
  if (lists === undefined) throw refused(`list_merge is one of ${listMerges.join(', ')}`)
  const recursive = named.get('recursive')
  const dicts = flattenedOnce([value, ...positional]).map((term) => {
    if (!(term instanceof Dict)) throw refused(`combine wants dicts, not a ${typeName(term)}`)
    return term
  })
  return (
    dicts.reduceRight(
      (over, base) =>
        over === undefined
          ? base
          : merged(base, over, recursive !== undefined && truth(recursive, context.decrypt), lists, context),
      undefined as Dict | undefined,
    ) ?? new Dict()
  )
}

const toJson: Filter = (value, { positional, named }, context) => {
  if (positional.length > 0) throw unsupported('to_json with positional arguments')
  const { indent, sortKeys, ascii } = jsonOptions(named, context)
  const separators = named.get('separators')
  const [item, key] =
    separators instanceof List
      ? [...separators].map((separator) => textArgument(separator, context))
      : [indent === undefined ? ', ' : ',', ': ']
  return jsonText(
    value,
    { indent, sortKeys, ascii, separators: [item ?? ', ', key ?? ': '] },
    context.decrypt,
  )
}

const toNiceJson: Filter = (value, { positional, named }, context) => {
  const [indent = 4, sortKeys = true] = positional
  const given = new Map<string, Value>([['indent', indent], ['sort_keys', sortKeys], ...named])
  given.delete('separators')
  return jsonText(value, { ...jsonOptions(given, context), separators: [',', ': '] }, context.decrypt)
}

function jsonOptions(named: ReadonlyMap<string, Value>, context: PluginContext) {
  for (const name of named.keys())
    if (!/^(?:indent|sort_keys|ensure_ascii|separators)$/.test(name))
      throw unsupported(`the argument ${name} of ${context.name}`)
  const indent = named.get('indent')
  return {
    indent: indent === undefined || indent === null ? undefined : integerArgument(indent, context, 0),
    sortKeys: truth(named.get('sort_keys') ?? false, context.decrypt),
    ascii: truth(named.get('ensure_ascii') ?? true, context.decrypt),
  }
}

const toYaml =
  (nice: boolean): Filter =>
  (value, { positional, named }, context) => {
    for (const name of named.keys())
      if (!/^(?:indent|sort_keys|width|default_flow_style)$/.test(name))
        throw unsupported(`the argument ${name} of ${context.name}`)
    const indent = integerArgument(positional[0] ?? named.get('indent'), context, nice ? 4 : 2)
    const flow = named.has('default_flow_style') ? named.get('default_flow_style') : nice ? false : null
    const width = integerArgument(named.get('width'), context, 80)
    const sortKeys = truth(named.get('sort_keys') ?? true, context.decrypt)
    return yamlText(
      value,
      {
        indent,
        flow: flow === null || flow === undefined ? 'leaves' : truth(flow, context.decrypt) ? 'all' : 'none',
        width,
        sortKeys,
      },
      context.decrypt,
    )
  }

const dictOf = (value: Value, context: PluginContext): Dict => {
  if (value instanceof Dict) return value
  throw refused(`${context.name} wants a dict, not a ${typeName(value)}`)
}

export const mappingFilters: Readonly<Record<string, Filter>> = {
  combine,
  dict2items: filter(
    ['key_name', 'value_name'],
    (value, [keyName, valueName], context) =>
      new List(
        [...dictOf(value, context).entries()].map(
          ([key, item]) =>
            new Dict([
              [keyName ?? 'key', key],
              [valueName ?? 'value', item],
            ]),
        ),
      ),
  ),
  items2dict: filter(
    ['key_name', 'value_name'],
    (value, [keyName, valueName], { decrypt }) =>
      new Dict(
        iterated(value, decrypt).map((item) => {
          const [key, content] =
            item instanceof Dict ? [item.get(keyName ?? 'key'), item.get(valueName ?? 'value')] : []
          if (key === undefined || content === undefined)
            throw refused('items2dict wants dicts with a key and a value')
          return [key, content] as const
        }),
      ),
  ),
  items: filter(
    [],
    (value, _, context) => new List([...dictOf(value, context).entries()].map((entry) => new Tuple(entry))),
  ),
  dictsort: filter(['case_sensitive', 'by', 'reverse'], (value, [caseSensitive, by, reverse], context) => {
    const which = textArgument(by, context, 'key') === 'value' ? 1 : 0
    const keep = caseSensitive !== undefined && truth(caseSensitive, context.decrypt)
    const rank = (entry: readonly [Value, Value]): Value =>
      isText(entry[which]) && !keep ? str(entry[which], context.decrypt).toLowerCase() : entry[which]
    const direction = reverse !== undefined && truth(reverse, context.decrypt) ? -1 : 1
    const entries = [...dictOf(value, context).entries()]
    entries.sort((a, b) => direction * order(rank(a), rank(b), context.decrypt))
    return new List(entries.map((entry) => new Tuple(entry)))
  }),
  to_json: toJson,
  to_nice_json: toNiceJson,
  from_json: filter([], (value, _, context) => readJson(textArgument(value, context))),
  from_yaml: filter([], (value, _, context) =>
    isText(value) ? readYaml(str(value, context.decrypt)) : value,
  ),
  to_yaml: toYaml(false),
  to_nice_yaml: toYaml(true),
}
