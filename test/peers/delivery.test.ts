import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sampleTokens } from '../../src/facts/samples.ts'
import { ansibleEnvironment, ansibles, peers, type Run, run } from '../tools/peers.ts'

const templates = join(import.meta.dirname, '../../templates')
const deliver = readFileSync(join(templates, 'deliver.yml'), 'utf8')

let dir: string

/** The files as they stand in a project. */
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'delivery-'))
  mkdirSync(join(dir, 'k3seal/templates'), { recursive: true })
  mkdirSync(join(dir, 'home'))
  for (const name of readdirSync(templates))
    cpSync(join(templates, name), join(dir, 'k3seal', name.endsWith('.j2') ? 'templates' : '', name))
})
afterAll(() => rmSync(dir, { recursive: true, force: true }))

const inProject = (program: string, args: readonly string[]): Run =>
  run(program, args, { cwd: dir, env: { ...ansibleEnvironment(join(dir, 'home')), NO_COLOR: '1' } })

/** Runs of white space as one blank: Ansible and YAML fold our messages. */
const folded = (text: string): string => text.replace(/\s+/g, ' ')

describe('the playbooks are clean', () => {
  test('for ansible-lint, production profile', () => {
    const linted = inProject(join(peers.ansibleNewest, 'ansible-lint'), [
      ...['--profile', 'production', '--offline', '--strict', '--nocolor'],
      ...['k3seal/deliver.yml', 'k3seal/protect.yml', 'k3seal/cleanup.yml'],
    ])
    expect(linted.status, linted.all).toBe(0)
    expect(linted.all).toContain('3 files processed of 3')
  })

  test('for yamllint as it comes', () => {
    const linted = inProject(join(peers.ansibleNewest, 'yamllint'), ['--strict', 'k3seal'])
    expect(linted.all).toBe('')
    expect(linted.status).toBe(0)
  })
})

test('the samples that the playbook refuses are those that k3seal knows', () => {
  const [, block = ''] = /\n {4}k3seal_samples:\n((?: {6}- .*\n)+)/.exec(deliver) ?? []
  const listed = block.match(/(?<=^ {6}- ).*/gm)?.map((value) => value.replace(/^"(.*)"$/, '$1'))
  expect(listed).toEqual(sampleTokens.map(({ value }) => value))
})

const hash = '3f'.repeat(32)
const good = 'heron5Vd8Ws2Lq9Xk4Tb7Zn'

/** Host variables as lines of YAML, and the words that the run has to say about the host; none: it passes. */
const servers: Readonly<Record<string, readonly [vars: string, says?: string]>> = {
  // The first server: the others are compared with it.
  larch: [`token: ${good}`],
  alder: ['', 'alder has no token: its variable token is empty or undefined'],
  aspen: ['token: "{{ harbour_key }}"', 'aspen has no token: its variable token is empty or undefined'],
  beech: ['token: ""', 'beech has no token'],
  birch: ['token:', 'birch has no token'],
  cedar: ['token: 1234567', 'The variable token of cedar is not text'],
  elder: ['token: yes', 'The variable token of elder is not text'],
  hazel: [`token: "${good} "`, 'The variable token of hazel holds white space'],
  holly: [`token: " "`, 'The variable token of holly holds white space'],
  hornbeam: [`token: "${good}\\n"`, 'The variable token of hornbeam holds white space'],
  ivy: [`token: K10${hash}:server:${good}`, 'The variable token of ivy begins with K10'],
  juniper: [`token: K10abc::server:${good}`, 'The variable token of juniper begins with K10'],
  laurel: [`token: K10${hash.toUpperCase()}::server:${good}`, 'The variable token of laurel begins with K10'],
  linden: [`token: "K10${hash}::server:"`, 'The variable token of linden begins with K10'],
  maple: [`token: K10${hash}::node:${good}`, 'The variable token of the server maple names another user'],
  oak: ['token: x4b7qd.m2k9w5t8z1c6v3n0', 'The variable token of the server oak has the form of a bootstrap'],
  osier: [
    `token: K10${hash}::server:x4b7qd.m2k9w5t8z1c6v3n0`,
    'The variable token of the server osier has the form of a bootstrap',
  ],
  pear: ['token: changeme!', 'The variable token of pear is a sample from public manuals'],
  pine: [`token: K10${hash}::server:mynodetoken`, 'The variable token of pine is a sample'],
  plum: ['token: sparrow3Gh7Rt1Mv6Yc', 'The variable token differs between the servers plum and larch'],
  poplar: [
    `token: ${good}\nk3seal_agent_token: "{{ harbour_key }}"`,
    'poplar has no token: its variable k3seal_agent_token is empty',
  ],
  rose: [
    `token: ${good}\nk3seal_agent_token: x4b7qd.m2k9w5t8z1c6v3n0`,
    'The variable k3seal_agent_token of the server rose has the form of a bootstrap',
  ],
  rowan: [`token: K10${hash}::server:${good}`],
  spruce: [`token: "{{ '${good}' }}"`],
}

const agents: typeof servers = {
  sorrel: [`token: ${good}`],
  sedge: [`token: K10${hash}::node:${good}`],
  rush: ['token: x4b7qd.m2k9w5t8z1c6v3n0'],
  reed: [`token: K10${hash}::x4b7qd.m2k9w5t8z1c6v3n0`],
  moss: ['', 'moss has no token'],
  fern: ['token: secret12345', 'The variable token of fern is a sample'],
  clover: [
    'token: sparrow3Gh7Rt1Mv6Yc',
    'The variable token of the agent clover is neither the token of the server larch nor its k3seal_agent_token',
  ],
}

const inventory = (groups: Readonly<Record<string, typeof servers>>): string =>
  Object.entries(groups)
    .map(([group, hosts]) => {
      const entries = Object.entries(hosts).map(([host, [vars]]) => {
        const lines = [`ansible_host: 127.0.0.1`, 'ansible_port: 1', ...vars.split('\n').filter(Boolean)]
        return `        ${host}:\n${lines.map((line) => `          ${line}\n`).join('')}`
      })
      return `    ${group}:\n      hosts:\n${entries.join('')}`
    })
    .join('')
    .replace(/^/, 'k3s_cluster:\n  children:\n')

describe.each(ansibles)('the checks, %s', (_, bin) => {
  const play = (name: string, playbook: string, text: string, args: readonly string[] = []): Run => {
    writeFileSync(join(dir, `${name}.yml`), text)
    return inProject(join(bin, 'ansible-playbook'), ['-i', `${name}.yml`, '-vvv', playbook, ...args])
  }

  test('name the host, the cause and the cure, and never the value', () => {
    // Without any_errors_fatal the first bad host does not end the run, so that one run shows them all.
    const checks = deliver.slice(0, deliver.indexOf('- name: Deliver the join token'))
    writeFileSync(
      join(dir, 'k3seal/checks.yml'),
      checks.replaceAll('any_errors_fatal: true', 'any_errors_fatal: false'),
    )
    const { stdout, stderr } = play(
      'many',
      'k3seal/checks.yml',
      inventory({ server: servers, agent: agents }),
    )
    rmSync(join(dir, 'k3seal/checks.yml'))
    const said = folded(stdout)
    for (const [host, [, says]] of Object.entries({ ...servers, ...agents })) {
      const failed = new RegExp(`^${host} +: .*failed=1 `, 'm').test(stdout)
      expect(failed, `${host} fails`).toBe(says !== undefined)
      if (says !== undefined) expect(said).toContain(says)
    }
    for (const value of [
      good,
      'sparrow3Gh7Rt1Mv6Yc',
      'x4b7qd.m2k9w5t8z1c6v3n0',
      'mynodetoken',
      'secret12345',
    ])
      expect(stdout + stderr, value).not.toContain(value)
    expect(stderr).not.toMatch(/Traceback|DEPRECAT/)
  })

  test('read a vaulted token, named directly or through another variable', () => {
    writeFileSync(join(dir, 'password'), 'quay-lantern-8417\n', { mode: 0o600 })
    const vaulted = inProject(join(bin, 'ansible-vault'), [
      ...['encrypt_string', '--vault-password-file', 'password', '--name', 'harbour_key', good],
    ]).stdout.trimEnd()
    const passed = play(
      'vaulted',
      'k3seal/deliver.yml',
      inventory({
        server: {
          larch: [`${vaulted}\ntoken: "{{ harbour_key }}"`],
          alder: [vaulted.replace('harbour_key', 'token')],
        },
        agent: { sorrel: [`token: ${good}`] },
      }),
      ['--vault-password-file', 'password'],
    )
    expect(passed.stdout).toMatch(/alder.*unreachable=1 +failed=0/)
    expect(passed.stdout).toMatch(/sorrel.*unreachable=1 +failed=0/)
    expect(passed.all).not.toContain(good)
  })

  test('end the run for all hosts, before a node is reached', () => {
    const ended = play(
      'one-bad',
      'k3seal/deliver.yml',
      inventory({
        server: { larch: [`token: ${good}`] },
        agent: { sorrel: [`token: ${good}`], moss: [''] },
      }),
    )
    expect(ended.status).toBe(2)
    expect(folded(ended.stdout)).toContain('moss has no token')
    expect(ended.stdout).not.toMatch(/UNREACHABLE|Deliver the join token/)
  })

  test('let good tokens pass on to the nodes', () => {
    const passed = play(
      'good',
      'k3seal/deliver.yml',
      inventory({
        server: { larch: [`token: ${good}`] },
        agent: { sorrel: [`token: ${good}`] },
      }),
    )
    expect(passed.stdout).toContain('Deliver the join token')
    expect(passed.stdout).toMatch(/sorrel.*unreachable=1/)
  })

  test('know other names of groups, and say so where no host is in one', () => {
    const groups = inventory({ masters: { larch: [`token: ${good}`] }, workers: { moss: [''] } })
    const unnamed = play('unnamed', 'k3seal/deliver.yml', groups)
    expect(folded(unnamed.stdout)).toContain(
      'No host is a K3s server or agent: the groups server and agent are empty.',
    )
    const named = play(
      'named',
      'k3seal/deliver.yml',
      `${groups}  vars: { server_group: masters, agent_group: workers }\n`,
    )
    expect(folded(named.stdout)).toContain('moss has no token')
  })

  test('say so where the pattern matches no host', () => {
    const groups = inventory({ server: { larch: [''] } }).replace('k3s_cluster', 'harbour')
    const unmatched = play('unmatched', 'k3seal/deliver.yml', groups)
    expect(unmatched.status).toBe(2)
    expect(folded(unmatched.stdout)).toContain('The inventory has no host in k3s_cluster.')
    const matched = play('matched', 'k3seal/deliver.yml', groups, ['-e', 'k3seal_hosts=harbour'])
    expect(folded(matched.stdout)).toContain('larch has no token')
  })

  test('want a host in one group only', () => {
    const both = play(
      'both',
      'k3seal/deliver.yml',
      inventory({
        server: { larch: [`token: ${good}`] },
        agent: { larch: [''] },
      }),
    )
    expect(folded(both.stdout)).toContain('larch is in the group server and in the group agent')
  })
})
