import { readInventory } from '../../ansible/inventory/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import {
  absentInventory,
  copiedTo,
  type InventorySetting,
  inventoriesFor,
  isForPath,
  type NamedInventory,
} from '../inventories.ts'
import type { RehearseOptions } from '../rehearse.ts'
import type { UnknownNote } from '../unknown.ts'
import { withAnother } from './anotherServer.ts'
import type { Closure } from './closure.ts'
import type { Distinguished } from './distinguished.ts'
import { assumedIn, withHostsIn } from './emptyGroups.ts'
import { groupsMadeBy } from './groups.ts'
import { inventoryHosts, type PaperHosts } from './hosts.ts'
import { hasHosts, isOpen, namedGroups } from './pattern.ts'
import { textOf } from './relevance.ts'

/** Inventories of one playbook that are followed at most. */
const MOST_INVENTORIES = 4

/** The hosts that a playbook is rehearsed on: those of the inventories that fit, or invented ones. */
export class HostSets {
  readonly #project: Project
  readonly #inventories: readonly NamedInventory[]
  readonly #sets = new Map<string, PaperHosts>()
  readonly #withVariables: ReadonlySet<string>
  readonly #tokenVariables: ReadonlySet<string>
  readonly #isAsked: boolean
  readonly #told: Distinguished
  readonly #withPlaybooks: ReadonlySet<string>

  constructor(
    project: Project,
    inventories: readonly NamedInventory[],
    told: Distinguished,
    withPlaybooks: ReadonlySet<string>,
    { tokenVariables = new Set(), isAsked = false }: RehearseOptions,
  ) {
    this.#told = told
    this.#withPlaybooks = withPlaybooks
    this.#project = project
    this.#tokenVariables = tokenVariables
    this.#inventories = inventories
    this.#isAsked = isAsked
    const directories = [...project.keys()].flatMap((path) => {
      const [, directory] = /^(.*?)(?:^|\/)(?:group_vars|host_vars)\//.exec(path) ?? []
      return directory === undefined ? [] : [directory]
    })
    this.#withVariables = new Set(directories)
  }

  of(
    closure: Closure,
    full: (left: readonly PaperHosts[]) => void,
    assume: (note: UnknownNote) => void,
    playbook: string,
  ): readonly (PaperHosts | 'invented')[] {
    const absent = this.#isAsked ? undefined : absentInventory(this.#project, directoryOf(playbook))
    const all = this.#inventories.map((one) =>
      this.#set(one, playbook, absent && copiedTo(absent, one.sources[0] ?? '')),
    )
    const isFor = ({ sources = [] }: PaperHosts): boolean =>
      absent === undefined || sources.every((source) => isForPath(this.#project, absent, source))
    const sets = all.filter(isFor)
    const found = this.#fitting(closure, sets)
    const fitting = this.#isAsked
      ? found
      : inventoriesFor(this.#project, directoryOf(playbook), found, this.#withPlaybooks)
    if (fitting.length > MOST_INVENTORIES) full(fitting.slice(MOST_INVENTORIES))
    const taken = fitting.slice(0, MOST_INVENTORIES)
    if (absent !== undefined) sayWhatIsTaken(absent, taken, assume)
    if (taken.length > 0) return taken
    if (absent !== undefined && this.#fitting(closure, all).length > 0)
      assume({
        at: absent.at,
        what: `there is no inventory ${absent.named.join(' or ')} that could be read: hosts are assumed`,
        isTold: true,
        cure: 'name one with -i',
      })
    return ['invented']
  }

  /** One that the user names is the one, whether a play has a host in it or not; but where not all could be read, as plugins make some. */
  #fitting(closure: Closure, sets: readonly PaperHosts[]): readonly PaperHosts[] {
    const found = sets.filter((hosts) => fits(closure, hosts))
    return found.length === 0 && this.#isAsked
      ? sets.filter(({ hosts, isOpen }) => hosts.size > 0 && isOpen !== true)
      : found
  }

  /** Variables beside the playbook count, too. `copiedTo`: those there are the ones, where that is not beside the inventory. */
  #set(inventory: NamedInventory, playbook: string, copiedTo: string | undefined): PaperHosts {
    const directory = directoryOf(playbook)
    const { inventoryDirectories } = inventory.inventory
    const isMoved = copiedTo !== undefined && !inventoryDirectories.includes(copiedTo)
    const own = (isMoved ? [copiedTo] : inventoryDirectories).includes(directory)
    const beside = this.#withVariables.has(directory) && !own ? directory : undefined
    const key = [inventory.sources.join(), beside ?? '', isMoved ? copiedTo : ''].join('\n')
    let hosts = this.#sets.get(key)
    if (hosts === undefined) {
      const read =
        beside === undefined && !isMoved
          ? inventory
          : {
              ...inventory,
              inventory: readInventory(this.#project, inventory.sources, {
                ...(beside === undefined ? {} : { playbookDirectory: beside }),
                ...(isMoved ? { copiedTo } : {}),
                isSample: inventory.isSample === true,
              }),
            }
      hosts = { ...this.#hosts(read), filled: (groups) => this.#filled(read, groups) }
      if (read.isSample === true)
        hosts = {
          ...hosts,
          withAnother: (host) => this.#hosts({ ...read, inventory: withAnother(read.inventory, host) }),
        }
      this.#sets.set(key, hosts)
    }
    return hosts
  }

  #filled(read: NamedInventory, groups: readonly string[]): PaperHosts {
    const hosts = this.#hosts({ ...read, inventory: withHostsIn(read.inventory, groups) })
    return { ...hosts, filledWith: new Set(groups.map((group) => assumedIn(group, read.inventory))) }
  }

  #hosts(inventory: NamedInventory): PaperHosts {
    return inventoryHosts(inventory, this.#told, this.#tokenVariables, this.#project)
  }
}

/** A sample that does not lie where it is to be copied to is less surely one of that inventory. */
function sayWhatIsTaken(
  absent: InventorySetting,
  taken: readonly PaperHosts[],
  assume: (note: UnknownNote) => void,
): void {
  for (const { sources: [source = ''] = [] } of taken) {
    const directory = copiedTo(absent, source)
    if (directory === undefined || directory === directoryOf(source)) continue
    assume({
      at: absent.at,
      what: `there is no inventory ${absent.named.join(' or ')} that could be read: its sample ${source} is taken`,
      cure: 'name one with -i',
    })
  }
}

/** Whether a task makes a group of hosts of the inventory: `add_host` of those that it names, itself or by a group. */
function isMade(group: string, tasks: Closure['tasks'], hosts: PaperHosts): boolean {
  return tasks.some(({ task: { action, keywords }, task }) => {
    if (!groupsMadeBy(task).some((name) => name.test(group))) return false
    if (action.module === 'group_by') return true
    const named = ['name', 'hostname', 'host'].map((name) => action.arguments.get(name)?.value)
    const looped = ['loop', 'with_items'].map((name) => keywords.get(name)?.value)
    const words = textOf([...named, ...looped].map((value) => value ?? null)).match(/[\w.-]+/g) ?? []
    return words.some(
      (word) =>
        word === 'inventory_hostname' || hosts.hosts.has(word) || (hosts.groups.get(word)?.length ?? 0) > 0,
    )
  })
}

/** Whether the groups that the plays name have hosts in this inventory. */
function fits({ patterns, tasks }: Closure, hosts: PaperHosts): boolean {
  const all = namedGroups(patterns)
  const names = all.filter((name) => hosts.groups.has(name) || !isMade(name, tasks, hosts))
  // Where plays are for no others than the hosts that tasks find among those of the inventory, these are the ones.
  if (all.length > 0 && names.length === 0) return hosts.hosts.size > 0
  if (names.length === 0)
    return hosts.hosts.size > 0 && patterns.some((pattern) => isOpen(pattern) || hasHosts(pattern, hosts))
  // What only the user says may well be a group that is there.
  if (hosts.hosts.size > 0 && patterns.some(isOpen)) return true
  return names.some((name) => (hosts.groups.get(name)?.length ?? 0) > 0 || hosts.hosts.has(name))
}
