import { mayTakeForever } from '../../../ansible/template/regexCost.ts'
import { List } from '../../../ansible/template/values.ts'
import { type AnsibleValue, isMapping } from '../../../ansible/value.ts'
import { partsOf } from '../../../path.ts'
import { FirstOf, type FlowValue } from '../../evaluate/index.ts'
import { type Call, type Effect, normalised, TaskFails } from '../call.ts'
import { fileOrigin } from '../context.ts'
import { over } from '../merging.ts'
import { alikeInTokens, candidates, variablesOfOne } from '../namedFiles.ts'
import { noteSealed } from '../roles.ts'
import { scopeOf } from '../scope.ts'
import { absentFile, sealedFile, withMore } from '../unread.ts'
import type { NodeState, RawVariable } from '../world.ts'

/** A file of variables, or a directory of them. */
export function includeVars(call: Call): Effect {
  const { freeForm } = call.task.action
  const directory = call.argument('dir') === undefined ? undefined : call.plain('dir')
  const file = freeForm === undefined ? call.plain('file', '_raw_params') : plainOf(call)
  const { content } = call.context.stage
  if (directory === undefined && file === undefined) {
    const included = oneOfSome(call)
    if (included !== undefined) return { node: { included }, changed: false }
  }
  let paths: readonly string[] | undefined
  if (directory !== undefined) paths = pathsIn(call, directory)
  else if (file !== undefined) {
    const path = content.findFile('vars', file, fileOrigin(call.context))
    paths = path === undefined ? undefined : [path]
  }
  const read = paths?.flatMap((path) => content.varsFile(path) ?? [])
  if (paths === undefined || read === undefined || read.length < paths.length) {
    call.note(
      directory !== undefined
        ? `the directory of variables ${normalised(directory)} is not in the project`
        : file === undefined
          ? 'include_vars of files that are not known'
          : `the file of variables ${normalised(file)} is not in the project`,
    )
    const name = directory ?? file
    const named =
      name === undefined
        ? 'a file of include_vars whose name is only known when the play runs'
        : absentFile(normalised(name))
    return { node: { unread: withMore(call.node.unread, [named]) }, changed: false }
  }
  for (const path of paths) call.context.stage.reach(path)
  const sealed = paths.filter((path) => content.isSealed(path))
  noteSealed(call.context.stage, sealed)
  const brought = new Map<string, RawVariable>()
  for (const variables of read)
    for (const { name, value, at } of variables.values()) brought.set(name, { raw: value, at })
  const under = call.plain('name')
  if (under !== undefined) {
    const all = [...brought].map(([name, { raw }]) => [name, raw] as const)
    brought.clear()
    // What a sealed one has is under that name, too.
    if (sealed.length === 0) brought.set(under, { raw: Object.fromEntries(all), at: call.task.action.at })
  }
  const isMerged = call.plain('hash_behaviour') === 'merge'
  const scope = scopeOf(call.context, call.world, call.host)
  const included = new Map(call.node.included)
  for (const [name, variable] of brought) {
    const before = isMerged ? scope.variable(name) : undefined
    const raw =
      before !== undefined && 'raw' in before ? mergedMappings(before.raw, variable.raw) : variable.raw
    included.set(name, over(call.context.stage, included.get(name), { ...variable, raw }))
  }
  const unread = withMore(call.node.unread, sealed.map(sealedFile))
  return { node: { included, unread }, changed: false }
}

/**
 * What one of the files brings that a name may mean of which a part is only known when the play runs: what they have in common, and
 * else no more than that these variables may be set. `undefined`: there are none, or what is in one is not known.
 */
function oneOfSome(call: Call): NodeState['included'] | undefined {
  const { freeForm } = call.task.action
  const { stage } = call.context
  if (call.argument('name') !== undefined) return undefined
  const text = freeForm === undefined ? call.text('file', '_raw_params') : call.textOf(freeForm)
  const names = text instanceof FirstOf ? text.names : typeof text === 'string' ? [text] : []
  const all = candidates(stage, 'vars', names, fileOrigin(call.context))
  const possible = alikeInTokens(stage, all, call.world, call.task.action.at)
  const open = variablesOfOne(
    stage,
    possible.map(({ path }) => path),
    'include_vars of a file whose name is only known when the play runs',
  )
  return open === undefined ? undefined : new Map([...call.node.included, ...open])
}

/** The files that `dir` means. */
function pathsIn(call: Call, directory: string): readonly string[] | undefined {
  const { content } = call.context.stage
  const depth = Number(call.plain('depth') ?? 0)
  const from = { role: call.context.role, writtenIn: call.task.action.at.path }
  const all = content.varsDirectory(directory, from, Number.isFinite(depth) ? depth : 0)
  const wanted = compiled(call.plain('files_matching') ?? '')
  const ignored = textsOf(call.value('ignore_files'), call).map((one) => compiled(`${one}$`))
  if (wanted === undefined || ignored.includes(undefined)) return undefined
  const extensions =
    call.argument('extensions') === undefined ? undefined : textsOf(call.value('extensions'), call)
  const chosen = all?.filter((path) => {
    const { name } = partsOf(path)
    return wanted.test(name) && !ignored.some((pattern) => pattern?.test(name))
  })
  const other = chosen?.filter((path) => !(extensions ?? VARIABLES).includes(partsOf(path).ending))
  if (other !== undefined && other.length > 0 && call.flag('ignore_unknown_extensions', false) === false)
    throw new TaskFails(`${other[0]} does not have a valid extension`)
  return chosen?.filter((path) => other?.includes(path) !== true)
}

/** What files of variables may end in, unless the task says it. */
const VARIABLES = ['yaml', 'yml', 'json']

/** The texts of a list, or of one text with blanks between them. */
function textsOf(value: FlowValue | undefined, { atoms }: Call): readonly string[] {
  if (typeof value === 'string') return atoms.plain(value)?.split(/\s+/) ?? []
  if (!(value instanceof List)) return []
  return [...value].flatMap((item) => (typeof item === 'string' ? (atoms.plain(item) ?? []) : []))
}

/** `undefined`: it is not understood. */
function compiled(pattern: string): RegExp | undefined {
  try {
    return mayTakeForever(pattern) ? undefined : new RegExp(pattern)
  } catch {
    return undefined
  }
}

/** One mapping laid over another, as `combine_vars` of Ansible does it. */
function mergedMappings(below: AnsibleValue, above: AnsibleValue): AnsibleValue {
  if (!isMapping(below) || !isMapping(above)) return above
  const merged: Record<string, AnsibleValue> = { ...below }
  for (const [key, value] of Object.entries(above))
    merged[key] = key in below ? mergedMappings(below[key] ?? null, value) : value
  return merged
}

function plainOf(call: Call): string | undefined {
  const { freeForm } = call.task.action
  const text = freeForm === undefined ? undefined : call.textOf(freeForm)
  return typeof text === 'string' ? call.atoms.plain(text) : undefined
}
