import type { Content, Role, Task } from '../../ansible/content/index.ts'
import { joinPath } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import { escaped } from '../../syntax/regExp.ts'
import { withoutComments } from '../sites/around.ts'
import { fileKind, isTemplate as isTemplateFile } from '../sites/places.ts'
import { type Closure, closureOf } from './closure.ts'
import { playbookOf } from './lone.ts'
import { isTemplate } from './namedFiles.ts'
import { textOf } from './relevance.ts'

/**
 * Whether a file is a template or file of a role that is played, while nothing that could bring it to a node names it, or may name
 * it. What other roles name alike are files of their own: Ansible looks for them in these.
 */
export function unusedFiles(
  content: Content,
  project: Project,
  played: readonly Closure[],
): (path: string) => boolean {
  const known = new Map<string, boolean>()
  const users = new Map<Role, Users | undefined>()
  return (path) => {
    let answer = known.get(path)
    if (answer !== undefined) return answer
    answer = false
    const role = played.flatMap(({ roles }) => roles).find((one) => isFileOf(one, path))
    if (role !== undefined) {
      if (!users.has(role)) users.set(role, usersOf(role, content, project, played))
      const found = users.get(role)
      answer = found !== undefined && !isNamed(path, role, found)
    }
    known.set(path, answer)
    return answer
  }
}

const isFileOf = ({ directory }: Role, path: string): boolean =>
  ['templates', 'files'].some((kind) => path.startsWith(joinPath(directory, `${kind}/`)))

/** What may name a file of a role. */
interface Users {
  readonly texts: ReadonlyMap<string, string>
  readonly tasks: readonly Task[]
}

/** All that the role reaches, and what stands outside of roles. `undefined`: it reaches more than is here. */
function usersOf(
  role: Role,
  content: Content,
  project: Project,
  played: readonly Closure[],
): Users | undefined {
  const own = closureOf(content, project, playbookOf(role, role.directory, role.directory))
  if (own.isOpen || own.roles[0]?.directory !== role.directory) return undefined
  const isOfRole = (path: string): boolean =>
    content.roles.some(({ directory }) => directory !== '' && path.startsWith(`${directory}/`))
  const texts = new Map<string, string>()
  for (const [path, text] of project) {
    const kind = fileKind(path, text)
    const isUser = own.paths.has(path) || isFileOf(role, path) || !isOfRole(path)
    // In a template the lines of comments are rendered, too.
    if (isUser && kind !== 'docs') texts.set(path, isTemplateFile(path) ? text : withoutComments(text, kind))
  }
  const others = played.flatMap(({ tasks }) => tasks).filter(({ task }) => !isOfRole(task.at.path))
  return { texts, tasks: [...own.tasks, ...others, ...own.handlers].map(({ task }) => task) }
}

function isNamed(path: string, role: Role, { texts, tasks }: Users): boolean {
  const own = role.directory === '' ? path : path.slice(role.directory.length + 1)
  const [name = '', ...directories] = own.split('/').reverse()
  const plain = new RegExp(`(?<![\\w.-])${escaped(name)}(?![\\w-]|\\.\\w)`)
  // One of its directories as a whole, or something in it of which the name is not known.
  const above = directories.map(escaped).join('|')
  const around = new RegExp(`/(?:${above})(?:/?(?:["'\\s)*]|$)|/[^\\s"']*[*{])`)
  for (const [at, text] of texts)
    if (at !== path && [plain, around, LOOKS_UP, INCLUDES].some((pattern) => pattern.test(text))) return true
  const names = [name, ...directories, role.directory.split('/').at(-1) ?? '']
  const kind = own.startsWith('files/') ? 'files' : 'templates'
  const isKindNamed = [...texts.values()].some((text) => NAMES_KIND[kind].test(text))
  return tasks.some((task) => mayTake(task, names, isKindNamed ? undefined : kind))
}

/** A directory that has those of a role in it. */
const WHOLE = String.raw`\b(?:role_path|playbook_dir|inventory_dir)\b(?!\s*\}\}/(?!roles\b)\w)`
/** How a text leads into the directory, whatever is looked for there. */
const NAMES_KIND = {
  files: new RegExp(String.raw`(?<![\w.-])files(?![\w-])|${WHOLE}`),
  templates: new RegExp(String.raw`(?<![\w.-])templates(?![\w-])|${WHOLE}`),
} as const

/** A file that is read under a name that does not stand there. */
const LOOKS_UP =
  /\b(?:lookup|query|q)\(\s*['"](?:[\w.]+\.)?(?:template|file|unvault)['"]\s*,\s*(?!(['"])[^'"]*\1\s*[,)])/
const INCLUDES = /\{%[-+]?\s*(?:include|import|from|extends)\s+(?!['"])/

const WRITERS = new Set(['template', 'copy'])
/** Their `src` is a file of the node, or none at all. */
const ON_NODE = new Set([
  'file',
  'fetch',
  'slurp',
  'mount',
  'ansible.posix.mount',
  'ufw',
  'community.general.ufw',
])
/**
 * In which directory of a role they look for what `src` names; https://docs.ansible.com/ansible/latest/playbook_guide/playbook_pathing.html
 */
const LOOKS_IN: Readonly<Record<string, 'files' | 'templates'>> = {
  template: 'templates',
  copy: 'files',
  assemble: 'files',
  script: 'files',
  unarchive: 'files',
  uri: 'files',
}
const TEMPLATE = /\{\{.*?\}\}|\{%.*?%\}/gs
const ITEM = /^\{\{\s*item(?:\.\w+|\[(['"])\w+\1\])*\s*\}\}$/

/**
 * Whether `src` of a task, whose plain names are known to be others, may mean one of the names: of a file, or of a directory.
 * `kind`: where the file lies, if nothing leads there but the search for a file of that kind.
 */
function mayTake(
  { action, keywords }: Task,
  names: readonly string[],
  kind: 'files' | 'templates' | undefined,
): boolean {
  if (isTemplate(textOf(keywords.get('with_file')?.value ?? null))) return true
  const value = action.arguments.get('src')?.value
  // The arguments of a task may be one variable.
  if (value === undefined) return WRITERS.has(action.module) && !action.arguments.has('content')
  if (ON_NODE.has(action.module)) return false
  if (isOn(action.arguments.get('remote_src')?.value)) return false
  if (typeof value !== 'string') return true
  const templates = value.match(TEMPLATE) ?? []
  const last = value.replace(TEMPLATE, '\0').split('/').filter(Boolean).at(-1) ?? '.'
  if (/^\.{1,2}$/.test(last) || isTemplate(last)) return true
  const searched = LOOKS_IN[action.module]
  const isElsewhere = kind !== undefined && searched !== undefined && searched !== kind
  if (isElsewhere && last.includes('\0') && !/\.\.|\broles\b/.test(value)) return false
  const pattern = new RegExp(`^${last.split('\0').map(escaped).join('(.*)')}$`)
  const items = (keywords.get('loop') ?? keywords.get('with_items') ?? keywords.get('with_list'))?.value
  const words = Array.isArray(items) && !keywords.has('loop_control') ? textOf(items) : undefined
  const isKnown = words !== undefined && !isTemplate(words) && templates.every((one) => ITEM.test(one))
  return names.some((name) => {
    const match = pattern.exec(name)
    return match !== null && (!isKnown || match.slice(1).every((part) => words.includes(part)))
  })
}

const isOn = (value: unknown): boolean =>
  value === true || (typeof value === 'string' && /^(?:yes|true|on|1)$/i.test(value))
