import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, bounds, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

const HOSTS = '[harbour]\nquay rank=server\nboat rank=agent\ndory rank=agent\n'
const agents = ['boat agent present env-file url', 'dory agent present env-file url']
const founder = 'quay first-server absent none no url'
/** Servers found by a play before, and agents that join in the last one. */
const site = (before: string, servers = 'berth_server', berths = 'berth_agent'): Files => ({
  'hosts.ini': HOSTS,
  'site.yml': `${before}${installs(servers, { INSTALL_K3S_EXEC: 'server' })}${joins(berths, '0ddpassword')}`,
})
const plays = (hosts: string, ...tasks: readonly string[]): string =>
  `- hosts: ${hosts}\n  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`
const byRank = 'group_by: { key: "berth_{{ rank }}" }'

describe('hosts that are alike', () => {
  const first = "groups['harbour'][0]"
  const site = `
- hosts: harbour
  tasks:
    - command: sh /opt/k3s-install.sh server --cluster-init
      when: inventory_hostname == ${first}
    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: slip
      when: inventory_hostname == ${first}
    - command: sh /opt/k3s-install.sh server --server https://{{ ${first} }}:6443
      environment: { K3S_TOKEN: "{{ hostvars[${first}].slip.content | b64decode | trim }}" }
      when: inventory_hostname != ${first}
`
  test.each([
    ['another group', '[machines]\nquay\nberth\njetty\n[harbour]\nberth\nquay\njetty\n'],
    ['the same group', '[harbour]\nberth\nquay\njetty\n'],
    ['a group beside that of other servers', '[server]\nrock\n[m]\nquay\n[harbour]\nberth\nquay\njetty\n'],
  ])('are not so where one is the first of %s', (_, hosts) => {
    expect(arrivals({ 'site.yml': site, 'hosts.ini': hosts })).toEqual([
      'berth first-server absent none no url',
      'jetty joining-server present env-file url',
      'quay joining-server present env-file url',
    ])
  })
})

describe('hosts that only their names tell apart', () => {
  const quay = 'command: sh /opt/k3s-install.sh server --cluster-init'
  const berth = "command: sh /opt/k3s-install.sh agent --server 'https://quay:6443'"
  const site = (server: string, agent: string, vars = '{}'): Readonly<Record<string, string>> => ({
    'site.yml': `
- hosts: harbour
  vars: ${vars}
  tasks:
    - { ${quay}, when: ${JSON.stringify(server)} }
    - { ${berth}, when: ${JSON.stringify(agent)} }
`,
    'hosts.ini': '[harbour]\nquay1\nquay2\nberth1\nberth2\n',
  })
  const kinds = (files: Readonly<Record<string, string>>) =>
    new Set(arrivals(files).map((one) => one.split(' ').slice(0, 2).join(' ').replace(/\d/, '')))

  test.each([
    [
      'a list',
      site(
        'inventory_hostname in quays',
        'inventory_hostname in berths',
        '{ quays: [quay1, quay2], berths: [berth1, berth2] }',
      ),
    ],
    [
      'a list of an inventory',
      {
        ...site('inventory_hostname in quays', 'inventory_hostname not in quays'),
        'group_vars/all.yml': 'quays: [quay1, quay2]\n',
      },
    ],
    [
      'words',
      site(
        "inventory_hostname == 'quay1' or inventory_hostname == 'quay2'",
        "inventory_hostname in ['berth1', 'berth2']",
      ),
    ],
    [
      'the beginning of them',
      site("inventory_hostname.startswith('quay')", "inventory_hostname is match('berth')"),
    ],
    ['a part of them', site("'quay' in inventory_hostname", "'quay' not in inventory_hostname")],
  ])('by %s', (_, files) => {
    expect(kinds(files)).toEqual(new Set(['berth agent', 'quay first-server']))
    expect(findings(files).filter((one) => one.startsWith('agent-token-missing'))).toHaveLength(1)
  })
})

describe('hosts that only their place in a group tells apart', () => {
  const inventory = '[quays]\nquay\npier\njetty\nwharf\nmole\n'
  const key = "  environment: { K3S_TOKEN: \"{{ lookup('env', 'HARBOUR_KEY') }}\" }"
  const server = `- command: sh /opt/k3s-install.sh server --server https://quay:6443\n${key}\n`
  const agent = `- command: sh /opt/k3s-install.sh agent --server https://quay:6443\n${key}\n`
  const play = (hosts: string, tasks: string): string =>
    `- hosts: "${hosts}"\n  tasks:\n${tasks.replace(/^/gm, '    ').trimEnd()}\n`
  const kinds = (site: string): string =>
    arrivals({ 'site.yml': site, 'hosts.ini': inventory })
      .map((arrival) => arrival.split(' ').slice(0, 2).join(' '))
      .sort()
      .join(', ')

  // As `ansible-playbook --list-hosts` of ansible-core 2.14 and 2.21 says.
  test.each([
    [play('quays[1:2]', server) + play('quays[3:]', agent), 'jetty, pier', 'mole, wharf'],
    [play('quays:!quays[3]', server), 'jetty, mole, pier, quay', ''],
    [play('quays[-1]', agent), '', 'mole'],
    [play('quays[-1]', agent) + play('quays[1]', server), 'pier', 'mole'],
    // A range from the end is none.
    [play('quays[-2:]', agent) + play('quays[1-2]', server), 'jetty, pier', ''],
    // In expressions, the end of a slice does not belong to it.
    [play('quays', `${server}  when: inventory_hostname in groups.quays[1:3]\n`), 'jetty, pier', ''],
    [play('quays', `${agent}  when: inventory_hostname == groups['quays'][-1]\n`), '', 'mole'],
    [play('quays', `${agent}  when: inventory_hostname == groups['quays'] | last\n`), '', 'mole'],
    [play('quays', `${agent}  when: inventory_hostname not in groups['quays'][:3]\n`), '', 'mole, wharf'],
    [play('quays[1:]', agent), '', 'jetty, mole, pier, wharf'],
  ])('%j', (site, servers, agents) => {
    const of = (names: string, kind: string): string[] =>
      names === '' ? [] : names.split(', ').map((name) => `${name} ${kind}`)
    expect(kinds(site)).toBe([...of(servers, 'joining-server'), ...of(agents, 'agent')].sort().join(', '))
  })
})

describe('hosts by their addresses', () => {
  const quay = 'command: sh /opt/k3s-install.sh server --cluster-init'
  const berth = "command: sh /opt/k3s-install.sh agent --server 'https://quay:6443'"
  const site = (server: string, agent: string, hosts = '192.0.2.4\n192.0.2.5\n'): Files => ({
    'site.yml': `
- hosts: harbour
  tasks:
    - { ${quay}, when: ${JSON.stringify(server)} }
    - { ${berth}, when: ${JSON.stringify(agent)} }
`,
    'hosts.ini': `[harbour]\n${hosts}`,
  })
  const kinds = (files: Files) => new Set(arrivals(files).map((one) => one.split(' ').slice(0, 2).join(' ')))
  const either = (...hosts: readonly string[]) =>
    new Set(hosts.flatMap((host) => [`${host} agent`, `${host} first-server`]))
  const first = "hostvars[groups['harbour'][0]]"

  test.each([
    ["'quay' in ansible_hostname", "'berth' in ansible_hostname"],
    ["ansible_hostname == 'quay'", "ansible_hostname != 'quay'"],
    ["ansible_facts['nodename'] is search('quay')", "ansible_facts['nodename'] is not search('quay')"],
    ["ansible_fqdn.startswith('quay')", "not ansible_fqdn.startswith('quay')"],
  ])('may be called anything: %s', (server, agent) => {
    expect(kinds(site(server, agent))).toEqual(either('192.0.2.4', '192.0.2.5'))
    const named = site(server, agent, 'quay\nberth\n')
    expect(kinds(named)).toEqual(new Set(['berth agent', 'quay first-server']))
  })

  test('or by what is no name of a node', () => {
    const files = site("ansible_hostname == 'quay'", "ansible_hostname == 'berth'", 'quay_1\nberth_1\n')
    expect(kinds(files)).toEqual(either('quay_1', 'berth_1'))
  })

  test.each([
    `ansible_hostname == ${first}.ansible_hostname`,
    `${first}['ansible_facts']['hostname'] == ansible_facts['hostname']`,
    `ansible_nodename == ${first}.ansible_nodename`,
    `ansible_default_ipv4.address == ${first}.ansible_default_ipv4.address`,
    `${first}.ansible_facts.eth0.ipv4.address == ansible_facts.eth0.ipv4.address`,
    `ansible_facts['default_ipv4']['macaddress'] == ${first}.ansible_default_ipv4.macaddress`,
    `ansible_all_ipv4_addresses == ${first}.ansible_all_ipv4_addresses`,
    `ansible_machine_id == ${first}.ansible_machine_id`,
  ])('have names and addresses of their own: %s', (is) => {
    expect(kinds(site(is, `not (${is})`))).toEqual(new Set(['192.0.2.4 first-server', '192.0.2.5 agent']))
  })

  test('are not called by an address, nor two of them by one name', () => {
    const addressed = site("ansible_hostname != '192.0.2.4'", "ansible_hostname == '192.0.2.5'")
    expect(kinds(addressed)).toEqual(new Set(['192.0.2.4 first-server', '192.0.2.5 first-server']))
    const { 'site.yml': text = '', ...hosts } = site(
      "ansible_hostname == 'quay'",
      "ansible_hostname != 'quay'",
    )
    const joining = { ...hosts, 'site.yml': text.replace(' --cluster-init', '') }
    expect(kinds(joining)).toEqual(either('192.0.2.4', '192.0.2.5'))
  })

  test('may have any address, each another one', () => {
    const is = "ansible_default_ipv4.address == '192.0.2.4'"
    expect(kinds(site(is, `not (${is})`, 'quay\nberth\n'))).toEqual(either('quay', 'berth'))
  })
})

describe('the first host of a group of agents', () => {
  const hosts = '[server]\nquay\n[agent]\nbirch\nalder\nlarch\n'
  const site = (task: string, vars = ''): Readonly<Record<string, string>> => ({
    'site.yml': `
- hosts: agent
  tasks:
    - ${task}
    - command: sh /opt/k3s-install.sh agent --server 'https://quay:6443'
`,
    'hosts.ini': hosts + vars,
  })
  const rehearsed = (files: Readonly<Record<string, string>>): readonly string[] => {
    const { runs } = new Analysis(new Map(Object.entries(files))).rehearsal
    return [...new Set(runs.flatMap(({ events }) => events.map(({ host }) => host)))].sort()
  }

  const asks = (condition: string): string => `{ debug: { msg: x }, when: "${condition}" }`

  test.each([
    ['nothing asks for', 'debug: { msg: x }'],
    ['a condition asks whether a host is in the group', asks("inventory_hostname in groups['agent']")],
    ['a loop goes through the group', "{ debug: { msg: '{{ item }}' }, loop: \"{{ groups['agent'] }}\" }"],
    [
      'a loop goes through a part of the group',
      "{ debug: { msg: '{{ item }}' }, loop: \"{{ groups['agent'] | map('extract', hostvars) | selectattr('a', 'defined') | sort | list }}\" }",
    ],
    ['the group is counted', 'debug: { msg: "{{ groups.agent | length }}" }'],
    ['the first server is asked for', asks("inventory_hostname == groups['server'][0]")],
    [
      'the first server is asked for by a variable',
      asks('inventory_hostname == groups[heads][0]'),
      '[all:vars]\nheads=server\n',
    ],
  ])('is as the others where %s', (_, task, vars = '') => {
    expect(rehearsed(site(task, vars))).toEqual(['birch'])
  })

  test.each([
    ['is asked for', asks("inventory_hostname == groups['agent'][0]")],
    ['is asked for as first', 'debug: { msg: "{{ groups.agent | first }}" }'],
    [
      'is asked for by a variable',
      asks('inventory_hostname == groups[hands][0]'),
      '[all:vars]\nhands=agent\n',
    ],
    ['is asked for by a variable that is not known', asks('inventory_hostname == groups[hands][0]')],
    ['may be taken from a list', 'set_fact: { hands: "{{ groups[\'agent\'] }}" }'],
    ['does something once for all', '{ debug: { msg: x }, run_once: true }'],
  ])('is one of its own where it %s', (_, task, vars = '') => {
    expect(rehearsed(site(task, vars))).toEqual(['alder', 'birch'])
  })
})

describe('group_by', () => {
  test('makes groups for later plays, conditions and hostvars', () => {
    expect(arrivals(site(plays('harbour', byRank)))).toEqual([...agents, founder])
    const within = `
- hosts: harbour
  tasks:
    - ${byRank}
    - command: sh /opt/k3s-install.sh server
      when: "'berth_server' in group_names"
    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      delegate_to: "{{ groups.berth_server | first }}"
      register: slip
    - command: sh /opt/k3s-install.sh agent
      environment: { K3S_URL: "https://{{ groups['berth_server'][0] }}:6443", K3S_TOKEN: "{{ slip.content | b64decode | trim }}" }
      when: inventory_hostname in groups['berth_agent'] and groups['berth_agent'] | length == 2
`
    expect(arrivals({ 'hosts.ini': HOSTS, 'site.yml': within })).toEqual([...agents, founder])
  })

  test('puts the host into the parents, too, and a group that is there keeps its hosts', () => {
    const made = plays('harbour', `${byRank.replace('" }', '", parents: "all berths" }')}`)
    expect(arrivals(site(made, 'berth_server', 'all-berths:!berth_server'))).toEqual([...agents, founder])
    const more = plays('boat:dory', 'group_by: { key: sailing }')
    const hosts = `${HOSTS}[sailing]\nquay\n`
    expect(arrivals({ ...site(more, 'quay', 'sailing:!quay'), 'hosts.ini': hosts })).toEqual([
      ...agents,
      founder,
    ])
  })

  test('brings the group_vars of the group', () => {
    const join = joins('berth_agent', '{{ harbour_key }}')
    const files = {
      'hosts.ini': HOSTS,
      'site.yml': `${plays('harbour', byRank)}${join}`,
      'group_vars/berth_agent.yml': 'harbour_key: ""\n',
    }
    const empty = agents.map((line) => line.replace('present', 'empty'))
    expect(arrivals(files)).toEqual(empty)
    expect(arrivals({ ...files, 'group_vars/all.yml': 'harbour_key: 0ddpassword\n' })).toEqual(empty)
    expect(arrivals({ ...files, 'group_vars/harbour.yml': 'harbour_key: 0ddpassword\n' })).toEqual(agents)
  })

  test('under a condition that is not known makes it open who is in the group', () => {
    const files = site(
      plays(
        'harbour',
        'stat: { path: /srv }\n      register: buoy',
        `${byRank}\n      when: buoy.stat.size > 9`,
      ),
    )
    const empty = files['site.yml']?.replace('0ddpassword', '') ?? ''
    expect(arrivals({ ...files, 'site.yml': empty })).toContain('boat agent maybe env-file url')
  })

  test('by a key that is not known says so, and nothing else of the group', () => {
    const files = site(plays('harbour', 'group_by: { key: "berth_{{ ansible_facts.product_name }}" }'))
    expect(arrivals(files)).toEqual([])
    expect(unknowns(files)).toContain('which hosts are in a group is found while the play runs')
    expect(unknowns(files)).toContain('no host that is known is among those of a play')
    const asks = site(
      plays('harbour', 'group_by: { key: "berth_{{ ansible_facts.product_name }}" }'),
      'quay',
      'boat',
    )
    const url = asks['site.yml']?.replaceAll('https://quay', "https://{{ groups['berth_server'][0] }}") ?? ''
    expect(arrivals({ ...asks, 'site.yml': url })).toContain('boat agent present env-file url')
  })

  test('by a key that is not known may bring the group_vars of each group that it may mean', () => {
    const made = (key: string): Files => ({
      'hosts.ini': HOSTS,
      'site.yml': `${plays('boat', `group_by: { key: "${key}" }`)}${joins('boat', '{{ harbour_key }}')}`,
      'group_vars/berth_wood.yml': 'harbour_key: 0ddpassword\n',
    })
    const files = made('berth_{{ ansible_facts.product_name }}')
    expect(arrivals(files)).toEqual(['boat agent maybe env-file url'])
    expect(findings(files).join()).not.toContain('token-undefined')
    expect(arrivals({ ...files, 'group_vars/all.yml': 'harbour_key: ""\n' })).toEqual([
      'boat agent maybe env-file url',
    ])
    expect(arrivals({ ...files, 'host_vars/boat.yml': 'harbour_key: 0ddpassword\n' })).toEqual([
      'boat agent present env-file url',
    ])
    expect(arrivals(made('quay_{{ ansible_facts.product_name }}'))).toEqual([])
  })
})

describe('add_host', () => {
  test('puts hosts of the inventory into groups', () => {
    const adds = plays(
      'localhost',
      'add_host: { name: quay, groups: "ports, berth_server" }',
      'add_host: { name: "{{ item }}", groups: [berth_agent] }\n      loop: [boat, dory]',
    )
    expect(arrivals(site(adds))).toEqual([...agents, founder])
  })

  test('of hosts that the inventory does not have is told where a play is for them', () => {
    const adds = plays('localhost', 'add_host: { name: rock, groups: berth_server }')
    const told = (hosts: string) =>
      unknowns(site(`${adds}${plays(hosts, 'command: uptime')}`, 'quay', 'boat'))
    const what = 'no host that is known is among those of a play'
    expect(told('berth_server')).toContain(what)
    expect(told('quay')).not.toContain(what)
    expect(told('berth_server:quay')).not.toContain(what)
  })

  test('adds none for the other hosts of a play', () => {
    const adds = plays('harbour', 'add_host: { name: "{{ inventory_hostname }}", groups: berth_agent }')
    const files = site(adds, 'quay', 'berth_agent:!quay')
    expect(arrivals(files)).toEqual([founder])
  })

  describe('of hosts that no inventory has', () => {
    const made = (...adds: readonly string[]): string => site(plays('localhost', ...adds))['site.yml'] ?? ''
    const servers = `add_host: { name: "{{ item }}", groups: [berth_server] }
      loop: [quay, rock]`
    const boats = `add_host: { name: "boat-{{ item }}", groups: "berth_agent, ports" }
      loop: [1, 2]`
    const nodes = (files: Files, scenario = {}): readonly string[] =>
      arrivals(files, { servers: undefined, ...scenario }).map((arrival) =>
        arrival.split(' ').slice(0, 3).join(' '),
      )
    const all = [
      'boat-1 agent present',
      'boat-2 agent present',
      'quay first-server absent',
      'rock first-server absent',
    ]

    test('makes these the hosts of its groups', () => {
      const { 'site.yml': text = '' } = site(
        plays('localhost', 'add_host: { name: buoy, groups: berth_server }'),
      )
      expect(nodes({ 'site.yml': text })).toEqual(['agent-1 agent present', 'buoy first-server absent'])
      expect(nodes({ 'site.yml': made(servers, boats) })).toEqual(all)
    })

    test('makes them hosts that plays call by their names', () => {
      const adds = `add_host: { name: quay, harbour_key: "" }`
      const boat = `add_host: { name: dory }`
      const text = made(adds, boat).replace('hosts: berth_server', 'hosts: quay')
      const site = text
        .replace('hosts: berth_agent', 'hosts: dory')
        .replace('0ddpassword', '{{ hostvars.quay.harbour_key }}')
      expect(nodes({ 'site.yml': site })).toEqual(['dory agent empty', 'quay first-server absent'])
      const files = { 'site.yml': site, 'host_vars/dory.yml': 'boats: 1\n' }
      expect(nodes(files)).toEqual(['dory agent empty', 'quay first-server absent'])
    })

    test('by the items of a variable, and where conditions ask for them or for what is there', () => {
      const asks = made(
        servers.replace(
          '[quay, rock]',
          '"{{ berths }}"\n      when: item not in groups.berth_server | default([])',
        ),
        boats,
        "debug: { msg: x }\n      when: inventory_hostname == 'quay' or hostvars['boat-1'] is defined",
      )
      expect(nodes({ 'site.yml': asks, 'group_vars/all.yml': 'berths: [quay, rock]\n' })).toEqual(all)
    })

    test('gives each of them what the task says, and what files do', () => {
      const own = boats.replace(
        'ports" }',
        `ports", harbour_key: "{{ '' if item == 1 else '0ddpassword' }}" }`,
      )
      const site = (adds: string): string =>
        made(servers, adds).replace('"0ddpassword"', '"{{ harbour_key }}"')
      expect(nodes({ 'site.yml': site(own) })).toEqual(all.with(0, 'boat-1 agent empty'))
      const files = {
        'site.yml': site(boats),
        'group_vars/berth_agent.yml': 'harbour_key: 0ddpassword\n',
        'host_vars/boat-2.yml': 'harbour_key: ""\n',
      }
      expect(nodes(files)).toEqual([
        // The servers make a token of their own.
        'boat-1 agent different',
        'boat-2 agent empty',
        ...all.slice(2),
      ])
    })

    test('lets no play before it have them, and all later ones', () => {
      const before = installs('all', { INSTALL_K3S_EXEC: 'server' })
      const adding = plays('localhost', servers, boats)
      expect(nodes({ 'site.yml': `${before}${adding}${joins('berth_agent', '0ddpassword')}` })).toEqual(
        all.slice(0, 2),
      )
      expect(nodes({ 'site.yml': `${adding}${joins('all:!berth_server', '0ddpassword')}` })).toEqual(
        all.slice(0, 2),
      )
    })

    test('follows the first ones of many, which is said', () => {
      const many = made(servers, boats.replace('[1, 2]', '[1, 2, 3, 4, 5, 6, 7, 8, 9]'))
      expect(nodes({ 'site.yml': many })).toContain('boat-8 agent present')
      expect(bounds({ 'site.yml': many })).toEqual(['more hosts that tasks add than are rehearsed'])
    })

    test('leaves invented ones in their place where it can not be told which', () => {
      const invented = ['agent-1 agent present', 'server-1 first-server absent']
      const found = made(
        'command: list-berths\n      register: berths',
        servers.replace('[quay, rock]', '"{{ berths.stdout_lines }}"'),
      )
      expect(nodes({ 'site.yml': found }, { servers: 'one' })).toEqual(invented)
      const perhaps = made(
        'stat: { path: /srv }\n      register: buoy',
        `${servers}\n      when: buoy.stat.size > 9`,
      )
      expect(nodes({ 'site.yml': perhaps }, { servers: 'one' })).toEqual(invented)
      const itself = plays('berth_server', 'add_host: { name: "{{ inventory_hostname }}", groups: ports }')
      expect(nodes({ 'site.yml': site(itself)['site.yml'] ?? '' }, { servers: 'one' })).toEqual(invented)
    })
  })
})
