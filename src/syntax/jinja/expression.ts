import type { Token } from './tokens.ts'
import type {
  Arguments,
  BinaryOperator,
  Comparison,
  ComparisonOperator,
  Expression,
  Filter,
  Name,
  Range,
  Target,
} from './tree.ts'

/** Ends the reading of one tag; becomes an opaque node and a fault. */
export class SyntaxRefusal extends Error {
  readonly start: number
  readonly end: number

  constructor(message: string, { start, end }: Range) {
    super(message)
    this.start = start
    this.end = end
  }
}

/** Deeper trees could break the stack of whoever walks them; Python's own limit is of the same order. */
const deepest = 200

const comparisons: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>='])
const noArguments: Arguments = {
  positional: [],
  named: [],
  spread: undefined,
  spreadNamed: undefined,
}

/** Recursive descent over the tokens of one tag, with Jinja2's precedence. Every method throws `SyntaxRefusal`. */
export class TagReader {
  readonly #tokens: readonly Token[]
  readonly #end: number
  readonly #heights = new WeakMap<Expression, number>()
  #at = 0
  #depth = 0

  /** `end`: the offset behind the last token, where a missing one is reported. */
  constructor(tokens: readonly Token[], end: number) {
    this.#tokens = tokens
    this.#end = end
  }

  get atEnd(): boolean {
    return this.#at >= this.#tokens.length
  }

  /** The word that comes next, if it is one. */
  get word(): string | undefined {
    const token = this.#tokens[this.#at]
    return token?.type === 'name' ? token.value : undefined
  }

  /** Passes over a word or operator if it comes next. */
  accept(value: string): boolean {
    if (!this.#is(value)) return false
    this.#at += 1
    return true
  }

  expect(value: string): void {
    if (!this.accept(value)) this.refuse(`expected ${value}`)
  }

  expectEnd(): void {
    if (!this.atEnd) this.refuse('unexpected text behind the expression')
  }

  name(): Name {
    const token = this.#tokens[this.#at]
    if (token?.type !== 'name') return this.refuse('expected a name')
    this.#at += 1
    return { kind: 'name', name: token.value, start: token.start, end: token.end }
  }

  refuse(message: string): never {
    const token = this.#tokens[this.#at]
    throw new SyntaxRefusal(message, token ?? { start: this.#end, end: this.#end })
  }

  /** What stands between `for` and `in`, or behind `set`. */
  target(endWord?: string): Target {
    const first = this.#targetItem()
    if (!this.#is(',')) return first
    const items = [first]
    while (this.accept(',')) {
      if (this.atEnd || this.#is('=') || this.#is(')') || (endWord !== undefined && this.#is(endWord))) break
      items.push(this.#targetItem())
    }
    return { kind: 'targets', items, start: first.start, end: items.at(-1)?.end ?? first.end }
  }

  #targetItem(): Target {
    if (this.accept('(')) {
      const inner = this.target()
      this.expect(')')
      return inner
    }
    const name = this.name()
    if (/^(?:true|false|none|True|False|None)$/.test(name.name)) this.refuse('a constant takes no value')
    if (!this.accept('.')) return name
    const attribute = this.name()
    return {
      kind: 'namespaceAttribute',
      name: name.name,
      attribute: attribute.name,
      start: name.start,
      end: attribute.end,
    }
  }

  /** An expression, or a tuple without parentheses. */
  tuple(options: { conditional?: boolean; endWord?: string } = {}): Expression {
    const read = (): Expression => (options.conditional === false ? this.#or() : this.expression())
    const first = read()
    if (!this.#is(',')) return first
    const items = [first]
    while (this.accept(',')) {
      if (this.atEnd || this.#is(')') || (options.endWord !== undefined && this.#is(options.endWord))) break
      items.push(read())
    }
    return this.#made({ kind: 'tuple', items, start: first.start, end: this.#lastEnd() }, ...items)
  }

  expression(): Expression {
    return this.#deeper(() => {
      let left = this.#or()
      while (this.accept('if')) {
        const condition = this.#or()
        const otherwise = this.accept('else') ? this.expression() : undefined
        left = this.#made(
          { kind: 'conditional', condition, value: left, otherwise, start: left.start, end: this.#lastEnd() },
          left,
          condition,
          ...(otherwise === undefined ? [] : [otherwise]),
        )
      }
      return left
    })
  }

  #or(): Expression {
    return this.#binary(['or'], () => this.#binary(['and'], () => this.#not()))
  }

  #not(): Expression {
    const { start } = this.#tokens[this.#at] ?? { start: this.#end }
    if (!this.accept('not')) return this.#comparison()
    const operand = this.#deeper(() => this.#not())
    return this.#made({ kind: 'unary', operator: 'not', operand, start, end: operand.end }, operand)
  }

  #comparison(): Expression {
    const first = this.#sum()
    const rest: { operator: ComparisonOperator; operand: Expression }[] = []
    for (;;) {
      const token = this.#tokens[this.#at]
      if (token?.type === 'operator' && comparisons.has(token.value)) {
        this.#at += 1
        rest.push({ operator: token.value as ComparisonOperator, operand: this.#sum() })
      } else if (this.accept('in')) rest.push({ operator: 'in', operand: this.#sum() })
      else if (this.#is('not') && this.#is('in', 1)) {
        this.#at += 2
        rest.push({ operator: 'not in', operand: this.#sum() })
      } else break
    }
    if (rest.length === 0) return first
    const node: Comparison = { kind: 'comparison', first, rest, start: first.start, end: this.#lastEnd() }
    return this.#made(node, first, ...rest.map(({ operand }) => operand))
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concatenation())
  }

  #concatenation(): Expression {
    const product = (): Expression =>
      this.#binary(['*', '/', '//', '%'], () => this.#binary(['**'], () => this.#unary(true)))
    const first = product()
    if (!this.#is('~')) return first
    const parts = [first]
    while (this.accept('~')) parts.push(product())
    return this.#made({ kind: 'concatenation', parts, start: first.start, end: this.#lastEnd() }, ...parts)
  }

  /** Left to right, as Jinja2 does even for `**`. */
  #binary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand()
    for (;;) {
      const operator = operators.find((candidate) => this.accept(candidate))
      if (operator === undefined) return left
      const right = operand()
      left = this.#made(
        { kind: 'binary', operator, left, right, start: left.start, end: right.end },
        left,
        right,
      )
    }
  }

  #unary(withFilters: boolean): Expression {
    const { start } = this.#tokens[this.#at] ?? { start: this.#end }
    const sign = (['-', '+'] as const).find((candidate) => this.accept(candidate))
    let node: Expression
    if (sign === undefined) node = this.#primary()
    else {
      const operand = this.#deeper(() => this.#unary(false))
      node = this.#made({ kind: 'unary', operator: sign, operand, start, end: operand.end }, operand)
    }
    node = this.#postfix(node)
    return withFilters ? this.#filtersAndTests(node) : node
  }

  #primary(): Expression {
    const token = this.#tokens[this.#at]
    if (token === undefined) return this.refuse('expected an expression')
    const { start, end } = token
    if (token.type === 'name') {
      this.#at += 1
      if (/^[tT]rue$|^[fF]alse$/.test(token.value))
        return { kind: 'literal', type: 'boolean', value: /^[tT]/.test(token.value), start, end }
      if (/^[nN]one$/.test(token.value)) return { kind: 'literal', type: 'none', value: null, start, end }
      return { kind: 'name', name: token.value, start, end }
    }
    if (token.type === 'string') {
      let value = ''
      for (let next: Token | undefined = token; next?.type === 'string'; next = this.#tokens[this.#at]) {
        value += next.value
        this.#at += 1
      }
      return { kind: 'literal', type: 'string', value, start, end: this.#lastEnd() }
    }
    if (token.type === 'integer') {
      this.#at += 1
      return { kind: 'literal', type: 'integer', value: token.value, start, end }
    }
    if (token.type === 'float') {
      this.#at += 1
      return { kind: 'literal', type: 'float', value: token.value, start, end }
    }
    if (this.accept('(')) return this.#parenthesised(start)
    if (this.accept('[')) {
      const items = this.#items(']', () => this.expression())
      return this.#made({ kind: 'list', items, start, end: this.#lastEnd() }, ...items)
    }
    if (this.accept('{')) {
      const entries = this.#items('}', () => {
        const key = this.expression()
        this.expect(':')
        return { key, value: this.expression() }
      })
      const parts = entries.flatMap(({ key, value }) => [key, value])
      return this.#made({ kind: 'dict', entries, start, end: this.#lastEnd() }, ...parts)
    }
    return this.refuse('expected an expression')
  }

  #parenthesised(start: number): Expression {
    if (this.accept(')')) return { kind: 'tuple', items: [], start, end: this.#lastEnd() }
    const inner = this.tuple()
    this.expect(')')
    return inner
  }

  /** Up to `close`, with commas between and maybe one behind the last. */
  #items<T>(close: string, read: () => T): T[] {
    const items: T[] = []
    while (!this.#is(close)) {
      if (items.length > 0) {
        this.expect(',')
        if (this.#is(close)) break
      }
      items.push(read())
    }
    this.expect(close)
    return items
  }

  #postfix(operand: Expression): Expression {
    let node = operand
    for (;;) {
      if (this.accept('.')) {
        const token = this.#tokens[this.#at]
        this.#at += 1
        const { start } = node
        if (token?.type === 'name') {
          const { value: name, end } = token
          node = this.#made({ kind: 'attribute', object: node, name, start, end }, node)
        } else if (token?.type === 'integer') {
          const { end } = token
          const index: Expression = { kind: 'literal', ...token }
          node = this.#made({ kind: 'item', object: node, index, start, end }, node)
        } else {
          this.#at -= 1
          return this.refuse('expected a name or a number')
        }
      } else if (this.#is('[')) node = this.#item(node)
      else if (this.#is('(')) node = this.#call(node)
      else return node
    }
  }

  #item(object: Expression): Expression {
    const opening = this.#tokens[this.#at]?.start ?? this.#end
    this.expect('[')
    const indexes = this.#items(']', () => this.#index())
    const end = this.#lastEnd()
    const [first] = indexes
    const index: Expression =
      indexes.length === 1 && first !== undefined
        ? first
        : this.#made({ kind: 'tuple', items: indexes, start: opening, end }, ...indexes)
    return this.#made({ kind: 'item', object, index, start: object.start, end }, object, index)
  }

  #index(): Expression {
    const { start } = this.#tokens[this.#at] ?? { start: this.#end }
    const bound = (): Expression | undefined =>
      this.#is(':') || this.#is(']') || this.#is(',') ? undefined : this.expression()
    const from = bound()
    if (!this.accept(':')) return from ?? this.refuse('expected an expression')
    const to = bound()
    const step = this.accept(':') ? bound() : undefined
    const parts = [from, to, step].filter((part) => part !== undefined)
    return this.#made({ kind: 'slice', from, to, step, start, end: this.#lastEnd() }, ...parts)
  }

  #call(callee: Expression): Expression {
    const given = this.#arguments()
    return this.#made(
      { kind: 'call', callee, arguments: given, start: callee.start, end: this.#lastEnd() },
      callee,
      ...argumentExpressions(given),
    )
  }

  #arguments(): Arguments {
    const positional: Expression[] = []
    const named: { name: string; value: Expression }[] = []
    let spread: Expression | undefined
    let spreadNamed: Expression | undefined
    this.expect('(')
    while (!this.#is(')')) {
      if (this.accept('**')) {
        if (spreadNamed !== undefined) this.refuse('a second **')
        spreadNamed = this.expression()
      } else if (this.accept('*')) {
        if (spread !== undefined || spreadNamed !== undefined) this.refuse('* behind * or **')
        spread = this.expression()
      } else if (this.word !== undefined && this.#is('=', 1)) {
        if (spreadNamed !== undefined) this.refuse('a named argument behind **')
        const { name } = this.name()
        this.expect('=')
        named.push({ name, value: this.expression() })
      } else {
        if (spread !== undefined || spreadNamed !== undefined || named.length > 0)
          this.refuse('a positional argument behind a named one')
        positional.push(this.expression())
      }
      if (!this.accept(',')) break
    }
    this.expect(')')
    return { positional, named, spread, spreadNamed }
  }

  #filtersAndTests(operand: Expression): Expression {
    let node = operand
    for (;;) {
      if (this.accept('|')) node = this.#filter(node)
      else if (this.accept('is')) node = this.#test(node)
      else if (this.#is('(')) node = this.#call(node)
      else return node
    }
  }

  /** Filters of a block: `upper | replace(…)`; the innermost has no operand. */
  blockFilter(): Filter {
    let node = this.#filter(undefined)
    while (this.accept('|')) node = this.#filter(node)
    return node
  }

  #filter(operand: Expression | undefined): Filter {
    const { name, start } = this.#dottedName()
    const given = this.#is('(') ? this.#arguments() : noArguments
    const node: Filter = {
      kind: 'filter',
      operand,
      name,
      arguments: given,
      start: operand?.start ?? start,
      end: this.#lastEnd(),
    }
    return this.#made(node, ...(operand === undefined ? [] : [operand]), ...argumentExpressions(given))
  }

  #test(operand: Expression): Expression {
    const negated = this.accept('not')
    const { name } = this.#dottedName()
    let given = noArguments
    if (this.#is('(')) given = this.#arguments()
    else if (this.#startsTestArgument()) {
      if (this.#is('is')) this.refuse('tests can’t be chained with is')
      given = { ...noArguments, positional: [this.#postfix(this.#primary())] }
    }
    return this.#made(
      { kind: 'test', operand, name, negated, arguments: given, start: operand.start, end: this.#lastEnd() },
      operand,
      ...argumentExpressions(given),
    )
  }

  #startsTestArgument(): boolean {
    const token = this.#tokens[this.#at]
    if (token === undefined) return false
    if (token.type === 'operator') return token.value === '[' || token.value === '{'
    return token.type !== 'name' || !/^(?:else|or|and)$/.test(token.value)
  }

  #dottedName(): { name: string; start: number } {
    const { name: first, start } = this.name()
    let name = first
    while (this.accept('.')) name += `.${this.name().name}`
    return { name, start }
  }

  #is(value: string, ahead = 0): boolean {
    const token = this.#tokens[this.#at + ahead]
    return (token?.type === 'name' || token?.type === 'operator') && token.value === value
  }

  #lastEnd(): number {
    return this.#tokens[this.#at - 1]?.end ?? this.#end
  }

  #deeper<T>(read: () => T): T {
    this.#depth += 1
    if (this.#depth > deepest) this.refuse('nested too deeply')
    const node = read()
    this.#depth -= 1
    return node
  }

  #made<T extends Expression>(node: T, ...children: readonly Expression[]): T {
    let height = 1
    for (const child of children) height = Math.max(height, 1 + (this.#heights.get(child) ?? 1))
    if (height > deepest) this.refuse('nested too deeply')
    this.#heights.set(node, height)
    return node
  }
}

function argumentExpressions({ positional, named, spread, spreadNamed }: Arguments): readonly Expression[] {
  return [...positional, ...named.map(({ value }) => value), spread, spreadNamed].filter(
    (expression) => expression !== undefined,
  )
}
