import type { Project } from '../ansible/value.ts'
import type { Rehearsal, Verdict } from '../flow/rehearsal.ts'
import type { UnknownNote } from '../flow/unknown.ts'
import type { Span } from '../span.ts'
import { Facets } from './facets.ts'
import { hostWords } from './hostWords.ts'

interface Undecided {
  at: Span
  readonly cause: string
  readonly verdicts: Verdict[]
}

/**
 * Nodes of which it is not known whether their token arrives: one note for each kind of them, cause and file, unless another
 * note says so already.
 */
export function undecidedNodes({ verdicts, unknowns }: Rehearsal, project: Project): readonly UnknownNote[] {
  const nodes = new Set(verdicts.map(({ host }) => host))
  const groups = new Map<string, Undecided>()
  for (const verdict of verdicts) {
    if (verdict.token !== 'maybe') continue
    const { kind, unknown = '', hops } = verdict
    // What tells invented hosts apart stands in no file.
    const at = hops.find((hop) => project.has(hop.at.path))?.at ?? verdict.at
    // What is not known of one node is not known of those that are like it.
    const cause = unknown.replace(/ (?:of|on) ([^\s:)]+)/g, (words, host: string) =>
      nodes.has(host) ? '' : words,
    )
    if (unknowns.some((note) => tells(note, at, cause))) continue
    const key = `${kind} ${at.path} ${cause}`
    const group = groups.get(key) ?? { at, cause, verdicts: [] }
    groups.set(key, group)
    if (at.start < group.at.start) group.at = at
    group.verdicts.push(verdict)
  }
  return [...groups.values()].map(({ at, cause, verdicts: own }) => {
    const [{ kind } = { kind: 'agent' as const }] = own
    const playbooks = new Set(own.map(({ playbook }) => playbook))
    const alike = verdicts.filter((verdict) => verdict.kind === kind && playbooks.has(verdict.playbook))
    const scenarios = own.map(({ scenario }) => scenario)
    const phrases = new Facets(alike.map(({ scenario }) => scenario)).phrases(scenarios)
    const when = phrases.length === 0 ? '' : ` (${phrases.join('; or ')})`
    const hosts = [...new Set(own.map(({ host }) => host))].toSorted()
    const why = cause === '' ? '' : `: ${cause}${/\s/.test(cause) ? '' : ' is not known'}`
    return { at, what: `whether the token arrives on ${hostWords(kind, hosts)}${when} is not known${why}` }
  })
}

/** Whether a note says why something is not known, or of a part of a result that it is made of. */
function tells({ at, what }: UnknownNote, { path, start }: Span, cause: string): boolean {
  const [, part] = /, so (.*) is not known$/.exec(what) ?? []
  if (part !== undefined && cause.split(/[^\w.]+/).includes(part)) return true
  return what === cause || (cause !== '' && at.path === path && at.start === start && what.includes(cause))
}
