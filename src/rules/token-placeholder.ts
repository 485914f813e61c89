import { hasAnsible } from '../lint/relevance.ts'
import type { Rule } from '../lint/rule.ts'
import { idle, isIdle, isOverruled, overruled } from './common/defaults.ts'
import { literalsOf } from './common/literals.ts'
import { refusalOf } from './common/refusals.ts'

const SENTINEL = {
  severity: 'warning',
  cure: 'leave the variable undefined or empty there, and stop the play with assert or fail before a node gets it',
} as const

/** Without Ansible there is no vault to keep it in. */
const OF_SCRIPTS = {
  cure: 'make a token with k3seal token new, and put it into a file of mode 0600 on the node, named by K3S_TOKEN_FILE',
} as const

export const tokenPlaceholder: Rule = {
  id: 'token-placeholder',
  severity: 'error',
  summary: 'Sample token in use',
  why: 'Manuals, sample inventories and test suites print tokens such as changeme. Whoever knows the join token of a cluster can add a server to it and is its administrator, and a printed token is what everybody tries first.',
  fix: 'make a token with k3seal token new, and keep it in a vault: k3seal init does both',
  see: [
    'https://docs.k3s.io/cli/token',
    'https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/inventory-sample.yml',
  ],
  bad: [
    {
      title: 'the token of a sample inventory',
      files: {
        'inventory.yml': `
k3s_cluster:
  children:
    server:
      hosts:
        quay:
  vars:
    k3s_version: v1.31.2+k3s1
    token: "changeme!"
            ^^^^^^^^^ everybody can read this token at https://github.com/k3s-io/k3s-ansible/blob/281554e2522ab370014526ad734e0ec53b023e7c/inventory-sample.yml
`,
      },
    },
    {
      title: 'a blank to fill in, under a name that only the flow tells',
      files: {
        'group_vars/harbour.yml': `
harbour_key: <your secret here>
             ^^^^^^^^^^^^^^^^^^ a text that asks to be replaced stands where the token belongs
`,
        'roles/edge/templates/k3s.env.j2': `
K3S_TOKEN={{ harbour_key }}
`,
      },
    },
    {
      title: 'a default that stands in for a token that nobody gave',
      files: {
        'roles/edge/tasks/main.yml': `
- name: Join
  ansible.builtin.command: /usr/local/bin/k3s-install.sh
  environment:
    K3S_URL: https://quay:6443
    K3S_TOKEN: "{{ harbour_key | default('mysupersecuretoken') }}"
                                          ^^^^^^^^^^^^^^^^^^ a sample stands where the token belongs, and everybody can guess it
`,
      },
    },
    {
      title: 'a default that never comes, as the environment gives an empty text where it gives none',
      files: {
        'group_vars/harbour.yml': `
k3s_token: "{{ lookup('env', 'K3S_TOKEN') | default('your-secure-token') }}"
                                                     ^^^^^^^^^^^^^^^^^ a text that asks to be replaced stands where the token belongs
`,
      },
    },
    {
      title: 'a text for the case that there is no token, and one with a run of x',
      files: {
        'roles/edge/tasks/main.yml': `
- name: Read
  ansible.builtin.slurp:
    src: /var/lib/rancher/k3s/server/node-token
  register: anchor
  no_log: true
- name: Keep
  ansible.builtin.set_fact:
    k3s_token: "{{ anchor.content | b64decode | trim if anchor.content is defined else 'not-found' }}"
                                                                                        ^^^^^^^^^ this text says that there is no token, but K3s takes it for one
  no_log: true
`,
        'group_vars/server.yml': `
k3s_token: HARBOUR-xxxxxxxxxx
           ^^^^^^^^^^^^^^^^^^ a text that asks to be replaced stands where the token belongs
`,
      },
    },
  ],
  good: [
    {
      title: 'a token from a vault',
      files: {
        'group_vars/k3s_cluster/k3s.yml': `
k3s_version: v1.31.2+k3s1
token: "{{ vault_k3s_token }}"
`,
      },
    },
    {
      title: 'a token that is fetched when the play runs',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: "{{ lookup('ansible.builtin.env', 'HARBOUR_KEY') }}"
`,
      },
    },
    {
      title: 'tokens of other software',
      files: {
        'roles/tunnel/tasks/main.yml': `
- name: Start the tunnel
  ansible.builtin.command: cloudflared tunnel run --token changeme
- name: Ask the API
  ansible.builtin.uri:
    url: https://quay/api
    headers:
      token: changeme
`,
        'roles/tunnel/defaults/main.yml': `
token: changeme
`,
      },
    },
  ],
  *check(analysis) {
    const isOfAnsible = hasAnsible(analysis.project)
    for (const { site, text, placeholder, isSentinel, isToCopy } of literalsOf(analysis))
      if (placeholder !== undefined) {
        const refusal =
          site.carrier === 'variable' ? refusalOf(analysis, site.name, text.reveal()) : undefined
        yield {
          at: site.at,
          message: refusal === undefined ? placeholder : `${placeholder}, and the play refuses it`,
          secrets: [site.at],
          ...(refusal === undefined
            ? {}
            : { hops: [{ at: refusal, what: 'ends the play where it is that text' }] }),
          ...(site.isFixture || refusal !== undefined
            ? { severity: 'notice' }
            : site.carrier === 'variable' && isOverruled(analysis, site)
              ? overruled
              : isIdle(analysis, site.at)
                ? idle
                : isToCopy
                  ? { severity: 'notice', cure: 'who copies this file must put a token of their own there' }
                  : isSentinel
                    ? SENTINEL
                    : isOfAnsible
                      ? {}
                      : OF_SCRIPTS),
        }
      }
  },
}
