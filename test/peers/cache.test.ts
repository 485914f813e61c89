import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

let scratch: string

beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-cache-'))
  cpSync(join(root, 'dist'), join(scratch, 'dist'), { recursive: true })
  for (const name of ['isolated-agents-without-token', 'two-inventories'])
    cpSync(join(root, 'test/projects', name), join(scratch, name), { recursive: true })
})

afterEach(() => rmSync(scratch, { recursive: true, force: true }))

const env = () => ({ PATH: process.env.PATH, HOME: join(scratch, 'home') })
const program = () => join(scratch, 'dist/k3seal.js')
const cache = () => join(scratch, 'home/.cache/k3seal')
const entries = () => readdirSync(cache()).filter((name) => !['CACHEDIR.TAG', '.gitignore'].includes(name))

function lint(...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program(), 'lint', ...args], {
    cwd: scratch,
    env: env(),
    encoding: 'utf8',
  })
  return { status, stdout, stderr }
}

test('what was found before is found again without the engine', () => {
  const first = lint('isolated-agents-without-token')
  expect(first.status, first.stderr).toBe(1)
  expect(entries()).toHaveLength(1)
  rmSync(join(scratch, 'dist/engine.js'))
  expect(lint('isolated-agents-without-token')).toEqual(first)
  expect(lint('--no-cache', 'isolated-agents-without-token').status).toBe(3)
  expect(lint('two-inventories').status).toBe(3)
  expect(entries()).toHaveLength(1)
})

test('so it is with a configuration, and with rules that are named', () => {
  const options = ['--ignore', 'token-logged', 'isolated-agents-without-token']
  writeFileSync(join(scratch, 'isolated-agents-without-token/.k3seal.yml'), 'exclude: [notes/]\n')
  const first = lint(...options)
  expect(first.status, first.stderr).toBe(1)
  rmSync(join(scratch, 'dist/engine.js'))
  expect(lint(...options)).toEqual(first)
})

test('another k3seal does not take over what this one has found', () => {
  expect(lint('isolated-agents-without-token').status).toBe(1)
  const main = join(scratch, 'dist/main.js')
  const text = readFileSync(main, 'latin1')
  expect(text).toMatch(/build="[0-9a-f]{16}"/)
  writeFileSync(main, text.replace(/build="[0-9a-f]{16}"/, `build="${'0'.repeat(16)}"`))
  // V8 looks at the length of a source only.
  for (const name of readdirSync(join(scratch, 'dist')))
    if (name.endsWith('.cache')) rmSync(join(scratch, 'dist', name))
  rmSync(join(scratch, 'dist/engine.js'))
  expect(lint('isolated-agents-without-token').status).toBe(3)
})

test.each(['/proc', '/proc/k3seal/there'])(
  'a home of %s is passed over, and nothing waits for it',
  (home) => {
    const { status, stdout, stderr, signal } = spawnSync(
      process.execPath,
      [program(), 'lint', 'isolated-agents-without-token'],
      { cwd: scratch, env: { ...env(), HOME: home }, encoding: 'utf8', timeout: 10_000 },
    )
    expect({ signal, status, stderr }).toEqual({ signal: null, status: 1, stderr: '' })
    expect(stdout).toContain('agent-token-missing')
  },
)

test('neither does a report wait for a directory that nobody can make', () => {
  const { status, stderr, signal } = spawnSync(
    process.execPath,
    [program(), 'lint', '--output', '/proc/k3seal/below/report', 'isolated-agents-without-token'],
    { cwd: scratch, env: env(), encoding: 'utf8', timeout: 10_000 },
  )
  expect({ signal, status }).toEqual({ signal: null, status: 2 })
  expect(stderr).toContain('cure:')
})

test('ten at once agree, and leave one entry and nothing unfinished', async () => {
  const expected = lint('--no-cache', 'isolated-agents-without-token')
  expect(existsSync(cache())).toBe(false)
  const runs = Array.from(
    { length: 10 },
    () =>
      new Promise((resolve) => {
        const child = spawn(process.execPath, [program(), 'lint', 'isolated-agents-without-token'], {
          cwd: scratch,
          env: env(),
        })
        let stdout = ''
        child.stdout.on('data', (chunk) => {
          stdout += chunk
        })
        child.on('close', (status) => resolve({ status, stdout, stderr: '' }))
      }),
  )
  for (const run of await Promise.all(runs)) expect(run).toEqual(expected)
  expect(entries()).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)])
})
