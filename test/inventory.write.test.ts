import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groupHosts, hostVariables, readInventory } from '../src/ansible/inventory/index.ts'
import { type NodeSpec, parseNodeSpec } from '../src/ansible/nodeSpec.ts'
import { VaultedText } from '../src/ansible/value.ts'
import { UserError } from '../src/errors.ts'
import { extendInventory, newInventory } from '../src/generate/inventory.ts'
import type { Site } from '../src/generate/site.ts'
import { airgapPath } from '../src/generate/siteEntries.ts'
import { Secret } from '../src/secret.ts'
import { decryptVault } from '../src/syntax/vault.ts'

const ENVELOPE = '$ANSIBLE_VAULT;1.1;AES256\n61626364\n65666768'

const site: Site = {
  servers: [parseNodeSpec('larch=10.0.0.1')],
  agents: [parseNodeSpec('elm=10.0.0.2,arch=arm64,user=admin,port=2222')],
  k3sVersion: 'v1.36.5+k3s1',
  apiEndpoint: undefined,
  airgapDir: undefined,
  user: 'ops',
  vaultedToken: ENVELOPE,
  vaultedAgentToken: undefined,
}

const example = (name: string): string =>
  readFileSync(join(import.meta.dirname, '../inventory-examples', name), 'utf8')

describe.each(['online.yml', 'airgapped-ha.yml'])('the example %s', (name) => {
  const text = example(name)
  const inventory = readInventory(new Map([[name, text]]), [name])
  const value = (variable: string): unknown => inventory.groups.get('k3s_cluster')?.vars.get(variable)?.value

  test('has no faults, and its tokens are opened by the password that it names', () => {
    expect(inventory.faults).toEqual([])
    const sealed = ['vault_k3s_token', 'vault_k3s_agent_token']
      .map(value)
      .filter((token) => token !== undefined)
    for (const token of sealed) {
      expect(token).toBeInstanceOf(VaultedText)
      const opened = decryptVault((token as VaultedText).envelope, new Secret('example'))
      expect(opened.reveal()).toMatch(/^[A-Za-z0-9]{64}$/)
    }
    expect(value('token')).toBe('{{ vault_k3s_token }}')
  })

  test('is what the wizard writes', () => {
    const node = (host: string): NodeSpec => {
      const own = inventory.hosts.get(host)?.vars
      const fields = [
        ['arch', 'k3seal_arch'],
        ['user', 'ansible_user'],
        ['port', 'ansible_port'],
      ] as const
      const options = fields.map(([field, variable]) => {
        const given = own?.get(variable)?.value
        return given === undefined ? '' : `,${field}=${given}`
      })
      return parseNodeSpec(`${host}=${own?.get('ansible_host')?.value}${options.join('')}`)
    }
    const envelope = (variable: string): string | undefined =>
      (value(variable) as VaultedText | undefined)?.envelope
    const endpoint = String(value('api_endpoint'))
    const written = newInventory({
      servers: groupHosts(inventory, 'server').map(node),
      agents: groupHosts(inventory, 'agent').map(node),
      k3sVersion: String(value('k3s_version')),
      apiEndpoint: endpoint.startsWith('{{') ? undefined : endpoint,
      airgapDir: value('airgap_dir') === undefined ? undefined : './airgap',
      user: String(value('ansible_user')),
      vaultedToken: envelope('vault_k3s_token') ?? '',
      vaultedAgentToken: envelope('vault_k3s_agent_token'),
    })
    expect(written).toBe(text.replace(/# Example: .*\n/, ''))
  })
})

test('a new inventory', () => {
  expect(newInventory(site)).toBe(`---
# A K3s cluster for the Ansible collection k3s.orchestration
# (https://github.com/k3s-io/k3s-ansible). Made by k3seal and yours to edit.
# k3seal_arch: the architecture of a node, for the airgap bundle.
k3s_cluster:
  children:
    # The first server starts the cluster, the others join it. Use an odd
    # number of them: https://docs.k3s.io/datastore/ha-embedded
    server:
      hosts:
        larch:
          ansible_host: 10.0.0.1
    agent:
      hosts:
        elm:
          ansible_host: 10.0.0.2
          ansible_user: admin
          ansible_port: 2222
          k3seal_arch: arm64
  vars:
    ansible_user: ops
    k3s_version: v1.36.5+k3s1
    # Where nodes and kubectl reach the API server.
    api_endpoint: "{{ hostvars[groups['server'][0]]['ansible_host'] | default(groups['server'][0]) }}"
    # The token that joins nodes to the cluster. Servers also encrypt the
    # cluster's bootstrap data with it: keep a copy where a restore finds it.
    vault_k3s_token: !vault |
              $ANSIBLE_VAULT;1.1;AES256
              61626364
              65666768
    # Not "token: !vault": k3s-ansible would write the encrypted text, not the
    # token, into the servers' config.yaml. Ansible decrypts a value that is
    # used by its name. https://github.com/k3s-io/k3s-ansible/issues/527
    token: "{{ vault_k3s_token }}"
    # The servers' config.yaml holds the token: closed to other users by this,
    # and by k3seal/protect.yml where k3s-ansible is 1.2.2 or older and does not
    # know it. https://github.com/k3s-io/k3s-ansible/pull/561
    k3s_server_config_mode: "0600"
    # Modules write their arguments into the node's journal, and k3s-ansible
    # has tasks with the token among them. With this they write nothing there.
    ansible_no_target_syslog: true
`)
})

test('with an agent token, agents hold that and servers accept it', () => {
  const inventory = readInventory(
    new Map([['inventory.yml', newInventory({ ...site, vaultedAgentToken: ENVELOPE })]]),
    ['inventory.yml'],
  )
  const value = (host: string, name: string): unknown => hostVariables(inventory, host).get(name)?.value
  expect(value('larch', 'token')).toBe('{{ vault_k3s_token }}')
  expect(value('larch', 'k3seal_agent_token')).toBe('{{ vault_k3s_agent_token }}')
  expect(value('elm', 'token')).toBe('{{ vault_k3s_agent_token }}')
  expect(value('elm', 'k3seal_agent_token')).toBeUndefined()
})

test('whatever the nodes are called, the inventory holds them', () => {
  const name = fc.oneof(
    fc.constantFrom(
      'yes',
      'no',
      'null',
      '1',
      '1e5',
      '0x1f',
      '1.0',
      '10.0.0.9',
      'y',
      '0644',
      '1-1',
      '2001-12-14',
    ),
    fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?(\.[a-z0-9]{1,4}){0,2}$/),
  )
  const node = fc.record({
    name,
    address: fc.option(fc.oneof(fc.ipV4(), fc.ipV6(), name), { nil: undefined }),
    arch: fc.constantFrom(undefined, 'arm64' as const),
    user: fc.constantFrom(undefined, 'yes', '0755', 'ops'),
    port: fc.option(fc.integer({ min: 1, max: 65535 }), { nil: undefined }),
  })
  fc.assert(
    fc.property(
      fc.uniqueArray(node, { selector: (each) => each.name, maxLength: 8 }),
      fc.nat(8),
      (nodes, split) => {
        const [servers, agents] = [nodes.slice(0, split), nodes.slice(split)]
        const text = newInventory({ ...site, servers, agents })
        const half = newInventory({ ...site, servers: servers.slice(1), agents: agents.slice(1) })
        const added = extendInventory('inventory.yml', half, { servers, agents }).text
        for (const written of [text, added]) {
          const { hosts, faults } = readInventory(new Map([['inventory.yml', written]]), ['inventory.yml'])
          expect(faults).toEqual([])
          expect([...hosts.keys()].sort()).toEqual(nodes.map((each) => each.name).sort())
          for (const { name: host, address, user, port } of nodes) {
            const vars = hosts.get(host)?.vars
            expect(vars?.get('ansible_host')?.value).toBe(address)
            expect(vars?.get('ansible_user')?.value).toBe(user)
            expect(vars?.get('ansible_port')?.value).toBe(port)
          }
        }
      },
    ),
    { numRuns: 150 },
  )
})

test.each([
  ['airgap', '{{ inventory_dir }}/airgap'],
  ['./airgap/', '{{ inventory_dir }}/airgap'],
  ['../bundles/airgap', '{{ inventory_dir }}/../bundles/airgap'],
  ['.', '{{ inventory_dir }}'],
  ['/srv/airgap', '/srv/airgap'],
  ['~/airgap', '~/airgap'],
  ['{{ playbook_dir }}/x', '{{ playbook_dir }}/x'],
])('the airgap directory %s', (given, written) => {
  expect(airgapPath(given)).toBe(written)
})

describe('hosts are added, and every other byte stays', () => {
  const extend = (path: string, text: string): string =>
    extendInventory(path, text, {
      servers: [parseNodeSpec('oak=fd00::9,port=2222')],
      agents: [parseNodeSpec('fir=10.0.0.7'), parseNodeSpec('yew')],
    }).text

  test.each([
    [
      'a deep indentation, comments and a block at the end',
      'inventory.yml',
      `k3s_cluster:
    children:
        server:
            hosts:
                larch:   {a: 1}   # the first
                # elm: in repair

        agent:
            hosts:
                elm:
                    quay: |
                        text

    vars:
        token: "x"
`,
      `k3s_cluster:
    children:
        server:
            hosts:
                larch:   {a: 1}   # the first
                # elm: in repair
                oak:
                    ansible_host: "fd00::9"
                    ansible_port: 2222

        agent:
            hosts:
                elm:
                    quay: |
                        text
                fir:
                    ansible_host: 10.0.0.7
                yew:

    vars:
        token: "x"
`,
    ],
    [
      'empty groups',
      'inventory.yml',
      'server:\n  hosts:   # none yet\n    # put them here\nagent:\n  hosts: {}\n',
      `server:
  hosts:   # none yet
    # put them here
    oak:
      ansible_host: "fd00::9"
      ansible_port: 2222
agent:
  hosts: {fir: {ansible_host: 10.0.0.7}, yew: {}}
`,
    ],
    [
      'groups without hosts',
      'inventory.yml',
      'server:\n  vars:\n    a: 1\nagent:\n',
      `server:
  vars:
    a: 1
  hosts:
    oak:
      ansible_host: "fd00::9"
      ansible_port: 2222
agent:
  hosts:
    fir:
      ansible_host: 10.0.0.7
    yew:
`,
    ],
    [
      'no group for agents, and no end of line',
      'inventory.yml',
      'all:\n  children:\n    masters:\n      hosts:\n        larch:',
      `all:
  children:
    masters:
      hosts:
        larch:
        oak:
          ansible_host: "fd00::9"
          ansible_port: 2222
    workers:
      hosts:
        fir:
          ansible_host: 10.0.0.7
        yew:`,
    ],
    [
      'flow style over several lines',
      'inventory.yml',
      'server:\n  hosts: {\n    larch: {a: 1}, # c\n  }\nagent: {hosts: {elm, ash: }}\n',
      `server:
  hosts: {
    larch: {a: 1},
    oak: {ansible_host: "fd00::9", ansible_port: 2222}, # c
  }
agent: {hosts: {elm, ash: , fir: {ansible_host: 10.0.0.7}, yew: {}}}
`,
    ],
    [
      'flow style with nothing in it',
      'inventory.yml',
      'server: {hosts: }\nagent: {vars: {a: 1}}\n',
      `server: {hosts: {oak: {ansible_host: "fd00::9", ansible_port: 2222}}}
agent: {vars: {a: 1}, hosts: {fir: {ansible_host: 10.0.0.7}, yew: {}}}
`,
    ],
    [
      'JSON',
      'inventory.json',
      '{\n  "server": {\n    "hosts": {\n      "larch": {"a": 1}\n    }\n  },\n  "agent": {"hosts": {}}\n}\n',
      `{
  "server": {
    "hosts": {
      "larch": {"a": 1},
      "oak": {"ansible_host": "fd00::9", "ansible_port": 2222}
    }
  },
  "agent": {"hosts": {"fir": {"ansible_host": "10.0.0.7"}, "yew": {}}}
}
`,
    ],
    [
      'a range as a bare text, and null',
      'inventory.yml',
      'server:\n  hosts: larch[1:3]  # c\nagent:\n  hosts: ~\n',
      `server:
  hosts:  # c
    larch[1:3]:
    oak:
      ansible_host: "fd00::9"
      ansible_port: 2222
agent:
  hosts:
    fir:
      ansible_host: 10.0.0.7
    yew:
`,
    ],
    [
      'CRLF',
      'inventory.yml',
      'server:\r\n  hosts:\r\n    larch:\r\nagent:\r\n  hosts:\r\n',
      'server:\r\n  hosts:\r\n    larch:\r\n    oak:\r\n      ansible_host: "fd00::9"\r\n      ansible_port: 2222\r\nagent:\r\n  hosts:\r\n    fir:\r\n      ansible_host: 10.0.0.7\r\n    yew:\r\n',
    ],
    [
      'groups that are named above and written out below',
      'inventory.yml',
      'k3s_cluster:\n  children:\n    server:\n    agent:\nserver:\n  hosts:\n    larch:\nagent:\n  vars:\n    a: 1\n',
      `k3s_cluster:
  children:
    server:
    agent:
server:
  hosts:
    larch:
    oak:
      ansible_host: "fd00::9"
      ansible_port: 2222
agent:
  vars:
    a: 1
  hosts:
    fir:
      ansible_host: 10.0.0.7
    yew:
`,
    ],
    [
      'INI',
      'hosts',
      '[server]\nlarch ansible_host=10.0.0.1  # first\n\n# agents\n[agent]\n[k3s_cluster:children]\nserver\nagent\n',
      `[server]
larch ansible_host=10.0.0.1  # first
oak ansible_host=fd00::9 ansible_port=2222

# agents
[agent]
fir ansible_host=10.0.0.7
yew
[k3s_cluster:children]
server
agent
`,
    ],
    [
      'INI without agents and without an end of line',
      'hosts',
      '[k3s_cluster:children]\nk3s_server\n[k3s_server]\nlarch',
      `[k3s_cluster:children]
k3s_server
k3s_agent
[k3s_server]
larch
oak ansible_host=fd00::9 ansible_port=2222

[k3s_agent]
fir ansible_host=10.0.0.7
yew`,
    ],
  ])('%s', (_, path, before, after) => {
    expect(extend(path, before)).toBe(after)
    expect(extend(path, after), 'once more').toBe(after)
  })

  test.each([
    ['an alias', 'base: &b\n  hosts:\n    larch:\nserver: *b\nagent:\n  hosts:\n', /can not be added/],
    ['no known group', 'web:\n  hosts:\n    larch:\n', /no groups for servers and agents/],
    [
      'a host in the other group',
      'server:\n  hosts: {larch: }\nagent:\n  hosts: {Oak: }\n',
      /oak is in the inventory already, but not in the group server/,
    ],
    ['a fault', 'server:\n  hosts:\n    - larch\n', /hosts of the group server must be a mapping/],
    ['a plugin', 'plugin: constructed\n', /inventory plugin/],
    ['a vault', '$ANSIBLE_VAULT;1.1;AES256\n6162\n', /encrypted as a whole/],
    [
      'a list in a group that merges another',
      'x: &x {hosts: {larch: }}\nserver:\n  <<: *x\nagent:\n',
      /can not be added|no place/,
    ],
  ])('%s is refused with a cure', (_, text, message) => {
    expect(() => extend('inventory.yml', text)).toThrow(UserError)
    expect(() => extend('inventory.yml', text)).toThrow(message)
  })

  test('a value that INI would retype is quoted', () => {
    const { text } = extendInventory('hosts', '[server]\n[agent]\n', {
      agents: [{ name: 'elm', address: undefined, arch: undefined, user: '1234', port: undefined }],
    })
    expect(text).toBe(`[server]\n[agent]\nelm ansible_user='"1234"'\n`)
  })

  test('damaged inventories: a result that holds, or a UserError', () => {
    const whole = example('airgapped-ha.yml').replace(/^ {14}\d+\n/gm, '')
    fc.assert(
      fc.property(
        fc.nat(whole.length),
        fc.nat(30),
        fc.oneof(
          fc.string({ maxLength: 5 }),
          fc.constantFrom('\n', ': ', '{', '}', '[', '&a ', '*a', '\t', '#', '|', '<<: '),
        ),
        (at, remove, insert) => {
          const text = whole.slice(0, at) + insert + whole.slice(at + remove)
          try {
            const { text: extended } = extendInventory('inventory.yml', text, {
              agents: [parseNodeSpec('yew=10.9.9.9')],
            })
            expect(extended.length).toBeGreaterThan(text.length)
          } catch (error) {
            if (!(error instanceof UserError)) throw error
          }
        },
      ),
      { numRuns: 500 },
    )
  })
})
