import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { sampleTokens } from '../src/facts/samples.ts'
import { Secret } from '../src/secret.ts'
import { newToken } from '../src/token/generate.ts'
import { inspectToken, tokenProblems } from '../src/token/inspect.ts'
import { inspectionJson, inspectionText } from '../src/token/report.ts'
import { sinkHazards } from '../src/token/sinks.ts'
import { strengthOf } from '../src/token/strength.ts'

const H = 'a'.repeat(64)
const STRONG = 'mYz3kQ8sWn5LpXr2VtHc7JdF'

describe('strength', () => {
  test.each([
    ['', 0],
    ['7', 3],
    ['larch', 23],
    // 32 characters of 16, as K3s makes them.
    ['92b2db237428470dc4fcfc4ebbd9dc81', 128],
    // 16 of 36, the secret of a bootstrap token.
    ['q4z8w1n6t0r3k9p2', 82],
    // 24 of 62.
    [STRONG, 142],
    // One block of 8 over and over.
    ['mYz3kQ8smYz3kQ8smYz3kQ8s', 47],
    // A run counts as one character, whatever its length.
    ['abcdefghijklmnopqrstuvwxyz', 4],
    ['77777777777777777777', 3],
    ['password', 4],
  ])('%s: %i bits', (password, bits) => {
    expect(strengthOf(password).bits).toBe(bits)
  })

  test.each([
    [STRONG, undefined],
    ['92b2db237428470dc4fcfc4ebbd9dc81', undefined],
    ['q4z8w1n6t0r3k9', /14 characters long; 16 are the least/],
    ['mYz3kQ8smYz3kQ8smYz3kQ8s', /one block over and over/],
    ['abbaabababbabaabbabba', /very few different characters/],
    ['correct-horse-battery-staple', /words that everybody tries/],
    ['MyK3sClusterT0ken2026', /words that everybody tries/],
    ['abcdefghijklmnopqrstuvwxyz', /4 bits at most; 64 are the least/],
  ])('%s', (password, weakness) => {
    const { weaknesses } = strengthOf(password)
    if (weakness === undefined) expect(weaknesses).toEqual([])
    else expect(weaknesses.join('\n')).toMatch(weakness)
  })

  test('a sentence never holds four characters of the password', () => {
    for (const password of ['larch-harbour', 'zzzzzzzz', 'mYz3kQ8smYz3kQ8s'])
      for (const sentence of strengthOf(password).weaknesses)
        for (let index = 0; index + 4 <= password.length; index += 1)
          expect(sentence).not.toContain(password.slice(index, index + 4))
  })
})

describe('problems of a token that a person gives', () => {
  const said = (token: string, use: 'server' | 'agent') =>
    tokenProblems(new Secret(token), use).map(({ severity, message }) => `${severity}: ${message}`)

  test.each([
    [STRONG, 'server', []],
    [STRONG, 'agent', []],
    [`K10${H}::server:${STRONG}`, 'server', []],
    [`K10${H}::node:${STRONG}`, 'agent', []],
    ['', 'server', [/^error: K3s refuses it: token must not be empty/]],
    ['', 'agent', [/^error: K3s refuses it: token must not be empty/]],
    ['K10::larch', 'server', [/^error: K3s refuses it: invalid token format/]],
    ['changeme!', 'server', [/^error: everybody can read it at https:\/\/github.com\/k3s-io\/k3s-ansible/]],
    ['secretha', 'agent', [/^error: everybody can read it/]],
    [`K10${H}::server:secret12345`, 'server', [/^error: everybody can read it/]],
    ['q4z8w1.n6t0r3k9p2m5x7c1', 'server', [/^error: a bootstrap token can only join agents/]],
    ['q4z8w1.n6t0r3k9p2m5x7c1', 'agent', [/^error: a bootstrap token can be no agent token/]],
    [`K10${H}::node:${STRONG}`, 'server', [/^error: K3s takes only K10<CA hash>::server: off/]],
    [`K10${H}::server:${STRONG}`, 'agent', [/^error: K3s takes only K10<CA hash>::node: off/]],
    ['larch', 'server', [/^warning: it is weak: it is 5 characters long/]],
    [`${STRONG}\n`, 'server', [/^error: white space or a line break/, /^warning: written without quoting/]],
    [
      `${STRONG}\n${STRONG}`,
      'server',
      [/^error: the token has more than one line/, /^warning: written without/],
    ],
    [
      `${STRONG}%$`,
      'server',
      [
        /^warning: written without quoting it comes out as another text in: systemd Environment=, systemd ExecStart=, POSIX shell, OpenRC, Ansible lineinfile regexp, URL user information$/,
      ],
    ],
  ] as const)('%j as %s token', (token, use, expected) => {
    const problems = said(token, use)
    expect(problems).toHaveLength(expected.length)
    for (const [index, pattern] of expected.entries()) expect(problems[index]).toMatch(pattern)
  })

  test('every problem has a cure', () => {
    for (const token of [
      '',
      ' ',
      'K10',
      'larch',
      'changeme!',
      ':larch',
      `K10${H}::x:y`,
      'a\nb',
      'abcdef.0123456789abcdef',
    ])
      for (const use of ['server', 'agent'] as const)
        for (const { fix } of tokenProblems(new Secret(token), use)) expect(fix.length).toBeGreaterThan(10)
  })

  test('the samples are all refused, however they are dressed', () => {
    for (const { value, see } of sampleTokens) {
      expect(see).toMatch(/^https:\/\//)
      const dressed = [value, `K10${H}::server:${value}`, `K10::node:${value}`]
      for (const token of value.includes('.') ? [value, `K10${H}::${value}`] : dressed)
        expect(inspectToken(new Secret(token)).sample, token).toEqual({ see })
    }
    expect(new Set(sampleTokens.map(({ value }) => value)).size).toBe(sampleTokens.length)
  })
})

test('the delivery playbook refuses the same samples', () => {
  const playbook = readFileSync(join(import.meta.dirname, '../templates/deliver.yml'), 'utf8')
  const [, list = ''] = /^ *k3seal_samples:\n((?: +- .+\n)+)/m.exec(playbook) ?? []
  const values = [...list.matchAll(/- "?(.+?)"?$/gm)].map(([, value]) => value)
  expect(values).toEqual(sampleTokens.map(({ value }) => value))
})

describe('sinks', () => {
  const places = (text: string): Record<string, readonly number[]> =>
    Object.fromEntries(
      sinkHazards(text)
        .filter(({ literal }) => !literal)
        .map(({ sink, breaks }) => [sink.id, breaks.flatMap(({ positions }) => positions)]),
    )

  test.each([
    ['harbour', {}],
    ['-harbour_', {}],
    ['har%bour', { 'environment-directive': [4], 'exec-start': [4], 'url-userinfo': [4] }],
    ['1e5', { 'yaml-plain': [] }],
    ['🔑%', { 'environment-directive': [2], 'exec-start': [2], 'url-userinfo': [2, 1] }],
    ['a.b.c', { 'lineinfile-regexp': [2, 4] }],
    [
      "it's",
      {
        'yaml-single-quoted': [3],
        'environment-directive': [3],
        'exec-start': [3],
        'posix-shell': [3],
        'url-userinfo': [3],
      },
    ],
    ['K10::server:x', { 'url-userinfo': [4, 5, 12] }],
  ])('%s', (text, expected) => {
    expect(places(text)).toEqual(expected)
  })

  test('the colons and the dot of a form are no problem of the token', () => {
    for (const token of [`K10${H}::server:${STRONG}`, 'q4z8w1.n6t0r3k9p2m5x7c1'])
      expect(inspectToken(new Secret(token)).problems).toEqual([])
    expect(inspectToken(new Secret(`K10${H}::server:${STRONG}%`)).problems).toHaveLength(1)
  })
})

describe('the report', () => {
  const shown = (token: string): string => {
    const inspection = inspectToken(new Secret(token))
    return inspectionText(inspection) + inspectionJson(inspection)
  }

  test('never holds the token or a part of it', () => {
    const alphabet = fc.constantFrom(...'GJQXZ%$"\'\\ :.!~')
    const secret = fc.string({ unit: alphabet, minLength: 6, maxLength: 30 })
    fc.assert(
      fc.property(
        secret,
        fc.constantFrom('', 'K10::server:', `K10${H}::node:`, 'K10', 'K10GJQX:'),
        (password, before) => {
          const report = shown(before + password)
          for (let index = 0; index + 4 <= password.length; index += 1) {
            const piece = password.slice(index, index + 4)
            if (/[GJQXZ]{2}/.test(piece)) expect(report).not.toContain(piece)
          }
        },
      ),
      { numRuns: 300 },
    )
  })

  test('shows no user but those of K3s, and no CA hash that may be something else', () => {
    expect(shown('K10harbour-larch:beech')).not.toMatch(/harbour|larch|beech/)
    expect(shown(`K10${'Z'.repeat(64)}::server:beech-harbour`)).not.toMatch(/ZZ|beech/)
    expect(shown(`K10${H}::server:${STRONG}`)).toContain(H)
  })

  test('JSON has a version and the words of K3s', () => {
    const json = JSON.parse(inspectionJson(inspectToken(new Secret('abcdef.9123456789abcdeg'))))
    expect(json.version).toBe(1)
    expect(json.form).toEqual({ kind: 'bootstrap', caHash: '' })
    expect(json.serves.firstServer).toMatchObject({
      outcome: 'refused',
      says: 'failed to normalize server token; must be in format K10<CA-HASH>::<USERNAME>:<PASSWORD> or <PASSWORD>',
    })
    expect(json.sinks).toHaveLength(10)
    expect(json.problems).toHaveLength(1)
  })

  test('of a strong token ends in peace', () => {
    expect(shown(newToken().reveal())).toContain('\nnothing found: usable and strong\n')
  })
})
