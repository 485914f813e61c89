import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { lint } from '../src/lint/run.ts'
import { rules } from '../src/rules/index.ts'
import { positionAt } from '../src/span.ts'
import { arrivals, bounds, doubts, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

const HOSTS = '[quays]\nquay\n[berths]\nberth\n'
const BERTH = '[berths]\nberth\n'
const JOINS = { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443', K3S_TOKEN: '0ddpassword' }
const arrives = 'berth agent present env-file url'
const tasks = (...list: readonly string[]): string =>
  `\n- hosts: berths\n  tasks:\n${list.map((task) => `    - ${task}\n`).join('')}`

/** A task that asks something, and an agent that joins only where `condition` holds. */
const asked = (task: string, condition: string): string =>
  tasks(`{ ${task}, register: beacon }`) +
  joins('berths', '0ddpassword').replace('      environment:', `      when: ${condition}\n      environment:`)

describe('what a task returned', () => {
  test.each([
    'beacon is defined',
    'beacon is not undefined',
    "hostvars['berth'].beacon is defined",
    'beacon is changed',
    'beacon is not failed',
    'beacon is succeeded',
    'beacon is not skipped',
    'beacon.rc == 0',
  ])('%s after a command that the play goes on after', (condition) => {
    const site = asked('command: lighthouse', JSON.stringify(condition))
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test.each(['beacon is defined', 'beacon is skipped', 'beacon is not failed', 'beacon is not changed'])(
    '%s after a command that is skipped',
    (condition) => {
      const site = asked('command: lighthouse, when: false', condition)
      expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
    },
  )

  // As ansible-core 2.21 and 2.14 have it.
  test.each([
    ['include_tasks: ropes.yml', 'beacon is not changed and beacon is not skipped'],
    ['include_role: { name: ropes }', 'not beacon.changed'],
    ['include_tasks: ropes.yml, when: false', 'beacon is skipped'],
    ['include_tasks: ropes.yml, loop: [1, 2]', 'beacon.results | length == 2'],
    ['import_tasks: ropes.yml', 'beacon is not defined'],
  ])('of %s is known', (included, condition) => {
    const files = {
      'site.yml': asked(included, JSON.stringify(condition)),
      'hosts.ini': BERTH,
      'ropes.yml': '- debug: { msg: tea }\n',
      'roles/ropes/tasks/main.yml': '- debug: { msg: tea }\n',
    }
    expect(arrivals(files)).toEqual([arrives])
  })

  test('of an include is there for the tasks in it', () => {
    const files = {
      'site.yml': tasks('{ include_tasks: ropes.yml, register: beacon }'),
      'hosts.ini': BERTH,
      'ropes.yml': `- shell: curl -sfL https://get.k3s.io | sh -\n  when: not beacon.changed\n  environment: ${JSON.stringify(JOINS)}\n`,
    }
    expect(arrivals(files)).toEqual([arrives])
  })

  test('a loop without items is skipped', () => {
    const site = asked('command: "light {{ item }}", loop: []', 'beacon is skipped and not beacon.results')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test('of a command that may fail is not known, unless it asks for what the play knows', () => {
    const failing = (command: string, key: string): string =>
      asked(`command: ${command}, failed_when: false`, JSON.stringify(`beacon.${key}`))
    const seen = (command: string, key = 'rc != 0') =>
      arrivals({ 'site.yml': failing(command, key), 'hosts.ini': BERTH }).join()
    expect(seen('lighthouse')).toBe(arrives)
    expect(seen('lighthouse').concat(seen('lighthouse', 'rc == 0'))).toBe(arrives + arrives)
    for (const command of [
      'systemctl is-active k3s-agent',
      'systemctl is-enabled --quiet k3s-agent.service',
      'systemctl status k3s-agent',
      'pgrep -f k3s',
      'which k3s',
      'test -f /usr/local/bin/k3s',
      'ls /etc/rancher/k3s/config.yaml',
      'service k3s-agent status',
      'cat /var/lib/rancher/k3s/server/node-token',
    ]) {
      expect([command, seen(command)]).toEqual([command, arrives])
      expect([command, seen(command, 'rc == 0')]).toEqual([command, ''])
    }
    expect(seen('systemctl is-active k3s-agent', "stdout == 'inactive'")).toBe(arrives)
    // A shell finds its own command line.
    const shell = asked('shell: pgrep -f k3s, failed_when: false', JSON.stringify('beacon.rc == 0'))
    expect(arrivals({ 'site.yml': shell, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  describe('of a service', () => {
    const unit = (...more: readonly string[]): string =>
      `copy: { dest: /etc/systemd/system/k3s-agent.service, content: ${JSON.stringify(['[Service]', 'ExecStart=/usr/local/bin/k3s agent', ...more, ''].join('\n'))} }`
    const installed = unit('[Install]', 'WantedBy=multi-user.target')
    const ask = 'systemd: { name: k3s-agent }'
    const start = 'systemd: { name: k3s-agent, state: started, enabled: true }'
    /** The token that the agent gets in the end: one where the condition holds, else an empty one. */
    const seen = (list: readonly string[], condition: string): string | undefined =>
      arrivals({
        'site.yml':
          tasks(
            ...list.map(
              (task, index) => `{ ${task}${index === list.length - 1 ? ', register: beacon' : ''} }`,
            ),
          ) + joins('berths', `{{ '0ddpassword' if ${condition} else '' }}`),
        'hosts.ini': BERTH,
      })
        .at(-1)
        ?.split(' ')[2]
    const status = (key: string, value: string): string => `beacon.status.${key} == '${value}'`

    test.each([
      [[], 'ActiveState', 'inactive', 'active'],
      [[], 'SubState', 'dead', 'running'],
      [[], 'LoadState', 'not-found', 'loaded'],
      [[installed], 'ActiveState', 'inactive', 'active'],
      [[installed], 'LoadState', 'loaded', 'not-found'],
      [[installed], 'UnitFileState', 'disabled', 'enabled'],
      [[installed, start], 'ActiveState', 'active', 'inactive'],
      [[installed, start], 'SubState', 'running', 'dead'],
      [[installed, start], 'UnitFileState', 'enabled', 'disabled'],
      [
        ['file: { dest: /etc/systemd/system/k3s-agent.service, src: /dev/null, state: link }'],
        'LoadState',
        'masked',
        'loaded',
      ],
    ])('is known after %j: %s is %s', (before, key, is, other) => {
      for (const task of [ask, 'service: { name: k3s-agent.service, daemon_reload: true }']) {
        expect(seen([...before, task], status(key, is))).toBe('present')
        expect(seen([...before, task], status(key, other))).toBe('empty')
      }
    })

    test('is what it was before the task, or what it is after one that is repeated', () => {
      expect(seen([installed, start], status('ActiveState', 'inactive'))).toBe('present')
      expect(seen([installed, start], status('LoadState', 'loaded'))).toBe('present')
      const until = `${start}, until: "${status('ActiveState', 'active')}"`
      expect(seen([installed, until], status('ActiveState', 'active'))).toBe('maybe')
      expect(seen([installed, until], status('LoadState', 'loaded'))).toBe('present')
    })

    test('is not known of other services, of what only the node knows, and after what is not followed', () => {
      const active = status('ActiveState', 'active')
      expect(seen(['systemd: { name: lamp }'], active)).toBe('maybe')
      expect(seen([installed, ask], status('MainPID', '0'))).toBe('maybe')
      expect(seen([unit(), ask], status('UnitFileState', 'static'))).toBe('maybe')
      expect(seen([installed, 'systemd: { name: k3s-agent, scope: user }'], active)).toBe('maybe')
      expect(seen(['package: { name: k3s }', ask], active)).toBe('maybe')
      expect(seen(['package: { name: k3s }', ask], status('LoadState', 'not-found'))).toBe('maybe')
    })

    test('has no state of a unit file that is not there', () => {
      expect(seen([ask], 'beacon.status.UnitFileState is defined')).toBe('empty')
    })

    test('has its name as the task says it, and the state that the service is in', () => {
      const stopped = 'systemd: { name: k3s-agent.service, state: stopped }'
      expect(seen([installed, stopped], "beacon.name == 'k3s-agent.service'")).toBe('present')
      expect(seen([installed, stopped], "beacon.state == 'stopped'")).toBe('present')
      const restarted = 'systemd: { name: k3s-agent, state: restarted }'
      expect(seen([installed, restarted], "beacon.state == 'started'")).toBe('present')
    })
  })

  test('that changes something only where a real run shows it is named by its place', () => {
    const site = `${tasks('get_url: { url: https://example.org/k3s, dest: /opt/crew }\n      register: crew')}${joins('berths', "{{ '0ddpassword' if crew.changed else '' }}").replace('- hosts: berths\n  tasks:\n', '').slice(1)}`
    const { verdicts } = new Analysis(
      new Map([
        ['site.yml', site],
        ['hosts.ini', BERTH],
      ]),
    ).rehearsal
    expect(JSON.stringify(verdicts)).toContain('get_url at site.yml:4:7 changes berth')
  })

  test('of a wait for the port of K3s is what the node knows', () => {
    const waits = (condition: string): string =>
      asked('wait_for: { port: 6443, host: 127.0.0.1, timeout: 3 }, ignore_errors: true', condition)
    const seen = (site: string) => arrivals({ 'site.yml': site, 'hosts.ini': BERTH })
    expect(seen(waits('beacon is failed'))).toEqual([arrives])
    expect(seen(waits('beacon is succeeded'))).toEqual([])
    const server = installs('berths', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '0ddpassword' })
    expect(seen(server + waits('beacon is failed'))).toEqual(['berth first-server present env-file no url'])
    expect(seen(waits('beacon is failed').replace('port: 6443', 'port: 22'))).toEqual([arrives])
  })

  test('of grep is what it finds, and the beginning of a line is known though its end is not', () => {
    const site = (condition: string): string => `
- hosts: berths
  tasks:
    - copy:
        dest: /tmp/crew
        content: |
          berth @@@ {{ ansible_machine }} @@@ first
          quay @@@ {{ ansible_machine }} @@@ mate
    - command: grep -i first /tmp/crew
      register: crew
    - command: sh /opt/k3s-install.sh
      environment: { INSTALL_K3S_EXEC: agent, K3S_URL: "https://quay:6443", K3S_TOKEN: 0ddpassword }
      when: ${condition}
`
    const seen = (condition: string) => arrivals({ 'site.yml': site(condition), 'hosts.ini': BERTH })
    expect(seen("crew.stdout.split(' @@@ ')[0] == inventory_hostname")).toEqual([arrives])
    expect(seen("crew.stdout.split(' @@@ ')[0] != inventory_hostname")).toEqual([])
  })

  test('of an option that may be left out leaves the install script what it is', () => {
    const site = `
- hosts: berths
  tasks:
    - set_fact: { sail: --docker }
      when: ansible_memtotal_mb > 4000
    - shell: /opt/k3s-install.sh {{ sail | default('') }}
      environment: { K3S_URL: "https://quay:6443", K3S_TOKEN: 0ddpassword }
`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
    // One of two commands is another thing.
    const word = site.replace('--docker', 'agent').replace("default('')", "default('server')")
    expect(arrivals({ 'site.yml': word, 'hosts.ini': BERTH })).not.toEqual([arrives])
  })

  describe('of options that may be left out', () => {
    const seen = (options: string) =>
      arrivals({
        'site.yml': tasks(
          `{ shell: ${JSON.stringify(`curl -sfL https://get.k3s.io | sh -s - server ${options}`)} }`,
        ),
        'hosts.ini': BERTH,
      })

    test.each([
      "{{ '--snapshotter=' + keel if keel else '' }}",
      "{{ ('--snapshotter ' ~ keel) if keel else '' }}",
      "{{ keel | ternary('--tls-san ' ~ keel ~ ' --docker', '') }}",
      '{% if keel %}-v {{ keel }} --tls-san={{ mast }}{% endif %}',
      "{{ keel | map('regex_replace', '^', '--disable ') | join(' ') }}",
      "{{ keel | map('ansible.builtin.regex_replace', '^', '--disable=') | list | join(' ') }}",
      "{% if 'CriticalAddonsOnly' in keel %}--node-taint CriticalAddonsOnly=true:NoExecute{% endif %}",
      "{{ ('--node-label ' ~ keel) if ansible_facts.foo else ('--node-taint=' ~ keel) }}",
    ])('no value is another option: %s', (options) => {
      expect(seen(options)).toEqual(['berth first-server absent none no url'])
      const joins = tasks(
        `{ shell: ${JSON.stringify(`/opt/k3s-install.sh agent --server https://quay:6443 ${options}`)} }`,
      )
      expect(findings({ 'site.yml': joins, 'hosts.ini': BERTH })).toEqual([
        'agent-token-missing error site.yml:4',
      ])
    })

    test.each([
      '{{ keel }}',
      "{{ ('--docker ' ~ keel) if keel else '' }}",
      "{{ ('--tls-san=' ~ keel) if keel else mast }}",
      "{{ ('--' ~ keel) if keel else '' }}",
      "{{ keel | map('regex_replace', '^', '--') | join(' ') }}",
      "{{ keel | map('regex_replace', '^', '--disable ') | join(',') }}",
      "{{ keel | map('regex_replace', '^', '--docker ') | join(' ') }}",
      "{{ keel | map('regex_replace', 'a', '--disable ') | join(' ') }}",
      "{{ ('-' ~ keel ~ '=mast') if keel else '' }}",
      "{{ ('--tls-san ' ~ keel ~ ' --node-label') if keel else '' }}",
      "{{ ('--tls-san --' ~ keel) if keel else '' }}",
    ])('what is not known may be one: %s', (options) => {
      expect(seen(options)).toEqual(['berth first-server maybe argv maybe a url'])
    })

    test('a token, a server and a directory for data are settings', () => {
      expect(seen("{{ ('--token=' ~ keel) if keel else '' }}")).toEqual([
        'berth first-server maybe none no url',
      ])
      expect(seen("{{ keel | map('regex_replace', '^', '--token ') | join(' ') }}")).toEqual([
        'berth first-server maybe argv no url',
      ])
      expect(seen("{{ ('--server ' ~ keel) if keel else '' }}")).toEqual([
        'berth joining-server absent none maybe a url',
      ])
      expect(seen("{{ ('--data-dir ' ~ keel) if keel else '' }}")).toEqual([
        'berth first-server maybe argv maybe a url',
      ])
    })
  })

  /** An agent that joins where `condition` holds of a shell text that nothing forgives. */
  const shell = (text: string, condition = 'beacon is defined') => {
    const site = asked(`shell: ${JSON.stringify(text)}`, JSON.stringify(condition))
    return arrivals({ 'site.yml': site, 'hosts.ini': BERTH })
  }

  test.each([
    'systemctl is-active k3s-agent || true',
    'which k3s || true',
    'k3s --version || true',
    'sudo k3s --version 2>/dev/null || true',
    'test -f /usr/local/bin/k3s || true',
    'ls /usr/local/bin/k3s || /bin/true',
    'pgrep k3s || :',
    'cat /var/lib/rancher/k3s/server/node-token || true',
    '(systemctl is-active k3s-agent) || true',
    '{ systemctl is-active k3s-agent; } || true',
    'systemctl is-active k3s-agent; true',
    'systemctl is-active k3s-agent || exit 0',
    'systemctl is-active k3s-agent && exit 1; exit 0',
    '! systemctl is-active k3s-agent',
    'if systemctl is-active k3s-agent; then echo moored; fi',
    'if [ -e /usr/local/bin/k3s ]; then exit 1; fi',
    'systemctl is-active k3s-agent | cat',
    'set -e; systemctl is-active k3s-agent || true; true',
    'moored() { systemctl is-active k3s-agent; }; moored || exit 0; exit 1',
    'systemctl start k3s-agent || true',
    "sh -c 'systemctl is-active k3s-agent' || true",
  ])('of a text that ends well is a success, whatever fails in it: %s', (text) => {
    expect(shell(text)).toEqual([arrives])
    const tolerant = asked(`shell: ${JSON.stringify(text)}, failed_when: false`, 'beacon.rc == 0')
    expect(arrivals({ 'site.yml': tolerant, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test.each([
    'systemctl is-active k3s-agent',
    'systemctl is-active k3s-agent && true',
    'true; systemctl is-active k3s-agent',
    'true && which k3s',
    'systemctl is-active k3s-agent || exit 7',
    'systemctl is-active k3s-agent || { echo adrift; false; }',
    '! true',
    'set -e; which k3s; true',
    'set -e; set -o pipefail; which k3s | cat; true',
    '(exit 3)',
    '[ -x /usr/local/bin/k3s ]',
    "bash -c 'which k3s; exit 5'",
    'moored() { systemctl is-active k3s-agent; }; moored',
  ])('of a text that certainly fails ends the play: %s', (text) => {
    expect(shell(text)).toEqual([])
    const tolerant = asked(`shell: ${JSON.stringify(text)}, failed_when: false`, 'beacon.rc != 0')
    expect(arrivals({ 'site.yml': tolerant, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test.each([
    'lighthouse && true',
    'lighthouse | grep -q lit',
    'lighthouse || exit 4',
    'set -e; lighthouse; true',
    'if lighthouse; then exit 0; else exit 1; fi',
    'for lamp in red green; do light $lamp; done',
  ])('of a text that a program decides is known where that has run: %s', (text) => {
    const seen = (condition: string) =>
      arrivals({
        'site.yml': asked(`shell: ${JSON.stringify(text)}, failed_when: false`, condition),
        'hosts.ini': BERTH,
      })
    expect([seen('beacon.rc == 0'), seen('beacon.rc != 0')]).toEqual([[arrives], [arrives]])
    expect(shell(text, 'beacon.rc == 0')).toEqual([arrives])
  })

  test('of a text has what all of its programs say', () => {
    expect(shell('systemctl is-active k3s-agent || true', "beacon.stdout == 'inactive'")).toEqual([arrives])
    expect(shell('which k3s || echo none', "beacon.stdout == 'none'")).toEqual([arrives])
    expect(shell('which k3s >/dev/null && echo aboard || echo none', "beacon.stdout == 'none'")).toEqual([
      arrives,
    ])
    expect(shell('k3s --version || echo none', "'none' in beacon.stdout")).toEqual([arrives])
    const found = "beacon.stdout == 'active'"
    expect(shell('systemctl is-active k3s-agent || true', found)).toEqual([])
  })

  test('of a text that installs where K3s is missing', () => {
    const install =
      'curl -sfL https://get.k3s.io | K3S_TOKEN=0ddpassword sh -s - agent --server https://quay:6443'
    for (const text of [
      `which k3s || ${install}`,
      `/usr/local/bin/k3s --version || ${install}`,
      `if ! systemctl is-active k3s-agent; then ${install}; fi`,
      `[ -f /usr/local/bin/k3s ] || ${install}`,
    ])
      expect([
        text,
        arrivals({ 'site.yml': tasks(`shell: ${JSON.stringify(text)}`), 'hosts.ini': BERTH }),
      ]).toEqual([text, [arrives]])
  })

  test.each([
    'systemctl is-active lamp',
    'systemctl is-active --quiet lamp',
    'systemctl list-unit-files k3s-agent.service',
    'systemctl show k3s-agent',
    'systemctl restart lamp',
    'rc-service lamp status',
    'service lamp status',
  ])('of a service that only the node knows is open: %s', (text) => {
    for (const condition of ['beacon.rc != 0', 'beacon.rc == 0']) {
      const site = asked(`command: ${text}, failed_when: false`, condition)
      expect([condition, arrivals({ 'site.yml': site, 'hosts.ini': BERTH })]).toEqual([condition, [arrives]])
    }
  })

  test('of systemctl cat is the unit, where there is one', () => {
    const cat = (before: string, condition: string) => {
      const site = before + asked('command: systemctl cat k3s-agent.service, failed_when: false', condition)
      return arrivals({ 'site.yml': site, 'hosts.ini': BERTH })
    }
    const unit =
      'copy: { dest: /etc/systemd/system/k3s-agent.service, content: "[Service]\\nExecStart=/usr/local/bin/k3s agent" }'
    expect([cat('', 'beacon.rc != 0'), cat('', 'beacon.rc == 0')]).toEqual([[arrives], []])
    expect([cat(tasks(unit), 'beacon.rc != 0'), cat(tasks(unit), 'beacon.rc == 0')]).toEqual([[], [arrives]])
  })

  test('of a command that finds K3s says where, or something', () => {
    const found = (command: string, condition: string) => {
      const server = joins('berths', '0ddpassword').replace('K3S_URL', 'K3S_NOTHING')
      const site = server + asked(`command: ${command}, failed_when: false`, JSON.stringify(condition))
      return arrivals({ 'site.yml': site, 'hosts.ini': BERTH })
    }
    expect(found('which k3s', "beacon.stdout == '/usr/local/bin/k3s'")).toEqual([arrives])
    expect(found('test -x /usr/local/bin/k3s', "beacon.rc == 0 and beacon.stdout == ''")).toEqual([arrives])
    expect(found('pgrep k3s', 'beacon.rc == 0')).toEqual([arrives])
  })

  test.each<[string, 'there' | 'open']>([
    ['server/tls/server-ca.crt', 'there'],
    ['server/manifests', 'there'],
    ['server/manifests/traefik.yaml', 'open'],
    ['server/db/etcd', 'open'],
    ['server/harbour-token', 'open'],
    ['agent/kubelet.kubeconfig', 'open'],
    ['data', 'there'],
    ['data/current', 'open'],
  ])('of stat knows what a server makes as it runs: %s is %s', (path, then) => {
    const server = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '0ddpassword' })
    const seen = (before: string, condition: string, target = 'quay') => {
      const stat = `stat: { path: /var/lib/rancher/k3s/${path} }, delegate_to: ${target}`
      const found = arrivals({ 'site.yml': before + asked(stat, condition), 'hosts.ini': HOSTS })
      return found.includes(arrives)
    }
    const both = (before: string, target?: string) => [
      seen(before, 'beacon.stat.exists', target),
      seen(before, 'not beacon.stat.exists', target),
    ]
    expect(both(server)).toEqual([true, then === 'open'])
    expect(both('')).toEqual([false, true])
    expect(both(server, 'berth')).toEqual([false, true])
    const wiped = `${server}\n- hosts: quays\n  tasks: [{ file: { path: /var/lib/rancher, state: absent } }]\n`
    expect(both(wiped)).toEqual([true, true])
  })

  test.each([
    ['failed_when: false', 'beacon is not failed'],
    ['ignore_errors: true', 'beacon is failed'],
    ['ignore_errors: true', 'beacon.failed'],
  ])('with %s: %s', (keyword, condition) => {
    const site = asked(`slurp: { src: /var/lib/rancher/k3s/server/node-token }, ${keyword}`, condition)
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test.each([
    'service: { name: k3s-agent, state: restarted }',
    "lineinfile: { path: /etc/systemd/system/k3s-agent.service, regexp: '^ExecStart=', line: ExecStart=k3s agent }",
  ])('of a module that fails is what failed_when makes of it: %s', (module) => {
    const seen = (condition: string) =>
      arrivals({ 'site.yml': asked(`${module}, failed_when: false`, condition), 'hosts.ini': BERTH })
    expect(seen('beacon is not failed')).toEqual([arrives])
    expect(seen('beacon is failed')).toEqual([])
    const ends = tasks(`{ ${module} }`) + joins('berths', '0ddpassword')
    expect(arrivals({ 'site.yml': ends, 'hosts.ini': BERTH })).toEqual([])
  })

  test.each<[string, string, readonly string[]]>([
    ['/etc/rancher/k3s/config.yaml', '', []],
    ['/etc/rancher/k3s/config.yaml', 'delegate_to: localhost', [arrives]],
    ['./k3s-quay-config.yaml', 'delegate_to: localhost', [arrives]],
    ['../k3s-quays/config.yaml', 'delegate_to: localhost', [arrives]],
    ["{{ lookup('env', 'HOME') }}/.kube/k3s-config.yaml", '', [arrives]],
    ['/opt/k3s-quay/config.yaml', '', [arrives]],
    ['/usr/local/src/k3s-quay/config.yaml', '', [arrives]],
    ['/var/lib/rancher/k3s/server/manifests/traefik.yaml', '', [arrives]],
  ])(
    'of an edit is a failure only where nothing else could have made the file: %s, %s',
    (edited, keyword, arrival) => {
      const edit = `{ lineinfile: { path: "${edited}", line: "lamp: lit" }, ${keyword} }`
      for (const task of [edit, edit.replace('lineinfile', 'blockinfile').replace('line:', 'block:')]) {
        const site = tasks(task) + joins('berths', '0ddpassword')
        expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(arrival)
      }
    },
  )

  test.each([
    ['shell: lighthouse | grep lit, ignore_errors: true', 'beacon is failed'],
    ['shell: lighthouse | grep lit, ignore_errors: true', 'beacon.failed'],
    ['shell: lighthouse | grep lit, ignore_errors: true', 'beacon is not succeeded'],
    ['command: lighthouse, failed_when: "beacon.rc not in [0, 3]", ignore_errors: true', 'beacon is failed'],
    ['uri: { url: "https://quay:6443" }, ignore_errors: true', 'beacon is failed'],
    ['get_url: { url: "https://quay/lamp", dest: /opt/lamp }, ignore_errors: true', 'beacon.failed'],
    ['service: { name: lamp, state: started }, ignore_errors: true', 'beacon is failed'],
    ['command: lighthouse, ignore_errors: true', "'adrift' in beacon.stderr"],
  ])('of %s is open: %s', (task, condition) => {
    const seen = (words: string) =>
      arrivals({ 'site.yml': asked(task, JSON.stringify(words)), 'hosts.ini': BERTH })
    expect([seen(condition), seen(`not (${condition})`)]).toEqual([[arrives], [arrives]])
  })

  test.each([
    ['command: lighthouse', 'beacon is failed'],
    ['shell: lighthouse | grep lit, failed_when: false', 'beacon is failed'],
    ['command: lighthouse, failed_when: beacon.rc > 4', 'beacon.failed'],
    [
      'command: lighthouse, args: { creates: /etc/passwd }, ignore_errors: true, when: false',
      'beacon is failed',
    ],
    [
      'command: k3s --version, failed_when: "beacon.rc not in [0, 2]", ignore_errors: true',
      'beacon is failed',
    ],
    ['command: k3s --version, failed_when: beacon.rc == 2, ignore_errors: true', 'beacon is succeeded'],
    ['set_fact: { lamp: lit }, ignore_errors: true', 'beacon is failed'],
  ])('of %s is not so: %s', (task, condition) => {
    expect(arrivals({ 'site.yml': asked(task, condition), 'hosts.ini': BERTH })).toEqual([])
  })

  test('and its status say the same of how it ended', () => {
    const site = (condition: string): string =>
      tasks(
        '{ shell: lighthouse | grep lit, register: beacon, ignore_errors: true }',
        '{ set_fact: { phrase: 0ddpassword }, when: beacon is failed }',
        `{ set_fact: { phrase: 0therpassword }, when: "${condition}" }`,
      ) + joins('berths', '{{ phrase }}')
    for (const condition of ['beacon.rc == 0', 'not beacon.failed', 'beacon is success'])
      expect(arrivals({ 'site.yml': site(condition), 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test('holds the command that it was, whatever no_log says', () => {
    const shows = (task: string, what: string) =>
      findings({
        'site.yml':
          tasks(`{ ${task}, register: beacon, no_log: true }`, `{ debug: { var: "${what}" } }`) +
          joins('berths', '{{ harbour_key }}'),
        'hosts.ini': BERTH,
        'group_vars/all.yml': "harbour_key: \"{{ lookup('env', 'HARBOUR_KEY') }}\"\n",
      }).filter((finding) => finding.startsWith('token-logged error'))
    const told = ['token-logged error site.yml:5']
    const text = 'lighthouse --key {{ harbour_key }}'
    expect(shows(`shell: '${text}'`, 'beacon')).toEqual(told)
    expect(shows(`shell: '${text} || true'`, 'beacon.cmd')).toEqual(told)
    expect(shows(`command: '${text}'`, 'beacon.cmd[2]')).toEqual(told)
    expect(shows(`command: '${text}'`, 'beacon.cmd[0]')).toEqual([])
    expect(shows(`command: { cmd: '${text}', creates: /opt/lamp }`, 'beacon')).toEqual(told)
    expect(shows(`raw: '${text}'`, 'beacon')).toEqual([])
  })

  test('of a file is told behind the tasks that have written it, and behind what makes it', () => {
    const site = `
- hosts: all
  tasks:
    - { run_once: true, no_log: true, copy: { dest: /etc/tide, content: "{{ lookup('password', '/dev/null') }}" } }
    - { run_once: true, no_log: true, slurp: { src: /etc/tide }, register: tide }
    - { no_log: true, copy: { dest: /etc/tide, content: "{{ tide.content | b64decode }}" } }
    - command: sh /opt/k3s-install.sh {{ 'server' if inventory_hostname == 'quay' else 'agent --server https://quay:6443' }} --token-file /etc/tide
`
    const { verdicts } = new Analysis(new Map(Object.entries({ 'site.yml': site, 'hosts.ini': HOSTS })))
      .rehearsal
    const first = verdicts.filter(({ scenario }) => scenario.again !== true)
    const ways = first.map(({ host, hops }) =>
      [host, ...hops.map(({ at, what }) => `${positionAt(site, at.start).line} ${what}`)].join(', '),
    )
    const way =
      '4 a lookup makes it anew each time, 4 writes /etc/tide, 5 is read back from /etc/tide, 6 writes /etc/tide, 7 runs the K3s install script'
    expect(new Set(ways)).toEqual(
      new Set([`berth, ${way}, 7 starts k3s-agent`, `quay, ${way}, 7 starts k3s`]),
    )
  })

  test('of a loop has each item under the name that it has in the loop', () => {
    const site =
      tasks(
        "{ command: 'light {{ lamp }}', loop: [red, green], loop_control: { loop_var: lamp }, register: lamps }",
        "{ set_fact: { phrase: \"{{ lamps.results | map(attribute='lamp') | join('-') }}\" } }",
      ) + joins('berths', "{{ '0ddpassword' if phrase == 'red-green' else '' }}")
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test.each([
    ['has what its module gives', 'uri: { url: "https://depot/{{ item }}" }', 'json.key', 'maybe'],
    ['is no more than that where it is skipped', 'command: "light {{ item }}", when: false', 'stdout', ''],
    [
      'is no more than that where it fails',
      'systemd: { name: "{{ item }}", state: started }, ignore_errors: true',
      'status.x',
      '',
    ],
  ])('of each turn of a loop %s', (_, task, key, token) => {
    const site =
      tasks(`{ ${task}, loop: [k3s-agent, mast], register: lamps }`) +
      joins('berths', `{{ lamps.results[0].${key} }}`)
    const files = { 'site.yml': site, 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual(token === '' ? [] : [`berth agent ${token} env-file url`])
  })

  test('of service_facts has units that are on disk and were never started', () => {
    const unit = '"[Service]\\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443\\n"'
    const site = tasks(
      `{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: ${unit} } }`,
      'service_facts:',
      "{ systemd: { name: k3s-agent, state: started }, when: \"ansible_facts.services['k3s-agent.service'].state != 'running'\" }",
    )
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(['berth agent absent none url'])
  })
})

describe('a result that no task has', () => {
  const ended = "the play ends here for berth: 'lantern' is undefined"
  const site = (condition: string): string => asked('command: lighthouse', JSON.stringify(condition))
  const seen = (condition: string, files: Files = {}) => {
    const all = { 'site.yml': site(condition), 'hosts.ini': BERTH, ...files }
    return [...arrivals(all), ...unknowns(all).filter((what) => what.includes('is undefined'))]
  }

  // As ansible-core 2.21 and 2.14 have it.
  test.each([
    'not lantern.stat.exists',
    'lantern.rc == 0',
    "lantern['stdout'] == ''",
    'lantern is failed',
    'lantern is not changed',
    'lantern.rc == 0 or true',
  ])('%s ends the play', (condition) => {
    expect(seen(condition)).toEqual([ended])
    expect(seen(condition, { 'hosts.ini': '[berths]\n' + 'berth\n[quays]\nquay\n' })).toEqual([ended])
  })

  test.each([
    "lantern.stdout | default('') == ''",
    'lantern is not defined or lantern.rc == 0',
    'true or lantern.rc == 0',
    'not (false and lantern.stat.exists)',
  ])('%s does not', (condition) => {
    expect(seen(condition)).toEqual([arrives])
  })

  const reads = 'lantern.rc == 0'
  test.each([
    ['another playbook has one of that name', { 'quay.yml': site('true').replace('beacon', 'lantern') }],
    ['a role is not here', { 'site.yml': `- { hosts: berths, roles: [lamps] }\n${site(reads)}` }],
    ['tasks are not here', { 'site.yml': `${tasks('import_tasks: "{{ lamps }}.yml"')}${site(reads)}` }],
    ['a playbook is not here', { 'site.yml': `- import_playbook: harbour.lamps.light\n${site(reads)}` }],
    ['variables are not here', { 'site.yml': `${tasks('include_vars: "{{ lamps }}.yml"')}${site(reads)}` }],
    ['a module may make facts', { 'site.yml': `${tasks('harbour.lamps.lamp_facts:')}${site(reads)}` }],
    [
      'it is an item',
      { 'site.yml': `${tasks('{ debug: , loop: [1], loop_control: { loop_var: lantern } }')}${site(reads)}` },
    ],
  ] satisfies [string, Files][])('may be there where %s', (_, files) => {
    expect(seen(reads, files)).toEqual([arrives])
  })

  test('may be one of those who play a role', () => {
    const task = `- shell: curl -sfL https://get.k3s.io | sh -\n  when: ${reads}\n  environment: ${JSON.stringify(JOINS)}\n`
    expect(arrivals({ 'roles/quay_k3s/tasks/main.yml': task }).join()).toContain('agent present env-file url')
  })
})

describe('all of a result, as the token', () => {
  const reads = (when: string, joining: string): Files => ({
    'site.yml': `${installs('quays', { INSTALL_K3S_EXEC: 'server' })}
- hosts: all
  tasks:
    - { command: cat /var/lib/rancher/k3s/server/node-token, register: slip, no_log: true, delegate_to: quay, when: ${when} }
${joining}`,
    'hosts.ini': HOSTS,
  })
  const onQuay = "inventory_hostname == 'quay'"
  const shell = (token: string): string =>
    tasks(
      `{ shell: "curl -sfL https://get.k3s.io | K3S_URL=https://quay:6443 K3S_TOKEN=${token} sh -", no_log: true }`,
    )
  const settings = (token: string): string =>
    tasks(
      `{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "server: https://quay:6443\\ntoken: ${token}\\n", mode: "0600" }, no_log: true }`,
    ) + installs('berths', { INSTALL_K3S_EXEC: 'agent' })

  test.each([
    ['of a task that is skipped', onQuay, shell('{{ slip }}'), 'env-file'],
    ['of a task that has run', 'true', shell('{{ slip }}'), 'env-file'],
    ['of another host', onQuay, shell("{{ hostvars['quay'].slip }}"), 'env-file'],
    ['as a variable of its own', onQuay, joins('berths', '{{ slip }}'), 'env-file'],
    [
      'by a fact',
      onQuay,
      tasks('{ set_fact: { buoy: "{{ slip }}" }, no_log: true }') + joins('berths', '{{ buoy }}'),
      'env-file',
    ],
    ['among the settings', onQuay, settings("{{ hostvars['quay'].slip }}"), 'config'],
  ])('%s is none', (_, when, joining, source) => {
    const files = reads(when, joining)
    expect(arrivals(files)[0]).toBe(`berth agent different ${source} url`)
    expect(findings(files).filter((one) => / error /.test(one))).toEqual([
      expect.stringMatching(/^token-malformed error /),
    ])
  })

  test('is a password to the first server', () => {
    const site = `${tasks('{ command: uuidgen, register: slip, no_log: true }')}${installs('berths', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ slip }}' })}`
    expect(findings({ 'site.yml': site, 'hosts.ini': BERTH })).toContain('token-malformed error site.yml:11')
  })

  test('leaks the token that is in it, if one is', () => {
    const leaks = (when: string) =>
      findings(reads(when, shell('{{ slip }}').replace(', no_log: true', ''))).filter(
        (one) => !one.startsWith('token-malformed'),
      )
    expect(leaks(onQuay)).toEqual([])
    expect(leaks('true')).toEqual([
      'token-logged warning site.yml:14',
      'token-in-arguments warning site.yml:14',
    ])
    const prints = reads('true', tasks('{ debug: { msg: "Read {{ slip }}" } }'))
    expect(findings(prints)).toEqual(['token-logged error site.yml:14'])
  })

  test('is shown by the fact that keeps it', () => {
    const keeps = (when: string) =>
      findings(
        reads(when, tasks('{ set_fact: { buoy: "{{ slip }}" } }') + joins('berths', '{{ buoy.stdout }}')),
      )
    expect(keeps('true')).toContain('token-logged warning site.yml:14')
    expect(keeps(onQuay).filter((one) => one.startsWith('token-logged'))).toEqual([])
  })

  test('says nothing where a part of it is the token', () => {
    const files = reads('true', joins('berths', '{{ slip.stdout }}'))
    expect(arrivals(files)[0]).toBe(arrives)
    expect(findings(files).filter((one) => / error /.test(one))).toEqual([])
  })
})

describe('a part of a result', () => {
  const ASKS = '{ uri: { url: http://192.0.2.7/part }, register: helm }'
  const removes = (condition: string): string =>
    `{ file: { path: /etc/systemd/system/k3s-agent.service.env, state: absent }, when: ${JSON.stringify(condition)} }`
  /** An agent that joins, and starts, where it is the pilot; and between the two something else. */
  const found = (subject: string, ...between: readonly string[]): readonly string[] => {
    const when = `when: ${JSON.stringify(`${subject} == "pilot"`)}`
    const environment = '{ K3S_TOKEN: 0ddpassword, INSTALL_K3S_SKIP_START: "true" }'
    const site = tasks(
      ASKS,
      `{ set_fact: { part: "{{ helm.json.role }}" } }`,
      `{ command: sh /opt/k3s-install.sh agent --server https://quay:6443, environment: ${environment}, ${when} }`,
      ...between,
      `{ systemd: { name: k3s-agent, state: restarted }, ${when} }`,
    )
    return arrivals({ 'site.yml': site, 'hosts.ini': BERTH })
  }

  test.each([
    ['helm.json.role', 'helm.json.role == "deckhand"'],
    ['helm.json.role', 'helm.json["role"] in ["deckhand", "cook"]'],
    ['helm.json.role', 'helm.json.role != "pilot"'],
    ['helm.json.role', 'part == "deckhand"'],
    ['part', 'helm.json.role == "cook"'],
    ['helm.json.crew[0]', 'helm.json.crew[0] == "cook"'],
  ])('has one value: where %s is the pilot it is nobody else, %s', (subject, condition) => {
    expect(found(subject, removes(condition))).toEqual([arrives])
  })

  test('that is another one may have any', () => {
    expect(found('helm.json.role', removes('helm.json.name == "deckhand"'))).toEqual([
      'berth agent maybe none url',
    ])
  })

  test('has another value where the task has asked again', () => {
    const again = removes('helm.json.role == "deckhand"')
    expect(found('helm.json.role', ASKS, again, ASKS)).toEqual(['berth agent maybe none url'])
  })
})

describe('an install script that is told a server, and nothing else', () => {
  const install = 'curl -sfL https://get.k3s.io | K3S_URL=https://quay:6443 sh -'
  const told = (...list: readonly string[]) => {
    const files = { 'site.yml': tasks(...list), 'hosts.ini': BERTH }
    return [...arrivals(files), ...findings(files).filter((finding) => finding.includes(' error '))]
  }
  const shell = (text: string, more = '') => `{ shell: ${JSON.stringify(text)}${more} }`

  test.each([
    install,
    `sudo -E sh -c '${install}'`,
    `${install} || true`,
    'curl -o /tmp/k3s-install.sh https://get.k3s.io && K3S_URL=https://quay:6443 sh /tmp/k3s-install.sh',
    `which k3s || ${install}`,
  ])('installs nothing: %s', (text) => {
    expect(told(shell(text))).toEqual(['agent-token-missing error site.yml:4'])
  })

  test('is the same with an empty token', () => {
    const text = install.replace('sh -', "K3S_TOKEN={{ harbour_key | default('') }} sh -")
    expect(told('{ set_fact: { harbour_key: "" } }', shell(text))).toEqual(['token-empty error site.yml:5'])
  })

  test('is no fault where another one follows, or where it may not run', () => {
    const agent = install.replace('sh -', "K3S_TOKEN={{ lookup('env', 'HARBOUR_KEY') }} sh -")
    expect(told(shell(install, ', ignore_errors: true'), shell(agent))).toEqual([arrives])
    expect(told(shell(install, ', when: ansible_facts.lsb.id is defined'))).toEqual([])
  })

  test('ends the play', () => {
    const files = { 'site.yml': tasks(shell(install)) + joins('berths', '0ddpassword'), 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual([])
    expect(unknowns(files).join()).toContain('the play ends here for berth: Defaulted k3s exec command')
  })
})

describe('a fact', () => {
  const chosen = (value: string): string =>
    tasks(`{ set_fact: { phrase: ${value} }, when: "ansible_facts.os_family == 'RedHat'" }`)

  test('that a task makes only sometimes leaves the variable as files have it', () => {
    const files = { 'hosts.ini': BERTH, 'group_vars/all.yml': 'phrase: 0ddpassword\n' }
    expect(
      arrivals({ ...files, 'site.yml': chosen('0therpassword') + joins('berths', '{{ phrase }}') }),
    ).toEqual([arrives])
    const without = chosen("''") + joins('berths', '{{ phrase }}')
    expect(arrivals({ ...files, 'site.yml': without })).toEqual(['berth agent maybe env-file url'])
  })

  test('that is made of itself comes from the user', () => {
    const site = tasks('{ set_fact: { harbour_key: "{{ harbour_key }}" } }')
    expect(
      arrivals({ 'site.yml': site.replace('berths', 'localhost') + joins('agents', '{{ harbour_key }}') }),
    ).toEqual(['agent-1 agent present env-file url'])
  })

  test('hangs on a condition with all that is in it', () => {
    const site =
      tasks(
        "{ set_fact: { settings: { token: 0ddpassword, server: \"{{ 'https://a:6443' if ansible_facts.os_family == 'RedHat' else 'https://b:6443' }}\" } } }",
        '{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "{{ settings | to_nice_yaml }}" } }',
      ) + installs('berths', { INSTALL_K3S_EXEC: 'agent' })
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(['berth agent present config url'])
  })

  test.each([
    'slip.content is defined',
    'slip is not skipped',
    'slip is success and slip is not skipped',
    "'content' in slip",
    'not (slip.skipped | default(false))',
    "slip.content | default('') | length > 0",
  ])('that is made of what another task may have found, where %s', (condition) => {
    const server = installs('quays', { INSTALL_K3S_EXEC: 'server' })
    const read =
      'slurp: { src: /var/lib/rancher/k3s/server/node-token }, delegate_to: quay, register: slip, no_log: true'
    const site =
      tasks(
        `{ ${read}, when: "ansible_facts.virtualization_type == 'kvm'" }`,
        `{ set_fact: { phrase: "{{ slip.content | b64decode | trim }}" }, no_log: true, when: ${JSON.stringify(condition)} }`,
      ) + joins('berths', "{{ phrase | default('') }}")
    const files = { 'site.yml': server + site, 'hosts.ini': HOSTS }
    expect(arrivals(files)).toEqual([
      'berth agent maybe env-file url',
      'quay first-server absent none no url',
    ])
    expect(findings(files).filter((finding) => finding.includes(' error '))).toEqual([])
  })

  test.each([
    ['a truth', 'set_fact: { moored: "{{ slip.rc != 0 }}" }', 'moored'],
    ['its opposite', 'set_fact: { moored: "{{ slip.rc == 0 }}" }', 'not moored'],
    ['through bool', 'set_fact: { moored: "{{ slip.rc != 0 }}" }', 'moored | bool'],
    ['with another', 'set_fact: { moored: "{{ slip.rc != 0 and rope.rc == 0 }}" }', 'moored'],
    ['by its sides', 'set_fact: { moored: "{{ true if slip.rc != 0 else rope.rc == 0 }}" }', 'moored'],
    ['made only then', '{ set_fact: { moored: true }, when: slip.rc != 0 }', 'moored | default(false)'],
  ])('that a condition asks stands for what it was made of: %s', (_, fact, when) => {
    const site = tasks(
      '{ command: lighthouse, register: slip, failed_when: false }',
      '{ command: buoy, register: rope, failed_when: false }',
      fact,
      `{ stat: { path: /etc/berth }, register: keel, when: "${when}" }`,
      `{ set_fact: { harbour_key: "{{ lookup('file', '/srv/harbour') }}" }, when: "${when}" }`,
      `{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: "[Service]\\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443 --token {{ harbour_key }}{{ '' if keel.stat.exists else ' ' }}" }, when: "${when}" }`,
      `{ systemd: { name: k3s-agent, state: started }, when: "${when}" }`,
    )
    const files = { 'site.yml': site, 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual(['berth agent present argv url'])
    expect(doubts(files)).toEqual([])
  })

  test('that a task makes only sometimes is defined only then', () => {
    const site = chosen('0ther') + joins('berths', "{{ '0ddpassword' if phrase is defined else '' }}")
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(['berth agent maybe env-file url'])
    const files = { 'site.yml': site, 'hosts.ini': BERTH, 'group_vars/all.yml': 'phrase: 0ne\n' }
    expect(arrivals(files)).toEqual([arrives])
  })

  describe('that is the token on some nodes', () => {
    const SEALED = `harbour_key: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  ${'36'.repeat(40)}\n`
    const CONFIG = '/etc/rancher/k3s/config.yaml'
    const onDebian = (fact: string, more = ''): string =>
      `{ set_fact: { ${fact} }, when: "ansible_facts.os_family == 'Debian'"${more} }`
    const elsewhere = (fact: string): string => onDebian(fact).replace('==', '!=')
    const taken = onDebian('phrase: "{{ harbour_key }}"')
    const empty = elsewhere('phrase: ""')
    const install = '{ command: sh /opt/k3s-install.sh agent --server https://quay:6443 }'
    const site = (...list: readonly string[]): Files => ({
      'site.yml': tasks(...list),
      'hosts.ini': BERTH,
      'group_vars/all.yml': SEALED,
      'templates/config.yaml.j2': 'token: {{ phrase }}\n',
    })

    test.each([
      ['a text', 'copy', 'content: "token: {{ phrase }}\\n"'],
      ['a text behind a filter', 'copy', 'content: "token: {{ phrase | trim }}\\n"'],
      ['a mapping', 'copy', 'content: "{{ { \'token\': phrase } | to_nice_yaml }}"'],
      ['a template', 'template', 'src: config.yaml.j2'],
      ['a line', 'lineinfile', 'line: "token: {{ phrase }}", create: true'],
    ])('is followed into %s', (_, module, content) => {
      const write = `{ ${module}: { dest: ${CONFIG}, ${content}, mode: "0600" }, no_log: true }`
      const files = site(taken, empty, write, install)
      expect(arrivals(files)).toEqual(['berth agent maybe config url'])
      expect(doubts(files)[0]).toMatch('it depends on what only a real run shows: ')
      expect(findings(files)).toContain('token-logged warning site.yml:4')
    })

    test.each([
      [
        'through another fact',
        '{ set_fact: { slip: "token: {{ phrase }}" }, no_log: true }',
        '{{ slip }}\\n',
      ],
      ['in a mapping', '{ set_fact: { slip: { key: "{{ phrase }}" } } }', 'token: {{ slip.key }}\\n'],
      ['in a list', '{ set_fact: { slip: [token, "{{ phrase }}"] } }', 'token: {{ slip[1] }}\\n'],
    ])('is followed %s', (_, fact, content) => {
      const write = `{ copy: { dest: ${CONFIG}, content: "${content}", mode: "0600" }, no_log: true }`
      expect(arrivals(site(taken, empty, fact, write, install))).toEqual(['berth agent maybe config url'])
      const files = site(taken, taken.replace('==', '!='), fact, write, install)
      expect(arrivals(files)).toEqual(['berth agent present config url'])
    })

    test('may arrive in a second run, too, whichever way stands first', () => {
      const write = `{ copy: { dest: ${CONFIG}, content: "token: {{ phrase }}\\n", mode: "0600" }, no_log: true }`
      const orders = [
        [taken, empty],
        [onDebian('phrase: ""'), elsewhere('phrase: "{{ harbour_key }}"')],
      ]
      for (const order of orders) {
        const files = site(...order, write, install)
        expect(arrivals(files, { k3s: 'present', again: true })).toEqual(['berth agent maybe config url'])
        expect(findings(files).filter((one) => one.startsWith('token-empty'))).toEqual([])
      }
    })

    test('arrives where each way brings it', () => {
      const told = install.replace(': sh ', ': "sh ').replace(' }', ' --token {{ phrase }}", no_log: true }')
      const files = site(taken, taken.replace('==', '!='), told)
      expect(arrivals(files)).toEqual(['berth agent present argv url'])
      expect(doubts(files)).toEqual([])
    })

    test('arrives from what a task reads that runs on these', () => {
      const read =
        'slurp: { src: /var/lib/rancher/k3s/server/node-token }, delegate_to: quay, register: slip, no_log: true'
      const write = `{ copy: { dest: ${CONFIG}, content: "token: {{ slip.content | b64decode }}", mode: "0600" }, no_log: true }`
      const files = {
        'site.yml':
          installs('quays', { INSTALL_K3S_EXEC: 'server' }) +
          tasks(`{ ${read}, when: "ansible_facts.os_family == 'Debian'" }`, write, install),
        'hosts.ini': HOSTS,
      }
      expect(arrivals(files)).toEqual([
        'berth agent present config url',
        'quay first-server absent none no url',
      ])
      expect(unknowns(files).join()).toMatch('the play ends here for berth: ')
    })
  })

  test('of which no token comes is no other way to go', () => {
    const chosen = Array.from({ length: 6 }, (_, nth) =>
      [true, false].map(
        (is) =>
          `{ set_fact: { buoy${nth}: "${is ? 'red' : 'green'}" }, when: "${is ? '' : 'not '}ansible_facts.moored${nth}" }`,
      ),
    ).flat()
    const name = chosen.map((_, nth) => `{{ buoy${nth % 6} }}`).join('-')
    const site = tasks(
      ...chosen,
      `{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "node-name: ${name}", mode: "0600" } }`,
    )
    const files = { 'site.yml': site + joins('berths', '0ddpassword'), 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual([arrives])
    expect(bounds(files)).toEqual([])
  })

  const looped = tasks(
    '{ shell: "cat /etc/{{ item.slip }}; uuidgen", loop: [{ slip: quay, called: lantern }], register: slips, no_log: true }',
    '{ set_fact: { "{{ item.item.called }}": "{{ item.stdout }}" }, loop: "{{ slips.results }}", no_log: true }',
  )

  test('has the name that its template gives', () => {
    const site = looped + tasks('{ debug: { msg: "{{ lantern }}" } }') + joins('berths', '{{ lantern }}')
    const files = { 'site.yml': site, 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual([arrives])
    expect(findings(files)).toContain('token-logged error site.yml:9')
    const elsewhere = looped + joins('berths', '{{ candle }}')
    expect(arrivals({ ...files, 'site.yml': elsewhere }, { tokenGiven: undefined })).toEqual([])
  })

  test('of a template may be any that is not there where the template is not known', () => {
    const site =
      tasks('{ set_fact: { "{{ ansible_facts.lsb.codename }}": 0ddpassword } }') +
      joins('berths', '{{ lantern }}')
    const files = { 'site.yml': site, 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual(['berth agent maybe env-file url'])
    expect(findings(files).filter((finding) => finding.startsWith('token-'))).toEqual([])
    expect(unknowns(files)).toContain('the name of a fact is not known')
  })

  test('of a template is made once for all', () => {
    const once = looped.replaceAll('no_log: true', 'no_log: true, run_once: true')
    const site = once.replace('hosts: berths', 'hosts: all') + joins('berths', '{{ lantern }}')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual([arrives])
  })

  test('that is kept is one of the facts of its node, too', () => {
    const kept = (more: string): string =>
      tasks(`{ set_fact: { "lan{{ 'tern' }}": 0ddpassword${more} } }`) +
      joins('berths', "{{ hostvars['berth'].ansible_facts.lantern }}")
    expect(arrivals({ 'site.yml': kept(', cacheable: true'), 'hosts.ini': BERTH })).toEqual([arrives])
    expect(arrivals({ 'site.yml': kept(''), 'hosts.ini': BERTH })).toEqual(['berth agent maybe env-file url'])
  })

  test('is there on each of two ways that rule each other out', () => {
    const red = "ansible_facts.os_family == 'RedHat' or ansible_facts.os_family == 'Rocky'"
    const other = "ansible_facts.os_family != 'RedHat' and ansible_facts.os_family != 'Rocky'"
    const site =
      tasks(
        `{ set_fact: { phrase: 0ddpassword }, when: "${red}" }`,
        `{ set_fact: { phrase: 0therpassword }, when: "${other}" }`,
      ) + joins('berths', "{{ phrase | default('') }}")
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })
})

describe('a fact that one of two ways has no value for', () => {
  const settings = [
    '{ set_fact: { settings: { token: "{{ harbour_key }}" } } }',
    '{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "{{ settings | to_nice_yaml }}" } }',
  ]
  const agent = installs('berths', { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443' })
  const otherwise = "{ set_fact: { harbour_key: 0therpassword }, when: 'harbour_key is undefined' }"
  const found = (...list: readonly string[]) => {
    const files = { 'site.yml': tasks(...list, ...settings) + agent, 'hosts.ini': BERTH }
    return {
      ...files,
      arrivals: arrivals(files),
      ends: unknowns(files).filter((what) => what.includes('ends')),
    }
  }

  test('ends the play on that way only', () => {
    const asked = '{ command: lighthouse, register: beacon, failed_when: false }'
    const key = '{ set_fact: { harbour_key: 0ddpassword }, when: beacon.rc == 0 }'
    const ends = ["the play ends here for berth: 'harbour_key' is undefined"]
    expect(found(asked, key)).toMatchObject({ arrivals: ['berth agent present config url'], ends })
    const text = `{ set_fact: { mooring_args: "{% if pilot == inventory_hostname %}--debug{% else %}--server https://quay:6443 --token {{ k3s_token }}{% endif %}" } }`
    const site = tasks(text, 'command: sh /opt/k3s-install.sh server {{ mooring_args }}')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH }, { tokenGiven: undefined })).toEqual([
      'berth first-server absent none no url',
    ])
  })

  test('is there where another task has made it then', () => {
    const asked = '{ command: lighthouse, register: beacon, failed_when: false }'
    const key = '{ set_fact: { harbour_key: 0ddpassword }, when: beacon.rc == 0 }'
    const arrived = { arrivals: ['berth agent present config url'], ends: [] }
    expect(found(asked, key, otherwise)).toMatchObject(arrived)
    const ofNode =
      '{ set_fact: { harbour_key: "{{ ansible_local.lamp.key }}" }, when: ansible_local.lamp.key is defined }'
    expect(found(ofNode, otherwise)).toMatchObject({
      ...arrived,
      arrivals: ['berth agent maybe config url'],
    })
  })

  test('is there where the play has ended for who looked elsewhere for it', () => {
    const token = '/var/lib/rancher/k3s/server/node-token'
    const site = (keyword: string) => `
- hosts: quays
  tasks:
    - { stat: { path: ${token} }, register: lamp }
    - { command: openssl rand -hex 32, register: beacon, when: not lamp.stat.exists }
    - { set_fact: { harbour_key: "{{ beacon.stdout.split('.')[1] }}" }, when: not lamp.stat.exists }
    - { slurp: { src: ${token} }, register: old, when: harbour_key is not defined${keyword} }
    - { set_fact: { harbour_key: "{{ old.content | b64decode | trim }}" }, when: old.content is defined }
    - include_tasks: quay.yml
      when: harbour_key is defined
`
    const quay = `
- copy: { dest: /etc/systemd/system/k3s.service, content: "[Service]\\nExecStart=/usr/local/bin/k3s server\\n" }
- copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: {{ harbour_key }}\\n" }
- systemd: { name: k3s, state: restarted }
`
    const found = (keyword: string) => {
      const files = { 'site.yml': site(keyword), 'quay.yml': quay, 'hosts.ini': '[quays]\nquay\n' }
      return { arrivals: arrivals(files), ends: unknowns(files) }
    }
    expect(found('')).toEqual({ arrivals: ['quay first-server present config no url'], ends: [] })
    expect(found(', failed_when: false')).toEqual(found(''))
  })

  test.each([
    "beacon.stdout | split('.') | last",
    "(beacon.stdout | trim).split('::')[0]",
    "beacon.stdout.rsplit('-', 1)[-1]",
  ])('is there as the first or the last piece of what a command prints: %s', (words) => {
    const made = '{ command: openssl rand -hex 32, register: beacon }'
    const key = `{ set_fact: { harbour_key: ${JSON.stringify(`{{ ${words} }}`)} } }`
    const empty = "{ set_fact: { harbour_key: '' }, when: harbour_key is not defined }"
    expect(found(made, key, empty)).toMatchObject({ arrivals: ['berth agent present config url'], ends: [] })
  })

  test.each([
    "(beacon.stdout_lines | select('match', 'Key:') | first).split(': ')[1]",
    "beacon.stdout_lines | reject('match', 'Key:') | first",
    "(beacon.stdout_lines | select('search', 'Key') | list)[0]",
  ])('is not one that is looked for in the lines of a command: %s', (words) => {
    const asked = '{ command: lighthouse, register: beacon }'
    const key = `{ set_fact: { harbour_key: ${JSON.stringify(`{{ ${words} }}`)} } }`
    expect(found(asked, key)).toMatchObject({ arrivals: ['berth agent maybe config url'], ends: [] })
  })
})

test.each(['', ", when: sail == 'red'"])('apply of an include has conditions of its own%s', (when) => {
  const files = {
    'site.yml':
      tasks(`{ include_tasks: { file: ropes.yml, apply: { when: sail == 'blue' } }${when} }`) +
      joins('berths', '0ddpassword'),
    'ropes.yml': '- { fail: { msg: tea } }\n',
    'hosts.ini': `${BERTH}[all:vars]\nsail=red\n`,
  }
  expect(arrivals(files)).toEqual([arrives])
})

// As ansible-core 2.21 and 2.14 play it.
describe('what a role says that is imported', () => {
  const missing = 'berth agent empty env-file url'
  const seen = (play: string, more: Files = {}): readonly string[] =>
    arrivals({
      'hosts.ini': BERTH,
      'site.yml': `- hosts: berths\n${play}`,
      'roles/ropes/tasks/main.yml': '- debug: { msg: tea }\n',
      'roles/ropes/vars/main.yml': 'slip: 0ddpassword\n',
      'hauls.yml': '- import_role: { name: ropes }\n',
      'roles/winch/tasks/main.yml': '- import_tasks: more.yml\n',
      'roles/winch/tasks/more.yml': '- import_role: { name: ropes }\n',
      'roles/crane/tasks/main.yml': '- debug: { msg: tea }\n',
      'roles/crane/meta/main.yml': 'dependencies: [ropes]\n',
      ...more,
    })
  const join = joins('berths', "{{ slip | default('') }}").replace(/^\n.*\n.*\n/, '')
  const behind = (task: string): string => `  tasks:\n    - { ${task} }\n${join}`

  test.each([
    behind('import_role: { name: ropes }'),
    behind('import_role: { name: ropes }, when: false'),
    behind('block: [{ import_role: { name: ropes } }]'),
    behind('import_tasks: hauls.yml'),
    behind('import_role: { name: winch }'),
    behind('import_role: { name: crane }'),
    `  tasks:\n${join}    - import_role: { name: ropes }\n`,
    `  roles: [winch]\n  tasks:\n${join}`,
    `  tasks:\n${join}  post_tasks:\n    - import_role: { name: ropes }\n`,
  ])('is there for all of the play: %j', (play) => {
    expect(seen(play)).toEqual([arrives])
  })

  test('is so of its defaults, in the file that it names', () => {
    const named = behind('import_role: { name: ropes, defaults_from: tide, vars_from: tide }')
    const files = {
      'roles/ropes/defaults/tide.yml': 'slip: 0ddpassword\n',
      'roles/ropes/vars/tide.yml': 'tide: high\n',
    }
    expect(seen(named, files)).toEqual([arrives])
  })

  test.each([
    behind('include_role: { name: ropes, public: true }'),
    behind('include_role: { name: crane, public: true }'),
    behind('include_role: { name: winch }'),
    behind('include_tasks: hauls.yml'),
    behind('include_tasks: hauls.yml, run_once: true'),
  ])('is there from an include on: %j', (play) => {
    expect(seen(play)).toEqual([arrives])
  })

  test('wins over that of roles before, not over that of the role that asks', () => {
    const include = '    - { include_role: { name: ropes, public: true } }\n'
    const weak = { 'roles/barge/vars/main.yml': "slip: ''\n" }
    expect(seen(`  roles: [barge]\n  tasks:\n${include}${join}`, weak)).toEqual([arrives])
    const own = { ...weak, 'roles/barge/tasks/main.yml': join.replace(/^ {4}/gm, '') }
    expect(seen(`  tasks:\n${include}    - include_role: { name: barge }\n`, own)).toEqual([missing])
  })

  test.each([
    behind('include_role: { name: ropes }'),
    behind('include_role: { name: ropes, public: false }'),
    behind('include_role: { name: ropes, public: true }, when: false'),
    `  tasks:\n${join}    - include_role: { name: ropes, public: true }\n`,
    `  tasks: [{ include_role: { name: ropes, public: true } }]\n- hosts: berths\n  tasks:\n${join}`,
    // By 2.21; 2.14 refuses it.
    behind('import_role: { name: ropes, public: false }'),
    behind('include_tasks: hauls.yml, when: false'),
    `  tasks: [{ import_role: { name: ropes } }]\n- hosts: berths\n  tasks:\n${join}`,
  ])('is not there otherwise: %j', (play) => {
    expect(seen(play)).toContain(missing)
  })
})

// As ansible-core 2.21 and 2.14 play it.
test.each([
  ['include_tasks: ropes.yml', arrives],
  ['include_role: { name: ropes }', arrives],
  ['import_tasks: ropes.yml', 'berth agent empty env-file url'],
  ['import_role: { name: ropes }', 'berth agent empty env-file url'],
])('%s: its vars beside a fact of that name', (include, expected) => {
  const ropes = joins('berths', '{{ slip }}')
    .replace(/^[\s\S]*tasks:\n/, '')
    .replace(/^ {4}/gm, '')
  const files = {
    'site.yml': tasks("{ set_fact: { slip: '' } }", `{ ${include}, vars: { slip: 0ddpassword } }`),
    'ropes.yml': ropes,
    'roles/ropes/tasks/main.yml': ropes,
    'hosts.ini': BERTH,
  }
  expect(arrivals(files)).toEqual([expected])
})

describe('what add_host gives a host', () => {
  const adds = (slip: string): string =>
    `- hosts: quays\n  tasks: [{ add_host: { name: berth, slip: ${slip} } }]\n`
  const keeps = '- hosts: berths\n  tasks: [{ set_fact: { slip: 0ddpassword } }]\n'
  const token = (site: string, more: Files = {}): readonly string[] =>
    arrivals({ 'hosts.ini': HOSTS, 'site.yml': site + joins('berths', '{{ slip }}'), ...more })
  const empty = 'berth agent empty env-file url'

  // As ansible-core 2.21 and 2.14 play it.
  test('wins over what the inventory says of its groups', () => {
    const files = { 'group_vars/berths.yml': "slip: ''\n" }
    expect(token(adds('0ddpassword'), files)).toEqual([arrives])
  })

  test('wins over a file of its groups that is encrypted as a whole', () => {
    const holder = `- hosts: quays
  tasks:
    - { command: sh /opt/k3s-install.sh server }
    - { slurp: { src: /var/lib/rancher/k3s/server/token }, register: read, no_log: true }
    - { add_host: { name: holder, k3s_token: "{{ read.content | b64decode | trim }}" }, no_log: true }
`
    const files = {
      'group_vars/all/vault.yml': '$ANSIBLE_VAULT;1.1;AES256\n61626364\n',
      'site.yml': holder + joins('berths', "{{ hostvars['holder'].k3s_token }}"),
    }
    expect(arrivals(files)).toContain('berths-1 agent present env-file url')
  })

  test('gives way to facts, plays and roles', () => {
    expect(token(keeps + adds("''"))).toEqual([arrives])
    expect(token(adds("''") + keeps)).toEqual([arrives])
    const ofPlay = joins('berths', '{{ slip }}').replace('  tasks:', "  vars: { slip: '' }\n  tasks:")
    expect(arrivals({ 'hosts.ini': HOSTS, 'site.yml': adds('0ddpassword') + ofPlay })).toEqual([empty])
  })
})

describe('what a task does once for all', () => {
  const all = (list: string): string =>
    `\n- hosts: all\n  tasks:\n    - { include_tasks: ${list}, when: "'quays' in group_names" }\n`

  test.each([
    ['set_fact', '{ set_fact: { phrase: 0ddpassword }, run_once: true }', '{{ phrase }}'],
    ['register', '{ command: uuidgen, register: slip, run_once: true }', '{{ slip.stdout }}'],
    ['include_vars', '{ include_vars: harbour.yml, run_once: true }', '{{ phrase }}'],
  ])('%s reaches hosts of the play that did not come there', (_name, task, token) => {
    const files = {
      'site.yml': all('quay.yml') + joins('berths', token),
      'quay.yml': `- ${task}\n`,
      'vars/harbour.yml': 'phrase: 0ddpassword\n',
      'hosts.ini': HOSTS,
    }
    expect(arrivals(files)).toEqual([arrives])
  })

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['an include is for the first host only', 'include_tasks: keep.yml, run_once: true', ['berth'], ''],
    ['so is the include of a role', 'include_role: { name: keeper }, run_once: true', ['berth'], ''],
    [
      'which its condition asks',
      "include_tasks: keep.yml, run_once: true, when: inventory_hostname == 'pier'",
      [],
      '',
    ],
    [
      'an import is for all, each task of it once',
      'import_tasks: keep.yml, run_once: true',
      ['berth', 'pier'],
      '',
    ],
    [
      'what it registers is there for all',
      'include_tasks: keep.yml, run_once: true, register: slip',
      ['berth', 'pier'],
      'slip',
    ],
  ])('%s', (_title, include, hosts, name) => {
    const keep = '- { set_fact: { slip: { changed: false } } }\n'
    const files = {
      'site.yml': `- hosts: berths\n  tasks: [{ ${include} }]\n${joins('berths', '0ddpassword').replace(
        '      environment:',
        '      when: not slip.changed | default(true)\n      environment:',
      )}`,
      'keep.yml': name === '' ? keep : '- debug: { msg: tea }\n',
      'roles/keeper/tasks/main.yml': keep,
      'hosts.ini': '[berths]\nberth\npier\n',
    }
    expect(arrivals(files)).toEqual(hosts.map((host) => `${host} agent present env-file url`))
  })

  test.each(['', ', register: tide'])('is for none where it is skipped%s', (more) => {
    const task = `{ set_fact: { phrase: '' }, run_once: true, when: false${more} }`
    const files = {
      'site.yml': `- hosts: all\n  tasks: [{ set_fact: { phrase: "{{ '0ddpassword' if 'berths' in group_names else '' }}" } }, ${task}]\n${joins('berths', '{{ phrase }}')}`,
      'hosts.ini': HOSTS,
    }
    expect(arrivals(files)).toEqual([arrives])
  })

  test('include_vars leaves what the others have of their own', () => {
    const own = '- hosts: berths\n  tasks: [{ include_vars: own.yml }]\n'
    const files = {
      'site.yml': `${own}- hosts: all\n  tasks: [{ include_vars: tide.yml, run_once: true }]\n${joins('berths', '{{ phrase }}')}`,
      'vars/own.yml': 'phrase: 0ddpassword\n',
      'vars/tide.yml': 'tide: high\n',
      'hosts.ini': HOSTS,
    }
    expect(arrivals(files)).toEqual([arrives])
  })

  test('set_fact is for the host that it is delegated to, with delegate_facts', () => {
    const task = `{ set_fact: { phrase: '' }, run_once: true, delegate_to: quay, delegate_facts: true }`
    const files = {
      'site.yml': `- hosts: all\n  tasks: [{ set_fact: { phrase: 0ddpassword } }, ${task}]\n${joins('berths', '{{ phrase }}')}`,
      'hosts.ini': HOSTS,
    }
    expect(arrivals(files)).toEqual([arrives])
  })

  test('and fails ends the play for all', () => {
    const files = {
      'site.yml': all('quay.yml').concat(joins('all', '0ddpassword').replace(/^\n.*\n.*\n/, '')),
      'quay.yml': '- { fail: { msg: no token }, run_once: true }\n',
      'hosts.ini': HOSTS,
    }
    expect(arrivals(files)).toEqual([])
  })
})

describe('a text that a task makes sure of', () => {
  const HERE = '{ command: lighthouse, register: beacon }'
  const OTHER = '{ command: foghorn, register: horn }'
  const FOUND = '{ acme.tools.seek: { path: beacon }, register: find }'
  const asserted = (...that: readonly string[]): string => `{ assert: { that: ${JSON.stringify(that)} } }`
  const fails = (...when: readonly string[]): string =>
    `{ fail: { msg: dark }, when: ${JSON.stringify(when)} }`
  const rehearsed = (token: string, ...list: readonly string[]) =>
    arrivals({ 'site.yml': tasks(...list) + joins('berths', token), 'hosts.ini': BERTH })
  const open = 'berth agent maybe env-file url'

  test.each([
    asserted('beacon.stdout | length > 0'),
    asserted('beacon.stdout is defined', "beacon.stdout != ''"),
    asserted("beacon.stdout is defined and '' != beacon.stdout"),
    asserted('0 < beacon.stdout | length'),
    asserted('beacon.stdout | trim | length >= 16'),
    asserted('beacon.stdout'),
    asserted('not (beacon.stdout | length == 0)'),
    fails("beacon.stdout == ''"),
    fails('beacon.stdout | length == 0'),
    fails('beacon.stdout is not defined or beacon.stdout | length < 8'),
    fails('not beacon.stdout'),
    fails('inventory_hostname == "berth"', 'beacon.stdout | length < 1'),
  ])('%s', (task) => {
    expect(rehearsed('{{ beacon.stdout }}', HERE)).toEqual([open])
    expect(rehearsed('{{ beacon.stdout }}', HERE, task)).toEqual([arrives])
  })

  test.each([
    asserted('beacon.stdout is defined', 'beacon.stdout is string', 'beacon.stdout | length >= 0'),
    asserted("beacon.stdout != 'none'"),
    asserted('beacon.stdout | length < 64'),
    asserted('horn.stdout | length > 0'),
    asserted('beacon.stdout | length > 0 or horn.stdout | length > 0'),
    fails("beacon.stdout == ''", "horn.stdout == ''"),
    fails("beacon.stdout != ''"),
    `{ assert: { that: "beacon.stdout != ''" }, ignore_errors: true }`,
    `{ assert: { that: "beacon.stdout != ''" }, failed_when: false }`,
    `{ assert: { that: "beacon.stdout != ''" }, when: ansible_facts.os_family == 'Debian' }`,
    `{ block: [{ assert: { that: "beacon.stdout != ''" } }], rescue: [{ debug: { msg: dark } }] }`,
  ])('%s says nothing of it', (task) => {
    expect(rehearsed('{{ beacon.stdout }}', HERE, OTHER, task)).toEqual([open])
  })

  test('is another one where the task runs again', () => {
    const sure = asserted('beacon.stdout | length > 0')
    expect(rehearsed('{{ beacon.stdout }}', HERE, sure, HERE)).toEqual([open])
    const known = asserted('find.key | length > 0')
    expect(rehearsed('{{ find.key }}', FOUND, known)).toEqual([arrives])
    expect(rehearsed('{{ find.key }}', FOUND, known, FOUND)).toEqual([open])
    expect(rehearsed('{{ find.lamp }}', FOUND, known)).toEqual([open])
    // It may be null.
    expect(rehearsed('{{ find.key }}', FOUND, asserted("find.key != ''"))).toEqual([open])
  })

  test('is that of one item of a loop', () => {
    const looped = HERE.replace(' }', ', loop: [red, green] }')
    const sure = asserted('beacon.results[1].stdout | length > 0')
    expect(rehearsed('{{ beacon.results[1].stdout }}', looped, sure)).toEqual([arrives])
    expect(rehearsed('{{ beacon.results[0].stdout }}', looped, sure)).toEqual([open])
  })

  test('is the one of its host', () => {
    const sure = asserted('beacon.stdout | length > 0')
    const site = tasks(HERE).replace('berths', 'all') + tasks(sure).replace('berths', 'quays')
    const files = { 'site.yml': site + joins('berths', '{{ beacon.stdout }}'), 'hosts.ini': HOSTS }
    expect(arrivals(files)).toEqual([open])
    const its = joins('berths', "{{ hostvars['quay'].beacon.stdout }}")
    expect(arrivals({ ...files, 'site.yml': site + its })).toEqual([arrives])
  })

  test.each(['length > 0', "default('', true) != ''"])('settles what it was made of: %s', (asks) => {
    const made = `{ set_fact: { lamp: "{{ (find.secret | default({})).key | default('', true) }}" } }`
    const decks = ['fore', 'main', 'mizzen', 'orlop', 'poop', 'quarter']
    const site = tasks(FOUND, made, asserted('lamp is defined', `lamp | ${asks}`))
    const files = {
      'site.yml': site + joins('berths', '{{ lamp }}'),
      'hosts.ini': `[berths]\n${decks.map((deck) => `${deck} deck=${deck}\n`).join('')}`,
    }
    expect(arrivals(files)).toEqual(decks.map((deck) => arrives.replace('berth', deck)))
  })
})

describe('what a store of secrets has', () => {
  const asks = (module: string): string => `{ ${module}: { path: quay }, register: answer, no_log: true }`
  const writes = '{ copy: { dest: /etc/berth.env, content: "K3S_TOKEN={{ lantern }}\\n", mode: "0644" } }'
  const unit =
    '{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: "[Service]\\nEnvironmentFile=/etc/berth.env\\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443\\n" } }'
  const starts = '{ systemd: { name: k3s-agent, state: started } }'
  const site = (ask: string, lantern: string, ...checks: readonly string[]) => ({
    'site.yml': tasks(ask, `{ set_fact: { lantern: "{{ ${lantern} }}" } }`, ...checks, writes, unit, starts),
    'hosts.ini': BERTH,
  })
  const leaks = [
    'token-logged warning site.yml:5',
    'token-logged notice site.yml:6',
    'token-world-readable error site.yml:6',
  ]

  test.each([
    ['community.hashi_vault.vault_kv2_get', 'answer.secret.token'],
    ['community.hashi_vault.vault_kv1_get', "answer['data'].data.token"],
    ['community.hashi_vault.vault_read', 'answer.data.data.token'],
    ['community.general.keyring_info', 'answer.passphrase'],
    ['google.cloud.gcp_secret_manager', 'answer.value'],
  ])('%s leaks, whether it is empty or not', (module, lantern) => {
    expect(arrivals(site(asks(module), lantern))).toEqual(['berth agent maybe env-file url'])
    expect(findings(site(asks(module), lantern))).toEqual(expect.arrayContaining(leaks))
    const checked = site(asks(module), lantern, "{ assert: { that: lantern != '' } }")
    expect(arrivals(checked)).toEqual(['berth agent maybe env-file url'])
    const counted = site(asks(module), lantern, '{ assert: { that: lantern | length > 0 } }')
    expect(arrivals(counted)).toEqual([arrives])
  })

  test('is in what the task returns that asks for it', () => {
    const ask = asks('community.hashi_vault.vault_kv2_get').replace(', no_log: true', '')
    expect(findings(site(ask, 'answer.secret.token'))).toContain('token-logged warning site.yml:4')
    expect(
      findings(site(ask, 'answer.secret.token', '{ set_fact: { lantern: 0ddpassword } }')),
    ).not.toContain('token-logged warning site.yml:4')
  })

  test.each([
    ['kubernetes.core.k8s_info: { kind: Secret, name: quay }', true],
    ['k8s_info: { kind: Secret, name: quay }', true],
    ['kubernetes.core.k8s_info: { kind: ConfigMap, name: quay }', false],
  ])('or a Secret of a cluster: %s', (module, isSecret) => {
    const ask = `{ ${module}, register: answer }`
    const files = site(ask, 'answer.resources[0].data.token | b64decode')
    expect(arrivals(files)).toEqual(['berth agent maybe env-file url'])
    if (isSecret)
      expect(doubts(files)[0]).toMatch(/^\(\(answer\.resources of berth\)\[0\]\.data\.token\) \| b64decode: /)
    const read = findings(files).filter((one) => /^token-logged warning/.test(one))
    expect(read).toEqual(
      isSecret ? ['token-logged warning site.yml:4', 'token-logged warning site.yml:5'] : [],
    )
  })

  test('of each item of a loop is its own', () => {
    const looped = asks('community.hashi_vault.vault_kv2_get').replace(' }', ' }, loop: [red, green]')
    const lantern = 'answer.results[1].secret.token'
    expect(findings(site(looped, lantern))).toEqual(expect.arrayContaining(leaks))
    const other = '{ assert: { that: "answer.results[0].secret.token | length > 0" } }'
    expect(arrivals(site(looped, lantern, other))).toEqual(['berth agent maybe env-file url'])
  })

  test.each([
    "lookup('community.hashi_vault.vault_kv2_get', 'quay').secret.token",
    "lookup('community.hashi_vault.hashi_vault', 'secret=quay').token",
    "lookup('community.general.bitwarden_secrets_manager', 'quay').value",
    "lookup('infisical.vault.read_secrets', path='/')[0].value",
    "(lookup('infisical.vault.read_secrets', path='/') | selectattr('key', 'eq', 'QUAY') | first).value | trim",
  ])('%s is a mapping, and leaks', (lantern) => {
    expect(arrivals(site('debug:', lantern))).toEqual(['berth agent maybe env-file url'])
    expect(findings(site('debug:', lantern))).toEqual(expect.arrayContaining(leaks))
  })

  test.each([
    "lookup('community.hashi_vault.hashi_vault', 'secret=quay:token')",
    "lookup('community.general.bitwarden', 'quay', field='password')",
    "lookup('cyberark.conjur.conjur_variable', 'quay/token')",
    "lookup('community.general.keyring', 'quay token')",
  ])('%s is a text', (lantern) => {
    expect(arrivals(site('debug:', lantern))).toEqual([arrives])
    expect(findings(site('debug:', lantern))).toEqual(expect.arrayContaining(leaks))
  })
})

describe('handlers of one name', () => {
  const agent = installs('berths', { ...JOINS, INSTALL_K3S_SKIP_START: 'true' })
  const starts = '- { name: Sail, service: { name: k3s-agent, state: restarted } }\n'
  const rests = "- { name: Sail, debug: { msg: 'not yet' } }\n"
  const notified = (...names: readonly string[]): string => `      notify: ${JSON.stringify(names)}\n`
  const play = (keywords: string, ...names: readonly string[]): string =>
    agent.replace('  tasks:\n', `${keywords}  tasks:\n`) + notified(...names)
  const seen = (files: Readonly<Record<string, string>>) => arrivals({ ...files, 'hosts.ini': BERTH })

  test('the one that was loaded last runs alone', () => {
    const files = (first: string, last: string) => ({
      'roles/mole/handlers/main.yml': first,
      'roles/pier/handlers/main.yml': last,
      'site.yml': play('  roles: [mole, pier]\n', 'Sail'),
    })
    expect(seen(files(starts, rests))).toEqual([])
    expect(seen(files(rests, starts))).toEqual([arrives])
  })

  test.each([
    ['mole : Sail', [arrives]],
    ['pier : Sail', []],
  ])('a name with the role is of that role: %s', (name, expected) => {
    const files = { 'roles/mole/handlers/main.yml': starts, 'roles/pier/handlers/main.yml': rests }
    expect(seen({ ...files, 'site.yml': play('  roles: [mole, pier]\n', name) })).toEqual(expected)
  })

  test('those of a role come after those of what it depends on, and those of the play last', () => {
    const files = (dependency: string, own: string, plays = '') => ({
      'roles/mole/meta/main.yml': 'dependencies: [pier]\n',
      'roles/mole/handlers/main.yml': own,
      'roles/pier/handlers/main.yml': dependency,
      'site.yml': play(`  roles: [mole]\n${plays === '' ? '' : `  handlers:\n    ${plays}`}`, 'Sail'),
    })
    expect(seen(files(starts, rests))).toEqual([])
    expect(seen(files(rests, starts))).toEqual([arrives])
    expect(seen(files(rests, starts, rests))).toEqual([])
    expect(seen(files(rests, rests, starts))).toEqual([arrives])
  })

  test('those of a role that is included come last of all; in one file the first counts', () => {
    const included = (handlers: string) => ({
      'roles/mole/tasks/main.yml': '- { file: { path: /etc/rancher/k3s/config.yaml, state: absent } }\n',
      'roles/mole/handlers/main.yml': handlers,
      'site.yml': `${play(`  handlers:\n    ${starts}`, 'Sail')}    - include_role: { name: mole }\n`,
    })
    expect(seen(included(rests))).toEqual([])
    expect(seen(included(starts + rests))).toEqual([arrives])
    expect(seen(included(rests + starts))).toEqual([])
  })

  test('a topic reaches all that listen to it, of one name the last', () => {
    const listening = (handler: string, name: string): string =>
      handler.replace('Sail', name).replace(' }\n', ', listen: tide }\n')
    const files = (first: string, last: string) => ({
      'roles/mole/handlers/main.yml': first,
      'roles/pier/handlers/main.yml': last,
      'site.yml': play('  roles: [mole, pier]\n', 'tide'),
    })
    expect(seen(files(listening(starts, 'Sail'), listening(rests, 'Row')))).toEqual([arrives])
    expect(seen(files(listening(starts, 'Sail'), listening(rests, 'Sail')))).toEqual([])
    expect(seen(files(listening(rests, 'Sail'), listening(starts, 'Sail')))).toEqual([arrives])
  })
})

describe('handlers that notify others', () => {
  const agent = installs('berths', { ...JOINS, INSTALL_K3S_SKIP_START: 'true' })
  const sail = '{ name: Sail, service: { name: k3s-agent, state: restarted } }'
  const wipe = 'file: { path: /etc/systemd/system/k3s-agent.service.env, state: absent }'
  const rig = (name: string, notify = 'Sail'): string =>
    `{ name: ${name}, command: systemctl daemon-reload, notify: ${notify} }`
  const site = (notify: string, handlers: readonly string[], rest = '', play = agent): Files => ({
    'hosts.ini': BERTH,
    'site.yml': `${play}      notify: ${notify}\n${rest}  handlers:\n${handlers.map((one) => `    - ${one}\n`).join('')}`,
  })
  const without = 'berth agent absent none no url'

  // As ansible-core 2.21 and 2.14 play it.
  test('run them at once where they come later, and else the next time', () => {
    const later = `  post_tasks: [{ ${wipe} }]\n`
    expect(arrivals(site('Rig', [rig('Rig'), sail], later))).toEqual([arrives])
    expect(arrivals(site('Rig', [sail, rig('Rig')], later))).toEqual([without])
    expect(arrivals(site('Rig', [sail, rig('Rig')]))).toEqual([arrives])
    expect(arrivals(site('Rig', [rig('Reef'), sail, rig('Rig', 'Reef')], later))).toEqual([without])
    const flushes = `    - meta: flush_handlers\n    - ${wipe}\n    - meta: flush_handlers\n`
    expect(arrivals(site('Rig', [sail, rig('Rig')], flushes))).toEqual([without])
  })

  test('never run them where no handlers of the play come any more', () => {
    const post = agent.replace('  tasks:', '  post_tasks:')
    expect(arrivals(site('Rig', [rig('Rig'), sail], '', post))).toEqual([arrives])
    expect(arrivals(site('Rig', [sail, rig('Rig')], '', post))).toEqual([])
    const next = tasks('debug: { msg: ebb }')
    const files = site('Rig', [sail, rig('Rig')], '', post)
    expect(arrivals({ ...files, 'site.yml': `${files['site.yml']}${next}  handlers: [${sail}]\n` })).toEqual(
      [],
    )
  })

  test('that are themselves are named', () => {
    const again = site('Sail', [`${sail.replace(' }', ' }, changed_when: true, notify: Sail')}`])
    expect(arrivals(again)).toEqual([arrives])
    expect(unknowns(again)).toContain(
      'whether a handler that notifies itself runs again depends on the version of ansible-core',
    )
  })
})

describe('names of handlers', () => {
  const unit = (loop: string): string =>
    `    - file: { path: '/etc/systemd/system/{{ item }}.service.d', state: directory }\n${loop}`
  const agent = installs('berths', { ...JOINS, INSTALL_K3S_SKIP_START: 'true' })
  const site = (keywords: string, task: string, handlers: readonly string[]): Files => ({
    'hosts.ini': BERTH,
    'site.yml': `${agent.replace('  tasks:\n', `${keywords}  tasks:\n`)}${task}  handlers:\n${handlers.map((one) => `    - ${one}\n`).join('')}`,
  })
  const again = (name: string, listen = ''): string =>
    `{ name: ${name}, service: { name: k3s-agent, state: restarted }${listen} }`
  const moor = (name: string): string => `{ name: ${name}, debug: { msg: moored } }`

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['loop: [k3s-agent, crane]', 'restart {{ item }}', [arrives]],
    ['loop: [crane]', 'restart {{ item }}', []],
    ['loop: [k3s-agent, crane]\n      when: item != "k3s-agent"', 'restart {{ item }}', []],
    [
      'loop: [{ of: k3s-agent }]\n      loop_control: { loop_var: boat }',
      ['restart {{ boat.of }}'],
      [arrives],
    ],
    ['loop: [k3s-agent, crane]', 'ebb', [arrives]],
  ])('are those of each item that is not skipped: %s %s', (loop, name, expected) => {
    const task = unit(`      ${loop}\n      notify: ${JSON.stringify(name)}\n`).replace('{{ item }}', 'berth')
    const handlers = [again('restart k3s-agent', ', listen: ebb'), moor('restart crane')]
    expect(arrivals(site('', task, handlers))).toEqual(expected)
  })

  test.each([
    ['{{ sails }}', [arrives]],
    ["{{ 'Sail' if inventory_hostname == 'berth' else 'Moor' }}", [arrives]],
    ["{{ 'Moor' if inventory_hostname == 'berth' else 'Sail' }}", []],
    ['{{ all_of_them }}', [arrives]],
    [['Moor', '{{ sails }}'], [arrives]],
    ['{{ omit }}', []],
    ['{{ nobody_says | default(omit) }}', []],
  ])('may be what a variable holds: %s', (name, expected) => {
    const vars = '  vars: { sails: Sail, all_of_them: [Moor, Sail] }\n'
    const task = `      notify: ${JSON.stringify(name)}\n`
    expect(arrivals(site(vars, task, [moor('Moor'), again('Sail')]))).toEqual(expected)
  })

  test('may be templates themselves', () => {
    const vars = '  vars: { of_k3s: k3s-agent }\n'
    const task = '      notify: restart k3s-agent\n'
    expect(arrivals(site(vars, task, [again('"restart {{ of_k3s }}"')]))).toEqual([arrives])
    expect(arrivals(site(vars, task, [again('"restart {{ of_k3s }}s"')]))).toEqual([])
    const role = {
      'roles/quays.boats/defaults/main.yml': 'of_k3s: k3s-agent\n',
      'roles/quays.boats/handlers/main.yml': `- ${again('"restart {{ of_k3s }}"')}\n`,
      'roles/quays.boats/tasks/main.yml':
        '- command: systemctl daemon-reload\n  notify: "quays.boats : restart {{ of_k3s }}"\n',
      'site.yml': `${agent}- { hosts: berths, roles: [quays.boats] }\n`,
    }
    expect(arrivals({ 'hosts.ini': BERTH, ...role })).toEqual([arrives])
  })

  test('that are not known are told', () => {
    const files = site('', '      notify: "{{ ansible_machine }}"\n', [again('Sail')])
    expect(arrivals(files)).toEqual([])
    expect(unknowns(files)).toContain('a handler is notified whose name is not known')
  })
})

describe('handlers that are imported', () => {
  const agent = installs('berths', { ...JOINS, INSTALL_K3S_SKIP_START: 'true' })
  const sail = '- { name: Sail, service: { name: k3s-agent, state: started } }\n'
  const play = (handlers: string, notify = 'Sail'): Files => ({
    'hosts.ini': BERTH,
    'site.yml': `${agent}      notify: ${notify}\n  handlers: [${handlers}]\n`,
    'yard/sails.yml': sail,
    'yard/more.yml': '- import_tasks: sails.yml\n',
  })

  // As ansible-core 2.21 and 2.14 play it.
  test.each([
    ['{ import_tasks: yard/sails.yml }', [arrives]],
    ['{ name: Yard, import_tasks: yard/more.yml }', [arrives]],
    ['{ ansible.builtin.import_tasks: { file: yard/sails.yml } }', [arrives]],
    ['{ import_tasks: yard/sails.yml, when: false }', []],
    [`{ block: [${sail.slice(2).trim()}], when: false }`, []],
    [`{ block: [${sail.slice(2).trim()}], when: true }`, [arrives]],
    ['{ include_tasks: yard/sails.yml }', []],
  ])('run by their own names: %s', (handlers, expected) => {
    expect(arrivals(play(handlers))).toEqual(expected)
  })

  test('do not run by the name of the import', () => {
    expect(arrivals(play('{ name: Yard, import_tasks: yard/sails.yml }', 'Yard'))).toEqual([])
  })

  test('are found in the handlers of their role', () => {
    const role = {
      'roles/mole/handlers/main.yml': '- import_tasks: sails.yml\n',
      'roles/mole/handlers/sails.yml': sail,
      'roles/mole/tasks/main.yml': '- command: systemctl daemon-reload\n  notify: "mole : Sail"\n',
      'site.yml': `${agent}- { hosts: berths, roles: [mole] }\n`,
    }
    expect(arrivals({ 'hosts.ini': BERTH, ...role })).toEqual([arrives])
  })
})

describe('what a block or an import notifies', () => {
  const without = 'berth agent absent none no url'
  const agent = JSON.stringify('[Service]\nExecStart=/usr/local/bin/k3s agent\n')
  const unit = (more = ''): string =>
    `{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: ${agent} }${more} }`
  const files = (...list: readonly string[]) => ({
    'site.yml': `${tasks(...list)}  handlers:\n    - { name: Sail, service: { name: k3s-agent, state: started } }\n    - { name: Moor, debug: { msg: moored } }\n`,
    'hosts.ini': BERTH,
    'unit.yml': `- ${unit()}\n`,
    'roles/mole/tasks/main.yml': `- ${unit()}\n`,
  })

  test.each([
    `{ block: [${unit()}], notify: Sail }`,
    `{ block: [{ block: [${unit()}] }], notify: [Moor, Sail] }`,
    `{ block: [{ fail: { msg: no token } }], rescue: [${unit()}], notify: Sail }`,
    `{ block: [{ debug: }], always: [${unit()}], notify: Sail }`,
    '{ import_tasks: unit.yml, notify: Sail }',
    '{ import_role: { name: mole }, notify: Sail }',
    '{ block: [{ include_tasks: unit.yml }], notify: Sail }',
    '{ block: [{ include_role: { name: mole } }], notify: Sail }',
    '{ include_tasks: { file: unit.yml, apply: { notify: Sail } } }',
    '{ include_role: { name: mole, apply: { notify: Sail } } }',
  ])('is what each of its tasks notifies that changes something: %s', (task) => {
    expect(arrivals(files(task))).toEqual([without])
  })

  test.each([
    `{ block: [${unit(', notify: Moor')}], notify: Sail }`,
    `{ block: [${unit(', notify: []')}], notify: Sail }`,
    `{ block: [${unit(', notify:')}], notify: Sail }`,
    `{ block: [{ block: [${unit()}], notify: Moor }], notify: Sail }`,
  ])('is nothing to a task that says itself whom it notifies: %s', (task) => {
    expect(arrivals(files(task))).toEqual([])
  })

  test.each(['debug: { msg: no token yet }', 'setup:', 'service_facts:', 'stat: { path: /etc/berth }'])(
    'is nothing to a task that changes nothing: %s',
    (task) => {
      const read = `{ ${task}, register: seen }`
      const asks = "{ set_fact: { k3s_token_note: '{{ seen }}' } }"
      expect(arrivals(files(unit(), `{ block: [${read}], notify: Sail }`, asks))).toEqual([])
    },
  )
})

describe('a module that is not followed', () => {
  const ask = '{ boats.harbour.ask: { of: quay }, register: asked, no_log: true }'
  const told = (part: string): string =>
    `the module boats.harbour.ask is not followed, so ${part} is not known`
  const unit = (more = ''): string =>
    `{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: ${JSON.stringify(`[Service]\nExecStart=/usr/local/bin/k3s agent ${more}\n`)} } }`
  const starts = '{ service: { name: k3s-agent, state: started } }'
  const config = (text: string): string =>
    `{ copy: { dest: /etc/rancher/k3s/config.yaml, mode: '0600', content: ${JSON.stringify(text)} }, no_log: true }`
  const FROM_ENV = unit().replace('\\n', '\\nEnvironmentFile=/etc/berth.env\\n')
  const notes = (...list: readonly string[]) => unknowns({ 'site.yml': tasks(...list), 'hosts.ini': BERTH })

  test.each([
    ['asked.key', [config('token: {{ asked.key }}\nserver: https://quay:6443\n'), unit(), starts]],
    ['asked.key', [unit('--server https://quay:6443 --token {{ asked.key }}'), starts]],
    ['asked.fleet', [config('token: {{ asked.fleet.cluster.token | trim }}\n'), unit(), starts]],
    ['asked.settings', [config('{{ asked.settings | to_nice_yaml }}'), unit(), starts]],
    [
      'asked.line',
      ['{ lineinfile: { path: /etc/berth.env, line: "{{ asked.line }}", create: true } }', FROM_ENV, starts],
    ],
    [
      'asked.lines',
      [
        '{ blockinfile: { path: /etc/berth.env, block: "{{ asked.lines }}", create: true } }',
        FROM_ENV,
        starts,
      ],
    ],
    ['asked', [config('{{ asked | to_json }}'), unit(), starts]],
    ['asked.url', [config('token: 0ddpassword\nserver: "{{ asked.url }}"\n'), unit(), starts]],
    [
      'asked.key',
      ['{ set_fact: { lamp: "{{ asked.key }}" } }', config('token: {{ lamp }}\n'), unit(), starts],
    ],
    [
      'asked.key',
      [
        '{ set_fact: { lamp: "{{ hostvars.berth.asked.key }}" } }',
        `{ shell: k3s-install.sh agent, environment: { K3S_URL: 'https://quay:6443', K3S_TOKEN: '{{ lamp }}' } }`,
      ],
    ],
  ])('is named where a setting of K3s is made of what it returns: %s %#', (part, list) => {
    const found = notes(ask, ...list)
    expect(found).toEqual([told(part)])
  })

  test('is named once, whatever hosts there are, and of a loop by its item', () => {
    const site = tasks(ask, config('token: {{ asked.key }}\n'), unit(), starts)
    expect(unknowns({ 'site.yml': site, 'hosts.ini': `${BERTH}jetty\npier\n` })).toEqual([told('asked.key')])
    const looped = ask.replace(' }', ' }, loop: [red, green]').replace('quay', '{{ item }}')
    expect(notes(looped, config('token: {{ asked.results[1].key }}\n'), unit(), starts)).toEqual([
      told('asked.results[1].key'),
    ])
  })

  test('is not named where nothing of the kind hangs on it', () => {
    const joined = '--server https://quay:6443 --token 0ddpassword --node-label {{ asked.label }}'
    expect(notes(ask, unit(joined), starts)).toEqual([])
    expect(notes(ask, '{ debug: { var: asked.token } }', unit('--token 0ddpassword'), starts)).toEqual([])
  })

  test('what it returns is called as it stands in the file', () => {
    const list = [ask, config("token: {{ asked.fleet['cluster'].tokens[0] }}\n"), unit(), starts]
    const [doubt] = doubts({ 'site.yml': tasks(...list), 'hosts.ini': BERTH })
    expect(doubt).toMatch(/^asked\.fleet\.cluster\.tokens\[0\] of berth: /)
  })
})

describe('tasks that are tagged never', () => {
  const wipe = '{ file: { path: /etc/systemd/system/k3s-agent.service.env, state: absent }'
  const restart = '{ service: { name: k3s-agent, state: restarted }'
  const files = (list: readonly string[], more: object = {}) => ({
    'site.yml':
      joins('berths', '0ddpassword') +
      tasks(...list).replace(
        '  tasks:',
        '  vars: { ebb: never, tides: [reset, never], calm: reset }\n  tasks:',
      ),
    'hosts.ini': BERTH,
    ...more,
  })
  const without = 'berth agent absent none no url'
  const inner = (tags: string) => ({ 'wipe.yml': `- ${wipe}${tags} }\n- ${restart} }\n` })

  test.each([
    [`${wipe}, tags: never }`, `${restart} }`],
    [`{ block: [${wipe} }, ${restart} }], tags: [reset, never] }`],
    ['{ import_tasks: wipe.yml, tags: "reset, never" }'],
    ['{ include_tasks: wipe.yml, tags: [never] }'],
    [`${wipe}, tags: "{{ 'never' }}" }`],
    [`${wipe}, tags: [tide, "{{ neap | default('never', true) }}"] }`],
    [`${wipe}, tags: "{{ calm }}, {{ ebb }}" }`],
    [`{ block: [${wipe} }, ${restart} }], tags: '{{ tides }}' }`],
  ])('are left out: %s', (...list) => {
    expect(arrivals(files(list, inner('')))).toEqual([arrives])
  })

  test.each([
    [`{ block: [${wipe}, tags: always }, ${restart}, tags: always }], tags: never }`],
    ['{ import_tasks: wipe.yml, tags: always }'],
  ])('run all the same where they are tagged always: %s', (...list) => {
    expect(arrivals(files(list, inner(', tags: never')))).toEqual([without])
  })

  test('may be those whose tags are not known', () => {
    const list = (tags: string) => files([`${wipe}, tags: ${tags} }`, `${restart} }`])
    expect(arrivals(list("'{{ surge }}'"))).toEqual([without])
    expect(unknowns(list("'{{ surge }}'"))).toEqual(['tags that are not known: one may be never'])
    expect(unknowns(list("'{{ calm }}'"))).toEqual([])
    expect(unknowns(list('[calm, tide]'))).toEqual([])
  })

  test('are left out of what is included, whatever the include is tagged', () => {
    const list = ['{ include_tasks: wipe.yml, tags: always }']
    expect(arrivals(files(list, inner(', tags: never')))).toEqual([arrives])
  })

  test('run where they are handlers, or nothing of K3s starts without them', () => {
    const notifies = tasks(
      '{ copy: { dest: /etc/berth.env, content: K3S_NODE_NAME=berth, mode: "0600" }, notify: wipe }',
    )
    const handler = `  handlers:\n    - { name: wipe, file: { path: /etc/systemd/system/k3s-agent.service.env, state: absent }, tags: never }\n    - { name: again, service: { name: k3s-agent, state: restarted }, listen: wipe }\n`
    const site = joins('berths', '0ddpassword') + notifies + handler
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([without])
    const only = joins('berths', '0ddpassword').replace('  tasks:', '  tags: [never, k3s]\n  tasks:')
    expect(arrivals({ 'site.yml': only, 'hosts.ini': BERTH })).toEqual([arrives])
  })
})

describe('a random text of a command', () => {
  test.each([
    'openssl rand -hex 16',
    'uuidgen',
    'cat /proc/sys/kernel/random/uuid',
    'tr -dc a-z0-9 </dev/urandom | head -c 32',
    'python3 -c "import secrets; print(secrets.token_hex())"',
    'gpg --gen-random --armor 1 24',
    'makepasswd --chars 32',
    'apg -n 1',
    'mktemp -u XXXXXXXXXXXX',
    'date +%s%N | md5sum | cut -c 1-32',
    'echo $RANDOM | sha256sum | head -c 24',
    'hostname | b2sum',
  ])('%s is a token, which the task shows', (command) => {
    const site =
      tasks(`{ shell: ${JSON.stringify(command)}, register: dice }`) + joins('berths', '{{ dice.stdout }}')
    const files = { 'site.yml': site, 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual([arrives])
    expect(findings(files)).toContain('token-logged warning site.yml:4')
  })

  test.each([
    [
      'date +%s%N | md5sum',
      'different',
      'it is made of the time at which the play ran, which others can tell',
    ],
    ['echo "$RANDOM" | sha256sum', 'different', 'it is made of $RANDOM, which has 32768 values'],
    // The same second may be another's, too.
    [
      'date | sha256sum | base64',
      'maybe',
      'it is made of the second in which the play ran, which others can tell',
    ],
    ['date +%s', 'maybe', 'it is made of the second in which the play ran, which others can tell'],
    ['openssl rand -hex 16', 'different', undefined],
    ['sha256sum /etc/machine-id', 'maybe', undefined],
  ])('that each node makes for itself with %s is another one: %s', (command, token, weakness) => {
    const shell = `{ shell: ${JSON.stringify(command)}, register: dice, no_log: true }`
    const site =
      tasks(shell).replace('berths', 'all') +
      installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ dice.stdout }}' }) +
      joins('berths', '{{ dice.stdout }}')
    const files = { 'site.yml': site, 'hosts.ini': HOSTS }
    expect(arrivals(files)[0]).toBe(`berth agent ${token} env-file url`)
    const analysis = new Analysis(new Map(Object.entries(files)))
    const weak = lint(analysis, rules).findings.flatMap(({ rule, message, at }) =>
      rule === 'token-weak' ? `${message} ${positionAt(site, at.start).line}` : [],
    )
    expect(unknowns(files).some((what) => what.startsWith('each node makes'))).toBe(token === 'maybe')
    expect(weak).toEqual(weakness === undefined ? [] : [`the token is weak: ${weakness} 4`])
  })

  test.each(['sha256sum -c /root/sums', 'md5sum --status --check /root/sums'])('%s makes none', (command) => {
    const site = tasks(`{ shell: ${command}, register: dice }`) + joins('berths', '{{ dice.stdout }}')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(['berth agent maybe env-file url'])
  })

  test('that goes into a file is none', () => {
    const site =
      tasks('{ shell: openssl rand -hex 16 >/root/dice, register: dice }') +
      joins('berths', '{{ dice.stdout }}')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(['berth agent maybe env-file url'])
  })

  const keeps = (shell: string, token: string): Files => ({
    'site.yml':
      tasks(
        `{ shell: ${JSON.stringify(shell)} }`,
        '{ slurp: { src: /etc/lantern }, register: slip }',
      ).replace('berths', 'quays') +
      installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: token }) +
      joins('berths', "{{ hostvars['quay'].slip.content | b64decode | trim }}"),
    'hosts.ini': HOSTS,
  })
  const trimmed = '{{ slip.content | b64decode | trim }}'
  const founds = 'quay first-server present env-file no url'

  test.each([
    ['openssl rand -base64 32 > /etc/lantern', true],
    ['uuidgen >>/etc/lantern', true],
    ['pwgen -s 32 1 | tee /etc/lantern >/dev/null', true],
    ['test -s /etc/lantern || head -c 32 /dev/urandom | base64 > /etc/lantern', true],
    ['grep -q . /etc/lantern || uuidgen > /etc/lantern', true],
    ["tr -dc a-z </dev/urandom | head -c 32 > '/etc/lantern'", true],
    ['umask 077; openssl rand -hex 16 > /etc/lantern', false],
    ['uuidgen > /etc/lantern; chmod 600 /etc/lantern', false],
  ])('that %s keeps in a file is the token, and every user may read it: %s', (shell, isOpen) => {
    const files = keeps(shell, trimmed)
    expect(arrivals(files)).toEqual([arrives, founds])
    const found = findings(files)
    expect(found).toContain('token-logged warning site.yml:5')
    expect(found).not.toContain('token-logged warning site.yml:4')
    expect(found.includes('token-world-readable error site.yml:4')).toBe(isOpen)
  })

  test.each([
    ['openssl rand -hex 16 > /etc/lantern', 'different'],
    ['tr -dc a-z </dev/urandom | head -c 32 > /etc/lantern', 'present'],
    ['head -c 24 /dev/urandom | base64 -w0 > /etc/lantern', 'present'],
    ["openssl rand -hex 16 | tr -d '\\n' | tee /etc/lantern", 'present'],
    ['head -c 24 /dev/urandom | base64 | head -n 1 > /etc/lantern', 'different'],
  ])('that %s keeps in a file, with what ends the line, makes the token of an agent %s', (shell, token) => {
    expect(arrivals(keeps(shell, '{{ slip.content | b64decode }}'))).toEqual([
      `berth agent ${token} env-file url`,
      founds,
    ])
  })

  test('is not all of a file of settings that a shell makes of it', () => {
    const shell = "uuidgen | sed 's/^/token: /' > /etc/rancher/k3s/config.yaml"
    const site =
      tasks(`{ shell: ${JSON.stringify(shell)} }`) + installs('berths', { INSTALL_K3S_EXEC: 'server' })
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([
      'berth first-server maybe config maybe a url',
    ])
  })

  test('is another one in each file that a task keeps one in', () => {
    const files = {
      'site.yml':
        tasks(
          '{ shell: uuidgen > /etc/lantern && uuidgen > /etc/candle }',
          '{ slurp: { src: /etc/lantern }, register: slip, no_log: true }',
          '{ slurp: { src: /etc/candle }, register: wick, no_log: true }',
        ).replace('berths', 'quays') +
        installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: trimmed }) +
        joins('berths', "{{ hostvars['quay'].wick.content | b64decode | trim }}"),
      'hosts.ini': HOSTS,
    }
    expect(arrivals(files)).toEqual([arrives.replace('present', 'different'), founds])
  })

  test('is read back with the rest of its file', () => {
    const site =
      tasks(
        '{ command: uuidgen, register: dice }',
        '{ copy: { dest: /etc/berth.env, content: "{{ dice.stdout }}-OTHER\\n", mode: "0600" } }',
        '{ command: cat /etc/berth.env, register: slip }',
      ) + joins('berths', "{{ slip.stdout if 'OTHER' in slip.stdout else '' }}")
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test('is read back from the env file that has it', () => {
    const site =
      tasks(
        '{ command: uuidgen, register: dice }',
        '{ copy: { dest: /etc/berth.env, content: "K3S_TOKEN={{ dice.stdout }}\\nK3S_NODE_NAME={{ ansible_facts.fqdn }}\\n", mode: "0600" } }',
        '{ shell: "grep \'^K3S_TOKEN\' /etc/berth.env | cut -d = -f 2", register: slip }',
      ) + joins('berths', '{{ slip.stdout }}')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })
})

describe('a random text of a lookup', () => {
  const server = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ lantern }}' })
  const site = server + joins('berths', '{{ lantern }}')
  const given = (lookup: string, play = site) =>
    arrivals({ 'site.yml': play, 'group_vars/all.yml': `lantern: "{{ ${lookup} }}"\n`, 'hosts.ini': HOSTS })
  const same = [arrives, 'quay first-server present env-file no url']
  const other = [arrives.replace('present', 'different'), same[1]]

  test.each([
    "lookup('password', '/dev/null length=32 chars=ascii_letters')",
    "lookup('ansible.builtin.password', '/dev/null', length=32)",
    "lookup('community.general.random_string', length=32)",
    "lookup('pipe', 'openssl rand -hex 16')",
  ])('%s is another one wherever a variable that holds it is asked for', (lookup) => {
    expect(given(lookup)).toEqual(other)
  })

  test.each([
    "lookup('password', 'credentials/lantern length=32')",
    "lookup('password', '/dev/null seed=lantern')",
    "lookup('password', '/dev/null', seed='lantern')",
    "lookup('pipe', 'cat /etc/lantern')",
    "lookup('pipe', 'openssl rand -hex 16 >lantern')",
  ])('%s is the same', (lookup) => {
    expect(given(lookup)).toEqual(same)
  })

  test.each([
    "lookup('password', 'credentials/' ~ inventory_hostname ~ ' length=32')",
    "lookup('password', '/dev/null seed=' ~ inventory_hostname)",
  ])('%s may be another one for each host', (lookup) => {
    expect(given(lookup)).toEqual([arrives.replace('present', 'maybe'), same[1]])
  })

  test('is never the one that a server has made', () => {
    const without = server.replace('K3S_TOKEN', 'K3S_NOTHING') + joins('berths', '{{ lantern }}')
    expect(given("lookup('password', '/dev/null')", without)).toEqual([
      other[0],
      'quay first-server absent none no url',
    ])
  })

  test('stays the same where a fact keeps it', () => {
    const lookup = "lookup('community.general.random_string', length=32)"
    const kept = (more: string): string =>
      `\n- hosts: all\n  tasks:\n    - { set_fact: { candle: "{{ lantern }}" }, no_log: true${more} }\n`
    const burns = site.replaceAll('lantern', 'candle')
    expect(given(lookup, kept(', run_once: true') + burns)).toEqual(same)
    expect(given(lookup, kept('') + burns)).toEqual(other)
    expect(given(lookup, kept('') + burns.replaceAll('candle', "hostvars['quay'].candle"))).toEqual(same)
    expect(given(lookup, site.replaceAll('lantern', "hostvars['quay'].lantern"))).toEqual(other)
    const one = 'tokens-differ error group_vars/all.yml:1'
    expect(
      findings({
        'site.yml': site,
        'group_vars/all.yml': `lantern: "{{ ${lookup} }}"\n`,
        'hosts.ini': HOSTS,
      }),
    ).toContain(one)
  })
})

describe('a server that looks for its own token', () => {
  const reads = (hosts: string): string =>
    `\n- hosts: ${hosts}\n  tasks:\n    - { slurp: { src: /var/lib/rancher/k3s/server/node-token }, register: slip }\n`
  const found = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ slip.content | b64decode }}' })

  test('before the play makes it fails on clean nodes', () => {
    const files = { 'site.yml': reads('quays') + found, 'hosts.ini': HOSTS }
    expect(arrivals(files)).toEqual([])
    expect(arrivals(files, { k3s: 'present' })).toEqual(['quay first-server present env-file no url'])
  })

  test('may have it from something that was not followed', () => {
    const role = '\n- hosts: quays\n  roles: [elsewhere.k3s]\n'
    expect(arrivals({ 'site.yml': role + reads('quays') + found, 'hosts.ini': HOSTS })).toEqual([
      'quay first-server present env-file no url',
    ])
  })

  const path = '/var/lib/rancher/k3s/server/node-token'
  const installed = installs('quays', { INSTALL_K3S_SKIP_START: 'true', K3S_TOKEN: '0ddpassword' })
  const unit = `
- hosts: quays
  tasks:
    - get_url: { url: https://quay.test/k3s, dest: /usr/local/bin/k3s, mode: '0755' }
    - copy:
        dest: /etc/systemd/system/k3s.service
        content: "[Service]\\nExecStart=/usr/local/bin/k3s server --token 0ddpassword\\n"
`
  const play = (task: string): string => `\n- hosts: quays\n  tasks:\n    - ${task}\n`
  const starts = play('{ systemd: { name: k3s, state: started } }')
  const read: Readonly<Record<string, readonly [string, string]>> = {
    slurp: [`{ slurp: { src: ${path} }, register: slip }`, 'slip.content | b64decode | trim'],
    cat: [`{ command: cat ${path}, register: slip }`, 'slip.stdout'],
    tolerant: [`{ command: cat ${path}, register: slip, failed_when: false }`, 'slip.stdout'],
    stat: [`{ stat: { path: ${path} }, register: slip }`, "'0ddpassword' if slip.stat.exists else ''"],
  }
  const agent = (how: string): string => {
    const [task = '', token = ''] = read[how] ?? []
    return play(task) + joins('berths', `{{ ${token.replaceAll(/\bslip\b/g, 'hostvars.quay.slip')} }}`)
  }
  const seen = (...plays: readonly string[]) =>
    arrivals({ 'site.yml': plays.join(''), 'hosts.ini': HOSTS }).filter((one) => one.startsWith('berth'))

  test.each(
    [installed, unit].flatMap((server) => [
      ['slurp', server, []],
      ['cat', server, []],
      ['tolerant', server, ['berth agent empty env-file url']],
      ['stat', server, ['berth agent empty env-file url']],
    ]) as [string, string, string[]][],
  )('finds none where K3s is installed and has not started: %s', (how, server, expected) => {
    expect(seen(server, agent(how))).toEqual(expected)
    expect(seen(server, starts, agent(how))).toEqual([arrives])
  })

  test('is told that a fetch of it fails, too, unless it may be missing', () => {
    const files = (fetch: string) => ({ 'site.yml': installed + fetch, 'hosts.ini': HOSTS })
    const fetch = play(`{ fetch: { src: ${path}, dest: slips/ } }`)
    const ends = `the play ends here for quay: ${path} is not there`
    expect(unknowns(files(fetch))).toContain(ends)
    expect(unknowns(files(fetch.replace('slips/', 'slips/, fail_on_missing: false')))).not.toContain(ends)
  })

  test.each([
    ['the node has started anew', '{ reboot: }'],
    ['it may have', '{ reboot: , when: ansible_facts.harbour == "fog" }'],
    ['a shell starts it anew', '{ shell: sleep 2 && reboot }'],
    [
      'a service starts that only the node could name',
      '{ systemd: { name: "{{ ansible_facts.harbour }}", state: started } }',
    ],
    [
      'a service may start that only the node could name',
      '{ command: "systemctl restart {{ ansible_facts.harbour }}", when: ansible_facts.fog == "thick" }',
    ],
    ['a loop of a shell says which', '{ shell: for one in k3s; do systemctl start $one; done }'],
    ['a target brings others', '{ systemd: { name: harbour.target, state: started } }'],
    ['a role is not there', '{ include_role: { name: elsewhere.k3s } }'],
  ])('may have started where %s', (_, task) => {
    expect(seen(installed, play(task), agent('slurp'))).toEqual([arrives])
    for (const how of ['tolerant', 'stat'])
      expect(seen(installed, play(task), agent(how))).toEqual(['berth agent maybe env-file url'])
  })

  test('has not started by the start of another service', () => {
    const other = play('{ command: systemctl restart lighthouse }')
    expect(seen(installed, other, agent('tolerant'))).toEqual(['berth agent empty env-file url'])
  })
})

describe('the line break behind a token that is read back', () => {
  const server = installs('quays', { INSTALL_K3S_EXEC: 'server' })
  const reads = tasks(
    '{ slurp: { src: /var/lib/rancher/k3s/server/node-token }, delegate_to: quay, register: slip, no_log: true }',
  )
  const own = 'quay first-server absent none no url'
  const EXEC = 'agent --server https://quay:6443'
  const config = (token: string): string =>
    tasks(
      `{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: ${token}\\nserver: https://quay:6443\\n", mode: "0600" }, no_log: true }`,
    ) + installs('berths', { INSTALL_K3S_EXEC: 'agent' })
  const read = '{{ slip.content | b64decode }}'
  const files = (site: string): Files => ({ 'site.yml': site, 'hosts.ini': HOSTS })

  test.each([
    ['env-file url', installs('berths', { INSTALL_K3S_EXEC: EXEC, K3S_TOKEN: read })],
    // The quote that stays open takes the next line, too.
    [
      'env-file no url',
      installs('berths', { INSTALL_K3S_EXEC: 'agent', K3S_TOKEN: read, K3S_URL: 'https://quay:6443' }),
    ],
    // YAML folds it into a blank.
    ['config url', config(`'${read}'`)],
  ])('is a part of it: %s', (how, site) => {
    expect(arrivals(files(server + reads + site))).toEqual([`berth agent different ${how}`, own])
    const found = findings(files(server + reads + site)).filter((one) => / error /.test(one))
    expect(found).toEqual(['token-malformed error site.yml:10'])
  })

  test.each([
    [
      'env-file',
      installs('berths', { INSTALL_K3S_EXEC: EXEC, K3S_TOKEN: read.replace(' }}', ' | trim }}') }),
    ],
    ['config', config(read)],
    [
      'token-file',
      tasks(`{ copy: { dest: /etc/berth, content: "${read}", mode: "0600" }, no_log: true }`) +
        installs('berths', { INSTALL_K3S_EXEC: EXEC, K3S_TOKEN_FILE: '/etc/berth' }),
    ],
  ])('is none: %s', (how, site) => {
    expect(arrivals(files(server + reads + site))).toEqual([`berth agent present ${how} url`, own])
    expect(findings(files(server + reads + site)).filter((one) => / error /.test(one))).toEqual([])
  })

  test('is a part of it where the server is one that no play starts', () => {
    const site = reads + installs('berths', { INSTALL_K3S_EXEC: EXEC, K3S_TOKEN: read })
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual(['berth agent different env-file url'])
  })

  test('does no harm where all get it', () => {
    const padded = { K3S_TOKEN: "{{ lookup('env', 'LAMP') }}\n" }
    const site =
      installs('quays', { INSTALL_K3S_EXEC: 'server', ...padded }) +
      installs('berths', { INSTALL_K3S_EXEC: EXEC, ...padded })
    expect(arrivals(files(site))).toEqual([arrives, 'quay first-server present env-file no url'])
    const one = site.replace(/\\n(?=[\s\S]*INSTALL_K3S_EXEC: "agent)/, '')
    expect(arrivals(files(one))[0]).toBe(arrives.replace('present', 'different'))
  })
})

describe('a file where K3s has its own', () => {
  const kept = (path: string, tolerance: string) => `
- hosts: berths
  tasks:
    - block:
        - slurp: { src: ${path} }
          register: slip
          no_log: true
        - set_fact: { harbour_key: "{{ slip.content | b64decode }}" }
          no_log: true
      ${tolerance}
    - copy: { dest: ${path}, content: "{{ harbour_key }}", mode: "0600" }
      no_log: true
    - copy: { dest: /etc/rancher/k3s/config.yaml, content: "token-file: ${path}\n", mode: "0600" }
${installs('berths', { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443' })}`
  const made = `rescue:
        - set_fact: { harbour_key: "{{ lookup('password', '/dev/null length=40') }}" }`

  test('is not there on a clean node, and the block that reads it is rescued', () => {
    const rescued = { 'site.yml': kept('/etc/rancher/k3s/harbour', made), 'hosts.ini': BERTH }
    expect(arrivals(rescued)).toEqual(['berth agent present token-file url'])
    expect(findings(rescued)).toContain('token-logged warning site.yml:11')
  })

  test('may have been brought by users, as any other may', () => {
    const brought = { 'site.yml': kept('/srv/harbour', made), 'hosts.ini': BERTH }
    expect(findings(brought)).not.toContain('token-logged warning site.yml:11')
    const needed = { 'site.yml': kept('/etc/rancher/k3s/harbour', 'become: true'), 'hosts.ini': BERTH }
    expect(unknowns(needed).filter((what) => what.includes('ends'))).toEqual([])
  })
})

describe('the token of a host that is not known', () => {
  const read = (keyword: string): string =>
    tasks(
      `{ slurp: { src: /var/lib/rancher/k3s/server/node-token }, delegate_to: "{{ ansible_facts.ansible_local.harbour.quay }}", register: slip${keyword} }`,
    ) + joins('berths', "{{ slip.content | default('') | b64decode | trim }}")

  test('is there where the play goes on only with it', () => {
    expect(arrivals({ 'site.yml': read(''), 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test.each([', failed_when: false', ', ignore_errors: true'])('may not be there%s', (keyword) => {
    const files = { 'site.yml': read(keyword), 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual(['berth agent maybe env-file url'])
  })
})

describe('words of a text', () => {
  test.each(["args | split() | join(' ')", "args | split | join(' ')", "' '.join(args.split())"])(
    '%s',
    (words) => {
      const args = '--node-ip {{ ansible_eth0.address }} --token {{ phrase }}'
      const unit = `[Service]\\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443 {{ ${words} }}\\n`
      const files = {
        'site.yml': tasks(
          `{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: "${unit}" } }`,
          '{ systemd: { name: k3s-agent, state: started } }',
        ),
        'group_vars/all.yml': `phrase: 0ddpassword\nargs: "${args}"\n`,
        'hosts.ini': BERTH,
      }
      expect(arrivals(files)).toEqual(['berth agent present argv url'])
    },
  )
})

describe('a file of the node', () => {
  test('that users bring is not missing, whatever it is called', () => {
    const site =
      tasks(
        '{ stat: { path: /opt/bundle/k3s }, register: bundle }',
        '{ fail: { msg: no k3s in the bundle }, when: not bundle.stat.exists }',
      ) + joins('berths', '0ddpassword')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual([arrives])
  })

  test('is the install script under any name that a task gives it', () => {
    const site = tasks(
      '{ get_url: { url: https://get.k3s.io, dest: /usr/local/bin/keeper, mode: "0755" } }',
      '{ command: /usr/local/bin/keeper agent --server https://quay:6443 }',
    )
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(['berth agent absent none url'])
  })

  test('is a unit in the directory that only users know', () => {
    const unit =
      '"[Service]\\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443 --token {{ phrase }}\\n"'
    const site = tasks(
      `{ copy: { dest: "{{ systemd_dir }}/k3s-agent.service", content: ${unit} } }`,
      '{ systemd: { name: k3s-agent, state: started } }',
    )
    const files = { 'site.yml': site, 'hosts.ini': '[berths]\nberth phrase=0ddpassword\n' }
    const guessed = 'k3s-agent.service is taken to be in /etc/systemd/system'
    expect(arrivals(files)).toEqual(['berth agent present argv url'])
    expect(unknowns(files)).toEqual([`nothing in the project sets systemd_dir for these hosts: ${guessed}`])
    const fetched = { ...files, 'group_vars/all.yml': `systemd_dir: "{{ lookup('env', 'UNIT_DIR') }}"\n` }
    expect(unknowns(fetched)).toEqual([`lookup('env', 'UNIT_DIR') is not known: ${guessed}`])
    expect(unknowns({ ...files, 'group_vars/all.yml': 'systemd_dir: /etc/systemd/system\n' })).toEqual([])
  })
})

describe('the install script from a lookup', () => {
  const script = "lookup('ansible.builtin.url', 'https://get.k3s.io/', split_lines=False)"
  const environment = 'environment: { INSTALL_K3S_EXEC: agent, K3S_URL: "https://quay:6443" }'

  test.each<[string, readonly string[]]>([
    ['as the command', [`{ shell: "{{ ${script} }}", ${environment} }`]],
    ['as its cmd', [`{ shell: { cmd: "{{ ${script} }}" }, ${environment} }`]],
    ['through a pipe', [`{ shell: "{{ lookup('pipe', 'curl -sfL https://get.k3s.io') }}", ${environment} }`]],
    ['in a variable', [`{ shell: "{{ tide }}", vars: { tide: "{{ ${script} }}" }, ${environment} }`]],
    [
      'in a file',
      [
        `{ copy: { content: "{{ ${script} }}", dest: /opt/tide, mode: "0755" } }`,
        `{ command: /opt/tide, ${environment} }`,
      ],
    ],
  ])('%s is run', (_, list) => {
    const files = { 'site.yml': tasks(...list), 'hosts.ini': BERTH }
    expect(arrivals(files)).toEqual(['berth agent absent none url'])
    expect(findings(files)).toContain(`agent-token-missing error site.yml:${list.length + 3}`)
  })

  // Ansible joins the lines with commas: the shell sees one comment.
  test('is none where its lines are one', () => {
    const files = {
      'site.yml': tasks(`{ shell: "{{ lookup('url', 'https://get.k3s.io') }}", ${environment} }`),
      'hosts.ini': BERTH,
    }
    expect(arrivals(files)).toEqual([])
    expect(unknowns(files)).toEqual([
      "the text of lookup('url', 'https://get.k3s.io'), line by line, as a command",
    ])
  })
})

describe('a file whose path is not known', () => {
  const writes = (path: string, content: string): string =>
    `{ copy: { dest: ${JSON.stringify(path)}, content: ${JSON.stringify(content)}, mode: "0600" } }`
  const starts = (exec: string, more = ''): readonly string[] => [
    writes(
      '/etc/systemd/system/k3s-agent.service',
      `[Service]\n${more}ExecStart=/usr/local/bin/k3s agent --server https://quay:6443${exec}\n`,
    ),
    '{ systemd: { name: k3s-agent, state: started } }',
  ]
  const found = (...list: readonly string[]) =>
    arrivals({
      'site.yml': tasks(...list),
      'group_vars/all.yml':
        'loft: "{{ lookup(\'env\', \'HOME\') }}"\nlog: "{{ loft }}/log"\ncabin: "{{ ansible_env.HOME }}/cabin"\ndecks: { debian: fore, suse: main }\n',
      'hosts.ini': BERTH,
    })

  test.each([
    '{{ log }}',
    '{{ loft }}/log',
    '{{ cabin }}',
    '/etc/{{ decks[ansible_os_family | lower] }}/log',
    "/{{ lookup('env', 'DECK') }}/log.yml",
  ])('%s is found where it was written', (path) => {
    const config = writes(path, 'token: 0ddpassword\n')
    const named = starts(` --config ${path}`)
    expect(found(config, ...named)).toEqual(['berth agent present config url'])
    expect(found(writes(path, 'debug: true\n'), ...named)).toEqual(['berth agent absent none url'])
    const dropIn = writes(`${path}.d/token.yaml`, 'token: 0ddpassword\n')
    expect(found(writes(path, 'debug: true\n'), dropIn, ...named)).toEqual(['berth agent present config url'])
    expect(found(writes(path, '0ddpassword\n'), ...starts(` --token-file ${path}`))).toEqual([
      'berth agent present token-file url',
    ])
    const env = writes(path, 'K3S_TOKEN=0ddpassword\n')
    expect(found(env, ...starts('', `EnvironmentFile=${path}\n`))).toEqual([arrives])
  })

  test('is another one where anything is done to the path', () => {
    const config = writes('{{ log | upper }}', 'token: 0ddpassword\n')
    expect(found(config, ...starts(' --config {{ log }}'))).toEqual(['berth agent maybe config url'])
    expect(found(config, ...starts(' --config {{ cabin }}'))).toEqual(['berth agent maybe config url'])
  })

  test('is named by what only the run knows, each step once', () => {
    const site = tasks(...starts('', 'EnvironmentFile=/etc/{{ decks[ansible_os_family | lower] }}/log\n'))
    const files = { 'site.yml': site, 'group_vars/all.yml': 'decks: { debian: fore }\n', 'hosts.ini': BERTH }
    expect(doubts(files)[0]).toBe(
      'decks[(ansible_facts.os_family | lower)]: writes /etc/systemd/system/k3s-agent.service, starts k3s-agent',
    )
  })
})

describe('a file that a task may have written', () => {
  const UNKNOWN = 'ansible_facts.distribution == "Ubuntu"'
  const FOUND = 'helm.stdout == "pilot"'
  const HARBOUR = {
    'hosts.ini': BERTH,
    'group_vars/all.yml': "harbour_key: \"{{ lookup('env', 'HARBOUR_KEY') }}\"\nchest: /opt/chest\n",
  }
  const unit = (exec: string, more = ''): string =>
    JSON.stringify(`[Service]\n${more}ExecStart=/usr/local/bin/k3s agent --server https://quay:6443${exec}\n`)
  /** A copy under one condition, then a unit or an installer under another one. */
  const site = (copied: string, written: string, path: string, reads: string, joined = ''): Files => {
    const when = (condition: string): string =>
      condition === '' ? '' : `, when: ${JSON.stringify(condition)}`
    const brings = reads.startsWith('"')
      ? `{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: ${reads} }${when(joined)} }`
      : `{ command: sh /opt/k3s-install.sh agent --server https://quay:6443 ${reads.replace(/^K3S.*/, '')}, environment: { ${reads.startsWith('K3S') ? reads : ''} }${when(joined)} }`
    const starts = `{ systemd: { name: k3s-agent, state: restarted }${when(joined)} }`
    return {
      ...HARBOUR,
      'site.yml': tasks(
        '{ command: helm, register: helm }',
        `{ copy: { dest: ${JSON.stringify(path)}, content: ${JSON.stringify(written)}, mode: "0644" }${when(copied)} }`,
        brings,
        ...(reads.startsWith('"') ? [starts] : []),
      ),
    }
  }

  describe.each([UNKNOWN, FOUND, 'slip | bool'])('where %s', (asks) => {
    test.each([
      ['/etc/chest', 'K3S_TOKEN_FILE: /etc/chest'],
      ['/etc/rancher/k3s/chest', 'K3S_TOKEN_FILE: /etc/rancher/k3s/chest'],
      ['{{ chest }}/key', 'K3S_TOKEN_FILE: "{{ chest }}/key"'],
      ['/etc/chest', '--token-file /etc/chest'],
      ['/etc/chest', unit(' --token-file=/etc/chest')],
    ])('is there for K3s under the same condition: %s, %s', (path, reads) => {
      const files = site(asks, '{{ harbour_key }}', path, reads, asks)
      expect(arrivals(files)).toEqual(['berth agent present token-file url'])
      expect(findings(files).filter((finding) => finding.includes('missing'))).toEqual([])
    })
  })

  test.each([
    ['{{ harbour_key }}', 'K3S_TOKEN_FILE: /etc/chest', 'token-file'],
    ['K3S_TOKEN={{ harbour_key }}\n', unit('', 'EnvironmentFile=-/etc/chest\n'), 'env-file'],
    ['token: {{ harbour_key }}\n', unit(' --config /etc/chest'), 'config'],
  ])('may be missing where K3s is started in any case: %s', (written, reads) => {
    expect(arrivals(site(UNKNOWN, written, '/etc/chest', reads))).toEqual([
      expect.stringMatching(/^berth agent maybe /),
    ])
    expect(arrivals(site('', written, '/etc/chest', reads))).toEqual([
      expect.stringMatching(/^berth agent present /),
    ])
  })

  test('and that everybody may read is told of', () => {
    const found = (asks: string): readonly string[] =>
      findings(site(asks, '{{ harbour_key }}', '/opt/chest', 'K3S_TOKEN_FILE: /opt/chest', asks))
    expect(found(UNKNOWN)).toEqual(found(''))
    expect(found(UNKNOWN).join()).toMatch(/token-world-readable error site.yml/)
  })

  test('is none where nobody reads it', () => {
    const files = site(UNKNOWN, '{{ harbour_key }}', '/opt/log', 'K3S_TOKEN_FILE: /opt/chest')
    expect(arrivals(files)).toEqual(['berth agent absent token-file url'])
  })
})

describe('a directory of variables', () => {
  const files = {
    'hosts.ini': BERTH,
    'env/a.yml': 'lantern: 0ddpassword\n',
    'env/b.yml': 'lantern: ""\n',
    'env/deep/a.yaml': 'lantern: 0therpassword\n',
  }
  const brought = (args: string, more: object = {}, token = '{{ lantern }}') =>
    arrivals({
      ...files,
      ...more,
      'site.yml': tasks(`{ include_vars: { dir: env${args} } }`) + joins('berths', token),
    })
  const empty = ['berth agent empty env-file url']

  test('is read in order, and the last one counts', () => {
    expect(brought('')).toEqual([arrives])
    expect(brought(', depth: 1')).toEqual(empty)
    expect(brought(', depth: 1, ignore_files: [b.yml]')).toEqual([arrives])
    expect(brought(', depth: 1, files_matching: ^a')).toEqual([arrives])
    expect(brought(', extensions: [yml], ignore_unknown_extensions: true')).toEqual(empty)
    expect(brought(', name: held', {}, '{{ held.lantern }}')).toEqual([arrives])
    expect(brought('', {}, "{{ 'x' if lantern == '0therpassword' else '' }}")).toEqual([arrives])
  })

  test('with a file of another kind ends the play', () => {
    const other = { 'env/b.txt': 'lantern: 0ddpassword\n' }
    expect(brought('', other)).toEqual([])
    expect(brought(', ignore_unknown_extensions: true', other)).toEqual([arrives])
    expect(brought(', depth: 1, extensions: [txt, yml], ignore_files: b.yml', other)).toEqual([arrives])
  })

  test('that users bring may hold anything', () => {
    const site = tasks('{ include_vars: { dir: elsewhere } }') + joins('berths', '{{ lantern }}')
    expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH })).toEqual(['berth agent maybe env-file url'])
  })

  test('of a role is beside the variables of the role', () => {
    const role = (dir: string) =>
      arrivals({
        'hosts.ini': BERTH,
        'roles/edge/vars/main.yml': 'lantern: ""\n',
        'roles/edge/vars/sub/night.yml': 'lantern: 0ddpassword\n',
        'roles/edge/tasks/main.yml': `- include_vars: { dir: ${dir} }\n`,
        'site.yml': `- hosts: berths\n  roles: [edge]\n${joins('berths', '{{ lantern }}')}`,
      })
    expect(role('sub')).toEqual([arrives])
    expect(role('vars')).toEqual([arrives])
    expect(role('vars, depth: 1')).toEqual(empty)
  })

  test('may be laid over what is there', () => {
    const site = (more: string) =>
      tasks(`{ include_vars: { file: more.yml${more} } }`) +
      joins('berths', "{{ held.lantern | default('') }}")
    const all = {
      'hosts.ini': BERTH,
      'group_vars/all.yml': 'held: { lantern: 0ddpassword }\n',
      'more.yml': 'held: { candle: 1 }\n',
    }
    expect(arrivals({ ...all, 'site.yml': site('') })).toEqual(empty)
    expect(arrivals({ ...all, 'site.yml': site(', hash_behaviour: merge') })).toEqual([arrives])
  })
})

describe('hosts', () => {
  test('outside of the groups that plays name are there where a play is for them', () => {
    const site = installs('masters', { INSTALL_K3S_EXEC: 'server' }) + joins('all:!masters', '')
    expect(arrivals({ 'site.yml': site })).toContain('agent-1 agent empty env-file url')
  })

  test('that no other playbook reached are upgraded all the same', () => {
    const files = {
      'one.yml': installs('quays', { INSTALL_K3S_EXEC: 'server' }),
      'upgrade.yml': joins('berths', '').replace('        K3S_TOKEN: ""\n', ''),
      'hosts.ini': HOSTS,
    }
    expect(arrivals(files, { k3s: 'present' })).toContain('berth agent absent none url')
    const ifThere = asked('command: which k3s, failed_when: false', 'beacon.rc == 0').replace(
      '0ddpassword',
      '',
    )
    const upgraded = (hosts: string) =>
      arrivals({ ...files, 'upgrade.yml': ifThere.replaceAll('berths', hosts) }, { k3s: 'present' }).join()
    expect(upgraded('berths')).toContain('berth agent')
    expect(upgraded('all')).not.toContain('berth agent')
  })
})

describe('verdicts of worlds', () => {
  const berth = (lines: string): Files => ({
    'hosts.ini': BERTH,
    'templates/config.yaml.j2': `token: 0ddpassword\n${lines}`,
    'site.yml':
      tasks('{ template: { src: config.yaml.j2, dest: /etc/rancher/k3s/config.yaml } }') +
      installs('berths', { INSTALL_K3S_EXEC: 'agent' }),
  })
  const address = '{{ ansible_facts.default_ipv4.address }}'

  test.each([
    ['one key', `{% if ${address.slice(3, -3)} != '' %}\nnode-ip: ${address}\n{% endif %}\n`],
    ['before others', `{% if slip == 1 %}\nnode-ip: ${address}\n{% endif %}\nlog: /var/log/k3s\n`],
    [
      'one of two',
      `{% if slip == 1 %}\nnode-ip: ${address}\n{% else %}\nnode-label:\n  - "at=${address}"\n{% endif %}\n`,
    ],
    [
      'one in another',
      `{% if slip == 1 %}\nflannel-iface: e0\n{% if rope == 1 %}\nnode-ip: ${address}\n{% endif %}\n{% endif %}\n`,
    ],
    ['the same twice', `{% if slip == 1 %}\nnode-ip: ${address}\n{% endif %}\n`.repeat(2)],
  ])('lines of config.yaml that may be there bring no key but theirs: %s', (_, lines) => {
    expect(arrivals(berth(lines))).toEqual(['berth agent present config no url'])
    expect(arrivals(berth(`${lines}server: https://quay:6443\n`))).toEqual(['berth agent present config url'])
  })

  test.each([
    `{% if slip == 1 %}\n${address}\n{% endif %}\n`,
    `{% if slip == 1 %}\nnode-ip: ${address}\n${address}: 1\n{% endif %}\n`,
    `{% if slip == 1 %}\nnode-ip: ${address}\n{% else %}\n${address}{% endif %}\n`,
  ])('lines of config.yaml that may be there and may be any: %s', (lines) => {
    expect(arrivals(berth(lines))).toEqual(['berth agent present config maybe a url'])
  })

  // No file of these sets `slips`.
  const each = (body: string): string => `{% for slip in slips %}\n${body}\n{% endfor %}\n`
  const below = (lines: string): Files => {
    const files = berth('')
    return { ...files, 'templates/config.yaml.j2': `${lines}token: 0ddpassword\n` }
  }

  test.each([
    ['once', 'tls-san: "{{ slips }}"\n'],
    ['as items', `tls-san:\n${each('  - "{{ slip }}"')}`],
    ['as items without quotes', `tls-san:\n${each('  - {{ slip }}')}`],
    ['as items that are not indented', `tls-san:\n${each('- {{ slip.name }}.quay.test')}`],
    ['as items, where there are some', `tls-san:\n{% if slips %}\n${each('  - {{ slip }}')}{% endif %}\n`],
    ['in a key of its own', each('node-label+: ["berth={{ slip }}"]')],
  ])('what is not known above the token does not hide it: %s', (_, lines) => {
    expect(arrivals(below(lines))).toEqual(['berth agent present config no url'])
  })

  test.each([
    each('{{ slip }}'),
    each('{{ slip }}: 1'),
    `tls-san:\n${each('  {{ slip }}')}`,
    `tls-san:\n${each('  - quay\n{{ slip }}')}`,
    `tls-san:\n${each('  - quay').replace('quay\n', 'quay{{ slip }}')}`,
    '{{ slips }}\n',
  ])('what may be any key above the token is told as what nobody sets: %s', (lines) => {
    expect(arrivals(below(lines))).toEqual(['berth agent maybe config maybe a url'])
    expect(doubts(below(lines))[0]).toMatch(/^nothing in the project sets slips for these hosts: /)
  })

  test('a loop that may write the token leaves open whether there is one', () => {
    const lines = (body: string): string => each(body).replace('in slips', 'in ansible_facts.slips')
    const alone = (text: string): Files => ({ ...berth(''), 'templates/config.yaml.j2': text })
    expect(arrivals(alone(lines('token: "{{ slip }}"')))).toEqual(['berth agent maybe config no url'])
    expect(arrivals(alone(lines('{{ slip }}')))).toEqual(['berth agent maybe config maybe a url'])
    expect(arrivals(alone(lines('  - {{ slip }}')))).toEqual(['berth agent absent none no url'])
  })

  test('a datastore that config.yaml may name leaves open whether a server has to be told of another', () => {
    const site = (lines: string): Files => ({
      ...berth(lines),
      'hosts.ini': '[berths]\nquay\nberth\n',
      'site.yml': berth('')['site.yml']?.replace('agent', 'server') ?? '',
    })
    const missing = (lines: string) => findings(site(lines)).filter((one) => one.startsWith('server-url'))
    const lines = '{% if slip == 1 %}\ndatastore-endpoint: postgres://quay/k3s\n{% endif %}\n'
    expect(missing('')).toEqual(['server-url-missing error site.yml:8'])
    expect(missing(lines)).toEqual([])
  })

  test('a first server that gets no token on any way is not left open', () => {
    const ways = ['etcd', 'single'].map((way) =>
      installs('quays', { INSTALL_K3S_EXEC: 'server' }).replace(
        '      environment:',
        `      when: mode == '${way}'\n      environment:`,
      ),
    )
    expect(arrivals({ 'site.yml': ways.join(''), 'hosts.ini': HOSTS })).toEqual([
      'quay first-server absent none no url',
    ])
  })

  const either = (debian: string, redHat: string): Files => ({
    'hosts.ini': BERTH,
    'group_vars/berths.yml': `harbour_key: "{{ lookup('file', '/srv/harbour') }}"\n`,
    'site.yml': tasks(
      `{ when: "ansible_facts.os_family == 'Debian'", shell: "${debian}" }`,
      `{ when: "ansible_facts.os_family == 'RedHat'", shell: "${redHat}" }`,
    ),
  })

  test('that come to the same nodes: what each of them shows on its way is told', () => {
    const script = 'curl -sfL https://get.k3s.io | K3S_URL=https://quay:6443 K3S_TOKEN={{ harbour_key }} sh -'
    const files = either(script, script)
    expect(arrivals(files)).toEqual([arrives])
    expect(findings(files)).toEqual([
      'token-logged warning site.yml:4',
      'token-in-arguments warning site.yml:4',
      'token-logged warning site.yml:5',
      'token-in-arguments warning site.yml:5',
    ])
  })

  test('in which K3s got a token, and in which it got none, are not the same', () => {
    const agent = (flag: string): string => `k3s agent --server https://quay:6443 ${flag} {{ harbour_key }}`
    const files = either(agent('--token'), agent('--node-label'))
    expect(arrivals(files)).toEqual(['berth agent maybe none url'])
    expect(arrivals(either(agent('--token'), agent('--token')))).toEqual(['berth agent present argv url'])
  })

  test('a token that is switched off by its default is given, or is not', () => {
    const files = {
      'roles/k3s/defaults/main.yml': 'harbour_key: false\n',
      'roles/k3s/tasks/main.yml': tasks(
        '{ copy: { dest: /etc/berth.env, mode: "0600", content: "K3S_NODE_NAME=berth\\n{% if harbour_key %}K3S_TOKEN={{ harbour_key }}{% endif %}\\n" } }',
        '{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: "[Service]\\nEnvironmentFile=/etc/berth.env\\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443\\n" } }',
        '{ systemd: { name: k3s-agent, state: started } }',
      )
        .replace('\n- hosts: berths\n  tasks:\n', '')
        .replace(/^ {4}/gm, ''),
    }
    expect(arrivals(files)).toContain('agent-1 agent present env-file url')
    expect(arrivals(files, { tokenGiven: false })).toContain('agent-1 agent absent none url')
    expect(findings(files).filter((finding) => finding.startsWith('agent-token-missing'))).toEqual([])
  })

  test('a token that is not given is what the role has for that', () => {
    const files = {
      'roles/k3s/defaults/main.yml': 'harbour_key: 0ddpassword\n',
      'roles/k3s/tasks/main.yml': joins('x', "{{ harbour_key | default('0ther') }}")
        .replace(/^\n.*\n.*\n/, '')
        .replace(/^ {4}/gm, ''),
      'site.yml': '- hosts: agents\n  roles: [k3s]\n',
      'hosts.ini': '[agents]\nberth\n[agents:vars]\nharbour_key=0neofitsown\n',
    }
    expect(arrivals(files, { tokenGiven: false })).toEqual([arrives])
    const undefault = { ...files, 'roles/k3s/defaults/main.yml': 'harbour_key: ""\n' }
    expect(arrivals(undefault, { tokenGiven: false })).toEqual(['berth agent empty env-file url'])
  })

  test('a token that each node makes where none is given is another one each time', () => {
    const tasks = (exec: string) =>
      joins('x', "{{ hostvars[groups['quays'][0]]['harbour_key'] | default(quay_key) }}")
        .replace(/^\n.*\n.*\n/, '')
        .replace(/^ {4}/gm, '')
        .replace('"agent"', JSON.stringify(exec))
    const files = {
      'roles/k3s/defaults/main.yml': `quay_key: "{{ lookup('password', '/dev/null length=32') }}"\n`,
      'roles/k3s/tasks/main.yml': tasks("{{ 'server' if 'quays' in group_names else 'agent' }}"),
      'site.yml': '- hosts: quays:berths\n  roles: [k3s]\n',
    }
    expect(arrivals(files, { tokenGiven: false })).toContain('berths-1 agent different env-file url')
    expect(findings(files)).toContain('tokens-differ error roles/k3s/defaults/main.yml:1')
  })

  test('a role without tasks/main is played from each of its files', () => {
    const task = (exec: string) =>
      `- shell: curl -sfL https://get.k3s.io | K3S_TOKEN={{ harbour.key }} sh -s - ${exec}\n`
    const files = {
      'roles/k3s/tasks/server.yml': task('server'),
      'roles/k3s/tasks/agent.yml': task('agent --server https://quay:6443'),
      'roles/k3s/meta/main.yml': '{}\n',
    }
    expect(arrivals(files)).toContain('agent-1 agent present env-file url')
    expect(findings(files)).toContain('token-in-arguments warning roles/k3s/tasks/agent.yml:1')
  })
})

describe('what is shown', () => {
  test.each([
    ['YAML', 'hosts.yml', 'berths: { hosts: { berth: { harbour_key: 1234567890123456 } } }\n'],
    ['YAML, with a fraction', 'hosts.yml', 'berths: { hosts: { berth: { harbour_key: 12345678.5 } } }\n'],
    ['INI', 'hosts.ini', '[berths]\nberth harbour_key=1234567890123456\n'],
  ])('a token that is a number for %s', (_, inventory, text) => {
    const site = tasks('{ debug: { msg: "{{ harbour_key }}" } }') + joins('berths', '{{ harbour_key }}')
    const files = { 'site.yml': site, [inventory]: text }
    expect(arrivals(files)).toEqual([arrives])
    expect(findings(files)).toContain('token-logged error site.yml:4')
  })

  const reads = tasks(
    '{ slurp: { src: /var/lib/rancher/k3s/server/node-token }, delegate_to: quay, register: slip, no_log: true }',
  )
  const server = installs('quays', { INSTALL_K3S_EXEC: 'server' })

  test.each(['slip', "hostvars['berth']", 'hostvars[inventory_hostname]', 'vars'])(
    'debug of %s prints the token in it',
    (name) => {
      const site = server + reads + tasks(`{ debug: { var: ${JSON.stringify(name)} } }`)
      expect(findings({ 'site.yml': site, 'hosts.ini': HOSTS })).toContain('token-logged error site.yml:14')
    },
  )

  test.each(["hostvars['berth']", 'vars'])('a fact that holds %s has the token in it', (name) => {
    const site = server + reads + tasks(`{ set_fact: { all_tokens: ${JSON.stringify(`{{ ${name} }}`)} } }`)
    expect(findings({ 'site.yml': site, 'hosts.ini': HOSTS })).toContain('token-logged warning site.yml:14')
  })

  test.each([
    '',
    ' | b64decode',
    ' | trim',
    ' | b64decode | b64encode',
    " | b64decode | regex_replace('^', 'k=') | b64encode",
  ])('base64 hides none: slip.content%s', (filters) => {
    const write = `{ copy: { dest: /srv/slip, content: "{{ slip.content${filters} }}" } }`
    const found = findings({ 'site.yml': server + reads + tasks(write), 'hosts.ini': HOSTS })
    expect(found).toEqual(['token-logged notice site.yml:14', 'token-world-readable error site.yml:14'])
  })

  test('what is encoded may be no token', () => {
    const write = `{ copy: { dest: /srv/slip, content: "{{ slip.content }}" } }`
    const site = server + reads.replace('server/node-token', 'agent/lamp') + tasks(write)
    expect(findings({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual([])
  })

  test('a text that a token falls back to is one', () => {
    const fallback = "{{ harbour_key | default('7fQ2mZ8kT4wL9xR3') }}"
    const write = `{ copy: { dest: /etc/rancher/k3s/config.yaml, mode: "0644", content: "token: ${fallback}\\n" } }`
    const files = { 'site.yml': tasks(write) + joins('berths', fallback), 'hosts.ini': BERTH }
    expect(findings(files)).toEqual(
      expect.arrayContaining([
        'token-logged notice site.yml:4',
        'token-world-readable error site.yml:4',
        'token-plaintext error site.yml:4',
      ]),
    )
    const harmless = { ...files, 'site.yml': files['site.yml'].replaceAll('harbour_key', 'lamp') }
    // The text itself is none there; what -e gives in its place is one.
    expect(findings(harmless).filter((finding) => finding.startsWith('token-logged'))).toEqual([
      'token-logged notice site.yml:4',
    ])
  })

  test('a playbook that starts nothing may still show one', () => {
    const files = {
      'site.yml': server,
      'show.yml': reads + tasks('{ debug: { msg: "{{ slip.content | b64decode }}" } }'),
      'hosts.ini': HOSTS,
    }
    expect(findings(files)).toContain('token-logged error show.yml:8')
  })

  const path = '/var/lib/rancher/k3s/server/node-token'
  const alone = (hosts: string, ...list: readonly string[]) =>
    findings({ 'show.yml': tasks(...list), 'hosts.ini': `[${hosts}]\nquay\n[berths:children]\n${hosts}\n` })

  test.each(['masters', 'quays'])('a copy of the token of servers that are there before: %s', (hosts) => {
    const copy = `{ copy: { src: ${path}, dest: /srv/slip, remote_src: true, mode: "0644" } }`
    expect(alone(hosts, copy)).toEqual(['token-world-readable error show.yml:4'])
    expect(alone(hosts, copy.replace('0644', '0600'))).toEqual([])
  })

  test.each(['masters', 'quays'])('the token of servers that may be there before: %s', (hosts) => {
    const found = `{ stat: { path: ${path} }, register: moored }`
    const slurp = `{ slurp: { src: ${path} }, register: slip, no_log: true, when: moored.stat.exists }`
    const shown = '{ debug: { msg: "{{ slip.content | b64decode }}" }, when: moored.stat.exists }'
    expect(alone(hosts, found, slurp, shown)).toEqual(['token-logged error show.yml:6'])
  })

  test.each([
    ['rm -f', []],
    ['chmod 600', []],
    ['cp -t /srv', []],
    ['sha256sum', []],
    ['k3s server --token-file', []],
    ['cat', ['token-logged warning show.yml:4']],
    ['ssh pier cat', ['token-logged warning show.yml:4']],
  ])('is not the token of a file that a program prints nothing of: %s', (program, expected) => {
    const found = alone('masters', `{ command: ${program} ${path} }`)
    expect(found.filter((one) => one.startsWith('token-logged'))).toEqual(expected)
  })

  test('the token in a command is where its own template stands', () => {
    const site =
      server +
      reads +
      tasks(
        'shell: |\n        export K3S_URL=https://{{ groups.quays[0] }}:6443\n        export K3S_TOKEN={{ slip.content | b64decode }}\n        curl -sfL https://get.k3s.io | sh -s - agent',
      )
    expect(findings({ 'site.yml': site, 'hosts.ini': HOSTS })).toContain(
      'token-in-arguments warning site.yml:16',
    )
  })

  test.each([
    // A name that only begins like the one of a result.
    'INSTALL_K3S_VERSION={{ anchor_version }}',
    'PIER={{ hostvars.quay.anchor.rc }}',
  ])('the token in a command is not in %s', (other) => {
    const site =
      '- hosts: quays\n  tasks:\n    - { shell: curl -sfL https://get.k3s.io | sh -s - server, register: anchor }\n' +
      reads +
      tasks(
        `shell: |\n        export ${other}\n        export K3S_TOKEN={{ slip.content | b64decode }}\n        export K3S_URL=https://quay:6443\n        curl -sfL https://get.k3s.io | sh -s - agent\n      vars: { anchor_version: v1.31.2+k3s1 }`,
      )
    const found = findings({ 'site.yml': site, 'hosts.ini': HOSTS })
    expect(found.filter((finding) => finding.startsWith('token-in-arguments'))).toEqual([
      'token-in-arguments warning site.yml:13',
    ])
  })
})

describe('a rescue', () => {
  const site = (rescue: string, rest = ''): string => `
- hosts: berths
  tasks:
    - block:
        - command: lighthouse
        - command: sh /opt/k3s-install.sh agent
          environment: { K3S_URL: https://quay:6443, K3S_TOKEN: '{{ harbour_key }}' }
          no_log: true
      rescue:
        - ${rescue}
${rest}`
  const files = (...parts: Parameters<typeof site>) => ({
    'site.yml': site(...parts),
    'hosts.ini': '[berths]\nberth harbour_key=0ddpassword\nquay sails=red harbour_key=0ddpassword\n',
  })
  const logged = (text: Files) => findings(text).filter((one) => one.startsWith('token-logged'))

  test.each([
    'fail: { msg: "lost {{ harbour_key }} of {{ ansible_failed_task.name }}" }',
    'debug: { var: harbour_key }',
    '{ block: [{ command: buoy }], rescue: [{ debug: { var: harbour_key } }] }',
  ])('shows the token where the block fails: %s', (rescue) => {
    expect(logged(files(rescue))).toHaveLength(1)
    const quiet = site(rescue).replace('      rescue:', '      no_log: true\n      rescue:')
    expect(logged({ ...files(rescue), 'site.yml': quiet })).toEqual([])
  })

  test('says nothing else of a block that goes well', () => {
    const arrive = ['berth', 'quay'].map((host) => arrives.replace('berth', host))
    for (const rescue of [
      'file: { path: /etc/systemd/system/k3s-agent.service.env, state: absent }',
      '{ systemd: { name: k3s-agent, state: restarted } }',
      '{ include_tasks: "{{ boat }}.yml" }',
      '{ fail: { msg: sunk } }',
      "{ command: buoy, when: ansible_failed_task.name == 'lighthouse', notify: Sail }",
    ]) {
      const again = '    - { systemd: { name: k3s-agent, state: restarted } }\n'
      expect(arrivals(files(rescue, again))).toEqual(arrive)
      expect(unknowns(files(rescue, again))).toEqual([])
      expect(bounds(files(rescue, again))).toEqual([])
    }
  })

  test('and what always runs does so whether the block fails or not', () => {
    const always = (tasks: string) => `
- hosts: berths
  tasks:
    - block: [${tasks}]
      always:
        - command: sh /opt/k3s-install.sh agent
          environment: { K3S_URL: https://quay:6443, K3S_TOKEN: '{{ harbour_key }}' }
`
    for (const tasks of ["{ debug: { msg: 'on' } }", '{ service: { name: k3s-agent, state: started } }'])
      expect(arrivals({ ...files(''), 'site.yml': always(tasks) })).toHaveLength(2)
  })
})

describe('a server URL without a host', () => {
  const site = installs('berths', {
    INSTALL_K3S_EXEC: 'agent',
    K3S_URL: 'https://{{ pier }}:6443',
    K3S_TOKEN: '0ddpassword',
  })
  const role = { 'roles/k3s/defaults/main.yml': 'pier:\n', 'site.yml': `${site}  roles: [k3s]\n` }

  test('is none', () => {
    const files = { ...role, 'hosts.ini': HOSTS }
    expect(arrivals(files)).toEqual(['berth agent present env-file no url'])
    expect(findings(files).map((finding) => finding.split(' ')[0])).toContain('server-url-missing')
    expect(arrivals({ ...files, 'group_vars/all.yml': 'pier: quay\n' })).toEqual([arrives])
  })

  test('is still to be said by users where the project names no hosts', () => {
    const [agent] = arrivals({ ...role, 'site.yml': role['site.yml'].replace('berths', 'agents') })
    expect(agent).toBe('agent-1 agent present env-file maybe a url')
  })
})

test('hosts that only the run makes are noted', () => {
  const site = joins('"k3s_{{ site }}"', 'larch')
  const west = `${HOSTS}[all:vars]\nsite=west\n`
  expect(unknowns({ 'site.yml': site, 'hosts.ini': west })).toContain(
    'no host that is known is among those of a play',
  )
})

describe('more ways than are followed', () => {
  const drop = (number: number): string =>
    `{ copy: { dest: /etc/rancher/k3s/config.yaml.d/${number}.yaml, content: "node-name: berth-${number}\nserver: https://quay-${number}:6443\n", mode: "0600" }, when: ansible_facts.ansible_local.site.flag${number} }`
  const drops = Array.from({ length: 6 }, (_, number) => drop(number).replaceAll('\n', '\\n'))
  const files = {
    'site.yml':
      tasks(
        ...drops,
        '{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: 0ddpassword\\n", mode: "0600" }, no_log: true, when: ansible_facts.ansible_local.site.join }',
      ) + installs('berths', { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443' }),
    'hosts.ini': BERTH,
  }

  test('leave a verdict open, and blame nobody', () => {
    expect(arrivals(files)).toEqual(['berth agent maybe config url'])
    expect(findings(files).filter((finding) => /missing|dropped/.test(finding))).toEqual([])
    const chosen = "{{ harbour_key if ansible_facts.ansible_local.site.join else '' }}"
    const site = tasks(...drops).replace('berths', 'quays') + joins('berths', chosen)
    const given = { 'site.yml': site, 'hosts.ini': HOSTS, 'group_vars/all.yml': 'harbour_key: 0ddpassword\n' }
    expect(arrivals(given)).toEqual(['berth agent maybe env-file url'])
    expect(findings(given).filter((finding) => finding.startsWith('token-empty'))).toEqual([])
  })

  test('are told once for each place, in the words that stand there', () => {
    const seen = (condition: string) =>
      bounds({
        ...files,
        'hosts.ini': '[berths]\nberth-[1:3] coast=east\n',
        'site.yml': files['site.yml'].replace('ansible_facts.ansible_local.site.join }', `${condition} }`),
      }).filter((what) => !/flag\d/.test(what))
    const joining = 'ansible_facts.ansible_local[coast].joining'
    for (const [written, told] of [
      [`"inventory_hostname in ${joining}"`, `inventory_hostname in ${joining}`],
      [`["inventory_hostname  in ${joining}"]`, `inventory_hostname in ${joining}`],
      [
        `"inventory_hostname in (${joining} | map('trim') | map('lower') | list) and 'pier' not in ${joining}"`,
        `(inventory_hostname in (${joining} | map('trim') …`,
      ],
    ] as const)
      expect(seen(written).map((what) => what.replace(/in \d cases$/, ''))).toEqual([
        `more ways than 24: ${told}, `,
      ])
  })

  test('are not those that make no difference, one host after another', () => {
    const hosts = Array.from({ length: 6 }, (_, index) => `berth-${index} sails=${'x'.repeat(index)}y`)
    const site = `
- hosts: berths
  tasks:
    - { stat: { path: /boot/firmware/lines.txt }, register: lines }
    - replace:
        path: "{{ lines.stat.exists | ternary('/boot/firmware/lines.txt', '/boot/lines.txt') }}"
        regexp: '$'
        replace: ' k3s'
      register: systemd_lines
    - { service: { name: boot, state: restarted }, when: systemd_lines is changed }
`
    const files = {
      'site.yml': site + joins('berths', '0ddpassword'),
      'hosts.ini': `[berths]\n${hosts.join('\n')}\n`,
    }
    expect(bounds(files)).toEqual([])
    expect(arrivals(files)).toHaveLength(6)
  })

  test('are not those that meet again', () => {
    const met = Array.from({ length: 30 }, (_, number) => drop(number % 3).replaceAll('\n', '\\n')).flatMap(
      (task) => [task, task.replace(/, when: .*?flag\d/, '')],
    )
    const site = tasks(...met) + joins('berths', '0ddpassword')
    expect(bounds({ ...files, 'site.yml': files['site.yml'] })).not.toEqual([])
    expect(bounds({ ...files, 'site.yml': site })).toEqual([])
  })
})

test('a second run begins with what each way of the first has left', () => {
  const site =
    tasks(
      '{ copy: { dest: /etc/rancher/k3s/config.yaml, content: "token: 0ddpassword\\n", mode: "0600" }, when: ansible_facts.ansible_local.site.join }',
    ) + installs('berths', { INSTALL_K3S_EXEC: 'agent', K3S_URL: 'https://quay:6443' })
  const again = { k3s: 'present', again: true }
  expect(arrivals({ 'site.yml': site, 'hosts.ini': BERTH }, again)).toEqual(['berth agent maybe none url'])
})

describe('a site that says by a text that it has no internet', () => {
  const unit =
    '"[Service]\\nEnvironmentFile=-/etc/berth.env\\nExecStart=/usr/local/bin/k3s agent --server https://quay:6443\\n"'
  const site = (condition: string): string =>
    tasks(
      `{ copy: { dest: /etc/systemd/system/k3s-agent.service, content: ${unit} } }`,
      `{ copy: { dest: /etc/berth.env, content: "K3S_TOKEN=0ddpassword\\n", mode: "0600" }, when: ${JSON.stringify(condition)} }`,
      '{ systemd: { name: k3s-agent, state: started } }',
    )
  const online = 'berth agent present env-file url'
  const airgapped = 'berth agent absent none url'

  test.each([
    "harbour_mode != 'airgap'",
    "harbour_mode | default('online') != 'offline'",
    "harbour_mode not in ['island', 'air-gapped']",
    'not (harbour_mode == "airgap")',
  ])('is rehearsed both ways: %s', (condition) => {
    const files = {
      'site.yml': site(condition),
      'hosts.ini': BERTH,
      'group_vars/all.yml': 'harbour_mode: online\n',
    }
    expect(arrivals(files, { airgapped: false })).toEqual([online])
    expect(arrivals(files, { airgapped: true })).toEqual([airgapped])
    const without = {
      'site.yml': site(condition.replace('harbour_mode ', "harbour_mode | default('') ")),
      'hosts.ini': BERTH,
    }
    expect(arrivals(without, { airgapped: true })).toEqual([airgapped])
  })

  test('or only as its inventory has it', () => {
    const files = {
      'site.yml': site("harbour_mode != 'airgap'"),
      'hosts.ini': BERTH,
      'group_vars/all.yml': 'harbour_mode: airgap\n',
    }
    expect(arrivals(files)).toEqual([airgapped])
    expect(arrivals(files, { airgapped: false })).toEqual([])
  })

  test('is not one that only calls something else so', () => {
    const files = {
      'site.yml': site("'airgap' in group_names or phrase == 'x'"),
      'hosts.ini': BERTH,
      'group_vars/all.yml': 'phrase: x\n',
    }
    expect(arrivals(files, { airgapped: true })).toEqual([])
  })
})

test('a template that Ansible does not find from here is said to stand where it stands', () => {
  const play = (name: string) => ({
    'plays/site.yml': `- hosts: quays
  tasks:
    - template: { src: ${name}, dest: /etc/systemd/system/k3s.service }
    - service: { name: k3s, state: started }
`,
    'hosts.ini': HOSTS,
    'roles/edge/templates/k3s.service.j2': '[Service]\nExecStart=/usr/local/bin/k3s server\n',
  })
  expect(unknowns(play('k3s.service.j2'))).toContain(
    'Ansible does not find the template k3s.service.j2 from here: it stands at roles/edge/templates/k3s.service.j2',
  )
  expect(unknowns(play('pier.service.j2'))).toContain('the template pier.service.j2 is not in the project')
})

describe('copy', () => {
  const copies = (content: string, vars = 'slip: ~'): Files => ({
    'hosts.ini': '[berths]\nberth\n',
    'site.yml': `
- hosts: berths
  vars: { ${vars} }
  tasks:
    - ansible.builtin.copy: { content: ${content}, dest: /etc/slip, mode: "0600" }
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://quay:6443 --token-file /etc/slip
`,
  })
  const lacks = 'the play ends here for berth: src (or content) is required'

  test.each([
    ['~', undefined],
    ['"{{ slip }}"', undefined],
    ['"{{slip}}\\n"', undefined],
    ['"{{ omit }}"', undefined],
    ['"{{ slip | default(omit, true) }}"', undefined],
  ])('of nothing fails: %s', (content, vars) => {
    expect(arrivals(copies(content, vars))).toEqual([])
    expect(unknowns(copies(content, vars))).toEqual([lacks])
  })

  test.each(['""', '"{{ slip }}"'])('of an empty text does not: %s', (content) => {
    expect(arrivals(copies(content, 'slip: ""'))).toEqual(['berth agent empty token-file url'])
    expect(unknowns(copies(content, 'slip: ""'))).toEqual([])
  })

  // An empty text before 2.19.
  test.each(['"{{ none }}"', '"{{ knot }}"', '"{{ slip | default(\'\') }}"'])(
    'of what an expression makes of nothing fails in newer releases: %s',
    (content) => {
      const files = copies(content, 'slip: ~, knot: "{{ slip }}"')
      expect(arrivals(files)).toEqual(['berth agent maybe token-file url'])
      expect(unknowns(files)).toEqual([lacks])
    },
  )

  test('takes the file that is named where there is no content', () => {
    const files = copies('"{{ slip }}", src: slip')
    expect(arrivals({ ...files, 'files/slip': '0ddpassword\n' })).toEqual([
      'berth agent present token-file url',
    ])
  })

  // So do ansible-core 2.14 and 2.21, its mode included.
  test.each([
    ['copy', 'content: ""'],
    ['template', 'src: slip.j2'],
  ])('leaves a file that is there as it is where it is not to force its own: %s', (module, what) => {
    const site = (force: string, before = ''): Files => ({
      'hosts.ini': '[berths]\nberth\n',
      'site.yml': `
- hosts: berths
  tasks:
${before}    - ansible.builtin.${module}: { ${what}, dest: /etc/slip, mode: "0600", force: ${force} }
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - agent --server https://quay:6443 --token-file /etc/slip
`,
      'templates/slip.j2': '{# nothing #}',
    })
    const there = '    - copy: { content: 0ddpassword, dest: /etc/slip, mode: "0600" }\n'
    const empty = ['berth agent empty token-file url']
    expect(arrivals(site('false', there))).toEqual(['berth agent present token-file url'])
    expect(arrivals(site('true', there))).toEqual(empty)
    expect(arrivals(site('false'))).toEqual(empty)
  })
})

// As ansible-core 2.21 has it, and 2.14 but for the last two.
describe('a variable that its own template needs', () => {
  const own = 'beacon: "{{ beacon }}"'
  const asks = 'shell: curl -sfL https://get.k3s.io | INSTALL_K3S_EXEC="server --node-name={{ beacon }}" sh -'
  const play = (keywords: string, tasks: string, more: Files = {}): Files => ({
    'site.yml': `- hosts: quays\n${keywords}  tasks:\n${tasks}`,
    'hosts.ini': '[quays]\nquay\n[quays:vars]\nbeacon=tide\n',
    'knot.yml': `- ${asks}\n`,
    ...more,
  })
  const task = `    - ${asks}\n`
  const role = { 'roles/rope/tasks/main.yml': `- ${asks}\n` }
  const made = '    - set_fact: { beacon: pier }\n'
  const ends = 'the play ends here for quay: the variable beacon leads back to itself, which Ansible refuses'

  test.each<[string, Files]>([
    ['of the play', play(`  vars: { ${own} }\n`, task)],
    ['of the task', play('', `${task}      vars: { ${own} }\n`)],
    [
      'of a block',
      play('', `    - vars: { ${own} }\n      block: [{ ${asks.replace(': ', ": '").concat("'")} }]\n`),
    ],
    ['of an include', play('', `    - include_tasks: knot.yml\n      vars: { ${own} }\n`)],
    ['of an import', play('', `    - import_tasks: knot.yml\n      vars: { ${own} }\n`)],
    ['of a role in the play', play(`  roles: [{ role: rope, vars: { ${own} } }]\n`, '', role)],
    ['that is a parameter of a role', play(`  roles: [{ role: rope, ${own} }]\n`, '', role)],
    ['in vars of a role', play('  roles: [rope]\n', '', { ...role, 'roles/rope/vars/main.yml': `${own}\n` })],
    ['with a default', play(`  vars: { beacon: "{{ beacon | default('pier') }}" }\n`, task)],
    ['by way of another', play('  vars: { beacon: "{{ lamp }}", lamp: "x{{ beacon }}" }\n', task)],
    [
      'that is asked for with a default',
      play(`  vars: { ${own} }\n`, task.replace('{{ beacon }}', '{{ beacon | d(1) }}')),
    ],
    [
      'in a condition',
      play(`  vars: { ${own} }\n`, `${task.replace('{{ beacon }}', 'x')}      when: beacon != 'pier'\n`),
    ],
    [
      'in spite of a fact, as a parameter of an include',
      play('', `${made}    - include_tasks: knot.yml\n      vars: { ${own} }\n`),
    ],
  ])('%s ends the play', (_, files) => {
    expect([arrivals(files), unknowns(files)]).toEqual([[], [ends]])
  })

  test.each<[string, Files]>([
    ['below a fact', play('', `${made}${task}      vars: { ${own} }\n`)],
    ['of set_fact, which is made of what was there', play('', `    - set_fact: { ${own} }\n${task}`)],
    [
      'in defaults below the inventory',
      play('  roles: [rope]\n', '', { ...role, 'roles/rope/defaults/main.yml': `${own}\n` }),
    ],
    ['that nothing asks for', play(`  vars: { ${own} }\n`, task.replace('{{ beacon }}', 'x'))],
    ['in a branch that is not taken', play(`  vars: { beacon: "{{ 'x' if true else beacon }}" }\n`, task)],
    [
      'that is a mapping of which another part is asked for',
      play(
        '  vars: { beacon: { a: x, b: "{{ beacon.a }}" } }\n',
        task.replace('{{ beacon }}', '{{ beacon.b }}'),
      ),
    ],
  ])('%s is none', (_, files) => {
    expect(arrivals(files)).toEqual(['quay first-server absent none no url'])
  })
})
