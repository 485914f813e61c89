import { execFileSync } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import zlib from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { fullReference, readImageList } from '../src/airgap/images/imageReference.ts'
import { VersionSearch } from '../src/airgap/verify/binaryVersion.ts'
import { readProgram } from '../src/airgap/verify/elf.ts'
import { type ReadArchive, readArchive } from '../src/io/archive/archive.ts'
import { decompressed } from '../src/io/archive/decompress.ts'
import { walkTar } from '../src/io/archive/tar.ts'
import { sha256Of } from '../src/io/hash.ts'
import { elfBinary, gzip, sha256, tarOf, zstd } from './tools/imageArchives.ts'

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k3seal-archive-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

interface Seen {
  readonly entries: readonly (readonly [name: string, sha256: string])[]
  readonly result: ReadArchive
}

async function read(bytes: Uint8Array, options: { readonly maxEntries?: number } = {}): Promise<Seen> {
  const path = join(root, 'archive')
  writeFileSync(path, bytes)
  const hashes = new Map<string, ReturnType<typeof createHash>>()
  // No environment: nothing but Node and what k3seal brings may be used.
  const result = await readArchive(
    path,
    ({ name }) => {
      const hash = createHash('sha256')
      hashes.set(name, hash)
      return (chunk) => {
        hash.update(chunk)
      }
    },
    { env: { PATH: join(root, 'nothing') }, ...options },
  )
  expect(result.sha256).toBe(sha256(bytes))
  expect(result.size).toBe(bytes.length)
  return { entries: [...hashes].map(([name, hash]) => [name, hash.digest('hex')]), result }
}

/** Larger than any buffer, and of a length that is no multiple of anything. */
const large = randomBytes(2_500_003)
const files = [
  { name: 'quay/', type: 'directory' as const },
  { name: 'quay/small', content: 'elm' },
  { name: 'quay/large', content: large },
  { name: `${'long/'.repeat(40)}name`, content: 'larch' },
  { name: 'quay/empty', content: '' },
]
const expected = files.map(({ name, content = '' }) => [name, sha256(content)])

describe('an archive is read to its end', () => {
  test.each([
    ['plain', (tar: Buffer) => tar],
    ['gzip', gzip],
    [
      'two gzip members',
      (tar: Buffer) => Buffer.concat([gzip(tar.subarray(0, 70_001)), gzip(tar.subarray(70_001))]),
    ],
    ['gzip, filled up with zeros', (tar: Buffer) => Buffer.concat([gzip(tar), Buffer.alloc(1000)])],
    ['zstd', (tar: Buffer) => zstd(tar)],
    ['zstd without checksum', (tar: Buffer) => zstd(tar, { checksum: false })],
    [
      'zstd of several frames, with one to skip between',
      (tar: Buffer) =>
        Buffer.concat([
          Buffer.from('502a4d1804000000ffffffff', 'hex'),
          zstd(tar.subarray(0, 1)),
          Buffer.from('5f2a4d1800000000', 'hex'),
          zstd(tar.subarray(1, 900_001)),
          zstd(tar.subarray(900_001)),
        ]),
    ],
  ])('%s', async (_, pack) => {
    const { entries, result } = await read(pack(await tarOf(files)))
    expect(entries).toEqual(expected)
    expect(result.fault).toBeUndefined()
    expect(result.end).toEqual({ entries: 5, closed: true, trailing: false })
    expect(result.unpacked).toBe((await tarOf(files)).length)
  })

  test.each([1, 77, 511, 512, 513, 4096])('cut into reads of %i bytes', async (size) => {
    const tar = await tarOf(files.filter(({ name }) => name !== 'quay/large'))
    const packed = Buffer.concat([
      zstd(tar.subarray(0, 700)),
      Buffer.from('502a4d1801000000ff', 'hex'),
      zstd(tar.subarray(700)),
    ])
    const names: string[] = []
    const visit = ({ name }: { readonly name: string }): undefined => void names.push(name)
    const plain = decompressed(cut(packed, size), 'zstd', {}, { trailing: false, sumUnchecked: false })
    const next = async (): Promise<Buffer | undefined> => (await plain.next()).value ?? undefined
    expect(await walkTar(next, visit, 100)).toEqual({ entries: 4, closed: true, trailing: false })
    expect(await walkTar(cut(tar, size), visit, 100)).toEqual({ entries: 4, closed: true, trailing: false })
    const wanted = expected.map(([name]) => name).filter((name) => name !== 'quay/large')
    expect(names).toEqual([...wanted, ...wanted])
  })

  test('with what comes behind its end told apart', async () => {
    const tar = await tarOf(files)
    const joined = await read(Buffer.concat([tar, await tarOf([{ name: 'second', content: 'x' }])]))
    expect(joined.entries).toEqual(expected)
    expect(joined.result.end).toEqual({ entries: 5, closed: true, trailing: true })
    const filled = await read(Buffer.concat([tar, Buffer.alloc(70_000)]))
    expect(filled.result.end).toEqual({ entries: 5, closed: true, trailing: false })
    const open = await read(tar.subarray(0, -1024))
    expect(open.entries).toEqual(expected)
    expect(open.result.end).toEqual({ entries: 5, closed: false, trailing: false })
  })
})

describe('an archive that is not', () => {
  const truncated = 'its compressed data ends too early'
  const damaged = 'its compressed data are damaged'
  test.each<[string, (tar: Buffer) => Uint8Array | Promise<Uint8Array>, ReadArchive['fault']]>([
    ['empty', () => Buffer.alloc(0), { kind: 'truncated', message: 'it is empty' }],
    [
      'cut off within an entry',
      (tar) => tar.subarray(0, 600_000),
      { kind: 'truncated', message: 'it ends within an entry', entry: 'quay/large' },
    ],
    [
      'cut off within a header',
      (tar) => tar.subarray(0, 700),
      { kind: 'truncated', message: 'it ends within the header of an entry' },
    ],
    ['cut off, gzip', (tar) => gzip(tar).subarray(0, -9), { kind: 'truncated', message: truncated }],
    ['cut off, zstd', (tar) => zstd(tar).subarray(0, -2), { kind: 'truncated', message: truncated }],
    [
      'cut off at the end of a block, zstd',
      (tar) => zstd(tar).subarray(0, 6 + 3 + 131_072),
      { kind: 'truncated', message: truncated },
    ],
    [
      'of a wrong gzip checksum',
      (tar) => flipped(gzip(tar), -6),
      { kind: 'corrupt', message: 'the checksum of its gzip data is wrong' },
    ],
    ['of damaged gzip data', (tar) => flipped(gzip(tar), 30), { kind: 'corrupt', message: damaged }],
    [
      'followed by other data, gzip',
      (tar) => Buffer.concat([gzip(tar), Buffer.from('<html>')]),
      { kind: 'corrupt', message: 'other data follow its gzip data' },
    ],
    [
      'followed by other data, zstd',
      (tar) => Buffer.concat([zstd(tar), Buffer.from('<h')]),
      { kind: 'corrupt', message: 'other data follow its zstd data' },
    ],
    [
      'of reserved zstd blocks',
      () => Buffer.from('28b52ffd0038070000', 'hex'),
      { kind: 'corrupt', message: damaged },
    ],
    [
      'of zstd data with a dictionary',
      () => Buffer.from('28b52ffd0138ff010000', 'hex'),
      { kind: 'unsupported', message: 'its zstd data need a dictionary' },
    ],
    [
      'of a window of 2 GiB',
      () => Buffer.from('28b52ffd00a8010000', 'hex'),
      {
        kind: 'unsupported',
        message: 'its zstd window of 2048 MiB is larger than the 128 MiB that zstd takes unless told',
      },
    ],
    [
      'of damaged headers',
      (tar) => flipped(tar, 512 + 10),
      { kind: 'corrupt', message: 'a header in it is damaged, or it is no tar archive' },
    ],
    [
      'of zeros between entries',
      (tar) => Buffer.concat([tar.subarray(0, 1536), Buffer.alloc(512), tar.subarray(1536)]),
      { kind: 'corrupt', message: 'a lone block of zeros stands between entries' },
    ],
    [
      'a page',
      () => Buffer.from('<html>'.repeat(200)),
      { kind: 'corrupt', message: 'a header in it is damaged, or it is no tar archive' },
    ],
    [
      'lz4',
      () => Buffer.from('04224d18000000', 'hex'),
      { kind: 'unsupported', message: 'k3seal does not unpack lz4' },
    ],
  ])('%s', async (_, spoil, fault) => {
    const { result } = await read(await spoil(await tarOf(files)))
    expect(result.fault).toEqual(fault)
  })

  test('one of too many entries ends there', async () => {
    const many = await tarOf(Array.from({ length: 30 }, (_, index) => ({ name: `elm${index}` })))
    const { result, entries } = await read(many, { maxEntries: 20 })
    expect(result.fault).toEqual({ kind: 'too-many', message: 'it holds more than 20 entries' })
    expect(entries.length).toBe(20)
  })

  test('zstd says of its checksums whether they were compared', async () => {
    const { result } = await read(zstd(await tarOf(files)))
    expect(result.sumUnchecked).toBe(!('createZstdDecompress' in zlib))
    expect(result.window).toBe(2 ** 17)
  })
})

/** The chunks of a reader that hands out one buffer again and again. */
function cut(bytes: Buffer, size: number): () => Promise<Buffer | undefined> {
  const buffer = Buffer.alloc(size)
  let at = 0
  return async () => {
    if (at >= bytes.length) return undefined
    const length = bytes.copy(buffer, 0, at, at + size)
    at += length
    return buffer.subarray(0, length)
  }
}

function flipped(bytes: Buffer, at: number): Buffer {
  const other = Buffer.from(bytes)
  const index = at < 0 ? other.length + at : at
  other[index] = (other[index] as number) ^ 0x55
  return other
}

test('what is no ordinary file is refused without waiting for it', async () => {
  mkdirSync(join(root, 'quay'))
  execFileSync('mkfifo', [join(root, 'pipe')])
  await expect(sha256Of(join(root, 'quay'))).rejects.toThrow('is a directory, not a file')
  await expect(sha256Of(join(root, 'pipe'))).rejects.toThrow('is no ordinary file')
  await expect(sha256Of(join(root, 'nowhere'))).rejects.toThrow("can't be read (ENOENT)")
  writeFileSync(join(root, 'hollow'), '')
  truncateSync(join(root, 'hollow'), 3_000_000)
  expect(await sha256Of(join(root, 'hollow'))).toBe(sha256(Buffer.alloc(3_000_000)))
})

test.each(['amd64', 'arm64', 'arm', 's390x'] as const)('the header of %s is known', (arch) => {
  expect(readProgram(elfBinary(arch).subarray(0, 4096))).toMatchObject({ kind: 'elf', arch, needs: 4096 })
})

test('a header of a machine that K3s is not built for', () => {
  const elf = elfBinary('amd64')
  elf[18] = 243
  expect(readProgram(elf)).toMatchObject({
    kind: 'elf',
    arch: undefined,
    built: '64-bit little-endian RISC-V (ELF machine 243)',
  })
  expect(readProgram(elf.subarray(0, 20))).toEqual({
    kind: 'other',
    what: 'only the beginning of an ELF header',
  })
  for (let length = 0; length < 200; length++)
    expect(() => readProgram(elf.subarray(0, length))).not.toThrow()
})

describe('versions in a binary', () => {
  const search = (text: string, cut: number): readonly string[] => {
    const found = new VersionSearch()
    const bytes = Buffer.from(text, 'latin1')
    for (let at = 0; at < bytes.length; at += cut) found.take(bytes.subarray(at, at + cut))
    return found.end()
  }
  test.each([
    ['\0v1.31.5+k3s1\0', ['v1.31.5+k3s1']],
    ['stringv1.31.5-rc2+k3s1\0wall', ['v1.31.5-rc2+k3s1']],
    ['v1.31.5+k3s1 -X v1.31.5+k3s1"', ['v1.31.5+k3s1']],
    ['ends with v1.31.5+k3s12', ['v1.31.5+k3s12']],
    ['v1.31.5+k3s1\0 v1.30.9+k3s1\0', ['v1.30.9+k3s1', 'v1.31.5+k3s1']],
    // The strings of Go's sources stand wall to wall: what follows may be part of another.
    ['v1.31.5+k3s10123456789abcdef', []],
    ['v1.31.5+k3s1wall', []],
    ['v1.31.5-k3s1 +k3s1 v1.31+k3s1 ', []],
  ])('%j', (text, versions) => {
    const padded = `${'larch '.repeat(30)}${text}`
    for (const cut of [1, 2, 7, 13, 40, 64, 1000]) expect(search(padded, cut), `cut ${cut}`).toEqual(versions)
  })
})

test.each([
  ['rancher/mirrored-pause:3.6', 'docker.io/rancher/mirrored-pause:3.6'],
  ['docker.io/rancher/mirrored-pause:3.6', 'docker.io/rancher/mirrored-pause:3.6'],
  ['index.docker.io/rancher/mirrored-pause:3.6', 'docker.io/rancher/mirrored-pause:3.6'],
  ['alpine', 'docker.io/library/alpine:latest'],
  ['docker.io/alpine:3', 'docker.io/library/alpine:3'],
  ['quay.example:5000/elm:v1', 'quay.example:5000/elm:v1'],
  ['localhost/elm', 'localhost/elm:latest'],
  [`elm@sha256:${'a'.repeat(64)}`, `docker.io/library/elm@sha256:${'a'.repeat(64)}`],
  ['rancher/k3s:v1.31.5-k3s1', 'docker.io/rancher/k3s:v1.31.5-k3s1'],
  ['<html>', undefined],
  ['Elm:1', undefined],
  ['', undefined],
])('the full name of %j is %j', (name, full) => {
  expect(fullReference(name)).toBe(full)
})

test('a list of images says which lines are none', () => {
  expect(
    readImageList('docker.io/rancher/klipper-lb:v0.4.9\r\n\n# elm\nrancher/klipper-lb:v0.4.9\nnot one\n'),
  ).toEqual({
    images: ['docker.io/rancher/klipper-lb:v0.4.9'],
    faults: [5],
  })
})
