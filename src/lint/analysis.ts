import { type Content, readContent } from '../ansible/content/index.ts'
import { readInventory } from '../ansible/inventory/index.ts'
import type { Project } from '../ansible/value.ts'
import { findInventories, type NamedInventory } from '../flow/inventories.ts'
import type { Rehearsal } from '../flow/rehearsal.ts'
import { rehearse } from '../flow/rehearse.ts'

/** A project and what was found out about it; each part is worked out when a rule first asks for it. */
export class Analysis {
  readonly project: Project
  readonly #options: AnalysisOptions
  #content: Content | undefined
  #inventories: readonly NamedInventory[] | undefined
  #rehearsal: Rehearsal | undefined

  constructor(project: Project, options: AnalysisOptions = {}) {
    this.project = project
    this.#options = options
  }

  get content(): Content {
    this.#content ??= readContent(this.project)
    return this.#content
  }

  /** Every inventory of the project, each read by itself as `ansible-playbook -i` would; those given first and only, if any are. */
  get inventories(): readonly NamedInventory[] {
    this.#inventories ??= this.#read()
    return this.#inventories
  }

  get rehearsal(): Rehearsal {
    this.#rehearsal ??= rehearse(this.content, this.inventories)
    return this.#rehearsal
  }

  #read(): readonly NamedInventory[] {
    const given = this.#options.inventories
    const sources = given === undefined ? findInventories(this.project) : [given]
    return sources.map((paths) => ({ sources: paths, inventory: readInventory(this.project, paths) }))
  }
}

export interface AnalysisOptions {
  /** `-i`, in order. */
  readonly inventories?: readonly string[]
}
