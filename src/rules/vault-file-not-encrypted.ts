import type { Rule } from '../lint/rule.ts'
import { vaultFindingsAs } from './common/vaults.ts'

export const vaultFileNotEncrypted: Rule = {
  id: 'vault-file-not-encrypted',
  severity: 'error',
  summary: 'Vault file that is not encrypted',
  why: 'A file called vault.yml is where a project keeps its secrets, and everybody takes it for encrypted. After ansible-vault decrypt it is not, and git takes it like any other file.',
  fix: 'encrypt the file: ansible-vault encrypt FILE; or move the value to a file of another name if it is no secret',
  see: [
    'https://docs.ansible.com/ansible/latest/tips_tricks/ansible_tips_tricks.html#keep-vaulted-variables-safely-visible',
  ],
  bad: [
    {
      title: 'a value in clear text',
      files: {
        'group_vars/all/vault.yml': `
harbour_key: f3a9c07e51b24d8896cc01d2ab7743fe
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this value is in clear text, though the file is called a vault
`,
      },
    },
    {
      title: 'of a playbook that names it, and one among others of a host',
      files: {
        'site.yml': `
- hosts: quay
  vars_files: [secrets/vault]
`,
        'secrets/vault': `
harbour:
  key: f3a9c07e51b24d8896cc01d2ab7743fe
       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this value is in clear text, though the file is called a vault
`,
        'host_vars/quay/tide/vault.yml': `
tide_password: f3a9c07e51b24d8896cc01d2ab7743fe
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this value is in clear text, though the file is called a vault
`,
      },
    },
    {
      title: 'in a file that is there to be copied, behind a text that asks to be replaced',
      files: {
        'inventory/sample/group_vars/all/vault.yml': `
harbour_note: CHANGEME
harbour_key: f3a9c07e51b24d8896cc01d2ab7743fe
             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ this value is in clear text, though the file is called a vault
`,
      },
    },
  ],
  good: [
    {
      title: 'references, empty values, and values that are vaulted one by one',
      files: {
        'group_vars/all/vault.yml': `
harbour_key: "{{ lookup('ansible.builtin.env', 'HARBOUR_KEY') }}"
harbour_note: ""
`,
      },
    },
    {
      title: 'texts that ask to be replaced, in a file that is there to be copied',
      files: {
        'inventory/sample/group_vars/all/vault.yml': `
harbour_key: "CHANGEME-KEY"
harbour_note: <your note here>
`,
      },
    },
    {
      title: 'a manifest of HashiCorp Vault',
      files: {
        'cluster/vault.yml': `
apiVersion: v1
kind: Namespace
metadata:
  name: vault
`,
      },
    },
    {
      title: 'variables of a group that is called so',
      files: {
        'hosts.ini': `
[vault]
quay
`,
        'group_vars/vault.yml': `
tide_port: 51
vault_seal:
  crypto_key: seal-1
`,
      },
    },
    {
      title: 'a dashboard, alerts and settings of HashiCorp Vault',
      files: {
        'dashboards/vault.json': `
{"title": "Seals", "panels": [{"key": "seals"}]}
`,
        'host_vars/quay/alerts/vault.yml': `
tide_alerts_vault:
  - alert: Sealed
    expr: vault_core_unsealed == 0
`,
        'group_vars/quays/vault.yml': `
vault_version: 1.19.0
vault_listener_port: 8200
`,
      },
    },
  ],
  *check(analysis) {
    // One finding says it all: the file is not encrypted.
    const told = new Set<string>()
    for (const finding of vaultFindingsAs(analysis, 'vault-file-not-encrypted')) {
      if (told.has(finding.at.path)) continue
      told.add(finding.at.path)
      yield finding
    }
  },
}
