/** Machines that a cluster stands on or beside, whatever else their groups are called. */
const BESIDE =
  /proxmox|pve|hypervisor|vmware|esxi|\bvms?\b|template|storage|nfs|ceph|nas\b|radius|monitor|haproxy|balancer|(?:^|_)lb(?:_|$)|database|(?:^|_)dbs?(?:_|$)|gateway|bastion|registry/i
const OF_K3S = /k3s|kube|k8s|agent|worker|master|control/i

/** Words that say nothing of which nodes of a cluster are in a group. */
const WHOLE = new Set(
  'k3s k8s kube kubernetes rancher all hosts host machines instances group prod production staging dev lab homelab home'.split(
    ' ',
  ),
)

/** Words for the server that founds a cluster, and for those that join it. */
export const FIRST = new Set('first init initial primary leader bootstrap founder'.split(' '))
export const JOINING = new Set('second secondary join joining additional other extra'.split(' '))
/** In names of groups these mean the same; variables may mean something else by them. */
const REST = new Set([
  ...JOINING,
  ...'add added secondaries third joiner joiners others extras rest remaining more follower followers'.split(
    ' ',
  ),
])

/** `part`: some of a cluster, or all of it where there is no other group for that. `beside`: machines that are none of it. */
export type GroupKind = 'cluster' | 'server' | 'agent' | 'part' | 'beside' | 'other'

/** Whether the name alone says that hosts of the group are nodes of a cluster. */
export const isOfNodes = (name: string): boolean => ['cluster', 'server', 'agent'].includes(groupKind(name))

/** Whether the name leaves it open that all hosts of a cluster are in the group: a server is a node, too. */
export const mayBeWhole = (name: string): boolean =>
  ['part', 'other'].includes(groupKind(name)) || (groupKind(name) === 'agent' && !AGENT.test(name))

const AGENT = /agent|worker/i

export function groupKind(name: string): GroupKind {
  const isBeside = BESIDE.test(name)
  if (isBeside && !OF_K3S.test(name)) return 'beside'
  if (AGENT.test(name)) return 'agent'
  if (/server|master|control|main|primary|first/i.test(name)) return 'server'
  if (/node/i.test(name)) return 'agent'
  if (isBeside) return 'part'
  if (/cluster/i.test(name)) return 'cluster'
  const words = wordsOf(name)
  if (
    words.some((word) => /^(?:k3s|k8s|kube|all)/.test(word)) &&
    words.every((word) => word === '' || WHOLE.has(word))
  )
    return 'cluster'
  return /k3s|kube|k8s/i.test(name) ? 'part' : 'other'
}

const wordsOf = (name: string): readonly string[] =>
  name
    .toLowerCase()
    .split(/[_-]+/)
    .map((word) => word.replace(/\d+$/, ''))

/** Which of the servers are in a group. */
export type ServerPart = 'first' | 'joining'

/**
 * The groups that do not have all servers: those with a word for the first one or for the rest in their names, where there is
 * a group for the others, too. `isOfCluster`: whether a group is one of nodes though its name leaves that open. `founding`:
 * what a group of servers has that has no such word.
 */
export function serverParts(
  names: readonly string[],
  isOfCluster: (group: string) => boolean,
  founding: FoundingGroup,
): ReadonlyMap<string, ServerPart> {
  const called = names.flatMap((name) => {
    const part = calledPart(name)
    return part !== undefined && (isOfNodes(name) || isOfCluster(name)) ? [[name, part] as const] : []
  })
  const parts = new Map(called)
  const has = (part: ServerPart): boolean => called.some((one) => one[1] === part)
  const plain = names.filter((name) => groupKind(name) === 'server' && !parts.has(name))
  if (has('first') && has('joining')) return parts
  // Beside a group of all servers, only one of servers is certain to be a part of it.
  if (has('first'))
    return new Map(plain.length === 0 ? [] : called.filter(([name]) => groupKind(name) === 'server'))
  const bringing = (group: string): boolean => founding(group) !== undefined
  // A word for others may be for machines that are no servers of K3s.
  if (!called.some(([name]) => bringing(name)) || !plain.some(bringing)) return new Map()
  for (const name of plain) if (founding(name) === 'first') parts.set(name, 'first')
  return parts
}

/** What a group has that may found the cluster: only the first server, or all servers. `undefined`: it founds none. */
export type FoundingGroup = (group: string) => 'first' | 'all' | undefined

function calledPart(name: string): ServerPart | undefined {
  if (AGENT.test(name) || ['beside', 'other'].includes(groupKind(name))) return undefined
  const words = wordsOf(name)
  const [isFirst, isJoining] = [FIRST, REST].map((known) => words.some((word) => known.has(word)))
  return isFirst === isJoining ? undefined : isFirst ? 'first' : 'joining'
}
