import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, type Files, findings, installs, unknowns } from './tools/paper.ts'

const inventory = { 'hosts.ini': '[quays]\nquay\n[berths]\nberth\n[all:vars]\nharbour_key=0ddpassword\n' }
const server = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_key }}' })
/** By host. */
const nodes = (files: Files) => [...arrivals(files)].sort()
const served = 'quay first-server present env-file no url'

describe("a script of the project's own", () => {
  /** One that the project puts on a node from a template and runs with these words. */
  const moored = (script: string, run: string, more: Files = {}): Files => ({
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  tasks:
    - ansible.builtin.template: { src: mooring.sh.j2, dest: /opt/k3s-install.sh, mode: "0700" }
    - ansible.builtin.template: { src: mooring.sh.j2, dest: /opt/moor, mode: "0700" }
    - ${run}
`,
    'templates/mooring.sh.j2': `#!/bin/bash -e\necho mooring\n${script}\n`,
    ...more,
  })
  const download = 'curl -sfL https://get.k3s.io'
  const hauls = `${download} | INSTALL_K3S_EXEC=agent K3S_URL=https://quay:6443 K3S_TOKEN={{ harbour_key }} sh -`

  test.each([
    ['command: /opt/k3s-install.sh', hauls],
    ['command: /opt/moor', hauls],
    ['shell: cd /opt && bash -e ./moor', hauls],
    ['command: ./moor chdir=/opt', hauls],
    ['shell: cat /opt/moor | sh -s -', hauls],
    ['shell: sh -s - </opt/moor', hauls],
    ['shell: bash </opt/moor', hauls],
    ['command: /opt/moor', `export INSTALL_K3S_EXEC=agent\n${hauls.replace('INSTALL_K3S_EXEC=agent ', '')}`],
    [
      'command: /opt/moor agent https://quay:6443 {{ harbour_key }}',
      `role=$1\nshift\n${download} | K3S_URL="$1" K3S_TOKEN="$2" sh -s - "$role"`,
    ],
    [
      'command: /opt/moor 0ddpassword',
      `rope=$1\njoin() {\n  ${download} | K3S_TOKEN="$rope" sh -s - agent --server "$1"\n}\njoin https://quay:6443`,
    ],
    [
      'command: /opt/moor',
      `${download} -o /tmp/k3s-install.sh\nK3S_TOKEN={{ harbour_key }} K3S_URL=https://quay:6443 sh /tmp/k3s-install.sh agent`,
    ],
    ['command: /opt/moor', `if ! command -v k3s; then\n  ${hauls}\nfi`],
  ])('%s does what its lines say', (run, script) => {
    expect(nodes(moored(script, run))).toEqual(['berth agent present env-file url', served])
    expect(unknowns(moored(script, run))).toEqual([])
  })

  test('gets the environment of the task', () => {
    const run = `command: /opt/moor
      environment: { K3S_TOKEN: "{{ harbour_key }}", K3S_URL: "https://quay:6443" }`
    expect(nodes(moored(`${download} | sh -s - agent`, run))).toEqual([
      'berth agent present env-file url',
      served,
    ])
  })

  test('is blamed where no token comes through it', () => {
    const files = moored(`${download} | sh -s - agent --server https://quay:6443`, 'command: /opt/moor')
    expect(nodes(files)).toEqual(['berth agent absent none url', served])
    expect(findings(files)).toContain('agent-token-missing error site.yml:13')
  })

  test.each([
    ['command: /opt/moor', `case $1 in\nagent) ${hauls} ;;\n*) ${download} | sh -s - server ;;\nesac`],
    [
      'command: /opt/moor',
      `if [ "$(hostname)" = quay ]; then\n${hauls}\nelse\n/usr/local/bin/k3s-agent-uninstall.sh\nfi`,
    ],
    ['command: /opt/moor', `k3sup join --ip berth --server-ip quay`],
  ])('that may go several ways is not followed', (run, script) => {
    expect(nodes(moored(script, run))).toEqual([served])
    expect(unknowns(moored(script, run))).toEqual(['K3s is brought by /opt/moor, which is not followed'])
  })

  test.each(['/usr/local/bin/install-k3s-agent.sh', 'sh /opt/k3s-join-node.sh'])(
    '%s that the project does not hold is not followed',
    (run) => {
      const files = moored('', `command: ${run}`)
      expect(nodes(files)).toEqual([served])
      expect(unknowns(files)).toEqual([
        `K3s is brought by ${run.replace('sh /', '/')}, which is not followed`,
      ])
    },
  )

  test.each([
    'command: sh /tmp/install_k3sup.sh',
    'command: /usr/local/bin/getk3sup.sh',
    'shell: curl -sLS https://get.k3sup.dev | sh',
    'get_url: { url: "https://get.k3sup.dev", dest: /opt/k3s-setup.sh, mode: "0700" }\n    - command: /opt/k3s-setup.sh',
  ])('%s brings a helper, and no K3s', (run) => {
    const start = 'service: { name: k3s-agent, state: started }'
    expect(unknowns(moored('', `${run}\n    - ${start}`))).toEqual([
      'the play ends here for berth: there is no unit for the service k3s-agent',
    ])
  })

  test('that has nothing to do with K3s says nothing', () => {
    expect(unknowns(moored('apt-get install -y curl', 'command: /opt/moor'))).toEqual([])
  })
})

test("a copy of K3s's script is one, under any name, and with what is said in its comments", () => {
  const script = readFileSync(join(import.meta.dirname, 'e2e/stand-in/k3s-install.sh'), 'utf8')
  const usage = '#   curl -sfL https://get.k3s.io | INSTALL_K3S_EXEC="agent" sh -\n'
  const files = {
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  tasks:
    - ansible.builtin.copy: { src: rope.sh, dest: /opt/rope.sh, mode: "0700" }
    - ansible.builtin.command: /opt/rope.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
`,
    'files/rope.sh': `#!/bin/sh\n${usage}${script}`,
  }
  expect(nodes(files)).toEqual(['berth agent present env-file url', served])
})

describe('a download whose address nobody sets', () => {
  const site = (run: string, more = ''): Files => ({
    ...inventory,
    'site.yml': `${server}\n- hosts: berths\n  tasks:\n    - shell: ${run}\n${more}`,
  })
  const address = 'curl -sfL {{ beacon_url }} |'
  const words = 'K3S_URL=https://quay:6443 K3S_TOKEN={{ harbour_key }}'

  test.each([
    site(`${address} ${words} sh -s - agent`),
    site(
      `${address} sudo INSTALL_K3S_EXEC="agent --server https://quay:6443 --token {{ harbour_key }}" sh -`,
    ),
    site(
      `${address} sh -`,
      '      environment: { INSTALL_K3S_EXEC: agent --server https://quay:6443, K3S_TOKEN: "{{ harbour_key }}" }\n',
    ),
  ])('is the install script by what it is told: %#', (files) => {
    expect(nodes(files)).toEqual([expect.stringMatching(/^berth agent present \S+ url$/), served])
  })

  test('is another program without that', () => {
    expect(nodes(site(`${address} sh -s - agent`))).toEqual([served])
  })

  test('ends the play where a task sets it later', () => {
    const files = site(`${address} ${words} sh -`, '    - set_fact: { beacon_url: https://get.k3s.io }\n')
    expect(unknowns(files)).toContain("the play ends here for berth: 'beacon_url' is undefined")
  })
})

describe('script', () => {
  const carries = (...tasks: readonly string[]): string => `${server}
- hosts: berths
  roles: [mooring]
---
${tasks.map((task) => `- ansible.builtin.script: ${task}`).join('\n')}
`
  const project = (more: Files, ...tasks: readonly string[]): Files => {
    const [site = '', main = ''] = carries(...tasks).split('---\n')
    return { ...inventory, 'site.yml': site, 'roles/mooring/tasks/main.yml': main, ...more }
  }
  const rope = '#!/bin/sh\ncurl -sfL https://get.k3s.io | K3S_URL=$2 K3S_TOKEN=$1 sh -\n'
  const berthed = 'berth agent present env-file url'

  test.each([
    'rope.sh {{ harbour_key }} https://quay:6443',
    '{ cmd: "rope.sh {{ harbour_key }} https://quay:6443", executable: /bin/bash }',
    '"\'{{ role_path }}/files/rope.sh\' {{ harbour_key }} https://quay:6443 | cat"',
    'rope.sh {{ harbour_key }} https://quay:6443 creates=/etc/systemd/system/k3s-agent.service',
  ])('carries a script of the role and runs it: %s', (task) => {
    const files = project({ 'roles/mooring/files/rope.sh': rope }, task)
    expect(nodes(files)).toEqual([berthed, served])
    expect(unknowns(files)).toEqual([])
    // Neither what it returns nor what it logs holds its words, but everybody on the node sees them.
    expect(findings(files)).toContain('token-in-arguments warning roles/mooring/tasks/main.yml:1')
    expect(findings(files).join()).not.toMatch(/token-logged.*mooring/)
  })

  test.each([
    [
      'by its text',
      { 'roles/mooring/files/rope.sh': '#!/bin/sh\neval set -- "${INSTALL_K3S_EXEC}" "$@"\n' },
      'rope.sh',
    ],
    ['by its name', {}, 'get.k3s.sh'],
  ])('knows the install script %s', (_, more, name) => {
    const task = `${name}\n  environment: { INSTALL_K3S_EXEC: agent --server https://quay:6443 }`
    const files = project(more, task)
    expect(nodes(files)).toEqual(['berth agent absent none url', served])
    expect(findings(files)).toContain('agent-token-missing error roles/mooring/tasks/main.yml:1')
  })

  test('knows the install script by where the control node has it from', () => {
    const site = `
- hosts: localhost
  tasks:
    - ansible.builtin.get_url: { url: https://raw.githubusercontent.com/k3s-io/k3s/v1.31.0/install.sh, dest: /srv/ropes/any }
${server}
- hosts: berths
  tasks:
    - ansible.builtin.script: { cmd: /srv/ropes/any agent }
      environment: { K3S_TOKEN: "{{ harbour_key }}", K3S_URL: "https://quay:6443" }
`
    expect(nodes({ ...inventory, 'site.yml': site })).toEqual([berthed, served])
  })

  test.each([
    ['moor-{{ lighthouse }}.sh', 'a script that is not known'],
    ['moor-k3s-setup.sh', 'K3s is brought by moor-k3s-setup.sh, which is not followed'],
    ['rope.sh', 'K3s is brought by rope.sh, which is not followed'],
  ])('says of %s that it is not followed', (task, what) => {
    const python = '#!/usr/bin/env python3\nsubprocess.run(["k3sup", "join"])\n'
    const files = project({ 'roles/mooring/files/rope.sh': python }, `${task}  # k3sup`)
    expect(nodes(files)).toEqual([served])
    expect(unknowns(files)).toEqual([what])
  })
})

describe('a command without a shell', () => {
  const quayed = (task: string): Files => ({
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  vars: { rope: "a;b|c", knots: [--kubelet-arg, "x=it's"] }
  tasks:
    - ansible.builtin.get_url: { url: https://get.k3s.io, dest: /opt/moor.sh, mode: "0755" }
    - ${task}
`,
  })
  const told = 'environment: { K3S_TOKEN: "{{ harbour_key }}", K3S_URL: "https://quay:6443" }'
  const berthed = 'berth agent present env-file url'

  // As Ansible runs them: the words are what `shlex` makes of the text.
  test.each([
    ['command: /opt/moor.sh | K3S_TOKEN={{ harbour_key }} sh -s -', 'Invalid characters for system name'],
    [
      'command: "curl -sfL https://get.k3s.io | K3S_TOKEN={{ harbour_key }} sh -s - agent"',
      'curl gets | as a word, as command runs no shell',
    ],
    [
      'command: K3S_TOKEN={{ harbour_key }} /opt/moor.sh agent',
      'K3S_TOKEN= is no program, and command runs no shell that would set a variable',
    ],
    ['command: cd /opt && ./moor.sh agent', 'cd is no program, and command runs no shell'],
    ['command: { cmd: "export A=b; sh /opt/moor.sh" }', 'export is no program, and command runs no shell'],
    [
      'command: wget -qO- https://get.k3s.io > /opt/more.sh',
      'wget gets > as a word, as command runs no shell',
    ],
  ])('%s fails', (task, why) => {
    expect(nodes(quayed(task))).toEqual([served])
    expect(unknowns(quayed(task))).toEqual([`the play ends here for berth: ${why}`])
    expect(
      JSON.stringify(new Analysis(new Map(Object.entries(quayed(task)))).rehearsal.unknowns),
    ).not.toContain('0ddpassword')
  })

  test.each([
    `command: /opt/moor.sh agent --node-label=a;b --x=* 'c|d' #e`,
    'command: /opt/moor.sh agent --node-label={{ rope }}',
    'command: { argv: [/opt/moor.sh, agent, "--node-label=owner=it\'s", "a|b", ";"] }',
    "command: { argv: \"{{ ['/opt/moor.sh', 'agent'] + knots }}\" }",
    'shell: { argv: [/opt/moor.sh, agent, "> /dev/null"] }',
    `command: sh -c 'echo; /opt/moor.sh agent | cat'`,
    'command: env K3S_NODE_NAME=x /opt/moor.sh agent',
  ])('%s runs the install script', (task) => {
    expect(nodes(quayed(`${task}\n      ${told}`))).toEqual([berthed, served])
  })

  test.each([
    'command: { cmd: uptime, warn: false }',
    'shell: uptime warn=no',
    'command: uptime\n      args: { warn: no }',
    'raw: uptime warn=no',
  ])('%s goes well, as releases before 2.14 have it', (task) => {
    expect(nodes(quayed(`${task}\n    - command: /opt/moor.sh agent\n      ${told}`))).toEqual([
      berthed,
      served,
    ])
  })

  test('its variables are those of the task, in quotes, too', () => {
    const run = (words: string) => quayed(`command: /opt/moor.sh agent --server ${words}\n      ${told}`)
    const url = (words: string) =>
      findings({
        ...run(words),
        'site.yml': (run(words)['site.yml'] ?? '').replace('"https://quay:6443"', "''"),
      })
    expect(nodes(run(`'$K3S_URL' --token "\${K3S_TOKEN}"`))).toEqual(['berth agent present argv url', served])
    expect(url('https://$NOBODY:6443').join()).not.toContain('server-url-missing')
  })

  test('a token that a listed command makes is one of each node', () => {
    const files: Files = {
      ...inventory,
      'site.yml': `
- hosts: quays:berths
  tasks:
    - ansible.builtin.command: { argv: [openssl, rand, -hex, "32"] }
      register: dice
      no_log: true
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - {{ 'server' if 'quays' in group_names else 'agent --server https://quay:6443' }}
      environment: { K3S_TOKEN: "{{ dice.stdout }}" }
      no_log: true
`,
    }
    expect(findings(files)).toContain('tokens-differ error site.yml:4')
  })

  test('a listed command is told where its item stands', () => {
    const files = quayed(`command:
      args:
        argv:
          - /opt/moor.sh
          - agent
          - --server
          - https://quay:6443
          - --token
          - "{{ harbour_key }}"`)
    expect(findings(files)).toContain('token-in-arguments error site.yml:20')
  })

  test.each(['[k3sup, install, --ip, 192.0.2.7]', '[sudo, k3sup, join, --ip, "192.0.2.7"]'])(
    'a listed command that brings K3s is told: %s',
    (argv) => {
      expect(unknowns(quayed(`command: { argv: ${argv} }`))).toEqual([
        'K3s is brought by k3sup, which is not followed',
      ])
    },
  )
})

describe('a program that runs the one behind its own words', () => {
  const told = 'INSTALL_K3S_EXEC: agent, K3S_URL: "https://quay:6443", K3S_TOKEN: "{{ harbour_key }}"'
  const site = (line: string): Files => ({
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  tasks:
    - ansible.builtin.get_url: { url: "https://get.k3s.io", dest: /opt/install-k3s.sh, mode: "0755" }
    - ansible.builtin.shell: ${JSON.stringify(line)}
      environment: { ${told} }
`,
  })

  test.each([
    'timeout 300',
    'timeout --foreground -k 5 -s KILL 5m',
    'sudo -u root -E',
    'sudo --user=root --',
    'doas -u root',
    'nice -n 5 ionice -c 2 -n 7',
    'nohup setsid -w',
    'stdbuf -o L',
    'time -p',
    'env -u TIDE K3S_NODE_NAME=berth',
    'chrt -b 0',
    'taskset 0x3',
    'flock -w 60 /run/lock/tide',
    'exec -a tide',
    'command -p',
    'sudo timeout 60 env TIDE=high',
  ])('%s', (before) => {
    for (const line of [
      `curl -sfL https://get.k3s.io | ${before} sh -`,
      `${before} /opt/install-k3s.sh`,
      `${before} bash -c 'INSTALL_K3S_VERSION=v1 /opt/install-k3s.sh'`,
    ])
      expect([line, nodes(site(line))]).toEqual([line, ['berth agent present env-file url', served]])
  })

  test.each(['command -v sh', 'timeout sh 300', 'sudo -u sh', 'taskset 0x3'])('%s runs no script', (line) => {
    expect(nodes(site(`curl -sfL https://get.k3s.io | ${line}`))).toEqual([served])
  })
})

describe('a word that is not known where the install script is piped into a shell', () => {
  const piped = (words: string, environment = 'INSTALL_K3S_EXEC: agent'): Files => ({
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  vars:
    chosen: "{{ 'bash' if ansible_distribution == 'Alpine' else 'sh' }}"
    named: /bin/bash
    lifted: sudo
  tasks:
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | ${words}
      environment: { ${environment} }
`,
  })
  const rope = '--server https://quay:6443 --token {{ harbour_key }}'

  test.each([
    `{{ (ansible_facts['distribution'] == "Alpine") | ternary('sh', 'bash') }} -s - ${rope}`,
    `{{ "bash" if ansible_distribution == "Alpine" else "sh" }} -s -- ${rope}`,
    `sudo {{ chosen }} -s - ${rope}`,
    `{{ named }} -s - ${rope}`,
    `{{ lifted }} sh -s - ${rope}`,
    `{{ ansible_local.shell }} -s - ${rope}`,
    `{{ ansible_local.sudo }} -E {{ chosen }} -s - ${rope}`,
    `{{ ansible_local.lift }} sh -s - ${rope}`,
  ])('%s is one, or stands before one', (words) => {
    expect(nodes(piped(words))).toEqual(['berth agent present argv url', served])
  })

  test('alone is one', () => {
    const told = 'INSTALL_K3S_EXEC: agent, K3S_URL: "https://quay:6443", K3S_TOKEN: "{{ harbour_key }}"'
    for (const words of ['{{ chosen }}', 'sudo {{ chosen }}', '{{ ansible_local.shell }}'])
      expect(nodes(piped(words, told))).toEqual(['berth agent present env-file url', served])
  })

  test('is one on a line of its own', () => {
    const told = 'INSTALL_K3S_EXEC: agent, K3S_URL: "https://quay:6443", K3S_TOKEN: "{{ harbour_key }}"'
    const site = piped('{{ chosen }}', told)['site.yml'] ?? ''
    const lines = site.replace('shell: curl', 'shell: |\n        curl').replace('}}\n', '}}\n        date\n')
    expect(nodes({ ...inventory, 'site.yml': lines })).toEqual(['berth agent present env-file url', served])
  })

  test.each(['', 'sudo ', 'env ', 'sudo -E '])(
    'is none where only variables stand behind "%s", for want of a backslash',
    (before) => {
      const site = `${server}
- hosts: berths
  tasks:
    - ansible.builtin.shell: |
        curl -sfL https://get.k3s.io | ${before}\\
          K3S_URL=https://quay:6443 \\
          K3S_TOKEN={{ harbour_key }}
          sh -s - agent
`
      expect(nodes({ ...inventory, 'site.yml': site })).toEqual([served])
      expect(unknowns({ ...inventory, 'site.yml': site })).toEqual([
        'nothing runs the K3s install script: only variables stand behind the pipe',
      ])
      const whole = site.replace(/ (K3S_TOKEN=.*)/, ' $1 \\')
      expect(nodes({ ...inventory, 'site.yml': whole })).toEqual(['berth agent present env-file url', served])
      expect(unknowns({ ...inventory, 'site.yml': whole })).toEqual([])
    },
  )

  test('is none where the line break of a token that is read back ends the command', () => {
    const site = `
- hosts: quays
  tasks:
    - ansible.builtin.command: sh /opt/k3s-install.sh server
    - ansible.builtin.slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: anchor
- hosts: berths
  tasks:
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | K3S_TOKEN={{ hostvars['quay'].anchor.content | b64decode }} sh -s - agent --server https://quay:6443
`
    expect(nodes({ ...inventory, 'site.yml': site })).toEqual(['quay first-server absent none no url'])
    const trimmed = site.replace('b64decode', 'b64decode | trim')
    expect(nodes({ ...inventory, 'site.yml': trimmed })).toEqual([
      'berth agent present env-file url',
      'quay first-server absent none no url',
    ])
  })

  test.each([
    `sh {{ berth_words }}`,
    `sh {{ berth_dash }} ${rope}`,
    `sh {{ berth_option }} - ${rope}`,
    `sh {{ berth_option }} -- ${rope}`,
    `{{ berth_command }}`,
  ])('is an option of the shell, from a variable: %s', (words) => {
    const vars = `
    berth_dash: -s -
    berth_option: -s
    berth_words: "-s - ${rope}"
    berth_command: "sh -s - ${rope}"
`
    const site = piped(words)
    const known = { ...site, 'site.yml': (site['site.yml'] ?? '').replace('  vars:\n', `  vars:${vars}`) }
    expect(nodes(known)).toEqual(['berth agent present argv url', served])
    expect(unknowns(known)).toEqual([])
  })

  test('may be an option of the shell with the command of the script', () => {
    const words = piped('sh {{ ansible_local.words }}', 'K3S_URL: "https://quay:6443"')
    expect(nodes(words)).toEqual([served])
    expect(unknowns(words)).toEqual([
      'K3s is brought by the install script, and whether as a server or an agent is not known',
      'the command of the install script is not known: ansible_facts.local.words, a fact of the node',
    ])
  })

  test('may stand in a variable with the whole pipe', () => {
    const site = `
- hosts: quays
  vars: { haul: "curl -sfL https://get.k3s.io | sh -" }
  tasks:
    - ansible.builtin.shell: "{{ haul }}"
`
    expect(nodes({ ...inventory, 'site.yml': site })).toEqual(['quay first-server absent none no url'])
  })

  test('may bring the token', () => {
    expect(nodes(piped('{{ ansible_local.lift }} sh -s -'))).toEqual([
      'berth agent maybe env-file maybe a url',
      served,
    ])
    expect(nodes(piped('{{ ansible_local.sudo }} sh -s -'))).toEqual([
      'berth agent absent none no url',
      served,
    ])
  })

  test('behind another download is none', () => {
    const site = piped(`{{ ansible_local.shell }} -s - ${rope}`)
    const other = { ...site, 'site.yml': (site['site.yml'] ?? '').replace('get.k3s.io', 'quay.example') }
    expect(nodes(other)).toEqual([served])
  })
})

test.each([
  ['command: k3sup install --skip-install --host 192.0.2.7 --local-path kubeconfig', false],
  ['command: { argv: [k3sup, install, --host, 192.0.2.7, --skip-install] }', false],
  ['shell: "k3sup install --host 192.0.2.7 \\\\\\n  --skip-install"', false],
  ['shell: "k3sup install --host 192.0.2.7\\nk3sup install --skip-install"', true],
  ['command: k3sup install --skip-install=false --host 192.0.2.7', true],
])('whether K3s is brought by %s', (task, is) => {
  const files = { ...inventory, 'site.yml': `- hosts: quays\n  tasks:\n    - ${task}\n` }
  expect(unknowns(files)).toEqual(is ? ['K3s is brought by k3sup, which is not followed'] : [])
})

describe('K3s in containers is not followed', () => {
  const image = 'rancher/k3s:v1.33.3-k3s1'
  const played = (task: string, more: Files = {}): Files => ({
    ...inventory,
    'site.yml': `- name: K3s\n  hosts: quays\n  tasks:\n    - ${task}\n`,
    ...more,
  })
  const broughtBy = (program: string) => [`K3s is brought by ${program}, which is not followed`]

  test.each([
    ['docker', `command: docker run --detach --privileged ${image} server --cluster-init`],
    ['docker', `command: docker run -d --env K3S_TOKEN={{ harbour_key }} ${image}`],
    [
      'docker',
      `shell: "cd /opt && sudo docker container run -d \\\n  --name quay {{ berth }}/${image} agent"`,
    ],
    ['docker', `shell: PIER=1 nohup docker run -d ${image} server &`],
    ['docker', 'command: docker create quay.example:5000/rancher/k3s {{ ansible_local.kind }}'],
    ['podman', `command: { argv: [podman, run, docker.io/${image}, server] }`],
    [
      'docker',
      `community.docker.docker_container: { name: quay, image: "${image}", command: server --cluster-init }`,
    ],
    ['docker', 'docker_container: { name: quay, image: "{{ hull }}", command: [agent], state: started }'],
    ['podman', `containers.podman.podman_container: { name: quay, image: "${image}" }`],
    ['k3d', 'command: k3d cluster create quay'],
    ['k3d', 'shell: k3d cluster list | grep quay || k3d cluster create quay'],
  ])('%s: %s', (program, task) => {
    const vars = { 'group_vars/quays.yml': `hull: ${image}\n` }
    expect(unknowns(played(task, vars))).toEqual(broughtBy(program))
    expect(nodes(played(task, vars))).toEqual([])
  })

  test.each([
    `command: docker run --rm ${image} --version`,
    `command: docker run --rm ${image} kubectl get nodes`,
    `command: docker run --rm --entrypoint sh ${image}`,
    `command: docker pull ${image}`,
    'command: docker run -v quay:/var/lib/rancher/k3s alpine tar c /var/lib/rancher/k3s server',
    'command: docker run -v /var/lib/rancher/k3s:/k3s:ro alpine',
    'command: docker run rancher/k3s-upgrade:v1.33.3-k3s1',
    `shell: echo docker run ${image} server`,
    'command: k3d cluster delete quay',
    `docker_container: { name: quay, image: "${image}", state: absent }`,
    `docker_container: { name: quay, image: "${image}", command: check-config }`,
    'docker_container: { name: k3s-quay, image: "alpine:3", volumes: ["/var/lib/rancher/k3s:/k3s"] }',
  ])('but nothing is brought by %s', (task) => {
    expect(unknowns(played(task))).toEqual([])
  })

  test.each([
    ['docker', `#!/bin/bash\nname=quay\ndocker run --detach \\\n  --name $name ${image} server`],
    ['k3d', '#!/bin/sh\nk3d cluster create quay'],
    ['/opt/moor', `#!/usr/bin/env python3\nrun(["docker", "run", "-d", "${image}"])`],
  ])('nor what a script of the project does: %s', (program, text) => {
    const task = `template: { src: moor.j2, dest: /opt/moor, mode: "0700" }
    - command: /opt/moor`
    expect(unknowns(played(task, { 'templates/moor.j2': text }))).toEqual(broughtBy(program))
  })

  test.each([
    `docker pull ${image}`,
    'docker run -v quay:/var/lib/rancher/k3s alpine tar c /k3s',
    'docker run -v /var/lib/rancher/k3s:/k3s alpine tar c /k3s',
  ])('which may have nothing to do with it: %s', (line) => {
    const task = `template: { src: moor.j2, dest: /opt/moor, mode: "0700" }
    - command: /opt/moor`
    expect(unknowns(played(task, { 'templates/moor.j2': `#!/bin/sh\n${line}\n` }))).toEqual([])
  })
})

describe('what brings K3s from elsewhere may have brought it to any node', () => {
  const brought = (task: string, more = ''): Files => ({
    ...inventory,
    'site.yml': `
- hosts: quays
  tasks:
    - ${task}
    - ansible.builtin.service: { name: k3s, state: restarted }
- hosts: berths
  tasks:${more}
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://quay:6443
`,
  })
  const followed = ['berth agent absent none url', 'quay first-server maybe none maybe a url']

  test.each([
    'command: k3sup install --ip=192.0.2.7\n      delegate_to: localhost',
    'command: { argv: [k3sup, install, --ip=192.0.2.7] }\n      delegate_to: berth',
    'command: ./moor-k3s-install.sh 192.0.2.7\n      delegate_to: localhost',
    'command: autok3s create -p native\n      delegate_to: localhost',
    'boats.k3sup.install:\n        ip: 192.0.2.7',
    'k3s_node: { ip: 192.0.2.7 }\n      when: ansible_local.moored',
    'local_action:\n        module: boats.harbour.k3s_node',
  ])('%s', (task) => {
    const files = brought(task)
    expect(nodes(files)).toEqual(followed)
    expect(findings(files)).toContain('agent-token-missing error site.yml:9')
  })

  test('with a unit that is there to be edited', () => {
    const edit = 'lineinfile: { path: /etc/systemd/system/k3s.service, line: "[Install]" }'
    const files = brought(`command: k3sup install --ip=192.0.2.7\n    - ${edit}`)
    expect(nodes(files)).toEqual(followed)
  })

  test('from a play of its own, too', () => {
    const files = brought('ansible.builtin.ping:')
    const before = '- hosts: localhost\n  tasks:\n    - command: k3sup install --ip=192.0.2.7'
    expect(nodes({ ...files, 'site.yml': `${before}${files['site.yml']}` })).toEqual(followed)
  })

  test('each is told', () => {
    const more = '\n    - command: k3sup join --ip=192.0.2.8\n      delegate_to: localhost'
    const files = brought('command: k3sup install --ip=192.0.2.7\n      delegate_to: localhost', more)
    expect(unknowns(files)).toEqual(Array(2).fill('K3s is brought by k3sup, which is not followed'))
  })

  test.each([
    ['boats.k3sup.install', true],
    ['k3s_node', true],
    ['boats.rke2.node', true],
    ['boats.harbour.k3s_node_info', false],
    ['boats.k3s.stat', false],
  ])('the module %s is told: %s', (module, is) => {
    const site = `${server}\n    - ${module}: { path: /quay }\n`
    expect(unknowns({ ...inventory, 'site.yml': site })).toEqual(
      is ? [`the module ${module} is not followed`] : [],
    )
  })

  test('what is like a module of K3s brings none', () => {
    const files = brought('boats.rke2.node: { ip: 192.0.2.7 }')
    expect(nodes(files)).toEqual([])
    expect(unknowns(files)).toContain('the play ends here for quay: there is no unit for the service k3s')
  })

  test('but containers are no nodes', () => {
    const files = brought('command: k3d cluster create\n      delegate_to: localhost')
    expect(nodes(files)).toEqual([])
    expect(unknowns(files)).toContain('the play ends here for quay: there is no unit for the service k3s')
  })
})

describe('the install script, of which it is not known whether it makes a server or an agent', () => {
  const made = (more: string): Files => ({
    ...inventory,
    'site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.command: sh /opt/k3s-install.sh
      environment: { INSTALL_K3S_EXEC: "{{ lookup('pipe', './words') }}", INSTALL_K3S_SKIP_START: "true" }${more}
`,
  })
  const told = [
    'K3s is brought by the install script, and whether as a server or an agent is not known',
    "the command of the install script is not known: lookup('pipe', './words')",
  ]

  test('brings K3s', () => {
    expect(unknowns(made(''))).toEqual(told)
    expect(nodes(made(''))).toEqual([])
  })

  test('brings the unit that starts later', () => {
    const started = made('\n    - ansible.builtin.systemd: { name: k3s, state: started }')
    expect(unknowns(started)).toEqual(told)
    expect(nodes(started).join()).toMatch(/^quay \S+ maybe none maybe a url$/)
  })

  test('is an agent, or a server, under a name that is not known', () => {
    const files = made('')
    const named = (files['site.yml'] ?? '').replace('_EXEC', '_NAME').replace('.sh', '.sh agent')
    expect(unknowns({ ...files, 'site.yml': named })).toEqual([
      "INSTALL_K3S_NAME of the install script is not known: lookup('pipe', './words')",
      'K3s is brought by the install script, and under which name is not known',
    ])
  })

  test('writes the services anew that are there', () => {
    const again = made('\n    - ansible.builtin.systemd: { name: k3s, state: restarted }')
    const both = { ...again, 'site.yml': `${server}${again['site.yml']}` }
    expect(nodes(both).join()).toMatch(/^quay \S+ maybe none maybe a url$/)
  })
})

describe('a shell reads files of the node', () => {
  /** Agents behind a first server; of these tasks the last one runs the shell. */
  const berthed = (tasks: string, shell: string, args = ''): Files => ({
    ...inventory,
    'site.yml': `${server}
- hosts: berths
  tasks:
    ${tasks}
    - ansible.builtin.shell: |
        ${shell.replaceAll('\n', '\n        ')}
${args}`,
  })
  const written = (content: string) =>
    `- ansible.builtin.copy: { content: "${content}", dest: /root/rope, mode: "0600" }`
  const download = 'curl -sfL https://get.k3s.io'
  const hauls = `${download} | K3S_URL=https://quay:6443 sh -s - agent`

  test.each([
    ['K3S_TOKEN={{ harbour_key }}\\n', `set -a; . /root/rope; set +a\n${hauls}`],
    ['export K3S_TOKEN={{ harbour_key }}\\n', `source /root/rope && ${hauls}`],
    ['export K3S_TOKEN={{ harbour_key }}\\n', `cd /root; . ./rope; ${hauls}`],
    ['export K3S_TOKEN={{ harbour_key }}\\n', `sh -c '. /root/rope; ${hauls}'`],
    ['rope={{ harbour_key }}\\n', `. /root/rope\n${hauls.replace('sh', 'K3S_TOKEN="$rope" sh')}`],
    ['{{ harbour_key }}\\n', `${hauls.replace('sh', 'K3S_TOKEN=$(cat /root/rope) sh')}`],
    ['{{ harbour_key }}\\n', `${hauls.replace('sh', 'K3S_TOKEN="$(sudo cat /root/rope)" sh')}`],
    ['{{ harbour_key }}\\n', `export K3S_TOKEN=$(</root/rope)\n${hauls}`],
  ])('%s by %s', (content, shell) => {
    const files = berthed(written(content), shell)
    expect(nodes(files)).toEqual(['berth agent present env-file url', served])
    expect(findings(files).filter((one) => / error site/.test(one))).toEqual([])
    expect(unknowns(files)).toEqual([])
  })

  test.each([
    ['cat rope', '      args: { chdir: /root }', true],
    ['cat ../root/rope', '      args: { chdir: /opt }', true],
    ['< ./rope', '      args: { chdir: /root }', true],
    ['cat rope', '      args: { chdir: /opt }', false],
    // The home of the user is not known.
    ['cat rope', '', false],
    ['cat rope', '      args: { chdir: root }', false],
    ['cat r*', '      args: { chdir: /root }', false],
  ])('by $(%s) in the directory that the task says:%s', (reads, args, isRead) => {
    const files = berthed(
      written('{{ harbour_key }}\\n'),
      `K3S_TOKEN=$(${reads}) sh /opt/k3s-install.sh agent --server https://quay:6443`,
      args,
    )
    expect(nodes(files)).toEqual([`berth agent ${isRead ? 'present' : 'maybe'} env-file url`, served])
  })

  test.each([
    ['cd /root; K3S_TOKEN=$(cat rope)', true],
    ['(cd /opt; true); cd /root; K3S_TOKEN=$(cat rope)', true],
    ['cd /root; (cd /opt; true); K3S_TOKEN=$(cat rope)', true],
    ["cd /root; sh -c 'cd /opt'; K3S_TOKEN=$(cat rope)", true],
    ['cd /root; cd ..; K3S_TOKEN=$(cat rope)', false],
  ])('or by cd: %s', (shell, isRead) => {
    const files = berthed(
      written('{{ harbour_key }}\\n'),
      `${shell} sh /opt/k3s-install.sh agent --server https://quay:6443`,
    )
    expect(nodes(files)).toEqual([`berth agent ${isRead ? 'present' : 'maybe'} env-file url`, served])
  })

  test('so that the token may be one of its arguments', () => {
    const agent = `${download} | INSTALL_K3S_EXEC="agent --server https://quay:6443 --token $(cat /root/rope)" sh -`
    const files = berthed(written('{{ harbour_key }}'), agent)
    expect(nodes(files)).toEqual(['berth agent present argv url', served])
    expect(findings(files)).toContain('token-in-arguments error site.yml:13')
  })

  test('where nothing in them is exported, nothing arrives', () => {
    const files = berthed(written('K3S_TOKEN={{ harbour_key }}\\n'), `. /root/rope\n${hauls}`)
    expect(nodes(files)).toEqual(['berth agent absent none url', served])
    expect(findings(files)).toContain('agent-token-missing error site.yml:12')
  })

  test('the token of a server that K3s has written, too', () => {
    const files = {
      ...inventory,
      'site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.shell: |
        ${download} | sh -s - server
        sleep 9; printf %s "$(sudo cat /var/lib/rancher/k3s/server/node-token)" >/root/rope
    - ansible.builtin.slurp: { src: /root/rope }
      register: rope
- hosts: berths
  tasks:
    - ansible.builtin.shell: ${hauls.replace('sh', "K3S_TOKEN={{ hostvars['quay'].rope.content | b64decode }} sh")}
`,
    }
    expect(nodes(files)).toEqual(['berth agent present env-file url', 'quay first-server absent none no url'])
  })

  test.each([
    ['that nobody knows', '- ansible.builtin.debug: { msg: ahoy }', `. /root/rope\n${hauls}`],
    [
      'that nobody knows, in an inner shell',
      '- ansible.builtin.debug: { msg: ahoy }',
      `bash -c ". /root/rope; ${hauls}"`,
    ],
    [
      'whose text is not known',
      '- ansible.builtin.get_url: { url: "https://quay/rope", dest: /root/rope }',
      `. /root/rope\n${hauls}`,
    ],
    [
      'that sets a variable',
      '- ansible.builtin.debug: { msg: ahoy }',
      `. /root/rope\n${hauls.replace('sh', 'K3S_TOKEN="$rope" sh')}`,
    ],
    [
      'that nobody knows, before K3s by itself',
      '- ansible.builtin.debug: { msg: ahoy }',
      '. /root/rope\nk3s agent --server https://quay:6443',
    ],
  ])('one %s may bring the token', (_, tasks, shell) => {
    const files = berthed(tasks, shell)
    expect(nodes(files).join()).toMatch(/^berth agent maybe /)
    expect(findings(files).join()).not.toMatch(/agent-token|token-empty/)
  })

  test('one that nobody knows makes no agent of a server, nor takes what is given', () => {
    const first = (shell: string): Files => ({
      ...inventory,
      'site.yml': `- hosts: quays\n  tasks:\n    - ansible.builtin.shell: . /etc/profile; ${shell}\n`,
    })
    expect(nodes(first(`${download} | sh -`)).join()).toMatch(/^quay first-server maybe /)
    expect(nodes(first(`${download} | K3S_TOKEN={{ harbour_key }} sh -`))).toEqual([served])
  })
})

test('settings that a shell writes in a way which is not followed are told of, less those of containerd', () => {
  const writes = (path: string): Files => ({
    ...inventory,
    'site.yml': `${server}    - shell: sed 's/tide/surge/' /etc/quay > ${path}\n`,
  })
  expect(unknowns(writes('/etc/rancher/k3s/config.yaml'))).toEqual([
    'a shell writes /etc/rancher/k3s/config.yaml',
  ])
  for (const directory of ['/var/lib/rancher/k3s', '/srv/k3s'])
    expect(unknowns(writes(`${directory}/agent/etc/containerd/config.toml.tmpl`))).toEqual([])
})
