import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, doubts, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

const HOSTS = '[quays]\nquay\n[berths]\nberth\n'

/** The scenarios that are rehearsed on clean nodes. */
const scenarios = (files: Files): readonly string[] =>
  [
    ...new Set(
      new Analysis(new Map(Object.entries(files))).rehearsal.runs
        .filter(({ scenario }) => scenario.k3s === 'absent')
        .map(({ scenario: { airgapped, tokenGiven } }) =>
          [
            airgapped === undefined ? 'any site' : airgapped ? 'airgapped' : 'online',
            ...(tokenGiven === false ? ['no token'] : []),
          ].join(', '),
        ),
    ),
  ].sort()

describe('a scenario says what an inventory would', () => {
  const when = (play: string, condition: string): string =>
    play.replace('      environment:', `      when: ${condition}\n      environment:`)

  test('and the variables of a play win over it', () => {
    const files = {
      'hosts.ini': HOSTS,
      'site.yml':
        when(joins('quays', '0ddpassword'), 'not isolated_site').replace(
          '  tasks:',
          '  vars: { isolated_site: false }\n  tasks:',
        ) + when(joins('berths', '0ddpassword'), 'isolated_site | default(false)'),
    }
    const quay = 'quay agent present env-file url'
    expect(arrivals(files, { airgapped: false })).toEqual([quay])
    expect(arrivals(files, { airgapped: true })).toEqual(['berth agent present env-file url', quay])
  })

  test('and so does what a task has set', () => {
    const kept = "{{ harbour_config | default({}) | combine({'token': harbour_key}) }}"
    const files = (mode: string): Files => ({
      'roles/boat/tasks/main.yml': `
- ansible.builtin.set_fact: { harbour_key: "{{ harbour_config.token }}" }
  no_log: true
  when: harbour_config.token is defined
- ansible.builtin.set_fact: { harbour_config: "${kept}" }
  no_log: true
- ansible.builtin.copy:
    dest: /etc/rancher/k3s/config.yaml
    content: "{{ harbour_config | to_nice_yaml }}"
    mode: "${mode}"
  no_log: true
- ansible.builtin.command: sh /opt/k3s-install.sh agent --server https://quay:6443
`,
      'site.yml': '- hosts: boats\n  roles: [boat]\n',
    })
    const agent = 'boats-1 agent present config url'
    expect(arrivals(files('0600'), { servers: 'several', tokenGiven: undefined })).toEqual([agent])
    expect(findings(files('0600'))).toEqual([])
    expect(findings(files('0644'))).toEqual(['token-world-readable error roles/boat/tasks/main.yml:10'])
  })

  test('so that a token which a play sets is never missing', () => {
    const site = (vars: string): string => `
- hosts: berths
${vars}  roles: [berth]
`
    const files = (vars: string): Files => ({
      'hosts.ini': HOSTS,
      'group_vars/all.yml': 'harbour_key: "{{ vault_harbour_key }}"\n',
      'roles/berth/tasks/main.yml': `
- ansible.builtin.command: sh /opt/k3s-install.sh agent --server https://quay:6443
  environment: { K3S_TOKEN: "{{ harbour_key | default('') }}" }
  no_log: true
`,
      'site.yml': site(vars),
    })
    expect(scenarios(files(''))).toEqual(['any site', 'any site, no token'])
    expect(scenarios(files(`  vars: { harbour_key: "{{ lookup('env', 'BERTH') }}" }\n`))).toEqual([
      'any site',
    ])
  })
})

describe('a token that an inventory leaves out', () => {
  const MAY_JOIN = `
- hosts: berths
  tasks:
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
      no_log: true
      when: harbour_key is defined
`
  const given = 'berth agent present env-file url'

  test('is given in a scenario of its own, as -e gives one', () => {
    const files = {
      'hosts.ini': HOSTS,
      'site.yml': installs('quays', { INSTALL_K3S_EXEC: 'server' }) + MAY_JOIN,
    }
    expect(arrivals(files, { tokenGiven: true })).toContain(given)
    expect(arrivals(files, { tokenGiven: undefined })).toEqual(['quay first-server absent none no url'])
    expect(arrivals(files, { tokenGiven: false })).toEqual([])
    expect(findings(files)).toEqual(['token-in-arguments notice site.yml:11'])
  })

  test('is missed all the same as it is', () => {
    const files = {
      'hosts.ini': HOSTS,
      'site.yml': installs('berths', {
        INSTALL_K3S_EXEC: 'agent --server https://quay:6443',
        K3S_TOKEN: "{{ harbour_key | default('') }}",
      }),
    }
    expect(arrivals(files, { tokenGiven: true })).toEqual([given])
    expect(arrivals(files, { tokenGiven: undefined })).toEqual(['berth agent empty env-file url'])
    expect(findings(files)).toContain('token-empty error site.yml:7')
  })

  test.each([
    ['is not brought to servers, as agents get what K3s makes', "hostvars['quay'].mooring.stdout", '', 1],
    [
      'is for users to bring where agents have one of theirs',
      'berth_key',
      ', K3S_AGENT_TOKEN: "{{ berth_key }}"',
      0,
    ],
  ])('%s', (_, agents, more, count) => {
    const join = 'sh /opt/k3s-install.sh server --server https://quay:6443'
    const files = {
      'hosts.ini': `${HOSTS}[quays:children]\npiers\n[piers]\njetty\n[all:vars]\nharbour_key=0ddpassword\nberth_key=0ddpasswort\n`,
      'site.yml': `
- hosts: quays
  tasks:
    - command: sh /opt/k3s-install.sh server --cluster-init
      environment: { K3S_TOKEN: "{{ harbour_key | default(omit) }}"${more} }
      when: inventory_hostname == 'quay'
    - command: cat /var/lib/rancher/k3s/server/node-token
      register: mooring
      when: inventory_hostname == 'quay'
    - command: ${join}
      environment: { K3S_TOKEN: "{{ harbour_key | default('') }}" }
      when: inventory_hostname != 'quay'
- hosts: berths
  tasks:
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ ${agents} }}" }
`,
    }
    expect(arrivals(files, { tokenGiven: false })).toEqual([
      given,
      'jetty joining-server empty env-file url',
      'quay first-server absent none no url',
    ])
    expect(
      findings(files).filter((finding) => finding.startsWith('token-empty error site.yml:11')),
    ).toHaveLength(count)
  })

  test.each([
    ['all that is of K3s waits for it', MAY_JOIN],
    [
      'the play ends without',
      MAY_JOIN.replace('      when: harbour_key is defined\n', '').replace(
        '  tasks:\n',
        '  tasks:\n    - assert: { that: harbour_key is defined }\n',
      ),
    ],
  ])('is given alone where %s', (_, site) => {
    const files = { 'hosts.ini': HOSTS, 'site.yml': site }
    expect(arrivals(files)).toEqual([given])
    expect(arrivals(files, { tokenGiven: true })).toEqual([given])
  })

  describe('or leaves empty', () => {
    const servers = installs('quays', { INSTALL_K3S_EXEC: 'server' })
    const joins = installs('berths', {
      INSTALL_K3S_EXEC: 'agent --server https://quay:6443',
      K3S_TOKEN: '{{ harbour_key }}',
    })
    const behind = (task: string): string => servers + joins.replace('  tasks:', `  tasks:\n    - ${task}`)
    const refusals = [
      '{ fail: { msg: Give one }, when: not harbour_key }',
      "{ assert: { that: harbour_key != '' } }",
      '{ assert: { that: [harbour_key | length > 0] } }',
    ]

    test.each(refusals)(
      'is given in a scenario of its own where the play refuses an empty one: %s',
      (task) => {
        for (const path of ['group_vars/all.yml', 'group_vars/berths.yml'])
          for (const empty of ['""', 'null']) {
            if (empty === 'null' && task.includes('assert')) continue
            const files = {
              'hosts.ini': HOSTS,
              [path]: `harbour_key: ${empty}\n`,
              'site.yml': behind(task),
            }
            expect(arrivals(files, { tokenGiven: true })).toContain(given)
            expect(arrivals(files, { tokenGiven: undefined })).toEqual([
              'quay first-server absent none no url',
            ])
            expect(findings(files)).toEqual(['token-in-arguments notice site.yml:14'])
          }
      },
    )

    test('stays empty where nothing refuses it, and where another host has one', () => {
      const files = { 'hosts.ini': HOSTS, 'group_vars/berths.yml': 'harbour_key: ""\n' }
      const plain = { ...files, 'site.yml': servers + joins }
      expect(arrivals(plain, { tokenGiven: true })).toEqual([])
      expect(findings(plain)).toContain('token-empty error site.yml:13')
      const other = {
        ...files,
        'group_vars/quays.yml': 'harbour_key: 0ddpassword\n',
        'site.yml': behind(refusals[0] ?? ''),
      }
      expect(arrivals(other, { tokenGiven: true })).toEqual([])
    })
  })

  describe('and that K3s can not be brought without', () => {
    const asked = installs('berths', {
      INSTALL_K3S_EXEC: 'agent --server https://quay:6443',
      K3S_TOKEN: '{{ harbour_key }}',
    })
    const shown = '    - debug: { msg: "{{ harbour_key }}" }\n'
    const undefinedIn = 'token-undefined error site.yml:'

    test.each<[string, string, Files]>([
      ['by itself', asked, {}],
      [
        'by another one',
        asked.replace('harbour_key', 'buoy'),
        { 'group_vars/all.yml': 'buoy: "{{ harbour_key }}"\n' },
      ],
      [
        'in a template',
        asked
          .replace(
            '  tasks:',
            '  tasks:\n    - template:\n        src: tide.j2\n        dest: /etc/rancher/k3s/config.yaml\n        mode: "0600"',
          )
          .replace(/ {8}K3S_TOKEN.*\n/, ''),
        { 'templates/tide.j2': 'token: {{ harbour_key }}\n' },
      ],
    ])('is given in a scenario of its own, %s, which shows what is behind', (_, agents, more) => {
      for (const servers of ['', installs('quays', { INSTALL_K3S_EXEC: 'server' })]) {
        const files = { 'hosts.ini': HOSTS, 'site.yml': `${servers}${agents}${shown}`, ...more }
        const found = findings(files)
        expect(arrivals(files, { tokenGiven: true }).join()).toContain('berth agent present')
        expect(arrivals(files, { tokenGiven: undefined }).join()).not.toContain('berth')
        expect(found.filter((one) => one.startsWith('token-logged error'))).toHaveLength(1)
        // Where nothing starts without it, it is for users to give.
        expect(found.some((one) => one.startsWith(undefinedIn))).toBe(servers !== '')
      }
    })

    test('is no reason to leave out others that nothing asks, where a task makes it too late', () => {
      const servers = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: "{{ lamp | default('') }}" })
      const files = {
        'hosts.ini': HOSTS,
        'site.yml': `${servers.replace('  tasks:', '  vars: { lamp: 0ddpassword }\n  tasks:')}${asked}
- hosts: berths
  tasks: [{ command: uuidgen, register: harbour_key }]
`,
      }
      expect(scenarios(files)).toEqual(['any site'])
      expect(arrivals(files)).toEqual(['quay first-server present env-file no url'])
    })

    test('is not given where some host has it, or a group that a task makes', () => {
      const made = `- hosts: quays\n  tasks:\n    - group_by: { key: harbour }\n`
      const site = `${made}${installs('harbour', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_key }}' })}${asked}`
      for (const group of ['quays', 'harbour']) {
        const files = {
          'hosts.ini': HOSTS,
          'site.yml': site,
          [`group_vars/${group}.yml`]: 'harbour_key: 0ddpassword\n',
        }
        expect(arrivals(files)).toEqual(['quay first-server present env-file no url'])
      }
    })
  })

  test('is not given where a task makes it, or another host alone has it', () => {
    const site = installs('quays', { INSTALL_K3S_EXEC: 'server' }) + MAY_JOIN
    for (const more of [
      {
        'site.yml': site.replace(
          '  tasks:',
          '  tasks:\n    - { command: cat /opt/tea, register: harbour_key }',
        ),
      },
      { 'group_vars/quays.yml': "harbour_key: \"{{ lookup('env', 'TEA') }}\"\n" },
      { 'extra-vars.yml': "harbour_key: \"{{ lookup('env', 'TEA') }}\"\n" },
    ])
      expect(arrivals({ 'hosts.ini': HOSTS, 'site.yml': site, ...more }, { tokenGiven: true })).toEqual([])
  })

  test('goes from the first server to the others by its own name', () => {
    const files = {
      'hosts.ini': HOSTS,
      'site.yml': `
- hosts: quays
  tasks:
    - command: sh /opt/k3s-install.sh server
      environment: { K3S_TOKEN: "{{ harbour_key | default(omit) }}" }
      no_log: true
    - when: harbour_key is not defined
      block:
        - slurp: { src: /var/lib/rancher/k3s/server/token }
          register: kept
          no_log: true
        - set_fact: { harbour_key: "{{ kept.content | b64decode | trim }}" }
          no_log: true
- hosts: berths
  tasks:
    - set_fact: { harbour_key: "{{ hostvars[groups['quays'][0]].harbour_key }}" }
      no_log: true
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
      no_log: true
`,
    }
    expect(arrivals(files, { tokenGiven: true })).toEqual([
      given,
      'quay first-server present env-file no url',
    ])
    expect(arrivals(files, { tokenGiven: undefined })).toEqual([
      given,
      'quay first-server absent none no url',
    ])
  })
})

describe('a token that a role leaves empty, and that nothing asks', () => {
  const role = (defaults: string, environment: string): Files => ({
    'meta/main.yml': '',
    'defaults/main.yml': defaults,
    'tasks/main.yml': `
- command: sh /opt/k3s-install.sh
  environment: { ${environment} }
`,
  })
  const key = 'K3S_TOKEN: "{{ harbour_key }}"'

  test.each(["''", 'null', ''])('is empty in one scenario, and given in another: %s', (value) => {
    const files = role(
      `harbour_key: ${value}\n`,
      `INSTALL_K3S_EXEC: agent --server https://quay:6443, ${key}`,
    )
    expect(arrivals(files, { tokenGiven: undefined })).toContain('agent-1 agent empty env-file url')
    expect(arrivals(files, { tokenGiven: true })).toContain('agent-1 agent present env-file url')
    expect(findings(files)).toEqual([
      'token-empty error tasks/main.yml:3',
      'token-in-arguments notice tasks/main.yml:3',
    ])
  })

  test('may go with a URL that is left empty, too: its users give both', () => {
    const files = role("harbour_key: ''\nharbour_url: ''\n", `K3S_URL: "{{ harbour_url }}", ${key}`)
    expect(arrivals(files)).toContain('agent-1 agent present env-file maybe a url')
    expect(arrivals(files).join()).not.toContain('agent-1 first-server')
    // Where a condition asks, an empty URL makes a server.
    const asked: Files = {
      ...files,
      'tasks/main.yml': `${files['tasks/main.yml']}  when: harbour_url == ''\n`,
    }
    expect(arrivals(asked).join()).not.toContain('maybe a url')
  })
})

describe('a default that is undef()', () => {
  test.each(["{{ undef('tell me') }}", '{{ undef() }}', "{{undef(hint='harbour_key is yours to give')}}"])(
    'is none, so that users give the variable: %s',
    (value) => {
      const files: Files = {
        'meta/main.yml': '',
        'defaults/main.yml': `harbour_key: ${JSON.stringify(value)}\nquay: ${JSON.stringify(value)}\n`,
        'tasks/main.yml': `
- copy:
    content: "token: {{ harbour_key }}\\nserver: https://{{ quay }}:6443\\n"
    dest: /etc/rancher/k3s/config.yaml
    mode: "0644"
- command: sh /opt/k3s-install.sh agent
`,
      }
      expect(arrivals(files)).toEqual(['agent-1 agent present config url'])
      expect(findings(files)).toContain('token-world-readable error tasks/main.yml:5')
      // An inventory that says no more ends the play.
      const site: Files = Object.fromEntries(
        Object.entries(files).map(([path, text]) => [`roles/berth/${path}`, text]),
      )
      expect(
        arrivals({ ...site, 'hosts.ini': HOSTS, 'site.yml': '- hosts: berths\n  roles: [berth]\n' }),
      ).toEqual([])
    },
  )
})

describe('a site without the internet', () => {
  const agent = (condition: string, token: string): string => `
- hosts: berths
  tasks:
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { ${token} }
      no_log: true
      when: ${condition}
`
  const withToken = "K3S_TOKEN: \"{{ lookup('env', 'BERTH') }}\""
  const without = 'INSTALL_K3S_SKIP_DOWNLOAD: "true"'
  const online = 'berth agent present env-file url'
  const airgapped = 'berth agent absent none url'

  test.each([
    ['', 'quay_offline | bool'],
    ['', 'quay_offline'],
    ['', 'quay_offline | default(false)'],
    ['quay_offline=False', 'quay_offline'],
    // Texts of INI, which only a filter takes for what they say.
    ['quay_offline=false', 'quay_offline | bool'],
    ['quay_offline=no', 'quay_offline | bool'],
    ['quay_offline=0', 'quay_offline | bool'],
  ])('is rehearsed beside one that has it: %j, %s', (variable, condition) => {
    const files = {
      'hosts.ini': `${HOSTS}[all:vars]\nharbour=1\n${variable}\n`,
      'site.yml': agent(condition, without) + agent(`not (${condition})`, withToken),
    }
    expect(scenarios(files)).toEqual(['airgapped', 'online'])
    expect(arrivals(files, { airgapped: false })).toEqual([online])
    expect(arrivals(files, { airgapped: true })).toEqual([airgapped])
    expect(findings(files)).toEqual([
      'agent-token-missing error site.yml:4',
      'token-in-arguments notice site.yml:12',
    ])
  })

  test.each(['quay_offline=True', 'quay_offline=yes'])('is what its inventory says: %s', (variable) => {
    const files = {
      'hosts.ini': `${HOSTS}[all:vars]\n${variable}\n`,
      'site.yml': agent('quay_offline | bool', without) + agent('not (quay_offline | bool)', withToken),
    }
    expect(scenarios(files)).toEqual(['airgapped'])
    expect(arrivals(files)).toEqual([airgapped])
  })

  test('may be the only one that a playbook is for', () => {
    const files = { 'hosts.ini': HOSTS, 'site.yml': agent('airgap_dir is defined', without) }
    expect(scenarios(files)).toEqual(['airgapped'])
    expect(findings(files)).toEqual(['agent-token-missing error site.yml:4'])
    const right = { 'hosts.ini': HOSTS, 'site.yml': agent('airgap_dir is defined', withToken) }
    expect(arrivals(right, { airgapped: true })).toEqual([online])
    expect(findings(right)).toEqual(['token-in-arguments notice site.yml:5'])
  })
})

describe('what a project asks', () => {
  const play = (task: string): string => `
- hosts: berths
  tasks:
    - ${task}
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
      no_log: true
`
  const files = (task: string): Files => ({
    'hosts.ini': `${HOSTS}[all:vars]\nharbour_key=0ddpassword\n`,
    'site.yml': play(task),
  })

  test.each([
    '{ name: Make sure that harbour_key is defined, debug: { msg: tea } }',
    "{ debug: { msg: 'no harbour_key is defined' } }",
    "{ debug: { msg: tea } }\n    # with {{ harbour_key | default('') }} none is made\n    # when: harbour_key is defined",
    '{ debug: { msg: tea, verbosity: 1 }, tags: [harbour_key is defined] }',
  ])('is not what its words say: %j', (task) => {
    expect(scenarios(files(task))).toEqual(['any site'])
  })

  test.each([
    '{ debug: { msg: tea }, when: harbour_key is defined }',
    'debug: { msg: tea }\n      when: >-\n        berth is defined and\n        harbour_key is\n        defined',
    'debug: { msg: tea }\n      when:\n        - berth is defined\n        - harbour_key is defined',
    '{ assert: { that: [berth is defined, harbour_key is defined] }, failed_when: false }',
    '{ command: /opt/tea, changed_when: harbour_key is defined }',
    'block:\n        - debug: { msg: tea }\n      when: >\n        harbour_key is undefined',
    `{ set_fact: { tea: "{{ 'a' if harbour_key is defined else 'b' }}" } }`,
    `set_fact:\n        tea: >-\n          {{ 'a' if harbour_key\n          is defined else 'b' }}`,
  ])('is what its conditions and expressions say: %j', (task) => {
    expect(scenarios(files(task))).toEqual(['any site', 'any site, no token'])
  })

  test('may be a condition that is folded, or one of a handler', () => {
    const site = (asks: string): string => `
- hosts: berths
  tasks:
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { INSTALL_K3S_SKIP_DOWNLOAD: "true" }
      ${asks}
`
    const folded = site('when: >-\n        quay_offline | bool')
    expect(scenarios({ 'hosts.ini': HOSTS, 'site.yml': folded })).toEqual(['airgapped'])
    const role = {
      'hosts.ini': HOSTS,
      'site.yml': '- hosts: berths\n  roles: [boat]\n',
      'roles/boat/tasks/main.yml':
        '- copy: { dest: /etc/rancher/k3s/config.yaml, content: "node-name: a\\n", mode: "0600" }\n  notify: Join\n',
      'roles/boat/handlers/main.yml': `
- name: Join
  command: sh /opt/k3s-install.sh agent --server https://quay:6443
  environment: { INSTALL_K3S_SKIP_DOWNLOAD: "true" }
  when:
    - quay_offline
`,
    }
    expect(scenarios(role)).toEqual(['airgapped'])
  })

  test('tells kinds of nodes apart by a condition that is folded', () => {
    const install = (kind: string, more = ''): string =>
      `- command: sh /opt/k3s-install.sh ${kind}${more}\n  when: >\n    is_${kind}\n    | bool\n`
    const role: Files = {
      'meta/main.yml': '',
      'defaults/main.yml': 'is_server: false\nis_agent: false\n',
      'tasks/main.yml': install('server') + install('agent', ' --server https://quay:6443'),
    }
    expect(arrivals(role, { servers: 'one' })).toEqual([
      'agent-1 agent absent none url',
      'server-1 first-server absent none no url',
    ])
  })
})

describe('a token that a task sets where nobody gives one', () => {
  const set = (...when: readonly string[]): string =>
    `- set_fact: { harbour_key: "{{ kept.content | b64decode | trim }}" }\n  no_log: true\n${when.map((line) => `  ${line}\n`).join('')}`
  const role = (keep: string, more: Files = {}): Files => ({
    'meta/main.yml': '',
    'tasks/main.yml': `
- command: sh /opt/k3s-install.sh agent --server https://quay:6443
  environment: { K3S_TOKEN: "{{ harbour_key | default('') }}" }
  no_log: true
- slurp: { src: /var/lib/rancher/k3s/server/node-token }
  register: kept
  no_log: true
${keep}`,
    ...more,
  })
  const given = 'agent-1 agent present env-file url'
  const without = (files: Files, scenario: object): void => {
    const found = arrivals(files, scenario)
    expect(found).toHaveLength(1)
    expect(found.filter((arrival) => arrival.includes('present'))).toEqual([])
  }

  test.each<[string, Files]>([
    ['where it is not there', role(set('when: harbour_key is not defined'))],
    ['where it is empty', role(set("when: harbour_key | default('') == ''"))],
    ['where it has no length', role(set("when: (harbour_key | default('')) | length == 0"))],
    ['where it says nothing', role(set("when: not (harbour_key | default(''))"))],
    ['among other conditions', role(set('when:', '  - kept is defined', '  - harbour_key is undefined'))],
    [
      'in a block',
      role(`- when: harbour_key is not defined\n  block:\n${set().replaceAll(/^/gm, '    ').trimEnd()}\n`),
    ],
    [
      'in a file that is included then',
      role('- include_tasks: keep.yml\n  when: harbour_key is not defined\n', { 'tasks/keep.yml': set() }),
    ],
  ])('may be given all the same: %s', (_, files) => {
    expect(arrivals(files, { tokenGiven: undefined })).toContain(given)
    without(files, { tokenGiven: false })
  })

  test.each<[string, Files]>([
    ['of its own', role(set())],
    ['where something else is not there', role(set('when: harbour is not defined'))],
    [
      'in a file that is included in another place, too',
      role(
        '- include_tasks: keep.yml\n  when: harbour_key is not defined\n- include_tasks: keep.yml\n  when: harbour is defined\n',
        { 'tasks/keep.yml': set() },
      ),
    ],
  ])('is not given where it is set %s', (_, files) => {
    without(files, { tokenGiven: undefined })
  })
})

describe('another run', () => {
  test('begins with what a playbook has left that plays on other machines, too', () => {
    const files = {
      'site.yml': `
- hosts: loadbalancers
  tasks:
    - package: { name: haproxy }
${installs('servers', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_key }}' })}
- hosts: agents
  tasks:
    - copy:
        dest: /etc/rancher/k3s/config.yaml
        content: "server: https://quay:6443\\ntoken: {{ harbour_key }}\\n"
        mode: "0600"
      no_log: true
${installs('agents', { INSTALL_K3S_EXEC: 'agent' })}`,
      'upgrade.yml': installs('agents', { INSTALL_K3S_EXEC: 'agent', INSTALL_K3S_FORCE_RESTART: 'true' }),
    }
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    const ofUpgrade = verdicts.filter(({ playbook }) => playbook === 'upgrade.yml')
    expect(new Set(ofUpgrade.map(({ host, token, source }) => `${host} ${token} ${source}`))).toEqual(
      new Set(['agent-1 present config']),
    )
    expect(findings(files).filter((one) => one.includes('upgrade.yml'))).toEqual([])
  })

  test('begins with the servers in the order in which they have started', () => {
    const files = {
      'site.yml': installs('harbour', { K3S_TOKEN: '0ddpassword' }).replace(
        '      environment:',
        '      args: { creates: /usr/local/bin/k3s }\n      environment:',
      ),
      'hosts.ini': '[machines]\nrock\nquay\npier\n[harbour]\npier\nquay\n',
    }
    for (const again of [undefined, true])
      expect(arrivals(files, again === undefined ? {} : { again, k3s: 'present' })).toEqual([
        'pier first-server present env-file no url',
        'quay joining-server present env-file no url',
      ])
  })

  test.each([
    ['the URL of all of them since', 'server: https://harbour:6443', 'url'],
    ['none of them a URL any more', 'debug: true', 'no url'],
  ])('finds the server that has founded the cluster, though the settings have %s', (_, since, url) => {
    const files = {
      'site.yml': `
- hosts: harbour
  tasks:
    - stat: { path: /var/lib/rancher/k3s/server/token }
      register: moored
    - set_fact:
        setting: "{{ '${since}' if moored.stat.exists else 'cluster-init: true' if inventory_hostname == 'pier' else 'server: https://pier:6443' }}"
    - copy:
        dest: /etc/systemd/system/k3s.service
        content: "[Service]\\nExecStart=/usr/local/bin/k3s server\\n"
    - copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: {{ pass }}\\n{{ setting }}\\n" }
    - systemd: { name: k3s, state: restarted }
`,
      'hosts.ini': '[harbour]\nquay\njetty a=1\npier b=1\n[all:vars]\npass=0ddpassword\n',
    }
    const kinds = (joins: string, founds: string): readonly string[] => [
      `jetty joining-server present config ${joins}`,
      `pier first-server present config ${founds}`,
      `quay joining-server present config ${joins}`,
    ]
    expect(arrivals(files)).toEqual(kinds('url', 'no url'))
    expect(arrivals(files, { again: true, k3s: 'present' })).toEqual(kinds(url, url))
  })

  test.each([
    ['the founding one, whatever it is told', 'servers', 'server --server https://harbour:6443', 'url'],
    ['the founding one, though none is told to join', 'servers', 'server', 'no url'],
    ['none, where that one is left alone', 'jetty', 'server', 'no url'],
  ])('over the servers of another playbook finds as the first one %s', (_, hosts, exec, url) => {
    const files = {
      'site.yml': `
- hosts: servers
  tasks:
    - command: sh /opt/k3s-install.sh {{ 'server' if inventory_hostname == 'pier' else '--server https://pier:6443' }}
      environment: { K3S_TOKEN: "{{ pass }}" }
`,
      'upgrade.yml': installs(hosts, {
        INSTALL_K3S_EXEC: exec,
        INSTALL_K3S_FORCE_RESTART: 'true',
        K3S_TOKEN: '{{ pass }}',
      }),
      'hosts.ini': '[servers]\nquay\njetty a=1\npier b=1\n[all:vars]\npass=0ddpassword\n',
    }
    const seen = [
      `jetty joining-server present env-file ${url}`,
      `pier first-server present env-file ${url}`,
      `quay joining-server present env-file ${url}`,
    ]
    expect(arrivals(files, { k3s: 'present', again: undefined })).toEqual(
      hosts === 'jetty' ? seen.slice(0, 1) : seen,
    )
  })

  test('over a cluster that was made by hand finds its first server, unless that is left alone', () => {
    const seen = (hosts: string, setting: string) =>
      arrivals(
        {
          'upgrade.yml': `
- hosts: ${hosts}
  tasks:
    - copy: { dest: /etc/rancher/k3s/config.yaml, content: "${setting}" }
    - systemd: { name: k3s, state: restarted }
`,
          'hosts.ini': '[servers]\nquay\njetty a=1\n',
        },
        { k3s: 'present', again: undefined },
      ).map((one) => one.split(' ').slice(0, 2).join(' '))
    const both = ['jetty joining-server', 'quay first-server']
    expect(seen('servers', 'debug: true')).toEqual(both)
    expect(seen('servers', 'server: https://harbour:6443')).toEqual(both)
    expect(seen('jetty', 'debug: true')).toEqual(both.slice(0, 1))
  })

  test('finds servers that have neither token nor URL each in a cluster of its own', () => {
    const files = { 'site.yml': installs('harbour', { A: '1' }), 'hosts.ini': '[harbour]\npier\nquay\n' }
    const both = ['pier first-server absent none no url', 'quay first-server absent none no url']
    expect(arrivals(files)).toEqual(both)
    expect(arrivals(files, { again: true, k3s: 'present' })).toEqual(both)
    const datastore = { ...files, 'site.yml': installs('harbour', { K3S_DATASTORE_ENDPOINT: 'mysql://db' }) }
    expect(arrivals(datastore).map((one) => one.split(' ').slice(0, 2).join(' '))).toEqual([
      'pier first-server',
      'quay joining-server',
    ])
  })

  test('a server that has a URL founds the cluster all the same where the first on a shared datastore does', () => {
    const site = (hosts: string, environment: Readonly<Record<string, string>>) => ({
      'hosts.ini': `[harbour]\n${hosts}\n`,
      'site.yml': installs('harbour', {
        INSTALL_K3S_EXEC: 'server',
        K3S_URL: 'https://pier:6443',
        ...environment,
      }),
    })
    const shared = { K3S_DATASTORE_ENDPOINT: 'postgres://anchor:5432/k3s' }
    const alone = site('pier', shared)
    expect(arrivals(alone)).toEqual(['pier first-server absent none url'])
    expect(findings(alone)).toEqual([])
    const two = site('pier\nquay', shared)
    expect(arrivals(two)).toEqual([
      'pier first-server absent none url',
      'quay joining-server absent none url',
    ])
    expect(findings(two)).toContain('server-token-missing error site.yml:4')
    // SQLite is no datastore that servers share.
    for (const own of [{}, { K3S_DATASTORE_ENDPOINT: 'sqlite:///srv/k3s.db' }])
      expect(arrivals(site('pier', own))).toEqual(['pier joining-server absent none url'])
  })

  test.each([
    ['where the site has no other way', ''],
    ['where the one with internet alone compares versions', 'barge_offline_dir is undefined and '],
  ])('is over an older K3s where versions are compared, %s', (_, guard) => {
    const files = {
      'hosts.ini': `${HOSTS}[all:vars]\nk3s_version=v1.30.2+k3s1\n`,
      'site.yml': `
- hosts: berths
  tasks:
    - command: k3s --version
      register: moored
      failed_when: false
      changed_when: false
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { INSTALL_K3S_SKIP_START: "true" }
      when: ${guard}(moored.rc != 0 or moored.stdout.split(' ')[2] is version(k3s_version, '<'))
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { INSTALL_K3S_SKIP_START: "true", INSTALL_K3S_SKIP_DOWNLOAD: "true" }
      when: barge_offline_dir is defined and moored.rc != 0
    - lineinfile:
        path: /etc/systemd/system/k3s-agent.service.env
        line: "K3S_TOKEN={{ lookup('env', 'BERTH') }}"
      no_log: true
      when: moored.rc != 0
    - systemd: { name: k3s-agent, state: restarted, daemon_reload: true }
`,
    }
    expect(findings(files)).toEqual(['token-dropped-by-installer error site.yml:8'])
    const older = { k3s: 'older', again: true }
    const agent = 'berth agent'
    expect(arrivals(files, { ...older, airgapped: false })).toEqual([`${agent} absent none url`])
  })

  test.each([
    ['v1.30.2+k3s1', 'k3s_version'],
    ['1.30.2+k3s1', "'v' + k3s_version"],
  ])('is over the same K3s, too, where versions are compared: %s', (release, wanted) => {
    const files = {
      'hosts.ini': `${HOSTS}[all:vars]\nk3s_version=${release}\n`,
      'site.yml': `
- hosts: berths
  tasks:
    - command: k3s --version
      register: moored
      failed_when: false
      changed_when: false
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ lookup('env', 'BERTH') }}" }
      no_log: true
      when: moored.rc != 0 or moored.stdout.split(' ')[2] is version(${wanted}, '<')
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      environment: { INSTALL_K3S_FORCE_RESTART: "true" }
      when: moored.rc == 0 and moored.stdout.split(' ')[2] is version(${wanted}, '==')
`,
    }
    expect(arrivals(files, { k3s: 'older', again: true })).toEqual(['berth agent present env-file url'])
    expect(arrivals(files, { k3s: 'present', again: true })).toEqual(['berth agent absent none url'])
    expect(findings(files)).toContain('token-dropped-by-installer error site.yml:12')
  })

  test.each([
    "now is version(berth_release, '<=')",
    "now is version(berth_release, 'lt')",
    "berth_release is version(now, '>')",
    'now != berth_release',
    "now != 'v' ~ berth_release",
    "not now is version(berth_release, 'ge')",
  ])('over an older K3s wants a newer one, whichever that is: %s', (condition) => {
    const files = {
      'hosts.ini': HOSTS,
      'upgrade.yml': `
- hosts: berths
  tasks:
    - command: k3s --version
      register: moored
    - set_fact: { now: "{{ moored.stdout.split(' ')[2] }}" }
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443
      when: ${condition}
`,
    }
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    const of = (k3s: string): readonly string[] =>
      verdicts.filter(({ scenario }) => scenario.k3s === k3s).map(({ token }) => token)
    expect(of('older')).toEqual(['absent'])
    expect(of('present')).not.toContain('absent')
  })

  test('is none of a token that no file of the hosts has, where a task sets it', () => {
    const files = {
      'hosts.ini': '[quays]\nquay\n',
      'site.yml': `
- hosts: quays
  tasks:
    - command: sh /opt/k3s-install.sh server
      environment: { K3S_TOKEN: "{{ pier_token | default('') }}" }
    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: kept
    - set_fact: { pier_token: "{{ kept.content | b64decode | trim }}" }
`,
    }
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    expect(verdicts.map(({ scenario }) => scenario.tokenGiven)).not.toContain(true)
  })

  // As both ansible-cores have it where the environment says nothing: defined, and empty.
  test('of a token from the environment, which nobody gives there, is one of an empty text', () => {
    const files = {
      'hosts.ini': '[quays]\nquay\n',
      'group_vars/all.yml': `pier_token: "{{ lookup('env', 'PIER') }}"\n`,
      'site.yml': `
- hosts: quays
  tasks:
    - command: sh /opt/k3s-install.sh server
      environment: { K3S_TOKEN: "{{ pier_token }}" }
      when: pier_token is defined
`,
    }
    expect(arrivals(files, { tokenGiven: false })).toEqual(['quay first-server empty env-file no url'])
  })

  test('is over the same K3s where nothing asks for its version, with a token and without', () => {
    const files = {
      'hosts.ini': '[quays]\nquay\n',
      'site.yml': installs('quays', {}),
      'rotate.yml': `
- hosts: quays
  tasks:
    - copy: { content: "{{ fresh_token }}", dest: /var/lib/rancher/k3s/server/node-token, mode: "0600" }
      no_log: true
    - systemd: { name: k3s, state: restarted }
`,
    }
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    const own = verdicts.filter(({ playbook }) => playbook === 'rotate.yml')
    expect(new Set(own.map(({ scenario }) => scenario.k3s))).toEqual(new Set(['present']))
  })

  test('has none of the units that were made for one start', () => {
    const files = {
      'hosts.ini': '[quays]\nquay\n',
      'site.yml': `
- hosts: quays
  tasks:
    - command:
        cmd: "systemd-run --unit=k3s-first k3s server --token {{ lookup('env', 'HARBOUR') }}"
        creates: /etc/systemd/system/k3s.service
      no_log: true
    - systemd: { name: k3s-first, state: stopped }
    - copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s server
    - systemd: { name: k3s, state: restarted, daemon_reload: true }
`,
    }
    const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
    const services = (again?: true): readonly string[] =>
      verdicts.filter(({ scenario }) => scenario.again === again).map(({ arrival }) => arrival.service)
    expect(services()).toEqual(['k3s', 'k3s-first'])
    expect(services(true)).toEqual(['k3s'])
  })

  test('leaves open what a run that it does not repeat has left open', () => {
    const files = (url: string): Files => ({
      'hosts.ini': '[quays]\nquay\n',
      'site.yml': `
- hosts: quays
  tasks:
    - { stat: { path: /srv/founded }, delegate_to: localhost, register: founded }
    - shell: curl -sfL https://get.k3s.io | ${url} sh -s - server
      args: { creates: /usr/local/bin/k3s }
      environment: { K3S_TOKEN: 0ddpassword }
`,
    })
    const urlOnly = files(
      "{{ 'K3S_URL=https://pier:6443' if founded.stat.exists else 'K3S_CLUSTER_INIT=true' }}",
    )
    const open = ['quay joining-server present env-file maybe a url']
    expect(arrivals(urlOnly)).toEqual(open)
    expect(arrivals(urlOnly, { k3s: 'present', again: true })).toEqual(open)
    const { verdicts } = new Analysis(new Map(Object.entries(urlOnly))).rehearsal
    expect(new Set(verdicts.map(({ unknown }) => unknown))).toEqual(
      new Set(['it depends on what only a real run shows']),
    )
    // A URL that is there either way is no question.
    const either = files("{{ 'K3S_DEBUG=true' if founded.stat.exists else '' }} K3S_URL=https://pier:6443")
    expect(arrivals(either, { k3s: 'present', again: true })).toEqual([
      'quay joining-server present env-file url',
    ])
  })

  describe('makes another random token', () => {
    const again = { k3s: 'present', again: true }
    const MAKES = '{ command: openssl rand -hex 32, register: dice, no_log: true }'
    const WRITES = config('{{ dice.stdout }}')
    const INSTALLS = '{ shell: curl -sfL https://get.k3s.io | sh -s - server }'
    const RESTARTS = '{ systemd: { name: k3s, state: restarted } }'
    const site = (...tasks: readonly string[]): Files => ({
      'hosts.ini': '[quays]\nquay\n',
      'site.yml': `
- hosts: quays
  tasks:
${tasks.map((task) => `    - ${task}\n`).join('')}`,
    })

    function config(token: string, more = ''): string {
      return `{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: ${token}\\n", mode: "0600"${more} }, no_log: true }`
    }

    const where = (task: string, condition: string): string => task.replace(/ \}$/, `, when: ${condition} }`)
    const fact = (name: string, value: string): string =>
      `{ set_fact: { ${name}: "{{ ${value} }}" }, no_log: true }`

    test.each<[string, ...string[]]>([
      ['that a command makes', MAKES, WRITES, INSTALLS, RESTARTS],
      [
        'that a lookup makes',
        fact('candle', "lookup('password', '/dev/null length=32')"),
        config('{{ candle }}'),
        INSTALLS,
        RESTARTS,
      ],
      ['that the next start gets', MAKES, WRITES, INSTALLS],
      [
        'that the install script gets',
        MAKES,
        `{ shell: curl -sfL https://get.k3s.io | sh -s - server, environment: { K3S_TOKEN: "{{ dice.stdout }}" }, no_log: true }`,
      ],
      [
        'though the server has made one of its own',
        where(INSTALLS, 'not moored.stat.exists'),
        MAKES,
        where(WRITES, 'moored.stat.exists'),
        RESTARTS,
      ],
    ])('for a server: %s', (_, ...tasks) => {
      const files = site('{ stat: { path: /usr/local/bin/k3s }, register: moored }', ...tasks)
      const [first] = arrivals(files)
      expect(first).toMatch(/^quay first-server (?:present|absent) /)
      expect(arrivals(files, again)).toEqual([
        expect.stringMatching(/^quay first-server different (?:config|env-file) no url$/),
      ])
      expect(findings(files).filter((one) => one.startsWith('tokens-differ'))).toHaveLength(1)
    })

    test('where nobody gives one, and no inventory says so', () => {
      const made = (lookup: string): Files => {
        const tasks = [
          where(fact('candle', lookup), 'harbour_key is not defined'),
          where(fact('candle', 'harbour_key'), 'harbour_key is defined'),
        ]
        const { 'site.yml': playbook = '' } = site(...tasks, config('{{ candle }}'), INSTALLS)
        return { 'site.yml': playbook }
      }
      const files = made("lookup('password', '/dev/null length=32')")
      const present = ['quays-1 first-server present config no url']
      expect(arrivals(files, { tokenGiven: false })).toEqual(present)
      expect(arrivals(files, { ...again, tokenGiven: undefined })).toEqual(present)
      expect(arrivals(files, { ...again, tokenGiven: false })).toEqual([
        'quays-1 first-server different config no url',
      ])
      expect(findings(files).filter((one) => one.startsWith('tokens-differ'))).toHaveLength(1)
      // One that is kept is the same in each run.
      const kept = made("lookup('password', 'credentials/lantern length=32')")
      expect(arrivals(kept, { tokenGiven: false })).toEqual(present)
      expect(arrivals(kept, { ...again, tokenGiven: false })).toEqual([])
    })

    test('though K3s may take it, where something is not followed that may take away what it keeps', () => {
      const files = site('{ include_role: { name: ypsman.harbour } }', MAKES, WRITES, INSTALLS, RESTARTS)
      expect(arrivals(files)).toEqual(['quay first-server present config no url'])
      expect(arrivals(files, again)).toEqual(['quay first-server maybe config no url'])
      expect(doubts(files).join()).toContain(
        'which K3s takes only if something that is not followed took away',
      )
      expect(findings(files).filter((one) => one.startsWith('tokens-differ'))).toEqual([])
    })

    test.each<[string, ...string[]]>([
      [
        'the file that has it is left alone',
        MAKES,
        config('{{ dice.stdout }}', ', force: false'),
        INSTALLS,
        RESTARTS,
      ],
      [
        'the file that has it is there',
        '{ stat: { path: /etc/rancher/k3s/config.yaml }, register: slip }',
        MAKES,
        where(WRITES, 'not slip.stat.exists'),
        INSTALLS,
        RESTARTS,
      ],
      [
        'K3s is there',
        '{ stat: { path: /usr/local/bin/k3s }, register: moored }',
        where(MAKES, 'not moored.stat.exists'),
        where(WRITES, 'not moored.stat.exists'),
        INSTALLS,
        RESTARTS,
      ],
      [
        'a command that makes it is not run again',
        '{ shell: openssl rand -hex 32 > /etc/lantern, args: { creates: /etc/lantern } }',
        '{ slurp: { src: /etc/lantern }, register: slip, no_log: true }',
        config('{{ slip.content | b64decode | trim }}'),
        INSTALLS,
        RESTARTS,
      ],
      [
        'a lookup keeps it in a file',
        config("{{ lookup('password', 'credentials/lantern length=32') }}"),
        INSTALLS,
        RESTARTS,
      ],
      [
        'it is read back from the server',
        '{ stat: { path: /var/lib/rancher/k3s/server/token }, register: moored }',
        where(
          '{ slurp: { src: /var/lib/rancher/k3s/server/token }, register: slip, no_log: true }',
          'moored.stat.exists',
        ),
        where(MAKES, 'not moored.stat.exists'),
        fact('candle', '(slip.content | b64decode | trim) if moored.stat.exists else dice.stdout'),
        config('{{ candle }}'),
        INSTALLS,
        RESTARTS,
      ],
      [
        'a cache keeps the fact',
        `{ set_fact: { candle: "{{ lookup('password', '/dev/null') }}", cacheable: true }, no_log: true, when: candle is not defined }`,
        config('{{ candle }}'),
        INSTALLS,
        RESTARTS,
      ],
      [
        'the inventory has it since',
        where(fact('candle', "lookup('password', '/dev/null')"), 'candle is not defined'),
        '{ lineinfile: { path: "{{ playbook_dir }}/group_vars/all.yml", create: true, line: "candle: {{ candle }}" }, delegate_to: localhost, no_log: true }',
        config('{{ candle }}'),
        INSTALLS,
        RESTARTS,
      ],
      [
        'a shell keeps it',
        '{ shell: test -s /etc/lantern && cat /etc/lantern || openssl rand -hex 32 | tee /etc/lantern, register: dice, no_log: true }',
        WRITES,
        INSTALLS,
        RESTARTS,
      ],
      [
        'the service is not run again with its environment',
        MAKES,
        `{ shell: curl -sfL https://get.k3s.io | sh -s - server, args: { creates: /usr/local/bin/k3s }, environment: { K3S_TOKEN: "{{ dice.stdout }}" }, no_log: true }`,
      ],
      [
        'the server is a new one',
        '{ command: /usr/local/bin/k3s-uninstall.sh, failed_when: false }',
        MAKES,
        WRITES,
        INSTALLS,
        RESTARTS,
      ],
      [
        'what the server keeps is gone',
        '{ file: { path: /var/lib/rancher/k3s, state: absent } }',
        MAKES,
        WRITES,
        INSTALLS,
        RESTARTS,
      ],
      [
        'a shell may take away what the server keeps',
        '{ shell: rm -rf /var/lib/rancher/k3s/* }',
        MAKES,
        WRITES,
        INSTALLS,
        RESTARTS,
      ],
      [
        'the token is rotated',
        MAKES,
        '{ shell: "k3s token rotate --new-token {{ dice.stdout }} || true", no_log: true }',
        WRITES,
        INSTALLS,
        RESTARTS,
      ],
    ])('for none where %s', (_, ...tasks) => {
      const files = site(...tasks)
      const seen = expect.stringMatching(/^quay first-server present (?:config|env-file) no url$/)
      for (const scenario of [{}, again]) expect(arrivals(files, scenario)).toEqual([seen])
      expect(findings(files).filter((one) => one.startsWith('tokens-differ'))).toEqual([])
    })

    const given = (args: string): string =>
      `{ shell: curl -sfL https://get.k3s.io | sh -s - server, args: { ${args} }, environment: { K3S_TOKEN: "{{ dice.stdout }}" }, no_log: true }`

    test.each([
      ['/var/lib/rancher/k3s/server', 'present'],
      ['/var/lib/rancher/k3s/data', 'present'],
      ['/etc/rancher/k3s/', 'present'],
      ['/var/lib/rancher/k3s/server/tls/server-ca.crt', 'present'],
      ['/var/lib/*/k3s/server/tls/server-ca.crt', 'present'],
      ['/usr/local/bin/k3s*', 'present'],
      ['/usr/local/bin/*3[a-s]', 'present'],
      ['/etc/systemd/system/k3s.servic?', 'present'],
      ['/var/lib/rancher/k3s/server/tls/*.crt', 'maybe'],
      ['/var/lib/rancher/k3s/agent', 'maybe'],
      ['/usr/local/bin/k3z*', 'different'],
      ['/usr/local/bin/{k3s,k3z}', 'different'],
      ['/opt/harbour', 'different'],
    ])('for a server whose command creates %s: %s', (path, then) => {
      const files = site(MAKES, given(`creates: "${path}"`))
      const quay = (state: string): readonly string[] => [`quay first-server ${state} env-file no url`]
      expect(arrivals(files)).toEqual(quay('present'))
      expect(arrivals(files, again)).toEqual(quay(then))
      const found = findings(files).filter((one) => one.startsWith('tokens-differ'))
      expect(found).toHaveLength(then === 'different' ? 1 : 0)
    })

    test.each([
      ['/var/lib/rancher/k3s/server', 'present env-file'],
      ['/var/lib/rancher/k3s/ser*', 'present env-file'],
      ['/var/lib/rancher/k3s/agent', 'maybe none'],
      ['/usr/local/bin/k3z*', 'absent none'],
    ])('for a server that is installed again where its command removes %s: %s', (path, then) => {
      const files = site(INSTALLS, MAKES, given(`removes: "${path}"`))
      expect(arrivals(files)).toEqual([`quay first-server ${then} no url`])
    })

    test('for whoever joins, where the servers keep theirs', () => {
      const kept = site(MAKES, config('{{ dice.stdout }}', ', force: false'), INSTALLS)
      const files = {
        'hosts.ini': HOSTS,
        'site.yml': kept['site.yml'] + joins('berths', "{{ hostvars['quay'].dice.stdout }}"),
      }
      const quay = 'quay first-server present config no url'
      expect(arrivals(files)).toEqual(['berth agent present env-file url', quay])
      expect(arrivals(files, again)).toEqual(['berth agent different env-file url', quay])
    })

    test('perhaps, where only the node knows whether K3s is there', () => {
      const probe = '{ command: k3s kubectl get nodes, register: moored, failed_when: false }'
      const files = site(probe, MAKES, where(WRITES, 'moored.rc != 0'), where(INSTALLS, 'moored.rc != 0'))
      expect(arrivals(files)).toEqual(['quay first-server present config no url'])
      expect(arrivals(files, again)).toEqual(['quay first-server maybe config no url'])
      expect(findings(files)).toEqual([])
    })
  })
})

describe('where a play ends early', () => {
  const ends = (files: Files): readonly string[] =>
    new Analysis(new Map(Object.entries(files))).rehearsal.unknowns.flatMap(({ end }) =>
      end === undefined
        ? []
        : end.scenarios.map(
            ({ k3s, tokenGiven, again }) =>
              `${end.host} ${end.why}: ${k3s}${again === true ? ' again' : ''}${tokenGiven === false ? ', no token' : ''}`,
          ),
    )
  const fails = (hosts: string, task: string): string => `\n- hosts: ${hosts}\n  tasks:\n    - ${task}\n`
  const BROKEN = '{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "{{ groups.nowhere[0] }}" } }'
  const broken = "'groups.nowhere' is undefined"
  const servers = installs('quays', { INSTALL_K3S_EXEC: 'server' })

  test('in one scenario, that is told though the host starts in others', () => {
    const fail = fails('berths', '{ fail: { msg: tea }, when: harbour_key is not defined }')
    const files = {
      'group_vars/all.yml': "harbour_key: \"{{ lookup('file', '/srv/tea') }}\"\n",
      'hosts.ini': HOSTS,
      'site.yml': fail + servers + joins('berths', '{{ harbour_key }}'),
    }
    expect(ends(files)).toEqual(
      ['berth', 'quay'].map((host) => `${host} a task that fails on purpose: absent, no token`),
    )
    expect(arrivals(files)).toContain('berth agent present env-file url')
  })

  test('on clean nodes, that is told though it gets far on others', () => {
    const site =
      fails('quays', '{ slurp: { src: /var/lib/rancher/k3s/server/token }, no_log: true }') + servers
    const told = 'quay /var/lib/rancher/k3s/server/token is not there: absent'
    expect(ends({ 'hosts.ini': HOSTS, 'site.yml': site })).toContain(told)
    // That is not what a playbook with this name is for.
    expect(ends({ 'hosts.ini': HOSTS, 'upgrade.yml': site })).toEqual([])
  })

  test.each(['fail: { msg: no K3s }, when: not bin.stat.exists', 'assert: { that: bin.stat.exists }'])(
    'on clean nodes only, as a playbook for others demands it, that is nothing to tell of: %s',
    (demand) => {
      const site = (more: string): string =>
        `- hosts: quays\n  tasks:\n    - { stat: { path: /usr/local/bin/k3s }, register: bin }\n    - { ${demand} }\n    - shell: ${more}\n`
      const apply = '/usr/local/bin/k3s kubectl apply -f /opt/tide.yml'
      const seen = (more: string) =>
        ends({ 'hosts.ini': HOSTS, 'site.yml': servers, 'deploy.yml': site(more) })
      expect(seen(apply)).toEqual([])
      expect(seen('curl -sfL https://get.k3s.io | sh -')).toHaveLength(1)
      expect(seen(`${apply}\n    - { slurp: { src: /opt/tide } }`)).toEqual([])
      expect(seen(`${apply}\n    - { fail: { msg: tea } }`)).not.toEqual([])
    },
  )

  test('on nodes that have K3s, that is told, too', () => {
    const files = {
      'hosts.ini': HOSTS,
      'site.yml': servers + joins('berths', '0ddpassword'),
      'upgrade.yml': fails('berths', BROKEN) + joins('berths', '0ddpassword'),
    }
    expect(ends(files)).toEqual([`berth ${broken}: present`])
  })

  describe('for want of a fact', () => {
    const IPV4 = "'ansible_default_ipv4' is undefined"
    const NOT_THERE =
      '{ debug: { msg: "{{ ansible_check_mode }} {{ ansible_host }} {{ ansible_play_hosts }}" } }'
    const play = (hosts: string, keywords: string, ...tasks: readonly string[]): string =>
      `\n- hosts: ${hosts}\n${keywords}  tasks:\n${tasks.map((task) => `    - ${task}\n`).join('')}`
    const BARE = '  gather_facts: false\n'
    const asks = (fact = 'ansible_default_ipv4.address', keywords = BARE): string =>
      play('quays', keywords, NOT_THERE, `{ set_fact: { pier: "{{ ${fact} }}" } }`) +
      joins('berths', '0ddpassword').replace('https://quay:6443', "https://{{ hostvars['quay'].pier }}:6443")
    const seen = (site: string, more: Files = {}): readonly string[] => [
      ...new Set(
        ends({ 'hosts.ini': HOSTS, 'site.yml': site, ...more }).map((end) =>
          end.replace(/: (?:absent|present).*/, ''),
        ),
      ),
    ]
    const told = (why: string): readonly string[] => [`berth ${why}`]

    test.each([
      ['ansible_default_ipv4.address', IPV4],
      ['ansible_facts.default_ipv4.address', "'ansible_facts.default_ipv4' is undefined"],
      ["hostvars['quay'].ansible_eth0.ipv4.address", "'hostvars.quay.ansible_eth0' is undefined"],
      ['ansible_system', "'ansible_system' is undefined"],
    ])('that no play has gathered: %s', (fact, why) => {
      expect(seen(asks(fact))).toEqual(told(why))
      expect(seen(asks(fact, ''))).toEqual([])
    })

    test('that is gathered only where a play asks, as ansible.cfg says', () => {
      const explicit = { 'ansible.cfg': '[defaults]\ngathering = explicit\n' }
      const asked = '  gather_facts: true\n'
      expect(seen(asks(undefined, ''), explicit)).toEqual(told(IPV4))
      expect(seen(asks(undefined, asked), explicit)).toEqual([])
      expect(seen(asks(undefined, ''), { 'ansible.cfg': '[defaults]\ngathering = smart\n' })).toEqual([])
      const otherwise = {
        ...explicit,
        Makefile: 'site:\n\tANSIBLE_GATHERING=smart ansible-playbook site.yml\n',
      }
      expect(seen(asks(undefined, ''), otherwise)).toEqual([])
    })

    test.each([
      ['a play before has gathered it', play('all', '', '{ debug: { msg: tea } }') + asks(), {}],
      ['whether a play does is not known', asks(undefined, '  gather_facts: "{{ tea }}"\n'), {}],
      ['a task gathers it', play('quays', BARE, '{ setup: { gather_subset: network } }') + asks(), {}],
      [
        'a task gathers it on another host',
        play('berths', BARE, '{ ansible.builtin.setup: , delegate_to: quay, delegate_facts: true }') + asks(),
        {},
      ],
      ['a cache keeps it', asks(), { 'ansible.cfg': '[defaults]\nfact_caching = jsonfile\n' }],
      ['a cache of the environment keeps it', asks(), { '.envrc': 'export ANSIBLE_CACHE_PLUGIN=yaml\n' }],
      [
        'the inventory says it',
        asks(),
        { 'host_vars/quay.yml': 'ansible_default_ipv4: { address: 192.0.2.1 }\n' },
      ],
      [
        'add_host says it',
        play(
          'localhost',
          BARE,
          '{ add_host: { name: quay, ansible_default_ipv4: { address: 192.0.2.1 } } }',
        ) + asks(),
        {},
      ],
      [
        'a role that is not here may gather it',
        asks().replace('  tasks:', '  roles: [elsewhere]\n  tasks:'),
        {},
      ],
      [
        'a playbook before it in the same run has gathered it',
        asks(),
        {
          'harbour.yml': play('all', '', '{ debug: { msg: tea } }'),
          'run.sh': '#!/bin/sh\nansible-playbook -i hosts.ini harbour.yml site.yml\n',
        },
      ],
    ])('though not where %s', (_, site, more) => {
      expect(seen(site, more)).toEqual([])
    })

    test('in a playbook that another one imports behind plays that gather it', () => {
      const files = (first: string): Files => ({
        'site.yml': `${play('all', first, '{ debug: { msg: tea } }')}\n- import_playbook: harbour.yml\n`,
        'harbour.yml': asks(),
      })
      expect(seen('', files(''))).toEqual([])
      expect(seen('', files(BARE))).toEqual(told(IPV4))
    })

    test('which a lone role, and hosts that are assumed, may have', () => {
      const task = '- set_fact: { pier: "{{ ansible_default_ipv4.address }}" }\n'
      const role = { 'roles/moored/tasks/main.yml': `${task}- command: sh /opt/k3s-install.sh\n` }
      const invented = new Map(Object.entries({ 'site.yml': asks() }))
      expect(ends(role)).toEqual([])
      expect(ends(Object.fromEntries(invented))).toEqual([])
    })
  })

  describe('at a template that Jinja2 refuses', () => {
    const seen = (task: string): readonly string[] => [
      ...new Set(
        ends({ 'hosts.ini': HOSTS, 'site.yml': fails('quays', task) + joins('berths', '0ddpassword') }).map(
          (end) => end.replace(/: (?:absent|present).*/, ''),
        ),
      ),
    ]

    test.each([
      ["{ debug: { msg: [tea, '{% if tea %}', '{% else %}', '{% endif %}'] } }", 'if without endif'],
      ["{ command: '/bin/tea {% endfor %}' }", 'endfor without its beginning'],
      ["{ harbour.pilot.signal: { lamps: { red: '{% if tea %}{% endfor %}' } } }", 'if without endif'],
      ["{ debug: { msg: '{% set a %}{{ item }}' }, loop: [1] }", 'set without endset'],
      ["{ debug: { msg: '{% for a in [] %}{% elif b %}{% endfor %}' } }", 'elif without its beginning'],
    ])('%s', (task, why) => {
      expect(seen(task)).toEqual([`berth a template that Jinja2 refuses: ${why}`])
    })

    test.each([
      "{ debug: { msg: '{% if tea %}' }, ignore_errors: true }",
      "{ debug: { msg: '{% if tea %}' }, when: lamp.stdout | default('') }",
      "{ debug: { msg: '{% if tea %}' }, when: false }",
      "{ debug: { msg: !unsafe '{% if tea %}' } }",
      "{ debug: { msg: '{% raw %}{% if tea %}{% endraw %}' } }",
      "{ block: [{ debug: { msg: '{% if tea %}' } }], rescue: [{ debug: { msg: tea } }] }",
      // An extension may know them.
      "{ debug: { msg: '{% brew tea %}{% else %}{% endbrew %}' } }",
      "{ debug: { msg: '{% if tea? %}' } }",
    ])('but not where it goes on, or where more is not known: %s', (task) => {
      expect(seen(task)).toEqual([])
    })

    // As ansible-core 2.21 plays it: 2.14 renders what default and the like leave unused, too.
    const vars =
      'bent: "{{ groups[\'quays\'][0]] }}", cut: "{{ tea", open: "{% if tea %}", keel: "v{{ bent }}", oak: { a: "{{ bent ]] }}", b: 1 }, tea: 1'
    const withVariables = (task: string): Files => ({
      'hosts.ini': HOSTS,
      'site.yml':
        fails('quays', task).replace('  tasks:', `  vars: { ${vars} }\n  tasks:`) +
        joins('berths', '0ddpassword'),
    })
    const ofVariables = (task: string): readonly string[] => [
      ...new Set(ends(withVariables(task)).map((end) => end.replace(/: (?:absent|present).*/, ''))),
    ]
    const BENT = 'bent in site.yml is a template that Jinja2 refuses: ] closes nothing that is open'

    test.each([
      ['{ debug: { msg: "{{ bent }}" } }', BENT],
      ['{ debug: { msg: "{{ keel | default(1) }}" } }', BENT],
      ['{ debug: { msg: "{{ bent.tea | default(1) }}" } }', BENT],
      ['{ command: "/bin/tea {{ keel }}" }', BENT],
      ['{ harbour.pilot.signal: { lamp: "{{ keel }}" } }', BENT],
      ['{ set_fact: { lamp: "{{ bent }}" } }', BENT],
      ['{ debug: { msg: tea }, when: bent is defined }', BENT],
      ['{ debug: { msg: tea }, when: keel is undefined }', BENT],
      ['{ debug: { msg: tea }, loop: "{{ [bent] }}" }', BENT],
      [
        '{ debug: { msg: "{{ cut }}" } }',
        'cut in site.yml is a template that Jinja2 refuses: a tag without an end',
      ],
      [
        '{ debug: { msg: "{{ open }}" } }',
        'open in site.yml is a template that Jinja2 refuses: if without endif',
      ],
      ['{ debug: { msg: "{{ tea]] }}" } }', 'a template that Jinja2 refuses: ] closes nothing that is open'],
    ])('in a variable that is used: %s', (task, why) => {
      expect(ofVariables(task)).toEqual([`berth ${why}`])
    })

    test.each([
      '{ debug: { msg: "{{ tea }}" } }',
      '{ debug: { msg: "{{ bent }}" }, when: false }',
      '{ debug: { msg: "{{ keel }}" }, ignore_errors: true }',
      '{ debug: { msg: "{{ tea | default(bent) }}" } }',
      '{ debug: { msg: "{{ tea or bent }}" } }',
      '{ debug: { msg: "{{ oak.b }}" } }',
      '{ debug: { msg: tea }, vars: { lamp: "{{ bent }}" } }',
      '{ debug: { msg: "{{ lamp }}" }, vars: { lamp: !unsafe "{{ tea ]] }}" } }',
      '{ block: [{ debug: { msg: "{{ bent }}" } }], rescue: [{ debug: { msg: tea } }] }',
    ])('but not in one that is not, or that nothing renders: %s', (task) => {
      expect(ofVariables(task)).toEqual([])
    })

    test('is found where the variable is set', () => {
      expect(findings(withVariables('{ debug: { msg: "{{ keel }}" } }'))).toContain(
        'file-unreadable error site.yml:3',
      )
      expect(findings(withVariables('{ debug: { msg: "{{ tea }}" } }')).join()).not.toContain(
        'file-unreadable',
      )
    })

    test('is told where the item stands', () => {
      const site =
        "- hosts: quays\n  tasks:\n    - debug:\n        msg:\n          - tea\n          - '{% if tea %}'\n"
      const files = { 'hosts.ini': HOSTS, 'site.yml': site + joins('berths', '0ddpassword') }
      const { unknowns } = new Analysis(new Map(Object.entries(files))).rehearsal
      expect(unknowns.map(({ at }) => site.slice(at.start, at.end))).toEqual(["'{% if tea %}'"])
    })
  })

  describe('at a filter or test that nothing has', () => {
    const seen = (task: string, more: Files = {}): readonly string[] => {
      const site = fails('quays', '{ command: keel, register: keel }') + fails('quays', task)
      const files = { 'hosts.ini': HOSTS, 'site.yml': site + joins('berths', '0ddpassword'), ...more }
      return [...new Set(ends(files).map((end) => end.replace(/: (?:absent|present).*/, '')))]
    }
    const EMPTY = '{ apt: { name: tea }, when: keel.stdout is empty }'
    const refused = (what: string, why: string): readonly string[] => [
      `berth a ${what} that Jinja2 refuses: there is no ${why}`,
    ]

    test.each([
      [EMPTY, 'test empty'],
      ['{ debug: { msg: tea }, when: "\'\' is not empty or true" }', 'test empty'],
      ['{ debug: { msg: tea }, when: "true or \'\' is empty" }', 'test empty'],
      ['{ debug: { msg: tea }, when: [true, "keel.stdout | brew"] }', 'filter brew'],
      ['{ block: [{ slurp: { src: /etc/keel } }], when: keel.stdout is empty }', 'test empty'],
      ['{ assert: { that: ["keel.stdout | brew == 1"] } }', 'filter brew'],
    ])('in a condition: %s', (task, why) => {
      if (!task.includes('assert')) expect(seen(task)).toEqual(refused('condition', why))
      else expect(seen(task)).not.toEqual([])
    })

    test.each([
      ['{ debug: { msg: "{{ keel.stdout | brew }}" } }', 'filter brew'],
      ['{ debug: { msg: [tea, "{{ true or (1 | brew) }}"] } }', 'filter brew'],
      ["{ command: 'tea {{ keel.stdout is empty }}' }", 'test empty'],
    ])('in an argument: %s', (task, why) => {
      expect(seen(task)).toEqual(refused('template', why))
    })

    test.each([
      '{ debug: { msg: tea }, when: [false, "keel.stdout is empty"] }',
      '{ debug: { msg: tea }, when: keel.stdout is empty, ignore_errors: true }',
      '{ debug: { msg: "{{ (1 | brew) if keel.rc == 1 else 2 }}" } }',
      '{ debug: { msg: "{% if keel.rc == 1 %}{{ 1 | brew }}{% endif %}" } }',
      '{ debug: { msg: "{{ 1 | brew }}" }, when: false }',
      '{ debug: { msg: !unsafe "{{ 1 | brew }}" } }',
      // ansible-core looks for it in a collection.
      '{ debug: { msg: tea }, when: keel.stdout | ipaddr }',
      '{ debug: { msg: tea }, when: keel.stdout is harbour.pilot.empty }',
    ])('but not where nothing asks for it, or a collection may have it: %s', (task) => {
      expect(seen(task)).toEqual([])
    })

    test.each<[string, Files]>([
      ['beside the playbook', { 'test_plugins/tea.py': 'class TestModule:\n' }],
      ['in a role', { 'roles/tea/tasks/main.yml': '[]\n', 'roles/tea/test_plugins/tea.py': '' }],
      ['by the configuration', { 'ansible.cfg': '[defaults]\ntest_plugins = /srv/tea\n' }],
      ['by an extension', { 'ansible.cfg': '[defaults]\njinja2_extensions = tea.Tea\n' }],
      ['by the environment', { Makefile: 'site:\n\tANSIBLE_TEST_PLUGINS=/srv ansible-playbook site.yml\n' }],
    ])('nor where the project may have it, %s', (_, more) => {
      expect(seen(EMPTY, more)).toEqual([])
      expect(seen('{ debug: { msg: tea }, when: keel.rc | brew }', more)).toEqual(
        JSON.stringify(more).includes('jinja2') || 'Makefile' in more
          ? []
          : refused('condition', 'filter brew'),
      )
    })

    test('nor in a role that no playbook of the project uses', () => {
      const tasks = '- { command: keel, register: keel }\n- { command: tea, when: keel.stdout is empty }\n'
      const installer = '- { command: sh /opt/k3s-install.sh, when: keel.stdout is empty }\n'
      expect(ends({ 'roles/tea/tasks/main.yml': tasks + installer })).toEqual([])
    })

    test('nor where a collection or a role may bring it along that is not here', () => {
      expect(seen(`${EMPTY}\n  collections: [harbour.pilot]`)).toEqual([])
      expect(seen(`${EMPTY}\n  roles: [harbour.tea]`)).toEqual([])
    })
  })

  test('that is told of nodes of the cluster alone', () => {
    const files = { 'hosts.ini': `${HOSTS}[nas]\ntin\n` }
    const brokenOn = (host: string): string =>
      fails(`${host},quays`, BROKEN.replace(/\}$/, `, when: inventory_hostname == '${host}' }`))
    const nowhere = brokenOn('tin') + brokenOn('localhost') + servers
    expect(ends({ ...files, 'site.yml': nowhere })).toEqual([])
    const somewhere = fails('all', BROKEN) + servers + servers.replace('quays', 'nas')
    expect(new Set(ends({ ...files, 'site.yml': somewhere }))).toEqual(
      new Set(
        ['quay', 'tin'].flatMap((host) => ['absent', 'present'].map((k3s) => `${host} ${broken}: ${k3s}`)),
      ),
    )
  })

  const agent = (task: string, more = ''): Files => ({
    'hosts.ini': HOSTS,
    'site.yml': fails('berths', `{ ${task}${more} }`) + joins('berths', '0ddpassword'),
  })
  const missing = 'berth there is no unit for the service k3s-agent: absent'

  test.each([
    'systemd: { name: k3s-agent, state: stopped }',
    'systemd_service: { name: k3s-agent.service, state: stopped, enabled: false, daemon_reload: true }',
    'service: { name: k3s-agent, state: stopped }',
    'service: { name: k3s-agent, state: stopped, use: systemd }',
    'service: { name: k3s-agent, enabled: true }',
    'systemd: { name: k3s-agent, enabled: false }',
    "systemd: { name: k3s-agent, state: stopped }, register: rest, failed_when: rest is failed and 'tea' not in rest.msg",
  ])('for want of a unit, whatever a task is to make of its service: %s', (task) => {
    expect(ends(agent(task))).toEqual([missing])
  })

  test.each([
    ['systemd: { name: k3s-agent, state: stopped }', ', failed_when: false'],
    ['systemd: { name: k3s-agent, state: stopped }', ', ignore_errors: true'],
    [
      'service: { name: k3s-agent, state: stopped }',
      ", register: rest, failed_when: rest is failed and 'Could not find the requested service' not in rest.msg",
    ],
    ['systemd: { name: k3s-agent, daemon_reload: true }'],
    ['systemd: { name: k3s-agent, masked: false }'],
    ['systemd: { name: k3s-agent, state: "{{ omit }}", daemon_reload: true }'],
    ['systemd: { name: k3s-agent, state: stopped, scope: user }'],
    ['systemd: { name: k3s-agent, state: stopped }', ', when: mooring.stdout'],
    ['service: { name: kelp, state: stopped }'],
  ])('though not for a unit that need not be there: %s%s', (task, more = '') => {
    const files = agent(task, more)
    const asked = fails('berths', '{ command: mooring, register: mooring }')
    const site = { ...files, 'site.yml': asked + files['site.yml'] }
    expect(ends(site)).toEqual([])
    expect(arrivals(site)).toContain('berth agent present env-file url')
  })

  test.each([
    '{ package: { name: k3s } }',
    '{ include_role: { name: chandlery } }',
    "{ copy: { src: \"{{ lookup('env', 'TEA') }}\", dest: /etc/systemd/system/k3s-agent.service } }",
    '{ command: systemd-run --unit=k3s-agent k3s agent --server https://quay:6443 --token 0ddpassword }',
  ])('nor where something may have brought it: %s', (task) => {
    const files = agent('systemd: { name: k3s-agent, state: stopped }')
    expect(ends({ ...files, 'site.yml': fails('berths', task) + files['site.yml'] })).toEqual([])
  })

  test('nor where K3s was before, by whatever name', () => {
    const files = agent('systemd: { name: k3s-berth, state: stopped }')
    const told = 'berth there is no unit for the service k3s-berth: absent'
    expect(ends(files)).toEqual([told])
    const later = new Analysis(new Map(Object.entries(files))).rehearsal.verdicts
    expect(later.map(({ host, scenario, token }) => `${host} ${scenario.k3s} ${token}`)).toEqual([
      'berth present present',
    ])
  })

  const AGENTS = '[agents]\nberth\n'

  test.each([
    '{ systemd: { name: k3s-berth, state: restarted } }',
    "{ systemd: { name: '{{ item }}', state: restarted }, loop: [k3s-berth] }",
    '{ command: systemctl restart k3s-berth }',
    '{ shell: systemctl restart k3s-berth, args: { executable: /bin/bash } }',
  ])('nor where it is started by another name than that of its own script: %s', (task) => {
    const upgrade = (more = ''): Files => ({
      'hosts.ini': AGENTS,
      'upgrade.yml': `
- hosts: agents
  tasks:
    - get_url: { url: 'https://github.com/k3s-io/k3s/releases/download/v1/k3s', dest: /usr/local/bin/k3s }${more}
    - ${task}
`,
    })
    expect(ends(upgrade())).toEqual([])
    expect(arrivals(upgrade(), { k3s: 'present' })).toEqual(['berth agent maybe none maybe a url'])
    expect(unknowns(upgrade())).toEqual([
      'there is no unit for the service k3s-berth here: K3s from before may have it',
    ])
    const config = `
    - copy: { dest: /etc/rancher/k3s/config.yaml, content: 'token: 0ddpassword', mode: '0600' }`
    expect(arrivals(upgrade(config), { k3s: 'present' })).toEqual(['berth agent present config maybe a url'])
  })

  test.each([
    [
      "lineinfile: { path: /etc/systemd/system/k3s-berth.service, regexp: '^Restart=', line: Restart=always }",
      'k3s-berth',
      'maybe none maybe a url',
    ],
    [
      "lineinfile: { path: /etc/rancher/k3s/config.yaml, line: 'node-name: berth' }",
      'k3s-agent',
      'present env-file url',
    ],
  ])('nor where it has a file more than its own script writes: %s', (edit, service, arrival) => {
    const files = {
      'hosts.ini': AGENTS,
      'upgrade.yml': `${fails('agents', `{ ${edit} }`)}    - { systemd: { name: ${service}, state: restarted } }\n`,
    }
    expect(ends(files)).toEqual([])
    expect(arrivals(files, { k3s: 'present' })).toEqual([`berth agent ${arrival}`])
    expect(unknowns(files)).toEqual([
      `${/path: (\S+),/.exec(edit)?.[1]} does not exist here: K3s from before may have it`,
    ])
  })

  test('but it has no other one than those of its own script where a task goes on without', () => {
    const restarts = (name: string): string =>
      `{ systemd: { name: ${name}, state: restarted }, ignore_errors: true }`
    const files = {
      'hosts.ini': AGENTS,
      'upgrade.yml': `${fails('agents', restarts('k3s'))}    - ${restarts('k3s-agent')}\n`,
    }
    expect(arrivals(files, { k3s: 'present' })).toEqual(['berth agent present env-file url'])
    expect(unknowns(files)).toEqual([])
  })

  test('nor one where the playbook brings its own unit by another', () => {
    const unit =
      "{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: '[Service]\nExecStart=/usr/local/bin/k3s agent' } }"
    const site = `${fails('agents', unit)}    - { systemd: { name: k3s-berth, state: started } }\n`
    expect(ends({ 'hosts.ini': AGENTS, 'site.yml': site })).toEqual([
      'berth there is no unit for the service k3s-berth: absent',
    ])
  })

  test('nor of a playbook that only stops it, for nodes that have it', () => {
    const stop = (name: string) => ({
      'hosts.ini': HOSTS,
      'site.yml': servers + joins('berths', '0ddpassword'),
      'stop.yml': `${fails('berths', `{ service: { name: ${name}, state: stopped } }`)}    - { command: /usr/local/bin/k3s-killall.sh }\n`,
    })
    expect(ends(stop('k3s-agent'))).toEqual([])
    const start = stop('k3s-agent')
      ['stop.yml'].replace('stopped', 'started')
      .replace('k3s-agent', 'k3s-berth')
    const told = 'berth there is no unit for the service k3s-berth: absent'
    expect(ends({ ...stop('k3s-agent'), 'stop.yml': start })).toContain(told)
  })

  test.each<[string, string[], string?]>([
    ['roles: [{ role: moored, part: stop }]', []],
    ['tasks: [{ include_role: { name: moored }, vars: { part: stop } }]', []],
    ['tasks: [{ include_role: { name: moored, tasks_from: stop } }]', [], '- debug: { msg: afloat }\n'],
    // What it does on nodes without K3s comes after what fails there.
    ['roles: [{ role: moored, part: stop }, { role: moored, part: join }]', [missing]],
    ['roles: [{ role: moored, part: stop }, { role: moored, part: "{{ pier | lookup }}" }]', [missing]],
  ])(
    'nor of one that has only that part of a role: %s',
    (plays, told, main = '- include_tasks: "{{ part }}.yml"\n') => {
      const files = {
        'hosts.ini': HOSTS,
        'site.yml': `${servers}- { hosts: berths, roles: [{ role: moored, part: join }] }\n`,
        'stop.yml': `- hosts: berths\n  ${plays}\n`,
        'roles/moored/tasks/main.yml': main,
        'roles/moored/tasks/stop.yml': '- service: { name: k3s-agent, state: stopped }\n',
        'roles/moored/tasks/join.yml': `
- command: sh /opt/k3s-install.sh agent
  environment: { K3S_URL: 'https://quay:6443', K3S_TOKEN: 0ddpassword }
  args: { creates: /usr/local/bin/k3s }
`,
      }
      expect(ends(files)).toEqual(told)
    },
  )

  test.each([
    ['/etc/rancher/k3s/k3s.yaml', false],
    ['/var/lib/rancher/k3s/data', false],
    ['docker.io/rancher/k3s:v1.31.2-k3s1', true],
    ['https://github.com/k3s-io/k3s/releases', true],
  ])('nor of one that only starts it, and names a directory of K3s: %s', (named, isTold) => {
    const told = ['quay there is no unit for the service k3s: absent']
    const task = `{ systemd: { name: k3s, state: started } }\n    - { debug: { msg: ${named} } }`
    const files = { 'hosts.ini': HOSTS, 'start.yml': fails('quays', task) }
    expect(ends(files)).toEqual(isTold ? told : [])
  })

  test('nor on OpenRC, which takes what it does not have for stopped', () => {
    const task = 'service: { name: k3s-agent, state: stopped }'
    expect(ends(agent(task, ", when: ansible_service_mgr == 'openrc'"))).toEqual([])
  })
})

describe('a variable that a role has which the playbook does not use', () => {
  test('is for users to give', () => {
    const upgrade = installs('berths', {
      INSTALL_K3S_EXEC: 'agent',
      INSTALL_K3S_VERSION: '{{ berth_release }}',
    })
    const files = {
      'hosts.ini': HOSTS,
      'roles/berth/defaults/main.yml': 'berth_release: stable\n',
      'roles/berth/tasks/main.yml': '- debug: { msg: "{{ berth_release }}" }\n',
      'site.yml': installs('quays', { INSTALL_K3S_EXEC: 'server' }) + joins('berths', '0ddpassword'),
      'upgrade.yml': upgrade,
    }
    expect(findings(files)).toContain('token-dropped-by-installer error upgrade.yml:4')
    // One that it does use has it for itself: the other play goes without.
    const used = `- hosts: quays\n  tasks: [{ include_role: { name: berth } }]\n${upgrade}`
    expect(findings({ ...files, 'upgrade.yml': used }).filter((one) => one.includes('upgrade.yml'))).toEqual(
      [],
    )
  })
})

describe('of what is not there', () => {
  test.each([
    'harbour_site.token is not defined',
    "harbour_site['token'] is undefined",
    'harbour_site.inner.token is not defined',
    'harbour_site[0].token is not defined',
    "harbour_site.name | default('quay') == 'quay'",
    // A task sets it, but none that runs.
    'seen.token is not defined',
    'seen is not defined',
  ])('nothing is there: %s', (condition) => {
    const role: Files = {
      'meta/main.yml': '',
      'tasks/main.yml': `
- set_fact: { seen: { token: "{{ lookup('file', '/opt/tea') }}" } }
  when: rank is defined
- command: sh /opt/k3s-install.sh agent --server https://quay:6443
  environment: { K3S_TOKEN: 0ddpassword }
  no_log: true
  when: ${condition}
`,
    }
    expect(arrivals(role)).toEqual(['agent-1 agent present env-file url'])
  })

  test('who needs it has it from the user', () => {
    const role: Files = {
      'meta/main.yml': '',
      'tasks/main.yml': `
- command: sh /opt/k3s-install.sh agent --server https://{{ harbour_site.server }}:6443
  environment: { K3S_TOKEN: 0ddpassword }
  no_log: true
`,
    }
    expect(arrivals(role)).toEqual(['agent-1 agent present env-file url'])
  })
})

describe('what a condition asks to be there before K3s comes', () => {
  const bring = (when: string, token: string): string => `
- shell: curl -sfL https://get.k3s.io | sh -s - server --token {{ ${token} }}
  no_log: true
  when: ${when}
`
  const quay = 'quay first-server present argv no url'

  test.each<[string, Files, readonly string[]]>([
    ['a mapping', { 'tasks/main.yml': bring('sites.quay is defined', 'sites.quay.token') }, ['sites']],
    ['an item', { 'tasks/main.yml': bring('["sites[\'quay\'] is defined"]', 'slip') }, ['sites']],
    [
      'on the way to its file',
      {
        'tasks/main.yml': '- { include_tasks: moor.yml, when: harbour is defined }\n',
        'tasks/moor.yml': bring('pier is defined and true', 'slip'),
      },
      ['harbour', 'pier'],
    ],
  ])('is taken to be given where nothing sets it: %s', (_, role, names) => {
    const files = Object.fromEntries(
      Object.entries({ 'meta/main.yml': '', ...role }).map(([path, text]) => [`roles/moor/${path}`, text]),
    )
    const site = '- { hosts: quays, roles: [moor] }\n'
    const vars = { 'group_vars/all.yml': "slip: \"{{ lookup('env', 'SLIP') }}\"\n" }
    expect(arrivals({ ...files, ...vars, 'site.yml': site, 'hosts.ini': HOSTS })).toEqual([quay])
    expect(unknowns({ ...files, ...vars, 'site.yml': site, 'hosts.ini': HOSTS })).toEqual(
      names.map(
        (name) => `nothing in the project sets ${name}: it is taken to be given, as K3s comes only then`,
      ),
    )
  })

  test('is not, where K3s comes without it, or something says what it is', () => {
    const site = (...conditions: readonly string[]): string =>
      `- hosts: quays\n  tasks:${conditions.map((one) => bring(one, 'slip').replace(/^(?=.)/gm, '    ')).join('')}`
    const files = { 'hosts.ini': HOSTS, 'group_vars/all.yml': 'slip: 0ddpassword\n' }
    const asked = 'sites.quay is defined'
    expect(unknowns({ ...files, 'site.yml': site('true', asked) })).toEqual([])
    const berths = { ...files, 'group_vars/all.yml': 'slip: 0ddpassword\nsites: { berth: }\n' }
    expect(arrivals({ ...berths, 'site.yml': site(asked) })).toEqual([])
  })
})

test('a second run goes on with what the first one has found of the variables that nobody sets', () => {
  const unit = (kind: string, options: string, when: string): string => `
- command: k3s --version
  register: moored
  changed_when: false
  ignore_errors: true
- shell: curl -sfL https://get.k3s.io | INSTALL_K3S_SKIP_START=true INSTALL_K3S_EXEC=${kind} sh -
  when: moored.rc != 0
- when: ${when}
  block:
    - copy:
        content: "[Service]\\nExecStart=/usr/local/bin/k3s ${kind} ${options}--token {{ slip }}\\n"
        dest: /etc/systemd/system/${kind === 'agent' ? 'k3s-agent' : 'k3s'}.service
        mode: "0600"
    - systemd: { name: ${kind === 'agent' ? 'k3s-agent' : 'k3s'}, state: started, daemon_reload: true }
`
  const files = {
    'site.yml': '- { hosts: k3s, roles: [moor] }\n',
    'roles/moor/tasks/main.yml': `
- { include_tasks: lead.yml, when: 'hostvars[inventory_hostname].vars.part == "lead"' }
- { include_tasks: tow.yml, when: 'hostvars[inventory_hostname].vars.part == "tow"' }
`,
    'roles/moor/tasks/lead.yml': unit('server', '', 'inventory_hostname == captain'),
    'roles/moor/tasks/tow.yml': unit('agent', '--server https://{{ captain }}:6443 ', 'true'),
  }
  const again = arrivals(files, { k3s: 'present', again: true })
  expect(again.filter((one) => one.startsWith('server-1'))).toEqual([
    'server-1 first-server present argv no url',
    'server-1 agent present argv url',
  ])
})
