import type { Content, Placed, Task } from '../../ansible/content/index.ts'
import type { Span } from '../../span.ts'
import { parsedTemplate } from '../evaluate/parsed.ts'

export interface RefusedTemplate {
  readonly at: Span
  readonly message: string
}

const UNSAFE = /!unsafe\b|[:-]\s+\*\w/
const found = new WeakMap<Task, { readonly first: RefusedTemplate | undefined }>()

/**
 * The first of a task's arguments, or of the items in them, that Jinja2 certainly refuses. Ansible renders each of them by
 * itself, before the module runs.
 */
export function refusedTemplate(task: Task, content: Content): RefusedTemplate | undefined {
  let known = found.get(task)
  if (known === undefined) {
    const { arguments: given, freeForm } = task.action
    const all = freeForm === undefined ? [...given.values()] : [freeForm, ...given.values()]
    const { path, start, end } = task.at
    const first = all.map(refusedIn).find((one) => one !== undefined)
    // Nothing renders what is tagged so, here or where an alias leads.
    const mayBeUnsafe = first !== undefined && UNSAFE.test(content.text(path)?.slice(start, end) ?? '')
    known = { first: mayBeUnsafe ? undefined : first }
    found.set(task, known)
  }
  return known.first
}

function refusedIn({ value, at, node }: Placed): RefusedTemplate | undefined {
  if (typeof value === 'string') {
    const { faults } = value.includes('{%') ? parsedTemplate(value) : { faults: [] }
    const [fault] = faults
    // Beside what only is not known here, a tag may belong to that.
    if (fault === undefined || !faults.every(({ isOfBlocks }) => isOfBlocks === true)) return undefined
    return { at, message: fault.message }
  }
  if (node?.kind === 'sequence' && Array.isArray(value))
    return firstOf(
      node.items.map((item, index) => ({ value: value[index] ?? null, at: item.at, node: item })),
    )
  if (node?.kind === 'map' && typeof value === 'object' && value !== null) {
    const items = value as Readonly<Record<string, Placed['value']>>
    return firstOf(
      [...node.entries].map(([name, entry]) => ({
        value: items[name] ?? null,
        at: entry.value.at,
        node: entry.value,
      })),
    )
  }
  return undefined
}

const firstOf = (all: readonly Placed[]): RefusedTemplate | undefined =>
  all.map(refusedIn).find((one) => one !== undefined)
