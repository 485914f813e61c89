import { pythonSpace } from '../../syntax/jinja/index.ts'
import { refused } from './values.ts'

const isSpace = new RegExp(`^[${pythonSpace}]$`)
const spaces = new RegExp(`[${pythonSpace}]+`)

/** Python's `strip` and its one-sided forms; without characters, white space. */
export function stripped(
  text: string,
  characters: string | undefined,
  side: 'both' | 'start' | 'end',
): string {
  const all = [...text]
  const goes = (character: string | undefined): boolean =>
    character !== undefined &&
    (characters === undefined ? isSpace.test(character) : [...characters].includes(character))
  let [from, to] = [0, all.length]
  if (side !== 'end') while (from < to && goes(all[from])) from += 1
  if (side !== 'start') while (to > from && goes(all[to - 1])) to -= 1
  return all.slice(from, to).join('')
}

/** Python's `split` and `rsplit`: without a separator at white space, dropping what is empty; -1 for no limit. */
export function splitText(
  text: string,
  separator: string | undefined,
  times: number,
  fromRight: boolean,
): string[] {
  if (separator === '') throw refused('an empty separator')
  if (times < 0)
    return separator === undefined ? text.split(spaces).filter((part) => part !== '') : text.split(separator)
  const parts: string[] = []
  let rest = separator === undefined ? stripped(text, undefined, fromRight ? 'end' : 'start') : text
  while (parts.length < times && rest !== '') {
    const at =
      separator === undefined
        ? spaceIn(rest, fromRight)
        : fromRight
          ? rest.lastIndexOf(separator)
          : rest.indexOf(separator)
    if (at === -1) break
    const length = separator?.length ?? 1
    if (fromRight) {
      parts.unshift(rest.slice(at + length))
      rest = separator === undefined ? stripped(rest.slice(0, at), undefined, 'end') : rest.slice(0, at)
    } else {
      parts.push(rest.slice(0, at))
      rest = separator === undefined ? stripped(rest.slice(at), undefined, 'start') : rest.slice(at + length)
    }
  }
  if (separator === undefined && rest === '') return parts
  return fromRight ? [rest, ...parts] : [...parts, rest]
}

function spaceIn(text: string, fromRight: boolean): number {
  const all = [...text.matchAll(new RegExp(spaces, 'g'))]
  const match = fromRight ? all.at(-1) : all[0]
  if (match === undefined) return -1
  return fromRight ? match.index + match[0].length - 1 : match.index
}

/** Python's `splitlines`. */
export function lines(text: string): string[] {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: Python ends lines at them
  const parts = text.split(/\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/)
  if (parts.at(-1) === '') parts.pop()
  return parts
}

/** Python's `replace`; -1 for no limit. */
export function replaced(text: string, from: string, to: string, times: number): string {
  const limit = times < 0 ? Number.POSITIVE_INFINITY : times
  if (from === '') {
    const parts = ['', ...text]
    return parts.map((part, index) => (index < limit ? part + to : part)).join('')
  }
  const parts = text.split(from)
  return parts
    .map((part, index) => part + (index === parts.length - 1 ? '' : index < limit ? to : from))
    .join('')
}

export function capitalized(text: string): string {
  const [first = '', ...rest] = text
  return first.toUpperCase() + rest.join('').toLowerCase()
}

/** Python's `str.title`: upper case behind whatever is no letter. */
export function titled(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => capitalized(word))
}

/** Fills up to a width in code points; `sign`: at the start, behind a sign. */
export function justified(text: string, width: number, fill: string, side: 'start' | 'end' | 'sign'): string {
  const missing = fill.repeat(Math.max(0, width - [...text].length))
  if (side === 'end') return text + missing
  if (side === 'start') return missing + text
  return /^[-+]/.test(text) ? text.slice(0, 1) + missing + text.slice(1) : missing + text
}
