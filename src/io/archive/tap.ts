import { compressionOf, decompressed } from './decompress.ts'
import { type NextChunk, type VisitEntry, walkTar } from './tar.ts'

/** More than any image has. */
const MAX_ENTRIES = 500_000

/**
 * Reads an archive of images while its bytes pass by on another errand, so that they are read from the disk once. What is
 * wrong with it only ends the reading: `verify` says it.
 */
export class ArchiveTap {
  readonly #visit: VisitEntry
  readonly #env: Readonly<Record<string, string | undefined>>
  #give: ((chunk: Buffer | undefined) => void) | undefined
  #taken: (() => void) | undefined
  #walking: Promise<boolean> | undefined
  #isOver = false

  /** `env`: of the programs that may be used to decompress. */
  constructor(visit: VisitEntry, env: Readonly<Record<string, string | undefined>>) {
    this.#visit = visit
    this.#env = env
  }

  /** Fulfilled when the chunk is of no use any more. */
  async push(chunk: Buffer): Promise<void> {
    if (this.#isOver || chunk.length === 0) return
    if (this.#walking === undefined) {
      const asked = this.#asked()
      this.#walking = this.#walk(chunk)
      await asked
    }
    if (this.#isOver) return
    const asked = this.#asked()
    this.#give?.(chunk)
    await asked
  }

  /** Whether the archive could be read to its end. */
  async end(): Promise<boolean> {
    this.#give?.(undefined)
    return (await this.#walking) ?? false
  }

  /** Fulfilled when the reader asks for more, or is done. */
  #asked(): Promise<void> {
    return new Promise((resolve) => {
      this.#taken = resolve
    })
  }

  async #walk(head: Buffer): Promise<boolean> {
    const next: NextChunk = () =>
      new Promise((resolve) => {
        this.#give = resolve
        this.#taken?.()
      })
    try {
      const compression = compressionOf(head)
      if (compression === 'none') await walkTar(next, this.#visit, MAX_ENTRIES)
      else if (compression === 'gzip' || compression === 'zstd') await this.#walkCompressed(next, compression)
      else return false
      return true
    } catch {
      return false
    } finally {
      this.#isOver = true
      this.#give = undefined
      this.#taken?.()
    }
  }

  async #walkCompressed(next: NextChunk, compression: 'gzip' | 'zstd'): Promise<void> {
    const told = { trailing: false, sumUnchecked: false, window: 0 }
    const plain = decompressed(next, compression, this.#env, told)
    try {
      const chunk: NextChunk = async () => (await plain.next()).value ?? undefined
      await walkTar(chunk, this.#visit, MAX_ENTRIES)
    } finally {
      await plain.return(undefined)
    }
  }
}
