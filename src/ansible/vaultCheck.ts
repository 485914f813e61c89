import { UserError } from '../errors.ts'
import { isInventoryName, partsOf } from '../path.ts'
import type { Span } from '../span.ts'
import { checkVault, isVaulted } from '../syntax/vault.ts'
import { parseYaml, type YamlNode, type YamlScalar } from '../syntax/yaml.ts'
import { VaultedText } from './value.ts'

/** Something that ought to be encrypted and is not, or is so badly that nothing opens it. */
export interface VaultFinding {
  readonly id: 'vault-malformed' | 'vault-file-not-encrypted' | 'vault-variable-not-encrypted'
  readonly at: Span
  /** Names variables, never values. */
  readonly message: string
  readonly fix: string
}

const ENCRYPT_VALUE =
  'encrypt the value: ansible-vault encrypt_string --stdin-name NAME, and paste what it prints'

/**
 * What a text says of its own secrets, without a password: vaulted texts must be whole; a file that is named a vault
 * (`vault.yml`, `group_vars/all/vault`, `prod.vault.yml`) may hold no plain value, and neither may a variable that
 * carries Ansible's prefix for vaulted ones, `vault_`:
 * https://docs.ansible.com/ansible/latest/tips_tricks/ansible_tips_tricks.html#keep-vaulted-variables-safely-visible
 * References (`{{ … }}`), empty values, booleans and texts sealed by SOPS are no plain values.
 */
export function vaultFindings(path: string, text: string): readonly VaultFinding[] {
  if (isVaulted(text)) return malformed({ path, start: 0, end: text.indexOf('\n') + 1 || text.length }, text)
  if (isIni(path, text)) return iniFindings(path, text)
  if (!mayHoldSecrets(path, text)) return []
  const { root, faults } = parseYaml(path, text)
  const [fault] = faults.filter(({ severity }) => severity === undefined || severity === 'error')
  if (fault !== undefined)
    return [
      {
        id: 'vault-malformed',
        at: fault.at,
        message: `can't be read as YAML, so its secrets can't be checked: ${fault.message}`,
        fix: fault.fix,
      },
    ]
  return root === undefined ? [] : [...nodeFindings(root, isVaultName(path) ? 'file' : undefined)]
}

/** Whether the file's name says that it is a vault. */
export function isVaultName(path: string): boolean {
  const { name, ending } = partsOf(path.toLowerCase())
  const isYaml = ending === 'yml' || ending === 'yaml'
  if (isYaml && name.startsWith('vault.')) return true
  const stem = isYaml || ending === 'json' ? name.slice(0, -ending.length - 1) : name
  return stem.endsWith('vault') && ['', '.', '_', '-'].includes(stem.at(-'vault'.length - 1) ?? '')
}

function mayHoldSecrets(path: string, text: string): boolean {
  return isVaultName(path) || (/\.(ya?ml|json)$|^[^.]*$/i.test(path) && /!vault\b|\bvault_/.test(text))
}

function isIni(path: string, text: string): boolean {
  return /\.ini$|(^|\/)hosts$/i.test(path) || (isInventoryName(path) && /^[ \t]*\[[\w.:-]+\]/m.test(text))
}

/** `named`: the variable above that calls for encryption, or `file` where the whole file does. */
function* nodeFindings(node: YamlNode, named: string | undefined, isInList = false): Generator<VaultFinding> {
  // What an alias repeats was looked at where it is anchored.
  if (node.alias !== undefined) return
  if (node.kind === 'scalar') yield* scalarFindings(node, named)
  else if (node.kind === 'sequence') for (const item of node.items) yield* nodeFindings(item, named, true)
  else
    for (const { name, value } of node.written) {
      const isVaults = name.startsWith('vault_') && !(isInList && isName(value))
      yield* nodeFindings(value, isVaults ? name : named, isInList)
    }
}

/** Items of a list have keys of their own, and the words of one may name a secret that is kept elsewhere. */
const isName = (node: YamlNode): boolean =>
  node.kind === 'scalar' && typeof node.value === 'string' && /^[a-z]+(?:[-_ ][a-z]+)*$/i.test(node.value)

function* scalarFindings({ value, at }: YamlScalar, named: string | undefined): Generator<VaultFinding> {
  if (value instanceof VaultedText) yield* malformed(at, value.envelope)
  else if (named !== undefined && isPlain(value))
    yield named === 'file'
      ? {
          id: 'vault-file-not-encrypted',
          at,
          message: 'this value is in clear text, though the file is called a vault',
          fix: 'encrypt the file: ansible-vault encrypt FILE; or move the value to a file of another name if it is no secret',
        }
      : {
          id: 'vault-variable-not-encrypted',
          at,
          message: `${named} is not encrypted, though its name says so`,
          fix: ENCRYPT_VALUE,
        }
}

function isPlain(value: YamlScalar['value']): boolean {
  if (value === null || typeof value === 'boolean') return false
  const text = String(value).trim()
  return text !== '' && !/^\{\{[\s\S]*\}\}$/.test(text) && !/^ENC\[/.test(text)
}

/** An INI inventory has no way to hold a vaulted value. */
function* iniLines(text: string): Generator<{ readonly line: string; readonly start: number }> {
  let start = 0
  for (const line of text.split('\n')) {
    yield { line, start }
    start += line.length + 1
  }
}

function iniFindings(path: string, text: string): readonly VaultFinding[] {
  const findings: VaultFinding[] = []
  for (const { line, start } of iniLines(text)) {
    if (/^\s*[#;]/.test(line)) continue
    for (const match of line.matchAll(/(?<=^|\s)(vault_\w+)\s*=\s*("[^"]*"|'[^']*'|[^\s#;]+)/g)) {
      const [, name = '', quoted = ''] = match
      if (!isPlain(quoted.replace(/^(["'])([\s\S]*)\1$/, '$2'))) continue
      findings.push({
        id: 'vault-variable-not-encrypted',
        at: { path, start: start + match.index, end: start + match.index + name.length },
        message: `${name} is not encrypted, though its name says so`,
        fix: 'INI can not hold a vaulted value: move the variable to group_vars/GROUP/vault.yml and encrypt that file',
      })
    }
  }
  return findings
}

function malformed(at: Span, envelope: string): VaultFinding[] {
  try {
    checkVault(envelope)
    return []
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return [{ id: 'vault-malformed', at, message: error.message, fix: error.fix }]
  }
}
