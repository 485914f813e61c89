import type { Span } from '../../span.ts'
import { type Sourced, SourcedBuilder } from '../../syntax/sourced.ts'
import type { Atom, Atoms, Hop, TracedText } from '../atoms.ts'
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

/** Where one unit of an expanded text comes from. */
export interface Origin {
  readonly source: Source
  /** In the marked text. */
  readonly at: number
  readonly atom: Atom | undefined
}

/** A text with its known atoms written out; an unknown atom is its mark. */
export type Letters = Sourced<Origin>

export function paperSource(path: string, file: PaperFile): Source {
  return { path, hops: () => file.hops, everywhere: file.hops }
}

export function hopSource(path: string, hops: readonly Hop[]): Source {
  return { path, hops: () => hops }
}

const MARK = /[\u{f0000}-\u{ffffd}]/gu

export function lettersOf(marked: string, source: Source, atoms: Atoms): Letters {
  const built = new SourcedBuilder<Origin>()
  const plain = (text: string, start: number): void => {
    for (let index = 0; index < text.length; index += 1)
      built.add(text[index] ?? '', { source, at: start + index, atom: undefined })
  }
  let last = 0
  for (const { 0: mark, index } of marked.matchAll(MARK)) {
    plain(marked.slice(last, index), last)
    const [atom] = atoms.in(mark)
    // What gives no setting either way may as well not be there.
    if (atom?.text !== undefined || atom?.root.isHarmless !== true)
      built.add(atom?.text ?? mark, { source, at: index, atom })
    last = index + mark.length
  }
  plain(marked.slice(last), last)
  return built.done()
}

/** A text that the reader itself makes, such as the name of the unit. */
export function madeLetters(text: string, origin: Origin): Letters {
  return new SourcedBuilder<Origin>().add(text, origin).done()
}

/** The atom of every part of a text that is one; a text of the project itself becomes an atom. */
export function tracedText(letters: Letters, atoms: Atoms): TracedText {
  const marks: { start: number; end: number; atom: Atom }[] = []
  for (let start = 0; start < letters.text.length; ) {
    const origin = letters.from[start]
    let end = start + 1
    while (end < letters.text.length && isSamePart(letters, start, end)) end += 1
    const atom = origin?.atom ?? writtenAtom(letters, start, end, atoms)
    if (atom !== undefined) marks.push({ start, end, atom })
    start = end
  }
  return { text: letters.text, marks }
}

function isSamePart(letters: Letters, start: number, end: number): boolean {
  const first = letters.from[start]
  const next = letters.from[end]
  if (first === undefined || next === undefined || first.source !== next.source) return false
  return first.atom === undefined ? next.atom === undefined : first.atom === next.atom && first.at === next.at
}

function writtenAtom(letters: Letters, start: number, end: number, atoms: Atoms): Atom | undefined {
  const first = letters.from[start]
  const last = letters.from[end - 1]
  if (first?.source.written === undefined || last === undefined) return undefined
  const at = first.source.written(first.at, Math.max(first.at, last.at) + 1)
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
  return letters.from.find(({ atom }) => atom !== undefined && atom.text === undefined)?.atom
}

/** The way of a text: of its atoms first, then of the files that it passed. */
export function hopsOf(letters: Letters, atoms: Atoms): readonly Hop[] {
  const ways = tracedText(letters, atoms).marks.flatMap(({ atom }) => atoms.hops(atom))
  const passed = [...new Set(letters.from.map(({ source }) => source))].flatMap((source) => {
    const places = letters.from.filter((origin) => origin.source === source).map(({ at }) => at)
    return source.hops(Math.min(...places), Math.max(...places) + 1)
  })
  return distinctHops([...ways, ...passed])
}

export function distinctHops(hops: readonly Hop[]): readonly Hop[] {
  const known = new Set<string>()
  return hops.filter(({ at, what }) => {
    const key = `${at.path}:${at.start}-${at.end} ${what}`
    return known.has(key) ? false : known.add(key)
  })
}
