import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { Secret } from '../../src/secret.ts'
import { decryptVault } from '../../src/syntax/vault.ts'
import { Terminal, type TerminalOptions } from '../tools/terminal.ts'

const root = join(import.meta.dirname, '../..')
const built = join(root, 'dist')
/** A copy: other tests build `dist` again while this one runs. */
const copy = mkdtempSync(join(tmpdir(), 'k3seal-dist-'))
const program = join(copy, 'k3seal.js')

/** The newest change below a directory, in milliseconds. */
function newest(directory: string): number {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' })
  return Math.max(...names.map((name) => statSync(join(directory, name)).mtimeMs))
}

beforeAll(() => {
  const time = statSync(join(built, 'THIRD-PARTY-NOTICES.txt'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (time < Math.max(newest(join(root, 'src')), newest(join(root, 'templates')))) {
    const { status, stderr } = spawnSync('node', ['scripts/build.mjs'], { cwd: root, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  }
  cpSync(built, copy, { recursive: true })
})
afterAll(() => rmSync(copy, { recursive: true, force: true }))

let directory: string
let home: string
let terminal: Terminal

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'k3seal-wizard-'))
  home = mkdtempSync(join(tmpdir(), 'k3seal-home-'))
})
afterEach(() => {
  terminal.close()
  rmSync(directory, { recursive: true, force: true })
  rmSync(home, { recursive: true, force: true })
})

function start(args = 'init', options: Partial<TerminalOptions> = {}): void {
  terminal = new Terminal(`node ${program} ${args}`, {
    cwd: directory,
    ...options,
    env: { HOME: home, USER: 'ops', ...options.env },
  })
}

interface Step {
  /** What stands on the screen when the question is asked. */
  readonly asks: string
  readonly answer: () => void
}

const enter =
  (text = '') =>
  () => {
    if (text !== '') terminal.type(text)
    terminal.press('Enter')
  }

/** Every question, with an answer. */
const steps: readonly Step[] = [
  {
    asks: '? Servers',
    answer: () => {
      enter('larch=10.0.0.1')()
      enter('elm=10.0.0.2')()
      enter('ash=10.0.0.3')()
      enter()()
    },
  },
  {
    asks: '? Agents',
    answer: () => {
      enter('quince=10.0.0.11,arch=arm64')()
      enter()()
    },
  },
  { asks: '? Login', answer: enter() },
  { asks: '? K3s release', answer: enter() },
  { asks: '? API endpoint', answer: enter('10.0.0.100') },
  { asks: '? Airgap directory', answer: enter('airgap') },
  { asks: '? Join token', answer: enter() },
  { asks: '? A token of their own for agents?', answer: enter('y') },
  { asks: '? Vault password', answer: enter() },
  { asks: '? New password file', answer: enter() },
  { asks: '? Write these 17 files?', answer: enter() },
]

async function play(count: number): Promise<void> {
  for (const { asks, answer } of steps.slice(0, count)) {
    await terminal.shows(asks)
    answer()
  }
}

test('the whole dialogue, from an empty directory to the commands that come next', async () => {
  start('init site')
  await play(steps.length - 1)
  const review = await terminal.shows('? Write these 17 files?')
  expect(review).toContain('  Servers         larch=10.0.0.1  elm=10.0.0.2  ash=10.0.0.3')
  expect(review).toContain('  Agent token     a new one, vaulted')
  expect(readdirSync(directory)).toEqual([])
  const diff = terminal.transcript()
  expect(diff).toContain('+++ b/site/k3seal/deliver.yml')
  expect(diff).toContain('+    ansible_user: ops')
  expect(diff).toContain('+[secret, not shown]')
  enter()()
  expect(await terminal.status()).toBe(0)
  const screen = terminal.screen()
  expect(screen).toContain('  ansible-playbook -i inventory.yml site.yml')
  expect(screen).toContain('  - k3s-arm64\n')
  const password = new Secret(
    readFileSync(
      join(home, '.config/k3seal', readdirSync(join(home, '.config/k3seal'))[0] ?? ''),
      'utf8',
    ).trimEnd(),
  )
  const inventory = readFileSync(join(directory, 'site/inventory.yml'), 'utf8')
  const envelopes = [...inventory.matchAll(/!vault \|\n((?: {10,}.*\n)+)/g)].map(([, body = '']) =>
    body.replace(/^ +/gm, '').trimEnd(),
  )
  expect(envelopes).toHaveLength(2)
  for (const envelope of envelopes) {
    const token = decryptVault(envelope, password).reveal()
    expect(token).toMatch(/^[A-Za-z0-9]{64}$/)
    expect(terminal.transcript().replaceAll('\n', '')).not.toContain(token)
  }
  expect(terminal.transcript().replaceAll('\n', '')).not.toContain(password.reveal())
})

describe('Ctrl-C leaves the directory as it was, and the terminal too', () => {
  test.each(steps.map(({ asks }, index) => [asks, index] as const))('at "%s"', async (asks, index) => {
    writeFileSync(join(directory, 'larch.txt'), 'before\n')
    start()
    await play(index)
    await terminal.shows(asks)
    terminal.press('C-c')
    expect(await terminal.status()).toBe(130)
    expect(readdirSync(directory)).toEqual(['larch.txt'])
    expect(readdirSync(home)).toEqual([])
    expect(terminal.isCursorVisible).toBe(true)
    expect(terminal.screen()).not.toMatch(/\bat .*:\d+:\d+|Error/)
  })

  test('in the middle of a line', async () => {
    start()
    await terminal.shows('? Servers')
    terminal.type('larch=10.0')
    await terminal.shows('› larch=10.0')
    terminal.press('C-c')
    expect(await terminal.status()).toBe(130)
    expect(readdirSync(directory)).toEqual([])
  })
})

test.each([0, 6, 10])('the end of input at question %i is the same', async (index) => {
  start()
  await play(index)
  await terminal.shows(steps[index]?.asks ?? '')
  terminal.press('C-d')
  expect(await terminal.status()).toBe(130)
  expect(readdirSync(directory)).toEqual([])
  expect(terminal.isCursorVisible).toBe(true)
})

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test('a window that is closed ends it, and nothing is written', async () => {
  start()
  await play(8)
  await terminal.shows('? Vault password')
  const { pid } = terminal
  expect(isRunning(pid)).toBe(true)
  terminal.close()
  await expect.poll(() => isRunning(pid), { timeout: 10_000 }).toBe(false)
  expect(readdirSync(directory)).toEqual([])
})

test('"leave" writes nothing', async () => {
  start()
  await play(10)
  await terminal.shows('? Write these 17 files?')
  terminal.press('Down', 'Down', 'Enter')
  expect(await terminal.status()).toBe(130)
  expect(terminal.screen()).toContain('Nothing was written.')
  expect(readdirSync(directory)).toEqual([])
})

test('an answer is changed on the review screen', async () => {
  start()
  await play(10)
  await terminal.shows('? Write these 17 files?')
  terminal.press('Down', 'Enter')
  await terminal.shows('? Which answer?')
  terminal.press('Down', 'Down', 'Down', 'Enter')
  await terminal.shows(/\? K3s release[\s\S]*› \(v1\.36\.5\+k3s1\)/)
  enter('v1.35.9+k3s1')()
  await terminal.shows(/K3s release {5}v1\.35\.9\+k3s1[\s\S]*\? Write these 17 files\?/)
  enter()()
  expect(await terminal.status()).toBe(0)
  expect(readFileSync(join(directory, 'inventory.yml'), 'utf8')).toContain('k3s_version: v1.35.9+k3s1')
})

describe('a wrong answer is explained, first quietly, then at Enter, and can be mended', () => {
  const wrong: readonly (readonly [step: number, typed: string, words: string, right: string])[] = [
    [
      0,
      'larch=10.0.0.300',
      'node larch: 10.0.0.300 is neither an IPv4 or IPv6 address nor a DNS name',
      'larch=10.0.0.3',
    ],
    [1, 'larch', 'node larch is named as a server and as an agent', 'quince'],
    [2, 'two words', 'a login name has letters, digits', 'root'],
    [3, '1.36.5', 'did you mean v1.36.5+k3s1?', 'v1.36.5+k3s1'],
    [4, 'https://10.0.0.9', 'only the name or the address, without https://', '10.0.0.9'],
    [9, '/tmp', 'that is a directory', '/tmp/harbour-pw'],
  ]
  test.each(wrong)('question %i: %s', async (index, typed, words, right) => {
    start()
    await play(index)
    await terminal.shows(steps[index]?.asks ?? '')
    terminal.type(typed)
    const flat = (mark: string) =>
      new RegExp(
        `${mark} ${words
          .split(' ')
          .map((word) => word.replace(/[.*+?()]/g, '\\$&'))
          .join('\\s+')}`,
      )
    await terminal.shows(flat('·'))
    terminal.press('Enter')
    const screen = await terminal.shows(flat('✖'))
    expect(screen).toContain(`› ${typed}`)
    for (const _ of typed) terminal.press('BSpace')
    terminal.type(right)
    await terminal.shows(`› ${right}`)
    expect(terminal.screen()).not.toMatch(flat('[✖·]'))
    terminal.press('Enter')
    await terminal.shows(index < 2 ? `  ✔ ${right}` : '✔ ')
  })

  test('an empty list of servers', async () => {
    start()
    await terminal.shows('? Servers')
    terminal.press('Enter')
    await terminal.shows('✖ a cluster needs at least one server')
  })

  test('a password that is typed differently the second time', async () => {
    start()
    await play(8)
    await terminal.shows('? Vault password')
    terminal.press('Down', 'Down', 'Enter')
    await terminal.shows(/\? Vault password\s*$/)
    enter('marker-one')()
    await terminal.shows('? The same again')
    enter('marker-two')()
    await terminal.shows('These two differ. Once more:')
    for (const asks of ['? Vault password', '? The same again']) {
      await terminal.shows(asks)
      enter('marker-one')()
    }
    await terminal.shows('? Write these 15 files?')
    expect(terminal.transcript()).not.toContain('marker-')
    terminal.press('Enter')
    expect(await terminal.status()).toBe(0)
    expect(terminal.screen()).toContain('ansible-playbook -i inventory.yml --ask-vault-pass site.yml')
  })
})

test('several hosts can be pasted at once, and Backspace takes the last one back', async () => {
  start()
  await terminal.shows('? Servers')
  terminal.paste('larch=10.0.0.1\nelm=10.0.0.2\nash=10.0.0.3\n')
  await terminal.shows(/✔ larch=10\.0\.0\.1\n {2}✔ elm=10\.0\.0\.2\n {2}✔ ash=10\.0\.0\.3\n›/)
  terminal.press('BSpace')
  const screen = await terminal.shows('› ash=10.0.0.3')
  expect(screen).not.toContain('✔ ash')
})

test('a token that is typed is not shown', async () => {
  start('init --agent quince --new-vault-password pw')
  await play(1)
  for (const asks of ['? Login', '? K3s release', '? API endpoint', '? Airgap directory']) {
    await terminal.shows(asks)
    terminal.press('Enter')
  }
  await terminal.shows('? Join token')
  terminal.press('Down', 'Enter')
  await terminal.shows('? The token')
  terminal.type('markerLarchTokenOfTheHarbour4711Quay')
  await terminal.shows('› ************************************')
  terminal.press('Enter')
  await terminal.shows('? A token of their own')
  terminal.press('Enter')
  const screen = await terminal.shows(/\? Write these \d+ files\?/)
  expect(terminal.transcript()).toContain('✔ The token [secret, not shown]')
  expect(screen).toContain('the one you typed, vaulted')
  expect(terminal.transcript()).not.toContain('markerLarch')
  terminal.press('Enter')
  expect(await terminal.status()).toBe(0)
  const body =
    /vault_k3s_token: !vault \|\n((?: {10,}.*\n)+)/.exec(
      readFileSync(join(directory, 'inventory.yml'), 'utf8'),
    )?.[1] ?? ''
  const password = new Secret(readFileSync(join(directory, 'pw'), 'utf8').trimEnd())
  expect(decryptVault(body.replace(/^ +/gm, '').trimEnd(), password).reveal()).toBe(
    'markerLarchTokenOfTheHarbour4711Quay',
  )
})

test('all flags given: only the review is asked', async () => {
  writeFileSync(join(directory, 'pw'), 'harbour\n', { mode: 0o600 })
  start(
    'init --server larch=10.0.0.1 --agent quince=10.0.0.2 --user ops --k3s-version v1.36.5+k3s1 --api-endpoint 10.0.0.9 --airgap-dir airgap --new-token --no-agent-token --vault-password-file pw',
  )
  await terminal.shows('? Write these 15 files?')
  expect(terminal.transcript()).not.toMatch(/[?✔] (?:Servers|Login|Vault)/)
})

test('once more on its own output: Enter everywhere changes nothing', async () => {
  writeFileSync(join(directory, 'pw'), 'harbour\n', { mode: 0o600 })
  start('init --server larch=10.0.0.1 --agent quince=10.0.0.2 --vault-password-file pw --yes')
  expect(await terminal.status()).toBe(0)
  terminal.close()
  const before = readFileSync(join(directory, 'inventory.yml'), 'utf8')
  start()
  for (const asks of [
    '? More servers',
    '? More agents',
    '? Login',
    '? K3s release',
    '? API endpoint',
    '? Airgap directory',
  ]) {
    await terminal.shows(asks)
    terminal.press('Enter')
  }
  await terminal.shows('? A token of their own for agents?')
  terminal.press('Enter')
  expect(await terminal.status()).toBe(0)
  expect(terminal.screen()).toContain('Nothing to change')
  expect(readFileSync(join(directory, 'inventory.yml'), 'utf8')).toBe(before)
})

describe('the terminal is taken as it is', () => {
  test('forty columns: no word is broken', async () => {
    start('init', { width: 40, height: 60 })
    for (const { asks, answer } of steps.slice(0, -1)) {
      const screen = await terminal.shows(asks)
      const explanation = screen
        .slice(screen.lastIndexOf(asks))
        .split('\n')
        .slice(1)
        .filter((line) => line.startsWith('  '))
      for (const line of explanation) expect(line.length).toBeLessThan(40)
      expect(explanation.join(' ')).not.toMatch(/\s(?:\w|-)$/)
      answer()
    }
    const review = await terminal.shows('? Write these 17 files?')
    expect(review).toMatch(/ {2}Agent token\n {4}a new one, vaulted\n/)
    terminal.press('Enter')
    expect(await terminal.status()).toBe(0)
  })

  test.each([
    ['NO_COLOR', { NO_COLOR: '1' }],
    ['TERM=dumb', { TERM: 'dumb' }],
  ])('%s: no colour', async (_, env) => {
    start('init', { env })
    await play(10)
    await terminal.shows('? Write these 17 files?')
    expect(terminal.transcript({ codes: true })).not.toContain('\u001B[')
  })

  test('colours otherwise', async () => {
    start()
    await play(10)
    await terminal.shows('? Write these 17 files?')
    const codes = terminal.transcript({ codes: true })
    expect(codes).toContain('\u001B[32m+---')
    expect(codes.replaceAll('\u001B[39m', '')).toContain('\u001B[1mAnswers')
  })

  test('without UTF-8 there are plain letters', async () => {
    start('init', { env: { LC_ALL: 'C' } })
    await terminal.shows('? Servers')
    terminal.type('larch=1.2.3')
    terminal.press('Enter')
    await terminal.shows('x node larch')
    expect(terminal.screen()).toMatch(/^[\x20-\x7e\n]*$/)
  })

  test('CI is no place for questions', async () => {
    start('init', { env: { CI: 'true' } })
    expect(await terminal.status()).toBe(2)
    expect(terminal.screen()).toContain('nobody can be asked')
  })

  test('nor is --no-input', async () => {
    start('init --no-input')
    expect(await terminal.status()).toBe(2)
    expect(terminal.screen()).toContain('questions are off (--no-input)')
    expect(terminal.screen()).toContain('--server NAME[=ADDRESS]')
  })

  test('k3seal alone is the wizard', async () => {
    start('')
    await terminal.shows('? Servers')
  })

  test('output that goes into a file is the diff alone', async () => {
    writeFileSync(join(directory, 'pw'), 'harbour\n', { mode: 0o600 })
    start('init --server larch --agent quince --user ops --vault-password-file pw --yes --dry-run > out.diff')
    expect(await terminal.status()).toBe(0)
    const text = readFileSync(join(directory, 'out.diff'), 'utf8')
    expect(text).toMatch(/^diff --git a\/k3seal\/deliver\.yml/)
    const { status, stderr } = spawnSync('git', ['apply', '--check', 'out.diff'], {
      cwd: directory,
      encoding: 'utf8',
    })
    expect(status, stderr).toBe(0)
  })
})
