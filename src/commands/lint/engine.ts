import type { Project } from '../../ansible/value.ts'
import { Analysis, type ProjectDisk } from '../../lint/analysis.ts'
import type { Finding } from '../../lint/finding.ts'
import { ProjectLines } from '../../lint/lines.ts'
import { MAX_LINE } from '../../lint/mask.ts'
import { type LintOptions, type LintResult, lint } from '../../lint/run.ts'
import { quotedWords, type Secrets, secretsOf } from '../../lint/secrets.ts'
import { wordMask } from '../../lint/wordMask.ts'
import { rules } from '../../rules/index.ts'
import type { Span } from '../../span.ts'
import type { ReadProject } from './project.ts'

export interface Checked extends LintResult {
  /** Tokens that stand in the project in clear text: blanked wherever a line is shown. */
  readonly secrets: ReadonlySet<string>
  /** Those of them that are ordinary words: blanked where they stand for the token. */
  readonly secretWords: ReadonlySet<string>
}

/** Everything that is slow to load stands behind this module. */
export function check(project: ReadProject, options: LintOptions, disk: ProjectDisk): Checked {
  const { texts, faults, ignoredByGit, inventories, inventorySets, links, directoryName } = project
  const analysis = new Analysis(texts, {
    ignoredByGit,
    disk,
    directoryName,
    ...(inventories === undefined ? {} : { inventories }),
    ...(inventorySets === undefined ? {} : { inventorySets }),
  })
  const result = lint(analysis, rules, { ...options, faults, links })
  const known = secretsOf(analysis, [...result.findings, ...result.suppressed.map(({ finding }) => finding)])
  const withPlaces = placesAdded(known, texts, links)
  const inWords = wordMask(known, analysis.hostNames)
  return {
    ...result,
    findings: result.findings.map(withPlaces),
    suppressed: result.suppressed.map((one) => ({ ...one, finding: withPlaces(one.finding) })),
    unknowns: result.unknowns.map((note) => ({ ...note, what: inWords(note.what) })),
    secrets: known.texts,
    secretWords: known.words,
  }
}

/** Gives a finding the places on its line where a word stands for the token, or may. */
function placesAdded(
  known: Secrets,
  texts: Project,
  links: ReadProject['links'],
): (finding: Finding) => Finding {
  if (known.words.size === 0) return (finding) => finding
  const lines = new ProjectLines(texts)
  const lineOf = ({ path, start }: Span): number => lines.of(path).position(start).line
  const keyOf = (at: Span): string => `${at.path}:${lineOf(at)}`
  const byLine = new Map<string, Span[]>()
  for (const { path, ...range } of known.places) {
    const place = { ...range, path: links.get(path) ?? path }
    const there = byLine.get(keyOf(place))
    if (there === undefined) byLine.set(keyOf(place), [place])
    else there.push(place)
  }
  const quoted = quotedWords(known)
  return (finding) => {
    const { path } = finding.at
    const own = lines.of(path)
    const from = own.start(lineOf(finding.at))
    const line = own.line(lineOf(finding.at))
    const inQuotes = line.length > MAX_LINE ? [] : [...line.matchAll(quoted)]
    const found = inQuotes.map(({ 0: word, index }) => ({
      path,
      start: from + index,
      end: from + index + word.length,
    }))
    const here = [...(byLine.get(keyOf(finding.at)) ?? []), ...found]
    return here.length === 0 ? finding : { ...finding, secrets: [...(finding.secrets ?? []), ...here] }
  }
}

export { rules }
