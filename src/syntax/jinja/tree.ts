/**
 * What Jinja2 text means, as trees. Offsets are UTF-16 code units into the text that was parsed, `end` excluded, so
 * that a caller who knows where the text stands in a file can point at any part of it.
 */
export interface Range {
  readonly start: number
  readonly end: number
}

export type Expression =
  | Name
  | Literal
  | Sequence
  | DictLiteral
  | Attribute
  | Item
  | Slice
  | Call
  | Filter
  | Test
  | Unary
  | Binary
  | Comparison
  | Concatenation
  | Conditional
  | Opaque

export interface Name extends Range {
  readonly kind: 'name'
  readonly name: string
}

export type Literal = Range & { readonly kind: 'literal' } & (
    | { readonly type: 'string'; readonly value: string }
    | { readonly type: 'integer'; readonly value: bigint }
    | { readonly type: 'float'; readonly value: number }
    | { readonly type: 'boolean'; readonly value: boolean }
    | { readonly type: 'none'; readonly value: null }
  )

export interface Sequence extends Range {
  readonly kind: 'list' | 'tuple'
  readonly items: readonly Expression[]
}

export interface DictLiteral extends Range {
  readonly kind: 'dict'
  readonly entries: readonly { readonly key: Expression; readonly value: Expression }[]
}

/** `object.name` */
export interface Attribute extends Range {
  readonly kind: 'attribute'
  readonly object: Expression
  readonly name: string
}

/** `object[index]`, and `object.0` with a literal index. */
export interface Item extends Range {
  readonly kind: 'item'
  readonly object: Expression
  readonly index: Expression
}

/** `[start:stop:step]`; stands only as the index of an `Item`. */
export interface Slice extends Range {
  readonly kind: 'slice'
  readonly from: Expression | undefined
  readonly to: Expression | undefined
  readonly step: Expression | undefined
}

export interface Arguments {
  readonly positional: readonly Expression[]
  readonly named: readonly { readonly name: string; readonly value: Expression }[]
  /** `*list` */
  readonly spread: Expression | undefined
  /** `**dict` */
  readonly spreadNamed: Expression | undefined
}

export interface Call extends Range {
  readonly kind: 'call'
  readonly callee: Expression
  readonly arguments: Arguments
}

/** `operand | name(…)`. The name may be dotted. Of `{% filter … %}` and `{% set x | … %}` the innermost has no operand: the block is it. */
export interface Filter extends Range {
  readonly kind: 'filter'
  readonly operand: Expression | undefined
  readonly name: string
  readonly arguments: Arguments
}

/** `operand is [not] name(…)` */
export interface Test extends Range {
  readonly kind: 'test'
  readonly operand: Expression
  readonly name: string
  readonly negated: boolean
  readonly arguments: Arguments
}

export interface Unary extends Range {
  readonly kind: 'unary'
  readonly operator: 'not' | '-' | '+'
  readonly operand: Expression
}

export type BinaryOperator = 'and' | 'or' | '+' | '-' | '*' | '/' | '//' | '%' | '**'

export interface Binary extends Range {
  readonly kind: 'binary'
  readonly operator: BinaryOperator
  readonly left: Expression
  readonly right: Expression
}

export type ComparisonOperator = '==' | '!=' | '<' | '<=' | '>' | '>=' | 'in' | 'not in'

/** `first op operand op operand …`: as in Python, true when every neighbouring pair is. */
export interface Comparison extends Range {
  readonly kind: 'comparison'
  readonly first: Expression
  readonly rest: readonly { readonly operator: ComparisonOperator; readonly operand: Expression }[]
}

/** `a ~ b ~ c` */
export interface Concatenation extends Range {
  readonly kind: 'concatenation'
  readonly parts: readonly Expression[]
}

/** `value if condition else otherwise`; without `else` the value is undefined when the condition is false. */
export interface Conditional extends Range {
  readonly kind: 'conditional'
  readonly condition: Expression
  readonly value: Expression
  readonly otherwise: Expression | undefined
}

/** What could not be understood. The same words stand in the faults of the tree that it belongs to. */
export interface Opaque extends Range {
  readonly kind: 'opaque'
  readonly message: string
}

export type Target =
  | Name
  | (Range & { readonly kind: 'targets'; readonly items: readonly Target[] })
  | (Range & { readonly kind: 'namespaceAttribute'; readonly name: string; readonly attribute: string })

export type Node =
  | Text
  | Output
  | Comment
  | If
  | For
  | Assignment
  | BlockAssignment
  | With
  | FilterBlock
  | Macro
  | CallBlock
  | Import
  | Inheritance
  | Opaque

/** Text outside tags and inside `raw`, after whitespace control, with `\n` as its only line break. May be empty. */
export interface Text extends Range {
  readonly kind: 'text'
  readonly text: string
}

/** `{{ … }}`, and `{% print … %}`. */
export interface Output extends Range {
  readonly kind: 'output'
  readonly expression: Expression
}

/** `{# … #}`; the text between the delimiters. */
export interface Comment extends Range {
  readonly kind: 'comment'
  readonly text: string
}

export interface If extends Range {
  readonly kind: 'if'
  /** `if` and every `elif`, in order. */
  readonly branches: readonly { readonly condition: Expression; readonly body: readonly Node[] }[]
  readonly otherwise: readonly Node[] | undefined
}

export interface For extends Range {
  readonly kind: 'for'
  readonly target: Target
  readonly iterable: Expression
  /** `for x in y if condition` */
  readonly condition: Expression | undefined
  readonly recursive: boolean
  readonly body: readonly Node[]
  readonly otherwise: readonly Node[] | undefined
}

export interface Assignment extends Range {
  readonly kind: 'set'
  readonly target: Target
  readonly value: Expression
}

/** `{% set x %}…{% endset %}`, with the filters the text goes through, if any. */
export interface BlockAssignment extends Range {
  readonly kind: 'setBlock'
  readonly target: Target
  readonly filter: Filter | undefined
  readonly body: readonly Node[]
}

export interface With extends Range {
  readonly kind: 'with'
  readonly bindings: readonly { readonly target: Target; readonly value: Expression }[]
  readonly body: readonly Node[]
}

export interface FilterBlock extends Range {
  readonly kind: 'filterBlock'
  readonly filter: Filter
  readonly body: readonly Node[]
}

export interface Parameter {
  readonly name: string
  readonly default: Expression | undefined
}

export interface Macro extends Range {
  readonly kind: 'macro'
  readonly name: string
  readonly parameters: readonly Parameter[]
  readonly body: readonly Node[]
}

export interface CallBlock extends Range {
  readonly kind: 'callBlock'
  readonly call: Call
  readonly parameters: readonly Parameter[]
  readonly body: readonly Node[]
}

/** `include`, `import … as x`, `from … import x [as y]`. */
export interface Import extends Range {
  readonly kind: 'include' | 'import' | 'from'
  readonly template: Expression
  /** Names that it brings: `from: ['x', 'y']` for `x as y`; one `['*', 'x']` for `import … as x`. */
  readonly names: readonly (readonly [theirs: string, ours: string])[]
  readonly ignoreMissing: boolean
  /** Whether the other template sees variables: `include` shows it them unless told otherwise, the others where told to. */
  readonly hasContext: boolean
}

/** `extends`, `block`, `autoescape`. */
export interface Inheritance extends Range {
  readonly kind: 'extends' | 'block' | 'autoescape'
  readonly expression: Expression | undefined
  readonly name: string | undefined
  /** Of a block: whether it sees the names that loops and macros around it have. */
  readonly isScoped: boolean
  readonly body: readonly Node[]
}

export interface SyntaxFault extends Range {
  readonly message: string
  /** A block that never ends, or an end of none: of the statements that Jinja2 has by itself, it takes neither. */
  readonly isOfBlocks?: true
}

export interface Template {
  readonly body: readonly Node[]
  /** In the order of the text. None: Jinja2 would accept the text too. */
  readonly faults: readonly SyntaxFault[]
}

export interface SyntaxOptions {
  readonly blockStart: string
  readonly blockEnd: string
  readonly variableStart: string
  readonly variableEnd: string
  readonly commentStart: string
  readonly commentEnd: string
  /** Drops the line break behind a block or comment. */
  readonly trimBlocks: boolean
  /** Drops blanks between the start of a line and a block or comment. */
  readonly lstripBlocks: boolean
  /** Keeps the last line break of the text. */
  readonly keepTrailingNewline: boolean
  /**
   * Whether a backslash in a string inside `{{ }}` stands for itself. Ansible makes it so in every template but a
   * file's, because YAML has already read the escapes. Strings inside `{% %}` have Python's escapes either way.
   */
  readonly literalBackslashes: boolean
}

/** As Ansible reads a template that stands in YAML. */
export const yamlTemplate: SyntaxOptions = {
  blockStart: '{%',
  blockEnd: '%}',
  variableStart: '{{',
  variableEnd: '}}',
  commentStart: '{#',
  commentEnd: '#}',
  trimBlocks: true,
  lstripBlocks: false,
  keepTrailingNewline: false,
  literalBackslashes: true,
}

/** As Ansible's `template` module reads a file. */
export const fileTemplate: SyntaxOptions = { ...yamlTemplate, literalBackslashes: false }
