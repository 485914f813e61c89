import { spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { ansibleEnvironment, type Run, requirePeer } from '../tools/peers.ts'

/** Where Ansible is run, and as whom it logs in. */
export interface ControlNode {
  /** Short: a socket below it may have a path of 104 bytes at most. */
  readonly home: string
  readonly privateKey: string
  /** Holds `ansible_collections/k3s/orchestration`. */
  readonly collections: string
  readonly vaultPasswordFile: string
}

export interface Played extends Run {
  /** Last line of Ansible's for each host: `{ larch: { ok: 9, changed: 0, failed: 0, … } }`. */
  readonly recap: Readonly<Record<string, Readonly<Record<string, number>>>>
  /** Command lines, of any process of this machine or of one booted on it, that held one of `watchFor`. */
  readonly leakedArguments: readonly string[]
}

/**
 * Runs `ansible-playbook` in a project, with its inventory.yml unless `args` name another, and looks at the arguments of
 * all processes meanwhile. `env` goes over the environment that it has otherwise.
 */
export async function play(
  bin: string,
  control: ControlNode,
  project: string,
  args: readonly string[],
  watchFor: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<Played> {
  const child = spawn(
    requirePeer(join(bin, 'ansible-playbook')),
    [
      ...(args.includes('-i') ? [] : ['-i', 'inventory.yml']),
      ...['--vault-password-file', control.vaultPasswordFile, ...args],
    ],
    {
      cwd: project,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: {
        ...ansibleEnvironment(control.home),
        PATH: `${bin}:${process.env.PATH}`,
        ANSIBLE_COLLECTIONS_PATH: control.collections,
        ANSIBLE_PRIVATE_KEY_FILE: control.privateKey,
        ANSIBLE_SSH_ARGS:
          '-F /dev/null -o ControlMaster=auto -o ControlPersist=15s -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null',
        ...env,
      },
    },
  )
  const leaked = new Set<string>()
  const watch = setInterval(() => {
    if (watchFor.length === 0) return
    for (const line of commandLines()) if (watchFor.some((text) => line.includes(text))) leaked.add(line)
  }, 15)
  try {
    const [stdout, stderr, status] = await Promise.all([
      text(child.stdout),
      text(child.stderr),
      new Promise<number | null>((resolve, reject) => {
        child.once('error', reject)
        child.once('close', resolve)
      }),
    ])
    return {
      status,
      stdout,
      stderr,
      all: stdout + stderr,
      recap: recapOf(stdout),
      leakedArguments: [...leaked],
    }
  } finally {
    clearInterval(watch)
  }
}

/** The arguments of every process, machines included: they share our kernel. */
export function commandLines(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
      } catch {
        return '' // it has ended
      }
    })
}

function recapOf(stdout: string): Played['recap'] {
  const lines = stdout.slice(stdout.lastIndexOf('PLAY RECAP')).matchAll(/^(\S+)\s+: (ok=.*)$/gm)
  return Object.fromEntries(
    [...lines].map(([, host, counts]) => [
      host,
      Object.fromEntries(
        [...(counts ?? '').matchAll(/(\w+)=(\d+)/g)].map(([, key, count]) => [key, Number(count)]),
      ),
    ]),
  )
}

async function text(stream: NodeJS.ReadableStream): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString('utf8')
}
