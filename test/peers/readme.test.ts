import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { release, version } from '../e2e/release.ts'
import { run } from '../tools/peers.ts'

// The sessions of README.md, typed as they stand there. Ansible's own commands need nodes: test/e2e/airgap.test.ts.

const root = join(import.meta.dirname, '../..')

/** Commands of each console block of a section. */
function sessions(heading: string): readonly (readonly string[])[] {
  const readme = readFileSync(join(root, 'README.md'), 'utf8')
  const section = readme.split(/^## /m).find((text) => text.startsWith(`${heading}\n`)) ?? ''
  return [...section.matchAll(/^```console\n(.*?)^```/gms)].map(([, block = '']) =>
    block
      .split(/^\$ /m)
      .map((command) => command.trim())
      .filter((command) => command !== ''),
  )
}

let scratch: string
beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-readme-'))
  for (const dir of ['bin', 'home/.ssh', 'far', 'mirror']) mkdirSync(join(scratch, dir), { recursive: true })
  for (const [path, bytes] of await release()) {
    const file = join(scratch, 'mirror', decodeURIComponent(path))
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, bytes)
  }
  const built = run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root })
  expect(built.status, built.all).toBe(0)
  const k3seal = `#!/bin/sh\nexec '${process.execPath}' '${join(root, 'dist/k3seal.js')}' "$@"\n`
  writeFileSync(join(scratch, 'bin/k3seal'), k3seal, { mode: 0o755 })
  writeFileSync(join(scratch, 'vault-password'), 'quay-lantern-8417\n', { mode: 0o600 })
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

function type(commands: readonly string[], cwd: string): void {
  const { status, all } = run('sh', ['-c', ['set -ex', ...commands].join('\n')], {
    cwd: join(scratch, cwd),
    env: {
      PATH: `${join(scratch, 'bin')}:${dirname(process.execPath)}:${process.env.PATH}`,
      HOME: join(scratch, 'home'),
      K3SEAL_MIRROR: join(scratch, 'mirror'),
    },
  })
  expect(status, all).toBe(0)
}

test('a bundle is planned, fetched, verified, packed and carried as "Without internet" says', () => {
  const [depot = [], far = []] = sessions('Without internet')
  expect(depot.map((command) => command.split(' ').slice(0, 3).join(' '))).toEqual([
    'k3seal airgap plan',
    'k3seal airgap fetch',
    'k3seal airgap verify',
    'k3seal airgap pack',
  ])
  const site = `init site --server s1=10.0.0.11 --agent a1=10.0.0.21 --user ops --k3s-version ${version}`
  const password = '--airgap-dir airgap --vault-password-file vault-password --yes'
  const key = 'ssh-keygen -q -t ed25519 -N "" -f ~/.ssh/id_ed25519'
  type([key, `k3seal ${site} ${password}`], '.')
  type(depot, 'site')

  for (const name of ['site.tar.gz', 'site.tar.gz.sig'])
    copyFileSync(join(scratch, 'site', name), join(scratch, 'far', name))
  const publicKey = readFileSync(join(scratch, 'home/.ssh/id_ed25519.pub'), 'utf8')
  writeFileSync(join(scratch, 'far/signers'), `ops@example.net ${publicKey}`)
  const ours = far.filter((command) => !command.startsWith('ansible'))
  expect(ours).toHaveLength(far.length - 1)
  type(ours, 'far')
  type(
    [
      'k3seal airgap unpack site.tar.gz --out again --allowed-signers signers --identity ops@example.net',
      'cd again && sha256sum -c SHA256SUMS',
    ],
    'far',
  )
})
