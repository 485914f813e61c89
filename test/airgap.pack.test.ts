import { execFileSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { extract, type Header } from 'tar-stream'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { manifestText, readManifest, roles, sumsText } from '../src/airgap/bundle.ts'
import { singleFile } from '../src/airgap/pack/program.ts'
import { packageUrl } from '../src/airgap/pack/sbom.ts'
import { secretByContent, secretByName } from '../src/airgap/secretFiles.ts'
import { packCommand } from '../src/commands/airgap/pack.ts'
import { unpackCommand } from '../src/commands/airgap/unpack.ts'
import { parse } from '../src/commands/parse.ts'
import { UserError } from '../src/errors.ts'
import { builtProgram } from '../src/io/bundle/program.ts'
import { writeArchive } from '../src/io/bundle/write.ts'
import { Secret } from '../src/secret.ts'
import { encryptVault, vaultScalar } from '../src/syntax/vault.ts'
import { dockerArchive, elfBinary, gzip, ociArchive, zstd } from './tools/imageArchives.ts'
import { type FakeSession, fakeSession } from './tools/wizard.ts'

const TOKEN = 'f3a9c07e51b24d8896cc01d2ab7743fe'
const vaulted = vaultScalar('vault_k3s_token', encryptVault(new Secret(TOKEN), new Secret('sloe')))
const INVENTORY = `k3s_cluster:
  children:
    server:
      hosts:
        quay:
  vars:
    k3s_version: v1.31.5+k3s1
    token: "{{ vault_k3s_token }}"
${vaulted.replaceAll(/^/gm, '    ')}
`

let root: string
beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), 'k3seal-pack-'))
  write('site/inventory.yml', INVENTORY)
  write('site/group_vars/server.yml', 'edge: true\n')
  write('site/airgap/k3s-amd64', elfBinary('amd64'))
  write('site/airgap/k3s-install.sh', '#!/bin/sh\nK3S_TOKEN="$2"\n')
  const image = { name: 'rancher/mirrored-pause:3.6', arch: 'amd64' } as const
  write('site/airgap/k3s-airgap-images-amd64.tar.zst', zstd(await ociArchive([image])))
  write('site/airgap/more.tar.gz', gzip(await dockerArchive([image])))
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, content: string | Uint8Array, mode = 0o644): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content, { mode })
}

const program = () =>
  ({
    kind: 'modules',
    modules: new Map([['main.js', () => 'console.log("larch")']]),
    license: 'MIT License',
    notices: 'yaml 2.9\n',
  }) as const

async function pack(args: readonly string[], env: Record<string, string> = {}): Promise<FakeSession> {
  const session = fakeSession(root, { env })
  await parse(
    packCommand(session, () => undefined, program),
    args,
    session,
  )
  return session
}

const usual = ['site/airgap', '-i', 'site/inventory.yml', '-o', 'bundle.tar.gz']

/** What is said; nothing may be left behind. */
async function refused(args: readonly string[] = usual, env: Record<string, string> = {}): Promise<string> {
  const before = readdirSync(root, { recursive: true }).sort()
  const error = await pack(args, env).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  expect(error).toBeInstanceOf(UserError)
  expect(readdirSync(root, { recursive: true }).sort()).toEqual(before)
  const { at, message } = error as UserError
  return at === undefined ? message : `${at}: ${message}`
}

interface Packed {
  readonly header: Header
  readonly content: Buffer
}

async function packed(file = 'bundle.tar.gz'): Promise<ReadonlyMap<string, Packed>> {
  const tar = extract()
  tar.end(gunzipSync(readFileSync(join(root, file))))
  const entries = new Map<string, Packed>()
  for await (const entry of tar) {
    const chunks: Uint8Array[] = []
    for await (const chunk of entry) chunks.push(chunk as Uint8Array)
    entries.set(entry.header.name, { header: entry.header, content: Buffer.concat(chunks) })
  }
  return entries
}

const sha256 = (content: Uint8Array): string => createHash('sha256').update(content).digest('hex')

test('the archive holds the files, the inventory, the delivery, k3seal, and the lists last', async () => {
  const { shown } = await pack([...usual, '--json'])
  const archive = readFileSync(join(root, 'bundle.tar.gz'))
  expect(JSON.parse(shown.stdout)).toEqual({
    version: 1,
    file: join(root, 'bundle.tar.gz'),
    size: archive.length,
    sha256: sha256(archive),
    files: 23,
  })
  const entries = await packed()
  const names = [...entries.keys()].map((name) => name.replace('k3seal-bundle/', ''))
  expect(names.filter((name) => !name.startsWith('k3seal/'))).toEqual([
    'README.txt',
    'THIRD-PARTY-NOTICES.txt',
    'airgap/k3s-airgap-images-amd64.tar.zst',
    'airgap/k3s-amd64',
    'airgap/k3s-install.sh',
    'airgap/more.tar.gz',
    'group_vars/server.yml',
    'inventory.yml',
    'k3seal.cjs',
    'bom.cdx.json',
    'k3seal-bundle.json',
    'SHA256SUMS',
  ])
  expect(names).toContain('k3seal/deliver.yml')
  expect(names).toContain('k3seal/templates/k3s-agent.service.j2')
  const at = (path: string): Packed => entries.get(`k3seal-bundle/${path}`) as Packed
  for (const { header } of entries.values())
    expect(header).toMatchObject({ uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0), type: 'file' })
  expect(at('airgap/k3s-amd64').header.mode).toBe(0o755)
  expect(at('airgap/more.tar.gz').header.mode).toBe(0o644)
  expect(at('inventory.yml').content.toString()).toBe(INVENTORY)
  expect(INVENTORY).toContain('$ANSIBLE_VAULT;1.1;AES256')

  const manifest = readManifest(at('k3seal-bundle.json').content.toString(), 'k3seal-bundle.json')
  expect(manifest.architectures).toEqual(['amd64'])
  expect(manifest.files.map(({ path, role }) => `${path} ${role}`)).toContain('k3seal.cjs program')
  for (const { path, size, sha256: sum } of manifest.files)
    expect({ path, size, sum }).toEqual({
      path,
      size: at(path).content.length,
      sum: sha256(at(path).content),
    })
  expect(manifest.files).toHaveLength(entries.size - 2)
  expect(at('SHA256SUMS').content.toString()).toContain(
    `${sha256(at('k3seal-bundle.json').content)}  k3seal-bundle.json\n`,
  )
  expect(at('README.txt').content.toString()).toContain(
    'node k3seal.cjs airgap verify airgap -i inventory.yml',
  )
})

test('the SBOM lists files and images, with what tells them apart', async () => {
  await pack(usual)
  const bom = JSON.parse((await packed()).get('k3seal-bundle/bom.cdx.json')?.content.toString() ?? '') as {
    serialNumber: string
    specVersion: string
    metadata: { timestamp?: string }
    components: { type: string; name: string; version?: string; purl?: string; hashes?: unknown }[]
  }
  expect(bom.specVersion).toBe('1.6')
  expect(bom.metadata.timestamp).toBeUndefined()
  expect(bom.serialNumber).toMatch(
    /^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/,
  )
  const images = bom.components.filter(({ type }) => type === 'container')
  expect(images.map(({ name, version }) => [name, version])).toEqual([
    ['docker.io/rancher/mirrored-pause', '3.6'],
    ['docker.io/rancher/mirrored-pause', '3.6'],
  ])
  expect(images.map(({ purl }) => purl?.replace(/@sha256%3A[0-9a-f]{64}/, '@DIGEST')).sort()).toEqual([
    'pkg:oci/mirrored-pause?arch=amd64&repository_url=docker.io/rancher/mirrored-pause&tag=3.6',
    'pkg:oci/mirrored-pause@DIGEST?arch=amd64&repository_url=docker.io/rancher/mirrored-pause&tag=3.6',
  ])
  expect(bom.components.find(({ name }) => name === 'airgap/k3s-amd64')?.hashes).toEqual([
    { alg: 'SHA-256', content: sha256(elfBinary('amd64')) },
  ])
})

test('the same content has the same bytes, whenever and wherever it lies', async () => {
  await pack(usual)
  const first = readFileSync(join(root, 'bundle.tar.gz'))
  // Made in another order, at another time, with other permissions.
  for (const name of ['more.tar.gz', 'k3s-install.sh', 'k3s-amd64', 'k3s-airgap-images-amd64.tar.zst']) {
    write(`elsewhere/site/airgap/${name}`, readFileSync(join(root, 'site/airgap', name)), 0o600)
    utimesSync(join(root, 'elsewhere/site/airgap', name), 1_000_000_000, 1_000_000_000)
  }
  cpSync(join(root, 'site/group_vars'), join(root, 'elsewhere/site/group_vars'), { recursive: true })
  write('elsewhere/site/inventory.yml', INVENTORY, 0o600)
  await pack(['elsewhere/site/airgap', '-i', 'elsewhere/site/inventory.yml', '-o', 'elsewhere/other.tar.gz'])
  expect(readFileSync(join(root, 'elsewhere/other.tar.gz')).equals(first)).toBe(true)
  // Five fields of the header, and no time: https://www.rfc-editor.org/rfc/rfc1952
  expect(first.subarray(0, 10)).toEqual(Buffer.from('1f8b08000000000000ff', 'hex'))
  await pack([...usual, '--force'], { SOURCE_DATE_EPOCH: '1700000000' })
  const dated = await packed()
  expect(dated.get('k3seal-bundle/inventory.yml')?.header.mtime).toEqual(new Date(1_700_000_000_000))
})

test('what is packed unpacks, at every level', async () => {
  for (const level of ['0', '1', '9']) {
    await pack([...usual, '--force', '--level', level])
    const session = fakeSession(root)
    const command = unpackCommand(session, () => undefined)
    await parse(command, ['bundle.tar.gz', '--out', `out${level}`], session)
    expect(readFileSync(join(root, `out${level}/inventory.yml`), 'utf8')).toBe(INVENTORY)
  }
  await expect(pack([...usual, '--level', '10'])).rejects.toThrow('It is a number from 0 to 9.')
})

test('the bytes do not depend on how a file is cut into reads', async () => {
  const zeros = (size: number): Buffer => Buffer.alloc(size, 'quay')
  for (const size of [0, 1, 511, 512, 65_535 - 512, 65_535, 262_144, 262_145, 1_100_000]) {
    write('file', zeros(size))
    const draft = await writeArchive(join(root, 'x.tar.gz'), { level: 0, mtime: 0 }, async (entries) => {
      const seen: number[] = []
      expect(
        await entries.file('a', join(root, 'file'), 0o644, { head: (bytes) => seen.push(bytes.length) }),
      ).toEqual({ size, sha256: sha256(zeros(size)) })
      expect(seen).toEqual(size === 0 ? [] : [Math.min(size, 65_536)])
    })
    const archive = readFileSync(draft.path)
    expect([archive.length, sha256(archive)]).toEqual([draft.size, draft.sha256])
    const tar = gunzipSync(archive)
    expect(tar.subarray(512, 512 + size).equals(zeros(size))).toBe(true)
    rmSync(draft.path)
  }
})

test('a file that changes while it is packed leaves nothing', async () => {
  write('file', Buffer.alloc(600_000))
  for (const change of [
    () => appendFileSync(join(root, 'file'), 'more'),
    () => writeFileSync(join(root, 'file'), Buffer.alloc(300_000)),
    () => writeFileSync(join(root, 'file'), Buffer.alloc(600_000, 1)),
  ]) {
    const before = readdirSync(root)
    const packing = writeArchive(join(root, 'x.tar.gz'), { level: 0, mtime: 0 }, async (entries) => {
      await entries.file('a', join(root, 'file'), 0o644, { head: change })
    })
    await expect(packing).rejects.toThrow('changed while it was packed')
    expect(readdirSync(root)).toEqual(before)
    write('file', Buffer.alloc(600_000))
  }
})

test.each([
  ['token: f3a9c07e51b24d8896cc01d2ab7743fe', 'site/group_vars/server.yml:1'],
  [
    '# k3seal-ignore token-plaintext\ntoken: f3a9c07e51b24d8896cc01d2ab7743fe',
    'site/group_vars/server.yml:2',
  ],
  ['vault_k3s_token: f3a9c07e51b24d8896cc01d2ab7743fe', 'site/group_vars/server.yml:1'],
])('a token in clear text is refused: %s', async (text, at) => {
  write('site/group_vars/server.yml', `${text}\n`)
  expect(await refused()).toBe(`${at}: holds a secret in clear text, which no bundle may hold`)
})

test('the project around the inventory tells which variable is the token', async () => {
  write('site/host_vars/quay.yml', "harbour_key: 'f3a9c07e51b24d8896cc01d2ab7743fe'\n")
  await pack(usual)
  write('site/ansible.cfg', '[defaults]\n')
  write(
    'site/roles/edge/tasks/main.yml',
    `- name: Write the environment
  ansible.builtin.lineinfile:
    path: /etc/systemd/system/k3s.service.env
    line: "K3S_TOKEN={{ harbour_key }}"
    mode: "0600"
  no_log: true
`,
  )
  expect(await refused([...usual, '--force'])).toBe(
    'site/host_vars/quay.yml:1: holds a secret in clear text, which no bundle may hold',
  )
})

test.each([
  ['site/airgap/.vault_pass', 'sloe', 'a vault password'],
  ['site/group_vars/vault-password.txt', 'sloe', 'a vault password'],
  ['site/airgap/.env', 'K3S_TOKEN=larch', 'a file of environment variables'],
  ['site/airgap/id_ed25519', 'x', 'an SSH key'],
  ['site/airgap/k3s.yaml', 'apiVersion: v1\n', 'a kubeconfig'],
])('%s is refused as %s', async (path, content, what) => {
  write(path, content)
  expect(await refused()).toBe(`${path}: is ${what}, which no bundle may hold`)
})

test.each([
  ['site/airgap/deep/tls.txt', '-----BEGIN EC PRIVATE KEY-----\nMHc', 'a private key', 1],
  ['site/group_vars/server.yml', 'key: |\n  -----BEGIN OPENSSH PRIVATE KEY-----\n', 'a private key', 2],
  ['site/airgap/note.txt', `K10${'0'.repeat(64)}::server:larch`, 'a join token of a cluster', 1],
  ['site/host_vars/quay.yml', '---\nansible_become_password: hunter2\n', 'a password of Ansible', 2],
  ['site/group_vars/all.json', '{"ansible_ssh_pass": "hunter2"}', 'a password of Ansible', 1],
  ['site/group_vars/all', 'a: 1\n"ansible_password": hunter2', 'a password of Ansible', 2],
])('%s is refused for what it holds', async (path, content, what, line) => {
  write(path, content)
  expect(await refused()).toBe(`${path}:${line}: holds ${what} in clear text, which no bundle may hold`)
})

test.each([
  'ansible_password: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n',
  'ansible_become_password: "{{ vault_become }}"\n',
  "ansible_become_pass: '{{ lookup('env', 'BECOME') }}'\n",
  'ansible_password:\nansible_user: ops\n',
  'ansible_password: ""\nansible_ssh_pass: null\n',
  '# ansible_password: hunter2\n',
  'ansible_host: quay # ansible_user: ops\n',
])('no secret stands in %j', (text) => {
  expect(secretByContent(Buffer.from(text))).toBeUndefined()
})

test('an INI inventory with a password is refused', async () => {
  write('site/hosts.ini', '[server]\nquay ansible_host=10.0.0.1 ansible_become_pass=hunter2\n')
  expect(await refused(['site/airgap', '-i', 'site/hosts.ini', '-o', 'bundle.tar.gz'])).toBe(
    'site/hosts.ini:2: holds a password of Ansible in clear text, which no bundle may hold',
  )
})

test('what no node needs is named, and what fetch or git keep for themselves stays behind', async () => {
  write('site/airgap/notes.md', 'larch\n')
  write('site/airgap/.git/HEAD', 'ref: refs/heads/main\n')
  write('site/airgap/.k3s-arm64.k3seal-part', 'half')
  write('site/airgap/.k3s-arm64.k3seal-part.json', '{}')
  write('site/airgap/.k3seal-fetch.lock', '1 quay\n')
  const { shown } = await pack(usual)
  expect(shown.stderr).toBe(`Packed, though no node needs it: airgap/notes.md.
No k3seal-bundle.json of fetch says that all is there: k3seal airgap verify tells.
`)
  const names = [...(await packed()).keys()]
  expect(names.filter((name) => /\.git|k3seal-part|lock/.test(name))).toEqual([])
  symlinkSync('/etc/hostname', join(root, 'site/airgap/link'))
  expect(await refused([...usual, '--force'])).toMatch(
    /^site\/airgap\/link: is a symbolic link that leads out of the directory, to \/etc\/hostname$/,
  )
})

test('the password file that Ansible is set up with is refused under any name', async () => {
  write('site/ansible.cfg', '[defaults]\nvault_password_file = group_vars/edge\n')
  write('site/group_vars/edge', 'sloe\n')
  expect(await refused()).toBe('site/group_vars/edge: is a vault password, which no bundle may hold')
})

test('what is encrypted as a whole may come along', async () => {
  write(
    'site/group_vars/tls.yml',
    `${encryptVault(new Secret('-----BEGIN PRIVATE KEY-----'), new Secret('sloe'))}\n`,
  )
  await pack(usual)
  expect([...(await packed()).keys()]).toContain('k3seal-bundle/group_vars/tls.yml')
})

test('names and contents of secrets', () => {
  const names = [
    '.vault_pass',
    'vault-pass.sh',
    '.vault-password-prod',
    'ansible_vault_password',
    '.env.prod',
  ]
  for (const name of [...names, 'a/b/id_rsa', 'keys.kdbx', '.netrc'])
    expect(secretByName(name), name).toBeDefined()
  for (const name of [
    'vault.yml',
    'vault_passwords.yml',
    'id_rsa.pub',
    '.env.example',
    'k3s.service.env',
    'k3s',
  ])
    expect(secretByName(name), name).toBeUndefined()
  expect(secretByContent(Buffer.from('\0-----BEGIN PRIVATE KEY-----'))).toBeUndefined()
  expect(secretByContent(Buffer.from('-----BEGIN CERTIFICATE-----'))).toBeUndefined()
})

test('an archive is never overwritten, nor written into what it holds', async () => {
  await pack(usual)
  expect(await refused()).toBe('bundle.tar.gz: is there already')
  await pack([...usual, '--force'])
  const inside = ['site/airgap', '-o', 'site/airgap/bundle.tar.gz']
  expect(await refused(inside)).toBe('site/airgap/bundle.tar.gz: would lie in the directory that is packed')
  symlinkSync(join(root, 'site/airgap'), join(root, 'link'))
  expect(await refused(['site/airgap', '-o', 'link/bundle.tar.gz'])).toBe(
    'link/bundle.tar.gz: would lie in the directory that is packed',
  )
  expect(await refused(['site/airgap', '-o', 'gone/bundle.tar.gz'])).toBe('gone: there is no such directory')
  expect(await refused(['site/gone', '-o', 'x.tar.gz'])).toBe('site/gone: is no directory')
  expect(await refused([...usual, '--force'], { SOURCE_DATE_EPOCH: 'today' })).toBe(
    'SOURCE_DATE_EPOCH is no time',
  )
})

test('only files are packed, and links to them', async () => {
  symlinkSync(join(root, 'site/airgap/k3s-amd64'), join(root, 'site/airgap/k3s'))
  await pack(usual)
  expect((await packed()).get('k3seal-bundle/airgap/k3s')?.content).toEqual(elfBinary('amd64'))
  symlinkSync('nowhere', join(root, 'site/airgap/lost'))
  expect(await refused([...usual, '--force'])).toBe('site/airgap/lost: is a symbolic link to nothing')
  rmSync(join(root, 'site/airgap/lost'))
  symlinkSync('/etc', join(root, 'site/airgap/etc'))
  expect(await refused([...usual, '--force'])).toMatch(/etc: is a symbolic link to a directory$/)
  rmSync(join(root, 'site/airgap/etc'))
  execFileSync('mkfifo', [join(root, 'site/airgap/pipe')])
  expect(await refused([...usual, '--force'])).toMatch(/pipe: is neither a file nor a directory$/)
  rmSync(join(root, 'site/airgap/pipe'))
  write('site/airgap/K3S', 'x')
  expect(await refused([...usual, '--force'])).toBe(
    'site/airgap: airgap/K3S and airgap/k3s are one file where the case of letters does not count',
  )
})

test('what fetch wrote down has to be there still', async () => {
  const file = { path: 'k3s-amd64', size: 4096, sha256: sha256(elfBinary('amd64')), role: 'binary' } as const
  const source = 'https://github.com/k3s-io/k3s/releases/download/v1.31.5%2Bk3s1/k3s'
  const manifest = (files: readonly object[]): string =>
    manifestText({
      version: 1,
      k3sVersion: 'v1.31.5+k3s1',
      architectures: ['amd64'],
      files: files as (typeof file)[],
    })
  write('site/airgap/k3seal-bundle.json', manifest([{ ...file, source }]))
  await pack(usual)
  const own = readManifest(
    (await packed()).get('k3seal-bundle/k3seal-bundle.json')?.content.toString() ?? '',
    '',
  )
  expect(own.k3sVersion).toBe('v1.31.5+k3s1')
  expect(own.files.find(({ path }) => path === 'airgap/k3s-amd64')).toEqual({
    ...file,
    path: 'airgap/k3s-amd64',
    arch: 'amd64',
    source,
  })
  write('site/airgap/k3seal-bundle.json', manifest([{ ...file, sha256: '0'.repeat(64) }]))
  expect(await refused([...usual, '--force'])).toBe(
    'site/airgap/k3s-amd64: is not the file that was fetched: k3seal-bundle.json lists another',
  )
  write('site/airgap/k3seal-bundle.json', manifest([{ ...file, path: 'k3s-arm64' }]))
  expect(await refused([...usual, '--force'])).toBe(
    'site/airgap: k3s-arm64 is missing, and k3seal-bundle.json lists it',
  )
  write('site/airgap/k3seal-bundle.json', '{"version":2}')
  expect(await refused([...usual, '--force'])).toBe(
    'site/airgap/k3seal-bundle.json: is of version 2, and this k3seal knows version 1',
  )
})

test('an inventory directory, several sources, and a directory that lies elsewhere', async () => {
  write('inventories/prod/hosts.yml', 'server:\n  hosts:\n    quay:\n')
  write('inventories/prod/group_vars/all.yml', 'edge: 1\n')
  write('inventories/common.ini', '[agent]\nlarch\n')
  write('inventories/prod/logo.png', Buffer.from([0x89, 0, 1, 2]))
  const { shown } = await pack([
    'site/airgap',
    ...['-i', 'inventories/prod', '-i', 'inventories/common.ini', '-o', 'bundle.tar.gz'],
  ])
  const names = [...(await packed()).keys()]
  for (const name of ['prod/hosts.yml', 'prod/group_vars/all.yml', 'common.ini', 'airgap/k3s-amd64'])
    expect(names).toContain(`k3seal-bundle/${name}`)
  expect(names).not.toContain('k3seal-bundle/prod/logo.png')
  expect(shown.stderr).toContain('prod/logo.png')
  const readme = (await packed()).get('k3seal-bundle/README.txt')?.content.toString()
  expect(readme).toContain('-i prod -i common.ini')
  expect(await refused(['site/airgap', '-i', 'gone.yml', '-o', 'x.tar.gz'])).toBe(
    'gone.yml: there is no such inventory',
  )
})

test('without -i it is the inventory of ansible.cfg, or none', async () => {
  const { shown } = await pack(['site/airgap', '-o', 'bundle.tar.gz'])
  expect(shown.stderr).toContain('Without an inventory: name one with -i')
  expect((await packed()).has('k3seal-bundle/inventory.yml')).toBe(false)
  write('ansible.cfg', '[defaults]\ninventory = site/inventory.yml\n')
  await pack(['site/airgap', '-o', 'bundle.tar.gz', '--force'])
  expect((await packed()).has('k3seal-bundle/inventory.yml')).toBe(true)
})

test('a delivery playbook of the project comes along as it is', async () => {
  write('site/k3seal/deliver.yml', '# ours\n- hosts: all\n')
  await pack(usual)
  const entries = await packed()
  expect(entries.get('k3seal-bundle/k3seal/deliver.yml')?.content.toString()).toBe('# ours\n- hosts: all\n')
  expect(entries.has('k3seal-bundle/k3seal/templates/k3s.env.j2')).toBe(true)
})

test('one file runs what several modules do', () => {
  const modules = new Map([
    [
      'main.js',
      "const { tree } = require('./engine.js'); process.stdout.write(tree + require('node:path').sep)",
    ],
    ['engine.js', "exports.tree = require('./main.js') && 'larch' // no line break at its end"],
  ])
  const text = singleFile({ modules, version: '1.2.3', license: 'MIT License\n\nCopyright' })
  expect(text).toMatch(
    /^#!\/usr\/bin\/env node\n\/\/ k3seal 1\.2\.3\. [\s\S]*\/\/ MIT License\n\/\/\n\/\/ Copyright\n/,
  )
  write('k3seal.cjs', text)
  expect(execFileSync(process.execPath, [join(root, 'k3seal.cjs')], { encoding: 'utf8' })).toBe('larch/')
})

test('k3seal that runs from its sources has no program to pack', () => {
  expect(() => builtProgram(join(import.meta.dirname, '../src/io/bundle/program.ts'))).toThrow(
    'runs from its sources',
  )
  expect(() => builtProgram('')).toThrow(UserError)
  write('k3seal.cjs', 'one file')
  const built = builtProgram(join(root, 'k3seal.cjs'))
  expect(built).toMatchObject({ kind: 'file', notices: undefined })
  expect(built.kind === 'file' && built.text()).toBe('one file')
})

test('SHA256SUMS escapes names as coreutils do', () => {
  expect(
    sumsText([
      { path: 'a\\b', sha256: '0' },
      { path: 'a b', sha256: '1' },
      { path: 'a\nb', sha256: '2' },
    ]),
  ).toBe('\\2  a\\nb\n1  a b\n\\0  a\\\\b\n')
})

test('package URLs of images', () => {
  const image = { archive: 'x', config: undefined, architecture: undefined, digest: undefined }
  expect(packageUrl({ ...image, reference: undefined })).toBeUndefined()
  expect(packageUrl({ ...image, reference: 'localhost:5000/Edge/Quay:v1' })).toBe(
    'pkg:oci/quay?repository_url=localhost:5000/edge/quay&tag=v1',
  )
})

test('the published schema names the roles that there are', () => {
  const schema = JSON.parse(
    readFileSync(join(import.meta.dirname, '../schema/k3seal-bundle.schema.json'), 'utf8'),
  ) as { definitions: { file: { properties: { role: { enum: string[] } } } } }
  expect(schema.definitions.file.properties.role.enum).toEqual([...roles])
  expect(existsSync(join(root, 'bundle.tar.gz'))).toBe(false)
})
