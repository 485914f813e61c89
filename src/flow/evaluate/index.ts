import { Host } from './host.ts'
import type { EvaluationScope, Evaluator } from './scope.ts'

export { newerCore } from './decisions.ts'
export { expressionSpans, type VariableRead, variablesRead } from './reads.ts'
export type { EvaluationScope, Evaluator, FlowValue, ScopeVariable } from './scope.ts'
export { Ungiven } from './unknowns.ts'

const hosts = new WeakMap<EvaluationScope, Host>()

const hostOf = (scope: EvaluationScope): Host => {
  let host = hosts.get(scope)
  if (host === undefined) {
    host = new Host(scope, hostOf)
    hosts.set(scope, host)
  }
  return host
}

/** The evaluator of a scope; the same scope gives the same one again. */
export const evaluator = (scope: EvaluationScope): Evaluator => hostOf(scope)
