import type { AnsibleValue } from '../../ansible/value.ts'
import { escaped } from '../../syntax/regExp.ts'
import type { Atoms } from '../atoms.ts'
import type { FlowValue } from '../evaluate/index.ts'
import type { Closure } from './closure.ts'
import type { PaperHosts } from './hosts.ts'

/** Variables by which projects say that a site has no internet. */
const AIRGAP =
  /\b[a-z_]\w*?(?:air_?gap|offline|disconnected|isolated)\w*|\b(?:air_?gap|offline|disconnected|isolated)\w*/gi

/** Before a text in an expression: what stands there is no variable. */
const BEFORE_TEXT = /(?:[=!]=|\bin|[[(,])\s*\\?['"][\w-]*$/

/** `install_mode == 'airgap'`, `install_mode | default('online') in ['airgap', 'offline']` */
const AIRGAP_TEXT =
  /\b([a-z_]\w*)(?:\s*\|\s*[\w.]+(?:\([^()\n]*\))?)*\s*(?:[!=]=|\b(?:not\s+)?in\b)\s*(?:[[(]\s*(?:\\?['"][\w-]*\\?['"]\s*,\s*)*)?\\?['"]([\w-]*(?:air[_-]?gap|offline|disconnected|isolated)[\w-]*)\\?['"]/gi

/** What the conditions and expressions of one playbook and all that it reaches ask about variables. */
export class Switches {
  readonly #conditions: string
  readonly #expressions: string
  readonly #list: readonly string[]
  /** Both. */
  readonly #text: string
  readonly #made: ReadonlySet<string>
  readonly #tests = new Map<string, boolean>()

  constructor({ conditions, expressions, made }: Pick<Closure, 'conditions' | 'expressions' | 'made'>) {
    this.#list = expressions
    this.#conditions = conditions.join('\n')
    this.#expressions = expressions.join('\n')
    this.#text = `${this.#conditions}\n${this.#expressions}`
    this.#made = made
  }

  /** Names that a condition could test; what a task registers or sets itself is none. */
  airgap(): readonly string[] {
    this.#airgap ??= [
      ...new Set(
        [...this.#text.matchAll(AIRGAP)]
          .filter(({ index }) => !BEFORE_TEXT.test(this.#text.slice(Math.max(0, index - 40), index)))
          .map(([name]) => name),
      ),
    ].filter((name) => !this.isSet(name))
    return this.#airgap
  }

  #airgap: readonly string[] | undefined

  /** Variables that say it by a text, each with the first such text that it is compared with. */
  airgapTexts(): ReadonlyMap<string, string> {
    if (this.#airgapTexts === undefined) {
      const found = new Map<string, string>()
      for (const [, name = '', text = ''] of this.#text.matchAll(AIRGAP_TEXT))
        if (!found.has(name) && !this.isSet(name)) found.set(name, text)
      this.#airgapTexts = found
    }
    return this.#airgapTexts
  }

  #airgapTexts: ReadonlyMap<string, string> | undefined

  /** Whether something asks if the variable is there, or what to take if it isn't. */
  isOptional(name: string): boolean {
    let known = this.#tests.get(name)
    if (known === undefined) {
      // As a key of hostvars it is another host's, which a task may have made there.
      const key = this.isSet(name) ? '' : `(?:['"]\\s*\\])?`
      known = new RegExp(
        `\\b${escaped(name)}${key}(?:\\.\\w+|\\[[^\\]]*\\])*\\s*(?:\\)\\s*)?(?:is\\s+(?:not\\s+)?(?:un)?defined|\\|\\s*(?:ansible\\.builtin\\.)?(?:default|d)\\b)`,
      ).test(this.#text)
      this.#tests.set(name, known)
    }
    return known
  }

  /** Whether a condition asks what the variable says, or whether it is there. */
  isAsked(name: string): boolean {
    if (this.isOptional(name)) return true
    const word = `\\b${escaped(name)}\\b`
    return (
      new RegExp(word).test(this.#conditions) ||
      new RegExp(
        `\\b(?:and|or|not|if|elif)\\b[^\\n]*${word}|${word}\\s*(?:[!=]=|\\|\\s*(?:bool|length|count)\\b)`,
      ).test(this.#expressions)
    )
  }

  /** Names that stand in one expression with one of these. */
  besides(tokens: ReadonlySet<string>): ReadonlySet<string> {
    this.#besides ??= new Set(
      this.#list.flatMap((expression) => {
        if (/[{}]/.test(expression)) return []
        const names = expression.match(/[A-Za-z_]\w*/g) ?? []
        return names.some((name) => tokens.has(name)) ? names : []
      }),
    )
    return this.#besides
  }

  #besides: ReadonlySet<string> | undefined

  /** Whether a condition could ask it. */
  isTested(name: string): boolean {
    return new RegExp(`\\b${escaped(name)}\\b`).test(this.#text)
  }

  /** Whether a task makes it: `register`, `set_fact`. */
  isSet(name: string): boolean {
    return this.#made.has(name)
  }

  /** Whether the variable says so by being there, not by being true. */
  isPath(name: string): boolean {
    return (
      /(?:dir|directory|path|url|registry|file|bundle|folder|media)$/i.test(name) ||
      new RegExp(`\\b${escaped(name)}\\s+is\\s+(?:not\\s+)?(?:un)?defined`).test(this.#text)
    )
  }
}

export interface AirgapSwitch {
  readonly name: string
  readonly on: FlowValue
  /** `undefined`: the variable is not there. */
  readonly off: FlowValue | undefined
}

export interface AirgapSwitches {
  readonly switches: readonly AirgapSwitch[]
  /** Whether the inventory says already that the site is airgapped. */
  readonly settled: boolean | undefined
}

/**
 * The variables that mean "airgapped", with the values for both ways. What an inventory sets stays as it is: the site is
 * what its inventory says.
 */
export function airgapSwitches(
  switches: Switches,
  hosts: PaperHosts,
  defaults: (name: string) => AnsibleValue | undefined,
  atoms: Atoms,
): AirgapSwitches {
  let settled: boolean | undefined
  const found: AirgapSwitch[] = []
  const ownOf = (name: string): AnsibleValue | undefined =>
    [...hosts.hosts.values()]
      .map(({ variables }) => variables.get(name)?.value)
      .find((value) => value !== undefined)
  for (const [name, on] of switches.airgapTexts()) {
    const given = ownOf(name) ?? defaults(name)
    if (given === on) settled = true
    else if (given === undefined || typeof given === 'string') found.push({ name, on, off: given })
  }
  for (const name of switches.airgap()) {
    const own = ownOf(name)
    if (own !== undefined && !isOff(own)) {
      settled = true
      continue
    }
    const given = own ?? defaults(name)
    const text = atoms.mark(atoms.root(`airgapped ${name}`, { kind: 'scenario', what: name, isFilled: true }))
    if (typeof given === 'boolean') found.push({ name, on: true, off: false })
    else if (typeof given === 'string')
      found.push(
        given !== '' && isOff(given) ? { name, on: 'yes', off: given } : { name, on: text, off: given },
      )
    else {
      const isPath = switches.isPath(name)
      // Where nothing asks whether it is there, whoever is online has to set it, too.
      const isNeeded = given === undefined && !isPath && !switches.isOptional(name)
      const off = typeof given === 'number' ? given : isNeeded ? false : undefined
      found.push({ name, on: isPath ? text : true, off })
    }
  }
  return { switches: found, settled }
}

/** What says no, to the filter `bool` at the least: in INI a `false` is a text, as only `False` is Python's. */
const isOff = (value: AnsibleValue): boolean =>
  typeof value === 'string'
    ? /^(?:|no?|false|off|0)$/i.test(value)
    : value === false || value === null || value === 0
