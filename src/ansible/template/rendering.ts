import { type Node, parseTemplate, yamlTemplate } from '../../syntax/jinja/index.ts'
import type { AnsibleValue } from '../value.ts'
import { globals } from './globals.ts'
import type { TemplateScope } from './scope.ts'
import { Statements } from './statements.ts'
import { type Decrypt, str } from './text.ts'
import {
  Deferred,
  Dict,
  Float,
  List,
  Omitted,
  TemplateFault,
  Undefined,
  type Value,
  VaultedText,
} from './values.ts'

/** Templates in variables that lead to templates in variables: more is a circle through lists or dicts. */
const deepest = 60

/** One host's variables while templates are rendered for it: each is rendered once, when it is first used. */
export class Rendering {
  readonly scope: TemplateScope
  readonly decrypt: Decrypt
  readonly #known = new Map<string, Value>()
  readonly #plain = new Map<string, string>()
  readonly #active: string[] = []
  readonly #shared: { depth: number; secretRead: boolean }
  readonly #others = new Map<string, Rendering>()

  constructor(scope: TemplateScope, shared = { depth: 0, secretRead: false }) {
    this.scope = scope
    this.#shared = shared
    this.decrypt = (value) => {
      this.#shared.secretRead = true
      const known = this.#plain.get(value.envelope)
      if (known !== undefined) return known
      const text = this.scope.decrypt(value).reveal()
      this.#plain.set(value.envelope, text)
      return text
    }
  }

  /** Whether the text of any vaulted value was needed so far. */
  get secretRead(): boolean {
    return this.#shared.secretRead
  }

  /** A variable or a global function; `undefined` where there is neither. */
  variable(name: string): Value | undefined {
    const known = this.#known.get(name)
    if (known !== undefined) return known
    const value = this.#lookUp(name)
    if (value !== undefined) this.#known.set(name, value)
    return value
  }

  #lookUp(name: string): Value | undefined {
    const given = this.scope.variables.get(name)
    if (given !== undefined) {
      if (this.scope.secretVariables?.has(name)) this.#shared.secretRead = true
      return this.#within(name, () => this.fromAnsible(given))
    }
    if (name === 'hostvars' && this.scope.hosts !== undefined) return this.#hostvars(this.scope.hosts)
    if (name === 'vars') return this.#allVariables()
    if (name === 'ansible_managed') return 'Ansible managed'
    return globals.get(name)
  }

  #within(name: string, run: () => Value): Value {
    if (this.#active.includes(name))
      throw new TemplateFault(
        `the variable ${name} leads back to itself: ${[...this.#active.slice(this.#active.indexOf(name)), name].join(' → ')}`,
        'give one of them a value that does not name the others',
      )
    this.#active.push(name)
    try {
      const value = run()
      if (!(value instanceof Undefined) || value.variable !== undefined) return value
      return new Undefined(value.message, value.fix, name, this.scope.placeOf?.(name))
    } catch (error) {
      throw this.#inVariable(name, error)
    } finally {
      this.#active.pop()
    }
  }

  #inVariable(name: string, error: unknown): unknown {
    if (!(error instanceof TemplateFault)) return error
    if (error.variable === undefined) {
      error.variable = name
      error.place = this.scope.placeOf?.(name)
    }
    return error
  }

  #hostvars(hosts: NonNullable<TemplateScope['hosts']>): Dict {
    return new Dict(
      hosts.names.map((name) => [
        name,
        new Deferred(() => {
          let other = this.#others.get(name)
          if (other === undefined) {
            other = new Rendering(hosts.scopeOf(name), this.#shared)
            this.#others.set(name, other)
          }
          return other.#allVariables()
        }),
      ]),
    )
  }

  #allVariables(): Dict {
    return new Dict(
      [...this.scope.variables.keys()].map((name) => [name, new Deferred(() => this.variable(name) ?? null)]),
    )
  }

  /** A variable's value with its templates to be rendered when they are used. */
  fromAnsible(value: AnsibleValue): Value {
    if (typeof value === 'string') return this.#possiblyTemplate(value)
    if (value === null || typeof value !== 'object') return value
    if (value instanceof Float || value instanceof VaultedText) return value
    if (Array.isArray(value)) return new List(value.map((item: AnsibleValue) => this.#later(item)))
    return new Dict(Object.entries(value).map(([key, item]) => [key, this.#later(item)]))
  }

  #later(value: AnsibleValue): Value | Deferred {
    const simple =
      value === null || typeof value !== 'object' || value instanceof Float || value instanceof VaultedText
    if (simple && !(typeof value === 'string' && looksLikeTemplate(value))) return value
    return new Deferred(() => this.fromAnsible(value))
  }

  #possiblyTemplate(text: string): Value {
    if (!looksLikeTemplate(text)) return text
    const { body, faults } = parseTemplate(text, yamlTemplate)
    const [fault] = faults
    if (fault !== undefined)
      throw new TemplateFault(
        `Jinja2 can't read a template: ${fault.message}`,
        'mend the template in the variable',
      )
    return this.nested(body, text)
  }

  /** A nested template's value: of a single expression its own, else a text. */
  nested(body: readonly Node[], source: string): Value {
    if (this.#shared.depth >= deepest)
      throw new TemplateFault(
        'templates in variables lead to each other without an end',
        'look for a variable that leads back to itself',
      )
    this.#shared.depth += 1
    try {
      return withTrailingNewlines(withoutOffset(this.evaluate(body)), source)
    } catch (error) {
      // The offset is one of this text; the caller's place is where the variable is used.
      if (error instanceof TemplateFault) error.offset = undefined
      throw error
    } finally {
      this.#shared.depth -= 1
    }
  }

  /** What Ansible makes of a template's nodes: nothing, the one value, or the joined text of all. */
  evaluate(body: readonly Node[]): Value {
    return this.joined(new Statements(this).pieces(body))
  }

  joined(pieces: readonly Value[]): Value {
    const [first = null] = pieces
    if (pieces.length < 2) return first
    const undefinedPiece = pieces.find((piece) => piece instanceof Undefined)
    if (undefinedPiece !== undefined) return undefinedPiece
    return pieces.map((piece) => this.textOf(piece)).join('')
  }

  /** A value as it stands in a text: Ansible has made tuples to lists by then. */
  textOf(value: Value): string {
    return str(asStored(value), this.decrypt)
  }
}

const looksLikeTemplate = (text: string): boolean =>
  text.includes('{{') || text.includes('{%') || text.includes('{#')

/** Ansible counts line breaks at both ends, for Jinja2 drops the last one. */
export function withTrailingNewlines(value: Value, source: string): Value {
  if (typeof value !== 'string') return value
  const missing = trailingNewlines(source) - trailingNewlines(value)
  return missing > 0 ? value + '\n'.repeat(missing) : value
}

const trailingNewlines = (text: string): number => {
  let count = 0
  while (text.charAt(text.length - 1 - count) === '\n') count += 1
  return count
}

const withoutOffset = (value: Value): Value =>
  value instanceof Undefined ? new Undefined(value.message, value.fix, value.variable, value.place) : value

function asStored(value: Value): Value {
  if (value instanceof List)
    return new List([...value].filter((item) => !(item instanceof Omitted)).map(asStored))
  if (value instanceof Dict)
    return new Dict(
      [...value.entries()]
        .filter(([, item]) => !(item instanceof Omitted))
        .map(([key, item]) => [asStored(key), asStored(item)] as const),
    )
  return value
}
