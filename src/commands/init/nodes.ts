import { dirname, join, resolve } from 'node:path'
import { readInventory } from '../../ansible/inventory/index.ts'
import { type NodeProblem, type NodeSpec, nodeProblems } from '../../ansible/nodeSpec.ts'
import { UserError } from '../../errors.ts'
import { inventoryPaths, nameOf, pathKind, readText, readTexts } from '../../io/files.ts'
import { homeDirectory } from '../../io/host.ts'
import { formatLocation } from '../../span.ts'
import type { Draft } from '../../wizard/answers.ts'
import { nodesOf } from '../../wizard/nodeQuestion.ts'
import {
  nodesFromCsv,
  nodesFromInventory,
  nodesFromSshConfig,
  sshConfigWarnings,
} from '../../wizard/nodeSources.ts'
import type { Warning } from '../../wizard/review.ts'
import type { Existing, Scene } from '../../wizard/scene.ts'
import { overlaid } from '../../wizard/siteChange.ts'
import type { Session } from '../session.ts'
import type { InitFlags } from './flags.ts'

export interface SshHosts {
  readonly sshHosts: Scene['sshHosts']
  readonly warnings: readonly Warning[]
}

/** The hosts of the ssh_config that `--from-ssh-config` names. */
export function sshHostsOf({ fromSshConfig }: InitFlags, { cwd, env }: Session): SshHosts {
  if (fromSshConfig === undefined) return { sshHosts: undefined, warnings: [] }
  const path =
    fromSshConfig === true ? join(homeDirectory(env), '.ssh', 'config') : resolve(cwd, fromSshConfig)
  const shown = fromSshConfig === true ? '~/.ssh/config' : fromSshConfig
  const text = readText(path)
  if (text === undefined) throw noFile(shown, '--from-ssh-config')
  return {
    sshHosts: (pattern) => nodesFromSshConfig(shown, text, [pattern]),
    warnings: sshConfigWarnings(shown, text).map((message) => ({ message, fix: undefined })),
  }
}

/**
 * The nodes of the flags, and of the lists that they name, on top of those that the inventory has; where none is given
 * the draft stays without, so that it can be asked for.
 */
export function addNodes(
  draft: Draft,
  flags: InitFlags,
  scene: Pick<Scene, 'sshHosts'>,
  existing: Existing | undefined,
  session: Session,
): void {
  const lists = [
    ...(flags.nodesCsv === undefined ? [] : [csvNodes(flags.nodesCsv, session)]),
    ...(flags.fromInventory === undefined ? [] : [inventoryNodes(flags.fromInventory, session)]),
  ]
  for (const [key, texts] of [
    ['servers', flags.server ?? []],
    ['agents', flags.agent ?? []],
  ] as const) {
    const given = [
      ...(draft[key] ?? []),
      ...lists.flatMap((list) => list[key]),
      ...texts.flatMap((text) => nodesOf(text, scene)),
    ]
    const isListed = draft[key] !== undefined || lists.length > 0 || texts.length > 0
    if (isListed) draft[key] = overlaid(existing?.[key] ?? [], given)
  }
}

function csvNodes(name: string, { cwd }: Session) {
  const text = readText(resolve(cwd, name))
  if (text === undefined) throw noFile(name, '--nodes-csv')
  return nodesFromCsv(name, text)
}

function inventoryNodes(name: string, { cwd }: Session) {
  const path = resolve(cwd, name)
  if (pathKind(path) === 'absent') throw noFile(name, '--from-inventory')
  const root = dirname(path)
  const { texts } = readTexts(root, inventoryPaths(path))
  const inventory = readInventory(texts, [nameOf(root, path)])
  const fault = inventory.faults.find(({ severity }) => severity === undefined || severity === 'error')
  if (fault !== undefined)
    throw new UserError(fault.message, {
      fix: fault.fix,
      at: formatLocation({ ...fault.at, path: name }, texts.get(fault.at.path) ?? ''),
    })
  const nodes = nodesFromInventory(inventory)
  if (nodes.servers.length + nodes.agents.length === 0)
    throw new UserError('this inventory has no hosts in groups that k3seal knows as K3s servers and agents', {
      fix: 'call the groups server and agent, or name the nodes with --server and --agent',
      at: name,
    })
  return nodes
}

function noFile(name: string, flag: string): UserError {
  return new UserError('there is no such file', { fix: `check the path behind ${flag}`, at: name })
}

/**
 * What speaks against the nodes. Throws `UserError` with all errors of nodes that are new; those that run already are
 * the inventory's business, and only warned of. `isPartial`: more nodes may follow, so that none is missed yet.
 */
export function checkNodes(
  servers: readonly NodeSpec[],
  agents: readonly NodeSpec[],
  existing: Existing | undefined,
  { isPartial = false }: { readonly isPartial?: boolean } = {},
): readonly Warning[] {
  const known = new Set([...(existing?.servers ?? []), ...(existing?.agents ?? [])].map(({ name }) => name))
  const isFatal = ({ severity, node }: NodeProblem): boolean =>
    severity === 'error' && (node === undefined || !known.has(node) || isDoubled(node, servers, agents))
  const problems = nodeProblems(servers, agents)
  const [first, ...others] = problems.filter(isFatal).filter(({ node }) => !isPartial || node !== undefined)
  if (first !== undefined && others.length === 0) throw new UserError(first.message, { fix: first.fix })
  if (first !== undefined)
    throw new UserError(
      `these nodes do not make a cluster:\n${[first, ...others].map(({ message, fix }) => `    ${message}\n      ${fix}`).join('\n')}`,
      { fix: 'correct them and run k3seal again; nothing was written' },
    )
  return problems.map(({ message, fix }) => ({ message, fix }))
}

function isDoubled(name: string, servers: readonly NodeSpec[], agents: readonly NodeSpec[]): boolean {
  const lower = name.toLowerCase()
  return [...servers, ...agents].filter((node) => node.name.toLowerCase() === lower).length > 1
}
