import type { YamlEntry, YamlMap, YamlNode } from '../../syntax/yaml.ts'
import type { Variable } from '../value.ts'
import type { ImportPlaybook, Play, RoleUse } from './content.ts'
import { importKeywords, playKeywords, roleKeywords } from './keywords.ts'
import { itemsOf, placed, placeOf, type Reading, textOf, variable } from './reading.ts'
import { keywordsOf, readStatements, reportUnknown } from './statements.ts'

const IMPORT_KEYS = [
  'import_playbook',
  'ansible.builtin.import_playbook',
  'ansible.legacy.import_playbook',
] as const
const PLAY_OWN = ['name', 'hosts', 'pre_tasks', 'roles', 'tasks', 'post_tasks', 'handlers']
// `user` is what remote_user was called once; Ansible still takes it at a play.
const PLAY_KEYS = new Set([...playKeywords, 'user'])

/** Whether a list is one of plays: some item says for which hosts, or imports another playbook. */
export function isPlaybook(root: YamlNode | undefined): boolean {
  return root?.kind === 'sequence' && root.items.some((item) => item.kind === 'map' && isPlay(item))
}

function isPlay(map: YamlMap): boolean {
  return map.entries.has('hosts') || importOf(map) !== undefined
}

function importOf(map: YamlMap): YamlEntry | undefined {
  for (const key of IMPORT_KEYS) {
    const entry = map.entries.get(key)
    if (entry !== undefined) return entry
  }
  return undefined
}

export function readPlays(root: YamlNode | undefined, reading: Reading): (Play | ImportPlaybook)[] {
  if (root === undefined) return []
  return itemsOf(root, 'a playbook', reading).flatMap((item) => {
    if (item.kind === 'map') return readPlay(item, reading)
    reading.report({
      at: placeOf(item),
      message: 'a play must be a mapping',
      fix: 'write hosts: and tasks: or roles: behind the dash, or remove the item',
    })
    return []
  })
}

function readPlay(map: YamlMap, reading: Reading): Play | ImportPlaybook {
  const imported = importOf(map)
  if (imported !== undefined) {
    const { name: key, value } = imported
    reportUnknown(map, new Set([...importKeywords, key]), 'an imported playbook', reading)
    return {
      kind: 'import',
      at: placeOf(map),
      path: placed(value),
      keywords: keywordsOf(map, (name) => name !== key, reading),
    }
  }
  reportUnknown(map, PLAY_KEYS, 'a play', reading)
  const hosts = map.entries.get('hosts')?.value
  if (hosts === undefined)
    reading.report({
      at: placeOf(map),
      message: 'this play does not say for which hosts it is',
      fix: 'add hosts: with a group or host of the inventory',
    })
  const statements = (name: string) => readStatements(map.entries.get(name)?.value, name, reading)
  const roles = map.entries.get('roles')?.value
  const keywords = keywordsOf(map, (name) => !PLAY_OWN.includes(name), reading)
  const user = keywords.get('user')
  if (user !== undefined && !keywords.has('remote_user')) keywords.set('remote_user', user)
  return {
    kind: 'play',
    at: placeOf(map),
    name: textOf(map.entries.get('name')?.value),
    hosts: hosts && placed(hosts),
    keywords,
    preTasks: statements('pre_tasks'),
    roles: roles === undefined ? [] : readRoleUses(roles, 'roles', reading),
    tasks: statements('tasks'),
    postTasks: statements('post_tasks'),
    handlers: statements('handlers'),
  }
}

/** A `roles:` list of a play or the `dependencies:` of a role. */
export function readRoleUses(node: YamlNode, what: string, reading: Reading): RoleUse[] {
  return itemsOf(node, what, reading).flatMap((item) => {
    const use = item.kind === 'map' ? mappedUse(item, reading) : plainUse(item)
    if (use !== undefined) return use
    reading.report({
      at: placeOf(item),
      message: 'this item names no role',
      fix: 'write the name of a role, or role: NAME with its variables',
    })
    return []
  })
}

function plainUse(item: YamlNode): RoleUse | undefined {
  const name = textOf(item)
  return name ? { at: placeOf(item), name, keywords: new Map(), parameters: new Map() } : undefined
}

function mappedUse(map: YamlMap, reading: Reading): RoleUse | undefined {
  const source = textOf(map.entries.get('src')?.value)
  const name =
    textOf((map.entries.get('role') ?? map.entries.get('name'))?.value) ?? (source && nameFromSource(source))
  if (!name) return undefined
  const parameters = new Map<string, Variable>()
  for (const entry of map.entries.values())
    if (!roleKeywords.has(entry.name)) parameters.set(entry.name, variable(entry))
  const isKeyword = (key: string): boolean => roleKeywords.has(key) && key !== 'role' && key !== 'name'
  return { at: placeOf(map), name, keywords: keywordsOf(map, isKeyword, reading), parameters }
}

/** What `ansible-galaxy` would call a role that is named by its source: RoleRequirement in playbook/role/requirement.py. */
function nameFromSource(source: string): string {
  const [first = '', , name] = source.split(',')
  if (name) return name.trim()
  const last = /[:/]/.test(first) ? (first.split('/').at(-1) ?? first) : first
  return last.replace(/\.git$|\.tar\.gz$/, '')
}
