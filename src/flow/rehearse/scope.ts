import { normalPath } from '../../ansible/inventory/projectTree.ts'
import { Dict, List } from '../../ansible/template/values.ts'
import { type AnsibleValue, Float, isMapping, VaultedText } from '../../ansible/value.ts'
import { isOfSetup } from '../../facts/setup.ts'
import type { Atoms } from '../atoms.ts'
import {
  Address,
  decidedTruth,
  type EvaluationScope,
  Fetched,
  type FlowValue,
  Fork,
  type Merged,
  Pending,
  Result,
  RunTags,
  type ScopeVariable,
  Ungiven,
  VariablesDict,
} from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import { type Context, fileOrigin, type LeftTo, type Stage } from './context.ts'
import { factOf, factsOf, isOutrankedFact } from './facts.ts'
import { noGroups, withGroups } from './groups.ts'
import { CONTROL_NODE, type PaperHosts } from './hosts.ts'
import { lookedUp } from './lookups.ts'
import { merged } from './merging.ts'
import { type Unread, withMore } from './unread.ts'
import {
  addedVariable,
  Choice,
  cachedFact,
  givenTo,
  type RawVariable,
  rawVariable,
  type Stored,
  type World,
} from './world.ts'

/**
 * What a template sees on a host at one moment of the play, by Ansible's precedence:
 * https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_variables.html#understanding-variable-precedence
 */
export function scopeOf(context: Context, world: World, host: string): EvaluationScope {
  const { stage } = context
  return {
    atoms: stage.atoms,
    decisions: world.decisions,
    isGiven: (what) => world.decisions.size > 0 && world.decisions.get(givenTo(host, what)) === true,
    isToken: stage.isToken,
    hostNames: hostNamesOf(stage.hosts),
    variable: once((name) => taskVariable(context, world, host, name)),
    hostScope: (other) => hostScope(context, world, other, other === host),
    lookup: (plugin, args, named) =>
      lookedUp(context, world, host, plugin, args, named, (inner) => scopeOf(inner, world, host)),
    refuses: (plugin) => stage.refuses(plugin),
    isRendered: ({ path }) => !UNSAFE.test(stage.content.text(path) ?? '!unsafe'),
    unread: (what, at, why) => {
      stage.note({ at, what })
      if (why !== undefined) stage.broken({ at, why })
    },
    file: (name, outer) => {
      // Beside the template that the task names is looked last.
      const beside = normalPath(`${outer ?? ''}/../${name}`)
      const path = stage.content.findFile('templates', name, fileOrigin(context)) ?? beside
      const text = path === undefined ? undefined : stage.content.text(path)
      return path === undefined || text === undefined ? undefined : { path, text }
    },
  }
}

const UNSAFE = /!unsafe\b|__ansible_unsafe/

/** A scope does not change, and is asked for some of its variables again and again. */
function once(find: (name: string) => ScopeVariable): (name: string) => ScopeVariable {
  let known: Map<string, ScopeVariable> | undefined
  return (name) => {
    known ??= new Map()
    let found = known.get(name)
    if (found === undefined && !known.has(name)) {
      found = find(name)
      known.set(name, found)
    }
    return found
  }
}

const hostNames = new WeakMap<PaperHosts, readonly string[]>()

function hostNamesOf(hosts: PaperHosts): readonly string[] {
  let names = hostNames.get(hosts)
  if (names === undefined) {
    names = [...hosts.hosts.keys()]
    hostNames.set(hosts, names)
  }
  return names
}

/** `hostvars[host]`: what belongs to the host, and nothing of the play or its roles. */
function hostScope(asker: Context, world: World, host: string, isOwn: boolean): EvaluationScope | undefined {
  const { hosts } = asker.stage
  const standIn = hosts.standIn(host) ?? (world.nodes.has(host) ? host : undefined)
  if (standIn === undefined) return undefined
  const context = { ...asker, unread: [] }
  const node = world.node(standIn)
  return {
    ...scopeOf(context, world, host),
    variable: once((name) => {
      const isOutranked = isOutrankedFact(name)
      const inFiles = (): ScopeVariable =>
        node.included.get(name) ??
        (isOutranked ? undefined : fact(context, world, host, name)) ??
        added(context, world, host, name) ??
        perhapsSealed(context, world, host, name, inventoryVariable(context, world, host, name)) ??
        (isOutranked ? fact(context, world, host, name) : undefined) ??
        (name === 'ansible_host' ? ofInventory(asker, host) : magic(context, world, host, name)) ??
        (isOwn ? undefined : ofEarlierPlay(asker, host, name)) ??
        leftToUser(context, world, host, name)
      const made = settled(asker.stage, node.variables.get(name), name, world, inFiles)
      const found = made ?? inFiles()
      const { merges } = asker.stage
      if (merges === undefined) return perhapsGiven(context, name, found)
      const levels = () => [
        made,
        node.included.get(name),
        added(context, world, host, name),
        inventoryVariable(context, world, host, name),
      ]
      const whole = merged(merges, name, found, levels, () => openOf(context, world, host))
      return perhapsGiven(context, name, whole)
    }),
  }
}

/**
 * What a role makes of a variable on other hosts, where no playbook of the project has the role: its users may have it played
 * on these first.
 */
function ofEarlierPlay({ stage, reached, playHosts }: Context, host: string, name: string): ScopeVariable {
  if (!stage.isMade(name) || stage.overrides.has(name) || playHosts.length < 2 || reached() !== undefined)
    return undefined
  return { value: new Unknown(name, `a role alone does not say whether it is played on ${host} before`) }
}

function taskVariable(context: Context, world: World, host: string, name: string): ScopeVariable {
  const item = context.items.get(name)
  if (item !== undefined) return { value: item }
  const parameter = context.parameters.get(name)
  const found =
    parameter ?? madeForTask(context, world, host, name) ?? inFilesOfTask(context, world, host, name)
  const { merges } = context.stage
  if (merges === undefined) return perhapsGiven(context, name, found)
  const levels = () => [
    parameter,
    madeForTask(context, world, host, name),
    ...levelsInFiles(context, world, host, name),
  ]
  const whole = merged(merges, name, found, levels, () => openOf(context, world, host))
  return perhapsGiven(context, name, whole)
}

/** What tasks made of a variable for a task, or its files where that is not settled. */
function madeForTask(context: Context, world: World, host: string, name: string): ScopeVariable {
  const stored = world.node(host).variables.get(name)
  if (stored === undefined) return undefined
  return settled(context.stage, stored, name, world, () => inFilesOfTask(context, world, host, name))
}

/** The places of `inFilesOfTask` that may have a mapping. */
function levelsInFiles(context: Context, world: World, host: string, name: string): readonly ScopeVariable[] {
  return [
    world.node(host).included.get(name),
    context.vars.get(name),
    roleVariable(context, world, host, name),
    (context.playVarsOf?.get(host) ?? context.playVars).get(name),
    fact(context, world, host, name),
    added(context, world, host, name),
    inventoryVariable(context, world, host, name),
    roleDefault(context, world, host, name),
  ]
}

/** What a part of a mapping is that may stand in a file which can't be read. */
function openOf(context: Context, world: World, host: string): Merged['open'] {
  const unread = unreadOf(context, world, host)
  if (unread.length === 0) return undefined
  const part = (name: string): FlowValue => {
    const left = context.stage.leftTo(name, unread)
    return left === undefined ? new Unknown(name, mayStandIn(name, unread)) : leftValue(context, name, left)
  }
  return { why: mayStandIn('more of it', unread), part }
}

/** What a command gives with `-e` wins over all that files and tasks say. */
function perhapsGiven({ stage }: Context, name: string, found: ScopeVariable): ScopeVariable {
  const at = stage.givenByCommands.get(name)
  // What the scenario gives or leaves out, and what is open as it is, has no other value by that.
  if (at === undefined || stage.overrides.has(name) || valueIn(found) instanceof Unknown) return found
  const why = `${at.path} gives it with -e`
  if (!stage.isToken(name)) return { value: new Ungiven(name, why, at) }
  const isNone = found !== undefined && 'raw' in found && (found.raw === '' || found.raw === null)
  return isNone ? { value: new Fetched(name, why, undefined) } : found
}

/** What files, facts and Ansible itself say of a variable that no task made. */
function inFilesOfTask(context: Context, world: World, host: string, name: string): ScopeVariable {
  const own =
    world.node(host).included.get(name) ??
    context.vars.get(name) ??
    roleVariable(context, world, host, name) ??
    (context.playVarsOf?.get(host) ?? context.playVars).get(name)
  if (own !== undefined) return own
  const isOutranked = isOutrankedFact(name)
  return (
    (isOutranked ? undefined : fact(context, world, host, name)) ??
    added(context, world, host, name) ??
    perhapsSealed(
      context,
      world,
      host,
      name,
      inventoryVariable(context, world, host, name) ?? roleDefault(context, world, host, name),
    ) ??
    (isOutranked ? fact(context, world, host, name) : undefined) ??
    magic(context, world, host, name) ??
    leftToUser(context, world, host, name)
  )
}

/** What `vars` of roles say: those that the play takes in while it runs win over the ones that it had before, not over the task's own. */
function roleVariable(context: Context, world: World, host: string, name: string): RawVariable | undefined {
  const { exported } = world.node(host)
  const later = exported.findLast(({ vars }) => vars.has(name))?.vars.get(name)
  if (later === undefined) return context.roleVars.get(name)
  const { parents, below } = context
  const own = [parents.at(-1), below, ...parents.toReversed()].find((one) => one?.vars.has(name) === true)
  return own?.vars.get(name) ?? later
}

/** The same of `defaults`. */
function writtenDefault(context: Context, world: World, host: string, name: string): RawVariable | undefined {
  const { exported } = world.node(host)
  const later = exported.findLast(({ defaults }) => defaults.has(name))?.defaults.get(name)
  if (later === undefined) return context.roleDefaults.get(name)
  const { parents, below } = context
  const own = [...parents.toReversed(), below].find(({ defaults }) => defaults.has(name))
  return own?.defaults.get(name) ?? later
}

/** A default of a role, or what the user has in its place: where it is empty, and the play ends without. */
function roleDefault(context: Context, world: World, host: string, name: string): ScopeVariable {
  const { stage, isFilled } = context
  const found = writtenDefault(context, world, host, name)
  if (found !== undefined && isUndef(found.raw)) return leftToUser(context, world, host, name) ?? found
  if (found === undefined || stage.hosts.sources !== undefined || !isEmpty(found.raw)) return found
  const isGiven = world.decisions.get(givenTo(host, name)) === true
  const value = isGiven || isFilled === true ? stage.filled(name) : undefined
  if (value === undefined) return found
  return { value: isGiven ? value : new Unknown(name, `the role leaves ${name} to its users`) }
}

/**
 * Whether a default says no more than that there is none: `{{ undef(hint='…') }}`.
 * https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_templating.html
 */
export const isUndef = (raw: AnsibleValue): boolean =>
  typeof raw === 'string' && /^\s*\{\{-?\s*undef\s*\([^{}]*\)\s*-?\}\}\s*$/.test(raw)

const isEmpty = (raw: AnsibleValue): boolean =>
  raw === '' ||
  raw === null ||
  raw === false ||
  (typeof raw === 'object' &&
    !(raw instanceof Float) &&
    !(raw instanceof VaultedText) &&
    Object.keys(raw).length === 0)

/** Where a token is left empty, or only taken to be given by users, a file that can't be read here may say more. */
function perhapsSealed(
  context: Context,
  world: World,
  host: string,
  name: string,
  found: ScopeVariable,
): ScopeVariable {
  if (found === undefined) return undefined
  const isNone = 'raw' in found && (found.raw === '' || found.raw === null)
  if (!isNone && context.stage.overrides.get(name) === undefined) return found
  return context.stage.leftTo(name, unreadOf(context, world, host))?.to === 'sealed'
    ? leftToUser(context, world, host, name)
    : found
}

/** The files that can't be read here and that may say more of a host. */
function unreadOf(context: Context, world: World, host: string): Unread {
  const { hosts } = context.stage
  const known = hosts.known(host)?.magic.get('group_names')
  const groups = Array.isArray(known) ? known.filter((one) => typeof one === 'string') : []
  const made = [...madeGroupsOf(context, world, host), ...world.groups.open]
  const { unread, exported } = world.node(hosts.standIn(host) ?? host)
  const ofPlay = [unread, ...exported.map((one) => one.unread)].reduce(withMore, context.unread)
  return withMore(ofPlay, hosts.unread(host, [...groups, ...made]))
}

/** What `add_host` gives is said of the host in the inventory: `InventoryManager.add_dynamic_host` of ansible-core. */
function added(context: Context, world: World, host: string, name: string): ScopeVariable {
  const { variables } = world.node(context.stage.hosts.standIn(host) ?? host)
  const stored = variables.get(addedVariable(name))
  return settled(context.stage, stored, name, world, () => inventoryVariable(context, world, host, name))
}

/** What the inventory says: in its place stands what the scenario takes it to say. */
function inventoryVariable(context: Context, world: World, host: string, name: string): ScopeVariable {
  const { hosts, overrides } = context.stage
  const set = overrides.get(name)
  if (set !== undefined) return { value: set }
  if (overrides.has(name)) return undefined
  const own = hosts.known(host)?.variables.get(name)
  const made = madeGroupsOf(context, world, host)
  const found = made.length === 0 ? own : hosts.within(made, name, own)
  if (context.stage.merges !== undefined && made.length > 0 && own !== undefined) {
    const ofMade = hosts.within(made, name, undefined)
    if (ofMade !== undefined && isMapping(ofMade.value))
      return { value: new Unknown(name, 'a group that a task makes has a part of it') }
  }
  for (const group of world.groups.open)
    if (hosts.within([...made, group], name, own) !== found)
      return { value: new Unknown(name, `whether ${host} is in ${group} is found while the play runs`) }
  return found === undefined ? undefined : rawVariable(found)
}

/**
 * What tasks made of a variable; `undefined` where none did, so that what files say counts. What one made under a condition
 * that this world has not settled is not known, but by that condition.
 */
function settled(
  stage: Stage,
  stored: Stored | undefined,
  name: string,
  world: World,
  inFiles: () => ScopeVariable,
): ScopeVariable {
  if (stored === undefined) return undefined
  const value = sideOf(stage, stored, name, world, inFiles)
  return value === undefined ? undefined : { value }
}

function sideOf(
  stage: Stage,
  stored: Stored,
  name: string,
  world: World,
  inFiles: () => ScopeVariable,
): FlowValue | undefined {
  if (!(stored instanceof Choice)) return stored
  const { when, isTelling } = stored
  const truth = decidedTruth(world.decisions, when)
  if (truth !== undefined) {
    const side = truth ? stored.yes : stored.no
    return side === undefined ? undefined : sideOf(stage, side, name, world, inFiles)
  }
  const yes = sideOf(stage, stored.yes, name, world, inFiles)
  const no = stored.no === undefined ? undefined : sideOf(stage, stored.no, name, world, inFiles)
  const sides = { when, yes: yes ?? inFile(name, inFiles), no: no ?? inFile(name, inFiles) }
  const mustWait =
    isTelling ||
    ([sides.yes, sides.no].some((side) => isFollowed(stage, name, side, 0)) && mayWait(stage, when))
  return new (mustWait ? Fork : Pending)(name, when.why, when.at, when, sides)
}

/** Whether a side is, or has in it, a token or something vaulted: a text that takes it can't be followed before a world has it. */
function isFollowed(stage: Stage, name: string, side: FlowValue | undefined, depth: number): boolean {
  if (side instanceof VaultedText || side instanceof Fork) return true
  if (side instanceof Unknown) return side instanceof Result && stage.isToken(name)
  if (side === undefined || side instanceof VariablesDict) return false
  if (stage.isToken(name)) return true
  if (typeof side === 'string') return stage.atoms.in(side).some(({ kind }) => kind === 'vaulted')
  return (
    side instanceof Dict &&
    depth < DEEPEST &&
    [...side.entries()].some(([key, item]) => isFollowed(stage, `${name}.${String(key)}`, item, depth + 1))
  )
}

/** Whether a condition is one of the few that tokens hang on: with many of them no run could go all ways. */
function mayWait({ atoms }: Stage, { at, what }: Unknown): boolean {
  const known = waitedFor.get(atoms) ?? new Set<string>()
  waitedFor.set(atoms, known)
  const key = at === undefined ? what : `${at.path}:${at.start}`
  return known.has(key) || (known.size < MOST_WAITED_FOR && known.add(key).has(key))
}

const waitedFor = new WeakMap<Atoms, Set<string>>()
const MOST_WAITED_FOR = 12

/** Settings nest no deeper. */
const DEEPEST = 3

/** What there is of a variable where no task made it: of a template no more than that. */
function inFile(name: string, inFiles: () => ScopeVariable): FlowValue | undefined {
  const found = inFiles()
  if (found === undefined) return undefined
  return 'value' in found ? found.value : new Unknown(name, 'what files say of it')
}

function fact(context: Context, world: World, host: string, name: string): ScopeVariable {
  if (name === 'ansible_facts') {
    const { variables } = world.node(host)
    const isNotThere = (key: string): boolean => isNotGathered(context, world, host, `ansible_${key}`)
    const made = (key: string): FlowValue | undefined =>
      valueIn(settled(context.stage, variables.get(cachedFact(key)), key, world, () => undefined))
    return { value: factsOf(context.stage, world, host, made, isNotThere) }
  }
  if (!name.startsWith('ansible_')) return undefined
  // Users have the ansible-core that a task demands.
  if (name === 'ansible_version' && context.isDemand === true)
    return { value: new Unknown(name, 'the version of the user') }
  if (isNotGathered(context, world, host, name)) return undefined
  const value = factOf(context.stage, world, host, name)
  return value === undefined ? undefined : { value }
}

/** Whether it is a fact that nothing has gathered of a host: what files say counts, if they say anything. */
function isNotGathered({ stage }: Context, world: World, host: string, name: string): boolean {
  if (!stage.hasOwnFactsOnly || !name.startsWith('ansible_')) return false
  const own = stage.hosts.standIn(host) ?? host
  return stage.hosts.hosts.has(own) && !world.node(own).hasFacts && isOfSetup(name.slice('ansible_'.length))
}

const valueIn = (variable: ScopeVariable): FlowValue | undefined =>
  variable !== undefined && 'value' in variable ? variable.value : undefined

/** Hosts of a play and those that they stand for, in the order of the inventory, as its groups have them. */
function withAlike({ hosts, groups }: PaperHosts, played: readonly string[]): readonly string[] {
  const all = groups.get('all') ?? []
  if (played.length >= all.length) return played
  const wanted = new Set(played.flatMap((host) => [host, ...(hosts.get(host)?.alike ?? [])]))
  return wanted.size === played.length
    ? played
    : [...new Set([...all.filter((host) => wanted.has(host)), ...played])]
}

/** The hosts of a batch that the groups of the inventory have, of which large ones are shortened. */
function shownOf(
  { groups }: PaperHosts,
  batch: readonly string[],
  played: readonly string[],
): readonly string[] {
  const all = new Set([...(groups.get('all') ?? []), ...played])
  return batch.filter((host) => all.has(host))
}

function magic(context: Context, world: World, host: string, name: string): ScopeVariable {
  const { stage, role } = context
  switch (name) {
    case 'playbook_dir':
      return { value: fromTop(context.playbookDirectory) }
    case 'role_path':
      return role === undefined ? undefined : { value: fromTop(role.directory) }
    case 'role_name':
    case 'ansible_role_name':
      return role === undefined ? undefined : { value: role.name }
    case 'ansible_play_hosts':
    case 'ansible_play_hosts_all':
      return { value: new List(withAlike(stage.hosts, context.allPlayHosts)) }
    case 'ansible_play_batch':
    case 'play_hosts': {
      const { playHosts, playBatch } = context
      return {
        value: new List(
          playBatch === undefined
            ? withAlike(stage.hosts, playHosts)
            : shownOf(stage.hosts, playBatch, playHosts),
        ),
      }
    }
    case 'ansible_run_tags':
      return { value: new RunTags(['all']) }
    case 'ansible_skip_tags':
      return { value: new List() }
    case 'groups':
      return { value: groupsValue(context, world) }
    case 'group_names': {
      const made = madeGroupsOf(context, world, host)
      if (made.length === 0) break
      const known = stage.hosts.known(host)?.magic.get(name)
      const names = Array.isArray(known) ? known.filter((one) => typeof one === 'string') : []
      return { value: new List([...new Set([...names, ...made])].sort()) }
    }
    // Connection variables are there for the task even where nobody sets them: PlayContext.update_vars of ansible-core.
    case 'ansible_host':
      return { value: isInvented(stage.hosts, host) ? ownAddress(stage.hosts, host) : host }
  }
  const own = stage.hosts.known(host)?.magic.get(name)
  if (own === undefined) return undefined
  return { value: PATHS.has(name) && typeof own === 'string' ? fromTop(own) : plainValue(own) }
}

const PATHS: ReadonlySet<string> = new Set(['inventory_dir', 'inventory_file'])

/** A path of the project as the beginning of others: Ansible has it absolute, so that no part of it is empty, nor what `dirname` leaves. */
const fromTop = (path: string): string => (/^(?:\.\.)?\//.test(path) ? path : `./${path}`.replace(/\/$/, ''))

const isInvented = (hosts: PaperHosts, host: string): boolean =>
  hosts.sources === undefined && host !== CONTROL_NODE && hosts.known(host) !== undefined

const ownAddress = (hosts: PaperHosts, host: string): FlowValue =>
  new Address(addressOf(host), GIVEN_ADDRESS, (name) =>
    hosts.known(name) === undefined ? undefined : name === host,
  )

/** The address that an inventory may have for a host which the project only tells of. */
function ofInventory({ stage, isDemand }: Context, host: string): ScopeVariable {
  if (!isInvented(stage.hosts, host)) return undefined
  const Kind = isDemand === true ? Unknown : Ungiven
  return { value: new Kind(addressOf(host), GIVEN_ADDRESS) }
}

/** What the address of an invented host is called: it is the same wherever somebody asks for it. */
export const addressOf = (host: string): string => `ansible_host of ${host}`
const GIVEN_ADDRESS = 'only an inventory says it'

const groupsValues = new WeakMap<object, FlowValue>()

function groupsValue({ stage }: Context, { groups: made }: World): FlowValue {
  const key = made === noGroups ? stage.hosts : made
  let value = groupsValues.get(key)
  if (value === undefined) {
    const { groups } = withGroups(stage.hosts, made)
    const known = new Map([...groups].map(([name, hosts]) => [name, new List(hosts)] as const))
    value =
      made.open.size === 0
        ? new Dict(known)
        : new Result('groups', known, (name) =>
            !known.has(name) && made.open.has(name)
              ? new Unknown(`groups.${name}`, 'its hosts are found while the play runs')
              : known.get(name),
          )
    groupsValues.set(key, value)
  }
  return value
}

/** The groups that tasks have put a host into. */
const madeGroupsOf = ({ stage }: Context, { groups }: World, host: string): readonly string[] =>
  groups.hosts.size === 0
    ? []
    : [...groups.hosts].flatMap(([group, hosts]) =>
        hosts.some((one) => one === host || stage.hosts.standIn(one) === host) ? [group] : [],
      )

function plainValue(value: AnsibleValue): FlowValue {
  if (Array.isArray(value)) return new List(value.map(plainValue))
  if (value === null || typeof value !== 'object') return value
  return String(value)
}

function leftToUser(context: Context, world: World, host: string, name: string): ScopeVariable {
  const { stage } = context
  // What the scenario leaves out is not there.
  if (stage.overrides.has(name) && stage.overrides.get(name) === undefined) return undefined
  if (stage.relevance.isDropped(name))
    return { value: new Unknown(name, 'made by a task that is not followed') }
  const extra = stage.extraVariable(name)
  if (extra !== undefined) return extra
  if (world.node(stage.hosts.standIn(host) ?? host).hasUnnamedFact)
    return { value: new Unknown(name, 'a task makes a fact whose name is not known') }
  const left = stage.leftTo(name, unreadOf(context, world, host))
  if (isNotGathered(context, world, host, name)) {
    // A file that can't be read may set one of its name.
    const value = left?.where === undefined ? undefined : factOf(stage, world, host, name)
    return value === undefined ? undefined : { value }
  }
  if (left === undefined) {
    stage.missed(name)
    return undefined
  }
  return { value: leftValue(context, name, left) }
}

function leftValue({ stage, isDemand }: Context, name: string, { to, where }: LeftTo): FlowValue {
  const nobody = stage.isMade(name)
    ? `no task that runs before sets ${name}`
    : `nothing in the project sets ${name} for these hosts`
  const why = where === undefined ? nobody : mayStandIn(name, where)
  if (to === 'sealed') return new Fetched(name, why, undefined)
  return to === 'file' || isDemand === true ? new Unknown(name, why) : new Ungiven(name, why)
}

const mayStandIn = (name: string, where: Unread): string => `${name} may stand in ${where.join(', or in ')}`
