import { chmodSync, closeSync, fsyncSync, openSync, renameSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../errors.ts'

/** Appears with all of its content or not at all. */
export function writeWhole(path: string, text: string): void {
  writeSynced(`${path}.draft`, text, 0o600)
  renameSync(`${path}.draft`, path)
  syncDirectory(dirname(path))
}

/** Created 0600, never through a link that is there, and widened only when the content is in. */
export function writeSynced(path: string, content: string | Uint8Array, mode: number): void {
  const file = openSync(path, 'wx', 0o600)
  try {
    const bytes = typeof content === 'string' ? Buffer.from(content) : content
    for (let written = 0; written < bytes.length; ) written += writeSync(file, bytes, written)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
  chmodSync(path, mode)
}

/** Makes renames in a directory last. */
export function syncDirectory(path: string): void {
  try {
    const directory = openSync(path, 'r')
    try {
      fsyncSync(directory)
    } finally {
      closeSync(directory)
    }
  } catch {
    // Windows can't sync a directory; its renames are journalled by the file system.
  }
}

/**
 * What the system refused, as an error with a cure; anything else comes back as it is.
 * `state`: what stands on the disk now.
 */
export function writeFailure(error: unknown, state: string): unknown {
  const { code, syscall, path, dest } = error as NodeJS.ErrnoException & { dest?: string }
  const fixes: Readonly<Record<string, string>> = {
    EACCES: 'give the user that runs k3seal the right to write there',
    EPERM: 'give the user that runs k3seal the right to write there',
    EROFS: 'the file system is read-only: choose another place',
    ENOSPC: 'free some disk space',
    EDQUOT: 'free some of your disk quota',
    ENOTDIR: 'a part of the path is a file: choose another place',
    EISDIR: 'a directory stands where the file should go: move it away',
    ENOTEMPTY: 'the directory appeared while k3seal was working: run it again',
    EEXIST: 'the path appeared while k3seal was working: run it again',
  }
  if (code === undefined || syscall === undefined) return error
  return new UserError(`can't be written (${code}); ${state}`, {
    at: dest ?? path,
    fix: fixes[code] ?? 'check the path and the disk, or choose another place',
    cause: error,
  })
}
