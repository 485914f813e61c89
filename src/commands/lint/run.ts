import { resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import type { UnknownNote } from '../../flow/unknown.ts'
import { type FailOn, type Finding, severities } from '../../lint/finding.ts'
import { ProjectLines } from '../../lint/lines.ts'
import { Mask } from '../../lint/mask.ts'
import { ownRules, type RuleInfo } from '../../lint/ownRules.ts'
import { checkPrefix } from '../../lint/prefix.ts'
import type { Report } from '../../report/report.ts'
import type { ExitStatus, Session } from '../session.ts'
import type { Checked } from './engine.ts'
import type { LintFlags } from './flags.ts'
import { present, write } from './output.ts'
import { type ReadProject, readTarget, renamer } from './project.ts'
import { type Settings, settingsFor } from './settings.ts'
import { targetsOf } from './targets.ts'

/** One project after all rules had their say; paths relative to the working directory. */
interface Outcome {
  readonly findings: readonly Finding[]
  readonly silenced: Report['silenced']
  readonly unknowns: readonly UnknownNote[]
  readonly failOn: FailOn
}

export async function runLint(
  session: Session,
  paths: readonly string[],
  flags: LintFlags,
): Promise<ExitStatus> {
  refuseContradictions(paths, flags)
  const known = await knownRules(flags)
  if (flags.listRules === true) return listRules(session, flags)
  for (const prefix of [...(flags.select ?? []), ...(flags.ignore ?? [])])
    checkPrefix(
      prefix,
      known.map(({ id }) => id),
    )
  const { stdinFilename } = flags
  const given = stdinFilename === undefined ? paths : [stdinFilename]
  const instead =
    stdinFilename === undefined
      ? undefined
      : { path: resolve(session.cwd, stdinFilename), text: await textOf(session.stdin) }
  const outcomes: Outcome[] = []
  const texts = new Map<string, string>()
  const secrets = new Set<string>()
  let rules: readonly RuleInfo[] = known
  for (const target of targetsOf(session.cwd, given.length === 0 ? ['.'] : given, stdinFilename)) {
    const settings = await settingsFor(session, target.root, flags.config, async () =>
      (await allRules()).map(({ id }) => id),
    )
    const project = readTarget(target, settings, {
      cwd: session.cwd,
      inventories: flags.inventory,
      exclude: flags.exclude ?? [],
      forceExclude: flags.forceExclude === true,
      instead,
    })
    const rename = renamer(session.cwd, project.root)
    for (const [path, text] of project.texts) texts.set(rename(path), text)
    if (!project.concernsRules && project.faults.length === 0) continue
    const { check } = await import('./engine.ts')
    rules = await allRules()
    const checked = check(project, lintOptions(flags, settings))
    for (const secret of checked.secrets) secrets.add(secret)
    outcomes.push(outcomeOf(project, settings, flags, checked, rename))
  }
  const report: Report = {
    findings: outcomes.flatMap(({ findings }) => findings),
    silenced: outcomes.flatMap(({ silenced }) => silenced),
    unknowns: outcomes.flatMap(({ unknowns }) => unknowns),
    rules,
    files: texts.size,
    lines: new ProjectLines(texts),
    mask: new Mask(secrets),
  }
  await write(session, flags, await present(session, flags, report))
  const fails = outcomes.some(({ findings, failOn }) => findings.some((one) => reaches(one, failOn)))
  return fails && flags.exitZero !== true ? 1 : 0
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

/** The rules are loaded before the projects are read only where an option names some. */
async function knownRules(flags: LintFlags): Promise<readonly RuleInfo[]> {
  const isNeeded = flags.listRules || flags.select !== undefined || flags.ignore !== undefined
  return isNeeded ? allRules() : ownRules
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

function outcomeOf(
  { reported }: ReadProject,
  { config }: Settings,
  flags: LintFlags,
  { findings, suppressed, unknowns }: Checked,
  rename: (path: string) => string,
): Outcome {
  const isReported = ({ at, hops = [] }: Finding): boolean =>
    reported === undefined || reported.has(at.path) || hops.some((hop) => reported.has(hop.at.path))
  return {
    findings: findings.filter(isReported).map((finding) => moved(finding, rename)),
    silenced: suppressed
      .filter(({ finding }) => isReported(finding))
      .map(({ finding, reason }) => ({ finding: moved(finding, rename), by: 'comment', reason })),
    unknowns: unknowns
      .filter(({ at }) => reported?.has(at.path) ?? true)
      .map(({ at, what }) => ({ at: { ...at, path: rename(at.path) }, what })),
    failOn: flags.failOn ?? config.failOn ?? 'warning',
  }
}

function moved(finding: Finding, rename: (path: string) => string): Finding {
  const { at, hops, secrets, fix } = finding
  const span = <T extends { readonly path: string }>(one: T): T => ({ ...one, path: rename(one.path) })
  return {
    ...finding,
    at: span(at),
    ...(hops === undefined ? {} : { hops: hops.map((hop) => ({ ...hop, at: span(hop.at) })) }),
    ...(secrets === undefined ? {} : { secrets: secrets.map(span) }),
    ...(fix === undefined
      ? {}
      : { fix: { edits: fix.edits.map((edit) => ({ ...edit, at: span(edit.at) })) } }),
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
