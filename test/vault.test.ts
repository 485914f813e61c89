import crypto from 'node:crypto'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import { UserError } from '../src/errors.ts'
import { Secret } from '../src/secret.ts'
import { decryptVault, encryptVault, VaultError, vaultLabel, vaultScalar } from '../src/syntax/vault.ts'

const password = new Secret('harbour bell 7')
const value = new Secret('larch-needle-larch-needle-larch')

/** Made with `ansible-vault encrypt_string` of ansible-core 2.21.5, password `harbour bell 7`. */
const fromAnsible = `$ANSIBLE_VAULT;1.1;AES256
36353431346266326663636130336465646631393830383361393865376662303066376431323637
3263633039376462393331343766646433353730336235340a666639313833643564363130663362
65613362386564333861666630376537623935356263623465343865386235313637613931663430
6363313532336136360a636666303661623932313632373831343933663061636136656430343634
6630`
const labelled = `$ANSIBLE_VAULT;1.2;AES256;harbour
34313561356430356366623063363934336531363939333366626330613637666235656436366135
3536346237333266623361636665613664323239386433380a336438326666383037653231643632
64666466356261306637663763383465653866396237666333316636376161323132383334366238
3839663464333835300a366665623633393561343161656465616538636239643338303962366237
6132`

function faultOf(run: () => unknown): VaultError {
  try {
    run()
  } catch (error) {
    expect(error).toBeInstanceOf(VaultError)
    return error as VaultError
  }
  throw new Error('nothing was thrown')
}

/** Changes the inner text (hexadecimal salt, checksum, ciphertext) and writes the lines again. */
function altered(envelope: string, change: (parts: string[]) => string[]): string {
  const [header, ...lines] = envelope.split('\n')
  const inner = Buffer.from(lines.join(''), 'hex').toString('latin1')
  const body = Buffer.from(change(inner.split('\n')).join('\n'), 'latin1').toString('hex')
  return [header, ...(body.match(/.{1,80}/g) ?? [])].join('\n')
}

const flipped = (hex: string, byte: number): string => {
  const bytes = Buffer.from(hex, 'hex')
  bytes[byte] = (bytes[byte] ?? 0) ^ 1
  return bytes.toString('hex')
}

test("opens what Ansible's own tool wrote", () => {
  expect(decryptVault(fromAnsible, password).reveal()).toBe('larch-needle')
  expect(decryptVault(labelled, password).reveal()).toBe('larch-needle')
  expect(vaultLabel(fromAnsible)).toBeUndefined()
  expect(vaultLabel(labelled)).toBe('harbour')
})

test('writes format 1.1 without a label, 1.2 with one, in 80 columns and without a last newline', () => {
  const lines = encryptVault(value, password).split('\n')
  expect(lines[0]).toBe('$ANSIBLE_VAULT;1.1;AES256')
  expect(lines.slice(1, -1).every((line) => /^[0-9a-f]{80}$/.test(line))).toBe(true)
  expect(lines.at(-1)).toMatch(/^[0-9a-f]{1,80}$/)
  expect(encryptVault(value, password, 'default').split('\n')[0]).toBe('$ANSIBLE_VAULT;1.1;AES256')
  expect(encryptVault(value, password, 'harbour').split('\n')[0]).toBe('$ANSIBLE_VAULT;1.2;AES256;harbour')
})

test('gives back every byte string', () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 200 }),
      fc.uint8Array({ minLength: 1, maxLength: 40 }),
      (bytes, key) => {
        const secret = new Secret(key)
        expect(decryptVault(encryptVault(new Secret(bytes), secret), secret).revealBytes()).toEqual(
          Buffer.from(bytes),
        )
      },
    ),
    { numRuns: 60 },
  )
})

test.each([
  ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
  ['lone carriage returns', (text: string) => text.replaceAll('\n', '\r')],
  ['a last newline', (text: string) => `${text}\n`],
  ['blank lines behind and between', (text: string) => `${text.replace('\n', '\n\n')}\n\n\n`],
  ['the indentation of a YAML block', (text: string) => text.replace(/^/gm, '          ')],
  ['an indented block whose blank line is not', (text: string) => `${text.replace(/^/gm, '\t')}\n\n`],
  ['capital digits', (text: string) => text.replace(/\n[\s\S]*/, (body) => body.toUpperCase())],
  ['spaces around the fields of the header', (text: string) => text.replace(';1.1;', '; 1.1 ; ')],
  ['a 1.2 header without a label', (text: string) => text.replace('1.1', '1.2')],
  ['a 1.1 header with a label', (text: string) => text.replace('AES256', 'AES256;larch')],
])('reads %s', (_, change) => {
  expect(decryptVault(change(fromAnsible), password).reveal()).toBe('larch-needle')
})

describe('three faults', () => {
  test.each([
    ['', 'an empty line'],
    ['\n$ANSIBLE_VAULT;1.1;AES256\n3132', 'an empty line'],
    ['plain-larch', 'not encrypted with Ansible Vault'],
    ['$ANSIBLE_VAULT', 'cut off'],
    ['$ANSIBLE_VAULT;1.1', 'cut off'],
    ['$ANSIBLE_VAULT;1.0;AES\n3132', 'format version "1.0"'],
    ['$ANSIBLE_VAULT;1.3;AES256\n3132', 'format version "1.3"'],
    ['$ANSIBLE_VAULT;1.1;AES\n3132', 'cipher "AES"'],
    ['$ANSIBLE_VAULT;1.2;AES256;lärche\n3132', 'not ASCII'],
  ])('header: %j', (text, words) => {
    const error = faultOf(() => decryptVault(text, password))
    expect([error.fault, error.message]).toEqual(['header', expect.stringContaining(words)])
    expect(error.fix).toContain('$ANSIBLE_VAULT;1.1;AES256')
    expect(vaultLabel(text)).toBeUndefined()
  })

  const long = encryptVault(value, password)
  const spoilt: readonly [string, string, string][] = [
    ['no body', '$ANSIBLE_VAULT;1.1;AES256\n', 'no body'],
    ['one digit missing', long.slice(0, -1), 'odd number'],
    ['a letter', long.replace(/\n./, '\ng'), 'line 2 of the vaulted text holds a character'],
    [
      'white space behind a line',
      long.replace(/(\n.*)\n/, '$1 \n'),
      'line 2 of the vaulted text holds white space',
    ],
    ['the last line missing', long.replace(/\n[^\n]*$/, ''), 'cut off'],
    ['no ciphertext', altered(long, ([salt = '', hmac = '']) => [salt, hmac]), 'part is missing'],
    ['a short checksum', altered(long, ([s = '', h = '', c = '']) => [s, h.slice(2), c]), 'malformed'],
    [
      'a flipped bit in the text',
      altered(long, ([s = '', h = '', c = '']) => [s, h, flipped(c, 4)]),
      'altered',
    ],
    [
      'a flipped bit in the checksum',
      altered(long, ([s = '', h = '', c = '']) => [s, flipped(h, 0), c]),
      'altered',
    ],
    ['a block missing', altered(long, ([s = '', h = '', c = '']) => [s, h, c.slice(0, -32)]), 'altered'],
  ]
  test.each(spoilt)('body: %s', (_, text, words) => {
    const error = faultOf(() => decryptVault(text, password))
    expect([error.fault, error.message]).toEqual(['body', expect.stringContaining(words)])
    expect(error.fix).toContain('encrypt the value anew')
  })

  test('password: a wrong one, and an empty one', () => {
    const wrong = faultOf(() => decryptVault(long, new Secret('another')))
    expect([wrong.fault, wrong.message]).toEqual([
      'password',
      expect.stringContaining('wrong vault password'),
    ])
    const empty = faultOf(() => decryptVault(long, new Secret('')))
    expect([empty.fault, empty.message]).toEqual(['password', 'the vault password is empty'])
    expect(faultOf(() => encryptVault(value, new Secret(''))).fault).toBe('password')
  })

  test('password: a damaged salt can not be told from it, and the message says so', () => {
    const text = altered(long, ([s = '', h = '', c = '']) => [flipped(s, 3), h, c])
    const error = faultOf(() => decryptVault(text, password))
    expect([error.fault, error.message]).toEqual([
      'password',
      expect.stringContaining('or the body was damaged'),
    ])
  })

  test('a wrong password is hardly ever taken for a damaged body', () => {
    const short = encryptVault(new Secret('x'), password)
    const faults = Array.from(
      { length: 100 },
      (_, n) => faultOf(() => decryptVault(short, new Secret(`wrong ${n}`))).fault,
    )
    expect(new Set(faults)).toEqual(new Set(['password']))
  })

  test('noise that happens to be padded is still noise', () => {
    // Under this wrong password the text ends in a valid padding, as one in 256 does.
    const text = `$ANSIBLE_VAULT;1.1;AES256
37303166386662633534393632653236636330623032663765316137383238636233303264393834
6538636465326464313761663233336639326533353839660a646362333733313233303366326436
35323963343535663533353738636533663136616633633235303266663964323637343932393732
6134343562613063370a323930313836373938663331663331393336343563663734386437376662
6435`
    expect(decryptVault(text, password).reveal()).toBe('x')
    expect(faultOf(() => decryptVault(text, new Secret('wrong 68'))).fault).toBe('password')
  })

  test('no error shows the password, the value or the text', () => {
    for (const [, text] of spoilt) {
      const error = faultOf(() => decryptVault(text, password))
      const all = inspect(error, { depth: 9, showHidden: true }) + JSON.stringify(error) + error.fix
      for (const secret of [password.reveal(), value.reveal(), 'needle', long.split('\n')[2] ?? '?'])
        expect(all).not.toContain(secret)
    }
  })
})

test('refuses what Ansible could not read back', () => {
  for (const label of ['', 'a;b', 'lärche', 'a\nb', ' a', 'a '])
    expect(() => encryptVault(value, password, label), label).toThrow(UserError)
  expect(() => encryptVault(new Secret(fromAnsible), password)).toThrow(
    'encrypted with Ansible Vault already',
  )
})

test('derives the key of one text once, however often it is read', () => {
  const text = encryptVault(value, password)
  const derive = vi.spyOn(crypto, 'pbkdf2Sync')
  for (let n = 0; n < 1000; n += 1) decryptVault(text, password)
  expect(derive.mock.calls.length).toBeLessThanOrEqual(1)
  derive.mockRestore()
})

test('vaultScalar indents by ten', () => {
  expect(vaultScalar('harbour_key', '$ANSIBLE_VAULT;1.1;AES256\n6162\n63\n')).toBe(
    'harbour_key: !vault |\n          $ANSIBLE_VAULT;1.1;AES256\n          6162\n          63',
  )
})
