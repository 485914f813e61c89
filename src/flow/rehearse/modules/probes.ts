import { behindWrappers } from '../../../syntax/shell/index.ts'
import { type Call, normalised } from '../call.ts'
import type { NodeState } from '../world.ts'
import { existing } from './files.ts'

/** How a command that only asks ends, and what it says: `undefined` where that is not known. */
export interface Answer {
  readonly rc: number
  readonly stdout: string | undefined
}

const OURS = /k3s/i
const PROGRAM = '/usr/local/bin/k3s'

/**
 * The answer to a question about K3s that a paper node can give: whether a service runs, a program or a file is there.
 * `undefined`: the command asks nothing, or something that only the node knows.
 */
export function probed(call: Call, words: readonly string[], node: NodeState): Answer | undefined {
  if (!call.isOnNode) return undefined
  const [program = '', ...args] = words.slice(behindWrappers(words))
  const plain = args.filter((word) => !word.startsWith('-'))
  switch (program.split('/').at(-1)) {
    case 'systemctl':
      return ofService(node, plain[0], plain.slice(1), args)
    case 'service':
    case 'rc-service':
      return ofService(node, plain[1], plain.slice(0, 1), args)
    case 'pgrep':
      return OURS.test(plain.join(' ')) ? ofProcess(call, node, args) : undefined
    case 'which':
    case 'type':
    case 'command':
    case 'hash':
      return plain.length === 1 && plain[0] === 'k3s' ? ofPath(call, node, PROGRAM, 1, PROGRAM) : undefined
    case 'ls':
    case 'stat':
      return plain.length === 1 ? ofPath(call, node, plain[0], 2, undefined) : undefined
  }
  return undefined
}

/** https://www.freedesktop.org/software/systemd/man/latest/systemctl.html#Exit%20status */
function ofService(
  node: NodeState,
  verb: string | undefined,
  names: readonly string[],
  args: readonly string[],
): Answer | undefined {
  const [written = ''] = names
  if (names.length !== 1 || !OURS.test(written)) return undefined
  const name = written.replace(/\.service$/, '')
  const state = node.services.get(name)
  const isOnDisk = [...node.files.keys()].some((path) => path.endsWith(`/${name}.service`))
  const isKnown = state !== undefined || isOnDisk
  const say = (rc: number, stdout: string): Answer => ({
    rc,
    stdout: args.some((word) => /^(?:-q|--quiet)$/.test(word)) ? '' : stdout,
  })
  switch (verb) {
    case 'is-active':
      return state?.started === true ? say(0, 'active') : say(isKnown ? 3 : 4, 'inactive')
    case 'is-enabled':
      return state?.enabled === true ? say(0, 'enabled') : say(1, isKnown ? 'disabled' : '')
    case 'is-failed':
      return say(1, state?.started === true ? 'active' : 'inactive')
    case 'cat':
      if (isOnDisk) return { rc: 0, stdout: undefined }
      return node.isOpen || node.isPackaged ? undefined : { rc: 1, stdout: '' }
    case 'status':
      return state?.started === true ? undefined : { rc: isKnown ? 3 : 4, stdout: '' }
  }
  return undefined
}

/** Whether some service of K3s runs on the node. */
export const runsK3s = ({ services }: NodeState): boolean =>
  [...services].some(([name, { started }]) => started && OURS.test(name))

function ofProcess({ task }: Call, node: NodeState, args: readonly string[]): Answer | undefined {
  // In a shell the search finds its own command line.
  if (task.action.module !== 'command' && args.some((word) => /^-\w*f/.test(word))) return undefined
  return runsK3s(node) ? { rc: 0, stdout: undefined } : { rc: 1, stdout: '' }
}

function ofPath(
  call: Call,
  node: NodeState,
  path: string | undefined,
  failure: number,
  stdout: string | undefined,
): Answer | undefined {
  if (path === undefined || !path.startsWith('/')) return undefined
  const there = existing(call, normalised(path), node)
  if (there === undefined) return undefined
  return there ? { rc: 0, stdout } : { rc: failure, stdout: '' }
}
