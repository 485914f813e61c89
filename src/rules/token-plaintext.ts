import { isFixture } from '../flow/sites/places.ts'
import type { SiteCarrier } from '../flow/tokenSites.ts'
import type { Analysis } from '../lint/analysis.ts'
import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { writtenTokens } from '../token/written.ts'
import { isOverruled, overruled } from './common/defaults.ts'
import { isStandIn, isToCopy, literalsOf } from './common/literals.ts'
import { vaultFindingsOf } from './common/vaults.ts'

const PLACES: Readonly<Record<SiteCarrier, string>> = {
  variable: 'the join token is written out in a file that git takes',
  config: 'the join token is written out in a config file that git takes',
  'env-file': 'the join token is written out in an environment file that git takes',
  unit: 'the join token is written out in a unit that git takes',
  shell: 'the join token is written out in a script that git takes',
  environment: 'the join token is written out in a file that git takes',
  argument: 'the join token is written out in a command line that git takes',
  'extra-vars': 'the join token is written out in a command line that git takes',
  'launch-config': 'the join token is written out in a launch configuration that git takes',
  'token-file': 'the join token is written out in a file that git takes',
}

/** Whether a token in a file to be copied is one that somebody uses the file does not say. */
const toCopy = {
  severity: 'warning',
  cure: 'put a text there that asks to be replaced, such as CHANGE_ME; if a cluster has this token, make it a new one',
} as const

export const tokenPlaintext: Rule = {
  id: 'token-plaintext',
  severity: 'error',
  summary: 'Join token in clear text',
  why: 'What git has taken once stays in its history, and everybody who ever gets a copy of the repository can read it. Whoever has the join token can add a server to the cluster, and is its administrator.',
  fix: 'make a new token, encrypt it (ansible-vault encrypt_string, or k3seal init), and take it from there; the old one is known to the history',
  see: [
    'https://docs.ansible.com/ansible/latest/vault_guide/vault_encrypting_content.html',
    'https://docs.k3s.io/cli/token',
  ],
  bad: [
    {
      title: 'in an inventory',
      files: {
        'inventory.ini': `
[server]
quay

[server:vars]
k3s_version=v1.31.2+k3s1
token=f3a9c07e51b24d8896cc01d2ab7743fe
      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the join token is written out in a file that git takes
`,
      },
    },
    {
      title: 'under a name that only the flow tells',
      files: {
        'host_vars/quay.yml': `
harbour_key: 'f3a9c07e51b24d8896cc01d2ab7743fe'
              ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the join token is written out in a file that git takes
`,
        'roles/edge/tasks/main.yml': `
- name: Write the environment
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    line: "K3S_TOKEN={{ harbour_key }}"
    mode: "0600"
  no_log: true
`,
      },
    },
    {
      title: 'in a config file of K3s',
      files: {
        'files/k3s/config.yaml': `
server: https://quay:6443
token: f3a9c07e51b24d8896cc01d2ab7743fe
       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the join token is written out in a config file that git takes
`,
      },
    },
    {
      title: 'behind an escape of YAML',
      files: {
        'site.yml': `
- hosts: quay
  tasks:
    - ansible.builtin.copy:
        dest: /etc/rancher/k3s/k3s.env
        content: "K3S_URL=https://quay:6443\\nK3S_TOKEN=f3a9c07e51b24d8896cc01d2ab7743fe\\n"
                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the join token is written out in an environment file that git takes
        mode: '0600'
      no_log: true
`,
      },
    },
    {
      title: 'in options that a mapping holds',
      files: {
        'roles/edge/vars/main.yml': `
berth:
  words: "--token f3a9c07e51b24d8896cc01d2ab7743fe"
                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the join token is written out in a command line that git takes
`,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh
  environment:
    INSTALL_K3S_EXEC: server {{ berth.words }}
  no_log: true
`,
      },
    },
    {
      title: 'in a script',
      files: {
        'join.sh': `
#!/bin/sh
curl -sfL https://get.k3s.io | K3S_URL=https://quay:6443 K3S_TOKEN=f3a9c07e51b24d8896cc01d2ab7743fe sh -
                                                                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the join token is written out in a script that git takes
`,
      },
    },
    {
      title: 'as K3s writes it, in notes',
      files: {
        'notes/quay.md': `
The cluster in the harbour:

    K105f2c9e0b7a4d18365f2c9e0b7a4d18365f2c9e0b7a4d18365f2c9e0b7a4d1836::server:39b0ff389b80305f56aa2a4b7d7b4fb3
    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ a join token as K3s writes it stands in a file that git takes
`,
      },
    },
  ],
  good: [
    {
      title: 'how a token looks',
      files: {
        'notes/quay.md': `
It looks like K100123012301230123012301230123012301230123012301230123012301230123::server:39b0ff389b80305f56aa2a4b7d7b4fb3,
or like K105f2c9e0b7a4d18365f2c9e0b7a4d18365f2c9e0b7a4d18365f2c9e0b7a4d1836::server:your-token.
`,
      },
    },
    {
      title: 'vaulted, or sealed with SOPS',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
k3s_agent_token: ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]
`,
      },
    },
    {
      title: 'a script that takes it from its environment',
      files: {
        'join.sh': `
#!/bin/sh
curl -sfL https://get.k3s.io | K3S_URL=https://quay:6443 K3S_TOKEN="$HARBOUR_KEY" sh -
`,
        '.github/workflows/deploy.yml': `
jobs:
  deploy:
    env:
      K3S_TOKEN: \${{ secrets.K3S_TOKEN }}
      GITHUB_TOKEN: \${{ secrets.GITHUB_TOKEN }}
`,
      },
    },
    {
      title: 'a made-up value for check mode',
      files: {
        'roles/edge/tasks/main.yml': `
- name: Stand in for the token
  ansible.builtin.set_fact:
    harbour_key: not there in check mode
  when: ansible_check_mode
- name: Write the environment
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    line: "K3S_TOKEN={{ harbour_key }}"
    mode: "0600"
  no_log: true
`,
      },
    },
  ],
  *check(analysis) {
    const vaults = new Set(vaultFindingsOf(analysis).map(({ at }) => `${at.path}:${at.start}`))
    for (const { site, placeholder, isToCopy: toBeCopied } of literalsOf(analysis)) {
      const { at, carrier, isFixture, style } = site
      const quote = style === 'single' || style === 'double' ? 1 : 0
      // A file that is named a vault is told of as such.
      if (placeholder !== undefined || !analysis.isTaken(at.path)) continue
      if (vaults.has(`${at.path}:${at.start - quote}`)) continue
      if (carrier === 'variable' && isOverruled(analysis, site)) {
        yield {
          at,
          message: `a token is written out as a default of ${site.name}: no node here gets it, but one for which nobody sets another would`,
          secrets: [at],
          ...overruled,
        }
        continue
      }
      yield {
        at,
        message: PLACES[carrier],
        secrets: [at],
        ...(isFixture ? { severity: 'notice' } : toBeCopied ? toCopy : {}),
      }
    }
    yield* written(analysis)
  },
}

/** Tokens as K3s writes them, wherever they stand: in notes, comments and what tasks have fetched. */
function* written(analysis: Analysis): Generator<RuleFinding> {
  const told = literalsOf(analysis).map(({ site }) => site.at)
  for (const [path, text] of analysis.project)
    for (const { start, end, password } of writtenTokens(text)) {
      const isTold = told.some((at) => at.path === path && at.start < end && at.end > start)
      if (isTold || isStandIn(password) || !analysis.isTaken(path)) continue
      const at = { path, start, end }
      yield {
        at,
        message: 'a join token as K3s writes it stands in a file that git takes',
        secrets: [at],
        ...(isFixture(path) ? { severity: 'notice' } : isToCopy(analysis, path) ? toCopy : {}),
      }
    }
}
