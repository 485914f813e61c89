import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { expandHostPattern } from '../../src/ansible/inventory/hostPattern.ts'
import {
  groupHosts,
  hostVariables,
  type Inventory,
  magicVariables,
  readInventory,
} from '../../src/ansible/inventory/index.ts'
import { pythonLiteral } from '../../src/ansible/inventory/pythonLiteral.ts'
import { shellWords } from '../../src/ansible/inventory/shellWords.ts'
import { parseNodeSpec } from '../../src/ansible/nodeSpec.ts'
import { type AnsibleValue, Float, type Variable, VaultedText } from '../../src/ansible/value.ts'
import { extendInventory, newInventory } from '../../src/generate/inventory.ts'
import { parseYaml, yamlValue } from '../../src/syntax/yaml.ts'
import { ansibleEnvironment, ansibles, peers, run } from '../tools/peers.ts'

let scratch: string
beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-inventory-'))
})
afterAll(() => {
  rmSync(scratch, { recursive: true, force: true })
})

let made = 0
function directoryWith(files: Readonly<Record<string, string>>): string {
  const directory = join(scratch, `case${made++}`)
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** As `ansible-inventory` writes values; it can't tell 1 from 1.0 once JavaScript has read it. */
function json(value: AnsibleValue): Json {
  if (value instanceof Float) return value.value
  if (value instanceof VaultedText) return { __ansible_vault: value.envelope }
  if (typeof value === 'bigint') return Number(value)
  if (Array.isArray(value)) return value.map(json)
  if (value === null || typeof value !== 'object') return value
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, json(inner)]))
}

function object(variables: ReadonlyMap<string, Variable>): { readonly [name: string]: Json } {
  return Object.fromEntries([...variables].map(([name, { value }]) => [name, json(value)]))
}

/** What `ansible-inventory --list --export` prints of an inventory. */
function exported(inventory: Inventory): Json {
  const all = groupHosts(inventory, 'all')
  const groups = [...inventory.groups.values()].flatMap(({ name, hosts, children, vars, priority }) => {
    const parts: Record<string, Json> = {}
    if (name !== 'all' && hosts.length > 0) parts.hosts = hosts
    if (children.length > 0) parts.children = children
    const variables = { ...object(vars), ...(priority === 1 ? {} : { ansible_group_priority: priority }) }
    if (Object.keys(variables).length > 0) parts.vars = variables
    return Object.keys(parts).length > 0 ? [[name, parts] as const] : []
  })
  const hostvars = all.flatMap((name) => {
    const vars = inventory.hosts.get(name)?.vars ?? new Map()
    return vars.size > 0 ? [[name, object(vars)] as const] : []
  })
  return { ...Object.fromEntries(groups), _meta: { hostvars: Object.fromEntries(hostvars) } }
}

/** What `ansible-inventory --list` prints of the hosts: the variables of their groups joined in. */
function merged(inventory: Inventory): Json {
  const hosts = groupHosts(inventory, 'all').map(
    (name) => [name, object(hostVariables(inventory, name))] as const,
  )
  return Object.fromEntries(hosts.filter(([, variables]) => Object.keys(variables).length > 0))
}

function ansibleInventory(bin: string, directory: string, args: readonly string[]): Json & object {
  const { status, stdout, stderr } = run(join(bin, 'ansible-inventory'), args, {
    cwd: directory,
    env: ansibleEnvironment(scratch),
  })
  expect(status, stderr).toBe(0)
  const printed = JSON.parse(stdout, (_, value) =>
    value !== null && typeof value === 'object' && '__ansible_unsafe' in value
      ? value.__ansible_unsafe
      : value,
  )
  delete printed._meta.profile
  return printed
}

const ENVELOPE = `$ANSIBLE_VAULT;1.1;AES256
          62313365396662343061393464336163383764373764613633653634306231386433626436623361
          6134333665353966363534333632666535333761666131620a663537646436643839616531643561`

/** Written by hand; each is what somebody could have in a repository. */
const cases: Readonly<
  Record<string, { files: Readonly<Record<string, string>>; sources?: readonly string[] }>
> = {
  'the sample of k3s-ansible': {
    files: {
      'inventory.yml': `---
k3s_cluster:
  children:
    server:
      hosts:
        192.16.35.11:
    agent:
      hosts:
        192.16.35.12:
        192.16.35.13:
  vars:
    ansible_port: 22
    k3s_version: v1.31.12+k3s1
    token: "changeme!"
    api_endpoint: "{{ hostvars[groups['server'][0]]['ansible_host'] | default(groups['server'][0]) }}"
`,
    },
  },
  'scalars as PyYAML reads them': {
    files: {
      'inventory.yml': `all:
  hosts:
    larch:
      a: 0o17
      b: 0644
      c: yes
      d: 1:30
      e: 1:30.5
      f: 1e5
      g: 1.0e+5
      i: ~
      l: 0x1F
      m: 0b11
      n: 1_000
      p: !!str 5
      q: !!int "7"
      r: !unsafe harbour
      v: !vault |
          ${ENVELOPE}
      w: {<<: {x: 1, y: 0}, y: 2}
      ac: {1: a, b: 2}
      ae: -0
      af: "a\\x41\\u00e9"
      ai: n
      ap: 190:20:30
      aq: 0_8
      ar: |+
        keep

      as: >-
        folded
        text
      at:
      au: Off
      av: 'it''s'
`,
    },
  },
  'JSON, in which 1e5 is a number': {
    files: {
      'inventory.json':
        '{"all": {"hosts": {"larch": {"a": 1e5, "b": "\\ud83d\\ude00\\/", "c": true, "d": "yes"}}}}\n',
    },
  },
  'anchors, aliases and merge keys': {
    files: {
      'inventory.yml': `all:
  vars:
    base: &base {harbour: 1, quay: 2}
    more: &more
      quay: 3
      pier: 4
  hosts:
    larch: *base
    elm:
      <<: [*base, *more]
      pier: 5
    oak:
      <<: *more
      list: [*base, *more]
`,
    },
  },
  'groups in groups, diamonds, depth and priority': {
    files: {
      'inventory.yml': `top:
  vars: {harbour: top, quay: top}
  children:
    left:
      vars: {harbour: left, quay: left, ansible_group_priority: 10}
      children:
        low:
          hosts: {larch: }
    right:
      vars: {harbour: right, quay: right}
      children:
        low:
          vars: {quay: low}
        deep:
          children:
            low:
beside:
  vars: {harbour: beside, pier: beside}
  hosts:
    larch:
      pier: larch
    elm:
empty:
ungrouped:
  hosts:
    oak:
    elm:
`,
    },
  },
  'texts where mappings are usual': {
    files: { 'inventory.yml': 'all:\n  children: server\nserver:\n  hosts: larch[1:3]\n' },
  },
  'ranges, ports and IPv6': {
    files: {
      'inventory.yml': `all:
  hosts:
    larch[01:03]:
      harbour: 1
    elm[a:c].example.com:
    oak[1:9:3]x[08:10]:
    ash:2222:
    "[fd00::1]:2022":
    "fd00::[a:c]":
    10.0.0.[1:3]:
    fe80::1%eth0:
`,
      'more.yml': 'all:\n  hosts:\n    "fd00::[1:3]":\n    ash:2223:\n',
    },
    sources: ['inventory.yml', 'more.yml'],
  },
  'INI with all it can have': {
    files: {
      hosts: `# comment
; another
larch ansible_port=22 quay='a b' pier="x#y"  # comment
elm:2222 harbour=0o17 n=1,2 d="{'a': [1, 2.0], 'b': None}" t=True
"quoted" a='"10.0"' b=10.0 c=01 e="it's" f= g=a=b h=1_0 i="b'x'" j=\\\\x

[server]
larch
oak[01:03]:2022 harbour=two
[fd00::1]:22 zone=v6
fd00::2

[server:vars]
harbour = group value # no comment here
quay=10.0 # a comment here
json={"a": true}
list=['a', "b"]
pier=
[k3s_cluster:children]
server   # comment
agent
[agent]
ash k=v#comment
[k3s_cluster:vars]
ansible_user=ops
ansible_group_priority=5
[all:vars]
everywhere=1
[empty]
`,
    },
  },
  'INI without a section': { files: { inventory: 'larch\nelm ansible_host=10.0.0.1\n' } },
  'YAML without an ending': { files: { inventory: 'server:\n  hosts:\n    larch:\n' } },
  'INI that is called .yml': { files: { 'hosts.yml': '[server]\nlarch harbour=1\n' } },
  'group_vars and host_vars': {
    files: {
      'inventory.yml': `k3s_cluster:
  vars: {harbour: inline parent, quay: inline parent}
  children:
    server:
      vars: {harbour: inline child, quay: inline child, pier: inline child}
      hosts: {larch: {crane: inline}}
    agent:
      hosts: {elm: , oak: }
`,
      'group_vars/all.yml': 'harbour: file all\nquay: file all\nwharf: all\n',
      'group_vars/k3s_cluster/10-first.yml': 'pier: first\nwharf: first\n',
      'group_vars/k3s_cluster/20-second': 'wharf: second\n',
      'group_vars/k3s_cluster/sub/30.json': '{"wharf": "third"}',
      'group_vars/k3s_cluster/.hidden.yml': 'wharf: hidden\n',
      'group_vars/k3s_cluster/old.yml~': 'wharf: backup\n',
      'group_vars/k3s_cluster/notes.txt': 'wharf: text\n',
      'group_vars/server': 'boat: no ending\n',
      'group_vars/server.yml': 'boat: hidden by the one without an ending\n',
      'group_vars/agent.yaml': '---\n',
      'host_vars/larch.yml': 'crane: file\nharbour: host file\n',
      'host_vars/elm/a.yml': 'crane: elm\n',
    },
  },
  'a directory of inventories': {
    files: {
      'site/01-servers': '[server]\nlarch harbour=one\n',
      'site/02-agents.yml': 'agent:\n  hosts:\n    elm:\n    larch: {harbour: two}\n',
      'site/.hidden': '[hidden]\nhidden\n',
      'site/notes.md': '[notes]\nnotes\n',
      'site/backup~': '[backup]\nbackup\n',
      'site/ansible.cfg': '[defaults]\n',
      'site/sub/03': '[agent]\noak\n',
      'site/group_vars/agent.yml': 'quay: agent\n',
      'site/sub/group_vars/agent.yml': 'quay: not read\n',
    },
    sources: ['site'],
  },
  'several sources, each with variables beside it': {
    files: {
      'a/hosts': '[server]\nlarch quay=a\n[k3s_cluster:children]\nserver\n',
      'a/group_vars/server.yml': 'harbour: a server\n',
      'a/host_vars/larch.yml': 'pier: a\n',
      'b/hosts.yml': 'k3s_cluster:\n  hosts:\n    larch: {quay: b}\n    elm:\n',
      'b/group_vars/k3s_cluster.yml': 'harbour: b cluster\n',
      'b/group_vars/all.yml': 'harbour: b all\nwharf: b\n',
    },
    sources: ['a/hosts', 'b/hosts.yml'],
  },
  'a list of hosts': {
    files: { 'group_vars/all.yml': 'harbour: 1\n' },
    sources: ['larch,elm:2222, 10.0.0.1 ,'],
  },
  'CRLF and a byte order mark': {
    files: {
      'inventory.yml':
        '\ufeffserver:\r\n  hosts:\r\n    larch:\r\n      harbour: |\r\n        two\r\n        lines\r\n',
      'more.ini': '[agent]\r\nelm quay=1\r\n[agent:vars]\r\npier=x\r\n',
    },
    sources: ['inventory.yml', 'more.ini'],
  },
  'group names with other characters': {
    files: { 'inventory.yml': 'k3s-cluster:\n  children:\n    my.server:\n      hosts: {larch: }\n' },
  },
  localhost: { files: { hosts: 'localhost ansible_connection=local\n[server]\nlocalhost\n' } },
}

describe.each(ansibles)('%s', (_, bin) => {
  test.each(Object.entries(cases))('ansible-inventory agrees: %s', (name, { files, sources }) => {
    const directory = directoryWith(files)
    const named = sources ?? [Object.keys(files)[0] ?? '']
    // Without a playbook, ansible-inventory takes the directory that it runs in for the playbook's.
    const inventory = readInventory(new Map(Object.entries(files)), named, { playbookDirectory: '' })
    expect(
      inventory.faults.filter(({ severity }) => severity !== 'warning'),
      name,
    ).toEqual([])
    const flags = named.flatMap((source) => ['-i', source])
    expect(exported(inventory)).toEqual(ansibleInventory(bin, directory, [...flags, '--list', '--export']))
    const { _meta } = ansibleInventory(bin, directory, [...flags, '--list']) as { _meta: { hostvars: Json } }
    expect(merged(inventory)).toEqual(_meta.hostvars)
  })

  test('variables beside the playbook win', () => {
    const files = {
      'site/hosts': '[server]\nlarch\n',
      'site/group_vars/server.yml': 'harbour: inventory\nquay: inventory\n',
      'group_vars/server.yml': 'harbour: playbook\n',
      'group_vars/all.yml': 'quay: playbook all\n',
      'host_vars/larch.yml': 'pier: playbook\n',
    }
    const inventory = readInventory(new Map(Object.entries(files)), ['site/hosts'], { playbookDirectory: '' })
    const args = ['-i', 'site/hosts', '--playbook-dir', '.', '--host', 'larch']
    const { status, stdout, stderr } = run(join(bin, 'ansible-inventory'), args, {
      cwd: directoryWith(files),
      env: ansibleEnvironment(scratch),
    })
    expect(status, stderr).toBe(0)
    expect(object(hostVariables(inventory, 'larch'))).toEqual(JSON.parse(stdout))
  })

  test('a new inventory, and one with hosts added, mean what was asked for', () => {
    const site = {
      servers: ['larch=10.0.0.1', 'elm=fd00::2,port=2222', 'oak'].map(parseNodeSpec),
      agents: ['1e5=ash.example.com,arch=arm64,user=ops', '10.0.0.9', 'yes.example.com'].map(parseNodeSpec),
      k3sVersion: 'v1.36.5+k3s1',
      apiEndpoint: 'fd00::10',
      airgapDir: './airgap',
      user: 'ops',
      vaultedToken: ENVELOPE.replaceAll(' ', ''),
      vaultedAgentToken: ENVELOPE.replaceAll(' ', ''),
    }
    const text = newInventory(site)
    const extended = extendInventory('inventory.yml', text, { agents: [parseNodeSpec('no=10.0.0.77')] }).text
    const directory = directoryWith({ 'inventory.yml': extended })
    const { _meta, ...groups } = ansibleInventory(bin, directory, [
      '-i',
      'inventory.yml',
      '--list',
    ]) as unknown as {
      _meta: { hostvars: Readonly<Record<string, Readonly<Record<string, Json>>>> }
    } & Record<string, Json>
    expect(groups).toEqual({
      all: { children: ['ungrouped', 'k3s_cluster'] },
      k3s_cluster: { children: ['server', 'agent'] },
      server: { hosts: ['larch', 'elm', 'oak'] },
      agent: { hosts: ['1e5', '10.0.0.9', 'yes.example.com', 'no'] },
    })
    const vault = { __ansible_vault: `${site.vaultedToken}\n` }
    expect(_meta.hostvars['1e5']).toEqual({
      airgap_dir: '{{ inventory_dir }}/airgap',
      ansible_host: 'ash.example.com',
      ansible_no_target_syslog: true,
      ansible_user: 'ops',
      api_endpoint: 'fd00::10',
      k3s_server_config_mode: '0600',
      k3s_version: 'v1.36.5+k3s1',
      k3seal_arch: 'arm64',
      token: '{{ vault_k3s_agent_token }}',
      vault_k3s_agent_token: vault,
      vault_k3s_token: vault,
    })
    expect(_meta.hostvars.elm).toMatchObject({
      ansible_host: 'fd00::2',
      ansible_port: 2222,
      k3seal_agent_token: '{{ vault_k3s_agent_token }}',
      token: '{{ vault_k3s_token }}',
    })
  })

  test('10,000 hosts', () => {
    const text = newInventory({
      servers: ['larch1', 'larch2', 'larch3'].map(parseNodeSpec),
      agents: Array.from({ length: 9997 }, (_unused, index) =>
        parseNodeSpec(`elm${index}=10.${index >> 16}.${(index >> 8) & 255}.${index & 255},port=2222`),
      ),
      k3sVersion: 'v1.36.5+k3s1',
      apiEndpoint: undefined,
      airgapDir: undefined,
      user: 'ops',
      vaultedToken: ENVELOPE.replaceAll(' ', ''),
      vaultedAgentToken: undefined,
    })
    const inventory = readInventory(new Map([['inventory.yml', text]]), ['inventory.yml'])
    expect(inventory.hosts.size).toBe(10_000)
    const directory = directoryWith({ 'inventory.yml': text })
    expect(exported(inventory)).toEqual(
      ansibleInventory(bin, directory, ['-i', 'inventory.yml', '--list', '--export']),
    )
  })

  describe('with Ansible’s own code as the judge, in one process', () => {
    // A fixed seed: what fails here must fail again when it is looked into.
    const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] =>
      fc.sample(arbitrary, { numRuns, seed: 527 })

    function judge(given: Readonly<Record<string, Json>>): Readonly<Record<string, readonly Verdict[]>> {
      const file = join(scratch, `given${made++}.json`)
      writeFileSync(file, JSON.stringify(given))
      const script = join(import.meta.dirname, '../tools/read_inventory.py')
      const { status, stdout, stderr } = run(join(bin, 'python'), [script, file], {
        env: ansibleEnvironment(scratch),
      })
      expect(status, stderr).toBe(0)
      return JSON.parse(stdout)
    }

    test('Python literals', () => {
      const texts = sample(literalText, 3000)
      const { literals = [] } = judge({ literals: texts })
      for (const [index, text] of texts.entries()) {
        const verdict = literals[index]
        const ours = pythonLiteral(text)
        const wanted = verdict?.error === undefined ? canonical(verdict?.value ?? null) : undefined
        expect({ text, value: ours === undefined ? undefined : typed(ours) }).toEqual({ text, value: wanted })
      }
    })

    test('words of a host line', () => {
      const texts = sample(fc.string({ unit: fc.constantFrom(...'ab\'"\\# \t=,'), maxLength: 14 }), 2000)
      const { words = [] } = judge({ words: texts })
      for (const [index, text] of texts.entries()) {
        const ours = shellWords(text)
        const value = typeof ours === 'string' ? 'error' : ours.map((word) => word.text)
        expect({ text, value }).toEqual({ text, value: words[index]?.value ?? 'error' })
      }
    })

    test('host patterns', () => {
      const texts = sample(patternText, 3000)
      const { patterns = [] } = judge({ patterns: texts })
      for (const [index, text] of texts.entries()) {
        const ours = expandHostPattern(text)
        const value = typeof ours === 'string' ? 'error' : { names: ours.names, port: ours.port ?? null }
        // What only the INI reader refuses is said by that, not by the pattern.
        const refused = /^---$|:\s*$/.test(text)
        if (!refused) expect({ text, value }).toEqual({ text, value: patternVerdict(patterns[index]) })
      }
    })

    test('plain YAML scalars', () => {
      const texts = sample(scalarText, 4000).map((text) => `a: ${text}`)
      const { yaml = [] } = judge({ yaml: texts })
      for (const [index, text] of texts.entries()) {
        const { root, faults } = parseYaml('scalar.yml', text)
        const broken = faults.some(({ severity }) => severity === undefined || severity === 'error')
        const verdict = yaml[index]
        const value = broken || root === undefined ? 'error' : typed(yamlValue(root))
        expect({ text, value }).toEqual({
          text,
          value: verdict?.error === undefined ? canonical(verdict?.value ?? null) : 'error',
        })
      }
    })

    test('small inventories', () => {
      const given = sample(smallInventory, 250)
      const { inventories = [] } = judge({
        inventories: given.map(({ files, sources }) => ({ directory: directoryWith(files), sources })),
      })
      for (const [index, { files, sources }] of given.entries()) {
        const inventory = readInventory(new Map(Object.entries(files)), sources)
        const wrong = inventory.faults.filter(({ severity }) => severity !== 'warning')
        const hosts = groupHosts(inventory, 'all')
        const ours = {
          hosts: Object.fromEntries(
            hosts.map((host) => [
              host,
              [...hostVariables(inventory, host).values()]
                .sort((a, b) => (a.name < b.name ? -1 : 1))
                .map(({ name, value }) => [name, typed(value)]),
            ]),
          ),
          groupNames: Object.fromEntries(
            hosts.map((host) => [host, magicVariables(inventory, host).get('group_names')]),
          ),
          groups: Object.fromEntries(
            [...inventory.groups.values()].map(({ name, hosts: own, children, depth, priority }) => [
              name,
              { hosts: own, children, depth, priority },
            ]),
          ),
        }
        const theirs = inventories[index]
        expect({ files, wrong, ours }).toEqual({ files, wrong: [], ours: canonicalInventory(theirs?.value) })
      }
    })
  })
})

test('yamllint has nothing to say of a new inventory and of the examples, but for long lines', () => {
  const text = newInventory({
    servers: [parseNodeSpec('larch=fd00::2,port=2222'), parseNodeSpec('1e5')],
    agents: [],
    k3sVersion: 'v1.36.5+k3s1',
    apiEndpoint: undefined,
    airgapDir: './airgap',
    user: 'yes',
    vaultedToken: ENVELOPE.replaceAll(' ', ''),
    vaultedAgentToken: ENVELOPE.replaceAll(' ', ''),
  })
  const examples = ['online.yml', 'airgapped-ha.yml'].map((name) =>
    join(import.meta.dirname, '../../inventory-examples', name),
  )
  const { all } = run(
    join(peers.ansibleNewest, 'yamllint'),
    ['-d', '{extends: default, rules: {line-length: disable}}', 'inventory.yml', ...examples],
    { cwd: directoryWith({ 'inventory.yml': text }), env: ansibleEnvironment(scratch) },
  )
  expect(all).toBe('')
})

interface Verdict {
  readonly value?: Json
  readonly error?: string
}

/** Ansible passes over a range that names no host; we say so. */
function patternVerdict(verdict: Verdict | undefined): Json {
  const value = verdict?.value as { readonly names: readonly string[] } | undefined
  return value === undefined || value.names.length === 0 ? 'error' : (value as unknown as Json)
}

/** Our value with the types that read_inventory.py writes. */
function typed(value: AnsibleValue): Json {
  if (value instanceof Float) return { f: String(value.value) }
  if (value instanceof VaultedText) return { vault: value.envelope }
  if (typeof value === 'number' || typeof value === 'bigint') return { i: String(value) }
  if (Array.isArray(value)) return value.map(typed)
  if (value === null || typeof value !== 'object') return value
  return { d: Object.entries(value).map(([name, inner]) => [name, typed(inner)]) }
}

/** Python's floats in JavaScript's spelling; mappings in JavaScript's order, which puts integers first. */
function canonical(value: Json): Json {
  if (value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(canonical)
  const tagged = value as { readonly [key: string]: Json }
  if (typeof tagged.f === 'string') return { f: String(Number(tagged.f.replace('inf', 'Infinity'))) }
  if (Array.isArray(tagged.set)) return tagged.set.map((item) => canonical(JSON.parse(String(item))))
  if (Array.isArray(tagged.d)) {
    const entries = (tagged.d as readonly [string, Json][]).map(
      ([name, inner]) => [name, canonical(inner)] as const,
    )
    return { d: Object.entries(Object.fromEntries(entries)) as unknown as Json }
  }
  return tagged
}

function canonicalInventory(value: Json | undefined): Json {
  const { hosts = {}, ...rest } = (value ?? {}) as { readonly [key: string]: Json }
  const variables = Object.entries(hosts as Readonly<Record<string, readonly [string, Json][]>>)
  return {
    ...rest,
    hosts: Object.fromEntries(
      variables.map(([host, list]) => [host, list.map(([name, inner]) => [name, canonical(inner)])]),
    ),
  }
}

const NUMBERS = [
  '0',
  '00',
  '01',
  '7',
  '-3',
  '+4',
  '--1',
  '1_0',
  '1__0',
  '0x1F',
  '0o17',
  '0b1',
  '1.',
  '.5',
  '1e5',
  '1.5E-3',
  '10.0.0.1',
]
const LITERALS = [
  ...NUMBERS,
  "'a'",
  '"b"',
  "'it''s'",
  "r'\\x'",
  "'\\x41\\n\\q'",
  "b'y'",
  "u'é'",
  "'''t'''",
  "f'x'",
  "'\\u12'",
  'True',
  'None',
  'true',
  'x',
  '',
]

const literalText: fc.Arbitrary<string> = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constantFrom(...LITERALS),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `(${items.join(',')})`),
    fc
      .array(fc.tuple(fc.constantFrom("'k'", '1', "'l'"), tie('value')), { maxLength: 3 })
      .map((items) => `{${items.map(([key, value]) => `${key}: ${value}`).join(', ')}}`),
    fc.tuple(tie('value'), tie('value')).map(([a, b]) => `${a}, ${b}`),
    fc
      .tuple(fc.constantFrom("'s'", '"t"', 'r"u"'), fc.constantFrom("'v'", '"w"', "b'x'"))
      .map(([a, b]) => `${a} ${b}`),
    tie('value').map((value) => `-${value}`),
    tie('value').map((value) => `${value} # comment`),
    tie('value').map((value) => `${value},`),
  ),
})).value

const patternText = fc.oneof(
  fc.string({ unit: fc.constantFrom(...'ab1[:]9.-%'), minLength: 1, maxLength: 12 }),
  fc
    .array(
      fc.constantFrom(
        'larch',
        'elm',
        '-',
        '.',
        ':22',
        ':0',
        '[1:3]',
        '[01:03]',
        '[a:c]',
        '[1:9:4]',
        '[08:10]',
        '[3:1]',
        '[c:a]',
        '[:3]',
        '[1:]',
        '10.0.0.',
        '1',
        'fd00::',
        '[fd00::1]',
        '[',
        ']',
        '_',
        'é',
        '%eth0',
        ':',
      ),
      { minLength: 1, maxLength: 4 },
    )
    .map((parts) => parts.join('')),
)

const scalarText = fc
  .oneof(
    fc.string({ unit: fc.constantFrom(...'0123456789_:.-+eExXobB'), minLength: 1, maxLength: 8 }),
    fc.constantFrom(
      'yes',
      'No',
      'ON',
      'off',
      'y',
      'n',
      'True',
      'tRUE',
      '~',
      'null',
      'Null',
      'NULL',
      'nuLL',
      '.inf',
      '-.INF',
      '+.Inf',
      '.nan',
      '.NaN',
      '=',
      '<<',
      '2001-12-14',
      '2001-1-1',
      '2001-13-45',
      '2001-12-14t21:59:43.10-05:00',
      '2001-12-14 21:59:43',
      '2001-12-14 21:59:43Z',
      '2001-02-30 1:00:00',
      '0o17',
      '12345678901234567890123',
      '1.5e-7',
      '!!str 1',
      '!!int 0x1f',
      '!!float 3',
      '!!bool yes',
      '!!null x',
      '"1"',
      "'yes'",

      '[1, yes, 0644]',
      '{a: 1.0, 2: b}',
    ),
  )
  .filter((text) => !/^[-?:](?:\s|$)|^[-:]$|:\s|:$|\s#/.test(text))

const hostName = fc.constantFrom('larch', 'elm', 'oak', 'ash', 'fir[1:3]', 'yew[08:10]', 'bay:2222')
const groupName = fc.constantFrom('server', 'agent', 'k3s_cluster', 'north', 'south')
const variableName = fc.constantFrom('harbour', 'quay', 'pier', 'wharf', 'ansible_port')
const yamlScalar = fc.constantFrom(
  '1',
  '1.0',
  '0644',
  'yes',
  '"yes"',
  '~',
  '1:30',
  'text',
  '[1, a]',
  '{a: {b: 1}}',
  "'q'",
  '1e3',
)
const iniScalar = fc.constantFrom(
  '1',
  '1.0',
  '0644',
  'yes',
  'True',
  'text',
  "[1,'a']",
  "'q'",
  '"1"',
  '1,2',
  'None',
  'a#b',
  '',
)

const yamlVariables = fc.dictionary(variableName, yamlScalar, { maxKeys: 3 }).map(
  (variables) =>
    `{${Object.entries(variables)
      .map(([name, value]) => `${name}: ${value}`)
      .join(', ')}}`,
)

const yamlInventory = fc
  .uniqueArray(
    fc.record({
      name: groupName,
      hosts: fc.option(
        fc.dictionary(
          hostName.map((name) => JSON.stringify(name)),
          yamlVariables,
          { maxKeys: 3 },
        ),
      ),
      vars: fc.option(yamlVariables),
      children: fc.option(fc.uniqueArray(groupName, { maxLength: 2 })),
      priority: fc.option(fc.integer({ min: -2, max: 5 }), { freq: 5 }),
    }),
    { selector: ({ name }) => name, maxLength: 5 },
  )
  .map((groups) => {
    const known = groups.map(({ name }) => name)
    const lines = groups.flatMap(({ name, hosts, vars, children, priority }, index) => {
      // Only groups that come later: a loop would be refused.
      const below = children?.filter((child) => known.indexOf(child) > index) ?? []
      const variables =
        priority === null ? vars : (vars ?? '{}').replace(/^\{/, `{ansible_group_priority: ${priority}, `)
      return [
        `${name}:`,
        ...(hosts === null
          ? []
          : [
              `  hosts: {${Object.entries(hosts)
                .map(([host, value]) => `${host}: ${value}`)
                .join(', ')}}`,
            ]),
        ...(variables === null ? [] : [`  vars: ${variables}`]),
        ...(below.length === 0 ? [] : ['  children:', ...below.map((child) => `    ${child}:`)]),
      ]
    })
    return lines.length === 0 ? 'all:\n  vars: {}\n' : `${lines.join('\n')}\n`
  })

const iniInventory = fc
  .array(
    fc.record({
      group: groupName,
      hosts: fc.array(fc.tuple(hostName, fc.dictionary(variableName, iniScalar, { maxKeys: 2 })), {
        maxLength: 3,
      }),
      vars: fc.option(fc.dictionary(variableName, iniScalar, { maxKeys: 2 })),
    }),
    { maxLength: 4 },
  )
  .map((sections) =>
    sections
      .flatMap(({ group, hosts, vars }) => [
        `[${group}]`,
        ...hosts.map(([host, values]) =>
          [
            host,
            ...Object.entries(values).map(
              ([name, value]) => `${name}=${/[ '"#[]/.test(value) ? JSON.stringify(value) : value}`,
            ),
          ].join(' '),
        ),
        ...(vars === null
          ? []
          : [`[${group}:vars]`, ...Object.entries(vars).map(([name, value]) => `${name}=${value}`)]),
      ])
      .join('\n')
      .concat('\n'),
  )

const smallInventory = fc
  .record({
    yaml: yamlInventory,
    ini: iniInventory,
    both: fc.constantFrom(
      ['inventory.yml'],
      ['hosts'],
      ['inventory.yml', 'hosts'],
      ['hosts', 'inventory.yml'],
    ),
    groupVars: fc.dictionary(
      fc.oneof(groupName, fc.constant('all')),
      fc.dictionary(variableName, yamlScalar, { maxKeys: 2 }),
      { maxKeys: 3 },
    ),
    hostVars: fc.dictionary(
      fc.constantFrom('larch', 'fir2', 'bay'),
      fc.dictionary(variableName, yamlScalar, { maxKeys: 2 }),
      { maxKeys: 2 },
    ),
  })
  .map(({ yaml, ini, both, groupVars, hostVars }) => {
    const text = (variables: Readonly<Record<string, string>>): string =>
      Object.entries(variables)
        .map(([name, value]) => `${name}: ${value}\n`)
        .join('')
    const files: Record<string, string> = { 'inventory.yml': yaml, hosts: ini }
    for (const [name, variables] of Object.entries(groupVars))
      files[`group_vars/${name}.yml`] = text(variables)
    for (const [name, variables] of Object.entries(hostVars)) files[`host_vars/${name}.yml`] = text(variables)
    return { files, sources: both }
  })
