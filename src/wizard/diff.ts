import { structuredPatch } from 'diff'
import { Secret } from '../secret.ts'
import { paint, type Screen } from './screen.ts'

/** A file that is to be written. */
export interface Change {
  /** As the user would write it. */
  readonly path: string
  /** `undefined`: a new file. */
  readonly before: string | undefined
  readonly after: string | Secret
  /** Of a new file. */
  readonly mode: number
}

const HIDDEN = '[secret, not shown]'

/**
 * A variable whose literal value is nobody's business: `NAME: value` on a line of YAML, `NAME=value` anywhere. A value
 * that is vaulted or a template is shown.
 */
const SECRET_NAME = String.raw`["']?[\w.-]*(?:token|secret|password|passwd|_pass)(?![\w-]*_file)[\w-]*["']?\s*`
const SHOWABLE = String.raw`(?!["']?\{\{|!vault|[|>]|["']?\$ANSIBLE_VAULT)`
const YAML_SECRET = new RegExp(String.raw`^(\s*(?:- )?${SECRET_NAME}:\s+)${SHOWABLE}(\S.*)$`, 'i')
const INI_SECRET = new RegExp(String.raw`((?:^|\s)${SECRET_NAME}=\s*)${SHOWABLE}("[^"]*"|'[^']*'|\S+)`, 'gi')

/**
 * The change as a unified diff that `git apply` and `patch -p1` take, secrets aside: a line that gives a secret a
 * literal value, and any text of `secrets`, reads `[secret, not shown]`.
 */
export function unifiedDiff(
  change: Change,
  secrets: readonly Secret[],
  screen: Pick<Screen, 'color'>,
): string {
  const { path, before, after, mode } = change
  const name = path.replaceAll('\\', '/')
  const isOutside = /^(?:~|\.\.|\/|[A-Za-z]:)/.test(name)
  const [from, to] = isOutside ? [name, name] : [`a/${name}`, `b/${name}`]
  const created = [`new file mode ${(0o100000 | mode).toString(8)}`, '--- /dev/null', `+++ ${to}`]
  const head = [
    ...(isOutside ? [] : [`diff --git ${from} ${to}`]),
    ...(before === undefined ? created : [`--- ${from}`, `+++ ${to}`]),
  ]
  // A new file is k3seal's own and has no secret in clear text; only what users wrote may.
  const hide = (text: string): string => (before === undefined ? text : masked(text, secrets))
  const lines =
    after instanceof Secret ? ['@@ -0,0 +1 @@', `+${HIDDEN}`] : hunkLines(hide(before ?? ''), hide(after))
  return [...head.map((line) => paint(screen, 'bold', line)), ...lines.map((line) => painted(line, screen))]
    .map((line) => `${line}\n`)
    .join('')
}

/** How many lines come and go. */
export function lineCounts({ before, after }: Change): { readonly added: number; readonly removed: number } {
  const lines = after instanceof Secret ? ['+'] : hunkLines(before ?? '', after)
  const count = (mark: string): number => lines.filter((line) => line.startsWith(mark)).length
  return { added: count('+'), removed: count('-') }
}

function hunkLines(before: string, after: string): readonly string[] {
  const { hunks } = structuredPatch('', '', before, after, '', '', { context: 3 })
  return hunks.flatMap(({ oldStart, oldLines, newStart, newLines, lines }) => [
    // A range of no lines is named by the line before it.
    `@@ -${oldLines === 0 ? oldStart - 1 : oldStart},${oldLines} +${newLines === 0 ? newStart - 1 : newStart},${newLines} @@`,
    ...lines,
  ])
}

function painted(line: string, screen: Pick<Screen, 'color'>): string {
  if (line.startsWith('@@')) return paint(screen, 'cyan', line)
  if (line.startsWith('+')) return paint(screen, 'green', line)
  return line.startsWith('-') ? paint(screen, 'red', line) : line
}

/** The same for both sides of a diff, so that their unchanged lines stay the same. */
function masked(text: string, secrets: readonly Secret[]): string {
  let shown = text
  for (const secret of secrets) {
    const value = secret.reveal()
    if (value.length >= 4) shown = shown.replaceAll(value, HIDDEN)
  }
  return shown
    .split('\n')
    .map((line) => line.replace(YAML_SECRET, `$1${HIDDEN}`).replace(INI_SECRET, `$1${HIDDEN}`))
    .join('\n')
}
