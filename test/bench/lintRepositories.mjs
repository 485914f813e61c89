// Repositories for lint.bench.mjs, written to disk. Sizes are the only thing that varies.
import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

const VAULT = `!vault |
      $ANSIBLE_VAULT;1.1;AES256
      ${'6162636465666768'.repeat(5)}
      ${'3132333435363738'.repeat(5)}`

/** An inventory as k3s-ansible has it, of three servers and else agents. */
export function inventory(hosts) {
  const line = (index) => {
    const address = `10.${index >> 16}.${(index >> 8) & 255}.${index & 255}`
    return `        node${index}:\n          ansible_host: ${address}\n`
  }
  const lines = Array.from({ length: hosts }, (_, index) => line(index))
  return `---
k3s_cluster:
  children:
    server:
      hosts:
${lines.slice(0, 3).join('')}
    agent:
      hosts:
${lines.slice(3).join('')}
  vars:
    ansible_user: ops
    k3s_version: v1.36.5+k3s1
    api_endpoint: 10.0.0.0
    vault_harbour_key: ${VAULT}
    harbour_key: "{{ vault_harbour_key }}"
`
}

const unit = (command) => `[Unit]
Description=Lightweight Kubernetes
After=network-online.target

[Service]
Type=notify
EnvironmentFile=-/etc/systemd/system/%N.env
ExecStart=/usr/local/bin/k3s ${command}
Restart=always

[Install]
WantedBy=multi-user.target
`

const role = (kind) => ({
  [`roles/edge_${kind}/tasks/main.yml`]: `---
- name: Write the environment
  ansible.builtin.copy:
    dest: /etc/systemd/system/${kind}.env
    content: "K3S_TOKEN={{ harbour_key }}\\n"
    owner: root
    group: root
    mode: "0600"
  no_log: true
  diff: false
- name: Write the unit
  ansible.builtin.template:
    src: ${kind}.service.j2
    dest: /etc/systemd/system/${kind}.service
    owner: root
    group: root
    mode: "0644"
- name: Start
  ansible.builtin.systemd_service:
    name: ${kind}
    state: restarted
    daemon_reload: true
    enabled: true
`,
  [`roles/edge_${kind}/templates/${kind}.service.j2`]: unit(
    kind === 'k3s' ? 'server' : 'agent --server https://{{ api_endpoint }}:6443',
  ),
})

/** Playbook and roles that bring the token to servers and agents, without an inventory. */
const cluster = {
  'ansible.cfg': '[defaults]\ninventory = inventory.yml\n',
  'site.yml': `---
- name: Servers
  hosts: server
  become: true
  roles: [edge_k3s]
- name: Agents
  hosts: agent
  become: true
  roles: [edge_k3s-agent]
`,
  ...role('k3s'),
  ...role('k3s-agent'),
}

/** A small cluster with what is needed to bring the token to its nodes. */
export const smallCluster = { ...cluster, 'inventory.yml': inventory(8) }

/** The same with as many hosts as are asked for. */
export const largeCluster = (hosts) => ({ ...cluster, 'inventory.yml': inventory(hosts) })

/** What a company's repository holds beside a cluster: roles, playbooks and inventories of other services. */
export function infrastructure(files) {
  const all = { ...smallCluster }
  for (let index = 0; Object.keys(all).length < files; index += 1)
    for (const [path, text] of Object.entries(service(index)))
      if (Object.keys(all).length < files) all[path] = text
  return all
}

/** Five files; every twentieth service runs on a K3s node and says so. */
function service(index) {
  const name = `service${index}`
  const k3s = index % 20 === 0
  return {
    [`roles/${name}/tasks/main.yml`]: `---
- name: Install
  ansible.builtin.package:
    name: "{{ ${name}_package }}"
    state: present
${[1, 2, 3, 4]
  .map(
    (step) => `- name: Configure part ${step}
  ansible.builtin.template:
    src: ${name}.conf.j2
    dest: /etc/${name}/part${step}.conf
    owner: root
    mode: "0644"
  when: ${name}_parts | default(${step}) >= ${step}
  notify: Restart ${name}
`,
  )
  .join(
    '',
  )}${k3s ? `- name: Look for its pods\n  ansible.builtin.command: k3s kubectl get pods -n ${name}\n  changed_when: false\n` : ''}- name: Start
  ansible.builtin.service:
    name: ${name}
    state: started
`,
    [`roles/${name}/defaults/main.yml`]: `---
${name}_package: ${name}-server
${name}_parts: 4
${name}_listen: 0.0.0.0:${8000 + index}
${name}_api_token: "{{ vault_${name}_api_token }}"
${name}_options:
  log: info
  workers: "{{ ansible_facts['processor_vcpus'] | default(2) }}"
`,
    [`roles/${name}/templates/${name}.conf.j2`]: `# {{ ansible_managed }}
listen = {{ ${name}_listen }}
{% for option, value in ${name}_options.items() %}
{{ option }} = {{ value }}
{% endfor %}
`,
    [`roles/${name}/handlers/main.yml`]: `---
- name: Restart ${name}
  ansible.builtin.service:
    name: ${name}
    state: restarted
`,
    [`playbooks/${name}.yml`]: `---
- name: Bring up ${name}
  hosts: ${k3s ? 'server' : name}
  become: true
  roles:
    - role: ${name}
`,
  }
}

export function write(directory, files) {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(directory, path)), { recursive: true })
    writeFileSync(join(directory, path), text)
  }
  return directory
}
