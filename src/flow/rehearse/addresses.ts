import type { AnsibleValue } from '../../ansible/value.ts'
import type { Atoms } from '../atoms.ts'
import { evaluator } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import type { Context } from './context.ts'
import type { PaperHosts } from './hosts.ts'
import { addressOf, scopeOf } from './scope.ts'
import type { World } from './world.ts'

/** Where an inventory says by which address a host is reached. */
const ADDRESSES = ['ansible_host', 'ansible_ssh_host'] as const

/** The host of the inventory that a task is delegated to by its address; `undefined` where it is that of none, or of several. */
export function reachedBy(text: string | Unknown, context: Context, world: World): string | undefined {
  const { atoms, hosts } = context.stage
  const address = text instanceof Unknown ? undefined : atoms.plain(text)
  if (address === undefined) return inventedAt(text, hosts, atoms)
  const literal = literalsOf(hosts).get(address)
  if (literal !== undefined) return literal === SEVERAL ? undefined : hosts.standIn(literal)
  const found = [...hosts.hosts.values()].filter(({ name, variables }) =>
    ADDRESSES.some((key) => {
      const variable = variables.get(key)
      if (variable === undefined || !isTemplate(variable.value)) return false
      const own = evaluator(scopeOf(context, world, name)).text(variable.value, variable.at)
      return typeof own === 'string' && atoms.plain(own) === address
    }),
  )
  return found.length === 1 ? found[0]?.name : undefined
}

const isTemplate = (value: AnsibleValue): boolean => typeof value === 'string' && value.includes('{{')

const SEVERAL = ''
const literals = new WeakMap<PaperHosts, ReadonlyMap<string, string>>()

/** Address → host, for all hosts that the rehearsed ones stand for; each is looked through once. */
function literalsOf(hosts: PaperHosts): ReadonlyMap<string, string> {
  const known = literals.get(hosts)
  if (known !== undefined) return known
  const made = new Map<string, string>()
  for (const { name, alike } of hosts.hosts.values())
    for (const one of [name, ...alike]) {
      const variables = hosts.known(one)?.variables
      const value = ADDRESSES.map((key) => variables?.get(key)?.value).find((own) => own !== undefined)
      if (typeof value === 'string' && !isTemplate(value)) made.set(value, made.has(value) ? SEVERAL : one)
    }
  literals.set(hosts, made)
  return made
}

function inventedAt(text: string | Unknown, { hosts }: PaperHosts, atoms: Atoms): string | undefined {
  const what = text instanceof Unknown ? text.what : atoms.whole(text)?.what
  return [...hosts.keys()].find((name) => addressOf(name) === what)
}
