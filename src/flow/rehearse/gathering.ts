import { parseAnsibleConfig, unquoted } from '../../ansible/config.ts'
import type { Content, Keywords } from '../../ansible/content/index.ts'
import { directoryOf } from '../../ansible/inventory/projectTree.ts'
import { type Project, scalarText } from '../../ansible/value.ts'
import { partsOf } from '../../path.ts'
import type { Closure } from './closure.ts'
import { isPlayedWithOthers } from './extraVariables.ts'

/**
 * Whether a play gathers facts before its tasks; what only a run knows is taken for yes.
 * https://docs.ansible.com/ansible/latest/reference_appendices/config.html#default-gathering
 */
export function gathersFacts(keywords: Keywords, project: Project): boolean {
  const value = keywords.get('gather_facts')?.value ?? undefined
  return value === undefined ? !settingsOf(project).isExplicit : !NO.test(scalarText(value))
}

const NO = /^(?:no|n|off|f|false|0)$/i

interface Settings {
  /** Whether whoever plays something of the project gathers facts only where a play asks for them. */
  readonly isExplicit: boolean
  readonly hasCache: boolean
}

const known = new WeakMap<Project, Settings>()

function settingsOf(project: Project): Settings {
  let settings = known.get(project)
  if (settings === undefined) {
    const configs = [...project].filter(([path]) => partsOf(path).name === 'ansible.cfg')
    const saysExplicit = ([path, text]: readonly [string, string]): boolean =>
      unquoted(parseAnsibleConfig(path, text).defaults.get('gathering')?.value ?? '') === 'explicit'
    const texts = [...project.values()]
    settings = {
      // The environment wins over files.
      isExplicit:
        configs.length > 0 &&
        configs.every(saysExplicit) &&
        !texts.some((text) => text.includes('ANSIBLE_GATHERING')),
      hasCache: texts.some((text) => CACHE.test(text)),
    }
    known.set(project, settings)
  }
  return settings
}

/** Whether facts last from one run to the next. */
export const keepsFacts = (project: Project): boolean => settingsOf(project).hasCache

/** Where facts last from one run to the next: https://docs.ansible.com/ansible/latest/plugins/cache.html */
const CACHE =
  /\bANSIBLE_CACHE_PLUGIN\b|\bfact_caching\b(?!["']?\s*[=:]\s*["']?(?:ansible\.builtin\.)?memory\b)/

/**
 * Whether a playbook's nodes have no other facts than its plays gather for them: nothing else that its run may play, or that
 * was played before, gathers any.
 */
export function areFactsOfPlays(
  closure: Closure,
  content: Content,
  project: Project,
  playbook: string,
): boolean {
  const { tasks, handlers, isOpen, paths } = closure
  if (isOpen || settingsOf(project).hasCache) return false
  if ([...tasks, ...handlers].some(({ task }) => GATHERS.test(task.action.module))) return false
  const mayPlayMore = content.playbooks.some(({ path, plays }) =>
    plays.some((play) => {
      if (play.kind !== 'import') return false
      const { value } = play.path
      if (typeof value !== 'string' || value.includes('{{')) return true
      return paths.has(path) && content.findPlaybook(value, directoryOf(path)) === undefined
    }),
  )
  return !mayPlayMore && !isPlayedWithOthers(project, content, playbook)
}

const GATHERS = /(?:^|\.)(?:setup|gather_facts)$|_facts$/
