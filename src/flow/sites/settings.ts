import { argumentVariables, tokenSettings } from '../../facts/tokenVariables.ts'
import type { SinkId } from '../../token/sinks.ts'
import type { FileKind } from './places.ts'
import type { Setting, SiteCarrier, TokenUse, Written } from './site.ts'
import { known } from './written.ts'

const NAMES = Object.keys(tokenSettings).join('|')
const ASSIGNMENT = new RegExp(`(?<![\\w-])(${NAMES})[ \\t]*[:?]?=[ \\t]*`, 'g')
const OPTION =
  /(?<![\w-])(?:--(agent-)?token(?![\w-])|(?<=(?:\b(?:k3s|rke2)|\bsh[ \t]+-s[ \t]+-)\s[^\n]{0,300}\s)-t(?![\w-]))(?:=|[ \t]+|\\\s*\n\s*|["']?[ \t]*,[ \t]*(?=["'])|["']?[ \t]*\n[ \t]*-[ \t]+)/g
const K3S = /k3s|rke2/i
/** Programs with a `--token` of their own, and commands of k3s that hand it to one. */
const FOREIGN =
  /\b(kubectl|crictl|ctr|cloudflared|kubeadm|helm|vault|gitlab-runner|argocd|flux|gh|openstack)\b/

/**
 * The token settings that stand in a text as text: assignments to environment variables and options of k3s commands.
 * `argumentNames`: variables whose value goes into a k3s command, so that `--token` in them is its option.
 */
export function settingsIn(
  path: string,
  source: string,
  kind: FileKind,
  argumentNames: ReadonlySet<string>,
): readonly Setting[] {
  if (!/token/i.test(source)) return []
  const text = withoutComments(source, kind)
  return [...assignments(path, text, kind), ...options(path, text, kind, argumentNames)]
}

/** No file that somebody wrote has more; one that was made to hold millions must not take minutes. */
const MOST = 1000

function* firstOf(matches: Iterable<RegExpExecArray>): Generator<RegExpExecArray> {
  let left = MOST
  for (const match of matches) {
    if (left === 0) return
    left -= 1
    yield match
  }
}

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
    // A pattern that looks for the setting writes none, and neither does a condition.
    if (/\bregexp?:/.test(before) || /\bwhen:/.test(before) || text[offset] === '=') continue
    if (isInExpression(text, match.index)) continue
    // 'K3S_TOKEN=' in quotes of its own is a text to look for, too.
    if (/["']/.test(text[match.index - 1] ?? '') && text[match.index - 1] === text[offset]) continue
    const { carrier, sink } = assignmentPlace(kind, before, text, match.index)
    const value = readValue(path, text, offset, kind, carrier === 'env-file', text[match.index - 1])
    if (value === undefined) continue
    yield {
      name,
      carrier,
      sink,
      use:
        tokenSettings[name] === 'agent-token'
          ? 'agent-token'
          : useOf(path, commandAt(text, match.index, kind)),
      isArgument: false,
      file: kind,
      ...value,
    }
  }
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

function* options(
  path: string,
  text: string,
  kind: FileKind,
  argumentNames: ReadonlySet<string>,
): Generator<Setting> {
  for (const match of firstOf(text.matchAll(OPTION))) {
    if (isInExpression(text, match.index)) continue
    const command = commandAt(text, match.index, kind)
    const header = /^\s*(?:- )?["']?([\w.-]+)["']?:/.exec(command.text)?.[1] ?? ''
    const isKnown = argumentNames.has(header) || argumentVariables.includes(header)
    if (!K3S.test(command.text) && !isKnown) continue
    const last =
      command.text
        .slice(0, match.index - command.start)
        .split(/[|;&]|\n(?=\s*\w+=)/)
        .at(-1) ?? ''
    if (FOREIGN.test(last)) continue
    if (!isKnown && !K3S.test(last) && !/\bsh\b|_EXEC|Exec\w+=|args|options/i.test(command.text)) continue
    const value = readValue(path, text, match.index + match[0].length, kind, false)
    if (value === undefined) continue
    const isAgentToken = match[1] !== undefined
    yield {
      name: isAgentToken ? '--agent-token' : '--token',
      carrier: 'argument',
      sink: kind === 'unit' ? 'exec-start' : kind === 'yaml' ? undefined : 'posix-shell',
      use: isAgentToken ? 'agent-token' : useOf(path, command),
      isArgument: true,
      file: kind,
      ...value,
    }
  }
}

function useOf(path: string, { text }: { readonly text: string }): TokenUse {
  // `argv:` has one word on each line.
  const command = text.replace(/\n[ \t]*-[ \t]+/g, ' ')
  if (/\b(?:k3s|rke2|-s -|EXEC=\S?)\s*agent\b|\bagent --|"agent\b/.test(command)) return 'agent'
  if (/\b(?:k3s|rke2|-s -|EXEC=\S?)\s*server\b|\bserver --|--cluster-init|"server\b/.test(command))
    return 'server'
  return useByPath(path)
}

/** Which nodes a file is for, as far as the names of its role and of itself say. */
export function useByPath(path: string): TokenUse {
  const place = path.slice(Math.max(0, path.lastIndexOf('roles/')))
  if (/agent|worker|(?:^|[^a-z])node(?![a-z])/i.test(place)) return 'agent'
  return /server|master|control/i.test(place) ? 'server' : 'unknown'
}

const EXTRA = /(?<![\w-])(?:-e|--extra-vars)(?:[ \t]+|=)(?:\\?["'])?([^\n]*)/g
const RUNS_ANSIBLE = /\bansible(?:-playbook|-navigator)?\b/

/** Token variables that a command line gives to Ansible: `ansible-playbook -e token=…`. */
export function* extraVariablesIn(
  path: string,
  source: string,
  kind: FileKind,
  names: ReadonlySet<string>,
): Generator<Setting> {
  if (kind === 'unit' || kind === 'env-file' || kind === 'ini' || !RUNS_ANSIBLE.test(source)) return
  const text = withoutComments(source, kind)
  for (const match of firstOf(text.matchAll(EXTRA))) {
    if (!RUNS_ANSIBLE.test(commandAt(text, match.index, kind).text)) continue
    const [given = '', rest = ''] = match
    const start = match.index + given.length - rest.length
    for (const { 0: assignment, 1: name = '', index } of rest.matchAll(
      /(?<![\w.-])([A-Za-z_]\w*)\\?["']?(?:=|[ \t]*:[ \t]*)/g,
    )) {
      if (!names.has(name)) continue
      const value = readValue(path, text, start + index + assignment.length, kind, false)
      if (value === undefined) continue
      yield {
        name,
        carrier: 'extra-vars',
        sink: undefined,
        use: 'unknown',
        isArgument: true,
        file: kind,
        ...value,
      }
    }
  }
}

/** `token: "…"` of a Vagrantfile's `extra_vars`. */
export function* rubyVariablesIn(
  path: string,
  text: string,
  kind: FileKind,
  names: ReadonlySet<string>,
): Generator<Setting> {
  if (kind !== 'vagrant' || !K3S.test(text)) return
  for (const match of text.matchAll(
    /^[^#\n]{0,300}?(?<![\w:])["']?(\w{1,64})["']?[ \t]*(?:=>|:)[ \t]*(?=["'])/gm,
  )) {
    const name = match[1] ?? ''
    const value = names.has(name)
      ? readValue(path, text, match.index + match[0].length, kind, false)
      : undefined
    if (value === undefined) continue
    yield {
      name,
      carrier: 'extra-vars',
      sink: undefined,
      use: 'unknown',
      isArgument: false,
      file: kind,
      ...value,
    }
  }
}

/** Variables that stand in a k3s command. */
export function argumentNamesIn(text: string): readonly string[] {
  if (!/\b(?:k3s|rke2)\s+(?:server|agent)\b|INSTALL_(?:K3S|RKE2)_EXEC/.test(text)) return []
  const commands = /^.*(?:\b(?:k3s|rke2)[ \t]+(?:server|agent)\b|INSTALL_(?:K3S|RKE2)_EXEC).*$/gm
  return [...text.matchAll(commands)].flatMap(([line]) =>
    [...line.matchAll(/\{\{-?\s*(\w+)/g)].map(([, name = '']) => name),
  )
}

/** The value that begins at an offset: to the closing quote, or to the end of the word. */
export function readValue(
  path: string,
  text: string,
  offset: number,
  kind: FileKind,
  wholeLine: boolean,
  before = '',
): { readonly written: Written; readonly raw: string } | undefined {
  const quote = /\\?["']/y
  quote.lastIndex = offset
  const opening = quote.exec(text)?.[0]
  const start = offset + (opening?.length ?? 0)
  let end = start
  while (end < text.length && end - start < REACH && text[end] !== '\n') {
    const inside = ['{{', '{%', '$('].find((brace) => text.startsWith(brace, end))
    if (inside !== undefined) {
      const close = text.indexOf(inside === '{{' ? '}}' : inside === '{%' ? '%}' : ')', end)
      if (close === -1) break
      end = close + (inside === '$(' ? 1 : 2)
      continue
    }
    if (opening !== undefined ? text.startsWith(opening, end) : stops(text, end, kind, wholeLine)) break
    end += 1
  }
  if (opening === undefined) while (end > start && /\s/.test(text[end - 1] ?? '')) end -= 1
  const raw = text.slice(start, end)
  if (raw === '') return undefined
  // `"K3S_TOKEN=…"` is quoted as a whole; in YAML the quotes are those of the scalar.
  const around = opening ?? (kind !== 'yaml' && /["']/.test(before) ? before : '')
  const single = around.endsWith("'")
  const style = around === '' ? 'none' : single ? 'single' : 'double'
  const isReference = (!single || kind === 'yaml') && /^\$|`/.test(raw)
  const at = { path, start, end }
  const isPlaceholder = /^(?:__\w+__|@\w+@|%\w+%|%s|\\?\$\{?\w+.*)$/.test(raw)
  if (isReference || isPlaceholder || (kind === 'other' && /\$\{/.test(raw)))
    return { raw, written: { at, text: undefined, hidden: 'reference', style } }
  return { raw, written: { at, ...known(raw), style } }
}

function stops(text: string, at: number, kind: FileKind, wholeLine: boolean): boolean {
  const character = text[at] ?? ''
  if (wholeLine && kind !== 'yaml') return false
  return /[\s"'`]/.test(character) || (kind !== 'unit' && kind !== 'env-file' && /[;|&)\]},]/.test(character))
}

/** Same length, comments blank: of the file's own language and of Jinja. */
export function withoutComments(text: string, kind: FileKind): string {
  const blank = (comment: string): string => comment.replace(/[^\n]/g, ' ')
  const jinja = text.includes('{#') ? text.replace(/\{#[\s\S]*?#\}/g, blank) : text
  const lines = kind === 'unit' || kind === 'ini' ? /^[ \t]*[#;].*$/gm : /^[ \t]*#.*$/gm
  const whole = jinja.replace(lines, blank)
  if (kind === 'unit' || kind === 'env-file' || kind === 'ini' || !/\s#/.test(whole)) return whole
  return whole
    .split('\n')
    .map((line) => {
      const comment = commentStart(line)
      return comment === -1 ? line : line.slice(0, comment) + ' '.repeat(line.length - comment)
    })
    .join('\n')
}

/** Where a comment behind something begins: at a number sign behind white space that stands in no quotes. */
function commentStart(line: string): number {
  if (!/\s#/.test(line)) return -1
  let quote = ''
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? ''
    if (quote !== '') {
      if (character === quote) quote = ''
    } else if ((character === '"' || character === "'") && !/\w/.test(line[at - 1] ?? '')) quote = character
    else if (character === '#' && /\s/.test(line[at - 1] ?? '')) return at
  }
  return -1
}

interface Piece {
  readonly text: string
  readonly start: number
}

/** The command that an offset is part of: continued lines of a script, the scalar of a YAML file with its key, a whole unit. */
function commandAt(text: string, offset: number, kind: FileKind): Piece {
  if (kind === 'unit') {
    const from = Math.max(0, offset - REACH)
    return { text: text.slice(from, offset + REACH), start: from }
  }
  const lines = kind === 'yaml' || kind === 'ci'
  const begins = (line: string): boolean => /^\s*(?:- )?["']?[\w./-]+["']?:(?:\s|$)/.test(line)
  let start = lineStart(text, offset)
  while (start > 0 && offset - start < 4000) {
    const before = lineAt(text, start - 1)
    if (lines ? begins(lineAt(text, start)) || before.trim() === '' : !/\\\s*$/.test(before)) break
    start = lineStart(text, start - 1)
  }
  let end = lineEnd(text, offset)
  while (end < text.length && end - offset < 4000) {
    const after = lineAt(text, end + 1)
    if (
      lines
        ? begins(after) || /^\s*- /.test(after) || after.trim() === ''
        : !/\\\s*$/.test(text.slice(lineStart(text, end), end))
    )
      break
    end = lineEnd(text, end + 1)
  }
  return { text: text.slice(start, end), start }
}

/** How far a place is looked around, in code units: a line may be as long as the file. */
const REACH = 4096

/** The task around an offset, as far as blank lines say. */
function paragraph(text: string, offset: number): string {
  const from = Math.max(0, offset - REACH)
  const around = text.slice(from, offset + REACH)
  const start = around.lastIndexOf('\n\n', offset - from)
  const end = around.indexOf('\n\n', offset - from)
  return around.slice(start === -1 ? 0 : start, end === -1 ? undefined : end)
}

function lineStart(text: string, offset: number): number {
  const from = Math.max(0, offset - REACH)
  return from + text.slice(from, offset).lastIndexOf('\n') + 1
}

function lineEnd(text: string, offset: number): number {
  const end = text.slice(offset, offset + REACH).indexOf('\n')
  return end === -1 ? Math.min(text.length, offset + REACH) : offset + end
}

function lineAt(text: string, offset: number): string {
  return text.slice(lineStart(text, offset), lineEnd(text, offset))
}
