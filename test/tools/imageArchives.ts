import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'
import { pack } from 'tar-stream'

/** Small image archives as Docker, containerd and K3s's build write them, and binaries of which only the header is real. */

export type TestArch = 'amd64' | 'arm64' | 'arm' | 's390x'

export interface TestImage {
  /** As `docker save` writes it: `rancher/mirrored-pause:3.6`. */
  readonly name: string
  readonly arch: TestArch
  readonly variant?: string
  /** A layer for each text; default: one that names the image. */
  readonly layers?: readonly string[]
}

export interface TarFile {
  readonly name: string
  readonly content?: string | Uint8Array
  readonly type?: 'file' | 'directory' | 'symlink' | 'link'
  readonly linkName?: string
}

export const sha256 = (bytes: string | Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** A tar archive, closed by its two blocks of zeros. */
export async function tarOf(files: readonly TarFile[]): Promise<Buffer> {
  const tar = pack()
  for (const { name, content = '', type = 'file', linkName } of files) {
    const head = { name, type, mode: 0o644, mtime: new Date(0) }
    if (type === 'file') tar.entry(head, Buffer.from(content as string))
    else tar.entry(linkName === undefined ? head : { ...head, linkname: linkName })
  }
  tar.finalize()
  const chunks: Uint8Array[] = []
  for await (const chunk of tar) chunks.push(chunk as Uint8Array)
  return Buffer.concat(chunks)
}

interface Blob {
  readonly digest: string
  readonly bytes: Buffer
}

const blobOf = (bytes: Buffer): Blob => ({ digest: sha256(bytes), bytes })
const json = (value: unknown): Buffer => Buffer.from(JSON.stringify(value))

interface Built {
  readonly image: TestImage
  readonly config: Blob
  /** Uncompressed. */
  readonly plain: readonly Blob[]
  /** As a registry keeps them. */
  readonly packed: readonly Blob[]
  readonly manifest: Blob
}

async function build(image: TestImage): Promise<Built> {
  const { name, arch, variant, layers = [`${name} for ${arch}`] } = image
  const plain = await Promise.all(
    layers.map(async (text) => blobOf(await tarOf([{ name: 'etc/said', content: text }]))),
  )
  const packed = plain.map(({ bytes }) => blobOf(gzip(bytes)))
  const config = blobOf(
    json({
      architecture: arch,
      ...(variant === undefined ? {} : { variant }),
      os: 'linux',
      rootfs: { type: 'layers', diff_ids: plain.map(({ digest }) => `sha256:${digest}`) },
    }),
  )
  const manifest = blobOf(
    json({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: descriptor('application/vnd.oci.image.config.v1+json', config),
      layers: packed.map((layer) => descriptor('application/vnd.oci.image.layer.v1.tar+gzip', layer)),
    }),
  )
  return { image, config, plain, packed, manifest }
}

const descriptor = (mediaType: string, { digest, bytes }: Blob): object => ({
  mediaType,
  digest: `sha256:${digest}`,
  size: bytes.length,
})

/** What may be changed before the archive is written: the files of a layout, in their order. */
export type Spoil = (files: TarFile[]) => readonly TarFile[] | undefined

/** As `docker save` wrote before version 25: `<id>/layer.tar`, `<config>.json`, manifest.json, repositories. */
export async function dockerArchive(images: readonly TestImage[], spoil?: Spoil): Promise<Buffer> {
  const built = await Promise.all(images.map(build))
  const files: TarFile[] = []
  for (const { config, plain } of built) {
    for (const { digest, bytes } of plain)
      files.push(
        { name: `${digest}/`, type: 'directory' },
        { name: `${digest}/VERSION`, content: '1.0' },
        { name: `${digest}/json`, content: '{"id":"x"}' },
        { name: `${digest}/layer.tar`, content: bytes },
      )
    files.push({ name: `${config.digest}.json`, content: config.bytes })
  }
  files.push({
    name: 'manifest.json',
    content: json(
      built.map(({ image, config, plain }) => ({
        Config: `${config.digest}.json`,
        RepoTags: [image.name],
        Layers: plain.map(({ digest }) => `${digest}/layer.tar`),
      })),
    ),
  })
  files.push({ name: 'repositories', content: '{}' })
  return tarOf(spoil?.(files) ?? files)
}

/** How containerd and Docker name an image in full. */
export const fullName = (name: string): string => {
  const [first = ''] = name.split('/')
  if (!name.includes('/')) return `docker.io/library/${name}`
  return /[.:]/.test(first) || first === 'localhost' ? name : `docker.io/${name}`
}

export interface OciOptions {
  /** Without: an OCI layout alone, as skopeo writes it. With: the mixed form of ctr and of Docker from 25 on. */
  readonly manifestJson?: boolean
  /** Each name leads to an index of its platforms, as it does in an archive of K3s, rather than to a manifest. */
  readonly nested?: boolean
  /** Platforms that the indexes list, and whose blobs stay away: `ctr images export --platform` leaves them out. */
  readonly absent?: readonly TestArch[]
  readonly spoil?: Spoil
}

/**
 * As `ctr images export` writes it, which makes the archives of K3s: blobs first, names sorted.
 * https://github.com/k3s-io/k3s/blob/75cd395dce00e716497e01214086d169d15c9b02/scripts/package-airgap
 */
export async function ociArchive(
  images: readonly TestImage[],
  { manifestJson = true, nested = true, absent = [], spoil }: OciOptions = {},
): Promise<Buffer> {
  const built = await Promise.all(images.map(build))
  const blobs = new Map<string, Buffer>()
  const keep = ({ digest, bytes }: Blob): void => {
    blobs.set(digest, bytes)
  }
  const top: object[] = []
  for (const name of new Set(images.map((image) => image.name))) {
    const own = built.filter(({ image }) => image.name === name)
    for (const { image, config, packed, manifest } of own)
      if (!absent.includes(image.arch)) for (const blob of [config, ...packed, manifest]) keep(blob)
    const listed = own.map(({ image, manifest }) => ({
      ...descriptor('application/vnd.oci.image.manifest.v1+json', manifest),
      platform: platformOf(image),
    }))
    const annotations = {
      'io.containerd.image.name': fullName(name),
      'org.opencontainers.image.ref.name': name.slice(name.lastIndexOf(':') + 1),
    }
    if (!nested) for (const entry of listed) top.push({ ...entry, annotations })
    else {
      const index = blobOf(json({ schemaVersion: 2, manifests: listed }))
      keep(index)
      top.push({ ...descriptor('application/vnd.oci.image.index.v1+json', index), annotations })
    }
  }
  const present = built.filter(({ image }) => !absent.includes(image.arch))
  const files: TarFile[] = [
    { name: 'blobs/', type: 'directory' },
    { name: 'blobs/sha256/', type: 'directory' },
    ...[...blobs].sort().map(([digest, content]) => ({ name: `blobs/sha256/${digest}`, content })),
    { name: 'index.json', content: json({ schemaVersion: 2, manifests: top }) },
  ]
  if (manifestJson)
    files.push({
      name: 'manifest.json',
      content: json(
        present.map(({ image, config, packed }) => ({
          Config: `blobs/sha256/${config.digest}`,
          RepoTags: [image.name],
          Layers: packed.map(({ digest }) => `blobs/sha256/${digest}`),
        })),
      ),
    })
  files.push({ name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' })
  return tarOf(spoil?.(files) ?? files)
}

const platformOf = ({ arch, variant }: Pick<TestImage, 'arch' | 'variant'>): object => ({
  architecture: arch,
  os: 'linux',
  ...(variant === undefined ? {} : { variant }),
})

export const gzip = (bytes: Uint8Array): Buffer => gzipSync(bytes)

export interface ZstdOptions {
  /** Ends the frame with its XXH64, as `zstd` does. */
  readonly checksum?: boolean
  /** Power of two, from 10 on. */
  readonly windowLog?: number
}

/** A zstd frame whose blocks are stored as they are: small, legal, and made without zstd. RFC 8878, section 3.1.1 */
export function zstd(bytes: Uint8Array, { checksum = true, windowLog = 17 }: ZstdOptions = {}): Buffer {
  const parts: Uint8Array[] = [Buffer.from([0x28, 0xb5, 0x2f, 0xfd, checksum ? 4 : 0, (windowLog - 10) << 3])]
  const size = Math.min(2 ** windowLog, 128 * 1024)
  for (let at = 0; at === 0 || at < bytes.length; at += size) {
    const block = bytes.subarray(at, at + size)
    const header = Buffer.alloc(3)
    header.writeUIntLE((block.length << 3) | (at + size >= bytes.length ? 1 : 0), 0, 3)
    parts.push(header, block)
  }
  if (checksum) {
    const sum = Buffer.alloc(4)
    sum.writeUInt32LE(Number(xxh64(bytes) & 0xffffffffn))
    parts.push(sum)
  }
  return Buffer.concat(parts)
}

/** https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md, seed 0. */
function xxh64(bytes: Uint8Array): bigint {
  const view = Buffer.from(bytes)
  const mask = (1n << 64n) - 1n
  const [p1, p2, p3, p4, p5] = [
    0x9e3779b185ebca87n,
    0xc2b2ae3d27d4eb4fn,
    0x165667b19e3779f9n,
    0x85ebca77c2b2ae63n,
    0x27d4eb2f165667c5n,
  ] as const
  const turn = (value: bigint, by: bigint): bigint => ((value << by) | (value >> (64n - by))) & mask
  const round = (sum: bigint, lane: bigint): bigint => (turn((sum + lane * p2) & mask, 31n) * p1) & mask
  let at = 0
  let hash: bigint = p5
  if (view.length >= 32) {
    const sums = [(p1 + p2) & mask, p2, 0n, -p1 & mask]
    for (; at + 32 <= view.length; at += 32)
      for (const index of sums.keys())
        sums[index] = round(sums[index] as bigint, view.readBigUInt64LE(at + 8 * index))
    const [a, b, c, d] = sums as [bigint, bigint, bigint, bigint]
    hash = (turn(a, 1n) + turn(b, 7n) + turn(c, 12n) + turn(d, 18n)) & mask
    for (const sum of sums) hash = ((hash ^ round(0n, sum)) * p1 + p4) & mask
  }
  hash = (hash + BigInt(view.length)) & mask
  for (; at + 8 <= view.length; at += 8)
    hash = (turn(hash ^ round(0n, view.readBigUInt64LE(at)), 27n) * p1 + p4) & mask
  for (; at + 4 <= view.length; at += 4)
    hash = (turn(hash ^ ((BigInt(view.readUInt32LE(at)) * p1) & mask), 23n) * p2 + p3) & mask
  for (; at < view.length; at++)
    hash = (turn(hash ^ ((BigInt(view[at] as number) * p5) & mask), 11n) * p1) & mask
  hash = ((hash ^ (hash >> 33n)) * p2) & mask
  hash = ((hash ^ (hash >> 29n)) * p3) & mask
  return hash ^ (hash >> 32n)
}

const machines: Readonly<
  Record<TestArch, { readonly machine: number; readonly bits: 32 | 64; readonly big: boolean }>
> = {
  amd64: { machine: 62, bits: 64, big: false },
  arm64: { machine: 183, bits: 64, big: false },
  arm: { machine: 40, bits: 32, big: false },
  s390x: { machine: 22, bits: 64, big: true },
}

/**
 * The header of an ELF program and one segment that is as long as the file, with a version as `go build -ldflags -X` leaves
 * it: ended by a NUL. https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
 */
export function elfBinary(
  arch: TestArch,
  {
    version = 'v1.31.5+k3s1',
    size = 4096,
  }: { readonly version?: string | undefined; readonly size?: number } = {},
): Buffer {
  const { machine, bits, big } = machines[arch]
  const elf = Buffer.alloc(size)
  const wide = bits === 64
  const u16 = (value: number, at: number): void => {
    if (big) elf.writeUInt16BE(value, at)
    else elf.writeUInt16LE(value, at)
  }
  const word = (value: number, at: number): void => {
    if (wide && big) elf.writeBigUInt64BE(BigInt(value), at)
    else if (wide) elf.writeBigUInt64LE(BigInt(value), at)
    else elf.writeUInt32LE(value, at)
  }
  elf.set([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, big ? 2 : 1, 1])
  u16(2, 16)
  u16(machine, 18)
  word(wide ? 64 : 52, wide ? 32 : 28)
  u16(wide ? 64 : 52, wide ? 52 : 40)
  u16(wide ? 56 : 32, wide ? 54 : 42)
  u16(1, wide ? 56 : 44)
  const segment = wide ? 64 : 52
  word(0, segment + (wide ? 8 : 4))
  word(size, segment + (wide ? 32 : 16))
  if (version !== '') elf.write(`k3s version ${version}\0`, size - 1024, 'latin1')
  return elf
}
