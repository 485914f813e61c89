import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { renameSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncDirectory, writeFailure } from '../durable.ts'
import { openFile } from '../hash.ts'
import { contentOf, type Witness } from './fileContent.ts'
import { gzipped } from './gzip.ts'

/** A file as it went into an archive. */
export interface PackedFile {
  /** Bytes. */
  readonly size: number
  /** 64 lower-case hexadecimal digits. */
  readonly sha256: string
}

export interface PackOptions {
  /** 0 to 9, as for gzip; 0 stores the bytes as they are. */
  readonly level: number
  /** Of every entry, in seconds since 1970. */
  readonly mtime: number
  /** Its reason is thrown as soon as it is aborted. */
  readonly signal?: AbortSignal
}

export interface ArchiveEntries {
  file(path: string, source: string, mode: number, witness: Witness): Promise<PackedFile>
  bytes(path: string, content: Uint8Array, mode: number): Promise<PackedFile>
}

/** An archive that is complete on the disk, and has not got its name yet. */
export interface DraftArchive extends PackedFile {
  /** Absolute, beside where it will be. */
  readonly path: string
}

const WRITE_SIZE = 1024 * 1024
const SYNC_SIZE = 64 * WRITE_SIZE

/**
 * Writes a tar in gzip beside `target`, and syncs it; each file is read once, and hashed on its way. Entries carry no
 * owner and no time of their own. Where `fill` throws, or the disk is full, nothing is left.
 */
export async function writeArchive(
  target: string,
  options: PackOptions,
  fill: (entries: ArchiveEntries) => Promise<void>,
): Promise<DraftArchive> {
  const path = join(dirname(target), `.${basename(target)}.k3seal-${randomBytes(6).toString('hex')}`)
  let output: Output
  try {
    output = await Output.open(path)
  } catch (error) {
    throw writeFailure(error, 'nothing was changed')
  }
  try {
    const { pack } = await import('tar-stream')
    const tar = pack()
    // The promises below tell of it; without a listener it would end k3seal.
    tar.on('error', () => undefined)
    const stop = new AbortController()
    const fail = (error: unknown): never => {
      // The first reason stays: what tears down the rest fails, too.
      stop.abort(error)
      tar.destroy(error as Error)
      throw error
    }
    const filling = fill(entriesOf(tar, options, stop.signal)).then(() => tar.finalize(), fail)
    const writing = (async () => {
      const bytes = tar as AsyncIterable<unknown> as AsyncIterable<Uint8Array>
      for await (const chunk of gzipped(bytes, options.level)) {
        if (options.signal?.aborted === true) fail(options.signal.reason)
        await output.write(chunk).catch(fail)
      }
    })().catch(fail)
    await Promise.allSettled([filling, writing])
    if (stop.signal.aborted) throw stop.signal.reason
    return { path, ...(await output.end()) }
  } catch (error) {
    await output.discard()
    throw writeFailure(error, 'nothing was changed')
  }
}

/** Gives finished files their names, one after the other, durably. */
export function place(moves: readonly { readonly from: string; readonly to: string }[]): void {
  try {
    for (const { from, to } of moves) renameSync(from, to)
    for (const directory of new Set(moves.map(({ to }) => dirname(to)))) syncDirectory(directory)
  } catch (error) {
    discard(moves.map(({ from }) => from))
    throw writeFailure(error, 'check what is there')
  }
}

export function discard(paths: readonly string[]): void {
  for (const path of paths) rmSync(path, { force: true })
}

type Pack = ReturnType<typeof import('tar-stream').pack>

/** `stop`: aborted where the archive is given up, and nobody drains it any more. */
function entriesOf(tar: Pack, { mtime }: PackOptions, stop: AbortSignal): ArchiveEntries {
  /** Streams `size` bytes into an entry, and shows each chunk to a witness. */
  const add = async (
    path: string,
    size: number,
    mode: number,
    content: AsyncIterable<Buffer>,
    witness?: Witness,
  ): Promise<PackedFile> => {
    const hash = createHash('sha256')
    const header = { name: path, size, mode, type: 'file', uid: 0, gid: 0, uname: '', gname: '' } as const
    await new Promise<void>((resolve, reject) => {
      const sink = tar.entry({ ...header, mtime: new Date(mtime * 1000) }, (error) =>
        error ? reject(error) : resolve(),
      )
      sink.on('error', () => undefined)
      const feed = async (): Promise<void> => {
        for await (const chunk of content) {
          const drained = sink.write(chunk) ? undefined : once(sink, 'drain', { signal: stop })
          const seen = witness?.push?.(chunk)
          hash.update(chunk)
          await Promise.all([drained, seen])
        }
        sink.end(null)
      }
      feed().catch((error: Error) => {
        sink.destroy(error)
        reject(error)
      })
    })
    return { size, sha256: hash.digest('hex') }
  }
  return {
    file: async (path, source, mode, witness) => {
      const file = await openFile(source)
      try {
        const size = (await file.stat()).size
        return await add(path, size, mode, contentOf(file, source, witness), witness)
      } finally {
        await file.close()
      }
    },
    bytes: (path, content, mode) => add(path, content.length, mode, single(content)),
  }
}

async function* single(bytes: Uint8Array): AsyncGenerator<Buffer> {
  if (bytes.length > 0) yield Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Writes one buffer while the next is filled. What it is given may change as soon as `write` has resolved. */
class Output {
  readonly #path: string
  readonly #file: FileHandle
  readonly #hash = createHash('sha256')
  #buffers: [Buffer, Buffer] = [Buffer.allocUnsafeSlow(WRITE_SIZE), Buffer.allocUnsafeSlow(WRITE_SIZE)]
  #used = 0
  #size = 0
  #writing: Promise<void> = Promise.resolve()
  #syncing: Promise<void> | undefined
  #unsynced = 0

  private constructor(path: string, file: FileHandle) {
    this.#path = path
    this.#file = file
  }

  static async open(path: string): Promise<Output> {
    return new Output(path, await open(path, 'wx', 0o644))
  }

  async write(chunk: Uint8Array): Promise<void> {
    for (let from = 0; from < chunk.length; ) {
      const part = chunk.subarray(from, from + WRITE_SIZE - this.#used)
      this.#buffers[0].set(part, this.#used)
      this.#used += part.length
      from += part.length
      if (this.#used === WRITE_SIZE) await this.#flush()
    }
  }

  async #flush(): Promise<void> {
    await this.#writing
    const full = this.#buffers[0].subarray(0, this.#used)
    this.#buffers.reverse()
    this.#used = 0
    this.#size += full.length
    this.#writing = writeFully(this.#file, full)
    this.#writing.catch(() => undefined)
    this.#hash.update(full)
    this.#unsynced += full.length
    if (this.#unsynced >= SYNC_SIZE && this.#syncing === undefined) this.#sync()
  }

  /** Lets the disk begin early: at the end it would have to take all at once, and we to wait for it. */
  #sync(): void {
    this.#unsynced = 0
    this.#syncing = this.#file
      .datasync()
      // The sync at the end tells what is wrong.
      .catch(() => undefined)
      .finally(() => {
        this.#syncing = undefined
      })
  }

  async end(): Promise<PackedFile> {
    await this.#flush()
    await this.#writing
    await this.#syncing
    await this.#file.sync()
    await this.#file.close()
    return { size: this.#size, sha256: this.#hash.digest('hex') }
  }

  async discard(): Promise<void> {
    await this.#writing.catch(() => undefined)
    await this.#syncing
    await this.#file.close().catch(() => undefined)
    rmSync(this.#path, { force: true })
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await file.write(bytes, written, bytes.length - written)).bytesWritten
}
