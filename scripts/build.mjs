// Bundles src/ into dist/: main.js holds everything that the lint path needs, in one file; interactive.js holds
// inquirer and execa, loaded when a question is asked or a child process is started, and airgap.js what only the bundle
// for an airgapped site needs. k3seal.js starts main.js, with the code that V8 has compiled before where main.cache fits
// this Node: a hook runs for every commit.
import { spawnSync } from 'node:child_process'
import { copyFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

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

const chunks = {
  './interactive.js': /^(inquirer|@inquirer\/core|execa)$/,
  './airgap.js': /^(tar-stream|fzstd|undici|cli-progress|@cyclonedx\/cyclonedx-library)$/,
}

/** @type {import('esbuild').Plugin} */
const toChunks = {
  name: 'to-chunks',
  setup({ onResolve }) {
    for (const [path, filter] of Object.entries(chunks))
      onResolve({ filter }, () => ({ path, external: true }))
  },
}

rmSync(dist, { recursive: true, force: true })
const results = [
  await build({
    ...common,
    entryPoints: { main: 'src/cli.ts' },
    outdir: dist,
    plugins: [templatesAsText, toChunks],
  }),
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
        "export { EnvHttpProxyAgent, request } from 'undici'",
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
if (/[^\0-\x7f]/.test(readFileSync(join(dist, 'main.js'), 'latin1')))
  throw new Error('main.js holds more than ASCII, which start.cjs reads it as: escape it in the source')
saveCompiledCode()

/** Lints a few projects once, and keeps what V8 compiled on the way. Without it k3seal starts slower, and no worse. */
function saveCompiledCode() {
  spawnSync(
    process.execPath,
    [join(dist, 'k3seal.js'), 'lint', '--exit-zero', 'inventory-examples', 'test/projects'],
    {
      cwd: root,
      env: { ...process.env, K3SEAL_SAVE_COMPILED: '1' },
      stdio: 'ignore',
    },
  )
}

/** The licence texts of every package whose code stands in the bundles, in the order of their names. */
function notices(bundles) {
  const folders = new Set()
  for (const { metafile } of bundles)
    for (const [input, { bytes }] of Object.entries(metafile.inputs)) {
      const [, folder] = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(input) ?? []
      if (folder !== undefined && bytes > 0) folders.add(folder)
    }
  const texts = [...folders].sort().map((folder) => {
    const { name, version, license } = JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'))
    const file = readdirSync(join(root, folder)).find((name) => /^licen[cs]e/i.test(name))
    if (file === undefined) throw new Error(`${folder} ships no licence text; k3seal may not carry its code`)
    return `${name} ${version} (${license})\n\n${readFileSync(join(root, folder, file), 'utf8').trim()}\n`
  })
  return `k3seal carries code of these packages.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`
}
