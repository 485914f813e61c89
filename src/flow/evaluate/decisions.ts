import { integer, Undefined, type Value } from '../../ansible/template/primitives.ts'
import { parsedExpression } from './parsed.ts'

const known = new WeakMap<ReadonlyMap<string, boolean>, Decisions>()

/** What a world has decided so far, and what follows from it. */
export class Decisions {
  readonly #truths: ReadonlyMap<string, boolean>
  /** Values that `X == 'a'` has fixed. */
  readonly #values = new Map<string, Value>()

  private constructor(truths: ReadonlyMap<string, boolean>) {
    this.#truths = truths
    const madeAgain = [...truths.keys()].flatMap((what) =>
      what.endsWith(MADE_AGAIN) ? [new RegExp(`\\b${what.slice(0, -MADE_AGAIN.length)}\\b`)] : [],
    )
    for (const [what, truth] of truths) {
      if (!truth || !what.includes('==') || madeAgain.some((name) => name.test(what))) continue
      const { expression } = parsedExpression(what.replace(OF_HOST, 'it'))
      if (expression.kind !== 'comparison') continue
      const [rest] = expression.rest
      if (expression.rest.length !== 1 || rest?.operator !== '==' || rest.operand.kind !== 'literal') continue
      const { operand } = rest
      const value =
        operand.type === 'integer'
          ? integer(operand.value)
          : operand.type === 'float'
            ? undefined
            : operand.value
      if (value === undefined) continue
      const subject = what.slice(0, what.lastIndexOf(' == '))
      this.#values.set(subject, value)
      this.#values.set(subject.replace(/^\((.*)\)$/, '$1'), value)
    }
  }

  /** Of one world: its truths stay as they are. */
  static of(truths: ReadonlyMap<string, boolean>): Decisions {
    let decisions = known.get(truths)
    if (decisions === undefined) {
      decisions = new Decisions(truths)
      known.set(truths, decisions)
    }
    return decisions
  }

  truth(what: string): boolean | undefined {
    return this.#truths.size === 0 ? undefined : this.#truths.get(what)
  }

  /** What an unknown value is in this world; undefined where that is still open. */
  value(what: string): Value | undefined {
    if (this.#truths.size === 0) return undefined
    const value = this.#values.get(what)
    if (value !== undefined) return value
    return this.#truths.get(`${what} is defined`) === false
      ? new Undefined(`'${what}' is undefined`)
      : undefined
  }
}

/** Behind the name of a variable of which another one was compared before: what was true of that says nothing of its value. */
export const MADE_AGAIN = ' is made again'

/** How the words of what belongs to a host begin, which are no expression. */
const OF_HOST = /^\([\w.[\]'-]+ of [\w.-]+\)/

/**
 * Since 2.19 a filter passes an undefined value on to `default`; before, the task ends there. The older way holds where
 * no world has decided this.
 */
export const newerCore = 'ansible-core is 2.19 or newer'
