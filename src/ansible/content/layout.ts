import { entryOf, type YamlNode, type YamlText } from '../../syntax/yaml.ts'
import { directoryOf, joinPath, type ProjectTree } from '../inventory/projectTree.ts'
import type { Collection, Role } from './content.ts'
import { isFixture, isInside } from './paths.ts'
import { textOf } from './reading.ts'

/** What makes a directory a role. */
const KINDS: ReadonlySet<string> = new Set([
  'tasks',
  'handlers',
  'defaults',
  'vars',
  'meta',
  'templates',
  'files',
])

/** Which directories of a project are roles and collections: found by their paths, and by galaxy.yml. */
export class Layout {
  readonly #tree: ProjectTree
  readonly #paths: readonly string[]
  readonly #yaml: (path: string) => YamlText | undefined
  readonly #roles = new Map<string, Role>()
  #collections: readonly Collection[] | undefined

  constructor(tree: ProjectTree, paths: readonly string[], yaml: (path: string) => YamlText | undefined) {
    this.#tree = tree
    this.#paths = paths
    this.#yaml = yaml
  }

  get collections(): readonly Collection[] {
    this.#collections ??= this.#findCollections()
    return this.#collections
  }

  /** The collection that a directory is part of: the innermost one. */
  collectionOf(directory: string): Collection | undefined {
    return this.collections
      .filter((each) => isInside(directory, each.directory))
      .reduce<Collection | undefined>(
        (best, each) => (best === undefined || each.directory.length > best.directory.length ? each : best),
        undefined,
      )
  }

  /** The role in a directory, the same object each time. Whether it holds anything is not asked. */
  role(directory: string): Role {
    const known = this.#roles.get(directory)
    if (known !== undefined) return known
    const afterRoles = /^(?:.*\/)?roles\/(.+)$/.exec(directory)?.[1]
    const path = afterRoles ?? directory.slice(directory.lastIndexOf('/') + 1)
    const name = directory === '' ? (this.galaxyNames('').name ?? '') : path
    const collection = this.collectionOf(directory)
    const isPart = collection !== undefined && directory.startsWith(joinPath(collection.directory, 'roles/'))
    const role = {
      name: name.slice(name.lastIndexOf('/') + 1),
      fullName: isPart ? `${collection.name}.${name.replaceAll('/', '.')}` : name,
      directory,
      collection: isPart ? collection : undefined,
    }
    this.#roles.set(directory, role)
    return role
  }

  /** What meta/main.yml calls a role; the name of a checkout's directory is not known here. */
  galaxyNames(directory: string): {
    readonly name: string | undefined
    readonly namespace: string | undefined
  } {
    const info = entryOf(this.#meta(directory), 'galaxy_info')?.value
    return {
      name: textOf(entryOf(info, 'role_name')?.value),
      namespace: textOf(entryOf(info, 'namespace')?.value),
    }
  }

  /** `collections:` of a role's meta/main.yml. */
  collectionsListedBy(directory: string): readonly string[] {
    const listed = entryOf(this.#meta(directory), 'collections')?.value
    const items = listed?.kind === 'sequence' ? listed.items : [listed]
    return items.flatMap((item) => textOf(item) ?? [])
  }

  #meta(directory: string): YamlNode | undefined {
    return ['meta/main.yml', 'meta/main.yaml']
      .map((name) => this.#yaml(joinPath(directory, name)))
      .find((text) => text !== undefined)?.root
  }

  /** Directories of all roles, sorted. `rolesPaths`: further directories that hold roles. */
  roleDirectories(rolesPaths: readonly string[]): readonly string[] {
    const found = new Set<string>()
    for (const path of this.#paths) for (const directory of roleDirectoriesOf(path)) found.add(directory)
    for (const base of rolesPaths)
      for (const name of this.#tree.list(base))
        if (this.#hasKind(joinPath(base, name))) found.add(joinPath(base, name))
    for (const path of this.#paths) {
      if (!/(?:^|\/)tasks\/main(?:\.ya?ml)?$/.test(path)) continue
      const directory = directoryOf(directoryOf(path))
      if (directory === '' || this.#isLoneRole(directory)) found.add(directory)
    }
    if (this.#isProjectRole()) found.add('')
    return [...found].filter((directory) => !isPartOfRole(directory, found)).sort()
  }

  #hasKind(directory: string): boolean {
    return this.#tree.list(directory).some((name) => KINDS.has(name))
  }

  /** A role in a directory of its own that is no `roles`, as in a repository of several roles. */
  #isLoneRole(directory: string): boolean {
    if (isFixture(`${directory}/`)) return false
    const has = (kind: string): boolean => this.#tree.isDirectory(joinPath(directory, kind))
    if (['meta', 'defaults', 'handlers'].some(has)) return true
    // A playbook may have tasks and templates beside itself, too.
    return (
      has('templates') &&
      !this.#tree.list(directory).some((name) => /\.ya?ml$/.test(name) || name === 'roles')
    )
  }

  /** Tasks and templates at the top, where no playbook's `roles/` says that they are a playbook's. */
  #isProjectRole(): boolean {
    const has = (name: string): boolean => this.#tree.isDirectory(name)
    return has('tasks') && ['templates', 'defaults', 'meta', 'handlers'].some(has) && !has('roles')
  }

  #findCollections(): readonly Collection[] {
    const names = new Map<string, string>()
    for (const path of this.#paths) {
      const installed = /^((?:.*\/)?ansible_collections\/(\w+)\/(\w+))\//.exec(path)
      if (installed !== null) names.set(installed[1] ?? '', `${installed[2]}.${installed[3]}`)
      if (!/(?:^|\/)galaxy\.yml$/.test(path) || names.has(directoryOf(path)) || isFixture(path)) continue
      const root = this.#yaml(path)?.root
      const namespace = textOf(entryOf(root, 'namespace')?.value)
      const name = textOf(entryOf(root, 'name')?.value)
      if (namespace && name) names.set(directoryOf(path), `${namespace}.${name}`)
    }
    return [...names]
      .map(([directory, name]) => ({ directory, name }))
      .sort((a, b) => (a.directory < b.directory ? -1 : 1))
  }
}

/** `site/roles/k3s/master/tasks/main.yml` → `site/roles/k3s/master`: up to the first directory of a role's kinds. */
function roleDirectoriesOf(path: string): readonly string[] {
  if (!path.startsWith('roles/') && !path.includes('/roles/')) return []
  const parts = path.split('/')
  return parts.flatMap((part, index) => {
    if (part !== 'roles') return []
    const kind = parts.findIndex((each, at) => at > index + 1 && at < parts.length - 1 && KINDS.has(each))
    return kind === -1 ? [] : [parts.slice(0, kind).join('/')]
  })
}

/** What lies in a role is no role of its own, unless in a `roles` directory there. */
function isPartOfRole(directory: string, roles: ReadonlySet<string>): boolean {
  const parts = directory.split('/')
  for (let length = parts.length - 1; length > 0; length -= 1) {
    if (parts[length] === 'roles') return false
    if (roles.has(parts.slice(0, length).join('/'))) return true
  }
  return false
}
