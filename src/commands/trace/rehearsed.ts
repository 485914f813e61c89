import { findInventories } from '../../flow/inventories.ts'
import type { Run, Verdict } from '../../flow/rehearsal.ts'
import { BROUGHT, type UnknownNote } from '../../flow/unknown.ts'
import { nameOf } from '../../io/files.ts'
import { Analysis, type AnalysisOptions } from '../../lint/analysis.ts'
import { contentFaults } from '../../lint/faults.ts'
import { kinOf } from '../../lint/kin.ts'
import { ProjectLines } from '../../lint/lines.ts'
import { notesInOrder } from '../../lint/order.ts'
import type { Stop, Trace } from '../../report/trace/trace.ts'
import { type ReadProject, renamer } from '../lint/project.ts'
import type { Target } from '../lint/targets.ts'
import { chosenPlaybooks } from './choice.ts'
import { wordMask } from './masked.ts'
import { moved, noteMoved, verdictsInOrder, withTokenGiven } from './moved.ts'

export type Rehearsed = Pick<
  Trace,
  'verdicts' | 'stops' | 'unknowns' | 'bounds' | 'inventories' | 'brought' | 'unread' | 'lines'
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
  const { root, texts, ignoredByGit, inventories, inventorySets } = project
  const options: AnalysisOptions = {
    ignoredByGit,
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
  const masked = wordMask([...analysis.secretTexts, ...(alone?.secretTexts ?? [])])
  const rename = (path: string): string =>
    texts.has(path) || path !== LONE_ROLE ? paths(path) : ownName(cwd, root)
  const words = (said: string): string =>
    masked(said)
      .split(' ')
      .map((word) => (texts.has(word) ? rename(word) : word))
      .join(' ')
  const faults = [...project.faults, ...contentFaults(analysis), ...analysis.faults.inventories]
  return {
    verdicts: verdictsInOrder(withTokenGiven(verdicts).map((verdict) => moved(verdict, rename, words))),
    stops: stopsOf(runs, unknowns, [...all.verdicts, ...(alone?.rehearsal.verdicts ?? [])], rename, words),
    unknowns: notesInOrder(unknowns.map((note) => noteMoved(note, rename, words))),
    bounds: notesInOrder(bounds.map((note) => noteMoved(note, rename, words))),
    inventories: inventories !== undefined ? 'given' : analysis.inventories.length > 0 ? 'found' : 'none',
    brought: [
      ...new Set([
        ...unknowns.map(({ what }) => what).filter((what) => what.startsWith(BROUGHT)),
        ...kinOf(texts).map(({ what }) => what),
      ]),
    ],
    unread: new Set(faults.filter(({ severity = 'error' }) => severity === 'error').map(({ at }) => at.path))
      .size,
    lines: new ProjectLines(new Map([...texts].map(([path, text]) => [rename(path), text]))),
    hosts: new Set([
      ...verdicts.map(({ host }) => host),
      ...analysis.inventories.flatMap(({ inventory }) => [...inventory.hosts.keys()]),
    ]),
  }
}

/** Each once, of the hosts that a playbook never brings to a start. */
function stopsOf(
  runs: readonly Run[],
  notes: readonly UnknownNote[],
  verdicts: readonly Verdict[],
  rename: (path: string) => string,
  words: (said: string) => string,
): readonly Stop[] {
  const started = new Set(verdicts.map(({ playbook, host }) => `${playbook}\n${host}`))
  const stops = new Map<string, Stop>()
  for (const { playbook, events } of runs)
    for (const event of events) {
      const { host, at } = event
      if (event.what !== 'undefined-variable' || started.has(`${playbook}\n${host}`)) continue
      const stop = {
        playbook: rename(playbook),
        host,
        variable: words(event.variable),
        why: '',
        at: { ...at, path: rename(at.path) },
      }
      stops.set(JSON.stringify(stop), stop)
    }
  const isTold = (playbook: string, host: string): boolean =>
    started.has(`${playbook}\n${host}`) ||
    [...stops.values()].some((stop) => stop.playbook === rename(playbook) && stop.host === host)
  for (const { at, end } of notes) {
    if (end === undefined || isTold(end.playbook, end.host)) continue
    const { playbook, host, why } = end
    const stop = {
      playbook: rename(playbook),
      host,
      variable: undefined,
      why: words(why),
      at: { ...at, path: rename(at.path) },
    }
    stops.set(JSON.stringify(stop), stop)
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
