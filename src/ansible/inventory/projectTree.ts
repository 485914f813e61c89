import type { Project } from '../value.ts'

/** The directories that a project's paths imply. Empty directories don't exist here. */
export class ProjectTree {
  readonly project: Project
  readonly #children = new Map<string, Set<string>>()

  constructor(project: Project) {
    this.project = project
    for (const path of project.keys()) {
      let child = path
      for (;;) {
        const parent = directoryOf(child)
        const names = this.#children.get(parent) ?? new Set()
        const known = names.size > 0
        names.add(child.slice(parent === '' ? 0 : parent.length + 1))
        this.#children.set(parent, names)
        if (parent === '' || known) break
        child = parent
      }
    }
  }

  text(path: string): string | undefined {
    return this.project.get(path)
  }

  isDirectory(path: string): boolean {
    return this.#children.has(path)
  }

  /** Names of files and directories, sorted as Python sorts text. */
  list(directory: string): readonly string[] {
    return [...(this.#children.get(directory) ?? [])].sort()
  }
}

/** The project's own directory is ''. */
export function directoryOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash === -1 ? '' : path.slice(0, slash)
}

export function joinPath(directory: string, name: string): string {
  return directory === '' ? name : `${directory}/${name}`
}

/** `./site//inventory/` → `site/inventory`; a path that leaves the project stays as it is. */
export function normalPath(path: string): string {
  const parts: string[] = []
  for (const part of path.replaceAll('\\', '/').split('/')) {
    if (part === '.' || part === '') continue
    if (part === '..' && parts.length > 0 && parts.at(-1) !== '..') parts.pop()
    else parts.push(part)
  }
  return (path.startsWith('/') ? '/' : '') + parts.join('/')
}

/** As Python's `os.path.splitext`: `.hosts` has none. */
export function extensionOf(path: string): string {
  return /[^/](\.[^./]*)$/.exec(path.slice(path.lastIndexOf('/') + 1))?.[1] ?? ''
}
