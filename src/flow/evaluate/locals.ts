import type { Value } from '../../ansible/template/primitives.ts'

/** Names that a template itself has set. */
export class Locals {
  readonly #outer: Locals | undefined
  #values: Map<string, Value>

  constructor(outer?: Locals, values: Iterable<readonly [string, Value]> = []) {
    this.#outer = outer
    this.#values = new Map(values)
  }

  get(name: string): Value | undefined {
    const own = this.#values.get(name)
    return own === undefined ? this.#outer?.get(name) : own
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value)
  }

  /** The names of this level as they are now. */
  get own(): ReadonlyMap<string, Value> {
    return new Map(this.#values)
  }

  reset(values: ReadonlyMap<string, Value>): void {
    this.#values = new Map(values)
  }
}
