import type { Finding } from './finding.ts'
import type { Lines } from './lines.ts'

/** What stands for a secret in a line that is shown. As long whatever it hides: a length says something, too. */
export const HIDDEN = '••••'

/** A longer line is nothing that anybody reads, and looking for secrets in it would take its time. */
export const MAX_LINE = 4000

/** From this length on a secret is blanked inside of words, too. */
const LONG = 6

type Range = readonly [start: number, end: number]

/** The name of a variable, key or flag that holds a secret; not of the file that one is in, or of its mode. */
const NAME = String.raw`["']?[\w.-]*(?:token|secret|password|passwd|_pass)(?![\w-]*(?:_file|-file|_mode|_name))[\w-]*["']?`
const QUOTED = String.raw`"(?:[^"\\\n]|\\.)*"?|'(?:[^'\n]|'')*'?`
const WORD = String.raw`(?:\{\{(?:(?!\{\{).)*?\}\}|\S)+`
/** A value that is taken from elsewhere, before a program that gets it: `K3S_TOKEN={{ … }} sh -`. */
const TAKEN = String.raw`(?:\{\{(?:(?!\{\{).)*?\}\}|\$\{\w+\}|\$[A-Z_]\w*)+(?=\s+\S)`

/**
 * Where a secret would stand, whoever follows it: the value of what is named so, behind a flag, as the default of a template;
 * what `K10` begins, and long runs of hexadecimal digits.
 */
const NAMED_ANYWHERE: readonly RegExp[] = [
  new RegExp(String.raw`(?<!\w)${NAME}=(?!>\s)(?:>(?=["']))?(${QUOTED}|${WORD})`, 'gid'),
  new RegExp(String.raw`--[\w-]*(?:token|password)[ \t]+(?!-)(${QUOTED}|${WORD})`, 'gid'),
]
const NAMED: readonly RegExp[] = [
  // With the arrow of Ruby, too.
  new RegExp(
    String.raw`(?<=^|[\s{,-])${NAME}\s*(?::[ \t]+|=>(?=[\s"'])[ \t]*)(${QUOTED}|.+?(?=\s+#|\s*$))`,
    'gid',
  ),
  // A backslash at the end goes on with the line.
  new RegExp(
    String.raw`^\s*(?:export\s+)?${NAME}\s*=(?!>[\s"'])[ \t]*(${QUOTED}|${TAKEN}|.+?(?=\s+\\$|\s*$))`,
    'gid',
  ),
  ...NAMED_ANYWHERE,
]
/** In a sentence a name may end what a colon goes on from; the keys of an expression that it quotes are in quotes. */
const NAMED_IN_WORDS: readonly RegExp[] = [
  new RegExp(String.raw`(?<=[{,]\s*)(?=["'])${NAME}\s*:\s*(${QUOTED}|[^\s,}]+)`, 'gid'),
  new RegExp(String.raw`(?<!\w)${NAME}\s*[=!]=\s*(${QUOTED})`, 'gid'),
  ...NAMED_ANYWHERE,
]
const DEFAULT = /\b(?:default|d)\(\s*('[^']*'|"[^"]*")/dgi
const OF_SECRET = /token|secret|pass/i

/**
 * Whether the default at an offset may be one for a secret: where a line is about one, all may, but for those of an index,
 * which say where it stands.
 */
export function mayDefaultToSecret(line: string, at: number): boolean {
  let depth = 0
  for (let start = at - 1; start >= 0; start -= 1) {
    const character = line[start] ?? ''
    if (character === ']' || character === ')') depth += 1
    else if (character !== '[' && character !== '(') continue
    else if (depth > 0) depth -= 1
    else if (character === '[')
      return /[^\w\])]$/.test(line.slice(0, start)) || OF_SECRET.test(line.slice(start, at))
  }
  return true
}

/** The quotes around such a value stay, where it ends with the second one for certain. */
const FORMED: readonly RegExp[] = [
  /((["'])K10[0-9a-f]{8,}(?:(?!\2)[^\s\\]|\\\S)*\2(?=[\s,;)\]}]|$)|K10[0-9a-f]{8,}\S*)/dgi,
  /(?<![\w/.-])([0-9a-f]{24,})(?![\w/.-])/dgi,
]

/** Parts of such a value that are no secret: templates, other variables, specifiers of systemd. */
const REFERENCE =
  /\{\{(?:(?!\{\{).)*?\}\}|\{%(?:(?!\{%).)*?%\}|\{#(?:(?!\{#).)*?#\}|\$\{\w+\}|\$(?:K[38]S|RKE2|[A-Z_])+\b|\$\(.*?\)|^["']?%[a-zA-Z](?=["'\s]|$)/g

/** A whole value that is no secret: sealed, a block or an alias of YAML, nothing at all. */
const HARMLESS =
  /^(?:["']?ENC\[|!vault|!unsafe\s+["']?\{\{|[|>][-+\d]*$|[*&]\w+$|["']{2}$|(?:true|false|null|yes|no|~)$|#)/i

/** Shows lines of the project, or sentences that quote its expressions, with what is secret in them blanked. */
export class Mask {
  /** A line is looked up in the secrets, not they in the line: there may be thousands, one for each host. */
  readonly #spellings = new Set<string>()
  /** How the long ones begin. */
  readonly #heads = new Set<string>()
  readonly #lengths: readonly number[]
  readonly #named: readonly RegExp[]

  /** `secrets`: texts that are blanked wherever they occur, plain, in base64 or in hexadecimal digits. */
  constructor(secrets: Iterable<string>, of: 'lines' | 'words' = 'lines') {
    this.#named = of === 'lines' ? NAMED : NAMED_IN_WORDS
    const lengths = new Set<number>()
    for (const secret of secrets)
      for (const part of secret.split('\n')) {
        const text = part.trim()
        if (text === '') continue
        const bytes = Buffer.from(text)
        for (const spelling of [text, bytes.toString('base64').replace(/=+$/, ''), bytes.toString('hex')]) {
          this.#spellings.add(spelling)
          lengths.add(spelling.length)
          if (spelling.length >= LONG) this.#heads.add(spelling.slice(0, LONG))
        }
      }
    this.#lengths = [...lengths].sort((one, other) => one - other)
  }

  /** The ranges of a line that must not be shown; in order, not overlapping. `start` is the line's offset in its text. */
  ranges(line: string, start: number, finding?: Finding): readonly Range[] {
    const found: Range[] = []
    for (const { path, start: from, end } of finding?.secrets ?? [])
      if (path === finding?.at.path && from < start + line.length && end > start)
        found.push([Math.max(0, from - start), Math.min(line.length, end - start)])
    for (let at = 0; at < line.length && this.#lengths.length > 0; at += 1) {
      const isHead = this.#heads.has(line.slice(at, at + LONG))
      for (const length of this.#lengths) {
        const end = at + length
        if (end > line.length || (length >= LONG && !isHead)) break
        // A short secret inside of a longer word is that word's, not a secret.
        if (this.#spellings.has(line.slice(at, end)) && (length >= LONG || isWhole(line, at, end)))
          found.push([at, end])
      }
    }
    for (const pattern of patternsFor(line, this.#named))
      for (const match of line.matchAll(pattern)) {
        const range = match.indices?.[1]
        if (range === undefined || (pattern === DEFAULT && !isOfSecret(line, match.index))) continue
        found.push(...literalParts(line, range))
      }
    return joined(found)
  }

  /** The line with every secret blanked. */
  shown(line: string, start: number, finding?: Finding): string {
    let result = ''
    let last = 0
    for (const [from, to] of this.ranges(line, start, finding)) {
      result += line.slice(last, from) + HIDDEN
      last = to
    }
    return result + line.slice(last)
  }

  /** The first line of a finding, blanked, with runs of blanks made one: what a moved or re-indented line keeps. */
  essence(finding: Finding, lines: Lines): string {
    const { line } = lines.position(finding.at.start)
    if (lines.line(line).length > MAX_LINE) return ''
    return this.shown(lines.line(line), lines.start(line), finding).trim().replace(/\s+/g, ' ')
  }
}

/** Compiling them takes longer than looking for their words: most lines have none. */
function patternsFor(line: string, named: readonly RegExp[]): readonly RegExp[] {
  const lower = line.toLowerCase()
  return ['token', 'secret', 'pass'].some((word) => lower.includes(word))
    ? [...named, DEFAULT, ...FORMED]
    : FORMED
}

const isOfSecret = (line: string, at: number): boolean =>
  OF_SECRET.test(line.slice(0, at)) && mayDefaultToSecret(line, at)

function isWhole(line: string, start: number, end: number): boolean {
  return !/\w/.test(line[start - 1] ?? '') && !/\w/.test(line[end] ?? '')
}

/** What of a value is literal text: all but its quotes, what it takes from elsewhere, and what closes the mapping that it is in. */
function literalParts(line: string, [start, end]: Range): readonly Range[] {
  const value = line.slice(start, end)
  if (HARMLESS.test(value)) return []
  const quote = /^["']/.exec(value)?.[0]
  const from = quote === undefined ? start : start + 1
  const to = quote !== undefined && end > from && line[end - 1] === quote ? end - 1 : end
  const parts: Range[] = []
  let last = from
  const add = (stop: number): void => {
    if (/[^\s"',\])}]/.test(line.slice(last, stop))) parts.push([last, stop])
  }
  for (const { 0: reference, index } of value.matchAll(REFERENCE)) {
    add(start + index)
    last = start + index + reference.length
  }
  add(to)
  return parts
}

function joined(ranges: readonly Range[]): readonly Range[] {
  const sorted = ranges.filter(([start, end]) => end > start).sort((a, b) => a[0] - b[0] || a[1] - b[1])
  const result: [number, number][] = []
  for (const [start, end] of sorted) {
    const last = result.at(-1)
    if (last !== undefined && start <= last[1]) last[1] = Math.max(last[1], end)
    else result.push([start, end])
  }
  return result
}
