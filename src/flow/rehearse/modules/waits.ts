import type { Call, Effect } from '../call.ts'

const PORT = '6443'
const HERE = /^(?:127\.\d+\.\d+\.\d+|localhost|::1|0\.0\.0\.0)$/
const K3S = /k3s/i

/** `wait_for`: of the port of K3s's API server on the node itself it is known whether somebody listens. */
export function waitFor(call: Call): Effect {
  const asks = ['path', 'search_regex', 'state'].some((name) => call.argument(name) !== undefined)
  // Who does not go on without it waits until it is there.
  if (asks || !call.isTolerant || !call.isOnNode || call.text('port') !== PORT) return { changed: false }
  const host = call.text('host') ?? '127.0.0.1'
  if (typeof host !== 'string' || !HERE.test(host)) return { changed: false }
  const { services, isOpen, isPackaged } = call.node
  if ([...services].some(([name, { started }]) => started && K3S.test(name)))
    return { changed: false, succeeds: true }
  if (isOpen || isPackaged) return { changed: false }
  return { changed: false, failed: `nothing listens on port ${PORT}` }
}
