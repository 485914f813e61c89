import { type AnsibleConfig, isTrue, listItems, type Setting, unquoted } from './config.ts'

/**
 * Where vault passwords come from, in the order of ansible-core (cli/__init__.py, `setup_vault_secrets` and
 * `build_vault_ids`): the identity list, `--vault-id`, `--vault-password-file`, the configured password file,
 * `--ask-vault-pass`. https://docs.ansible.com/ansible/latest/vault_guide/vault_managing_passwords.html
 */
export interface VaultSource {
  readonly label: string
  /** The label that was given, which a `*-client` script is asked for. `undefined`: none was. */
  readonly vaultId: string | undefined
  readonly kind: 'file' | 'prompt'
  /** As written: `~` and `$NAME` still stand in it. Of files only. */
  readonly path?: string
  /** Absolute: what a relative path starts from. Of files only. */
  readonly base?: string
  /** `--vault-id`, `ANSIBLE_VAULT_PASSWORD_FILE`, `ansible.cfg:3:1`, … */
  readonly origin: string
}

export interface GivenVaultSources {
  readonly vaultIds: readonly string[]
  readonly passwordFiles: readonly string[]
  readonly askVaultPass: boolean
  readonly env: Readonly<Record<string, string | undefined>>
  readonly config?: AnsibleConfig | undefined
  /** Absolute: where flags and the environment were written. */
  readonly cwd: string
  /** Absolute: where Ansible will run. */
  readonly projectDir: string
  /** Absolute: where ansible.cfg lies. */
  readonly configDir?: string | undefined
}

type Given = Pick<GivenVaultSources, 'env' | 'config'>

/** The environment wins over ansible.cfg, even where it is set to nothing. */
function effective(
  env: Given['env'],
  name: string,
  setting: Setting | undefined,
): { value: string; origin: string; isFromConfig: boolean } | undefined {
  const value = env[name]
  if (value !== undefined) return { value, origin: name, isFromConfig: false }
  return setting && { value: setting.value, origin: setting.origin, isFromConfig: true }
}

const textOf = (found: ReturnType<typeof effective>): string | undefined =>
  found?.isFromConfig ? unquoted(found.value) : found?.value

export interface VaultRules {
  /** The label of whatever names none. */
  readonly identity: string
  /** The label of the password to encrypt with, where one is configured. */
  readonly encryptIdentity: string | undefined
  /** Whether only a password of the same label is tried on a labelled text. */
  readonly idMatch: boolean
  /** `vault_id_match` says no, but Ansible takes every text but an empty one for yes. */
  readonly misreadIdMatch: string | undefined
}

export function vaultRules({ env, config }: Given): VaultRules {
  const idMatch = effective(env, 'ANSIBLE_VAULT_ID_MATCH', config?.vaultIdMatch)
  const isOn = (textOf(idMatch) ?? '') !== ''
  return {
    identity: textOf(effective(env, 'ANSIBLE_VAULT_IDENTITY', config?.vaultIdentity)) ?? 'default',
    encryptIdentity:
      textOf(effective(env, 'ANSIBLE_VAULT_ENCRYPT_IDENTITY', config?.vaultEncryptIdentity)) || undefined,
    idMatch: isOn,
    misreadIdMatch: isOn && idMatch !== undefined && !isTrue(idMatch.value) ? idMatch.origin : undefined,
  }
}

/** All sources that are named, in Ansible's order. None is opened. */
export function vaultSources(given: GivenVaultSources): readonly VaultSource[] {
  const { env, config, cwd, projectDir } = given
  const { identity } = vaultRules(given)

  const fromId = (text: string, base: string, origin: string): VaultSource => {
    const at = text.indexOf('@')
    const vaultId = at === -1 ? undefined : text.slice(0, at)
    const source = text.slice(at + 1)
    const label = vaultId || identity
    return source === 'prompt' || source === 'prompt_ask_vault_pass'
      ? { label, vaultId, kind: 'prompt', origin }
      : { label, vaultId, kind: 'file', path: source, base, origin }
  }
  const fromFile = (path: string, base: string, origin: string): VaultSource => ({
    label: identity,
    vaultId: identity,
    kind: 'file',
    path,
    base,
    origin,
  })

  const list = effective(env, 'ANSIBLE_VAULT_IDENTITY_LIST', config?.vaultIdentityList)
  // Unlike a password file's, the list's paths are no paths to the reader of ansible.cfg: they start where Ansible runs.
  const listBase = list?.isFromConfig ? projectDir : cwd
  const file = effective(env, 'ANSIBLE_VAULT_PASSWORD_FILE', config?.vaultPasswordFile)
  const fileBase = file?.isFromConfig ? (given.configDir ?? projectDir) : cwd
  const ask = effective(env, 'ANSIBLE_ASK_VAULT_PASS', config?.askVaultPass)

  return [
    ...(list === undefined ? [] : listItems(list.value).map((item) => fromId(item, listBase, list.origin))),
    ...given.vaultIds.map((text) => fromId(text, cwd, '--vault-id')),
    ...given.passwordFiles.map((path) => fromFile(path, cwd, '--vault-password-file')),
    ...(file === undefined
      ? []
      : [
          fromFile(
            file.value.replaceAll('{{CWD}}', file.isFromConfig ? projectDir : cwd),
            fileBase,
            file.origin,
          ),
        ]),
    ...(given.askVaultPass
      ? [{ label: identity, vaultId: identity, kind: 'prompt', origin: '--ask-vault-pass' } as const]
      : ask !== undefined && isTrue(ask.value)
        ? [{ label: identity, vaultId: identity, kind: 'prompt', origin: ask.origin } as const]
        : []),
  ]
}
