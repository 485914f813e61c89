import {
  closeSync,
  type Dirent,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  realpathSync,
  statSync,
} from 'node:fs'
import { isAbsolute, join, relative, sep } from 'node:path'
import { filesNamed, isBelow, isInventoryName, isNamed, partsOf } from '../path.ts'
import { namesIn, SKIPPED } from './files.ts'
import { trackedThoughIgnored } from './git.ts'
import { GitIgnore } from './gitignore.ts'

/** A larger text is no inventory, template or playbook. */
export const MAX_BYTES = 4 * 1024 * 1024
export const TOO_LARGE = `is larger than ${MAX_BYTES / 1024 / 1024} MiB`
const MAX_DEPTH = 40
/** How often one directory is read by way of links. */
const MAX_LINKS = 8

/** Endings and names that say what a file is, wherever it lies. */
const ENDINGS: ReadonlySet<string> = new Set(
  'yml yaml j2 jinja jinja2 tmpl tpl service socket timer conf env ini cfg toml sh bash json vault openrc'.split(
    ' ',
  ),
)
const NAMES: ReadonlySet<string> = new Set(
  'hosts inventory vault makefile gnumakefile justfile jenkinsfile'.split(' '),
)
/** Of the JSON files that a repository has for its own tools none is an inventory. */
const FOREIGN: ReadonlySet<string> = new Set([
  'package.json',
  'package-lock.json',
  'composer.json',
  'renovate.json',
  '.k3seal-baseline.json',
])
/** https://docs.k3s.io/installation/airgap */
const RELEASE_LIST = /^(?:sha256sum|k3s)[\w.-]*\.txt$/
/** Directories in which every file may be one of variables. */
const VARIABLES = /(?:^|\/)(?:group_vars|host_vars)\//
const VARIABLE_DIRECTORIES: ReadonlySet<string> = new Set(['group_vars', 'host_vars'])
/** Those of roles and playbooks: what a task names is read whatever it ends in, and `main` of a role without an ending, too. */
const NAMED_VARIABLES = /(?:^|\/)(?:vars\/[^/]+|defaults\/main|(?:vars|defaults)\/main\/[^/.]+)$/
/** Endings of files in which people write things down; `''`: none. */
const PROSE: ReadonlySet<string> = new Set(['txt', 'md', ''])
/** What inventories are called, and the directories that hold them. */
const INVENTORY = /^(?:hosts|inventory)(?:[._-]|$)/i
const INVENTORIES: ReadonlySet<string> = new Set(['inventory', 'inventories'])
const INVENTORY_SCRIPT = /(?:^|[._-])(?:hosts|inventory)(?:[._-]|$)/i
/** Beside inventories lie programs of other kinds: modules and filters, and what is tested or copied to nodes. */
const NO_SCRIPTS: ReadonlySet<string> = new Set([
  ...['roles', 'library', 'plugins', 'filter_plugins', 'inventory_plugins', 'vars_plugins'],
  ...['templates', 'files', 'tests', 'molecule'],
])
/** What Ansible asks such a program for, or gets from it: https://docs.ansible.com/ansible/latest/dev_guide/developing_inventory.html */
const LISTS_HOSTS = /\b_meta\b|["']--list["']|--list\)/
/** Directories in which Ansible looks for roles and collections. */
const CONTENT: ReadonlySet<string> = new Set(['roles', 'collections', 'ansible_collections'])
/** Directories in which a file without an ending may be an inventory, an init script or an env file. */
const BARE =
  /(?:^|\/)(?:inventor(?:y|ies)|hosts|environments?|templates|files|init\.d|conf\.d|default|sysconfig|[^/]*\.d)\//

/** Directories whose files Ansible writes to nodes, whatever they are called: `files` and `templates` of roles and beside playbooks. */
const WRITTEN: ReadonlySet<string> = new Set(['templates', 'files'])
/** What those hold that is no text. */
const NO_TEXT: ReadonlySet<string> = new Set(
  'pyc jar exe dll so bin png jpg jpeg gif ico webp pdf mp3 mp4 ttf otf woff woff2 tar gz tgz xz bz2 zst zip 7z deb rpm apk whl iso img qcow2'.split(
    ' ',
  ),
)
/** What seldom concerns K3s or systemd, and may be there in thousands: read as a template, or where something names it. */
const SELDOM =
  'md rst adoc html css js ts jsx tsx map py rb pl php go java ps1 bat svg crt cer pem key pub asc gpg sig xml csv sql ipynb'.split(
    ' ',
  )
const NOT_WRITTEN: ReadonlySet<string> = new Set([...NO_TEXT, ...SELDOM])
const SELDOM_NAMED = new RegExp(`[\\w.@+-]+\\.(?:${SELDOM.join('|')})(?!\\w)`, 'gi')

export interface ProjectTexts {
  /** Path below the root, with `/` → text. */
  readonly texts: ReadonlyMap<string, string>
  /** What is named like a text and can't be read as one. `head` is how it begins, so that others may judge whether it matters. */
  readonly refused: readonly { readonly path: string; readonly why: string; readonly head: string }[]
  /** Paths of files `….txt` named as those of K3s's releases are; they are not read. */
  readonly lists: readonly string[]
  /**
   * Files and directories of variables that git passes over, in directories that it does not: Ansible reads them beside the
   * inventories and playbooks that lie there. They are not read.
   */
  readonly ignoredVariables: readonly string[]
  /** What git passes over and inventories are called like, directories with a `/` behind them. It is not read. */
  readonly ignoredInventories: readonly string[]
  /** Programs that tell Ansible its hosts, by their names and by what stands in them. */
  readonly inventoryScripts: readonly string[]
  /** Of a text that a link leads to the path where it really is: below the root, or absolute where it lies elsewhere. */
  readonly linked: ReadonlyMap<string, string>
  /** Files in which people write things down; they are not read. */
  readonly prose: readonly string[]
  /** Directories that git passes over and roles or collections may lie in, or are. They are not read. */
  readonly ignoredContent: readonly string[]
}

export interface ProjectOptions {
  /** Paths below the root that are not read, directories with a `/` behind them. */
  readonly isExcluded?: (path: string) => boolean
}

/** Reads every file of a project that could concern Ansible, systemd or K3s by its name, less what git passes over. */
export function readProject(root: string, { isExcluded }: ProjectOptions = {}): ProjectTexts {
  const texts = new Map<string, string>()
  const refused: { path: string; why: string; head: string }[] = []
  const lists: string[] = []
  const ignoredVariables: string[] = []
  const ignoredInventories: string[] = []
  const ignoredContent: string[] = []
  const inventoryScripts: string[] = []
  const prose: string[] = []
  const written = new Map<string, string[]>()
  const linked = new Map<string, string>()
  const others: string[] = []

  const take = (path: string, name: string): void => {
    const kind = nameKind(path, name)
    if (kind === undefined && PROSE.has(partsOf(path).ending.toLowerCase())) prose.push(path)
    if (kind === undefined && name.endsWith('.txt') && RELEASE_LIST.test(name)) lists.push(path)
    else if (kind === undefined) {
      const around = aroundWritten(path)
      if (around !== undefined) written.set(around, [...(written.get(around) ?? []), path])
      else if (isReadable(name)) others.push(path)
    }
    if (isExcluded?.(path) === true) return
    if (isInventoryScript(root, path, name)) inventoryScripts.push(path)
    if (kind === undefined) return
    const read = readFileText(join(root, path))
    if ('text' in read) texts.set(path, read.text)
    else if (kind === 'named' && read.why !== '') refused.push({ path, ...read })
  }
  let tracked: ReadonlySet<string> | undefined
  const isTracked = (path: string): boolean => {
    tracked ??= trackedThoughIgnored(root)
    return tracked.has(path)
  }
  const followed = new Map<string, number>()
  const mayFollow = (target: string, real: readonly string[]): boolean => {
    const times = (followed.get(target) ?? 0) + 1
    followed.set(target, times)
    // A link to a directory that it stands in has no end, and links among directories multiply.
    return times <= MAX_LINKS && !real.some((inner) => isAround(target, inner))
  }
  const top = realOf(root) ?? root
  const noteLink = (path: string, target: string | undefined): void => {
    if (target !== undefined) linked.set(path, linkTarget(top, target))
  }
  const visit = (directory: string, real: readonly string[], outer: GitIgnore): void => {
    const entries = entriesOf(join(root, directory))
    if (!Array.isArray(entries)) {
      if (entries !== 'ENOENT')
        refused.push({ path: directory || '.', why: `can't be read (${entries})`, head: '' })
      return
    }
    const here = real.at(-1) ?? top
    const isThroughLink = here !== join(top, directory.slice(0, -1))
    const git = entries.some(({ name }) => name === '.gitignore') ? outer.inside(root, directory) : outer
    for (const entry of entries) {
      const { name } = entry
      const path = directory + name
      const kind = entry.isSymbolicLink() ? linkKind(join(root, path)) : entryKind(entry)
      if (kind === 'file') {
        if (entry.isSymbolicLink()) noteLink(path, realOf(join(root, path)))
        else if (isThroughLink) noteLink(path, join(here, name))
        if (!git.ignores(path, false)) take(path, name)
        else if (nameKind(path, name) !== undefined) {
          if (isTracked(path)) take(path, name)
          else if (VARIABLES.test(path)) ignoredVariables.push(path)
          else if (INVENTORY.test(name) || isBelow(path, INVENTORIES)) ignoredInventories.push(path)
        }
        continue
      }
      if (kind !== 'directory' || SKIPPED.has(name) || real.length > MAX_DEPTH) continue
      if (isExcluded?.(`${path}/`) === true) continue
      if (git.ignores(path, true) && (name.startsWith('.') || !isTracked(`${path}/`))) {
        if (VARIABLE_DIRECTORIES.has(name) || (!name.startsWith('.') && VARIABLES.test(path)))
          ignoredVariables.push(path)
        else if (CONTENT.has(name) || isBelow(path, CONTENT)) ignoredContent.push(path)
        else if (INVENTORIES.has(name) || isBelow(path, INVENTORIES)) ignoredInventories.push(`${path}/`)
        continue
      }
      const target = entry.isSymbolicLink() ? realOf(join(root, path)) : join(here, name)
      if (target === undefined || (entry.isSymbolicLink() && !mayFollow(target, real))) continue
      visit(`${path}/`, [...real, target], git)
    }
  }
  // Refuses a root that is closed to us: that nothing is found there says nothing.
  namesIn(root)
  visit('', [top], GitIgnore.at(root))
  const named = filesNamed(texts)
  const more = [
    ...(written.size === 0 ? [] : writtenNames(written, texts)),
    ...others.filter((path) => isNamed(path, named)),
  ]
  for (const path of more) {
    const read = isExcluded?.(path) === true ? undefined : readFileText(join(root, path))
    if (read !== undefined && 'text' in read) texts.set(path, read.text)
  }
  return {
    texts,
    refused,
    lists,
    ignoredVariables,
    ignoredInventories,
    inventoryScripts,
    prose,
    ignoredContent,
    linked,
  }
}

function isInventoryScript(root: string, path: string, name: string): boolean {
  if (!INVENTORY_SCRIPT.test(name) && !isBelow(path, INVENTORIES)) return false
  if (isBelow(path, NO_SCRIPTS) || !isExecutable(join(root, path))) return false
  const read = readFileText(join(root, path))
  return 'text' in read && read.text.startsWith('#!') && LISTS_HOSTS.test(read.text)
}

/** A file as text, or why it is none; `why` is empty where it has gone in the meantime. */
export function readFileText(
  path: string,
): { readonly text: string } | { readonly why: string; readonly head: string } {
  let file: number | undefined
  try {
    file = openSync(path, 'r')
    const length = readSync(file, chunk, 0, chunk.length, 0)
    const head = chunk.subarray(0, length)
    if (head.includes(0))
      return {
        why: 'holds NUL bytes, so it is no text in UTF-8',
        head: head.toString('latin1').replaceAll('\0', ''),
      }
    if (length < chunk.length) return { text: head.toString('utf8') }
    if (fstatSync(file).size > MAX_BYTES) return { why: TOO_LARGE, head: head.toString('latin1') }
    return { text: readFileSync(path, 'utf8') }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    return { why: code === 'ENOENT' ? '' : `can't be read (${code ?? 'unknown error'})`, head: '' }
  } finally {
    if (file !== undefined) closeSync(file)
  }
}

/** Most files fit, and are read with one call and no question for their size. */
const chunk = Buffer.allocUnsafeSlow(256 * 1024)

function nameKind(path: string, name: string): 'named' | 'placed' | undefined {
  const lower = name.toLowerCase()
  const { ending } = partsOf(lower)
  if (ending === 'json' && isForeign(lower)) return undefined
  if (ENDINGS.has(ending) || NAMES.has(lower) || lower.startsWith('.env.')) return 'named'
  if (VARIABLES.test(path) || isInventoryName(path)) return 'placed'
  if (NAMED_VARIABLES.test(path) && !name.startsWith('.git') && !NOT_WRITTEN.has(ending)) return 'placed'
  return !name.includes('.') && BARE.test(path) ? 'placed' : undefined
}

const isReadable = (name: string): boolean =>
  !name.startsWith('.git') && !NOT_WRITTEN.has(partsOf(name).ending.toLowerCase())

/** Of a file that tasks may write to nodes the directory that its `templates` or `files` stands in, with a `/` behind it. */
function aroundWritten(path: string): string | undefined {
  const { directories, name } = partsOf(path)
  const at = directories.findIndex((directory) => WRITTEN.has(directory))
  if (at === -1 || name.startsWith('.git') || NO_TEXT.has(partsOf(name).ending.toLowerCase()))
    return undefined
  return directories
    .slice(0, at)
    .map((directory) => `${directory}/`)
    .join('')
}

/** Of files that tasks may write to nodes those that are read. */
function writtenNames(
  written: ReadonlyMap<string, readonly string[]>,
  texts: ReadonlyMap<string, string>,
): readonly string[] {
  let named: ReadonlySet<string> | undefined
  const isNamedSomewhere = (name: string): boolean => {
    named ??= new Set([...texts.values()].flatMap((text) => text.match(SELDOM_NAMED) ?? []))
    return named.has(name)
  }
  return [...ofAnsible(written, texts)].flatMap((around) =>
    (written.get(around) ?? []).filter((path) => {
      const { directories, name } = partsOf(path)
      return isReadable(name) || directories.includes('templates') || isNamedSomewhere(name)
    }),
  )
}

/** A list in which something is called `hosts`. */
const isPlays = (text: string): boolean => /^-[ \t]/m.test(text) && /^[- \t][ \t]+hosts[ \t]*:/m.test(text)

/** Those of the directories that are a role or have playbooks: charts have `templates`, too. */
function ofAnsible(
  wanted: ReadonlyMap<string, unknown>,
  texts: ReadonlyMap<string, string>,
): ReadonlySet<string> {
  const found = new Set([...wanted.keys()].filter((path) => partsOf(path).directories.at(-2) === 'roles'))
  for (const [path, text] of texts) {
    const role = path.slice(0, Math.max(0, `/${path}`.indexOf('/tasks/')))
    if (wanted.has(role) && path.startsWith(`${role}tasks/`)) found.add(role)
    const directory = path.slice(0, path.lastIndexOf('/') + 1)
    if (wanted.has(directory) && /\.ya?ml$/.test(path) && isPlays(text)) found.add(directory)
  }
  return found
}

function isForeign(lower: string): boolean {
  return FOREIGN.has(lower) || lower.startsWith('tsconfig') || lower.endsWith('.schema.json')
}

/** The error's code where a directory is closed to us, or has gone. */
function entriesOf(directory: string): Dirent[] | string {
  try {
    return readdirSync(directory, { withFileTypes: true }).sort((a, b) => (a.name < b.name ? -1 : 1))
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? 'unknown error'
  }
}

function entryKind(entry: Dirent): 'file' | 'directory' | 'other' {
  if (entry.isFile()) return 'file'
  return entry.isDirectory() ? 'directory' : 'other'
}

function linkKind(path: string): 'file' | 'directory' | 'other' {
  try {
    const stats = statSync(path)
    if (stats.isFile()) return 'file'
    return stats.isDirectory() ? 'directory' : 'other'
  } catch {
    // A link to nothing.
    return 'other'
  }
}

function isExecutable(path: string): boolean {
  try {
    return (statSync(path).mode & 0o111) !== 0
  } catch {
    return false
  }
}

/** Where a path leads once links are followed; `undefined` where it leads nowhere. */
export function realOf(path: string): string | undefined {
  try {
    return realpathSync(path)
  } catch {
    return undefined
  }
}

/** A path that links lead to, from the top of the project; as it is where it lies outside. */
export function linkTarget(top: string, target: string): string {
  const below = relative(top, target)
  return below.startsWith('..') || isAbsolute(below) ? target : below.replaceAll('\\', '/')
}

function isAround(directory: string, inner: string): boolean {
  return inner === directory || inner.startsWith(directory.endsWith(sep) ? directory : directory + sep)
}
