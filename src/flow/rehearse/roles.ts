import {
  type Content,
  collectionsIn,
  type Role,
  type RoleContext,
  type RoleUse,
  type Statement,
  type Task,
  type TaskFile,
} from '../../ansible/content/index.ts'
import { type Context, type HandlerUse, type RoleVariables, type Stage, within } from './context.ts'
import type { RawVariable } from './world.ts'

/** `tasks_from` and its like. */
export interface RoleParts {
  readonly tasks?: string | undefined
  readonly vars?: string | undefined
  readonly defaults?: string | undefined
  readonly handlers?: string | undefined
}

/** The context of a role's own tasks. The play has its handlers from here on, those of its dependencies before its own. */
export function enterRole(role: Role, use: RoleUse, context: Context, parts: RoleParts = {}): Context {
  const { content } = context.stage
  const own = ownVariables(role, context, parts)
  const { ofPlay, parents } = context
  const below = ofDependencies(role, use, context)
  const entered: Context = {
    ...context,
    role,
    hasUnread: context.hasUnread || own.isSealed || below.isSealed,
    collections: undefined,
    // Of defaults those of what depends on the role win over those of its dependencies, of vars it is the other way.
    roleDefaults: layered([ofPlay, below, ...parents, own].map(({ defaults }) => defaults)),
    roleVars: layered([ofPlay, ...parents, below, own].map(({ vars }) => vars)),
    parents: [...parents, own],
    parameters: new Map([...context.parameters, ...rawOf(use.parameters)]),
    trail: [...context.trail, role.directory],
  }
  if (!context.trail.includes(role.directory))
    for (const needed of content.roleDependencies(role)) {
      const dependency = content.findRole(needed.name, askingFor(role, use, entered))
      if (dependency !== undefined) enterRole(dependency, needed, within(entered, needed.keywords))
    }
  const handlers = content.roleHandlers(role, parts.handlers)
  if (handlers !== undefined) addHandlers(handlers.statements, { ...entered, file: handlers.path })
  return entered
}

/** What a role of a play has for all of it: its own variables over those of its dependencies. */
export function exportedBy(role: Role, use: RoleUse, context: Context): RoleVariables {
  return together([ofDependencies(role, use, context), ownVariables(role, context)])
}

const found = new WeakMap<Content, Map<string, RoleVariables>>()

/** `Role.get_default_vars` and `get_vars` of ansible-core: the last dependency wins, whether its condition holds or not. */
function ofDependencies(role: Role, use: RoleUse, context: Context): RoleVariables {
  const { content } = context.stage
  const uses = content.roleDependencies(role)
  if (uses.length === 0) return NOTHING
  const asker = askingFor(role, use, context)
  const key = [asker.playbookDirectory, role.directory, ...(asker.collections ?? [])].join('\n')
  const known = found.get(content) ?? new Map<string, RoleVariables>()
  found.set(content, known)
  let below = known.get(key)
  if (below === undefined) {
    // For one that leads back to itself.
    known.set(key, NOTHING)
    const each = uses.flatMap((dependency) => {
      const inner = content.findRole(dependency.name, asker)
      return inner === undefined ? [] : [exportedBy(inner, dependency, context)]
    })
    below = together(each)
    known.set(key, below)
  }
  return below
}

/** From where the dependencies of a role are looked for. */
export const askingFor = (role: Role, use: RoleUse, { playbookDirectory }: Context): RoleContext => ({
  playbookDirectory,
  role,
  collections: collectionsIn(use.keywords),
  isDependency: true,
})

function ownVariables(role: Role, { stage }: Context, parts: RoleParts = {}): RoleVariables {
  const { content } = stage
  const sealed = content.sealedVariables(role, parts)
  noteSealed(stage, sealed)
  return {
    defaults: rawOf(content.roleDefaults(role, parts.defaults)),
    vars: rawOf(content.roleVars(role, parts.vars)),
    isSealed: sealed.length > 0,
  }
}

/** The last one wins. */
export function together(layers: readonly RoleVariables[]): RoleVariables {
  return {
    defaults: layered(layers.map(({ defaults }) => defaults)),
    vars: layered(layers.map(({ vars }) => vars)),
    isSealed: layers.some(({ isSealed }) => isSealed),
  }
}

function layered(layers: readonly RoleVariables['vars'][]): RoleVariables['vars'] {
  const [first, ...others] = layers.filter(({ size }) => size > 0)
  return others.length === 0
    ? (first ?? NONE)
    : new Map([first ?? NONE, ...others].flatMap((layer) => [...layer]))
}

const NONE: RoleVariables['vars'] = new Map()
export const NOTHING: RoleVariables = { defaults: NONE, vars: NONE, isSealed: false }

/** Files of variables that are encrypted as a whole. */
export function noteSealed(stage: Pick<Stage, 'note'>, paths: readonly string[]): void {
  for (const path of paths)
    stage.note({
      at: { path, start: 0, end: 0 },
      what: 'this file is encrypted as a whole, so what it says is not known here',
    })
}

type Variables = ReadonlyMap<string, { readonly value: RawVariable['raw']; readonly at: RawVariable['at'] }>

const raw = new WeakMap<Variables, ReadonlyMap<string, RawVariable>>()

export function rawOf(variables: Variables): ReadonlyMap<string, RawVariable> {
  let found = raw.get(variables)
  if (found === undefined) {
    found = new Map([...variables].map(([name, { value, at }]) => [name, { raw: value, at }]))
    raw.set(variables, found)
  }
  return found
}

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
    const imported = importedHandlers(statement, context)
    if (imported === undefined) return [{ task: statement, context }]
    const { path } = imported
    if (context.trail.includes(path)) return []
    const inner = { ...within(context, statement.keywords), file: path, trail: [...context.trail, path] }
    return handlersIn(imported.statements, inner)
  })
}

function importedHandlers({ action }: Task, context: Context): TaskFile | undefined {
  const { content } = context.stage
  const name = (action.freeForm ?? action.arguments.get('file'))?.value
  if (!/(?:^|\.)import_tasks$/.test(action.module) || typeof name !== 'string') return undefined
  const { playbookDirectory, role, file: includedFrom } = context
  const path = content.findFile('handlers', name, { playbookDirectory, role, includedFrom })
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
  for (const name of names) {
    const named = searched.find((handler) => isCalled(handler, name))
    if (named !== undefined) found.add(named)
    const listening = new Set<string>()
    for (const handler of searched) {
      const { name: own } = handler.task
      if (!topicsOf(handler).includes(name) || (own !== undefined && listening.has(own))) continue
      if (own !== undefined) listening.add(own)
      found.add(handler)
    }
  }
  return found
}

/** By its name, with and without its role. */
const isCalled = ({ task, context: { role } }: HandlerUse, name: string): boolean =>
  task.name !== undefined &&
  (task.name === name || (role !== undefined && `${role.name} : ${task.name}` === name))

function topicsOf({ task }: HandlerUse): readonly unknown[] {
  const listen = task.keywords.get('listen')?.value
  return Array.isArray(listen) ? listen : [listen]
}
