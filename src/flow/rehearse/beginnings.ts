import type { Atoms } from '../atoms.ts'
import { CONTROL_NODE } from './hosts.ts'
import { isRandom } from './modules/generated.ts'
import { emptyNode, type NodeState, World } from './world.ts'

/** Whether the install script wanted a token there, and got none. */
export const givesUp = (world: World): boolean =>
  world.events.some(({ what }) => what === 'installer-gave-up')

/** Whether K3s runs on some node, whoever started it. */
export const startsK3s = (world: World): boolean =>
  [...world.nodes.values()].some(({ starts }) => starts.size > 0)

/** Whether a server of K3s runs on some node: a cluster, that is. */
export const startsServer = (world: World): boolean =>
  [...world.nodes.values()].some(({ starts }) =>
    [...starts.values()].some(({ arrival }) => arrival.command !== 'agent'),
  )

/** Whether some of it has a token that the run has made. */
export const hasMadeToken = ({ nodes }: World): boolean =>
  [...nodes.values()].some(({ starts }) =>
    [...starts.values()].some(({ arrival }) => arrival.token.text?.marks.some(({ atom }) => isRandom(atom))),
  )

/** Whether this run itself started it. */
export const hasStarted = (world: World): boolean =>
  world.events.some(({ what }) => what === 'service-started')

/**
 * A finished world as the beginning of the next run; the nodes that have started first come first. `settled`: what stays as it
 * was.
 */
export function rested(world: World, settled?: ReadonlyMap<string, boolean>): World {
  const order = world.events.flatMap((event) => (event.what === 'service-started' ? [event.host] : []))
  const nodes = new Map(
    [...new Set([...order, ...world.nodes.keys()])].map((host) => {
      const node = world.node(host)
      const { files, services, k3s, isOpen, isPackaged, starts, founding } = lasting(node)
      return [host, { ...emptyNode, files, services, k3s, isOpen, isPackaged, starts, founding }]
    }),
  )
  return new World(nodes, { isCut: world.isCut, ...(settled === undefined ? {} : { settled }) })
}

const TRANSIENT = /^\/run\/systemd\/transient\/(.+)\.service$/

/** A node without the units that systemd made for one start only: they are gone once they have stopped. */
function lasting(node: NodeState): NodeState {
  const gone = [...node.files.keys()].flatMap((path) => TRANSIENT.exec(path)?.[1] ?? [])
  if (gone.length === 0) return node
  const [files, services, starts] = [new Map(node.files), new Map(node.services), new Map(node.starts)]
  for (const name of gone) {
    files.delete(`/run/systemd/transient/${name}.service`)
    services.delete(name)
    starts.delete(name)
  }
  return { ...node, files, services, starts }
}

/**
 * Whether a random text was written into a file on the control node: the next run may have it from there in ways that are
 * not followed, as a variable of an inventory for one. Where K3s runs there, its files are none of these.
 */
export function keepsOnControlNode(world: World, atoms: Atoms): boolean {
  const { files, starts } = world.node(CONTROL_NODE)
  return [...files].some(
    ([path, { content }]) =>
      !(starts.size > 0 && path.startsWith('/')) &&
      typeof content === 'string' &&
      atoms.in(content).some(isRandom),
  )
}

/** The world in which K3s runs on the most nodes: in others an assumption may have kept it from some. */
export function fullest(worlds: readonly World[]): World | undefined {
  const running = (world: World): number =>
    [...world.nodes.values()].filter(({ starts }) => starts.size > 0).length
  return worlds.filter(startsK3s).toSorted((a, b) => running(b) - running(a))[0]
}

/** Worlds that differ from the first ones of a second run are followed by themselves: so many at most. */
const MOST_BESIDE = 2

/**
 * What second runs begin with: that world, with the most tokens of those, and the one in which the fewest have arrived, where
 * those are fewer; each by itself then some in which a service has got something else.
 */
export function unlike(worlds: readonly World[]): readonly (readonly World[])[] {
  const arrived = (world: World): number =>
    [...world.nodes.values()]
      .flatMap(({ starts }) => [...starts.values()])
      .filter(({ arrival }) => arrival.token.state === 'present').length
  const ordered = worlds.toSorted((a, b) => arrived(b) - arrived(a))
  const full = fullest(ordered)
  if (full === undefined) return []
  const least = ordered.findLast(startsK3s) ?? full
  const first = arrived(least) < arrived(full) ? [full, least] : [full]
  const known = new Set(first.flatMap(startsIn))
  const beside = ordered.filter((world) => {
    const starts = startsIn(world)
    const isNew = starts.some((start) => !known.has(start))
    for (const start of starts) known.add(start)
    return isNew
  })
  return [first, ...beside.slice(0, MOST_BESIDE).map((world) => [world])]
}

/** What the services of a world have started with, as far as it tells nodes apart. */
const startsIn = ({ nodes }: World): readonly string[] =>
  [...nodes].flatMap(([host, { starts, founding }]) =>
    [...starts].map(([service, { arrival }]) => {
      const { command, token, serverUrl } = arrival
      return [host, service, command, token.state, serverUrl.state, founding?.serverUrl.state].join(' ')
    }),
  )

/** Nodes of the cluster that no other playbook got as far as bringing K3s to have it all the same: from where is not seen. */
export function completed(
  worlds: readonly World[],
  byHand: World,
  isOfCluster: (host: string) => boolean,
): readonly World[] {
  if (worlds.length === 0) return [byHand]
  return worlds.map((world) => {
    const bare = [...byHand.nodes].filter(([host]) => {
      const { k3s, starts } = world.node(host)
      return k3s === 'absent' && starts.size === 0 && isOfCluster(host)
    })
    if (bare.length === 0) return world
    const next = world.copy()
    for (const [host, node] of bare) next.change(host, node)
    return next
  })
}

/** The same nodes before their services are started. */
export function idle(world: World): World {
  const nodes = new Map(
    [...world.nodes].map(([host, node]) => [
      host,
      {
        ...node,
        starts: new Map(),
        founding: undefined,
        services: new Map([...node.services].map(([name, state]) => [name, { ...state, started: false }])),
      },
    ]),
  )
  return new World(nodes)
}

/** The nodes that a run left, as the next one finds them. */
export function present(worlds: readonly World[]): readonly World[] {
  return [fullest(worlds) ?? worlds[0]].flatMap((world) => (world === undefined ? [] : [rested(world)]))
}

/** The same, under a K3s of before. */
export function older(worlds: readonly World[]): readonly World[] {
  const [begin] = present(worlds)
  if (begin === undefined) return []
  for (const [host, node] of begin.nodes) if (node.k3s === 'present') begin.change(host, { k3s: 'older' })
  return [begin]
}
