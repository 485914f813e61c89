import { nearestConfig, parseAnsibleConfig, unquoted } from '../../ansible/config.ts'
import type { Content } from '../../ansible/content/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import { Dict } from '../../ansible/template/values.ts'
import { Float, type Project, VaultedText } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { ScopeVariable } from '../evaluate/index.ts'
import { definitionsIn, iniDefinitions } from '../sites/definitions.ts'
import { fileKind, isTemplate } from '../sites/places.ts'
import { Unknown } from '../unknown.ts'
import type { Stage } from './context.ts'

/**
 * Where ansible.cfg says that the mappings which several places give a variable are put together.
 * https://docs.ansible.com/ansible/latest/reference_appendices/config.html#default-hash-behaviour
 */
export function mergeSetting(project: Project, playbook: string): Span | undefined {
  const config = nearestConfig(project, directoryOf(playbook))
  if (config?.text.includes('hash_behaviour') !== true) return undefined
  const setting = parseAnsibleConfig(config.path, config.text).defaults.get('hash_behaviour')
  return setting !== undefined && unquoted(setting.value) === 'merge' ? setting.at : undefined
}

const mergeable = new WeakMap<Project, ReadonlySet<string>>()

/** Variables that a mapping and something else which may be one are given to, wherever in the project that is. */
function mergeableNames(project: Project, content: Content): ReadonlySet<string> {
  const known = mergeable.get(project)
  if (known !== undefined) return known
  const [found, mappings] = [new Map<string, number>(), new Set<string>()]
  for (const [path, text] of project) {
    const kind = fileKind(path, text)
    const yaml = kind === 'yaml' && !isTemplate(path) ? content.yaml(path) : undefined
    const definitions =
      yaml !== undefined ? definitionsIn(yaml) : kind === 'ini' ? iniDefinitions(path, text) : []
    for (const { name, value } of definitions) {
      const isMapping = value.kind === 'node' ? value.node.kind === 'map' : /^["']?\{(?!\{)/.test(value.raw)
      // A fact may become one.
      const mayBe =
        isMapping ||
        (value.kind === 'node' && value.node.kind === 'scalar' && /\{[{%]/.test(String(value.node.value)))
      if (mayBe) found.set(name, (found.get(name) ?? 0) + 1)
      if (isMapping) mappings.add(name)
    }
  }
  const names = new Set([...mappings].filter((name) => (found.get(name) ?? 0) > 1))
  mergeable.set(project, names)
  return names
}

/** A variable as it is where mappings are put together: what of several ones comes of that is not followed. */
export function unmerged(
  { merges, project, content, note }: Stage,
  name: string,
  found: ScopeVariable,
): ScopeVariable {
  if (merges === undefined || !isMapping(found) || !mergeableNames(project, content).has(name)) return found
  const why = `hash_behaviour = merge may put ${name} together of several mappings`
  note({ at: merges, what: why })
  return { value: new Unknown(name, why, merges) }
}

function isMapping(found: ScopeVariable): boolean {
  if (found === undefined) return false
  if ('value' in found) return found.value instanceof Dict
  const { raw } = found
  return (
    typeof raw === 'object' &&
    raw !== null &&
    !Array.isArray(raw) &&
    !(raw instanceof Float || raw instanceof VaultedText)
  )
}
