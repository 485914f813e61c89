import { createHash, randomBytes } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs'
import { open, statfs } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { UserError } from '../../errors.ts'
import { makeDirectories } from '../directories.ts'
import { syncDirectory, writeFailure } from '../durable.ts'

export interface UnpackedFile {
  readonly path: string
  readonly mode: number
  /** As it has to come out. */
  readonly sha256: string
}

/**
 * Throws `UserError` unless files can appear in a directory as a whole: it is not there yet, or empty. `at`: how the user
 * knows it.
 */
export function refuseOccupied(directory: string, at: string): void {
  if (!existsSync(directory)) {
    if (isLink(directory))
      throw new UserError('is a symbolic link to nothing', { at, fix: 'remove the link' })
    return
  }
  let names: readonly string[]
  try {
    if (isLink(directory) || !lstatSync(directory).isDirectory())
      throw new UserError('is no directory', { at, fix: 'name one that is not there yet' })
    names = readdirSync(directory)
  } catch (error) {
    throw writeFailure(error, 'nothing was unpacked')
  }
  if (names.length > 0)
    throw new UserError('is there already, and not empty', {
      at,
      fix: 'name a directory that is not there yet: what is unpacked may not mix with other files',
    })
}

/**
 * Lets a directory appear with all of its files or not at all. They are written beside it, into a directory with a name
 * of its own, and hashed again: what was checked may have changed since. One rename puts them in place.
 */
export class Unpacking {
  readonly #target: string
  /** Closed to others as long as it holds half of a bundle. */
  readonly #staging: string
  /** Below the staging, with the permissions that a new directory gets. */
  readonly #tree: string

  private constructor(target: string, staging: string, tree: string) {
    this.#target = target
    this.#staging = staging
    this.#tree = tree
  }

  /** `bytes`: what all files need; `at`: how the user knows the directory. */
  static async open(target: string, bytes: number, at: string): Promise<Unpacking> {
    const parent = dirname(target)
    try {
      makeDirectories(parent)
      const { bavail, bsize } = await statfs(parent)
      if (bavail * bsize < bytes)
        throw new UserError(`needs ${megabytes(bytes)}, and ${megabytes(bavail * bsize)} are free`, {
          at,
          fix: 'free some disk space, or unpack to another disk',
        })
      const staging = join(parent, `.${basename(target)}.k3seal-${randomBytes(6).toString('hex')}`)
      mkdirSync(staging, { mode: 0o700 })
      const tree = join(staging, 'tree')
      mkdirSync(tree)
      return new Unpacking(target, staging, tree)
    } catch (error) {
      throw writeFailure(error, 'nothing was unpacked')
    }
  }

  async write({ path, mode, sha256 }: UnpackedFile, content: AsyncIterable<Uint8Array>): Promise<void> {
    const target = join(this.#tree, path)
    const hash = createHash('sha256')
    try {
      makeDirectories(dirname(target))
      const file = await open(target, 'wx', 0o600)
      try {
        for await (const chunk of content) {
          hash.update(chunk)
          await file.writeFile(chunk)
        }
        await file.chmod(mode)
        await file.sync()
      } finally {
        await file.close()
      }
    } catch (error) {
      throw writeFailure(error, 'nothing was unpacked')
    }
    if (hash.digest('hex') !== sha256)
      throw new UserError(`${path} changed while it was unpacked`, {
        fix: 'let nobody write to the archive, then unpack it again; nothing was unpacked',
      })
  }

  commit(): void {
    try {
      for (const entry of readdirSync(this.#tree, { recursive: true, withFileTypes: true }))
        if (entry.isDirectory()) syncDirectory(join(entry.parentPath, entry.name))
      syncDirectory(this.#tree)
      const before = statSync(this.#target, { throwIfNoEntry: false })
      if (before !== undefined) {
        chmodSync(this.#tree, before.mode & 0o7777)
        rmdirSync(this.#target)
      }
      renameSync(this.#tree, this.#target)
      syncDirectory(dirname(this.#target))
      rmSync(this.#staging, { recursive: true, force: true })
    } catch (error) {
      throw writeFailure(error, 'nothing was unpacked')
    }
  }

  discard(): void {
    rmSync(this.#staging, { recursive: true, force: true })
  }
}

function isLink(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() ?? false
}

function megabytes(bytes: number): string {
  return `${Math.ceil(bytes / 1e6)} MB`
}
