import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { LintWorker } from './tools/lintWorker.ts'
import { mutantOf } from './tools/mutations.ts'

// The rest, and the bombs, are in test/peers/mutation.test.ts.
const worker = new LintWorker()

beforeAll(() => worker.prepare(), 60_000)
afterAll(() => worker.end())

describe('a project that was damaged is linted to an end', () => {
  test.each([0, 50, 100, 150])('mutants from %i on', { timeout: 120_000 }, async (first) => {
    const faults: string[] = []
    for (let number = first; number < first + 50; number += 1) {
      const { name, tree } = mutantOf(number)
      const fault = await worker.faultOf(tree)
      if (fault !== undefined) faults.push(`${name}: ${fault}`)
    }
    expect(faults).toEqual([])
  })
})
