import type { Span } from '../../span.ts'
import { type YamlEntry, type YamlMap, type YamlNode, yamlValue } from '../../syntax/yaml.ts'
import type { InventoryDraft } from './draft.ts'
import { expandHostPattern } from './hostPattern.ts'

/**
 * Adds the groups of a YAML inventory, as Ansible's `yaml` plugin does. `root` is the document's mapping.
 * https://github.com/ansible/ansible/blob/v2.20.0/lib/ansible/plugins/inventory/yaml.py
 */
export function readYamlInventory(draft: InventoryDraft, source: string, root: YamlMap): void {
  const reader = new YamlInventory(draft, source)
  for (const entry of root.entries.values()) reader.group(entry)
}

class YamlInventory {
  readonly #draft: InventoryDraft
  readonly #source: string

  constructor(draft: InventoryDraft, source: string) {
    this.#draft = draft
    this.#source = source
  }

  /** The group's name, where the entry is one that Ansible can take as a group's name. */
  group({ name, key, value }: YamlEntry): string | undefined {
    const draft = this.#draft
    if (key.kind !== 'scalar' || typeof key.value !== 'string' || name === '') {
      draft.report(key.at, 'the name of a group must be a text', 'quote it')
      return undefined
    }
    const empty = value.kind === 'scalar' && value.value === null
    if (value.kind !== 'map' && !empty) {
      draft.report(
        placeOf(value),
        `Ansible skips ${name}: a group is a mapping with hosts, vars and children`,
        'write hosts:, vars: or children: below it',
        'warning',
      )
      return name
    }
    draft.addGroup(name)
    if (value.kind === 'map') for (const section of value.entries.values()) this.#section(name, section)
    return name
  }

  #section(group: string, { name, key, value }: YamlEntry): void {
    const draft = this.#draft
    const known = name === 'hosts' || name === 'vars' || name === 'children'
    const entries = known ? sectionEntries(value) : value.kind === 'map' ? [] : undefined
    if (!known) {
      if (value.kind === 'scalar' && value.value === null) return
      draft.report(
        key.at,
        `Ansible skips ${name} in the group ${group}: only hosts, vars and children are read there`,
        'move a variable below vars:, a group below children:',
        'warning',
      )
    } else if (entries === undefined) {
      draft.report(
        placeOf(value),
        `${name} of the group ${group} must be a mapping, not ${value.kind === 'sequence' ? 'a list' : 'a single value'}`,
        name === 'vars'
          ? 'write NAME: VALUE on lines below it'
          : 'write each name on a line of its own, with a colon behind it',
      )
    } else
      for (const entry of entries) {
        if (name === 'vars')
          draft.setVariable(group, entry.name, yamlValue(entry.value), placeOf(entry.value))
        else if (name === 'hosts') this.#hosts(group, entry)
        else {
          const child = this.group(entry)
          if (child !== undefined && draft.groups.has(child)) draft.addChild(group, child, entry.key.at)
        }
      }
  }

  #hosts(group: string, { key, value }: YamlEntry): void {
    const draft = this.#draft
    if (key.kind !== 'scalar' || typeof key.value !== 'string' || key.value === '') {
      draft.report(key.at, 'the name of a host must be a text', 'quote it')
      return
    }
    const pattern = expandHostPattern(key.value)
    if (typeof pattern === 'string') {
      draft.report(
        key.at,
        pattern,
        'see https://docs.ansible.com/ansible/latest/inventory_guide/intro_inventory.html#adding-ranges-of-hosts',
      )
      return
    }
    const vars = value.kind === 'map' ? [...value.entries.values()] : []
    if (value.kind !== 'map' && !isFalse(value))
      draft.report(
        placeOf(value),
        `the variables of host ${key.value} must be a mapping`,
        'write NAME: VALUE on lines below it',
      )
    for (const name of pattern.names) {
      draft.addHost(name, group, pattern.port, this.#source, key.at)
      for (const entry of vars)
        draft.setVariable(name, entry.name, yamlValue(entry.value), placeOf(entry.value))
    }
  }
}

/** Of a mapping its entries, of nothing none, of a bare text one entry without a value. */
function sectionEntries(value: YamlNode): Iterable<YamlEntry> | undefined {
  if (value.kind === 'map') return value.entries.values()
  if (value.kind !== 'scalar') return undefined
  if (value.value === null) return []
  if (typeof value.value !== 'string') return undefined
  const nothing: YamlNode = { kind: 'scalar', value: null, style: 'plain', at: value.at }
  return [{ name: value.value, key: value, value: nothing }]
}

/** What Python takes for false, and Ansible for "no variables". */
function isFalse(node: YamlNode): boolean {
  if (node.kind === 'sequence') return node.items.length === 0
  return node.kind === 'scalar' && !node.value
}

/** Of a mapping its first key. */
export function placeOf(node: YamlNode): Span {
  return node.alias ?? (node.kind === 'map' ? (node.written[0]?.key.at ?? node.at) : node.at)
}
