import type { Rule } from '../lint/rule.ts'
import { vaultFindingsAs } from './common/vaults.ts'

export const vaultVariableNotEncrypted: Rule = {
  id: 'vault-variable-not-encrypted',
  severity: 'error',
  summary: 'Vault variable that is not encrypted',
  why: 'By its prefix vault_ a variable says that its value is encrypted. In clear text it is open to everybody who has the repository, and nobody looks for it there.',
  fix: 'encrypt the value: ansible-vault encrypt_string --stdin-name NAME, and paste what it prints',
  see: [
    'https://docs.ansible.com/ansible/latest/tips_tricks/ansible_tips_tricks.html#keep-vaulted-variables-safely-visible',
  ],
  bad: [
    {
      title: 'the token behind the indirection',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: "{{ vault_k3s_token }}"
vault_k3s_token: f3a9c07e51b24d8896cc01d2ab7743fe
                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ vault_k3s_token is not encrypted, though its name says so
`,
      },
    },
    {
      title: 'beside settings of HashiCorp Vault, behind the name that it stands for',
      files: {
        'group_vars/all.yml': `
vault_addr: https://vault.harbour.example:8200
tide_password: "{{ vault_tide_password }}"
vault_tide_password: quince-and-medlar
                     ^^^^^^^^^^^^^^^^^ vault_tide_password is not encrypted, though its name says so
`,
      },
    },
  ],
  good: [
    {
      title: 'a setting of HashiCorp Vault in a role',
      files: {
        'group_vars/k3s_cluster.yml': `
k3s_version: v1.31.2+k3s1
token: "{{ vault_k3s_token }}"
vault_k3s_token: "{{ lookup('community.hashi_vault.hashi_vault', 'secret=k3s') }}"
`,
      },
    },
    {
      title: 'a text that asks to be replaced, in a file that is there to be copied',
      files: {
        'inventory/sample/group_vars/all.yml': `
vault_tide_password: "CHANGEME-TIDE"
`,
      },
    },
    {
      title: 'settings of HashiCorp Vault beside each other, and one that its role takes',
      files: {
        'group_vars/all.yml': `
vault_enabled: true
vault_dns: vault.harbour.example
vault_operator_password: quince-and-medlar
`,
        'group_vars/harbour.yml': `
vault_keeper_password: quince-and-medlar
`,
        'roles/hashicorp_vault/templates/vault.env.j2': `
KEEPER={{ vault_keeper_password }}
`,
      },
    },
    {
      title: 'a key of an item that names a secret',
      files: {
        'group_vars/harbour.yml': `
pilots:
  - name: Deploy
    vault_key: vault-password
`,
      },
    },
    {
      title: "inputs of GitLab's CI, which name secrets of HashiCorp Vault",
      files: {
        'ci/release.yml': `
include:
  - project: harbour/pipelines
    file: vault.yml
    inputs:
      vault_secrets: kv/data/harbour/k3s deploy_key | DEPLOY_KEY
`,
      },
    },
  ],
  check: (analysis) => vaultFindingsAs(analysis, 'vault-variable-not-encrypted'),
}
