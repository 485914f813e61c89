import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import zlib from 'node:zlib'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { manifestText } from '../src/airgap/bundle.ts'
import { verifyCommand } from '../src/commands/airgap/verify.ts'
import { parse } from '../src/commands/parse.ts'
import {
  dockerArchive,
  elfBinary,
  gzip,
  ociArchive,
  sha256,
  type TarFile,
  type TestImage,
  tarOf,
  zstd,
} from './tools/imageArchives.ts'
import { fakeSession } from './tools/wizard.ts'

const NAMES = ['rancher/mirrored-pause:3.6', 'rancher/klipper-helm:v0.9.3-build20241008']
const IMAGES: readonly TestImage[] = NAMES.flatMap((name) => [
  { name, arch: 'amd64' as const },
  { name, arch: 'arm64' as const },
])
const SCRIPT = '#!/bin/sh\necho elm\n'
const INVENTORY = `k3s_cluster:
  children:
    server: {hosts: {ash: {k3seal_arch: amd64}}}
    agent: {hosts: {birch: {k3seal_arch: arm64}, cedar: {k3seal_arch: arm64}}}
  vars: {k3s_version: v1.31.5+k3s1}
`

type Files = Record<string, string | Uint8Array>

/** What a release has for two architectures, as `fetch` leaves it; `sealed` afterwards gives the lists their sums. */
async function release(): Promise<Files> {
  return {
    'k3s-amd64': elfBinary('amd64'),
    'k3s-arm64': elfBinary('arm64'),
    'k3s-airgap-images-amd64.tar.zst': zstd(await ociArchive(IMAGES, { absent: ['arm64'] })),
    'k3s-airgap-images-arm64.tar.zst': zstd(await ociArchive(IMAGES, { absent: ['amd64'] })),
    'k3s-images.txt': NAMES.map((name) => `docker.io/${name}\n`).join(''),
    'k3s-install.sh': SCRIPT,
  }
}

const ASSETS: Readonly<Record<string, string>> = { 'k3s-amd64': 'k3s', 'k3s-install.sh': 'install.sh' }

function sealed(files: Files): Files {
  const line = (name: string): string => {
    const content = files[name]
    return content === undefined ? '' : `${sha256(content)}  ${ASSETS[name] ?? name}\n`
  }
  return {
    ...files,
    'sha256sum-amd64.txt': line('k3s-amd64') + line('k3s-airgap-images-amd64.tar.zst'),
    'sha256sum-arm64.txt': line('k3s-arm64') + line('k3s-airgap-images-arm64.tar.zst'),
    'install.sh.sha256sum': line('k3s-install.sh'),
  }
}

interface Found {
  readonly version: number
  readonly problems: readonly Problem[]
  readonly notices: readonly Problem[]
  readonly checked: readonly { readonly path: string; readonly what: readonly string[] }[]
  readonly unchecked: readonly { readonly path?: string; readonly why: string }[]
}

interface Problem {
  readonly id: string
  readonly path?: string
  readonly message: string
  readonly cure: string
  readonly nodes: readonly string[]
}

let root: string
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'k3seal-verify-'))
  write('inventory.yml', INVENTORY)
})
afterEach(() => rmSync(root, { recursive: true, force: true }))

function write(path: string, content: string | Uint8Array, mode = 0o755): void {
  mkdirSync(dirname(join(root, path)), { recursive: true })
  writeFileSync(join(root, path), content)
  chmodSync(join(root, path), mode)
}

function put(files: Files): void {
  for (const [name, content] of Object.entries(files)) write(`bundle/${name}`, content)
}

async function run(...args: readonly string[]): Promise<{ readonly text: string; readonly status: number }> {
  const session = fakeSession(root)
  let status = 0
  await parse(
    verifyCommand(session, (given) => {
      status = given
    }),
    args,
    session,
  )
  return { text: session.shown.stdout, status }
}

async function verify(...args: readonly string[]): Promise<Found> {
  const { text, status } = await run('bundle', '--json', ...args)
  const found = JSON.parse(text) as Found
  expect(status).toBe(found.problems.length > 0 ? 1 : 0)
  return found
}

const withNodes = ['-i', 'inventory.yml'] as const
const short = ({ problems }: Found): readonly string[] =>
  problems.map(({ id, path, nodes }) => [id, path ?? '-', ...nodes].join(' '))

test('who has to wait long for zstd is told why: where neither Node nor a program unpacks it', async () => {
  const notes = async (): Promise<string> => {
    const session = fakeSession(root, { env: { PATH: root } })
    await parse(
      verifyCommand(session, () => undefined),
      ['bundle'],
      session,
    )
    return session.shown.stderr
  }
  put({ 'k3s-airgap-images-amd64.tar.zst': zstd(Buffer.alloc(0)) })
  expect(await notes()).toBe('')
  // No bytes that would take long to read: they end at once.
  truncateSync(join(root, 'bundle/k3s-airgap-images-amd64.tar.zst'), 70_000_000)
  if ('createZstdDecompress' in zlib) expect(await notes()).toBe('')
  else
    expect(await notes()).toMatch(
      /^note: 70\.0 MB of zstd are unpacked by JavaScript, which takes long: .*\n$/,
    )
})

describe('a good bundle', () => {
  test('has no problem, and says what was looked at', async () => {
    put(sealed(await release()))
    const found = await verify(...withNodes)
    expect(found.version).toBe(1)
    expect(found.problems).toEqual([])
    expect(found.unchecked).toEqual([])
    expect(found.checked).toContainEqual({
      path: 'k3s-airgap-images-arm64.tar.zst',
      what: [
        'SHA-256 in sha256sum-arm64.txt',
        'readable to its end',
        'images with their layers: 2',
        'each image of k3s-images.txt for linux/arm64: 2',
        'of one release with k3s-arm64, by sha256sum-arm64.txt',
      ],
    })
    expect(found.checked).toContainEqual({
      path: 'k3s-arm64',
      what: ['SHA-256 in sha256sum-arm64.txt', 'ELF header: arm64 (ELF machine 183)', 'version v1.31.5+k3s1'],
    })
    expect(found.checked).toContainEqual({
      path: 'k3s-install.sh',
      what: ['SHA-256 in install.sh.sha256sum', 'the install script'],
    })
    expect(new Set(found.notices.map(({ id }) => id))).toEqual(
      new Set(['default-route', 'free-space', 'plan-remark', 'text-in-images-directory']),
    )
  })

  test('is one without an inventory, too', async () => {
    put(sealed(await release()))
    expect(short(await verify())).toEqual([])
  })

  test.each(['.tar', '.tar.gz'] as const)('with archives that end with %s', async (ending) => {
    const files = await release()
    for (const arch of ['amd64', 'arm64'] as const) {
      delete files[`k3s-airgap-images-${arch}.tar.zst`]
      const tar = await ociArchive(IMAGES, { absent: [arch === 'amd64' ? 'arm64' : 'amd64'] })
      files[`k3s-airgap-images-${arch}${ending}`] = ending === '.tar' ? tar : gzip(tar)
    }
    put(sealed(files))
    const found = await verify(...withNodes)
    expect(short(found)).toEqual([])
    // No list vouches for these, so the digests of their blobs were compared.
    expect(found.checked.find(({ path }) => path === `k3s-airgap-images-arm64${ending}`)?.what).toContain(
      'SHA-256 of its layers',
    )
  })

  test.each([
    ['as docker save wrote it before 25', () => dockerArchive(own('amd64'))],
    ['an OCI layout alone', () => ociArchive(own('amd64'), { manifestJson: false })],
    ['an OCI layout without nested indexes', () => ociArchive(own('amd64'), { nested: false })],
    ['as docker save wrote it, a layer that two images share being a link', linkedArchive],
  ])('with an archive %s', async (_, archive) => {
    const files = await release()
    delete files['k3s-arm64']
    delete files['k3s-airgap-images-arm64.tar.zst']
    put(sealed({ ...files, 'k3s-airgap-images-amd64.tar.zst': zstd(await archive()) }))
    expect(short(await verify())).toEqual([])
  })

  test('as unpacked from what pack wrote: lists in the directory above', async () => {
    const files = sealed(await release())
    for (const [name, content] of Object.entries(files)) write(`bundle/airgap/${name}`, content)
    write(
      'bundle/k3seal-bundle.json',
      manifestText({
        version: 1,
        k3sVersion: 'v1.31.5+k3s1',
        architectures: ['amd64', 'arm64'],
        files: Object.entries(files).map(([name, content]) => ({
          path: `airgap/${name}`,
          size: content.length,
          sha256: sha256(content),
          role: name === 'k3s-amd64' ? 'binary' : 'other',
        })),
      }),
    )
    const found = await verify(...withNodes)
    expect(short(found)).toEqual([])
    expect(found.checked.find(({ path }) => path === 'airgap/k3s-amd64')?.what).toContain(
      'SHA-256 in k3seal-bundle.json',
    )
  })
})

const own = (arch: 'amd64' | 'arm64' | 'arm'): readonly TestImage[] => NAMES.map((name) => ({ name, arch }))

/** Docker before 25 wrote the layers that were there already as links: `../<id>/layer.tar`. */
async function linkedArchive(): Promise<Buffer> {
  const [name, other] = NAMES as [string, string]
  const images: readonly TestImage[] = [
    { name, arch: 'amd64', layers: ['base', 'one'] },
    { name: other, arch: 'amd64', layers: ['two'] },
  ]
  return dockerArchive(images, (files) => {
    const [first] = files.filter((file) => file.name.endsWith('/layer.tar'))
    const list = files.find((file) => file.name === 'manifest.json')
    if (first === undefined || list === undefined) throw new Error('no layers')
    const text = Buffer.from(list.content as Uint8Array).toString()
    const manifests = JSON.parse(text) as { Layers: string[] }[]
    manifests[1]?.Layers.unshift('quince/layer.tar')
    const link: TarFile = { name: 'quince/layer.tar', type: 'symlink', linkName: `../${first.name}` }
    return [...files.filter((file) => file !== list), link, { ...list, content: JSON.stringify(manifests) }]
  })
}

interface Case {
  readonly title: string
  /** Changes what the lists vouch for. */
  readonly change?: (files: Files) => void | Promise<void>
  /** Changes the directory after the lists were made. */
  readonly spoil?: (files: Files) => void | Promise<void>
  /** `id path nodes…` */
  readonly expected: readonly string[]
  readonly message?: string
}

const BINARY = 'k3s-arm64'
const ARCHIVE = 'k3s-airgap-images-arm64.tar.zst'
const arm64 = 'birch cedar'

const cases: readonly Case[] = [
  {
    title: 'a binary is missing',
    change: (files) => void delete files[BINARY],
    expected: [`artefact-missing - ${arm64}`],
    message:
      'k3s-arm64 is missing: k3s-ansible skips the copying without a word, and these nodes start without K3s',
  },
  {
    title: 'an archive is missing',
    change: (files) => void delete files[ARCHIVE],
    expected: [`artefact-missing - ${arm64}`, `image-wrong-platform - ${arm64}`],
  },
  {
    title: 'the install script goes by its name in the release',
    change: (files) => {
      files['install.sh'] = SCRIPT
      delete files['k3s-install.sh']
    },
    expected: ['artefact-misnamed install.sh ash birch cedar'],
    message: 'is not where k3s-ansible looks: its role airgap takes k3s-install.sh',
  },
  {
    title: 'a binary goes by the name of its machine',
    change: (files) => {
      files['k3s-aarch64'] = files[BINARY] as Buffer
      delete files[BINARY]
    },
    expected: [`artefact-misnamed k3s-aarch64 ${arm64}`],
    message: 'is not where k3s-ansible looks: its role airgap takes k3s-arm64',
  },
  {
    title: 'a byte of a binary has changed',
    spoil: (files) => {
      const bytes = Buffer.from(files[BINARY] as Buffer)
      bytes[2000] = 1
      files[BINARY] = bytes
    },
    expected: [`checksum-mismatch k3s-arm64 ${arm64}`],
  },
  {
    title: 'the install script was changed after it was fetched',
    spoil: (files) => {
      files['k3s-install.sh'] = '#!/bin/sh\necho alder\n'
    },
    expected: ['checksum-mismatch k3s-install.sh ash birch cedar'],
  },
  {
    title: 'a binary is for another machine',
    change: (files) => {
      files[BINARY] = elfBinary('arm')
    },
    expected: [`binary-wrong-architecture k3s-arm64 ${arm64}`],
    message: 'is built for arm (ELF machine 40), and nodes with arm64 get it',
  },
  {
    title: 'a binary is big-endian',
    change: (files) => {
      files[BINARY] = elfBinary('s390x')
    },
    expected: [`binary-wrong-architecture k3s-arm64 ${arm64}`],
    message: 'is built for s390x (ELF machine 22), and nodes with arm64 get it',
  },
  ...(
    [
      [
        'an HTML page',
        '<!DOCTYPE html><html><body>404',
        'is an HTML page and no program: the server that it was taken from answered with a page',
      ],
      ['gzip data', gzip(elfBinary('arm64')), 'is gzip data and no program'],
      ['empty', '', 'is empty and no program'],
      ['a text', 'Not Found\n', 'is a text and no program'],
      [
        'a pointer of Git LFS',
        'version https://git-lfs.github.com/spec/v1\noid x\n',
        'is a pointer of Git LFS in place of the file and no program',
      ],
    ] as const
  ).map(([title, content, message]) => ({
    title: `a binary is ${title}`,
    change: (files: Files) => {
      files[BINARY] = content
    },
    expected: [`binary-not-a-program k3s-arm64 ${arm64}`],
    message,
  })),
  {
    title: 'a binary is cut off',
    change: (files) => {
      files[BINARY] = elfBinary('arm64').subarray(0, 3000)
    },
    expected: [`binary-truncated k3s-arm64 ${arm64}`],
    message: 'is cut off: its headers tell of 4096 bytes, and it has 3000',
  },
  {
    title: 'a binary is of another version',
    change: (files) => {
      files[BINARY] = elfBinary('arm64', { version: 'v1.30.9+k3s1' })
    },
    expected: [`version-mismatch k3s-arm64 ${arm64}`],
    message: 'is K3s v1.30.9+k3s1, and the inventory wants v1.31.5+k3s1',
  },
  {
    title: 'an archive is empty',
    change: (files) => {
      files[ARCHIVE] = ''
    },
    expected: [`archive-truncated ${ARCHIVE} ${arm64}`],
    message: 'is empty',
  },
  {
    title: 'an archive is an HTML page',
    change: (files) => {
      files[ARCHIVE] = '<html><title>502 Bad Gateway</title></html>'
    },
    expected: [`archive-not-an-archive ${ARCHIVE} ${arm64}`],
    message: 'is an HTML page and no archive of images',
  },
  {
    title: 'an archive is cut off',
    change: (files) => {
      files[ARCHIVE] = (files[ARCHIVE] as Buffer).subarray(0, -700)
    },
    expected: [`archive-truncated ${ARCHIVE} ${arm64}`],
    message: 'is cut off: its compressed data ends too early',
  },
  {
    title: 'other data follow those of zstd',
    change: (files) => {
      files[ARCHIVE] = Buffer.concat([files[ARCHIVE] as Buffer, Buffer.from('<html>')])
    },
    expected: [`archive-damaged ${ARCHIVE} ${arm64}`],
    message: 'is damaged: other data follow its zstd data',
  },
  {
    title: 'an archive is named for another compression',
    change: async (files) => {
      files[ARCHIVE] = gzip(await ociArchive(IMAGES, { absent: ['amd64'] }))
    },
    expected: [`archive-name-misleads ${ARCHIVE} ${arm64}`],
    message: 'holds gzip data, and K3s would read it as zstd, by its name',
  },
  {
    title: 'an archive needs more memory than K3s gives it',
    change: async (files) => {
      files[ARCHIVE] = zstd(await ociArchive(IMAGES, { absent: ['amd64'] }), { windowLog: 27 })
    },
    expected: [`archive-window-too-large ${ARCHIVE} ${arm64}`],
    message: 'needs a zstd window of 128 MiB, and K3s unpacks no more than 32 MiB',
  },
  {
    title: 'an archive holds no images',
    change: async (files) => {
      files[ARCHIVE] = zstd(await tarOf([{ name: 'etc/hosts', content: 'elm' }]))
    },
    expected: [`archive-without-images ${ARCHIVE} ${arm64}`, `image-wrong-platform ${ARCHIVE} ${arm64}`],
    message: 'it holds neither oci-layout nor manifest.json: it is no archive of images',
  },
  {
    title: 'a manifest.json is a bomb',
    change: async (files) => {
      files[ARCHIVE] = zstd(await tarOf([{ name: 'manifest.json', content: '['.repeat(5_000_000) }]))
    },
    expected: [`archive-without-images ${ARCHIVE} ${arm64}`, `image-wrong-platform ${ARCHIVE} ${arm64}`],
    message: 'its manifest.json is no list of images',
  },
  {
    title: 'an index names one manifest again and again',
    change: async (files) => {
      const layer = { digest: `sha256:${'a'.repeat(64)}`, size: 1 }
      const manifest = JSON.stringify({ config: layer, layers: Array.from({ length: 30_000 }, () => layer) })
      const entry = { digest: `sha256:${sha256(manifest)}`, size: manifest.length }
      const manifests = Array.from({ length: 30_000 }, () => entry)
      files[ARCHIVE] = zstd(
        await tarOf([
          { name: `blobs/sha256/${sha256(manifest)}`, content: manifest },
          { name: 'index.json', content: JSON.stringify({ manifests }) },
          { name: 'oci-layout', content: '{"imageLayoutVersion":"1.0.0"}' },
        ]),
      )
    },
    expected: [`archive-without-images ${ARCHIVE} ${arm64}`, `image-wrong-platform ${ARCHIVE} ${arm64}`],
    message: 'it names more than 100000 manifests and layers',
  },
  {
    title: 'an image is missing',
    change: (files) => {
      files['k3s-images.txt'] += 'docker.io/rancher/mirrored-coredns-coredns:1.12.0\n'
    },
    expected: ['image-missing k3s-airgap-images-amd64.tar.zst ash', `image-missing ${ARCHIVE} ${arm64}`],
    message:
      'k3s-images.txt lists an image that no archive holds: docker.io/rancher/mirrored-coredns-coredns:1.12.0',
  },
  {
    title: 'the images are for another platform',
    change: (files) => {
      files[ARCHIVE] = files['k3s-airgap-images-amd64.tar.zst'] as Buffer
    },
    expected: [`image-wrong-platform ${ARCHIVE} ${arm64}`],
    message:
      'not there for linux/arm64: docker.io/rancher/mirrored-pause:3.6 (only linux/amd64) and docker.io/rancher/klipper-helm:v0.9.3-build20241008 (only linux/amd64)',
  },
  {
    title: 'an archive lacks a layer',
    change: async (files) => {
      files[ARCHIVE] = zstd(await ociArchive(IMAGES, { absent: ['amd64'], spoil: withoutFirstLayer }))
    },
    expected: [`image-incomplete ${ARCHIVE} ${arm64}`],
  },
  {
    title: 'two archives have an image under one name, each for one platform',
    change: async (files) => {
      files['k3s-airgap-images-amd64.tar.zst'] = zstd(await dockerArchive(own('amd64')))
      files[ARCHIVE] = zstd(await dockerArchive(own('arm64')))
    },
    expected: ['image-overridden k3s-airgap-images-amd64.tar.zst ash'],
  },
  {
    title: 'the list of images is a page',
    change: (files) => {
      files['k3s-images.txt'] = '<!doctype html><p>moved'
    },
    expected: ['image-list-unreadable k3s-images.txt'],
    message: 'is an HTML page and no list of images',
  },
  {
    title: 'the install script is a page',
    change: (files) => {
      files['k3s-install.sh'] = '<html>'
    },
    expected: ['install-script-not-a-script k3s-install.sh ash birch cedar'],
    message: 'is an HTML page and no script',
  },
  {
    title: 'a manifest is none',
    spoil: (files) => {
      files['k3seal-bundle.json'] = '[]'
    },
    expected: ['manifest-unreadable k3seal-bundle.json'],
    message: 'is no manifest of a bundle: it is no object',
  },
  {
    title: 'a listed file is missing',
    spoil: (files) => {
      files.SHA256SUMS = `${sha256('')}  k3s-airgap-images-arm64.tar\n`
    },
    expected: [`listed-file-missing k3s-airgap-images-arm64.tar ${arm64}`],
    message: 'is not there, and SHA256SUMS lists it',
  },
  {
    title: 'a list has the size of another file',
    spoil: (files) => {
      const entry = {
        path: BINARY,
        size: 5,
        sha256: sha256(files[BINARY] as Buffer),
        role: 'binary' as const,
      }
      files['k3seal-bundle.json'] = manifestText({ version: 1, architectures: ['arm64'], files: [entry] })
    },
    expected: [`checksum-mismatch k3s-arm64 ${arm64}`],
    message:
      'has 4096 bytes and not the 5 of k3seal-bundle.json, but sha256sum-arm64.txt has it so: the lists are of different releases',
  },
  {
    title: 'the manifest is of another version',
    spoil: (files) => {
      files['k3seal-bundle.json'] = manifestText({
        version: 1,
        k3sVersion: 'v1.30.9+k3s1',
        architectures: [],
        files: [],
      })
    },
    expected: ['version-mismatch k3seal-bundle.json ash birch cedar'],
  },
  {
    title: 'an inventory with its token in clear lies there',
    change: (files) => {
      files['inventory.yml'] = 'k3s_cluster:\n  vars:\n    token: Qx7-quince.Rk29vTz\n'
    },
    expected: ['secret-in-bundle inventory.yml'],
    message: 'line 3 holds a join token in clear text, for everybody who gets to see the bundle',
  },
  {
    title: 'a password lies there',
    change: (files) => {
      files['host_vars/ash.yml'] = 'edge: true\nansible_become_password: "quince"\n'
      files['host_vars/birch.yml'] =
        'ansible_become_password: "{{ vault_quince }}"\nansible_password: !vault |\n'
    },
    expected: ['secret-in-bundle host_vars/ash.yml'],
    message: 'line 2 holds a password in clear text, for everybody who gets to see the bundle',
  },
  {
    title: 'a token of a cluster lies there',
    change: (files) => {
      files['notes.md'] = `join with\nK10${'ab'.repeat(32)}::server:Qx7quince\n`
    },
    expected: ['secret-in-bundle notes.md'],
    message: 'line 2 holds a join token of a cluster in clear text, for everybody who gets to see the bundle',
  },
  {
    title: 'a package is none',
    change: (files) => {
      files['k3s-selinux-1.6-1.el9.noarch.rpm'] = '<html>'
    },
    expected: ['package-not-an-rpm k3s-selinux-1.6-1.el9.noarch.rpm'],
  },
]

function withoutFirstLayer(files: readonly TarFile[]): readonly TarFile[] {
  const layer = files.find(
    ({ name, content }) =>
      name.startsWith('blobs/sha256/') && (content as Uint8Array | undefined)?.[0] === 0x1f,
  )
  return files.filter((file) => file !== layer)
}

describe('a bundle in which', () => {
  test.each(cases)('$title', async ({ change, spoil, expected, message }) => {
    const files = await release()
    await change?.(files)
    const all = sealed(files)
    await spoil?.(all)
    put(all)
    const found = await verify(...withNodes)
    expect(short(found)).toEqual(expected)
    if (message !== undefined) expect(found.problems.map((problem) => problem.message)).toContain(message)
    for (const { cure } of found.problems) expect(cure).not.toBe('')
  })

  test('a digest differs, where no list vouches for the archive', async () => {
    const files = await release()
    const archive = await ociArchive(IMAGES, {
      absent: ['amd64'],
      spoil: (entries) =>
        entries.map((entry) => {
          if (!entry.name.startsWith('blobs/sha256/') || (entry.content as Uint8Array)?.[0] !== 0x1f)
            return entry
          const content = Buffer.from(entry.content as Uint8Array)
          content[15] = (content[15] as number) ^ 1
          return { ...entry, content }
        }),
    })
    put(sealed(files))
    write(`bundle/${ARCHIVE}`, zstd(archive))
    write('bundle/sha256sum-arm64.txt', `${sha256(elfBinary('arm64'))}  k3s-arm64\n`)
    const found = await verify(...withNodes)
    expect(short(found)).toEqual([`image-damaged ${ARCHIVE} ${arm64}`])
    expect(found.problems[0]?.message).toMatch(
      /^blobs\/sha256\/[0-9a-f]{64} of .* are not what the digest says$/,
    )
    expect(found.notices).toContainEqual(
      expect.objectContaining({
        id: 'checksum-unknown',
        path: ARCHIVE,
        message: 'is vouched for by no list of checksums',
      }),
    )
  })

  test('files can not be read', async () => {
    put(sealed(await release()))
    rmSync(join(root, 'bundle/k3s-arm64'))
    mkdirSync(join(root, 'bundle/k3s-arm64'))
    rmSync(join(root, 'bundle/k3s-amd64'))
    symlinkSync('nowhere', join(root, 'bundle/k3s-amd64'))
    rmSync(join(root, `bundle/${ARCHIVE}`))
    execFileSync('mkfifo', [join(root, `bundle/${ARCHIVE}`)])
    const found = await verify(...withNodes)
    expect(
      found.problems.map(({ id, path, message, nodes }) => [id, path, message, nodes.join(' ')]),
    ).toEqual([
      ['file-unreadable', ARCHIVE, 'is neither a file nor a directory', arm64],
      ['file-unreadable', 'k3s-amd64', 'is a symbolic link to nothing', 'ash'],
      ['file-unreadable', 'k3s-arm64', 'is a directory, not a file', arm64],
    ])
  })

  test('what nobody asks for can not be read', async () => {
    put(sealed(await release()))
    symlinkSync('nowhere', join(root, 'bundle/elm.iso'))
    const found = await verify(...withNodes)
    expect(short(found)).toEqual([])
    expect(found.notices).toContainEqual(expect.objectContaining({ id: 'file-unreadable', path: 'elm.iso' }))
  })

  test('the images of an architecture are there twice', async () => {
    const files = await release()
    put(sealed({ ...files, 'k3s-airgap-images-arm64.tar': await ociArchive(IMAGES, { absent: ['amd64'] }) }))
    const found = await verify(...withNodes)
    expect(short(found)).toEqual([])
    expect(found.notices).toContainEqual(expect.objectContaining({ id: 'archive-twice', path: ARCHIVE }))
  })

  test('a manifest tells a terminal what to do: it is not obeyed', async () => {
    put({
      ...sealed(await release()),
      'k3seal-bundle.json': manifestText({
        version: 1,
        k3sVersion: 'v1\u001b[2J\nred',
        architectures: [],
        files: [],
      }),
    })
    const { text, status } = await run('bundle', ...withNodes)
    expect(status).toBe(1)
    expect(text).not.toContain('\u001b')
    expect(text).toContain('v1\\u001b[2J\\u000ared')
  })

  test('a large text is named as not searched', async () => {
    put({ ...sealed(await release()), 'notes.txt': 'quince\n'.repeat(200_000) })
    const found = await verify(...withNodes)
    expect(found.unchecked).toEqual([
      { path: 'notes.txt', why: 'a text too large to be searched for secrets' },
    ])
  })

  test('names hold escape sequences: they reach no terminal', async () => {
    put(
      sealed({
        ...(await release()),
        'k3s-\u001b[31m\nred': 'x',
        'evil\u001b]0;.tar': await dockerArchive(own('amd64')),
      }),
    )
    for (const args of [['bundle'], ['bundle', '--json']]) {
      const { text } = await run(...args)
      expect(text).not.toContain('\u001b')
      expect(text).toContain('u001b')
    }
  })

  test('a sparse file of 3 GB is told from its size alone', async () => {
    put(sealed(await release()))
    write('bundle/disk.img', '')
    truncateSync(join(root, 'bundle/disk.img'), 3e9)
    const found = await verify(...withNodes)
    expect(short(found)).toEqual([])
    expect(found.notices).toContainEqual(expect.objectContaining({ id: 'file-not-used', path: 'disk.img' }))
  })
})

test('an image whose name is a tag alone, as skopeo writes it unless told, is of no use', async () => {
  const files = await release()
  const tar = await ociArchive([{ name: 'elm:3.6', arch: 'amd64' }], {
    nested: false,
    manifestJson: false,
    spoil: (entries) =>
      entries.map((entry) =>
        entry.name === 'index.json'
          ? { ...entry, content: String(entry.content).replace('"io.containerd.image.name"', '"quince"') }
          : entry,
      ),
  })
  put(sealed({ ...files, 'elm.tar': tar }))
  const found = await verify(...withNodes)
  expect(short(found)).toEqual([])
  expect(found.notices).toContainEqual(
    expect.objectContaining({
      id: 'image-without-name',
      path: 'elm.tar',
      message: 'holds an image that no pod can ask for, by the name of 3.6',
    }),
  )
})

test.each([
  ['hosts', '[k3s_cluster]\nash ansible_host=192.0.2.1 k3s_token=Qx7quince.Rk29vTz\n', 2],
  ['hosts', 'ash ansible_host=192.0.2.1 k3s_token="{{ quince }}" ansible_ssh_pass=elm\n', 1],
  ['site.yml', 'vars: {k3s_version: v1, token: Qx7quince}\n', 1],
  ['k3s.env', 'export K3S_TOKEN="Qx7quince"\n', 1],
  ['join', 'abcdef.0123456789abcdef\n', 1],
  ['key.pem', '-----BEGIN EC PRIVATE KEY-----\n', 1],
  [
    'site.yml',
    'token: "{{ vault_k3s_token }}"\nk3s_token: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  6162\n',
    0,
  ],
  ['site.yml', 'token:\n# token: elm\ntoken: ""\ntokens: elm\nextra_server_args: ""\n', 0],
  ['group_vars/all.yml', '$ANSIBLE_VAULT;1.1;AES256\n6162\n', 0],
  ['run.sh', '#   curl ... | K3S_TOKEN=xxx K3S_URL=https://quay sh -\nexport K3S_TOKEN="$1"\ntoken=elm\n', 0],
])('a secret in %s: %j', async (name, text, line) => {
  put({ ...sealed(await release()), [name]: text })
  const { problems } = await verify(...withNodes)
  expect(problems.map(({ id, path, message }) => [id, path, message.replace(/ holds .*/, '')])).toEqual(
    line === 0 ? [] : [['secret-in-bundle', name, `line ${line}`]],
  )
  expect(JSON.stringify(problems)).not.toMatch(/quince|elm/)
})

test('nothing but a common list tells that binary and images are of one release', async () => {
  put({ ...sealed(await release()), 'sha256sum-arm64.txt': `${sha256(elfBinary('arm64'))}  k3s-arm64\n` })
  const { problems, unchecked } = await verify(...withNodes)
  expect(problems).toEqual([])
  expect(unchecked).toEqual([
    {
      path: ARCHIVE,
      why: 'whether it is of the version of k3s-arm64: no archive holds a version of K3s, and no list vouches for both',
    },
  ])
})

test.each([
  ['k3s-armhf', 'k3s-arm'],
  ['k3s-airgap-images-armhf.tar.zst', 'k3s-airgap-images-arm.tar.zst'],
])('%s of the release is looked for as %s', async (name, target) => {
  write('inventory.yml', INVENTORY.replaceAll('k3seal_arch: arm64', 'ansible_architecture: armv7l'))
  const files: Files = {
    'k3s-amd64': elfBinary('amd64'),
    'k3s-arm': elfBinary('arm'),
    'k3s-airgap-images-amd64.tar.zst': zstd(await ociArchive(own('amd64'))),
    'k3s-airgap-images-arm.tar.zst': zstd(await ociArchive(own('arm'))),
    'k3s-install.sh': SCRIPT,
  }
  put(files)
  const before = short(await verify(...withNodes))
  expect(before).toEqual([])
  rmSync(join(root, 'bundle', target))
  write(`bundle/${name}`, files[target] as Buffer)
  expect(short(await verify(...withNodes))).toEqual([`artefact-misnamed ${name} birch cedar`])
})

test('what the plan takes for granted is said', async () => {
  write('inventory.yml', INVENTORY.replace('{k3seal_arch: amd64}', ''))
  put(sealed(await release()))
  const { notices } = await verify(...withNodes)
  expect(notices.filter(({ id }) => id === 'assumed').map(({ message }) => message)).toEqual([
    'Assumed amd64 for server ash: the inventory does not tell its architecture',
  ])
})

test('a file that two lists miss is told once', async () => {
  const files = sealed(await release())
  const entry = { path: BINARY, size: 4096, sha256: sha256(files[BINARY] as Buffer), role: 'binary' as const }
  delete files[BINARY]
  put({
    ...files,
    'k3seal-bundle.json': manifestText({ version: 1, architectures: ['arm64'], files: [entry] }),
  })
  expect(short(await verify(...withNodes))).toEqual([`artefact-missing - ${arm64}`])
  expect(short(await verify())).toEqual(['artefact-missing -'])
})

test('a directory without K3s is no bundle', async () => {
  put({ 'elm.tar': await dockerArchive(own('amd64')) })
  expect(short(await verify())).toEqual(['artefact-missing -'])
})

test('lz4, bzip2 and xz are named as unchecked', async () => {
  const files = await release()
  put(sealed({ ...files, 'more.tar.lz4': Buffer.from('04224d1864', 'hex'), 'other.tar.bz2': 'BZh91AY' }))
  const found = await verify(...withNodes)
  expect(short(found)).toEqual([])
  expect(found.unchecked).toEqual([
    { path: 'more.tar.lz4', why: 'k3seal does not unpack lz4, so that its content is unknown' },
    { path: 'other.tar.bz2', why: 'k3seal does not unpack bzip2, so that its content is unknown' },
  ])
  expect(found.notices.filter(({ id }) => id === 'archive-not-copied').map(({ path }) => path)).toEqual([
    'more.tar.lz4',
    'other.tar.bz2',
  ])
})

test.each([
  ['none', '', 'no version of K3s stands in it, so that its own is unknown'],
  [
    'several',
    'v1.31.5+k3s1\0 v1.30.9+k3s1',
    'several versions stand in it: v1.30.9+k3s1 and v1.31.5+k3s1, so that its own is unknown',
  ],
])('a binary with %s in it has an unknown version', async (_, version, why) => {
  const files = await release()
  put(sealed({ ...files, 'k3s-arm64': elfBinary('arm64', { version }) }))
  const found = await verify(...withNodes)
  expect(short(found)).toEqual([])
  expect(found.unchecked).toEqual([{ path: 'k3s-arm64', why }])
})

test('k3s goes to all that have no binary of their own', async () => {
  const files = await release()
  files.k3s = elfBinary('amd64')
  delete files['k3s-amd64']
  delete files['k3s-arm64']
  put(sealed(files))
  write('bundle/sha256sum-amd64.txt', `${sha256(files.k3s)}  k3s\n`)
  expect(short(await verify(...withNodes))).toEqual([`binary-wrong-architecture k3s ${arm64}`])
})

test('nodes with SELinux need its packages', async () => {
  write('inventory.yml', INVENTORY.replace('ash: {', 'ash: {ansible_os_family: RedHat, '))
  put(sealed(await release()))
  const found = await verify(...withNodes)
  expect(short(found)).toEqual(['selinux-package-missing - ash'])
  expect(found.problems[0]?.message).toBe(
    'no package of k3s-selinux: K3s does not start confined on nodes with SELinux',
  )
  expect(found.notices.map(({ id }) => id)).toContain('container-selinux-missing')
  const rpm = Buffer.concat([Buffer.from('edabeedb', 'hex'), Buffer.alloc(92)])
  write('bundle/k3s-selinux-1.5-1.el9.noarch.rpm', rpm)
  write('bundle/container-selinux-2.232.1-1.el9.noarch.rpm', rpm)
  const mended = await verify(...withNodes)
  expect(short(mended)).toEqual([])
  expect(mended.notices.map(({ id }) => id)).not.toContain('container-selinux-missing')
})

test('the directory of images is no place for lists', async () => {
  const files = sealed(await release())
  for (const [name, content] of Object.entries(files)) write(`var/agent/images/${name}`, content)
  const { text, status } = await run('var/agent/images', '--json')
  expect(status).toBe(1)
  expect(short(JSON.parse(text) as Found)).toEqual(['text-in-images-directory -'])
})

test('people get the problems first, and lines of at most 80 columns', async () => {
  const files = await release()
  files['k3s-arm64'] = elfBinary('amd64')
  put(sealed(files))
  const { text, status } = await run('bundle', ...withNodes)
  expect(status).toBe(1)
  expect(text.split('\n').slice(0, 6).join('\n')).toBe(
    `k3s-arm64 is built for amd64 (ELF machine 62), and nodes with arm64 get it
  cure: put k3s-arm64 of the release in its place
  stops birch and cedar
  binary-wrong-architecture

To mind`,
  )
  expect(text).toMatch(/\n1 problem for 3 nodes\. Checked \d+ files: [^\n]+\n/)
  for (const line of text.split('\n')) expect(line.length, line).toBeLessThanOrEqual(80)
})

test.each([
  [['nowhere'], 'does not exist'],
  [['inventory.yml'], 'is no directory'],
  [['bundle', '--k3s-version', 'v1.31.5+k3s1'], '--k3s-version is of use with an inventory only'],
])('%j is wrong use', async (args, message) => {
  mkdirSync(join(root, 'bundle'))
  await expect(run(...args)).rejects.toThrow(message)
})
