import type { Arrival } from '../arrival.ts'
import type { Atoms } from '../atoms.ts'
import type { PaperFiles, ServiceManager } from '../files.ts'
import { k3sCommandOf } from './k3sCommand.ts'
import { paperSource, unknownIn } from './letters.ts'
import { isOfOpenrc } from './openrc.ts'
import type { Process } from './process.ts'
import { arrivalOf, cannotStart, processOf, serviceInForce, serviceNames } from './services.ts'
import type { UnitInForce } from './unitFiles.ts'

export { arrivalOfStep, k3sIn } from './directRun.ts'
export { arrivalOfUnitText } from './loneUnit.ts'
export { tokensIn } from './settingsFiles.ts'
export {
  type Program,
  programSteps,
  runProgram,
  runShell,
  type Script,
  type ShellNode,
  type ShellStep,
  scriptSteps,
  shellSteps,
  unknownAtom,
} from './shellSteps.ts'

/** What K3s would get if the service (with or without `.service`, `k3s@x` too) were started now. */
export function arrivalAt(
  files: PaperFiles,
  service: string,
  manager: ServiceManager,
  atoms: Atoms,
): Arrival {
  const name = service.replace(/\.service$/, '')
  return kept(arrivals, files, `${manager} ${name}`, () => {
    const start = startAt(files, name, manager, atoms)
    if (start === 'masked') return cannotStart(name, 'the unit is masked')
    if (start === undefined) return cannotStart(name, `there is no service ${name}`)
    return { service: name, ...arrivalOf(files, start.unit, start.spawned, paperSource, atoms) }
  })
}

/** What was found out about the services of a node, by manager and name: its files are asked before and after tasks that leave them alone. */
type PerService<T> = WeakMap<PaperFiles, Map<string, T>>

const arrivals: PerService<Arrival> = new WeakMap()
const starts: PerService<Start | 'masked' | undefined> = new WeakMap()

function kept<T>(cache: PerService<T>, files: PaperFiles, key: string, find: () => T): T {
  const known = cache.get(files) ?? new Map<string, T>()
  cache.set(files, known)
  const before = known.get(key)
  if (before !== undefined || known.has(key)) return before as T
  const found = find()
  known.set(key, found)
  return found
}

interface Start {
  readonly unit: UnitInForce
  readonly spawned: Process
}

/** The unit of a service, and what its manager would execute. */
function startAt(
  files: PaperFiles,
  name: string,
  manager: ServiceManager,
  atoms: Atoms,
): Start | 'masked' | undefined {
  return kept(starts, files, `${manager} ${name}`, () => {
    const unit = serviceInForce(files, name, manager)
    if (unit === undefined || unit === 'masked') return unit
    return { unit, spawned: processOf(files, unit, manager, paperSource, atoms) }
  })
}

/** Whether the unit of a service is there and certainly starts a program that is not K3s. */
export function startsAnother(
  files: PaperFiles,
  service: string,
  manager: ServiceManager,
  atoms: Atoms,
): boolean {
  const start = startAt(files, service, manager, atoms)
  if (start === undefined || start === 'masked') return false
  const { argv, unknown } = start.spawned
  return (
    unknown === undefined &&
    argv.length > 0 &&
    k3sCommandOf(argv) === undefined &&
    argv.every((word) => unknownIn(word) === undefined)
  )
}

/** Whether a service has a script that OpenRC alone runs, and no unit. */
export const runsOpenrcOnly = (files: PaperFiles, service: string): boolean =>
  isOfOpenrc(files, service) && serviceInForce(files, service, 'systemd') === undefined

/** The services, without `.service`, whose unit or init script starts `k3s server` or `k3s agent`. Sorted. */
export function servicesRunning(files: PaperFiles, manager: ServiceManager, atoms: Atoms): string[] {
  return serviceNames(files, manager).filter((name) => {
    const start = startAt(files, name, manager, atoms)
    return start !== undefined && start !== 'masked' && k3sCommandOf(start.spawned.argv) !== undefined
  })
}
