import type { Analysis } from '../lint/analysis.ts'
import type { Rule } from '../lint/rule.ts'
import type { Span } from '../span.ts'
import { faultFindings, type Start, startsOf } from './common/faults.ts'
import { installerBefore, isBlamed, missingToken, needsToken, startHops } from './common/missing.ts'
import type { EventOf } from './common/nodes.ts'
import { once } from './common/once.ts'
import { lastPlaceIn, placeIn } from './common/places.ts'
import { taskAt } from './common/tasks.ts'

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

export const tokenVariableWrong: Rule = {
  id: 'token-variable-wrong',
  severity: 'error',
  summary: 'Join token in a variable that K3s does not read',
  why: 'An agent takes its token from K3S_TOKEN, whatever kind of token it is: K3S_AGENT_TOKEN is a setting of servers, and K3S_CLUSTER_SECRET is read no more, nor is --cluster-secret. The install script copies only variables into the env file whose names begin with K3S_. What stands before curl in a pipe is in the environment of curl alone. A name that nobody reads is no fault to anybody.',
  fix: 'call it K3S_TOKEN, and give it to the shell that runs the install script',
  see: [
    'https://docs.k3s.io/quick-start',
    'https://docs.k3s.io/reference/env-variables',
    'https://docs.k3s.io/cli/agent',
  ],
  bad: [
    {
      title: 'the variable of servers on an agent',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  no_log: true
  environment:
    K3S_AGENT_TOKEN: "{{ harbour_key }}"
    ^^^^^^^^^^^^^^^ K3S_AGENT_TOKEN is not read on agents, which have no other token
`,
      },
    },
    {
      title: 'the flag of old releases',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Unit
  ansible.builtin.template:
    src: k3s-agent.service.j2
    dest: /etc/systemd/system/k3s-agent.service
    mode: "0600"
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: started
`,
        'roles/edge/templates/k3s-agent.service.j2': `
[Service]
ExecStart=/usr/local/bin/k3s agent --server https://192.0.2.10:6443 --cluster-secret {{ harbour_key }}
                                                                    ^^^^^^^^^^^^^^^^ --cluster-secret is not read on agents, which have no other token
`,
      },
    },
    {
      title: 'a slip of the pen in an env file',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  environment:
    INSTALL_K3S_SKIP_START: "true"
- name: Write the key
  ansible.builtin.copy:
    content: "K3S_TOKENS={{ harbour_key }}"
              ^^^^^^^^^^ K3S_TOKENS is not read on agents, which have no other token
    dest: /etc/systemd/system/k3s-agent.service.env
    mode: "0600"
  no_log: true
- name: Start
  ansible.builtin.systemd:
    name: k3s-agent
    state: restarted
`,
      },
    },
    {
      title: 'before the program that fetches the install script',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Join
  ansible.builtin.shell: INSTALL_K3S_EXEC=agent K3S_URL=https://192.0.2.10:6443 K3S_TOKEN={{ harbour_key }} curl -sfL https://get.k3s.io | sh -
                                                                                ^^^^^^^^^ K3S_TOKEN is given to curl, not to the shell that runs the install script
  no_log: true
`,
      },
    },
  ],
  good: [
    {
      title: 'before that program, and in the environment of both',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Join
  ansible.builtin.shell: K3S_TOKEN="$HARBOUR_KEY" curl -sfL https://get.k3s.io | sh -s - agent --server https://192.0.2.10:6443
  no_log: true
  environment:
    HARBOUR_KEY: "{{ harbour_key }}"
    K3S_TOKEN: "{{ harbour_key }}"
`,
      },
    },
    {
      title: 'exported before the pipe',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Join
  ansible.builtin.shell: |
    export K3S_TOKEN="$HARBOUR_KEY"
    curl -sfL https://get.k3s.io | sh -s - agent --server https://192.0.2.10:6443
  no_log: true
  environment:
    HARBOUR_KEY: "{{ harbour_key }}"
`,
      },
    },
    {
      title: 'K3S_TOKEN',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  no_log: true
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
    HARBOUR_KEY: "{{ harbour_key }}"
`,
      },
    },
  ],
  *check(analysis) {
    const slips = startsOf(analysis).flatMap((start) => {
      const slip = wrongVariable(analysis, start)
      return slip === undefined || !isBlamed(analysis, start) ? [] : [{ start, ...slip }]
    })
    yield* once(
      slips.flatMap(({ start, name, at, program }) =>
        program === undefined
          ? []
          : {
              at,
              message: `${name} is given to ${program}, not to the shell that runs the install script`,
              hops: missingToken(analysis, start).hops,
              cure: `write the variables before that shell: ${program} … | ${name}=… sh -; or in environment: of the task`,
            },
      ),
    )
    const misnamed = slips.filter(({ program }) => program === undefined)
    for (const name of new Set(misnamed.map((slip) => slip.name)))
      yield* faultFindings(
        analysis,
        misnamed
          .filter((slip) => slip.name === name)
          .map(({ start, at }) => ({ start, at, hops: startHops(start.verdict) })),
        (who) => `${name} is not read on ${who}, which have no other token`,
      )
  },
}

/** Names that are meant for the token of a node: those of other settings are left alone. */
const MEANT = /^(?:K3S_|RKE2_|CLUSTER_|NODE_|JOIN_|SERVER_|AGENT_)*(?:TOKENS?|TOCKEN|TOKN|SECRET)$/i

interface Slip {
  readonly name: string
  readonly at: Span
  /** What gets the variable in place of the install script. */
  readonly program?: string
}

/** A variable with a token in it, of a service that has none in K3S_TOKEN. */
export function wrongVariable(analysis: Analysis, start: Start): Slip | undefined {
  const { verdict, events } = start
  if (verdict.token !== 'absent') return undefined
  const astray = goneAstray(analysis, start)
  if (astray !== undefined || !needsToken(start)) return astray
  for (const { path, exists } of verdict.arrival.reads) {
    if (!exists) continue
    const written = events.findLast(
      (event): event is EventOf<'file-written'> => event.what === 'file-written' && event.path === path,
    )
    if (typeof written?.file.content !== 'string') continue
    for (const line of written.file.content.split('\n')) {
      const name = /^\s*(?:export\s+)?(\w+)=./.exec(line)?.[1]
      if (
        name === undefined ||
        !isWrong(name) ||
        !analysis.rehearsal.atoms.in(line).some((atom) => atom.isFilled)
      )
        continue
      const hop = written.file.hops.findLast((one) => placeIn(analysis, one, named(name)) !== undefined)
      return { name, at: (hop && placeIn(analysis, hop, named(name))) ?? written.at }
    }
  }
  return inEnvironment(analysis, start) ?? inSetting(analysis, start)
}

/** A first server, too, was to have the token that is given: without it, it founds a cluster that nobody else can join. */
function goneAstray(analysis: Analysis, start: Start): Slip | undefined {
  const installer = installerBefore(start)
  if (installer?.astray === undefined) return undefined
  const { at, astray } = installer
  return { ...astray, at: placeIn(analysis, { at, what: '' }, named(astray.name)) ?? at }
}

/** The setting that was the token once, on the command line or in config.yaml. */
function inSetting(analysis: Analysis, { verdict }: Start): Slip | undefined {
  const { carrier, state, hops } = verdict.arrival.clusterSecret
  if (state !== 'present' || (carrier !== 'argv' && carrier !== 'config')) return undefined
  const name = carrier === 'argv' ? '--cluster-secret' : 'cluster-secret'
  return { name, at: lastPlaceIn(analysis, hops, /-{0,2}\bcluster-secret\b/) ?? verdict.at }
}

const named = (name: string): RegExp => new RegExp(`\\b${name}(?==)`)

const isWrong = (name: string): boolean => name !== 'K3S_TOKEN' && MEANT.test(name)

/** Of the task that runs the install script. */
function inEnvironment(analysis: Analysis, start: Start): Slip | undefined {
  const installer = installerBefore(start)
  const node = installer && taskAt(analysis, installer.at)?.task.keywords.get('environment')?.node
  if (node?.kind !== 'map') return undefined
  const entry = node.written.find(({ name }) => isWrong(name))
  return entry && { name: entry.name, at: entry.key.at }
}
