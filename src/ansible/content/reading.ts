import type { Span } from '../../span.ts'
import type { YamlEntry, YamlMap, YamlNode } from '../../syntax/yaml.ts'
import { yamlValue } from '../../syntax/yaml.ts'
import type { Fault, Variable } from '../value.ts'
import type { Placed } from './content.ts'

/** What every reader of a file's tree needs beside the tree. */
export interface Reading {
  readonly text: string
  report(fault: Fault): void
}

/** Where a node stands for the user: an alias where it is used. */
export function placeOf(node: YamlNode): Span {
  return node.alias ?? node.at
}

export function placed(node: YamlNode): Placed {
  return { value: yamlValue(node), at: placeOf(node), node }
}

/** Where the value of a variable is shown: of a mapping its first key. */
export function variable({ name, value }: YamlEntry): Variable {
  const at = value.alias ?? (value.kind === 'map' ? (value.written[0]?.key.at ?? value.at) : value.at)
  return { name, value: yamlValue(value), at }
}

export function variables(map: YamlMap): ReadonlyMap<string, Variable> {
  return new Map([...map.entries.values()].map((entry) => [entry.name, variable(entry)]))
}

/** Texts and numbers, which Ansible takes for texts where it wants one. */
export function textOf(node: YamlNode | undefined): string | undefined {
  if (node?.kind !== 'scalar') return undefined
  const { value } = node
  if (typeof value === 'string') return value
  return typeof value === 'number' || typeof value === 'bigint' ? String(value) : undefined
}

export function isNothing(node: YamlNode): boolean {
  return node.kind === 'scalar' && node.value === null
}

/** The items of a list; of nothing none. What is no list is a fault. */
export function itemsOf(node: YamlNode, what: string, { report }: Reading): readonly YamlNode[] {
  if (node.kind === 'sequence') return node.items
  if (!isNothing(node))
    report({
      at: placeOf(node),
      message: `${what} must be a list, not ${node.kind === 'map' ? 'a mapping' : 'a single value'}`,
      fix: 'begin each item with a dash',
    })
  return []
}
