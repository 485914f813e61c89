import type { FileHandle } from 'node:fs/promises'
import { UserError } from '../../errors.ts'
import { readFailure } from '../hash.ts'

const READ_SIZE = 1024 * 1024
const HEAD_SIZE = 64 * 1024

/** What else looks at the bytes of a file as they pass by. */
export interface Witness {
  /** Is shown the first bytes (64 KiB, or all of a shorter file) before any of them is written, and may throw. */
  head(bytes: Uint8Array): void
  /** Fulfilled when the chunk is of no use any more. */
  push?(chunk: Buffer): Promise<void>
}

/**
 * Throws `UserError` where the file is not, from the first byte to the last, what it was when it was opened.
 *
 * A chunk stays as it is until the third one after it is asked for. All but the last are longer than what the streams
 * of tar-stream hold back (16 KiB), so that by then it has gone through.
 */
export async function* contentOf(file: FileHandle, source: string, witness: Witness): AsyncGenerator<Buffer> {
  const before = await file.stat({ bigint: true })
  const size = Number(before.size)
  const buffers = Array.from({ length: Math.min(4, 1 + Math.ceil(size / READ_SIZE)) }, () =>
    Buffer.allocUnsafeSlow(READ_SIZE),
  )
  const read = async (turn: number, position: number): Promise<Buffer> => {
    const buffer = buffers[turn % buffers.length] as Buffer
    let filled = 0
    try {
      for (;;) {
        const { bytesRead } = await file.read(buffer, filled, buffer.length - filled, position + filled)
        filled += bytesRead
        if (bytesRead === 0 || filled === buffer.length) return buffer.subarray(0, filled)
      }
    } catch (error) {
      throw readFailure(source, error)
    }
  }
  let position = 0
  let next = read(0, 0)
  try {
    for (let turn = 1; ; turn += 1) {
      const chunk = await next
      if (chunk.length === 0) break
      if (position === 0) witness.head(chunk.subarray(0, HEAD_SIZE))
      position += chunk.length
      // tar-stream would take bytes beyond the size that the header has for another entry.
      if (position > size) throw changed(source)
      // The next bytes come from the disk while these are hashed; whoever asks for them hears of a failure.
      next = read(turn, position)
      next.catch(() => undefined)
      yield chunk
    }
  } finally {
    // The file may only be closed when no read is under way.
    await next.catch(() => undefined)
  }
  const after = await file.stat({ bigint: true })
  const isSame = position === size && after.mtimeNs === before.mtimeNs && after.ctimeNs === before.ctimeNs
  if (!isSame) throw changed(source)
}

function changed(source: string): UserError {
  return new UserError('changed while it was packed', {
    at: source,
    fix: 'let whatever writes it finish, then pack again',
  })
}
