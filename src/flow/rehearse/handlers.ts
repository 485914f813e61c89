import type { Role, Statement, Task, TaskFile } from '../../ansible/content/index.ts'
import { evaluator } from '../evaluate/index.ts'
import { type Context, fileOrigin, type HandlerUse, within } from './context.ts'
import { isTemplate } from './namedFiles.ts'
import { scopeOf } from './scope.ts'
import type { World } from './world.ts'

/** Handlers are the play's: whatever role brings them, every task of the play may notify them. */
export function addHandlers(statements: readonly Statement[], context: Context): void {
  const load = bare(context)
  for (const handler of handlersIn(statements, load))
    if (!context.handlers.some(({ task }) => task === handler.task))
      context.handlers.push({ ...handler, load })
}

/** Those of blocks and of files that are imported run on the conditions of these, too. */
function handlersIn(
  statements: readonly Statement[],
  context: Context,
): readonly Pick<HandlerUse, 'task' | 'context'>[] {
  return statements.flatMap((statement) => {
    if (statement.kind === 'block') {
      const { block, rescue, always, keywords } = statement
      return handlersIn([...block, ...rescue, ...always], within(context, keywords))
    }
    const imported = importedFile('handlers', statement, context)
    if (imported === undefined) return [{ task: statement, context }]
    const { path } = imported
    if (context.trail.includes(path)) return []
    const inner = { ...within(context, statement.keywords), file: path, trail: [...context.trail, path] }
    return handlersIn(imported.statements, inner)
  })
}

/** The file that a task imports. */
export function importedFile(
  kind: 'tasks' | 'handlers',
  { action }: Task,
  context: Context,
): TaskFile | undefined {
  const { content } = context.stage
  const name = (action.freeForm ?? action.arguments.get('file'))?.value
  if (!/(?:^|\.)import_tasks$/.test(action.module) || typeof name !== 'string') return undefined
  const path = content.findFile(kind, name, fileOrigin(context))
  return path === undefined ? undefined : content.taskFile(path)
}

/** A handler runs on its own conditions, not on those of what brought it. */
const bare = (context: Context): Context => ({
  ...context,
  conditions: [],
  delegateTo: undefined,
  runOnce: false,
  tags: [],
  items: new Map(),
})

/** The tasks of a list, those of its blocks included. */
export const tasksIn = (statements: readonly Statement[]): readonly Task[] =>
  statements.flatMap((statement) =>
    statement.kind === 'task'
      ? [statement]
      : tasksIn([...statement.block, ...statement.rescue, ...statement.always]),
  )

/**
 * The handlers that are notified by these names. Of several with one name that is the one that was loaded last, of those in
 * one file the first; a topic reaches all that listen to it, but of one name again only one:
 * `StrategyBase.search_handlers_by_notification` of ansible-core.
 */
export function notifiedHandlers(
  handlers: readonly HandlerUse[],
  names: ReadonlySet<string>,
  world: World,
  host: string,
): ReadonlySet<HandlerUse> {
  const found = new Set<HandlerUse>()
  if (names.size === 0) return found
  const loads = new Map<Context, HandlerUse[]>()
  for (const handler of handlers) {
    const load = loads.get(handler.load)
    if (load === undefined) loads.set(handler.load, [handler])
    else load.push(handler)
  }
  const searched = [...loads.values()].reverse().flat()
  const known = new Map(searched.map((handler) => [handler, nameOf(handler, world, host)]))
  for (const name of names) {
    const named = searched.find((handler) => isCalled(handler.context.role, known.get(handler), name))
    if (named !== undefined) found.add(named)
    const listening = new Set<string>()
    for (const handler of searched) {
      const { name: own } = handler.task
      if (!topicsOf(handler.task).includes(name) || (own !== undefined && listening.has(own))) continue
      if (own !== undefined) listening.add(own)
      found.add(handler)
    }
  }
  return found
}

/** Its name may be a template; one that is not known calls nothing. */
function nameOf({ task, context }: HandlerUse, world: World, host: string): string | undefined {
  if (task.name === undefined || !isTemplate(task.name)) return task.name
  const text = evaluator(scopeOf(context, world, host)).text(task.name, task.at)
  return typeof text === 'string' ? context.stage.atoms.plain(text) : undefined
}

/** By its name, with and without its role. */
export const isCalled = (role: Role | undefined, own: string | undefined, name: string): boolean =>
  own !== undefined &&
  (own === name ||
    (role !== undefined && [role.name, role.fullName].some((one) => `${one} : ${own}` === name)))

export function topicsOf({ keywords }: Task): readonly unknown[] {
  const listen = keywords.get('listen')?.value
  return Array.isArray(listen) ? listen : [listen]
}
