import type { Keywords, Placed } from '../../ansible/content/index.ts'
import { Dict, List, Undefined } from '../../ansible/template/values.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import { type Evaluator, FirstOf, type FlowValue } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import { flattened, MOST_ITEMS } from './arranged.ts'

export interface Loop {
  /** `undefined`: the list is not known. */
  readonly items: readonly FlowValue[] | undefined
  readonly variable: string
  readonly indexVariable: string | undefined
  /** Where it stands. */
  readonly at: Span
  /** What is shown instead of an item. */
  readonly label: Pick<Placed, 'value' | 'at'> | undefined
  readonly why: string
}

type Query = (plugin: string, terms: readonly FlowValue[]) => FlowValue

/** The loop of a task; `undefined` where it has none. An undefined list is the caller's: Ansible fails there. */
export function loopOf(
  keywords: Keywords,
  evaluate: Evaluator,
  /** A file of the project by a name as `with_first_found` has it: the known text, or `undefined`. */
  exists: (name: string) => string | undefined,
  /** What `query` gives for the terms of a lookup: `with_NAME` is that, too. */
  query: Query,
): Loop | Undefined | undefined {
  const written = loopKeyword(keywords)
  if (written === undefined) return undefined
  const [kind, placed] = written
  const controlled = keywords.get('loop_control')
  const control = controlled?.value
  const loopVar = member(control, 'loop_var')
  const indexVar = member(control, 'index_var')
  const value = loopValue(kind, placed, evaluate, exists, query)
  if (value instanceof Undefined) return value
  return {
    items: value instanceof Unknown ? undefined : [...value].slice(0, MOST_ITEMS),
    variable: loopVar ?? 'item',
    indexVariable: indexVar,
    at: placed.at,
    label: labelOf(control, controlled?.at ?? placed.at),
    why: value instanceof Unknown ? value.why : '',
  }
}

/** The names that a loop sets by itself. */
export function loopVariables(keywords: Keywords): readonly string[] {
  const control = keywords.get('loop_control')?.value
  return ['loop_var', 'index_var'].flatMap((name) => member(control, name) ?? [])
}

/** The variables of one item, beside those of the loops around it. */
export function itemVariables(
  around: ReadonlyMap<string, FlowValue>,
  { variable, indexVariable }: Loop,
  item: FlowValue,
  index: number,
): ReadonlyMap<string, FlowValue> {
  const items = new Map(around).set(variable, item)
  return indexVariable === undefined ? items : items.set(indexVariable, index)
}

export const isLooped = (keywords: Keywords): boolean => loopKeyword(keywords) !== undefined

const loopKeywords = new WeakMap<Keywords, readonly [string, Placed] | 'none'>()

function loopKeyword(keywords: Keywords): readonly [string, Placed] | undefined {
  let found = loopKeywords.get(keywords)
  if (found === undefined) {
    found = writtenLoop(keywords) ?? 'none'
    loopKeywords.set(keywords, found)
  }
  return found === 'none' ? undefined : found
}

function writtenLoop(keywords: Keywords): readonly [string, Placed] | undefined {
  const loop = keywords.get('loop')
  if (loop !== undefined) return ['loop', loop]
  for (const [name, placed] of keywords)
    if (name.startsWith('with_')) return [name.slice('with_'.length), placed]
  return undefined
}

const member = (value: AnsibleValue | undefined, name: string): string | undefined => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const found = (value as Record<string, AnsibleValue>)[name]
  return typeof found === 'string' ? found : undefined
}

const labelOf = (control: AnsibleValue | undefined, at: Span): Loop['label'] => {
  const value = member(control, 'label')
  return value === undefined ? undefined : { value, at }
}

function loopValue(
  kind: string,
  placed: Placed,
  evaluate: Evaluator,
  exists: (name: string) => string | undefined,
  query: Query,
): Iterable<FlowValue> | Unknown | Undefined {
  if (kind === 'first_found') {
    const terms = definedTerms(placed, evaluate)
    return terms instanceof Undefined ? terms : firstFound(terms, exists, placed)
  }
  if (kind === 'fileglob') return [new Unknown('a file found', 'files of the control node', placed.at)]
  const value = listValue(placed, evaluate)
  if (value instanceof Undefined || value instanceof Unknown) return value
  // A mapping is gone through by its keys, as Python does.
  const items = value instanceof List ? [...value] : value instanceof Dict ? [...value.keys()] : [value]
  switch (kind) {
    case 'items':
    case 'flattened':
      return flattened(items)
    case 'loop':
    case 'list':
      return items
    default: {
      const found = query(kind, value instanceof List ? items : [value])
      if (found instanceof List) return [...found]
      // One text is the answer to one term.
      return typeof found === 'string' && items.length === 1
        ? [found]
        : new Unknown(`with_${kind}`, `with_${kind} is not followed`, placed.at)
    }
  }
}

/**
 * Of the names in the list itself Ansible passes over those that need a variable which is not set; where none is left the task
 * fails. What is undefined in a mapping or behind a variable ends the task of some releases only, so that is not known.
 */
function definedTerms(placed: Placed, evaluate: Evaluator): FlowValue {
  const { value, at } = placed
  if (!Array.isArray(value)) return new List([listValue(placed, evaluate)])
  const isUnset = (term: AnsibleValue): boolean =>
    typeof term === 'string' && evaluate.value(term, at) instanceof Undefined
  const set = value.filter((term: AnsibleValue) => !isUnset(term))
  const [unset] = value
  return set.length === 0 && unset !== undefined ? evaluate.value(unset, at) : evaluate.value(set, at)
}

/**
 * The first name that is there. One that stands in the list as it is comes before one that is made of facts or variables:
 * those are for other systems than the usual one.
 */
function firstFound(
  value: FlowValue,
  exists: (name: string) => string | undefined,
  placed: Placed,
): readonly FlowValue[] {
  const items = value instanceof List ? [...value] : [value]
  const names = items.flatMap((item) => {
    const files = item instanceof Dict ? item.get('files') : item
    const list = files instanceof List ? [...files] : [files]
    return list.filter((name) => typeof name === 'string')
  })
  const written = Array.isArray(placed.value) ? placed.value : [placed.value]
  const usual = written.filter((name) => typeof name === 'string' && !/\{[{%]/.test(name))
  const found = [...usual, ...names].map((name) => exists(String(name))).find((name) => name !== undefined)
  const inPaths = items.flatMap((item) => {
    const paths = item instanceof Dict ? item.get('paths') : undefined
    return paths instanceof List ? [...paths] : typeof paths === 'string' ? [paths] : []
  })
  const beside = inPaths.filter((path) => typeof path === 'string').map((path) => `${path}/`)
  const possible = (beside.length === 0 ? [''] : beside).flatMap((path) => names.map((name) => path + name))
  return [found ?? new FirstOf('the first file found', 'files of the control node', placed.at, possible)]
}

/** Items may be templates of lists each, and a bare name is a template in the old spelling. */
function listValue(placed: Placed, evaluate: Evaluator): FlowValue {
  return evaluate.value(placed.value, placed.at)
}
