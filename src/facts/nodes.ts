/** What Kubernetes, K3s and Ansible ask of the names and the number of nodes. */
export const nodeFacts = {
  quorum: {
    says: 'embedded etcd works as long as more than half of the servers do: two servers bear no more failures than one, four no more than three',
    see: 'https://docs.k3s.io/datastore/ha-embedded',
  },
  nodeName: {
    says: 'a Kubernetes node name is a lower-case DNS name (RFC 1123): letters, digits, - and ., each part at most 63 characters, 253 in all',
    see: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/names/#dns-subdomain-names',
  },
  hostnameLabel: {
    says: 'Kubernetes repeats the node name in the label kubernetes.io/hostname, and a label value holds at most 63 characters',
    see: 'https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/#syntax-and-character-set',
  },
  duplicateName: {
    says: 'K3s lower-cases node names and refuses a second machine under one name ("Node password rejected, duplicate hostname")',
    see: 'https://docs.k3s.io/architecture#how-agent-node-registration-works',
  },
  localhost: {
    says: 'Ansible runs tasks for localhost on the control node, without a connection to another machine',
    see: 'https://docs.ansible.com/ansible/latest/inventory/implicit_localhost.html',
  },
  groupAndHost: {
    says: 'Ansible mixes up a host and a group of one name',
    see: 'https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html#inventory-basics-formats-hosts-and-groups',
  },
} as const satisfies Readonly<Record<string, { readonly says: string; readonly see: string }>>
