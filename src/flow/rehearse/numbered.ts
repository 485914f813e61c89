import { byNumber } from '../names.ts'
import { groupKind } from './groupKinds.ts'
import { stem } from './kinds.ts'

/**
 * The host of each group of this kind whose name has siblings that differ in the number at its end only: such groups share no
 * host, and the lowest has the first one. `hosts`: those of the kind, in order; one that is called as a group is itself.
 */
export function numberedHosts(
  names: readonly string[],
  kind: 'server' | 'agent',
  hosts: readonly string[],
): ReadonlyMap<string, string> {
  const siblings = new Map<string, string[]>()
  for (const name of names.toSorted(byNumber)) {
    if (!/\d$/.test(name) || groupKind(name) !== kind) continue
    const known = siblings.get(stem(name))
    if (known === undefined) siblings.set(stem(name), [name])
    else known.push(name)
  }
  const found = new Map<string, string>()
  for (const groups of siblings.values()) {
    if (groups.length === 1) continue
    const others = hosts.filter((host) => !groups.includes(host))
    for (const group of groups)
      found.set(group, hosts.includes(group) ? group : (others.shift() ?? `${group}-1`))
  }
  return found
}
