import type { Carried } from '../flow/arrival.ts'
import type { Rule } from '../lint/rule.ts'
import { faultFindings, startsOf } from './common/faults.ts'
import { startHops } from './common/missing.ts'
import { lastPlaceIn } from './common/places.ts'

const INVENTORY = `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`
const INSTALL = `
- name: Install
  ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.10:6443
  no_log: true
  environment:
    K3S_TOKEN: "{{ harbour_key }}"
`

export const tokenMaskedByConfig: Rule = {
  id: 'token-masked-by-config',
  severity: 'error',
  summary: 'Empty token in the settings hides the join token',
  why: 'K3s takes config.yaml before the environment. A token: "" there counts as a token that is given, and empty: K3S_TOKEN of the env file is not looked at any more.',
  fix: 'leave token: out of config.yaml, or give it the token there',
  see: ['https://docs.k3s.io/installation/configuration', 'https://docs.k3s.io/cli/agent'],
  bad: [
    {
      title: 'an empty token in config.yaml',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/templates/config.yaml.j2': `
node-label: [quay=north]
token: ""
^^^^^^^^^ the empty token here hides the one that agents get by an env file
`,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.template:
    src: config.yaml.j2
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
${INSTALL}`,
      },
    },
  ],
  good: [
    {
      title: 'settings without a token',
      files: {
        'inventory.yml': INVENTORY,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/templates/config.yaml.j2': `
node-label: [quay=north]
`,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.template:
    src: config.yaml.j2
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
${INSTALL}`,
      },
    },
  ],
  *check(analysis) {
    const faults = startsOf(analysis)
      .filter(({ verdict }) => verdict.token === 'empty' && verdict.source === 'config')
      .flatMap((start) => {
        const { verdict } = start
        const { token } = verdict.arrival
        const hidden = hiddenBy(token)
        if (hidden === undefined) return []
        const place = lastPlaceIn(analysis, token.hops, /(?:^|[\n{,])[ \t]*["']?token["']?[ \t]*:[^\n]*/)
        return [
          {
            start,
            at: place ?? token.hops.at(-1)?.at ?? verdict.at,
            hops: [...hidden.hops, ...token.hops, ...startHops(verdict)],
          },
        ]
      })
    yield* faultFindings(
      analysis,
      faults,
      (who, several) =>
        `the empty token here hides the one that ${who} get${several ? '' : 's'} by an env file`,
    )
  },
}

function hiddenBy({ masked }: Carried): Carried['masked'][number] | undefined {
  return masked.find(({ state, carrier }) => state === 'present' && carrier !== 'config')
}
