import { dirname, resolve } from 'node:path'
import type { Report } from '../../report/report.ts'
import type { Session } from '../session.ts'
import type { Format, LintFlags } from './flags.ts'

/** The report in the format that is asked for; each reporter is loaded when it is. */
export async function present(session: Session, flags: LintFlags, report: Report): Promise<string> {
  switch (formatOf(session, flags)) {
    case 'json':
      return (await import('../../report/json.ts')).jsonReport(report)
    case 'sarif':
      return (await import('../../report/sarif.ts')).sarifReport(report)
    case 'github':
      return (await import('../../report/github.ts')).githubReport(report)
    case 'gitlab':
      return (await import('../../report/gitlab.ts')).gitlabReport(report)
    case 'junit':
      return (await import('../../report/junit.ts')).junitReport(report)
    case 'text':
      return (await import('../../report/text.ts')).textReport(report, {
        color: isColored(session, flags),
        quiet: flags.quiet === true,
        showUnknown: flags.showUnknown === true,
      })
  }
}

/** GitHub shows its own commands beside the changed lines; whoever names a format or a file means something else. */
function formatOf({ env }: Session, { format, output }: LintFlags): Format {
  if (format !== undefined) return format
  return env.GITHUB_ACTIONS === 'true' && output === undefined ? 'github' : 'text'
}

/** `Session.color` is about standard error; a report goes to standard output, or into a file. */
export function isColored(
  { env, stdout }: Session,
  { color, output }: Pick<LintFlags, 'color' | 'output'>,
): boolean {
  if (!color || output !== undefined || env.NO_COLOR) return false
  if (env.FORCE_COLOR) return true
  return (stdout as { readonly isTTY?: boolean }).isTTY === true && env.TERM !== 'dumb'
}

export async function write(
  session: Session,
  { output }: Pick<LintFlags, 'output'>,
  text: string,
): Promise<void> {
  if (output === undefined) {
    session.stdout.write(text)
    return
  }
  const { writeAll } = await import('../../io/write.ts')
  const path = resolve(session.cwd, output)
  await writeAll(dirname(path), [{ path, content: text, mode: 0o644 }])
}
