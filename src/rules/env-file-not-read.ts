import type { Analysis } from '../lint/analysis.ts'
import type { Rule } from '../lint/rule.ts'
import type { Span } from '../span.ts'
import { escaped } from '../syntax/regExp.ts'
import { type Fault, faultFindings, type Start, startsOf } from './common/faults.ts'
import { installerBefore, isBlamed, startHops } from './common/missing.ts'
import type { EventOf } from './common/nodes.ts'
import { placeIn } from './common/places.ts'

const INVENTORY = `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`
const SITE = `
- hosts: harbour
  become: true
  roles:
    - edge
`
const TASKS = `
- name: Write the key
  ansible.builtin.copy:
    content: "K3S_TOKEN={{ harbour_key }}"
    dest: /etc/systemd/system/k3s-agent.service.env
    mode: "0600"
  no_log: true
- name: Write the unit
  ansible.builtin.template:
    src: k3s-agent.service.j2
    dest: /etc/systemd/system/k3s-agent.service
    mode: "0644"
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`

export const envFileNotRead: Rule = {
  id: 'env-file-not-read',
  severity: 'error',
  summary: 'Unit reads another env file than the one with the join token',
  why: 'A service gets the variables of the files that EnvironmentFile= of its unit names, and no others. In a unit that was copied from the one of the server the name of the file is easily forgotten; %n is the name of the unit with .service, %N without. A dash before the name makes a missing file no fault, so that nothing is said.',
  fix: 'name the file that is written: EnvironmentFile=-/etc/systemd/system/%N.service.env; on OpenRC the script reads /etc/rancher/k3s/NAME.env',
  see: [
    'https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html',
    'k3s-io/k3s-ansible#283',
  ],
  bad: [
    {
      title: 'the env file of the server in the unit of the agent',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': TASKS,
        'roles/edge/templates/k3s-agent.service.j2': `
[Service]
EnvironmentFile=-/etc/systemd/system/k3s.service.env
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the unit of agents reads this file, and the token is in /etc/systemd/system/k3s-agent.service.env
ExecStart=/usr/local/bin/k3s agent --server https://192.0.2.10:6443
`,
      },
    },
  ],
  good: [
    {
      title: 'its own',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': TASKS,
        'roles/edge/templates/k3s-agent.service.j2': `
[Service]
EnvironmentFile=-/etc/systemd/system/%N.service.env
ExecStart=/usr/local/bin/k3s agent --server https://192.0.2.10:6443
`,
      },
    },
  ],
  *check(analysis) {
    const starts = startsOf(analysis).filter(({ verdict }) => verdict.scenario.tokenGiven !== false)
    for (const path of new Set(starts.flatMap((start) => unreadTokenFile(analysis, start) ?? []))) {
      const faults = starts.filter(
        (start) => unreadTokenFile(analysis, start) === path && isBlamed(analysis, start),
      )
      const atUnit = new Map(faults.map((start) => [start, foreignLine(analysis, start)]))
      yield* faultFindings(
        analysis,
        faults.flatMap((start) => faultOf(start, path, atUnit.get(start))),
        (who) =>
          [...atUnit.values()].some((place) => place !== undefined)
            ? `the unit of ${who} reads this file, and the token is in ${path}`
            : `the token goes into ${path}, which the service of ${who} does not read`,
      )
    }
    yield* faultFindings(
      analysis,
      starts.flatMap((start) => copiedUnit(analysis, start)),
      (who) => `the unit of ${who} reads the env file of another service; the install script writes its own`,
      { severity: 'warning' },
    )
  },
}

function faultOf(start: Start, path: string, atUnit: Span | undefined): readonly Fault[] {
  const writer = start.events.findLast(
    (event): event is EventOf<'file-written'> => event.what === 'file-written' && event.path === path,
  )
  if (writer === undefined) return []
  const { verdict } = start
  return [
    {
      start,
      at: atUnit ?? writer.at,
      hops: [...writer.file.hops, ...startHops(verdict)],
    },
  ]
}

const ENV_FILE = /\.env$|\/(?:default|sysconfig|conf\.d)\/[^/]+$/

/** The env file that holds the token on a node whose service starts without. */
function unreadTokenFile({ rehearsal }: Analysis, { verdict, events }: Start): string | undefined {
  if (verdict.token !== 'absent') return undefined
  const { reads } = verdict.arrival
  const last = new Map(
    events.flatMap((event) => (event.what === 'file-written' ? [[event.path, event.file] as const] : [])),
  )
  for (const [path, { content }] of last)
    if (ENV_FILE.test(path) && typeof content === 'string' && !reads.some((read) => read.path === path)) {
      const lines = content.split('\n').filter((line) => /^\s*(?:export\s+)?K3S_TOKEN=/.test(line))
      if (lines.some((line) => rehearsal.atoms.in(line).some(({ isFilled }) => isFilled))) return path
    }
  return undefined
}

const K3S_ENV = /\/k3s[\w-]*(?:\.service)*\.env$/

/** The line of the unit's own text that names a file of K3s which is not there. */
function foreignLine(analysis: Analysis, { verdict, events }: Start): Span | undefined {
  const missing = verdict.arrival.reads.find(({ path, exists }) => !exists && /\.env$/.test(path))
  const unit = unitWrite(events, verdict.arrival.unit)
  return missing === undefined || unit === undefined ? undefined : lineOf(analysis, unit, missing.path)
}

function unitWrite(events: Start['events'], path: string | undefined): EventOf<'file-written'> | undefined {
  return events.findLast(
    (event): event is EventOf<'file-written'> => event.what === 'file-written' && event.path === path,
  )
}

function lineOf(analysis: Analysis, unit: EventOf<'file-written'>, read: string): Span | undefined {
  const base = escaped(read.split('/').at(-1) ?? '')
  const hop = unit.file.hops.at(-1)
  if (hop === undefined) return undefined
  return (
    placeIn(analysis, hop, new RegExp(`(?:^|\\n)[ \\t]*EnvironmentFile=[^\\n]*/${base}(?=\\s|$)`)) ??
    placeIn(analysis, hop, /(?:^|\n)[ \t]*EnvironmentFile=[^\n]*(?:%n|\{\{)[^\n]*/)
  )
}

/** A unit that names another service's env file, while the install script wrote one for this service. */
function copiedUnit(analysis: Analysis, start: Start): readonly Fault[] {
  const { verdict, events } = start
  const { reads, unit } = verdict.arrival
  const installer = installerBefore(start)
  const written = unitWrite(events, unit)
  if (verdict.token === 'absent' || installer === undefined || written === undefined) return []
  const own = new RegExp(`/${verdict.service}(?:\\.service)?\\.env$`)
  if (reads.some(({ path }) => own.test(path))) return []
  const other = reads.find(({ path }) => K3S_ENV.test(path))
  const at = other === undefined ? undefined : lineOf(analysis, written, other.path)
  if (at === undefined) return []
  return [
    {
      start,
      at,
      hops: [
        { at: installer.at, what: `writes the env file of ${verdict.service}` },
        ...written.file.hops,
        ...startHops(verdict),
      ],
    },
  ]
}
