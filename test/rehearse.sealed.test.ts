import { describe, expect, test } from 'vitest'
import { Analysis } from '../src/lint/analysis.ts'
import { Secret } from '../src/secret.ts'
import { encryptVault } from '../src/syntax/vault.ts'
import { arrivals, doubts, type Files, findings, installs, joins, unknowns } from './tools/paper.ts'

const HOSTS = '[quays]\nquay\n[berths]\nberth\n'
const SEALED = `${encryptVault(new Secret('mole: north'), new Secret('larch'))}\n`
const open = 'berth agent maybe env-file url'
const ENCRYPTED = 'this file is encrypted as a whole, so what it says is not known here'

function waysOf(files: Files, host: string): readonly string[] {
  const { verdicts } = new Analysis(new Map(Object.entries(files))).rehearsal
  const ways = verdicts
    .filter((verdict) => verdict.host === host)
    .map(({ hops }) => hops.map(({ what }) => what).join(', '))
  return [...new Set(ways)]
}

/** An agent that joins with `phrase`, in a play or role that reads a sealed file. */
const readers: readonly (readonly [string, Files])[] = [
  [
    'vars_files',
    {
      'site.yml': joins('berths', '{{ phrase }}').replace(
        '  tasks:',
        '  vars_files: [more/sealed.yml]\n  tasks:',
      ),
      'more/sealed.yml': SEALED,
    },
  ],
  [
    'include_vars',
    {
      'site.yml': joins('berths', '{{ phrase }}').replace(
        '  tasks:',
        '  tasks:\n    - include_vars: more/sealed.yml',
      ),
      'more/sealed.yml': SEALED,
    },
  ],
  [
    'include_vars of a directory',
    {
      'site.yml': joins('berths', '{{ phrase }}').replace(
        '  tasks:',
        '  tasks:\n    - include_vars: { dir: more }',
      ),
      'more/sealed.yml': SEALED,
      'more/open.yml': 'mole: north\n',
    },
  ],
  [
    'include_vars for all hosts at once',
    {
      'site.yml': joins('all', '{{ phrase }}').replace(
        '  tasks:',
        '  tasks:\n    - include_vars: more/sealed.yml\n      run_once: true',
      ),
      'more/sealed.yml': SEALED,
    },
  ],
  [
    'include_vars under a name of its own',
    {
      'site.yml': joins('berths', '{{ slips.phrase }}').replace(
        '  tasks:',
        '  tasks:\n    - include_vars: { file: more/sealed.yml, name: slips }',
      ),
      'more/sealed.yml': SEALED,
    },
  ],
  ...['vars/main.yml', 'vars/main/slips.yml', 'defaults/main.yml'].map(
    (path) =>
      [
        path,
        {
          'site.yml': '- hosts: berths\n  roles: [mole]\n',
          'roles/mole/tasks/main.yml': joins('berths', '{{ phrase }}').replace(/^.*tasks:\n/s, ''),
          [`roles/mole/${path}`]: SEALED,
        },
      ] as const,
  ),
]

describe('a file of variables that is encrypted as a whole', () => {
  test.each(readers)('may set what nothing else does: %s', (_, files) => {
    const all = { ...files, 'hosts.ini': HOSTS }
    expect(arrivals(all)).toContain(open)
    expect(findings(all).filter((one) => !one.startsWith('token-in-arguments notice'))).toEqual([])
    expect(unknowns(all)).toEqual([ENCRYPTED])
  })

  test.each([
    "{{ phrase | default('') }}",
    '{{ phrase if phrase is defined else omit }}',
    "{{ phrase | default(mole | default('')) }}",
  ])('may hold a token that is asked for with %s', (token) => {
    const files = {
      'site.yml': joins('berths', token),
      'hosts.ini': HOSTS,
      'group_vars/berths.yml': SEALED,
    }
    expect(arrivals(files, { tokenGiven: undefined })).toEqual([open])
    expect(findings(files).filter((one) => !one.startsWith('token-in-arguments notice'))).toEqual([])
  })

  test.each([
    ['roles/mole/defaults/main.yml', 'phrase: ""\n'],
    ['roles/mole/defaults/main.yml', 'phrase:\n'],
    ['group_vars/all/berths.yml', 'phrase: ""\n'],
  ])('may say more than %s, which leaves the token empty', (path, text) => {
    const files = {
      'site.yml': '- hosts: berths\n  roles: [mole]\n',
      'roles/mole/tasks/main.yml': joins('berths', '{{ phrase }}').replace(/^.*tasks:\n/s, ''),
      'hosts.ini': HOSTS,
      'group_vars/all/sealed.yml': SEALED,
      [path]: text,
    }
    expect(arrivals(files)).toEqual([open])
    expect(findings(files)).toEqual(['token-in-arguments notice roles/mole/tasks/main.yml:5'])
  })

  test('leaves what the project sets as it is', () => {
    const files = {
      'site.yml': joins('berths', '{{ phrase }}').replace('  tasks:', '  vars: { phrase: "" }\n  tasks:'),
      'hosts.ini': HOSTS,
      'group_vars/all.yml': SEALED,
    }
    expect(arrivals(files)).toEqual(['berth agent empty env-file url'])
  })

  test('holds a secret: where it is shown, that is said', () => {
    const site = `${joins('berths', '{{ phrase }}')}
    - debug: { msg: "{{ phrase }}" }
    - set_fact: { slip: "{{ phrase }}" }
    - copy: { content: "{{ item }}", dest: /etc/harbour, mode: "0600" }
      loop: ["{{ phrase }}"]
    - debug: { msg: "{{ mole }}" }
`
    const files = { 'site.yml': site, 'hosts.ini': HOSTS, 'group_vars/all.yml': SEALED }
    expect(findings(files)).toEqual([
      'token-in-arguments notice site.yml:8',
      'token-logged error site.yml:10',
      'token-logged warning site.yml:11',
      'token-logged error site.yml:12',
    ])
  })

  test('holds a secret: where a unit shows it, that is said', () => {
    const sealed = { 'hosts.ini': HOSTS, 'group_vars/all.yml': SEALED }
    const unit = (lines: string): Files => ({
      ...sealed,
      'site.yml': `- hosts: berths
  tasks:
    - copy:
        dest: /etc/systemd/system/k3s-agent.service
        content: |
          [Service]
${lines.replace(/^/gm, '          ')}
      no_log: true
    - systemd: { name: k3s-agent, state: restarted, daemon_reload: true }
`,
    })
    const agent = 'ExecStart=/usr/local/bin/k3s agent --server https://quay:6443'
    expect(findings(unit(`Environment=K3S_TOKEN={{ phrase }}\n${agent}`))).toEqual([
      'token-in-world-readable-unit error site.yml:7',
    ])
    expect(findings(unit(`${agent} --token {{ phrase }}`))).toEqual(['token-in-arguments error site.yml:7'])
    expect(findings(unit(`${agent} \\\n  '--token' \\\n  '{{ phrase }}'`))).toEqual([
      'token-in-arguments error site.yml:8',
    ])
    // Whether these have a token in them is not known.
    expect(findings(unit(`Environment={{ phrase }}\n${agent} {{ mole }}`))).toEqual([])
    const script = (args: string): Files => ({
      ...sealed,
      'site.yml': `- hosts: berths
  tasks:
    - command: /opt/k3s-install.sh agent --server https://quay:6443 ${args}
      no_log: true
`,
    })
    expect(findings(script('--token {{ phrase }}'))).toEqual(['token-in-arguments error site.yml:3'])
    expect(findings(script('{{ phrase }}'))).toEqual([])
  })

  test('gives the server its token, for all that is known: K3s has not made it', () => {
    const site = `
${installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ phrase }}' })}
    - slurp: { src: /var/lib/rancher/k3s/server/token }
      register: slip
${joins('berths', '{{ hostvars.quay.slip.content | b64decode | trim }}')}`
    const files = { 'site.yml': site, 'hosts.ini': HOSTS, 'group_vars/all.yml': SEALED }
    expect(arrivals(files)).toEqual([
      'berth agent present env-file url',
      'quay first-server maybe env-file no url',
    ])
    expect(waysOf(files, 'berth')).toEqual([
      'K3s writes its token to /var/lib/rancher/k3s/server/token, is read back from /var/lib/rancher/k3s/server/token, runs the K3s install script, starts k3s-agent',
    ])
  })

  test('may give the server just what the agents have', () => {
    const site = `
${installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ phrase }}' })}
${joins('berths', '{{ slip }}')}`
    const files = {
      'site.yml': site,
      'hosts.ini': HOSTS,
      'group_vars/quays.yml': SEALED,
      'group_vars/berths.yml': 'slip: 0ddpassword\n',
    }
    expect(arrivals(files)).toContain('berth agent present env-file url')
  })
})

describe('a sealed file of variables of some hosts', () => {
  const files = {
    'site.yml': joins('all', '{{ phrase }}'),
    'hosts.ini': '[quays]\nquay\n[berths]\nberth\n',
  }
  const undefinedOn = (host: string): string => `the play ends here for ${host}: 'phrase' is undefined`

  test.each([
    ['group_vars/all.yml', []],
    ['group_vars/all/slips.yml', []],
    ['group_vars/berths/slips.yml', ['quay']],
    ['group_vars/berths.yml', ['quay']],
    ['host_vars/quay/slips.yml', ['berth']],
    ['host_vars/quay.yml', ['berth']],
  ])('has nothing for others: %s', (path, without) => {
    expect(unknowns({ ...files, [path]: SEALED })).toEqual(without.map(undefinedOn))
  })

  test('is for hosts, too, that a task puts into its group', () => {
    const made = '- hosts: quays\n  tasks:\n    - group_by: { key: berths }\n'
    const all = { ...files, 'site.yml': made + files['site.yml'], 'group_vars/berths.yml': SEALED }
    expect(unknowns(all)).toEqual([])
  })

  test.each([
    ['group_vars/all.yml', ['server-url-missing']],
    ['group_vars/quays.yml', ['server-url-missing']],
    ['host_vars/quay.yml', []],
  ])('with the token of servers, of which all but one want a URL where they share it: %s', (path, found) => {
    const paths = path.startsWith('host_vars/') ? [path, 'host_vars/pier.yml'] : [path]
    const project = {
      'hosts.ini': '[quays]\nquay\npier\n',
      'site.yml': installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ phrase }}' }),
      ...Object.fromEntries(paths.map((one) => [one, SEALED])),
    }
    const ids = findings(project).map((finding) => finding.split(' ')[0])
    expect(ids.filter((id) => id !== 'token-in-arguments')).toEqual(found)
  })
})

test('servers share a token of a file that is not in the project, and all but one want a URL', () => {
  const site = installs('quays', { INSTALL_K3S_EXEC: 'server', K3S_TOKEN: '{{ phrase }}' })
  const files = {
    'hosts.ini': '[quays]\nquay\npier\n',
    'site.yml': site.replace('  tasks:', '  vars_files: [none.yml]\n  tasks:'),
  }
  expect(findings(files)).toEqual([
    'server-url-missing error site.yml:5',
    'token-in-arguments notice site.yml:8',
  ])
})

describe('hostvars of another host', () => {
  const asked = joins('berths', '{{ hostvars.quay.phrase }}')

  test('have nothing of the vars_files of a play', () => {
    const site = joins('berths', "{{ hostvars[groups['quays'][0]]['phrase'] }}")
    const reads = site.replace('  tasks:', '  vars_files: [none.yml]\n  tasks:')
    expect(unknowns({ 'site.yml': reads, 'hosts.ini': HOSTS })).toEqual([
      'none.yml of vars_files is not in the project',
      "the play ends here for berth: 'hostvars[groups.quays[0]].phrase' is undefined",
    ])
  })

  test('have what that host has included', () => {
    const site = '- hosts: quays\n  tasks:\n    - include_vars: slips.yml\n'
    const files = { 'site.yml': site + asked, 'hosts.ini': HOSTS }
    expect(arrivals({ ...files, 'slips.yml': 'phrase: 0ddpassword\n' })).toEqual([
      'berth agent present env-file url',
    ])
    expect(arrivals({ ...files, 'slips.yml': SEALED })).toEqual([open])
  })
})

describe('a vault that is not in the project', () => {
  const files = {
    'site.yml': joins('berths', '{{ phrase }}'),
    'hosts.ini': HOSTS,
    'group_vars/all/open.yml': 'phrase: "{{ vault_phrase }}"\n',
  }

  test('may hold what is called after it and nothing sets, samples aside', () => {
    for (const more of [{}, { 'group_vars/all/sealed.yml.example': 'vault_phrase: write yours here\n' }]) {
      expect(arrivals({ ...files, ...more })).toEqual([open])
      expect(findings({ ...files, ...more })).toEqual(['token-in-arguments notice site.yml:8'])
      expect(unknowns({ ...files, ...more })).toEqual([
        'no file here sets vault_phrase: it is taken to stand in a vault that is not here',
      ])
    }
  })

  test('holds nothing that is set for other hosts, or is called otherwise', () => {
    const ends = (name: string): readonly string[] => [`the play ends here for berth: '${name}' is undefined`]
    expect(unknowns({ ...files, 'group_vars/quays.yml': 'vault_phrase: 0ddpassword\n' })).toEqual(
      ends('vault_phrase'),
    )
    const made = '- hosts: quays\n  tasks:\n    - command: cat /root/slip\n      register: vault_phrase\n'
    expect(unknowns({ ...files, 'site.yml': made + files['site.yml'] })).toEqual(ends('vault_phrase'))
    expect(unknowns({ ...files, 'group_vars/all/open.yml': 'phrase: "{{ slip_phrase }}"\n' })).toEqual(
      ends('slip_phrase'),
    )
  })

  test('that is there for `-e @FILE` may hold any', () => {
    const all = { ...files, 'group_vars/all/open.yml': 'mole: north\n', 'secrets.yml': SEALED }
    expect(arrivals(all)).toEqual([open])
    expect(unknowns(all)).toEqual([ENCRYPTED])
    const site = `- hosts: quays\n  vars_files: [secrets.yml]\n${files['site.yml']}`
    expect(unknowns({ ...all, 'site.yml': site })).toEqual([
      ENCRYPTED,
      "the play ends here for berth: 'phrase' is undefined",
    ])
  })
})

describe('a file that is encrypted as a whole and written to a node', () => {
  const agent = (write: string, args: string): Files => ({
    'hosts.ini': '[berths]\nberth\n',
    'site.yml': `- hosts: berths
  tasks:
    - ${write}
    - command: sh /opt/k3s-install.sh agent --server https://quay:6443 ${args}
`,
    'files/sealed': SEALED,
    'templates/sealed': SEALED,
  })

  test.each(['copy', 'template'])('may hold any settings: %s', (module) => {
    const files = agent(`${module}: { src: sealed, dest: /etc/rancher/k3s/config.yaml, mode: '0644' }`, '')
    expect(arrivals(files)).toEqual(['berth agent maybe config url'])
    expect(findings(files)).toEqual([])
    expect(unknowns(files)).toEqual([ENCRYPTED])
  })

  test.each(['copy', 'template'])('is the token where it is the file for that: %s', (module) => {
    const write = `${module}: { src: sealed, dest: /etc/rancher/berth, mode: '0644' }`
    const files = agent(write, '--token-file /etc/rancher/berth')
    expect(arrivals(files)).toEqual(['berth agent present token-file url'])
    expect(findings(files)).toEqual([
      'token-logged notice site.yml:3',
      'token-world-readable error site.yml:3',
    ])
    expect(waysOf(files, 'berth')).toEqual([
      `is encrypted as a whole, is ${module === 'copy' ? 'copied' : 'rendered'} to /etc/rancher/berth, runs the K3s install script, starts k3s-agent`,
    ])
  })

  test('is not what a server takes, where K3s keeps its token', () => {
    const place = '/var/lib/rancher/k3s/server/token'
    const files = {
      'hosts.ini': '[quays]\nquay\n',
      'site.yml': `${installs('quays', { INSTALL_K3S_EXEC: 'server' })}    - copy: { src: sealed, dest: ${place}, mode: '0600' }
    - service: { name: k3s, state: restarted }
`,
      'files/sealed': SEALED,
    }
    expect(arrivals(files)).toEqual(['quay first-server absent none no url'])
    expect(waysOf(files, 'quay')).toEqual(['starts k3s'])
    expect(findings(files)).toEqual(['token-logged notice site.yml:7', 'tokens-differ error site.yml:7'])
    expect(unknowns(files)).toEqual([ENCRYPTED])
  })
})

test('a token in a file that the plugin of sops decrypts arrives', () => {
  const files = {
    'site.yml': joins('berths', '{{ phrase }}'),
    'hosts.ini': HOSTS,
    'group_vars/all.sops.yml': 'phrase: ENC[AES256_GCM,data:b3Bl,iv:bg==,tag:dA==,type:str]\n',
  }
  const enabled = '[defaults]\nvars_plugins_enabled = host_group_vars,community.sops.sops\n'
  expect(arrivals({ ...files, 'ansible.cfg': enabled })).toEqual(['berth agent present env-file url'])
  expect(arrivals(files, { tokenGiven: undefined })).toEqual([])
})

describe('a token of hosts that no inventory names', () => {
  const site = joins('berths', '{{ phrase }}')
  const reads = site.replace('  tasks:', '  vars_files: [more/sealed.yml]\n  tasks:')

  test.each<[string, Files]>([
    ['which is not in the project', { 'site.yml': reads }],
    ['which is encrypted', { 'site.yml': reads, 'more/sealed.yml': SEALED }],
    ['which is encrypted', { 'site.yml': site, 'group_vars/all.yml': SEALED }],
    ['which is encrypted', { 'site.yml': site, 'group_vars/berths/slips.yml': SEALED }],
  ])("may stand in a file that can't be read, as it may with an inventory: %s", (words, files) => {
    expect(arrivals(files)).toEqual(['berths-1 agent maybe env-file url'])
    expect(doubts(files)[0]).toMatch(new RegExp(`^phrase may stand in [\\w/]+\\.yml, ${words}: `))
  })

  test('is given by users where there is no such file, or it is for other hosts', () => {
    for (const more of [{}, { 'group_vars/quays.yml': SEALED }])
      expect(arrivals({ 'site.yml': site, ...more })).toEqual(['berths-1 agent present env-file url'])
  })

  test('is there where the play can do without, and a scenario has it', () => {
    const files = { 'site.yml': reads.replace('{{ phrase }}', "{{ phrase | default('') }}") }
    expect(arrivals(files, { tokenGiven: undefined })).toEqual(['berths-1 agent present env-file url'])
    expect(arrivals(files, { tokenGiven: false })).toEqual(['berths-1 agent empty env-file url'])
  })
})

describe('why it is not known whether a token arrives', () => {
  const reasons = (files: Files): readonly string[] => [
    ...new Set(doubts({ 'hosts.ini': HOSTS, ...files }).map((doubt) => doubt.replace(/: .*/, ''))),
  ]
  const site = joins('berths', '{{ phrase }}')
  const reads = site.replace('  tasks:', '  vars_files: [more/sealed.yml]\n  tasks:')

  test.each<[string, readonly string[]]>([
    ['phrase may stand in more/sealed.yml, which is not in the project', []],
    ['phrase may stand in more/sealed.yml, which is encrypted', ['more/sealed.yml']],
    [
      'phrase may stand in more/sealed.yml, which is not in the project, or in group_vars/all/slips.yml, which is encrypted',
      ['group_vars/all/slips.yml'],
    ],
  ])('is told with the file that may have it: %s', (words, sealed) => {
    expect(
      reasons({ ...Object.fromEntries(sealed.map((path) => [path, SEALED])), 'site.yml': reads }),
    ).toEqual([words])
  })

  test('is told of files whose names are not known, and of a vault that is not here', () => {
    const included = site.replace('  tasks:', '  tasks:\n    - include_vars: "{{ slip.stdout }}.yml"')
    const named = included.replace('  tasks:', '  tasks:\n    - command: hostname\n      register: slip')
    expect(reasons({ 'site.yml': named })).toEqual([
      'phrase may stand in a file of include_vars whose name is only known when the play runs',
    ])
    // With another value where the vault has none, that is no other reason.
    for (const fallback of ['', " | default('tide-lamp-0815')"]) {
      const text = `phrase: "{{ vault_phrase${fallback} }}"\n`
      expect(reasons({ 'site.yml': site, 'group_vars/all.yml': text })).toEqual([
        'vault_phrase may stand in a vault that is not here',
      ])
    }
  })

  // ansible-core 2.14 takes it for a text, 2.21 refuses that, too.
  test('is told of what leads back to itself through hostvars', () => {
    const value = "{{ hostvars[groups['quays'][0]].phrase }}"
    const files = { 'site.yml': site, 'group_vars/all.yml': `phrase: "${value}"\n` }
    expect(reasons(files)).toEqual(['the variable phrase leads back to itself'])
  })
})
