import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { elfBinary, ociArchive, sha256, zstd } from '../tools/imageArchives.ts'
import { peers, run } from '../tools/peers.ts'
import { standIn } from './control.ts'

/** The version that stand-in/k3s says it is. */
export const version = 'v1.36.5+k3s1'

const images = ['rancher/klipper-helm:v0.9.10-build20251111', 'rancher/mirrored-pause:3.6']

/**
 * A release of K3s for amd64 and arm64: what a mirror has at a path, by that path. Its script and its binary for amd64 are the
 * stand-ins; the archives hold small images.
 */
export async function release(): Promise<ReadonlyMap<string, Buffer>> {
  const assets = new Map<string, Buffer>([
    ['k3s', standInProgram()],
    ['k3s-arm64', elfBinary('arm64', { version })],
    ['k3s-images.txt', Buffer.from(images.map((name) => `docker.io/${name}\n`).join(''))],
    ['install.sh', readFileSync(join(standIn, 'k3s-install.sh'))],
  ])
  // As in those of K3s, an image is listed for all platforms, and there for one.
  const listed = images.flatMap((name) => [
    { name, arch: 'amd64' as const },
    { name, arch: 'arm64' as const },
  ])
  for (const [arch, absent] of [
    ['amd64', 'arm64'],
    ['arm64', 'amd64'],
  ] as const)
    assets.set(`k3s-airgap-images-${arch}.tar.zst`, zstd(await ociArchive(listed, { absent: [absent] })))
  const sums = (...names: readonly string[]): Buffer =>
    Buffer.from(names.map((name) => `${sha256(assets.get(name) as Buffer)}  ${name}\n`).join(''))
  // Without k3s-images.txt: https://github.com/k3s-io/k3s/blob/051a497f4b0adf5750808b1772905a600aaceb1c/.github/workflows/release.yml
  assets.set('sha256sum-amd64.txt', sums('k3s-airgap-images-amd64.tar.zst', 'k3s'))
  assets.set('sha256sum-arm64.txt', sums('k3s-airgap-images-arm64.tar.zst', 'k3s-arm64'))
  assets.set('install.sh.sha256sum', sums('install.sh'))
  return new Map([...assets].map(([name, bytes]) => [`/${encodeURIComponent(version)}/${name}`, bytes]))
}

/**
 * stand-in/k3s as a program, for a binary of K3s is no script: machine code that has python3 run the file that it stands in,
 * and behind it the script as a zip, which python3 finds from the file's end. It has to lie at /usr/local/bin/k3s.
 */
function standInProgram(): Buffer {
  if (process.arch !== 'x64') throw new Error(`this test has machine code for x64, not for ${process.arch}`)
  const base = 0x400000n
  const start = 120
  const elf = elfBinary('amd64', { version })
  elf.writeUInt32LE(1, 20)
  elf.writeBigUInt64LE(base + BigInt(start), 24)
  elf.writeUInt32LE(1, 64) // a segment to load,
  elf.writeUInt32LE(5, 68) // to be read and executed
  elf.writeBigUInt64LE(base, 80)
  elf.writeBigUInt64LE(BigInt(elf.length), 104)
  elf.writeBigUInt64LE(0x1000n, 112)
  const code = Buffer.from(
    [
      '488d3d30000000', // lea rdi, [python]
      '488d053a000000', // lea rax, [itself]
      '488b0c24', // mov rcx, [rsp]: the number of arguments
      '488d54cc10', // lea rdx, [rsp+rcx*8+16]: the environment behind them
      '48893c24', // mov [rsp], rdi: in front of the arguments is room for two words,
      '4889442408', // mov [rsp+8], rax: that number and the name of the program
      '4889e6', // mov rsi, rsp
      'b83b000000', // mov eax, 59: execve
      '0f05', // syscall
      'bf7f000000', // mov edi, 127
      'b83c000000', // mov eax, 60: exit
      '0f05', // syscall
    ].join(''),
    'hex',
  )
  const python = start + code.length
  code.writeInt32LE(python - (start + 7), 3)
  const words = '/usr/bin/python3\0'
  code.writeInt32LE(python + words.length - (start + 14), 10)
  elf.set(code, start)
  elf.write(`${words}/usr/local/bin/k3s\0`, python, 'latin1')
  return Buffer.concat([elf, zipped(readFileSync(join(standIn, 'k3s')))])
}

/** A Python script as an archive that python3 runs. */
function zipped(script: Buffer): Buffer {
  const dir = mkdtempSync(join(tmpdir(), 'e2e-zip-'))
  try {
    mkdirSync(join(dir, 'k3s'))
    writeFileSync(join(dir, 'k3s/__main__.py'), script)
    const args = ['-m', 'zipapp', join(dir, 'k3s'), '--output', join(dir, 'k3s.zip')]
    const made = run(join(peers.ansibleNewest, 'python'), args)
    if (made.status !== 0) throw new Error(made.all)
    return readFileSync(join(dir, 'k3s.zip'))
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}
