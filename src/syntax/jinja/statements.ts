import { SyntaxRefusal, TagReader } from './expression.ts'
import type { Segment } from './segments.ts'
import type { Expression, Name, Node, Opaque, Parameter, Range, SyntaxFault, Template } from './tree.ts'

type Block = Extract<Segment, { kind: 'variable' | 'block' }>
/** The word that ended a body and the reader behind it; undefined where the template ended first. */
type Ending = { readonly word: string; readonly tag: Block; readonly reader: TagReader } | undefined

interface Body {
  readonly body: readonly Node[]
  readonly ending: Ending
}

const deepest = 100
const endings =
  /^(?:elif|else|endif|endfor|endset|endwith|endfilter|endmacro|endcall|endblock|endautoescape)$/

/** Builds the tree of statements over a template's segments. */
export class Statements {
  readonly #segments: readonly Segment[]
  readonly #length: number
  readonly #faults: SyntaxFault[] = []
  #at = 0
  #depth = 0

  constructor(segments: readonly Segment[], length: number) {
    this.#segments = segments
    this.#length = length
  }

  template(): Template {
    const { body } = this.#body([])
    return { body, faults: this.#faults.sort((a, b) => a.start - b.start) }
  }

  /** Reads nodes up to a tag with one of the given words, which it takes. */
  #body(ends: readonly string[]): Body {
    const body: Node[] = []
    for (;;) {
      const segment = this.#segments[this.#at]
      if (segment === undefined) return { body, ending: undefined }
      this.#at += 1
      if (segment.kind === 'text' || segment.kind === 'comment') body.push(segment)
      else if (segment.kind === 'opaque') body.push(this.#opaque(segment.message, segment, segment.fault))
      else {
        const reader = new TagReader(segment.tokens, lastOffset(segment))
        if (segment.kind === 'variable')
          body.push(this.#guarded(segment, () => this.#output(segment, reader)))
        else {
          const { word } = reader
          if (word !== undefined && ends.includes(word)) {
            reader.name()
            return { body, ending: { word, tag: segment, reader } }
          }
          body.push(this.#guarded(segment, () => this.#statement(segment, reader)))
        }
      }
    }
  }

  #guarded(tag: Block, read: () => Node): Node {
    try {
      return read()
    } catch (error) {
      if (!(error instanceof SyntaxRefusal)) throw error
      return this.#opaque(error.message, tag, error)
    }
  }

  #opaque(message: string, tag: Range, at: Range): Opaque {
    this.#faults.push({ message, start: at.start, end: at.end })
    return { kind: 'opaque', message, start: tag.start, end: tag.end }
  }

  #output(tag: Block, reader: TagReader): Node {
    const expression = reader.tuple()
    reader.expectEnd()
    return { kind: 'output', expression, start: tag.start, end: tag.end }
  }

  #statement(tag: Block, reader: TagReader): Node {
    const { word } = reader
    if (word === undefined) return reader.refuse('expected the name of a statement')
    if (endings.test(word)) {
      const { start, end } = reader.name()
      const message = `${word} without its beginning`
      this.#faults.push({ message, start, end, isOfBlocks: true })
      return { kind: 'opaque', message, start: tag.start, end: tag.end }
    }
    const named = reader.name()
    this.#depth += 1
    if (this.#depth > deepest) {
      this.#depth -= 1
      return reader.refuse('nested too deeply')
    }
    try {
      return this.#named(named, tag, reader)
    } finally {
      this.#depth -= 1
    }
  }

  #named(named: Name, tag: Block, reader: TagReader): Node {
    switch (named.name) {
      case 'if':
        return this.#if(tag, reader)
      case 'for':
        return this.#for(tag, reader)
      case 'set':
        return this.#set(tag, reader)
      case 'with':
        return this.#with(tag, reader)
      case 'print': {
        const expression = reader.tuple()
        reader.expectEnd()
        return { kind: 'output', expression, start: tag.start, end: tag.end }
      }
      case 'filter': {
        const filter = reader.blockFilter()
        return { kind: 'filterBlock', filter, ...this.#closed(tag, reader, 'endfilter') }
      }
      case 'macro': {
        const { name } = reader.name()
        const parameters = signature(reader)
        return { kind: 'macro', name, parameters, ...this.#closed(tag, reader, 'endmacro') }
      }
      case 'call': {
        const parameters = reader.accept('(') ? parametersToClose(reader) : []
        const call = reader.expression()
        if (call.kind !== 'call') return reader.refuse('expected a call')
        return { kind: 'callBlock', call, parameters, ...this.#closed(tag, reader, 'endcall') }
      }
      case 'include':
      case 'import':
      case 'from':
        return importing(named.name, tag, reader)
      case 'extends': {
        const expression = reader.expression()
        reader.expectEnd()
        const { start, end } = tag
        return { kind: 'extends', expression, name: undefined, isScoped: false, body: [], start, end }
      }
      case 'block': {
        const { name } = reader.name()
        const isScoped = reader.accept('scoped')
        reader.accept('required')
        const closed = this.#closed(tag, reader, 'endblock', name)
        return { kind: 'block', expression: undefined, name, isScoped, ...closed }
      }
      case 'autoescape': {
        const expression = reader.expression()
        return {
          kind: 'autoescape',
          expression,
          name: undefined,
          isScoped: false,
          ...this.#closed(tag, reader, 'endautoescape'),
        }
      }
      default:
        throw new SyntaxRefusal('an unknown statement', named)
    }
  }

  #if(tag: Block, reader: TagReader): Node {
    const branches: { condition: Expression; body: readonly Node[] }[] = []
    let otherwise: readonly Node[] | undefined
    let condition = this.#condition(reader)
    let ending: Ending
    for (;;) {
      const part = this.#bodyOf(tag, condition.reader, ['elif', 'else', 'endif'])
      branches.push({ condition: condition.expression, body: part.body })
      ending = part.ending
      if (ending?.word !== 'elif') break
      condition = this.#condition(ending.reader, ending.tag)
    }
    if (ending?.word === 'else') {
      const part = this.#bodyOf(tag, ending.reader, ['endif'])
      otherwise = part.body
      ending = part.ending
    }
    return { kind: 'if', branches, otherwise, start: tag.start, end: this.#close(ending) }
  }

  /** A condition that can't be read must not lose the body that hangs on it. */
  #condition(
    reader: TagReader,
    tag?: Block,
  ): { readonly expression: Expression; readonly reader: TagReader } {
    try {
      return { expression: reader.tuple({ conditional: false }), reader }
    } catch (error) {
      if (!(error instanceof SyntaxRefusal)) throw error
      return {
        expression: this.#opaque(error.message, tag ?? error, error),
        reader: new TagReader([], error.end),
      }
    }
  }

  #for(tag: Block, reader: TagReader): Node {
    const target = reader.target('in')
    reader.expect('in')
    const iterable = reader.tuple({ conditional: false, endWord: 'recursive' })
    const condition = reader.accept('if') ? reader.expression() : undefined
    const recursive = reader.accept('recursive')
    const main = this.#bodyOf(tag, reader, ['else', 'endfor'])
    const rest = main.ending?.word === 'else' ? this.#bodyOf(tag, main.ending.reader, ['endfor']) : undefined
    const end = this.#close((rest ?? main).ending)
    return {
      kind: 'for',
      target,
      iterable,
      condition,
      recursive,
      body: main.body,
      otherwise: rest?.body,
      start: tag.start,
      end,
    }
  }

  #set(tag: Block, reader: TagReader): Node {
    const target = reader.target()
    if (reader.accept('=')) {
      const value = reader.tuple()
      reader.expectEnd()
      return { kind: 'set', target, value, start: tag.start, end: tag.end }
    }
    const filter = reader.accept('|') ? reader.blockFilter() : undefined
    return { kind: 'setBlock', target, filter, ...this.#closed(tag, reader, 'endset') }
  }

  #with(tag: Block, reader: TagReader): Node {
    const bindings = []
    while (!reader.atEnd) {
      if (bindings.length > 0) reader.expect(',')
      const target = reader.name()
      reader.expect('=')
      bindings.push({ target, value: reader.expression() })
    }
    return { kind: 'with', bindings, ...this.#closed(tag, reader, 'endwith') }
  }

  #closed(
    tag: Block,
    reader: TagReader,
    end: string,
    mayFollow?: string,
  ): Range & { readonly body: readonly Node[] } {
    const { body, ending } = this.#bodyOf(tag, reader, [end])
    if (mayFollow !== undefined) ending?.reader.accept(mayFollow)
    return { body, start: tag.start, end: this.#close(ending) }
  }

  #bodyOf(tag: Block, reader: TagReader, ends: readonly string[]): Body {
    reader.accept(':')
    if (!reader.atEnd) this.#refused(() => reader.expectEnd())
    const read = this.#body(ends)
    const end = ends.at(-1)
    if (read.ending === undefined && end !== undefined) {
      const message = `${end.slice('end'.length)} without ${end}`
      this.#faults.push({ message, start: tag.start, end: tag.end, isOfBlocks: true })
    }
    return read
  }

  #close(ending: Ending): number {
    if (ending === undefined) return this.#length
    this.#refused(() => ending.reader.expectEnd())
    return ending.tag.end
  }

  /** Keeps the statement, notes what is wrong with it. */
  #refused(read: () => void): void {
    try {
      read()
    } catch (error) {
      if (!(error instanceof SyntaxRefusal)) throw error
      this.#faults.push({ message: error.message, start: error.start, end: error.end })
    }
  }
}

function signature(reader: TagReader): readonly Parameter[] {
  reader.expect('(')
  return parametersToClose(reader)
}

function parametersToClose(reader: TagReader): readonly Parameter[] {
  const parameters: Parameter[] = []
  while (!reader.accept(')')) {
    if (parameters.length > 0) reader.expect(',')
    const { name } = reader.name()
    parameters.push({ name, default: reader.accept('=') ? reader.expression() : undefined })
  }
  return parameters
}

function importing(kind: 'include' | 'import' | 'from', tag: Range, reader: TagReader): Node {
  const template = reader.expression()
  const names: (readonly [string, string])[] = []
  let ignoreMissing = false
  let hasContext = kind === 'include'
  const context = (): boolean => {
    if (reader.word !== 'with' && reader.word !== 'without') return false
    hasContext = reader.word === 'with'
    reader.name()
    reader.expect('context')
    return true
  }
  if (kind === 'include' && reader.accept('ignore')) {
    reader.expect('missing')
    ignoreMissing = true
  }
  if (kind === 'import') {
    reader.expect('as')
    names.push(['*', reader.name().name])
  }
  if (kind === 'from') {
    reader.expect('import')
    do {
      if (context()) break
      const theirs = reader.name().name
      names.push([theirs, reader.accept('as') ? reader.name().name : theirs])
    } while (reader.accept(','))
  }
  context()
  reader.expectEnd()
  return { kind, template, names, ignoreMissing, hasContext, start: tag.start, end: tag.end }
}

const lastOffset = (tag: Block): number => tag.tokens.at(-1)?.end ?? tag.start
