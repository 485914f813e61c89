import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type ReadArchive, readArchive } from '../../src/io/archive/archive.ts'
import { sha256Of } from '../../src/io/hash.ts'
import { elfBinary, ociArchive, zstd } from '../tools/imageArchives.ts'
import { peers, requirePeer, run } from '../tools/peers.ts'

let root: string
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'k3seal-archives-'))
  mkdirSync(join(root, 'tree/deep'), { recursive: true })
  writeFileSync(join(root, 'tree/deep/random'), randomBytes(3_000_001))
  writeFileSync(join(root, 'tree/text'), 'quince '.repeat(900_000))
  writeFileSync(join(root, `tree/${'ä'.repeat(100)}`), 'elm')
  writeFileSync(join(root, 'tree/empty'), '')
  for (const format of ['gnu', 'pax', 'ustar', 'v7'])
    sh(`tar --format=${format} -cf ${format}.tar --exclude='*ä*' tree`)
  sh('tar --format=gnu -cf long.tar tree; tar --format=pax -cf longpax.tar tree')
  sh('gzip -k gnu.tar; zstd -q gnu.tar; zstd -q -16 --long=25 pax.tar; zstd -q --no-check ustar.tar')
  // As pzstd and `cat` make them: several frames, one of them skippable.
  sh('split -n 3 v7.tar part.; zstd -q part.*; cat part.*.zst > v7.tar.zst')
})
afterAll(() => rmSync(root, { recursive: true, force: true }))

function sh(command: string): { readonly status: number | null; readonly stdout: string } {
  for (const peer of ['tar', 'gzip', 'zstd', 'sha256sum', 'bash']) requirePeer(peer)
  return run('bash', ['-c', `export LC_ALL=C.UTF-8; cd ${root} && ${command}`])
}

const decoders = [
  ['zstd, the program', { PATH: process.env.PATH }],
  ['what Node and k3seal bring', { PATH: '/nonexistent' }],
] as const

async function read(
  name: string,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ readonly names: readonly string[]; readonly result: ReadArchive }> {
  const names: string[] = []
  const result = await readArchive(
    join(root, name),
    (entry) => {
      names.push(entry.name)
      return undefined
    },
    { env },
  )
  return { names, result }
}

describe.each(decoders)('by %s', (_, env) => {
  test.each([
    'gnu.tar',
    'pax.tar',
    'ustar.tar',
    'v7.tar',
    'long.tar',
    'longpax.tar',
    'gnu.tar.gz',
    'gnu.tar.zst',
    'pax.tar.zst',
    'ustar.tar.zst',
    'v7.tar.zst',
  ])('%s is read as tar and sha256sum read it', async (name) => {
    const { names, result } = await read(name, env)
    expect(result.fault).toBeUndefined()
    expect(result.end).toMatchObject({ closed: true, trailing: false })
    expect(names.map((own) => own.replace(/\/$/, ''))).toEqual(
      sh(`tar --quoting-style=literal -tf ${name}`)
        .stdout.trim()
        .split('\n')
        .map((own) => own.replace(/\/$/, '')),
    )
    const [sum] = sh(`sha256sum ${name}`).stdout.split(' ')
    expect(result.sha256).toBe(sum)
    expect(await sha256Of(join(root, name))).toBe(sum)
  })

  test.each(['gnu.tar.gz', 'gnu.tar.zst', 'pax.tar.zst', 'v7.tar.zst'])(
    '%s, cut off anywhere, is what tar refuses, too',
    async (name) => {
      const whole = readFileSync(join(root, name))
      const tester = name.endsWith('.gz') ? 'gzip -t' : 'zstd -q -t --long=27'
      for (const length of [1, 3, 4, 9, 100, 1000, whole.length >> 1, whole.length - 5, whole.length - 1]) {
        writeFileSync(join(root, `cut-${name}`), whole.subarray(0, length))
        expect(sh(`${tester} cut-${name}`).status, `${length}`).not.toBe(0)
        expect((await read(`cut-${name}`, env)).result.fault, `${length}`).toBeDefined()
      }
    },
  )
})

test('a changed byte in zstd data is found where their checksum is compared', async () => {
  const whole = readFileSync(join(root, 'gnu.tar.zst'))
  for (const at of [2000, whole.length >> 1, whole.length - 2]) {
    const bytes = Buffer.from(whole)
    bytes[at] = (bytes[at] as number) ^ 1
    writeFileSync(join(root, 'flipped.zst'), bytes)
    expect(sh('zstd -q -t flipped.zst').status).not.toBe(0)
    const { fault } = (await read('flipped.zst', { PATH: process.env.PATH })).result
    expect(fault?.kind).toBe('corrupt')
  }
})

test('the archives that the tests make are such to zstd, tar and readelf', async () => {
  writeFileSync(
    join(root, 'own.tar.zst'),
    zstd(await ociArchive([{ name: 'rancher/mirrored-pause:3.6', arch: 'arm64' }])),
  )
  expect(sh('zstd -q -t own.tar.zst && tar -tf own.tar.zst').status).toBe(0)
  writeFileSync(join(root, 'elf'), elfBinary('s390x'))
  expect(
    createHash('sha256')
      .update(readFileSync(join(root, 'elf')))
      .digest('hex'),
  ).toBe(await sha256Of(join(root, 'elf')))
})

test.each([
  ['node22', peers.node22],
  ['node24', peers.node24],
])("%s's own zstd reads the same", (_, bin) => {
  const node = requirePeer(join(bin, 'node'))
  const script = `
    const { readArchive } = await import(${JSON.stringify(join(import.meta.dirname, '../../src/io/archive/archive.ts'))})
    for (const name of ['gnu.tar.zst', 'pax.tar.zst', 'v7.tar.zst', 'cut-v7.tar.zst']) {
      let entries = 0
      const { sha256, end, fault, sumUnchecked } = await readArchive(name, () => void entries++, { env: {} })
      console.log(JSON.stringify([name, sha256.length, end?.entries ?? null, fault?.kind ?? null, sumUnchecked]))
    }`
  const { stdout } = sh(
    `${node} --no-warnings --experimental-strip-types --input-type=module -e '${script.replaceAll("'", "'\\''")}'`,
  )
  expect(
    stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown),
  ).toEqual([
    ['gnu.tar.zst', 64, 5, null, false],
    ['pax.tar.zst', 64, 5, null, false],
    ['v7.tar.zst', 64, 5, null, false],
    ['cut-v7.tar.zst', 64, null, 'truncated', false],
  ])
})
