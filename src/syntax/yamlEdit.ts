import { positionAt } from '../span.ts'
import type { YamlEntry, YamlMap, YamlNode, YamlScalar, YamlText } from './yaml.ts'
import { isRetyped } from './yamlScalar.ts'

/** Replaces `start` up to `end`, in UTF-16 code units of the text before any edit. */
export interface Edit {
  readonly start: number
  readonly end: number
  readonly text: string
}

/** A value to write. A text is quoted where YAML could take it for something else. */
export type NewValue = string | number | boolean | null | Vaulted | readonly NewEntry[]

export interface NewEntry {
  readonly name: string
  readonly value: NewValue
}

/** Written as `!vault |` and the envelope's lines. */
export interface Vaulted {
  readonly envelope: string
}

/** How far `ansible-vault encrypt_string` indents the envelope below its variable. */
const VAULT_INDENT = 10

/** Applies edits that don't overlap, in any order; those at one place in the order given. */
export function splice(text: string, edits: readonly Edit[]): string {
  const sorted = edits
    .map((edit, order) => ({ ...edit, order }))
    .sort((a, b) => a.start - b.start || a.order - b.order)
  let result = ''
  let at = 0
  for (const { start, end, text: replacement } of sorted) {
    if (start < at || end < start) throw new RangeError(`edits overlap at ${start}`)
    result += text.slice(at, start) + replacement
    at = end
  }
  return result + text.slice(at)
}

/** The text as a YAML scalar on one line: bare where every reader takes it for that text, else in double quotes. */
export function yamlString(text: string): string {
  const bare = /^[A-Za-z0-9_./~][A-Za-z0-9_./+@%=~-]*$/.test(text) && !isAmbiguous(text)
  return bare ? text : quoted(text)
}

// Besides what is retyped: IPv4-like texts and versions are safe, but `~` alone, `.`, `y` and `n` differ between readers.
function isAmbiguous(text: string): boolean {
  if (/^\d+(?:\.\d+){2,}$/.test(text)) return false
  return isRetyped(text) || /^(?:y|n|Y|N|~|\.+|-+)$/.test(text)
}

function quoted(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** What the file ends its lines with; `\n` for a text of one line. */
export function lineBreakOf(text: string): '\n' | '\r\n' {
  return /\r\n/.test(text) ? '\r\n' : '\n'
}

/** Entries in block style, one line each item of the result, without line breaks. `step` is the file's indentation. */
export function blockLines(entries: readonly NewEntry[], indent: string, step: number): readonly string[] {
  return entries.flatMap(({ name, value }) => {
    const key = `${indent}${yamlString(name)}:`
    if (value === null) return [key]
    if (typeof value !== 'object') return [`${key} ${scalar(value)}`]
    if ('envelope' in value) {
      const inner = indent + ' '.repeat(VAULT_INDENT)
      return [
        `${key} !vault |`,
        ...value.envelope
          .trimEnd()
          .split(/\r?\n/)
          .map((line) => inner + line),
      ]
    }
    if (value.length === 0) return [key]
    return [key, ...blockLines(value, indent + ' '.repeat(step), step)]
  })
}

function scalar(value: string | number | boolean): string {
  return typeof value === 'string' ? yamlString(value) : String(value)
}

function flowText(entries: readonly NewEntry[], json: boolean): string {
  const text = (value: string): string => (json ? JSON.stringify(value) : yamlString(value))
  return entries
    .map(({ name, value }) => {
      if (value === null) return `${text(name)}: ${json ? 'null' : '{}'}`
      if (typeof value !== 'object')
        return `${text(name)}: ${typeof value === 'string' ? text(value) : value}`
      if ('envelope' in value)
        return json
          ? `${text(name)}: {"__ansible_vault": ${JSON.stringify(`${value.envelope.trimEnd()}\n`)}}`
          : `${text(name)}: !vault ${JSON.stringify(`${value.envelope.trimEnd()}\n`)}`
      return `${text(name)}: {${flowText(value, json)}}`
    })
    .join(', ')
}

/**
 * The edits that put entries into the mapping at `name` of `parent`, behind those that it holds; every other byte stays.
 * The entry may hold a block or flow mapping, nothing, one bare text (which Ansible reads as a mapping with that one
 * name), or be missing. `undefined` where it holds what can't take entries: a list, an alias, a number.
 */
export function addEntries(
  source: YamlText,
  parent: YamlMap,
  name: string,
  entries: readonly NewEntry[],
): readonly Edit[] | undefined {
  const owner = parent.entries.get(name)
  if (owner === undefined) return addToMap(source, parent, [{ name, value: entries }])
  if (!parent.written.includes(owner)) return undefined
  const { value } = owner
  if (value.alias !== undefined || value.kind === 'sequence') return undefined
  if (value.kind === 'map') return addToMap(source, value, entries)
  if (value.value !== null && typeof value.value !== 'string') return undefined
  if (value.style === 'literal' || value.style === 'folded') return undefined
  return parent.flow
    ? fillFlow(source, owner.key, value, entries)
    : fillBlock(source, owner.key, value, entries)
}

/** The same for a mapping that is there, such as the one that is the whole document. */
export function addToMap(
  source: YamlText,
  map: YamlMap,
  entries: readonly NewEntry[],
): readonly Edit[] | undefined {
  if (map.alias !== undefined) return undefined
  const { text } = source
  const last = map.written.at(-1)
  if (map.flow) {
    const json = source.isJson
    if (last === undefined) return [insertion(map.at.start + 1, flowText(entries, json))]
    const before = text.slice(text.lastIndexOf('\n', last.key.at.start) + 1, last.key.at.start)
    const between = /^\s*$/.test(before) ? `,${lineBreakOf(text)}${before}` : ', '
    const added = entries.map((entry) => between + flowText([entry], json)).join('')
    return [insertion(contentEnd(text, last), added)]
  }
  if (last === undefined) return undefined
  const column = columnOf(text, last.key.at.start)
  const lines = blockLines(entries, ' '.repeat(column), stepOf(source))
  return [insertLines(text, endOfBlock(text, contentEnd(text, last), column), lines)]
}

function fillFlow(
  source: YamlText,
  key: YamlNode,
  value: YamlScalar,
  entries: readonly NewEntry[],
): readonly Edit[] {
  const { text } = source
  const old = text.slice(value.at.start, value.at.end)
  const kept = value.value === null ? '' : `${old}: {}, `
  const before = text.slice(key.at.end, value.at.start)
  const colon = !before.includes(':') ? ': ' : old === '' && before.endsWith(':') ? ' ' : ''
  return [
    {
      start: value.at.start,
      end: value.at.end,
      text: `${colon}{${kept}${flowText(entries, source.isJson)}}`,
    },
  ]
}

function fillBlock(
  source: YamlText,
  key: YamlNode,
  value: YamlScalar,
  entries: readonly NewEntry[],
): readonly Edit[] {
  const { text } = source
  const column = columnOf(text, key.at.start)
  const step = stepOf(source)
  const indent = ' '.repeat(column + step)
  const old = text.slice(value.at.start, value.at.end)
  const kept = value.value === null ? [] : [`${indent}${old}:`]
  const end = endOfBlock(text, Math.max(value.at.end, key.at.end), column + 1)
  const cleared = { start: text.slice(0, value.at.start).trimEnd().length, end: value.at.end, text: '' }
  return [
    ...(old === '' ? [] : [cleared]),
    insertLines(text, end, [...kept, ...blockLines(entries, indent, step)]),
  ]
}

/** Behind the last character that belongs to the entry, its comments and line break left out. */
function contentEnd(text: string, { key, value }: YamlEntry): number {
  if (value.alias !== undefined) return value.alias.end
  if (value.kind === 'map' && !value.flow) {
    const last = value.written.at(-1)
    return last === undefined ? value.at.end : contentEnd(text, last)
  }
  const { start, end } = value.at
  const item = value.kind === 'sequence' && !value.flow ? value.items.at(-1) : undefined
  if (item !== undefined) return contentEnd(text, { name: '', key, value: item })
  if (value.kind !== 'scalar' || (value.style !== 'literal' && value.style !== 'folded'))
    return Math.max(end, key.at.end)
  const [header = ''] = text.slice(start, end).split('\n', 1)
  const body = text.slice(0, end)
  return header.includes('+') ? body.replace(/\r?\n$/, '').length : body.trimEnd().length
}

/**
 * Where the line of `from` ends (in front of its line break), or the last of the comment lines right below it that are
 * indented to at least `column`: such a comment speaks of the entries above.
 */
function endOfBlock(text: string, from: number, column: number): number {
  let end = endOfLine(text, from)
  while (end < text.length) {
    const next = text.indexOf('\n', end) + 1
    const [, indent] = /^( *)#/.exec(text.slice(next, endOfLine(text, next))) ?? []
    if (next === 0 || indent === undefined || indent.length < column) break
    end = endOfLine(text, next)
  }
  return end
}

function endOfLine(text: string, from: number): number {
  const feed = text.indexOf('\n', from)
  if (feed === -1) return text.length
  return text[feed - 1] === '\r' && feed - 1 >= from ? feed - 1 : feed
}

function insertLines(text: string, at: number, lines: readonly string[]): Edit {
  const lineBreak = lineBreakOf(text)
  return insertion(at, lines.map((line) => lineBreak + line).join(''))
}

function insertion(at: number, text: string): Edit {
  return { start: at, end: at, text }
}

function columnOf(text: string, offset: number): number {
  return positionAt(text, offset).column - 1
}

/** By how many spaces the first nested block mapping of the file is indented. */
function stepOf({ text, root }: YamlText): number {
  const pending: YamlNode[] = root === undefined ? [] : [root]
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.kind !== 'map' || node.flow) continue
    for (const { key, value } of node.written) {
      const first =
        value.kind === 'map' && !value.flow && value.alias === undefined ? value.written[0] : undefined
      if (first === undefined) continue
      const step = columnOf(text, first.key.at.start) - columnOf(text, key.at.start)
      return step > 0 ? step : 2
    }
  }
  return 2
}
