import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

/** Bytes between two collections. */
const INTERVAL = 8 * 1024 * 1024

/**
 * Decoders of Node give each chunk a buffer of its own, and V8 lets 64 MiB of such buffers gather before it frees the first:
 * half of what unpacking an archive may take at all. Told of the chunks, this has the young ones freed in time.
 * https://nodejs.org/api/v8.html#v8setflagsfromstringflags
 */
export class ChunkGarbage {
  #since = 0
  static #collect: ((options: { readonly type: 'minor' }) => void) | undefined

  /** `bytes`: the size of a chunk that is done with. */
  add(bytes: number): void {
    this.#since += bytes
    if (this.#since < INTERVAL) return
    this.#since = 0
    ChunkGarbage.#collect ??= collector()
    ChunkGarbage.#collect({ type: 'minor' })
  }
}

function collector(): (options: { readonly type: 'minor' }) => void {
  setFlagsFromString('--expose-gc')
  return runInNewContext('gc')
}
