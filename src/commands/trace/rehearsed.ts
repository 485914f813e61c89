import { NOT_RUN } from '../../ansible/inventory/index.ts'
import type { Fault } from '../../ansible/value.ts'
import { findInventories, type NamedInventory } from '../../flow/inventories.ts'
import type { Rehearsal, Run, Scenario, Verdict } from '../../flow/rehearsal.ts'
import { loadedFiles } from '../../flow/rehearse/loaded.ts'
import type { UnknownNote } from '../../flow/unknown.ts'
import { nameOf } from '../../io/files.ts'
import { Analysis, type AnalysisOptions } from '../../lint/analysis.ts'
import { keyOf } from '../../lint/facets.ts'
import { contentFaults } from '../../lint/faults.ts'
import { kinOf } from '../../lint/kin.ts'
import { ProjectLines } from '../../lint/lines.ts'
import { notesInOrder } from '../../lint/order.ts'
import { secretsOf } from '../../lint/secrets.ts'
import { wordMask } from '../../lint/wordMask.ts'
import type { Stop, Trace } from '../../report/trace/trace.ts'
import { Disk } from '../lint/disk.ts'
import { type ReadProject, renamer } from '../lint/project.ts'
import type { Target } from '../lint/targets.ts'
import { chosenPlaybooks } from './choice.ts'
import { inventoryMoved, moved, noteMoved, tokenGiven, verdictsInOrder } from './moved.ts'

export type Rehearsed = Pick<
  Trace,
  'verdicts' | 'stops' | 'unknowns' | 'bounds' | 'inventories' | 'brought' | 'unread' | 'refused' | 'lines'
> & {
  readonly hosts: ReadonlySet<string>
}

/** What the rehearsal says, with paths from the working directory and without any secret. */
export function rehearsed(
  cwd: string,
  target: Target,
  project: ReadProject,
  asked: readonly string[] | undefined,
): Rehearsed {
  const { root, texts, ignoredByGit, inventories, inventorySets, directoryName } = project
  const options: AnalysisOptions = {
    ignoredByGit,
    disk: new Disk(project),
    directoryName,
    ...(inventories === undefined ? {} : { inventories }),
    ...(inventorySets === undefined ? closestTo(target, project) : { inventorySets }),
  }
  const analysis = new Analysis(texts, options)
  const paths = renamer(cwd, root)
  const known = analysis.content.playbooks.map((playbook) => playbook.path)
  const chosen = asked === undefined ? undefined : chosenPlaybooks(asked, known, { cwd, root, rename: paths })
  // A playbook for nodes that have K3s begins with what the others leave: all are rehearsed, whatever is shown.
  const all = analysis.rehearsal
  const alone = chosen === undefined ? undefined : new Analysis(texts, { ...options, playbooks: chosen })
  const verdicts =
    chosen === undefined ? all.verdicts : shownOf(chosen, all.verdicts, alone?.rehearsal.verdicts)
  const { runs, unknowns, bounds } = alone?.rehearsal ?? all
  const withToken = tokenGiven(verdicts)
  const secrets = [analysis, ...(alone === undefined ? [] : [alone])].map((one) => secretsOf(one, []))
  const masked = wordMask(
    {
      texts: new Set(secrets.flatMap((one) => [...one.texts])),
      words: new Set(secrets.flatMap((one) => [...one.words])),
    },
    analysis.hostNames,
  )
  const rename = (path: string): string =>
    texts.has(path) || path !== LONE_ROLE ? paths(path) : ownName(cwd, root)
  const words = (said: string): string =>
    masked(said)
      .split(' ')
      .map((word) => (texts.has(word) ? rename(word) : word))
      .join(' ')
  const bringing = [...unknowns, ...kinOf(analysis)].filter(({ isTold }) => isTold === true)
  const broken = errorsIn(contentFaults(analysis))
  const faults = [...errorsIn(project.faults), ...broken, ...errorsIn(analysis.faults.inventories)]
  const shown = [
    ...verdicts.map(({ playbook }) => playbook),
    ...unknowns.flatMap(({ end }) => end?.playbook ?? []),
  ]
  return {
    verdicts: verdictsInOrder(
      verdicts.map((verdict) => moved({ ...verdict, scenario: withToken(verdict) }, rename, words)),
    ),
    stops: stopsOf(runs, unknowns, [...all.verdicts, ...(alone?.rehearsal.verdicts ?? [])], rename, words),
    unknowns: notesInOrder(unknowns.map((note) => noteMoved(note, rename, words))),
    bounds: notesInOrder(bounds.map((note) => noteMoved(note, rename, words))),
    inventories: foundBy(analysis, inventories !== undefined),
    brought: [
      ...new Set([...bringing.map(({ what }) => what), ...bringing.flatMap(({ cure }) => cure ?? [])]),
    ],
    unread: new Set(faults.map(({ at }) => at.path)).size,
    refused: refusedBy(broken, (alone?.rehearsal ?? all).refused, shown, analysis, rename, words),
    lines: new ProjectLines(new Map([...texts].map(([path, text]) => [rename(path), text]))),
    hosts: new Set([...verdicts.map(({ host }) => host), ...analysis.hostNames]),
  }
}

const errorsIn = (faults: readonly Fault[]): readonly Fault[] =>
  faults.filter(({ severity = 'error' }) => severity === 'error')

function refusedBy(
  broken: readonly Fault[],
  missing: Rehearsal['refused'],
  playbooks: readonly string[],
  { content }: Analysis,
  rename: (path: string) => string,
  words: (said: string) => string,
): Trace['refused'] {
  return new Map(
    [...new Set(playbooks)].flatMap((path) => {
      const loaded = broken.length === 0 ? undefined : loadedFiles(content, path)
      const first = broken.find(({ at }) => loaded?.has(at.path)) ?? missing.get(path)
      if (first === undefined) return []
      const at = { ...first.at, path: rename(first.at.path) }
      return [[rename(path), 'why' in first ? { at, why: words(first.why) } : { at }] as const]
    }),
  )
}

function foundBy(
  { inventories, passedOver, inventoryScript }: Analysis,
  isGiven: boolean,
): Trace['inventories'] {
  const isEmpty = inventories.some(({ inventory }) => inventory.groups.size > NO_GROUPS)
  if (isEmpty && inventories.every(({ inventory }) => inventory.hosts.size === 0)) return 'empty'
  if (isGiven) return inventories.some(({ inventory }) => inventory.isOpen) ? 'open' : 'given'
  if (inventories.length > 0) return inventories.every(isScript) ? 'script' : 'found'
  return passedOver !== undefined ? 'ignored' : inventoryScript !== undefined ? 'script' : 'none'
}

const isScript = ({ inventory: { hosts, faults } }: NamedInventory): boolean =>
  hosts.size === 0 && faults.some(({ message }) => message === NOT_RUN)

/** `all` and `ungrouped` are always there. */
const NO_GROUPS = 2

/** Each once, with the scenarios in which the playbook does not bring the host to a start. */
function stopsOf(
  runs: readonly Run[],
  notes: readonly UnknownNote[],
  verdicts: readonly Verdict[],
  rename: (path: string) => string,
  words: (said: string) => string,
): readonly Stop[] {
  const withToken = tokenGiven(verdicts)
  type Place = Pick<Verdict, 'playbook' | 'inventory' | 'host'>
  const key = ({ playbook, inventory = [], host }: Place, scenario: Scenario): string =>
    `${playbook}\n${inventory.join()}\n${host}\n${keyOf(scenario)}`
  const started = new Set(verdicts.map((verdict) => key(verdict, verdict.scenario)))
  const undefinedAt = new Map<string, string>()
  for (const { playbook, events } of runs)
    for (const event of events)
      if (event.what === 'undefined-variable')
        undefinedAt.set(`${playbook} ${event.host} ${event.at.path}:${event.at.start}`, event.variable)
  const stops = new Map<string, Stop>()
  for (const { at, end } of notes) {
    if (end === undefined) continue
    const { playbook, inventory, host, others, why, isOfRun = false } = end
    const scenarios = end.scenarios.filter((scenario) => !started.has(key(end, scenario)))
    if (scenarios.length === 0) continue
    const variable = undefinedAt.get(`${playbook} ${host} ${at.path}:${at.start}`)
    const stop = {
      playbook: rename(playbook),
      ...inventoryMoved(inventory, rename),
      host,
      ...(others === undefined ? {} : { others }),
      variable: variable === undefined ? undefined : words(variable),
      why: variable === undefined ? words(why) : '',
      isOfRun,
      at: { ...at, path: rename(at.path) },
    }
    const told = JSON.stringify(stop)
    const found = scenarios.map((scenario) => withToken({ ...end, scenario }))
    stops.set(told, { ...stop, scenarios: [...(stops.get(told)?.scenarios ?? []), ...found] })
  }
  return [...stops].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, stop]) => stop)
}

/** Of a playbook that is named alone: the inventories nearest to it, where the project around it holds several sites. */
function closestTo({ root, files = new Set() }: Target, { texts }: ReadProject): AnalysisOptions {
  const [file] = files
  const steps = file === undefined ? [] : nameOf(root, file).split('/').slice(0, -1)
  for (let count = steps.length; count > 0; count -= 1) {
    const directory = `${steps.slice(0, count).join('/')}/`
    const inventorySets = findInventories(new Map([...texts].filter(([path]) => path.startsWith(directory))))
    if (inventorySets.length > 0) return { inventorySets, isGuessed: true }
  }
  return {}
}

/** The playbook of a role that is the whole project. */
const LONE_ROLE = 'the role'

function ownName(cwd: string, root: string): string {
  const name = nameOf(cwd, root)
  return name === '.' ? LONE_ROLE : name
}

function shownOf(
  chosen: readonly string[],
  all: readonly Verdict[],
  alone: readonly Verdict[] = [],
): readonly Verdict[] {
  return [...new Set(chosen)].flatMap((path) => {
    const found = all.filter(({ playbook }) => playbook === path)
    return found.length > 0 ? found : alone.filter(({ playbook }) => playbook === path)
  })
}
