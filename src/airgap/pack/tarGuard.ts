import { UserError } from '../../errors.ts'

const BLOCK = 512
/** A pax header holds a path, and a path has its limit. */
const MAX_PAX_BYTES = 4096
const MAX_ENTRIES = 20_000

const KINDS: Readonly<Record<string, string>> = {
  '1': 'a hard link',
  '2': 'a symbolic link',
  '3': 'a device',
  '4': 'a device',
  '5': 'a directory',
  '6': 'a pipe',
  '7': 'a contiguous file',
  D: 'a directory of GNU tar',
  K: 'a long name of GNU tar',
  L: 'a long name of GNU tar',
  M: 'a file that goes on from another archive',
  N: 'a long name of GNU tar',
  S: 'a sparse file',
  V: 'a volume name of GNU tar',
  X: 'a header of Solaris',
  g: 'a global pax header',
}

/**
 * Looks at the headers of a tar before anything else reads them, and takes what k3seal packs and nothing more: ordinary
 * files, and pax headers with a path. Other readers disagree about the rest (https://www.gnu.org/software/tar/manual/html_node/Standard.html),
 * and what two of them disagree about can be one thing when it is checked and another when it is unpacked.
 * All throw `UserError`.
 */
export class TarGuard {
  readonly #refuse: (what: string) => never
  readonly #header = Buffer.alloc(BLOCK)
  #filled = 0
  /** Bytes of the entry's content, and behind it of its padding, that are still to come. */
  #content = 0
  #padding = 0
  #pax: Buffer | undefined
  #paxFilled = 0
  #entries = 0
  /** Blocks of zeros so far; two end the archive. */
  #zeros = 0

  constructor(at: string) {
    this.#refuse = (what) => {
      throw new UserError(what, {
        at,
        fix: 'take an archive as k3seal airgap pack wrote it, and copy it again where it may have been damaged',
      })
    }
  }

  push(chunk: Uint8Array): void {
    for (let from = 0; from < chunk.length; ) {
      if (this.#content > 0) {
        const part = chunk.subarray(from, from + this.#content)
        this.#keep(part)
        this.#content -= part.length
        from += part.length
      } else if (this.#padding > 0) {
        const part = chunk.subarray(from, from + this.#padding)
        if (part.some((byte) => byte !== 0)) this.#refuse('holds bytes between its files')
        this.#padding -= part.length
        from += part.length
      } else {
        const part = chunk.subarray(from, from + BLOCK - this.#filled)
        this.#header.set(part, this.#filled)
        this.#filled += part.length
        from += part.length
        if (this.#filled === BLOCK) this.#begin()
      }
    }
  }

  /** After the last chunk. */
  end(): void {
    if (this.#zeros < 2 || this.#filled > 0) this.#refuse('ends too early')
  }

  #begin(): void {
    this.#filled = 0
    const header = this.#header
    if (header.every((byte) => byte === 0)) {
      this.#zeros += 1
      if (this.#zeros > 2) this.#refuse('goes on behind its end')
      return
    }
    if (this.#zeros > 0) this.#refuse('goes on behind its end')
    if (header.toString('latin1', 257, 265) !== 'ustar\u000000')
      this.#refuse('holds no tar as k3seal writes it')
    const type = String.fromCharCode(header[156] ?? 0)
    if (type !== '0' && type !== 'x')
      this.#refuse(`holds ${KINDS[type] ?? 'an entry of an unknown kind'}, and a bundle has only files`)
    this.#checkMode()
    const size = octal(header, 124, 12) ?? this.#refuse('holds a file of unknown size')
    if (this.#pax !== undefined && type === 'x') this.#refuse('holds two pax headers in a row')
    this.#pax = undefined
    if (type === 'x') {
      if (size > MAX_PAX_BYTES) this.#refuse('holds a pax header of more than 4 KiB')
      this.#pax = Buffer.alloc(size)
      this.#paxFilled = 0
      if (size === 0) this.#refuse('holds an empty pax header')
    } else this.#entries += 1
    if (this.#entries > MAX_ENTRIES) this.#refuse(`holds more than ${MAX_ENTRIES} files`)
    this.#content = size
    this.#padding = (BLOCK - (size % BLOCK)) % BLOCK
  }

  #checkMode(): void {
    const mode = octal(this.#header, 100, 8) ?? this.#refuse('holds a file of unknown mode')
    if ((mode & 0o7000) !== 0)
      this.#refuse('holds a file that would run as its owner (setuid, setgid or sticky)')
  }

  #keep(part: Uint8Array): void {
    const pax = this.#pax
    if (pax === undefined || this.#paxFilled === pax.length) return
    pax.set(part, this.#paxFilled)
    this.#paxFilled += part.length
    // One record: its own length, a blank, `path=…`, a line break.
    if (this.#paxFilled === pax.length && !isPathRecord(pax))
      this.#refuse('holds a pax header with more than a path')
  }
}

function isPathRecord(pax: Buffer): boolean {
  const [, length] = /^([1-9]\d{0,3}) path=[^\n\0]+\n$/.exec(pax.toString('utf8')) ?? []
  return length !== undefined && Number(length) === pax.length
}

/** Octal digits that fill the field, with a NUL or a blank behind them; numbers in base 256 are none. */
function octal(header: Buffer, from: number, length: number): number | undefined {
  const [, digits] = /^([0-7]{1,11})[ \0]*$/.exec(header.toString('latin1', from, from + length)) ?? []
  return digits === undefined ? undefined : Number.parseInt(digits, 8)
}
