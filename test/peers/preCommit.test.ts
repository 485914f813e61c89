import { execFileSync, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')
const preCommit = join(root, 'test/.peers/ansible-newest/bin/pre-commit')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-hook-'))
const hookRepository = join(scratch, 'k3seal')
const orchard = join(scratch, 'orchard')

const identity = ['-c', 'user.name=larch', '-c', 'user.email=larch@example.org', '-c', 'commit.gpgsign=false']
const git = (cwd: string, ...args: string[]): string =>
  execFileSync('git', [...identity, ...args], { cwd, encoding: 'utf8' })

const runHook = (): { status: number | null; output: string } => {
  const { status, stdout, stderr } = spawnSync(preCommit, ['run', '--all-files', '--color=never'], {
    cwd: orchard,
    encoding: 'utf8',
    env: { ...process.env, PRE_COMMIT_HOME: join(scratch, 'cache') },
  })
  return { status, output: stdout + stderr }
}

beforeAll(() => {
  // pre-commit takes a hook from a commit: this one holds the tree as it is now.
  mkdirSync(hookRepository)
  const files = git(root, 'ls-files', '-co', '--exclude-standard').trim().split('\n')
  for (const file of files) {
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
  writeFileSync(
    join(orchard, '.pre-commit-config.yaml'),
    `repos:\n  - repo: ${hookRepository}\n    rev: ${revision}\n    hooks:\n      - id: k3seal-vault-check\n`,
  )
})
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

test('the hook installs from a checkout, lets a clean tree pass and stops a plain secret', () => {
  mkdirSync(join(orchard, 'group_vars/all'), { recursive: true })
  writeFileSync(join(orchard, 'group_vars/all/vars'), 'cider: "{{ vault_cider }}"\n')
  git(orchard, 'add', '--all')
  const clean = runHook()
  expect(clean.output).toContain('Passed')
  expect(clean.status).toBe(0)

  writeFileSync(join(orchard, 'group_vars/all/vault'), 'vault_cider: quince\n')
  git(orchard, 'add', '--all')
  const stopped = runHook()
  expect(stopped.status).toBe(1)
  expect(stopped.output).toContain(
    'group_vars/all/vault:1:14: vault_cider is not encrypted, though its name says so',
  )
  expect(stopped.output).not.toContain('quince')
})
