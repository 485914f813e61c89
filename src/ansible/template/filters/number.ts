import { truth } from '../comparison.ts'
import { parseInteger, parseReal, rounded } from '../numbers.ts'
import { str } from '../text.ts'
import { Float, integer, isInteger, isNumber, refused, typeName, unsupported, type Value } from '../values.ts'
import { type Filter, filter, integerArgument, isText, type PluginContext, textArgument } from './filter.ts'

const truncated = (value: number): number | bigint | undefined =>
  Number.isFinite(value) ? integer(BigInt(Math.trunc(value))) : undefined

function asInteger(value: Value, base: number, { decrypt }: PluginContext): number | bigint | undefined {
  if (isInteger(value)) return typeof value === 'boolean' ? Number(value) : value
  if (value instanceof Float) return truncated(value.value)
  if (!isText(value)) return undefined
  const text = str(value, decrypt)
  const whole = parseInteger(text, base)
  if (whole !== undefined) return whole
  // As Jinja2 does, so that "42.23" gives 42.
  const real = parseReal(text)
  return real === undefined ? undefined : truncated(real)
}

const yes: ReadonlySet<string> = new Set(['yes', 'on', 'true', '1'])

/** Ansible's: a few words, 1 and true are true, all else is false. */
function asBoolean(value: Value, { decrypt }: PluginContext): boolean {
  if (isText(value)) return yes.has(str(value, decrypt).toLowerCase())
  return (isInteger(value) && Number(value) === 1) || (value instanceof Float && value.value === 1)
}

export const numberFilters: Readonly<Record<string, Filter>> = {
  int: filter(
    ['default', 'base'],
    (value, [otherwise, base], context) =>
      asInteger(value, integerArgument(base, context, 10), context) ?? otherwise ?? 0,
  ),
  float: filter(['default'], (value, [otherwise = new Float(0)], { decrypt }) => {
    if (value instanceof Float) return value
    if (isInteger(value)) return new Float(Number(value))
    const real = isText(value) ? parseReal(str(value, decrypt)) : undefined
    return real === undefined ? otherwise : new Float(real)
  }),
  bool: filter([], (value, _, context) => asBoolean(value, context)),
  abs: filter([], (value) => {
    if (value instanceof Float) return new Float(Math.abs(value.value))
    if (!isInteger(value)) throw refused(`abs wants a number, not a ${typeName(value)}`)
    const whole = BigInt(value)
    return integer(whole < 0n ? -whole : whole)
  }),
  round: filter(['precision', 'method'], (value, [precision, method], context) => {
    const how = textArgument(method, context, 'common')
    const digits = integerArgument(precision, context, 0)
    if (!isNumber(value)) throw refused(`round wants a number, not a ${typeName(value)}`)
    if (digits < 0) throw unsupported('round to less than whole numbers')
    if (how === 'common')
      return value instanceof Float ? rounded(value.value, digits) : integer(BigInt(value))
    const scaled = (value instanceof Float ? value.value : Number(value)) * 10 ** digits
    if (how === 'ceil') return new Float(Math.ceil(scaled) / 10 ** digits)
    if (how === 'floor') return new Float(Math.floor(scaled) / 10 ** digits)
    throw refused('round knows the methods common, ceil and floor')
  }),
  ternary: filter(
    ['true_val', 'false_val', 'none_val'],
    (value, [yesValue, noValue, noneValue], { decrypt }) => {
      if (yesValue === undefined || noValue === undefined) throw refused('ternary wants two values')
      if (value === null && noneValue !== undefined && noneValue !== null) return noneValue
      return truth(value, decrypt) ? yesValue : noValue
    },
  ),
}
