import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, mkdirSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { peersDir, type Run, requirePeer, requireRoot, run } from '../tools/peers.ts'

/** A booted system in a directory. It shares the network of this machine and listens on an address of its own. */
export interface Machine {
  readonly name: string
  /** Its sshd listens here, on port 2222, and lets the user `ops` in, who may sudo. */
  readonly address: string
  /** Its file system, to look into from outside; `/run` and `/tmp` are mounted inside and empty here. */
  readonly root: string
  /** Runs a command inside, as root. */
  exec(...command: readonly string[]): Run
  stop(): Promise<void>
}

export type ServiceManager = 'systemd' | 'openrc'

const machinesDir = join(peersDir, 'machines')

/** The directory of a fresh system that machines are copies of. Made where it is missing: under a minute. */
export function rootfs(): string {
  const made = run(join(import.meta.dirname, '../tools/rootfs.sh'), [])
  if (made.status !== 0) throw new Error(made.stderr)
  return made.stdout.trim()
}

/** A copy of `rootfs()`, to be booted or to chroot into; `removeCopies` takes it away. */
export function copyOfRootfs(name: string): string {
  const root = join(machinesDir, `${process.pid}-${name}`)
  rmSync(root, { recursive: true, force: true })
  mkdirSync(machinesDir, { recursive: true })
  const copied = run('cp', ['-a', '--reflink=auto', rootfs(), root])
  if (copied.status !== 0) throw new Error(copied.stderr)
  return root
}

/** Removes the copies of this run, and those that runs which ended by force left behind. */
export function removeCopies(): void {
  for (const name of readDirectory(machinesDir)) {
    const pid = Number.parseInt(name, 10)
    if (pid === process.pid || !isAlive(pid))
      rmSync(join(machinesDir, name), { recursive: true, force: true })
  }
}

/**
 * Boots machines side by side; `specs` maps names to loopback addresses (127.0.0.x), `publicKey` is a line for
 * authorized_keys. Without systemd a machine has OpenRC, which runs the services that it is told to; a service manager
 * for all of them, or of each by its name.
 * Resolves when all of them are up, and rejects, with none left running, where one does not come up in a minute.
 */
export async function bootMachines(
  specs: Readonly<Record<string, string>>,
  publicKey: string,
  serviceManager: ServiceManager | ((name: string) => ServiceManager) = 'systemd',
): Promise<ReadonlyMap<string, Machine>> {
  requireRoot()
  requirePeer('systemd-nspawn')
  removeCopies()
  for (const address of Object.values(specs))
    if (await answers(address, 2222))
      throw new Error(`${address}:2222 answers already: another run of these tests, or what is left of one`)
  const machines = Object.entries(specs).map(([name, address]) =>
    start(
      name,
      address,
      publicKey,
      typeof serviceManager === 'string' ? serviceManager : serviceManager(name),
    ),
  )
  try {
    await Promise.all(machines.map(isUp))
  } catch (error) {
    await Promise.all(machines.map((machine) => machine.stop()))
    throw error
  }
  return new Map(machines.map((machine) => [machine.name, machine]))
}

interface Started extends Machine {
  readonly log: string
  readonly serviceManager: ServiceManager
}

function start(name: string, address: string, publicKey: string, serviceManager: ServiceManager): Started {
  const root = copyOfRootfs(name)
  const log = `${root}.log`
  writeFileSync(join(root, 'etc/hostname'), `${name}\n`)
  writeFileSync(join(root, 'etc/hosts'), `127.0.0.1 localhost\n${address} ${name}\n`)
  writeFileSync(join(root, 'etc/e2e/address'), `ADDRESS=${address}\n`)
  const [uid, gid] = ownerOfHome(root)
  run('install', ['-d', '-m', '700', '-o', uid, '-g', gid, join(root, 'home/ops/.ssh')])
  writeFileSync(join(root, 'home/ops/.ssh/authorized_keys'), `${publicKey}\n`)
  cpSync(join(import.meta.dirname, 'stand-in'), join(root, 'usr/local/lib/stand-in'), { recursive: true })

  if (serviceManager === 'openrc') {
    const unpacked = run(join(import.meta.dirname, '../tools/openrc.sh'), [root])
    if (unpacked.status !== 0) throw new Error(unpacked.stderr)
  }

  const output = openSync(log, 'w')
  // However this process ends, nspawn is sent SIGTERM, and it the machine SIGKILL. (A nspawn that is killed itself
  // leaves its machine running.)
  const nspawn = spawn(
    requirePeer('setpriv'),
    [
      ...['--pdeathsig', 'TERM', requirePeer('systemd-nspawn'), '--quiet', '-D', root, '-M', name],
      ...['--register=no', '--keep-unit', '--resolv-conf=off', '--timezone=off', '--link-journal=no'],
      '--kill-signal=SIGKILL',
      serviceManager === 'systemd' ? '--boot' : '/usr/local/lib/stand-in/init',
    ],
    { stdio: ['ignore', output, output] },
  )
  let leader: number | undefined
  // A first child of nspawn prepares the machine and ends; what was taken for number 1 then may be that one.
  const living = (): number | undefined => {
    if (leader === undefined || !isAlive(leader)) leader = leaderOf(nspawn)
    return leader
  }
  return {
    name,
    address,
    root,
    log,
    serviceManager,
    exec(...command) {
      const pid = living()
      if (pid === undefined) throw new Error(`${name} does not run: ${readFileSync(log, 'utf8')}`)
      return run('nsenter', ['-t', String(pid), '-m', '-u', '-i', '-p', '-r', '-w', '--', ...command])
    },
    async stop() {
      const gone = new Promise<void>((resolve) => {
        if (nspawn.exitCode !== null || nspawn.signalCode !== null) resolve()
        else nspawn.once('exit', () => resolve())
      })
      const pid = living()
      if (pid !== undefined && isAlive(pid)) process.kill(pid, 'SIGKILL')
      else nspawn.kill()
      await gone
      rmSync(root, { recursive: true, force: true })
      rmSync(log, { force: true })
    },
  }
}

async function isUp(machine: Started): Promise<void> {
  const end = Date.now() + 60_000
  for (;;) {
    const state =
      machine.serviceManager === 'openrc' ? 'running' : tryExec(machine, 'systemctl', 'is-system-running')
    if (/^(running|degraded)$/m.test(state) && (await answers(machine.address, 2222))) return
    if (Date.now() > end)
      throw new Error(
        `${machine.name} is ${state.trim()} after a minute\n${readFileSync(machine.log, 'utf8')}`,
      )
    await sleep(250)
  }
}

function tryExec(machine: Machine, ...command: readonly string[]): string {
  try {
    return machine.exec(...command).stdout
  } catch {
    return 'not started'
  }
}

function answers(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 1000 })
    const end = (answer: boolean) => () => {
      socket.destroy()
      resolve(answer)
    }
    socket.once('data', end(true)).once('error', end(false)).once('timeout', end(false))
  })
}

/** The process that is number 1 inside: the only child of systemd-nspawn. */
function leaderOf(nspawn: ChildProcess): number | undefined {
  try {
    const children = readFileSync(`/proc/${nspawn.pid}/task/${nspawn.pid}/children`, 'utf8').trim().split(' ')
    return children[0] === '' || children[0] === undefined ? undefined : Number(children[0])
  } catch {
    return undefined
  }
}

function ownerOfHome(root: string): [uid: string, gid: string] {
  const [, uid, gid] = /^ops:[^:]*:(\d+):(\d+):/m.exec(readFileSync(join(root, 'etc/passwd'), 'utf8')) ?? []
  if (uid === undefined || gid === undefined) throw new Error(`${root} has no user ops`)
  return [uid, gid]
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

function readDirectory(dir: string): readonly string[] {
  try {
    return readdirSync(dir)
  } catch {
    return []
  }
}
