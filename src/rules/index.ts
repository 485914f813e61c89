import type { Rule } from '../lint/rule.ts'

/** Every rule, in the order of the ids. */
export const rules: readonly Rule[] = []
