import { spawn } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'

const cli = join(import.meta.dirname, '../../dist/k3seal.js')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-kill-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

const site = join(scratch, 'site')
const before = join(scratch, 'before')

const oldArgs = [
  ...['init', site, '--server', 'larch=10.0.0.1', '--k3s-version', 'v1.36.4+k3s1', '--user', 'ops'],
  ...['--vault-password-file', join(scratch, 'password'), '--yes'],
]
/** Changes the inventory, and writes the three files that `before` lacks. */
const newArgs = [
  ...['init', site, '--agent', 'rowan=10.0.0.2', '--k3s-version', 'v1.36.5+k3s1', '--airgap-dir', 'airgap'],
  ...['--vault-password-file', join(scratch, 'password'), '--yes'],
]

/** Resolves with the exit status; `null` where the kill came first. */
const k3seal = (args: readonly string[], killAfter?: number): Promise<number | null> =>
  new Promise((settle) => {
    const child = spawn(process.execPath, [cli, ...args], { cwd: scratch, stdio: 'ignore' })
    const timer = killAfter === undefined ? undefined : setTimeout(() => child.kill('SIGKILL'), killAfter)
    child.on('close', (status) => {
      clearTimeout(timer)
      settle(status)
    })
  })

/** Path → text of all that stands in the site, what an unfinished write left included. */
const filesOf = (directory: string): Map<string, string> =>
  new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .sort()
      .map((path) => [path.slice(directory.length + 1), readFileSync(path, 'utf8')]),
  )

const removed = ['site.yml', 'k3seal/deliver.yml', 'requirements.yml']

beforeAll(async () => {
  writeFileSync(join(scratch, 'password'), 'sloe\n', { mode: 0o600 })
  expect(await k3seal(oldArgs)).toBe(0)
  for (const name of removed) rmSync(join(site, name))
  cpSync(site, before, { recursive: true })
})

test('k3seal init killed at 50 random moments leaves the old files or the new ones', {
  timeout: 240_000,
}, async () => {
  const restore = (): void => {
    rmSync(site, { recursive: true, force: true })
    cpSync(before, site, { recursive: true })
  }
  const old = filesOf(before)
  // The shortest of three: a hiccup of the machine here would move all kills behind the end.
  let duration = Number.POSITIVE_INFINITY
  for (let round = 0; round < 3; round += 1) {
    restore()
    const begin = performance.now()
    expect(await k3seal(newArgs)).toBe(0)
    duration = Math.min(duration, performance.now() - begin)
  }
  const fresh = filesOf(site)
  expect([...fresh.keys()]).toEqual([...new Set([...old.keys(), ...removed])].sort())
  expect(fresh.get('inventory.yml')).toContain('rowan')

  const seen = { old: 0, new: 0, interrupted: 0 }
  // Half of the kills come before the end and half behind it, however fast the machine becomes meanwhile.
  let middle = duration
  for (let round = 0; round < 50; round += 1) {
    restore()
    await k3seal(newArgs, middle * (0.5 + Math.random()))
    if (existsSync(join(site, '.k3seal-write'))) {
      seen.interrupted += 1
      for (const [path, text] of filesOf(site))
        if (!path.startsWith('.k3seal-write'))
          expect([old.get(path), fresh.get(path)], `${path} is torn`).toContain(text)
      // The next run, whatever it is about, first brings the write to its end.
      await k3seal(['init', site, '--no-input'])
    }
    const after = filesOf(site)
    const state = after.has('site.yml') ? 'new' : 'old'
    expect(after, `round ${round}`).toEqual(state === 'new' ? fresh : old)
    seen[state] += 1
    middle *= state === 'new' ? 1 / 1.1 : 1.1
  }
  console.log(JSON.stringify(seen))
  expect(seen.old).toBeGreaterThan(0)
  expect(seen.new).toBeGreaterThan(0)
})
