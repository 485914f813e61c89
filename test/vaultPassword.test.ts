import { execFileSync } from 'node:child_process'
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir, tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from 'vitest'
import { UserError } from '../src/errors.ts'
import { defaultVaultPasswordPath, newVaultPassword } from '../src/generate/vaultPassword.ts'
import { ansibleConfigFile } from '../src/io/ansibleConfigFile.ts'
import { ansiblePath } from '../src/io/ansiblePath.ts'
import { insideGit } from '../src/io/git.ts'
import { vaultPassword } from '../src/io/vaultPassword.ts'
import { Secret } from '../src/secret.ts'
import { decryptVault, encryptVault } from '../src/syntax/vault.ts'

const root = mkdtempSync(join(tmpdir(), 'k3seal-vault-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))
const env = { PATH: process.env.PATH, HOME: root }

function put(name: string, content: string | Buffer, mode = 0o600): string {
  const path = join(root, name)
  mkdirSync(join(path, '..'), { recursive: true })
  writeFileSync(path, content)
  chmodSync(path, mode)
  return path
}

const open = (path: string, more: { vaultId?: string; decrypt?: (text: string) => Secret } = {}) =>
  vaultPassword(
    { path, origin: '--vault-id', vaultId: more.vaultId },
    { cwd: root, env, ...(more.decrypt === undefined ? {} : { decrypt: more.decrypt }) },
  )

async function errorOf(run: () => Promise<unknown>): Promise<UserError> {
  const error = await run().then(
    () => undefined,
    (reason: unknown) => reason,
  )
  expect(error).toBeInstanceOf(UserError)
  return error as UserError
}

describe('a file', () => {
  test.each<[string, string | Buffer, string | Buffer]>([
    ['is read', 'larch', 'larch'],
    ['loses white space at its ends, not inside', ' \t\r\n larch needle\v\f \r\n', 'larch needle'],
    ['keeps bytes that are no UTF-8', Buffer.from('ff00fe0a', 'hex'), Buffer.from('ff00fe', 'hex')],
    ['keeps a no-break space, as Python does', Buffer.from('x\u00a0\n'), Buffer.from('x\u00a0')],
  ])('%s', async (name, content, password) => {
    const opened = await open(put(`files/${name}`, content))
    expect(opened.password.revealBytes()).toEqual(Buffer.from(password as string))
    expect(opened.warnings).toEqual([])
  })

  test('may be vaulted with a password that came before', async () => {
    const outer = new Secret('bell')
    const path = put('vaulted', `${encryptVault(new Secret('\nlarch \r\n'), outer)}\n`)
    const opened = await open(path, { decrypt: (text) => decryptVault(text, outer) })
    expect(opened.password.reveal()).toBe('larch ')
    expect((await errorOf(() => open(path))).message).toContain('is encrypted with Ansible Vault itself')
  })

  test.each([
    ['empty', '', 'is empty'],
    ['blank', ' \n\t\r\n', 'is empty'],
    ['large', Buffer.alloc(1024 * 1024 + 1, 'x'), 'is larger than 1 MiB'],
  ])('%s: refused', async (name, content, words) => {
    const error = await errorOf(() => open(put(name, content)))
    expect(error.message).toContain(words)
    expect(error.message).toContain('(named by --vault-id)')
    expect(error.fix).not.toBe('')
  })

  test('missing, a directory, no name, endless: refused', async () => {
    expect((await errorOf(() => open('nowhere'))).message).toContain(`${root}/nowhere was not found`)
    expect((await errorOf(() => open(root))).message).toContain('is a directory')
    expect((await errorOf(() => open(''))).message).toContain('has no name')
    expect((await errorOf(() => open('/dev/zero'))).message).toContain('is larger than 1 MiB')
    expect((await errorOf(() => open(`${put('file', 'x')}/below`))).message).toContain('was not found')
  })

  test('warns of a script without an executable bit and of an open mode', async () => {
    const { warnings, password } = await open(put('forgotten.sh', '#!/bin/sh\necho larch\n', 0o644))
    expect(password.reveal()).toBe('#!/bin/sh\necho larch')
    expect(warnings).toEqual([
      expect.stringContaining('begins with #! but is not executable'),
      expect.stringContaining('is open to other users (mode 0644): chmod 600'),
    ])
  })

  test('warns inside a git work tree unless it is ignored', async () => {
    const tree = join(root, 'tree')
    mkdirSync(tree)
    execFileSync('git', ['init', '--quiet', tree], { env })
    put('tree/.gitignore', 'ignored\nforced\n')
    for (const name of ['ignored', 'visible', 'forced', '.git/hidden']) put(`tree/${name}`, 'larch')
    execFileSync('git', ['-C', tree, 'add', '-f', 'forced'], { env })
    const where = (name: string) => insideGit(join(tree, name), { ...env, GIT_DIR: '/nowhere' })
    expect(await where('ignored')).toBe('ignored')
    expect(await where('visible')).toBe('tracked-or-visible')
    expect(await where('forced')).toBe('tracked-or-visible')
    expect(await where('not/yet/there')).toBe('tracked-or-visible')
    expect(await where('.git/hidden')).toBe('outside')
    expect(await insideGit(join(root, 'vaulted'), env)).toBe('outside')
    expect(await insideGit(join(tree, 'ignored'), { PATH: '/nowhere' })).toBe('tracked-or-visible')
    expect((await open('tree/visible')).warnings).toEqual([
      expect.stringContaining('lies in a git work tree'),
    ])
    expect((await open('tree/ignored')).warnings).toEqual([])
  })
})

describe('a script', () => {
  const script = (name: string, body: string, mode = 0o700): string =>
    put(`bin/${name}`, `#!/bin/sh\n${body}\n`, mode)

  test('is run, and only line breaks are stripped from what it prints', async () => {
    expect((await open(script('plain', "printf '\\n larch \\r\\n\\n'"))).password.reveal()).toBe(' larch ')
  })

  test.each([0o700, 0o610, 0o601])('any executable bit counts: %o', async (mode) => {
    const path = script('bits', 'echo larch', mode)
    if (process.getuid?.() === 0 || mode === 0o700) expect((await open(path)).password.reveal()).toBe('larch')
    else expect((await errorOf(() => open(path))).message).toContain("can't be run")
  })

  test('only a client script is told the label', async () => {
    for (const name of ['x-client', 'x-client.sh', 'x.y-client.py'])
      expect((await open(script(name, 'echo "$*"'), { vaultId: 'dev' })).password.reveal()).toBe(
        '--vault-id dev',
      )
    for (const name of ['client', 'x-client.sh.sh', 'x-clients'])
      expect((await open(script(name, 'echo "<$*>"'), { vaultId: 'dev' })).password.reveal()).toBe('<>')
    expect((await open(script('x-client', 'echo "<$*>"'))).password.reveal()).toBe('<>')
  })

  test('failures say why, and what to do', async () => {
    const fails = async (name: string, body: string, vaultId?: string) =>
      (await errorOf(() => open(script(name, body), vaultId === undefined ? {} : { vaultId }))).message
    expect(await fails('three', 'echo "keyring is locked" >&2; exit 3')).toContain(
      'ended with status 3: keyring is locked (named by',
    )
    expect(await fails('b-client', 'exit 2', 'dev')).toContain('has no password for the vault id dev')
    expect(await fails('two', 'exit 2')).toContain('ended with status 2')
    expect(await fails('killed', 'kill -9 $$')).toContain('was ended by a signal')
    expect(await fails('silent', 'exit 0')).toContain('printed no password')
    expect((await errorOf(() => open(put('bin/crlf', '#!/bin/sh\r\necho x\r\n', 0o700)))).fix).toContain(
      'LF, not CRLF',
    )
  })

  test('a password file with an executable bit is not run as a command', async () => {
    const trace = join(root, 'ran')
    const error = await errorOf(() => open(put('bin/pass', `touch ${trace}\n`, 0o700)))
    expect(error.message).toContain('does not begin with #!')
    expect(error.fix).toContain('chmod -x')
    expect(existsSync(trace)).toBe(false)
  })

  test('no error shows what it printed', async () => {
    const marker = 'marker-4711-larch'
    const bodies = [
      `echo ${marker}; echo "I said ${marker}" >&2; exit 1`,
      `set -x; PASS=${marker}; false || exit 1`,
      `printf 'ab\\n'; echo "half of ${marker} is ab" >&2; exit 1`,
      `printf '${marker}\\nsecond ${marker} line\\n'; cat "$0" >&2; exit 1`,
    ]
    for (const body of bodies) {
      const error = await errorOf(() => open(script('leaky', body)))
      expect(
        inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.fix,
        body,
      ).not.toContain(marker)
    }
  })
})

test('no process is given a password in argv or environment', async () => {
  const marker = 'marker-4711-harbour'
  const seen = join(root, 'seen')
  const body = `tr '\\0' '\\n' </proc/$$/cmdline >${seen}; tr '\\0' '\\n' </proc/$$/environ >>${seen}; echo other`
  put('bin/spy-client', `#!/bin/sh\n${body}\n`, 0o700)
  const first = await open(put('first', marker))
  await open(join(root, 'bin/spy-client'), { vaultId: 'dev', decrypt: () => first.password })
  expect(readFileSync(seen, 'utf8')).toContain('--vault-id\ndev')
  expect(readFileSync(seen, 'utf8')).not.toContain(marker)
})

test('paths expand as Ansible expands them', async () => {
  const on = (path: string, more: Record<string, string> = {}) =>
    ansiblePath(path, '/harbour/pier', { HOME: '/h/', ...more })
  expect(await on('a/../b')).toBe('/harbour/pier/b')
  expect(await on('/x//y')).toBe('/x/y')
  expect(await on('~')).toBe('/h')
  expect(await on('~/a')).toBe('/h/a')
  expect(await on('a/~')).toBe('/harbour/pier/a/~')
  expect(await on('$LARCH/${LARCH}x/$NONE', { LARCH: 'l' })).toBe('/harbour/pier/l/lx/$NONE')
  expect(await on('$LARCH/a', { LARCH: '~' })).toBe('/h/a')
  expect(await on('~root/a')).toBe('/root/a')
  expect(await on('~no-such-user/a')).toBe('/harbour/pier/~no-such-user/a')
  expect(await ansiblePath('~/a', '/x', {})).toBe(join(homedir(), 'a'))
})

describe('which ansible.cfg', () => {
  const home = join(root, 'home')
  const project = join(root, 'project')
  put('home/.ansible.cfg', '[defaults]\n# home\n')
  put('project/ansible.cfg', '[defaults]\n# project\n')
  put('elsewhere/ansible.cfg', '[defaults]\n# elsewhere\n')
  const find = (more: Record<string, string> = {}, projectDir = project) =>
    ansibleConfigFile({ projectDir, cwd: root, env: { HOME: home, ...more } })

  test("ANSIBLE_CONFIG, then the project's, then the home directory's", async () => {
    expect((await find()).found).toEqual({
      path: join(project, 'ansible.cfg'),
      text: '[defaults]\n# project\n',
    })
    expect((await find({ ANSIBLE_CONFIG: 'elsewhere' })).found?.path).toBe(
      join(root, 'elsewhere/ansible.cfg'),
    )
    expect((await find({ ANSIBLE_CONFIG: 'nowhere.cfg' })).found?.path).toBe(join(project, 'ansible.cfg'))
    expect((await find({}, join(root, 'not-there'))).found?.path).toBe(join(home, '.ansible.cfg'))
  })

  test('not from a directory that everybody may write to', async () => {
    const open = join(root, 'open')
    put('open/ansible.cfg', '[defaults]\n')
    chmodSync(open, 0o777)
    const { found, warnings } = await find({}, open)
    expect(found?.path).toBe(join(home, '.ansible.cfg'))
    expect(warnings).toEqual([expect.stringContaining(`Ansible ignores ${join(open, 'ansible.cfg')}`)])
    expect((await find({ ANSIBLE_CONFIG: 'open' }, open)).warnings).toEqual([])
  })

  test('what Ansible can not read is refused', async () => {
    put('bad/ansible.cfg', Buffer.from('[defaults]\na = \xff\n', 'latin1'))
    put('bad/ansible.conf', '')
    expect((await errorOf(() => find({ ANSIBLE_CONFIG: 'bad' }))).message).toContain('is not UTF-8')
    expect((await errorOf(() => find({ ANSIBLE_CONFIG: 'bad/ansible.conf' }))).message).toContain(
      'neither .cfg nor .ini',
    )
  })
})

describe('a new password', () => {
  test('is long, random and for its owner only', () => {
    const file = newVaultPassword('/h/x')
    expect(file).toMatchObject({ path: '/h/x', mode: 0o600 })
    expect((file.text as Secret).reveal()).toMatch(/^[A-Za-z0-9]{64}\n$/)
    expect((newVaultPassword('/h/x').text as Secret).equals(file.text as Secret)).toBe(false)
  })

  test('goes outside the project', () => {
    const place = (
      more: Record<string, string>,
      platform = 'linux',
      projectDir = '/srv/my larch/edge site',
    ) => defaultVaultPasswordPath({ projectDir, env: more, platform })
    expect(place({ HOME: '/h' })).toMatch(/^\/h\/\.config\/k3seal\/edge-site-[0-9a-f]{8}\.vault-password$/)
    expect(place({ HOME: '/h', XDG_CONFIG_HOME: '/x' })).toMatch(/^\/x\/k3seal\//)
    expect(place({ HOME: '/h', XDG_CONFIG_HOME: 'relative' })).toMatch(/^\/h\/\.config\//)
    expect(place({ HOME: '/h' })).not.toBe(place({ HOME: '/h' }, 'linux', '/srv/other/edge site'))
    expect(place({ HOME: '/h' }, 'linux', '/')).toMatch(/\/root-[0-9a-f]{8}/)
    expect(place({ APPDATA: 'C:\\Users\\l\\AppData\\Roaming' }, 'win32', 'D:\\edge')).toMatch(
      /^C:\\Users\\l\\AppData\\Roaming\\k3seal\\edge-[0-9a-f]{8}\.vault-password$/,
    )
    expect(() => place({})).toThrow('there is no home directory')
  })
})
