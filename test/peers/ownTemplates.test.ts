import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { hostScopes } from '../../src/ansible/hostScope.ts'
import { readInventory } from '../../src/ansible/inventory/index.ts'
import { renderTemplate } from '../../src/ansible/template/index.ts'
import type { AnsibleValue } from '../../src/ansible/value.ts'
import { Secret } from '../../src/secret.ts'
import { decryptVault, encryptVault } from '../../src/syntax/vault.ts'
import { ansibleEnvironment, ansibles, run } from '../tools/peers.ts'

const templatesDir = join(import.meta.dirname, '../../templates')
const templates = readdirSync(templatesDir).filter((name) => name.endsWith('.j2'))

const password = new Secret('harbour-password')

/** The host's variables; `vaulted` ones are written as `!vault`. Every host is one set of variables. */
const hosts: Readonly<
  Record<string, { vars?: Record<string, AnsibleValue>; vaulted?: Record<string, string> }>
> = {
  larch: {},
  elm: { vars: { api_port: 7443, extra_server_args: '--disable traefik --tls-san pier.example' } },
  oak: { vaulted: { token: 'Kx9"`$HOME\\!{}#;|&<>()[]*?~^%=,:@+-_./ä€😀' } },
  ash: { vaulted: { vault_pier: "it's 'quoted' twice" }, vars: { token: '{{ vault_pier }}' } },
  alder: { vars: { api_endpoint: 'fd00::10', extra_agent_args: "--node-taint 'a=b:NoSchedule'" } },
  birch: { vars: { api_endpoint: '[fd00::10]', api_port: '6444' } },
  cedar: { vars: { token: 'K10aa::server:b{# c #}', airgap_dir: '{{ inventory_dir }}/airgap' } },
  hazel: { vars: { token: '-n', k3seal_agent_token: "a'b", systemd_dir: '/usr/local/lib/systemd' } },
  maple: { vars: { token: 12345, k3seal_agent_token: '' } },
  rowan: {
    vars: {
      token: '{{ ["a", "b"] | join("%") }}',
      extra_server_args: '{{ "--x" if k3seal_agent_token is defined }}',
    },
  },
  willow: {
    vars: { token: "{{ hostvars['larch'].token ~ '!' }}", server_group: 'lone', extra_agent_args: null },
  },
  yew: { vaulted: { token: '{{ not_a_template }}{% x', k3seal_agent_token: '{{' } },
}

const yaml = (): string => {
  const lines = ['all:', '  hosts:']
  for (const [name, { vars = {}, vaulted = {} }] of Object.entries(hosts)) {
    lines.push(`    ${name}:`)
    for (const [key, value] of Object.entries(vars)) lines.push(`      ${key}: ${JSON.stringify(value)}`)
    for (const [key, value] of Object.entries(vaulted))
      lines.push(
        `      ${key}: !vault |`,
        ...encryptVault(new Secret(value), password)
          .split('\n')
          .map((line) => `        ${line}`),
      )
  }
  lines.push('  children:')
  const groups = {
    server: ['larch', 'elm', 'oak', 'ash'],
    agent: ['alder', 'birch', 'cedar'],
    lone: ['willow'],
  }
  for (const [group, members] of Object.entries(groups))
    lines.push(`    ${group}:`, '      hosts:', ...members.map((host) => `        ${host}:`))
  lines.push(
    '  vars:',
    '    token: Wq8vRt2LmZp0Xy7c',
    '    api_endpoint: 10.0.0.1',
    "    k3seal_service: \"{{ 'k3s-agent' if 'agent' in group_names else 'k3s' }}\"",
    '    ansible_connection: local',
  )
  return `${lines.join('\n')}\n`
}

const playbook = JSON.stringify([
  {
    hosts: 'all',
    gather_facts: false,
    tasks: templates.map((name) => ({
      'ansible.builtin.template': {
        src: join(templatesDir, name),
        dest: `{{ playbook_dir }}/out/{{ inventory_hostname }}-${basename(name)}`,
        mode: '0600',
      },
      ignore_errors: true,
    })),
  },
])

describe.each(ansibles)('the templates that k3seal ships, by the %s', (_, bin) => {
  let dir = ''
  let source = ''

  beforeAll(() => {
    dir = mkdtempSync(join(tmpdir(), 'k3seal-own-'))
    mkdirSync(join(dir, 'out'))
    source = `${yaml()}    ansible_python_interpreter: ${join(bin, 'python')}\n`
    writeFileSync(join(dir, 'inventory.yml'), source)
    writeFileSync(join(dir, 'play.yml'), playbook)
    writeFileSync(join(dir, 'pass'), password.reveal())
    chmodSync(join(dir, 'pass'), 0o600)
    run(
      join(bin, 'ansible-playbook'),
      ['-i', 'inventory.yml', '--vault-password-file', 'pass', '-f', '4', 'play.yml'],
      {
        cwd: dir,
        env: ansibleEnvironment(dir),
      },
    )
  })
  afterAll(() => rmSync(dir, { recursive: true, force: true }))

  test.each(Object.keys(hosts))('come out for %s as k3seal renders them', (host) => {
    const project = new Map([['inventory.yml', source]])
    const inventory = readInventory(project, ['inventory.yml'])
    expect(inventory.faults).toEqual([])
    const scope = hostScopes(inventory, {
      project,
      decrypt: (envelope) => decryptVault(envelope, password),
      vaultedFiles: new Set(),
      absolute: (path) => join(dir, path),
      playHosts: Object.keys(hosts),
      defaults: new Map(),
    }).scopeOf(host)
    for (const name of templates) {
      const { text } = renderTemplate(name, readFileSync(join(templatesDir, name), 'utf8'), scope)
      const ours = text instanceof Secret ? text.reveal() : text
      expect(ours, name).toBe(readFileSync(join(dir, 'out', `${host}-${name}`), 'utf8'))
    }
  })
})
