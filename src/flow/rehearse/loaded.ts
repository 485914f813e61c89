import { argumentText, type Content, type Role, type Statement } from '../../ansible/content/index.ts'
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

interface Place {
  readonly playbookDirectory: string
  readonly role?: Role
}

class Loader {
  readonly paths = new Set<string>()
  readonly #content: Content

  constructor(content: Content) {
    this.#content = content
  }

  playbook(path: string): void {
    if (this.paths.has(path)) return
    this.paths.add(path)
    const playbookDirectory = directoryOf(path)
    for (const play of this.#content.playbook(path)?.plays ?? []) {
      if (play.kind === 'import') {
        const name = play.path.value
        const found =
          typeof name === 'string' ? this.#content.findPlaybook(name, playbookDirectory) : undefined
        if (found !== undefined) this.playbook(found)
        continue
      }
      const place = { playbookDirectory }
      for (const { name, tasksFrom } of play.roles) this.#role(name, tasksFrom, place)
      for (const list of [play.preTasks, play.tasks, play.postTasks, play.handlers])
        this.#statements(list, place, path)
    }
  }

  #role(name: string, tasksFrom: string | undefined, from: Place): void {
    const role = this.#content.findRole(name, from)
    if (role === undefined) return
    const place = { ...from, role }
    const isNew = !this.paths.has(joinPath(role.directory, 'meta/main.yml'))
    for (const kind of ['meta', 'defaults', 'vars'])
      for (const ending of ['.yml', '.yaml', '.json', ''])
        this.paths.add(joinPath(role.directory, `${kind}/main${ending}`))
    if (isNew)
      for (const needed of this.#content.roleDependencies(role)) this.#role(needed.name, undefined, place)
    for (const file of [this.#content.roleTasks(role, tasksFrom), this.#content.roleHandlers(role)])
      if (file !== undefined) this.#file(file.path, place)
  }

  #file(path: string, place: Place): void {
    if (this.paths.has(path)) return
    this.paths.add(path)
    this.#statements(this.#content.taskFile(path)?.statements ?? [], place, path)
  }

  #statements(list: readonly Statement[], place: Place, includedFrom: string): void {
    for (const statement of list) {
      if (statement.kind === 'block') {
        for (const part of [statement.block, statement.rescue, statement.always])
          this.#statements(part, place, includedFrom)
        continue
      }
      const { action } = statement
      if (action.module === 'import_role') {
        const name = argumentText(action, 'name', 'role')
        if (name !== undefined) this.#role(name, argumentText(action, 'tasks_from'), place)
      } else if (action.module === 'import_tasks') {
        const free = action.freeForm?.value
        const name = argumentText(action, 'file') ?? (typeof free === 'string' ? free : undefined)
        const found =
          name === undefined ? undefined : this.#content.findFile('tasks', name, { ...place, includedFrom })
        if (found !== undefined) this.#file(found, place)
      }
    }
  }
}
