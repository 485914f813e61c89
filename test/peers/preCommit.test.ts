import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const preCommit = join(root, 'test/.peers/ansible-newest/bin/pre-commit')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-hook-'))
const hookRepository = join(scratch, 'k3seal')
const orchard = join(scratch, 'orchard')

const identity = ['-c', 'user.name=larch', '-c', 'user.email=larch@example.org', '-c', 'commit.gpgsign=false']
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' })

interface Ran {
  readonly status: number | null
  readonly output: string
}

const run = (...args: readonly string[]): Ran => {
  const { status, stdout, stderr } = spawnSync(preCommit, ['run', '--color=never', ...args], {
    cwd: orchard,
    encoding: 'utf8',
    env: { ...process.env, PRE_COMMIT_HOME: join(scratch, 'cache') },
  })
  return { status, output: stdout + stderr }
}

/** Makes the work tree hold exactly these files, and stages them. */
const stage = (files: Readonly<Record<string, string>>): void => {
  git(orchard, 'rm', '-r', '--quiet', '--cached', '--ignore-unmatch', '.')
  git(orchard, 'clean', '-fdxq')
  for (const [path, text] of Object.entries({ ...files, '.pre-commit-config.yaml': config })) {
    mkdirSync(dirname(join(orchard, path)), { recursive: true })
    writeFileSync(join(orchard, path), text)
  }
  git(orchard, 'add', '--all')
}

let config = ''

beforeAll(() => {
  // pre-commit takes a hook from a commit: this one holds the tree as it is now.
  mkdirSync(hookRepository)
  const files = git(root, 'ls-files', '-co', '--exclude-standard').trim().split('\n')
  for (const file of files.filter((name) => existsSync(join(root, name)))) {
    mkdirSync(dirname(join(hookRepository, file)), { recursive: true })
    cpSync(join(root, file), join(hookRepository, file))
  }
  for (const repository of [hookRepository, orchard]) {
    mkdirSync(repository, { recursive: true })
    git(repository, 'init', '--quiet', '--initial-branch=main')
  }
  git(hookRepository, 'add', '--all')
  git(hookRepository, 'commit', '--quiet', '--message', 'as it is now')
  const revision = git(hookRepository, 'rev-parse', 'HEAD').trim()
  const ids = ['k3seal-lint', 'k3seal-lint-all', 'k3seal-vault-check']
  config = `repos:\n  - repo: ${hookRepository}\n    rev: ${revision}\n    hooks:\n${ids.map((id) => `      - id: ${id}\n`).join('')}`
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const MARKER = 'Wq7rT2kZs9Lm4Xb8Vn3c'
const clean = {
  'ansible.cfg': '[defaults]\n',
  'group_vars/all/vars': 'cider: "{{ vault_cider }}"\n',
  'roles/edge/templates/k3s.service.j2':
    '[Service]\nEnvironmentFile=/etc/systemd/system/k3s.env\nExecStart=/usr/local/bin/k3s agent\n',
}
const unit = (arguments_: string): string =>
  `[Service]\nType=notify\nExecStart=/usr/local/bin/k3s agent ${arguments_}\n`

beforeEach(() => stage(clean))

test('the hooks install from a checkout and let a clean tree pass', () => {
  for (const id of ['k3seal-lint', 'k3seal-vault-check']) {
    const { output, status } = run(id, '--all-files')
    expect(output).toContain('Passed')
    expect(status).toBe(0)
  }
})

test('vault check stops a plain secret', () => {
  stage({ ...clean, 'group_vars/all/vault': 'vault_cider: quince\n' })
  const { output, status } = run('k3seal-vault-check', '--all-files')
  expect(status).toBe(1)
  expect(output).toContain('group_vars/all/vault:1:14: vault_cider is not encrypted, though its name says so')
  expect(output).not.toContain('quince')
})

test.each([
  ['a unit', 'files/k3s-agent.service', unit(`--token ${MARKER}`)],
  ['a template', 'roles/edge/templates/k3s-agent.service.j2', unit(`--token ${MARKER}`)],
])('lint stops %s with the token among its arguments, and shows where', (_, path, text) => {
  stage({ ...clean, [path]: text })
  const { output, status } = run('k3seal-lint', '--all-files')
  expect(status).toBe(1)
  expect(output).toContain(`${path}:3:`)
  expect(output).toContain('[token-in-arguments]')
  expect(output).toContain('cure: ')
  expect(output).not.toContain(MARKER)
})

test('lint reports the files that it is given, lint-all every file', () => {
  const bad = 'files/k3s-agent.service'
  stage({ ...clean, [bad]: unit(`--token ${MARKER}`) })
  const passed = run('k3seal-lint', '--files', 'group_vars/all/vars')
  expect(passed.output).toContain('Passed')
  expect(passed.status).toBe(0)
  const stopped = run('k3seal-lint', '--files', bad)
  expect(stopped.output).toContain(`${bad}:3:`)
  expect(stopped.status).toBe(1)
  const all = run('k3seal-lint-all', '--hook-stage', 'manual')
  expect(all.output).toContain(`${bad}:3:`)
  expect(all.status).toBe(1)
})

test('a file that is excluded stays so when pre-commit passes it', () => {
  stage({
    ...clean,
    'files/k3s-agent.service': unit(`--token ${MARKER}`),
    '.k3seal.yml': 'exclude: files/\n',
  })
  const { output, status } = run('k3seal-lint', '--all-files')
  expect(output).toContain('Passed')
  expect(status).toBe(0)
})
