import { UserError } from '../errors.ts'

/** Longer ones fit into no file system. */
const MAX_NAME_BYTES = 255
const MAX_PATH_BYTES = 1024

/**
 * Why a path of a bundle could lead out of the directory that it is unpacked into, or be another file on another
 * system; undefined where it can't.
 */
export function pathProblem(path: string): string | undefined {
  if (path === '') return 'has no name'
  if (path.includes('\0')) return 'holds a NUL'
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  if (/[\u0001-\u001f\u007f]/.test(path)) return 'holds a control character'
  // Where bytes were no UTF-8, two names could read the same.
  if (path.includes('\ufffd') || /\p{Surrogate}/u.test(path)) return 'is no UTF-8'
  if (path.includes('\\')) return 'holds a backslash, which divides directories on Windows'
  if (path.startsWith('/')) return 'is absolute'
  if (/^[A-Za-z]:/.test(path)) return 'names a drive of Windows'
  const parts = path.split('/')
  if (parts.includes('..')) return 'leads out of the directory'
  if (parts.includes('.') || parts.includes('')) return 'is not written the short way'
  if (parts.some((part) => Buffer.byteLength(part) > MAX_NAME_BYTES)) return 'has too long a name in it'
  return Buffer.byteLength(path) > MAX_PATH_BYTES ? 'is too long' : undefined
}

/** What a control character in a path must not do to the terminal that shows it. */
export function shownPath(path: string): string {
  const quoted = JSON.stringify(path).slice(1, -1).replaceAll('\\"', '"').replaceAll('\\\\', '\\')
  return quoted.length > 200 ? `${quoted.slice(0, 200)}…` : quoted
}

/**
 * The paths of one archive, each of them a file of its own on every system: file systems of Windows and macOS take
 * `K3s` and `k3s`, and letters composed in two ways, for one name.
 */
export class BundlePaths {
  readonly #files = new Map<string, string>()
  readonly #directories = new Map<string, string>()
  readonly #at: string
  readonly #fix: string

  constructor(at: string, fix: string) {
    this.#at = at
    this.#fix = fix
  }

  /** Throws `UserError` for a path that leads elsewhere, or stands for a file or directory that is there already. */
  add(path: string): void {
    const problem = pathProblem(path)
    if (problem !== undefined) this.#refuse(`the path ${shownPath(path)} ${problem}`)
    const key = sameOnAnySystem(path)
    const twin = this.#files.get(key)
    if (twin === path) this.#refuse(`${path} is there twice`)
    if (twin !== undefined)
      this.#refuse(`${twin} and ${path} are one file where the case of letters does not count`)
    if (this.#directories.has(key)) this.#refuse(`${path} is a file, and a directory of other files`)
    this.#files.set(key, path)
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
      const directory = path.slice(0, end)
      const own = sameOnAnySystem(directory)
      if (this.#files.has(own)) this.#refuse(`${directory} is a file, and a directory of other files`)
      this.#directories.set(own, directory)
    }
  }

  #refuse(message: string): never {
    throw new UserError(message, { at: this.#at, fix: this.#fix })
  }
}

function sameOnAnySystem(path: string): string {
  return path.normalize('NFD').toUpperCase().toLowerCase().normalize('NFC')
}
