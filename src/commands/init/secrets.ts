import { vaultRules } from '../../ansible/vaultSources.ts'
import { UserError } from '../../errors.ts'
import type { GeneratedFile } from '../../generate/file.ts'
import { newVaultPassword } from '../../generate/vaultPassword.ts'
import { ansiblePath } from '../../io/ansiblePath.ts'
import { pathKind, readBytes } from '../../io/files.ts'
import { Secret } from '../../secret.ts'
import { encryptVault } from '../../syntax/vault.ts'
import { newToken } from '../../token/generate.ts'
import { tokenProblems } from '../../token/inspect.ts'
import type { Answers, TokenChoice, VaultChoice } from '../../wizard/answers.ts'
import type { Asker } from '../../wizard/ask.ts'
import type { ExistingSite } from '../../wizard/existing.ts'
import type { Warning } from '../../wizard/review.ts'
import type { Session } from '../session.ts'
import { isTerminal, readToEnd, tokenFrom, withoutLineBreak } from '../tokenInput.ts'
import { decryptAny, encryptionSecret, type VaultSecret, vaultSecrets } from '../vaultSecrets.ts'
import type { Place } from './scene.ts'

/** What the answers about secrets come to. Nothing of it is on the disk yet. */
export interface Sealed {
  /** `$ANSIBLE_VAULT;…`; `undefined`: the inventory has one, and keeps it. */
  readonly vaultedToken: string | undefined
  readonly vaultedAgentToken: string | undefined
  /** The password file to make. */
  readonly passwordFile: GeneratedFile | undefined
  readonly warnings: readonly Warning[]
}

/**
 * Makes or reads the tokens and encrypts them. Called again after a changed answer it asks for no password twice and
 * keeps the token that it made.
 */
export class Sealer {
  readonly #session: Session
  readonly #place: Place
  readonly #existing: ExistingSite | undefined
  readonly #asker: Asker | undefined
  readonly #typed = new Map<string, Secret>()
  readonly #made = { server: newToken({ kind: 'server' }), agent: newToken({ kind: 'agent' }) }
  readonly #passwords = new Map<string, GeneratedFile>()
  #piped: Promise<Secret> | undefined

  constructor(session: Session, place: Place, existing: ExistingSite | undefined, asker: Asker | undefined) {
    this.#session = session
    this.#place = place
    this.#existing = existing
    this.#asker = asker
  }

  /** Throws `UserError`: no password, a token that can't join nodes, or another one than the inventory has. */
  async seal(answers: Answers): Promise<Sealed> {
    const existing = this.#existing
    const wantsAgent = answers.agentToken && existing?.hasAgentToken !== true
    const given = answers.token.kind === 'new' ? undefined : await this.#given(answers.token)
    const warnings = given === undefined ? [] : checked(given)
    if (existing?.token?.kind === 'plain')
      warnings.push(...problemsOf(existing.token.value, existing.token.at))
    if (existing?.hasToken && given === undefined && !wantsAgent)
      return { vaultedToken: undefined, vaultedAgentToken: undefined, passwordFile: undefined, warnings }

    const opened = await this.#open(answers.vault)
    const kept = existing?.token
    if (existing?.hasToken && given !== undefined) this.#compare(given, existing, opened.secrets)
    // A second password in one inventory would leave Ansible with values that the first one does not open.
    else if (kept?.kind === 'vaulted' && wantsAgent) decryptAny(kept.envelope, opened.secrets, kept.at)
    if (existing?.hasToken && !wantsAgent)
      return { vaultedToken: undefined, vaultedAgentToken: undefined, passwordFile: undefined, warnings }
    const { label, password } = opened.encryptWith()
    return {
      vaultedToken: existing?.hasToken
        ? undefined
        : encryptVault(given ?? this.#made.server, password, label),
      vaultedAgentToken: wantsAgent ? encryptVault(this.#made.agent, password, label) : undefined,
      passwordFile: opened.passwordFile,
      warnings: [...warnings, ...opened.warnings],
    }
  }

  async #given(choice: Exclude<TokenChoice, { kind: 'new' }>): Promise<Secret> {
    if (choice.kind === 'typed') return withoutLineBreak(choice.token)
    if (choice.kind === 'stdin') {
      this.#piped ??= piped(this.#session)
      return withoutLineBreak(await this.#piped)
    }
    const bytes = readBytes(await ansiblePath(choice.path, this.#session.cwd, this.#session.env))
    if (bytes === undefined)
      throw new UserError('there is no such file', {
        fix: 'check the path of the token file',
        at: this.#place.shown(choice.path),
      })
    return withoutLineBreak(tokenFrom(bytes, this.#place.shown(choice.path)))
  }

  #compare(given: Secret, { token }: ExistingSite, secrets: readonly VaultSecret[]): void {
    if (token === undefined || token.kind === 'unknown')
      throw new UserError(
        'the inventory has a token already, and k3seal can not see whether it is the given one',
        {
          fix: 'leave the token flags out: init never replaces a token',
          at: token?.at,
        },
      )
    const kept = token.kind === 'plain' ? token.value : decryptAny(token.envelope, secrets, token.at)
    if (kept.equals(given)) return
    throw new UserError(
      'the inventory has another token than the given one, and init never replaces a token',
      {
        fix: 'leave the token flags out to keep it; a cluster that runs changes its token with k3s token rotate first',
        at: token.at,
      },
    )
  }

  async #open(choice: VaultChoice): Promise<{
    readonly secrets: readonly VaultSecret[]
    readonly encryptWith: () => Pick<VaultSecret, 'label' | 'password'>
    readonly passwordFile: GeneratedFile | undefined
    readonly warnings: readonly Warning[]
  }> {
    const { env } = this.#session
    if (choice.kind === 'new' && pathKind(choice.path) === 'absent') {
      const passwordFile = this.#passwords.get(choice.path) ?? newVaultPassword(choice.path)
      this.#passwords.set(choice.path, passwordFile)
      const text = passwordFile.text
      const password = new Secret((typeof text === 'string' ? text : text.reveal()).trimEnd())
      const label = vaultRules({ env, config: this.#place.config?.parsed }).identity
      const secret = { label, password, origin: '--new-vault-password' }
      return { secrets: [secret], encryptWith: () => secret, passwordFile, warnings: [] }
    }
    const isSetUp = choice.kind === 'new' && this.#place.vault.files.includes(choice.path)
    const flags =
      choice.kind === 'given'
        ? {
            vaultId: choice.vaultIds,
            vaultPasswordFile: choice.passwordFiles,
            askVaultPass: choice.ask,
            encryptVaultId: choice.encryptWith,
          }
        : choice.kind === 'new' && !isSetUp
          ? { vaultPasswordFile: [choice.path] }
          : {}
    const asker = this.#asker
    const found = await vaultSecrets(this.#session, flags, {
      projectDir: this.#place.directory,
      ...(asker === undefined ? {} : { ask: (label) => this.#password(asker, label) }),
    })
    // One that was named for this run outdoes those that are set up for all.
    const named = found.secrets.filter(({ origin }) => origin.startsWith('--'))
    return {
      secrets: found.secrets,
      encryptWith: () =>
        found.encryptWith === undefined && named.length === 1 && !flags.encryptVaultId
          ? (named[0] ?? encryptionSecret(found))
          : encryptionSecret(found),
      passwordFile: undefined,
      warnings: found.warnings.map((message) => ({ message, fix: undefined })),
    }
  }

  /** Twice, as `ansible-vault create` does: a slip of the finger would lock the token up for good. */
  async #password(asker: Asker, label: string): Promise<Secret> {
    const known = this.#typed.get(label)
    if (known !== undefined) return known
    const name = label === 'default' ? 'Vault password' : `Vault password of ${label}`
    for (;;) {
      const first = await asker.secret({
        message: name,
        problem: (value) => (value.reveal().trim() === '' ? 'a password is wanted' : undefined),
      })
      const again = await asker.secret({ message: 'The same again' })
      if (again.equals(first)) {
        this.#typed.set(label, first)
        return first
      }
      asker.say('These two differ. Once more:')
    }
  }
}

function checked(token: Secret): Warning[] {
  // The delivery refuses it too: K3s keeps white space in one place and drops it in another.
  if (/\s/.test(token.reveal()))
    throw new UserError('the given token can not be used: it holds white space', {
      fix: 'a line break comes from openssl rand -base64 64; make one without: k3seal token new',
    })
  const problems = tokenProblems(token, 'server')
  const errors = problems.filter(({ severity }) => severity === 'error')
  if (errors.length > 0)
    throw new UserError(
      `the given token can not be used: ${errors.map(({ message }) => message).join('; ')}`,
      {
        fix: errors.map(({ fix }) => fix).join('; '),
      },
    )
  return problems.map(({ message, fix }) => ({ message: `the given token: ${message}`, fix }))
}

function problemsOf(token: Secret, at: string): readonly Warning[] {
  return tokenProblems(token, 'server').map(({ message, fix }) => ({
    message: `the token in ${at}: ${message}`,
    fix,
  }))
}

async function piped({ stdin }: Session): Promise<Secret> {
  if (isTerminal(stdin))
    throw new UserError('--token-stdin reads a pipe, and standard input is the terminal', {
      fix: 'pipe the token in, or leave the flag out: the wizard asks for it without showing it',
    })
  return tokenFrom(await readToEnd(stdin), 'standard input')
}
