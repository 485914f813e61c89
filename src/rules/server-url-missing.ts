import type { Analysis } from '../lint/analysis.ts'
import type { Rule } from '../lint/rule.ts'
import type { Span } from '../span.ts'
import { faultFindings, isFresh, isInvented, type Start, startsOf } from './common/faults.ts'
import { isStandIn } from './common/literals.ts'
import { installerBefore, skippedWriter, startHops } from './common/missing.ts'
import { nodeRunsOf } from './common/nodes.ts'
import { placeIn } from './common/places.ts'
import { getsPadded, takesUrl } from './token-malformed.ts'

export const serverUrlMissing: Rule = {
  id: 'server-url-missing',
  severity: 'error',
  summary: 'Node starts without the URL of a server',
  why: 'An agent without --server, K3S_URL or server: in config.yaml stops with "--server is required". A server without it founds a cluster of its own beside the first.',
  fix: 'give the install script K3S_URL or --server; or write --server into ExecStart= of the unit, or server: into config.yaml',
  see: [
    'https://docs.k3s.io/cli/agent',
    'https://docs.k3s.io/datastore/ha-embedded',
    'k3s-io/k3s-ansible@6f44cf3:roles/k3s_agent/tasks/main.yml',
  ],
  bad: [
    {
      title: 'told only where the binary is downloaded',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Install without internet
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
  ^^^^^^^^^^^^^^^^^^^^^^^ agents of an airgapped site start without the URL of a server
  no_log: true
  environment:
    INSTALL_K3S_SKIP_DOWNLOAD: "true"
    K3S_TOKEN: "{{ harbour_key }}"
  when: airgap_dir is defined
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  no_log: true
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
  when: airgap_dir is not defined
`,
      },
    },
  ],
  good: [
    {
      title: 'told in both ways',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
  no_log: true
  environment:
    INSTALL_K3S_SKIP_DOWNLOAD: "{{ airgap_dir is defined }}"
    K3S_TOKEN: "{{ harbour_key }}"
    K3S_URL: https://192.0.2.10:6443
`,
      },
    },
  ],
  *check(analysis) {
    const faults = startsOf(analysis)
      .filter((start) => start.verdict.serverUrl === false && needsUrl(analysis, start))
      // That it is a part of the token is another rule's.
      .filter(({ verdict }) => !(getsPadded(verdict) && takesUrl(verdict)))
      .map((start) => ({
        start,
        at: placeOf(analysis, start),
        hops: [
          ...skippedWriter(analysis, start, ({ arrival }) => arrival.serverUrl.hops),
          ...startHops(start.verdict),
        ],
      }))
    yield* faultFindings(
      analysis,
      faults,
      (who, several) => `${who} start${several ? '' : 's'} without the URL of a server`,
    )
  },
}

function needsUrl(analysis: Analysis, start: Start): boolean {
  const { kind, arrival, scenario, playbook } = start.verdict
  if (scenario.tokenGiven === false) return false
  if (kind === 'agent') return arrival.command === 'agent'
  if (kind !== 'joining-server' || !isFresh(scenario) || isInvented(scenario)) return false
  if (arrival.externalDatastore !== false || hasJoined(analysis, start)) return false
  // Several servers may be several clusters; those that share a token are one.
  return (
    sharesToken(analysis, start) ||
    startsOf(analysis).some(
      ({ verdict }) => verdict.playbook === playbook && verdict.kind === kind && verdict.serverUrl === true,
    )
  )
}

/** Whether a server has the token of the first: from the same place, or the same text if that is one. */
function sharesToken(analysis: Analysis, { verdict }: Start): boolean {
  const { token, arrival, scenario } = verdict
  const { text } = arrival.token
  if (token !== 'present' || text === undefined || !isStandIn(text.text)) return token === 'present'
  const roots = new Set(text.marks.map(({ atom }) => atom.root))
  return startsOf(analysis).some(
    ({ verdict: other }) =>
      other.kind === 'first-server' &&
      other.scenario === scenario &&
      other.arrival.token.text?.marks.some(({ atom }) => roots.has(atom.root)) === true,
  )
}

/** A server that was started once with all it needs, as by systemd-run, keeps it: in whichever of the ways the play may go. */
function hasJoined(analysis: Analysis, { hosts, verdict }: Start): boolean {
  return nodeRunsOf(analysis).some(
    ({ run, host, events }) =>
      run.scenario === verdict.scenario &&
      hosts.includes(host) &&
      events.some((event) => event.what === 'service-started' && event.arrival.serverUrl.state !== 'absent'),
  )
}

/** The last step that could have told it: what writes the unit, or the install script. */
function placeOf(analysis: Analysis, start: Start): Span {
  const { verdict, events } = start
  const unit = events.findLastIndex(
    (event) => event.what === 'file-written' && event.path === verdict.arrival.unit,
  )
  const installer = installerBefore(start)
  const last = events[unit]
  if (last?.what !== 'file-written' || (installer !== undefined && events.indexOf(installer) > unit))
    return installer?.at ?? verdict.at
  const hop = last.file.hops.at(-1)
  return (hop === undefined ? undefined : placeIn(analysis, hop, /(?:^|\n)[ \t]*ExecStart=[^\n]*/)) ?? last.at
}
