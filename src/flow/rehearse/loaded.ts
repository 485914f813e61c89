import {
  type Action,
  argumentText,
  type Content,
  collectionsIn,
  type Playbook,
  type RoleContext,
  type Statement,
  type Task,
} from '../../ansible/content/index.ts'
import { directoryOf, joinPath } from '../../ansible/inventory/projectTree.ts'

/**
 * The files that Ansible reads before the first task of a playbook: playbooks and tasks that are imported, and roles; not what
 * tasks include. One of them that it can't read ends all. Names that roles may have for theirs are among them.
 */
export function loadedFiles(content: Content, playbook: string): ReadonlySet<string> {
  const loader = new Loader(content)
  loader.playbook(playbook)
  return loader.paths
}

type Kind = 'tasks' | 'handlers'

/** Is told of each import, in about the order in which Ansible comes to them. */
type OnImport = (task: Task, place: RoleContext & { readonly includedFrom: string }, kind: Kind) => void

/** Reads what Ansible reads at once, without a task having run. */
export class Loader {
  readonly paths = new Set<string>()
  readonly #content: Content
  readonly #onImport: OnImport | undefined

  constructor(content: Content, onImport?: OnImport) {
    this.#content = content
    this.#onImport = onImport
  }

  playbook(path: string, plays: Playbook['plays'] = this.#content.playbook(path)?.plays ?? []): void {
    if (this.paths.has(path)) return
    this.paths.add(path)
    const playbookDirectory = directoryOf(path)
    for (const play of plays) {
      if (play.kind === 'import') {
        const name = play.path.value
        const found =
          typeof name === 'string' ? this.#content.findPlaybook(name, playbookDirectory) : undefined
        if (found !== undefined) this.playbook(found)
        continue
      }
      const place = { playbookDirectory, collections: collectionsIn(play.keywords) }
      for (const { name, tasksFrom } of play.roles) this.#role(name, tasksFrom, place)
      for (const list of [play.preTasks, play.tasks, play.postTasks]) this.#statements(list, place, path)
      this.#statements(play.handlers, place, path, 'handlers')
    }
  }

  /** What a task includes, where it names that plainly. */
  included(
    { action }: Task,
    { includedFrom, ...place }: RoleContext & { readonly includedFrom: string },
  ): void {
    const name = argumentText(action, 'name', 'role')
    if (!action.module.endsWith('_role')) this.#named(action, place, includedFrom, 'tasks', true)
    else if (name !== undefined)
      this.#role(name, argumentText(action, 'tasks_from'), place, argumentText(action, 'handlers_from'))
  }

  #role(name: string, tasksFrom: string | undefined, from: RoleContext, handlersFrom?: string): void {
    const role = this.#content.findRole(name, from)
    if (role === undefined) return
    const place = { playbookDirectory: from.playbookDirectory, role }
    const isNew = !this.paths.has(joinPath(role.directory, 'meta/main.yml'))
    for (const kind of ['meta', 'defaults', 'vars'])
      for (const ending of ['.yml', '.yaml', '.json', ''])
        this.paths.add(joinPath(role.directory, `${kind}/main${ending}`))
    if (isNew)
      for (const needed of this.#content.roleDependencies(role))
        this.#role(needed.name, undefined, { ...place, isDependency: true })
    const tasks = this.#content.roleTasks(role, tasksFrom)
    if (tasks !== undefined) this.#file(tasks.path, place, 'tasks')
    const handlers = this.#content.roleHandlers(role, handlersFrom)
    if (handlers !== undefined) this.#file(handlers.path, place, 'handlers')
  }

  #file(path: string, place: RoleContext, kind: Kind): void {
    if (this.paths.has(path)) return
    this.paths.add(path)
    this.#statements(this.#content.taskFile(path)?.statements ?? [], place, path, kind)
  }

  #statements(
    list: readonly Statement[],
    outer: RoleContext,
    includedFrom: string,
    kind: Kind = 'tasks',
  ): void {
    for (const statement of list) {
      const place = { ...outer, collections: collectionsIn(statement.keywords) ?? outer.collections }
      if (statement.kind === 'block') {
        for (const part of [statement.block, statement.rescue, statement.always])
          this.#statements(part, place, includedFrom, kind)
        continue
      }
      const { action } = statement
      if (/^import_(?:role|tasks)$/.test(action.module))
        this.#onImport?.(statement, { ...place, includedFrom }, kind)
      if (action.module === 'import_role') {
        const name = argumentText(action, 'name', 'role')
        if (name !== undefined)
          this.#role(name, argumentText(action, 'tasks_from'), place, argumentText(action, 'handlers_from'))
      } else if (action.module === 'import_tasks') this.#named(action, place, includedFrom, kind, false)
    }
  }

  #named(action: Action, place: RoleContext, includedFrom: string, kind: Kind, dynamic: boolean): void {
    const free = action.freeForm?.value
    const name = argumentText(action, 'file') ?? (typeof free === 'string' ? free : undefined)
    const from = { ...place, includedFrom, dynamic }
    const found = name === undefined ? undefined : this.#content.findFile(kind, name, from)
    if (found !== undefined) this.#file(found, place, kind)
  }
}
