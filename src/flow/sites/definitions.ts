import { iniLines, iniSection } from '../../ansible/inventory/index.ts'
import { shellWords } from '../../ansible/inventory/shellWords.ts'
import { partsOf } from '../../path.ts'
import { entryOf, type YamlMap, type YamlNode, type YamlText } from '../../syntax/yaml.ts'
import type { Written } from './site.ts'
import { writtenIni } from './written.ts'

/** A variable that a file gives a value to. */
export interface Definition {
  readonly name: string
  readonly path: string
  readonly value:
    | { readonly kind: 'node'; readonly node: YamlNode; readonly source: string }
    | { readonly kind: 'written'; readonly written: Written; readonly raw: string }
}

const SET_FACT = /^(?:ansible\.(?:builtin|legacy)\.)?set_fact$/
const ADD_HOST = /^(?:ansible\.(?:builtin|legacy)\.)?add_host$/

/** Files of YAML that give no variables, whatever their keys are called. */
function isWithoutVariables(path: string): boolean {
  const { directories, name, ending } = partsOf(path)
  if (!['yml', 'yaml', 'json'].includes(ending)) return false
  const stem = name.slice(0, -ending.length - 1)
  return (
    directories.at(-1) === 'meta' ||
    ['galaxy', 'requirements', 'mkdocs'].includes(stem) ||
    ['docker-compose', 'compose', '.'].some((word) => stem.startsWith(word)) ||
    (ending === 'json' && ['package', 'package-lock'].includes(stem))
  )
}

/** Every variable that a file in YAML gives a value to: inventory, vars file, playbook or tasks. */
export function definitionsIn({ path, text, root }: YamlText): readonly Definition[] {
  if (root === undefined || isWithoutVariables(path)) return []
  const found: Definition[] = []
  const add = (map: YamlNode | undefined): void => {
    if (map?.kind !== 'map' || map.alias !== undefined) return
    for (const { name, value } of map.written)
      if (name !== '<<') found.push({ name, path, value: { kind: 'node', node: value, source: text } })
  }
  for (const [name, value] of promptDefaults(root))
    found.push({ name, path, value: { kind: 'node', node: value, source: text } })
  if (root.kind === 'sequence') walkTasks(root, add)
  else if (root.kind === 'map' && entryOf(root, 'apiVersion') === undefined) {
    if (isInventory(root)) for (const { value } of root.written) walkGroup(value, add)
    else {
      add(root)
      walkTasks(root, add)
    }
  }
  return found
}

/** What the plays of a playbook take where nothing is typed. */
function* promptDefaults(playbook: YamlNode): Generator<readonly [string, YamlNode]> {
  const plays = playbook.kind === 'sequence' ? playbook.items : []
  for (const play of plays) {
    const prompts = play.kind === 'map' ? entryOf(play, 'vars_prompt')?.value : undefined
    for (const prompt of prompts?.kind === 'sequence' ? prompts.items : []) {
      if (prompt.kind !== 'map') continue
      const [name, usual] = ['name', 'default'].map((key) => entryOf(prompt, key)?.value)
      if (name?.kind === 'scalar' && typeof name.value === 'string' && usual !== undefined)
        yield [name.value, usual]
    }
  }
}

type Add = (map: YamlNode | undefined) => void

/** Every group's value is a mapping of `hosts`, `vars` and `children`, or nothing. */
function isInventory(root: YamlMap): boolean {
  const groups = root.written.map(({ value }) => value)
  return (
    groups.some((group) =>
      ['hosts', 'vars', 'children'].some((key) => entryOf(group, key)?.value.kind === 'map'),
    ) && groups.every((group) => group.kind === 'map' || (group.kind === 'scalar' && group.value === null))
  )
}

function walkGroup(group: YamlNode, add: Add): void {
  if (group.kind !== 'map' || group.alias !== undefined) return
  add(entryOf(group, 'vars')?.value)
  const hosts = entryOf(group, 'hosts')?.value
  if (hosts?.kind === 'map') for (const { value } of hosts.written) add(value)
  const children = entryOf(group, 'children')?.value
  if (children?.kind === 'map') for (const { value } of children.written) walkGroup(value, add)
}

const ROLE_KEYWORDS = new Set([
  'role',
  'name',
  'when',
  'tags',
  'vars',
  'become',
  'become_user',
  'delegate_to',
])

function walkTasks(node: YamlNode, add: Add): void {
  if (node.kind === 'scalar' || node.alias !== undefined) return
  if (node.kind === 'sequence') {
    for (const item of node.items) walkTasks(item, add)
    return
  }
  if (isCheckMode(node)) return
  for (const { name, value } of node.written) {
    if (name === 'vars' && value.kind === 'sequence') for (const item of value.items) add(item)
    else if (name === 'vars' || SET_FACT.test(name) || ADD_HOST.test(name)) add(value)
    else if (name === 'group_vars' || name === 'host_vars') {
      if (value.kind === 'map') for (const { value: variables } of value.written) add(variables)
    } else if (name === 'roles' && value.kind === 'sequence') {
      for (const role of value.items) {
        walkTasks(role, add)
        if (role.kind !== 'map') continue
        const written = role.written.filter(({ name: key }) => !ROLE_KEYWORDS.has(key))
        add({ ...role, written })
      }
    } else walkTasks(value, add)
  }
}

/** Whether a task runs in check mode only, where made-up values do no harm. */
function isCheckMode(task: YamlMap): boolean {
  const when = entryOf(task, 'when')?.value
  const conditions = when?.kind === 'sequence' ? when.items : when === undefined ? [] : [when]
  return conditions.some(
    (condition) => condition.kind === 'scalar' && condition.value === 'ansible_check_mode',
  )
}

/** Every variable of an INI inventory. */
export function iniDefinitions(path: string, text: string): readonly Definition[] {
  const found: Definition[] = []
  let kind: string | undefined = 'hosts'
  const add = (name: string, raw: string, start: number, place: 'host' | 'section'): void => {
    const at = { path, start, end: start + raw.length }
    found.push({ name, path, value: { kind: 'written', written: writtenIni(raw, at, place), raw } })
  }
  for (const line of iniLines(text)) {
    const head = iniSection(line.text)
    if (head !== undefined) kind = typeof head === 'string' ? undefined : head.kind
    else if (kind === 'vars') {
      const equals = line.text.indexOf('=')
      const raw = line.text.slice(equals + 1).trim()
      if (equals > 0) add(line.text.slice(0, equals).trim(), raw, line.end - raw.length, 'section')
    } else if (kind === 'hosts') {
      const words = shellWords(line.text)
      if (typeof words === 'string') continue
      for (const { start, end } of words.slice(1)) {
        const written = line.text.slice(start, end)
        const equals = written.indexOf('=')
        if (equals > 0)
          add(written.slice(0, equals), written.slice(equals + 1), line.start + start + equals + 1, 'host')
      }
    }
  }
  return found
}
