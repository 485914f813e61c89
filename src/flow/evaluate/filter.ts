import type { CallArguments, Value } from '../../ansible/template/primitives.ts'
import type { Evaluation } from './expression.ts'

/** What stands in front of and behind the name, in words. */
export interface FilterWords {
  operand(): string
  arguments(): string
}

/** A filter that has its own way with what is not known. */
export type FlowFilter = (
  value: Value,
  given: CallArguments,
  evaluation: Evaluation,
  words: () => string,
  names: FilterWords,
) => Value
