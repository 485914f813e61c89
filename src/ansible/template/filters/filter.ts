import { inOrder } from '../arguments.ts'
import { type Decrypt, str } from '../text.ts'
import { type CallArguments, isInteger, refused, typeName, type Value, VaultedText } from '../values.ts'

/** What a filter or test may ask of the template that it runs in. */
export interface PluginContext {
  /** As the template names it. */
  readonly name: string
  readonly decrypt: Decrypt
  filter(name: string, value: Value, given: CallArguments): Value
  test(name: string, value: Value, given: CallArguments): boolean
  /** `value[key]` with Jinja2's fallbacks; `Undefined` where there is none. */
  item(value: Value, key: Value): Value
}

export type Filter = (value: Value, given: CallArguments, context: PluginContext) => Value

type Given<Names extends readonly string[]> = { readonly [Index in keyof Names]: Value | undefined }

/** A filter with the parameters that Python's has, in its order. */
export function filter<const Names extends readonly string[]>(
  names: Names,
  run: (value: Value, given: Given<Names>, context: PluginContext) => Value,
): Filter {
  return (value, given, context) => run(value, inOrder(`the filter ${context.name}`, given, names), context)
}

/** A filter of one text without parameters. */
export function textFilter(run: (text: string) => Value): Filter {
  return filter([], (value, _, { decrypt }) => run(str(value, decrypt)))
}

export const isText = (value: Value | undefined): value is string | VaultedText =>
  typeof value === 'string' || value instanceof VaultedText

/** An argument that must be a text. */
export function textArgument(
  value: Value | undefined,
  { name, decrypt }: PluginContext,
  otherwise?: string,
): string {
  if (value === undefined && otherwise !== undefined) return otherwise
  if (!isText(value))
    throw refused(`${name} wants a str, not ${value === undefined ? 'nothing' : `a ${typeName(value)}`}`)
  return str(value, decrypt)
}

/** An argument that must be an integer. */
export function integerArgument(
  value: Value | undefined,
  { name }: PluginContext,
  otherwise: number,
): number {
  if (value === undefined) return otherwise
  if (!isInteger(value)) throw refused(`${name} wants an int, not a ${typeName(value)}`)
  return Number(value)
}

export const noArguments: CallArguments = { positional: [], named: new Map() }
