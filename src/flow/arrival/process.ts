import type { Arrival, EnvironmentCarrier } from '../arrival.ts'
import type { Hop } from '../atoms.ts'
import type { PaperFile } from '../files.ts'
import type { Letters } from './letters.ts'

/** One assignment of a variable; later ones win. */
export interface EnvironmentPart {
  /** `undefined`: something that isn't known, which may set any variable. */
  readonly name: string | undefined
  readonly value: Letters
  readonly carrier: EnvironmentCarrier
  /** Where the assignment stands and what reads it, where the value's own letters don't say. */
  readonly hops: readonly Hop[]
  /** Why it is not known, where `name` is `undefined`. */
  readonly why: string
}

/** What a service manager would execute. */
export interface Process {
  /** Empty where that is not known. */
  readonly argv: readonly Letters[]
  readonly environment: readonly EnvironmentPart[]
  readonly reads: Arrival['reads']
  /** Of the unit or script itself. */
  readonly hops: readonly Hop[]
  readonly failure: string | undefined
  /** Why the command is not known. */
  readonly unknown: string | undefined
  /** A file as the process sees it, credentials included. */
  fileAt(path: string): { readonly path: string; readonly file: PaperFile } | undefined
}

/** The last assignment; a part that may set any variable counts, too. */
export function lastPart(
  environment: readonly EnvironmentPart[],
  name: string,
): { readonly known: EnvironmentPart | undefined; readonly maybe: EnvironmentPart | undefined } {
  let maybe: EnvironmentPart | undefined
  for (let index = environment.length - 1; index >= 0; index -= 1) {
    const part = environment[index]
    if (part?.name === name) return { known: part, maybe }
    if (part !== undefined && part.name === undefined) maybe ??= part
  }
  return { known: undefined, maybe }
}

export const variableName = /^[A-Za-z_][A-Za-z0-9_]*$/
