import type { Atoms } from '../atoms.ts'
import type { PaperFiles } from '../files.ts'
import { fileAt } from './paths.ts'
import type { Process } from './process.ts'
import type { SourceOf } from './systemdProcess.ts'
import type { UnitInForce } from './unitFiles.ts'

export function initScript(files: PaperFiles, service: string): UnitInForce | undefined {
  const found = fileAt(files, `/etc/init.d/${service}`)
  return found?.file.kind === 'file' ? { name: service, fragment: found, dropIns: [] } : undefined
}

export function openrcProcess(
  files: PaperFiles,
  unit: UnitInForce,
  sourceOf: SourceOf,
  _atoms: Atoms,
): Process {
  return {
    argv: [],
    environment: [],
    reads: [],
    hops: sourceOf(unit.fragment.path, unit.fragment.file).hops(0, 0),
    failure: undefined,
    unknown: 'what an init script does',
    fileAt: (path) => fileAt(files, path),
  }
}
