import {
  argumentText,
  type Content,
  collectionsIn,
  type Role,
  type RoleContext,
  type Statement,
  type Task,
} from '../../ansible/content/index.ts'
import type { AnsibleValue, Project } from '../../ansible/value.ts'
import { containers } from '../../facts/containers.ts'
import { escaped } from '../../syntax/regExp.ts'
import { refusalOf } from '../evaluate/index.ts'
import type { Closure } from './closure.ts'
import type { Stage } from './context.ts'
import type { PaperHosts } from './hosts.ts'
import { isFetch } from './modules/files.ts'
import { isOfRandomBytes } from './modules/generated.ts'
import { isClusterModule } from './modules/index.ts'
import { saysK3s } from './modules/ownScripts.ts'
import { packageModules } from './modules/packages.ts'
import { isTemplate, TEMPLATE, type Texts, tasksNamed } from './namedFiles.ts'
import { type PathIndex, pathIndex } from './pathIndex.ts'
import { hasRefusedCondition, refusedTemplate } from './refusedTemplates.ts'
import type { RoleParts } from './roles.ts'
import { strangeArguments } from './strangeArguments.ts'

/** A task as it stands in what a playbook reaches. */
export interface PlacedTask extends RoleContext {
  readonly task: Task
  /** `when`, `vars` and the like of the blocks around it, as text. */
  readonly around: string
  /** Its own `notify`, or that of the nearest block. */
  readonly notify?: AnsibleValue | undefined
}

const FILES =
  /\.service|\.env\b|systemd|init\.d|conf\.d|\/default\/|sysconfig|config\.ya?ml|token|\/bin\/k3s|install|K3S_|EnvironmentFile|\/server\b|\/(?:k3s|rancher)\/?["'\s,}]|\bget\.k3s\.io/i
const COMMANDS =
  /install|get\.k3s|\b(?:reboot|shutdown|supervisorctl)\b|systemctl|rc-service|\bservice\b|token|killall|k3sup|autok3s|k3d\b|K3S_|\bk3s\s+(?:server|agent|--version|-v\b|secrets|certificate)|\bk3s["']?\s*$|\brm\b|\b(?:apk|dpkg|rpm|pacman|yay|paru)\b[^\n]*\bk3s|\/k3s\b(?!\s+(?:kubectl|crictl|ctr))|sh -/im
const TOKEN = /token|K3S_|secret|vault/i
/** Files that K3s, or its unit, may have its token in. */
const HOLDERS = String.raw`\.env\b|config\.ya?ml|\/k3s[\w@-]*\.service\b`

/** What decides whether a task of some kind could matter: its own text and that of the variables in it. */
const INTEREST: ReadonlyMap<string, RegExp> = new Map([
  ...['copy', 'template', 'lineinfile', 'blockinfile', 'replace', 'ini_file', 'get_url', 'file'].map(
    (name) => [name, FILES] as const,
  ),
  ...['command', 'shell', 'raw', 'script'].map((name) => [name, COMMANDS] as const),
  ['set_fact', TOKEN] as const,
  // Most of their tokens are others.
  ...['uri', 'k8s'].map((name) => [name, /K3S_(?:AGENT_)?TOKEN/] as const),
  ['add_host', /token|K3S_|secret|vault|\bgroup/i] as const,
  ...[...packageModules, ...containers.modules.keys()].map((name) => [name, /k3s/i] as const),
  ['fetch', new RegExp(`token|secret|${HOLDERS}`, 'i')] as const,
  ['debug', new RegExp(String.raw`token|K3S_|secret|vault|hostvars|\bvars\b|${HOLDERS}`, 'i')] as const,
  ...[
    'service',
    'systemd',
    'systemd_service',
    'sysvinit',
    'openrc',
    'reboot',
    'slurp',
    'group_by',
    'include_vars',
    'service_facts',
    'meta',
    'fail',
    'assert',
  ].map((name) => [name, /(?:)/] as const),
])

/** Modules that may bring K3s to a node in ways that are not followed. */
const CARRIERS =
  /^(?:unarchive|synchronize|package|apt|apt_rpm|yum|dnf5?|zypper|pacman|apk|snap|pip|git|assemble)$|k3s/

const MOVERS = /\b(?:mount|fstab|ln|cp|mv|rsync|synchronize)\b/

/** Characters that are searched for paths at most, all searches together. */
const MUCH = 1_000_000_000

/** Their arguments are variables. */
const MAKERS = new Set(['set_fact', 'add_host'])
const READERS = new Set(['slurp', 'command', 'shell'])
const TOKEN_PATH =
  /\/(?:node-|agent-)?token\b|k3s\s+token\b|\/k3s\/config\.ya?ml|\/k3s\b[^\s"']*\.(?:env|service)\b/

/** Arguments that say which file a task writes; and of a fetch, which may bring away what was written before. */
const WRITTEN = ['dest', 'path', 'name']
const FETCHED = ['dest', 'src']

/** A file that a shell writes what a program prints to. */
const REDIRECTED = /(?:>>?|\btee\s+(?:-a\s+)?)\s*["']?((?:\{\{[^}]*\}\}|[^\s"';|&{}])+)/g

/** Scripts that are the install script, hand on to it, or run K3s. */
const WRITERS = new Set(['copy', 'template', 'get_url'])
const OF_SERVICES = /\.(?:service|env|conf|ya?ml|json|toml|tar|gz)$|^\/k3s[\w-]*$/

/** One that is written out. */
const PATH = /(?<![\w./}-])\/[\w.-]+(?:\/[\w.-]+)+/g

const LOOKS_UP = /\b(?:lookup|query|q)\(\s*['"](?:ansible\.builtin\.)?template['"]\s*,\s*['"]([^'"{}]+)['"]/g
/** What a role names that has to do with the cluster. */
const CLUSTER = /k3s|k3d|rke2|rancher|microk8s/i
/** What ends a play, or says on whom it goes on, matters wherever it stands. */
const ANYWHERE = new Set(['meta', 'fail', 'assert', 'add_host', 'group_by', 'include_vars', 'service_facts'])

const INCLUDE = /(?:^|\.)(?:include|import)_(?:tasks|role)$|^include$/
const NAME = /[A-Za-z_]\w*/g
/** Of a mapping: it names what is handed on, not what is read. */
const KEY = /(?<=^|[\s{,-])["']?\w+["']?\s*:(?=\s|$)/gm
const namesIn = (text: string): ReadonlySet<string> => new Set(text.match(NAME) ?? [])

/**
 * Which tasks could touch the way of the token: those that write, run or start something of K3s, and those that make a
 * variable which such a task, or a condition on its way, reads. The others are not rehearsed.
 */
export class Relevance {
  readonly #values = new Map<string, string>()
  readonly #tasks: readonly PlacedTask[]
  readonly #handlers: readonly PlacedTask[]
  /** Whether something is not in the project, which may have other handlers. */
  readonly #isOpen: boolean
  readonly #known: ReadonlySet<Task>
  readonly #relevant: ReadonlySet<Task>
  /** Of them those that matter in roles, too, that have nothing to do with the cluster. */
  readonly #relevantAnywhere: ReadonlySet<Task>
  /** Variables that are the same for all who read them: what only the `vars` of tasks hand on is another one for each. */
  readonly #shared = new Set<string>()
  readonly #dropped: Set<string>
  readonly #tokenNames: Set<string>
  readonly #content: Content
  readonly #by: Pick<Stage, 'content' | 'refuses' | 'missing'>
  readonly #refused = new Map<Task, boolean>()
  readonly #pathsUnder: PathIndex
  readonly #texts: Texts
  /** Whether some task may bring K3s in a way that is not followed: what is not seen may be there. */
  readonly mayBringK3s: boolean
  /** Whether some task may bring files to another directory in a way that is not followed: what is not seen there may be there. */
  readonly mayMoveFiles: boolean

  constructor(
    content: Content,
    project: Project,
    {
      tasks,
      roles,
      variables,
      plainTexts,
      handlers,
      isOpen,
    }: Pick<Closure, 'tasks' | 'roles' | 'variables' | 'plainTexts' | 'handlers' | 'isOpen'>,
    hosts: PaperHosts,
    tokenNames: ReadonlySet<string>,
    by: Pick<Stage, 'refuses' | 'missing'>,
  ) {
    this.#by = { ...by, content }
    this.#content = content
    this.#pathsUnder = pathIndex(project)
    this.#tasks = tasks
    this.#texts = plainTexts
    this.#known = new Set(tasks.map(({ task }) => task))
    this.#tokenNames = new Set([...tokenNames].map((name) => name.split('.')[0] ?? name))
    for (const role of roles)
      for (const known of [content.roleDefaults(role), content.roleVars(role)])
        for (const { name, value } of known.values()) this.#share(name, value)
    for (const host of hosts.hosts.values())
      for (const { name, value } of host.variables.values()) this.#share(name, value)
    for (const { task } of tasks)
      for (const [name, { value }] of MAKERS.has(task.action.module) ? task.action.arguments : [])
        this.#share(name, value)
    const handedOn = new Set(tasks.map(({ task }) => task.keywords.get('vars')?.value))
    for (const mapping of variables)
      if (typeof mapping === 'object' && mapping !== null && !Array.isArray(mapping))
        for (const [name, value] of Object.entries(mapping))
          if (handedOn.has(mapping)) this.#define(name, value as AnsibleValue)
          else this.#share(name, value as AnsibleValue)
    // What a task finds is as telling as what it looks for.
    for (const { task } of tasks) {
      const name = task.keywords.get('register')?.value
      if (typeof name === 'string') this.#share(name, this.#source(task))
    }
    this.#taint(tasks)
    this.#handlers = handlers
    this.#isOpen = isOpen
    this.#relevant = this.#follow(
      (placed) => this.#ownRole(placed) === undefined || this.#isNear(placed),
      () => true,
    )
    this.#relevantAnywhere = roles.every((role) => this.#isOfCluster(role))
      ? this.#relevant
      : this.#follow(
          (placed) => placed.role === undefined || this.#isNear(placed),
          (variable) => this.#shared.has(variable),
        )
    const isMade = tasks
      .filter(({ task }) => this.#relevantAnywhere.has(task))
      .flatMap(({ task }) => madeBy(task))
    this.#dropped = new Set(tasks.flatMap(({ task }) => madeBy(task)))
    for (const name of isMade) this.#dropped.delete(name)
    this.mayBringK3s = tasks.some(
      ({ task }) =>
        CARRIERS.test(task.action.module.split('.').at(-1) ?? '') && /k3s|rancher/i.test(this.#source(task)),
    )
    this.mayMoveFiles = tasks.some(({ task }) => MOVERS.test(this.#source(task)))
  }

  /**
   * A task that was not among those looked through (a dynamic include led to it) counts as one that matters. `role`: in
   * which it runs; in one that has nothing to do with the cluster, tasks that many roles share do nothing for it.
   */
  has(task: Task, role: Role | undefined): boolean {
    if (!this.#known.has(task)) return true
    if (!this.#relevant.has(task)) return false
    return this.#relevantAnywhere.has(task) || role === undefined || this.#isOfCluster(role)
  }

  /** Variables of the role that a task brings to all of the play: one that is imported, or `public`. */
  #exportedBy(placed: PlacedTask): readonly string[] {
    const { action } = placed.task
    const kind = action.module.split('.').at(-1)
    if (kind !== 'import_role' && !(kind === 'include_role' && action.arguments.has('public'))) return []
    const content = this.#content
    const seen = new Set<string>()
    const namesOf = (name: string | undefined, asker: RoleContext, parts: RoleParts): readonly string[] => {
      const role = name === undefined ? undefined : content.findRole(name, asker)
      if (role === undefined || seen.has(role.directory)) return []
      seen.add(role.directory)
      const inner = { ...asker, role, isDependency: true }
      return [
        ...content.roleDefaults(role, parts.defaults).keys(),
        ...content.roleVars(role, parts.vars).keys(),
        ...content.roleDependencies(role).flatMap((needed) => namesOf(needed.name, inner, {})),
      ]
    }
    return namesOf(argumentText(action, 'name', 'role'), placed, {
      defaults: argumentText(action, 'defaults_from'),
      vars: argumentText(action, 'vars_from'),
    })
  }

  /** The role whose file a task stands in: others may include it, too. */
  #ownRole({ role, task }: PlacedTask): Role | undefined {
    return role !== undefined && task.at.path.startsWith(`${role.directory}/`) ? role : undefined
  }

  #isNear(placed: PlacedTask): boolean {
    const { task } = placed
    if (ANYWHERE.has(task.action.module.split('.').at(-1) ?? '')) return true
    if (this.#isRefused(placed)) return true
    const role = this.#ownRole(placed)
    if (role !== undefined && this.#isOfCluster(role)) return true
    const text = `${this.#source(task)} ${placed.around} ${this.#templates(placed)}`
    return this.#leadsToCluster(text, (name) => this.#shared.has(name))
  }

  /**
   * Whether the play ends at it for a template, or a condition, that is none, for an argument that its module does not have, or for
   * a file that is not there.
   */
  #isRefused({ task, ...place }: PlacedTask): boolean {
    let is = this.#refused.get(task)
    if (is === undefined) {
      is =
        refusedTemplate(task, this.#by) !== undefined ||
        hasRefusedCondition(task, this.#by) ||
        strangeArguments(task).length > 0 ||
        this.usesRefused(task) ||
        this.#by.missing.failing(task, { ...place, includedFrom: task.at.path }) !== undefined
      this.#refused.set(task, is)
    }
    return is
  }

  /** Whether a task names a variable, or one that leads there, whose template Jinja2 may refuse in one of the places that set it. */
  usesRefused(task: Task): boolean {
    if (this.#refusedNames.size === 0) return false
    let uses = this.#usesRefused.get(task)
    if (uses === undefined) {
      uses = [...this.#variablesIn(this.#source(task))].some(([name]) => this.#refusedNames.has(name))
      this.#usesRefused.set(task, uses)
    }
    return uses
  }

  readonly #refusedNames = new Set<string>()
  readonly #usesRefused = new Map<Task, boolean>()

  /** Whether anything in a role, or in the variables that it names, is about the cluster. */
  #isOfCluster(role: Role): boolean {
    let is = this.#ofCluster.get(role.directory)
    if (is === undefined) {
      is = this.#namesCluster(role)
      this.#ofCluster.set(role.directory, is)
    }
    return is
  }

  readonly #ofCluster = new Map<string, boolean>()

  #namesCluster({ directory }: Role): boolean {
    if (directory === '' || CLUSTER.test(directory)) return true
    const texts = this.#pathsUnder(directory).map((path) => this.#content.text(path) ?? '')
    for (const placed of this.#tasks)
      if (this.#ownRole(placed)?.directory === directory) texts.push(this.#templates(placed))
    return texts.some((text) => CLUSTER.test(text)) || texts.some((text) => this.#leadsToCluster(text))
  }

  /** Whether a text is about the cluster, by its own words or by a variable that it names. */
  #leadsToCluster(text: string, isRead = (_: string): boolean => true): boolean {
    if (CLUSTER.test(text)) return true
    for (const name of namesIn(text.replace(KEY, ' ')))
      if (this.#clusterNames.has(name) && isRead(name)) return true
    return false
  }

  /** Variables in whose values the cluster is named, or a variable that leads there; and the tokens. */
  get #clusterNames(): ReadonlySet<string> {
    if (this.#clusterNamesFound !== undefined) return this.#clusterNamesFound
    const found = new Set(this.#tokenNames)
    const readers = new Map<string, string[]>()
    for (const [name, value] of this.#values) {
      if (CLUSTER.test(value)) found.add(name)
      for (const other of namesIn(value)) {
        const known = readers.get(other)
        if (known === undefined) readers.set(other, [name])
        else known.push(name)
      }
    }
    // What is added to a set while it is walked is walked, too.
    for (const name of found) for (const reader of readers.get(name) ?? []) found.add(reader)
    this.#clusterNamesFound = found
    return found
  }

  #clusterNamesFound: ReadonlySet<string> | undefined

  #share(name: string, value: AnsibleValue): void {
    this.#shared.add(name)
    this.#define(name, value)
  }

  #define(name: string, value: AnsibleValue): void {
    const text = textOf(value)
    const known = this.#values.get(name)
    if (text !== '' && known?.includes(text) !== true) this.#values.set(name, `${known ?? ''} ${text}`)
    if (isRefused(value)) this.#refusedNames.add(name)
  }

  /** Tasks that are of interest, of those that `isSeed` lets through, and what they need; `isOne`: of a path, or a handler, that a variable says. */
  #follow(isSeed: (placed: PlacedTask) => boolean, isOne: (variable: string) => boolean): ReadonlySet<Task> {
    const tasks = this.#tasks
    const relevant = new Set<Task>()
    const needed = new Set<string>()
    const pending: string[] = []
    const need = (text: string): void => {
      for (const name of namesIn(text))
        if (!needed.has(name)) {
          needed.add(name)
          pending.push(name)
        }
      for (const template of this.#lookedUp(text, tasks)) need(template)
    }
    const makers = new Map<string, PlacedTask[]>()
    this.#looked.clear()
    let looked = ''
    let values = ''
    const take = (placed: PlacedTask): void => {
      if (relevant.has(placed.task)) return
      relevant.add(placed.task)
      const text = `${this.#source(placed.task)} ${placed.around} ${this.#templates(placed)}`
      looked += `${text}\n`
      need(text)
    }
    for (const placed of tasks)
      for (const name of [...madeBy(placed.task), ...this.#exportedBy(placed)])
        makers.set(name, [...(makers.get(name) ?? []), placed])
    const scripts = tasks.flatMap((writer) => {
      const name = this.#script(writer)
      return name === undefined ? [] : [{ name, writer }]
    })
    const notifying = this.#notifying(isOne)
    for (const placed of tasks) {
      const isCommand = INTEREST.get(placed.task.action.module) === COMMANDS
      const run = isCommand ? scripts.filter(({ name }) => this.#source(placed.task).includes(name)) : []
      if ((this.#interests(placed) && isSeed(placed)) || notifying.has(placed.task) || run.length > 0)
        take(placed)
      // It may be run by a path that is not written in full.
      for (const { writer } of run) take(writer)
    }
    const includes = tasks.filter(({ task }) => INCLUDE.test(task.action.module))
    const made = new Map(tasks.map(({ task }) => [task, this.#madeFiles(task)] as const))
    const writers = tasks.filter(
      ({ task }) =>
        isFetch(task.action) ||
        INTEREST.get(task.action.module.split('.').at(-1) ?? '') === FILES ||
        made.get(task)?.length !== 0,
    )
    for (let size = -1; size !== relevant.size; ) {
      size = relevant.size
      for (let name = pending.pop(); name !== undefined; name = pending.pop()) {
        const value = this.#values.get(name)
        if (value !== undefined) {
          values += `${value}\n`
          need(value)
        }
        for (const maker of makers.get(name) ?? []) take(maker)
      }
      const files = new Set([...relevant].map(({ at }) => at.path))
      for (const include of includes) if (this.#leadsTo(include, files)) take(include)
      const left = writers.filter(({ task }) => !relevant.has(task))
      // Looking for so many paths in so much text takes longer than to rehearse what it would leave out.
      const isMuch = left.length * looked.length > MUCH
      const all = `${looked}${values}`
      for (const writer of left) {
        const own = made.get(writer.task) ?? []
        const { action } = writer.task
        const isRead = isFetch(action) || own.length > 0
        const named = (isFetch(action) ? FETCHED : WRITTEN).map((name) => action.arguments.get(name)?.value)
        if (isMuch || this.#isNamed(writer.task, [...own, ...named], isRead ? all : looked, needed, isOne))
          take(writer)
      }
    }
    return relevant
  }

  /** Tasks that notify a handler which matters; or one that is not there, which ends the run. */
  #notifying(isRead: (variable: string) => boolean): ReadonlySet<Task> {
    const all = new HandlerNames(this.#handlers)
    const telling = this.#handlers.filter((handler) => this.#interests(handler) && this.#isNear(handler))
    const matters = new HandlerNames(telling)
    const isTelling = (placed: PlacedTask): boolean =>
      textsIn(placed.notify).some((name) =>
        matters.mayHave(name, () => this.#wordsOf(`${name} ${this.#source(placed.task)}`, isRead)),
      )
    // One that notifies one which matters does so, too.
    for (let size = -1; size !== telling.length; ) {
      size = telling.length
      for (const handler of this.#handlers)
        if (!telling.includes(handler) && isTelling(handler)) {
          telling.push(handler)
          matters.add(handler)
        }
    }
    const isMissing = ({ notify }: PlacedTask): boolean =>
      !this.#isOpen && textsIn(notify).some((name) => !all.mayHave(name))
    return new Set(
      this.#tasks.flatMap((placed) => (isTelling(placed) || isMissing(placed) ? placed.task : [])),
    )
  }

  /** A text with those of the variables in it. */
  #wordsOf(text: string, isRead: (variable: string) => boolean): string {
    const values = [...this.#variablesIn(text)].map(([name, value = '']) => (isRead(name) ? value : ''))
    return [text, ...values].join(' ')
  }

  /** The variables that a text names, and those that these name, with their texts. */
  *#variablesIn(text: string): Generator<readonly [name: string, value: string | undefined]> {
    const seen = new Set<string>()
    const open = [...namesIn(text)]
    for (let name = open.pop(); name !== undefined; name = open.pop()) {
      if (seen.has(name)) continue
      seen.add(name)
      const value = this.#values.get(name)
      yield [name, value]
      if (value !== undefined && seen.size < 200) open.push(...namesIn(value))
    }
  }

  /** Results of tasks that read a token back, and the facts made of them, lead to tokens, too: who prints them shows one. */
  #taint(tasks: readonly PlacedTask[]): void {
    for (let size = -1; size !== this.#tokenNames.size; ) {
      size = this.#tokenNames.size
      for (const { task } of tasks) {
        const { module } = task.action
        const source = madeBy(task).length === 0 ? '' : this.#source(task)
        const isMade = MAKERS.has(module)
          ? [...namesIn(source)].some((name) => this.#tokenNames.has(name))
          : READERS.has(module) && TOKEN_PATH.test(source)
        if (isMade) for (const name of madeBy(task)) this.#tokenNames.add(name)
      }
    }
  }

  /**
   * The end of the path under which a task puts the install script on the node, or one that brings K3s, whatever it is
   * called.
   */
  #script(placed: PlacedTask): string | undefined {
    const { action } = placed.task
    const isIt =
      WRITERS.has(action.module) && saysK3s(`${this.#source(placed.task)} ${this.#templates(placed)}`)
    const path = isIt ? (action.arguments.get('dest') ?? action.arguments.get('path'))?.value : undefined
    const [name] = typeof path === 'string' ? (/\/[^/{}]{3,}$/.exec(path) ?? []) : []
    return name === undefined || OF_SERVICES.test(name) ? undefined : name
  }

  /** The files that a shell keeps a random text in, which may be a token. */
  #madeFiles(task: Task): readonly string[] {
    const isShell = INTEREST.get(task.action.module.split('.').at(-1) ?? '') === COMMANDS
    const text = isShell ? this.#source(task) : ''
    return isOfRandomBytes(text) ? [...text.matchAll(REDIRECTED)].map(([, path = '']) => path) : []
  }

  /** Whether one of these files is named in a text, by its path, by a variable of it or in the task's loop. */
  #isNamed(
    task: Task,
    files: readonly unknown[],
    text: string,
    needed: ReadonlySet<string>,
    isOne: (variable: string) => boolean,
  ): boolean {
    for (const value of files) {
      if (typeof value !== 'string') continue
      if (!isTemplate(value)) {
        if (value.length > 4 && text.includes(value)) return true
        continue
      }
      const variables = namesIn(value)
      for (const variable of variables)
        if (variable !== 'item' && needed.has(variable) && isOne(variable)) return true
      if (!variables.has('item')) continue
      for (const [path] of this.#source(task).matchAll(PATH)) if (text.includes(path)) return true
    }
    return false
  }

  /** The texts of the templates and files that a task writes, or of the script that it carries to the node. */
  #templates({ task, role, playbookDirectory }: PlacedTask): string {
    const { module, arguments: given, freeForm } = task.action
    const isScript = module === 'script'
    const written = (isScript ? (freeForm ?? given.get('cmd')) : given.get('src'))?.value
    if (typeof written !== 'string') return ''
    const [source = ''] = isScript ? (/[^\s"']+/.exec(written) ?? []) : [written]
    const from = { playbookDirectory, role, includedFrom: task.at.path }
    const path = /\{[{%]/.test(source)
      ? undefined
      : this.#content.findFile(isScript ? 'files' : 'templates', source, from)
    return path === undefined ? '' : (this.#content.text(path) ?? '')
  }

  /** The templates that a text looks up, each once. */
  *#lookedUp(text: string, tasks: readonly PlacedTask[]): Generator<string> {
    if (!text.includes('template')) return
    for (const [, name = ''] of text.matchAll(LOOKS_UP)) {
      if (this.#looked.has(name)) continue
      this.#looked.add(name)
      for (const { task, role, playbookDirectory } of tasks) {
        const path = this.#content.findFile('templates', name, {
          playbookDirectory,
          role,
          includedFrom: task.at.path,
        })
        if (path === undefined) continue
        yield this.#content.text(path) ?? ''
        break
      }
    }
  }

  readonly #looked = new Set<string>()

  /** Whether an include may run tasks that matter; one whose file is not known may run any that is near, or of its role. */
  #leadsTo(placed: PlacedTask, files: ReadonlySet<string>): boolean {
    const { task } = placed
    const { action } = task
    if (action.module.endsWith('_role')) {
      const found = this.#content.findRole(argumentText(action, 'name', 'role') ?? '', placed)
      return found === undefined || this.#isUnder(found, files, placed)
    }
    const name =
      argumentText(action, 'file') ??
      (typeof action.freeForm?.value === 'string' ? action.freeForm.value : '')
    const paths = this.#included(placed, name)
    if (paths.some((path) => files.has(path))) return true
    // Where none is found that it may mean, it may lead anywhere.
    if (paths.length === 0 && isTemplate(name)) return true
    if (paths.length > 0 && !isTemplate(name)) return false
    const own = task.at.path.slice(0, task.at.path.lastIndexOf('/') + 1)
    return [...files].some((file) => file !== task.at.path && file.startsWith(own))
  }

  /** Whether some of these files are a role's, or of one that it depends on. */
  #isUnder(role: Role, files: ReadonlySet<string>, asker: RoleContext, seen = new Set<string>()): boolean {
    if (seen.has(role.directory)) return false
    seen.add(role.directory)
    const directory = role.directory === '' ? '' : `${role.directory}/`
    if ([...files].some((path) => path.startsWith(directory))) return true
    const inner: RoleContext = { playbookDirectory: asker.playbookDirectory, role, isDependency: true }
    return this.#content.roleDependencies(role).some(({ name }) => {
      const needed = this.#content.findRole(name, inner)
      return needed !== undefined && this.#isUnder(needed, files, inner, seen)
    })
  }

  /** The files that an include may mean. */
  #included({ task, role, playbookDirectory }: PlacedTask, name: string): readonly string[] {
    let found = this.#named.get(task)
    if (found === undefined) {
      const from = { playbookDirectory, role, includedFrom: task.at.path }
      found = tasksNamed(this.#content, name, from, this.#texts)
      this.#named.set(task, found)
    }
    return found
  }

  readonly #named = new Map<Task, readonly string[]>()

  /** Whether some include names a file of tasks as it is called. */
  isIncluded(path: string): boolean {
    this.#includedPlainly ??= new Set(
      this.#tasks.flatMap((placed) => {
        const { module, freeForm, arguments: args } = placed.task.action
        if (!INCLUDE.test(module) || module.endsWith('_role')) return []
        const name = args.get('file')?.value ?? freeForm?.value
        return typeof name === 'string' && !isTemplate(name) ? this.#included(placed, name) : []
      }),
    )
    return this.#includedPlainly.has(path)
  }

  #includedPlainly: ReadonlySet<string> | undefined

  /** Whether a variable is made only by tasks that are not rehearsed: what it would be is not known then. */
  isDropped(name: string): boolean {
    return this.#dropped.has(name)
  }

  #interests(placed: PlacedTask): boolean {
    const { task } = placed
    const interest = INTEREST.get(task.action.module.split('.').at(-1) ?? '')
    if (this.#isRefused(placed)) return true
    if (interest === undefined) return isClusterModule(task.action)
    if (task.action.module === 'set_fact' && hasComputedName(task)) return true
    const text = this.#source(task)
    if (interest.test(text)) return true
    if (task.action.module === 'script' && saysK3s(this.#templates(placed))) return true
    for (const [name, value] of this.#variablesIn(text))
      if (this.#tokenNames.has(name) || (value !== undefined && interest.test(value))) return true
    return false
  }

  #source({ at, action }: Task): string {
    const text = this.#content.text(at.path)?.slice(at.start, at.end) ?? ''
    // Behind an alias the arguments stand elsewhere.
    if (!/:\s*\*\w/.test(text)) return text
    return `${text} ${[...action.arguments.values()].map(({ value }) => textOf(value)).join(' ')}`
  }
}

/** What handlers are notified by. */
class HandlerNames {
  readonly #names = new Set<string>()
  /** Of those that are templates. */
  readonly #patterns: RegExp[] = []

  constructor(handlers: readonly PlacedTask[]) {
    for (const handler of handlers) this.add(handler)
  }

  add({ task, role }: PlacedTask): void {
    const names = [...textsIn(task.name), ...textsIn(task.keywords.get('listen')?.value)]
    for (const name of names)
      for (const one of role === undefined
        ? [name]
        : [name, `${role.name} : ${name}`, `${role.fullName} : ${name}`])
        if (isTemplate(one)) this.#patterns.push(patternOf(one))
        else this.#names.add(one)
  }

  /** Whether one of them may be meant. What stands for a template of the name is among the words, where there are some. */
  mayHave(name: string, words?: () => string): boolean {
    if (this.#names.has(name)) return true
    if (!isTemplate(name)) return this.#patterns.some((pattern) => pattern.test(name))
    if (this.#patterns.length > 0) return true
    const pattern = patternOf(name)
    return [...this.#names].some((one) => {
      const [, ...parts] = pattern.exec(one) ?? []
      return parts.length > 0 && (words === undefined || parts.every((part) => words().includes(part)))
    })
  }
}

const patternOf = (name: string): RegExp =>
  new RegExp(`^${name.split(TEMPLATE).map(escaped).join('(.*)')}$`, 's')

const textsIn = (value: AnsibleValue | undefined): readonly string[] =>
  (Array.isArray(value) ? value : [value]).filter((item) => typeof item === 'string')

/** Whether a fact may be any variable, as its name is a template. */
const hasComputedName = ({ action }: Task): boolean =>
  [...action.arguments.keys()].some((name) => /\{[{%]/.test(name))

function madeBy({ action, keywords }: Task): readonly string[] {
  const registered = keywords.get('register')?.value
  return [
    ...(typeof registered === 'string' ? [registered] : []),
    ...(MAKERS.has(action.module) ? action.arguments.keys() : []),
  ]
}

function isRefused(value: AnsibleValue): boolean {
  if (typeof value === 'string') return refusalOf(value) !== undefined
  if (value === null || typeof value !== 'object') return false
  return Object.values(value as Readonly<Record<string, AnsibleValue>>).some(isRefused)
}

/** All texts in a value. */
export function textOf(value: AnsibleValue): string {
  if (typeof value === 'string') return value
  if (value === null || typeof value !== 'object') return ''
  if (Array.isArray(value)) return value.map((item: AnsibleValue) => textOf(item)).join(' ')
  return Object.entries(value as Readonly<Record<string, AnsibleValue>>)
    .map(([key, item]) => `${key} ${textOf(item)}`)
    .join(' ')
}

/** The tasks of a list with what stands around them. */
export function placedTasks(
  list: readonly Statement[],
  place: Omit<PlacedTask, 'task'>,
): readonly PlacedTask[] {
  return list.flatMap((statement): readonly PlacedTask[] => {
    const { keywords } = statement
    const collections = collectionsIn(keywords) ?? place.collections
    const notify = keywords.get('notify')?.value ?? place.notify
    if (statement.kind === 'task') return [{ ...place, collections, notify, task: statement }]
    const own = ['when', 'vars', 'environment', 'delegate_to', 'notify']
      .map((name) => textOf(keywords.get(name)?.value ?? null))
      .join(' ')
    const inner = { ...place, collections, notify, around: `${place.around} ${own}` }
    return [statement.block, statement.rescue, statement.always].flatMap((part) => placedTasks(part, inner))
  })
}
