import { homedir, platform } from 'node:os'

/** As `process.platform` names it. */
export const hostPlatform: string = platform()

/** Where `~` points: `HOME`, as shells and Ansible take it, else what the system says. */
export function homeDirectory(env: Readonly<Record<string, string | undefined>>): string {
  return env.HOME || homedir()
}
