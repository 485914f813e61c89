import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, bounds, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

const role = (tasks: string, defaults = '', more: Files = {}): Files => ({
  'meta/main.yml': '',
  'defaults/main.yml': defaults,
  'tasks/main.yml': tasks,
  ...more,
})

describe('invented hosts are told apart', () => {
  const server = '- command: sh /opt/k3s-install.sh server\n'
  const agent = '- command: sh /opt/k3s-install.sh agent --server https://quay:6443\n'
  const guarded = (ofServers: string, ofAgents: string): string =>
    `${server}  when: >-\n    ${ofServers}\n${agent}  when: >-\n    ${ofAgents}\n`
  const founder = 'server-1 first-server absent none no url'
  const joiner = 'agent-1 agent absent none url'

  test.each([
    ['by the words that a variable is compared with', guarded("rank == 'server'", "rank == 'worker'")],
    [
      'by those that it may have else',
      guarded("berth_kind | default('master') == 'master'", "berth_kind is defined and berth_kind == 'node'"),
    ],
    [
      'by one word where there is no other',
      guarded("boat_role | default('agent') != 'agent'", "'agent' == (boat_role | default('agent'))"),
    ],
    [
      'by a list of them',
      guarded("rank in ['init', 'server']", "rank not in ['init', 'server'] and rank == 'agent'"),
    ],
  ])('%s', (_, tasks) => {
    expect(arrivals(role(tasks), { servers: 'one' })).toEqual([joiner, founder])
  })

  test('by a group that a variable names, and by groups that have a word for both', () => {
    const play = (hosts: string, tasks: string) => `- hosts: ${hosts}\n  tasks:\n    ${tasks.trimEnd()}\n`
    const groups = play('control_plane_nodes', server) + play('worker_nodes:!proxmox_nodes', agent)
    const two = ['agent-1 agent absent none url', 'server-1 first-server absent none no url']
    expect(arrivals({ 'site.yml': groups }, { servers: 'one' })).toEqual(two)
    const files = role(
      `${server}  when: inventory_hostname in groups[quay_group]\n`,
      'quay_group: quay_servers\n',
    )
    expect(arrivals(files, { servers: 'one' })).toEqual(['server-1 first-server absent none no url'])
    const named = (first: string, second: string): Files =>
      role(guarded(first, second), 'quay_group: quay_servers\nboat_group: quay_workers\n')
    for (const [first, second] of [
      ['quay_group in group_names', 'boat_group in group_names'],
      ['quay_group in group_names', 'quay_group not in group_names and boat_group in group_names'],
      ["quay_group | default('x') in group_names", "(boat_group | default('y')) in group_names"],
      [
        "inventory_hostname in groups[quay_group | default('x')]",
        "inventory_hostname in groups[boat_group | default('y')]",
      ],
      // Nobody else says what these are.
      ["rock | default('masters') in group_names", "(reef | d('workers', true)) in group_names"],
      ["inventory_hostname in groups[rock|default('masters')]", "'workers' in group_names"],
    ] as const)
      expect(arrivals(named(first, second), { servers: 'one' }), first).toEqual([joiner, founder])
  })

  describe('from machines that have nothing to do with the cluster', () => {
    const shell = (hosts: string, words: string): string =>
      `- hosts: ${hosts}\n  tasks:\n    - shell: ${words}\n`
    const hosts = (site: string, scenario: object = { servers: 'one' }): readonly string[] =>
      arrivals({ 'site.yml': site }, scenario).map((arrival) => arrival.split(' ').slice(0, 2).join(' '))
    const k3s = shell('k3s', 'curl -sfL https://get.k3s.io | sh -')

    test('which plays make it on, or work with it', () => {
      const site = shell('dockyard', 'echo makes machines') + k3s + shell('portal', 'k3s kubectl get nodes')
      for (const servers of ['one', 'several'])
        expect(hosts(site, { servers })).toEqual(['server-1 first-server'])
      // A play that brings K3s there is another matter.
      expect(hosts(shell('dockyard', 'curl -sfL https://get.k3s.io | sh -') + shell('k3s', 'echo'))).toEqual([
        'dockyard-1 first-server',
      ])
      expect(hosts(`${k3s}      when: inventory_hostname in groups.dockyard\n`)).toEqual([
        'dockyard-1 first-server',
      ])
    })

    test('whatever else is called after K3s', () => {
      const ranked = guarded("rank == 'server'", "rank == 'agent'").replaceAll('\n', '\n    ')
      const site = `${shell('buoys', 'echo')}- hosts: k3s_hosts\n  tasks:\n    ${ranked.trimEnd()}\n${shell('jetties', 'echo')}`
      expect(hosts(site)).toEqual(['agent-1 agent', 'server-1 first-server'])
    })

    test('and some of them from all', () => {
      const join = joins('k3s_agents,k3s_dedicated', '0ddpassword').trimEnd()
      const site = `${shell('proxmox_servers', 'echo')}${installs('k3s_servers', { INSTALL_K3S_EXEC: 'server' })}${join}
      when: inventory_hostname in groups['k3s_dedicated']
`
      expect(hosts(site)).toEqual(['k3s_dedicated-1 agent', 'server-1 first-server'])
      // Where there is no other group, it is the one for all.
      expect(hosts(k3s.replace('k3s', 'k3s_dedicated'))).toEqual(['server-1 first-server'])
    })
  })

  test.each(['k3s', 'k3s_hosts', 'k8s', 'k3s2'])('and all are in the group %s', (whole) => {
    const ofAll = `'${whole}' in group_names`
    const tasks = guarded(`${ofAll} and 'masters' in group_names`, `${ofAll} and 'workers' in group_names`)
    expect(arrivals(role(tasks), { servers: 'one' })).toEqual([joiner, founder])
  })

  test('and none is called as a variable that lacks its braces', () => {
    const tasks = `- set_fact: { quay_server: true }
- slurp: { src: /var/lib/rancher/k3s/server/node-token }
  delegate_to: quay_server
${guarded("rank == 'server'", "rank == 'worker'")}`
    expect(arrivals(role(tasks), { servers: 'one' })).toEqual([joiner, founder])
  })

  test('and not by a variable of a loop', () => {
    const tasks = `- include_tasks: "{{ part }}.yml"
  when: part == rank
  loop_control: { loop_var: part }
  loop: [server, worker]
`
    const files = { 'tasks/server.yml': server, 'tasks/worker.yml': agent }
    const defaults = "rank: \"{{ 'server' if 'servers' in group_names else 'worker' }}\"\n"
    const site = { 'site.yml': '- { hosts: servers:workers, roles: [k3s] }\n' }
    const own = Object.entries(role(tasks, defaults, files)).map(([path, text]) => [
      `roles/k3s/${path}`,
      text,
    ])
    expect(arrivals({ ...Object.fromEntries(own), ...site }, { servers: 'one' })).toEqual([joiner, founder])
  })

  test('by switches that are called so, though their defaults are neither', () => {
    const tasks = `- assert: { that: [k3s_is_apiserver or k3s_is_worker] }\n${guarded('k3s_is_apiserver', 'k3s_is_worker')}`
    const defaults = 'k3s_is_apiserver: false\nk3s_is_worker: false\nk3s_server_no_worker: false\n'
    expect(arrivals(role(tasks, defaults), { servers: 'one' })).toEqual([joiner, founder])
  })

  test('by the names of templates', () => {
    const tasks = `
- template: { src: 'boat-{{ rank }}.service.j2', dest: /etc/systemd/system/k3s.service }
- service: { name: k3s, state: started }
`
    const templates = {
      'templates/boat-control.service.j2': '[Service]\nExecStart=/usr/local/bin/k3s server\n',
      'templates/boat-worker.service.j2':
        '[Service]\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443\n',
    }
    const files = role(tasks, 'rank: control\n', templates)
    expect(arrivals(files, { servers: 'one' })).toEqual([joiner, founder])
  })

  test('the first server from others, and those that join by the URL that they are given', () => {
    const tasks = `
- command: sh /opt/k3s-install.sh server --cluster-init
  when: rank == 'first_server'
- command: "sh /opt/k3s-install.sh {{ 'agent' if rank == 'agent' else 'server' }} {{ '' if not quay_url else join }}"
  vars: { join: '--server {{ quay_url }}' }
  when: rank != 'first_server' and rank in ['server', 'agent']
`
    expect(arrivals(role(tasks, 'quay_url: ""\n'), { servers: 'several' })).toEqual([
      joiner,
      founder,
      'server-2 joining-server absent none url',
    ])
  })

  test('by the file of a role that is played, not by others that it does not include', () => {
    const asks = `- debug: { msg: a }\n  when: rank == 'server' or inventory_hostname == 'rock'
- debug: { msg: b }\n  when: rank == 'worker' or 'masters' in group_names\n`
    const parts = { 'meta/main.yml': '', 'tasks/server.yml': server, 'tasks/worker.yml': agent }
    const seen = (files: Files) =>
      new Analysis(new Map(Object.entries(files))).rehearsal.verdicts.map(({ playbook, host, kind }) =>
        [playbook, host, kind].join(' '),
      )
    const alone = seen(parts)
    expect([...new Set(alone)]).toEqual([
      'the role: server.yml server-1 first-server',
      'the role: worker.yml agent-1 agent',
    ])
    expect(seen({ ...parts, 'tasks/walls.yml': asks })).toEqual(alone)
    // One that only another file includes is none of this one.
    const included = { 'tasks/walls.yml': asks, 'tasks/server.yml': `${server}- include_tasks: walls.yml\n` }
    const worker = seen({ ...parts, ...included }).filter((line) => line.includes('worker.yml'))
    expect(worker).toEqual(alone.filter((line) => line.includes('worker.yml')))
  })

  test('only where nobody says what they are', () => {
    const tasks = guarded("rank == 'server'", "rank == 'agent'")
    const none = (files: Files) => expect(arrivals(files)).not.toContain(joiner)
    // A task, and the variables of all hosts.
    none(role(`- set_fact: { rank: server }\n${tasks}`))
    none({ ...role(tasks), 'group_vars/all.yml': 'rank: server\n' })
    none(role(tasks, '', { 'vars/main.yml': 'rank: server\n' }))
    // Words that are no kinds of nodes.
    const cut = guarded("rank == 'server'", "rank == 'buoy'")
    expect(arrivals(role(cut, 'rank: server\n'))).not.toContain(joiner)
    // What a play says wins over what an inventory would.
    const roles = { 'roles/boat/tasks/main.yml': tasks }
    const site = '- hosts: all\n  roles: [{ role: boat, rank: agent }]\n'
    expect(arrivals({ ...roles, 'site.yml': site }, { servers: 'one' })).toEqual([
      joiner,
      'server-1 agent absent none url',
    ])
  })
})

describe('groups of the first server, and of those that join it', () => {
  const play = (hosts: string, tasks: string): string => `- hosts: ${hosts}\n  tasks:\n${tasks}`
  const once = `      args: { creates: /etc/rancher/k3s/k3s.yaml }\n`
  const founds = `    - shell: curl -sfL https://get.k3s.io | sh -s - server --cluster-init\n${once}`
  const joining = `    - shell: curl -sfL https://get.k3s.io | sh -s - server --server https://10.7.0.1:6443\n${once}`
  const agents = `    - shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://10.7.0.1:6443\n`
  const found = (site: string, servers = 'several'): readonly string[] =>
    arrivals({ 'site.yml': site }, { servers }).toSorted()
  const first = 'server-1 first-server absent none no url'
  const second = 'server-2 joining-server absent none url'

  test.each([
    ['quay_server_init', 'quay_server_join'],
    ['first_server', 'joining_servers'],
    ['master_init', 'master_join'],
    ['primary_master', 'secondary_masters'],
    ['init_server', 'servers'],
    ['server_first', 'server_rest'],
    ['master_first', 'master_more'],
    ['master_init', 'master_add'],
    ['bootstrap_server', 'server_others'],
    ['leader_master', 'follower_masters'],
    ['k3s_cluster_init', 'k3s_cluster_join'],
    ['master', 'additional_masters'],
    ['master', 'masters_extra'],
  ])('%s and %s', (one, rest) => {
    const site = play(one, founds) + play(rest, joining)
    expect(found(site)).toEqual([first, second])
    expect(found(site, 'one')).toEqual([first])
    expect(findings({ 'site.yml': site })).toEqual(['server-token-missing error site.yml:7'])
  })

  test('have what starts on them, where no name says that it is a server', () => {
    const joiner = (kind: string): string => `k3s_join-1 ${kind} absent none url`
    expect(found(play('k3s_init', founds) + play('k3s_join', joining))).toEqual([
      joiner('joining-server'),
      first,
    ])
    expect(found(play('k3s_init', founds) + play('k3s_join', agents))).toEqual([joiner('agent'), first])
    const beside = play('k3s_init', founds) + play('k3s_join', joining) + play('k3s_workers', agents)
    expect(found(beside)).toEqual(['agent-1 agent absent none url', first, second])
    const nodes = play('init_node', founds) + play('join_nodes', joining)
    expect(found(nodes)).toEqual(['agent-1 joining-server absent none url', first])
  })

  const keyed = `    - copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: 0ddpassword" }\n`
  const given = ['server-1 first-server present config no url', 'server-2 joining-server present config url']

  test('are beside one for all of them', () => {
    for (const [all, one, rest] of [
      ['masters', 'master_init', 'master_join'],
      ['masters', 'masters:!extra_masters', 'extra_masters'],
      ['masters', 'masters[0]', 'extra_masters'],
      ['k3s_servers', 'k3s_init', 'k3s_join'],
    ] as const)
      expect(found(play(all, keyed) + play(one, founds) + play(rest, joining)), one).toEqual(given)
    for (const condition of [
      'inventory_hostname == groups.masters[0]',
      "groups['masters'] | first == inventory_hostname",
      "'extra_masters' not in group_names",
    ]) {
      const guarded = play('masters', `${keyed}${founds}      when: ${JSON.stringify(condition)}\n`)
      expect(found(guarded + play('extra_masters', joining)), condition).toEqual(given)
    }
  })

  test('hand on what the first one has', () => {
    const read = `    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: raw
    - set_fact: { shanty: "{{ raw.content | b64decode | trim }}" }
`
    const joinsBy = (group: string): string =>
      `${joining}      environment: { K3S_TOKEN: "{{ hostvars[groups['${group}'][0]].shanty }}" }\n`
    for (const [one, rest] of [
      ['master_init', 'master_join'],
      ['init_server', 'servers'],
      ['masters', 'masters_extra'],
    ] as const)
      expect(found(play(one, founds + read) + play(rest, joinsBy(one))), one).toEqual([
        first,
        'server-2 joining-server present env-file url',
      ])
  })

  test('are not told from others by a word alone', () => {
    const machines = play('other_servers', '    - command: echo\n')
    expect(found(machines + play('servers', joining))).toEqual([
      'server-1 joining-server absent none url',
      second,
    ])
    // Servers on which no play brings K3s found nothing.
    const site = play('servers', '    - command: echo\n') + play('other_servers', founds)
    expect(found(site, 'one')).toEqual([first])
  })
})

describe('groups whose names differ in a number', () => {
  const play = (hosts: string, tasks: string): string => `- hosts: ${hosts}\n  tasks:\n${tasks}`
  const once = `      args: { creates: /etc/rancher/k3s/k3s.yaml }\n`
  const founds = `    - shell: curl -sfL https://get.k3s.io | sh -s - server --cluster-init\n${once}`
  const joining = `    - shell: curl -sfL https://get.k3s.io | sh -s - server --server https://10.7.0.1:6443\n${once}`
  const agents = `    - shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://10.7.0.1:6443\n`
  const found = (site: string, servers = 'several'): readonly string[] =>
    arrivals({ 'site.yml': site }, { servers }).toSorted()
  const first = 'server-1 first-server absent none no url'
  const second = 'server-2 joining-server absent none url'

  test.each([
    ['controller1', 'controller2'],
    ['master1', 'master2'],
    ['k3s_master_0', 'k3s_master_1'],
    ['master-01', 'master-02'],
    ['server9', 'server10'],
  ])('%s and %s have a server each, however many there are', (one, other) => {
    const site = play(one, founds) + play(other, joining)
    for (const servers of ['one', 'several']) expect(found(site, servers)).toEqual([first, second])
    expect(findings({ 'site.yml': site })).toEqual(['server-token-missing error site.yml:7'])
  })

  test('have a host each, of servers and of agents', () => {
    const four = [2, 3, 4].map((number) => play(`master${number}`, joining)).join('')
    expect(found(play('master1', founds) + four)).toEqual([
      'master4-1 joining-server absent none url',
      first,
      second,
      'server-3 joining-server absent none url',
    ])
    const nodes = play('node1', founds) + play('node2', joining) + play('node3', agents)
    expect(found(nodes)).toEqual([
      'agent-1 first-server absent none no url',
      'node2-1 joining-server absent none url',
      'node3-1 agent absent none url',
    ])
    // Without the other one, the name says nothing of which servers there are.
    expect(found(play('master1', joining))).toEqual(['server-1 joining-server absent none url', second])
  })

  test('give each host what its own play has', () => {
    const keyed = (key: string): string => `${agents}      environment: { K3S_TOKEN: ${key} }\n`
    const site =
      play('master1', founds) +
      play('master2', `${joining}      environment: { K3S_TOKEN: 0ddpassword }\n`) +
      play('worker1', agents) +
      play('worker2', keyed('0ddpassword'))
    expect(found(site)).toEqual([
      'agent-1 agent absent none url',
      first,
      'server-2 joining-server present env-file url',
      'worker2-1 agent present env-file url',
    ])
  })

  test('are parts of the groups of all servers and of all agents', () => {
    const keyed = `    - copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: 0ddpassword" }\n`
    const parts = play('master1', founds) + play('master2', joining) + play('worker2', agents)
    const given = [
      'agent-1 agent present config url',
      'server-1 first-server present config no url',
      'server-2 joining-server present config url',
      'worker2-1 agent present config url',
    ]
    for (const [servers, workers] of [
      ['masters', 'workers'],
      ['k3s_servers', 'agents'],
      ['k3s_cluster', 'workers'],
    ] as const)
      expect(
        found(play(servers, keyed) + play(workers, keyed) + parts + play('worker1', agents)),
        servers,
      ).toEqual(given)
  })

  test('may as well be hosts, of which others ask', () => {
    const read = `    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: raw
`
    const joinsBy = `${joining}      environment: { K3S_TOKEN: "{{ hostvars['master1'].raw.content | b64decode | trim }}" }\n`
    expect(found(play('master1', founds + read) + play('master2', joinsBy))).toEqual([
      'master1 first-server absent none no url',
      'server-2 joining-server present env-file url',
    ])
    const later = `${joining}      environment: { K3S_TOKEN: "{{ hostvars['master2'].shanty | default('') }}" }\n`
    expect(found(play('master1', founds) + play('master2', later))).toEqual([
      'master2 joining-server empty env-file url',
      'master2 joining-server present env-file url',
      'server-2 first-server absent none no url',
    ])
  })
})

describe('hosts that are in no group which a project names', () => {
  const one = { servers: 'one' }
  const run = '- command: sh /opt/k3s-install.sh'
  const server = `${run} server\n`
  const agent = `${run} agent --server https://quay:6443\n`
  const ways = (condition: string, ofThem: string, ofOthers: string): string =>
    `${ofThem}  when: (${condition})\n${ofOthers}  when: not (${condition})\n`
  const mooring = {
    'tasks/main.yml':
      '- template: { src: k3s.j2, dest: /etc/systemd/system/k3s.service }\n- service: { name: k3s, state: started }\n',
    'templates/k3s.j2': `[Service]
{% if 'quay_masters' in group_names %}
ExecStart=/usr/local/bin/k3s server
{% else %}
ExecStart=/usr/local/bin/k3s agent --server https://{{ groups['quay_masters'][0] }}:6443
{% endif %}
`,
  }
  const played = (hosts: string, tasks: string, more: Files = {}): Files => ({
    'site.yml': `- { hosts: '${hosts}', roles: [moorings] }\n`,
    'roles/moorings/tasks/main.yml': tasks,
    ...more,
  })
  const both = ['agent-1 agent absent none url', 'server-1 first-server absent none no url']

  test('are agents, where a condition or a template makes them that', () => {
    expect(arrivals(role('', '', mooring), one)).toEqual(both)
    const moorings = Object.fromEntries(
      Object.entries(mooring).map(([path, text]) => [`roles/moorings/${path}`, text]),
    )
    for (const hosts of ['all', 'quay_cluster', 'boats', 'k3s_dedicated', 'berth_nodes'])
      expect(arrivals({ ...played(hosts, ''), ...moorings }, one), hosts).toEqual(both)
    expect(arrivals(role(ways('inventory_hostname in groups.quay_masters', server, agent)), one)).toEqual(
      both,
    )
    expect(arrivals(role(`${agent}  when: "'quay_masters' not in group_names"\n`), one)).toEqual([both[0]])
  })

  test('are servers, where only agents have a group', () => {
    const tasks = ways("'quay_workers' in group_names", agent, server)
    for (const hosts of ['all', 'boats']) expect(arrivals(played(hosts, tasks), one), hosts).toEqual(both)
  })

  test('have what the project says of groups that are called as they are', () => {
    const keyed = `${agent}  environment: { K3S_TOKEN: "{{ harbour_key }}" }\n`
    const files = role(
      ways("'quay_masters' in group_names", `${server}  environment: { K3S_TOKEN: 0ddpassword }\n`, keyed),
    )
    for (const [key, token] of [
      ['0ddpassword', 'present'],
      ['""', 'empty'],
    ] as const)
      expect(arrivals({ ...files, 'group_vars/quay_workers.yml': `harbour_key: ${key}\n` }, one)).toEqual([
        `agent-1 agent ${token} env-file url`,
        'server-1 first-server present env-file no url',
      ])
  })

  test('are none where nothing makes them nodes, or more servers', () => {
    const founder = [both[1]]
    expect(arrivals(role(`${server}  when: "'quay_masters' in group_names"\n`), one)).toEqual(founder)
    for (const servers of ['one', 'several']) {
      const tasks = `- command: uptime\n  when: "'quay_masters' in group_names"\n${server}`
      expect(arrivals(role(tasks), { servers })).toEqual(founder)
      // A play for the masters alone says nothing of others.
      const tied = ways("'quay_masters' in group_names", server, agent)
      expect(arrivals(played('quay_masters', tied), { servers })).toEqual(founder)
      // Agents may well ask whether they are servers, which other plays are for.
      expect(arrivals(played('quay_workers', tied), { servers })).toEqual([both[0]])
      expect(arrivals(played('boats', tied.replaceAll('quay_masters', 'buoys')), { servers })).toEqual([
        'boats-1 agent absent none url',
      ])
    }
  })
})

describe('groups of hosts that are gone', () => {
  const gone = "groups['gone_servers'] | default([])"
  const asserts = (that: string): string => `- hosts: localhost
  tasks:
    - assert: { that: "${that}" }
`
  const stays = asserts(`(${gone} | length == 0) or (groups['servers'] | difference(${gone}) | length > 0)`)
  const site = `${installs('servers', { INSTALL_K3S_EXEC: 'server' })}${joins('workers', '0ddpassword')}`
  const stops = `- hosts: gone_servers:gone_workers
  tasks:
    - service: { name: k3s, state: stopped }
    - command: /usr/local/bin/k3s-uninstall.sh
`
  const both = ['agent-1 agent present env-file url', 'server-1 first-server absent none no url']
  const without = (groups: string, kinds: string): string =>
    `no hosts are assumed in ${groups}: else K3s would run on no ${kinds}`
  const one = { servers: 'one' }

  test('have none, where the run would end with some', () => {
    const files = { 'site.yml': `${stays}${site}${stops}` }
    expect(arrivals(files, one)).toEqual(both)
    expect(unknowns(files)).toContain(without('gone_servers and gone_workers', 'server and on no agent'))
    const read = { 'site.yml': `${stays}${site}` }
    expect(arrivals(read, one)).toEqual(both)
    expect(unknowns(read)).toContain(without('gone_servers', 'server and on no agent'))
  })

  test('have none, where they are left out, or lose K3s', () => {
    const files = { 'site.yml': `${site}${stops}` }
    expect(arrivals(files, one)).toEqual(both)
    const left = { 'site.yml': site.replace('hosts: servers', "hosts: 'servers:!gone_servers'") }
    expect(arrivals(left, one)).toEqual(both)
    expect(unknowns(left)).toContain(without('gone_servers', 'server'))
  })

  test('have some, where K3s runs all the same', () => {
    const files = {
      'site.yml': `${site}${stops.replace(/ {4}- command.*\n/, '').replace('stopped', 'restarted')}`,
    }
    expect(arrivals(files, one)).toEqual(both)
    expect(unknowns(files).join()).not.toContain('no hosts are assumed')
  })

  test('have what they had, where the run ends all the same, or a play brings K3s to them', () => {
    const over = { 'site.yml': `${asserts('false')}${stays}${site}${stops}` }
    expect(arrivals(over, one)).toEqual([])
    expect(unknowns(over).join()).not.toContain('no hosts are assumed')
    const brought = stops.replace(/service: .*/, 'command: sh /opt/k3s-install.sh')
    const more = { 'site.yml': `${stays}${site}${brought}` }
    expect(arrivals(more, one)).toEqual([])
    expect(unknowns(more).join()).not.toContain('no hosts are assumed')
  })
})

describe('servers of which a project says nothing', () => {
  const server = '- command: sh /opt/k3s-install.sh server --cluster-init\n'
  const agent = '- command: sh /opt/k3s-install.sh agent --server https://quay:6443\n'
  const one = 'agent-1 agent absent none url'
  const seen = (files: Files): readonly string[] => {
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    return [
      ...new Set(verdicts.map(({ host, kind, scenario }) => `${host} ${kind} ${scenario.servers ?? 'any'}`)),
    ]
  }

  test('are none where a role is for agents', () => {
    expect(arrivals(role(agent))).toEqual([one])
    expect(seen(role(agent))).toEqual(['agent-1 agent any'])
    expect(
      seen({ 'site.yml': '- { hosts: k3s, roles: [boat] }\n', 'roles/boat/tasks/main.yml': agent }),
    ).toEqual(['agent-1 agent any'])
  })

  test.each([
    ['its name', "groups['server'][0]", ''],
    ['another one', 'groups.quay_masters | first', ''],
    ['a variable', 'groups[quay_group][0]', 'quay_group: server\n'],
    ['a variable, and another one', 'groups[quay_group][0]', 'quay_group: quay_masters\n'],
  ])('are no hosts of a role for agents that wants one of their group: by %s', (_, wanted, defaults) => {
    const tasks = agent.replace('quay:', `{{ hostvars[${wanted}].berth | default(${wanted}) }}:`)
    expect(arrivals(role(tasks, defaults))).toEqual([one])
    const read = `- slurp: { src: /var/lib/rancher/k3s/server/node-token }
  delegate_to: "{{ ${wanted} }}"
  register: slip
${agent}  environment: { K3S_TOKEN: "{{ slip.content | b64decode | trim }}" }\n`
    expect(arrivals(role(read, defaults))).toEqual(['agent-1 agent present env-file url'])
    // A role of servers has them.
    const founding = `${server}  when: inventory_hostname == ${wanted}\n`
    expect(arrivals(role(founding, defaults), { servers: 'one' })).toEqual([
      'server-1 first-server absent none no url',
    ])
  })

  test('are no more than the first one where the others are agents as well', () => {
    const tasks = `${server}  when: inventory_hostname == 'rock'\n${agent}  when: inventory_hostname != 'rock'\n`
    expect(seen(role(tasks))).toEqual(['agent-1 agent any', 'rock first-server any'])
    // Two have a name of their own.
    const names = tasks
      .replace("== 'rock'", "in ['rock', 'pier']")
      .replace("!= 'rock'", "not in ['rock', 'pier']")
    const joining = names.replace('--cluster-init', '--server https://quay:6443')
    expect(seen(role(joining))).toEqual([
      'agent-1 agent one',
      'agent-1 agent several',
      'pier joining-server several',
      'rock joining-server one',
      'rock joining-server several',
    ])
  })

  test('are those that a group names, whatever starts on them', () => {
    const play = '- { hosts: quay_masters, roles: [boat] }\n'
    expect(seen({ 'site.yml': play, 'roles/boat/tasks/main.yml': agent })).toEqual([
      'server-1 agent one',
      'server-1 agent several',
      'server-2 agent several',
    ])
    const named = `${agent}  when: "'server' in group_names or true"\n`
    expect(seen(role(named)).join()).toContain('server-2')
    // So does a file of the variables that they have.
    expect(seen(role(agent, '', { 'group_vars/server.yml': 'berth: 1\n' })).join()).toContain('server-2')
  })

  test('are there for an upgrade, which begins with what an installation has left that does not count them', () => {
    const files = {
      'site.yml': '- { hosts: k3s, roles: [boat] }\n',
      'roles/boat/tasks/main.yml': `${server}  when: inventory_hostname == 'rock'\n${agent}  when: inventory_hostname != 'rock'\n`,
      'upgrade.yml': '- hosts: k3s\n  tasks: [{ service: { name: k3s-agent, state: restarted } }]\n',
    }
    const began = (scenario: object) =>
      arrivals(files, scenario).filter((arrival) => arrival.startsWith('agent-1'))
    expect(began({ k3s: 'present', servers: 'several' })).toEqual(['agent-1 agent absent none url'])
    expect(began({ k3s: 'present', servers: 'one' })).toEqual(['agent-1 agent absent none url'])
  })
})

describe('a group whose name says nothing of its hosts', () => {
  const founding = 'command: sh /opt/k3s-install.sh server --cluster-init --token {{ slip }}'
  const joining = 'command: sh /opt/k3s-install.sh server --server https://quay:6443'
  const play = (hosts: string, ...tasks: readonly string[]): string =>
    `- hosts: ${hosts}\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`
  const told = (hosts: string, first: string): string =>
    play(
      hosts,
      `${founding}\n      when: inventory_hostname == ${first}`,
      `${joining}\n      when: inventory_hostname != ${first}`,
    )

  test.each([
    ['berths', 'the group', told('berths', "groups['berths'][0]")],
    ['nodes', 'the group', told('nodes', 'groups.nodes | first')],
    ['berths', 'the play', told('berths', 'ansible_play_hosts[0]')],
    ['berths', 'the patterns of plays', play('berths[0]', founding) + play('berths[1:]', joining)],
  ])('has two of them where its first one is told from the others: %s, by %s', (group, _, site) => {
    const first = `${group}-1 first-server present argv no url`
    const files = { 'site.yml': site }
    expect(arrivals(files, { servers: 'one' })).toEqual([first])
    const second = `${group}-2 joining-server absent none url`
    expect(arrivals(files, { servers: 'several' })).toEqual([first, second])
    expect(findings(files).join()).toContain('server-token-missing error')
  })

  test('has one where nothing tells it from others, K3s is not for it, or another is one of servers', () => {
    const hostsOf = (site: string): ReadonlySet<string> =>
      new Set(arrivals({ 'site.yml': site }).map((arrival) => arrival.split(' ')[0] ?? ''))
    const asks = 'command: sh /opt/k3s-install.sh agent --server https://{{ groups.berths[0] }}:6443'
    expect(hostsOf(play('berths', founding) + play('workers', asks))).toEqual(
      new Set(['berths-1', 'agent-1']),
    )
    const other = `debug: { msg: ready }\n      when: inventory_hostname == groups['berths'][0]`
    const both = new Set(['server-1', 'server-2'])
    const servers = told('masters', "groups['masters'][0]")
    expect(hostsOf(play('berths', other) + servers)).toEqual(both)
    expect(hostsOf(servers + play('berths', asks, other))).toEqual(new Set([...both, 'berths-1']))
  })
})

describe('hosts that a project calls by their names, and no inventory has', () => {
  const found = (hosts: string, read: string): string => `
${installs(hosts, { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '0ddpassword' })}
- hosts: ${hosts}
  tasks:
    - ansible.builtin.slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: slip
${read}`

  test('are the first server, where others ask it for what it has', () => {
    const site = found(
      'masters',
      joins('workers', "{{ hostvars['master1'].slip.content | b64decode | trim }}"),
    )
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toEqual([
      'agent-1 agent present env-file url',
      'master1 first-server present env-file no url',
    ])
    const plain = site.replace("'master1'", "'quay'")
    expect(arrivals({ 'site.yml': plain }, { servers: 'one' })).toEqual([
      'agent-1 agent present env-file url',
      'server-1 first-server present env-file no url',
    ])
  })

  test('are the servers in the order of their numbers, each of which a play may be for', () => {
    const site = found(
      'k3s-master-01',
      joins('k3s-worker-2', "{{ hostvars['k3s-master-01'].slip.content | b64decode | trim }}").replace(
        '  tasks:',
        `  tasks:
    - ansible.builtin.debug: { var: "hostvars['k3s-master-02'].slip" }
      when: hostvars['k3s-worker-2'] is defined`,
      ),
    )
    expect(arrivals({ 'site.yml': site }, { servers: 'several' })).toEqual([
      'k3s-master-01 first-server present env-file no url',
      'k3s-worker-2 agent present env-file url',
    ])
  })

  test('are where a token is read', () => {
    const site = `
${installs('masters', { INSTALL_K3S_EXEC: 'server' })}
- hosts: workers
  tasks:
    - ansible.builtin.slurp: { src: /var/lib/rancher/k3s/server/node-token }
      delegate_to: quay
      register: slip
    - ansible.builtin.file: { path: /srv, state: directory }
      delegate_to: lighthouse
${joins('workers', '{{ slip.content | b64decode | trim }}')}`
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toEqual([
      'agent-1 agent present env-file url',
      'server-1 first-server absent none no url',
    ])
  })

  test('are themselves where a play is for one by its full name, or by its address', () => {
    const server = installs('quay.harbour.example', { INSTALL_K3S_EXEC: 'server' })
    const both = { 'site.yml': server + joins('192.0.2.7', ''), 'hosts.ini': 'rock ansible_port=22\n' }
    const two = ['192.0.2.7 agent empty env-file url', 'quay.harbour.example first-server absent none no url']
    expect(arrivals(both, { servers: 'one' })).toEqual(two)
    expect(arrivals(both, { servers: 'several' })).toEqual(two)
    const read = found(
      'quay.harbour.example',
      joins(
        'all:!quay.harbour.example',
        "{{ hostvars['quay.harbour.example'].slip.content | b64decode | trim }}",
      ),
    )
    expect(arrivals({ 'site.yml': read }, { servers: 'one' })).toEqual([
      'agent-1 agent present env-file url',
      'quay.harbour.example first-server present env-file no url',
    ])
    // What the project says of it counts.
    const own = joins('192.0.2.7', '{{ harbour_key }}')
    const key = { 'site.yml': own, 'host_vars/192.0.2.7.yml': 'harbour_key: 0ddpassword\n' }
    expect(arrivals(key, { servers: 'one' })).toEqual(['192.0.2.7 agent present env-file url'])
  })

  test('are themselves where a play is for one by its login', () => {
    const read = found(
      'sailor@quay',
      joins('sailor@boat', "{{ hostvars['sailor@quay'].slip.content | b64decode | trim }}"),
    )
    expect(arrivals({ 'site.yml': read }, { servers: 'several' })).toEqual([
      'sailor@boat agent present env-file url',
      'sailor@quay first-server present env-file no url',
    ])
  })

  test('are apart from all others, whatever they are called', () => {
    const read = found(
      'quay-node-0',
      joins('all:!quay-node-0', "{{ hostvars['quay-node-0'].slip.content | b64decode | trim }}"),
    ).replaceAll('quay-node', 'k3s-node')
    for (const servers of ['one', 'several'])
      expect(arrivals({ 'site.yml': read }, { servers })).toEqual([
        'agent-1 agent present env-file url',
        'k3s-node-0 first-server present env-file no url',
      ])
  })

  test('are of the groups that a pattern falls back to', () => {
    const plays = (hosts: string): readonly string[] =>
      arrivals(
        { 'site.yml': joins(hosts, '0ddpassword'), 'hosts.ini': '[lighthouse]\nrock\n' },
        { servers: 'one' },
      ).map((arrival) => arrival.split(' ')[0] ?? '')
    expect(plays(`"{{ where | default('workers') }}"`)).toEqual(['agent-1'])
    expect(plays(`"{{ where | d(\\"berths\\") }},!{{ other | default('masters') }}"`)).toEqual(['berths-1'])
    expect(plays(`"quay_{{ kind | default('workers') }}"`)).toEqual(['agent-1'])
    expect(plays(`"{{ where | default('all:!masters', true) }}"`)).toEqual(['agent-1'])
    // One that is there fits.
    expect(plays(`"{{ where | default('lighthouse') }}"`)).toEqual([])
    const there = {
      'site.yml': joins(`"{{ 'lighthouse' if where is undefined else where }}"`, '0ddpassword'),
      'hosts.ini': '[lighthouse]\nrock\n',
    }
    expect(arrivals(there)).toEqual(['rock agent present env-file url'])
  })

  test('but not what a task adds', () => {
    const site = found(
      'masters',
      `    - ansible.builtin.add_host: { name: chest, harbour_key: '{{ slip.content | b64decode | trim }}' }
${joins('workers', "{{ hostvars['chest'].harbour_key }}")}`,
    )
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toContain('agent-1 agent present env-file url')
  })
})

describe('hosts whose names the conditions of a project compare', () => {
  const server = '- command: sh /opt/k3s-install.sh server --cluster-init\n'
  const joining = '- command: sh /opt/k3s-install.sh server --server https://quay:6443\n'
  const agent = '- command: sh /opt/k3s-install.sh agent --server https://quay:6443\n'
  const when = (task: string, condition: string): string => `${task}  when: ${condition}\n`
  const played = (hosts: string, tasks: string, defaults = ''): Files => ({
    'site.yml': `- { hosts: ${hosts}, roles: [moorings] }\n`,
    'roles/moorings/tasks/main.yml': tasks,
    'roles/moorings/defaults/main.yml': defaults,
  })
  const nodes = (files: Files, servers: 'one' | 'several' = 'one'): readonly string[] =>
    [...arrivals(files, { servers }), ...arrivals(files, { servers: undefined })].map((arrival) =>
      arrival.split(' ').slice(0, 2).join(' '),
    )
  const two = ['agent-1 agent', 'rock first-server']

  test.each([
    ['a word', "'rock'", ''],
    ['a default of the role', 'first_berth', 'first_berth: rock\n'],
    [
      'a variable that is made of another one',
      'first_berth',
      'first_berth: "{{ berths.first }}"\nberths: { first: rock }\n',
    ],
    ['what a variable falls back to', "(berth | default('rock'))", ''],
  ])('are called so: by %s', (_, name, defaults) => {
    const tasks =
      when(server, `inventory_hostname == ${name}`) + when(agent, `(${name}) != inventory_hostname`)
    expect(nodes(played('all', tasks, defaults))).toEqual(two)
    expect(nodes(played('harbour_k3s', tasks, defaults))).toEqual(two)
    expect(nodes(played('k3s_nodes', tasks, defaults))).toEqual(two)
    expect(nodes(played('harbour', tasks, defaults))).toEqual(['harbour-1 agent', 'rock first-server'])
    expect(nodes(played('quay_masters', tasks, defaults), 'several')).toEqual([
      'rock first-server',
      'server-2 agent',
    ])
  })

  test('by what the groups of the project say, which wins over defaults', () => {
    const tasks =
      when(server, 'inventory_hostname == first_berth') + when(agent, 'inventory_hostname != first_berth')
    const files = {
      ...played('quays', tasks, 'first_berth: pier\n'),
      'group_vars/quays.yml': 'first_berth: rock\n',
    }
    expect(nodes(files)).toEqual(['quays-1 agent', 'rock first-server'])
    // A play's own, and a fact, win over that.
    const own = `- { hosts: quays, roles: [moorings], vars: { first_berth: reef } }\n`
    expect(nodes({ ...files, 'site.yml': own })).toEqual(['quays-1 agent', 'reef first-server'])
    const fact = '- set_fact: { first_berth: cape }\n'
    expect(nodes({ ...files, 'roles/moorings/tasks/main.yml': fact + tasks })).toEqual([
      'cape first-server',
      'quays-1 agent',
    ])
  })

  test('in lists, in templates and within other words', () => {
    const lists =
      when(server, "inventory_hostname in ['rock', 'pier']") +
      when(agent, "not (inventory_hostname in ['rock', 'pier'])")
    expect(nodes(played('all', lists))).toEqual(two)
    expect(nodes(played('all', lists), 'several')).toEqual(two)
    const inline = `- command: sh /opt/k3s-install.sh {{ 'server' if inventory_hostname|lower == 'rock' else 'agent --server https://quay:6443' }}\n`
    expect(nodes(played('all', inline))).toEqual(two)
    const template = {
      ...played(
        'all',
        '- template: { src: k3s.j2, dest: /etc/systemd/system/k3s.service }\n- service: { name: k3s, state: started }\n',
      ),
      'roles/moorings/templates/k3s.j2': `[Service]
ExecStart=/usr/local/bin/k3s {% if inventory_hostname == 'rock' -%} server {%- else %} agent --server https://quay:6443{% endif %}
`,
    }
    expect(nodes(template)).toEqual(two)
  })

  test('are what starts on them, the founder first, in whatever order they are asked for', () => {
    const tasks =
      when(agent, "inventory_hostname == 'boat'") +
      when(joining, "inventory_hostname == 'pier'") +
      when(server, "inventory_hostname == 'rock'") +
      when('- command: uptime\n', "inventory_hostname != 'buoy'")
    expect(nodes(played('all', tasks), 'several')).toEqual([
      'boat agent',
      'pier joining-server',
      'rock first-server',
    ])
    expect(nodes(played('all', tasks))).toEqual(['boat agent', 'rock first-server'])
    // An agent by its name is none of the servers, whatever else is done to it.
    const named = `${server}  when: "'quay_masters' in group_names"\n${agent}  when: "'quay_workers' in group_names"\n${when('- command: uptime\n', "inventory_hostname == 'worker2'")}`
    expect(nodes(played('all', named))).toEqual(['server-1 first-server', 'worker2 agent'])
  })

  test('are none where nothing starts on them: the others make the cluster', () => {
    const tasks = when(server, "inventory_hostname != 'lighthouse'")
    for (const servers of ['one', 'several'] as const)
      expect(nodes(played('quay_masters', tasks), servers)).toContain('server-1 first-server')
    const apart = when(server, "inventory_hostname not in ['lighthouse', 'buoy', 'chest', 'crane']")
    expect(nodes(played('quay_masters', apart))).toEqual(['server-1 first-server'])
    // Those that other plays ask, that are groups or that tasks add have nothing to do with it.
    const site = `- hosts: all
  tasks:
    - command: uptime
      when: inventory_hostname == 'buoy'
- { hosts: quay_masters, roles: [moorings] }
`
    expect(nodes({ ...played('', server), 'site.yml': site })).toEqual(['server-1 first-server'])
    const added = `- add_host: { name: chest }\n${server}  when: inventory_hostname != 'chest' and inventory_hostname not in groups.buoys\n`
    expect(nodes(played('quay_masters', added))).toEqual(['server-1 first-server'])
  })

  test('are of the group whose play asks', () => {
    const site = `- hosts: quay_masters
  tasks:
    - command: sh /opt/k3s-install.sh server
- hosts: boats
  tasks:
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      when: inventory_hostname == 'cutter'
`
    expect(nodes({ 'site.yml': site })).toEqual(['cutter agent', 'server-1 first-server'])
    const itself = site.replace('hosts: boats', 'hosts: cutter')
    expect(nodes({ 'site.yml': itself })).toEqual(['cutter agent', 'server-1 first-server'])
  })

  test('by the first part of a full name, too', () => {
    const tasks =
      when(server, "inventory_hostname == 'rock.harbour.example' and inventory_hostname_short == 'rock'") +
      when(agent, "inventory_hostname_short != 'rock'")
    expect(nodes(played('all', tasks))).toEqual(['agent-1 agent', 'rock.harbour.example first-server'])
  })

  test.each(['sailor@rock', 'sailor+quay@rock', 'fjäll-1'])('by %s, for Ansible takes any name', (name) => {
    const tasks =
      when(server, `inventory_hostname == '${name}'`) + when(agent, `inventory_hostname != '${name}'`)
    expect(nodes(played('all', tasks)).toSorted()).toEqual(['agent-1 agent', `${name} first-server`])
  })

  test.each(['*', '-', 'rock,pier', 'rock pier'])('but not %s, which is no name', (text) => {
    const tasks = when(server, `inventory_hostname in '${text}' or true`)
    expect(nodes(played('quay_masters', tasks))).toEqual(['server-1 first-server'])
  })
})

describe('a kind of node of which an inventory has no host', () => {
  const tasks = `
- command: sh /opt/k3s-install.sh server
  when: "'masters' in group_names"
- command: sh /opt/k3s-install.sh agent --server https://quay:6443
  when: "'workers' in group_names"
`
  const fixture = '[masters]\nlocalhost\n[workers]\n#boat\n'
  const kinds = (files: Files, inventories?: readonly string[]): readonly string[] => {
    const options = inventories === undefined ? {} : { inventories }
    const { verdicts } = new Analysis(new Map(Object.entries(files)), options).rehearsal
    return [...new Set(verdicts.map(({ host, kind }) => `${host} ${kind}`))]
  }
  const bounds = (files: Files): readonly string[] =>
    new Analysis(new Map(Object.entries(files))).rehearsal.bounds.map(
      ({ at, what }) => `${at.path}:${at.start} ${what}`,
    )

  test('is invented for a role whose tests have none', () => {
    const files = role(tasks, '', {
      'tests/inventory': fixture,
      'tests/test.yml': '- hosts: all\n  roles: [.]\n',
    })
    expect(kinds(files)).toEqual(['agent-1 agent', 'server-1 first-server'])
    expect(kinds(files, ['tests/inventory'])).toEqual(['localhost first-server'])
    const whole = { ...files, 'tests/inventory': fixture.replace('#', '') }
    expect(kinds(whole)).toEqual(['boat agent', 'localhost first-server'])
  })

  test('is named where a play is for it', () => {
    const site = installs('masters', { INSTALL_K3S_EXEC: 'server' }) + joins('workers:!masters', '')
    const files = { 'site.yml': site, 'site/hosts.ini': '[masters]\nquay\n' }
    const at = `site.yml:${site.indexOf('workers')}`
    expect(bounds(files)).toEqual([
      `${at} the plays for workers, of which there is no host in site/hosts.ini`,
    ])
    // One that is not called so is, too, where a play that brings K3s is for no other; which is so of what it falls back to.
    for (const [hosts, name] of [
      ['buoys', 'buoys'],
      ['buoys:!masters', 'buoys'],
      [`"{{ where | default('buoys,!masters') }}"`, 'buoys'],
      ['192.0.2.7', '192.0.2.7'],
    ] as const) {
      const site = `${installs('masters', { INSTALL_K3S_EXEC: 'server' })}${joins(hosts, '')}\n- hosts: rocks\n  tasks: []\n`
      expect(bounds({ ...files, 'site.yml': site })).toEqual([
        expect.stringContaining(`the plays for ${name}, of which there is no host in site/hosts.ini`),
      ])
    }
    expect(bounds({ ...files, 'site.yml': installs('masters:buoys', {}) })).toEqual([])
    const galaxy = `${site}- hosts: buoys\n  roles: [harbour.k3s]\n- hosts: rocks\n  roles: [harbour.tide]\n`
    expect(bounds({ ...files, 'site.yml': galaxy })).toEqual([
      expect.stringContaining('the plays for workers,'),
      expect.stringContaining('the plays for buoys,'),
    ])
    // Tasks may be for it, too, as those of a role are.
    const tasksFor = (name: string): Files => ({
      'hosts.ini': '[masters]\nquay\n[workers]\n[buoys]\n',
      'site.yml': `${installs('all', { INSTALL_K3S_EXEC: 'server' })}      when: "'masters' in group_names"
${joins('all', '')}      when: inventory_hostname in groups['${name}']\n`,
    })
    expect(bounds(tasksFor('workers'))).toEqual([
      'site.yml:10 the tasks for workers, which has no host in hosts.ini',
    ])
    expect(bounds(tasksFor('buoys'))).toEqual([])
    // Another inventory has one; and what is taken away may be missing.
    expect(bounds({ ...files, 'other/hosts.ini': '[masters]\nquay\n[workers]\nboat\n' })).toEqual([])
    expect(
      bounds({ ...files, 'site.yml': installs('all:!workers', { INSTALL_K3S_EXEC: 'server' }) }),
    ).toEqual([])
  })
})

describe('an inventory that has none of the groups that are asked for', () => {
  const site = `
- hosts: all
  tasks:
    - set_fact: { is_captain: "{{ inventory_hostname in groups['quay_masters'] }}" }
    - command: sh /opt/k3s-install.sh server
      when: is_captain
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      when: not is_captain
`
  const files = { 'site.yml': site, 'hosts.ini': '[lighthouse]\nrock\n' }
  const told = (more: Files, options: object = {}): readonly string[] => {
    const { verdicts, unknowns: notes } = new Analysis(
      new Map(Object.entries({ ...files, ...more })),
      options,
    ).rehearsal
    const kinds = verdicts.filter(({ scenario: { servers } }) => servers !== 'several')
    return [
      ...new Set([...kinds.map(({ host, kind }) => `${host} ${kind}`), ...notes.map(({ what }) => what)]),
    ]
  }
  const ends = (host: string) => `the play ends here for ${host}: 'groups.quay_masters' is undefined`

  test('is for other plays: hosts are invented', () => {
    expect(told({})).toEqual([
      'agent-1 agent',
      'server-1 first-server',
      'no host of hosts.ini is in quay_masters: hosts are assumed that are',
    ])
    const onRock = `${site}- hosts: rock\n  tasks:\n    - command: k3s kubectl get nodes\n`
    expect(told({ 'site.yml': onRock })).toContain('server-1 first-server')
  })

  test('is the one that counts where it is named, or where K3s starts on it', () => {
    expect(told({}, { inventories: ['hosts.ini'] })).toEqual([ends('rock')])
    const lenient = site.replace("groups['quay_masters']", "groups['quay_masters'] | default(['rock'])")
    expect(told({ 'site.yml': lenient })).toEqual(['rock first-server'])
  })

  test('is for others, too, where it has those of plays for other machines', () => {
    const plays = `- hosts: lighthouse\n  tasks:\n    - ping:\n${joins('quay_workers', '')}`
    const two = ['agent-1 agent', 'no host of hosts.ini is in quay_workers: hosts are assumed that are']
    expect(told({ 'site.yml': plays })).toEqual(two)
    // The plugin that makes the group is not run.
    const made = {
      'ansible.cfg': '[defaults]\ninventory = hosts.ini, made.yml\n',
      'made.yml': 'plugin: constructed\ngroups: { quay_workers: "inventory_hostname is match(\'r\')" }\n',
    }
    expect(told({ 'site.yml': plays, ...made })).toEqual(
      two.map((one) => one.replace('hosts.ini', 'hosts.ini and made.yml')),
    )
    // Where a play for the others brings K3s, too, it is told why it does not get so far.
    const ended = joins('lighthouse', '{{ harbour_token }}').replace(
      'command: sh',
      'command: "{{ harbour }}"\n    - command: sh',
    )
    expect(told({ 'site.yml': `${ended}${joins('quay_workers', '')}` }).join()).not.toContain('assumed')
  })

  test('is the one that counts where the user names it, whoever is missing', () => {
    const options = { inventories: ['hosts.ini'] }
    const bounds = (plays: string): readonly string[] =>
      new Analysis(new Map(Object.entries({ ...files, 'site.yml': plays })), options).rehearsal.bounds.map(
        ({ what }) => what,
      )
    const plays = joins('buoys', '')
    expect(told({ 'site.yml': plays }, options)).toEqual([])
    expect(bounds(plays)).toEqual(['the plays for buoys, of which there is no host in hosts.ini'])
    // Of an inventory that could not be read, nobody knows who is in it.
    expect(told({ 'site.yml': plays, 'hosts.ini': '' }, options)).toEqual(['buoys-1 agent'])
  })

  test('has them where a pattern falls back to them, or only the user knows which they are', () => {
    const fallback = joins(`"{{ where | default('lighthouse') }}"`, '0ddpassword')
    expect(told({ 'site.yml': `- hosts: buoys\n  tasks:\n    - ping:\n${fallback}` })).toEqual(['rock agent'])
    const plays = `- hosts: buoys\n  tasks:\n    - ping:\n${joins('"{{ where }}"', '0ddpassword')}`
    expect(told({ 'site.yml': plays })).toEqual(['rock agent', 'the hosts of a play are not known'])
  })

  test('is not the only one: another one has them', () => {
    expect(told({ 'more/hosts.ini': '[quay_masters]\nquay\n' })).toEqual(['quay first-server', ends('rock')])
  })
})

describe('a play for hosts that are in two groups', () => {
  const agents = ['agent-1 agent present env-file url']

  test.each([
    ['berth_agents:&tide', agents],
    ['tide:&berth_agents', agents],
    ['tide,&berth_agents,!rocks', agents],
    ['berth_agents:&quay_servers', []],
    ['berth_agents:&berth_storage', []],
  ])('has hosts where one may have all of them: %s', (hosts, expected) => {
    const site = joins(JSON.stringify(hosts), '0ddpassword')
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toEqual(expected)
    const inventory = '[berth_agents]\n[quay_servers]\n[tide]\n[rocks]\n[berth_storage]\n'
    expect(arrivals({ 'site.yml': site, 'hosts.ini': inventory }, { servers: 'one' })).toEqual(expected)
  })
})

describe('an inventory whose groups have no hosts', () => {
  const install = (hosts: string): string =>
    installs(hosts, {
      INSTALL_K3S_EXEC: '{{ kind }} {{ join | default("") }}',
      K3S_TOKEN: '{{ harbour_key }}',
    })
  const INI = `[zones:children]
quays
berths
[quays]
[berths]
[berths:vars]
harbour_key=0ddpassword
[zones:vars]
harbour_key=''
`
  const YAML = `zones:
  vars: { harbour_key: '' }
  children:
    quays: { hosts: {} }
    berths: { hosts: {}, vars: { harbour_key: 0ddpassword } }
`
  const files = (inventory: string, hosts: string, more: Files = {}): Files => ({
    [`stock/hosts.${inventory === YAML ? 'yml' : 'ini'}`]: inventory,
    'site.yml': install(hosts),
    'stock/group_vars/quays.yml': 'kind: server\n',
    'stock/group_vars/berths.yml': 'kind: agent\njoin: --server https://quay:6443\n',
    ...more,
  })
  // What the inner group says wins, whatever the groups are called.
  const two = ['berths-1 agent different env-file url', 'quays-1 first-server empty env-file no url']

  test.each([
    ['the play is for the one that has them in it', INI, 'zones'],
    ['it is in YAML', YAML, 'zones'],
    ['the play is for all', YAML, 'all'],
    ['the play names one of them, too', INI, 'zones:quays'],
  ])('has a host in each where %s', (_, inventory, hosts) => {
    expect(arrivals(files(inventory, hosts), { servers: 'one' })).toEqual(two)
  })

  test('has none in those that no play is for, which are there all the same', () => {
    const asks = `- hosts: zones
  tasks:
    - fail:
      when: "'buoys' not in groups or groups.all | length != 2 or group_names != [inventory_hostname | replace('-1', ''), 'zones']"
`
    const site = asks + install('zones')
    expect(arrivals(files(`${INI}[buoys]\n`, 'zones', { 'site.yml': site }), { servers: 'one' })).toEqual(two)
  })

  test('is not the one that counts where another one has hosts, or its groups are not played', () => {
    const other = { 'more/hosts.ini': '[zones]\nrock kind=server harbour_key=0ddpassword\n' }
    expect(arrivals(files(INI, 'zones', other))).toEqual(['rock first-server present env-file no url'])
    const plays = joins('piers', '0ddpassword')
    expect(arrivals(files(INI, '', { 'site.yml': plays }))).toEqual(['piers-1 agent present env-file url'])
  })
})

describe('a group that an inventory declares without hosts', () => {
  const servers = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_key }}' })
  const agents = `
- hosts: berths
  tasks:
    - shell: sh /opt/k3s-install.sh agent --server https://quay:6443 --token {{ harbour_key }}
`
  const files = {
    'site.yml': servers + agents,
    'hosts.ini': '[quays]\nquay\n[berths]\n#boat\n',
    'group_vars/all.yml': "harbour_key: \"{{ lookup('env', 'HARBOUR_KEY') }}\"\n",
  }
  const quay = 'quay first-server present env-file no url'
  const berth = 'berths-1 agent present argv url'
  const told = (all: Files, inventories?: readonly string[]): readonly string[] => {
    const options = inventories === undefined ? {} : { inventories }
    const { verdicts, unknowns, bounds } = new Analysis(new Map(Object.entries(all)), options).rehearsal
    const whats = [...unknowns, ...bounds].map(({ what }) => what)
    return [...new Set(verdicts.map(({ host, kind }) => `${host} ${kind}`)), ...whats]
  }
  const missing = (where: string): string => `the plays for berths, of which there is no host in ${where}`

  test('has one beside the others where a play brings K3s to it', () => {
    expect(arrivals(files)).toEqual([berth, quay])
    expect(arrivals(files, { again: true, k3s: 'present' })).toHaveLength(2)
    expect(findings(files).filter((one) => one.endsWith('site.yml:11'))).toEqual([
      'token-logged warning site.yml:11',
      'token-in-arguments error site.yml:11',
    ])
    expect(told(files)).toEqual([
      'berths-1 agent',
      'quay first-server',
      'no host of hosts.ini is in berths: berths-1 is assumed',
    ])
    expect(arrivals({ ...files, 'hosts.ini': files['hosts.ini'].replace('#', '') })).toEqual([
      berth.replace('berths-1', 'boat'),
      quay,
    ])
  })

  test('has it in the innermost one, with the variables of that and an address where all hosts have one', () => {
    const inventory = `
quays: {hosts: {quay: {ansible_host: 192.0.2.1, pier: 192.0.2.1, kind: server}}}
berths: {children: {east: {hosts: {}}}}
`
    const play = `
- hosts: berths
  tasks:
    - command: sh /opt/k3s-install.sh {{ kind | default('agent') }} --node-ip {{ pier }}
      when: ansible_host == inventory_hostname
      environment: { K3S_URL: 'https://quay:6443', K3S_TOKEN: '{{ east_key }}' }
`
    const { 'hosts.ini': _, ...others } = files
    const all = {
      ...others,
      'site.yml': servers + play,
      'hosts.yml': inventory,
      'group_vars/east.yml': 'east_key: "{{ harbour_key }}"\n',
    }
    expect(arrivals(all)).toEqual(['berths-1 agent present env-file url', quay])
  })

  test('has none where another inventory has some, or a task, or the user names the inventory', () => {
    const other = { ...files, 'other.ini': '[quays]\nrock\n[berths]\nboat\n' }
    expect(told(other)).toEqual(['boat agent', 'quay first-server', 'rock first-server'])
    const adding = '- hosts: quays\n  tasks:\n    - add_host: { name: boat, groups: berths }\n'
    expect(told({ ...files, 'site.yml': servers + adding + agents })).toEqual(['quay first-server'])
    expect(told(files, ['hosts.ini'])).toEqual(['quay first-server', missing('hosts.ini')])
  })

  test.each([
    ['takes K3s away', '- hosts: berths\n  tasks: [{ command: /usr/local/bin/k3s-agent-uninstall.sh }]\n'],
    ['does something else', '- hosts: berths\n  tasks: [{ command: /usr/bin/true }]\n'],
    ['is for those that are in another one, too', agents.replace('berths', 'berths:&rocks')],
  ])('has none where its play %s', (_, play) => {
    expect(told({ ...files, 'site.yml': servers + play })[0]).toBe('quay first-server')
  })

  test('is told to be without one where K3s does not start on it', () => {
    const play = agents.replace('    - shell', '    - fail: { msg: no }\n    - shell')
    expect(told({ ...files, 'site.yml': servers + play })).toEqual([
      'quay first-server',
      missing('hosts.ini'),
    ])
  })

  test('changes nothing of what becomes of the others', () => {
    const alone = servers.replace(/K3S_TOKEN: .*/, `K3S_TOKEN: "{{ groups['berths'] | join }}"`)
    expect(arrivals({ ...files, 'site.yml': alone + agents })).toEqual([
      berth,
      quay.replace('present', 'empty'),
    ])
    const joining = installs('joining_quays', {
      INSTALL_K3S_EXEC: 'server',
      K3S_URL: 'https://quay:6443',
      K3S_TOKEN: '{{ other_key }}',
    })
    const inventory = '[quays]\nquay\n[joining_quays]\n#pier\n'
    const all = {
      ...files,
      'site.yml': servers + joining,
      'hosts.ini': inventory,
      'group_vars/all.yml': 'harbour_key: 0ddpassword\nother_key: 0therpassword\n',
    }
    expect(told(all)).toContain('joining_quays-1 joining-server')
    const of = (found: Files): readonly string[] => findings(found).map((one) => one.split(' ')[0] ?? '')
    expect(of(all)).not.toContain('even-server-count')
    expect(of(all)).not.toContain('tokens-differ')
    const whole = of({ ...all, 'hosts.ini': inventory.replace('#', '') })
    expect(whole).toContain('even-server-count')
    expect(whole).toContain('tokens-differ')
    const three = servers.replace('quays', 'far_quays') + servers + joining
    const two = { 'hosts.ini': `${inventory.replace('#', '')}[far_quays]\n`, 'site.yml': three }
    expect(told({ ...all, ...two })).toContain('far_quays-1 first-server')
    expect(of({ ...all, ...two })).toContain('even-server-count')
  })
})

describe('an inventory that the ansible.cfg of a playbook names, and that is not there', () => {
  const files = {
    'north/ansible.cfg': '[defaults]\ninventory = ./stock/hosts.ini\n',
    'north/site.yml': `${installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_key }}' })}${joins('berths', '{{ harbour_key }}')}`,
    'north/stock/group_vars/all.yml': 'harbour_key: 0ddpassword\n',
    'south/ansible.cfg': '[defaults]\ninventory = hosts.yml\n',
    'south/hosts.yml': 'quays: {hosts: {rock: }}\n',
    'south/group_vars/all.yml': 'harbour_key: ""\n',
  }
  const invented = ['berths-1 agent present env-file url', 'quays-1 first-server present env-file no url']
  const told = 'there is no inventory ./stock/hosts.ini that could be read: hosts are assumed'
  const hosts = '[quays]\nrock\n[berths]\nboat\n'
  const onHosts = ['boat agent present env-file url', 'rock first-server present env-file no url']

  test('is no reason to take that of others, nor the variables beside it', () => {
    expect(arrivals(files, { servers: 'one' })).toEqual(invented)
    expect(new Analysis(new Map(Object.entries(files))).rehearsal.unknowns).toEqual([
      {
        at: { path: 'north/ansible.cfg', start: 11, end: 40 },
        what: told,
        isTold: true,
        cure: 'name one with -i',
      },
    ])
    const { 'north/stock/group_vars/all.yml': _, ...unset } = files
    expect(arrivals(unset, { servers: 'one' })).toEqual(invented)
    const empty = { ...files, 'north/stock/group_vars/all.yml': 'harbour_key: ""\n' }
    expect(arrivals(empty, { servers: 'one' })).not.toContain(invented[0])
    const alone = Object.entries(files).filter(([path]) => path.startsWith('north/'))
    expect(unknowns(Object.fromEntries(alone))).toEqual([])
  })

  test.each([
    ['a sample of it counts', { 'north/stock/hosts-sample.ini': hosts }],
    ['or one that lies beside it', { 'north/stock/lab.ini': hosts }],
    ['it is there by a path that leads up and down', { 'south/hosts.ini': hosts }, '../south/hosts.ini'],
    ['one of several is there', { 'north/lab.ini': hosts }, 'stock/hosts.ini, lab.ini'],
    ['it may lie outside of the project', { 'south/hosts.yml': hosts, 'hosts.ini': hosts }, '/srv/hosts.ini'],
    [
      'an ansible.cfg above it names one that is there',
      { 'ansible.cfg': '[defaults]\ninventory = hosts.ini\n', 'hosts.ini': hosts },
    ],
  ])('is none to make hosts up where %s', (_, more, inventory = './stock/hosts.ini') => {
    const config = `[defaults]\ninventory = ${inventory}\n`
    const given = { 'north/group_vars/all.yml': 'harbour_key: 0ddpassword\n' }
    const all = { ...files, ...given, 'north/ansible.cfg': config, ...more }
    expect(arrivals(all).filter((one) => onHosts.includes(one))).toEqual(onHosts)
    expect(unknowns(all)).not.toContain(told)
  })

  test.each(['hosts.sample.ini', 'sample-hosts.ini', 'north/hosts.example.yml', 'hosts.ini.example'])(
    'has a sample further up, which is read as it lies once it is copied: %s',
    (path) => {
      const text = path.endsWith('.yml') ? 'quays: {hosts: {rock: }}\nberths: {hosts: {boat: }}\n' : hosts
      const all = { ...files, [path]: text, 'group_vars/all.yml': 'harbour_key: ""\n' }
      expect(arrivals(all, { servers: undefined })).toEqual(onHosts)
      expect(unknowns(all)).toEqual([
        `there is no inventory ./stock/hosts.ini that could be read: its sample ${path} is taken`,
      ])
    },
  )

  test.each(['boats.sample.ini', 'hosts.ini', 'south/stock/hosts.sample.ini'])(
    'has no sample in one of another name, or elsewhere: %s',
    (path) => {
      const all = { ...files, [path]: hosts }
      expect(arrivals(all, { servers: 'one' })).toEqual(invented)
      expect(unknowns(all)).toEqual([told])
    },
  )

  test('says nothing where another one is named by hand', () => {
    const options = { inventories: ['south/hosts.yml'] }
    const { verdicts } = new Analysis(new Map(Object.entries(files)), options).rehearsal
    expect([...new Set(verdicts.map(({ host }) => host))]).toEqual(['rock'])
    const all = { ...files, 'hosts.sample.ini': hosts, 'group_vars/all.yml': 'harbour_key: ""\n' }
    const asked = new Analysis(new Map(Object.entries(all)), { inventories: ['hosts.sample.ini'] }).rehearsal
    expect(asked.unknowns).toEqual([])
    expect(asked.verdicts.map(({ token }) => token)).not.toContain('present')
  })
})

describe('the inventories of several directories that have an ansible.cfg each', () => {
  const config = '[defaults]\ninventory = hosts.ini\n'
  const hosts = (name: string): string => `[quays]\n${name}-quay\n[berths]\n${name}-boat\n`
  const site = `${installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_key }}' })}${joins('berths', '{{ harbour_key }}')}`
  const harbour = (name: string): Files => ({
    [`${name}/ansible.cfg`]: config,
    [`${name}/hosts.ini`]: hosts(name),
    [`${name}/group_vars/all.yml`]: 'harbour_key: 0ddpassword\n',
    [`${name}/site.yml`]: site,
  })
  const names = ['ash', 'bay', 'cove', 'delta', 'estuary']
  const all = Object.assign({}, ...names.map(harbour)) as Files
  const pairs = (files: Files, playbook = ''): readonly string[] => {
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    return [
      ...new Set(
        verdicts.flatMap((one) => (one.playbook.startsWith(playbook) ? [`${one.playbook} ${one.host}`] : [])),
      ),
    ].sort()
  }
  const own = (name: string): readonly string[] => [
    `${name}/site.yml ${name}-boat`,
    `${name}/site.yml ${name}-quay`,
  ]

  test('are for the playbooks there, and no others', () => {
    expect(pairs(all)).toEqual(names.flatMap(own))
    expect(bounds(all)).toEqual([])
    const keys = names.map((name): Files => {
      const { [`${name}/site.yml`]: text = '' } = all
      return {
        [`${name}/site.yml`]: text.replaceAll('harbour_key', 'harbour_keys[port_name]'),
        [`${name}/hosts.ini`]: `${hosts(name)}[all:vars]\nport_name=${name}\n`,
        [`${name}/group_vars/all.yml`]: `harbour_keys: {${name}: 0ddpassword}\n`,
      }
    })
    const found = findings(Object.assign({}, all, ...keys) as Files)
    expect(found.filter((one) => one.startsWith('token-undefined'))).toEqual([])
  })

  test('are for playbooks in directories below, too', () => {
    const { 'bay/site.yml': text = '', ...others } = all
    expect(pairs({ ...others, 'bay/plays/site.yml': text }, 'bay/')).toEqual([
      'bay/plays/site.yml bay-boat',
      'bay/plays/site.yml bay-quay',
    ])
  })

  test('come before others that lie beside them, which -i may name', () => {
    const lab = { 'bay/lab.ini': hosts('lab'), 'port/lab.ini': hosts('port') }
    const more = { ...harbour('ash'), ...harbour('bay'), ...lab }
    expect(pairs(more, 'bay/')).toEqual([...own('bay'), 'bay/site.yml lab-boat', 'bay/site.yml lab-quay'])
  })

  test('are taken by a playbook that no ansible.cfg is for, others with them', () => {
    const files = { ...harbour('ash'), 'bay/hosts.ini': hosts('bay'), 'site.yml': site }
    const all = { ...files, 'group_vars/all.yml': 'harbour_key: 0ddpassword\n' }
    const names = ['ash-boat', 'ash-quay', 'bay-boat', 'bay-quay']
    expect(pairs(all, 'site.yml')).toEqual(names.map((name) => `site.yml ${name}`))
  })

  test('are no reason to take that of another one where the own has no host for the plays', () => {
    const files = { ...harbour('ash'), ...harbour('bay'), 'bay/hosts.ini': '[piers]\npier\n' }
    expect(pairs(files, 'bay/')).toEqual(['bay/site.yml berths-1', 'bay/site.yml quays-1'])
  })

  test('count where their groups have no hosts yet, too', () => {
    const unfilled = (name: string, key: string): Files => ({
      [`${name}/ansible.cfg`]: '[defaults]\ninventory = stock/hosts.ini\n',
      [`${name}/stock/hosts.ini`]: '[quays]\n[berths]\n',
      [`${name}/stock/group_vars/all.yml`]: `harbour_key: ${key}\n`,
      [`${name}/site.yml`]: site,
    })
    const files = { ...unfilled('ash', '""'), ...unfilled('bay', '0ddpassword') }
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    const tokens = verdicts.map(({ playbook, kind, token }) => `${playbook} ${kind} ${token}`)
    expect([...new Set(tokens)].filter((one) => one.includes('agent')).sort()).toEqual([
      'ash/site.yml agent empty',
      'bay/site.yml agent present',
    ])
  })

  test('are those that the user names, wherever they lie', () => {
    const { verdicts } = new Analysis(new Map(Object.entries(all)), { inventories: ['ash/hosts.ini'] })
      .rehearsal
    expect([...new Set(verdicts.map(({ host }) => host))].sort()).toEqual(['ash-boat', 'ash-quay'])
    expect(new Set(verdicts.map(({ playbook }) => playbook)).size).toBe(names.length)
  })
})

describe('the inventories of several directories that have playbooks, too', () => {
  const hosts = (name: string): string => `[quays]\n${name}-quay\n`
  const site = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '0ddpassword' })
  const harbour = (name: string): Files => ({
    [`${name}/hosts.ini`]: hosts(name),
    [`${name}/site.yml`]: site,
  })
  const both = { ...harbour('ash'), ...harbour('bay') }
  const pairs = (files: Files): readonly string[] => {
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    return [...new Set(verdicts.map(({ playbook, host }) => `${playbook} ${host}`))].sort()
  }
  const own = ['ash/site.yml ash-quay', 'bay/site.yml bay-quay']
  const mixed = [
    'ash/site.yml ash-quay',
    'ash/site.yml bay-quay',
    'bay/site.yml ash-quay',
    'bay/site.yml bay-quay',
  ]

  test('are for those', () => {
    expect(pairs(both)).toEqual(own)
    // Further ones beside them are, too.
    expect(pairs({ ...both, 'ash/lab.ini': hosts('lab') })).toEqual([own[0], 'ash/site.yml lab-quay', own[1]])
  })

  test.each<[string, Files, readonly string[]]>([
    ['a playbook above them', { 'site.yml': site }, ['site.yml ash-quay', 'site.yml bay-quay']],
    [
      'a playbook above them that has one, too',
      { 'site.yml': site, 'hosts.ini': hosts('top') },
      [
        ...['ash/site.yml top-quay', 'bay/site.yml top-quay'],
        ...['site.yml ash-quay', 'site.yml bay-quay', 'site.yml top-quay'],
      ],
    ],
    [
      'a playbook beside them that has none',
      { 'cove/site.yml': site },
      ['cove/site.yml ash-quay', 'cove/site.yml bay-quay'],
    ],
    [
      'a playbook whose own has no host for it',
      { 'cove/site.yml': site, 'cove/hosts.ini': '[piers]\npier\n' },
      ['cove/site.yml ash-quay', 'cove/site.yml bay-quay'],
    ],
  ])('may be for %s', (_, more, others) => {
    expect(pairs({ ...both, ...more })).toEqual([...own, ...others].sort())
  })

  test('may be for each where one directory has no playbook, or the own inventory is a sample', () => {
    const { 'bay/site.yml': _, ...one } = both
    expect(pairs(one)).toEqual(mixed.slice(0, 2))
    const { 'ash/hosts.ini': sample = '', ...others } = both
    const found = pairs({ ...others, 'ash/hosts-sample.ini': sample })
    expect(found.filter((pair) => pair.endsWith('quay'))).toEqual([mixed[0], mixed[1], mixed[3]])
  })

  test('come behind the one that an ansible.cfg names', () => {
    const config = '[defaults]\ninventory = bay/hosts.ini\n'
    expect(pairs({ ...both, 'ansible.cfg': config })).toEqual(mixed.filter((one) => one !== mixed[2]))
  })

  test('are those that the user names', () => {
    const { verdicts } = new Analysis(new Map(Object.entries(both)), { inventories: ['ash/hosts.ini'] })
      .rehearsal
    expect(new Set(verdicts.map(({ playbook, host }) => `${playbook} ${host}`))).toEqual(
      new Set(['ash/site.yml ash-quay', 'bay/site.yml ash-quay']),
    )
  })
})

describe('an inventory that is there to be copied', () => {
  const founder = "groups['harbour'][0]"
  const site = (token: string): string => `
- hosts: harbour
  tasks:
    - command: sh /opt/k3s-install.sh server --cluster-init
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
      when: ansible_host == hostvars[${founder}].ansible_host
    - command: sh /opt/k3s-install.sh server --server https://{{ ${founder} }}:6443
      ${token}
      when: ansible_host != hostvars[${founder}].ansible_host
${joins('berths', '{{ harbour_key }}')}`
  const sample = `[all:vars]\nharbour_key=0ddpassword\n[harbour]\nquay ansible_host=192.0.2.4\n[berths]\nboat ansible_host=192.0.2.5\n`
  const missing = 'server-token-missing error site.yml:'
  const found = (files: Files): readonly string[] =>
    findings(files).filter((finding) => finding.startsWith(missing))

  test('has one more server where it has one', () => {
    const files = { 'site.yml': site('no_log: true'), 'hosts-sample.ini': sample }
    expect(arrivals(files, { servers: 'several' })).toEqual([
      'boat agent present env-file url',
      'quay first-server present env-file no url',
      'server-2 joining-server absent none url',
    ])
    expect(arrivals(files)).toHaveLength(3)
    expect(found(files)).toHaveLength(1)
    const good = site('environment: { K3S_TOKEN: "{{ harbour_key }}" }')
    expect(found({ ...files, 'site.yml': good })).toEqual([])
  })

  test('but not where it is used as it is, or has several, or the project is for one', () => {
    const text = site('no_log: true')
    expect(found({ 'site.yml': text, 'hosts.ini': sample })).toEqual([])
    const named = '[defaults]\ninventory = hosts-sample.ini\n'
    expect(found({ 'site.yml': text, 'hosts-sample.ini': sample, 'ansible.cfg': named })).toEqual([])
    const two = sample.replace('[berths]', 'pier ansible_host=192.0.2.6\n[berths]')
    expect(arrivals({ 'site.yml': text, 'hosts-sample.ini': two }, { servers: 'several' })).toEqual([])
    const single = installs('harbour', { INSTALL_K3S_EXEC: 'server' })
    expect(arrivals({ 'site.yml': single, 'hosts-sample.ini': sample })).toEqual([
      'quay first-server absent none no url',
    ])
  })

  test('has it for an upgrade, too, as the site playbook has left it', () => {
    const upgrade = (hosts: string): string =>
      `\n- hosts: ${hosts}\n  tasks:\n    - systemd: { name: k3s, state: restarted }\n`
    const files = (text: string) => ({
      'site.yml': site('environment: { K3S_TOKEN: "{{ harbour_key }}" }'),
      'upgrade.yml': text,
      'hosts-sample.ini': sample,
    })
    const told = (project: Files, servers: 'several' | undefined): readonly string[] =>
      arrivals(project, { k3s: 'present', servers, again: undefined })
    const first = 'quay first-server present env-file no url'
    const all = files(upgrade('harbour'))
    expect(told(all, undefined)).toEqual([first])
    expect(told(all, 'several')).toEqual([first, 'server-2 joining-server present env-file url'])
    expect(told(files(upgrade('berths')), 'several')).toEqual([])
    const alone = { ...all, 'site.yml': installs('harbour', { INSTALL_K3S_EXEC: 'server' }) }
    expect(told(alone, 'several')).toEqual([])
    expect(told(alone, undefined)).toEqual(['quay first-server absent none no url'])
  })

  test('is not told of where nothing brings it to the cluster, with internet or without', () => {
    const text = (token: string): string => `
- hosts: harbour
  tasks:
    - copy: { src: k3s, dest: /usr/local/bin/k3s, mode: '0755' }
      when: airgap_dir is defined
    - command: sh /opt/k3s-install.sh server
${joins('berths', token)}`
    const told = (token: string) => {
      const files = { 'site.yml': text(token), 'hosts-sample.ini': sample }
      const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
      return new Set(
        verdicts.map(
          ({ host, scenario }) =>
            `${host} ${scenario.airgapped === true ? 'airgapped' : 'online'} ${scenario.servers ?? ''}`,
        ),
      )
    }
    const all = ['boat airgapped ', 'boat online ', 'quay airgapped ', 'quay online ']
    expect(told('{{ harbour_key }}')).toEqual(new Set(all))
    // But a host that fares otherwise with it tells so.
    expect(told("{{ harbour_key if groups['harbour'] | length == 1 else '' }}")).toEqual(
      new Set([...all, 'boat airgapped several', 'boat online several']),
    )
  })

  test('has it without internet and without a token, too, in place of the one where the others fare alike', () => {
    const joining = `sh /opt/k3s-install.sh server --server https://{{ ${founder} }}:6443`
    const plays = (founding: string): string => `
- hosts: harbour
  tasks:
    - command: sh /opt/k3s-install.sh server --cluster-init
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
      when: inventory_hostname == ${founder}
${founding}
    - command: ${joining}
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
      when: inventory_hostname != ${founder} and airgap_dir is not defined
    - command: ${joining}
      when: inventory_hostname != ${founder} and airgap_dir is defined
${joins('berths', '{{ harbour_key }}')}`
    const files = { 'site.yml': plays(''), 'hosts-sample.ini': sample }
    const told = (project: Files, servers: 'several' | undefined): readonly string[] =>
      arrivals(project, { airgapped: true, servers, again: undefined })
    const others = ['boat agent present env-file url', 'quay first-server present env-file no url']
    expect(told(files, 'several')).toEqual([...others, 'server-2 joining-server absent none url'])
    expect(told(files, undefined)).toEqual([])
    expect(found(files)).toHaveLength(1)
    const alone = `
    - copy: { dest: /etc/rancher/k3s/config.yaml, content: "node-name: quay\\n", mode: '0600' }
      when: groups['harbour'] | length == 1`
    const unlike = { ...files, 'site.yml': plays(alone) }
    expect(told(unlike, undefined)).toEqual(others)
    expect(found(unlike)).toHaveLength(1)
  })

  test('has the variables that are to be copied with it, unless it is used as it is', () => {
    const files = {
      'site.yml': installs('harbour', { INSTALL_K3S_EXEC: 'server {{ rigging }}' }),
      'hosts.example.yml': 'harbour: {hosts: {quay: }}\n',
      'group_vars/all.example.yml': 'rigging: --kubelet-arg=x=y\n',
    }
    const own = { servers: undefined }
    const known = ['quay first-server absent none no url']
    const unsure = ['quay first-server maybe argv maybe a url']
    expect(arrivals(files, own)).toEqual(known)
    const below = Object.entries(files).map(([path, text]) => [`site/${path}`, text])
    const config = { 'ansible.cfg': '[defaults]\ninventory = site/hosts.yml\n' }
    expect(arrivals({ ...Object.fromEntries(below), ...config }, own)).toEqual(known)
    expect(arrivals({ ...files, 'group_vars/all.yml': 'sail: 1\n' }, own)).toEqual(unsure)
    const named = { 'ansible.cfg': '[defaults]\ninventory = hosts.example.yml\n' }
    expect(arrivals({ ...files, ...named }, own)).toEqual(unsure)
    const asked = new Analysis(new Map(Object.entries(files)), { inventories: ['hosts.example.yml'] })
    expect(asked.rehearsal.verdicts.map(({ token }) => token)).toEqual(['maybe', 'maybe'])
  })

  test('lacks groups that its users add', () => {
    const plays = `
- hosts: all
  tasks:
    - command: sh /opt/k3s-install.sh server
      when: inventory_hostname in groups.quay_masters and inventory_hostname not in groups.harbour
`
    const { verdicts, unknowns: notes } = new Analysis(
      new Map(Object.entries({ 'site.yml': plays, 'hosts-sample.ini': sample })),
    ).rehearsal
    expect(new Set(verdicts.map(({ host, kind }) => `${host} ${kind}`))).toEqual(
      new Set(['server-1 first-server']),
    )
    expect(notes.map(({ what }) => what)).toContain(
      'no host of hosts-sample.ini is in quay_masters: hosts are assumed that are',
    )
  })
})

describe('what a role leaves empty and demands', () => {
  const joined = `
- copy:
    content: |
      token: "{{ quay_key }}"
      server: https://{{ quay_address }}:6443
    dest: /etc/rancher/k3s/config.yaml
- command: sh /opt/k3s-install.sh agent
`
  const defaults = 'quay_address: ""\nquay_key: ""\nquay_crew: []\nquay_pilot: false\n'
  const arrived = ['agent-1 agent present config url']
  const scenario = { tokenGiven: undefined }

  test.each([
    ['assert: { that: [quay_key != "", quay_address != ""] }'],
    ['assert: { that: [quay_key != "", quay_address | length > 0, quay_pilot, quay_crew | length > 0] }'],
    ['assert:\n    that:\n      - quay_key is truthy\n      - quay_address'],
    ['fail: { msg: no }\n  when: quay_address == "" or quay_key == ""'],
    ['fail: { msg: no }\n  when: not quay_key or not quay_address'],
    ['block:\n    - fail: { msg: no }\n  when: quay_key == "" or quay_address | trim == ""'],
  ])('users give: %s', (demand) => {
    const found = arrivals(role(`- ${demand}\n${joined}`, defaults), scenario)
    expect(found.map((one) => one.replace('maybe a url', 'url'))).toEqual(arrived)
  })

  test('they give nothing that it does not demand, or does without', () => {
    const gated = `${joined}  when: quay_pilot\n`
    const ways = (tasks: string): readonly string[] => arrivals(role(tasks, defaults), scenario)
    expect(ways(`- assert: { that: [quay_key != "", quay_address != ""] }\n${gated}`)).toEqual([])
    expect(ways(`- assert: { that: [quay_pilot] }\n  ignore_errors: true\n${gated}`)).toEqual([])
    expect(ways(`- assert: { that: [not quay_pilot] }\n${gated}`)).toEqual([])
    expect(ways(`- assert: { that: [quay_key != "", quay_pilot, 1 == 2] }\n${gated}`)).toEqual([])
  })

  test('an inventory is what it says', () => {
    const files = role(`- assert: { that: [quay_key != "", quay_address != ""] }\n${joined}`, defaults, {
      'hosts.ini': '[quays]\nquay quay_key=0ddpassword\n',
      'site.yml': '- hosts: quays\n  roles: [.]\n',
    })
    expect(arrivals(files)).toEqual([])
  })
})

describe('what only an inventory says, and a task needs', () => {
  const SERVER = "hostvars[groups['quay_masters'][0]].ansible_host"
  const site = (...tasks: readonly string[]): Files => ({
    'site.yml': `
- hosts: quay_masters
  tasks: [{ command: sh /opt/k3s-install.sh server }]
- hosts: quay_workers
  vars: { pier: "{{ ${SERVER} }}" }
  tasks:
${tasks.map((task) => `    - ${task}\n`).join('')}    - shell: sh /opt/k3s-install.sh agent --server https://quay:6443
`,
  })
  const ofAgent = (files: Files): readonly string[] =>
    arrivals(files, { servers: 'one' }).filter((arrival) => arrival.startsWith('agent-1'))
  const fact = (value: string): string => `set_fact: { berth: "{{ ${value} }}" }`
  const fails = (condition: string): string => `{ fail: { msg: none }, when: "${condition}" }`
  const joins = ['agent-1 agent absent none url']

  // Without it set_fact fails: so do ansible-core 2.14 and 2.21.
  test.each([
    ['in a fact', fact(SERVER), fails("berth is not defined or berth == ''")],
    ['in a fact, whatever it is', fact('beacon'), fails('berth is undefined')],
    [
      'in a fact that another one takes',
      fact(SERVER),
      fact("berth | default('')"),
      fails('berth is not defined'),
    ],
    ['in a variable', fails('pier is not defined')],
    ['as it is', fails(`${SERVER} is not defined`)],
  ])('is there: %s', (_, ...tasks) => {
    expect(ofAgent(site(...tasks))).toEqual(joins)
  })

  test('is not there for who can do without it', () => {
    const asks = (name: string): Files => site(`{ meta: end_host, when: ${name} is not defined }`)
    for (const name of ['pier', 'beacon']) expect(ofAgent(asks(name))).toEqual([])
    expect(ofAgent(site(fact(SERVER), '{ meta: end_host, when: berth is not defined }'))).toEqual(joins)
  })
})
