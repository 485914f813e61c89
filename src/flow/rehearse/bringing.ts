import {
  argumentText,
  type Content,
  collectionsIn,
  type RoleContext,
  type Task,
} from '../../ansible/content/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import { installer } from '../../facts/installer.ts'
import { withoutSpans } from '../sites/around.ts'
import { type Closure, closureOfPlay, playOf } from './closure.ts'
import type { PlacedTask } from './relevance.ts'

/** A task that installs K3s, or starts it. */
const BRINGS =
  /\bget\.k3s\.io\b|k3s[\w.-]*\.sh\b|INSTALL_K3S_|\bk3s["']?\s+(?:server|agent)\b|k3s(?:-\w+)?\.service|\bname\s*[:=]\s*["']?(?:[\w-]+\.)*k3s\b/i

export const textBringsK3s = (text: string): boolean => BRINGS.test(text)

/** Whether a file of tasks brings K3s. Of a role of which it plays one file, the name says nothing, and that file does. */
export function fileBringsK3s(
  path: string,
  content: Content,
  tasks: readonly PlacedTask[],
  trail: readonly string[] = [],
): boolean {
  let text = content.text(path) ?? ''
  if (trail.includes(path) || !textBringsK3s(text)) return false
  const played: string[] = []
  for (const { task, ...place } of tasks) {
    const part = task.at.path === path ? partOfRole(task, place, content) : undefined
    if (part === undefined) continue
    text = withoutSpans(text, [task.at])
    played.push(part)
  }
  return textBringsK3s(text) || played.some((one) => fileBringsK3s(one, content, tasks, [...trail, path]))
}

/** The file that a task plays by `tasks_from`, where that is here. */
function partOfRole({ action }: Task, place: RoleContext, content: Content): string | undefined {
  const from = argumentText(action, 'tasks_from')
  if (from === undefined || !/(?:^|\.)(?:include|import)_role$/.test(action.module)) return undefined
  const role = content.findRole(argumentText(action, 'name', 'role') ?? '', place)
  return role && content.roleTasks(role, from)?.path
}

/** Whether a task runs the install script of K3s, as far as its own text says so. */
export function runsInstaller({ action, at }: Task, content: Content): boolean {
  const text = content.text(at.path)?.slice(at.start, at.end).replace(COMMENT, '') ?? ''
  return RUNS.test(action.module) && (/\bINSTALL_K3S_/.test(text) || installer.addresses.test(text))
}

const RUNS = /(?:^|\.)(?:command|shell|raw|script)$/

const K3S = /k3s/i

/** The answers of a project, by where `hosts:` of the play stands: each takes all that the play reaches. */
const known = new WeakMap<Content, Map<string, boolean>>()

/** Whether a play is one that brings K3s: others are for machines that the cluster stands on, or works with. */
export function bringsK3s(hosts: Closure['hosts'][number], content: Content, project: Project): boolean {
  const answers = known.get(content) ?? new Map<string, boolean>()
  known.set(content, answers)
  const key = `${hosts.at.path}:${hosts.at.start}`
  let answer = answers.get(key)
  if (answer === undefined) {
    answer = playBringsK3s(hosts, content, project)
    answers.set(key, answer)
  }
  return answer
}

/** The same, but for plays that only stop K3s or take it away, as they name it, too. */
export const leavesK3s = (hosts: Closure['hosts'][number], content: Content, project: Project): boolean =>
  bringsK3s(hosts, content, project) &&
  playBringsK3s(
    hosts,
    content,
    project,
    (text) => textBringsK3s(text.replace(REMOVES, '')) && !STOPS.test(text),
  )

const REMOVES = /\bk3s-(?:agent-)?(?:uninstall|killall)\.sh\b/g
const STOPS = /\bstate\s*[:=]\s*["']?(?:stopped|absent)\b/

function playBringsK3s(
  hosts: Closure['hosts'][number],
  content: Content,
  project: Project,
  isBringing = textBringsK3s,
): boolean {
  const play = playOf(hosts, content)
  if (play === undefined) return true
  const place = { playbookDirectory: directoryOf(hosts.at.path), collections: collectionsIn(play.keywords) }
  // What a role of Galaxy does is not here; that it brings K3s, its name says.
  if (play.roles.some(({ name }) => K3S.test(name) && content.findRole(name, place) === undefined))
    return true
  const closure = closureOfPlay(hosts, content, project)
  if (closure === undefined) return false
  const isPlayed = playedIn(closure, content)
  return closure.tasks.some(
    ({ task, ...place }) =>
      isPlayed(task.at.path) &&
      !isIdle(task, place, content) &&
      isBringing(withoutNames(content.text(task.at.path)?.slice(task.at.start, task.at.end) ?? '')),
  )
}

/** What K3s or its unit reads or keeps, the program itself, and a variable that holds the name of its service. */
const TOUCHES =
  /\/rancher\b(?!\/k3s\/k3s\.yaml)|K3S_|\/k3s(?:-\w+)?["'\s]|\bk3s[\w-]*\.env\b|(?<!\bhosts):[ \t]*["']?k3s(?:-\w+)?["']?[ \t]*$/m
const COMMENT = /^[ \t]*#.*$/gm

/** What only looks, or stops the play. */
const LOOKS =
  /(?:^|\.)(?:stat|slurp|find|setup|gather_facts|service_facts|package_facts|assert|debug|fail|wait_for|wait_for_connection|uri|meta|pause)$/

/** Whether a task brings nothing itself: of what it plays of a role the files say that. */
const isIdle = (task: Task, place: RoleContext, content: Content): boolean =>
  LOOKS.test(task.action.module) || partOfRole(task, place, content) !== undefined

/** What plays and tasks are called, in more than one word. */
const NAMES = /(^|\n)([ \t]*-[ \t]+name:)[ \t]*\S+[ \t]+\S[^\n]*/g

const withoutNames = (text: string): string => text.replace(NAMES, '$1$2').replace(/^name:[^\n]*/, '')

/** Whether anything that a playbook plays brings K3s, or touches its files; others only look, or ask a cluster for something. */
export function touchesK3s(closure: Closure, content: Content, project: Project): boolean {
  const isPlayed = playedIn(closure, content)
  const idle = closure.tasks.filter(({ task, ...place }) => isIdle(task, place, content))
  const touches = [...closure.read].filter(isPlayed).some((path) => {
    const spans = idle.flatMap(({ task: { at } }) => (at.path === path ? at : []))
    const own = withoutNames(withoutSpans(content.text(path) ?? '', spans).replace(COMMENT, ''))
    return BRINGS.test(own) || TOUCHES.test(own)
  })
  return (
    touches ||
    closure.hosts.some((one) => playOf(one, content) !== undefined && bringsK3s(one, content, project))
  )
}

/** Which files a playbook plays: of roles of which tasks play single files those that these lead to. */
function playedIn({ roles, includes }: Closure, content: Content): (path: string) => boolean {
  const isOf = (path: string, some: Closure['roles'], kind = ''): boolean =>
    some.some(({ directory }) => path.startsWith(`${directory}/${kind}`))
  const played = new Set<string>()
  for (let size = -1; size < played.size; ) {
    size = played.size
    for (const [path, from] of includes)
      if (from.some((one) => played.has(one.path) || !isOf(one.path, roles, 'tasks/'))) played.add(path)
  }
  const parts = roles.filter((role) => {
    const main = content.roleTasks(role)?.path
    return main !== undefined && !played.has(main)
  })
  return (path) => played.has(path) || !isOf(path, parts)
}
