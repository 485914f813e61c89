import type { ShellStep } from './arrival/shellSteps.ts'
import type { Atoms, Hop } from './atoms.ts'
import type { PaperFiles, ServiceManager } from './files.ts'
import type { Unknown } from './unknown.ts'

/** One run of K3s's install script. */
export interface InstallerCall {
  /** Of the process: `environment:` of the task and what the shell adds. Marked. */
  readonly environment: ReadonlyMap<string, string | Unknown>
  /** Behind the script's name (or `sh -s -`). Marked. */
  readonly args: readonly string[]
  readonly manager: ServiceManager
  /** Where it is run. */
  readonly hop: Hop
}

export interface InstallerResult {
  /** As they are afterwards; unchanged where it is fatal from the start. */
  readonly files: PaperFiles
  /** Without `.service`; `undefined` where the command or name can't be known. */
  readonly service: string | undefined
  readonly command: 'server' | 'agent' | 'unknown'
  readonly enabled: boolean | 'unknown'
  /** Whether it (re)starts the service in the end. */
  readonly started: boolean | 'unknown'
  /** Paths that this run wrote or wrote anew. */
  readonly written: readonly string[]
  /** Paths that it removed and did not write again. */
  readonly removed: readonly string[]
  /** Why the script gives up, in its own words; what it wrote before is in `files`. */
  readonly fatal: string | undefined
  /** What of the call could not be known. */
  readonly unknowns: readonly string[]
}

/** What the install script does on a node. https://github.com/k3s-io/k3s/blob/main/install.sh */
export function runInstaller(files: PaperFiles, _call: InstallerCall, _atoms: Atoms): InstallerResult {
  return {
    files,
    service: undefined,
    command: 'unknown',
    enabled: 'unknown',
    started: 'unknown',
    written: [],
    removed: [],
    fatal: undefined,
    unknowns: [],
  }
}

/** The call, where a step runs the install script: `sh -s -` behind a download of get.k3s.io, or a file of it. */
export function installerCallOf(
  _step: ShellStep,
  _manager: ServiceManager,
  _hop: Hop,
  _atoms: Atoms,
): InstallerCall | undefined {
  return undefined
}

export interface UninstallResult {
  readonly files: PaperFiles
  /** Services that it stops, without `.service`. */
  readonly stopped: readonly string[]
}

/** `<name>-uninstall.sh` (removes) or `k3s-killall.sh` (stops only); `undefined` where the program is neither. */
export function runUninstaller(
  _files: PaperFiles,
  _program: string,
  _manager: ServiceManager,
): UninstallResult | undefined {
  return undefined
}
