import { pythonRegex } from '../../../ansible/template/regex.ts'
import { hasMark } from '../../atoms.ts'
import { Remembered } from '../../remembered.ts'
import { type Call, type Effect, TaskFails } from '../call.ts'
import { shown, unknownContent, written } from './files.ts'
import { modeOf } from './mode.ts'

/**
 * A text in which equal tokens are equal characters: known atoms written out, an unknown one as the mark of its root. So a
 * pattern that holds a token matches the line that holds it.
 */
export function comparable(call: Call, text: string): string {
  if (!hasMark(text)) return text
  return [...text]
    .map((character) => {
      const [atom] = call.atoms.in(character)
      return atom === undefined ? character : (atom.text ?? call.atoms.mark(atom.root))
    })
    .join('')
}

export function pattern(
  call: Call,
  names: readonly string[],
  multiline = false,
): RegExp | 'unknown' | undefined {
  const text = call.text(...names)
  if (text === undefined || text === '') return undefined
  if (typeof text !== 'string') return 'unknown'
  call.use('regexp', text, call.argument(...names)?.at ?? call.task.action.at)
  const written = comparable(call, text)
  const form = forms.get(call.atoms, [written, multiline], () => {
    try {
      return pythonRegex(written, { ignoreCase: false, multiline })
    } catch {
      return 'unknown'
    }
  })
  // A copy: where it matched last belongs to the task.
  return form === 'unknown' ? form : new RegExp(form)
}

const forms = new Remembered<RegExp | 'unknown'>()

/** https://docs.ansible.com/ansible/latest/collections/ansible/builtin/lineinfile_module.html */
export function lineinfile(call: Call): Effect {
  const path = call.path('path', 'dest', 'destfile', 'name')
  if (path === undefined) return {}
  const absent = call.plain('state') === 'absent'
  const line = call.text('line', 'value')
  const regexp = pattern(call, ['regexp', 'regex'])
  const search = call.plain('search_string')
  call.use('content', line, call.argument('line', 'value')?.at ?? call.task.action.at)
  const mode = { bits: modeOf(call, call.node.files.get(path)?.mode), at: call.argument('mode')?.at }
  const before = call.node.files.get(path)
  if (before === undefined && absent) return { changed: false }
  if (before === undefined && call.flag('create', false) === false && isOurs(path))
    throw new TaskFails(`${shown(path)} does not exist`)
  const old = before?.content ?? ''
  if (typeof old !== 'string' || regexp === 'unknown' || (line !== undefined && typeof line !== 'string'))
    return written(call, path, added(old, line), call.hop(`edits ${shown(path)}`), mode)
  const lines = old === '' ? [] : old.replace(/\n$/, '').split('\n')
  const wanted = line === undefined ? undefined : comparable(call, line)
  const matches = lines.map((one) => {
    const text = comparable(call, one)
    return regexp === undefined
      ? search === undefined
        ? text === wanted
        : text.includes(search)
      : found(regexp, text)
  })
  if (absent) {
    const kept = lines.filter((_, index) => matches[index] !== true)
    if (kept.length === lines.length) return { changed: false }
    return written(call, path, joined(kept), call.hop(`removes lines from ${shown(path)}`), mode)
  }
  if (line === undefined) return {}
  const at = call.flag('firstmatch', false) === true ? matches.indexOf(true) : matches.lastIndexOf(true)
  const hop = call.hop(`puts a line into ${shown(path)}`)
  if (at !== -1) {
    if (regexp === undefined || comparable(call, lines[at] ?? '') === wanted)
      return keeping(call, path, old, mode)
    // `backrefs` keeps groups of the match, which only the real text has.
    if (call.flag('backrefs', false) !== false && /\\[g\d]/.test(line))
      return written(call, path, old, hop, mode)
    return written(call, path, joined(lines.with(at, line)), hop, mode)
  }
  if (lines.some((one) => comparable(call, one) === wanted)) return keeping(call, path, old, mode)
  if (call.flag('backrefs', false) === true) return { changed: false }
  return written(call, path, joined(inserted(call, lines, line)), hop, mode)
}

/** Whether an expression matches somewhere; unlike `test`, whatever it has matched before. */
const found = (regexp: RegExp, text: string): boolean => text.search(regexp) !== -1

function keeping(call: Call, path: string, content: string, mode: Parameters<typeof written>[4]): Effect {
  const hop = call.node.files.get(path)?.hops.at(-1) ?? call.hop(`puts a line into ${shown(path)}`)
  return written(call, path, content, hop, mode)
}

function inserted(call: Call, lines: readonly string[], line: string): readonly string[] {
  const place = (name: string): number => {
    const text = call.plain(name)
    if (text === undefined || text === 'EOF' || text === 'BOF') return -1
    try {
      const regex = pythonRegex(text, { ignoreCase: false, multiline: false })
      const matches = lines.map((one) => found(regex, comparable(call, one)))
      return call.flag('firstmatch', false) === true ? matches.indexOf(true) : matches.lastIndexOf(true)
    } catch {
      return -1
    }
  }
  if (call.plain('insertbefore') === 'BOF') return [line, ...lines]
  const before = place('insertbefore')
  if (before !== -1) return lines.toSpliced(before, 0, line)
  const after = place('insertafter')
  return after === -1 ? [...lines, line] : lines.toSpliced(after + 1, 0, line)
}

const joined = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`)

function added(
  old: string | { readonly unknown: string },
  line: unknown,
): string | { readonly unknown: string } {
  if (typeof old !== 'string') return old
  return typeof line === 'string'
    ? `${old.replace(/\n?$/, '\n')}${line}\n`.replace(/^\n/, '')
    : unknownContent('a line that is not known')
}

/** https://docs.ansible.com/ansible/latest/collections/ansible/builtin/blockinfile_module.html */
export function blockinfile(call: Call): Effect {
  const path = call.path('path', 'dest', 'destfile', 'name')
  if (path === undefined) return {}
  const block = call.text('block', 'content') ?? ''
  call.use('content', block, call.argument('block', 'content')?.at ?? call.task.action.at)
  const before = call.node.files.get(path)
  const old = before?.content ?? ''
  const mode = { bits: modeOf(call, before?.mode), at: call.argument('mode')?.at }
  const hop = call.hop(`puts a block into ${shown(path)}`)
  if (typeof old !== 'string' || typeof block !== 'string')
    return written(call, path, unknownContent('a block that is not known'), hop, mode)
  const marker = call.plain('marker') ?? '# {mark} ANSIBLE MANAGED BLOCK'
  const begin = marker.replace('{mark}', call.plain('marker_begin') ?? 'BEGIN')
  const end = marker.replace('{mark}', call.plain('marker_end') ?? 'END')
  const lines = old === '' ? [] : old.replace(/\n$/, '').split('\n')
  const from = lines.indexOf(begin)
  const to = lines.indexOf(end)
  const kept = from !== -1 && to > from ? lines.toSpliced(from, to - from + 1) : lines
  if (call.plain('state') === 'absent' || block === '') return written(call, path, joined(kept), hop, mode)
  const place = from === -1 ? kept.length : from
  return written(
    call,
    path,
    joined(kept.toSpliced(place, 0, begin, ...block.replace(/\n$/, '').split('\n'), end)),
    hop,
    mode,
  )
}

/** `community.general.ini_file`: the shape of units and drop-ins. */
export function iniFile(call: Call): Effect {
  const path = call.path('path', 'dest')
  const option = call.plain('option')
  if (path === undefined || option === undefined) return {}
  const section = call.plain('section')
  const value = call.text('value')
  call.use('content', value, call.argument('value')?.at ?? call.task.action.at)
  const before = call.node.files.get(path)
  const hop = call.hop(`sets ${option} in ${shown(path)}`)
  const old = before?.content ?? ''
  const mode = { bits: modeOf(call, before?.mode), at: call.argument('mode')?.at }
  if (typeof old !== 'string' || (value !== undefined && typeof value !== 'string'))
    return written(call, path, unknownContent('an option that is not known'), hop, mode)
  const lines = old === '' ? [] : old.replace(/\n$/, '').split('\n')
  let start = section === undefined ? 0 : lines.findIndex((line) => line.trim() === `[${section}]`)
  if (start === -1 && section !== undefined) {
    lines.push(`[${section}]`)
    start = lines.length - 1
  }
  let end = lines.findIndex((line, index) => index > start && /^\[/.test(line.trim()))
  if (end === -1) end = lines.length
  const at = lines.findIndex(
    (line, index) => index >= start && index < end && line.split('=')[0]?.trim() === option,
  )
  const spaces = call.flag('no_extra_spaces', false) === true ? '=' : ' = '
  if (call.plain('state') === 'absent')
    return written(call, path, joined(at === -1 ? lines : lines.toSpliced(at, 1)), hop, mode)
  const line = `${option}${spaces}${value ?? ''}`
  return written(
    call,
    path,
    joined(at === -1 ? lines.toSpliced(end, 0, line) : lines.with(at, line)),
    hop,
    mode,
  )
}

/** Paths that only this play and K3s' own script write: that one of them is not there is certain. */
export function isOurs(path: string): boolean {
  return /k3s/i.test(path) && /\.(?:env|service|ya?ml|conf)$|\/init\.d\//.test(path)
}
