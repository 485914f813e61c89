import type { Dict, Undefined, Unknown, Value } from '../../ansible/template/values.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { Atoms } from '../atoms.ts'
import type { UnknownPlugin } from './unknownPlugins.ts'

/** A value of the rehearsal: strings may be marked, and lists and dicts may hold what is not known. */
export type FlowValue = Value

/** A variable as it stands: with its templates not rendered, or already evaluated (facts, registered results, magic variables). */
export type ScopeVariable =
  | ((RawScopeVariable | { readonly value: FlowValue }) & { readonly merged?: Merged })
  | undefined

export interface RawScopeVariable {
  readonly raw: AnsibleValue
  readonly at: Span
}

/** What a mapping is put together with. */
export interface Merged {
  /** The mappings below it, the strongest first. */
  readonly below: readonly (RawScopeVariable | Dict)[]
  /** Where a mapping that can't be read may be among them: why, and what a part is then that none of the others has. */
  readonly open?: { readonly why: string; readonly part: (name: string) => FlowValue }
}

/**
 * What an expression may know of the host that it is evaluated for. A scope must not change: what was read once is
 * kept for as long as the object lives.
 */
export interface EvaluationScope {
  readonly atoms: Atoms
  /** Undefined: not defined. */
  variable(name: string): ScopeVariable
  /** Truths that this world has decided, by `Unknown.what`. */
  readonly decisions: ReadonlyMap<string, boolean>
  /** Whether it is certain by now that an unknown value of the host, by `Unknown.what`, is there and not empty. */
  isGiven?(what: string): boolean
  /** Whether K3s takes its token from a variable, or from a part of one. */
  isToken?(name: string): boolean
  readonly hostNames: readonly string[]
  /** For `hostvars[…]`: what the inventory, facts and `set_fact` say of a host, without the variables of plays, roles and tasks. */
  hostScope(host: string): EvaluationScope | undefined
  /** `lookup()` and `query()`, which asks for `wantlist`: of one text no list has to be made. */
  lookup(plugin: string, args: readonly FlowValue[], named: ReadonlyMap<string, FlowValue>): FlowValue
  /** A template file for `include` and `import`; `outer`: the one that Ansible was told to render. */
  file?(name: string, outer?: string): { readonly path: string; readonly text: string } | undefined
  /** Whether nothing brings that filter or test along. */
  refuses?(plugin: UnknownPlugin): boolean
  /** Whether Ansible certainly renders what stands at a place: it is not tagged as unsafe. */
  isRendered?(at: Span): boolean
  /** Is told of each template that can't be parsed; `why`: Jinja2 certainly refuses it for that. */
  unread?(what: string, at: Span, why?: string): void
}

/** Evaluates for one scope. Nothing of it throws, and nothing is decrypted. */
export interface Evaluator {
  /** Renders the templates inside, to the bottom, with the types that ansible-core 2.19 and later give them. */
  value(raw: AnsibleValue, at: Span): FlowValue
  /** The same, but plain texts become literal atoms, as if a variable of that name held it: for `set_fact` and the like. */
  variable(name: string, raw: AnsibleValue, at: Span): FlowValue
  /** What a value is within a text, such as one word of `argv:`; unknown where a world must decide first. */
  within(value: FlowValue, at: Span): string | Unknown
  /** As a module gets it for an argument of type str: a marked string. */
  text(raw: AnsibleValue, at: Span): string | Unknown | Undefined
  /** The same, `undefined` where `omit` leaves it out. */
  given(raw: AnsibleValue, at: Span): string | Unknown | Undefined | undefined
  /** What `when` holds: a list is an AND that stops at the first false. `Undefined` where the task would fail. */
  condition(raw: AnsibleValue, at: Span): boolean | Unknown | Undefined
  /** A template file, byte for byte as the `template` module writes it. */
  template(path: string, text: string, extra?: ReadonlyMap<string, FlowValue>): string | Unknown | Undefined
  /** What stands for the text of an unknown value that is followed, or is certainly not empty; otherwise itself. */
  standIn(value: Unknown): string | Unknown
  /** Python's `bool()` of a value. */
  truth(value: FlowValue): boolean | Unknown
  /** A variable of the scope, rendered, its texts marked; what is in a list or dict may still be `Undefined`. */
  read(name: string): FlowValue | undefined
}
