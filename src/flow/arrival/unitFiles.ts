import { unitDirectories } from '../../facts/systemd.ts'
import type { PaperFile, PaperFiles } from '../files.ts'
import { fileAt, namesIn, normalPath, realPath } from './paths.ts'

export interface UnitFile {
  readonly path: string
  readonly file: PaperFile
}

export interface UnitInForce {
  /** `k3s@x.service`, behind aliases. */
  readonly name: string
  readonly fragment: UnitFile
  /** In the order that systemd reads them in. */
  readonly dropIns: readonly UnitFile[]
}

/** `masked`: an empty file or a link to /dev/null stands where the unit should. */
export function unitInForce(files: PaperFiles, service: string): UnitInForce | 'masked' | undefined {
  const asked = service.endsWith('.service') ? service : `${service}.service`
  const fragment = fragmentOf(files, asked) ?? fragmentOf(files, templateOf(asked))
  if (fragment === undefined || fragment === 'masked') return fragment
  const names = [...new Set([fragment.alias ?? asked, asked])]
  return {
    name: names[0] ?? asked,
    fragment: fragment.found,
    dropIns: dropInsOf(files, names),
  }
}

function fragmentOf(
  files: PaperFiles,
  name: string | undefined,
): { readonly found: UnitFile; readonly alias: string | undefined } | 'masked' | undefined {
  if (name === undefined) return undefined
  for (const directory of unitDirectories) {
    const path = `${directory}/${name}`
    const file = files.get(`${realPath(files, directory) ?? directory}/${name}`)
    if (file === undefined || file.kind === 'directory') continue
    if (isNothing(files, path, file)) return 'masked'
    const found = fileAt(files, path)
    if (found === undefined) continue
    const target = aliasOf(files, found.path, name)
    return { found: { path: found.path, file: found.file }, alias: target }
  }
  return undefined
}

/** The unit's own name, where a link inside of the search path leads to another one. */
function aliasOf(files: PaperFiles, path: string, name: string): string | undefined {
  const slash = path.lastIndexOf('/')
  const own = path.slice(slash + 1)
  if (own === name || own === templateOf(name) || !own.endsWith('.service')) return undefined
  const inside = unitDirectories.some(
    (directory) => (realPath(files, directory) ?? directory) === path.slice(0, slash),
  )
  return inside ? own : undefined
}

function isNothing(files: PaperFiles, path: string, file: PaperFile): boolean {
  if (file.kind === 'link' && file.content === '/dev/null') return true
  if (file.kind === 'link' && typeof file.content === 'string' && normalPath(file.content) === '/dev/null')
    return true
  const found = fileAt(files, path)
  return found?.file.kind === 'file' && found.file.content === ''
}

function templateOf(name: string): string | undefined {
  const [, prefix] = /^([^@]+@)[^@]+\.service$/.exec(name) ?? []
  return prefix === undefined ? undefined : `${prefix}.service`
}

/** Of equal names the one that is found first is read, and all in the order of their names. */
function dropInsOf(files: PaperFiles, names: readonly string[]): readonly UnitFile[] {
  // Most nodes have none, and there are some forty directories to look into.
  if (![...files.keys()].some((path) => path.includes('service.d'))) return []
  const found = new Map<string, UnitFile | undefined>()
  const directories = [
    ...names.flatMap((name) =>
      unitDirectories.flatMap((directory) => dropInNames(name).map((own) => `${directory}/${own}.d`)),
    ),
    ...unitDirectories.map((directory) => `${directory}/service.d`),
  ]
  for (const directory of directories)
    for (const name of namesIn(files, directory)) {
      if (!name.endsWith('.conf') || name.startsWith('.') || found.has(name)) continue
      const file = fileAt(files, `${directory}/${name}`)
      found.set(name, file?.file.kind === 'file' ? file : undefined)
    }
  return [...found]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([, file]) => (file === undefined ? [] : [file]))
}

/** `k3s-agent@x.service` → itself, its template, `k3s-.service`. */
function dropInNames(name: string): readonly string[] {
  const names = [name]
  const template = templateOf(name)
  if (template !== undefined) names.push(template)
  let prefix = name.replace(/@.*|\.service$/, '')
  while (prefix.includes('-')) {
    prefix = prefix.slice(0, prefix.lastIndexOf('-'))
    if (prefix !== '') names.push(`${prefix}-.service`)
  }
  return names
}

/** Names of all service units that stand somewhere in the search path. */
export function unitNames(files: PaperFiles): readonly string[] {
  const names = unitDirectories.flatMap((directory) =>
    namesIn(files, directory).filter((name) => name.endsWith('.service')),
  )
  return [...new Set(names)].sort()
}
