import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { paperSource } from '../../src/flow/arrival/letters.ts'
import { systemdProcess } from '../../src/flow/arrival/systemdProcess.ts'
import { unitInForce } from '../../src/flow/arrival/unitFiles.ts'
import { Atoms, hasMark } from '../../src/flow/atoms.ts'
import type { PaperFile } from '../../src/flow/files.ts'
import { requirePeer } from '../tools/peers.ts'
import { runUnits } from './systemdManager.ts'

/*
 * Our reading of units, drop-ins and env files against systemd's: all cases are started by one real manager, with a
 * program that writes down its arguments and its environment.
 */

interface Case {
  readonly title: string
  /** `[Service]` lines of the unit; `K3S` is the program, `DIR` the case's own directory. */
  readonly service: string
  /** Path below `DIR` → text; `etc/` and `usr/` are the unit search path, `-> target` makes a link. */
  readonly files?: Readonly<Record<string, string>>
  /** Of an instance: the unit that is started. */
  readonly starts?: string
  readonly unit?: string
}

interface Started {
  readonly argv: readonly string[]
  readonly environ: Readonly<Record<string, string>>
}

const directory = mkdtempSync(join(tmpdir(), 'k3seal-arrival-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const program = join(directory, 'bin/k3s')
const home = join(directory, 'manager')
/** Where a user manager looks, and what stands there for the system manager's directories. */
const searched = { 'etc/': join(home, 'systemd/user/'), 'usr/': join(home, '.local/share/systemd/user/') }
const system = { 'etc/': '/etc/systemd/system/', 'usr/': '/usr/lib/systemd/system/' }

const put = (path: string, text: string): void => {
  mkdirSync(dirname(path), { recursive: true })
  if (text.startsWith('-> ')) symlinkSync(text.slice(3), path)
  else writeFileSync(path, text)
}

function prepare(): void {
  put(
    program,
    `#!${requirePeer('python3')} -SE
import json, os, sys
with open('/proc/self/cgroup') as groups:
    unit = groups.read().strip().rsplit('/', 1)[1]
environ = {}
with open('/proc/self/environ', 'rb') as block:
    for entry in block.read().split(b'\\0')[:-1]:
        name, _, value = entry.partition(b'=')
        environ[name.decode()] = value.decode()
with open(${JSON.stringify(`${directory}/out/`)} + unit + '.json', 'w') as out:
    json.dump({'argv': sys.argv[1:], 'environ': environ}, out)
`,
  )
  chmodSync(program, 0o755)
  mkdirSync(join(directory, 'out'))
}

const unitOf = ({ unit }: Case, index: number): string => unit ?? `case${index}.service`
const dirOf = (index: number): string => join(directory, `files/case${index}`)
const filled = (text: string, index: number): string =>
  text
    .replaceAll(/\bDIR\b/g, dirOf(index))
    .replaceAll('K3S', program)
    .replaceAll('CASE', `case${index}`)
const unitText = (one: Case, index: number): string =>
  `[Service]\nType=oneshot\n${filled(one.service, index)}`

/** Starts all cases at once. */
function start(cases: readonly Case[]): void {
  const units: Record<string, string> = {}
  cases.forEach((one, index) => {
    for (const [path, text] of Object.entries(one.files ?? {}))
      put(realPath(filled(path, index), index), filled(text, index))
    if (one.starts === undefined) units[unitOf(one, index)] = unitText(one, index)
    else {
      put(join(searched['etc/'], unitOf(one, index)), unitText(one, index))
      units[`starts-${index}.service`] =
        `[Unit]\nWants=${one.starts}\nAfter=${one.starts}\n[Service]\nType=oneshot\nExecStart=/bin/true\n`
    }
  })
  runUnits(directory, units)
}

function realPath(path: string, index: number): string {
  for (const [prefix, real] of Object.entries(searched))
    if (path.startsWith(prefix)) return real + path.slice(prefix.length)
  return join(dirOf(index), path)
}

function paperPath(path: string, index: number): string {
  for (const [prefix, real] of Object.entries(system))
    if (path.startsWith(prefix)) return real + path.slice(prefix.length)
  return join(dirOf(index), path)
}

const arrived = (one: Case, index: number): Started | 'nothing' => {
  const path = join(directory, 'out', `${one.starts ?? unitOf(one, index)}.json`)
  if (!existsSync(path)) return 'nothing'
  const { argv, environ } = JSON.parse(readFileSync(path, 'utf8')) as Started
  // Credentials of a user manager have a place of their own.
  const own = argv.map((word) => word.replace(/^\/run\/user\/\d+\/credentials\//, '/run/credentials/'))
  return { argv: own, environ: ours(Object.entries(environ)) }
}

/** Variables of the cases; the manager adds its own. */
const ours = (entries: readonly (readonly [string, string])[]): Record<string, string> => {
  const last = new Map(entries.filter(([name]) => name.startsWith('T_')))
  return Object.fromEntries([...last.keys()].sort().map((name) => [name, last.get(name) ?? '']))
}

const paperFile = (text: string): PaperFile => ({
  kind: text.startsWith('-> ') ? 'link' : 'file',
  content: text.replace(/^-> /, ''),
  mode: undefined,
  owner: undefined,
  hops: [],
})

const expected = (one: Case, index: number): Started | 'nothing' => {
  const atoms = new Atoms()
  const files = new Map<string, PaperFile>()
  const prefix = one.starts === undefined ? '[Unit]\nDefaultDependencies=no\n\n' : ''
  files.set(`/etc/systemd/system/${unitOf(one, index)}`, paperFile(prefix + unitText(one, index)))
  for (const [path, text] of Object.entries(one.files ?? {}))
    files.set(paperPath(filled(path, index), index), paperFile(filled(text, index)))
  const unit = unitInForce(files, one.starts ?? unitOf(one, index))
  if (unit === undefined || unit === 'masked') return 'nothing'
  const process = systemdProcess(files, unit, paperSource, atoms)
  if (process.failure !== undefined) return 'nothing'
  return {
    argv: process.argv.slice(1).map(({ text }) => text),
    environ: ours(process.environment.map(({ name = '', value }) => [name, value.text])),
  }
}

const run = 'ExecStart=K3S agent\n'
const line = (title: string, service: string, files?: Readonly<Record<string, string>>): Case => ({
  title,
  service: /^ExecStart|\nExecStart/.test(service) ? service : `${service}\n${run}`,
  ...(files === undefined ? {} : { files }),
})
const env = (title: string, text: string): Case => line(title, 'EnvironmentFile=DIR/env', { env: text })

const cases: readonly Case[] = [
  line('plain', 'Environment=T_A=1 T_B=2'),
  line('double quotes', 'Environment="T_A=a b" T_B="c d"'),
  line('single quotes', "Environment='T_A=a b' T_B='c \"d\"'"),
  line('quotes in the middle', 'Environment=T_A="a b"c\'d e\' T_B=x'),
  line('C escapes', 'Environment="T_A=a\\tb\\x41\\101\\u00e9\\s" \'T_B=\\\\ \\" \\\'\''),
  line('eight bits', 'Environment=T_A=\\xc3\\xa9 T_B=\\303\\251'),
  line('an unknown escape ends the line', 'Environment=T_A=1 T_B=\\q T_C=3'),
  line('an open quote ends the line', 'Environment=T_A=1 "T_B=2'),
  line('no assignment', 'Environment=T_A T_B=2'),
  line('an invalid name', 'Environment=1T_A=1 T-A=2 T_B=2'),
  line('an empty value', 'Environment=T_A= T_B=""'),
  line('the last one wins', 'Environment=T_A=1\nEnvironment=T_A=2 T_B=3'),
  line('reset', 'Environment=T_A=1\nEnvironment=\nEnvironment=T_B=2'),
  line('continuation', 'Environment=T_A=1 \\\n  T_B=2 \\\n\tT_C=3'),
  line('comments in a continuation', 'Environment=T_A=1 \\\n# a comment\n; another \\\n  T_B=2'),
  line('an empty line ends a continuation', 'Environment=T_A=1 \\\n\nEnvironment=T_B=2'),
  line('two backslashes at the end', 'Environment=T_A=1\\\\\nEnvironment=T_B=2'),
  line('white space behind the backslash', 'Environment=T_A=1 \\ \nEnvironment=T_B=2'),
  line('CRLF', 'Environment=T_A=1\r\nEnvironment=T_B=2\r'),
  line('white space around =', '  Environment  =  T_A=1  '),
  line('specifiers', 'Environment=T_A=%n T_B=%N T_C=%p%%%i T_D=%j T_E=100% T_F=%% T_G=%z'),
  line('a dollar is plain', 'Environment=T_A=$HOME T_B=${T_A}'),
  line('an unknown section', '[X-Edge]\nEnvironment=T_A=1\n[Service]\nEnvironment=T_B=1'),
  line('a wrong case', 'environment=T_A=1\nEnvironment=T_B=1'),
  line('a hash is no comment', 'Environment=T_A=1 #T_B=2 T_C=3'),
  line('unset', 'Environment=T_A=1 T_B=2 T_C=3\nUnsetEnvironment=T_A T_B=2 T_C=x'),
  line('a required env file is missing', 'EnvironmentFile=DIR/none'),
  line('an optional env file is missing', 'EnvironmentFile=-DIR/none\nEnvironment=T_A=1'),
  line('env file beats Environment=', 'EnvironmentFile=DIR/env\nEnvironment=T_A=2 T_B=3', { env: 'T_A=1\n' }),
  line('a later file wins', 'EnvironmentFile=DIR/b\nEnvironmentFile=DIR/a', {
    a: 'T_A=a\n',
    b: 'T_A=b\nT_B=b\n',
  }),
  line('env files reset', 'EnvironmentFile=DIR/b\nEnvironmentFile=\nEnvironmentFile=DIR/a', {
    a: 'T_A=a\n',
    b: 'T_B=b\n',
  }),
  line('a glob', 'EnvironmentFile=DIR/*.env', {
    'b.env': 'T_A=b\n',
    'a.env': 'T_A=a\nT_B=a\n',
    'c.txt': 'T_C=c\n',
  }),
  line('a glob that finds nothing', 'EnvironmentFile=DIR/*.env'),
  line('a path with a space', 'EnvironmentFile=DIR/a b', { 'a b': 'T_A=1\n' }),
  line('a quoted path is none', 'EnvironmentFile="DIR/env"', { env: 'T_A=1\n' }),
  line('%N in a path', 'EnvironmentFile=DIR/%N.env\nEnvironmentFile=-DIR/%n.env', {
    'CASE.env': 'T_A=N\n',
    'CASE.service.env': 'T_B=n\n',
  }),
  line('a linked env file', 'EnvironmentFile=DIR/env', { env: '-> real', real: 'T_A=1\n' }),
  env('quotes', 'T_A="a b"\nT_B=\'c d\'\nT_C=e f  \n'),
  env('quotes go on', "T_A='a'\"b\"c\nT_B=a'b'\nT_C=\"a\" 'b'\n"),
  env('the quote of a shell', "T_A='a'\"'\"'b'\n"),
  env('backslashes', 'T_A=a\\b\\\\c\nT_B="a\\b\\\\c\\"d\\$e\\`"\nT_C=\'a\\b\\\\\'\n'),
  env('continuation', 'T_A=a\\\nb\nT_B="a\\\nb"\nT_C=\'a\\\nb\'\n'),
  env('a value over lines', 'T_A="a\nb"\nT_B=\'c\nd\'\n'),
  env('comments', '# T_A=1\n; T_B=2\nT_C=3 # four\n#T_D=\\\nT_E=5\n'),
  env('export is no name', 'export T_A=1\nT_B=2\n'),
  env('spaces around', '  T_A  =  1  \nT_B= 2\n'),
  env('no line break at the end', 'T_A=1\nT_B="2'),
  env('an open quote takes the rest', "T_A='a\nT_B=2\n"),
  env('CRLF', 'T_A=1\r\nT_B="2"\r\n'),
  env('nothing is expanded', 'T_A=$HOME\nT_B=${T_A}\nT_C=`id`\nT_D=%n\n'),
  env('empty values', 'T_A=\nT_B=""\nT_C=\'\'\n'),
  env('a name alone', 'T_A\nT_B=2\n'),
  env('= in a value', 'T_A=a=b==\nT_B=K10aa::server:bb\n'),
  env('doubled', 'T_A=1\nT_A=2\n'),
  env('utf-8', 'T_A=Größe\nT_B="日本"\n'),
  env('a hash in a value', 'T_A=a#b\nT_B=#c\n'),
  env('a BOM', '\ufeffT_A=1\nT_B=2\n'),
  env('a tab', 'T_A=a\tb\t\n'),
  line('arguments', 'ExecStart=K3S agent --a "b c" \'d e\' f"g h"i'),
  line('arguments over lines', "ExecStart=K3S agent \\\n    --a \\\n# no\n\t'b' \\\n\nEnvironment=T_A=1"),
  line('escapes in arguments', "ExecStart=K3S a\\x20b \"c\\td\" 'e\\'' \\q \\\\ 'a'\\''b'"),
  line('specifiers in arguments', 'ExecStart=K3S %n %N %% 50%% %p x'),
  line('an empty specifier in arguments', 'ExecStart=K3S x %i'),
  line('an unknown specifier in arguments', 'ExecStart=K3S x%z'),
  line('${} is not split', 'Environment="T_A=a b" T_B=c\nExecStart=K3S ${T_A} x${T_B}y ${T_NONE} "${T_A}"'),
  line('$ is split', "Environment=\"T_A=a 'b c' d\"\nExecStart=K3S $T_A x$T_A $T_NONE $T_A/x '$T_A'"),
  line('dollars', 'Environment=T_A=1\nExecStart=K3S $$T_A $${T_A} a$ $ ${T_A:-2} $1 a$$b'),
  line('expansion from an env file', 'EnvironmentFile=DIR/env\nExecStart=K3S --token ${T_A} $T_B', {
    env: "T_A='x y'\nT_B=--one --two\n",
  }),
  line('no expansion', 'Environment=T_A=1\nExecStart=:K3S ${T_A} $T_A'),
  line('prefixes', 'ExecStart=-K3S a'),
  line('prefix @', 'ExecStart=@K3S name a b'),
  line('several prefixes', 'Environment=T_A=1\nExecStart=-:+K3S ${T_A}'),
  line('a quoted program', 'ExecStart="K3S" "a b"'),
  line('reset of ExecStart', 'ExecStart=/bin/false\nExecStart=\nExecStart=K3S a'),
  line('an open quote in ExecStart', 'ExecStart=K3S "a'),
  line('no ExecStart', 'Environment=T_A=1\nExecStart='),
  line('a semicolon inside of a word', 'ExecStart=K3S a;b \\; c ";" d'),
  line('drop-ins by name', 'Environment=T_A=0 T_B=0', {
    'etc/CASE.service.d/20.conf': '[Service]\nEnvironment=T_A=20\n',
    'etc/CASE.service.d/10.conf': '[Service]\nEnvironment=T_A=10 T_B=10\n',
    'etc/CASE.service.d/30.txt': '[Service]\nEnvironment=T_A=30\n',
  }),
  line('drop-ins over directories', 'Environment=T_A=0', {
    'usr/CASE.service.d/20.conf': '[Service]\nEnvironment=T_A=20\n',
    'etc/CASE.service.d/10.conf': '[Service]\nEnvironment=T_A=10\n',
  }),
  line('a drop-in hides its namesake', 'Environment=T_A=0', {
    'usr/CASE.service.d/10.conf': '[Service]\nEnvironment=T_A=usr T_B=usr\n',
    'etc/CASE.service.d/10.conf': '[Service]\nEnvironment=T_A=etc\n',
  }),
  line('a masked drop-in', 'Environment=T_A=0', {
    'usr/CASE.service.d/10.conf': '[Service]\nEnvironment=T_A=usr\n',
    'etc/CASE.service.d/10.conf': '-> /dev/null',
  }),
  line('a drop-in resets', `Environment=T_A=0\n${run}`, {
    'etc/CASE.service.d/10.conf': '[Service]\nExecStart=\nExecStart=K3S server --a\nEnvironment=\n',
  }),
  line('a drop-in without its section', 'Environment=T_A=0', {
    'etc/CASE.service.d/10.conf': 'Environment=T_A=1\n',
  }),
  {
    title: 'drop-ins of a prefix',
    unit: 'edge-node-a.service',
    service: `Environment=T_A=0 T_B=0\n${run}`,
    files: {
      'etc/edge-.service.d/20.conf': '[Service]\nEnvironment=T_A=edge T_B=edge\n',
      'etc/edge-node-.service.d/10.conf': '[Service]\nEnvironment=T_A=node T_C=node\n',
      'usr/edge-node-a.service.d/20.conf': '[Service]\nEnvironment=T_B=own\n',
    },
  },
  line('an optional glob', 'EnvironmentFile=-DIR/*.env\nEnvironmentFile=-DIR/none/*.env\nEnvironment=T_B=1', {
    'b.env': 'T_A=b\n',
    'a.env': 'T_A=a\n',
  }),
  line('a glob in a directory', 'EnvironmentFile=DIR/*/[a-c]?.env', {
    'x/b1.env': 'T_A=b\n',
    'w/a1.env': 'T_A=a\nT_B=a\n',
    'w/d1.env': 'T_C=d\n',
  }),
  line('a glob with braces', 'EnvironmentFile=-DIR/{a,b}.env\nEnvironment=T_C=1', {
    'a.env': 'T_A=1\n',
    'b.env': 'T_B=1\n',
  }),
  line('a hidden file in a glob', 'EnvironmentFile=DIR/*', { '.a': 'T_A=1\n', b: 'T_B=1\n' }),
  line('a directory as env file', 'EnvironmentFile=DIR/sub', { 'sub/a': 'T_A=1\n' }),
  line('a space behind the dash', 'EnvironmentFile=- DIR/env\nEnvironment=T_B=1', { env: 'T_A=1\n' }),
  line('two files in one line', 'EnvironmentFile=DIR/a DIR/b\nEnvironment=T_C=1', {
    a: 'T_A=1\n',
    b: 'T_B=1\n',
  }),
  line('a relative env file', 'EnvironmentFile=env\nEnvironment=T_C=1', { env: 'T_A=1\n' }),
  line('a path that leads up', 'EnvironmentFile=DIR/sub/../env\nEnvironment=T_C=1', {
    env: 'T_A=1\n',
    'sub/x': '',
  }),
  line('a doubled slash', 'EnvironmentFile=DIR//./env\nEnvironment=T_C=1', { env: 'T_A=1\n' }),
  line('unset beats an env file', 'EnvironmentFile=DIR/env\nEnvironment=T_B=1\nUnsetEnvironment=T_A', {
    env: 'T_A=1\n',
  }),
  line('unset is reset', 'Environment=T_B=1 T_A=1\nUnsetEnvironment=T_A\nUnsetEnvironment='),
  line('unset before a later value', 'UnsetEnvironment=T_A=1\nEnvironment=T_A=2'),
  line('unset expansion', 'Environment=T_A=2\nUnsetEnvironment=T_A\nExecStart=K3S x ${T_A} $T_A y'),
  line('two ExecStart', 'ExecStart=K3S a\nExecStart=/bin/true'),
  line('a relative program', 'ExecStart=./k3s a'),
  line('a program in a relative directory', 'ExecStart=bin/k3s a'),
  line('a program with a doubled slash', 'ExecStart=/K3S a'),
  line('a program that is not normal', 'ExecStart=/tmp/../K3S a'),
  line('a directory as program', 'ExecStart=K3S/ a'),
  line('a program with a variable', 'Environment=T_A=a\nExecStart=${T_A}/k3s a'),
  line('the variable of an optional word', 'Environment=T_A=\nExecStart=K3S agent $T_A --x ${T_A} --y'),
  line('quotes in a variable', 'Environment="T_A=--a \\"b c\\""\nExecStart=K3S $T_A'),
  line('a continuation at the end of the file', 'Environment=T_A=1 T_B=2 \\'),
  line('a comment behind a continuation of quotes', 'Environment="T_A=1 \\\n# x\n2"'),
  line('a credential file', 'LoadCredential=slip:DIR/slip\nExecStart=K3S ${CREDENTIALS_DIRECTORY}/slip %d', {
    slip: 'x',
  }),
  line(
    'credentials',
    'SetCredential=slip:T a\\x20b\nExecStart=K3S --token-file ${CREDENTIALS_DIRECTORY}/slip %d/slip x',
  ),
  {
    title: 'an instance with a dash and a unit of its own',
    unit: 'mast@.service',
    starts: 'mast@a-b.service',
    service: `Environment=T_A=%i T_B=%I T_C=%f T_D=%j T_E=%J T_F=%P\n${run}`,
    files: { 'etc/mast@.service.d/10.conf': '[Service]\nEnvironment=T_G=template\n' },
  },
  {
    title: 'an instance',
    unit: 'pier@.service',
    starts: 'pier@agent-1.service',
    service: `Environment=T_A=%i T_B=%p T_C=%n T_D=%N T_E=%I T_F=%f T_G=%j\nEnvironmentFile=DIR/%i.env\nExecStart=K3S %i\n`,
    files: {
      'agent-1.env': 'T_H=1\n',
      'etc/pier@.service.d/10.conf': '[Service]\nEnvironment=T_I=template T_J=template\n',
      'etc/pier@agent-1.service.d/20.conf': '[Service]\nEnvironment=T_J=instance\n',
    },
  },
]

const words = fc.constantFrom(
  ...[
    'a',
    'b c',
    ' ',
    '  ',
    "'",
    '"',
    '\\',
    '$',
    '${T_A}',
    '%',
    '%%',
    '%n',
    '#',
    ';',
    '=',
    '\t',
    '\\n',
    '\\x41',
  ],
  ...['\\q', '\\\n', '`', 'é', 'T_B=', ',', '\\"', "\\'", '$$', '\\\\', '$T_A ', '--x=', '{', '}', ':'],
)
const value = fc.array(words, { maxLength: 7 }).map((parts) => parts.join(''))

const random: readonly Case[] = [
  ...fc
    .sample(fc.tuple(value, value), { numRuns: 120, seed: 11 })
    .map(([a, b]) => line('random Environment=', `Environment=T_A=${a}\nEnvironment=T_B=${b} T_C=1`)),
  ...fc
    .sample(fc.tuple(value, value, value), { numRuns: 160, seed: 12 })
    .map(([a, b, c]) => env('random env file', `T_A=${a}\nT_B=${b}\n${c}\nT_C=1\n`)),
  ...fc
    .sample(fc.tuple(value, value), { numRuns: 120, seed: 13 })
    .map(([a, b]) => line('random ExecStart=', `Environment="T_A=x 'y z'"\nExecStart=K3S a ${a} ${b}`)),
]

const all = [...cases, ...random]
beforeAll(() => {
  prepare()
  start(all)
})

describe('what systemd gives the program is what we read', () => {
  test.each(cases.map((one, index) => [one.title, one, index] as const))('%s', (_, one, index) => {
    expect(expected(one, index)).toEqual(arrived(one, index))
  })

  test('for random lines and env files', () => {
    const wrong = random.flatMap((one, at) => {
      const index = cases.length + at
      const [ours, theirs] = [expected(one, index), arrived(one, index)]
      // %b and its like are known on the node only.
      if (hasMark(JSON.stringify(ours))) return []
      return JSON.stringify(ours) === JSON.stringify(theirs) ? [] : [{ one, ours, theirs }]
    })
    expect(wrong.slice(0, 3)).toEqual([])
  })

  test('most cases start: the comparison is not one of nothing with nothing', () => {
    const started = all.filter((one, index) => arrived(one, index) !== 'nothing').length
    expect(started).toBeGreaterThan(all.length * 0.6)
  })
})
