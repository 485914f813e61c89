import { dirname, isAbsolute, relative } from 'node:path'
import { type AnsibleConfig, parseAnsibleConfig } from '../ansible/config.ts'
import { type VaultRules, type VaultSource, vaultRules, vaultSources } from '../ansible/vaultSources.ts'
import { UserError } from '../errors.ts'
import { ansibleConfigFile } from '../io/ansibleConfigFile.ts'
import { vaultPassword } from '../io/vaultPassword.ts'
import { Secret } from '../secret.ts'
import { positionAt } from '../span.ts'
import { checkVault, decryptVault, VaultError, vaultLabel } from '../syntax/vault.ts'
import type { Session } from './session.ts'

export interface VaultSecret {
  readonly label: string
  readonly password: Secret
  /** `--vault-id`, `ansible.cfg:3:1`, … */
  readonly origin: string
  /** `vault_id_match`: not tried on a text that carries another label. */
  readonly onlyItsLabel?: boolean
  /** Whether a text without a label counts as having this one's. Where left out: the label is `default`. */
  readonly takesUnlabelled?: boolean
}

export interface VaultFlags {
  readonly vaultId?: readonly string[] | undefined
  readonly vaultPasswordFile?: readonly string[] | undefined
  readonly askVaultPass?: boolean | undefined
  readonly encryptVaultId?: string | undefined
}

export interface VaultOptions {
  /** Absolute: where Ansible will run; its ansible.cfg counts. It need not exist yet. */
  readonly projectDir: string
  /** Asks for the password of a label. Left out: there is nobody to ask. */
  readonly ask?: ((label: string) => Promise<Secret>) | undefined
}

export interface VaultSecrets {
  /** In Ansible's order. Empty: no source is named anywhere. */
  readonly secrets: readonly VaultSecret[]
  /** Cause and cure in one line each. */
  readonly warnings: readonly string[]
  /** `undefined`: there is none, or several and nothing says which; `encryptionSecret` throws what to do then. */
  readonly encryptWith: VaultSecret | undefined
  /** Why `encryptWith` is undefined although there are secrets. */
  readonly undecided: UserError | undefined
  /** The ansible.cfg in force, where one is. */
  readonly config: AnsibleConfig | undefined
}

/**
 * Opens every source of a vault password that Ansible would open, in its order. As with Ansible, a source that fails is
 * a warning where another one works. Throws `UserError`: all fail, ansible.cfg can't be read, or flags that Ansible
 * does not take together.
 */
export async function vaultSecrets(
  session: Session,
  flags: VaultFlags,
  { projectDir, ask }: VaultOptions,
): Promise<VaultSecrets> {
  const { cwd, env } = session
  const passwordFiles = flags.vaultPasswordFile ?? []
  if (flags.askVaultPass && passwordFiles.length > 0)
    throw new UserError('--ask-vault-pass and --vault-password-file can not be used together', {
      fix: 'use --vault-id LABEL@prompt and --vault-id LABEL@FILE instead',
    })
  const { found, warnings: configWarnings } = await ansibleConfigFile({ projectDir, cwd, env })
  const config = found && parseAnsibleConfig(shownPath(cwd, found.path), found.text)
  const [fault] = config?.faults ?? []
  if (fault !== undefined && found !== undefined)
    throw new UserError(fault.message, {
      fix: fault.fix,
      at: `${fault.at.path}:${positionAt(found.text, fault.at.start).line}`,
    })

  const rules = vaultRules({ env, config })
  const sources = vaultSources({
    vaultIds: flags.vaultId ?? [],
    passwordFiles,
    askVaultPass: flags.askVaultPass ?? false,
    env,
    config,
    cwd,
    projectDir,
    configDir: found && dirname(found.path),
  })
  const { secrets, warnings } = await openAll(sources, rules, session, { projectDir, ask })
  const { encryptWith, undecided } = choice(secrets, flags.encryptVaultId || rules.encryptIdentity)
  return {
    secrets,
    warnings: [...configWarnings, ...ruleWarnings(rules), ...warnings],
    encryptWith,
    undecided,
    config,
  }
}

/** The secret to encrypt with. Throws `UserError` where there is none, or where the user has to say which. */
export function encryptionSecret({ encryptWith, undecided }: VaultSecrets): VaultSecret {
  if (encryptWith !== undefined) return encryptWith
  throw undecided ?? noPassword('to encrypt with')
}

const noPassword = (purpose: string, at?: string): UserError =>
  new UserError(`there is no vault password ${purpose}`, {
    fix: 'give one with --vault-password-file FILE, --vault-id LABEL@FILE or --ask-vault-pass, or set vault_password_file in ansible.cfg',
    at,
  })

async function openAll(
  sources: readonly VaultSource[],
  rules: VaultRules,
  session: Session,
  { projectDir, ask }: VaultOptions,
): Promise<{ secrets: VaultSecret[]; warnings: string[] }> {
  const secrets: VaultSecret[] = []
  const warnings: string[] = []
  const failures: UserError[] = []
  for (const source of sources) {
    const add = (password: Secret): void => {
      secrets.push({
        label: source.label,
        password,
        origin: source.origin,
        onlyItsLabel: rules.idMatch,
        takesUnlabelled: source.label === rules.identity,
      })
    }
    if (source.kind === 'prompt') {
      add(await askedPassword(source, ask))
      continue
    }
    try {
      const opened = await vaultPassword(source, {
        cwd: projectDir,
        env: session.env,
        interactive: session.interactive,
        ...(secrets.length === 0
          ? {}
          : { decrypt: (envelope) => decryptAny(envelope, secrets, source.path) }),
      })
      warnings.push(...opened.warnings)
      add(opened.password)
    } catch (error) {
      if (!(error instanceof UserError)) throw error
      failures.push(error)
    }
  }
  const [first, ...others] = failures
  if (secrets.length === 0 && first !== undefined) {
    if (others.length === 0) throw first
    throw new UserError(failures.map(({ message }) => message).join('; '), { fix: first.fix, cause: first })
  }
  return { secrets, warnings: [...failures.map(({ message, fix }) => `${message}: ${fix}`), ...warnings] }
}

async function askedPassword(source: VaultSource, ask: VaultOptions['ask']): Promise<Secret> {
  if (ask === undefined)
    throw new UserError(
      `the vault password of ${source.label} has to be typed in (${source.origin}), and there is no terminal to ask on`,
      {
        fix: 'run k3seal in a terminal, or give a file: --vault-id LABEL@FILE or --vault-password-file FILE',
      },
    )
  const typed = await ask(source.label)
  // Ansible strips what is typed, so that a copied password may bring its newline along.
  const password = new Secret(
    Buffer.from(
      typed
        .revealBytes()
        .toString('latin1')
        .replace(/^[\t-\r ]+|[\t-\r ]+$/g, ''),
      'latin1',
    ),
  )
  if (password.isEmpty)
    throw new UserError(`the vault password typed for ${source.label} is empty`, {
      fix: 'type a password: Ansible refuses an empty one too',
    })
  return password
}

function choice(
  secrets: readonly VaultSecret[],
  wanted: string | undefined,
): { encryptWith: VaultSecret | undefined; undecided: UserError | undefined } {
  const labels = secrets.map(({ label }) => label).join(', ')
  if (wanted !== undefined && secrets.length > 0) {
    const encryptWith = secrets.find(({ label }) => label === wanted)
    const undecided = new UserError(
      `the vault id to encrypt with is ${wanted}, but there are only: ${labels}`,
      {
        fix: `add --vault-id ${wanted}@FILE, or name one of these with --encrypt-vault-id`,
      },
    )
    return { encryptWith, undecided: encryptWith === undefined ? undecided : undefined }
  }
  if (secrets.length <= 1) return { encryptWith: secrets[0], undecided: undefined }
  return {
    encryptWith: undefined,
    undecided: new UserError(`several vault passwords could encrypt (${labels}), and nothing says which`, {
      fix: 'name one with --encrypt-vault-id LABEL, or set vault_encrypt_identity in ansible.cfg',
    }),
  }
}

const ruleWarnings = ({ misreadIdMatch }: VaultRules): string[] =>
  misreadIdMatch === undefined
    ? []
    : [
        `${misreadIdMatch} turns vault_id_match on: Ansible takes any text but an empty one for yes; remove it to turn it off`,
      ]

/** Relative where it lies below the directory the user stands in. */
function shownPath(cwd: string, path: string): string {
  const short = relative(cwd, path)
  return short.startsWith('..') || isAbsolute(short) ? path : short
}

/** The secret that opened something last, for each list: the next text is likely to be its too. */
const lastHit = new WeakMap<readonly VaultSecret[], VaultSecret>()

/**
 * The value of a vaulted text: the secrets of its label first, then all others, as long as `vault_id_match` is off.
 * `at` is the place for messages, `path:line`. Throws `UserError`, a `VaultError` where header or body are at fault.
 */
export function decryptAny(envelope: string, secrets: readonly VaultSecret[], at?: string): Secret {
  atPlace(at, () => checkVault(envelope))
  const label = vaultLabel(envelope)
  const isMatch = (secret: VaultSecret): boolean =>
    label === undefined ? (secret.takesUnlabelled ?? secret.label === 'default') : secret.label === label
  const hit = lastHit.get(secrets)
  const rank = (secret: VaultSecret): number => (isMatch(secret) ? 0 : secret === hit ? 1 : 2)
  const candidates = secrets
    .filter((secret) => isMatch(secret) || secret.onlyItsLabel !== true)
    .toSorted((a, b) => rank(a) - rank(b))

  let damaged: VaultError | undefined
  for (const secret of candidates) {
    try {
      const value = decryptVault(envelope, secret.password)
      lastHit.set(secrets, secret)
      return value
    } catch (error) {
      if (!(error instanceof VaultError)) throw error
      if (error.fault !== 'password') damaged = error
    }
  }
  if (damaged !== undefined) throw new VaultError(damaged.fault, damaged.message, { fix: damaged.fix, at })
  throw notOpened(label, candidates, secrets, at)
}

function atPlace(at: string | undefined, run: () => void): void {
  try {
    run()
  } catch (error) {
    if (!(error instanceof VaultError)) throw error
    throw new VaultError(error.fault, error.message, { fix: error.fix, at })
  }
}

function notOpened(
  label: string | undefined,
  tried: readonly VaultSecret[],
  secrets: readonly VaultSecret[],
  at: string | undefined,
): UserError {
  const what = label === undefined ? 'this vaulted value' : `this vaulted value, labelled ${label}`
  if (secrets.length === 0) return noPassword(`for ${what}`, at)
  const wanted = label ?? 'LABEL'
  if (tried.length === 0)
    return new VaultError(
      'password',
      `vault_id_match is on, and no vault password has the label of ${what}`,
      {
        fix: `add --vault-id ${wanted}@FILE`,
        at,
      },
    )
  const names = secrets
    .filter((secret) => tried.includes(secret))
    .map((secret) => `${secret.label} (${secret.origin})`)
    .join(', ')
  return new VaultError(
    'password',
    tried.length === 1
      ? `the vault password ${names} does not open ${what}: it is the wrong one, or the value was damaged`
      : `none of the ${tried.length} vault passwords opens ${what}, or it was damaged; tried: ${names}`,
    {
      fix:
        label === undefined || secrets.some((secret) => secret.label === label)
          ? 'give the password that it was encrypted with'
          : `give the password of that label: --vault-id ${label}@FILE`,
      at,
    },
  )
}
