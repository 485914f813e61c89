import { spawnSync } from 'node:child_process'
import { accessSync, constants } from 'node:fs'
import { join } from 'node:path'

/** Where `setup-peers.sh` puts what the tests run k3seal against. */
export const peersDir = join(import.meta.dirname, '../.peers')

/** Directories of executables; absolute. */
export const peers = {
  ansibleOldest: join(peersDir, 'ansible-oldest/bin'),
  ansibleNewest: join(peersDir, 'ansible-newest/bin'),
  node22: join(peersDir, 'node22/node_modules/node/bin'),
  node24: join(peersDir, 'node24/node_modules/node/bin'),
} as const

/** Both ends of the range of ansible-core that k3seal supports, for `describe.each`. */
export const ansibles = [
  ['oldest ansible-core', peers.ansibleOldest],
  ['newest ansible-core', peers.ansibleNewest],
] as const

/**
 * Returns the absolute path of a program: one of `peers`, or a name that is looked for in `PATH` and the
 * system directories. Throws where it is missing: a test without its peer fails, it is not skipped.
 */
export function requirePeer(program: string): string {
  const candidates = program.includes('/')
    ? [program]
    : [...(process.env.PATH ?? '').split(':'), '/usr/sbin', '/sbin'].map((dir) => join(dir, program))
  for (const candidate of candidates)
    try {
      accessSync(candidate, constants.X_OK)
      return candidate
    } catch {
      // the next one
    }
  throw new Error(`${program} is missing: run test/tools/setup-peers.sh and read what it could not set up`)
}

/** Throws where the test does not run as root, which machines and chroots need. */
export function requireRoot(): void {
  if (process.getuid?.() !== 0)
    throw new Error('this test makes machines and needs root: sudo -E npx vitest …')
}

/** Environment of an Ansible run that reads nothing of the user's and writes only below `home`. */
export function ansibleEnvironment(home: string): Record<string, string> {
  return {
    PATH: process.env.PATH ?? '',
    HOME: home,
    LC_ALL: 'C.UTF-8',
    ANSIBLE_NOCOLOR: '1',
    ANSIBLE_LOCAL_TEMP: join(home, 'tmp'),
    ANSIBLE_RETRY_FILES_ENABLED: '0',
  }
}

export interface Run {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Both streams, for a search that must not miss one. */
  readonly all: string
}

/** Runs a program to its end, without a shell. Throws only where it can't be started. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd?: string; env?: Record<string, string>; input?: string; timeout?: number } = {},
): Run {
  const result = spawnSync(requirePeer(program), args, {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
    ...options,
  })
  if (result.error !== undefined) throw result.error
  const { status, stdout, stderr } = result
  return { status, stdout, stderr, all: stdout + stderr }
}
