import type { Task } from '../../ansible/content/index.ts'

/** Arguments that `command` or `shell` does not have, so that it fails: `environment:` one step too far to the right, most often. */
export function strangeArguments({ action }: Task): readonly string[] {
  return CHECKED.has(action.module) ? [...action.arguments.keys()].filter((name) => !ARGUMENTS.has(name)) : []
}

/** Not every release tells it of `script`, and none of `raw`. */
const CHECKED: ReadonlySet<string> = new Set(['command', 'shell'])

/** `warn` is gone since 2.14: the project is rehearsed as older releases play it, and told of that. */
const ARGUMENTS: ReadonlySet<string> = new Set([
  ...[
    '_raw_params',
    '_uses_shell',
    '_variable_params',
    'argv',
    'chdir',
    'cmd',
    'creates',
    'executable',
    'expand_argument_vars',
  ],
  ...['removes', 'stdin', 'stdin_add_newline', 'strip_empty_ends', 'warn'],
])
