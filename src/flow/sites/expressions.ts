import { type Expression, type Node, parseTemplate, yamlTemplate } from '../../syntax/jinja/index.ts'

/** What an expression may come out as: a variable's text, a text that stands in it, or that of a file. */
export type Part =
  /** `path`: as far as it is known, without what leads up or to the top. */
  | { readonly kind: 'file'; readonly path: string; readonly filters: readonly string[] }
  | { readonly kind: 'name'; readonly path: readonly string[]; readonly filters: readonly string[] }
  | {
      readonly kind: 'text'
      readonly text: string
      readonly start: number
      readonly end: number
      readonly filters: readonly string[]
    }

/** Filters that give their operand back, or a form of it that is read back into it. */
const KEEPING = new Set([
  ...['trim', 'string', 'replace', 'regex_replace', 'quote', 'b64decode', 'b64encode', 'mandatory'],
  ...['regex_escape', 'to_json', 'tojson', 'to_yaml', 'to_nice_yaml', 'to_nice_json', 'urlencode', 'first'],
  ...['last', 'indent', 'comment', 'safe', 'escape', 'e', 'split', 'regex_search', 'from_json', 'from_yaml'],
])
/** What a task's result has its text in; the variable is the result. */
const OF_RESULTS = new Set(['stdout', 'content', 'stdout_lines', 'results', 'value', 'user_input'])
const METHODS = new Set(['strip', 'rstrip', 'lstrip', 'replace', 'split', 'splitlines', 'lower'])

/** The parts of an expression whose text becomes its value; conditions, hashes and indices are none. */
export function partsOf(
  expression: Expression | undefined,
  filters: readonly string[] = [],
): readonly Part[] {
  if (expression === undefined) return []
  const { kind } = expression
  if (kind === 'name') return [{ kind: 'name', path: [expression.name], filters }]
  if (kind === 'literal') {
    if (expression.type !== 'string') return []
    return [{ kind: 'text', text: expression.value, start: expression.start, end: expression.end, filters }]
  }
  if (kind === 'concatenation') return named(expression.parts.flatMap((part) => partsOf(part, filters)))
  const sum = sumOf(expression)
  if (sum !== undefined) return named(sum.flatMap((part) => partsOf(part, filters)))
  if (kind === 'attribute' || kind === 'item') return memberParts(expression, filters)
  if (kind === 'call') {
    const { callee } = expression
    if (callee.kind === 'attribute') return METHODS.has(callee.name) ? partsOf(callee.object, filters) : []
    const path = fileRead(expression)
    return path === undefined ? [] : [{ kind: 'file', path, filters }]
  }
  const isKept = kind === 'filter' && KEEPING.has(shortName(expression))
  const own = isKept ? [shortName(expression), ...filters] : filters
  return choicesOf(expression).flatMap((choice) => partsOf(choice, own))
}

/** The file that a lookup gives the text of: `lookup('file', playbook_dir ~ '/slips/phrase')`. */
function fileRead({ callee, arguments: given }: Expression & { readonly kind: 'call' }): string | undefined {
  const [plugin, path, ...others] = given.positional.map((one) =>
    one.kind === 'concatenation' ? one.parts.at(-1) : (sumOf(one)?.[1] ?? one),
  )
  if (callee.kind !== 'name' || !/^(?:lookup|query|q)$/.test(callee.name) || others.length > 0)
    return undefined
  if (plugin?.kind !== 'literal' || path?.kind !== 'literal' || path.type !== 'string') return undefined
  if (!/^(?:ansible\.builtin\.)?(?:file|unvault)$/.test(String(plugin.value))) return undefined
  return path.value.replace(/^(?:\.{0,2}\/)+/, '')
}

/** The parts of all that a template shows. */
export function outputsOf(nodes: readonly Node[]): readonly Part[] {
  return shownBy(nodes).flatMap((expression) => partsOf(expression))
}

/** The variables that a template shows, dotted where they are members of a mapping. */
export function namesIn(template: string): readonly string[] {
  if (!template.includes('{{')) return []
  return outputsOf(parseTemplate(template, yamlTemplate).body).flatMap((part) =>
    part.kind === 'name' ? [part.path.join('.')] : [],
  )
}

function shownBy(nodes: readonly Node[]): readonly Expression[] {
  return nodes.flatMap((node) => {
    if (node.kind === 'output') return [node.expression]
    if (node.kind === 'for') return shownBy(node.body)
    if (node.kind !== 'if') return []
    return [...node.branches.flatMap(({ body }) => shownBy(body)), ...shownBy(node.otherwise ?? [])]
  })
}

/** A text that stands in an expression and becomes part of its value, with what is put behind it. */
interface TextInside {
  readonly text: Expression & { readonly kind: 'literal'; readonly type: 'string' }
  readonly behind: readonly Expression[]
}

export function textsIn(
  expression: Expression | undefined,
  behind: readonly Expression[] = [],
): readonly TextInside[] {
  if (expression === undefined) return []
  if (expression.kind === 'literal') return expression.type === 'string' ? [{ text: expression, behind }] : []
  const pieces = expression.kind === 'concatenation' ? expression.parts : sumOf(expression)
  if (pieces !== undefined)
    return pieces.flatMap((piece, index) => textsIn(piece, [...pieces.slice(index + 1), ...behind]))
  return choicesOf(expression).flatMap((choice) => textsIn(choice, behind))
}

const sumOf = (expression: Expression): readonly Expression[] | undefined =>
  expression.kind === 'binary' && expression.operator === '+'
    ? [expression.left, expression.right]
    : undefined

/** The expressions of which one, or a form of it, becomes the value. */
function choicesOf(expression: Expression): readonly (Expression | undefined)[] {
  const { kind } = expression
  if (kind === 'conditional') return [expression.value, expression.otherwise]
  if (kind === 'binary')
    return expression.operator === 'and' || expression.operator === 'or'
      ? [expression.left, expression.right]
      : []
  if (kind !== 'filter') return []
  const { operand, arguments: given } = expression
  const short = shortName(expression)
  if (short === 'default' || short === 'd') return [operand, given.positional[0]]
  if (short === 'ternary') return given.positional
  return KEEPING.has(short) ? [operand] : []
}

const shortName = ({ name }: Expression & { readonly kind: 'filter' }): string =>
  name.replace(/^ansible\.builtin\./, '')

function named(parts: readonly Part[]): readonly Part[] {
  return parts.filter(({ kind }) => kind === 'name')
}

function memberParts(
  expression: Expression & { readonly kind: 'attribute' | 'item' },
  filters: readonly string[],
): readonly Part[] {
  const member =
    expression.kind === 'attribute'
      ? expression.name
      : expression.index.kind === 'literal' && expression.index.type === 'string'
        ? expression.index.value
        : undefined
  const { object } = expression
  // hostvars[host].name and vars['name'] are the variable itself.
  const holder = object.kind === 'item' ? object.object : object
  if (holder.kind === 'name' && (holder.name === 'hostvars' || holder.name === 'vars')) {
    if (holder.name === 'hostvars' && object === holder) return []
    return member === undefined ? [] : [{ kind: 'name', path: [member], filters }]
  }
  const item = expression.kind === 'item' && isOfVariable(object) ? numberOf(expression.index) : undefined
  return partsOf(object, filters).flatMap((part) => {
    if (part.kind !== 'name') return []
    // What a task has made a list of is found by the name of the whole.
    if (item !== undefined) return [part, { ...part, path: [...part.path, item] }]
    if (member === undefined || OF_RESULTS.has(member)) return [part]
    return [{ ...part, path: [...part.path, member] }]
  })
}

const numberOf = (index: Expression): string | undefined =>
  index.kind === 'literal' && index.type === 'integer' ? String(index.value) : undefined

/** Whether it is a variable or a member of one, which files may write out as a list; what a task returned is in no file. */
function isOfVariable(expression: Expression): boolean {
  if (expression.kind === 'name') return true
  if (expression.kind === 'attribute')
    return !OF_RESULTS.has(expression.name) && isOfVariable(expression.object)
  return expression.kind === 'item' && isOfVariable(expression.object)
}
