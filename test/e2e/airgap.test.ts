import { spawn } from 'node:child_process'
import { copyFileSync, cpSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FileServer, sha256 } from '../tools/fileServer.ts'
import { ansibles, peers, requirePeer, run } from '../tools/peers.ts'
import { type Control, newControl } from './control.ts'
import { bootMachines, type Machine, removeCopies } from './machines.ts'
import { fileOf, lastStart, ownerAndMode, readableFilesWith, starts } from './nodes.ts'
import { play } from './playbooks.ts'
import { initProject, vaultedValue } from './project.ts'
import { release, version } from './release.ts'

/** Those that are booted. Willow is of another architecture: it is planned for, and nobody plays to it. */
const addresses = { larch: '127.0.0.11', alder: '127.0.0.12' } as const
type Name = keyof typeof addresses
const names = Object.keys(addresses) as Name[]
const services = { larch: 'k3s', alder: 'k3s-agent' } as const
const limit = ['--limit', 'larch,alder']
const images = '/var/lib/rancher/k3s/agent/images'

interface Answer {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

let control: Control
let machines: ReadonlyMap<string, Machine> = new Map()
let mirror: FileServer
let token: string
let archive: Buffer
const said: string[] = []

const machine = (name: Name): Machine => machines.get(name) as Machine
const project = (): string => join(control.dir, 'site')
/** Where the archive is carried to: nothing of the project, and nothing of k3seal. */
const far = (): string => join(control.dir, 'far')
const unpacked = (): string => join(far(), 'site')

/** Runs a file of k3seal. The mirror answers meanwhile. */
async function k3seal(program: string, cwd: string, ...args: readonly string[]): Promise<Answer> {
  const child = spawn(process.execPath, [program, ...args], {
    cwd,
    env: { PATH: dirname(requirePeer('ssh-keygen')), HOME: control.home },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, status] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((resolve, reject) => {
      child.once('error', reject)
      child.once('close', resolve)
    }),
  ])
  said.push(stdout, stderr)
  return { status, stdout, stderr }
}

const here = (...args: readonly string[]): Promise<Answer> =>
  k3seal(join(import.meta.dirname, '../../dist/k3seal.js'), project(), 'airgap', ...args)
const there = (...args: readonly string[]): Promise<Answer> =>
  k3seal('k3seal.cjs', unpacked(), 'airgap', ...args)

function succeeded({ status, stdout, stderr }: Answer): string {
  expect(status, stdout + stderr).toBe(0)
  return stdout
}

/** Each file below a directory, by its path from there. */
const filesBelow = (dir: string): readonly string[] =>
  readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort()

beforeAll(async () => {
  control = newControl()
  mirror = await FileServer.start()
  for (const [path, bytes] of await release()) mirror.files.set(path, bytes)
  machines = await bootMachines(addresses, control.publicKey)

  const made = initProject(project(), control, [
    ...['--server', 'larch=127.0.0.11,port=2222', '--agent', 'alder=127.0.0.12,port=2222'],
    ...['--agent', 'willow=127.0.0.19,port=2222', '--k3s-version', version, '--airgap-dir', 'airgap'],
  ])
  expect(made.status, made.all).toBe(0)
  mkdirSync(join(project(), 'host_vars'))
  writeFileSync(join(project(), 'host_vars/willow.yml'), 'ansible_architecture: aarch64\n')
  token = vaultedValue(project(), control, 'vault_k3s_token')
})

afterAll(async () => {
  await Promise.all([...machines.values()].map((one) => one.stop()))
  removeCopies()
  await mirror?.close()
  control?.remove()
})

interface Planned {
  readonly asset: string
  readonly target: string
  readonly arch: string
  readonly place?: string
  readonly nodes: readonly string[]
}

let planned: readonly Planned[]

describe('with internet', () => {
  test('plan takes from facts what the machines are, and from the inventory what willow is', async () => {
    writeFileSync(join(project(), 'facts.yml'), '- hosts: k3s_cluster\n  tasks: []\n')
    const played = await play(peers.ansibleNewest, control, project(), ['facts.yml', ...limit], [], {
      ANSIBLE_CACHE_PLUGIN: 'jsonfile',
      ANSIBLE_CACHE_PLUGIN_CONNECTION: join(control.dir, 'facts'),
    })
    expect(played.status, played.all).toBe(0)

    const plan = ['plan', '-i', 'inventory.yml', '--facts', join(control.dir, 'facts')]
    expect(succeeded(await here(...plan))).not.toContain('Assumed')
    planned = JSON.parse(succeeded(await here(...plan, '--json'))).artefacts
    expect(planned.map(({ target, nodes }) => [target, nodes.join(' ')])).toEqual([
      ['k3s-install.sh', 'alder larch willow'],
      ['install.sh.sha256sum', 'alder larch willow'],
      ['k3s-images.txt', 'alder larch willow'],
      ['k3s-amd64', 'alder larch'],
      ['k3s-airgap-images-amd64.tar.zst', 'alder larch'],
      ['sha256sum-amd64.txt', 'alder larch'],
      ['k3s-arm64', 'willow'],
      ['k3s-airgap-images-arm64.tar.zst', 'willow'],
      ['sha256sum-arm64.txt', 'willow'],
    ])
  })

  test('fetch brings from the mirror what was planned', async () => {
    const options = ['-i', 'inventory.yml', '--mirror', mirror.url, '--out', 'airgap']
    succeeded(await here('fetch', ...options))
    const targets = planned.map(({ target }) => target)
    expect(filesBelow(join(project(), 'airgap'))).toEqual([...targets, 'k3seal-bundle.json'].sort())
    for (const { asset, target } of planned)
      expect(sha256(readFileSync(join(project(), 'airgap', target))), target).toBe(sha256(published(asset)))
  })

  test('verify finds nothing to complain of', async () => {
    const found = JSON.parse(succeeded(await here('verify', 'airgap', '-i', 'inventory.yml', '--json')))
    expect(found).toMatchObject({ version: 1, problems: [] })
  })

  test('pack makes one archive of it, the same a second time, without the token', async () => {
    const options = ['-i', 'inventory.yml', '--sign', control.privateKey]
    succeeded(await here('pack', 'airgap', '-o', '../carried.tar.gz', ...options))
    succeeded(await here('pack', 'airgap', '-o', '../again.tar.gz', ...options))
    archive = readFileSync(join(control.dir, 'carried.tar.gz'))
    expect(sha256(readFileSync(join(control.dir, 'again.tar.gz')))).toBe(sha256(archive))
    expect(archive.includes(token)).toBe(false)
    expect(archive.includes('$ANSIBLE_VAULT;')).toBe(true)
  })
})

describe('carried', () => {
  test('it unpacks by the program inside it alone, after its signature was checked', async () => {
    mkdirSync(far())
    for (const name of ['carried.tar.gz', 'carried.tar.gz.sig'])
      copyFileSync(join(control.dir, name), join(far(), name))
    writeFileSync(join(control.dir, 'signers'), `packer@depot ${control.publicKey}\n`)
    const signed = run('sh', [
      ...['-c', 'ssh-keygen -Y verify -f "$1" -I packer@depot -n "$2" -s "$0.sig" <"$0"'],
      ...[join(far(), 'carried.tar.gz'), join(control.dir, 'signers'), 'k3seal-bundle'],
    ])
    expect(signed.status, signed.all).toBe(0)

    const program = 'k3seal-bundle/k3seal.cjs'
    expect(run('tar', ['-xzf', 'carried.tar.gz', program], { cwd: far() }).status).toBe(0)
    const signature = ['--allowed-signers', join(control.dir, 'signers'), '--identity', 'packer@depot']
    succeeded(
      await k3seal(program, far(), 'airgap', 'unpack', 'carried.tar.gz', '--out', 'site', ...signature),
    )
    expect(
      filesBelow(unpacked()).filter((path) => !path.includes('/') || path.startsWith('host_vars')),
    ).toEqual([
      'README.txt',
      'SHA256SUMS',
      'THIRD-PARTY-NOTICES.txt',
      'bom.cdx.json',
      'host_vars/willow.yml',
      'inventory.yml',
      'k3seal-bundle.json',
      'k3seal.cjs',
    ])
    for (const path of ['inventory.yml', 'host_vars/willow.yml', 'k3seal/deliver.yml', 'airgap/k3s-amd64'])
      expect(readFileSync(join(unpacked(), path)).equals(readFileSync(join(project(), path))), path).toBe(
        true,
      )
  })

  test('coreutils and k3seal.cjs find it whole', async () => {
    const checked = run('sha256sum', ['--check', '--strict', '--quiet', 'SHA256SUMS'], { cwd: unpacked() })
    expect(checked.status, checked.all).toBe(0)
    succeeded(await there('verify', 'airgap', '-i', 'inventory.yml'))
  })

  test.each([
    ['in a file', () => archive.indexOf('k3s version v1.36.5')],
    ['in its last bytes', () => archive.length - 6],
  ])('with one byte changed %s, nothing of it is unpacked', async (_, offset) => {
    const spoilt = Buffer.from(archive)
    const at = offset()
    expect(at).toBeGreaterThan(0)
    spoilt[at] = (spoilt[at] as number) ^ 1
    const dir = join(control.dir, `spoilt-${at}`)
    mkdirSync(dir)
    writeFileSync(join(dir, 'carried.tar.gz'), spoilt)
    const refused = await k3seal(
      join(unpacked(), 'k3seal.cjs'),
      dir,
      ...['airgap', 'unpack', 'carried.tar.gz', '--out', 'site'],
    )
    expect(refused.status, refused.stderr).toBe(2)
    expect(refused.stderr).toContain('cure: ')
    expect(readdirSync(dir)).toEqual(['carried.tar.gz'])
  })
})

describe.each(ansibles)('at the far side, %s', (_, bin) => {
  const playThere = (playbook: string, ...args: readonly string[]) =>
    play(bin, control, unpacked(), [playbook, ...limit, ...args], [token])

  test('the delivery playbook and a role of the site install what was carried', async () => {
    // The site's own, which was there before.
    cpSync(join(import.meta.dirname, 'offline'), unpacked(), { recursive: true })
    names.forEach(takeAway)
    const before = names.map((name) => starts(machine(name)).length)
    const delivered = await playThere('k3seal/deliver.yml', '--diff', '-vvv')
    expect(delivered.status, delivered.all).toBe(0)
    expect(delivered.all.includes(token), 'the token in what Ansible says').toBe(false)
    const installed = await playThere('install.yml')
    expect(installed.status, installed.all).toBe(0)
    expect([...delivered.leakedArguments, ...installed.leakedArguments]).toEqual([])
    expect(names.map((name) => starts(machine(name)).length)).toEqual(before.map((count) => count + 1))
  })

  test('each node has the files that were planned for it where they were planned, and no others', () => {
    for (const name of names) {
      const own = planned.filter(({ nodes, place }) => nodes.includes(name) && place !== undefined)
      expect(own.map(({ place }) => place)).toEqual([
        '/usr/local/bin/k3s-install.sh',
        '/usr/local/bin/k3s',
        `${images}/k3s-airgap-images-amd64.tar.zst`,
      ])
      for (const { asset, place = '' } of own)
        expect(sha256(readFileSync(join(machine(name).root, place))), `${name} ${place}`).toBe(
          sha256(published(asset)),
        )
      expect(readdirSync(join(machine(name).root, images))).toEqual(['k3s-airgap-images-amd64.tar.zst'])
      expect(ownerAndMode(machine(name), '/usr/local/bin/k3s')).toBe('root:root 755')
    }
  })

  test('the server and the agent start with their token, which only root can read', () => {
    for (const name of names) {
      const { argv, environ, settings, service } = lastStart(machine(name))
      expect(service).toBe(services[name])
      expect(settings.token, name).toEqual({ value: token, from: 'environment' })
      expect(environ.K3S_TOKEN, name).toBe(token)
      expect(argv.join(' ')).not.toContain(token)
      expect(ownerAndMode(machine(name), `/etc/k3seal/${services[name]}.env`)).toBe('root:root 600')
      expect(readableFilesWith(machine(name), token)).toEqual([])
      expect(machine(name).exec('systemctl', 'is-active', services[name]).stdout.trim()).toBe('active')
    }
    expect(lastStart(machine('alder')).settings.server?.value).toBe('https://127.0.0.11:6443')
  })
})

// With the real collection at hand. Its role copies the archives of all architectures, and starts nothing.
if (process.env.K3SEAL_K3S_ANSIBLE !== undefined)
  test('the role of k3s-ansible finds each file by its name', async () => {
    names.forEach(takeAway)
    const vars = '  vars: {server_group: server, agent_group: agent}\n'
    const roles = '  roles: [k3s.orchestration.airgap]\n'
    writeFileSync(join(unpacked(), 'theirs.yml'), `- hosts: k3s_cluster\n  become: true\n${vars}${roles}`)
    const played = await play(peers.ansibleNewest, control, unpacked(), ['theirs.yml', ...limit], [token])
    expect(played.status, played.all).toBe(0)
    for (const name of names)
      for (const { asset, place = '' } of planned.filter(({ nodes, place }) => nodes.includes(name) && place))
        expect(sha256(readFileSync(join(machine(name).root, place))), place).toBe(sha256(published(asset)))
  })

test('a file that was changed after unpacking stops the nodes that need it, and verify says which', async () => {
  const path = join(unpacked(), 'airgap/k3s-amd64')
  const binary = readFileSync(path)
  binary[binary.length - 1] = (binary.at(-1) as number) ^ 1
  writeFileSync(path, binary)
  const found = await there('verify', 'airgap', '-i', 'inventory.yml', '--json')
  expect(found.status, found.stderr).toBe(1)
  const { problems } = JSON.parse(found.stdout) as { problems: { path: string; nodes: string[] }[] }
  expect(problems.map(({ path, nodes }) => [path, ...nodes])).toContainEqual(['k3s-amd64', 'alder', 'larch'])
})

test('no word of k3seal was the token', () => {
  expect(said.length).toBeGreaterThan(10)
  expect(said.join('').includes(token)).toBe(false)
})

/** Makes a node what it was before anything was installed; on one that is so already it does nothing. */
function takeAway(name: Name): void {
  const service = services[name]
  machine(name).exec('sh', '-c', `! [ -e /usr/local/bin/${service}-uninstall.sh ] || ${service}-uninstall.sh`)
  machine(name).exec('rm', '-rf', '/etc/k3seal', `/etc/systemd/system/${service}.service.d`)
  for (const path of ['/etc/k3seal', '/usr/local/bin/k3s', images])
    expect(fileOf(machine(name), path), `${name} ${path}`).toBeUndefined()
}

/** What the mirror has of an asset. */
function published(asset: string): Buffer {
  const found = mirror.files.get(`/${encodeURIComponent(version)}/${asset}`)
  if (found === undefined) throw new Error(`the mirror has no ${asset}`)
  return found
}
