import { type Content, isFixture, readContent } from '../ansible/content/index.ts'
import { NOT_RUN, readInventory } from '../ansible/inventory/index.ts'
import { directoryOf, joinPath } from '../ansible/inventory/projectTree.ts'
import type { Fault, Project } from '../ansible/value.ts'
import { configuredSources, findInventories, type NamedInventory } from '../flow/inventories.ts'
import type { Rehearsal } from '../flow/rehearsal.ts'
import { rehearse } from '../flow/rehearse.ts'
import { isSample as isSampleFile } from '../flow/sites/places.ts'
import { type TokenSites, tokenSites } from '../flow/tokenSites.ts'
import type { UnknownNote } from '../flow/unknown.ts'
import type { Span } from '../span.ts'
import { undecidedNodes } from './undecided.ts'

export interface AnalysisOptions {
  /** `-i`, in order: read together, as one inventory. */
  readonly inventories?: readonly string[]
  /** Of the configuration: the sources of each inventory. */
  readonly inventorySets?: readonly (readonly string[])[]
  /** Whether nobody named these: they are the nearest ones. */
  readonly isGuessed?: boolean
  /** Files of the project that git does not take: they were named by hand, or an `-i` names them. */
  readonly ignoredByGit?: ReadonlySet<string>
  /** Rehearse only these playbooks, those too that others import or that belong to tests. */
  readonly playbooks?: readonly string[]
  readonly disk?: ProjectDisk
  /** What the directory of the project is called: a role may be asked for by that. */
  readonly directoryName?: string | undefined
}

/** What of a project no text tells. Where it is not given, the texts are all there is. */
export interface ProjectDisk {
  /** The files in a directory of the project and one level below it, as paths from there, whatever they are and git's or not. */
  filesBelow(directory: string): readonly string[]
  /** A text of the project that git passes over. */
  text(path: string): string | undefined
  /** Whether a path of the project is something here, though it is no text of it, or may be elsewhere: git passes over it, or has not fetched it. */
  mayHave(path: string): boolean
  /** A path of the project once links are followed, below the project's own where it leads nowhere else. */
  realPath(path: string): string
  /** Files `….txt` whose names begin as those of K3s's releases do. */
  readonly lists: readonly string[]
  /** What may be inventories by their names, and git passes over; directories with a `/` behind them. */
  readonly ignoredInventories: readonly string[]
  /** Programs that tell Ansible its hosts, as it seems. */
  readonly inventoryScripts: readonly string[]
}

/** A project and what was found out about it; each part is worked out when a rule first asks for it. */
export class Analysis {
  readonly project: Project
  readonly #options: AnalysisOptions
  #content: Content | undefined
  #inventories: readonly NamedInventory[] | undefined
  #rehearsal: Rehearsal | undefined
  #tokenSites: TokenSites | undefined
  #disk: ProjectDisk | undefined

  constructor(project: Project, options: AnalysisOptions = {}) {
    this.project = project
    this.#options = options
  }

  get content(): Content {
    this.#content ??= readContent(this.project, this.#options.directoryName)
    return this.#content
  }

  /** Every inventory of the project, each read by itself as `ansible-playbook -i` would; those given first and only, if any are. */
  get inventories(): readonly NamedInventory[] {
    this.#inventories ??= this.#read()
    return this.#inventories
  }

  get rehearsal(): Rehearsal {
    this.#rehearsal ??= rehearse(this.project, this.content, this.inventories, {
      tokenVariables: new Set(this.tokenSites.variables.keys()),
      isAsked: this.#isAsked,
      ...(this.#options.playbooks === undefined ? {} : { playbooks: this.#options.playbooks }),
      filesBelow: (directory) => this.disk.filesBelow(directory),
      mayHave: (path) => this.disk.mayHave(path),
    })
    return this.#rehearsal
  }

  /** Whether the user names the inventories. */
  get #isAsked(): boolean {
    const { inventories, inventorySets, isGuessed } = this.#options
    return inventories !== undefined || (inventorySets !== undefined && isGuessed !== true)
  }

  get tokenSites(): TokenSites {
    this.#tokenSites ??= tokenSites(this.project, (path) => this.content.yaml(path))
    return this.#tokenSites
  }

  get hostNames(): ReadonlySet<string> {
    return new Set(this.inventories.flatMap(({ inventory }) => [...inventory.hosts.keys()]))
  }

  /** Whether a path is of an inventory that somebody names: behind `-i`, in the configuration, in an `ansible.cfg`. */
  isOfNamedInventory(path: string): boolean {
    const { inventories, inventorySets } = this.#options
    const sources = inventories ?? inventorySets?.flat() ?? configuredSources(this.project).flat()
    return sources.some((source) => {
      const beside = this.project.has(source) ? directoryOf(source) : source
      return (
        path === source ||
        ['group_vars', 'host_vars'].some((each) => path.startsWith(`${joinPath(beside, each)}/`))
      )
    })
  }

  /** Whether git would take a file of the project, as far as its `.gitignore` files tell. */
  isTaken(path: string): boolean {
    return this.#options.ignoredByGit?.has(path) !== true
  }

  /** What lies beside the texts: images and binaries are none. */
  get disk(): ProjectDisk {
    this.#disk ??= this.#options.disk ?? textsOnly(this.project)
    return this.#disk
  }

  /** What was wrong with the texts that were read so far. Reads nothing itself. */
  get faults(): { readonly content: readonly Fault[]; readonly inventories: readonly Fault[] } {
    const read = this.#inventories ?? []
    const faults = read.flatMap(({ inventory }) => inventory.faults)
    return { content: this.#content?.faults ?? [], inventories: this.#withoutLayers(faults, read) }
  }

  /** Whether a file is part of what was rehearsed, where anything was. */
  isReached(path: string): boolean {
    return this.#rehearsal?.reached.has(path) === true
  }

  /** The first task that includes a file of tasks, where anything was rehearsed. */
  includerOf(path: string): Span | undefined {
    return this.#rehearsal?.includerOf(path)
  }

  /** The playbooks that Ansible refuses before their first task, where anything was rehearsed. */
  get refused(): Rehearsal['refused'] {
    return this.#rehearsal?.refused ?? new Map()
  }

  /** Templates that Jinja2 refuses, as far as they were rehearsed. */
  get brokenTemplates(): Rehearsal['broken'] {
    return this.#rehearsal?.broken ?? []
  }

  /** What the rehearsal could not follow, where there was one. */
  get notes(): readonly UnknownNote[] {
    if (this.#rehearsal === undefined) return []
    const { unknowns, bounds } = this.#rehearsal
    const { passedOver, inventoryScript } = this
    return [
      ...unknowns,
      ...bounds,
      ...undecidedNodes(this.#rehearsal, this.project),
      ...[passedOver, inventoryScript].filter((note) => note !== undefined),
    ]
  }

  /** Whether hosts had to be made up because there is no inventory. */
  get #isInvented(): boolean {
    const isInvented = this.#rehearsal?.runs.some(({ scenario }) => scenario.servers !== undefined)
    return isInvented === true && this.inventories.length === 0
  }

  /** A program that tells Ansible its hosts, where nobody names it and there is no other inventory. */
  get inventoryScript(): UnknownNote | undefined {
    const path = this.disk.inventoryScripts.find((one) => !isFixture(one))
    if (path === undefined || !this.#isInvented) return undefined
    return { at: { path, start: 0, end: 0 }, what: NOT_RUN }
  }

  /** An inventory that git ignores, where nobody names it and there is no other. */
  get passedOver(): UnknownNote | undefined {
    if (!this.#isInvented) return undefined
    const { disk } = this
    const paths = disk.ignoredInventories.flatMap((path) =>
      path.endsWith('/') ? disk.filesBelow(path).map((name) => path + name) : [path],
    )
    const texts = new Map(paths.toSorted().map((path) => [path, disk.text(path) ?? '']))
    const path = findInventories(texts)
      .flat()
      .find((one) => !isFixture(one))
    if (path === undefined) return undefined
    const what = 'git ignores this inventory, so it was left out, and hosts were made up: name it with -i'
    return { at: { path, start: 0, end: 0 }, what, isTold: true }
  }

  /**
   * The tokens that stand in the project in clear text, as far as the rehearsal has followed them, and where each is given. Never
   * to be shown.
   */
  get literals(): readonly { readonly text: string; readonly at: Span | undefined }[] {
    return [...(this.#rehearsal?.tokens ?? [])].flatMap(({ kind, text, hop }) =>
      kind === 'literal' && text !== undefined && text.trim() !== '' ? [{ text, at: hop?.at }] : [],
    )
  }

  /** A source that was found may be meant to be read over another one: a group that stands there is not missing. */
  #withoutLayers(faults: readonly Fault[], read: readonly NamedInventory[]): readonly Fault[] {
    const isFound = this.#options.inventories === undefined && this.#options.inventorySets === undefined
    if (!isFound || read.length < 2 || faults.length === 0) return faults
    const groups = new Set(read.flatMap(({ inventory }) => [...inventory.groups.keys()]))
    return faults.filter(({ at }) => {
      const text = this.project.get(at.path)?.slice(at.start, at.end) ?? ''
      return !groups.has(text.trim().replace(/^\[|:(?:vars|children)\]$/g, ''))
    })
  }

  /**
   * One inventory may be there under several names, by links: each counts once, by the name that an `ansible.cfg` has for it, or
   * else by its own. With other variables beside the link it is another one.
   */
  #withoutLinks(found: readonly (readonly string[])[]): readonly (readonly string[])[] {
    if (found.length < 2) return found
    const named = new Set(configuredSources(this.project).flat())
    const rank = (sources: readonly string[]): number =>
      sources.some((source) => named.has(source))
        ? 0
        : sources.every((source) => this.disk.realPath(source) === source)
          ? 1
          : 2
    const kept = new Map<string, readonly string[]>()
    for (const sources of found.toSorted((one, other) => rank(one) - rank(other))) {
      const key = this.#filesOf(sources).join('\n')
      if (!kept.has(key)) kept.set(key, sources)
    }
    const first = new Set(kept.values())
    return found.filter((sources) => first.has(sources))
  }

  /** The files that are read for an inventory, with links followed: of variables with their names, which say whose they are. */
  #filesOf(sources: readonly string[]): readonly string[] {
    return sources.flatMap((source) => {
      const beside = this.project.has(source) ? directoryOf(source) : source
      return [...this.project.keys()].flatMap((path) => {
        const name = beside === '' ? path : path.slice(beside.length + 1)
        const isOfVariables = path === joinPath(beside, name) && /^(?:group|host)_vars\//.test(name)
        if (isOfVariables) return [`${name} ${this.disk.realPath(path)}`]
        return path === source || path.startsWith(`${source}/`) ? [this.disk.realPath(path)] : []
      })
    })
  }

  #read(): readonly NamedInventory[] {
    const { inventories, inventorySets, isGuessed } = this.#options
    const found = inventories === undefined ? inventorySets : [inventories]
    const sources =
      found === undefined || isGuessed === true
        ? this.#withoutLinks(found ?? findInventories(this.project, () => this.content))
        : found
    const named = new Set(configuredSources(this.project).flat())
    return sources.map((paths) => {
      const isSample = !this.#isAsked && paths.every((path) => isSampleFile(path) && !named.has(path))
      return { sources: paths, inventory: readInventory(this.project, paths, { isSample }), isSample }
    })
  }
}

function textsOnly(project: Project): ProjectDisk {
  const paths = [...project.keys()]
  return {
    filesBelow: (directory) => {
      const start = directory === '' ? '' : `${directory}/`
      return paths.filter((path) => path.startsWith(start)).map((path) => path.slice(start.length))
    },
    text: (path) => project.get(path),
    mayHave: (path) => project.has(path),
    realPath: (path) => path,
    lists: paths.filter((path) => path.endsWith('.txt')),
    ignoredInventories: [],
    inventoryScripts: [],
  }
}
