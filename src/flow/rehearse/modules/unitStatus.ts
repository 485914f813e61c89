import { unitDirectories } from '../../../facts/systemd.ts'
import { serviceInForce } from '../../arrival/services.ts'
import type { UnitInForce } from '../../arrival/unitFiles.ts'
import { type FlowValue, Result } from '../../evaluate/index.ts'
import { Unknown } from '../../unknown.ts'
import type { Call } from '../call.ts'
import type { NodeState } from '../world.ts'

/** What of a status is known. A key that is there and `undefined` is one that it certainly does not have. */
type Status = ReadonlyMap<string, string | undefined>

/**
 * The `status` that `systemd` returns for a service of K3s: what `systemctl show` says before the module does anything.
 * Where the task is repeated until its condition holds, that may as well be what it has left.
 * https://github.com/ansible/ansible/blob/v2.21.0/lib/ansible/modules/systemd.py
 */
export function statusOf(call: Call, name: string, after: NodeState): FlowValue {
  const before = shown(call, name, call.node)
  const left = call.task.keywords.has('until') ? shown(call, name, after) : before
  const isSame = (key: string): boolean => left.has(key) && left.get(key) === before.get(key)
  return partlyKnown(call, new Map([...before].filter(([key]) => isSame(key))))
}

/** The `status` of a service of which nothing is known. */
export const openStatus = (call: Call): FlowValue => partlyKnown(call, new Map())

function partlyKnown({ task, host, context }: Call, status: Status): FlowValue {
  const { iteration } = context
  const item = iteration === undefined ? '' : `.results[${iteration.trim()}]`
  const what = `${task.keywords.get('register')?.value}${item}.status`
  const known = new Map([...status].flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])))
  return new Result(`${what} of ${host}`, known, (key) =>
    status.has(key) ? status.get(key) : new Unknown(`${what}.${key} of ${host}`, 'the result of a task'),
  )
}

function shown({ atoms, isOnNode }: Call, name: string, node: NodeState): Status {
  if (!isOnNode) return new Map()
  const { started = false, enabled = false } = node.services.get(name) ?? {}
  const unit = serviceInForce(node.files, name, 'systemd')
  // What is not followed may have brought it, started it and enabled it.
  const isOpen = node.isOpen || node.isPackaged
  const status = new Map<string, string | undefined>()
  if (started || !isOpen)
    status.set('ActiveState', started ? 'active' : 'inactive').set('SubState', started ? 'running' : 'dead')
  if (unit === 'masked' && !started) status.set('LoadState', 'masked').set('UnitFileState', 'masked')
  else if (unit === undefined && !started && !isOpen)
    status.set('LoadState', 'not-found').set('UnitFileState', undefined)
  else if (unit !== undefined && unit !== 'masked') {
    status.set('LoadState', 'loaded')
    if ((enabled || !isOpen) && isInstalled(unit, atoms))
      status.set('UnitFileState', enabled ? 'enabled' : 'disabled')
  }
  return status
}

/** Whether a unit says who wants it: others are `static`, and those that systemd finds by a link alone are `linked`. */
function isInstalled({ fragment: { path, file } }: UnitInForce, atoms: Call['atoms']): boolean {
  const directory = path.slice(0, path.lastIndexOf('/'))
  if (path.startsWith('/run/') || !unitDirectories.includes(directory)) return false
  return (
    typeof file.content === 'string' &&
    /^(?:WantedBy|RequiredBy)=\s*\S/m.test(atoms.traced(file.content).text)
  )
}
