import type { Placed, Task } from '../../ansible/content/index.ts'
import { Omitted, Undefined } from '../../ansible/template/values.ts'
import type { Span } from '../../span.ts'
import type { Atom, Hop } from '../atoms.ts'
import {
  type EvaluationScope,
  type Evaluator,
  evaluator,
  type FlowValue,
  newerCore,
} from '../evaluate/index.ts'
import { nameNotDefined } from '../evaluate/print.ts'
import type { AtomUse, Event } from '../rehearsal.ts'
import { Unknown } from '../unknown.ts'
import { type Context, fileOrigin } from './context.ts'
import type { MadeGroups } from './groups.ts'
import { isNode } from './hosts.ts'
import { scopeOf } from './scope.ts'
import type { NodeState, Stored, World } from './world.ts'

/** How the atom of a token that a server has made begins to say what it is. */
export const SERVERS_OWN = 'the token of the server '

/** What the atom is that stands for all that a store of secrets returns to a task. */
export const SECRET_ANSWER = 'what a store of secrets returns'

/** The server that has made a token; `undefined` where it is another one. */
export const makerOf = ({ root: { what } }: Atom): string | undefined =>
  what.startsWith(SERVERS_OWN) ? what.slice(SERVERS_OWN.length) : undefined

/** Thrown where the way parts: the world is forked on `what`, and the task runs again in both. */
export class Undecided {
  readonly what: string
  readonly at: Span | undefined
  /** Where it is made of others, which it may settle, too. */
  readonly truth: Unknown | undefined

  constructor(what: string, at: Span | undefined, truth?: Unknown) {
    this.what = what
    this.at = at
    this.truth = truth
  }
}

/** Thrown where a task certainly fails on the host. */
export class TaskFails {
  readonly why: string
  /** The variable that is not defined, where that is why. */
  readonly variable: string | undefined
  /** The fact that was to be made of it. */
  readonly making: string | undefined
  /** Where it does, where that is not all of the task. */
  readonly at: Span | undefined

  constructor(why: string, variable?: string, making?: string, at?: Span) {
    this.why = why
    this.variable = variable
    this.making = making
    this.at = at
  }
}

/** Thrown where the module reports a failure, rather than that its arguments can't be had: `Effect.failed` says the same. */
export class ModuleFails extends TaskFails {}

/** What a task does to its node, and what it returns. */
export interface Effect {
  readonly node?: Partial<NodeState>
  /** Whether it may have brought K3s to any of the nodes, in a way that is not followed. */
  readonly opensNodes?: boolean
  /** What it does to the control node, besides. */
  readonly controlNode?: Partial<NodeState>
  /** For `register`, besides `changed`, `failed` and `skipped`. */
  readonly result?: ReadonlyMap<string, FlowValue>
  /** Whether it changes anything; without it that is not known. */
  readonly changed?: boolean
  /** Facts that belong to the host that the task runs for, whatever it is delegated to. */
  readonly facts?: ReadonlyMap<string, Stored>
  /** Whether there is one, too, whose name is not known. */
  readonly hasUnnamedFact?: boolean
  /** Another host, where they are that one's. */
  readonly ownerOfFacts?: string
  /** The groups as they are for tasks and plays after it. */
  readonly groups?: MadeGroups
  /** Whether it does not fail for certain, though the module may. */
  readonly succeeds?: true
  /** Why the module reports a failure; `ignore_errors` and `failed_when` may overrule it. */
  readonly failed?: string
  readonly events?: readonly Event[]
}

/** One task on one host (of a loop one item): its arguments as the module gets them. */
export class Call {
  readonly context: Context
  readonly world: World
  readonly task: Task
  /** The host that the task runs for: its variables count. */
  readonly host: string
  /** The host on which the module runs. */
  readonly target: string
  readonly uses: AtomUse[] = []
  readonly #scope: EvaluationScope
  /** Of the arguments that were asked for: a module asks for some more than once. */
  #texts: Map<Placed, string | Unknown | Undefined | undefined> | undefined

  constructor(context: Context, world: World, task: Task, host: string, target: string) {
    this.context = context
    this.world = world
    this.task = task
    this.host = host
    this.target = target
    this.#scope = scopeOf(context, world, host)
  }

  get evaluator(): Evaluator {
    this.#evaluator ??= evaluator(this.#scope)
    return this.#evaluator
  }

  #evaluator: Evaluator | undefined

  get node(): NodeState {
    return this.world.node(this.target)
  }

  get atoms() {
    return this.context.stage.atoms
  }

  /**
   * Whether the module runs on a node of which all is known that matters here: one of the inventory, or the control node
   * where that is a node itself, and not only where others leave something.
   */
  get isOnNode(): boolean {
    const { hosts } = this.context.stage.hosts
    return (
      hosts.has(this.target) || (this.target === this.host && isNode(this.context.stage.hosts, this.target))
    )
  }

  hop(what: string): Hop {
    return { at: this.task.action.at, what }
  }

  /** The first of these arguments that is given, as it stands. */
  argument(...names: readonly string[]): Placed | undefined {
    for (const name of names) {
      const placed = this.task.action.arguments.get(name)
      if (placed !== undefined) return placed
    }
    return undefined
  }

  /** An argument's value, `undefined` where it is left out or omitted. Throws `TaskFails`, `Undecided`. */
  value(...names: readonly string[]): FlowValue | undefined {
    const placed = this.argument(...names)
    return placed === undefined ? undefined : this.evaluated(placed)
  }

  evaluated(placed: Placed): FlowValue | undefined {
    const value = this.evaluator.value(placed.value, placed.at)
    if (value instanceof Undefined)
      throw new TaskFails(value.message, value.variable ?? variableIn(value.message))
    if (value instanceof Unknown) this.part(value)
    return value instanceof Omitted ? undefined : value
  }

  /** An argument as a text. */
  text(...names: readonly string[]): string | Unknown | undefined {
    const placed = this.argument(...names)
    return placed === undefined ? undefined : this.textOf(placed)
  }

  textOf(placed: Placed): string | Unknown | undefined {
    this.#texts ??= new Map()
    if (!this.#texts.has(placed)) this.#texts.set(placed, this.evaluator.given(placed.value, placed.at))
    const text = this.#texts.get(placed)
    if (text instanceof Undefined)
      throw new TaskFails(text.message, text.variable ?? variableIn(text.message))
    if (text instanceof Unknown) this.part(text)
    return text
  }

  /**
   * Whether an argument that has no value is null for the module, too: before 2.19 Ansible makes an empty text of it, unless
   * it is a variable alone that is null itself.
   */
  isNull(placed: Placed | undefined): boolean {
    const value = placed?.value ?? null
    const [, name] = typeof value === 'string' ? (/^\{\{\s*(\w+)\s*\}\}\n?$/.exec(value) ?? []) : []
    const variable = name === undefined ? undefined : this.#scope.variable(name)
    if (value === null || (variable !== undefined && 'raw' in variable && variable.raw === null)) return true
    const isNewer = this.world.decisions.get(newerCore)
    if (isNewer === undefined) throw new Undecided(newerCore, placed?.at)
    return isNewer
  }

  /** An argument as a text that is known to the last character. */
  plain(...names: readonly string[]): string | undefined {
    const text = this.text(...names)
    return typeof text === 'string' ? this.atoms.plain(text) : undefined
  }

  /** A path on the node; one that holds something unknown has a placeholder for it, so that the same one is found again. */
  path(...names: readonly string[]): string | undefined {
    const text = this.text(...names)
    if (typeof text !== 'string' || text === '') return undefined
    const path = normalised(this.atoms.original(this.atoms.traced(text).text))
    return this.#unitPath(text, path, this.argument(...names)?.at) ?? path
  }

  /**
   * A unit in a directory that only the user knows, by a variable called after it, is where systemd finds it: that is a guess,
   * and told as one.
   */
  #unitPath(marked: string, path: string, at: Span | undefined): string | undefined {
    const [, unit] = /^[\u{f0000}-\u{ffffd}]\/([\w@.-]+\.service(?:\.d\/[^/]+)?)$/u.exec(path) ?? []
    if (unit === undefined) return undefined
    const [{ what = '', why = '' } = {}] = this.atoms.in(marked)
    if (!/systemd|unit|service/i.test(what)) return undefined
    const cause = why.includes(what) ? why : `${what} is not known`
    this.note(`${cause}: ${unit} is taken to be in ${UNITS_OF_USERS}`, at)
    return `${UNITS_OF_USERS}/${unit}`
  }

  flag(name: string, otherwise: boolean): boolean | 'unknown' {
    const value = this.value(name)
    if (value === undefined) return otherwise
    if (value instanceof Unknown) return 'unknown'
    if (typeof value === 'boolean') return value
    const text = typeof value === 'string' ? this.atoms.plain(value)?.trim().toLowerCase() : String(value)
    if (text === undefined) return 'unknown'
    return ['yes', 'on', '1', 'true', 'y', 't', '1.0'].includes(text)
  }

  /** Whether the play goes on where the module reports a failure, so that a failure is one of the ways it may go. */
  get isTolerant(): boolean {
    const { keywords } = this.task
    const ignore = keywords.get('ignore_errors')?.value
    if (this.context.ignoreErrors || keywords.has('failed_when')) return true
    if (typeof ignore !== 'string') return ignore === true
    return /\b(?:yes|true|on)\b/i.test(ignore)
  }

  /** Parts the ways on what an unknown value depends on, where it depends on a truth that is not settled yet. */
  part(unknown: Unknown): void {
    if (unknown.leaf === unknown) return
    const { what, at } = unknown.leaf
    if (!this.world.decisions.has(what)) throw new Undecided(what, at, unknown.leaf)
  }

  /** The name of a file that the task may mean, where the project has it. */
  inProject(marked: string): string | undefined {
    const name = this.atoms.plain(marked)
    if (name === undefined) return undefined
    const { content } = this.context.stage
    const from = fileOrigin(this.context)
    for (const kind of ['tasks', 'templates', 'files', 'vars'] as const)
      if (content.findFile(kind, name, from) !== undefined) return name
    return undefined
  }

  use(
    where: AtomUse['where'],
    text: string | Unknown | undefined,
    at: Span,
    more: Pick<AtomUse, 'verbosity'> = {},
  ): void {
    if (typeof text !== 'string') return
    for (const atom of this.atoms.in(text)) this.uses.push({ atom, where, at, ...more })
  }

  note(what: string, at: Span = this.task.action.at): void {
    this.context.stage.note({ at, what })
  }

  /** A template file's text. */
  rendered(path: string, text: string): string | Unknown {
    const result = this.evaluator.template(path, text)
    if (result instanceof Undefined)
      throw new TaskFails(result.message, result.variable ?? variableIn(result.message))
    if (result instanceof Unknown) this.part(result)
    return result
  }

  /** The token that K3s has made on a server where nobody gave one, or keeps there. */
  serverToken(host: string, what: string): string {
    const root = this.atoms.root(`server token of ${host}`, {
      kind: 'runtime',
      what: `${SERVERS_OWN}${host}`,
      isFilled: true,
    })
    return this.atoms.mark(this.atoms.derive(root, this.hop(what)))
  }

  /** How a task that asks a store of secrets stands in a trace. */
  get fetching(): Hop {
    return this.hop(`is fetched by ${this.task.action.module}`)
  }

  /** All that a store of secrets returns, whatever is taken of it. */
  secretAnswer(): string {
    const hop = this.fetching
    const { path, start } = hop.at
    return this.atoms.mark(
      this.atoms.root(`answer ${path}:${start}`, {
        kind: 'lookup',
        what: SECRET_ANSWER,
        isFilled: true,
        hop,
      }),
    )
  }

  /** What a lookup gives for these terms, as a list. */
  readonly query = (plugin: string, terms: readonly FlowValue[]): FlowValue =>
    this.#scope.lookup(plugin, terms, new Map([['wantlist', true]]))

  /**
   * A new unknown text of this host, such as the output of a command; `isAnother`: no run makes the same one; `before`: how many
   * others the task has made.
   */
  unknownText(what: string, isFilled = false, isAnother = false, before = 0): string {
    const { at } = this.task
    // Each item of a loop has its own.
    const nth = this.context.iteration ?? ''
    const again = isAnother && this.context.stage.makesOthers ? ' again' : ''
    const other = before === 0 ? '' : ` ${before}`
    const atom = this.atoms.root(`${this.host} ${at.path}:${at.start}${nth} ${what}${again}${other}`, {
      kind: 'runtime',
      what,
      isFilled,
      hop: { at: this.task.action.at, what },
    })
    return this.atoms.mark(atom)
  }
}

/** Where people put their units. */
const UNITS_OF_USERS = '/etc/systemd/system'

/** `/etc//systemd/./system/` → `/etc/systemd/system` */
export function normalised(path: string): string {
  const root = path.startsWith('/') ? '/' : ''
  const parts: string[] = []
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue
    if (part !== '..' || (root === '' && [undefined, '..'].includes(parts.at(-1)))) parts.push(part)
    else parts.pop()
  }
  return root + parts.join('/')
}

export const variableIn = (message: string): string | undefined =>
  [...message.matchAll(nameNotDefined)][0]?.[1]
