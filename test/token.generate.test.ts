import { randomInt, webcrypto } from 'node:crypto'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { UserError } from '../src/errors.ts'
import { type AlphabetName, alphabets, type TokenKind } from '../src/token/alphabets.ts'
import { newToken } from '../src/token/generate.ts'
import { tokenProblems } from '../src/token/inspect.ts'
import { sinkHazards } from '../src/token/sinks.ts'

afterEach(() => vi.restoreAllMocks())

const drawn = (count: number, options: Parameters<typeof newToken>[0] = {}): string[] =>
  Array.from({ length: count }, () => newToken(options).reveal())

test.each([
  [{}, /^[A-Za-z0-9]{64}$/],
  [{ kind: 'agent' }, /^[A-Za-z0-9]{64}$/],
  [{ length: 16 }, /^[A-Za-z0-9]{16}$/],
  [{ length: 1024 }, /^[A-Za-z0-9]{1024}$/],
  [{ alphabet: 'hex' }, /^[0-9a-f]{64}$/],
  [{ alphabet: 'hex', length: 24 }, /^[0-9a-f]{24}$/],
  [{ alphabet: 'url' }, /^[A-Za-z0-9_][A-Za-z0-9_-]{63}$/],
  [{ alphabet: 'symbols' }, /^[A-Za-z0-9_][A-Za-z0-9_-]{63}$/],
  [{ kind: 'bootstrap' }, /^[a-z0-9]{6}\.[a-z0-9]{16}$/],
  [{ kind: 'microk8s' }, /^[0-9a-f]{32}$/],
  [{ kind: 'microk8s', alphabet: 'alnum', length: 128 }, /^[A-Za-z0-9]{128}$/],
] as const)('%j gives %s', (options, shape) => {
  for (const token of drawn(200, options)) expect(token).toMatch(shape)
})

describe.each(Object.keys(alphabets) as AlphabetName[])('alphabet %s', (alphabet) => {
  const length = alphabet === 'hex' ? 24 : 16
  const tokens = drawn(3000, { alphabet, length })

  test('every class is there', () => {
    for (const token of tokens)
      for (const members of alphabets[alphabet].classes)
        expect([...token].some((character) => members.includes(character))).toBe(true)
  })

  test('is literal in every sink, no K10, no option, no problem for either use', () => {
    for (const token of drawn(200, { alphabet, length })) {
      expect(sinkHazards(token).filter(({ literal }) => !literal)).toEqual([])
      expect(token).not.toMatch(/^(?:K10|-)/)
    }
    for (const use of ['server', 'agent'] as const)
      for (let index = 0; index < 100; index += 1)
        expect(tokenProblems(newToken({ alphabet, length }), use)).toEqual([])
  })
})

/**
 * Pearson's chi-square over a table of counts against the table's margins. Standardised by its mean and deviation:
 * near 0 for honest draws. Eight deviations come up less than once in 10^14 runs.
 */
function deviations(counts: readonly (readonly number[])[]): number {
  const columns = (counts[0] ?? []).map((_, column) =>
    counts.reduce((sum, row) => sum + (row[column] ?? 0), 0),
  )
  const total = columns.reduce((sum, count) => sum + count, 0)
  const chiSquare = counts
    .flatMap((row) => {
      const rowTotal = row.reduce((sum, count) => sum + count, 0)
      return row.map((count, column) => {
        const expected = (rowTotal * (columns[column] ?? 0)) / total
        return (count - expected) ** 2 / expected
      })
    })
    .reduce((sum, term) => sum + term, 0)
  const freedom = (counts.length - 1) * (columns.length - 1)
  return (chiSquare - freedom) / Math.sqrt(2 * freedom)
}

/** How often each column's characters occur at each position. */
const positionCounts = (tokens: readonly string[], columns: readonly string[]): number[][] =>
  Array.from({ length: tokens[0]?.length ?? 0 }, (_, position) => {
    const counts = columns.map(() => 0)
    for (const token of tokens) {
      const index = columns.findIndex((members) => members.includes(token[position] ?? ''))
      counts[index] = (counts[index] ?? 0) + 1
    }
    return counts
  })

describe('distribution', () => {
  const characters = alphabets.alnum.classes.join('')
  const tokens = drawn(30_000, { length: 16 })

  test('no position prefers a character', () => {
    expect(deviations(positionCounts(tokens, [...characters]))).toBeLessThan(8)
    expect(deviations(positionCounts(tokens, alphabets.alnum.classes))).toBeLessThan(8)
  })

  test('no character of a class is preferred to another', () => {
    for (const members of alphabets.alnum.classes) {
      const counts = [...members].map((member) =>
        tokens.reduce((sum, token) => sum + token.split(member).length - 1, 0),
      )
      const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length
      expect(deviations([counts, counts.map(() => mean * 1000)])).toBeLessThan(8)
    }
  })

  test('the bound is one that the usual ways to have every class break', () => {
    const put = tokens.map((token, index) => `${characters[index % 26]}${token.slice(1)}`)
    expect(deviations(positionCounts(put, [...characters]))).toBeGreaterThan(40)
    const repaired = Array.from({ length: 30_000 }, () => {
      const token = Array.from({ length: 16 }, () => characters[randomInt(characters.length)]).join('')
      return /[0-9]/.test(token) ? token : `${token.slice(0, 15)}${randomInt(10)}`
    })
    expect(deviations(positionCounts(repaired, alphabets.alnum.classes))).toBeGreaterThan(40)
  })
})

describe('the random source', () => {
  test('is the CSPRNG of the system, and never Math.random', () => {
    const random = vi.spyOn(Math, 'random').mockImplementation(() => {
      throw new Error('Math.random was asked')
    })
    const source = vi.spyOn(webcrypto, 'getRandomValues')
    for (const kind of ['server', 'agent', 'bootstrap', 'microk8s'] satisfies TokenKind[]) drawn(50, { kind })
    drawn(50, { length: 1024 })
    expect(random).not.toHaveBeenCalled()
    const bytes = source.mock.calls.reduce((sum, [pool]) => sum + (pool?.byteLength ?? 0), 0)
    expect(bytes).toBeGreaterThan(50 * 1024)
  })

  test('that has failed gives no token', () => {
    vi.spyOn(webcrypto, 'getRandomValues').mockImplementation(
      (pool) => (pool as unknown as Buffer).fill(0) as never,
    )
    expect(() => drawn(200, { length: 1024 })).toThrow('the random source gave no usable token')
  })
})

test.each([
  [{ length: 15 }, /from 16 to 1024/],
  [{ length: 1025 }, /from 16 to 1024/],
  [{ length: 16.5 }, /from 16 to 1024/],
  [{ length: Number.NaN }, /from 16 to 1024/],
  [{ alphabet: 'hex', length: 23 }, /from 24 to 1024/],
  [{ kind: 'bootstrap', length: 24 }, /length of a bootstrap token is 23/],
  [{ kind: 'bootstrap', alphabet: 'hex' }, /alphabet/],
  [{ kind: 'microk8s', length: 31 }, /from 32 to 128/],
  [{ kind: 'microk8s', length: 129 }, /from 32 to 128/],
  [{ kind: 'microk8s', alphabet: 'url' }, /alphabet/],
] as const)('%j is refused', (options, cause) => {
  const refusal = (): unknown => newToken(options)
  expect(refusal).toThrow(UserError)
  expect(refusal).toThrow(cause)
})
