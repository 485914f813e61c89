import type { Span } from '../../span.ts'
import { isVaulted } from '../../syntax/vault.ts'
import { entryOf, parseYaml, type YamlNode, type YamlText } from '../../syntax/yaml.ts'
import { extensionOf, joinPath, ProjectTree } from '../inventory/projectTree.ts'
import { type Fault, layered, type Project, type Variable } from '../value.ts'
import type { Collection, Content, Playbook, Role, RoleUse, TaskFile } from './content.ts'
import {
  type FileContext,
  type FileKind,
  findFile,
  findMatching,
  type Match,
  missingTasks,
  varsDirectory,
} from './fileSearch.ts'
import { Layout } from './layout.ts'
import { mayBePlaybook, within } from './paths.ts'
import { isPlaybook, readPlays, readRoleUses } from './plays.ts'
import { isNothing, placeOf, type Reading, variables } from './reading.ts'
import { type RoleContext, RoleSearch } from './roleSearch.ts'
import { readStatements } from './statements.ts'

type Variables = ReadonlyMap<string, Variable>

const NO_VARIABLES: Variables = new Map()
const EXTENSIONS = ['.yml', '.yaml', '.json']

export class ContentReader implements Content {
  readonly #project: Project
  readonly #directoryName: string | undefined
  readonly #faults: Fault[] = []
  readonly #yaml = new Map<string, YamlText>()
  readonly #files = new Map<string, unknown>()
  readonly #read = new Set<string>()
  #places: { readonly tree: ProjectTree; readonly layout: Layout; readonly search: RoleSearch } | undefined
  #playbooks: readonly Playbook[] | undefined
  #roles: readonly Role[] | undefined

  constructor(project: Project, directoryName: string | undefined) {
    this.#project = project
    this.#directoryName = directoryName
  }

  get #where() {
    if (this.#places === undefined) {
      const tree = new ProjectTree(this.#project)
      const paths = [...this.#project.keys()].filter((path) => within('', path) !== undefined).sort()
      const layout = new Layout(tree, paths, (path) => this.yaml(path))
      this.#places = { tree, layout, search: new RoleSearch(tree, paths, layout, this.#directoryName) }
    }
    return this.#places
  }

  get playbooks(): readonly Playbook[] {
    this.#playbooks ??= [...this.#project]
      .filter(([path, text]) => mayBePlaybook(path, text))
      .map(([path]) => path)
      .sort()
      .filter((path) => isPlaybook(this.yaml(path)?.root))
      .flatMap((path) => this.playbook(path) ?? [])
    return this.#playbooks
  }

  get roles(): readonly Role[] {
    const { layout, search } = this.#where
    this.#roles ??= layout.roleDirectories(search.allRolesPaths).map((directory) => layout.role(directory))
    return this.#roles
  }

  get collections(): readonly Collection[] {
    return this.#where.layout.collections
  }

  get faults(): readonly Fault[] {
    return [...this.#faults].sort((a, b) =>
      a.at.path === b.at.path ? a.at.start - b.at.start : a.at.path < b.at.path ? -1 : 1,
    )
  }

  findRole(name: string, from: RoleContext): Role | undefined {
    return this.#where.search.find(name, from)
  }

  findPlaybook(name: string, playbookDirectory: string): string | undefined {
    const path = within(playbookDirectory, name)
    if (path !== undefined && this.#project.has(path)) return path
    const [, collection, rest] = /^(\w+\.\w+)\.(\w+(?:\.\w+)*)$/.exec(name) ?? []
    const directory = this.collections.find((each) => each.name === collection)?.directory
    if (directory === undefined || rest === undefined) return undefined
    const base = joinPath(directory, `playbooks/${rest.replaceAll('.', '/')}`)
    return ['.yml', '.yaml', ''].map((ending) => base + ending).find((each) => this.#project.has(each))
  }

  playbook(path: string): Playbook | undefined {
    return this.#once(`playbook ${path}`, () => {
      const root = this.#root(path)
      if (root === undefined) return this.#project.has(path) ? { path, plays: [] } : undefined
      return { path, plays: readPlays(root, this.#reading(path)) }
    })
  }

  taskFile(path: string): TaskFile | undefined {
    return this.#once(`tasks ${path}`, () => {
      if (!this.#project.has(path)) return undefined
      const statements = readStatements(this.#root(path), 'a file of tasks', this.#reading(path))
      return { path, statements }
    })
  }

  varsFile(path: string): Variables | undefined {
    return this.#once(`vars ${path}`, () => (this.#project.has(path) ? this.#variables(path) : undefined))
  }

  isSealed(path: string): boolean {
    return isVaulted(this.#project.get(path) ?? '')
  }

  sealedVariables(
    role: Role,
    from: { readonly defaults?: string | undefined; readonly vars?: string | undefined } = {},
  ): readonly string[] {
    return this.#once(`sealed ${role.directory} ${from.defaults ?? ''} ${from.vars ?? ''}`, () =>
      (['defaults', 'vars'] as const)
        .flatMap((kind) => this.#roleFiles(role, kind, from[kind], true))
        .filter((path) => this.isSealed(path)),
    )
  }

  roleTasks(role: Role, from?: string): TaskFile | undefined {
    return this.#taskFileOf(role, 'tasks', from)
  }

  roleHandlers(role: Role, from?: string): TaskFile | undefined {
    return this.#taskFileOf(role, 'handlers', from)
  }

  roleDefaults(role: Role, from?: string): Variables {
    return this.#variablesOf(role, 'defaults', from)
  }

  roleVars(role: Role, from?: string): Variables {
    return this.#variablesOf(role, 'vars', from)
  }

  roleDependencies(role: Role): readonly RoleUse[] {
    return this.#once(`dependencies ${role.directory}`, () => {
      const [path] = this.#roleFiles(role, 'meta', undefined, false)
      const root = path === undefined ? undefined : this.#root(path)
      const node = entryOf(root, 'dependencies')?.value
      return path === undefined || node === undefined || isEmpty(node)
        ? []
        : readRoleUses(node, 'dependencies', this.#reading(path))
    })
  }

  allowsDuplicates(role: Role): boolean {
    const [path] = this.#roleFiles(role, 'meta', undefined, false)
    const root = path === undefined ? undefined : this.#root(path)
    const allowed = entryOf(root, 'allow_duplicates')?.value
    return allowed?.kind === 'scalar' && /^(?:true|yes|on)$/i.test(String(allowed.value))
  }

  varsDirectory(
    name: string,
    from: { readonly role?: Role | undefined; readonly writtenIn: string },
    depth: number,
  ): readonly string[] | undefined {
    return varsDirectory(this.#where.tree, name, from, depth)
  }

  findFile(kind: FileKind, name: string, from: FileContext): string | undefined {
    return findFile(this.#where.tree, kind, name, from)
  }

  missingTasks(kind: 'tasks' | 'handlers', name: string, from: FileContext): readonly string[] | undefined {
    return missingTasks(this.#where.tree, kind, name, from)
  }

  missingPart(
    role: Role,
    kind: 'tasks' | 'handlers' | 'defaults' | 'vars',
    name: string,
  ): readonly string[] | undefined {
    const directory = joinPath(role.directory, kind)
    const base = within(directory, name)
    if (base?.startsWith(`${directory}/`) !== true) return undefined
    const allowDirectory = kind === 'defaults' || kind === 'vars'
    if (this.#roleFiles(role, kind, name, allowDirectory).length > 0) return undefined
    return ['', ...EXTENSIONS].map((ending) => base + ending)
  }

  findMatching(kind: FileKind, parts: readonly string[], from: FileContext): readonly Match[] {
    return findMatching(this.#where.tree, kind, parts, from)
  }

  text(path: string): string | undefined {
    return this.#project.get(path)
  }

  yaml(path: string): YamlText | undefined {
    const known = this.#yaml.get(path)
    if (known !== undefined) return known
    const text = this.#project.get(path)
    if (text === undefined) return undefined
    const parsed = parseYaml(path, text)
    this.#yaml.set(path, parsed)
    return parsed
  }

  #once<Value>(key: string, read: () => Value): Value {
    if (!this.#files.has(key)) this.#files.set(key, read())
    return this.#files.get(key) as Value
  }

  #reading(path: string): Reading {
    return {
      text: this.#project.get(path) ?? '',
      report: (fault) => {
        if (!isOfBroken(fault.at, this.yaml(path))) this.#faults.push(fault)
      },
    }
  }

  /** A file's tree, its faults taken over. A file that is encrypted as a whole has none. */
  #root(path: string): YamlNode | undefined {
    const text = this.#project.get(path)
    const isNew = !this.#read.has(path)
    this.#read.add(path)
    if (text === undefined) return undefined
    if (isVaulted(text)) {
      if (isNew) this.#faults.push(encrypted({ path, start: 0, end: 0 }))
      return undefined
    }
    const parsed = this.yaml(path)
    if (isNew) this.#faults.push(...(parsed?.faults ?? []))
    return parsed?.root
  }

  #variables(path: string): Variables {
    const root = this.#root(path)
    if (root?.kind === 'map') return variables(root)
    if (root !== undefined && !isNothing(root))
      this.#faults.push({
        at: placeOf(root),
        message: 'a file of variables is a mapping',
        fix: 'write NAME: VALUE on each line',
      })
    return NO_VARIABLES
  }

  #variablesOf(role: Role, kind: 'defaults' | 'vars', from: string | undefined): Variables {
    return this.#once(`${kind} ${role.directory} ${from ?? ''}`, () => {
      const [first, ...others] = this.#roleFiles(role, kind, from, true).map((path) => this.varsFile(path))
      if (others.length === 0) return first ?? NO_VARIABLES
      return layered([first, ...others].flatMap((each) => each ?? []))
    })
  }

  #taskFileOf(role: Role, kind: 'tasks' | 'handlers', from: string | undefined): TaskFile | undefined {
    const [path] = this.#roleFiles(role, kind, from, false)
    return path === undefined ? undefined : this.taskFile(path)
  }

  /** Role._load_role_yaml in ansible-core's playbook/role/__init__.py: without a name the endings come first, with one last. */
  #roleFiles(role: Role, kind: string, from: string | undefined, allowDirectory: boolean): readonly string[] {
    const { tree } = this.#where
    const directory = joinPath(role.directory, kind)
    const base = within(directory, from ?? 'main')
    if (base === undefined || !base.startsWith(`${directory}/`)) return []
    for (const ending of from === undefined ? [...EXTENSIONS, ''] : ['', ...EXTENSIONS]) {
      const path = base + ending
      if (tree.text(path) !== undefined) return [path]
      if (allowDirectory && tree.isDirectory(path)) return filesInside(tree, path)
    }
    return []
  }
}

/** Whether it is read so for what is broken in the same item of a list: with that mended it may be another one. */
function isOfBroken({ start, end }: Span, yaml: YamlText | undefined): boolean {
  const items = yaml?.root?.kind === 'sequence' ? yaml.root.items : []
  return (
    yaml?.broken.some((broken) => {
      const next = items.find(({ at }) => at.start > broken.start)
      return end > broken.start && (next === undefined || start < next.at.start)
    }) === true
  )
}

/** What Python takes for false: `RoleMetadata._load_dependencies` of ansible-core asks no more. */
const isEmpty = (node: YamlNode): boolean =>
  node.kind === 'map' ? node.entries.size === 0 : node.kind === 'scalar' && FALSE.has(node.value)

const FALSE = new Set<unknown>(['', false, 0, 0n, null])

function filesInside(tree: ProjectTree, directory: string): readonly string[] {
  return tree.list(directory).flatMap((name) => {
    if (name.startsWith('.') || name.endsWith('~')) return []
    const path = joinPath(directory, name)
    const extension = extensionOf(name)
    if (tree.isDirectory(path)) return extension === '' ? filesInside(tree, path) : []
    return extension === '' || EXTENSIONS.includes(extension) ? [path] : []
  })
}

function encrypted(at: Span): Fault {
  return {
    at,
    message: 'this file is encrypted as a whole, so what it says is not known here',
    fix: 'nothing to do where it has no part in the token; else encrypt only the secret values',
    severity: 'notice',
  }
}
