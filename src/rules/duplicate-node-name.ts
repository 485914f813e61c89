import { isAddress, isToFillIn } from '../ansible/address.ts'
import { clusterHosts, hostVariables, type Inventory } from '../ansible/inventory/index.ts'
import { scalarText, type Variable } from '../ansible/value.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import type { Span } from '../span.ts'

/** Variables of public roles that become --node-name. */
const NAME_VARIABLES = ['k3s_node_name', 'node_name', 'rke2_node_name']
const NAME_OPTION = /--node-name[= ]["']?([\w.-]+)|^[ \t]*node-name:[ \t]*["']?([\w.-]+)/m

export const duplicateNodeName: Rule = {
  id: 'duplicate-node-name',
  severity: 'error',
  summary: 'Two nodes that are one to the cluster',
  why: 'Each node keeps a password of its own, which the server remembers under the name of the node, in lower case. A second node of the same name has another password and is turned away: Node password rejected.',
  fix: 'give every node a name and an address of its own',
  see: [
    'https://docs.k3s.io/architecture#how-agent-node-registration-works',
    'https://github.com/k3s-io/k3s/blob/master/pkg/nodepassword/validate.go',
  ],
  bad: [
    {
      title: 'the same machine twice',
      files: {
        'inventory.ini': `
[server]
quay ansible_host=192.0.2.10
[agent]
pier ansible_host=192.0.2.11
mole ansible_host=192.0.2.10
     ^^^^^^^^^^^^^^^^^^^^^^^ mole and quay have the same address
[k3s_cluster:children]
server
agent
`,
      },
    },
    {
      title: 'machines that are called the same in two domains',
      files: {
        'inventory.ini': `
[server]
quay.north.example.org
[agent]
quay.south.example.org
^^^^^^^^^^^^^^^^^^^^^^ quay.south.example.org and quay.north.example.org are one node if their host name is quay alone
[k3s_cluster:children]
server
agent
`,
      },
    },
    {
      title: 'names that differ in case alone',
      files: {
        'inventory.yml': `
k3s_cluster:
  children:
    server:
      hosts:
        quay:
          k3s_node_name: Harbour
    agent:
      hosts:
        pier:
          k3s_node_name: harbour
                         ^^^^^^^ pier and quay get the same node name
`,
      },
    },
  ],
  good: [
    {
      title: 'machines behind one address',
      files: {
        'inventory.ini': `
[server]
quay ansible_host=127.0.0.1 ansible_port=2222
[agent]
pier ansible_host=127.0.0.1 ansible_port=2200
mole ansible_connection=local
[k3s_cluster:children]
server
agent
`,
      },
    },
    {
      title: 'addresses that are still to be filled in',
      files: {
        'inventory.ini': `
[server]
quay ansible_host=<server-ip>
pier ansible_host=<server-ip>
wharf ansible_host=100.x.x.x
[agent]
mole ansible_host=100.x.x.x
jetty ansible_host=YOUR_IP
dock ansible_host=YOUR_IP
berth ansible_host=change-me
mooring ansible_host=change-me
north ansible_host=192.168.1.300
south ansible_host=192.168.1.300
[k3s_cluster:children]
server
agent
`,
      },
    },
    {
      title: 'another group of machines that is no cluster',
      files: {
        'inventory.ini': `
[web]
quay ansible_host=192.0.2.10
pier ansible_host=192.0.2.10
`,
      },
    },
  ],
  *check(analysis) {
    for (const { inventory } of analysis.inventories) yield* duplicates(inventory)
  },
}

function* duplicates(inventory: Inventory): Generator<RuleFinding> {
  const { servers, agents } = clusterHosts(inventory)
  const addresses = new Map<string, string>()
  const names = new Map<string, string>()
  const shorts = new Map<string, string>()
  for (const host of [...servers, ...agents]) {
    const variables = hostVariables(inventory, host)
    const address = addressOf(variables)
    if (address !== undefined) {
      const other = addresses.get(address.key)
      if (other !== undefined) yield { at: address.at, message: `${host} and ${other} have the same address` }
      else addresses.set(address.key, host)
    }
    const name = nameOf(variables)
    if (name === undefined) {
      yield* sameShort(inventory, host, shorts)
      continue
    }
    const other = names.get(name.key)
    if (other !== undefined) yield { at: name.at, message: `${host} and ${other} get the same node name` }
    else names.set(name.key, host)
  }
}

/** K3s takes the machine's whole host name, in lower case; what that is the inventory does not say. */
function* sameShort({ hosts }: Inventory, host: string, shorts: Map<string, string>): Generator<RuleFinding> {
  if (isAddress(host)) return
  const [short = host] = host.toLowerCase().split('.')
  const other = shorts.get(short)
  const at = hosts.get(host)?.at
  if (other === undefined) shorts.set(short, host)
  else if (at !== undefined)
    yield {
      at,
      message: `${host} and ${other} are one node if their host name is ${short} alone`,
      severity: 'notice',
    }
}

interface Key {
  readonly key: string
  readonly at: Span
}

function addressOf(variables: ReadonlyMap<string, Variable>): Key | undefined {
  const address = variables.get('ansible_host')
  if (typeof address?.value !== 'string' || isToFillIn(address.value)) return undefined
  // Containers and machines behind a jump host may share an address.
  if (variables.has('ansible_connection') || variables.has('ansible_ssh_common_args')) return undefined
  const port = variables.get('ansible_port') ?? variables.get('ansible_ssh_port')
  return { key: `${address.value} ${scalarText(port?.value ?? 22)}`, at: address.at }
}

function nameOf(variables: ReadonlyMap<string, Variable>): Key | undefined {
  for (const variable of NAME_VARIABLES) {
    const given = variables.get(variable)
    if (typeof given?.value === 'string' && !isToFillIn(given.value))
      return { key: given.value.toLowerCase(), at: given.at }
  }
  for (const { value, at } of variables.values()) {
    if (typeof value !== 'string' || !value.includes('node-name') || value.includes('with-node-id')) continue
    const [, option, key] = NAME_OPTION.exec(value) ?? []
    const name = option ?? key
    if (name !== undefined) return { key: name.toLowerCase(), at }
  }
  return undefined
}
