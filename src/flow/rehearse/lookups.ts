import { Dict, List } from '../../ansible/template/values.ts'
import { secretFields, secretMappings, secretTexts } from '../../facts/secretStores.ts'
import { hasMark, MADE_ANEW } from '../atoms.ts'
import { type EvaluationScope, evaluator, Fetched, FirstOf, type FlowValue } from '../evaluate/index.ts'
import { Unknown } from '../unknown.ts'
import { arranged } from './arranged.ts'
import { type Context, fileOrigin } from './context.ts'
import { allOf, readByLookup } from './fileLookups.ts'
import { withGroups } from './groups.ts'
import { generated, isAnotherEachTime, unique } from './modules/generated.ts'
import { matchingHosts, namedGroups } from './pattern.ts'
import type { World } from './world.ts'

/** Lookups that give one text, made or read on the control node. */
const FETCHES = /^(?:env|password|pipe|file|unvault|ini|csvfile|url|random_string|random_password)$/

/** `/dev/null` keeps none: https://docs.ansible.com/ansible/latest/collections/ansible/builtin/password_lookup.html */
function isMadeAnew(name: string, term: string | undefined, named: ReadonlyMap<string, FlowValue>): boolean {
  if (named.has('seed')) return false
  if (/^random_(?:string|words|pet)$/.test(name)) return true
  if (term === undefined) return false
  if (name === 'password') return /^\s*\/dev\/null(?:\s|$)/.test(term) && !/\sseed=/.test(term)
  return name === 'pipe' && unique.has(generated(term) ?? '')
}

/** Stands for the lookup that `vars_prompt` is, of which Ansible has none. */
export const PROMPT = 'vars_prompt'

/** Once in a task on a host, as far as anyone can tell: what a fact or a result keeps stays the same. */
function madeAnew({ stage, task, iteration = '' }: Context, host: string, isAnother: boolean): string {
  const again = isAnother && stage.makesOthers ? ' again' : ''
  const key = `${MADE_ANEW} ${host} ${task?.path}:${task?.start}${iteration}${again}`
  return stage.atoms.mark(stage.atoms.root(key, { kind: 'runtime', what: MADE_ANEW, isFilled: true }))
}

/**
 * What `lookup('NAME', …)` gives on the control node, as far as that can be told without running anything. `scopeIn`: what a
 * template sees that it reads.
 */
export function lookedUp(
  context: Context,
  world: World,
  host: string,
  plugin: string,
  args: readonly FlowValue[],
  named: ReadonlyMap<string, FlowValue>,
  scopeIn: (context: Context) => EvaluationScope,
): FlowValue {
  const name = plugin.split('.').at(-1) ?? plugin
  const { atoms } = context.stage
  const [first] = args
  const term = typeof first === 'string' ? atoms.plain(first) : undefined
  const terms = args.flatMap((arg) => (typeof arg === 'string' ? (atoms.plain(arg) ?? []) : []))
  const read = terms.length < args.length ? undefined : readByLookup(context, world, name, terms, named)
  if (read !== undefined) return allOf(read, named)
  if (name === 'template' && term !== undefined) return rendered(context, term, scopeIn)
  if (name === 'first_found') return firstFound(context, args, named) ?? first ?? new List()
  if (name === 'items' || name === 'list') return first ?? new List()
  if ([...named.keys()].every((option) => option === 'wantlist' || option === 'errors')) {
    const made = arranged(name, args, atoms)
    if (made !== undefined) return made instanceof Unknown ? made : asLookup(made, named)
  }
  if (name === 'inventory_hostnames') {
    const hosts = inventoryHostnames(context, world, args)
    if (hosts !== undefined) return allOf(hosts, named)
  }
  if (name === PROMPT)
    return mark(context, `what is typed for ${term}`, 'lookup', named.get('isFilled') === true)
  if (name === 'fileglob') return new List([mark(context, 'a file on the control node', 'scenario')])
  if (isMadeAnew(name, term, named))
    return madeAnew(context, host, name !== 'pipe' || isAnotherEachTime(term ?? ''))
  const what = `lookup('${name}'${term === undefined ? '' : `, '${term}'`})`
  const isField = secretFields.get(name)?.(term, new Set(named.keys()))
  if (FETCHES.test(name) || secretTexts.test(name) || isField === true) {
    if (named.size > 0 && named.has('default') && term === undefined) return named.get('default') ?? null
    // As a text its lines are joined by commas: https://docs.ansible.com/ansible/latest/collections/ansible/builtin/url_lookup.html
    const isInOneLine = name === 'url' && named.get('split_lines') !== false
    return mark(context, isInOneLine ? `${what}, line by line` : what, 'lookup', !mayBeNothing(term, named))
  }
  if (isField === false || secretMappings.test(name))
    return new Fetched(what, 'only the store of secrets knows it', undefined)
  return new Unknown(`lookup('${plugin}')`, `the lookup ${plugin} is not followed`)
}

/** A list as `lookup` gives it where nobody asks for one: of one item that, and of texts one text. */
function asLookup(items: readonly FlowValue[], named: ReadonlyMap<string, FlowValue>): FlowValue {
  const [only, ...others] = items
  if (named.get('wantlist') === true || only === undefined) return new List(items)
  if (others.length === 0) return only
  return items.every((item) => typeof item === 'string') ? items.join(',') : new List(items)
}

/** The hosts of a pattern, which may be a list of terms. `undefined`: not all of them are known by name. */
function inventoryHostnames(
  { stage }: Context,
  { groups }: World,
  args: readonly FlowValue[],
): readonly string[] | undefined {
  const terms = args.flatMap((arg) => (arg instanceof List ? [...arg] : [arg]))
  const texts = terms.flatMap((term) => (typeof term === 'string' ? (stage.atoms.plain(term) ?? []) : []))
  if (texts.length < terms.length || groups.open.size > 0) return undefined
  const hosts = withGroups(stage.hosts, groups)
  const pattern = texts.join(',')
  const group = hosts.groups.get(pattern)
  if (group !== undefined) return group
  // Where hosts are invented, so may a group be missing that only users have.
  const isThere = (name: string): boolean => hosts.groups.has(name) || hosts.hosts.has(name)
  if (hosts.sources === undefined && !namedGroups(texts).every(isThere)) return undefined
  const found = matchingHosts(pattern, hosts)
  return found.some((host) => (hosts.hosts.get(host)?.alike.length ?? 0) > 0) ? undefined : found
}

/** A template of the project; one that looks itself up is not known. */
function rendered(context: Context, term: string, scopeIn: (context: Context) => EvaluationScope): FlowValue {
  const { content } = context.stage
  const path = content.findFile('templates', term, fileOrigin(context))
  const text = path === undefined ? undefined : content.text(path)
  const what = `lookup('template', '${term}')`
  if (path === undefined || text === undefined) return new Unknown(what, 'its template is not in the project')
  if (context.trail.filter((step) => step === path).length > 1)
    return new Unknown(what, 'it leads back to itself')
  const inner = { ...context, trail: [...context.trail, path] }
  return evaluator(scopeIn(inner)).template(path, text)
}

/** The first of the files that the project has, as https://docs.ansible.com/ansible/latest/collections/ansible/builtin/first_found_lookup.html looks for them. */
function firstFound(
  context: Context,
  args: readonly FlowValue[],
  named: ReadonlyMap<string, FlowValue>,
): FlowValue | undefined {
  const { atoms, content } = context.stage
  const [first] = args
  const member = (name: string): FlowValue | undefined =>
    named.get(name) ?? (first instanceof Dict ? first.get(name) : undefined)
  const texts = (value: FlowValue | undefined): readonly string[] =>
    (value instanceof List ? [...value] : [value])
      .flatMap((item) => (typeof item === 'string' ? item : []))
      .flatMap((text) => text.split(/[,;]/))
  const files = texts(
    member('files') ?? (first instanceof Dict ? undefined : args.length > 1 ? new List(args) : first),
  )
  const paths = texts(member('paths'))
  const names = paths.length === 0 ? files : paths.flatMap((path) => files.map((file) => `${path}/${file}`))
  const origin = fileOrigin(context)
  const found = names
    .flatMap((name) => atoms.plain(name) ?? [])
    .find((name) =>
      (['vars', 'templates', 'files', 'tasks'] as const).some(
        (kind) => content.findFile(kind, name, origin) !== undefined,
      ),
    )
  if (found !== undefined || !names.some(hasMark)) return found
  return new FirstOf('the first file found', 'files of the control node', undefined, names)
}

/** Whether what is not there is no fault: for each lookup by `errors`, for that of pass by `missing`. */
const mayBeNothing = (term: string | undefined, named: ReadonlyMap<string, FlowValue>): boolean =>
  [...named].some(
    ([name, value]) => /^(?:errors|missing)$/.test(name) && !/^(?:strict|error|create)$/.test(String(value)),
  ) || /\smissing=(?:empty|warn)\b/.test(term ?? '')

function mark({ stage }: Context, what: string, kind: 'lookup' | 'scenario', isFilled = true): string {
  const key = `${kind} ${what}${isFilled ? '' : ' or nothing'}`
  return stage.atoms.mark(stage.atoms.root(key, { kind, what, isFilled }))
}
