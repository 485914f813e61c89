import {
  applyFilter,
  Callable,
  isPythonMethod,
  itemAt,
  methodOf,
  Namespace,
  Nothing,
  nothing,
  type PluginContext,
  refused,
  typeName,
  Undefined,
  Unknown,
  unsupported,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import { Operations, plainOnly, type Words } from './operations.ts'
import { Fetched, type Piece, Pieces, Tainted, Ungiven } from './unknowns.ts'

/** Attributes and items of values. */
export class Access extends Operations {
  attribute(object: Value, name: string, words: Words): Value {
    if (object instanceof Undefined) return object
    if (object instanceof Nothing) throw refused('a conditional expression without else has no value')
    if (object instanceof Unknown) return this.#part(object, name, words)
    if (object instanceof Namespace) return this.#found(object.attributes.get(name), words)
    if (object instanceof Callable) throw unsupported(`${name} of a macro`)
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
    if (object instanceof Ungiven) return this.#ofUngiven(object, words)
    if (object.members === undefined) return this.unknown(words, [object], object.why)
    return this.#found(object.members(name), words)
  }

  /** What is not there has no part that is. */
  #ofUngiven({ why, at }: Ungiven, words: Words): Value {
    const what = words()
    return this.host.decidedValue(what) ?? new Ungiven(what, why, at)
  }

  /** `object[index]`, with Jinja2's fallbacks. */
  subscript(object: Value, index: Value, words: Words): Value {
    if (object instanceof Undefined) return object
    if (object instanceof Nothing) throw refused('a conditional expression without else has no value')
    if (index instanceof Undefined) return index
    const key = this.key(index)
    if (object instanceof Pieces && typeof key === 'number') {
      const piece = key === -1 ? object.last : object.first[key]
      if (piece !== undefined) return this.piece(piece, object, words)
    }
    if (object instanceof Unknown && typeof key === 'string') return this.#part(object, key, words)
    if (object instanceof Fetched && typeof key === 'number') return this.#part(object, String(key), words)
    if (object instanceof Ungiven && key !== undefined) return this.#ofUngiven(object, words)
    if (object instanceof Unknown || key === undefined) return this.unknown(words, [object, index])
    if (typeof object === 'string' || object instanceof VaultedText) {
      const found = this.looked(
        ([subject = null]) => itemAt(subject, key, plainOnly) ?? nothing,
        object,
        words,
        typeof key === 'number',
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

  /** What looks into a text: computed where the text is known; otherwise what comes out, a few characters or more, is made of it. */
  looked(run: (values: readonly Value[]) => Value, object: Value, words: Words, isPiece = false): Value {
    const { tracking } = this.host
    const readable = this.readable(object)
    const hop = this.hop('is cut out of it')
    const change = isPiece ? { isPiece } : undefined
    if (typeof readable === 'string' && tracking.atoms.plain(readable) === undefined)
      return this.unknown(words, [change === undefined ? readable : tracking.carried(readable, hop, change)])
    return this.attempted(() => tracking.through(run, [readable], hop, change), words, [readable])
  }

  /** Of a text that was split: it is there, and as far as anyone can tell it is filled as that text is. */
  piece(piece: Piece, { why, at }: Pieces, words: Words): Value {
    return typeof piece === 'string' ? piece : this.textOf(new Tainted(words(), why, at, piece.partOf))
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
