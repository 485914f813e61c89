import { argumentVariables, tokenSettings } from '../../facts/tokenVariables.ts'
import type { Span } from '../../span.ts'
import { type Expression, parseTemplate, yamlTemplate } from '../../syntax/jinja/index.ts'
import type { SinkId } from '../../token/sinks.ts'
import { commandAt, firstOf, lineAt, lineStart, paragraph, REACH, withoutComments } from './around.ts'
import { partsOf, textsIn } from './expressions.ts'
import type { FileKind } from './places.ts'
import type { Setting, SiteCarrier } from './site.ts'
import { useOf } from './use.ts'
import { readValue } from './value.ts'
import { known } from './written.ts'

const NAMES = Object.keys(tokenSettings).join('|')
const ASSIGNMENT = new RegExp(`(?<![\\w-])(${NAMES})[ \\t]*[:?]?=[ \\t]*`, 'g')
const OPTION =
  /(?<![\w-])(?:--(?:(agent-)?token|(cluster-secret))(?![\w-])|(?<=[\s"'])(-t)(?![\w-]))(?:=|(?:[ \t]|\\\s*\n)+|["'](?:[ \t]|\\\s*\n)+(?=["'](?!-)|\{\{|\$)|["']?[ \t]*,[ \t]*(?=["'])|["']?[ \t]*\n[ \t]*-[ \t]+)/g
const K3S = /k3s|rke2/i
const SHELL = '\\b(?:ba|da|a|k|z)?sh\\b'
const GIVES_OPTIONS = new RegExp(`${SHELL}|_EXEC|Exec\\w+=|args|options`, 'i')
/** Whose `-t` is the token: K3s itself, its install script, and a shell that reads that. */
const TAKES_SHORT = new RegExp(
  `(?:\\b(?:k3s|rke2)(?:[\\w-]*\\.sh)?["']?[\\s,]|_EXEC["']?\\s*[=:]).*\\b(?:server|agent)\\b|${SHELL}[ \\t]+-s[ \\t]+--?\\s`,
  's',
)
/** Programs with a `--token` of their own, and commands of k3s that hand it to one. */
const FOREIGN =
  /\b(kubectl|crictl|ctr|cloudflared|kubeadm|helm|vault|gitlab-runner|argocd|flux|gh|openstack)\b/

/** The variables whose value goes into a k3s command, so that `--token` in it is an option of K3s. */
export interface ArgumentVariables {
  readonly names: ReadonlySet<string>
  /** Where a file gives them their values, as far as that is known. */
  readonly places: readonly Span[] | undefined
}

/** The token settings that stand in a text as text: assignments to environment variables and options of k3s commands. */
export function settingsIn(
  path: string,
  source: string,
  kind: FileKind,
  variables: ArgumentVariables,
): readonly Setting[] {
  if (!/token|cluster-secret/i.test(source) && !/[\s"']-t[\s"'=]/.test(source)) return []
  const text = withoutComments(source, kind)
  return [...assignments(path, text, kind), ...options(path, text, kind, variables)]
}

/** Patterns that look for the setting write none, and neither do conditions and texts for people. */
const NO_SETTING =
  /\b(?:regexp?|when|name|description|short_description|msg|fail_msg|success_msg|help):|\b(?:sed|e?grep|awk)\b/

/** A text for people goes on in the lines below its key, too. */
const FOR_PEOPLE =
  /^\s*(?:- )?["']?(?:name|description|short_description|msg|fail_msg|success_msg|help)["']?:/

/** In an expression such a text is looked for: `regex_search('K3S_TOKEN=(.+)')`. */
function isInExpression(text: string, offset: number): boolean {
  const before = text.slice(Math.max(0, offset - REACH), offset)
  return ['{{', '{%'].some(
    (open) => before.lastIndexOf(open) > before.lastIndexOf(open === '{{' ? '}}' : '%}'),
  )
}

function* assignments(path: string, text: string, kind: FileKind): Generator<Setting> {
  for (const match of firstOf(text.matchAll(ASSIGNMENT))) {
    const name = match[1] as keyof typeof tokenSettings
    const offset = match.index + match[0].length
    const line = lineAt(text, match.index)
    const before = line.slice(0, match.index - lineStart(text, match.index))
    if (NO_SETTING.test(before) || text[offset] === '=') continue
    const command = commandAt(text, match.index, kind)
    if (kind === 'yaml' && FOR_PEOPLE.test(command.text)) continue
    if (isInExpression(text, match.index)) continue
    // 'K3S_TOKEN=' in quotes of its own is a text to look for, too.
    if (/["']/.test(text[match.index - 1] ?? '') && text[match.index - 1] === text[offset]) continue
    // A table or a list of TOML, HCL and the like is no text.
    if (kind === 'other' && /^(?:\{(?!\{)|\[)/.test(text.slice(offset, offset + 2))) continue
    const { carrier, sink } = assignmentPlace(kind, before, text, match.index)
    if (isEmpty(match[0], kind, carrier)) continue
    const value = readValue(path, text, offset, kind, carrier === 'env-file', text[match.index - 1])
    if (value === undefined) continue
    yield {
      name,
      carrier,
      sink,
      use: tokenSettings[name] === 'agent-token' ? 'agent-token' : useOf(path, command),
      isArgument: false,
      file: kind,
      ...value,
    }
  }
}

/** To a shell, and in a unit, a blank right behind `NAME=` ends the word: what follows is another one. */
function isEmpty(assignment: string, kind: FileKind, carrier: SiteCarrier): boolean {
  return kind !== 'make' && carrier !== 'env-file' && /\w=[ \t]+$/.test(assignment)
}

function assignmentPlace(
  kind: FileKind,
  before: string,
  text: string,
  offset: number,
): { readonly carrier: SiteCarrier; readonly sink: SinkId | undefined } {
  if (kind === 'unit')
    return {
      carrier: 'unit',
      sink: /^\s*Environment\s*=/.test(before) ? 'environment-directive' : 'exec-start',
    }
  if (kind === 'env-file') return { carrier: 'env-file', sink: 'environment-file' }
  if (kind === 'other') return { carrier: 'environment', sink: undefined }
  if (kind !== 'yaml') return { carrier: 'shell', sink: 'posix-shell' }
  const task = paragraph(text, offset)
  if (/\.env\b|env_file|\bline(?:infile)?:/.test(task) && !/\bEnvironment=/.test(before))
    return { carrier: 'env-file', sink: 'environment-file' }
  if (/\bEnvironment=/.test(before)) return { carrier: 'unit', sink: 'environment-directive' }
  if (/\bshell:/.test(task)) return { carrier: 'shell', sink: 'posix-shell' }
  return { carrier: 'environment', sink: undefined }
}

/** The program and its words before an option: on the same line, where lines are neither continued, folded nor Jinja's alone. */
function programBefore(before: string, command: string, kind: FileKind): string {
  const isFolded =
    (kind === 'yaml' || kind === 'ci') && /^\s*(?:- )?["']?[\w./-]+["']?:(?!\s*\|)/.test(command)
  const plain = before.replace(/^[ \t]*\{%.*?%\}[ \t]*\n/gm, '').replace(/\{[{%].*?[}%]\}/gs, ' ')
  return plain.split(isFolded ? /[|;&]/ : /[|;&]|(?<!\\[ \t]*)\n/).at(-1) ?? ''
}

function* options(
  path: string,
  text: string,
  kind: FileKind,
  { names, places = [] }: ArgumentVariables,
): Generator<Setting> {
  for (const match of firstOf(text.matchAll(OPTION))) {
    if (NO_SETTING.test(text.slice(lineStart(text, match.index), match.index))) continue
    const command = commandAt(text, match.index, kind)
    if (kind === 'yaml' && FOR_PEOPLE.test(command.text)) continue
    const header = /^\s*(?:- )?["']?([\w.-]+)["']?:/.exec(command.text)?.[1] ?? ''
    const isKnown =
      names.has(header) ||
      argumentVariables.includes(header) ||
      places.some(({ start, end }) => start <= match.index && match.index < end)
    // A compose file names K3s as the image, the scalar only its subcommand.
    const isOfImage =
      /^\s*(?:- )?command:.*\b(?:server|agent)\b/.test(command.text) && K3S.test(paragraph(text, match.index))
    if (!K3S.test(command.text) && !isKnown && !isOfImage) continue
    const before = command.text.slice(0, match.index - command.start)
    const last = before.split(/[|;&]|\n(?=\s*\w+=)/).at(-1) ?? ''
    if (FOREIGN.test(last)) continue
    const [, agent, secret, short] = match
    if (short !== undefined && !isKnown && !TAKES_SHORT.test(programBefore(before, command.text, kind)))
      continue
    if (!isKnown && !isOfImage && !K3S.test(last) && !GIVES_OPTIONS.test(command.text)) continue
    const read = (offset: number) => readValue(path, text, offset, kind, false) ?? []
    const values = isInExpression(text, match.index)
      ? valuesInExpression(path, text, match, read)
      : [read(match.index + match[0].length)].flat()
    const isAgentToken = agent !== undefined
    for (const value of values)
      yield {
        name: isAgentToken ? '--agent-token' : (short ?? `--${secret ?? 'token'}`),
        carrier: 'argument',
        sink: kind === 'unit' ? 'exec-start' : kind === 'yaml' ? undefined : 'posix-shell',
        use: isAgentToken ? 'agent-token' : useOf(path, command),
        isArgument: true,
        file: kind,
        ...value,
      }
  }
}

type Value = Pick<Setting, 'written' | 'raw'>

/**
 * The texts behind an option in a text of an expression, or put behind that text: `'--token ' ~ (berth_key | default('…'))`.
 * Variables are left to the rehearsal.
 */
function valuesInExpression(
  path: string,
  text: string,
  { index }: RegExpExecArray,
  read: (offset: number) => Value | readonly Value[],
): readonly Value[] {
  const from = text.lastIndexOf('{{', index)
  const raw = text.slice(from, index + text.slice(index, index + REACH).indexOf('}}') + 2)
  const [output] = parseTemplate(raw, yamlTemplate).body
  if (output?.kind !== 'output') return []
  const found = textsIn(output.expression).find(
    ({ text: { start, end } }) => from + start < index && index < from + end,
  )
  if (found === undefined) return []
  const end = from + found.text.end - 1
  const [option] = /^-[\w-]+(?:=|[ \t]+)/.exec(text.slice(index, end)) ?? []
  if (option === undefined) return []
  const offset = index + option.length
  const [value, next] = found.behind
  // What is put right behind it is the rest of it.
  if (offset < end)
    return [read(offset)].flat().filter(({ written }) => value === undefined || written.at.end < end)
  if (next !== undefined && !isApart(next)) return []
  return partsOf(value).flatMap((part) => {
    if (part.kind !== 'text') return []
    const at = { path, start: from + part.start + 1, end: from + part.end - 1 }
    const own = text.slice(at.start, at.end)
    const style = text[at.start - 1] === '"' ? 'double' : 'single'
    return own === part.text && own !== ''
      ? [{ raw: own, written: { at, ...known(own), style } as const }]
      : []
  })
}

const isApart = (next: Expression): boolean =>
  next.kind === 'literal' && next.type === 'string' && /^\s/.test(next.value)
