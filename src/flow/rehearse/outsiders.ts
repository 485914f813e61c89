import type { Content } from '../../ansible/content/index.ts'
import type { Project } from '../../ansible/value.ts'
import { bringsK3s } from './bringing.ts'
import { type Closure, closureOfPlay } from './closure.ts'
import { groupKind, mayBeWhole } from './groupKinds.ts'
import type { PaperHosts } from './hosts.ts'
import { bothGroups, groupsOfOwn, matchingHosts, namedGroups, wantedGroups } from './pattern.ts'
import type { World } from './world.ts'

export type OutsiderKind = 'server' | 'agent'

/** Hosts that are in none of the groups which a playbook names, by kind, with the groups of variables that are called so. */
export type Outsiders = Partial<Readonly<Record<OutsiderKind, readonly string[]>>>

/**
 * Groups that have the hosts of others in them: a play that brings K3s to one asks its hosts whether they are in a group of
 * servers or of agents, and no play is for that; or it is for those hosts of such a group alone that are in this one.
 */
export function wholeGroups(
  { hosts, patterns }: Closure,
  content: Content,
  project: Project,
): ReadonlySet<string> {
  const played = new Set(namedGroups(patterns))
  const found = new Set<string>()
  for (const one of hosts) {
    const both = bothGroups(one.pattern)
    if (both.some(isOfOneKind) && bringsK3s(one, content, project))
      for (const name of both) if (!isOfOneKind(name) && mayBeWhole(name)) found.add(name)
    const groups = wantedGroups(one.pattern).filter(mayBeWhole)
    const own = groups.length === 0 ? undefined : closureOfPlay(one, content, project)
    if (own === undefined || !bringsK3s(one, content, project)) continue
    if (groupsOfOwn(own.texts).some((name) => !played.has(name) && isOfOneKind(name)))
      for (const name of groups) found.add(name)
  }
  return found
}

const isOfOneKind = (name: string): boolean => ['server', 'agent'].includes(groupKind(name))

/** Whether something asks which of the hosts one is, or for others of a group than its first: a group of one needs neither. */
export function isToldApart(group: string, { patterns, conditions, expressions }: Closure): boolean {
  const own = new RegExp(hostsOf(group))
  const first = new RegExp(own.source + FIRST, 'g')
  return (
    patterns.some((pattern) => namedGroups([pattern]).includes(group) && /[[&!]/.test(pattern)) ||
    conditions.some((text) => WHICH.test(text)) ||
    expressions.some((text) => WHICH.test(text) && COMPARES.test(text)) ||
    [...conditions, ...expressions].some((text) => own.test(text.replace(first, '')))
  )
}

/** Whether the first host of a group, or of a play, is one by itself: something is for it alone, or for all but it. */
export function isHeaded(group: string, { patterns, conditions, expressions }: Closure): boolean {
  const texts = [...conditions, ...expressions]
  const first = new RegExp(`(?:${hostsOf(group)}|${OF_PLAY})${FIRST}`)
  const rest = new RegExp(String.raw`${hostsOf(group)}\s*\[\s*1\s*:`)
  return (
    patterns.some((pattern) => namedGroups([pattern]).includes(group) && /\[(?:0\]|1[:-])/.test(pattern)) ||
    texts.some((text) => rest.test(text)) ||
    (texts.some((text) => first.test(text)) && texts.some((text) => COMPARES_NAME.test(text)))
  )
}

const hostsOf = (group: string): string => String.raw`\bgroups(?:\.${group}\b|\[\s*['"]${group}['"]\s*\])`
const OF_PLAY = String.raw`\b(?:ansible_)?play_(?:hosts(?:_all)?|batch)\b`
const FIRST = String.raw`\s*(?:\[\s*0\s*\]|\.0\b|\|\s*first\b)`
const COMPARES_NAME = /\binventory_hostname\b[^=]*[=!]=|[=!]=[^=]*\binventory_hostname\b/
const WHICH = /\b(?:inventory_hostname|group_names|ansible_play_(?:hosts|batch))/
const COMPARES = /[=!]=|\bin\b/

/** The kinds of nodes of which none has started. */
export function missingKinds(worlds: readonly World[]): readonly OutsiderKind[] {
  const all = startedCommands(worlds)
  return (['server', 'agent'] as const).filter((kind) => !all.has(kind))
}

/** What the services are that a run has started, on all hosts or on these. */
export const startedCommands = (
  worlds: readonly World[],
  isWanted: (host: string) => boolean = () => true,
): ReadonlySet<'server' | 'agent' | 'unknown'> =>
  new Set(
    worlds.flatMap(({ events }) =>
      events.flatMap((event) =>
        event.what === 'service-started' && isWanted(event.host) ? [event.arrival.command] : [],
      ),
    ),
  )

/** What the services are that run at the end of a run. */
export const runningCommands = (worlds: readonly World[]): ReadonlySet<'server' | 'agent' | 'unknown'> =>
  new Set(
    worlds.flatMap(({ nodes }) =>
      [...nodes.values()].flatMap(({ starts }) => [...starts.values()].map(({ arrival }) => arrival.command)),
    ),
  )

/** The hosts that another set has more, if some play is for one of them. */
export function moreHosts(
  patterns: readonly string[],
  { hosts }: PaperHosts,
  more: PaperHosts,
): ReadonlySet<string> {
  const added = new Set([...more.hosts.keys()].filter((host) => !hosts.has(host)))
  const isPlayed = patterns.some((pattern) => matchingHosts(pattern, more).some((host) => added.has(host)))
  return isPlayed ? added : new Set()
}
