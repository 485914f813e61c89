import type { Placed } from '../../ansible/content/index.ts'
import { parsedExpression } from '../../flow/evaluate/parsed.ts'
import { closureOf } from '../../flow/rehearse/closure.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Span } from '../../span.ts'
import type { Expression } from '../../syntax/jinja/index.ts'
import { escaped } from '../../syntax/regExp.ts'
import { conditionsOf, type PlacedTask, tasksOf } from './tasks.ts'

/**
 * The task that ends every play which starts K3s on a clean node, where a variable is this very text: its condition has the
 * text written out.
 */
export function refusalOf(analysis: Analysis, name: string, text: string): Span | undefined {
  const names = new Set([name, ...namesFor(analysis, name)])
  for (const placed of tasksOf(analysis)) {
    const { at } = placed.task
    if (refuses(placed, { names, text }) && isMetByAll(analysis, at.path)) return at
  }
  return undefined
}

/** Variables that are no more than this one. */
function namesFor({ project }: Analysis, name: string): readonly string[] {
  const alias = new RegExp(`^[ \\t]*(\\w+):[ \\t]*["']?\\{\\{\\s*${escaped(name)}\\s*\\}\\}`, 'gm')
  return [...project.values()].flatMap((content) =>
    content.includes(name) ? [...content.matchAll(alias)].map(([, found = '']) => found) : [],
  )
}

function isMetByAll({ content, project, rehearsal }: Analysis, path: string): boolean {
  const started = new Set(
    rehearsal.verdicts.flatMap(({ playbook, scenario: { k3s } }) =>
      k3s === undefined || k3s === 'absent' ? [playbook] : [],
    ),
  )
  return (
    rehearsal.reached.has(path) &&
    [...started].every((one) => {
      const playbook = content.playbooks.find((each) => each.path === one)
      return playbook !== undefined && closureOf(content, project, playbook).read.has(path)
    })
  )
}

interface Given {
  readonly names: ReadonlySet<string>
  readonly text: string
}

function refuses(placed: PlacedTask, given: Given): boolean {
  const { task, blocks } = placed
  if (!['assert', 'fail'].includes(task.action.module)) return false
  if (task.keywords.has('ignore_errors') || blocks.some(({ rescue }) => rescue.length > 0)) return false
  const conditions = conditionsOf(placed).flatMap(listed)
  if (task.action.module === 'assert')
    return (
      conditions.every((one) => isDefined(one, given)) &&
      listed(task.action.arguments.get('that')).some((one) => isFalse(one, given))
    )
  return (
    conditions.some((one) => isTrue(one, given)) &&
    conditions.every((one) => isTrue(one, given) || isDefined(one, given))
  )
}

function listed(placed: Placed | undefined): readonly Expression[] {
  const value = placed?.value
  const items = Array.isArray(value) ? value : [value]
  // What is no text asks for nothing that is known here.
  return items.map((item) => parsedExpression(typeof item === 'string' ? item : '').expression)
}

/** Whether an expression is certainly false where the variable is the text. */
function isFalse(expression: Expression, given: Given): boolean {
  if (expression.kind === 'unary') return expression.operator === 'not' && isTrue(expression.operand, given)
  if (expression.kind === 'binary' && expression.operator === 'and')
    return isFalse(expression.left, given) || isFalse(expression.right, given)
  return compares(expression, given, '!=', 'not in')
}

function isTrue(expression: Expression, given: Given): boolean {
  if (expression.kind === 'unary') return expression.operator === 'not' && isFalse(expression.operand, given)
  if (expression.kind === 'binary' && expression.operator === 'or')
    return isTrue(expression.left, given) || isTrue(expression.right, given)
  return compares(expression, given, '==', 'in')
}

/** Whether it compares the variable with the text, with a list that has it, or looks in it for a part of it. */
function compares(
  expression: Expression,
  given: Given,
  equals: '==' | '!=',
  within: 'in' | 'not in',
): boolean {
  if (expression.kind !== 'comparison' || expression.rest.length !== 1) return false
  const [{ operator, operand: right } = { operator: undefined, operand: expression }] = expression.rest
  const left = expression.first
  if (operator === equals)
    return (isGiven(left, given) && is(right, given)) || (is(left, given) && isGiven(right, given))
  if (operator !== within) return false
  if (isGiven(left, given))
    return (right.kind === 'list' || right.kind === 'tuple') && right.items.some((item) => is(item, given))
  const part = isGiven(right, given) && left.kind === 'literal' && left.type === 'string' ? left.value : ''
  return part !== '' && given.text.includes(part)
}

const is = (expression: Expression, { text }: Given): boolean =>
  expression.kind === 'literal' && expression.value === text

const isGiven = (expression: Expression | undefined, given: Given): boolean =>
  expression?.kind === 'filter'
    ? /^(?:ansible\.builtin\.)?(?:default|d|string|trim)$/.test(expression.name) &&
      isGiven(expression.operand, given)
    : expression?.kind === 'name' && given.names.has(expression.name)

const isDefined = (expression: Expression, given: Given): boolean =>
  expression.kind === 'test' &&
  expression.name === 'defined' &&
  !expression.negated &&
  isGiven(expression.operand, given)
