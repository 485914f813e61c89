import type { Expression } from '../../syntax/jinja/index.ts'

/** What an expression may come out as: a variable's text, or a text that stands in it. */
export type Part =
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
  if (kind === 'conditional')
    return [...partsOf(expression.value, filters), ...partsOf(expression.otherwise, filters)]
  if (kind === 'binary')
    return expression.operator === 'and' || expression.operator === 'or'
      ? [...partsOf(expression.left, filters), ...partsOf(expression.right, filters)]
      : expression.operator === '+'
        ? named([...partsOf(expression.left, filters), ...partsOf(expression.right, filters)])
        : []
  if (kind === 'concatenation') return named(expression.parts.flatMap((part) => partsOf(part, filters)))
  if (kind === 'attribute' || kind === 'item') return memberParts(expression, filters)
  if (kind === 'call') {
    const { callee } = expression
    return callee.kind === 'attribute' && METHODS.has(callee.name) ? partsOf(callee.object, filters) : []
  }
  if (kind !== 'filter') return []
  const { name, operand, arguments: given } = expression
  const short = name.replace(/^ansible\.builtin\./, '')
  if (short === 'default' || short === 'd')
    return [...partsOf(operand, filters), ...partsOf(given.positional[0], filters)]
  if (short === 'ternary') return given.positional.flatMap((value) => partsOf(value, filters))
  return KEEPING.has(short) ? partsOf(operand, [short, ...filters]) : []
}

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
  return partsOf(object, filters).flatMap((part) => {
    if (part.kind === 'text') return []
    if (member === undefined || OF_RESULTS.has(member)) return [part]
    return [{ ...part, path: [...part.path, member] }]
  })
}
