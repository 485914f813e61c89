import { nearestConfig, parseAnsibleConfig, unquoted } from '../../ansible/config.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import { Dict } from '../../ansible/template/values.ts'
import { isMapping, laidOver, type Project } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import {
  type FlowValue,
  Fork,
  Pending,
  type RawScopeVariable,
  type ScopeVariable,
} from '../evaluate/index.ts'
import { withoutComments } from '../sites/around.ts'
import { type FileKind, fileKind } from '../sites/places.ts'
import { Unknown } from '../unknown.ts'
import type { Stage } from './context.ts'
import type { OpenVariable, RawVariable } from './world.ts'

/**
 * Where ansible.cfg, or the environment that a file of the project sets, says that the mappings which several places give a
 * variable are put together.
 * https://docs.ansible.com/ansible/latest/reference_appendices/config.html#default-hash-behaviour
 */
export function mergeSetting(project: Project, playbook: string): Span | undefined {
  const inEnvironment = environmentSetting(project)
  if (inEnvironment !== undefined) return inEnvironment
  const config = nearestConfig(project, directoryOf(playbook))
  if (config?.text.includes('hash_behaviour') !== true) return undefined
  const setting = parseAnsibleConfig(config.path, config.text).defaults.get('hash_behaviour')
  return setting !== undefined && unquoted(setting.value) === 'merge' ? setting.at : undefined
}

const OF_ENVIRONMENT: ReadonlySet<FileKind> = new Set(['shell', 'make', 'ci', 'env-file'])
const VARIABLE = /\bANSIBLE_HASH_BEHAVIOUR["']?[ \t]*[:?]?[=:][ \t]*["']?merge\b/

const environmentSettings = new WeakMap<Project, Span | 'none'>()

function environmentSetting(project: Project): Span | undefined {
  let found = environmentSettings.get(project)
  if (found === undefined) {
    found = 'none'
    for (const [path, source] of project) {
      if (!source.includes('ANSIBLE_HASH_BEHAVIOUR')) continue
      const kind = fileKind(path, source)
      const match = OF_ENVIRONMENT.has(kind) ? VARIABLE.exec(withoutComments(source, kind)) : null
      if (match !== null) found = { path, start: match.index, end: match.index + match[0].length }
    }
    environmentSettings.set(project, found)
  }
  return found === 'none' ? undefined : found
}

/** A variable over what weaker files say of it; of what they only may say nobody knows what it is put together with. */
export function over(
  { merges }: Pick<Stage, 'merges'>,
  weaker: RawVariable | OpenVariable | undefined,
  stronger: RawVariable | OpenVariable,
): RawVariable | OpenVariable {
  if (merges === undefined || weaker === undefined || !('raw' in stronger)) return stronger
  if ('raw' in weaker) return laidOver(weaker, stronger, ({ raw }) => raw)
  return isMapping(stronger.raw) ? weaker : stronger
}

/**
 * A variable with the mappings that weaker places give it, where a setting has them put together. `levels`: what each place
 * says, the strongest first, that which was found among them; `open`: what a part is that none of them has, where a file may
 * have it that can't be read.
 */
export function merged(
  merges: Span,
  name: string,
  found: ScopeVariable,
  levels: () => Iterable<ScopeVariable | RawVariable>,
  open: () => { readonly why: string; readonly part: (name: string) => FlowValue } | undefined,
): ScopeVariable {
  if (found === undefined || !mayBeMapping(found)) return found
  const below: (RawScopeVariable | Dict)[] = []
  let unknown: Unknown | undefined
  for (const level of [...levels()].flatMap((one) => (one === undefined ? [] : [one, ...overOf(one)]))) {
    const value = 'raw' in level ? level.raw : level.value
    if (value instanceof Unknown) unknown ??= value
    else if ('raw' in level && isMapping(level.raw)) below.push(level)
    else if (value instanceof Dict) below.push(value)
    else break
  }
  if ('value' in found && found.value instanceof Unknown)
    return below.length === 0 ? found : { value: new Unknown(name, TOGETHER(name), merges) }
  const rest = unknown === undefined ? open() : { why: unknown.why, part: partOf(unknown) }
  if (below.length < 2 && rest === undefined) return found
  return { ...found, merged: { below: below.slice(1), ...(rest === undefined ? {} : { open: rest }) } }
}

const TOGETHER = (name: string): string =>
  `hash_behaviour = merge may put ${name} together of several mappings`

const partOf =
  ({ why, at }: Unknown) =>
  (name: string): FlowValue =>
    new Unknown(name, why, at)

const overOf = (level: ScopeVariable | RawVariable): readonly RawVariable[] =>
  level !== undefined && 'over' in level ? (level.over ?? []) : []

/** Of what hangs on a condition both sides may be; a world that has to decide it first knows more. */
function mayBeMapping(found: NonNullable<ScopeVariable>): boolean {
  if ('raw' in found) return isMapping(found.raw)
  const { value } = found
  if (value instanceof Pending && !(value instanceof Fork))
    return [value.sides?.yes, value.sides?.no].some((side) => side instanceof Dict)
  return value instanceof Dict
}
