import type { FlowValue } from '../../evaluate/index.ts'
import { Unknown } from '../../unknown.ts'
import type { Call } from '../call.ts'

/**
 * Permission bits as Ansible takes them: `0644`, `'0644'` and `'644'` are octal, an integer that YAML has read is what it
 * is, `u=rw,g=r,o=` is symbolic on top of `before`.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/file_module.html#parameter-mode
 */
export function modeOf(call: Call, before: number | 'unknown' | undefined): number | 'unknown' | undefined {
  const value: FlowValue | undefined = call.value('mode')
  if (value === undefined || value === null) return before
  if (value instanceof Unknown) return 'unknown'
  if (typeof value === 'number') return value & 0o7777
  const text = typeof value === 'string' ? call.atoms.plain(value)?.trim() : undefined
  if (text === undefined) return 'unknown'
  return writtenMode(text, before)
}

/** A mode as a text says it. */
export function writtenMode(text: string, before: number | 'unknown' | undefined): number | 'unknown' {
  if (text === 'preserve') return 'unknown'
  if (/^0?o?[0-7]{1,4}$/.test(text) || /^[0-7]{1,5}$/.test(text))
    return Number.parseInt(text.replace(/^0o/, ''), 8) & 0o7777
  return symbolic(text, typeof before === 'number' ? before : 0o644)
}

const WHO: Readonly<Record<string, number>> = { u: 6, g: 3, o: 0 }
const BITS: Readonly<Record<string, number>> = { r: 4, w: 2, x: 1 }

function symbolic(text: string, before: number): number | 'unknown' {
  let mode = before
  for (const clause of text.split(',')) {
    const [, who = '', operator, perms = ''] = /^([ugoa]*)([=+-])([rwxXst]*)$/.exec(clause) ?? []
    if (operator === undefined) return 'unknown'
    const bits = [...perms].reduce((sum, letter) => sum | (BITS[letter] ?? 0), 0)
    for (const one of who === '' || who.includes('a') ? ['u', 'g', 'o'] : who) {
      const shift = WHO[one] ?? 0
      if (operator === '=') mode = (mode & ~(7 << shift)) | (bits << shift)
      else if (operator === '+') mode |= bits << shift
      else mode &= ~(bits << shift)
    }
  }
  return mode
}
