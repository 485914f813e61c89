import { describe, expect, test } from 'vitest'
import { List } from '../src/ansible/template/values.ts'
import { Atoms } from '../src/flow/atoms.ts'
import { batched, batchSizes, kindsByBatch } from '../src/flow/rehearse/serial.ts'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, bounds, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

describe('the hosts of a play', () => {
  const site = (hosts: string): string => joins(`"${hosts}"`, '0ddpassword')
  const at = (hosts: string): readonly string[] =>
    arrivals({ 'site.yml': site(hosts), 'hosts.ini': '[quays]\nquay\n[berths]\nberth\njetty a=1\n' }).map(
      (arrival) => arrival.split(' ')[0] ?? '',
    )

  test('are all where nobody limits the run', () => {
    expect(at("berths:&{{ ansible_limit | default('berth') }}")).toEqual(['berth'])
    expect(at("{{ 'quays' if ansible_limit is undefined else 'berths' }}")).toEqual(['quay'])
  })

  test('are no more than what is known of them says', () => {
    expect(at('berths:&{{ ansible_machine }}')).toEqual(['berth', 'jetty'])
    expect(at('{{ ansible_machine }}:&berths:!jetty')).toEqual(['berth'])
    expect(at('berths:!{{ ansible_machine }}')).toEqual(['berth', 'jetty'])
    expect(at('berths[0],{{ ansible_machine }}')).toEqual(['berth', 'jetty', 'quay'])
    expect(at('{{ ansible_machine }}')).toEqual(['berth', 'jetty', 'quay'])
    const files = { 'site.yml': site('berths:&{{ ansible_machine }}'), 'hosts.ini': '[berths]\nberth\n' }
    expect(unknowns(files)).toContain('the hosts of a play are not known')
  })
})

describe('serial', () => {
  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['1', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    ['2', ['ab', 'cd', 'ef', 'g']],
    ['30%', ['ab', 'cd', 'ef', 'g']],
    ['5%', ['a', 'b', 'c', 'd', 'e', 'f', 'g']],
    [new List([1, '30%', 3]), ['a', 'bc', 'def', 'g']],
    [0, ['abcdefg']],
    [-1, ['abcdefg']],
    [9, ['abcdefg']],
  ])('%o', (value, wanted) => {
    const sizes = batchSizes(value, 7, new Atoms())
    if (!Array.isArray(sizes)) throw new Error('no sizes')
    expect(batched([...'abcdefg'], sizes).map((batch) => batch.join(''))).toEqual(wanted)
  })

  test.each(['1,2', '', '2.5', '33.5%', '[1, 2]'])('%o is none', (value) => {
    expect(batchSizes(value, 7, new Atoms())).toBeUndefined()
  })

  // The token of the first server is there only once that one has played the whole play.
  const site = (serial: string): string => `
- hosts: quays
  serial: ${serial}
  tasks:
    - ansible.builtin.stat: { path: /var/lib/rancher/k3s/server/token }
      register: slip
      delegate_to: "{{ groups.quays[0] }}"
    - ansible.builtin.slurp: { src: /var/lib/rancher/k3s/server/token }
      register: phrase
      delegate_to: "{{ groups.quays[0] }}"
      when: slip.stat.exists
    - command: sh /opt/k3s-install.sh server --cluster-init
      when: not slip.stat.exists
    - command: sh /opt/k3s-install.sh server --server https://quay:6443
      environment: { K3S_TOKEN: "{{ phrase.content | b64decode | trim }}" }
      when: slip.stat.exists
`
  const files = (serial: string) => ({ 'site.yml': site(serial), 'hosts.ini': '[quays]\nquay\njetty a=1\n' })
  const inTurn = ['jetty joining-server present env-file url', 'quay first-server absent none no url']

  test.each(['1', '"1"', '"{{ at_once | default(1) }}"', '"30%"', '[1, 5]', '["{{ 1 }}"]'])(
    '%s is one after the other',
    (serial) => expect(arrivals(files(serial))).toEqual(inTurn),
  )

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['ansible_play_hosts', inTurn],
    ['ansible_play_hosts_all', inTurn],
    ['ansible_play_batch', ['jetty first-server absent none no url', inTurn[1]]],
  ])('%s are hosts of the play, or of the batch', (name, expected) => {
    const found = files('1')
    const site = found['site.yml'].replaceAll('groups.quays', name)
    expect(arrivals({ ...found, 'site.yml': site })).toEqual(expected)
  })

  test.each([
    ['ansible_play_hosts | length == 4', true],
    ['ansible_play_hosts_all | length == 4', true],
    ['ansible_play_batch | length == 4', true],
    ['play_hosts | length < 4', false],
    ['ansible_play_hosts.index("pier") == 3', true],
    ['"barge" in ansible_play_hosts', true],
    ['groups.all | difference(ansible_play_hosts) == []', true],
    ['ansible_play_hosts | select("match", "b") | list | length == 3', true],
    ['ansible_play_hosts | length > 4', false],
  ])('has hosts that others stand for, too: %s', (condition, holds) => {
    const site = `- hosts: berths:piers\n  tasks: [{ assert: { that: ${JSON.stringify(condition)} } }]${joins('berths', '0ddpassword')}`
    const found = arrivals({ 'site.yml': site, 'hosts.ini': '[berths]\nbarge\nbrig\nbark\n[piers]\npier\n' })
    const berths = ['barge', 'bark', 'brig'].map((host) => `${host} agent present env-file url`)
    expect(found).toEqual(holds ? berths : [])
  })

  const cluster =
    '[quays]\nquay\njetty\nmole\n[berths]\nbarge\nbrig\nbark\n[harbour:children]\nquays\nberths\n'
  const kinds = (serial: string, hosts = 'harbour'): readonly string[] => {
    const site = `- hosts: ${hosts}
  serial: ${serial}
  tasks:
    - set_fact: { kind: "{{ 'server' if inventory_hostname in groups.quays else 'agent' }}" }
      run_once: true
    - command: sh /opt/k3s-install.sh {{ kind }}
      environment: { K3S_URL: "https://quay:6443", K3S_TOKEN: 0ddpassword }
`
    return arrivals({ 'site.yml': site, 'hosts.ini': cluster }).filter((line) => / agent /.test(line))
  }

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['1', ['barge', 'bark', 'brig']],
    ['2', ['bark', 'brig']],
    ['"{{ at_once | default(2) }}"', ['bark', 'brig']],
    ['3', ['barge', 'bark', 'brig']],
    ['"50%"', ['barge', 'bark', 'brig']],
    ['[1, 2, 5]', ['barge', 'bark', 'brig']],
    ['4', ['bark', 'brig']],
    ['5', ['bark']],
    ['6', []],
  ])('%s: its batches are cut from all hosts, and the first of each decides for it', (serial, agents) => {
    const expected = agents.map((host) => `${host} agent present env-file url`)
    expect(kinds(serial)).toEqual(expected)
    expect(kinds(serial, '[quays, berths]')).toEqual(expected)
    expect(kinds(serial, '"{{ ships | default(\'quays:berths\') }}"')).toEqual(expected)
  })

  test('has the token of a server only for its own batch, where that hands it on by run_once', () => {
    const site = `- hosts: harbour
  serial: 3
  tasks:
    - command: sh /opt/k3s-install.sh server --cluster-init
      when: inventory_hostname == groups.quays[0]
    - slurp: { src: /var/lib/rancher/k3s/server/token }
      register: read
      when: inventory_hostname == groups.quays[0]
    - set_fact: { phrase: "{{ (read.content | default('')) | b64decode | trim }}" }
      run_once: true
    - command: sh /opt/k3s-install.sh {{ 'server' if inventory_hostname in groups.quays else 'agent' }}
      environment: { K3S_URL: "https://quay:6443", K3S_TOKEN: "{{ phrase }}" }
      when: inventory_hostname != groups.quays[0]
`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': cluster })).toEqual([
      ...['barge', 'bark', 'brig'].map((host) => `${host} agent empty env-file url`),
      ...['jetty', 'mole'].map((host) => `${host} joining-server present env-file url`),
      'quay first-server absent none no url',
    ])
  })

  test.each([
    ['ansible_play_batch | length == 2', true],
    ['play_hosts | length == 2', true],
    ['ansible_play_batch[0] in ["quay", "mole", "brig"]', true],
    ['ansible_play_hosts | length == 6', true],
    ['ansible_play_batch | length == 6', false],
  ])('has whole batches of hosts that others stand for: %s', (condition, holds) => {
    const site = `- hosts: harbour\n  serial: 2\n  tasks: [{ assert: { that: ${JSON.stringify(condition)} } }]${joins('berths', '0ddpassword')}`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': cluster })).toHaveLength(holds ? 3 : 0)
  })

  test('tells no more hosts apart than its batches do', () => {
    const names = (count: number): readonly string[] => Array.from({ length: count }, (_, at) => `b${at}`)
    const kindsIn = (hosts: readonly string[], sizes: readonly number[], isFirstTold: boolean): number => {
      const kinds = new Map(hosts.map((host) => [host, '']))
      return new Set(kindsByBatch(kinds, [{ batches: batched(hosts, sizes), isFirstTold }]).values()).size
    }
    expect(kindsIn(names(10_000), [1], true)).toBe(1)
    expect(kindsIn(names(10_000), [10], false)).toBe(1)
    expect(kindsIn(names(10_000), [10], true)).toBe(2)
    // The last batch is shorter.
    expect(kindsIn(names(9_999), [10], true)).toBe(4)
    // One batch each of 1, 2, 3 … hosts: these would be very many kinds.
    expect(
      kindsIn(
        names(1_000),
        [...names(100).keys()].map((at) => at + 1),
        true,
      ),
    ).toBe(1)
  })

  test('that makes very many kinds of batches is named', () => {
    const sizes = `[${Array.from({ length: 30 }, (_, at) => at + 1).join()}]`
    const agents = Array.from({ length: 400 }, (_, at) => `berth${at}`).join('\n')
    const named = (task: string): boolean => {
      const site = `- hosts: berths\n  serial: ${sizes}\n  tasks: [${task}]${joins('berths', '{{ hostvars.berth0.slip }}')}`
      const files = { 'site.yml': site, 'hosts.ini': `[berths]\n${agents}\n` }
      return unknowns(files).includes('serial makes more kinds of batches than are rehearsed')
    }
    expect(named('{ set_fact: { tide: high }, run_once: true }')).toBe(true)
    // No host has to do with the others.
    expect(named('{ set_fact: { tide: high } }')).toBe(false)
  })

  test('that is not known may be one, or all', () => {
    const [jetty, quay] = arrivals(files('"{{ at_once }}"'))
    expect([jetty, quay]).toEqual(['jetty joining-server maybe none maybe a url', inTurn[1]])
    expect(findings(files('"{{ at_once }}"')).filter((found) => /missing|undefined/.test(found))).toEqual([])
    const all = installs('quays', { INSTALL_K3S_EXEC: 'server' }).replace(
      '  tasks:',
      '  serial: "{{ at_once }}"\n  tasks:',
    )
    expect(arrivals({ 'site.yml': all, 'hosts.ini': '[quays]\nquay\n' })).toEqual([inTurn[1]])
  })
})

describe('a run', () => {
  const inventory = '[quays]\nquay\njetty a=1\n[piers]\npier\n'
  const files = (play: string) => ({
    'hosts.ini': inventory,
    'site.yml': `- hosts: quays${play}${joins('piers', '0ddpassword')}`,
  })
  const fail = 'ansible.builtin.fail: { msg: no token of the harbour }'
  const failing = (host: string): string => `{ ${fail}, when: inventory_hostname == '${host}' }`
  const onPier = ['pier agent present env-file url']

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['all hosts of a play have failed', `\n  tasks: [{ ${fail} }]`],
    ['one has, and then the other', `\n  tasks: [${failing('quay')}, ${failing('jetty')}]`],
    ['a batch has failed', `\n  serial: 1\n  tasks: [${failing('quay')}]`],
    ['a later batch has', `\n  serial: 1\n  tasks: [${failing('jetty')}]`],
    ['any error is fatal', `\n  any_errors_fatal: true\n  tasks: [${failing('quay')}]`],
    ['one of a task is', `\n  tasks: [{ any_errors_fatal: true, ${failing('quay').slice(2)}]`],
    [
      'it is so for a host that has ended its play',
      `\n  any_errors_fatal: true\n  tasks: [{ meta: end_host, when: "'quay' in inventory_hostname" }, ${failing('jetty')}]`,
    ],
    ['more have failed than may', `\n  max_fail_percentage: 49\n  tasks: [${failing('quay')}]`],
    ['none may', `\n  max_fail_percentage: 0%\n  serial: 2\n  tasks: [${failing('jetty')}]`],
    ['the one that runs for all has', `\n  tasks: [{ ${fail}, run_once: true }]`],
    [
      'a handler has',
      `\n  tasks: [{ command: systemctl daemon-reload, notify: ebb }]\n  handlers: [{ name: ebb, ${fail} }]`,
    ],
  ])('ends where %s', (_, play) => {
    expect(arrivals(files(play))).toEqual([])
    expect(unknowns(files(play))).toContain(
      'the run ends here, before it comes to pier: a task that fails on purpose',
    )
  })

  test.each([
    ['another host is left', `\n  tasks: [${failing('quay')}]`],
    ['that is forgiven', `\n  tasks: [{ ${fail}, ignore_errors: true }]`],
    ['that is rescued', `\n  tasks: [{ block: [{ ${fail} }], rescue: [{ debug: }] }]`],
    [
      'a fatal error is rescued',
      `\n  any_errors_fatal: true\n  tasks: [{ block: [${failing('quay')}], rescue: [{ debug: }] }]`,
    ],
    [
      'a block says that none is fatal',
      `\n  any_errors_fatal: true\n  tasks: [{ block: [${failing('quay')}], any_errors_fatal: false }]`,
    ],
    [
      'hosts do not wait for each other',
      `\n  strategy: free\n  any_errors_fatal: true\n  max_fail_percentage: 0\n  tasks: [${failing('quay')}]`,
    ],
    ['as many have failed as may', `\n  max_fail_percentage: 50\n  tasks: [${failing('quay')}]`],
    ['the play has ended', `\n  tasks: [{ meta: end_play }, { ${fail} }]`],
    [
      'the other host has ended its play',
      `\n  tasks: [{ meta: end_host, when: "'quay' in inventory_hostname" }, { ${fail} }]`,
    ],
    [
      'hosts had failed before the play',
      `\n  tasks: [${failing('quay')}]\n- hosts: quays\n  tasks: [${failing('jetty')}]`,
    ],
    [
      'they all had, and it is for them',
      `\n  tasks: [${failing('quay')}]\n- hosts: quay\n  tasks: [{ debug: }]`,
    ],
  ])('goes on where %s', (_, play) => {
    expect(arrivals(files(play))).toEqual(onPier)
    expect(unknowns(files(play)).join()).not.toContain('the run ends')
  })

  test('that has ended blames no later play', () => {
    const asking = {
      'hosts.ini': inventory,
      'site.yml': `- hosts: quays
  tasks:
    - ${fail}
    - ansible.builtin.set_fact: { tide: high }
${joins('piers', '{{ hostvars.quay.tide }}')}`,
    }
    expect(findings(asking)).toEqual([])
  })

  test('that ends where the token is not defined is found fault with, though K3s starts nowhere', () => {
    const site = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ harbour_token }}' })
    const files = { 'hosts.ini': inventory, 'site.yml': site + joins('piers', '0ddpassword') }
    expect(arrivals(files, { tokenGiven: undefined })).toEqual([])
    expect(findings(files)).toContain('token-undefined error site.yml:7')
  })

  test('that ends for want of an item of another list is no fault of the token', () => {
    const site = installs('quays', {
      INSTALL_K3S_EXEC: 'server --tls-san {{ harbour.moles[1] }}',
      K3S_TOKEN: '{{ token }}',
    })
    const files = {
      'hosts.ini': inventory,
      'group_vars/all.yml': 'token: 0ddpassword\nharbour: { moles: [one] }\n',
      'site.yml': joins('piers', '0ddpassword') + site,
    }
    expect(unknowns(files).join()).toContain("harbour.moles[1]' is undefined")
    expect(findings(files).filter((found) => found.startsWith('token-undefined'))).toEqual([])
  })

  test('ends with a batch on paper only where that is one of a real run', () => {
    // Two batches: quay and jetty, berth and jetty's twin.
    const site = (serial: string) => ({
      'hosts.ini': '[quays]\nquay\njetty a=1\nberth b=1\nwharf a=1\n[piers]\npier\n',
      'site.yml': `- hosts: quays\n  serial: ${serial}\n  tasks: [${failing('berth')}]${joins('piers', '0ddpassword')}`,
    })
    expect(arrivals(site('2'))).toEqual(onPier)
    expect(arrivals(site('1'))).toEqual([])
  })

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['1', 100, []],
    ['2', 49, []],
    ['2', 50, onPier],
    ['3', 33, []],
    ['3', 34, onPier],
  ])(
    'serial: %s, max_fail_percentage: %s counts the hosts that others stand for',
    (serial, most, expected) => {
      const site = `- hosts: quays\n  serial: ${serial}\n  max_fail_percentage: ${most}\n  tasks: [${failing('berth')}]${joins('piers', '0ddpassword')}`
      const inventory = '[quays]\nquay\njetty\nmole\nberth\nwharf\nslip\n[piers]\npier\n'
      expect(arrivals({ 'site.yml': site, 'hosts.ini': inventory })).toEqual(expected)
    },
  )

  test('that ends is nothing to tell of where it only looks at K3s, or takes its workloads away', () => {
    const files = {
      'hosts.ini': '[quays]\nquay\n',
      'site.yml': '- hosts: quays\n  roles: [harbour]\n',
      'roles/harbour/tasks/main.yml': '- import_tasks: moor.yml\n',
      'roles/harbour/tasks/moor.yml': '- shell: curl -sfL https://get.k3s.io | sh -s - server\n',
      'roles/harbour/tasks/look.yml': `
- stat: { path: /etc/rancher/k3s/config.yaml }
  register: chart
- assert: { that: ["chart.stat.mode == '0600'", "services['k3s.service'].state == 'running'"] }
`,
      'roles/harbour/tasks/clear.yml': '- command: k3s kubectl delete namespace berths\n',
    }
    const part = (from: string): string => `
- hosts: quays
  vars: { sure: false }
  tasks:
    - fail: { msg: Say that you are sure }
      when: not sure
    - name: Look at the K3s server
      include_role: { name: harbour, tasks_from: ${from} }
`
    const told = (from: string): readonly string[] =>
      unknowns({ ...files, 'tide.yml': part(from) }).filter((what) => what.startsWith('the play ends here'))
    expect(told('look')).toEqual([])
    expect(told('clear')).toEqual([])
    expect(told('moor')).toEqual(['the play ends here for quay: a task that fails on purpose'])
  })
})

describe('tasks that are not there', () => {
  const role = {
    'roles/mole/tasks/main.yml': '- debug:\n',
    'roles/mole/tasks/deep.yml': '- debug:\n- { import_tasks: gone.yml, when: false }\n',
    'roles/mole/defaults/main.yml': 'depth: 1\n',
    'roles/bare/defaults/main.yml': 'depth: 1\n',
    'tasks/deep.yml': '- block: [{ import_tasks: gone.yml }]\n  rescue: [{ debug: }]\n',
    'tasks/bent.yml': '- import_role: { name: mole, vars_from: gone }\n',
  }
  const files = (task: string, more: Files = {}): Files => ({
    'hosts.ini': '[quays]\nquay\njetty a=1\n',
    'site.yml': `- hosts: quays\n  gather_facts: false\n  tasks:\n    - ${task}\n${joins('quays', '0ddpassword')}`,
    ...role,
    ...more,
  })
  const all = ['jetty', 'quay'].map((host) => `${host} agent present env-file url`)
  const refused = (found: Files): readonly string[] =>
    [...new Analysis(new Map(Object.entries(found))).rehearsal.refused.values()].map(({ why }) => why)

  // As ansible-core 2.21 plays it; 2.14 ends all at an include_role, whatever rescues it.
  test.each([
    ['{ include_tasks: gone.yml }', 'there is no file of tasks gone.yml'],
    ['{ include_tasks: { file: tasks/gone.yml } }', 'there is no file of tasks tasks/gone.yml'],
    ['{ include_tasks: gone.yml, ignore_errors: true }', 'there is no file of tasks gone.yml'],
    ['{ include_tasks: gone.yml, loop: [1] }', 'there is no file of tasks gone.yml'],
    ['{ include_tasks: tasks/deep.yml }', 'there is no file of tasks gone.yml'],
    ['{ include_tasks: tasks/bent.yml }', 'the role mole has no vars gone'],
    ['{ include_role: { name: mole, tasks_from: gone.yml } }', 'the role mole has no tasks gone.yml'],
    ['{ include_role: { name: mole, tasks_from: deep } }', 'there is no file of tasks gone.yml'],
    ['{ include_role: { name: mole, defaults_from: gone } }', 'the role mole has no defaults gone'],
    ['{ include_role: { name: mole, vars_from: main } }', 'the role mole has no vars main'],
    ['{ include_role: { name: mole, handlers_from: gone } }', 'the role mole has no handlers gone'],
    ['{ include_role: { name: bare, tasks_from: main } }', 'the role bare has no tasks main'],
  ])('end the play where it comes to them: %s', (task, why) => {
    const found = files(task)
    expect(arrivals(found)).toEqual([])
    expect(unknowns(found)).toContain(`the play ends here for jetty: ${why}`)
    expect(refused(found)).toEqual([])
  })

  test('end it for the hosts that come to them', () => {
    const found = files("{ include_tasks: gone.yml, when: inventory_hostname == 'quay' }")
    expect(arrivals(found)).toEqual(all.slice(0, 1))
    expect(unknowns(found)).toEqual(['the play ends here for quay: there is no file of tasks gone.yml'])
  })

  test.each([
    ['{ include_tasks: gone.yml, when: false }'],
    ['{ include_tasks: gone.yml, loop: [] }'],
    ['{ include_tasks: gone.yml, tags: never }'],
    ['{ include_role: { name: mole, tasks_from: gone.yml }, when: false }'],
    ['{ include_role: { name: bare } }'],
    ['{ block: [{ include_tasks: gone.yml }], rescue: [{ debug: }] }'],
    ['{ block: [{ include_role: { name: mole, tasks_from: gone } }], rescue: [{ debug: }] }'],
    ['{ include_tasks: "{{ tide }}.yml" }'],
    ['{ include_tasks: "{{ playbook_dir }}/gone.yml" }'],
    ['{ include_tasks: /srv/gone.yml }'],
    ['{ include_tasks: ../gone.yml }'],
    ['{ include_role: { name: mole, tasks_from: "{{ tide }}" } }'],
    ['{ include_role: { name: harbourmaster.quays.mole, tasks_from: gone } }'],
    [
      '{ copy: { dest: "{{ playbook_dir }}/gone.yml", content: "[]" }, delegate_to: localhost }\n    - include_tasks: gone.yml',
    ],
  ])('end nothing where it does not come to them, or they may be there: %s', (task) => {
    const found = files(task)
    expect(arrivals(found).map((one) => one.split(' ')[0])).toEqual(['jetty', 'quay'])
    expect(refused(found)).toEqual([])
  })

  test('leave the play as it is where they are included only where nobody knows', () => {
    const found = files('{ include_tasks: gone.yml, when: ansible_machine == "ppc" }')
    expect(arrivals(found)).toEqual(all)
    expect(unknowns(found)).toEqual(['there is no file of tasks gone.yml'])
  })

  // As ansible-core 2.21 and 2.14 have it: not one task of the playbook runs.
  test.each([
    ['{ import_tasks: gone.yml }', 'there is no file of tasks gone.yml'],
    ['{ import_tasks: gone.yml, when: false, tags: never }', 'there is no file of tasks gone.yml'],
    [
      '{ block: [{ import_tasks: tasks/deep.yml }], rescue: [{ debug: }] }',
      'there is no file of tasks gone.yml',
    ],
    ['{ import_role: { name: mole, tasks_from: gone } }', 'the role mole has no tasks gone'],
    ['{ import_role: { name: mole, tasks_from: deep.yml } }', 'there is no file of tasks gone.yml'],
    ['debug:\n  handlers: [{ import_tasks: gone.yml }]', 'there is no file of tasks gone.yml'],
    ['debug:\n- { hosts: piers, tasks: [{ import_tasks: gone.yml }] }', 'there is no file of tasks gone.yml'],
  ])('refuse the playbook that imports them: %s', (task, why) => {
    const found = files(task)
    expect(refused(found)).toEqual([why])
    expect(findings(found).filter((one) => one.startsWith('file-unreadable'))).toHaveLength(1)
    expect(arrivals(found).map((one) => one.split(' ')[0])).toEqual(['jetty', 'quay'])
  })

  test('refuse none where they are not looked for, or may be there', () => {
    expect(refused(files('{ import_tasks: "{{ tide }}.yml" }'))).toEqual([])
    expect(refused(files('{ import_tasks: tasks/main.yml }', { 'tasks/main.yml': '- debug:\n' }))).toEqual([])
    expect(refused(files('debug:\n  roles: [{ role: mole, tasks_from: gone }]'))).toEqual([])
    expect(refused(files('{ import_role: { name: bare } }'))).toEqual([])
  })
})

describe('a handler that is not there', () => {
  const inventory = '[quays]\nquay\njetty a=1\n[piers]\npier\n'
  const beacon = "copy: { dest: /etc/default/k3s-beacon, content: lit, mode: '0644' }"
  const files = (task: string, more: Files = {}, play = ''): Files => ({
    'hosts.ini': inventory,
    'site.yml': `- hosts: quays\n  tasks:\n    - ${task}\n${play}${joins('quays', '0ddpassword')}${joins('piers', '0ddpassword')}`,
    ...more,
  })
  const ends = (found: Files): boolean => arrivals(found).length === 0
  const all = ['jetty', 'pier', 'quay'].map((host) => `${host} agent present env-file url`)

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    [`{ ${beacon}, notify: ebb }`],
    [`{ ${beacon}, notify: [tide, ebb] }`],
    [`{ ${beacon}, notify: "tide, tide" }`],
    [`{ ${beacon}, notify: '' }`],
    [`{ ${beacon}, notify: "{{ 'e' ~ 'bb' }}" }`],
    [`{ block: [{ ${beacon} }], notify: ebb }`],
    [`{ block: [{ ${beacon}, notify: ebb }], rescue: [{ debug: }], always: [{ debug: }] }`],
    [`{ ${beacon}, notify: ebb, ignore_errors: true }`],
    [`{ ${beacon}, notify: ebb, when: inventory_hostname == 'jetty' }`],
    [
      `{ ${beacon}, notify: tide, loop: [1] }\n    - { debug: { msg: k3s token }, changed_when: true, notify: ebb }`,
    ],
    [`{ command: systemctl daemon-reload, notify: rise }`],
  ])('ends the run for all hosts: %s', (task) => {
    const handlers =
      '  handlers: [{ name: tide, debug: { msg: high } }, { name: rise, command: systemctl daemon-reload, notify: ebb }]\n'
    const found = files(task, {}, handlers)
    expect(arrivals(found)).toEqual([])
    expect(unknowns(found).join()).toMatch(/the play ends here for quay: there is no handler /)
    expect(unknowns(found).join()).toMatch(/the run ends here, before it comes to pier: there is no handler /)
  })

  test.each([
    [`{ ${beacon}, notify: ebb, when: false }`],
    [`{ ${beacon}, notify: ebb, changed_when: false }`],
    [`{ ${beacon}, notify: [] }`],
    [`{ ${beacon}, notify: }`],
    [`{ ${beacon}, notify: '{{ omit }}' }`],
    [
      `{ command: systemctl daemon-reload, notify: ebb, failed_when: true, changed_when: true, ignore_errors: true }`,
    ],
    [`{ stat: { path: /etc/k3s }, register: seen, notify: ebb }\n    - { debug: { var: seen } }`],
  ])('ends nothing where nobody is notified: %s', (task) => {
    expect(arrivals(files(task))).toEqual(all)
  })

  // As ansible-core 2.21 and 2.14 have it.
  test('ends it at the first of several that are not there', () => {
    const found = files(
      `{ ${beacon}, notify: [tide, ebb, flood] }`,
      {},
      '  handlers: [{ name: tide, debug: }]\n',
    )
    expect(unknowns(found).join()).toContain('the play ends here for quay: there is no handler ebb')
    expect(unknowns(found).join()).not.toContain('flood')
  })

  test('only may end it where only the node knows whether the task changes something', () => {
    const found = files("{ file: { path: /etc/rancher/k3s, state: directory, mode: '0755' }, notify: ebb }")
    expect(arrivals(found)).toEqual(all)
    expect(unknowns(found)).toEqual([
      'there is no handler ebb: the run ends here if the task changes something',
    ])
  })

  const role = {
    'roles/mole/handlers/main.yml': '- { name: ebb, debug: { msg: low }, listen: [flow] }\n',
    'roles/mole/tasks/main.yml': '- debug:\n',
  }
  test.each([
    ['  handlers: [{ name: ebb, debug: { msg: low } }]\n'],
    ['  handlers: [{ name: low, debug: { msg: low }, listen: ebb }]\n'],
    ['  handlers: [{ name: "{{ water }}", debug: { msg: low } }]\n'],
    ['  handlers: [{ import_tasks: elsewhere.yml }]\n'],
    ['  roles: [mole]\n'],
    ['  roles: [harbourmaster.k3s]\n'],
    ['    - import_role: { name: mole }\n'],
    ['    - include_role: { name: "{{ jetsam }}" }\n'],
    ['    - include_tasks: /srv/elsewhere.yml\n'],
  ])('may be one of a role or a file: %s', (play) => {
    expect(ends(files(`{ ${beacon}, notify: ebb }`, role, play))).toBe(false)
  })

  test('is not one of a role that the play does not have, or of another name', () => {
    const other = '- { hosts: quays, roles: [mole] }\n'
    expect(ends(files(`{ ${beacon}, notify: ebb }`, role, other))).toBe(true)
    expect(ends(files(`{ ${beacon}, notify: "mole : low" }`, role, '  roles: [mole]\n'))).toBe(true)
    expect(ends(files(`{ ${beacon}, notify: "mole : ebb" }`, role, '  roles: [mole]\n'))).toBe(false)
    expect(ends(files(`{ ${beacon}, notify: flow }`, role, '  roles: [mole]\n'))).toBe(false)
  })

  // As ansible-core 2.21 and 2.14 play it: import_role brings its handlers at once, include_role when the play comes to it.
  const last = '    - include_role: { name: mole }\n'
  test.each<[string, Files]>([
    [last, {}],
    ['    - include_role: { name: mole, tasks_from: main }\n      when: false\n', {}],
    ['    - block: [{ include_role: { name: mole } }]\n', {}],
    ['  post_tasks: [{ include_role: { name: mole } }]\n', {}],
  ])('is not one of a role that the play includes later: %s', (play, more) => {
    expect(ends(files(`{ ${beacon}, notify: ebb }`, { ...role, ...more }, play))).toBe(true)
  })

  test.each<[string, Files]>([
    [`${last}    - import_role: { name: mole }\n`, {}],
    [`${last}  pre_tasks: [{ include_role: { name: mole } }]\n`, {}],
    [`${last}  strategy: free\n`, {}],
    [`${last}  serial: 1\n`, {}],
    [`${last}  roles: [pile]\n`, { 'roles/pile/meta/main.yml': 'dependencies: [mole]\n' }],
    [`${last}  roles: [pile]\n`, { 'roles/pile/tasks/main.yml': '- include_role: { name: mole }\n' }],
  ])('may be one where the role may be there before: %s', (play, more) => {
    expect(ends(files(`{ ${beacon}, notify: ebb }`, { ...role, ...more }, play))).toBe(false)
  })

  test('is there behind the include', () => {
    const task = `{ include_role: { name: mole } }\n    - { ${beacon}, notify: ebb }`
    expect(ends(files(task, role))).toBe(false)
    expect(ends(files(task, role, last))).toBe(false)
  })

  test('may be missing where ansible.cfg says so, or where a role is alone', () => {
    const config = (value: string) => ({ 'ansible.cfg': `[defaults]\nerror_on_missing_handler = ${value}\n` })
    expect(ends(files(`{ ${beacon}, notify: ebb }`, config('False')))).toBe(false)
    expect(ends(files(`{ ${beacon}, notify: ebb }`, config('True')))).toBe(true)
    const install = joins('x', '0ddpassword').split('  tasks:\n')[1]?.replace(/^ {4}/gm, '') ?? ''
    const alone = {
      'tasks/main.yml': `- ${beacon}\n  notify: ebb\n${install}`,
      'meta/main.yml': 'galaxy_info: { role_name: k3s }\n',
    }
    expect(arrivals(alone)).not.toEqual([])
  })
})

// As ansible-core 2.21 and 2.14 play it; `end_role` came with 2.18.
describe('meta', () => {
  const site = (keywords: string, meta: string, rest = ''): Files => ({
    'hosts.ini': '[berths]\nberth\njetty a=1\n',
    'site.yml': `${joins('berths', '0ddpassword').replace('  tasks:\n', `${keywords}  tasks:\n    - ${meta}\n`)}${rest}`,
  })
  const started = (files: Files): readonly string[] => arrivals(files).map((one) => one.split(' ')[0] ?? '')
  const on = (host: string): string => `when: inventory_hostname == '${host}'`

  test.each([
    ['end_play', '', []],
    ['end_batch', '', []],
    ['end_host', '', ['jetty']],
    ['end_play', 'serial: 1', []],
    ['end_batch', 'serial: 1', ['jetty']],
    ['end_play', 'strategy: free', []],
    ['noop', '', ['berth', 'jetty']],
  ])('%s for the first host, %s', (name, keyword, expected) => {
    expect(started(site(`  ${keyword}\n`, `{ meta: ${name}, ${on('berth')} }`))).toEqual(expected)
  })

  test.each([
    ['end_play', '', ['berth', 'jetty']],
    ['end_batch', '', ['berth', 'jetty']],
    ['end_host', '', ['berth']],
    ['end_play', 'serial: 1', ['berth']],
  ])('%s for another host, %s', (name, keyword, expected) => {
    expect(started(site(`  ${keyword}\n`, `{ meta: ${name}, ${on('jetty')} }`))).toEqual(expected)
  })

  test('end_play ends no play that comes later', () => {
    const later = joins('berths', '0ddpassword')
    expect(started(site('  serial: 1\n', 'meta: end_play', later))).toEqual(['berth', 'jetty'])
  })

  test('clear_host_errors brings hosts back in the next play, if the first host that is left asks for it', () => {
    const fails = `fail: { msg: no }\n      ${on('berth')}`
    const first = (more: string): string =>
      `- hosts: berths\n  tasks:\n    - ${fails}\n    - meta: clear_host_errors\n${more}`
    const files = (more: string): Files => ({
      'hosts.ini': '[berths]\nberth\njetty a=1\npier b=1\n',
      'site.yml': first(more) + joins('berths', '0ddpassword'),
    })
    expect(started(files(''))).toEqual(['berth', 'jetty', 'pier'])
    expect(started(files(`      ${on('jetty')}\n`))).toEqual(['berth', 'jetty', 'pier'])
    expect(started(files(`      ${on('pier')}\n`))).toEqual(['jetty', 'pier'])
    const same = site('', `${fails}\n    - meta: clear_host_errors`)
    expect(started(same)).toEqual(['jetty'])
    expect(unknowns(same).join()).not.toContain('ends here')
  })

  test('end_role ends the role that it stands in, for that host, and none around it', () => {
    const install = joins('x', '0ddpassword').split('  tasks:\n')[1]?.replace(/^ {4}/gm, '') ?? ''
    const ends = `- block: [{ meta: end_role, ${on('berth')} }]\n  always: [{ fail: { msg: no }, ${on('berth')} }]\n`
    const files = (mole: string, pier: string, play: string): Files => ({
      'hosts.ini': '[berths]\nberth\njetty a=1\n',
      'site.yml': `- hosts: berths\n${play}`,
      'roles/mole/tasks/main.yml': mole,
      'roles/pier/tasks/main.yml': pier,
    })
    const both = ['berth', 'jetty']
    expect(started(files(ends + install, '', '  roles: [mole]\n'))).toEqual(['jetty'])
    expect(started(files(ends, install, '  roles: [mole, pier]\n'))).toEqual(both)
    expect(
      started(files(ends, install, '  tasks: [include_role: { name: mole }, import_role: { name: pier }]\n')),
    ).toEqual(both)
    const inner = '- include_role: { name: pier }\n'
    expect(started(files(inner + install, ends, '  roles: [mole]\n'))).toEqual(both)
    expect(started(files(ends + inner, install, '  roles: [mole]\n'))).toEqual(['jetty'])
    const within = {
      ...files(`- include_tasks: ebb.yml\n${install}`, '', '  roles: [mole]\n'),
      'roles/mole/tasks/ebb.yml': ends,
    }
    expect(started(within)).toEqual(['jetty'])
  })

  test('flush_handlers runs those of the hosts for which its condition holds', () => {
    const wipe = 'file: { path: /etc/systemd/system/k3s-agent.service.env, state: absent }'
    const skipping = joins('berths', '0ddpassword').replace(
      'K3S_URL',
      'INSTALL_K3S_SKIP_START: "true"\n        K3S_URL',
    )
    const play = `${skipping}      notify: sail
    - { meta: flush_handlers, ${on('berth')} }
    - ${wipe}
  handlers: [{ name: sail, service: { name: k3s-agent, state: restarted } }]
`
    expect(arrivals({ 'hosts.ini': '[berths]\nberth\njetty a=1\n', 'site.yml': play })).toEqual([
      'berth agent present env-file url',
      'jetty agent absent none no url',
    ])
  })
})

// A list for ansible-core 2.14, a tuple for 2.21.
test.each([
  ["ansible_run_tags in ['all', ('all',)]", false],
  ["ansible_run_tags == ['all']", false],
  ["ansible_run_tags == ('all',)", false],
  ["ansible_run_tags == ['all', 'ebb']", true],
  ["ansible_run_tags | list == ['ebb']", true],
  ["'all' in ansible_run_tags", false],
])('a task that fails unless %s', (condition, ends) => {
  const files = {
    'hosts.ini': '[berths]\nberth\n',
    'site.yml': joins('berths', '0ddpassword').replace(
      'tasks:',
      `tasks:\n    - ansible.builtin.fail: { msg: no token }\n      when: not (${condition})`,
    ),
  }
  expect(arrivals(files)).toEqual(ends ? [] : ['berth agent present env-file url'])
})

describe('a task that runs the install script in no scenario', () => {
  const note = 'this task would bring K3s to quay, but runs in no scenario that is rehearsed'
  const told = (when: string): readonly string[] =>
    unknowns({
      'hosts.ini': '[heads]\nquay rank=first\npier rank=second\n',
      'site.yml': `
- hosts: heads
  tasks:
    - command: k3s --version
      register: keel
      ignore_errors: true
    - group_by: { key: 'afloat_{{ keel.rc == 0 }}' }
    - set_fact: { place: '{{ rank }}' }
    - shell: curl -sfL https://get.k3s.io | K3S_TOKEN=0ddpassword sh -s - server --server https://pier:6443
      when: ${when}
    - shell: curl -sfL https://get.k3s.io | sh -s - server --cluster-init
      when: rank == 'first' and keel.rc != 0
`,
    })

  test.each([
    // One has K3s, the other has not.
    "inventory_hostname == 'quay' and keel.rc != 0 and groups.afloat_True is defined",
    "[inventory_hostname == 'quay', (keel.rc | int) != 0 and (keel.rc != 0), groups.afloat_True is defined]",
  ])('is named where what other tasks find keeps it from that: %s', (when) => {
    expect(told(when)).toEqual([note])
  })

  test.each([
    // It runs in some scenario.
    "inventory_hostname == 'quay' and keel.rc == 0",
    // So it is with this inventory, whatever is found.
    "rank == 'third' and groups.afloat_True is defined",
    "groups.afloat_True is defined and place == 'third' and rank == 'third'",
    "groups.hands is defined and rank == 'third'",
    'groups.heads | length > 4',
    "(rank | lower) == 'third' and (keel.rc | int) == 0",
    // What never holds is no matter of how nodes differ, and K3s starts there all the same.
    "keel is not defined and rank == 'first'",
  ])('but not where it runs, or the inventory has no host for it: %s', (when) => {
    expect(told(when)).toEqual([])
  })

  test('is named where nothing else brings K3s to the host', () => {
    const when = "keel is not defined and rank == 'second'"
    expect(told(when)).toEqual([note.replace('quay', 'pier')])
  })
})

describe('a play that starts K3s in no scenario', () => {
  const hosts = '[heads]\nquay\n[hands]\nberth\n'
  const install = 'shell: curl -sfL https://get.k3s.io | sh -s - server --cluster-init'
  const play = (...tasks: readonly string[]): string =>
    `- hosts: heads\n  tasks:\n    - command: uptime\n      register: seen\n${tasks.map((task) => `    - ${task}\n`).join('')}`
  const told = (first: string, more: Files = {}, rest = joins('hands', '0ddpassword')): readonly string[] =>
    unknowns({ 'hosts.ini': hosts, 'site.yml': first + rest, ...more }).filter((what) =>
      what.includes('start'),
    )
  const note = 'the tasks of this play that start K3s run in no scenario on quay'
  const never = '\n      when: seen is not defined'

  test('is named where agents of another one start', () => {
    expect(told(play(install + never))).toEqual([note])
    expect(told(play(`service: { name: k3s, state: started }${never}`))).toEqual([note])
    expect(told(play(`command: sh /opt/k3s-install.sh${never}`))).toEqual([note])
    expect(
      told(play(`include_role: { name: moorings }${never}`), {
        'roles/moorings/tasks/main.yml': `- ${install}\n`,
      }),
    ).toEqual([note])
  })

  test('is named where it shares its tasks with the other one, too', () => {
    const site = ['heads', 'hands'].map((group) => `- { hosts: ${group}, roles: [moorings] }\n`).join('')
    const tasks = `- command: uptime\n  register: seen\n- shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://quay:6443\n  when: "'hands' in group_names"\n- ${install}\n  when: "'heads' in group_names and seen is not defined"\n`
    expect(told(site, { 'roles/moorings/tasks/main.yml': tasks }, '')).toEqual([note])
  })

  test('but not where it has started some host, or what ends it is told', () => {
    expect(told(play(install))).toEqual([])
    expect(
      told(play(`${install}\n      when: rank is defined`), {
        'hosts.ini': `${hosts}[heads]\npier rank=1\n`,
      }),
    ).toEqual([])
    // In one scenario it does.
    expect(told(play(`${install}\n      when: airgap_dir is defined`))).toEqual([])
    expect(
      told(
        play(install),
        {},
        installs('heads', { INSTALL_K3S_EXEC: 'server' }) + joins('hands', '0ddpassword'),
      ),
    ).toEqual([])
    // On another host it does.
    expect(told(play(`${install}\n      delegate_to: rock`))).toEqual([
      'K3s starts on rock, which no inventory has',
    ])
    expect(
      told(play(`block: [{ ${install} }]\n      delegate_to: jetty`), {
        'hosts.ini': `${hosts}[rocks]\njetty\n`,
      }),
    ).toEqual([])
    const ended = play(install + never, "fail: { msg: no }\n      when: inventory_hostname == 'quay'")
    expect(told(ended, { 'hosts.ini': `${hosts}[heads]\npier\n` })).toEqual([note.replace('quay', 'pier')])
  })

  test('nor where it only prepares, takes away or is left to be asked for, or no agent starts', () => {
    for (const task of [
      'get_url: { url: https://get.k3s.io, dest: /opt/k3s-install.sh }',
      'shell: curl -sfL https://get.k3s.io -o /opt/k3s-install.sh',
      'shell: curl -sfL https://get.k3s.io | INSTALL_K3S_SKIP_START=true sh -',
      'command: /usr/local/bin/k3s-uninstall.sh',
      'command: k3s --version',
      'service: { name: k3s, state: stopped }',
      `${install}\n      tags: [never, upgrade]`,
    ])
      expect(told(play(task + never)), task).toEqual([])
    expect(told(play(install + never).replace('tasks:', 'tags: never\n  tasks:'))).toEqual([])
    expect(told(play(install + never), {}, '')).toEqual([
      'this task would bring K3s, of which no service starts in any scenario',
    ])
  })
})

describe('a role that is not in the project', () => {
  const cures = (name: string, files: Files): readonly (string | undefined)[] => {
    const site = `- hosts: all\n  roles: [${name}]\n`
    const project = new Map(Object.entries({ 'hosts.ini': '[quays]\nquay\n', 'site.yml': site, ...files }))
    return new Analysis(project).rehearsal.unknowns.map(({ cure }) => cure?.split(': ')[1])
  }
  const role = 'harbourmaster.k3s'
  const lists = (name: string): string => `roles:\n  - name: ${name}\n`
  const repository = 'collections:\n  - name: https://git.example.net/quay/orchestration.git\n'

  test.each([
    [role, 'requirements.yaml', lists(role), 'role install -r requirements.yaml -p roles'],
    [role, 'roles/requirements.yml', lists(role), 'role install -r roles/requirements.yml -p roles'],
    [role, 'requirements.yml', lists(`${role}_tide`), `role install ${role} -p roles`],
    [role, 'requirements.yml', repository, `role install ${role} -p roles`],
    [role, 'molecule/default/requirements.yml', lists(role), `role install ${role} -p roles`],
    [role, 'notes.yml', lists(role), `role install ${role} -p roles`],
    [
      'k3s_berth',
      'requirements.yml',
      '- src: git@git.example.net:quay/k3s_berth.git\n',
      'role install -r requirements.yml -p roles',
    ],
    [
      'quay.k3s.berth',
      'collections/requirements.yml',
      'collections: [quay.k3s]\n',
      'collection install -r collections/requirements.yml -p collections',
    ],
    [
      'quay.k3s.berth',
      'requirements.yml',
      repository,
      'collection install -r requirements.yml -p collections',
    ],
    ['quay.k3s.berth', 'requirements.yml', lists(role), 'collection install quay.k3s -p collections'],
  ])('%s with %s is brought by what names it', (name, path, text, command) => {
    expect(cures(name, { [path]: text })).toEqual([`ansible-galaxy ${command}`])
  })

  // Where ansible-core 2.21 and 2.14 find it, whatever directory they are started in.
  test.each([
    ['beside the playbook', '', 'plays/roles'],
    ['where ansible.cfg says', '[defaults]\nroles_path = /opt/roles:./fleet\n', 'fleet'],
  ])('it is brought to %s', (_, config, where) => {
    const files = {
      'plays/site.yml': '- hosts: berths\n  roles: [boats.k3s]\n',
      'ansible.cfg': config,
    }
    const notes = new Analysis(new Map(Object.entries(files))).rehearsal.unknowns
    expect(notes.map(({ cure }) => cure)).toEqual([
      `it is followed once it lies in the project: ansible-galaxy role install boats.k3s -p ${where}`,
    ])
  })

  test('a playbook that lies elsewhere is named by where it lies', () => {
    const files = {
      'plays/all.yml': '- import_playbook: fleet/k3s.yml\n',
      'more/fleet/k3s.yml': '- hosts: berths\n  tasks: []\n',
    }
    expect(unknowns(files)).toContain(
      'more/fleet/k3s.yml is not where Ansible looks for the playbook fleet/k3s.yml, which is plays/fleet/k3s.yml',
    )
    expect(
      unknowns({ ...files, 'plays/fleet/k3s.yml': '- hosts: berths\n  tasks: []\n' }).join(),
    ).not.toContain('not where')
  })

  describe('but where Ansible does not look for it', () => {
    const tasks = (token: string): string =>
      `- command: sh /opt/k3s-install.sh agent --server https://quay:6443\n  environment: { K3S_TOKEN: "${token}" }\n`
    const files = {
      'hosts.yml':
        'quays: {hosts: {quay: }}\nberths: {hosts: {berth: , pier: }}\ndesk: {hosts: {localhost: {ansible_connection: local}}}\n',
      'plays/site.yml': '- hosts: berths:!pier\n  roles: [k3s_berth]\n- hosts: all\n  roles: [tide]\n',
      'roles/fleet/k3s_berth/tasks/main.yml': tasks("{{ harbour_key | default('0ddpassword') }}"),
    }
    const told = 'roles/fleet/k3s_berth is not where Ansible looks for the role k3s_berth'
    const onBerth = ['berth agent present env-file url']

    test.each([
      ['that lists it', '- hosts: berths:!pier\n  roles: [k3s_berth]\n- hosts: all\n  roles: [tide]\n'],
      [
        'whose tasks include it',
        '- hosts: [berths, "!pier"]\n  tasks: [include_role: { name: k3s_berth }]\n',
      ],
      ['that another one imports', '- import_playbook: fleet.yml\n'],
    ])('it is rehearsed on the hosts of the play %s', (_, site) => {
      const all = { ...files, 'plays/site.yml': site }
      const fleet = { 'plays/fleet.yml': '- hosts: berth\n  roles: [{ role: k3s_berth }]\n' }
      const imported = site.includes('fleet.yml') ? { ...all, ...fleet } : all
      expect(arrivals(imported)).toEqual(onBerth)
      expect(unknowns(imported)).toContain(told)
    })

    test('with what the play gives it', () => {
      const given = (token: string): Files => ({
        ...files,
        'plays/site.yml': `- hosts: quay\n  vars: { harbour_key: "" }\n  roles: [k3s_berth]\n- hosts: berth\n  roles: [{ role: k3s_berth, harbour_key: "${token}" }]\n`,
      })
      expect(arrivals(given('0ddpassword'))).toContain(onBerth[0])
      expect(arrivals(given('0ddpassword')).join()).not.toContain('quay agent present')
      expect(arrivals(given(''))).not.toContain(onBerth[0])
    })

    test('and on all where none asks for it', () => {
      const { 'plays/site.yml': _, ...alone } = files
      expect(arrivals(alone)).toHaveLength(4)
      expect(unknowns(alone)).toEqual([])
    })

    test('is another one where a file lists that for Galaxy', () => {
      const listed = { ...files, 'requirements.yml': lists('k3s_berth') }
      expect(unknowns(listed)).not.toContain(told)
    })

    test('is found where roles_path names its directory', () => {
      const found = { ...files, 'ansible.cfg': '[defaults]\nroles_path = roles/fleet\n' }
      expect(arrivals(found)).toEqual(onBerth)
      expect(unknowns(found)).not.toContain(told)
    })
  })

  test('has no command that would bring it where nothing says whose it is', () => {
    expect(cures('k3s_berth', { 'requirements.yml': lists('quay.k3s_berths') })).toEqual([undefined])
  })
})

describe('a role that no playbook plays and whose tasks are those of one that is played', () => {
  const copied = (directory: string, flag: string): Files => ({
    [`${directory}/roles/berth/tasks/main.yml`]: `
- template: { src: berth.service.j2, dest: /etc/systemd/system/k3s-agent.service }
- service: { name: k3s-agent, state: started }
`,
    [`${directory}/roles/berth/templates/berth.service.j2`]: `[Service]\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443 ${flag}\n`,
    [`${directory}/roles/berth/defaults/main.yml`]: 'harbour_key: 0ddpassword\n',
  })
  const flag = '--token {{ harbour_key }}'
  const north = { ...copied('north', flag), 'north/site.yml': '- { hosts: all, roles: [berth] }\n' }
  const playbooks = (files: Files): readonly string[] => {
    const { verdicts } = new Analysis(new Map(Object.entries({ 'hosts.ini': 'pier\n', ...files }))).rehearsal
    return [...new Set(verdicts.map(({ playbook, token }) => `${playbook} ${token}`))]
  }
  const onNorth = 'north/site.yml present'

  test('is a copy of it, and passed over', () => {
    expect(playbooks({ ...north, ...copied('south', flag) })).toEqual([onNorth])
  })

  test.each<[string, Files, string]>([
    ['template', copied('south', ''), 'absent'],
    [
      'default',
      { ...copied('south', flag), 'south/roles/berth/defaults/main.yml': 'harbour_key: ""\n' },
      'empty',
    ],
    [
      'default that some other role has',
      {
        ...copied('south', flag),
        'south/roles/berth/defaults/main.yml': 'harbour_key: ""\n',
        'north/roles/pier/tasks/main.yml': '- ping:\n',
        'north/roles/pier/defaults/main.yml': 'harbour_key: ""\n',
        'north/site.yml': '- { hosts: all, roles: [berth] }\n- { hosts: all, roles: [pier] }\n',
      },
      'empty',
    ],
  ])('is rehearsed where it has another %s', (_, south, token) => {
    expect(playbooks({ ...north, ...south })).toEqual([onNorth, `south/roles/berth ${token}`])
  })
})

describe('group_vars that lie beside neither the inventory nor a playbook', () => {
  const files: Files = {
    'ansible.cfg': '[defaults]\ninventory = hosts/harbour.ini\n',
    'hosts/harbour.ini': '[piers]\npier\n',
    'group_vars/all.yml': "slip: \"{{ lookup('env', 'HARBOUR_KEY') }}\"\n",
    'plays/site.yml': installs('piers', { K3S_URL: 'https://quay:6443', K3S_TOKEN: '{{ slip }}' }),
  }
  const undefinedIn = (given: Files) => findings(given).filter((found) => found.startsWith('token-undefined'))

  // As ansible-core 2.21 and 2.14 play it.
  test('do not set a token', () => {
    expect(undefinedIn(files)).toEqual(['token-undefined error plays/site.yml:7'])
  })

  test.each<[string, Files]>([
    ['a playbook lies beside them', { 'upgrade.yml': '- hosts: piers\n  tasks: []\n' }],
    ['another inventory lies beside them', { 'hosts.ini': '[piers]\nquay\n' }],
    [
      'a command gives the file',
      { Makefile: 'site:\n\tansible-playbook plays/site.yml -e @group_vars/all.yml\n' },
    ],
    [
      'the play reads the file',
      { 'plays/site.yml': `${files['plays/site.yml']}  vars_files: [../group_vars/all.yml]\n` },
    ],
    ['no ansible.cfg names the inventory', { 'ansible.cfg': '[defaults]\nforks = 5\n' }],
  ])('may where %s', (_, more) => {
    expect(undefinedIn({ ...files, ...more })).toEqual([])
  })
})

test('more inventories than are rehearsed are named, of what starts K3s with the others', () => {
  const ports = ['one', 'two', 'three', 'four', 'zenith']
  const files: Files = {
    ...Object.fromEntries(ports.map((port) => [`inventory/${port}.ini`, '[piers]\npier\n'])),
    'site.yml': joins('piers', '0ddpassword'),
    'roles/k3s_chart/tasks/main.yml': '- file: { path: /srv/k3s/charts, state: directory }\n',
  }
  expect(bounds(files)).toEqual(['more inventories than are rehearsed: not inventory/zenith.ini'])
})
