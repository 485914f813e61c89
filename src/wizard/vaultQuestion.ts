import type { Draft, TokenChoice, VaultChoice } from './answers.ts'
import type { Choice } from './ask.ts'
import type { AnswerLine, Question } from './question.ts'
import type { Scene } from './scene.ts'

/** Whether anything has to be encrypted, or read, so that a password is needed at all. */
export function needsVault(scene: Scene, { token, agentToken }: Draft): boolean {
  const existing = scene.existing
  if (existing?.hasToken !== true) return true
  if (agentToken === true && !existing.hasAgentToken) return true
  return token !== undefined && token.kind !== 'new'
}

export const tokenQuestion: Question<TokenChoice> = {
  title: 'Join token',
  flags: ['--new-token', '--token-file FILE', '--token-stdin'],
  keys: ['new_token', 'token_file', 'token_stdin'],
  preset: () => ({ answer: { kind: 'new' } }),
  isOpen: (scene) => scene.existing?.hasToken !== true,
  async ask(asker) {
    const kind = await asker.choose<'new' | 'typed'>({
      message: 'Join token',
      explanation:
        'Every node shows it to be let into the cluster. It goes into the inventory, encrypted with Ansible Vault, and reaches nodes in a file that only root can read.',
      choices: [
        {
          value: 'new',
          name: 'make a new one',
          description: '64 random letters and digits: nothing to escape anywhere.',
        },
        { value: 'typed', name: 'I have one', description: 'For a cluster that is there already.' },
      ],
    })
    if (kind === 'new') return { kind }
    const token = await asker.secret({
      message: 'The token',
      explanation: 'Paste it; it is not shown. On a server it stands in /var/lib/rancher/k3s/server/token.',
      problem: (value) => (value.reveal().trim() === '' ? 'nothing was typed' : undefined),
    })
    return { kind: 'typed', token }
  },
  read(fields) {
    const path = fields.text('token_file')
    if (path !== undefined && fields.flag('token_stdin'))
      fields.refuse('token_stdin', 'token_file and token_stdin are two answers', 'keep one of them')
    if (path !== undefined) return { kind: 'file', path: fields.path(path) }
    return { kind: fields.flag('token_stdin') ? 'stdin' : 'new' }
  },
  write(answer, path) {
    if (answer.kind === 'file') return [{ key: 'token_file', value: path(answer.path) }]
    // A token that was typed is a secret, and no file of answers holds one: next time it is asked for again.
    if (answer.kind === 'typed') return []
    return [{ key: answer.kind === 'stdin' ? 'token_stdin' : 'new_token', value: true }]
  },
  show(answer, scene) {
    if (scene.existing?.hasToken) return 'the one in the inventory'
    const from: Readonly<Record<TokenChoice['kind'], string>> = {
      new: 'a new one: 64 letters and digits, vaulted',
      typed: 'the one you typed, vaulted',
      stdin: 'the one from standard input, vaulted',
      file: `the one in ${answer.kind === 'file' ? scene.shown(answer.path) : ''}, vaulted`,
    }
    return from[answer.kind]
  },
}

type Way = 'configured' | 'new' | 'file' | 'typed'

export const vaultQuestion: Question<VaultChoice> = {
  title: 'Vault password',
  flags: [
    '--vault-password-file FILE',
    '--vault-id LABEL@SOURCE',
    '--new-vault-password [FILE]',
    '--ask-vault-pass',
  ],
  keys: [
    'vault',
    'vault_password_file',
    'vault_id',
    'new_vault_password',
    'ask_vault_pass',
    'encrypt_vault_id',
  ],
  preset: (scene, draft) =>
    scene.vaultSources.length > 0 || !needsVault(scene, draft)
      ? { answer: { kind: 'configured' } }
      : undefined,
  isOpen: needsVault,
  async ask(asker, scene, draft) {
    const way = await asker.choose<Way>({
      message: 'Vault password',
      explanation: 'The join token is encrypted with it, and Ansible needs it at every run.',
      choices: waysOf(scene),
      ...(draft.vault === undefined ? {} : { preset: wayOf(draft.vault) }),
    })
    if (way === 'configured') return { kind: 'configured' }
    if (way === 'typed') return given({ ask: true })
    if (way === 'file') {
      const path = await asker.line({
        message: 'Password file',
        explanation: 'A file with the password, or a script that prints it.',
        ...(draft.vault?.kind === 'given' && draft.vault.passwordFiles[0] !== undefined
          ? { preset: scene.shown(draft.vault.passwordFiles[0]) }
          : {}),
        problem: (line) => fileProblem(scene, line),
      })
      return given({ passwordFiles: [scene.resolve(path)] })
    }
    const path = await asker.line({
      message: 'New password file',
      explanation: 'It is made with mode 0600. Outside the project no commit takes it along.',
      preset: scene.shown(scene.newPasswordPath ?? scene.resolve('.vault-password')),
      problem: (line) =>
        line === ''
          ? 'name a file'
          : scene.kindOf(scene.resolve(line)) === 'directory'
            ? 'that is a directory'
            : undefined,
    })
    return { kind: 'new', path: scene.resolve(path) }
  },
  read(fields) {
    const word = fields.text('vault')
    if (word !== undefined && word !== 'configured')
      fields.refuse(
        'vault',
        `vault can not be ${JSON.stringify(word)}`,
        'write vault: configured, or name a vault_password_file',
      )
    const passwordFiles = fields.texts('vault_password_file').map(fields.path)
    const vaultIds = fields.texts('vault_id').map((id) => vaultIdAt(id, fields.path))
    const ask = fields.flag('ask_vault_pass')
    const path = fields.text('new_vault_password')
    const isGiven = passwordFiles.length > 0 || vaultIds.length > 0 || ask
    if (path === undefined)
      return isGiven
        ? given({ passwordFiles, vaultIds, ask, encryptWith: fields.text('encrypt_vault_id') })
        : { kind: 'configured' }
    if (isGiven)
      fields.refuse(
        'new_vault_password',
        'new_vault_password and another vault password are two answers',
        'keep one of them',
      )
    return { kind: 'new', path: fields.path(path) }
  },
  write(answer, path) {
    if (answer.kind === 'configured') return [{ key: 'vault', value: 'configured' }]
    if (answer.kind === 'new') return [{ key: 'new_vault_password', value: path(answer.path) }]
    const lines: AnswerLine[] = []
    if (answer.passwordFiles.length > 0)
      lines.push({ key: 'vault_password_file', value: answer.passwordFiles.map(path) })
    if (answer.vaultIds.length > 0)
      lines.push({ key: 'vault_id', value: answer.vaultIds.map((id) => vaultIdAt(id, path)) })
    if (answer.ask) lines.push({ key: 'ask_vault_pass', value: true })
    if (answer.encryptWith !== undefined) lines.push({ key: 'encrypt_vault_id', value: answer.encryptWith })
    return lines
  },
  show(answer, scene, answers) {
    if (answer.kind === 'new')
      return scene.kindOf(answer.path) === 'absent'
        ? `a new one in ${scene.shown(answer.path)}`
        : scene.shown(answer.path)
    if (answer.kind === 'given')
      return [
        ...answer.vaultIds.map((id) => vaultIdAt(id, scene.shown)),
        ...answer.passwordFiles.map(scene.shown),
        ...(answer.ask ? ['typed in'] : []),
      ].join(', ')
    if (!needsVault(scene, answers)) return 'not needed: nothing new is encrypted'
    return scene.vaultSources.join(', ')
  },
}

/** The label stays, and the source behind the `@` is a path unless it is the word `prompt`. */
export function vaultIdAt(id: string, path: (source: string) => string): string {
  const at = id.indexOf('@')
  const source = id.slice(at + 1)
  return /^prompt(?:_ask_vault_pass)?$/.test(source) ? id : `${id.slice(0, at + 1)}${path(source)}`
}

function waysOf(scene: Scene): readonly Choice<Way>[] {
  return [
    ...(scene.vaultSources.length === 0
      ? []
      : [
          {
            value: 'configured' as const,
            name: 'what Ansible uses here already',
            description: scene.vaultSources.join(', '),
          },
        ]),
    {
      value: 'new',
      name: 'a new password file',
      description: `Made for you, outside the reach of git, and named in ansible.cfg where that names none.`,
    },
    { value: 'file', name: 'a password file that I have' },
    { value: 'typed', name: 'a password that I type' },
  ]
}

function wayOf(choice: VaultChoice): Way {
  if (choice.kind !== 'given') return choice.kind
  return choice.ask ? 'typed' : 'file'
}

function given(parts: Partial<Extract<VaultChoice, { kind: 'given' }>>): VaultChoice {
  return { kind: 'given', vaultIds: [], passwordFiles: [], ask: false, encryptWith: undefined, ...parts }
}

function fileProblem(scene: Scene, line: string): string | undefined {
  if (line === '') return 'name a file'
  if (/^[~$]/.test(line)) return undefined
  const kind = scene.kindOf(scene.resolve(line))
  if (kind === 'absent') return 'there is no such file'
  return kind === 'directory' ? 'that is a directory' : undefined
}
