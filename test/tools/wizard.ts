import { PassThrough } from 'node:stream'
import { parseNodeSpec } from '../../src/ansible/nodeSpec.ts'
import type { Session } from '../../src/commands/session.ts'
import type { Secret } from '../../src/secret.ts'
import type { Answers } from '../../src/wizard/answers.ts'
import type { Asker } from '../../src/wizard/ask.ts'
import type { Entry } from '../../src/wizard/entry.ts'
import type { Scene } from '../../src/wizard/scene.ts'

/** A scene without a project. */
export function emptyScene(parts: Partial<Scene> = {}): Scene {
  return {
    inventories: [],
    existing: undefined,
    login: undefined,
    airgapDir: undefined,
    vaultSources: [],
    newPasswordPath: '/home/larch/.config/k3seal/quay.vault-password',
    sshHosts: undefined,
    kindOf: () => 'absent',
    resolve: (path) => `/quay/${path}`,
    shown: (path) => path.replace('/quay/', ''),
    ...parts,
  }
}

export function someAnswers(parts: Partial<Answers> = {}): Answers {
  return {
    inventory: 'inventory.yml',
    servers: ['larch=10.0.0.1'].map(parseNodeSpec),
    agents: ['quince=10.0.0.2,arch=arm64'].map(parseNodeSpec),
    user: 'ops',
    k3sVersion: 'v1.36.5+k3s1',
    apiEndpoint: undefined,
    airgapDir: undefined,
    token: { kind: 'new' },
    agentToken: false,
    vault: { kind: 'configured' },
    ...parts,
  }
}

/** Answers from a list, in the order of the questions; a refused line is an error, so that no test waits for ever. */
export function scripted(replies: readonly unknown[]): Asker & { readonly asked: readonly string[] } {
  const asked: string[] = []
  const rest = [...replies]
  const next = (message: string): unknown => {
    asked.push(message)
    if (rest.length === 0) throw new Error(`no reply is left for: ${message}`)
    return rest.shift()
  }
  const accepted = (entry: Entry, line: string, entries: readonly string[]): string => {
    const problem = entry.problem(line, entries)
    if (problem !== undefined) throw new Error(`${entry.message} refused ${JSON.stringify(line)}: ${problem}`)
    return line
  }
  return {
    asked,
    screen: { color: false, unicode: true, width: 80 },
    async line(entry) {
      const typed = next(entry.message) as string
      return accepted(entry, typed === '' ? (entry.preset ?? '') : typed, [])
    },
    async lines(entry) {
      const entries: string[] = [...(entry.initial ?? [])]
      for (const line of next(entry.message) as readonly string[])
        entries.push(accepted(entry, line, entries))
      accepted(entry, '', entries)
      return entries
    },
    choose: async ({ message }) => next(message) as never,
    yes: async ({ message }) => next(message) as boolean,
    secret: async ({ message }) => next(message) as Secret,
    say: () => undefined,
  }
}

export interface FakeSession extends Session {
  readonly shown: { stdout: string; stderr: string }
}

/** A session without a terminal. What is written comes together in `shown`. */
export function fakeSession(
  cwd: string,
  parts: { env?: Record<string, string>; stdin?: string } = {},
): FakeSession {
  const shown = { stdout: '', stderr: '' }
  const stream = (name: keyof typeof shown): PassThrough =>
    new PassThrough().on('data', (chunk) => {
      shown[name] += String(chunk)
    })
  const stdin = new PassThrough()
  stdin.end(parts.stdin ?? '')
  return {
    cwd,
    env: { PATH: process.env.PATH, LC_ALL: 'C.UTF-8', USER: 'ops', HOME: `${cwd}/home`, ...parts.env },
    stdin,
    stdout: stream('stdout'),
    stderr: stream('stderr'),
    interactive: false,
    color: false,
    shown,
  }
}
