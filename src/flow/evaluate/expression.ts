import {
  type CallArguments,
  Callable,
  calculate,
  Dict,
  Float,
  integer,
  iterated,
  List,
  Namespace,
  negated,
  noArguments,
  nothing,
  refused,
  sliced,
  str,
  Tuple,
  typeName,
  Undefined,
  Unknown,
  undefinedFault,
  type Value,
} from '../../ansible/template/primitives.ts'
import type {
  Arguments,
  Attribute,
  Binary,
  Call,
  Comparison,
  Expression,
  Filter,
  Item,
} from '../../syntax/jinja/index.ts'
import { hasMark } from '../atoms.ts'
import { Access } from './access.ts'
import type { FilterWords } from './filter.ts'
import { filtered } from './filters.ts'
import { calledMethod } from './methods.ts'
import { plainOnly, undefinedIn, type Words } from './operations.ts'
import { member, partOf, printed } from './print.ts'
import { tested } from './tests.ts'
import { isOfFew } from './texts.ts'
import { UnknownTruth } from './unknowns.ts'

/** Evaluates the expressions of one template. Throws `TemplateFault`; where something undefined is used, `UndefinedFault`. */
export class Evaluation extends Access {
  value(node: Expression): Value {
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
        return this.dict(
          node.entries.map(({ key, value }) => [this.value(key), this.value(value)]),
          () => printed(node),
        )
      case 'attribute':
        return this.#attribute(this.value(node.object), node)
      case 'item':
        return this.#item(node)
      case 'call':
        return this.#call(node)
      case 'filter':
        return this.#filter(node)
      case 'test': {
        const operand = this.value(node.operand)
        const given = this.arguments(node.arguments)
        const truth = tested(node.name, operand, given, this, {
          operand: () => this.shown(operand, node.operand),
          arguments: () => this.shownArguments(given, node.arguments),
        })
        return node.negated ? this.negation(truth) : truth
      }
      case 'unary':
        if (node.operator === 'not') return this.negation(this.truth(node.operand))
        return this.#signed(node.operator, node.operand)
      case 'binary':
        return this.#binary(node)
      case 'comparison':
        return this.#comparison(node)
      case 'concatenation':
        return this.joined(
          node.parts.map((part) => this.value(part)),
          () => printed(node),
        )
      case 'conditional': {
        const truth = this.truth(node.condition)
        const otherwise = (): Value => (node.otherwise === undefined ? nothing : this.value(node.otherwise))
        if (!(truth instanceof Unknown)) return truth ? this.value(node.value) : otherwise()
        return this.either(
          truth,
          () => this.value(node.value),
          otherwise,
          () => printed(node),
        )
      }
      case 'slice':
        throw refused('a slice stands without a sequence')
      case 'opaque':
        throw refused(`Jinja2 can't read an expression: ${node.message}`)
    }
  }

  /** Whether an expression holds: what one side of `and` or `or` makes certain needs nothing of the other. */
  truth(node: Expression): boolean | Unknown {
    if (node.kind === 'unary' && node.operator === 'not')
      return this.negation(this.truth(node.operand)) as boolean | Unknown
    if (node.kind === 'binary' && (node.operator === 'and' || node.operator === 'or')) {
      const settles = node.operator === 'or'
      const left = this.truth(node.left)
      if (left === settles) return settles
      if (!(left instanceof Unknown)) return this.truth(node.right)
      const right = this.attempt(() => this.truth(node.right))
      if (right === settles) return settles
      if (right === !settles) return left
      const what = `${this.shown(left, node.left)} ${node.operator} ${right instanceof Unknown ? this.shown(right, node.right) : printed(node.right)}`
      const made = right instanceof Unknown ? { by: node.operator, of: [left, right] } : undefined
      return new UnknownTruth(what, left.why, left.at, left.leaf, made)
    }
    if (node.kind === 'conditional') {
      const truth = this.truth(node.condition)
      if (truth instanceof Unknown) {
        const a = this.attempt(() => this.truth(node.value))
        const b = this.attempt(() => (node.otherwise === undefined ? false : this.truth(node.otherwise)))
        if (typeof a === 'boolean' && a === b) return a
        return new UnknownTruth(printed(node), truth.why, truth.at, truth.leaf)
      }
      if (truth) return this.truth(node.value)
      return node.otherwise === undefined ? false : this.truth(node.otherwise)
    }
    return this.truthOf(this.value(node), () => printed(node))
  }

  #name(name: string): Value {
    const value = this.locals.get(name) ?? this.host.read(name)
    if (value === undefined) return new Undefined(`'${name}' is undefined`)
    return this.host.settled(value)
  }

  #attribute(object: Value, node: Attribute): Value {
    return this.attribute(object, node.name, () =>
      partOf(this.shown(object, node.object), member('', node.name)),
    )
  }

  #item(node: Item): Value {
    const object = this.value(node.object)
    if (node.index.kind !== 'slice') {
      const index = this.value(node.index)
      return this.subscript(object, index, () => this.#itemWords(object, index, node))
    }
    if (object instanceof Undefined) return object
    const { from, to, step } = node.index
    const bounds = [from, to, step].map((bound) => (bound === undefined ? undefined : this.value(bound)))
    const words: Words = () => `${this.shown(object, node.object)}[${printed(node.index)}]`
    const values = [object, ...bounds.filter((bound) => bound !== undefined)]
    if (values.some((value) => value instanceof Unknown)) return this.unknown(words, values)
    return this.looked(
      ([subject = null]) => sliced(subject, [bounds[0], bounds[1], bounds[2]], plainOnly),
      object,
      words,
      isOfFew(bounds),
    )
  }

  #itemWords(object: Value, index: Value, node: Item): string {
    const subject = this.shown(object, node.object)
    const key = this.key(index)
    const step =
      typeof key === 'string' && !(typeof index === 'string' && hasMark(index))
        ? member('', key)
        : `[${this.shown(index, node.index)}]`
    return partOf(subject, step)
  }

  #call(node: Call): Value {
    const { callee } = node
    if (
      callee.kind === 'name' &&
      /^(?:lookup|query|q)$/.test(callee.name) &&
      this.locals.get(callee.name) === undefined
    )
      return this.#lookup(callee.name !== 'lookup', this.arguments(node.arguments), () => printed(node))
    const words: Words = () => printed(node)
    if (callee.kind === 'attribute') {
      const object = this.value(callee.object)
      if (!(object instanceof Namespace)) {
        if (object instanceof Undefined) return this.passedOn(object)
        const given = this.arguments(node.arguments)
        const missing = undefinedIn(given)
        if (missing !== undefined) return this.passedOn(missing)
        return calledMethod(
          object,
          callee.name,
          given,
          this,
          () =>
            `${member(this.shown(object, callee.object), callee.name)}(${this.shownArguments(given, node.arguments)})`,
        )
      }
    }
    const called = this.value(callee)
    if (called instanceof Undefined) return this.passedOn(called)
    const given = this.arguments(node.arguments)
    const missing = undefinedIn(given)
    if (missing !== undefined) return this.passedOn(missing)
    const values = [...given.positional, ...given.named.values()]
    if (called instanceof Unknown) return this.unknown(words, [called, ...values])
    if (!(called instanceof Callable)) throw refused(`a ${typeName(called)} can't be called`)
    if (values.some((value) => value instanceof Unknown) && /^(?:range|now)$/.test(called.name))
      return this.unknown(words, values)
    return this.attempted(
      () => called.call(called.name === 'range' ? this.plainArguments(given) : given),
      words,
      values,
    )
  }

  #lookup(isQuery: boolean, given: CallArguments, words: Words): Value {
    const missing = undefinedIn(given)
    if (missing !== undefined && !given.named.has('default')) return this.passedOn(missing)
    const [plugin, ...args] = given.positional
    const name = plugin === undefined ? undefined : this.key(plugin)
    if (typeof name !== 'string') return this.unknown(words, [...given.positional])
    const short = name.replace(/^ansible\.(?:builtin|legacy)\./, '')
    const named = isQuery ? new Map([...given.named, ['wantlist', true] as const]) : given.named
    const found =
      short === 'vars' ? this.#variables(args, named, words) : this.host.lookup(short, args, named)
    const settled = this.host.settled(found)
    return named.get('wantlist') === true && !(settled instanceof List) && !(settled instanceof Unknown)
      ? new List([settled])
      : settled
  }

  #variables(names: readonly Value[], named: ReadonlyMap<string, Value>, words: Words): Value {
    const values = names.map((name) => {
      const key = this.key(name)
      if (typeof key !== 'string') return this.unknown(words, [name])
      const value = this.host.whole.read(key)
      if (value !== undefined && !(value instanceof Undefined)) return value
      const otherwise = named.get('default')
      if (otherwise !== undefined) return otherwise
      throw undefinedFault(value ?? new Undefined(`'${key}' is undefined`))
    })
    return values.length === 1 ? (values[0] ?? null) : new List(values)
  }

  #filter(node: Filter): Value {
    if (node.operand === undefined) throw refused('a filter stands without a value')
    const { operand } = node
    const value = this.value(operand)
    return this.filter(node, value, () => this.shown(value, operand))
  }

  /** Puts a filter with its arguments on a value. */
  filter(node: Filter, value: Value, operand: Words): Value {
    const given = this.arguments(node.arguments)
    return this.filtered(node.name, value, given, {
      operand,
      arguments: () => this.shownArguments(given, node.arguments),
    })
  }

  /** The same for filters that other filters use. */
  filtered(name: string, value: Value, given: CallArguments, words: FilterWords): Value {
    return filtered(name, value, given, this, words)
  }

  arguments({ positional, named, spread, spreadNamed }: Arguments): CallArguments {
    if (positional.length === 0 && named.length === 0 && spread === undefined && spreadNamed === undefined)
      return noArguments
    const list = positional.map((argument) => this.value(argument))
    if (spread !== undefined) list.push(...iterated(this.value(spread), plainOnly))
    const names = new Map(named.map(({ name, value }) => [name, this.value(value)]))
    if (spreadNamed !== undefined) {
      const dict = this.value(spreadNamed)
      if (dict instanceof Undefined) throw undefinedFault(dict)
      if (!(dict instanceof Dict)) throw refused('** wants a dict')
      for (const [key, value] of dict.entries()) names.set(str(key, plainOnly), value)
    }
    return { positional: list, named: names }
  }

  #signed(operator: '-' | '+', operand: Expression): Value {
    const value = this.value(operand)
    const words: Words = () => `${operator}${this.shown(value, operand)}`
    if (value instanceof Unknown) return this.unknown(words, [value])
    return this.attempted(() => negated(operator, value), words, [value])
  }

  #binary(node: Binary): Value {
    const { operator } = node
    const left = this.value(node.left)
    const words = (right?: Value): string =>
      `${this.shown(left, node.left)} ${operator} ${right === undefined ? printed(node.right) : this.shown(right, node.right)}`
    if (operator === 'and' || operator === 'or') {
      const truth = this.truthOf(left, () => this.shown(left, node.left))
      if (!(truth instanceof Unknown)) {
        if (truth === (operator === 'and')) return this.value(node.right)
        return truth ? this.host.tracking.filled(left) : left
      }
      // What both sides make of a truth is a truth again.
      if (left instanceof UnknownTruth) {
        const right = this.attempt(() => this.value(node.right))
        if (right === (operator === 'or')) return right
        if (right === (operator === 'and')) return left
      }
      return operator === 'and'
        ? this.either(
            truth,
            () => this.value(node.right),
            () => left,
            words,
          )
        : this.either(
            truth,
            () => left,
            () => this.value(node.right),
            words,
          )
    }
    const right = this.value(node.right)
    if (left instanceof Undefined) throw undefinedFault(left)
    if (right instanceof Undefined) throw undefinedFault(right)
    const operands = [this.readable(left), this.readable(right)] as const
    const [a, b] = operands
    if (a instanceof Unknown || b instanceof Unknown) {
      if (operator === '+' && (typeof a === 'string' || typeof b === 'string'))
        return this.joined([a, b], () => words(right))
      return this.unknown(() => words(right), operands)
    }
    if (
      operator === '+' &&
      ((typeof a === 'string' && typeof b === 'string') || (a instanceof List && b instanceof List))
    )
      return calculate(operator, a, b, plainOnly)
    return this.attempted(
      () =>
        this.host.tracking.through(
          ([x = null, y = null]) => calculate(operator, x, y, plainOnly),
          operands,
          this.hop('is put in'),
        ),
      () => words(right),
      operands,
    )
  }

  #comparison(node: Comparison): Value {
    let left = this.value(node.first)
    let leftNode = node.first
    let open: Unknown | undefined
    for (const { operator, operand } of node.rest) {
      const right = this.value(operand)
      const truth = this.compare(operator, left, right, { left: leftNode, right: operand })
      if (truth === false) return false
      if (truth instanceof Unknown) open ??= truth
      left = right
      leftNode = operand
    }
    return open ?? true
  }
}
