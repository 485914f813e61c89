import { Dict, List } from '../../ansible/template/values.ts'
import type { Span } from '../../span.ts'
import { type FlowValue, isReturned } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import type { Call } from './call.ts'

/** What `environment:` of the task, its blocks, role and play gives to the module; inner ones win. */
export function environmentOf(call: Call): ReadonlyMap<string, string | Unknown> {
  const result = new Map<string, string | Unknown>()
  for (const { value, at } of call.context.environment)
    add(call, result, call.evaluated({ value, at, node: undefined }), at)
  return result
}

function add(
  call: Call,
  result: Map<string, string | Unknown>,
  value: FlowValue | undefined,
  at: Span,
): void {
  if (value instanceof List) for (const item of value) add(call, result, item, at)
  else if (value instanceof Dict)
    for (const [key, item] of value.entries()) {
      const name = typeof key === 'string' ? call.atoms.plain(key) : String(key)
      if (name !== undefined)
        result.set(name, isReturned(item) ? call.evaluator.within(item, at) : textOf(call, item))
    }
  else if (value instanceof Unknown) {
    call.part(value)
    call.note(`an environment that is not known: ${value.why}`)
  }
}

/** A value as a text that a program gets. */
export function textOf(call: Call, value: FlowValue): string | Unknown {
  if (typeof value === 'string') return value
  if (value instanceof Unknown) {
    call.part(value)
    return call.evaluator.standIn(value)
  }
  if (value === true) return 'True'
  if (value === false) return 'False'
  if (value === null) return ''
  return typeof value === 'number' || typeof value === 'bigint'
    ? String(value)
    : new Unknown('a value that a program gets', 'it is no text')
}
