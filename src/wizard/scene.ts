import type { NodeSpec } from '../ansible/nodeSpec.ts'

/** What the wizard may know of the place it works in. `commands` reads it; nothing here reads on. */
export interface Scene {
  /** Inventories that the project has, the likeliest first; none where there is no project yet. */
  readonly inventories: readonly string[]
  /** What the inventory in question says already; `undefined` where there is none. */
  readonly existing: Existing | undefined
  /** Whom Ansible would log in as, and how that is known. */
  readonly login: { readonly name: string; readonly why: string } | undefined
  /** A directory of the project that holds K3s's artefacts, relative to the inventory. */
  readonly airgapDir: string | undefined
  /** The sources of vault passwords that the environment and ansible.cfg name, for people to read. */
  readonly vaultSources: readonly string[]
  /** Where a new vault password would go, absolute; `undefined` where there is no home directory. */
  readonly newPasswordPath: string | undefined
  /** The hosts of an ssh_config that a name or pattern means; `undefined`: none was named. */
  readonly sshHosts: ((pattern: string) => readonly NodeSpec[]) | undefined
  /** What stands at a path: absolute, or relative to the inventory's directory. */
  kindOf(path: string): 'file' | 'directory' | 'other' | 'absent'
  /** A path as typed by the user, relative to the working directory, as an absolute one. `~` and `$` stay. */
  resolve(path: string): string
  /** An absolute path as the user would write it: relative where it is below the working directory, with `~` below the home. */
  shown(path: string): string
}

export interface Existing {
  readonly servers: readonly NodeSpec[]
  readonly agents: readonly NodeSpec[]
  /** Texts of the variables that the wizard asks for, where they are plain texts; `airgap_dir` relative to the inventory. */
  readonly user: string | undefined
  readonly k3sVersion: string | undefined
  readonly apiEndpoint: string | undefined
  readonly airgapDir: string | undefined
  /** Whether servers have a token, of whatever form. */
  readonly hasToken: boolean
  /** Whether agents have a token of their own. */
  readonly hasAgentToken: boolean
  /** The variable of another role that holds the token; such a role gives servers and agents the same one. */
  readonly foreignToken: string | undefined
}
