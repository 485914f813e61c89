import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { TemplateScope } from '../../src/ansible/template/index.ts'
import type { AnsibleValue } from '../../src/ansible/value.ts'
import type { GeneratedFile } from '../../src/generate/file.ts'
import { type NodeKind, nodeFiles, type ServiceManager } from '../../src/generate/unit.ts'
import { Secret } from '../../src/secret.ts'
import { run } from '../tools/peers.ts'

const marker = 'Marker-tide-4711'

const scope = (variables: Readonly<Record<string, AnsibleValue>>): TemplateScope => ({
  variables: new Map(
    Object.entries({
      inventory_hostname: 'larch',
      groups: { server: ['larch', 'elm', 'oak'], agent: ['alder'] },
      token: marker,
      api_endpoint: '10.0.0.1',
      ...variables,
    }),
  ),
  decrypt: () => new Secret(marker),
})

const cases: readonly (readonly [string, NodeKind, Readonly<Record<string, AnsibleValue>>])[] = [
  ['the first of three servers', 'server', { k3seal_agent_token: `${marker}-agent` }],
  ['a joining server', 'server', { inventory_hostname: 'elm' }],
  ['the only server', 'server', { groups: { server: ['larch'] }, extra_server_args: '--disable traefik' }],
  [
    'a joining server with an IPv6 endpoint',
    'server',
    { inventory_hostname: 'elm', api_endpoint: 'fd00::10', api_port: 7443 },
  ],
  [
    'a server with much to say',
    'server',
    { extra_server_args: '--node-label "berth=7" --kubelet-arg=v=2 --tls-san pier.example' },
  ],
  ['an agent', 'agent', {}],
  ['an agent with an IPv6 endpoint', 'agent', { api_endpoint: 'fd00::10' }],
  [
    'an agent without internet',
    'agent',
    { airgap_dir: '/srv/airgap', extra_agent_args: "--node-taint 'a=b:NoSchedule'" },
  ],
]

const textOf = ({ text }: GeneratedFile): string => (text instanceof Secret ? text.reveal() : text)

let root = ''
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k3seal-units-'))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

const put = (path: string, text: string, mode = 0o644): void => {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text, { mode })
  chmodSync(join(root, path), mode)
}

/** A node's root: systemd's own units, and stand-ins for the programs that ours start. */
function installed(
  kind: NodeKind,
  variables: Readonly<Record<string, AnsibleValue>>,
): readonly GeneratedFile[] {
  cpSync('/usr/lib/systemd/system', join(root, 'usr/lib/systemd/system'), {
    recursive: true,
    verbatimSymlinks: true,
  })
  for (const program of ['usr/local/bin/k3s', 'sbin/modprobe']) put(program, '#!/bin/sh\n', 0o755)
  const files = nodeFiles(scope(variables), kind, 'systemd')
  for (const file of files) put(file.path, textOf(file), file.mode)
  return files
}

const verify = (unit: string): { status: number | null; all: string } =>
  run('systemd-analyze', ['verify', '--man=no', `--root=${root}`, unit], {
    env: { PATH: process.env.PATH ?? '', LC_ALL: 'C.UTF-8' },
  })

describe('systemd-analyze verify', () => {
  test.each(cases)('has nothing to say against the unit and drop-in of %s', (_, kind, variables) => {
    const files = installed(kind, variables)
    const [unit] = files.map(({ path }) => path).filter((path) => path.endsWith('.service'))
    expect(verify(unit?.split('/').at(-1) ?? '')).toMatchObject({ status: 0, all: '' })
  })

  test('reads both: it sees what is wrong with either', () => {
    installed('server', {})
    const unit = 'etc/systemd/system/k3s.service'
    const [service] = nodeFiles(scope({}), 'server', 'systemd')
    const good = service === undefined ? '' : textOf(service)
    put(unit, good.replace('Type=notify', 'Type=notfy'))
    expect(verify('k3s.service').all).toMatch(/Failed to parse service type/)
    put(unit, good.replace('/usr/local/bin/k3s server', '/usr/local/bin/k4s server'))
    expect(verify('k3s.service')).toMatchObject({ status: 1 })
    put(unit, good)
    put('etc/systemd/system/k3s.service.d/50-k3seal.conf', '[Service]\nEnvironmenFile=/etc/k3seal/k3s.env\n')
    expect(verify('k3s.service').all).toMatch(/50-k3seal\.conf:2: Unknown key/)
  })
})

test.each(cases)('the shell can read the OpenRC files of %s', (_, kind, variables) => {
  for (const file of nodeFiles(scope(variables), kind, 'openrc')) {
    put(file.path, textOf(file), file.mode)
    expect(run('sh', ['-n', join(root, file.path)])).toMatchObject({ status: 0, all: '' })
  }
})

describe.each<ServiceManager>(['systemd', 'openrc'])('with %s', (serviceManager) => {
  test.each(cases)('only the env file of %s holds the token, and is secret', (_, kind, variables) => {
    const files = nodeFiles(scope(variables), kind, serviceManager)
    expect(files).toHaveLength(3)
    for (const file of files) {
      const isEnv = file.path.endsWith('.env')
      expect(file.text instanceof Secret, file.path).toBe(isEnv)
      expect(textOf(file).includes(marker), file.path).toBe(isEnv)
      expect(file.mode).toBe(isEnv ? 0o600 : file.path.includes('init.d') ? 0o755 : 0o644)
    }
  })
})
