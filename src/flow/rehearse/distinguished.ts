import type { Content, Keywords } from '../../ansible/content/index.ts'
import { type AnsibleValue, isMapping, type Project } from '../../ansible/value.ts'
import type { NamedInventory } from '../inventories.ts'
import { type Closure, closureOfPlay, playOf, textsOfPlay } from './closure.ts'
import { comparedNames, entryOf } from './comparedHosts.ts'
import { isTemplate } from './namedFiles.ts'
import { namedGroups, written } from './pattern.ts'
import { seesOthers } from './serial.ts'

/** Which hosts of an inventory some text may tell from others that have the same groups and variables. */
export interface Distinguished {
  /** Groups of which the first host may be told from the rest of it; `all`: of any group. */
  readonly groups: ReadonlySet<string> | 'all'
  /** Group → places in its list of hosts by which those from there on are told from those before; counted from its end if negative. */
  readonly places: ReadonlyMap<string, ReadonlySet<number>>
  /** Names of hosts that a text or a variable has, where something is asked by them. */
  readonly names: ReadonlySet<string>
  /** Whether a part of a host's name decides something. */
  readonly isByPart: boolean
  /** The plays that `serial` cuts into batches, where it counts which hosts are in one of them. */
  readonly serial: readonly SerialPlay[]
}

/** A play, with what stands of how many of its hosts are in each batch: one of these, if it is known. */
interface SerialPlay {
  readonly patterns: readonly string[]
  readonly sizes: readonly AnsibleValue[]
  /** Whether the first host of a batch may do something for the others. */
  readonly isFirstTold: boolean
}

/** What the playbooks that are rehearsed can tell hosts apart by. */
export function distinguished(
  closures: readonly Closure[],
  content: Content,
  project: Project,
  inventories: readonly NamedInventory[],
): Distinguished {
  return {
    groups: groupsWithFirst(closures, content, project, inventories),
    places: placesIn(closures),
    names: new Set(closures.flatMap((closure) => namesIn(closure, content, inventories))),
    isByPart: closures.some(({ conditions, expressions }) =>
      [...conditions, ...expressions].some((text) => BY_PART.test(text)),
    ),
    serial: closures.flatMap((closure) => serialPlays(closure, content, project, inventories)),
  }
}

function groupsWithFirst(
  closures: readonly Closure[],
  content: Content,
  project: Project,
  inventories: readonly NamedInventory[],
): ReadonlySet<string> | 'all' {
  const texts = [...new Set(closures.flatMap((closure) => closure.texts))]
  if (texts.some((text) => /\binventory_hostnames\b/.test(text))) return 'all'
  const found = new Set(
    closures.flatMap(({ patterns }) => namedGroups(patterns.filter((pattern) => /\[|~/.test(pattern)))),
  )
  // `loop.first` and the like within `{% for %}`.
  const isCounted = texts.some((text) => /\bloop\.(?!length\b)/.test(text))
  const valuesOf = new Map<string, readonly string[] | undefined>()
  for (const closure of closures) {
    const loops = new Set(closure.tasks.flatMap(({ task }) => loopsIn(task.keywords)))
    const asked = [
      ...closure.conditions.filter((text) => INDEXED.test(text)),
      ...closure.expressions.filter((text) => isOfOne(text, loops, isCounted)),
    ]
    for (const text of asked)
      for (const { index } of text.matchAll(GROUPS)) {
        const [, literal, variable, member] = NAME.exec(text.slice(index)) ?? []
        if (literal !== undefined || member !== undefined) {
          found.add(literal ?? member ?? '')
          continue
        }
        if (variable === undefined) return 'all'
        if (!valuesOf.has(variable)) valuesOf.set(variable, textsOf(variable, closures, inventories))
        const values = valuesOf.get(variable)
        if (values === undefined) return 'all'
        for (const value of values) found.add(value)
      }
    // The first host of a play does for the others what is to be done once.
    if (!closure.texts.some((text) => OF_PLAY.test(text))) continue
    for (const one of closure.hosts) {
      const own = closureOfPlay(one, content, project) ?? closure
      if (!own.texts.some((text) => OF_PLAY.test(text))) continue
      const names = namedGroups([one.pattern])
      if (names.length === 0 || one.pattern.includes('{')) return 'all'
      for (const name of names) found.add(name)
    }
  }
  return found
}

/** Places that patterns (`quays[2]`, `quays[1:3]`, whose end belongs to it) and expressions (`groups.quays[1:3]`) name. */
function placesIn(closures: readonly Closure[]): ReadonlyMap<string, ReadonlySet<number>> {
  const found = new Map<string, Set<number>>()
  const cut = (group: string, place: number): unknown => {
    const known = found.get(group) ?? new Set()
    return found.set(group, known.add(place))
  }
  const behind = (place: number): number => (place === -1 ? Number.POSITIVE_INFINITY : place + 1)
  for (const { patterns, conditions, expressions } of closures) {
    for (const pattern of patterns)
      for (const [, group = '', from, isRange, to] of pattern.matchAll(PLACE_OF_PATTERN)) {
        cut(group, Number(from))
        if (isRange === undefined) cut(group, behind(Number(from)))
        else if (to !== '') cut(group, behind(Number(to)))
      }
    for (const text of [...conditions, ...expressions])
      for (const [, quoted, named, from, isRange, to, filter] of text.matchAll(PLACE_OF_GROUP)) {
        const group = quoted ?? named ?? ''
        if (filter === 'last') cut(group, -1)
        if (from !== undefined && from !== '') cut(group, Number(from))
        if (isRange === undefined && from !== undefined) cut(group, behind(Number(from)))
        if (to !== undefined && to !== '') cut(group, Number(to))
      }
  }
  return found
}

const PLACE_OF_PATTERN = /([\w.-]+)\[(-?\d+)(?:([:-])(-?\d*))?\]/g
const PLACE_OF_GROUP =
  /(?<![.\w])groups(?:\[\s*['"]([\w.-]+)['"]\s*\]|\.(\w+))\s*(?:\[\s*(-?\d*)\s*(?:(:)\s*(-?\d*)\s*)?\]|\|\s*(last)\b)/g

const BY_PART =
  /\b(?:inventory_hostname(?:_short)?|ansible_(?:host|node)name)\b['"]?\]?\s*(?:is\s+(?:not\s+)?(?:match|search|regex|contains)|\.|\[|\|\s*regex)|\bin\s+\(?\s*(?:inventory_hostname|ansible_(?:host|node)name)/

const GROUPS = /(?<![.\w])groups\b/g
const NAME =
  /^groups(?:\s*\[\s*(?:['"]([\w.-]+)['"]|([A-Za-z_]\w*))\s*\]|\.(?!get\b|keys\b|values\b|items\b)(\w+))/
/** A host of a list by its place in it. */
const INDEXED = /\[\s*-?\d*\s*[:\d]|\.\d|\b(?:first|last|min|max|random|index|slice|batch|zip|next|split)\b/
const OF_PLAY = /\brun_once\b|\b(?:ansible_)?play_(?:hosts|batch)/

/** Whether an expression may be one host of a group, or give the list of them to somebody who takes one. */
function isOfOne(text: string, loops: ReadonlySet<string>, isCounted: boolean): boolean {
  if (text.search(GROUPS) === -1) return false
  if (INDEXED.test(text)) return true
  if (/^-?\s*for\b/.test(text)) return isCounted
  return !loops.has(text) && !/^-?\s*(?:if|elif)\b|\|\s*(?:length|count|join\b[^|]*)\s*-?$/.test(text)
}

/** The expressions that a task goes through, where it does not count. */
function loopsIn(keywords: Keywords): readonly string[] {
  const control = keywords.get('loop_control')?.value
  if (typeof control === 'object' && control !== null && ('index_var' in control || 'extended' in control))
    return []
  return [...keywords].flatMap(([name, { value }]) => {
    const inner = /^(?:loop|with_(?:items|list|flattened))$/.test(name)
      ? /^\s*\{\{-?(.*?)-?\}\}\s*$/s.exec(typeof value === 'string' ? value : '')?.[1]
      : undefined
    return inner === undefined ? [] : [inner.replace(/\s+/g, ' ').trim()]
  })
}

/** What a variable may be; `undefined`: more than what stands there plainly. */
function textsOf(
  name: string,
  closures: readonly Closure[],
  inventories: readonly NamedInventory[],
): readonly string[] | undefined {
  if (closures.some(({ made }) => made.has(name))) return undefined
  const values: AnsibleValue[] = [
    ...closures.flatMap(({ plainTexts }) => [...(plainTexts.get(name) ?? [])]),
    ...inventoryValues(name, inventories),
  ]
  const texts = values.filter((value) => typeof value === 'string')
  const isPlain = texts.length === values.length && !texts.some((text) => /\{[{%]/.test(text))
  return isPlain && texts.length > 0 ? texts : undefined
}

function serialPlays(
  closure: Closure,
  content: Content,
  project: Project,
  inventories: readonly NamedInventory[],
): readonly SerialPlay[] {
  return closure.hosts.flatMap((one) => {
    const play = playOf(one, content)
    const serial = play?.keywords.get('serial')?.value
    if (play === undefined || serial === undefined) return []
    const texts = textsOfPlay(play, closureOfPlay(one, content, project) ?? closure, content)
    if (!seesOthers(texts)) return []
    const sizes = [serial, ...templatedSizes(serial, closure, content, inventories)]
    const { value } = play.hosts ?? {}
    const pattern = Array.isArray(value) ? value.join() : one.pattern
    return { patterns: written(pattern), sizes, isFirstTold: texts.some((text) => OF_PLAY.test(text)) }
  })
}

/** The numbers that stand in a template, and what is said of the variables in it. */
function templatedSizes(
  serial: AnsibleValue,
  closure: Closure,
  content: Content,
  inventories: readonly NamedInventory[],
): readonly AnsibleValue[] {
  const items = Array.isArray(serial) ? serial : [serial]
  return items
    .filter((item) => typeof item === 'string')
    .filter((item) => isTemplate(item))
    .flatMap((item) => [
      ...(item.match(/\d+%?/g) ?? []),
      ...(item.match(/[A-Za-z_]\w*/g) ?? []).flatMap((name) =>
        valuesOfVariable(name, closure, content, inventories),
      ),
    ])
}

/** Hosts that plays are for by their names, that tasks are delegated to, and that are compared with. */
function namesIn(
  closure: Closure,
  content: Content,
  inventories: readonly NamedInventory[],
): readonly string[] {
  const valuesOf = (name: string) => valuesOfVariable(name, closure, content, inventories)
  const mapped = [...closure.conditions, ...closure.expressions].flatMap((text) =>
    [...text.matchAll(BY_NAME)].flatMap(([, variable = '']) => valuesOf(variable).flatMap(keysOf)),
  )
  const delegated = closure.tasks.flatMap(({ task: { keywords } }) => {
    const name = keywords.get('delegate_to')?.value
    return typeof name === 'string' ? name : []
  })
  return [...namedGroups(closure.patterns), ...delegated, ...comparedNames(closure, valuesOf), ...mapped]
}

/** What files say of a variable. */
const valuesOfVariable = (
  name: string,
  closure: Closure,
  content: Content,
  inventories: readonly NamedInventory[],
): readonly AnsibleValue[] => [
  ...closure.tasks.flatMap(({ task: { action } }) =>
    action.module === 'set_fact' ? valueIn(action.arguments.get(name)) : [],
  ),
  ...closure.variables.flatMap((mapping) => entryOf(mapping, name)),
  ...closure.roles.flatMap((role) => [
    ...valueIn(content.roleVars(role).get(name)),
    ...valueIn(content.roleDefaults(role).get(name)),
  ]),
  ...inventoryValues(name, inventories),
]

const BY_NAME = /(?<![.\w])(?!hostvars\b|groups\b)([A-Za-z_]\w*)\[\s*inventory_hostname\s*\]/g

const keysOf = (value: AnsibleValue): readonly string[] => (isMapping(value) ? Object.keys(value) : [])

/** What inventories say of a variable, for any group or host. */
const inventoryValues = (name: string, inventories: readonly NamedInventory[]): readonly AnsibleValue[] =>
  inventories.flatMap(({ inventory: { groups, hosts } }) => [
    ...[...groups.values()].flatMap(({ inlineVars, fileVars }) =>
      [inlineVars, ...fileVars.values()].flatMap((variables) => valueIn(variables.get(name))),
    ),
    ...[...hosts.values()].flatMap(({ vars }) => valueIn(vars.get(name))),
  ])

const valueIn = (variable: { readonly value: AnsibleValue } | undefined): readonly AnsibleValue[] =>
  variable === undefined ? [] : [variable.value]
