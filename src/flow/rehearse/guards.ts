import type { Content } from '../../ansible/content/index.ts'
import type { Span } from '../../span.ts'
import { textBringsK3s } from './bringing.ts'
import type { Closure } from './closure.ts'
import { textOf } from './relevance.ts'

const IS_DEFINED = /(?<![.\w'"])([A-Za-z_]\w*)(?:\.\w+|\[\s*['"][^\]'"]*['"]\s*\])*\s+is\s+defined\b/g

/**
 * The variables that conditions ask to be there before a task which brings K3s runs, its own and those on the way to its file,
 * each with where such a task stands.
 */
export function guards({ tasks, includes }: Closure, content: Content): ReadonlyMap<string, Span> {
  const found = new Map<string, Span>()
  const ways = new Set<string>()
  const ask = (condition: string, at: Span): void => {
    for (const [, name = ''] of condition.matchAll(IS_DEFINED)) if (!found.has(name)) found.set(name, at)
  }
  const onTheWayTo = (path: string): void => {
    if (ways.has(path)) return
    ways.add(path)
    for (const include of includes.get(path) ?? []) {
      for (const condition of include.conditions) ask(condition, include.at)
      onTheWayTo(include.path)
    }
  }
  for (const { task, around } of tasks) {
    const { path, start, end } = task.at
    if (!textBringsK3s(content.text(path)?.slice(start, end) ?? '')) continue
    ask(`${around} ${textOf(task.keywords.get('when')?.value ?? null)}`, task.action.at)
    onTheWayTo(path)
  }
  return found
}
