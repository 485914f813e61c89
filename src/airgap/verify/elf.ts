import type { Architecture } from '../artefact.ts'

/** What a file that should be a program is, by its first bytes. */
export type ProgramReading =
  | {
      readonly kind: 'elf'
      /** Undefined: of a machine that K3s is not built for. */
      readonly arch: Architecture | undefined
      /** As a user would say it: `arm64 (ELF machine 183)`. */
      readonly built: string
      /** The file's length that its headers ask for at least, in bytes. */
      readonly needs: number
    }
  | {
      readonly kind: 'other'
      /** As it reads in a sentence: `an HTML page`. */
      readonly what: string
    }

interface Machine {
  readonly machine: number
  readonly bits: 32 | 64
  readonly big: boolean
}

/** Machine numbers, class and byte order: https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html */
const MACHINES: Readonly<Record<Architecture, Machine>> = {
  amd64: { machine: 62, bits: 64, big: false },
  arm64: { machine: 183, bits: 64, big: false },
  arm: { machine: 40, bits: 32, big: false },
  s390x: { machine: 22, bits: 64, big: true },
}

/** For people who took the binary of another architecture or system than K3s has. */
const OTHERS: Readonly<Record<number, string>> = {
  3: '386',
  8: 'MIPS',
  20: 'PowerPC',
  21: 'ppc64',
  62: 'x86-64',
  40: 'ARM',
  183: 'AArch64',
  22: 'S/390',
  243: 'RISC-V',
  258: 'LoongArch',
}

/** `head`: the first bytes, 4096 or all. */
export function readProgram(head: Uint8Array): ProgramReading {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  if (!bytes.subarray(0, 4).equals(Buffer.from([0x7f, 0x45, 0x4c, 0x46])))
    return { kind: 'other', what: contentKind(bytes) }
  if (bytes.length < 52) return { kind: 'other', what: 'only the beginning of an ELF header' }
  const bits = bytes[4] === 2 ? 64 : 32
  const big = bytes[5] === 2
  const machine = big ? bytes.readUInt16BE(18) : bytes.readUInt16LE(18)
  const arch = (Object.keys(MACHINES) as Architecture[]).find((name) => {
    const known = MACHINES[name]
    return known.machine === machine && known.bits === bits && known.big === big
  })
  const name = arch ?? `${bits}-bit ${big ? 'big' : 'little'}-endian ${OTHERS[machine] ?? 'unknown'}`
  return { kind: 'elf', arch, built: `${name} (ELF machine ${machine})`, needs: lengthOf(bytes, bits, big) }
}

/** Where the last of its segments and its table of sections end; what is shorter was cut off. */
function lengthOf(elf: Buffer, bits: 32 | 64, big: boolean): number {
  const wide = bits === 64
  const u16 = (at: number): number =>
    at + 2 > elf.length ? 0 : big ? elf.readUInt16BE(at) : elf.readUInt16LE(at)
  const word = (at: number): number => {
    if (at + (wide ? 8 : 4) > elf.length) return 0
    if (wide) return Number(big ? elf.readBigUInt64BE(at) : elf.readBigUInt64LE(at))
    return big ? elf.readUInt32BE(at) : elf.readUInt32LE(at)
  }
  const segments = word(wide ? 32 : 28)
  const sections = word(wide ? 40 : 32)
  const counts = wide ? 54 : 42
  const [segmentSize, segmentCount, sectionSize, sectionCount] = [0, 2, 4, 6].map((at) =>
    u16(counts + at),
  ) as [number, number, number, number]
  let end = sections + sectionSize * sectionCount
  for (let index = 0; index < segmentCount; index++) {
    const at = segments + index * segmentSize
    end = Math.max(end, word(at + (wide ? 8 : 4)) + word(at + (wide ? 32 : 16)))
  }
  return end
}

const SIGNATURES: readonly (readonly [hex: string, what: string])[] = [
  ['1f8b', 'gzip data'],
  ['28b52ffd', 'zstd data'],
  ['504b0304', 'a zip archive'],
  ['fd377a585a00', 'xz data'],
  ['425a68', 'bzip2 data'],
  ['04224d18', 'lz4 data'],
  ['edabeedb', 'an RPM package'],
  ['4d5a', 'a Windows program'],
  ['cffaedfe', 'a macOS program'],
  ['7f454c46', 'an ELF program'],
  ['2321', 'a script'],
]

/** What a file seems to be, as it reads in a sentence. */
export function contentKind(head: Uint8Array): string {
  const bytes = Buffer.from(head.buffer, head.byteOffset, head.byteLength)
  if (bytes.length === 0) return 'empty'
  const hex = bytes.toString('hex', 0, 8)
  const known = SIGNATURES.find(([start]) => hex.startsWith(start))
  if (known !== undefined) return known[1]
  if (bytes.toString('latin1', 257, 262) === 'ustar') return 'a tar archive'
  const text = bytes
    .toString('latin1', 0, 1024)
    .replace(/^\xef\xbb\xbf/, '')
    .trimStart()
  if (/^<(?:!doctype html|html|head|body|\?xml[^>]*>\s*<!doctype html)/i.test(text)) return 'an HTML page'
  if (/^version https:\/\/git-lfs/.test(text)) return 'a pointer of Git LFS in place of the file'
  if (/^<\?xml|^<Error>/i.test(text)) return 'an XML document'
  if (/^[{[]/.test(text) && !bytes.includes(0)) return 'JSON text'
  if (bytes.every((byte) => byte === 0)) return 'all zeros'
  return bytes.includes(0) || /[\x80-\xff]{8}/.test(text) ? 'unknown data' : 'a text'
}
