import { homedir } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** As `process.platform` names it. */
export const hostPlatform: string = process.platform

/**
 * Tells V8 how much there is to do: a run of less than a second ends before optimized code pays for itself, and the
 * optimizer would take a core of its own; a short one ends before any machine code does. To be called when all code is
 * loaded: V8 refuses compiled code that was made under other flags. Later releases of V8 than those of Node 20 and 22 gain
 * nothing by it. (Another flag, `--no-regexp-tier-up`, would save some milliseconds more, but can end a process that has used
 * regular expressions before.)
 */
export function expectWork(amount: 'short' | 'long'): void {
  if (process.env.K3SEAL_SAVE_COMPILED === '1') return
  const release = Number.parseInt(process.versions.v8, 10)
  if (amount === 'short' && release < 13) setFlagsFromString('--no-sparkplug')
  if (amount === 'long' && release < 12) setFlagsFromString('--interrupt-budget=1000000')
}

/** Where `~` points: `HOME`, as shells and Ansible take it, else what the system says. */
export function homeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return env.HOME || homedir()
}

/** Whether a process of this machine runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}
