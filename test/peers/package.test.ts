import { execFileSync } from 'node:child_process'
import {
  cpSync,
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
import { basename, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-package-'))
const elsewhere = join(scratch, 'elsewhere')
let tarball: string

const run = (file: string, args: readonly string[], cwd: string): string =>
  execFileSync(file, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** Packing builds: in the repository itself it would take dist/ from under what else is being tested. */
function copyOfSources(): string {
  const copy = join(scratch, 'sources')
  const listed = run('git', ['ls-files', '-z', '--cached', '--others', '--exclude-standard'], root)
  for (const name of listed.split('\0').filter((path) => existsSync(join(root, path)) && path !== ''))
    cpSync(join(root, name), join(copy, name))
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'))
  return copy
}

beforeAll(() => {
  const listing = run('npm', ['pack', '--json', '--pack-destination', scratch], copyOfSources())
  const [packed] = JSON.parse(listing.slice(listing.indexOf('['))) as { filename: string }[]
  tarball = join(scratch, packed?.filename ?? '')
  run('mkdir', ['-p', elsewhere], scratch)
  writeFileSync(join(elsewhere, 'package.json'), '{"name":"far-side","private":true}')
  run('npm', ['install', '--offline', '--no-audit', '--no-fund', tarball], elsewhere)
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('the package holds the bundles, the notices and nothing of the sources', () => {
  // The compiled code is that of the Node which built the bundle.
  const names = run('tar', ['-tzf', tarball], scratch)
    .trim()
    .split('\n')
    .map((name) => name.replace(/\.v[\d.]+-\w+\.cache$/, '.cache'))
    .sort()
  expect(names).toEqual([
    'package/CHANGELOG.md',
    'package/LICENSE',
    'package/README.md',
    'package/dist/THIRD-PARTY-NOTICES.txt',
    'package/dist/airgap.js',
    'package/dist/engine.cache',
    'package/dist/engine.js',
    'package/dist/interactive.js',
    'package/dist/k3seal.js',
    'package/dist/main.cache',
    'package/dist/main.js',
    'package/dist/package.json',
    'package/package.json',
    'package/schema/k3seal-bundle.schema.json',
    'package/schema/k3seal.schema.json',
  ])
})

test('it installs without a network and brings no other package along', () => {
  const manifest = JSON.parse(
    readFileSync(join(elsewhere, 'node_modules/k3seal/package.json'), 'utf8'),
  ) as Record<string, unknown>
  expect(manifest.dependencies).toBeUndefined()
  expect(readdirSync(join(elsewhere, 'node_modules')).filter((name) => !name.startsWith('.'))).toEqual([
    'k3seal',
  ])
})

test('the notices name every package whose code is carried', () => {
  const notices = readFileSync(join(elsewhere, 'node_modules/k3seal/dist/THIRD-PARTY-NOTICES.txt'), 'utf8')
  for (const name of ['yaml', 'ansible-vault', 'nanoid', 'inquirer', 'execa', 'commander'])
    expect(notices).toMatch(new RegExp(`^${name} \\d`, 'm'))
  // A NOTICE, as Apache-2.0 wants it to be handed on.
  expect(notices).toMatch(/^@cyclonedx\/cyclonedx-library [\s\S]*developed by the\nCycloneDX community/m)
})

test('a hook in a repository without K3s needs main.js alone; one that knows K3s the engine, and no library of the wizard', () => {
  const [plain, cluster, few] = ['plain', 'cluster', 'few'].map((name) => join(scratch, name)) as [
    string,
    string,
    string,
  ]
  cpSync(join(root, 'dist'), few, { recursive: true })
  mkdirSync(plain)
  writeFileSync(join(plain, 'site.yml'), '- hosts: all\n  tasks: []\n')
  mkdirSync(cluster)
  writeFileSync(
    join(cluster, 'k3s.service'),
    '[Service]\nExecStart=/usr/local/bin/k3s server --token sloe-and-hawthorn-42\n',
  )
  const lint = (cwd: string): string =>
    run(process.execPath, [join(few, 'k3seal.js'), 'lint', '--exit-zero'], cwd)
  rmSync(join(few, 'interactive.js'))
  rmSync(join(few, 'airgap.js'))
  expect(lint(cluster)).toContain('[token-in-arguments]')
  rmSync(join(few, 'engine.js'))
  expect(lint(plain)).toBe('nothing found in 1 file\n')
  expect(() => lint(cluster)).toThrow('engine.js')
})

test('it starts as well without the compiled code, and with code that does not fit', () => {
  const dist = join(elsewhere, 'node_modules/k3seal/dist')
  const rules = run(process.execPath, [join(dist, 'k3seal.js'), 'lint', '--list-rules'], elsewhere)
  const caches = readdirSync(dist).filter((name) => name.endsWith('.cache'))
  expect(caches).toHaveLength(2)
  for (const cache of caches) writeFileSync(join(dist, cache), 'spoilt')
  expect(run(process.execPath, [join(dist, 'k3seal.js'), 'lint', '--list-rules'], elsewhere)).toBe(rules)
  for (const cache of caches) rmSync(join(dist, cache))
  expect(run(process.execPath, [join(dist, 'k3seal.js'), 'lint', '--list-rules'], elsewhere)).toBe(rules)
})

test('npx runs it from the tarball and makes a site', () => {
  const password = join(scratch, 'password')
  writeFileSync(password, 'sloe-and-hawthorn\n', { mode: 0o600 })
  const site = join(scratch, 'site')
  run(
    'npx',
    [
      ...['--yes', '--offline'],
      `./${basename(tarball)}`,
      ...['init', site, '--server', 's1=10.0.0.1', '--agent', 'a1=10.0.0.2', '--k3s-version', 'v1.36.5+k3s1'],
      ...['--airgap-dir', './airgap', '--vault-password-file', password, '--user', 'ops', '--yes'],
    ],
    scratch,
  )
  expect(readFileSync(join(site, 'inventory.yml'), 'utf8')).toContain('token: "{{ vault_k3s_token }}"')
  expect(existsSync(join(site, 'k3seal/deliver.yml'))).toBe(true)
})
