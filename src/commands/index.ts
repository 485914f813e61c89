import type { Command } from 'commander'
import type { ExitStatus, Session } from './session.ts'

/** A command's own module: its options and what it does. `setStatus` is called for any status but 0. */
export interface CommandModule {
  command(session: Session, setStatus: (status: ExitStatus) => void): Command
}

export interface CommandEntry {
  readonly name: string
  readonly summary: string
  /** Loads the module only when its command is called: `--version` and the hooks must start fast. */
  readonly load: () => Promise<CommandModule>
}

export const commands: readonly CommandEntry[] = [
  {
    name: 'init',
    summary: 'make or extend a vaulted inventory, the delivery playbook and its units',
    load: () => import('./init/index.ts'),
  },
  {
    name: 'lint',
    summary: 'follow the token through playbooks and units, report where it is lost or leaks',
    load: () => import('./lint/index.ts'),
  },
  {
    name: 'trace',
    summary: 'show the way of the token to each node, hop by hop',
    load: () => import('./trace/index.ts'),
  },
  {
    name: 'token',
    summary: 'make a strong token, or say what a given one is',
    load: () => import('./token/index.ts'),
  },
  {
    name: 'render',
    summary: 'render the units, drop-ins and env files of an inventory',
    load: () => import('./render/index.ts'),
  },
  {
    name: 'airgap',
    summary: 'plan, fetch, verify and pack what a site without internet needs',
    load: () => import('./airgap/index.ts'),
  },
  {
    name: 'vault',
    summary: 'check that what is named a vault is encrypted, and whole',
    load: () => import('./vault.ts'),
  },
]
