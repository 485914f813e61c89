import type { Readable, Writable } from 'node:stream'
import zlib from 'node:zlib'
import { startFilter } from '../exec.ts'
import { ArchiveFault } from './fault.ts'
import { ChunkGarbage } from './garbage.ts'
import type { NextChunk } from './tar.ts'
import { type FramePart, ZstdFrames } from './zstdFrames.ts'

export type Compression = 'none' | 'gzip' | 'zstd' | 'lz4' | 'bzip2' | 'xz'

/** How the bytes say that they are compressed, whatever the file is called. https://en.wikipedia.org/wiki/List_of_file_signatures */
export function compressionOf(head: Uint8Array): Compression {
  const hex = Buffer.from(head.subarray(0, 6)).toString('hex')
  if (hex.startsWith('1f8b')) return 'gzip'
  if (hex.startsWith('28b52ffd') || /^5.2a4d18/.test(hex)) return 'zstd'
  if (hex.startsWith('04224d18') || hex.startsWith('02214c18')) return 'lz4'
  if (hex.startsWith('425a68')) return 'bzip2'
  return hex === 'fd377a585a00' ? 'xz' : 'none'
}

export interface Unpacking {
  /** Other bytes follow the compressed ones. */
  trailing: boolean
  /** The decoder at hand leaves the checksum that ends each zstd frame alone. */
  sumUnchecked: boolean
  /** The largest window of zstd data, in bytes: what unpacking them takes of memory. */
  window?: number
}

/** Larger than any block of zstd, small enough that a dozen of them waiting to be collected is no burden. */
const OUTPUT_SIZE = 256 * 1024

/** The bytes that gzip or zstd packed. `env`: of the programs that may be used. Throws `ArchiveFault`. */
export function decompressed(
  next: NextChunk,
  compression: 'gzip' | 'zstd',
  env: Readonly<Record<string, string | undefined>>,
  told: Unpacking,
): AsyncGenerator<Buffer> {
  return compression === 'gzip' ? gunzipped(next, told) : unzstd(next, env, told)
}

async function* gunzipped(next: NextChunk, told: Unpacking): AsyncGenerator<Buffer> {
  const gunzip = zlib.createGunzip({ chunkSize: OUTPUT_SIZE })
  let any = false
  try {
    for await (const chunk of through(next, gunzip, gunzip)) {
      any = true
      yield chunk
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    // Only a whole member, its checksum verified, has a next header to be looked for.
    if (any && message === 'incorrect header check') told.trailing = true
    else if (code === 'Z_BUF_ERROR') throw new ArchiveFault('truncated', 'its compressed data ends too early')
    else if (message === 'incorrect data check' || message === 'incorrect length check')
      throw new ArchiveFault('corrupt', 'the checksum of its gzip data is wrong')
    else if (code?.startsWith('Z_')) throw new ArchiveFault('corrupt', 'its compressed data are damaged')
    else throw error
  }
}

async function* unzstd(
  next: NextChunk,
  env: Readonly<Record<string, string | undefined>>,
  told: Unpacking,
): AsyncGenerator<Buffer> {
  const frames = new ZstdFrames()
  const queue: FramePart[] = []
  const nextPart: NextPart = async () => {
    while (queue.length === 0) {
      const chunk = await next()
      if (chunk === undefined) {
        frames.end()
        told.trailing = frames.trailing
        return undefined
      }
      queue.push(...frames.parts(chunk))
      told.window = frames.window
    }
    return queue.shift()
  }
  try {
    if (isOfNode) yield* byNode(nextPart)
    else if (await hasZstd(env)) yield* byProgram(nextPart, env)
    else {
      told.sumUnchecked = true
      yield* byFzstd(nextPart)
    }
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException
    if (code === 'ZSTD_error_checksum_wrong')
      throw new ArchiveFault('corrupt', 'the checksum of its zstd data is wrong')
    if (String(code).startsWith('ZSTD_') || /^(invalid|unexpected|FSE|match distance|window)/.test(message))
      throw new ArchiveFault('corrupt', 'its compressed data are damaged')
    throw error
  }
}

/** Since Node 22.15. */
const isOfNode = 'createZstdDecompress' in zlib

/** Whether zstd data are unpacked by machine code: by JavaScript a gigabyte takes a quarter of a minute. */
export async function unpacksZstdFast(env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  return isOfNode || (await hasZstd(env))
}

type NextPart = () => Promise<FramePart | undefined>

interface NodeZstd {
  createZstdDecompress(options: object): Readable & Writable & { reset(): void }
  readonly constants: { readonly ZSTD_d_windowLogMax: number }
}

async function* byNode(nextPart: NextPart): AsyncGenerator<Buffer> {
  // The types of the oldest supported Node don't know of it.
  const { createZstdDecompress, constants } = zlib as unknown as NodeZstd
  for (let part = await nextPart(); part !== undefined; part = await nextPart()) {
    let pending: FramePart | undefined = part
    let ended = false
    const stream = createZstdDecompress({
      chunkSize: OUTPUT_SIZE,
      autoDestroy: false,
      params: { [constants.ZSTD_d_windowLogMax]: 27 },
    })
    // Its window, 32 MiB for an archive of K3s, would only be freed when the garbage is collected.
    stream.once('end', () => stream.reset())
    const ofFrame: NextChunk = async () => {
      if (ended) return undefined
      const now: FramePart | undefined = pending ?? (await nextPart())
      pending = undefined
      ended = now === undefined || now.last
      return now?.bytes
    }
    yield* through(ofFrame, stream, stream)
  }
}

async function hasZstd(env: Readonly<Record<string, string | undefined>>): Promise<boolean> {
  const filter = await startFilter('zstd', ['-V'], { cwd: '/', env })
  filter.output.resume()
  filter.input.on('error', () => undefined)
  return (await filter.ended).exitCode === 0
}

async function* byProgram(
  nextPart: NextPart,
  env: Readonly<Record<string, string | undefined>>,
): AsyncGenerator<Buffer> {
  const filter = await startFilter('zstd', ['-dcq', '--long=27'], { cwd: '/', env })
  let isOver = false
  try {
    yield* through(async () => (await nextPart())?.bytes, filter.input, filter.output)
    isOver = true
  } catch (error) {
    if (error instanceof ArchiveFault) throw error
    // A program that gave up has closed its input: its own words say why.
    isOver = true
  } finally {
    if (!isOver) filter.stop()
  }
  const { exitCode, stderr } = await filter.ended
  if (exitCode !== 0)
    throw new ArchiveFault(
      'corrupt',
      /checksum/i.test(stderr) ? 'the checksum of its zstd data is wrong' : 'its compressed data are damaged',
    )
}

async function* byFzstd(nextPart: NextPart): AsyncGenerator<Buffer> {
  const { Decompress } = await import('fzstd')
  const garbage = new ChunkGarbage()
  const done: Uint8Array[] = []
  const fresh = (): InstanceType<typeof Decompress> =>
    new Decompress((bytes) => {
      if (bytes.length > 0) done.push(bytes)
    })
  let decoder = fresh()
  for (let part = await nextPart(); part !== undefined; part = await nextPart()) {
    for (let at = 0; at < part.bytes.length; at += OUTPUT_SIZE) {
      // It keeps what it can't use yet, and the buffer of a chunk is read into again.
      decoder.push(Uint8Array.from(part.bytes.subarray(at, at + OUTPUT_SIZE)))
      garbage.add(OUTPUT_SIZE)
      yield* taken()
    }
    if (!part.last) continue
    decoder.push(new Uint8Array(0), true)
    yield* taken()
    decoder = fresh()
  }

  function* taken(): Generator<Buffer> {
    for (const { buffer, byteOffset, length } of done.splice(0)) {
      yield Buffer.from(buffer, byteOffset, length)
      garbage.add(length)
    }
  }
}

/** What a pair of streams makes of the chunks. A chunk is asked for when the one before it has been taken. */
async function* through(next: NextChunk, input: Writable, output: Readable): AsyncGenerator<Buffer> {
  let closed = false
  const gone = new Promise<void>((resolve) => {
    output.once('close', () => {
      closed = true
      resolve()
    })
  })
  // A zlib stream that fails never says that it is done with the chunk in which it failed.
  const write = (chunk: Buffer): Promise<void> =>
    Promise.race([
      gone,
      new Promise<void>((resolve, reject) => {
        input.write(chunk, (error) => (error ? reject(error) : resolve()))
      }),
    ])
  input.on('error', () => undefined)
  const garbage = new ChunkGarbage()
  const pump = (async () => {
    for (let chunk = await next(); chunk !== undefined && !closed; chunk = await next()) await write(chunk)
    if (!closed) input.end()
  })()
  pump.catch((error: Error) => {
    if (!output.destroyed) output.destroy(error)
  })
  try {
    for await (const chunk of output) {
      yield chunk as Buffer
      garbage.add((chunk as Buffer).length)
    }
  } finally {
    output.destroy()
    input.destroy()
    await gone
    await pump.catch(() => undefined)
  }
}
