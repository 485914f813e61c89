import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ansibles, peers } from '../tools/peers.ts'
import { type Control, newControl, standIn } from './control.ts'
import { bootMachines, type Machine, removeCopies } from './machines.ts'
import {
  environmentOf,
  fileOf,
  journal,
  lastStart,
  ownerAndMode,
  readableFilesWith,
  starts,
} from './nodes.ts'
import { type Played, play } from './playbooks.ts'
import { initProject, vaultedValue, writeProject } from './project.ts'

const addresses = { larch: '127.0.0.11', alder: '127.0.0.12', rowan: '127.0.0.13' } as const
type Name = keyof typeof addresses

/** A node as `k3seal init` takes it. */
const node = (name: Name): string => `${name}=${addresses[name]},port=2222`

/** What an airgapped site would have downloaded. */
function fillAirgapDir(project: string): void {
  mkdirSync(join(project, 'airgap'), { recursive: true })
  for (const name of ['k3s', 'k3s-install.sh'])
    copyFileSync(join(standIn, name), join(project, 'airgap', name))
}

/** The real collection is used: it passes the token itself, logs it, and wants the network for another scenario. */
const real = process.env.K3SEAL_K3S_ANSIBLE !== undefined

/** All that no log and no other user may see, for the search at the end. */
const tokens: string[] = []

let control: Control
let machines: ReadonlyMap<string, Machine> = new Map()
let downloads: Server

const machine = (name: Name): Machine => machines.get(name) as Machine

beforeAll(async () => {
  control = newControl()
  downloads = createServer((request, response) => {
    response.end(readFileSync(join(standIn, (request.url ?? '').replace(/[^\w.-]/g, ''))))
  })
  await new Promise<void>((resolve) => downloads.listen(0, '127.0.0.1', resolve))
  machines = await bootMachines(addresses, control.publicKey)
  // What the stand-in answers for `k3s kubectl get nodes`.
  for (const one of machines.values()) writeFileSync(join(one.root, 'etc/e2e/servers'), 'larch alder')
  // The real roles set network parameters, which a machine that shares our network may not.
  if (real)
    for (const one of machines.values())
      writeFileSync(join(one.root, 'usr/local/bin/sysctl'), '#!/bin/sh\n', { mode: 0o755 })
})

afterAll(async () => {
  await Promise.all([...machines.values()].map((one) => one.stop()))
  removeCopies()
  downloads?.close()
  control?.remove()
})

const expectStatus = (played: Played, status: number) =>
  expect(played.status, `ansible-playbook said:\n${played.all}`).toBe(status)

describe('airgapped, one server and two agents, newest ansible-core', () => {
  let token: string
  const project = () => join(control.dir, 'airgapped')
  const services = { larch: 'k3s', alder: 'k3s-agent', rowan: 'k3s-agent' } as const
  const names = Object.keys(services) as Name[]
  // The role leaves the token out, as some did in this scenario: only the delivery can bring it.
  const playAirgapped = (args: readonly string[], bin: string = peers.ansibleNewest) =>
    play(bin, control, project(), [...args, '-e', 'site_agent_env=false'], [token])

  beforeAll(() => {
    const made = initProject(project(), control, [
      ...['--server', node('larch'), '--agent', node('alder'), '--agent', node('rowan')],
      ...['--k3s-version', 'v1.36.5+k3s1', '--airgap-dir', './airgap'],
    ])
    expect(made.status, made.all).toBe(0)
    fillAirgapDir(project())
    token = vaultedValue(project(), control, 'vault_k3s_token')
    expect(token).toMatch(/^[A-Za-z0-9]{64}$/)
    tokens.push(token)
    expect(made.all).not.toContain(token)
  })

  test('the same search finds a token that a playbook without no_log shows', async () => {
    writeFileSync(
      join(project(), 'careless.yml'),
      `- hosts: rowan
  become: true
  gather_facts: false
  vars:
    # Over the inventory, which keeps modules from writing into the journal.
    ansible_no_target_syslog: "{{ false }}"
  tasks:
    - ansible.builtin.copy:
        content: "K3S_TOKEN={{ token }}"
        dest: /root/careless.env
        mode: "0600"
    - ansible.builtin.file:
        path: /root/careless.env
        state: absent
    - ansible.builtin.command: sh -c 'sleep 1; true {{ token }}'
`,
    )
    const played = await play(peers.ansibleNewest, control, project(), ['careless.yml', '--diff'], [token])
    expectStatus(played, 0)
    expect(played.all).toContain(token)
    expect(played.leakedArguments).not.toEqual([])
    expect(journal(machine('rowan'))).toContain(token)
    machine('rowan').exec('sh', '-c', 'journalctl --rotate && journalctl --vacuum-time=1s')
  })

  test('without the delivery, the role decides whether an agent has a token', async () => {
    const played = await playAirgapped(['k3s.orchestration.site', '--limit', 'larch:rowan'])
    expectStatus(played, real ? 0 : 2)
    expect(lastStart(machine('rowan')).token).toBe(real ? token : '')
    expectStatus(await playAirgapped(['k3s.orchestration.reset']), 0)
  })

  test('--check on fresh nodes foretells the changes and writes nothing', async () => {
    const played = await playAirgapped(['k3seal/deliver.yml', '--check', '--diff', '-vvv'])
    expectStatus(played, 0)
    expect(played.all.includes(token), 'the token in what Ansible says').toBe(false)
    for (const name of names) {
      expect(played.recap[name]?.changed).toBeGreaterThanOrEqual(4)
      expect(fileOf(machine(name), '/etc/k3seal')).toBeUndefined()
      expect(fileOf(machine(name), `/etc/systemd/system/${services[name]}.service.d`)).toBeUndefined()
    }
  })

  test('site.yml brings the token to every process, through the environment alone', async () => {
    const played = await playAirgapped(['site.yml'])
    expectStatus(played, 0)
    expect(played.leakedArguments).toEqual([])
    for (const name of names) {
      const start = lastStart(machine(name))
      expect(start.environ.K3S_TOKEN, name).toBe(token)
      expect(start.environ).not.toHaveProperty('K3S_AGENT_TOKEN')
      expect(start.token, name).toBe(token)
      expect(start.argv.join(' ')).toContain(name === 'larch' ? 'k3s server' : 'k3s agent')
      expect(start.argv.join(' ')).not.toContain(token)
      expect(environmentOf(machine(name), services[name]).K3S_TOKEN, name).toBe(token)
    }
  })

  test('only root can read it on a node', () => {
    for (const name of names) {
      expect(ownerAndMode(machine(name), '/etc/k3seal')).toBe('root:root 700')
      expect(ownerAndMode(machine(name), `/etc/k3seal/${services[name]}.env`)).toBe('root:root 600')
      const dropin = `/etc/systemd/system/${services[name]}.service.d/50-k3seal.conf`
      expect(ownerAndMode(machine(name), dropin)).toBe('root:root 644')
      expect(fileOf(machine(name), dropin)).not.toContain(token)
      expect(machine(name).exec('systemctl', 'show', services[name]).stdout).not.toContain(token)
      expect(machine(name).exec('systemctl', 'cat', services[name]).stdout).not.toContain(token)
      expect(readableFilesWith(machine(name), token)).toEqual([])
    }
  })

  test.each(ansibles)('delivering again changes nothing and shows nothing, %s', async (_, bin) => {
    const before = names.map((name) => starts(machine(name)).length)
    const played = await playAirgapped(['k3seal/deliver.yml', '-vvv', '--diff'], bin)
    expectStatus(played, 0)
    for (const name of names)
      expect(played.recap[name]).toMatchObject({ changed: 0, failed: 0, unreachable: 0 })
    expect(played.all.includes(token), 'the token in what Ansible says').toBe(false)
    expect(played.leakedArguments).toEqual([])
    expect(names.map((name) => starts(machine(name)).length)).toEqual(before)
  })

  test('the drop-in survives the install script and wins over the stale token that this writes', () => {
    const rowan = machine('rowan')
    const stale = 'stale5Hq8Vt2Mz7Xc4Kb9'
    const rerun = rowan.exec(
      'env',
      ...[
        'INSTALL_K3S_SKIP_DOWNLOAD=true',
        'INSTALL_K3S_EXEC=agent --server https://127.0.0.1:6443',
        `K3S_TOKEN=${stale}`,
      ],
      ...['PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', '/usr/local/bin/k3s-install.sh'],
    )
    expect(rerun.status, rerun.all).toBe(0)
    expect(fileOf(rowan, '/etc/systemd/system/k3s-agent.service.env')).toContain(stale)
    expect(lastStart(rowan).environ.K3S_TOKEN).toBe(token)
  })

  test('a service whose env file is gone does not start; delivering with k3seal_restart brings it back', async () => {
    const rowan = machine('rowan')
    const before = starts(rowan).length
    rowan.exec('systemctl', 'stop', 'k3s-agent')
    rowan.exec('rm', '/etc/k3seal/k3s-agent.env')
    expect(rowan.exec('systemctl', 'start', 'k3s-agent').status).not.toBe(0)
    expect(starts(rowan).length).toBe(before)
    rowan.exec('systemctl', 'stop', 'k3s-agent') // or it is tried again in five seconds

    const others = [starts(machine('larch')).length, starts(machine('alder')).length]
    const deliver = ['k3seal/deliver.yml', '-e', 'k3seal_restart=true', '-vvv', '--diff']
    const played = await playAirgapped(deliver)
    expectStatus(played, 0)
    expect(played.recap.rowan?.changed).toBeGreaterThan(0)
    expect(played.all.includes(token), 'the token in what Ansible says').toBe(false)
    expect(lastStart(rowan).environ.K3S_TOKEN).toBe(token)
    expect(starts(rowan).length).toBe(before + 1)
    expect([starts(machine('larch')).length, starts(machine('alder')).length]).toEqual(others)
  })

  test('a host whose token is emptied ends the run before any node is touched', async () => {
    mkdirSync(join(project(), 'host_vars'))
    writeFileSync(join(project(), 'host_vars/rowan.yml'), 'token: ""\n')
    const stamps = () =>
      names.map((name) => [
        starts(machine(name)).length,
        machine(name).exec('find', '/etc', '/home/ops', '-newer', '/run/mark').stdout,
        machine(name).exec('systemctl', 'show', '--property=MainPID', services[name]).stdout,
      ])
    for (const name of names) machine(name).exec('touch', '/run/mark')
    const before = stamps()
    const played = await playAirgapped(['site.yml'])
    rmSync(join(project(), 'host_vars'), { recursive: true })
    expectStatus(played, 2)
    expect(played.stdout.replace(/\s+/g, ' ')).toContain(
      'rowan has no token: its variable token is empty or undefined, or made of a variable that is. Set it in the inventory',
    )
    expect(stamps()).toEqual(before)
    expect(played.stdout).not.toContain('Deliver the join token to the nodes')
    for (const name of names) expect(played.recap[name]?.changed).toBe(0)
  })

  test('reset.yml takes away what was delivered, and a second clean-up changes nothing', async () => {
    machine('rowan').exec('sh', '-c', 'echo "[Service]" >/etc/systemd/system/k3s-agent.service.d/20-own.conf')
    expectStatus(await playAirgapped(['reset.yml']), 0)
    for (const name of names) {
      expect(fileOf(machine(name), '/etc/k3seal')).toBeUndefined()
      expect(machine(name).exec('systemctl', 'cat', services[name]).stdout).not.toContain('k3seal')
    }
    expect(fileOf(machine('alder'), '/etc/systemd/system/k3s-agent.service.d')).toBeUndefined()
    expect(fileOf(machine('rowan'), '/etc/systemd/system/k3s-agent.service.d/20-own.conf')).toBeDefined()
    machine('rowan').exec('rm', '-r', '/etc/systemd/system/k3s-agent.service.d')

    const again = await playAirgapped(['k3seal/cleanup.yml'])
    expectStatus(again, 0)
    for (const name of names) expect(again.recap[name]).toMatchObject({ changed: 0, failed: 0 })
  })
})

describe('online, two servers and an agent with a token of its own, oldest ansible-core', () => {
  const project = () => join(control.dir, 'online')
  const services = { larch: 'k3s', alder: 'k3s', rowan: 'k3s-agent' } as const
  const names = Object.keys(services) as Name[]
  // The real roles download from get.k3s.io, and their airgap role wants more than the oldest ansible-core.
  const bin = real ? peers.ansibleNewest : peers.ansibleOldest

  test('site.yml brings each token to its processes', async () => {
    const made = initProject(project(), control, [
      ...['--server', node('larch'), '--server', node('alder'), '--agent', node('rowan'), '--agent-token'],
      ...['--k3s-version', 'v1.36.5+k3s1', ...(real ? ['--airgap-dir', './airgap'] : [])],
    ])
    expect(made.status, made.all).toBe(0)
    if (real) fillAirgapDir(project())
    const token = vaultedValue(project(), control, 'vault_k3s_token')
    const agentToken = vaultedValue(project(), control, 'vault_k3s_agent_token')
    expect(agentToken).not.toBe(token)
    tokens.push(token, agentToken)

    const { port } = downloads.address() as AddressInfo
    const vars = { extra_install_envs: { STAND_IN_URL: `http://127.0.0.1:${port}` }, site_agent_env: false }
    const played = await play(bin, control, project(), ['site.yml', '-e', JSON.stringify(vars)], tokens)
    expectStatus(played, 0)
    expect(played.leakedArguments).toEqual([])
    for (const name of names) {
      const { argv, environ } = lastStart(machine(name))
      expect(environ.K3S_TOKEN, name).toBe(name === 'rowan' ? agentToken : token)
      expect(environ.K3S_AGENT_TOKEN, name).toBe(name === 'rowan' ? undefined : agentToken)
      expect(tokens.filter((one) => argv.join(' ').includes(one))).toEqual([])
    }
  })
})

describe('tokens of any characters, both ends of ansible-core', () => {
  // Every character that a shell, systemd, YAML or Jinja might take for something else; no white space.
  const token = `fen8Rk3Tq6Wm1Yb4$x"'#\\n%h%%;&|*?!~{{}}<>()[]=:,@^\`é`
  const agentToken = `moor2Gd7Jp5Ls9'"'"'$(x)\\`
  const markers = ['fen8Rk3Tq6Wm1Yb4', 'moor2Gd7Jp5Ls9']
  const project = () => join(control.dir, 'hostile')
  const services = { larch: 'k3s', alder: 'k3s', rowan: 'k3s-agent' } as const
  const names = Object.keys(services) as Name[]

  test('arrive byte for byte', async () => {
    tokens.push(...markers)
    writeProject(project(), control, {
      servers: { larch: addresses.larch, alder: addresses.alder },
      agents: { rowan: addresses.rowan },
      token,
      agentToken,
    })
    const deliver = ['k3seal/deliver.yml', '-e', 'k3seal_restart=true', '-vvv', '--diff']
    const played = await play(peers.ansibleOldest, control, project(), deliver, markers)
    expectStatus(played, 0)
    expect(markers.filter((marker) => played.all.includes(marker))).toEqual([])
    expect(played.leakedArguments).toEqual([])
    for (const name of names) {
      const { argv, environ } = lastStart(machine(name))
      expect(environ.K3S_TOKEN, name).toBe(name === 'rowan' ? agentToken : token)
      expect(environ.K3S_AGENT_TOKEN, name).toBe(name === 'rowan' ? undefined : agentToken)
      expect(markers.filter((marker) => argv.join(' ').includes(marker))).toEqual([])
    }
  })

  test('the newest ansible-core writes the same bytes', async () => {
    const played = await play(peers.ansibleNewest, control, project(), ['k3seal/deliver.yml'], markers)
    expectStatus(played, 0)
    for (const name of names) expect(played.recap[name]).toMatchObject({ changed: 0, failed: 0 })
  })

  test('whole units of our own bring the tokens, too', async () => {
    writeFileSync(
      join(project(), 'own.yml'),
      `- hosts: k3s_cluster
  become: true
  gather_facts: false
  vars:
    service: "{{ 'k3s' if inventory_hostname in groups['server'] else 'k3s-agent' }}"
  tasks:
    - ansible.builtin.file:
        path: "/etc/systemd/system/{{ service }}.service.d"
        state: absent
    - ansible.builtin.file:
        path: "/etc/systemd/system/{{ service }}.service.env"
        state: absent
    - ansible.builtin.template:
        src: "k3seal/templates/{{ service }}.service.j2"
        dest: "/etc/systemd/system/{{ service }}.service"
        mode: "0644"
    - ansible.builtin.systemd_service:
        name: "{{ service }}"
        state: restarted
        daemon_reload: true
`,
    )
    expectStatus(await play(peers.ansibleNewest, control, project(), ['own.yml'], markers), 0)
    const commands = {
      larch: 'server --cluster-init',
      alder: 'server --server https://127.0.0.11:6443',
      rowan: 'agent --server https://127.0.0.11:6443',
    }
    for (const name of names) {
      const { argv, environ } = lastStart(machine(name))
      expect(argv.slice(1).join(' ')).toBe(commands[name])
      expect(environ.K3S_TOKEN, name).toBe(name === 'rowan' ? agentToken : token)
    }
  })

  test('the oldest ansible-core cleans up', async () => {
    expectStatus(await play(peers.ansibleOldest, control, project(), ['k3seal/cleanup.yml'], markers), 0)
    for (const name of names) expect(fileOf(machine(name), '/etc/k3seal')).toBeUndefined()
  })
})

test('no journal of a node and no file of an ordinary user has a token', () => {
  expect(tokens).toHaveLength(5)
  for (const one of machines.values()) {
    const text = journal(one)
    expect(text.includes('SYSLOG_IDENTIFIER=sudo'), one.name).toBe(true)
    for (const token of tokens) {
      expect(text.includes(token), `a token in the journal of ${one.name}`).toBe(false)
      expect(readableFilesWith(one, token), one.name).toEqual([])
    }
  }
})
