import type { Span } from '../../span.ts'
import type { YamlEntry, YamlMap, YamlNode, YamlScalar } from '../../syntax/yaml.ts'
import { type Fault, VaultedText } from '../value.ts'
import type { Action, Placed } from './content.ts'
import { readFreeForm, splitModule } from './freeForm.ts'
import { commandModules, freeFormModules, isTaskKeyword, moduleName } from './keywords.ts'
import { isNothing, placed, placeOf, type Reading } from './reading.ts'

/** An argument that is a text: the first of these names that has one. */
export function argumentText(action: Action, ...names: readonly string[]): string | undefined {
  const values = names.map((name) => action.arguments.get(name)?.value)
  return values.find((value) => typeof value === 'string')
}

interface Arguments {
  readonly named: ReadonlyMap<string, Placed>
  readonly freeForm: Placed | undefined
}

const NONE: Arguments = { named: new Map(), freeForm: undefined }

/**
 * What a task does, by the rules of Ansible's ModuleArgsParser: `action:`, `local_action:`, or the one key that is no keyword.
 * A task that names several is reported, and the likeliest counts. Where `args:` is a template, it is the argument
 * `_variable_params`, as Ansible calls it.
 */
export function readAction(task: YamlMap, reading: Reading): Action | undefined {
  const candidates = candidatesIn(task)
  const chosen = choose(candidates)
  if (chosen === undefined) {
    reading.report({
      at: placeOf(task),
      message: 'this task names no module',
      fix: 'add the module that it is to run, or remove the task',
    })
    return undefined
  }
  for (const other of candidates.filter((each) => each !== chosen)) reading.report(second(other, chosen))
  const extra = extraArguments(task, reading)
  const isOldStyle = chosen.name === 'action' || chosen.name === 'local_action'
  const action = isOldStyle ? oldStyle(chosen, reading) : newStyle(chosen, reading)
  if (action === undefined) return undefined
  const module = moduleName(action.written)
  if (module === 'include') reading.report(removedInclude(chosen.key.at))
  const whole = joined(action.written, chosen.key.at, [extra, action.own])
  const warn = module === 'command' || module === 'shell' ? whole.arguments.get('warn') : undefined
  if (warn !== undefined) reading.report(removedWarn(module, warn.at))
  return whole
}

const removedWarn = (module: string, at: Span): Fault => ({
  at,
  message: `since ansible-core 2.14 ${module} has no argument warn, and the task fails`,
  fix: 'leave it out: nothing is warned of any more',
  severity: 'warning',
  since: '2.14',
})

const removedInclude = (at: Span): Fault => ({
  at,
  message: 'since ansible-core 2.16 there is no include any more, and the run ends here',
  fix: 'write include_tasks, or import_tasks where it is to be read before the play begins',
  severity: 'warning',
  since: '2.16',
})

const candidatesIn = (task: YamlMap): readonly YamlEntry[] =>
  [...task.entries.values()].filter(
    ({ name }) => name === 'action' || name === 'local_action' || (name !== '' && !isTaskKeyword(name)),
  )

/** A playbook that is included as if it were tasks: Ansible stops there with "conflicting action statements". */
export function playIn(task: YamlMap): Fault | undefined {
  const candidates = candidatesIn(task)
  const hosts = candidates.find(({ name }) => name === 'hosts')
  const other = candidates.find(({ name }) =>
    /^(?:(?:pre_|post_)?tasks|roles|handlers|gather_facts|strategy|serial)$/.test(name),
  )
  if (hosts === undefined || other === undefined) return undefined
  return {
    at: hosts.key.at,
    message: `a play stands here, and the file is read as tasks: hosts conflicts with ${other.name}`,
    fix: 'bring the playbook in with import_playbook, beside the plays; or leave only its tasks in the file',
    readAs: 'tasks',
  }
}

/** The key that is most surely no misspelt keyword. */
function choose(candidates: readonly YamlEntry[]): YamlEntry | undefined {
  return (
    candidates.find(({ name }) => name === 'action' || name === 'local_action') ??
    candidates.find(({ name }) => name.includes('.')) ??
    candidates.find(({ value }) => value.kind === 'map') ??
    candidates[0]
  )
}

function second(other: YamlEntry, chosen: YamlEntry): Fault {
  return {
    at: other.key.at,
    message: `${other.name} is no keyword of a task, and as a module it conflicts with ${chosen.name}`,
    fix: `correct the spelling, move it below ${chosen.name}: where it is an argument, or make it a task of its own`,
  }
}

interface Named {
  readonly written: string
  readonly own: Arguments
}

function newStyle({ name, value }: YamlEntry, reading: Reading): Named {
  return { written: name, own: argumentsOf(value, name, reading) }
}

/** `copy: src=a dest=b`, `copy: {src: a, dest: b}`, `command: echo`. */
function argumentsOf(node: YamlNode, written: string, reading: Reading): Arguments {
  if (node.kind === 'map') return named(node)
  if (node.kind === 'scalar') {
    if (typeof node.value === 'string') return freeForm(node, node.value, written, reading)
    if (node.value instanceof VaultedText) return { named: new Map(), freeForm: placed(node) }
    if (node.value === null) return NONE
  }
  reading.report({
    at: placeOf(node),
    message: `the arguments of ${written} must be a mapping or a text`,
    fix: node.kind === 'sequence' ? 'write NAME: VALUE on lines below the module' : 'quote the value',
  })
  return NONE
}

/** `_raw_params`, Ansible's inner name for what is free-form, may be written out, too. */
function named(map: YamlMap, leftOut?: string): Arguments {
  const entries = [...map.entries.values()].filter(({ name }) => name !== leftOut)
  const raw = entries.find(({ name }) => name === '_raw_params')
  return {
    named: new Map(
      entries.filter((entry) => entry !== raw).map(({ name, value }) => [name, placed(value)] as const),
    ),
    freeForm: raw && placed(raw.value),
  }
}

function freeForm(node: YamlScalar, text: string, written: string, reading: Reading): Arguments {
  const read = readFreeForm(text, commandModules.has(moduleName(written)))
  if (read === undefined) {
    reading.report({
      at: placeOf(node),
      message: `Ansible can not split the arguments of ${written}: a quote or a Jinja block is left open`,
      fix: 'close it, or write the arguments as a mapping',
    })
    return NONE
  }
  const { pairs, rest } = read
  if (rest !== undefined && !mayBeFreeForm(written, rest))
    reading.report({
      at: placeOf(node),
      message: `${written} takes arguments only, and here stands text that is no NAME=VALUE`,
      fix: 'quote values that hold spaces, or write the arguments as a mapping',
    })
  const finder = new WordFinder(node, reading.text)
  const values = pairs.map(({ name, value, word }): [string, Placed] => [
    name,
    { value, at: finder.valueOf(word), node: undefined },
  ])
  if (rest === undefined) return { named: new Map(values), freeForm: undefined }
  const at = pairs.length === 0 ? placeOf(node) : finder.rest(rest)
  return {
    named: new Map(values),
    freeForm: { value: rest, at, node: rest === node.value ? node : undefined },
  }
}

/** A text that is one template may give all arguments; a module of another collection may have its own way with the text. */
function mayBeFreeForm(written: string, rest: string): boolean {
  const module = moduleName(written)
  return freeFormModules.has(module) || module.includes('.') || /\{\{|\{%|\{#/.test(written + rest)
}

/** Finds words of a scalar in the text it was read from, one after the other; else the whole scalar is the place. */
class WordFinder {
  readonly #whole: Span
  readonly #text: string
  #from: number

  constructor(node: YamlScalar, text: string) {
    this.#whole = placeOf(node)
    this.#text = node.alias === undefined ? text : ''
    this.#from = node.at.start
  }

  /** The value in `name=value`, its quotes left out. */
  valueOf(word: string): Span {
    const start = this.#find(word.trimEnd(), this.#from)
    if (start === undefined) return this.#whole
    const trimmed = word.trimEnd()
    this.#from = start + trimmed.length
    const equals = trimmed.indexOf('=') + 1
    const quotes = /^(["']).*\1$/s.test(trimmed.slice(equals)) && trimmed.length - equals > 1 ? 1 : 0
    return { ...this.#whole, start: start + equals + quotes, end: start + trimmed.length - quotes }
  }

  rest(text: string): Span {
    const trimmed = text.trim()
    const start = this.#find(trimmed, this.#whole.start)
    return start === undefined ? this.#whole : { ...this.#whole, start, end: start + trimmed.length }
  }

  #find(words: string, from: number): number | undefined {
    const at = this.#text.indexOf(words, from)
    return at === -1 || at + words.length > this.#whole.end ? undefined : at
  }
}

/** `action: copy src=a dest=b` and `action: {module: copy, src: a}`, with `args` below it. */
function oldStyle({ name: key, value: node }: YamlEntry, reading: Reading): Named | undefined {
  const moduleNode = node.kind === 'map' ? node.entries.get('module')?.value : node
  const split =
    moduleNode?.kind === 'scalar' && typeof moduleNode.value === 'string'
      ? splitModule(moduleNode.value)
      : undefined
  if (split === undefined || moduleNode?.kind !== 'scalar') {
    reading.report({
      at: placeOf(moduleNode ?? node),
      message: `${key} names no module`,
      fix: `write the module first: ${key}: MODULE NAME=VALUE, or better MODULE: with its arguments below it`,
    })
    return undefined
  }
  const { module: written, rest } = split
  const inText = rest === '' ? NONE : freeForm(moduleNode, rest, written, reading)
  if (node.kind !== 'map') return { written, own: inText }
  const beside = named(node, 'module')
  return { written, own: withInnerArguments(merge([beside, inText]), node, reading) }
}

function withInnerArguments(all: Arguments, node: YamlMap, reading: Reading): Arguments {
  const inner = node.entries.get('args')?.value
  if (inner === undefined) return all
  const withoutArgs = new Map([...all.named].filter(([name]) => name !== 'args'))
  // Ansible reads a text here without regard to the module.
  return merge([{ ...all, named: withoutArgs }, argumentsOf(inner, 'args', reading)])
}

/** `args:` beside the module: its entries count where the module's own don't say otherwise. */
function extraArguments(task: YamlMap, reading: Reading): Arguments {
  const node = task.entries.get('args')?.value
  if (node === undefined || isNothing(node)) return NONE
  if (node.kind === 'map') return named(node)
  if (node.kind === 'scalar' && typeof node.value === 'string' && /\{\{|\{%/.test(node.value))
    return { named: new Map([['_variable_params', placed(node)]]), freeForm: undefined }
  reading.report({
    at: placeOf(node),
    message: 'args must be a mapping, or a template that gives one',
    fix: 'write NAME: VALUE on lines below it',
  })
  return NONE
}

function merge(parts: readonly Arguments[]): Arguments {
  return {
    named: new Map(parts.flatMap(({ named: each }) => [...each])),
    freeForm: parts.findLast((part) => part.freeForm !== undefined)?.freeForm,
  }
}

function joined(written: string, at: Span, parts: readonly Arguments[]): Action {
  const { named: all, freeForm: rest } = merge(parts)
  return { written, module: moduleName(written), at, arguments: all, freeForm: rest }
}
