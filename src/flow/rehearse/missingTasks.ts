import {
  argumentText,
  type Content,
  type Playbook,
  type Role,
  type RoleContext,
  type Task,
} from '../../ansible/content/index.ts'
import type { Project } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import { escaped } from '../../syntax/regExp.ts'
import { normalised } from './call.ts'
import { Loader } from './loaded.ts'
import { isTemplate } from './namedFiles.ts'

/** Something that Ansible certainly does not find. */
export interface Missing {
  /** The task that asks for it. */
  readonly at: Span
  readonly why: string
}

/** From where a task names files. */
interface Place extends RoleContext {
  readonly includedFrom: string
}

/** In the order in which Ansible loads them. */
const PARTS = ['vars', 'defaults', 'tasks', 'handlers'] as const

/**
 * The files of tasks, and the parts of roles, that tasks name plainly and that are not in the project. What git passes over may be
 * there for others, and so may what lies outside, or a template names.
 */
export class MissingTasks {
  readonly #content: Content
  readonly #project: Project
  readonly #mayHave: (path: string) => boolean
  readonly #found = new Map<string, Missing | undefined>()

  /** `mayHave`: whether a path that is no text of the project may be a file all the same. */
  constructor(content: Content, project: Project, mayHave: (path: string) => boolean) {
    this.#content = content
    this.#project = project
    this.#mayHave = mayHave
  }

  /** Why an include fails, for itself or for what is imported where it leads; Ansible tells once it comes there. */
  failing(task: Task, place: Place): Missing | undefined {
    const { module } = task.action
    if (!/(?:^|\.)include(?:_tasks|_role)?$/.test(module)) return undefined
    const { playbookDirectory, role, includedFrom, collections = [] } = place
    const { path, start } = task.at
    const key = [path, start, playbookDirectory, role?.directory, includedFrom, ...collections].join('\n')
    return this.#once(key, () => {
      const missing = this.#named(task, place, 'tasks', true)
      if (missing === undefined) return this.#loads((loader) => loader.included(task, place))
      const name = nameIn(task)
      return name !== undefined && this.#mayBeMade(name) ? undefined : missing
    })
  }

  /** What a playbook imports, whether it runs or not: Ansible refuses all of it. */
  refusing({ path, plays }: Playbook): Missing | undefined {
    return this.#once(path, () => this.#loads((loader) => loader.playbook(path, plays)))
  }

  #loads(load: (loader: Loader) => void): Missing | undefined {
    let first: Missing | undefined
    load(
      new Loader(this.#content, (task, place, kind) => {
        first ??= this.#named(task, place, kind, false)
      }),
    )
    return first
  }

  #named(task: Task, place: Place, kind: 'tasks' | 'handlers', dynamic: boolean): Missing | undefined {
    const { action } = task
    if (action.module.endsWith('_role')) return this.#partOfRole(task, place)
    const name = nameIn(task)
    if (name === undefined || isTemplate(name)) return undefined
    return this.#isMissing(this.#content.missingTasks(kind, name, { ...place, dynamic }))
      ? { at: action.at, why: `there is no file of tasks ${normalised(name)}` }
      : undefined
  }

  #partOfRole({ action }: Task, place: Place): Missing | undefined {
    const name = argumentText(action, 'name', 'role')
    const role = name === undefined || isTemplate(name) ? undefined : this.#content.findRole(name, place)
    if (name === undefined || role === undefined || !isCalled(role, name)) return undefined
    for (const kind of PARTS) {
      const part = argumentText(action, `${kind}_from`)
      if (part === undefined || isTemplate(part)) continue
      if (this.#isMissing(this.#content.missingPart(role, kind, part)))
        return { at: action.at, why: `the role ${role.name} has no ${kind} ${part}` }
    }
    return undefined
  }

  #isMissing(paths: readonly string[] | undefined): boolean {
    return paths !== undefined && !paths.some((path) => this.#mayHave(path))
  }

  /** Whether something in the project may write a file of this name, before a task includes it. */
  #mayBeMade(name: string): boolean {
    const [own = ''] = name.split('/').slice(-1)
    const written = new RegExp(`${WRITES.source}.*${escaped(own)}`, 'm')
    return [...this.#project.values()].some((text) => text.includes(own) && written.test(text))
  }

  #once(key: string, find: () => Missing | undefined): Missing | undefined {
    if (!this.#found.has(key)) this.#found.set(key, find())
    return this.#found.get(key)
  }
}

/** What stands before the name of a file that a task or a shell writes. */
const WRITES = /(?:\b(?:dest|path)\s*[:=]|>|\s-[oO]\b|\btee\b|\b(?:cp|mv)\b)/

/** The name of a file of tasks. */
function nameIn({ action }: Task): string | undefined {
  const free = action.freeForm?.value
  return argumentText(action, 'file') ?? (typeof free === 'string' ? free : undefined)
}

/** By its own name, and not only by what a checkout of it may be called. */
const isCalled = ({ directory, fullName }: Role, name: string): boolean =>
  fullName === name || `/${directory}`.endsWith(`/${name}`)
