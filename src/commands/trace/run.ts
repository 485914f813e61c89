import { endsTogether } from '../../lint/order.ts'
import type { Stop, Trace } from '../../report/trace/trace.ts'
import { isColored, write } from '../lint/output.ts'
import { readTarget } from '../lint/project.ts'
import { settingsFor } from '../lint/settings.ts'
import { targetsOf } from '../lint/targets.ts'
import type { Session } from '../session.ts'
import { checkHosts } from './choice.ts'
import type { TraceFlags } from './flags.ts'
import { rehearsed } from './rehearsed.ts'
import { scenarioFilter } from './scenarios.ts'

/** Shows the way of the token in one project. Throws `UserError` for what there is not. */
export async function runTrace(session: Session, path: string, flags: TraceFlags): Promise<void> {
  const isChosen = scenarioFilter(flags.scenario ?? [])
  const { cwd } = session
  const [target] = targetsOf(cwd, [path])
  if (target === undefined) throw new Error('one path makes one target')
  const settings = await settingsFor(cwd, target.root, flags.config)
  const project = readTarget(target, settings, {
    cwd,
    inventories: flags.inventory,
    exclude: [],
    forceExclude: false,
    instead: undefined,
  })
  const playbooks = [...(target.files === undefined ? [] : [path]), ...(flags.playbook ?? [])]
  const found = rehearsed(cwd, target, project, playbooks.length === 0 ? undefined : playbooks)
  if (flags.host !== undefined) checkHosts(flags.host, found.hosts)
  const trace: Trace = {
    ...found,
    verdicts: found.verdicts.filter(
      ({ host, scenario }) => (flags.host?.includes(host) ?? true) && isChosen(scenario),
    ),
    unknowns: endsTogether(
      found.unknowns.filter(
        ({ end }) =>
          end === undefined || (askedOf(end, flags.host).length > 0 && end.scenarios.some(isChosen)),
      ),
    ),
    stops: found.stops.flatMap((stop) => {
      const scenarios = stop.scenarios.filter(isChosen)
      const [host, ...others] = askedOf(stop, flags.host)
      return scenarios.length > 0 && host !== undefined ? [{ ...stop, host, others, scenarios }] : []
    }),
    asked: [
      ...(playbooks.length === 0 ? [] : [`by ${playbooks.join(' or ')}`]),
      ...(flags.host === undefined ? [] : [`on ${flags.host.join(' or ')}`]),
      ...(flags.scenario === undefined ? [] : [`with --scenario ${flags.scenario.join(',')}`]),
    ],
  }
  await write(session, flags, await present(session, flags, trace))
}

/** A host and those that it stands for, as far as they are asked for. */
const askedOf = (
  { host, others = [] }: Pick<Stop, 'host' | 'others'>,
  asked: readonly string[] | undefined,
): readonly string[] => [host, ...others].filter((one) => asked?.includes(one) ?? true)

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
