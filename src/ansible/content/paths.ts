import { isBelow } from '../../path.ts'
import { joinPath, normalPath } from '../inventory/projectTree.ts'

const FIXTURES: ReadonlySet<string> = new Set(['molecule', 'test', 'tests', '.github'])

/**
 * Whether a path belongs to tests: playbooks and inventories there are read like all others, but what they hold is
 * no deployment.
 */
export function isFixture(path: string): boolean {
  return isBelow(path, FIXTURES)
}

/** Directories whose lists are no plays. */
const NO_PLAYBOOKS: ReadonlySet<string> = new Set([
  'tasks',
  'handlers',
  'vars',
  'defaults',
  'meta',
  'templates',
  'group_vars',
  'host_vars',
])

/** Decides without parsing: a YAML file that is a list in which something is called `hosts` or imports a playbook. */
export function mayBePlaybook(path: string, text: string): boolean {
  if (!(path.endsWith('.yml') || path.endsWith('.yaml')) || isBelow(path, NO_PLAYBOOKS)) return false
  // An inventory has `hosts`, too, and may be huge; but it is a mapping.
  return (
    beginsAsList(text) &&
    /(?:^[ \t]*-?|[{,])[ \t]*["']?(?:hosts|(?:ansible\.(?:builtin|legacy)\.)?import_playbook)["']?[ \t]*:/m.test(
      text,
    )
  )
}

/** Whether the first line that says something begins with a dash or a bracket. */
function beginsAsList(text: string): boolean {
  for (let at = text.startsWith('\ufeff') ? 1 : 0; at < text.length; ) {
    const lineBreak = text.indexOf('\n', at)
    const end = lineBreak === -1 ? text.length : lineBreak
    const line = text.slice(at, end).trim()
    if (line !== '' && !/^(?:#|%|---(?:\s|$))/.test(line)) return /^(?:-(?:\s|$)|\[)/.test(line)
    at = end + 1
  }
  return false
}

/** A path as seen from a directory of the project. `undefined`: it leaves the project, or is no relative path. */
export function within(directory: string, name: string): string | undefined {
  if (name.startsWith('/') || name.startsWith('~') || name === '') return undefined
  const path = normalPath(joinPath(directory, name))
  return path === '..' || path.startsWith('../') ? undefined : path
}

/** The directory and all above it, the project's own (`''`) last. */
export function upwards(directory: string): readonly string[] {
  const all = [directory]
  for (let at = directory; at !== ''; ) {
    const slash = at.lastIndexOf('/')
    at = slash === -1 ? '' : at.slice(0, slash)
    all.push(at)
  }
  return all
}

export function isInside(path: string, directory: string): boolean {
  return directory === '' || path === directory || path.startsWith(`${directory}/`)
}
