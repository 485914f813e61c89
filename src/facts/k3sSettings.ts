/** A setting of K3s that decides whether and how a node joins. */
export interface K3sSetting {
  /** The flag without dashes, which is also its key in config.yaml. */
  readonly flag: string
  /** One letter, as in `-t`. */
  readonly short?: string
  readonly variable: string
  readonly commands: readonly ('server' | 'agent')[]
}

/**
 * https://docs.k3s.io/cli/server and https://docs.k3s.io/cli/agent;
 * https://github.com/k3s-io/k3s/blob/main/pkg/cli/cmds/server.go and agent.go
 */
export const k3sSettings = {
  token: { flag: 'token', short: 't', variable: 'K3S_TOKEN', commands: ['server', 'agent'] },
  tokenFile: { flag: 'token-file', variable: 'K3S_TOKEN_FILE', commands: ['server', 'agent'] },
  agentToken: { flag: 'agent-token', variable: 'K3S_AGENT_TOKEN', commands: ['server'] },
  agentTokenFile: { flag: 'agent-token-file', variable: 'K3S_AGENT_TOKEN_FILE', commands: ['server'] },
  /** The token of old releases: those since take it, and read it no more. */
  clusterSecret: {
    flag: 'cluster-secret',
    variable: 'K3S_CLUSTER_SECRET',
    commands: ['server', 'agent'],
  },
  server: { flag: 'server', short: 's', variable: 'K3S_URL', commands: ['server', 'agent'] },
  config: { flag: 'config', short: 'c', variable: 'K3S_CONFIG_FILE', commands: ['server', 'agent'] },
  datastore: { flag: 'datastore-endpoint', variable: 'K3S_DATASTORE_ENDPOINT', commands: ['server'] },
  dataDir: { flag: 'data-dir', short: 'd', variable: 'K3S_DATA_DIR', commands: ['server', 'agent'] },
  clusterInit: { flag: 'cluster-init', variable: 'K3S_CLUSTER_INIT', commands: ['server'] },
} as const satisfies Readonly<Record<string, K3sSetting>>

export type K3sSettingName = keyof typeof k3sSettings

/** https://docs.k3s.io/cli/server#data */
export const defaultDataDir = '/var/lib/rancher/k3s'

/** https://docs.k3s.io/installation/configuration#configuration-file */
export const defaultConfigFile = '/etc/rancher/k3s/config.yaml'

/** Flags that take no value behind a space. https://docs.k3s.io/cli/server and https://docs.k3s.io/cli/agent */
export const booleanFlags: ReadonlySet<string> = new Set([
  'alsologtostderr',
  'cluster-init',
  'cluster-reset',
  'debug',
  'disable-agent',
  'disable-apiserver',
  'disable-apiserver-lb',
  'disable-cloud-controller',
  'disable-controller-manager',
  'disable-default-registry-endpoint',
  'disable-etcd',
  'disable-helm-controller',
  'disable-kube-proxy',
  'disable-network-policy',
  'disable-scheduler',
  'docker',
  'embedded-registry',
  'enable-pprof',
  'etcd-disable-snapshots',
  'etcd-expose-metrics',
  'etcd-s3',
  'etcd-s3-insecure',
  'etcd-s3-skip-ssl-verify',
  'etcd-snapshot-compress',
  'flannel-external-ip',
  'flannel-ipv6-masq',
  'help',
  'h',
  'kine-tls',
  'no-flannel',
  'nonroot-devices',
  'prefer-bundled-bin',
  'protect-kernel-defaults',
  'rootless',
  'secrets-encryption',
  'selinux',
  'supervisor-metrics',
  'version',
  'with-node-id',
])
