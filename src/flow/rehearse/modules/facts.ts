import type { Keywords } from '../../../ansible/content/index.ts'
import { Omitted, Undefined } from '../../../ansible/template/values.ts'
import type { FlowValue } from '../../evaluate/index.ts'
import { Unknown } from '../../unknown.ts'
import { type Call, type Effect, TaskFails } from '../call.ts'
import { fileOrigin } from '../scope.ts'
import type { RawVariable } from '../world.ts'

export function setFact(call: Call): Effect {
  const facts = new Map<string, FlowValue>()
  for (const [name, placed] of call.task.action.arguments) {
    if (name === 'cacheable') continue
    const value = call.evaluator.variable(name, placed.value, placed.at)
    if (value instanceof Undefined) throw new TaskFails(value.message, value.variable)
    if (value instanceof Omitted) continue
    if (value instanceof Unknown) call.part(value)
    facts.set(name, value)
    collect(call, value, placed.at)
  }
  return { facts, changed: false }
}

function collect(call: Call, value: FlowValue, at: Call['task']['at']): void {
  if (typeof value === 'string') call.use('result', value, at)
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

export const keywordText = (keywords: Keywords, name: string): string | undefined => {
  const value = keywords.get(name)?.value
  return typeof value === 'string' ? value : undefined
}
