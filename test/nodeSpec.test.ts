import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalAddress, unreachable } from '../src/ansible/address.ts'
import { nodeProblems, parseNodeSpec } from '../src/ansible/nodeSpec.ts'
import { UserError } from '../src/errors.ts'

const nothing = { address: undefined, arch: undefined, user: undefined, port: undefined }

test.each([
  ['larch', { name: 'larch' }],
  ['larch=10.0.0.1', { name: 'larch', address: '10.0.0.1' }],
  ['larch = 10.0.0.1 , user = ops', { name: 'larch', address: '10.0.0.1', user: 'ops' }],
  ['larch=fd00::1,port=2222', { name: 'larch', address: 'fd00::1', port: 2222 }],
  ['larch=[fd00::1]', { name: 'larch', address: 'fd00::1' }],
  ['larch=[fd00::1]:2222', { name: 'larch', address: 'fd00::1', port: 2222 }],
  ['larch=fe80::1%eth0', { name: 'larch', address: 'fe80::1%eth0' }],
  ['larch=10.0.0.1:2222', { name: 'larch', address: '10.0.0.1', port: 2222 }],
  [
    'larch=host.example.com,arch=aarch64,user=ops',
    { name: 'larch', address: 'host.example.com', arch: 'arm64', user: 'ops' },
  ],
  ['larch,arch=x86_64', { name: 'larch', arch: 'amd64' }],
  ['larch,arch=armv7l', { name: 'larch', arch: 'arm' }],
])('%s', (text, node) => {
  expect(parseNodeSpec(text)).toEqual({ ...nothing, ...node })
})

test.each([
  ['', 'a node without a name: ""'],
  ['=10.0.0.1', 'a node without a name: "=10.0.0.1"'],
  ['larch=', 'node larch: the address is empty'],
  ['larch=10.0.0.256', 'node larch: 10.0.0.256 is neither an IPv4 or IPv6 address nor a DNS name'],
  ['larch=10.0.0', 'node larch: 10.0.0 is neither an IPv4 or IPv6 address nor a DNS name'],
  ['larch=010.0.0.1', 'node larch: 010.0.0.1 is neither an IPv4 or IPv6 address nor a DNS name'],
  ['larch=fd00::g', 'node larch: fd00::g is neither an IPv4 or IPv6 address nor a DNS name'],
  ['larch=a b', 'node larch: a b is neither an IPv4 or IPv6 address nor a DNS name'],
  ['larch,prot=22', 'node larch: "prot=22" is no option of a node'],
  ['larch,22', 'node larch: "22" is no option of a node'],
  ['larch,port=0', 'node larch: "0" is no port'],
  ['larch,port=65536', 'node larch: "65536" is no port'],
  ['larch,port=', 'node larch: "" is no port'],
  ['larch,port=22,port=23', 'node larch: port is given twice'],
  ['larch=10.0.0.1:22,port=23', 'node larch: the port stands behind the address and again as port='],
  ['larch,arch=riscv64', 'node larch: K3s is not made for the architecture "riscv64"'],
  ['larch,user=a b', 'node larch: "a b" is no user name'],
])('%j is refused with a cure', (text, message) => {
  const error = refusal(text)
  expect(error?.message).toBe(message)
  expect(error?.fix).not.toBe('')
})

function refusal(text: string): UserError | undefined {
  try {
    parseNodeSpec(text)
    return undefined
  } catch (error) {
    if (error instanceof UserError) return error
    throw error
  }
}

test('any text is a node or is refused with a cure', () => {
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => void refusal(text)))
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom(...'a1=,:[]%.port user') }), (text) => void refusal(text)),
  )
})

test.each([
  ['FD00:0:0::1', 'fd00::1'],
  ['fd00:0000::0001', 'fd00::1'],
  ['::ffff:10.0.0.1', '10.0.0.1'],
  ['::ffff:a00:1', '10.0.0.1'],
  ['FE80::1%Eth0', 'fe80::1%Eth0'],
  ['Host.Example.COM.', 'host.example.com'],
  ['10.0.0.1', '10.0.0.1'],
])('%s and %s are one address', (given, normal) => {
  expect(normalAddress(given)).toBe(normal)
})

test.each([
  ['0.0.0.0', 'every address'],
  ['::', 'every address'],
  ['127.0.0.1', 'control node'],
  ['::1', 'control node'],
  ['0:0:0:0:0:0:0:1', 'control node'],
  ['localhost', 'control node'],
  ['255.255.255.255', 'broadcast'],
  ['224.0.0.1', 'multicast'],
  ['ff02::1', 'multicast'],
  ['169.254.1.1', 'link-local'],
  ['fe80::1', 'lacks its zone'],
  ['fe80::1%eth0', 'link-local'],
])('no other node reaches %s', (address, why) => {
  expect(unreachable(address)).toContain(why)
})

test.each(['10.0.0.1', 'fd00::1', 'larch.example.com', '192.0.2.7'])(
  'nothing is known against %s',
  (address) => {
    expect(unreachable(address)).toBeUndefined()
  },
)

describe('the nodes of a cluster', () => {
  const problems = (servers: readonly string[], agents: readonly string[] = []): string[] =>
    nodeProblems(
      servers.map((text) => (text.includes('=') ? parseNodeSpec(text) : { ...nothing, name: text })),
      agents.map((text) => (text.includes('=') ? parseNodeSpec(text) : { ...nothing, name: text })),
    ).map(({ severity, message }) => `${severity}: ${message}`)

  test.each([1, 3, 5])('%i servers are a quorum', (count) => {
    expect(
      problems(
        Array.from({ length: count }, (_, index) => `larch${index}`),
        ['elm'],
      ),
    ).toEqual([])
  })

  test.each([2, 4])('%i servers: a warning that cites K3s', (count) => {
    const [problem] = problems(Array.from({ length: count }, (_, index) => `larch${index}`))
    expect(problem).toMatch(
      new RegExp(`^warning: ${count} servers: .*https://docs.k3s.io/datastore/ha-embedded`),
    )
  })

  test.each([
    ['no server', [], ['elm'], /^error: the cluster has no server$/],
    ['the same name', ['larch'], ['elm', 'elm'], /^error: node elm is named twice/],
    [
      'names that differ in case',
      ['larch'],
      ['Elm=10.0.0.1', 'elm=10.0.0.2'],
      /^error: nodes Elm and elm have one name to Kubernetes/,
    ],
    [
      'a server that is an agent',
      ['larch'],
      ['LARCH'],
      /^error: node LARCH is named as a server and as an agent$/,
    ],
    [
      'one address',
      ['larch=10.0.0.1'],
      ['elm=10.0.0.1'],
      /^error: nodes larch and elm have one address, 10.0.0.1$/,
    ],
    [
      'one IPv6 address in two spellings',
      ['larch=fd00::1'],
      ['elm=FD00:0::1'],
      /^error: nodes larch and elm have one address/,
    ],
    [
      'a name that is the address of another',
      ['larch.example.com'],
      ['elm=Larch.example.com'],
      /^error: nodes larch.example.com and elm have one address/,
    ],
    ['an underscore', ['larch_1'], [], /^error: node "larch_1": is no valid node name/],
    ['a space', ['la rch'], [], /^error: node "la rch": is no valid node name/],
    ['a range', ['larch[1:3]'], [], /^error: node "larch\[1:3\]": is no valid node name/],
    ['a template', ['{{ quay }}'], [], /^error: node "\{\{ quay \}\}": is no valid node name/],
    ['a hyphen at the end', ['larch-'], [], /^error: node "larch-": is no valid node name/],
    ['a label of 64 characters', ['l'.repeat(64)], [], /is no valid node name/],
    ['254 characters', [`${'l.'.repeat(126)}ll`], [], /is no valid node name/],
    [
      'an IPv6 address as a name',
      ['fd00::1'],
      [],
      /^error: node "fd00::1": an IPv6 address is no node name$/,
    ],
    ['the name of a group', ['server'], [], /^error: node "server": is the name of a group/],
    ['no ASCII', ['lärche'], [], /is no valid node name/],
  ])('%s is an error', (_, servers, agents, message) => {
    expect(problems(servers, agents).filter((problem) => problem.startsWith('error'))).toEqual([
      expect.stringMatching(message),
    ])
  })

  test.each([
    ['capitals', ['Larch'], /^warning: node "Larch": K3s will call it larch/],
    ['64 characters in two labels', [`${'l'.repeat(40)}.${'m'.repeat(23)}`], /^warning: .*has 64 characters/],
    [
      'localhost',
      ['localhost'],
      /^warning: node "localhost": Ansible runs tasks for localhost on the control node/,
    ],
    [
      'a loopback address',
      ['larch=127.0.0.2'],
      /^warning: node larch: 127.0.0.2 is the control node itself$/,
    ],
  ])('%s: a warning', (_, servers, message) => {
    expect(problems(servers)).toEqual([expect.stringMatching(message)])
  })

  test('one address with two ports is two machines behind NAT', () => {
    expect(problems(['larch=10.0.0.1'], ['elm=10.0.0.1,port=2222'])).toEqual([])
  })

  test('an IPv4 address as a name', () => {
    expect(problems(['192.16.35.11'], ['192.16.35.12'])).toEqual([])
  })
})
