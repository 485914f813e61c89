import type { Span } from '../../span.ts'
import type { Atoms } from '../atoms.ts'
import type { ServiceManager } from '../files.ts'
import { runInstaller } from '../installer.ts'
import { groupKind } from './groupKinds.ts'
import type { PaperHost, PaperHosts } from './hosts.ts'
import { KEPT, SERVER_DIR } from './modules/files.ts'
import { emptyNode, type NodeState } from './world.ts'

const isServer = ({ groups }: PaperHost): boolean =>
  groups.some((group) => /server|master|control/i.test(group))

/** The server that is taken to have founded a cluster that was installed by hand. */
export const foundedByHand = ({ hosts }: PaperHosts): string | undefined =>
  [...hosts.values()].find(isServer)?.name

/**
 * Nodes on which K3s was installed by hand with its own script: the first server made the token, the others joined with it.
 * `placeOf`: what says so of a host by naming it, or by being for such nodes.
 */
export function installedNodes(
  hosts: PaperHosts,
  manager: ServiceManager,
  atoms: Atoms,
  placeOf: (host: PaperHost) => Span,
): ReadonlyMap<string, NodeState> {
  const first = foundedByHand(hosts) ?? 'the first server'
  const token = atoms.mark(
    // Which one that was, nobody knows: it may be the one that the project has.
    atoms.root(`token before all plays of ${first}`, {
      kind: 'scenario',
      what: `the token of the server ${first}`,
      isFilled: true,
    }),
  )
  return new Map(
    [...hosts.hosts.values()].map((host) => {
      const { name } = host
      const hop = { at: placeOf(host), what: 'K3s was installed before' }
      const server = isServer(host)
      const environment = new Map([
        ['INSTALL_K3S_SKIP_DOWNLOAD', 'true'],
        ['INSTALL_K3S_EXEC', server ? 'server' : 'agent'],
        ...(name === first
          ? []
          : ([
              ['K3S_TOKEN', token],
              ['K3S_URL', `https://${first}:6443`],
            ] as const)),
      ])
      const { files, service } = runInstaller(new Map(), { environment, args: [], manager, hop }, atoms)
      const services = new Map(service === undefined ? [] : [[service, { started: true, enabled: true }]])
      const kept = new Map(files)
      if (server)
        for (const [file, content] of [
          ['/token', token],
          ['/node-token', token],
          [KEPT, `${token},server,server,k3s:server`],
        ] as const)
          kept.set(`${SERVER_DIR}${file}`, {
            kind: 'file',
            content: `${content}\n`,
            mode: 0o600,
            owner: 'root',
            hops: [hop],
          })
      // By its groups alone nobody knows what a host is that these call neither a server nor an agent.
      const isOpen = !server && !host.groups.some((group) => groupKind(group) === 'agent')
      return [name, { ...emptyNode, files: kept, services, k3s: 'present' as const, isOpen }]
    }),
  )
}
