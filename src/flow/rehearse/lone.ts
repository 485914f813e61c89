import type { Content, Play, Playbook, Role, RoleUse } from '../../ansible/content/index.ts'
import { isFixture } from '../../ansible/content/index.ts'
import { joinPath } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import { type Closure, closureOf } from './closure.ts'

/** A playbook for each role about K3s that no playbook of the project reaches: `hosts: all`, the role, nothing else. */
export function lonePlaybooks(
  content: Content,
  project: Project,
  reached: readonly Closure[],
): readonly { readonly playbook: Playbook; readonly closure: Closure }[] {
  const texts = new Set(reached.flatMap(({ texts: list }) => list))
  return content.roles.flatMap((role) => {
    const main = content.roleTasks(role)
    const parts: readonly (string | undefined)[] =
      main === undefined ? entriesOf(content, project, role) : [undefined]
    return parts.flatMap((tasksFrom) => {
      const tasks = content.roleTasks(role, tasksFrom)
      if (tasks === undefined || isFixture(tasks.path)) return []
      const text = content.text(tasks.path)
      if (text !== undefined && texts.has(text)) return []
      const own = role.directory === '' ? 'the role' : role.directory
      const path = tasksFrom === undefined ? own : `${own}: ${tasksFrom}`
      const playbook = playbookOf(role, path, tasks.path, tasksFrom)
      const closure = closureOf(content, project, playbook)
      return closure.isK3s ? [{ playbook, closure }] : []
    })
  })
}

/** `hosts: all`, the role, nothing else. `tasks`: where its tasks stand. */
export function playbookOf(role: Role, path: string, tasks: string, tasksFrom?: string): Playbook {
  const at = { path: tasks, start: 0, end: 0 }
  const use: RoleUse = {
    at,
    name: role.name === '' ? '.' : role.name,
    keywords: new Map(),
    parameters: new Map(),
    ...(tasksFrom === undefined ? {} : { tasksFrom }),
  }
  const play: Play = {
    kind: 'play',
    at,
    name: undefined,
    hosts: { value: 'all', at, node: undefined },
    keywords: new Map(),
    preTasks: [],
    roles: [use],
    tasks: [],
    postTasks: [],
    handlers: [],
  }
  return { path, plays: [play] }
}

/** Of a role without `tasks/main` the files that its users name by `tasks_from`: those that no other one includes. */
function entriesOf(content: Content, project: Project, { directory }: Role): readonly string[] {
  const below = joinPath(directory, 'tasks/')
  const names = [...project.keys()].flatMap((path) => {
    const name = path.startsWith(below) ? path.slice(below.length) : ''
    return /^[^/]+\.ya?ml$/.test(name) ? [name] : []
  })
  return names.filter(
    (name) =>
      !names.some(
        (other) =>
          other !== name &&
          (content.text(below + other) ?? '')
            .split('\n')
            .some((line) => INCLUDES.test(line) && line.includes(name)),
      ),
  )
}

const INCLUDES = /\b(?:include|import)_tasks\b|\binclude:|\bfile:/
