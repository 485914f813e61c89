import { Dict, unsupported, type Value } from '../../ansible/template/primitives.ts'

/** The variables of a host as `vars` and `hostvars[…]` give them: which there are, nobody can list. */
export class VariablesDict extends Dict {
  readonly #get: (name: string) => Value | undefined
  readonly #names: readonly string[] | undefined

  constructor(get: (name: string) => Value | undefined, names?: readonly string[]) {
    super()
    this.#get = get
    this.#names = names
  }

  override get size(): number {
    return this.#listed().length
  }

  override has(key: Value): boolean {
    return this.get(key) !== undefined
  }

  override get(key: Value): Value | undefined {
    return typeof key === 'string' ? this.#get(key) : undefined
  }

  override *keys(): Generator<Value> {
    yield* this.#listed()
  }

  override *entries(): Generator<readonly [Value, Value]> {
    for (const name of this.#listed()) {
      const value = this.#get(name)
      if (value !== undefined) yield [name, value]
    }
  }

  override copy(): Dict {
    return new Dict(this.entries())
  }

  #listed(): readonly string[] {
    if (this.#names === undefined) throw unsupported('a list of all variables')
    return this.#names
  }
}
