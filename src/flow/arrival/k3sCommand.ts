import { cut } from '../../syntax/sourced.ts'
import { type Letters, unknownIn } from './letters.ts'

export interface K3sCommand {
  readonly command: 'server' | 'agent' | 'unknown'
  readonly args: readonly Letters[]
}

/** Programs that run the command line behind their own options. */
const wrappers: ReadonlySet<string> = new Set([
  'exec',
  'nice',
  'ionice',
  'nohup',
  'chrt',
  'taskset',
  'command',
])

/** `undefined` where the command line certainly starts no `k3s server` and no `k3s agent`. */
export function k3sCommandOf(argv: readonly Letters[]): K3sCommand | undefined {
  const [program, ...args] = argv
  if (program === undefined) return undefined
  const name = cut(program, program.text.lastIndexOf('/') + 1)
  if (wrappers.has(name.text)) {
    const next = args.findIndex(({ text }) => isK3s(text.slice(text.lastIndexOf('/') + 1)))
    return next === -1 ? undefined : k3sCommandOf(args.slice(next))
  }
  const [, multicall] = /^k3s-(server|agent)$/.exec(name.text) ?? []
  if (multicall === 'server' || multicall === 'agent') return { command: multicall, args }
  const isUnknown = unknownIn(name) !== undefined
  if (!isK3s(name.text) && !isUnknown) return undefined
  const at = args.findIndex(({ text }) => !text.startsWith('-'))
  const word = args[at]
  if (word?.text === 'server' || word?.text === 'agent')
    return { command: word.text, args: args.slice(at + 1) }
  if (isUnknown) return undefined
  return word !== undefined && unknownIn(word) !== undefined
    ? { command: 'unknown', args: args.slice(at) }
    : undefined
}

function isK3s(name: string): boolean {
  return /^k3s(?:[-_.].*)?$/.test(name)
}
