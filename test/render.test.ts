import { execFileSync } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from '../src/commands/parse.ts'
import { command } from '../src/commands/render/index.ts'
import type { Session } from '../src/commands/session.ts'
import { UserError } from '../src/errors.ts'
import { directoryNameProblem } from '../src/generate/hostDirectory.ts'
import { Secret } from '../src/secret.ts'
import { encryptVault } from '../src/syntax/vault.ts'

const token = 'Marker\'$`tide"!4711zq'
const password = 'harbour-password'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'k3seal-render-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const put = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text, { mode })
}
const read = (path: string): string => readFileSync(join(dir, path), 'utf8')
const modeOf = (path: string): number => statSync(join(dir, path)).mode & 0o777
const filesBelow = (path: string): string[] =>
  existsSync(join(dir, path))
    ? readdirSync(join(dir, path), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name).slice(join(dir, path).length + 1))
        .sort()
    : []

const vaulted = (value: string, indent: string): string =>
  `!vault |\n${encryptVault(new Secret(value), new Secret(password))
    .split('\n')
    .map((line) => indent + line)
    .join('\n')}`

interface Outcome {
  readonly stdout: string
  readonly stderr: string
  readonly fault: UserError | undefined
}

async function render(...args: string[]): Promise<Outcome> {
  const streams = { stdout: new PassThrough(), stderr: new PassThrough() }
  const session: Session = {
    cwd: dir,
    env: { PATH: process.env.PATH, HOME: dir },
    stdin: new PassThrough(),
    ...streams,
    interactive: false,
    color: false,
  }
  let fault: UserError | undefined
  try {
    await parse(
      command(session, () => undefined),
      args,
      session,
    )
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    fault = error
  }
  const text = (stream: PassThrough): string => (stream.read() as Buffer | null)?.toString() ?? ''
  return { stdout: text(streams.stdout), stderr: text(streams.stderr), fault }
}

/** Two servers, an agent with an IPv6 endpoint, a load balancer that is no node. */
const inventory = (vars: string): string => `all:
  hosts:
    quay:
k3s_cluster:
  children:
    server:
      hosts:
        larch:
        elm:
    agent:
      hosts:
        alder:
          extra_agent_args: --node-label berth=7
  vars:
    api_endpoint: fd00::10
${vars
  .split('\n')
  .map((line) => `    ${line}`)
  .join('\n')}
`

const vaultedToken = (): string =>
  inventory(`vault_k3s_token: ${vaulted(token, '      ')}\ntoken: "{{ vault_k3s_token }}"`).replace(
    /^ {10}(?=[$0-9])/gm,
    '      ',
  )

describe('a vaulted inventory', () => {
  const run = (...more: string[]): Promise<Outcome> =>
    render('-i', 'inventory.yml', '--out', 'made', '--vault-password-file', 'pass', ...more)
  beforeEach(() => {
    put('inventory.yml', vaultedToken())
    put('pass', `${password}\n`, 0o600)
  })

  test('gives every node its files', async () => {
    const { stdout, fault } = await run()
    expect(fault).toBeUndefined()
    const files = [
      'made/larch/etc/systemd/system/k3s.service',
      'made/larch/etc/systemd/system/k3s.service.d/50-k3seal.conf',
      'made/larch/etc/k3seal/k3s.env',
      'made/elm/etc/systemd/system/k3s.service',
      'made/elm/etc/systemd/system/k3s.service.d/50-k3seal.conf',
      'made/elm/etc/k3seal/k3s.env',
      'made/alder/etc/systemd/system/k3s-agent.service',
      'made/alder/etc/systemd/system/k3s-agent.service.d/50-k3seal.conf',
      'made/alder/etc/k3seal/k3s-agent.env',
    ]
    expect(stdout.trimEnd().split('\n')).toEqual(files)
    expect(filesBelow('made')).toEqual(['.gitignore', ...files.map((path) => path.slice(5))].sort())
    expect(read('made/.gitignore')).toBe('*\n')
    expect(read('made/alder/etc/k3seal/k3s-agent.env')).toBe(
      `# Join token of this K3s agent, delivered by k3seal/deliver.yml. Keep it root:root 0600.\nK3S_TOKEN='Marker'"'"'$\`tide"!4711zq'\n`,
    )
    expect(read('made/alder/etc/systemd/system/k3s-agent.service.d/50-k3seal.conf')).toMatch(
      /\[Service\]\nEnvironmentFile=\/etc\/k3seal\/k3s-agent\.env\n$/,
    )
    const commandOf = (host: string, unit: string): string | undefined =>
      /^ExecStart=.*$/m.exec(read(`made/${host}/etc/systemd/system/${unit}.service`))?.[0].trimEnd()
    expect(commandOf('larch', 'k3s')).toBe('ExecStart=/usr/local/bin/k3s server --cluster-init')
    expect(commandOf('elm', 'k3s')).toBe(
      'ExecStart=/usr/local/bin/k3s server --server https://[fd00::10]:6443',
    )
    expect(commandOf('alder', 'k3s-agent')).toBe(
      'ExecStart=/usr/local/bin/k3s agent --server https://[fd00::10]:6443 --node-label berth=7',
    )
  })

  test('keeps the token in env files that nobody else can read', async () => {
    const { stdout, stderr } = await run()
    for (const path of filesBelow('made')) {
      const isEnv = path.endsWith('.env')
      expect(read(`made/${path}`).includes('4711zq'), path).toBe(isEnv)
      expect(modeOf(`made/${path}`), path).toBe(isEnv ? 0o600 : 0o644)
    }
    for (const path of ['made', 'made/larch', 'made/larch/etc/k3seal', 'made/larch/etc/systemd/system'])
      expect(modeOf(path), path).toBe(0o700)
    expect(stdout + stderr).not.toContain('4711zq')
  })

  test('is rendered a second time without a change', async () => {
    await run()
    const times = (): number[] => filesBelow('made').map((path) => statSync(join(dir, 'made', path)).ctimeMs)
    const before = times()
    const { stdout, stderr } = await run()
    expect(times()).toEqual(before)
    expect(stdout.split('\n')).toHaveLength(10)
    expect(stderr).toMatch(/^All of them were there already, as they should be\.$/m)
    expect(stderr).not.toMatch(/Wrote|git/)
  })

  test('an env file that others could read is narrowed, new directories too', async () => {
    mkdirSync(join(dir, 'made'))
    await run('--host', 'larch')
    expect(modeOf('made/larch')).toBe(0o700)
    chmodSync(join(dir, 'made/larch/etc/k3seal/k3s.env'), 0o644)
    await run()
    expect(modeOf('made/larch/etc/k3seal/k3s.env')).toBe(0o600)
  })

  test('OpenRC gets an init script and a marked block', async () => {
    await run('--service-manager', 'openrc', '--host', 'alder')
    expect(filesBelow('made/alder')).toEqual([
      'etc/conf.d/k3s-agent',
      'etc/init.d/k3s-agent',
      'etc/k3seal/k3s-agent.env',
    ])
    expect(modeOf('made/alder/etc/init.d/k3s-agent')).toBe(0o755)
    expect(read('made/alder/etc/init.d/k3s-agent')).toMatch(/^#!\/sbin\/openrc-run\n/)
    expect(read('made/alder/etc/conf.d/k3s-agent')).toMatch(
      /^# BEGIN k3seal\nstart\(\) \{\n[\s\S]*\. \/etc\/k3seal\/k3s-agent\.env\n[\s\S]*\n\}\n# END k3seal\n$/,
    )
  })

  test('a wrong password: one message for all hosts, nothing written', async () => {
    put('pass', 'another\n', 0o600)
    const { fault, stderr } = await run()
    expect(fault?.at).toBe('inventory.yml:16:29')
    expect(fault?.message).toMatch(/^larch, elm, alder: the vault password .*; nothing was written$/)
    expect(stderr).toBe('')
    expect(existsSync(join(dir, 'made'))).toBe(false)
  })

  test('no password at all', async () => {
    const { fault } = await render('-i', 'inventory.yml', '--out', 'made')
    expect(fault?.message).toMatch(/there is no vault password/)
    expect(fault?.fix).toMatch(/--vault-password-file/)
  })

  test('ansible.cfg names inventory and password', async () => {
    put('ansible.cfg', '[defaults]\ninventory = inventory.yml\nvault_password_file = pass\n')
    const { fault } = await render('--out', 'made')
    expect(fault).toBeUndefined()
    expect(filesBelow('made')).toHaveLength(10)
  })
})

test('a file that is vaulted as a whole is opened, and what it says is secret', async () => {
  put(
    'inventory.yml',
    inventory('token: "{{ vault_pier }}"\nextra_server_args: "--datastore-endpoint={{ vault_store }}"'),
  )
  put(
    'group_vars/k3s_cluster/vault.yml',
    `${encryptVault(new Secret(`vault_pier: ${token.replaceAll("'", 'x')}\nvault_store: postgres://hidden\n`), new Secret(password))}\n`,
  )
  put('pass', password, 0o600)
  const { fault } = await render('-i', 'inventory.yml', '--out', 'made', '--vault-password-file', 'pass')
  expect(fault).toBeUndefined()
  expect(read('made/larch/etc/systemd/system/k3s.service')).toContain('postgres://hidden')
  expect(modeOf('made/larch/etc/systemd/system/k3s.service')).toBe(0o600)
  expect(modeOf('made/alder/etc/systemd/system/k3s-agent.service')).toBe(0o644)
})

test('an agent token goes to the servers beside the server token', async () => {
  put(
    'inventory.yml',
    `server:
  hosts: { larch: }
  vars: { token: Wq8vRt2LmZp0Xy7c, k3seal_agent_token: Jn5bHs9KdQa3Fu6e }
agent:
  hosts: { alder: }
  vars: { token: Jn5bHs9KdQa3Fu6e, api_endpoint: 10.0.0.1 }
`,
  )
  const { fault } = await render('-i', 'inventory.yml', '--out', 'made')
  expect(fault).toBeUndefined()
  expect(read('made/larch/etc/k3seal/k3s.env')).toMatch(
    /\nK3S_TOKEN=Wq8vRt2LmZp0Xy7c\nK3S_AGENT_TOKEN=Jn5bHs9KdQa3Fu6e\n$/,
  )
  expect(read('made/alder/etc/k3seal/k3s-agent.env')).toMatch(/\nK3S_TOKEN=Jn5bHs9KdQa3Fu6e\n$/)
  expect(modeOf('made/larch/etc/k3seal/k3s.env')).toBe(0o600)
})

test('groups and services of other names', async () => {
  put(
    'hosts.ini',
    `[k3s_server]
larch
[k3s_agent]
alder k3seal_agent_service=k3s-node
[all:vars]
token=Wq8vRt2LmZp0Xy7c
api_endpoint=10.0.0.1
`,
  )
  const { fault, stdout } = await render('-i', 'hosts.ini', '--out', 'made')
  expect(fault).toBeUndefined()
  expect(stdout).not.toMatch(/alder.*\.service$/m)
  expect(filesBelow('made/alder')).toEqual([
    'etc/k3seal/k3s-node.env',
    'etc/systemd/system/k3s-node.service.d/50-k3seal.conf',
  ])
  expect(filesBelow('made/larch')).toContain('etc/systemd/system/k3s.service')
})

describe('what is refused', () => {
  const refusedWith = async (text: string, ...more: string[]): Promise<Outcome> => {
    put('inventory.yml', text)
    const outcome = await render('-i', 'inventory.yml', '--out', 'made', ...more)
    expect(outcome.fault).toBeDefined()
    expect(existsSync(join(dir, 'made'))).toBe(false)
    return outcome
  }

  test.each([
    ['token: ""', 'inventory.yml:16:12', /^larch, elm, alder: token is empty/],
    ['token: null', 'inventory.yml:16:12', /token is empty/],
    ['token: "{{ nowhere }}"', 'inventory.yml:16:12', /token is made of a variable that is not defined/],
    ['k3s_token: Wq8vRt2LmZp0Xy7c', undefined, /token is not defined/],
    ['token: 123456789', 'inventory.yml:16:12', /token is a number/],
    ['token: [a]', 'inventory.yml:16:12', /token is a list/],
    ['token: changeme!', 'inventory.yml:16:12', /token: everybody can read it at https/],
    ['token: K10abc', 'inventory.yml:16:12', /token: K3s refuses it/],
    ['token: "Wq8vRt2LmZp0Xy7c "', 'inventory.yml:16:12', /token: white space/],
    ['token: "{{ token }}"', 'inventory.yml:16:12', /leads back to itself/],
  ])('%s', async (variable, at, message) => {
    const { fault } = await refusedWith(inventory(variable))
    expect(fault?.at).toBe(at)
    expect(fault?.message).toMatch(message)
    expect(fault?.message).toMatch(/nothing was written$/)
    expect(fault?.fix).not.toBe('')
    expect(`${fault?.message}${fault?.fix}`).not.toMatch(/Wq8v|123456789/)
  })

  test('a bootstrap token: agents may have it, servers not', async () => {
    const { fault } = await refusedWith(inventory('token: vjz3d1.q8tw5mzx0l2r7c4k'))
    expect(fault?.message).toMatch(
      /^larch, elm: token: it is no token for a server: servers take no bootstrap tokens/,
    )
    expect(fault?.message).not.toContain('alder')
  })

  test('all that is wrong is told at once', async () => {
    const { fault, stderr } = await refusedWith(`server:
  hosts:
    larch: { token: '' }
    elm: { token: changeme! }
agent:
  hosts:
    alder:
    ../birch: { token: Wq8vRt2LmZp0Xy7c, api_endpoint: a }
`)
    expect(fault?.message).toBe('4 things are wrong with 4 hosts; nothing was written')
    expect(stderr).toMatch(/inventory\.yml:3:21: error: larch: token is empty\n {2}cure: /)
    expect(stderr).toMatch(/inventory\.yml:4:19: error: elm: token: everybody/)
    expect(stderr).toMatch(/error: alder: token is not defined\n {2}cure: /)
    expect(stderr).toMatch(/error: \.\.\/birch: .*lead to another directory/)
  })

  test('tokens that do not fit together', async () => {
    const { stderr } = await refusedWith(`server:
  hosts:
    larch: { token: Wq8vRt2LmZp0Xy7c, api_endpoint: a }
    elm: { token: Jn5bHs9KdQa3Fu6e, api_endpoint: a }
agent:
  hosts:
    alder: { token: Jn5bHs9KdQa3Fu6e, api_endpoint: a }
`)
    expect(stderr).toMatch(/inventory\.yml:4:19: error: elm: token differs from that of the first server/)
    expect(stderr).toMatch(
      /inventory\.yml:7:21: error: alder: token is neither the token of the first server nor/,
    )
  })

  test('a missing endpoint names the place in the template', async () => {
    const { fault } = await refusedWith(
      'server: { hosts: { larch: } }\nagent: { hosts: { alder: } }\nall: { vars: { token: Wq8vRt2LmZp0Xy7c } }\n',
    )
    expect(fault?.message).toMatch(/^alder: 'api_endpoint' is undefined/)
    expect(fault?.fix).toMatch(/set api_endpoint/)
    expect(fault?.at).toMatch(/^k3s-agent\.service\.j2:\d+:\d+$/)
  })

  test('a host in both groups, an unknown host, a host that is no node, an inventory without nodes', async () => {
    const both = await refusedWith('server: { hosts: { larch: } }\nagent: { hosts: { larch: } }\n')
    expect(both.fault?.message).toMatch(/^larch: the host is both in server and in agent/)
    const unknown = await refusedWith(inventory('token: Wq8vRt2LmZp0Xy7c'), '--host', 'lurch')
    expect(unknown.fault?.fix).toBe('did you mean larch?')
    const noNode = await refusedWith(inventory('token: Wq8vRt2LmZp0Xy7c'), '--host', 'quay')
    expect(noNode.fault?.message).toMatch(/^quay: the host is neither in server nor in agent/)
    const none = await refusedWith('all: { hosts: { quay: } }\n')
    expect(none.fault?.message).toBe('the inventory has no K3s servers or agents')
  })

  test('an inventory that is broken or not there', async () => {
    const broken = await refusedWith('server:\n  hosts: [\n')
    expect(`${broken.fault?.at} ${broken.stderr}`).toMatch(/inventory\.yml:\d+:\d+/)
    expect((await render('-i', 'nowhere.yml', '--out', 'made')).fault?.at).toBe('nowhere.yml')
    expect((await render('--out', 'made')).fault?.fix).toMatch(/-i inventory\.yml/)
  })

  test('a service or a directory that would lead elsewhere', async () => {
    const service = await refusedWith(inventory('token: Wq8vRt2LmZp0Xy7c\nk3seal_agent_service: ../../x'))
    expect(service.fault?.message).toMatch(/k3seal_agent_service is no name of a service/)
    const directory = await refusedWith(inventory('token: Wq8vRt2LmZp0Xy7c\nsystemd_dir: /etc/../../x'))
    expect(directory.fault?.message).toMatch(/systemd_dir is no plain absolute path/)
  })

  test('a directory that holds something else, unless forced', async () => {
    put('inventory.yml', inventory('token: Wq8vRt2LmZp0Xy7c'))
    put('made/notes.txt', 'mine\n')
    const { fault } = await render('-i', 'inventory.yml', '--out', 'made')
    expect(fault?.message).toBe('holds something that k3seal did not render')
    expect(filesBelow('made')).toEqual(['notes.txt'])
    expect((await render('-i', 'inventory.yml', '--out', 'made', '--force')).fault).toBeUndefined()
    expect(read('made/.gitignore')).toBe('*\n')
    put('other/.gitignore', 'build\n')
    await render('-i', 'inventory.yml', '--out', 'other', '--force')
    expect(read('other/.gitignore')).toBe('build\n')
  })
})

test('git: a work tree is warned of once, tokens that it would take always', async () => {
  execFileSync('git', ['init', '-q', dir])
  put('inventory.yml', inventory('token: Wq8vRt2LmZp0Xy7c'))
  const first = await render('-i', 'inventory.yml', '--out', 'made')
  expect(first.stderr).toMatch(
    /made lies in a git work tree and will hold tokens: its \.gitignore keeps git away/,
  )
  const visible = (): string => execFileSync('git', ['-C', dir, 'status', '--short'], { encoding: 'utf8' })
  expect(visible()).not.toContain('made')
  expect((await render('-i', 'inventory.yml', '--out', 'made')).stderr).not.toMatch(/git/)
  put('other/.gitignore', 'build\n')
  const forced = await render('-i', 'inventory.yml', '--out', 'other', '--force')
  expect(forced.stderr).toMatch(/git would take the tokens in other: put \/other\/ into \.gitignore/)
})

test('warnings are told and do not stop', async () => {
  put('inventory.yml', inventory('token: short'))
  const { fault, stderr } = await render('-i', 'inventory.yml', '--out', 'made')
  expect(fault).toBeUndefined()
  expect(stderr).toMatch(/inventory\.yml:16:12: warning: larch, elm, alder: token: it is weak/)
})

test.each([
  ['larch', undefined],
  ['larch.example', undefined],
  ['10.0.0.1', undefined],
  ['..', 'another directory'],
  ['', 'another directory'],
  ['a/b', 'lead to another'],
  ['a\\b', 'lead to another'],
  ['fd00::1', 'not every system'],
  ['a\u0000', 'not every system'],
  ['pier.', 'Windows drops'],
  ['NUL', 'device'],
  ['com1.example', 'device'],
  ['.git', 'git or k3seal'],
  ['x'.repeat(201), 'too long'],
])('%j as the name of a directory', (name, problem) => {
  if (problem === undefined) expect(directoryNameProblem(name)).toBeUndefined()
  else expect(directoryNameProblem(name)).toContain(problem)
})
