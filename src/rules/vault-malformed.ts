import type { Rule } from '../lint/rule.ts'
import { vaultFindingsAs } from './common/vaults.ts'

export const vaultMalformed: Rule = {
  id: 'vault-malformed',
  severity: 'error',
  summary: 'Vaulted text that nothing opens',
  why: 'A vaulted text is a header and lines of hexadecimal digits with a checksum over them. Where a line is lost in copying, no password opens it, and the play ends at the first task that needs the value.',
  fix: 'restore it from git or a backup, or encrypt the value anew: ansible-vault encrypt_string --stdin-name NAME',
  see: [
    'https://docs.ansible.com/ansible/latest/vault_guide/vault_using_encrypted_content.html#ansible-vault-payload-format-1-1-1-2',
  ],
  bad: [
    {
      title: 'a header without a body',
      files: {
        'group_vars/all.yml': `
harbour_key: !vault "$ANSIBLE_VAULT;1.1;AES256"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^ the vaulted text has a header but no body
`,
      },
    },
  ],
  good: [
    {
      title: 'a role that installs HashiCorp Vault',
      files: {
        'roles/vault/tasks/vault.yml': `
- name: Install vault
  ansible.builtin.package:
    name: vault
`,
        'roles/vault/defaults/main.yml': `
vault_version: "{{ release }}"
`,
      },
    },
  ],
  check: (analysis) => vaultFindingsAs(analysis, 'vault-malformed'),
}
