import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Analysis } from '../../src/lint/analysis.ts'
import {
  type ExpectedRun,
  inWords,
  projectDirectory,
  projectNames,
  readExpectation,
  readProject,
  verdictsOf,
} from '../projects/expectation.ts'
import { bootReality, type Reality } from './reality.ts'

/** Verdicts that may stay open although the machines decide them. */
const MOST_LEFT_OPEN = 0

let reality: Reality
let compared = 0
const leftOpen: string[] = []

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
  const project = readProject(name)

  test.each(runs.filter((run) => run.onPaper === undefined))('$name', async (run) => {
    const seen = await reality.see(projectDirectory(name), run)
    const said = seen.played.map((played) => played.all).join('\n')
    expect(words(seen.hosts), said).toEqual(words(run.verdicts))

    const inventories = run.inventory === undefined ? {} : { inventories: [run.inventory] }
    const { verdicts } = new Analysis(project, inventories).rehearsal
    for (const [host, one] of Object.entries(seen.hosts)) {
      const found = verdictsOf(verdicts, run, host)
      const open = found.find((verdict) => verdict.token === 'maybe' || verdict.serverUrl === 'maybe')
      compared++
      if (open !== undefined) leftOpen.push(`${name}, ${run.name}, ${host}: ${open.unknown}`)
      else
        expect
          .soft(
            found.length === 0 ? [inWords('none')] : [...new Set(found.map(inWords))],
            `rehearsed ${host}`,
          )
          .toEqual([inWords(one)])
    }
  })
})

test('what the machines decide, the rehearsal knows', () => {
  console.log(`${leftOpen.length} of ${compared} verdicts were left open`)
  expect(leftOpen.slice(MOST_LEFT_OPEN)).toEqual([])
})
