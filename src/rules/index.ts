import type { Rule } from '../lint/rule.ts'
import { tokenPlaceholder } from './token-placeholder.ts'
import { tokenPlaintext } from './token-plaintext.ts'

/** Every rule, in the order of the ids. */
export const rules: readonly Rule[] = [tokenPlaceholder, tokenPlaintext]
