import type { UnknownNote } from '../../flow/unknown.ts'
import { nameOf } from '../../io/files.ts'
import { type FailOn, type Finding, renamed } from '../../lint/finding.ts'
import type { Report } from '../../report/report.ts'
import type { Checked } from './engine.ts'
import type { LintFlags } from './flags.ts'
import type { ReadProject } from './project.ts'
import { baselinePath, type Settings } from './settings.ts'

/** One project after all rules had their say; paths relative to the working directory. */
export interface Outcome {
  readonly findings: readonly Finding[]
  readonly silenced: Report['silenced']
  readonly unknowns: readonly UnknownNote[]
  readonly failOn: FailOn
  /** Absolute. */
  readonly baseline: string
  /** Whether a rule was asked about a file, by its absolute path. */
  readonly isCovered: (rule: string, path: string) => boolean
}

export function outcomeOf(
  cwd: string,
  project: ReadProject,
  settings: Settings,
  flags: LintFlags,
  { findings, suppressed, unknowns, asked }: Checked,
  rename: (path: string) => string,
): Outcome {
  const { root, reported } = project
  return {
    findings: findings
      .filter((finding) => isReported(project, finding))
      .map((finding) => renamed(finding, rename)),
    silenced: suppressed
      .filter(({ finding }) => isReported(project, finding))
      .map(({ finding, reason }) => ({ finding: renamed(finding, rename), by: 'comment', reason })),
    unknowns: unknowns
      .filter(({ at }) => reported?.has(at.path) ?? true)
      .map((note) => ({ ...note, at: { ...note.at, path: rename(note.at.path) } })),
    failOn: flags.failOn ?? settings.config.failOn ?? 'warning',
    baseline: baselinePath(cwd, flags, settings),
    isCovered: (rule, path) => {
      const name = nameOf(root, path)
      return asked.has(rule) && !name.startsWith('../') && (reported?.has(name) ?? true)
    },
  }
}

/** A finding belongs to a file where it stands there, or where its way passes through it. */
export function isReported({ reported }: ReadProject, { at, hops = [] }: Finding): boolean {
  return reported === undefined || reported.has(at.path) || hops.some((hop) => reported.has(hop.at.path))
}
