import type { Finding } from './finding.ts'
import type { Lines } from './lines.ts'

/** What stands for a secret in a line that is shown. As long whatever it hides: a length says something, too. */
export const HIDDEN = '••••'

type Range = readonly [start: number, end: number]

/**
 * Texts that look like a token or stand where one would, whoever follows them: the value of a variable, directive or flag that
 * is named so, what `K10…::` begins, long runs of hexadecimal digits. Templates, vaulted and sealed values are shown.
 */
const NAME = String.raw`["']?[\w.-]*(?:token|secret|password|passwd|_pass)(?![\w-]*(?:_file|-file|_mode|_name))[\w-]*["']?`
const SHOWABLE = String.raw`(?!["']?\{[{%#]|["']?ENC\[|!|[|>&*](?:\s|$|\w)|["']?\$[A-Z{]|["']?%[a-zA-Z]["']?(?:\s|$)|["']{2}|true\b|false\b|null\b|~\s*$|#)`
const VALUE = String.raw`("(?:[^"\\\n]|\\.)*"?|'[^'\n]*'?|[^\s"'#;,)\]}]+)`
const PATTERNS: readonly RegExp[] = [
  new RegExp(String.raw`(?<=^|[\s{,-])${NAME}\s*:[ \t]+${SHOWABLE}${VALUE}`, 'gid'),
  new RegExp(String.raw`(?<![\w])${NAME}\s*=[ \t]*${SHOWABLE}${VALUE}`, 'gid'),
  new RegExp(String.raw`--[\w-]*(?:token|password)[ \t]+${SHOWABLE}(?!-)${VALUE}`, 'gid'),
  /(K10[0-9a-f]{8,}\S*)/dgi,
  /(?<![\w/.-])([0-9a-f]{24,})(?![\w/.-])/dgi,
]

/** Shows lines of the project with what is secret in them blanked. */
export class Mask {
  readonly #known: readonly string[]

  /** `secrets`: texts that are blanked wherever they occur, plain, in base64 or in hexadecimal digits. */
  constructor(secrets: Iterable<string>) {
    const spellings = new Set<string>()
    for (const secret of secrets)
      for (const part of secret.split('\n')) {
        const text = part.trim()
        if (text === '') continue
        const bytes = Buffer.from(text)
        spellings.add(text).add(bytes.toString('base64').replace(/=+$/, '')).add(bytes.toString('hex'))
      }
    this.#known = [...spellings].sort((a, b) => b.length - a.length)
  }

  /** The ranges of a line that must not be shown; in order, not overlapping. `start` is the line's offset in its text. */
  ranges(line: string, start: number, finding?: Finding): readonly Range[] {
    const found: Range[] = []
    for (const { start: from, end } of finding?.secrets ?? [])
      if (from < start + line.length && end > start)
        found.push([Math.max(0, from - start), Math.min(line.length, end - start)])
    for (const secret of this.#known)
      for (let at = line.indexOf(secret); at !== -1; at = line.indexOf(secret, at + secret.length))
        if (secret.length >= 6 || isWhole(line, at, secret.length)) found.push([at, at + secret.length])
    for (const pattern of PATTERNS)
      for (const match of line.matchAll(pattern)) {
        const range = match.indices?.[1]
        if (range !== undefined && range[1] > range[0]) found.push(unquoted(line, range))
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
    return this.shown(lines.line(line), lines.start(line), finding).trim().replace(/\s+/g, ' ')
  }
}

/** A short secret inside of a longer word is that word's, not a secret. */
function isWhole(line: string, at: number, length: number): boolean {
  return !/\w/.test(line[at - 1] ?? '') && !/\w/.test(line[at + length] ?? '')
}

function unquoted(line: string, [start, end]: Range): Range {
  const quote = line[start]
  if (quote !== '"' && quote !== "'") return [start, end]
  return [start + 1, end > start + 1 && line[end - 1] === quote ? end - 1 : end]
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
