import type { Arguments, Call, Expression, Item } from '../../syntax/jinja/index.ts'
import { calculate, negated } from './arithmetic.ts'
import { compare, truth } from './comparison.ts'
import type { PluginContext } from './filters/filter.ts'
import { applyFilter } from './filters/index.ts'
import { isPythonMethod, methodOf } from './methods.ts'
import type { Rendering } from './rendering.ts'
import { itemAt, iterated, sliced } from './sequences.ts'
import { applyTest } from './tests.ts'
import { str, undefinedFault } from './text.ts'
import {
  type CallArguments,
  Callable,
  Dict,
  Float,
  integer,
  List,
  Namespace,
  Nothing,
  nothing,
  refused,
  TemplateFault,
  Tuple,
  typeName,
  Undefined,
  unsupported,
  type Value,
  VaultedText,
} from './values.ts'

/** Names that a template itself has set: loop variables and the like. */
export class Locals {
  readonly #outer: Locals | undefined
  readonly #values = new Map<string, Value>()

  constructor(outer?: Locals) {
    this.#outer = outer
  }

  get(name: string): Value | undefined {
    const own = this.#values.get(name)
    return own === undefined ? this.#outer?.get(name) : own
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value)
  }
}

/** The value of an expression. A fault gets the offset of the innermost expression that it comes from. */
export function evaluate(expression: Expression, locals: Locals, rendering: Rendering): Value {
  try {
    return new Evaluation(locals, rendering).value(expression)
  } catch (error) {
    if (error instanceof RangeError) throw refused('an expression nests too deeply')
    throw error
  }
}

class Evaluation {
  readonly #locals: Locals
  readonly #rendering: Rendering

  constructor(locals: Locals, rendering: Rendering) {
    this.#locals = locals
    this.#rendering = rendering
  }

  value(expression: Expression): Value {
    try {
      return this.#value(expression)
    } catch (error) {
      if (error instanceof TemplateFault) error.offset ??= expression.start
      throw error
    }
  }

  #value(node: Expression): Value {
    const { decrypt } = this.#rendering
    switch (node.kind) {
      case 'name':
        return this.#name(node.name)
      case 'literal':
        if (node.type === 'integer') return integer(node.value)
        return node.type === 'float' ? new Float(node.value) : node.value
      case 'list':
        return new List(node.items.map((item) => this.value(item)))
      case 'tuple':
        return new Tuple(node.items.map((item) => this.value(item)))
      case 'dict':
        return new Dict(node.entries.map(({ key, value }) => [this.#key(this.value(key)), this.value(value)]))
      case 'attribute':
        return this.#attribute(this.value(node.object), node.name, describe(node))
      case 'item':
        return this.#item(node)
      case 'call':
        return this.#call(node)
      case 'filter': {
        if (node.operand === undefined) throw refused('a filter stands without a value')
        return this.filter(node.name, this.value(node.operand), this.arguments(node.arguments))
      }
      case 'test': {
        const result = applyTest(
          node.name,
          this.value(node.operand),
          this.arguments(node.arguments),
          this.#plugin(node.name),
        )
        if (!node.negated) return result
        return !truth(result, decrypt)
      }
      case 'unary': {
        const operand = this.value(node.operand)
        return node.operator === 'not' ? !truth(operand, decrypt) : negated(node.operator, operand)
      }
      case 'binary': {
        const left = this.value(node.left)
        if (node.operator === 'and') return truth(left, decrypt) ? this.value(node.right) : left
        if (node.operator === 'or') return truth(left, decrypt) ? left : this.value(node.right)
        return calculate(node.operator, left, this.value(node.right), decrypt)
      }
      case 'comparison': {
        let left = this.value(node.first)
        for (const { operator, operand } of node.rest) {
          const right = this.value(operand)
          if (!compare(operator, left, right, decrypt)) return false
          left = right
        }
        return true
      }
      case 'concatenation':
        return node.parts.map((part) => str(this.value(part), decrypt)).join('')
      case 'conditional':
        if (truth(this.value(node.condition), decrypt)) return this.value(node.value)
        return node.otherwise === undefined ? nothing : this.value(node.otherwise)
      case 'slice':
        throw refused('a slice stands without a sequence')
      case 'opaque':
        throw refused(`Jinja2 can't read an expression: ${node.message}`)
    }
  }

  #name(name: string): Value {
    const own = this.#locals.get(name)
    const value = own === undefined ? this.#rendering.variable(name) : own
    return value === undefined ? new Undefined(`'${name}' is undefined`, undefinedFix(name)) : value
  }

  #key(value: Value): Value {
    return value instanceof VaultedText ? this.#rendering.decrypt(value) : value
  }

  /** `object.name`: what Python's type has of that name comes before a key of a dict. */
  #attribute(object: Value, name: string, path?: string): Value {
    if (object instanceof Undefined) return object
    if (object instanceof Nothing) throw withoutElse()
    const found =
      object instanceof Namespace
        ? object.attributes.get(name)
        : (this.#method(object, name) ?? itemAt(object, name, this.#rendering.decrypt))
    return found === undefined ? missing(object, name, path) : found
  }

  #method(object: Value, name: string): Callable | undefined {
    const method = methodOf(object, name, this.#rendering.decrypt)
    if (method === undefined && isPythonMethod(typeName(object), name))
      throw unsupported(`the method ${name}`)
    return method
  }

  #item(node: Item): Value {
    const object = this.value(node.object)
    if (node.index.kind === 'slice') {
      const { from, to, step } = node.index
      if (object instanceof Undefined) return object
      const bounds = [from, to, step].map((bound) => (bound === undefined ? undefined : this.value(bound)))
      return sliced(object, [bounds[0], bounds[1], bounds[2]], this.#rendering.decrypt)
    }
    return this.#subscript(object, this.value(node.index), describe(node))
  }

  /** `object[index]`: an item comes before what Python's type has of that name. */
  #subscript(object: Value, index: Value, path?: string): Value {
    if (object instanceof Undefined) return object
    if (object instanceof Nothing) throw withoutElse()
    if (index instanceof Undefined) return index
    const found = itemAt(object, index, this.#rendering.decrypt)
    if (found !== undefined) return found
    const name = this.#key(index)
    if (typeof name !== 'string') return missing(object, undefined, path)
    const other =
      object instanceof Namespace
        ? object.attributes.get(name)
        : methodOf(object, name, this.#rendering.decrypt)
    return other === undefined ? missing(object, name, path) : other
  }

  #call(node: Call): Value {
    const callee = this.value(node.callee)
    if (callee instanceof Undefined) return callee
    if (!(callee instanceof Callable)) throw refused(`a ${typeName(callee)} can't be called`)
    const given = this.arguments(node.arguments)
    const undefinedArgument = [...given.positional, ...given.named.values()].find(
      (item) => item instanceof Undefined,
    )
    return undefinedArgument ?? callee.call(given)
  }

  arguments({ positional, named, spread, spreadNamed }: Arguments): CallArguments {
    const { decrypt } = this.#rendering
    const list = positional.map((argument) => this.value(argument))
    if (spread !== undefined) list.push(...iterated(this.value(spread), decrypt))
    const names = new Map(named.map(({ name, value }) => [name, this.value(value)]))
    if (spreadNamed !== undefined) {
      const dict = this.value(spreadNamed)
      if (dict instanceof Undefined) throw undefinedFault(dict)
      if (!(dict instanceof Dict)) throw refused('** wants a dict')
      for (const [key, value] of dict.entries()) names.set(str(key, decrypt), value)
    }
    return { positional: list, named: names }
  }

  filter(name: string, value: Value, given: CallArguments): Value {
    return applyFilter(name, value, given, this.#plugin(name))
  }

  #plugin(name: string): PluginContext {
    const { decrypt } = this.#rendering
    return {
      name,
      decrypt,
      filter: (other, value, given) => applyFilter(other, value, given, this.#plugin(other)),
      test: (other, value, given) => truth(applyTest(other, value, given, this.#plugin(other)), decrypt),
      item: (value, key) => this.#subscript(value, key),
    }
  }
}

/** Puts a filter with its arguments on a value: for the filters of blocks. */
export function applyBlockFilter(
  filter: Extract<Expression, { kind: 'filter' }>,
  value: Value,
  locals: Locals,
  rendering: Rendering,
): Value {
  const operand =
    filter.operand?.kind === 'filter' ? applyBlockFilter(filter.operand, value, locals, rendering) : value
  const evaluation = new Evaluation(locals, rendering)
  try {
    return evaluation.filter(filter.name, operand, evaluation.arguments(filter.arguments))
  } catch (error) {
    if (error instanceof TemplateFault) error.offset ??= filter.start
    throw error
  }
}

const withoutElse = (): TemplateFault =>
  refused('a conditional expression without else has no value when its condition is false')

function missing(object: Value, name: string | undefined, path: string | undefined): Undefined {
  if (path !== undefined) return new Undefined(`'${path}' is undefined`)
  return new Undefined(
    name === undefined
      ? `a ${typeName(object)} has not the wanted item`
      : `a ${typeName(object)} has no item '${name}'`,
  )
}

/** `a.b[0]` for a message; undefined for what is not only names and literals. */
function describe(node: Expression): string | undefined {
  if (node.kind === 'name') return node.name
  if (node.kind !== 'attribute' && node.kind !== 'item') return undefined
  const object = describe(node.object)
  if (object === undefined) return undefined
  if (node.kind === 'attribute') return `${object}.${node.name}`
  if (node.index.kind !== 'literal') return `${object}[…]`
  return `${object}[${node.index.type === 'string' ? `'${node.index.value}'` : node.index.value}]`
}

function undefinedFix(name: string): string {
  if (name.startsWith('ansible_'))
    return `Ansible learns ${name} from the node; k3seal does not ask nodes: set it as a variable of the host`
  return `set ${name} in the inventory for this host or one of its groups`
}
