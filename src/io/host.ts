import { homedir } from 'node:os'
import { setFlagsFromString } from 'node:v8'

/** As `process.platform` names it. */
export const hostPlatform: string = process.platform

/**
 * Lets V8 wait longer before it optimizes: a run of less than a second ends before optimized code pays for itself, and the
 * optimizer would take a core of its own. Worth it for work that takes longer than the call, which loads a part of Node.
 * To be called when all code is loaded: V8 refuses compiled code that was made under other flags. Later releases of V8
 * than Node 20's have no such flag. (Another one, `--no-regexp-tier-up`, would save some milliseconds more, but can end a
 * process that has used regular expressions before.)
 */
export function optimizeLate(): void {
  if (process.versions.v8.startsWith('11.') && process.env.K3SEAL_SAVE_COMPILED !== '1')
    setFlagsFromString('--interrupt-budget=1000000')
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
