import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AlphabetName, alphabets } from '../../src/token/alphabets.ts'
import { newToken } from '../../src/token/generate.ts'
import { isLiteralIn, type SinkId, sinks } from '../../src/token/sinks.ts'
import { ansibleEnvironment, ansibles, peers, requirePeer, run } from '../tools/peers.ts'
import { runUnits } from './systemdManager.ts'

/*
 * The sink table against the programs it speaks of. For every sink: whatever `sinkHazards` calls literal has to come
 * back from the real reader byte for byte, and texts of which it is known that the reader changes them have to be
 * called so, and to come back changed: otherwise the test could not fail.
 */

const printable = Array.from({ length: 95 }, (_, index) => String.fromCharCode(0x20 + index))
const names = Object.keys(alphabets) as AlphabetName[]

const candidates: readonly string[] = [
  ...printable.flatMap((mark) => [`${mark}Qz7x`, `Qz${mark}7x`, `Qz7x${mark}`, mark]),
  ...printable.flatMap((mark) => [`${mark}${mark}Q`, `Q${mark}${mark}`, `q:${mark}x`, `Q=${mark}7`]),
  ...names.flatMap((alphabet) =>
    Array.from({ length: 40 }, (_, index) => newToken({ alphabet, length: 24 + index }).reveal()),
  ),
  ...['-', '_'].flatMap((mark) => [
    `${mark}harbour`,
    `harbour${mark}`,
    `${mark}${mark}${mark}`,
    `${mark}1`,
    `1${mark}`,
  ]),
  ...[
    '_-harbour-_',
    '-_harbour_-',
    '---harbour',
    '1_000',
    '0x1F_',
    '0b1_0',
    '0o17',
    '017',
    '1e5',
    '1.5e+3',
    '.5',
    '5.',
  ],
  ...[
    '190:20:30',
    '1:2.5',
    '2026-01-02',
    '2026-1-2',
    '2026-01-02t03:04:05z',
    'yes',
    'No',
    'ON',
    'y',
    'null',
    '~',
    '=',
  ],
  ...[
    '<<',
    '+.inf',
    '.NaN',
    '-1',
    '+12',
    '12345678901234567890',
    'é',
    'Größe',
    '日本語',
    '🔑x',
    'a\u00a0b',
    '\u00e9:',
  ],
  ...[
    'a\u0085b',
    'a\u2028b',
    '\ufeffab',
    'a\tb',
    'a\u0001b',
    'a\nb',
    'a\u007fb',
    'x{{ 1 }}y',
    '{% if %}',
    '{# x #}',
  ],
  ...fc.sample(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 24 }), 600),
  ...fc.sample(
    fc.string({ unit: fc.constantFrom(...`aZ0${'-_~!,.+=^%@:/'}`), minLength: 1, maxLength: 12 }),
    300,
  ),
]

/** Of the candidates, those that the table calls literal there. */
const claimed = (...ids: SinkId[]): string[] =>
  candidates.filter((text) => ids.every((id) => isLiteralIn(id, text)))

/** Texts that the sink's reader is known to change, by its manual; the table has to say so. */
const broken = {
  'yaml-plain': [
    '1_000',
    '0x1F',
    'yes',
    '~',
    '190:20:30',
    '2026-1-2 3:04:05',
    'a #b',
    '#ab',
    'ab ',
    '1.5e+3',
    '"ab"',
    '.5',
    '=x:',
  ],
  'yaml-single-quoted': ["a''b"],
  'yaml-double-quoted': ['a\\tb', 'a\\\\b'],
  'ansible-template': ['x{{ 1 + 1 }}y', 'x{# note #}y', 'x{% if true %}t{% endif %}y'],
  'environment-file': ['a\\b', '"ab"', "'ab'", ' ab', 'ab\t'],
  'environment-directive': ['a"b"c', "'ab'", 'a\\tb', 'a%nb', 'a%%b', 'a b'],
  'exec-start': ['a"b"c', "'ab'", 'a\\tb', 'a%nb', 'a%%b', 'a$$b', `a\${HOME}b`, '$HOME', 'a b'],
  'posix-shell': [
    '"ab"',
    "a'b'",
    'a\\b',
    'a$HOME',
    '~',
    '~root',
    'a`echo`b',
    'a b',
    'a#b&',
    'a|true',
    'a;b',
    '#a',
  ],
  'lineinfile-regexp': ['a.c', 'ab*c', 'ab?c', '[abc]', 'a|b', '^ab', 'ab$', 'a{2}c', 'a+c', '(ac)', 'a\\.c'],
  'url-userinfo': ['a@b', 'a/b', 'a%41b', 'a?b', 'a#b', 'a b', 'a"b', 'a^b', 'a:b', 'a;b', 'a=b', 'é'],
} as const satisfies Readonly<Record<SinkId, readonly string[]>>

let scratch: string

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-sinks-'))
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** Compares lists of texts; a difference shows the first few pairs only. */
function expectSame(read: readonly (string | undefined)[], written: readonly string[]): void {
  const differing = written.flatMap((text, index) =>
    read[index] === text ? [] : [{ text, read: read[index] }],
  )
  expect(differing.slice(0, 5)).toEqual([])
  expect(read).toHaveLength(written.length)
}

function expectAllChanged(read: readonly (string | undefined)[], written: readonly string[]): void {
  for (const [index, text] of written.entries())
    expect(read[index], `${JSON.stringify(text)} came out as it was`).not.toBe(text)
}

const nulSeparated = (path: string): string[] => readFileSync(path, 'utf8').split('\0').slice(0, -1)

describe('the table', () => {
  test.each(sinks.map(({ id }) => id))('%s objects to what is known to break there', (id) => {
    for (const text of broken[id]) expect(isLiteralIn(id, text), text).toBe(false)
    expect(claimed(id).length).toBeGreaterThan(300)
  })

  test('leaves of all ASCII marks only - and _, wherever they stand', () => {
    const frames = [
      (mark: string) => `${mark}Qz7x`,
      (mark: string) => `Qz${mark}7x`,
      (mark: string) => `Qz7x${mark}`,
    ]
    const left = printable.filter(
      (mark) =>
        !/[A-Za-z0-9]/.test(mark) &&
        sinks.every(({ id }) => frames.every((frame) => isLiteralIn(id, frame(mark)))),
    )
    expect(left).toEqual(['-', '_'])
    expect(alphabets.symbols.classes.join('').replace(/[A-Za-z0-9]/g, '')).toBe('-_')
  })
})

describe('systemd', () => {
  const written = {
    file: claimed('environment-file'),
    directive: claimed('environment-directive'),
    exec: claimed('exec-start'),
  }
  const variables = (texts: readonly string[], prefix = ''): string =>
    texts.map((text, index) => `${prefix}V${index}=${text}\n`).join('')
  const environment = (name: string): (string | undefined)[] => {
    const found = new Map(
      nulSeparated(join(scratch, name)).map((entry) => {
        const at = entry.indexOf('=')
        return [entry.slice(0, at), entry.slice(at + 1)] as const
      }),
    )
    return Array.from(
      {
        length: Math.max(
          0,
          ...[...found.keys()].map((key) => (/^V\d+$/.test(key) ? Number(key.slice(1)) + 1 : 0)),
        ),
      },
      (_, index) => found.get(`V${index}`),
    )
  }

  beforeAll(() => {
    writeFileSync(join(scratch, 'arguments.sh'), 'out=$1; shift; printf "%s\\0" "$@" > "$out"\n')
    writeFileSync(join(scratch, 'good.env'), variables(written.file))
    writeFileSync(join(scratch, 'bad.env'), variables(broken['environment-file']))
    const dump = (name: string): string =>
      `Type=oneshot\nExecStart=/bin/sh -c 'cat /proc/self/environ > ${join(scratch, name)}'\n`
    const record = (name: string, text: string): string =>
      `ExecStart=/bin/sh ${join(scratch, 'arguments.sh')} ${join(scratch, name)} ${text}\n`
    runUnits(scratch, {
      'file-good.service': `[Service]\nEnvironmentFile=${join(scratch, 'good.env')}\n${dump('file-good')}`,
      'file-bad.service': `[Service]\nEnvironmentFile=${join(scratch, 'bad.env')}\n${dump('file-bad')}`,
      'directive-good.service': `[Service]\n${variables(written.directive, 'Environment=')}${dump('directive-good')}`,
      'directive-bad.service': `[Service]\n${variables(broken['environment-directive'], 'Environment=')}${dump('directive-bad')}`,
      'exec-good.service': `[Service]\nType=oneshot\n${record('exec-good', written.exec.join(' '))}`,
      'exec-bad.service': `[Service]\nType=oneshot\n${broken['exec-start'].map((text, index) => record(`exec-bad-${index}`, text)).join('')}`,
    })
  })

  test('EnvironmentFile=', () => {
    expectSame(environment('file-good'), written.file)
    expectAllChanged(environment('file-bad'), broken['environment-file'])
  })

  test('Environment=', () => {
    expectSame(environment('directive-good'), written.directive)
    expectAllChanged(environment('directive-bad'), broken['environment-directive'])
  })

  test('ExecStart=', () => {
    expectSame(nulSeparated(join(scratch, 'exec-good')), written.exec)
    const read = broken['exec-start'].map((_, index) =>
      nulSeparated(join(scratch, `exec-bad-${index}`)).join('|'),
    )
    expectAllChanged(read, broken['exec-start'])
  })
})

describe.each(['dash', 'bash'])('%s', (shell) => {
  const read = (texts: readonly string[]): string[] => {
    const directory = mkdtempSync(join(scratch, 'shell-'))
    const script = texts.map((text) => `unset V\nV=${text}\nprintf '%s\\0' "$V"\n`).join('')
    writeFileSync(join(directory, 'script'), script)
    return run(shell, ['script'], {
      cwd: directory,
      env: { HOME: '/root', PATH: '/usr/bin:/bin' },
    }).stdout.split('\0')
  }

  test('assignment', () => {
    const written = claimed('posix-shell')
    expectSame(read(written).slice(0, -1), written)
  })

  test('argument', () => {
    const written = claimed('posix-shell')
    const directory = mkdtempSync(join(scratch, 'shell-'))
    // What patterns among the candidates would match.
    for (const name of ['aQz7x', 'Qza7x', 'Qz7xa']) writeFileSync(join(directory, name), '')
    writeFileSync(
      join(directory, 'script'),
      written.map((text) => `printf '%s\\0' --token ${text}\n`).join(''),
    )
    const out = run(shell, ['script'], {
      cwd: directory,
      env: { HOME: '/root', PATH: '/usr/bin:/bin' },
    }).stdout
    expectSame(
      out
        .split('\0')
        .slice(0, -1)
        .filter((_, index) => index % 2 === 1),
      written,
    )
  })

  test('control', () => {
    const changed = broken['posix-shell'].filter((text) => text !== '#a')
    expectAllChanged(
      changed.map((text) => read([text])[0]),
      changed,
    )
    const commented = run(shell, ['-c', 'printf "%s|" --token #a']).stdout
    expect(commented).toBe('--token|')
  })
})

describe.each(ansibles)('%s', (_name, bin) => {
  const python = join(bin, 'python')
  const written = {
    plain: claimed('yaml-plain', 'ansible-template'),
    single: claimed('yaml-single-quoted', 'ansible-template'),
    double: claimed('yaml-double-quoted', 'ansible-template'),
  }
  // Those PyYAML reads as a mapping or refuses would take the whole file with them.
  const scalars = broken['yaml-plain'].filter((text) => !text.endsWith(':'))

  const regexps = [
    ...names.map((alphabet) => newToken({ alphabet, length: 24 }).reveal()),
    '-_harbour_-',
    '_harbour-',
    'a~b!c,d',
  ]
  let answers: Record<string, string[]>
  let lines: string[]

  beforeAll(() => {
    const home = mkdtempSync(join(scratch, 'ansible-'))
    mkdirSync(join(home, 'tmp'))
    const list = (name: string, texts: readonly string[], quote: string): string =>
      `${name}:\n${texts.map((text) => `  - ${quote}${text}${quote}\n`).join('')}`
    writeFileSync(
      join(home, 'texts.yml'),
      list('plain', written.plain, '') +
        list('single', written.single, "'") +
        list('double', written.double, '"') +
        list('changed', scalars, '') +
        list('evaluated', broken['ansible-template'], "'"),
    )
    const decoys = regexps.map((text) => text.replace(/./, (character) => (character === 'Z' ? 'Y' : 'Z')))
    writeFileSync(
      join(home, 'lines'),
      [...regexps, 'a.c']
        .map((text, index) => `V${index}=${text}\nV${index}=${decoys[index] ?? 'abc'}\n`)
        .join(''),
    )
    writeFileSync(join(home, 'patterns.json'), JSON.stringify([...regexps, 'a.c']))
    writeFileSync(
      join(home, 'play.yml'),
      `- hosts: localhost
  connection: local
  gather_facts: false
  vars_files: [texts.yml]
  vars:
    patterns: "{{ lookup('file', 'patterns.json') | from_json }}"
  tasks:
    - ansible.builtin.copy:
        dest: ${join(home, 'answers.json')}
        mode: "0600"
        content: "{{ {'plain': plain, 'single': single, 'double': double, 'changed': changed, 'evaluated': evaluated} | to_json }}"
    - ansible.builtin.lineinfile:
        path: ${join(home, 'lines')}
        regexp: "^V{{ index }}={{ item }}$"
        line: "V{{ index }} found"
      loop: "{{ patterns }}"
      loop_control: {index_var: index}
`,
    )
    const { status, all } = run(join(bin, 'ansible-playbook'), ['-i', 'localhost,', 'play.yml'], {
      cwd: home,
      env: { ...ansibleEnvironment(home), ANSIBLE_PYTHON_INTERPRETER: python },
    })
    if (status !== 0) throw new Error(all)
    answers = JSON.parse(readFileSync(join(home, 'answers.json'), 'utf8'))
    lines = readFileSync(join(home, 'lines'), 'utf8').trimEnd().split('\n')
  })

  test.each(['plain', 'single', 'double'] as const)('YAML, %s', (style) => {
    expectSame(answers[style] ?? [], written[style])
  })

  test('YAML, controls', () => {
    expectAllChanged(answers.changed ?? [], scalars)
    expectAllChanged(answers.evaluated ?? [], broken['ansible-template'])
    expect(answers.evaluated).toEqual(['x2y', 'xy', 'xty'])
    const loaded = (text: string): string =>
      run(python, [
        '-c',
        'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.argv[1])["v"]))',
        `v: ${text}`,
      ]).stdout
    expect(loaded('harbour')).toBe('"harbour"\n')
    for (const text of [
      '=x:',
      '@ab',
      '%ab',
      '`ab',
      ',ab',
      ']ab',
      '*ab',
      '&ab',
      '!ab',
      '|ab',
      '>ab',
      "'ab",
      '{ab',
    ])
      expect(loaded(text), text).not.toBe(`${JSON.stringify(text)}\n`)
    for (const text of broken['yaml-single-quoted'])
      expect(loaded(`'${text}'`)).not.toBe(`${JSON.stringify(text)}\n`)
    for (const text of broken['yaml-double-quoted'])
      expect(loaded(`"${text}"`)).not.toBe(`${JSON.stringify(text)}\n`)
  })

  test('lineinfile finds the token itself and nothing like it', () => {
    for (const index of regexps.keys()) {
      expect(lines[2 * index]).toBe(`V${index} found`)
      expect(lines[2 * index + 1]).toMatch(`V${index}=`)
    }
    // The control: a.c also matches abc, which stands below it, and lineinfile replaces the last match.
    expect(lines.slice(-2)).toEqual([`V${regexps.length}=a.c`, `V${regexps.length} found`])
  })

  test('re matches a literal text and none of its neighbours', () => {
    const program = `
import json, re, sys
def neighbours(t):
    for i in range(len(t)):
        yield t[:i] + t[i + 1:]
        yield t[:i] + t[i] + t[i:]
        for c in 'Zb':
            if t[i] != c: yield t[:i] + c + t[i + 1:]
    for part in t.split('|'): yield part
def literal(t):
    try: return bool(re.fullmatch(t, t)) and not any(re.fullmatch(t, n) for n in neighbours(t) if n != t)
    except re.error: return False
print(json.dumps([literal(t) for t in json.load(sys.stdin)]))
`
    const literal = (texts: readonly string[]): boolean[] =>
      JSON.parse(run(python, ['-W', 'ignore', '-c', program], { input: JSON.stringify(texts) }).stdout)
    const patterns = claimed('lineinfile-regexp')
    const verdicts = literal(patterns)
    expect(patterns.filter((_, index) => !verdicts[index])).toEqual([])
    expect(literal(broken['lineinfile-regexp'])).toEqual(broken['lineinfile-regexp'].map(() => false))
  })
})

describe('URL user information', () => {
  const written = claimed('url-userinfo')
  const urlWith = (text: string): string => `http://node:${text}@127.0.0.1:6443/`

  test('WHATWG, as browsers and Node read it', () => {
    const read = (text: string): string | undefined => {
      try {
        return new URL(urlWith(text)).password
      } catch {
        return undefined
      }
    }
    expectSame(written.map(read), written)
    // A percent-encoded byte stays as it is there and is decoded by those who use it, as curl does below.
    const changed = broken['url-userinfo'].filter((text) => text !== 'a%41b')
    expectAllChanged(changed.map(read), changed)
  })

  test('Python', () => {
    const program =
      'import json, sys; from urllib.parse import urlsplit, unquote; print(json.dumps([unquote(urlsplit(u).password or "") for u in json.load(sys.stdin)]))'
    const read = (texts: readonly string[]): string[] =>
      JSON.parse(
        run(join(peers.ansibleOldest, 'python'), ['-c', program], {
          input: JSON.stringify(texts.map(urlWith)),
        }).stdout,
      )
    expectSame(read(written), written)
    const changed = ['a/b', 'a?b', 'a#b', 'a%41b']
    expectAllChanged(read(changed), changed)
  })

  test('curl', async () => {
    const headers: string[] = []
    const server = createServer((request, response) => {
      headers.push(request.headers.authorization ?? '')
      response.end()
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const { port } = server.address() as AddressInfo
    const sent = async (texts: readonly string[]): Promise<string[]> => {
      headers.length = 0
      const config = join(scratch, 'curl.config')
      writeFileSync(
        config,
        texts
          .map((text) => `url = "${urlWith(text).replace('6443', String(port))}"\noutput = "/dev/null"\n`)
          .join(''),
      )
      await promisify(execFile)(requirePeer('curl'), [
        '--silent',
        '--globoff',
        '--noproxy',
        '*',
        '--basic',
        '--config',
        config,
      ]).catch(() => undefined)
      return headers.map((header) =>
        Buffer.from(header.replace('Basic ', ''), 'base64').toString().replace('node:', ''),
      )
    }
    try {
      expectSame(await sent(written), written)
      expect(await sent(['a%41b'])).toEqual(['aAb'])
      for (const text of ['a/b', 'a?b', 'a#b']) expect(await sent([text])).not.toContain(text)
    } finally {
      server.close()
    }
  })
})
