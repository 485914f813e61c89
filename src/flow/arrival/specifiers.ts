import { managerSpecifiers, nodeSpecifiers } from '../../facts/systemd.ts'
import { runEnd, SourcedBuilder } from '../../syntax/sourced.ts'
import type { Atoms } from '../atoms.ts'
import { type Letters, type Written, withAtom } from './letters.ts'

/** The name of a unit, taken apart. */
export interface UnitName {
  /** `k3s@x.service` */
  readonly full: string
  readonly fragment: string
}

export function credentialsOf(unit: string): string {
  return `/run/credentials/${unit}`
}

/**
 * `%n` and its like, as systemd resolves them. `undefined`: a letter or digit behind `%` that it does not know, for which
 * it ignores the whole setting.
 * https://www.freedesktop.org/software/systemd/man/latest/systemd.unit.html#Specifiers
 */
export function expandSpecifiers(text: Letters, unit: UnitName, atoms: Atoms): Letters | undefined {
  if (!text.text.includes('%')) return text
  const built = new SourcedBuilder<Written>()
  for (let at = 0; at < text.text.length; at += 1) {
    const next = runEnd(text.text, at, NO_PERCENT)
    built.append(text, at, next)
    at = next
    const letter = text.text[at + 1]
    const origin = text.originAt(at)
    if (text.text[at] !== '%' || letter === undefined || origin === undefined) {
      built.append(text, at, at + 1)
      continue
    }
    const node = Object.hasOwn(nodeSpecifiers, letter) ? nodeSpecifiers[letter] : undefined
    const value = node === undefined ? specifier(letter, unit) : undefined
    if (node !== undefined) {
      const atom = atoms.root(`systemd %${letter}`, { kind: 'unknown', what: node, isFilled: true })
      built.add(atoms.mark(atom), withAtom(origin, atom))
    } else if (value === undefined) {
      if (/[A-Za-z0-9]/.test(letter)) return undefined
      built.append(text, at, at + 2)
    } else if (value === '%') built.append(text, at, at + 1)
    else built.add(value, withAtom(origin, undefined))
    at += 1
  }
  return built.done()
}

const NO_PERCENT = /[^%]+/y

function specifier(letter: string, { full, fragment }: UnitName): string | undefined {
  const bare = full.replace(/\.[^.]*$/, '')
  const at = bare.indexOf('@')
  const prefix = at === -1 ? bare : bare.slice(0, at)
  const instance = at === -1 ? '' : bare.slice(at + 1)
  const final = prefix.slice(prefix.lastIndexOf('-') + 1)
  switch (letter) {
    case '%':
      return '%'
    case 'n':
      return full
    case 'N':
      return bare
    case 'p':
      return prefix
    case 'P':
      return unescapeName(prefix)
    case 'i':
      return instance
    case 'I':
      return unescapeName(instance)
    case 'j':
      return final
    case 'J':
      return unescapeName(final)
    case 'f':
      return `/${unescapeName(instance === '' ? prefix : instance).replace(/^\//, '')}`
    case 'd':
      return credentialsOf(full)
    case 'y':
      return fragment
    case 'Y':
      return fragment.slice(0, fragment.lastIndexOf('/'))
    default:
      return Object.hasOwn(managerSpecifiers, letter) ? managerSpecifiers[letter] : undefined
  }
}

/** `systemd-escape --unescape`. */
function unescapeName(name: string): string {
  return name.replace(/-|\\x([0-9a-f]{2})/g, (mark, code) =>
    mark === '-' ? '/' : String.fromCharCode(Number.parseInt(code, 16)),
  )
}
