/** A text of which every UTF-16 unit knows where it comes from. */
export interface Sourced<Origin> {
  readonly text: string
  /** As long as `text`. */
  readonly from: readonly Origin[]
}

/** A text whose units come from the offsets `start`, `start + 1`, … of the text that it was cut from. */
export function atOffsets(text: string, start = 0): Sourced<number> {
  return { text, from: Array.from({ length: text.length }, (_, index) => start + index) }
}

export function cut<Origin>(of: Sourced<Origin>, start: number, end?: number): Sourced<Origin> {
  return { text: of.text.slice(start, end), from: of.from.slice(start, end) }
}

export function join<Origin>(parts: readonly Sourced<Origin>[]): Sourced<Origin> {
  return { text: parts.map(({ text }) => text).join(''), from: parts.flatMap(({ from }) => from) }
}

/** Without what `outer` matches at both ends. */
export function trim<Origin>(of: Sourced<Origin>, outer = /^[ \t\n\r]+|[ \t\n\r]+$/g): Sourced<Origin> {
  let start = 0
  let end = of.text.length
  for (const match of of.text.matchAll(outer)) {
    if (match.index === 0) start = match[0].length
    else end = match.index
  }
  return cut(of, start, Math.max(start, end))
}

/** The same text, its origins looked up in what it was cut from. */
export function cameFrom<Origin>(of: Sourced<number>, whole: Sourced<Origin>): Sourced<Origin> {
  return {
    text: of.text,
    from: of.from.flatMap((offset) => {
      const origin = whole.from[offset]
      return origin === undefined ? [] : [origin]
    }),
  }
}

/** Puts a text together unit by unit. */
export class SourcedBuilder<Origin> {
  #text = ''
  readonly #from: Origin[] = []

  get length(): number {
    return this.#text.length
  }

  /** All units of `text` come from one place. */
  add(text: string, origin: Origin): this {
    this.#text += text
    for (let index = 0; index < text.length; index += 1) this.#from.push(origin)
    return this
  }

  append(part: Sourced<Origin>): this {
    this.#text += part.text
    for (const origin of part.from) this.#from.push(origin)
    return this
  }

  done(length = this.#text.length): Sourced<Origin> {
    return { text: this.#text.slice(0, length), from: this.#from.slice(0, length) }
  }
}
