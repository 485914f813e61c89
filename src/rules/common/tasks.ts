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
  let index = indexes.get(analysis)
  if (index === undefined) {
    index = indexed(analysis)
    indexes.set(analysis, index)
  }
  return index.get(key(at))
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
