import { execFileSync } from 'node:child_process'
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { command } from '../src/commands/lint/index.ts'
import { parse } from '../src/commands/parse.ts'
import type { ExitStatus, Session } from '../src/commands/session.ts'
import { UserError } from '../src/errors.ts'
import type { Rule } from '../src/lint/rule.ts'

const MARKER = 'Qx7-quince.Rk29vTz'

vi.mock('../src/rules/ids.ts', () => ({ ruleIds: ['mode-unquoted', 'token-logged', 'token-plaintext'] }))

vi.mock('../src/rules/index.ts', () => {
  const docs = {
    summary: 'A fault',
    why: 'It is a test.',
    see: ['https://docs.k3s.io/cli/token'],
    bad: [{ title: '', files: {} }],
    good: [{ title: '', files: {} }],
  } as const
  const rules: Rule[] = [
    {
      ...docs,
      id: 'token-plaintext',
      severity: 'error',
      fix: 'encrypt it',
      *check(analysis) {
        for (const [path, text] of [...analysis.project].filter(([name]) => analysis.isTaken(name)))
          for (const { index, 1: value = '' } of text.matchAll(/harbour_key: "([^"]+)"/g)) {
            const start = index + 13
            const at = { path, start, end: start + value.length + 2 }
            const secrets = [{ path, start: start + 1, end: at.end - 1 }]
            yield { at, secrets, message: 'token in clear text', hops: [{ at, what: 'stands here' }] }
          }
      },
    },
    {
      ...docs,
      id: 'token-logged',
      severity: 'notice',
      fix: 'set no_log',
      *check({ project }) {
        const all = project.get('group_vars/all.yml')
        for (const [path, text] of project)
          for (const { index } of text.matchAll(/copy:/g))
            yield {
              at: { path, start: index, end: index + 4 },
              message: 'token is shown',
              hops:
                all === undefined
                  ? []
                  : [{ at: { path: 'group_vars/all.yml', start: 0, end: 1 }, what: 'stands here' }],
            }
      },
    },
    {
      ...docs,
      id: 'mode-unquoted',
      severity: 'warning',
      fix: 'quote it',
      *check({ project }) {
        for (const [path, text] of project)
          for (const { index, 1: mode = '' } of text.matchAll(/(?<=mode: )(0\d+)/g)) {
            const at = { path, start: index, end: index + mode.length }
            yield { at, message: 'a mode without quotes', fix: { edits: [{ at, text: `'${mode}'` }] } }
          }
      },
    },
  ]
  return { rules }
})

let directory: string

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'k3seal-lint-'))
})

afterEach(() => rmSync(directory, { recursive: true, force: true }))

class Sink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

interface Outcome {
  readonly status: ExitStatus
  readonly stdout: string
  readonly stderr: string
  readonly error: UserError | undefined
}

async function lint(
  args: readonly string[],
  { stdin = '', env = {}, cwd = directory }: { stdin?: string; env?: Session['env']; cwd?: string } = {},
): Promise<Outcome> {
  const stdout = new Sink()
  const stderr = new Sink()
  const session: Session = {
    cwd,
    env,
    stdin: Readable.from([Buffer.from(stdin)]),
    stdout,
    stderr,
    interactive: false,
    color: false,
  }
  let status: ExitStatus = 0
  let error: UserError | undefined
  try {
    const program = command(session, (set) => {
      status = set
    })
    status = (await parse(program, args, session)) ?? status
  } catch (thrown) {
    if (!(thrown instanceof UserError)) throw thrown
    error = thrown
    status = 2
  }
  return { status, stdout: stdout.text, stderr: stderr.text, error }
}

function write(files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
}

/** `path:line rule` of each finding. */
async function found(
  args: readonly string[] = [],
  options: Parameters<typeof lint>[1] = {},
): Promise<string[]> {
  const { stdout, error } = await lint(['--format', 'json', ...args], options)
  if (error !== undefined) throw error
  const { findings } = JSON.parse(stdout) as { findings: { path: string; line: number; rule: string }[] }
  return findings.map(({ path, line, rule }) => `${path}:${line} ${rule}`)
}

const site = {
  'ansible.cfg': '[defaults]\n',
  'group_vars/all.yml': `# k3s\nharbour_key: "${MARKER}"\n`,
  'roles/edge/tasks/main.yml': '- copy:\n    dest: /etc/k3s\n    mode: 0600\n',
}
const plaintext = 'group_vars/all.yml:2 token-plaintext'
const logged = 'roles/edge/tasks/main.yml:1 token-logged'
const mode = 'roles/edge/tasks/main.yml:3 mode-unquoted'

describe('what is looked at', () => {
  test('the working directory, with paths from there', async () => {
    write(site)
    expect(await found()).toEqual([plaintext, logged, mode])
    expect(await found(['.'], { cwd: join(directory, 'roles') })).toEqual([
      'edge/tasks/main.yml:1 token-logged',
      'edge/tasks/main.yml:3 mode-unquoted',
    ])
  })

  test('of a file the project around it, with findings whose way passes through it', async () => {
    write(site)
    expect(await found(['roles/edge/tasks/main.yml'])).toEqual([logged, mode])
    expect(await found(['group_vars/all.yml'])).toEqual([plaintext, logged])
    expect(await found(['main.yml'], { cwd: join(directory, 'roles/edge/tasks') })).toEqual([
      'main.yml:1 token-logged',
      'main.yml:3 mode-unquoted',
    ])
  })

  test('several projects, each by itself, in one order', async () => {
    write({ 'b/x.yml': 'token: {mode: 0600}\n', 'a/y.yml': 'token: {mode: 0600}\n' })
    expect(await found(['b', 'a'])).toEqual(['a/y.yml:1 mode-unquoted', 'b/x.yml:1 mode-unquoted'])
    expect(await found(['a', '.'])).toEqual(['a/y.yml:1 mode-unquoted', 'b/x.yml:1 mode-unquoted'])
  })

  test('not what git passes over, wherever that is said, unless it is named', async () => {
    const bad = 'token: {mode: 0600}\n'
    write({
      '.gitignore': '/build/\n*.local.yml\n',
      'build/a.yml': bad,
      'x.local.yml': bad,
      'deep/.gitignore': '!keep.local.yml\nnot.yml\n',
      'deep/keep.local.yml': bad,
      'deep/not.yml': bad,
      'node_modules/a.yml': bad,
    })
    execFileSync('git', ['init', '--quiet', directory])
    expect(await found()).toEqual(['deep/keep.local.yml:1 mode-unquoted'])
    expect(await found(['deep'])).toEqual(['deep/keep.local.yml:1 mode-unquoted'])
    expect(await found(['build'])).toEqual(['build/a.yml:1 mode-unquoted'])
    expect(await found(['x.local.yml'])).toEqual(['x.local.yml:1 mode-unquoted'])
  })

  test('what git has committed is not ignored, whatever a .gitignore says', async () => {
    const bad = 'token: {mode: 0600}\n'
    write({
      'inventory/.gitignore': '*\n!sample/\n',
      'inventory/sample/a.yml': bad,
      'inventory/sample/b.yml': bad,
      'inventory/mine/c.yml': bad,
      '.gitignore': '/kept/\n/build/\n',
      'kept/deep/d.yml': bad,
      'build/e.yml': bad,
    })
    execFileSync('git', ['init', '--quiet', directory])
    const add = ['add', '--force', 'inventory/sample/a.yml', 'kept/deep/d.yml']
    execFileSync('git', add, { cwd: directory })
    expect(await found()).toEqual([
      'inventory/sample/a.yml:1 mode-unquoted',
      'kept/deep/d.yml:1 mode-unquoted',
    ])
  })

  test('exclude takes gitignore patterns; named files pass unless --force-exclude', async () => {
    write({ ...site, '.k3seal.yml': 'exclude: roles/\n' })
    expect(await found()).toEqual([plaintext])
    expect(await found(['--exclude', 'group_vars'])).toEqual([])
    expect(await found(['roles/edge/tasks/main.yml'])).toEqual([logged, mode])
    expect(await found(['--force-exclude', 'roles/edge/tasks/main.yml'])).toEqual([])
  })

  test('an inventory that is named, wherever it lies, and whether or not git takes it', async () => {
    const hosts = 'all:\n  vars:\n    harbour_key: "x"\n    k3s: {mode: 0600}\n'
    write({ '.gitignore': 'site/mine.yml\n', 'site/ansible.cfg': '', 'site/mine.yml': hosts })
    write({ 'elsewhere/hosts.yml': hosts, 'elsewhere/group_vars/all': 'k3s: {mode: 0644}\n' })
    execFileSync('git', ['init', '--quiet', directory])
    expect(await found(['site'])).toEqual([])
    expect(await found(['site', '-i', 'site/mine.yml'])).toEqual(['site/mine.yml:4 mode-unquoted'])
    const other = [
      'elsewhere/group_vars/all:1 mode-unquoted',
      'elsewhere/hosts.yml:3 token-plaintext',
      'elsewhere/hosts.yml:4 mode-unquoted',
    ]
    expect(await found(['site', '-i', 'elsewhere/hosts.yml'])).toEqual(other)
    write({ 'site/.k3seal.yml': 'inventories: ../elsewhere/hosts.yml\n' })
    expect(await found(['site'])).toEqual(other)
  })

  test('the inventory of ansible.cfg, even where git passes it over', async () => {
    write({
      '.gitignore': '/inventory.yml\n/prod/\n',
      'ansible.cfg': '[defaults]\ninventory = ./inventory.yml,prod\n',
      'inventory.yml': 'harbour_key: "x"\nk3s: {mode: 0600}\n',
      'prod/hosts': 'k3s: {mode: 0600}\n',
      'prod/host_vars/larch': 'k3s: {mode: 0600}\n',
    })
    const all = ['inventory.yml:2', 'prod/host_vars/larch:1', 'prod/hosts:1']
    expect(await found()).toEqual(all.map((place) => `${place} mode-unquoted`))
    expect(await found(['--exclude', '/inventory.yml', '--exclude', '/prod'])).toEqual([])
  })

  test('variables beside an inventory or a playbook, even where git passes them over', async () => {
    const mode = (path: string) => ({ [path]: 'k3s: {mode: 0600}\n' })
    write({
      '.gitignore': 'sealed.yml\n/sites/north/host_vars/\n/more/\n',
      'site.yml': '- hosts: quays\n  roles: [k3s]\n',
      'sites/north/hosts.ini': '[quays]\nquay\n',
      ...mode('group_vars/all/sealed.yml'),
      ...mode('sites/north/group_vars/quays/deep/sealed.yml'),
      ...mode('sites/north/host_vars/quay/main.yml'),
      // Nothing reads these.
      ...mode('sites/north/sealed.yml'),
      ...mode('more/group_vars/all.yml'),
    })
    execFileSync('git', ['init', '--quiet', directory])
    expect(await found()).toEqual([
      'group_vars/all/sealed.yml:1 mode-unquoted',
      'sites/north/group_vars/quays/deep/sealed.yml:1 mode-unquoted',
      'sites/north/host_vars/quay/main.yml:1 mode-unquoted',
    ])
    expect(
      await found(['--exclude', 'host_vars/', '--exclude', '/group_vars/', '--exclude', 'deep/']),
    ).toEqual([])
  })

  test('roles and collections that are named, even where git passes them over', async () => {
    const mode = (path: string) => ({ [path]: 'k3s: {mode: 0600}\n' })
    write({
      '.gitignore': '/collections/\n/more/\n/roles/deep/roles/\n',
      'ansible.cfg': '[defaults]\nroles_path = ./more/harbours\n',
      'roles/.gitignore': '*\n!requirements.yml\n!own/\n!own/**\n',
      'roles/requirements.yml': 'roles:\n  - name: berth\n  - name: idle\n',
      'site.yml':
        '- hosts: quays\n  roles: [own, "quay.k3s", { role: slip }]\n- import_playbook: tide.k3s.site\n',
      'roles/own/tasks/main.yml': '- import_role: { name: own }\n',
      ...mode('roles/quay.k3s/defaults/main.yml'),
      'roles/quay.k3s/meta/main.yml': 'dependencies:\n  - role: berth\n',
      ...mode('roles/quay.k3s/molecule/default/converge.yml'),
      ...mode('roles/berth/vars/main.yml'),
      ...mode('roles/idle/vars/main.yml'),
      ...mode('more/harbours/slip/defaults/main.yml'),
      // The project has one of that name.
      ...mode('more/harbours/own/defaults/main.yml'),
      ...mode('collections/ansible_collections/tide/k3s/playbooks/site.yml'),
      ...mode('collections/ansible_collections/tide/k3s/plugins/doc.yml'),
      ...mode('collections/ansible_collections/tide/idle/playbooks/site.yml'),
    })
    execFileSync('git', ['init', '--quiet', directory])
    expect(await found()).toEqual(
      [
        'collections/ansible_collections/tide/k3s/playbooks/site.yml',
        'more/harbours/slip/defaults/main.yml',
        'roles/berth/vars/main.yml',
        'roles/quay.k3s/defaults/main.yml',
      ].map((path) => `${path}:1 mode-unquoted`),
    )
    expect(
      await found(['--exclude', 'roles/quay.k3s/', '--exclude', '/more/', '--exclude', 'tide/']),
    ).toEqual([])
  })

  test.each([
    ['the project itself', 'site/ansible.cfg', '..'],
    ['the directory of ansible.cfg', 'ansible.cfg', '.'],
    ['a list, quotes and Windows line ends', 'ansible.cfg', '"./:none:"\r'],
    ['what is above the project', 'ansible.cfg', '..:../..:.'],
  ])('roles_path names %s', async (_, config, paths) => {
    write({
      '.gitignore': '/berth/\n/slip/\n/idle/\n',
      [config]: `[defaults]\nroles_path = ${paths}\ncollections_path = ${paths}\n`,
      'site/play.yml':
        '- hosts: quays\n  roles: [berth, "tide.k3s.quay"]\n  tags: [site, slip, pier, .git]\n  vars: {k3s: [mole]}\n',
      'pier/tasks/main.yml': 'k3s: {mode: 0600}\n',
      'pier/production': 'k3s: {mode: 0600}\n',
      'mole/tide.yml': 'k3s: {mode: 0600}\n',
      'berth/tasks/main.yml': 'k3s: {mode: 0600}\n',
      // Nothing in it is of a role.
      'slip/tide.yml': 'k3s: {mode: 0600}\n',
      'ansible_collections/.gitignore': '*\n',
      'ansible_collections/tide/k3s/roles/quay/tasks/main.yml': 'k3s: {mode: 0600}\n',
    })
    execFileSync('git', ['init', '--quiet', directory])
    expect(await found()).toEqual(
      [
        'ansible_collections/tide/k3s/roles/quay/tasks/main.yml',
        'berth/tasks/main.yml',
        'mole/tide.yml',
        'pier/tasks/main.yml',
      ].map((path) => `${path}:1 mode-unquoted`),
    )
  })

  test.each([
    '~/harbours',
    '$HOME/harbours',
    '{{CWD}}/harbours',
    '/harbours',
    '../harbours',
    'site.yml',
    'up',
  ])('roles_path %s leads to nothing of the project', async (path) => {
    write({
      'ansible.cfg': `[defaults]\nroles_path = ${path}\n`,
      '.gitignore': '/harbours/\n',
      'site.yml': '- hosts: quays\n  roles: [k3s]\n',
      'harbours/k3s/tasks/main.yml': 'k3s: {mode: 0600}\n',
    })
    symlinkSync('up', join(directory, 'up'))
    execFileSync('git', ['init', '--quiet', directory])
    expect(await found()).toEqual([])
  })

  test('a role that git passes over is a link, a circle, a file', async () => {
    write({
      '.gitignore': '/roles/\n',
      'site.yml':
        '- hosts: quays\n  roles: [k3s, k3s_edge, k3s_far, k3s_up, k3s_circle, k3s_nothing, k3s_file.yml, k3s_part]\n',
      'tasks/main.yml': 'k3s: {mode: 0600}\n',
      'edge/tasks/main.yml': 'k3s: {mode: 0600}\n',
      'roles/k3s_file.yml': 'k3s: {mode: 0600}\n',
      'roles/k3s_part/defaults/main.yml': 'k3s: {mode: 0600}\n',
      'roles/k3s_part/vars': 'k3s: {mode: 0600}\n',
    })
    symlinkSync('..', join(directory, 'roles/k3s'))
    symlinkSync('../edge', join(directory, 'roles/k3s_edge'))
    symlinkSync('..', join(directory, 'roles/k3s_up'))
    symlinkSync('k3s_circle', join(directory, 'roles/k3s_circle'))
    symlinkSync('nowhere', join(directory, 'roles/k3s_nothing'))
    symlinkSync('tasks', join(directory, 'roles/k3s_part/tasks'))
    const far = mkdtempSync(join(tmpdir(), 'k3seal-far-'))
    mkdirSync(join(far, 'tasks'))
    writeFileSync(join(far, 'tasks/main.yml'), 'k3s: {mode: 0600}\n')
    symlinkSync(far, join(directory, 'roles/k3s_far'))
    execFileSync('git', ['init', '--quiet', directory])
    expect(await found()).toEqual(
      [
        'edge/tasks/main.yml',
        'roles/k3s_far/tasks/main.yml',
        'roles/k3s_part/defaults/main.yml',
        'tasks/main.yml',
      ].map((path) => `${path}:1 mode-unquoted`),
    )
    rmSync(far, { recursive: true })
  })

  test('links are followed, circles are not', async () => {
    write(site)
    symlinkSync('..', join(directory, 'roles/up'))
    symlinkSync('../group_vars/all.yml', join(directory, 'roles/linked.yml'))
    symlinkSync('nothing', join(directory, 'roles/nothing.yml'))
    expect(await found()).toEqual([plaintext, logged, mode])
  })

  test('a file that links lead to is told of once, by its own path', async () => {
    write({
      ...site,
      'sites/north/quay.yml': `harbour_key: "${MARKER}" # k3seal-disable-line token-plaintext -- known\n`,
    })
    mkdirSync(join(directory, 'sites/south'))
    symlinkSync('../../roles', join(directory, 'sites/south/roles'))
    symlinkSync('../north/quay.yml', join(directory, 'sites/south/quay.yml'))
    expect(await found()).toEqual([plaintext, logged, mode])
    expect(await found(['sites/south/roles/edge/tasks/main.yml'])).toEqual([logged, mode])
    const stdin = '\n- copy:\n    mode: 0600\n'
    expect(await found(['--stdin-filename', 'sites/south/roles/edge/tasks/main.yml'], { stdin })).toEqual([
      'roles/edge/tasks/main.yml:2 token-logged',
      'roles/edge/tasks/main.yml:3 mode-unquoted',
    ])
    // Seen from there, the roles lie elsewhere.
    expect(await found(['sites/south'])).toEqual([
      'sites/south/roles/edge/tasks/main.yml:1 token-logged',
      'sites/south/roles/edge/tasks/main.yml:3 mode-unquoted',
    ])
  })

  test('a text from standard input stands for a file, there or not', async () => {
    write(site)
    const args = ['--stdin-filename', 'group_vars/all.yml']
    expect(await found(args, { stdin: '# k3s\n\n\nharbour_key: "x"\n' })).toEqual([
      'group_vars/all.yml:4 token-plaintext',
      logged,
    ])
    expect(await found(['--stdin-filename', 'new.yml'], { stdin: 'harbour_key: "x"\n' })).toEqual([
      'new.yml:1 token-plaintext',
    ])
  })

  test('whatever a role or a playbook may write to nodes, and no chart', async () => {
    const text = 'harbour_key: "x"\n'
    write({
      'roles/edge/templates/k3s.quay': text,
      'roles/edge/files/north/k3s.quay': text,
      'roles/edge/files/logo.quay': `\0${text}`,
      'roles/edge/files/tide.png': text,
      'roles/edge/quay/k3s.quay': text,
      'berth/tasks/main.yml': '- ping:\n',
      'berth/templates/k3s.unit': text,
      'site/play.yml': '---\n- name: Tide\n  hosts: all\n  roles: [edge]\n',
      'site/files/k3s.unit': text,
      'charts/quay/Chart.yaml': 'name: quay\n',
      'charts/quay/values.yaml': 'ingress:\n  hosts:\n    - quay\n',
      'charts/quay/templates/k3s.unit': text,
    })
    expect(await found()).toEqual([
      'berth/templates/k3s.unit:1 token-plaintext',
      'roles/edge/files/north/k3s.quay:1 token-plaintext',
      'roles/edge/templates/k3s.quay:1 token-plaintext',
      'site/files/k3s.unit:1 token-plaintext',
    ])
  })

  test('what seldom concerns K3s, where it is a template or something names it', async () => {
    const text = 'harbour_key: "x"\n'
    write({
      'roles/edge/tasks/main.yml':
        '- copy: { src: "north/{{ item }}", dest: /srv }\n  loop: [pier.md, tide.png]\n',
      'roles/edge/templates/k3s.js': text,
      'roles/edge/templates/logo.png': text,
      'roles/edge/files/north/pier.md': text,
      'roles/edge/files/north/berth.md': text,
      'roles/edge/files/tide.png': text,
      'host_vars/quay.yml': 'lock: /srv/mole.key\n',
      'site.yml': '- hosts: all\n  roles: [edge]\n',
      'files/mole.key': text,
      'docs/pier.md': text,
      'charts/quay/templates/pier.md': text,
    })
    expect(await found()).toEqual([
      'files/mole.key:1 token-plaintext',
      'roles/edge/files/north/pier.md:1 token-plaintext',
      'roles/edge/tasks/main.yml:1 token-logged',
      'roles/edge/templates/k3s.js:1 token-plaintext',
    ])
  })

  test('what is named like a text and is none, where it concerns K3s', async () => {
    const manifest = Buffer.from('\ufeffapiVersion: v1\nkind: Secret\ntoken: k3s\n', 'utf16le').toString(
      'utf8',
    )
    write({
      'k3s.yml': 'token: \0\n',
      'other.yml': '\0',
      'logo.conf': '\0\u0001',
      'manifests/k3s.yml': manifest,
    })
    const { stdout, status } = await lint([])
    expect(stdout).toContain('k3s.yml:1:1  error  holds NUL bytes, so it is no text in UTF-8')
    expect(stdout).toContain('1 error in 1 file\n')
    expect(status).toBe(1)
  })

  test.each<[number, string, string, string]>([
    [0, 'no more', 'src/notes.yml', 'token: mooring\n'],
    [0, 'charts', 'charts/quay/values.yaml', 'ingress:\n  hosts:\n    - quay\n'],
    [1, 'a playbook', 'site.yml', '- hosts: all\n  roles: [quay]\n'],
    [1, 'tasks', 'roles/quay/tasks/main.yml', '- ping:\n'],
    [1, 'variables', 'group_vars/all.yml', 'quay: 1\n'],
    [1, 'settings of Ansible', 'ansible.cfg', '[defaults]\n'],
    [1, 'an inventory', 'hosts.ini', '[quays]\nquay\n'],
    [1, 'a vault', 'quay.yml', '$ANSIBLE_VAULT;1.1;AES256\n6162\n'],
    [1, 'K3s', 'quay.sh', 'curl https://get.k3s.io | sh -\n'],
    [1, 'a playbook that is none, either', 'site.yml', '-\0 \0h\0o\0s\0t\0s\0:\0 \0a\0l\0l\0'],
  ])('a token in what is no text ends with %i beside %s', async (status, _, path, text) => {
    const utf16 = Buffer.from('image:\n  token: mooring\n', 'utf16le').toString('utf8')
    write({ 'values/quay.yaml': utf16, [path]: text })
    const result = await lint([])
    expect(result.status).toBe(status)
    const told = 'values/quay.yaml:1:1  error  holds NUL bytes'
    expect(result.stdout.includes(told)).toBe(status === 1)
  })
})

describe('exit status', () => {
  test.each([
    [['group_vars'], 1],
    [['--fail-on', 'never'], 0],
    [['--exit-zero'], 0],
    [['--select', 'token-logged'], 0],
    [['--select', 'token-logged', '--fail-on', 'notice'], 1],
    [['--select', 'mode'], 1],
    [['--select', 'mode', '--fail-on', 'error'], 0],
    [['--ignore', 'token,mode'], 0],
  ] as const)('%j ends with %i', async (args, status) => {
    write(site)
    expect((await lint(args)).status).toBe(status)
  })

  test.each([
    [['nothing'], 'nothing', 'does not exist'],
    [['--select', 'tokken'], undefined, 'no rule begins with "tokken"'],
    [['--config', 'none.yml'], 'none.yml', 'does not exist'],
    [['--baseline', 'none.json'], 'none.json', 'there is no such baseline'],
    [['-i', 'none.yml'], 'none.yml', 'there is no such inventory'],
    [['--fix', '--fix-dry-run'], undefined, '--fix and --fix-dry-run exclude each other'],
    [['--stdin-filename', 'a.yml', '.'], undefined, '--stdin-filename takes no paths'],
    [['--stdin-filename', 'a.yml', '--fix'], undefined, '--stdin-filename changes no file'],
  ] as const)('%j is wrong use', async (args, at, message) => {
    write(site)
    const { error } = await lint(args)
    expect(error?.message).toBe(message)
    expect(error?.at).toBe(at)
    expect(error?.fix).toBeTruthy()
  })
})

describe('the configuration', () => {
  test.each(['.k3seal.yml', '.k3seal.yaml', '.config/k3seal.yml'])(
    'is found as %s, upwards',
    async (name) => {
      write({ ...site, [name]: 'ignore: [token]\nseverity: {mode-unquoted: notice}\n' })
      expect(await found(['roles'])).toEqual([mode])
      expect((await lint(['roles'])).status).toBe(0)
      expect((await lint(['roles', '--fail-on', 'notice'])).status).toBe(1)
    },
  )

  test('is found in package.json, but not above the top of the work tree', async () => {
    write({ 'package.json': '{"k3seal": {"select": "mode"}}', 'a/ansible.cfg': '' })
    write({ 'a/x.yml': 'harbour_key: "x"\ntoken: {mode: 0600}\n' })
    expect(await found(['a'])).toEqual(['a/x.yml:2 mode-unquoted'])
    mkdirSync(join(directory, 'a/.git'))
    expect(await found(['a'])).toEqual(['a/x.yml:1 token-plaintext', 'a/x.yml:2 mode-unquoted'])
  })

  test('says where it is wrong', async () => {
    write({ ...site, '.k3seal.yml': 'failOn: warning\nselect:\n  - tokken\n' })
    expect((await lint(['roles'])).error).toMatchObject({ at: '.k3seal.yml:3:5' })
  })
})

describe('the baseline', () => {
  test('silences what was there, and only that, until it is updated', async () => {
    write(site)
    const first = await lint(['--update-baseline'])
    expect(first).toMatchObject({ status: 0, stderr: '.k3seal-baseline.json: 3 findings\n' })
    const stored = readFileSync(join(directory, '.k3seal-baseline.json'), 'utf8')
    expect(await found()).toEqual([])
    expect(await found(['group_vars/all.yml'])).toEqual([])
    write({ 'group_vars/all.yml': `\n\n${site['group_vars/all.yml']}other: 1\n` })
    expect(await found()).toEqual([])
    write({ 'group_vars/new.yml': 'harbour_key: "fresh"\n', 'roles/edge/tasks/main.yml': '- copy:\n' })
    expect(await found()).toEqual(['group_vars/new.yml:1 token-plaintext'])
    expect((await lint(['--update-baseline', 'group_vars/new.yml'])).stderr).toBe(
      '.k3seal-baseline.json: 4 findings\n',
    )
    expect((await lint(['--update-baseline'])).stderr).toBe(
      '.k3seal-baseline.json: 3 findings; 1 that is not found any more went\n',
    )
    expect(readFileSync(join(directory, '.k3seal-baseline.json'), 'utf8')).not.toBe(stored)
  })

  test('may have another name and place', async () => {
    write({ ...site, '.k3seal.yml': 'baseline: ci/known.json\n' })
    await lint(['--update-baseline'])
    expect(existsSync(join(directory, 'ci/known.json'))).toBe(true)
    expect(await found([], { cwd: join(directory, 'roles') })).toEqual([])
    expect(await found(['--baseline', '../ci/known.json', '..'], { cwd: join(directory, 'roles') })).toEqual(
      [],
    )
  })
})

describe('fixes', () => {
  const fixedText = "- copy:\n    dest: /etc/k3s\n    mode: '0600'\n"

  test('are written, and a second run changes nothing', async () => {
    write(site)
    const first = await lint(['--fix', '--ignore', 'token'])
    expect(first).toMatchObject({ status: 1, stderr: 'Fixed 1 finding in 1 file.\n' })
    const path = join(directory, 'roles/edge/tasks/main.yml')
    expect(readFileSync(path, 'utf8')).toBe(fixedText)
    expect(await lint(['--fix', '--ignore', 'token'])).toMatchObject({ status: 0, stderr: '' })
    expect(readFileSync(path, 'utf8')).toBe(fixedText)
    expect(readdirSync(directory).sort()).toEqual(['ansible.cfg', 'group_vars', 'roles'])
  })

  test('change a file once that links lead to, and none outside of the project', async () => {
    const tasks = '- copy:\n    dest: /etc/k3s\n    mode: 0600\n'
    write({ 'site/roles/edge/tasks/main.yml': tasks, 'shared/roles/quay/tasks/main.yml': tasks })
    const cwd = join(directory, 'site')
    mkdirSync(join(cwd, 'lab'))
    symlinkSync('../roles', join(cwd, 'lab/roles'))
    symlinkSync('../../shared/roles/quay', join(cwd, 'roles/quay'))
    expect(await lint(['--fix'], { cwd })).toMatchObject({ stderr: 'Fixed 1 finding in 1 file.\n' })
    expect(readFileSync(join(cwd, 'lab/roles/edge/tasks/main.yml'), 'utf8')).toBe(fixedText)
    expect(readFileSync(join(cwd, 'roles/quay/tasks/main.yml'), 'utf8')).toBe(tasks)
    expect(readdirSync(cwd).sort()).toEqual(['lab', 'roles'])
    expect(await found(['--fix'], { cwd })).toEqual([
      'roles/edge/tasks/main.yml:1 token-logged',
      'roles/quay/tasks/main.yml:1 token-logged',
      'roles/quay/tasks/main.yml:3 mode-unquoted',
    ])
  })

  test('are shown as a diff that git takes, and not written', async () => {
    write(site)
    const { stdout, stderr, status } = await lint(['--fix-dry-run'])
    expect(status).toBe(1)
    expect(stderr).toBe('Would fix 1 finding in 1 file.\n')
    expect(readFileSync(join(directory, 'roles/edge/tasks/main.yml'), 'utf8')).toContain('mode: 0600')
    execFileSync('git', ['apply'], { cwd: directory, input: stdout })
    expect(readFileSync(join(directory, 'roles/edge/tasks/main.yml'), 'utf8')).toBe(fixedText)
  })
})

describe('the report', () => {
  test('goes into a file', async () => {
    write(site)
    const { stdout, status } = await lint(['-f', 'sarif', '-o', 'out/report.sarif'])
    expect([stdout, status]).toEqual(['', 1])
    expect(JSON.parse(readFileSync(join(directory, 'out/report.sarif'), 'utf8'))).toMatchObject({
      version: '2.1.0',
    })
  })

  test('is for GitHub under GitHub Actions, unless a format is named', async () => {
    write(site)
    const env = { GITHUB_ACTIONS: 'true' }
    expect((await lint([], { env })).stdout).toMatch(/^::error file=group_vars/)
    expect((await lint(['-f', 'text'], { env })).stdout).not.toContain('::error')
  })

  test('has colours where they are forced, and not with --no-color', async () => {
    write(site)
    const env = { FORCE_COLOR: '1' }
    expect((await lint([], { env })).stdout).toContain('\u001b[')
    expect((await lint(['--no-color'], { env })).stdout).not.toContain('\u001b[')
    expect((await lint([], { env: { ...env, NO_COLOR: '1' } })).stdout).not.toContain('\u001b[')
  })

  test('lists the rules', async () => {
    expect((await lint(['--list-rules'])).stdout.split('\n').map((line) => line.split(' ')[0])).toEqual([
      'file-ambiguous',
      'file-unreadable',
      'mode-unquoted',
      'suppression-unused',
      'token-logged',
      'token-plaintext',
      '',
    ])
  })

  test('a project that has nothing to do with K3s is clean', async () => {
    write({ 'site.yml': '- copy:\n    mode: 0600\n' })
    expect(await lint([])).toMatchObject({ status: 0, stdout: 'nothing found in 1 file\n' })
  })

  test('no format, baseline or diff holds the token', async () => {
    write(site)
    const outputs: string[] = []
    for (const format of ['text', 'json', 'sarif', 'github', 'gitlab', 'junit']) {
      const { stdout, stderr } = await lint(['--format', format, '--show-unknown'])
      expect(stdout).toContain('token-plaintext')
      outputs.push(stdout, stderr)
    }
    write({
      'group_vars/all.yml': `token: ${MARKER}\nharbour_key: "${MARKER}"\nx: [${MARKER}, {mode: 0600}]\n`,
    })
    outputs.push((await lint([])).stdout)
    const { stdout: diff } = await lint(['--fix-dry-run'])
    expect(diff).toContain('mode')
    const { stderr } = await lint(['--update-baseline'])
    outputs.push(stderr, readFileSync(join(directory, '.k3seal-baseline.json'), 'utf8'))
    const bytes = Buffer.from(MARKER)
    for (const spelling of [
      MARKER,
      bytes.toString('hex'),
      bytes.toString('base64'),
      bytes.toString('base64url'),
    ])
      for (const output of outputs) expect(output).not.toContain(spelling.replace(/=+$/, ''))
  })
})
