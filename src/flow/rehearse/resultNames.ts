import type { Content } from '../../ansible/content/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import { escaped } from '../../syntax/regExp.ts'
import type { Closure } from './closure.ts'
import { moduleOf } from './modules/index.ts'

/** What only tasks return, and the tests of it. https://docs.ansible.com/ansible/latest/reference_appendices/common_return_values.html */
const READ = String.raw`(?:\.(?:stat|rc|std(?:out|err)(?:_lines)?|changed|failed|skipped)\b(?!\s*\()|\[\s*(['"])(?:stat|rc|std(?:out|err)(?:_lines)?)\1\s*\]|\s+is\s+(?:not\s+)?(?:changed|failed|skipped|succeeded|success)\b)`

const PROSE = /\.(?:md|rst|adoc|txt)$/i

/**
 * Names that one playbook reads as results of tasks and that no task has: neither `-e` nor a vault gives such a thing, so that
 * nobody sets them.
 */
export class ResultNames {
  readonly #project: Project
  readonly #content: Content
  readonly #playbook: string
  readonly #closure: Closure
  readonly #known = new Map<string, boolean>()

  constructor(project: Project, content: Content, playbook: string, closure: Closure) {
    this.#project = project
    this.#content = content
    this.#playbook = playbook
    this.#closure = closure
  }

  /** Whether that is all that any text of the project does with a name. */
  isOfNoTask(name: string): boolean {
    let is = this.#known.get(name)
    if (is === undefined) {
      is = this.#isOnlyRead(name) && !this.#hasMore
      this.#known.set(name, is)
    }
    return is
  }

  #isOnlyRead(name: string): boolean {
    const word = `(?<![\\w-])${escaped(name)}(?![\\w-])`
    const read = new RegExp(word + READ)
    if (!this.#closure.texts.some((text) => read.test(text))) return false
    const other = new RegExp(`${word}(?!${READ})`)
    return ![...this.#project].some(
      ([path, text]) => text.includes(name) && !PROSE.test(path) && other.test(text),
    )
  }

  /** Whether something may run that is not seen here and has results, or facts, of any name. */
  get #hasMore(): boolean {
    this.#hasMoreFound ??= this.#isOpen()
    return this.#hasMoreFound
  }

  #hasMoreFound: boolean | undefined

  #isOpen(): boolean {
    const { isOpen, paths, tasks, imported } = this.#closure
    const content = this.#content
    const playbooks = [this.#playbook, ...imported].map((path) => content.playbook(path))
    return (
      isOpen ||
      [...paths].some((path) => content.isSealed(path)) ||
      tasks.some(({ task }) => mayMakeFacts(task.action.module)) ||
      // A role alone is in no playbook: users have other tasks before it.
      playbooks.some(
        (playbook) =>
          playbook === undefined ||
          playbook.plays.some(
            (play) =>
              play.kind === 'import' &&
              (typeof play.path.value !== 'string' ||
                content.findPlaybook(play.path.value, directoryOf(playbook.path)) === undefined),
          ),
      )
    )
  }
}

/**
 * Modules that return facts are called so.
 * https://docs.ansible.com/ansible/latest/dev_guide/developing_modules_checklist.html
 */
const mayMakeFacts = (module: string): boolean => /_facts$/.test(module) && moduleOf(module) === undefined
