import { createHash } from 'node:crypto'
import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { UserError } from '../errors.ts'

/** Bytes that one read takes: fewer make more work of the same file, more only take room. */
export const READ_SIZE = 1024 * 1024

/** The SHA-256 of a file as 64 lower-case hexadecimal digits, in constant memory. Throws `UserError` where it can't be read. */
export async function sha256Of(path: string): Promise<string> {
  const hash = createHash('sha256')
  const file = await openFile(path)
  try {
    for await (const chunk of chunksOf(file, path)) hash.update(chunk)
  } finally {
    await file.close()
  }
  return hash.digest('hex')
}

/** Opens an ordinary file for reading; links are followed. Throws `UserError`, also for a pipe, a device or a directory. */
export async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle
  try {
    // Without O_NONBLOCK the opening of a pipe waits for its writer. Windows has no such flag, and no such pipes.
    file = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0))
  } catch (error) {
    throw readFailure(path, error)
  }
  const stats = await file.stat()
  if (stats.isFile()) return file
  await file.close()
  throw new UserError(stats.isDirectory() ? 'is a directory, not a file' : 'is no ordinary file', {
    at: path,
    fix: 'put the file itself in its place',
  })
}

/**
 * The bytes of an open file, from its beginning, in turns of two buffers: the next one is read while a chunk is worked
 * on, which is valid until the one after it is asked for. Throws `UserError` where reading fails.
 */
export async function* chunksOf(file: FileHandle, path: string, size = READ_SIZE): AsyncGenerator<Buffer> {
  const buffers = [Buffer.allocUnsafeSlow(size), Buffer.allocUnsafeSlow(size)] as const
  const read = async (turn: number, position: number): Promise<Buffer> => {
    const buffer = buffers[turn % 2] as Buffer
    try {
      const { bytesRead } = await file.read(buffer, 0, size, position)
      return buffer.subarray(0, bytesRead)
    } catch (error) {
      throw readFailure(path, error)
    }
  }
  let position = 0
  let next = read(0, position)
  try {
    for (let turn = 1; ; turn++) {
      const chunk = await next
      if (chunk.length === 0) return
      position += chunk.length
      next = read(turn, position)
      // A failure belongs to whoever asks for that chunk; until then nobody waits for it.
      next.catch(() => undefined)
      yield chunk
    }
  } finally {
    // The file may only be closed when no read is under way.
    await next.catch(() => undefined)
  }
}

/** What the system refused in reading, with a cure. */
export function readFailure(path: string, error: unknown): UserError {
  const { code } = error as NodeJS.ErrnoException
  const fixes: Readonly<Record<string, string>> = {
    EACCES: 'make it readable for the user that runs k3seal',
    EPERM: 'make it readable for the user that runs k3seal',
    ENOENT: 'put the file there, or mend the link that names it',
    ELOOP: 'mend the circle of symbolic links',
    ENXIO: 'put the file itself in its place',
  }
  return new UserError(`can't be read (${code ?? 'unknown error'})`, {
    at: path,
    fix: fixes[code ?? ''] ?? 'check the path and the disk',
    cause: error,
  })
}
