import { dirname, join, resolve } from 'node:path'
import { UserError } from '../../errors.ts'
import { pathKind } from '../../io/files.ts'

/** A project and what of it is reported. */
export interface Target {
  /** Absolute. */
  readonly root: string
  /** Absolute; `undefined`: the whole project. */
  readonly files: ReadonlySet<string> | undefined
}

/** What marks the top of a project. Roles may lie beside a playbook further down: they count where nothing else is found. */
const MARKS = ['ansible.cfg', '.git', 'galaxy.yml', '.k3seal.yml', '.k3seal.yaml']
const WEAK_MARKS = ['roles']

/**
 * A directory is a project; files are reported within the projects around them, each of which is read once. Throws
 * `UserError` for what does not exist, unless it is `virtual`.
 */
export function targetsOf(cwd: string, paths: readonly string[], virtual?: string): readonly Target[] {
  const whole = new Map<string, Target>()
  const parts = new Map<string, Set<string>>()
  const rootOf = enclosingProject()
  for (const path of paths) {
    const absolute = resolve(cwd, path)
    const kind = path === virtual ? 'file' : pathKind(absolute)
    if (kind === 'absent') throw new UserError('does not exist', { at: path, fix: 'check the path' })
    if (kind === 'other')
      throw new UserError('is neither a file nor a directory', {
        at: path,
        fix: 'name a file; a text from a pipe goes to standard input, with --stdin-filename',
      })
    if (kind === 'directory') whole.set(absolute, { root: absolute, files: undefined })
    else {
      const root = rootOf(dirname(absolute))
      const files = parts.get(root) ?? new Set()
      parts.set(root, files.add(absolute))
    }
  }
  const partly = [...parts].filter(([root]) => !whole.has(root)).map(([root, files]) => ({ root, files }))
  return [...whole.values(), ...partly]
}

/** The nearest directory upwards with a mark of a project; without one the file's own. */
function enclosingProject(): (directory: string) => string {
  const strong = nearest(MARKS)
  const weak = nearest(WEAK_MARKS)
  return (directory) => strong(directory) ?? weak(directory) ?? directory
}

function nearest(marks: readonly string[]): (directory: string) => string | undefined {
  const known = new Map<string, string | undefined>()
  const find = (directory: string): string | undefined => {
    if (known.has(directory)) return known.get(directory)
    const isMarked = marks.some((mark) => pathKind(join(directory, mark)) !== 'absent')
    const above = dirname(directory)
    const found = isMarked ? directory : above === directory ? undefined : find(above)
    known.set(directory, found)
    return found
  }
  return find
}
