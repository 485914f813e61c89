import { isWholeResult } from '../flow/arrival.ts'
import type { Verdict } from '../flow/rehearsal.ts'
import { makerOf } from '../flow/rehearse/call.ts'
import { KEPT, serverDirOf } from '../flow/rehearse/modules/files.ts'
import { unique } from '../flow/rehearse/modules/generated.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import type { Span } from '../span.ts'
import { parseToken } from '../token/form.ts'
import { type Fault, faultFindings, isFresh, type Start, startsOf } from './common/faults.ts'
import { isStandIn } from './common/literals.ts'
import { startHops } from './common/missing.ts'
import { type PlacedTask, tasksOf } from './common/tasks.ts'
import { getsPadded } from './token-malformed.ts'

const SITE = `
- hosts: harbour
  become: true
  roles:
    - edge
`
const HARBOUR = `
harbour:
  hosts:
    quay-1:
`
const TASKS = `
- name: Install
  ansible.builtin.command: "/usr/local/bin/k3s-install.sh {{ 'server' if inventory_hostname == 'quay-1' else 'agent' }}"
  no_log: true
  environment:
    K3S_URL: "{{ '' if inventory_hostname == 'quay-1' else 'https://192.0.2.11:6443' }}"
    K3S_TOKEN: "{{ harbour_key }}"
`

export const tokensDiffer: Rule = {
  id: 'tokens-differ',
  severity: 'error',
  summary: 'Nodes of one cluster get different join tokens',
  why: 'A server lets in who shows the token that it was started with. Another one is refused with "401 Unauthorized"; a joining server stops with "bootstrap data already found and encrypted with different token". A server that the run before has started stops like that, too, where the next one gives it a token that was made anew. Agents may use another one only where the servers are told it with --agent-token.',
  fix: 'give all nodes the same token, or the servers an agent token and the agents that one',
  see: ['https://docs.k3s.io/cli/token', 'https://docs.k3s.io/cli/server'],
  bad: [
    {
      title: 'a token of its own for one host',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay-1:
      harbour_key: 4f1c90a6d2e84b7fb3a5c8e1d7f60b29
    quay-2:
      harbour_key: b81e07c35d9f4a62a4c1f3d8e6025b97
                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ agents get another token than the first server
`,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': TASKS,
      },
    },
    {
      title: 'one for all but the first server, for which K3s makes another one',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay-1:
    quay-2:
  vars:
    harbour_key: 4f1c90a6d2e84b7fb3a5c8e1d7f60b29
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ agents get another token than the first server, which gets none and has one of its own
`,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': TASKS.replace(
          '{{ harbour_key }}',
          "{{ '' if inventory_hostname == 'quay-1' else harbour_key }}",
        ),
      },
    },
    {
      title: 'one that each run makes anew',
      files: {
        'inventory.yml': HARBOUR,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - ansible.builtin.command: openssl rand -hex 32
      ^^^^^^^^^^^^^^^^^^^^^^^ first servers get another token than in the run before
      register: beacon
      run_once: true
      no_log: true
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
      no_log: true
      environment:
        K3S_URL: "{{ '' if inventory_hostname == 'quay-1' else 'https://192.0.2.11:6443' }}"
        K3S_TOKEN: "{{ beacon.stdout }}"
`,
      },
    },
    {
      title: 'one that is put where K3s keeps its own, and is not read from there',
      files: {
        'inventory.yml': HARBOUR,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.copy:
      ^^^^^^^^^^^^^^^^^^^^ first servers get another token than the one that is written to /var/lib/rancher/k3s/server/token: K3s makes its own, and reads it from cred/passwd
        content: "{{ lookup('env', 'HARBOUR_KEY') }}"
        dest: /var/lib/rancher/k3s/server/token
        mode: "0600"
      diff: false
      no_log: true
    - ansible.builtin.service:
        name: k3s
        state: restarted
`,
      },
    },
  ],
  good: [
    {
      title: 'a copy of the token that K3s has made, put where it was',
      files: {
        'inventory.yml': HARBOUR,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/token
      register: beacon
      no_log: true
    - ansible.builtin.copy:
        content: "{{ beacon.content | b64decode }}"
        dest: /var/lib/rancher/k3s/server/token
        mode: "0600"
      diff: false
      no_log: true
`,
      },
    },
    {
      title: 'one for all',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay-1:
    quay-2:
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': SITE,
        'roles/edge/tasks/main.yml': TASKS,
      },
    },
    {
      title: 'made by the first run, and kept in a file for all that follow',
      files: {
        'inventory.yml': HARBOUR,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
      no_log: true
      environment:
        K3S_TOKEN: "{{ lookup('password', 'credentials/beacon length=64 chars=ascii_letters,digits') }}"
`,
      },
    },
  ],
  *check(analysis) {
    const faults = ownStarts(analysis)
      .filter(
        ({ verdict }) =>
          verdict.token === 'different' && (verdict.scenario.tokenGiven !== false || isMadeAnew(verdict)),
      )
      .filter(({ verdict }) => !getsPadded(verdict) && !isWholeResult(verdict.arrival.token))
      .filter(({ verdict }) => withoutToken(verdict) === undefined || !mayBeOfServer(verdict))
      // That one of them is written as ciphertext is another rule's.
      .filter(
        (start) =>
          !hasCiphertext(start.verdict.arrival) && !servers(start.verdict.playbook).some(hasCiphertext),
      )
      .map((start) => {
        const { verdict } = start
        const { hops } = verdict.arrival.token
        const unasked = withoutToken(verdict)
        const before = unasked === undefined ? [] : [{ at: unasked.at, what: MAKES_ONE }]
        return { start, at: hops[0]?.at ?? verdict.at, hops: [...before, ...hops, ...startHops(verdict)] }
      })
    const isRenewed = ({ start }: Fault): boolean => start.verdict.isRenewed === true
    const told = (some: readonly Fault[], than: string, more: Partial<RuleFinding> = {}) =>
      faultFindings(
        analysis,
        some,
        (who, several) => `${who} get${several ? '' : 's'} another token than ${than}`,
        more,
      )
    yield* told(faults.filter(isRenewed), 'in the run before', { cure: MAKE_ONCE })
    const others = faults.filter((fault) => !isRenewed(fault))
    const hasMadeOne = ({ start }: Fault): boolean => withoutToken(start.verdict) !== undefined
    for (const finding of [
      ...told(
        others.filter((fault) => !hasMadeOne(fault)),
        'the first server',
      ),
      ...told(others.filter(hasMadeOne), 'the first server, which gets none and has one of its own', {
        cure: 'give the first server that one, too; or read back what K3s has made there, and give it to all others',
      }),
    ])
      yield isWritten(analysis, finding.at) ? { ...finding, secrets: [finding.at] } : finding
    const placed = placedTokens(analysis)
    for (const path of new Set(placed.map((fault) => fault.path)))
      yield* told(
        placed.filter((fault) => fault.path === path),
        `the one that is written to ${path}: K3s makes its own, and reads it from ${KEPT.slice(1)}`,
        {
          cure: 'give it to the server before it starts the first time: token: in config.yaml, or K3S_TOKEN in the environment of the install script',
        },
      )

    /** The start of the first server, where nothing gives it a token. */
    function withoutToken({ playbook, scenario }: Verdict): Verdict | undefined {
      const starts = startsOf(analysis).flatMap(({ verdict }) =>
        verdict.playbook === playbook && verdict.scenario === scenario && verdict.kind === 'first-server'
          ? verdict
          : [],
      )
      return starts.every(({ token }) => NONE.has(token)) ? starts[0] : undefined
    }

    function servers(playbook: string) {
      return startsOf(analysis).flatMap(({ verdict }) =>
        verdict.playbook === playbook && verdict.kind === 'first-server' ? verdict.arrival : [],
      )
    }
  },
}

/** Those of hosts that are there: what another one will be told, its users may still say. */
const ownStarts = (analysis: Analysis): readonly Start[] =>
  startsOf(analysis).filter(({ verdict }) => verdict.isAssumed !== true)

interface Placed extends Fault {
  readonly path: string
}

/**
 * Tokens that tasks write where a founding server keeps its own, though it is given none: K3s goes on with the one that it has
 * made, and with another one in that file only embedded etcd starts again.
 */
function placedTokens(analysis: Analysis): readonly Placed[] {
  const { atoms } = analysis.rehearsal
  return ownStarts(analysis).flatMap((start): Placed[] => {
    const { kind, token, arrival, scenario, at } = start.verdict
    if (kind !== 'first-server' || token !== 'absent' || !isFresh(scenario)) return []
    if (arrival.externalDatastore !== false) return []
    const directory = serverDirOf(arrival)
    const path = `${directory}/token`
    // A whole directory that is put back is the server's own, and so is the token of a snapshot.
    const isBack = start.all.some(
      (event) => event.what === 'file-written' && event.path === `${directory}${KEPT}`,
    )
    if (isBack || [...tasksOf(analysis)].some((task) => restores(analysis, task))) return []
    const written = start.all.findLast((event) => event.what === 'file-written' && event.path === path)
    if (written?.what !== 'file-written') return []
    const { content, hops } = written.file
    if (typeof content !== 'string' || content.trim() === '') return []
    if (atoms.in(content).some((atom) => makerOf(atom) !== undefined)) return []
    return [{ start, path, at: written.at, hops: [...hops, { at, what: OF_ITS_OWN }] }]
  })
}

const OF_ITS_OWN = 'starts the first server without a token, so that it has one of its own'

const restores = ({ content }: Analysis, { task: { at } }: PlacedTask): boolean =>
  /\bcluster-reset\b/.test(content.text(at.path)?.slice(at.start, at.end) ?? '')

/** Whether it is a full token, which only a running server has made, or a text that the token is still to take the place of. */
function mayBeOfServer({ arrival: { token } }: Verdict): boolean {
  const { text, marks } = token.text ?? { text: '', marks: [] }
  if (marks.some(({ atom }) => atom.text === undefined)) return false
  return isStandIn(text) || isSecureToken(text)
}

/** `K10<hash of its CA>::…` */
function isSecureToken(text: string): boolean {
  const form = parseToken(text)
  return form.kind === 'secure' && form.caHash !== undefined && form.caHash !== ''
}

const NONE: ReadonlySet<Verdict['token']> = new Set(['absent', 'empty'])
const MAKES_ONE = 'starts the first server without a token, so that K3s makes one'

const MAKE_ONCE =
  "make it once, and keep it: in the inventory, in a file that lookup('password', …) names, or read it back from the server"

/** Whether the project makes each node a token where the user gives none. */
const isMadeAnew = ({ arrival: { token } }: Verdict): boolean =>
  token.text?.marks.some(({ atom: { root } }) => unique.has(root.what)) === true

/** Whether a token itself stands there, and not the task that makes it. */
function isWritten({ rehearsal }: Analysis, { path, start }: Span): boolean {
  for (const { kind, hop } of rehearsal.tokens)
    if (kind === 'literal' && hop?.at.path === path && hop.at.start === start) return true
  return false
}

function hasCiphertext({ token, agentToken }: import('../flow/arrival.ts').Arrival): boolean {
  return [token, agentToken].some(
    ({ text }) => text?.marks.some(({ atom }) => atom.isCiphertext === true) === true,
  )
}
