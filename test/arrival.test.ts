import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { arrivalAt, arrivalOfUnitText, servicesRunning, shellSteps } from '../src/flow/arrival/index.ts'
import type { Arrival } from '../src/flow/arrival.ts'
import { Atoms, type Hop } from '../src/flow/atoms.ts'
import type { PaperFile, ServiceManager } from '../src/flow/files.ts'
import { runInstaller } from '../src/flow/installer.ts'

const hop = (path: string, what = 'is written'): Hop => ({ at: { path, start: 1, end: 2 }, what })

const paper = (files: Readonly<Record<string, string | null>>): Map<string, PaperFile> =>
  new Map(
    Object.entries(files).map(([path, text]) => [
      path,
      {
        kind: text?.startsWith('-> ') ? 'link' : 'file',
        content: text === null ? { unknown: 'a file that is fetched' } : text.replace(/^-> /, ''),
        mode: undefined,
        owner: undefined,
        hops: [hop(`task of ${path}`)],
      },
    ]),
  )

const system = '/etc/systemd/system'
const agent = `${system}/harbour-agent.service`
const server = `${system}/harbour.service`
const config = '/etc/rancher/k3s/config.yaml'
const unit = (...lines: readonly string[]): string =>
  `[Unit]\nDescription=x\n\n[Service]\n${lines.join('\n')}\n`
const run = (args: string): string => `ExecStart=/usr/local/bin/k3s ${args}`

const at = (
  files: Readonly<Record<string, string | null>>,
  service = 'harbour-agent',
  manager: ServiceManager = 'systemd',
  atoms = new Atoms(),
): Arrival => arrivalAt(paper(files), service, manager, atoms)

/** `state carrier text`, what is masked behind it. */
const short = ({ state, carrier, text, masked }: Arrival['token']): string =>
  [state, carrier, text?.text ?? '', ...masked.map((lost) => `(${lost.state} ${lost.carrier})`)]
    .filter((part) => part !== '')
    .join(' ')

describe('the token that K3s uses', () => {
  test.each<[string, string, Readonly<Record<string, string | null>>]>([
    ['on the command line', 'present argv key', { [agent]: unit(run('agent --token key')) }],
    ['behind =', 'present argv key', { [agent]: unit(run('agent --token=key')) }],
    ['with one dash', 'present argv key', { [agent]: unit(run('agent -token key')) }],
    ['by its letter', 'present argv key', { [agent]: unit(run('agent -t key')) }],
    ['the last one wins', 'present argv b (present argv)', { [agent]: unit(run('agent -t a --token b')) }],
    ['behind a boolean flag', 'present argv key', { [agent]: unit(run('agent --selinux --token key')) }],
    ['behind a word that is no flag', 'absent none', { [agent]: unit(run('agent edge --token key')) }],
    ['as the value of another flag', 'absent none', { [agent]: unit(run('agent --node-name --token')) }],
    ['empty', 'empty argv', { [agent]: unit(run('agent --token ""')) }],
    [
      'from an empty variable',
      'empty argv',
      { [agent]: unit('Environment=KEY=', run('agent --token=${KEY}')) },
    ],
    ['Environment=', 'present environment key', { [agent]: unit('Environment=K3S_TOKEN=key', run('agent')) }],
    [
      'an env file beats Environment=',
      'present env-file file (present environment)',
      {
        [agent]: unit('EnvironmentFile=/etc/edge.env', 'Environment=K3S_TOKEN=unit', run('agent')),
        '/etc/edge.env': 'K3S_TOKEN=file\n',
      },
    ],
    [
      'not from an env file whose path leads up, which systemd ignores',
      'absent none',
      {
        [agent]: unit('EnvironmentFile=/etc/harbour/../edge.env', run('agent')),
        '/etc/edge.env': 'K3S_TOKEN=file\n',
      },
    ],
    [
      'argv beats config beats environment',
      'present argv a (present config) (present environment)',
      { [agent]: unit('Environment=K3S_TOKEN=c', run('agent -t a')), [config]: 'token: b\n' },
    ],
    [
      'an empty token in config.yaml hides the environment',
      'empty config (present environment)',
      { [agent]: unit('Environment=K3S_TOKEN=c', run('agent')), [config]: 'token: ""\n' },
    ],
    [
      'a null in config.yaml, too',
      'empty config (present environment)',
      { [agent]: unit('Environment=K3S_TOKEN=c', run('agent')), [config]: 'token:\n' },
    ],
    [
      'the last drop-in of config.yaml wins',
      'present config b (present config) (present config)',
      {
        [agent]: unit(run('agent')),
        [config]: 'token: main\n',
        [`${config}.d/10-a.yaml`]: 'token: a\n',
        [`${config}.d/20-b.yml`]: 'token+: b\n',
        [`${config}.d/30-c.txt`]: 'token: c\n',
      },
    ],
    [
      'a drop-in without config.yaml',
      'present config a',
      { [agent]: unit(run('agent')), [`${config}.d/a.yaml`]: 'token: a\n' },
    ],
    [
      'K3S_CONFIG_FILE beats --config',
      'present config env',
      {
        [agent]: unit('Environment=K3S_CONFIG_FILE=/etc/env.yaml', run('agent --config /etc/flag.yaml')),
        '/etc/env.yaml': 'token: env\n',
        '/etc/flag.yaml': 'token: flag\n',
        [config]: 'token: usual\n',
      },
    ],
    [
      '--config',
      'present config flag',
      { [agent]: unit(run('agent -c /etc/flag.yaml')), '/etc/flag.yaml': 'token: flag\n' },
    ],
    [
      'a token file beats the token whatever the level',
      'present token-file file (present argv)',
      {
        [agent]: unit('Environment=K3S_TOKEN_FILE=/etc/key', run('agent --token argv')),
        '/etc/key': '  file\n\n',
      },
    ],
    [
      'an empty token file',
      'empty token-file (present environment)',
      { [agent]: unit('Environment=K3S_TOKEN=x', run('agent --token-file /etc/key')), '/etc/key': '\n' },
    ],
    [
      'a token file that is missing',
      'absent token-file (present environment)',
      { [agent]: unit('Environment=K3S_TOKEN=x', run('agent --token-file /etc/key')) },
    ],
    [
      'a linked token file',
      'present token-file key',
      {
        [agent]: unit(run('agent --token-file /var/lib/edge/key')),
        '/var/lib/edge': '-> /srv/edge',
        '/srv/edge/key': 'key\n',
      },
    ],
    [
      'a credential',
      'present token-file key',
      {
        [agent]: unit('LoadCredential=key:/etc/secret', run('agent --token-file %d/key')),
        '/etc/secret': 'key\n',
      },
    ],
    [
      'a credential from the store, by the variable',
      'present token-file key',
      {
        [agent]: unit('LoadCredential=key', run('agent --token-file ${CREDENTIALS_DIRECTORY}/key')),
        '/etc/credstore/key': 'key\n',
      },
    ],
    [
      'a variable that the service manager passes on, if it has it',
      'maybe environment',
      { [agent]: unit('PassEnvironment=LANG K3S_TOKEN', run('agent')) },
    ],
    [
      'Environment= beats what the service manager passes on',
      'present environment key (maybe environment)',
      { [agent]: unit('Environment=K3S_TOKEN=key', 'PassEnvironment=K3S_TOKEN', run('agent')) },
    ],
    [
      'an unknown env file',
      'maybe env-file',
      { [agent]: unit('EnvironmentFile=/etc/edge.env', run('agent')), '/etc/edge.env': null },
    ],
    [
      'an unknown env file does not hide what is there',
      'present env-file b',
      {
        [agent]: unit('EnvironmentFile=/etc/a.env', 'EnvironmentFile=/etc/b.env', run('agent')),
        '/etc/a.env': null,
        '/etc/b.env': 'K3S_TOKEN=b\n',
      },
    ],
    ['an unknown config.yaml', 'maybe config', { [agent]: unit(run('agent')), [config]: null }],
    [
      'an unknown config.yaml does not hide the environment',
      'present environment c',
      { [agent]: unit('Environment=K3S_TOKEN=c', run('agent')), [config]: null },
    ],
    ['an unknown unit', 'maybe none', { [agent]: null }],
    [
      'sh -c',
      'present environment key',
      {
        [agent]: unit(
          "ExecStart=/bin/sh -c 'K3S_TOKEN=key exec /usr/local/bin/k3s agent --server https://a'",
        ),
      },
    ],
    [
      'env',
      'present environment key (present environment)',
      { [agent]: unit('Environment=K3S_TOKEN=a', 'ExecStart=/usr/bin/env K3S_TOKEN=key k3s agent') },
    ],
    [
      'sh -c with a file that it reads',
      'present argv key',
      {
        [agent]: unit('ExecStart=/bin/sh -c "exec k3s agent --token $$(cat /etc/key)"'),
        '/etc/key': 'key\n',
      },
    ],
    ...['-ac', '-a -c', '-eac'].map((options): [string, string, Readonly<Record<string, string>>] => [
      `sh ${options} with a file that it sources`,
      'present env-file key',
      {
        [agent]: unit(`ExecStart=/bin/sh ${options} '. /etc/edge.env; exec k3s agent'`),
        '/etc/edge.env': 'K3S_TOKEN=key\n',
      },
    ]),
    [
      'sh -c with a file that it sources, and does not hand on',
      'absent none',
      {
        [agent]: unit("ExecStart=/bin/sh -c '. /etc/edge.env; exec k3s agent'"),
        '/etc/edge.env': 'K3S_TOKEN=key\n',
      },
    ],
    [
      'a script of the node',
      'present env-file key',
      {
        [agent]: unit('ExecStart=/usr/local/sbin/start-edge agent'),
        '/usr/local/sbin/start-edge':
          '#!/bin/sh\nset -a\n. /etc/edge.env\nset +a\nexec /usr/local/bin/k3s "$@"\n',
        '/etc/edge.env': "K3S_TOKEN='key'\n",
      },
    ],
    [
      'a script of the node that sets it',
      'present script key',
      {
        [agent]: unit('ExecStart=/usr/local/sbin/start-edge agent'),
        '/usr/local/sbin/start-edge': '#!/bin/sh\nexport K3S_TOKEN=key\nexec /usr/local/bin/k3s "$@"\n',
      },
    ],
    [
      'sh -c that sets it',
      'present environment key',
      { [agent]: unit("ExecStart=/bin/sh -c 'export K3S_TOKEN=key; exec k3s agent'") },
    ],
  ])('%s', (_, expected, files) => {
    expect(short(at(files).token)).toBe(expected)
  })

  test('an unknown piece in front of a flag does not hide it', () => {
    const atoms = new Atoms()
    const perhaps = atoms.mark(atoms.root('p', { kind: 'unknown', what: 'another flag, perhaps' }))
    const arrival = at(
      { [agent]: unit(run(`agent ${perhaps}--token key`)) },
      'harbour-agent',
      'systemd',
      atoms,
    )
    expect(short(arrival.token)).toBe('present argv key')
  })

  test('unknown pieces matter only where they stand', () => {
    const atoms = new Atoms()
    const some = atoms.mark(atoms.root('x', { kind: 'unknown', what: 'the host name' }))
    const filled = atoms.mark(atoms.root('y', { kind: 'unknown', what: 'a password', isFilled: true }))
    const token = (...lines: readonly string[]): string =>
      short(arrivalAt(paper({ [agent]: unit(...lines) }), 'harbour-agent', 'systemd', atoms).token)
    expect(token(run(`agent ${some} --token key`))).toBe('present argv key')
    expect(token(run(`agent --token key ${some}`))).toBe('present argv key')
    expect(token(run(`agent --server https://${some}:6443`))).toBe('absent none')
    expect(token(run(`agent --node-name ${some}`))).toBe('absent none')
    expect(token(run(`agent ${some}`))).toBe('maybe argv')
    expect(token(run(`agent --token=${some}`))).toBe('maybe argv')
    expect(token(run(`agent --token=a${some}`))).toBe(`present argv a${some}`)
    expect(token(run(`agent --token ${filled}`))).toBe(`present argv ${filled}`)
    expect(token(some, run('agent'))).toBe('maybe environment')
    expect(token(`Environment=${some}`, run('agent'))).toBe('maybe environment')
    expect(token(`EnvironmentFile=/etc/${some}`, run('agent'))).toBe('maybe env-file')
  })

  test('a literal keeps its way through quotes, env file and expansion', () => {
    const atoms = new Atoms()
    const key = atoms.root('v', {
      kind: 'literal',
      what: 'harbour_key',
      text: "a'b",
      hop: hop('group_vars/all.yml'),
    })
    const files = paper({
      [agent]: unit('EnvironmentFile=/etc/edge.env', run('agent --token ${K3S_TOKEN}')),
      '/etc/edge.env': `K3S_TOKEN="${atoms.mark(key)}"\n`,
    })
    const { token } = arrivalAt(files, 'harbour-agent', 'systemd', atoms)
    expect(token.text).toEqual({ text: "a'b", marks: [{ start: 0, end: 3, atom: key }] })
    expect(token.hops.map((step) => step.at.path)).toEqual([
      'group_vars/all.yml',
      'task of /etc/edge.env',
      `task of ${agent}`,
    ])
  })
})

describe('what else decides about a join', () => {
  test('server, cluster-init, datastore, agent token', () => {
    const arrival = at(
      {
        [server]: unit(
          'Environment=K3S_URL=https://a:6443 K3S_AGENT_TOKEN=b',
          run('server --cluster-init --datastore-endpoint=mysql://x'),
        ),
      },
      'harbour',
    )
    expect(arrival).toMatchObject({
      command: 'server',
      clusterInit: true,
      externalDatastore: true,
      unit: server,
    })
    expect(short(arrival.serverUrl)).toBe('present environment https://a:6443')
    expect(short(arrival.agentToken)).toBe('present environment b')
  })

  test.each([
    ['mysql://x', true],
    ['https://etcd:2379', true],
    ['sqlite', false],
    ['sqlite:///srv/k3s.db', false],
    ['/srv/k3s.db', false],
  ])('the datastore %s is shared: %s', (endpoint, externalDatastore) => {
    const files = { [server]: unit(run(`server --datastore-endpoint=${endpoint}`)) }
    expect(at(files, 'harbour')).toMatchObject({ externalDatastore })
  })

  test('an agent has no agent token', () => {
    expect(at({ [agent]: unit('Environment=K3S_AGENT_TOKEN=b', run('agent')) })).toMatchObject({
      agentToken: { state: 'absent' },
      clusterInit: false,
    })
  })

  test('reads: env files in order, then the config', () => {
    const { reads, failure } = at({
      [agent]: unit('EnvironmentFile=-/etc/default/%N', 'EnvironmentFile=/etc/edge.env', run('agent')),
    })
    expect(reads.map(({ path, optional, exists }) => [path, optional, exists])).toEqual([
      ['/etc/default/harbour-agent', true, false],
      ['/etc/edge.env', false, false],
      [config, true, false],
    ])
    expect(failure).toMatch(/\/etc\/edge\.env, which is missing/)
  })

  test.each<[string, Readonly<Record<string, string>>, RegExp]>([
    ['no unit', {}, /there is no service/],
    [
      'a masked unit',
      { [agent]: '-> /dev/null', '/usr/lib/systemd/system/harbour-agent.service': unit(run('agent')) },
      /masked/,
    ],
    ['two ExecStart=', { [agent]: unit(run('agent'), run('agent')) }, /more than one/],
    ['a % that systemd does not know', { [agent]: unit(run('agent --token a%zb')) }, /ExecStart= for a %/],
    ['a quote that is left open', { [agent]: unit(run('agent --token "a')) }, /ExecStart= for its quotes$/],
    [
      'a command line that is one word',
      { [agent]: unit('ExecStart="k3s agent --server https://quay:6443"') },
      /ExecStart= for the blanks in the name of its program/,
    ],
    [
      'a program below a directory that is not named from the root',
      { [agent]: unit('ExecStart=bin/k3s agent') },
      /ExecStart= for the path of its program$/,
    ],
    [
      'a program behind a variable',
      { [agent]: unit('Environment=BIN=/opt', 'ExecStart=${BIN}/k3s agent') },
      /ignores ExecStart=/,
    ],
  ])('%s can not start', (_, files, failure) => {
    expect(at(files).failure).toMatch(failure)
  })

  test('an alias is the unit that it leads to', () => {
    const arrival = at({ [agent]: '-> harbour.service', [server]: unit(run('server -t %N')) })
    expect(arrival).toMatchObject({ unit: server, command: 'server' })
    expect(short(arrival.token)).toBe('present argv harbour')
  })
})

test('the services that run K3s', () => {
  const files = paper({
    [agent]: unit(run('agent')),
    '/usr/lib/systemd/system/quay.service': unit('ExecStart=/bin/sh -c "exec /opt/bin/k3s server"'),
    '/lib/systemd/system/ssh.service': unit('ExecStart=/usr/sbin/sshd -D'),
    [`${system}/berth@.service`]: unit(run('%i')),
    [`${system}/berth@agent.service`]: `-> ${system}/berth@.service`,
    [`${system}/check.service`]: unit(run('check-config')),
    '/etc/init.d/rc-edge': '#!/sbin/openrc-run\ncommand=/usr/local/bin/k3s\ncommand_args="agent"\n',
    '/etc/init.d/cron': '#!/sbin/openrc-run\ncommand=/usr/sbin/crond\n',
  })
  expect(servicesRunning(files, 'systemd', new Atoms())).toEqual(['berth@agent', 'harbour-agent', 'quay'])
  expect(servicesRunning(files, 'openrc', new Atoms())).toEqual(['rc-edge'])
})

describe('OpenRC', () => {
  const script = '/etc/init.d/harbour-agent'
  const openrc = (...lines: readonly string[]): string => `#!/sbin/openrc-run\n\n${lines.join('\n')}\n`
  const installed = openrc(
    'depend() {\n  after network-online\n}',
    'supervisor=supervise-daemon',
    'name=harbour-agent',
    'command="/usr/local/bin/k3s"',
    "command_args=\"agent \\\n\t'--server' \\\n\t'https://a:6443' \\\n    >>/var/log/edge.log 2>&1\"",
    'set -o allexport',
    'if [ -f /etc/environment ]; then . /etc/environment; fi',
    'if [ -f /etc/rancher/k3s/harbour-agent.env ]; then . /etc/rancher/k3s/harbour-agent.env; fi',
    'set +o allexport',
  )

  test.each<[string, string, Readonly<Record<string, string | null>>]>([
    [
      'the script of the installer',
      'present env-file a b',
      { [script]: installed, '/etc/rancher/k3s/harbour-agent.env': "K3S_TOKEN='a b'\n" },
    ],
    ['its env file is missing', 'absent none', { [script]: installed }],
    [
      'conf.d that exports',
      'present env-file key',
      { [script]: installed, '/etc/conf.d/harbour-agent': 'export K3S_TOKEN="key"\n' },
    ],
    [
      'conf.d that does not export',
      'absent none',
      { [script]: installed, '/etc/conf.d/harbour-agent': 'K3S_TOKEN="key"\n' },
    ],
    [
      'arguments from conf.d',
      'present argv a b',
      {
        [script]: openrc('command=/usr/local/bin/k3s', 'command_args="agent $EDGE_ARGS"'),
        '/etc/conf.d/harbour-agent': 'EDGE_ARGS="--token \'a b\'"\n',
      },
    ],
    [
      'a start function',
      'present init-script key',
      {
        [script]: openrc(
          'export K3S_TOKEN=key',
          'start() {\n  ebegin x\n  start-stop-daemon --start --background --exec /usr/local/bin/k3s -- agent\n  eend $?\n}',
        ),
      },
    ],
    [
      'a variable of the daemon',
      'present init-script key',
      {
        [script]: openrc(
          'supervisor=supervise-daemon',
          'command=/usr/local/bin/k3s',
          'command_args=agent',
          'supervise_daemon_args="--env K3S_TOKEN=key"',
        ),
      },
    ],
    [
      'arguments for a daemon that is supervised',
      'present argv key',
      {
        [script]: openrc(
          'supervisor=supervise-daemon',
          'command=/usr/local/bin/k3s',
          'command_args=agent',
          'command_args_foreground="--token key"',
          'command_args_background="--token other"',
        ),
      },
    ],
    [
      'arguments for a supervisor that there is not',
      'absent none',
      {
        [script]: openrc(
          'command=/usr/local/bin/k3s',
          'command_args=agent',
          'command_background=yes',
          'command_args_foreground="--token key"',
        ),
      },
    ],
    [
      'the settings of all services, and its own over them',
      'present env-file own',
      {
        [script]: installed,
        '/etc/rc.conf': 'export K3S_TOKEN=all\n',
        '/etc/conf.d/harbour-agent': 'export K3S_TOKEN=own\n',
      },
    ],
    [
      'a file with settings of all services',
      'present env-file all',
      {
        [script]: installed,
        '/etc/rc.conf.d/edge.conf': 'export K3S_TOKEN=all\n',
        '/etc/rc.conf.d/edge.txt': 'export K3S_TOKEN=no\n',
      },
    ],
    [
      'env as the program',
      'present init-script key',
      {
        [script]: openrc(
          'supervisor=supervise-daemon',
          'command=/usr/bin/env',
          'command_args="K3S_TOKEN=key /usr/local/bin/k3s agent"',
        ),
      },
    ],
    [
      'a shell as the program',
      'present argv key',
      {
        [script]: openrc(
          'supervisor=supervise-daemon',
          'command=/bin/sh',
          'command_args="-c \'exec /usr/local/bin/k3s agent --token key\'"',
        ),
      },
    ],
    [
      'an unknown env file',
      'maybe env-file',
      { [script]: installed, '/etc/rancher/k3s/harbour-agent.env': null },
    ],
    ['an unknown conf.d', 'maybe env-file', { [script]: installed, '/etc/conf.d/harbour-agent': null }],
    [
      'an unknown env file does not hide what is there',
      'present env-file key',
      {
        [script]: installed,
        '/etc/environment': null,
        '/etc/rancher/k3s/harbour-agent.env': 'K3S_TOKEN=key\n',
      },
    ],
    [
      'variables by the output of a command',
      'maybe init-script',
      {
        [script]: `${installed}export $(grep -v '^#' /etc/edge.env | xargs)\n`,
        '/etc/edge.env': 'K3S_TOKEN=key\n',
      },
    ],
    [
      'a plain script',
      'present env-file key',
      {
        [script]:
          '#!/bin/sh\n[ -r /etc/edge.env ] && . /etc/edge.env\nexport K3S_TOKEN\ncase "$1" in\nstart)\n  k3s agent &\n  ;;\nstop) kill 1 ;;\nesac\n',
        '/etc/edge.env': 'K3S_TOKEN=key\n',
      },
    ],
  ])('%s', (_, expected, files) => {
    expect(short(at(files, 'harbour-agent', 'openrc').token)).toBe(expected)
  })

  test('the env file that the script asks for is read, there or not', () => {
    const { reads, serverUrl } = at({ [script]: installed }, 'harbour-agent', 'openrc')
    expect(reads.map(({ path, exists }) => [path, exists])).toContainEqual([
      '/etc/rancher/k3s/harbour-agent.env',
      false,
    ])
    expect(short(serverUrl)).toBe('present argv https://a:6443')
  })
})

// What real systemd does: env files are read before each command, and one that has to be there is missed by the first.
describe('what ExecStartPre= does', () => {
  const optional = 'EnvironmentFile=-/run/edge.env'
  const state = (files: Readonly<Record<string, string | null>>): string => {
    const { token, failure } = at(files)
    return failure ?? `${short(token)}${token.unknown === undefined ? '' : `: ${token.unknown}`}`
  }
  const withPre = (command: string, ...lines: readonly string[]): string =>
    unit(...lines, `ExecStartPre=${command}`, run('agent'))

  test.each<[string, string, Readonly<Record<string, string | null>>]>([
    [
      'writes an env file',
      'maybe env-file: what echo writes before the start',
      { [agent]: withPre("/bin/sh -c 'echo K3S_TOKEN=$(fetch) > /run/edge.env'", optional) },
    ],
    [
      'copies one into a directory',
      'maybe env-file: what /bin/cp writes before the start',
      { [agent]: withPre('/bin/cp /srv/edge.env /run/', optional) },
    ],
    [
      'makes one by a program of the system',
      'maybe env-file: what /usr/bin/fetch writes before the start',
      { [agent]: withPre('/usr/bin/fetch --to=/run/edge.env', optional) },
    ],
    [
      'by a script of the node',
      'maybe env-file: what install writes before the start',
      {
        [agent]: withPre('-/opt/edge/fetch.sh /run/edge.env', optional),
        '/opt/edge/fetch.sh': '#!/bin/sh\nset -e\ninstall -m 600 /srv/edge.env "$1"\n',
      },
    ],
    [
      'by a program of which nothing is known',
      'maybe environment: what /opt/edge/fetch does before the start',
      { [agent]: withPre('/opt/edge/fetch', optional) },
    ],
    [
      'writes config.yaml',
      'maybe config: what tee writes before the start',
      { [agent]: withPre(`/bin/sh -c 'fetch | tee ${config}'`) },
    ],
    [
      'writes what has to be there before',
      'the unit needs the env file /run/edge.env, which is missing',
      { [agent]: withPre('/bin/cp /srv/edge.env /run/edge.env', 'EnvironmentFile=/run/edge.env') },
    ],
    [
      'only reads',
      'present env-file key',
      {
        [agent]: withPre(
          "/bin/sh -c 'until grep -q K3S_TOKEN /run/edge.env; do sleep 1; done; jq . /run/edge.env'",
          'ExecStartPre=-/sbin/modprobe br_netfilter',
          'ExecStartPre=/bin/chmod 600 /run/edge.env',
          "ExecStartPre=/bin/sh -xc '! /usr/bin/systemctl is-enabled --quiet nm-cloud-setup.service'",
          optional,
        ),
        '/run/edge.env': 'K3S_TOKEN=key\n',
      },
    ],
    [
      'does something else',
      'absent none',
      { [agent]: withPre("/bin/sh -c 'mkdir -p /run/edge && touch /run/edge.env'", optional) },
    ],
    [
      'is taken back',
      'absent none',
      { [agent]: withPre('/opt/edge/fetch', optional).replace(/\n$/, '\nExecStartPre=\n') },
    ],
    [
      'can not take away what is known',
      'present environment key',
      { [agent]: withPre('/opt/edge/fetch', 'Environment=K3S_TOKEN=key') },
    ],
  ])('%s', (_, expected, files) => {
    expect(state(files)).toBe(expected)
  })
})

test('whatever the texts are, nothing throws and nothing takes long', () => {
  const pieces = fc.constantFrom(
    ...[
      '[Service]\n',
      'ExecStart=',
      'Environment=',
      'EnvironmentFile=-/etc/*',
      'ExecStartPre=',
      'k3s',
      ' agent',
      ' --token',
      '=',
      '%',
      '%n',
    ],
    ...[
      '$',
      '${',
      '}',
      '"',
      "'",
      '\\',
      '\n',
      ' ',
      '#',
      ';',
      '|',
      '&&',
      '||',
      '(',
      ')',
      '$(',
      '`',
      'if ',
      'then ',
      'fi ',
      'case ',
    ],
    ...[
      'in ',
      'esac',
      ';;',
      '{ ',
      'do ',
      'done ',
      'for x ',
      '<<E',
      'E\n',
      'f()',
      '!',
      '@',
      '[ -f /etc/a ]',
      'token: ',
      '- ',
      '\0',
      '\ufeff',
    ],
    ...[
      'sh -c ',
      '. /etc/a',
      'export ',
      'command_args=',
      'a',
      '*',
      '[',
      '\udb80\udc00',
      '\udb80',
      '#!/bin/sh\n',
      'exec ',
    ],
  )
  const text = fc.array(pieces, { maxLength: 40 }).map((parts) => parts.join(''))
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      const files = {
        [agent]: `[Service]\n${a}`,
        '/etc/a': b,
        [config]: c,
        '/etc/init.d/harbour-agent': a,
        '/etc/b': '-> b',
      }
      for (const manager of ['systemd', 'openrc'] as const) {
        at(files, 'harbour-agent', manager)
        servicesRunning(paper(files), manager, new Atoms())
      }
      arrivalOfUnitText('a.service', a, new Map([['/etc/a', b]]), new Atoms())
      shellSteps(c, new Map([['K3S_TOKEN', a]]), hop('x'), new Atoms())
      runInstaller(
        paper(files),
        { environment: new Map([['INSTALL_K3S_EXEC', a]]), args: [b], manager: 'systemd', hop: hop('x') },
        new Atoms(),
      )
    }),
    { numRuns: 400 },
  )
  const long = '$(( "\\ \'a'.repeat(20_000)
  // What took forever would run into the limit of a test.
  shellSteps(long, new Map(), hop('x'), new Atoms())
  shellSteps('{ ( if '.repeat(20_000), new Map(), hop('x'), new Atoms())
  shellSteps('echo ${a:-'.repeat(20_000), new Map(), hop('x'), new Atoms())
  at({ [agent]: `[Service]\nEnvironment=${long}\nExecStart=/bin/k3s agent ${long.repeat(2)}` })
  at({ [agent]: unit('EnvironmentFile=/etc/a', run('agent')), '/etc/a': 'K3S_TOKEN=x\n'.repeat(20_000) })
})

describe('a unit that stands in a project', () => {
  test('tells where a value is written, to the letter', () => {
    const text = unit('EnvironmentFile=-/etc/edge.env', run('agent --token "k e y" --server https://a'))
    const { token, serverUrl } = arrivalOfUnitText('deploy/edge.service', text, new Map(), new Atoms())
    const [mark] = token.text?.marks ?? []
    expect(text.slice(mark?.atom.hop?.at.start, mark?.atom.hop?.at.end)).toBe('k e y')
    expect(mark?.atom).toMatchObject({
      kind: 'literal',
      text: 'k e y',
      hop: { at: { path: 'deploy/edge.service' } },
    })
    expect(serverUrl.state).toBe('present')
  })

  test('reads its neighbours', () => {
    const env = '# edge\nK3S_TOKEN="key"\n'
    const { token } = arrivalOfUnitText(
      'deploy/edge.service',
      unit('EnvironmentFile=-/etc/edge.env', run('agent')),
      new Map([['/etc/edge.env', env]]),
      new Atoms(),
    )
    const at = token.text?.marks[0]?.atom.hop?.at
    expect([at?.path, env.slice(at?.start, at?.end)]).toEqual(['/etc/edge.env', 'key'])
    expect(short(token)).toBe('present env-file key')
  })
})
