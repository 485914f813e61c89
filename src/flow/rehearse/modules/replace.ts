import type { Call, Effect } from '../call.ts'
import { shown, unknownContent, written } from './files.ts'
import { comparable, pattern } from './lines.ts'

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
  )
    return written(call, path, unknownContent('text replaced by a pattern'), hop)
  const result = substituted(call, content, regexp, replacement)
  return result === content ? { changed: false } : written(call, path, result, hop)
}

/** `re.sub` with MULTILINE over a marked text. */
function substituted(call: Call, content: string, { source, flags }: RegExp, replacement: string): string {
  const pieces = [...content]
  const plain: string[] = pieces.map((piece) => comparable(call, piece))
  // Where each piece begins in the plain text; a match that cuts a token in two takes it all.
  const starts: number[] = []
  let length = 0
  for (const text of plain) {
    starts.push(length)
    length += text.length
  }
  const slice = (from: number, to: number): string =>
    pieces
      .filter(
        (_, index) =>
          (starts[index] ?? 0) >= from && (starts[index] ?? 0) + (plain[index] ?? '').length <= to,
      )
      .join('')
  const regex = new RegExp(source, [...new Set(`${flags}gmd`)].join(''))
  let result = ''
  let at = 0
  for (const match of plain.join('').matchAll(regex)) {
    const [from, to] = match.indices?.[0] ?? [0, 0]
    result += slice(at, from) + expanded(replacement, match, slice)
    at = to
  }
  return result + slice(at, length)
}

/** The template of `re.sub`: groups by number or name, and the escapes for white space and the backslash. */
function expanded(
  template: string,
  { indices }: RegExpMatchArray,
  slice: (from: number, to: number) => string,
): string {
  const group = (range: readonly [number, number] | undefined): string =>
    range === undefined ? '' : slice(range[0], range[1])
  return template.replace(
    /\\(?:(\d{1,2})|g<(\w+)>|([nrt\\]))/g,
    (_, number?: string, name?: string, letter?: string) => {
      if (number !== undefined) return group(indices?.[Number(number)])
      if (name !== undefined)
        return group(/^\d+$/.test(name) ? indices?.[Number(name)] : indices?.groups?.[name])
      return { n: '\n', r: '\r', t: '\t' }[letter ?? ''] ?? '\\'
    },
  )
}
