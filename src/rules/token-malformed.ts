import { isWholeResult } from '../flow/arrival.ts'
import { isPadded } from '../flow/atoms.ts'
import type { Verdict } from '../flow/rehearsal.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { slipOfPassword } from '../token/slips.ts'
import { faultFindings, startsOf } from './common/faults.ts'
import { type Literal, literalsOf } from './common/literals.ts'
import { startHops } from './common/missing.ts'
import { lastPlaceIn, TOKEN_SETTING } from './common/places.ts'

/** What other rules tell of. */
const ELSEWHERE = new Set(['line-break-inside'])

export const tokenMalformed: Rule = {
  id: 'token-malformed',
  severity: 'error',
  summary: 'Join token that K3s reads otherwise',
  why: 'K3s takes a text that begins with K10 apart into the hash of the CA, a user and a password, and any other text for a password as it is. A slip in copying is no error to it: the node just sends another password, or trusts another CA, and is turned away for ever.',
  fix: 'copy the token again from /var/lib/rancher/k3s/server/token of a server',
  see: [
    'https://docs.k3s.io/cli/token',
    'https://github.com/k3s-io/k3s/blob/0566d4571ef8e44fdc87aee1ddf42667256f5e84/pkg/clientaccess/token.go',
  ],
  bad: [
    {
      title: 'a hash that was cut off',
      files: {
        'group_vars/agent.yml': `
harbour_key: K10f00d::server:f3a9c07e51b24d8896cc01d2ab7743fe
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ K3s refuses the token: invalid token CA hash length
`,
        'roles/edge/templates/k3s-agent.env.j2': `
K3S_TOKEN={{ harbour_key }}
`,
      },
    },
    {
      title: 'quotes that belong to the text, and a blank before it',
      files: {
        'k3s-agent.service.env': `
K3S_AGENT_TOKEN=f3a9c07e51b24d8896cc01d2ab7743fe
`,
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: "'f3a9c07e51b24d8896cc01d2ab7743fe'"
        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the quotes around the token are part of it
k3s_agent_token: " f3a9c07e51b24d8896cc01d2ab7743fe"
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ white space or a line break stands around the token: K3s keeps it in K3S_TOKEN and drops it from token files, so that nodes end up with different tokens
`,
      },
    },
    {
      title: 'almost a bootstrap token, of agents and of servers',
      files: {
        'roles/edge/templates/k3s.service.j2': `
[Service]
ExecStart=/usr/local/bin/k3s agent --server https://quay:6443
Environment=K3S_TOKEN=tide7.f3a9c07e51b24d88
                      ^^^^^^^^^^^^^^^^^^^^^^ the token looks like a bootstrap token, but is not six characters of a-z 0-9, a dot and sixteen more, so all of it is a password
`,
        'group_vars/server.yml': `
k3s_token: harbour7.f3a9c07e51b24d88
           ^^^^^^^^^^^^^^^^^^^^^^^^^ the token has nearly the shape of a bootstrap token, but K3s takes it for a password
`,
      },
    },
    {
      title: 'the line break at the end of the file that a server keeps its token in',
      files: {
        'inventory.yml': `
harbour:
  children:
    quays:
      hosts:
        quay:
    berths:
      hosts:
        berth:
`,
        'site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/node-token
      register: anchor
      no_log: true
    - ansible.builtin.set_fact:
        anchor_key: "{{ anchor.content | b64decode }}"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ agents get the token with a line break or white space around it, which K3s takes for a part of it
      no_log: true
- hosts: berths
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://quay:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ hostvars['quay'].anchor_key }}"
`,
      },
    },
    {
      title: 'the same, and the URL of the server in the environment, too',
      files: {
        'inventory.yml': `
harbour:
  children:
    quays:
      hosts:
        quay:
    berths:
      hosts:
        berth:
`,
        'site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.slurp:
      ^^^^^^^^^^^^^^^^^^^^^ agents get the token with a line break that leaves a quote open in the env file: K3S_URL becomes a part of it
        src: /var/lib/rancher/k3s/server/node-token
      register: anchor
      no_log: true
- hosts: berths
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
      no_log: true
      environment:
        K3S_URL: https://quay:6443
        K3S_TOKEN: "{{ hostvars['quay'].anchor.content | b64decode }}"
`,
      },
    },
    {
      title: 'all that a task has returned, and not the part that holds the token',
      files: {
        'inventory.yml': `
harbour:
  children:
    quays:
      hosts:
        quay:
    berths:
      hosts:
        berth-1:
        berth-2:
`,
        'site.yml': `
- hosts: harbour
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
      when: inventory_hostname == 'quay'
    - ansible.builtin.command: cat /var/lib/rancher/k3s/server/node-token
      register: anchor
      no_log: true
      when: inventory_hostname == 'quay'
- hosts: berth-1
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://quay:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ anchor }}"
        ^^^^^^^^^^^^^^^^^^^^^^^^^ the agent berth-1 gets all that a task has returned as the token, written as a dict
- hosts: berth-2
  tasks:
    - ansible.builtin.template:
        src: edge.yaml.j2
        dest: /etc/rancher/k3s/config.yaml
        mode: "0600"
      no_log: true
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
`,
        'templates/edge.yaml.j2': `
server: https://quay:6443
token: {{ hostvars['quay'].anchor }}
^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the agent berth-2 gets all that a task has returned as the token, written as a dict
`,
      },
    },
    {
      title: 'too short for MicroK8s',
      files: {
        'microk8s-config.yaml': `
version: 0.1.0
persistentClusterToken: f3a9c07e51b24d8896cc01d
                        ^^^^^^^^^^^^^^^^^^^^^^^ MicroK8s takes tokens of 32 characters or more
`,
      },
    },
  ],
  good: [
    {
      title: 'the three forms',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: "{{ vault_k3s_token }}"
k3s_bootstrap_token: "{{ vault_bootstrap_token }}"
`,
      },
    },
    {
      title: 'the line break taken off, or in a token file, of which K3s takes it off',
      files: {
        'inventory.yml': `
harbour:
  children:
    quays:
      hosts:
        quay:
    berths:
      hosts:
        berth-1:
        berth-2:
`,
        'site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
    - ansible.builtin.slurp:
        src: /var/lib/rancher/k3s/server/node-token
      register: anchor
      no_log: true
- hosts: berth-1
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://quay:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ hostvars['quay'].anchor.content | b64decode | trim }}"
- hosts: berth-2
  tasks:
    - ansible.builtin.copy:
        content: "{{ hostvars['quay'].anchor.content | b64decode }}"
        dest: /etc/rancher/k3s/berth
        mode: "0600"
      no_log: true
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://quay:6443
      environment:
        K3S_TOKEN_FILE: /etc/rancher/k3s/berth
`,
      },
    },
  ],
  *check(analysis) {
    const literals = literalsOf(analysis)
    const passwords = new Set(literals.filter(isPassword).map(({ text }) => text.reveal()))
    for (const { site, inspection, placeholder, text } of literals) {
      if (placeholder !== undefined || site.retyped !== undefined) continue
      const { form } = inspection
      const slip = passwords.has(text.reveal()) ? slipOfPassword(inspection.slip) : inspection.slip
      const { at } = site
      const secrets = [at]
      const fixture = site.isFixture ? ({ severity: 'notice' } as const) : {}
      if (site.carrier === 'launch-config') {
        if (text.reveal().length < MICROK8S_LENGTH)
          yield {
            at,
            secrets,
            message: MICROK8S,
            cure: 'make one: k3seal token new --kind microk8s',
            ...fixture,
          }
      } else if (form.kind === 'malformed')
        yield { at, secrets, message: `K3s refuses the token: ${form.error}`, ...fixture }
      else if (slip !== undefined && !ELSEWHERE.has(slip.id)) {
        // The line break at the end of a block is another rule's.
        if (slip.id === 'surrounding-white-space' && site.style === 'block') continue
        const severity = slip === inspection.slip ? slip.severity : 'notice'
        yield { at, secrets, message: slip.message, cure: slip.fix, severity, ...fixture }
      }
    }
    yield* padded(analysis)
    yield* wholeResults(analysis)
  },
}

/** Whether a node gets a token with white space around it that the servers' has not, though no file says the token itself. */
export const getsPadded = ({ token, arrival: { token: own } }: Verdict): boolean =>
  token === 'different' &&
  own.text !== undefined &&
  isPadded(own.text) &&
  own.text.marks.some(({ atom }) => atom.text === undefined)

/** Tokens that are read back from a server, as a rule, with the line break that ends the file. */
function* padded(analysis: Analysis): Generator<RuleFinding> {
  const faults = startsOf(analysis)
    .filter(({ verdict }) => getsPadded(verdict))
    .map((start) => {
      const { verdict } = start
      const { text, hops } = verdict.arrival.token
      const unknown = text?.marks.find(({ atom }) => atom.text === undefined)
      const way = unknown === undefined ? [] : analysis.rehearsal.atoms.hops(unknown.atom)
      return { start, at: way.at(-1)?.at ?? verdict.at, hops: [...hops, ...startHops(verdict)] }
    })
  for (const takes of [false, true])
    yield* faultFindings(
      analysis,
      faults.filter(({ start }) => takesUrl(start.verdict) === takes),
      (who, several) =>
        `${who} get${several ? '' : 's'} the token with ${takes ? 'a line break that leaves a quote open in the env file: K3S_URL becomes a part of it' : 'a line break or white space around it, which K3s takes for a part of it'}`,
      { cure: 'take it off where the token is read: {{ … | trim }}' },
    )
}

/** Starts with all that a task has returned: as a text it is a dict of Python. */
function wholeResults(analysis: Analysis): Iterable<RuleFinding> {
  const faults = startsOf(analysis)
    .filter(({ verdict }) => verdict.token !== 'maybe' && isWholeResult(verdict.arrival.token))
    .map((start) => {
      const { verdict } = start
      const { text, hops } = verdict.arrival.token
      const whole = text?.marks.find(({ atom }) => atom.isResult === true)
      const at = lastPlaceIn(analysis, hops, TOKEN_SETTING) ?? whole?.atom.root.hop?.at ?? verdict.at
      return { start, at, hops: [...hops, ...startHops(verdict)] }
    })
  return faultFindings(
    analysis,
    faults,
    (who, several) =>
      `${who} get${several ? '' : 's'} all that a task has returned as the token, written as a dict`,
    {
      cure: 'take the part that holds the token: .stdout of a command, .content | b64decode of slurp; of another host by hostvars',
    },
  )
}

/** Whether a line break in the token leaves a quote open in the env file, so that K3S_URL becomes a part of it. */
export const takesUrl = ({ arrival: { token } }: Verdict): boolean =>
  /\n\s*K3S_URL=/.test(token.text?.text ?? '')

/** Whether servers get the text, or may: they keep it as a password, and take it from whoever sends it. */
const isPassword = ({ site: { use } }: Literal): boolean => use !== 'agent'

// https://github.com/canonical/microk8s/blob/master/scripts/wrappers/add_token.py
const MICROK8S_LENGTH = 32
const MICROK8S = `MicroK8s takes tokens of ${MICROK8S_LENGTH} characters or more`
