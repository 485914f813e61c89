import type { Atoms } from '../atoms.ts'
import type { Process } from './process.ts'
import type { SourceOf } from './systemdProcess.ts'

/** The process that a shell is told to become. */
export function unwrapped(process: Process, _sourceOf: SourceOf, _atoms: Atoms): Process {
  return process
}
