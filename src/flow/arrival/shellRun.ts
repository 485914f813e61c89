import {
  parseShell,
  type ShellNode,
  type ShellRedirect,
  type SimpleCommand,
} from '../../syntax/shell/index.ts'
import { cut, join } from '../../syntax/sourced.ts'
import type { Atoms } from '../atoms.ts'
import { Remembered } from '../remembered.ts'
import { type Letters, type Source, unknownIn } from './letters.ts'
import { fieldsOf, type ShellScope, testOutcome, textOf, unknownLetters } from './shellValues.ts'

const parsed = new Remembered<ShellNode>()

/** A program that a shell text runs, over letters. */
export interface RunStep {
  readonly words: readonly Letters[]
  readonly environment: ReadonlyMap<string, Letters>
  readonly assigned: ReadonlyMap<string, Letters>
  readonly input: RunStep | undefined
  readonly isConditional: boolean
  /** Text that it reads: a here-document. */
  readonly document: Letters | undefined
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

/** What a shell text can see of the node. */
export interface ShellNodeView {
  content(path: string): Letters | undefined
  exists(path: string): boolean | undefined
  /** A file that is sourced. */
  sourced?(path: string, exists: boolean): void
}

type Outcome = boolean | undefined
const MAX_STEPS = 2000
const MAX_NESTING = 20

/** Runs shell texts on paper: variables, exports, functions, sourced files, `sh -c`. */
export class ShellRun {
  readonly steps: RunStep[] = []
  readonly variables = new Map<string, Letters>()
  readonly exported = new Set<string>()
  /** The text in which a variable got its value. */
  readonly assignedIn = new Map<string, Source | undefined>()
  /** `$1`, `$2`, … */
  positional: readonly Letters[] | undefined
  readonly functions = new Map<string, { readonly body: ShellNode; readonly text: Letters }>()
  readonly #atoms: Atoms
  readonly #view: ShellNodeView
  #allExported = false
  #conditions = 0
  #nesting = 0
  #input: RunStep | undefined
  #hasEnded = false

  constructor(atoms: Atoms, view: ShellNodeView) {
    this.#atoms = atoms
    this.#view = view
  }

  run(text: Letters): void {
    if (this.#nesting >= MAX_NESTING) return
    this.#nesting += 1
    this.#node(
      parsed.get(this.#atoms, [text.text], () => parseShell(text.text)),
      text,
    )
    this.#nesting -= 1
  }

  call(name: string): boolean {
    const known = this.functions.get(name)
    if (known === undefined || this.#nesting >= MAX_NESTING) return false
    this.#nesting += 1
    this.#node(known.body, known.text)
    this.#nesting -= 1
    this.#hasEnded = false
    return true
  }

  #scope(text: Letters): ShellScope {
    return {
      text,
      atoms: this.#atoms,
      variable: (name) =>
        /^[1-9]$/.test(name) ? this.positional?.[Number(name) - 1] : this.variables.get(name),
      positional: this.positional,
      assign: (name, value) => this.#assign(name, value),
      content: (path) => this.#view.content(path),
    }
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

  #node(node: ShellNode, text: Letters): Outcome {
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
        return this.#maybe(() => this.#node(node.body, text))
      case 'case':
        return this.#maybe(() => {
          for (const body of node.bodies) this.#node(body, text)
          return undefined
        })
      case 'function':
        this.functions.set(node.name, { body: node.body, text })
        return true
      case 'group':
        return this.#node(node.body, text)
    }
  }

  #maybe(act: () => Outcome): Outcome {
    this.#conditions += 1
    act()
    this.#conditions -= 1
    this.#hasEnded = false
    return undefined
  }

  #list(items: (ShellNode & { kind: 'list' })['items'], text: Letters): Outcome {
    let outcome: Outcome = true
    for (const { joint, node } of items) {
      if (joint === '&&' && outcome === false) continue
      if (joint === '||' && outcome === true) continue
      const isOpen: boolean = joint !== ';' && outcome === undefined
      outcome = isOpen ? this.#maybe(() => this.#node(node, text)) : this.#node(node, text)
    }
    return outcome
  }

  #if(branches: (ShellNode & { kind: 'if' })['branches'], text: Letters): Outcome {
    let isOpen = false
    for (const { condition, body } of branches) {
      const outcome: Outcome = condition === undefined ? true : this.#node(condition, text)
      if (outcome === false) continue
      if (outcome === true && !isOpen) return this.#node(body, text)
      isOpen = true
      this.#maybe(() => this.#node(body, text))
      if (outcome === true) return undefined
    }
    return undefined
  }

  #pipeline(parts: readonly ShellNode[], isNegated: boolean, text: Letters): Outcome {
    const outer = this.#input
    let outcome: Outcome
    for (const part of parts) {
      const before = this.steps.length
      outcome = this.#node(part, text)
      this.#input = this.steps.slice(before).at(-1)
    }
    this.#input = outer
    return outcome === undefined ? undefined : outcome !== isNegated
  }

  #simple(command: SimpleCommand, text: Letters): Outcome {
    const scope = this.#scope(text)
    const assigned = new Map<string, Letters>()
    for (const { name, isAppended, value } of command.assignments) {
      const read = textOf(value, scope)
      const before = isAppended ? (assigned.get(name) ?? this.variables.get(name)) : undefined
      assigned.set(name, before === undefined ? read : join([before, read]))
    }
    const words = command.words.flatMap((word) => fieldsOf(word, scope))
    if (words.length === 0) {
      for (const [name, value] of assigned) this.#assign(name, value, text, command.start)
      return true
    }
    return this.#program(words, assigned, command, text)
  }

  #program(
    words: readonly Letters[],
    assigned: ReadonlyMap<string, Letters>,
    command: SimpleCommand,
    text: Letters,
  ): Outcome {
    const name = words[0]?.text ?? ''
    switch (name) {
      case 'export':
      case 'declare':
      case 'typeset':
      case 'readonly':
      case 'local':
        this.#declare(words, command, text)
        return true
      case 'unset':
        for (const { text: gone } of words.slice(1)) {
          this.variables.delete(gone)
          this.exported.delete(gone)
        }
        return true
      case 'set':
        this.#set(words.map((word) => word.text).join(' '))
        return true
      case '.':
      case 'source':
        return this.#source(words[1])
      case '[':
      case '[[':
      case 'test':
        return testOutcome(words, (path) => this.#view.exists(path))
      case 'exit':
      case 'return':
        if (this.#conditions === 0) this.#hasEnded = true
        return undefined
      case ':':
      case 'true':
        return true
      case 'false':
        return false
      default:
        if (this.functions.has(name)) return this.#function(name, assigned)
        return this.#step(words, assigned, command, text)
    }
  }

  /** What is assigned in front of a function is exported while it runs. */
  #function(name: string, assigned: ReadonlyMap<string, Letters>): Outcome {
    const before = [...assigned.keys()].map(
      (variable) => [variable, this.variables.get(variable), this.exported.has(variable)] as const,
    )
    for (const [variable, value] of assigned) {
      this.variables.set(variable, value)
      this.exported.add(variable)
    }
    this.call(name)
    for (const [variable, value, wasExported] of before) {
      if (value === undefined) this.variables.delete(variable)
      else this.variables.set(variable, value)
      if (!wasExported) this.exported.delete(variable)
    }
    return undefined
  }

  #step(
    words: readonly Letters[],
    assigned: ReadonlyMap<string, Letters>,
    command: SimpleCommand,
    text: Letters,
  ): Outcome {
    const environment = new Map([...this.variables].filter(([name]) => this.exported.has(name)))
    for (const [name, value] of [...assigned, ...assignedByEnv(words)]) environment.set(name, value)
    const step: RunStep = {
      words,
      environment,
      assigned,
      input: this.#input,
      isConditional: this.#conditions > 0,
      document: this.#document(command.redirects, text),
      output: this.#output(command.redirects, text),
      start: command.start,
      end: command.end,
      text,
    }
    this.steps.push(step)
    const inner = scriptOf(step)
    if (inner !== undefined) this.#nested(inner, environment)
    return ASKING.test(words[0]?.text ?? '') ? undefined : true
  }

  /** `sh -c '…'`: a shell of its own, which changes nothing here. */
  #nested(script: Letters, environment: ReadonlyMap<string, Letters>): void {
    if (this.#nesting >= MAX_NESTING) return
    const inner = new ShellRun(this.#atoms, this.#view)
    for (const [name, value] of environment) {
      inner.variables.set(name, value)
      inner.exported.add(name)
    }
    inner.#nesting = this.#nesting + 1
    inner.#conditions = this.#conditions
    inner.run(script)
    this.steps.push(...inner.steps)
  }

  #document(redirects: readonly ShellRedirect[], text: Letters): Letters | undefined {
    const last = redirects.findLast(({ operator }) => operator.startsWith('<<'))
    if (last === undefined) return undefined
    const read = textOf(last.target, this.#scope(text))
    return last.operator === '<<-' ? withoutTabs(read) : read
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
      if (name === undefined) continue
      if (equals === '=') this.#assign(name, cut(whole, name.length + 1), text, command.start)
      if (exports) this.exported.add(name)
    }
  }

  #set(line: string): void {
    if (/^set (?:.* )?-(?:[a-z]*a[a-z]*|o allexport)(?: |$)/.test(line)) this.#allExported = true
    if (/^set (?:.* )?\+(?:[a-z]*a[a-z]*|o allexport)(?: |$)/.test(line)) this.#allExported = false
  }

  #source(path: Letters | undefined): Outcome {
    if (path === undefined || unknownIn(path) !== undefined) return undefined
    const content = this.#view.content(path.text)
    this.#view.sourced?.(path.text, content !== undefined)
    if (content === undefined) return false
    this.run(content)
    return true
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
  const at = words.findIndex(({ text }) => /(?:^|\/)(?:ba|da|a|k|z)?sh$/.test(text))
  if (
    at === -1 ||
    words.slice(0, at).some(({ text }) => !/^(?:\S*\/)?(?:sudo|env|exec|nohup|nice|-\w+|\w+=.*)$/.test(text))
  )
    return undefined
  const options = words.slice(at + 1)
  const flag = options.findIndex(({ text }) => /^-\w*c$/.test(text))
  if (flag !== -1 && options.slice(0, flag).every(({ text }) => text.startsWith('-')))
    return options[flag + 1]
  return options.length === 0 ? document : undefined
}
