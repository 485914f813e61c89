import { cut, SourcedBuilder } from '../../syntax/sourced.ts'
import { parseYaml, type YamlNode, type YamlScalar } from '../../syntax/yaml.ts'
import type { Arrival } from '../arrival.ts'
import { type Atom, type Atoms, type Hop, hasMark } from '../atoms.ts'
import type { PaperFile } from '../files.ts'
import { noLetters } from './envFiles.ts'
import {
  type Letters,
  lettersOf,
  reasonOf,
  type Source,
  saysNothing,
  unknownIn,
  type Written,
} from './letters.ts'
import { ReadOnce } from './readOnce.ts'

/** A key of config.yaml or one of its drop-ins, as the flag that K3s makes of it. */
export interface ConfigEntry {
  /** `undefined`: something that is not known, which may be any key. */
  readonly flag: string | undefined
  /** `undefined`: it is not known, nor whether there is one. */
  readonly value: Letters | undefined
  readonly hops: readonly Hop[]
  readonly why: string
}

export interface ConfigRead {
  /** In the order of precedence, the last one wins. */
  readonly entries: readonly ConfigEntry[]
  readonly reads: Arrival['reads']
}

/** Files in the order that they are read in: config.yaml, then its drop-ins. */
export function readConfig(
  files: readonly { readonly path: string; readonly file: PaperFile; readonly source: Source }[],
  atoms: Atoms,
): readonly ConfigEntry[] {
  return files.flatMap(({ file, source }): readonly ConfigEntry[] => {
    if (typeof file.content !== 'string')
      return [{ flag: undefined, value: noLetters, hops: source.hops(0, 0), why: file.content.unknown }]
    const { content } = file
    return known.of(content, source, atoms, () => {
      const blocks = blocksIn(content, atoms)
      const letters = lettersOf(
        content,
        source,
        atoms,
        (atom, index) => blocks.has(index) || saysNothing(atom),
      )
      return [
        ...entriesOf(letters, source),
        ...[...blocks].flatMap(([index, { keys = [], what }]) =>
          keys.map((flag) => ({ flag, value: undefined, hops: source.hops(index, index + 2), why: what })),
        ),
      ]
    })
  })
}

const known = new ReadOnce<readonly ConfigEntry[]>()

/** Lines that may be there or not, and of which no more is known than their keys, by where they stand. */
function blocksIn(content: string, atoms: Atoms): ReadonlyMap<number, Atom> {
  const blocks = new Map<number, Atom>()
  for (let start = 0; start !== -1; start = nextLine(content, start))
    for (let at = start; ; at += 2) {
      const mark = content.slice(at, at + 2)
      const [atom] = hasMark(mark) ? atoms.in(mark) : []
      if (atom?.keys === undefined) break
      blocks.set(at, atom)
    }
  return blocks
}

function nextLine(content: string, from: number): number {
  const end = content.indexOf('\n', from)
  return end === -1 ? -1 : end + 1
}

function entriesOf(letters: Letters, source: Source): readonly ConfigEntry[] {
  const { root } = parseYaml(source.path, letters.text)
  const hopsAt = (start: number, end: number): readonly Hop[] =>
    source.hops(letters.originAt(start)?.at ?? 0, (letters.originAt(end - 1)?.at ?? 0) + 1)
  const whole = unknownIn(letters)
  if (root?.kind !== 'map')
    return whole === undefined
      ? []
      : [{ flag: undefined, value: noLetters, hops: hopsAt(0, letters.text.length), why: reasonOf(whole) }]
  return root.written.flatMap(({ name, key, value }): readonly ConfigEntry[] => {
    const unknown = unknownIn(cut(letters, key.at.start, key.at.end))
    const hops = hopsAt(key.at.start, Math.max(value.at.end, key.at.end))
    if (unknown !== undefined) return [{ flag: undefined, value: noLetters, hops, why: reasonOf(unknown) }]
    return scalarsOf(value).map((scalar) => ({
      flag: name.replace(/\+$/, ''),
      value: scalarLetters(scalar, letters),
      hops,
      why: '',
    }))
  })
}

/** Of a list every item becomes a flag of its own. */
function scalarsOf(node: YamlNode): readonly YamlScalar[] {
  if (node.kind === 'scalar') return [node]
  return node.kind === 'sequence' ? node.items.flatMap((item) => (item.kind === 'scalar' ? [item] : [])) : []
}

/** The value as text with its origins: where the scalar holds escapes, each character is looked for in order. */
function scalarLetters(scalar: YamlScalar, letters: Letters): Letters {
  const text = scalarText(scalar)
  const { start, end } = scalar.at
  const inside = letters.text.slice(start, end)
  const whole = inside.indexOf(text)
  if (whole !== -1) return cut(letters, start + whole, start + whole + text.length)
  const built = new SourcedBuilder<Written>()
  let last = start
  for (const unit of text) {
    const found = letters.text.indexOf(unit, last)
    const at = found === -1 || found >= end ? Math.min(last, end - 1) : found
    const origin = letters.originAt(at)
    if (at === found) built.append(letters, at, at + unit.length)
    else if (origin !== undefined) built.add(unit, origin)
    if (at === found) last = found + unit.length
  }
  return built.done()
}

function scalarText({ value }: YamlScalar): string {
  if (value === null) return ''
  if (typeof value !== 'object') return String(value)
  return 'envelope' in value ? value.envelope : String(value.value)
}
