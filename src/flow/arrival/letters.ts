import type { Span } from '../../span.ts'
import { type Origin as OriginOf, Sourced, SourcedBuilder } from '../../syntax/sourced.ts'
import { type Atom, type Atoms, distinctHops, type Hop, hasMark, type TracedText } from '../atoms.ts'
import type { PaperFile } from '../files.ts'

/** A text of a node or of the project that is read, and what to tell the user of a place in it. */
export interface Source {
  readonly path: string
  /** `start` and `end` are offsets in the marked text. */
  hops(start: number, end: number): readonly Hop[]
  /** Where every place of the text has the same hops: these. */
  readonly everywhere?: readonly Hop[]
  /** Set for a text of the project, whose own words become atoms: they have no way before this text. */
  readonly written?: (start: number, end: number) => Span
}

/** What one unit of an expanded text comes from. */
export interface Written {
  readonly source: Source
  readonly atom: Atom | undefined
}

/** `at`: in the marked text. */
export type Origin = OriginOf<Written>

/** A text with its known atoms written out; an unknown atom is its mark. */
export type Letters = Sourced<Written>

/** The same place, at which another atom, or none, is taken to stand. */
export const withAtom = ({ of: { source }, at }: Origin, atom: Atom | undefined): Origin => ({
  of: { source, atom },
  at,
})

export function paperSource(path: string, file: PaperFile): Source {
  return { path, hops: () => file.hops, everywhere: file.hops }
}

export function hopSource(path: string, hops: readonly Hop[]): Source {
  return { path, hops: () => hops }
}

const MARK = /[\u{f0000}-\u{ffffd}]/gu

/** Whether what stands there gives no setting either way, so that it may as well not be there. */
export const saysNothing = (atom: Atom | undefined): boolean =>
  atom?.text === undefined && atom?.root.isHarmless === true

/** `isLeftOut`: what is of no interest to the reader, or what it has looked at by itself. */
export function lettersOf(
  marked: string,
  source: Source,
  atoms: Atoms,
  isLeftOut: (atom: Atom | undefined, index: number) => boolean = saysNothing,
): Letters {
  const of: Written = { source, atom: undefined }
  const whole: Letters = new Sourced(marked, marked === '' ? [] : [{ start: 0, of, at: 0, step: 1 }])
  if (!hasMark(marked)) return whole
  const built = new SourcedBuilder<Written>()
  let last = 0
  for (const { 0: mark, index } of marked.matchAll(MARK)) {
    built.append(whole, last, index)
    const [atom] = atoms.in(mark)
    if (!isLeftOut(atom, index)) built.add(atom?.text ?? mark, { of: { source, atom }, at: index })
    last = index + mark.length
  }
  return built.append(whole, last).done()
}

/** A text that the reader itself makes, such as the name of the unit. */
export function madeLetters(text: string, origin: Origin): Letters {
  return new SourcedBuilder<Written>().add(text, origin).done()
}

/** The atom of every part of a text that is one; a text of the project itself becomes an atom. */
export function tracedText(letters: Letters, atoms: Atoms): TracedText {
  const marks: { start: number; end: number; atom: Atom }[] = []
  for (const part of partsOf(letters)) {
    const atom = part.of.atom ?? writtenAtom(letters, part, atoms)
    if (atom !== undefined) marks.push({ start: part.start, end: part.end, atom })
  }
  return { text: letters.text, marks }
}

/** A stretch of text that is one atom, or none and from one source. */
interface Part {
  readonly start: number
  end: number
  readonly of: Written
  /** Places of its first and of its last unit. */
  readonly first: number
  last: number
}

function partsOf(letters: Letters): readonly Part[] {
  const parts: Part[] = []
  for (const [index, { start, of, at, step }] of letters.runs.entries()) {
    const length = letters.lengthOf(index)
    const end = start + length
    const last = at + step * (length - 1)
    const before = parts.at(-1)
    if (before !== undefined && isSamePart(before, of, at)) Object.assign(before, { end, last })
    else parts.push({ start, end, of, first: at, last })
  }
  return parts
}

function isSamePart(part: Part, { source, atom }: Written, at: number): boolean {
  if (part.of.source !== source || part.of.atom !== atom) return false
  return atom === undefined || part.first === at
}

function writtenAtom(
  letters: Letters,
  { of, start, end, first, last }: Part,
  atoms: Atoms,
): Atom | undefined {
  if (of.source.written === undefined) return undefined
  const at = of.source.written(first, Math.max(first, last) + 1)
  const text = letters.text.slice(start, end)
  return atoms.root(`${at.path}:${at.start}-${at.end} ${text}`, {
    kind: 'literal',
    what: `a text in ${at.path}`,
    text,
    hop: { at, what: 'is written here' },
  })
}

/** The text with its atoms as marks again. A part of an atom is a step of its own, made at `hop`. */
export function markedText(letters: Letters, hop: Hop, atoms: Atoms): string {
  const { text, marks } = tracedText(letters, atoms)
  let marked = ''
  let last = 0
  for (const { start, end, atom } of marks) {
    const part = text.slice(start, end)
    const whole = atom.text === undefined || atom.text === part
    marked += text.slice(last, start) + atoms.mark(whole ? atom : atoms.derive(atom, hop, { text: part }))
    last = end
  }
  return marked + text.slice(last)
}

/** Why a text is not known: its first unknown atom. */
export function unknownIn(letters: Letters): Atom | undefined {
  for (const { of } of letters.runs) if (of.atom !== undefined && of.atom.text === undefined) return of.atom
  return undefined
}

/** A name alone, or that of what is gone through, is no reason where more is known than that. */
export function reasonOf({ what, why }: Atom): string {
  const name = what.replace(/^a loop over /, '')
  return why?.includes(name) === true ? why : what
}

/** The way of a text: of its atoms first, then of the files that it passed. */
export function hopsOf(letters: Letters, atoms: Atoms): readonly Hop[] {
  const ways = tracedText(letters, atoms).marks.flatMap(({ atom }) => atoms.hops(atom))
  const passed = new Map<Source, { start: number; end: number }>()
  for (const { of, start, end } of letters.origins) {
    const known = passed.get(of.source)
    if (known === undefined) passed.set(of.source, { start, end })
    else Object.assign(known, { start: Math.min(known.start, start), end: Math.max(known.end, end) })
  }
  const read = [...passed].flatMap(([source, { start, end }]) => source.hops(start, end))
  return distinctHops([...ways, ...read])
}
