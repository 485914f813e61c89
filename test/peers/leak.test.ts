import { spawnSync } from 'node:child_process'
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
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { run } from '../tools/peers.ts'

const root = join(import.meta.dirname, '../..')
const cli = join(root, 'dist/k3seal.js')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-leak-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Nothing else on this machine holds these. */
const token = 'Marker0TokenOfTheOrchard7Qd3mZx0vK2rPj5sWyB8nGh4LtC6aEu1'
const password = 'marker-password-of-the-cellar-9f31'
const markers = [token, password]

const home = join(scratch, 'home')
const temporary = join(scratch, 'tmp')
const site = join(scratch, 'site')
const probe = join(scratch, 'probe')
const log = join(scratch, 'writes')
const tokenFile = join(scratch, 'token')
const passwordScript = join(scratch, 'vault-pass')

beforeAll(() => {
  expect(existsSync(cli), 'dist/k3seal.js is missing: npm run build').toBe(true)
  for (const directory of [home, temporary, site]) mkdirSync(directory)
  writeFileSync(tokenFile, `${token}\n`, { mode: 0o600 })
  writeFileSync(join(scratch, 'password'), `${password}\n`, { mode: 0o600 })
  writeFileSync(join(scratch, 'markers.json'), JSON.stringify(markers), { mode: 0o600 })
  // Runs as a child of k3seal, and looks at every process that it can see at that moment.
  writeFileSync(
    passwordScript,
    `#!/bin/sh\ncat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null >>${probe}\ncat ${scratch}/password\n`,
  )
  chmodSync(passwordScript, 0o700)
  run('git', ['init', '--quiet', site])
})

interface Ran {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
  /** Every file write that held a marker, `path mode`. */
  readonly writes: readonly string[]
}

function k3seal(args: readonly string[], input = ''): Ran {
  rmSync(log, { force: true })
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], {
    cwd: scratch,
    encoding: 'utf8',
    input,
    env: {
      PATH: process.env.PATH,
      HOME: home,
      TMPDIR: temporary,
      NODE_OPTIONS: `--require=${join(import.meta.dirname, 'leak/watch.cjs')}`,
      LEAK_MARKERS_FILE: join(scratch, 'markers.json'),
      LEAK_LOG: log,
    },
  })
  const writes = existsSync(log)
    ? readFileSync(log, 'utf8')
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { path: string; mode: string })
        .map(({ path, mode }) => `${path} ${mode}`)
    : []
  return { status, stdout, stderr, writes }
}

const shows = (text: string): boolean => markers.some((marker) => text.includes(marker))

const filesBelow = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => join(directory, name))
    .filter((path) => statSync(path).isFile())

const initArgs = [
  ...['init', 'site', '--server', 'larch=10.0.0.1', '--agent', 'rowan=10.0.0.2', '--user', 'ops'],
  ...['--k3s-version', 'v1.36.5+k3s1', '--token-file', tokenFile, '--vault-password-file', passwordScript],
]

describe('the watch itself', () => {
  test('sees a marker in a file that lives for a moment', () => {
    const { status } = spawnSync(
      process.execPath,
      [
        '--input-type=module',
        '-e',
        `import { writeFileSync, openSync, writeSync, rmSync } from 'node:fs'
         writeFileSync('${temporary}/a', '${token}', { mode: 0o644 }); rmSync('${temporary}/a')
         writeSync(openSync('${temporary}/b', 'w', 0o600), Buffer.from('x${password}')); rmSync('${temporary}/b')`,
      ],
      {
        env: {
          NODE_OPTIONS: `--require=${join(import.meta.dirname, 'leak/watch.cjs')}`,
          LEAK_MARKERS_FILE: join(scratch, 'markers.json'),
          LEAK_LOG: log,
        },
      },
    )
    expect(status).toBe(0)
    expect(readFileSync(log, 'utf8')).toContain(`{"path":"${temporary}/a","mode":"644"}`)
    expect(readFileSync(log, 'utf8')).toContain(`{"path":"${temporary}/b","mode":"600"}`)
  })
})

describe.sequential('no secret is shown or left', () => {
  test('by init: not on a stream, in a file, in an argument or in an environment', () => {
    const preview = k3seal([...initArgs, '--dry-run', '--yes'])
    expect(preview.stderr + preview.stdout, preview.stderr).toContain('inventory.yml')
    expect(shows(preview.stdout + preview.stderr)).toBe(false)
    expect(preview.writes).toEqual([])

    const written = k3seal([...initArgs, '--save-answers', 'answers.yml', '--yes'])
    expect(written.status, written.stderr).toBe(0)
    expect(shows(written.stdout + written.stderr)).toBe(false)
    expect(written.writes).toEqual([])
    const probed = readFileSync(probe, 'latin1')
    expect(probed).toContain('k3seal.js')
    expect(shows(probed)).toBe(false)
    for (const path of [...filesBelow(site), ...filesBelow(home), ...filesBelow(temporary)])
      expect(shows(readFileSync(path, 'latin1')), path).toBe(false)
    expect(shows(readFileSync(join(scratch, 'answers.yml'), 'utf8'))).toBe(false)
  })

  test('by a new vault password: it stands in one file, 0600, that git does not take', () => {
    const inside = join(site, 'second/vault-password')
    const args = ['init', 'site/second', '--server', 'larch', '--k3s-version', 'v1.36.5+k3s1', '--yes']
    const visible = k3seal([...args, '--new-vault-password', join(site, 'vault-password')])
    expect(visible.status).toBe(2)
    expect(visible.stderr).toContain('git work tree')
    expect(existsSync(join(site, 'second'))).toBe(false)

    const made = k3seal([...args, '--new-vault-password', inside])
    expect(made.status, made.stderr).toBe(0)
    const secret = readFileSync(inside, 'utf8').trim()
    expect(statSync(inside).mode & 0o777).toBe(0o600)
    expect(made.stdout + made.stderr).not.toContain(secret)
    for (const path of [...filesBelow(site), ...filesBelow(home), ...filesBelow(temporary)])
      if (path !== inside) expect(readFileSync(path, 'latin1').includes(secret), path).toBe(false)
  })

  test('by render: it stands in env files of 0600 alone, and git takes none of them', () => {
    const rendered = k3seal([
      ...[
        'render',
        '-i',
        'site/inventory.yml',
        '--out',
        'site/nodes',
        '--vault-password-file',
        passwordScript,
      ],
    ])
    expect(rendered.status, rendered.stderr).toBe(0)
    expect(shows(rendered.stdout + rendered.stderr)).toBe(false)
    expect(rendered.writes).toHaveLength(2)
    for (const write of rendered.writes) expect(write).toMatch(/ 600$/)
    const holders = filesBelow(site).filter((path) => shows(readFileSync(path, 'latin1')))
    expect(holders.map((path) => path.slice(site.length + 1)).sort()).toEqual([
      'nodes/larch/etc/k3seal/k3s.env',
      'nodes/rowan/etc/k3seal/k3s-agent.env',
    ])
    for (const path of holders) expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  test('by git: nothing that it takes holds one', () => {
    run('git', ['-C', site, 'add', '--all'])
    const staged = run('git', ['-C', site, 'ls-files', '--stage']).stdout
    expect(staged).toContain('inventory.yml')
    expect(staged).not.toContain('vault-password')
    for (const marker of markers)
      expect(run('git', ['-C', site, 'grep', '--cached', '--fixed-strings', '--count', marker]).status).toBe(
        1,
      )
  })

  test('by lint: what it keeps of a token in clear text is where it stands', () => {
    const careless = join(scratch, 'careless')
    mkdirSync(careless)
    writeFileSync(
      join(careless, 'inventory.yml'),
      `k3s_cluster: {hosts: {larch: }, vars: {k3s_token: ${token}, vault_password: ${password}}}\n`,
    )
    for (const format of ['text', 'json', 'text']) {
      const linted = k3seal(['lint', '--format', format, careless])
      expect(linted.status, linted.stderr).toBe(1)
      expect(shows(linted.stdout + linted.stderr)).toBe(false)
      expect(linted.writes).toEqual([])
    }
    const kept = filesBelow(join(home, '.cache/k3seal')).map((path) => readFileSync(path, 'latin1'))
    expect(kept.some((text) => text.includes('token-plaintext'))).toBe(true)
    expect(kept.some(shows)).toBe(false)
  })

  test('by token inspect, whichever way the token comes in and whatever is wrong with it', () => {
    for (const [args, input] of [
      [['token', 'inspect'], `${token}\n`],
      [['token', 'inspect', '--json'], `${token}\n`],
      [['token', 'inspect', '--file', tokenFile], ''],
      [['token', 'inspect'], ` K10${'a'.repeat(64)}::server:${token} \n`],
      [['token', 'inspect', token], ''],
      [['token', 'inspect', `--token=${token}`], ''],
    ] as const) {
      const { stdout, stderr, writes } = k3seal(args, input)
      expect(stdout + stderr).not.toBe('')
      expect(shows(stdout + stderr), args.slice(0, 2).join(' ')).toBe(false)
      expect(writes).toEqual([])
    }
  })

  test('by errors: wrong password, broken inventory, password script that fails', () => {
    writeFileSync(join(scratch, 'wrong'), 'another\n', { mode: 0o600 })
    const wrong = k3seal([
      ...['render', '-i', 'site/inventory.yml', '--out', 'site/other', '--vault-password-file', 'wrong'],
    ])
    expect(wrong.status).toBe(2)
    expect(wrong.stderr).toContain('inventory.yml:')
    writeFileSync(join(scratch, 'plain.yml'), `k3s_cluster:\n  vars:\n    token: ${token}\n   bad: 1\n`)
    const broken = k3seal(['render', '-i', 'plain.yml', '--out', 'site/other'])
    expect(broken.status).toBe(2)
    const failing = join(scratch, 'failing')
    writeFileSync(failing, `#!/bin/sh\ncat ${scratch}/password\ncat ${scratch}/password >&2\nexit 3\n`)
    chmodSync(failing, 0o700)
    const failed = k3seal([
      ...['render', '-i', 'site/inventory.yml', '--out', 'site/other', '--vault-password-file', failing],
    ])
    expect(failed.status).toBe(2)
    for (const { stdout, stderr } of [wrong, broken, failed]) {
      expect(shows(stdout + stderr)).toBe(false)
      expect(stderr).toContain('cure:')
      expect(stderr).not.toMatch(/^ {4}at /m)
    }
    expect(existsSync(join(site, 'other'))).toBe(false)
  })
})
