import { createHash, type Hash } from 'node:crypto'
import { constants, existsSync, lstatSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { syncDirectory, writeFailure, writeWhole } from '../durable.ts'
import { chunksOf } from '../hash.ts'

/** What is written beside a partial file, to know later what it is part of. */
interface Note {
  readonly version: 1
  /** Of the whole. */
  readonly sha256: string
  /** Where it comes from, without secrets. */
  readonly url: string
  readonly validator?: string | undefined
  readonly total?: number | undefined
}

const KEPT = 'what was downloaded stays beside it, and the next run goes on from there'

/** A file on its way to `target`: hidden beside it, 0600, hashed as it grows. Closed, it stays for the next run. */
export class Partial {
  readonly #target: string
  readonly #file: FileHandle
  #note: Note
  #hash: Hash = createHash('sha256')
  #size = 0

  private constructor(target: string, file: FileHandle, note: Note) {
    this.#target = target
    this.#file = file
    this.#note = note
  }

  /**
   * Opens what an earlier run left of the file with this sum, or begins anew.
   * `url`: without secrets; what came from elsewhere is gone on with, but without its validator.
   * Throws `UserError` where the disk refuses.
   */
  static async open(target: string, sha256: string, url: string): Promise<Partial> {
    const path = partialPath(target)
    try {
      const before = noteBeside(path)
      if (before?.sha256 !== sha256 || !isOrdinary(path)) removePartial(target)
      const flags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)
      const file = await open(path, flags, 0o600)
      const note =
        before?.sha256 === sha256 && before.url === url ? before : ({ version: 1, sha256, url } as const)
      const partial = new Partial(target, file, note)
      for await (const chunk of chunksOf(file, path)) {
        partial.#hash.update(chunk)
        partial.#size += chunk.length
      }
      return partial
    } catch (error) {
      throw writeFailure(error, 'nothing was changed')
    }
  }

  /** Bytes. */
  get size(): number {
    return this.#size
  }

  get validator(): string | undefined {
    return this.#note.validator
  }

  /** Of the whole file, as the server said when it was begun. */
  get total(): number | undefined {
    return this.#note.total
  }

  /** Of what is there now. */
  get sha256(): string {
    return this.#hash.copy().digest('hex')
  }

  /** Throws all of it away. */
  async restart(): Promise<void> {
    await this.#writing(() => this.#file.truncate(0))
    this.#hash = createHash('sha256')
    this.#size = 0
  }

  /** Notes what the bytes to come are part of. */
  async describe(validator: string | undefined, total: number | undefined): Promise<void> {
    if (this.#note.validator === validator && this.#note.total === total && existsSync(this.#notePath)) return
    this.#note = { ...this.#note, validator, total }
    await this.#writing(() => {
      rmSync(`${this.#notePath}.draft`, { force: true })
      writeWhole(this.#notePath, JSON.stringify(this.#note))
    })
  }

  async append(chunk: Uint8Array): Promise<void> {
    await this.#writing(async () => {
      for (let written = 0; written < chunk.length; ) {
        const rest = chunk.subarray(written)
        const { bytesWritten } = await this.#file.write(rest, 0, rest.length, this.#size)
        this.#hash.update(rest.subarray(0, bytesWritten))
        this.#size += bytesWritten
        written += bytesWritten
      }
    })
  }

  /** Gives it its name; the caller has compared `sha256`. */
  async place(mode: number): Promise<void> {
    await this.#writing(async () => {
      await this.#file.chmod(mode)
      await this.#file.sync()
      await this.#file.close()
      renameSync(partialPath(this.#target), this.#target)
      rmSync(this.#notePath, { force: true })
      syncDirectory(dirname(this.#target))
    })
  }

  async close(): Promise<void> {
    await this.#file.close()
  }

  get #notePath(): string {
    return `${partialPath(this.#target)}.json`
  }

  async #writing(work: () => void | Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      // Node names no path where a write to an open file fails.
      throw writeFailure(Object.assign(error as Error, { path: this.#target, dest: undefined }), KEPT)
    }
  }
}

/** Throws away what is there of a file. */
export function removePartial(target: string): void {
  const path = partialPath(target)
  for (const name of [path, `${path}.json`, `${path}.json.draft`]) rmSync(name, { force: true })
}

/** Where a file is on its way to its name: hidden beside it. */
export function partialPath(target: string): string {
  return join(dirname(target), `.${basename(target)}.k3seal-part`)
}

/** Whether a path is what an unfinished download leaves beside its target. */
export function isPartial(path: string): boolean {
  return /(?:^|\/)\..*\.k3seal-part(?:\.json)?$/.test(path)
}

function noteBeside(path: string): Note | undefined {
  try {
    const note = JSON.parse(readFileSync(`${path}.json`, 'utf8')) as Note
    return note.version === 1 ? note : undefined
  } catch {
    // None, or one that was cut short: then the part is worth nothing either.
    return undefined
  }
}

function isOrdinary(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false
}
