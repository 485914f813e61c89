import { parseEnvFile } from '../../syntax/envFile.ts'
import { cameFrom, cut, Sourced } from '../../syntax/sourced.ts'
import type { Atoms, Hop } from '../atoms.ts'
import type { PaperFile } from '../files.ts'
import { type Letters, lettersOf, type Source, unknownIn } from './letters.ts'
import { type EnvironmentPart, variableName } from './process.ts'
import { ReadOnce } from './readOnce.ts'

export const noLetters: Letters = new Sourced('', [])

const known = new ReadOnce<readonly EnvironmentPart[]>()
const carrier = 'env-file'

/** What an env file says, as systemd reads it. `hops`: what names the file. */
export function envFileParts(
  { content }: PaperFile,
  source: Source,
  hops: readonly Hop[],
  atoms: Atoms,
): readonly EnvironmentPart[] {
  if (typeof content !== 'string')
    return [{ name: undefined, value: noLetters, carrier, hops, why: content.unknown }]
  return known.of(content, source, atoms, () => readParts(content, source, hops, atoms), hops)
}

function readParts(
  content: string,
  source: Source,
  hops: readonly Hop[],
  atoms: Atoms,
): readonly EnvironmentPart[] {
  const letters = lettersOf(content, source, atoms)
  const { entries, ignored } = parseEnvFile(letters.text)
  const parts = [
    ...entries.map((entry) => ({ ...entry, isIgnored: false })),
    ...ignored.map((line) => ({ ...line, key: '', value: undefined, isIgnored: true })),
  ].sort((a, b) => a.start - b.start)
  return parts.flatMap(({ key, value, start, end, isIgnored }): readonly EnvironmentPart[] => {
    const unknown = unknownIn(isIgnored ? cut(letters, start, end) : cut(letters, start, start + key.length))
    if (unknown !== undefined)
      return [{ name: undefined, value: noLetters, carrier, hops, why: unknown.what }]
    if (value === undefined || !variableName.test(key)) return []
    const from = letters.originAt(start)?.at ?? 0
    const to = (letters.originAt(end - 1)?.at ?? from) + 1
    const ways = [...source.hops(from, to), ...hops]
    return [{ name: key, value: cameFrom(value, letters), carrier, hops: ways, why: '' }]
  })
}
