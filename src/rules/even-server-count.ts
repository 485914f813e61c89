import { clusterHosts, hostVariables, type Inventory } from '../ansible/inventory/index.ts'
import type { NamedInventory } from '../flow/inventories.ts'
import type { Verdict } from '../flow/rehearsal.ts'
import type { Analysis } from '../lint/analysis.ts'
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
^^^^ 2 servers with embedded etcd survive no failure at all
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
^^^^^^^^^ 4 servers with embedded etcd survive no more failures than 3
`,
      },
    },
    {
      title: 'three servers beside the one that founds the cluster',
      files: {
        'inventory.yml': `
mooring:
  hosts:
    quay:
servers:
  hosts:
    pier-[1:3]:
    ^^^^^^^^^^ 4 servers with embedded etcd survive no more failures than 3
`,
        'site.yml': `
- hosts: mooring
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --cluster-init
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
- hosts: servers
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://quay:6443
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
      },
    },
  ],
  good: [
    {
      title: 'two servers beside the one that founds the cluster',
      files: {
        'inventory.yml': `
mooring:
  hosts:
    quay:
servers:
  hosts:
    pier-[1:2]:
`,
        'site.yml': `
- hosts: mooring
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --cluster-init
      no_log: true
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
- hosts: servers
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://quay:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
      },
    },
    {
      title: 'nodes that may be servers or agents',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay-[1:4]:
`,
        'site.yml': `
- hosts: harbour
  tasks:
    - ansible.builtin.copy:
        dest: /etc/rancher/k3s/config.yaml
        content: "token: {{ lookup('env', 'HARBOUR_KEY') }}\\nserver: https://quay-1:6443\\n"
        mode: "0600"
      no_log: true
      when: inventory_hostname != 'quay-1' and not ansible_facts.ansible_local.harbour.is_server
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s {{ 'server' if inventory_hostname == 'quay-1' else harbour_word }}
        mode: "0644"
      vars:
        harbour_word: "{{ 'server' if ansible_facts.ansible_local.harbour.is_server else 'agent' }}"
    - ansible.builtin.systemd:
        name: k3s
        state: started
`,
      },
    },
    {
      title: 'an agent that another playbook would make the fourth server',
      files: {
        'inventory.yml': `
quays:
  hosts:
    quay-[1:3]:
boats:
  hosts:
    boat:
`,
        'site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://quay-1:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
- hosts: boats
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://quay-1:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'alone.yml': `
- hosts: all
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://quay-1:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
      },
    },
    {
      title: 'two clusters of one server each',
      files: {
        'inventory.yml': `
east:
  hosts:
    quay:
west:
  hosts:
    pier:
`,
        'site.yml': `
- hosts: east:west
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --cluster-init
`,
      },
    },
    {
      title: 'a fourth server that the play leaves out',
      files: {
        'inventory.yml': `
servers:
  hosts:
    quay-[1:3]:
    quay-4:
laid_up:
  hosts:
    quay-4:
`,
        'site.yml': `
- hosts: servers:!laid_up
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://quay-1:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
      },
    },
    {
      title: 'a fourth server that a condition leaves out',
      files: {
        'inventory.ini': `
[servers]
quay-[1:3] berthed=True
quay-4 berthed=False
`,
        'site.yml': `
- hosts: servers
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server --server https://quay-1:6443
      no_log: true
      when: berthed
      environment:
        K3S_TOKEN: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
      },
    },
    {
      title: 'two servers of which none has etcd',
      files: {
        'inventory.ini': `
[master]
quay
pier
`,
        'site.yml': `
- hosts: master
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
`,
      },
    },
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
    for (const named of analysis.inventories) {
      const { inventory } = named
      const starts = serverStarts(analysis, named)
      const servers = serversOf(inventory, starts)
      const last = inventory.hosts.get(servers.at(-1) ?? '')
      if (last === undefined || servers.length % 2 === 1) continue
      if (startedOf(servers, starts).length % 2 === 1) continue
      if (starts.length === 0 && !isK3s(inventory)) continue
      const own = new Set(servers)
      if (starts.some(({ host, arrival }) => own.has(host) && arrival.externalDatastore !== false)) continue
      if (servers.some((host) => hasDatastore(inventory, host))) continue
      if (servers.every((host) => isAlone(starts, host))) continue
      const { length } = servers
      yield length === 2
        ? { at: last.at, message: '2 servers with embedded etcd survive no failure at all' }
        : {
            at: last.at,
            message: `${length} servers with embedded etcd survive no more failures than ${length - 1}`,
            severity: 'notice',
          }
    }
  },
}

/** The starts of servers on the hosts of an inventory: what is, or may be, an agent of some playbook is none for certain. */
function serverStarts(analysis: Analysis, { sources }: NamedInventory): readonly Verdict[] {
  const own = analysis.rehearsal.verdicts.filter(
    ({ inventory, isAssumed }) => inventory?.join() === sources.join() && isAssumed !== true,
  )
  const others = new Set(own.filter((verdict) => !isServer(verdict)).map(({ host }) => host))
  return own.filter(({ host }) => !others.has(host))
}

/** Where nothing of what it gets is known, the ways that the play may go part over what it becomes, too. */
const isServer = ({ arrival, token, serverUrl }: Verdict): boolean =>
  arrival.command === 'server' && !(token === 'maybe' && serverUrl === 'maybe')

/**
 * The servers of the cluster: those of the group that is called so, and those that were started with them. Where several
 * found one, they may be of as many clusters, of which groups alone tell.
 */
function serversOf(inventory: Inventory, starts: readonly Verdict[]): readonly string[] {
  const { servers: named } = clusterHosts(inventory)
  const started = new Set(starts.map(({ host }) => host))
  const founders = new Set(starts.filter(founds).map(({ host }) => host))
  if (started.size === 0 || founders.size > 1) return named
  if (named.some((host) => started.has(host))) for (const host of named) started.add(host)
  return [...inventory.hosts.keys()].filter((host) => started.has(host))
}

/**
 * Those of them that some playbook starts: a pattern or a condition may leave one of the group out. Where none is started, or
 * several found clusters, the group alone tells.
 */
function startedOf(servers: readonly string[], starts: readonly Verdict[]): readonly string[] {
  const started = new Set(starts.map(({ host }) => host))
  const own = servers.filter((host) => started.has(host))
  return own.length === 0 ? servers : own
}

/** Whether it joins no other, nor would with a token that it has. */
const founds = ({ kind, serverUrl, token, scenario }: Verdict): boolean =>
  scenario.k3s === 'absent' && serverUrl === false && (kind === 'first-server' || token === 'absent')

/** Whether a server certainly starts without etcd: it neither founds a cluster of more than one nor joins one. */
function isAlone(starts: readonly Verdict[], host: string): boolean {
  const own = starts.filter((start) => start.host === host)
  return (
    own.length > 0 &&
    own.every(({ arrival, serverUrl }) => arrival.clusterInit === false && serverUrl === false)
  )
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
