import { pythonSpace } from '../../syntax/jinja/index.ts'
import { mayTakeForever } from './regexCost.ts'
import { refused, unsupported } from './values.ts'

export interface RegexOptions {
  readonly ignoreCase?: boolean
  readonly multiline?: boolean
}

const classes: Readonly<Record<string, string>> = {
  d: '\\p{Nd}',
  w: '\\p{L}\\p{N}_',
  s: pythonSpace,
}

/** Of one character outside and inside brackets, with the flag `u`. */
const quoted = (character: string): string =>
  /[\^$\\.*+?()[\]{}|/-]/.test(character) ? `\\${character === '-' ? 'x2d' : character}` : character

const controls: Readonly<Record<string, string>> = {
  a: '\x07',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
}

/**
 * A pattern of Python's `re` as a JavaScript one with the flags `gu`, where the two can mean the same; else throws.
 * Differences that it carries over: Unicode classes, `$` before a last line break, `.` up to `\n` only, `\A`, `\Z`,
 * named groups, comments, flags at the start, escapes of any character.
 */
export function pythonRegex(pattern: string, options: RegexOptions = {}): RegExp {
  let { ignoreCase = false, multiline = false } = options
  let dotAll = false
  let source = pattern
  const flags = /^\(\?([aiLmsux]+)\)/.exec(source)
  if (flags !== null) {
    source = source.slice(flags[0].length)
    if (/[aLx]/.test(flags[1] ?? '')) throw unsupported('a regular expression with the flags a, L or x')
    ignoreCase ||= flags[1]?.includes('i') ?? false
    multiline ||= flags[1]?.includes('m') ?? false
    dotAll = flags[1]?.includes('s') ?? false
  }
  if (mayTakeForever(source)) throw unsupported('a regular expression that may take forever')
  try {
    return new RegExp(translated(source, multiline, dotAll), ignoreCase ? 'giu' : 'gu')
  } catch (error) {
    if (error instanceof SyntaxError) throw refused('a regular expression is malformed')
    throw error
  }
}

const parts =
  /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|0[0-7]{0,2}|[1-9]\d?|[\s\S])|\[\^?\]?(?:\\[\s\S]|[^\]\\])*\]|\(\?(?:P<\w+>|P=\w+\)|#[^)]*\)|<?[=!]|:|[\s\S])|[{][^}]*[}]|[\s\S]/gu

function translated(source: string, multiline: boolean, dotAll: boolean): string {
  return source.replace(parts, (part) => {
    if (part.startsWith('\\')) return escapeOutside(part)
    if (part.length > 1 && part.startsWith('[')) return bracket(part)
    if (part.startsWith('(?')) return group(part)
    if (part.startsWith('{'))
      return /^\{\d*(?:,\d*)?\}$/.test(part) && /\d/.test(part)
        ? part.replace('{,', '{0,')
        : literalBraces(part)
    switch (part) {
      case '.':
        return dotAll ? '[\\s\\S]' : '[^\\n]'
      case '^':
        return multiline ? '(?<=\\n|(?<![\\s\\S]))' : '(?<![\\s\\S])'
      case '$':
        return multiline ? '(?=\\n|(?![\\s\\S]))' : '(?=\\n?(?![\\s\\S]))'
      case '}':
      case ']':
        return `\\${part}`
      case '/':
        return '\\/'
      default:
        return part
    }
  })
}

const literalBraces = (part: string): string => [...part].map(quoted).join('')

function escapeOutside(part: string): string {
  const code = part.slice(1)
  const word = '[\\p{L}\\p{N}_]'
  const known = classes[code.toLowerCase()]
  if (code.length === 1 && known !== undefined) return /[dws]/.test(code) ? `[${known}]` : `[^${known}]`
  switch (code) {
    case 'A':
      return '(?<![\\s\\S])'
    case 'Z':
      return '(?![\\s\\S])'
    case 'b':
      return `(?:(?<=${word})(?!${word})|(?<!${word})(?=${word}))`
    case 'B':
      return `(?:(?<=${word})(?=${word})|(?<!${word})(?!${word}))`
  }
  if (/^[1-9]/.test(code)) return `(?:\\${code})`
  return character(code)
}

/** An escape for one character; the same inside and outside of brackets. */
function character(code: string): string {
  if (/^[xuU]./.test(code)) return `\\u{${code.slice(1)}}`
  if (/^0/.test(code)) return `\\u{${Number.parseInt(code, 8).toString(16)}}`
  const control = controls[code]
  if (control !== undefined) return control
  if (/^[A-Za-z0-9]/.test(code)) throw refused('a regular expression has an escape that Python does not know')
  return quoted(code)
}

function bracket(part: string): string {
  const [, negation = '', inner = ''] = /^\[(\^?)([\s\S]*)\]$/.exec(part) ?? []
  if (/\[[:.=]/.test(inner)) throw unsupported('a POSIX class in a regular expression')
  const content = inner.replace(
    /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|0[0-7]{0,2}|[\s\S])|[\s\S]/gu,
    (item) => {
      if (!item.startsWith('\\')) return item === '-' ? '-' : quoted(item)
      const code = item.slice(1)
      const known = classes[code]
      if (known !== undefined) return known
      if (code === 'D') return '\\P{Nd}'
      if (code === 'S' || code === 'W') throw unsupported(`\\${code} in brackets of a regular expression`)
      return code === 'b' ? '\\x08' : character(code)
    },
  )
  // With `u` a hyphen beside a class is refused by JavaScript; Python takes it for itself.
  return `[${negation}${content.replace(/^-|-$/g, '\\x2d').replace(/(\\p\{\w+\}|_)-(?=\\p)/g, '$1\\x2d')}]`
}

function group(part: string): string {
  const name = /^\(\?P<(\w+)>$/.exec(part)?.[1]
  if (name !== undefined) return `(?<${name}>`
  const reference = /^\(\?P=(\w+)\)$/.exec(part)?.[1]
  if (reference !== undefined) return `(?:\\k<${reference}>)`
  if (part.startsWith('(?#')) return ''
  if (/^\(\?(?:<?[=!]|:)$/.test(part)) return part
  throw unsupported('a group of this kind in a regular expression')
}

/** Fills in a replacement as Python's `re.sub` takes it: `\1`, `\g<name>`, `\n`. A group without a match is empty. */
export function pythonReplacement(template: string, match: RegExpMatchArray): string {
  return template.replace(
    /\\(?:g<([^>]*)>|([1-9]\d?)|0([0-7]{0,2})|([\s\S]|$))/g,
    (_, named, numbered, octal, other) => {
      const key: string | undefined = named ?? numbered
      if (key !== undefined) {
        if (/^\d+$/.test(key)) {
          if (Number(key) >= match.length)
            throw refused('a replacement names a group that its pattern has not')
          return match[Number(key)] ?? ''
        }
        if (match.groups === undefined || !(key in match.groups))
          throw refused('a replacement names a group that its pattern has not')
        return match.groups[key] ?? ''
      }
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(`0${octal}`, 8))
      const control = controls[other]
      if (control !== undefined) return control
      if (other === '\\') return '\\'
      if (/[A-Za-z0-9]|^$/.test(other)) throw refused('a replacement has an escape that Python does not know')
      return `\\${other}`
    },
  )
}

/** Python's `re.escape`, since 3.7. */
export function escapedForRegex(text: string): string {
  return text.replace(/[()[\]{}?*+\-|^$\\.&~# \t\n\r\v\f]/g, '\\$&')
}
