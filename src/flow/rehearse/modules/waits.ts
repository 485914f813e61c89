import type { Call, Effect } from '../call.ts'
import { runsK3s } from './probes.ts'

const PORT = '6443'
const HERE = /^(?:127\.\d+\.\d+\.\d+|localhost|::1|0\.0\.0\.0)$/

/** `wait_for`: of the port of K3s's API server on the node itself it is known whether somebody listens. */
export function waitFor(call: Call): Effect {
  const asks = ['path', 'search_regex', 'state'].some((name) => call.argument(name) !== undefined)
  // Who does not go on without it waits until it is there.
  if (asks || !call.isTolerant || !call.isOnNode || call.text('port') !== PORT) return { changed: false }
  const host = call.text('host') ?? '127.0.0.1'
  if (typeof host !== 'string' || !HERE.test(host)) return { changed: false }
  const { isOpen, isPackaged } = call.node
  if (runsK3s(call.node)) return { changed: false, succeeds: true }
  if (isOpen || isPackaged) return { changed: false }
  return { changed: false, failed: `nothing listens on port ${PORT}` }
}
