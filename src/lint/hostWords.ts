import { names } from '../flow/names.ts'
import type { NodeKind } from '../flow/rehearsal.ts'

const kindWords: Readonly<Record<NodeKind, string>> = {
  'first-server': 'first server',
  'joining-server': 'joining server',
  agent: 'agent',
}

/** `agents a1, a2 and 48 more`. */
export function hostWords(kind: NodeKind, hosts: readonly string[]): string {
  return `${kindWords[kind]}${hosts.length === 1 ? '' : 's'} ${names(hosts)}`
}
