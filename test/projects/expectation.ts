import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import type { Carrier } from '../../src/flow/arrival.ts'
import type { NodeKind, Scenario, Verdict } from '../../src/flow/rehearsal.ts'

/** What a node gets when the service of K3s starts for the last time, written by hand. */
export interface Expected {
  readonly kind: NodeKind
  /** Without `.service`. */
  readonly service: string
  readonly token: Verdict['token']
  readonly source: Carrier
  readonly serverUrl: boolean
}

/** One way to play a project on nodes that hold nothing. */
export interface ExpectedRun {
  readonly name: string
  readonly playbook: string
  /** What `-i` is given; relative to the project. `undefined` where the project has none, and hosts are made up. */
  readonly inventory: string | undefined
  /** The project is this role, and is played on all hosts. */
  readonly role: string | undefined
  /** Playbooks that are played before it, on the same nodes. */
  readonly after: readonly string[]
  readonly scenario: Scenario
  /**
   * What `ansible-playbook` is given by `-e`; `{media}` stands for the directory of the installer and the binary on the
   * control node, `{program}` for the URL of the binary.
   */
  readonly vars: Readonly<Record<string, unknown>>
  /** By host; `none` where no service of K3s starts. */
  readonly verdicts: Readonly<Record<string, Expected | 'none'>>
  /** Which ansible-core plays it: what a value becomes may depend on that. */
  readonly ansible: 'oldest' | 'newest'
  /** Why machines can't show it; such a run is held against the rehearsal only. */
  readonly onPaper: string | undefined
}

export interface ExpectedFinding {
  readonly rule: string
  /** `path:line`, where both are sure. */
  readonly at?: string
}

export interface ProjectExpectation {
  readonly name: string
  readonly about: string
  readonly runs: readonly ExpectedRun[]
  /** At least these. */
  readonly findings: readonly ExpectedFinding[]
  /** Ids of rules that find nothing here. */
  readonly clean: readonly string[]
}

const here = import.meta.dirname
const FILE = 'expect.yml'

/** Rules about whether a token arrives: `clean: arrival` means all of them. */
export const arrivalRules = [
  'agent-token-missing',
  'server-token-missing',
  'token-empty',
  'token-undefined',
  'tokens-differ',
  'server-url-missing',
  'env-file-not-read',
  'token-masked-by-config',
  'token-dropped-by-installer',
  'token-variable-wrong',
  'service-started-before-token',
] as const

/** What a run has where it does not say otherwise: nodes that were never touched, with systemd and a network. */
const usual: Scenario = {
  airgapped: false,
  manager: 'systemd',
  tokenGiven: true,
  k3s: 'absent',
  again: false,
}

export const projectNames: readonly string[] = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort()

export const projectDirectory = (name: string): string => join(here, name)

/** The files of a project by their paths, without what is expected of it. */
export function readProject(name: string): ReadonlyMap<string, string> {
  const root = projectDirectory(name)
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .filter((path) => path !== FILE)
    .sort()
  return new Map(files.map((path) => [path, readFileSync(join(root, path), 'utf8')]))
}

export function readExpectation(name: string): ProjectExpectation {
  const written = parse(readFileSync(join(projectDirectory(name), FILE), 'utf8')) as {
    about: string
    inventory?: string
    runs: readonly (Partial<ExpectedRun> & Pick<ExpectedRun, 'name' | 'playbook' | 'verdicts'>)[]
    findings?: readonly ExpectedFinding[]
    clean?: 'arrival' | readonly string[]
  }
  return {
    name,
    about: written.about,
    runs: written.runs.map((run) => ({
      ...run,
      inventory: run.role === undefined ? (run.inventory ?? written.inventory ?? 'inventory.yml') : undefined,
      role: run.role,
      after: run.after ?? [],
      scenario: { ...usual, ...run.scenario },
      vars: run.vars ?? {},
      ansible: run.ansible ?? 'newest',
      onPaper: run.onPaper,
    })),
    findings: written.findings ?? [],
    clean: written.clean === 'arrival' ? arrivalRules : (written.clean ?? []),
  }
}

/**
 * The verdicts about a host that a run speaks of. A scenario that says nothing of something holds where no other one says
 * what the run has.
 */
export function verdictsOf(
  verdicts: readonly Verdict[],
  run: Pick<ExpectedRun, 'playbook' | 'scenario'>,
  host: string,
): readonly Verdict[] {
  const wanted: Readonly<Record<string, unknown>> = { ...run.scenario }
  const fitting = verdicts.filter(
    (verdict) =>
      verdict.playbook === run.playbook &&
      verdict.host === host &&
      Object.entries(verdict.scenario).every(([key, value]) => !(key in wanted) || wanted[key] === value),
  )
  const said = ({ scenario }: Verdict) => Object.keys(scenario).filter((key) => key in wanted).length
  const most = Math.max(...fitting.map(said))
  return fitting.filter((verdict) => said(verdict) === most)
}

/** What is expected, or a verdict, in words that a comparison shows. */
export function inWords(one: Pick<Verdict, keyof Expected> | 'none'): string {
  if (one === 'none') return 'no start'
  const url = one.serverUrl === 'maybe' ? 'maybe a' : one.serverUrl ? 'a' : 'no'
  return `${one.kind} ${one.service}: token ${one.token} from ${one.source}, ${url} server URL`
}
