import type { Span } from '../../span.ts'
import type { AnsibleValue } from '../value.ts'
import type { InventoryDraft } from './draft.ts'
import { expandHostPattern, type HostPattern } from './hostPattern.ts'
import { pythonLiteral } from './pythonLiteral.ts'
import { shellWords } from './shellWords.ts'

/** One line of an INI inventory that says something, without the space around it. */
export interface IniLine {
  readonly text: string
  readonly start: number
  readonly end: number
}

export interface IniSection {
  readonly group: string
  readonly kind: 'hosts' | 'children' | 'vars'
}

// The breaks of Python's str.splitlines, less the control characters that no text has.
const LINES = /([^\n\r\v\f\x85\u2028\u2029]*)(\r\n|[\n\r\v\f\x85\u2028\u2029]|$)/gy
// Python's strip leaves a byte order mark, JavaScript's trim takes it away.
const SPACE_AROUND = /^[^\S\ufeff]+|(?<![^\S\ufeff])[^\S\ufeff]+$/g
const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/
const WIDER_SECTION = /^\[([^:\]\s]+)(?::([\p{L}\p{N}_]+))?\]\s*(?:#.*)?$/u
const GROUP_NAME = /^([^:\]\s]+)\s*(?:#.*)?$/

/** The lines less blank ones and comments. */
export function iniLines(text: string): readonly IniLine[] {
  const lines: IniLine[] = []
  for (const { 0: whole, 1: line = '', index } of text.matchAll(LINES)) {
    if (whole === '') break
    const trimmed = line.replace(SPACE_AROUND, '')
    if (trimmed === '' || trimmed.startsWith('#') || trimmed.startsWith(';')) continue
    const start = index + line.indexOf(trimmed)
    lines.push({ text: trimmed, start, end: start + trimmed.length })
  }
  return lines
}

/** What a section's head says; a text says what is wrong, `undefined`: the line is no head. */
export function iniSection(line: string): IniSection | string | undefined {
  if (!line.startsWith('[')) return undefined
  const head = SECTION.exec(line) ?? (/[^\0-\x7f]/.test(line) ? WIDER_SECTION.exec(line) : null)
  const [, group, kind = 'hosts'] = head ?? []
  if (group !== undefined)
    return kind === 'hosts' || kind === 'children' || kind === 'vars'
      ? { group, kind }
      : `a section can not be of the kind ${kind}`
  return line.endsWith(']') ? 'the head of this section can not be read' : undefined
}

/**
 * Adds the groups and hosts of an INI inventory, as Ansible's `ini` plugin does.
 * https://github.com/ansible/ansible/blob/v2.20.0/lib/ansible/plugins/inventory/ini.py
 */
export function readIniInventory(draft: InventoryDraft, path: string, text: string): void {
  new IniInventory(draft, path).read(text)
}

interface Pending {
  readonly kind: 'children' | 'vars'
  readonly at: Span
  readonly parents: { readonly group: string; readonly at: Span }[]
}

class IniInventory {
  readonly #draft: InventoryDraft
  readonly #path: string
  /** Groups that are named as a child, or have variables, before a section of theirs is seen. */
  readonly #pending = new Map<string, Pending>()

  constructor(draft: InventoryDraft, path: string) {
    this.#draft = draft
    this.#path = path
  }

  read(text: string): void {
    let section: IniSection | undefined = { group: 'ungrouped', kind: 'hosts' }
    for (const line of iniLines(text)) {
      const head = iniSection(line.text)
      if (typeof head === 'string') {
        this.#report(line, head, 'write [group], [group:children] or [group:vars], without spaces')
        section = undefined
      } else if (head !== undefined) {
        section = head
        this.#open(head, line)
      } else if (section !== undefined) this.#line(section, line)
    }
    for (const [group, { kind, at, parents }] of this.#pending)
      if (kind === 'vars')
        this.#draft.report(
          at,
          `[${group}:vars] gives variables to a group that is not there`,
          `add [${group}], or correct the name`,
        )
      else
        for (const { at: place } of parents)
          this.#draft.report(
            place,
            `the child group ${group} is not there`,
            `add [${group}], or correct the name`,
          )
  }

  #report(line: IniLine, message: string, fix: string): void {
    this.#draft.report(this.#span(line), message, fix)
  }

  #span({ start, end }: { readonly start: number; readonly end: number }): Span {
    return { path: this.#path, start, end }
  }

  #open({ group, kind }: IniSection, line: IniLine): void {
    const pending = this.#pending.get(group)
    if (!this.#draft.groups.has(group)) {
      if (kind === 'vars' && pending === undefined)
        this.#pending.set(group, { kind: 'vars', at: this.#span(line), parents: [] })
      this.#draft.addGroup(group)
    }
    if (kind === 'vars' || pending === undefined) return
    this.#settle(group)
  }

  #settle(group: string): void {
    const pending = this.#pending.get(group)
    if (pending === undefined) return
    this.#pending.delete(group)
    if (pending.kind === 'vars') return
    for (const parent of pending.parents) {
      this.#draft.addChild(parent.group, group, parent.at)
      if (this.#pending.get(parent.group)?.kind === 'children') this.#settle(parent.group)
    }
  }

  #line({ group, kind }: IniSection, line: IniLine): void {
    if (kind === 'hosts') this.#host(group, line)
    else if (kind === 'vars') this.#variable(group, line)
    else this.#child(group, line)
  }

  #child(group: string, line: IniLine): void {
    const [, child] = GROUP_NAME.exec(line.text) ?? []
    if (child === undefined) {
      this.#report(
        line,
        'this is no name of a group',
        'write one group on each line of a [group:children] section',
      )
      return
    }
    const at = this.#span({ start: line.start, end: line.start + child.length })
    if (this.#draft.groups.has(child)) {
      this.#draft.addChild(group, child, at)
      return
    }
    const pending = this.#pending.get(child)
    if (pending === undefined) this.#pending.set(child, { kind: 'children', at, parents: [{ group, at }] })
    else pending.parents.push({ group, at })
  }

  #variable(group: string, line: IniLine): void {
    const equals = line.text.indexOf('=')
    if (equals === -1) {
      this.#report(line, 'a line of a vars section is NAME=VALUE', 'write an = between name and value')
      return
    }
    const name = line.text.slice(0, equals).trim()
    const value = line.text.slice(equals + 1).trim()
    const at = this.#span({ start: line.end - value.length, end: line.end })
    this.#draft.setVariable(group, name, iniValue(value), at)
  }

  #host(group: string, line: IniLine): void {
    const words = shellWords(line.text)
    if (typeof words === 'string') {
      this.#report(line, words, 'close each quote; write \\\\ for a backslash')
      return
    }
    const [first, ...assignments] = words
    if (first === undefined) return
    const at = this.#span({ start: line.start + first.start, end: line.start + first.end })
    const pattern = hostPattern(first.text)
    if (typeof pattern === 'string') {
      this.#draft.report(at, pattern, 'write a host as NAME or NAME:PORT, a range as NAME[01:09]')
      return
    }
    for (const name of pattern.names) this.#draft.addHost(name, group, pattern.port, this.#path, at)
    for (const { text, start, end } of assignments) {
      const equals = text.indexOf('=')
      const place = this.#span({ start: line.start + start, end: line.start + end })
      if (equals === -1) {
        this.#draft.report(
          place,
          'behind the host only NAME=VALUE can stand',
          'remove spaces around =; quote values that hold spaces',
        )
        continue
      }
      const value = text.slice(equals + 1)
      const literal = iniValue(value)
      for (const name of pattern.names) this.#draft.setVariable(name, text.slice(0, equals), literal, place)
    }
  }
}

/** A Python literal where it is one (`None` among them), else the text. */
function iniValue(text: string): AnsibleValue {
  const literal = pythonLiteral(text)
  return literal === undefined ? text : literal
}

/** What the INI reader refuses beside what is wrong in any inventory. */
function hostPattern(text: string): HostPattern | string {
  if (text === '') return 'a host without a name'
  if (text.startsWith('\ufeff'))
    return 'the file begins with a byte order mark, which Ansible takes for a part of the name'
  if (text.trim() === '---') return '--- is how a YAML file begins, and this is read as an INI inventory'
  const pattern = expandHostPattern(text)
  if (typeof pattern !== 'string' && text.trim().endsWith(':') && pattern.port === undefined)
    return 'a colon without a port behind it'
  return pattern
}
