import type { Task } from '../../ansible/content/index.ts'
import type { AnsibleValue } from '../../ansible/value.ts'
import { escaped } from '../../syntax/regExp.ts'
import type { PaperHosts } from './hosts.ts'

/** The groups that tasks of one run have made, or may have: all of them are gone after it. */
export interface MadeGroups {
  /** Group → hosts that were added, in order. */
  readonly hosts: ReadonlyMap<string, readonly string[]>
  /** Groups in which there may be hosts, too, that are not known. */
  readonly open: ReadonlySet<string>
}

export const noGroups: MadeGroups = { hosts: new Map(), open: new Set() }

export function withMembers(
  { hosts, open }: MadeGroups,
  groups: readonly string[],
  members: readonly string[],
): MadeGroups {
  if (groups.length === 0) return { hosts, open }
  const next = new Map(hosts)
  for (const group of groups) next.set(group, [...new Set([...(next.get(group) ?? []), ...members])])
  return { hosts: next, open }
}

export const withOpen = ({ hosts, open }: MadeGroups, groups: readonly string[]): MadeGroups => ({
  hosts,
  open: new Set([...open, ...groups]),
})

export function sameGroups(a: MadeGroups, b: MadeGroups): boolean {
  if (a === b) return true
  if (a.hosts.size !== b.hosts.size || a.open.size !== b.open.size) return false
  for (const [group, hosts] of a.hosts) if (b.hosts.get(group)?.join() !== hosts.join()) return false
  return [...a.open].every((group) => b.open.has(group))
}

/** Whether somebody could notice: of the groups that are asked for some are not the same. */
export const isSeen = (before: MadeGroups, after: MadeGroups, asked: ReadonlySet<string>): boolean =>
  !sameGroups(before, after) &&
  ([...after.open].some((group) => !before.open.has(group)) ||
    [...after.hosts].some(
      ([group, hosts]) => asked.has(group) && before.hosts.get(group)?.join() !== hosts.join(),
    ))

/** The hosts as plays and templates see them after tasks have made groups. */
export function withGroups(hosts: PaperHosts, made: MadeGroups): PaperHosts {
  if (made.hosts.size === 0 && hosts.added === undefined) return hosts
  const { groups: known, hosts: all } = withoutLater(hosts, made)
  const groups = new Map(known)
  for (const [group, members] of made.hosts) {
    // Those that a task adds have the place in which it did.
    const before = (groups.get(group) ?? []).filter(
      (name) => hosts.added?.has(name) !== true || !members.includes(name),
    )
    groups.set(group, [...new Set([...before, ...members])])
  }
  return { ...hosts, hosts: all, groups }
}

/** Without the hosts that tasks add only later, and the groups that have no others. */
function withoutLater(
  { hosts, groups, added }: PaperHosts,
  made: MadeGroups,
): Pick<PaperHosts, 'hosts' | 'groups'> {
  if (added === undefined) return { hosts, groups }
  const there = new Set([...made.hosts.values()].flat())
  const isThere = (name: string): boolean => !added.has(name) || there.has(name)
  return {
    hosts: new Map([...hosts].filter(([name]) => isThere(name))),
    groups: new Map(
      [...groups]
        .map(([group, members]) => [group, members.filter(isThere)] as const)
        .filter(([group, { length }]) => length > 0 || group === 'all' || group === UNGROUPED),
    ),
  }
}

/** Groups with their hosts, as all of these runs have made them: those of which no run left anything open. */
export function madeByAll(runs: readonly MadeGroups[]): ReadonlyMap<string, readonly string[]> {
  const [first = noGroups] = runs
  return new Map(
    [...first.hosts].filter(([group, members]) =>
      runs.every(({ hosts, open }) => !open.has(group) && hosts.get(group)?.join() === members.join()),
    ),
  )
}

/** Names of groups that a task makes, as far as they stand in it: of templates what stands around the variables. */
export function groupsMadeBy({ action: { module, arguments: args } }: Task): readonly RegExp[] {
  const value = module === 'group_by' ? [args.get('key')?.value, args.get('parents')?.value] : undefined
  const names = value ?? (module === 'add_host' ? GROUPS.map((name) => args.get(name)?.value) : [])
  return names.flatMap(groupNames).map(
    (name) =>
      new RegExp(
        `^${name
          .split(/\{[{%].*?[%}]\}/s)
          .map(escaped)
          .join('.*')}$`,
      ),
  )
}

/** The group of hosts that are in no other one. */
export const UNGROUPED = 'ungrouped'

/** Arguments of `add_host`. */
export const GROUPS = ['groups', 'group', 'groupname'] as const

/** A list of names, or a text with commas, as `add_host` takes them. */
export function groupNames(value: AnsibleValue | undefined): readonly string[] {
  const items = Array.isArray(value) ? value : [value]
  return items.flatMap((item) =>
    typeof item === 'string'
      ? item
          .split(/,(?![^{]*\})/)
          .map((name) => name.trim())
          .filter((name) => name !== '')
      : [],
  )
}
