import type { Atoms } from './atoms.ts'

/**
 * What comes of texts alone, within one rehearsal: each scenario brings most of them again. What is kept must not be
 * changed.
 */
export class Remembered<T> {
  readonly #found = new WeakMap<Atoms, Map<string, T>>()

  /** `from`: all that the result depends on besides the atoms, such that JSON tells it apart. */
  get(atoms: Atoms, from: readonly unknown[], find: () => T): T {
    const key = JSON.stringify(from)
    const known = this.#found.get(atoms) ?? new Map<string, T>()
    this.#found.set(atoms, known)
    let found = known.get(key)
    if (found === undefined) {
      found = find()
      known.set(key, found)
    }
    return found
  }
}
