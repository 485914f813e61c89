import { type ClusterGroups, iniLines, iniSection, pythonLiteral } from '../ansible/inventory/index.ts'
import { type Edit, lineBreakOf, type NewEntry, splice } from '../syntax/yamlEdit.ts'
import type { GroupAddition } from './groupPlaces.ts'
import { hostEntry } from './siteEntries.ts'

type Kind = 'hosts' | 'children'

/** Adds hosts to an INI inventory, each behind the last line of its section. */
export function extendIni(
  text: string,
  { cluster }: ClusterGroups,
  additions: readonly GroupAddition[],
): string {
  const ends = sectionEnds(text)
  const lineBreak = lineBreakOf(text)
  const edits: Edit[] = []
  const appended: string[] = []
  const add = (group: string, kind: Kind, lines: readonly string[]): void => {
    const at = ends.get(`${group}:${kind}`)
    const head = kind === 'hosts' ? `[${group}]` : `[${group}:${kind}]`
    if (at === undefined) appended.push('', head, ...lines)
    else edits.push({ start: at, end: at, text: lines.map((line) => lineBreak + line).join('') })
  }
  for (const { group, nodes } of additions) {
    if (nodes.length === 0) continue
    add(
      group,
      'hosts',
      nodes.map((node) => hostLine(hostEntry(node))),
    )
    const isNew = !['hosts', 'children', 'vars'].some((kind) => ends.has(`${group}:${kind}`))
    if (isNew && cluster !== undefined) add(cluster, 'children', [group])
  }
  if (appended.length > 0) {
    const start = text.length
    const ended = /\n$/.test(text)
    const lines = ended ? `${appended.join(lineBreak)}${lineBreak}` : lineBreak + appended.join(lineBreak)
    edits.push({ start, end: start, text: lines })
  }
  return splice(text, edits)
}

/** Where the last line of each section ends, by `group:kind`. */
function sectionEnds(text: string): ReadonlyMap<string, number> {
  const ends = new Map<string, number>()
  let current: string | undefined
  for (const { text: line, end } of iniLines(text)) {
    const head = iniSection(line)
    if (typeof head === 'object') current = `${head.group}:${head.kind}`
    if (current !== undefined) ends.set(current, endOfLine(text, end))
  }
  return ends
}

function endOfLine(text: string, from: number): number {
  const rest = text.slice(from).search(/\r?\n|$/)
  return from + rest
}

function hostLine({ name, value }: NewEntry): string {
  const variables = Array.isArray(value) ? (value as readonly NewEntry[]) : []
  return [name, ...variables.map((entry) => `${entry.name}=${shellQuoted(iniValue(entry.value))}`)].join(' ')
}

/** The value as Ansible's INI reader takes it for the same value: a text that looks like a Python literal is quoted. */
function iniValue(value: NewEntry['value']): string {
  if (typeof value !== 'string') return String(value)
  const literal = pythonLiteral(value)
  return literal === undefined && value !== '' ? value : JSON.stringify(value)
}

/** For `shlex`: quoted where a character would end the word or be taken out. */
function shellQuoted(text: string): string {
  return /^[\w.:/@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", `'"'"'`)}'`
}
