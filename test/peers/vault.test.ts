import { randomBytes } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import {
  decryptAny,
  encryptionSecret,
  type VaultFlags,
  vaultSecrets,
} from '../../src/commands/vaultSecrets.ts'
import { UserError } from '../../src/errors.ts'
import { Secret } from '../../src/secret.ts'
import { parseConfigText } from '../../src/syntax/configParser.ts'
import { decryptVault, encryptVault, vaultLabel, vaultScalar } from '../../src/syntax/vault.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'

const root = mkdtempSync(join(tmpdir(), 'k3seal-peer-vault-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

let directories = 0
/** A directory of its own with these files: name → content, or content and mode. */
function place(files: Record<string, string | Buffer | readonly [string | Buffer, number]>): string {
  directories += 1
  const dir = join(root, String(directories))
  mkdirSync(dir)
  for (const [name, given] of Object.entries(files)) {
    const [content, mode] = Array.isArray(given) ? (given as [string, number]) : [given as string, 0o600]
    mkdirSync(dirname(join(dir, name)), { recursive: true })
    writeFileSync(join(dir, name), content)
    chmodSync(join(dir, name), mode)
  }
  return dir
}

const values: readonly Buffer[] = [
  '',
  'x',
  'larch-needle',
  'exactly sixteen!',
  '\n',
  'line\r\nline\r\n',
  '\0',
  'a\0b\0',
  '\ufeffBOM',
  'Lärche 🌲',
  ' spaces ',
  'AES256;1.1',
]
  .map((text) => Buffer.from(text))
  .concat(
    Buffer.from('fffe00c328a0', 'hex'),
    Buffer.alloc(16, 16),
    Buffer.alloc(31, 1),
    randomBytes(100 * 1024),
  )
  .concat(fc.sample(fc.uint8Array({ maxLength: 80 }), 60).map((bytes) => Buffer.from(bytes)))

/** Holds a byte that is no UTF-8, as a password file may. */
const password = new Secret(Buffer.from('harbour \xfe bell', 'latin1'))
const labelPassword = new Secret('pier bell')

describe.each(ansibles)('%s', (_, bin) => {
  const env = ansibleEnvironment(join(root, 'home'))
  const vault = (args: readonly string[], cwd: string, input?: string) =>
    run(join(bin, 'ansible-vault'), args, { cwd, env, ...(input === undefined ? {} : { input }) })

  test.each([
    ['default', '1.1;AES256', password],
    ['pier', '1.2;AES256;pier', labelPassword],
  ] as const)('opens what we wrote, and we what it wrote: label %s', (label, header, key) => {
    const names = values.map((__, index) => `v${index}`)
    const dir = place({ key: key.revealBytes(), other: 'another password' })
    const write = (content: (bytes: Buffer) => string | Buffer) => {
      for (const [index, name] of names.entries())
        writeFileSync(join(dir, name), content(values[index] ?? Buffer.alloc(0)))
    }

    write((bytes) => encryptVault(new Secret(bytes), key, label))
    const decrypted = vault(
      ['decrypt', '--vault-id', 'other@other', '--vault-id', `${label}@key`, ...names],
      dir,
    )
    expect(decrypted.all).not.toContain('ERROR')
    for (const [index, name] of names.entries())
      expect(readFileSync(join(dir, name)).equals(values[index] ?? Buffer.alloc(0)), `value ${index}`).toBe(
        true,
      )

    expect(vault(['encrypt', '--vault-id', `${label}@key`, ...names], dir).status).toBe(0)
    for (const [index, name] of names.entries()) {
      const text = readFileSync(join(dir, name), 'utf8')
      expect(text.split('\n')[0]).toBe(`$ANSIBLE_VAULT;${header}`)
      expect(vaultLabel(text)).toBe(label === 'default' ? undefined : label)
      expect(
        decryptVault(text, key)
          .revealBytes()
          .equals(values[index] ?? Buffer.alloc(0)),
        `value ${index}`,
      ).toBe(true)
    }
  })

  test('a vaulted scalar is what encrypt_string prints, and what a play reads', () => {
    const dir = place({ key: password.revealBytes() })
    const printed = vault(
      ['encrypt_string', '--vault-id', 'pier@key', '--stdin-name', 'harbour_key'],
      dir,
      'larch-needle',
    ).stdout.replace(/\n$/, '')
    const envelope = printed
      .split('\n')
      .slice(1)
      .map((line) => line.trim())
      .join('\n')
    expect(vaultScalar('harbour_key', envelope)).toBe(printed)
    expect(decryptVault(envelope, password).reveal()).toBe('larch-needle')

    const ours = vaultScalar('harbour_key', encryptVault(new Secret('larch-needle'), password))
    writeFileSync(join(dir, 'vars.yml'), `before: 1\n${ours}\nafter: 2\n`)
    const read = run(
      join(bin, 'ansible'),
      [
        'localhost',
        '-i',
        'localhost,',
        '-c',
        'local',
        '-m',
        'debug',
        '-a',
        'var=harbour_key',
        '-e',
        '@vars.yml',
        '--vault-id',
        'key',
      ],
      { cwd: dir, env },
    )
    expect(read.stdout).toContain('"harbour_key": "larch-needle"')
  })

  test('tolerates and refuses the same texts', () => {
    const text = encryptVault(new Secret('larch-needle'), labelPassword)
    const variants: Record<string, [text: string, ansible: boolean, ours: boolean]> = {
      plain: [text, true, true],
      crlf: [text.replaceAll('\n', '\r\n'), true, true],
      cr: [text.replaceAll('\n', '\r'), true, true],
      blankLines: [`${text.replace('\n', '\n\n')}\n\n`, true, true],
      capitals: [text.replace(/\n[\s\S]*/, (body) => body.toUpperCase()), true, true],
      headerSpaces: [text.replace(';1.1;', '; 1.1 ; '), true, true],
      labelMissing: [text.replace('1.1', '1.2'), true, true],
      labelIn11: [text.replace('AES256', 'AES256;pier'), true, true],
      moreFields: [text.replace('1.1;AES256', '1.2;AES256;pier;more'), true, true],
      leadingBlankLine: [`\n${text}`, false, false],
      trailingSpace: [text.replace(/(\n.*)\n/, '$1 \n'), false, false],
      otherCipher: [text.replace('AES256', 'AES'), false, false],
      notAscii: [text.replace('1.1;AES256', '1.2;AES256;lärche'), false, false],
      cutOff: [text.slice(0, -1), false, false],
      bitFlipped: [text.replace(/.$/, (digit) => (digit === '0' ? '1' : '0')), false, false],
      empty: ['', false, false],
      headerOnly: ['$ANSIBLE_VAULT;1.1;AES256\n', false, false],
      // On purpose not as Ansible: a YAML block is read with its indentation, an unknown version is not guessed at.
      indented: [text.replace(/^/gm, '  '), false, true],
      version13: [text.replace('1.1', '1.3'), true, false],
    }
    const dir = place({
      key: labelPassword.revealBytes(),
      ...Object.fromEntries(Object.entries(variants).map(([name, [variant]]) => [name, variant])),
    })
    for (const [name, [variant, ansible, ours]] of Object.entries(variants)) {
      const seen = vault(['view', '--vault-id', 'key', name], dir)
      expect([name, seen.status === 0 && seen.stdout.includes('larch-needle')]).toEqual([name, ansible])
      const opened = (() => {
        try {
          return decryptVault(variant, labelPassword).reveal() === 'larch-needle'
        } catch (error) {
          expect(error).toBeInstanceOf(UserError)
          return false
        }
      })()
      expect([name, opened]).toEqual([name, ours])
    }
  })

  /** Runs the real `ansible-vault view` up to the point where all passwords are read, and prints them. */
  const probe = [
    'import json, sys',
    'from ansible.cli.vault import VaultCLI',
    'def show(self):',
    "    print('SECRETS ' + json.dumps([[label, secret.bytes.hex()] for label, secret in self.editor.vault.secrets]))",
    'VaultCLI.execute_view = show',
    "VaultCLI.cli_executor(['ansible-vault', 'view', *sys.argv[1:], 'unread'])",
  ].join('\n')

  const arguments_ = ({
    vaultId = [],
    vaultPasswordFile = [],
    askVaultPass = false,
  }: VaultFlags): string[] => [
    ...vaultId.flatMap((id) => ['--vault-id', id]),
    ...vaultPasswordFile.flatMap((file) => ['--vault-password-file', file]),
    ...(askVaultPass ? ['--ask-vault-pass'] : []),
  ]

  const load = (cwd: string, flags: VaultFlags, more: Record<string, string>) =>
    vaultSecrets(
      {
        cwd,
        env: { ...env, ...more },
        stdin: new PassThrough(),
        stdout: new PassThrough(),
        stderr: new PassThrough(),
        interactive: false,
        color: false,
      },
      flags,
      { projectDir: cwd, ask: async () => new Secret('typed ') },
    )

  const client = '#!/bin/sh\n[ "$2" = unknown ] && exit 2\necho "client got <$*>"\n'
  const files = {
    a: 'password a\n',
    b: ' \tpassword b \r\n\r\n',
    c: Buffer.from('\xffpassword c\x0b\x0c\n', 'latin1'),
    'sub/d': 'password d',
    'with space': 'password e',
    'at@sign': 'password f',
    empty: ' \n',
    forgotten: '#!/bin/sh\necho no\n',
    script: ['#!/bin/sh\nprintf "\\n from script \\r\\n\\n"\n', 0o700] as const,
    quiet: ['#!/bin/sh\n', 0o700] as const,
    fails: ['#!/bin/sh\necho x; exit 3\n', 0o700] as const,
    text: ['just text\n', 0o700] as const,
    'x-client': [client, 0o700] as const,
    'y-client.py': [client, 0o700] as const,
    vaulted: encryptVault(new Secret('inner\n'), new Secret('password a')),
    'sub/ansible.cfg': '[defaults]\nvault_password_file = d\nvault_identity_list = sub@a\n',
    'quoted.cfg': '[defaults]\nvault_password_file = "a"\n',
  }

  interface Situation {
    readonly flags?: VaultFlags
    readonly env?: Record<string, string>
    readonly cfg?: string
    /** Of the directory. */
    readonly mode?: number
  }
  const situations: Record<string, Situation> = {
    'a password file': { flags: { vaultPasswordFile: ['a'] } },
    'a file named to vault-id': { flags: { vaultId: ['b'] } },
    'bytes that are no UTF-8': { flags: { vaultId: ['x@c'] } },
    'vault ids before password files, each in their order': {
      flags: { vaultPasswordFile: ['c', 'a'], vaultId: ['two@b', 'one@sub/d'] },
    },
    'everything at once': {
      flags: { vaultId: ['cli@c'], vaultPasswordFile: ['a'] },
      env: { ANSIBLE_VAULT_IDENTITY_LIST: 'l1@b, l2@sub/d', ANSIBLE_VAULT_PASSWORD_FILE: 'with space' },
    },
    'the same label twice': { flags: { vaultId: ['x@a', 'x@b'] } },
    'no label, an empty label': { flags: { vaultId: ['@a', 'b'] } },
    'an @ in the path': { flags: { vaultId: ['x@at@sign', 'at@sign'] } },
    'white space in the path': { flags: { vaultId: ['x@with space'] } },
    'ansible.cfg: a password file': { cfg: 'vault_password_file = sub/d' },
    'ansible.cfg: an identity list, quotes and comments': {
      cfg: 'vault_identity_list = "x@a", y@with space,\n  z@b ; both\n',
    },
    'ansible.cfg: {{CWD}}': { cfg: 'vault_password_file = {{CWD}}/sub/../a' },
    'ansible.cfg: the environment in a path': {
      cfg: 'vault_password_file = $LARCH/d\nvault_identity_list = x@${LARCH}/d',
      env: { LARCH: 'sub' },
    },
    'ansible.cfg: home': { cfg: 'vault_password_file = ~/h' },
    'ansible.cfg: another identity': {
      cfg: 'vault_identity = "larch"',
      flags: { vaultId: ['a', 'dev@b'], vaultPasswordFile: ['c'] },
    },
    'the environment wins over ansible.cfg': {
      cfg: 'vault_password_file = a\nvault_identity_list = cfg@b\nvault_identity = cfg',
      env: {
        ANSIBLE_VAULT_PASSWORD_FILE: 'c',
        ANSIBLE_VAULT_IDENTITY_LIST: 'env@sub/d',
        ANSIBLE_VAULT_IDENTITY: 'env',
      },
    },
    'ansible.cfg elsewhere: a file beside it, a list from here': { env: { ANSIBLE_CONFIG: 'sub' } },
    'ansible.cfg: a quoted path is not unquoted': {
      env: { ANSIBLE_CONFIG: 'quoted.cfg' },
      flags: { vaultId: ['b'] },
    },
    'an environment that is set to nothing': {
      env: { ANSIBLE_VAULT_PASSWORD_FILE: '' },
      flags: { vaultId: ['a'] },
    },
    'a list that is set to nothing': { env: { ANSIBLE_VAULT_IDENTITY_LIST: '' }, flags: { vaultId: ['a'] } },
    'nothing but an empty list': { env: { ANSIBLE_VAULT_IDENTITY_LIST: '' } },
    'a script': { flags: { vaultId: ['x@script'] } },
    'client scripts and what they are asked': {
      flags: {
        vaultId: ['dev@x-client', 'x-client', '@x-client', 'dev@y-client.py'],
        vaultPasswordFile: ['x-client'],
      },
    },
    'a client script that does not know the label': { flags: { vaultId: ['unknown@x-client', 'a'] } },
    'failing sources beside a working one': {
      flags: { vaultId: ['q@quiet', 'f@fails', 't@text', 'e@empty', 'n@nowhere', 's@sub', 'a@a'] },
    },
    'a failing script alone': { flags: { vaultId: ['fails'] } },
    'a silent script alone': { flags: { vaultId: ['quiet'] } },
    'a text with an executable bit alone': { flags: { vaultId: ['text'] } },
    'an empty file alone': { flags: { vaultPasswordFile: ['empty'] } },
    'a missing file alone': { flags: { vaultPasswordFile: ['nowhere'] } },
    'a directory alone': { flags: { vaultPasswordFile: ['sub'] } },
    'a script without an executable bit': { flags: { vaultId: ['forgotten'] } },
    'a vaulted password file': { flags: { vaultId: ['a', 'x@vaulted'] } },
    'a vaulted password file too early': { flags: { vaultId: ['x@vaulted', 'a'] } },
    'a prompt': { flags: { vaultId: ['x@prompt'] } },
    'a prompt at the end': { flags: { vaultId: ['x@a'], askVaultPass: true } },
    'a prompt from ansible.cfg': { cfg: 'ask_vault_pass = Yes', flags: { vaultPasswordFile: ['a'] } },
    'a prompt from the environment': { env: { ANSIBLE_ASK_VAULT_PASS: '1' } },
    'no prompt from the environment': { env: { ANSIBLE_ASK_VAULT_PASS: 'off' }, flags: { vaultId: ['a'] } },
    'flags that exclude each other': { flags: { askVaultPass: true, vaultPasswordFile: ['a'] } },
    'an ansible.cfg where everybody may write': {
      cfg: 'vault_password_file = a',
      flags: { vaultId: ['b'] },
      mode: 0o777,
    },
    'an ansible.cfg with a key twice': { cfg: 'a = 1\na = 2', flags: { vaultId: ['a'] } },
    'an ansible.cfg without a section': { cfg: '\n[galaxy\nx', flags: { vaultId: ['a'] } },
  }

  test.each(Object.entries(situations))(
    'sources: %s',
    async (__, { flags = {}, env: more = {}, cfg, mode }) => {
      const dir = place({ ...files, ...(cfg === undefined ? {} : { 'ansible.cfg': `[defaults]\n${cfg}\n` }) })
      if (mode !== undefined) chmodSync(dir, mode)
      mkdirSync(env.HOME ?? '', { recursive: true })
      writeFileSync(join(env.HOME ?? '', 'h'), 'password h')
      // In a session of its own, so that a prompt reads standard input and not the terminal of whoever runs the tests.
      const real = run('setsid', ['--wait', join(bin, 'python'), '-c', probe, ...arguments_(flags)], {
        cwd: dir,
        env: { ...env, ...more },
        input: 'typed \n',
      })
      const printed = /^SECRETS (.*)$/m.exec(real.stdout)?.[1]
      // The probe itself must not be what fails.
      expect(real.all).not.toMatch(/(?:Name|Attribute|Import|Syntax|Type)Error/)
      expect(printed === undefined, real.all).toBe(real.status !== 0)

      const ours = await load(dir, flags, more).then(
        ({ secrets }) =>
          secrets.map((secret) => [secret.label, secret.password.revealBytes().toString('hex')]),
        (error: unknown) => {
          expect(error).toBeInstanceOf(UserError)
          return undefined
        },
      )
      expect(ours).toEqual(printed === undefined ? undefined : JSON.parse(printed))
    },
  )

  const choices: Record<string, Situation> = {
    'the only one': { flags: { vaultId: ['x@a'] } },
    'one of several: refused': { flags: { vaultId: ['x@a', 'y@b'] } },
    'one of several: the flag': { flags: { vaultId: ['x@a', 'y@b'], encryptVaultId: 'y' } },
    'one of several: ansible.cfg': { flags: { vaultId: ['x@a', 'y@b'] }, cfg: 'vault_encrypt_identity = y' },
    'one of several: the environment': {
      flags: { vaultId: ['x@a', 'y@b'] },
      env: { ANSIBLE_VAULT_ENCRYPT_IDENTITY: 'y' },
    },
    'the flag wins': {
      flags: { vaultId: ['x@a', 'y@b'], encryptVaultId: 'x' },
      env: { ANSIBLE_VAULT_ENCRYPT_IDENTITY: 'y' },
    },
    'the first of one label': { flags: { vaultId: ['x@a', 'x@b'], encryptVaultId: 'x' } },
    'one that is not there: refused': { flags: { vaultId: ['x@a'], encryptVaultId: 'y' } },
    'another identity is a label': { flags: { vaultPasswordFile: ['a'] }, cfg: 'vault_identity = larch' },
  }
  test.each(Object.entries(choices))('encrypts with: %s', async (__, { flags = {}, env: more = {}, cfg }) => {
    const dir = place({
      ...files,
      secret: 'needle',
      ...(cfg === undefined ? {} : { 'ansible.cfg': `[defaults]\n${cfg}\n` }),
    })
    const chosen = flags.encryptVaultId === undefined ? [] : ['--encrypt-vault-id', flags.encryptVaultId]
    const real = run(join(bin, 'ansible-vault'), ['encrypt', ...arguments_(flags), ...chosen, 'secret'], {
      cwd: dir,
      env: { ...env, ...more },
    })
    const found = await load(dir, flags, more)
    if (real.status !== 0) {
      expect(() => encryptionSecret(found)).toThrow(UserError)
      return
    }
    const text = readFileSync(join(dir, 'secret'), 'utf8')
    const { label, password: key } = encryptionSecret(found)
    expect(encryptVault(new Secret('x'), key, label).split('\n')[0]).toBe(text.split('\n')[0])
    expect(decryptVault(text, key).reveal()).toBe('needle')
  })

  test.each<Record<string, string>>([
    {},
    { ANSIBLE_VAULT_ID_MATCH: '' },
    { ANSIBLE_VAULT_ID_MATCH: 'False' },
    { ANSIBLE_VAULT_ID_MATCH: 'yes' },
    { ANSIBLE_VAULT_ID_MATCH: 'yes', ANSIBLE_VAULT_IDENTITY: 'x' },
  ])('decrypts by label: %j', async (more) => {
    const texts = Object.fromEntries(
      [undefined, 'x', 'y', 'larch'].flatMap((label) =>
        ['password a', 'password b', 'password d'].map((key) => [
          `${label}-${key.at(-1)}`,
          encryptVault(new Secret('needle'), new Secret(key), label),
        ]),
      ),
    )
    const dir = place({ ...files, ...texts })
    const flags = { vaultId: ['x@a', 'y@b', 'sub/d'] }
    const { secrets } = await load(dir, flags, more)
    for (const [name, text] of Object.entries(texts)) {
      const real = run(join(bin, 'ansible-vault'), ['view', ...arguments_(flags), name], {
        cwd: dir,
        env: { ...env, ...more },
      })
      let ours = true
      try {
        decryptAny(text, secrets)
      } catch (error) {
        expect(error).toBeInstanceOf(UserError)
        ours = false
      }
      expect([name, ours]).toEqual([name, real.status === 0])
    }
  })

  test('ansible.cfg is read as its Python reads it', () => {
    const line = fc.oneof(
      fc.constantFrom(
        '[defaults]',
        '[galaxy]',
        '[DEFAULT]',
        ' [ssh] ; x',
        '[a]b]',
        '[',
        '[]',
        '',
        ' ',
        '\t',
        '\r',
      ),
      fc.constantFrom(
        '# x',
        '  ; x',
        ';',
        ' #',
        'a',
        '= b',
        ': b',
        'a\u00a0= \u00a0b',
        'a = b\u2028',
        '\ufeffa = b',
        'a =\x1c b\x85',
      ),
      fc
        .tuple(
          fc.constantFrom('', ' ', '\t', '    '),
          fc.constantFrom('a', 'A', 'b', 'c d', 'é', 'x;y', 'x ; y'),
          fc.constantFrom('=', ' = ', ':', ' :\t', ' =: ', ''),
          fc.constantFrom('', 'x', 'x ; y', 'x;y', '; y', '"q" # z', 'x = y', '[z]'),
        )
        .map((parts) => parts.join('')),
    )
    const texts = fc.sample(
      fc
        .tuple(fc.boolean(), fc.array(line, { maxLength: 9 }), fc.constantFrom('\n', '\r\n', '\r'))
        .map(([section, lines, eol]) => (section ? ['[defaults]', ...lines] : lines).join(eol)),
      4000,
    )
    const script = [
      'import configparser, json, sys',
      'def read(text):',
      "    parser = configparser.ConfigParser(inline_comment_prefixes=(';',))",
      '    try:',
      '        parser.read_string(text)',
      '    except configparser.Error:',
      '        return None',
      "    sections = ['DEFAULT', *parser.sections()]",
      "    own = lambda s: parser._defaults if s == 'DEFAULT' else parser._sections[s]",
      '    return [[s, k, own(s)[k]] for s in sections for k in own(s)]',
      'print(json.dumps([read(text) for text in json.load(sys.stdin)]))',
    ].join('\n')
    const real = run(join(bin, 'python'), ['-c', script], { env, input: JSON.stringify(texts) })
    expect(real.stderr).toBe('')
    const read = JSON.parse(real.stdout) as ([string, string, string][] | null)[]
    expect(read.filter((each) => each !== null).length).toBeGreaterThan(500)
    const sorted = (rows: readonly (readonly string[])[]) => rows.map((row) => JSON.stringify(row)).sort()
    for (const [index, text] of texts.entries()) {
      const { options, faults } = parseConfigText(text)
      const expected = read[index] ?? null
      const ours = options.map(({ section, key, value }) => [section, key, value])
      expect([text, faults.length > 0 ? null : sorted(ours)]).toEqual([text, expected && sorted(expected)])
    }
  })
})
