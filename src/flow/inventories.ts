import { listItems, nearestConfig, parseAnsibleConfig } from '../ansible/config.ts'
import { type Content, isFixture, readContent, upwards } from '../ansible/content/index.ts'
import { type Inventory, templateStatement } from '../ansible/inventory/index.ts'
import { directoryOf, joinPath, normalPath } from '../ansible/inventory/projectTree.ts'
import type { Project } from '../ansible/value.ts'
import { copyNamed, isBelow, isInventoryName, isNamedSample, partsOf } from '../path.ts'
import type { Span } from '../span.ts'
import { entryOf, parseYaml } from '../syntax/yaml.ts'
import { isSample } from './sites/places.ts'

/** An inventory as it was read, and the sources that it was read from together. */
export interface NamedInventory {
  readonly sources: readonly string[]
  readonly inventory: Inventory
  /** Whether it is there to be copied and filled in, and nobody names it as it is. */
  readonly isSample?: boolean
}

/** Directories whose files are never an inventory themselves. */
const ELSEWHERE: ReadonlySet<string> = new Set(
  'group_vars host_vars tasks handlers templates files vars defaults meta collections node_modules chart charts manifest manifests .github'.split(
    ' ',
  ),
)
const INI_NAME =
  /(?:^|\/)(?:hosts|inventory|inv)(?:[._-][\w.-]*)?$|\.ini$|(?:^|\/)inventor(?:y|ies)\/(?:.*\/)?[\w-]+$/i
/** Directories of variables alone, which lie beside hosts. */
const VARIABLES: ReadonlySet<string> = new Set(['group_vars', 'host_vars'])
const YAML: ReadonlySet<string> = new Set(['yml', 'yaml', 'json'])

/**
 * The inventories that a project holds, each with the sources that belong together: what `ansible.cfg` names, and every
 * file that reads like one. Those of tests count only where there is no other, and before them what is to be copied first, but
 * for samples of what an `ansible.cfg` names and is not there.
 */
export function findInventories(
  project: Project,
  content: () => Content = () => readContent(project),
): readonly (readonly string[])[] {
  const configured = configuredSources(project)
  const named = new Set(configured.flat())
  const found: string[] = []
  const samples: string[] = []
  const fixtures: string[] = []
  const absent = [...project].flatMap(([path, text]) => {
    const setting = partsOf(path).name === 'ansible.cfg' ? namedBy(path, text) : undefined
    return setting === undefined || !isAbsent(project, setting) ? [] : [setting]
  })
  const isAsked = (path: string): boolean => absent.some((one) => copiedTo(one, path) !== undefined)
  for (const [path, text] of project) {
    if (
      [...named].some((source) => path === source || path.startsWith(`${source}/`)) ||
      isBelow(path, ELSEWHERE) ||
      partsOf(path).name === 'ansible.cfg'
    )
      continue
    if (!(YAML.has(partsOf(path).ending.toLowerCase()) ? readsAsYaml(path, text) : readsAsIni(path, text)))
      continue
    if (isTemplate(project, content, path, text)) continue
    ;(isFixture(path) ? fixtures : isNamedSample(path) && !isAsked(path) ? samples : found).push(path)
  }
  const others = found.length + configured.length > 0 ? found : samples.length > 0 ? samples : fixtures
  return [...configured, ...others.sort().map((path) => [path])]
}

/** What every `ansible.cfg` of the project names, as far as it is there. */
export const configuredSources = (project: Project): readonly (readonly string[])[] => [
  ...configuredInventories(project).values(),
]

/** The same, by the path of the `ansible.cfg`. */
function configuredInventories(project: Project): ReadonlyMap<string, readonly string[]> {
  const result = new Map<string, readonly string[]>()
  for (const [path, text] of project) {
    if (partsOf(path).name !== 'ansible.cfg') continue
    const sources = (namedBy(path, text)?.sources ?? []).filter(
      (source) => project.has(source) || isDirectory(project, source),
    )
    if (sources.length > 0) result.set(path, sources)
  }
  return result
}

interface WithSources {
  readonly sources: readonly string[] | undefined
}

/**
 * Of inventories that fit those that a playbook of a directory is run with, the likeliest first. Ansible takes the one of the
 * `ansible.cfg` where it is started, and others that lie by that one are given with `-i`; what only an `ansible.cfg` elsewhere
 * names is for the playbooks there. Where none above the playbook names one, each of them may be the one; but of directories
 * beside each other that have playbooks and an inventory each, these are for each other.
 */
export function inventoriesFor<T extends WithSources>(
  project: Project,
  directory: string,
  fitting: readonly T[],
  withPlaybooks: ReadonlySet<string>,
): readonly T[] {
  const configured = configuredInventories(project)
  const chosen = configuredFor(project, directory, fitting, configured)
  const hasOwn = fitting.some(
    (one) => placeOf(one) === directory && one.sources?.some((source) => !isSample(source)) === true,
  )
  if (!hasOwn) return chosen
  const named = new Set([...configured.values()].map((sources) => sources.join()))
  const isOfOthers = (one: T): boolean => {
    const place = placeOf(one)
    return (
      place !== undefined &&
      withPlaybooks.has(place) &&
      !isWithin(place, directory) &&
      !isWithin(directory, place) &&
      !named.has(one.sources?.join() ?? '')
    )
  }
  return chosen.filter((one) => !isOfOthers(one))
}

/** The directory that all sources stand in, where there is one. */
function placeOf({ sources = [] }: WithSources): string | undefined {
  const [place, ...others] = new Set(sources.map(directoryOf))
  return others.length === 0 ? place : undefined
}

const isWithin = (directory: string, outer: string): boolean =>
  outer === '' || directory === outer || directory.startsWith(`${outer}/`)

function configuredFor<T extends WithSources>(
  project: Project,
  directory: string,
  fitting: readonly T[],
  configured: ReadonlyMap<string, readonly string[]>,
): readonly T[] {
  if (configured.size === 0) return fitting
  const above = upwards(directory).map((one) => joinPath(one, 'ansible.cfg'))
  const isNamedBy = ({ sources }: T, path: string): boolean =>
    configured.get(path)?.join() === sources?.join()
  const unnamed = fitting.filter((one) => ![...configured.keys()].some((path) => isNamedBy(one, path)))
  for (const path of above) {
    const own = fitting.find((one) => isNamedBy(one, path))
    if (own === undefined) continue
    const isBeside = (source: string): boolean =>
      above.includes(nearestConfig(project, directoryOf(source))?.path ?? '')
    return [own, ...unnamed.filter(({ sources }) => sources?.every(isBeside))]
  }
  return above.some((path) => configured.has(path)) ? unnamed : fitting
}

/** What an `ansible.cfg` names as the inventory. */
export interface InventorySetting {
  /** As they stand there. */
  readonly named: readonly string[]
  /** Those of them that are paths from there. */
  readonly sources: readonly string[]
  readonly at: Span
}

function namedBy(path: string, text: string): InventorySetting | undefined {
  const setting = parseAnsibleConfig(path, text).inventory
  if (setting === undefined) return undefined
  const named = listItems(setting.value)
  const relative = named.filter((source) => source !== '' && !/^[/~]|\$|\{\{/.test(source))
  return {
    named,
    sources: relative.map((source) => normalPath(joinPath(directoryOf(path), source))),
    at: setting.at,
  }
}

/**
 * What the `ansible.cfg` for a directory names as the inventory, where no hosts can be read from it: Ansible takes no other one
 * then. One further up may be the one that is used, where its inventory is there.
 */
export function absentInventory(project: Project, directory: string): InventorySetting | undefined {
  let nearest: InventorySetting | undefined
  for (const above of upwards(directory)) {
    const path = joinPath(above, 'ansible.cfg')
    const text = project.get(path)
    if (text === undefined) continue
    const setting = namedBy(path, text)
    nearest ??= setting
    if (nearest === undefined) return undefined
    if (setting !== undefined && !isAbsent(project, setting)) return undefined
  }
  return nearest
}

function isAbsent(project: Project, { named, sources }: InventorySetting): boolean {
  return (
    sources.length === named.length &&
    !sources.some((source) => {
      const below = source === '' ? '' : `${source}/`
      const isBelowIt = (path: string): boolean => path.startsWith(below) && !isBelow(path, VARIABLES)
      return project.has(source) || [...project.keys()].some(isBelowIt)
    })
  )
}

/** Whether the `ansible.cfg` that names it is the one for a path, too, or the path is that of a sample of the inventory that is absent. */
export const isForPath = (project: Project, absent: InventorySetting, path: string): boolean =>
  nearestConfig(project, directoryOf(path))?.path === absent.at.path || copiedTo(absent, path) !== undefined

/** The directory that a sample of an inventory that is absent is to be copied to: it lies there, or further up. */
export function copiedTo({ sources, at }: InventorySetting, path: string): string | undefined {
  const copy = copyNamed(path)
  if (copy === undefined) return undefined
  const directory = directoryOf(path)
  const isAbove = (inner: string): boolean => isWithin(inner, directory)
  const source = sources.find(
    (one) => isCalled(one, copy) && (isAbove(directoryOf(one)) || isAbove(directoryOf(at.path))),
  )
  return source === undefined ? undefined : directoryOf(source)
}

/** Whatever it is written in: a sample in YAML may be there for an inventory in INI. */
const isCalled = (path: string, name: string): boolean => {
  const [one, other] = [partsOf(path), partsOf(name)].map(({ name, ending }) =>
    ending === '' ? name : name.slice(0, -ending.length - 1),
  )
  return one === other
}

function isDirectory(project: Project, path: string): boolean {
  for (const name of project.keys()) if (name.startsWith(`${path}/`)) return true
  return false
}

function readsAsYaml(path: string, text: string): boolean {
  if (!/(?:^[ \t]|[{,]\r?\n?)[ \t]*["']?(?:hosts|children)["']?\s*:/m.test(text)) return false
  if (
    /^(?:apiVersion|kind|services)\s*:|^[ \t]*-\s+(?:name|hosts)\s*:/m.test(text.slice(0, 4000)) &&
    !/^all\s*:/m.test(text)
  )
    return false
  const { root } = parseYaml(path, text)
  if (root?.kind !== 'map' || root.entries.size === 0) return false
  let groups = 0
  for (const { value } of root.entries.values()) {
    if (value.kind === 'scalar' && value.value === null) continue
    if (value.kind !== 'map') return false
    for (const name of value.entries.keys()) if (!['hosts', 'children', 'vars'].includes(name)) return false
    const hosts = entryOf(value, 'hosts')?.value ?? entryOf(value, 'children')?.value
    if (hosts?.kind === 'map') groups += 1
  }
  return groups > 0
}

/** What a task makes an inventory of: it is one only when it is filled in. */
function isTemplate(project: Project, content: () => Content, path: string, text: string): boolean {
  if (OF_TERRAFORM.test(text)) return true
  if (!text.includes('{{') && !text.includes('{%')) return false
  const isIni = !YAML.has(partsOf(path).ending.toLowerCase())
  // Jinja within values is Ansible's to fill in, and YAML all the same.
  if (!isIni && !parseYaml(path, text).faults.some(({ severity = 'error' }) => severity === 'error'))
    return false
  if (templateStatement.test(text)) return true
  const { name } = partsOf(path)
  for (const [other, lines] of project)
    if (lines.includes(name) && lines.includes('template'))
      for (const [, a, b, source = a ?? b ?? ''] of lines.matchAll(SOURCE))
        if (isSource(source, path, other, content)) return true
  return false
}

/** A directive of Terraform, or a line that begins with what it fills in: https://developer.hashicorp.com/terraform/language/expressions/strings */
const OF_TERRAFORM = /^[ \t]*(?:%\{~?\s*(?:if|else|endif|for|endfor)\b|\$\{)/m

const SOURCE = /\bsrc["']?\s*[:=]\s*(?:"([^"\n]*)"|'([^'\n]*)'|((?:\{\{.*?\}\}|\{(?!\{)|[^\s,{}])+))/g

/** Whether what `src` says in a file of tasks is this path; of one that begins with a variable, whether it may be. */
function isSource(source: string, path: string, file: string, content: () => Content): boolean {
  if (partsOf(source).name !== partsOf(path).name) return false
  const tail = source.slice(source.lastIndexOf('}}') + 2).replace(/^\/*/, '/')
  if (source.includes('{{')) return `/${path}`.endsWith(tail)
  const role = content().roles.find(({ directory }) => file.startsWith(`${directory}/`))
  // Roles are beside the playbooks of a project.
  const playbookDirectory = role?.directory.replace(/(?:^|\/)roles\/.*$/, '') ?? directoryOf(file)
  const from = { playbookDirectory, role, includedFrom: file }
  return content().findFile('templates', source, from) === path
}

/** Hosts alone, or sections with hosts, and nothing that an INI of another kind would have. */
function readsAsIni(path: string, text: string): boolean {
  if (!INI_NAME.test(path) && !isInventoryName(path)) return false
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*(?:[#;].*)?$/.test(line))
  if (!lines.some((line) => /^\s*\[/.test(line))) return isListOfHosts(lines)
  return lines.some((line, index) => SECTION_OF_HOSTS.test(line) && isHostAlone(lines[index + 1] ?? ''))
}

const isHostAlone = (line: string): boolean => FIRST_HOST.test(line) && !SECTION_OF_HOSTS.test(line)

const SECTION_OF_HOSTS = /^\[[\w.-]+(?::children)?\]\s*(?:[#;].*)?$/
const FIRST_HOST = /^\s*[\w.[\]:-]+(?:\s+[\w.]+=.*|\s*(?:[#;].*)?)$/

/** Without sections each line is a host with its variables, and one of them is for Ansible: `/etc/hosts` has names behind addresses. */
function isListOfHosts(lines: readonly string[]): boolean {
  return lines.some((line) => /\sansible_\w+=/.test(line)) && lines.every((line) => HOST_LINE.test(line))
}

const HOST_LINE = /^\s*[\w.[\]:-]+(?:\s+[\w.]+\s*=\s*(?:"[^"]*"|'[^']*'|[^\s"']+))*\s*(?:[#;].*)?$/
