import type {
  Block,
  Placed,
  RoleContext,
  RoleUse,
  Statement,
  Task,
  TaskFile,
} from '../../ansible/content/index.ts'
import { joinPath } from '../../ansible/inventory/projectTree.ts'
import { List, Undefined } from '../../ansible/template/values.ts'
import { type AnsibleValue, scalarText } from '../../ansible/value.ts'
import { evaluator, FirstOf } from '../evaluate/index.ts'
import type { Event } from '../rehearsal.ts'
import { Unknown } from '../unknown.ts'
import { assureNot } from './assured.ts'
import { Call, normalised, TaskFails, Undecided } from './call.ts'
import {
  type Context,
  fileOrigin,
  type HandlerUse,
  isLeftOut,
  ofItem,
  type Question,
  type RoleVariables,
  rawVariables,
  within,
} from './context.ts'
import { notifiedHandlers, tasksIn } from './handlers.ts'
import { itemVariables, type Loop } from './loops.ts'
import { missingRole } from './missing.ts'
import { candidates, chosen } from './namedFiles.ts'
import { askingFor, enterRole, exportedByFile, exportedByInclude, type RoleParts } from './roles.ts'
import { scopeOf } from './scope.ts'
import { conditionOf, forked, loopWhereItRuns, type Room, runOnHost, tellItem } from './task.ts'
import { withMore } from './unread.ts'
import { merged, type NodeState, type World } from './world.ts'

/** With less room than this for more ways, it is worth a comparison whether some have met again. */
const SHORT = 12

/** An include that leads deeper than this leads back to itself. */
const DEEPEST = 40

/** Files that an include may mean of which each is rehearsed. */
const MOST_FILES = 4

/** Tasks that are rehearsed on hosts in one play-through: a playbook that people write has far fewer. */
const MOST_TASKS = 6000

/** Walks lists of tasks over the hosts of a play, host by host within each task as the linear strategy does. */
export class Walk {
  readonly #room: Room
  #left = MOST_TASKS

  constructor(room: Room) {
    this.#room = room
  }

  statements(
    list: readonly Statement[],
    context: Context,
    hosts: readonly string[],
    worlds: readonly World[],
  ): readonly World[] {
    let now = worlds
    for (const statement of list) {
      if (statement.kind === 'block') {
        now = this.#block(statement, context, hosts, now)
        continue
      }
      now = this.#met(
        now.flatMap((world) => this.#task(statement, context, hosts, world)),
        context,
      )
    }
    return now
  }

  /** Ways that have met again leave room for others. */
  #met(parted: readonly World[], context: Context): readonly World[] {
    const worlds = merged(parted, context.stage.atoms)
    this.#room.left += parted.length - worlds.length
    return worlds
  }

  /**
   * A role of a play, or of one that depends on it: hosts on which the play has run it, with the same parameters, do not run it
   * again, as `Role.has_run` of ansible-core says.
   */
  roleOnce(
    use: RoleUse,
    context: Context,
    hosts: readonly string[],
    worlds: readonly World[],
    from: RoleParts = {},
    asker: RoleContext = context,
  ): readonly World[] {
    const { content } = context.stage
    const role = content.findRole(use.name, asker)
    if (role === undefined || content.allowsDuplicates(role))
      return this.role(use, context, hosts, worlds, from, asker)
    const { path, start, end } = use.at
    // What is written alike is the same.
    const isBare = use.parameters.size === 0 && use.keywords.size === 0
    const key = `${role.directory} ${from.tasks ?? ''} ${isBare ? '' : (content.text(path)?.slice(start, end) ?? '')}`
    const { conditions } = within(context, use.keywords)
    const groups = new Map<string, { left: readonly string[]; sure: readonly string[]; worlds: World[] }>()
    for (const world of worlds) {
      const left = hosts.filter((host) => !world.node(host).played.has(key))
      // One whose tasks may all have been skipped has not run.
      const sure = left.filter((host) => {
        const evaluate = evaluator(scopeOf(context, world, host))
        return conditions.every(({ value, at }) => evaluate.condition(value, at) === true)
      })
      const group = groups.get(`${left} ${sure}`) ?? { left, sure, worlds: [] }
      group.worlds.push(world)
      groups.set(`${left} ${sure}`, group)
    }
    return [...groups.values()].flatMap(({ left, sure, worlds: own }) =>
      left.length === 0
        ? own
        : this.role(use, context, left, own, from, asker).map((world) => withPlayed(world, sure, key)),
    )
  }

  /** Tasks of roles, their dependencies first. */
  role(
    use: RoleUse,
    context: Context,
    hosts: readonly string[],
    worlds: readonly World[],
    from: RoleParts = {},
    asker: RoleContext = context,
  ): readonly World[] {
    const { content } = context.stage
    const name = this.#roleName(use, context, hosts, worlds)
    const role = name === undefined ? undefined : content.findRole(name, asker)
    if (role === undefined) {
      context.stage.note(missingRole(name ?? 'of a template', use.at, context.stage))
      return worlds.map((world) => opened(world, hosts))
    }
    const entered = enterRole(role, use, within(context, use.keywords), from)
    if (entered.trail.length > DEEPEST || context.trail.filter((step) => step === role.directory).length > 2)
      return worlds
    let now = worlds
    for (const dependency of content.roleDependencies(role))
      now = this.roleOnce(dependency, entered, hosts, now, {}, askingFor(role, use, entered))
    const tasks = content.roleTasks(role, from.tasks)
    if (tasks === undefined) {
      if (from.tasks !== undefined)
        context.stage.note({ at: use.at, what: `the role ${role.name} has no tasks ${from.tasks}` })
      return now
    }
    now = this.statements(tasks.statements, { ...entered, file: tasks.path }, hosts, now)
    return now.map((world) => behindRole(world, hosts))
  }

  #roleName(
    use: RoleUse,
    context: Context,
    hosts: readonly string[],
    worlds: readonly World[],
  ): string | undefined {
    if (!/\{[{%]/.test(use.name)) return use.name
    const [world] = worlds
    const [host] = hosts
    if (world === undefined || host === undefined) return undefined
    const text = evaluator(scopeOf(context, world, host)).text(use.name, use.at)
    return typeof text === 'string' ? context.stage.atoms.plain(text) : undefined
  }

  /** What failed in a block is rescued; `always` runs in any case. */
  #block(block: Block, outer: Context, hosts: readonly string[], worlds: readonly World[]): readonly World[] {
    const context = within(outer, block.keywords)
    const failedBefore = new Map(worlds.map((world) => [world, failures(world, hosts)]))
    const already = failedBefore.values().next().value ?? new Set()
    const isRescued = block.rescue.length > 0 || block.always.length > 0
    const inside = isRescued ? { ...context, isRescued } : context
    let now = this.statements(block.block, inside, hosts, worlds)
    if (block.rescue.length > 0)
      now = now.flatMap((world) => {
        const failed = hosts.filter((host) => failures(world, hosts).has(host) && !already.has(host))
        if (failed.length === 0) return [this.#shownByRescue(block, context, hosts, world)]
        const next = world.copy()
        for (const host of failed) next.change(host, { failure: undefined })
        return this.statements(block.rescue, context, failed, [next])
      })
    if (block.always.length === 0) return now
    return now.flatMap((world) => {
      const held = new Map(hosts.map((host) => [host, world.node(host).failure]))
      const next = world.copy()
      for (const host of hosts) if (!already.has(host)) next.change(host, { failure: undefined })
      return this.statements(block.always, context, hosts, [next]).map((done) => {
        const kept = done.copy()
        for (const [host, failure] of held) if (failure !== undefined) kept.change(host, { failure })
        return kept
      })
    })
  }

  /** The world, with what the rescue of a block shows that went well here: in a real run it may fail. Else nothing comes of it. */
  #shownByRescue(block: Block, context: Context, hosts: readonly string[], world: World): World {
    let shown = this.#shown.get(block)
    if (shown === undefined) {
      const stage = {
        ...context.stage,
        asked: new Set<Question>(),
        note: nothing,
        bound: nothing,
        reach: nothing,
        includes: nothing,
      }
      const aside = new Walk({ left: 0, inAll: 0, full: nothing })
      const trial = { ...context, stage, handlers: [...context.handlers] }
      const [after] = aside.statements(block.rescue, trial, hosts, [world.copy()])
      shown = after?.events.slice(world.events.length).filter(({ what }) => what === 'task-ran') ?? []
      this.#shown.set(block, shown)
    }
    if (shown.length === 0) return world
    const next = world.copy()
    next.tell(shown)
    return next
  }

  readonly #shown = new Map<Block, readonly Event[]>()

  #task(
    task: Task,
    context: Context,
    hosts: readonly string[],
    world: World,
    isHandler = false,
  ): readonly World[] {
    const active = hosts.filter((host) => isActive(world, host))
    if (active.length === 0 || !context.stage.relevance.has(task, context.role)) return [world]
    // A handler runs where it is notified, whatever its tags are.
    const tags = (template: string): readonly string[] => tagsOf(template, task, context, world, active)
    if (!isHandler && !context.stage.runsAll && isLeftOut(context, task.keywords, tags)) return [world]
    if (this.#left <= 0) return [world]
    this.#left -= active.length
    // What follows is not rehearsed: this is where that begins.
    if (this.#left <= 0)
      context.stage.bound({ at: { ...task.at, start: 0, end: 0 }, what: `more than ${MOST_TASKS} tasks` })
    const included = (kind: 'tasks' | 'role'): readonly World[] =>
      this.#registered(task, context, active, world).flatMap((one) => {
        const left = active.filter((host) => isActive(one, host))
        return this.#included(task, context, left, one, kind)
      })
    switch (task.action.module.split('.').at(-1)) {
      case 'include_tasks':
      case 'import_tasks':
      case 'include':
        return included('tasks')
      case 'include_role':
      case 'import_role':
        return included('role')
      case 'meta':
        return this.#meta(task, context, active, world)
    }
    const inner = within(context, task.keywords, task.at)
    return this.#onHosts(task, context, inner, active, world).map((done) => withFatal(inner, active, done))
  }

  #onHosts(
    task: Task,
    context: Context,
    inner: Context,
    active: readonly string[],
    world: World,
  ): readonly World[] {
    const [first] = active
    if (inner.runOnce && first !== undefined)
      return runOnHost(task, inner, world, first, this.#room).map((done) =>
        shared(task, done, first, inner, world.node(first)),
      )
    // It runs once, for the first host: BYPASS_HOST_LOOP of ansible-core.
    const isOnce = /(?:^|\.)add_host$/.test(task.action.module)
    let worlds: readonly World[] = [world]
    for (const host of isOnce ? active.slice(0, 1) : active)
      worlds = worlds.flatMap((one) => {
        if (!isActive(one, host)) return [one]
        const parted = runOnHost(task, inner, one, host, this.#room)
        // Where it makes no difference which way it went, the next host does not part each of them again.
        return parted.length > 1 && this.#room.left < SHORT ? this.#met(parted, context) : parted
      })
    return worlds
  }

  #meta(task: Task, context: Context, hosts: readonly string[], world: World): readonly World[] {
    const value = task.action.freeForm?.value
    const inner = within(context, task.keywords)
    const condition = (host: string) => conditionOf(new Call(inner, world, task, host, host))
    // What might end the play is taken not to.
    const meant = hosts.filter((host) => condition(host) === true)
    const { playHosts, allPlayHosts } = context
    switch (value) {
      case 'flush_handlers':
        return this.handlers(
          context,
          hosts.filter((host) => condition(host) !== false),
          [world],
        )
      case 'end_host':
        return [withEnded(world, meant, 'play')]
      case 'end_role':
        return [context.role === undefined ? world : withEnded(world, meant, 'role')]
      case 'end_batch':
      case 'end_play':
      case 'clear_host_errors':
        // The first host decides for all of them: `StrategyModule.run` of the linear strategy of ansible-core.
        if (!meant.some((host) => context.isFree === true || host === hosts[0])) return [world]
        if (value === 'clear_host_errors') return [withoutFailures(world, playHosts)]
        return [withEnded(world, value === 'end_play' ? allPlayHosts : playHosts, 'play')]
    }
    return [world]
  }

  /** What an include registers is there for the tasks that it includes. */
  #registered(task: Task, outer: Context, hosts: readonly string[], world: World): readonly World[] {
    if (isImport(task) || !task.keywords.has('register')) return [world]
    const inner = withParameters(within(outer, task.keywords, task.at), task)
    return this.#onHosts(task, outer, inner, hosts, world)
  }

  /**
   * Hosts for which the condition holds, for this item of a loop, run what is included; where it is not known, the condition
   * is one of every task in it. `import_*` always hands its condition on.
   */
  #included(
    task: Task,
    outer: Context,
    hosts: readonly string[],
    world: World,
    kind: 'tasks' | 'role',
  ): readonly World[] {
    const isStatic = isImport(task)
    const inner = isStatic ? within(outer, task.keywords) : withParameters(within(outer, task.keywords), task)
    const including: Including = {
      task,
      kind,
      context: inner,
      handedOn: (context) => (isStatic ? context : withIncluded(outer, context)),
    }
    try {
      // A host that fails here has not failed in the world from before.
      const next = world.copy()
      const groups = new Map<string, { hosts: string[]; target: Target }>()
      for (const host of !isStatic && inner.runOnce ? hosts.slice(0, 1) : hosts) {
        const call = new Call(inner, next, task, host, host)
        for (const target of this.#targetsOrFailure(including, call)) {
          const group = groups.get(target.key) ?? { hosts: [], target }
          group.hosts.push(host)
          groups.set(target.key, group)
        }
      }
      let worlds: readonly World[] = [next]
      for (const { hosts: own, target } of groups.values())
        worlds = target.run(
          target.isSure ? withoutCondition(target.context, task) : target.context,
          own,
          worlds,
        )
      return worlds
    } catch (part) {
      if (!(part instanceof Undecided)) throw part
      return forked(part, world, this.#room).flatMap((one) => this.#included(task, outer, hosts, one, kind))
    }
  }

  /** A name that can't be evaluated ends the play for the host. */
  #targetsOrFailure(including: Including, call: Call): readonly Target[] {
    try {
      return this.#targets(including, call)
    } catch (error) {
      if (!(error instanceof TaskFails)) throw error
      failed(call.world, call.host, call, error)
      return []
    }
  }

  #targets({ task, kind, context, handedOn }: Including, call: Call): readonly Target[] {
    return loopItems(task, call).flatMap(({ loop, item }, index) => {
      const isItem = loop !== undefined && item !== undefined
      const inner = isItem ? ofItem(context, itemVariables(context.items, loop, item, index), index) : context
      const one = new Call(inner, call.world, task, call.host, call.target)
      if (isItem) tellItem(one, loop, item)
      const isStatic = isImport(task)
      const condition = isStatic || conditionOf(one)
      if (condition === false) return []
      if (condition instanceof Undefined) throw new TaskFails(condition.message, condition.variable)
      if (findsNothing(one, condition)) return []
      const own = handedOn(inner)
      const target = kind === 'role' ? this.#roleTarget(task, own, one) : this.#tasksTarget(task, own, one)
      if (target === undefined) return []
      const isSure = !isStatic && condition === true
      return [{ ...target, isSure, key: `${target.key} ${isItem ? String(item) : ''} ${isSure}` }]
    })
  }

  #tasksTarget(task: Task, context: Context, call: Call): Included | undefined {
    const { content } = context.stage
    const named =
      task.action.freeForm === undefined
        ? call.text('file', '_raw_params', 'free_form')
        : call.textOf(task.action.freeForm)
    const name = typeof named === 'string' ? context.stage.atoms.plain(named) : undefined
    const dynamic = !isImport(task)
    const from = { ...fileOrigin(context), dynamic }
    const names = named instanceof FirstOf ? named.names : typeof named === 'string' ? [named] : []
    const open = name === undefined ? this.#ofSome(names, context, call, from) : undefined
    if (open === 'none matters') return undefined
    const path = name === undefined ? open : content.findFile('tasks', name, from)
    const file: TaskFile | undefined = path === undefined ? undefined : content.taskFile(path)
    context.stage.includes(task.at, file?.path)
    if (file === undefined) {
      return this.#notKnown(
        call,
        name === undefined
          ? 'the tasks to include are not known'
          : `the tasks ${normalised(name)} are not in the project`,
      )
    }
    if (context.trail.length > DEEPEST || context.trail.filter((step) => step === file.path).length > 2)
      return undefined
    const inner: Context = {
      ...withApply(context, task),
      file: file.path,
      trail: [...context.trail, file.path],
    }
    return {
      key: file.path,
      context: inner,
      run: (entered, hosts, worlds) => {
        const exported = dynamic ? exportedByFile(file, entered) : []
        return this.statements(file.statements, entered, hosts, withExported(worlds, entered, exported))
      },
    }
  }

  /**
   * The file that such names mean in this world of which a part is only known when the play runs: each that has a task of interest
   * is worth a world, and one stands for all others. `undefined`: there is none, or there are too many.
   */
  #ofSome(
    names: readonly string[],
    context: Context,
    call: Call,
    from: ReturnType<typeof fileOrigin>,
  ): string | 'none matters' | undefined {
    const { content, relevance } = context.stage
    const all = candidates(context.stage, 'tasks', names, from).filter(
      ({ path }) => !context.trail.includes(path) && path !== context.file,
    )
    // What others include by its name is for those, unless nothing else is left.
    const own = all.filter(({ path }) => !relevance.isIncluded(path))
    const possible = own.length === 0 ? all : own
    const telling = possible.filter(({ path }) =>
      tasksIn(content.taskFile(path)?.statements ?? []).some((task) => relevance.has(task, context.role)),
    )
    if (possible.length > 0 && telling.length === 0) return 'none matters'
    if (telling.length > MOST_FILES) {
      context.stage.bound({
        at: call.task.action.at,
        what: `which of ${telling.length} files of tasks is included is only known when the play runs`,
      })
      return undefined
    }
    const other = possible.find((one) => !telling.includes(one))
    const found = chosen(other === undefined ? telling : [...telling, other], call.world, call.task.action.at)
    return found === other && other !== undefined ? 'none matters' : found?.path
  }

  /** What `tasks_from` means of a role, below its `tasks`. */
  #tasksOfRole(
    name: string,
    written: Placed,
    context: Context,
    call: Call,
  ): string | 'none matters' | undefined {
    const role = context.stage.content.findRole(name, context)
    if (role === undefined) return undefined
    const directory = joinPath(role.directory, 'tasks/')
    const names = ['', '.yml', '.yaml'].flatMap((ending) => {
      const text = call.textOf({ ...written, value: `${scalarText(written.value)}${ending}` })
      return typeof text === 'string' ? text : []
    })
    const from = { ...fileOrigin(context), role, includedFrom: `${directory}main.yml` }
    const found = this.#ofSome(names, { ...context, role }, call, from)
    return found?.startsWith(directory) === true ? found.slice(directory.length) : found
  }

  /** After what can't be followed anything may be there. */
  #notKnown(call: Call, what: string): undefined {
    call.note(what)
    call.world.change(call.host, { isOpen: true })
    return undefined
  }

  #roleTarget(task: Task, context: Context, call: Call): Included | undefined {
    const name = call.plain('name', 'role')
    if (name === undefined) return this.#notKnown(call, 'the role to include is not known')
    const use: RoleUse = { at: task.action.at, name, keywords: new Map(), parameters: new Map() }
    const named = call.argument('tasks_from')
    let tasks = call.plain('tasks_from')
    if (named !== undefined && tasks === undefined) {
      const found = this.#tasksOfRole(name, named, context, call)
      if (found === 'none matters') return undefined
      if (found === undefined) return this.#notKnown(call, 'the tasks to include are not known')
      tasks = found
    }
    const parts: RoleParts = {
      tasks,
      vars: call.plain('vars_from'),
      defaults: call.plain('defaults_from'),
      handlers: call.plain('handlers_from'),
    }
    const isPublic = call.flag('public', false) === true
    return {
      key: `${name} ${parts.tasks ?? ''}`,
      context: withApply(context, task),
      run: (entered, hosts, worlds) => {
        const exported = isImport(task) ? [] : exportedByInclude(use, entered, parts, isPublic)
        return this.role(use, entered, hosts, withExported(worlds, entered, exported), parts)
      },
    }
  }

  /**
   * Runs the handlers that were notified, in the order in which they are written. What a handler notifies runs at once where it
   * comes later, and else with the next handlers of the play.
   */
  handlers(context: Context, hosts: readonly string[], worlds: readonly World[]): readonly World[] {
    let now = worlds.map((world) => withDue(world, hosts, context))
    for (const handler of context.handlers) {
      now = now.flatMap((world) => {
        const own = hosts.filter((host) => isActive(world, host) && world.node(host).due.has(handler))
        if (own.length === 0) return [world]
        return this.#task(handler.task, handler.context, own, world, true).map((done) =>
          withDue(done, hosts, context, handler),
        )
      })
    }
    return now
  }
}

/** The world with the handlers to run that were notified since, but not the one that has run. */
function withDue(
  world: World,
  hosts: readonly string[],
  { handlers, stage }: Context,
  done?: HandlerUse,
): World {
  const left = hosts.filter((host) => {
    const { due, notified } = world.node(host)
    return notified.size > 0 || (done !== undefined && due.has(done))
  })
  if (left.length === 0) return world
  const next = world.copy()
  for (const host of left) {
    const { due, notified } = world.node(host)
    const found = notifiedHandlers(handlers, notified, world, host)
    // By ansible-core 2.21 it runs the next time, by 2.14 it does not.
    if (done !== undefined && found.has(done))
      stage.note({
        at: done.task.action.at,
        what: 'whether a handler that notifies itself runs again depends on the version of ansible-core',
      })
    const all = new Set([...due, ...found])
    if (done !== undefined) all.delete(done)
    next.change(host, { due: all, notified: new Set() })
  }
  return next
}

/** A play that comes later has handlers of its own. */
export function withoutNotified(world: World, hosts: readonly string[]): World {
  const left = hosts.filter((host) => world.node(host).notified.size + world.node(host).due.size > 0)
  if (left.length === 0) return world
  const next = world.copy()
  for (const host of left) next.change(host, { notified: new Set(), due: new Set() })
  return next
}

const nothing = (): void => {}

/** The world after something on these hosts that could not be followed. */
function opened(world: World, hosts: readonly string[]): World {
  const next = world.copy()
  for (const host of hosts) next.change(host, { isOpen: true })
  return next
}

function withPlayed(world: World, hosts: readonly string[], role: string): World {
  if (hosts.length === 0) return world
  const next = world.copy()
  for (const host of hosts) next.change(host, { played: new Set([...world.node(host).played, role]) })
  return next
}

/** All hosts of the play have it from here on, whichever of them it is included for. */
function withExported(
  worlds: readonly World[],
  { allPlayHosts }: Context,
  exported: readonly RoleVariables[],
): readonly World[] {
  if (exported.length === 0) return worlds
  return worlds.map((world) => {
    const next = world.copy()
    for (const host of allPlayHosts) {
      const before = world.node(host).exported.filter((one) => !exported.includes(one))
      next.change(host, { exported: [...before, ...exported] })
    }
    return next
  })
}

interface Included {
  readonly key: string
  readonly context: Context
  readonly run: (context: Context, hosts: readonly string[], worlds: readonly World[]) => readonly World[]
}

/** One that has failed does not end without a fault. */
function withEnded(world: World, hosts: readonly string[], ended: 'play' | 'role'): World {
  const next = world.copy()
  for (const host of hosts) if (world.node(host).failure === undefined) next.change(host, { ended })
  return next
}

/** Hosts that have failed in a play have no more of it: they are back in the next one. */
function withoutFailures(world: World, hosts: readonly string[]): World {
  const next = world.copy()
  for (const host of hosts)
    if (world.node(host).failure !== undefined) next.change(host, { failure: undefined, ended: 'play' })
  return next
}

/** Hosts for which a role has ended go on behind it. */
function behindRole(world: World, hosts: readonly string[]): World {
  const left = hosts.filter((host) => world.node(host).ended === 'role')
  if (left.length === 0) return world
  const next = world.copy()
  for (const host of left) next.change(host, { ended: undefined })
  return next
}

export function isActive(world: World, host: string): boolean {
  const { failure, ended } = world.node(host)
  return failure === undefined && ended === undefined && world.over === undefined
}

const failures = (world: World, hosts: readonly string[]): ReadonlySet<string> =>
  new Set(hosts.filter((host) => world.node(host).failure !== undefined))

/**
 * After a task has failed for some of these hosts: where that may not be, the play has ended for all of its batch. In a block with
 * `rescue` or `always` versions of ansible-core differ. Where not all ways were followed, it may not have failed.
 */
function withFatal(context: Context, active: readonly string[], world: World): World {
  const { anyErrorsFatal, mostFailed = 100, playHosts, playBatch, isRescued, isFree, stage } = context
  if ((!anyErrorsFatal && mostFailed >= 100) || isRescued === true || isFree === true) return world
  if (world.isCut) return world
  const { hosts, standIn } = stage.hosts
  const count = (names: ReadonlySet<string>): number =>
    playBatch === undefined
      ? [...names].reduce((sum, name) => sum + 1 + (hosts.get(name)?.alike.length ?? 0), 0)
      : playBatch.filter((host) => names.has(standIn(host) ?? host)).length
  const failing = failures(world, active)
  const [one] = failing
  const failure = one === undefined ? undefined : world.node(one).failure
  if (failure === undefined) return world
  if (!anyErrorsFatal && (count(failing) / count(new Set(playHosts))) * 100 <= mostFailed) return world
  const next = world.copy()
  for (const host of playHosts) if (next.node(host).failure === undefined) next.change(host, { failure })
  return next
}

function failed(world: World, host: string, call: Call, { why, at = call.task.action.at }: TaskFails): void {
  world.change(host, { failure: { at, why } })
}

/** Whether nothing is included, as what the task asks for is not there: it may be that the play goes on only where it is skipped. */
function findsNothing(call: Call, condition: true | Unknown): boolean {
  const { context, task } = call
  const { collections } = context
  const missing = context.stage.missing.failing(task, { ...fileOrigin(context), collections })
  if (missing === undefined) return false
  if (condition === true) throw new TaskFails(missing.why, undefined, undefined, missing.at)
  call.note(missing.why, missing.at)
  assureNot(call)
  return true
}

/**
 * What is included while the play runs inherits from the blocks around the include, and of the include itself its variables:
 * `no_log`, `run_once`, `ignore_errors` and tags are for the include alone. `Task._get_parent_attribute` of ansible-core.
 * Where its condition is not known, that is one of each task.
 */
const withIncluded = (
  outer: Context,
  { parameters, vars, conditions, items, iteration }: Context,
): Context => ({
  ...outer,
  parameters,
  vars,
  conditions,
  items,
  ...(iteration === undefined ? {} : { iteration }),
})

/** `vars:` of what is included while the play runs win over facts: `Task.get_include_params` of ansible-core. */
function withParameters(context: Context, { keywords }: Task): Context {
  const vars = rawVariables(keywords.get('vars'))
  return vars.size === 0 ? context : { ...context, parameters: new Map([...context.parameters, ...vars]) }
}

/** Without the condition of the include itself; those of `apply` are for the tasks in it. */
function withoutCondition(context: Context, { keywords }: Task): Context {
  const own = keywords.get('when')
  return { ...context, conditions: context.conditions.filter((one) => one !== own) }
}

/** `apply:` of an include: its keywords are those of every task in it. */
function withApply(context: Context, task: Task): Context {
  const apply = task.action.arguments.get('apply')
  if (apply?.node?.kind !== 'map' || typeof apply.value !== 'object' || apply.value === null) return context
  const values = apply.value as Readonly<Record<string, AnsibleValue>>
  const keywords = new Map(
    [...apply.node.entries].map(
      ([name, { value }]) => [name, { value: values[name] ?? null, at: value.at, node: value }] as const,
    ),
  )
  return within(context, keywords)
}

/** Whether what a task takes in is read with the play, rather than while it runs. */
const isImport = ({ action }: Task): boolean => action.module.includes('import_')

/** An include or import, in the context of its own keywords. */
interface Including {
  readonly task: Task
  readonly kind: 'tasks' | 'role'
  readonly context: Context
  /** Of its context what goes on to what it takes in. */
  readonly handedOn: (context: Context) => Context
}

interface Target extends Included {
  /** Whether its condition is known to hold, so that nothing in it depends on that. */
  readonly isSure: boolean
}

interface LoopItem {
  readonly loop?: Loop
  readonly item?: import('../evaluate/index.ts').FlowValue
}

/** A list that is undefined ends the play for the host, where the task runs at all. */
function loopItems(task: Task, call: Call): readonly LoopItem[] {
  const loop = loopWhereItRuns(task, call)
  if (loop === undefined) return [{}]
  if (loop instanceof Undefined) {
    if (conditionOf(call) === true) throw new TaskFails(loop.message, loop.variable)
    return []
  }
  if (loop.items === undefined) return [{ loop, item: new Unknown('item', loop.why, task.at) }]
  return loop.items.map((item) => ({ loop, item }))
}

/**
 * After `run_once` every host of the play has what the one host registered, whatever part of them came here:
 * `StrategyBase.get_task_hosts` of ansible-core. Where the task failed, the play ends for all of them.
 */
function shared(
  task: Task,
  world: World,
  from: string,
  { playHosts, delegateTo }: Context,
  { variables: known, included: includedBefore }: NodeState,
): World {
  const { module } = task.action
  const name = task.keywords.get('register')?.value
  const isOfDelegate = delegateTo !== undefined && task.keywords.get('delegate_facts')?.value === true
  const facts = module === 'set_fact' && !isOfDelegate ? [...task.action.arguments.keys()] : []
  const next = world.copy()
  const { variables: made, included, unread, failure, hasUnnamedFact } = world.node(from)
  // Facts whose names are templates are known by what was not there before.
  const others = facts.some((fact) => /\{[{%]/.test(fact))
    ? [...made].filter(([one, value]) => known.get(one) !== value).map(([one]) => one)
    : []
  const isKept = (fact: string): boolean => typeof name !== 'string' || made.get(fact) !== known.get(fact)
  // Where it was skipped, the host has what it had before.
  const kept = made === known ? [] : facts.filter(isKept)
  const names = [...(typeof name === 'string' ? [name] : []), ...kept, ...others]
  const brought = [...included].filter(([one, value]) => includedBefore.get(one) !== value)
  for (const host of playHosts) {
    if (host === from) continue
    const { variables: before, failure: own, unread: ownUnread, included: ownIncluded } = world.node(host)
    const variables = new Map(before)
    for (const one of names) {
      const value = made.get(one)
      if (value !== undefined) variables.set(one, value)
    }
    next.change(host, {
      variables,
      ...(module === 'include_vars'
        ? { included: new Map([...ownIncluded, ...brought]), unread: withMore(ownUnread, unread) }
        : {}),
      ...(failure === undefined || own !== undefined ? {} : { failure }),
      ...(hasUnnamedFact ? { hasUnnamedFact } : {}),
    })
  }
  return next
}

/** The tags that a template gives; none where that is not known, or another thing on each host. */
function tagsOf(
  template: string,
  { at, keywords }: Task,
  context: Context,
  world: World,
  hosts: readonly string[],
): readonly string[] {
  const { atoms, note } = context.stage
  const place = keywords.get('tags')?.at ?? at
  const found = hosts.map((host) => {
    const value = evaluator(scopeOf(context, world, host)).value(template, place)
    const tags = value instanceof List ? [...value] : [value]
    return tags.map((tag) => (typeof tag === 'string' ? atoms.plain(tag) : undefined))
  })
  const [first = []] = found
  const known = first.flatMap((tag) => tag ?? [])
  if (known.length === first.length && found.every((tags) => tags.join('\n') === known.join('\n')))
    return known
  note({ at: place, what: 'tags that are not known: one may be never' })
  return []
}
