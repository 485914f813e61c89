import { describe, expect, test } from 'vitest'
import { outline } from '../src/flow/atoms.ts'
import { Analysis } from '../src/lint/analysis.ts'
import { arrivals, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

const HOSTS = '[quays]\nquay\n[berths]\nberth\n'
const arrives = 'berth agent present env-file url'

describe('the control node, which no inventory names', () => {
  test.each([
    [
      'a play on localhost',
      '- hosts: localhost\n  tasks:\n    - set_fact: { phrase: 0ddpassword }\n',
      'localhost',
    ],
    [
      'a play on 127.0.0.1',
      '- hosts: 127.0.0.1\n  tasks:\n    - set_fact: { phrase: 0ddpassword }\n',
      'localhost',
    ],
    [
      'a fact that is delegated to it',
      '- hosts: quays\n  tasks:\n    - set_fact: { phrase: 0ddpassword }\n      delegate_to: localhost\n      delegate_facts: true\n',
      'localhost',
    ],
    [
      'a host that is made up',
      '- hosts: quays\n  tasks:\n    - add_host: { name: holder, phrase: 0ddpassword }\n',
      'holder',
    ],
  ])('%s keeps facts for the others', (_, play, host) => {
    const site = play + joins('berths', `{{ hostvars['${host}'].phrase }}`)
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual([arrives])
  })

  test('has the variables of all, and is not one of all', () => {
    const site = `
- hosts: localhost
  tasks:
    - set_fact: { slip: "{{ phrase }}" }
- hosts: all
  tasks:
    - set_fact: { everybody: "{{ ansible_play_hosts | join(' ') }}" }
${joins('berths', "{{ hostvars.localhost.slip if everybody == 'quay berth' else '' }}")}`
    const files = { 'site.yml': site, 'hosts.ini': HOSTS, 'group_vars/all.yml': 'phrase: 0ddpassword\n' }
    expect(arrivals(files)).toEqual([arrives])
  })

  test('runs K3s where a play says so', () => {
    expect(arrivals({ 'site.yml': installs('localhost', { INSTALL_K3S_EXEC: 'server' }) })).toEqual([
      'localhost first-server absent none no url',
    ])
  })

  test.each(['localhost', '127.0.0.1'])('is the first server on each run of a play on %s', (name) => {
    const files = {
      'site.yml': `- hosts: ${name}\n  tasks:\n    - shell: curl -sfL https://get.k3s.io | sh -\n`,
    }
    for (const scenario of [{}, { k3s: 'present', again: true }])
      expect(arrivals(files, scenario)).toEqual(['localhost first-server absent none no url'])
    expect(findings(files)).toEqual([])
  })

  test('parts the ways like any node where nobody knows whether a task runs', () => {
    const join = joins('localhost', '{{ phrase }}').trimEnd()
    const sometimes = (task: string): string => `${task}\n      when: is_harbour | bool\n`
    expect(arrivals({ 'site.yml': sometimes(join) })).toEqual(['localhost agent present env-file url'])
    // A unit that is written under one condition, and started under another.
    const unit = `
- hosts: localhost
  tasks:
    - copy:
        dest: /etc/systemd/system/k3s-agent.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s agent --server https://quay:6443
      when: is_harbour | bool
    - systemd: { name: k3s-agent, state: started }
`
    const named = { 'site.yml': unit, 'hosts.ini': 'localhost\n' }
    expect(arrivals({ 'site.yml': unit })).toEqual(['localhost agent maybe none url'])
    expect(arrivals(named)).toEqual(['localhost agent maybe none url'])
    // What others leave there is theirs.
    const left = `
- hosts: quays
  tasks:
    - copy: { dest: /tmp/token, content: x }
      delegate_to: localhost
      when: is_harbour | bool
${joins('berths', '{{ phrase }}')}`
    const files = { 'site.yml': left, 'hosts.ini': HOSTS, 'group_vars/all.yml': 'phrase: 0ddpassword\n' }
    expect(arrivals(files)).toEqual([arrives])
  })

  test('is where a fetched token lies, for copy, template and lookup', () => {
    const fetches = `${installs('quays', { INSTALL_K3S_EXEC: 'server' })}
    - ansible.builtin.fetch: { src: /var/lib/rancher/k3s/server/node-token, dest: slips/phrase, flat: true }
`
    const writes = (module: string): string => `
- hosts: berths
  tasks:
    - ${module}: { src: slips/phrase, dest: /etc/berth/phrase, mode: '0600' }
    - command: sh /opt/k3s-install.sh agent --token-file /etc/berth/phrase --server https://quay:6443
`
    for (const module of ['copy', 'template'])
      expect(arrivals({ 'site.yml': fetches + writes(module), 'hosts.ini': HOSTS })).toEqual(
        ['quay first-server absent none no url', 'berth agent present token-file url'].sort(),
      )
    expect(
      arrivals({
        'site.yml': fetches + joins('berths', "{{ lookup('file', 'slips/phrase') }}"),
        'hosts.ini': HOSTS,
      }),
    ).toContain(arrives)
  })

  test.each([
    ['slips/', 'slips/node-token'],
    ['slips/', './slips//node-token'],
    ['/srv/quay/', '/srv/quay/node-token'],
    ['/srv/./quay//slip', '/srv/quay/slip'],
    ['/srv/quay', '/srv/boats/../quay'],
  ])('is where a token that was fetched to %s lies at %s', (dest, src) => {
    const site = `${installs('quays', { INSTALL_K3S_EXEC: 'server' })}
    - fetch: { src: /var/lib/rancher/k3s/server/node-token, dest: ${dest}, flat: true }
- hosts: berths
  tasks:
    - copy: { src: ${src}, dest: /etc/berth/phrase }
    - command: sh /opt/k3s-install.sh agent --token-file /etc/berth/phrase --server https://quay:6443
`
    const files = { 'site.yml': site, 'hosts.ini': HOSTS }
    expect(arrivals(files)).toContain('berth agent present token-file url')
    expect(findings(files)).toContain('token-world-readable error site.yml:11')
  })
})

describe('delegation', () => {
  test('goes to another host for each item of a loop', () => {
    const site = `
- hosts: quays
  tasks:
    - set_fact: { phrase: 0ddpassword }
      delegate_to: "{{ mate }}"
      delegate_facts: true
      loop: "{{ groups['berths'] }}"
      loop_control: { loop_var: mate }
${joins('berths', '{{ phrase }}')}`
    const files = { 'site.yml': site, 'hosts.ini': HOSTS }
    expect(arrivals(files)).toEqual([arrives])
    expect(unknowns(files)).toEqual([])
  })

  test('goes to a host of the inventory by its address', () => {
    const site = (to: string): string =>
      joins('berths', '{{ phrase }}').replace(
        '      environment:',
        `      delegate_to: "${to}"\n      environment:`,
      )
    const files = (to: string, hosts: string) => ({
      'site.yml': site(to),
      'hosts.ini': hosts,
      'group_vars/all.yml': 'phrase: 0ddpassword\n',
    })
    const own = '[quays]\nquay ansible_host=192.0.2.4\n[berths]\nberth ansible_host='
    for (const [to, address] of [
      ['{{ ansible_host }}', '192.0.2.5'],
      ['192.0.2.5', '192.0.2.5'],
      ['{{ ansible_host }}', '"{{ net }}.5" net=192.0.2'],
    ] as const)
      expect([to, arrivals(files(to, own + address))]).toEqual([to, [arrives]])
    // Without an inventory, too.
    const { 'site.yml': alone } = files('{{ ansible_host }}', '')
    expect(arrivals({ 'site.yml': alone.replace('berths', 'berth_agents') }, { servers: 'one' })).toEqual([
      'agent-1 agent present env-file url',
    ])
    // Where two hosts have the address, or none, K3s is not lost without a word.
    for (const [to, address] of [
      ['{{ ansible_host }}', '192.0.2.4'],
      ['192.0.2.9', '192.0.2.5'],
    ] as const)
      expect(unknowns(files(to, own + address)).join()).toMatch(
        /^K3s starts on 192\.0\.2\.\d, which no inventory has$/,
      )
  })

  test('leaves facts with the host that the task is for, unless it says otherwise', () => {
    const site = `
- hosts: berths
  tasks:
    - set_fact: { phrase: 0ddpassword }
      delegate_to: quay
${joins('berths', "{{ 'wrong' if hostvars.quay.phrase is defined else phrase }}")}`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual([arrives])
  })
})

describe('lookups of the control node', () => {
  test('a template is rendered, and one that looks itself up ends', () => {
    const site = `
- hosts: berths
  tasks:
    - set_fact: { words: "{{ lookup('template', 'words.j2') }}" }
    - copy:
        dest: /etc/systemd/system/k3s.service
        content: |
          [Service]
          ExecStart=/usr/local/bin/k3s agent --server https://quay:6443 {{ words }}
    - systemd: { name: k3s, state: started }
`
    const files = (words: string) => ({
      'site.yml': site,
      'hosts.ini': '[berths]\nberth phrase=0ddpassword\n',
      'templates/words.j2': words,
    })
    expect(arrivals(files('--token {{ phrase }}'))).toEqual(['berth agent present argv url'])
    expect(arrivals(files("{{ lookup('template', 'words.j2') }}"))).toEqual(['berth agent maybe argv url'])
  })

  test.each([
    ["hostvars[query('inventory_hostnames', 'quays')[0]].phrase", arrives],
    ["hostvars[lookup('inventory_hostnames', 'all:!berths')].phrase", arrives],
    ["hostvars[lookup('inventory_hostnames', 'all', '!berths', wantlist=true) | first].phrase", arrives],
    ["'0ddpassword' if lookup('inventory_hostnames', 'all') == 'quay,berth' else ''", arrives],
    ["'' if query('inventory_hostnames', 'boats') else '0ddpassword'", arrives],
    [
      "hostvars[query('inventory_hostnames', 'berths')[0]].phrase | default('')",
      'berth agent empty env-file url',
    ],
  ])('inventory_hostnames gives the hosts of a pattern: %s', (token, arrival) => {
    const site = `
- hosts: quays
  tasks:
    - set_fact: { phrase: 0ddpassword }
${joins('berths', `{{ ${token} }}`)}`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual([arrival])
  })

  test.each([
    [
      'with_inventory_hostnames: ["quays[0]"]',
      '{{ slips.results[0].content | b64decode | trim }}',
      [arrives],
    ],
    ['with_inventory_hostnames: all:!berths', '{{ slips.results[0].content | b64decode | trim }}', [arrives]],
    [
      'with_inventory_hostnames: [all, "!berths"]',
      '{{ slips.results[0].content | b64decode | trim }}',
      [arrives],
    ],
    ['with_inventory_hostnames: ["berths[0]"]', '{{ slips.results[0].content | b64decode | trim }}', []],
    ['with_inventory_hostnames: boats', "{{ '0ddpassword' if slips is skipped else '' }}", [arrives]],
  ])('hosts are gone through: %s', (loop, token, agents) => {
    const site = `${installs('quays', { INSTALL_K3S_EXEC: 'server' })}
- hosts: berths
  tasks:
    - slurp: { src: /var/lib/rancher/k3s/server/node-token }
      register: slips
      delegate_to: "{{ item }}"
      ${loop}
${joins('berths', token)}`
    const files = { 'site.yml': site, 'hosts.ini': HOSTS }
    expect(arrivals(files)).toEqual([...agents, 'quay first-server absent none no url'])
    expect(unknowns(files).filter((what) => !what.startsWith('the play ends here for berth'))).toEqual([])
  })

  test('a group may be missing only where no inventory says which there are', () => {
    const site = joins('berth_agents', '0ddpassword').replace(
      '      environment:',
      '      with_inventory_hostnames: ["jetties[0]"]\n      environment:',
    )
    expect(arrivals({ 'site.yml': site }, { servers: 'one' })).toEqual(['agent-1 agent present env-file url'])
    expect(arrivals({ 'site.yml': site, 'hosts.ini': '[berth_agents]\nberth\n' })).toEqual([])
  })

  test.each([
    ['with_file: slips/phrase', arrives],
    ['with_file: [slips/other, slips/phrase]', arrives],
    ['with_env: BERTH_PHRASE', arrives],
    ['with_env: [BERTH_PHRASE, QUAY_PHRASE]', 'berth agent maybe env-file url'],
    ['with_tides: slips/phrase', 'berth agent maybe env-file url'],
    ['with_indexed_items: [[wrong, 0ddpassword]]', arrives],
  ])('%s gives the items of a loop', (loop, arrival) => {
    const item = loop.includes('indexed') ? "item.1 if item.0 == 1 else ''" : 'item'
    const site = `
- hosts: berths
  tasks:
    - set_fact: { phrase: "{{ ${item} }}" }
      ${loop}
${joins('berths', '{{ phrase }}')}`
    const slips = { 'slips/other': '', 'slips/phrase': '0ddpassword\n' }
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS, ...slips })).toEqual([arrival])
  })

  const berths = "[{'name': 'pier', 'slips': ['wrong', '0ddpassword']}, {'name': 'jetty'}]"
  test.each<[string, string, string]>([
    ['with_sequence: start=1 end=3', "'0ddpassword' if item == '3' else ''", 'present'],
    ['with_sequence: "2-6/2:pier-%02d"', "'0ddpassword' if item == 'pier-06' else ''", 'present'],
    ['with_sequence: count=0', "'0ddpassword'", 'undefined'],
    // ansible-core before 2.19 reads it in another way.
    ['with_sequence: "08"', 'item', 'maybe'],
    ["loop: \"{{ query('sequence', '3') }}\"", "'0ddpassword' if item == '3' else ''", 'present'],
    [`with_subelements: ["{{ ${berths} }}", slips, { skip_missing: true }]`, 'item.1', 'present'],
    [
      `with_subelements: ["{{ ${berths} }}", slips, { skip_missing: true }]`,
      "item.0.slips | default('')",
      'empty',
    ],
    [`with_subelements: ["{{ ${berths} }}", slips]`, 'item.1', 'maybe'],
    [`loop: "{{ query('subelements', ${berths}, 'slips', {'skip_missing': true}) }}"`, 'item.1', 'present'],
    [`loop: "{{ ${berths} | subelements('slips', skip_missing=true) }}"`, 'item[1]', 'present'],
    [`loop: "{{ ${berths} | subelements('slips', skip_missing=true) }}"`, 'item.0["slips"][1]', 'present'],
    ["loop: \"{{ query('nested', ['a', 'b'], ['', '0ddpassword']) }}\"", 'item.1', 'present'],
    ['with_nested: [[[a, b]], [0ddpassword]]', 'item.2', 'present'],
    ["loop: \"{{ lookup('together', ['a', 'b'], ['', '0ddpassword']) }}\"", 'item.1', 'present'],
    [
      "loop: \"{{ query('together', ['', '0ddpassword'], ['a']) }}\"",
      "item.0 if item.1 is none else ''",
      'present',
    ],
    ["loop: \"{{ query('dict', {'a': '', 'b': '0ddpassword'}) }}\"", 'item.value', 'present'],
    ["loop: \"{{ query('indexed_items', ['', '0ddpassword']) }}\"", 'item.1', 'present'],
  ])('%s has %s at last, which is %s', (loop, item, arrival) => {
    const site = `
- hosts: berths
  tasks:
    - set_fact: { phrase: "{{ ${item.replaceAll('"', "'")} }}" }
      ${loop}
${joins('berths', '{{ phrase }}')}`
    const found = arrivals({ 'site.yml': site, 'hosts.ini': HOSTS })
    expect(found).toEqual(arrival === 'undefined' ? [] : [`berth agent ${arrival} env-file url`])
  })

  const phrase = { 'files/phrase': '\n', 'slips/phrase': '0ddpassword\n\n' }
  const sealed = { 'slips/phrase': '$ANSIBLE_VAULT;1.1;AES256\n6162\n' }
  const ini = { 'slips.ini': '[quay]\nPhrase = 0ddpassword\n\n[pier]\n' }
  test.each<[string, Files, string]>([
    ["lookup('file', 'slips/phrase')", phrase, 'present 0ddpassword'],
    [
      "lookup('file', 'slips/phrase', rstrip=false) | regex_replace('\\n', 'n')",
      phrase,
      'present 0ddpasswordnn',
    ],
    ["lookup('file', 'slips/phrase', rstrip=false, lstrip=true)", { 'slips/phrase': ' 0dd' }, 'present 0dd'],
    ["lookup('file', 'phrase')", phrase, 'empty'],
    ["query('file', 'slips/phrase') | first", phrase, 'present 0ddpassword'],
    ["lookup('file', 'slips/phrase', wantlist=true)[0]", phrase, 'present 0ddpassword'],
    ["lookup('file', 'slips/phrase', 'phrase')", phrase, 'present 0ddpassword,'],
    ["lookup('unvault', 'slips/phrase') | regex_replace('\\n', 'n')", phrase, 'present 0ddpasswordnn'],
    ["lookup('unvault', 'slips/phrase')", sealed, 'present ?'],
    ["lookup('pipe', 'cat slips/phrase')", phrase, 'present 0ddpassword'],
    ["lookup('pipe', 'cat files/phrase')", phrase, 'empty'],
    ["lookup('pipe', 'cat slips/phrase | rev')", phrase, 'present ?'],
    ["lookup('password', 'slips/phrase length=32')", phrase, 'present 0ddpassword'],
    ["lookup('password', 'files/phrase')", phrase, 'empty'],
    [
      "lookup('password', 'slips/phrase')",
      { 'slips/phrase': '0ddpassword salt=tar\n' },
      'present 0ddpassword',
    ],
    ["lookup('password', 'slips/phrase', encrypt='sha512_crypt')", phrase, 'present ?'],
    ["lookup('password', 'slips/phrase')", {}, 'present ?'],
    ["lookup('ini', 'phrase', section='quay', file='slips.ini')", ini, 'present 0ddpassword'],
    ["lookup('ini', 'phrase section=quay file=slips.ini')", ini, 'present 0ddpassword'],
    ["lookup('ini', 'phrase', section='pier', file='slips.ini')", ini, 'empty'],
    ["lookup('ini', 'phrase', section='pier', file='slips.ini', default='0dd')", ini, 'present 0dd'],
    ["lookup('ini', 'phrase', section='boat', file='slips.ini')", ini, 'present ?'],
    ["lookup('file', 'slips/phrase')", {}, 'present ?'],
    ["lookup('file', 'slips/phrase', errors='ignore')", {}, 'maybe'],
    ["lookup('file', 'slips/phrase', errors='ignore') | default('0ddpassword', true)", {}, 'present ?'],
    ["lookup('file', 'slips/phrase', errors='ignore') or '0ddpassword'", {}, 'present ?'],
    ["lookup('file', 'slips/phrase', errors='ignore') | default('', true)", {}, 'maybe'],
    ["lookup('community.general.passwordstore', 'phrase missing=empty')", {}, 'maybe'],
    ["lookup('community.general.passwordstore', 'phrase')", {}, 'present ?'],
  ])('%s reads what %j says', (token, files, arrival) => {
    const { verdicts } = new Analysis(
      new Map(
        Object.entries({ 'site.yml': joins('berths', `{{ ${token} }}`), 'hosts.ini': HOSTS, ...files }),
      ),
    ).rehearsal
    const [first] = verdicts
    const { text } = first?.arrival.token ?? {}
    expect([first?.token, ...(text === undefined ? [] : [outline(text)])].join(' ').trim()).toBe(arrival)
  })

  test('what tasks have written over a file of the project is read', () => {
    const site = `
- hosts: localhost
  tasks:
    - copy: { content: "", dest: slips/phrase, mode: '0600' }
${joins('berths', "{{ lookup('file', 'slips/phrase') }}")}`
    const files = { 'site.yml': site, 'hosts.ini': HOSTS, 'slips/phrase': '0ddpassword\n' }
    expect(arrivals(files)).toEqual(['berth agent empty env-file url'])
  })

  test('a file that was fetched is read to its last line break, but by unvault and where it is kept', () => {
    const fetches = `${installs('quays', { INSTALL_K3S_EXEC: 'server' })}
    - ansible.builtin.fetch: { src: /var/lib/rancher/k3s/server/node-token, dest: slips/phrase, flat: true }
`
    const joined = (token: string): Files => ({
      'site.yml': fetches + joins('berths', `{{ ${token} }}`),
      'hosts.ini': HOSTS,
    })
    for (const token of ["lookup('pipe', 'cat slips/phrase')", "query('file', 'slips/phrase') | first"])
      expect(arrivals(joined(token))).toContain(arrives)
    for (const token of ["lookup('unvault', 'slips/phrase')", "lookup('file', 'slips/phrase', rstrip=false)"])
      expect(findings(joined(token)).join()).toContain('token-malformed error site.yml:8')
  })

  test('inventory_hostnames names no host of a group whose hosts the run finds', () => {
    const site = `
- hosts: quays
  tasks:
    - group_by: { key: "boat_{{ ansible_facts.product_name }}" }
    - set_fact: { phrase: 0ddpassword }
${joins('berths', "{{ hostvars[query('inventory_hostnames', 'boat_wood')[0]].phrase }}")}
- hosts: boat_wood
`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual(['berth agent maybe env-file url'])
  })

  test('first_found finds the first of the files on its paths', () => {
    const site = `
- hosts: berths
  tasks:
    - include_vars: "{{ lookup('first_found', { 'files': ['phrase.yml'], 'paths': ['none', playbook_dir ~ '/more'] }) }}"
${joins('berths', '{{ phrase }}')}`
    expect(
      arrivals({
        'plays/site.yml': site,
        'hosts.ini': HOSTS,
        'plays/more/phrase.yml': 'phrase: 0ddpassword\n',
      }),
    ).toEqual([arrives])
  })
})

describe('a path that begins at the playbook, the role or the inventory', () => {
  test.each([
    ['site.yml', '{{ playbook_dir }}/slips.yml', 'slips.yml'],
    ['plays/site.yml', '{{ playbook_dir }}/slips.yml', 'plays/slips.yml'],
    ['site.yml', '{{ inventory_dir }}/slips.yml', 'slips.yml'],
    ['site.yml', '{{ inventory_file | dirname }}/slips.yml', 'slips.yml'],
    ['plays/site.yml', '{{ playbook_dir | dirname }}/slips.yml', 'slips.yml'],
    ['plays/site.yml', '{{ playbook_dir }}/../slips.yml', 'slips.yml'],
    ['site.yml', '{{ playbook_dir }}/../slips.yml', '../slips.yml'],
  ])('%s: %s', (path, name, shown) => {
    const site = installs('all', {}).replace('  tasks:', `  tasks:\n    - include_vars: "${name}"`)
    expect(unknowns({ [path]: site, 'hosts.ini': HOSTS })).toEqual([
      `the file of variables ${shown} is not in the project`,
    ])
  })

  test('is not known around the top of the project', () => {
    const name = '{{ playbook_dir | dirname }}/slips.yml'
    const site = installs('all', {}).replace('  tasks:', `  tasks:\n    - include_vars: "${name}"`)
    expect(unknowns({ 'site.yml': site, 'hosts.ini': HOSTS })).toEqual([
      'include_vars of files that are not known',
    ])
  })

  test('is the same file whichever it begins at', () => {
    const writes = `
- hosts: berths
  tasks:
    - copy: { content: 0ddpassword, dest: "{{ inventory_dir }}/slips/phrase", mode: '0600' }
      delegate_to: localhost
${joins('berths', "{{ lookup('file', playbook_dir ~ '/slips/phrase') }}")}`
    expect(arrivals({ 'site.yml': writes, 'hosts.ini': HOSTS })).toEqual([arrives])
  })
})

describe('what is typed when the play runs', () => {
  const maybe = 'berth agent maybe env-file url'

  test.each([
    ['{ name: phrase, prompt: Key }', arrives],
    ["{ name: phrase, prompt: Key, default: '' }", maybe],
    ['{ name: phrase, default: 0ddpassword }', arrives],
    ['{ name: phrase, default: }', arrives],
  ])('is a text, unless Enter alone gives none: %s', (prompt, arrival) => {
    const site = joins('berths', '{{ phrase }}').replace('  tasks:', `  vars_prompt: [${prompt}]\n  tasks:`)
    // A file that is called like the variable has no part in it.
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS, phrase: '' })).toEqual([arrival])
  })
})

describe('files of variables', () => {
  test('that the project does not hold may set what nothing else does', () => {
    for (const reads of [
      '  vars_files: [sealed.yml]\n  tasks:',
      '  tasks:\n    - include_vars: sealed.yml',
    ]) {
      const files = {
        'site.yml': joins('berths', '{{ phrase }}').replace('  tasks:', reads),
        'hosts.ini': HOSTS,
      }
      expect(arrivals(files)).toEqual(['berth agent maybe env-file url'])
      expect(findings(files)).toEqual(['token-in-arguments notice site.yml:9'])
    }
  })

  test('are brought under a name of their own', () => {
    const site = `
- hosts: berths
  tasks:
    - include_vars: { file: slips.yml, name: slips }
${joins('berths', "{{ slips.phrase if phrase is undefined else '' }}")}`
    expect(arrivals({ 'site.yml': site, 'hosts.ini': HOSTS, 'slips.yml': 'phrase: 0ddpassword\n' })).toEqual([
      arrives,
    ])
  })
})
