import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { expect, test } from 'vitest'

/** Who may import whom. A folder may always import itself and the leaves. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  cli: ['commands', 'io'],
  commands: [
    'wizard',
    'generate',
    'rules',
    'lint',
    'report',
    'airgap',
    'flow',
    'token',
    'ansible',
    'syntax',
    'facts',
    'io',
  ],
  rules: ['lint', 'airgap', 'flow', 'token', 'ansible', 'syntax', 'facts'],
  airgap: ['token', 'ansible', 'syntax', 'facts'],
  lint: ['flow', 'ansible', 'syntax'],
  report: ['lint', 'flow'],
  flow: ['token', 'ansible', 'syntax', 'facts'],
  wizard: ['generate', 'token', 'ansible', 'syntax', 'facts'],
  generate: ['token', 'ansible', 'syntax', 'facts', 'templates'],
  token: ['syntax', 'facts'],
  ansible: ['syntax', 'facts'],
  syntax: [],
  facts: [],
  io: [],
}

const leaves = ['span', 'errors', 'secret', 'suggestion', 'version', 'path']

/** The one file that may import a package or a built-in which reaches out of the program. */
const doors: readonly (readonly [specifier: RegExp, importer: RegExp])[] = [
  [/^inquirer$|^@inquirer\//, /^src\/wizard\/ask\.ts$/],
  [/^execa$/, /^src\/io\/exec\.ts$/],
  [/^ansible-vault$/, /^src\/syntax\/vault\.ts$/],
  [/^nanoid/, /^src\/token\/generate\.ts$/],
  [/^yaml$/, /^src\/syntax\//],
  [/^commander$/, /^src\/commands\//],
  [/^(tar-stream|fzstd|cli-progress)$/, /^src\/io\//],
  [/^@cyclonedx\//, /^src\/airgap\/pack\/sbom\.ts$/],
  [/^node:(fs|fs\/promises|os|tty|http|https|readline|readline\/promises)$/, /^src\/io\//],
  [/^node:child_process$/, /^$/],
]

const root = join(import.meta.dirname, '..')
const files = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .map((name) => `src/${name.replaceAll('\\', '/')}`)
  .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))

const importsOf = (file: string): string[] =>
  [
    ...readFileSync(join(root, file), 'utf8').matchAll(
      /^(?:import|export)\b[^'"]*?from\s*'([^']+)'|^import\s*'([^']+)'|\bimport\(\s*'([^']+)'\s*\)/gm,
    ),
  ].map(([, from, bare, lazy]) => from ?? bare ?? lazy ?? '')

const layerOf = (file: string): string => {
  const [, first, second] = /^(?:src\/)?([^/]+?)(?:\.ts)?(\/.*)?$/.exec(file) ?? []
  return second === undefined && first !== undefined && leaves.includes(first) ? 'leaf' : (first ?? file)
}

test.each(files)('%s imports only what its layer may', (file) => {
  const own = layerOf(file)
  for (const specifier of importsOf(file)) {
    if (specifier.startsWith('.')) {
      const target = posix.normalize(posix.join(dirname(file), specifier))
      const layer = target === 'package.json' ? 'leaf' : layerOf(target)
      const legal = layer === own || layer === 'leaf' || (allowed[own] ?? []).includes(layer)
      expect(legal, `${file} imports ${specifier}: ${own} may not know ${layer}`).toBe(true)
      continue
    }
    for (const [door, keeper] of doors)
      if (door.test(specifier))
        expect(file, `${file} imports ${specifier}, which only ${keeper} may`).toMatch(keeper)
  }
})

test.each(files.filter((file) => file !== 'src/cli.ts' && !file.startsWith('src/io/')))(
  '%s leaves process to cli.ts and io',
  (file) => {
    const text = readFileSync(join(root, file), 'utf8').replace(
      /\/\*[\s\S]*?\*\/|\/\/.*|'[^'\n]*'|`[^`]*`/g,
      '',
    )
    expect(text, file).not.toMatch(/\bprocess\.|\bconsole\./)
  },
)
