import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readInventory } from '../src/ansible/inventory/index.ts'
import { UserError } from '../src/errors.ts'
import {
  nodesFromCsv,
  nodesFromInventory,
  nodesFromSshConfig,
  sshConfigWarnings,
} from '../src/wizard/nodeSources.ts'

const node = { address: undefined, arch: undefined, user: undefined, port: undefined }

describe('a table', () => {
  test.each([
    ['without a header', 'larch,10.0.0.1,server\nelm,10.0.0.2,agent\n'],
    ['with one, in another order', 'role,ansible_host,hostname\nserver,10.0.0.1,larch\nAgent,10.0.0.2,elm\n'],
    [
      'from a spreadsheet: semicolons, a byte order mark, CRLF',
      '\ufeffName;Role;IP\r\nlarch;master;10.0.0.1\r\nelm;worker;10.0.0.2\r\n',
    ],
    [
      'with tabs, spaces, comments and blank lines',
      '# nodes\nlarch\t 10.0.0.1\tserver\n\n# one more\nelm\t10.0.0.2\tagent\n',
    ],
    ['with quotes', '"larch","10.0.0.1","server"\n"elm","10.0.0.2","agent"'],
    ['with empty rows', 'larch,10.0.0.1,server,,,\n,,,,,\nelm,10.0.0.2,agent,,,\n'],
  ])('%s', (_, text) => {
    expect(nodesFromCsv('nodes.csv', text)).toEqual({
      servers: [{ ...node, name: 'larch', address: '10.0.0.1' }],
      agents: [{ ...node, name: 'elm', address: '10.0.0.2' }],
    })
  })

  test('with every column', () => {
    const { agents } = nodesFromCsv(
      'nodes.csv',
      'name,address,role,arch,user,port\nelm,fd00::1,agent,aarch64,ops,2222\n',
    )
    expect(agents).toEqual([{ name: 'elm', address: 'fd00::1', arch: 'arm64', user: 'ops', port: 2222 }])
  })

  test.each([
    ['', 'nodes.csv', 'the table names no node'],
    ['name,role\n', 'nodes.csv', 'the table names no node'],
    ['larch,10.0.0.1\n', 'nodes.csv:1', 'node larch: the role is missing'],
    ['larch,10.0.0.1,server\nelm,,sever\n', 'nodes.csv:2', 'node elm: the role is sever'],
    ['name,role\nlarch,server\n,agent\n', 'nodes.csv:3', 'a row without a name'],
    ['name,rolle\nlarch,server\n', 'nodes.csv:1', 'the table has a column "rolle"'],
    ['name,host,role\nlarch,a,server\n', 'nodes.csv:1', 'the table has two columns for the name'],
    ['name,role\nlarch,server,10.0.0.1\n', 'nodes.csv:2', '3 columns where there are 2'],
    [
      'larch,10.0.0.256,server\n',
      'nodes.csv:1',
      'node larch: 10.0.0.256 is neither an IPv4 or IPv6 address nor a DNS name',
    ],
    [
      'larch,,server\nelm,"10,agent\n',
      'nodes.csv:2',
      'the table can not be read: a quote is not closed, or stands inside a cell',
    ],
    ['larch,,server,,,port\n', 'nodes.csv:1', 'node larch: "port" is no port'],
  ])('%j is refused with its line', (text, at, message) => {
    const refused = (): unknown => nodesFromCsv('nodes.csv', text)
    expect(refused).toThrow(UserError)
    expect(refused).toThrow(expect.objectContaining({ message, at }))
  })

  test('any text: nodes or a UserError', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.string({ unit: fc.constantFrom(...'a1,;"\n\t#server ') })),
        (text) => {
          try {
            nodesFromCsv('nodes.csv', text)
          } catch (error) {
            if (!(error instanceof UserError)) throw error
          }
        },
      ),
    )
  })
})

describe('an ssh_config', () => {
  const text = `User root
Host larch elm
  HostName %h.example.com
  Port 2222
Host "oak" !larch
  hostname=fd00::1
  User ops
Host web-* !web-1
  User web
Host web-1 web-2
Host *
  User late
  Port 22
Match exec "touch k3seal-ran-this"
  User never
Include others/*
`

  test('its hosts, as ssh would reach them', () => {
    expect(nodesFromSshConfig('config', text)).toEqual([
      { ...node, name: 'larch', address: 'larch.example.com', user: 'root', port: 2222 },
      { ...node, name: 'elm', address: 'elm.example.com', user: 'root', port: 2222 },
      { ...node, name: 'oak', address: 'fd00::1', user: 'root' },
      { ...node, name: 'web-1', user: 'root' },
      { ...node, name: 'web-2', user: 'root' },
    ])
  })

  test('the first value counts, patterns with ! take hosts out', () => {
    const [one, two] = nodesFromSshConfig('config', text.replace('User root\n', ''), ['web-*'])
    expect([one?.user, two?.user]).toEqual(['late', 'web'])
  })

  test('only those that are asked for', () => {
    expect(nodesFromSshConfig('config', text, ['web-?', 'elm']).map(({ name }) => name)).toEqual([
      'elm',
      'web-1',
      'web-2',
    ])
    expect(nodesFromSshConfig('config', text, ['nobody'])).toEqual([])
  })

  test('what was not looked into is said', () => {
    expect(sshConfigWarnings('config', text)).toEqual([
      'config includes other files; hosts and settings in them are not seen',
      'config has Match blocks; their settings are not applied',
    ])
    expect(sshConfigWarnings('config', 'Host larch\n  ProxyJump elm\n')).toHaveLength(1)
    expect(sshConfigWarnings('config', 'Host larch\n')).toEqual([])
  })

  test.each(['Host larch\n  Port many\n', 'Host larch\n  HostName a b c\n', 'Host larch\n HostName "a\n'])(
    '%j is refused with a cure',
    (broken) => {
      expect(() => nodesFromSshConfig('config', broken)).toThrow(UserError)
    },
  )

  test('any text: nodes or a UserError', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.string({
            unit: fc.constantFrom('Host ', 'Match ', 'Port ', 'a', '"', '*', '!', '\n', ' ', '=', '#', '\t'),
          }),
        ),
        (given) => {
          try {
            nodesFromSshConfig('config', given)
            sshConfigWarnings('config', given)
          } catch (error) {
            if (!(error instanceof UserError)) throw error
          }
        },
      ),
    )
  })

  test('a long pattern costs no time', () => {
    const pattern = `${'*a'.repeat(2000)}b`
    expect(nodesFromSshConfig('config', `Host ${'a'.repeat(60)}\nHost ${pattern}\n  User x\n`)).toHaveLength(
      1,
    )
  })
})

test('an inventory: what is written out is taken over, templates are left out', () => {
  const text = `k3s_cluster:
  vars:
    ansible_user: ops
    ansible_port: 2222
  children:
    masters:
      hosts:
        larch: {ansible_host: 10.0.0.1, ansible_user: admin, k3seal_arch: arm64}
    workers:
      hosts:
        elm: {ansible_host: "{{ lookup('dig', 'elm') }}"}
        oak: {ansible_host: oak, ansible_port: "{{ p }}"}
        larch:
`
  expect(nodesFromInventory(readInventory(new Map([['inventory.yml', text]]), ['inventory.yml']))).toEqual({
    servers: [{ name: 'larch', address: '10.0.0.1', arch: 'arm64', user: 'admin', port: 2222 }],
    agents: [
      { ...node, name: 'elm', port: 2222 },
      { ...node, name: 'oak' },
    ],
  })
})
