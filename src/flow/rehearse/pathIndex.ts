import type { Project } from '../../ansible/value.ts'

export type PathIndex = (directory: string) => readonly string[]

const indexes = new WeakMap<Project, PathIndex>()

/** The files below a directory, found without looking at all the others. */
export function pathIndex(project: Project): PathIndex {
  const known = indexes.get(project)
  if (known !== undefined) return known
  const paths = [...project.keys()].sort()
  const index: PathIndex = (directory) => {
    const prefix = `${directory}/`
    let low = 0
    for (let high = paths.length; low < high; ) {
      const middle = (low + high) >> 1
      if ((paths[middle] ?? '') < prefix) low = middle + 1
      else high = middle
    }
    let end = low
    while (paths[end]?.startsWith(prefix) === true) end += 1
    return paths.slice(low, end)
  }
  indexes.set(project, index)
  return index
}
