import { type CallArguments, refused, type Value } from './values.ts'

/**
 * Puts the arguments of a call in the order of the names, as Python does; undefined for one that is not given.
 * `*rest` as the last name would take the others: callers that need that read `given` themselves.
 */
export function inOrder<Names extends readonly string[]>(
  callee: string,
  { positional, named }: CallArguments,
  names: Names,
): { readonly [Index in keyof Names]: Value | undefined } {
  if (positional.length > names.length) throw refused(`${callee} takes at most ${names.length} arguments`)
  for (const name of named.keys()) {
    const index = names.indexOf(name)
    if (index === -1) throw refused(`${callee} has no argument ${name}`)
    if (index < positional.length) throw refused(`${callee} gets the argument ${name} twice`)
  }
  return names.map((name, index) => (index < positional.length ? positional[index] : named.get(name))) as {
    readonly [Index in keyof Names]: Value | undefined
  }
}
