import { type CST, Lexer, Parser } from 'yaml'

/** The part of the yaml package's lexer that its types keep to themselves. */
interface QuotedLexer {
  indentNext: number
  parseQuotedScalar(): Generator<string, unknown>
}

/**
 * YAML wants the lines of a quoted text indented; PyYAML, and so Ansible, does not, and roles use that:
 * `name: "{{` … `}}"` with the end at the margin.
 */
export function* tokensOf(text: string): Generator<CST.Token> {
  const lexer = new Lexer()
  const inner = lexer as unknown as QuotedLexer
  const original = inner.parseQuotedScalar
  inner.parseQuotedScalar = function* () {
    const { indentNext } = this
    this.indentNext = 0
    try {
      return yield* original.call(this)
    } finally {
      this.indentNext = indentNext
    }
  }
  const parser = new Parser()
  for (const lexeme of lexer.lex(text)) yield* parser.next(lexeme)
  yield* parser.end()
}
