import { join } from 'node:path'
import { parseAnsibleConfig, pathItems } from '../../ansible/config.ts'
import { within } from '../../ansible/content/paths.ts'
import { directoryOf, joinPath, ProjectTree } from '../../ansible/inventory/projectTree.ts'
import { UserError } from '../../errors.ts'
import { namesIn, pathKind, SKIPPED } from '../../io/files.ts'
import { linkTarget, readProject, realOf } from '../../io/projectTexts.ts'
import { partsOf } from '../../path.ts'
import { escaped } from '../../syntax/regExp.ts'

type Texts = ReadonlyMap<string, string>

/** A role or a collection that git passes over. */
interface Unread {
  readonly directory: string
  /** As playbooks name it. */
  readonly name: string
  readonly isRole: boolean
}

/** What Ansible reads of a role, and what of a collection may say how K3s comes to a node. */
const PARTS: ReadonlySet<string> = new Set('tasks handlers defaults vars meta files templates'.split(' '))
const PARTS_OF_COLLECTION: ReadonlySet<string> = new Set(['roles', 'playbooks', 'meta'])

export interface IgnoredContent {
  readonly texts: Texts
  /** Which of them are there by links, as `ProjectTexts` has it. */
  readonly linked: ReadonlyMap<string, string>
}

/**
 * The texts of roles and collections that git passes over, as far as the project names them and does not have them otherwise:
 * Ansible plays them, and ansible-galaxy puts them where many projects keep git away.
 */
export function ignoredContent(
  root: string,
  texts: Texts,
  ignored: readonly string[],
  isExcluded: (path: string) => boolean,
): IgnoredContent {
  const added = new Map<string, string>()
  const known = namesOf(texts)
  let left = unread(root, texts, ignored).filter(({ name }) => !known.has(name))
  // What is read may name more of them.
  for (let fresh = texts; fresh.size > 0 && left.length > 0; ) {
    const namers = [...fresh].flatMap(([path, text]) => (NAMES.test(path) && !LISTS.test(path) ? [text] : []))
    const wanted = left.filter((one) => isNamed(one, namers))
    left = left.filter((one) => !wanted.includes(one))
    fresh = new Map(wanted.flatMap((one) => [...textsOf(root, one, isExcluded)]))
    for (const [path, text] of fresh) added.set(path, text)
  }
  return { texts: added, linked: linkedTexts(root, added) }
}

function linkedTexts(root: string, texts: Texts): ReadonlyMap<string, string> {
  const linked = new Map<string, string>()
  const top = realOf(root) ?? root
  for (const path of texts.keys()) {
    const target = realOf(join(root, path))
    if (target !== undefined && target !== join(top, path)) linked.set(path, linkTarget(top, target))
  }
  return linked
}

const NAMES = /\.ya?ml$/i
/** They say what is to be installed, and play nothing. */
const LISTS = /(?:^|\/)(?:requirements|galaxy)\.ya?ml$/

function unread(root: string, texts: Texts, ignored: readonly string[]): readonly Unread[] {
  const found = new Map<string, Unread>()
  const role = (directory: string): void => {
    found.set(directory, { directory, name: partsOf(directory).name, isRole: true })
  }
  const below = (directory: string): readonly string[] =>
    directoriesIn(join(root, directory)).map((name) => joinPath(directory, name))
  const collections = (directory: string): void => {
    const [, namespace, name] =
      /(?:^|\/)ansible_collections(?:\/([^/]+)(?:\/([^/]+))?)?$/.exec(directory) ?? []
    if (namespace !== undefined && name !== undefined)
      found.set(directory, { directory, name: `${namespace}.${name}`, isRole: false })
    else for (const inner of below(directory)) collections(inner)
  }
  for (const path of ignored) {
    const { directories, name } = partsOf(path)
    if (name === 'roles') for (const inner of below(path)) role(inner)
    else if (directories.at(-1) === 'roles') role(path)
    if (name === 'collections') collections(joinPath(path, 'ansible_collections'))
    else if (path.includes('ansible_collections')) collections(path)
  }
  for (const [config, text] of texts) {
    if (!/(?:^|\/)ansible\.cfg$/.test(config)) continue
    for (const directory of pathsIn(config, text, 'roles_path'))
      for (const inner of below(directory)) role(inner)
    for (const directory of pathsIn(config, text, 'collections_path'))
      collections(joinPath(directory, 'ansible_collections'))
  }
  // A path in ansible.cfg may name what git does not pass over, the project's own directory included.
  const tree = new ProjectTree(texts)
  return [...found.values()].filter(({ directory }) => !tree.isDirectory(directory))
}

/** None where it can't be read: it is no more than a role that is not there, which is told where it is named. */
function directoriesIn(path: string): readonly string[] {
  return (
    ifReadable(() =>
      namesIn(path).filter(
        (name) => !SKIPPED.has(name) && ifReadable(() => pathKind(join(path, name))) === 'directory',
      ),
    ) ?? []
  )
}

function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (error instanceof UserError) return undefined
    throw error
  }
}

function pathsIn(config: string, text: string, key: 'roles_path' | 'collections_path'): readonly string[] {
  const value = parseAnsibleConfig(config, text).defaults.get(key)?.value ?? ''
  return pathItems(value).flatMap((item) => within(directoryOf(config), item) ?? [])
}

/** The names of the roles and collections that the project has. */
function namesOf(texts: Texts): ReadonlySet<string> {
  const names = new Set<string>()
  for (const [path, text] of texts) {
    const { directories, name } = partsOf(path)
    for (const [index, directory] of directories.entries())
      if (PARTS.has(directory)) names.add(directories[index - 1] ?? '')
    const at = directories.indexOf('ansible_collections')
    if (at !== -1) names.add(directories.slice(at + 1, at + 3).join('.'))
    if (name === 'galaxy.yml')
      names.add(
        ['namespace', 'name']
          .map((key) => new RegExp(`^${key}:\\s*["']?(\\w+)`, 'm').exec(text)?.[1])
          .join('.'),
      )
  }
  return names
}

/** Whether one of the texts has it where a value stands, or in front of what it asks of a collection. */
function isNamed({ name, isRole }: Unread, texts: readonly string[]): boolean {
  const pattern = new RegExp(
    `(?:[:=]\\s*|^\\s*-\\s+|[[,]\\s*)["']?${escaped(name)}(?=["'\\s,}\\]${isRole ? '' : '.'}]|$)`,
    'm',
  )
  return texts.some((text) => text.includes(name) && pattern.test(text))
}

function textsOf(root: string, { directory, isRole }: Unread, isExcluded: (path: string) => boolean): Texts {
  const parts = isRole ? PARTS : PARTS_OF_COLLECTION
  if (!directoriesIn(join(root, directory)).some((name) => parts.has(name))) return new Map()
  const { texts } = readProject(join(root, directory), {
    isExcluded: (path) => {
      const [top = '', ...others] = path.split('/')
      if (others.length > 0 && !parts.has(top)) return true
      return isExcluded(`${directory}/${path}`)
    },
  })
  return new Map([...texts].map(([path, text]) => [`${directory}/${path}`, text]))
}
