import { createHash } from 'node:crypto'
import type { Fault, Project } from '../ansible/value.ts'
import type { Span } from '../span.ts'
import type { LintConfig } from './config.ts'
import type { Finding, Severity } from './finding.ts'
import { ProjectLines } from './lines.ts'
import { MAX_LINE, type Mask } from './mask.ts'
import type { LintOptions, LintResult } from './run.ts'

/** Raised with every change of what an entry says. */
const FORMAT = 3

/** All that a result depends on, but for what was looked up on the disk on the way. */
export interface Checking {
  readonly directoryName: string | undefined
  readonly texts: Project
  readonly faults: readonly Fault[]
  readonly options: LintOptions
  readonly ignoredByGit: ReadonlySet<string>
  readonly lists: readonly string[]
  readonly ignoredInventories: readonly string[]
  readonly inventoryScripts: readonly string[]
  readonly links: ReadonlyMap<string, string>
  readonly inventories: readonly string[] | undefined
  readonly inventorySets: readonly (readonly string[])[] | undefined
}

/** Something looked up on the disk, and the digest of the answer. */
export interface LookedUp {
  readonly what: 'filesBelow' | 'text' | 'mayHave' | 'realPath'
  readonly path: string
  readonly digest: string
}

export interface CachedResult {
  readonly result: LintResult
  readonly lookedUp: readonly LookedUp[]
}

/**
 * The same key says the same result: a SHA-256 over the program and everything that it looks at. Texts follow each other
 * behind a table of their lengths, so that no two projects read alike.
 */
export function cacheKey(build: string, checkings: readonly Checking[]): string {
  const hash = createHash('sha256')
  const tables = checkings.map(
    ({
      directoryName,
      texts,
      faults,
      options,
      ignoredByGit,
      lists,
      ignoredInventories,
      inventoryScripts,
      links,
      inventories,
      inventorySets,
    }) => ({
      directoryName,
      texts: [...texts].map(([path, text]) => [path, text.length]),
      faults,
      options: { ...options, severity: [...(options.severity ?? [])] },
      ignoredByGit: [...ignoredByGit],
      lists,
      ignoredInventories,
      inventoryScripts,
      links: [...links],
      inventories,
      inventorySets,
    }),
  )
  hash.update(`${JSON.stringify([FORMAT, build, tables])}\n`)
  for (const { texts } of checkings) for (const text of texts.values()) hash.update(text)
  return hash.digest('hex')
}

/** The same key says the same configuration. */
export const configKey = (build: string, isPackage: boolean, text: string): string =>
  digestOf([FORMAT, build, 'configuration', isPackage, text])

export const cachedConfigText = ({ severity, ...rest }: LintConfig): string =>
  JSON.stringify({ ...rest, ...(severity === undefined ? {} : { severity: [...severity] }) })

/** What `cachedConfigText` wrote. */
export function cachedConfig(text: string): LintConfig {
  const { severity, ...rest } = JSON.parse(text) as Omit<LintConfig, 'severity'> & {
    readonly severity?: readonly (readonly [string, Severity | 'off'])[]
  }
  return { ...rest, ...(severity === undefined ? {} : { severity: new Map(severity) }) }
}

/** Of an answer of the disk. */
export const digestOf = (answer: unknown): string =>
  createHash('sha256')
    .update(JSON.stringify(answer) ?? 'undefined')
    .digest('hex')

/**
 * Results as a text without any text of the project: what of a line must not be shown is kept as its range. Fixes hold
 * texts, and are left out: whoever applies them asks for them anew.
 */
export function cachedText(
  results: readonly (CachedResult & { readonly texts: Project })[],
  mask: Mask,
): string {
  return JSON.stringify(
    results.map(({ result, lookedUp, texts }) => {
      const lines = new ProjectLines(texts)
      return {
        findings: result.findings.map((finding) => withRanges(finding, lines, mask)),
        suppressed: result.suppressed.map(({ finding, reason }) => ({
          finding: withRanges(finding, lines, mask),
          reason,
        })),
        unknowns: result.unknowns.map(({ end: _, ...note }) => ({ ...note, at: spanOf(note.at) })),
        asked: [...result.asked],
        lookedUp,
      }
    }),
  )
}

/** What `cachedText` wrote. */
export function cachedResults(text: string): readonly CachedResult[] {
  const read = JSON.parse(text) as (Omit<LintResult, 'asked'> & {
    readonly asked: readonly string[]
    readonly lookedUp: readonly LookedUp[]
  })[]
  return read.map(({ lookedUp, asked, ...result }) => ({
    result: { ...result, asked: new Set(asked) },
    lookedUp,
  }))
}

/** The finding with every range of its line that the mask blanks: only that line of it is ever shown. */
function withRanges(finding: Finding, lines: ProjectLines, mask: Mask): Finding {
  const { at, hops, secrets: _, fix: __, ...words } = finding
  const own = lines.of(at.path)
  const { line } = own.position(at.start)
  const start = own.start(line)
  const text = own.line(line)
  const ranges = text.length > MAX_LINE ? [] : mask.ranges(text, start, finding)
  return {
    ...words,
    at: spanOf(at),
    ...(hops === undefined ? {} : { hops: hops.map((hop) => ({ at: spanOf(hop.at), what: hop.what })) }),
    secrets: ranges.map(([from, to]) => ({ path: at.path, start: start + from, end: start + to })),
  }
}

const spanOf = ({ path, start, end }: Span): Span => ({ path, start, end })
