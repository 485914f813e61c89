import { byNumber } from '../flow/names.ts'
import { endsFor, type UnknownNote } from '../flow/unknown.ts'
import type { Finding } from './finding.ts'

/** One finding for each rule, place and message; its scenario names every scenario in which it was found. */
export function merged(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, Finding[]>()
  for (const finding of findings) {
    const { rule, at, message } = finding
    const key = `${at.start} ${at.end} ${rule} ${at.path}\n${message}`
    const group = groups.get(key)
    if (group === undefined) groups.set(key, [finding])
    else group.push(finding)
  }
  const single = [...groups.values()].map((group) => {
    const [first] = group as [Finding]
    if (group.length === 1) return first
    const { scenario: _, ...rest } = first
    const scenarios = new Set(group.map(({ scenario }) => scenario))
    return scenarios.has(undefined) ? rest : { ...rest, scenario: [...scenarios].join('; ') }
  })
  return inOrder(single)
}

function inOrder(findings: readonly Finding[]): readonly Finding[] {
  return [...findings].sort(
    (a, b) =>
      compare(a.at.path, b.at.path) ||
      a.at.start - b.at.start ||
      compare(a.rule, b.rule) ||
      compare(a.message, b.message),
  )
}

export function notesInOrder(notes: readonly UnknownNote[]): readonly UnknownNote[] {
  const single = new Map(notes.map((note) => [`${note.at.path} ${note.at.start} ${note.what}`, note]))
  return [...single.values()].sort(
    (a, b) => compare(a.at.path, b.at.path) || a.at.start - b.at.start || compare(a.what, b.what),
  )
}

/** Notes of which those are one that tell of several hosts on which plays end at one place for the same reason. */
export function endsTogether(notes: readonly UnknownNote[]): readonly UnknownNote[] {
  const groups = new Map<
    string,
    { readonly note: UnknownNote; readonly why: string; readonly hosts: Set<string>; ends: number }
  >()
  for (const note of notes) {
    const { at, what, end } = note
    const own = end === undefined ? [] : [end.host, ...(end.others ?? [])]
    const begin = end === undefined ? undefined : endsFor(own, end)
    const why = begin !== undefined && what.startsWith(begin) ? what.slice(begin.length) : undefined
    const key = `${at.path} ${at.start} ${why === undefined ? what : `${end?.isOfRun} ${why}`}`
    const group = groups.get(key) ?? { note, why: why ?? '', hosts: new Set(), ends: 0 }
    if (why !== undefined) {
      group.ends += 1
      for (const host of own) group.hosts.add(host)
    }
    groups.set(key, group)
  }
  return [...groups.values()].map(({ note, why, hosts, ends }) =>
    ends < 2 ? note : { ...note, what: `${endsFor([...hosts].toSorted(byNumber), note.end ?? {})}${why}` },
  )
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
