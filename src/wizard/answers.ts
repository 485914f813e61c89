import type { NodeSpec } from '../ansible/nodeSpec.ts'
import type { Secret } from '../secret.ts'

/** All that the wizard asks. One member, one question: `questions.ts` does not compile otherwise. */
export interface Answers {
  /** The inventory that is made or extended, relative to the project, with `/`. */
  readonly inventory: string
  /** All servers, those that the inventory has already among them. */
  readonly servers: readonly NodeSpec[]
  readonly agents: readonly NodeSpec[]
  /** The user that Ansible logs in as; `undefined`: left to Ansible and ssh. */
  readonly user: string | undefined
  /** As K3s writes its releases: `v1.36.5+k3s1`. */
  readonly k3sVersion: string
  /** Name or address of a load balancer or VIP; `undefined`: the first server. */
  readonly apiEndpoint: string | undefined
  /** Absolute, or relative to the inventory; `undefined`: nodes download K3s. */
  readonly airgapDir: string | undefined
  readonly token: TokenChoice
  /** Whether agents get a token of their own. */
  readonly agentToken: boolean
  readonly vault: VaultChoice
}

export type TokenChoice =
  /** Made where the inventory has none. */
  | { readonly kind: 'new' }
  /** `path` is absolute. */
  | { readonly kind: 'file'; readonly path: string }
  | { readonly kind: 'stdin' }
  | { readonly kind: 'typed'; readonly token: Secret }

export type VaultChoice =
  /** What the environment and ansible.cfg name. */
  | { readonly kind: 'configured' }
  /** As the flags of ansible-playbook say it; paths are absolute, or begin with `~` or `$`. */
  | {
      readonly kind: 'given'
      readonly vaultIds: readonly string[]
      readonly passwordFiles: readonly string[]
      readonly ask: boolean
      readonly encryptWith: string | undefined
    }
  /** A new password in a file; one that is there is used as it is. `path` is absolute. */
  | { readonly kind: 'new'; readonly path: string }

/** The answers so far. A member that is there was answered, also where it is `undefined`. */
export type Draft = { -readonly [K in keyof Answers]?: Answers[K] }

export function isAnswered(draft: Draft, key: keyof Answers): boolean {
  return Object.hasOwn(draft, key)
}

/** The node as `--server` takes it. */
export function nodeText({ name, address, arch, user, port }: NodeSpec): string {
  const shown = address?.includes(':') ? `[${address}]` : address
  return [
    address === undefined ? name : `${name}=${shown}`,
    ...(arch === undefined ? [] : [`arch=${arch}`]),
    ...(user === undefined ? [] : [`user=${user}`]),
    ...(port === undefined ? [] : [`port=${port}`]),
  ].join(',')
}
