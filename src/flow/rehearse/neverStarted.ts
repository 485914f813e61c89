import type { Content, Task } from '../../ansible/content/index.ts'
import type { Project } from '../../ansible/value.ts'
import type { Span } from '../../span.ts'
import type { UnknownNote } from '../unknown.ts'
import { type Closure, closureOfPlay, playOf } from './closure.ts'
import { isLeftOut } from './context.ts'
import type { PaperHosts } from './hosts.ts'
import { startedCommands } from './outsiders.ts'
import { isOpen, matchingHosts } from './pattern.ts'
import type { NodeState, World } from './world.ts'

/**
 * Where agents start, and plays that start K3s on other hosts do so in no scenario: no fault is known there, and what those
 * hosts are for is not seen.
 */
export function neverStarted(
  closure: Closure,
  hosts: PaperHosts,
  worlds: readonly World[],
  content: Content,
  project: Project,
): readonly UnknownNote[] {
  if (!startedCommands(worlds).has('agent') || worlds.some(({ isCut }) => isCut)) return []
  const nodesOf = (host: string): readonly NodeState[] => worlds.map((world) => world.node(host))
  const isBegun = (host: string): boolean => nodesOf(host).some(({ starts }) => starts.size > 0)
  // Why the others come to no start is told where their play ends.
  const isSilent = (host: string): boolean => nodesOf(host).every(({ failure }) => failure === undefined)
  const matched = ({ pattern }: PlayHosts): readonly string[] =>
    isOpen(pattern) ? [] : matchingHosts(pattern, hosts)
  const tasksOf = (one: PlayHosts): readonly Task[] => {
    const play = playOf(one, content)
    return play === undefined || isLeftOut(UNTAGGED, play.keywords)
      ? []
      : (closureOfPlay(one, content, project)?.tasks.map(({ task }) => task) ?? [])
  }
  const begun = worlds.flatMap(({ events }) => events.filter(({ what }) => what === 'service-started'))
  /** Whether a task has started K3s on a host that no other play with that task is for: it was delegated there. */
  const isDelegated = (one: PlayHosts, { at }: Task): boolean =>
    begun.some(
      (event) =>
        isWithin(event.at, at) &&
        !closure.hosts.some(
          (other) =>
            other !== one &&
            matched(other).includes(event.host) &&
            tasksOf(other).some((task) => isWithin(event.at, task.at)),
        ),
    )
  return closure.hosts.flatMap((one) => {
    const all = matched(one)
    const own = all.filter((host) => hosts.hosts.has(host) && isSilent(host))
    if (own.length === 0 || all.some(isBegun)) return []
    const tasks = tasksOf(one)
    if (!tasks.some((task) => startsK3s(task, content)) || tasks.some((task) => isDelegated(one, task)))
      return []
    const what = `the tasks of this play that start K3s run in no scenario on ${own.join(' and ')}`
    return [{ at: one.at, what }]
  })
}

type PlayHosts = Closure['hosts'][number]

const isWithin = (at: Span, whole: Span): boolean =>
  at.path === whole.path && at.start >= whole.start && at.end <= whole.end

const UNTAGGED = { tags: [] }
const COMMANDS = new Set(['command', 'shell', 'raw', 'script'])
const SERVICES = new Set(['service', 'systemd', 'systemd_service', 'sysvinit', 'openrc'])
/** What starts K3s in a command, and what only gets its script, or takes K3s away. */
const STARTS = /\bget\.k3s\.io\b[^\n]*\|[^\n]*sh\b|\/k3s[\w.-]*\.sh\b|\bk3s["']?\s+(?:server|agent)\b/
const OTHER =
  /uninstall|killall|\bINSTALL_K3S_SKIP_(?:START|ENABLE)\b|\b(?:rm|chmod|test|stat)\b|--version|\s-o\s|>\s*\//
const SERVICE = /^k3s(?:-[\w-]+)?(?:\.service)?$/

function startsK3s({ action, at, keywords }: Task, content: Content): boolean {
  if (isLeftOut(UNTAGGED, keywords)) return false
  const { module, arguments: args } = action
  const text = content.text(at.path)?.slice(at.start, at.end) ?? ''
  if (COMMANDS.has(module)) return STARTS.test(text) && !OTHER.test(text)
  const [name, state] = [args.get('name')?.value, args.get('state')?.value]
  return (
    SERVICES.has(module) &&
    typeof name === 'string' &&
    SERVICE.test(name) &&
    (state === 'started' || state === 'restarted')
  )
}
