import { isTrue, nearestConfig, parseAnsibleConfig, unquoted } from '../../ansible/config.ts'
import type { Content, Play, Role, Task } from '../../ansible/content/index.ts'
import { directoryOf, joinPath } from '../../ansible/inventory/projectTree.ts'
import type { Span } from '../../span.ts'
import { type Closure, playOf } from './closure.ts'
import type { Context, Stage } from './context.ts'
import { isCalled, notifiedHandlers, tasksIn, topicsOf } from './handlers.ts'
import { isTemplate } from './namedFiles.ts'
import type { World } from './world.ts'

/**
 * Whether a handler may be found by this name: the play may have one that is told by a template, or that a role brings in a way which
 * is not known here, or ansible.cfg has it that none has to be there.
 */
export function mayBeHandled(
  name: string,
  task: Task,
  context: Context,
  world: World,
  host: string,
): boolean {
  const { handlers, reached, stage } = context
  if (notifiedHandlers(handlers, new Set([name]), world, host).size > 0) return true
  if (handlers.some(({ task, context: { role } }) => mayBeCalled(task, role, name))) return true
  const closure = reached()
  if (closure === undefined || closure.isOpen || isForgiven(stage)) return true
  const { content } = stage
  return closure.roles.some((role) => {
    if (context.isFree !== true && isIncludedLater(role, task, closure, content)) return false
    const directory = joinPath(role.directory, 'handlers/')
    return [...closure.paths].some(
      (path) =>
        path.startsWith(directory) &&
        (content.isSealed(path) ||
          tasksIn(content.taskFile(path)?.statements ?? []).some((task) => mayBeCalled(task, role, name))),
    )
  })
}

/** Whether nothing but includes brings a role, and all of them come after a task of the play: its handlers are not there before. */
function isIncludedLater(role: Role, { at }: Task, closure: Closure, content: Content): boolean {
  const [hosts] = closure.hosts
  const play = hosts === undefined ? undefined : playOf(hosts, content)
  const own = play === undefined ? undefined : placeIn(play, at)
  // A later batch has what an earlier one has included.
  if (play === undefined || own === undefined || play.keywords.has('serial')) return false
  const files = joinPath(role.directory, 'tasks/')
  const uses = [...closure.includes]
    .flatMap(([path, asked]) => (path.startsWith(files) ? asked : []))
    .filter((use) => !use.at.path.startsWith(files))
  return (
    uses.length > 0 &&
    uses.every((use) => {
      const place = placeIn(play, use.at)
      return place !== undefined && isBehind(place, own) && isInclude(use.at, closure)
    })
  )
}

const isInclude = ({ path, start }: Span, { tasks }: Closure): boolean =>
  tasks.some(
    ({ task: { at, action } }) =>
      at.path === path && at.start === start && /(?:^|\.)include_role$/.test(action.module),
  )

/** In which of the lists of tasks something stands, and where. */
function placeIn(play: Play, { path, start }: Span): readonly [list: number, start: number] | undefined {
  const list = [play.preTasks, play.tasks, play.postTasks].findIndex((statements) =>
    statements.some(({ at }) => at.path === path && at.start <= start && start < at.end),
  )
  return list === -1 ? undefined : [list, start]
}

const isBehind = (
  [list, start]: readonly [number, number],
  [otherList, otherStart]: readonly [number, number],
): boolean => list > otherList || (list === otherList && start > otherStart)

function mayBeCalled(task: Task, role: Role | undefined, name: string): boolean {
  if (/(?:^|\.)import_\w+$/.test(task.action.module)) return true
  const names = [task.name, ...topicsOf(task)].filter((one) => typeof one === 'string')
  return names.some((one) => isTemplate(one) || one === name) || isCalled(role, task.name, name)
}

/** https://docs.ansible.com/ansible/latest/reference_appendices/config.html#error-on-missing-handler */
function isForgiven({ project, playbook }: Stage): boolean {
  const config = nearestConfig(project, directoryOf(playbook))
  if (config?.text.includes('error_on_missing_handler') !== true) return false
  const setting = parseAnsibleConfig(config.path, config.text).defaults.get('error_on_missing_handler')
  return setting !== undefined && !isTrue(unquoted(setting.value))
}
