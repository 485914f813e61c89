/**
 * `go build -ldflags "-X …/pkg/version.Version=$VERSION"` sets the version of the outer program, whose commands carry it:
 * https://github.com/k3s-io/k3s/blob/167c1143941084b7945cb64b1d3a7ab11fd14677/scripts/package-cli. Go's linker ends what -X
 * sets with a NUL, unlike the strings of the source, which stand wall to wall: `Addstring` of
 * https://github.com/golang/go/blob/master/src/cmd/link/internal/loader/symbolbuilder.go. What else tells the version, such
 * as the build information, ends with a space or a quote.
 */
const VERSION = /v\d{1,3}\.\d{1,3}\.\d{1,3}(?:-(?:rc|alpha|beta)\.?\d{1,3})?\+k3s\d{1,3}(?![0-9A-Za-z.+-])/g

const MARK = Buffer.from('+k3s')
const BEFORE = 32
const AFTER = 8

/** More different versions than this tell as little as two. */
const MAX_FOUND = 8

/** Searches a binary for versions of K3s, chunk by chunk, without running it. */
export class VersionSearch {
  readonly #found = new Set<string>()
  #rest: Buffer = Buffer.alloc(0)

  take(chunk: Buffer): void {
    // A version may stand across the border of two chunks: their ends are searched together.
    this.#search(Buffer.concat([this.#rest, chunk.subarray(0, BEFORE + AFTER)]), false)
    this.#search(chunk, false)
    const tail = chunk.length >= BEFORE + AFTER ? chunk : Buffer.concat([this.#rest, chunk])
    this.#rest = Buffer.from(tail.subarray(Math.max(0, tail.length - BEFORE - AFTER)))
  }

  /** Sorted. */
  end(): readonly string[] {
    this.#search(this.#rest, true)
    return [...this.#found].sort()
  }

  /** `last`: what ends with `bytes` is whole. Else a match at the end may go on, and is found with the next chunk. */
  #search(bytes: Buffer, last: boolean): void {
    for (let at = bytes.indexOf(MARK); at !== -1; at = bytes.indexOf(MARK, at + 1)) {
      if (this.#found.size > MAX_FOUND) return
      const from = Math.max(0, at - BEFORE)
      const to = Math.min(bytes.length, at + MARK.length + AFTER)
      const text = bytes.toString('latin1', from, to)
      for (const { 0: version, index } of text.matchAll(VERSION)) {
        const touchesEnd = from + index + version.length === bytes.length
        if (!touchesEnd || last) this.#found.add(version)
      }
    }
  }
}
