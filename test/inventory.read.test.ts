import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { expandHostPattern } from '../src/ansible/inventory/hostPattern.ts'
import {
  clusterGroups,
  groupHosts,
  hostVariables,
  type Inventory,
  magicVariables,
  readInventory,
} from '../src/ansible/inventory/index.ts'
import { pythonLiteral } from '../src/ansible/inventory/pythonLiteral.ts'
import { Float, VaultedText } from '../src/ansible/value.ts'
import { UserError } from '../src/errors.ts'
import { positionAt } from '../src/span.ts'

function read(files: string | Readonly<Record<string, string>>, ...sources: string[]): Inventory {
  const project = typeof files === 'string' ? { 'inventory.yml': files } : files
  return readInventory(
    new Map(Object.entries(project)),
    sources.length > 0 ? sources : [Object.keys(project)[0] ?? ''],
  )
}

function faultsOf(files: string | Readonly<Record<string, string>>, ...sources: string[]): string[] {
  const project = typeof files === 'string' ? { 'inventory.yml': files } : files
  return read(files, ...sources).faults.map(({ at, severity = 'error', message }) => {
    const text = (project as Readonly<Record<string, string>>)[at.path] ?? ''
    return `${severity} ${at.path}:${positionAt(text, at.start).line}: ${message}`
  })
}

function variables(inventory: Inventory, host: string): Readonly<Record<string, unknown>> {
  return Object.fromEntries([...hostVariables(inventory, host)].map(([name, { value }]) => [name, value]))
}

test('a variable knows where its value stands', () => {
  const text = 'server:\n  hosts:\n    larch:\n      quay: {deep: 1}\n      pier: 7\n'
  const inventory = read(text)
  const at = (name: string): string => {
    const { start = 0, end = 0 } = inventory.hosts.get('larch')?.vars.get(name)?.at ?? {}
    return text.slice(start, end)
  }
  expect([at('quay'), at('pier')]).toEqual(['deep', '7'])
  expect(inventory.hosts.get('larch')).toMatchObject({ source: 'inventory.yml', groups: ['server'] })
})

test('a vaulted value is a secret with a place, in the inventory and in group_vars', () => {
  const vaulted = '!vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n'
  const inventory = read({
    'inventory.yml': `server:\n  hosts: {larch: }\n  vars:\n    harbour_key: ${vaulted}`,
    'group_vars/server.yml': `quay_key: ${vaulted}`,
  })
  const found = variables(inventory, 'larch')
  expect(found.harbour_key).toBeInstanceOf(VaultedText)
  expect(found.quay_key).toMatchObject({
    envelope: '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
    at: { path: 'group_vars/server.yml' },
  })
})

test('group_vars/all outdoes what the inventory itself says of any group', () => {
  const inventory = read({
    'site/hosts.yml':
      'k3s:\n  children:\n    server:\n      vars: {harbour: inline}\n      hosts: {larch: }\n',
    'site/group_vars/all.yml': 'harbour: file\n',
  })
  expect(variables(inventory, 'larch')).toEqual({ harbour: 'file' })
})

test('with a sample, variables that are to be copied stand for those that are not there', () => {
  const files = new Map([
    ['hosts.example.yml', 'server:\n  hosts: {larch: }\n'],
    ['group_vars/all.example.yml', 'harbour: all\nquay: all\n'],
    ['group_vars/server-sample.yml', 'quay: sample\n'],
    ['group_vars/server.yml', 'pier: 7\n'],
    ['group_vars/server2.example.yml', 'pier: 8\n'],
    ['host_vars/larch.yml.dist', 'boat: 1\n'],
  ])
  const read = (isSample: boolean): object =>
    variables(readInventory(files, ['hosts.example.yml'], { isSample }), 'larch')
  expect(read(true)).toEqual({ harbour: 'all', quay: 'all', pier: 7, boat: 1 })
  expect(read(false)).toEqual({ pier: 7 })
})

test('the magic variables that the inventory decides', () => {
  const inventory = read(
    { 'site/hosts': '[server]\nlarch.example.com\n[k3s:children]\nserver\n' },
    'site/hosts',
  )
  expect(Object.fromEntries(magicVariables(inventory, 'larch.example.com'))).toMatchObject({
    inventory_hostname: 'larch.example.com',
    inventory_hostname_short: 'larch',
    group_names: ['k3s', 'server'],
    groups: {
      all: ['larch.example.com'],
      k3s: ['larch.example.com'],
      server: ['larch.example.com'],
      ungrouped: [],
    },
    inventory_file: 'site/hosts',
    inventory_dir: 'site',
  })
})

test('localhost is there without being named, another host is not', () => {
  const inventory = read('all:\n  vars: {harbour: 1}\nserver:\n  hosts: {larch: }\n')
  expect(variables(inventory, 'localhost')).toEqual({ harbour: 1, ansible_connection: 'local' })
  expect(groupHosts(inventory, 'all')).toEqual(['larch'])
  expect(() => hostVariables(inventory, 'elm')).toThrow(UserError)
})

describe('files of variables that sops has encrypted', () => {
  const files = {
    'site/hosts': '[server]\nlarch\n',
    'site/group_vars/all.sops.yml': 'harbour: ENC[AES256_GCM,data:b3Bl,iv:bg==,tag:dA==,type:str]\nquay: 1\n',
    'site/group_vars/all.sops.json': '{"quay": 2}',
    'site/group_vars/all.yml': 'quay: 3\npier: 3\n',
    'site/group_vars/server/a.sops.yml': 'berth: 4\n',
    'site/group_vars/server/b.yml': 'berth: 5\n',
    'site/host_vars/larch.sops.yaml/slip.yml': 'slip: 6\n',
    'site/host_vars/larch.sops.yml': 'slip: 7\n',
  }

  test.each([
    [
      'an ansible.cfg',
      'ansible.cfg',
      '[defaults]\nvars_plugins_enabled = host_group_vars, community.sops.sops\n',
    ],
    ['an environment', 'Makefile', 'export ANSIBLE_VARS_ENABLED=host_group_vars,community.sops.sops\n'],
  ])('are read after the others where %s enables the plugin', (_, path, text) => {
    expect(variables(read({ ...files, [path]: text }, 'site/hosts'), 'larch')).toEqual({
      harbour: 'ENC[AES256_GCM,data:b3Bl,iv:bg==,tag:dA==,type:str]',
      quay: 1,
      pier: 3,
      berth: 4,
      slip: 7,
    })
  })

  test.each([
    ['nothing', {}],
    ['a comment', { 'ansible.cfg': '[defaults]\n# vars_plugins_enabled = community.sops.sops\n' }],
  ])('are not where %s does', (_, more) => {
    const plain = { quay: 3, pier: 3, berth: 5 }
    expect(variables(read({ ...files, ...more }, 'site/hosts'), 'larch')).toEqual(plain)
  })
})

test('paths may be written in any way', () => {
  const files = { 'site/hosts': '[server]\nlarch\n', 'site/group_vars/server.yml': 'harbour: 1\n' }
  for (const source of ['site/hosts', './site//hosts', 'site/', 'site/../site/hosts', 'site\\hosts'])
    expect(variables(read(files, source), 'larch'), source).toEqual({ harbour: 1 })
})

test.each([
  ['larch[1:3]', ['larch1', 'larch2', 'larch3']],
  ['larch[01:03]', ['larch01', 'larch02', 'larch03']],
  ['larch[1:10:4]', ['larch1', 'larch5', 'larch9']],
  ['larch[a:c]', ['larcha', 'larchb', 'larchc']],
  ['[1:2]x[a:b]', ['1xa', '1xb', '2xa', '2xb']],
  ['fd00::[1:2]', ['fd00::1', 'fd00::2']],
])('the range %s', (text, names) => {
  expect(expandHostPattern(text)).toEqual({ names, port: undefined })
})

test.each([
  ['larch:2222', ['larch'], 2222],
  ['[fd00::1]:22', ['fd00::1'], 22],
  ['fd00::1', ['fd00::1'], undefined],
  ['larch[1:2]:23', ['larch1', 'larch2'], 23],
  ['fe80::1%eth0', ['fe80::1%eth0'], undefined],
])('the port of %s', (text, names, port) => {
  expect(expandHostPattern(text)).toEqual({ names, port })
})

test.each([
  ['larch[1:999999999]', 'the range names more than 100000 hosts'],
  ['l[1:400]x[1:400]', 'the range names more than 100000 hosts'],
  ['larch[01:100]', 'first and last of a range with leading zeros must be equally long'],
  ['larch[c:a]', 'the range runs backwards'],
  ['larch[3:1]', 'the range names no host'],
  ['larch[1:]', 'the range has no last value'],
  ['larch[1]', 'a range is written [first:last] or [first:last:step]'],
  ['larch[1:3', 'the brackets of the range do not pair up'],
  ['larch[1:3:0]', 'the step of the range is no number'],
])('the range %s says what is wrong', (text, message) => {
  expect(expandHostPattern(text)).toBe(message)
})

test.each([
  ['1', 1],
  ['01', undefined],
  ['10.0', new Float(10)],
  ['10.0.0.1', undefined],
  ['True', true],
  ['None', null],
  ['yes', undefined],
  ["'10.0'", '10.0'],
  ['1,2', [1, 2]],
  ["('a',)", ['a']],
  ["{'a': [1, 2.0], 'b': None}", { a: [1, new Float(2)], b: null }],
  ['0o17', 15],
  ['8080 # comment', 8080],
  ['', undefined],
  ['--1', undefined],
  ["__import__('os')", undefined],
  ['['.repeat(5000), undefined],
])('the Python literal %j', (text, value) => {
  expect(pythonLiteral(text)).toEqual(
    value !== null && typeof value === 'object' && !Array.isArray(value) && !(value instanceof Float)
      ? Object.assign(Object.create(null), value)
      : value,
  )
})

describe('what is wrong is a fault with its place, and the rest is read', () => {
  test.each([
    ['', [], []],
    ['# nothing\n', [], []],
    ['- larch\n', ['error inventory.yml:1: an inventory is a mapping of groups'], []],
    [
      'server:\n  hosts:\n    - larch\nagent:\n  hosts: {elm: }\n',
      ['error inventory.yml:3: hosts of the group server must be a mapping, not a list'],
      ['elm'],
    ],
    [
      'server:\n  host:\n    larch:\n',
      [
        'warning inventory.yml:2: Ansible skips host in the group server: only hosts, vars and children are read there',
      ],
      [],
    ],
    [
      'server:\n  hosts:\n    larch: 1\n',
      ['error inventory.yml:3: the variables of host larch must be a mapping'],
      ['larch'],
    ],
    [
      'server:\n  hosts:\n    1:\n    elm:\n',
      ['error inventory.yml:3: the name of a host must be a text'],
      ['elm'],
    ],
    [
      'server: larch\n',
      ['warning inventory.yml:1: Ansible skips server: a group is a mapping with hosts, vars and children'],
      [],
    ],
    [
      'a:\n  children:\n    b:\n      children:\n        a:\n  hosts: {larch: }\n',
      ['error inventory.yml:3: the group b would contain itself, by way of a'],
      ['larch'],
    ],
    [
      'a:\n  vars: {ansible_group_priority: high}\n',
      ['error inventory.yml:2: the priority of group a is no whole number'],
      [],
    ],
    [
      'server:\n  hosts:\n    server:\n',
      ['warning inventory.yml:3: server is the name of a host and of a group'],
      ['server'],
    ],
    ['server:\n  hosts:\n    larch[3:1]:\n', ['error inventory.yml:3: the range names no host'], []],
    [
      'plugin: amazon.aws.aws_ec2\n',
      ['notice inventory.yml:1: this configures an inventory plugin; k3seal does not run it'],
      [],
    ],
    [
      '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
      [
        'notice inventory.yml:1: this inventory is encrypted as a whole, so its hosts and variables are not known here',
      ],
      [],
    ],
    [
      '#!/usr/bin/env python3\n',
      ['notice inventory.yml:1: this looks like an inventory script; k3seal does not run it'],
      [],
    ],
  ])('%j', (text, faults, hosts) => {
    expect(faultsOf(text)).toEqual(faults)
    expect(groupHosts(read(text), 'all')).toEqual(hosts)
  })

  test.each([
    ['[server\nlarch\n', 'error hosts:1: the brackets of the range do not pair up'],
    ['[ser ver]\nlarch\n', 'error hosts:1: the head of this section can not be read'],
    ['[server:hots]\nlarch\n', 'error hosts:1: a section can not be of the kind hots'],
    ['[k3s:children]\nserver\n', 'error hosts:2: the child group server is not there'],
    ['[server:vars]\na=1\n', 'error hosts:1: [server:vars] gives variables to a group that is not there'],
    ['[a]\n[a:vars]\nb\n', 'error hosts:3: a line of a vars section is NAME=VALUE'],
    ['[a]\nlarch b = 1\n', 'error hosts:2: behind the host only NAME=VALUE can stand'],
    ["[a]\nlarch b='x\n", 'error hosts:2: a quote is not closed'],
    ['[a]\nlarch:\n', 'error hosts:2: a colon without a port behind it'],
    [
      '\ufeff[a]\nlarch\n',
      'error hosts:1: the file begins with a byte order mark, which Ansible takes for a part of the name',
    ],
    ['[a:children]\nb c\n', 'error hosts:2: this is no name of a group'],
    [
      '[a]\n[b]\n[a:children]\nb\n[b:children]\na\n',
      'error hosts:6: the group a would contain itself, by way of b',
    ],
  ])('INI %j', (text, fault) => {
    expect(faultsOf({ hosts: text })).toContain(fault)
  })

  test('a source that is not there', () => {
    expect(faultsOf({ 'inventory.yml': 'a:\n' }, 'inventroy.yml')).toEqual([
      'error inventroy.yml:1: there is no such inventory file or directory',
    ])
  })

  test('a file of group_vars that is encrypted as a whole, or no mapping', () => {
    const files = {
      'inventory.yml': 'server:\n  hosts: {larch: }\nagent:\n  hosts: {elm: }\n',
      'group_vars/server.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
      'group_vars/agent.yml': '- 1\n',
    }
    expect(faultsOf(files)).toEqual([
      'notice group_vars/server.yml:1: this file is encrypted as a whole, so its variables are not known here',
      'error group_vars/agent.yml:1: a file of variables is a mapping',
    ])
  })

  test('*.ini in a directory, which older versions skip', () => {
    expect(faultsOf({ 'site/hosts.ini': '[a]\nlarch\n' }, 'site')).toEqual([
      'warning site/hosts.ini:1: ansible-core before 2.19 skips *.ini in an inventory directory, later ones read it',
    ])
  })

  const whole = [
    'k3s_cluster:\n  children:\n    server:\n      hosts:\n        larch[1:3]: {quay: [1, "a"]}\n    agent:\n      hosts:\n        elm:\n          pier: |\n            text\n  vars:\n    key: !vault |\n      $ANSIBLE_VAULT;1.1;AES256\n      6162\n    base: &b {x: 1}\n    other: {<<: *b}\n',
    '[server]\nlarch[01:03]:22 a=1 b=\'x y\' c="{\'k\': [1, 2]}"\n[k3s:children]\nserver\n[server:vars]\nq=(1, "a")\n[all:vars]\nz=\\x41\n',
  ]
  test('damaged inventories: faults, no exception', () => {
    const damage = fc.record({
      text: fc.constantFrom(...whole),
      at: fc.nat(300),
      remove: fc.nat(20),
      insert: fc.oneof(
        fc.string({ unit: 'binary', maxLength: 4 }),
        fc.constantFrom(
          '\t',
          '\n',
          ':',
          '[',
          ']',
          '{',
          '"',
          '*b',
          '&b ',
          '\0',
          '!',
          '\r',
          '\ufeff',
          '[1:99999999]',
        ),
      ),
      cut: fc.boolean(),
      name: fc.constantFrom('inventory.yml', 'hosts', 'hosts.ini', 'inventory.json'),
    })
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        const files: Record<string, string> = {}
        for (const [index, { text, at, remove, insert, cut, name }] of damages.entries())
          files[`${index}/${name}`] = text.slice(0, at) + insert + (cut ? '' : text.slice(at + remove))
        const inventory = read(
          { ...files, '0/group_vars/server.yml': damages[0]?.insert ?? '' },
          ...Object.keys(files),
        )
        for (const host of inventory.hosts.keys()) {
          hostVariables(inventory, host)
          magicVariables(inventory, host)
        }
        clusterGroups(inventory)
      }),
      { numRuns: 1500 },
    )
  })

  test('every cut of an inventory can be read', () => {
    for (const text of whole)
      for (let end = 0; end <= text.length; end += 1)
        for (const name of ['inventory.yml', 'hosts']) read({ [name]: text.slice(0, end) })
  })
})

test.each([
  ['server:\nagent:\n', { cluster: undefined, server: 'server', agent: 'agent' }],
  [
    'k3s_cluster:\n  children:\n    server:\n    agent:\n',
    { cluster: 'k3s_cluster', server: 'server', agent: 'agent' },
  ],
  [
    'k3s_cluster:\n  children:\n    master:\n    node:\n',
    { cluster: 'k3s_cluster', server: 'master', agent: 'node' },
  ],
  [
    'k8s:\n  children:\n    masters:\n    workers:\n',
    { cluster: 'k8s', server: 'masters', agent: 'workers' },
  ],
  [
    'all:\n  children:\n    k3s-server:\n    k3s-agent:\n',
    { cluster: undefined, server: 'k3s-server', agent: 'k3s-agent' },
  ],
  [
    'server:\nagent:\nk3s_servers:\nk3s_agents:\n',
    { cluster: undefined, server: 'k3s_servers', agent: 'k3s_agents' },
  ],
  [
    'k3s_cluster:\n  children:\n    server:\n',
    { cluster: 'k3s_cluster', server: 'server', agent: undefined },
  ],
  ['web:\n  hosts: {larch: }\n', undefined],
])('the groups of the cluster in %j', (text, groups) => {
  expect(clusterGroups(read(text))).toEqual(groups)
})
