// `node test/bench/lint.bench.mjs [--k3s-ansible DIR] [PART…]`: whole processes in turn, `k3seal lint` beside its peers. Parts:
// checkout, hosts, growth, hook; without one all. The checkout may also be named by K3SEAL_K3S_ANSIBLE. Ends with 1 where a
// promise is broken. All is measured without the cache, as the first run after a change is; `again` with what that has kept.
import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { infrastructure, inventory, largeCluster, smallCluster, write } from './lintRepositories.mjs'

const ROUNDS = 10
const root = join(import.meta.dirname, '../..')
const cli = join(root, 'dist/k3seal.js')
if (!existsSync(cli)) throw new Error('dist/k3seal.js is missing: npm run build')
const peers = join(root, 'test/.peers/ansible-newest/bin')
if (!existsSync(join(peers, 'yamllint')))
  throw new Error('yamllint is missing: run test/tools/setup-peers.sh')

const { values, positionals } = parseArgs({
  options: { 'k3s-ansible': { type: 'string' } },
  allowPositionals: true,
})
const checkout = values['k3s-ansible'] ?? process.env.K3SEAL_K3S_ANSIBLE
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-bench-'))
const home = join(scratch, 'home')
mkdirSync(home)
const env = { PATH: `${peers}:${process.env.PATH}`, HOME: home, LC_ALL: 'C.UTF-8', ANSIBLE_NOCOLOR: '1' }

const again = ['k3seal lint', process.execPath, cli, 'lint']
const lint = ['k3seal lint --no-cache', ...again.slice(1), '--no-cache']
const yamllint = ['yamllint .', join(peers, 'yamllint'), '.']
const ansibleLint = ['ansible-lint --offline', join(peers, 'ansible-lint'), '--offline']
const idle = ['node -e 0', process.execPath, '-e', '0']

let broken = 0

/** Milliseconds of a whole process. Findings are no failure; anything else is. */
function milliseconds([name, program, ...args], cwd) {
  const begin = performance.now()
  const { status, error, stderr } = spawnSync(program, args, {
    cwd,
    env,
    stdio: ['ignore', 'ignore', 'pipe'],
  })
  const time = performance.now() - begin
  const isDone = program === process.execPath ? status === 0 || status === 1 : status !== null && status < 3
  if (error !== undefined || !isDone) throw new Error(`${name} ended with ${status}: ${error ?? stderr}`)
  return time
}

const median = (times) => {
  const sorted = times.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Every command once per round, one after the other, so that whatever else the machine does hits all of them. */
function race(commands, rounds = ROUNDS) {
  const times = commands.map(() => [])
  for (let round = -1; round < rounds; round += 1)
    for (const [index, [command, cwd]] of commands.entries()) {
      const time = milliseconds(command, cwd)
      // The first round warms the disk's cache.
      if (round >= 0) times[index].push(time)
    }
  return times
}

function compare(title, cwd, own, peer, promise, rounds) {
  const [ours, theirs] = race(
    [
      [own, cwd],
      [peer, cwd],
    ],
    rounds,
  )
  const ratio = median(ours.map((time, round) => time / theirs[round]))
  const what = `${title}: ${own[0]} ${shown(ours)}, ${peer[0]} ${shown(theirs)}`
  verdict(what, ratio, promise, promise < 0.5 ? `1/${Math.round(1 / promise)}` : promise)
}

const shown = (times) => `${median(times).toFixed(0)} ms (least ${Math.min(...times).toFixed(0)})`

function verdict(what, ratio, promise, written = promise) {
  const isKept = ratio <= promise
  if (!isKept) broken += 1
  const value = ratio < 0.5 ? `× 1/${(1 / ratio).toFixed(1)}` : `× ${ratio.toFixed(2)}`
  console.log(`${isKept ? 'kept  ' : 'BROKEN'}  ${what}\n        ${value}, promised at most ${written}`)
}

/** The time of one unit at both sizes, the start of a process that has nothing to do taken off. */
function growth(title, unit, [few, fewIn], [many, manyIn]) {
  const [start, less, more] = race([
    [[...lint, '--no-color'], empty],
    [lint, fewIn],
    [lint, manyIn],
  ])
  const each = (times, count) => (median(times.map((time, round) => time - start[round])) / count) * 1000
  const [before, after] = [each(less, few), each(more, many)]
  console.log(
    `        ${title}: ${few} ${unit}s ${shown(less)}, ${many} ${unit}s ${shown(more)}; without any ${shown(start)}`,
  )
  verdict(
    `${title}: ${before.toFixed(0)} µs for each ${unit} of ${few}, ${after.toFixed(0)} µs for each of ${many}`,
    after / before,
    1.2,
  )
}

/** Under git, as a hook and the peers find it. */
function repository(name, files) {
  const directory = join(scratch, name)
  mkdirSync(directory)
  write(directory, files)
  const git = (...args) => execFileSync('git', args, { cwd: directory, env, stdio: 'ignore' })
  git('init', '--quiet')
  git('add', '.')
  return directory
}

const empty = repository('empty', { 'README.md': 'nothing\n' })

const parts = {
  checkout() {
    if (checkout === undefined)
      console.log('no checkout of k3s-ansible is named: a generated cluster stands for it')
    const directory = checkout ?? repository('cluster', smallCluster)
    compare('checkout, again', directory, again, yamllint, 0.8)
    compare('checkout', directory, lint, yamllint, 0.8)
    compare('checkout', directory, lint, ansibleLint, 1 / 15)
  },
  hosts() {
    const directory = repository('hosts', { 'inventory.yml': inventory(10_000) })
    compare('inventory of 10,000 hosts', directory, lint, yamllint, 1 / 4)
  },
  growth() {
    growth(
      'hosts in an inventory',
      'host',
      [1000, repository('hosts-1000', { 'inventory.yml': inventory(1000) })],
      [10_000, repository('hosts-10000', { 'inventory.yml': inventory(10_000) })],
    )
    growth(
      'hosts with a playbook',
      'host',
      [1000, repository('cluster-1000', largeCluster(1000))],
      [10_000, repository('cluster-10000', largeCluster(10_000))],
    )
    growth(
      'files of a repository',
      'file',
      [100, repository('files-100', infrastructure(100))],
      [5000, repository('files-5000', infrastructure(5000))],
    )
  },
  hook() {
    const file = (path, [name, ...words] = lint) => [
      `${name} --force-exclude ${path}`,
      ...words,
      '--force-exclude',
      path,
    ]
    const foreign = Object.entries(infrastructure(40)).filter(([path]) => /service\d/.test(path))
    const plain = Object.fromEntries(
      foreign.map(([path, text]) => [path, text.replaceAll(/k3s|token|vault/gi, 'x')]),
    )
    compare('a repository without K3s', repository('plain', plain), file('playbooks/service1.yml'), idle, 1.8)
    const small = repository('small', smallCluster)
    for (const path of ['inventory.yml', 'roles/edge_k3s/tasks/main.yml']) {
      compare('a repository with a cluster, again', small, file(path, again), idle, 1.8)
      compare('a repository with a cluster', small, file(path), idle, 1.8)
    }
  },
}

try {
  const asked = positionals.length === 0 ? Object.keys(parts) : positionals
  for (const part of asked)
    if (!(part in parts)) throw new Error(`there is no part ${part}: ${Object.keys(parts).join(', ')}`)
  console.log(
    `node ${process.version}; medians of ${ROUNDS} rounds, ratios are medians of the ratios within each round`,
  )
  for (const part of asked) parts[part]()
} finally {
  rmSync(scratch, { recursive: true, force: true })
}
process.exitCode = broken === 0 ? 0 : 1
