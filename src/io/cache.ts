import { createHash } from 'node:crypto'
import {
  closeSync,
  fstatSync,
  futimesSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { join, posix, win32 } from 'node:path'
import { makeDirectories } from './directories.ts'

/** More entries than this, and the older half of them goes. */
export const MOST_ENTRIES = 200

/** Characters of an entry; a longer one is not kept. */
const MAX_LENGTH = 2 * 1024 * 1024

const DAY = 24 * 60 * 60 * 1000

/**
 * The directory for what can be worked out again: `$K3SEAL_CACHE_DIR`, else `$XDG_CACHE_HOME/k3seal`, with `%LOCALAPPDATA%`
 * on Windows and `~/.cache` elsewhere. `undefined` where there is none, or `K3SEAL_NO_CACHE` is set.
 * https://specifications.freedesktop.org/basedir-spec/latest/
 */
export function cacheDirectory(
  env: Readonly<Record<string, string | undefined>>,
  platform: string,
): string | undefined {
  const { isAbsolute, join } = platform === 'win32' ? win32 : posix
  const absolute = (path: string | undefined): string | undefined =>
    path !== undefined && isAbsolute(path) ? path : undefined
  if (env.K3SEAL_NO_CACHE) return undefined
  if (env.K3SEAL_CACHE_DIR) return absolute(env.K3SEAL_CACHE_DIR)
  const configured = absolute(platform === 'win32' ? env.LOCALAPPDATA : env.XDG_CACHE_HOME)
  if (configured !== undefined) return join(configured, 'k3seal')
  const home = absolute(env.HOME)
  return home === undefined ? undefined : join(home, '.cache', 'k3seal')
}

/**
 * Texts by a key of 64 hexadecimal digits, each a file. Whatever is wrong with the directory, or with an entry, the entry
 * is not there, and nothing is said: it can be worked out again.
 */
export class Cache {
  readonly #directory: string

  constructor(directory: string) {
    this.#directory = directory
  }

  /** An entry counts only as its owner wrote it: whole, for this key, and not to be changed by anybody else. */
  get(key: string): string | undefined {
    let file: number | undefined
    try {
      file = openSync(join(this.#directory, key), 'r')
      const { uid, mode, mtimeMs } = fstatSync(file)
      if (process.getuid !== undefined && (uid !== process.getuid() || (mode & 0o022) !== 0)) return undefined
      const text = readFileSync(file, 'utf8')
      const end = text.indexOf('\n')
      const entry = text.slice(end + 1)
      if (text.slice(0, Math.max(0, end)) !== sealOf(key, entry)) return undefined
      const now = Date.now()
      // What is used stays; the time needs no more precision than a day.
      if (now - mtimeMs > DAY) futimesSync(file, now / 1000, now / 1000)
      return entry
    } catch {
      return undefined
    } finally {
      if (file !== undefined) closeSync(file)
    }
  }

  /** Appears whole or not at all; it is not synced, since an entry that a crash has cut off doesn't count. */
  put(key: string, entry: string): void {
    if (entry.length > MAX_LENGTH) return
    const draft = join(this.#directory, `.${key}.${process.pid}`)
    try {
      this.#make()
      writeFileSync(draft, `${sealOf(key, entry)}\n${entry}`, { mode: 0o600, flag: 'wx' })
      renameSync(draft, join(this.#directory, key))
      this.#prune()
    } catch {
      remove(draft)
    }
  }

  /** Marked as what no backup and no commit needs: https://bford.info/cachedir/ */
  #make(): void {
    if (!makeDirectories(this.#directory, 0o700)) return
    const tag = 'Signature: 8a477f597d28d172789f06886806bc55\n# Made by k3seal, which can make it again.\n'
    writeFileSync(join(this.#directory, 'CACHEDIR.TAG'), tag, { mode: 0o600 })
    writeFileSync(join(this.#directory, '.gitignore'), '*\n', { mode: 0o600 })
  }

  #prune(): void {
    const names = readdirSync(this.#directory).filter((name) => ENTRY.test(name))
    if (names.length <= MOST_ENTRIES) return
    const entries = names.map((name) => {
      const path = join(this.#directory, name)
      return { path, time: statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0 }
    })
    entries.sort((a, b) => b.time - a.time)
    for (const { path } of entries.slice(MOST_ENTRIES / 2)) remove(path)
  }
}

/** Entries, and what a killed run has left of one. */
const ENTRY = /^(?:[0-9a-f]{64}|\.[0-9a-f]{64}\.\d+)$/

function remove(path: string): void {
  try {
    rmSync(path, { force: true })
  } catch {
    // It is in nobody's way.
  }
}

const sealOf = (key: string, entry: string): string =>
  createHash('sha256').update(key).update(entry).digest('hex')
