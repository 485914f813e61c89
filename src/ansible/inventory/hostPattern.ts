import { isIPv6 } from 'node:net'

/** The hosts that an entry of an inventory names, and the port behind it. */
export interface HostPattern {
  readonly names: readonly string[]
  readonly port: number | undefined
}

/** More hosts than this from one range is taken for a slip: `[1:99999999]` would use up the memory. */
export const MAX_RANGE = 100_000

// Ansible's own grammar, ranges included:
// https://github.com/ansible/ansible/blob/v2.20.0/lib/ansible/parsing/utils/addresses.py
const NUMERIC = '\\[(?:[0-9]+:[0-9]+)(?::[0-9]+)?\\]'
const HEXADECIMAL = '\\[(?:[0-9a-f]+:[0-9a-f]+)(?::[0-9]+)?\\]'
const ALPHANUMERIC = '\\[(?:[a-z]:[a-z]|[0-9]+:[0-9]+)(?::[0-9]+)?\\]'
const V4 = `(?:[01]?[0-9]{1,2}|2[0-4][0-9]|25[0-5]|${NUMERIC})`
const V6 = `(?:[0-9a-f]{1,4}|${HEXADECIMAL})`
const WORD = '[\\p{L}\\p{N}_]'
const LABEL = `(?:${WORD}|${ALPHANUMERIC})(?:[\\p{L}\\p{N}_-]|${ALPHANUMERIC})*(?<![_-])`
const IDENTIFIERS = [
  new RegExp(`^(?:${V4}\\.){3}${V4}$`, 'i'),
  new RegExp(
    `^(?:(?:${V6}:){7}${V6}|(?:${V6}:){1,6}:|(?:${V6}:)(?::${V6}){1,6}|(?:${V6}:){2}(?::${V6}){1,5}` +
      `|(?:${V6}:){3}(?::${V6}){1,4}|(?:${V6}:){4}(?::${V6}){1,3}|(?:${V6}:){5}(?::${V6}){1,2}` +
      `|(?:${V6}:){6}(?::${V6})|:(?::${V6}){1,6}|${V6}?::|(?:0:){6}(?:${V6}\\.){3}${V6}` +
      `|::(?:ffff:)?(?:${V6}\\.){3}${V6}|(?:0:){5}ffff:(?:${V6}\\.){3}${V6})$`,
    'i',
  ),
  new RegExp(`^${LABEL}(?:\\.${LABEL})*$`, 'iu'),
]
const BRACKETED = /^\[(.+)\]:([0-9]+)$/
const WITH_PORT = /^((?:[^:[\]]|\[[^\]]*\])*):([0-9]+)$/

/** Splits off the port and writes ranges out. A text says what is wrong. */
export function expandHostPattern(text: string): HostPattern | string {
  const { host, port } = splitHost(text)
  const names = host.includes('[') ? expandRange(host) : [host]
  if (typeof names === 'string') return names
  return names.length === 0 ? 'the range names no host' : { names, port }
}

/** A host that Ansible does not take for an address keeps its whole text, a port and all. */
function splitHost(text: string): { readonly host: string; readonly port: number | undefined } {
  if (!/[:[]/.test(text)) return { host: text, port: undefined }
  let host = text
  let port: number | undefined
  for (const form of [BRACKETED, WITH_PORT]) {
    const [, inner, digits] = form.exec(host) ?? []
    if (inner === undefined || digits === undefined) continue
    host = inner
    port = Number(digits)
  }
  if (!IDENTIFIERS.some((form) => form.test(host))) return { host: text, port: undefined }
  return { host, port: port === 0 ? undefined : port }
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'

/** Like `expand_hostname_range`: https://github.com/ansible/ansible/blob/v2.20.0/lib/ansible/plugins/inventory/__init__.py */
function expandRange(text: string): readonly string[] | string {
  let names: readonly string[] = [text]
  while (names.some((name) => name.includes('['))) {
    const next: string[] = []
    for (const name of names) {
      const expanded = name.includes('[') ? expandFirst(name) : [name]
      if (typeof expanded === 'string') return expanded
      if (next.length + expanded.length > MAX_RANGE) return `the range names more than ${MAX_RANGE} hosts`
      next.push(...expanded)
    }
    names = next
  }
  return names
}

function expandFirst(name: string): readonly string[] | string {
  const parts = name.replace('[', '|').replace(']', '|').split('|')
  const [head, range, tail] = parts
  if (head === undefined || range === undefined || tail === undefined || parts.length !== 3)
    return 'the brackets of the range do not pair up'
  const bounds = range.split(':')
  if (bounds.length !== 2 && bounds.length !== 3)
    return isIPv6(range)
      ? 'brackets around an IPv6 address need a port behind them'
      : 'a range is written [first:last] or [first:last:step]'
  const [begin = '', end = '', stepText = '1'] = bounds
  const first = begin === '' ? '0' : begin
  if (end === '') return 'the range has no last value'
  const step = wholeNumber(stepText)
  if (step === undefined || step === 0) return 'the step of the range is no number'
  const width = first.length > 1 && first.startsWith('0') ? first.length : 0
  if (width !== 0 && width !== end.length)
    return 'first and last of a range with leading zeros must be equally long'
  const values = rangeValues(first, end, step)
  if (typeof values === 'string') return values
  return values.map((value) => head + value.padStart(width, '0') + tail)
}

function rangeValues(first: string, last: string, step: number): readonly string[] | string {
  const letterAt = LETTERS.indexOf(first)
  const lastLetterAt = LETTERS.indexOf(last)
  if (letterAt !== -1 && lastLetterAt !== -1) {
    if (letterAt > lastLetterAt) return 'the range runs backwards'
    const letters = LETTERS.slice(letterAt, lastLetterAt + 1)
    return [...letters].filter((_, index) => index % step === 0)
  }
  const from = wholeNumber(first)
  const to = wholeNumber(last)
  if (from === undefined || to === undefined)
    return 'first and last of a range are two numbers or two letters'
  if ((to - from) / step > MAX_RANGE) return `the range names more than ${MAX_RANGE} hosts`
  const values: string[] = []
  for (let value = from; value <= to; value += step) values.push(String(value))
  return values
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined
}
