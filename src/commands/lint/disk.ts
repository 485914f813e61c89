import { dirname, join } from 'node:path'
import { filesBelow, nameOf, namesIn, pathKind } from '../../io/files.ts'
import { GitIgnore } from '../../io/gitignore.ts'
import { readFileText, realOf } from '../../io/projectTexts.ts'
import type { ProjectDisk } from '../../lint/analysis.ts'
import { digestOf, type LookedUp } from '../../lint/resultCache.ts'
import { isIgnored, type ReadProject } from './project.ts'

/** What rules look up on the disk beside the texts of a project, written down as they do. */
export class Disk implements ProjectDisk {
  readonly #project: ReadProject
  readonly #answers = new Map<string, Omit<LookedUp, 'digest'> & { readonly answer: unknown }>()

  constructor(project: ReadProject) {
    this.#project = project
  }

  get lists(): readonly string[] {
    return this.#project.lists
  }

  get ignoredInventories(): readonly string[] {
    return this.#project.ignoredInventories
  }

  get inventoryScripts(): readonly string[] {
    return this.#project.inventoryScripts
  }

  filesBelow(directory: string): readonly string[] {
    const names = filesBelow(join(this.#project.root, directory))
    this.#write('filesBelow', directory, names)
    return names
  }

  text(path: string): string | undefined {
    const known = this.#project.texts.get(path)
    if (known !== undefined) return known
    const read = readFileText(join(this.#project.root, path))
    const text = 'text' in read ? read.text : undefined
    this.#write('text', path, text)
    return text
  }

  mayHave(path: string): boolean {
    const { root } = this.#project
    const answer = isThere(root, path) || isIgnored(GitIgnore.at(root), root, path)
    this.#write('mayHave', path, answer)
    return answer
  }

  realPath(path: string): string {
    const { root } = this.#project
    const real = realOf(join(root, path))
    const found = real === undefined ? path : nameOf(realOf(root) ?? root, real)
    this.#write('realPath', path, found)
    return found
  }

  get lookedUp(): readonly LookedUp[] {
    return [...this.#answers.values()].map(({ answer, ...asked }) => ({ ...asked, digest: digestOf(answer) }))
  }

  /** Whether everything that was looked up would be found the same now. */
  isAsBefore(lookedUp: readonly LookedUp[]): boolean {
    return lookedUp.every(({ what, path, digest }) => digestOf(this[what](path)) === digest)
  }

  #write(what: LookedUp['what'], path: string, answer: unknown): void {
    this.#answers.set(`${what} ${path}`, { what, path, answer })
  }
}

/** Whether it is on the disk, or below an empty directory: a submodule that git has not fetched is one. */
function isThere(root: string, path: string): boolean {
  if (pathKind(join(root, path)) !== 'absent') return true
  for (let around = dirname(path); around !== '.'; around = dirname(around)) {
    const kind = pathKind(join(root, around))
    if (kind !== 'absent') return kind === 'directory' && namesIn(join(root, around)).length === 0
  }
  return false
}
