import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { shellSteps } from '../../src/flow/arrival/index.ts'
import { Atoms, type Hop } from '../../src/flow/atoms.ts'
import { runInstaller } from '../../src/flow/installer.ts'
import { run } from '../tools/peers.ts'

/*
 * What we say that the install script writes, against the stand-in's own writes by a real `sh`, and our reading of shell
 * texts against what a real `sh` starts.
 */

const script = join(import.meta.dirname, '../e2e/stand-in/k3s-install.sh')
const hop: Hop = { at: { path: 'tasks.yml', start: 0, end: 1 }, what: 'runs' }

const directory = mkdtempSync(join(tmpdir(), 'k3seal-installer-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))
beforeAll(() => {
  mkdirSync(join(directory, 'bin'))
  for (const name of ['systemctl', 'k3s']) writeFileSync(join(directory, 'bin', name), '#!/bin/sh\n')
  writeFileSync(
    join(directory, 'bin/told'),
    `#!/bin/sh\nfor word; do printf '%s\\0' "$word"; done >>"$TOLD"\nprintf '\\001\\0%s\\0' "$K3S_TOKEN" >>"$TOLD"\n`,
  )
  for (const name of ['systemctl', 'k3s', 'told']) chmodSync(join(directory, 'bin', name), 0o755)
})

let runs = 0
interface Written {
  readonly environment: string | undefined
  readonly exec: string | undefined
}

function really(variables: Readonly<Record<string, string>>, args: readonly string[]): Written {
  runs += 1
  const units = join(directory, `units${runs}`)
  mkdirSync(units)
  run('sh', [script, ...args], {
    env: {
      PATH: `${directory}/bin:${process.env.PATH ?? ''}`,
      INSTALL_K3S_BIN_DIR: join(directory, 'bin'),
      INSTALL_K3S_SYSTEMD_DIR: units,
      INSTALL_K3S_SKIP_DOWNLOAD: 'true',
      ...variables,
    },
  })
  const read = (path: string): string | undefined =>
    existsSync(path) ? readFileSync(path, 'utf8') : undefined
  const unit = read(`${units}/k3s-edge.service`)
  return { environment: read(`${units}/k3s-edge.service.env`), exec: execOf(unit) }
}

function onPaper(variables: Readonly<Record<string, string>>, args: readonly string[]): Written {
  const environment = new Map(Object.entries({ INSTALL_K3S_BIN_DIR: join(directory, 'bin'), ...variables }))
  const { files } = runInstaller(new Map(), { environment, args, manager: 'systemd', hop }, new Atoms())
  const read = (path: string): string | undefined => {
    const content = files.get(path)?.content
    return typeof content === 'string' ? content : undefined
  }
  const unit = read('/etc/systemd/system/k3s-edge.service')
  return { environment: read('/etc/systemd/system/k3s-edge.service.env'), exec: execOf(unit) }
}

/** Words of ExecStart=; the layout of the stand-in's unit is its own. */
const execOf = (unit: string | undefined): string | undefined =>
  unit
    ?.replace(/^[\s\S]*\nExecStart=/, '')
    .replace(/\\\n\s*/g, '')
    .trim()

const named = { INSTALL_K3S_NAME: 'edge' }

describe('the env file that the install script writes', () => {
  test.each([
    'key',
    'K10aa::server:bb',
    "a'b",
    "'",
    "''a''",
    "a'",
    '"a"',
    'a\\b',
    'a\\\\b',
    'a\\',
    'a  b',
    ' a ',
    '\ta\t\tb',
    'a\nb',
    'a\nK3S_X=1',
    '$a',
    '`id`',
    '*',
    '#a',
    'a;b|c&d',
    '',
    'é',
    'a\\nb',
    'a\\\\0101b',
    '~',
    '\\\n',
    'a\\ b',
  ])('for %j', (value) => {
    const variables = { ...named, K3S_TOKEN: value }
    expect(onPaper(variables, []).environment).toBe(really(variables, []).environment)
  })

  test('for all sorts of variables', () => {
    const variables = {
      ...named,
      K3S_B: '1',
      K3S_A: '2',
      CONTAINERD_LOG: 'x',
      HTTP_PROXY: 'p',
      OTHER: 'o',
      K3SX: 'n',
    }
    const lines = (text: string | undefined): string[] => (text ?? '').split('\n').sort()
    expect(lines(onPaper(variables, []).environment)).toEqual(lines(really(variables, []).environment))
  })

  test('for random values', () => {
    const value = fc
      .array(
        fc.constantFrom('a', ' ', '  ', "'", '"', '\\', '$', '\t', '#', '%', '=', ';', '*', '\\n', '`'),
        { maxLength: 8 },
      )
      .map((parts) => parts.join(''))
      // The script cuts off what \\n and \\c of `echo` bring; the stand-in does not.
      .filter((token) => !/\\\\+[nc]/.test(token))
    fc.assert(
      fc.property(value, (token) => {
        const variables = { ...named, K3S_TOKEN: token }
        expect(onPaper(variables, []).environment).toBe(really(variables, []).environment)
      }),
      { numRuns: 80, seed: 5 },
    )
  })
})

describe('the command line that it writes', () => {
  test.each<[string, Readonly<Record<string, string>>, readonly string[]]>([
    ['EXEC', { INSTALL_K3S_EXEC: 'agent --token key' }, []],
    ['arguments', {}, ['server', '--node-label', 'a b']],
    ['both', { INSTALL_K3S_EXEC: '  server   --a ' }, ['--b']],
    ['flags alone', { INSTALL_K3S_EXEC: '--a' }, []],
    ['flags and a URL', { INSTALL_K3S_EXEC: '--a', K3S_URL: 'https://a:6443', K3S_TOKEN: 'x' }, []],
  ])('%s', (_, given, args) => {
    const variables = { ...named, ...given }
    expect(onPaper(variables, args).exec).toBe(really(variables, args).exec)
  })
})

describe('what a shell starts', () => {
  /** Every call of `told`: its words and its K3S_TOKEN. */
  const started = (text: string): readonly (readonly string[])[] => {
    runs += 1
    const out = join(directory, `told${runs}`)
    run('sh', ['-c', text], {
      env: { PATH: `${directory}/bin:${process.env.PATH ?? ''}`, TOLD: out, KEY: 'a  b' },
    })
    if (!existsSync(out)) return []
    const calls: string[][] = [[]]
    const fields = readFileSync(out, 'utf8').split('\0')
    for (let at = 0; at < fields.length - 1; at += 1)
      if (fields[at] === '\x01') {
        calls.at(-1)?.push(`K3S_TOKEN=${fields[at + 1]}`)
        calls.push([])
        at += 1
      } else calls.at(-1)?.push(fields[at] ?? '')
    return calls.slice(0, -1)
  }
  const read = (text: string): readonly (readonly string[])[] =>
    shellSteps(text, new Map([['KEY', 'a  b']]), hop, new Atoms())
      .filter(({ words }) => words[0] === 'told')
      .map(({ words, environment }) => [
        ...words.slice(1),
        `K3S_TOKEN=${String(environment.get('K3S_TOKEN') ?? '')}`,
      ])

  test.each([
    `told a 'b c' "d e" f\\ g h"i j"k`,
    `told $KEY "$KEY" '$KEY' x\${KEY}y "\${KEY}"`,
    `told \${NONE:-d} \${KEY:-d} "\${NONE-x y}" \${KEY:+set} \${NONE:+set} \${NONE}`,
    `K3S_TOKEN=key told a; told b`,
    `K3S_TOKEN=key; told a; export K3S_TOKEN; told b; unset K3S_TOKEN; told c`,
    `export K3S_TOKEN='a b' && told a || told b`,
    `export K3S_TOKEN="$KEY"; told`,
    `set -a\nK3S_TOKEN=x\nset +a\ntold\n`,
    `true && told a; false && told b; false || told c; true || told d`,
    `if [ -n "$KEY" ]; then told yes; else told no; fi`,
    `if [ "$KEY" = x ]; then told yes; elif test -z "$NONE"; then told elif; else told no; fi`,
    `[ -z "$KEY" ] || told a; ! [ -z "$KEY" ] && told b`,
    `f() { told "$K3S_TOKEN"; }\nK3S_TOKEN=in f\nK3S_TOKEN=out\nf`,
    `{ told a; told b; }; (told c)`,
    `told a # no\n# told b\ntold c#d`,
    `told a \\\n  b \\\n  c`,
    `sh -c 'told x'`,
    `sh -c "told $KEY"; K3S_TOKEN=k sh -c 'told a'`,
    `env K3S_TOKEN=k sh -c 'told a'`,
    `told <<E\n$KEY\nE\ntold after`,
    `told a >/dev/null 2>&1; told b 2>/dev/null`,
    `told "a\\"b\\\\c\\$d\\e"`,
    `told 'a'"'"'b'`,
    `told ""  ''`,
    `A=1 B=2; told $A$B; A=$A$A; told $A`,
    `exit 0; told a`,
  ])('%j', (text) => {
    expect(read(text)).toEqual(started(text))
  })
})
