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
  const words = name
    .toLowerCase()
    .split(/[_-]+/)
    .map((word) => word.replace(/\d+$/, ''))
  if (
    words.some((word) => /^(?:k3s|k8s|kube|all)/.test(word)) &&
    words.every((word) => word === '' || WHOLE.has(word))
  )
    return 'cluster'
  return /k3s|kube|k8s/i.test(name) ? 'part' : 'other'
}
