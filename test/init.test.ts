import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { command } from '../src/commands/init/index.ts'
import { parse } from '../src/commands/parse.ts'
import { UserError } from '../src/errors.ts'
import { Secret } from '../src/secret.ts'
import { decryptVault, encryptVault } from '../src/syntax/vault.ts'
import { type FakeSession, fakeSession } from './tools/wizard.ts'

const PASSWORD = 'marker-harbour-password'
let root: string

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k3seal-init-'))
  write('pw', `${PASSWORD}\n`, 0o600)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, text: string, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), text, { mode })
}

const read = (path: string): string => readFileSync(join(root, path), 'utf8')

function files(directory = root): Record<string, string> {
  return Object.fromEntries(
    readdirSync(directory, { recursive: true, encoding: 'utf8' })
      .filter((name) => statSync(join(directory, name)).isFile())
      .sort()
      .map((name) => [name, readFileSync(join(directory, name), 'utf8')]),
  )
}

async function init(
  args: readonly string[],
  parts: Parameters<typeof fakeSession>[1] = {},
): Promise<FakeSession> {
  const session = fakeSession(root, parts)
  await parse(
    command(session, () => undefined),
    args,
    session,
  )
  return session
}

async function refused(
  args: readonly string[],
  parts: Parameters<typeof fakeSession>[1] = {},
): Promise<UserError> {
  const before = files()
  const error = await init(args, parts).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  expect(files()).toEqual(before)
  return error as UserError
}

const SITE = [
  'site',
  '--server',
  'larch=10.0.0.1',
  '--agent',
  'quince=10.0.0.2,arch=arm64',
  '--user',
  'ops',
] as const
const GIVEN = [...SITE, '--vault-password-file', 'pw', '--yes'] as const

/** The envelope behind a variable of an inventory. */
function envelope(inventory: string, variable: string): string {
  const [, body = ''] =
    new RegExp(`^ *${variable}: !vault \\|\\n((?: {10,}.*\\n)+)`, 'm').exec(inventory) ?? []
  return body.replace(/^ +/gm, '').trimEnd()
}

const tokenOf = (path = 'site/inventory.yml', variable = 'vault_k3s_token'): string =>
  decryptVault(envelope(read(path), variable), new Secret(PASSWORD)).reveal()

describe('an empty directory', () => {
  test('gets a whole site', async () => {
    const { shown } = await init(GIVEN)
    expect(Object.keys(files(join(root, 'site')))).toEqual([
      'inventory.yml',
      'k3seal/cleanup.yml',
      'k3seal/deliver.yml',
      'k3seal/protect.yml',
      'k3seal/templates/conf.d.j2',
      'k3seal/templates/dropin.conf.j2',
      'k3seal/templates/k3s-agent.env.j2',
      'k3seal/templates/k3s-agent.openrc.j2',
      'k3seal/templates/k3s-agent.service.j2',
      'k3seal/templates/k3s.env.j2',
      'k3seal/templates/k3s.openrc.j2',
      'k3seal/templates/k3s.service.j2',
      'requirements.yml',
      'reset.yml',
      'site.yml',
    ])
    for (const name of readdirSync(join(import.meta.dirname, '../templates')))
      expect(read(`site/k3seal/${name.endsWith('.yml') ? name : `templates/${name}`}`)).toBe(
        readFileSync(join(import.meta.dirname, '../templates', name), 'utf8'),
      )
    expect(tokenOf()).toMatch(/^[A-Za-z0-9]{64}$/)
    expect(shown.stdout).toBe('')
    expect(shown.stderr).toContain('Wrote 15 files.')
    expect(shown.stderr).toContain(`  cd site
  ansible-galaxy collection install -r requirements.yml
  ansible all -i inventory.yml -m ansible.builtin.ping
  ansible-playbook -i inventory.yml --vault-password-file ../pw site.yml`)
  })

  test('and nothing changes when it is said again', async () => {
    await init(GIVEN)
    const before = files()
    const { shown } = await init(GIVEN)
    expect(shown.stderr).toBe('Nothing to change: all files are as the answers want them.\n')
    expect(files()).toEqual(before)
  })

  test('a dry run prints the diff and writes nothing', async () => {
    const before = files()
    const { shown } = await init([...GIVEN, '--dry-run'])
    expect(files()).toEqual(before)
    expect(shown.stdout).toContain('+++ b/site/inventory.yml\n@@ -0,0 +1,')
    expect(shown.stdout).toContain('+++ b/site/k3seal/deliver.yml\n')
    expect(shown.stdout).not.toContain('Answers')
    expect(shown.stderr).toContain('Dry run: nothing was written.')
  })

  test('separate agent token', async () => {
    await init([...GIVEN, '--agent-token'])
    const [server, agent] = [tokenOf(), tokenOf(undefined, 'vault_k3s_agent_token')]
    expect(agent).toMatch(/^[A-Za-z0-9]{64}$/)
    expect(agent).not.toBe(server)
  })

  test('a labelled password makes a labelled envelope', async () => {
    await init([...SITE, '--vault-id', 'quay@pw', '--yes'])
    expect(read('site/inventory.yml')).toContain('$ANSIBLE_VAULT;1.2;AES256;quay')
    expect(tokenOf()).toHaveLength(64)
  })

  test('airgap: a directory of the working directory is not beside the inventory', async () => {
    mkdirSync(join(root, 'air'))
    const { shown } = await init([...GIVEN, '--airgap-dir', 'air'])
    expect(shown.stderr.replace(/\s+/g, ' ')).toContain(
      'warning: air starts at the inventory, so site/air is meant, and that is not there cure: if you meant the one in the working directory: --airgap-dir ../air',
    )
  })

  test('the inventory may be named by any path', async () => {
    await init([...GIVEN, '--inventory', join(root, 'site/quay/./hosts.yml')])
    expect(read('site/quay/hosts.yml')).toContain('larch')
    const { shown } = await init([...GIVEN, '--inventory', './quay/hosts.yml'])
    expect(shown.stderr).toContain('Nothing to change')
  })

  test('airgap: what is missing is named', async () => {
    write('site/airgap/k3s-arm64', '')
    const { shown } = await init([...GIVEN, '--airgap-dir', './airgap'])
    expect(read('site/inventory.yml')).toContain('    airgap_dir: "{{ inventory_dir }}/airgap"\n')
    expect(shown.stderr).toContain(`  Put into site/airgap, from v1.36.5+k3s1:
  - k3s-amd64 (the release's k3s)
  - k3s-airgap-images-amd64.tar.zst
  - k3s-airgap-images-arm64.tar.zst
  - k3s-install.sh (install.sh of the git tag)
  or have them downloaded and verified:
  k3seal airgap fetch -i site/inventory.yml --out site/airgap
`)
  })
})

describe('a token that is given', () => {
  const TOKEN = 'markerGivenToken7Larch9Quince4Quay2Pier'

  test.each([
    ['from a file', ['--token-file', 'token'], {}],
    ['from standard input', ['--token-stdin'], { stdin: `${TOKEN}\n` }],
  ] as const)('%s is vaulted, and the same one again is no change', async (_, flags, parts) => {
    write('token', `${TOKEN}\n`, 0o600)
    await init([...GIVEN, ...flags], parts)
    expect(tokenOf()).toBe(TOKEN)
    const { shown } = await init([...GIVEN, ...flags], parts)
    expect(shown.stderr).toContain('Nothing to change')
  })

  test('another one never replaces the one that is there', async () => {
    await init(GIVEN)
    const error = await refused([...GIVEN, '--token-stdin'], { stdin: TOKEN })
    expect(error.message).toBe(
      'the inventory has another token than the given one, and init never replaces a token',
    )
    expect(error.at).toMatch(/^inventory\.yml:\d+:\d+$/)
  })

  test.each([
    ['changeme!', 'everybody can read it'],
    ['', 'K3s refuses it'],
    ['abcdef.0123456789abcdef', 'a bootstrap token can only join agents'],
    ['two words that are long enough', 'white space'],
  ])('%j is refused', async (token, words) => {
    const error = await refused([...GIVEN, '--token-stdin'], { stdin: `${token}\n` })
    expect(`${error.message} ${error.fix}`).toContain(words)
    expect(`${error.message} ${error.fix}`).not.toContain(token === '' ? 'marker' : token)
  })

  test('no flag takes a token', async () => {
    const error = await refused([...GIVEN, '--token', TOKEN])
    expect(`${error.message} ${error.fix}`).not.toContain(TOKEN)
  })
})

describe('a new vault password', () => {
  test('goes outside the project, into ansible.cfg, and to its owner alone', async () => {
    const { shown } = await init([...SITE, '--new-vault-password', '--yes'])
    const [, name = ''] = /^vault_password_file = ~\/(.*)$/m.exec(read('site/ansible.cfg')) ?? []
    expect(name).toMatch(/^\.config\/k3seal\/site-[0-9a-f]{8}\.vault-password$/)
    const path = join('home', name)
    expect(statSync(join(root, path)).mode & 0o777).toBe(0o600)
    expect(statSync(join(root, dirname(path))).mode & 0o777).toBe(0o700)
    const password = new Secret(read(path).trimEnd())
    expect(
      decryptVault(envelope(read('site/inventory.yml'), 'vault_k3s_token'), password).reveal(),
    ).toHaveLength(64)
    expect(shown.stderr).toContain('Keep a copy of home/.config/k3seal/site-')
    expect(shown.stderr).toContain('  ansible-playbook -i inventory.yml site.yml\n')
    const again = await init([...SITE, '--new-vault-password', '--yes'])
    expect(again.shown.stderr).toContain('Nothing to change')
  })

  test('inside the project is ignored by git', async () => {
    write('site/.gitignore', '*.retry')
    await init([...SITE, '--new-vault-password', 'site/.vault-password', '--yes'])
    expect(read('site/.gitignore')).toBe('*.retry\n# the password of Ansible Vault\n/.vault-password\n')
    expect(read('site/ansible.cfg')).toBe('[defaults]\nvault_password_file = .vault-password\n')
  })

  test('is not added to .gitignore where a line covers it', async () => {
    write('site/.gitignore', '.vault-*\n')
    await init([...SITE, '--new-vault-password', 'site/.vault-password', '--yes'])
    expect(read('site/.gitignore')).toBe('.vault-*\n')
  })

  test.each([
    [
      'an ansible.cfg that names one',
      { 'site/ansible.cfg': '[defaults]\nvault_password_file = ../pw\n' },
      {},
    ],
    ['an environment that names one', {}, { env: { ANSIBLE_VAULT_PASSWORD_FILE: 'pw' } }],
    [
      'another ansible.cfg, which a new one would hide',
      { 'home/.ansible.cfg': '[ssh_connection]\npipelining = true\n' },
      {},
    ],
  ])('leaves ansible.cfg alone beside %s, and names the file in the commands', async (_, present, parts) => {
    for (const [path, text] of Object.entries(present)) write(path, text)
    const config = files()['site/ansible.cfg']
    const { shown } = await init([...SITE, '--new-vault-password', 'new-pw', '--yes'], parts)
    expect(files()['site/ansible.cfg']).toBe(config)
    expect(shown.stderr).toContain(
      'ansible-playbook -i inventory.yml --vault-password-file ../new-pw site.yml',
    )
  })

  test('keeps every other line of ansible.cfg', async () => {
    write(
      'site/ansible.cfg',
      '# ours\n[defaults]\nnocows = True ; yes\n\n[ssh_connection]\npipelining = True\n',
    )
    await init([...SITE, '--new-vault-password', 'new-pw', '--yes'])
    expect(read('site/ansible.cfg')).toBe(
      `# ours\n[defaults]\nnocows = True ; yes\nvault_password_file = ${join(root, 'new-pw')}\n\n[ssh_connection]\npipelining = True\n`,
    )
  })

  test('one that ansible.cfg names needs no flag', async () => {
    write('site/ansible.cfg', '[defaults]\nvault_password_file = ../pw\n')
    const { shown } = await init([...SITE, '--yes'])
    expect(tokenOf()).toHaveLength(64)
    expect(shown.stderr).toContain('  ansible-playbook -i inventory.yml site.yml\n')
  })
})

describe('an inventory that is there', () => {
  const CLUSTER = `---
# the harbour
k3s_cluster:
  children:
    server:   # odd
      hosts:
        larch: {ansible_host: 10.0.0.1}
    agent:
      hosts:
        quince:
          ansible_host: 10.0.0.2
  vars:
    k3s_version:   v1.30.1+k3s1   # pinned in May
    ansible_user: 'ops'
    token: "{{ vault_k3s_token }}"
    vault_k3s_token: ${'!vault |'}
ENVELOPE
    api_endpoint: "{{ hostvars[groups['server'][0]]['ansible_host'] | default(groups['server'][0]) }}"
    k3s_server_config_mode: "0600"
    ansible_no_target_syslog: true
`
  const envelopeText = encryptVault(new Secret('markerKeptTokenOfTheHarbour0123456789'), new Secret(PASSWORD))
  const cluster = CLUSTER.replace(
    'ENVELOPE',
    envelopeText
      .split('\n')
      .map((line) => `          ${line}`)
      .join('\n'),
  )
  beforeEach(() => write('site/inventory.yml', cluster))

  test('stays as it is where nothing new is said', async () => {
    await init(['site', '--yes'])
    expect(read('site/inventory.yml')).toBe(cluster)
  })

  test('gets a host by one line more, without a password', async () => {
    const { shown } = await init(['site', '--agent', 'pear=10.0.0.9', '--yes'])
    expect(read('site/inventory.yml')).toBe(
      cluster.replace('10.0.0.2\n', '10.0.0.2\n        pear:\n          ansible_host: 10.0.0.9\n'),
    )
    expect(shown.stderr).toContain('edit  site/inventory.yml       +2\n')
    expect(shown.stderr).toContain('--ask-vault-pass')
  })

  test('changes one scalar on its line, comment and spaces kept', async () => {
    await init(['site', '--k3s-version', 'v1.36.5+k3s1', '--yes'])
    expect(read('site/inventory.yml')).toBe(
      cluster.replace('k3s_version:   v1.30.1+k3s1   # pinned', 'k3s_version:   v1.36.5+k3s1   # pinned'),
    )
  })

  test('changes several, in place and by lines more', async () => {
    await init([
      'site',
      '--user',
      'root',
      '--api-endpoint',
      '10.0.0.100',
      '--airgap-dir',
      'air',
      '--server',
      'larch=10.0.0.7',
      '--yes',
    ])
    expect(read('site/inventory.yml')).toBe(
      cluster
        .replace("ansible_user: 'ops'", 'ansible_user: root')
        .replace(/api_endpoint: .*/, 'api_endpoint: 10.0.0.100')
        .replace('10.0.0.1}', '10.0.0.7}')
        .replace('syslog: true\n', 'syslog: true\n    airgap_dir: "{{ inventory_dir }}/air"\n'),
    )
  })

  test('gets an agent token beside the one that it has', async () => {
    await init(['site', '--agent-token', '--vault-password-file', 'pw', '--yes'])
    const text = read('site/inventory.yml')
    expect(tokenOf()).toBe('markerKeptTokenOfTheHarbour0123456789')
    expect(tokenOf(undefined, 'vault_k3s_agent_token')).toMatch(/^[A-Za-z0-9]{64}$/)
    expect(text).toContain('      vars:\n        k3seal_agent_token: "{{ vault_k3s_agent_token }}"\n')
    expect(text).toContain('      vars:\n        token: "{{ vault_k3s_agent_token }}"\n')
    const { shown } = await init(['site', '--agent-token', '--vault-password-file', 'pw', '--yes'])
    expect(shown.stderr).toContain('Nothing to change')
  })

  test('is not encrypted in part with another password', async () => {
    write('other', 'quay\n', 0o600)
    const error = await refused(['site', '--agent-token', '--vault-password-file', 'other', '--yes'])
    expect(error.message).toContain('does not open this vaulted value')
    expect(error.at).toBe('inventory.yml:16:29')
  })

  test('an answer that would take a line away is left to the user', async () => {
    write('site/inventory.yml', cluster.replace('    ansible_user', '    airgap_dir: /air\n    ansible_user'))
    const { shown } = await init(['site', '--airgap-dir', '-', '--yes'])
    expect(read('site/inventory.yml')).toContain('airgap_dir: /air')
    expect(shown.stderr).toContain('airgap_dir stays in the inventory: remove its line by hand')
  })

  test('a host may not be on both sides', async () => {
    const error = await refused(['site', '--agent', 'larch', '--yes'])
    expect(error.message).toBe('node larch is named as a server and as an agent')
  })

  test.each([
    [
      'plain text',
      'token: markerPlainTextToken0123456789abc',
      'inventory.yml:18:12: token stands there in plain text',
    ],
    [
      'a known sample',
      'token: changeme!',
      'the token in inventory.yml:18:12: everybody can read it at https://',
    ],
  ])('a token in %s stays, with a warning, and is shown nowhere', async (_, line, words) => {
    const plain = cluster.replace(
      /token: "\{\{ vault_k3s_token \}\}"\n[\s\S]*?\n( {4}api_endpoint)/,
      `${line}\n$1`,
    )
    write('site/inventory.yml', plain.replace('# the harbour', '# the harbour\n\n\n'))
    const { shown } = await init(['site', '--agent', 'pear', '--k3s-version', 'v1.36.5+k3s1', '--yes'])
    expect(read('site/inventory.yml')).toContain(`    ${line}\n`)
    expect(shown.stderr.replace(/\s+/g, ' ')).toContain(words)
    const { shown: dry } = await init(['site', '--user', 'root', '--dry-run', '--yes'])
    expect(dry.stdout).toContain('     token: [secret, not shown]\n')
    for (const output of Object.values({ ...shown, ...dry })) {
      expect(output).not.toContain('markerPlain')
      expect(output).not.toContain('changeme')
    }
  })

  test('an empty token is no token', async () => {
    write(
      'site/inventory.yml',
      cluster.replace(/token: "\{\{ vault_k3s_token \}\}"\n[\s\S]*?\n( {4}api_endpoint)/, 'token: ""\n$1'),
    )
    await init(['site', '--vault-password-file', 'pw', '--yes'])
    expect(read('site/inventory.yml')).toContain('    token: "{{ vault_k3s_token }}"\n    api_endpoint')
    expect(tokenOf()).toMatch(/^[A-Za-z0-9]{64}$/)
  })

  test('a token that is vaulted directly is named', async () => {
    write('site/inventory.yml', cluster.replace(/ {4}token: .*\n {4}vault_k3s_token:/, '    token:'))
    const { shown } = await init(['site', '--yes'])
    expect(shown.stderr.replace(/\s+/g, ' ')).toContain('https://github.com/k3s-io/k3s-ansible/issues/527')
  })

  test('variables of group_vars are changed where they stand', async () => {
    write(
      'site/inventory.yml',
      'k3s_cluster:\n  children:\n    server: {hosts: {larch: }}\n    agent: {hosts: {}}\n',
    )
    write('site/group_vars/all/k3s.yml', 'k3s_version: v1.30.1+k3s1 # May\ntoken: "{{ vault_k3s_token }}"\n')
    write('site/group_vars/all/vault.yml', `${envelopeText}\n`)
    await init(['site', '--k3s-version', 'v1.36.5+k3s1', '--server', 'elm', '--yes'])
    expect(read('site/group_vars/all/k3s.yml')).toBe(
      'k3s_version: v1.36.5+k3s1 # May\ntoken: "{{ vault_k3s_token }}"\n',
    )
    expect(read('site/inventory.yml')).toMatch(
      /^k3s_cluster:\n {2}children:\n {4}server: \{hosts: \{larch: , ?elm: \{\}\}\}\n/,
    )
    expect(read('site/inventory.yml')).not.toContain('vault_k3s_token')
  })

  test('an INI inventory of another role gets what the delivery needs, beside it', async () => {
    rmSync(join(root, 'site/inventory.yml'))
    const ini =
      '[master]\nlarch ansible_host=10.0.0.1\n\n[node]\nquince\n\n[k3s_cluster:children]\nmaster\nnode\n'
    write('site/inventory/quay/hosts.ini', ini)
    write(
      'site/inventory/quay/group_vars/all.yml',
      'k3s_token: "{{ harbour_secret }}"\nk3s_version: v1.30.2+k3s2\n',
    )
    write('site/site.yml', '- hosts: all\n')
    const { shown } = await init(['site', '--agent', 'pear', '--user', 'ops', '--yes'])
    expect(read('site/inventory/quay/hosts.ini')).toBe(ini.replace('quince\n', 'quince\npear\n'))
    expect(read('site/inventory/quay/group_vars/k3s_cluster.yml')).toBe(
      '---\nansible_user: ops\ntoken: "{{ k3s_token }}"\nansible_no_target_syslog: true\nserver_group: master\nagent_group: node\n',
    )
    expect(Object.keys(files(join(root, 'site')))).not.toContain('requirements.yml')
    expect(shown.stderr).toContain('ansible-playbook -i inventory/quay/hosts.ini k3seal/deliver.yml site.yml')
    const error = await refused(['site', '--agent-token', '--vault-password-file', 'pw', '--yes'])
    expect(error.message).toBe('the role that takes k3s_token gives servers and agents one token')
  })

  test('one with hosts and no groups that are known ends with the cure', async () => {
    write('site/inventory.yml', 'web:\n  hosts:\n    larch:\n')
    const error = await refused(['site', '--server', 'elm', '--vault-password-file', 'pw', '--yes'])
    expect(error.at).toBe('inventory.yml')
    expect(error.fix).toContain('--inventory k3s.yml')
    await init(['site', '--inventory', 'k3s.yml', '--server', 'elm', '--vault-password-file', 'pw', '--yes'])
    expect(read('site/k3s.yml')).toContain('        elm:\n')
    expect(read('site/inventory.yml')).toBe('web:\n  hosts:\n    larch:\n')
  })

  test('one with comments only keeps them', async () => {
    write('site/inventory.yml', '---\n# to be filled\n')
    await init([...GIVEN])
    expect(read('site/inventory.yml')).toMatch(
      /^---\n# to be filled\n\n# A K3s cluster[\s\S]*\nk3s_cluster:\n/,
    )
  })

  test('one that can not be read ends with the place', async () => {
    write('site/inventory.yml', 'k3s_cluster:\n  hosts: [\n')
    const error = await refused(['site', '--yes'])
    expect(error.at).toMatch(/^inventory\.yml:\d+:\d+$/)
  })

  test('several: the user says which', async () => {
    write('site/hosts.yml', cluster)
    const error = await refused(['site', '--yes'])
    expect(error.message).toContain('--inventory FILE')
    await init(['site', '--inventory', 'hosts.yml', '--agent', 'pear', '--yes'])
    expect(read('site/hosts.yml')).toContain('pear')
    expect(read('site/inventory.yml')).toBe(cluster)
  })
})

describe('files of the user', () => {
  test('site.yml, reset.yml and requirements.yml stay, and are named', async () => {
    const own = {
      'site/site.yml': '- import_playbook: k3s.orchestration.site\n',
      'site/reset.yml': '[]\n',
      'site/requirements.yml': 'collections: []\n',
    }
    for (const [path, text] of Object.entries(own)) write(path, text)
    const { shown } = await init(GIVEN)
    for (const [path, text] of Object.entries(own)) expect(read(path)).toBe(text)
    const words = shown.stderr.replace(/\s+/g, ' ')
    expect(words).toContain('site.yml is yours and stays as it is: run k3seal/deliver.yml before it')
    expect(words).toContain('reset.yml is yours and stays as it is: run k3seal/cleanup.yml after it')
    expect(words).toContain(
      'requirements.yml is yours and stays as it is: add https://github.com/k3s-io/k3s-ansible.git',
    )
    expect(shown.stderr).toContain(
      '--vault-password-file ../pw k3seal/deliver.yml site.yml k3seal/protect.yml',
    )
  })

  test('in a checkout of k3s-ansible its own playbooks are run', async () => {
    write('site/galaxy.yml', 'namespace: k3s\nname: orchestration\nversion: 1.2.2\n')
    write('site/playbooks/site.yml', '[]\n')
    write('site/collections/requirements.yml', 'collections: []\n')
    const { shown } = await init(GIVEN)
    expect(read('site/site.yml')).toContain('import_playbook: playbooks/site.yml')
    expect(Object.keys(files(join(root, 'site')))).not.toContain('requirements.yml')
    expect(shown.stderr).toContain('ansible-galaxy collection install -r collections/requirements.yml')
  })

  test('an edited delivery is replaced, with a warning', async () => {
    await init(GIVEN)
    write('site/k3seal/deliver.yml', '# mine\n')
    const { shown } = await init(GIVEN)
    expect(read('site/k3seal/deliver.yml')).not.toContain('# mine')
    expect(shown.stderr.replace(/\s+/g, ' ')).toContain(
      'k3seal/deliver.yml differs from what this k3seal delivers and is replaced',
    )
  })
})

describe('answers', () => {
  test('are saved without secrets, and give the same result', async () => {
    await init([
      ...GIVEN,
      '--airgap-dir',
      'airgap',
      '--api-endpoint',
      '10.0.0.100',
      '--agent-token',
      '--save-answers',
      'conf/answers.yml',
    ])
    expect(
      read('conf/answers.yml'),
    ).toBe(`# For k3seal init --answers. Paths start at this file; it holds no secret.
inventory: inventory.yml
servers:
  - larch=10.0.0.1
agents:
  - "quince=10.0.0.2,arch=arm64"
user: ops
k3s_version: v1.36.5+k3s1
api_endpoint: 10.0.0.100
airgap_dir: airgap
new_token: true
agent_token: true
vault_password_file:
  - ${join(root, 'pw')}
`)
    const { shown } = await init(['site', '--answers', 'conf/answers.yml', '--yes'])
    expect(shown.stderr).toContain('Nothing to change')
    await init(['other', '--answers', 'conf/answers.yml', '--yes'])
    const shape = (path: string) => read(path).replace(/^ {10,}.*$/gm, '')
    expect(shape('other/inventory.yml')).toBe(shape('site/inventory.yml'))
  })

  test('flags outdo the file', async () => {
    write('answers.yml', 'servers: [larch]\nuser: root\nvault_password_file: pw\n')
    await init(['site', '--answers', 'answers.yml', '--user', 'ops', '--yes'])
    expect(read('site/inventory.yml')).toContain('ansible_user: ops')
  })

  test('a missing file is named', async () => {
    expect(await refused(['site', '--answers', 'answers.yml', '--yes'])).toMatchObject({ at: 'answers.yml' })
  })
})

describe('lists of nodes', () => {
  test('from a table, another inventory and an ssh_config', async () => {
    write('nodes.csv', 'name,address,role\nlarch,10.0.0.1,server\nquince,10.0.0.2,agent\n')
    write('old/hosts', '[server]\nelm ansible_host=10.0.0.3\n[agent]\n')
    write(
      'ssh',
      'Host pear-*\n  User ops2\nHost pear-1\n  HostName 10.0.0.4\nHost pear-2\n  HostName 10.0.0.5\n',
    )
    await init([
      'site',
      '--nodes-csv',
      'nodes.csv',
      '--from-inventory',
      'old/hosts',
      '--from-ssh-config',
      'ssh',
      '--server',
      'ash',
      '--agent',
      'pear-*',
      '--vault-password-file',
      'pw',
      '--yes',
    ])
    const text = read('site/inventory.yml')
    expect(text).toMatch(
      /server:\n {6}hosts:\n {8}larch:\n {10}ansible_host: 10\.0\.0\.1\n {8}elm:\n {10}ansible_host: 10\.0\.0\.3\n {8}ash:\n/,
    )
    expect(text).toContain(
      '        pear-2:\n          ansible_host: 10.0.0.5\n          ansible_user: ops2\n',
    )
  })

  test.each([
    ['--nodes-csv', 'none.csv'],
    ['--from-inventory', 'none'],
    ['--from-ssh-config', 'none'],
  ])('%s that is not there', async (flag, name) => {
    expect(await refused([...GIVEN, flag, name])).toMatchObject({
      at: name,
      fix: `check the path behind ${flag}`,
    })
  })
})

describe('wrong use', () => {
  test('all that is wrong with nodes is said at once', async () => {
    const error = await refused([
      'site',
      '--server',
      'a_b',
      '--server',
      'elm=10.0.0.1',
      '--agent',
      'ash=10.0.0.1',
      '--vault-password-file',
      'pw',
      '--yes',
    ])
    expect(error.message).toContain('node "a_b"')
    expect(error.message).toContain('nodes elm and ash have one address, 10.0.0.1')
  })

  test('an even number of servers is a warning', async () => {
    const { shown } = await init([...GIVEN, '--server', 'elm=10.0.0.3'])
    expect(shown.stderr).toContain('warning: 2 servers')
  })

  test('without a terminal and without --yes', async () => {
    const error = await refused(['site'])
    expect(error.message).toContain(
      'nobody can be asked: standard input or standard error is no terminal, or CI is set',
    )
    for (const flag of ['--server', '--user', '--k3s-version', '--vault-password-file'])
      expect(error.message).toContain(flag)
    expect((await refused(['site', '--no-input'])).message).toContain('questions are off (--no-input)')
    write(
      'answers.yml',
      'servers: [larch]\nagents: []\nuser: ops\nk3s_version: v1.36.5+k3s1\napi_endpoint:\nairgap_dir:\nnew_token: true\nagent_token: false\nvault_password_file: pw\n',
    )
    const complete = await refused(['site', '--answers', 'answers.yml'])
    expect(complete.message).toContain('nobody has agreed to write 15 files')
    expect(complete.fix).toContain('--yes')
  })

  test.each([
    [['--k3s-version', '1.36.5'], '--k3s-version can not be "1.36.5"', 'did you mean v1.36.5+k3s1?'],
    [['--user', '$(id)'], '--user can not be "$(id)"', 'letters'],
    [['--api-endpoint', 'https://quay'], '--api-endpoint can not be "https://quay"', 'without https://'],
    [
      ['--token-file', 'a', '--token-stdin'],
      '--token-file and --token-stdin can not be used together',
      'keep one',
    ],
    [
      ['--new-vault-password', 'x'],
      '--new-vault-password and another vault password can not be used together',
      'keep one',
    ],
    [['--inventory', '.'], 'this inventory is a directory', '--inventory DIRECTORY/hosts.yml'],
    [['--nonsense'], "unknown option '--nonsense'", 'k3seal init --help'],
  ])('%j', async (flags, message, fix) => {
    mkdirSync(join(root, 'site'), { recursive: true })
    const error = await refused([...GIVEN, ...flags])
    expect(error.message).toContain(message)
    expect(error.fix).toContain(fix)
  })

  test('a password file that is not there', async () => {
    const error = await refused([...SITE, '--vault-password-file', 'nowhere', '--yes'])
    expect(error.message).toContain('nowhere was not found')
  })

  test('a file where a directory should be', async () => {
    expect(await refused(['pw', '--server', 'larch', '--yes'])).toMatchObject({
      message: 'this is no directory',
    })
  })
})

describe('secrets', () => {
  test('stand in no output and no file that git takes', async () => {
    const outputs: string[] = []
    for (const flags of [['--dry-run'], [], ['--agent', 'pear', '--save-answers', 'answers.yml']]) {
      const { shown } = await init([...GIVEN, ...flags])
      outputs.push(shown.stdout, shown.stderr)
    }
    const { shown } = await init([
      ...SITE.map((arg) => (arg === 'site' ? 'site2' : arg)),
      '--new-vault-password',
      '--yes',
    ])
    outputs.push(shown.stdout, shown.stderr)
    const made = Object.entries(files(join(root, 'home'))).map(([, text]) => text.trimEnd())
    expect(made).toHaveLength(1)
    const secrets = [PASSWORD, tokenOf(), ...made]
    const visible = Object.entries(files()).filter(([name]) => name !== 'pw' && !name.startsWith('home/'))
    for (const secret of secrets)
      for (const text of [...outputs, ...visible.map(([, content]) => content)])
        expect(text.includes(secret)).toBe(false)
  })
})

test('a token file that is no text is refused, not garbled', async () => {
  writeFileSync(
    join(root, 'latin'),
    Buffer.concat([Buffer.from('larch-quay-'.repeat(4)), Buffer.from([0xe4])]),
  )
  await expect(
    init(['site', '--server', 'elm', '--token-file', 'latin', '--vault-password-file', 'pw', '--yes']),
  ).rejects.toThrow(/no UTF-8/)
})

test('a bad node on the command line is refused before what is missing', async () => {
  await expect(init(['site', '--server', 'bad_quay', '--no-input'])).rejects.toThrow(/no valid node name/)
})

test('ten thousand nodes', { timeout: 60_000 }, async () => {
  const rows = Array.from(
    { length: 10_000 },
    (_, index) =>
      `n${index},10.${index >> 16}.${(index >> 8) & 255}.${index & 255},${index < 3 ? 'server' : 'agent'}`,
  )
  write('nodes.csv', `name,address,role\n${rows.join('\n')}\n`)
  await init(['site', '--nodes-csv', 'nodes.csv', '--vault-password-file', 'pw', '--user', 'ops', '--yes'])
  await init(['site', '--agent', 'pear=10.200.0.1', '--yes'])
  expect(read('site/inventory.yml').match(/ansible_host/g)?.length).toBeGreaterThanOrEqual(10_001)
})
