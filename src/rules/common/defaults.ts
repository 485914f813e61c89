import type { Variable } from '../../ansible/value.ts'
import type { TokenSite } from '../../flow/tokenSites.ts'
import type { Analysis } from '../../lint/analysis.ts'
import type { Severity } from '../../lint/finding.ts'
import type { Span } from '../../span.ts'

/** What is said of a token that stands in the defaults of a role, where every start gets another one. */
export const overruled = {
  severity: 'notice',
  cure: 'leave the default out: then a play stops where nobody gives a token',
} as const satisfies { readonly severity: Severity; readonly cure: string }

/** What is said of a token that stands in a default for what the environment gives. */
export const idle = {
  severity: 'notice',
  cure: "leave the default out: lookup('env', …) is an empty text where the variable is not set, so that no default comes",
} as const satisfies { readonly severity: Severity; readonly cure: string }

/** Whether a text stands in a default that never comes: https://docs.ansible.com/ansible/latest/collections/ansible/builtin/env_lookup.html */
export function isIdle({ project }: Analysis, { path, start, end }: Span): boolean {
  const text = project.get(path) ?? ''
  return (
    ENVIRONMENT.test(text.slice(Math.max(0, start - FAR), start)) &&
    /^['"]\s*\)/.test(text.slice(end, end + FAR))
  )
}

const ENVIRONMENT =
  /\blookup\(\s*['"](?:ansible\.builtin\.)?env['"]\s*,\s*['"][^'"\n]*['"]\s*\)\s*\|\s*(?:default|d)\(\s*['"]$/
/** Letters that the name of a variable and the words around it take. */
const FAR = 200

/** Whether a token is the default of a role of which no playbook starts K3s with it: all that do get theirs from elsewhere. */
export function isOverruled(analysis: Analysis, { at }: TokenSite): boolean {
  const { content, rehearsal } = analysis
  const role = content.roles.find(({ directory }) => at.path.startsWith(below(directory, 'defaults/')))
  if (role === undefined || !isWhole(content.roleDefaults(role).values(), at)) return false
  const playbooks = new Set(content.playbooks.map(({ path }) => path))
  const parts = ['tasks/', 'handlers/', 'templates/'].map((part) => below(role.directory, part))
  const starts = rehearsal.verdicts.filter(
    ({ playbook, hops }) =>
      playbooks.has(playbook) && hops.some((hop) => parts.some((part) => hop.at.path.startsWith(part))),
  )
  if (starts.length === 0) return false
  const read = rehearsal.atoms.roots.filter(
    ({ hop }) => hop?.at.path === at.path && hop.at.start <= at.start && at.end <= hop.at.end,
  )
  // What is not known of a start can't be a default that nothing has ever read.
  const states = ['present', 'different', ...(read.length === 0 ? ['maybe'] : [])]
  return (
    starts.every(({ token }) => states.includes(token)) && !read.some((root) => rehearsal.tokens.has(root))
  )
}

/** A text within an expression is followed by nobody: where its variable goes, it may go. */
function isWhole(variables: Iterable<Variable>, at: Span): boolean {
  for (const { value, at: own } of variables)
    if (typeof value === 'string' && !/\{[{%]/.test(value) && own.path === at.path)
      if (own.start <= at.start && at.end <= own.end) return true
  return false
}

const below = (directory: string, part: string): string => (directory === '' ? part : `${directory}/${part}`)
