// Bundles src/ into dist/. main.js holds what starts, and what finds out that a repository has nothing to do with K3s: a
// hook runs for every commit. engine.js holds the rest of our code, interactive.js inquirer and execa, loaded when a
// question is asked or a child process is started, airgap.js what only the bundle for an airgapped site needs. k3seal.js
// starts main.js, with the code that V8 has compiled before where it was compiled by this Node.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build, transform } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')

/** @type {import('esbuild').BuildOptions} */
const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  supported: { 'dynamic-import': false },
  target: 'node20.19',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
}

/** @type {import('esbuild').Plugin} */
const templatesAsText = {
  name: 'templates-as-text',
  setup({ onLoad }) {
    onLoad({ filter: /[/\\]templates[/\\][^/\\]+$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8'),
      loader: 'text',
    }))
  },
}

/** What a hook runs in a repository without K3s, or where all that it looks at is as it was. */
const START = [
  'src/cli.ts',
  'src/commands/lint/index.ts',
  'src/commands/lint/checking.ts',
  'src/commands/parse.ts',
  'src/report/text.ts',
]

/** What is compiled for them is kept: with more of it every run has more to load, with less more to compile. */
const TYPICAL = [
  'inventory-examples',
  ...[
    'agent-token',
    'vault-behind-a-name',
    'isolated-agents-with-token',
    'default-does-no-harm',
    'lone-role',
    'openrc-right',
  ].map((name) => `test/projects/${name}`),
]

const chunks = {
  './interactive.js': /^(inquirer|@inquirer\/core|execa)$/,
  './airgap.js': /^(tar-stream|fzstd|cli-progress|@cyclonedx\/cyclonedx-library)$/,
}

/** @type {import('esbuild').Plugin} */
const toChunks = {
  name: 'to-chunks',
  setup({ onResolve }) {
    for (const [path, filter] of Object.entries(chunks))
      onResolve({ filter }, () => ({ path, external: true }))
  },
}

/** What Node loads in milliseconds each, and most runs never use: loaded when a name of it is first asked for. */
const late = ['child_process', 'crypto', 'dgram', 'fs/promises', 'net', 'os', 'process', 'stream', 'v8']

/** @type {import('esbuild').Plugin} */
const lateBuiltins = {
  name: 'late-builtins',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(node:)?(${late.join('|')})$`)
    onResolve({ filter }, ({ path, namespace }) =>
      namespace === 'late'
        ? { path, external: true }
        : { path: path.replace(/^node:/, ''), namespace: 'late' },
    )
    onLoad({ filter: /^/, namespace: 'late' }, ({ path }) => {
      const builtin = createRequire(import.meta.url)(`node:${path}`)
      // A function of no properties of its own may be handed on before it is called; all else is found when it is named.
      const isPlain = (name) =>
        /^[a-z]/.test(name) &&
        typeof builtin[name] === 'function' &&
        Object.getOwnPropertySymbols(builtin[name]).length === 0 &&
        Object.keys(builtin[name]).length === 0
      const isCopied = (name) => path === 'process' && name === 'env'
      const names = Object.keys(builtin).filter((name) => !isCopied(name))
      return {
        contents: [
          'let loaded',
          `const all = () => loaded ??= require('node:${path}')`,
          `for (const name of ${JSON.stringify(names.filter(isPlain))})`,
          '  exports[name] = (...args) => all()[name](...args)',
          `for (const name of ${JSON.stringify(names.filter((name) => !isPlain(name)))})`,
          '  Object.defineProperty(exports, name, { enumerable: true, get: () => all()[name] })',
          // The yaml package, which alone imports it, asks the environment at each token, and Node the system each time.
          ...(path === 'process' ? ['exports.env = { ...process.env }'] : []),
        ].join('\n'),
        loader: 'js',
      }
    })
  },
}

/** Tells this program from another one of the same version: what one of them has found, the other may not take over. */
function buildOf() {
  const hash = createHash('sha256')
  const names = ['src', 'templates'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => relative(root, join(parentPath, name)).replaceAll('\\', '/')),
  )
  for (const name of [...names, 'package.json', 'package-lock.json', 'scripts/build.mjs'].sort())
    hash.update(JSON.stringify([name, readFileSync(join(root, name), 'utf8')]))
  return hash.digest('hex').slice(0, 16)
}

rmSync(dist, { recursive: true, force: true })
mkdirSync(dist)
const own = await build({
  ...common,
  entryPoints: { main: 'src/cli.ts' },
  define: { K3SEAL_BUILD: JSON.stringify(buildOf()) },
  format: 'esm',
  splitting: true,
  outdir: dist,
  write: false,
  plugins: [templatesAsText, toChunks, lateBuiltins],
})
await writeModules(own)
const results = [
  own,
  await build({
    ...common,
    stdin: {
      contents:
        "export { default } from 'inquirer'\nexport * from '@inquirer/core'\nexport { execa } from 'execa'\n",
      resolveDir: root,
      sourcefile: 'interactive.js',
    },
    outfile: join(dist, 'interactive.js'),
    // To a bundle of an ES module the default of a CommonJS one is all of it.
    footer: { js: 'module.exports = Object.assign(module.exports.default, { ...module.exports })' },
  }),
  await build({
    ...common,
    stdin: {
      contents: [
        "export { extract, pack } from 'tar-stream'",
        "export { Decompress } from 'fzstd'",
        "export { MultiBar } from 'cli-progress'",
        "export { Builders, Enums, Factories, Models, Serialize, Spec } from '@cyclonedx/cyclonedx-library'",
      ].join('\n'),
      resolveDir: root,
      sourcefile: 'airgap.js',
    },
    // Optional to the CycloneDX library, which does without: they validate, and write XML.
    external: ['ajv', 'ajv-formats', 'ajv-formats-draft2019', 'libxmljs2', 'xmlbuilder2'],
    outfile: join(dist, 'airgap.js'),
  }),
]
writeFileSync(join(dist, 'THIRD-PARTY-NOTICES.txt'), notices(results))
writeFileSync(join(dist, 'package.json'), '{"type":"commonjs"}\n')
copyFileSync(join(root, 'scripts/start.cjs'), join(dist, 'k3seal.js'))
for (const name of ['main.js', 'engine.js'])
  if (/[^\0-\x7f]/.test(readFileSync(join(dist, name), 'latin1')))
    throw new Error(`${name} holds more than ASCII, which start.cjs reads it as: escape it in the source`)
saveCompiledCode()

/**
 * Writes the modules that esbuild made of our code as two files: those of `START` with all that they import before anything
 * else runs, and the others. A module is a function, called when it is first imported.
 * @param {import('esbuild').BuildResult} result
 */
async function writeModules({ outputFiles, metafile }) {
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([path, output]) => [`./${basename(path)}`, output]),
  )
  const first = new Set()
  const add = (name) => {
    if (first.has(name) || !outputs.has(name)) return
    first.add(name)
    for (const { path, kind } of outputs.get(name).imports)
      if (kind === 'import-statement') add(`./${basename(path)}`)
  }
  for (const [name, { entryPoint }] of outputs) if (START.includes(entryPoint)) add(name)

  const texts = new Map()
  for (const { path, text } of outputFiles) {
    const { code } = await transform(text, {
      ...{ format: 'cjs', platform: 'node', target: common.target, supported: common.supported },
      ...{ minifySyntax: true, minifyWhitespace: true },
    })
    texts.set(`./${basename(path)}`, code)
  }
  const table = (names) =>
    `{${names.map((name) => `${JSON.stringify(name)}:function(exports,require,module){${texts.get(name)}\n}`).join(',\n')}}`
  const names = [...texts.keys()].sort()
  writeFileSync(
    join(dist, 'main.js'),
    `const modules=${table(names.filter((name) => first.has(name)))};\n(${runModules})(modules,${JSON.stringify(Object.keys(chunks))},require)\n`,
  )
  writeFileSync(
    join(dist, 'engine.js'),
    `module.exports=${table(names.filter((name) => !first.has(name)))}\n`,
  )
}

/** Stands in main.js as it is written here. */
function runModules(modules, chunks, requireOther) {
  const loaded = Object.create(null)
  function load(name) {
    if (!name.startsWith('./') || chunks.includes(name)) return requireOther(name)
    if (loaded[name] !== undefined) return loaded[name]
    if (modules[name] === undefined) Object.assign(modules, requireOther('./engine.js'))
    const module = { exports: {} }
    modules[name](module.exports, load, module)
    // All of it is set by now: values are found faster than through the getters that esbuild writes.
    loaded[name] = Object.defineProperty({ ...module.exports }, '__esModule', { value: true })
    return loaded[name]
  }
  load('./main.js')
}

/** Lints a few projects once, and keeps what V8 compiled on the way. Without it k3seal starts slower, and no worse. */
function saveCompiledCode() {
  spawnSync(process.execPath, [join(dist, 'k3seal.js'), 'lint', '--exit-zero', '--no-cache', ...TYPICAL], {
    cwd: root,
    env: { ...process.env, K3SEAL_SAVE_COMPILED: '1' },
    stdio: 'ignore',
  })
}

/**
 * The licence of every package whose code stands in the bundles, in the order of their names, and the NOTICE that Apache-2.0
 * wants to be handed on: https://www.apache.org/licenses/LICENSE-2.0#redistribution
 */
function notices(bundles) {
  const folders = new Set()
  for (const { metafile } of bundles)
    for (const [input, { bytes }] of Object.entries(metafile.inputs)) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? []
      if (folder !== undefined && bytes > 0) folders.add(folder)
    }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const named = (pattern) => readdirSync(join(root, folder)).filter((name) => pattern.test(name))
    const [file] = named(/^licen[cs]e/i)
    if (file === undefined) throw new Error(`${folder} ships no licence text; k3seal may not carry its code`)
    const files = [file, ...named(/^notice(?:\.|$)/i)]
    const own = files.map((name) => readFileSync(join(root, folder, name), 'utf8').trim())
    return `${name} ${version} (${license})\n\n${own.join('\n\n')}\n`
  })
  return `k3seal carries code of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}
