import {
  type Content,
  collectionsIn,
  type Keywords,
  type Placed,
  type Role,
} from '../../ansible/content/index.ts'
import type { AnsibleValue, Project } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { Atoms } from '../atoms.ts'
import type { FlowValue, UnknownPlugin } from '../evaluate/index.ts'
import type { ServiceManager } from '../files.ts'
import type { Broken, Scenario } from '../rehearsal.ts'
import type { UnknownNote } from '../unknown.ts'
import type { Closure } from './closure.ts'
import type { PaperHosts } from './hosts.ts'
import type { MissingTasks } from './missingTasks.ts'
import type { Relevance } from './relevance.ts'
import type { Unreached } from './unreached.ts'
import type { Unread } from './unread.ts'
import type { OpenVariable, RawVariable } from './world.ts'

/** What stays the same while one playbook is rehearsed in one scenario. */
export interface Stage {
  readonly content: Content
  readonly project: Project
  readonly atoms: Atoms
  readonly hosts: PaperHosts
  /** Groups that plays and conditions name, or that have variables. */
  readonly groupsAsked: ReadonlySet<string>
  readonly scenario: Scenario
  readonly manager: ServiceManager
  /**
   * Variables that the scenario sets, where an inventory would: plays, roles and tasks still have their say; `undefined`:
   * no inventory sets it.
   */
  readonly overrides: ReadonlyMap<string, FlowValue | undefined>
  /**
   * Of a variable that no file of the project sets for these hosts, who does where it is needed. `unread`: the files that the
   * play reads and this can't.
   */
  readonly leftTo: (name: string, unread: Unread) => LeftTo | undefined
  /** A variable that nobody sets was read, and is not there. */
  readonly missed: (name: string) => void
  readonly isToken: (name: string) => boolean
  /** What users give where a role leaves a variable empty; `undefined`: they give nothing there. */
  readonly filled: (name: string) => FlowValue | undefined
  /** Whether some task of the playbook makes the variable. */
  readonly isMade: (name: string) => boolean
  /** What a file of variables says that nothing in the project reads: it is there for `-e @FILE`. */
  readonly extraVariable: (name: string) => RawVariable | undefined
  /** Variables that commands of the project give with `-e`, and that only a run knows. */
  readonly givenByCommands: ReadonlyMap<string, Span>
  /** What the play asked about: only that is worth another scenario. */
  readonly asked: Set<Question>
  /** Whether tasks that are tagged `never` run all the same: nothing of K3s starts without. */
  readonly runsAll: boolean
  /** Whether the servers are made by this play: they were not there before it. */
  readonly makesServers: boolean
  /** Whether the run ends where all hosts of a play have failed. */
  readonly ends: boolean
  /** Something could not be followed. */
  note(note: UnknownNote): void
  bound(note: UnknownNote): void
  /** Ansible reads this file of variables here. */
  reach(path: string): void
  /** Is told of each task that runs, or that its conditions leave out. */
  readonly unreached: Pick<Unreached, 'ran' | 'skipped'>
  /** A task includes this file of tasks; `undefined`: one that is not known. */
  includes(task: Span, path: string | undefined): void
  /** A task may have written this file, and no world was worth that. */
  passesOver(path: string): void
  /** K3s looks for this file as it starts. */
  reads(path: string): void
  /** Whether it does so in one of the runs before, though a task that may have written it was passed over. */
  isRead(path: string): boolean
  /** Whether nothing that this playbook reaches has that filter or test: Jinja2 does not compile what names it. */
  refuses(plugin: UnknownPlugin): boolean
  /** A template that Jinja2 refuses was rendered. */
  broken(broken: Broken): void
  /** What the tasks of the project ask for and is not there. */
  readonly missing: Pick<MissingTasks, 'failing'>
  /** What a note would say of a module that is not followed, should a setting of K3s be made of what it returns. */
  notFollowed(note: UnknownNote): void
  readonly playbook: string
  /** Where ansible.cfg says that mappings of the same name are put together; `undefined`: the one that wins counts. */
  readonly merges: Span | undefined
  /** Whether nodes have no other facts than plays gather for them, nor anything else of their names. */
  readonly hasOwnFactsOnly: boolean
  /** Which tasks are worth rehearsing. */
  readonly relevance: Relevance
  /** Whether a text that is made anew is another one than in the run before. */
  readonly makesOthers: boolean
}

/**
 * - `user`: who asks whether it is there finds that it isn't.
 * - `file`: one that can't be read here may set it.
 * - `sealed`: the same, of a token.
 */
export interface LeftTo {
  readonly to: 'user' | 'file' | 'sealed'
  /** The files that may set it. */
  readonly where?: Unread
}

/** `own-token`: whether the servers are made by this play, so that they have no token before. */
export type Question = 'airgapped' | 'manager' | 'own-token' | 'token' | 'version'

/** A condition, an `environment:` or the like, as a play, block or task says it. */
export interface Inherited {
  readonly value: AnsibleValue
  readonly at: Span
}

/** The defaults and vars of a role, or of some. */
export interface RoleVariables {
  readonly defaults: ReadonlyMap<string, RawVariable>
  readonly vars: ReadonlyMap<string, RawVariable>
  /** Files of theirs that are encrypted as a whole, so that there may be more. */
  readonly unread: Unread
}

/** What a task inherits from where it stands. */
export interface Context {
  readonly stage: Stage
  readonly playbookDirectory: string
  /** Hosts of the play, in order: with `serial` those of the batch. */
  readonly playHosts: readonly string[]
  /** Those of the batch, and each that they stand for there. */
  readonly playBatch?: readonly string[] | undefined
  /** Those of all batches. */
  readonly allPlayHosts: readonly string[]
  /** `vars`, `vars_files`, `vars_prompt` of the play. */
  readonly playVars: ReadonlyMap<string, RawVariable | OpenVariable>
  /** Where the names of `vars_files` are templates, those of each host. */
  readonly playVarsOf?: ReadonlyMap<string, Context['playVars']>
  /** Those of `vars_files` that the project does not hold, and those of them or of the role's that are encrypted as a whole. */
  readonly unread: Unread
  readonly role: Role | undefined
  /** `collections:` of the nearest that has it: of the play and its tasks, or of the role's own blocks and tasks. */
  readonly collections: readonly string[] | undefined
  /** Defaults and vars of the play's roles, of the current one's dependencies and of itself. */
  readonly roleDefaults: RoleVariables['defaults']
  readonly roleVars: RoleVariables['vars']
  /** Those of the play's roles. */
  readonly ofPlay: RoleVariables
  /** The own ones of the current role and of those that led to it, as an include or a dependency of theirs: the outermost first. */
  readonly parents: readonly RoleVariables[]
  /** Those of the current role's dependencies. */
  readonly below: RoleVariables
  /** Parameters of the role or include: above facts. */
  readonly parameters: ReadonlyMap<string, RawVariable>
  /** `vars` of blocks and tasks. */
  readonly vars: ReadonlyMap<string, RawVariable>
  /** Loop variables, evaluated. */
  readonly items: ReadonlyMap<string, FlowValue>
  /** The task that asks, where one does. */
  readonly task?: Span | undefined
  /** Which item of the loops it is, where it is not the first one of all. */
  readonly iteration?: string
  readonly conditions: readonly Inherited[]
  readonly environment: readonly Inherited[]
  /** The nearest one that says it. */
  readonly noLog: Placed | undefined
  readonly diff: Placed | undefined
  readonly become: Placed | undefined
  readonly delegateTo: Placed | undefined
  readonly notify: Placed | undefined
  readonly runOnce: boolean
  readonly ignoreErrors: boolean
  readonly anyErrorsFatal: boolean
  /** `max_fail_percentage` of the play, where the hosts of a batch can be counted by it. */
  readonly mostFailed?: number
  /** Whether no host of the play waits for the others, so that none ends it for them. */
  readonly isFree?: boolean
  /** Those of its tags that count where nobody asks for any: `always`, `never`, and templates, which may be either. */
  readonly tags: readonly string[]
  /** The task only checks what users give: what nobody has set may be there all the same. */
  readonly isDemand?: boolean
  /** What roles leave empty is given by the user after all: for a demand that is not met without. */
  readonly isFilled?: boolean
  /** Whether the play may go on for a host that fails here: in a block with `rescue` or `always`. */
  readonly isRescued?: boolean
  /** The handlers of the play, in the order in which they run; a role that is included adds its own. */
  readonly handlers: HandlerUse[]
  /** All that the play can reach. `undefined`: it is none of a file, so more may belong to it. */
  readonly reached: () => Closure | undefined
  /** The file whose tasks run. */
  readonly file: string
  /** Files and roles that led here: an include that leads back to itself ends. */
  readonly trail: readonly string[]
}

export interface HandlerUse {
  readonly task: import('../../ansible/content/index.ts').Task
  readonly context: Context
  /** What all handlers have that were loaded together. */
  readonly load: Context
}

/** The context inside of a play, block, role, include or task with these keywords. `task`: where a task begins that may ask. */
export function within(context: Context, keywords: Keywords, task?: Span): Context {
  if (keywords.size === 0 && task === undefined) return context
  const when = keywords.get('when')
  const environment = keywords.get('environment')
  const vars = rawVariables(keywords.get('vars'))
  return {
    ...context,
    conditions: when === undefined ? context.conditions : [...context.conditions, when],
    environment: environment === undefined ? context.environment : [...context.environment, environment],
    vars: vars.size === 0 ? context.vars : new Map([...context.vars, ...vars]),
    noLog: keywords.get('no_log') ?? context.noLog,
    diff: keywords.get('diff') ?? context.diff,
    become: keywords.get('become') ?? context.become,
    delegateTo: keywords.get('delegate_to') ?? context.delegateTo,
    notify: keywords.get('notify') ?? context.notify,
    collections: collectionsIn(keywords) ?? context.collections,
    runOnce: keywords.get('run_once')?.value === true || context.runOnce,
    ignoreErrors: keywords.get('ignore_errors')?.value === true || context.ignoreErrors,
    anyErrorsFatal: (keywords.get('any_errors_fatal')?.value ?? context.anyErrorsFatal) === true,
    tags: withTags(context.tags, keywords.get('tags')?.value),
    task: task ?? context.task,
  }
}

const TEMPLATE = /\{[{%]/

function withTags(tags: readonly string[], written: AnsibleValue | undefined): readonly string[] {
  if (written === undefined) return tags
  const own = (Array.isArray(written) ? written : [written]).flatMap((item) => {
    if (typeof item !== 'string') return []
    // In a list, commas of a template belong to it.
    return item !== written && TEMPLATE.test(item) ? item : item.split(',').map((tag) => tag.trim())
  })
  const counting = own.filter((tag) => tag === 'always' || tag === 'never' || TEMPLATE.test(tag))
  return counting.length === 0 ? tags : [...tags, ...counting]
}

/** Whether Ansible leaves a task out unless its tags are asked for: `Taggable.evaluate_tags` of ansible-core. */
export function isLeftOut(
  { tags }: Pick<Context, 'tags'>,
  keywords: Keywords,
  rendered: (template: string) => readonly string[] = () => [],
): boolean {
  const all = withTags(tags, keywords.get('tags')?.value).flatMap((tag) =>
    TEMPLATE.test(tag) ? rendered(tag) : tag,
  )
  return all.includes('never') && !all.includes('always')
}

/** The context of one item of a loop. */
export const ofItem = (context: Context, items: Context['items'], index: number): Context => ({
  ...context,
  items,
  ...(index === 0 && context.iteration === undefined
    ? {}
    : { iteration: `${context.iteration ?? ''} ${index}` }),
})

/** A mapping of variables with the place of each. */
export function rawVariables(placed: Placed | undefined): ReadonlyMap<string, RawVariable> {
  const result = new Map<string, RawVariable>()
  const { node } = placed ?? {}
  if (placed === undefined) return result
  if (node?.kind === 'map') {
    const { value } = placed
    const values = typeof value === 'object' && value !== null ? (value as Record<string, AnsibleValue>) : {}
    for (const [name, entry] of node.entries)
      result.set(name, { raw: values[name] ?? null, at: entry.value.at })
    return result
  }
  if (node?.kind === 'sequence' && Array.isArray(placed.value))
    for (const [index, item] of node.items.entries())
      for (const [name, variable] of rawVariables({
        value: placed.value[index] ?? null,
        at: item.at,
        node: item,
      }))
        result.set(name, variable)
  return result
}

/** From where a task names files. */
export const fileOrigin = (context: Context) => ({
  playbookDirectory: context.playbookDirectory,
  role: context.role,
  includedFrom: context.file,
})
