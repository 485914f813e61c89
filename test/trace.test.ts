import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { parse } from '../src/commands/parse.ts'
import type { ExitStatus, Session } from '../src/commands/session.ts'
import { command } from '../src/commands/trace/index.ts'
import { UserError } from '../src/errors.ts'
import { projectDirectory } from './projects/expectation.ts'

interface Hop {
  readonly path: string
  readonly line: number
  readonly column: number
  readonly what: string
}

interface Shown {
  readonly playbook: string
  readonly host: string
  readonly kind: string
  readonly scenario: Readonly<Record<string, unknown>>
  readonly service: string
  readonly token: string
  readonly source: string
  readonly serverUrl: boolean | 'maybe'
  readonly hops: readonly Hop[]
}

class Sink extends Writable {
  text = ''
  isTTY?: boolean
  columns?: number

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

async function trace(
  cwd: string,
  args: readonly string[] = [],
  { columns, env = {} }: { readonly columns?: number; readonly env?: Session['env'] } = {},
): Promise<{ readonly status: ExitStatus; readonly text: string; readonly error: UserError | undefined }> {
  const stdout = new Sink()
  if (columns !== undefined) Object.assign(stdout, { isTTY: true, columns })
  const session: Session = {
    cwd,
    env,
    stdin: Readable.from([]),
    stdout,
    stderr: new Sink(),
    interactive: false,
    color: false,
  }
  let status: ExitStatus = 0
  try {
    const program = command(session, (set) => {
      status = set
    })
    status = (await parse(program, args, session)) ?? status
    return { status, text: stdout.text, error: undefined }
  } catch (error) {
    if (!(error instanceof UserError)) throw error
    return { status: 2, text: stdout.text, error }
  }
}

async function verdicts(cwd: string, args: readonly string[] = []): Promise<readonly Shown[]> {
  const { text } = await trace(cwd, ['--format', 'json', ...args])
  return (JSON.parse(text) as { verdicts: readonly Shown[] }).verdicts
}

const places = ({ hops }: Shown): readonly string[] =>
  hops.map(({ path, line, what }) => `${path}:${line} ${what}`)

describe('agents that get the key only where the program is fetched', () => {
  const cwd = projectDirectory('isolated-agents-without-token')

  test('are shown host by host, with the way of the key', async () => {
    const found = await verdicts(cwd, ['--scenario', 'first-run'])
    expect(found.map(({ host, scenario, token }) => [host, scenario, token])).toEqual([
      ['alder', { airgapped: false, k3s: 'absent' }, 'present'],
      ['alder', { airgapped: true, k3s: 'absent' }, 'absent'],
      ['larch', { airgapped: false, k3s: 'absent' }, 'present'],
      ['larch', { airgapped: true, k3s: 'absent' }, 'present'],
      ['rowan', { airgapped: false, k3s: 'absent' }, 'present'],
      ['rowan', { airgapped: true, k3s: 'absent' }, 'absent'],
    ])
    const [alder] = found
    expect(alder).toEqual({
      playbook: 'site.yml',
      host: 'alder',
      kind: 'agent',
      scenario: { airgapped: false, k3s: 'absent' },
      service: 'k3s-agent',
      token: 'present',
      source: 'env-file',
      serverUrl: true,
      hops: expect.any(Array),
    })
    expect(places(alder as Shown)).toEqual([
      'group_vars/all/sealed.yml:2 sealed_harbour_key is set here',
      'inventory.yml:17 harbour_key takes it',
      'roles/edge/tasks/main.yml:23 runs the K3s install script',
      'roles/edge/tasks/main.yml:31 puts a line into /etc/systemd/system/k3s-agent.service.env',
      'roles/edge/tasks/main.yml:39 renders roles/edge/templates/k3s-agent.service.j2 to /etc/systemd/system/k3s-agent.service',
      'roles/edge/tasks/main.yml:46 starts k3s-agent',
    ])
    expect(alder?.hops[1]).toEqual({
      path: 'inventory.yml',
      line: 17,
      column: 18,
      what: 'harbour_key takes it',
    })
  })

  test('are told in words: who, when, what, and the way', async () => {
    const { status, text } = await trace(cwd)
    expect(status).toBe(0)
    expect(text).toContain('site.yml\n')
    expect(text).toContain('  agents alder and rowan, service k3s-agent\n')
    expect(text).toContain('    airgapped: no token arrives, only a server URL\n')
    expect(text).toContain('    online: the token arrives through an env file, with a server URL\n')
    expect(text).toMatch(
      / {8}group_vars\/all\/sealed\.yml:2:28 {2}sealed_harbour_key is set here\n {6}↳ inventory\.yml:17:18 {2}harbour_key takes it\n/,
    )
    expect(text).not.toContain('\u001B')
  })

  test('are found from a directory above, by paths from there', async () => {
    const found = await verdicts(dirname(cwd), ['isolated-agents-without-token', '--host', 'alder'])
    expect(new Set(found.map(({ host }) => host))).toEqual(new Set(['alder']))
    expect(found[0]?.playbook).toBe('isolated-agents-without-token/site.yml')
    expect(found[0]?.hops[0]?.path).toBe('isolated-agents-without-token/group_vars/all/sealed.yml')
    expect(found[0]?.hops[0]?.line).toBe(2)
  })

  test('a playbook can be named as the path, and as an option', async () => {
    const whole = await verdicts(cwd)
    expect(await verdicts(cwd, ['site.yml'])).toEqual(whole)
    expect(await verdicts(cwd, ['--playbook', 'site.yml'])).toEqual(whole)
  })
})

describe('other projects, as they were worked out by hand', () => {
  test('what the installer wiped and a task wrote again arrives, by the second writing', async () => {
    const found = await verdicts(projectDirectory('wiped-then-written'), [
      '--host',
      'alder',
      '--scenario',
      'first-run',
    ])
    expect(found.map(({ token, source, serverUrl }) => [token, source, serverUrl])).toEqual([
      ['present', 'env-file', true],
    ])
    expect(places(found[0] as Shown).slice(-2)).toEqual([
      'site.yml:46 writes /etc/systemd/system/k3s-agent.service.env',
      'site.yml:51 starts k3s-agent',
    ])
  })

  test('an upgrade without the token is shown beside the site that had it', async () => {
    const cwd = projectDirectory('upgrade-drops-token')
    const found = await verdicts(cwd, ['--host', 'alder'])
    expect([...new Set(found.map(({ playbook, token }) => `${playbook} ${token}`))]).toEqual([
      'site.yml present',
      'upgrade.yml absent',
    ])
    const upgrade = await verdicts(cwd, ['--playbook', 'upgrade.yml', '--host', 'alder'])
    expect(upgrade).toEqual(found.filter(({ playbook }) => playbook === 'upgrade.yml'))
    expect(places(upgrade[0] as Shown)).toEqual(['upgrade.yml:17 starts k3s-agent'])
  })

  test('an empty token that hides another is told with what it hides', async () => {
    const { text } = await trace(projectDirectory('settings-mask-environment'), ['--host', 'alder'])
    expect(text).toContain('an empty token arrives through config.yaml, with a server URL\n')
    expect(text).toContain('      this hides a token that comes through an env file\n')
  })

  test('sites with inventories of their own are told apart', async () => {
    const { text } = await trace(projectDirectory('two-inventories'))
    expect(text).toContain('site.yml on inventories/open/hosts.ini\n')
    expect(text).toContain('site.yml on inventories/isolated/hosts.ini\n')
  })

  test('a role by itself is played on hosts that are made up, which is said', async () => {
    const { text } = await trace(dirname(projectDirectory('lone-role')), ['lone-role'])
    expect(text).toMatch(/^lone-role\n/)
    expect(text).toContain('  no inventory here: one host of each kind was assumed\n')
    expect(text).toContain('lone-role/tasks/online.yml:9:3')
  })
})

const MARKER = 'Qx7-quince.Rk29vTz'

const small = {
  'inventory.yml': `all:
  vars:
    quay_key: ${MARKER}
  children:
    quays:
      hosts:
        larch:
    boats:
      hosts:
        a[1:50]:
`,
  'site.yml': `- hosts: quays
  tasks:
    - name: Start the quay
      ansible.builtin.command: k3s-install.sh server
      environment:
        K3S_TOKEN: "{{ quay_key }}"
- hosts: boats
  tasks:
    - ansible.builtin.command: cat /etc/boat
      register: boat_answer
    - name: Start a boat
      ansible.builtin.command: k3s-install.sh agent
      environment:
        K3S_TOKEN: "{{ quay_key if boat_answer.stdout == '${MARKER}y' | default('${MARKER}z') else '' }}"
        K3S_URL: https://192.0.2.11:6443
`,
}

describe('in a project of its own', () => {
  let directory: string

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'k3seal-trace-'))
    write(small)
  })

  afterEach(() => rmSync(directory, { recursive: true, force: true }))

  function write(files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), text)
    }
  }

  test.each(['text', 'json', 'mermaid'])('no text of a token is shown: %s', async (format) => {
    const { text } = await trace(directory, ['--format', format, '--show-unknown'])
    expect(text).toMatch(/a1\b/)
    expect(text).not.toContain(MARKER)
    expect(text).not.toContain(MARKER.slice(0, 8))
  })

  test.each(['text', 'json', 'mermaid'])('two runs show the same: %s', async (format) => {
    const args = ['--format', format, '--show-unknown']
    expect(await trace(directory, args)).toEqual(await trace(directory, args))
  })

  test('hosts that are alike stand in one line, a maybe with its cause', async () => {
    const { text } = await trace(directory)
    expect(text).toContain('  first server larch, service k3s\n')
    expect(text).toContain('  agents a1, a2 and 48 more, service k3s-agent\n')
    expect(text).toContain(
      '    in every scenario: whether the token arrives through an env file is not known; a server URL does\n',
    )
    expect(text).toMatch(/^ {6}because: \S/m)
    expect(text).toContain("      it is empty where not (boat_answer.stdout == '••••')\n")
  })

  test('where it is open only whether a server URL arrives, that has its cause, too', async () => {
    write({
      'site.yml': `- hosts: all
  tasks:
    - { command: tide, register: tide }
    - command: sh /opt/k3s-install.sh agent
      environment: { K3S_TOKEN: 0ddpassword, K3S_URL: "{{ 'https://quay:6443' if tide.stdout == 'high' else '' }}" }
      no_log: true
`,
      'hosts.ini': 'pier\n',
    })
    const { text } = await trace(directory, ['-i', 'hosts.ini', 'site.yml'])
    expect(text).toMatch(
      /token arrives through an env file; whether a server URL does is not known\n {6}because: \S/,
    )
  })

  test('the JSON has one verdict for each host, in their natural order', async () => {
    const { text } = await trace(directory, ['-f', 'json', '--scenario', 'first-run'])
    const all = JSON.parse(text) as { verdicts: readonly Shown[] }
    expect(Object.keys(all)).toEqual(['version', 'verdicts', 'unknowns', 'bounds'])
    expect(all.verdicts.map(({ host }) => host).slice(0, 3)).toEqual(['a1', 'a2', 'a3'])
    expect(all.verdicts).toHaveLength(51)
    const maybe = all.verdicts.find(({ host }) => host === 'a7') as Shown & { unknown?: string }
    expect(maybe.token).toBe('maybe')
    expect(maybe.unknown).toEqual(expect.any(String))
    const keys = ['playbook', 'host', 'kind', 'scenario', 'service', 'token', 'source', 'serverUrl', 'hops']
    const larch = all.verdicts.find(({ host }) => host === 'larch') as Shown
    expect(Object.keys(larch)).toEqual(keys)
    expect(Object.keys(maybe).slice(0, keys.length)).toEqual(keys)
  })

  test('a server that a second run gives another token than the first is told so', async () => {
    write({
      'pier/hosts.ini': '[quays]\nbirch\n',
      'pier/site.yml': `- hosts: quays
  tasks:
    - command: uuidgen
      register: dice
      no_log: true
    - command: sh /opt/k3s-install.sh
      environment: { K3S_TOKEN: "{{ dice.stdout }}" }
      no_log: true
`,
    })
    const { text } = await trace(join(directory, 'pier'))
    const arrives = 'arrives through an env file'
    expect(text).toContain(`    first run: the token ${arrives}\n`)
    expect(text).toContain(`    run again: a token ${arrives}, and it is not the one of the run before\n`)
  })

  test('an init script gives the environment, and is named in words only', async () => {
    write({
      'pier/hosts.ini': '[berths]\nbirch\n',
      'pier/site.yml': `- hosts: berths
  tasks:
    - copy: { src: k3s-agent, dest: /etc/init.d/k3s-agent, mode: "0700" }
      no_log: true
    - service: { name: k3s-agent, state: started }
`,
      'pier/files/k3s-agent': `#!/sbin/openrc-run
command=/usr/local/bin/k3s
command_args="agent --server https://quay:6443"
export K3S_TOKEN=f3a9c07e51b24d8896cc01d2ab7743fe
`,
    })
    const { text } = await trace(join(directory, 'pier'))
    expect(text).toContain('the token arrives through the environment in the init script, with a server URL')
    const { text: json } = await trace(join(directory, 'pier'), ['-f', 'json'])
    expect(json).toMatch(/"source": "environment"/)
    expect(json).not.toMatch(/"source": "init-script"/)
  })

  test('a role is asked for by the name of its directory, where Ansible looks above that', async () => {
    const task = '- ansible.builtin.command: /opt/k3s-install.sh server\n'
    write({
      'quay-role/ansible.cfg': '[defaults]\nroles_path = ..\n',
      'quay-role/hosts.ini': '[quays]\nbirch\n',
      'quay-role/site.yml': '- hosts: quays\n  roles: [quay-role]\n',
      'quay-role/tasks/main.yml': task,
    })
    const { text } = await trace(join(directory, 'quay-role'))
    expect(text).toMatch(/^site\.yml\n/)
    expect(text).toContain('first server birch')
  })

  test('a group that has no hosts beside others that have some has one, which is said', async () => {
    const play = (hosts: string, command: string): string =>
      `- hosts: ${hosts}\n  tasks: [{ ansible.builtin.command: /opt/k3s-install.sh ${command} }]\n`
    write({
      'empty/hosts.ini': '[quays]\nbirch\n[berths]\n',
      'empty/site.yml': play('quays', 'server') + play('berths', 'agent --server https://birch:6443'),
    })
    const { text } = await trace(join(directory, 'empty'))
    expect(text).toContain('  groups of the inventory have no hosts: berths-1 was assumed\n')
    expect(text).toContain('  agent berths-1, service k3s-agent\n')
    expect((await trace(join(directory, 'empty'), ['-i', 'hosts.ini'])).text).not.toContain('berths-1')
    const joining =
      'agent --server https://birch:6443 --token {{ harbour_key }}, when: harbour_key is defined'
    write({
      'empty/site.yml': (play('quays', 'server') + play('berths', joining)).replace(
        /command: (.*), when/,
        'command: "$1", when',
      ),
    })
    const { text: more } = await trace(join(directory, 'empty'))
    expect(more).toContain('first run or run again; token given or token not given\n')
    expect(more).toMatch(/server birch, service k3s\n {4}in every scenario: no token/)
    expect(more).toMatch(/agent berths-1, service k3s-agent\n {4}token given: the token arrives/)
  })

  test('groups that have no hosts yet have one each, which is said', async () => {
    write({
      'empty/hosts.ini': '[quays]\n[berths]\n[harbour:children]\nquays\nberths\n',
      'empty/site.yml': `- hosts: harbour
  tasks:
    - ansible.builtin.command: /opt/k3s-install.sh server
      when: "'quays' in group_names"
`,
    })
    for (const args of [[], ['-i', 'hosts.ini']]) {
      const { text } = await trace(join(directory, 'empty'), args)
      expect(text).toContain(
        '  the groups of the inventory have no hosts: one host of each kind was assumed\n',
      )
      expect(text).toContain('  first server quays-1, service k3s\n')
    }
  })

  test('an inventory outside of the project is read, and its places are named from here', async () => {
    write({
      'other/hosts.ini': '[quays]\nbirch quay_key=plain1Yd3Kp9Vc5Rn\n',
      'own/site.yml': small['site.yml'],
    })
    const found = await verdicts(join(directory, 'own'), ['-i', '../other/hosts.ini'])
    expect([...new Set(found.map(({ host }) => host))]).toEqual(['birch'])
    expect(places(found[0] as Shown)[0]).toBe('../other/hosts.ini:2 quay_key is set here')
  })

  test('hosts that tasks add are said to be no others', async () => {
    const adding = (name: string, group: string): string =>
      `- { hosts: localhost, tasks: [{ add_host: { name: ${name}, groups: ${group} } }] }\n`
    const running = (group: string, exec: string): string => `- hosts: ${group}
  tasks:
    - { command: sh /opt/k3s-install.sh, environment: { INSTALL_K3S_EXEC: ${exec}, K3S_TOKEN: "{{ harbour_key }}" } }
`
    const site = `${running('quays', 'server')}${running('boats', 'agent')}`
    write({
      'all/site.yml': `${adding('quay', 'quays')}${adding('dory', 'boats')}${site}`,
      'some/site.yml': `${adding('quay', 'quays')}${site}`,
    })
    expect((await trace(directory, ['all'])).text).toContain(
      '  no inventory here: the hosts are those that tasks add\n',
    )
    expect((await trace(directory, ['some'])).text).toContain(
      '  no inventory here: beside the hosts that tasks add, one of each kind was assumed\n',
    )
  })

  test('the control node is not made up', async () => {
    const local =
      '- hosts: 127.0.0.1\n  connection: local\n  tasks:\n    - command: sh /opt/k3s-install.sh server\n'
    const boats = '- hosts: boats\n  tasks:\n    - command: sh /opt/k3s-install.sh agent\n'
    write({ 'own/site.yml': local, 'all/site.yml': local + boats })
    const { text: own } = await trace(directory, ['own'])
    expect(own).toMatch(/^own\/site\.yml\n {2}rehearsed in .*\n\n {2}first server localhost, service k3s\n/)
    const { text: all } = await trace(directory, ['all'])
    expect(all).toContain('  no inventory here: one host of each kind was assumed\n')
  })

  test('of servers that are made up several are told of only where one joins another', async () => {
    const site = (environment: string): string =>
      `- hosts: quay_servers\n  tasks:\n    - command: sh /opt/k3s-install.sh server\n      environment: { ${environment} }\n`
    write({
      'one/site.yml': site('K3S_KUBECONFIG_MODE: "600"'),
      'more/site.yml': site(
        `K3S_TOKEN: "{{ harbour_key }}", K3S_URL: "{{ 'https://quay:6443' if inventory_hostname != groups['quay_servers'][0] else '' }}"`,
      ),
    })
    const { text: one } = await trace(directory, ['one'])
    expect(one).toContain('  rehearsed in 2 scenarios: first run or run again\n')
    expect(one).toContain('  first server server-1, service k3s\n    in every scenario: ')
    const { text: more } = await trace(directory, ['more'])
    expect(more).toContain('; one server or several servers\n')
    expect(more).toContain('  joining server server-2, service k3s\n')
  })

  test('nor where a playbook for servers that have K3s was looked at with several only', async () => {
    const play = (task: string): string => `- hosts: quays\n  tasks:\n    - ${task}\n`
    write({
      'own/found.yml': play('shell: curl -sfL https://get.k3s.io | sh -'),
      'own/read.yml': play('systemd: { name: k3s, state: started }'),
    })
    const { text } = await trace(directory, ['own'])
    expect(text).toContain('own/read.yml\n  rehearsed in one scenario: over the same K3s\n')
    expect(text).not.toContain('several servers')
  })

  test('nor where one of the second runs was looked at with several only', async () => {
    const tasks =
      '- command: k3s --version\n  register: found\n  ignore_errors: true\n- command: sh /opt/k3s-install.sh\n  when: found is failed\n'
    write({ 'own/roles/k3s/tasks/main.yml': tasks })
    const { text } = await trace(directory, ['own'])
    expect(text).toContain(
      '  rehearsed in 3 scenarios: first run, run again over an older K3s or run again\n',
    )
  })

  test('a plugin may make the groups of an inventory that is given, which is said', async () => {
    write({
      'own/stock/hosts.yml': 'harbour: { hosts: { birch: } }\n',
      'own/stock/moored.yml': "plugin: constructed\ngroups: { quays: inventory_hostname == 'birch' }\n",
      'own/site.yml': small['site.yml'],
    })
    const { text } = await trace(join(directory, 'own'), ['-i', 'stock'])
    expect(text).toContain(
      '  the inventory is not seen whole here, and what is seen has none of the groups of this playbook: one host of each kind was assumed\n',
    )
  })

  test('an inventory that git ignores is not read, which is said', async () => {
    write({ 'own/hosts': '[quays]\nbirch\n', 'own/.gitignore': 'hosts\n', 'own/site.yml': small['site.yml'] })
    expect((await trace(directory, ['own'])).text).toContain(
      '  no inventory here but one that git ignores, which -i would name: one host of each kind was assumed\n',
    )
  })

  test('a script that tells the hosts is not run, which is said', async () => {
    const script = '#!/usr/bin/env python3\nprint(\'{"_meta": {"hostvars": {}}}\')\n'
    const said = (directory: string): Promise<string> => trace(directory, ['own']).then(({ text }) => text)
    const isNot =
      '  no inventory here but what looks like a script for one, which k3seal does not run: one host of each kind was assumed\n'
    write({ 'own/quay_inventory.py': script, 'own/site.yml': small['site.yml'] })
    expect(await said(directory)).toContain('  no inventory here: one host of each kind was assumed\n')
    chmodSync(join(directory, 'own/quay_inventory.py'), 0o755)
    expect(await said(directory)).toContain(isNot)
    write({ 'own/ansible.cfg': '[defaults]\ninventory = quay_inventory.py\n' })
    expect(await said(directory)).toContain(isNot)
  })

  test('where another program brings K3s, that is said', async () => {
    write({
      'site.yml':
        '- hosts: all\n  tasks:\n    - ansible.builtin.shell: k3sup join --ip 192.0.2.12 --server-ip 192.0.2.11\n',
    })
    expect((await trace(directory)).text).toBe(
      'No start of K3s can be shown: K3s is brought by k3sup, which is not followed.\n\n1 place could not be followed (--show-unknown)\n',
    )
    write({ 'site.yml': '- hosts: all\n  tasks:\n    - boats.k3sup.join: { ip: 192.0.2.12 }\n' })
    expect((await trace(directory)).text).toBe(
      'No start of K3s can be shown: the module boats.k3sup.join is not followed.\n\n1 place could not be followed (--show-unknown)\n',
    )
    write({
      'site.yml': '- hosts: quay\n  tasks:\n    - service: { name: rke2-agent, state: started }\n',
      'molecule/default/converge.yml': '- hosts: all\n  tasks:\n    - command: microk8s join 192.0.2.1\n',
    })
    expect((await trace(directory)).text).toBe(
      'No start of K3s can be shown: RKE2 is started here, which is not followed: only K3s is.\n',
    )
    write({
      'site.yml':
        '- hosts: all\n  roles: [harbourmaster.k3s, harbourmaster.tide, quay.orchestration.k3s_agent]\n',
    })
    expect((await trace(directory)).text).toBe(
      `No start of K3s can be shown: ${[
        'the role harbourmaster.k3s is not in the project',
        'the role quay.orchestration.k3s_agent is not in the project',
        'it is followed once it lies in the project: ansible-galaxy role install harbourmaster.k3s -p roles',
        'it is followed once it lies in the project: ansible-galaxy collection install quay.orchestration -p collections',
      ].join('; ')}.\n\n3 places could not be followed (--show-unknown)\n`,
    )
    write({ 'site.yml': '- hosts: all\n  tasks:\n    - ansible.builtin.shell: k3sup ready --context quay\n' })
    expect((await trace(directory)).text).toMatch(/^No start of K3s was found here/)
  })

  // As ansible-core 2.21 and 2.14 have it: not one task of the playbook runs.
  test('a playbook that Ansible refuses is shown as it goes once it is mended, and that is said', async () => {
    const starts = '- ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - server\n'
    const ropes = '- name: Moor (rope: 2)\n  ansible.builtin.command: moor\n'
    const site = '- hosts: all\n  roles: [ropes]\n  tasks:\n'
    const refusal = 'Ansible runs none of it, as it can not read'
    write({ 'site.yml': `${site}    ${starts}`, 'roles/ropes/tasks/main.yml': ropes })
    const { text } = await trace(directory)
    expect(text).toContain(`  ${refusal} roles/ropes/tasks/main.yml:1:9; once that is mended, it goes so:\n`)
    expect(JSON.parse((await trace(directory, ['-f', 'json'])).text)).toMatchObject({
      refused: [{ playbook: 'site.yml', path: 'roles/ropes/tasks/main.yml', line: 1 }],
    })
    write({
      'site.yml': `${site}    - ansible.builtin.import_tasks: ropes.yml\n    ${starts}`,
      'ropes.yml': ropes,
      'roles/ropes/tasks/main.yml': '- ansible.builtin.ping:\n',
    })
    expect((await trace(directory)).text).toContain(`${refusal} ropes.yml:1:9`)
    // A condition may keep Ansible from it.
    write({ 'site.yml': `${site}    - ansible.builtin.include_tasks: ropes.yml\n    ${starts}` })
    const included = (await trace(directory)).text
    expect(included).not.toContain(refusal)
    expect(included).toContain('1 file could not be read as meant')
  })

  test('so is one that imports tasks which are not there, unless git may pass over them', async () => {
    const refusal =
      'Ansible runs none of it, as there is no file of tasks ropes.yml, which site.yml:3:7 imports'
    const site =
      '- hosts: all\n  tasks:\n    - import_tasks: ropes.yml\n    - ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - server\n'
    write({ 'site.yml': site })
    expect((await trace(directory)).text).toContain(`  ${refusal}; once that is mended, it goes so:\n`)
    expect(JSON.parse((await trace(directory, ['-f', 'json'])).text)).toMatchObject({
      refused: [
        { playbook: 'site.yml', path: 'site.yml', line: 3, why: 'there is no file of tasks ropes.yml' },
      ],
    })
    write({ '.gitignore': 'ropes.*\n' })
    expect((await trace(directory)).text).not.toContain(refusal)
    write({ '.gitignore': '', 'site.yml': site.replace('ropes', 'ropes/moor') })
    expect((await trace(directory)).text).toContain(refusal.replace('ropes', 'ropes/moor'))
    // A submodule that was not fetched.
    mkdirSync(join(directory, 'ropes'))
    expect((await trace(directory)).text).not.toContain('Ansible runs none of it')
  })

  test('where there is nothing about K3s, that is said', async () => {
    write({ 'empty/site.yml': '- hosts: all\n  tasks:\n    - ansible.builtin.ping:\n' })
    const { status, text } = await trace(directory, ['empty'])
    expect(status).toBe(0)
    expect(text).toBe(
      'No start of K3s was found here: no playbook or role gets as far as starting one of its services.\n',
    )
    expect(JSON.parse((await trace(directory, ['empty', '-f', 'json'])).text)).toEqual({
      version: 1,
      verdicts: [],
      unknowns: [],
      bounds: [],
    })
    write({ 'broken/site.yml': '- hosts: all\n  vars:\n    k3s: [\n' })
    expect((await trace(directory, ['broken'])).text).toMatch(
      /^No start of K3s can be shown: .* could not be read\.\n\n1 file could not be read as meant; k3seal lint says which and why\n$/,
    )
    const { text: other } = await trace(directory, ['--scenario', 'openrc', '--host', 'larch'])
    expect(other).toMatch(/^Nothing of K3s starts on larch, with --scenario openrc\.\n/)
  })

  test('where nothing that would bring K3s starts it, that is said with the places', async () => {
    write({
      'idle/site.yml': `
- hosts: quays
  tasks:
    - ansible.builtin.shell: curl -sfL https://get.k3s.io | sh -s - server
      when: inventory_hostname == 'alder'
    # An install script by another way: INSTALL_K3S_EXEC
    - ansible.builtin.uri: { url: https://get.k3s.io }
- hosts: berths
  tasks:
    - block:
        - ansible.builtin.command: /opt/k3s-install.sh agent
          environment: { INSTALL_K3S_SKIP_START: 'true' }
`,
      'idle/hosts.ini': '[quays]\nlarch\n[berths]\nelm\n',
    })
    const told = 'this task would bring K3s, of which no service starts in any scenario'
    expect((await trace(directory, ['idle'])).text).toBe(
      `No service of K3s starts here in any scenario, though K3s would be brought:
  idle/site.yml:4:7  ${told}
  idle/site.yml:11:11  ${told}

2 places could not be followed (--show-unknown)
`,
    )
    expect((await trace(directory, ['idle', '--host', 'larch'])).text).toBe(
      'Nothing of K3s starts on larch.\n\n2 places could not be followed (--show-unknown)\n',
    )
    const { unknowns } = JSON.parse((await trace(directory, ['idle', '-f', 'json'])).text)
    expect(unknowns).toEqual([
      { path: 'idle/site.yml', line: 4, what: told },
      { path: 'idle/site.yml', line: 11, what: told },
    ])
  })

  test('a token that no file of an inventory holds is given in one scenario and not in the other', async () => {
    write({
      'held/site.yml':
        '- hosts: quays\n  tasks:\n    - command: k3s-install.sh server\n- hosts: berths\n  tasks:\n    - command: k3s-install.sh agent --server https://quay:6443\n      environment: { K3S_TOKEN: "{{ harbour_key }}" }\n      when: harbour_key is defined\n',
      'held/hosts.ini': '[quays]\nlarch\n[berths]\nalder\n',
    })
    const { text } = await trace(directory, ['held'])
    expect(text).toContain('; token given or token not given\n')
    expect(text).toContain('    token given: the token arrives through an env file, with a server URL\n')
    const found = await verdicts(directory, ['held', '--scenario', 'token-not-given'])
    expect(found).not.toEqual([])
    for (const one of found) expect(one).toMatchObject({ host: 'larch', scenario: { tokenGiven: false } })
  })

  test('where plays end before anything of K3s starts, that is said with the place', async () => {
    write({
      'ended/site.yml':
        '- hosts: quays\n  tasks:\n    - assert: { that: k3s_berths | int > 3 }\n    - command: k3s-install.sh server\n',
      'ended/group_vars/all.yml': 'k3s_berths: 1\n',
    })
    expect((await trace(directory, ['ended'])).text).toBe(
      `No service of K3s starts here, and plays end early:
  ended/site.yml:3:7  the play ends here for quays-1: an assertion does not hold

1 place could not be followed (--show-unknown)
`,
    )
    expect((await trace(directory, ['ended', '--playbook', 'ended/site.yml'])).text).toMatch(
      /^Nothing of K3s starts by ended\/site\.yml, and plays end early:\n {2}ended\/site\.yml:3:7 {2}the play ends here for quays-1: an assertion does not hold\n/,
    )
    const { text } = await trace(directory, ['ended', '--host', 'quays-2'])
    expect(text).not.toContain('ends')
    write({ 'ended/hosts.ini': '[quays]\nlarch\nalder\n' })
    const ends = async (...args: string[]) => (await trace(directory, ['ended', ...args])).text
    expect(await ends('--show-unknown')).toContain(
      '\nCould not be followed:\n  ended/site.yml:3:7  the play ends here for alder and larch: an assertion does not hold\n',
    )
    expect(await ends('--host', 'larch')).toMatch(/ends here for larch: /)
  })

  test('a host on which a task fails is named beside those that start', async () => {
    write({
      'failed/site.yml':
        '- hosts: quays\n  tasks:\n    - fail: { msg: no token of the berth }\n      when: inventory_hostname == "alder"\n    - command: /usr/local/bin/k3s-install.sh server\n',
      'failed/hosts.ini': '[quays]\nlarch\nalder\n',
    })
    const { text } = await trace(directory, ['failed'])
    expect(text).toContain('service k3s\n')
    expect(text).toContain(
      '  alder\n    the play ends before K3s starts: a task that fails on purpose\n        failed/site.yml:3:7\n',
    )
    expect(text).not.toContain('  larch\n')
  })

  test('what ends plays for one reason is told once, with the hosts and the inventories', async () => {
    const inventory = (berths: string, tide = '""') =>
      `[quays]\nlarch\n[berths]\n${berths}\n[berths:vars]\nharbour_key=0ddpassword\ntide=${tide}\n`
    const verdictsOf = 'no token is given; K3s makes one, or keeps its own'
    write({
      'many/site.yml': `- hosts: quays
  tasks:
    - command: /usr/local/bin/k3s-install.sh server
- hosts: berths
  tasks:
    - assert: { that: tide | length > 0 }
    - command: /usr/local/bin/k3s-install.sh agent --server https://quay:6443
      environment: { K3S_TOKEN: "{{ harbour_key }}" }
`,
      'many/north/hosts.ini': inventory('birch\nalder'),
    })
    const because =
      '    the play ends before K3s starts: an assertion does not hold\n        many/site.yml:6:7\n'
    const { text: one } = await trace(directory, ['many'])
    expect(one.split(because)).toHaveLength(2)
    expect(one).toContain(`\n  alder and birch\n${because}`)
    write({ 'many/south/hosts.ini': inventory('birch') })
    const { text: both } = await trace(directory, ['many'])
    expect(both.split(because)).toHaveLength(2)
    expect(both.split(verdictsOf)).toHaveLength(3)
    expect(both).toContain(
      `\nmany/site.yml on many/north/hosts.ini and many/south/hosts.ini\n\n  alder and birch\n${because}`,
    )
    // A host of the same name that starts elsewhere hides nothing.
    write({ 'many/south/hosts.ini': inventory('birch', 'high') })
    const { text: other } = await trace(directory, ['many'])
    const [south, north] = other.split('\nmany/site.yml on many/north/hosts.ini\n')
    expect(south).toContain('\n  agent birch, service k3s-agent\n')
    expect(north).toContain(`\n  alder and birch\n${because}`)
    expect(other.split(because)).toHaveLength(2)
  })

  test.each([
    ['asks a cluster for something', 'command: k3s kubectl get nodes', false],
    ['asks by a word in a variable', 'command: "{{ k3s_kubectl }} get nodes"', false],
    ['reads what it needs for that', 'command: cat /etc/rancher/k3s/k3s.yaml', false],
    ['has nothing to do with K3s', 'command: uptime', false],
    ['writes a file that K3s reads', 'copy: { content: "", dest: /etc/rancher/k3s/config.yaml }', true],
    ['starts it by a name in a variable', 'service: { name: "{{ boat }}", state: started }', true],
    ['runs a role of Galaxy that brings it', 'import_role: { name: harbour.k3s }', true],
  ])('a playbook that ends early and %s', async (_, task, isTold) => {
    write({
      'aside/hosts.ini': '[k3s]\nlarch\n',
      'aside/group_vars/all.yml': 'boat: lugger\nharbour_secret: ""\n',
      'aside/site.yml': `# For the hosts of k3s.
- hosts: k3s
  vars:
    boat: ${task.includes('boat') ? 'k3s' : 'lugger'}
  tasks:
    - assert: { that: harbour_secret | length > 0 }
    - ${task}
`,
    })
    const { text } = await trace(directory, ['aside', '--show-unknown'])
    expect(text.includes('the play ends here for larch: an assertion does not hold')).toBe(isTold)
  })

  test('hosts that a run does not come to are named with where it ends', async () => {
    write({
      'over/site.yml':
        '- hosts: quays\n  tasks:\n    - command: /usr/local/bin/k3s-install.sh server\n- hosts: localhost\n  tasks:\n    - fail: { msg: no token }\n- hosts: piers\n  tasks:\n    - command: /usr/local/bin/k3s-install.sh agent\n',
      'over/hosts.ini': '[quays]\nlarch\n[piers]\nalder\nbirch\ncedar\n',
    })
    const { text } = await trace(directory, ['over', '--show-unknown'])
    expect(text).toContain('server larch, service k3s\n')
    expect(text).toContain(
      '  alder, birch and cedar\n    the run ends before K3s starts: a task that fails on purpose\n        over/site.yml:6:7\n',
    )
    expect(text).toContain(
      '  over/site.yml:6:7  the run ends here, before it comes to alder, birch and cedar: a task that fails on purpose\n',
    )
    const { text: asked } = await trace(directory, ['over', '--host', 'cedar'])
    expect(asked).toContain('  over/site.yml:6:7  the run ends here, before it comes to birch and cedar: ')
  })

  test('a host that ends early in some scenarios is told with them', async () => {
    write({
      'early/site.yml':
        '- hosts: quays\n  tasks:\n    - fail: { msg: none }\n      when: harbour_key is not defined and inventory_hostname == "alder"\n    - command: /usr/local/bin/k3s-install.sh server\n      environment: { K3S_TOKEN: "{{ harbour_key | default(omit) }}" }\n',
      'early/hosts.ini': '[quays]\nlarch\nalder\n',
    })
    const { text } = await trace(directory, ['early'])
    expect(text).toContain(
      '  alder\n    token not given: the play ends before K3s starts: a task that fails on purpose\n        early/site.yml:3:7\n',
    )
    const { text: given } = await trace(directory, ['early', '--scenario', 'token-given'])
    expect(given).not.toContain('the play ends')
  })

  test('hosts on which the play ends are not passed over', async () => {
    write({ 'site.yml': small['site.yml'].replace('register: boat_answer', 'register: boat_word') })
    const { text } = await trace(directory)
    expect(text).toContain(
      '  a1, a2 and 48 more\n    the play ends before K3s starts, because boat_answer is undefined\n        site.yml:12:',
    )
  })

  test.each([
    ["hostvars['birch-1'].tide_word", "hostvars['birch-1'].tide_word"],
    ["hostvars[groups['quays-of-old'][0]].tide_word", "hostvars[groups['quays-of-old'][0]].tide_word"],
    ["hostvars['birch-1']['tide-word']", "hostvars['birch-1']['tide-word']"],
  ])('%s is named as it stands', async (expression, name) => {
    write({
      'site.yml': `- hosts: piers
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh server
- hosts: quays-of-old
  tasks:
    - ansible.builtin.command: /usr/local/bin/k3s-install.sh agent --server https://192.0.2.1:6443
      no_log: true
      environment:
        K3S_TOKEN: "{{ ${expression} }}"
`,
      'hosts.yml': 'piers:\n  hosts:\n    larch:\nquays-of-old:\n  hosts:\n    birch-1:\n',
    })
    const { text } = await trace(directory, ['--show-unknown'])
    expect(text).toContain(`because ${name} is undefined\n`)
    expect(text).toContain(`the play ends here for birch-1: '${name}' is undefined\n`)
  })

  test('what there is not is refused with what there is', async () => {
    const messages = async (...args: string[]) => {
      const { status, error } = await trace(directory, args)
      expect(status).toBe(2)
      return `${error?.at ?? ''}: ${error?.message} / ${error?.fix}`
    }
    expect(await messages('--host', 'larc')).toBe(': there is no host "larc" / did you mean larch?')
    expect(await messages('--host', 'unheard-of')).toMatch(/some of them: .* and 46 more$/)
    expect(await messages('--scenario', 'airgaped')).toMatch(
      /^: there is no scenario "airgaped" \/ did you mean airgapped\? .*openrc/,
    )
    expect(await messages('--scenario', 'wet')).toMatch(/one of: airgapped, online, systemd, openrc, /)
    expect(await messages('--playbook', 'sit.yml')).toMatch(
      /^sit\.yml: is no playbook of this project \/ did you mean site\.yml\?/,
    )
    expect(await messages('inventory.yml')).toMatch(/^inventory\.yml: is no playbook of this project/)
    expect(await messages('nowhere')).toBe('nowhere: does not exist / check the path')
    expect(await messages('-i', 'nowhere.ini')).toMatch(/^nowhere\.ini: there is no such inventory/)
    expect(await messages('--format', 'html')).toMatch(/text, json, mermaid/)
  })

  test('colours are for terminals only, and lines end where those do', async () => {
    expect((await trace(directory, [], { columns: 100 })).text).toContain('\u001B[33m')
    expect((await trace(directory, [], { columns: 100, env: { NO_COLOR: '1' } })).text).not.toContain(
      '\u001B',
    )
    expect((await trace(directory, ['--no-color'], { columns: 100 })).text).not.toContain('\u001B')
    const { text } = await trace(directory, ['--no-color', '--show-unknown'], { columns: 60 })
    for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(60)
  })

  test('the picture can go to a file', async () => {
    const { text } = await trace(directory, ['-o', 'out/way.mmd', '-f', 'mermaid'], { columns: 60 })
    expect(text).toBe('')
    expect(readFileSync(join(directory, 'out/way.mmd'), 'utf8')).toMatch(/^flowchart LR\n/)
  })

  test('a playbook in a repository of several sites has the inventory that is nearest to it', async () => {
    write({
      'ansible.cfg': '[defaults]\n',
      'sites/b/hosts.ini': '[quays]\nbirch quay_key=plain1Yd3Kp9Vc5Rn\n',
      'sites/b/site.yml': small['site.yml'],
    })
    const found = await verdicts(directory, ['sites/b/site.yml'])
    expect([...new Set(found.map(({ host }) => host))]).toEqual(['birch'])
    expect(found[0]?.playbook).toBe('sites/b/site.yml')
    // Nobody has named it: where it is for other playbooks, hosts are invented all the same.
    writeFileSync(join(directory, 'sites/b/hosts.ini'), '[lighthouse]\nrock\n')
    expect((await verdicts(directory, ['sites/b/site.yml'])).map(({ host }) => host)).not.toContain('rock')
    expect(await verdicts(directory, ['sites/b/site.yml'])).not.toEqual([])
  })

  describe('a flowchart', () => {
    const NODE = /^ {2}(n\d+)(?:\["([^"]*)"\]|\(\["([^"]*)"\]\))$/
    const EDGE = /^ {2}(n\d+) -->(?:\|"[^"]*"\|)? (n\d+)$/

    /** What Mermaid would read; throws for a line that is none of its. */
    function chartOf(text: string) {
      const [head, title, ...lines] = text.trimEnd().split('\n')
      expect(head).toBe('flowchart LR')
      expect(title).toMatch(/^ {2}%% /)
      const nodes = new Map<string, string>()
      const edges: [string, string][] = []
      const classes = new Map<string, string>()
      for (const line of lines) {
        const node = NODE.exec(line)
        const edge = EDGE.exec(line)
        const kind = /^ {2}class ((?:n\d+,?)+) (fine|unsure|wrong)$/.exec(line)
        if (node !== null) nodes.set(node[1] ?? '', node[2] ?? node[3] ?? '')
        else if (edge !== null) edges.push([edge[1] ?? '', edge[2] ?? ''])
        else if (kind !== null) for (const id of (kind[1] ?? '').split(',')) classes.set(id, kind[2] ?? '')
        else expect(line).toMatch(/^ {2}classDef (?:fine|unsure|wrong) [\w:,-]+$/)
      }
      for (const id of [...edges.flat(), ...classes.keys()]) expect(nodes.has(id)).toBe(true)
      for (const label of nodes.values())
        expect(label.replaceAll('<br/>', '')).not.toMatch(/[<>"`&|\\]|#(?!\d+;)/)
      return { nodes, edges, classes }
    }

    test('holds the hops in their order, and ends with what arrives', async () => {
      const { text } = await trace(directory, ['-f', 'mermaid', '--host', 'larch'])
      const { nodes, edges, classes } = chartOf(text)
      expect([...nodes.values()]).toEqual([
        'inventory.yml:3:15<br/>quay_key is set here',
        'site.yml:4:7<br/>runs the K3s install script',
        'site.yml:4:7<br/>starts k3s',
        'first server larch<br/>k3s<br/>the token arrives through an env file',
      ])
      expect(edges).toEqual([
        ['n1', 'n2'],
        ['n2', 'n3'],
        ['n3', 'n4'],
      ])
      expect([...classes]).toEqual([['n4', 'fine']])
    })

    test('says which way is right, wrong, or not known', async () => {
      const { text } = await trace(projectDirectory('isolated-agents-without-token'), ['-f', 'mermaid'])
      const { nodes, classes } = chartOf(text)
      const ends = [...classes].map(([id, kind]) => `${nodes.get(id)} ${kind}`)
      expect(ends).toContain(
        'agents alder and rowan<br/>k3s-agent<br/>no token arrives, only a server URL wrong',
      )
      expect(ends.filter((end) => end.endsWith(' fine')).length).toBeGreaterThan(0)
    })

    test('survives names that mean something to it', async () => {
      const name = 'end "a" #1 [x] `b` <i> & c|d.yml'
      write({ [name]: small['site.yml'] })
      const { text } = await trace(directory, ['-f', 'mermaid', '--playbook', name])
      chartOf(text)
      expect(text).toContain('end #34;a#34; #35;1 [x] #96;b#96; #60;i#62; #38; c#124;d.yml:4:7')
    })

    test('stands in a fence where there are several', async () => {
      write({ 'again.yml': small['site.yml'] })
      const { text } = await trace(directory, ['-f', 'mermaid'])
      const charts = [...text.matchAll(/^## (\S+)\n\n```mermaid\n([^`]*)```\n/gm)]
      expect(charts.map(([, title]) => title)).toEqual(['again.yml', 'site.yml'])
      for (const [, , chart = ''] of charts) chartOf(chart)
    })
  })
})
