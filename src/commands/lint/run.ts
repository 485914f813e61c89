import { resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { type FailOn, type Finding, severities } from '../../lint/finding.ts'
import { ProjectLines } from '../../lint/lines.ts'
import { Mask } from '../../lint/mask.ts'
import { merged, notesInOrder } from '../../lint/order.ts'
import { ownRules, type RuleInfo } from '../../lint/ownRules.ts'
import { checkPrefix } from '../../lint/prefix.ts'
import type { Report } from '../../report/report.ts'
import type { ExitStatus, Session } from '../session.ts'
import { baselined, withoutKnown } from './baselining.ts'
import type { Answers, Question } from './checking.ts'
import type { Checked } from './engine.ts'
import type { LintFlags } from './flags.ts'
import { isReported, type Outcome, outcomeOf } from './outcome.ts'
import { isColored, present, write } from './output.ts'
import { readTarget, renamer } from './project.ts'
import { knownIds, type Settings, settingsFor } from './settings.ts'
import { targetsOf } from './targets.ts'

export async function runLint(
  session: Session,
  paths: readonly string[],
  flags: LintFlags,
): Promise<ExitStatus> {
  refuseContradictions(paths, flags)
  if (flags.listRules === true) return listRules(session, flags)
  for (const prefix of [...(flags.select ?? []), ...(flags.ignore ?? [])]) checkPrefix(prefix, knownIds)
  const lint = await lintTargets(session, paths, flags)
  const shown = { cwd: session.cwd, lines: new ProjectLines(lint.texts), mask: new Mask(lint.secrets) }
  const outcomes =
    flags.updateBaseline === true
      ? await baselined(session, lint.outcomes, shown)
      : withoutKnown(lint.outcomes, flags, shown)
  const report: Report = {
    findings: together(outcomes),
    silenced: outcomes.flatMap(({ silenced }) => silenced),
    unknowns: notesInOrder(outcomes.flatMap(({ unknowns }) => unknowns)),
    rules: flags.format === 'sarif' ? await allRules() : [],
    files: lint.texts.size,
    lines: shown.lines,
    mask: shown.mask,
  }
  // A dry run prints what would change, and nothing that would keep `git apply` from taking it.
  if (flags.fixDryRun !== true) await write(session, flags, await present(session, flags, report))
  lint.keep(shown.mask)
  const fails = outcomes.some(({ findings, failOn }) => findings.some((one) => reaches(one, failOn)))
  return (fails || lint.isChanged) && flags.exitZero !== true ? 1 : 0
}

/** Reads and checks every project; applies or shows the fixes where that is asked for. */
async function lintTargets(session: Session, paths: readonly string[], flags: LintFlags): Promise<Linted> {
  const { cwd } = session
  const { stdinFilename } = flags
  const given = stdinFilename === undefined ? paths : [stdinFilename]
  const instead =
    stdinFilename === undefined
      ? undefined
      : { path: resolve(cwd, stdinFilename), text: await textOf(session.stdin) }
  const isFixing = flags.fix === true || flags.fixDryRun === true
  const cache = flags.cache && !isFixing ? session.cache : undefined
  const targets: LintedTarget[] = []
  for (const target of targetsOf(cwd, given.length === 0 ? ['.'] : given, stdinFilename)) {
    const settings = await settingsFor(cwd, target.root, flags.config, cache)
    const project = readTarget(target, settings, {
      cwd,
      inventories: flags.inventory,
      exclude: flags.exclude ?? [],
      forceExclude: flags.forceExclude === true,
      instead,
    })
    const read = { project, settings, options: lintOptions(flags, settings) }
    // A project that overlaps this one has to be read with the fixes in it.
    targets.push(isFixing && isOfInterest(read) ? await withFixes(session, flags, read) : read)
  }
  const open = targets.filter((target) => target.checked === undefined && isOfInterest(target))
  const { checked, keep } = await answers(open, cache)
  const outcomes: Outcome[] = []
  const texts = new Map<string, string>()
  const secrets = new Set<string>()
  for (const target of targets) {
    const { project, settings } = target
    const rename = renamer(cwd, project.root)
    const result = target.checked ?? checked[open.indexOf(target)]
    for (const secret of result?.secrets ?? []) secrets.add(secret)
    if (result !== undefined) outcomes.push(outcomeOf(cwd, project, settings, flags, result, rename))
    for (const [path, text] of project.texts) texts.set(rename(path), text)
  }
  const isChanged = targets.some(({ isChanged }) => isChanged === true)
  // A text from an editor is another one after the next key.
  return { outcomes, texts, secrets, isChanged, keep: instead === undefined ? keep : () => {} }
}

/** What works them out, and what would have kept them, is loaded where there is something to ask. */
async function answers(questions: readonly Question[], cache: Session['cache']): Promise<Answers> {
  if (questions.length === 0) return { checked: [], keep: () => {} }
  const { answersTo } = await import('./checking.ts')
  return answersTo(questions, cache)
}

interface Linted {
  readonly outcomes: readonly Outcome[]
  readonly texts: ReadonlyMap<string, string>
  readonly secrets: ReadonlySet<string>
  readonly isChanged: boolean
  readonly keep: Answers['keep']
}

interface LintedTarget extends Question {
  readonly settings: Settings
  readonly checked?: Checked
  readonly isChanged?: boolean
}

/** Whether there is anything in it that is worth to start the engine. */
const isOfInterest = ({ project }: LintedTarget): boolean =>
  project.concernsRules || project.faults.length > 0

/** Writes the fixes, or shows them; and checks what there is then. */
async function withFixes(session: Session, flags: LintFlags, target: LintedTarget): Promise<LintedTarget> {
  const { project, options } = target
  const { check } = await import('./checking.ts')
  const { fixed, fixDiff, writeFixed } = await import('./fixing.ts')
  const result = await fixed(
    project,
    (next) => check({ project: next, options }),
    (finding) => isReported(project, finding),
  )
  if (flags.fix === true) await writeFixed(result)
  else session.stdout.write(fixDiff(result, renamer(session.cwd, project.root), isColored(session, flags)))
  const { applied, before } = result
  if (applied > 0)
    session.stderr.write(
      `${flags.fix === true ? 'Fixed' : 'Would fix'} ${counted(applied, 'finding')} in ${counted(before.size, 'file')}.\n`,
    )
  return { ...target, project: result.project, checked: result.checked, isChanged: applied > 0 }
}

function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`
}

/** Of projects that overlap each finding once. */
function together(outcomes: readonly Outcome[]): readonly Finding[] {
  const [first, ...others] = outcomes.map(({ findings }) => findings)
  return others.length === 0 ? (first ?? []) : merged([...(first ?? []), ...others.flat()])
}

function refuseContradictions(paths: readonly string[], flags: LintFlags): void {
  const refuse = (message: string, fix: string): never => {
    throw new UserError(message, { fix })
  }
  if (flags.fix === true && flags.fixDryRun === true)
    refuse('--fix and --fix-dry-run exclude each other', 'leave one out')
  if (flags.stdinFilename === undefined) return
  if (paths.length > 0) refuse('--stdin-filename takes no paths', 'leave the paths out')
  if (flags.fix === true || flags.updateBaseline === true)
    refuse('--stdin-filename changes no file', 'leave --fix and --update-baseline out')
}

async function allRules(): Promise<readonly RuleInfo[]> {
  const { rules } = await import('./engine.ts')
  return [...rules, ...ownRules].sort((a, b) => (a.id < b.id ? -1 : 1))
}

function lintOptions(
  flags: LintFlags,
  { config }: Settings,
): Parameters<typeof import('./engine.ts').check>[1] {
  return {
    select: flags.select ?? config.select,
    ignore: [...(config.ignore ?? []), ...(flags.ignore ?? [])],
    severity: config.severity,
  }
}

function reaches({ severity }: Finding, failOn: FailOn): boolean {
  return failOn !== 'never' && severities.indexOf(severity) <= severities.indexOf(failOn)
}

async function textOf(stdin: Session['stdin']): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stdin) chunks.push(Buffer.from(chunk as string))
  return Buffer.concat(chunks).toString('utf8')
}

async function listRules(session: Session, { format }: LintFlags): Promise<ExitStatus> {
  const rules = await allRules()
  const width = Math.max(...rules.map(({ id }) => id.length))
  session.stdout.write(
    format === 'json'
      ? `${JSON.stringify({ version: 1, rules: rules.map(({ id, severity, summary, why, fix, see }) => ({ id, severity, summary, why, fix, see })) }, null, 2)}\n`
      : rules
          .map(({ id, severity, summary }) => `${id.padEnd(width)}  ${severity.padEnd(7)}  ${summary}\n`)
          .join(''),
  )
  return 0
}
