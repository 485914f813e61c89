import { Analysis, type ProjectDisk } from '../../lint/analysis.ts'
import { type LintOptions, type LintResult, lint } from '../../lint/run.ts'
import { rules } from '../../rules/index.ts'
import type { ReadProject } from './project.ts'

export interface Checked extends LintResult {
  /** Tokens that stand in the project in clear text: blanked wherever a line is shown. */
  readonly secrets: ReadonlySet<string>
}

/** Everything that is slow to load stands behind this module. */
export function check(project: ReadProject, options: LintOptions, disk: ProjectDisk): Checked {
  const { texts, faults, ignoredByGit, inventories, inventorySets } = project
  const analysis = new Analysis(texts, {
    ignoredByGit,
    disk,
    ...(inventories === undefined ? {} : { inventories }),
    ...(inventorySets === undefined ? {} : { inventorySets }),
  })
  const result = lint(analysis, rules, { ...options, faults })
  const secrets = new Set(analysis.secretTexts)
  for (const finding of [...result.findings, ...result.suppressed.map((one) => one.finding)])
    for (const { path, start, end } of finding.secrets ?? []) {
      const text = (texts.get(path) ?? '').slice(start, end).replace(/^(["'])([\s\S]*)\1$/, '$2')
      if (text !== '') secrets.add(text)
    }
  return { ...result, secrets }
}

export { rules }
