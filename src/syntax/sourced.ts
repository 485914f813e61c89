/** Where a unit of a text comes from: place `at` of something. */
export interface Origin<Of> {
  readonly of: Of
  readonly at: number
}

/** Units side by side that come from one thing: each one place behind the last (`step` 1), or all from the same place. */
interface Run<Of> extends Origin<Of> {
  /** In the text; it goes on to where the next run starts. */
  readonly start: number
  readonly step: 0 | 1
}

/** A text of which every UTF-16 unit knows where it comes from. */
export class Sourced<Of> {
  readonly text: string
  readonly runs: readonly Run<Of>[]

  constructor(text: string, runs: readonly Run<Of>[]) {
    this.text = text
    this.runs = runs
  }

  originAt(index: number): Origin<Of> | undefined {
    const run = index < 0 || index >= this.text.length ? undefined : this.runs[this.runAt(index)]
    return run === undefined ? undefined : { of: run.of, at: placeIn(run, index) }
  }

  /** What its units come from, in order, with the least place and the one behind the greatest. */
  get origins(): readonly { readonly of: Of; readonly start: number; readonly end: number }[] {
    return this.runs.map(({ of, at, step }, index) => ({
      of,
      start: at,
      end: at + (step === 1 ? this.lengthOf(index) : 1),
    }))
  }

  /** Units of a run. */
  lengthOf(index: number): number {
    return (this.runs[index + 1]?.start ?? this.text.length) - (this.runs[index]?.start ?? 0)
  }

  /** Which run a unit of the text is in. */
  runAt(index: number): number {
    let low = 0
    let high = this.runs.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.runs[middle]?.start ?? 0) <= index) low = middle
      else high = middle - 1
    }
    return low
  }
}

const placeIn = <Of>({ start, at, step }: Run<Of>, index: number): number => at + step * (index - start)

/** Offsets in a text, of which there is but one. */
export type Offsets = Sourced<undefined>

export const offsetsFrom = (text: string, start = 0): Offsets =>
  new Sourced(text, text === '' ? [] : [{ start: 0, of: undefined, at: start, step: 1 }])

export function cut<Of>(of: Sourced<Of>, start: number, end = of.text.length): Sourced<Of> {
  if (start <= 0 && end >= of.text.length) return of
  return new SourcedBuilder<Of>().append(of, start, end).done()
}

export function join<Of>(parts: readonly Sourced<Of>[]): Sourced<Of> {
  const [only] = parts
  if (only !== undefined && parts.length === 1) return only
  const built = new SourcedBuilder<Of>()
  for (const part of parts) built.append(part)
  return built.done()
}

/** Where a run of what a sticky pattern matches ends; `at` itself where there is none. */
export function runEnd(text: string, at: number, pattern: RegExp): number {
  pattern.lastIndex = at
  return pattern.test(text) ? pattern.lastIndex : at
}

/** Without what `outer` matches at both ends. */
export function trim<Of>(of: Sourced<Of>, outer = /^[ \t\n\r]+|[ \t\n\r]+$/g): Sourced<Of> {
  let start = 0
  let end = of.text.length
  for (const match of of.text.matchAll(outer)) {
    if (match.index === 0) start = match[0].length
    else end = match.index
  }
  return cut(of, start, Math.max(start, end))
}

/** The same text, its origins looked up in what it was cut from. */
export function cameFrom<Of>(of: Offsets, whole: Sourced<Of>): Sourced<Of> {
  const built = new SourcedBuilder<Of>()
  for (const [index, { start, at, step }] of of.runs.entries()) {
    const length = of.lengthOf(index)
    const text = of.text.slice(start, start + length)
    const origin = whole.originAt(at)
    if (step === 1) built.append(whole, at, at + length, text)
    else if (origin !== undefined) built.add(text, origin)
  }
  return built.done()
}

/** Puts a text together part by part. */
export class SourcedBuilder<Of> {
  #text = ''
  readonly #runs: { -readonly [K in keyof Run<Of>]: Run<Of>[K] }[] = []

  get length(): number {
    return this.#text.length
  }

  /** All units of `text` come from one place. */
  add(text: string, { of, at }: Origin<Of>): this {
    this.#take(text, of, at, 0)
    return this
  }

  /** A part of another text; `shown` is what stands for it here, unit by unit. */
  append(part: Sourced<Of>, start = 0, end = part.text.length, shown?: string): this {
    const first = Math.max(0, start)
    const last = Math.min(end, part.text.length)
    const text = shown ?? part.text.slice(first, last)
    for (let index = part.runAt(first), at = first; at < last; index += 1) {
      const run = part.runs[index]
      if (run === undefined) break
      const next = Math.min(last, part.runs[index + 1]?.start ?? last)
      const isWhole = at === first && next === last
      this.#take(isWhole ? text : text.slice(at - first, next - first), run.of, placeIn(run, at), run.step)
      at = next
    }
    return this
  }

  #take(text: string, of: Of, at: number, step: 0 | 1): void {
    if (text === '') return
    const start = this.#text.length
    this.#text += text
    const last = this.#runs.at(-1)
    if (last !== undefined && last.of === of) {
      const length = start - last.start
      const way = at === last.at + length ? 1 : at === last.at ? 0 : undefined
      // A single unit goes on either way.
      const isSame = (last.step === way || length === 1) && (step === way || text.length === 1)
      if (way !== undefined && isSame) {
        last.step = way
        return
      }
    }
    this.#runs.push({ start, of, at, step: text.length === 1 ? 1 : step })
  }

  done(length = this.#text.length): Sourced<Of> {
    if (length >= this.#text.length) return new Sourced(this.#text, this.#runs.slice())
    return new Sourced(
      this.#text.slice(0, length),
      this.#runs.filter(({ start }) => start < length),
    )
  }
}
