import type { Value } from '../../ansible/template/values.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { Atoms } from '../atoms.ts'

/** A value of the rehearsal: strings may be marked, and lists and dicts may hold what is not known. */
export type FlowValue = Value

/** A variable as it stands: with its templates not rendered, or already evaluated (facts, registered results, magic variables). */
export type ScopeVariable =
  | { readonly raw: AnsibleValue; readonly at: Span }
  | { readonly value: FlowValue }
  | undefined

/**
 * What an expression may know of the host that it is evaluated for. A scope must not change: what was read once is
 * kept for as long as the object lives.
 */
export interface EvaluationScope {
  readonly atoms: Atoms
  /** Undefined: not defined. */
  variable(name: string): ScopeVariable
  /** Truths that this world has decided, by `Unknown.what`. */
  readonly decisions: ReadonlyMap<string, boolean>
  readonly hostNames: readonly string[]
  /** For `hostvars[…]`. */
  hostScope(host: string): EvaluationScope | undefined
  /** `lookup()`, `query()` and `with_*`: as `lookup()` gives it for one term, a list for `query()`. */
  lookup(plugin: string, args: readonly FlowValue[], named: ReadonlyMap<string, FlowValue>): FlowValue
  /** A template file for `include` and `import`. */
  file?(name: string): { readonly path: string; readonly text: string } | undefined
}
