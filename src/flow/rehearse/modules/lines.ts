import { pythonRegex } from '../../../ansible/template/regex.ts'
import { heldIn, type PaperFile } from '../../files.ts'
import { Remembered } from '../../remembered.ts'
import { type Call, type Effect, ModuleFails } from '../call.ts'
import { contentWith, shown, written } from './files.ts'
import { modeOf } from './mode.ts'
import { broughtFile } from './packages.ts'
import { comparable, expandedMatch } from './substitution.ts'

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
  return forms.get(call.atoms, [written, multiline], () => {
    try {
      return pythonRegex(written, { ignoreCase: false, multiline })
    } catch {
      return 'unknown'
    }
  })
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
  const before = edited(call, path, absent)
  if (before === undefined && absent) return { changed: false }
  const old = before?.content ?? ''
  const wanted = typeof line === 'string' ? comparable(call, line) : undefined
  const isHit = (one: string): boolean => {
    const text = comparable(call, bare(one))
    if (regexp instanceof RegExp) return found(regexp, text)
    return search === undefined ? text === wanted : text.includes(search)
  }
  const backrefs = call.flag('backrefs', false) === true
  const isOpen = regexp === 'unknown' || (line !== undefined && typeof line !== 'string')
  if (typeof old !== 'string' || isOpen) {
    const hop = call.hop(`edits ${shown(path)}`)
    if (typeof old === 'string' && typeof line === 'string')
      return written(call, path, added(old, line), hop, mode)
    const content = typeof old === 'string' ? contentWith(line, 'a line that is not known') : old
    const kept = (text: string): string =>
      isOpen && (absent || regexp === 'unknown')
        ? ''
        : linesOf(text)
            .filter((one) => !isHit(one))
            .join('')
    const more = typeof line === 'string' && !absent ? `${line}\n` : ''
    const holds = kept(heldIn(old)) + (backrefs ? '' : more)
    const mayHold = kept(content.mayHold ?? '') + (backrefs ? more : '')
    return written(call, path, { ...content, holds, mayHold }, hop, mode)
  }
  const lines = linesOf(old)
  if (absent) {
    const kept = lines.filter((one) => !isHit(one))
    if (kept.length === lines.length) return { changed: false }
    return written(call, path, kept.join(''), call.hop(`removes lines from ${shown(path)}`), mode)
  }
  if (line === undefined) return {}
  const isSearched = regexp !== undefined || search !== undefined
  const hit = isSearched ? chosen(call, lines.map(isHit)) : -1
  if (hit === -1) {
    const more = withLine(call, lines, line)
    if (more === undefined) return keeping(call, path, old, mode)
    if (backrefs) return { changed: false }
    return written(call, path, more.join(''), call.hop(`puts a line into ${shown(path)}`), mode)
  }
  const own = bare(lines[hit] ?? '')
  const next = backrefs && regexp !== undefined ? expandedMatch(call, own, regexp, line) : line
  if (comparable(call, own) === comparable(call, next)) return keeping(call, path, old, mode)
  const hop = call.hop(`puts a line into ${shown(path)}`)
  return written(call, path, lines.with(hit, `${next}\n`).join(''), hop, mode)
}

/** Lines with the breaks that end them. */
const linesOf = (text: string): readonly string[] => text.match(/[^\n]*\n|[^\n]+$/g) ?? []

const bare = (line: string): string => line.replace(/\n$/, '')

/** Whether an expression matches somewhere; unlike `test` it leaves the expression as it is, for others have it, too. */
const found = (regexp: RegExp, text: string): boolean => text.search(regexp) !== -1

/** The last line that matches, or with `firstmatch` the first; -1 where none does. */
const chosen = (call: Call, matches: readonly boolean[]): number =>
  call.flag('firstmatch', false) === true ? matches.indexOf(true) : matches.lastIndexOf(true)

/** Why a module fails for a file, behind its path. */
export const NO_FILE = 'does not exist'

/** The file that a task edits. Throws where there certainly is none, and the task needs one. */
function edited(call: Call, path: string, absent: boolean): PaperFile | undefined {
  const before = call.node.files.get(path)
  if (before !== undefined || absent || call.flag('create', false) !== false || !isOurs(call, path))
    return before
  const brought = broughtFile(call.node, path)
  if (brought === undefined) throw new ModuleFails(`${shown(path)} ${NO_FILE}`)
  return brought
}

/** The lines with one more; `undefined` where it is there already. */
function withLine(call: Call, lines: readonly string[], line: string): readonly string[] | undefined {
  const wanted = comparable(call, line)
  const isWanted = lines.map((one) => comparable(call, bare(one)) === wanted)
  const place = insertion(call, lines)
  if (typeof place === 'number')
    return isWanted.includes(true) ? undefined : inserted(lines, place, [`${line}\n`])
  const at = chosen(
    call,
    place.matches.map((matches, index) => matches && isWanted[index] !== true),
  )
  // With firstmatch nothing behind the line that matches is looked at.
  const isCut = at !== -1 && call.flag('firstmatch', false) === true
  if ((isCut ? isWanted.slice(0, at) : isWanted).includes(true)) return undefined
  if (at === -1) return inserted(lines, lines.length, [`${line}\n`])
  if (!place.isAfter) return lines.toSpliced(at, 0, `${line}\n`)
  // Behind a last line without a break the module writes on in the same line.
  return isWanted[at + 1] === true ? undefined : lines.toSpliced(at + 1, 0, `${line}\n`)
}

/** Where `insertafter` and `insertbefore` want a line: its number, or the lines that match. */
function insertion(
  call: Call,
  lines: readonly string[],
): number | { readonly matches: readonly boolean[]; readonly isAfter: boolean } {
  const [after, before] = [call.plain('insertafter'), call.plain('insertbefore')]
  if (after === 'BOF' || before === 'BOF') return 0
  const text = after ?? before
  if (text === undefined || after === 'EOF') return lines.length
  try {
    const regexp = pythonRegex(text, { ignoreCase: false, multiline: false })
    const matches = lines.map((one) => found(regexp, comparable(call, bare(one))))
    return { matches, isAfter: after !== undefined }
  } catch {
    return lines.length
  }
}

/** The lines with others before the one at `at`; a last line without a break gets one. */
function inserted(lines: readonly string[], at: number, others: readonly string[]): readonly string[] {
  const ended = lines.map((one, index) => (index < at && !one.endsWith('\n') ? `${one}\n` : one))
  return ended.toSpliced(at, 0, ...others)
}

function keeping(call: Call, path: string, content: string, mode: Parameters<typeof written>[4]): Effect {
  const hop = call.node.files.get(path)?.hops.at(-1) ?? call.hop(`puts a line into ${shown(path)}`)
  return written(call, path, content, hop, mode)
}

const joined = (lines: readonly string[]): string => (lines.length === 0 ? '' : `${lines.join('\n')}\n`)

/** The text with a line at its end, where it is not known which line that one replaces. */
function added(old: string, line: string): string {
  const lines = linesOf(old)
  return inserted(lines, lines.length, [`${line}\n`]).join('')
}

/** https://docs.ansible.com/ansible/latest/collections/ansible/builtin/blockinfile_module.html */
export function blockinfile(call: Call): Effect {
  const path = call.path('path', 'dest', 'destfile', 'name')
  if (path === undefined) return {}
  const block = call.text('block', 'content') ?? ''
  call.use('content', block, call.argument('block', 'content')?.at ?? call.task.action.at)
  const absent = call.plain('state') === 'absent'
  const before = edited(call, path, absent)
  const old = before?.content ?? ''
  const mode = { bits: modeOf(call, before?.mode), at: call.argument('mode')?.at }
  const hop = call.hop(`puts a block into ${shown(path)}`)
  const isKnown = typeof old === 'string' && typeof block === 'string'
  if (isKnown && before === undefined && absent) return { changed: false }
  const marker = call.plain('marker') ?? '# {mark} ANSIBLE MANAGED BLOCK'
  const begin = `${marker.replaceAll('{mark}', call.plain('marker_begin') ?? 'BEGIN')}\n`
  const end = `${marker.replaceAll('{mark}', call.plain('marker_end') ?? 'END')}\n`
  const lines = linesOf(heldIn(old))
  const marks = [lines.lastIndexOf(begin), lines.lastIndexOf(end)]
  const [from, to] = [Math.min(...marks), Math.max(...marks)]
  const isMarked = from !== -1
  const kept = isMarked ? lines.toSpliced(from, to - from + 1) : lines
  const isGone = absent || typeof block !== 'string' || block === ''
  const content = isGone ? [] : [begin, ...linesOf(`${bare(block)}\n`), end]
  const text = inserted(kept, isMarked ? from : blockPlace(call, kept), content).join('')
  const rest = typeof old === 'string' ? contentWith(block, 'a block that is not known') : old
  return written(call, path, isKnown ? text : { ...rest, holds: text }, hop, mode)
}

/** Where a block without its markers goes: there is no `firstmatch` for it. */
function blockPlace(call: Call, lines: readonly string[]): number {
  const place = insertion(call, lines)
  if (typeof place === 'number') return place
  const at = place.matches.lastIndexOf(true)
  return at === -1 ? lines.length : at + Number(place.isAfter)
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
  const isOption = (line: string): boolean => line.split('=')[0]?.trim() === option
  if (typeof old !== 'string' || (value !== undefined && typeof value !== 'string')) {
    const content = typeof old === 'string' ? contentWith(value, 'an option that is not known') : old
    const kept = linesOf(heldIn(old)).filter((line) => !isOption(line))
    const isSet = typeof value === 'string' && call.plain('state') !== 'absent'
    const holds = inserted(kept, kept.length, isSet ? [`${option}=${value}\n`] : []).join('')
    return written(call, path, { ...content, holds }, hop, mode)
  }
  const lines = old === '' ? [] : old.replace(/\n$/, '').split('\n')
  let start = section === undefined ? 0 : lines.findIndex((line) => line.trim() === `[${section}]`)
  if (start === -1 && section !== undefined) {
    lines.push(`[${section}]`)
    start = lines.length - 1
  }
  let end = lines.findIndex((line, index) => index > start && /^\[/.test(line.trim()))
  if (end === -1) end = lines.length
  const at = lines.findIndex((line, index) => index >= start && index < end && isOption(line))
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

/** Whether nothing but this play and K3s' own script writes a path, so that it is certain whether that is there. */
function isOurs({ isOnNode }: Call, path: string): boolean {
  return isOnNode && OURS.test(path) && /k3s/i.test(path)
}

/** Elsewhere users keep files of their own, whatever they are called, and below /var K3s makes manifests as it runs. */
const OURS = /^\/(?:etc|lib|usr(?!\/local))\/(?:.*\.(?:env|service|ya?ml|conf)$|(?:.*\/)?init\.d\/)/
