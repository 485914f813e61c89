import { parseAnsibleConfig } from '../../ansible/config.ts'
import type { Content } from '../../ansible/content/index.ts'
import { directoryOf, joinPath } from '../../ansible/inventory/projectTree.ts'
import type { Project } from '../../ansible/value.ts'
import type { TemplatePluginKind } from '../../facts/templatePlugins.ts'

const CONFIG = /(?:^|\/)\.?ansible\.cfg$/
const VARIABLES = /\bANSIBLE_(?:FILTER_PLUGINS|TEST_PLUGINS|JINJA2_EXTENSIONS)\b/
const NOT_ONE = /^(?:\.|__init__\.py$)|\.(?:md|txt|rst)$/

/**
 * Whether a project may have filters or tests of its own: where Ansible looks for them beside playbooks, in roles and
 * collections, or by its configuration.
 * https://docs.ansible.com/ansible/latest/dev_guide/developing_locally.html
 */
export class OwnPlugins {
  readonly #project: Project
  readonly #content: Content
  readonly #filesBelow: (directory: string) => readonly string[]
  readonly #known = new Map<TemplatePluginKind, boolean>()

  constructor(project: Project, content: Content, filesBelow: (directory: string) => readonly string[]) {
    this.#project = project
    this.#content = content
    this.#filesBelow = filesBelow
  }

  mayHave(kind: TemplatePluginKind): boolean {
    let known = this.#known.get(kind)
    if (known === undefined) {
      known = this.#isConfigured(kind) || this.#directories(kind).some((one) => this.#hasSome(one))
      this.#known.set(kind, known)
    }
    return known
  }

  #isConfigured(kind: TemplatePluginKind): boolean {
    for (const [path, text] of this.#project) {
      if (VARIABLES.test(text)) return true
      if (!CONFIG.test(path)) continue
      const { defaults } = parseAnsibleConfig(path, text)
      if (defaults.has(`${kind}_plugins`) || defaults.has('jinja2_extensions')) return true
    }
    return false
  }

  #directories(kind: TemplatePluginKind): readonly string[] {
    const { playbooks, roles, collections } = this.#content
    const beside = [
      '',
      ...playbooks.map(({ path }) => directoryOf(path)),
      ...roles.map((one) => one.directory),
    ]
    return [
      ...[...new Set(beside)].map((directory) => joinPath(directory, `${kind}_plugins`)),
      ...collections.map(({ directory }) => joinPath(directory, `plugins/${kind}`)),
      joinPath('', `plugins/${kind}`),
    ]
  }

  #hasSome(directory: string): boolean {
    return this.#filesBelow(directory).some((name) => !NOT_ONE.test(name))
  }
}
