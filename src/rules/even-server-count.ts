import { clusterHosts, hostVariables, type Inventory } from '../ansible/inventory/index.ts'
import type { Rule } from '../lint/rule.ts'

export const evenServerCount: Rule = {
  id: 'even-server-count',
  severity: 'warning',
  summary: 'Even number of servers with embedded etcd',
  why: 'etcd works as long as more than half of its members do. Two servers stop when one of them does, so that they fail twice as often as one; four stand no more failures than three.',
  fix: 'take an odd number of servers, or an external datastore',
  see: [
    'https://docs.k3s.io/datastore/ha-embedded',
    'https://etcd.io/docs/latest/faq/#why-an-odd-number-of-cluster-members',
  ],
  bad: [
    {
      title: 'two servers',
      files: {
        'inventory.ini': `
[server]
quay ansible_host=192.0.2.10
pier ansible_host=192.0.2.11
^^^^ 2 servers with embedded etcd stand no failure at all
[agent]
mole ansible_host=192.0.2.12
[k3s_cluster:children]
server
agent
`,
      },
    },
    {
      title: 'four servers',
      files: {
        'inventory.ini': `
[k3s_server]
quay[1:4]
^^^^^^^^^ 4 servers with embedded etcd stand no more failures than 3
`,
      },
    },
  ],
  good: [
    {
      title: 'an external datastore, an odd number, and other clusters',
      files: {
        'inventory.ini': `
[server]
quay
pier
[server:vars]
k3s_version=v1.31.2+k3s1
extra_server_args="--datastore-endpoint {{ harbour_database }}"
`,
        'three/inventory.ini': `
[k3s_server]
quay[1:3]
`,
        'other/inventory.ini': `
[master]
quay[1:2]
`,
      },
    },
  ],
  *check(analysis) {
    for (const { inventory } of analysis.inventories) {
      const { servers } = clusterHosts(inventory)
      const last = inventory.hosts.get(servers.at(-1) ?? '')
      if (last === undefined || servers.length % 2 === 1) continue
      if (!isK3s(inventory) || servers.some((host) => hasDatastore(inventory, host))) continue
      const { length } = servers
      yield length === 2
        ? { at: last.at, message: '2 servers with embedded etcd stand no failure at all' }
        : {
            at: last.at,
            message: `${length} servers with embedded etcd stand no more failures than ${length - 1}`,
            severity: 'notice',
          }
    }
  },
}

/** Other software has masters and servers, too. */
function isK3s({ groups, hosts }: Inventory): boolean {
  const names = [...groups.values(), ...hosts.values()].flatMap(({ name, vars }) => [name, ...vars.keys()])
  return names.some((name) => /k3s|rke2/i.test(name))
}

function hasDatastore(inventory: Inventory, host: string): boolean {
  for (const [name, { value }] of hostVariables(inventory, host)) {
    if (/use_external_database|datastore[-_]endpoint/i.test(name) && value !== false && value !== '')
      return true
    if (
      /datastore[-_]endpoint/i.test(typeof value === 'string' ? value : (JSON.stringify(value, plain) ?? ''))
    )
      return true
  }
  return false
}

function plain(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value
}
