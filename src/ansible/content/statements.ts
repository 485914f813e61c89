import type { YamlMap, YamlNode } from '../../syntax/yaml.ts'
import { playIn, readAction } from './action.ts'
import type { Block, Keywords, Placed, Statement, Task } from './content.ts'
import { blockKeywords, isTaskKeyword } from './keywords.ts'
import { isNothing, itemsOf, placed, placeOf, type Reading, textOf } from './reading.ts'

const BLOCK_LISTS = ['block', 'rescue', 'always'] as const
const TASK_OWN: ReadonlySet<string> = new Set(['name', 'action', 'local_action', 'args'])

/** The statements of a list of tasks or handlers. `load_list_of_blocks` of ansible-core skips its empty items. */
export function readStatements(node: YamlNode | undefined, what: string, reading: Reading): Statement[] {
  if (node === undefined) return []
  return statementsOf(
    itemsOf(node, what, reading).filter((item) => !isNothing(item)),
    reading,
  )
}

function statementsOf(items: readonly YamlNode[], reading: Reading): Statement[] {
  let isPlaybook = false
  return items.flatMap((item): Statement[] => {
    if (item.kind !== 'map') {
      reading.report({
        at: placeOf(item),
        message: 'a task must be a mapping',
        fix: 'write NAME: VALUE behind the dash, or remove the item',
      })
      return []
    }
    if (BLOCK_LISTS.some((name) => item.entries.has(name))) return [readBlock(item, reading)]
    const play = playIn(item)
    if (play !== undefined) {
      // The first one ends Ansible's run, and all have one cure.
      if (!isPlaybook) reading.report(play)
      isPlaybook = true
      return []
    }
    const task = readTask(item, reading)
    return task === undefined ? [] : [task]
  })
}

function readTask(map: YamlMap, reading: Reading): Task | undefined {
  const action = readAction(map, reading)
  if (action === undefined) return undefined
  const keywords = keywordsOf(map, (name) => isTaskKeyword(name) && !TASK_OWN.has(name), reading)
  const local = map.entries.get('local_action')
  if (local !== undefined)
    keywords.set('delegate_to', { value: 'localhost', at: local.key.at, node: undefined })
  return { kind: 'task', at: placeOf(map), name: textOf(map.entries.get('name')?.value), action, keywords }
}

function readBlock(map: YamlMap, reading: Reading): Block {
  if (!map.entries.has('block'))
    reading.report({
      at: placeOf(map),
      message: 'rescue and always need a block beside them',
      fix: 'put the tasks that may fail below block:',
    })
  // In a block an empty item ends the run: `load_list_of_tasks` of ansible-core.
  const [block = [], rescue = [], always = []] = BLOCK_LISTS.map((name) => {
    const value = map.entries.get(name)?.value
    return value === undefined ? [] : statementsOf(itemsOf(value, `the tasks of ${name}`, reading), reading)
  })
  reportUnknown(map, blockKeywords, 'a block', reading)
  const isOwn = (name: string): boolean => name === 'name' || BLOCK_LISTS.some((list) => list === name)
  return {
    kind: 'block',
    at: placeOf(map),
    name: textOf(map.entries.get('name')?.value),
    keywords: keywordsOf(map, (name) => !isOwn(name), reading),
    block,
    rescue,
    always,
  }
}

export function keywordsOf(
  map: YamlMap,
  isWanted: (name: string) => boolean,
  { report }: Reading,
): Map<string, Placed> {
  const keywords: Map<string, Placed> & Keywords = new Map()
  for (const { name, value } of map.entries.values()) if (isWanted(name)) keywords.set(name, placed(value))
  const vars = keywords.get('vars')
  if (vars?.node?.kind === 'sequence')
    report({
      at: vars.at,
      message: 'since ansible-core 2.18 vars must be a mapping, not a list, and the run ends here',
      fix: 'write NAME: VALUE without the dashes',
      severity: 'warning',
      since: '2.18',
    })
  return keywords
}

export function reportUnknown(
  map: YamlMap,
  known: ReadonlySet<string>,
  what: string,
  { report }: Reading,
): void {
  for (const { name, key } of map.entries.values())
    if (!known.has(name) && name !== '')
      report({
        at: key.at,
        message: `Ansible knows no keyword ${name} of ${what}`,
        fix: 'correct its spelling, or move it to where it belongs',
      })
}
