import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import type { Machine } from './machines.ts'

/** What `stand-in/k3s` wrote down of one start. */
export interface Start {
  readonly argv: readonly string[]
  readonly environ: Readonly<Record<string, string>>
  /** The token that K3s would use; empty where there is none. */
  readonly token: string
  /** What K3s was given, after its own precedence: `token`, `server`, `agent-token`, …. */
  readonly settings: Readonly<Record<string, Setting>>
  /** Config files that were read. */
  readonly config: readonly string[]
  /** The service that started it, without `.service`. */
  readonly service: string
}

export interface Setting {
  /** `null`: of a token file that is not there. */
  readonly value: string | null
  /** `disk`: what a server has kept from an earlier start. */
  readonly from: 'argv' | 'config' | 'environment' | 'token-file' | 'disk'
}

/** Every start of K3s on a node, the oldest first. */
export function starts(machine: Machine): readonly Start[] {
  const dir = join(machine.root, 'var/lib/stand-in/starts')
  try {
    return readdirSync(dir)
      .sort((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10))
      .map((name) => JSON.parse(readFileSync(join(dir, name), 'utf8')) as Start)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return []
    throw error
  }
}

export function lastStart(machine: Machine): Start {
  const last = starts(machine).at(-1)
  if (last === undefined) throw new Error(`K3s never started on ${machine.name}`)
  return last
}

/** The environment that the running service has, as the kernel says. */
export function environmentOf(machine: Machine, service: string): Readonly<Record<string, string>> {
  const pid = machine.exec('systemctl', 'show', '--property=MainPID', '--value', service).stdout.trim()
  const block = machine.exec('cat', `/proc/${pid}/environ`).stdout
  return Object.fromEntries(
    block
      .split('\0')
      .filter((entry) => entry !== '')
      .map((entry) => [entry.slice(0, entry.indexOf('=')), entry.slice(entry.indexOf('=') + 1)]),
  )
}

/** `root:root 600`, or `missing`. */
export function ownerAndMode(machine: Machine, path: string): string {
  const { status, stdout } = machine.exec('stat', '-c', '%U:%G %a', path)
  return status === 0 ? stdout.trim() : 'missing'
}

/** Text of a file of the machine; `undefined` where it is missing. */
export function fileOf(machine: Machine, path: string): string | undefined {
  const file = join(machine.root, path)
  return statSync(file, { throwIfNoEntry: false }) === undefined ? undefined : readFileSync(file, 'utf8')
}

/** Files that hold a text and that others than root may read, in the whole file system of the machine. */
export function readableFilesWith(machine: Machine, text: string): readonly string[] {
  const { stdout } = machine.exec(
    'find',
    ...['/', '-xdev', '-type', 'f', '-perm', '/044', '-not', '-path', '/proc/*'],
    ...['-exec', 'grep', '-lF', '-e', text, '{}', '+'],
  )
  return stdout.split('\n').filter((line) => line !== '')
}

/** Everything in the journal of the machine, with all fields. */
export function journal(machine: Machine): string {
  return machine.exec('journalctl', '--no-pager', '--output=export', '--all').stdout
}
