import type { Host, Inventory } from '../../ansible/inventory/index.ts'
import type { Variable } from '../../ansible/value.ts'

type Variables = ReadonlyMap<string, Variable>

/** An inventory with one more host like that one, right behind it in each of its groups. */
export function withAnother(inventory: Inventory, host: string): Inventory {
  const like = inventory.hosts.get(host)
  if (like === undefined) return inventory
  let number = 2
  while (inventory.hosts.has(`server-${number}`)) number += 1
  const name = `server-${number}`
  const behind = (names: readonly string[]): readonly string[] =>
    names.flatMap((one) => (one === host ? [host, name] : [one]))
  return {
    ...inventory,
    hosts: new Map([...inventory.hosts, [name, copied(like, name)]]),
    groups: new Map(
      [...inventory.groups].map(([group, one]) => [group, { ...one, hosts: behind(one.hosts) }]),
    ),
  }
}

/** It has an address of its own: conditions tell hosts apart by that, too. */
function copied(host: Host, name: string): Host {
  // No file has it; where it stands tells it from that of the other host.
  const at = { path: name, start: 0, end: 0 }
  const own = (variables: Variables): Variables => {
    const address = variables.get('ansible_host')
    return address === undefined
      ? variables
      : new Map(variables).set('ansible_host', { ...address, value: name, at })
  }
  return {
    ...host,
    name,
    vars: own(host.vars),
    inlineVars: own(host.inlineVars),
    fileVars: new Map([...host.fileVars].map(([directory, variables]) => [directory, own(variables)])),
  }
}
