import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { PassThrough } from 'node:stream'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Artefact } from '../src/airgap/artefact.ts'
import { architectureOf, factsOf, selinuxTargetOf } from '../src/airgap/plan/nodeFacts.ts'
import { releaseName, releaseUrl, selinuxVersion } from '../src/airgap/plan/release.ts'
import { bytes } from '../src/airgap/words.ts'
import { planCommand } from '../src/commands/airgap/plan.ts'
import { parse } from '../src/commands/parse.ts'
import type { Session } from '../src/commands/session.ts'
import { UserError } from '../src/errors.ts'
import { Secret } from '../src/secret.ts'
import { encryptVault } from '../src/syntax/vault.ts'

let dir = ''
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'k3seal-plan-'))
})
afterEach(() => rmSync(dir, { recursive: true, force: true }))

const put = (path: string, text: string): void => {
  mkdirSync(dirname(join(dir, path)), { recursive: true })
  writeFileSync(join(dir, path), text)
}

async function plan(...args: readonly string[]): Promise<string> {
  const stdout = new PassThrough()
  const session: Session = {
    cwd: dir,
    env: { HOME: dir },
    stdin: new PassThrough(),
    stdout,
    stderr: new PassThrough(),
    interactive: false,
    color: false,
  }
  await parse(
    planCommand(session, () => undefined),
    args,
    session,
  )
  stdout.end()
  return (stdout.read() ?? '').toString()
}

interface Printed {
  readonly version: number
  readonly k3sVersion: string
  readonly artefacts: readonly Artefact[]
  readonly nodes: readonly Readonly<Record<string, unknown>>[]
  readonly assumptions: readonly string[]
}

const planned = async (...args: readonly string[]): Promise<Printed> =>
  JSON.parse(await plan('--json', ...args))

/** `target <- asset: nodes`, of the files that go to nodes. */
const delivered = ({ artefacts }: Printed): readonly string[] =>
  artefacts
    .filter(({ role }) => role === 'binary' || role === 'images' || role === 'selinux-package')
    .map(({ target, asset, nodes }) => `${target} <- ${asset}: ${nodes.join(' ')}`)

async function refusal(...args: readonly string[]): Promise<UserError> {
  const error = await plan(...args).catch((thrown: unknown) => thrown)
  if (!(error instanceof UserError)) throw error
  return error
}

const INVENTORY = `
[server]
quay ansible_architecture=x86_64

[agent]
mole ansible_architecture=aarch64
pier k3seal_arch=arm
weir

[k3s_cluster:children]
server
agent

[k3s_cluster:vars]
k3s_version=v1.31.5+k3s1
`

describe('what nodes need', () => {
  test('by architecture, in the names of the release and of the role', async () => {
    put('inventory.ini', INVENTORY)
    const found = await planned('-i', 'inventory.ini')
    expect(delivered(found)).toEqual([
      'k3s-amd64 <- k3s: quay weir',
      'k3s-airgap-images-amd64.tar.zst <- k3s-airgap-images-amd64.tar.zst: quay weir',
      'k3s-arm64 <- k3s-arm64: mole',
      'k3s-airgap-images-arm64.tar.zst <- k3s-airgap-images-arm64.tar.zst: mole',
      'k3s-arm <- k3s-armhf: pier',
      'k3s-airgap-images-arm.tar.zst <- k3s-airgap-images-arm.tar.zst: pier',
    ])
    expect(found.assumptions).toEqual([
      'Assumed amd64 for agent weir: the inventory does not tell its architecture.',
      expect.stringMatching(/^k3s-ansible copies the images of amd64, arm64 and arm alike to every node/),
    ])
  })

  test('as JSON', async () => {
    put(
      'inventory.ini',
      '[server]\nquay ansible_architecture=x86_64\n[server:vars]\nk3s_version=v1.31.5+k3s1\n',
    )
    const release = 'https://github.com/k3s-io/k3s/releases/download/v1.31.5%2Bk3s1'
    const tag = 'https://raw.githubusercontent.com/k3s-io/k3s/v1.31.5%2Bk3s1'
    expect(await planned('-i', 'inventory.ini')).toEqual({
      version: 1,
      k3sVersion: 'v1.31.5+k3s1',
      artefacts: [
        {
          role: 'install-script',
          asset: 'install.sh',
          target: 'k3s-install.sh',
          arch: 'any',
          url: `${tag}/install.sh`,
          checksums: 'install.sh.sha256sum',
          place: '/usr/local/bin/k3s-install.sh',
          nodes: ['quay'],
        },
        {
          role: 'install-script-checksum',
          asset: 'install.sh.sha256sum',
          target: 'install.sh.sha256sum',
          arch: 'any',
          url: `${tag}/install.sh.sha256sum`,
          nodes: ['quay'],
        },
        {
          role: 'image-list',
          asset: 'k3s-images.txt',
          target: 'k3s-images.txt',
          arch: 'any',
          url: `${release}/k3s-images.txt`,
          checksums: 'sha256sum-amd64.txt',
          nodes: ['quay'],
        },
        {
          role: 'binary',
          asset: 'k3s',
          target: 'k3s-amd64',
          arch: 'amd64',
          url: `${release}/k3s`,
          checksums: 'sha256sum-amd64.txt',
          place: '/usr/local/bin/k3s',
          nodes: ['quay'],
        },
        {
          role: 'images',
          asset: 'k3s-airgap-images-amd64.tar.zst',
          target: 'k3s-airgap-images-amd64.tar.zst',
          arch: 'amd64',
          url: `${release}/k3s-airgap-images-amd64.tar.zst`,
          checksums: 'sha256sum-amd64.txt',
          place: '/var/lib/rancher/k3s/agent/images/k3s-airgap-images-amd64.tar.zst',
          nodes: ['quay'],
        },
        {
          role: 'checksums',
          asset: 'sha256sum-amd64.txt',
          target: 'sha256sum-amd64.txt',
          arch: 'amd64',
          url: `${release}/sha256sum-amd64.txt`,
          nodes: ['quay'],
        },
      ],
      nodes: [{ name: 'quay', kind: 'server', arch: 'amd64', archKnown: true, selinux: null }],
      assumptions: [],
    })
  })

  test('agents alone, groups that variables name, and hosts in no group of the cluster', async () => {
    put('agents.ini', '[agent]\nmole\n[agent:vars]\nk3s_version=v1.31.5+k3s1\n')
    expect((await planned('-i', 'agents.ini')).nodes).toEqual([
      { name: 'mole', kind: 'agent', arch: 'amd64', archKnown: false, selinux: null },
    ])
    put(
      'named.ini',
      '[lock]\nquay\n[sluice]\nmole\n[other]\nbuoy\n[all:vars]\nserver_group=lock\nagent_group=sluice\nk3s_version=v1.31.5+k3s1\n',
    )
    expect((await planned('-i', 'named.ini')).nodes.map(({ name, kind }) => [name, kind])).toEqual([
      ['mole', 'agent'],
      ['quay', 'server'],
    ])
  })

  test('--arch says it of the nodes that nothing else tells it of', async () => {
    put('inventory.ini', INVENTORY)
    const found = await planned('-i', 'inventory.ini', '--arch', 'aarch64')
    expect(delivered(found).filter((line) => line.includes('weir'))).toEqual([
      'k3s-arm64 <- k3s-arm64: mole weir',
      'k3s-airgap-images-arm64.tar.zst <- k3s-airgap-images-arm64.tar.zst: mole weir',
    ])
    const several = await planned('-i', 'inventory.ini', '--arch', 'arm64,s390x')
    expect(
      several.artefacts.filter(({ role, nodes }) => role === 'binary' && nodes.includes('weir')),
    ).toMatchObject([
      { asset: 'k3s-arm64', target: 'k3s-arm64' },
      { asset: 'k3s-s390x', target: 'k3s-s390x' },
    ])
    expect(several.assumptions).toEqual([
      'Assumed arm64 and s390x for agent weir: the inventory does not tell its architecture, --arch does.',
      expect.stringMatching(/^k3s-ansible copies the images of amd64, arm64, arm and s390x alike/),
      'Whether this release has files for s390x is not known: K3s builds amd64, arm64 and arm.',
    ])
  })

  test('--archive takes another form of the images', async () => {
    put('inventory.ini', INVENTORY)
    const found = await planned('-i', 'inventory.ini', '--archive', 'gz')
    expect(found.artefacts.filter(({ role }) => role === 'images').map(({ asset }) => asset)).toEqual([
      'k3s-airgap-images-amd64.tar.gz',
      'k3s-airgap-images-arm64.tar.gz',
      'k3s-airgap-images-arm.tar.gz',
    ])
  })

  test('the size of what lies in airgap_dir, which starts at the playbook', async () => {
    put('site/inventory.ini', `${INVENTORY}airgap_dir=./depot\n`)
    put('site/playbooks/depot/k3s-amd64', 'x'.repeat(1234))
    const found = await planned('-i', 'site/inventory.ini')
    expect(found.artefacts.filter(({ size }) => size !== undefined)).toMatchObject([
      { target: 'k3s-amd64', size: 1234 },
    ])
  })

  test('what the role of k3s-ansible takes for amd64 is said', async () => {
    put(
      'inventory.ini',
      '[server]\nquay ansible_architecture=armv6l\nmole ansible_architecture=armv7l\n[all:vars]\nk3s_version=v1.31.5+k3s1\n',
    )
    expect((await planned('-i', 'inventory.ini')).assumptions).toEqual([
      "k3s-ansible's role takes quay for amd64, as it does all but aarch64 and armv7l: copy the binary there by another way.",
    ])
  })
})

describe('facts', () => {
  const tree = (facts: Readonly<Record<string, unknown>>): string =>
    JSON.stringify({ ansible_facts: facts, changed: false })
  const debian = {
    ansible_architecture: 'aarch64',
    ansible_os_family: 'Debian',
    ansible_distribution: 'Debian',
  }

  test('of setup --tree and of both forms of the cache outdo the inventory', async () => {
    put('inventory.ini', INVENTORY)
    put('facts/quay', tree(debian))
    put('facts/mole', JSON.stringify({ ...debian, ansible_architecture: 'x86_64' }))
    put('facts/s1_pier', JSON.stringify({ __payload__: JSON.stringify(debian) }))
    put('facts/weir', '{"changed": false, "msg": "Failed to connect", "unreachable": true}')
    const found = await planned('-i', 'inventory.ini', '--facts', 'facts')
    expect(
      found.nodes.map(({ name, arch, archKnown, osFamily }) => [name, arch, archKnown, osFamily]),
    ).toEqual([
      ['mole', 'amd64', true, 'Debian'],
      ['pier', 'arm64', true, 'Debian'],
      ['quay', 'arm64', true, 'Debian'],
      ['weir', 'amd64', false, undefined],
    ])
    expect(found.assumptions).toEqual([
      'Assumed amd64 for agent weir: neither the inventory nor the facts tell its architecture.',
      'No facts were gathered of weir.',
      expect.stringMatching(/^k3s-ansible copies the images of amd64 and arm64 alike/),
    ])
  })

  test.each([
    ['{"ansible_facts": {', 'holds no facts: it is no JSON'],
    ['[]', 'holds no facts: it is no mapping'],
  ])('%s is refused with its path', async (text, message) => {
    put('inventory.ini', INVENTORY)
    put('facts/quay', text)
    expect(await refusal('-i', 'inventory.ini', '--facts', 'facts')).toMatchObject({
      at: 'facts/quay',
      message,
    })
  })

  test('a directory without facts of these hosts, and none at all', async () => {
    put('inventory.ini', INVENTORY)
    put('facts/buoy', tree(debian))
    expect(await refusal('-i', 'inventory.ini', '--facts', 'facts')).toMatchObject({
      at: 'facts',
      message: 'holds no file that is named after a host of the inventory',
    })
    expect(await refusal('-i', 'inventory.ini', '--facts', 'gone')).toMatchObject({
      at: 'gone',
      message: 'is no directory with facts',
    })
  })

  test('an empty set of facts tells nothing', () => {
    expect(factsOf('facts/quay', '{}')).toBeUndefined()
  })
})

describe('SELinux', () => {
  const inventory = (line: string): string => `[server]\n${line}\n[server:vars]\nk3s_version=v1.31.5+k3s1\n`
  const rpms = async (...args: readonly string[]) =>
    (await planned('-i', 'inventory.ini', ...args)).artefacts
      .filter(({ role }) => role === 'selinux-package')
      .map(({ target }) => target)

  test('nodes of the RedHat family need the package, unless facts deny it', async () => {
    put('inventory.ini', inventory('quay ansible_os_family=RedHat ansible_distribution_major_version=8'))
    const found = await planned('-i', 'inventory.ini')
    const base = 'https://github.com/k3s-io/k3s-selinux/releases/download/v1.6.stable.1'
    expect(found.artefacts.slice(-2)).toEqual([
      {
        role: 'selinux-package',
        asset: 'k3s-selinux-1.6-1.el8.noarch.rpm',
        target: 'k3s-selinux-1.6-1.el8.noarch.rpm',
        arch: 'any',
        url: `${base}/k3s-selinux-1.6-1.el8.noarch.rpm`,
        checksums: 'sha256sum-centos8-noarch.txt',
        place: '/tmp/k3s-selinux-1.6-1.el8.noarch.rpm',
        nodes: ['quay'],
      },
      {
        role: 'checksums',
        asset: 'sha256sum-centos8-noarch.txt',
        target: 'sha256sum-centos8-noarch.txt',
        arch: 'any',
        url: `${base}/sha256sum-centos8-noarch.txt`,
        nodes: ['quay'],
      },
    ])
    expect(found.assumptions).toContain(
      'Assumed SELinux on for quay: RedHat family, and nothing says it is off.',
    )
    expect(await rpms('--no-selinux')).toEqual([])
    put('facts/quay', JSON.stringify({ ansible_facts: { ansible_selinux: { status: 'disabled' } } }))
    expect(await rpms('--facts', 'facts')).toEqual([])
    expect(await rpms('--facts', 'facts', '--selinux')).toEqual([])
  })

  test('nodes of the Suse family need it where it is on, or asked for', async () => {
    put('inventory.ini', inventory('quay ansible_distribution="openSUSE Leap"'))
    expect(await rpms()).toEqual([])
    expect(await rpms('--selinux', '1.5-2')).toEqual(['k3s-selinux-1.5-2.sle.noarch.rpm'])
    put('facts/quay', JSON.stringify({ ansible_facts: { ansible_selinux: { status: 'enabled' } } }))
    expect(await rpms('--facts', 'facts')).toEqual(['k3s-selinux-1.6-1.sle.noarch.rpm'])
  })

  test('packages of two kinds in one directory are warned of', async () => {
    put(
      'inventory.ini',
      inventory(
        'quay ansible_distribution=Rocky ansible_distribution_major_version=8\nmole ansible_distribution=AlmaLinux ansible_distribution_major_version=9',
      ),
    )
    expect(await rpms()).toEqual(['k3s-selinux-1.6-1.el8.noarch.rpm', 'k3s-selinux-1.6-1.el9.noarch.rpm'])
    expect((await planned('-i', 'inventory.ini')).assumptions.at(-1)).toMatch(
      /^One airgap_dir with packages for el8 and el9: k3s-ansible would install all of them/,
    )
  })

  test('a release without checksums has none', async () => {
    put('inventory.ini', inventory('quay ansible_os_family=RedHat ansible_distribution_major_version=9'))
    const found = await planned('-i', 'inventory.ini', '--selinux', 'v1.7.stable.1')
    expect(found.artefacts.at(-1)).toEqual({
      role: 'selinux-package',
      asset: 'k3s-selinux-1.7-1.el9.noarch.rpm',
      target: 'k3s-selinux-1.7-1.el9.noarch.rpm',
      arch: 'any',
      url: 'https://github.com/k3s-io/k3s-selinux/releases/download/v1.7.stable.1/k3s-selinux-1.7-1.el9.noarch.rpm',
      place: '/tmp/k3s-selinux-1.7-1.el9.noarch.rpm',
      nodes: ['quay'],
    })
  })

  test('a version that is none', async () => {
    put('inventory.ini', inventory('quay'))
    expect(await refusal('-i', 'inventory.ini', '--selinux', 'depot')).toMatchObject({
      message: '"depot" is no version of k3s-selinux',
    })
  })

  test.each([
    [{ osFamily: 'RedHat', majorVersion: '7' }, 'el7'],
    [{ distribution: 'Amazon', majorVersion: '2' }, 'el7'],
    [{ distribution: 'Amazon', majorVersion: '2023' }, 'el8'],
    [{ distribution: 'Fedora', majorVersion: '41' }, 'el8'],
    [{ distribution: 'Fedora', majorVersion: '41', packageManager: 'atomic_container' }, 'coreos'],
    [{ distribution: 'OracleLinux', majorVersion: '9' }, 'el9'],
    [{ distribution: 'RedHat', majorVersion: '10' }, 'el9'],
    [{ distribution: 'SL-Micro', osFamily: 'Suse' }, 'sle'],
    [{ distribution: 'Debian', osFamily: 'Debian' }, undefined],
    [{}, undefined],
  ] as const)('as install.sh chooses it: %j', (facts, target) => {
    expect(selinuxTargetOf(facts)).toBe(target)
  })
})

describe('the version', () => {
  test('that --k3s-version gives beats the inventory', async () => {
    put('inventory.ini', INVENTORY)
    expect((await planned('-i', 'inventory.ini', '--k3s-version', 'v1.33.1+k3s1')).k3sVersion).toBe(
      'v1.33.1+k3s1',
    )
  })

  test('may be a template, and have the name that PyratLabs.k3s gives it', async () => {
    put('inventory.ini', '[server]\nquay\n')
    put('group_vars/all.yml', 'k3s_release_version: "{{ harbour }}"\nharbour: v1.31.5+k3s1\n')
    expect((await planned('-i', 'inventory.ini')).k3sVersion).toBe('v1.31.5+k3s1')
  })

  test('has to be one for all nodes', async () => {
    put(
      'inventory.ini',
      '[server]\nquay k3s_version=v1.31.5+k3s1\n[agent]\nmole k3s_version=v1.30.1+k3s1\npier k3s_version=v1.31.5+k3s1\n',
    )
    expect(await refusal('-i', 'inventory.ini')).toMatchObject({
      message:
        'the nodes have different versions of K3s: v1.31.5+k3s1 on quay and pier; v1.30.1+k3s1 on mole',
      fix: 'a bundle holds one version: set one k3s_version for all nodes, or give it with --k3s-version',
    })
    expect((await planned('-i', 'inventory.ini', '--k3s-version', 'v1.31.5+k3s1')).nodes).toHaveLength(3)
  })

  test('is not told, or not of all', async () => {
    put('inventory.ini', '[server]\nquay\n')
    expect((await refusal('-i', 'inventory.ini')).message).toBe(
      'the inventory does not tell the version of K3s',
    )
    put('inventory.ini', '[server]\nquay k3s_version=v1.31.5+k3s1\n[agent]\nmole\n')
    expect((await refusal('-i', 'inventory.ini')).message).toBe(
      'the inventory does not tell the version of K3s for mole',
    )
  })

  test('may stand in a file that is vaulted as a whole: the file is named', async () => {
    put('inventory.ini', '[server]\nquay ansible_architecture=x86_64\n')
    put('group_vars/all.yml', encryptVault(new Secret('k3s_version: v1.31.5+k3s1\n'), new Secret('tide')))
    expect((await refusal('-i', 'inventory.ini')).message).toBe(
      'the inventory does not tell the version of K3s; group_vars/all.yml, which is encrypted as a whole, may hold it',
    )
    expect((await planned('-i', 'inventory.ini', '--k3s-version', 'v1.31.5+k3s1')).assumptions).toEqual([
      'group_vars/all.yml is encrypted as a whole, and stays closed: what it says is not heeded.',
    ])
  })

  test('that is vaulted stays closed; a vaulted token is no hindrance', async () => {
    const vaulted = `!vault |\n${encryptVault(new Secret('v1.31.5+k3s1'), new Secret('tide'))
      .split('\n')
      .map((line) => `  ${line}`)
      .join('\n')}`
    put('inventory.ini', '[server]\nquay ansible_architecture=x86_64\n')
    put('group_vars/all.yml', `k3s_version: v1.31.5+k3s1\ntoken: ${vaulted}\n`)
    expect((await planned('-i', 'inventory.ini')).assumptions).toEqual([])
    put('group_vars/all.yml', `k3s_version: ${vaulted}\n`)
    expect(await refusal('-i', 'inventory.ini')).toMatchObject({
      at: 'group_vars/all.yml:1:21',
      fix: 'write the version in clear text, or give it with --k3s-version',
    })
  })

  test.each([
    ['v1.31.5-k3s1', /a - instead of the \+ stands in image tags only/, 'write v1.31.5+k3s1'],
    ['1.31.5+k3s1', /the v is missing/, 'write v1.31.5+k3s1'],
    ['v1.31.5%2Bk3s1', /%2B stands for the \+ in addresses only/, 'write v1.31.5+k3s1'],
    ['v1.31.5', /K3s adds its own number behind a \+/, 'write v1.31.5+k3s1'],
    ['latest', /is a channel/, /^write the release out, like v1\.31\.5\+k3s1/],
    ['v1.31', /is a channel/, /^write the release out/],
    ['harbour', /^"harbour" is no release of K3s$/, 'write it like v1.31.5+k3s1'],
    ['v1.31.5+k3s1/../x', /is no release of K3s$/, 'write it like v1.31.5+k3s1'],
  ])('%s is no release', (text, message, fix) => {
    const release = releaseName(text)
    expect(release).toEqual({
      message: expect.stringMatching(message),
      fix: typeof fix === 'string' ? fix : expect.stringMatching(fix),
      isChannel: expect.any(Boolean),
    })
  })

  test.each(['v1.31.5+k3s1', 'v1.31.5-rc1+k3s1', 'v1.17.0+k3s.1', 'v1.17.0-alpha.1+k3s.1'])(
    '%s is one',
    (text) => {
      expect(releaseName(text)).toEqual({ version: text })
    },
  )

  test('in an inventory is refused with its place', async () => {
    put('inventory.ini', '[server]\nquay\n')
    put('group_vars/all.yml', 'harbour: 1\nk3s_version: latest\n')
    expect(await refusal('-i', 'inventory.ini')).toMatchObject({
      at: 'group_vars/all.yml:2:14',
      message: expect.stringMatching(/^k3s_version: "latest" is a channel/),
    })
  })
})

describe('what it says to people', () => {
  test('fits 80 columns and can be read without colours', async () => {
    const hosts = Array.from({ length: 40 }, (_, index) => `agent-in-the-lower-harbour-${index}`)
    put(
      'inventory.ini',
      `[server]\nquay ansible_os_family=RedHat ansible_architecture=aarch64\n[agent]\n${hosts.join('\n')}\n[all:vars]\nk3s_version=v1.31.5-rc12+k3s1\nairgap_dir=depot\n`,
    )
    put('depot/k3s-amd64', 'x'.repeat(70_100_000))
    const text = await plan('-i', 'inventory.ini')
    expect(text.split('\n').filter((line) => line.length > 80)).toEqual([])
    expect(text).not.toContain('\u001b')
    expect(text).toContain(`
amd64, for 40 nodes: agent-in-the-lower-harbour-0, agent-in-the-lower-harbour-1,
  agent-in-the-lower-harbour-10, agent-in-the-lower-harbour-11,
  agent-in-the-lower-harbour-12 and 35 more
from https://github.com/k3s-io/k3s/releases/download/v1.31.5-rc12%2Bk3s1/
  in airgap_dir                    size     published as  on the node
  k3s-amd64                        70.1 MB  k3s           /usr/local/bin/k3s
  k3s-airgap-images-amd64.tar.zst                         DATA/agent/images/
  sha256sum-amd64.txt                                     stays here
`)
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [70_123_456, '70.1 MB'],
    [1_500_000_000_000, '1500.0 GB'],
  ])('%d bytes are %s', (size, text) => {
    expect(bytes(size)).toBe(text)
  })
})

describe('bad input', () => {
  test('an inventory that is not there, broken, a script, or without nodes', async () => {
    expect(await refusal('-i', 'gone.yml')).toMatchObject({ at: 'gone.yml', message: 'does not exist' })
    put('broken.yml', 'server:\n  hosts:\n    quay: {\n')
    expect((await refusal('-i', 'broken.yml')).at).toMatch(/^broken\.yml:\d+:\d+$/)
    put('script.py', '#!/usr/bin/python3\n')
    expect((await refusal('-i', 'script.py')).message).toBe(
      'this looks like an inventory script; k3seal does not run it',
    )
    put('other.ini', '[database]\nquay\n')
    expect((await refusal('-i', 'other.ini')).message).toBe('the inventory has no K3s servers or agents')
  })

  test('an architecture that K3s has no release for', async () => {
    put(
      'inventory.ini',
      '[server]\nquay ansible_architecture=riscv64\n[all:vars]\nk3s_version=v1.31.5+k3s1\n',
    )
    expect(await refusal('-i', 'inventory.ini')).toMatchObject({
      at: 'inventory.ini:2:6',
      message: 'K3s is not made for quay, whose architecture is "riscv64"',
    })
    expect((await refusal('-i', 'inventory.ini', '--arch', 'mips')).message).toContain(
      'K3s is made for amd64, arm64, arm, s390x.',
    )
  })
})

test.each([
  ['x86_64', 'amd64'],
  ['aarch64', 'arm64'],
  ['armv7l', 'arm'],
  ['armv6l', 'arm'],
  ['armv8l', 'arm'],
  ['s390x', 's390x'],
  ['riscv64', undefined],
])('a machine %s is %s', (machine, arch) => {
  expect(architectureOf(machine)).toBe(arch)
})

test('addresses', () => {
  expect(releaseUrl('v1.31.5+k3s1', 'k3s-armhf')).toBe(
    'https://github.com/k3s-io/k3s/releases/download/v1.31.5%2Bk3s1/k3s-armhf',
  )
  expect(selinuxVersion('1.4')).toMatchObject({ tag: 'v1.4.stable.1', version: '1.4-1', hasChecksums: true })
  expect(selinuxVersion('v1.7.testing.2')).toMatchObject({ version: '1.7-2', hasChecksums: false })
})
