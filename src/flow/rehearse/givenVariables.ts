import type { AnsibleValue } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import { escaped } from '../../syntax/regExp.ts'
import type { Atoms } from '../atoms.ts'
import { type FlowValue, Result, Ungiven } from '../evaluate/index.ts'
import type { Scenario } from '../rehearsal.ts'
import { Unknown } from '../unknown.ts'
import type { Closure } from './closure.ts'
import type { LeftTo, Question, Stage } from './context.ts'
import type { Director } from './director.ts'
import { givenByCommands, givenByVagrant } from './extraVariables.ts'
import { guards } from './guards.ts'
import type { PaperHosts } from './hosts.ts'
import { textOf } from './relevance.ts'
import { ResultNames } from './resultNames.ts'
import { type AirgapSwitches, airgapSwitches, type Switches } from './switches.ts'
import { sealedFile, type Unread, withMore } from './unread.ts'

const URL_VARIABLE = /\bK3S_URL["']?\s*[:=]\s*\\?["']?\{\{\s*(\w+)\s*\}\}/g

/** What of a stage hangs on who sets a variable. */
type GivenParts = Pick<
  Stage,
  | 'overrides'
  | 'leftTo'
  | 'missed'
  | 'isToken'
  | 'filled'
  | 'isMade'
  | 'extraVariable'
  | 'givenByCommands'
  | 'asked'
>

/** Variables that a scenario sets, or leaves out, in place of those who run a playbook: its token, and the airgap directory. */
export class GivenVariables {
  readonly #director: Director
  readonly #playbook: string
  readonly #closure: Closure
  readonly #switches: Switches
  readonly #isInvented: boolean
  readonly #results: ResultNames

  /** `isInvented`: whether the hosts are, so that no inventory says anything. */
  constructor(
    director: Director,
    playbook: string,
    closure: Closure,
    switches: Switches,
    isInvented: boolean,
  ) {
    this.#director = director
    this.#playbook = playbook
    this.#closure = closure
    this.#switches = switches
    this.#isInvented = isInvented
    this.#results = new ResultNames(director.project, director.content, playbook, closure)
  }

  /** What a run needs to know of them. `asked` takes down what it asks for. */
  inScenario(scenario: Scenario, hosts: PaperHosts, asked: Set<Question>): GivenParts {
    const director = this.#director
    const airgap = this.airgap(hosts).switches
    const overrides = new Map<string, FlowValue | undefined>()
    const withheld = this.withheld(hosts)
    if (scenario.airgapped !== undefined)
      for (const { name, on, off } of airgap) overrides.set(name, scenario.airgapped ? on : off)
    for (const name of director.tokenVariables) {
      const [whole = name, ...parts] = name.split('.')
      if (parts.length > 0) {
        const isLeft = (parts.length === 1 && this.#isUnset(whole, hosts)) || this.#opened.has(whole)
        if (isLeft && !overrides.has(whole)) {
          const isGiven = scenario.tokenGiven !== false || !this.#switches.isOptional(name)
          overrides.set(whole, givenPart(director.atoms, whole, parts, isGiven))
        }
        continue
      }
      const isSwitchedOff = this.#isSwitchedOff(name, hosts)
      if (scenario.tokenGiven === false && isSwitchedOff) continue
      if (scenario.tokenGiven === false && this.#switches.isOptional(name))
        overrides.set(name, isOfEnvironment(name, hosts) ? '' : undefined)
      else if (
        isSwitchedOff ||
        this.#isUnset(name, hosts) ||
        (scenario.tokenGiven === true && withheld.has(name))
      )
        overrides.set(name, givenToken(director.atoms, name))
    }
    for (const name of this.#opened.keys())
      if (!overrides.has(name)) overrides.set(name, new Unknown(name, `nothing in the project sets ${name}`))
    for (const name of this.#urls)
      if (!overrides.has(name) && this.#isLeftEmpty(name, hosts))
        overrides.set(name, new Ungiven(name, `the role leaves ${name} to its users`))
    return {
      overrides,
      leftTo: (name, unread) => {
        const found = this.#leftTo(name, hosts, unread)
        if (found !== undefined && found.to !== 'user') this.#tokensElsewhere.add(name)
        return found
      },
      missed: (name) => {
        if (!director.tokenVariables.has(name) || !this.#isForUsers(name, hosts)) return
        asked.add('token')
        this.#tokensAsked.add(name)
      },
      isToken: (name) => director.tokenVariables.has(name),
      filled: (name) => {
        if (!this.#isLeftOut(name, hosts)) return undefined
        if (!director.tokenVariables.has(name))
          return new Unknown(name, `the role leaves ${name} to its users`)
        return scenario.tokenGiven === false ? undefined : givenToken(director.atoms, name)
      },
      isMade: (name) => this.#switches.isSet(name),
      extraVariable: (name) => director.extraVariable(name),
      givenByCommands: this.#givenByCommands,
      asked: watched(
        asked,
        {
          airgapped: new Set(airgap.map(({ name }) => name)),
          token: new Set([...this.optional(hosts), ...this.#emptyTokens, ...this.#refused(hosts)]),
        },
        overrides,
        this.#tokensAsked,
      ),
    }
  }

  /**
   * Takes variables that nobody sets, and without which no task that brings K3s runs, to be given: that is what they are for.
   * `false`: there are none.
   */
  opensGuards(hosts: PaperHosts): boolean {
    const all = guards(this.#closure, this.#director.content)
    this.#opened = new Map(
      [...all].filter(
        ([name]) => this.#director.defaultOf(name) === undefined && this.#isNowhere(name, hosts),
      ),
    )
    return this.#opened.size > 0
  }

  closesGuards(): void {
    this.#opened = new Map()
  }

  sayWhatIsOpened(): void {
    for (const [name, at] of this.#opened)
      this.#director.note({
        at,
        what: `nothing in the project sets ${name}: it is taken to be given, as K3s comes only then`,
      })
  }

  #opened: ReadonlyMap<string, Span> = new Map()

  /** The tokens that a playbook can do without; of one that is part of a mapping that mapping. */
  optional(hosts: PaperHosts): ReadonlySet<string> {
    let found = this.#optionalFound.get(hosts)
    if (found === undefined) {
      found = new Set(
        [...this.#director.tokenVariables].flatMap((name) => {
          const [whole = name, part] = name.split('.')
          const isOptional =
            this.#switches.isOptional(name) &&
            (part === undefined ? !this.#isOnlyMade(name, hosts) : this.#isUnset(whole, hosts))
          return isOptional || (part === undefined && this.#isSwitchedOff(name, hosts)) ? [whole] : []
        }),
      )
      this.#optionalFound.set(hosts, found)
    }
    return found
  }

  /**
   * Tokens that were asked for and that nobody gives, as no file sets more than an empty default: `-e` may give them all the
   * same, or a file that is not for git.
   */
  withheld(hosts: PaperHosts): ReadonlySet<string> {
    return new Set([...this.#asked(hosts)].filter((name) => this.#isForUsers(name, hosts)))
  }

  #isForUsers(name: string, hosts: PaperHosts): boolean {
    const value = this.#director.defaultOf(name)
    // A group that a task makes may have it.
    const ofGroups = () => hosts.within(this.#director.groupsWithVariables, name, undefined)
    return (
      (value === undefined ? !this.#isInvented : isNone(value)) &&
      (this.#isRefused(name, hosts)
        ? isNone(ofGroups()?.value ?? null)
        : this.#isNowhere(name, hosts) && ofGroups() === undefined) &&
      !this.#isSwitchedOff(name, hosts) &&
      this.#director.extraVariable(name) === undefined &&
      !this.#tokensElsewhere.has(name)
    )
  }

  /** Whether no host has more than an empty one, which a task that ends the play asks for: that value is a blank to fill in. */
  #isRefused(name: string, hosts: PaperHosts): boolean {
    const known = this.#refusedFound.get(hosts) ?? new Map<string, boolean>()
    this.#refusedFound.set(hosts, known)
    let is = known.get(name)
    if (is === undefined) {
      is =
        this.#refusing.includes(name) &&
        new RegExp(`\\b${escaped(name)}\\b`).test(this.#refusing) &&
        [...hosts.hosts.values()].every(({ variables }) => isNone(variables.get(name)?.value ?? '')) &&
        !this.#switches.isSet(name)
      known.set(name, is)
    }
    return is
  }

  readonly #refusedFound = new Map<PaperHosts, Map<string, boolean>>()

  /** What tasks ask that end the play. */
  get #refusing(): string {
    this.#refusingFound ??= this.#closure.tasks
      .flatMap(({ task: { action, keywords } }) => {
        const asked = { assert: action.arguments.get('that'), fail: keywords.get('when') }[action.module]
        return asked === undefined ? [] : [textOf(asked.value)]
      })
      .join('\n')
    return this.#refusingFound
  }

  #refusingFound: string | undefined

  #refused(hosts: PaperHosts): readonly string[] {
    return [...this.#director.tokenVariables].filter((name) => this.#isRefused(name, hosts))
  }

  /** Whether a playbook asks for no other token than these. */
  isWithheld(hosts: PaperHosts): boolean {
    const { size } = this.withheld(hosts)
    return size > 0 && size === this.#asked(hosts).size
  }

  /** Those that were asked for; all that could be, as long as none was. */
  #asked(hosts: PaperHosts): ReadonlySet<string> {
    return this.#tokensAsked.size > 0 ? this.#tokensAsked : this.optional(hosts)
  }

  /** Those that a role leaves empty. */
  get #emptyTokens(): readonly string[] {
    this.#emptyTokensFound ??= [...this.#director.tokenVariables].filter((name) =>
      isNone(this.#director.defaultOf(name)),
    )
    return this.#emptyTokensFound
  }

  #emptyTokensFound: readonly string[] | undefined

  readonly #tokensAsked = new Set<string>()
  /** Those that a file which can't be read may set. */
  readonly #tokensElsewhere = new Set<string>()

  readonly #optionalFound = new Map<PaperHosts, ReadonlySet<string>>()

  airgap(hosts: PaperHosts): AirgapSwitches {
    let found = this.#airgapFound.get(hosts)
    if (found === undefined) {
      const { atoms } = this.#director
      found = airgapSwitches(this.#switches, hosts, (name) => this.#director.defaultOf(name), atoms)
      this.#airgapFound.set(hosts, found)
    }
    return found
  }

  /** Every scenario asks, and the answer takes a search through all texts. */
  readonly #airgapFound = new Map<PaperHosts, AirgapSwitches>()

  get #givenByCommands(): ReadonlyMap<string, Span> {
    this.#givenByCommandsFound ??= givenByCommands(this.#director.project, this.#playbook)
    return this.#givenByCommandsFound
  }

  #givenByCommandsFound: ReadonlyMap<string, Span> | undefined

  get #givenByVagrant(): ReadonlyMap<string, Span> {
    this.#givenByVagrantFound ??= givenByVagrant(this.#director.project, this.#playbook)
    return this.#givenByVagrantFound
  }

  #givenByVagrantFound: ReadonlyMap<string, Span> | undefined

  /**
   * A token, and what a token is chosen by, is what this is about: only where the hosts are invented, or a file can't be
   * read, may it come from elsewhere.
   */
  #leftTo(name: string, hosts: PaperHosts, unread: Unread): LeftTo | undefined {
    const { tokenVariables } = this.#director
    const isOfToken = tokenVariables.has(name) || this.#switches.besides(tokenVariables).has(name)
    const where = withMore(unread, this.#director.sealedExtraFiles.map(sealedFile))
    if (where.length === 0 && this.#results.isOfNoTask(name)) return undefined
    if (this.#isInvented) {
      // What the play can do without, it has in one scenario and not in another.
      if (isOfToken && this.#switches.isOptional(name)) return undefined
      // Users give it all the same, or it stands in that file: nobody knows what that says.
      const isAssumed = tokenVariables.has(name) && this.#isUnset(name, hosts)
      return isAssumed && where.length > 0 ? { to: 'sealed', where } : { to: 'user' }
    }
    if (where.length > 0)
      return { to: this.#director.holdsToken(name) ? 'sealed' : isOfToken ? 'file' : 'user', where }
    if (isOfToken && !this.#switches.isSet(name) && this.#director.isOfAbsentVault(name)) {
      const at = { path: this.#playbook, start: 0, end: 0 }
      this.#director.note({
        at,
        what: `no file here sets ${name}: it is taken to stand in a vault that is not here`,
      })
      return { to: 'sealed', where: ['a vault that is not here'] }
    }
    if (!isOfToken && !this.#switches.isSet(name) && !this.#ofRoles.has(name)) return { to: 'user' }
    const at = this.#givenByVagrant.get(name)
    if (at === undefined) return undefined
    this.#director.note({
      at,
      what: `no inventory here sets ${name}: it may be set by Vagrant, which has it from here`,
    })
    return { to: this.#director.holdsToken(name) ? 'sealed' : 'file', where: ['the inventory of Vagrant'] }
  }

  /** What the roles of this playbook set, if only for themselves: who reads it without them did not mean its users. */
  get #ofRoles(): ReadonlySet<string> {
    const { content } = this.#director
    this.#ofRolesFound ??= new Set(
      this.#closure.roles.flatMap((role) => [
        ...content.roleDefaults(role).keys(),
        ...content.roleVars(role).keys(),
      ]),
    )
    return this.#ofRolesFound
  }

  #ofRolesFound: ReadonlySet<string> | undefined

  /** A token variable that nobody sets, in a project without an inventory: its users do. */
  #isUnset(name: string, hosts: PaperHosts): boolean {
    return this.#director.defaultOf(name) === undefined && this.#isLeftOut(name, hosts)
  }

  /** The same for one whose default says that there is none, which a condition asks. */
  #isSwitchedOff(name: string, hosts: PaperHosts): boolean {
    const value = this.#director.defaultOf(name)
    return isNone(value) && this.#isLeftOut(name, hosts) && this.#switches.isAsked(name)
  }

  /** Variables that are all of the URL which agents join by. */
  get #urls(): ReadonlySet<string> {
    this.#urlsFound ??= new Set(
      this.#closure.texts.flatMap((text) => [...text.matchAll(URL_VARIABLE)].map(([, name = '']) => name)),
    )
    return this.#urlsFound
  }

  #urlsFound: ReadonlySet<string> | undefined

  /** Whether a role has no more than an empty default of it, which nothing asks: no node is meant to keep that. */
  #isLeftEmpty(name: string, hosts: PaperHosts): boolean {
    return (
      isNone(this.#director.defaultOf(name)) && this.#isLeftOut(name, hosts) && !this.#switches.isAsked(name)
    )
  }

  #isLeftOut(name: string, hosts: PaperHosts): boolean {
    return this.#isInvented && this.#isNowhere(name, hosts)
  }

  /** Whether neither a file of the hosts nor a task sets it. */
  #isNowhere(name: string, hosts: PaperHosts): boolean {
    return !isOfHosts(name, hosts) && !this.#switches.isSet(name) && !this.#isFactOfAnother(name)
  }

  /** Whether it is only read of other hosts, for which a task of another playbook makes it: that is gone when this one is run. */
  #isFactOfAnother(name: string): boolean {
    let is = this.#factsOfOthers.get(name)
    if (is === undefined) {
      is = !this.#isInvented && this.#director.makesFactFor(name, this.#playbook) && !this.#isReadOfOwn(name)
      this.#factsOfOthers.set(name, is)
    }
    return is
  }

  readonly #factsOfOthers = new Map<string, boolean>()

  #isReadOfOwn(name: string): boolean {
    const word = escaped(name)
    const ofOthers = new RegExp(
      `\\bhostvars\\[[^\\n]*?\\](?:\\.${word}\\b|\\[\\s*(['"])${word}\\1\\s*\\])`,
      'g',
    )
    const read = new RegExp(`(?<![\\w-])${word}(?![\\w-])`)
    return this.#closure.texts.some((text) => text.includes(name) && read.test(text.replace(ofOthers, '')))
  }

  /** Whether a task sets it and no file of the hosts: there is nothing to leave out. */
  #isOnlyMade(name: string, hosts: PaperHosts): boolean {
    return !isOfHosts(name, hosts) && this.#switches.isSet(name)
  }
}

const isOfHosts = (name: string, { hosts }: PaperHosts): boolean =>
  [...hosts.values()].some(({ variables }) => variables.has(name))

/** Whether hosts have it from the environment of who plays it: where nobody sets it there, it is a text without a letter. */
function isOfEnvironment(name: string, { hosts }: PaperHosts): boolean {
  const values = [...hosts.values()].flatMap(({ variables }) => variables.get(name)?.value ?? [])
  return values.length > 0 && values.every((value) => typeof value === 'string' && ENVIRONMENT.test(value))
}

const ENVIRONMENT =
  /^\s*\{\{-?\s*lookup\(\s*['"](?:ansible\.builtin\.)?env['"]\s*,\s*['"]\w+['"]\s*\)\s*-?\}\}\s*$/

const isNone = (value: AnsibleValue | undefined): boolean => value === false || value === null || value === ''

function givenToken(atoms: Atoms, name: string): FlowValue {
  return atoms.mark(
    atoms.root(`given ${name}`, {
      kind: 'scenario',
      what: `${name}, which the inventory sets`,
      isFilled: true,
    }),
  )
}

/** A mapping that the user gives, of which only the token in it is known: that it is there, or that it isn't. */
function givenPart(
  atoms: Atoms,
  whole: string,
  [part = '', ...deeper]: readonly string[],
  isGiven: boolean,
): FlowValue {
  const why = `nothing in the project sets ${whole}`
  const name = `${whole}.${part}`
  const own = deeper.length === 0 ? givenToken(atoms, name) : givenPart(atoms, name, deeper, isGiven)
  const token = isGiven || deeper.length > 0 ? own : undefined
  return new Result(
    whole,
    new Map(token === undefined ? [] : [[part, token]]),
    (key) => (key === part ? token : new Unknown(`${whole}.${key}`, why)),
    why,
  )
}

/** Notes when a variable of the scenario is read where an inventory says it. */
function watched(
  asked: Set<Question>,
  names: Readonly<Record<'airgapped' | 'token', ReadonlySet<string>>>,
  overrides: Map<string, FlowValue | undefined>,
  tokensAsked: Set<string>,
): Set<Question> {
  const get = overrides.get.bind(overrides)
  overrides.get = (name) => {
    if (names.airgapped.has(name)) asked.add('airgapped')
    if (names.token.has(name)) {
      asked.add('token')
      tokensAsked.add(name)
    }
    return get(name)
  }
  return asked
}
