import type { Arrival } from '../arrival.ts'
import type { Atoms } from '../atoms.ts'
import type { PaperFiles, ServiceManager } from '../files.ts'
import { notCarried } from './carried.ts'
import { k3sArrival } from './k3sArrival.ts'
import { initScript, openrcProcess } from './openrc.ts'
import { namesIn } from './paths.ts'
import type { Process } from './process.ts'
import { unwrapped } from './shellWrapper.ts'
import { type SourceOf, systemdProcess } from './systemdProcess.ts'
import { type UnitInForce, unitInForce, unitNames } from './unitFiles.ts'

/** The unit or the init script of a service. */
export function serviceInForce(
  files: PaperFiles,
  service: string,
  manager: ServiceManager,
): UnitInForce | 'masked' | undefined {
  return manager === 'systemd' ? unitInForce(files, service) : initScript(files, service)
}

/** All services of a node, without `.service`. Templates are none: only their instances can be started. */
export function serviceNames(files: PaperFiles, manager: ServiceManager): readonly string[] {
  const names = manager === 'systemd' ? unitNames(files) : namesIn(files, '/etc/init.d')
  return names.map((name) => name.replace(/\.service$/, '')).filter((name) => !name.endsWith('@'))
}

/** What is executed in the end, behind `sh -c` and its like. */
export function processOf(
  files: PaperFiles,
  unit: UnitInForce,
  manager: ServiceManager,
  sourceOf: SourceOf,
  atoms: Atoms,
): Process {
  return manager === 'systemd'
    ? unwrapped(systemdProcess(files, unit, sourceOf, atoms), 'environment', sourceOf, atoms)
    : unwrapped(openrcProcess(files, unit, sourceOf, atoms), 'init-script', sourceOf, atoms)
}

export function arrivalOf(
  files: PaperFiles,
  unit: UnitInForce,
  spawned: Process,
  sourceOf: SourceOf,
  atoms: Atoms,
): Omit<Arrival, 'service'> {
  return {
    unit: unit.fragment.path,
    ...k3sArrival(spawned, files, sourceOf, atoms),
    failure: spawned.failure,
  }
}

export function cannotStart(service: string, failure: string): Arrival {
  return {
    service,
    unit: undefined,
    command: 'unknown',
    token: notCarried,
    agentToken: notCarried,
    clusterSecret: notCarried,
    serverUrl: notCarried,
    clusterInit: 'unknown',
    externalDatastore: 'unknown',
    dataDir: undefined,
    reads: [],
    failure,
  }
}
