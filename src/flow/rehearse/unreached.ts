import type { Content, Task } from '../../ansible/content/index.ts'
import { Dict } from '../../ansible/template/values.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import type { Expression } from '../../syntax/jinja/index.ts'
import { evaluator, Result, variablesRead } from '../evaluate/index.ts'
import { looksLikeTemplate, parsedExpression } from '../evaluate/parsed.ts'
import { printed } from '../evaluate/print.ts'
import { names } from '../names.ts'
import type { UnknownNote } from '../unknown.ts'
import { runsInstaller } from './bringing.ts'
import type { Call } from './call.ts'
import type { Stage } from './context.ts'
import { groupsIn } from './pattern.ts'
import { textOf } from './relevance.ts'
import { scopeOf } from './scope.ts'
import { Choice, type Stored } from './world.ts'

/**
 * Tasks that run the install script, and that no scenario comes to for what other tasks find: nodes are alike in all scenarios,
 * so that none of them has lost the K3s that the others have, and a result that is always there may be asked for as if it were not.
 */
export class Unreached {
  readonly #content: Content
  readonly #ran = new Set<Task>()
  /** Of the hosts on which a task was skipped what never held there; `settled`: what no task finds has kept it from running. */
  readonly #skipped = new Map<Task, Map<string, ReadonlySet<string> | 'settled'>>()
  readonly #installers = new WeakMap<Task, boolean>()

  constructor(content: Content) {
    this.#content = content
  }

  ran({ task }: Call): void {
    this.#ran.add(task)
  }

  skipped(call: Call): void {
    const { task, host } = call
    if (this.#ran.has(task) || !this.#isInstaller(task)) return
    const hosts = this.#skipped.get(task) ?? new Map<string, ReadonlySet<string> | 'settled'>()
    this.#skipped.set(task, hosts)
    const before = hosts.get(host)
    if (before === 'settled') return
    const failed = failedParts(call)
    hosts.set(
      host,
      failed === 'settled' || before === undefined
        ? failed
        : new Set([...before].filter((part) => failed.has(part))),
    )
  }

  /** `isStarted`: whether K3s starts on a host; then nothing is amiss but where its conditions rule each other out. */
  notes(isStarted: (host: string) => boolean): readonly UnknownNote[] {
    return [...this.#skipped].flatMap(([task, hosts]) => {
      const open = [...hosts].flatMap(([host, failed]) =>
        failed !== 'settled' && (failed.size === 0 || !isStarted(host)) ? [host] : [],
      )
      const what = `this task would bring K3s to ${names(open)}, but runs in no scenario that is rehearsed`
      return open.length === 0 || this.#ran.has(task) ? [] : [{ at: task.action.at, what }]
    })
  }

  #isInstaller(task: Task): boolean {
    let is = this.#installers.get(task)
    if (is === undefined) {
      is = runsInstaller(task, this.#content)
      this.#installers.set(task, is)
    }
    return is
  }
}

/** What of the conditions of a task does not hold. `settled`: a part of it hangs on nothing that a task finds, or it is no part. */
function failedParts(call: Call): ReadonlySet<string> | 'settled' {
  const { context, world, host } = call
  const scope = scopeOf({ ...context, stage: unasked(context.stage) }, world, host)
  const evaluate = evaluator(scope)
  const { variables } = world.node(host)
  const isFound = (part: AnsibleValue): boolean =>
    variablesRead(part, scope, 'condition').some(({ name }) => isResult(variables.get(name))) ||
    asksForMadeGroup(call, part)
  const failed = context.conditions.flatMap(({ value, at }) =>
    partsOf(value).filter((part) => evaluate.condition(part, at) === false),
  )
  return failed.length > 0 && failed.every(isFound) ? new Set(failed.map(textOf)) : 'settled'
}

/** The same stage, but what Ansible itself would not ask here makes no scenario, and no note. */
const unasked = (stage: Stage): Stage => ({
  ...stage,
  overrides: new Map(stage.overrides),
  asked: new Set(),
  leftTo: () => undefined,
  missed: () => {},
  note: () => {},
})

/** Whether it asks for a group that only tasks could make. */
const asksForMadeGroup = ({ context, world }: Call, part: AnsibleValue): boolean =>
  typeof part === 'string' &&
  world.groups.hosts.size + world.groups.open.size > 0 &&
  groupsIn([part]).some((name) => !context.stage.hosts.groups.has(name))

/** What of a condition has to hold, each part for itself. */
function partsOf(condition: AnsibleValue): readonly AnsibleValue[] {
  if (Array.isArray(condition)) return condition.flatMap(partsOf)
  if (typeof condition !== 'string' || looksLikeTemplate(condition)) return [condition]
  const { expression, faults } = parsedExpression(condition)
  if (faults.length > 0) return [condition]
  return expression.kind === 'binary' && expression.operator === 'and'
    ? terms(expression).map(printed)
    : [condition]
}

const terms = (one: Expression): readonly Expression[] =>
  one.kind === 'binary' && one.operator === 'and' ? [...terms(one.left), ...terms(one.right)] : [one]

/** Whether a variable is what a task has returned. */
const isResult = (stored: Stored | undefined): boolean =>
  stored instanceof Choice
    ? isResult(stored.yes)
    : stored instanceof Result || (stored instanceof Dict && stored.has('changed'))
