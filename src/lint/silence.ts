import type { Project } from '../ansible/value.ts'
import type { Finding, RuleFinding } from './finding.ts'
import type { ProjectLines } from './lines.ts'
import { nearestRule } from './prefix.ts'
import { type Suppression, suppressionsIn } from './suppressions.ts'

export interface Suppressed {
  readonly finding: Finding
  readonly reason: string | undefined
}

export interface Silenced {
  readonly findings: readonly Finding[]
  readonly suppressed: readonly Suppressed[]
  /** Of suppressions that silence nothing, and of ids that no rule has. */
  readonly unused: readonly RuleFinding[]
}

/** Takes out what comments silence. `asked` are the rules that had their chance to find something. */
export function silence(
  project: Project,
  findings: readonly Finding[],
  lines: ProjectLines,
  { known, asked }: { readonly known: ReadonlySet<string>; readonly asked: ReadonlySet<string> },
): Silenced {
  const byPath = new Map<string, readonly Suppression[]>()
  for (const [path, text] of project) {
    const suppressions = suppressionsIn(path, text)
    if (suppressions.length > 0) byPath.set(path, suppressions)
  }
  if (byPath.size === 0) return { findings, suppressed: [], unused: [] }
  const used = new Set<Suppression>()
  const left: Finding[] = []
  const suppressed: Suppressed[] = []
  for (const finding of findings) {
    const { at, rule } = finding
    const own = lines.of(at.path)
    const first = own.position(at.start).line
    const last = own.position(Math.max(at.start, at.end - 1)).line
    const matching = (byPath.get(at.path) ?? []).filter(
      (one) =>
        (one.rule === undefined || one.rule === rule) &&
        (one.line === undefined || one.line === first || one.line === last),
    )
    for (const one of matching) used.add(one)
    const [by] = matching
    if (by === undefined) left.push(finding)
    else suppressed.push({ finding, reason: by.reason })
  }
  const unused = [...byPath.values()].flat().filter((one) => !used.has(one))
  const cures = new Map<string, string>()
  const cureOf = (id: string): string => {
    const cure = cures.get(id) ?? nearestRule(id, [...known].sort())
    cures.set(id, cure)
    return cure
  }
  return { findings: left, suppressed, unused: unused.flatMap((one) => complaint(one, known, asked, cureOf)) }
}

function complaint(
  { path, start, end, rule, line }: Suppression,
  known: ReadonlySet<string>,
  asked: ReadonlySet<string>,
  cureOf: (id: string) => string,
): readonly RuleFinding[] {
  const at = { path, start, end }
  if (rule !== undefined && !known.has(rule))
    return [{ at, message: `there is no rule ${printable(rule)}`, cure: cureOf(rule) }]
  if (rule !== undefined && !asked.has(rule)) return []
  const where = line === undefined ? 'in this file' : `on line ${line}`
  return [{ at, message: `nothing is found ${where} that ${rule ?? 'this comment'} would silence` }]
}

/** An id is a word; whatever else stands there may be anything, a token included. */
function printable(id: string): string {
  return /^[a-z][a-z-]{0,60}$/.test(id) ? id : 'of this name'
}
