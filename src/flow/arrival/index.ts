import type { Arrival, Carried } from '../arrival.ts'
import type { Atoms } from '../atoms.ts'
import type { PaperFiles, ServiceManager } from '../files.ts'

export { type ShellStep, shellSteps } from './shellSteps.ts'

const nothing: Carried = {
  state: 'absent',
  carrier: 'none',
  text: undefined,
  hops: [],
  masked: [],
  unknown: undefined,
}

/** What K3s would get if the service (with or without `.service`, `k3s@x` too) were started now. */
export function arrivalAt(
  _files: PaperFiles,
  service: string,
  _manager: ServiceManager,
  _atoms: Atoms,
): Arrival {
  return {
    service: service.replace(/\.service$/, ''),
    unit: undefined,
    command: 'unknown',
    token: nothing,
    agentToken: nothing,
    serverUrl: nothing,
    clusterInit: 'unknown',
    externalDatastore: 'unknown',
    reads: [],
    failure: undefined,
  }
}

/** The services, without `.service`, whose unit or init script starts `k3s server` or `k3s agent`. Sorted. */
export function servicesRunning(_files: PaperFiles, _manager: ServiceManager, _atoms: Atoms): string[] {
  return []
}

/**
 * The same of a unit file or init script that stands in a project. `neighbours`: path on the node → text of what else it
 * may read (env files, drop-ins, config.yaml); `path` and the keys are what the spans of hops name. Offsets are those of
 * the texts as given.
 */
export function arrivalOfUnitText(
  path: string,
  _text: string,
  _neighbours: ReadonlyMap<string, string>,
  atoms: Atoms,
): Arrival {
  return arrivalAt(new Map(), path.split('/').at(-1) ?? path, 'systemd', atoms)
}
