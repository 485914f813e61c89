import type { Placed } from '../../../ansible/content/index.ts'
import { Dict, List, Omitted, Undefined } from '../../../ansible/template/values.ts'
import { evaluator } from '../../evaluate/index.ts'
import { Unknown } from '../../unknown.ts'
import { type Call, type Effect, TaskFails } from '../call.ts'
import { fileOrigin, scopeOf } from '../scope.ts'
import { Choice, type RawVariable, type Stored, type World } from '../world.ts'

export function setFact(call: Call): Effect {
  const facts = new Map<string, Stored>()
  for (const [name, placed] of call.task.action.arguments) {
    if (name === 'cacheable') continue
    const value = settledBy(call, name, placed, call.world, 0)
    if (value instanceof Omitted) continue
    facts.set(name, value)
    for (const text of textsIn(value)) call.use('result', text, placed.at)
  }
  return { facts, changed: false }
}

/** All texts of a value, whatever it hangs on: what a task returns is shown as a whole. */
function* textsIn(value: Stored | undefined): Generator<string> {
  if (typeof value === 'string') yield value
  else if (value instanceof Choice) {
    yield* textsIn(value.yes)
    yield* textsIn(value.no)
  } else if (value instanceof Dict) for (const [, item] of value.entries()) yield* textsIn(item)
  else if (value instanceof List) for (const item of value) yield* textsIn(item)
}

/** Deeper choices than this are left as one that is not known. */
const MOST_CHOICES = 3

/** The value, or the choice of values that hangs on what is not settled yet: a fact alone is no reason to part the worlds. */
function settledBy(call: Call, name: string, placed: Placed, world: World, depth: number): Stored {
  const evaluate = evaluator(scopeOf(call.context, world, call.host))
  const value = evaluate.variable(name, placed.value, placed.at)
  if (value instanceof Undefined) throw new TaskFails(value.message, value.variable)
  if (!(value instanceof Unknown) || value.leaf === value || world.decisions.has(value.leaf.what))
    return value
  if (depth >= MOST_CHOICES) return value
  const side = (truth: boolean): Stored =>
    settledBy(call, name, placed, world.fork(value.leaf.what, truth), depth + 1)
  return new Choice(value.leaf, side(true), side(false))
}

export function includeVars(call: Call): Effect {
  const { freeForm } = call.task.action
  const file = freeForm === undefined ? call.plain('file', '_raw_params') : plainOf(call)
  const { content } = call.context.stage
  const names = file === undefined ? [] : [file]
  const included = new Map<string, RawVariable>(call.node.included)
  for (const name of names) {
    const path = content.findFile('vars', name, fileOrigin(call.context))
    const variables = path === undefined ? undefined : content.varsFile(path)
    if (variables === undefined) call.note(`the file of variables ${name} is not in the project`)
    for (const variable of variables?.values() ?? [])
      included.set(variable.name, { raw: variable.value, at: variable.at })
  }
  if (names.length === 0) call.note('include_vars of files that are not known')
  return { node: { included }, changed: false }
}

function plainOf(call: Call): string | undefined {
  const { freeForm } = call.task.action
  const text = freeForm === undefined ? undefined : call.textOf(freeForm)
  return typeof text === 'string' ? call.atoms.plain(text) : undefined
}

export function debug(call: Call): Effect {
  const message = call.argument('msg')
  if (message !== undefined) call.use('message', soft(call, message), message.at)
  const name = call.argument('var')
  if (name !== undefined && typeof name.value === 'string')
    call.use('message', soft(call, { ...name, value: `{{ ${name.value} }}` }), name.at)
  return { changed: false }
}

/** Ansible prints what it can: a message never fails. */
function soft(
  call: Call,
  placed: { value: import('../../../ansible/value.ts').AnsibleValue; at: Call['task']['at'] },
): string | undefined {
  const text = call.evaluator.text(placed.value, placed.at)
  return typeof text === 'string' ? text : undefined
}

export function fail(call: Call): Effect {
  const message = call.argument('msg')
  if (message !== undefined) call.use('message', soft(call, message), message.at)
  return { failed: 'a task that fails on purpose' }
}

/** An assertion that certainly does not hold ends the play for the host; one that might is taken to hold. */
export function assertion(call: Call): Effect {
  const that = call.argument('that')
  if (that === undefined) return { changed: false }
  for (const item of Array.isArray(that.value) ? that.value : [that.value]) {
    const truth = call.evaluator.condition(item, that.at)
    if (truth instanceof Undefined) throw new TaskFails(truth.message, truth.variable)
    if (truth === false) return { failed: 'an assertion does not hold' }
  }
  return { changed: false }
}
