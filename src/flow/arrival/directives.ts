import { cameFrom, cut } from '../../syntax/sourced.ts'
import { parseUnit } from '../../syntax/unit.ts'
import type { Atoms } from '../atoms.ts'
import { type Letters, lettersOf, type Source, unknownIn } from './letters.ts'
import { ReadOnce } from './readOnce.ts'

/** A line of `[Service]`, or something there that can't be known. */
export interface Directive {
  /** `undefined`: a line that is unknown as a whole. */
  readonly key: string | undefined
  readonly value: Letters
  readonly source: Source
  /** In the marked text. */
  readonly start: number
  readonly end: number
}

const known = new ReadOnce<readonly Directive[]>()

/** The lines of a unit file's section, in order. */
export function directivesOf(
  content: string,
  source: Source,
  section: string,
  atoms: Atoms,
): readonly Directive[] {
  return known.of(content, source, atoms, () => readDirectives(content, source, section, atoms), section)
}

function readDirectives(
  content: string,
  source: Source,
  section: string,
  atoms: Atoms,
): readonly Directive[] {
  const letters = lettersOf(content, source, atoms)
  const unit = parseUnit(letters.text)
  const place = (start: number, end: number): { start: number; end: number } => ({
    start: letters.originAt(start)?.at ?? 0,
    end: (letters.originAt(end - 1)?.at ?? 0) + 1,
  })
  const lines = unit.directives
    .filter((directive) => directive.section === section)
    .map(({ key, value, start, end, keyStart }) => {
      const isUnknown = unknownIn(cut(letters, keyStart, keyStart + key.length)) !== undefined
      return {
        key: isUnknown ? undefined : key,
        value: isUnknown ? cut(letters, keyStart, end) : cameFrom(value, letters),
        source,
        ...place(start, end),
      }
    })
  const unknown = unit.faults.flatMap(({ start, end }) => {
    const value = cut(letters, start, end)
    return unknownIn(value) === undefined ? [] : [{ key: undefined, value, source, ...place(start, end) }]
  })
  return [...lines, ...unknown].sort((a, b) => a.start - b.start)
}
