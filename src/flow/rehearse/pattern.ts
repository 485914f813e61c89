import { LOCALHOST } from '../../ansible/inventory/index.ts'
import { mayTakeForever } from '../../ansible/template/regexCost.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import { hasMark } from '../atoms.ts'
import type { PaperHosts } from './hosts.ts'

/** Hosts, and the groups that they are in, as patterns pick some of them. */
export interface Matchable extends Pick<PaperHosts, 'groups' | 'standIn' | 'unplayed'> {
  readonly hosts: Pick<ReadonlySet<string>, 'has' | 'keys'>
}

/**
 * The hosts that `hosts:` of a play matches: names, globs, `~regex`, `&` and `!`, indexes; the first matching terms in
 * order, as ansible-core's InventoryManager does; the control node under its names only, never as one of `all`. A term that
 * is known in part only may be any host, and what it takes away is still there.
 * https://docs.ansible.com/ansible/latest/inventory_guide/intro_patterns.html
 */
export function matchingHosts(pattern: string, hosts: Matchable): readonly string[] {
  const terms = pattern
    .split(/[,:](?![^[]*\])/)
    .map((term) => term.trim())
    .filter((term) => term !== '')
  const included = terms.filter((term) => !/^[&!]/.test(term))
  const found = new Set((included.length === 0 ? ['all'] : included).flatMap((term) => members(term, hosts)))
  for (const term of terms) {
    if (!/^[&!]/.test(term) || hasMark(term)) continue
    const own = new Set(members(term.slice(1), hosts))
    for (const host of found) if (own.has(host) === term.startsWith('!')) found.delete(host)
  }
  const stands = [...found].flatMap((host) => hosts.standIn(host) ?? [])
  return [...new Set(stands.filter((host) => hosts.unplayed?.has(host) !== true))]
}

/** Whether it matches hosts of the inventory, by what is known of it. */
export const hasHosts = (pattern: string, hosts: PaperHosts): boolean =>
  written(pattern).some((one) => matchingHosts(one, hosts).some((name) => hosts.hosts.has(name)))

function members(term: string, hosts: Matchable): readonly string[] {
  if (hasMark(term)) return [...hosts.hosts.keys()]
  const [, name = term, place, from, to] = PLACED.exec(term) ?? []
  const all = named(name, hosts)
  if (place !== undefined) return all.slice(Number(place)).slice(0, 1)
  if (from === undefined) return all
  return all.slice(Number(from), to === undefined || to === '' ? undefined : Number(to) + 1)
}

/** A place may be counted from the end, a range not. */
const PLACED = /^([^[\]]+)\[(?:(-?\d+)|(\d+)[:-](\d*))\]$/

function named(name: string, hosts: Matchable): readonly string[] {
  if (name === 'all' || name === '*') return [...hosts.hosts.keys()]
  const group = hosts.groups.get(name)
  if (group !== undefined) return group
  if (hosts.hosts.has(name) || LOCALHOST.has(name)) return [name]
  const regex = matcher(name)
  if (regex === undefined) return []
  const inGroups = [...hosts.groups].filter(([group]) => regex.test(group)).flatMap(([, list]) => list)
  return [...new Set([...inGroups, ...[...hosts.hosts.keys()].filter((host) => regex.test(host))])]
}

function matcher(name: string): RegExp | undefined {
  try {
    if (name.startsWith('~')) return mayTakeForever(name) ? undefined : new RegExp(`^(?:${name.slice(1)})`)
    if (!/[*?[]/.test(name)) return undefined
    const body = name
      .replace(/[.+^${}()|\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')
    return new RegExp(`^${body}$`)
  } catch {
    return undefined
  }
}

/** Whether a pattern is for all hosts, or for all but some. */
export const isForAll = (pattern: string): boolean =>
  written(pattern).some((one) => termsOf(one).some((term) => term === 'all' || term === '*'))

/** Whether a pattern is for all hosts but those of some group: `all:!server`. */
export const isForOthers = (pattern: string): boolean =>
  written(pattern).some((one) => isForAll(one) && termsOf(one).some((term) => term.startsWith('!')))

const termsOf = (pattern: string): readonly string[] => pattern.split(/[,:]/).map((term) => term.trim())

/** Whether nothing says which hosts it is for but who runs the playbook. */
export const isOpen = (pattern: string): boolean => written(pattern).some((one) => one.includes('{'))

/** A name with a dot is a host's own, or its address, and so is a login: Ansible warns of groups that are called so. */
export const isHostName = (name: string): boolean => /[.@]/.test(name)

/** Names of groups and hosts that the hosts patterns of a project name, `all` and the control node left out. */
export function namedGroups(patterns: readonly string[]): readonly string[] {
  const names = patterns
    .flatMap(written)
    .flatMap((pattern) => pattern.split(/[,:](?![^[]*\])/))
    .map((term) =>
      term
        .trim()
        .replace(/^[&!~]/, '')
        .replace(/\[.*\]$/, ''),
    )
  return [
    ...new Set(
      names.filter(
        (name) =>
          /^(?:[A-Za-z_][\w-]*|[\w-]+(?:[.@][\w-]+)+)$/.test(name) && name !== 'all' && !LOCALHOST.has(name),
      ),
    ),
  ]
}

/** Those of them that a play is for, not those that it leaves out. */
export const wantedGroups = (pattern: string): readonly string[] => without(/^\s*[!&]/, pattern)

const without = (left: RegExp, pattern: string): readonly string[] =>
  namedGroups(written(pattern).flatMap((one) => one.split(/[,:]/).filter((term) => !left.test(term))))

/** Those that it names, where a host has to be in more than one of them: `a:&b`. */
export const bothGroups = (pattern: string): readonly string[] =>
  /[,:]\s*&|^\s*&/.test(pattern) ? without(/^\s*!/, pattern) : []

const TEXT = `(?:'([^']*)'|"([^"]*)")`
/** What an expression falls back to, or is one way or the other. */
const WAYS = new RegExp(
  String.raw`\|\s*(?:ansible\.builtin\.)?(?:default|d)\(\s*${TEXT}|^-?\s*${TEXT}\s+if\b|\belse\s+${TEXT}`,
  'g',
)

/** What a pattern is with the texts that stand in its expressions: what users set instead, they know. */
export function written(pattern: string): readonly string[] {
  const [whole, expression = ''] = /\{\{(.*?)\}\}/s.exec(pattern) ?? []
  if (whole === undefined) return [pattern]
  const ways = [...expression.matchAll(WAYS)].map(([, ...texts]) => texts.find((text) => text !== undefined))
  // No name has a brace: one of which a part is not known is left out.
  return (ways.length === 0 ? ['{}'] : ways).flatMap((way = '') => written(pattern.replace(whole, () => way)))
}

/** Groups that conditions and templates name. */
export const groupsIn = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) =>
    [
      ...text.matchAll(
        /\bgroups(?:\.(\w+)|\[['"]([\w-]+)['"]\])|['"]([\w-]+)['"]\s+(?:not\s+)?in\s+group_names/g,
      ),
    ].flatMap(([, a, b, c]) => a ?? b ?? c ?? []),
  )

const OF_OWN =
  /\binventory_hostname\s*(?:[!=]=|\b(?:not\s+)?in\b)\s*\(?\s*groups(?:\.(\w+)|\[['"]([\w-]+)['"]\])|['"]([\w-]+)['"]\s+(?:not\s+)?in\s+group_names/g

/** Those of them of which a host is asked whether it is in them itself. */
export const groupsOfOwn = (texts: readonly string[]): readonly string[] =>
  texts.flatMap((text) => [...text.matchAll(OF_OWN)].flatMap(([, a, b, c]) => a ?? b ?? c ?? []))

const FALLBACK = String.raw`\s*\|\s*(?:ansible\.builtin\.)?(?:default|d)\(\s*['"]([\w-]+)['"]`
/** `groups[name]`, `name in group_names`, and what the name falls back to. */
const BY_VARIABLE = new RegExp(
  String.raw`\bgroups\[\s*([A-Za-z_]\w*)(?:\s*\]|${FALLBACK})|(?<![.\w'"])([A-Za-z_]\w*)(?:${FALLBACK}[^)\n]*\)(?:\s*\))*)?\s+(?:not\s+)?in\s+group_names`,
  'g',
)

/** Those that they name by a variable, where its value is known, or what it falls back to. */
export function groupsByVariable(
  texts: readonly string[],
  defaultOf: (variable: string) => AnsibleValue | undefined,
): readonly string[] {
  const fallbacks = new Map<string, string | undefined>()
  for (const text of texts)
    for (const [, inGroups, ofGroups, inNames = '', ofNames] of text.matchAll(BY_VARIABLE)) {
      const name = inGroups ?? inNames
      fallbacks.set(name, fallbacks.get(name) ?? ofGroups ?? ofNames)
    }
  return [...fallbacks].flatMap(([name, fallback]) => {
    const value = defaultOf(name) ?? fallback
    return typeof value === 'string' && /^\w[\w-]*$/.test(value) ? [value] : []
  })
}
