import type { Span } from '../../span.ts'
import type { YamlNode, YamlText } from '../../syntax/yaml.ts'
import type { AnsibleValue, Fault, Variable } from '../value.ts'
import type { FileContext, FileKind, Match } from './fileSearch.ts'
import type { RoleContext } from './roleSearch.ts'

/** A value as it is written, with its place. `node` is there for what stands in YAML; a free-form `k=v` has none. */
export interface Placed {
  readonly value: AnsibleValue
  readonly at: Span
  readonly node: YamlNode | undefined
}

/**
 * The keywords of a play, block or task that are no action: `when`, `vars`, `environment`, `no_log`, `register`,
 * `delegate_to`, … under the names that Ansible gives them (`with_items` and the other `with_*` among them).
 * https://docs.ansible.com/ansible/latest/reference_appendices/playbooks_keywords.html
 */
export type Keywords = ReadonlyMap<string, Placed>

export interface Task {
  readonly kind: 'task'
  /** From the dash's content on: the whole mapping. */
  readonly at: Span
  readonly name: string | undefined
  readonly action: Action
  readonly keywords: Keywords
}

export interface Action {
  /** As written. */
  readonly written: string
  /** Without `ansible.builtin.` and `ansible.legacy.`; other collections keep theirs: `community.general.ini_file`. */
  readonly module: string
  /** The key that names it. */
  readonly at: Span
  /** Arguments by name, those of `args:` and of `action:`/`local_action:` included. */
  readonly arguments: ReadonlyMap<string, Placed>
  /** What stands free-form behind `command`, `shell`, `include_tasks`, `meta`, … once `k=v` pairs are taken out. */
  readonly freeForm: Placed | undefined
}

export interface Block {
  readonly kind: 'block'
  readonly at: Span
  readonly name: string | undefined
  readonly keywords: Keywords
  readonly block: readonly Statement[]
  readonly rescue: readonly Statement[]
  readonly always: readonly Statement[]
}

export type Statement = Task | Block

/** A role as a play, a dependency or a `roles:` list names it. */
export interface RoleUse {
  readonly at: Span
  /** As written; may be a template. */
  readonly name: string
  readonly keywords: Keywords
  /** Parameters: keys that are no keyword. */
  readonly parameters: ReadonlyMap<string, Variable>
  /** The file below `tasks/` that is played, as `tasks_from` of an include has it; without it `main`. */
  readonly tasksFrom?: string
}

export interface Play {
  readonly kind: 'play'
  readonly at: Span
  readonly name: string | undefined
  readonly hosts: Placed | undefined
  readonly keywords: Keywords
  readonly preTasks: readonly Statement[]
  readonly roles: readonly RoleUse[]
  readonly tasks: readonly Statement[]
  readonly postTasks: readonly Statement[]
  readonly handlers: readonly Statement[]
}

export interface ImportPlaybook {
  readonly kind: 'import'
  readonly at: Span
  readonly path: Placed
  readonly keywords: Keywords
}

export interface Playbook {
  readonly path: string
  readonly plays: readonly (Play | ImportPlaybook)[]
}

export interface Role {
  /** The last part: `k3s_agent`. */
  readonly name: string
  /** `k3s.orchestration.k3s_agent` of a role in a collection. */
  readonly fullName: string
  /** Its directory in the project; '' where the project is the role. */
  readonly directory: string
  readonly collection: Collection | undefined
}

export interface Collection {
  readonly name: string
  /** '' where the project is the collection. */
  readonly directory: string
}

/** The lists of a file of tasks or handlers. */
export interface TaskFile {
  readonly path: string
  readonly statements: readonly Statement[]
}

/**
 * Everything in a project that Ansible would read, parsed when it is asked for and once. Nothing here throws: what can't
 * be read is in `faults`, and is missing from what was asked.
 */
export interface Content {
  /** Files that are lists of plays, in the order of their paths; those that others import included. */
  readonly playbooks: readonly Playbook[]
  /** Every directory that is a role: under `roles/`, in collections, or the project itself. In the order of their paths. */
  readonly roles: readonly Role[]
  readonly collections: readonly Collection[]
  /**
   * The role that a name means: in the collections that are listed where it is asked for, the role's or playbook's own among them,
   * beside the playbook, in `roles/`, in the roles path of ansible.cfg. `undefined`: outside of the project.
   */
  findRole(name: string, from: RoleContext): Role | undefined
  /**
   * The path of what `import_playbook` names: beside the importing playbook, or in the playbooks of a collection (`ns.name.site`).
   * `undefined`: outside of the project.
   */
  findPlaybook(name: string, playbookDirectory: string): string | undefined
  /** Any file read as a list of plays, whether or not it is among `playbooks`. */
  playbook(path: string): Playbook | undefined
  /** `main` or a name from `tasks_from`, with or without `.yml`. */
  roleTasks(role: Role, from?: string): TaskFile | undefined
  roleHandlers(role: Role, from?: string): TaskFile | undefined
  roleDefaults(role: Role, from?: string): ReadonlyMap<string, Variable>
  roleVars(role: Role, from?: string): ReadonlyMap<string, Variable>
  /** `dependencies:` of meta/main.yml. */
  roleDependencies(role: Role): readonly RoleUse[]
  /** `allow_duplicates:` of the same file: whether it runs again where a play has run it with the same parameters. */
  allowsDuplicates(role: Role): boolean
  taskFile(path: string): TaskFile | undefined
  /** A file of variables for `vars_files` and `include_vars`. `undefined` where there is no such file. */
  varsFile(path: string): ReadonlyMap<string, Variable> | undefined
  /** Whether a file is encrypted as a whole: what it says is not known. */
  isSealed(path: string): boolean
  /** Those files of a role's `defaults` and `vars` that are. */
  sealedVariables(
    role: Role,
    from?: { readonly defaults?: string | undefined; readonly vars?: string | undefined },
  ): readonly string[]
  /**
   * The project path of a file that a task names relatively, as Ansible looks for it. Templates, files and vars: in the role's `kind`
   * directory, the role, beside the including file, the playbook's `kind` directory, the playbook's directory. Tasks: beside the
   * including file before the role, or after it where they are included dynamically. `undefined`: not in the project.
   */
  findFile(
    kind: 'tasks' | 'templates' | 'files' | 'vars' | 'handlers',
    name: string,
    from: {
      readonly playbookDirectory: string
      readonly role?: Role | undefined
      readonly includedFrom?: string | undefined
      /** `include_tasks` rather than `import_tasks`. */
      readonly dynamic?: boolean | undefined
    },
  ): string | undefined
  /**
   * Where a file of tasks would have to be that Ansible does not find. `undefined`: it finds one, or some of these places are outside
   * of the project.
   */
  missingTasks(kind: 'tasks' | 'handlers', name: string, from: FileContext): readonly string[] | undefined
  /** The same of what `tasks_from` and its like name of a role. */
  missingPart(
    role: Role,
    kind: 'tasks' | 'handlers' | 'defaults' | 'vars',
    name: string,
  ): readonly string[] | undefined
  /** The files that a name may mean of which only these parts are known, where Ansible looks for it. */
  findMatching(kind: FileKind, parts: readonly string[], from: FileContext): readonly Match[]
  /**
   * The files of a directory that `include_vars` names, in the order in which it reads them: directory by directory, as Python sorts
   * text. `depth` 0: all below. `undefined`: not in the project.
   */
  varsDirectory(
    name: string,
    from: { readonly role?: Role | undefined; readonly writtenIn: string },
    depth: number,
  ): readonly string[] | undefined
  text(path: string): string | undefined
  /** A file as YAML, parsed once. */
  yaml(path: string): YamlText | undefined
  readonly faults: readonly Fault[]
}
