/**
 * Which keys Ansible knows at a play, a block, a task, a role and an import; every other key of a task is its action, and of a
 * role a parameter. The names are those of ansible-core 2.14 to 2.21 together.
 * https://docs.ansible.com/ansible/latest/reference_appendices/playbooks_keywords.html
 */

const anywhere = [
  'any_errors_fatal',
  'become',
  'become_exe',
  'become_flags',
  'become_method',
  'become_user',
  'check_mode',
  'connection',
  'debugger',
  'diff',
  'environment',
  'ignore_errors',
  'ignore_unreachable',
  'module_defaults',
  'name',
  'no_log',
  'port',
  'remote_user',
  'run_once',
  'throttle',
  'timeout',
  'vars',
] as const

const delegation = ['delegate_facts', 'delegate_to'] as const

export const playKeywords: ReadonlySet<string> = new Set([
  ...anywhere,
  'collections',
  'fact_path',
  'force_handlers',
  'gather_facts',
  'gather_subset',
  'gather_timeout',
  'handlers',
  'hosts',
  'max_fail_percentage',
  'order',
  'post_tasks',
  'pre_tasks',
  'roles',
  'serial',
  'strategy',
  'tags',
  'tasks',
  'validate_argspec',
  'vars_files',
  'vars_prompt',
])

export const blockKeywords: ReadonlySet<string> = new Set([
  ...anywhere,
  ...delegation,
  'always',
  'block',
  'collections',
  'notify',
  'rescue',
  'tags',
  'when',
])

/** Those of handlers included, as Ansible takes them at any task. */
export const taskKeywords: ReadonlySet<string> = new Set([
  ...anywhere,
  ...delegation,
  'action',
  'args',
  'async',
  'async_val',
  'changed_when',
  'collections',
  'delay',
  'failed_when',
  'listen',
  'loop',
  'loop_control',
  'loop_with',
  'notify',
  'poll',
  'register',
  'retries',
  'tags',
  'until',
  'when',
])

/** Taken at a task without being an attribute of one: ModuleArgsParser in parsing/mod_args.py. */
export const taskExtras: ReadonlySet<string> = new Set(['local_action', 'static'])

export const roleKeywords: ReadonlySet<string> = new Set([
  ...anywhere,
  ...delegation,
  'collections',
  'role',
  'tags',
  'when',
])

export const importKeywords: ReadonlySet<string> = new Set([
  ...anywhere,
  'import_playbook',
  'tags',
  'vars_val',
  'when',
])

export function isTaskKeyword(key: string): boolean {
  return taskKeywords.has(key) || taskExtras.has(key) || key.startsWith('with_')
}

/**
 * Modules that take a command line: of the `k=v` in it only those of `commandArguments` are arguments.
 * https://docs.ansible.com/ansible/latest/collections/ansible/builtin/command_module.html
 */
export const commandModules: ReadonlySet<string> = new Set([
  'command',
  'raw',
  'script',
  'shell',
  'win_command',
  'win_shell',
  'ansible.windows.win_command',
  'ansible.windows.win_shell',
])

export const commandArguments: ReadonlySet<string> = new Set([
  'creates',
  'removes',
  'chdir',
  'executable',
  'warn',
  'stdin',
  'stdin_add_newline',
  'strip_empty_ends',
])

/** Others that take a text which is no `k=v`: RAW_PARAM_MODULES in parsing/mod_args.py. */
export const freeFormModules: ReadonlySet<string> = new Set([
  ...commandModules,
  'add_host',
  'group_by',
  'import_role',
  'import_tasks',
  'include',
  'include_role',
  'include_tasks',
  'include_vars',
  'meta',
  'set_fact',
])

/** `ansible.builtin.copy` and `ansible.legacy.copy` are `copy`; what other collections hold keeps its full name. */
export function moduleName(written: string): string {
  return written.replace(/^ansible\.(?:builtin|legacy)\.(?=[^.]+$)/, '')
}
