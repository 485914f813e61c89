import { createHash } from 'node:crypto'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { command } from '../src/commands/lint/index.ts'
import { parse } from '../src/commands/parse.ts'
import type { ExitStatus, Session } from '../src/commands/session.ts'
import { Cache, cacheDirectory, MOST_ENTRIES } from '../src/io/cache.ts'
import { projectNames } from './projects/expectation.ts'

/** How often the rules were asked. */
const asked = vi.hoisted(() => ({ times: 0 }))

vi.mock('../src/lint/run.ts', async (original) => {
  const real = await original<typeof import('../src/lint/run.ts')>()
  return {
    ...real,
    lint: (...args: Parameters<typeof real.lint>) => {
      asked.times += 1
      return real.lint(...args)
    },
  }
})

let scratch: string
let site: string
let cache: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-cache-'))
  site = join(scratch, 'site')
  cache = join(scratch, 'home/.cache/k3seal')
  write({
    'site/ansible.cfg': '[defaults]\ninventory = hosts.yml\n',
    'site/hosts.yml': [
      'k3s_cluster:',
      '  children:',
      '    server: {hosts: {larch: }}',
      '    agent: {hosts: {rowan: }}',
      '  vars:',
      `    harbour_key: ${TOKEN}`,
      '',
    ].join('\n'),
    'site/play.yml': [
      '- hosts: k3s_cluster',
      '  tasks:',
      '    - name: Unit',
      '      ansible.builtin.copy:',
      '        dest: /etc/systemd/system/k3s.service',
      '        mode: "0644"',
      '        content: |',
      '          [Service]',
      '          EnvironmentFile=/etc/k3s.env',
      '          ExecStart=/usr/local/bin/k3s server',
      '    - name: Env file',
      '      ansible.builtin.copy:',
      '        dest: /etc/k3s.env',
      '        content: "K3S_TOKEN={{ harbour_key }}"',
      '        mode: "0664"',
      '    - name: Start',
      '      ansible.builtin.systemd:',
      '        name: k3s',
      '        state: started',
      '',
    ].join('\n'),
  })
  asked.times = 0
})

afterEach(() => rmSync(scratch, { recursive: true, force: true }))

const TOKEN = 'Qx7quinceRk29vTzHbLm4Wd8'

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(scratch, path)), { recursive: true })
    writeFileSync(join(scratch, path), text)
  }
}

class Sink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

interface Ran {
  readonly status: ExitStatus
  readonly stdout: string
  readonly stderr: string
  /** Whether the rules had to be asked. */
  readonly isNew: boolean
}

async function lint(
  args: readonly string[] = [],
  { cwd = site, build = 'one', stdin = '' }: { cwd?: string; build?: string; stdin?: string } = {},
): Promise<Ran> {
  const [stdout, stderr] = [new Sink(), new Sink()]
  const session: Session = {
    cwd,
    env: {},
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    interactive: false,
    color: false,
    cache: { directory: cache, build },
  }
  const before = asked.times
  let status: ExitStatus = 0
  const program = command(session, (set) => {
    status = set
  })
  status = (await parse(program, args, session)) ?? status
  return { status, stdout: stdout.text, stderr: stderr.text, isNew: asked.times > before }
}

const entries = (): readonly string[] =>
  existsSync(cache) ? readdirSync(cache).filter((name) => /^[0-9a-f]{64}$/.test(name)) : []

describe('what was found is found again without the rules', () => {
  const formats = ['text', 'json', 'sarif', 'github', 'gitlab', 'junit']

  test.each(formats)('as %s', async (format) => {
    const fresh = await lint(['--no-cache', '--format', format])
    expect(entries()).toEqual([])
    const [first, second] = [await lint(['--format', format]), await lint(['--format', format])]
    expect(first).toEqual(fresh)
    expect(second).toEqual({ ...fresh, isNew: false })
    expect(fresh.status).toBe(1)
    expect(fresh.stdout).toContain('token-world-readable')
  })

  test.each(projectNames)('in %s, whatever is shown of it', async (name) => {
    cpSync(join(import.meta.dirname, 'projects', name), join(scratch, name), { recursive: true })
    const cwd = join(scratch, name)
    for (const args of [['--show-unknown'], ['--format', 'sarif'], ['--format', 'json', '--show-unknown']]) {
      const fresh = await lint(['--no-cache', ...args], { cwd })
      await lint(args, { cwd })
      expect(await lint(args, { cwd })).toEqual({ ...fresh, isNew: false })
    }
  })

  test('for a part of the project, another directory to stand in, and a copy elsewhere', async () => {
    await lint()
    expect(await lint(['play.yml'])).toMatchObject({ isNew: false, status: 1 })
    const above = await lint(['site'], { cwd: scratch })
    expect(above.isNew).toBe(false)
    expect(above.stdout).toContain('site/play.yml:')
    cpSync(site, join(scratch, 'copy'), { recursive: true })
    expect(await lint([], { cwd: join(scratch, 'copy') })).toMatchObject({ isNew: false, status: 1 })
  })

  test('for two projects at once, each with the secrets of the other blanked', async () => {
    write({
      'other/ansible.cfg': '',
      'other/notes.yml': `- hosts: all\n  tasks:\n    - ansible.builtin.command: k3s agent --token=x ${TOKEN}\n`,
    })
    const both = ['site', 'other']
    const fresh = await lint(['--no-cache', ...both], { cwd: scratch })
    expect(fresh.stdout).toContain('other/notes.yml')
    expect(fresh.stdout).not.toContain(TOKEN)
    await lint(both, { cwd: scratch })
    expect(await lint(both, { cwd: scratch })).toEqual({ ...fresh, isNew: false })
  })

  test('with a configuration, which is read again without what reads it', async () => {
    write({
      'site/.k3seal.yml': 'severity: {token-plaintext: notice}\nignore: [token-logged]\nfailOn: never\n',
    })
    const fresh = await lint(['--no-cache', '--format', 'json'])
    expect(fresh.stdout).toMatch(/"rule": "token-plaintext",\s+"severity": "notice"/)
    expect(await lint(['--format', 'json'])).toEqual(fresh)
    expect(entries()).toHaveLength(2)
    expect(await lint(['--format', 'json'])).toEqual({ ...fresh, isNew: false })
    write({ 'site/.k3seal.yml': 'failOn: someday\n' })
    await expect(lint()).rejects.toThrow('someday')
    await expect(lint()).rejects.toThrow('someday')
  })

  test('with a baseline that was written from it', async () => {
    await lint()
    const update = await lint(['--update-baseline'])
    expect(update.stderr).toMatch(/: [1-9]\d* findings?/)
    // The baseline lies beside the project's files, and is none of them.
    expect(await lint()).toMatchObject({ status: 0, isNew: false })
    rmSync(join(site, '.k3seal-baseline.json'))
    expect(await lint(['--fail-on', 'never'])).toMatchObject({ status: 0, isNew: false })
    expect(await lint()).toMatchObject({ status: 1, isNew: false })
  })
})

describe('the rules are asked again', () => {
  const changes: readonly (readonly [what: string, change: () => void])[] = [
    ['one letter is another', () => write({ 'site/play.yml': playWith('"0666"') })],
    ['a file came', () => write({ 'site/roles/edge/tasks/main.yml': '[]\n' })],
    ['a file went', () => rmSync(join(site, 'ansible.cfg'))],
    ['a file has another name', () => renameSync(join(site, 'play.yml'), join(site, 'site.yml'))],
    ['git passes a file over', () => write({ 'site/.gitignore': 'play.yml\n' })],
    ['the configuration is another', () => write({ 'site/.k3seal.yml': 'ignore: [token-plaintext]\n' })],
  ]

  test.each(changes)('when %s', async (_, change) => {
    await lint()
    change()
    expect((await lint()).isNew).toBe(true)
    expect((await lint()).isNew).toBe(false)
  })

  test('when what stood in one file stands in the next', async () => {
    write({ 'site/a.yml': '# k3s\n# token\n', 'site/b.yml': '' })
    await lint()
    write({ 'site/a.yml': '# k3s\n', 'site/b.yml': '# token\n' })
    expect((await lint()).isNew).toBe(true)
  })

  test.each([
    [['--select', 'token-']],
    [['--ignore', 'token-plaintext']],
    [['-i', 'hosts.yml']],
    [['--exclude', 'play.yml']],
  ])('with %j', async (args) => {
    await lint()
    expect((await lint(args)).isNew).toBe(true)
    expect((await lint(args)).isNew).toBe(false)
  })

  test('by another k3seal', async () => {
    await lint()
    expect((await lint([], { build: 'two' })).isNew).toBe(true)
  })

  test('when a directory that a rule has listed holds something else', async () => {
    write({
      'site/group_vars/all.yml': 'airgap_dir: "{{ playbook_dir }}/bundle"\nk3s_version: v1.31.4+k3s1\n',
      'site/bundle/k3s-airgap-images-amd64.tar.zst': 'images',
      'site/bundle/k3s': 'binary',
    })
    const before = await lint(['--format', 'json'])
    expect(await lint(['--format', 'json'])).toEqual({ ...before, isNew: false })
    rmSync(join(site, 'bundle/k3s'))
    const after = await lint(['--format', 'json'])
    expect(after.isNew).toBe(true)
    expect(after.stdout).not.toBe(before.stdout)
    expect(after.stdout).toContain('airgap-artefact-missing')
  })

  test('when a text that a rule has read beside the project is another', async () => {
    const manifest = (version: string): void =>
      write({
        'site/bundle/k3seal-bundle.json': JSON.stringify({ version: 1, k3sVersion: version, files: [] }),
      })
    write({
      'site/.gitignore': 'bundle/\n',
      'site/group_vars/all.yml': 'airgap_dir: "{{ playbook_dir }}/bundle"\nk3s_version: v1.31.4+k3s1\n',
      'site/bundle/k3s': 'binary',
      'site/bundle/k3s-airgap-images-amd64.tar.zst': 'images',
    })
    manifest('v1.31.4+k3s1')
    const before = await lint()
    expect(before.stdout).not.toContain('airgap-version-mismatch')
    expect(await lint()).toEqual({ ...before, isNew: false })
    manifest('v1.30.1+k3s1')
    const after = await lint()
    expect(after.isNew).toBe(true)
    expect(after.stdout).toContain('airgap-version-mismatch')
  })

  test('when an inventory that git ignores is one no more', async () => {
    write({ 'site/.gitignore': 'hosts.yml\n', 'site/ansible.cfg': '' })
    const said = 'hosts.yml:1:1  git ignores this inventory'
    const before = await lint()
    expect(before.stdout).toContain(said)
    expect(before.stdout).not.toContain(TOKEN)
    expect(await lint()).toEqual({ ...before, isNew: false })
    write({ 'site/hosts.yml': '# k3s_cluster\n' })
    const after = await lint()
    expect(after.isNew).toBe(true)
    expect(after.stdout).not.toContain(said)
  })

  const playWith = (mode: string): string =>
    readFileSync(join(site, 'play.yml'), 'utf8').replace('"0664"', mode)
})

const entryText = (name: string): string => {
  const text = readFileSync(join(cache, name), 'utf8')
  return text.slice(text.indexOf('\n') + 1)
}

describe('an entry', () => {
  test('holds no secret and no line of the project, and is for its owner alone', async () => {
    await lint()
    const [name = ''] = entries()
    const text = readFileSync(join(cache, name), 'utf8')
    expect(text).toContain('token-world-readable')
    for (const secret of [TOKEN, Buffer.from(TOKEN).toString('base64').slice(0, 30), 'K3S_TOKEN={{'])
      expect(text).not.toContain(secret)
    expect(statSync(join(cache, name)).mode & 0o777).toBe(0o600)
    expect(statSync(cache).mode & 0o777).toBe(0o700)
    expect(readFileSync(join(cache, 'CACHEDIR.TAG'), 'utf8')).toMatch(
      /^Signature: 8a477f597d28d172789f06886806bc55\n/,
    )
    expect(readFileSync(join(cache, '.gitignore'), 'utf8')).toBe('*\n')
  })

  test('of texts with fixes holds none of them, and --fix finds them all the same', async () => {
    write({ 'site/play.yml': readFileSync(join(site, 'play.yml'), 'utf8').replace('"0664"', '0664') })
    await lint()
    expect(entryText(entries()[0] ?? '')).not.toContain('"fix"')
    const shown = await lint(['--fix-dry-run'])
    expect(shown.isNew).toBe(true)
    expect(shown.stdout).toContain('+')
    await lint(['--fix'])
    expect(await lint(['--fix-dry-run'])).toMatchObject({ stdout: '' })
  })

  const spoilt: readonly (readonly [how: string, spoil: (path: string) => void])[] = [
    ['cut off', (path) => writeFileSync(path, readFileSync(path).subarray(0, -20))],
    ['empty', (path) => writeFileSync(path, '')],
    [
      'changed in one letter',
      (path) => writeFileSync(path, readFileSync(path, 'utf8').replace('error', 'notice')),
    ],
    ['without findings', (path) => writeFileSync(path, sealed('not the key', '[]'))],
    ['for others to change', (path) => chmodSync(path, 0o620)],
    ['a directory', replacedByDirectory],
  ]
  function replacedByDirectory(path: string): void {
    rmSync(path)
    mkdirSync(path)
  }
  const sealed = (key: string, entry: string): string =>
    `${createHash('sha256').update(key).update(entry).digest('hex')}\n${entry}`

  test.each(spoilt)('that is %s does not count, and nothing is said of it', async (_, spoil) => {
    const fresh = await lint()
    spoil(join(cache, entries()[0] ?? ''))
    expect(await lint()).toEqual(fresh)
  })

  test('of another key does not count', async () => {
    await lint()
    const [first = ''] = entries()
    write({ 'site/play.yml': '- hosts: all\n  roles: [k3s]\n' })
    await lint()
    const [other = ''] = entries().filter((name) => name !== first)
    cpSync(join(cache, first), join(cache, other))
    expect((await lint()).isNew).toBe(true)
  })

  test('of somebody else does not count', async (context) => {
    if (process.getuid?.() !== 0) return context.skip('only root can give a file away')
    const fresh = await lint()
    const { chownSync } = await import('node:fs')
    chownSync(join(cache, entries()[0] ?? ''), 65534, 65534)
    expect(await lint()).toEqual(fresh)
  })

  test.each([
    ['a file stands where the directory would', () => write({ 'home/.cache': '' })],
    [
      'the directory is closed',
      () => {
        mkdirSync(cache, { recursive: true })
        chmodSync(cache, 0o500)
      },
    ],
  ])('is not written where %s, and nothing is said of it', async (_, spoil) => {
    spoil()
    const fresh = await lint(['--no-cache'])
    expect(await lint()).toEqual(fresh)
  })

  test('is not written for a text from an editor, nor where nothing concerns K3s', async () => {
    await lint(['--stdin-filename', 'play.yml'], { stdin: '- hosts: k3s\n' })
    expect(entries()).toEqual([])
    write({ 'garden/ansible.cfg': '', 'garden/trees.yml': 'larch: 1\n' })
    await lint([], { cwd: join(scratch, 'garden') })
    expect(entries()).toEqual([])
  })

  test('that was not used for long makes room for new ones', () => {
    const kept = new Cache(cache)
    const key = (index: number): string => index.toString(16).padStart(64, '0')
    for (let index = 0; index < MOST_ENTRIES; index += 1) {
      kept.put(key(index), `${index}`)
      const time = new Date(2026, 0, 1, 0, index)
      utimesSync(join(cache, key(index)), time, time)
    }
    write({ [`home/.cache/k3seal/.${key(1)}.4711`]: 'a killed run', 'home/.cache/k3seal/notes': 'kept' })
    utimesSync(join(cache, `.${key(1)}.4711`), new Date(2026, 0, 1), new Date(2026, 0, 1))
    expect(kept.get(key(0))).toBe('0')
    kept.put(key(MOST_ENTRIES), 'new')
    expect(entries()).toHaveLength(MOST_ENTRIES / 2)
    expect(kept.get(key(0))).toBe('0')
    expect(kept.get(key(1))).toBeUndefined()
    expect(kept.get(key(MOST_ENTRIES))).toBe('new')
    expect(readdirSync(cache)).toContain('notes')
    expect(readdirSync(cache)).not.toContain(`.${key(1)}.4711`)
  })

  test('is not kept where it would be huge', () => {
    const kept = new Cache(cache)
    kept.put('a'.repeat(64), 'x'.repeat(3 * 1024 * 1024))
    expect(entries()).toEqual([])
  })
})

test.each([
  [{ HOME: '/home/larch' }, 'linux', '/home/larch/.cache/k3seal'],
  [{ HOME: '/home/larch', XDG_CACHE_HOME: '/var/tmp/larch' }, 'linux', '/var/tmp/larch/k3seal'],
  // The specification wants paths that are not absolute passed over.
  [{ HOME: '/home/larch', XDG_CACHE_HOME: 'cache' }, 'linux', '/home/larch/.cache/k3seal'],
  [{ HOME: '/home/larch', K3SEAL_CACHE_DIR: '/srv/k3seal' }, 'linux', '/srv/k3seal'],
  [{ HOME: '/home/larch', K3SEAL_CACHE_DIR: 'here' }, 'linux', undefined],
  [{ HOME: '/home/larch', K3SEAL_NO_CACHE: '1' }, 'linux', undefined],
  [{ HOME: '', XDG_CACHE_HOME: '' }, 'linux', undefined],
  [{}, 'darwin', undefined],
  [{ LOCALAPPDATA: 'C:\\Users\\larch\\AppData\\Local' }, 'win32', 'C:\\Users\\larch\\AppData\\Local\\k3seal'],
] as const)('with %j on %s the directory is %s', (env, platform, directory) => {
  expect(cacheDirectory(env, platform)).toBe(directory)
})

describe('an inventory that git ignores', () => {
  const hosts = '[server]\nlarch\n[agent]\nrowan\n'
  const said = 'git ignores this inventory'

  test.each<
    [path: string, ignores: string, args?: readonly string[], more?: Readonly<Record<string, string>>]
  >([
    ['hosts.ini', 'hosts.ini'],
    ['hosts', '/hosts'],
    ['inventory/prod/hosts.ini', 'inventory/'],
    ['inventories/harbour/quays', 'inventories/*'],
    ['inventory.yml', '*', ['-i', 'inventory.yml']],
    ['hosts.ini', 'hosts.ini', ['-i', 'hosts.ini']],
    ['hosts.ini', 'hosts.ini', [], { 'ansible.cfg': '[defaults]\ninventory = hosts.ini\n' }],
    ['hosts.ini', '/hosts.ini', [], { 'other/hosts.ini': hosts }],
    ['hosts.ini', 'hosts.ini', [], { 'play.yml': '- hosts: server\n  tasks: []\n' }],
    ['hosts.ini', 'hosts.ini', ['--exclude', 'hosts.ini']],
  ])(
    'is told of where nothing else names it or is one: %s, ignored by %s, %j %j',
    async (path, ignores, args, more) => {
      rmSync(join(site, 'ansible.cfg'))
      rmSync(join(site, 'hosts.yml'))
      const own = { [path]: path.endsWith('.yml') ? 'server: {hosts: {larch: }}\n' : hosts, ...more }
      write({ 'site/.gitignore': `${ignores}\n!play.yml\n` })
      write(Object.fromEntries(Object.entries(own).map(([name, text]) => [`site/${name}`, text])))
      const { stdout } = await lint(args)
      expect(stdout.includes(`${path}:1:1  ${said}`)).toBe(args === undefined)
      expect(stdout.includes(said)).toBe(args === undefined)
    },
  )
})
