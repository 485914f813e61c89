import type { Project } from '../ansible/value.ts'
import { parseYaml } from '../syntax/yaml.ts'
import { type Edit, splice } from '../syntax/yamlEdit.ts'
import type { Finding } from './finding.ts'

export interface Fixed {
  /** The new texts of the files that change. */
  readonly texts: ReadonlyMap<string, string>
  readonly applied: number
  /** Fixes that are in the way of others, or after which a file could not be read. */
  readonly skipped: number
}

/** Applies the fixes that don't touch each other, each as a whole. A file that could be read can be read afterwards. */
export function applyFixes(project: Project, findings: readonly Finding[]): Fixed {
  const edits = new Map<string, Edit[]>()
  let applied = 0
  let skipped = 0
  for (const { fix } of findings) {
    if (fix === undefined || fix.edits.length === 0) continue
    const wanted = new Map<string, Edit[]>()
    for (const { at, text } of fix.edits) {
      const edit = { start: at.start, end: at.end, text }
      const before = edits.get(at.path) ?? []
      const isThere = before.some((one) => isSame(one, edit))
      if (!isThere) wanted.set(at.path, [...(wanted.get(at.path) ?? []), edit])
    }
    const fits = [...wanted].every(([path, own]) => {
      const all = [...(edits.get(path) ?? []), ...own]
      return isApart(edits.get(path) ?? [], own) && isReadable(path, project.get(path), all)
    })
    if (!fits) {
      skipped += 1
      continue
    }
    applied += 1
    for (const [path, own] of wanted) edits.set(path, [...(edits.get(path) ?? []), ...own])
  }
  const texts = new Map<string, string>()
  for (const [path, own] of edits) {
    const text = project.get(path) ?? ''
    const changed = splice(text, own)
    if (changed !== text) texts.set(path, changed)
  }
  return { texts, applied, skipped }
}

function isSame(a: Edit, b: Edit): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text
}

/** Two insertions at one place are in each other's way, too: their order would decide. */
function isApart(taken: readonly Edit[], own: readonly Edit[]): boolean {
  return own.every((edit) => taken.every((one) => one.end < edit.start || edit.end < one.start))
}

function isReadable(path: string, text: string | undefined, edits: readonly Edit[]): boolean {
  // Bytes that are no UTF-8 were lost when the file was read: writing it back would lose them for good.
  if (text === undefined || text.includes('\ufffd')) return false
  if (!/\.ya?ml$/i.test(path)) return true
  return errorsIn(path, splice(text, edits)) <= errorsIn(path, text)
}

function errorsIn(path: string, text: string): number {
  return parseYaml(path, text).faults.filter(({ severity = 'error' }) => severity === 'error').length
}
