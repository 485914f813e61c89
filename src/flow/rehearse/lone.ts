import type { Content, Play, Playbook, Role, RoleUse } from '../../ansible/content/index.ts'
import { isFixture, isInside } from '../../ansible/content/index.ts'
import { joinPath } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import { partsOf } from '../../path.ts'
import { type Closure, closureOf, type UnfoundRole } from './closure.ts'

/**
 * A playbook for each role about K3s that no playbook of the project reaches: the role, nothing else. Its hosts are those of the
 * plays that ask for a role of its name where Ansible does not find it, or all. `unfound`: such roles, of any playbook.
 */
export function lonePlaybooks(
  content: Content,
  project: Project,
  reached: readonly Closure[],
  unfound: readonly UnfoundRole[],
): readonly { readonly playbook: Playbook; readonly closure: Closure }[] {
  const paths = new Set(reached.flatMap((closure) => [...closure.paths]))
  const texts = new Set(reached.flatMap((closure) => closure.texts))
  let known: readonly ReadonlyMap<string, string>[] | undefined
  /** A copy of roles that are played has nothing of its own to say; with another template or default it has. */
  const isCopy = (closure: Closure): boolean => {
    known ??= reached.flatMap((one) => textsOfRoles(content, one.paths, one.roles))
    return textsOfRoles(content, closure.read, closure.roles).every((own) => {
      const files = [...own]
      return (
        files.every(([place, text]) => place.startsWith('tasks/') && texts.has(text)) ||
        known?.some((other) => files.every(([place, text]) => other.get(place) === text))
      )
    })
  }
  return content.roles.flatMap((role) => {
    const main = content.roleTasks(role)
    const parts: readonly (string | undefined)[] =
      main === undefined ? entriesOf(content, project, role) : [undefined]
    return parts.flatMap((tasksFrom) => {
      const tasks = content.roleTasks(role, tasksFrom)
      if (tasks === undefined || isFixture(tasks.path)) return []
      if (paths.has(tasks.path)) return []
      const own = role.directory === '' ? 'the role' : role.directory
      const path = tasksFrom === undefined ? own : `${own}: ${tasksFrom}`
      const asked = unfound.filter(({ name }) => isNamed(role, name))
      const playbook = playbookOf(role, path, tasks.path, tasksFrom, asked)
      const closure = closureOf(content, project, playbook, tasksFrom !== undefined)
      return closure.isK3s && !isCopy(closure) ? [{ playbook, closure }] : []
    })
  })
}

/** Of each role the texts by their places in it. */
const textsOfRoles = (
  content: Content,
  paths: ReadonlySet<string>,
  roles: readonly Role[],
): readonly ReadonlyMap<string, string>[] =>
  roles.map(({ directory }) => {
    const own = [...paths].filter((path) => isInside(path, directory))
    return new Map(
      own.flatMap((path) => {
        const text = content.text(path)
        return text === undefined ? [] : [[path.slice(joinPath(directory, '').length), text]]
      }),
    )
  })

/** Whether a role is called so by its directory. */
export const isNamed = ({ directory }: Role, name: string): boolean =>
  name !== '' && partsOf(directory).name === name

/** The role, nothing else. `tasks`: where its tasks stand; `asked`: the plays that are for it, all hosts where there are none. */
export function playbookOf(
  role: Role,
  path: string,
  tasks: string,
  tasksFrom?: string,
  asked: readonly UnfoundRole[] = [],
): Playbook {
  const at = { path: tasks, start: 0, end: 0 }
  const own: RoleUse = {
    at,
    name: role.name === '' ? '.' : role.name,
    keywords: new Map(),
    parameters: new Map(),
    ...(tasksFrom === undefined ? {} : { tasksFrom }),
  }
  const alone: Play = {
    kind: 'play',
    at,
    name: undefined,
    hosts: { value: 'all', at, node: undefined },
    keywords: new Map(),
    preTasks: [],
    roles: [own],
    tasks: [],
    postTasks: [],
    handlers: [],
  }
  // A playbook may be read by itself and as one that another imports.
  const plays = new Map(
    asked.map(({ play, use }) => [
      use ?? play,
      {
        ...alone,
        hosts: { value: play.hosts?.value ?? 'all', at, node: undefined },
        keywords: new Map([...play.keywords].filter(([name]) => KEPT.has(name))),
        roles: [use === undefined ? own : { ...own, keywords: use.keywords, parameters: use.parameters }],
      },
    ]),
  )
  return { path, plays: plays.size === 0 ? [alone] : [...plays.values()] }
}

/** Of a play what counts for its roles wherever they stand: files of variables are named from the place of the playbook. */
const KEPT: ReadonlySet<string> = new Set(['vars', 'environment'])

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
