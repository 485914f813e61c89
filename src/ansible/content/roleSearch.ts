import { parseAnsibleConfig, pathItems } from '../config.ts'
import { directoryOf, joinPath, normalPath, type ProjectTree } from '../inventory/projectTree.ts'
import type { Collection, Keywords, Role } from './content.ts'
import type { Layout } from './layout.ts'
import { isFixture, isInside, upwards, within } from './paths.ts'

/** Where a role is asked for. */
export interface RoleContext {
  readonly playbookDirectory: string
  readonly role?: Role | undefined
  /** `collections:` of the play, block or task nearest to it, those of a role's own tasks only; of the role's use for its dependencies. */
  readonly collections?: readonly string[] | undefined
  /** In the `dependencies:` of `role` rather than by its tasks. */
  readonly isDependency?: boolean | undefined
}

/** What `collections:` lists, where a play, block, task or role's use has it. */
export function collectionsIn(keywords: Keywords): readonly string[] | undefined {
  const value = keywords.get('collections')?.value
  if (value === undefined) return undefined
  return (Array.isArray(value) ? value : [value]).filter((name) => typeof name === 'string')
}

/** Finds roles by name in Ansible's order: RoleDefinition._load_role_path in playbook/role/definition.py. */
export class RoleSearch {
  readonly #tree: ProjectTree
  readonly #layout: Layout
  readonly #configs: readonly string[]
  readonly #directoryName: string | undefined
  readonly #rolesPaths = new Map<string, readonly string[]>()

  constructor(
    tree: ProjectTree,
    paths: readonly string[],
    layout: Layout,
    directoryName: string | undefined,
  ) {
    this.#tree = tree
    this.#layout = layout
    this.#directoryName = directoryName
    this.#configs = paths.filter((path) => /(?:^|\/)ansible\.cfg$/.test(path)).sort()
  }

  /** What every ansible.cfg of the project says of `roles_path`, as far as it lies in the project. */
  get allRolesPaths(): readonly string[] {
    return this.#configs.flatMap((path) => this.#rolesPath(path))
  }

  find(name: string, from: RoleContext): Role | undefined {
    const directory = this.#directory(name, from)
    return directory === undefined ? undefined : this.#layout.role(directory)
  }

  #directory(name: string, from: RoleContext): string | undefined {
    if (name === '') return undefined
    return this.#inCollections(name, from) ?? this.#inPaths(name, from) ?? this.#checkout(name, from)
  }

  /** By its full name alone; by its last part in the collections that are searched where it is asked for. */
  #inCollections(name: string, from: RoleContext): string | undefined {
    const full = /^(\w+\.\w+)\.(\w+(?:\.\w+)*)$/.exec(name)
    if (full !== null) return this.#inCollection(full[1] ?? '', full[2] ?? '')
    for (const collection of this.#searched(from)) {
      const found = this.#inCollection(collection, name)
      if (found !== undefined) return found
    }
    return undefined
  }

  /** A role does not see what its play lists: Role._load_role_data and RoleMetadata._load_dependencies in playbook/role/. */
  #searched({ playbookDirectory, role, collections, isDependency }: RoleContext): readonly string[] {
    const own = role?.collection?.name ?? []
    const standard = this.#collectionOfPlaybook(playbookDirectory)?.name ?? []
    if (isDependency === true) return [own, standard, collections ?? []].flat()
    if (role === undefined || collections !== undefined) return [standard, collections ?? []].flat()
    return [
      role.collection === undefined ? standard : own,
      this.#layout.collectionsListedBy(role.directory),
    ].flat()
  }

  #collectionOfPlaybook(directory: string): Collection | undefined {
    const collection = this.#layout.collectionOf(directory)
    return collection !== undefined && isInside(directory, joinPath(collection.directory, 'playbooks'))
      ? collection
      : undefined
  }

  #inCollection(collection: string, name: string): string | undefined {
    for (const each of this.#layout.collections) {
      if (each.name !== collection) continue
      const found = this.#existing(joinPath(each.directory, `roles/${name.replaceAll('.', '/')}`))
      if (found !== undefined) return found
    }
    return undefined
  }

  #inPaths(name: string, { playbookDirectory, role }: RoleContext): string | undefined {
    const roleBase = role === undefined || role.directory === '' ? [] : [directoryOf(role.directory)]
    const bases = [
      joinPath(playbookDirectory, 'roles'),
      ...this.#configured(playbookDirectory),
      ...roleBase,
      playbookDirectory,
      // Whence Ansible is started is not known: the top of the project, or somewhere on the way to it.
      ...upwards(playbookDirectory).map((directory) => joinPath(directory, 'roles')),
      '',
    ]
    for (const base of bases) {
      const found = this.#existing(within(base, name))
      if (found !== undefined && (found !== '' || this.#isRole(found))) return found
    }
    return undefined
  }

  /** Whether it is the project's own directory that is found above it, where some `roles_path` names that place. */
  #isOwnDirectory(name: string): boolean {
    return (
      name === this.#directoryName &&
      this.#configs.some((config) =>
        this.#itemsOf(config).some((item) => normalPath(joinPath(directoryOf(config), item)) === '..'),
      )
    )
  }

  #existing(path: string | undefined): string | undefined {
    return path !== undefined && this.#tree.isDirectory(path) ? path : undefined
  }

  /** Ansible reads one ansible.cfg only; the nearest is the likeliest, but any of them may be named in ANSIBLE_CONFIG. */
  #configured(playbookDirectory: string): readonly string[] {
    const near = upwards(playbookDirectory).map((directory) => joinPath(directory, 'ansible.cfg'))
    const others = this.#configs.filter((path) => !near.includes(path))
    return [...near, ...others].flatMap((path) => this.#rolesPath(path))
  }

  #rolesPath(config: string): readonly string[] {
    const known = this.#rolesPaths.get(config)
    if (known !== undefined) return known
    const directories = this.#itemsOf(config).flatMap((item) => within(directoryOf(config), item) ?? [])
    this.#rolesPaths.set(config, directories)
    return directories
  }

  /** What `roles_path` says there, word for word. */
  #itemsOf(config: string): readonly string[] {
    const text = this.#tree.text(config)
    const setting =
      text === undefined ? undefined : parseAnsibleConfig(config, text).defaults.get('roles_path')
    return pathItems(setting?.value ?? '')
  }

  /**
   * A checkout that is one role, as its own tests call it: `k3s`, `author.k3s`, `ansible-role-k3s`, or by the name of the checkout's
   * directory, which molecule has in a variable.
   */
  #checkout(name: string, { playbookDirectory }: RoleContext): string | undefined {
    return upwards(playbookDirectory).find((directory) => {
      if (!this.#isRole(directory) || isFixture(`${directory}/`)) return false
      if (name.includes('MOLECULE_PROJECT_DIRECTORY')) return true
      if (directory === '' && this.#isOwnDirectory(name)) return true
      const own = this.#layout.galaxyNames(directory).name ?? directory.slice(directory.lastIndexOf('/') + 1)
      // Without a name of its own it is what a test beside it asks for and nothing else has.
      if (own === '')
        return (
          (isFixture(`${playbookDirectory}/`) && /^[\w-]+$/.test(name)) ||
          this.#isCalledAsItsVariables(directory, name)
        )
      return plainName(name) === plainName(own)
    })
  }

  /** `author.k3s`, where the defaults of the role are all called `k3s_…`. */
  #isCalledAsItsVariables(directory: string, name: string): boolean {
    const [, own = ''] = /^[\w-]+\.(\w+)$/.exec(name) ?? []
    const defaults = this.#tree.text(joinPath(directory, 'defaults/main.yml')) ?? ''
    const variables = [...defaults.matchAll(/^(\w+):/gm)].map(([, variable = '']) => variable)
    return own !== '' && variables.length > 0 && variables.every((variable) => variable.startsWith(`${own}_`))
  }

  #isRole(directory: string): boolean {
    return this.#tree.isDirectory(joinPath(directory, 'tasks'))
  }
}

function plainName(name: string): string {
  return name
    .slice(name.lastIndexOf('.') + 1)
    .toLowerCase()
    .replaceAll('_', '-')
    .replace(/^(?:ansible-)?(?:role-)?/, '')
}
