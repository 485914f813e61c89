import { dirname, relative, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { nameOf, pathKind, readText } from '../../io/files.ts'
import { type BaselineItem, compareBaseline, readBaseline, updatedBaseline } from '../../lint/baseline.ts'
import type { Finding } from '../../lint/finding.ts'
import type { ProjectLines } from '../../lint/lines.ts'
import type { Mask } from '../../lint/mask.ts'
import type { Session } from '../session.ts'
import type { LintFlags } from './flags.ts'
import type { Outcome } from './outcome.ts'

interface Shown {
  readonly cwd: string
  readonly lines: ProjectLines
  readonly mask: Mask
}

/** Parts findings into new ones and those that the baseline knows; all are new where there is none. */
function againstBaseline(
  path: string,
  findings: readonly Finding[],
  shown: Shown,
): { readonly fresh: readonly Finding[]; readonly known: readonly Finding[] } {
  const text = readText(path)
  if (text === undefined) return { fresh: findings, known: [] }
  return compareBaseline(readBaseline(nameOf(shown.cwd, path), text), items(path, findings, shown))
}

/** Writes the baseline anew where it changes, and says what became of it. */
async function updateBaseline(
  path: string,
  findings: readonly Finding[],
  shown: Shown,
  isCovered: (rule: string, absolute: string) => boolean,
): Promise<string> {
  const before = readText(path)
  const directory = dirname(path)
  const { text, count, stale } = updatedBaseline(
    before === undefined ? undefined : readBaseline(nameOf(shown.cwd, path), before),
    items(path, findings, shown),
    (rule, own) => isCovered(rule, resolve(directory, own)),
  )
  if (text !== before) {
    const { writeAll } = await import('../../io/write.ts')
    await writeAll(directory, [{ path, content: text, mode: 0o644, before }])
  }
  const gone = stale === 0 ? '' : `; ${stale} that ${stale === 1 ? 'is' : 'are'} not found any more went`
  return `${nameOf(shown.cwd, path)}: ${count} ${count === 1 ? 'finding' : 'findings'}${gone}`
}

function items(path: string, findings: readonly Finding[], { cwd, lines, mask }: Shown): BaselineItem[] {
  return findings.map((finding) => ({
    finding,
    path: relative(dirname(path), resolve(cwd, finding.at.path)).replaceAll('\\', '/'),
    essence: mask.essence(finding, lines.of(finding.at.path)),
  }))
}

/** Takes out what the baseline of each project knows. */
export function withoutKnown(
  outcomes: readonly Outcome[],
  flags: LintFlags,
  shown: Shown,
): readonly Outcome[] {
  if (outcomes.every(({ findings }) => findings.length === 0)) return outcomes
  return outcomes.map((outcome) => {
    if (flags.baseline !== undefined && pathKind(outcome.baseline) !== 'file')
      throw new UserError('there is no such baseline', {
        at: flags.baseline,
        fix: 'write it with --update-baseline, or check the path',
      })
    const { fresh, known } = againstBaseline(outcome.baseline, outcome.findings, shown)
    const silenced = known.map((finding) => ({ finding, by: 'baseline' as const, reason: undefined }))
    return { ...outcome, findings: fresh, silenced: [...outcome.silenced, ...silenced] }
  })
}

/** Writes the baselines. What stands in one is no reason to fail. */
export async function baselined(
  session: Session,
  outcomes: readonly Outcome[],
  shown: Shown,
): Promise<readonly Outcome[]> {
  for (const path of new Set(outcomes.map(({ baseline }) => baseline))) {
    const mine = outcomes.filter(({ baseline }) => baseline === path)
    const line = await updateBaseline(
      path,
      mine.flatMap(({ findings }) => findings),
      shown,
      (rule, file) => mine.some(({ isCovered }) => isCovered(rule, file)),
    )
    session.stderr.write(`${line}\n`)
  }
  return outcomes.map(({ findings, silenced, ...rest }) => ({
    ...rest,
    findings: [],
    silenced: [
      ...silenced,
      ...findings.map((finding) => ({ finding, by: 'baseline' as const, reason: undefined })),
    ],
  }))
}
