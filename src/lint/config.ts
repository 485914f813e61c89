import { UserError } from '../errors.ts'
import { formatLocation } from '../span.ts'
import { suggestion } from '../suggestion.ts'
import { entryOf, parseYaml, type YamlEntry, type YamlNode } from '../syntax/yaml.ts'
import { type FailOn, failLevels, type Severity, severities } from './finding.ts'
import { checkPrefix, nearestRule } from './prefix.ts'

/** `.k3seal.yml`. What is not said is left out. */
export interface LintConfig {
  readonly select?: readonly string[]
  readonly ignore?: readonly string[]
  readonly severity?: ReadonlyMap<string, Severity | 'off'>
  readonly failOn?: FailOn
  readonly exclude?: readonly string[]
  readonly baseline?: string
  /** The sources of each inventory. */
  readonly inventories?: readonly (readonly string[])[]
}

const levels = [...severities, 'off'] as const

type Reader<T> = (node: YamlNode, at: (node: YamlNode) => string, known: readonly string[]) => T

/** Every key with what reads it; schema/k3seal.schema.json says the same. */
export const configKeys = {
  select: ids,
  ignore: ids,
  severity: severityMap,
  failOn: (node, at) => oneOf(failLevels, node, at),
  exclude: texts,
  baseline: text,
  inventories: sourceLists,
} as const satisfies { readonly [K in keyof LintConfig]-?: Reader<NonNullable<LintConfig[K]>> }

/**
 * Reads a configuration. `undefined` for a package.json without a key `k3seal`. `ids` are the rules that there are. Throws
 * `UserError` with the place of what it can't take.
 */
export function readConfig(path: string, source: string, ruleIds: readonly string[]): LintConfig | undefined {
  const isPackage = /(?:^|\/)package\.json$/.test(path)
  if (isPackage && !source.includes('"k3seal"')) return undefined
  const { root, faults } = parseYaml(path, source)
  const at = ({ at: span }: YamlNode): string => formatLocation(span, source)
  const fault = faults.find(({ severity = 'error' }) => severity === 'error')
  if (fault !== undefined)
    throw new UserError(`can't be read as a configuration: ${fault.message}`, {
      at: formatLocation(fault.at, source),
      fix: fault.fix,
    })
  const node = isPackage ? entryOf(root, 'k3seal')?.value : root
  if (node === undefined) return isPackage ? undefined : {}
  const config: Record<string, unknown> = {}
  for (const { name, key, value } of entries(node, at)) {
    const reader = (configKeys as Readonly<Record<string, Reader<unknown>>>)[name]
    if (reader === undefined || !Object.hasOwn(configKeys, name))
      throw new UserError(`there is no setting ${printable(name)}`, {
        at: at(key),
        fix: suggestion(name, Object.keys(configKeys)),
      })
    config[name] = reader(value, at, ruleIds)
  }
  return config
}

function printable(name: string): string {
  return JSON.stringify(name).slice(1, -1)
}

function entries(node: YamlNode, at: (node: YamlNode) => string): Iterable<YamlEntry> {
  if (node.kind === 'scalar' && node.value === null) return []
  if (node.kind === 'map') return node.entries.values()
  throw new UserError('a mapping is expected here', { at: at(node), fix: 'write NAME: VALUE lines' })
}

function text(node: YamlNode, at: (node: YamlNode) => string): string {
  if (node.kind === 'scalar' && typeof node.value === 'string' && node.value !== '') return node.value
  throw new UserError('a text is expected here', { at: at(node), fix: 'put one text, in quotes if in doubt' })
}

function texts(node: YamlNode, at: (node: YamlNode) => string): readonly string[] {
  if (node.kind === 'sequence') return node.items.map((item) => text(item, at))
  if (node.kind === 'scalar' && typeof node.value === 'string') return [text(node, at)]
  throw new UserError('a list of texts is expected here', { at: at(node), fix: 'write it as [one, two]' })
}

/** The beginnings of ids. */
function ids(node: YamlNode, at: (node: YamlNode) => string, known: readonly string[]): readonly string[] {
  const written = node.kind === 'sequence' ? node.items : [node]
  return written.map((item) => {
    const id = text(item, at)
    checkPrefix(id, known, at(item))
    return id
  })
}

function oneOf<const T extends string>(
  choices: readonly T[],
  node: YamlNode,
  at: (node: YamlNode) => string,
): T {
  // YAML 1.1 takes a bare off for false.
  const value = node.kind === 'scalar' ? (node.value === false ? 'off' : node.value) : undefined
  const choice = choices.find((candidate) => candidate === value)
  if (choice !== undefined) return choice
  throw new UserError(
    typeof value === 'string' ? `${printable(value)} is no level` : 'a level is expected here',
    { at: at(node), fix: `one of: ${choices.join(', ')}` },
  )
}

function severityMap(
  node: YamlNode,
  at: (node: YamlNode) => string,
  known: readonly string[],
): ReadonlyMap<string, Severity | 'off'> {
  const map = new Map<string, Severity | 'off'>()
  for (const { name, key, value } of entries(node, at)) {
    if (!known.includes(name))
      throw new UserError(`there is no rule ${printable(name)}`, {
        at: at(key),
        fix: nearestRule(name, known),
      })
    map.set(name, oneOf(levels, value, at))
  }
  return map
}

function sourceLists(node: YamlNode, at: (node: YamlNode) => string): readonly (readonly string[])[] {
  if (node.kind === 'sequence') return node.items.map((item) => texts(item, at))
  return [texts(node, at)]
}
