import { describe, expect, test } from 'vitest'
import { arrivalAt, shellSteps } from '../src/flow/arrival/index.ts'
import { Atoms, type Hop } from '../src/flow/atoms.ts'
import type { PaperFile, PaperFiles, ServiceManager } from '../src/flow/files.ts'
import {
  type InstallerResult,
  installerCallOf,
  isInstaller,
  runInstaller,
  runUninstaller,
} from '../src/flow/installer.ts'
import { Unknown } from '../src/flow/unknown.ts'

const hop: Hop = { at: { path: 'tasks/edge.yml', start: 3, end: 9 }, what: 'the install script runs' }
const file = (content: string): PaperFile => ({
  kind: 'file',
  content,
  mode: 0o644,
  owner: undefined,
  hops: [],
})

interface Given {
  readonly environment?: Readonly<Record<string, string | Unknown>>
  readonly args?: readonly string[]
  readonly manager?: ServiceManager
  readonly files?: PaperFiles
  readonly atoms?: Atoms
}

const install = ({
  environment = {},
  args = [],
  manager = 'systemd',
  files = new Map(),
  atoms = new Atoms(),
}: Given): InstallerResult =>
  runInstaller(files, { environment: new Map(Object.entries(environment)), args, manager, hop }, atoms)

const textAt = ({ files }: { files: PaperFiles }, path: string): string | undefined => {
  const content = files.get(path)?.content
  return typeof content === 'string' ? content : undefined
}

const dir = '/etc/systemd/system'
const join = { K3S_URL: 'https://a:6443', K3S_TOKEN: 'key' }

describe('which service', () => {
  test.each<[string, Given, string, string]>([
    ['nothing given', {}, 'k3s', 'server'],
    ['a URL and a token', { environment: join }, 'k3s-agent', 'agent'],
    [
      'only flags and a URL',
      { environment: { ...join, INSTALL_K3S_EXEC: '--selinux' } },
      'k3s-agent',
      'agent',
    ],
    ['server in EXEC', { environment: { ...join, INSTALL_K3S_EXEC: 'server --selinux' } }, 'k3s', 'server'],
    ['agent as argument', { args: ['agent', '--selinux'] }, 'k3s-agent', 'agent'],
    [
      'EXEC before arguments',
      { environment: { INSTALL_K3S_EXEC: 'server' }, args: ['agent'] },
      'k3s',
      'server',
    ],
    ['a name', { environment: { INSTALL_K3S_NAME: 'edge' }, args: ['agent'] }, 'k3s-edge', 'agent'],
  ])('%s', (_, given, service, command) => {
    const result = install(given)
    expect(result).toMatchObject({ service, command, enabled: true, started: true, fatal: undefined })
    expect(result.files.get(`${dir}/${service}.service.env`)).toMatchObject({ mode: 0o600, hops: [hop] })
    expect(arrivalAt(result.files, service, 'systemd', new Atoms())).toMatchObject({
      command,
      failure: undefined,
    })
  })

  test.each<[string, Given, RegExp]>([
    [
      'a URL without a token',
      { environment: { K3S_URL: 'https://a:6443' } },
      /K3S_TOKEN_FILE is not defined/,
    ],
    ['an empty token', { environment: { ...join, K3S_TOKEN: '' } }, /is not defined/],
    ['http', { environment: { ...join, K3S_URL: 'http://a' } }, /Only https/],
    ['an underscore', { environment: { INSTALL_K3S_NAME: 'a_b' } }, /Invalid characters/],
    ['an open quote', { environment: { INSTALL_K3S_EXEC: 'server "a' } }, /not closed/],
  ])('%s is fatal', (_, given, fatal) => {
    const result = install({ ...given, files: new Map([['/x', file('y')]]) })
    expect(result.fatal).toMatch(fatal)
    expect([...result.files.keys()]).toEqual(['/x'])
  })

  test('with an explicit agent nobody asks for the token', () => {
    const result = install({ environment: { K3S_URL: 'https://a:6443' }, args: ['agent'] })
    expect(result.fatal).toBeUndefined()
    expect(arrivalAt(result.files, 'k3s-agent', 'systemd', new Atoms()).token.state).toBe('absent')
  })
})

describe('the env file', () => {
  test('holds K3S_, CONTAINERD_ and proxies, sorted, each run anew', () => {
    const old = new Map([[`${dir}/k3s.service.env`, file('K3S_TOKEN=old\n')]])
    const { files, written, removed } = install({
      files: old,
      environment: {
        K3S_B: '2',
        K3S_A: '1',
        CONTAINERD_X: 'y',
        HTTPS_PROXY: 'p',
        no_proxy: 'n',
        TOKEN: 't',
        INSTALL_K3S_VERSION: 'v',
      },
    })
    expect(textAt({ files }, `${dir}/k3s.service.env`)).toBe(
      "CONTAINERD_X='y'\nK3S_A='1'\nK3S_B='2'\nHTTPS_PROXY='p'\nno_proxy='n'\n",
    )
    expect(written).toEqual(expect.arrayContaining([`${dir}/k3s.service`, `${dir}/k3s.service.env`]))
    expect(removed).toEqual([])
  })

  test.each([
    ['abc', "'abc'"],
    ["a'b", "'a'\"'\"'b'"],
    ["a''b'", "'a'\"''\"'b'\"'\"''".slice(0, -2)],
    ['a\\b', "'ab'"],
    ['a\\\\b', "'a\\b'".replace('\\b', '\b')],
    ['a  b', "'a b'"],
    ['a\nb', "'a"],
    ['$a "b" #c', '\'$a "b" #c\''],
    ['', "''"],
  ])('%j is written as %s', (value, written) => {
    expect(textAt(install({ environment: { K3S_TOKEN: value } }), `${dir}/k3s.service.env`)).toBe(
      `K3S_TOKEN=${written}\n`,
    )
  })

  test('carries atoms along, and what is lost is a step of theirs', () => {
    const atoms = new Atoms()
    const key = atoms.root('a', { kind: 'literal', what: 'harbour_key', text: 'key' })
    const lossy = atoms.root('b', { kind: 'literal', what: 'harbour_key', text: 'k\\ey' })
    const env = (value: string): string =>
      textAt(install({ atoms, environment: { K3S_TOKEN: value } }), `${dir}/k3s.service.env`) ?? ''
    expect(env(atoms.mark(key))).toBe(`K3S_TOKEN='${atoms.mark(key)}'\n`)
    const [changed] = atoms.in(env(atoms.mark(lossy)))
    expect(changed).toMatchObject({ text: 'key', root: lossy, hop })
  })

  test('an unknown value is written as unknown', () => {
    const atoms = new Atoms()
    const { files } = install({ atoms, environment: { K3S_TOKEN: new Unknown('harbour_key', 'a lookup') } })
    expect(arrivalAt(files, 'k3s', 'systemd', atoms).token).toMatchObject({
      state: 'maybe',
      carrier: 'env-file',
    })
  })
})

describe('the unit', () => {
  test('holds every word as it was quoted', () => {
    const { files } = install({
      environment: { INSTALL_K3S_EXEC: `server --node-label 'a b' --x "c=d" --token k$e\\y` },
      args: ["it's", '--y=z'],
    })
    expect(textAt({ files }, `${dir}/k3s.service`)).toMatch(
      /ExecStart=\/usr\/local\/bin\/k3s \\\n {4}server \\\n\t'--node-label' \\\n\t'a b' \\\n\t'--x' \\\n\t'c\\=d' \\\n\t'--token' \\\n\t'k\$e\\y' \\\n\t'it'\\''s' \\\n\t'--y=z' \\\n\n/,
    )
  })

  test('directories, type, read-only binaries', () => {
    const result = install({
      environment: {
        INSTALL_K3S_BIN_DIR: '/opt/bin',
        INSTALL_K3S_SYSTEMD_DIR: '/opt/units',
        INSTALL_K3S_TYPE: 'exec',
        INSTALL_K3S_SKIP_DOWNLOAD: 'true',
      },
    })
    expect(textAt(result, '/opt/units/k3s.service')).toMatch(
      /Type=exec\n[\s\S]*EnvironmentFile=-\/opt\/units\/k3s\.service\.env\n[\s\S]*ExecStart=\/opt\/bin\/k3s /,
    )
    expect(result.files.has('/opt/bin/k3s')).toBe(false)
    expect(result.files.get('/opt/bin/k3s-uninstall.sh')?.mode).toBe(0o755)
    expect(arrivalAt(result.files, 'k3s', 'systemd', new Atoms())).toMatchObject({
      unit: '/opt/units/k3s.service',
    })
  })

  test('outside of the search path it is found by its link at once', () => {
    const { files } = install({ environment: { INSTALL_K3S_SYSTEMD_DIR: '/opt/units', K3S_TOKEN: 'key' } })
    expect(arrivalAt(files, 'k3s', 'systemd', new Atoms())).toMatchObject({
      unit: '/opt/units/k3s.service',
      command: 'server',
      token: { state: 'present' },
    })
  })

  test.each<[string, Record<string, string>, boolean, boolean]>([
    ['SKIP_START', { INSTALL_K3S_SKIP_START: 'true' }, true, false],
    ['SKIP_ENABLE', { INSTALL_K3S_SKIP_ENABLE: 'true' }, false, false],
    ['neither', { INSTALL_K3S_SKIP_START: 'false' }, true, true],
  ])('%s', (_, environment, enabled, started) => {
    expect(install({ environment })).toMatchObject({ enabled, started })
  })

  test('a run that changes nothing restarts nothing', () => {
    const environment = { K3S_TOKEN: 'key', INSTALL_K3S_SKIP_DOWNLOAD: 'true' }
    const { files } = install({ environment })
    expect(install({ environment, files }).started).toBe(false)
    expect(install({ environment: { ...environment, K3S_TOKEN: 'new' }, files }).started).toBe(true)
    expect(
      install({ environment: { ...environment, INSTALL_K3S_FORCE_RESTART: 'true' }, files }).started,
    ).toBe(true)
  })

  test('is a new file, its mode that of the umask', () => {
    const files = new Map([[`${dir}/k3s.service`, { ...file('old'), mode: 0o600 }]])
    expect(install({ files }).files.get(`${dir}/k3s.service`)?.mode).toBeUndefined()
  })

  test('an unknown argument is one, an unknown command is none', () => {
    const atoms = new Atoms()
    const some = atoms.mark(atoms.root('x', { kind: 'unknown', what: 'extra_args' }))
    const known = install({ atoms, environment: { INSTALL_K3S_EXEC: `agent --token key ${some}` } })
    expect(arrivalAt(known.files, 'k3s-agent', 'systemd', atoms).token).toMatchObject({
      state: 'present',
      carrier: 'argv',
    })
    expect(install({ atoms, environment: { INSTALL_K3S_EXEC: some } })).toMatchObject({
      service: undefined,
      command: 'unknown',
      unknowns: ['the command of the install script is not known: extra_args'],
    })
  })

  test('of what is not known that is told on which the service hangs, with why', () => {
    const open = (name: string, why = `nobody sets ${name}`): Unknown => new Unknown(name, why)
    const environment = {
      ...join,
      INSTALL_K3S_VERSION: open('harbour_version'),
      INSTALL_K3S_CHANNEL: open('harbour_channel'),
      INSTALL_K3S_SKIP_START: open('harbour_late'),
    }
    expect(install({ environment }).unknowns).toEqual([
      'INSTALL_K3S_SKIP_START of the install script is not known: nobody sets harbour_late',
    ])
    const made = { ...join, INSTALL_K3S_NAME: open('boat.stdout', 'the result of a task') }
    expect(install({ environment: made }).unknowns).toEqual([
      'INSTALL_K3S_NAME of the install script is not known: boat.stdout, the result of a task',
    ])
  })

  test('OpenRC', () => {
    const result = install({
      manager: 'openrc',
      environment: { ...join, K3S_TOKEN: "a'b" },
      args: ['agent', '--x', 'y "z"'],
    })
    expect(result.files.get('/etc/init.d/k3s-agent')?.mode).toBe(0o755)
    const { token, command } = arrivalAt(result.files, 'k3s-agent', 'openrc', new Atoms())
    expect(command).toBe('agent')
    expect(token).toMatchObject({ state: 'present', carrier: 'env-file', text: { text: "a'b" } })
  })
})

describe('runs in shell texts', () => {
  const calls = (text: string, environment: Readonly<Record<string, string>> = {}) => {
    const atoms = new Atoms()
    return shellSteps(text, new Map(Object.entries(environment)), hop, atoms).flatMap((step) => {
      const call = installerCallOf(step, 'systemd', hop, atoms)
      if (call === undefined) return []
      const variables = [...call.environment]
        .filter(([name]) => /K3S/.test(name))
        .map(([name, value]) => `${name}=${String(value)}`)
      return [`${[...variables, ...call.args].join(' ')}${step.isConditional ? ' ?' : ''}`]
    })
  }

  test.each<[string, readonly string[]]>([
    ['curl -sfL https://get.k3s.io | sh -', ['']],
    [
      'curl -sfL https://get.k3s.io | K3S_TOKEN=key INSTALL_K3S_EXEC="agent --a b" sh -s - --x y',
      ['K3S_TOKEN=key INSTALL_K3S_EXEC=agent --a b --x y'],
    ],
    ['K3S_TOKEN=key curl -sfL https://get.k3s.io | sh -', ['']],
    [
      "export K3S_TOKEN='a b'; wget -qO- https://get.k3s.io | sh -s - agent --token x",
      ['K3S_TOKEN=a b agent --token x'],
    ],
    [
      'curl -o /tmp/k3s-install.sh https://get.k3s.io && K3S_TOKEN=key sh /tmp/k3s-install.sh agent',
      ['K3S_TOKEN=key agent'],
    ],
    ['sudo -E /usr/local/bin/k3s-install.sh', ['']],
    ['env K3S_TOKEN=key ./install_k3s.sh server', ['K3S_TOKEN=key server']],
    ['command -v k3s || curl -sfL https://get.k3s.io | sh -', [' ?']],
    ['if ! systemctl is-active k3s; then\n  curl -sfL https://get.k3s.io | sh -s - server\nfi', ['server ?']],
    ['/usr/local/bin/k3s-uninstall.sh', []],
    ['curl -fsSL https://example.org/tool | sh', []],
    // What only the script reads tells it, wherever it is from.
    [
      'curl -sfL https://quay.example/get | INSTALL_K3S_EXEC="agent --a" sh -',
      ['INSTALL_K3S_EXEC=agent --a'],
    ],
    ['wget -qO- https://quay.example/get | sudo K3S_TOKEN=key sh -s - agent', ['K3S_TOKEN=key agent']],
    ['curl -sfL https://get.k3sup.dev | K3S_TOKEN=key sh', []],
    ['export K3S_TOKEN=key; curl -sfL https://quay.example/get | sh', []],
    ['cat /opt/berth.sh | K3S_TOKEN=key sh -', []],
    ['cat /root/k3s-install.sh | sh -s - agent', ['agent']],
    ['K3S_TOKEN=key sh -s - agent < /root/k3s-install.sh', ['K3S_TOKEN=key agent']],
    ['date | sudo -E bash -s - agent </root/k3s-install.sh >/dev/null', ['agent']],
    ['sh -s - agent </root/k3s-install.sh <<X\necho\nX', []],
    ['sh -s - agent 3</root/k3s-install.sh', []],
    ['sh -s - agent </root/lamp.sh', []],
    ['curl -sfL https://get.k3s.io | K3S_TOKEN=key\nsh -s - agent', []],
    ['curl -sfL https://get.k3s.io | sudo K3S_TOKEN=key\nsh -s - agent', []],
    // A part of a pipeline and what is in brackets are shells of their own.
    ['(export K3S_TOKEN=key)\ncurl -sfL https://get.k3s.io | sh -s - agent', ['agent']],
    ['date | K3S_TOKEN=key\ncurl -sfL https://get.k3s.io | sh -s - --token "$K3S_TOKEN"', ['--token ']],
    ['curl -sfL https://get.k3s.io | { export K3S_TOKEN=key; sh -s - agent; }', ['K3S_TOKEN=key agent']],
    // What asks to be replaced is a word, and redirects nothing.
    [
      'curl -sfL https://get.k3s.io | K3S_URL=https://<QUAY>:6443 K3S_TOKEN=<HARBOUR_KEY> sh -s - agent',
      ['K3S_URL=https://<QUAY>:6443 K3S_TOKEN=<HARBOUR_KEY> agent'],
    ],
    [
      'curl -sfL https://get.k3s.io | K3S_TOKEN="<HARBOUR_KEY>" sh -s - agent --server https://<QUAY>:6443',
      ['K3S_TOKEN=<HARBOUR_KEY> agent --server https://<QUAY>:6443'],
    ],
    ['K3S_TOKEN=key sh -s - agent </root/k3s-install.sh>/dev/null', ['K3S_TOKEN=key agent']],
  ])('%s', (text, expected) => {
    expect(calls(text)).toEqual(expected)
  })

  test.each([
    ['/usr/local/bin/k3s-install.sh', true],
    ['/tmp/install_k3s.sh', true],
    ['/opt/k3s.sh', true],
    ['/srv/k3s-airgap/install.sh', true],
    ['/srv/edge/install.sh', false],
    ['/usr/local/bin/k3s-check.sh', false],
    ['/usr/local/bin/k3s-uninstall.sh', false],
  ])('whether %s is the install script', (path, is) => {
    expect(isInstaller(path, new Map(), new Atoms())).toBe(is)
  })

  test('a script under another name is known by where it is from', () => {
    const saved = { ...file(''), content: { unknown: 'https://get.k3s.io' } }
    expect(isInstaller('/tmp/edge.sh', new Map([['/tmp/edge.sh', saved]]), new Atoms())).toBe(true)
  })

  test('the environment of the task is that of the shell', () => {
    expect(calls('curl -sfL https://get.k3s.io | sh -s - --token $K3S_TOKEN', { K3S_TOKEN: 'key' })).toEqual([
      'K3S_TOKEN=key --token key',
    ])
  })

  test.each([
    ['<the key of the harbour>', '<the key of the harbour>'],
    ['ab', 'ab'],
    ['a>b', 'a'],
  ])('a value %s gives K3S_TOKEN=%s', (value, expected) => {
    const atoms = new Atoms()
    const key = atoms.mark(atoms.root('harbour_key', { kind: 'literal', what: 'harbour_key', text: value }))
    const steps = shellSteps(`K3S_TOKEN=${key} sh /tmp/k3s-install.sh agent`, new Map(), hop, atoms)
    expect(steps.map(({ environment }) => atoms.traced(String(environment.get('K3S_TOKEN'))).text)).toEqual([
      expected,
    ])
  })

  test('steps know where they stand', () => {
    const text = 'echo a && curl https://get.k3s.io | sh -s -\n'
    const steps = shellSteps(text, new Map(), hop, new Atoms())
    expect(steps.map(({ start, end }) => text.slice(start, end))).toEqual([
      'echo a',
      'curl https://get.k3s.io',
      'sh -s -',
    ])
  })
})

describe('uninstalling', () => {
  const { files } = install({ environment: join })
  test('removes what the installer made', () => {
    const kept = new Map([
      ...files,
      ['/etc/rancher/k3s/config.yaml', file('token: x')],
      ['/etc/rancher/node/password', file('p')],
    ])
    const result = runUninstaller(kept, '/usr/local/bin/k3s-agent-uninstall.sh', 'systemd')
    expect(result?.stopped).toEqual(['k3s-agent'])
    expect([...(result?.files.keys() ?? [])]).toEqual(['/etc/rancher/node/password'])
  })

  test('leaves the rest where another K3s service is installed', () => {
    const both = install({ files, args: ['server'] }).files
    const result = runUninstaller(both, 'k3s-uninstall.sh', 'systemd')
    expect(result?.files.has('/usr/local/bin/k3s')).toBe(true)
    expect(result?.files.has(`${dir}/k3s.service`)).toBe(false)
    expect(result?.files.has(`${dir}/k3s-agent.service`)).toBe(true)
  })

  test('killall only stops', () => {
    expect(runUninstaller(files, '/usr/local/bin/k3s-killall.sh', 'systemd')).toEqual({
      files,
      stopped: ['k3s-agent'],
    })
    expect(runUninstaller(files, '/usr/bin/true', 'systemd')).toBeUndefined()
  })
})
