import { findInventories } from '../../flow/inventories.ts'
import type { Verdict } from '../../flow/rehearsal.ts'
import { nameOf } from '../../io/files.ts'
import { Analysis, type AnalysisOptions } from '../../lint/analysis.ts'
import { ProjectLines } from '../../lint/lines.ts'
import { notesInOrder } from '../../lint/order.ts'
import { ownRules } from '../../lint/ownRules.ts'
import type { Trace } from '../../report/trace/trace.ts'
import { isColored, write } from '../lint/output.ts'
import { type ReadProject, readTarget, renamer } from '../lint/project.ts'
import { settingsFor } from '../lint/settings.ts'
import { type Target, targetsOf } from '../lint/targets.ts'
import type { Session } from '../session.ts'
import { checkHosts, chosenPlaybooks } from './choice.ts'
import type { TraceFlags } from './flags.ts'
import { wordMask } from './masked.ts'
import { moved, noteMoved, verdictsInOrder } from './moved.ts'
import { scenarioFilter } from './scenarios.ts'

/** Shows the way of the token in one project. Throws `UserError` for what there is not. */
export async function runTrace(session: Session, path: string, flags: TraceFlags): Promise<void> {
  const isChosen = scenarioFilter(flags.scenario ?? [])
  const { cwd } = session
  const [target] = targetsOf(cwd, [path])
  if (target === undefined) throw new Error('one path makes one target')
  const settings = await settingsFor(session, target.root, flags.config, async () => {
    const { rules } = await import('../../rules/index.ts')
    return [...rules, ...ownRules].map(({ id }) => id)
  })
  const project = readTarget(target, settings, {
    cwd,
    inventories: flags.inventory,
    exclude: [],
    forceExclude: false,
    instead: undefined,
  })
  const found = rehearsed(cwd, target, project, playbooksOf(target, flags))
  const hosts = new Set(flags.host)
  if (flags.host !== undefined) checkHosts(flags.host, found.hosts)
  const trace: Trace = {
    ...found,
    verdicts: found.verdicts.filter(
      ({ host, scenario }) => (hosts.size === 0 || hosts.has(host)) && isChosen(scenario),
    ),
    asked: [
      ...(flags.host === undefined ? [] : [`on ${flags.host.join(', ')}`]),
      ...(flags.scenario === undefined ? [] : [`in a scenario that is ${flags.scenario.join(', ')}`]),
    ],
    isAnything: found.verdicts.length > 0,
  }
  await write(session, flags, await present(session, flags, trace))
}

function playbooksOf({ files }: Target, { playbook }: TraceFlags): readonly string[] | undefined {
  const named = [...(files ?? []), ...(playbook ?? [])]
  return named.length === 0 ? undefined : named
}

type Rehearsed = Pick<Trace, 'verdicts' | 'unknowns' | 'bounds' | 'inventories' | 'unread' | 'lines'> & {
  readonly hosts: ReadonlySet<string>
}

/** What the rehearsal says, with paths from the working directory and without any secret. */
function rehearsed(
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
  const { unknowns, bounds } = alone?.rehearsal ?? all
  const masked = wordMask([...analysis.secretTexts, ...(alone?.secretTexts ?? [])])
  const rename = (path: string): string =>
    texts.has(path) || path !== LONE_ROLE ? paths(path) : ownName(cwd, root)
  const words = (said: string): string =>
    masked(said)
      .split(' ')
      .map((word) => (texts.has(word) ? rename(word) : word))
      .join(' ')
  const faults = [...project.faults, ...analysis.faults.content, ...analysis.faults.inventories]
  return {
    verdicts: verdictsInOrder(verdicts.map((verdict) => moved(verdict, rename, words))),
    unknowns: notesInOrder(unknowns.map((note) => noteMoved(note, rename, words))),
    bounds: notesInOrder(bounds.map((note) => noteMoved(note, rename, words))),
    inventories: inventories !== undefined ? 'given' : analysis.inventories.length > 0 ? 'found' : 'none',
    unread: new Set(faults.filter(({ severity = 'error' }) => severity === 'error').map(({ at }) => at.path))
      .size,
    lines: new ProjectLines(new Map([...texts].map(([path, text]) => [rename(path), text]))),
    hosts: new Set([
      ...verdicts.map(({ host }) => host),
      ...analysis.inventories.flatMap(({ inventory }) => [...inventory.hosts.keys()]),
    ]),
  }
}

/** Of a playbook that is named alone: the inventories nearest to it, where the project around it holds several sites. */
function closestTo({ root, files = new Set() }: Target, { texts }: ReadProject): AnalysisOptions {
  const [file] = files
  const steps = file === undefined ? [] : nameOf(root, file).split('/').slice(0, -1)
  for (let count = steps.length; count > 0; count -= 1) {
    const directory = `${steps.slice(0, count).join('/')}/`
    const inventorySets = findInventories(new Map([...texts].filter(([path]) => path.startsWith(directory))))
    if (inventorySets.length > 0) return { inventorySets }
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

async function present(session: Session, flags: TraceFlags, trace: Trace): Promise<string> {
  switch (flags.format) {
    case 'json':
      return (await import('../../report/trace/json.ts')).jsonTrace(trace)
    case 'mermaid':
      return (await import('../../report/trace/mermaid.ts')).mermaidTrace(trace)
    case 'text':
      return (await import('../../report/trace/text.ts')).textTrace(trace, {
        color: isColored(session, flags),
        showUnknown: flags.showUnknown === true,
        width: flags.output === undefined ? widthOf(session) : undefined,
      })
  }
}

/** Of a terminal; a file or a pipe has none. */
function widthOf({ stdout }: Session): number | undefined {
  const { isTTY, columns } = stdout as { readonly isTTY?: boolean; readonly columns?: number }
  return isTTY === true && columns !== undefined && columns > 0 ? columns : undefined
}
