import { createHash } from 'node:crypto'

/** What an image archive holds, as far as its images are told from it. Names as `path.Clean` of Go writes them. */
export interface ArchiveContent {
  /** Of ordinary files. */
  readonly files: ReadonlyMap<string, ArchivedFile>
  /** Symbolic and hard links: name → the name that they stand for. */
  readonly links: ReadonlyMap<string, string>
  /** Files that seem to be JSON, and are small enough to be kept. */
  readonly texts: ReadonlyMap<string, string>
}

export interface ArchivedFile {
  /** Bytes. */
  readonly size: number
  /** Where digests were asked for. */
  readonly sha256?: string
  /** What containerd makes of it on disk, in bytes, estimated: of gzip data, what their end says. */
  readonly unpacked: number
}

interface Entry {
  readonly name: string
  readonly type: string
  readonly size: number
  readonly linkName?: string
}

/** Larger JSON is no manifest of an image, but made to fill memory: containerd itself stops at 20 MiB. */
const MAX_TEXT = 4 * 1024 * 1024
const MAX_TEXTS = 24 * 1024 * 1024
/** Bytes of names. */
const MAX_NAMES = 16 * 1024 * 1024

/** Gathers the content while an archive is read: `visit` takes its entries in turn. */
export class ContentCollector implements ArchiveContent {
  readonly files = new Map<string, ArchivedFile>()
  readonly links = new Map<string, string>()
  readonly texts = new Map<string, string>()
  /** Entries that were left out, for there are more than memory should hold. */
  dropped = 0
  readonly #digests: boolean
  #names = 0
  #texts = 0

  constructor({ digests }: { readonly digests: boolean }) {
    this.#digests = digests
  }

  visit(entry: Entry): ((chunk: Buffer) => void) | undefined {
    const name = cleaned(entry.name)
    this.#names += name.length
    if (this.#names > MAX_NAMES) {
      this.dropped++
      return undefined
    }
    if (entry.type === 'symlink') this.links.set(name, cleaned(`${directoryOf(name)}${entry.linkName ?? ''}`))
    if (entry.type === 'link') this.links.set(name, cleaned(entry.linkName ?? ''))
    if (entry.type !== 'file') return undefined
    if (entry.size === 0) {
      this.files.set(name, { size: 0, unpacked: 0, ...(this.#digests ? { sha256: EMPTY } : {}) })
      return undefined
    }
    return this.#taker(name, entry.size)
  }

  #taker(name: string, size: number): (chunk: Buffer) => void {
    const hash = this.#digests ? createHash('sha256') : undefined
    const texts: Buffer[] = []
    const keep = size <= MAX_TEXT && this.#texts + size <= MAX_TEXTS
    let isText = false
    let isGzip = false
    let taken = 0
    let end: Buffer = Buffer.alloc(0)
    return (chunk) => {
      hash?.update(chunk)
      if (taken === 0) {
        isText = keep && (chunk[0] === 0x7b || chunk[0] === 0x5b)
        isGzip = chunk[0] === 0x1f && (chunk[1] === undefined || chunk[1] === 0x8b)
      }
      taken += chunk.length
      if (isText) texts.push(Buffer.from(chunk))
      if (isGzip) end = Buffer.concat([end, chunk.subarray(-4)]).subarray(-4)
      if (taken < size) return
      const told = isGzip && end.length === 4 ? end.readUInt32LE(0) : 0
      this.files.set(name, {
        size,
        unpacked: Math.max(size, told),
        ...(hash === undefined ? {} : { sha256: hash.digest('hex') }),
      })
      if (!isText) return
      this.texts.set(name, Buffer.concat(texts).toString('utf8'))
      this.#texts += size
    }
  }
}

const EMPTY = createHash('sha256').digest('hex')

function directoryOf(name: string): string {
  return name.slice(0, name.lastIndexOf('/') + 1)
}

/** As Go's `path.Clean`, less the leading slash: `./blobs//sha256/x` and `blobs/sha256/x` are one file to containerd. */
function cleaned(name: string): string {
  const parts: string[] = []
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue
    if (part === '..') parts.pop()
    else parts.push(part)
  }
  return parts.join('/')
}
