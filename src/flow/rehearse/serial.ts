import { List } from '../../ansible/template/values.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import type { Atoms } from '../atoms.ts'
import type { FlowValue } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'

/**
 * How many hosts `serial` takes at one time, from a value with its templates rendered; zero and less are all of them.
 * `undefined`: nothing that Ansible could count by. `hosts`: how many the play is for.
 * https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_strategies.html#setting-the-batch-size-with-serial
 */
export function batchSizes(
  value: FlowValue | AnsibleValue,
  hosts: number,
  atoms: Atoms,
): readonly number[] | Unknown | undefined {
  const sizes: number[] = []
  for (const item of value instanceof List || Array.isArray(value) ? value : [value]) {
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

const OTHERS =
  /\b(?:run_once|(?:ansible_)?play_(?:hosts|batch)|hostvars|delegate_to|local_action|connection|add_host|group_by|fetch|synchronize|lookup|query|q|end_(?:play|batch)|any_errors_fatal|max_fail_percentage)\b/

/** Whether it may count for a host which others are in its batch: it has to do with them, or with the control node of all. */
export const seesOthers = (texts: readonly string[]): boolean => texts.some((text) => OTHERS.test(text))

/** The batches of one play, and whether something is done there by the first host of each. */
export interface Batches {
  readonly batches: readonly (readonly string[])[]
  readonly isFirstTold: boolean
}

/** More kinds of hosts than this are not told apart by their batches. */
const MOST_KINDS = 16

/**
 * Host → its kind, where those that `kinds` has for the same are told apart by their batches: two batches are the same where
 * they have hosts of the same kinds in the same order. Where that would be very many kinds, they stay as they were.
 */
export function kindsByBatch(
  kinds: ReadonlyMap<string, string>,
  plays: readonly Batches[],
): ReadonlyMap<string, string> {
  let now = numbered(kinds)
  let count = new Set(now.values()).size
  const most = count + MOST_KINDS
  for (;;) {
    const marks = new Map([...now].map(([host, kind]) => [host, [kind]]))
    for (const { batches, isFirstTold } of plays) {
      const numbers = new Map<string, number>()
      for (const batch of batches) {
        const whole = batch.map((host) => now.get(host)).join()
        const number = numbers.get(whole) ?? numbers.size
        numbers.set(whole, number)
        for (const [index, host] of batch.entries())
          marks.get(host)?.push(`${number}${isFirstTold && index === 0 ? ' first' : ''}`)
      }
    }
    const found = numbered(new Map([...marks].map(([host, own]) => [host, own.join()])))
    const next = new Set(found.values()).size
    if (next > most) return kinds
    if (next === count) return now
    now = found
    count = next
  }
}

/** The same with short names, as those of one round are part of those of the next. */
function numbered(kinds: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  const numbers = new Map<string, string>()
  for (const kind of kinds.values()) if (!numbers.has(kind)) numbers.set(kind, String(numbers.size))
  return new Map([...kinds].map(([host, kind]) => [host, numbers.get(kind) ?? kind]))
}
