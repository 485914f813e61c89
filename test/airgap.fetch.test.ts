import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { hostname, tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable, Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { sumsText } from '../src/airgap/bundle.ts'
import { checksumOf, parseChecksums } from '../src/airgap/checksums.ts'
import { artefactUrl, parseMirror, shownUrl } from '../src/airgap/fetch/mirror.ts'
import { type FetchConditions, fetchCommand, runFetch } from '../src/commands/airgap/fetch.ts'
import { parse } from '../src/commands/parse.ts'
import type { Session } from '../src/commands/session.ts'
import { Interrupted, UserError } from '../src/errors.ts'
import { barLine, shownBytes } from '../src/io/download/progress.ts'
import { proxiesOf } from '../src/io/download/proxy.ts'
import { retryDelay } from '../src/io/download/retry.ts'
import { TransferFailure } from '../src/io/download/transferFailure.ts'
import {
  answer,
  breakOff,
  etagOf,
  FileServer,
  ignoreRange,
  type Reply,
  serve,
  sha256,
  stall,
} from './tools/fileServer.ts'
import { dockerArchive, zstd } from './tools/imageArchives.ts'

const BASE = '/v1.31.5%2Bk3s1'
const BINARY = `${BASE}/k3s-arm64`
const LIST = `${BASE}/sha256sum-arm64.txt`
const binary = Buffer.alloc(300_000, 'larch')
const images = Buffer.alloc(500_000, 'quince')
const script = Buffer.from('#!/bin/sh\necho elm\n')
const imageList = Buffer.from('docker.io/rancher/mirrored-pause:3.6\n')
const list = [
  `${sha256(images)}  k3s-airgap-images-arm64.tar.zst`,
  `${sha256(binary)}  k3s-arm64`,
  `${sha256(imageList)}  k3s-images.txt`,
]
const ALL = [
  'install.sh.sha256sum',
  'k3s-airgap-images-arm64.tar.zst',
  'k3s-arm64',
  'k3s-images.txt',
  'k3s-install.sh',
  'k3seal-bundle.json',
  'sha256sum-arm64.txt',
]
const INVENTORY = `k3s_cluster:
  children:
    server: {hosts: {larch: {}}}
    agent: {hosts: {quince: {}}}
  vars: {k3s_version: v1.31.5+k3s1, ansible_architecture: aarch64}
`

let server: FileServer
let cwd: string
let out: string

beforeEach(async () => {
  server = await FileServer.start()
  cwd = mkdtempSync(join(tmpdir(), 'k3seal-fetch-'))
  out = join(cwd, 'airgap')
  writeFileSync(join(cwd, 'inventory.yml'), INVENTORY)
  publish(BASE)
})

afterEach(async () => {
  vi.restoreAllMocks()
  await server.close()
  rmSync(cwd, { recursive: true, force: true })
})

function publish(base: string, sums = list): void {
  const put = (name: string, bytes: string | Buffer): void => {
    server.files.set(`${base}/${name}`, Buffer.from(bytes))
  }
  put('k3s-arm64', binary)
  put('k3s-airgap-images-arm64.tar.zst', images)
  put('sha256sum-arm64.txt', `${sums.join('\n')}\n`)
  put('k3s-images.txt', imageList)
  put('install.sh', script)
  put('install.sh.sha256sum', `${sha256(script)}  install.sh\n`)
}

class Sink extends Writable {
  text = ''

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString()
    done()
  }
}

type Options = Parameters<typeof runFetch>[1]

interface Run {
  readonly error: unknown
  readonly stdout: string
  readonly stderr: string
  /** What was waited, in milliseconds. */
  readonly waits: readonly number[]
}

interface Conditions extends Partial<FetchConditions> {
  readonly env?: Session['env']
  readonly now?: number
}

async function run(options: Partial<Options> = {}, conditions: Conditions = {}): Promise<Run> {
  const stdout = new Sink()
  const stderr = new Sink()
  const { env = {}, now = 0, ...own } = conditions
  const session: Session = {
    cwd,
    env,
    stdin: Readable.from([]),
    stdout,
    stderr,
    interactive: false,
    color: false,
  }
  const given = {
    inventory: ['inventory.yml'],
    out: 'airgap',
    mirror: server.url,
    jobs: 2,
    retries: 2,
    ...options,
  }
  const waits: number[] = []
  const error = await runFetch(session, given, {
    signal: new AbortController().signal,
    timeouts: { connect: 10_000, headers: 10_000, idle: 10_000 },
    policy: {
      retries: given.retries,
      random: () => 0,
      now: () => now,
      wait: async (milliseconds) => {
        waits.push(milliseconds)
      },
    },
    ...own,
  }).then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { error, stdout: stdout.text, stderr: stderr.text, waits }
}

const names = (): readonly string[] => (existsSync(out) ? readdirSync(out).sort() : [])
const visible = (): readonly string[] => names().filter((name) => !name.startsWith('.'))
const read = (name: string): Buffer => readFileSync(join(out, name))
const reply = (path: string, ...replies: Reply[]): void => {
  server.replies.set(path, replies)
}
const partOf = (name: string): string => join(out, `.${name}.k3seal-part`)

/** All bad ends have this in common: status 2, with a cure, and the file has not got its name. */
function refused({ error }: Run, name: string, message: string | RegExp): UserError {
  expect(error).toBeInstanceOf(UserError)
  const told = error as UserError
  expect(told.message).toMatch(message)
  expect(told.fix).not.toBe('')
  expect(names()).not.toContain(name)
  expect(names()).not.toContain('k3seal-bundle.json')
  expect(names()).not.toContain('.k3seal-fetch.lock')
  return told
}

interface JsonFile {
  readonly target: string
  readonly state: string
  readonly attempts: number
  readonly url: string
}

const filesOf = ({ stdout }: Run): ReadonlyMap<string, JsonFile> =>
  new Map((JSON.parse(stdout) as { files: JsonFile[] }).files.map((file) => [file.target, file]))

describe('all goes well', () => {
  test('every file of the plan is there under the name that the role looks for, and the manifest lists them', async () => {
    const { error, stdout, stderr } = await run()
    expect(error).toBeUndefined()
    expect(names()).toEqual(ALL)
    expect(stdout.split('\n').sort()).toEqual([
      '',
      ...ALL.filter((name) => name !== 'k3seal-bundle.json').map((name) => `airgap/${name}`),
    ])
    expect(read('k3s-arm64').equals(binary)).toBe(true)
    expect(read('k3s-install.sh').equals(script)).toBe(true)
    const modes = Object.fromEntries(
      names().map((name) => [name, (statSync(join(out, name)).mode & 0o7777).toString(8)]),
    )
    expect(modes).toEqual({
      'install.sh.sha256sum': '644',
      'k3s-airgap-images-arm64.tar.zst': '644',
      'k3s-arm64': '755',
      'k3s-images.txt': '644',
      'k3s-install.sh': '755',
      'k3seal-bundle.json': '644',
      'sha256sum-arm64.txt': '644',
    })
    expect(stderr).toContain('k3s-arm64  300 kB, downloaded, verified\n')
    expect(stderr).toContain('All 6 files are there.\n')
    expect(stderr).not.toContain('\x1b')
    const manifest = JSON.parse(read('k3seal-bundle.json').toString())
    expect(manifest).toMatchObject({ version: 1, k3sVersion: 'v1.31.5+k3s1', architectures: ['arm64'] })
    expect(manifest.files).toHaveLength(6)
    expect(manifest.files[2]).toEqual({
      path: 'k3s-arm64',
      size: 300_000,
      sha256: sha256(binary),
      role: 'binary',
      arch: 'arm64',
      source: `${server.url}${BINARY}`,
    })
  })

  test('a second run downloads the lists alone, and leaves the same manifest', async () => {
    await run()
    const before = read('k3seal-bundle.json')
    server.requests.length = 0
    const second = await run({ json: true })
    expect(second.error).toBeUndefined()
    expect([...filesOf(second).values()].map(({ state }) => state)).toEqual(Array(6).fill('present'))
    expect(server.requests.map(({ path }) => path).sort()).toEqual([`${BASE}/install.sh.sha256sum`, LIST])
    expect(read('k3seal-bundle.json').equals(before)).toBe(true)
  })

  test('JSON says what became of each file', async () => {
    const { stdout } = await run({ json: true })
    const json = JSON.parse(stdout)
    expect(Object.keys(json)).toEqual(['version', 'files', 'missed'])
    expect(json.files).toContainEqual({
      asset: 'install.sh',
      target: 'k3s-install.sh',
      url: `${server.url}${BASE}/install.sh`,
      size: script.length,
      sha256: sha256(script),
      state: 'downloaded',
      attempts: 1,
    })
  })

  test('a mode that is wrong is set right without a download', async () => {
    await run()
    rmSync(join(out, 'k3s-arm64'))
    writeFileSync(join(out, 'k3s-arm64'), binary, { mode: 0o600 })
    server.requests.length = 0
    expect((await run()).error).toBeUndefined()
    expect(server.count(BINARY)).toBe(0)
    expect(statSync(join(out, 'k3s-arm64')).mode & 0o7777).toBe(0o755)
  })
})

describe('what was there', () => {
  test('a wrong file is told, and replaced by a verified one', async () => {
    mkdirSync(out)
    writeFileSync(join(out, 'k3s-arm64'), 'an older one')
    const { error, stderr } = await run()
    expect(error).toBeUndefined()
    expect(stderr).toContain('k3s-arm64  what is there has the wrong SHA-256')
    expect(read('k3s-arm64').equals(binary)).toBe(true)
  })

  test('a wrong file stays where no verified one comes, and the manifest that vouched for it goes', async () => {
    await run()
    writeFileSync(join(out, 'k3s-arm64'), 'an older one')
    server.files.delete(BINARY)
    const { error } = await run()
    expect((error as UserError).message).toMatch(/^k3s-arm64 .*404.*5 others are there$/)
    expect(read('k3s-arm64').toString()).toBe('an older one')
    expect(names()).not.toContain('k3seal-bundle.json')
  })

  test('a directory in the place of a file is an error with a cure', async () => {
    mkdirSync(join(out, 'k3s-arm64'), { recursive: true })
    const { error } = await run()
    expect((error as UserError).message).toContain('is a directory, not a file')
  })

  test('a link in the place of a partial file is not written through', async () => {
    mkdirSync(out)
    const victim = join(cwd, 'victim')
    writeFileSync(victim, 'mine')
    symlinkSync(victim, partOf('k3s-arm64'))
    writeFileSync(
      `${partOf('k3s-arm64')}.json`,
      JSON.stringify({ version: 1, sha256: sha256(binary), url: '' }),
    )
    expect((await run()).error).toBeUndefined()
    expect(readFileSync(victim, 'utf8')).toBe('mine')
  })
})

describe('a connection that breaks', () => {
  test('is gone on with within the run', async () => {
    reply(BINARY, breakOff(10_000), breakOff(20_000), serve)
    const result = await run({ json: true })
    expect(result.error).toBeUndefined()
    expect(filesOf(result).get('k3s-arm64')).toMatchObject({ state: 'downloaded', attempts: 3 })
    const ranges = server.requests.filter(({ path }) => path === BINARY).map(({ headers }) => headers.range)
    expect(ranges).toEqual([undefined, 'bytes=10000-', 'bytes=20000-'])
    const ifRange = server.requests.find(({ headers }) => headers.range !== undefined)?.headers['if-range']
    expect(ifRange).toBe(etagOf(binary))
    expect(result.waits).toEqual([1000, 2000])
    expect(result.stderr).toMatch(/k3s-arm64: 127\.0\.0\.1:\d+: the connection broke off .*; again in 1 s/)
    expect(names()).toEqual(ALL)
  })

  test('too often leaves a hidden part, 0600, which the next run goes on with', async () => {
    reply(BINARY, breakOff(10_000))
    refused(
      await run({ retries: 0 }),
      'k3s-arm64',
      /^k3s-arm64 \(http:.*\): .*the connection broke off.*; 5 others are there$/,
    )
    expect(statSync(partOf('k3s-arm64')).size).toBe(10_000)
    expect(statSync(partOf('k3s-arm64')).mode & 0o7777).toBe(0o600)
    server.replies.clear()
    server.requests.length = 0
    const second = await run({ json: true })
    expect(second.error).toBeUndefined()
    expect(filesOf(second).get('k3s-arm64')).toMatchObject({ state: 'resumed', attempts: 1 })
    expect(server.requests.find(({ path }) => path === BINARY)?.headers.range).toBe('bytes=10000-')
    expect(names()).toEqual(ALL)
    expect(read('k3s-arm64').equals(binary)).toBe(true)
  })

  test('is gone on with at another mirror, without the entity tag of the first', async () => {
    reply(BINARY, breakOff(10_000))
    await run({ retries: 0 })
    const other = await FileServer.start()
    for (const [path, bytes] of server.files) other.files.set(path, bytes)
    const { error } = await run({ mirror: other.url })
    const { headers } = other.requests.find(({ path }) => path === BINARY) ?? {}
    await other.close()
    expect(error).toBeUndefined()
    expect(headers?.range).toBe('bytes=10000-')
    expect(headers?.['if-range']).toBeUndefined()
  })

  test('and a server without ranges: the whole comes again', async () => {
    reply(BINARY, breakOff(10_000), ignoreRange)
    const result = await run({ json: true })
    expect(result.error).toBeUndefined()
    expect(filesOf(result).get('k3s-arm64')).toMatchObject({ attempts: 2 })
    expect(read('k3s-arm64').equals(binary)).toBe(true)
  })

  test.each<[string, Reply]>([
    ['416', answer(416)],
    ['a rest that starts elsewhere', answer(206, { 'content-range': 'bytes 5-9/10' }, 'wrong')],
    ['a rest that says nothing of its place', answer(206, {}, 'wrong')],
    ['a rest of a longer file', answer(206, { 'content-range': 'bytes 10000-10004/10005' }, 'wrong')],
  ])('and %s: begun again from the start', async (_what, bad) => {
    reply(BINARY, breakOff(10_000), bad, serve)
    const result = await run({ json: true })
    expect(result.error).toBeUndefined()
    expect(filesOf(result).get('k3s-arm64')).toMatchObject({ state: 'downloaded', attempts: 3 })
    expect(server.requests.filter(({ path }) => path === BINARY).at(-1)?.headers.range).toBeUndefined()
    expect(read('k3s-arm64').equals(binary)).toBe(true)
  })

  test('and a server whose ranges were wrong once is not asked for a rest again', async () => {
    reply(BINARY, breakOff(10_000), answer(416), breakOff(20_000), serve)
    expect((await run()).error).toBeUndefined()
    const ranges = server.requests.filter(({ path }) => path === BINARY).map(({ headers }) => headers.range)
    expect(ranges).toEqual([undefined, 'bytes=10000-', undefined, undefined])
  })

  test('and a server that gives the rest piece by piece', async () => {
    const piece =
      (end: number): Reply =>
      (request, response, file = Buffer.alloc(0)) => {
        const from = Number(/\d+/.exec(request.headers.range ?? '')?.[0])
        response.writeHead(206, { 'content-range': `bytes ${from}-${end - 1}/${file.length}` })
        response.end(file.subarray(from, end))
      }
    reply(BINARY, breakOff(10_000), piece(50_000), serve)
    const result = await run({ json: true })
    expect(result.error).toBeUndefined()
    expect(filesOf(result).get('k3s-arm64')?.attempts).toBe(3)
    expect(server.requests.filter(({ path }) => path === BINARY)[2]?.headers.range).toBe('bytes=50000-')
  })

  test('and a file that changed between two runs: If-Range brings the whole', async () => {
    publish(
      BASE,
      list.map((row) => row.replace(sha256(binary), sha256('new'))),
    )
    reply(BINARY, breakOff(10_000))
    await run({ retries: 0 })
    expect(existsSync(partOf('k3s-arm64'))).toBe(true)
    server.files.set(BINARY, Buffer.from('new'))
    server.replies.clear()
    const result = await run({ json: true })
    expect(result.error).toBeUndefined()
    expect(read('k3s-arm64').toString()).toBe('new')
    expect(filesOf(result).get('k3s-arm64')).toMatchObject({ state: 'downloaded', attempts: 1 })
  })

  test('and a sum that changed between two runs: what was there is of no use', async () => {
    reply(BINARY, breakOff(10_000))
    await run({ retries: 0 })
    publish(
      BASE,
      list.map((row) => row.replace(sha256(binary), sha256('new'))),
    )
    server.files.set(BINARY, Buffer.from('new'))
    server.replies.clear()
    server.requests.length = 0
    expect((await run()).error).toBeUndefined()
    expect(server.requests.find(({ path }) => path === BINARY)?.headers.range).toBeUndefined()
  })

  test('and parts of two files that met: once more from the start', async () => {
    const torn = Buffer.alloc(300_000, 'birch')
    reply(BINARY, (request, response) => breakOff(10_000)(request, response, torn), ignoreIfRange, serve)
    const result = await run({ json: true })
    expect(result.error).toBeUndefined()
    expect(filesOf(result).get('k3s-arm64')?.attempts).toBe(3)
    expect(read('k3s-arm64').equals(binary)).toBe(true)
  })

  test('and parts of two files that met, twice: refused, and nothing of it is kept', async () => {
    const torn = Buffer.alloc(300_000, 'birch')
    const tornReply: Reply = (request, response) => serve(request, response, torn)
    reply(BINARY, (request, response) => breakOff(10_000)(request, response, torn), ignoreIfRange, tornReply)
    refused(await run(), 'k3s-arm64', `wrong SHA-256: ${sha256(torn)} came, ${sha256(binary)} is listed`)
    expect(server.count(BINARY)).toBe(3)
    expect(existsSync(partOf('k3s-arm64'))).toBe(false)
  })

  test('a part that was whole already needs no request', async () => {
    reply(BINARY, breakOff(10_000))
    await run({ retries: 0 })
    writeFileSync(partOf('k3s-arm64'), binary)
    server.requests.length = 0
    const result = await run({ json: true })
    expect(filesOf(result).get('k3s-arm64')).toMatchObject({ state: 'resumed', attempts: 0 })
    expect(server.count(BINARY)).toBe(0)
  })
})

/** Takes any part for one of its own file. */
const ignoreIfRange: Reply = (request, response, file) => {
  delete request.headers['if-range']
  serve(request, response, file)
}

describe('lies', () => {
  test('wrong bytes are refused, and nothing of them is kept', async () => {
    server.files.set(BINARY, Buffer.alloc(300_000, 'yew'))
    const result = await run()
    refused(
      result,
      'k3s-arm64',
      /^k3s-arm64 \(http:[^)]*\): wrong SHA-256: [0-9a-f]{64} came, [0-9a-f]{64} is listed; 5 others/,
    )
    expect(server.count(BINARY)).toBe(1)
    expect(names().filter((name) => name.includes('part'))).toEqual([])
  })

  test('a web page instead of a file is called that', async () => {
    reply(BINARY, answer(200, { 'content-type': 'text/html; charset=utf-8' }, '<html>log in</html>'))
    expect(refused(await run(), 'k3s-arm64', 'a web page came').fix).toContain('login')
  })

  test('a Content-Length that is too small cuts the file off', async () => {
    reply(BINARY, (_request, response, file) => {
      response.socket?.end(
        `HTTP/1.1 200 OK\r\ncontent-length: 100\r\nconnection: close\r\n\r\n${file?.toString('latin1')}`,
      )
    })
    refused(await run({ retries: 0 }), 'k3s-arm64', /wrong SHA-256|broke off/)
  })

  const tooLarge =
    (end: number): Reply =>
    (_request, response, file) => {
      const body = file?.subarray(0, end).toString('latin1')
      response.socket?.end(`HTTP/1.1 200 OK\r\ncontent-length: 999999\r\n\r\n${body}`)
    }

  test('a Content-Length that is too large is a connection that broke', async () => {
    reply(BINARY, tooLarge(150_000))
    refused(await run({ retries: 1 }), 'k3s-arm64', 'the connection broke off')
    expect(server.count(BINARY)).toBe(2)
  })

  test('a Content-Length that is too large does no harm where all bytes came', async () => {
    server.files.set(BINARY, Buffer.from('short'))
    publish(
      BASE,
      list.map((row) => row.replace(sha256(binary), sha256('short'))),
    )
    server.files.set(BINARY, Buffer.from('short'))
    reply(BINARY, tooLarge(5))
    expect((await run({ retries: 0 })).error).toBeUndefined()
    expect(names()).toEqual(ALL)
  })

  test('a Content-Length that no file of a release has is not even begun', async () => {
    reply(BINARY, (_request, response) => {
      response.writeHead(200, { 'content-length': 3 * 1024 ** 3 })
      response.write('x')
    })
    refused(await run(), 'k3s-arm64', 'more than 2147483648 bytes')
    expect(server.count(BINARY)).toBe(1)
  })

  test('a list without an end is cut off', async () => {
    reply(LIST, (_request, response) => {
      const chunk = Buffer.alloc(65_536, '# quince\n')
      const more = (): void => {
        while (!response.destroyed && response.write(chunk));
        response.once('drain', more)
      }
      response.writeHead(200)
      more()
    })
    const result = await run()
    refused(
      result,
      'sha256sum-arm64.txt',
      '3 files could not be had: k3s-arm64, k3s-airgap-images-arm64.tar.zst, sha256sum-arm64.txt;',
    )
    expect(result.stderr).toContain('more than 1048576 bytes')
    expect(result.stderr).toContain('nothing vouches for it: sha256sum-arm64.txt could not be had')
  })

  test('a rest that is longer than announced is refused', async () => {
    reply(BINARY, breakOff(10_000), (_request, response) => {
      response.writeHead(206, { 'content-range': 'bytes 10000-299999/300000' })
      response.end(Buffer.alloc(400_000, 'yew'))
    })
    refused(await run(), 'k3s-arm64', 'more than 300000 bytes')
  })

  test('a list that is none vouches for nothing', async () => {
    server.files.set(LIST, Buffer.from('<html>hello</html>'))
    const result = await run()
    refused(result, 'sha256sum-arm64.txt', 'could not be had')
    expect(result.stderr).toContain('what came is no list of checksums')
    expect(visible()).toEqual(['install.sh.sha256sum', 'k3s-install.sh'])
  })
})

describe('answers of a server', () => {
  test.each([
    ['one that ends with the connection', {}],
    ['one with a length on a connection that closes', { 'content-length': '5000000', connection: 'close' }],
    ['one in chunks', { 'transfer-encoding': 'chunked' }],
  ])('a body: %s', async (_what, headers) => {
    const large = Buffer.alloc(5_000_000, 'larch')
    publish(
      BASE,
      list.map((row) => row.replace(sha256(binary), sha256(large))),
    )
    reply(BINARY, (_request, response) => {
      if (Object.keys(headers).length === 0) {
        response.socket?.write('HTTP/1.0 200 OK\r\n\r\n')
        response.socket?.end(large)
      } else response.writeHead(200, headers).end(large)
    })
    const result = await run({ json: true })
    expect(result.error).toBeUndefined()
    expect(filesOf(result).get('k3s-arm64')).toMatchObject({ state: 'downloaded', attempts: 1 })
  })

  test.each([
    [404, 'it has no such file', '--mirror has the layout'],
    [403, 'it refuses the file', 'login'],
    [401, 'it refuses the file', 'login'],
    [400, 'answers 400', 'see what the server is'],
  ])('%i is final', async (status, message, cure) => {
    reply(BINARY, answer(status))
    const result = await run()
    const { fix } = refused(result, 'k3s-arm64', message)
    expect(fix).toContain(cure)
    expect(server.count(BINARY)).toBe(1)
    expect(result.waits).toEqual([])
  })

  test.each([408, 425, 429, 500, 502, 503, 504])('%i is tried again', async (status) => {
    reply(BINARY, answer(status), answer(status), serve)
    const result = await run()
    expect(result.error).toBeUndefined()
    expect(result.waits).toEqual([1000, 2000])
  })

  test('503 for good is an error, after as many tries as were allowed', async () => {
    reply(BINARY, answer(503))
    refused(await run({ retries: 3 }), 'k3s-arm64', 'answers 503')
    expect(server.count(BINARY)).toBe(4)
  })

  test('Retry-After is heeded: seconds', async () => {
    reply(BINARY, answer(429, { 'retry-after': '7' }), serve)
    expect((await run()).waits).toEqual([7000])
  })

  test('Retry-After is heeded: a date', async () => {
    const now = Date.parse('2026-11-20T12:00:00Z')
    reply(BINARY, answer(503, { 'retry-after': 'Fri, 20 Nov 2026 12:01:30 GMT' }), serve)
    expect((await run({}, { now })).waits).toEqual([90_000])
  })

  test('a Retry-After of a day ends the run instead', async () => {
    reply(BINARY, answer(429, { 'retry-after': '86400' }), serve)
    const result = await run()
    refused(result, 'k3s-arm64', 'answers 429')
    expect(result.waits).toEqual([])
  })

  test('a body that stops coming is given up, and gone on with', async () => {
    reply(BINARY, stall(100_000), serve)
    const result = await run({ json: true }, { timeouts: { connect: 10_000, headers: 10_000, idle: 200 } })
    expect(result.error).toBeUndefined()
    expect(result.stderr).toContain('nothing came any more')
    expect(server.requests.filter(({ path }) => path === BINARY)[1]?.headers.range).toMatch(/^bytes=\d+-$/)
  })

  test('no answer at all is an error in the end', async () => {
    reply(BINARY, () => undefined)
    const timeouts = { connect: 10_000, headers: 100, idle: 10_000 }
    refused(await run({ retries: 1 }, { timeouts }), 'k3s-arm64', 'no answer in time')
    expect(server.count(BINARY)).toBe(2)
  })

  test('nobody there: every file is named, with a cure', async () => {
    const gone = await FileServer.start()
    const { url } = gone
    await gone.close()
    const result = await run({ mirror: url, retries: 1 })
    const { fix } = refused(
      result,
      'k3s-arm64',
      /^5 files could not be had: install\.sh, install\.sh\.sha256sum, k3s-arm64, /,
    )
    expect(fix).toContain('listed above')
    expect(result.stderr).toContain('nobody listens there (ECONNREFUSED)')
  })

  test('what speaks no HTTP is called so', async () => {
    reply(BINARY, (_request, response) => response.socket?.end('SSH-2.0-OpenSSH_9.6\r\n'))
    refused(await run({ retries: 0 }), 'k3s-arm64', "doesn't speak HTTP")
  })
})

describe('redirects', () => {
  test('are followed, and the login stays at the host that it is for', async () => {
    const other = await FileServer.start()
    other.files.set('/blob', binary)
    reply(BINARY, answer(302, { location: `${BASE}/there` }))
    reply(`${BASE}/there`, answer(307, { location: `${other.url}/blob?X-Signature=hush` }))
    other.replies.set('/blob?X-Signature=hush', [(request, response) => serve(request, response, binary)])
    const result = await run({ mirror: server.url.replace('//', '//ops:hunter%402@') })
    await other.close()
    expect(result.error).toBeUndefined()
    const basic = `Basic ${Buffer.from('ops:hunter@2').toString('base64')}`
    expect(server.requests.map(({ headers }) => headers.authorization)).toEqual(
      server.requests.map(() => basic),
    )
    expect(other.requests.map(({ headers }) => headers.authorization)).toEqual([undefined])
    const written = names().map((name) => read(name).toString('latin1'))
    for (const text of [result.stdout, result.stderr, ...written]) {
      expect(text).not.toContain('hunter')
      expect(text).not.toContain('hush')
    }
  })

  test('in a circle end', async () => {
    reply(BINARY, answer(302, { location: '/there' }))
    reply('/there', answer(302, { location: BINARY }))
    refused(await run(), 'k3s-arm64', 'redirects in a circle')
    expect(server.count(BINARY)).toBe(1)
  })

  test('without end are cut off', async () => {
    reply(BINARY, answer(302, { location: '/0' }))
    for (let hop = 0; hop < 20; hop++) reply(`/${hop}`, answer(302, { location: `/${hop + 1}` }))
    refused(await run(), 'k3s-arm64', 'redirects more than 10 times')
  })

  test.each(['file:///etc/passwd', 'ftp://127.0.0.1/', 'http://['])('to %s are refused', async (location) => {
    reply(BINARY, answer(302, { location }))
    refused(await run(), 'k3s-arm64', 'the server redirects to')
  })
})

describe('who vouches', () => {
  test('a list that could not be had is missing itself, and what it is for says so', async () => {
    server.files.delete(LIST)
    const { error, stderr } = await run()
    expect((error as UserError).message).toMatch(/^3 files could not be had: .*sha256sum-arm64\.txt/)
    expect(stderr).toContain('see why sha256sum-arm64.txt could not be had')
    expect(stderr).not.toContain('left out sha256sum-arm64.txt')
  })

  test('a list of images that no list has is left out, with a warning, and the rest is a bundle', async () => {
    publish(BASE, list.slice(0, 2))
    const { error, stderr } = await run()
    expect(error).toBeUndefined()
    expect(names()).toEqual(ALL.filter((name) => name !== 'k3s-images.txt'))
    expect(stderr).toContain('warning: left out k3s-images.txt')
    expect(stderr).toContain('sha256sum-arm64.txt does not list it')
    expect(stderr).toContain('cure: ')
    expect(server.count(`${BASE}/k3s-images.txt`)).toBe(0)
    expect(read('k3seal-bundle.json').toString()).not.toContain('k3s-images.txt')
  })

  describe('the archives, whose checksums are listed, vouch for a list of images that has none', () => {
    const twoImages = [
      { name: 'rancher/mirrored-pause:3.6', arch: 'arm64' },
      { name: 'rancher/klipper-lb:v0.4.13', arch: 'arm64' },
    ] as const
    const both = 'docker.io/rancher/klipper-lb:v0.4.13\ndocker.io/rancher/mirrored-pause:3.6\n'
    const withArchive = async (text: string): Promise<void> => {
      const archive = zstd(await dockerArchive(twoImages))
      publish(BASE, [`${sha256(archive)}  k3s-airgap-images-arm64.tar.zst`, ...list.slice(1, 2)])
      server.files.set(`${BASE}/k3s-airgap-images-arm64.tar.zst`, archive)
      server.files.set(`${BASE}/k3s-images.txt`, Buffer.from(text))
    }

    test('when it names exactly their images', async () => {
      await withArchive(both)
      const { error, stderr } = await run()
      expect(error).toBeUndefined()
      expect(stderr).not.toContain('warning: left out')
      expect(names()).toEqual(ALL)
      expect(read('k3s-images.txt').toString()).toBe(both)
      expect(read('k3seal-bundle.json').toString()).toContain(sha256(Buffer.from(both)))
      const count = server.count(`${BASE}/k3s-images.txt`)
      expect((await run()).error).toBeUndefined()
      expect(server.count(`${BASE}/k3s-images.txt`), 'it is there, and is not asked for again').toBe(count)
      writeFileSync(join(out, 'k3s-images.txt'), 'docker.io/rancher/mirrored-pause:3.6\n')
      expect((await run()).error).toBeUndefined()
      expect(read('k3s-images.txt').toString(), 'a wrong one is replaced').toBe(both)
    })

    test.each([
      ['one more', `${both}docker.io/library/elm:1\n`, 'no archive holds docker.io/library/elm:1'],
      ['one less', both.replace(/^.*\n/, ''), 'it lacks docker.io/rancher/klipper-lb:v0.4.13'],
      ['a page', '<!doctype html>\n', 'line 1 is no name of an image'],
      ['nothing', '', 'it lacks'],
    ])('not when it names %s', async (_, text, words) => {
      await withArchive(text)
      const { error, stderr } = await run()
      expect(error).toBeUndefined()
      expect(stderr).toContain('warning: left out k3s-images.txt')
      expect(stderr).toContain(words)
      expect(names()).toEqual(ALL.filter((name) => name !== 'k3s-images.txt'))
    })
  })

  test('two lists that disagree are no reason to ask the archives', async () => {
    writeFileSync(join(cwd, 'SHA256SUMS'), `${'0'.repeat(64)} *k3s-images.txt\n`)
    refused(
      await run({ checksums: ['SHA256SUMS'] }).then(noManifest),
      'k3s-images.txt',
      'different checksums',
    )
  })

  test('--checksums vouches for it', async () => {
    publish(BASE, list.slice(0, 2))
    writeFileSync(join(cwd, 'SHA256SUMS'), `${sha256(imageList)} *k3s-images.txt\n`)
    expect((await run({ checksums: ['SHA256SUMS'] })).error).toBeUndefined()
    expect(names()).toEqual(ALL)
  })

  test('an RPM that nobody vouches for is refused', async () => {
    const { error } = await run({ selinux: '1.7-1' })
    expect(error).toBeUndefined()
    writeFileSync(
      join(cwd, 'inventory.yml'),
      INVENTORY.replace('k3s_version', 'ansible_os_family: RedHat, k3s_version'),
    )
    const rpm = 'k3s-selinux-1.7-1.el9.noarch.rpm'
    server.files.set(`${BASE}/${rpm}`, Buffer.from('an rpm'))
    const { fix } = refused(
      await run({ selinux: '1.7-1', out: 'airgap' }).then(noManifest),
      rpm,
      'nothing vouches for it',
    )
    expect(fix).toContain('--checksums')
    expect(server.count(`${BASE}/${rpm}`)).toBe(0)
    writeFileSync(join(cwd, 'SHA256SUMS'), `${sha256('an rpm')}  ${rpm}\n`)
    expect((await run({ selinux: '1.7-1', checksums: ['SHA256SUMS'] })).error).toBeUndefined()
    expect(read(rpm).toString()).toBe('an rpm')
  })

  test('--checksums stands in for a list that a mirror lacks, and for what was brought by hand', async () => {
    for (const name of ['install.sh', 'install.sh.sha256sum']) server.files.delete(`${BASE}/${name}`)
    mkdirSync(out)
    writeFileSync(join(out, 'k3s-install.sh'), script)
    writeFileSync(join(cwd, 'SHA256SUMS'), `${sha256(script)}  install.sh\n`)
    refused(await run(), 'install.sh.sha256sum', '2 files could not be had: install.sh, install.sh.sha256sum')
    const result = await run({ checksums: ['SHA256SUMS'], json: true })
    expect(result.error).toBeUndefined()
    expect(result.stderr).toContain('warning: left out install.sh.sha256sum')
    expect(filesOf(result).get('k3s-install.sh')?.state).toBe('present')
    expect(names()).toEqual(ALL.filter((name) => name !== 'install.sh.sha256sum'))
    expect(statSync(join(out, 'k3s-install.sh')).mode & 0o7777).toBe(0o755)
  })

  test('--checksums and the release disagree: refused', async () => {
    writeFileSync(join(cwd, 'SHA256SUMS'), `${sha256('other')}  k3s-arm64\n`)
    refused(
      await run({ checksums: ['SHA256SUMS'] }),
      'k3s-arm64',
      'sha256sum-arm64.txt and SHA256SUMS have different checksums for it',
    )
    expect(server.count(BINARY)).toBe(0)
  })

  test('--checksums may list the lists themselves', async () => {
    writeFileSync(join(cwd, 'SHA256SUMS'), `${sha256('other')}  sha256sum-arm64.txt\n`)
    const result = await run({ checksums: ['SHA256SUMS'] })
    refused(result, 'k3s-arm64', 'could not be had: ')
    expect(result.stderr).toContain('is listed by --checksums')
    expect(visible()).not.toContain('sha256sum-arm64.txt')
  })

  test.each([
    ['missing', undefined, 'does not exist', 'SHA256SUMS'],
    ['no list', `${sha256('x')}  k3s\nhello\n`, 'is no SHA-256 sum with a name', 'SHA256SUMS:2:1'],
  ])('--checksums: %s', async (_what, text, message, at) => {
    if (text !== undefined) writeFileSync(join(cwd, 'SHA256SUMS'), text)
    const { error } = await run({ checksums: ['SHA256SUMS'] })
    expect(error).toMatchObject({ message, at })
    expect(server.requests).toEqual([])
  })
})

/** For a run after one that had left its manifest. */
const noManifest = (result: Run): Run => {
  rmSync(join(out, 'k3seal-bundle.json'), { force: true })
  return result
}

describe('proxies', () => {
  const hosts = (proxy: FileServer): readonly string[] => [...new Set(proxy.requests.map(({ path }) => path))]

  test('plain http goes to the proxy as a whole address', async () => {
    const proxy = await FileServer.start()
    for (const [path, bytes] of server.files) proxy.files.set(`http://mirror.example${path}`, bytes)
    const env = { http_proxy: `http://ops:hush@127.0.0.1:${proxy.port}`, https_proxy: 'http://127.0.0.1:1' }
    const result = await run({ mirror: 'http://mirror.example' }, { env })
    const [first] = proxy.requests
    await proxy.close()
    expect(result.error).toBeUndefined()
    expect(first?.path).toMatch(/^http:\/\/mirror\.example\/v1/)
    expect(first?.headers['proxy-authorization']).toBe(`Basic ${Buffer.from('ops:hush').toString('base64')}`)
    expect(result.stderr).not.toContain('hush')
    expect(server.requests).toEqual([])
  })

  test('https goes through a tunnel, in upper case and without http:// too', async () => {
    const proxy = await FileServer.start()
    const env = { HTTPS_PROXY: `127.0.0.1:${proxy.port}` }
    const result = await run({ mirror: `https://127.0.0.1:${server.port}`, retries: 0 }, { env })
    const asked = hosts(proxy)
    await proxy.close()
    // The server speaks no TLS: that the tunnel was asked for is all there is to see.
    refused(result, 'k3s-arm64', 'files could not be had')
    expect(result.stderr).toContain('no connection that could be trusted')
    expect(asked).toEqual([`127.0.0.1:${server.port}`])
  })

  test('a tunnel that the proxy refuses is named', async () => {
    const proxy = await FileServer.start()
    proxy.refuseTunnels(403)
    const env = { https_proxy: proxy.url }
    const result = await run({ mirror: 'https://mirror.example', retries: 0 }, { env })
    await proxy.close()
    refused(result, 'k3s-arm64', 'files could not be had')
    expect(result.stderr).toContain('the proxy answers 403')
  })

  test.each([
    ['example.org,127.0.0.1', 'http://127.0.0.1/', true],
    ['example.org', 'http://example.org/', true],
    ['example.org', 'http://k3s.example.org/', true],
    ['.example.org', 'http://k3s.example.org/', true],
    ['*.example.org', 'http://k3s.example.org/', true],
    ['example.org', 'http://myexample.org/', false],
    ['EXAMPLE.org other', 'http://example.org/', true],
    ['example.org:8080', 'http://example.org/', false],
    ['example.org:8080', 'http://example.org:8080/', true],
    ['example.org:443', 'https://example.org/', true],
    ['::1', 'http://[::1]/', true],
    ['[::1]:80', 'http://[::1]/', true],
    ['*', 'http://example.org/', true],
    ['', 'http://example.org/', false],
  ])('no_proxy=%s and %s', (no_proxy, url, isStraight) => {
    const proxy = proxiesOf({ no_proxy, all_proxy: 'proxy.example:3128' })(new URL(url))
    expect(proxy?.href).toBe(isStraight ? undefined : 'http://proxy.example:3128/')
  })

  test('NO_PROXY goes straight', async () => {
    const proxy = await FileServer.start()
    const env = { HTTP_PROXY: proxy.url, NO_PROXY: 'example.org,127.0.0.1' }
    const result = await run({}, { env })
    const asked = hosts(proxy)
    await proxy.close()
    expect(result.error).toBeUndefined()
    expect(asked).toEqual([])
  })

  test('the environment of the process itself is not looked at', async () => {
    vi.stubEnv('HTTP_PROXY', 'http://127.0.0.1:1')
    vi.stubEnv('http_proxy', 'http://127.0.0.1:1')
    const result = await run()
    vi.unstubAllEnvs()
    expect(result.error).toBeUndefined()
  })

  test('a proxy that wants a login is named', async () => {
    const proxy = await FileServer.start()
    proxy.replies.set(`http://mirror.example${LIST}`, [answer(407)])
    const result = await run({ mirror: 'http://mirror.example' }, { env: { http_proxy: proxy.url } })
    await proxy.close()
    refused(result, 'k3s-arm64', 'could not be had')
    expect(result.stderr).toContain('the proxy wants a login (407)')
  })

  test.each(['ftp://ops:hush@there', 'http://ops:hu%sh@there', 'http://['])(
    'a proxy that is none is refused: %s',
    async (http_proxy) => {
      const { error } = await run({}, { env: { http_proxy } })
      expect(error).toBeInstanceOf(UserError)
      expect((error as UserError).message).toBe('what http_proxy names is no HTTP proxy')
    },
  )
})

describe('mirrors', () => {
  test("rancher-mirror's layout", async () => {
    publish('/k3s/v1.31.5-k3s1')
    expect((await run({ mirror: `${server.url}/k3s/{tag}` })).error).toBeUndefined()
    expect(names()).toEqual(ALL)
  })

  test('a directory', async () => {
    const mirror = join(cwd, 'mirror/v1.31.5+k3s1')
    mkdirSync(mirror, { recursive: true })
    for (const [path, bytes] of server.files) writeFileSync(join(mirror, path.slice(BASE.length + 1)), bytes)
    const result = await run({ mirror: './mirror', json: true })
    expect(result.error).toBeUndefined()
    expect(names()).toEqual(ALL)
    expect(filesOf(result).get('k3s-arm64')?.url).toBe(`${pathToFileURL(join(cwd, 'mirror'))}${BINARY}`)
    rmSync(join(out, 'k3s-arm64'))
    rmSync(join(mirror, 'k3s-arm64'))
    const { fix } = refused(await run({ mirror: 'mirror' }), 'k3s-arm64', "can't be read (ENOENT)")
    expect(fix).toContain('DIR/<version>/<asset>')
  })

  test('a directory without the version in it', async () => {
    mkdirSync(join(cwd, 'mirror'))
    for (const [path, bytes] of server.files)
      writeFileSync(join(cwd, 'mirror', path.slice(BASE.length + 1)), bytes)
    expect((await run({ mirror: './mirror/{asset}' })).error).toBeUndefined()
    expect(read('k3seal-bundle.json').toString(), 'a path of this machine').not.toContain('source')
    expect(names()).toEqual(ALL)
  })

  test.each(['mirror.example/k3s', 'inventory.yml', 'nothing/{asset}', './rel-{tag}/x/{asset}'])(
    'a directory that is none: %s',
    async (mirror) => {
      const { error } = await run({ mirror })
      if (mirror.startsWith('./')) expect((error as UserError).message).toContain('files could not be had')
      else expect(error).toMatchObject({ message: '--mirror names no directory' })
      expect(existsSync(out)).toBe(mirror.startsWith('./'))
    },
  )

  test('the environment names one, with its login', async () => {
    const env = { K3SEAL_MIRROR: server.url.replace('//', '//ops:hush@') }
    const result = await run({ mirror: undefined as never }, { env })
    expect(result.error).toBeUndefined()
    expect(server.requests[0]?.headers.authorization).toMatch(/^Basic /)
  })

  test.each([
    ['https://m.example/k3s', 'https://m.example/k3s/v1.31.5%2Bk3s1/k3s-armhf'],
    ['https://m.example/k3s/', 'https://m.example/k3s/v1.31.5%2Bk3s1/k3s-armhf'],
    ['https://m.example/{tag}', 'https://m.example/v1.31.5-k3s1/k3s-armhf'],
    ['https://m.example/{asset}', 'https://m.example/k3s-armhf'],
    ['https://m.example/get?v={version}&f={asset}', 'https://m.example/get?v=v1.31.5%2Bk3s1&f=k3s-armhf'],
    ['https://u:p@m.example:8443/x', 'https://m.example:8443/x/v1.31.5%2Bk3s1/k3s-armhf'],
    ['https://u:p/@m.example/x', undefined],
    ['ftp://m.example', undefined],
    ['https://m.example/{arch}', undefined],
  ])('%s → %s', (text, url) => {
    const artefact = {
      role: 'binary',
      asset: 'k3s-armhf',
      target: 'k3s-arm',
      arch: 'arm',
      url: 'https://github.com/',
      nodes: [],
    } as const
    const made = (): string => artefactUrl(artefact, 'v1.31.5+k3s1', parseMirror(text))
    if (url === undefined) expect(made).toThrow(UserError)
    else expect(made()).toBe(url)
  })

  test('a URL is shown without login and query', () => {
    expect(shownUrl('https://u:p@m.example:8443/a%2Bb?sig=x#y')).toBe('https://m.example:8443/a%2Bb?…')
  })
})

describe('the disk', () => {
  async function failWrites(code: string, after: number): Promise<void> {
    const handle = await open(join(cwd, 'inventory.yml'))
    const prototype = Object.getPrototypeOf(handle) as FileHandle
    await handle.close()
    const { write } = prototype
    let count = 0
    vi.spyOn(prototype, 'write').mockImplementation(function (this: FileHandle, ...args: never[]) {
      count++
      if (count <= after) return Reflect.apply(write, this, args)
      return Promise.reject(Object.assign(new Error(`${code}: write`), { code, syscall: 'write' }))
    } as never)
  }

  test('is full: what came is kept, and the next run goes on', async () => {
    await failWrites('ENOSPC', 1)
    const result = await run({ jobs: 1 })
    const { fix } = refused(result, 'k3s-arm64', 'could not be had')
    expect(fix).toContain('run it again')
    expect(result.stderr).toContain("can't be written (ENOSPC)")
    expect(result.stderr).toContain('free some disk space')
    vi.restoreAllMocks()
    expect((await run()).error).toBeUndefined()
    expect(names()).toEqual(ALL)
  })

  test('DIR is a file', async () => {
    writeFileSync(out, '')
    const { error } = await run()
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toBe('is no directory')
  })
})

describe('two at once', () => {
  test('the second is refused while the first runs', async () => {
    let release = (): void => undefined
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const begun = new Promise<void>((resolve) => {
      reply(LIST, (request, response, file) => {
        resolve()
        void held.then(() => serve(request, response, file))
      })
    })
    const first = run()
    await begun
    const { error } = await run()
    release()
    expect((error as UserError).message).toMatch(/^another k3seal \(process \d+\) is downloading/)
    expect((await first).error).toBeUndefined()
    expect(names()).toEqual(ALL)
  })

  test.each([
    ['of this machine whose process is gone', `4194305 ${hostname()}\n`],
    ['with our own number', `${process.pid} ${hostname()}\n`],
  ])('a lock %s is taken over', async (_what, text) => {
    mkdirSync(out)
    writeFileSync(join(out, '.k3seal-fetch.lock'), text)
    expect((await run()).error).toBeUndefined()
    expect(names()).toEqual(ALL)
  })

  test('a lock of another machine is not judged', async () => {
    mkdirSync(out)
    writeFileSync(join(out, '.k3seal-fetch.lock'), '1 elsewhere\n')
    const { error } = await run()
    expect((error as UserError).message).toContain('(process 1 on elsewhere)')
    expect((error as UserError).fix).toContain('remove')
  })
})

test('an interruption keeps what came, and gives the directory free', async () => {
  const controller = new AbortController()
  reply(BINARY, (request, response, file) => {
    stall(100_000)(request, response, file)
    const look = (): void => {
      if (existsSync(partOf('k3s-arm64')) && statSync(partOf('k3s-arm64')).size === 100_000)
        controller.abort(new Interrupted())
      else setTimeout(look, 5)
    }
    look()
  })
  const result = await run({}, { signal: controller.signal })
  expect(result.error).toBeInstanceOf(Interrupted)
  expect(result.stderr).toContain('Interrupted: what was downloaded is kept')
  expect(names()).not.toContain('k3s-arm64')
  expect(names()).not.toContain('.k3seal-fetch.lock')
  expect(statSync(partOf('k3s-arm64')).size).toBe(100_000)
  server.replies.clear()
  const second = await run({ json: true })
  expect(filesOf(second).get('k3s-arm64')).toMatchObject({ state: 'resumed', attempts: 1 })
})

describe('options', () => {
  const command = async (...args: readonly string[]): Promise<unknown> => {
    const sink = new Sink()
    const session: Session = {
      cwd,
      env: {},
      stdin: Readable.from([]),
      stdout: sink,
      stderr: sink,
      interactive: false,
      color: false,
    }
    return parse(
      fetchCommand(session, () => undefined),
      args,
      session,
    ).then(
      () => sink.text,
      (error: unknown) => error,
    )
  }

  test('the whole command', async () => {
    const text = await command('-i', 'inventory.yml', '--out', 'airgap', '--mirror', server.url)
    expect(text).toContain('All 6 files are there.')
    expect(names()).toEqual(ALL)
  })

  test.each([
    ['--jobs', '0'],
    ['--jobs', '17'],
    ['--retries', '-1'],
    ['--retries', '1.5'],
  ])('%s %s', async (...args) => {
    const error = await command('--out', 'airgap', ...args)
    expect(error).toBeInstanceOf(UserError)
    expect((error as UserError).message).toContain('It is a number from')
  })

  test('--out is needed', async () => {
    expect(await command('-i', 'inventory.yml')).toMatchObject({
      message: "required option '--out <DIR>' not specified",
    })
  })

  test('help tells the layout of a mirror', async () => {
    expect(await command('--help')).toContain("--mirror 'https://rancher-mirror.rancher.cn/k3s/{tag}'")
  })
})

describe('lists of checksums', () => {
  const [a, b] = [sha256('a'), sha256('b')]

  test.each([
    ['as sha256sum writes', `${a}  k3s\n${b}  k3s-images.txt\n`, 'k3s', a],
    ['binary', `${a} *k3s\n`, 'k3s', a],
    ['with --tag', `SHA256 (k3s (1)) = ${a}\n`, 'k3s (1)', a],
    [
      'in upper case, with carriage returns and a byte order mark',
      `\uFEFF${a.toUpperCase()}  k3s\r\n`,
      'k3s',
      a,
    ],
    ['an escaped name', `\\${a}  a\\nb\\\\c\n`, 'a\nb\\c', a],
    ['a name with a backslash that is not escaped', `${a}  a\\nb\n`, 'a\\nb', a],
    ['below a directory', `${a}  ./dist/k3s\n`, 'k3s', a],
    ['another that ends so', `${a}  dist/my-k3s\n`, 'k3s', undefined],
    ['two that end so', `${a}  x/k3s\n${b}  y/k3s\n`, 'k3s', undefined],
    ['two that end so and one that is so', `${a}  x/k3s\n${b}  k3s\n`, 'k3s', b],
    ['the same twice', `${a}  k3s\n${a}  k3s\n`, 'k3s', a],
    ['comments and blank lines', `# ${b}  k3s\n\n${a}  k3s\n`, 'k3s', a],
    ['no name', `${a}\n`, 'k3s', undefined],
  ])('%s', (_what, text, name, sum) => {
    expect(checksumOf(parseChecksums(text), name)).toBe(sum)
  })

  test('what pack writes is read as it was meant', () => {
    const path = fc.string({ unit: 'grapheme', minLength: 1 }).filter((name) => !name.includes('\0'))
    fc.assert(
      fc.property(fc.uniqueArray(path), (paths) => {
        const files = paths.map((name) => ({ path: name, sha256: sha256(name) }))
        const { sums, faults } = parseChecksums(sumsText(files))
        expect(faults).toEqual([])
        expect(sums).toEqual(new Map(files.map((file) => [file.path, file.sha256])))
      }),
    )
  })

  test('a name with two sums has none, and is a fault', () => {
    const checksums = parseChecksums(`${a}  k3s\n${b}  k3s\nnonsense\n`)
    expect(checksums.sums.size).toBe(0)
    expect(checksums.faults).toEqual([
      { line: 2, message: 'gives k3s a second, different sum' },
      { line: 3, message: 'is no SHA-256 sum with a name' },
    ])
  })
})

describe('pauses', () => {
  const policy = { retries: 100, wait: async () => undefined, now: () => 0 }
  const failure = (retryAfter?: string) => new TransferFailure('', { fix: '', again: true, retryAfter })

  test('double, up to a minute, and half of each is chance', () => {
    const delays = (random: number) =>
      [1, 2, 3, 6, 7, 50].map((retry) => retryDelay(failure(), retry, { ...policy, random: () => random }))
    expect(delays(0)).toEqual([1000, 2000, 4000, 32_000, 60_000, 60_000])
    expect(delays(0.999_999)).toEqual([500, 1000, 2000, 16_000, 30_000, 30_000])
  })

  test.each([
    ['0', 1000],
    ['300', 300_000],
    ['301', undefined],
    ['soon', 1000],
    ['Thu, 01 Jan 1970 00:00:10 GMT', 10_000],
    ['-5', 1000],
  ])('Retry-After: %s', (text, delay) => {
    expect(retryDelay(failure(text), 1, { ...policy, random: () => 0 })).toBe(delay)
  })

  test('none for what another try can not mend', () => {
    expect(
      retryDelay(new TransferFailure('', { fix: '' }), 1, { ...policy, random: () => 0 }),
    ).toBeUndefined()
    expect(retryDelay(new Error(), 1, { ...policy, random: () => 0 })).toBeUndefined()
  })
})

describe('a row of progress', () => {
  const row = { name: 'k3s-airgap-images-arm64.tar.zst', bytes: 12_345_678, total: 61_728_390 }

  test.each([
    [100, 'k3s-airgap-images-arm64.tar.zst  [####--------------------]  20%  12.3 MB of 61.7 MB'],
    [60, 'k3s-airgap-images-arm6… [####--------------------]  20%'],
    [40, 'k3s-airgap-ima… [##------------]  20%'],
    [20, 'k3s-air…  20%'],
  ])('%i columns', (columns, text) => {
    const line = barLine(row, columns)
    expect(line).toBe(text)
    expect(line.length).toBeLessThan(columns)
  })

  test('without a total, and with a pause', () => {
    expect(barLine({ ...row, total: undefined }, 60)).toBe('k3s-airgap-images-arm6…  12.3 MB')
    expect(barLine({ ...row, note: 'm.example answers 503; again in 4 s' }, 80)).toContain(
      'answers 503; again in 4 s',
    )
  })

  test.each([
    [0, '0 B'],
    [999, '999 B'],
    [1000, '1.0 kB'],
    [99_960, '100 kB'],
    [999_600, '1.0 MB'],
    [61_728_390, '61.7 MB'],
    [1_500_000_000, '1.5 GB'],
  ])('%i bytes are %s', (bytes, text) => {
    expect(shownBytes(bytes)).toBe(text)
  })
})
