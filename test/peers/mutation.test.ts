import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { bombs } from '../tools/bombs.ts'
import { LintWorker, plant } from '../tools/lintWorker.ts'
import { mutantOf, type Tree } from '../tools/mutations.ts'

const COUNT = 2000
const BLOCK = 100
const WHOLE = 100
const worker = new LintWorker()

beforeAll(() => worker.prepare(), 60_000)
afterAll(() => worker.end())

describe('a project that was damaged is linted to an end', () => {
  test.each(Array.from({ length: COUNT / BLOCK }, (_, block) => block * BLOCK))(
    'mutants from %i on',
    { timeout: BLOCK * 11_000 },
    async (first) => {
      const faults: string[] = []
      for (let number = first; number < first + BLOCK; number += 1) {
        const { name, tree } = mutantOf(number)
        const fault = await worker.faultOf(tree)
        if (fault !== undefined) faults.push(`${name}: ${fault}`)
      }
      expect(faults).toEqual([])
    },
  )
})

describe('a project that would never be done with is given up in time', () => {
  test.each(Object.entries(bombs))('%s', async (_, files) => {
    expect(await worker.faultOf(new Map(Object.entries(files)))).toBeUndefined()
  })
})

const MEBI = 1024 * 1024
const large: Readonly<Record<string, () => Tree>> = {
  'an inventory of 50 MB': () =>
    new Map([
      ['inventory.yml', `k3s_cluster:\n  hosts:\n${'    ash: {token: x}\n'.repeat((50 * MEBI) / 20)}`],
    ]),
  'a script of 50 MB': () => new Map([['k3s.sh', 'k3s server --token x\n'.repeat((50 * MEBI) / 21)]]),
  'a line of 5 MB': () => new Map([['k3s.yml', `token: ${'k3s token '.repeat((5 * MEBI) / 10)}\n`]]),
  'a line of 3 MB in YAML': () => new Map([['k3s.yml', `token: ${'k3s token '.repeat((3 * MEBI) / 10)}\n`]]),
  'a line of 3 MB in a script': () =>
    new Map([['k3s.sh', `k3s server ${'--token x '.repeat((3 * MEBI) / 10)}\n`]]),
  'a line of 3 MB in a template': () =>
    new Map([['k3s.service.j2', `ExecStart=k3s ${'{{ token }} '.repeat((3 * MEBI) / 12)}\n`]]),
  'a thousand roles': () =>
    new Map(
      Array.from({ length: 1000 }, (_, index) => [`roles/r${index}/tasks/main.yml`, '- command: k3s\n']),
    ),
}

describe('what is large is read or named', () => {
  test.each(Object.entries(large))('%s', async (_, tree) => {
    expect(await worker.faultOf(tree())).toBeUndefined()
  })
})

describe('the whole process', () => {
  const cli = join(import.meta.dirname, '../../dist/k3seal.js')

  test(`ends with 0, 1 or 2 for ${WHOLE} mutants`, { timeout: WHOLE * 11_000 }, () => {
    expect(existsSync(cli), 'dist/k3seal.js is missing: npm run build').toBe(true)
    const faults: string[] = []
    for (let index = 0; index < WHOLE; index += 1) {
      const { name, tree } = mutantOf(index * 19)
      const directory = mkdtempSync(join(tmpdir(), 'k3seal-mutant-'))
      plant(directory, tree)
      const { status, signal, stdout, stderr } = spawnSync(process.execPath, [cli, 'lint'], {
        cwd: directory,
        encoding: 'utf8',
        timeout: 10_000,
        maxBuffer: 64 * MEBI,
      })
      rmSync(directory, { recursive: true, force: true })
      const isFine = status !== null && status <= 2 && !/^ {4}at .*:\d+:\d+\)?$/m.test(stdout + stderr)
      if (!isFine) faults.push(`${name}: ${signal ?? status} ${stderr.slice(0, 500)}`)
    }
    expect(faults).toEqual([])
  })
})
