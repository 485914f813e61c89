// `node test/bench/airgap.bench.mjs [--rounds N] [--megabytes N] [--node PATH] [--cli FILE]`: whole processes in turn, `k3seal airgap verify` and
// `pack` over a directory of 1 GB beside `sha256sum` and `tar` over the same bytes. Ends with 1 where a promise is broken.
import { spawnSync } from 'node:child_process'
import { createHash, randomFillSync } from 'node:crypto'
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const PROMISED_RATIO = 1.3
const PROMISED_BYTES = 150e6

const root = join(import.meta.dirname, '../..')
const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    megabytes: { type: 'string', default: '1000' },
    node: { type: 'string', default: process.execPath },
    cli: { type: 'string', default: join(root, 'dist/k3seal.js') },
  },
})
const rounds = Number(values.rounds)
const { node, cli } = values
if (!existsSync(cli)) throw new Error(`${cli} is missing: npm run build`)
for (const [program, ...args] of [
  ['zstd', '-V'],
  ['/usr/bin/time', '-V'],
  ['tar', '--version'],
])
  if (spawnSync(program, args).error) throw new Error(`${program} is missing`)

const scratch = mkdtempSync(join(tmpdir(), 'k3seal-airgap-bench-'))
const directory = join(scratch, 'airgap')
const env = { PATH: process.env.PATH, HOME: scratch, LC_ALL: 'C.UTF-8' }

/** Milliseconds and peak memory, in bytes, of a whole process. A finding is no failure. */
function run(name, [program, ...args], cwd) {
  const begin = performance.now()
  const { status, error, stderr } = spawnSync('/usr/bin/time', ['-f', '%M', program, ...args], {
    cwd,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'ignore', 'pipe'],
    maxBuffer: 1e8,
  })
  const time = performance.now() - begin
  const isDone = status === 0 || (status === 1 && name.includes('verify'))
  if (error !== undefined || !isDone) throw new Error(`${name} ended with ${status}: ${error ?? stderr}`)
  return { time, bytes: Number(stderr.trim().split('\n').at(-1)) * 1024 }
}

/** Bytes that nothing makes fewer. */
function* random(bytes) {
  for (let left = bytes; left > 0; left -= 4 * 1024 * 1024)
    yield randomFillSync(Buffer.allocUnsafe(Math.min(left, 4 * 1024 * 1024)))
}

function write(path, chunks) {
  const file = openSync(path, 'wx')
  for (const chunk of chunks) for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at)
  closeSync(file)
}

const sha256 = (bytes) => createHash('sha256').update(bytes).digest('hex')

/** A header of ustar. */
function header(name, size) {
  const block = Buffer.alloc(512)
  block.write(name, 0)
  block.write(`0000644\0${'0000000\0'.repeat(2)}`, 100)
  block.write(`${size.toString(8).padStart(11, '0')}\0${'0'.repeat(11)}\0        0`, 124)
  block.write('ustar\u000000', 257)
  block.write(
    `${block
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, '0')}\0 `,
    148,
  )
  return block
}

/** An OCI layout of images with one layer each, as `ctr images export` writes it. */
function imagesArchive(path, arch, layers, bytes) {
  const blobs = []
  const blob = (content) => {
    const digest = sha256(content)
    blobs.push([`blobs/sha256/${digest}`, content])
    return { digest: `sha256:${digest}`, size: content.length }
  }
  const json = (value) => Buffer.from(JSON.stringify(value))
  const manifests = Array.from({ length: layers }, (_, index) => {
    const layer = blob(Buffer.concat([...random(Math.floor(bytes / layers))]))
    const config = blob(
      json({ architecture: arch, os: 'linux', rootfs: { type: 'layers', diff_ids: [layer.digest] } }),
    )
    const type = 'application/vnd.oci.image'
    return {
      mediaType: `${type}.manifest.v1+json`,
      ...blob(
        json({
          schemaVersion: 2,
          config: { mediaType: `${type}.config.v1+json`, ...config },
          layers: [{ mediaType: `${type}.layer.v1.tar`, ...layer }],
        }),
      ),
      platform: { architecture: arch, os: 'linux' },
      annotations: { 'io.containerd.image.name': `docker.io/rancher/harbour-${arch}-${index}:v1` },
    }
  })
  const files = [
    ...blobs,
    ['index.json', json({ schemaVersion: 2, manifests })],
    ['oci-layout', json({ imageLayoutVersion: '1.0.0' })],
  ]
  write(
    path,
    files.flatMap(([name, content]) => [
      header(name, content.length),
      content,
      Buffer.alloc((512 - (content.length % 512)) % 512),
    ]),
  )
  appendFileSync(path, Buffer.alloc(1024))
}

/** Of two architectures: binaries, one archive in zstd as K3s makes its own, and a plain one. */
function fill() {
  mkdirSync(directory)
  const million = Number(values.megabytes) * 1000
  for (const [arch, name, machine] of [
    ['amd64', 'k3s-amd64', 0x3e],
    ['arm64', 'k3s-arm64', 0xb7],
  ]) {
    const elf = Buffer.alloc(64)
    elf.set([0x7f, 0x45, 0x4c, 0x46, 2, 1, 1])
    elf.writeUInt16LE(2, 16)
    elf.writeUInt16LE(machine, 18)
    elf.writeUInt32LE(1, 20)
    elf.writeUInt16LE(64, 52)
    const version = Buffer.from('\0v1.31.5+k3s1\0')
    write(join(directory, name), [elf, version, ...random(70 * million)])
    const plain = join(directory, `k3s-airgap-images-${arch}.tar`)
    imagesArchive(plain, arch, 8, 200 * million)
    // As scripts/package-airgap of K3s compresses it, but for the level: random bytes stay as they are at all of them.
    run('zstd', ['zstd', '-q', '-3', '--long=25', '--rm', plain, '-o', `${plain}.zst`], scratch)
    imagesArchive(join(directory, `extra-${arch}.tar`), arch, 8, 230 * million)
  }
}

const median = (numbers) => {
  const sorted = numbers.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

let broken = 0

function verdict(what, value, promise, shown) {
  const isKept = value <= promise
  if (!isKept) broken += 1
  console.log(
    `${isKept ? 'kept  ' : 'BROKEN'}  ${what}\n        ${shown(value)}, promised at most ${shown(promise)}`,
  )
}

try {
  fill()
  const names = readdirSync(directory)
  const bytes = names.reduce((sum, name) => sum + statSync(join(directory, name)).size, 0)
  console.log(
    `node ${spawnSync(node, ['--version'], { encoding: 'utf8' }).stdout.trim()}; ${names.length} files, ${(bytes / 1e9).toFixed(2)} GB; medians of ${rounds} rounds, ratios are medians of the ratios within each round`,
  )
  const ours = { verify: [], pack: [] }
  const theirs = []
  for (let round = -1; round < rounds; round += 1) {
    const [tape, archive] = ['x.tar', 'x.tar.gz'].map((name) => join(scratch, name))
    const sum = run('sha256sum', ['sha256sum', ...names], directory)
    const verify = run('k3seal airgap verify', [node, cli, 'airgap', 'verify', directory], scratch)
    const tar = run('tar', ['tar', '-cf', tape, '-C', directory, '.'], scratch)
    rmSync(tape)
    const pack = run('k3seal airgap pack', [node, cli, 'airgap', 'pack', directory, '-o', archive], scratch)
    rmSync(archive)
    // The first round warms the disk's cache.
    if (round < 0) continue
    theirs.push({ sum, tar })
    ours.verify.push(verify)
    ours.pack.push(pack)
  }
  const seconds = (runs) => `${(median(runs.map(({ time }) => time)) / 1000).toFixed(2)} s`
  console.log(
    `        sha256sum ${seconds(theirs.map(({ sum }) => sum))}, tar ${seconds(theirs.map(({ tar }) => tar))}`,
  )
  for (const [name, runs] of Object.entries(ours)) {
    const ratio = median(
      runs.map(({ time }, round) => time / (theirs[round].sum.time + theirs[round].tar.time)),
    )
    verdict(
      `k3seal airgap ${name} ${seconds(runs)}, beside sha256sum and tar`,
      ratio,
      PROMISED_RATIO,
      (value) => `× ${value.toFixed(2)}`,
    )
    verdict(
      `k3seal airgap ${name}, peak memory`,
      Math.max(...runs.map(({ bytes: peak }) => peak)),
      PROMISED_BYTES,
      (value) => `${(value / 1e6).toFixed(0)} MB`,
    )
  }
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = broken === 0 ? 0 : 1
