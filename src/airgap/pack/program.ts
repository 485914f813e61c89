/** What a single file takes from the directory that k3seal was built into. */
export interface ProgramParts {
  /** Name such as `main.js` → CommonJS source. */
  readonly modules: ReadonlyMap<string, string>
  readonly version: string
  /** Of k3seal itself; undefined where it isn't at hand. */
  readonly license: string | undefined
}

/**
 * One CommonJS file that does what the modules do, which load one another as `./NAME`. It needs Node and nothing
 * beside it.
 */
export function singleFile({ modules, version, license = '' }: ProgramParts): string {
  const notice = [`k3seal ${version}. Run it with: node k3seal.cjs --help`, '', ...license.trim().split('\n')]
  const parts = [...modules]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, source]) =>
        `${JSON.stringify(`./${name}`)}: function (exports, require, module, __filename, __dirname) {${source.replace(/^#!.*/, '')}\n},\n`,
    )
  return `#!/usr/bin/env node
${notice.map((line) => `// ${line}`.trimEnd()).join('\n')}
// The licences of the packages whose code stands in here: THIRD-PARTY-NOTICES.txt
(function (parts, loaded) {
  function load(name) {
    if (!Object.hasOwn(parts, name)) return require(name);
    if (!Object.hasOwn(loaded, name)) {
      const module = (loaded[name] = { exports: {} });
      parts[name].call(module.exports, module.exports, load, module, __filename, __dirname);
    }
    return loaded[name].exports;
  }
  Object.assign(load, require);
  load('./main.js');
})({
${parts.join('')}}, {});
`
}
