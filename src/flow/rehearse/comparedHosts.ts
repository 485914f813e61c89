import { LOCALHOST } from '../../ansible/inventory/index.ts'
import { type AnsibleValue, isMapping } from '../../ansible/value.ts'
import type { Comparison, Expression } from '../../syntax/jinja/index.ts'
import { looksLikeTemplate, parsedExpression, parsedTemplate } from '../evaluate/parsed.ts'
import { bringsK3s } from './bringing.ts'
import { type Closure, closureOfPlay } from './closure.ts'
import type { Director } from './director.ts'
import { isOfNodes } from './groupKinds.ts'
import type { PaperHosts } from './hosts.ts'
import { type ComparedHosts, type Invention, inventedHosts } from './inventedHosts.ts'
import { addedHosts } from './kinds.ts'
import { groupsIn, wantedGroups } from './pattern.ts'

const OWN = new Set(['inventory_hostname', 'inventory_hostname_short'])
/** What a statement has before its expression. */
const KEYWORD = /^[-+]?\s*(?:(?:el)?if\b|set\s+\w+\s*=(?!=))?/
/** Ansible takes any name. What is left out tells two of them in one text apart, or has a meaning in an inventory. */
const HOST_NAME = /^[\p{L}\p{N}_@][\p{L}\p{N}_.@+-]*$/u
/** Variables may be made of each other in a circle. */
const DEEPEST = 8

/** Names of hosts that are looked at, of those that conditions ask for. */
const MOST_NAMES = 8

/** The names with which the plays of a cluster compare those of their hosts, each with the groups that these plays are for. */
export function comparedHosts(closure: Closure, invention: Invention, director: Director): ComparedHosts {
  const { content, project } = director
  let hosts: PaperHosts | undefined
  const valuesOf = (name: string): readonly AnsibleValue[] => {
    hosts ??= inventedHosts(invention, 'several')
    return variableValues(name, closure, hosts, director)
  }
  const found = new Map<string, readonly string[]>()
  if (comparedNames(closure, valuesOf).length === 0) return found
  const added = addedHosts(closure.tasks, groupsIn(closure.texts))
  for (const one of closure.hosts) {
    const groups = wantedGroups(one.pattern)
    const isOfCluster = groups.some((group) => isOfNodes(group) || invention.isOfCluster?.(group) === true)
    if (!isOfCluster && !bringsK3s(one, content, project)) continue
    const own = closureOfPlay(one, content, project) ?? closure
    for (const name of comparedNames(own, valuesOf))
      if (!LOCALHOST.has(name) && !added.has(name))
        found.set(name, [...new Set([...(found.get(name) ?? []), ...groups])])
  }
  return new Map([...found].slice(0, MOST_NAMES))
}

/** What the project says of a variable: only that which wins, which may be something else on each host. */
function variableValues(
  name: string,
  { tasks, variables, roles }: Closure,
  { hosts }: PaperHosts,
  director: Director,
): readonly AnsibleValue[] {
  const extra = director.extraVariable(name)
  const layers = [
    extra === undefined ? [] : [extra.raw],
    tasks.map(({ task: { action } }) =>
      action.module === 'set_fact' ? action.arguments.get(name)?.value : undefined,
    ),
    variables.flatMap((mapping) => entryOf(mapping, name)),
    roles.map((role) => director.content.roleVars(role).get(name)?.value),
    [...hosts.values()].map((host) => host.variables.get(name)?.value),
    [director.defaultOf(name)],
  ]
  return (
    layers.map((layer) => layer.filter((value) => value !== undefined)).find(({ length }) => length > 0) ?? []
  )
}

/** The names that conditions and templates compare that of a host with, in their order. */
export function comparedNames(
  { conditions, expressions }: Pick<Closure, 'conditions' | 'expressions'>,
  valuesOf: (variable: string) => readonly AnsibleValue[],
): readonly string[] {
  const texts = [...conditions, ...expressions.map((text) => text.replace(KEYWORD, '').replace(/[-+]$/, ''))]
  const found = texts
    .filter((text) => text.includes('inventory_hostname'))
    .flatMap((text) => [...comparisonsIn(parsedExpression(text).expression)])
    .flatMap(operandsOf)
    .flatMap((operand) => plainTexts(operand, valuesOf))
  return [...new Set(found)].filter((name) => HOST_NAME.test(name))
}

function* comparisonsIn(node: unknown): Generator<Comparison> {
  if (typeof node !== 'object' || node === null) return
  if ('kind' in node && node.kind === 'comparison') yield node as Comparison
  for (const part of Object.values(node)) yield* comparisonsIn(part)
}

/** What stands on the other side of a host's own name. */
function operandsOf({ first, rest }: Comparison): readonly Expression[] {
  const [only] = rest
  if (only === undefined || rest.length > 1) return []
  const { operator, operand } = only
  const isEquality = operator === '==' || operator === '!='
  if (isOwnName(first) && (isEquality || operator === 'in' || operator === 'not in')) return [operand]
  return isEquality && isOwnName(operand) ? [first] : []
}

const isOwnName = (node: Expression | undefined): boolean =>
  node?.kind === 'filter' ? isOwnName(node.operand) : node?.kind === 'name' && OWN.has(node.name)

/** The texts that an expression may be, as far as they stand somewhere. */
function plainTexts(
  node: Expression | undefined,
  valuesOf: (variable: string) => readonly AnsibleValue[],
): readonly string[] {
  const ofValue = (value: AnsibleValue, depth: number): readonly string[] => {
    if (Array.isArray(value)) return value.flatMap((item: AnsibleValue) => ofValue(item, depth))
    if (typeof value !== 'string') return []
    if (!looksLikeTemplate(value)) return [value]
    const [only, ...more] = parsedTemplate(value).body.filter(({ kind }) => kind !== 'comment')
    return only?.kind === 'output' && more.length === 0
      ? valuesIn(only.expression, depth + 1).flatMap((one) => ofValue(one, depth + 1))
      : []
  }
  const valuesIn = (part: Expression | undefined, depth: number): readonly AnsibleValue[] => {
    if (part === undefined || depth > DEEPEST) return []
    switch (part.kind) {
      case 'literal':
        return part.type === 'string' ? [part.value] : []
      case 'list':
      case 'tuple':
        return part.items.flatMap((item) => valuesIn(item, depth))
      case 'name':
        return valuesOf(part.name)
      case 'attribute':
        return valuesIn(part.object, depth).flatMap((value) => entryOf(value, part.name))
      case 'item': {
        const { index } = part
        return index.kind === 'literal' && index.type === 'string'
          ? valuesIn(part.object, depth).flatMap((value) => entryOf(value, index.value))
          : []
      }
      case 'filter': {
        if (!/^(?:ansible\.builtin\.)?(?:default|d)$/.test(part.name)) return []
        const given = valuesIn(part.operand, depth)
        return given.length > 0 ? given : valuesIn(part.arguments.positional[0], depth)
      }
      default:
        return []
    }
  }
  return valuesIn(node, 0).flatMap((value) => ofValue(value, 0))
}

/** What a mapping has under a key. */
export const entryOf = (value: AnsibleValue, key: string): readonly AnsibleValue[] =>
  isMapping(value) && Object.hasOwn(value, key) ? [value[key] ?? null] : []
