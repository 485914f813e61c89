import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { ansibles, peers, type Run } from '../tools/peers.ts'
import { type Control, newControl } from './control.ts'
import { bootMachines, type Machine, removeCopies } from './machines.ts'
import { fileOf, lastStart, ownerAndMode, starts } from './nodes.ts'
import { play } from './playbooks.ts'
import { writeProject } from './project.ts'

// Every character that a shell might take for something else; no white space.
const token = `weir3Nd7Ks1Pq8$x"'#\\n%h;&|*?!~{{}}<>()[]=:,@^\`é`
const stale = 'stale5Hq8Vt2Mz7Xc4Kb9'

let control: Control
let wren: Machine

const path = 'PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin'
const install = (): Run =>
  wren.exec(
    'env',
    ...['INSTALL_K3S_SKIP_DOWNLOAD=true', 'INSTALL_K3S_FORCE_RESTART=true', `K3S_TOKEN=${stale}`, path],
    'INSTALL_K3S_EXEC=agent --server https://127.0.0.1:6443',
    '/usr/local/lib/stand-in/k3s-install.sh',
  )
const service = (action: string): Run => wren.exec('env', path, 'rc-service', 'k3s-agent', action)
const deliver = (bin: string, ...args: readonly string[]) =>
  play(bin, control, join(control.dir, 'project'), ['-e', 'k3seal_hosts=wren', ...args], ['weir3Nd7Ks1Pq8'])

/** Waits for the K3s that supervise-daemon starts on its own time. */
async function startedAgain(before: number): Promise<void> {
  await expect.poll(() => starts(wren).length, { timeout: 20_000 }).toBeGreaterThan(before)
}

beforeAll(async () => {
  control = newControl()
  wren = [...(await bootMachines({ wren: '127.0.0.14' }, control.publicKey, 'openrc')).values()][0] as Machine
  wren.exec('cp', '/usr/local/lib/stand-in/k3s', '/usr/local/bin/k3s')
  writeProject(join(control.dir, 'project'), control, {
    servers: { larch: '127.0.0.1' },
    agents: { wren: '127.0.0.14' },
    token,
  })
})

afterAll(async () => {
  await wren?.stop()
  removeCopies()
  control?.remove()
})

test('what the install script leaves decides, until the token is delivered', async () => {
  const installed = install()
  expect(installed.status, installed.all).toBe(0)
  await startedAgain(0)
  expect(lastStart(wren).environ.K3S_TOKEN).toBe(stale)
})

test('delivered, the token wins over the stale one of the init script', async () => {
  const before = starts(wren).length
  const played = await deliver(peers.ansibleNewest, 'k3seal/deliver.yml', '-e', 'k3seal_restart=true')
  expect(played.status, played.all).toBe(0)
  await startedAgain(before)
  expect(lastStart(wren).environ.K3S_TOKEN).toBe(token)
  expect(lastStart(wren).argv.join(' ')).not.toContain('weir3Nd7Ks1Pq8')
  expect(played.leakedArguments).toEqual([])
  expect(ownerAndMode(wren, '/etc/k3seal/k3s-agent.env')).toBe('root:root 600')
  expect(fileOf(wren, '/etc/conf.d/k3s-agent')).not.toContain('weir3Nd7Ks1Pq8')
})

test.each(ansibles)('delivering again changes nothing and shows nothing, %s', async (_, bin) => {
  const played = await deliver(bin, 'k3seal/deliver.yml', '--diff', '-vvv')
  expect(played.status, played.all).toBe(0)
  expect(played.recap.wren).toMatchObject({ changed: 0, failed: 0 })
  expect(played.all).not.toContain('weir3Nd7Ks1Pq8')
})

test('it survives the install script, and a K3s that falls over', async () => {
  const before = starts(wren).length
  expect(install().status).toBe(0)
  expect(fileOf(wren, '/etc/rancher/k3s/k3s-agent.env')).toContain(stale)
  await startedAgain(before)
  expect(lastStart(wren).environ.K3S_TOKEN).toBe(token)

  const then = starts(wren).length
  expect(wren.exec('pkill', '-KILL', '-x', 'k3s').status).toBe(0)
  await startedAgain(then)
  expect(lastStart(wren).environ.K3S_TOKEN).toBe(token)
})

test('without its env file the service does not start', () => {
  service('stop')
  wren.exec('mv', '/etc/k3seal/k3s-agent.env', '/root/')
  const before = starts(wren).length
  expect(service('start').status).not.toBe(0)
  expect(starts(wren).length).toBe(before)
  wren.exec('mv', '/root/k3s-agent.env', '/etc/k3seal/')
  wren.exec('env', path, 'rc-service', 'k3s-agent', 'zap')
})

test('our own init scripts bring the token, too', async () => {
  wren.exec('sh', '-c', 'rm -f /etc/rancher/k3s/*.env /etc/conf.d/k3s-agent')
  writeFileSync(
    join(control.dir, 'project/own.yml'),
    `- hosts: wren
  become: true
  gather_facts: false
  tasks:
    - ansible.builtin.template:
        src: k3seal/templates/k3s-agent.openrc.j2
        dest: /etc/init.d/k3s-agent
        mode: "0755"
`,
  )
  const played = await deliver(peers.ansibleNewest, 'own.yml')
  expect(played.status, played.all).toBe(0)
  const before = starts(wren).length
  const started = service('start')
  expect(started.status, started.all).toBe(0)
  await startedAgain(before)
  expect(lastStart(wren).environ.K3S_TOKEN).toBe(token)
  expect(lastStart(wren).argv.join(' ')).toMatch(/ agent --server https:\/\/127\.0\.0\.1:6443$/)
  service('stop')
})

test('cleaning up takes away what was delivered and leaves the settings of others', async () => {
  expect((await deliver(peers.ansibleNewest, 'k3seal/deliver.yml')).status).toBe(0)
  wren.exec('sh', '-c', 'echo "# of the site" >/etc/conf.d/k3s; echo mine=1 >>/etc/conf.d/k3s-agent')
  const played = await deliver(peers.ansibleOldest, 'k3seal/cleanup.yml')
  expect(played.status, played.all).toBe(0)
  expect(fileOf(wren, '/etc/k3seal')).toBeUndefined()
  expect(fileOf(wren, '/etc/conf.d/k3s')).toBe('# of the site\n')
  expect(fileOf(wren, '/etc/conf.d/k3s-agent')).toBe('mine=1\n')
  const again = await deliver(peers.ansibleNewest, 'k3seal/cleanup.yml')
  expect(again.recap.wren).toMatchObject({ changed: 0, failed: 0 })
})
