import { type ClusterGroups, inventoryFormat, readInventory } from '../ansible/inventory/index.ts'
import type { Project, Variable } from '../ansible/value.ts'
import { UserError } from '../errors.ts'
import { formatLocation } from '../span.ts'
import { parseYaml, type YamlText } from '../syntax/yaml.ts'
import {
  addEntries,
  addToMap,
  blockLines,
  type Edit,
  lineBreakOf,
  type NewEntry,
  splice,
  yamlString,
} from '../syntax/yamlEdit.ts'
import { extendInventory } from './extendInventory.ts'
import type { GeneratedFile } from './file.ts'
import { groupPlaces } from './groupPlaces.ts'
import type { Site } from './site.ts'

/** What an inventory that is there gets. */
export interface SiteChange {
  readonly groups: ClusterGroups
  /** The nodes that are wanted; those that are there stay as they are. */
  readonly nodes: Pick<Site, 'servers' | 'agents'>
  /** Values that get another text, wherever they stand. */
  readonly set: readonly { readonly variable: Variable; readonly text: string }[]
  /** Variables that are missing, by group. */
  readonly add: ReadonlyMap<string, readonly NewEntry[]>
  /** A group to make above others, by its name: the play of the delivery runs on `k3s_cluster`. */
  readonly parents: ReadonlyMap<string, readonly string[]>
}

/**
 * The files that change: the inventory and, for variables that live there, `group_vars`. Every line that is not meant
 * stays byte for byte. Throws `UserError` where a place for a change can't be found.
 */
export function extendSite(project: Project, path: string, change: SiteChange): readonly GeneratedFile[] {
  const { groups, nodes, set, add, parents } = change
  const after = new Map(project)
  setValues(after, set)
  const before = after.get(path) ?? ''
  const { text } = extendInventory(path, before, nodes, { groups })
  after.set(path, text)
  for (const [group, children] of parents) addParent(after, path, group, children)
  for (const [group, entries] of add) if (entries.length > 0) addVariables(after, path, group, entries)
  const files = [...after]
    .filter(([name, now]) => project.get(name) !== now)
    .map(([name, now]) => ({ path: name, text: now, mode: 0o644 }))
  verify(after, path, change)
  return files
}

/** Spans are those of the text before any edit, so values are replaced first and all of a file at once. */
function setValues(after: Map<string, string>, set: SiteChange['set']): void {
  const edits = new Map<string, Edit[]>()
  for (const { variable, text } of set) {
    const { at } = variable
    const source = after.get(at.path) ?? ''
    const old = source.slice(at.start, at.end)
    const isYaml = yamlOf(at.path, source) !== undefined
    // Of an anchor, a block or an INI value the span does not tell what a new text would mean.
    if (!isYaml || (!/^(?:"[^"\n]*"|'[^'\n]*')$/.test(old) && /[\n&*|>{[]/.test(old)))
      throw byHand(variable, source, `write ${variable.name}: ${yamlString(text)} there by hand`)
    const gap = /:$/.test(source.slice(0, at.start)) ? ' ' : ''
    edits.set(at.path, [
      ...(edits.get(at.path) ?? []),
      { start: at.start, end: at.end, text: gap + yamlString(text) },
    ])
  }
  for (const [path, list] of edits) after.set(path, splice(after.get(path) ?? '', list))
}

function yamlOf(path: string, text: string): YamlText | undefined {
  // A file of group_vars is YAML whatever its ending; an inventory may be INI.
  if (/(?:^|\/)(?:group|host)_vars\//.test(path)) return parseYaml(path, text)
  const format = inventoryFormat(path, text)
  return format.kind === 'yaml' ? format.yaml : undefined
}

function addParent(
  after: Map<string, string>,
  path: string,
  group: string,
  children: readonly string[],
): void {
  const source = yamlOf(path, after.get(path) ?? '')
  if (source?.root?.kind !== 'map') {
    const text = after.get(path) ?? ''
    const lineBreak = lineBreakOf(text)
    const gap = text.endsWith('\n') ? lineBreak : lineBreak + lineBreak
    after.set(path, text + gap + [`[${group}:children]`, ...children, ''].join(lineBreak))
    return
  }
  const entry: NewEntry = {
    name: group,
    value: [{ name: 'children', value: children.map((name) => ({ name, value: null })) }],
  }
  put(after, source, addToMap(source, source.root, [entry]), `the group ${group}`)
}

/** Into the inventory where that is YAML: beside the others of the group. Else into the file that Ansible reads for it. */
function addVariables(
  after: Map<string, string>,
  path: string,
  group: string,
  entries: readonly NewEntry[],
): void {
  const source = yamlOf(path, after.get(path) ?? '')
  if (source?.root?.kind !== 'map') {
    addToFile(after, varsFile(after, path, group), entries)
    return
  }
  const place = groupPlaces(source.root, group, 'vars')
  const section: readonly NewEntry[] = [{ name: 'vars', value: entries }]
  const edits =
    place === undefined
      ? addToMap(source, source.root, [{ name: group, value: section }])
      : place.map === undefined
        ? addEntries(source, place.parent, group, section)
        : addEntries(source, place.map, 'vars', entries)
  put(after, source, edits, `variables to the group ${group}`)
}

/** The one that there is, by Ansible's choice among them: a directory hides a file, and one ending the next. */
function varsFile(project: Project, inventory: string, group: string): string {
  const directory = inventory.includes('/') ? inventory.slice(0, inventory.lastIndexOf('/') + 1) : ''
  const base = `${directory}group_vars/${group}`
  if ([...project.keys()].some((path) => path.startsWith(`${base}/`))) return `${base}/k3seal.yml`
  return (
    ['', '.yml', '.yaml'].map((ending) => base + ending).find((path) => project.has(path)) ?? `${base}.yml`
  )
}

function addToFile(after: Map<string, string>, path: string, entries: readonly NewEntry[]): void {
  const text = after.get(path)
  const source = parseYaml(path, text ?? '')
  if (source.root?.kind === 'map') {
    put(after, source, addToMap(source, source.root, entries), 'variables')
    return
  }
  if (source.root !== undefined && !(source.root.kind === 'scalar' && source.root.value === null))
    throw new UserError('a file of variables is a mapping, and this one is not', {
      fix: 'write NAME: VALUE on each line, then run k3seal again',
      at: path,
    })
  const head = text === undefined ? '---\n' : text.replace(/\n?$/, '\n')
  after.set(path, `${head}${blockLines(entries, '', 2).join('\n')}\n`)
}

function put(
  after: Map<string, string>,
  { path, text }: YamlText,
  edits: readonly Edit[] | undefined,
  what: string,
): void {
  if (edits === undefined)
    throw new UserError(`there is no place to add ${what}`, {
      fix: 'write the group in the usual form, one name to a line, or add them by hand',
      at: path,
    })
  after.set(path, splice(text, edits))
}

/** Reads the result again: every variable is what it was meant to be, for the group it was meant for. */
function verify(after: Project, path: string, { set, add }: SiteChange): void {
  const { groups, hosts } = readInventory(after, [path])
  for (const { variable, text } of set) {
    const holders = [...groups.values(), ...hosts.values()].map(({ vars }) => vars.get(variable.name)?.value)
    if (!holders.includes(text))
      throw byHand(variable, after.get(variable.at.path) ?? '', `write ${text} there by hand`)
  }
  for (const [group, entries] of add)
    for (const { name } of entries)
      if (groups.get(group)?.vars.has(name) !== true)
        throw new UserError(`${name} can not be added to the group ${group} without changing other lines`, {
          fix: 'add it by hand, then run k3seal again',
          at: path,
        })
}

function byHand({ name, at }: Variable, text: string, fix: string): UserError {
  return new UserError(`k3seal can not change ${name} where it stands`, { fix, at: formatLocation(at, text) })
}
