import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, bounds, type Files, findings, unknowns } from './tools/paper.ts'

const joins = (key = '0ddpassword'): string => `
- ansible.builtin.command: sh /opt/k3s-install.sh agent
  environment: { K3S_URL: 'https://quay:6443', K3S_TOKEN: '${key}' }
`
const without = '- ansible.builtin.command: sh /opt/k3s-install.sh agent --server https://quay:6443\n'
const arrives = 'berth agent present env-file url'
const assumed = (files: Files) =>
  new Analysis(new Map(Object.entries(files))).rehearsal.verdicts
    .filter(({ scenario }) => scenario.k3s === 'absent')
    .map(({ assumptions }) => assumptions)
const hosts = { 'hosts.ini': '[berths]\nberth\n' }

describe('a file of tasks whose name hangs on a fact', () => {
  const moored = (include: string, files: Files): Files => ({
    ...hosts,
    'site.yml': '- { hosts: berths, roles: [moored] }\n',
    'roles/moored/tasks/main.yml': include,
    ...Object.fromEntries(
      Object.entries(files).map(([path, text]) => [`roles/moored/tasks/${path}`, text] as const),
    ),
  })
  const byFamily = '- include_tasks: "{{ ansible_facts[\'os_family\'] | lower }}.yml"\n'

  test('is each of those that it may be', () => {
    const files = moored(byFamily, { 'debian.yml': joins(), 'redhat.yml': without })
    expect(arrivals(files)).toEqual(['berth agent maybe none url'])
    expect(assumed(files)).toEqual([["not ((ansible_facts.os_family | lower) == 'debian')"]])
    expect(unknowns(files)).toEqual([])
  })

  test('and is the same file wherever it is asked for', () => {
    const both = `${byFamily}- include_tasks: "{{ ansible_os_family | lower }}-after.yml"\n`
    const restarts = '- systemd: { name: k3s-agent, state: restarted }\n'
    const files = moored(both, {
      'debian.yml': joins(),
      'redhat.yml': joins().replace('k3s-install.sh agent', 'k3s-install.sh agent --node-name b'),
      'debian-after.yml': restarts,
      'redhat-after.yml': restarts,
    })
    expect(arrivals(files)).toEqual([arrives])
  })

  test.each([
    ['"on-{{ ansible_architecture }}.yml"', 'on-x86_64.yml'],
    ['"{{ ansible_distribution | lower }}-{{ ansible_distribution_major_version }}.yml"', 'ubuntu-24.yml'],
    ['"../on/{{ ansible_os_family }}.yml"', '../on/Debian.yml'],
    ['"{{ role_path }}/on/{{ ansible_os_family }}.yml"', '../on/Debian.yml'],
  ])('by what is known of it: %s', (name, path) => {
    const files = Object.entries(
      moored(`- include_tasks: ${name}\n`, { [path]: without, 'boat.yml': joins() }),
    )
    const clean = files.map(([at, text]) => [at.replace('/tasks/../', '/'), text] as const)
    expect(arrivals(Object.fromEntries(clean))).toEqual(['berth agent absent none url'])
  })

  test('has a name that such a fact may have, and none that another include says', () => {
    const files = moored(`${byFamily}- include_tasks: boat.yml\n`, {
      'debian.yml': joins(),
      'boat.yml': '- systemd: { name: k3s-agent, state: restarted }\n',
      'stow.yml': without,
    })
    expect(arrivals(files)).toEqual([arrives])
  })

  test.each([
    `
- include_tasks: "{{ lookup('first_found', files) }}"
  vars:
    files:
      files: ["{{ ansible_distribution }}-{{ ansible_machine }}.yml", "{{ ansible_os_family | lower }}.yml"]
      paths: ['.']
`,
    `
- include_tasks: "{{ item }}"
  with_first_found:
    - files: ["{{ ansible_distribution }}.yml", "{{ ansible_os_family | lower }}.yml"]
`,
  ])('is one of those that are found: %s', (include) => {
    const files = moored(include, { 'debian.yml': joins(), 'redhat.yml': without })
    expect(arrivals(files)).toEqual(['berth agent maybe none url'])
  })

  // Neither variable is set on any host.
  const elsewhere = '- set_fact: { rope: line, ropes: [line] }\n  when: "\'piers\' in group_names"\n'
  const found = (names: string): string =>
    `${elsewhere}- include_tasks: "{{ item }}"\n  with_first_found: [${names}]\n  vars: { kind: boat }\n`

  test('passes over one that needs a variable which is not set', () => {
    const names = '"{{ rope }}.yml", "{{ kind }}.yml", "{{ kind }}-of-old.yml"'
    const files = moored(found(names), { 'boat.yml': joins(), 'boat-of-old.yml': without })
    expect(arrivals(files)).toEqual([arrives])
    expect(unknowns(files)).toEqual([])
  })

  test.each([
    found('"{{ rope }}.yml", "{{ ropes[0] }}.yml"'),
    `${elsewhere}- include_tasks: boat.yml\n  loop: "{{ ropes }}"\n`,
  ])('ends the play where none of its variables is set: %s', (include) => {
    const files = moored(`${include}${without}`, { 'boat.yml': joins() })
    expect(arrivals(files)).toEqual([])
    expect(unknowns(files)).toEqual([
      expect.stringMatching(/^the play ends here for berth: 'ropes?' is undefined/),
    ])
  })

  test.each(['"{{ ansible_os_family }}"', '"{{ ansible_os_family }}.yml"'])(
    'may be one of a role: %s',
    (name) => {
      const files = moored('- debug: { msg: afloat }\n', { 'Debian.yml': joins(), 'RedHat.yml': without })
      const include = `{ include_role: { name: moored, tasks_from: ${name} } }`
      const site = `- hosts: berths\n  tasks:\n    - ${include}\n`
      expect(arrivals({ ...files, 'site.yml': site })).toEqual(['berth agent maybe none url'])
    },
  )

  test('matters only where something in it does', () => {
    const files = moored(`- include_tasks: "{{ ansible_os_family }}.yml"\n${joins()}`, {
      'Debian.yml': '- apt: { name: curl }\n',
      'RedHat.yml': '- dnf: { name: curl }\n',
    })
    expect(arrivals(files)).toEqual([arrives])
    expect(unknowns(files)).toEqual([])
  })

  test('is not followed where there are too many, which is said', () => {
    const many = ['Debian', 'RedHat', 'Suse', 'Alpine', 'Archlinux', 'Gentoo']
    const files = moored(
      '- include_tasks: "{{ ansible_os_family }}.yml"\n',
      Object.fromEntries(many.map((name) => [`${name}.yml`, joins()])),
    )
    expect(arrivals(files)).toEqual([])
    expect(bounds(files)).toContain('which of 6 files of tasks is included is only known when the play runs')
  })

  test('and is not known where none is there', () => {
    const files = moored(`- include_tasks: "{{ ansible_os_family }}.yml"\n${joins()}`, {})
    expect(unknowns(files)).toEqual(['the tasks to include are not known'])
  })
})

describe('a file of tasks is found by what is known of its name', () => {
  const role = { 'site.yml': '- { hosts: berths, roles: [moored] }\n' }
  const main = 'roles/moored/tasks/main.yml'

  test.each<[string, Files]>([
    [
      'role_path',
      { ...role, [main]: '- include_tasks: "{{ role_path }}/sail.yml"\n', 'roles/moored/sail.yml': without },
    ],
    [
      'role_name',
      {
        ...role,
        [main]: '- include_tasks: "../{{ role_name }}-sail.yml"\n',
        'roles/moored/moored-sail.yml': without,
      },
    ],
    [
      'both',
      {
        ...role,
        [main]: '- import_tasks: "{{ role_path }}/rigging/{{ ansible_role_name }}.yml"\n',
        'roles/moored/rigging/moored.yml': without,
      },
    ],
    [
      'playbook_dir',
      {
        'plays/site.yml':
          '- { hosts: berths, tasks: [{ include_tasks: "{{ playbook_dir }}/tasks/sail.yml" }] }\n',
        'plays/tasks/sail.yml': without,
      },
    ],
    [
      'playbook_dir in a role',
      {
        'plays/site.yml': '- { hosts: berths, roles: [moored] }\n',
        [`plays/${main}`]: '- include_tasks: "{{ playbook_dir }}/ropes/sail.yml"\n',
        'plays/ropes/sail.yml': without,
      },
    ],
    [
      'a variable of the play',
      {
        'site.yml':
          '- { hosts: berths, vars: { what: sail }, tasks: [{ include_tasks: "tasks/{{ what }}.yml" }] }\n',
        'tasks/sail.yml': without,
      },
    ],
    [
      'a path that a variable of the play has',
      {
        'site.yml':
          '- { hosts: berths, vars: { what: ropes/sail.yml }, tasks: [{ include_tasks: "{{ what }}" }] }\n',
        'ropes/sail.yml': without,
      },
    ],
    [
      'a variable of the inventory',
      {
        'site.yml': '- { hosts: berths, tasks: [{ include_tasks: "ropes/{{ what }}.yml" }] }\n',
        'group_vars/berths.yml': 'what: sail\n',
        'ropes/sail.yml': without,
      },
    ],
    [
      'a default that the inventory overrules',
      {
        ...role,
        'roles/moored/defaults/main.yml': 'what: boat\n',
        'group_vars/berths.yml': 'what: sail\n',
        [main]: '- include_tasks: "{{ role_path }}/{{ what }}.yml"\n',
        'roles/moored/boat.yml': joins(),
        'roles/moored/sail.yml': without,
      },
    ],
  ])('%s', (_, files) => {
    expect(arrivals({ ...hosts, ...files })).toEqual(['berth agent absent none url'])
  })

  test('before another one starts what it has written', () => {
    const files = {
      ...hosts,
      'site.yml': `
- hosts: berths
  vars: { way: script }
  tasks:
    - include_tasks: "{{ playbook_dir }}/tasks/by-{{ way }}.yml"
    - service: { name: k3s-agent, state: started }
`,
      'tasks/by-script.yml': without.replace('sh ', 'env INSTALL_K3S_SKIP_START=true sh '),
    }
    expect(arrivals(files)).toEqual(['berth agent absent none url'])
  })
})

describe('vars_files', () => {
  const site = (files: string, hosts = 'berths', more = '') => `
- hosts: ${hosts}
  vars: { stage: calm }
  vars_files: [${files}]
  tasks:
    - command: sh /opt/k3s-install.sh agent
      environment: { K3S_URL: https://quay:6443, K3S_TOKEN: '{{ harbour_key }}' }
${more}`
  const files = {
    ...hosts,
    'vars/calm.yml': "harbour_key: '0ddpassword'\n",
    'vars/storm.yml': "harbour_key: ''\n",
  }
  const notThere = 'of vars_files is not in the project'

  test.each([
    '"vars/{{ stage }}.yml"',
    '"{{ playbook_dir }}/vars/calm.yml"',
    '["gone.yml", "{{ stage }}.yml"]',
  ])('are called as templates say: %s', (name) => {
    expect(arrivals({ ...files, 'site.yml': site(name) })).toEqual([arrives])
    expect(unknowns({ ...files, 'site.yml': site(name) })).toEqual([])
  })

  test('are those of each host', () => {
    const both = { ...files, 'hosts.ini': '[berths]\nberth weather=calm\njetty weather=storm\n' }
    expect(arrivals({ ...both, 'site.yml': site('"{{ weather }}.yml"') })).toEqual([
      arrives,
      'jetty agent empty env-file url',
    ])
  })

  test('may be called by what those before them say', () => {
    const more = { ...files, 'vars/which.yml': 'weather: storm\n' }
    expect(arrivals({ ...more, 'site.yml': site('which.yml, "{{ weather }}.yml"') })).toEqual([
      'berth agent empty env-file url',
    ])
  })

  test('are there for the handlers of roles, too', () => {
    const role = `${site('"{{ stage }}.yml"').replace(/ {2}tasks:[\s\S]*/, '')}  roles: [moored]\n`
    const mooring = {
      ...files,
      'site.yml': role,
      'roles/moored/tasks/main.yml': '- { copy: { dest: /etc/k3s.env, content: a }, notify: sail }\n',
      'roles/moored/handlers/main.yml': joins('{{ harbour_key }}').replace('- ', '- name: sail\n  '),
    }
    expect(arrivals(mooring)).toContain(arrives)
  })

  test('are not there where no such file is', () => {
    expect(unknowns({ ...files, 'site.yml': site('"vars/{{ stage }}er.yml"') })).toEqual([
      `vars/calmer.yml ${notThere}`,
    ])
    expect(unknowns({ ...files, 'site.yml': site('gone.yml') })).toEqual([`gone.yml ${notThere}`])
  })

  test('set no more than one of those sets that they may be', () => {
    const some = { ...files, 'vars/Debian.yml': 'rope: short\nsail: a\n', 'vars/RedHat.yml': 'rope: long\n' }
    const known = site("calm.yml, '{{ ansible_os_family }}.yml'")
    expect(arrivals({ ...some, 'site.yml': known })).toEqual([arrives])
    expect(unknowns({ ...some, 'site.yml': known })).toEqual([])
    const open = known.replace('harbour_key', 'rope')
    expect(arrivals({ ...some, 'site.yml': open })).toEqual(['berth agent maybe env-file url'])
  })
})

describe('include_vars of a file whose name hangs on a fact', () => {
  const role = (include: string, files: Files): Files => ({
    ...hosts,
    'site.yml': '- { hosts: berths, roles: [rigged, moored] }\n',
    'roles/moored/defaults/main.yml': "harbour_key: ''\n",
    'roles/moored/tasks/main.yml': joins('{{ harbour_key }}'),
    'roles/rigged/tasks/main.yml': include,
    ...Object.fromEntries(Object.entries(files).map(([path, text]) => [`roles/rigged/vars/${path}`, text])),
  })
  const byFamily = '- include_vars: "{{ ansible_os_family | lower }}.yml"\n'

  test.each([
    byFamily,
    "- include_vars: { file: '{{ ansible_distribution }}.yml' }\n",
    "- include_vars: '{{ item }}'\n  with_first_found: ['{{ ansible_distribution }}.yml', '{{ ansible_os_family }}.yml']\n",
    "- include_vars: \"{{ lookup('first_found', ['{{ ansible_distribution }}.yml', ansible_os_family ~ '.yml']) }}\"\n",
  ])('is one of those that set a token, and leaves open what else they set: %s', (include) => {
    const files = role(include, { 'debian.yml': 'rope: short\n', 'redhat.yml': 'rope: long\n' })
    expect(arrivals(files, { tokenGiven: undefined })).toEqual(['berth agent empty env-file url'])
    const open = role(include, { 'debian.yml': 'rope: short\n', 'redhat.yml': 'harbour_key: 0ddpassword\n' })
    // The default is empty: without a token from users it hangs on the file.
    expect(arrivals(open)).toEqual([arrives, 'berth agent maybe env-file url'])
    const same = role(include, {
      'debian.yml': 'harbour_key: 0ddpassword\n',
      'redhat.yml': 'harbour_key: 0ddpassword\nrope: long\n',
    })
    expect(arrivals(same)).toEqual([arrives])
  })

  const ofDistributions = (files: Files): Files => ({
    ...role(
      '- include_vars: "{{ lookup(\'first_found\', names) }}"\n' +
        '  vars: { names: ["{{ ansible_distribution | lower }}-{{ ansible_distribution_version }}.yml", "{{ ansible_os_family | lower }}.yml"] }\n',
      files,
    ),
    'roles/moored/defaults/main.yml': 'rope: short\n',
    'roles/moored/tasks/main.yml': `- debug: { msg: '{{ harbour_key }}' }\n${joins('{{ harbour_key }}')}`,
  })
  const key = "harbour_key: \"{{ lookup('file', '/srv/harbour') }}\"\n"
  const told = 'token-logged error roles/moored/tasks/main.yml:1'

  test('has its tokens where one of the files says none', () => {
    const files = ofDistributions({
      'debian-12.yml': key,
      'ubuntu-22.04.yml': key,
      'ubuntu-24.04.yml': `${key}rope: long\n`,
      'redhat.yml': 'rope: long\n',
    })
    expect(findings(files)).toContain(told)
    expect(unknowns(files)).toEqual(["the play ends here for berth: 'harbour_key' is undefined"])
  })

  test('is none for a system that K3s does not run on', () => {
    const files = ofDistributions({
      'debian-12.yml': key,
      'ubuntu-24.04.yml': key,
      'macosx-14.yml': 'rope: long\n',
    })
    expect(arrivals(files)).toEqual([arrives])
    expect(findings(files)).toContain(told)
    expect(unknowns(files)).toEqual([])
  })

  test('is not known where there is none', () => {
    expect(unknowns(role(byFamily, {}))).toEqual(['include_vars of files that are not known'])
  })
})

describe('a file on a node whose name is not known', () => {
  const site = (writes: string): Files => ({
    ...hosts,
    'site.yml': `
- hosts: berths
  tasks:
    - ${writes}
    - command: sh /opt/k3s-install.sh agent
`,
  })
  const named = "/etc/rancher/k3s/{{ lookup('pipe', './name') }}"

  test.each([
    ['with settings of its own', "token: 0ddpassword\\nserver: 'https://quay:6443'\\n"],
    ['with content that is not known', "{{ lookup('pipe', './words') }}"],
  ])('may be the config file, %s', (_, content) => {
    const files = site(`copy: { dest: "${named}", content: "${content}", mode: '0600' }`)
    expect(arrivals(files)).toEqual(['berth agent maybe config maybe a url'])
    expect(findings(files)).toEqual([])
  })

  test('may be it under a condition that is not known, too', () => {
    const files = site(
      `{ template: { src: "{{ item.src }}", dest: "/etc/rancher/k3s/{{ item.path }}" }, with_tides: [ebb], when: item.state == 'file' }`,
    )
    expect(arrivals(files)).toEqual(['berth agent maybe config maybe a url'])
    expect(unknowns(files)).toContain('which template is rendered is not known: item.src')
  })

  test.each([
    ['settings of another kind', `copy: { dest: "${named}", content: "mirrors: {}\\n" }`],
    [
      'another directory',
      `copy: { dest: "/etc/berth/{{ lookup('pipe', './name') }}", content: "token: a\\n" }`,
    ],
    ['another ending', `copy: { dest: "${named}.json", content: "token: a\\n" }`],
  ])('is not the config file with %s', (_, writes) => {
    expect(arrivals(site(writes))).toEqual(['berth agent absent none no url'])
  })
})

describe('hash_behaviour = merge', () => {
  const files = {
    ...hosts,
    'site.yml': `
- hosts: berths
  tasks:
    - command: sh /opt/k3s-install.sh agent
      environment: { K3S_URL: https://quay:6443, K3S_TOKEN: '{{ harbour.key }}' }
`,
    'group_vars/all.yml': "harbour: { key: '0ddpassword' }\n",
  }
  const parted = { ...files, 'group_vars/berths.yml': 'harbour: { rope: long }\n' }
  const merging = { 'ansible.cfg': '[defaults]\nhash_behaviour = merge\n' }

  test('puts together what several places say of a mapping', () => {
    expect(arrivals(parted)).toEqual([])
    expect(arrivals({ ...parted, ...merging })).toEqual([arrives])
    expect(unknowns({ ...parted, ...merging })).toEqual([])
  })

  const play = (vars: string): Files => ({
    'site.yml': files['site.yml'].replace('tasks', `${vars}\n  tasks`),
  })
  const first = (task: string): Files => ({
    'site.yml': files['site.yml'].replace('- command', `- ${task}\n    - command`),
  })
  const rope = 'harbour: { rope: long }\n'
  test.each<[string, Files]>([
    ['vars of a play', play('vars: { harbour: { rope: long } }')],
    ['vars_files', { ...play('vars_files: rope.yml'), 'rope.yml': rope }],
    [
      'vars of a play and vars_files',
      {
        ...play('vars: { harbour: { key: 0ddpassword } }\n  vars_files: rope.yml'),
        'rope.yml': rope,
        'group_vars/all.yml': rope,
      },
    ],
    ['a fact', first('set_fact: { harbour: { rope: long } }')],
    ['include_vars', { ...first('include_vars: rope.yml'), 'rope.yml': rope }],
    ['a line of INI', { 'hosts.ini': '[berths]\nberth harbour="{\'rope\': 1}"\n' }],
    [
      'a second file of a group',
      {
        'group_vars/all.yml': '',
        'group_vars/all/a.yml': files['group_vars/all.yml'],
        'group_vars/all/b.yml': rope,
      },
    ],
    [
      "a host's own",
      {
        'site.yml': files['site.yml'].replace('harbour.key', 'hostvars.berth.harbour.key'),
        'host_vars/berth.yml': rope,
      },
    ],
    ['a role', { ...play('roles: [edge]'), 'roles/edge/vars/main.yml': rope }],
    [
      'a dependency of a role',
      {
        ...play('roles: [edge]'),
        'group_vars/all.yml': rope,
        'roles/edge/defaults/main.yml': rope,
        'roles/edge/meta/main.yml': 'dependencies: [quay]\n',
        'roles/quay/defaults/main.yml': files['group_vars/all.yml'],
      },
    ],
    ['a task', { 'site.yml': `${files['site.yml']}      vars: { harbour: { rope: long } }\n` }],
  ])('of %s, too', (_, more) => {
    const merged = { ...files, ...more, ...merging }
    expect(arrivals(merged)).toEqual([arrives])
    expect(unknowns(merged)).toEqual([])
    const { 'ansible.cfg': __, ...replacing } = merged
    expect(arrivals(replacing)).not.toEqual([arrives])
  })

  test('goes down into mappings, and takes of a part what the strongest place says', () => {
    const token = (all: string, own: string): readonly string[] =>
      arrivals({
        ...files,
        ...merging,
        'site.yml': files['site.yml'].replace('harbour.key', 'harbour.deep.key'),
        'group_vars/all.yml': `harbour: ${all}\n`,
        'group_vars/berths.yml': `harbour: ${own}\n`,
      })
    expect(token('{ deep: { key: 0ddpassword } }', '{ deep: { rope: long } }')).toEqual([arrives])
    expect(token("{ deep: { key: '' } }", '{ deep: { key: 0ddpassword } }')).toEqual([arrives])
    expect(token('{ deep: { key: 0ddpassword } }', "{ deep: { key: '' } }")).toEqual([
      'berth agent empty env-file url',
    ])
    // Nothing is put together with a text or a list, and a template is a text by then.
    expect(token('{ deep: { key: 0ddpassword } }', '{ deep: [] }')).toEqual([])
    expect(token('{ deep: { key: 0ddpassword } }', '{ deep: \'{{ { "rope": 1 } }}\' }')).toEqual([])
    expect(token('{ deep: { key: 0ddpassword } }', '\'{{ { "rope": 1 } }}\'')).toEqual([])
  })

  test('does not join the vars of a task and of its block', () => {
    const site = `
- hosts: berths
  tasks:
    - block:
        - command: sh /opt/k3s-install.sh agent
          environment: { K3S_URL: https://quay:6443, K3S_TOKEN: '{{ harbour.key }}' }
          vars: { harbour: { rope: long } }
      vars: { harbour: { key: 0ddpassword } }
`
    expect(arrivals({ ...hosts, ...merging, 'site.yml': site })).toEqual([])
  })

  test('may find a part in a file that is encrypted', () => {
    const sealed = {
      ...files,
      ...merging,
      'group_vars/all.yml': '',
      'group_vars/all/pier.yml': rope,
      'group_vars/all/vault.yml': '$ANSIBLE_VAULT;1.1;AES256\n6162\n',
    }
    expect(arrivals(sealed)).toEqual(['berth agent maybe env-file url'])
    expect(arrivals({ ...sealed, 'group_vars/all/pier.yml': files['group_vars/all.yml'] })).toEqual([arrives])
  })

  test('is set by the environment, too', () => {
    for (const [path, text] of [
      ['Makefile', 'export ANSIBLE_HASH_BEHAVIOUR := merge\n'],
      ['play.sh', '#!/bin/sh\nANSIBLE_HASH_BEHAVIOUR=merge ansible-playbook site.yml\n'],
    ] as const)
      expect(arrivals({ ...parted, [path]: text })).toEqual([arrives])
    expect(arrivals({ ...parted, 'play.sh': '#!/bin/sh\n# ANSIBLE_HASH_BEHAVIOUR=merge\n' })).toEqual([])
  })

  test('is nothing to a mapping of one place, to texts, and to playbooks that another ansible.cfg is for', () => {
    const one = { ...files, ...merging, 'group_vars/berths.yml': 'rope: long\n' }
    expect(arrivals(one)).toEqual([arrives])
    expect(unknowns(one)).toEqual([])
    for (const config of ['[defaults]\nhash_behaviour = replace\n', '[defaults]\n#hash_behaviour = merge\n'])
      expect(arrivals({ ...parted, 'ansible.cfg': config })).toEqual([])
    expect(arrivals({ ...parted, 'other/ansible.cfg': merging['ansible.cfg'] })).toEqual([])
  })
})

describe('a template of a role that is played', () => {
  const unit = 'roles/edge/templates/k3s.service.j2'
  const tasks = 'roles/edge/tasks/main.yml'
  const played: Files = {
    'site.yml': '- { hosts: berths, roles: [edge, quay] }\n',
    [unit]: '[Service]\nExecStart=/usr/local/bin/k3s agent --token {{ harbour_key }}\n',
    'roles/edge/templates/agent.env.j2': 'K3S_URL=https://quay:6443\n',
    'roles/quay/tasks/main.yml': '- template: { src: k3s.service.j2, dest: /etc/quay }\n',
    'roles/quay/templates/k3s.service.j2': '[Service]\nExecStart=/bin/quay\n',
  }
  const isUnused = (files: Files): boolean => {
    const all = Object.entries({ ...played, [tasks]: '- debug:\n', ...files })
    return new Analysis(new Map(all)).rehearsal.isUnused(unit)
  }

  test.each<[string, Files]>([
    ['none of its tasks names', {}],
    ['only a comment names', { [tasks]: '# - template: { src: k3s.service.j2 }\n- debug:\n' }],
    ['only a README names', { 'README.md': 'The role edge has k3s.service.j2\n' }],
    [
      'other names are near',
      { [tasks]: '- template: { src: "my-k3s.service.j2", dest: /etc/k3s.service }\n' },
    ],
    [
      'parts of other names are known',
      { [tasks]: '- template: { src: "{{ kind }}.env.j2", dest: /etc/a }\n' },
    ],
    [
      'a loop has other names',
      { [tasks]: '- template: { src: "{{ item }}.j2", dest: "/etc/{{ item }}" }\n  loop: [agent.env]\n' },
    ],
    [
      'a loop over mappings has other names',
      {
        [tasks]:
          '- template: { src: "{{ item.from }}", dest: "{{ item.to }}" }\n  with_items:\n    - { from: agent.env.j2, to: /etc/a }\n',
      },
    ],
    ['a file of the node is copied', { [tasks]: '- copy: { src: "{{ x }}", dest: /a, remote_src: true }\n' }],
    ['a link is made', { [tasks]: '- file: { src: "{{ x }}", dest: /a, state: link }\n' }],
    ['an address is let in', { [tasks]: '- community.general.ufw: { rule: allow, src: "{{ x }}" }\n' }],
    [
      'any file is copied, and none leads to the templates',
      { [tasks]: '- copy: { src: "{{ item }}", dest: /a }\n  loop: "{{ piers | default([]) }}"\n' },
    ],
    [
      'a handler copies any file',
      { 'roles/edge/handlers/main.yml': '- copy: { src: "{{ x }}", dest: /a }\n' },
    ],
    [
      'a role that is not included takes anything',
      { 'roles/quay/tasks/a.yml': '- copy: { src: "{{ x }}" }\n' },
    ],
    [
      'tasks from elsewhere name none',
      { [tasks]: '- include_tasks: ../../../shared/a.yml\n', 'shared/a.yml': '- copy: { src: a }\n' },
    ],
  ])('is not used where %s', (_, files) => {
    expect(isUnused(files)).toBe(true)
  })

  test.each<[string, Files]>([
    ['a task names it', { [tasks]: '- template: { src: k3s.service.j2, dest: /etc/a }\n' }],
    ['a task names it by its path', { [tasks]: '- template: src=../templates/k3s.service.j2 dest=/etc/a\n' }],
    [
      'a handler names it',
      { 'roles/edge/handlers/main.yml': '- template: { src: k3s.service.j2, dest: /a }\n' },
    ],
    ['a variable does', { 'group_vars/all.yml': 'berth_unit: k3s.service.j2\n' }],
    ['another template includes it', { 'roles/edge/templates/a.j2': "{% include 'k3s.service.j2' %}" }],
    ['another template includes any', { 'roles/edge/templates/a.j2': '{% include part %}' }],
    [
      'it is looked up',
      { [tasks]: "- copy: { content: \"{{ lookup('template', kind ~ '.j2') }}\", dest: /a }\n" },
    ],
    [
      'a part of the name is not known',
      { [tasks]: '- template: { src: "{{ kind }}.service.j2", dest: /a }\n' },
    ],
    ['the name is a variable', { [tasks]: '- template: { src: "{{ berth_unit }}", dest: /a }\n' }],
    ['all arguments are a variable', { [tasks]: '- template: "{{ berth_unit }}"\n' }],
    [
      'a handler renders anything',
      { 'roles/edge/handlers/main.yml': '- template: { src: "{{ x }}", dest: /a }\n' },
    ],
    [
      'any file is copied, of the templates as well',
      {
        [tasks]: '- copy: { src: "{{ x }}", dest: /a }\n',
        'group_vars/all.yml': 'x: "../templates/{{ berth }}.service.j2"\n',
      },
    ],
    ['any file of the role is copied', { [tasks]: '- copy: { src: "{{ role_path }}/{{ x }}", dest: /a }\n' }],
    ['a module that is not known takes anything', { [tasks]: '- harbour.edge.bring: { src: "{{ x }}" }\n' }],
    [
      'a loop has it',
      {
        [tasks]:
          '- template: { src: "{{ item }}.j2", dest: "/etc/{{ item }}" }\n  loop: [agent.env, k3s.service]\n',
      },
    ],
    [
      'a loop is over what is not known',
      { [tasks]: '- template: { src: "{{ item }}.j2", dest: /a }\n  loop: ["{{ kind }}.service"]\n' },
    ],
    [
      'a loop has names of its own for things',
      {
        [tasks]:
          '- template: { src: "{{ item }}", dest: /a }\n  loop: [b]\n  loop_control: { loop_var: c }\n',
      },
    ],
    [
      'files are found',
      { [tasks]: '- template: { src: "{{ item }}", dest: /a }\n  with_fileglob: ["../templates/*.j2"]\n' },
    ],
    [
      'the first file is taken',
      { [tasks]: '- template: { src: "{{ item }}", dest: /a }\n  with_first_found: [b.j2]\n' },
    ],
    [
      'all files are read',
      { [tasks]: '- copy: { content: "{{ item }}", dest: /a }\n  with_file: ["{{ x }}"]\n' },
    ],
    ['the directory is copied', { [tasks]: '- copy: { src: ../templates/, dest: /etc }\n' }],
    [
      'the whole role is',
      {
        'tasks.yml': '- copy: { src: roles/edge, dest: /etc }\n',
        'site.yml': '- { hosts: berths, roles: [edge], tasks: [{ include_tasks: tasks.yml }] }\n',
      },
    ],
    ['a command takes the directory', { [tasks]: '- command: cp -r {{ role_path }}/templates /srv\n' }],
    ['a script brings it', { 'up.sh': 'scp roles/edge/templates/*.j2 quay:\n' }],
    [
      'tasks from elsewhere name it',
      {
        [tasks]: '- include_tasks: ../../../shared/a.yml\n',
        'shared/a.yml': '- template: { src: k3s.service.j2, dest: /a }\n',
      },
    ],
    ['a role that it includes names it', { [tasks]: '- include_role: { name: quay }\n' }],
    ['a role that it includes is not here', { [tasks]: '- include_role: { name: tide }\n' }],
    ['tasks that it includes are not known', { [tasks]: '- include_tasks: "{{ kind }}.yml"\n' }],
    ['the role is not played', { 'site.yml': '- { hosts: berths, roles: [quay] }\n' }],
    [
      'only a test plays it',
      { 'site.yml': '[]\n', 'molecule/default/converge.yml': '- { hosts: all, roles: [edge] }\n' },
    ],
  ])('may be used where %s', (_, files) => {
    expect(isUnused(files)).toBe(false)
  })
})
