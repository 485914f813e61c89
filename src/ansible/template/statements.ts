import type { Expression, For, Node, Target } from '../../syntax/jinja/index.ts'
import { equal, truth } from './comparison.ts'
import { applyBlockFilter, evaluate, Locals } from './expressions.ts'
import type { Rendering } from './rendering.ts'
import { iterated } from './sequences.ts'
import {
  Callable,
  List,
  Namespace,
  refused,
  TemplateFault,
  Undefined,
  unsupported,
  type Value,
} from './values.ts'

/** Loops in loops could make a text of any size out of a few bytes. */
const mostPieces = 1_000_000

/** Carries out the statements of one template. */
export class Statements {
  readonly #rendering: Rendering
  #count = 0

  constructor(rendering: Rendering) {
    this.#rendering = rendering
  }

  /** What the nodes print, in order; `None` and empty texts are left out. */
  pieces(nodes: readonly Node[], locals: Locals = new Locals()): readonly Value[] {
    const pieces: Value[] = []
    this.#run(nodes, locals, pieces)
    return pieces
  }

  #run(nodes: readonly Node[], locals: Locals, pieces: Value[]): void {
    for (const node of nodes) {
      try {
        this.#node(node, locals, pieces)
      } catch (error) {
        if (error instanceof TemplateFault) error.offset ??= node.start
        throw error
      }
    }
  }

  #node(node: Node, locals: Locals, pieces: Value[]): void {
    const { decrypt } = this.#rendering
    switch (node.kind) {
      case 'comment':
        return
      case 'text':
        this.#print(node.text, pieces)
        return
      case 'output':
        this.#print(printed(this.#value(node.expression, locals), node.expression.start), pieces)
        return
      case 'if': {
        const branch = node.branches.find(({ condition }) => truth(this.#value(condition, locals), decrypt))
        this.#run(branch?.body ?? node.otherwise ?? [], locals, pieces)
        return
      }
      case 'for':
        this.#for(node, locals, pieces)
        return
      case 'set':
        this.#assign(node.target, this.#value(node.value, locals), locals)
        return
      case 'setBlock': {
        const content = this.#rendering.joined(this.pieces(node.body, new Locals(locals)))
        const value =
          node.filter === undefined
            ? content
            : applyBlockFilter(node.filter, content, locals, this.#rendering)
        this.#assign(node.target, value, locals)
        return
      }
      case 'with': {
        const inner = new Locals(locals)
        const values = node.bindings.map(({ value }) => this.#value(value, locals))
        for (const [index, { target }] of node.bindings.entries())
          this.#assign(target, values[index] ?? null, inner)
        this.#run(node.body, inner, pieces)
        return
      }
      case 'filterBlock': {
        const content = this.#rendering.joined(this.pieces(node.body, new Locals(locals)))
        this.#print(applyBlockFilter(node.filter, content, locals, this.#rendering), pieces)
        return
      }
      case 'opaque':
        throw refused(`Jinja2 can't read a tag: ${node.message}`)
      default:
        throw unsupported(`{% ${node.kind === 'callBlock' ? 'call' : node.kind} %}`)
    }
  }

  #print(value: Value, pieces: Value[]): void {
    if (value === null) return
    this.#count += 1
    if (this.#count > mostPieces) throw refused('a template prints without an end')
    pieces.push(value)
  }

  #value(expression: Expression, locals: Locals): Value {
    return evaluate(expression, locals, this.#rendering)
  }

  #assign(target: Target, value: Value, locals: Locals): void {
    switch (target.kind) {
      case 'name':
        locals.set(target.name, value)
        return
      case 'namespaceAttribute': {
        const namespace = locals.get(target.name)
        if (!(namespace instanceof Namespace))
          throw refused(`${target.name} is no namespace, so its attributes can't be set`)
        namespace.attributes.set(target.attribute, value)
        return
      }
      case 'targets': {
        const values = iterated(value, this.#rendering.decrypt)
        if (values.length !== target.items.length)
          throw refused(`${target.items.length} names can't take ${values.length} values`)
        for (const [index, item] of target.items.entries()) this.#assign(item, values[index] ?? null, locals)
      }
    }
  }

  #for(node: For, locals: Locals, pieces: Value[]): void {
    if (node.recursive) throw unsupported('a recursive loop')
    const { decrypt } = this.#rendering
    let items = iterated(this.#value(node.iterable, locals), decrypt)
    const { condition } = node
    if (condition !== undefined)
      items = items.filter((item) => {
        const inner = new Locals(locals)
        this.#assign(node.target, item, inner)
        return truth(this.#value(condition, inner), decrypt)
      })
    if (items.length === 0) {
      this.#run(node.otherwise ?? [], new Locals(locals), pieces)
      return
    }
    const seen: { last: Value | undefined } = { last: undefined }
    for (const index of items.keys()) {
      const inner = new Locals(locals)
      inner.set('loop', this.#loop(items, index, seen))
      this.#assign(node.target, items[index] ?? null, inner)
      this.#run(node.body, inner, pieces)
    }
  }

  #loop(items: readonly Value[], index: number, seen: { last: Value | undefined }): Namespace {
    const { decrypt } = this.#rendering
    const loop = new Namespace()
    const attributes: Readonly<Record<string, Value>> = {
      index: index + 1,
      index0: index,
      revindex: items.length - index,
      revindex0: items.length - index - 1,
      first: index === 0,
      last: index === items.length - 1,
      length: items.length,
      // Of recursive loops, which are refused; a loop in a loop starts anew.
      depth: 1,
      depth0: 0,
      previtem:
        index > 0 ? (items[index - 1] ?? null) : new Undefined('the first item of a loop has none before it'),
      nextitem:
        index + 1 < items.length
          ? (items[index + 1] ?? null)
          : new Undefined('the last item of a loop has none behind it'),
      cycle: new Callable('loop.cycle', ({ positional }) => {
        if (positional.length === 0) throw refused('loop.cycle wants values')
        return positional[index % positional.length] ?? null
      }),
      changed: new Callable('loop.changed', ({ positional }) => {
        const value = new List(positional)
        const changed = seen.last === undefined || !equal(seen.last, value, decrypt)
        seen.last = value
        return changed
      }),
    }
    for (const [name, value] of Object.entries(attributes)) loop.attributes.set(name, value)
    return loop
  }
}

/** An undefined value is a fault only where the whole template's result is used; by then its place would be lost. */
function printed(value: Value, offset: number): Value {
  if (!(value instanceof Undefined)) return value
  const copy = new Undefined(value.message, value.fix, value.variable, value.place)
  copy.offset = offset
  return copy
}
