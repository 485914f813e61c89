import { Analysis } from '../../src/lint/analysis.ts'
import { lint } from '../../src/lint/run.ts'
import { rules } from '../../src/rules/index.ts'
import { positionAt } from '../../src/span.ts'

export type Files = Readonly<Record<string, string>>

const analysed = (files: Files): Analysis => new Analysis(new Map(Object.entries(files)))

/** What a project's nodes get on clean machines: `host kind token source url`, and what else the scenario fixes. */
export function arrivals(files: Files, scenario: object = {}): readonly string[] {
  const { verdicts } = analysed(files).rehearsal
  const wanted = { k3s: 'absent', ...scenario }
  const found = verdicts
    .filter((verdict) =>
      Object.entries(wanted).every(
        ([name, value]) => verdict.scenario[name as keyof typeof verdict.scenario] === value,
      ),
    )
    .map(
      ({ host, kind, token, source, serverUrl }) =>
        `${host} ${kind} ${token} ${source} ${serverUrl === 'maybe' ? 'maybe a url' : serverUrl ? 'url' : 'no url'}`,
    )
  return [...new Set(found)]
}

/** What lint finds: `rule severity path:line`. */
export function findings(files: Files): readonly string[] {
  const analysis = analysed(files)
  return lint(analysis, rules).findings.map(
    ({ rule, severity, at }) =>
      `${rule} ${severity} ${at.path}:${positionAt(files[at.path] ?? '', at.start).line}`,
  )
}

/** Why it is not known what a node gets, and the way there. */
export function doubts(files: Files): readonly string[] {
  return analysed(files).rehearsal.verdicts.flatMap(({ unknown, hops }) =>
    unknown === undefined ? [] : [`${unknown}: ${hops.map(({ what }) => what).join(', ')}`],
  )
}

/** What could not be followed. */
export function unknowns(files: Files): readonly string[] {
  return analysed(files).rehearsal.unknowns.map(({ what }) => what)
}

/** Where more ways were open than are followed. */
export function bounds(files: Files): readonly string[] {
  return analysed(files).rehearsal.bounds.map(({ what }) => what)
}

/** A play that runs the install script on `hosts` with this environment. */
export const installs = (hosts: string, environment: Files): string => `
- hosts: ${hosts}
  tasks:
    - ansible.builtin.command: sh /opt/k3s-install.sh
      environment:
${Object.entries(environment)
  .map(([name, value]) => `        ${name}: ${JSON.stringify(value)}`)
  .join('\n')}
`

/** An agent that joins with the token that this expression gives. */
export const joins = (hosts: string, token: string): string =>
  installs(hosts, { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443', K3S_TOKEN: token })
