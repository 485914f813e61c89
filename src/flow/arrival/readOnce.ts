import type { Atoms } from '../atoms.ts'
import { Remembered } from '../remembered.ts'
import type { Source } from './letters.ts'

/** What texts of nodes say, each read once for all scenarios that bring it. A text of the project has no such second time. */
export class ReadOnce<T> {
  readonly #known = new Remembered<T>()

  /** `from`: what the reading depends on besides the text and its source. */
  of(content: string, { path, everywhere }: Source, atoms: Atoms, read: () => T, ...from: unknown[]): T {
    return everywhere === undefined
      ? read()
      : this.#known.get(atoms, [content, path, everywhere, ...from], read)
  }
}
