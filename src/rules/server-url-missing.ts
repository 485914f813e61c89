import type { Atom } from '../flow/atoms.ts'
import { names } from '../flow/names.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { Rule } from '../lint/rule.ts'
import type { Span } from '../span.ts'
import { faultFindings, isFresh, isInvented, type Start, startsOf } from './common/faults.ts'
import { isStandIn } from './common/literals.ts'
import { installerBefore, skippedWriter, startHops } from './common/missing.ts'
import { nodeRunsOf } from './common/nodes.ts'
import { ownClusters } from './common/ownClusters.ts'
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
    {
      title: 'servers of one group that each make a token, where the agents have that of one',
      files: {
        'inventory.yml': `
lighthouses:
  hosts:
    beacon-1:
    beacon-2:
boats:
  hosts:
    boat:
`,
        'site.yml': `
- hosts: lighthouses
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
      ^^^^^^^^^^^^^^^^^^^^^^^ beacon-2 starts without the URL of a server: all nodes that join have the token of beacon-1
    - ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/node-token
      register: light
      no_log: true
- hosts: boats
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
      no_log: true
      environment:
        K3S_URL: https://beacon-1:6443
        K3S_TOKEN: "{{ hostvars[groups['lighthouses'][0]].light.content | b64decode | trim }}"
`,
      },
    },
  ],
  good: [
    {
      title: 'as many clusters as servers, each with an agent',
      files: {
        'inventory.yml': `
lighthouses:
  hosts:
    beacon-1:
    beacon-2:
boats:
  hosts:
    boat-1:
      light_of: beacon-1
    boat-2:
      light_of: beacon-2
`,
        'site.yml': `
- hosts: lighthouses
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/node-token
      register: light
      no_log: true
- hosts: boats
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
      no_log: true
      environment:
        K3S_URL: "https://{{ light_of }}:6443"
        K3S_TOKEN: "{{ hostvars[light_of].light.content | b64decode | trim }}"
`,
      },
    },
    {
      title: 'a server alone, in a group of its own, beside a cluster',
      files: {
        'inventory.yml': `
lighthouses:
  hosts:
    beacon:
piers:
  hosts:
    pier:
boats:
  hosts:
    boat:
`,
        'site.yml': `
- hosts: lighthouses:piers
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/node-token
      register: light
      no_log: true
- hosts: boats
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
      no_log: true
      environment:
        K3S_URL: https://beacon:6443
        K3S_TOKEN: "{{ hostvars[groups['lighthouses'][0]].light.content | b64decode | trim }}"
`,
      },
    },
    {
      title: 'a server with a token of its own beside a cluster',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    lighthouse:
    quay:
    pier:
`,
        'site.yml': `
- hosts: lighthouse
  roles:
    - role: edge
      vars:
        harbour_key: "{{ vault_lighthouse_key }}"
- hosts: quay
  roles:
    - role: edge
      vars:
        harbour_key: "{{ vault_harbour_key }}"
        harbour_options: --cluster-init
- hosts: pier
  roles:
    - role: edge
      vars:
        harbour_key: "{{ vault_harbour_key }}"
        harbour_options: --server https://quay:6443
`,
        'group_vars/harbour.yml': `
vault_lighthouse_key: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  63363936323733323532316433646138336364623761376165386132643930626165633432666637
  3239653431376466363738346464646263316337613661320a666561633031356539656534346332
  62356566313930633161303863653731326364643136336562643131383766653132336565663435
  3031346264313833340a326564626434666236306137356464313333633363643139313433396632
  61626534613962316666623961393364363339353337633162636465333164333762
vault_harbour_key: !vault |
  $ANSIBLE_VAULT;1.1;AES256
  65373433653131636162666339653661363330356661356263356233613165353161346164363461
  6362643832303064343736366264373938363163613036390a666361393461316364376530613638
  61333635396562373737656132393939396233366532613836383963353662663836333936386266
  6666623535656263330a666435333332396632656234356564336533623036643536326630656163
  61303333333634316463643233316334356333313063343337623233316639643365
`,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh server {{ harbour_options | default('') }}
  no_log: true
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
`,
      },
    },
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
    const told = new Set<string>()
    for (const { start, hosts, joined } of ownClusters(analysis)) {
      const at = placeOf(analysis, start)
      const message = `${names(hosts)} start${hosts.length === 1 ? 's' : ''} without the URL of a server: all nodes that join have the token of ${joined}`
      const key = `${at.path}:${at.start} ${message}`
      if (told.has(key)) continue
      told.add(key)
      yield {
        at,
        message,
        hops: startHops(start.verdict),
        cure: `start ${joined} first, with --cluster-init, and all other servers with --server and its token`,
      }
    }
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
    sharesToken(analysis, start) ??
    startsOf(analysis).some(
      ({ verdict }) => verdict.playbook === playbook && verdict.kind === kind && verdict.serverUrl === true,
    )
  )
}

/** Whether a server has the token of the first, as far as anyone can tell. `undefined`: it has none, or a sample. */
function sharesToken(analysis: Analysis, { verdict }: Start): boolean | undefined {
  const { token, arrival, scenario } = verdict
  const { text, doubtful } = arrival.token
  const mine = rootsOf(verdict)
  const firsts = startsOf(analysis).flatMap(({ verdict: other }) =>
    other.kind === 'first-server' && other.scenario === scenario ? rootsOf(other) : [],
  )
  // Of one that nobody can read it is known that both have the same.
  if (token === 'maybe' && doubtful !== undefined)
    return mine.some((root) => firsts.includes(root)) ? true : undefined
  if (token !== 'present') return undefined
  if (text === undefined) return true
  const isFrom = (isSame: (mine: Atom, first: Atom) => boolean): boolean =>
    mine.some((root) => firsts.some((first) => isSame(root, first)))
  if (isFrom((root, first) => root === first)) return true
  if (isStandIn(text.text)) return undefined
  if (isFrom((root, first) => root.text !== undefined && root.text === first.text)) return true
  return firsts.length === 0 || ![...mine, ...firsts].every(isGiven)
}

const rootsOf = ({ arrival: { token } }: Start['verdict']): readonly Atom[] =>
  (token.text ?? token.doubtful)?.marks.map(({ atom }) => atom.root) ?? []

/** Two that are given in two places are two tokens; what a server made, or a task reads, may be the other one. */
const isGiven = ({ kind }: Atom): boolean => kind === 'literal' || kind === 'vaulted' || kind === 'scenario'

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
