import type { Task } from '../../ansible/content/index.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Fix } from '../../lint/finding.ts'
import { lineBreakOf } from '../../syntax/yamlEdit.ts'

/** A keyword as the last one of a task that is written as a block. */
export function keywordAdded({ project }: Analysis, { at }: Task, line: string): Fix | undefined {
  const text = project.get(at.path)
  if (text === undefined || text[at.start] === '{') return undefined
  const indent = columnOf(text, at.start)
  const last = at.start + text.slice(at.start, at.end).trimEnd().length
  const end = endOfLine(text, last)
  return {
    edits: [
      { at: { path: at.path, start: end, end }, text: `${lineBreakOf(text)}${' '.repeat(indent)}${line}` },
    ],
  }
}

/** An argument behind another one that stands on a line of its own. */
export function argumentAdded(
  { project }: Analysis,
  { action }: Task,
  after: string,
  line: string,
): Fix | undefined {
  const at = action.arguments.get(after)?.at
  const text = at === undefined ? undefined : project.get(at.path)
  if (at === undefined || text === undefined || text.slice(at.start, at.end).includes('\n')) return undefined
  const start = text.lastIndexOf('\n', at.start - 1) + 1
  const [, indent] = /^([ ]*)[\w-]+:[ ]+$/.exec(text.slice(start, at.start)) ?? []
  if (indent === undefined) return undefined
  const end = endOfLine(text, at.end)
  return { edits: [{ at: { path: at.path, start: end, end }, text: `${lineBreakOf(text)}${indent}${line}` }] }
}

const columnOf = (text: string, offset: number): number => offset - (text.lastIndexOf('\n', offset - 1) + 1)

function endOfLine(text: string, offset: number): number {
  const end = text.indexOf('\n', offset)
  const stop = end === -1 ? text.length : end
  return text[stop - 1] === '\r' ? stop - 1 : stop
}
