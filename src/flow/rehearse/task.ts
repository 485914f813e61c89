import type { Placed, Task } from '../../ansible/content/index.ts'
import { List, Undefined } from '../../ansible/template/values.ts'
import { scalarText } from '../../ansible/value.ts'
import { objectModules, secretModules } from '../../facts/secretStores.ts'
import { positionAt, type Span } from '../../span.ts'
import type { Hop } from '../atoms.ts'
import {
  evaluator,
  Fetched,
  type FlowValue,
  isRefusal,
  newerCore,
  Result,
  UnknownTruth,
} from '../evaluate/index.ts'
import { type PaperFiles, withFile } from '../files.ts'
import type { Event } from '../rehearsal.ts'
import { broughtBy, Unknown } from '../unknown.ts'
import { reachedBy } from './addresses.ts'
import { assureNot, whereFilled } from './assured.ts'
import { Call, type Effect, ModuleFails, TaskFails, Undecided } from './call.ts'
import { type Context, ofItem } from './context.ts'
import { isSeen, withOpen } from './groups.ts'
import { CONTROL_NODE, isNode, UNKNOWN_HOST } from './hosts.ts'
import { isLooped, itemVariables, type Loop, loopOf } from './loops.ts'
import { mayBeHandled } from './missingHandlers.ts'
import { containerOf } from './modules/containers.ts'
import { fail, shownTexts } from './modules/facts.ts'
import { taskRun, unknownContent } from './modules/files.ts'
import { isClusterModule, type Module, moduleOf } from './modules/index.ts'
import { refusedTemplate } from './refusedTemplates.ts'
import { scopeOf } from './scope.ts'
import { assuming, Choice, type NodeState, type ServiceState, type Stored, type World } from './world.ts'

/** One task on one host, in the context of its own keywords; the worlds that come of it. */
export function runOnHost(
  task: Task,
  context: Context,
  world: World,
  host: string,
  room: Room,
): readonly World[] {
  try {
    const next = world.copy()
    new HostTask(task, context, next, host, room).run()
    return [next]
  } catch (part) {
    if (!(part instanceof Undecided)) throw part
    return forked(part, world, room).flatMap((one) => runOnHost(task, context, one, host, room))
  }
}

/** How many more worlds there may be: at one time, and with those that have met again since. */
export interface Room {
  left: number
  inAll: number
  full(part: Undecided): void
}

const isFull = ({ left, inAll }: Room): boolean => left <= 0 || inAll <= 0

export function forked(part: Undecided, world: World, room: Room): readonly World[] {
  const { what, truth } = part
  if (!isFull(room)) {
    room.left -= 1
    room.inAll -= 1
    return [true, false].map((is) =>
      truth === undefined ? world.fork(what, is) : assuming(world, truth, is),
    )
  }
  room.full(part)
  return [world.fork(what, false, true)]
}

/** Whether it runs for it or is skipped, Ansible shows the item of a loop: all of it from -v on, at once where it has no label. */
export function tellItem(call: Call, { at, label }: Pick<Loop, 'at' | 'label'>, item: FlowValue): void {
  const told = label === undefined ? undefined : call.evaluator.value(label.value, label.at)
  const isLabelled = told !== undefined && !(told instanceof Undefined)
  for (const text of shownTexts(call, item)) call.use(isLabelled ? 'result' : 'item', text, at)
  if (isLabelled) for (const text of shownTexts(call, told)) call.use('item', text, label?.at ?? at)
  if (call.uses.length === 0) return
  const task = { ...taskRun(call), uses: call.uses.splice(0) }
  call.world.tell([{ what: 'task-ran', host: call.host, kind: 'agent', at: task.at, task }])
}

/** The truth of inherited and own conditions, as each task evaluates all of them anew. */
export function conditionOf(call: Call): boolean | Unknown | Undefined {
  let unknown: Unknown | undefined
  for (const { value, at } of call.context.conditions) {
    const truth = call.evaluator.condition(value, at)
    if (truth === false) return false
    if (truth instanceof Undefined) return unknown ?? truth
    if (truth instanceof Unknown) unknown ??= truth
  }
  return unknown ?? true
}

/**
 * The call in the world in which it runs: there all of its conditions hold, and what other tasks found under them is found.
 * `undefined`: they rule each other out.
 */
function whereItRuns({ context, world, task, host, target }: Call): Call | undefined {
  let assumed = world
  for (const { value, at } of context.conditions) {
    const truth = evaluator(scopeOf(context, assumed, host)).condition(value, at)
    if (truth === false) return undefined
    if (truth instanceof Unknown) assumed = assuming(assumed, truth, true)
  }
  return new Call(context, assumed, task, host, target)
}

/** The loop of a task: where it is not known whether the task runs, as it is there, with what others found under its conditions. */
export function loopWhereItRuns({ keywords }: Task, call: Call): Loop | Undefined | undefined {
  if (!isLooped(keywords)) return undefined
  const running = conditionOf(call) instanceof Unknown ? whereItRuns(call) : undefined
  const { evaluator: evaluate, query } = running ?? call
  return loopOf(keywords, evaluate, (name) => call.inProject(name), query)
}

class HostTask {
  readonly #task: Task
  readonly #context: Context
  readonly #world: World
  readonly #host: string
  readonly #room: Room

  constructor(task: Task, context: Context, world: World, host: string, room: Room) {
    this.#task = task
    this.#context = context
    this.#world = world
    this.#host = host
    this.#room = room
  }

  run(): void {
    const module = moduleOf(this.#task.action.module)
    // The items of a loop may say where each of them is delegated to.
    const call = this.#call(this.#context, isLooped(this.#task.keywords) ? this.#host : undefined)
    const loop = loopWhereItRuns(this.#task, call)
    if (loop instanceof Undefined) {
      if (conditionOf(call) === true) this.#fail(call, new TaskFails(loop.message, loop.variable))
      else this.#register(skipped())
      return
    }
    if (loop === undefined) {
      this.#keep(this.#one(call, module))
      return
    }
    this.#loop(loop, module)
  }

  #openNodes({ opensNodes }: Effect): void {
    if (opensNodes !== true) return
    for (const host of this.#context.stage.hosts.hosts.keys()) this.#world.change(host, { isOpen: true })
  }

  #call(outer: Context, target?: string): Call {
    // What a task demands of the user, the user gives.
    const isDemand = moduleOf(this.#task.action.module)?.maybe === 'skip'
    const context = isDemand ? { ...outer, isDemand } : outer
    return new Call(context, this.#world, this.#task, this.#host, target ?? this.#target(context))
  }

  /** The host on which the module runs. */
  #target(context: Context): string {
    const { delegateTo } = context
    if (delegateTo === undefined) return this.#host
    const text = evaluator(scopeOf(context, this.#world, this.#host)).text(delegateTo.value, delegateTo.at)
    const { atoms, hosts } = context.stage
    const plain = typeof text === 'string' ? atoms.plain(text) : undefined
    const named = plain === undefined ? undefined : hosts.standIn(plain)
    if (named !== undefined) return named
    const reached = text instanceof Undefined ? undefined : reachedBy(text, context, this.#world)
    if (reached === undefined && plain === undefined)
      context.stage.note({ at: delegateTo.at, what: 'the host of delegate_to is not known' })
    return reached ?? plain ?? UNKNOWN_HOST
  }

  #loop(loop: Loop, module: Module | undefined): void {
    const items = loop.items ?? [new Unknown('item', loop.why, this.#task.at)]
    const results: Outcome[] = []
    const notifying: Context[] = []
    for (const [index, item] of items.entries()) {
      const inner = itemVariables(this.#context.items, loop, item, index)
      const call = this.#call(ofItem(this.#context, inner, index))
      tellItem(call, loop, item)
      const outcome = this.#one(call, module)
      results.push(outcome)
      if (outcome.ran !== false) notifying.push(call.context)
      if (this.#world.node(this.#host).failure !== undefined) break
    }
    const name = this.#task.keywords.get('register')?.value
    const all = new Map<string, FlowValue>([
      [
        'results',
        new List(
          results.map(({ result }, index) => {
            const own = new Map<string, FlowValue>([
              ...result,
              [loop.variable, items[index] ?? null],
              ['ansible_loop_var', loop.variable],
            ])
            const hop = fetched.get(result)
            if (hop !== undefined) fetched.set(own, hop)
            if (failures.has(result)) failures.add(own)
            const why = unfollowed.get(result)
            if (why !== undefined) unfollowed.set(own, why)
            return resultOf(own, `${scalarText(name ?? null)}.results[${index}]`, this.#host)
          }),
        ),
      ],
      ['changed', results.some(({ changed }) => changed === true)],
      ['skipped', results.every(({ ran }) => ran === false)],
      ['failed', false],
      ['msg', ''],
    ])
    const unsure = results.find(({ ran }) => ran instanceof Unknown)?.ran
    const changed = results.some(({ changed: one }) => one === true)
      ? true
      : (results.find(({ changed: one }) => one !== false)?.changed ?? false)
    const ran = results.some(({ ran }) => ran === true) ? true : (unsure ?? false)
    this.#keep({ result: all, changed, ran }, notifying)
  }

  /** Condition, module, outcome: of the task, or of one item of its loop. */
  #one(call: Call, module: Module | undefined): Outcome {
    const condition = conditionOf(call)
    if (condition === false) {
      call.context.stage.unreached.skipped(call)
      return skipped()
    }
    call.context.stage.unreached.ran(call)
    if (condition instanceof Undefined)
      return this.#fail(call, new TaskFails(condition.message, condition.variable))
    const filled = condition === true && module?.run === fail ? whereFilled(call) : undefined
    if (filled !== undefined && conditionOf(filled) instanceof Unknown) {
      assureNot(filled)
      return skipped()
    }
    if (condition === true) return this.#act(call, module, condition)
    if (module?.maybe === 'skip') {
      if (module.run === fail) assureNot(call)
      return skipped()
    }
    const running = whereItRuns(call)
    if (running === undefined) return skipped()
    if (module?.maybe !== 'fork' || !isNode(call.context.stage.hosts, call.target))
      return this.#act(running, module, condition)
    const trial = tried(() => module.run(running))
    if (matters(call, trial)) {
      const files = isFull(this.#room) ? onlyFiles(trial) : undefined
      if (files === undefined) this.#settle(call, condition)
      else this.#blur(call, files, condition)
    }
    return this.#act(running, module, condition, trial)
  }

  #settle(call: Call, condition: Unknown): void {
    const open = openPart(call, condition)
    if (open !== undefined) throw open
    call.note(`a condition that is not known: ${condition.what}`)
  }

  /** Where there is no room for both ways, files that one of them changes are not known. */
  #blur(call: Call, files: PaperFiles, condition: Unknown): void {
    const open = openPart(call, condition)
    if (open !== undefined) this.#room.full(open)
    const before = this.#world.node(call.target).files
    let blurred = before
    for (const path of new Set([...before.keys(), ...files.keys()])) {
      const [was, is] = [before.get(path), files.get(path)]
      const file = is ?? was
      if (file !== undefined && was?.content !== is?.content)
        blurred = withFile(blurred, path, { ...file, content: unknownContent(condition.why) })
    }
    this.#world.change(call.target, { files: blurred })
  }

  /** `run`: what the module does, where that was looked at before. */
  #act(
    call: Call,
    module: Module | undefined,
    ran: true | Unknown,
    run = (): Effect => (module === undefined ? unmodelled(call) : module.run(call)),
  ): Outcome {
    const refused = ran === true ? refusedTemplate(call.task, call.context.stage) : undefined
    if (refused !== undefined) {
      const why = `a template that Jinja2 refuses: ${refused.message}`
      return this.#fail(call, new TaskFails(why, undefined, undefined, refused.at))
    }
    const used = ran === true ? this.#refusalUsed(call) : undefined
    if (used !== undefined) return this.#fail(call, new TaskFails(used.message))
    let effect: Effect
    try {
      effect = moduleEffect(run)
    } catch (error) {
      if (!(error instanceof TaskFails)) throw error
      if (error.variable !== undefined && module !== undefined && this.#isOfOldCore(call, module))
        throw new Undecided(newerCore, call.task.action.at)
      if (ran instanceof Unknown) return { result: new Map(), changed: false, ran }
      return this.#fail(call, error)
    }
    if (ran instanceof Unknown && module?.maybe === 'fork' && effect.failed === undefined) {
      if (effect.node?.isOpen === true) this.#world.change(call.target, { isOpen: true })
      this.#openNodes(effect)
      return {
        result: effect.result ?? new Map(),
        changed: new Unknown(`${call.task.at.start} changed`, 'its condition is not known'),
        ran,
      }
    }
    if (effect.node !== undefined) this.#world.change(call.target, effect.node)
    if (effect.controlNode !== undefined) this.#world.change(CONTROL_NODE, effect.controlNode)
    this.#openNodes(effect)
    const isStore = asksForSecrets(call)
    if (isStore) call.use('result', call.secretAnswer(), call.task.action.at)
    const use = taskRun(call)
    this.#world.tell(effect.events ?? [])
    if (!isNode(call.context.stage.hosts, call.target) && effect.events?.some(isStart) === true)
      call.note(`K3s starts on ${call.target}, which no inventory has`)
    if (use.uses.length > 0)
      this.#world.tell([{ what: 'task-ran', host: call.target, kind: 'agent', at: use.at, task: use }])
    if (effect.groups !== undefined)
      // Where it is open whether the task runs, so are its groups.
      this.#world.regroup(
        ran === true
          ? effect.groups
          : withOpen(this.#world.groups, [...effect.groups.hosts.keys(), ...effect.groups.open]),
      )
    if (effect.facts !== undefined) {
      const owner = effect.ownerOfFacts ?? this.#ownerOfFacts(call)
      this.#remember(effect.facts, ran, owner)
      if (effect.hasUnnamedFact === true) this.#world.change(owner, { hasUnnamedFact: true })
    }
    const changed =
      effect.changed ??
      new Unknown(`${named(call)} changes ${call.host}`, 'only a real run shows it', call.task.at)
    const result = new Map<string, FlowValue>([
      ['changed', changed],
      ['failed', false],
      ['skipped', false],
      ...(effect.result ?? []),
    ])
    if (call.isTolerant) result.set('failed', this.#hasFailed(call, module, effect, result))
    if (isStore) fetched.set(result, call.fetching)
    else if (module === undefined) unfollowed.set(result, (part) => whyNotFollowed(call, part))
    if (effect.failed === undefined) return { result, changed, ran }
    if (!this.#forgiven(call, result)) {
      if (ran === true) return this.#fail(call, new TaskFails(effect.failed))
      if (call.context.isRescued === true) return { result, changed, ran }
      // Where it runs the play ends, so that it goes on only where the task is skipped.
      assureNot(new Call(call.context, this.#world, call.task, call.host, call.target))
      return skipped()
    }
    const failed = new Map<string, FlowValue>([['msg', effect.failed], ...result])
    failures.add(failed)
    return { result: failed, changed, ran }
  }

  /** Of a task's arguments, which Ansible renders before the module runs, the first that needs a template which Jinja2 refuses. */
  #refusalUsed({ context, task, evaluator: evaluate }: Call): Undefined | undefined {
    if (!context.stage.relevance.usesRefused(task)) return undefined
    const { arguments: given, freeForm } = task.action
    const all = freeForm === undefined ? [...given.values()] : [freeForm, ...given.values()]
    return all.map(({ value, at }) => evaluate.value(value, at)).find(isRefusal)
  }

  /** Whether the task fails under an older ansible-core only, which stops at what a newer one hands on to `default`. */
  #isOfOldCore(call: Call, module: Module): boolean {
    if (call.world.decisions.has(newerCore)) return false
    const newer = call.world.fork(newerCore, true)
    try {
      module.run(new Call(call.context, newer, call.task, call.host, call.target))
      return true
    } catch (error) {
      if (error instanceof TaskFails || error instanceof Undecided) return error instanceof Undecided
      throw error
    }
  }

  #remember(facts: ReadonlyMap<string, Stored>, ran: true | Unknown, owner: string): void {
    const before = this.#world.node(owner).variables
    const variables = new Map<string, Stored>(before)
    for (const [name, value] of facts) variables.set(name, perhaps(value, ran, before.get(name)))
    this.#world.change(owner, { variables })
  }

  /** Facts belong to the host that the task runs for, unless it says that they are those of where it is delegated to. */
  #ownerOfFacts({ task, target, evaluator: evaluate }: Call): string {
    const delegated = task.keywords.get('delegate_facts')
    if (delegated === undefined || target === this.#host) return this.#host
    return evaluate.truth(evaluate.value(delegated.value, delegated.at)) === true ? target : this.#host
  }

  /** `ignore_errors`, `failed_when` and the like. */
  #forgiven(call: Call, result: ReadonlyMap<string, FlowValue>): boolean {
    if (this.#ignoresErrors) return true
    const when = call.task.keywords.get('failed_when')
    if (when === undefined) return false
    return this.#asked(call, new Map<string, FlowValue>([...result, ['failed', true]]), when) !== true
  }

  get #ignoresErrors(): boolean {
    const ignore = this.#task.keywords.get('ignore_errors')
    return this.#context.ignoreErrors || (ignore !== undefined && ignore.value !== false)
  }

  /** A condition about what the task itself returns. */
  #asked(
    call: Call,
    result: ReadonlyMap<string, FlowValue>,
    { value, at }: Pick<Placed, 'value' | 'at'>,
  ): boolean | Unknown | Undefined {
    const name = call.task.keywords.get('register')?.value
    const items = new Map(call.context.items)
    if (typeof name === 'string') items.set(name, resultOf(result, name, this.#host))
    return evaluator(scopeOf({ ...call.context, items }, this.#world, this.#host)).condition(value, at)
  }

  /** Whether a task has failed after which the play goes on. What `failed_when` says is how it ended; `ignore_errors` only goes on. */
  #hasFailed(
    call: Call,
    module: Module | undefined,
    { failed, succeeds, events = [] }: Effect,
    result: ReadonlyMap<string, FlowValue>,
  ): boolean | Unknown {
    const { at, keywords } = call.task
    const name = keywords.get('register')?.value
    const when = keywords.get('failed_when')
    if (when !== undefined) {
      const truth = this.#ignoresErrors ? this.#asked(call, result, when) : false
      return truth instanceof Undefined ? true : truth
    }
    if (failed !== undefined) return true
    if (typeof name !== 'string') return false
    // By the words that conditions of other tasks use, so that each decides the other.
    if (result.get('rc') instanceof Unknown) {
      const truth = this.#asked(call, result, { value: `${name}.rc != 0`, at })
      return truth instanceof Undefined ? false : truth
    }
    const isOpen = module === undefined || (module.mayFail === true && !events.some(isStart))
    return isOpen && succeeds !== true
      ? new UnknownTruth(`${name}.failed of ${this.#host}`, 'only a real run shows it', at)
      : false
  }

  #fail(call: Call, { why, variable, making, at = call.task.action.at }: TaskFails): Outcome {
    const result = new Map<string, FlowValue>([
      ['failed', true],
      ['changed', false],
      ['skipped', false],
      ['msg', why],
    ])
    failures.add(result)
    if (this.#ignoresErrors) return { result, changed: false, ran: true }
    this.#world.change(this.#host, {
      failure: { at, why, ...(variable === undefined ? {} : { variable }) },
    })
    if (variable !== undefined)
      this.#world.tell([
        {
          what: 'undefined-variable',
          host: this.#host,
          kind: 'agent',
          at,
          variable,
          making,
          hops: [call.hop(`needs ${variable}`)],
          task: taskRun(call),
        },
      ])
    return { result, changed: false, ran: true }
  }

  /**
   * `register` and `notify`. `contexts`: those of the items of a loop that were not skipped. Once one of them changes something,
   * each notifies what it names.
   */
  #keep({ result, changed, ran }: Outcome, contexts = [this.#context]): void {
    this.#register({ result, changed, ran })
    const { notify } = this.#context
    const changedWhen = this.#task.keywords.get('changed_when')
    if (notify === undefined || notify.value === null || ran === false) return
    if (changed === false && changedWhen === undefined) return
    if (changedWhen?.value === false || result.get('failed') === true) return
    const names = contexts.flatMap((context) => this.#notifiedBy(notify, context))
    this.#world.change(this.#host, {
      notified: new Set([...this.#world.node(this.#host).notified, ...names]),
    })
    const isSure = ran === true && (changedWhen?.value === true || (changed === true && this.#isNew))
    const isMissing = (name: string): boolean =>
      !mayBeHandled(name, this.#task, this.#context, this.#world, this.#host)
    // Of several Ansible ends at the first one.
    const missing = names.find(isMissing)
    if (missing !== undefined) this.#end(missing, notify.at, isSure)
  }

  /** Whether what it does was not there before, whatever the system of a clean node brings along. */
  get #isNew(): boolean {
    return this.#context.stage.scenario.k3s === 'absent' && MAKES.test(this.#task.action.module)
  }

  /** A handler that is not found ends the run for all hosts: `StrategyBase._process_pending_results` of ansible-core. */
  #end(name: string, at: Span, isSure: boolean): void {
    const { stage } = this.#context
    if (!stage.ends) return
    const why = `there is no handler ${name}`
    if (isSure && !this.#world.isCut) this.#world.end({ at, why })
    else stage.note({ at, what: `${why}: the run ends here if the task changes something` })
  }

  #notifiedBy({ value, at }: Placed, context: Context): readonly string[] {
    const evaluate = evaluator(scopeOf(context, this.#world, this.#host))
    const whole = typeof value === 'string' ? evaluate.value(value, at) : undefined
    const texts =
      whole instanceof List
        ? [...whole].map((item) => evaluate.within(item, at))
        : (Array.isArray(value) ? value : [value]).map((item) => evaluate.given(item, at))
    const { atoms, note } = context.stage
    return texts.flatMap((text) => {
      if (text === undefined || text instanceof Undefined) return []
      const plain = typeof text === 'string' ? atoms.plain(text) : undefined
      if (plain === undefined) note({ at, what: 'a handler is notified whose name is not known' })
      return plain ?? []
    })
  }

  #register({ result, ran }: Outcome): void {
    const name = this.#task.keywords.get('register')?.value
    if (typeof name !== 'string') return
    const variables = new Map<string, Stored>(this.#world.node(this.#host).variables)
    if (variables.has(name)) this.#world.forget(name)
    variables.set(
      name,
      perhaps(resultOf(result, name, this.#host), ran, resultOf(skipped().result, name, this.#host)),
    )
    this.#world.change(this.#host, { variables } satisfies Partial<NodeState>)
  }
}

const MAKES = /(?:^|\.)(?:copy|template|get_url|command|shell|raw|script)$/

const names = new WeakMap<Task, string>()

/** A task by its module and its place: each of a file has another one. */
function named({ task, context }: Call): string {
  let name = names.get(task)
  if (name === undefined) {
    const { path, start } = task.at
    const { line, column } = positionAt(context.stage.content.text(path) ?? '', start)
    name = `${task.action.module} at ${path}:${line}:${column}`
    names.set(task, name)
  }
  return name
}

/** What there is after a task that may not have run: `otherwise` where it did not. */
function perhaps(value: Stored, ran: boolean | Unknown, otherwise: Stored | undefined): Stored {
  return ran instanceof Unknown ? new Choice(ran, value, otherwise) : value
}

function openPart(call: Call, truth: Unknown): Undecided | undefined {
  const { leaf } = truth
  const open = [leaf, truth].find(({ what }) => !call.world.decisions.has(what))
  return open === undefined ? undefined : new Undecided(open.what, leaf.at ?? truth.at, open)
}

const isStart = ({ what }: Event): boolean => what === 'service-started'
const isOfFiles = (what: Event['what']): boolean => what === 'file-written' || what === 'directory-made'

/** The files as a task leaves them that does nothing else. */
function onlyFiles(trial: () => Effect): PaperFiles | undefined {
  try {
    const { node = {}, controlNode, groups, events = [], failed } = trial()
    const { files, ...others } = node
    const isMore =
      Object.keys(others).length > 0 || [controlNode, groups, failed].some((one) => one !== undefined)
    return isMore || events.some(({ what }) => !isOfFiles(what)) ? undefined : files
  } catch {
    return undefined
  }
}

/** What a module does, done once: to look at it first, and then to take it. */
function tried(run: () => Effect): () => Effect {
  try {
    const effect = run()
    return () => effect
  } catch (error) {
    return () => {
      throw error
    }
  }
}

/** What a module does, a failure that it reports being a part of it. */
function moduleEffect(run: () => Effect): Effect {
  try {
    return run()
  } catch (error) {
    if (error instanceof ModuleFails) return { failed: error.why, changed: false }
    throw error
  }
}

/** Whether what a task might do could touch the token's way: only then a world is worth it. */
function matters(call: Call, trial: () => Effect): boolean {
  const { context, node: before, world } = call
  try {
    const { node, events, groups } = trial()
    if (groups !== undefined && isSeen(world.groups, groups, context.stage.groupsAsked)) return true
    if (events?.some(({ what }) => !isOfFiles(what)) === true) return true
    const { files } = node ?? {}
    if (node?.k3s !== undefined && node.k3s !== before.k3s) return true
    if (
      [...(node?.services ?? [])].some(([name, state]) => /k3s/i.test(name) && isChanged(before, name, state))
    )
      return true
    // What others leave on the control node is for them: K3s reads none of it there.
    if (files === undefined || !call.isOnNode) return false
    const touched = [...new Set([...files.keys(), ...before.files.keys()])].filter(
      (path) => files.get(path)?.content !== before.files.get(path)?.content,
    )
    const { stage } = context
    if (touched.some((path) => TOUCHES.test(path) || stage.isRead(path))) return true
    for (const path of touched) stage.passesOver(path)
    return false
  } catch (error) {
    if (error instanceof Undecided) return true
    if (error instanceof TaskFails) return false
    throw error
  }
}

function isChanged({ services }: NodeState, name: string, { started, enabled }: ServiceState): boolean {
  const before = services.get(name)
  return started !== (before?.started ?? false) || enabled !== (before?.enabled ?? false)
}

/** Files that K3s, its unit or its install script reads, and the script itself. */
const TOUCHES =
  /\/systemd\/|\/etc\/(?:default|sysconfig|init\.d|conf\.d)\/|\.env$|\.service$|config\.ya?ml|token|\/bin\/k3s|install|\/server\/|\/etc\/rancher\/.*[\u{f0000}-\u{ffffd}]/iu

interface Outcome {
  readonly result: ReadonlyMap<string, FlowValue>
  readonly changed: boolean | Unknown | FlowValue
  /** Whether the task ran: not skipped. */
  readonly ran: boolean | Unknown
}

const skipped = (): Outcome => ({
  result: new Map<string, FlowValue>([
    ['changed', false],
    ['skipped', true],
    ['failed', false],
    ['skip_reason', 'Conditional result was False'],
  ]),
  changed: false,
  ran: false,
})

/** A registered result: what it has is known, what a module could have added is not; a skipped one has no more than it says. */
function resultOf(result: ReadonlyMap<string, FlowValue>, name: string, host = ''): FlowValue {
  const isClosed = result.get('skipped') === true || failures.has(result)
  const hop = fetched.get(result)
  const why = unfollowed.get(result) ?? ((own: string) => `${own} is only known when the play runs`)
  const part = (key: string): FlowValue | undefined => {
    const known = result.get(key)
    if (known !== undefined || result.has(key)) return known ?? null
    if (isClosed || CERTAIN.has(key)) return undefined
    const words = `${name}.${key}${host === '' ? '' : ` of ${host}`}`
    return hop === undefined
      ? new Unknown(words, why(`${name}.${key}`))
      : new Fetched(words, 'only the store of secrets knows it', hop)
  }
  return new Result(name, result, part, why(name), true)
}

/** Results of modules that are not followed, with why a part of theirs is not known. */
const unfollowed = new WeakMap<ReadonlyMap<string, FlowValue>, (part: string) => string>()

function whyNotFollowed({ task, context }: Call, part: string): string {
  const what = `the module ${task.action.written} is not followed, so ${part} is not known`
  context.stage.notFollowed({ at: task.action.at, what })
  return what
}

/** Whether a module returns what a store of secrets has, or a Secret of a cluster. */
function asksForSecrets(call: Call): boolean {
  const name = call.task.action.module.split('.').at(-1) ?? ''
  return secretModules.test(name) || (objectModules.test(name) && call.plain('kind') === 'Secret')
}

/** Results of modules that ask a store of secrets. */
const fetched = new WeakMap<ReadonlyMap<string, FlowValue>, Hop>()

/** Results of modules that failed: they say that, and nothing of what they were asked for. */
const failures = new WeakSet<ReadonlyMap<string, FlowValue>>()

/** Keys that a result certainly does not have unless it says so. */
const CERTAIN = new Set(['results', 'skip_reason', 'unreachable', 'item', 'ansible_loop_var'])

/** Where a module brings K3s, and whether to the node that it runs on, nobody knows; but a container is where it is started. */
function unmodelled(call: Call): Effect {
  const { action } = call.task
  const { stage } = call.context
  const container = containerOf(call)
  if (container !== undefined) {
    stage.note(broughtBy(container, action.at))
    return { node: { ...call.node, isOpen: true } }
  }
  if (!isClusterModule(action)) return {}
  stage.note({ at: action.at, what: `the module ${action.written} is not followed`, isTold: true })
  return /k3s/i.test(action.written) ? { opensNodes: true } : {}
}
