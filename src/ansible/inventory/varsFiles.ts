import { copyNamed } from '../../path.ts'
import { isVaulted } from '../../syntax/vault.ts'
import { entryOf, parseYaml, yamlValue } from '../../syntax/yaml.ts'
import { type Fault, layered, type Variable } from '../value.ts'
import { extensionOf, joinPath, type ProjectTree } from './projectTree.ts'
import { usesSops } from './varsPlugins.ts'
import { placeOf } from './yamlSource.ts'

type Variables = ReadonlyMap<string, Variable>

// Ansible takes the first that exists, so a file without an ending hides server.yml beside it.
const EXTENSIONS = ['', '.yml', '.yaml', '.json']
/** https://github.com/ansible-collections/community.sops/blob/main/plugins/vars/sops.py */
const SOPS_EXTENSIONS = ['.sops.yaml', '.sops.yml', '.sops.json']
const NONE: Variables = new Map()

/** Reads `group_vars` and `host_vars`, each file once. */
export class VarsFiles {
  readonly #tree: ProjectTree
  readonly #faults: Fault[]
  readonly #files = new Map<string, Variables>()
  readonly #isSample: boolean

  /** `isSample`: what is to be copied counts where it has not been. */
  constructor(tree: ProjectTree, faults: Fault[], isSample: boolean) {
    this.#isSample = isSample
    this.#tree = tree
    this.#faults = faults
  }

  /** What `directory` says of the group or host, later files over earlier ones. */
  variables(directory: string, kind: 'group_vars' | 'host_vars', name: string): Variables {
    const base = joinPath(directory, kind)
    // Hosts named by a path are chroots; Ansible looks for no variables of theirs.
    if (!this.#tree.isDirectory(base) || name === '' || name.startsWith('/')) return NONE
    const own = this.#filesOf(joinPath(base, name))
    const plain = own.length === 0 && this.#isSample ? this.#samplesOf(base, name) : own
    const files = [...plain, ...this.#sopsFilesOf(joinPath(base, name), plain)]
    const [first, ...others] = files.map((path) => this.#read(path))
    if (first === undefined) return NONE
    return others.length === 0 ? first : layered([first, ...others])
  }

  #filesOf(path: string): readonly string[] {
    for (const extension of EXTENSIONS) {
      const candidate = path + extension
      if (this.#tree.isDirectory(candidate)) return this.#inside(candidate)
      if (this.#tree.text(candidate) !== undefined) return [candidate]
    }
    return []
  }

  #samplesOf(directory: string, name: string): readonly string[] {
    const copies = EXTENSIONS.map((extension) => name + extension)
    const found = this.#tree.list(directory).flatMap((file) => {
      const path = joinPath(directory, file)
      return copies.includes(copyNamed(file) ?? '') && this.#tree.text(path) !== undefined ? [path] : []
    })
    return found.slice(0, 1)
  }

  /** What the plugin of sops decrypts, after the others: a file of its own, and those among the others that are named so. */
  #sopsFilesOf(path: string, plain: readonly string[]): readonly string[] {
    const own = SOPS_EXTENSIONS.map((extension) => path + extension).find(
      (candidate) => this.#tree.text(candidate) !== undefined,
    )
    const others = plain.filter((each) => SOPS_EXTENSIONS.some((extension) => each.endsWith(extension)))
    const files = own === undefined ? others : [own, ...others]
    return files.length > 0 && usesSops(this.#tree.project) ? files : []
  }

  #inside(directory: string): readonly string[] {
    return this.#tree.list(directory).flatMap((name) => {
      if (name.startsWith('.') || name.endsWith('~')) return []
      const path = joinPath(directory, name)
      const extension = extensionOf(name)
      if (this.#tree.isDirectory(path)) return extension === '' ? this.#inside(path) : []
      return EXTENSIONS.includes(extension) ? [path] : []
    })
  }

  #read(path: string): Variables {
    const known = this.#files.get(path)
    if (known !== undefined) return known
    const variables = this.#parse(path, this.#tree.text(path) ?? '')
    this.#files.set(path, variables)
    return variables
  }

  #parse(path: string, text: string): Variables {
    if (isVaulted(text)) {
      this.#faults.push({
        at: { path, start: 0, end: 0 },
        message: 'this file is encrypted as a whole, so its variables are not known here',
        fix: 'nothing to do where they have no part in the token; else encrypt only the secret values',
        severity: 'notice',
      })
      return NONE
    }
    const { root, faults } = parseYaml(path, text)
    this.#faults.push(...faults)
    if (root === undefined || (root.kind === 'scalar' && !root.value)) return NONE
    if (root.kind !== 'map') {
      this.#faults.push({
        at: root.at,
        message: 'a file of variables is a mapping',
        fix: 'write NAME: VALUE on each line',
        severity: 'error',
      })
      return NONE
    }
    const variables = new Map<string, Variable>()
    for (const name of root.entries.keys()) {
      const value = entryOf(root, name)?.value
      if (value !== undefined) variables.set(name, { name, value: yamlValue(value), at: placeOf(value) })
    }
    return variables
  }
}
