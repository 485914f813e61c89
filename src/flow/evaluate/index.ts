import { Host } from './host.ts'
import type { EvaluationScope, Evaluator } from './scope.ts'

export { OLD_VERSION, RunTags } from './comparing.ts'
export { MADE_AGAIN, newerCore } from './decisions.ts'
export { expressionSpans, type VariableRead, variablesRead } from './reads.ts'
export { isRefusal, refusalOf } from './refusals.ts'
export type {
  EvaluationScope,
  Evaluator,
  FlowValue,
  Merged,
  RawScopeVariable,
  ScopeVariable,
} from './scope.ts'
export { mapped } from './tracking.ts'
export {
  mayUseUnknownPlugin,
  noneNamed,
  type UnknownPlugin,
  unknownPluginIn,
  unknownPluginInTemplate,
} from './unknownPlugins.ts'
export {
  Address,
  Count,
  decidedTruth,
  Fetched,
  FirstOf,
  Fork,
  impliedBy,
  isReturned,
  NodeName,
  opposite,
  Pending,
  Result,
  Ungiven,
  UnknownTruth,
} from './unknowns.ts'
export { VariablesDict } from './variables.ts'

/** What it reads once it keeps for as long as it lives. */
export const evaluator = (scope: EvaluationScope): Evaluator => new Host(scope)
