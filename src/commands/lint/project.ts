import { basename, isAbsolute, join, posix, relative, resolve } from 'node:path'
import { listItems, parseAnsibleConfig } from '../../ansible/config.ts'
import type { Fault } from '../../ansible/value.ts'
import { UserError } from '../../errors.ts'
import { inventoryPaths, nameOf, pathKind, readTexts } from '../../io/files.ts'
import { GitIgnore, globMatcher } from '../../io/gitignore.ts'
import { MAX_BYTES, readFileText, readProject, TOO_LARGE } from '../../io/projectTexts.ts'
import { concernsRules, hasAnsible, matters, namesK3s, speaksOfK3s } from '../../lint/relevance.ts'
import { writtenTokens } from '../../token/written.ts'
import { ignoredContent } from './ignoredContent.ts'
import type { Settings } from './settings.ts'
import type { Target } from './targets.ts'

/** A project as it was read. */
export interface ReadProject {
  readonly root: string
  /** What the root is called, where an ansible.cfg makes that count; else a copy elsewhere is the same project. */
  readonly directoryName: string | undefined
  /** Paths below the root. */
  readonly texts: ReadonlyMap<string, string>
  readonly faults: readonly Fault[]
  readonly ignoredByGit: ReadonlySet<string>
  /** Paths of lists as K3s's releases have them; they are no texts of the project. */
  readonly lists: readonly string[]
  /** What may be inventories by their names, and git passes over; they are no texts of the project. */
  readonly ignoredInventories: readonly string[]
  readonly inventoryScripts: readonly string[]
  /** Texts that are there by links, too: each path that is none of its own, with the one that all is said of. */
  readonly links: ReadonlyMap<string, string>
  /** Texts that really lie outside of the project. */
  readonly outside: ReadonlySet<string>
  /** As the project names them. */
  readonly inventories: readonly string[] | undefined
  readonly inventorySets: readonly (readonly string[])[] | undefined
  /** Of the project: what is reported; `undefined`: all. */
  readonly reported: ReadonlySet<string> | undefined
  /** Whether anything in it is worth to start the engine. */
  readonly concernsRules: boolean
}

export interface ReadOptions {
  readonly cwd: string
  readonly inventories: readonly string[] | undefined
  readonly exclude: readonly string[]
  /** Whether `exclude` also holds for files that were named. */
  readonly forceExclude: boolean
  /** A text that stands for a file's, by its absolute path. */
  readonly instead: { readonly path: string; readonly text: string } | undefined
}

/** A manifest of Kubernetes, which Ansible hands on and never reads. */
const MANIFEST = /^[^\w\n]*apiVersion:/m

/** Reads a project from disk: what is named below it, and the inventories that lie elsewhere. */
export function readTarget(target: Target, settings: Settings, options: ReadOptions): ReadProject {
  const { root } = target
  const { cwd, instead } = options
  const excluded = excluder(root, settings, options)
  const {
    texts: read,
    refused,
    lists,
    inventoryScripts,
    ...ignored
  } = readProject(root, { isExcluded: excluded })
  let { linked } = ignored
  const texts = new Map(read)
  let links = linksAmong(texts, linked)
  const faults: Fault[] = []
  const heads = refused.map(({ path, head }): [string, string] => [path, head])
  let isOfOurs: boolean | undefined
  /** Tokens and vaults are those of other programs where there is neither Ansible nor K3s. */
  const isWanted = (path: string, head: string): boolean => {
    if (namesK3s(path, head)) return true
    if (!matters(path, head)) return false
    isOfOurs ??= options.inventories !== undefined || speaksOfK3s(texts) || hasAnsible([...texts, ...heads])
    return isOfOurs
  }
  const refuse = (path: string, why: string, head: string): void => {
    if (isWanted(path, head) && !MANIFEST.test(head))
      faults.push({
        at: { path, start: 0, end: 0 },
        message: `${why}, and was not looked into`,
        fix: 'save it as text in UTF-8, or leave it out with exclude',
      })
  }
  for (const { path, why, head } of refused) refuse(path, why, head)

  const added: string[] = []
  const reported = target.files === undefined ? undefined : new Set<string>()
  for (const file of target.files ?? []) {
    const path = nameOf(root, file)
    if (options.forceExclude && excluded(path)) continue
    reported?.add(links.get(path) ?? path)
    if (texts.has(path) || file === instead?.path || refused.some((one) => one.path === path)) continue
    const result = readFileText(file)
    if ('text' in result) {
      texts.set(path, result.text)
      added.push(path)
    } else refuse(path, result.why, result.head)
  }
  if (instead !== undefined && target.files?.has(instead.path) === true)
    for (const path of namesOf(nameOf(root, instead.path), links)) texts.set(path, instead.text)

  const addTexts = (absolute: string): void => {
    const { texts: found, passedOver } = readTexts(root, inventoryPaths(absolute))
    for (const { path, why } of passedOver) if (!texts.has(path)) refuse(path, `is ${why}`, '')
    for (const [path, text] of found)
      if (texts.has(path)) continue
      else if (text.length > MAX_BYTES) refuse(path, TOO_LARGE, text.slice(0, 100_000))
      else {
        texts.set(path, text)
        added.push(path)
      }
  }
  const addInventory = (source: string, directory: string): string => {
    if (source.includes(',')) return source
    const absolute = resolve(directory, source)
    if (pathKind(absolute) === 'absent')
      throw new UserError('there is no such inventory', {
        at: source,
        fix: 'check -i, and inventories in the configuration',
      })
    addTexts(absolute)
    return nameOf(root, absolute)
  }
  const inventories = options.inventories?.map((source) => addInventory(source, cwd))
  const inventorySets = settings.config.inventories?.map((sources) =>
    sources.map((source) => addInventory(source, settings.directory)),
  )
  // Ansible reads what lies beside an inventory or a playbook, whether or not git has it: many projects keep their secrets so.
  for (const [path, text] of readTexts(root, ignored.ignoredVariables).texts) {
    if (texts.has(path) || text.length > MAX_BYTES || excluded(path)) continue
    texts.set(path, text)
    added.push(path)
  }
  const { size } = texts
  const isConcerned = concernsRules(texts)
  if (isConcerned) {
    const content = ignoredContent(root, texts, ignored.ignoredContent, excluded)
    for (const [path, text] of content.texts) {
      texts.set(path, text)
      added.push(path)
    }
    linked = new Map([...linked, ...content.linked])
    links = linksAmong(texts, linked)
  }
  // Most repositories have many of these, and few a cluster.
  if (isConcerned && ignored.prose.length > 0 && speaksOfK3s(texts))
    for (const path of ignored.prose) {
      const result = texts.has(path) || excluded(path) ? undefined : readFileText(join(root, path))
      if (result !== undefined && 'text' in result && writtenTokens(result.text).length > 0)
        texts.set(path, result.text)
    }
  // The inventory that Ansible takes by itself counts even where git passes it over: many projects keep theirs to themselves.
  for (const source of configuredInventories(read)) {
    const path = nameOf(root, resolve(root, source))
    const isThere = texts.has(path) || [...read.keys()].some((name) => name.startsWith(`${path}/`))
    if (!isThere && !excluded(path) && pathKind(resolve(root, source)) !== 'absent')
      addTexts(resolve(root, source))
  }
  const git = GitIgnore.at(root)
  return {
    root,
    directoryName: looksAbove(texts) ? basename(root) : undefined,
    texts,
    faults,
    ignoredByGit: new Set(added.filter((path) => !path.startsWith('../') && isIgnored(git, root, path))),
    lists,
    ignoredInventories: ignored.ignoredInventories.filter((path) => !excluded(path)),
    inventoryScripts,
    links,
    outside: new Set([...linked].flatMap(([path, target]) => (isAbsolute(target) ? [path] : []))),
    inventories,
    inventorySets,
    reported,
    // Every text was asked already, but for those that came since.
    concernsRules: isConcerned || (texts.size > size && concernsRules(texts)),
  }
}

/** Every text has one path of its own: where it really is, or else the one through the fewest directories. */
function linksAmong(
  texts: ReadonlyMap<string, string>,
  linked: ReadonlyMap<string, string>,
): ReadonlyMap<string, string> {
  const own = new Map<string, string>()
  const links = new Map<string, string>()
  const depth = ([path]: readonly [string, string]): number => path.split('/').length
  const read = [...linked].filter(([path]) => texts.has(path))
  for (const [path, target] of read.toSorted((one, other) => depth(one) - depth(other))) {
    const known = texts.has(target) ? target : own.get(target)
    if (known === undefined) own.set(target, path)
    else links.set(path, known)
  }
  return links
}

/** All paths of a text. */
export function namesOf(path: string, links: ReadonlyMap<string, string>): readonly string[] {
  const own = links.get(path) ?? path
  return [own, ...[...links].flatMap(([name, target]) => (target === own ? [name] : []))]
}
/** Whether roles may be looked for where the project's own directory lies. */
const looksAbove = (texts: ReadonlyMap<string, string>): boolean =>
  [...texts].some(
    ([path, text]) => posix.basename(path) === 'ansible.cfg' && /^\s*roles_path\b.*\.\./m.test(text),
  )

/** What `inventory=` in each ansible.cfg names, relative to the project. */
function configuredInventories(texts: ReadonlyMap<string, string>): readonly string[] {
  return [...texts].flatMap(([path, text]) => {
    if (posix.basename(path) !== 'ansible.cfg' || !text.includes('inventory')) return []
    const setting = parseAnsibleConfig(path, text).inventory
    return listItems(setting?.value ?? '')
      .filter((source) => source !== '' && !/^[~/]|\$|\{\{/.test(source))
      .map((source) => posix.join(posix.dirname(path), source))
  })
}

function excluder(
  root: string,
  { config, directory }: Settings,
  { cwd, exclude }: ReadOptions,
): (path: string) => boolean {
  const layers = [
    { base: directory, takes: globMatcher(config.exclude ?? []) },
    { base: cwd, takes: globMatcher(exclude) },
  ].filter((_, index) => (index === 0 ? (config.exclude ?? []) : exclude).length > 0)
  if (layers.length === 0) return () => false
  return (path) =>
    layers.some(({ base, takes }) => {
      const seen = relative(base, join(root, path)).replaceAll('\\', '/')
      return takes(path.endsWith('/') ? `${seen}/` : seen)
    })
}

/** Whether git passes over a path of the project, or over a directory that it is in. */
export function isIgnored(git: GitIgnore, root: string, path: string): boolean {
  let layers = git.inside(root, '')
  const parts = path.split('/')
  for (let index = 1; index < parts.length; index += 1) {
    const directory = parts.slice(0, index).join('/')
    if (layers.ignores(directory, true)) return true
    layers = layers.inside(root, `${directory}/`)
  }
  return layers.ignores(path, false)
}

/** How a path of the project reads from the working directory. */
export function renamer(cwd: string, root: string): (path: string) => string {
  const prefix = nameOf(cwd, root)
  if (prefix === '.') return (path) => path
  return (path) => {
    if (isAbsolute(path)) return path
    return prefix.startsWith('..') ? nameOf(cwd, join(root, path)) : posix.join(prefix, path)
  }
}
