#!/usr/bin/env node
// Becomes dist/k3seal.js: runs main.js, and what it asks for, from the compiled code of an earlier run where it was made by
// this very Node.
const { readFileSync, writeFileSync } = require('node:fs')
const { join } = require('node:path')
const { Script } = require('node:vm')

const scripts = []
load('./main.js')

function load(name) {
  if (name !== './main.js' && name !== './engine.js') return require(name)
  const file = join(__dirname, name)
  const cache = `${file.slice(0, -3)}.${process.version}-${process.arch}.cache`
  let cachedData
  try {
    cachedData = readFileSync(cache)
  } catch {
    // Made for another Node, or not at all: V8 compiles as it goes.
  }
  // esbuild writes ASCII only, and a text of single bytes is read much faster.
  const source = `(function (exports, require, module, __filename, __dirname) {${readFileSync(file, 'latin1')}\n})`
  const script = new Script(source, { filename: file, cachedData })
  scripts.push([script, cache])
  const module = { exports: {} }
  script.runInThisContext()(module.exports, load, module, file, __dirname)
  return module.exports
}

if (process.env.K3SEAL_SAVE_COMPILED === '1')
  process.on('exit', () => {
    for (const [script, cache] of scripts) writeFileSync(cache, script.createCachedData())
  })
