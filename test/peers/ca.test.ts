import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Secret } from '../../src/secret.ts'
import { caHashOf } from '../../src/token/caHash.ts'
import { inspectToken } from '../../src/token/inspect.ts'
import { run } from '../tools/peers.ts'

/*
 * CA hashes of certificates that openssl issued, against what openssl itself says of them. Which rule applies to
 * which bundle follows from `hashCA` of K3s and Go's Certificate.Verify, and is written out by hand.
 */

let scratch: string
const at = (name: string): string => join(scratch, name)
const pem = (...names: string[]): string =>
  names.map((name) => readFileSync(at(`${name}.crt`), 'utf8')).join('')

function openssl(...args: string[]): string {
  const { status, stdout, stderr } = run('openssl', args, { cwd: scratch })
  if (status !== 0) throw new Error(stderr)
  return stdout
}

interface Issue {
  readonly issuer?: string
  readonly extensions?: readonly string[]
  readonly days?: number
}

/** A CA unless the extensions say otherwise; `days` may be negative for one that has expired. */
function issue(name: string, { issuer, extensions = [], days = 3650 }: Issue = {}): void {
  openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', `${name}.key`)
  const lines = extensions.some((line) => line.startsWith('basicConstraints'))
    ? extensions
    : ['basicConstraints = critical, CA:TRUE', ...extensions]
  const identifiers = extensions.some((line) => line.startsWith('authorityKeyIdentifier'))
    ? []
    : ['authorityKeyIdentifier = keyid:always']
  writeFileSync(at(`${name}.ext`), ['subjectKeyIdentifier = hash', ...identifiers, ...lines].join('\n'))
  openssl('req', '-new', '-key', `${name}.key`, '-subj', `/CN=${name}`, '-out', `${name}.csr`)
  const signer =
    issuer === undefined
      ? ['-signkey', `${name}.key`]
      : ['-CA', `${issuer}.crt`, '-CAkey', `${issuer}.key`, '-CAcreateserial']
  openssl(
    'x509',
    '-req',
    '-in',
    `${name}.csr`,
    ...signer,
    '-days',
    String(days),
    '-extfile',
    `${name}.ext`,
    '-out',
    `${name}.crt`,
  )
}

/** As `openssl x509 -fingerprint -sha256` prints it, less the colons. */
const fingerprint = (name: string): string =>
  (openssl('x509', '-in', `${name}.crt`, '-noout', '-fingerprint', '-sha256').split('=')[1] ?? '')
    .trim()
    .replaceAll(':', '')
    .toLowerCase()

/** What `sha256sum server-ca.crt` prints. */
function fileHash(text: string): string {
  writeFileSync(at('bundle.pem'), text)
  return run('sha256sum', ['bundle.pem'], { cwd: scratch }).stdout.slice(0, 64)
}

beforeAll(() => {
  scratch = mkdtempSync(join(tmpdir(), 'k3seal-ca-'))
  issue('larch-root')
  issue('larch-middle', { issuer: 'larch-root' })
  issue('larch-ca', { issuer: 'larch-middle' })
  issue('beech-root')
  issue('no-aki-root', { extensions: ['authorityKeyIdentifier = none'] })
  issue('no-aki-ca', { issuer: 'no-aki-root' })
  issue('expired-root', { days: -1 })
  issue('under-expired-ca', { issuer: 'expired-root' })
  issue('expired-ca', { issuer: 'larch-root', days: -1 })
  issue('no-ca-middle', { issuer: 'larch-root', extensions: ['basicConstraints = critical, CA:FALSE'] })
  issue('under-no-ca', { issuer: 'no-ca-middle' })
  issue('client-middle', { issuer: 'larch-root', extensions: ['extendedKeyUsage = clientAuth'] })
  issue('under-client', { issuer: 'client-middle' })
  issue('server-middle', { issuer: 'larch-root', extensions: ['extendedKeyUsage = serverAuth'] })
  issue('under-server', { issuer: 'server-middle' })
  issue('short-root', { extensions: ['basicConstraints = critical, CA:TRUE, pathlen:0'] })
  issue('short-middle', { issuer: 'short-root' })
  issue('under-short', { issuer: 'short-middle' })
})

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

describe('one certificate: SHA-256 of the file', () => {
  test.each(['larch-root', 'larch-ca', 'expired-root'])('%s', (name) => {
    const hash = fileHash(pem(name))
    expect(caHashOf(Buffer.from(pem(name)))).toEqual({ hash, certificates: 1, of: 'file', asWritten: hash })
    expect(hash).not.toBe(fingerprint(name))
  })

  test('every byte counts, and a converted file is told from another CA', () => {
    const original = fileHash(pem('larch-root'))
    for (const text of [
      pem('larch-root').replaceAll('\n', '\r\n'),
      pem('larch-root').trimEnd(),
      `# larch\n${pem('larch-root')}`,
    ]) {
      const found = caHashOf(Buffer.from(text))
      expect(found?.hash).toBe(fileHash(text))
      expect(found?.hash).not.toBe(original)
      expect(found?.asWritten).toBe(original)
      const inspection = inspectToken(new Secret(`K10${original}::server:harbour`), { ca: Buffer.from(text) })
      expect(inspection.caHash.verdict).toBe('match-rewritten')
    }
  })

  test('keys and other blocks beside it are no certificates', () => {
    const text = `${readFileSync(at('larch-root.key'), 'utf8')}${pem('larch-root')}`
    expect(caHashOf(Buffer.from(text))).toMatchObject({ hash: fileHash(text), certificates: 1 })
  })
})

test.each([
  ['a root that names itself', ['larch-ca', 'larch-middle', 'larch-root'], 'larch-root'],
  ['in any order behind the first', ['larch-ca', 'larch-root', 'larch-middle'], 'larch-root'],
  ['with a stranger among them', ['larch-ca', 'beech-root', 'larch-middle', 'larch-root'], 'larch-root'],
  ['the intermediate is the first', ['larch-middle', 'larch-root'], 'larch-root'],
  ['a root that names no issuer', ['no-aki-ca', 'no-aki-root'], 'no-aki-root'],
  ['the root stands twice', ['larch-root', 'larch-root'], 'larch-root'],
  ['a purpose that allows servers', ['under-server', 'server-middle', 'larch-root'], 'larch-root'],
  ['a short path that is long enough', ['short-middle', 'short-root'], 'short-root'],
])('several that form a chain, %s: fingerprint of the root', (_, names, root) => {
  const found = caHashOf(Buffer.from(pem(...names)))
  expect(found).toMatchObject({ hash: fingerprint(root), of: 'root', certificates: names.length })
})

test.each([
  ['no root', ['larch-ca', 'larch-middle']],
  ['another root', ['larch-ca', 'larch-middle', 'beech-root']],
  ['no intermediate', ['larch-ca', 'larch-root']],
  ['only the first is self-signed', ['larch-root', 'larch-middle']],
  ['two strangers', ['larch-root', 'beech-root']],
  ['an expired root', ['under-expired-ca', 'expired-root']],
  ['an expired first', ['expired-ca', 'larch-root']],
  ['an intermediate that is no CA', ['under-no-ca', 'no-ca-middle', 'larch-root']],
  ['an intermediate for clients only', ['under-client', 'client-middle', 'larch-root']],
  ['a path too long for the root', ['under-short', 'short-middle', 'short-root']],
])('several that form none, %s: SHA-256 of the file', (_, names) => {
  const text = pem(...names)
  expect(caHashOf(Buffer.from(text))).toMatchObject({ hash: fileHash(text), of: 'unverified-chain' })
})

test('an inspection says whether the token is of the cluster', () => {
  const ca = Buffer.from(pem('larch-ca', 'larch-middle', 'larch-root'))
  const verdict = (hash: string) => inspectToken(new Secret(`K10${hash}::server:harbour`), { ca })
  expect(verdict(fingerprint('larch-root')).caHash).toEqual({
    verdict: 'match',
    expected: fingerprint('larch-root'),
    of: 'root',
  })
  const other = verdict(fingerprint('beech-root'))
  expect(other.caHash.verdict).toBe('mismatch')
  expect(other.serves.agent.outcome).toBe('refused')
  expect(other.serves.joiningServer.outcome).toBe('refused')
  expect(other.serves.firstServer.outcome).toBe('works')
  expect(other.problems.map(({ message }) => message).join()).toMatch(/CA hash is not that/)
  // The file's own hash is the one that people compute with sha256sum, and it is the wrong one for a chain.
  expect(verdict(createHash('sha256').update(ca).digest('hex')).caHash.verdict).toBe('mismatch')
  expect(inspectToken(new Secret('harbour'), { ca }).caHash).toEqual({
    verdict: 'absent',
    expected: fingerprint('larch-root'),
  })
})

test('what is no certificate', () => {
  expect(caHashOf(Buffer.from('harbour'))).toBeUndefined()
  expect(() => caHashOf(Buffer.from(pem('larch-root').replace(/MII.{20}/, 'MIIB')))).toThrow()
})
