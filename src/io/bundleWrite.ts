import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { renameSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../errors.ts'
import { syncDirectory, writeFailure } from './durable.ts'
import { gzipped } from './gzip.ts'
import { openFile, readFailure } from './hash.ts'

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
}

export interface ArchiveEntries {
  /** `head` is shown the first bytes (64 KiB, or all of a shorter file) before the entry is written, and may throw. */
  file(path: string, source: string, mode: number, head?: (bytes: Uint8Array) => void): Promise<PackedFile>
  bytes(path: string, content: Uint8Array, mode: number): Promise<PackedFile>
}

/** An archive that is complete on the disk, and has not got its name yet. */
export interface DraftArchive extends PackedFile {
  /** Absolute, beside where it will be. */
  readonly path: string
}

const READ_SIZE = 256 * 1024
const WRITE_SIZE = 1024 * 1024
const HEAD_SIZE = 64 * 1024

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
    const filling = fill(entriesOf(tar, options)).then(
      () => tar.finalize(),
      (error: Error) => {
        tar.destroy(error)
        throw error
      },
    )
    const writing = (async () => {
      try {
        for await (const chunk of gzipped(
          tar as AsyncIterable<unknown> as AsyncIterable<Uint8Array>,
          options.level,
        ))
          await output.write(chunk)
      } catch (error) {
        tar.destroy(error as Error)
        throw error
      }
    })()
    await Promise.all([filling, writing]).catch(async (error: unknown) => {
      await Promise.allSettled([filling, writing])
      throw error
    })
    return { path, ...(await output.end()) }
  } catch (error) {
    await output.discard()
    throw writeFailure(error, 'nothing was changed')
  }
}

/** Gives finished files their names, the last one first, and makes that last. */
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

function entriesOf(tar: Pack, { mtime }: PackOptions): ArchiveEntries {
  /** Streams `size` bytes into an entry; `content` yields buffers that stay as they are. */
  const add = async (
    path: string,
    size: number,
    mode: number,
    content: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  ): Promise<PackedFile> => {
    const hash = createHash('sha256')
    const header = { name: path, size, mode, type: 'file', uid: 0, gid: 0, uname: '', gname: '' } as const
    const done = new Promise<void>((resolve, reject) => {
      const sink = tar.entry({ ...header, mtime: new Date(mtime * 1000) }, (error) =>
        error ? reject(error) : resolve(),
      )
      const feed = async (): Promise<void> => {
        for await (const chunk of content) {
          hash.update(chunk)
          if (!sink.write(chunk)) await once(sink, 'drain')
        }
        sink.end(null)
      }
      feed().catch((error: Error) => {
        sink.destroy(error)
        reject(error)
      })
    })
    await done
    return { size, sha256: hash.digest('hex') }
  }
  return {
    file: async (path, source, mode, head) => {
      const file = await openFile(source)
      try {
        const size = (await file.stat()).size
        return await add(path, size, mode, contentOf(file, source, head))
      } finally {
        await file.close()
      }
    },
    bytes: (path, content, mode) => add(path, content.length, mode, [content]),
  }
}

/** Throws `UserError` where the file is not, from the first byte to the last, what it was when it was opened. */
async function* contentOf(
  file: FileHandle,
  source: string,
  head?: (bytes: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  const before = await file.stat({ bigint: true })
  const size = Number(before.size)
  const read = async (position: number): Promise<Uint8Array> => {
    const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(READ_SIZE, size - position)))
    try {
      const { bytesRead } = await file.read(buffer, 0, buffer.length, position)
      return buffer.subarray(0, bytesRead)
    } catch (error) {
      throw readFailure(source, error)
    }
  }
  let next = read(0)
  for (let position = 0; position < size; ) {
    const chunk = await next
    if (chunk.length === 0) throw changed(source)
    if (position === 0) head?.(chunk.subarray(0, HEAD_SIZE))
    position += chunk.length
    // The next bytes come from the disk while these are hashed; whoever asks for them hears of a failure.
    next = read(position)
    next.catch(() => undefined)
    yield chunk
  }
  const more = await next
  const after = await file.stat({ bigint: true })
  if (more.length > 0) throw changed(source)
  if (after.size !== before.size || after.mtimeNs !== before.mtimeNs || after.ctimeNs !== before.ctimeNs)
    throw changed(source)
}

function changed(source: string): UserError {
  return new UserError('changed while it was packed', {
    at: source,
    fix: 'let whatever writes it finish, then pack again',
  })
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
  }

  async end(): Promise<PackedFile> {
    await this.#flush()
    await this.#writing
    await this.#file.sync()
    await this.#file.close()
    return { size: this.#size, sha256: this.#hash.digest('hex') }
  }

  async discard(): Promise<void> {
    await this.#writing.catch(() => undefined)
    await this.#file.close().catch(() => undefined)
    rmSync(this.#path, { force: true })
  }
}

async function writeFully(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let written = 0; written < bytes.length; )
    written += (await file.write(bytes, written, bytes.length - written)).bytesWritten
}
