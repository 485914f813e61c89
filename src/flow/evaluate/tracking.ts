import {
  Dict,
  List,
  TemplateFault,
  Tuple,
  Unknown,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import { type Atom, type AtomChange, type Atoms, type Hop, hasMark } from '../atoms.ts'
import { Fork } from './unknowns.ts'
import { VariablesDict } from './variables.ts'

/** What stands in some values, however deep. */
export interface Contents {
  /** All atoms, each once. */
  readonly atoms: readonly Atom[]
  /** Whether the text of an atom is not known. */
  readonly isUnread: boolean
  readonly unknown: Unknown | undefined
  readonly hasVaulted: boolean
}

const nothingInside: Contents = { atoms: [], isUnread: false, unknown: undefined, hasVaulted: false }
const deepest = 40

const marks = /[\u{f0000}-\u{ffffd}]/gu
const standIn = /qzq([0-9a-f]{5})qzq/gi
/** Letters that no filter quotes, escapes or folds. */
const standInOf = (mark: string): string => `qzq${(mark.codePointAt(0) ?? 0).toString(16)}qzq`
const markOf = (code: string): string => String.fromCodePoint(Number.parseInt(code, 16))

/** A value with other leaves; itself where none is another. What nobody can list stays. */
export function mapped(value: Value, leaf: (value: Value) => Value, depth = 0): Value {
  if (depth > deepest || value instanceof VariablesDict) return value
  if (value instanceof List) {
    const items = [...value]
    const made = items.map((item) => mapped(item, leaf, depth + 1))
    if (made.every((item, index) => item === items[index])) return value
    return value instanceof Tuple ? new Tuple(made) : new List(made)
  }
  if (value instanceof Dict) {
    const entries = [...value.entries()]
    const made = entries.map(([key, item]) => [key, mapped(item, leaf, depth + 1)] as const)
    return made.every(([, item], index) => item === entries[index]?.[1]) ? value : new Dict(made)
  }
  return leaf(value)
}

function visit(value: Value, leaf: (value: Value) => void, depth = 0): void {
  if (depth > deepest || value instanceof VariablesDict) return
  if (value instanceof List) for (const item of value) visit(item, leaf, depth + 1)
  else if (value instanceof Dict) for (const [, item] of value.entries()) visit(item, leaf, depth + 1)
  else leaf(value)
}

/** Carries atoms through operations that know only plain text. */
export class Tracking {
  readonly atoms: Atoms

  constructor(atoms: Atoms) {
    this.atoms = atoms
  }

  contents(values: readonly Value[]): Contents {
    let found:
      | { atoms: Set<Atom>; isUnread: boolean; unknown: Unknown | undefined; hasVaulted: boolean }
      | undefined
    const note = (): NonNullable<typeof found> => {
      found ??= { atoms: new Set(), isUnread: false, unknown: undefined, hasVaulted: false }
      return found
    }
    for (const value of values)
      visit(value, (item) => {
        if (typeof item === 'string') {
          if (!hasMark(item)) return
          for (const atom of this.atoms.in(item)) {
            note().atoms.add(atom)
            if (atom.text === undefined) note().isUnread = true
          }
        } else if (item instanceof VaultedText) note().hasVaulted = true
        else if (item instanceof Unknown && (found?.unknown === undefined || item instanceof Fork))
          note().unknown = item
      })
    return found === undefined ? nothingInside : { ...found, atoms: [...found.atoms] }
  }

  /** With the known texts written out and stand-ins for the others. */
  #plain(value: Value): Value {
    return mapped(value, (item) =>
      typeof item === 'string' && hasMark(item)
        ? item.replace(marks, (mark) => this.atoms.in(mark)[0]?.text ?? standInOf(mark))
        : item,
    )
  }

  #standIns(value: Value): Value {
    return mapped(value, (item) =>
      typeof item === 'string' && hasMark(item) ? item.replace(marks, standInOf) : item,
    )
  }

  #restored(value: Value): Value {
    return mapped(value, (item) => (typeof item === 'string' ? restoredText(item) : item))
  }

  /** The value without marks; for values whose texts are all known. */
  known(value: Value): Value {
    return this.#plain(value)
  }

  /** A text without marks, where it is known. */
  knownText(value: Value): string | undefined {
    return typeof value === 'string' ? this.atoms.plain(value) : undefined
  }

  /**
   * Runs an operation on the plain texts and brings the atoms back into what it yields: where it only moved a text, the
   * same atom stands there; where it made another, an atom derived from it. Texts that are not known take part as
   * stand-ins, so that the operation must be one that does not look into them. `change`: what else is so of another text.
   */
  through(
    run: (values: readonly Value[]) => Value,
    values: readonly Value[],
    hop: Hop,
    change?: AtomChange,
  ): Value {
    const concrete = run(values.map((value) => this.#plain(value)))
    if (typeof concrete !== 'string' && !(concrete instanceof List) && !(concrete instanceof Dict))
      return concrete
    let moved: Value | undefined
    try {
      moved = run(values.map((value) => this.#standIns(value)))
    } catch (error) {
      if (!(error instanceof TemplateFault)) throw error
    }
    if (typeof concrete === 'string' && typeof moved === 'string') {
      const aligned = this.#aligned(concrete, moved, hop, change)
      if (aligned !== undefined) return aligned
    } else if (moved !== undefined && !(typeof concrete === 'string') && this.#isSame(concrete, moved))
      return this.#restored(moved)
    const known = this.#origins(values)
    const { atoms } = this.contents(values)
    return mapped(concrete, (item) =>
      typeof item === 'string' ? this.#rewrapped(item, known, atoms, hop, change) : item,
    )
  }

  #isSame(concrete: Value, moved: Value): boolean {
    const [a, b] = [
      JSON.stringify(outline(concrete)),
      JSON.stringify(outline(this.#plain(this.#restored(moved)))),
    ]
    return a === b
  }

  /** What every text of the operands would be if it were plain. */
  #origins(values: readonly Value[]): ReadonlyMap<string, string> {
    const origins = new Map<string, string>()
    for (const value of values)
      visit(value, (item) => {
        if (typeof item !== 'string') return
        const plain = this.#plain(item)
        if (typeof plain === 'string' && !origins.has(plain)) origins.set(plain, item)
      })
    return origins
  }

  #rewrapped(
    text: string,
    known: ReadonlyMap<string, string>,
    atoms: readonly Atom[],
    hop: Hop,
    change?: AtomChange,
  ): string {
    const same = known.get(text)
    if (same !== undefined) return same
    const [first] = atoms
    if (text === '' || first === undefined) return text
    const restored = restoredText(text)
    return restored === text ? this.atoms.mark(this.atoms.derive(first, hop, { ...change, text })) : restored
  }

  /** Finds the pieces that stood between the atoms again, and so what each atom became. */
  #aligned(concrete: string, moved: string, hop: Hop, change?: AtomChange): string | undefined {
    const pieces = moved.split(standIn)
    let [at, result] = [0, '']
    for (const [index, piece] of pieces.entries()) {
      if (index % 2 === 0) {
        if (!concrete.startsWith(piece, at)) return undefined
        result += piece
        at += piece.length
        continue
      }
      const mark = markOf(piece)
      const atom = this.atoms.in(mark)[0]
      if (atom === undefined) return undefined
      const own = atom.text ?? standInOf(mark)
      const next = pieces[index + 1] ?? ''
      const isLast = index === pieces.length - 2
      let end: number
      if (
        concrete.startsWith(own, at) &&
        concrete.startsWith(next, at + own.length) &&
        (!isLast || at + own.length + next.length === concrete.length)
      )
        end = at + own.length
      else end = isLast ? concrete.length - next.length : next === '' ? -1 : concrete.indexOf(next, at)
      if (end < at) return undefined
      result += this.#became(atom, concrete.slice(at, end), own, hop, change)
      at = end
    }
    return at === concrete.length ? result : undefined
  }

  #became(atom: Atom, text: string, own: string, hop: Hop, change?: AtomChange): string {
    const mark = this.atoms.mark(atom)
    if (text === own) return mark
    const at = own === '' ? -1 : text.indexOf(own)
    if (at !== -1) return restoredText(text.slice(0, at)) + mark + restoredText(text.slice(at + own.length))
    return this.atoms.mark(this.atoms.derive(atom, hop, { ...change, text }))
  }

  /** The same text, of which it is known by now that it is not empty. */
  filled(value: Value): Value {
    const atom = typeof value === 'string' ? this.atoms.whole(value) : undefined
    return atom === undefined || atom.isFilled ? value : this.atoms.mark(this.atoms.filled(atom))
  }

  /** Ansible counts line breaks at both ends of a template, for Jinja2 drops the last one. */
  withTrailingNewlines(value: Value, source: string): Value {
    if (typeof value !== 'string') return value
    const missing = trailingNewlines(source) - trailingNewlines(this.atoms.traced(value).text)
    return missing > 0 ? value + '\n'.repeat(missing) : value
  }

  /** Every atom of a text one step further. */
  carried(text: string, hop: Hop | undefined, change?: AtomChange): string {
    if (!hasMark(text)) return text
    return text.replace(marks, (mark) => {
      const [atom] = this.atoms.in(mark)
      return atom === undefined || (atom.kind === 'unknown' && change === undefined)
        ? mark
        : this.atoms.mark(this.atoms.derive(atom, hop, change))
    })
  }

  /** Whether a text certainly has a character; undefined where nobody knows. */
  isFilled(text: string): boolean | undefined {
    if (!hasMark(text)) return text !== ''
    const atoms = this.atoms.in(text)
    if (text.replace(marks, '') !== '' || atoms.some((atom) => atom.isFilled)) return true
    return atoms.every((atom) => atom.text === '') ? false : undefined
  }

  /** The least number of characters. */
  least(text: string): number {
    let count = [...text.replace(marks, '')].length
    for (const atom of this.atoms.in(text))
      count += atom.text === undefined ? Number(atom.isFilled) : [...atom.text].length
    return count
  }
}

const restoredText = (text: string): string => text.replace(standIn, (_, code: string) => markOf(code))

/** What tells two values apart, for a comparison as text. */
function outline(value: Value): unknown {
  if (value instanceof List) return [value instanceof Tuple ? '(' : '[', ...[...value].map(outline)]
  if (value instanceof Dict && !(value instanceof VariablesDict))
    return ['{', ...[...value.entries()].map(([key, item]) => [outline(key), outline(item)])]
  if (typeof value === 'bigint') return ['int', String(value)]
  if (typeof value === 'string') return ['str', value]
  return value
}

const trailingNewlines = (text: string): number => {
  let count = 0
  while (text.charAt(text.length - 1 - count) === '\n') count += 1
  return count
}
