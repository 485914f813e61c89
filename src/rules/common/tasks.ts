import type { Block, Placed, Statement, Task } from '../../ansible/content/index.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Span } from '../../span.ts'

/** A task of the project and the blocks that it stands in, the outermost first. */
export interface PlacedTask {
  readonly task: Task
  readonly blocks: readonly Block[]
}

const indexes = new WeakMap<Analysis, ReadonlyMap<string, PlacedTask>>()

/** The task whose action stands at `at`, as the events of a rehearsal name it. */
export function taskAt(analysis: Analysis, at: Span): PlacedTask | undefined {
  return indexOf(analysis).get(key(at))
}

/** The task in which a text stands. */
export function taskAround(analysis: Analysis, { path, start, end }: Span): PlacedTask | undefined {
  for (const placed of tasksOf(analysis)) {
    const { at } = placed.task
    if (at.path === path && at.start <= start && end <= at.end) return placed
  }
  return undefined
}

/** Every task of the project, in the order of playbooks and files. */
export function tasksOf(analysis: Analysis): Iterable<PlacedTask> {
  return indexOf(analysis).values()
}

function indexOf(analysis: Analysis): ReadonlyMap<string, PlacedTask> {
  let index = indexes.get(analysis)
  if (index === undefined) {
    index = indexed(analysis)
    indexes.set(analysis, index)
  }
  return index
}

/** Whether some task writes to a path that is made of this variable. */
export function isWrittenThrough(analysis: Analysis, variable: string): boolean {
  const named = new RegExp(`\\b${variable}\\b`)
  return [...indexOf(analysis).values()].some(({ task }) =>
    ['dest', 'path'].some((name) => {
      const value = task.action.arguments.get(name)?.value
      return typeof value === 'string' && named.test(value)
    }),
  )
}

/** The conditions of a task and of its blocks. */
export function conditionsOf({ task, blocks }: PlacedTask): readonly Placed[] {
  return [...blocks, task].flatMap(({ keywords }) => keywords.get('when') ?? [])
}

const key = ({ path, start }: Span): string => `${path}:${start}`

function indexed({ content, project }: Analysis): ReadonlyMap<string, PlacedTask> {
  const found = new Map<string, PlacedTask>()
  const add = (statements: readonly Statement[], blocks: readonly Block[]): void => {
    for (const statement of statements)
      if (statement.kind === 'task') found.set(key(statement.action.at), { task: statement, blocks })
      else
        for (const part of [statement.block, statement.rescue, statement.always])
          add(part, [...blocks, statement])
  }
  for (const { plays } of content.playbooks)
    for (const play of plays)
      if (play.kind === 'play')
        for (const list of [play.preTasks, play.tasks, play.postTasks, play.handlers]) add(list, [])
  for (const path of project.keys())
    if (/(?:^|\/)(?:tasks|handlers)\/.*\.ya?ml$/.test(path)) add(content.taskFile(path)?.statements ?? [], [])
  return found
}
