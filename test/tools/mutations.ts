import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join, relative } from 'node:path'
import { bombs } from './bombs.ts'
import { pick, type Random, randomOf } from './random.ts'

/** Path → content; `{ link }` is a symbolic link. */
export type Tree = ReadonlyMap<string, string | Buffer | { readonly link: string }>

export interface Mutant {
  /** What was done to which file of which seed: enough to make it again. */
  readonly name: string
  readonly tree: Tree
}

const root = join(import.meta.dirname, '../..')

/** Projects that are whole: those of the rehearsal, the examples of inventories, the templates. */
export const seeds: readonly { readonly name: string; readonly files: ReadonlyMap<string, string> }[] = [
  ...readdirSync(join(root, 'test/projects'))
    .sort()
    .filter((name) => statSync(join(root, 'test/projects', name)).isDirectory())
    .map((name) => ({ name, files: filesBelow(join(root, 'test/projects', name)) })),
  { name: 'inventory-examples', files: filesBelow(join(root, 'inventory-examples')) },
  { name: 'templates', files: filesBelow(join(root, 'templates')) },
]

function filesBelow(directory: string): ReadonlyMap<string, string> {
  const files = new Map<string, string>()
  for (const entry of readdirSync(directory, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isFile() && entry.name !== 'expect.yml')
      files.set(relative(directory, path), readFileSync(path, 'utf8'))
  }
  return new Map([...files].sort(([a], [b]) => (a < b ? -1 : 1)))
}

/** One mutant of the endless row; number by number all seeds and mutations have their turn. */
export function mutantOf(number: number): Mutant {
  const random = randomOf(number)
  const names = Object.keys(mutations)
  const { name, files } = pick(seeds, random)
  const mutation = names[number % names.length] ?? ''
  const path = pick([...files.keys()], random)
  const tree = new Map<string, string | Buffer | { readonly link: string }>(files)
  mutations[mutation]?.(tree, path, files.get(path) ?? '', random)
  return { name: `${number}: ${mutation} in ${name}/${path}`, tree }
}

type Mutation = (
  tree: Map<string, string | Buffer | { readonly link: string }>,
  path: string,
  text: string,
  random: Random,
) => void

const inText =
  (change: (text: string, random: Random) => string | Buffer): Mutation =>
  (tree, path, text, random) =>
    tree.set(path, change(text, random))

const inLine = (change: (line: string, random: Random) => string): Mutation =>
  inText((text, random) => {
    const lines = text.split('\n')
    const index = random(lines.length)
    return lines.with(index, change(lines[index] ?? '', random)).join('\n')
  })

const inserted = (what: string | ((random: Random) => string)): Mutation =>
  inText((text, random) => {
    const at = random(text.length + 1)
    return text.slice(0, at) + (typeof what === 'string' ? what : what(random)) + text.slice(at)
  })

/** Something is put in the place of a random occurrence of a pattern. */
const replaced = (pattern: RegExp, by: (random: Random) => string): Mutation =>
  inText((text, random) => {
    const found = [...text.matchAll(pattern)]
    if (found.length === 0) return text + by(random)
    const { index, 0: old } = pick(found, random)
    return text.slice(0, index) + by(random) + text.slice(index + old.length)
  })

const bytes = (random: Random, count: number): Buffer =>
  Buffer.from(Array.from({ length: count }, () => random(256)))

const RUNS = [
  ...' \t\n#-{}"\':=/\\a0[],$`|()_x%;*!><.@&~',
  ...[
    '\r\n',
    '{{',
    '{%',
    '{#',
    '}}',
    '${',
    '$(',
    '-\n',
    ';\n',
    '# \n',
    'a: ',
    '- ',
    '\\\n',
    "''",
    '"{',
    'a=b ',
    '--a ',
  ],
]

const mutations: Readonly<Record<string, Mutation>> = {
  truncated: inText((text, random) => {
    const all = Buffer.from(text)
    return all.subarray(0, random(all.length + 1))
  }),
  beheaded: inText((text, random) => text.slice(random(text.length + 1))),
  indented: inLine((line, random) => ' '.repeat(1 + random(5)) + line),
  outdented: inLine((line, random) => line.slice(random(5))),
  'a tab': inLine((line) => line.replace(/^ */, '\t')),
  'all tabs': inText((text) => text.replaceAll(/^ +/gm, (indent) => '\t'.repeat(indent.length / 2))),
  'a byte order mark': inText((text) => `\uFEFF${text}`),
  'byte order marks': inserted('\uFEFF'),
  CRLF: inText((text) => text.replaceAll('\n', '\r\n')),
  'a carriage return': inserted('\r'),
  'mixed line ends': inText((text, random) =>
    text.replaceAll('\n', () => pick(['\n', '\r\n', '\r'], random)),
  ),
  NUL: inserted('\0'),
  'invalid UTF-8': inText((text, random) => {
    const all = Buffer.from(text)
    const at = random(all.length + 1)
    return Buffer.concat([all.subarray(0, at), bytes(random, 3), Buffer.from([0xff]), all.subarray(at)])
  }),
  'UTF-16': inText((text) => Buffer.from(`\uFEFF${text}`, 'utf16le')),
  'an odd character': inserted((random) =>
    pick(['\u2028', '\u0085', '\u0007', '\uD800', '\u{F0000}', '\u{10FFFD}', '\u202E', 'é'], random),
  ),
  'a flipped byte': inText((text, random) => {
    const all = Buffer.from(text)
    if (all.length > 0) all[random(all.length)] = random(256)
    return all
  }),
  'a lost character': inText((text, random) => {
    const at = random(text.length + 1)
    return text.slice(0, at) + text.slice(at + 1)
  }),
  'a lost line': inText((text, random) => {
    const lines = text.split('\n')
    return lines.toSpliced(random(lines.length), 1).join('\n')
  }),
  'a doubled line': inText((text, random) => {
    const lines = text.split('\n')
    const index = random(lines.length)
    return lines.toSpliced(index, 0, lines[index] ?? '').join('\n')
  }),
  'a thousandfold line': inText((text, random) => {
    const lines = text.split('\n')
    const index = random(lines.length)
    return lines.toSpliced(index, 0, ...Array.from({ length: 1000 }, () => lines[index] ?? '')).join('\n')
  }),
  // What a pattern that goes back and forth over it would never end with.
  'a sign thirty thousand times': inserted((random) => pick(RUNS, random).repeat(30_000)),
  'swapped lines': inText((text, random) => {
    const lines = text.split('\n')
    const [a, b] = [random(lines.length), random(lines.length)]
    return lines
      .with(a, lines[b] ?? '')
      .with(b, lines[a] ?? '')
      .join('\n')
  }),
  'a lost quote': replaced(/["']/g, () => ''),
  'an added quote': inserted((random) => pick(['"', "'", '`'], random)),
  'an unclosed template': replaced(/\}\}|%\}|#\}/g, () => ''),
  'an opened template': inserted((random) => pick(['{{', '{%', '{#', '}}', '{{{', '{%- raw %}'], random)),
  'a sign of YAML': inserted((random) =>
    pick(
      [
        ': ',
        '- ',
        '? ',
        '& ',
        '*a',
        '!x ',
        '| ',
        '> ',
        '[',
        '{',
        ']',
        '}',
        ', ',
        '#',
        '%',
        '@',
        '---\n',
        '...\n',
        '<<: *a\n',
      ],
      random,
    ),
  ),
  'a value of another kind': replaced(/(?<=: )[^\n]+$/gm, (random) =>
    pick(
      [
        '',
        'null',
        '[]',
        '{}',
        '[{a: [b]}]',
        '{a: {b: c}}',
        '-1',
        '1e400',
        '.nan',
        '0x1F',
        '2001-01-01',
        'yes',
        '!vault x',
        '!unsafe "{{ x }}"',
        '"\\x00"',
      ],
      random,
    ),
  ),
  'a key of another kind': replaced(/(?<=^ *(?:- )?)[\w-]+(?=:)/gm, (random) =>
    pick(
      [
        '__proto__',
        'constructor',
        'toString',
        'hasOwnProperty',
        '1',
        'null',
        '? [a, b]\n',
        '{{ x }}',
        '""',
        'vars',
        'block',
        'loop',
        'when',
        'include_tasks',
        'import_tasks',
        'set_fact',
      ],
      random,
    ),
  ),
  'a name that leads back': replaced(/\{\{ *[\w.]+ *\}\}/g, (random) =>
    pick(
      [
        '{{ a }}',
        '{{ token }}',
        '{{ vars }}',
        '{{ hostvars }}',
        '{{ groups }}',
        '{{ self }}',
        '{{ hostvars[inventory_hostname] }}',
        "{{ lookup('vars', 'token') }}",
      ],
      random,
    ),
  ),
  'an aliased bomb': inText((text) => `${aliases(12)}\n${text}`),
  'deep flow': inserted('['.repeat(20_000)),
  'deep blocks': inText(
    (text) => text + Array.from({ length: 500 }, (_, depth) => `${' '.repeat(depth)}a:\n`).join(''),
  ),
  'deep lists': inserted(`\n${'- '.repeat(5000)}x\n`),
  'a deep expression': replaced(/\{\{.*?\}\}/g, () => `{{ ${'('.repeat(5000)}1${')'.repeat(5000)} }}`),
  'a long expression': replaced(/\{\{.*?\}\}/g, () => `{{ ${'1 + '.repeat(20_000)}1 }}`),
  'deep dots': replaced(/\{\{.*?\}\}/g, () => `{{ a${'.b'.repeat(20_000)} }}`),
  'a chain of filters': replaced(/\{\{.*?\}\}/g, () => `{{ 'a'${" | default('x')".repeat(5000)} }}`),
  'a chain of negations': replaced(/\{\{.*?\}\}/g, () => `{{ ${'not '.repeat(10_000)}a }}`),
  'deep blocks of a template': inserted(`${'{% if a %}'.repeat(3000)}x${'{% endif %}'.repeat(3000)}`),
  binary: inText((_text, random) => bytes(random, 10_000)),
  'binary without NUL': inText((_text, random) =>
    Buffer.from(bytes(random, 10_000).map((byte) => byte || 1)),
  ),
  empty: inText(() => ''),
  'nothing but a sign': inText((_text, random) =>
    pick(
      [
        '---\n',
        '...',
        '#',
        '[]',
        '{}',
        'null',
        '-',
        '?',
        ':',
        '|',
        '"',
        "'",
        '{{',
        '$ANSIBLE_VAULT',
        '!vault',
        '\n',
        '\uFEFF',
        '%YAML 1.1',
        '[',
        '[section',
        'a=b',
        '&a *a',
      ],
      random,
    ),
  ),
  'a lost file': (tree, path) => tree.delete(path),
  'a file under another name': (tree, path, text, random) => {
    tree.delete(path)
    tree.set(pick([...tree.keys()], random) ?? path, text)
  },
  'a file that is a directory': (tree, path, text) => {
    tree.delete(path)
    tree.set(`${path}/main.yml`, text)
  },
  'a link to itself': (tree, path) => tree.set(path, { link: path.split('/').at(-1) ?? '' }),
  'a link upwards': (tree, path) => tree.set(`${path}.d`, { link: '.' }),
  'links among directories': (tree) => {
    for (const name of ['a', 'b', 'c', 'd']) {
      tree.set(`loop/${name}/main.yml`, 'k3s: 1\n')
      for (const other of ['a', 'b', 'c', 'd']) tree.set(`loop/${name}/to-${other}`, { link: `../${other}` })
    }
  },
  'a link to a device': (tree, path) => tree.set(path, { link: '/dev/zero' }),
  'a broken configuration': (tree, _path, _text, random) =>
    tree.set(
      '.k3seal.yml',
      pick(
        [
          '',
          '[',
          'select: 1',
          'exclude: [1]',
          'inventories: [[a]]',
          'a: b',
          'select: [nothing]',
          '\0',
          'severity: {a: b}',
          'exclude: "["',
          'baseline: ..',
        ],
        random,
      ),
    ),
  'a broken baseline': (tree, _path, _text, random) =>
    tree.set(
      '.k3seal-baseline.json',
      pick(['', '{', '[]', '{"version": 2}', '{"version":1,"findings":[1]}', 'null'], random),
    ),
  'a comment that silences': inserted((random) =>
    pick(
      [
        '# k3seal-disable-file\n',
        '\n# k3seal-disable-line token-weak, x -- y\n',
        '{# k3seal-disable-next-line #}',
        '; k3seal-disable-line',
        '# k3seal-disable-line __proto__',
      ],
      random,
    ),
  ),
  'a bomb beside it': (tree, _path, _text, random) => {
    for (const [path, text] of Object.entries(bombs[pick(Object.keys(bombs), random)] ?? {}))
      tree.set(path, text)
  },
  'another project over it': (tree, _path, _text, random) => {
    for (const [path, text] of pick(seeds, random).files) if (random(2) === 0) tree.set(path, text)
  },
  'lines of another file': (tree, path, text, random) => {
    const other = pick([...tree.values()], random)
    const lines = typeof other === 'string' ? other.split('\n') : []
    const start = random(lines.length + 1)
    const at = random(text.length + 1)
    tree.set(path, `${text.slice(0, at)}\n${lines.slice(start, start + 10).join('\n')}\n${text.slice(at)}`)
  },
}

/** `levels` of nine aliases each: nine to the power of that many values. */
export function aliases(levels: number): string {
  const lines = ['a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol, lol]']
  for (let level = 1; level < levels; level += 1)
    lines.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => `*a${level - 1}`).join(', ')}]`)
  return lines.join('\n')
}
