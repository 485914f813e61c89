import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { parseAnsibleConfig } from '../src/ansible/config.ts'
import { vaultRules, vaultSources } from '../src/ansible/vaultSources.ts'
import type { Session } from '../src/commands/session.ts'
import { decryptAny, encryptionSecret, type VaultFlags, vaultSecrets } from '../src/commands/vaultSecrets.ts'
import { UserError } from '../src/errors.ts'
import { Secret } from '../src/secret.ts'
import { encryptVault, VaultError } from '../src/syntax/vault.ts'

const cfg = (text: string) => parseAnsibleConfig('ansible.cfg', `[defaults]\n${text}\n`)

describe('the order of sources', () => {
  const everything = {
    vaultIds: ['dev@d', 'bare', '@nameless', 'ops@prompt'],
    passwordFiles: ['p1', 'p2'],
    askVaultPass: true,
    env: {},
    config: cfg('vault_identity_list = one@~/a, "two@b c"\nvault_password_file = {{CWD}}/f'),
    cwd: '/shell',
    projectDir: '/project',
    configDir: '/etc/larch',
  }

  test('identity list, --vault-id, --vault-password-file, configured file, prompt', () => {
    expect(vaultSources(everything)).toEqual([
      {
        label: 'one',
        vaultId: 'one',
        kind: 'file',
        path: '~/a',
        base: '/project',
        origin: 'ansible.cfg:2:1',
      },
      {
        label: 'two',
        vaultId: 'two',
        kind: 'file',
        path: 'b c',
        base: '/project',
        origin: 'ansible.cfg:2:1',
      },
      { label: 'dev', vaultId: 'dev', kind: 'file', path: 'd', base: '/shell', origin: '--vault-id' },
      {
        label: 'default',
        vaultId: undefined,
        kind: 'file',
        path: 'bare',
        base: '/shell',
        origin: '--vault-id',
      },
      { label: 'default', vaultId: '', kind: 'file', path: 'nameless', base: '/shell', origin: '--vault-id' },
      { label: 'ops', vaultId: 'ops', kind: 'prompt', origin: '--vault-id' },
      {
        label: 'default',
        vaultId: 'default',
        kind: 'file',
        path: 'p1',
        base: '/shell',
        origin: '--vault-password-file',
      },
      {
        label: 'default',
        vaultId: 'default',
        kind: 'file',
        path: 'p2',
        base: '/shell',
        origin: '--vault-password-file',
      },
      {
        label: 'default',
        vaultId: 'default',
        kind: 'file',
        path: '/project/f',
        base: '/etc/larch',
        origin: 'ansible.cfg:3:1',
      },
      { label: 'default', vaultId: 'default', kind: 'prompt', origin: '--ask-vault-pass' },
    ])
  })

  test('the environment wins over ansible.cfg, even where it is empty', () => {
    const env = {
      ANSIBLE_VAULT_IDENTITY_LIST: 'x@y',
      ANSIBLE_VAULT_PASSWORD_FILE: '',
      ANSIBLE_ASK_VAULT_PASS: 'no',
      ANSIBLE_VAULT_IDENTITY: 'harbour',
    }
    const config = cfg(
      'vault_identity_list = a@b\nvault_password_file = f\nask_vault_pass = yes\nvault_identity = z',
    )
    const sources = vaultSources({
      ...everything,
      vaultIds: [],
      passwordFiles: [],
      askVaultPass: false,
      env,
      config,
    })
    expect(sources).toEqual([
      {
        label: 'x',
        vaultId: 'x',
        kind: 'file',
        path: 'y',
        base: '/shell',
        origin: 'ANSIBLE_VAULT_IDENTITY_LIST',
      },
      {
        label: 'harbour',
        vaultId: 'harbour',
        kind: 'file',
        path: '',
        base: '/shell',
        origin: 'ANSIBLE_VAULT_PASSWORD_FILE',
      },
    ])
  })

  test('rules', () => {
    expect(vaultRules({ env: {}, config: undefined })).toEqual({
      identity: 'default',
      encryptIdentity: undefined,
      idMatch: false,
      misreadIdMatch: undefined,
    })
    expect(
      vaultRules({
        env: {},
        config: cfg('vault_identity = "larch"\nvault_encrypt_identity = dev\nvault_id_match = False'),
      }),
    ).toEqual({ identity: 'larch', encryptIdentity: 'dev', idMatch: true, misreadIdMatch: 'ansible.cfg:4:1' })
    expect(
      vaultRules({ env: { ANSIBLE_VAULT_ID_MATCH: '' }, config: cfg('vault_id_match = yes') }).idMatch,
    ).toBe(false)
    expect(vaultRules({ env: { ANSIBLE_VAULT_ID_MATCH: 'true' } })).toMatchObject({
      idMatch: true,
      misreadIdMatch: undefined,
    })
  })
})

describe('on disk', () => {
  const root = mkdtempSync(join(tmpdir(), 'k3seal-secrets-'))
  afterAll(() => rmSync(root, { recursive: true, force: true }))
  const put = (name: string, content: string, mode = 0o600): string => {
    const path = join(root, name)
    mkdirSync(join(path, '..'), { recursive: true })
    writeFileSync(path, content)
    chmodSync(path, mode)
    return path
  }
  const session = (env: Record<string, string> = {}): Session => ({
    cwd: join(root, 'shell'),
    env: { PATH: process.env.PATH, HOME: root, ...env },
    stdin: new PassThrough(),
    stdout: new PassThrough(),
    stderr: new PassThrough(),
    interactive: false,
    color: false,
  })
  put('shell/dev', 'dev-larch\n')
  put('shell/prod', 'prod-larch\n')
  put('shell/empty', '\n')
  mkdirSync(join(root, 'bare'))

  const load = async (
    flags: VaultFlags,
    {
      env = {},
      project = 'bare',
      ask,
    }: { env?: Record<string, string>; project?: string; ask?: (label: string) => Promise<Secret> } = {},
  ) => vaultSecrets(session(env), flags, { projectDir: join(root, project), ask })
  const read = async (...args: Parameters<typeof load>) =>
    (await load(...args)).secrets.map(({ label, password, origin }) => [label, password.reveal(), origin])
  const refused = async (...args: Parameters<typeof load>): Promise<UserError> => {
    const error = await load(...args).then(
      () => undefined,
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(UserError)
    return error as UserError
  }

  test('nothing named: nothing there, and a cure when it is needed', async () => {
    const found = await load({})
    expect(found.secrets).toEqual([])
    expect(found.warnings).toEqual([])
    expect(() => encryptionSecret(found)).toThrow('there is no vault password to encrypt with')
  })

  test('flags from where they are typed, ansible.cfg from where it lies', async () => {
    put('project/ansible.cfg', '[defaults]\nvault_password_file = secret/f\n')
    put('project/secret/f', 'file-larch')
    expect(await read({ vaultId: ['dev@dev'] }, { project: 'project' })).toEqual([
      ['dev', 'dev-larch', '--vault-id'],
      ['default', 'file-larch', join(root, 'project/ansible.cfg:2:1')],
    ])
  })

  test('a source that fails is a warning while another one works, else an error', async () => {
    const found = await load({ vaultId: ['a@nowhere', 'dev@dev', 'b@empty'] })
    expect(found.secrets.map(({ label }) => label)).toEqual(['dev'])
    expect(found.warnings).toEqual([
      expect.stringMatching(/nowhere was not found .*: create it/),
      expect.stringMatching(/empty is empty .*: write the password/),
    ])
    expect((await refused({ vaultId: ['b@empty'] })).message).toMatch(/^the vault password file .* is empty/)
    expect((await refused({ vaultId: ['a@nowhere', 'b@empty'] })).message).toMatch(
      /not found .*; .* is empty/,
    )
  })

  test('prompts: asked once each, stripped; nobody to ask is an error', async () => {
    const asked: string[] = []
    const ask = async (label: string) => {
      asked.push(label)
      return new Secret(' typed \n')
    }
    expect(await read({ vaultId: ['ops@prompt'], askVaultPass: true }, { ask })).toEqual([
      ['ops', 'typed', '--vault-id'],
      ['default', 'typed', '--ask-vault-pass'],
    ])
    expect(asked).toEqual(['ops', 'default'])
    expect((await refused({ askVaultPass: true })).message).toContain('there is no terminal to ask on')
    const blank = await refused({ askVaultPass: true }, { ask: async () => new Secret(' ') })
    expect(blank.message).toContain('is empty')
    expect((await refused({ askVaultPass: true, vaultPasswordFile: ['dev'] })).message).toContain('together')
  })

  test('a vaulted password file is opened with those before it', async () => {
    put('shell/inner', encryptVault(new Secret('inner-larch\n'), new Secret('dev-larch')))
    expect(await read({ vaultId: ['dev@dev', 'x@inner'] })).toEqual([
      ['dev', 'dev-larch', '--vault-id'],
      ['x', 'inner-larch', '--vault-id'],
    ])
    const { secrets, warnings } = await load({ vaultId: ['x@inner', 'dev@dev'] })
    expect(secrets.map(({ label }) => label)).toEqual(['dev'])
    expect(warnings[0]).toContain('is encrypted with Ansible Vault itself')
    expect((await load({ vaultId: ['p@prod', 'x@inner'] })).warnings[0]).toContain(
      'does not open this vaulted value',
    )
  })

  test('which one encrypts', async () => {
    expect(encryptionSecret(await load({ vaultId: ['dev@dev'] })).label).toBe('dev')
    const two = { vaultId: ['dev@dev', 'prod@prod'] }
    const found = await load(two)
    expect(found.encryptWith).toBeUndefined()
    expect(() => encryptionSecret(found)).toThrow('several vault passwords could encrypt (dev, prod)')
    expect(encryptionSecret(await load({ ...two, encryptVaultId: 'prod' })).label).toBe('prod')
    const env = { ANSIBLE_VAULT_ENCRYPT_IDENTITY: 'dev' }
    expect(encryptionSecret(await load(two, { env })).label).toBe('dev')
    expect(encryptionSecret(await load({ ...two, encryptVaultId: 'prod' }, { env })).label).toBe('prod')
    const absent = await load({ ...two, encryptVaultId: 'qa' })
    expect(() => encryptionSecret(absent)).toThrow(
      'the vault id to encrypt with is qa, but there are only: dev, prod',
    )
  })

  test('an ansible.cfg that Ansible refuses is refused, with its line', async () => {
    put('broken/ansible.cfg', '[defaults]\na = 1\na = 2\n')
    const error = await refused({}, { project: 'broken' })
    expect(error.message).toContain('a is set a second time')
    expect(error.at).toBe(join(root, 'broken/ansible.cfg:3'))
  })

  test('vault_id_match = False is taken for yes, with a warning', async () => {
    put('strict/ansible.cfg', '[defaults]\nvault_id_match = False\n')
    const { secrets, warnings } = await load({ vaultId: ['dev@dev'] }, { project: 'strict' })
    expect(warnings).toEqual([expect.stringContaining('turns vault_id_match on')])
    const text = encryptVault(new Secret('x'), new Secret('dev-larch'), 'qa')
    expect(() => decryptAny(text, secrets)).toThrow('vault_id_match is on')
  })

  test('vault_identity names the label of texts without one', async () => {
    put('named/ansible.cfg', '[defaults]\nvault_identity = pier\nvault_id_match = yes\n')
    const { secrets } = await load({ vaultId: ['dev', 'default@prod'] }, { project: 'named' })
    expect(secrets.map(({ label }) => label)).toEqual(['pier', 'default'])
    expect(decryptAny(encryptVault(new Secret('x'), new Secret('dev-larch')), secrets).reveal()).toBe('x')
    expect(() => decryptAny(encryptVault(new Secret('x'), new Secret('prod-larch')), secrets)).toThrow(
      'pier (--vault-id) does not open',
    )
  })

  test('nothing that is returned or thrown shows a password', async () => {
    const shown = [
      inspect(await load({ vaultId: ['dev@dev', 'x@nowhere'] }), { depth: 9, showHidden: true }),
      JSON.stringify(await load({ vaultId: ['dev@dev'] })),
      inspect(await refused({ vaultId: ['x@nowhere'] }), { depth: 9 }),
    ]
    for (const text of shown) expect(text).not.toContain('larch')
  })
})

describe('decryptAny', () => {
  const secret = (label: string, password: string, more: object = {}) => ({
    label,
    password: new Secret(password),
    origin: '--vault-id',
    ...more,
  })
  const value = new Secret('needle-value')
  const of = (password: string, label?: string) => encryptVault(value, new Secret(password), label)
  const secrets = [secret('dev', 'd-larch'), secret('default', 'f-larch'), secret('prod', 'p-larch')]
  const errorOf = (run: () => unknown): UserError => {
    try {
      run()
    } catch (error) {
      expect(error).toBeInstanceOf(UserError)
      return error as UserError
    }
    throw new Error('nothing was thrown')
  }

  test('a label is a hint: every other password is tried too', () => {
    for (const label of [undefined, 'dev', 'prod', 'unknown'])
      for (const password of ['d-larch', 'f-larch', 'p-larch'])
        expect(decryptAny(of(password, label), secrets).reveal()).toBe('needle-value')
  })

  test('vault_id_match: only its own label', () => {
    const strict = secrets.map((each) => ({ ...each, onlyItsLabel: true }))
    expect(decryptAny(of('p-larch', 'prod'), strict).reveal()).toBe('needle-value')
    expect(decryptAny(of('f-larch'), strict).reveal()).toBe('needle-value')
    expect(errorOf(() => decryptAny(of('d-larch'), strict)).message).toContain(
      'does not open this vaulted value',
    )
    expect(errorOf(() => decryptAny(of('d-larch', 'prod'), strict)).message).toContain(
      'prod (--vault-id) does not open',
    )
    const other = [secret('larch', 'x', { onlyItsLabel: true, takesUnlabelled: true })]
    expect(decryptAny(of('x'), other).reveal()).toBe('needle-value')
  })

  test('says where, what was tried, and the cure', () => {
    const error = errorOf(() => decryptAny(of('another', 'qa'), secrets, 'group_vars/all.yml:7'))
    expect(error).toMatchObject({
      fault: 'password',
      at: 'group_vars/all.yml:7',
      message:
        'none of the 3 vault passwords opens this vaulted value, labelled qa, or it was damaged; tried: dev (--vault-id), default (--vault-id), prod (--vault-id)',
      fix: 'give the password of that label: --vault-id qa@FILE',
    })
    expect(errorOf(() => decryptAny(of('another'), [], 'x.yml:1'))).toMatchObject({
      message: 'there is no vault password for this vaulted value',
      at: 'x.yml:1',
    })
  })

  test('a damaged text is told from a wrong password, whichever secret shows it, and with none', () => {
    const text = of('p-larch')
    const inner = Buffer.from(text.split('\n').slice(1).join(''), 'hex').toString('latin1').split('\n')
    inner[1] = '0'.repeat(64)
    const damaged = `$ANSIBLE_VAULT;1.1;AES256\n${Buffer.from(inner.join('\n')).toString('hex')}`
    expect(errorOf(() => decryptAny(damaged, secrets, 'x.yml:3'))).toMatchObject({
      fault: 'body',
      at: 'x.yml:3',
    })
    expect(errorOf(() => decryptAny(text.slice(0, -1), [], 'x.yml:3'))).toMatchObject({
      fault: 'body',
      at: 'x.yml:3',
    })
    const error = errorOf(() => decryptAny('$ANSIBLE_VAULT;9;AES256', secrets, 'x.yml:3'))
    expect(error).toBeInstanceOf(VaultError)
    expect(error).toMatchObject({ fault: 'header', at: 'x.yml:3' })
  })
})
