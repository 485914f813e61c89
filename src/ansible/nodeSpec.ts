/** One node as the user names it, before it is a host of an inventory. */
export interface NodeSpec {
  /** The inventory's host name, and the Kubernetes node name unless the machine's own differs. */
  readonly name: string
  /** `ansible_host`; IPv4, IPv6 without brackets, or a DNS name. */
  readonly address: string | undefined
  /** K3s's name of the architecture. Undefined: not known, facts will say. */
  readonly arch: 'amd64' | 'arm64' | 'arm' | undefined
  /** `ansible_user` where it differs from the cluster's. */
  readonly user: string | undefined
  /** `ansible_port` where it is not 22. */
  readonly port: number | undefined
}
