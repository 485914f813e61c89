import { wrappedAddress } from '../address.ts'
import { truth } from '../comparison.ts'
import { iterated } from '../sequences.ts'
import { str } from '../text.ts'
import { type CallArguments, List, TemplateFault, Undefined, unsupported, type Value } from '../values.ts'
import { type Filter, filter, isText, type PluginContext, textArgument } from './filter.ts'
import { mappingFilters } from './mapping.ts'
import { numberFilters } from './number.ts'
import { sequenceFilters } from './sequence.ts'
import { textFilters } from './text.ts'

const otherwise = filter(
  ['default_value', 'boolean'],
  (value, [fallback = '', boolean = false], { decrypt }) => {
    if (value instanceof Undefined) return fallback
    return truth(boolean, decrypt) && !truth(value, decrypt) ? fallback : value
  },
)

const mandatory = filter(['msg'], (value, [message], context) => {
  if (!(value instanceof Undefined)) return value
  throw new TemplateFault(
    message === undefined || message === null ? value.message : textArgument(message, context),
    value.fix ?? 'define it in the inventory',
  )
})

/** https://docs.ansible.com/ansible/latest/collections/ansible/utils/ipwrap_filter.html */
const ipwrap = filter(['query'], (value, [query], { decrypt }) => {
  if (query !== undefined && query !== '') throw unsupported('ipwrap with a query')
  const wrap = (item: Value): Value => (isText(item) ? wrappedAddress(str(item, decrypt)) : item)
  return value instanceof List ? new List(iterated(value, decrypt).map(wrap)) : wrap(value)
})

const filters: ReadonlyMap<string, Filter> = new Map(
  Object.entries({
    ...textFilters,
    ...numberFilters,
    ...sequenceFilters,
    ...mappingFilters,
    default: otherwise,
    d: otherwise,
    mandatory,
    ipwrap,
    'ansible.utils.ipwrap': ipwrap,
  }),
)

/** These get an undefined value, or undefined arguments, as they are; of all others the result is undefined too. */
const takesUndefined: ReadonlySet<string> = new Set(['default', 'd', 'mandatory', 'ternary'])

/** Applies a filter by the name that a template gives it, with or without `ansible.builtin.`. */
export function applyFilter(name: string, value: Value, given: CallArguments, context: PluginContext): Value {
  const short = name.replace(/^ansible\.(?:builtin|legacy)\./, '')
  const found = filters.get(short)
  if (found === undefined) throw unsupported(`the filter ${name}`)
  if (!takesUndefined.has(short)) {
    const missing = [value, ...given.positional, ...given.named.values()].find(
      (item) => item instanceof Undefined,
    )
    if (missing !== undefined) return missing
  }
  return found(value, given, context)
}

/** Whether a template may use the filter. */
export const knowsFilter = (name: string): boolean =>
  filters.has(name.replace(/^ansible\.(?:builtin|legacy)\./, ''))
