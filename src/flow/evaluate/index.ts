import { Undefined, Unknown } from '../../ansible/template/values.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { EvaluationScope, FlowValue } from './scope.ts'

export type { EvaluationScope, FlowValue, ScopeVariable } from './scope.ts'

/** Evaluates for one scope. Nothing of it throws, and nothing is decrypted. */
export interface Evaluator {
  /** Renders the templates inside, to the bottom, with the types that ansible-core 2.19 and later give them. */
  value(raw: AnsibleValue, at: Span): FlowValue
  /** The same, but plain texts become literal atoms, as if a variable of that name held it: for `set_fact` and the like. */
  variable(name: string, raw: AnsibleValue, at: Span): FlowValue
  /** As a module gets it for an argument of type str: a marked string. */
  text(raw: AnsibleValue, at: Span): string | Unknown | Undefined
  /** An entry of `when`: a list is an AND that stops at the first false. `Undefined` where the task would fail. */
  condition(raw: AnsibleValue, at: Span): boolean | Unknown | Undefined
  /** A template file, byte for byte as the `template` module writes it. */
  template(path: string, text: string, extra?: ReadonlyMap<string, FlowValue>): string | Unknown | Undefined
  /** Python's `bool()` of a value. */
  truth(value: FlowValue): boolean | Unknown
}

/** The evaluator of a scope; the same scope gives the same one again. */
export function evaluator(_scope: EvaluationScope): Evaluator {
  const unknown = (at?: Span): Unknown => new Unknown('expression', 'expressions are not evaluated yet', at)
  return {
    value: (_raw, at) => unknown(at),
    variable: (_name, _raw, at) => unknown(at),
    text: (_raw, at) => unknown(at),
    condition: (_raw, at) => unknown(at),
    template: () => unknown(),
    truth: (value) => (value instanceof Unknown ? value : value instanceof Undefined ? unknown() : unknown()),
  }
}
