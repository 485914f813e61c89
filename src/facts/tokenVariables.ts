/** A variable that a public role or collection takes the join token from. */
export interface TokenVariable {
  readonly name: string
  /** Which nodes it is given to. `agent-token`: the servers' `--agent-token`. */
  readonly use: 'server' | 'agent' | 'agent-token' | 'both'
  /** Means a join token only in the inventory of a cluster: other software has variables of that name, too. */
  readonly isCommon: boolean
  readonly see: string
}

export const tokenVariables: readonly TokenVariable[] = [
  {
    name: 'token',
    use: 'both',
    isCommon: true,
    see: 'https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/inventory-sample.yml',
  },
  {
    name: 'k3s_token',
    use: 'both',
    isCommon: false,
    see: 'https://github.com/timothystewart6/k3s-ansible/blob/280cbd0283e7e98eca51488d5fc6fe8363db9d4e/inventory/sample/group_vars/all.yml',
  },
  {
    name: 'k3s_control_token',
    use: 'both',
    isCommon: false,
    see: 'https://github.com/PyratLabs/ansible-role-k3s/blob/main/tasks/ensure_cluster.yml',
  },
  {
    name: 'rke2_token',
    use: 'both',
    isCommon: false,
    see: 'https://github.com/lablabs/ansible-role-rke2/blob/0000010e89bbeb6afa921cfdd9148b317775c2f1/defaults/main.yml',
  },
  {
    name: 'rke2_agent_token',
    use: 'agent-token',
    isCommon: false,
    see: 'https://github.com/lablabs/ansible-role-rke2/blob/001bac34b5bc182d628de7a42c963fda302e5807/README.md',
  },
  {
    name: 'k3s_bootstrap_token',
    use: 'agent',
    isCommon: false,
    see: 'https://github.com/stackhpc/ansible-slurm-appliance/blob/main/ansible/roles/k3s/templates/k3s-agent.service.env.j2',
  },
  {
    name: 'k3s_agent_token',
    use: 'agent-token',
    isCommon: false,
    see: 'https://docs.k3s.io/cli/server#cluster-options',
  },
]

/** Variables that hold options of `k3s server` or `k3s agent`, so that `--token` in them is K3s's. */
export const argumentVariables: readonly string[] = [
  'extra_server_args',
  'extra_agent_args',
  'server_init_args',
  'install_k3s_exec_options',
  'INSTALL_K3S_EXEC',
  'INSTALL_RKE2_EXEC',
]

/** Variables that hold the text or the mapping of a K3s config.yaml. */
export const configVariables: readonly string[] = [
  'server_config_yaml',
  'agent_config_yaml',
  'k3s_server',
  'k3s_agent',
  'k3s_config',
  'k3s_server_config',
  'k3s_agent_config',
  'rke2_server_options',
  'rke2_agent_options',
]

/** Settings that hold a token, by the name they have in the environment. */
export const tokenSettings = {
  K3S_TOKEN: 'token',
  K3S_AGENT_TOKEN: 'agent-token',
  RKE2_TOKEN: 'token',
  RKE2_AGENT_TOKEN: 'agent-token',
} as const satisfies Readonly<Record<string, 'token' | 'agent-token'>>

/** Keys of config.yaml by which a file of that name is known for one of K3s or RKE2. https://docs.k3s.io/cli/server */
export const configKeys: ReadonlySet<string> = new Set([
  'server',
  'cluster-init',
  'agent-token',
  'token-file',
  'agent-token-file',
  'write-kubeconfig-mode',
  'tls-san',
  'node-label',
  'node-taint',
  'node-name',
  'data-dir',
  'flannel-backend',
  'flannel-iface',
  'cluster-cidr',
  'service-cidr',
  'cluster-dns',
  'disable',
  'cni',
  'kubelet-arg',
  'kube-apiserver-arg',
  'etcd-expose-metrics',
  'secrets-encryption',
  'datastore-endpoint',
  'embedded-registry',
])
