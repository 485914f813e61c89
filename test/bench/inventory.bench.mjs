// How long an inventory of 1,000 and of 10,000 hosts takes to write, read and extend: node test/bench/inventory.bench.mjs
import { mkdtempSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = join(dirname(fileURLToPath(import.meta.url)), '../..')
const scratch = mkdtempSync(join(tmpdir(), 'k3seal-bench-'))
const outfile = join(scratch, 'inventory.cjs')
await build({
  stdin: {
    contents: `export { newInventory, extendInventory } from './src/generate/inventory.ts'
export { readInventory, hostVariables } from './src/ansible/inventory/index.ts'
export { parseNodeSpec, nodeProblems } from './src/ansible/nodeSpec.ts'
export { nodesFromCsv } from './src/wizard/nodeSources.ts'`,
    resolveDir: root,
  },
  bundle: true,
  platform: 'node',
  format: 'cjs',
  outfile,
  logLevel: 'error',
})
const k3seal = createRequire(import.meta.url)(outfile)
rmSync(scratch, { recursive: true })

const RUNS = 5
const steps = ['table', 'check', 'write', 'read', 'variables', 'extend']

/** The quickest of some runs, in milliseconds: what the machine can do when nothing else disturbs it. */
function times(count) {
  const best = new Map(steps.map((step) => [step, Number.POSITIVE_INFINITY]))
  let size = 0
  for (let run = 0; run < RUNS; run += 1) {
    const timed = (step, act) => {
      const start = performance.now()
      const result = act()
      best.set(step, Math.min(best.get(step), performance.now() - start))
      return result
    }
    const rows = Array.from({ length: count }, (_, index) => {
      const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
      return `node${index},${address},${index < 3 ? 'server' : 'agent'},arm64,ops,2222\n`
    })
    const nodes = timed('table', () => k3seal.nodesFromCsv('nodes.csv', rows.join('')))
    timed('check', () => k3seal.nodeProblems(nodes.servers, nodes.agents))
    const site = {
      ...nodes,
      k3sVersion: 'v1.36.5+k3s1',
      apiEndpoint: undefined,
      airgapDir: './airgap',
      user: 'ops',
      vaultedToken: `$ANSIBLE_VAULT;1.1;AES256\n${'6162'.repeat(20)}`,
      vaultedAgentToken: undefined,
    }
    const text = timed('write', () => k3seal.newInventory(site))
    const project = new Map([['inventory.yml', text]])
    const inventory = timed('read', () => k3seal.readInventory(project, ['inventory.yml']))
    if (inventory.hosts.size !== count || inventory.faults.length > 0)
      throw new Error('the inventory was not read back')
    timed('variables', () => {
      for (const host of inventory.hosts.keys()) k3seal.hostVariables(inventory, host)
    })
    const agents = [k3seal.parseNodeSpec('larch=192.0.2.1')]
    timed('extend', () => k3seal.extendInventory('inventory.yml', text, { agents }))
    size = text.length
  }
  return { best, size }
}

const small = times(1000)
const large = times(10_000)
console.log(
  `milliseconds   1,000 hosts (${small.size >> 10} KiB)   10,000 hosts (${large.size >> 10} KiB)   growth`,
)
for (const step of steps) {
  const [a, b] = [small.best.get(step), large.best.get(step)]
  console.log(
    `${step.padEnd(12)} ${a.toFixed(1).padStart(14)} ${b.toFixed(1).padStart(24)} ${(b / a).toFixed(1).padStart(20)}×`,
  )
}
