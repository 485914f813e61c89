import {
  applyFilter,
  type CallArguments,
  Callable,
  calculate,
  Dict,
  Float,
  integer,
  isPythonMethod,
  itemAt,
  iterated,
  List,
  methodOf,
  Namespace,
  Nothing,
  negated,
  noArguments,
  nothing,
  Omitted,
  type PluginContext,
  refused,
  sliced,
  str,
  TemplateFault,
  Tuple,
  typeName,
  Undefined,
  UndefinedFault,
  Unknown,
  undefinedFault,
  unsupported,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import type { Span } from '../../span.ts'
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
import { type Hop, hasMark } from '../atoms.ts'
import { compared } from './comparing.ts'
import { newerCore } from './decisions.ts'
import { filtered } from './filters.ts'
import type { Host } from './host.ts'
import type { Locals } from './locals.ts'
import { calledMethod } from './methods.ts'
import { member, printed, shown } from './print.ts'
import { tested } from './tests.ts'
import { mapped } from './tracking.ts'
import { Fork, Tainted, UnknownTruth } from './unknowns.ts'

/** Words that are only made where something turns out to be unknown. */
export type Words = () => string

/** Text that must not be lost in a branch that may or may not be taken. */
const telling = /token|K3S_|server|config|EnvironmentFile|ExecStart|\[/i

/** Evaluates the expressions of one template. Throws `TemplateFault`; where something undefined is used, `UndefinedFault`. */
export class Evaluation {
  readonly host: Host
  readonly locals: Locals
  readonly at: Span

  constructor(host: Host, locals: Locals, at: Span) {
    this.host = host
    this.locals = locals
    this.at = at
  }

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
      const right = this.#attempt(() => this.truth(node.right))
      if (right === settles) return settles
      if (right === !settles) return left
      const what = `${this.shown(left, node.left)} ${node.operator} ${right instanceof Unknown ? this.shown(right, node.right) : printed(node.right)}`
      return new UnknownTruth(what, left.why, left.at, left.leaf)
    }
    if (node.kind === 'conditional') {
      const truth = this.truth(node.condition)
      if (truth instanceof Unknown) {
        const a = this.#attempt(() => this.truth(node.value))
        const b = this.#attempt(() => (node.otherwise === undefined ? false : this.truth(node.otherwise)))
        if (typeof a === 'boolean' && a === b) return a
        return new UnknownTruth(printed(node), truth.why, truth.at, truth.leaf)
      }
      if (truth) return this.truth(node.value)
      return node.otherwise === undefined ? false : this.truth(node.otherwise)
    }
    return this.truthOf(this.value(node), () => printed(node))
  }

  truthOf(value: Value, words: Words): boolean | Unknown {
    return this.host.truthOf(value, words, this.at)
  }

  negation(truth: Value): Value {
    if (truth instanceof Undefined) throw undefinedFault(truth)
    if (typeof truth === 'boolean') return !truth
    if (!(truth instanceof Unknown)) return truth
    const what = truth.what.startsWith('not ')
      ? truth.what.slice(4).replace(/^\((.*)\)$/, '$1')
      : `not ${this.shown(truth, undefined)}`
    return new UnknownTruth(what, truth.why, truth.at, truth.leaf)
  }

  /** A value that can't be computed; followed text in the operands is not lost with it. */
  unknown(words: Words, operands: readonly Value[], why?: string): Value {
    const what = words()
    const settled = this.host.decisions.value(what)
    if (settled !== undefined) return settled
    const { atoms, unknown } = this.host.tracking.contents(operands)
    const reason = why ?? unknown?.why ?? `${what} is only known when the play runs`
    const leaf = unknown === undefined || unknown.leaf === unknown ? undefined : unknown.leaf
    if (unknown instanceof Fork) return new Fork(what, reason, this.at, unknown.leaf)
    const marks = new Set(
      operands.flatMap((operand) => (operand instanceof Tainted ? [...operand.marks] : [])),
    )
    for (const atom of atoms) if (isSerious(atom.kind)) marks.add(this.host.tracking.atoms.mark(atom))
    if (marks.size > 0) return new Tainted(what, reason, this.at, [...marks].slice(0, 8).join(''), leaf)
    return new Unknown(what, reason, this.at, leaf)
  }

  /** A truth that an operation has found, or the unknown one. */
  unknownTruth(words: Words, operands: readonly Value[], why?: string): boolean | Unknown {
    const what = words()
    const decided = this.host.decisions.truth(what)
    if (decided !== undefined) return decided
    const { unknown } = this.host.tracking.contents(operands)
    const leaf = unknown === undefined || unknown.leaf === unknown ? undefined : unknown.leaf
    return new UnknownTruth(
      what,
      why ?? unknown?.why ?? `${what} is only known when the play runs`,
      this.at,
      leaf,
    )
  }

  /** One of two values, where a condition that is not known decides. */
  either(truth: Unknown, yes: () => Value, no: () => Value, words: Words): Value {
    const values = [this.#attempt(yes), this.#attempt(no)] as const
    const [a, b] = values
    if (this.isSame(a, b)) return a
    if ([a, b].every((side) => typeof side === 'boolean' || side instanceof UnknownTruth))
      return new UnknownTruth(words(), truth.why, truth.at, truth.leaf)
    return this.isTelling(values)
      ? new Fork(words(), truth.why, truth.at, truth.leaf)
      : new Unknown(words(), truth.why, truth.at, truth.leaf)
  }

  isSame(a: Value, b: Value): boolean {
    if (a === b) return true
    if (a instanceof Undefined || b instanceof Undefined || typeof a !== typeof b) return false
    if (a instanceof Unknown || b instanceof Unknown)
      return a instanceof Unknown && b instanceof Unknown && a.what === b.what
    if (typeof a === 'string') return false
    return !(a instanceof Nothing) && compared('==', a, b, this.host.tracking) === true
  }

  /** Whether values are worth a world of their own. */
  isTelling(values: readonly Value[]): boolean {
    const { atoms, unknown, hasVaulted } = this.host.tracking.contents(values)
    if (hasVaulted || unknown instanceof Fork || atoms.some(({ kind }) => isSerious(kind))) return true
    return values.some(
      (value) =>
        value instanceof Undefined ||
        value instanceof Omitted ||
        (typeof value === 'string' && telling.test(value)),
    )
  }

  /** A branch that may not be taken: where it fails, it is undefined. */
  #attempt<T extends Value>(run: () => T): T | Undefined | Unknown {
    try {
      return run()
    } catch (error) {
      if (error instanceof UndefinedFault)
        return new Undefined(error.message, error.fix, error.variable, error.place)
      if (error instanceof TemplateFault)
        return new Unknown('an expression that fails', error.message, this.at)
      throw error
    }
  }

  /** Runs what the concrete evaluator does; what it refuses is unknown. */
  attempted(run: () => Value, words: Words, operands: readonly Value[]): Value {
    try {
      return run()
    } catch (error) {
      if (error instanceof UndefinedFault || !(error instanceof TemplateFault)) throw error
      return this.unknown(words, operands, error.message)
    }
  }

  hop(what: string): Hop {
    return { at: this.at, what }
  }

  /** Without vaulted values: each is the atom that stands for its text. */
  readable(value: Value): Value {
    return mapped(value, (item) => (item instanceof VaultedText ? this.host.vaultedText(item) : item))
  }

  /** What a value is in a text; undefined where a world must decide first. */
  textOf(value: Value): string | Fork {
    if (typeof value === 'string') return value
    if (value instanceof Fork) return value
    if (value instanceof Tainted)
      return this.host.tracking.carried(value.marks, this.hop('passes an expression'), {})
    if (value instanceof Unknown) return this.host.unknownText(value)
    if (value instanceof VaultedText) return this.host.vaultedText(value)
    if (!(value instanceof List || value instanceof Dict)) return str(value, plainOnly)
    const { unknown } = this.host.tracking.contents([value])
    if (unknown instanceof Fork) return unknown
    const written = this.host.tracking.through(
      ([plain = null]) => str(plain, plainOnly),
      [this.writable(value)],
      this.hop('is written out'),
    )
    return typeof written === 'string' ? written : ''
  }

  /** A value whose leaves are texts that can be written, as far as something stands in for what is not known. */
  writable(value: Value): Value {
    return mapped(value, (item) => {
      if (item instanceof Omitted || item instanceof Undefined) return item
      if (!(item instanceof Unknown || item instanceof VaultedText)) return item
      const text = this.textOf(item)
      return text
    })
  }

  joined(values: readonly Value[], words: Words): Value {
    let text = ''
    for (const value of values) {
      const part = this.textOf(value)
      if (typeof part !== 'string') return new Fork(words(), part.why, part.at, part.leaf)
      text += part
    }
    return text
  }

  dict(entries: readonly (readonly [Value, Value])[], words: Words): Value {
    const made = new Dict()
    for (const [key, value] of entries) {
      if (key instanceof Undefined) throw undefinedFault(key)
      const plain = this.key(key)
      if (plain === undefined) return this.unknown(words, entries.flat())
      made.set(plain, value)
    }
    return made
  }

  /** A key or index without marks; undefined where it is not known. */
  key(value: Value): Value | undefined {
    if (value instanceof Unknown || value instanceof VaultedText) return undefined
    return typeof value === 'string' ? this.host.tracking.knownText(value) : value
  }

  #name(name: string): Value {
    const value = this.locals.get(name) ?? this.host.read(name)
    if (value === undefined) return new Undefined(`'${name}' is undefined`)
    return this.host.settled(value)
  }

  #attribute(object: Value, node: Attribute): Value {
    return this.attribute(object, node.name, () => member(this.shown(object, node.object), node.name))
  }

  attribute(object: Value, name: string, words: Words): Value {
    if (object instanceof Undefined) return object
    if (object instanceof Nothing) throw refused('a conditional expression without else has no value')
    if (object instanceof Unknown) return this.#part(object, name, words)
    if (object instanceof Namespace) return this.#found(object.attributes.get(name), words)
    const method = methodOf(object, name, plainOnly)
    if (method !== undefined) return method
    if (isPythonMethod(typeName(object), name)) throw unsupported(`the method ${name}`)
    return this.#found(itemAt(object, name, plainOnly), words)
  }

  #found(value: Value | undefined, words: Words): Value {
    return value === undefined ? new Undefined(`'${words()}' is undefined`) : this.host.settled(value)
  }

  /** A mapping may be known in part. */
  #part(object: Unknown, name: string, words: Words): Value {
    if (object.members === undefined) return this.unknown(words, [object], object.why)
    return this.#found(object.members(name), words)
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
    )
  }

  #itemWords(object: Value, index: Value, node: Item): string {
    const subject = this.shown(object, node.object)
    const key = this.key(index)
    return typeof key === 'string' && !(typeof index === 'string' && hasMark(index))
      ? member(subject, key)
      : `${subject}[${this.shown(index, node.index)}]`
  }

  /** `object[index]`, with Jinja2's fallbacks. */
  subscript(object: Value, index: Value, words: Words): Value {
    if (object instanceof Undefined) return object
    if (object instanceof Nothing) throw refused('a conditional expression without else has no value')
    if (index instanceof Undefined) return index
    const key = this.key(index)
    if (object instanceof Unknown && typeof key === 'string') return this.#part(object, key, words)
    if (object instanceof Unknown || key === undefined) return this.unknown(words, [object, index])
    if (typeof object === 'string' || object instanceof VaultedText) {
      const found = this.looked(
        ([subject = null]) => itemAt(subject, key, plainOnly) ?? nothing,
        object,
        words,
      )
      if (!(found instanceof Nothing)) return found
    } else {
      const found = itemAt(object, key, plainOnly)
      if (found !== undefined) return this.host.settled(found)
    }
    if (typeof key !== 'string') return new Undefined(`'${words()}' is undefined`)
    const other = object instanceof Namespace ? object.attributes.get(key) : methodOf(object, key, plainOnly)
    return this.#found(other, words)
  }

  /** What looks into a text: computed where the text is known; otherwise what comes out is made of it. */
  looked(run: (values: readonly Value[]) => Value, object: Value, words: Words): Value {
    const readable = this.readable(object)
    if (typeof readable === 'string' && this.host.tracking.atoms.plain(readable) === undefined)
      return this.unknown(words, [readable])
    return this.attempted(
      () => this.host.tracking.through(run, [readable], this.hop('is cut out of it')),
      words,
      [readable],
    )
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
    const found =
      short === 'vars'
        ? this.#variables(args, given.named, words)
        : this.host.scope.lookup(short, args, given.named)
    const settled = this.host.settled(found)
    return isQuery && !(settled instanceof List) && !(settled instanceof Unknown)
      ? new List([settled])
      : settled
  }

  #variables(names: readonly Value[], named: ReadonlyMap<string, Value>, words: Words): Value {
    const values = names.map((name) => {
      const key = this.key(name)
      if (typeof key !== 'string') return this.unknown(words, [name])
      const value = this.host.read(key)
      if (value !== undefined && !(value instanceof Undefined)) return value
      const otherwise = named.get('default')
      if (otherwise !== undefined) return otherwise
      throw undefinedFault(value ?? new Undefined(`'${key}' is undefined`))
    })
    return values.length === 1 ? (values[0] ?? null) : new List(values)
  }

  /** What becomes of a call or filter that gets something undefined. */
  passedOn(missing: Undefined): Undefined {
    if (this.host.decisions.truth(newerCore) === true) return missing
    throw undefinedFault(missing)
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
    return filtered(node.name, value, given, this, {
      operand,
      arguments: () => this.shownArguments(given, node.arguments),
    })
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

  /** A value in the words of a message. Followed text is never shown: where it was set stands for it. */
  shown(value: Value, node: Expression | undefined): string {
    if (typeof value === 'string' && hasMark(value)) {
      const { atoms } = this.host.tracking
      const [only, ...others] = atoms.in(value)
      const isAlone = only !== undefined && others.length === 0 && value === atoms.mark(only)
      if (isAlone && (node === undefined || (only.text !== undefined && only.text === only.root.text)))
        return only.root.what
    }
    return shown(value, node)
  }

  plainArguments({ positional, named }: CallArguments): CallArguments {
    const { tracking } = this.host
    return {
      positional: positional.map((value) => tracking.known(value)),
      named: new Map([...named].map(([name, value]) => [name, tracking.known(value)])),
    }
  }

  shownArguments(given: CallArguments, nodes?: Arguments): string {
    return [
      ...given.positional.map((value, index) => this.shown(value, nodes?.positional[index])),
      ...[...given.named].map(
        ([name, value]) =>
          `${name}=${this.shown(value, nodes?.named.find((argument) => argument.name === name)?.value)}`,
      ),
    ].join(', ')
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
      if (!(truth instanceof Unknown)) return truth === (operator === 'and') ? this.value(node.right) : left
      // What both sides make of a truth is a truth again.
      if (left instanceof UnknownTruth) {
        const right = this.#attempt(() => this.value(node.right))
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

  /** One comparison; its words are the same whichever way round it stands. */
  compare(
    operator: Comparison['rest'][number]['operator'],
    left: Value,
    right: Value,
    nodes: { readonly left?: Expression | undefined; readonly right?: Expression | undefined } = {},
  ): boolean | Unknown {
    if (operator === '!=' || operator === 'not in')
      return this.negation(this.compare(operator === '!=' ? '==' : 'in', left, right, nodes)) as
        | boolean
        | Unknown
    const operands = [this.readable(left), this.readable(right)] as const
    let known: boolean | undefined
    try {
      known = compared(operator, ...operands, this.host.tracking)
    } catch (error) {
      if (error instanceof UndefinedFault || !(error instanceof TemplateFault)) throw error
      return this.unknownTruth(
        () => `${this.shown(left, nodes.left)} ${operator} ${this.shown(right, nodes.right)}`,
        operands,
        error.message,
      )
    }
    if (known !== undefined) return known
    const turned = operator === '==' && !isOpen(left) && isOpen(right)
    return this.unknownTruth(
      () =>
        turned
          ? `${this.shown(right, nodes.right)} == ${this.shown(left, nodes.left)}`
          : `${this.shown(left, nodes.left)} ${operator} ${this.shown(right, nodes.right)}`,
      operands,
    )
  }

  /** For filters that call others. */
  plugin(name: string): PluginContext {
    return {
      name,
      decrypt: plainOnly,
      filter: (other, value, given) => applyFilter(other, value, given, this.plugin(other)),
      test: () => {
        throw unsupported(`${name} over something unknown`)
      },
      item: (value, key) => this.subscript(value, key, () => `an item of ${name}`),
    }
  }
}

/** Where an operation would read a vaulted value: they are atoms by then. */
export const plainOnly = (): string => {
  throw unsupported('a vaulted value here')
}

export const undefinedIn = ({ positional, named }: CallArguments): Undefined | undefined => {
  for (const value of positional) if (value instanceof Undefined) return value
  for (const value of named.values()) if (value instanceof Undefined) return value
  return undefined
}

const isSerious = (kind: string): boolean => kind !== 'unknown' && kind !== 'scenario'

const isOpen = (value: Value): boolean =>
  value instanceof Unknown || (typeof value === 'string' && hasMark(value))
