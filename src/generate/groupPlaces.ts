import type { NodeSpec } from '../ansible/nodeSpec.ts'
import type { YamlEntry, YamlMap } from '../syntax/yaml.ts'

/** What is to be added to one group. */
export interface GroupAddition {
  readonly group: string
  readonly nodes: readonly NodeSpec[]
}

export interface GroupPlace {
  /** The mapping whose entry the group is: the document's own, or a `children:`. */
  readonly parent: YamlMap
  /** What stands below the group; `undefined`: nothing. */
  readonly map: YamlMap | undefined
}

/**
 * Where a YAML inventory says something of a group. It may do so in several places; the one that has `section` comes
 * first, then any with a mapping. Places that an alias leads to are no places to edit.
 */
export function groupPlaces(root: YamlMap, group: string, section: 'hosts' | 'vars'): GroupPlace | undefined {
  const places = [...placesOf(root, group)]
  return (
    places.find(({ map }) => map?.entries.has(section)) ??
    places.find(({ map }) => map !== undefined) ??
    places[0]
  )
}

function* placesOf(parent: YamlMap, group: string): Iterable<GroupPlace> {
  if (parent.alias !== undefined) return
  for (const entry of parent.written) {
    const place = placeOf(parent, entry)
    if (place === undefined) continue
    if (entry.name === group) yield place
    const children = place.map?.entries.get('children')?.value
    if (children?.kind === 'map') yield* placesOf(children, group)
  }
}

function placeOf(parent: YamlMap, { name, value }: YamlEntry): GroupPlace | undefined {
  // Of a doubled name the last one counts.
  if (value.alias !== undefined || parent.entries.get(name)?.value !== value) return undefined
  if (value.kind === 'map') return { parent, map: value }
  return value.kind === 'scalar' && value.value === null ? { parent, map: undefined } : undefined
}
