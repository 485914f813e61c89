import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { NodeKind } from '../../src/flow/rehearsal.ts'
import type { Expected, ExpectedRun } from '../projects/expectation.ts'
import { peers } from '../tools/peers.ts'
import { type Control, newControl, standIn } from './control.ts'
import { bootMachines, type Machine, removeCopies } from './machines.ts'
import { type Setting, type Start, starts } from './nodes.ts'
import { type Played, play } from './playbooks.ts'

/** Hosts of a project are laid on the machines that have its service manager, in order. */
const addresses = {
  systemd: { larch: '127.0.0.11', alder: '127.0.0.12', rowan: '127.0.0.13' },
  openrc: { wren: '127.0.0.14', plover: '127.0.0.15' },
} as const

/** What was seen on the nodes once the last playbook of a run had ended. */
export interface Seen {
  readonly hosts: Readonly<Record<string, Expected | 'none'>>
  readonly played: readonly Played[]
}

export interface Reality {
  /** Plays a run of the project in a directory, on nodes that hold nothing. */
  see(directory: string, run: ExpectedRun): Promise<Seen>
  end(): Promise<void>
}

/** Boots the machines and a server for what is downloaded. */
export async function bootReality(): Promise<Reality> {
  const control = newControl()
  const downloads = createServer((request, response) => {
    const origin = `http://127.0.0.1:${(downloads.address() as AddressInfo).port}`
    const text = readFileSync(join(standIn, (request.url ?? '').replace(/[^\w.-]/g, '')), 'utf8')
    response.end(text.replace('\nset -e\n', `\nset -e\n: "\${STAND_IN_URL:=${origin}}"\n`))
  })
  await new Promise<void>((resolve) => downloads.listen(0, '127.0.0.1', resolve))
  const origin = `http://127.0.0.1:${(downloads.address() as AddressInfo).port}`
  const media = join(control.dir, 'media')
  cpSync(standIn, media, { recursive: true })

  const machines = await bootMachines(
    { ...addresses.systemd, ...addresses.openrc },
    control.publicKey,
    (name) => (name in addresses.openrc ? 'openrc' : 'systemd'),
  )
  for (const machine of machines.values())
    machine.exec(
      'sh',
      '-c',
      'find /etc /opt /srv /usr/local -xdev -type d >/etc/e2e/directories; touch /etc/e2e/clean',
    )
  await sleep(1100) // what comes later is newer, whatever the file system counts in

  return {
    async see(directory, run) {
      const manager = run.scenario.manager ?? 'systemd'
      const nodes = layOut(Object.keys(run.verdicts), Object.keys(addresses[manager]), machines)
      for (const machine of nodes.values()) wipe(machine)
      const dir = join(control.dir, 'project')
      rmSync(dir, { recursive: true, force: true })
      cpSync(directory, run.role === undefined ? dir : join(dir, 'roles', run.role), { recursive: true })
      if (run.role !== undefined) writeFileSync(join(dir, 'role.yml'), playOfRole(run.role))
      writeFileSync(join(dir, 'machines.yml'), overrides(nodes))

      const args = [...(run.inventory === undefined ? [] : ['-i', run.inventory]), '-i', 'machines.yml']
      const vars = {
        installer_url: `${origin}/k3s-install.sh`,
        program_url: `${origin}/k3s`,
        ...run.vars,
      }
      const given = JSON.stringify(vars).replaceAll('{media}', media).replaceAll('{program}', `${origin}/k3s`)
      const played: Played[] = []
      let before: ReadonlyMap<string, number> = new Map()
      for (const playbook of [...run.after, run.role === undefined ? run.playbook : 'role.yml']) {
        before = new Map([...nodes].map(([host, machine]) => [host, starts(machine).length]))
        played.push(await playOnce(run.ansible, control, dir, [...args, '-e', given, playbook]))
      }
      await settled(nodes, before, run)
      return { hosts: outcomes(nodes, before), played }
    },
    async end() {
      await Promise.all([...machines.values()].map((machine) => machine.stop()))
      removeCopies()
      downloads.close()
      control.remove()
    },
  }
}

const playOfRole = (role: string): string =>
  JSON.stringify([{ hosts: 'all', become: true, gather_facts: false, roles: [role] }])

function playOnce(
  ansible: ExpectedRun['ansible'],
  control: Control,
  dir: string,
  args: readonly string[],
): Promise<Played> {
  const bin = ansible === 'oldest' ? peers.ansibleOldest : peers.ansibleNewest
  return play(bin, control, dir, args, [], { ANSIBLE_PIPELINING: '1' })
}

function layOut(
  hosts: readonly string[],
  names: readonly string[],
  machines: ReadonlyMap<string, Machine>,
): ReadonlyMap<string, Machine> {
  return new Map(
    hosts.map((host, index) => {
      const machine = machines.get(names[index] ?? '')
      if (machine === undefined) throw new Error(`${host}: more hosts than machines`)
      return [host, machine]
    }),
  )
}

/** An inventory that goes after the project's own and says how its hosts are reached. */
const overrides = (nodes: ReadonlyMap<string, Machine>): string =>
  JSON.stringify({
    all: {
      hosts: Object.fromEntries(
        [...nodes].map(([host, { address }]) => [
          host,
          {
            ansible_host: address,
            ansible_port: 2222,
            ansible_user: 'ops',
            ansible_python_interpreter: '/usr/bin/python3',
          },
        ]),
      ),
    },
  })

function wipe(machine: Machine): void {
  const wiped = machine.exec('/usr/local/lib/stand-in/wipe')
  if (wiped.status !== 0 || starts(machine).length > 0)
    throw new Error(`${machine.name} is not clean: ${wiped.all}`)
}

/** Waits for a K3s that is started behind the back of Ansible, as supervise-daemon does. */
async function settled(
  nodes: ReadonlyMap<string, Machine>,
  before: ReadonlyMap<string, number>,
  run: ExpectedRun,
): Promise<void> {
  const missing = () =>
    [...nodes].some(
      ([host, machine]) => run.verdicts[host] !== 'none' && starts(machine).length <= (before.get(host) ?? 0),
    )
  const patience = run.scenario.manager === 'openrc' ? 20_000 : 4000
  for (const end = Date.now() + patience; missing() && Date.now() < end; ) await sleep(200)
}

function outcomes(
  nodes: ReadonlyMap<string, Machine>,
  before: ReadonlyMap<string, number>,
): Readonly<Record<string, Expected | 'none'>> {
  const last = new Map(
    [...nodes].map(([host, machine]) => [host, starts(machine).slice(before.get(host)).at(-1)]),
  )
  const servers = [...nodes.keys()].filter(
    (host) => (last.get(host) ?? starts(nodes.get(host) as Machine).at(-1))?.argv[1] === 'server',
  )
  const first = servers[0]
  const founder = first === undefined ? undefined : starts(nodes.get(first) as Machine).at(-1)
  return Object.fromEntries(
    [...nodes].map(([host, machine]) => {
      const start = last.get(host)
      if (start === undefined) return [host, 'none' as const]
      const kind: NodeKind =
        start.argv[1] === 'agent' ? 'agent' : host === first ? 'first-server' : 'joining-server'
      const { token, server } = start.settings
      return [
        host,
        {
          kind,
          service: start.service,
          token: stateOf(token, kind, founder, nodes.get(first ?? '')),
          source: carrierOf(token, machine, start.service),
          serverUrl: (server?.value ?? '') !== '',
        },
      ]
    }),
  )
}

function stateOf(
  token: Setting | undefined,
  kind: NodeKind,
  founder: Start | undefined,
  founderMachine: Machine | undefined,
): Expected['token'] {
  if (token === undefined || token.from === 'disk' || token.value === null) return 'absent'
  if (token.value === '') return 'empty'
  if (founder === undefined || founderMachine === undefined) return 'present'
  const name = kind === 'agent' && founder.settings['agent-token'] !== undefined ? 'agent-token' : 'token'
  const kept = founderMachine.exec('cat', `/var/lib/rancher/k3s/server/${name}`).stdout.trim()
  return password(token.value.trim()) === password(kept) ? 'present' : 'different'
}

/** `K10<hash>::<user>:<password>` and a bare password are the same token. */
const password = (token: string): string => /^K10[^:]*::[^:]*:(.*)$/s.exec(token)?.[1] ?? token

function carrierOf(token: Setting | undefined, machine: Machine, service: string): Expected['source'] {
  if (token === undefined || token.from === 'disk') return 'none'
  if (token.from !== 'environment') return token.from
  const shown = machine.exec('systemctl', 'show', '--property=Environment', service).stdout
  return shown.includes('K3S_TOKEN=') ? 'environment' : 'env-file'
}
