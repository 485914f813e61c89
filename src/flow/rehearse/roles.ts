import {
  argumentText,
  type Content,
  collectionsIn,
  type Play,
  type Role,
  type RoleContext,
  type RoleUse,
  type Statement,
  type TaskFile,
} from '../../ansible/content/index.ts'
import { laidOver, type Variable } from '../../ansible/value.ts'
import { type Context, type RoleVariables, type Stage, within } from './context.ts'
import { addHandlers, importedFile, tasksIn } from './handlers.ts'
import { sealedFile, withMore } from './unread.ts'
import { type RawVariable, rawVariable } from './world.ts'

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
    unread: withMore(context.unread, withMore(own.unread, below.unread)),
    collections: undefined,
    // Of defaults those of what depends on the role win over those of its dependencies, of vars it is the other way.
    roleDefaults: layered([ofPlay, below, ...parents, own].map(({ defaults }) => defaults)),
    roleVars: layered([ofPlay, ...parents, below, own].map(({ vars }) => vars)),
    parents: [...parents, own],
    below,
    parameters: layered([context.parameters, rawOf(use.parameters)]),
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

/** What a role of a play has for all of it: its own variables over those of its dependencies. The same for the same role. */
export function exportedBy(role: Role, use: RoleUse, context: Context, parts: RoleParts = {}): RoleVariables {
  const { content } = context.stage
  const known = exporting.get(content) ?? new Map<string, RoleVariables>()
  exporting.set(content, known)
  const key = [...askedFrom(role, use, context), parts.defaults, parts.vars].join('\n')
  let exported = known.get(key)
  if (exported === undefined) {
    exported = together([ofDependencies(role, use, context), ownVariables(role, context, parts)])
    known.set(key, exported)
  }
  return exported
}

const exporting = new WeakMap<Content, Map<string, RoleVariables>>()

/** What the dependencies of a role hang on. */
function askedFrom(role: Role, use: RoleUse, context: Context): readonly string[] {
  const { playbookDirectory, collections = [] } = askingFor(role, use, context)
  return [playbookDirectory, role.directory, ...collections]
}

/** What a play has of a role from where it is included on: of what its tasks import, and of itself where it is `public`. */
export function exportedByInclude(
  use: RoleUse,
  context: Context,
  parts: RoleParts,
  isPublic: boolean,
): readonly RoleVariables[] {
  const role = context.stage.content.findRole(use.name, context)
  if (role === undefined) return []
  const inside = importedByRole(role, parts.tasks, context, new Set())
  return isPublic ? [...inside, exportedBy(role, use, context, parts)] : inside
}

/** The same of a file of tasks. */
export const exportedByFile = (file: TaskFile, context: Context): readonly RoleVariables[] =>
  inFile(file, context, new Set())

const imported = new WeakMap<Play, readonly RoleVariables[]>()

/**
 * What a play has of the roles that its roles and tasks import, in all of it and whether they run or not:
 * `IncludeRole.get_block_list` of ansible-core.
 */
export function importedByPlay(play: Play, context: Context): readonly RoleVariables[] {
  let found = imported.get(play)
  if (found === undefined) {
    const seen = new Set<string>()
    const roles = play.roles.flatMap(({ name, tasksFrom }) => {
      const role = context.stage.content.findRole(name, context)
      return role === undefined ? [] : importedByRole(role, tasksFrom, context, seen)
    })
    const { preTasks, tasks, postTasks } = play
    found = [...roles, ...importedVariables([...preTasks, ...tasks, ...postTasks], context, seen)]
    imported.set(play, found)
  }
  return found
}

/** The same of tasks, and of files that they import. `seen`: the files and roles that were looked through. */
function importedVariables(
  statements: readonly Statement[],
  context: Context,
  seen: Set<string>,
): readonly RoleVariables[] {
  const { content } = context.stage
  return tasksIn(statements).flatMap((task) => {
    const { action } = task
    const file = importedFile('tasks', task, context)
    if (file !== undefined) return inFile(file, context, seen)
    if (action.module !== 'import_role') return []
    const text = (...names: readonly string[]): string | undefined => argumentText(action, ...names)
    const name = text('name', 'role')
    const role = name === undefined ? undefined : content.findRole(name, context)
    if (name === undefined || role === undefined) return []
    const use: RoleUse = { at: action.at, name, keywords: NO_KEYWORDS, parameters: NO_KEYWORDS }
    const parts = { defaults: text('defaults_from'), vars: text('vars_from') }
    const inside = importedByRole(role, text('tasks_from'), context, seen)
    const isPublic = action.arguments.get('public')?.value !== false
    return isPublic ? [...inside, exportedBy(role, use, context, parts)] : inside
  })
}

function importedByRole(
  role: Role,
  tasksFrom: string | undefined,
  context: Context,
  seen: Set<string>,
): readonly RoleVariables[] {
  const { content } = context.stage
  const inner = { ...context, role, collections: undefined }
  const key = `${role.directory} ${tasksFrom ?? ''}`
  if (seen.has(key)) return []
  seen.add(key)
  const below = content.roleDependencies(role).flatMap((needed) => {
    const dependency = content.findRole(needed.name, askingFor(role, needed, context))
    return dependency === undefined ? [] : importedByRole(dependency, undefined, context, seen)
  })
  return [...below, ...inFile(content.roleTasks(role, tasksFrom), inner, seen)]
}

function inFile(file: TaskFile | undefined, context: Context, seen: Set<string>): readonly RoleVariables[] {
  if (file === undefined || seen.has(file.path)) return []
  seen.add(file.path)
  return importedVariables(file.statements, { ...context, file: file.path }, seen)
}

const NO_KEYWORDS: ReadonlyMap<string, never> = new Map<string, never>()

const found = new WeakMap<Content, Map<string, RoleVariables>>()

/** `Role.get_default_vars` and `get_vars` of ansible-core: the last dependency wins, whether its condition holds or not. */
function ofDependencies(role: Role, use: RoleUse, context: Context): RoleVariables {
  const { content } = context.stage
  const uses = content.roleDependencies(role)
  if (uses.length === 0) return NOTHING
  const asker = askingFor(role, use, context)
  const key = askedFrom(role, use, context).join('\n')
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
    unread: sealed.map(sealedFile),
  }
}

/** The last one wins. */
export function together(layers: readonly RoleVariables[]): RoleVariables {
  return {
    defaults: layered(layers.map(({ defaults }) => defaults)),
    vars: layered(layers.map(({ vars }) => vars)),
    unread: layers.flatMap(({ unread }) => unread),
  }
}

function layered(layers: readonly RoleVariables['vars'][]): RoleVariables['vars'] {
  const [first, ...others] = layers.filter(({ size }) => size > 0)
  if (others.length === 0) return first ?? NONE
  const result = new Map(first)
  for (const layer of others)
    for (const [name, variable] of layer)
      result.set(
        name,
        laidOver(result.get(name), variable, ({ raw }) => raw),
      )
  return result
}

const NONE: RoleVariables['vars'] = new Map()
export const NOTHING: RoleVariables = { defaults: NONE, vars: NONE, unread: [] }

/** Files of variables that are encrypted as a whole. */
export function noteSealed(stage: Pick<Stage, 'note'>, paths: readonly string[]): void {
  for (const path of paths)
    stage.note({
      at: { path, start: 0, end: 0 },
      what: 'this file is encrypted as a whole, so what it says is not known here',
    })
}

type Variables = ReadonlyMap<string, Variable>

const raw = new WeakMap<Variables, ReadonlyMap<string, RawVariable>>()

export function rawOf(variables: Variables): ReadonlyMap<string, RawVariable> {
  let found = raw.get(variables)
  if (found === undefined) {
    found = new Map([...variables].map(([name, variable]) => [name, rawVariable(variable)]))
    raw.set(variables, found)
  }
  return found
}
