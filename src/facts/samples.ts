/** A token that is printed where everybody can read it, so that it protects nothing. */
export interface SampleToken {
  readonly value: string
  /** The page it is printed on. */
  readonly see: string
}

/**
 * Tokens of manuals, sample inventories and test suites, as people copy them into their own.
 * The delivery playbook refuses the same list.
 */
export const sampleTokens: readonly SampleToken[] = [
  {
    value: 'changeme!',
    see: 'https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/inventory-sample.yml',
  },
  {
    value: 'mytoken',
    see: 'https://github.com/k3s-io/k3s-ansible/blob/565c9fa0495a5d82893c87c113c416785b47b205/inventory-sample.yml',
  },
  {
    value: 'myvagrant',
    see: 'https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/Vagrantfile',
  },
  {
    value: 'secret12345',
    see: 'https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/tests/airgap.yml',
  },
  {
    value: 'secretha',
    see: 'https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/tests/ha.yml',
  },
  {
    value: 'some-SUPER-DEDEUPER-secret-password',
    see: 'https://github.com/timothystewart6/k3s-ansible/blob/280cbd0283e7e98eca51488d5fc6fe8363db9d4e/inventory/sample/group_vars/all.yml',
  },
  {
    value: 'defaultSecret12345',
    see: 'https://github.com/lablabs/ansible-role-rke2/blob/0000010e89bbeb6afa921cfdd9148b317775c2f1/defaults/main.yml',
  },
  {
    value: 'agentSecret54321',
    see: 'https://github.com/lablabs/ansible-role-rke2/blob/001bac34b5bc182d628de7a42c963fda302e5807/README.md',
  },
  { value: 'mynodetoken', see: 'https://docs.k3s.io/quick-start' },
  { value: 'SECRET', see: 'https://docs.k3s.io/datastore/ha-embedded' },
  { value: '12345', see: 'https://docs.k3s.io/installation/configuration' },
  { value: 'mypassword', see: 'https://docs.k3s.io/installation/configuration' },
  { value: 'boop', see: 'https://docs.k3s.io/installation/configuration' },
  { value: 'secret', see: 'https://docs.k3s.io/installation/configuration' },
  {
    value: 'somethingtotallyrandom',
    see: 'https://github.com/k3s-io/k3s/blob/00e8a29b888a1652eaab26fd242463ea1a5696e9/docker-compose.yml',
  },
  {
    value: '2e373dca319a0525745fd8b3d8120d9c',
    see: 'https://github.com/k3s-io/k3s/blob/00e8a29b888a1652eaab26fd242463ea1a5696e9/docker-compose.yml',
  },
  {
    value: 'aaaaaa.bbbbbbbbbbbbbbbb',
    see: 'https://github.com/k3s-io/k3s/blob/0162910d9ea902babaae76b285cfa1482cbb3181/tests/e2e/startup/startup_test.go',
  },
  {
    value: 'abcdef.0123456789abcdef',
    see: 'https://kubernetes.io/docs/reference/setup-tools/kubeadm/kubeadm-token/',
  },
  {
    value: '5emitj.kq4gihvszzgn1p0r',
    see: 'https://github.com/kubernetes/website/blob/release-1.29/content/en/examples/secret/bootstrap-token-secret-literal.yaml',
  },
  {
    value: 'a74cddf30d2408d49fcd748a26021c6a',
    see: 'https://canonical.com/microk8s/docs/ref-launch-config',
  },
  {
    value: '4b7fb85e6f00935265c675f00917bc94',
    see: 'https://canonical.com/microk8s/docs/command-reference',
  },
  { value: '92b2db237428470dc4fcfc4ebbd9dc81', see: 'https://microk8s.io/docs/clustering' },
]
