// The main job on inventory-examples/airgapped-site.answers.yml: makes demo/ anew and shows what stands in it.
import { spawnSync } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const demo = join(root, 'demo')

const heading = (text) => console.log(`\n── ${text} ${'─'.repeat(Math.max(0, 76 - text.length))}\n`)

function k3seal(...args) {
  console.log(`$ k3seal ${args.join(' ')}\n`)
  const { status } = spawnSync(process.execPath, [join(root, 'dist/k3seal.js'), ...args], {
    cwd: root,
    stdio: 'inherit',
  })
  if (status !== 0) process.exit(status ?? 3)
}

function show(path, lines = Number.POSITIVE_INFINITY) {
  heading(relative(root, path))
  console.log(readFileSync(path, 'utf8').trimEnd().split('\n').slice(0, lines).join('\n'))
}

const init = [
  'init',
  'demo',
  '--answers',
  'inventory-examples/airgapped-site.answers.yml',
  '--new-vault-password',
  'demo/.vault-password',
  '--yes',
]

rmSync(demo, { recursive: true, force: true })
heading('a site of 3 servers and 5 agents without internet, one agent arm64')
k3seal(...init)
heading('the files of one node of each kind, as they will stand there')
k3seal(
  'render',
  '-i',
  'demo/inventory.yml',
  '--host',
  'birch-1',
  '--host',
  'alder-5',
  '--out',
  'demo/rendered',
  '--vault-password-file',
  'demo/.vault-password',
)

heading('demo/')
for (const name of readdirSync(demo, { recursive: true }).sort()) {
  const stats = statSync(join(demo, name))
  if (stats.isFile()) console.log(`${(stats.mode & 0o777).toString(8).padStart(4, '0')}  demo/${name}`)
}
show(join(demo, 'inventory.yml'))
show(join(demo, 'rendered/alder-5/etc/systemd/system/k3s-agent.service.d/50-k3seal.conf'))

heading('once more with the same answers')
k3seal(...init)
