/** What a list of SHA-256 sums says. */
export interface Checksums {
  /** Name as the list has it → 64 lower-case hexadecimal digits. */
  readonly sums: ReadonlyMap<string, string>
  readonly faults: readonly ChecksumFault[]
}

export interface ChecksumFault {
  /** From 1. */
  readonly line: number
  readonly message: string
}

/** `-b` writes the asterisk; a backslash in front says that the name has escapes. */
const plain = /^(\\?)([0-9a-f]{64}) [ *](.+)$/is
const tagged = /^(\\?)SHA256 \((.+)\) = ([0-9a-f]{64})$/is

/**
 * Reads what `sha256sum` writes: `sha256sum-<arch>.txt` of a release, `install.sh.sha256sum`, a `SHA256SUMS` of one's own.
 * https://www.gnu.org/software/coreutils/manual/html_node/cksum-output-modes.html
 * Blank lines and `#` comments are passed over. A name with two different sums is a fault, and has none.
 */
export function parseChecksums(text: string): Checksums {
  const sums = new Map<string, string>()
  const torn = new Set<string>()
  const faults: ChecksumFault[] = []
  for (const [index, raw] of text
    .replace(/^\uFEFF/, '')
    .split('\n')
    .entries()) {
    const row = raw.replace(/\r$/, '')
    if (row.trim() === '' || row.startsWith('#')) continue
    const fault = (message: string): void => {
      faults.push({ line: index + 1, message })
    }
    const entry = entryOf(row)
    if (entry === undefined) {
      fault('is no SHA-256 sum with a name')
      continue
    }
    const before = sums.get(entry.name)
    if (before !== undefined && before !== entry.sum) {
      fault(`gives ${entry.name} a second, different sum`)
      torn.add(entry.name)
    }
    sums.set(entry.name, entry.sum)
  }
  for (const name of torn) sums.delete(name)
  return { sums, faults }
}

/**
 * The sum of the first of `names` that is listed, as it stands or at the end of a path (`./k3s`, `dist/k3s`).
 * `undefined` where none is, or where paths that end so differ in their sums.
 */
export function checksumOf({ sums }: Checksums, ...names: readonly string[]): string | undefined {
  for (const name of names) {
    const exact = sums.get(name)
    if (exact !== undefined) return exact
    const nested = new Set([...sums].filter(([path]) => path.endsWith(`/${name}`)).map(([, sum]) => sum))
    const [only] = nested
    if (nested.size === 1) return only
  }
  return undefined
}

function entryOf(row: string): { readonly name: string; readonly sum: string } | undefined {
  const [, escaped, sum, name] = plain.exec(row) ?? reordered(tagged.exec(row))
  if (sum === undefined || name === undefined) return undefined
  return { name: escaped === '' ? name : unescaped(name), sum: sum.toLowerCase() }
}

function reordered(match: RegExpExecArray | null): readonly (string | undefined)[] {
  return match === null ? [] : [match[0], match[1], match[3], match[2]]
}

function unescaped(name: string): string {
  return name.replace(/\\([\\nr])/g, (_, letter: string) =>
    letter === 'n' ? '\n' : letter === 'r' ? '\r' : '\\',
  )
}
