import type { NodeKind } from '../flow/rehearsal.ts'

const NAMED = 4

/** Some names in one line, however many there are. */
export function names(all: readonly string[]): string {
  if (all.length > NAMED) return `${all.slice(0, 2).join(', ')} and ${all.length - 2} more`
  const last = all.at(-1) ?? ''
  return all.length < 2 ? last : `${all.slice(0, -1).join(', ')} and ${last}`
}

const kindWords: Readonly<Record<NodeKind, string>> = {
  'first-server': 'first server',
  'joining-server': 'joining server',
  agent: 'agent',
}

/** `agents a1, a2 and 48 more`. */
export function hostWords(kind: NodeKind, hosts: readonly string[]): string {
  return `${kindWords[kind]}${hosts.length === 1 ? '' : 's'} ${names(hosts)}`
}
