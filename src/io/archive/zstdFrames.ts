import { ArchiveFault } from './fault.ts'

/** What zstd itself takes without being told of more, and with `--long`: 2^27 bytes. */
const MAX_WINDOW = 128 * 1024 * 1024

const FRAME = 0xfd2fb528
const SKIPPABLE = 0x184d2a50

export interface FramePart {
  readonly bytes: Buffer
  readonly last: boolean
}

/**
 * Cuts a zstd stream into its frames by their headers, without unpacking them (RFC 8878, section 3). The decoders don't do:
 * Node's ends in silence at the end of the first frame, and at a stream that is cut off.
 */
export class ZstdFrames {
  /** Other bytes follow the last frame. */
  trailing = false
  /** The largest of its frames, in bytes. */
  window = 0
  #phase: 'magic' | 'descriptor' | 'header' | 'block' | 'end' = 'magic'
  readonly #small = Buffer.alloc(18)
  #filled = 0
  #wanted = 4
  #skip = 0
  #checksum = 0
  #skippable = false
  #frames = 0

  /** Throws `ArchiveFault` where the stream may not end here. */
  end(): void {
    if (this.trailing || (this.#phase === 'magic' && this.#filled === 0)) return
    if (this.#phase === 'magic' && this.#frames > 0) this.trailing = true
    else throw new ArchiveFault('truncated', 'its compressed data ends too early')
  }

  /** The parts of a chunk, each of one frame; `last`: the frame ends with it. Skippable frames are left out. */
  *parts(chunk: Buffer): Generator<FramePart> {
    let from = 0
    for (let at = 0; at < chunk.length && !this.trailing; ) {
      if (this.#skip > 0) {
        const step = Math.min(this.#skip, chunk.length - at)
        this.#skip -= step
        at += step
      } else {
        const magic = this.#phase === 'magic'
        this.#small[this.#filled++] = chunk[at++] as number
        if (this.#filled === this.#wanted) this.#interpret()
        // Whether these bytes belong to a frame is only known when all four are there, perhaps from two chunks.
        if (magic) from = at
        if (magic && this.#phase === 'descriptor')
          yield { bytes: Buffer.from(this.#small.subarray(0, 4)), last: false }
      }
      if (this.#phase !== 'end' || this.#skip > 0) continue
      if (!this.#skippable) yield { bytes: chunk.subarray(from, at), last: true }
      from = at
      this.#frames++
      this.#want('magic', 4)
    }
    if (from < chunk.length && !this.#skippable && !this.trailing)
      yield { bytes: chunk.subarray(from), last: false }
  }

  #want(phase: 'magic' | 'descriptor' | 'header' | 'block', bytes: number, keep = 0): void {
    this.#phase = phase
    this.#filled = keep
    this.#wanted = bytes
    if (phase === 'magic') this.#skippable = false
  }

  #interpret(): void {
    if (this.#phase === 'magic') this.#magic()
    else if (this.#phase === 'descriptor') this.#descriptor()
    else if (this.#phase === 'header') this.#header()
    else this.#block()
  }

  #magic(): void {
    const magic = this.#small.readUInt32LE(0)
    if (magic === FRAME) this.#want('descriptor', 5, 4)
    else if ((magic & ~0xf) >>> 0 === SKIPPABLE) {
      this.#skippable = true
      this.#want('header', 8, 4)
    } else if (this.#frames > 0) this.trailing = true
    else throw new ArchiveFault('no-archive', 'it does not begin as zstd data do')
  }

  #descriptor(): void {
    const flags = this.#small[4] as number
    const single = (flags >> 5) & 1
    const content = flags >> 6
    const contentBytes = content === 0 ? single : 1 << content
    this.#checksum = (flags >> 2) & 1 ? 4 : 0
    if ((flags & 3) !== 0) throw new ArchiveFault('unsupported', 'its zstd data need a dictionary')
    this.#want('header', 6 - single + contentBytes, 5)
    if (this.#wanted === 5) this.#header()
  }

  #header(): void {
    if (this.#skippable) {
      this.#skip = this.#small.readUInt32LE(4)
      this.#phase = 'end'
      return
    }
    const window = this.#window()
    this.window = Math.max(this.window, window)
    if (window > MAX_WINDOW)
      throw new ArchiveFault(
        'unsupported',
        `its zstd window of ${Math.ceil(window / 1024 / 1024)} MiB is larger than the 128 MiB that zstd takes unless told`,
      )
    this.#want('block', 3)
  }

  #window(): number {
    const flags = this.#small[4] as number
    if (((flags >> 5) & 1) === 0) {
      const descriptor = this.#small[5] as number
      const base = 2 ** (10 + (descriptor >> 3))
      return base + (base / 8) * (descriptor & 7)
    }
    const content = flags >> 6
    if (content === 0) return this.#small[5] as number
    if (content === 1) return this.#small.readUInt16LE(5) + 256
    return content === 2 ? this.#small.readUInt32LE(5) : Number(this.#small.readBigUInt64LE(5))
  }

  #block(): void {
    const header = this.#small.readUIntLE(0, 3)
    const type = (header >> 1) & 3
    if (type === 3) throw new ArchiveFault('corrupt', 'its compressed data are damaged')
    this.#skip = type === 1 ? 1 : header >> 3
    if ((header & 1) === 0) this.#want('block', 3)
    else {
      this.#skip += this.#checksum
      this.#phase = 'end'
    }
  }
}
