import { List } from '../../ansible/template/values.ts'
import type { Atoms } from '../atoms.ts'
import type { FlowValue } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'

/**
 * How many hosts `serial` takes at one time, from a value with its templates rendered; zero and less are all of them.
 * `undefined`: nothing that Ansible could count by. `hosts`: how many the play is for.
 * https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_strategies.html#setting-the-batch-size-with-serial
 */
export function batchSizes(
  value: FlowValue,
  hosts: number,
  atoms: Atoms,
): readonly number[] | Unknown | undefined {
  const sizes: number[] = []
  for (const item of value instanceof List ? value : [value]) {
    if (item instanceof Unknown) return item
    const text = typeof item === 'string' ? atoms.plain(item) : String(item)
    if (text === undefined) return new Unknown('serial', 'only a real run shows it')
    const [, number, percent] = /^\s*([+-]?\d+)\s*(%?)\s*$/.exec(text) ?? []
    if (number === undefined) return undefined
    sizes.push(percent === '%' ? Math.trunc((Number(number) / 100) * hosts) || 1 : Number(number))
  }
  return sizes
}

/** The hosts of a play in batches of these sizes: the last one goes on until all have had their turn. */
export function batched(hosts: readonly string[], sizes: readonly number[]): readonly (readonly string[])[] {
  const result: (readonly string[])[] = []
  for (let at = 0; at < hosts.length; ) {
    const size = sizes[Math.min(result.length, sizes.length - 1)] ?? 0
    const end = size > 0 ? at + size : hosts.length
    result.push(hosts.slice(at, end))
    at = end
  }
  return result
}
