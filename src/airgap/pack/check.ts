import { UserError } from '../../errors.ts'
import { readManifest, SUMS, sumsText, TOP } from '../bundle.ts'
import { BundlePaths, pathProblem, shownPath } from '../bundlePath.ts'
import { type BundleManifest, MANIFEST, type ManifestFile } from '../manifest.ts'

/** Largest manifest and list of sums that are looked at, in bytes; a row of the manifest takes some 200. */
export const MAX_LIST_BYTES = 8 * 1024 * 1024

/** One file of an archive as it was read. */
export interface SeenFile {
  readonly path: string
  readonly size: number
  readonly sha256: string
}

/** What comes along in an archive, path by path, and whether it is what the lists at its end say. */
export class BundleCheck {
  readonly #at: string
  readonly #paths: BundlePaths
  readonly #seen: SeenFile[] = []
  readonly #texts = new Map<string, string>()

  constructor(at: string) {
    this.#at = at
    this.#paths = new BundlePaths(at, 'no bundle has that: find out where the archive comes from')
  }

  /**
   * The path of an entry below the directory of the bundle. Throws `UserError` for one that may not be unpacked, or where
   * a list is too large to be read.
   */
  entry(name: string, size: number): { readonly path: string; readonly isList: boolean } {
    const problem = pathProblem(name)
    if (problem !== undefined) this.#refuse(`the path ${shownPath(name)} ${problem}`)
    if (!name.startsWith(TOP))
      throw new UserError(`is no bundle of k3seal: it holds ${shownPath(name)}, not below ${TOP}`, {
        at: this.#at,
        fix: 'name the archive that k3seal airgap pack wrote',
      })
    const path = name.slice(TOP.length)
    this.#paths.add(path)
    const isList = path === MANIFEST || path === SUMS
    if (isList && size > MAX_LIST_BYTES)
      this.#refuse(`${path} is larger than ${MAX_LIST_BYTES / 1024 / 1024} MiB`)
    return { path, isList }
  }

  /** `text`: of a list. */
  add(file: SeenFile, text?: string): void {
    this.#seen.push(file)
    if (text !== undefined) this.#texts.set(file.path, text)
  }

  /** Throws `UserError` unless every file is listed as it is, and every listed file is there. */
  end(): BundleManifest {
    const text = this.#texts.get(MANIFEST)
    if (text === undefined)
      throw new UserError(`is no bundle of k3seal: it holds no ${MANIFEST}`, {
        at: this.#at,
        fix: 'name the archive that k3seal airgap pack wrote',
      })
    const manifest = readManifest(text, `${this.#at}: ${MANIFEST}`)
    const listed = new Map(manifest.files.map((file) => [file.path, file]))
    for (const { path, size, sha256 } of this.#seen) {
      if (path === MANIFEST || path === SUMS) continue
      const file = listed.get(path) ?? this.#refuse(`${path} is not in ${MANIFEST}`)
      this.#compare(file, size, sha256)
      listed.delete(path)
    }
    const [missing] = listed.keys()
    if (missing !== undefined) this.#refuse(`${missing} is missing, and ${MANIFEST} lists it`)
    this.#checkSums()
    return manifest
  }

  #compare(file: ManifestFile, size: number, sha256: string): void {
    if (file.size !== size) this.#refuse(`${file.path} has ${size} bytes, and ${MANIFEST} says ${file.size}`)
    if (file.sha256 !== sha256)
      this.#refuse(`${file.path} has the SHA-256 ${sha256}, and ${MANIFEST} says ${file.sha256}`)
  }

  #checkSums(): void {
    const sums = this.#texts.get(SUMS)
    if (sums === undefined) this.#refuse(`it holds no ${SUMS}`)
    if (sums !== sumsText(this.#seen.filter(({ path }) => path !== SUMS)))
      this.#refuse(`${SUMS} does not say what the files are`)
  }

  #refuse(message: string): never {
    throw new UserError(message, {
      at: this.#at,
      fix: 'copy it again, or pack it again; nothing was unpacked',
    })
  }
}
