import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { FileHandle } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { createInflateRaw, type InflateRaw } from 'node:zlib'
import { UserError } from '../../errors.ts'
import { chunksOf, openFile } from '../hash.ts'
import { GZIP_HEADER, GZIP_TRAILER_SIZE, GzipTrailer } from './gzip.ts'

/** How often larger the content may be than the archive: kernels and images come to a tenth of it, a bomb to its hundredfold. */
const MAX_RATIO = 100
/** What may come out before the ratio counts: the start of a plain text tells nothing. */
const FREE_BYTES = 64 * 1024 * 1024

export interface BundleEntry {
  readonly path: string
  /** Bytes. */
  readonly size: number
  /** To be read to its end. */
  readonly content: AsyncIterable<Uint8Array>
}

export interface Guard {
  push(chunk: Uint8Array): void
  end(): void
}

export interface ReadOptions {
  /** Is shown the bytes of the tar before they are understood, and throws where they may not be. */
  readonly guard: Guard
  /** How the user knows the file. */
  readonly at: string
  /** Called for each file in its turn. */
  readonly onEntry: (entry: BundleEntry) => Promise<void>
  /** Its reason is thrown as soon as it is aborted. */
  readonly signal?: AbortSignal
}

/**
 * Reads a tar in gzip to its end, and returns the SHA-256 of the file as it was read. Throws `UserError` for one that is
 * truncated or damaged, that has anything behind its end, or unpacks to more than its size allows.
 */
export async function readBundle(path: string, { guard, at, onEntry, signal }: ReadOptions): Promise<string> {
  const file = await openFile(path)
  try {
    const { size } = await file.stat()
    await checkHeader(file, at, size)
    const { extract } = await import('tar-stream')
    const tar = extract()
    // The promises below tell of it; without a listener it would end k3seal.
    tar.on('error', () => undefined)
    const hash = createHash('sha256')
    const inflate = createInflateRaw({ chunkSize: 256 * 1024 })
    const trailer = new GzipTrailer()
    const stop = new AbortController()
    const reasons: unknown[] = []
    const fail = (error: unknown): never => {
      reasons.push(error)
      stop.abort(error)
      tar.destroy(error as Error)
      inflate.destroy(error as Error)
      throw error
    }
    const reading = (async () => {
      for await (const entry of tar) {
        const { header } = entry
        await onEntry({
          path: header.name,
          size: header.size ?? 0,
          content: entry as AsyncIterable<unknown> as AsyncIterable<Uint8Array>,
        }).catch(fail)
      }
    })().catch(fail)
    const feeding = (async () => {
      let isTaken = false
      const take = async (chunks: AsyncIterable<Buffer>): Promise<void> => {
        let length = 0
        for await (const chunk of chunks) {
          signal?.throwIfAborted()
          length += chunk.length
          if (length > FREE_BYTES && length > MAX_RATIO * size) throw bomb(at)
          trailer.add(chunk)
          guard.push(chunk)
          if (!tar.write(chunk)) await once(tar, 'drain', { signal: stop.signal })
        }
        isTaken = true
      }
      // Caught here, too: leaving the loop aborts the stream, which is all that the pipeline hears of.
      const failure = await pipeline(
        deflated(file, at, size, hash),
        inflate,
        (chunks: AsyncIterable<Buffer>) => take(chunks).catch(fail),
      ).then(
        () => undefined,
        (error: unknown) => error,
      )
      // Once the gzip has ended what is behind it is no longer asked for: Node may call that torn down, or nothing at all.
      if (failure !== undefined && !(isTaken && isTornDown(failure))) throw failure
      await checkEnd(file, at, size, inflate, trailer)
      if (failure !== undefined) throw failure
      guard.end()
      tar.end(null)
    })().catch(fail)
    await Promise.allSettled([reading, feeding])
    if (signal?.aborted === true) throw signal.reason
    // What tears down the rest makes it fail, too, and which of them is heard of first is up to Node's streams.
    if (reasons.length > 0)
      throw reasons.flatMap(withParts).find((reason) => !isTornDown(reason)) ?? reasons[0]
    return hash.digest('hex')
  } catch (error) {
    throw archiveFailure(error, at)
  } finally {
    await file.close()
  }
}

async function checkHeader(file: FileHandle, at: string, size: number): Promise<void> {
  const header = Buffer.alloc(GZIP_HEADER.length)
  await file.read(header, 0, header.length, 0)
  if (header[0] !== 0x1f || header[1] !== 0x8b)
    throw new UserError('is no gzip', { at, fix: 'name the archive that k3seal airgap pack wrote' })
  if (size < header.length + GZIP_TRAILER_SIZE) throw truncated(at)
  // Flags: names, comments and fields that may follow the header.
  if (header[2] !== 8 || header[3] !== 0)
    throw new UserError('is a gzip that k3seal did not write', {
      at,
      fix: 'name the archive that k3seal airgap pack wrote',
    })
}

/** What stands between header and trailer; all of the file goes into the hash. */
async function* deflated(
  file: FileHandle,
  at: string,
  size: number,
  hash: ReturnType<typeof createHash>,
): AsyncGenerator<Uint8Array> {
  let position = 0
  for await (const chunk of chunksOf(file, at, 256 * 1024)) {
    hash.update(chunk)
    const from = Math.max(0, GZIP_HEADER.length - position)
    const to = Math.min(chunk.length, size - GZIP_TRAILER_SIZE - position)
    // A copy: zlib may still read from it when the buffer is filled again.
    if (to > from) yield Buffer.from(chunk.subarray(from, to))
    position += chunk.length
  }
  if (position !== size)
    throw new UserError('changed while it was read', { at, fix: 'let the copy finish first' })
}

/** Compares the end of the file with what came out of it. */
async function checkEnd(
  file: FileHandle,
  at: string,
  size: number,
  inflate: InflateRaw,
  trailer: GzipTrailer,
): Promise<void> {
  if (inflate.bytesWritten !== size - GZIP_HEADER.length - GZIP_TRAILER_SIZE)
    throw new UserError('goes on behind the end of the gzip', {
      at,
      fix: 'copy it again, or pack it again: a bundle is one gzip and nothing more',
    })
  const end = Buffer.alloc(GZIP_TRAILER_SIZE)
  await file.read(end, 0, end.length, size - end.length)
  if (!end.equals(trailer.bytes)) throw damaged(at)
}

/** Node makes one of two errors of a stream, and calls it as the later one. */
const withParts = (error: unknown): readonly unknown[] =>
  error instanceof AggregateError ? error.errors.flatMap(withParts) : [error]

const isTornDown = (error: unknown): boolean =>
  (error as Error).name === 'AbortError' ||
  /^(?:ABORT_ERR|ERR_STREAM_(?:PREMATURE_CLOSE|DESTROYED))$/.test((error as NodeJS.ErrnoException).code ?? '')

function archiveFailure(error: unknown, at: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException
  if (code === 'Z_BUF_ERROR') return truncated(at)
  if (code === 'Z_DATA_ERROR') return damaged(at)
  if (/^(?:Unexpected end of data|Invalid tar header|Invalid header|Header exceeds)/.test(message ?? ''))
    return damaged(at)
  return error
}

function truncated(at: string): UserError {
  return new UserError('ends too early', { at, fix: 'copy it again: a part of it is missing' })
}

function damaged(at: string): UserError {
  return new UserError('is damaged', { at, fix: 'copy it again, and compare its checksum' })
}

function bomb(at: string): UserError {
  return new UserError(`unpacks to more than ${MAX_RATIO} times its size`, {
    at,
    fix: 'no bundle does that: find out where the archive comes from',
  })
}
