import type { Header } from 'tar-stream'
import { ArchiveFault } from './fault.ts'

export interface TarEntry {
  /** As it stands in the archive: may be absolute, hold `..`, line breaks or escape sequences. */
  readonly name: string
  readonly type: 'file' | 'directory' | 'symlink' | 'link' | 'other'
  /** Bytes. */
  readonly size: number
  /** Permission bits. */
  readonly mode: number
  /** Of a link: what it names. */
  readonly linkName?: string
}

/** Takes the bytes of an entry. A chunk is valid until the returned promise is fulfilled, or the call is over. */
export type TakeChunk = (chunk: Buffer) => void | Promise<void>

/** Called for each entry, in the archive's order; `undefined`: its bytes are of no interest. */
export type VisitEntry = (entry: TarEntry) => TakeChunk | undefined

/** The next chunk of a stream, of any length but 0; `undefined` at its end. */
export type NextChunk = () => Promise<Buffer | undefined>

export interface TarEnd {
  readonly entries: number
  /** Whether two blocks of zeros close the archive: tar and Go write them, and read one without them. */
  readonly closed: boolean
  /** Whether anything but zeros comes after them. Readers stop there. */
  readonly trailing: boolean
}

const BLOCK = 512
const ZEROS = Buffer.alloc(64 * 1024)

/** Of the blocks whose body is the name or the attributes of the entry after them: pax, pax global, GNU long name and link. */
const LONG_HEADERS: ReadonlySet<number> = new Set([...'xgLK'].map((flag) => flag.charCodeAt(0)))

/**
 * Reads a tar stream to its end. tar-stream reads the headers; it is given the stream block by block up to the end mark,
 * which it would read over: what comes behind it, another archive for instance, is what no reader of images sees.
 * Throws `ArchiveFault`.
 */
export async function walkTar(next: NextChunk, visit: VisitEntry, maxEntries: number): Promise<TarEnd> {
  const tar = await openTar()
  const header = Buffer.alloc(BLOCK)
  let filled = 0
  let body = 0
  let padding = 0
  let take: TakeChunk | undefined
  let entries = 0
  let zeroBlocks = 0
  let trailing = false
  let last = ''

  for (let chunk = await next(); chunk !== undefined; chunk = await next()) {
    for (let at = 0; at < chunk.length; ) {
      if (zeroBlocks === 2) {
        trailing ||= !isZero(chunk.subarray(at))
        break
      }
      if (body + padding > 0) {
        const part = chunk.subarray(at, at + Math.min(body + padding, chunk.length - at))
        const own = Math.min(body, part.length)
        if (own > 0) await take?.(part.subarray(0, own))
        await tar.write(part)
        body -= own
        padding -= part.length - own
        at += part.length
        continue
      }
      const copied = chunk.copy(header, filled, at, at + BLOCK - filled)
      filled += copied
      at += copied
      if (filled < BLOCK) continue
      filled = 0
      if (isZero(header)) {
        zeroBlocks++
        continue
      }
      if (zeroBlocks === 1) throw new ArchiveFault('corrupt', 'a lone block of zeros stands between entries')
      take = undefined
      const entry = await tar.header(Buffer.from(header))
      if (entry !== undefined) {
        if (++entries > maxEntries)
          throw new ArchiveFault('too-many', `it holds more than ${maxEntries} entries`)
        last = entry.name
        take = visit(entry)
        body = entry.type === 'directory' ? 0 : entry.size
      } else body = longHeaderSize(header)
      padding = (BLOCK - (body % BLOCK)) % BLOCK
    }
  }
  // Readers take an archive whose last entry lacks nothing but its padding for a whole one, or don't: it is cut off anyway.
  if (body + padding > 0)
    throw new ArchiveFault(
      'truncated',
      `it ends within ${last === '' ? 'its first entry' : 'an entry'}`,
      last,
    )
  if (filled > 0) throw new ArchiveFault('truncated', 'it ends within the header of an entry')
  return { entries, closed: zeroBlocks === 2, trailing }
}

/** A tar reader that is driven by what it is fed: each promise is fulfilled when it has taken all of it. */
async function openTar(): Promise<{
  write(bytes: Buffer): Promise<void>
  header(block: Buffer): Promise<TarEntry | undefined>
}> {
  const { extract } = await import('tar-stream')
  // Its types leave `allowUnknownFormat` out: Go reads the headers of 1979 too, which name no format.
  const options = { highWaterMark: 1, allowUnknownFormat: true }
  const reader = extract(options)
  let failure: unknown
  let settle = (): void => undefined
  let found: TarEntry | undefined
  reader.on('drain', () => settle())
  reader.on('error', (error: unknown) => {
    failure = error
    settle()
  })
  reader.on('entry', (header, stream, done) => {
    found = entryOf(header)
    stream.resume()
    done()
  })
  const write = async (bytes: Buffer): Promise<void> => {
    await new Promise<void>((resolve) => {
      settle = resolve
      if (reader.write(bytes)) resolve()
    })
    if (failure !== undefined)
      throw new ArchiveFault('corrupt', 'a header in it is damaged, or it is no tar archive')
  }
  return {
    write,
    header: async (block) => {
      found = undefined
      await write(block)
      return found
    },
  }
}

function entryOf({ name, type, size, mode, linkname }: Header): TarEntry {
  const kinds = {
    file: 'file',
    'contiguous-file': 'file',
    directory: 'directory',
    symlink: 'symlink',
    link: 'link',
  } as const
  return {
    name,
    type: type in kinds ? kinds[type as keyof typeof kinds] : 'other',
    size,
    mode: mode & 0o7777,
    ...(typeof linkname === 'string' && linkname !== '' ? { linkName: linkname } : {}),
  }
}

/** How many bytes belong to a header that only tells of the next one. https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html */
function longHeaderSize(block: Buffer): number {
  if (!LONG_HEADERS.has(block[156] ?? 0))
    throw new ArchiveFault('corrupt', 'a header in it is damaged, or it is no tar archive')
  const size = Number.parseInt(block.toString('latin1', 124, 136).replace(/[\0 ]+$/, ''), 8)
  return Number.isSafeInteger(size) && size >= 0 ? size : 0
}

function isZero(bytes: Buffer): boolean {
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = bytes.subarray(at, at + ZEROS.length)
    if (ZEROS.compare(part, 0, part.length, 0, part.length) !== 0) return false
  }
  return true
}
