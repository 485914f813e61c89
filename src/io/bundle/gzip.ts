import { constants, crc32, createDeflateRaw } from 'node:zlib'

/**
 * No flags, no time, and an unknown system of origin: zlib would write that of the machine.
 * https://www.rfc-editor.org/rfc/rfc1952#section-2.3
 */
export const GZIP_HEADER: Uint8Array = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255)
/** CRC-32 and length, four bytes each. */
export const GZIP_TRAILER_SIZE = 8

/** What one block can hold whose bytes are stored as they are. https://www.rfc-editor.org/rfc/rfc1951#section-3.2.4 */
const STORED_SIZE = 65_535

/** CRC-32 and length of what passed by, as the end of a gzip file has them. */
export class GzipTrailer {
  #crc = 0
  #length = 0

  add(chunk: Uint8Array): void {
    this.#crc = crc32(chunk, this.#crc)
    this.#length += chunk.length
  }

  get bytes(): Buffer {
    const trailer = Buffer.alloc(GZIP_TRAILER_SIZE)
    trailer.writeUInt32LE(this.#crc, 0)
    trailer.writeUInt32LE(this.#length % 2 ** 32, 4)
    return trailer
  }
}

/**
 * One gzip member. At level 0 each byte of it is laid down by the two RFCs and by this file. Higher levels are zlib's, which
 * promises none: a new one in Node wrote other bytes (https://github.com/nodejs/node/issues/50138). They have little to gain,
 * too: archives and programs of K3s are compressed. 1 GB of such bytes took 3 s at level 0 and 27 s at level 1, and
 * became not a thousandth smaller.
 * A chunk is valid until the next one is asked for.
 */
export async function* gzipped(source: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array> {
  const trailer = new GzipTrailer()
  const passing = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      trailer.add(chunk)
      yield chunk
    }
  }
  yield GZIP_HEADER
  yield* level === 0 ? stored(passing()) : deflated(passing(), level)
  yield trailer.bytes
}

/** How many blocks are handed on at once: fewer steps for the same bytes. */
const BLOCKS = 16
const BLOCK_SIZE = 5 + STORED_SIZE

/** Blocks of one size whatever the chunks were: the bytes may not depend on how a disk hands out a file. */
async function* stored(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  const blocks = Buffer.allocUnsafeSlow(BLOCKS * BLOCK_SIZE)
  let start = 0
  let length = 0
  const close = (isLast: boolean): void => {
    blocks[start] = isLast ? 1 : 0
    blocks.writeUInt16LE(length, start + 1)
    blocks.writeUInt16LE(length ^ 0xffff, start + 3)
    start += 5 + length
    length = 0
  }
  for await (const chunk of source)
    for (let from = 0; from < chunk.length; ) {
      // A full block is only closed when more follows: the last one says that it is the last.
      if (length === STORED_SIZE) close(false)
      if (start === blocks.length) {
        yield blocks
        start = 0
      }
      const part = chunk.subarray(from, from + STORED_SIZE - length)
      blocks.set(part, start + 5 + length)
      length += part.length
      from += part.length
    }
  close(true)
  yield blocks.subarray(0, start)
}

async function* deflated(source: AsyncIterable<Uint8Array>, level: number): AsyncGenerator<Uint8Array> {
  const deflate = createDeflateRaw({
    level,
    chunkSize: 256 * 1024,
    memLevel: 9,
    strategy: constants.Z_DEFAULT_STRATEGY,
  })
  const feeding = (async () => {
    try {
      // The chunk's buffer may be used again as soon as the next one is asked for.
      for await (const chunk of source)
        await new Promise<void>((resolve, reject) => {
          deflate.write(chunk, (error) => (error ? reject(error) : resolve()))
        })
      deflate.end()
    } catch (error) {
      deflate.destroy(error as Error)
    }
  })()
  yield* deflate as AsyncIterable<Uint8Array>
  await feeding
}
