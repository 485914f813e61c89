import type { Architecture, Artefact } from '../artefact.ts'
import { shownPath } from '../bundlePath.ts'
import type { Plan } from '../plan/plan.ts'
import { type ChecksumLists, type Expectation, expectationsOf } from './expectations.ts'
import type { BundleProblem } from './problem.ts'
import type { SeenFile } from './seen.ts'

/** What `verify` found. */
export interface Verification {
  /** They stop nodes. */
  readonly problems: readonly BundleProblem[]
  /** Nothing is wrong, or not for certain: to be minded. */
  readonly notices: readonly BundleProblem[]
  /** By path, sorted. */
  readonly checked: readonly { readonly path: string; readonly what: readonly string[] }[]
  readonly unchecked: readonly { readonly path?: string; readonly why: string }[]
}

/** A bundle's files, the plan that they have to fulfil where there is one, and what is found out about them. */
export class Scene {
  readonly files: ReadonlyMap<string, SeenFile>
  /** Where the artefacts lie below the directory: `''` or ending with `/`. */
  readonly base: string
  readonly plan: Plan | undefined
  readonly lists: ChecksumLists
  /** Paths whose absence has been told: one cause, one problem. */
  readonly toldMissing = new Set<string>()
  readonly #problems: BundleProblem[] = []
  readonly #notices: BundleProblem[] = []
  readonly #checked = new Map<string, Set<string>>()
  readonly #unchecked: { readonly path?: string; readonly why: string }[] = []

  constructor(files: readonly SeenFile[], lists: ChecksumLists, plan: Plan | undefined) {
    this.files = new Map(files.map((file) => [file.path, file]))
    this.lists = lists
    this.plan = plan
    this.base = baseOf(files, lists)
  }

  /** The readable file of this name beside the artefacts. */
  file(name: string): SeenFile | undefined {
    const file = this.files.get(`${this.base}${name}`)
    return file?.fault === undefined ? file : undefined
  }

  /** The files beside the artefacts, by name; unreadable ones too. */
  *beside(): Generator<readonly [name: string, file: SeenFile]> {
    for (const [path, file] of this.files)
      if (path.startsWith(this.base) && !path.slice(this.base.length).includes('/'))
        yield [path.slice(this.base.length), file]
  }

  expected(file: SeenFile): readonly Expectation[] {
    return expectationsOf(file, this.lists)
  }

  artefactAt(name: string): Artefact | undefined {
    return this.plan?.artefacts.find(({ target }) => target === name)
  }

  /** The nodes of an architecture, or all; none where no inventory tells them. */
  nodes(arch?: Architecture): readonly string[] {
    const nodes = this.plan?.nodes ?? []
    return nodes.filter((node) => arch === undefined || node.arch === arch).map(({ name }) => name)
  }

  /** Paths in a message are shown as they are where they hold no control characters. */
  problem(id: string, message: string, cure: string, nodes: readonly string[], path?: string): void {
    this.#problems.push(found(id, message, cure, nodes, path))
  }

  notice(id: string, message: string, cure: string, path?: string): void {
    this.#notices.push(found(id, message, cure, [], path))
  }

  checked(path: string, what: string): void {
    const shown = shownPath(path)
    const own = this.#checked.get(shown)
    if (own === undefined) this.#checked.set(shown, new Set([what]))
    else own.add(what)
  }

  unchecked(why: string, path?: string): void {
    this.#unchecked.push({ ...(path === undefined ? {} : { path: shownPath(path) }), why })
  }

  end(): Verification {
    const order = (a: BundleProblem, b: BundleProblem): number =>
      compare(a.path ?? '', b.path ?? '') || compare(a.id, b.id)
    return {
      problems: this.#problems.toSorted(order),
      notices: this.#notices.toSorted(order),
      checked: [...this.#checked]
        .sort(([a], [b]) => compare(a, b))
        .map(([path, what]) => ({ path, what: [...what] })),
      unchecked: this.#unchecked,
    }
  }
}

function found(
  id: string,
  message: string,
  cure: string,
  nodes: readonly string[],
  path: string | undefined,
): BundleProblem {
  return {
    id,
    ...(path === undefined ? {} : { path: shownPath(path) }),
    message,
    cure,
    nodes: [...new Set(nodes)].sort(),
  }
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}

/** In an unpacked bundle the artefacts lie in a directory of their own, which its manifest tells. */
function baseOf(files: readonly SeenFile[], { manifests }: ChecksumLists): string {
  const isArtefact = (path: string): boolean =>
    /^(?:k3s(?:-(?:amd64|arm64|arm|armhf|s390x))?|k3s-airgap-images-.*)$/.test(path)
  if (files.some(({ path }) => isArtefact(path))) return ''
  const places = [...manifests].flatMap(([source, manifest]) =>
    manifest.files
      .filter(({ role }) => role === 'binary' || role === 'images')
      .map(({ path }) => `${source.slice(0, source.lastIndexOf('/') + 1)}${path}`),
  )
  const [first = ''] = places
  return first.slice(0, first.lastIndexOf('/') + 1)
}
