import { VaultedText } from '../../ansible/template/primitives.ts'
import { type AnsibleValue, Float } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { Arguments, Expression, Node, Range, Target } from '../../syntax/jinja/index.ts'
import { looksLikeTemplate, parsedExpression, parsedTemplate } from './parsed.ts'
import { printed } from './print.ts'
import type { EvaluationScope } from './scope.ts'

/** A variable that a value depends on. */
export interface VariableRead {
  readonly name: string
  /** Where it is set; undefined for what no file sets (facts, registered results) and for what is not defined. */
  readonly at: Span | undefined
  /** The variable whose template names it; undefined for the value itself. */
  readonly by: string | undefined
}

/**
 * The variables that a value depends on, through all templates in variables, each once, in the order in which they are
 * met. Whether a branch would be taken plays no part.
 */
export function variablesRead(
  raw: AnsibleValue,
  scope: Pick<EvaluationScope, 'variable'>,
  kind: 'value' | 'condition' = 'value',
): readonly VariableRead[] {
  const found = new Map<string, VariableRead>()
  const open: { readonly names: Iterable<string>; readonly by: string | undefined }[] = [
    { names: namesIn(raw, kind), by: undefined },
  ]
  for (let next = open.shift(); next !== undefined; next = open.shift())
    for (const name of next.names) {
      if (found.has(name)) continue
      const variable = scope.variable(name)
      const isRaw = variable !== undefined && 'raw' in variable
      found.set(name, { name, at: isRaw ? variable.at : undefined, by: next.by })
      if (isRaw) open.push({ names: namesIn(variable.raw, 'value'), by: name })
    }
  return [...found.values()]
}

/** The expressions of a template: in one spelling, with their offsets in the text. */
export function expressionSpans(text: string): readonly (Range & { readonly expression: string })[] {
  if (!looksLikeTemplate(text)) return []
  const spans: (Range & { expression: string })[] = []
  const names = new Names((node) =>
    spans.push({ expression: printed(node), start: node.start, end: node.end }),
  )
  names.nodes(parsedTemplate(text).body, new Set())
  return spans
}

function namesIn(raw: AnsibleValue, kind: 'value' | 'condition'): ReadonlySet<string> {
  const names = new Names()
  const visit = (value: AnsibleValue): void => {
    if (typeof value === 'string') {
      if (looksLikeTemplate(value)) names.nodes(parsedTemplate(value).body, new Set())
      else if (kind === 'condition') names.expression(parsedExpression(value).expression, new Set())
    } else if (
      value === null ||
      typeof value !== 'object' ||
      value instanceof Float ||
      value instanceof VaultedText
    )
      return
    else if (Array.isArray(value)) for (const item of value) visit(item)
    else for (const item of Object.values(value)) visit(item)
  }
  visit(raw)
  return names.found
}

/** Collects the names that are not set by the template itself. */
class Names {
  readonly found = new Set<string>()
  readonly #seen: ((expression: Expression) => void) | undefined

  constructor(seen?: (expression: Expression) => void) {
    this.#seen = seen
  }

  nodes(nodes: readonly Node[], own: Set<string>): void {
    for (const node of nodes) this.#node(node, own)
  }

  #node(node: Node, own: Set<string>): void {
    switch (node.kind) {
      case 'output':
        this.#whole(node.expression, own)
        return
      case 'if':
        for (const { condition, body } of node.branches) {
          this.#whole(condition, own)
          this.nodes(body, own)
        }
        this.nodes(node.otherwise ?? [], own)
        return
      case 'for': {
        this.#whole(node.iterable, own)
        const inner = new Set([...own, 'loop', ...targets(node.target)])
        if (node.condition !== undefined) this.#whole(node.condition, inner)
        this.nodes(node.body, inner)
        this.nodes(node.otherwise ?? [], new Set(own))
        return
      }
      case 'set':
        this.#whole(node.value, own)
        for (const name of targets(node.target)) own.add(name)
        return
      case 'setBlock':
        this.nodes(node.body, new Set(own))
        if (node.filter !== undefined) this.#whole(node.filter, own)
        for (const name of targets(node.target)) own.add(name)
        return
      case 'with': {
        const inner = new Set(own)
        for (const { target, value } of node.bindings) {
          this.#whole(value, own)
          for (const name of targets(target)) inner.add(name)
        }
        this.nodes(node.body, inner)
        return
      }
      case 'filterBlock':
        this.#whole(node.filter, own)
        this.nodes(node.body, new Set(own))
        return
      case 'macro':
        own.add(node.name)
        this.nodes(
          node.body,
          new Set([...own, ...node.parameters.map(({ name }) => name), 'varargs', 'kwargs', 'caller']),
        )
        return
      case 'callBlock':
        this.#whole(node.call, own)
        this.nodes(node.body, new Set([...own, ...node.parameters.map(({ name }) => name)]))
        return
      case 'include':
      case 'import':
      case 'from':
        this.#whole(node.template, own)
        for (const [, ours] of node.names) own.add(ours)
        return
      case 'block':
      case 'autoescape':
      case 'extends':
        this.nodes(node.body, new Set(own))
        return
      default:
    }
  }

  #whole(node: Expression, own: ReadonlySet<string>): void {
    this.#seen?.(node)
    this.expression(node, own)
  }

  expression(node: Expression, own: ReadonlySet<string>): void {
    switch (node.kind) {
      case 'name':
        if (!own.has(node.name)) this.found.add(node.name)
        return
      case 'list':
      case 'tuple':
        for (const item of node.items) this.expression(item, own)
        return
      case 'dict':
        for (const { key, value } of node.entries) {
          this.expression(key, own)
          this.expression(value, own)
        }
        return
      case 'attribute':
        this.expression(node.object, own)
        return
      case 'item':
        this.expression(node.object, own)
        this.expression(node.index, own)
        return
      case 'slice':
        this.#some([node.from, node.to, node.step], own)
        return
      case 'call':
        // The global functions are no variables.
        if (node.callee.kind !== 'name') this.expression(node.callee, own)
        this.#arguments(node.arguments, own)
        return
      case 'filter':
      case 'test':
        this.#some([node.operand], own)
        this.#arguments(node.arguments, own)
        return
      case 'unary':
        this.expression(node.operand, own)
        return
      case 'binary':
        this.#some([node.left, node.right], own)
        return
      case 'comparison':
        this.#some([node.first, ...node.rest.map(({ operand }) => operand)], own)
        return
      case 'concatenation':
        this.#some(node.parts, own)
        return
      case 'conditional':
        this.#some([node.condition, node.value, node.otherwise], own)
        return
      default:
    }
  }

  #some(nodes: readonly (Expression | undefined)[], own: ReadonlySet<string>): void {
    for (const node of nodes) if (node !== undefined) this.expression(node, own)
  }

  #arguments({ positional, named, spread, spreadNamed }: Arguments, own: ReadonlySet<string>): void {
    this.#some([...positional, ...named.map(({ value }) => value), spread, spreadNamed], own)
  }
}

function targets(target: Target): readonly string[] {
  if (target.kind === 'name') return [target.name]
  return target.kind === 'targets' ? target.items.flatMap(targets) : []
}
