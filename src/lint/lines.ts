import type { Project } from '../ansible/value.ts'
import type { Position } from '../span.ts'

/** The lines of one text, found once: a finding per line of a long file must not cost a pass over it each. */
export class Lines {
  readonly text: string
  readonly #starts: readonly number[]

  constructor(text: string) {
    this.text = text
    const starts = [0]
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) starts.push(at + 1)
    this.#starts = starts
  }

  get count(): number {
    return this.#starts.length
  }

  /** As `positionAt` of span.ts: from 1, an offset behind the end counts as the end. */
  position(offset: number): Position {
    const within = Math.min(Math.max(0, offset), this.text.length)
    let low = 0
    let high = this.#starts.length - 1
    while (low < high) {
      const middle = (low + high + 1) >> 1
      if ((this.#starts[middle] ?? 0) <= within) low = middle
      else high = middle - 1
    }
    return { line: low + 1, column: within - (this.#starts[low] ?? 0) + 1 }
  }

  /** Offset of the first character of a line, from 1. */
  start(line: number): number {
    return this.#starts[line - 1] ?? this.text.length
  }

  /** A line without its break; '' where there is none. */
  line(line: number): string {
    if (line < 1 || line > this.#starts.length) return ''
    const next = this.#starts[line]
    return this.text.slice(this.start(line), next === undefined ? undefined : next - 1).replace(/\r$/, '')
  }
}

/** The lines of the texts of a project, each found when first asked for. */
export class ProjectLines {
  readonly #project: Project
  readonly #known = new Map<string, Lines>()

  constructor(project: Project) {
    this.#project = project
  }

  /** Of a path that is not in the project: one empty line. */
  of(path: string): Lines {
    const known = this.#known.get(path)
    if (known !== undefined) return known
    const lines = new Lines(this.#project.get(path) ?? '')
    this.#known.set(path, lines)
    return lines
  }
}
