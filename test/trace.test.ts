import { dirname } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { describe, expect, test } from 'vitest'
import { parse } from '../src/commands/parse.ts'
import type { ExitStatus, Session } from '../src/commands/session.ts'
import { command } from '../src/commands/trace/index.ts'
import { UserError } from '../src/errors.ts'
import { projectDirectory } from './projects/expectation.ts'

interface Hop {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly what: string
}

interface Shown {
  readonly playbook: string
  readonly host: string
  readonly kind: string
  readonly scenario: Readonly<Record<string, unknown>>
  readonly service: string
  readonly token: string
  readonly source: string
  readonly serverUrl: boolean | 'maybe'
  readonly hops: readonly Hop[]
}

class Sink extends Writable {
  text = ''
  isTTY?: boolean
  columns?: number

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

async function trace(
  cwd: string,
  args: readonly string[] = [],
  { columns, env = {} }: { readonly columns?: number; readonly env?: Session['env'] } = {},
): Promise<{ readonly status: ExitStatus; readonly text: string; readonly error: UserError | undefined }> {
  const stdout = new Sink()
  if (columns !== undefined) Object.assign(stdout, { isTTY: true, columns })
  const session: Session = {
    cwd,
    env,
    stdin: Readable.from([]),
    stdout,
    stderr: new Sink(),
    interactive: false,
    color: false,
  }
  let status: ExitStatus = 0
  try {
    const program = command(session, (set) => {
      status = set
    })
    status = (await parse(program, args, session)) ?? status
    return { status, text: stdout.text, error: undefined }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { status: 2, text: stdout.text, error }
  }
}

async function verdicts(cwd: string, args: readonly string[] = []): Promise<readonly Shown[]> {
  const { text } = await trace(cwd, ['--format', 'json', ...args])
  return (JSON.parse(text) as { verdicts: readonly Shown[] }).verdicts
}

const places = ({ hops }: Shown): readonly string[] =>
  hops.map(({ path, line, what }) => `${path}:${line} ${what}`)

describe('agents that get the key only where the program is fetched', () => {
  const cwd = projectDirectory('isolated-agents-without-token')

  test('are shown host by host, with the way of the key', async () => {
    const found = await verdicts(cwd, ['--scenario', 'first-run'])
    expect(found.map(({ host, scenario, token }) => [host, scenario, token])).toEqual([
      ['alder', { airgapped: false, k3s: 'absent' }, 'present'],
      ['alder', { airgapped: true, k3s: 'absent' }, 'absent'],
      ['larch', { airgapped: false, k3s: 'absent' }, 'present'],
      ['larch', { airgapped: true, k3s: 'absent' }, 'present'],
      ['rowan', { airgapped: false, k3s: 'absent' }, 'present'],
      ['rowan', { airgapped: true, k3s: 'absent' }, 'absent'],
    ])
    const [alder] = found
    expect(alder).toEqual({
      playbook: 'site.yml',
      host: 'alder',
      kind: 'agent',
      scenario: { airgapped: false, k3s: 'absent' },
      service: 'k3s-agent',
      token: 'present',
      source: 'env-file',
      serverUrl: true,
      hops: expect.any(Array),
    })
    expect(places(alder as Shown)).toEqual([
      'group_vars/all/sealed.yml:2 sealed_harbour_key is set here',
      'inventory.yml:17 harbour_key takes it',
      'roles/edge/tasks/main.yml:23 runs the K3s install script',
      'roles/edge/tasks/main.yml:31 puts a line into /etc/systemd/system/k3s-agent.service.env',
      'roles/edge/tasks/main.yml:39 renders roles/edge/templates/k3s-agent.service.j2 to /etc/systemd/system/k3s-agent.service',
      'roles/edge/tasks/main.yml:46 starts k3s-agent',
    ])
    expect(alder?.hops[1]).toEqual({
      path: 'inventory.yml',
      line: 17,
      column: 18,
      what: 'harbour_key takes it',
    })
  })

  test('are told in words: who, when, what, and the way', async () => {
    const { status, text } = await trace(cwd)
    expect(status).toBe(0)
    expect(text).toContain('site.yml\n')
    expect(text).toContain('  agents alder and rowan, service k3s-agent\n')
    expect(text).toContain('    airgapped: no token arrives, with a server URL\n')
    expect(text).toContain('    online: the token arrives through an env file, with a server URL\n')
    expect(text).toMatch(
      / {8}group_vars\/all\/sealed\.yml:2:28 {2}sealed_harbour_key is set here\n {6}↳ inventory\.yml:17:18 {2}harbour_key takes it\n/,
    )
    expect(text).not.toContain('\u001B')
  })

  test('are found from a directory above, by paths from there', async () => {
    const found = await verdicts(dirname(cwd), ['isolated-agents-without-token', '--host', 'alder'])
    expect(new Set(found.map(({ host }) => host))).toEqual(new Set(['alder']))
    expect(found[0]?.playbook).toBe('isolated-agents-without-token/site.yml')
    expect(found[0]?.hops[0]?.path).toBe('isolated-agents-without-token/group_vars/all/sealed.yml')
    expect(found[0]?.hops[0]?.line).toBe(2)
  })

  test('a playbook can be named as the path, and as an option', async () => {
    const whole = await verdicts(cwd)
    expect(await verdicts(cwd, ['site.yml'])).toEqual(whole)
    expect(await verdicts(cwd, ['--playbook', 'site.yml'])).toEqual(whole)
  })
})
