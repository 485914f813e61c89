import { createHash } from 'node:crypto'
import {
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
import { deflateRawSync, gzipSync } from 'node:zlib'
import { type Header, pack } from 'tar-stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { unpackCommand } from '../src/commands/airgap/unpack.ts'
import { parse } from '../src/commands/parse.ts'
import { UserError } from '../src/errors.ts'
import { type BundleEntry, readBundle } from '../src/io/bundle/read.ts'
import { type FakeSession, fakeSession } from './tools/wizard.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k3seal-unpack-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const TOP = 'k3seal-bundle/'

interface Entry extends Partial<Header> {
  readonly name: string
  readonly content?: string | Buffer
}

async function tar(entries: readonly Entry[]): Promise<Buffer> {
  const own = pack()
  for (const { content = '', name, ...header } of entries) {
    const whole = { name, mode: 0o644, mtime: new Date(0), ...header }
    if (header.type === undefined || header.type === 'file') own.entry(whole, Buffer.from(content as string))
    else own.entry(whole)
  }
  own.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of own) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

const sha256 = (content: string | Buffer): string => createHash('sha256').update(content).digest('hex')

interface Row {
  path: string
  size: number
  sha256: string
  role: string
}

interface Lists {
  readonly manifest?: (rows: Row[]) => unknown
  readonly sums?: (text: string) => string
}

/** Two files that belong together, with lists that say so. */
const CONTENT: readonly Entry[] = [
  { name: 'airgap/k3s-amd64', content: 'larch' },
  { name: 'inventory.yml', content: 'quay\n' },
]

function lists(entries: readonly Entry[], { manifest, sums }: Lists = {}): readonly Entry[] {
  const rows = entries.map(({ name, content = '' }) => ({
    path: name,
    size: Buffer.byteLength(content),
    sha256: sha256(content),
    role: name.includes('k3s-') ? 'binary' : 'other',
  }))
  const own = manifest?.(rows) ?? { version: 1, architectures: ['amd64'], files: rows }
  const text = typeof own === 'string' ? own : JSON.stringify(own)
  const all = [...rows, { path: 'k3seal-bundle.json', sha256: sha256(text) }]
  const summed = all
    .sort((a, b) => (a.path < b.path ? -1 : 1))
    .map((row) => `${row.sha256}  ${row.path}\n`)
    .join('')
  return [
    { name: 'k3seal-bundle.json', content: text },
    { name: 'SHA256SUMS', content: sums?.(summed) ?? summed },
  ]
}

const below = (entries: readonly Entry[]): readonly Entry[] =>
  entries.map((entry) => ({ ...entry, name: TOP + entry.name }))

/** What comes before the good files, after them, and how the lists differ from what they should be. */
async function bundle(extra: readonly Entry[] = [], options: Lists = {}): Promise<Buffer> {
  return tar([...extra, ...below([...CONTENT, ...lists(CONTENT, options)])])
}

async function unpack(...args: readonly string[]): Promise<FakeSession> {
  const session = fakeSession(root)
  const command = unpackCommand(session, () => undefined)
  await parse(command, ['bundle.tar.gz', '--out', 'out', ...args], session)
  return session
}

async function refused(archive: Buffer, ...args: readonly string[]): Promise<string> {
  writeFileSync(join(root, 'bundle.tar.gz'), archive)
  const before = readdirSync(root)
  const error = await unpack(...args).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  expect(readdirSync(root)).toEqual(before)
  const { at, message, fix } = error as UserError
  expect(fix).not.toBe('')
  return `${at}: ${message}`
}

test('a bundle appears with the modes of its roles, whatever the archive says', async () => {
  const archive = await tar(
    below([...CONTENT, ...lists(CONTENT)]).map((entry) => ({ ...entry, mode: 0o600, uid: 1000, gid: 1000 })),
  )
  writeFileSync(join(root, 'bundle.tar.gz'), gzipSync(archive))
  const { shown } = await unpack('--json')
  expect(JSON.parse(shown.stdout)).toEqual({
    version: 1,
    out: join(root, 'out'),
    files: ['SHA256SUMS', 'airgap/k3s-amd64', 'inventory.yml', 'k3seal-bundle.json'],
  })
  expect(readFileSync(join(root, 'out/airgap/k3s-amd64'), 'utf8')).toBe('larch')
  expect(statSync(join(root, 'out/airgap/k3s-amd64')).mode & 0o7777).toBe(0o755)
  expect(statSync(join(root, 'out/inventory.yml')).mode & 0o7777).toBe(0o644)
  expect(readdirSync(root).sort()).toEqual(['bundle.tar.gz', 'out'])
})

test('an empty directory may be there already, and keeps its mode', async () => {
  mkdirSync(join(root, 'out'), { mode: 0o750 })
  writeFileSync(join(root, 'bundle.tar.gz'), gzipSync(await bundle()))
  await unpack()
  expect(existsSync(join(root, 'out/inventory.yml'))).toBe(true)
  expect(statSync(join(root, 'out')).mode & 0o777).toBe(0o750)
})

test.each([
  ['../escaped', 'the path ../escaped leads out of the directory'],
  [`${TOP}../../escaped`, `the path ${TOP}../../escaped leads out of the directory`],
  ['/etc/cron.d/escaped', 'the path /etc/cron.d/escaped is absolute'],
  ['C:/escaped', 'the path C:/escaped names a drive of Windows'],
  [`${TOP}..\\escaped`, `the path ${TOP}..\\escaped holds a backslash, which divides directories on Windows`],
  [`${TOP}a\u001b[2Jb`, `the path ${TOP}a\\u001b[2Jb holds a control character`],
  [`${TOP}./a`, `the path ${TOP}./a is not written the short way`],
  [`${TOP}a//b`, `the path ${TOP}a//b is not written the short way`],
  [`${TOP}${'n'.repeat(256)}`, `the path ${TOP}${'n'.repeat(186)}… has too long a name in it`],
  ['elsewhere/a', `is no bundle of k3seal: it holds elsewhere/a, not below ${TOP}`],
  [`${TOP}inventory.yml`, 'inventory.yml is there twice'],
  [
    `${TOP}Inventory.yml`,
    'Inventory.yml and inventory.yml are one file where the case of letters does not count',
  ],
  [`${TOP}inventory.yml/a`, 'inventory.yml is a file, and a directory of other files'],
  [`${TOP}airgap`, 'airgap is a file, and a directory of other files'],
  [`${TOP}extra`, 'extra is not in k3seal-bundle.json'],
])('the name %s is refused', async (name, message) => {
  expect(await refused(gzipSync(await bundle([{ name, content: 'x' }])))).toBe(`bundle.tar.gz: ${message}`)
})

test('a large file behind a refused name is not waited for', async () => {
  const large = { name: '../escaped', content: Buffer.alloc(5_000_000) }
  expect(await refused(gzipSync(await bundle([large]), { level: 0 }))).toBe(
    'bundle.tar.gz: the path ../escaped leads out of the directory',
  )
})

test('letters composed in two ways are one name', async () => {
  const twins = [{ name: `${TOP}caf\u00e9` }, { name: `${TOP}cafe\u0301` }]
  expect(await refused(gzipSync(await bundle(twins)))).toBe(
    'bundle.tar.gz: caf\u00e9 and cafe\u0301 are one file where the case of letters does not count',
  )
})

test.each<[string, Entry, string]>([
  ['symbolic link', { name: `${TOP}a`, type: 'symlink', linkname: '/etc' }, 'a symbolic link'],
  ['hard link', { name: `${TOP}a`, type: 'link', linkname: '/etc/shadow' }, 'a hard link'],
  ['character device', { name: `${TOP}a`, type: 'character-device' }, 'a device'],
  ['block device', { name: `${TOP}a`, type: 'block-device' }, 'a device'],
  ['pipe', { name: `${TOP}a`, type: 'fifo' }, 'a pipe'],
  ['directory', { name: `${TOP}a/`, type: 'directory' }, 'a directory'],
])('a %s is refused', async (_, entry, what) => {
  expect(await refused(gzipSync(await bundle([entry])))).toBe(
    `bundle.tar.gz: holds ${what}, and a bundle has only files`,
  )
})

/** A header with a changed byte range, and the sum that belongs to it. */
function patched(archive: Buffer, offset: number, bytes: string | Buffer): Buffer {
  const copy = Buffer.from(archive)
  copy.write(bytes.toString('latin1'), offset, 'latin1')
  const header = copy.subarray(0, 512)
  header.fill(' ', 148, 156)
  const sum = header.reduce((total, byte) => total + byte, 0)
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1')
  return copy
}

test.each([
  ['a sparse file', 156, 'S', 'holds a sparse file, and a bundle has only files'],
  ['a long name of GNU tar', 156, 'L', 'holds a long name of GNU tar, and a bundle has only files'],
  ['a global pax header', 156, 'g', 'holds a global pax header, and a bundle has only files'],
  ['an unknown type', 156, '\u0001', 'holds an entry of an unknown kind, and a bundle has only files'],
  ['setuid', 100, '0004755', 'holds a file that would run as its owner (setuid, setgid or sticky)'],
  ['a size in base 256', 124, '\u0080\0\0\0\0\0\0\0\0\0\0\u0001', 'holds a file of unknown size'],
  ['the tar of 1979', 257, '\0\0\0\0\0\0\0\0', 'holds no tar as k3seal writes it'],
])('%s is refused', async (_, offset, bytes, message) => {
  expect(await refused(gzipSync(patched(await bundle(), offset, bytes)))).toBe(`bundle.tar.gz: ${message}`)
})

test('a pax header may name a path, and nothing else', async () => {
  const long = [{ name: `airgap/${'n'.repeat(120)}`, content: 'x' }]
  writeFileSync(join(root, 'bundle.tar.gz'), gzipSync(await tar(below([...long, ...lists(long)]))))
  await unpack()
  expect(readdirSync(join(root, 'out/airgap'))).toEqual(['n'.repeat(120)])
  rmSync(join(root, 'out'), { recursive: true })
  for (const pax of [
    { size: '3' },
    { 'GNU.sparse.major': '1' },
    { path: 'other' },
    { note: 'n'.repeat(5000) },
  ])
    expect(await refused(gzipSync(await bundle([{ name: `${TOP}a`, pax } as Entry])))).toMatch(
      /holds a pax header (?:with more than a path|of more than 4 KiB)$/,
    )
})

test('every file is what the manifest and SHA256SUMS say', async () => {
  const wrong = async (options: Lists): Promise<string> => refused(gzipSync(await bundle([], options)))
  const change = (rows: Row[], changes: Partial<Row>): unknown => ({
    version: 1,
    architectures: [],
    files: rows.map((row, index) => (index === 0 ? { ...row, ...changes } : row)),
  })
  expect(await wrong({ manifest: (rows) => change(rows, { sha256: sha256('birch') }) })).toBe(
    `bundle.tar.gz: airgap/k3s-amd64 has the SHA-256 ${sha256('larch')}, and k3seal-bundle.json says ${sha256('birch')}`,
  )
  expect(await wrong({ manifest: (rows) => change(rows, { size: 4 }) })).toBe(
    'bundle.tar.gz: airgap/k3s-amd64 has 5 bytes, and k3seal-bundle.json says 4',
  )
  const missing = (rows: Row[]): unknown => ({
    version: 1,
    architectures: [],
    files: [...rows, { ...rows[0], path: 'airgap/gone' }],
  })
  expect(await wrong({ manifest: missing })).toBe(
    'bundle.tar.gz: airgap/gone is missing, and k3seal-bundle.json lists it',
  )
  expect(await wrong({ sums: (text) => text.replace(/^../, '00') })).toBe(
    'bundle.tar.gz: SHA256SUMS does not say what the files are',
  )
  expect(await wrong({ manifest: () => '{"version":2,"anything":true}' })).toBe(
    'bundle.tar.gz: k3seal-bundle.json: is of version 2, and this k3seal knows version 1',
  )
  expect(await wrong({ manifest: () => '[]' })).toBe(
    'bundle.tar.gz: k3seal-bundle.json: is no manifest of a bundle: it is no object',
  )
  expect(await wrong({ manifest: (rows) => change(rows, { role: 'kernel' }) })).toBe(
    'bundle.tar.gz: k3seal-bundle.json: is no manifest of a bundle: files[0] has no role that k3seal knows',
  )
  expect(await wrong({ manifest: (rows) => change(rows, { path: '../x' }) })).toBe(
    'bundle.tar.gz: k3seal-bundle.json: is no manifest of a bundle: files[0] has a path that leads out of the directory',
  )
})

test('archives without their lists, or of something else, are no bundles', async () => {
  expect(await refused(gzipSync(await tar(below(CONTENT))))).toBe(
    'bundle.tar.gz: is no bundle of k3seal: it holds no k3seal-bundle.json',
  )
  expect(await refused(gzipSync(await tar(below([...CONTENT, ...lists(CONTENT).slice(0, 1)]))))).toBe(
    'bundle.tar.gz: it holds no SHA256SUMS',
  )
  expect(await refused(gzipSync('quay\n'.repeat(200)))).toBe(
    'bundle.tar.gz: holds no tar as k3seal writes it',
  )
  expect(await refused(Buffer.from('quay\n'.repeat(200)))).toBe('bundle.tar.gz: is no gzip')
  expect(await refused(Buffer.from([0x1f, 0x8b]))).toBe('bundle.tar.gz: ends too early')
  const named = gzipSync(await bundle())
  named[3] = 8
  expect(await refused(named)).toBe('bundle.tar.gz: is a gzip that k3seal did not write')
})

test('what is cut off, damaged or longer than it should be is refused', async () => {
  const archive = await bundle()
  const whole = gzipSync(archive)
  for (const length of [20, 200, whole.length - 9, whole.length - 1])
    expect(await refused(whole.subarray(0, length)), String(length)).toMatch(/ends too early$|is damaged$/)
  expect(await refused(gzipSync(archive.subarray(0, -1024)))).toBe('bundle.tar.gz: ends too early')
  expect(await refused(gzipSync(archive.subarray(0, -1500)))).toMatch(/ends too early$/)
  const trailing = 'bundle.tar.gz: goes on behind the end of the gzip'
  expect(await refused(Buffer.concat([whole, Buffer.from('more')]))).toBe(trailing)
  expect(await refused(Buffer.concat([whole, whole]))).toBe(trailing)
  expect(await refused(gzipSync(Buffer.concat([archive, archive])))).toBe(
    'bundle.tar.gz: goes on behind its end',
  )
  expect(await refused(gzipSync(Buffer.concat([archive, Buffer.from('more')])))).toBe(
    'bundle.tar.gz: ends too early',
  )
  const flipped = Buffer.from(whole)
  flipped[flipped.length - 6] = (flipped[flipped.length - 6] ?? 0) ^ 1
  expect(await refused(flipped)).toBe('bundle.tar.gz: is damaged')
  expect(
    await refused(
      Buffer.concat([
        whole.subarray(0, 10),
        deflateRawSync(archive),
        whole.subarray(-8, -4),
        Buffer.from([1, 0, 0, 0]),
      ]),
    ),
  ).toBe('bundle.tar.gz: is damaged')
})

test('what is behind the end of the gzip is told as such, however Node ends its streams', async () => {
  const whole = gzipSync(await bundle())
  const file = join(root, 'twice.tar.gz')
  writeFileSync(file, Buffer.concat([whole, whole]))
  const guard = { push: () => undefined, end: () => undefined }
  const onEntry = async ({ content }: BundleEntry): Promise<void> => {
    for await (const _ of content);
  }
  for (let round = 0; round < 200; round += 1)
    await expect(readBundle(file, { guard, at: 'twice.tar.gz', onEntry })).rejects.toThrow(
      'goes on behind the end of the gzip',
    )
})

test('bombs go off where nothing is written', async () => {
  const zeros = Buffer.alloc(80 * 1024 * 1024)
  expect(await refused(gzipSync(await bundle([{ name: `${TOP}zeros`, content: zeros }]), { level: 1 }))).toBe(
    'bundle.tar.gz: unpacks to more than 100 times its size',
  )
  const large = { name: `${TOP}k3seal-bundle.json`, content: Buffer.alloc(9 * 1024 * 1024, ' ') }
  expect(await refused(gzipSync(await tar([large]), { level: 0 }))).toBe(
    'bundle.tar.gz: k3seal-bundle.json is larger than 8 MiB',
  )
  const many = await tar(Array.from({ length: 20_001 }, (_, index) => ({ name: `${TOP}${index}` })))
  expect(await refused(gzipSync(many))).toBe('bundle.tar.gz: holds more than 20000 files')
})

test('nothing is mixed with what is there', async () => {
  writeFileSync(join(root, 'bundle.tar.gz'), gzipSync(await bundle()))
  mkdirSync(join(root, 'out'))
  writeFileSync(join(root, 'out/mine'), 'mine')
  await expect(unpack()).rejects.toThrow('is there already, and not empty')
  expect(readdirSync(join(root, 'out'))).toEqual(['mine'])
  rmSync(join(root, 'out'), { recursive: true })
  writeFileSync(join(root, 'out'), 'mine')
  await expect(unpack()).rejects.toThrow('is no directory')
})

test('a signature that lies beside it and is not asked for is no signature that was checked', async () => {
  writeFileSync(join(root, 'bundle.tar.gz'), gzipSync(await bundle()))
  writeFileSync(join(root, 'bundle.tar.gz.sig'), 'not looked at')
  const { shown } = await unpack()
  expect(shown.stderr).toBe(
    'note: bundle.tar.gz.sig was not checked: --allowed-signers FILE and --identity ID say whose signature counts\n',
  )
})

test('a signature is of use only with somebody to trust', async () => {
  const message = await refused(gzipSync(await bundle()), '--signature', 'bundle.sig')
  expect(message).toBe('undefined: a signature is good only for somebody whom you trust')
  expect(
    await refused(gzipSync(await bundle()), '--allowed-signers', 'allowed', '--identity', 'ops@quay'),
  ).toBe('bundle.tar.gz.sig: there is no such file')
})
