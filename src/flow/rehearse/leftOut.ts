import type { Content } from '../../ansible/content/index.ts'
import type { Span } from '../../span.ts'
import { parseExpression } from '../../syntax/jinja/index.ts'
import { printed } from '../evaluate/print.ts'
import type { UnknownNote } from '../unknown.ts'
import type { Undecided } from './call.ts'

/** More of a condition than this nobody reads in a list. */
const MOST_CHARACTERS = 80

interface Left {
  readonly at: Span
  readonly words: string
  /** On what the ways would have parted there: for each host, item and part of a condition something of its own. */
  readonly truths: Set<string>
}

/** Ways that were not followed because there were too many: each place once, however many hosts and items come by. */
export class LeftOut {
  readonly #places = new Map<string, Left>()
  readonly #content: Content

  constructor(content: Content) {
    this.#content = content
  }

  add({ what, truth, at }: Undecided, most: number, otherwise: Span): void {
    const place = at ?? otherwise
    const key = `${place.path}:${place.start} ${most}`
    let left = this.#places.get(key)
    if (left === undefined) {
      const written = truth === undefined || at === undefined ? undefined : this.#written(at)
      left = { at: place, words: `more ways than ${most}: ${shortened(written ?? what)}`, truths: new Set() }
      this.#places.set(key, left)
    }
    left.truths.add(what)
  }

  notes(): readonly UnknownNote[] {
    return [...this.#places.values()].map(({ at, words, truths: { size } }) => ({
      at,
      what: size > 1 ? `${words}, in ${size} cases` : words,
    }))
  }

  /** The condition or expression at a place as its author knows it, before anything in it is put in for its variables. */
  #written({ path, start, end }: Span): string | undefined {
    const text = this.#content.text(path)?.slice(start, end).trim()
    if (text === undefined) return undefined
    const items = /^- /.test(text) ? text.slice(2).split(/\n[ \t]*- /) : [text]
    const shown = items.map(expressionIn)
    return shown.every((one) => one !== undefined) ? shown.join(' and ') : undefined
  }
}

/** In the spelling of all other words that quote an expression. */
function expressionIn(written: string): string | undefined {
  const [, quoted = written] = /^(?:"([^"\\]*)"|'([^']*)')$/s.exec(written.trim())?.filter(Boolean) ?? []
  const [, inner = quoted] = /^\{\{-?((?:(?!\}\}).)*?)-?\}\}$/s.exec(quoted.trim()) ?? []
  const { expression, faults } = parseExpression(inner)
  if (faults.length > 0) return undefined
  // A list in one line, whose items YAML may have in quotes.
  if (expression.kind !== 'list' || inner !== written) return printed(expression)
  const items = expression.items.map((item) =>
    item.kind === 'literal' && item.type === 'string' ? expressionIn(item.value) : printed(item),
  )
  return items.every((one) => one !== undefined) ? items.join(' and ') : undefined
}

function shortened(words: string): string {
  if (words.length <= MOST_CHARACTERS) return words
  const blank = words.lastIndexOf(' ', MOST_CHARACTERS)
  const end = blank > MOST_CHARACTERS / 2 ? blank : MOST_CHARACTERS
  return `${words.slice(0, end).replace(/[\s|~,]+$/, '')} …`
}
