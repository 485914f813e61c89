// `node test/bench/startup.bench.mjs`: whole processes in turn, k3seal against a Node that does nothing.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const ROUNDS = 20
const cli = join(import.meta.dirname, '../../dist/k3seal.js')
if (!existsSync(cli)) throw new Error('dist/k3seal.js is missing: npm run build')

const commands = {
  'node -e 0': ['-e', '0'],
  'k3seal --version': [cli, '--version'],
  'k3seal --help': [cli, '--help'],
  'k3seal token new': [cli, 'token', 'new'],
  'k3seal vault check LICENSE': [cli, 'vault', 'check', 'LICENSE'],
}

const milliseconds = (args) => {
  const begin = performance.now()
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore', cwd: join(cli, '../..') })
  if (status !== 0) throw new Error(`${args.join(' ')} ended with ${status}`)
  return performance.now() - begin
}
const median = (values) => values.toSorted((a, b) => a - b)[values.length >> 1]

const times = Object.fromEntries(Object.keys(commands).map((name) => [name, []]))
for (let round = -1; round < ROUNDS; round += 1)
  for (const [name, args] of Object.entries(commands)) {
    const time = milliseconds(args)
    // The first round warms the disk's cache.
    if (round >= 0) times[name].push(time)
  }

const base = times['node -e 0']
for (const [name, values] of Object.entries(times)) {
  const ratio = median(values.map((value, round) => value / base[round]))
  console.log(`${name.padEnd(28)} ${median(values).toFixed(1).padStart(6)} ms  × ${ratio.toFixed(2)}`)
}
