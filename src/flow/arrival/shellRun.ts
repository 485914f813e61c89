import {
  behindWrappers,
  parseShell,
  type ShellNode,
  type ShellRedirect,
  type SimpleCommand,
} from '../../syntax/shell/index.ts'
import { cut, join } from '../../syntax/sourced.ts'
import type { Atoms } from '../atoms.ts'
import { Remembered } from '../remembered.ts'
import { withoutBlanks } from './blanks.ts'
import { type Letters, madeLetters, type Source, unknownIn, withAtom } from './letters.ts'
import { fieldsOf, type ShellScope, testOutcome, textOf, unknownLetters } from './shellValues.ts'

const parsed = new Remembered<ShellNode>()

/** Whether a program is a shell, by its name or its path. */
export const isShell = (program: string): boolean => /(?:^|\/)(?:ba|da|a|k|z)?sh$/.test(program)

/** A program that a shell text runs, over letters. */
export interface RunStep {
  readonly words: readonly Letters[]
  /** Whether nothing is left of one of its words as they are written. */
  readonly lacksWord: boolean
  readonly environment: ReadonlyMap<string, Letters>
  /** What may have set variables of it before that are not in it. */
  readonly opening: Opening | undefined
  readonly assigned: ReadonlyMap<string, Letters>
  readonly input: RunStep | undefined
  /** Whether another program reads what it prints. */
  readonly isPiped: boolean
  readonly isConditional: boolean
  /** Text that it reads: a here-document. */
  readonly document: Letters | undefined
  /** The file that it reads: `<FILE`. */
  readonly reads: Letters | undefined
  /** The file that what it prints goes to. */
  readonly output: ShellOutput<Letters> | undefined
  /** Offsets in the expanded text. */
  readonly start: number
  readonly end: number
  readonly text: Letters
}

/** `>FILE` or `>>FILE`. */
export interface ShellOutput<Text> {
  readonly path: Text
  readonly isAppended: boolean
}

/** Something that is not known and may have set any variable: what hands it on, and why it is not known. */
export interface Opening {
  readonly carrier: 'env-file' | 'environment'
  readonly why: string
}

/** What a shell text can see of the node. */
export interface ShellNodeView {
  content(path: string): Letters | undefined
  exists(path: string): boolean | undefined
  /** A file that is sourced. */
  sourced?(path: string, exists: boolean): void
  /** Runs a program; its exit status where that is certain. */
  ran?(step: RunStep): number | undefined
  /** A process of its own begins, whose directory is no other one's; what is returned ends it. */
  forked?(): () => void
}

/**
 * The exit status of a command. `well`: only a real run shows it, and the text goes on as if it were 0. `undefined`: both ways
 * are open.
 */
export type Status = number | 'well' | undefined

/** Whether a command succeeds. */
const isWell = (status: Status): boolean | undefined =>
  status === undefined ? undefined : status === 'well' || status === 0

/** The status of what ends in one of some ways. */
function common([first, ...others]: readonly Status[]): Status {
  if (others.every((other) => other === first)) return first
  return [first, ...others].every((status) => isWell(status) === true) ? 'well' : undefined
}

const MAX_STEPS = 2000
const MAX_NESTING = 20

/** Runs shell texts on paper: variables, exports, functions, sourced files, `sh -c`. */
export class ShellRun {
  readonly steps: RunStep[] = []
  variables = new Map<string, Letters>()
  exported = new Set<string>()
  /** The text in which a variable got its value. */
  assignedIn = new Map<string, Source | undefined>()
  readonly openings: Opening[] = []
  /** `$1`, `$2`, … */
  positional: readonly Letters[] | undefined
  readonly functions = new Map<string, { readonly body: ShellNode; readonly text: Letters }>()
  readonly #atoms: Atoms
  readonly #view: ShellNodeView
  #allExported = false
  #conditions = 0
  #nesting = 0
  #input: RunStep | undefined
  #isPiped = false
  #hasEnded = false
  /** What the text has ended with, or a function. */
  #end: Status
  /** What it may have ended with before. */
  readonly #ends = new Set<Status>()
  /** `set -e`. */
  #isStrict = false
  /** `set -o pipefail`. */
  #isWhole = false

  constructor(atoms: Atoms, view: ShellNodeView) {
    this.#atoms = atoms
    this.#view = view
  }

  run(text: Letters): Status {
    if (this.#nesting >= MAX_NESTING) return undefined
    this.#nesting += 1
    const written = withoutBlanks(text)
    const last = this.#node(
      parsed.get(this.#atoms, [written], () => parseShell(written)),
      text,
    )
    this.#nesting -= 1
    return common([this.#hasEnded ? this.#end : last, ...this.#ends])
  }

  /** A program that is started without a shell: the only ones of which it is known what they end with are tests. */
  start(words: readonly Letters[]): Status {
    const name = words[0]?.text.replace(/^(?:\/usr)?\/bin\//, '') ?? ''
    if (name === 'test' || name === '[') return this.#tested(words)
    if (name === 'true' || name === 'false') return Number(name === 'false')
    return this.#step(words, new Map(), { words: [], redirects: [], start: 0, end: 0 }, join(words))
  }

  #tested(words: readonly Letters[]): Status {
    const is = testOutcome(words, (path) => this.#view.exists(path))
    return is === undefined ? undefined : Number(!is)
  }

  call(name: string): boolean {
    if (!this.functions.has(name) || this.#nesting >= MAX_NESTING) return false
    this.#called(name)
    this.#hasEnded = false
    return true
  }

  #called(name: string): Status {
    const known = this.functions.get(name)
    if (known === undefined || this.#nesting >= MAX_NESTING) return undefined
    this.#nesting += 1
    const status = this.#apart(() => this.#node(known.body, known.text))
    this.#nesting -= 1
    return status
  }

  /** Runs a part of a pipeline, or what is in brackets: a shell of its own, which changes no variable here. */
  #forked(act: () => Status): Status {
    const { variables, exported, assignedIn } = this
    const ended = this.#view.forked?.()
    this.variables = new Map(variables)
    this.exported = new Set(exported)
    this.assignedIn = new Map(assignedIn)
    const status = this.#apart(act)
    ended?.()
    Object.assign(this, { variables, exported, assignedIn })
    return status
  }

  /** Runs what ends for itself alone. */
  #apart(act: () => Status): Status {
    const last = act()
    const status = this.#hasEnded ? this.#end : last
    this.#hasEnded = false
    return status
  }

  #scope(text: Letters): ShellScope {
    return {
      text,
      atoms: this.#atoms,
      variable: (name) =>
        /^[1-9]$/.test(name) ? this.positional?.[Number(name) - 1] : this.#value(name, text),
      positional: this.positional,
      assign: (name, value) => this.#assign(name, value),
      content: (path) => this.#view.content(path),
    }
  }

  #value(name: string, text: Letters): Letters | undefined {
    const opening = this.openings.at(-1)
    const value = this.variables.get(name)
    if (value !== undefined || opening === undefined || !/^[A-Za-z_]/.test(name)) return value
    return unknownLetters({ text, atoms: this.#atoms }, 0, `$${name}: ${opening.why}`)
  }

  #assign(name: string, value: Letters, text?: Letters, start = 0): void {
    const before = this.variables.get(name)
    // What may or may not have been set holds one of two values.
    const isOpen = this.#conditions > 0 && text !== undefined && before?.text !== value.text
    this.variables.set(
      name,
      isOpen ? unknownLetters(this.#scope(text), start, `$${name}, set under a condition`) : value,
    )
    this.assignedIn.set(name, text?.originAt(0)?.of.source)
    if (this.#allExported) this.exported.add(name)
  }

  /** Something that is not known sets variables. */
  open(carrier: 'env-file' | 'environment', why: string): void {
    this.openings.push({ carrier, why })
  }

  #node(node: ShellNode, text: Letters): Status {
    if (this.#hasEnded || this.steps.length >= MAX_STEPS) return undefined
    switch (node.kind) {
      case 'simple':
        return this.#simple(node, text)
      case 'pipeline':
        return this.#pipeline(node.parts, node.isNegated, text)
      case 'list':
        return this.#list(node.items, text)
      case 'if':
        return this.#if(node.branches, text)
      case 'loop':
        if (node.variable !== undefined)
          this.variables.set(
            node.variable,
            unknownLetters(this.#scope(text), node.start, `$${node.variable} of a loop`),
          )
        this.#maybe(() => this.#node(node.body, text))
        return undefined
      case 'case':
        this.#maybe(() => {
          for (const body of node.bodies) this.#node(body, text)
          return undefined
        })
        return undefined
      case 'function':
        this.functions.set(node.name, { body: node.body, text })
        return 0
      case 'group':
        return node.isSubshell ? this.#forked(() => this.#node(node.body, text)) : this.#node(node.body, text)
    }
  }

  #maybe(act: () => Status): Status {
    this.#conditions += 1
    const status = act()
    this.#conditions -= 1
    this.#hasEnded = false
    return status
  }

  #list(items: (ShellNode & { kind: 'list' })['items'], text: Letters): Status {
    let status: Status = 0
    for (const [index, { joint, node }] of items.entries()) {
      status = joint === ';' ? this.#node(node, text) : this.#joined(status, joint, node, text)
      if (this.#hasEnded) return this.#end
      if (this.#isStrict && (items[index + 1]?.joint ?? ';') === ';' && status !== 0) this.#endWith(status)
    }
    return status
  }

  /** `… && …`, `… || …` */
  #joined(before: Status, joint: '&&' | '||', node: ShellNode, text: Letters): Status {
    const well = isWell(before)
    if (well === undefined) {
      const other = this.#maybe(() => this.#node(node, text))
      return joint === '||' && other === 0 ? 0 : undefined
    }
    if (well !== (joint === '&&'))
      // Where what is before it should fail after all, that makes it good.
      return before === 'well' && this.#untaken(node) === 0 ? 0 : before
    const next = this.#node(node, text)
    this.#endsIf(before)
    return before === 'well' && next === 0 ? 'well' : next
  }

  /** What ends the text where a command succeeds ends it only then. */
  #endsIf(before: Status): void {
    if (before === 'well') this.#end = common([this.#end, before])
  }

  /** The status of a command that is left out, and would be run only if another one failed that should succeed. */
  #untaken(node: ShellNode): Status {
    if (node.kind === 'group') return this.#untaken(node.body)
    if (node.kind === 'list') return node.items.map((item) => this.#untaken(item.node)).at(-1)
    if (node.kind !== 'simple') return undefined
    const [name = '', argument] = node.words.map(({ parts }) =>
      parts.map((part) => (part.kind === 'text' ? part.text.text : '?')).join(''),
    )
    if (!ENDING.test(name)) return QUIET.test(name) ? 0 : undefined
    this.#ends.add(codeOf(argument))
    return 0
  }

  #if(branches: (ShellNode & { kind: 'if' })['branches'], text: Letters): Status {
    const open: Status[] = []
    for (const { condition, body } of branches) {
      const asked = condition === undefined ? 0 : this.#asked(() => this.#node(condition, text))
      const well = isWell(asked)
      if (well === false) continue
      if (well === true && open.length === 0) {
        const status = this.#node(body, text)
        this.#endsIf(asked)
        return asked === 0 ? status : common([status, 'well'])
      }
      open.push(this.#maybe(() => this.#node(body, text)))
      if (well === true) return common(open)
    }
    return common([...open, 0])
  }

  /** What stands behind `if` may fail, and nothing ends. */
  #asked(act: () => Status): Status {
    const wasStrict = this.#isStrict
    this.#isStrict = false
    const status = act()
    this.#isStrict = wasStrict
    return status
  }

  #pipeline(parts: readonly ShellNode[], isNegated: boolean, text: Letters): Status {
    const outer = this.#input
    const wasPiped = this.#isPiped
    let status: Status = 0
    for (const [index, part] of parts.entries()) {
      const before = this.steps.length
      const isLast = index === parts.length - 1
      this.#isPiped = wasPiped || !isLast
      const own = parts.length === 1 ? this.#node(part, text) : this.#forked(() => this.#node(part, text))
      // Without `pipefail` the last one decides.
      const isKept: boolean = this.#isWhole && (own === 0 || (own === 'well' && isWell(status) === false))
      status = isKept ? status : this.#isWhole && own === 'well' ? common([status, own]) : own
      this.#input = this.steps.slice(before).at(-1)
    }
    this.#input = outer
    this.#isPiped = wasPiped
    if (!isNegated) return status
    return typeof status === 'number' ? Number(status === 0) : undefined
  }

  #simple(command: SimpleCommand, text: Letters): Status {
    const scope = this.#scope(text)
    const assigned = new Map<string, Letters>()
    for (const { name, isAppended, value } of command.assignments) {
      const read = textOf(value, scope)
      const before = isAppended ? (assigned.get(name) ?? this.variables.get(name)) : undefined
      assigned.set(name, before === undefined ? read : join([before, read]))
    }
    const words = command.words.flatMap((word) => fieldsOf(word, scope))
    // Where a word stands that reads a pipe there is a program, though nothing may be left of its name: that of one of two shells.
    if (words.length === 0 && command.words.length > 0 && this.#input !== undefined)
      return this.#step(words, assigned, command, text)
    if (words.length === 0) {
      for (const [name, value] of assigned) this.#assign(name, value, text, command.start)
      const parts = command.assignments.flatMap(({ value }) => value.parts)
      return parts.some(({ kind }) => kind === 'substitution') ? 'well' : 0
    }
    return this.#program(words, assigned, command, text)
  }

  #program(
    words: readonly Letters[],
    assigned: ReadonlyMap<string, Letters>,
    command: SimpleCommand,
    text: Letters,
  ): Status {
    const name = words[0]?.text ?? ''
    switch (name) {
      case 'export':
      case 'declare':
      case 'typeset':
      case 'readonly':
      case 'local':
        this.#declare(words, command, text)
        return 0
      case 'unset':
        for (const { text: gone } of words.slice(1)) {
          this.variables.delete(gone)
          this.exported.delete(gone)
        }
        return 0
      case 'set':
        this.#set(words)
        return 0
      case 'shift':
        this.#shift(Number(words[1]?.text ?? 1))
        return 0
      case '.':
      case 'source':
        return this.#source(words[1])
      case '[':
      case '[[':
      case 'test':
        return this.#tested(words)
      case 'exit':
      case 'return':
        this.#endWith(codeOf(words[1]?.text))
        return undefined
      case ':':
      case 'true':
      case '/bin/true':
      case '/usr/bin/true':
        return 0
      case 'false':
      case '/bin/false':
      case '/usr/bin/false':
        return 1
      default:
        if (this.functions.has(name)) return this.#function(words, assigned)
        return this.#step(words, assigned, command, text)
    }
  }

  #endWith(status: Status): void {
    // It ends there for certain only if it comes there, and fails.
    if (this.#conditions > 0 || (this.#isStrict && typeof status !== 'number')) this.#ends.add(status)
    else {
      this.#hasEnded = true
      this.#end = status
    }
  }

  /** What is assigned in front of a function is exported while it runs; it has arguments of its own. */
  #function([name, ...args]: readonly Letters[], assigned: ReadonlyMap<string, Letters>): Status {
    const outer = this.positional
    this.positional = args
    const before = [...assigned.keys()].map(
      (variable) => [variable, this.variables.get(variable), this.exported.has(variable)] as const,
    )
    for (const [variable, value] of assigned) {
      this.variables.set(variable, value)
      this.exported.add(variable)
    }
    const status = this.#called(name?.text ?? '')
    this.positional = outer
    for (const [variable, value, wasExported] of before) {
      if (value === undefined) this.variables.delete(variable)
      else this.variables.set(variable, value)
      if (!wasExported) this.exported.delete(variable)
    }
    return status
  }

  #step(
    words: readonly Letters[],
    assigned: ReadonlyMap<string, Letters>,
    command: Pick<SimpleCommand, 'words' | 'redirects' | 'start' | 'end'>,
    text: Letters,
  ): Status {
    const environment = new Map([...this.variables].filter(([name]) => this.exported.has(name)))
    for (const [name, value] of [...assigned, ...assignedByEnv(words)]) environment.set(name, value)
    const step: RunStep = {
      words,
      lacksWord: words.length < command.words.length,
      environment,
      opening: this.openings.at(-1),
      assigned,
      input: this.#fileRead(words, environment, command, text) ?? this.#input,
      isPiped: this.#isPiped,
      isConditional: this.#conditions > 0,
      document: this.#document(command.redirects, text),
      reads: this.#reads(command.redirects, text),
      output: this.#output(command.redirects, text),
      start: command.start,
      end: command.end,
      text,
    }
    this.steps.push(step)
    const status = this.#view.ran?.(step)
    const inner = scriptOf(step)
    if (inner !== undefined) return this.#nested(inner, environment)
    const program = words[behindWrappers(words.map((word) => word.text))]
    return status ?? (ASKING.test(program?.text ?? '') ? undefined : 'well')
  }

  /** `sh -s <FILE` reads what `cat FILE | sh -s` would. */
  #fileRead(
    words: readonly Letters[],
    environment: ReadonlyMap<string, Letters>,
    { redirects, start, end }: Pick<SimpleCommand, 'redirects' | 'start' | 'end'>,
    text: Letters,
  ): RunStep | undefined {
    const path = words.some((word) => isShell(word.text)) ? this.#reads(redirects, text) : undefined
    const origin = path?.originAt(0)
    if (path === undefined || origin === undefined) return undefined
    const step: RunStep = {
      words: [madeLetters('cat', withAtom(origin, undefined)), path],
      lacksWord: false,
      environment,
      opening: undefined,
      assigned: new Map(),
      input: undefined,
      isPiped: true,
      isConditional: this.#conditions > 0,
      document: undefined,
      reads: undefined,
      output: undefined,
      start,
      end,
      text,
    }
    this.steps.push(step)
    this.#view.ran?.(step)
    return step
  }

  /** `sh -c '…'`: a shell of its own, which changes nothing here. */
  #nested(script: Letters, environment: ReadonlyMap<string, Letters>): Status {
    if (this.#nesting >= MAX_NESTING) return undefined
    const inner = new ShellRun(this.#atoms, this.#view)
    for (const [name, value] of environment) {
      inner.variables.set(name, value)
      inner.exported.add(name)
    }
    inner.openings.push(...this.openings)
    inner.#nesting = this.#nesting + 1
    inner.#conditions = this.#conditions
    inner.#isPiped = this.#isPiped
    const ended = this.#view.forked?.()
    const status = inner.run(script)
    ended?.()
    this.steps.push(...inner.steps)
    return status
  }

  #document(redirects: readonly ShellRedirect[], text: Letters): Letters | undefined {
    const last = redirects.findLast(({ operator }) => operator.startsWith('<<'))
    if (last === undefined) return undefined
    const read = textOf(last.target, this.#scope(text))
    return last.operator === '<<-' ? withoutTabs(read) : read
  }

  #reads(redirects: readonly ShellRedirect[], text: Letters): Letters | undefined {
    const last = redirects.findLast(
      ({ descriptor, operator }) => /^0?$/.test(descriptor) && operator.startsWith('<'),
    )
    return last?.operator === '<' ? textOf(last.target, this.#scope(text)) : undefined
  }

  #output(redirects: readonly ShellRedirect[], text: Letters): ShellOutput<Letters> | undefined {
    const last = redirects.findLast(
      ({ descriptor, operator }) => /^(?:1|)$/.test(descriptor) && /^&?>>?$|^>\|$/.test(operator),
    )
    if (last === undefined) return undefined
    return { path: textOf(last.target, this.#scope(text)), isAppended: last.operator.endsWith('>>') }
  }

  #declare(words: readonly Letters[], command: SimpleCommand, text: Letters): void {
    const exports = words[0]?.text === 'export' || words.some((word) => /^-\w*x/.test(word.text))
    const scope = this.#scope(text)
    for (const word of command.words.slice(1)) {
      // Behind `export`, a value is not split.
      const whole = textOf(word, scope)
      const [, name, equals] = /^([A-Za-z_]\w*)(=?)/.exec(whole.text) ?? []
      const unknown = name === undefined ? unknownIn(whole) : undefined
      if (exports && unknown !== undefined) this.open('environment', unknown.what)
      if (name === undefined) continue
      if (equals === '=') this.#assign(name, cut(whole, name.length + 1), text, command.start)
      if (exports) this.exported.add(name)
    }
  }

  #set(words: readonly Letters[]): void {
    const line = words.map(({ text }) => text).join(' ')
    const args = words.findIndex(({ text }) => text === '--')
    if (args !== -1) this.positional = this.#conditions > 0 ? undefined : words.slice(args + 1)
    if (/^set (?:.* )?-(?:[a-z]*a[a-z]*|o allexport)(?: |$)/.test(line)) this.#allExported = true
    if (/^set (?:.* )?\+(?:[a-z]*a[a-z]*|o allexport)(?: |$)/.test(line)) this.#allExported = false
    if (/^set (?:.* )?-(?:[a-z]*e[a-z]*|o errexit)(?: |$)/.test(line)) this.#isStrict = true
    if (/^set (?:.* )?\+(?:[a-z]*e[a-z]*|o errexit)(?: |$)/.test(line)) this.#isStrict = false
    if (/^set (?:.* )?-[a-z]*o pipefail(?: |$)/.test(line)) this.#isWhole = true
  }

  /** Under a condition nobody knows how many are left. */
  #shift(count: number): void {
    this.positional =
      this.#conditions > 0 || !Number.isInteger(count) ? undefined : this.positional?.slice(count)
  }

  #source(path: Letters | undefined): Status {
    if (path === undefined) return undefined
    const unknown = unknownIn(path)
    if (unknown !== undefined) {
      this.open('env-file', unknown.what)
      return undefined
    }
    const content = this.#view.content(path.text)
    this.#view.sourced?.(path.text, content !== undefined)
    if (content === undefined) {
      // One that is not known may be there all the same.
      if (this.#view.exists(path.text) !== false) this.open('env-file', `what stands in ${path.text}`)
      return undefined
    }
    return this.run(content)
  }
}

/** `<<-` takes the tabs away that lines begin with. */
function withoutTabs(letters: Letters): Letters {
  const lines = [...letters.text.matchAll(/^(\t*)([^\n]*\n?)/gm)]
  return join(
    lines.map(({ index, 1: tabs = '', 2: line = '' }) =>
      cut(letters, index + tabs.length, index + tabs.length + line.length),
    ),
  )
}

/** Programs that are run for their exit status. */
const ASKING =
  /(?:^|\/)(?:grep|egrep|command|which|type|systemctl|rc-service|id|pgrep|diff|cmp|dpkg|rpm|hash)$/

/** Programs that do not fail. */
const QUIET = /^(?::|echo|printf|(?:\S*\/)?true)$/

const ENDING = /^(?:exit|return)$/

/** What `exit` is told, if anything. */
const codeOf = (argument: string | undefined): Status =>
  argument !== undefined && /^\d{1,3}$/.test(argument) ? Number(argument) : undefined

/** `env NAME=value … program`, `sudo NAME=value … program`. */
function assignedByEnv(words: readonly Letters[]): readonly (readonly [string, Letters])[] {
  if (!/(?:^|\/)(?:env|sudo)$/.test(words[0]?.text ?? '')) return []
  const found: (readonly [string, Letters])[] = []
  for (const word of words.slice(1)) {
    const [whole, name] = /^([A-Za-z_]\w*)=/.exec(word.text) ?? []
    if (whole !== undefined && name !== undefined) found.push([name, cut(word, whole.length)])
    else if (!word.text.startsWith('-')) break
  }
  return found
}

/** The script of `sh -c SCRIPT`, and of a shell that reads a here-document. */
export function scriptOf({ words, document }: Pick<RunStep, 'words' | 'document'>): Letters | undefined {
  const at = behindWrappers(words.map(({ text }) => text))
  if (!isShell(words[at]?.text ?? '')) return undefined
  const options = words.slice(at + 1)
  const flag = options.findIndex(({ text }) => /^-\w*c$/.test(text))
  if (flag !== -1 && options.slice(0, flag).every(({ text }) => text.startsWith('-')))
    return options[flag + 1]
  return options.length === 0 ? document : undefined
}
