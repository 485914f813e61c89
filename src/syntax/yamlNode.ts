import type { Span } from '../span.ts'
import type { Fault, Float, VaultedText, YamlValue } from './value.ts'

interface NodeBase {
  readonly at: Span
  /** Where `*name` stands, for a node that was reached by it; `at` is then the place of the anchored node. */
  readonly alias?: Span
}

export interface YamlScalar extends NodeBase {
  readonly kind: 'scalar'
  readonly value: string | number | bigint | boolean | null | Float | VaultedText
  readonly style: 'plain' | 'single' | 'double' | 'literal' | 'folded'
}

export interface YamlSequence extends NodeBase {
  readonly kind: 'sequence'
  readonly items: readonly YamlNode[]
  readonly flow: boolean
}

export interface YamlMap extends NodeBase {
  readonly kind: 'map'
  /** What the mapping means: merge keys carried out, of a doubled key the last one, in the order of Python's dict. */
  readonly entries: ReadonlyMap<string, YamlEntry>
  /** What the mapping itself says, `<<` and doubled keys included. */
  readonly written: readonly YamlEntry[]
  readonly flow: boolean
}

export interface YamlEntry {
  /** As Python shows it: `1` for the integer 1, `True` for an unquoted `yes`. */
  readonly name: string
  readonly key: YamlNode
  /** A value that is left out is a null scalar right behind the colon. */
  readonly value: YamlNode
}

export type YamlNode = YamlScalar | YamlSequence | YamlMap

export interface YamlText {
  readonly path: string
  readonly text: string
  /** `undefined` for a text that holds nothing but comments. */
  readonly root: YamlNode | undefined
  /** Whether a JSON reader takes it too; Ansible then reads it as JSON. */
  readonly isJson: boolean
  readonly faults: readonly Fault[]
  /** Places that make what stands behind them another text than was meant. */
  readonly broken: readonly Span[]
}

/** The value as Ansible would hold it. An aliased node is converted once and shared, as in Python. */
export function yamlValue(node: YamlNode): YamlValue {
  return convert(node, new Map())
}

function convert(node: YamlNode, known: Map<unknown, YamlValue>): YamlValue {
  if (node.kind === 'scalar') return node.value
  const identity = node.kind === 'map' ? node.written : node.items
  const shared = known.get(identity)
  if (shared !== undefined) return shared
  if (node.kind === 'sequence') {
    const items = node.items.map((item) => convert(item, known))
    known.set(identity, items)
    return items
  }
  const result: Record<string, YamlValue> = Object.create(null)
  for (const [name, { value }] of node.entries) result[name] = convert(value, known)
  known.set(identity, result)
  return result
}

/** The entry of that name, where the node is a mapping that has one. */
export function entryOf(node: YamlNode | undefined, name: string): YamlEntry | undefined {
  return node?.kind === 'map' ? node.entries.get(name) : undefined
}
