import { createHash } from 'node:crypto'
import { chunksOf, openFile } from '../hash.ts'
import { type Compression, compressionOf, decompressed, type Unpacking } from './decompress.ts'
import { ArchiveFault, type ArchiveFaultKind } from './fault.ts'
import { type NextChunk, type TarEnd, type VisitEntry, walkTar } from './tar.ts'

export type { Compression } from './decompress.ts'
export type { ArchiveFaultKind } from './fault.ts'
export type { TakeChunk, TarEntry, VisitEntry } from './tar.ts'

/** What a whole file turned out to be. */
export interface ReadArchive {
  /** Its first bytes, up to 4096. */
  readonly head: Buffer
  readonly compression: Compression
  /** Bytes of the file. */
  readonly size: number
  /** Of the file as it lies on the disk, in lower-case hexadecimal. */
  readonly sha256: string
  /** Bytes of the tar archive, as far as it was read. */
  readonly unpacked: number
  /** Of the tar archive; undefined where reading stopped before its end. */
  readonly end?: TarEnd
  /** Why reading stopped. `entry`: where, as it stands in the archive. */
  readonly fault?: {
    readonly kind: ArchiveFaultKind
    readonly message: string
    readonly entry?: string
  }
  /** Whether nobody compared the checksums in its zstd data: fzstd does not. */
  readonly sumUnchecked: boolean
  /** The largest window of its zstd data, in bytes; 0 where it has none. */
  readonly window: number
}

export interface ReadArchiveOptions {
  /** Of programs that may be used: where Node has no zstd (before 22.15), `zstd` from its PATH is ten times faster than fzstd. */
  readonly env?: Readonly<Record<string, string | undefined>>
  readonly maxEntries?: number
}

/** K3s's own archive has some hundred; a million empty entries are made with a few kilobytes of zstd. */
const MAX_ENTRIES = 100_000

/**
 * Reads a tar archive once, to its end: plain, gzip or zstd by what its bytes say, in constant memory. What is wrong with
 * it is part of the result, and the checksum is that of the whole file all the same. Errors that `visit` throws come through.
 * Throws `UserError` where the file can't be read.
 */
export async function readArchive(
  path: string,
  visit: VisitEntry,
  { env = {}, maxEntries = MAX_ENTRIES }: ReadArchiveOptions = {},
): Promise<ReadArchive> {
  const file = await openFile(path)
  const chunks = chunksOf(file, path)
  const hash = createHash('sha256')
  const told: Unpacking = { trailing: false, sumUnchecked: false }
  let size = 0
  let unpacked = 0
  let head: Buffer = Buffer.alloc(0)
  let first: Buffer | undefined
  const nextRaw: NextChunk = async () => {
    const { value, done } = await chunks.next()
    if (done === true || value === undefined) return undefined
    hash.update(value)
    size += value.length
    return value
  }
  let end: TarEnd | undefined
  let fault: ArchiveFault | undefined
  let compression: Compression = 'none'
  try {
    first = await nextRaw()
    head = Buffer.from(first?.subarray(0, 4096) ?? [])
    compression = compressionOf(head)
    const next: NextChunk = async () => {
      const chunk = first ?? (await nextRaw())
      first = undefined
      return chunk
    }
    try {
      end = await walk()
      if (told.trailing) fault = new ArchiveFault('corrupt', `other data follow its ${compression} data`)
    } catch (error) {
      if (!(error instanceof ArchiveFault)) throw error
      fault = told.trailing ? new ArchiveFault('corrupt', `other data follow its ${compression} data`) : error
    }
    while ((await next()) !== undefined);

    async function walk(): Promise<TarEnd> {
      if (head.length === 0) throw new ArchiveFault('truncated', 'it is empty')
      if (compression !== 'none' && compression !== 'gzip' && compression !== 'zstd')
        throw new ArchiveFault('unsupported', `k3seal does not unpack ${compression}`)
      if (compression === 'none') return await walkTar(counted(next), visit, maxEntries)
      const plain = decompressed(next, compression, env, told)
      try {
        return await walkTar(
          counted(async () => {
            const { value, done } = await plain.next()
            return done === true ? undefined : value
          }),
          visit,
          maxEntries,
        )
      } finally {
        await plain.return(undefined)
      }
    }
  } finally {
    await chunks.return(undefined)
    await file.close()
  }
  return {
    head,
    compression,
    size,
    sha256: hash.digest('hex'),
    unpacked,
    ...(end === undefined ? {} : { end }),
    ...(fault === undefined ? {} : { fault: faultOf(fault) }),
    sumUnchecked: told.sumUnchecked,
    window: told.window ?? 0,
  }

  function counted(next: NextChunk): NextChunk {
    return async () => {
      const chunk = await next()
      unpacked += chunk?.length ?? 0
      return chunk
    }
  }
}

function faultOf({ kind, message, entry }: ArchiveFault): NonNullable<ReadArchive['fault']> {
  return { kind, message, ...(entry === undefined ? {} : { entry }) }
}
