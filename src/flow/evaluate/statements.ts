import {
  Callable,
  Dict,
  iterated,
  List,
  Namespace,
  refused,
  TemplateFault,
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
  CallBlock,
  Expression,
  Filter,
  For,
  If,
  Import,
  Inheritance,
  Macro,
  Node,
  Range,
  SyntaxOptions,
  Target,
} from '../../syntax/jinja/index.ts'
import { fileTemplate } from '../../syntax/jinja/index.ts'
import { Evaluation } from './expression.ts'
import type { Host } from './host.ts'
import { Locals } from './locals.ts'
import { parsedFile } from './parsed.ts'
import { printed } from './print.ts'
import { Fork } from './unknowns.ts'

const mostPieces = 200_000
/** In UTF-16 units: a text that is put into itself doubles each time. */
const longestText = 500_000
const deepestInclude = 20

/** The template file that Ansible was told to render. */
export interface OuterFile {
  readonly path: string
  /** The syntax of its first line, which holds for the files that it names, too. */
  readonly options: SyntaxOptions
}

/** A `{% block %}` of one of the templates that extend each other. */
interface OwnedBlock {
  readonly owner: Statements
  readonly body: readonly Node[]
}

/** Carries out the statements of one template. */
export class Statements {
  readonly #host: Host
  readonly #place: (node: Range) => Span
  readonly #outer: OuterFile | undefined
  readonly #depth: number
  /** Those of a template that extends come before those of the one that it extends. */
  #blocks = new Map<string, readonly OwnedBlock[]>()
  #top = new Locals()
  #count = 0
  #length = 0
  #printedEmpty = false

  constructor(host: Host, place: (node: Range) => Span, outer?: OuterFile, depth = 0) {
    this.#host = host
    this.#place = place
    this.#outer = outer
    this.#depth = depth
  }

  /** What a whole template makes, those that it extends included. `extending`: the blocks of those that extend it. */
  template(
    nodes: readonly Node[],
    locals: Locals,
    extending: ReadonlyMap<string, readonly OwnedBlock[]> = new Map(),
  ): Value {
    this.#top = locals
    this.#blocks = new Map(extending)
    for (const { name = '', body } of blocksIn(nodes))
      this.#blocks.set(name, [...(this.#blocks.get(name) ?? []), { owner: this, body }])
    if (this.#blocks.size > 0) locals.set('self', this.#self(locals))
    const at = nodes.findIndex(({ kind }) => kind === 'extends')
    const node = nodes[at]
    if (node?.kind !== 'extends' || node.expression === undefined) return this.value(nodes, locals)
    const before: Value[] = []
    this.#run(nodes.slice(0, at), locals, before)
    // Of what follows only the names count that it sets.
    this.#run(
      nodes.slice(at + 1).filter(({ kind }) => setsNames.has(kind)),
      locals,
      [],
    )
    const evaluation = this.#evaluation(node, locals)
    const found = this.#file(evaluation, evaluation.value(node.expression))
    if (found === undefined) throw unsupported('a template that is not in the project')
    const whole = found.statements.template(found.body, locals, this.#blocks)
    return before.length === 0 ? whole : evaluation.joined([...before, whole], () => 'a template')
  }

  #self(locals: Locals): Namespace {
    const self = new Namespace()
    for (const name of this.#blocks.keys())
      self.attributes.set(name, new Callable(name, () => this.#block(name, locals) ?? ''))
    return self
  }

  /** What a block prints; `level`: how many templates before this one have replaced it. */
  #block(name: string, locals: Locals, level = 0): Value | undefined {
    const block = this.#blocks.get(name)?.[level]
    if (block === undefined) return undefined
    const hasOuter = this.#blocks.get(name)?.[level + 1] !== undefined
    const outer = hasOuter
      ? new Callable('super', () => this.#block(name, locals, level + 1) ?? '')
      : new Undefined(`there is no block '${name}' that this one replaces`)
    const made = block.owner.value(block.body, new Locals(locals, [['super', outer]]))
    return made ?? ''
  }

  /** What Ansible makes of a template's nodes: nothing, the one value, or the joined text of all. */
  value(nodes: readonly Node[], locals: Locals): Value {
    const pieces: Value[] = []
    const outer = this.#printedEmpty
    this.#printedEmpty = false
    this.#run(nodes, locals, pieces)
    const hasEmpty = this.#printedEmpty
    this.#printedEmpty = outer
    // An empty text that is printed is a text; nothing printed at all is `None`.
    const [first = hasEmpty ? '' : null] = pieces
    if (pieces.length < 2) return first
    const missing = pieces.find((piece) => piece instanceof Undefined)
    if (missing !== undefined) return missing
    const whole = { start: nodes[0]?.start ?? 0, end: nodes.at(-1)?.end ?? 0 }
    return this.#evaluation(whole, locals).joined(pieces, () => 'a template')
  }

  #run(nodes: readonly Node[], locals: Locals, pieces: Value[]): void {
    for (const node of nodes) this.#node(node, locals, pieces)
  }

  #node(node: Node, locals: Locals, pieces: Value[]): void {
    switch (node.kind) {
      case 'comment':
        return
      case 'text':
        if (node.text !== '') this.#print(node.text, pieces)
        return
      case 'output':
        this.#print(this.#output(node.expression, locals), pieces)
        return
      case 'if':
        this.#if(node, 0, locals, pieces)
        return
      case 'for':
        this.#for(node, locals, pieces)
        return
      case 'set':
        this.#assign(node.target, this.#evaluation(node, locals).value(node.value), locals)
        return
      case 'setBlock': {
        const content = this.value(node.body, new Locals(locals))
        this.#assign(
          node.target,
          node.filter === undefined ? content : this.#filtered(node.filter, content, locals),
          locals,
        )
        return
      }
      case 'with': {
        const inner = new Locals(locals)
        const values = node.bindings.map(({ value }) => this.#evaluation(node, locals).value(value))
        for (const [index, { target }] of node.bindings.entries())
          this.#assign(target, values[index] ?? null, inner)
        this.#run(node.body, inner, pieces)
        return
      }
      case 'filterBlock':
        this.#print(this.#filtered(node.filter, this.value(node.body, new Locals(locals)), locals), pieces)
        return
      case 'macro':
        locals.set(node.name, this.#macro(node, locals))
        return
      case 'include':
      case 'import':
      case 'from':
        this.#import(node, locals, pieces)
        return
      case 'callBlock':
        this.#print(this.#callBlock(node, locals), pieces)
        return
      case 'block':
        this.#print(this.#block(node.name ?? '', node.isScoped ? locals : this.#top) ?? '', pieces)
        return
      case 'autoescape':
        this.#run(node.body, locals, pieces)
        return
      case 'opaque':
        throw refused(`Jinja2 can't read a tag: ${node.message}`)
      default:
        throw unsupported(`{% ${node.kind} %} under a condition`)
    }
  }

  #evaluation(node: Range, locals: Locals): Evaluation {
    return new Evaluation(this.#host, locals, this.#place(node))
  }

  #print(value: Value, pieces: Value[]): void {
    if (value === '') this.#printedEmpty = true
    if (value === null || value === '') return
    this.#count += 1
    this.#length += typeof value === 'string' ? value.length : 0
    if (this.#count > mostPieces || this.#length > longestText)
      throw refused('a template prints without an end')
    pieces.push(value)
  }

  /** What can't be computed is one unknown piece of the text, not the end of it. */
  #output(expression: Expression, locals: Locals): Value {
    const evaluation = this.#evaluation(expression, locals)
    try {
      return evaluation.value(expression)
    } catch (error) {
      if (error instanceof UndefinedFault)
        return new Undefined(error.message, error.fix, error.variable, error.place)
      if (!(error instanceof TemplateFault)) throw error
      return evaluation.unknown(() => printed(expression), [], error.message)
    }
  }

  #if(node: If, index: number, locals: Locals, pieces: Value[]): void {
    const branch = node.branches[index]
    if (branch === undefined) {
      this.#run(node.otherwise ?? [], locals, pieces)
      return
    }
    const evaluation = this.#evaluation(branch.condition, locals)
    const truth = evaluation.truth(branch.condition)
    if (truth === true) this.#run(branch.body, locals, pieces)
    else if (truth === false) this.#if(node, index + 1, locals, pieces)
    else {
      const yes = this.#branch(locals, (inner) => this.#run(branch.body, locals, inner), evaluation)
      const no = this.#branch(locals, (inner) => this.#if(node, index + 1, locals, inner), evaluation)
      const words = (): string => `what stands under if ${truth.what}`
      for (const name of new Set([...yes.names.keys(), ...no.names.keys()])) {
        const before = locals.get(name)
        const [a, b] = [yes.names.get(name) ?? before, no.names.get(name) ?? before]
        if (a === undefined && b === undefined) continue
        const missing = new Undefined(`'${name}' is undefined`)
        locals.set(
          name,
          evaluation.either(
            truth,
            () => a ?? missing,
            () => b ?? missing,
            () => `${name} if ${truth.what}`,
          ),
        )
      }
      this.#print(evaluation.either(truth, yes.value, no.value, words), pieces)
    }
  }

  /** Runs a branch that may not be taken, and takes back what it sets. */
  #branch(
    locals: Locals,
    run: (pieces: Value[]) => void,
    evaluation: Evaluation,
  ): { readonly value: () => Value; readonly names: ReadonlyMap<string, Value> } {
    const before = locals.own
    const pieces: Value[] = []
    let fault: unknown
    try {
      run(pieces)
    } catch (error) {
      fault = error
    }
    const names = locals.own
    locals.reset(before)
    return {
      names: new Map([...names].filter(([name, value]) => before.get(name) !== value)),
      value: () => {
        if (fault !== undefined) throw fault
        const missing = pieces.find((piece) => piece instanceof Undefined)
        if (missing !== undefined) return missing
        return pieces.length === 1 && !(pieces[0] instanceof VaultedText)
          ? (pieces[0] ?? '')
          : evaluation.joined(pieces, () => 'a branch')
      },
    }
  }

  #filtered(filter: Filter, value: Value, locals: Locals): Value {
    const operand = filter.operand?.kind === 'filter' ? this.#filtered(filter.operand, value, locals) : value
    return this.#evaluation(filter, locals).filter(filter, operand, () => 'a block')
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
        if (value instanceof Unknown) {
          for (const item of target.items)
            this.#assign(
              item,
              new Unknown(`a part of ${value.what}`, value.why, value.at, value.leaf),
              locals,
            )
          return
        }
        const values = iterated(value, () => '')
        if (values.length !== target.items.length)
          throw refused(`${target.items.length} names can't take ${values.length} values`)
        for (const [index, item] of target.items.entries()) this.#assign(item, values[index] ?? null, locals)
      }
    }
  }

  #for(node: For, locals: Locals, pieces: Value[]): void {
    if (node.recursive) throw unsupported('a recursive loop')
    const evaluation = this.#evaluation(node.iterable, locals)
    const iterable = evaluation.readable(evaluation.value(node.iterable))
    if (iterable instanceof Undefined) throw undefinedFault(iterable)
    if (
      iterable instanceof Unknown ||
      (typeof iterable === 'string' && this.#host.tracking.knownText(iterable) === undefined)
    ) {
      this.#unknownLoop(node, iterable, evaluation, locals, pieces)
      return
    }
    let items = iterated(
      typeof iterable === 'string' ? this.#host.tracking.known(iterable) : iterable,
      () => '',
    )
    const { condition } = node
    if (condition !== undefined) {
      const kept: Value[] = []
      for (const item of items) {
        const inner = new Locals(locals)
        this.#assign(node.target, this.#host.settled(item), inner)
        const truth = this.#evaluation(condition, inner).truth(condition)
        if (truth instanceof Unknown) {
          this.#print(
            new Fork(`a loop over ${printed(node.iterable)}`, truth.why, truth.at, truth.leaf),
            pieces,
          )
          return
        }
        if (truth) kept.push(item)
      }
      items = kept
    }
    if (items.length === 0) {
      this.#run(node.otherwise ?? [], new Locals(locals), pieces)
      return
    }
    const seen: { last: Value | undefined } = { last: undefined }
    for (const [index, item] of items.entries()) {
      const inner = new Locals(locals)
      inner.set('loop', loopOf(items, index, seen, evaluation))
      this.#assign(node.target, this.#host.settled(item), inner)
      this.#run(node.body, inner, pieces)
    }
  }

  /** Nobody knows how often the body is printed; where that matters, a world decides whether it is at all. */
  #unknownLoop(node: For, iterable: Value, evaluation: Evaluation, locals: Locals, pieces: Value[]): void {
    const truth = evaluation.truthOf(iterable, () => printed(node.iterable))
    if (truth === false) {
      this.#run(node.otherwise ?? [], new Locals(locals), pieces)
      return
    }
    const over = iterable instanceof Unknown ? iterable.what : printed(node.iterable)
    const inner = new Locals(locals)
    const part = (what: string): Value => evaluation.unknown(() => what, [iterable])
    inner.set('loop', part('loop'))
    this.#assign(node.target, part(`an item of ${over}`), inner)
    const body = this.#branch(inner, (made) => this.#run(node.body, inner, made), evaluation)
    if (truth === true) this.#print(body.value(), pieces)
    else
      this.#print(
        evaluation.either(
          truth,
          body.value,
          () => '',
          () => `a loop over ${over}`,
        ),
        pieces,
      )
  }

  /** The macro gets the body as `caller`: by a name here that no template can have. */
  #callBlock(node: CallBlock, locals: Locals): Value {
    const { call, parameters, body, start, end } = node
    const name = ' caller'
    const inner = new Locals(locals, [
      [name, this.#macro({ name: 'caller', parameters, body, start, end }, locals)],
    ])
    const given = call.arguments
    const named = [...given.named, { name: 'caller', value: { kind: 'name' as const, name, start, end } }]
    return this.#output({ ...call, arguments: { ...given, named } }, inner)
  }

  #macro(node: Omit<Macro, 'kind'>, locals: Locals): Callable {
    return new Callable(node.name, ({ positional, named }) => {
      const inner = new Locals(locals)
      inner.set('caller', named.get('caller') ?? new Undefined('the macro was not called by {% call %}'))
      for (const [index, { name, default: otherwise }] of node.parameters.entries()) {
        const given = positional[index] ?? named.get(name)
        const value =
          given ?? (otherwise === undefined ? undefined : this.#evaluation(node, inner).value(otherwise))
        inner.set(name, value ?? new Undefined(`parameter '${name}' was not provided`))
      }
      inner.set('varargs', new List(positional.slice(node.parameters.length)))
      inner.set(
        'kwargs',
        new Dict(
          [...named].filter(
            ([name]) => name !== 'caller' && !node.parameters.some((parameter) => parameter.name === name),
          ),
        ),
      )
      const value = this.value(node.body, inner)
      return value ?? ''
    })
  }

  #import(node: Import, locals: Locals, pieces: Value[]): void {
    const evaluation = this.#evaluation(node, locals)
    const host = node.hasContext ? this.#host : this.#host.withoutVariables()
    const found = this.#file(evaluation, evaluation.value(node.template), host)
    if (found === undefined) {
      if (node.ignoreMissing) return
      if (node.kind !== 'include') throw unsupported('a template that is not in the project')
      this.#print(
        evaluation.unknown(
          () => `the template ${printed(node.template)}`,
          [],
          'the file is not in the project',
        ),
        pieces,
      )
      return
    }
    // Of the names around the tag only `loop` stays behind.
    const module = node.hasContext
      ? new Locals(new Locals(locals, [['loop', new Undefined("'loop' is undefined")]]))
      : new Locals()
    const value = found.statements.template(found.body, module)
    if (node.kind === 'include') {
      this.#print(value, pieces)
      return
    }
    for (const [theirs, ours] of node.names) {
      if (theirs !== '*') {
        locals.set(ours, module.own.get(theirs) ?? new Undefined(`the template has no name '${theirs}'`))
        continue
      }
      const all = new Namespace()
      for (const [key, value] of module.own) all.attributes.set(key, value)
      locals.set(ours, all)
    }
  }

  /** The first template of the project that a tag may mean: by its name, or by a list of names. */
  #file(
    evaluation: Evaluation,
    given: Value,
    host = this.#host,
  ): { readonly statements: Statements; readonly body: readonly Node[] } | undefined {
    for (const item of given instanceof List ? given : [given]) {
      const name = evaluation.key(item)
      const file = typeof name === 'string' ? this.#host.file(name, this.#outer?.path) : undefined
      if (file === undefined) continue
      if (this.#depth >= deepestInclude) throw refused('templates include each other without an end')
      const { path, text } = file
      const place = ({ start, end }: Range): Span => ({ path, start, end })
      const options = { ...(this.#outer?.options ?? fileTemplate), keepTrailingNewline: false }
      return {
        statements: new Statements(host, place, this.#outer, this.#depth + 1),
        body: parsedFile(text, options).body,
      }
    }
    return undefined
  }
}

/** Statements that make names for the blocks of a template which extends another. */
const setsNames: ReadonlySet<Node['kind']> = new Set(['set', 'setBlock', 'macro', 'import', 'from', 'if'])

/** The blocks of a template, those in other statements included. */
function* blocksIn(nodes: readonly Node[]): Generator<Inheritance> {
  for (const node of nodes) {
    if (node.kind === 'block') yield node
    if (node.kind === 'if') for (const { body } of node.branches) yield* blocksIn(body)
    if ('otherwise' in node) yield* blocksIn(node.otherwise ?? [])
    if ('body' in node) yield* blocksIn(node.body)
  }
}

function loopOf(
  items: readonly Value[],
  index: number,
  seen: { last: Value | undefined },
  evaluation: Evaluation,
): Namespace {
  const loop = new Namespace()
  const attributes: Readonly<Record<string, Value>> = {
    index: index + 1,
    index0: index,
    revindex: items.length - index,
    revindex0: items.length - index - 1,
    first: index === 0,
    last: index === items.length - 1,
    length: items.length,
    depth: 1,
    depth0: 0,
    previtem: items[index - 1] ?? new Undefined('the first item of a loop has none before it'),
    nextitem: items[index + 1] ?? new Undefined('the last item of a loop has none behind it'),
    cycle: new Callable('loop.cycle', ({ positional }) => positional[index % positional.length] ?? null),
    changed: new Callable('loop.changed', ({ positional }) => {
      const value = new List(positional)
      const same = seen.last === undefined ? false : evaluation.compare('==', seen.last, value)
      seen.last = value
      return evaluation.negation(same)
    }),
  }
  for (const [name, value] of Object.entries(attributes)) loop.attributes.set(name, value)
  return loop
}
