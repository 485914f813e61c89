import type { NodeSpec } from '../ansible/nodeSpec.ts'

/** What the generated files of one cluster depend on. Holds no secret: tokens are vaulted before they get here. */
export interface Site {
  readonly servers: readonly NodeSpec[]
  readonly agents: readonly NodeSpec[]
  /** As K3s writes its releases: `v1.36.5+k3s1`. */
  readonly k3sVersion: string
  /** Address or name of a load balancer or VIP; `undefined`: the first server's address. */
  readonly apiEndpoint: string | undefined
  /** As the user gave it; a relative one is relative to the inventory. `undefined`: nodes download K3s. */
  readonly airgapDir: string | undefined
  /** The user that Ansible logs in as. */
  readonly user: string | undefined
  /** `$ANSIBLE_VAULT;…` envelope of the server token. */
  readonly vaultedToken: string
  /** `$ANSIBLE_VAULT;…` envelope of a separate agent token, where one is wanted. */
  readonly vaultedAgentToken: string | undefined
}
