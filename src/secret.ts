import { timingSafeEqual } from 'node:crypto'
import { inspect } from 'node:util'

const SHOWN = '[secret]'

/**
 * A token or a password. Shown, concatenated, serialised or inspected it reads `[secret]`;
 * every place that takes the value out calls `reveal`, so that those places can be searched for.
 */
export class Secret {
  readonly #bytes: Buffer

  constructor(value: string | Uint8Array) {
    this.#bytes = Buffer.from(value as string)
  }

  /** The value as text. Bytes that are no UTF-8 become U+FFFD: use `revealBytes` where they may occur. */
  reveal(): string {
    return this.#bytes.toString('utf8')
  }

  /** A copy of the value's bytes. */
  revealBytes(): Buffer {
    return Buffer.from(this.#bytes)
  }

  get isEmpty(): boolean {
    return this.#bytes.length === 0
  }

  /** Compares without telling by its duration where two values of one length differ. */
  equals(other: Secret): boolean {
    return this.#bytes.length === other.#bytes.length && timingSafeEqual(this.#bytes, other.#bytes)
  }

  toString(): string {
    return SHOWN
  }

  toJSON(): string {
    return SHOWN
  }

  [Symbol.toPrimitive](): string {
    return SHOWN
  }

  [inspect.custom](): string {
    return SHOWN
  }
}
