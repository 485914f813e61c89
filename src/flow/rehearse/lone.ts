import type { Content, Play, Playbook } from '../../ansible/content/index.ts'
import { isFixture } from '../../ansible/content/index.ts'
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
    const path = role.directory === '' ? 'the role' : role.directory
    const tasks = content.roleTasks(role)
    if (tasks === undefined || isFixture(tasks.path)) return []
    const text = content.text(tasks.path)
    if (text !== undefined && texts.has(text)) return []
    const at = { path: tasks.path, start: 0, end: 0 }
    const play: Play = {
      kind: 'play',
      at,
      name: undefined,
      hosts: { value: 'all', at, node: undefined },
      keywords: new Map(),
      preTasks: [],
      roles: [{ at, name: role.name === '' ? '.' : role.name, keywords: new Map(), parameters: new Map() }],
      tasks: [],
      postTasks: [],
      handlers: [],
    }
    const playbook: Playbook = { path, plays: [play] }
    const closure = closureOf(content, project, playbook)
    return closure.isK3s ? [{ playbook, closure }] : []
  })
}
