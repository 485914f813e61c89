import { Float } from './value.ts'

/** A plain scalar as PyYAML's safe loader reads it; `problem` where PyYAML would refuse it or where it is hardly meant. */
export interface Resolved {
  readonly value: string | number | bigint | boolean | null | Float
  readonly problem?: {
    readonly message: string
    readonly fix: string
    readonly severity: 'error' | 'warning'
  }
}

// The implicit resolvers of PyYAML 6, which follow YAML 1.1: https://github.com/yaml/pyyaml/blob/6.0.2/lib/yaml/resolver.py#L170
const WORDS: ReadonlyMap<string, boolean | null> = new Map([
  ...['yes', 'Yes', 'YES', 'true', 'True', 'TRUE', 'on', 'On', 'ON'].map((word) => [word, true] as const),
  ...['no', 'No', 'NO', 'false', 'False', 'FALSE', 'off', 'Off', 'OFF'].map((word) => [word, false] as const),
  ...['~', 'null', 'Null', 'NULL', ''].map((word) => [word, null] as const),
])
const FLOAT =
  /^(?:[-+]?(?:[0-9][0-9_]*)\.[0-9_]*(?:[eE][-+][0-9]+)?|\.[0-9][0-9_]*(?:[eE][-+][0-9]+)?|[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*|[-+]?\.(?:inf|Inf|INF)|\.(?:nan|NaN|NAN))$/
const INT =
  /^(?:[-+]?0b[0-1_]+|[-+]?0[0-7_]+|[-+]?(?:0|[1-9][0-9_]*)|[-+]?0x[0-9a-fA-F_]+|[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+)$/
const TIMESTAMP =
  /^(?:[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt]|[ \t]+)[0-9]{1,2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]*)?(?:[ \t]*(?:Z|[-+][0-9]{1,2}(?::[0-9]{2})?))?)$/
const TIMESTAMP_PARTS =
  /^(\d{4})-(\d\d?)-(\d\d?)(?:(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|([-+])(\d\d?)(?::(\d\d))?))?)?$/
const JSON_NUMBER = /^-?(?:0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?$/

/** What PyYAML makes of an unquoted scalar. As there the first character says which resolvers are tried; the first that matches wins. */
export function resolvePlain(text: string): Resolved {
  const word = WORDS.get(text)
  if (word !== undefined) return { value: word }
  const first = text[0] ?? ''
  const isDigit = first >= '0' && first <= '9'
  if (isDigit || first === '-' || first === '+' || first === '.') {
    if (text.includes('.') && FLOAT.test(text)) return readFloat(text)
    if (INT.test(text)) return readInteger(text)
    if (isDigit && text[4] === '-' && TIMESTAMP.test(text)) return readTimestamp(text)
  }
  if (text === '=')
    return {
      value: text,
      problem: {
        message: 'an unquoted = is a special value of YAML 1.1, which Ansible can not read',
        fix: "quote it: '='",
        severity: 'error',
      },
    }
  return { value: text }
}

/** The same in a file that is JSON throughout: Ansible tries a JSON reader before the YAML one. */
export function resolveJson(text: string): Resolved {
  if (text === 'null') return { value: null }
  if (text === 'true' || text === 'false') return { value: text === 'true' }
  const [whole, fraction, exponent] = JSON_NUMBER.exec(text) ?? []
  if (whole === undefined) return resolvePlain(text)
  return fraction === undefined && exponent === undefined
    ? { value: integer(BigInt(text)) }
    : { value: new Float(Number(text)) }
}

/** Whether PyYAML, or a YAML 1.2 reader, would take an unquoted text for anything but that text. */
export function isRetyped(text: string): boolean {
  return typeof resolvePlain(text).value !== 'string' || /^[-+.]?\d|^0o/.test(text) || TIMESTAMP.test(text)
}

/** `undefined` where the text is no YAML 1.1 boolean. */
export function readBoolean(text: string): boolean | undefined {
  const lower = text.toLowerCase()
  if (['yes', 'true', 'on'].includes(lower)) return true
  return ['no', 'false', 'off'].includes(lower) ? false : undefined
}

export function readInteger(text: string): Resolved {
  const bare = text.replaceAll('_', '')
  const negative = bare.startsWith('-')
  const digits = bare.replace(/^[-+]/, '')
  const signed = (value: bigint): Resolved => ({ value: integer(negative ? -value : value) })
  if (/^0b[01]+$/.test(digits) || /^0x[0-9a-f]+$/i.test(digits)) return signed(BigInt(digits))
  if (/^0[0-7]+$/.test(digits)) return signed(BigInt(`0o${digits.slice(1)}`))
  if (/^\d+(?::\d+)+$/.test(digits))
    return signed(digits.split(':').reduce((total, part) => total * 60n + BigInt(part), 0n))
  if (/^(?:0|[1-9]\d*)$/.test(digits)) return signed(BigInt(digits))
  return unreadable(text, 'an integer')
}

export function readFloat(text: string): Resolved {
  const bare = text.replaceAll('_', '').toLowerCase()
  const sign = bare.startsWith('-') ? -1 : 1
  const digits = bare.replace(/^[-+]/, '')
  if (digits === '.inf') return { value: new Float(sign * Number.POSITIVE_INFINITY) }
  if (digits === '.nan') return { value: new Float(Number.NaN) }
  const parts = digits.split(':').map((part) => (/\d/.test(part) ? Number(part) : Number.NaN))
  const value = parts.reduce((total, part) => total * 60 + part, 0)
  return Number.isNaN(value) ? unreadable(text, 'a number') : { value: new Float(sign * value) }
}

/**
 * Ansible's loader makes a date object of it; templates show that as Python writes dates, so that is the value here.
 */
export function readTimestamp(text: string): Resolved {
  const parts = TIMESTAMP_PARTS.exec(text)
  if (parts === null) return unreadable(text, 'a date')
  const [
    ,
    year = '',
    month = '',
    day = '',
    hour,
    minute = '',
    second = '',
    fraction,
    zone,
    sign,
    zoneHour = '',
    zoneMinute,
  ] = parts
  const two = (part: string): string => part.padStart(2, '0')
  const date = `${year}-${two(month)}-${two(day)}`
  const valid = new Date(`${date}T00:00:00Z`)
  if (Number.isNaN(valid.getTime()) || !valid.toISOString().startsWith(date))
    return unreadable(text, 'a date')
  const problem = {
    message: 'this is read as a date, not as text',
    fix: 'quote it',
    severity: 'warning',
  } as const
  if (hour === undefined) return { value: date, problem }
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return unreadable(text, 'a date')
  const micros = (fraction ?? '').slice(0, 6).padEnd(6, '0')
  const offset =
    zone === undefined ? '' : sign === undefined ? '+00:00' : `${sign}${two(zoneHour)}:${zoneMinute ?? '00'}`
  const time = `${two(hour)}:${minute}:${second}${micros === '000000' ? '' : `.${micros}`}`
  return { value: `${date} ${time}${offset}`, problem }
}

function integer(value: bigint): number | bigint {
  return value >= BigInt(Number.MIN_SAFE_INTEGER) && value <= BigInt(Number.MAX_SAFE_INTEGER)
    ? Number(value)
    : value
}

function unreadable(text: string, kind: string): Resolved {
  return {
    value: text,
    problem: {
      message: `this looks like ${kind} to YAML but can not be read as one`,
      fix: 'quote it',
      severity: 'error',
    },
  }
}
