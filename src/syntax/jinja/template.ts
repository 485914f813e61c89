import { SyntaxRefusal, TagReader } from './expression.ts'
import { segments } from './segments.ts'
import { Statements } from './statements.ts'
import { type Token, tagTokens } from './tokens.ts'
import { type Expression, type SyntaxFault, type SyntaxOptions, type Template, yamlTemplate } from './tree.ts'

/** Reads a whole template. What it can't understand becomes opaque nodes and faults; it never throws. */
export function parseTemplate(text: string, options: SyntaxOptions = yamlTemplate): Template {
  return new Statements(segments(text, options), text.length).template()
}

/** Reads a bare expression, as `when:` and `assert.that` hold them: backslashes are escapes there. Never throws. */
export function parseExpression(text: string): {
  readonly expression: Expression
  readonly faults: readonly SyntaxFault[]
} {
  const read = tagTokens(text, 0, undefined, false)
  return 'message' in read ? opaque(text, read) : parsedTokens(text, read.tokens)
}

function parsedTokens(text: string, tokens: readonly Token[]): ReturnType<typeof parseExpression> {
  const reader = new TagReader(tokens, text.length)
  try {
    const expression = reader.tuple()
    reader.expectEnd()
    return { expression, faults: [] }
  } catch (error) {
    if (!(error instanceof SyntaxRefusal)) throw error
    return opaque(text, error)
  }
}

function opaque(text: string, { message, start, end }: SyntaxFault): ReturnType<typeof parseExpression> {
  return {
    expression: { kind: 'opaque', message, start: 0, end: text.length },
    faults: [{ message, start, end }],
  }
}
