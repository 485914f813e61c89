import {
  argumentText,
  type Content,
  collectionsIn,
  type Keywords,
  type Play,
  type Playbook,
  type Role,
  type RoleContext,
  type RoleUse,
  type Statement,
} from '../../ansible/content/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { AnsibleValue, Project } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import { escaped } from '../../syntax/regExp.ts'
import { addText, addTexts, isTemplate, type Texts, tasksNamed } from './namedFiles.ts'
import { type PathIndex, pathIndex } from './pathIndex.ts'
import { type PlacedTask, placedTasks } from './relevance.ts'

/** Everything of a project that one playbook can reach by names that stand in it: the texts in which questions are looked for. */
export interface Closure {
  readonly texts: readonly string[]
  /** Where they stand. */
  readonly paths: ReadonlySet<string>
  /** Of them those that Ansible may read: not the task files of a role that nothing includes. */
  readonly read: ReadonlySet<string>
  /** The tasks that may include a file. */
  readonly includes: ReadonlyMap<string, readonly Asked[]>
  /** `hosts:` of its plays. */
  readonly patterns: readonly string[]
  /** Where they stand. */
  readonly hosts: readonly { readonly pattern: string; readonly at: Span }[]
  /** Whether anything in it is about K3s. */
  readonly isK3s: boolean
  /** What its plays, blocks and tasks ask: `when`, `that`, `until` and the like, each on one line. */
  readonly conditions: readonly string[]
  /** What its texts have between the delimiters of Jinja2, comments left out, each on one line. */
  readonly expressions: readonly string[]
  /** Variables that its tasks register or set; not those that they set only where nobody has. */
  readonly made: ReadonlySet<string>
  /** Its tasks, and the roles that they belong to. */
  readonly tasks: readonly PlacedTask[]
  /** The handlers of its plays, which are among the tasks, and those of the roles, which are not. */
  readonly handlers: readonly PlacedTask[]
  readonly roles: readonly Role[]
  /** Mappings of variables that plays, imports, roles, blocks and tasks bring along. */
  readonly variables: readonly AnsibleValue[]
  /** What plays, roles and tasks say plainly of variables, in whatever way they come to it. */
  readonly plainTexts: Texts
  /** Roles that its plays and their own tasks ask for, and that are not found here. */
  readonly unfound: readonly UnfoundRole[]
  /** Playbooks that it imports. */
  readonly imported: readonly string[]
  /** Whether it plays a role or includes tasks that are not found here, so that more may belong to it. */
  readonly isOpen: boolean
}

/** `use`: among the `roles:` of the play, and not by a task of it. */
export interface UnfoundRole {
  readonly name: string
  readonly play: Play
  readonly use: RoleUse | undefined
}

const K3S = /k3s/i
const ASKING = ['when', 'until', 'changed_when', 'failed_when'] as const

/** `isPart`: of a role that is played from one of its files, the other ones have nothing to say unless that one includes them. */
export function closureOf(content: Content, project: Project, playbook: Playbook, isPart = false): Closure {
  const pathsUnder = pathIndex(project)
  let reader = new Reader(content, pathsUnder)
  reader.playbook(playbook)
  const { paths } = reader
  for (let read = reader.read(); isPart && read.size < reader.paths.size; read = reader.read()) {
    const own = read
    reader = new Reader(content, (directory) => pathsUnder(directory).filter((path) => own.has(path)))
    reader.playbook(playbook)
  }
  const texts = [...reader.paths].flatMap((path) => content.text(path) ?? [])
  let expressions: readonly string[] | undefined
  return {
    texts,
    paths,
    read: reader.read(),
    includes: reader.includes,
    patterns: reader.hosts.map(({ pattern }) => pattern),
    hosts: reader.hosts,
    isK3s: texts.some((text) => K3S.test(text)),
    conditions: reader.conditions,
    get expressions() {
      expressions ??= [...reader.paths].flatMap((path) => expressionsIn(path, content.text(path) ?? ''))
      return expressions
    },
    made: reader.made(),
    tasks: reader.tasks,
    handlers: reader.handlers,
    variables: reader.variables,
    roles: reader.roles,
    unfound: reader.unfound,
    plainTexts: reader.plainTexts,
    imported: [...reader.imported],
    isOpen: reader.isOpen,
  }
}

/** The play whose `hosts:` these are. That of a lone role is in no file. */
export function playOf({ at }: Closure['hosts'][number], content: Content): Play | undefined {
  const plays = at.end === 0 ? [] : (content.playbook(at.path)?.plays ?? [])
  for (const play of plays) if (play.kind === 'play' && play.hosts?.at.start === at.start) return play
  return undefined
}

/** Of a project, by where `hosts:` of the play stands. */
const ofPlays = new WeakMap<Content, Map<string, Closure | undefined>>()

/** What that play alone can reach. */
export function closureOfPlay(
  hosts: Closure['hosts'][number],
  content: Content,
  project: Project,
): Closure | undefined {
  const known = ofPlays.get(content) ?? new Map<string, Closure | undefined>()
  ofPlays.set(content, known)
  const { path, start } = hosts.at
  const key = `${path}:${start}`
  if (!known.has(key)) {
    const play = playOf(hosts, content)
    known.set(key, play === undefined ? undefined : closureOf(content, project, { path, plays: [play] }))
  }
  return known.get(key)
}

/** The texts that a play can reach, of its playbook no more than what stands in the play itself. */
export function textsOfPlay({ at }: Play, { paths }: Closure, content: Content): readonly string[] {
  const others = [...paths].filter((path) => path !== at.path)
  const own = content.text(at.path)?.slice(at.start, at.end)
  return [...others.map((path) => content.text(path)), own].filter((text) => text !== undefined)
}

const BETWEEN = String.raw`\{#(?:(?!\{#)[\s\S])*?#\}|\{\{((?:(?!\{\{)[\s\S])*?)\}\}|\{%((?:(?!\{%)[\s\S])*?)%\}`
const DELIMITED = new RegExp(BETWEEN, 'g')
/** YAML has comments of its own, which Jinja2 never sees. */
const DELIMITED_IN_YAML = new RegExp(String.raw`^[ \t]*#.*$|${BETWEEN}`, 'gm')

function expressionsIn(path: string, text: string): readonly string[] {
  if (!/\{[{%]/.test(text)) return []
  return [...text.matchAll(/\.ya?ml$/.test(path) ? DELIMITED_IN_YAML : DELIMITED)].flatMap(
    ([, value, statement]) => {
      const expression = value ?? statement
      return expression === undefined ? [] : [onOneLine(expression)]
    },
  )
}

const onOneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

class Reader {
  readonly paths = new Set<string>()
  readonly hosts: { readonly pattern: string; readonly at: Span }[] = []
  readonly imported = new Set<string>()
  readonly tasks: PlacedTask[] = []
  readonly handlers: PlacedTask[] = []
  readonly variables: AnsibleValue[] = []
  readonly conditions: string[] = []
  readonly roles: Role[] = []
  readonly unfound: UnfoundRole[] = []
  readonly plainTexts = new Map<string, Set<string>>()
  isOpen = false
  readonly #made = new Set<string>()
  /** Facts that are set under conditions, and in which file. */
  readonly #conditional: (Omit<Asked, 'at'> & { readonly name: string })[] = []
  /** From where, and under which conditions, files of tasks are included. */
  readonly includes = new Map<string, Asked[]>()
  /** Files of tasks that roles have. */
  readonly #ofRoles = new Set<string>()
  /** Whether something is included of which not even a part of the name is known. */
  #isUnnamed = false
  readonly #content: Content
  readonly #seen = new Set<string>()
  readonly #pathsUnder: PathIndex
  #directory = ''
  #play: Play | undefined

  constructor(content: Content, pathsUnder: PathIndex) {
    this.#content = content
    this.#pathsUnder = pathsUnder
  }

  playbook({ path, plays }: Playbook): void {
    if (this.paths.has(path)) return
    this.paths.add(path)
    this.#directory = directoryOf(path)
    for (const play of plays) {
      this.#keywords(play.keywords)
      if (play.kind === 'import') {
        const name = typeof play.path.value === 'string' ? play.path.value : ''
        const directory = this.#directory
        const path = this.#content.findPlaybook(name, directory)
        const target = path === undefined ? undefined : this.#content.playbook(path)
        if (target !== undefined) {
          this.imported.add(target.path)
          this.playbook(target)
        }
        this.#directory = directory
        continue
      }
      this.#play = play
      const { hosts } = play
      for (const item of Array.isArray(hosts?.value) ? hosts.value : [hosts?.value])
        if (typeof item === 'string') this.hosts.push({ pattern: item, at: hosts?.at ?? play.at })
      const place = { playbookDirectory: this.#directory, collections: collectionsIn(play.keywords) }
      for (const use of play.roles) this.#roleUse(use, place)
      for (const list of [play.preTasks, play.tasks, play.postTasks]) this.#statements(list, place, path)
      const count = this.tasks.length
      this.#statements(play.handlers, place, path)
      this.handlers.push(...this.tasks.slice(count))
    }
  }

  /** A fact that is set where the variable is not there, on the task or on the way to it, is no more than its default. */
  made(): ReadonlySet<string> {
    for (const { name, path, conditions } of this.#conditional)
      if (!isForNone(name, conditions) && !this.#isForNone(name, path)) this.#made.add(name)
    return this.#made
  }

  /** What an include, a play or another role names, or may name; the task files of a role that begin by themselves among them. */
  read(): ReadonlySet<string> {
    const unread = [...this.#ofRoles].filter((path) => !MAIN.test(path) && !this.includes.has(path))
    if (unread.length === 0 || this.#isUnnamed) return this.paths
    const read = new Set(this.paths)
    for (const path of unread) read.delete(path)
    return read
  }

  #isForNone(name: string, path: string, trail: readonly string[] = []): boolean {
    const includes = trail.includes(path) ? [] : (this.includes.get(path) ?? [])
    return (
      includes.length > 0 &&
      includes.every(
        (one) => isForNone(name, one.conditions) || this.#isForNone(name, one.path, [...trail, path]),
      )
    )
  }

  #included(found: string | undefined, path: string, conditions: readonly string[], at: Span): void {
    if (found === undefined) return
    const include = { path, conditions, at }
    const known = this.includes.get(found)
    if (known === undefined) this.includes.set(found, [include])
    else known.push(include)
  }

  #keywords(keywords: Keywords): void {
    if (keywords.size === 0) return
    const value = keywords.get('vars')?.value
    if (value !== undefined) {
      this.variables.push(value)
      addTexts(this.plainTexts, value)
    }
    for (const name of ASKING) this.#condition(keywords.get(name)?.value)
  }

  #condition(value: AnsibleValue | undefined): void {
    this.conditions.push(...conditionsIn(value))
  }

  #roleUse(use: RoleUse, from: RoleContext): void {
    this.#keywords(use.keywords)
    for (const { name, value } of use.parameters.values()) {
      this.variables.push({ [name]: value })
      addText(this.plainTexts, name, value)
    }
    const role = this.#roleNamed(use.name, from, collectionsIn(use.keywords), use)
    const conditions = conditionsIn(use.keywords.get('when')?.value)
    if (role !== undefined)
      this.#included(this.#content.roleTasks(role, use.tasksFrom)?.path, role.directory, conditions, use.at)
  }

  /** `collections`: where it is asked for with these, its dependencies are looked for there. */
  #roleNamed(
    name: string,
    from: RoleContext,
    collections?: readonly string[],
    use?: RoleUse,
  ): Role | undefined {
    const role = this.#content.findRole(name, from)
    if (role === undefined) {
      this.isOpen = true
      // What a role asks for is read once, whichever plays have that role.
      if (from.role === undefined && this.#play !== undefined)
        this.unfound.push({ name, play: this.#play, use })
    }
    if (role === undefined || this.#seen.has(role.directory)) return role
    this.#seen.add(role.directory)
    this.role(role, collections)
    return role
  }

  /** All files of a role: which of them a dynamic include picks can't be told. */
  role(role: Role, collections?: readonly string[]): void {
    this.roles.push(role)
    const prefix = role.directory === '' ? '' : `${role.directory}/`
    for (const kind of ['tasks', 'templates', 'defaults', 'vars', 'handlers', 'meta'])
      for (const path of this.#pathsUnder(`${prefix}${kind}`)) this.paths.add(path)
    for (const known of [this.#content.roleDefaults(role), this.#content.roleVars(role)])
      for (const { name, value } of known.values()) addText(this.plainTexts, name, value)
    const place = { playbookDirectory: this.#directory, role }
    for (const use of this.#content.roleDependencies(role))
      this.#roleUse(use, { ...place, collections, isDependency: true })
    for (const path of this.#pathsUnder(`${prefix}tasks`)) {
      // A README among them is none.
      if (!/\.(?:ya?ml|json)$|\/[^./]+$/.test(path)) continue
      this.#ofRoles.add(path)
      const file = this.#content.taskFile(path)
      if (file !== undefined) this.#statements(file.statements, place, path)
    }
    for (const path of this.#pathsUnder(`${prefix}handlers`)) {
      const list = this.#content.taskFile(path)?.statements
      this.#asked(list)
      this.handlers.push(...placedTasks(list ?? [], { around: '', ...place }))
    }
  }

  /** What handlers ask, too: they are no tasks of the walk. */
  #asked(list: readonly Statement[] = []): void {
    for (const statement of list) {
      this.#keywords(statement.keywords)
      if (statement.kind === 'block')
        for (const part of [statement.block, statement.rescue, statement.always]) this.#asked(part)
    }
  }

  /** `around`: the conditions of the blocks that they stand in. */
  #statements(
    list: readonly Statement[],
    outer: RoleContext,
    path: string,
    around?: readonly string[],
  ): void {
    if (around === undefined) this.tasks.push(...placedTasks(list, { around: '', ...outer }))
    for (const statement of list) {
      this.#keywords(statement.keywords)
      const place = { ...outer, collections: collectionsIn(statement.keywords) ?? outer.collections }
      const conditions = [...(around ?? []), ...conditionsIn(statement.keywords.get('when')?.value)]
      if (statement.kind === 'block') {
        for (const part of [statement.block, statement.rescue, statement.always])
          this.#statements(part, place, path, conditions)
        continue
      }
      const { module, arguments: args, freeForm } = statement.action
      // `assert`
      this.#condition(args.get('that')?.value)
      const registered = statement.keywords.get('register')?.value
      if (typeof registered === 'string') this.#made.add(registered)
      // A fact that is made of itself, or of that of another host of a group, has to come from somewhere else first.
      if (module === 'set_fact')
        for (const [name, { value }] of args)
          if (!isOfItself(name, value)) this.#conditional.push({ name, path, conditions })
      const text = (...names: readonly string[]): string | undefined =>
        argumentText(statement.action, ...names)
      if (/(?:^|\.)(?:include|import)_role$/.test(module)) {
        const part = text('tasks_from')
        if (part !== undefined && isTemplate(part)) this.#isUnnamed = true
        const written = text('name', 'role') ?? ''
        const names = looped(written, statement.keywords)
        for (const name of names.length === 0 ? [written] : names) {
          const role = this.#roleNamed(name, place)
          if (role === undefined) continue
          this.#included(this.#content.roleTasks(role, part)?.path, path, conditions, statement.at)
        }
      }
      const file = /(?:^|\.)(?:include|import)_tasks$|^include$/.test(module)
        ? (text('file') ?? (typeof freeForm?.value === 'string' ? freeForm.value : undefined))
        : undefined
      const source = /(?:^|\.)(?:template|copy)$/.test(module) ? text('src') : undefined
      const from = {
        playbookDirectory: place.playbookDirectory,
        role: place.role,
        includedFrom: path,
      }
      for (const name of looped(file, statement.keywords)) {
        const all = tasksNamed(this.#content, name, from, this.plainTexts)
        if (all.length === 0) {
          this.isOpen = true
          if (isTemplate(name)) this.#isUnnamed = true
        }
        for (const found of all) {
          this.#included(found, path, conditions, statement.at)
          if (this.paths.has(found)) continue
          this.paths.add(found)
          const tasks = this.#content.taskFile(found)
          if (tasks !== undefined) this.#statements(tasks.statements, place, found)
        }
      }
      if (source === undefined || isTemplate(source)) continue
      for (const kind of ['templates', 'files'] as const) {
        const found = this.#content.findFile(kind, source, from)
        if (found !== undefined) this.paths.add(found)
      }
    }
  }
}

/** Of a role what is played where nobody names a file. */
const MAIN = /(?:^|\/)tasks\/main(?:\.(?:ya?ml|json))?$/

/** Where something happens, and what is asked before. */
interface Asked {
  readonly path: string
  readonly conditions: readonly string[]
  readonly at: Span
}

const conditionsIn = (value: AnsibleValue | undefined): readonly string[] => {
  if (typeof value === 'string') return [onOneLine(value)]
  return Array.isArray(value) ? value.flatMap((item: AnsibleValue) => conditionsIn(item)) : []
}

const NONE =
  /\bis (?:not defined|undefined|none|falsy)\b|==\s*(?:''|""|None\b)|\b(?:length|count)\b[\s)]*(?:==\s*0|<\s*1)|^[\s(]*not\b(?!.*\bis undefined\b)/i

/** Whether some condition asks that the variable is not there, or says nothing. */
const isForNone = (name: string, conditions: readonly string[]): boolean =>
  conditions.some((condition) =>
    condition
      .split(/\b(?:and|or)\b/)
      .some((term) => new RegExp(`(?<![.\\w'"])${escaped(name)}\\b`).test(term) && NONE.test(term)),
  )

/** The names that an include has in a loop over words that stand there; its own without one. */
function looped(name: string | undefined, keywords: Keywords): readonly string[] {
  if (name === undefined) return []
  const items = (keywords.get('loop') ?? keywords.get('with_items'))?.value
  if (!Array.isArray(items) || !name.includes('{{')) return [name]
  const control = keywords.get('loop_control')?.value
  const named =
    typeof control === 'object' && control !== null && 'loop_var' in control ? control.loop_var : 'item'
  return items.flatMap((item: AnsibleValue) =>
    typeof item === 'string'
      ? name.replace(/\{\{\s*(\w+)\s*\}\}/g, (whole, variable) => (variable === named ? item : whole))
      : [],
  )
}

function isOfItself(name: string, value: AnsibleValue): boolean {
  if (typeof value !== 'string' || !value.includes(name) || !/^\w+$/.test(name)) return false
  return (
    new RegExp(`\\{\\{.*(?<![.\\w'"])${name}\\b(?!['"])`, 's').test(value) ||
    new RegExp(`\\bhostvars\\[[^'"].*\\](?:\\.${name}\\b|\\[\\s*(['"])${name}\\1\\s*\\])`, 's').test(value)
  )
}
