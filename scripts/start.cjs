#!/usr/bin/env node
// Becomes dist/k3seal.js: runs main.js, from the compiled code of an earlier run where it was made by this very Node.
const { readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { setFlagsFromString } = require('node:v8')
const { Script } = require('node:vm')

// Most runs end before code that V8 optimizes could pay for its optimization; a long one reaches this budget, too. Later
// releases of V8 have no such flag.
if (process.versions.v8.startsWith('11.')) setFlagsFromString('--interrupt-budget=1000000')

const file = join(__dirname, 'main.js')
const cache = join(__dirname, `main.${process.version}-${process.arch}.cache`)
let cachedData
try {
  cachedData = readFileSync(cache)
} catch {
  // Made for another Node, or not at all: V8 compiles as it goes.
}
// esbuild writes ASCII only, and a text of single bytes is read much faster.
const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`
const script = new Script(source, { filename: file, cachedData })
script.runInThisContext()(exports, require, module, file, __dirname)
if (process.env.K3SEAL_SAVE_COMPILED === '1')
  process.on('exit', () => writeFileSync(cache, script.createCachedData()))
