import type { RuleFinding } from '../lint/finding.ts'
import type { Rule } from '../lint/rule.ts'
import { writtenCommandLines } from './common/commandLines.ts'
import { once } from './common/once.ts'
import { startedCommandLines } from './common/startedCommandLines.ts'

export const tokenInArguments: Rule = {
  id: 'token-in-arguments',
  severity: 'error',
  summary: 'Join token on a command line',
  why: 'The arguments of a process are open to every user of the machine (ps, /proc/PID/cmdline), and those of a service to everybody who may run systemctl show. Shells and CI systems write command lines into histories and logs, too. What stands in environment: of a task is not safe from that: Ansible puts it before the command of a shell on the node, and no_log hides what a task returns, not what it runs.',
  fix: 'keep it in a file of mode 0600 that K3s or its unit reads: token: of config.yaml, --token-file or K3S_TOKEN_FILE, or K3S_TOKEN in what EnvironmentFile= names',
  see: [
    'https://docs.k3s.io/cli/token',
    'https://man7.org/linux/man-pages/man5/proc_pid_cmdline.5.html',
    'https://github.com/ansible/ansible/blob/v2.21.5/lib/ansible/plugins/shell/__init__.py',
  ],
  bad: [
    {
      title: 'in ExecStart= of a unit',
      files: {
        'roles/edge/templates/k3s.service.j2': `
[Service]
ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
                                            ^^^^^^^^^^^^^^^^^ the token behind --token stands in the unit and in the arguments of k3s, which every user of the node can read
`,
      },
    },
    {
      title: 'in a unit whose name does not tell',
      files: {
        'roles/edge/templates/k3s.quay': `
[Service]
ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
                                            ^^^^^^^^^^^^^^^^^ the token behind --token stands in the unit and in the arguments of k3s, which every user of the node can read
`,
      },
    },
    {
      title: 'in a branch of a template that no host gets',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay-1:
    quay-2:
`,
        'site.yml': `
- hosts: harbour[0]
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- ansible.builtin.template:
    src: k3s.service.j2
    dest: /etc/systemd/system/k3s.service
    mode: "0644"
- ansible.builtin.systemd_service:
    name: k3s
    state: started
`,
        'roles/edge/templates/k3s.service.j2': `
[Service]
{% if inventory_hostname == 'quay-1' %}
ExecStart=/usr/local/bin/k3s server --cluster-init
{% else %}
ExecStart=/usr/local/bin/k3s server --server https://quay-1:6443 --token {{ harbour_key }}
                                                                         ^^^^^^^^^^^^^^^^^ the token behind --token would stand in the unit and in the arguments of k3s, which every user of the node can read: no host here gets this line
{% endif %}
`,
      },
    },
    {
      title: 'in a script and a Makefile',
      files: {
        'join.sh': `
#!/bin/sh
k3s agent --server https://quay:6443 \\
  --token "$HARBOUR_KEY"
           ^^^^^^^^^^^^ the token behind --token is an argument, which every user of the machine can read
curl -sfL https://get.k3s.io | sh -s - server -t "$HARBOUR_KEY"
                                                  ^^^^^^^^^^^^ the token behind -t is an argument, which every user of the machine can read
`,
        Makefile: `
deploy:
	ansible-playbook -i inventory.yml site.yml -e k3s_token=$(HARBOUR_KEY)
                                                         ^^^^^^^^^^^^^^ k3s_token is given to Ansible on the command line, which every user of the control node can read
`,
      },
    },
    {
      title: 'among arguments that a script collects first',
      files: {
        'deploy.sh': `
#!/bin/bash
ARGS=(-i inventory.yml)
[ -n "$HARBOUR_KEY" ] && ARGS+=(-e "k3s_token=$HARBOUR_KEY")
                                              ^^^^^^^^^^^^ k3s_token is given to Ansible on the command line, which every user of the control node can read
MORE="--diff --extra-vars k3s_agent_token=$PIER_KEY"
                                          ^^^^^^^^^ k3s_agent_token is given to Ansible on the command line, which every user of the control node can read
OTHER=(
  -e "k3s_token=$HARBOUR_KEY"
)
lighthouse "\${OTHER[@]}"
ansible-playbook site.yml \\
  $MORE "\${ARGS[@]}"
`,
      },
    },
    {
      title: 'in a CI job',
      files: {
        '.gitlab-ci.yml': `
deploy:
  script:
    - ansible-playbook site.yml --extra-vars "k3s_token=$HARBOUR_KEY k3s_version=v1.31.2+k3s1"
                                                        ^^^^^^^^^^^^ k3s_token is given to Ansible on the command line, which every user of the control node can read
`,
      },
    },
    {
      title: 'behind variables of the install script, and before a command of a task',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay-1:
      ansible_host: 192.0.2.11
    quay-2:
      ansible_host: 192.0.2.12
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/vars/main.yml': `
edge_words: "server --token {{ harbour_key }}"
                    ^^^^^^^^^^^^^^^^^^^^^^^^^ the token becomes an argument of k3s, which every user of the node can read
`,
        'roles/edge/tasks/main.yml': `
- name: Found
  ansible.builtin.command: /usr/local/bin/k3s-install.sh
  environment:
    INSTALL_K3S_EXEC: "{{ edge_words }}"
  no_log: true
  when: inventory_hostname == 'quay-1'
- name: Join
  ansible.builtin.shell: K3S_TOKEN={{ harbour_key }} /usr/local/bin/k3s-install.sh agent --server https://192.0.2.11:6443
                                   ^^^^^^^^^^^^^^^^^ the token is part of this command line, which every user of the node can read while it runs
  no_log: true
  when: inventory_hostname != 'quay-1'
`,
      },
    },
    {
      title: 'of a service that may be a server or an agent',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Install
      ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - {{ harbour_args }} --token {{ harbour_key }}
                                                                                       ^^^^^^^^^^^^^^^^^^^^^^^^^ the token becomes an argument of k3s, which every user of the node can read
      no_log: true
`,
      },
    },
    {
      title: 'a task that has the token itself',
      files: {
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Join
      ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://quay:6443 --token 8f3b1c0de94a7726b1f05d83ce61aa90
                                                                                                             ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the token behind --token is an argument, which every user of the machine can read
      no_log: true
`,
      },
    },
    {
      title: 'a line of a unit whose other lines nobody knows',
      files: {
        'inventory.yml': `
harbour:
  hosts:
    quay:
      ansible_host: 192.0.2.11
  vars:
    harbour_key: "{{ lookup('env', 'HARBOUR_KEY') }}"
`,
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Settings
      ansible.builtin.copy:
        content: "token: {{ harbour_key }}"
        dest: /etc/rancher/k3s/config.yaml
        mode: "0600"
      no_log: true
    - name: Units
      ansible.builtin.get_url:
        url: "https://harbour.example/{{ item }}.service"
        dest: "/etc/systemd/system/{{ item }}.service"
        mode: "0600"
      loop: [k3s, k3s-agent, lighthouse]
    - name: What it starts
      ansible.builtin.lineinfile:
        path: /etc/systemd/system/k3s.service
        regexp: ^ExecStart=
        line: ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
                                                  ^^^^^^^^^^^^^^^^^^^^^^^^^ the token becomes an argument of k3s, which every user of the node can read
      no_log: true
    - name: What another starts, where it starts anything
      ansible.builtin.replace:
        path: /etc/systemd/system/k3s-agent.service
        regexp: ^ExecStart=.*
        replace: ExecStart=/usr/local/bin/k3s agent --token {{ harbour_key }}
                                                    ^^^^^^^^^^^^^^^^^^^^^^^^^ the token becomes an argument of k3s-agent, which every user of the node can read
      no_log: true
    - name: A word about it
      ansible.builtin.lineinfile:
        path: /etc/systemd/system/lighthouse.service
        line: "# {{ harbour_key }}"
      no_log: true
    - name: Start
      ansible.builtin.service: { name: k3s, state: started }
`,
      },
    },
    {
      title: 'a task that has the token itself as a variable of the install script',
      files: {
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Found
      ansible.builtin.shell: curl -sfL https://get.k3s.io | K3S_TOKEN=8f3b1c0de94a7726b1f05d83ce61aa90 sh -s - server
                                                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the token is part of this command line, which every user of the node can read while it runs
      no_log: true
    - name: Found another
      ansible.builtin.command:
        cmd: env K3S_TOKEN=8f3b1c0de94a7726b1f05d83ce61aa90 /usr/local/bin/k3s-install.sh server
                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ the token is part of this command line, which every user of the node can read while it runs
      no_log: true
    - name: Copy
      ansible.builtin.copy:
        content: K3S_TOKEN=8f3b1c0de94a7726b1f05d83ce61aa90
        dest: /etc/rancher/k3s/k3s.env
        mode: "0600"
      no_log: true
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh agent
      environment:
        K3S_URL: https://quay:6443
        K3S_TOKEN: 8f3b1c0de94a7726b1f05d83ce61aa90
                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^ Ansible hands this environment to a shell as its arguments: every user of the node can read the token while the task runs, and -vvv shows it, with no_log or without
      no_log: true
`,
      },
    },
    {
      title: 'in environment: of a task',
      files: {
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Found
      ansible.builtin.command: /usr/local/bin/k3s-install.sh server
      environment:
        INSTALL_K3S_VERSION: "{{ harbour_release }}"
        K3S_TOKEN: "{{ harbour_key }}"
                    ^^^^^^^^^^^^^^^^^ Ansible hands this environment to a shell as its arguments: every user of the node can read the token while the task runs, and -vvv shows it, with no_log or without
      no_log: true
`,
      },
    },
    {
      title: 'a word of its own in argv:',
      files: {
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Run
      ansible.builtin.command:
        argv: [/usr/local/bin/k3s, agent, --server, "https://quay:6443", --token, "{{ harbour_key }}"]
                                                                         ^^^^^^^^^^^^^^^^^^^^^^^^^^^ the token becomes an argument of k3s agent, which every user of the node can read
      no_log: true
`,
      },
    },
  ],
  good: [
    {
      title: 'in the environment, in a file, and tokens of other programs',
      files: {
        'roles/edge/templates/k3s.service.j2': `
[Service]
EnvironmentFile=-/etc/systemd/system/%N.service.env
ExecStart=/usr/local/bin/k3s server --token-file /etc/rancher/k3s/cluster-token
# ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
`,
        'join.sh': `
#!/bin/sh
K3S_TOKEN="$HARBOUR_KEY" k3s agent --server https://quay:6443
cloudflared tunnel run --token "$TUNNEL_TOKEN"
kubectl --token "$API_TOKEN" get nodes
k3s kubectl --token "$API_TOKEN" get nodes
ansible-playbook site.yml -e @vault.yml -e k3s_version=v1.31.2+k3s1
`,
      },
    },
    {
      title: 'in a unit that no task of its role writes',
      files: {
        'site.yml': `
- hosts: harbour
  become: true
  roles:
    - edge
`,
        'roles/edge/tasks/main.yml': `
- name: Write the settings
  ansible.builtin.template:
    src: config.yaml.j2
    dest: /etc/rancher/k3s/config.yaml
    mode: "0600"
  no_log: true
`,
        'roles/edge/templates/config.yaml.j2': `
token: "{{ harbour_key }}"
`,
        'roles/edge/templates/k3s.service.j2': `
[Service]
ExecStart=/usr/local/bin/k3s server --token {{ harbour_key }}
`,
      },
    },
    {
      title: 'in a file that is there before the install script runs',
      files: {
        'site.yml': `
- hosts: harbour
  become: true
  tasks:
    - name: Directory
      ansible.builtin.file:
        path: /etc/rancher/k3s
        state: directory
        mode: "0755"
    - name: Token
      ansible.builtin.copy:
        content: "{{ harbour_key }}"
        dest: /etc/rancher/k3s/harbour
        mode: "0600"
      no_log: true
    - name: Join
      ansible.builtin.command: /usr/local/bin/k3s-install.sh
      environment:
        K3S_URL: https://quay:6443
        K3S_TOKEN_FILE: /etc/rancher/k3s/harbour
`,
      },
    },
  ],
  check(analysis) {
    const written = [...writtenCommandLines(analysis)]
    return [...written, ...once(startedCommandLines(analysis)).filter((finding) => !isTold(finding, written))]
  },
}

/** Whether the text of a file has told it already: at this place, or in a unit or template on the way. */
function isTold({ at, hops = [] }: RuleFinding, written: readonly RuleFinding[]): boolean {
  const templates = new Set(hops.flatMap(({ what }) => /^renders (.+) to \S+$/.exec(what)?.[1] ?? []))
  return written.some(
    (known) =>
      templates.has(known.at.path) ||
      (known.at.path === at.path && known.at.start < at.end && at.start < known.at.end),
  )
}
