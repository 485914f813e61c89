import { spawn } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildSync } from 'esbuild'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { UserError } from '../src/errors.ts'
import { type FileWrite, recoverWrites, writeAll } from '../src/io/write.ts'
import { Secret } from '../src/secret.ts'

const scratch = mkdtempSync(join(tmpdir(), 'k3seal-write-'))
afterAll(() => rmSync(scratch, { recursive: true, force: true }))

let place: string
let root: string
let outside: string
beforeEach(() => {
  place = mkdtempSync(join(scratch, 'place-'))
  root = join(place, 'orchard')
  outside = join(place, 'cellar')
  mkdirSync(root)
  mkdirSync(outside)
})

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8)
const leftovers = (directory: string): string[] =>
  readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((name) => name.includes('k3seal'))

describe('writeAll', () => {
  test('writes new files with their mode, and makes the directories they need', async () => {
    await writeAll(root, [
      { path: join(root, 'plum/stone.yml'), content: 'a: 1\n', mode: 0o644 },
      { path: join(root, 'pear'), content: new Secret('juice'), mode: 0o600 },
    ])
    expect(readFileSync(join(root, 'plum/stone.yml'), 'utf8')).toBe('a: 1\n')
    expect(readFileSync(join(root, 'pear'), 'utf8')).toBe('juice')
    expect(modeOf(join(root, 'plum/stone.yml'))).toBe('644')
    expect(modeOf(join(root, 'pear'))).toBe('600')
    expect(leftovers(root)).toEqual([])
  })

  test('makes a root that is not there, by one rename', async () => {
    const fresh = join(root, 'new/garden')
    await writeAll(fresh, [
      { path: join(fresh, 'a/b.yml'), content: 'b', mode: 0o644 },
      { path: join(outside, 'key'), content: new Secret('k'), mode: 0o600 },
    ])
    expect(readFileSync(join(fresh, 'a/b.yml'), 'utf8')).toBe('b')
    expect(readFileSync(join(outside, 'key'), 'utf8')).toBe('k')
    expect(leftovers(root)).toEqual([])
    expect(leftovers(outside)).toEqual([])
  })

  test('keeps the mode of a file that it replaces, but never widens a secret', async () => {
    writeFileSync(join(root, 'plum'), 'old')
    chmodSync(join(root, 'plum'), 0o640)
    writeFileSync(join(root, 'key'), 'old')
    chmodSync(join(root, 'key'), 0o644)
    await writeAll(root, [
      { path: join(root, 'plum'), content: 'new', mode: 0o600 },
      { path: join(root, 'key'), content: new Secret('new'), mode: 0o600 },
    ])
    expect(modeOf(join(root, 'plum'))).toBe('640')
    expect(modeOf(join(root, 'key'))).toBe('600')
  })

  test('replaces what a symbolic link points to, and leaves the link', async () => {
    writeFileSync(join(outside, 'real'), 'old')
    symlinkSync(join(outside, 'real'), join(root, 'link'))
    await writeAll(root, [{ path: join(root, 'link'), content: 'new', mode: 0o644 }])
    expect(readFileSync(join(outside, 'real'), 'utf8')).toBe('new')
    expect(leftovers(outside)).toEqual([])
  })

  test('writes nothing at all where one target can not be written', async () => {
    writeFileSync(join(root, 'plum'), 'old')
    mkdirSync(join(root, 'pear'))
    const writes: FileWrite[] = [
      { path: join(root, 'plum'), content: 'new', mode: 0o644 },
      { path: join(outside, 'fig'), content: 'new', mode: 0o644 },
      { path: join(root, 'pear'), content: 'new', mode: 0o644 },
    ]
    await expect(writeAll(root, writes)).rejects.toThrow(UserError)
    expect(readFileSync(join(root, 'plum'), 'utf8')).toBe('old')
    expect(existsSync(join(outside, 'fig'))).toBe(false)
    expect([...leftovers(root), ...leftovers(outside)]).toEqual([])
  })

  // No user, root included, can make a directory there.
  test.runIf(process.platform === 'linux')(
    'says what is wrong with a place where nothing can be',
    async () => {
      const writes: FileWrite[] = [{ path: '/proc/orchard/plum', content: 'new', mode: 0o644 }]
      await expect(writeAll('/proc/orchard', writes)).rejects.toThrow(UserError)
    },
  )

  test('writes nothing where a file changed since it was shown', async () => {
    writeFileSync(join(root, 'plum'), 'edited meanwhile')
    await expect(
      writeAll(root, [
        { path: join(root, 'fig'), content: 'new', mode: 0o644, before: undefined },
        { path: join(root, 'plum'), content: 'new', mode: 0o644, before: 'as it was shown' },
      ]),
    ).rejects.toThrow(/changed while k3seal was preparing/)
    expect(existsSync(join(root, 'fig'))).toBe(false)
    expect(leftovers(root)).toEqual([])
  })

  test('refuses to start beside a k3seal that is writing', async () => {
    mkdirSync(join(root, '.k3seal-write'))
    writeFileSync(join(root, '.k3seal-write/pid'), `${process.ppid}\n`)
    await expect(writeAll(root, [{ path: join(root, 'plum'), content: 'new', mode: 0o644 }])).rejects.toThrow(
      /another k3seal/,
    )
  })

  test('does not overwrite an edit that was made after an interruption', async () => {
    mkdirSync(join(root, '.k3seal-write'))
    writeFileSync(join(root, '.k3seal-write/0'), 'staged')
    writeFileSync(join(root, 'plum'), 'edited after the crash')
    const moves = [{ from: join(root, '.k3seal-write/0'), to: join(root, 'plum'), before: null }]
    writeFileSync(join(root, '.k3seal-write/plan.json'), JSON.stringify({ version: 1, moves }))
    await expect(recoverWrites(root)).rejects.toThrow(/changed after k3seal was interrupted/)
    expect(readFileSync(join(root, 'plum'), 'utf8')).toBe('edited after the crash')
  })
})

describe('a kill at any moment', () => {
  const bundle = join(scratch, 'writer.mjs')
  buildSync({
    stdin: {
      contents: `
        import { writeAll } from './src/io/write.ts'
        const [root, outside] = process.argv.slice(2)
        const paths = Array.from({ length: 12 }, (_, n) => \`\${n % 3 === 0 ? outside : root}/\${n % 2 ? 'deep/' : ''}f\${n}\`)
        process.stdout.write('ready')
        const begin = performance.now()
        await writeAll(root, paths.map((path) => ({ path, content: 'new '.repeat(5000), mode: 0o600 })))
        process.stdout.write(\`done \${performance.now() - begin}\`)`,
      resolveDir: join(import.meta.dirname, '..'),
    },
    bundle: true,
    platform: 'node',
    format: 'esm',
    outfile: bundle,
  })

  const oldText = 'old '.repeat(5000)
  const newText = 'new '.repeat(5000)
  const names = Array.from({ length: 12 }, (_, n) => `${n % 2 ? 'deep/' : ''}f${n}`)
  const pathsOf = (): string[] => names.map((name, n) => join(n % 3 === 0 ? outside : root, name))
  const states = (): string[] =>
    pathsOf().map((path) => {
      if (!existsSync(path)) return 'absent'
      const text = readFileSync(path, 'utf8')
      return text === oldText ? 'old' : text === newText ? 'new' : 'torn'
    })

  /**
   * Kills the writer `delay` milliseconds after it began. Returns what it needed, in milliseconds, where it was
   * done before that.
   */
  const killAfter = (delay: number): Promise<number | undefined> =>
    new Promise((settle) => {
      const writer = spawn(process.execPath, [bundle, root, outside], {
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let said = ''
      writer.stdout.on('data', (chunk: Buffer) => {
        if (said === '') setTimeout(() => writer.kill('SIGKILL'), delay)
        said += chunk.toString()
      })
      writer.on('close', () => {
        const [, duration] = /done (.*)$/.exec(said) ?? []
        settle(duration === undefined ? undefined : Number(duration))
      })
    })

  test.each(['existing files', 'a root that does not exist'])(
    'leaves the old or the new of %s, 50 times',
    { timeout: 120_000 },
    async (kind) => {
      const reset = (): void => {
        for (const directory of [root, outside]) rmSync(directory, { recursive: true, force: true })
        mkdirSync(join(outside, 'deep'), { recursive: true })
        if (kind !== 'existing files') return
        mkdirSync(join(root, 'deep'), { recursive: true })
        for (const path of pathsOf()) writeFileSync(path, oldText)
      }
      const before = kind === 'existing files' ? 'old' : 'absent'
      // The shortest of three: a hiccup of the machine here would move all kills behind the end.
      const spans: number[] = []
      for (let round = 0; round < 3; round += 1) {
        reset()
        spans.push((await killAfter(60_000)) ?? Number.POSITIVE_INFINITY)
      }
      const span = Math.min(...spans)
      expect(new Set(states())).toEqual(new Set(['new']))
      const seen = { old: 0, new: 0, interrupted: 0 }
      for (let round = 0; round < 50; round += 1) {
        reset()
        await killAfter(Math.random() * span * 1.2)
        expect(states(), 'before the recovery').not.toContain('torn')
        if ((await recoverWrites(root)) !== 'nothing') seen.interrupted += 1
        const after = new Set(states())
        expect(after.size, `round ${round}: ${[...after].join(' and ')}`).toBe(1)
        expect([before, 'new']).toContain([...after][0])
        expect(leftovers(place)).toEqual([])
        seen[after.has('new') ? 'new' : 'old'] += 1
      }
      console.log(`${kind}: ${JSON.stringify(seen)}`)
      expect(seen.interrupted, 'no kill hit a write: the test proves nothing').toBeGreaterThan(0)
    },
  )
})
