import { LOCALHOST } from '../../ansible/inventory/index.ts'
import { mayTakeForever } from '../../ansible/template/regexCost.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import { hasMark } from '../atoms.ts'
import type { PaperHosts } from './hosts.ts'

/**
 * The hosts that `hosts:` of a play matches: names, globs, `~regex`, `&` and `!`, indexes; the first matching terms in
 * order, as ansible-core's InventoryManager does; the control node under its names only, never as one of `all`. A term that
 * is known in part only may be any host, and what it takes away is still there.
 * https://docs.ansible.com/ansible/latest/inventory_guide/intro_patterns.html
 */
export function matchingHosts(pattern: string, hosts: PaperHosts): readonly string[] {
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
  return [...new Set([...found].flatMap((host) => hosts.standIn(host) ?? []))]
}

function members(term: string, hosts: PaperHosts): readonly string[] {
  if (hasMark(term)) return [...hosts.hosts.keys()]
  const [, name = term, from, to] = /^([^[\]]+)\[(-?\d+)(?:[:-](-?\d*))?\]$/.exec(term) ?? []
  const all = named(name, hosts)
  if (from === undefined) return all
  const start = Number(from)
  if (to === undefined) return all.slice(start, start === -1 ? undefined : start + 1)
  return all.slice(start, to === '' ? undefined : Number(to) + 1)
}

function named(name: string, hosts: PaperHosts): readonly string[] {
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

/** Whether a pattern is for all hosts but those of some group: `all:!server`. */
export const isForOthers = (pattern: string): boolean => {
  const terms = pattern.split(/[,:]/).map((term) => term.trim())
  return terms.some((term) => term === 'all' || term === '*') && terms.some((term) => term.startsWith('!'))
}

/** Group names that the hosts patterns of a project name, `all` and `localhost` left out. */
export function namedGroups(patterns: readonly string[]): readonly string[] {
  const names = patterns
    .flatMap((pattern) => pattern.split(/[,:](?![^[]*\])/))
    .map((term) =>
      term
        .trim()
        .replace(/^[&!~]/, '')
        .replace(/\[.*\]$/, ''),
    )
  return [
    ...new Set(
      names.filter((name) => /^[A-Za-z_][\w-]*$/.test(name) && name !== 'all' && name !== 'localhost'),
    ),
  ]
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

/** Those that they name by a variable, where its value is known. */
export function groupsByVariable(
  texts: readonly string[],
  defaultOf: (variable: string) => AnsibleValue | undefined,
): readonly string[] {
  const names = texts.flatMap((text) =>
    [...text.matchAll(/\bgroups\[\s*([A-Za-z_]\w*)\s*\]/g)].map(([, name = '']) => name),
  )
  return [...new Set(names)].flatMap((name) => {
    const value = defaultOf(name)
    return typeof value === 'string' && /^\w[\w-]*$/.test(value) ? [value] : []
  })
}
