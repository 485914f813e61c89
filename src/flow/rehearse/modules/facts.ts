import type { Placed } from '../../../ansible/content/index.ts'
import { Dict, List, Omitted, Undefined } from '../../../ansible/template/values.ts'
import type { Span } from '../../../span.ts'
import { evaluator, type FlowValue, opposite, Result, Ungiven, VariablesDict } from '../../evaluate/index.ts'
import type { AtomUse } from '../../rehearsal.ts'
import { Unknown } from '../../unknown.ts'
import { assure, whereFilled } from '../assured.ts'
import { type Call, type Effect, TaskFails, Undecided, variableIn } from '../call.ts'
import { GROUPS, groupNames, type MadeGroups, UNGROUPED, withMembers, withOpen } from '../groups.ts'
import { scopeOf } from '../scope.ts'
import {
  addedVariable,
  assuming,
  Choice,
  cachedFact,
  nameOfStored,
  type Stored,
  type World,
} from '../world.ts'

/** Its arguments are facts, whose names may be templates. */
export function setFact(call: Call): Effect {
  const facts = new Map<string, Stored>()
  const isCached = call.flag('cacheable', false) === true
  let hasUnnamed = false
  for (const [written, placed] of call.task.action.arguments) {
    if (written === 'cacheable') continue
    const name = factName(call, written, placed)
    const value = factOf(call, name ?? 'a fact', placed)
    if (name === undefined) {
      call.note('the name of a fact is not known', placed.at)
      hasUnnamed = true
    } else if (value !== undefined) {
      facts.set(name, value)
      if (isCached) facts.set(cachedFact(name), value)
    }
  }
  return { facts, ...(hasUnnamed ? { hasUnnamedFact: true } : {}), changed: false }
}

/** `undefined`: it is not known. */
function factName(call: Call, written: string, placed: Placed): string | undefined {
  if (!/\{[{%]/.test(written)) return written
  const text = call.textOf({ ...placed, value: written })
  const name = typeof text === 'string' ? call.atoms.plain(text) : undefined
  if (name !== undefined && !/^[A-Za-z_]\w*$/.test(name)) throw new TaskFails(`${name} can't be a variable`)
  return name
}

/** An argument as a fact; `undefined` where it is omitted. */
function factOf(call: Call, name: string, placed: Placed): Stored | undefined {
  const value = settledBy(call, name, placed, call.world, 0)
  if (value instanceof Omitted) return undefined
  useTexts(value, call, placed.at)
  return value
}

const OF_ADD_HOST = new Set(['name', 'hostname', 'host', 'groups', 'groupname', 'group'])

/** All texts of a value, whatever it hangs on: what a task returns is shown as a whole. */
function useTexts(value: Stored | undefined, call: Call, at: Span): void {
  const text = followed(value, call)
  if (text !== undefined) call.use('result', text, at)
  else if (value instanceof Choice) {
    useTexts(value.yes, call, at)
    useTexts(value.no, call, at)
  } else if (value instanceof VariablesDict)
    for (const shown of shownTexts(call, value)) call.use('result', shown, at)
  else if (value instanceof Result) for (const item of value.known.values()) useTexts(item, call, at)
  else if (value instanceof Dict) for (const [, item] of value.entries()) useTexts(item, call, at)
  else if (value instanceof List) for (const item of value) useTexts(item, call, at)
}

/** A text, or what stands for one of which not even that is known. */
function followed(value: Stored | undefined, { evaluator: evaluate }: Call): string | undefined {
  const text = value instanceof Unknown ? evaluate.standIn(value) : value
  return typeof text === 'string' ? text : undefined
}

/** Deeper choices than this are left as one that is not known. */
const MOST_CHOICES = 3

/**
 * The value, or the choice of values that hangs on what is not settled yet: a fact alone is no reason to part the worlds, unless
 * the task fails in one of them.
 */
function settledBy(call: Call, name: string, placed: Placed, world: World, depth: number): Stored {
  const evaluate = evaluator(scopeOf(call.context, world, call.host))
  const value = needed(evaluate.variable(name, placed.value, placed.at))
  if (value instanceof Undefined) {
    const { message, variable } = value
    // What has no name of its own is named by what holds it: here that is the fact itself.
    const missing = variable === undefined || variable === name ? (variableIn(message) ?? name) : variable
    throw new TaskFails(message, missing, name)
  }
  const leaf = openIn(value, world, 0)
  if (leaf === undefined || depth >= MOST_CHOICES) return value
  const sides = [true, false].map((truth) => {
    const side = assuming(world, leaf, truth)
    // Where the task does not run, the fact stays as it was.
    if (isRuledOut(call, side)) return call.node.variables.get(name)
    try {
      return settledBy(call, name, placed, side, depth + 1)
    } catch (error) {
      if (!(error instanceof TaskFails)) throw error
      return error
    }
  })
  const [yes, no] = sides.map((side) => {
    if (!(side instanceof TaskFails)) return side
    if (sides.every((other) => other instanceof TaskFails)) throw side
    throw new Undecided(leaf.what, leaf.at, leaf)
  })
  if (yes !== undefined) return new Choice(leaf, yes, no)
  return no === undefined
    ? value
    : new Choice(
        opposite(leaf, () => `not (${leaf.what})`),
        no,
        undefined,
      )
}

/** A fact is there, or the task that makes it fails. */
const needed = (value: FlowValue): FlowValue =>
  value instanceof Ungiven ? new Ungiven(value.what, value.why, value.at, true) : value

function isRuledOut({ context, host }: Call, world: World): boolean {
  const evaluate = evaluator(scopeOf(context, world, host))
  return context.conditions.some(({ value, at }) => evaluate.condition(value, at) === false)
}

/** What a value, or some part of it, hangs on that this world has not settled. */
function openIn(value: FlowValue, world: World, depth: number): Unknown | undefined {
  if (value instanceof Unknown)
    return value.leaf === value || world.decisions.has(value.leaf.what) ? undefined : value.leaf
  if (depth > DEEPEST || value instanceof VariablesDict) return undefined
  const parts =
    value instanceof Dict
      ? [...value.entries()].map(([, item]) => item)
      : value instanceof List
        ? [...value]
        : []
  for (const part of parts) {
    const leaf = openIn(part, world, depth + 1)
    if (leaf !== undefined) return leaf
  }
  return undefined
}

/** A host that is made up while the play runs: what it is given is there for the others in `hostvars`, and it is in the groups. */
export function addHost(call: Call): Effect {
  const { hosts } = call.context.stage
  const name = call.plain('name', 'hostname', 'host')
  const asked = call.argument(...GROUPS)
  const value = asked === undefined ? new List() : call.evaluated(asked)
  const items = (value instanceof List ? [...value] : [value]).map((item) =>
    typeof item === 'string' ? call.atoms.plain(item) : undefined,
  )
  const names = items.flatMap(groupNames)
  const { groups: made } = call.world
  const isKnown = name !== undefined && !items.includes(undefined)
  if (name === undefined) return { groups: opened(call, asked, names) }
  const facts = new Map<string, Stored>()
  for (const [argument, placed] of call.task.action.arguments) {
    const fact = OF_ADD_HOST.has(argument) ? undefined : factOf(call, argument, placed)
    if (fact !== undefined) facts.set(addedVariable(argument), fact)
  }
  const standIn = hosts.standIn(name)
  const isOfTasks = (one: string): boolean => hosts.added?.has(one) === true
  const isAlone = asked === undefined && (standIn === undefined || isOfTasks(name))
  // Other invented hosts stand for those that it would add.
  const wanted = names.filter(
    (group) => standIn !== undefined || (hosts.groups.get(group)?.some(isOfTasks) ?? true),
  )
  return {
    facts,
    ownerOfFacts: standIn ?? name,
    // A host of no group counts only where a play is for it.
    groups: isKnown
      ? withMembers(made, isAlone && call.context.stage.groupsAsked.has(name) ? [UNGROUPED] : wanted, [name])
      : opened(call, asked, names),
  }
}

/**
 * The group of the host by a value of it, and those above. Blanks are dashes in it, or not: that depends on the version of
 * ansible-core.
 */
export function groupBy(call: Call): Effect {
  const { hosts } = call.context.stage
  const written = call.argument('key')
  const key = call.plain('key')
  if (key === undefined || key.includes(' ')) return { groups: opened(call, written), changed: true }
  const parents = groupNames(call.argument('parents')?.value).map((name) => name.replaceAll(' ', '-'))
  const { alike = [] } = hosts.hosts.get(call.host) ?? {}
  const members = [call.host, ...alike.slice(0, MOST_ALIKE)]
  return { groups: withMembers(call.world.groups, [key, ...parents], members), changed: true }
}

/** Groups whose hosts are not known: these, and those whose names begin as it is written, where anybody asks for one. */
function opened(call: Call, written: Placed | undefined, names: readonly string[] = []): MadeGroups {
  const value = written?.value
  const [beginning = ''] = typeof value === 'string' ? value.split(/\{[{%]|\s/) : []
  const all = written === undefined ? [] : [...call.context.stage.groupsAsked]
  const asked = all.filter((group) => names.includes(group) || group.startsWith(beginning))
  const open = asked.filter((group) => (call.context.stage.hosts.groups.get(group)?.length ?? 0) === 0)
  if (open.length > 0) call.note('which hosts are in a group is found while the play runs')
  return open.length === 0 ? call.world.groups : withOpen(call.world.groups, open)
}

/** More hosts than this tell a condition nothing new. */
const MOST_ALIKE = 16

export function debug(call: Call): Effect {
  const verbosity = verbosityOf(call)
  const where = verbosity === undefined || verbosity > 0 ? 'verbose' : 'message'
  const more = verbosity === undefined || where === 'message' ? {} : { verbosity }
  const message = call.argument('msg')
  if (message !== undefined) showing(call, message, where, more)
  const name = call.argument('var')
  if (name !== undefined && typeof name.value === 'string')
    showing(call, { ...name, value: `{{ ${name.value} }}` }, where, more)
  return { changed: false }
}

/** How many -v it takes until a task prints its message; `undefined` where nobody knows. */
function verbosityOf(call: Call): number | undefined {
  const placed = call.argument('verbosity')
  const given = placed === undefined ? undefined : call.evaluator.given(placed.value, placed.at)
  if (given === undefined) return 0
  const text = typeof given === 'string' ? call.atoms.plain(given)?.trim() : undefined
  return text !== undefined && /^[-+]?\d+$/.test(text) ? Number(text) : undefined
}

/** Ansible prints what it can: a message never fails. */
export function showing(
  call: Call,
  { value, at }: Pick<Placed, 'value' | 'at'>,
  where: AtomUse['where'] = 'message',
  more: Pick<AtomUse, 'verbosity'> = {},
): void {
  const shown = call.evaluator.value(value, at)
  if (shown instanceof Undefined) return
  for (const text of shownTexts(call, shown)) call.use(where, text, at, more)
}

/** The texts that a value shows, whatever it is: those in a result, those of all variables of a host, and what base64 hides from nobody. */
export function* shownTexts(call: Call, value: FlowValue, depth = 0): Generator<string> {
  if (depth > DEEPEST) return
  const text = followed(value, call)
  if (text !== undefined) {
    yield text
    for (const { decoded } of call.atoms.in(text)) if (decoded !== undefined) yield decoded
  } else if (value instanceof VariablesDict)
    for (const name of namesOfVariables(call)) yield* shownTexts(call, value.get(name) ?? null, depth + 1)
  else if (value instanceof Result)
    for (const item of value.known.values()) yield* shownTexts(call, item, depth + 1)
  else if (value instanceof Dict)
    for (const [, item] of value.entries()) yield* shownTexts(call, item, depth + 1)
  else if (value instanceof List) for (const item of value) yield* shownTexts(call, item, depth + 1)
}

/** Deeper in a value than this nothing is looked for. */
const DEEPEST = 4

/** Variables that some host has, by the inventory or a task. */
function namesOfVariables({ context, world }: Call): ReadonlySet<string> {
  const { hosts } = context.stage.hosts
  return new Set([
    ...[...hosts.values()].flatMap(({ variables }) => [...variables.keys()]),
    ...[...world.nodes.values()].flatMap(({ variables }) => [...variables.keys()].map(nameOfStored)),
  ])
}

const FAILS_ON_PURPOSE = 'a task that fails on purpose'
const DOES_NOT_HOLD = 'an assertion does not hold'

/** Whether a play has ended because a task looks for what must not be so. */
export const isDemand = (why: string): boolean => why === FAILS_ON_PURPOSE || why === DOES_NOT_HOLD

export function fail(call: Call): Effect {
  const message = call.argument('msg')
  if (message !== undefined) showing(call, message)
  return { failed: FAILS_ON_PURPOSE }
}

/** An assertion that certainly does not hold ends the play for the host; one that might is taken to hold from here on. */
export function assertion(call: Call): Effect {
  const that = call.argument('that')
  if (that === undefined) return { changed: false }
  for (const item of Array.isArray(that.value) ? that.value : [that.value]) {
    const part = { value: item, at: that.at }
    const truth = evaluator(scopeOf(call.context, call.world, call.host)).condition(item, that.at)
    if (truth instanceof Undefined) throw new TaskFails(truth.message, truth.variable)
    if (truth === false) {
      const filled = whereFilled(call)
      const other = filled?.evaluator.condition(item, that.at)
      if (filled === undefined || !(other instanceof Unknown)) return { failed: DOES_NOT_HOLD }
      assure(filled, part, true)
    }
    if (truth instanceof Unknown) assure(call, part, true)
  }
  return { changed: false }
}
