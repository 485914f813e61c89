import type { Role, RoleUse, Statement, Task } from '../../ansible/content/index.ts'
import type { Context, HandlerUse } from './context.ts'
import type { RawVariable } from './world.ts'

/** `tasks_from` and its like. */
export interface RoleParts {
  readonly tasks?: string | undefined
  readonly vars?: string | undefined
  readonly defaults?: string | undefined
  readonly handlers?: string | undefined
}

/** The context of a role's own tasks. */
export function enterRole(role: Role, use: RoleUse, context: Context, parts: RoleParts = {}): Context {
  const { content } = context.stage
  const defaults = rawOf(content.roleDefaults(role, parts.defaults))
  const vars = rawOf(content.roleVars(role, parts.vars))
  const entered: Context = {
    ...context,
    role,
    collections: undefined,
    roleDefaults: new Map([...context.roleDefaults, ...defaults]),
    roleVars: new Map([...context.roleVars, ...vars]),
    parameters: new Map([...context.parameters, ...rawOf(use.parameters)]),
    trail: [...context.trail, role.directory],
  }
  const handlers = content.roleHandlers(role, parts.handlers)
  if (handlers !== undefined) addHandlers(handlers.statements, { ...entered, file: handlers.path })
  return entered
}

type Variables = ReadonlyMap<string, { readonly value: RawVariable['raw']; readonly at: RawVariable['at'] }>

const raw = new WeakMap<Variables, ReadonlyMap<string, RawVariable>>()

function rawOf(variables: Variables): ReadonlyMap<string, RawVariable> {
  let found = raw.get(variables)
  if (found === undefined) {
    found = new Map([...variables].map(([name, { value, at }]) => [name, { raw: value, at }]))
    raw.set(variables, found)
  }
  return found
}

/** Handlers are the play's: whatever role brings them, every task of the play may notify them. */
export function addHandlers(statements: readonly Statement[], context: Context): void {
  for (const task of statements.flatMap(tasksOf))
    if (!context.handlers.some((known) => known.task === task))
      context.handlers.push({ task, context: bare(context) })
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

const tasksOf = (statement: Statement): readonly Task[] =>
  statement.kind === 'task'
    ? [statement]
    : [...statement.block, ...statement.rescue, ...statement.always].flatMap(tasksOf)

/** What a handler answers to: its name, with and without its role, and its topics. */
export function handlerNames({ task, context }: HandlerUse): readonly string[] {
  const listen = task.keywords.get('listen')?.value
  const topics = Array.isArray(listen) ? listen : [listen]
  const names = [task.name, ...topics].filter((name): name is string => typeof name === 'string')
  const { role } = context
  return role === undefined || task.name === undefined ? names : [...names, `${role.name} : ${task.name}`]
}
