import { describe, expect, test } from 'vitest'
import { arrivals, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

// A site of many roles, one of which is about K3s: what the others do has no bearing on it, unless something leads there.
const inventory = { 'hosts.ini': '[berths]\nberth\n' }
const noted = 'a service whose name is not known'

const site = (roles: string): string => `
- hosts: berths
  roles: [${roles}]
${joins('berths', '0ddpassword').replace(/^\n- hosts: berths\n/, '')}`

const services = `
- ansible.builtin.systemd_service: { name: "{{ item }}", state: restarted }
  loop: "{{ ansible_local.cranes }}"
`

describe('a role that has nothing to do with the cluster', () => {
  test('is not rehearsed', () => {
    const files = { ...inventory, 'site.yml': site('cranes'), 'roles/cranes/tasks/main.yml': services }
    expect(arrivals(files)).toEqual(['berth agent present env-file url'])
    expect(unknowns(files)).not.toContain(noted)
  })

  test.each([
    ['by its own words', { 'roles/cranes/README.md': 'Restarts what k3s stands on.\n' }, services],
    [
      'by a variable of the inventory',
      { 'group_vars/berths.yml': 'cranes: "{{ lifted }}"\nlifted: [k3s-agent]\n' },
      `${services}- ansible.builtin.debug: { msg: "{{ cranes }}" }\n`,
    ],
    [
      'by what a play hands to it',
      { 'more.yml': '- import_playbook: site.yml\n  vars: { cranes: /etc/rancher }\n' },
      `${services}- ansible.builtin.file: { path: "{{ cranes }}", state: directory }\n`,
    ],
    ['by a token', {}, `${services}- ansible.builtin.debug: { msg: "{{ k3s_token }}" }\n`],
  ])('is one all the same %s', (_, more, tasks) => {
    const files = { ...inventory, 'site.yml': site('cranes'), 'roles/cranes/tasks/main.yml': tasks, ...more }
    expect(unknowns(files)).toContain(noted)
  })

  test('may still end the play', () => {
    const files = {
      ...inventory,
      'site.yml': site('cranes'),
      'roles/cranes/tasks/main.yml': '- ansible.builtin.meta: end_host\n',
    }
    expect(arrivals(files)).toEqual([])
  })

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['- ansible.builtin.fail: { msg: no crane }\n', 'a task that fails on purpose'],
    ['- ansible.builtin.assert: { that: cranes | int > 3 }\n', 'an assertion does not hold'],
    ['- ansible.builtin.assert: { that: [cranes is defined, cranes | int > 1] }\n', undefined],
    ['- ansible.builtin.fail: { msg: no crane }\n  when: cranes is undefined\n', undefined],
    ['- ansible.builtin.fail: { msg: no crane }\n  when: ansible_memtotal_mb < 1024\n', undefined],
    ["- ansible.builtin.assert: { that: \"ansible_version.full is version('9', '>=')\" }\n", undefined],
  ])('may fail, whatever its words are: %j', (tasks, why) => {
    const files = {
      ...inventory,
      'group_vars/berths.yml': 'cranes: 2\n',
      'site.yml': site('cranes'),
      'roles/cranes/tasks/main.yml': tasks,
    }
    expect(arrivals(files)).toEqual(why === undefined ? ['berth agent present env-file url'] : [])
    expect(unknowns(files)).toEqual(why === undefined ? [] : [`the play ends here for berth: ${why}`])
  })

  test('may make a variable that the cluster needs', () => {
    const files = {
      ...inventory,
      'site.yml': site('cranes').replace('"0ddpassword"', '"{{ slip | default(\'\') }}"'),
      'roles/cranes/tasks/main.yml': '- ansible.builtin.set_fact: { slip: 0ddpassword }\n',
    }
    expect(arrivals(files)).toEqual(['berth agent present env-file url'])
  })

  test('may write a file that the cluster reads', () => {
    const unit = (tasks: string) => ({
      ...inventory,
      'site.yml': `
- hosts: berths
  roles: [cranes]
  tasks:
    - ansible.builtin.copy:
        dest: /etc/systemd/system/k3s-agent.service
        content: |
          [Service]
          EnvironmentFile={{ manifest }}
          ExecStart=/usr/local/bin/k3s agent --server https://quay:6443
    - ansible.builtin.systemd_service: { name: k3s-agent, state: started }
`,
      'group_vars/berths.yml': 'manifest: /etc/cranes/manifest\nslip: { word: 0ddpassword }\n',
      'roles/cranes/tasks/main.yml': tasks,
    })
    const write = (dest: string) =>
      `- ansible.builtin.copy: { dest: "${dest}", content: "K3S_{{ 'TOKEN' }}={{ slip.word }}\\n" }\n`
    const present = ['berth agent present env-file url']
    expect(arrivals(unit(write('{{ manifest }}')))).toEqual(present)
    expect(arrivals(unit(write('/etc/cranes/manifest')))).toEqual(present)
  })

  test('shares tasks with one that is about it', () => {
    const files = {
      ...inventory,
      'site.yml': '- hosts: berths\n  roles: [cranes, quays]\n',
      'tasks/put.yml': `
- ansible.builtin.template: { src: "{{ what }}.j2", dest: "{{ where }}/{{ what }}" }
- ansible.builtin.systemd_service: { name: "{{ what }}", state: restarted }
`,
      'roles/cranes/tasks/main.yml': `
- ansible.builtin.import_tasks: tasks/put.yml
  vars: { what: "{{ ansible_local.crane }}", where: /etc/systemd/system }
`,
      'roles/quays/tasks/main.yml': `
- ansible.builtin.import_tasks: tasks/put.yml
  vars: { what: k3s-agent.service, where: /etc/systemd/system }
`,
      'roles/quays/templates/k3s-agent.service.j2': `[Service]
Environment=K3S_TOKEN=0ddpassword
ExecStart=/usr/local/bin/k3s agent --server https://quay:6443
`,
    }
    expect(arrivals(files)).toEqual(['berth agent present environment url'])
    expect(unknowns(files)).not.toContain(noted)
  })
})

describe('a file of tasks of a role that nothing includes', () => {
  const files = (tasks: string, main = '[]\n'): Readonly<Record<string, string>> => ({
    ...inventory,
    'site.yml': site('edge'),
    'roles/edge/tasks/main.yml': main,
    'roles/edge/tasks/by_hand.yml': tasks,
  })
  const starts = '- ansible.builtin.command: sh /opt/k3s-install.sh agent\n'
  const told = 'no task of the project includes this file, so it was not rehearsed'

  test('is named where it brings K3s', () => {
    expect(unknowns(files(starts))).toEqual([told])
  })

  test('is named where it plays a file of another role that does', () => {
    const tasks = '- import_role: { name: k3s, tasks_from: join }\n'
    const role = { 'roles/k3s/tasks/main.yml': '[]\n', 'roles/k3s/tasks/join.yml': starts }
    expect(unknowns({ ...files(tasks), ...role })).toEqual([told])
  })

  test.each([
    ['it does not', files('- ansible.builtin.debug: { msg: k3s }\n')],
    ['something includes it', files(starts, '- include_tasks: by_hand.yml\n')],
    ['something may', files(starts, '- include_tasks: "{{ by }}"\n')],
    [
      'a loop over roles does',
      {
        ...files(starts),
        'more.yml': `- hosts: berths
  tasks:
    - include_role: { name: "{{ part }}", tasks_from: by_hand }
      loop: [edge, crane]
      loop_control: { loop_var: part }
`,
      },
    ],
    [
      'it plays a file of another role that does not',
      {
        ...files('- import_role: { name: k3s, tasks_from: facts }\n'),
        'roles/k3s/tasks/main.yml': starts,
        'roles/k3s/tasks/facts.yml': '- debug: { msg: k3s }\n',
      },
    ],
  ])('is not where %s', (_, project) => {
    expect(unknowns(project)).not.toContain(told)
  })
})

describe('a task that is not about K3s', () => {
  const agent = installs('berths', {
    INSTALL_K3S_EXEC: 'agent',
    K3S_URL: 'https://quay:6443',
    K3S_TOKEN: '0ddpassword',
    INSTALL_K3S_SKIP_START: 'true',
  })
  const sail = '{ name: Sail, service: { name: k3s-agent, state: restarted } }'
  const rig = '{ name: Rig, lineinfile: { path: /etc/berth, line: rigged, create: true }, notify: Sail }'
  const files = (task: string, handlers: string, more: Files = {}): Files => ({
    ...inventory,
    'site.yml': `${agent}    - ${task}\n  handlers: [${handlers}]\n`,
    ...more,
  })
  const arrives = ['berth agent present env-file url']
  const copy = 'copy: { dest: /etc/berth, content: tied }'

  test.each([
    `{ ${copy}, notify: Sail }`,
    '{ unarchive: { src: boats.tar, dest: /opt/boats }, notify: [Sail] }',
    '{ boats.harbour.rig: { sails: 3 }, notify: Sail }',
    '{ lineinfile: { path: /etc/hosts, line: 10.0.0.3 berth }, notify: Sail }',
    `{ block: [{ ${copy} }], notify: Sail }`,
    `{ ${copy}, notify: 'Sa{{ item }}', loop: [ilor, il] }`,
    `{ ${copy}, notify: tide }`,
    `{ ${copy}, notify: Rig }`,
    `{ ${copy}, notify: '{{ whom }}', vars: { whom: Sail } }`,
  ])('counts where it notifies a handler that starts it: %s', (task) => {
    const handlers = `{ name: Sailor, debug: { msg: ahoy } }, ${rig}, ${sail.replace(' } }', ' }, listen: tide }')}`
    expect(arrivals(files(task, handlers))).toEqual(arrives)
  })

  test('counts by a handler whose name is a template', () => {
    const found = files(`{ ${copy}, notify: Sail k3s }`, sail.replace('Sail', '"Sail {{ boat }}"'))
    const site = found['site.yml']?.replace('  tasks:', '  vars: { boat: k3s }\n  tasks:') ?? ''
    expect(arrivals({ ...found, 'site.yml': site })).toEqual(arrives)
  })

  test('counts in a role that is not, too, by a handler of a role or with its name', () => {
    const role = {
      'roles/cranes/tasks/main.yml': `- ${copy}\n  notify: "k3s_agents : Sail"\n`,
      'roles/k3s_agents/handlers/main.yml': `- ${sail}\n`,
      'roles/k3s_agents/tasks/main.yml': '- debug:\n',
    }
    const found = files('{ include_role: { name: k3s_agents } }', '', role)
    const site = `${found['site.yml']}- { hosts: berths, roles: [k3s_agents, cranes] }\n`
    expect(arrivals({ ...found, 'site.yml': site })).toEqual(arrives)
  })

  test('may start K3s before the token is there', () => {
    const early = files(`{ ${copy}, notify: Sail }`, sail)
    const file = 'path: /etc/systemd/system/k3s-agent.service.env'
    const site = early['site.yml']?.replace(/^ {8}K3S_TOKEN.*\n/m, '') ?? ''
    const later = `    - meta: flush_handlers\n    - lineinfile: { ${file}, line: K3S_TOKEN=0ddpassword, create: true }\n  handlers`
    expect(arrivals({ ...early, 'site.yml': site.replace('  handlers', later) })).toEqual([
      'berth agent absent none url',
    ])
  })

  test('ends the run where the handler is not there', () => {
    const start = '    - service: { name: k3s-agent, state: started }\n  handlers'
    const found = files(`{ ${copy}, notify: Sailor }`, sail)
    const site = found['site.yml']?.replace('  handlers', start) ?? ''
    expect(arrivals({ ...found, 'site.yml': site })).toEqual([])
    expect(unknowns({ ...found, 'site.yml': site })).toEqual([
      'the play ends here for berth: there is no handler Sailor',
    ])
    expect(arrivals({ ...found, 'site.yml': site.replace('Sailor', 'Sail') })).toEqual(arrives)
  })

  test('does not count where the handler is not about K3s, either', () => {
    const crane = '{ name: Crane, service: { name: "{{ ansible_local.cranes }}", state: restarted } }'
    const found = files('{ boats.harbour.rig: { sails: 3 }, notify: Crane }', crane)
    expect(arrivals(found)).toEqual([])
    expect(unknowns(found)).not.toContain(noted)
  })
})

describe('a fetch whose words say nothing of a token', () => {
  const keeps = (dest: string): string => `${installs('quays', { INSTALL_K3S_EXEC: 'server' })}
    - command: cat /var/lib/rancher/k3s/server/node-token
      register: slip
    - copy: { content: "{{ slip.stdout }}", dest: "${dest}", mode: '0600' }
`
  const files = (play: string): Files => ({
    'hosts.ini': '[quays]\nquay\n[berths]\nberth\n',
    'group_vars/all.yml': 'chest: /opt/berth/chest\nbox: slips/chest\n',
    'site.yml': play,
  })

  test.each([
    ['{{ chest }}', '{{ chest }}', 'slips/chest', 'slips/chest'],
    ['{{ chest }}', '/opt/berth/chest', './slips/chest', 'slips/chest'],
    ['{{ chest }}', '{{ chest }}', './slips/chest', 'slips/chest'],
    ['{{ chest }}', '{{ chest }}', '{{ box }}', '{{ box }}'],
    ['{{ chest }}', '{{ chest }}', 'slips/', 'slips/chest'],
    ['/opt/quay/chest', '/opt/quay/chest', 'slips/chest', 'slips/chest'],
    ['/opt/quay/chest', '/opt/quay/chest', '{{ playbook_dir }}/slips/chest', 'slips/chest'],
  ])('counts where it brings one to who needs it: %s, %s, %s, %s', (written, src, dest, carried) => {
    const fetch = `    - fetch: { src: "${src}", dest: "${dest}", flat: true }\n      become: true\n`
    const play = `
- hosts: berths
  tasks:
    - copy: { src: "${carried}", dest: "{{ chest }}" }
    - shell: K3S_URL=https://quay:6443 K3S_TOKEN=$(cat {{ chest }}) sh /opt/k3s-install.sh agent
`
    const project = files(keeps(written) + fetch + play)
    expect(arrivals(project)).toContain('berth agent present env-file url')
    const open = findings(project).filter((found) => found.startsWith('token-world-readable'))
    expect(open).toEqual(['token-world-readable error site.yml:11', 'token-world-readable error site.yml:16'])
  })

  test('counts where nobody needs what it has brought', () => {
    const fetch = '    - fetch: { src: /opt/quay/chest, dest: slips/chest, flat: true }\n      become: true\n'
    expect(findings(files(keeps('/opt/quay/chest') + fetch))).toContain(
      'token-world-readable error site.yml:11',
    )
  })
})
