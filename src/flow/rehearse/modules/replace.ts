import { heldIn } from '../../files.ts'
import type { Call, Effect } from '../call.ts'
import { shown, unknownContent, written } from './files.ts'
import { pattern } from './lines.ts'
import { substituted } from './substitution.ts'

/** https://docs.ansible.com/ansible/latest/collections/ansible/builtin/replace_module.html */
export function replace(call: Call): Effect {
  const path = call.path('path', 'dest', 'destfile', 'name')
  const before = path === undefined ? undefined : call.node.files.get(path)
  if (path === undefined || before === undefined) return {}
  const regexp = pattern(call, ['regexp'], true)
  const replacement = call.text('replace') ?? ''
  call.use('content', replacement, call.argument('replace')?.at ?? call.task.action.at)
  const hop = call.hop(`replaces text in ${shown(path)}`)
  const { content } = before
  if (
    typeof content !== 'string' ||
    regexp === undefined ||
    regexp === 'unknown' ||
    typeof replacement !== 'string' ||
    call.argument('after', 'before') !== undefined
  ) {
    const { unknown, mayHold = '' } =
      typeof content === 'string' ? unknownContent('text replaced by a pattern') : content
    const text = typeof replacement === 'string' ? replacement : ''
    const old = heldIn(content) + mayHold
    const left = regexp instanceof RegExp ? substituted(call, old, regexp, text) : old
    return written(call, path, { unknown, mayHold: `${left}${text}\n` }, hop)
  }
  const result = substituted(call, content, regexp, replacement)
  return result === content ? { changed: false } : written(call, path, result, hop)
}
