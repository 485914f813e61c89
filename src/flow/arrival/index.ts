import type { Arrival } from '../arrival.ts'
import type { Atoms } from '../atoms.ts'
import type { PaperFiles, ServiceManager } from '../files.ts'
import { k3sCommandOf } from './k3sCommand.ts'
import { paperSource, unknownIn } from './letters.ts'
import { arrivalOf, cannotStart, processOf, serviceInForce, serviceNames } from './services.ts'

export { arrivalOfUnitText } from './loneUnit.ts'
export { type ShellStep, shellSteps } from './shellSteps.ts'

/** What K3s would get if the service (with or without `.service`, `k3s@x` too) were started now. */
export function arrivalAt(
  files: PaperFiles,
  service: string,
  manager: ServiceManager,
  atoms: Atoms,
): Arrival {
  const name = service.replace(/\.service$/, '')
  const known = arrivals.get(files) ?? new Map<string, Arrival>()
  const key = `${manager} ${name}`
  const before = known.get(key)
  if (before !== undefined) return before
  const arrival = arrivalOfService(files, name, manager, atoms)
  arrivals.set(files, known.set(key, arrival))
  return arrival
}

/** The same files are asked before and after tasks that leave them alone. */
const arrivals = new WeakMap<PaperFiles, Map<string, Arrival>>()

function arrivalOfService(files: PaperFiles, name: string, manager: ServiceManager, atoms: Atoms): Arrival {
  const unit = serviceInForce(files, name, manager)
  if (unit === 'masked') return cannotStart(name, 'the unit is masked')
  if (unit === undefined) return cannotStart(name, `there is no service ${name}`)
  return { service: name, ...arrivalOf(files, unit, manager, paperSource, atoms) }
}

/** Whether the unit of a service is there and certainly starts a program that is not K3s. */
export function startsAnother(
  files: PaperFiles,
  service: string,
  manager: ServiceManager,
  atoms: Atoms,
): boolean {
  const unit = serviceInForce(files, service, manager)
  if (unit === undefined || unit === 'masked') return false
  const { argv, unknown } = processOf(files, unit, manager, paperSource, atoms)
  return (
    unknown === undefined &&
    argv.length > 0 &&
    k3sCommandOf(argv) === undefined &&
    argv.every((word) => unknownIn(word) === undefined)
  )
}

/** The services, without `.service`, whose unit or init script starts `k3s server` or `k3s agent`. Sorted. */
export function servicesRunning(files: PaperFiles, manager: ServiceManager, atoms: Atoms): string[] {
  return serviceNames(files, manager).filter((name) => {
    const unit = serviceInForce(files, name, manager)
    if (unit === undefined || unit === 'masked') return false
    return k3sCommandOf(processOf(files, unit, manager, paperSource, atoms).argv) !== undefined
  })
}
