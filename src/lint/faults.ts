import type { Fault } from '../ansible/value.ts'
import type { UnknownNote } from '../flow/unknown.ts'
import { isBelow, partsOf } from '../path.ts'
import type { Analysis } from './analysis.ts'
import type { RuleFinding } from './finding.ts'
import { kinOf } from './kin.ts'
import { ProjectLines } from './lines.ts'
import type { OwnRuleId } from './ownRules.ts'
import { namesK3s } from './relevance.ts'

interface OwnFinding extends RuleFinding {
  readonly id: OwnRuleId
}

/**
 * What is wrong with the texts themselves: `unread` are files that became none, the rest was noticed while reading, as far as
 * it concerns K3s. A notice says that something was not looked into: an unknown.
 */
export function ownFindings(
  analysis: Analysis,
  unread: readonly Fault[],
): { readonly findings: readonly OwnFinding[]; readonly unknowns: readonly UnknownNote[] } {
  const findings: OwnFinding[] = []
  const unknowns: UnknownNote[] = [...kinOf(analysis)]
  const seen = new Set<string>()
  const lines = new ProjectLines(analysis.project)
  const add = ({ at, message, fix, severity = 'error', readAs, since }: Fault): void => {
    // A pattern in double quotes has as many faults as backslashes, and one cure.
    const { line } = lines.of(at.path).position(at.start)
    // Of what ends the run the first one does, and all in a file have one cure.
    const key = since === undefined ? `${at.path}:${line} ${message}` : `${at.path} ${message}`
    if (seen.has(key)) return
    seen.add(key)
    const includer = readAs === 'tasks' ? analysis.includerOf(at.path) : undefined
    if (severity === 'notice') unknowns.push({ at, what: message })
    else
      findings.push({
        id: severity === 'error' ? 'file-unreadable' : 'file-ambiguous',
        at,
        message,
        cure: fix,
        ...(includer === undefined ? {} : { hops: [{ at: includer, what: 'includes the file as tasks' }] }),
      })
  }
  for (const fault of unreadable(analysis)) add(fault)
  for (const fault of [...unread, ...analysis.faults.inventories, ...contentFaults(analysis)]) add(fault)
  for (const { at, why } of analysis.refused.values())
    add({
      at,
      message: `${why}: Ansible runs nothing of a playbook that imports it, whatever its condition`,
      fix: 'name the file as it is called, or add it',
    })
  for (const { at, why } of analysis.brokenTemplates)
    add({
      at,
      message: `Jinja2 refuses this template: ${why}`,
      fix: 'mend it: a task that needs it fails, whatever default stands behind it',
    })
  return { findings, unknowns }
}

/** Of the files of tasks and variables that were read: what concerns K3s, and what ends a playbook of K3s before any task. */
export function contentFaults(analysis: Analysis): readonly Fault[] {
  return analysis.faults.content.filter(({ at: { path }, severity = 'error', since }) => {
    const text = analysis.project.get(path) ?? ''
    // A playbook among the tasks of a role is read as one, unless something includes it.
    if (isBelow(path, TASKS) && isPlaybook(text) && !analysis.rehearsal.reached.has(path)) return false
    const isEnd = severity === 'error' || since !== undefined
    return namesK3s(path, text) || (isEnd && analysis.isReached(path))
  })
}

/** Files of tasks and variables where Ansible looks for them; what lies among templates and charts may be YAML only later. */
const READ: ReadonlySet<string> = new Set('tasks handlers vars defaults meta group_vars host_vars'.split(' '))
const LATER: ReadonlySet<string> = new Set('templates files chart charts manifest manifests'.split(' '))

/** Beside tasks there may be templates: what is no list is none of them. */
const TASKS: ReadonlySet<string> = new Set(['tasks', 'handlers'])
const LIST = /^\uFEFF?(?:[ \t]*(?:#.*|---.*)?\r?\n)*[ \t]*-(?:\s|$)/

/** A playbook that is broken is no list of plays any more: its first lines still look like one. */
const PLAYBOOK =
  /^-\s+(?:hosts|(?:ansible\.builtin\.)?import_playbook)\s*:|^-\s+name\s*:.*\n(?:[ \t].*\n|\r?\n)*?[ \t]+hosts\s*:/m
const isPlaybook = (text: string): boolean => PLAYBOOK.test(text.slice(0, 4000))

/** The faults of syntax in what Ansible would read as YAML, whether or not anything asked for it. */
function* unreadable({ project, content }: Analysis): Generator<Fault> {
  for (const [path, text] of project) {
    const { ending } = partsOf(path)
    if (!['yml', 'yaml'].includes(ending) || isBelow(path, LATER) || !namesK3s(path, text)) continue
    if (isBelow(path, TASKS) && !LIST.test(text)) continue
    if (isBelow(path, READ) || isPlaybook(text))
      yield* (content.yaml(path)?.faults ?? []).filter(({ severity = 'error' }) => severity === 'error')
  }
}
