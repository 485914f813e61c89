import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { peers, type Run, run } from '../tools/peers.ts'
import type { ControlNode } from './playbooks.ts'

const templates = join(import.meta.dirname, '../../templates')

export interface Cluster {
  /** Names to addresses. */
  readonly servers: Readonly<Record<string, string>>
  readonly agents: Readonly<Record<string, string>>
  readonly token: string
  readonly agentToken?: string
  readonly airgapDir?: string
  /** More variables of the cluster, as lines of YAML. */
  readonly vars?: string
}

/**
 * A project that `k3seal init` writes, in a new directory; `args` beside the directory and the vault password.
 * Returns what the command said.
 */
export function initProject(dir: string, control: ControlNode, args: readonly string[]): Run {
  const root = join(import.meta.dirname, '../..')
  const built = run(process.execPath, [join(root, 'scripts/build.mjs')], { cwd: root })
  if (built.status !== 0) throw new Error(built.all)
  return run(
    process.execPath,
    [
      join(root, 'dist/k3seal.js'),
      ...['init', dir, '--vault-password-file', control.vaultPasswordFile, '--user', 'ops', '--yes', ...args],
    ],
    { env: { PATH: process.env.PATH ?? '', HOME: control.home } },
  )
}

/** The plaintext of an inline `!vault` value of a project's inventory, as `ansible-vault` decrypts it. */
export function vaultedValue(dir: string, control: ControlNode, variable: string): string {
  const inventory = readFileSync(join(dir, 'inventory.yml'), 'utf8')
  const found = new RegExp(`^ *${variable}: !vault \\|\n((?: +[$0-9a-f].*\n)+)`, 'm').exec(inventory)
  if (found === null) throw new Error(`no vaulted ${variable} in ${dir}/inventory.yml`)
  const made = run(
    join(peers.ansibleNewest, 'ansible-vault'),
    ['decrypt', '--vault-password-file', control.vaultPasswordFile, '--output', '-', '-'],
    {
      input: (found[1] ?? '').replace(/^ +/gm, ''),
      env: { PATH: process.env.PATH ?? '', HOME: control.home, LC_ALL: 'C.UTF-8' },
    },
  )
  if (made.status !== 0) throw new Error(made.stderr)
  return made.stdout
}

/** A project as `k3seal init` writes it, for tokens that `init` would not make. */
export function writeProject(dir: string, control: ControlNode, cluster: Cluster): void {
  mkdirSync(join(dir, 'k3seal/templates'), { recursive: true })
  for (const name of readdirSync(templates))
    copyFileSync(join(templates, name), join(dir, 'k3seal', name.endsWith('.j2') ? 'templates' : '', name))

  const hosts = (nodes: Readonly<Record<string, string>>) =>
    Object.entries(nodes)
      .map(([name, address]) => `        ${name}:\n          ansible_host: ${address}\n`)
      .join('')
  const vaulted = (name: string, value: string) =>
    `    ${name}: !vault |\n${vaultText(control, value).replace(/^(?=.)/gm, '      ')}`
  const agentToken = cluster.agentToken
  writeFileSync(
    join(dir, 'inventory.yml'),
    `k3s_cluster:
  children:
    server:
      hosts:
${hosts(cluster.servers)}${agentToken === undefined ? '' : '      vars:\n        k3seal_agent_token: "{{ vault_k3s_agent_token }}"\n'}    agent:
      hosts:
${hosts(cluster.agents)}${agentToken === undefined ? '' : '      vars:\n        token: "{{ vault_k3s_agent_token }}"\n'}  vars:
    ansible_user: ops
    ansible_port: 2222
    k3s_version: v1.36.5+k3s1
    api_endpoint: "{{ hostvars[groups['server'][0]]['ansible_host'] | default(groups['server'][0]) }}"
    k3s_server_config_mode: "0600"
    ansible_no_target_syslog: true
${vaulted('vault_k3s_token', cluster.token)}    token: "{{ vault_k3s_token }}"
${agentToken === undefined ? '' : vaulted('vault_k3s_agent_token', agentToken)}${cluster.airgapDir === undefined ? '' : `    airgap_dir: "${cluster.airgapDir}"\n`}${cluster.vars ?? ''}`,
  )
  writeFileSync(
    join(dir, 'site.yml'),
    `---
- name: Deliver the join token
  ansible.builtin.import_playbook: k3seal/deliver.yml

- name: Install K3s
  ansible.builtin.import_playbook: k3s.orchestration.site

- name: Close the files that hold the token
  ansible.builtin.import_playbook: k3seal/protect.yml
`,
  )
  writeFileSync(
    join(dir, 'reset.yml'),
    `---
- name: Remove K3s
  ansible.builtin.import_playbook: k3s.orchestration.reset

- name: Take the join token away
  ansible.builtin.import_playbook: k3seal/cleanup.yml
`,
  )
}

/** What `ansible-vault encrypt` makes of a value; ends with a line break. */
function vaultText(control: ControlNode, value: string): string {
  const made = run(
    join(peers.ansibleNewest, 'ansible-vault'),
    ['encrypt', '--vault-password-file', control.vaultPasswordFile, '--output', '-', '-'],
    { input: value, env: { PATH: process.env.PATH ?? '', HOME: control.home, LC_ALL: 'C.UTF-8' } },
  )
  if (made.status !== 0) throw new Error(made.stderr)
  return made.stdout.replace(/\n?$/, '\n')
}
