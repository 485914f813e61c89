import { execFileSync, type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { readManifest, sumsText } from '../../src/airgap/bundle.ts'
import { UserError } from '../../src/errors.ts'
import { dockerArchive, elfBinary, gzip, ociArchive, zstd } from '../tools/imageArchives.ts'

const root = join(import.meta.dirname, '../..')
const cli = join(root, 'dist/k3seal.js')
const python = join(root, 'test/.peers/ansible-newest/bin/python')
const nodes = ['node22', 'node24'].map((name) => join(root, `test/.peers/${name}/node_modules/node/bin/node`))
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-airgap-'))
const bundle = join(scratch, 'bundle.tar.gz')
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const run = (file: string, args: readonly string[], cwd = scratch): string =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

function k3seal(args: readonly string[], env: Record<string, string> = {}): SpawnSyncReturns<string> {
  return spawnSync(process.execPath, [cli, ...args], {
    cwd: scratch,
    encoding: 'utf8',
    env: { ...process.env, HOME: join(scratch, 'home'), ...env },
  })
}

function done(args: readonly string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = k3seal(args, env)
  expect(status, stderr).toBe(0)
  return stdout
}

function refused(args: readonly string[], env: Record<string, string> = {}): string {
  const { status, stdout, stderr } = k3seal(args, env)
  expect([status, stdout]).toEqual([2, ''])
  return stderr
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(scratch, path)), { recursive: true })
  writeFileSync(join(scratch, path), content)
}

const pack = ['airgap', 'pack', 'site/airgap', '-i', 'site/inventory.yml']

beforeAll(async () => {
  write('password', 'sloe-and-hawthorn\n')
  chmodSync(join(scratch, 'password'), 0o600)
  done([
    ...['init', 'site', '--server', 's1=10.0.0.1', '--agent', 'a1=10.0.0.2,arch=arm64', '--user', 'ops'],
    ...[
      '--k3s-version',
      'v1.31.5+k3s1',
      '--airgap-dir',
      'airgap',
      '--vault-password-file',
      'password',
      '--yes',
    ],
  ])
  for (const arch of ['amd64', 'arm64'] as const) {
    const images = ['rancher/mirrored-pause:3.6', 'rancher/klipper-lb:v0.4.9'].map((name) => ({ name, arch }))
    write(`site/airgap/k3s-${arch}`, elfBinary(arch, { size: 300_000 }))
    write(`site/airgap/k3s-airgap-images-${arch}.tar.zst`, zstd(await ociArchive(images)))
    write(`site/airgap/extra-${arch}.tar.gz`, gzip(await dockerArchive(images.slice(1))))
  }
  write(`site/airgap/${'deep/'.repeat(30)}caf\u00e9`, 'x')
  done([...pack, '-o', 'bundle.tar.gz'])
})

test('gzip and tar read it, sha256sum agrees, and k3seal unpacks the same files', () => {
  run('gzip', ['-t', bundle])
  mkdirSync(join(scratch, 'by-tar'))
  run('tar', ['-xzf', bundle, '-C', 'by-tar'])
  const tree = join(scratch, 'by-tar/k3seal-bundle')
  const listed = run('tar', ['-tzf', bundle]).trim().split('\n')
  expect(listed.every((name) => name.startsWith('k3seal-bundle/'))).toBe(true)
  const lines = run('sha256sum', ['--strict', '-c', 'SHA256SUMS'], tree).trim().split('\n')
  expect(lines).toHaveLength(listed.length - 1)
  expect(lines.every((line) => line.endsWith(': OK'))).toBe(true)
  done(['airgap', 'unpack', 'bundle.tar.gz', '--out', 'by-k3seal'])
  expect(run('diff', ['-r', 'by-tar/k3seal-bundle', 'by-k3seal'])).toBe('')
  expect(statSync(join(scratch, 'by-k3seal/airgap/k3s-arm64')).mode & 0o777).toBe(0o755)
})

test('the same bytes on every Node, from files made in another order, at another time, by another user', () => {
  const first = readFileSync(bundle)
  const again = join(scratch, 'again')
  mkdirSync(join(again, 'site'), { recursive: true })
  const files = readdirSync(join(scratch, 'site'), { recursive: true, encoding: 'utf8' }).sort().reverse()
  for (const name of files) {
    const [from, to] = [join(scratch, 'site', name), join(again, 'site', name)]
    if (statSync(from).isDirectory()) continue
    mkdirSync(dirname(to), { recursive: true })
    cpSync(from, to)
    chmodSync(to, 0o640)
    utimesSync(to, 1_234_567_890, 1_234_567_890)
  }
  // Only root may give files away.
  if (process.getuid?.() === 0) run('chown', ['-R', '65534:65534', again])
  for (const [index, node] of [process.execPath, ...nodes].entries()) {
    run(node, [cli, ...pack, '-o', `on-${index}.tar.gz`], again)
    expect(readFileSync(join(again, `on-${index}.tar.gz`)).equals(first), node).toBe(true)
  }
})

test.each([process.execPath, ...nodes])('k3seal.cjs of the bundle runs alone on %s', (node) => {
  const far = mkdtempSync(join(scratch, 'far-'))
  done(['airgap', 'unpack', 'bundle.tar.gz', '--out', join(far, 'site')])
  const site = join(far, 'site')
  // Nothing but the file itself: neither node_modules nor dist is near.
  cpSync(join(site, 'k3seal.cjs'), join(far, 'alone.cjs'))
  const alone = (args: readonly string[], cwd = site): SpawnSyncReturns<string> =>
    spawnSync(node, [join(far, 'alone.cjs'), ...args], {
      cwd,
      encoding: 'utf8',
      env: { PATH: process.env.PATH, HOME: far },
    })
  expect(alone(['--version']).stdout).toBe(run(process.execPath, [cli, '--version']))
  expect(alone(['lint', '.']).status).toBe(0)
  const verified = alone(['airgap', 'verify', 'airgap', '-i', 'inventory.yml', '--json'])
  expect(verified.stderr).not.toContain('k3seal broke')
  expect((JSON.parse(verified.stdout) as { version: number }).version).toBe(1)
  expect(alone(['airgap', 'unpack', bundle, '--out', join(far, 'twice')]).status).toBe(0)
  expect(run('diff', ['-r', join(far, 'twice'), site])).toBe('')
  const password = ['--vault-password-file', join(scratch, 'password')]
  const made = alone(['init', 'new', '--server', 's1=10.0.0.1', '--user', 'ops', ...password, '--yes'])
  expect(made.status, made.stderr).toBe(0)
  const packed = spawnSync(
    node,
    ['k3seal.cjs', 'airgap', 'pack', 'airgap', '-i', 'inventory.yml', '-o', '../b.tar.gz'],
    {
      cwd: site,
      encoding: 'utf8',
    },
  )
  expect(packed.status, packed.stderr).toBe(0)
  expect(readFileSync(join(far, 'b.tar.gz')).equals(readFileSync(bundle))).toBe(true)
})

test('SHA256SUMS is what sha256sum writes, for odd names, too', () => {
  const odd = mkdtempSync(join(scratch, 'odd-'))
  const names = ['a\\b', 'a\nb', 'a\rb', ' lead', '*star', 'caf\u00e9', '\\', 'plain']
  for (const name of names) writeFileSync(join(odd, name), name)
  const sums = names.map((name) => {
    const [, sha256 = ''] = /([0-9a-f]{64})/.exec(run('sha256sum', ['--', name], odd)) ?? []
    return { path: name, sha256 }
  })
  const theirs = names
    .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
    .map((name) => run('sha256sum', ['--', name], odd))
    .join('')
  expect(sumsText(sums)).toBe(theirs)
  writeFileSync(join(odd, 'SUMS'), sumsText(sums))
  run('sha256sum', ['--strict', '--status', '-c', 'SUMS'], odd)
})

const VALIDATE = `
import glob, json, os, sys
from jsonschema import validators
from referencing import Registry, Resource
values, schema = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
resources = []
for path in sys.argv[3:]:
    for name in glob.glob(path):
        resources.append(('http://cyclonedx.org/schema/' + os.path.basename(name), Resource.from_contents(json.load(open(name)))))
kind = validators.validator_for(schema)
kind.check_schema(schema)
checker = kind(schema, registry=Registry().with_resources(resources), format_checker=kind.FORMAT_CHECKER)
print(json.dumps([['/'.join(map(str, e.absolute_path)) + ': ' + e.message for e in checker.iter_errors(v)] for v in values]))
`

/** What is wrong with each value, as Python's jsonschema sees it. */
function problems(
  values: readonly unknown[],
  schema: string,
  ...others: readonly string[]
): readonly string[][] {
  writeFileSync(join(scratch, 'values.json'), JSON.stringify(values))
  return JSON.parse(run(python, ['-c', VALIDATE, 'values.json', schema, ...others])) as string[][]
}

const text = (name: string): string => run('tar', ['-xOzf', bundle, `k3seal-bundle/${name}`])

test('the SBOM keeps to the schema of CycloneDX 1.6', () => {
  const schemas = join(root, 'node_modules/@cyclonedx/cyclonedx-library/res/schema')
  const bom = JSON.parse(text('bom.cdx.json')) as { components: { type: string }[] }
  const schema = join(schemas, 'bom-1.6.SNAPSHOT.schema.json')
  const [right, wrong] = problems([bom, { ...bom, serialNumber: 'quay' }], schema, join(schemas, '*.json'))
  expect(right).toEqual([])
  expect(wrong).toHaveLength(1)
  expect(bom.components.filter(({ type }) => type === 'container')).toHaveLength(6)
})

test('the manifest keeps to its schema, and k3seal and the schema agree on what does not', () => {
  const schema = join(root, 'schema/k3seal-bundle.schema.json')
  const manifest = JSON.parse(text('k3seal-bundle.json')) as { files: object[] }
  const file = { path: 'airgap/k3s', size: 1, sha256: '0'.repeat(64), role: 'binary' }
  const whole = { version: 1, architectures: ['arm'], files: [file] }
  const one = (changes: object): unknown => ({ ...whole, files: [{ ...file, ...changes }] })
  const paths = [
    '',
    '/a',
    '../a',
    'a/../b',
    'a/..',
    '.',
    'a/./b',
    'a//b',
    'a/',
    'a\\b',
    'a\nb',
    'C:/a',
    'c:a',
    '\u007f',
  ]
  const wrong = [
    ...paths.map((path) => one({ path })),
    ...[{ size: -1 }, { size: 1.5 }, { size: '1' }, { sha256: 'A'.repeat(64) }, { sha256: '' }].map(one),
    ...[{ role: 'kernel' }, { arch: 'x86_64' }, { source: 1 }, { mode: 493 }].map(one),
    ...[{ version: 0 }, { version: '1' }, { architectures: ['armhf'] }, { files: {} }, { made: 'today' }].map(
      (changes) => ({ ...whole, ...changes }),
    ),
    ...[[], null, 'x', { version: 1, files: [] }, { version: 1, architectures: [] }],
  ]
  const right = [
    manifest,
    whole,
    ...['caf\u00e9', '...', 'a b', '.hidden', 'a..b', 'host_vars/fd00::1.yml', '..a/b'].map((path) =>
      one({ path }),
    ),
    one({ arch: 'arm64', source: 'https://example.org/k3s' }),
  ]
  const found = problems([...right, ...wrong], schema)
  for (const [index, value] of [...right, ...wrong].entries()) {
    const isRight = index < right.length
    expect(found[index]?.length === 0, `schema: ${JSON.stringify(value).slice(0, 300)}`).toBe(isRight)
    const read = (): unknown => readManifest(JSON.stringify(value), 'k3seal-bundle.json')
    if (isRight) read()
    else expect(read, JSON.stringify(value)).toThrow(UserError)
  }
})

const unpack = ['airgap', 'unpack', 'signed.tar.gz', '--out', 'signed']
const trust = ['--allowed-signers', 'allowed', '--identity', 'ops@quay']

test('ssh-keygen signs and verifies, and nothing is unpacked that is not signed', () => {
  for (const name of ['key', 'other'])
    run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'ops@quay', '-f', name])
  const publicKey = readFileSync(join(scratch, 'key.pub'), 'utf8')
  write('allowed', `ops@quay namespaces="k3seal-bundle" ${publicKey}`)
  const stdout = done([...pack, '-o', 'signed.tar.gz', '--sign', 'key', '--json'])
  expect((JSON.parse(stdout) as { signature: string }).signature).toBe(join(scratch, 'signed.tar.gz.sig'))
  expect(readFileSync(join(scratch, 'signed.tar.gz')).equals(readFileSync(bundle))).toBe(true)
  execFileSync(
    'ssh-keygen',
    ['-Y', 'verify', '-f', 'allowed', '-I', 'ops@quay', '-n', 'k3seal-bundle', '-s', 'signed.tar.gz.sig'],
    { cwd: scratch, input: readFileSync(join(scratch, 'signed.tar.gz')), stdio: ['pipe', 'ignore', 'pipe'] },
  )
  done([...unpack, ...trust])
  rmSync(join(scratch, 'signed'), { recursive: true })
  done([...unpack, ...trust, '--signature', 'signed.tar.gz.sig'])
  rmSync(join(scratch, 'signed'), { recursive: true })

  expect(refused([...unpack, '--allowed-signers', 'allowed', '--identity', 'eve@quay'])).toContain(
    'is not signed by eve@quay: ',
  )
  write('strangers', `ops@quay ${readFileSync(join(scratch, 'other.pub'), 'utf8')}`)
  expect(refused([...unpack, '--allowed-signers', 'strangers', '--identity', 'ops@quay'])).toContain(
    'is not signed by ops@quay: ',
  )
  run('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'file', '-f', 'key', 'signed.tar.gz.sig'])
  run('mv', ['signed.tar.gz.sig', 'right.sig'])
  run('ssh-keygen', ['-q', '-Y', 'sign', '-n', 'file', '-f', 'key', 'signed.tar.gz'])
  expect(refused([...unpack, ...trust])).toContain('is not signed by ops@quay: ')
  writeFileSync(join(scratch, 'signed.tar.gz'), 'x', { flag: 'a' })
  expect(refused([...unpack, ...trust, '--signature', 'right.sig'])).toMatch(
    /signed\.tar\.gz: is not signed by ops@quay: .*incorrect signature/,
  )
  expect(existsSync(join(scratch, 'signed'))).toBe(false)
})

test('without ssh-keygen, or with a key that is none, nothing is left', () => {
  const before = readdirSync(scratch)
  expect(refused([...pack, '-o', 'x.tar.gz', '--sign', 'key'], { PATH: '/nowhere' })).toContain(
    'there is no ssh-keygen\n  cure: install OpenSSH',
  )
  expect(refused([...pack, '-o', 'x.tar.gz', '--sign', 'password'])).toContain(
    'password: ssh-keygen could not sign: ',
  )
  expect(readdirSync(scratch)).toEqual(before)
})

test('a key that only ssh-agent holds signs by its public half', () => {
  const socket = join(scratch, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' })
  try {
    const env = { SSH_AUTH_SOCK: socket }
    const wait = 'for i in $(seq 100); do [ -S "$SSH_AUTH_SOCK" ] && break; sleep 0.05; done; ssh-add -q key'
    execFileSync('sh', ['-c', wait], { cwd: scratch, env: { ...process.env, ...env }, stdio: 'ignore' })
    mkdirSync(join(scratch, 'public'))
    cpSync(join(scratch, 'key.pub'), join(scratch, 'public/key.pub'))
    done([...pack, '-o', 'by-agent.tar.gz', '--sign', 'public/key.pub'], env)
    done(['airgap', 'unpack', 'by-agent.tar.gz', '--out', 'by-agent', ...trust])
  } finally {
    agent.kill()
  }
})

test('Ctrl-C leaves nothing of an archive', async () => {
  const directory = mkdtempSync(join(scratch, 'large-'))
  mkdirSync(join(directory, 'airgap'))
  writeFileSync(join(directory, 'airgap/large'), '')
  // Full of holes: it takes no room, and seconds to read.
  truncateSync(join(directory, 'airgap/large'), 4 * 1024 ** 3)
  const child = spawn(process.execPath, [cli, 'airgap', 'pack', 'airgap', '-o', 'x.tar.gz'], {
    cwd: directory,
    stdio: 'ignore',
  })
  const ended = new Promise((resolve) => child.once('exit', resolve))
  const begun = (): boolean => readdirSync(directory).some((name) => name.startsWith('.x.tar.gz.k3seal-'))
  while (!begun()) await new Promise((resolve) => setTimeout(resolve, 10))
  child.kill('SIGINT')
  expect(await ended).toBe(130)
  expect(readdirSync(directory)).toEqual(['airgap'])
})

test('a disk that is full leaves nothing', () => {
  const small = mkdtempSync(join(scratch, 'small-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=2m', 'tmpfs', small])
  expect(mounted.status, 'mount a tmpfs: run the peers as root').toBe(0)
  try {
    expect(refused([...pack, '-o', join(small, 'x.tar.gz')])).toContain(
      "can't be written (ENOSPC); nothing was changed",
    )
    expect(readdirSync(small)).toEqual([])
    expect(refused(['airgap', 'unpack', 'bundle.tar.gz', '--out', join(small, 'site')])).toMatch(
      /needs \d+ MB, and \d+ MB are free/,
    )
    expect(readdirSync(small)).toEqual([])
  } finally {
    run('umount', [small])
  }
})
