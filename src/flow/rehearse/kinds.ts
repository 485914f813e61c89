import type { Content } from '../../ansible/content/index.ts'
import { LOCALHOST } from '../../ansible/inventory/index.ts'
import { joinPath } from '../../ansible/inventory/projectTree.ts'
import type { AnsibleValue, Project } from '../../ansible/value.ts'
import { partsOf } from '../../path.ts'
import { byNumber } from '../names.ts'
import type { Closure } from './closure.ts'
import { FIRST, JOINING } from './groupKinds.ts'
import { loopVariables } from './loops.ts'
import type { Switches } from './switches.ts'

/** Kinds of invented hosts: of the servers the first one founds the cluster. */
export type InventedKind = 'first' | 'joining' | 'agent'

/** What a variable that tells nodes apart says on each kind of them; missing: the project has no word for that kind. */
export type KindVariable = Partial<Readonly<Record<InventedKind, string | boolean>>>

const AGENT = new Set('agent agents worker workers slave'.split(' '))
const SERVER = new Set(
  'server servers master masters control controller controllers controlplane apiserver manager'.split(' '),
)
const NEUTRAL = new Set(
  'k3s k8s kube kubernetes rke2 cluster node nodes plane host is be as role type kind install enable enabled setup'.split(
    ' ',
  ),
)

/** The kind of node that a word or a name of words is for, if it says nothing else. */
function kindOf(name: string): InventedKind | 'server' | undefined {
  const words = name.toLowerCase().split(/[_\s-]+/)
  const has = (known: ReadonlySet<string>): boolean => words.some((word) => known.has(word))
  if (![...words].every((word) => [AGENT, SERVER, FIRST, JOINING, NEUTRAL].some((known) => known.has(word))))
    return undefined
  if (has(AGENT)) return has(SERVER) || has(FIRST) ? undefined : 'agent'
  if (has(FIRST)) return has(JOINING) ? undefined : 'first'
  if (has(JOINING)) return 'joining'
  return has(SERVER) ? 'server' : undefined
}

/** Whether a group or a host is called as a kind of node, and as nothing else. */
export const isKind = (name: string): boolean => kindOf(withoutNumber(name)) !== undefined

const FALLBACK = String.raw`\s*\|\s*(?:ansible\.builtin\.)?(?:default|d)\(\s*`
const NAME = String.raw`(?<![.\w'"])([A-Za-z_]\w*)`
/** `name == 'word'`, `name in ['word', …]`, with filters between. */
const COMPARED = new RegExp(
  String.raw`${NAME}(?:\s*\|\s*[\w.]+(?:\([^()\n]*\))?)*\s*(?:\)\s*)*(?:[!=]=|\b(?:not\s+)?in\b)\s*(['"][\w-]+['"]|[[(]\s*['"][^\])\n]*[\])])`,
  'g',
)
const COMPARED_BACKWARDS = new RegExp(String.raw`['"]([\w-]+)['"]\s*[!=]=\s*\(*\s*${NAME}`, 'g')
const DEFAULTED = new RegExp(String.raw`${NAME}${FALLBACK}['"]([\w-]+)['"]`, 'g')
const SWITCH = new RegExp(
  String.raw`${NAME}(?:${FALLBACK}(?:true|false)\b|\s*\|\s*(?:ansible\.builtin\.)?bool\b)`,
  'gi',
)
const IN_NAME = /\{\{-?\s*([A-Za-z_]\w*)\s*(?:\|[^{}\n]*)?-?\}\}([\w./-]*)/g
const LONGEST_NAME = 60
/** Where the URL of a server is a variable as a whole: nodes that join have it. */
const URL =
  /(?:--server[\s=]+|\bK3S_URL["']?\s*[:=]\s*|^[ \t]*server:\s*)["']?\{\{-?\s*([A-Za-z_]\w*)\s*-?\}\}/gm
const SERVERS_URL = 'https://server-1:6443'

const NODE = /agent|worker|node|server|master|control/i

/** Variables of Ansible's own, and those of loops. */
const NOT_SET = /^(?:ansible_|inventory_hostname|groups?(?:_names)?$|hostvars$|item$|vars$|role_name$)/

/**
 * The variables by which a project without an inventory tells servers from agents where groups do not: those that a
 * condition or the name of a template compares with the words for them, and switches that are called so.
 */
export function kindVariables(
  closure: Closure,
  switches: Switches,
  content: Content,
  project: Project,
): ReadonlyMap<string, KindVariable> {
  const defaults = new Map<string, AnsibleValue>()
  const settled = new Set<string>()
  for (const role of closure.roles) {
    for (const { name, value } of content.roleDefaults(role).values())
      if (!defaults.has(name)) defaults.set(name, value)
    for (const name of content.roleVars(role).keys()) settled.add(name)
  }
  for (const { task } of closure.tasks) for (const name of loopVariables(task.keywords)) settled.add(name)
  const found = new Map<string, KindVariable>()
  const take = (name: string, kind: KindVariable | undefined): void => {
    if (kind !== undefined && !NOT_SET.test(name) && !settled.has(name) && !switches.isSet(name))
      found.set(name, kind)
  }
  for (const [name, words] of comparedWords(closure, content, project)) {
    const given = defaults.get(name) ?? ''
    if (typeof given !== 'string' || (given !== '' && kindOf(wordOf(given)) === undefined)) continue
    take(name, byWord(name, given === '' ? words : new Set([...words, given]), given === ''))
  }
  const flags = new Set([...defaults].flatMap(([name, value]) => (typeof value === 'boolean' ? [name] : [])))
  for (const text of closure.texts)
    for (const [, name = ''] of text.matchAll(SWITCH)) if (!defaults.has(name)) flags.add(name)
  for (const name of flags) {
    const kind = kindOf(name)
    if (kind !== undefined && switches.isTested(name)) take(name, byName(kind))
  }
  for (const text of closure.texts)
    for (const [, name = ''] of text.matchAll(URL)) {
      const given = defaults.get(name)
      const isOff = given === false || given === null || given === ''
      if (isOff && switches.isAsked(name)) take(name, { joining: SERVERS_URL, agent: SERVERS_URL })
    }
  return found
}

/** The words that variables are compared with, or that make file names of them: those of files first, which have to be there. */
function comparedWords(
  { texts, roles }: Closure,
  content: Content,
  project: Project,
): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>()
  const add = (name: string, word: string): void => {
    if (kindOf(wordOf(word)) === undefined) return
    const words = found.get(name)
    if (words === undefined) found.set(name, new Set([word]))
    else words.add(word)
  }
  let names: readonly string[] | undefined
  for (const text of texts)
    for (const { index, 1: name = '', 2: after = '' } of text.matchAll(IN_NAME)) {
      const [before = ''] = /[\w.-]*$/.exec(text.slice(Math.max(0, index - LONGEST_NAME), index)) ?? []
      if (before + after === '' || after.includes('/') || NOT_SET.test(name)) continue
      names ??= namesOfParts(roles, content, project)
      // `init` and `join` alone are what is done to a node, too.
      const words = names.flatMap((file) =>
        file.length > before.length + after.length && file.startsWith(before) && file.endsWith(after)
          ? [file.slice(before.length, file.length - after.length)].filter((word) => NODE.test(word))
          : [],
      )
      const kinds = words.map((word) => kindOf(wordOf(word)))
      if (kinds.includes('agent') && kinds.some((kind) => kind !== undefined && kind !== 'agent'))
        for (const word of words) add(name, word)
    }
  for (const text of texts) {
    for (const [, name = '', words = ''] of text.matchAll(COMPARED))
      for (const [, word = ''] of words.matchAll(/['"]([\w-]+)['"]/g)) add(name, word)
    for (const [, word = '', name = ''] of text.matchAll(COMPARED_BACKWARDS)) add(name, word)
  }
  for (const text of texts)
    for (const [, name = '', word = ''] of text.matchAll(DEFAULTED)) if (found.has(name)) add(name, word)
  return found
}

/** A node alone, among words for nodes, is one that is no master. */
const wordOf = (word: string): string => (/^(?:k3s[_-])?nodes?$/i.test(word) ? 'agent' : word)

/** What an include, a template or the like may name: files of the roles, and roles. */
function namesOfParts(roles: Closure['roles'], content: Content, project: Project): readonly string[] {
  const below = roles.flatMap(({ directory }) =>
    ['tasks', 'templates', 'files', 'vars'].map((kind) => joinPath(directory, `${kind}/`)),
  )
  const names = new Set(content.roles.map(({ name }) => name))
  for (const path of project.keys())
    if (below.some((directory) => path.startsWith(directory))) names.add(partsOf(path).name)
  return [...names]
}

/** `isFree`: nobody says what it is else, so that the other kind may have the plain word that K3s has for it. */
function byWord(name: string, words: ReadonlySet<string>, isFree: boolean): KindVariable | undefined {
  const of = (kind: ReturnType<typeof kindOf>): string | undefined =>
    [...words].find((word) => kindOf(wordOf(word)) === kind)
  const known = { agent: of('agent'), server: of('server'), first: of('first'), joining: of('joining') }
  const isRole = isFree && /(?:role|type|kind)$/i.test(name)
  const own = known.server ?? known.first ?? known.joining
  const agent = known.agent ?? (isRole && own !== undefined ? 'agent' : undefined)
  const server = own ?? (isRole && agent !== undefined ? 'server' : undefined)
  const first = known.first ?? server
  const joining = known.joining ?? known.server ?? server
  if (first === undefined || joining === undefined || (agent === undefined && first === joining))
    return undefined
  return { first, joining, ...(agent === undefined ? {} : { agent }) }
}

const byName = (kind: InventedKind | 'server'): KindVariable => ({
  first: kind === 'server' || kind === 'first',
  joining: kind === 'server' || kind === 'joining',
  agent: kind === 'agent',
})

/** Hosts that the texts of a project call by their names, though no inventory of it has them. */
export interface NamedHosts {
  /** The first one founds the cluster. */
  readonly servers: readonly string[]
  readonly agents: readonly string[]
  /** Whose name says nothing: what others ask of such a host is what a server has. */
  readonly others: readonly string[]
}

const HOSTVARS = /\bhostvars\s*\[\s*['"]([A-Za-z][\w.@-]*)['"]\s*\]/g
const DELEGATED = /^[ \t]*(?:-[ \t]+)?delegate_to:[ \t]*["']?([A-Za-z][\w.@-]*)["']?[ \t]*(?:#.*)?$/gm
const HOST_NAME = /^[A-Za-z][\w.@-]*$/
const TOKEN_READ = /\/(?:node-|agent-)?token\b|k3s\s+token\b/

/** Those of `hostvars['…']` and of `delegate_to:`; what a task adds by itself is none of the cluster, and a group is no host. */
export function namedHosts(
  { texts, tasks }: Closure,
  switches: Switches,
  content: Content,
  groups: readonly string[],
): NamedHosts {
  const added = addedHosts(tasks, groups)
  const asked = new Set<string>()
  for (const { task } of tasks) {
    const { at, keywords } = task
    const host = keywords.get('delegate_to')?.value
    // A token is read where a server has it; a variable that lacks its braces is no host.
    if (
      typeof host === 'string' &&
      HOST_NAME.test(host) &&
      !switches.isSet(host) &&
      TOKEN_READ.test(content.text(at.path)?.slice(at.start, at.end) ?? '')
    )
      asked.add(host)
  }
  for (const text of texts) {
    for (const [, name = ''] of text.matchAll(HOSTVARS)) asked.add(name)
    for (const [, name = ''] of text.matchAll(DELEGATED))
      if (kindOf(withoutNumber(name)) !== undefined && !switches.isSet(name)) asked.add(name)
  }
  const of = (...kinds: readonly unknown[]): readonly string[] =>
    [...asked]
      .filter(
        (name) => !LOCALHOST.has(name) && !added.has(name) && kinds.includes(kindOf(withoutNumber(name))),
      )
      .sort(byNumber)
  return { servers: of('first', 'server', 'joining'), agents: of('agent'), others: of(undefined) }
}

/** Names that are no hosts of an inventory: of groups, and of hosts that tasks add. */
export function addedHosts(tasks: Closure['tasks'], groups: readonly string[]): ReadonlySet<unknown> {
  const added = tasks.flatMap(({ task: { action } }) =>
    action.module === 'add_host'
      ? ['name', 'hostname', 'host'].map((name) => action.arguments.get(name)?.value)
      : [],
  )
  return new Set<unknown>([...groups, ...added])
}

/** A node by its number is one that is no master. */
const withoutNumber = (host: string): string => wordOf(stem(host))

/** `k3s-master-01.quay.test` → `k3s-master` */
export const stem = (host: string): string => (host.split('.')[0] ?? '').replace(/[_-]?\d+$/, '')

/** Whether a host is called an agent; any node of a cluster may be called a node. */
export const isAgentName = (host: string): boolean => kindOf(stem(host)) === 'agent'
