import {
  Deferred,
  Dict,
  fileOverrides,
  globals,
  List,
  Omitted,
  refused,
  str,
  TemplateFault,
  truth as truthOfKnown,
  Undefined,
  UndefinedFault,
  Unknown,
  type Value,
  VaultedText,
} from '../../ansible/template/primitives.ts'
import { type AnsibleValue, Float, isMapping } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import { fileTemplate, type Range } from '../../syntax/jinja/index.ts'
import { passedOn } from '../atoms.ts'
import {
  type Answers,
  addTo,
  answered,
  answeredBefore,
  answeredOtherwise,
  answersUnderWay,
  collected,
  isKnownInPart,
  isSameIn,
} from './answers.ts'
import { Decisions } from './decisions.ts'
import { Evaluation } from './expression.ts'
import { type Kind, kept } from './kept.ts'
import { Locals } from './locals.ts'
import { isSerious, plainOnly, type Words } from './operations.ts'
import { looksLikeTemplate, parsedExpression, parsedFile, parsedTemplate } from './parsed.ts'
import { printed } from './print.ts'
import { refusal, refusalOf, saysRefusal } from './refusals.ts'
import type { EvaluationScope, Evaluator, Merged, RawScopeVariable, ScopeVariable } from './scope.ts'
import { Statements } from './statements.ts'
import { mapped, Tracking } from './tracking.ts'
import { noneNamed, unknownPluginIn } from './unknownPlugins.ts'
import {
  Count,
  Fetched,
  Harmless,
  isReturned,
  isTainted,
  Keyed,
  Looped,
  Pending,
  Result,
  refuseLoop,
  truthOfSides,
  UnknownTruth,
} from './unknowns.ts'
import { VariablesDict } from './variables.ts'

/** What sops leaves where a text stood. */
const sops = /^ENC\[AES256_GCM,/

/** One scope's variables while expressions are evaluated in it: each is rendered once. */
export class Host implements Evaluator {
  readonly scope: EvaluationScope
  readonly tracking: Tracking
  readonly #decisions: Decisions
  #known: Map<string, { readonly value: Value; readonly answers: Answers } | 'under way'> | undefined
  /** By `hostvars` of which host it came about; `undefined`: the host itself. */
  readonly #host: string | undefined
  #others: Map<string, Host | undefined> | undefined
  #blind: Host | undefined
  /** The host with its variables. */
  readonly whole: Host

  constructor(scope: EvaluationScope, host?: string, others?: Map<string, Host | undefined>, whole?: Host) {
    this.whole = whole ?? this
    this.scope = scope
    this.tracking = new Tracking(scope.atoms)
    this.#decisions = Decisions.of(scope.decisions)
    this.#host = host
    this.#others = others
  }

  value(raw: AnsibleValue, at: Span): Value {
    if (isPlain(raw)) return raw
    return this.#kept('value', raw, at, () =>
      this.#guarded(at, () => finished(this.#read(undefined, raw, at))),
    )
  }

  variable(name: string, raw: AnsibleValue, at: Span): Value {
    const run = (): Value => this.#guarded(at, () => finished(this.#read(name, raw, at)))
    return this.#kept('variable', raw, at, run, name)
  }

  text(raw: AnsibleValue, at: Span): string | Unknown | Undefined {
    return this.given(raw, at) ?? ''
  }

  within(value: Value, at: Span): string | Unknown {
    const text = this.#guarded(at, () => new Evaluation(this, new Locals(), at).textOf(value))
    return typeof text === 'string' || text instanceof Unknown ? text : ''
  }

  given(raw: AnsibleValue, at: Span): string | Unknown | Undefined | undefined {
    if (typeof raw === 'string' && !looksLikeTemplate(raw)) return raw
    return this.#kept('given', raw, at, () => this.#given(raw, at))
  }

  #given(raw: AnsibleValue, at: Span): string | Unknown | Undefined | undefined {
    const value = this.value(raw, at)
    if (value instanceof Omitted) return undefined
    if (value === null) return ''
    if (value instanceof Undefined) return value
    const result = this.#guarded(at, () => {
      if (value instanceof Unknown && !isTainted(value) && !isReturned(value)) return this.standIn(value)
      return new Evaluation(this, new Locals(), at).textOf(value)
    })
    return typeof result === 'string' || result instanceof Unknown || result instanceof Undefined
      ? result
      : new Unknown('a text', 'a value that is no text', at)
  }

  condition(raw: AnsibleValue, at: Span): boolean | Unknown | Undefined {
    if (typeof raw === 'boolean') return raw
    if (raw === null || raw === '') return true
    if (Array.isArray(raw)) return this.#all(raw, at)
    return this.#kept('condition', raw, at, () => {
      const truth = this.#guarded(at, () => this.#condition(raw, at))
      if (typeof truth === 'boolean' || truth instanceof Undefined) return truth
      if (truth instanceof Unknown && truth.leaf instanceof Looped) return new Undefined(truth.leaf.why)
      if (!(truth instanceof Unknown)) return new Unknown('a condition', 'a value that is no condition', at)
      return this.decided(truth.what) ?? truth
    })
  }

  template(path: string, source: string, extra?: ReadonlyMap<string, Value>): string | Unknown | Undefined {
    const run = (): string | Unknown | Undefined => this.#template(path, source, extra)
    return extra === undefined ? this.#kept('template', source, path, run) : run()
  }

  #template(
    path: string,
    source: string,
    extra: ReadonlyMap<string, Value> | undefined,
  ): string | Unknown | Undefined {
    const whole = { path, start: 0, end: source.length }
    const result = this.#guarded(whole, () => {
      const { options, start } = fileOverrides(source, fileTemplate)
      const { body, faults } = parsedFile(source.slice(start), options)
      const [fault] = faults
      if (fault !== undefined) return this.#unread(`the template ${path}`, fault.message, whole)
      const place = (node: Range): Span => ({ path, start: node.start + start, end: node.end + start })
      const statements = new Statements(this, place, { path, options })
      const value = this.tracking.withTrailingNewlines(
        statements.template(body, new Locals(undefined, extra)),
        source,
      )
      if (value === null) return ''
      return value instanceof Undefined ? value : new Evaluation(this, new Locals(), whole).textOf(value)
    })
    return typeof result === 'string' || result instanceof Unknown || result instanceof Undefined
      ? result
      : ''
  }

  truth(value: Value): boolean | Unknown {
    const at = { path: '', start: 0, end: 0 }
    const truth = this.#guarded(at, () => this.truthOf(value, () => 'a value', undefined))
    if (typeof truth === 'boolean') return truth
    return truth instanceof Unknown ? truth : new Unknown('a value', 'it is undefined')
  }

  /** A variable or global function; undefined where there is neither. */
  read(name: string): Value | undefined {
    this.#known ??= new Map()
    const known = this.#known.get(name)
    if (known === 'under way') {
      answeredOtherwise()
      return this.#host === undefined && this.#isLoop(name)
        ? new Looped(name)
        : new Unknown(name, `the variable ${name} leads back to itself`)
    }
    if (known !== undefined) {
      answeredBefore(known.answers)
      return known.value
    }
    this.#known.set(name, 'under way')
    try {
      const { result: value, answers } = collected(() => this.#lookUp(name))
      if (value !== undefined) this.#known.set(name, { value, answers })
      return value
    } finally {
      if (this.#known.get(name) === 'under way') this.#known.delete(name)
    }
  }

  /** Whether all that leads back to a variable under way are texts: of a mapping or a list Ansible renders what is asked for. */
  #isLoop(name: string): boolean {
    const underWay = [...(this.#known ?? [])].flatMap(([one, known]) => (known === 'under way' ? one : []))
    return underWay.slice(underWay.indexOf(name)).every((one) => {
      const found = this.scope.variable(one)
      return found !== undefined && 'raw' in found && typeof found.raw === 'string'
    })
  }

  #lookUp(name: string): Value | undefined {
    // Ansible's own names win over variables; a scope may take any other for one that the user sets.
    if (name === 'hostvars') {
      answered({ of: 'hosts', is: this.scope.hostNames })
      return new VariablesDict((host) => {
        const other = this.#other(host)
        answered({ of: 'host', host, is: other !== undefined })
        return other === undefined ? undefined : new VariablesDict((key) => other.read(key))
      }, this.scope.hostNames)
    }
    if (name === 'vars') return new VariablesDict((key) => this.read(key))
    const given = this.scope.variable(name)
    answered({ of: 'variable', host: this.#host, name, is: given })
    const global = name === 'ansible_managed' ? 'Ansible managed' : globals.get(name)
    if (given === undefined) return global
    if (given.merged !== undefined) return this.#together(name, given, given.merged)
    if (!('value' in given)) return this.#held(name, given.raw, given.at)
    return given.value instanceof Unknown && global !== undefined ? global : this.#inPart(name, given.value)
  }

  #other(host: string): Host | undefined {
    this.#others ??= new Map()
    if (!this.#others.has(host)) {
      const scope = this.scope.hostScope(host)
      this.#others.set(host, scope === undefined ? undefined : new Host(scope, host, this.#others))
    }
    return this.#others.get(host)
  }

  /** Of what is known in part the members count that are asked for, not the whole. */
  #inPart(name: string, value: Value, keys: readonly string[] = []): Value {
    if (!isKnownInPart(value)) return value
    const { what, why, at, members } = value
    const member = (key: string): Value | undefined => {
      const is = members?.(key)
      const inner = [...keys, key]
      answered({ of: 'member', host: this.#host, name, keys: inner, is })
      return is === undefined ? undefined : this.#inPart(name, is, inner)
    }
    return value instanceof Result
      ? new Result(what, value.known, member, why, value.isReturned)
      : new Unknown(what, why, at, undefined, member)
  }

  /** What the control node gives may be another thing each time. */
  lookup(...asked: Parameters<EvaluationScope['lookup']>): Value {
    answeredOtherwise()
    return this.scope.lookup(...asked)
  }

  /** Which file a name means hangs on where the task stands. */
  file(
    ...asked: Parameters<NonNullable<EvaluationScope['file']>>
  ): ReturnType<NonNullable<EvaluationScope['file']>> {
    answeredOtherwise()
    return this.scope.file?.(...asked)
  }

  /** The same host for a template that is imported without context: of its variables only `lookup('vars')` tells. */
  withoutVariables(): Host {
    this.#blind ??= new Host(
      { ...this.scope, variable: () => undefined, hostNames: [] },
      this.#host,
      undefined,
      this,
    )
    return this.#blind
  }

  /** A truth that this world has decided. */
  decided(what: string): boolean | undefined {
    const is = this.#decisions.truth(what)
    answered({ of: 'truth', what, is })
    return is
  }

  /** What an unknown value is in this world, where that is decided. */
  decidedValue(what: string): Value | undefined {
    const is = this.#decisions.value(what)
    answered({ of: 'value', what, is })
    return is
  }

  #kept<T>(kind: Kind, raw: AnsibleValue, place: Span | string, run: () => T, name?: string): T {
    return kept(
      this.scope.atoms,
      place,
      { kind, name, raw },
      (answers) => isSameIn(answers, this.scope, this.#decisions, (host) => this.#other(host)?.scope),
      run,
    )
  }

  /** An unknown value where this world knows it after all. */
  settled(value: Value): Value {
    if (!(value instanceof Unknown)) return value
    if (value instanceof UnknownTruth) return this.decided(value.what) ?? value
    return this.decidedValue(value.what) ?? value
  }

  truthOf(value: Value, words: Words, at: Span | undefined): boolean | Unknown {
    if (typeof value === 'boolean') return value
    if (value instanceof Unknown) {
      if (value instanceof Count && value.least > 0) return true
      const known = this.decided(value.what) ?? (this.#isGiven(value.what) ? true : undefined)
      return known ?? (value instanceof Pending ? this.#truthOfSides(value, words, at) : value)
    }
    if (value instanceof VaultedText) return true
    if (value instanceof VariablesDict) return true
    if (typeof value !== 'string') return truthOfKnown(value, plainOnly)
    const isFilled = this.tracking.isFilled(value)
    if (isFilled !== undefined) return isFilled
    const atoms = this.tracking.atoms.in(value)
    const [only] = atoms
    const subject = atoms.length === 1 && only !== undefined && only.from === undefined ? only.what : words()
    const what = `${subject} is not empty`
    const why = `${subject} is only known when the play runs`
    const fills = { value, when: true }
    return this.decided(what) ?? new UnknownTruth(what, why, at, undefined, undefined, fills)
  }

  /** What hangs on a condition holds or not as that does: by its name alone nobody would know that. */
  #truthOfSides(value: Pending, words: Words, at: Span | undefined): boolean | Unknown {
    const { sides } = value
    if (sides === undefined) return value
    const [yes, no] = [sides.yes, sides.no].map((side) =>
      side === undefined || side instanceof Undefined ? undefined : this.truthOf(side, words, at),
    )
    // Where it is not defined, the task that asks fails: no world goes on with that side.
    if ((yes ?? false) === (no ?? false)) return yes === no && yes !== undefined ? yes : value
    return truthOfSides(sides.when, yes ?? false, no ?? false)
  }

  /** Whether an unknown value is known to have a character, or an item. */
  isFilled(value: Value): boolean {
    return (
      value instanceof Unknown &&
      !(value instanceof Count) &&
      (this.decided(value.what) === true || this.#isGiven(value.what))
    )
  }

  /** Whether the play would have ended if the host did not have it. */
  #isGiven(what: string): boolean {
    const is = this.scope.isGiven?.(what) ?? false
    answered({ of: 'given', what, is })
    return is
  }

  /** The atom that stands for the text of a vaulted value. */
  vaultedText(value: VaultedText): string {
    const { path, start } = value.at
    const name = vaultedNames.get(value) ?? 'a vaulted value'
    return this.tracking.atoms.mark(
      this.tracking.atoms.root(`vault ${path}:${start}`, {
        kind: 'vaulted',
        what: name,
        hop: { at: value.at, what: `${name} is set here` },
      }),
    )
  }

  /** With the ciphertext where `to_yaml` and `to_json` write it. */
  ciphered(value: Value, at: Span): Value {
    const { atoms } = this.tracking
    return mapped(value, (item) => {
      if (!(item instanceof VaultedText)) return item
      const [atom] = atoms.in(this.vaultedText(item))
      if (atom === undefined) return item
      return atoms.mark(atoms.derive(atom, { at, what: 'is written as ciphertext' }, { isCiphertext: true }))
    })
  }

  standIn(value: Unknown): string | Unknown {
    refuseLoop(value)
    const isFollowed = value instanceof Fetched || (!isTainted(value) && this.isFilled(value))
    return isFollowed ? this.unknownText(value) : value
  }

  unknownText(value: Unknown): string {
    refuseLoop(value)
    const { atoms } = this.tracking
    const { what, why } = value
    const root =
      value instanceof Fetched
        ? atoms.root(`fetched ${what} ${why}`, { kind: 'lookup', what, why, isFilled: false, hop: value.hop })
        : atoms.root(`unknown ${this.#name()} ${what}${kindOf(value)}`, {
            kind: 'unknown',
            what,
            why,
            ...(value instanceof Harmless ? { isHarmless: true } : {}),
            ...(value instanceof Keyed && value.keys !== undefined ? { keys: value.keys } : {}),
          })
    return atoms.mark(this.isFilled(value) ? atoms.filled(root) : root)
  }

  /** What a task has returned, as the text that Ansible writes of a dict: what it is, and the followed texts in it. */
  returnedText({ what, known }: Result, at: Span): string {
    // They are more than its members that were asked for.
    answeredOtherwise()
    const { atoms } = this.tracking
    const hop = { at, what: `all of ${what} is written as a dict` }
    const root = atoms.root(`returned ${this.#name()} ${what} ${place(at)}`, {
      kind: 'runtime',
      what: `all of ${what}`,
      isFilled: true,
      isResult: true,
      hop,
    })
    const inside = this.tracking
      .contents([...known.values()])
      .atoms.filter(({ kind }) => isSerious(kind))
      .map((atom) => atoms.mark(atoms.derive(atom, hop)))
    return [atoms.mark(root), ...inside].join('')
  }

  #name(): string {
    return String(this.tracking.knownText(this.read('inventory_hostname') ?? '') ?? '')
  }

  /** What a variable of that name holds; what is in a list or dict is read when it is used. */
  #held(name: string, raw: AnsibleValue, at: Span): Value {
    return this.#guarded(at, () => this.#read(name, raw, at), name)
  }

  #read(name: string | undefined, raw: AnsibleValue, at: Span): Value {
    if (typeof raw === 'string') return this.#readText(name, raw, at)
    if (raw === null || typeof raw !== 'object' || raw instanceof Float)
      return name !== undefined && raw !== null && typeof raw !== 'boolean' && this.#isToken(name)
        ? this.#root(name, str(raw, plainOnly), at, 'literal')
        : raw
    if (raw instanceof VaultedText) {
      if (name !== undefined && !vaultedNames.has(raw)) vaultedNames.set(raw, name)
      return raw
    }
    const part = (key: string, item: AnsibleValue): Value | Deferred =>
      this.#part(name === undefined ? undefined : name + key, item, at)
    if (Array.isArray(raw)) return new List(raw.map((item: AnsibleValue, index) => part(`[${index}]`, item)))
    return new Dict(Object.entries(raw).map(([key, item]) => [key, part(`.${key}`, item)]))
  }

  #part(path: string | undefined, item: AnsibleValue, at: Span): Value | Deferred {
    if (item === null || typeof item === 'boolean') return item
    // Who reads the whole later on gets the part as it is by then.
    const holder = answersUnderWay()
    return new Deferred(() => {
      const { result, answers } = collected(() => this.#guarded(at, () => this.#read(path, item, at), path))
      if (holder !== undefined) addTo(holder, answers)
      return result
    })
  }

  /** A mapping and those below it, as `merge_hash` of ansible-core makes one of them: before any template in them is rendered. */
  #together(name: string, top: NonNullable<ScopeVariable>, { below, open }: Merged): Value {
    const layers = 'raw' in top ? [top, ...below] : top.value instanceof Dict ? [top.value, ...below] : below
    const whole = this.#mergedDict(name, layers)
    return open === undefined ? whole : opened(name, whole, open)
  }

  #mergedDict(name: string, layers: readonly Layer[]): Dict {
    const keys = new Dict(
      layers
        .toReversed()
        .flatMap((layer) => [...(layer instanceof Dict ? layer.keys() : keysOf(layer.raw))])
        .map((key) => [key, null]),
    )
    return new Dict(
      [...keys.keys()].map((key) => [key, this.#mergedPart(`${name}.${String(key)}`, key, layers)]),
    )
  }

  /** What the strongest says that has the key; where that is a mapping, with what those below it say as long as they have one. */
  #mergedPart(path: string, key: Value, layers: readonly Layer[]): Value | Deferred {
    const inner: Layer[] = []
    for (const layer of layers) {
      const item = layer instanceof Dict ? layer.get(key) : partOf(layer, key)
      if (item === undefined) continue
      if (item instanceof Dict || (isRaw(item) && isMapping(item.raw))) {
        inner.push(item)
        continue
      }
      if (inner.length > 0) break
      return isRaw(item) ? this.#part(path, item.raw, item.at) : item
    }
    const [only, ...others] = inner
    if (only === undefined || others.length > 0) return new Deferred(() => this.#mergedDict(path, inner))
    return only instanceof Dict ? only : this.#part(path, only.raw, only.at)
  }

  /** A token that YAML or INI reads as a number is followed as the text that it becomes. */
  #isToken(name: string): boolean {
    return this.scope.isToken?.(name) ?? false
  }

  #readText(name: string | undefined, raw: string, at: Span): Value {
    if (!looksLikeTemplate(raw)) {
      if (sops.test(raw)) return this.#root(name ?? 'a text of sops', raw, at, 'vaulted')
      return name === undefined ? raw : this.#root(name, raw, at, 'literal')
    }
    const value = this.#rendered(raw, at, name)
    const text = value instanceof VaultedText ? this.vaultedText(value) : value
    if (name === undefined) return text
    if (text instanceof Undefined)
      return text.variable === undefined && !saysRefusal(text.message)
        ? new Undefined(text.message, text.fix, name, place(at))
        : text
    const hop = { at, what: `${name}${passedOn}` }
    return mapped(text, (item) => (typeof item === 'string' ? this.tracking.carried(item, hop) : item))
  }

  /** A text that an expression at a place has for a variable. */
  literal(text: string, name: string, at: Span): string {
    const { atoms } = this.tracking
    const hop = { at, what: `${name} falls back to a text` }
    return atoms.mark(
      atoms.root(`literal ${at.path}:${at.start} ${name} ${text}`, {
        kind: 'literal',
        what: name,
        hop,
        text,
      }),
    )
  }

  #root(name: string, text: string, at: Span, kind: 'literal' | 'vaulted'): string {
    const { atoms } = this.tracking
    return atoms.mark(
      atoms.root(`${kind} ${at.path}:${at.start} ${name}`, {
        kind,
        what: name,
        hop: { at, what: `${name} is set here` },
        ...(kind === 'literal' ? { text } : {}),
      }),
    )
  }

  /** The value of a template that stands in YAML. */
  #rendered(text: string, at: Span, name?: string): Value {
    const { body, faults } = parsedTemplate(text)
    const [fault] = faults
    if (fault !== undefined) {
      const why = this.scope.isRendered?.(at) === true ? refusalOf(text) : undefined
      const unread = this.#unread('a template', fault.message, at, why)
      return why === undefined ? unread : refusal(why, name, at)
    }
    return this.tracking.withTrailingNewlines(
      new Statements(this, () => at).template(body, new Locals()),
      text,
    )
  }

  /** What is no Jinja2, or more of it than is known here. */
  #unread(what: string, message: string, at: Span, why?: string): Unknown {
    this.scope.unread?.(`a template that can't be read: ${message}`, at, why)
    return new Unknown(what, `Jinja2 can't read it: ${message}`, at)
  }

  #all(entries: readonly AnsibleValue[], at: Span): boolean | Unknown | Undefined {
    let open: Unknown | undefined
    for (const entry of entries) {
      const truth = this.condition(entry, at)
      if (truth === false) return false
      if (truth instanceof Undefined) return open ?? truth
      if (truth instanceof Unknown)
        open =
          open === undefined
            ? truth
            : new UnknownTruth(`${open.what} and ${truth.what}`, open.why, open.at, open.leaf, {
                by: 'and',
                of: [open, truth],
              })
    }
    return open ?? true
  }

  #condition(raw: AnsibleValue, at: Span): Value {
    if (typeof raw !== 'string')
      return this.truthOf(this.#read(undefined, raw, at), () => `the condition at ${place(at)}`, at)
    let text = raw
    if (looksLikeTemplate(raw)) {
      const value = this.settled(this.#rendered(raw, at))
      const plain = typeof value === 'string' ? this.tracking.knownText(value) : undefined
      if (plain === undefined || plain.trim() === '')
        return this.truthOf(value, () => `the condition at ${place(at)}`, at)
      text = plain
    }
    const { expression, faults } = parsedExpression(text)
    const [fault] = faults
    if (fault !== undefined) return this.#unread(`the condition at ${place(at)}`, fault.message, at)
    const isRendered = text !== raw
    const plugin = isRendered ? undefined : unknownPluginIn(expression)
    if (plugin !== undefined) {
      // Another playbook may bring it along.
      answeredOtherwise()
      if (this.scope.refuses?.(plugin) === true)
        return new Undefined(`a condition that Jinja2 refuses: ${noneNamed(plugin)}`)
    }
    try {
      const truth = new Evaluation(this, new Locals(), at).truth(expression)
      return isRendered && truth instanceof Unknown ? withoutTexts(truth, at) : truth
    } catch (error) {
      if (error instanceof UndefinedFault && (!isRendered || isOfNames(error.message))) throw error
      if (error instanceof UndefinedFault)
        return new Undefined(`what the condition at ${place(at)} asks for is undefined`, error.fix)
      if (!(error instanceof TemplateFault)) throw error
      return isRendered
        ? new Unknown(`the condition at ${place(at)}`, 'an expression that fails', at)
        : new Unknown(printed(expression), error.message, at)
    }
  }

  #guarded(at: Span, run: () => Value, name?: string): Value {
    try {
      return run()
    } catch (error) {
      if (error instanceof UndefinedFault)
        return saysRefusal(error.message)
          ? new Undefined(error.message, error.fix)
          : new Undefined(error.message, error.fix, error.variable ?? name, error.place ?? place(at))
      if (error instanceof TemplateFault) return new Unknown(name ?? 'an expression', error.message, at)
      if (error instanceof RangeError) return new Unknown(name ?? 'an expression', 'it nests too deeply', at)
      throw error
    }
  }
}

/** Words of an expression that has only names in it: of what a template has put there some may be secret. */
const isOfNames = (words: string): boolean => /^(?:'[\w.]+' is undefined|[A-Za-z_. |()]*)$/.test(words)

function withoutTexts(truth: Unknown, at: Span): Unknown {
  const { what, why, leaf } = truth
  if ([what, why, leaf.what].every(isOfNames)) return truth
  const named = leaf !== truth && isOfNames(leaf.what) ? leaf : undefined
  return new UnknownTruth(`the condition at ${place(at)}`, 'it is made of what variables hold', at, named)
}

/** What tells texts apart that stand under the same condition. */
const kindOf = (value: Unknown): string =>
  value instanceof Keyed
    ? `${value instanceof Harmless ? ' harmless' : ''}${value.keys === undefined ? '' : ` with ${value.keys.join()}`}`
    : ''

/** One of the mappings that are put together. */
type Layer = RawScopeVariable | Dict

const keysOf = (raw: AnsibleValue): readonly string[] => (isMapping(raw) ? Object.keys(raw) : [])

function partOf({ raw, at }: RawScopeVariable, key: Value): RawScopeVariable | undefined {
  if (typeof key !== 'string' || !isMapping(raw) || !Object.hasOwn(raw, key)) return undefined
  return { raw: raw[key] ?? null, at }
}

const isRaw = (item: Value | RawScopeVariable): item is RawScopeVariable =>
  typeof item === 'object' && item !== null && 'raw' in item

/** A mapping of which more may be in a file that can't be read. */
function opened(name: string, whole: Dict, open: NonNullable<Merged['open']>): Result {
  const known = new Map(
    [...whole.entries()].map(([key, item]) => {
      const path = `${name}.${String(key)}`
      return [String(key), item instanceof Dict ? opened(path, item, open) : item] as const
    }),
  )
  return new Result(name, known, (key) => known.get(key) ?? open.part(`${name}.${key}`), open.why)
}

/** The variable that holds a vaulted value, for messages. */
const vaultedNames = new WeakMap<VaultedText, string>()

const place = ({ path, start }: Span): string => `${path}:${start}`

/** What evaluates to itself. */
function isPlain(raw: AnsibleValue): raw is Exclude<AnsibleValue, object> {
  if (typeof raw === 'string') return !looksLikeTemplate(raw) && !sops.test(raw)
  return raw === null || typeof raw !== 'object'
}

/** A list that is put into itself doubles each time. */
const MOST_PARTS = 100_000

/** To the bottom: without `omit` in lists and dicts; one undefined part makes the whole undefined. */
function finished(value: Value, room = { left: MOST_PARTS }): Value {
  room.left -= 1
  if (room.left < 0) throw refused('a value of too many parts')
  if (value instanceof VariablesDict) return value
  if (value instanceof List) {
    const items = [...value].map((item) => finished(item, room))
    return (
      items.find((item) => item instanceof Undefined) ??
      new List(items.filter((item) => !(item instanceof Omitted)))
    )
  }
  if (value instanceof Dict) {
    const entries = [...value.entries()].map(([key, item]) => [key, finished(item, room)] as const)
    const missing = entries.find(([, item]) => item instanceof Undefined)?.[1]
    return missing ?? new Dict(entries.filter(([, item]) => !(item instanceof Omitted)))
  }
  return value
}
