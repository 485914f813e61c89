import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from '../src/commands/parse.ts'
import type { ExitStatus, Session } from '../src/commands/session.ts'
import { command } from '../src/commands/token/index.ts'
import { UserError } from '../src/errors.ts'

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'k3seal-token-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

class Sink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

interface Outcome {
  readonly status: ExitStatus
  readonly stdout: string
  readonly stderr: string
  readonly error: UserError | undefined
}

async function token(
  args: readonly string[],
  stdin: string | Buffer = '',
  terminal = false,
): Promise<Outcome> {
  const stdout = new Sink()
  const stderr = new Sink()
  const input = Object.assign(Readable.from([Buffer.from(stdin as string)]), terminal ? { isTTY: true } : {})
  const session: Session = {
    cwd: directory,
    env: { PATH: process.env.PATH },
    stdin: input,
    stdout,
    stderr,
    interactive: false,
    color: false,
  }
  let status: ExitStatus = 0
  let error: UserError | undefined
  try {
    const program = command(session, (set) => {
      status = set
    })
    status = (await parse(program, args, session)) ?? status
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown
    error = thrown
    status = 2
  }
  return { status, stdout: stdout.text, stderr: stderr.text, error }
}

const STRONG = 'mYz3kQ8sWn5LpXr2VtHc7JdF'

describe('token new', () => {
  test.each([
    [[], /^[A-Za-z0-9]{64}\n$/],
    [['--kind', 'agent', '--length', '20'], /^[A-Za-z0-9]{20}\n$/],
    [['--kind', 'bootstrap'], /^[a-z0-9]{6}\.[a-z0-9]{16}\n$/],
    [['--kind', 'microk8s'], /^[0-9a-f]{32}\n$/],
    [['--alphabet', 'hex', '--count', '3'], /^([0-9a-f]{64}\n){3}$/],
    [['--alphabet', 'symbols', '--length', '40'], /^[A-Za-z0-9_-]{40}\n$/],
  ])('%j prints tokens and nothing else', async (args, shape) => {
    const { status, stdout, stderr } = await token(['new', ...args])
    expect(stdout).toMatch(shape)
    expect(stderr).toBe('')
    expect(status).toBe(0)
  })

  test('--count gives as many different ones', async () => {
    const { stdout } = await token(['new', '--count', '500'])
    expect(new Set(stdout.trimEnd().split('\n')).size).toBe(500)
  })

  test.each([
    [['--length', '15'], /from 16 to 1024/],
    [['--length', '-1'], /whole number/],
    [['--length', '1e2'], /whole number/],
    [['--length', ''], /whole number/],
    [['--count', '0'], /from 1 to 10000/],
    [['--count', '10001'], /from 1 to 10000/],
    [['--count', 'many'], /whole number/],
    [['--kind', 'harbour'], /harbour.*is invalid.*server, agent, bootstrap, microk8s/i],
    [['--alphabet', 'runes'], /runes.*is invalid/],
    [['--kind', 'microk8s', '--length', '16'], /from 32 to 128.*MicroK8s refuses/],
    [['--kind', 'bootstrap', '--length', '32'], /length of a bootstrap token is 23/],
    [['--harbour'], /unknown option/],
    [['surplus'], /too many arguments/],
  ])('%j is wrong use', async (args, cause) => {
    const { status, stdout, error } = await token(['new', ...args])
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(error?.message).toMatch(cause)
    expect(error?.fix).toMatch(/\S/)
  })

  test('--out writes a new file for its owner alone', async () => {
    const { status, stdout, stderr } = await token(['new', '--out', 'larch.token', '--count', '2'])
    expect(status).toBe(0)
    expect(stdout).toBe('')
    expect(stderr).toContain('larch.token')
    expect(readdirSync(directory)).toEqual(['larch.token'])
    expect(readFileSync(join(directory, 'larch.token'), 'utf8')).toMatch(/^([A-Za-z0-9]{64}\n){2}$/)
    if (process.platform !== 'win32')
      expect(statSync(join(directory, 'larch.token')).mode & 0o777).toBe(0o600)
  })

  test('--out replaces nothing', async () => {
    writeFileSync(join(directory, 'larch.token'), 'in use\n')
    mkdirSync(join(directory, 'beech'))
    for (const [out, cause] of [
      ['larch.token', 'is there already'],
      ['beech', 'is there already'],
      ['no/such/place', 'directory does not exist'],
    ] as const) {
      const { status, stdout, error } = await token(['new', '--out', out])
      expect(status).toBe(2)
      expect(stdout).toBe('')
      expect(error?.message).toContain(cause)
      expect(error?.at).toContain(out)
    }
    expect(readFileSync(join(directory, 'larch.token'), 'utf8')).toBe('in use\n')
    expect(readdirSync(directory).sort()).toEqual(['beech', 'larch.token'])
  })

  test('--out warns where git would take the file', async () => {
    mkdirSync(join(directory, '.git'))
    expect((await token(['new', '--out', 'larch.token'])).stderr).toContain('git would take it')
  })
})

describe('token inspect', () => {
  test.each([
    [`${STRONG}\n`, 0],
    [`${STRONG}\r\n`, 0],
    [STRONG, 0],
    [`K10${'a'.repeat(64)}::server:${STRONG}\n`, 0],
    ['', 1],
    ['\n', 1],
    ['larch', 1],
    ['changeme!\n', 1],
    ['K10larch\n', 1],
    [`K10${'A'.repeat(64)}::server:${STRONG}`, 1],
    [`${STRONG}%\n`, 1],
    [` ${STRONG}\n`, 1],
    [`${STRONG}\n\n`, 1],
  ])('%j ends with %i', async (stdin, expected) => {
    const { status, stdout, error } = await token(['inspect'], stdin)
    expect(error).toBeUndefined()
    expect(status).toBe(expected)
    expect(stdout).not.toContain(STRONG)
  })

  test('one line break is taken off, and other white space is told of', async () => {
    expect((await token(['inspect'], `${STRONG}\n`)).stderr).toBe('')
    expect((await token(['inspect'], `${STRONG} \n`)).stderr).toMatch(/white space around the token/)
    expect((await token(['inspect'], `${STRONG}\n\n`)).stderr).toMatch(/white space around the token/)
    const exact = await token(['inspect', '--exact'], `${STRONG}\n`)
    expect(exact.status).toBe(1)
    expect(exact.stdout).toMatch(/error: white space or a line break stands around the token/)
  })

  test('--file reads the same, --json prints the same facts', async () => {
    writeFileSync(join(directory, 'larch.token'), `${STRONG}\n`)
    const { stdout, status } = await token(['inspect', '--json', '--file', 'larch.token'])
    expect(status).toBe(0)
    const report = JSON.parse(stdout)
    expect(report).toMatchObject({
      version: 1,
      form: { kind: 'short' },
      strength: { bits: 142 },
      problems: [],
    })
    expect(stdout).not.toContain(STRONG)
  })

  test.each([
    [['--file', 'none'], /does not exist/],
    [['--file', '.'], /can't be read/],
    [['--ca', 'none'], /does not exist/],
    [['--ca', 'ca.txt'], /no certificate in PEM form/],
    [['--ca', 'damaged.crt'], /damaged certificate/],
    [['--file', 'latin1'], /no UTF-8/],
    [['--file', 'large'], /more than the 128 KiB/],
  ])('%j can not be used', async (args, cause) => {
    writeFileSync(join(directory, 'ca.txt'), 'harbour')
    writeFileSync(
      join(directory, 'damaged.crt'),
      '-----BEGIN CERTIFICATE-----\nMIIBaGFyYm91cg==\n-----END CERTIFICATE-----\n',
    )
    writeFileSync(join(directory, 'latin1'), Buffer.from([0x67, 0xf6, 0x74]))
    writeFileSync(join(directory, 'large'), 'z'.repeat(200_000))
    const { status, error, stdout } = await token(['inspect', ...args], STRONG)
    expect(status).toBe(2)
    expect(stdout).toBe('')
    expect(error?.message).toMatch(cause)
  })

  test('a token on the command line is refused and not repeated', async () => {
    for (const args of [
      ['inspect', STRONG],
      ['inspect', '--json', STRONG],
      ['inspect', `--token=${STRONG}`],
      ['inspect', '--token', STRONG],
      ['inspect', `-t${STRONG}`],
      ['inspect', `--${STRONG}`],
      ['inspect', '--', STRONG],
      ['inspect', '--file', STRONG],
      ['inspect', `--json=${STRONG}`],
      [STRONG],
      [`--token=${STRONG}`],
      ['inspct', STRONG],
    ]) {
      const { status, stdout, stderr, error } = await token(args)
      expect(status, args.join(' ')).toBe(2)
      expect(stdout + stderr + error?.message + error?.fix + error?.at).not.toContain(STRONG.slice(0, 6))
      if (args[0] === 'inspect' && args[1] !== '--file') expect(error?.message).toMatch(/history/)
    }
  })

  test('with nothing to read and nobody to ask it names the flags', async () => {
    const { status, error } = await token(['inspect'], '', true)
    expect(status).toBe(2)
    expect(error?.fix).toContain('--file')
  })
})

test('without a subcommand it names them', async () => {
  expect((await token([])).error?.message).toContain('new or inspect')
  expect((await token(['inspekt'])).error?.fix).toBe('did you mean inspect?')
})

test.each([[['--help']], [['new', '--help']], [['inspect', '--help']]])('%j', async (args) => {
  const { status, stdout } = await token(args)
  expect(status).toBe(0)
  expect(stdout).toMatch(/Usage: k3seal token/)
})
