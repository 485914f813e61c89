import { spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { FileServer, serve, sha256, stall } from '../tools/fileServer.ts'
import { requirePeer } from '../tools/peers.ts'
import { Terminal } from '../tools/terminal.ts'

/** `airgap fetch` as a process of its own: in a real terminal, interrupted, killed, and over TLS. */
const root = join(import.meta.dirname, '../..')
const built = join(root, 'dist')
/** A copy: other tests build `dist` again while this one runs. */
const copy = mkdtempSync(join(tmpdir(), 'k3seal-dist-'))
const program = join(copy, 'k3seal.js')

const BASE = '/v1.31.5%2Bk3s1'
const BINARY = `${BASE}/k3s-arm64`
const binary = Buffer.alloc(300_000, 'larch')
const images = Buffer.alloc(500_000, 'quince')
const script = Buffer.from('#!/bin/sh\n')
const PART = '.k3s-arm64.k3seal-part'

const newest = (directory: string): number =>
  Math.max(
    ...readdirSync(directory, { recursive: true, encoding: 'utf8' }).map(
      (name) => statSync(join(directory, name)).mtimeMs,
    ),
  )

beforeAll(() => {
  const time = statSync(join(built, 'THIRD-PARTY-NOTICES.txt'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  if (time < Math.max(newest(join(root, 'src')), newest(join(root, 'templates')))) {
    const { status, stderr } = spawnSync('node', ['scripts/build.mjs'], { cwd: root, encoding: 'utf8' })
    expect(status, stderr).toBe(0)
  }
  cpSync(built, copy, { recursive: true })
})
afterAll(() => rmSync(copy, { recursive: true, force: true }))

let server: FileServer
let cwd: string
let terminal: Terminal | undefined

beforeEach(async () => {
  server = await FileServer.start()
  cwd = mkdtempSync(join(tmpdir(), 'k3seal-fetch-'))
  writeFileSync(
    join(cwd, 'inventory.yml'),
    'k3s_cluster:\n  hosts: {larch: {}}\n  children: {server: {hosts: {larch: {}}}}\n' +
      '  vars: {k3s_version: v1.31.5+k3s1, ansible_architecture: aarch64}\n',
  )
  const sums = `${sha256(images)}  k3s-airgap-images-arm64.tar.zst\n${sha256(binary)}  k3s-arm64\n`
  const files = {
    'k3s-arm64': binary,
    'k3s-airgap-images-arm64.tar.zst': images,
    'sha256sum-arm64.txt': sums,
    'install.sh': script,
    'install.sh.sha256sum': `${sha256(script)}  install.sh\n`,
  }
  for (const [name, bytes] of Object.entries(files)) server.files.set(`${BASE}/${name}`, Buffer.from(bytes))
})

afterEach(async () => {
  terminal?.close()
  terminal = undefined
  await server.close()
  rmSync(cwd, { recursive: true, force: true })
})

const args = (mirror = server.url): readonly string[] => [
  ...['airgap', 'fetch', '-i', 'inventory.yml', '--out', 'airgap', '--mirror', mirror],
]
const there = (name: string): boolean => existsSync(join(cwd, 'airgap', name))
const sizeOf = (name: string): number =>
  statSync(join(cwd, 'airgap', name), { throwIfNoEntry: false })?.size ?? 0

function start(width: number, env: Readonly<Record<string, string>> = {}): Terminal {
  terminal?.close()
  terminal = new Terminal(`node ${program} ${args().join(' ')}`, { cwd, width, height: 20, env })
  return terminal
}

/** All that was shown, without blanks: a narrow window breaks lines anywhere. */
const unwrapped = (shown: Terminal): string => shown.transcript().replaceAll(/\s+/g, '')

interface Outcome {
  readonly status: number | null
  readonly stdout: string
  readonly stderr: string
}

function k3seal(
  given: readonly string[],
  env: Readonly<Record<string, string>> = {},
  killAt: () => boolean = () => false,
): Promise<Outcome> {
  return new Promise((resolve) => {
    const child = spawn(process.execPath, [program, ...given], {
      cwd,
      env: { PATH: process.env.PATH ?? '', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let stdout = ''
    let stderr = ''
    child.stdout.on('data', (chunk: Buffer) => {
      stdout += chunk.toString()
    })
    child.stderr.on('data', (chunk: Buffer) => {
      stderr += chunk.toString()
    })
    const timer = setInterval(() => {
      if (killAt()) child.kill('SIGKILL')
    }, 10)
    child.on('close', (status) => {
      clearInterval(timer)
      resolve({ status, stdout, stderr })
    })
  })
}

describe('in a terminal', () => {
  test.each([
    [40, /^k3s-arm64 +\[#+-+\] +50%$/m],
    [80, /^k3s-arm64 +\[#{8,12}-{8,12}\] +50% {2}150 kB of 300 kB$/m],
  ])('%i columns wide: bars, Ctrl-C, and the rest by the next run', async (width, bar) => {
    server.replies.set(BINARY, [stall(150_000)])
    const first = start(width)
    await first.shows(/^4 of 6 files/m)
    await first.shows(bar)
    expect(first.isCursorVisible).toBe(false)
    first.press('C-c')
    expect(await first.status()).toBe(130)
    expect(first.isCursorVisible).toBe(true)
    const left = first.transcript()
    expect(unwrapped(first)).toContain('Interrupted:whatwasdownloadediskept')
    expect(left).not.toMatch(/\d of \d files|\[#|Error/)
    expect(there('k3s-arm64')).toBe(false)
    expect(there('k3seal-bundle.json')).toBe(false)
    expect(there('.k3seal-fetch.lock')).toBe(false)
    expect(sizeOf(PART)).toBe(150_000)

    server.replies.set(BINARY, [serve])
    const second = start(width)
    expect(await second.status()).toBe(0)
    expect(unwrapped(second)).toContain('k3s-arm64300kB,therestdownloaded,verified')
    expect(second.isCursorVisible).toBe(true)
    expect(server.requests.findLast(({ path }) => path === BINARY)?.headers.range).toBe('bytes=150000-')
    expect(there('k3seal-bundle.json')).toBe(true)
    expect(there(PART)).toBe(false)
  })

  test.each([{ TERM: 'dumb' }, { CI: 'true' }])('%o: lines alone', async (env) => {
    const only = start(80, env)
    expect(await only.status()).toBe(0)
    expect(only.transcript()).toContain('k3s-arm64  300 kB, downloaded, verified')
    expect(only.transcript({ codes: true })).not.toContain('\x1b')
    expect(only.transcript()).not.toContain('[#')
  })

  test('no colours, NO_COLOR or not', async () => {
    server.replies.set(BINARY, [stall(150_000)])
    const only = start(80)
    await only.shows(/k3s-arm64 +\[#/)
    expect(only.transcript({ codes: true })).not.toContain('\x1b')
  })
})

test('killed, it leaves nothing under its final name, and the next run goes on', async () => {
  server.replies.set(BINARY, [stall(150_000)])
  const killed = await k3seal(args(), {}, () => sizeOf(PART) === 150_000)
  expect(killed.status).toBeNull()
  expect(there('k3s-arm64')).toBe(false)
  server.replies.set(BINARY, [serve])
  const { status, stderr } = await k3seal(args())
  expect(stderr).toContain('k3s-arm64  300 kB, the rest downloaded, verified\n')
  expect(status).toBe(0)
})

test('what it wrote is right for sha256sum', async () => {
  expect((await k3seal(args())).status).toBe(0)
  const { status, stderr } = spawnSync(requirePeer('sha256sum'), ['-c', '--strict', 'sha256sum-arm64.txt'], {
    cwd: join(cwd, 'airgap'),
    encoding: 'utf8',
  })
  expect(stderr).toBe('')
  expect(status).toBe(0)
})

describe('over TLS', () => {
  function certificate(): { readonly key: string; readonly cert: string; readonly path: string } {
    const made = spawnSync(
      requirePeer('openssl'),
      [
        ...[
          'req',
          '-x509',
          '-newkey',
          'ec',
          '-pkeyopt',
          'ec_paramgen_curve:prime256v1',
          '-nodes',
          '-days',
          '2',
        ],
        ...['-subj', '/CN=mirror', '-addext', 'subjectAltName=IP:127.0.0.1'],
        ...['-keyout', 'key.pem', '-out', 'cert.pem'],
      ],
      { cwd, encoding: 'utf8' },
    )
    expect(made.status, made.stderr).toBe(0)
    const path = join(cwd, 'cert.pem')
    return { key: readFileSync(join(cwd, 'key.pem'), 'utf8'), cert: readFileSync(path, 'utf8'), path }
  }

  async function overTls<T>(
    work: (url: string, ca: Readonly<Record<string, string>>) => Promise<T>,
    downgraded?: string,
  ): Promise<T> {
    const { key, cert, path } = certificate()
    const tls = createServer({ key, cert }, (request, response) => {
      if (request.url === downgraded)
        response.writeHead(302, { location: `${server.url}${downgraded}` }).end()
      else serve(request, response, server.files.get(request.url ?? ''))
    })
    await new Promise<void>((resolve) => {
      tls.listen(0, '127.0.0.1', resolve)
    })
    try {
      return await work(`https://127.0.0.1:${(tls.address() as AddressInfo).port}`, {
        NODE_EXTRA_CA_CERTS: path,
      })
    } finally {
      tls.closeAllConnections()
      tls.close()
    }
  }

  test('a CA of its own is refused, and taken from NODE_EXTRA_CA_CERTS, through a tunnel too', async () => {
    const [refused, taken, tunnelled] = await overTls(async (url, ca) => [
      await k3seal([...args(url), '--retries', '0']),
      await k3seal(args(url), ca),
      await k3seal([...args(url), '--out', 'other'], { ...ca, HTTPS_PROXY: server.url }),
    ])
    expect(refused?.status).toBe(2)
    expect(refused?.stderr).toContain('no connection that could be trusted')
    expect(refused?.stderr).toContain('NODE_EXTRA_CA_CERTS')
    expect(taken?.stderr).toContain('All 5 files are there.')
    expect(taken?.stderr).not.toContain('plain http')
    expect(tunnelled?.stderr).toContain('All 5 files are there.')
    expect(server.requests.map(({ path }) => path)[0]).toMatch(/^127\.0\.0\.1:\d+$/)
  })

  test('a redirect to plain http is refused', async () => {
    const { status, stderr } = await overTls((url, ca) => k3seal(args(url), ca), BINARY)
    expect(status).toBe(2)
    expect(stderr).toContain('the server redirects from https to http')
    expect(there('k3s-arm64')).toBe(false)
    expect(server.requests).toEqual([])
  })
})
