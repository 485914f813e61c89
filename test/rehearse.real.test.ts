import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { lint } from '../src/lint/run.ts'
import { rules } from '../src/rules/index.ts'
import { arrivals, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

describe('variables', () => {
  test('a token goes from the first server to the agents through hostvars, without an inventory', () => {
    const site = `
- hosts: harbour_servers
  tasks:
    - ansible.builtin.slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: slip
    - ansible.builtin.set_fact:
        harbour_key: '{{ slip.content | b64decode | trim }}'
${installs('harbour_agents', {
  INSTALL_K3S_EXEC: 'agent',
  K3S_URL: 'https://quay:6443',
  K3S_TOKEN: "{{ hostvars[groups['harbour_servers'][0]].harbour_key }}",
})}`
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toEqual(['agent-1 agent present env-file url'])
  })
})

describe('a variable of the project whose name begins as those of facts do', () => {
  const service = `
- hosts: all
  tasks:
    - copy:
        dest: "/etc/systemd/system/{{ ansible_berth_unit }}.service"
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s {{ ansible_berth_args }}
    - systemd_service: { name: "{{ ansible_berth_unit }}", state: started, daemon_reload: true }
`
  const files = {
    'hosts.ini': '[quays]\nquay\n[berths]\nberth\n',
    'group_vars/quays.yml': 'ansible_berth_unit: k3s\nansible_berth_args: server\n',
    'group_vars/berths.yml':
      'ansible_berth_unit: k3s-agent\nansible_berth_args: agent --server https://quay:6443\n',
  }
  const both = ['berth agent absent none url', 'quay first-server absent none no url']

  test('is what group_vars, or the defaults of a role, say', () => {
    expect(arrivals({ ...files, 'site.yml': service })).toEqual(both)
    const ofRole = {
      'site.yml': '- hosts: quays\n  roles: [moor]\n',
      'hosts.ini': files['hosts.ini'],
      'roles/moor/defaults/main.yml': files['group_vars/quays.yml'],
      'roles/moor/tasks/main.yml': service.slice(service.indexOf('    - copy')),
    }
    expect(arrivals(ofRole)).toEqual(both.slice(1))
  })

  test('is that for others, too', () => {
    const ofOthers = service.replace(/ansible_berth/g, 'hostvars[inventory_hostname].ansible_berth')
    expect(arrivals({ ...files, 'site.yml': ofOthers })).toEqual(both)
  })

  test.each(['machine', 'eth0_100', 'enp3s0', 'discovered_interpreter_python', 'forks', 'local'])(
    'but not where ansible_%s may be more than that',
    (name) => {
      const gathered = Object.fromEntries(
        Object.entries({ ...files, 'site.yml': service }).map(
          ([path, text]) => [path, text.replaceAll('berth_unit', name)] as const,
        ),
      )
      expect(arrivals(gathered)).toEqual([])
    },
  )
})

describe('variables that nobody sets', () => {
  const agent = (pass: string): string =>
    installs('berths', {
      INSTALL_K3S_EXEC: 'agent',
      K3S_URL: 'https://{{ quay_address }}:6443',
      K3S_TOKEN: pass,
    })
  const hosts = '[berths]\nberth\n'

  test('are left to the user, who is asked for them; but a token is not', () => {
    expect(arrivals({ 'site.yml': agent('0ddpassword'), 'hosts.ini': hosts })).toEqual([
      'berth agent present env-file url',
    ])
    const files = { 'site.yml': agent('{{ harbour_key }}'), 'hosts.ini': hosts }
    expect(arrivals(files, { tokenGiven: undefined })).toEqual([])
  })

  test('are not there for those who ask', () => {
    const site = agent('{{ harbour_key }}')
      .replace('{{ quay_address }}', "{{ quay_address | default('quay') }}")
      .replace(
        '  tasks:',
        '  vars:\n    harbour_key: \'{{ "" if lighthouse is undefined else "x" }}\'\n  tasks:',
      )
    expect(arrivals({ 'site.yml': site, 'hosts.ini': hosts })).toEqual(['berth agent empty env-file url'])
  })

  test('are taken from a file of variables that is there for `-e @FILE`', () => {
    const files = { 'site.yml': agent('{{ harbour_key }}'), 'hosts.ini': hosts }
    expect(arrivals({ ...files, 'vars.yml': 'harbour_key: 0ddpassword\n' })).toEqual([
      'berth agent present env-file url',
    ])
  })
})

describe('variables that a command of the project gives with -e', () => {
  const site = `
- hosts: berths
  vars: { tide: high }
  tasks:
    - set_fact: { harbour_key: 0ddpassword }
      when: tide == 'low'
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
      when: tide == 'low'
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      when: tide == 'high'
`
  const files = { 'plays/site.yml': site, 'hosts.ini': '[berths]\nberth\n' }
  const known = ['berth agent absent none url']
  const open = ['berth agent maybe none url']

  test.each([
    ['run.sh', 'ansible-playbook plays/site.yml -e tide=$1\n'],
    ['run.sh', 'ansible-playbook -u "$1" \\\n  -e "pier=$4 \\\n  tide=$2" \\\n  -i "$3", plays/site.yml\n'],
    ['plays/run.sh', 'exec ansible-playbook --extra-vars="tide=${TIDE:-low}" ./site.yml\n'],
    [
      'scripts/run.sh',
      'cd x && ansible-playbook a.yml; ansible-playbook -etide=`cat tide` ../plays/site.yml;\n',
    ],
    ['Makefile', 'site:\n\tansible-playbook plays/site.yml --extra-vars tide=$(TIDE)\n'],
    ['justfile', "site tide:\n    ansible-playbook plays/site.yml -e 'tide={{ tide }}'\n"],
    ['.gitlab-ci.yml', 'site:\n  script:\n    - ansible-playbook plays/site.yml -e tide=$TIDE\n'],
  ])('are not known: in %s, %j', (path, command) => {
    expect(arrivals({ ...files, [path]: command })).toEqual(open)
  })

  test.each([
    ['it is for another playbook', 'run.sh', 'ansible-playbook site.yml -e tide=$1\n'],
    [
      'another command follows',
      'run.sh',
      'ansible-playbook plays/site.yml && ansible-playbook a.yml -e tide=$1\n',
    ],
    ['it is a comment', 'run.sh', '# ansible-playbook plays/site.yml -e tide=$1\n'],
    ['it is told of', 'README.md', 'ansible-playbook plays/site.yml -e tide=$1\n'],
    ['it names a file', 'run.sh', 'ansible-playbook plays/site.yml -e @tide=$1\n'],
    ['it is a part of another value', 'run.sh', 'ansible-playbook plays/site.yml -e "pier=\'a tide=$1\'"\n'],
    ['the value stands there', 'run.sh', 'ansible-playbook plays/site.yml -e tide=high -e pier=$1\n'],
    ['quotes have no end', 'run.sh', 'ansible-playbook plays/site.yml -e "tide=$1\n'],
  ])('are what files say where %s', (_, path, command) => {
    expect(arrivals({ ...files, [path]: command })).toEqual(known)
  })

  test('win over facts, of other hosts, too; a loop has its own', () => {
    const fact = site.replace('  tasks:', '  tasks:\n    - set_fact: { tide: high }')
    const command = { 'run.sh': 'ansible-playbook plays/site.yml -e tide=$1\n' }
    expect(arrivals({ ...files, ...command, 'plays/site.yml': fact })).toEqual(open)
    const other = site.replaceAll('tide ==', "hostvars['berth'].tide ==")
    expect(arrivals({ ...files, ...command, 'plays/site.yml': other })).toEqual(open)
    const looped = site.replaceAll(
      /( +)when: tide.*$/gm,
      '$&\n$1loop: [high]\n$1loop_control: { loop_var: tide }',
    )
    expect(arrivals({ ...files, ...command, 'plays/site.yml': looped })).toEqual(known)
  })

  test('may be a token where files have an empty one, and are no other where they have one', () => {
    const command = { 'run.sh': 'ansible-playbook site.yml -e harbour_key="$KEY"\n' }
    const all = {
      'site.yml': joins('berths', '{{ harbour_key }}'),
      'hosts.ini': '[berths]\nberth\n',
      ...command,
    }
    const present = ['berth agent present env-file url']
    expect(arrivals({ ...all, 'group_vars/all.yml': 'harbour_key: ""\n' })).toEqual([
      'berth agent maybe env-file url',
    ])
    expect(arrivals({ ...all, 'group_vars/all.yml': 'harbour_key: 0ddpassword\n' })).toEqual(present)
  })
})

describe('variables that a Vagrantfile has for Ansible', () => {
  const vagrantfile = (line: string): string => `Vagrant.configure("2") do |config|
  config.vm.provision "ansible" do |ansible|
    ansible.playbook = "plays/site.yml"
    ${line}
  end
end
`
  const site = joins('berths', "{{ hostvars[groups['quays'][0]].harbour_key }}")
  const files = { 'plays/site.yml': site, 'hosts.ini': '[quays]\nquay\n[berths]\nberth\n' }
  const undefinedKey = "the play ends here for berth: 'hostvars[groups.quays[0]].harbour_key' is undefined"

  test.each([
    `ansible.host_vars = { "quay" => { "harbour_key" => ENV["KEY"] } }`,
    `ansible.groups = { "quays" => ["quay"], "quays:vars" => { harbour_key: "0ddpassword" } }`,
    `ansible.groups = { "quays:vars" => ["tide=low", "harbour_key=0ddpassword"] }`,
    'ansible.extra_vars = { :harbour_key => key }',
  ])('are not known to be missing where an inventory does not set them: %s', (line) => {
    const all = { ...files, Vagrantfile: vagrantfile(line) }
    expect(arrivals(all, { tokenGiven: undefined })).toEqual(['berth agent maybe env-file url'])
    expect(unknowns(all)).toEqual([
      'no inventory here sets harbour_key: it may be set by Vagrant, which has it from here',
    ])
  })

  test.each([
    ['another playbook', 'ansible.extra_vars = { harbour_key: key }', 'plays/site.yml', 'site.yml'],
    ['a comment', '# ansible.extra_vars = { harbour_key: key }', '', ''],
    ['another variable', 'ansible.extra_vars = { old_harbour_key: key }', '', ''],
  ])('are those of %s', (_, line, from, to) => {
    const all = { ...files, Vagrantfile: vagrantfile(line).replace(from, to) }
    expect(unknowns(all)).toEqual([undefinedKey])
  })

  test('are what an inventory says where it has them', () => {
    const all = {
      ...files,
      'host_vars/quay.yml': 'harbour_key: 0ddpassword\n',
      Vagrantfile: vagrantfile('ansible.extra_vars = { harbour_key: key }'),
    }
    expect(arrivals(all)).toEqual(['berth agent present env-file url'])
    expect(unknowns(all)).toEqual([])
  })
})

describe('templates', () => {
  test('filters over the white space of a unit leave what is not known in it as it is', () => {
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.template: { src: k3s.service.j2, dest: /etc/systemd/system/k3s.service }
    - ansible.builtin.systemd: { name: k3s, state: started }
`
    const unit = `[Service]
{% filter regex_replace('\\s+', ' ') %}
ExecStart=/usr/local/bin/k3s agent
    --server https://{{ ansible_facts['fqdn'] }}:6443
    --token {{ harbour_key }}
{% endfilter %}
`
    const hosts = '[berths]\nberth harbour_key=0ddpassword\n'
    expect(arrivals({ 'site.yml': site, 'templates/k3s.service.j2': unit, 'hosts.ini': hosts })).toEqual([
      'berth agent present argv url',
    ])
  })

  test('a unit may extend one that stands beside it, and an env file take its lines from a macro', () => {
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.template: { src: units/agent.j2, dest: /etc/systemd/system/k3s-agent.service }
    - ansible.builtin.template: { src: env.j2, dest: /etc/default/k3s-agent, mode: "0600" }
    - ansible.builtin.systemd: { name: k3s-agent, state: started }
`
    const files = {
      'site.yml': site,
      'hosts.ini': '[berths]\nberth harbour_key=0ddpassword\n',
      'templates/units/agent.j2':
        "{% extends 'base.j2' %}{% block exec %}ExecStart=/usr/local/bin/k3s agent --server https://quay:6443{% endblock %}",
      'templates/units/base.j2':
        '[Service]\nEnvironmentFile=-/etc/default/%N\n{% block exec %}{% endblock %}\n',
      'templates/macros.j2': '{% macro line(name) %}{{ name }}={{ caller() }}{% endmacro %}',
    }
    const call = "{% call line('K3S_TOKEN') %}{{ harbour_key }}{% endcall %}"
    const env = `{% from 'macros.j2' import line %}${call}\n`
    expect(arrivals({ ...files, 'templates/env.j2': env })).toEqual(['berth agent present env-file url'])
    // Nobody tells the macros of the variable.
    const macro = "{% macro line() %}K3S_TOKEN={{ harbour_key | default('') }}{% endmacro %}"
    expect(
      arrivals({
        ...files,
        'templates/macros.j2': macro,
        'templates/env.j2': "{% from 'macros.j2' import line %}{{ line() }}\n",
      }),
    ).toEqual(['berth agent empty env-file url'])
  })

  test('a text that is one of some, none of which is about the token, hides nothing', () => {
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.set_fact:
        words: "{% if ansible_facts['fqdn'] == 'berth' %}--node-label a=b {% endif %}"
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s agent --server https://quay:6443 {{ words }}--token {{ harbour_key }} {{ words }}
    - ansible.builtin.systemd: { name: k3s, state: started }
`
    const hosts = '[berths]\nberth harbour_key=0ddpassword\n'
    expect(arrivals({ 'site.yml': site, 'hosts.ini': hosts })).toEqual(['berth agent present argv url'])
  })

  test('what only a newer ansible-core gets past is gone on with there', () => {
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.slurp: { src: /etc/harbour_key }
      register: slip
      when: harbour_key is undefined
    - ansible.builtin.set_fact:
        pass: '{{ harbour_key | default(slip.content | b64decode) }}'
${installs('berths', { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443', K3S_TOKEN: '{{ pass }}' })}`
    const hosts = '[berths]\nberth harbour_key=0ddpassword\n'
    expect(arrivals({ 'site.yml': site, 'hosts.ini': hosts })).toEqual(['berth agent present env-file url'])
  })
})

describe('hosts', () => {
  test('invented hosts have the group_vars of the project, beside the playbook or beside hosts that git passes over', () => {
    const site = installs('harbour_agents', {
      INSTALL_K3S_EXEC: 'agent',
      K3S_URL: 'https://{{ quay }}:6443',
      K3S_TOKEN: '{{ harbour_key }}',
    })
    expect(
      arrivals({
        'plays/site.yml': site,
        'plays/group_vars/all.yml': 'quay: quay.test\n',
        'stock/group_vars/harbour_agents.yml': 'harbour_key: ""\n',
      }),
    ).toEqual(['agent-1 agent empty env-file url'])
  })

  test('invented hosts have addresses that nobody knows, the same for all who ask', () => {
    const site = (address: string): string =>
      `
- hosts: harbour_servers
  tasks:
    - set_fact: { berth: "192.0.2.{{ ansible_host.split('.')[3] }}" }
    - command: sh /opt/k3s-install.sh server --node-ip {{ berth }}
      environment: { K3S_TOKEN: "{{ 'a1' if ${address} else '' }}" }
`
    const first = "hostvars[groups['harbour_servers'][0]].ansible_host"
    const given = 'server-1 first-server present env-file no url'
    const alone = { servers: 'one' }
    const name = "groups['harbour_servers'][0]"
    const others = site(`ansible_host != ${name}`)
    expect(arrivals({ 'site.yml': others }, { servers: 'several' })).toEqual([
      'server-1 first-server empty env-file no url',
      'server-2 joining-server present env-file no url',
    ])
    for (const same of [
      `ansible_host == ${first}`,
      `ansible_host in [${name}]`,
      `${first} == ansible_host`,
      'ansible_host is defined',
    ])
      expect(arrivals({ 'site.yml': site(same) }, alone)).toEqual([given])
    // Whether an inventory says it, only that knows.
    const none = `${first} is not defined or ${first} == ansible_host`
    expect(arrivals({ 'site.yml': site(none) }, alone)).toEqual([given])
  })

  test('a project for a single server is not given a second one', () => {
    const site = installs('harbour_servers', { INSTALL_K3S_EXEC: 'server' })
    expect(arrivals({ 'site.yml': site })).toEqual(['server-1 first-server absent none no url'])
  })

  test('nor is a role that knows of one kind of node given an agent that would be a server', () => {
    const role = {
      'meta/main.yml': '',
      'tasks/main.yml': '- command: sh /opt/k3s-install.sh --disable traefik\n',
    }
    const lone = ['server-1 first-server absent none no url']
    expect([arrivals(role, { servers: 'one' }), arrivals(role, { servers: 'several' })]).toEqual([lone, lone])
    // A play for agents is for agents, whatever it makes of them.
    const site = installs('harbour_servers', {}) + installs('harbour_agents', {})
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toEqual([
      'agent-1 joining-server absent none no url',
      'server-1 first-server absent none no url',
    ])
  })

  test('the first server is the one that founds the cluster, whichever starts first', () => {
    const site = (token: string, founding: string): string => `
- hosts: harbour
  tasks:
    - command: sh /opt/k3s-install.sh {{ '${founding}' if is_founder is defined else '--server https://pier:6443' }}
      environment: { K3S_TOKEN: "${token}" }
`
    const hosts = '[harbour]\nquay\njetty a=1\npier is_founder=true\n'
    for (const founding of ['--cluster-init', '--disable traefik']) {
      const files = { 'site.yml': site('0ddpassword', founding), 'hosts.ini': hosts }
      expect(arrivals(files)).toEqual([
        'jetty joining-server present env-file url',
        'pier first-server present env-file no url',
        'quay joining-server present env-file url',
      ])
      expect(findings(files).filter((found) => /missing|empty|differ/.test(found))).toEqual([])
    }
    const lacking = site("{{ '0ddpassword' if is_founder is defined else '' }}", '--cluster-init')
    expect(findings({ 'site.yml': lacking, 'hosts.ini': hosts }).join()).toMatch(
      /token-empty error site.yml:5/,
    )
    // What it starts with first counts: it may get an address for all of them since.
    const since = `${site('0ddpassword', '--cluster-init')}    - command: sh /opt/k3s-install.sh server --server https://harbour:6443
      environment: { K3S_TOKEN: 0ddpassword, INSTALL_K3S_NAME: later }
`
    expect(arrivals({ 'site.yml': since, 'hosts.ini': hosts })).toContain(
      'pier first-server present env-file no url',
    )
    // Where all of them join, it is a cluster that is there before.
    const more = { 'site.yml': site('', ''), 'hosts.ini': hosts.replace(' is_founder=true', ' b=1') }
    expect(arrivals(more)).toEqual(
      ['jetty', 'pier', 'quay'].map((host) => `${host} joining-server empty env-file url`),
    )
    // And there still is when they are started again.
    expect(arrivals(more, { k3s: 'present', again: true })).toEqual(arrivals(more))
  })

  test('an agent beside the server on one host is an agent, who makes no token', () => {
    const site = (agent: Files): string =>
      installs('harbour', { INSTALL_K3S_EXEC: 'server --disable-agent', INSTALL_K3S_NAME: 'pier' }) +
      installs('harbour', { INSTALL_K3S_EXEC: 'agent', ...agent })
    const hosts = '[harbour]\nquay\n'
    const files = { 'site.yml': site({}), 'hosts.ini': hosts }
    const server = 'quay first-server absent none no url'
    expect(arrivals(files)).toEqual(['quay agent absent none no url', server])
    expect(findings(files)).toEqual([
      'agent-token-missing error site.yml:11',
      'server-url-missing error site.yml:11',
    ])
    const joining = site({ K3S_URL: 'https://quay:6443', K3S_TOKEN: "{{ lookup('env', 'PASS') }}" })
    expect(arrivals({ 'site.yml': joining, 'hosts.ini': hosts })[0]).toMatch(/^quay agent .* env-file url$/)
  })

  test('conditions count all servers, though one stands for those that are alike', () => {
    const site = `
- hosts: harbour
  tasks:
    - ansible.builtin.fail: { msg: three secret keepers at least }
      when: groups['harbour'] | length < 3
${installs('harbour', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: "{{ hostvars[groups['harbour'][2]].pass }}" })}`
    const hosts = '[harbour]\nquay pass=a1\njetty pass=b2\npier pass=\n'
    expect(arrivals({ 'site.yml': site, 'hosts.ini': hosts })).toEqual([
      'jetty joining-server empty env-file no url',
      'pier joining-server empty env-file no url',
      'quay first-server empty env-file no url',
    ])
  })
})

describe('upgrades', () => {
  test('of servers that no playbook brought up say nothing of which token those have', () => {
    // k3s-ansible at e864933: its sample inventory names nodes by address, and the role asks for their host name.
    const site = `
- hosts: server
  tasks:
    - ansible.builtin.command: sh /opt/k3s-install.sh server
      when: ansible_hostname == groups['server'][0]
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
${installs('agent', { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://192.0.2.11:6443', K3S_TOKEN: '{{ harbour_key }}' })}`
    const upgrade = `
- hosts: all
  tasks:
    - ansible.builtin.shell: cp /etc/systemd/system/k3s* /tmp/
    - ansible.builtin.command: sh /opt/k3s-install.sh
      environment: { INSTALL_K3S_SKIP_START: 'true' }
    - ansible.builtin.shell: mv /tmp/k3s* /etc/systemd/system/
    - ansible.builtin.systemd_service:
        name: "{{ 'k3s' if 'server' in group_names else 'k3s-agent' }}"
        state: restarted
        daemon_reload: true
`
    const inventory = `
all:
  children:
    server: { hosts: { 192.0.2.11: } }
    agent: { hosts: { 192.0.2.12: } }
  vars: { harbour_key: 4f1c90a6d2e84b7fb3a5c8e1d7f60b29 }
`
    const files = { 'site.yml': site, 'upgrade.yml': upgrade, 'inventory.yml': inventory }
    expect(arrivals(files, { k3s: 'present' })).toContain('192.0.2.12 agent present env-file url')
    expect(arrivals(files, { k3s: 'present' }).join('\n')).not.toContain('different')
  })

  test.each([
    [
      'k3s',
      [
        'berth joining-server',
        'quay-agent-1 agent',
        'quay-agent-2.servers.example agent',
        'quay-server-1 first-server',
        'quay-server-2 joining-server',
      ],
    ],
    [
      'k3s-agent',
      [
        'berth agent',
        'quay-agent-1 agent',
        'quay-agent-2.servers.example agent',
        'quay-server-1 agent',
        'quay-server-2 agent',
      ],
    ],
  ])(
    'of the service %s make nodes of the kind that their names say, where their groups say none',
    (service, kinds) => {
      const hosts = [
        'quay-server-1',
        'quay-server-2',
        'quay-agent-1',
        'quay-agent-2.servers.example',
        'berth',
      ]
      const files = {
        'restart.yml': `- hosts: harbour\n  tasks: [{ systemd: { name: ${service}, state: restarted } }]\n`,
        'hosts.ini': `[harbour]\n${hosts.join('\n')}\n`,
      }
      const told = arrivals(files, { k3s: 'present' }).map((line) => line.split(' ').slice(0, 2).join(' '))
      expect(told).toEqual(kinds)
    },
  )

  test('of the service k3s-agent make agents of the nodes whose groups say otherwise, unless its unit runs a server', () => {
    const restart = '- systemd: { name: k3s-agent, state: restarted }\n'
    const files: Files = {
      'roles/k3s/tasks/main.yml': restart,
      'hosts.ini': '[harbour_servers]\nquay\n[controllers]\npier\n',
    }
    const kinds = (project: Files): readonly string[] =>
      arrivals(project, { k3s: 'present' }).map((line) => line.split(' ').slice(0, 2).join(' '))
    expect(kinds(files)).toEqual(['pier agent', 'quay agent'])
    // Where a role is for both kinds, it may ask for either service.
    const both = { ...files, 'roles/k3s/tasks/main.yml': `${restart}${restart.replace('-agent', '')}` }
    expect(new Set(kinds(both))).toEqual(new Set(['pier joining-server', 'quay first-server']))
    const unit = `
- copy:
    dest: /etc/systemd/system/k3s-agent.service
    content: |
      [Service]
      ExecStart=/usr/local/bin/k3s server
${restart}`
    const own = { ...files, 'roles/k3s/tasks/main.yml': unit }
    // Each without a URL founds a cluster of its own.
    expect(new Set(kinds(own))).toEqual(new Set(['pier first-server', 'quay first-server']))
  })

  test('of nodes that only a role is for begin at that role', () => {
    const files = {
      'roles/k3s/tasks/main.yml': '- lineinfile: { path: /etc/berth, line: x }\n  notify: k3s_again\n',
      'roles/k3s/handlers/main.yml': '- name: k3s_again\n  systemd: { name: k3s-agent, state: restarted }\n',
    }
    const places = (project: Files): readonly string[] =>
      new Analysis(new Map(Object.entries(project))).rehearsal.verdicts.flatMap(({ hops }) =>
        hops.map(({ at, what }) => `${at.path}:${at.start} ${what}`),
      )
    const before = 'K3s was installed before'
    expect(places(files)).toContain(`roles/k3s/tasks/main.yml:0 ${before}`)
    const site = { ...files, 'site.yml': '- hosts: berths\n  roles: [k3s]\n' }
    const hosts = '# of the harbour\n[berths]\nberth\n'
    const named = `stock/hosts.ini:${hosts.lastIndexOf('berth')} ${before}`
    expect(places({ ...site, 'stock/hosts.ini': hosts })).toContain(named)
    const directory = {
      ...site,
      'ansible.cfg': '[defaults]\ninventory = stock\n',
      'stock/hosts.ini': hosts,
    }
    expect(places(directory)).toContain(named)
  })
})

describe('a server that is started again', () => {
  const UNIT = `
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s server {{ flags | default('') }}`
  const settings = (...lines: readonly string[]): string => `
    - ansible.builtin.copy:
        dest: /etc/rancher/k3s/config.yaml
        mode: '0600'
        content: |
          ${lines.join('\n          ')}`
  const JOINS = "{{ 'cluster-init: true' if inventory_hostname == 'quay' else 'server: https://quay:6443' }}"
  const start = '\n    - ansible.builtin.systemd: { name: k3s, state: restarted }'
  const site = (...tasks: readonly string[]): string =>
    `\n- hosts: harbour\n  vars: { pass: 0ddpassword }\n  tasks:${tasks.join('')}\n`
  const first = [UNIT, settings("token: '{{ pass }}'", JOINS), start]
  const files = (text: string) => ({
    'site.yml': text,
    'hosts.ini': '[harbour]\nquay\njetty ansible_port=1\n',
  })

  test.each([
    ['none', ['disable: [traefik]'], 'no url'],
    ['an empty one', ["token: ''", JOINS], 'url'],
  ])('goes on with the token that it keeps where it is given %s', (_, lines, url) => {
    const again = files(site(...first, settings(...lines), start))
    expect(arrivals(again)).toEqual([
      `jetty joining-server present none ${url}`,
      'quay first-server present none no url',
    ])
    expect(findings(again).filter((found) => /missing|empty|before/.test(found))).toEqual([])
  })

  test.each([
    [
      'has lost what it kept',
      [settings(JOINS), '\n    - file: { path: /var/lib/rancher/k3s, state: absent }'],
    ],
    ['keeps it elsewhere', [settings(JOINS, 'data-dir: /srv/k3s')]],
  ])('and %s needs the token', (_, between) => {
    expect(arrivals(files(site(...first, ...between, start)))).toEqual([
      'jetty joining-server absent none url',
      'quay first-server absent none no url',
    ])
  })

  test('with another one is not forgiven by the first start', () => {
    const other = settings("token: '{{ pass }}{{ inventory_hostname }}'", JOINS)
    expect(arrivals(files(site(UNIT, other, start, settings(JOINS), start)))).toEqual([
      'jetty joining-server different none url',
      'quay first-server present none no url',
    ])
  })

  test('never got one, and gets none now', () => {
    expect(
      arrivals(files(site(UNIT, settings(JOINS), start, settings(JOINS, 'debug: true'), start))),
    ).toEqual(['jetty joining-server absent none url', 'quay first-server absent none no url'])
  })

  test('is no agent: that one is told each time', () => {
    const agent = (text: string): string => text.replaceAll('k3s server', 'k3s agent')
    const again = site(...first, settings('server: https://quay:6443'), start)
    expect(arrivals(files(agent(again)))).toEqual([
      'jetty agent absent none url',
      'quay agent absent none url',
    ])
  })
})

describe('a server with a data directory of its own', () => {
  const files = (directory: string, read: string, ...before: readonly string[]) => ({
    'hosts.ini': '[quays]\nquay\n[berths]\nberth\n',
    'site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - server --data-dir ${directory}
${before.map((task) => `    - ${task}\n`).join('')}
- hosts: berths
  tasks:
    - ansible.builtin.slurp: { src: ${read} }
      register: anchor
      delegate_to: quay
      no_log: true
    - ansible.builtin.command: sh /opt/k3s-install.sh agent
      environment: { K3S_URL: 'https://quay:6443', K3S_TOKEN: '{{ anchor.content | b64decode | trim }}' }
      no_log: true
`,
  })
  const OWN = '/srv/k3s/server/node-token'
  const DEFAULT = '/var/lib/rancher/k3s/server/node-token'
  const agent = 'berth agent present env-file url'
  const server = 'quay first-server absent none no url'

  test.each(['/srv/k3s', '/srv//k3s/'])('keeps its token there: %s', (directory) => {
    const site = files(directory, OWN)
    expect(arrivals(site)).toEqual([agent, server])
    const { verdicts } = new Analysis(new Map(Object.entries(site))).rehearsal
    expect(verdicts.find(({ host }) => host === 'berth')?.hops[0]?.what).toBe(
      'K3s makes a token of its own in /srv/k3s/server/token',
    )
  })

  test('and that of agents beside it', () => {
    const server = installs('quays', {
      INSTALL_K3S_EXEC: 'server',
      K3S_AGENT_TOKEN: "{{ lookup('env', 'TEA') }}",
    })
    const site = {
      'hosts.ini': '[quays]\nquay\n[berths]\nberth\n',
      'site.yml': `${server}
- hosts: berths
  tasks:
    - slurp: { src: /var/lib/rancher/k3s/server/agent-token }
      register: anchor
      delegate_to: quay
${joins('berths', '{{ anchor.content | b64decode | trim }}')}`,
    }
    const { verdicts } = new Analysis(new Map(Object.entries(site))).rehearsal
    const ways = verdicts.flatMap(({ host, hops }) =>
      host === 'berth' ? [hops.map(({ what }) => what)] : [],
    )
    expect(ways[0]).toEqual([
      'K3s writes the agent token to /var/lib/rancher/k3s/server/agent-token',
      'is read back from /var/lib/rancher/k3s/server/agent-token',
      'runs the K3s install script',
      'starts k3s-agent',
    ])
  })

  test('has none where others have theirs', () => {
    const site = files('/srv/k3s', DEFAULT)
    expect(arrivals(site)).toEqual([server])
    expect(unknowns(site)).toEqual([`the play ends here for berth: ${DEFAULT} is not there`])
  })

  test.each([
    'file: { src: /srv/k3s, dest: /var/lib/rancher/k3s, state: link }',
    `file: { src: ${OWN}, dest: ${DEFAULT}, state: link }`,
    `copy: { src: ${OWN}, dest: ${DEFAULT}, remote_src: true }`,
    'copy: { src: /srv/k3s/server, dest: /var/lib/rancher/k3s/server, remote_src: true }',
    'ansible.posix.mount: { src: /srv/k3s, path: /var/lib/rancher/k3s, fstype: none, opts: bind, state: mounted }',
    'shell: ln -s /srv/k3s /var/lib/rancher/k3s',
    'include_role: { name: chandlery }',
  ])('may have it there, too: %s', (task) => {
    expect(arrivals(files('/srv/k3s', DEFAULT, task))).toContain(agent)
  })

  test('may have it anywhere where that is not known', () => {
    const site = files("{{ lookup('pipe', 'chart') }}", DEFAULT)
    expect(arrivals(site)).toContain(agent)
    const { verdicts } = new Analysis(new Map(Object.entries(site))).rehearsal
    expect(verdicts.find(({ host }) => host === 'berth')?.hops[0]?.what).toBe(
      'K3s makes a token of its own in …/server/token',
    )
  })

  test('and of a path that is not known nobody tells who has written the file there', () => {
    const install = '- hosts: servers\n  tasks:\n    - shell: curl -sfL https://get.k3s.io | sh -s - server'
    const site = {
      'hosts.ini': '[servers]\nquay\n',
      'north/site.yml': `${install}\n      environment: { K3S_TOKEN: "{{ lookup('env', 'TEA') }}" }\n`,
      'south/site.yml': `
- hosts: servers
  tasks:
    - slurp: { src: "{{ k3s_hold }}/server/node-token" }
`,
    }
    const { findings: found } = lint(new Analysis(new Map(Object.entries(site))), rules)
    const logged = found.find(({ rule }) => rule === 'token-logged')
    expect(logged?.at.path).toBe('south/site.yml')
    expect(logged?.hops?.map(({ at, what }) => `${at.path} ${what}`)).toEqual([
      'south/site.yml is read from …/server/node-token, a path that is not known',
    ])
  })

  test('finds that of a server which was there before, wherever that was', () => {
    const upgrade = `
- hosts: servers
  tasks:
    - copy: { dest: /etc/rancher/k3s/config.yaml, content: 'data-dir: /srv/k3s' }
    - systemd: { name: k3s, state: restarted }
    - slurp: { src: ${DEFAULT} }
      register: anchor
      no_log: true
    - copy: { dest: /etc/anchor, content: '{{ anchor.content | b64decode }}', mode: '0644' }
      no_log: true
`
    const site = { 'hosts.ini': '[servers]\nquay\n', 'upgrade.yml': upgrade }
    expect(findings(site)).toEqual(['token-world-readable error upgrade.yml:9'])
  })
})

describe('modules', () => {
  test('systemd-run starts a server of its own, whose token the later unit goes on with', () => {
    const site = `
- hosts: harbour
  vars:
    pass: 0ddpassword
    words: "{{ '--cluster-init' if inventory_hostname == groups['harbour'][0] else '--server https://quay:6443' }} --token {{ pass }}"
  tasks:
    - ansible.builtin.command:
        cmd: systemd-run -p RestartSec=2 --unit=k3s-first k3s server {{ words }}
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s server
    - ansible.builtin.systemd: { name: k3s, state: restarted }
`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': '[harbour]\nquay\njetty ansible_port=1\n' })).toEqual([
      'jetty joining-server present none no url',
      'jetty joining-server present argv url',
      'quay first-server present none no url',
      'quay first-server present argv no url',
    ])
  })

  // As systemd 252 has it.
  test.each([
    ['-k3s server --cluster-init', 'systemd-run has no option -k'],
    ['-tK k3s server', 'systemd-run has no option -K'],
    ['k3s server --server https://quay:6443', 'systemd-run finds no program whose name has blanks'],
    ['/usr/local/bin/k3s server', 'systemd-run finds no program whose name has blanks'],
  ])('systemd-run fails at %s', (word, why) => {
    const site = `
- hosts: harbour
  tasks:
    - ansible.builtin.command: { argv: [systemd-run, --unit=k3s-first, -q, -p, RestartSec=2, "${word}"] }
    - ansible.builtin.command: k3s server
`
    const files = { 'site.yml': site, 'hosts.ini': '[harbour]\nquay\n' }
    expect(arrivals(files)).toEqual([])
    expect(unknowns(files).join()).toMatch(`the play ends here for quay: ${why}`)
  })

  test.each([
    ['of a service, as its env file says them', [], 'present argv', 'url'],
    ['in a text without a shell, too', 'text', 'present argv', 'url'],
    ['which the second dollar keeps from being one', ['$'], 'absent none', 'no url'],
    ['unless that is switched off', ['--expand-environment=no'], 'absent none', 'no url'],
    [
      'unless that is switched off in a word of its own',
      ['--expand-environment', 'off'],
      'absent none',
      'no url',
    ],
    ['which a scope has none of', ['--scope'], 'absent none', 'no url'],
  ])('systemd-run expands variables %s', (_, how, token, url) => {
    // A scope takes no files of variables.
    const files = how[0] === '--scope' ? '-EBEACON=buoy' : '-pEnvironmentFile=/etc/harbour.env'
    const words = `--unit=harbour.service ${files}`
    const [dollar, options] = how === 'text' ? ['', []] : how[0] === '$' ? ['$', []] : ['', how]
    const argv = JSON.stringify([
      'systemd-run',
      ...options,
      ...words.split(' '),
      '--',
      'k3s',
      'agent',
      `${dollar}$BEACON`,
    ] as string[])
    const command = how === 'text' ? `systemd-run ${words} k3s agent $BEACON` : `{ argv: ${argv} }`
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.copy:
        dest: /etc/harbour.env
        mode: '0600'
        content: BEACON=--server https://quay:6443 --token {{ harbour_key }}
    - ansible.builtin.command: ${command}
`
    const hosts = '[berths]\nberth harbour_key=0ddpassword\n'
    expect(arrivals({ 'site.yml': site, 'hosts.ini': hosts })).toEqual([`berth agent ${token} ${url}`])
  })

  test('with_items goes through a mapping by its keys, and not at all through an empty one', () => {
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.template: { src: gone.j2, dest: '/etc/rancher/k3s/{{ item.name }}' }
      with_items: '{{ extra_files }}'
${installs('berths', { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443', K3S_TOKEN: 'x' })}`
    expect(
      arrivals({ 'site.yml': site, 'hosts.ini': '[berths]\nberth\n[berths:vars]\nextra_files={}\n' }),
    ).toEqual(['berth agent present env-file url'])
  })

  test('units that are found, saved and put back around the install script are what starts', () => {
    const site = `
- hosts: harbour
  tasks:
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s server --token {{ pass }}
    - ansible.builtin.systemd: { name: k3s, state: started }
`
    const renew = `
- hosts: harbour
  tasks:
    - ansible.builtin.command: k3s --version
    - ansible.builtin.find: { paths: /etc/systemd/system, patterns: 'k3s*.service' }
      register: moored
    - ansible.builtin.copy:
        { src: '{{ item.path }}', dest: '{{ item.path }}.old', remote_src: true, mode: preserve }
      loop: '{{ moored.files }}'
    - ansible.builtin.command: /opt/k3s-install.sh
      environment: { INSTALL_K3S_SKIP_START: 'true' }
    - ansible.builtin.copy:
        { src: '{{ item.path }}.old', dest: '{{ item.path }}', remote_src: true, mode: preserve }
      loop: '{{ moored.files }}'
    - ansible.builtin.systemd: { name: k3s, state: restarted }
`
    const files = {
      'site.yml': site,
      'renew.yml': renew,
      'hosts.ini': '[harbour]\nquay\n[all:vars]\npass=0ddpassword\n',
    }
    expect(arrivals(files, { k3s: 'present', again: undefined })).toEqual([
      'quay first-server present argv no url',
    ])
  })

  test('replace finds over several lines, keeps groups, and takes a token whole', () => {
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s \\
              agent \\
              --token {{ harbour_key }}
    - ansible.builtin.replace:
        path: /etc/systemd/system/k3s.service
        regexp: '^ExecStart=(\\S+) \\\\\\n\\s*agent'
        replace: 'ExecStart=\\1 agent --server https://quay:6443'
    - ansible.builtin.systemd: { name: k3s, state: started }
`
    const hosts = '[berths]\nberth harbour_key=0ddpassword\n'
    expect(arrivals({ 'site.yml': site, 'hosts.ini': hosts })).toEqual(['berth agent present argv url'])
  })

  test('a command with an argument that it does not have fails', () => {
    const site = `
- hosts: berths
  tasks:
    - ansible.builtin.command:
        cmd: /opt/k3s-install.sh
        environment: { K3S_TOKEN: a }
`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': '[berths]\nberth\n' })).toEqual([])
  })

  const PACKAGES = [
    'package: { name: k3s, state: present }',
    "community.general.pacman: { name: ['curl', 'k3s-bin'] }",
    'dnf: { name: "https://example.org/rpm/k3s-1.31.2.x86_64.rpm" }',
    'apt: { deb: /opt/k3s_1.31.2_amd64.deb }',
    'apk: { name: "{{ buoys }}" }',
    'command: zypper --non-interactive install k3s-agent',
    'shell: sudo rpm -Uvh /opt/k3s-1.31.2.rpm',
  ]
  const packaged = (install: string, ...lines: readonly string[]) => ({
    'hosts.ini': '[berths]\nberth\n',
    'site.yml': `
- hosts: berths
  vars: { harbour_key: 0ddpassword, buoys: 'k3s=~1.31,curl' }
  tasks:
    - ${install}
    - ansible.builtin.copy:
        dest: /etc/rancher/k3s/config.yaml
        mode: '0600'
        content: |
          ${['server: https://quay:6443', ...lines].join('\n          ')}
    - ansible.builtin.systemd: { name: k3s-agent, state: started }
`,
  })

  test.each([
    'include_role: { name: elsewhere.k3s }',
    'include_tasks: "{{ harbour_key }}/{{ ansible_machine }}.yml"',
  ])('and so may what is not followed: %s', (install) => {
    const without = packaged(install)
    expect(arrivals(without)).toEqual(['berth agent maybe none url'])
    const told = packaged(install, "token: '{{ harbour_key }}'")
    expect(arrivals(told)).toEqual(['berth agent present config url'])
  })

  test.each(PACKAGES)('%s brings a unit that nobody knows', (install) => {
    const without = packaged(install)
    expect(arrivals(without)).toEqual(['berth agent maybe none url'])
    expect(arrivals(without, { k3s: 'present' })).toEqual(['berth agent maybe none url'])
    expect(unknowns(without)).toEqual(['the unit of k3s-agent comes from a package'])
    const told = packaged(install, "token: '{{ harbour_key }}'")
    expect(arrivals(told)).toEqual(['berth agent present config url'])
    expect(unknowns(told)).toEqual([])
  })

  test.each([
    'dnf: { name: https://example.org/rpm/k3s-selinux-1.6.noarch.rpm }',
    'package: { name: k3s, state: absent }',
    'package: { name: [k3sup, curl] }',
    'command: rpm -q k3s',
  ])('%s brings none', (install) => {
    expect(arrivals(packaged(install))).toEqual([])
  })

  test.each([
    "lineinfile: { path: /usr/lib/systemd/system/k3s-agent.service, regexp: '^ExecStart=', line: ExecStart=/usr/bin/k3s agent }",
    "blockinfile: { path: /etc/conf.d/k3s-agent.conf, block: 'K3S_NODE_NAME=berth' }",
    "ansible.builtin.lineinfile: { path: /usr/share/k3s/agent.yaml, line: 'debug: true' }",
  ])('what a package may have brought is there to be edited: %s', (edit) => {
    const seen = (install: string) => {
      const files = packaged(install, "token: '{{ harbour_key }}'")
      const site = files['site.yml'].replace('    - ansible.builtin.copy:', `    - ${edit}\n$&`)
      return arrivals({ ...files, 'site.yml': site })
    }
    expect(seen('package: { name: k3s }')).toEqual(['berth agent present config url'])
    expect(seen('package: { name: k3s-selinux }')).toEqual([])
  })

  test('a drop-in for the unit of a package counts', () => {
    const files = packaged('package: { name: k3s }')
    const site = files['site.yml'].replace(
      '    - ansible.builtin.systemd:',
      `    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s-agent.service.d/key.conf
        mode: '0600'
        content: |
          [Service]
          Environment="K3S_TOKEN={{ harbour_key }}"
    - ansible.builtin.systemd:`,
    )
    expect(arrivals({ ...files, 'site.yml': site })).toEqual(['berth agent present environment url'])
  })

  describe('settings that every user may read beside the unit of a package', () => {
    const seen = (path: string, content: string) =>
      findings({
        'hosts.ini': '[berths]\nberth\n',
        'site.yml': `
- hosts: berths
  tasks:
    - ansible.builtin.copy:
        dest: ${path}
        mode: '0644'
        content: "${content}"
      no_log: true
    - package: { name: k3s }
    - ansible.builtin.systemd: { name: k3s-agent, state: started }
`,
      }).filter((one) => one.startsWith('token-world-readable'))
    const KEY = "{{ lookup('env', 'HARBOUR_KEY') }}"
    test.each([
      ['/etc/systemd/system/k3s-agent.service.env', `K3S_TOKEN=${KEY}`],
      ['/etc/default/k3s-agent', `K3S_URL=https://quay:6443\\nK3S_TOKEN='${KEY}'`],
      ['/etc/sysconfig/k3s', `K3S_AGENT_TOKEN=${KEY}`],
      ['/etc/conf.d/k3s-agent', `export K3S_TOKEN='${KEY}'`],
      ['/etc/rancher/k3s/k3s-agent.env', `K3S_TOKEN='${KEY}'`],
      ['/etc/rancher/k3s/config.yaml.d/key.yaml', `token: '${KEY}'`],
      ['/etc/systemd/system/k3s-agent.service.env', 'K3S_TOKEN=quay-0815-Qz7wLx2Rk9'],
      ['/etc/conf.d/k3s-agent', "export K3S_TOKEN='quay-0815-Qz7wLx2Rk9'"],
      ['/etc/rancher/k3s/config.yaml.d/key.yaml', "agent-token: 'quay-0815-Qz7wLx2Rk9'"],
    ])('hold the token in %s', (path, content) => {
      expect(seen(path, content)).toEqual(['token-world-readable error site.yml:6'])
    })
    test.each([
      ['/etc/systemd/system/k3s-agent.service.env', `K3S_NODE_NAME=${KEY}`],
      ['/etc/systemd/system/k3s-agent.service.env', `# K3S_TOKEN=${KEY}`],
      ['/etc/rancher/k3s/registries.yaml', `token: '${KEY}'`],
      ['/etc/default/harbour', `token: '${KEY}'`],
      ['/etc/conf.d/k3s-agent', `export K3S_NODE_NAME='${KEY}'`],
      ['/etc/default/k3s-agent', 'K3S_TOKEN=changeme'],
      ['/etc/default/k3s-agent', 'K3S_TOKEN_FILE=/etc/rancher/k3s/harbour'],
    ])('hold none in %s: %s', (path, content) => {
      expect(seen(path, content)).toEqual([])
    })

    test('hold it in a line of a file that the package has brought', () => {
      const files = {
        'hosts.ini': '[berths]\nberth\n',
        'site.yml': `
- hosts: berths
  tasks:
    - package: { name: k3s }
    - ansible.builtin.lineinfile:
        path: /etc/sysconfig/k3s-agent
        line: "K3S_TOKEN=${KEY}"
        mode: '0644'
      no_log: true
    - ansible.builtin.systemd: { name: k3s-agent, state: started }
`,
      }
      expect(findings(files)).toEqual(['token-world-readable error site.yml:8'])
    })
  })

  test('what agents read back from a server of a package is its token', () => {
    const site = `
- hosts: servers
  tasks:
    - package: { name: k3s }
    - copy: { dest: /etc/rancher/k3s/config.yaml, mode: '0600', content: 'token: 0ddpassword' }
    - systemd: { name: k3s, state: started }
    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: slip
${installs('berths', {
  INSTALL_K3S_EXEC: 'agent',
  K3S_URL: 'https://quay:6443',
  K3S_TOKEN: "{{ hostvars['quay'].slip.content | b64decode | trim }}",
})}`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': '[servers]\nquay\n[berths]\nberth\n' })).toEqual([
      'berth agent present env-file url',
      'quay first-server present config maybe a url',
    ])
  })

  test.each([
    ['systemd', []],
    ['ansible.builtin.systemd_service', []],
    ['ansible.builtin.service', [], 'use: ansible.builtin.systemd, '],
    ['service', ['absent none url']],
    ['sysvinit', ['absent none url']],
  ])('%s starts no service where its service manager is not', (module, onOpenrc, use = '') => {
    const site = (start: string) => `
- hosts: berths
  tasks:
    - file: { path: /etc/init.d, state: directory }
      when: ansible_facts.service_mgr == 'openrc'
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { INSTALL_K3S_SKIP_START: 'true' }
    - ${start}name: k3s-agent, state: restarted }
`
    const own = site(`${module}: { ${use}`)
    const seen = (text: string, manager: string | undefined) =>
      arrivals({ 'hosts.ini': '[berths]\nberth\n', 'site.yml': text }, { manager })
    expect(seen(own, undefined)).toEqual(['berth agent absent none url'])
    expect(seen(own, 'openrc')).toEqual(onOpenrc.map((what) => `berth agent ${what}`))
    // The control node is another machine.
    const local = own.replace('k3s-agent, state: restarted }', 'chrony }\n      delegate_to: localhost')
    expect(seen(local + site('service: { '), 'openrc')).toEqual(['berth agent absent none url'])
  })

  describe('an init script that only OpenRC runs', () => {
    const site = (start: string, more = ''): Files => ({
      'hosts.ini': '[berths]\nberth harbour_key=0ddpassword\n',
      'site.yml': `
- hosts: berths
  tasks:
    - package: { name: k3s }
    - copy: { src: conf, dest: /etc/conf.d/k3s-agent, mode: '0600' }
    - template: { src: init, dest: /etc/init.d/k3s-agent, mode: '0700' }
${more}    - ${start}
`,
      'files/conf': 'BERTH_OPTS="agent --server https://quay:6443"\n',
      'templates/init': `#!/sbin/openrc-run
supervisor=supervise-daemon
command=/usr/bin/k3s
command_args="$BERTH_OPTS"
export K3S_TOKEN={{ harbour_key }}
`,
    })
    test.each(['service: { name: k3s-agent, state: restarted }', 'command: rc-service k3s-agent restart'])(
      'says what the service manager is where nothing asks: %s',
      (start) => {
        expect(arrivals(site(start))).toEqual(['berth agent present init-script url'])
        expect(unknowns(site(start))).toEqual([])
      },
    )

    test('says nothing beside a unit, on a machine that is asked, or of the module for another manager', () => {
      const restart = 'service: { name: k3s-agent, state: restarted }'
      const unit = `    - copy:
        dest: /etc/systemd/system/k3s-agent.service
        content: "[Service]\\nExecStart=/usr/bin/k3s agent --server https://quay:6443\\n"
`
      expect(arrivals(site(restart, unit))).toEqual(['berth agent absent none url'])
      const packaged = ['berth agent maybe none maybe a url']
      const asks =
        "    - command: rc-service k3s-agent stop\n      when: ansible_facts.service_mgr == 'openrc'\n"
      expect(arrivals(site(restart, asks))).toContain(packaged[0])
      expect(arrivals(site(restart.replace('service:', 'systemd:')))).toEqual(packaged)
    })
  })

  describe('K3s that a task runs by itself', () => {
    const files = (task: string, environment = '{}') => ({
      'hosts.ini': '[berths]\nberth harbour_key=0ddpassword\n',
      'site.yml': `
- hosts: berths
  tasks:
    - ansible.builtin.${task}
      environment: ${environment}
      no_log: true
      async: 45
      poll: 0
`,
    })
    const AGENT = 'k3s agent --server https://quay:6443'

    test.each([
      `shell: nohup /usr/local/bin/${AGENT} > /var/log/k3s.log 2>&1 &`,
      `shell: cd /; setsid ${AGENT} </dev/null &`,
      `command: /opt/bin/${AGENT}`,
      `command: env K3S_NODE_NAME=berth ${AGENT}`,
      `shell: sudo -E nohup nice -n 5 ${AGENT} &`,
      `command: daemonize /usr/local/bin/${AGENT}`,
    ])('%s is a start', (task) => {
      expect(arrivals(files(task))).toEqual(['berth agent absent none url'])
      const told = files(task, "{ K3S_TOKEN: '{{ harbour_key }}' }")
      expect(arrivals(told)).toEqual(['berth agent present environment url'])
      expect(findings(files(task))).toContain('agent-token-missing error site.yml:4')
      expect(unknowns(told)).toEqual([])
    })

    test('has the settings of config.yaml, and its token in the arguments', () => {
      const { 'site.yml': site, ...rest } = files(`command: ${AGENT}`)
      const writes =
        "    - copy: { dest: /etc/rancher/k3s/config.yaml, mode: '0600', content: 'token: {{ harbour_key }}' }\n"
      const settled = site.replace('  tasks:\n', `  tasks:\n${writes}`)
      expect(arrivals({ ...rest, 'site.yml': settled })).toEqual(['berth agent present config url'])
      const told = files(`shell: nohup ${AGENT} --token {{ harbour_key }} &`)
      expect(arrivals(told)).toEqual(['berth agent present argv url'])
      expect(findings(told)).toContain('token-in-arguments error site.yml:4')
      const { verdicts } = new Analysis(new Map(Object.entries(told))).rehearsal
      expect(new Set(verdicts.map(({ service }) => service))).toEqual(new Set(['k3s agent']))
    })

    test('founds a cluster whose token others read back', () => {
      const site = `
- hosts: quays
  tasks:
    - shell: nohup k3s server &
    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: slip
${installs('berths', {
  INSTALL_K3S_EXEC: 'agent',
  K3S_URL: 'https://quay:6443',
  K3S_TOKEN: "{{ hostvars['quay'].slip.content | b64decode | trim }}",
})}`
      expect(arrivals({ 'site.yml': site, 'hosts.ini': '[quays]\nquay\n[berths]\nberth\n' })).toEqual([
        'berth agent present env-file url',
        'quay first-server absent none no url',
      ])
    })

    test.each([
      `shell: pkill -f '${AGENT}'`,
      'command: k3s server --cluster-reset',
      'command: k3s agent --help',
      'command: docker run rancher/k3s agent',
      'shell: pgrep -f "k3s server" || true',
    ])('%s is none', (task) => {
      expect(arrivals(files(task))).toEqual([])
    })
  })

  describe('a shell that writes a file', () => {
    const UNIT = '/etc/systemd/system/k3s-agent.service'
    const exec = 'ExecStart=/usr/local/bin/k3s agent --server https://quay:6443'
    const KEY = '/etc/harbour.env'
    const lines = (...all: readonly string[]): string => all.join('\n          ')
    const files = (script: string, ...more: readonly string[]) => ({
      'hosts.ini': '[berths]\nberth harbour_key=0ddpassword\n',
      'site.yml': `
- hosts: berths
  tasks:
    - no_log: true
      shell: |
          ${script}
${more.map((task) => `    - ${task}\n`).join('')}    - systemd: { name: k3s-agent, state: started }
`,
    })
    const here = (start: string, ...text: readonly string[]): string =>
      lines(start, '[Service]', ...text, exec, 'EOF')
    const env = 'Environment=K3S_TOKEN={{ harbour_key }}'
    const arrives = ['berth agent present environment url']

    test.each([
      ['cat', here(`cat <<EOF > ${UNIT}`, env)],
      ['cat, the file first', here(`cat > ${UNIT} <<EOF`, env)],
      ['cat, the text as it stands', here(`cat <<'EOF' > ${UNIT}`, env)],
      ['cat, without tabs', here(`cat <<-EOF > ${UNIT}`, `\t${env}`).replace('[S', '\t[S')],
      ['tee', here(`tee ${UNIT} <<EOF`, env)],
      ['tee of a pipe', here(`cat <<EOF | sudo tee ${UNIT} > /dev/null`, env)],
      [
        'a variable of the shell',
        `KEY={{ harbour_key }}; ${here(`cat <<EOF > ${UNIT}`, 'Environment=K3S_TOKEN=$KEY')}`,
      ],
      [
        'lines that go on',
        here(`cat <<'EOF' > ${UNIT}`, env).replace('k3s agent', 'k3s \\\n            agent'),
      ],
      ['echo', `echo '[Service]' > ${UNIT}; echo "${env}" >> ${UNIT}; echo ${exec} >> ${UNIT}`],
      ['printf', `printf '[Service]\\n%s\\n%s\\n' "${env}" "${exec}" > ${UNIT}`],
      ['printf of a text alone', `printf '[Service]\\n${env}\\n${exec}\\n' > ${UNIT}`],
      [
        'printf of a text alone, with words that it passes over',
        `printf '[Service]\\n${env}\\nEnvironment=A=50%%%%\\n${exec}\\n' a b > ${UNIT}`,
      ],
      ['printf for each', `printf '%s\\n' '[Service]' "${env}" "${exec}" | tee ${UNIT}`],
    ])('by %s', (_, script) => {
      expect(arrivals(files(script))).toEqual(arrives)
      expect(unknowns(files(script))).toEqual([])
    })

    test.each([
      ['no token', here(`cat <<EOF > ${UNIT}`, '# none'), 'absent none'],
      [
        'one that the shell does not expand',
        here(`cat <<'EOF' > ${UNIT}`, 'Environment=K3S_TOKEN=$KEY'),
        'present environment',
      ],
      [
        'a variable that nobody sets',
        here(`cat <<EOF > ${UNIT}`, 'Environment=K3S_TOKEN=$KEY'),
        'empty environment',
      ],
      [
        'what only the node knows',
        here(`cat <<EOF > ${UNIT}`, 'Environment=K3S_TOKEN=$(key)'),
        'maybe environment',
      ],
      [
        'an unknown value beside the token',
        here(`cat <<EOF > ${UNIT}`, env, 'Environment=A=$(key)'),
        'present environment',
      ],
      [
        'what it writes only sometimes',
        `if grep -q x /etc/lighthouse; then ${here(`cat <<EOF > ${UNIT}`, env)}\n          fi`,
        'maybe none',
      ],
      ['what a program prints', `beacon > ${UNIT}`, 'maybe none'],
    ])('says %s', (_, script, token) => {
      expect(arrivals(files(script)).map((one) => one.replace(/ (?:maybe a )?url$/, ''))).toEqual([
        `berth agent ${token}`,
      ])
    })

    test('goes on behind what is there', () => {
      const text = here(`cat <<EOF > ${UNIT}`, `EnvironmentFile=${KEY}`)
      const key = `echo K3S_TOKEN={{ harbour_key }} >> ${KEY}`
      expect(arrivals(files(`${key}; ${text}`))).toEqual(['berth agent present env-file url'])
      const twice = `echo K3S_TOKEN= | tee -a ${KEY}; ${key}; ${text}`
      expect(arrivals(files(twice))).toEqual(['berth agent present env-file url'])
    })

    test.each([
      ['as it comes', '', true],
      ['behind a mask', `umask 077; `, false],
      ['and closes it', `; chmod 600 ${KEY}`, false],
      ['and closes it as another user', `; sudo chmod u=rw,go= ${KEY}`, false],
    ])('leaves a token open to all %s: %#', (_, more, isOpen) => {
      const unit = here(`cat <<EOF > ${UNIT}`, `EnvironmentFile=${KEY}`)
      const key = `echo K3S_TOKEN={{ harbour_key }} > ${KEY}`
      const script = `${more.startsWith(';') ? `${key}${more}` : `${more}${key}`}; ${unit}`
      const found = findings(files(script)).filter((one) => one.startsWith('token-world-readable'))
      expect(found.length > 0).toBe(isOpen)
    })

    test('has the token of the file that it copies there, and prints none', () => {
      const site = files(
        lines(
          here(`cat <<EOF > ${UNIT}`, `EnvironmentFile=${KEY}`),
          'echo K3S_TOKEN={{ harbour_key }} > /etc/quay.env',
          `cat /etc/quay.env > ${KEY}`,
        ),
      )
      expect(arrivals(site)).toEqual(['berth agent present env-file url'])
    })
  })

  test('raw runs its text whatever else it is given, and without the environment', () => {
    const raw = (command: string, args: string, environment = '{}'): string => `
- hosts: berths
  tasks:
    - ansible.builtin.raw: ${command}
      args: ${args}
      environment: ${environment}
`
    const seen = (site: string) => arrivals({ 'site.yml': site, 'hosts.ini': '[berths]\nberth\n' })
    const command =
      'curl -sfL https://get.k3s.io | K3S_URL=https://quay:6443 K3S_TOKEN=0ddpassword sh -s - agent'
    const arrives = ['berth agent present env-file url']
    expect(seen(raw(command, '{ timeout: 600 }'))).toEqual(arrives)
    // Both would keep a command from running.
    const gives = 'copy: { dest: /etc/here, content: "" }'
    const made = (site: string): string => site.replace('  tasks:', `  tasks:\n    - ${gives}`)
    expect(seen(made(raw(command, '{ creates: /etc/here, removes: /etc/nowhere }')))).toEqual(arrives)
    const bare = command.replace(' K3S_TOKEN=0ddpassword', '')
    expect(seen(raw(bare, '{}', '{ K3S_TOKEN: 0ddpassword }'))).toEqual(['berth agent absent none url'])
    expect(seen(`\n- hosts: berths\n  tasks:\n    - ansible.builtin.raw: { cmd: "${command}" }\n`)).toEqual(
      [],
    )
  })

  test.each([
    ["'{{ item }}'", 'loop: [found.yml, join.yml]'],
    ["'{{ item }}'", 'with_items: [found.yml, join.yml]'],
    ["{ file: '{{ step }}.yml' }", '{ loop: [found, join], loop_control: { loop_var: step } }'],
  ])('files that a loop includes count: %s', (file, loop) => {
    const keywords = loop.startsWith('{') ? loop.slice(2, -2).replace(', loop_c', '\n      loop_c') : loop
    const site = `
- hosts: berths
  tasks:
    - include_tasks: ${file}
      ${keywords}
`
    const files = {
      'hosts.ini': '[berths]\nberth\n',
      'playbooks/site.yml': site,
      'playbooks/join.yml': '- command: /usr/local/bin/k3s-install.sh agent\n',
    }
    const play = '- hosts: berths\n  tasks:\n    - copy: { dest: /etc/k3s, content: a }\n'
    const found = findings({ ...files, 'playbooks/found.yml': play })
    expect(found).toContain('file-unreadable error playbooks/found.yml:1')
    expect(found).toContain('agent-token-missing error playbooks/join.yml:1')
  })

  test('with_first_found takes the first file that is known and there', () => {
    const tasks = `
- ansible.builtin.include_tasks: '{{ item }}'
  with_first_found:
    - 'on-{{ ansible_facts.distribution }}.yml'
    - gone.yml
    - elsewhere.yml
`
    const elsewhere = `
- ansible.builtin.command: /opt/k3s-install.sh agent
  environment: { K3S_TOKEN: a, K3S_URL: https://quay:6443 }
`
    const files = {
      'site.yml': '- hosts: berths\n  roles: [moorings]\n',
      'roles/moorings/tasks/main.yml': tasks,
      'roles/moorings/tasks/elsewhere.yml': elsewhere,
      'hosts.ini': '[berths]\nberth\n',
    }
    expect(arrivals(files)).toEqual(['berth agent present env-file url'])
  })
})

test('a template that nobody can read is not passed over in silence', () => {
  const site = installs('berths', {
    INSTALL_K3S_EXEC: 'agent',
    K3S_URL: 'https://{{ pier }}:6443',
    K3S_TOKEN: '0ddpassword',
  })
  const files = { 'site.yml': site, 'hosts.ini': '[berths]\nberth\n' }
  const unread = (pier: string) =>
    unknowns({ ...files, 'group_vars/all.yml': `pier: ${JSON.stringify(pier)}\n` }).filter((what) =>
      what.startsWith('a template'),
    )
  expect(unread("{{ groups['berths'][0]] }}")).toEqual([
    expect.stringMatching(/^a template that can't be read: .*\]/),
  ])
  expect(unread("{{ groups['berths'][0] }}")).toEqual([])
})

describe('a role that depends on others', () => {
  // An agent that joins only where a task of its role sees all of this.
  const berth = (...conditions: readonly string[]): string => `
- ansible.builtin.command: /opt/k3s-install.sh agent
  environment: { K3S_TOKEN: '{{ harbour_key }}', K3S_URL: https://quay:6443 }
  when: ${JSON.stringify(conditions)}
`
  const variables = (...names: readonly string[]): string => names.map((name) => `${name}\n`).join('')
  // `moored` depends on `charted` and `lit`, `charted` on `sounded`.
  const roles = {
    'hosts.ini': '[berths]\nberth\n',
    'roles/moored/meta/main.yml': 'dependencies:\n  - { role: charted, pilot: anna, when: false }\n  - lit\n',
    'roles/moored/defaults/main.yml': variables('everywhere: moored', 'above: moored', 'depth: unknown'),
    'roles/moored/vars/main.yml': variables('everywhere_vars: moored', 'above_vars: moored'),
    'roles/charted/meta/main.yml': 'dependencies: [{ role: sounded, lead: hand }]\n',
    'roles/charted/defaults/main.yml': variables('everywhere: charted', 'twice: charted', 'chart: new'),
    'roles/charted/vars/main.yml': variables('everywhere_vars: charted', 'chart_vars: new'),
    'roles/sounded/defaults/main.yml': variables(
      'everywhere: sounded',
      'above: sounded',
      'harbour_key: 0ddpassword',
      'depth: 7 fathoms',
    ),
    'roles/sounded/vars/main.yml': variables('above_vars: sounded', 'bottom_vars: sand'),
    'roles/lit/defaults/main.yml': 'twice: lit\n',
  }
  const joined = ['berth agent present env-file url']

  test.each(['import_role', 'include_role'])(
    'and does nothing itself is followed all the same: %s',
    (module) => {
      const files = {
        'hosts.ini': '[berths]\nberth\n',
        'site.yml': `- hosts: berths\n  tasks:\n    - ${module}: { name: moored }\n`,
        'roles/moored/meta/main.yml': 'dependencies: [charted]\n',
        'roles/charted/meta/main.yml': 'dependencies: [sounded]\n',
        'roles/sounded/tasks/main.yml': berth('true'),
        'roles/sounded/defaults/main.yml': 'harbour_key: 0ddpassword\n',
      }
      expect(arrivals(files)).toEqual(joined)
      const idle = { 'roles/moored/tasks/main.yml': '- debug: { msg: moored }\n' }
      expect(arrivals({ ...files, ...idle })).toEqual(joined)
    },
  )

  test('has what they have, as the play has', () => {
    const conditions = [
      "everywhere == 'moored' and everywhere_vars == 'moored'",
      "above == 'moored' and above_vars == 'moored' and depth == 'unknown'",
      "chart == 'new' and chart_vars == 'new' and bottom_vars == 'sand'",
      "twice == 'lit'",
    ]
    const site = '- hosts: berths\n  roles: [moored]\n'
    const tasks = { 'roles/moored/tasks/main.yml': berth(...conditions) }
    expect(arrivals({ ...roles, ...tasks, 'site.yml': site })).toEqual(joined)
    const included = '- hosts: berths\n  tasks:\n    - include_role: { name: moored }\n'
    expect(arrivals({ ...roles, ...tasks, 'site.yml': included })).toEqual(joined)
    const before = `- hosts: berths\n  roles: [moored]\n  pre_tasks:${berth(...conditions).replaceAll('\n', '\n    ')}\n`
    expect(arrivals({ ...roles, 'site.yml': before })).toEqual(joined)
  })

  test('gives them its parameters and its defaults, and none of it goes to their neighbours', () => {
    const site = '- hosts: berths\n  roles: [{ role: moored, tide: high }]\n'
    const asking = { 'site.yml': site, 'roles/moored/meta/main.yml': 'dependencies: [charted, lit]\n' }
    const middle = berth(
      "tide == 'high' and everywhere == 'charted' and everywhere_vars == 'charted'",
      // Of defaults its own parents win over its dependencies, of vars the dependencies do.
      "above == 'moored' and above_vars == 'sounded' and twice == 'charted'",
      'lead is undefined',
    )
    expect(arrivals({ ...roles, ...asking, 'roles/charted/tasks/main.yml': middle })).toEqual(joined)
    const lowest = berth("tide == 'high' and lead == 'hand' and above == 'sounded' and twice == 'charted'")
    expect(arrivals({ ...roles, ...asking, 'roles/sounded/tasks/main.yml': lowest })).toEqual(joined)
    const beside = berth("tide == 'high' and pilot is undefined and lead is undefined and twice == 'lit'")
    expect(arrivals({ ...roles, ...asking, 'roles/lit/tasks/main.yml': beside })).toEqual(joined)
  })

  test('may lead back to itself', () => {
    const circle = { ...roles, 'roles/sounded/meta/main.yml': 'dependencies: [moored]\n' }
    const site = '- hosts: berths\n  roles: [moored]\n'
    const tasks = { 'site.yml': site, 'roles/moored/tasks/main.yml': berth("chart == 'new'") }
    expect(arrivals({ ...circle, ...tasks })).toEqual(joined)
  })
})

test('a role of a collection that the play lists comes before one of the same name in roles/', () => {
  const harbour = 'collections/ansible_collections/port/harbour/roles'
  const install = `
- ansible.builtin.command: /opt/k3s-install.sh agent
  environment: { K3S_TOKEN: '{{ harbour_key }}', K3S_URL: https://quay:6443 }
`
  const site = `
- hosts: berths
  collections: [port.harbour]
  vars: { harbour_key: lime }
  roles: [moored]
`
  const files = {
    'site.yml': site,
    'hosts.ini': '[berths]\nberth\n',
    [`${harbour}/moored/tasks/main.yml`]: '- ansible.builtin.include_role: { name: berthed }\n',
    [`${harbour}/berthed/tasks/main.yml`]: install,
    'roles/moored/tasks/main.yml': '- ping:\n',
    'roles/berthed/tasks/main.yml': '- ping:\n',
  }
  expect(arrivals(files)).toEqual(['berth agent present env-file url'])
})

test.each([
  ['texts', '{{ harbour_key }}{{ harbour_key }}'],
  ['lists', '{{ [harbour_key, harbour_key] }}'],
])('%s that double are not followed to their end', (_, expression) => {
  const step = `    - set_fact:\n        harbour_key: ${JSON.stringify(expression)}\n`
  const { verdicts } = new Analysis(
    new Map(
      Object.entries({
        'inventory.yml': 'server:\n  hosts:\n    quay:\n',
        'site.yml': `- hosts: all\n  tasks:\n    - set_fact: {harbour_key: abc}\n${step.repeat(60)}    - command: /usr/local/bin/k3s-install.sh\n      environment:\n        K3S_TOKEN: "{{ harbour_key }}"\n`,
      }),
    ),
  ).rehearsal
  expect(verdicts.map(({ kind }) => kind)).toContain('first-server')
})

describe('a role that hands on what it finds on another host', () => {
  const role = (host: string): string => `
- copy:
    dest: /etc/systemd/system/k3s.service
    mode: '0600'
    content: |
      [Service]
      ExecStart=/usr/local/bin/k3s {{ berth }}{% if berth == 'agent' %} --server https://quay:6443 --token "{{ hostvars[${host}].slip | default('') }}"{% endif %}
- systemd: { name: k3s, state: restarted }
- when: berth == 'server'
  block:
    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: anchor
    - set_fact: { slip: '{{ anchor.content | b64decode | trim }}' }
`
  const SERVER = 'groups.server[0]'
  const defaults = "berth: \"{{ 'server' if inventory_hostname in groups.server else 'agent' }}\"\n"
  const agent = (files: Files): string | undefined =>
    arrivals(files, { servers: 'one' }).find((line) => line.startsWith('agent-1'))
  const alone = (host: string): Files => ({ 'tasks/main.yml': role(host), 'defaults/main.yml': defaults })

  test('may have been played there first, where nobody plays it', () => {
    expect(agent(alone(SERVER))).toMatch(/^agent-1 agent maybe /)
    expect(findings(alone(SERVER)).filter((found) => found.startsWith('token-empty'))).toEqual([])
  })

  test('has nothing yet of its own host, and where a play has both at once', () => {
    expect(agent(alone('inventory_hostname'))).toMatch(/^agent-1 agent empty /)
    const played = {
      'roles/mole/tasks/main.yml': role(SERVER),
      'roles/mole/defaults/main.yml': defaults,
      'site.yml': '- hosts: server:agent\n  roles: [mole]\n',
    }
    expect(agent(played)).toMatch(/^agent-1 agent empty /)
  })
})

describe('a condition that only a real run decides', () => {
  const unit = `[Service]
EnvironmentFile=/etc/systemd/system/k3s-agent.env
ExecStart=/usr/local/bin/k3s agent --server https://quay:6443
`
  const starts = (tasks: string, before = ''): Readonly<Record<string, string>> => ({
    'hosts.ini': '[berths]\nberth\n',
    'files/k3s-agent.service': unit,
    'site.yml': `
- hosts: berths
  tasks:
${before}
${tasks}
    - ansible.builtin.copy: { src: k3s-agent.service, dest: /etc/systemd/system/k3s-agent.service }
    - ansible.builtin.systemd: { name: k3s-agent, state: started }
`,
  })
  const guarded = (condition: string): string => `
    - when: ${condition}
      block:
        - ansible.builtin.slurp: { src: /root/slip }
          register: slip
        - ansible.builtin.set_fact:
            harbour_key: '{{ slip.content | b64decode }}'
        - ansible.builtin.copy:
            dest: /etc/systemd/system/k3s-agent.env
            content: 'K3S_TOKEN={{ harbour_key }}'
`

  test.each([
    "ansible_facts.os_family == 'RedHat'",
    "[ansible_facts.os_family == 'RedHat', beacon.stdout == 'on']",
    "ansible_facts.os_family == 'RedHat' and beacon.stdout == 'on'",
    "ansible_facts.os_family == 'RedHat' or beacon.stdout == 'on'",
    "not ansible_facts.os_family == 'RedHat'",
    "not (ansible_facts.os_family == 'RedHat' or beacon.stdout == 'on')",
    'beacon.stdout',
  ])('holds for all that it guards, what one task finds the next one has: %s', (condition) => {
    const asked = '    - { ansible.builtin.command: lighthouse, register: beacon }'
    expect(arrivals(starts(guarded(condition), asked))).toEqual(['berth agent maybe none url'])
  })

  test('parts no ways for a command that leaves K3s as it is', () => {
    const asked = Array.from(
      { length: 30 },
      (_, index) => `
    - { command: lighthouse --lamp ${index}, register: lamp_${index}, failed_when: false }
    - { command: restorecon -v /usr/local/bin/k3s, when: lamp_${index}.rc != 2 }`,
    )
    const files = {
      'hosts.ini': '[berths]\nberth\n',
      'site.yml': `
- hosts: berths
  tasks:
    - copy: { dest: /etc/systemd/system/k3s-agent.service, content: "[Service]\\nExecStart=/usr/local/bin/k3s agent\\n" }
    - systemd: { name: k3s-agent, enabled: true }${asked.join('')}
    - { systemd: { name: k3s-agent, state: started }, when: lamp_0.rc != 2 }
`,
    }
    const { bounds, runs } = new Analysis(new Map(Object.entries(files))).rehearsal
    expect(bounds).toEqual([])
    const fresh = runs.filter(({ scenario }) => scenario.k3s === 'absent')
    expect(fresh.map(({ assumptions }) => assumptions.length)).toEqual([1, 1])
  })

  test('that rules another one out leaves nothing to run', () => {
    const tasks = `
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s-agent.env
        content: K3S_TOKEN=lime
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s-agent.env
        content: K3S_TOKEN=
      when: ["ansible_facts.os_family == 'RedHat'", "ansible_facts.os_family == 'Debian'"]
`
    expect(arrivals(starts(tasks))).toEqual(['berth agent present env-file url'])
  })

  test.each(["lamp.user_input == 'lit'", "['lit'] | first == lamp.user_input"])(
    'holds for the list of a loop, too: %s',
    (condition) => {
      const site = `${joins('berths', '0ddpassword')}
- hosts: berths
  tasks:
    - { pause: { prompt: lit? }, register: lamp }
    - when: ${JSON.stringify(condition)}
      block:
        - { find: { paths: /etc/systemd/system, patterns: 'k3s*.service*' }, register: logs }
        - copy: { src: '{{ log.path }}', dest: '{{ log.path }}.kept', remote_src: true }
          loop: '{{ logs.files }}'
          loop_control: { loop_var: log }
        - command: sh /opt/k3s-install.sh agent
          environment: { INSTALL_K3S_SKIP_START: 'true' }
        - copy: { src: '{{ log.path }}.kept', dest: '{{ log.path }}', remote_src: true }
          loop: '{{ logs.files }}'
          loop_control: { loop_var: log }
        - systemd: { name: k3s-agent, state: restarted }
`
      expect(arrivals({ 'hosts.ini': '[berths]\nberth\n', 'site.yml': site })).toEqual([
        'berth agent present env-file url',
      ])
    },
  )
})

describe('what is included in a loop', () => {
  const agent = `
- command: sh /opt/k3s-install.sh agent --server https://quay:6443
  environment: { K3S_TOKEN: "{{ 'odd' if item == 'sail' else '' }}" }
`
  const files = {
    'hosts.ini': '[berths]\nberth\n',
    'boat/sail.yml': agent,
    'boat/oars.yml': '- debug: { msg: row }\n',
    'site.yml': '- { hosts: berths, tasks: [{ include_tasks: boat.yml, loop: [mole] }] }\n',
  }
  const seen = (include: string, more: Files = {}) =>
    arrivals({ ...files, 'boat.yml': `- ${include}\n`, ...more })
  const arrives = 'berth agent present env-file url'

  test.each([
    "{ include_tasks: 'boat/{{ item }}.yml', loop: [oars, sail], when: item == 'sail' }",
    "{ include_tasks: 'boat/{{ item }}.yml', loop: [oars, leak, sail], when: [true, item == 'sail'] }",
    "{ include_role: { name: yard, tasks_from: '{{ item }}' }, loop: [oars, sail], when: item == 'sail' }",
    '{ include_tasks: boat/sail.yml, loop: [oars, sail], loop_control: { index_var: nth }, when: nth == 1 }',
  ])('is there where the condition holds for the item: %s', (include) => {
    const yard = {
      'roles/yard/tasks/sail.yml': agent,
      'roles/yard/tasks/oars.yml': '- debug: { msg: row }\n',
    }
    expect(seen(include, yard)).toEqual([arrives])
    expect(seen(include.replace("item == 'sail'", "item == 'oars'").replace('nth == 1', 'nth == 2'))).toEqual(
      [],
    )
  })

  test('and a condition that is not known is one for its host and item alone', () => {
    const include =
      "{ include_tasks: boat/sail.yml, loop: [sail], when: item == 'sail' and (inventory_hostname == 'berth' or lamp.rc == 1) }"
    const hosts = {
      'hosts.ini': '[berths]\nberth\njetty ansible_port=1\n',
      'boat.yml': `- { command: lighthouse, register: lamp, failed_when: false }\n- ${include}\n- { systemd: { name: k3s-agent, state: started } }\n`,
    }
    expect(arrivals({ ...files, ...hosts })).toEqual([arrives, arrives.replace('berth', 'jetty')])
    const starts = new Analysis(new Map(Object.entries({ ...files, ...hosts }))).rehearsal.runs
      .filter(({ scenario }) => scenario.k3s === 'absent')
      .map(({ events }) => events.flatMap(({ what, host }) => (what === 'service-started' ? [host] : [])))
    expect(starts.map((hosts) => [...new Set(hosts)].sort())).toContainEqual(['berth'])
  })
})

// As ansible-core 2.21 and 2.14 play it.
describe('what a role depends on', () => {
  const include = (part: string): string => `    - include_role: { name: yard, tasks_from: ${part} }\n`
  const files = (plays: string, meta = '') => ({
    'hosts.ini': '[berths]\nberth\n',
    'site.yml': plays,
    'roles/yard/meta/main.yml': 'dependencies: [slip]\n',
    'roles/yard/tasks/key.yml':
      '- lineinfile: { path: /etc/systemd/system/k3s-agent.service.env, line: K3S_TOKEN=0ddpassword }\n',
    'roles/yard/tasks/sail.yml': '- systemd: { name: k3s-agent, state: started }\n',
    'roles/slip/meta/main.yml': meta,
    'roles/slip/tasks/main.yml':
      '- command: sh /opt/k3s-install.sh agent --server https://quay:6443\n  environment: { INSTALL_K3S_SKIP_START: "true" }\n',
  })
  const tasks = `- hosts: berths\n  tasks:\n${include('key')}${include('sail')}`
  const present = ['berth agent present env-file url']
  const absent = ['berth agent absent none url']

  test('runs before any of its files, once in a play', () => {
    expect(arrivals(files(tasks))).toEqual(present)
    const roles = tasks.replace('  tasks:', '  roles: [slip]\n  tasks:')
    expect(arrivals(files(roles))).toEqual(present)
    const key = `- hosts: berths\n  tasks:\n${include('key')}`
    expect(arrivals(files(key + tasks.replace(include('key'), '')))).toEqual(absent)
  })

  test('runs again where it allows that, where it is given something else, or where it was skipped', () => {
    expect(arrivals(files(tasks, 'allow_duplicates: true\n'))).toEqual(absent)
    const given = tasks.replace('  tasks:', '  roles: [{ role: slip, ebb: 1 }]\n  tasks:')
    expect(arrivals(files(given))).toEqual(present)
    const skipped = tasks.replace(include('key'), include('key').replace(' }\n', ' }\n      when: false\n'))
    expect(arrivals(files(skipped))).toEqual(absent)
  })
})
