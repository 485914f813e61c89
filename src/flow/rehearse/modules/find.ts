import { mayTakeForever } from '../../../ansible/template/regexCost.ts'
import { List } from '../../../ansible/template/values.ts'
import type { FlowValue } from '../../evaluate/index.ts'
import { Unknown } from '../../unknown.ts'
import { type Call, type Effect, normalised } from '../call.ts'
import { shown } from './files.ts'

const OURS = /k3s|rancher/i

/** https://docs.ansible.com/ansible/latest/collections/ansible/builtin/find_module.html */
export function find(call: Call): Effect {
  const directories = texts(call, 'paths', 'path', 'name')
  const patterns = texts(call, 'patterns', 'pattern') ?? ['*']
  const kind = call.plain('file_type') ?? 'file'
  const isKnown =
    directories !== undefined &&
    call.isOnNode &&
    // What else lies in a directory of the system, nobody has said.
    (patterns.every((one) => OURS.test(one)) || directories.every((one) => OURS.test(one))) &&
    call.argument('contains', 'age', 'size', 'excludes', 'exclude') === undefined
  if (!isKnown) return { changed: false }
  const isDeep = call.flag('recurse', false) === true
  const matchers = patterns.map((one) => matcher(one, call.flag('use_regex', false) === true))
  const found = directories.flatMap((directory) =>
    [...call.node.files]
      .filter(([path, file]) => {
        const inside = path.startsWith(`${normalised(directory)}/`)
        const rest = path.slice(normalised(directory).length + 1)
        const name = rest.slice(rest.lastIndexOf('/') + 1)
        return (
          inside &&
          (isDeep || !rest.includes('/')) &&
          (kind === 'any' || kind === file.kind) &&
          matchers.some((one) => one.test(name))
        )
      })
      .map(([path]) => path),
  )
  return {
    changed: false,
    result: new Map<string, FlowValue>([
      ['files', new List(found.map((path) => foundFile(call, path)))],
      ['matched', found.length],
    ]),
  }
}

function foundFile(call: Call, path: string): Unknown {
  return new Unknown(
    `${shown(path)} on ${call.target}`,
    'a file of the node',
    call.task.at,
    undefined,
    (key) =>
      key === 'path'
        ? path
        : new Unknown(`${key} of ${shown(path)} on ${call.target}`, 'a file of the node', call.task.at),
  )
}

/** A list, or a text with commas; `undefined` where it is not known. */
function texts(call: Call, ...names: readonly string[]): readonly string[] | undefined {
  const value = call.value(...names)
  if (value === undefined) return undefined
  const items = value instanceof List ? [...value] : [value]
  const plain = items.map((item) => (typeof item === 'string' ? call.atoms.plain(item) : undefined))
  return plain.every((item) => item !== undefined)
    ? plain.flatMap((item) => item.split(',').map((one) => one.trim()))
    : undefined
}

function matcher(pattern: string, isRegex: boolean): RegExp {
  try {
    if (isRegex) return mayTakeForever(pattern) ? /^/ : new RegExp(`^(?:${pattern})`)
  } catch {
    return /^/
  }
  const body = pattern
    .replace(/[.+^${}()|\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.')
  return new RegExp(`^${body}$`)
}
