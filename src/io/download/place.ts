import { chmodSync, lstatSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { UserError } from '../../errors.ts'
import { makeDirectories } from '../directories.ts'
import { syncDirectory, writeFailure, writeSynced } from '../durable.ts'
import { pathKind } from '../files.ts'
import { sha256Of } from '../hash.ts'
import { partialPath } from './partial.ts'

/** Size and sum of a file that is there; links are followed. Throws `UserError` where something else stands there. */
export async function fileThere(
  path: string,
): Promise<{ readonly size: number; readonly sha256: string } | undefined> {
  if (lstatSync(path, { throwIfNoEntry: false }) === undefined) return undefined
  const sha256 = await sha256Of(path)
  return { sha256, size: statSync(path).size }
}

/** Gives a file these permission bits where it has others. Throws `UserError`. */
export function ensureMode(path: string, mode: number): void {
  writing(() => {
    if ((statSync(path).mode & 0o7777) !== mode) chmodSync(path, mode)
  })
}

/** Puts a whole text in its place, whatever was there. Throws `UserError`. */
export function placeBytes(path: string, bytes: Uint8Array, mode: number): void {
  const draft = partialPath(path)
  writing(() => {
    rmSync(draft, { force: true })
    writeSynced(draft, bytes, mode)
    renameSync(draft, path)
    syncDirectory(dirname(path))
  })
}

/** Makes a directory and those above it. Throws `UserError`. */
export function ensureDirectory(path: string): void {
  const kind = pathKind(path)
  if (kind !== 'absent' && kind !== 'directory')
    throw new UserError('is no directory', { at: path, fix: 'name another place for the files' })
  writing(() => makeDirectories(path))
}

/** Removes a file, if there is one. Throws `UserError`. */
export function removeFile(path: string): void {
  writing(() => rmSync(path, { force: true }))
}

function writing(work: () => void): void {
  try {
    work()
  } catch (error) {
    throw writeFailure(error, 'what is there stays as it is')
  }
}
