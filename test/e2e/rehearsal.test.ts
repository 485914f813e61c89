import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  type ExpectedRun,
  inWords,
  projectDirectory,
  projectNames,
  readExpectation,
} from '../projects/expectation.ts'
import { bootReality, type Reality } from './reality.ts'

let reality: Reality

beforeAll(async () => {
  reality = await bootReality()
})

afterAll(async () => {
  await reality?.end()
})

const words = (hosts: ExpectedRun['verdicts']): Readonly<Record<string, string>> =>
  Object.fromEntries(Object.entries(hosts).map(([host, one]) => [host, inWords(one)]))

describe.each(projectNames)('%s', (name) => {
  const { runs } = readExpectation(name)
  test.each(runs.filter((run) => run.onPaper === undefined))('$name', async (run) => {
    const seen = await reality.see(projectDirectory(name), run)
    const said = seen.played.map((played) => played.all).join('\n')
    expect(words(seen.hosts), said).toEqual(words(run.verdicts))
  })
})
