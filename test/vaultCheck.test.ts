import { expect, test } from 'vitest'
import { vaultFindings } from '../src/ansible/vaultCheck.ts'
import { Secret } from '../src/secret.ts'
import { positionAt } from '../src/span.ts'
import { encryptVault } from '../src/syntax/vault.ts'

const envelope = encryptVault(new Secret('quince'), new Secret('barrel'))
const indented = envelope.replaceAll('\n', '\n    ')

/** `line: id` of each finding. */
const found = (path: string, text: string): string[] =>
  vaultFindings(path, text).map(({ id, at }) => `${positionAt(text, at.start).line}: ${id}`)

test.each([
  ['a file encrypted as a whole', 'group_vars/all/vault.yml', `${envelope}\n`],
  [
    'an encrypted value',
    'inventory.yml',
    `all:\n  vars:\n    vault_cider: !vault |\n      ${indented.replaceAll('    ', '      ')}\n`,
  ],
  ['a vault of encrypted values', 'vault.yml', `vault_cider: !vault |\n    ${indented}\n`],
  ['a reference', 'group_vars/all.yml', "vault_cider: \"{{ lookup('env', 'CIDER') }}\"\n"],
  ['a value sealed by SOPS', 'vault.yml', 'vault_cider: ENC[AES256_GCM,data:aaa,iv:bb,tag:cc,type:str]\n'],
  ['what is empty or switched', 'vault.yml', 'vault_cider:\nvault_perry: ""\nvault_on: true\n'],
  ['a use of the variable', 'group_vars/all.yml', 'cider: "{{ vault_cider }}"\n'],
  ['a comment in an INI inventory', 'hosts', '# vault_cider=plain\n[press]\nlarch\n'],
  ['a chart that is no YAML', 'chart/templates/x.yml', '{{- if .Values.press }}\na: b\n{{- end }}\n'],
])('%s is fine', (_, path, text) => {
  expect(found(path, text)).toEqual([])
})

test.each([
  [
    'a plain value',
    'inventory.yml',
    'all:\n  vars:\n    vault_cider: quince\n',
    ['3: vault-variable-not-encrypted'],
  ],
  [
    'plain values in a structure',
    'group_vars/all.yml',
    'vault_press:\n  keys:\n    - quince\n    - 42\n',
    ['3: vault-variable-not-encrypted', '4: vault-variable-not-encrypted'],
  ],
  [
    'a vault that is not encrypted',
    'host_vars/larch/vault.yml',
    'cider: quince\nperry: "{{ cider }}"\n',
    ['1: vault-file-not-encrypted'],
  ],
  ['a vault by another name', 'prod.vault.yml', 'cider: quince\n', ['1: vault-file-not-encrypted']],
  ['a vault without extension', 'group_vars/all/vault', 'cider: quince\n', ['1: vault-file-not-encrypted']],
  ['an INI variable', 'hosts', '[press]\nlarch vault_cider=quince\n', ['2: vault-variable-not-encrypted']],
  [
    'one of an inventory for a stage',
    'hosts.prod',
    '[press]\nlarch vault_cider=quince\n',
    ['2: vault-variable-not-encrypted'],
  ],
  ['a cut file', 'vault.yml', `${envelope.slice(0, 300)}\n`, ['1: vault-malformed']],
  [
    'a cut value',
    'inventory.yml',
    `vault_cider: !vault |\n    $ANSIBLE_VAULT;1.1;AES256\n    3133\n`,
    ['1: vault-malformed'],
  ],
  ['an unknown cipher', 'vault.yml', '$ANSIBLE_VAULT;1.1;ROT13\n3133\n', ['1: vault-malformed']],
  ['YAML that breaks off', 'vault.yml', 'vault_cider: "quince\n', ['2: vault-malformed']],
])('%s is found', (_, path, text, expected) => {
  expect(found(path, text)).toEqual(expected)
})

test('no finding shows a value', () => {
  const text = 'vault_cider: quince-and-medlar\n'
  expect(JSON.stringify(vaultFindings('inventory.yml', text))).not.toContain('medlar')
})
