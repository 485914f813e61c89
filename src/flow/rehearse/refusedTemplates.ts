import type { Placed, Task } from '../../ansible/content/index.ts'
import type { Span } from '../../span.ts'
import {
  mayUseUnknownPlugin,
  noneNamed,
  refusalOf,
  type UnknownPlugin,
  unknownPluginIn,
  unknownPluginInTemplate,
} from '../evaluate/index.ts'
import { looksLikeTemplate, parsedExpression } from '../evaluate/parsed.ts'
import type { Stage } from './context.ts'

export interface RefusedTemplate {
  readonly at: Span
  readonly message: string
  /** What it names, where Jinja2 refuses it for that alone. */
  readonly plugin?: UnknownPlugin
}

type By = Pick<Stage, 'content' | 'refuses'>

const UNSAFE = /!unsafe\b|[:-]\s+\*\w/
const found = new WeakMap<Task, readonly RefusedTemplate[]>()

/**
 * The first of a task's arguments, or of the items in them, that Jinja2 certainly refuses. Ansible renders each of them by
 * itself, before the module runs.
 */
export function refusedTemplate(task: Task, { content, refuses }: By): RefusedTemplate | undefined {
  let known = found.get(task)
  if (known === undefined) {
    const { arguments: given, freeForm } = task.action
    const all = freeForm === undefined ? [...given.values()] : [freeForm, ...given.values()]
    const { path, start, end } = task.at
    known = all.flatMap(refusedIn)
    // Nothing renders what is tagged so, here or where an alias leads.
    if (known.length > 0 && UNSAFE.test(content.text(path)?.slice(start, end) ?? '')) known = []
    found.set(task, known)
  }
  return known.find(({ plugin }) => plugin === undefined || refuses(plugin))
}

/** Whether Jinja2 certainly refuses what a task asks before it runs. */
export function hasRefusedCondition({ keywords }: Task, { refuses }: By): boolean {
  const when = keywords.get('when')?.value
  return (Array.isArray(when) ? when : [when]).some((item) => {
    if (typeof item !== 'string' || !mayUseUnknownPlugin(item) || looksLikeTemplate(item)) return false
    const { expression, faults } = parsedExpression(item)
    const plugin = faults.length > 0 ? undefined : unknownPluginIn(expression)
    return plugin !== undefined && refuses(plugin)
  })
}

function refusedIn({ value, at, node }: Placed): readonly RefusedTemplate[] {
  if (typeof value === 'string') {
    const message = refusalOf(value)
    if (message !== undefined) return [{ at, message }]
    const plugin = unknownPluginInTemplate(value)
    return plugin === undefined ? [] : [{ at, message: noneNamed(plugin), plugin }]
  }
  if (node?.kind === 'sequence' && Array.isArray(value))
    return node.items.flatMap((item, index) =>
      refusedIn({ value: value[index] ?? null, at: item.at, node: item }),
    )
  if (node?.kind === 'map' && typeof value === 'object' && value !== null) {
    const items = value as Readonly<Record<string, Placed['value']>>
    return [...node.entries].flatMap(([name, entry]) =>
      refusedIn({ value: items[name] ?? null, at: entry.value.at, node: entry.value }),
    )
  }
  return []
}
