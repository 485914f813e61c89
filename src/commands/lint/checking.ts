import { Cache } from '../../io/cache.ts'
import { expectWork } from '../../io/host.ts'
import type { Mask } from '../../lint/mask.ts'
import { cachedResults, cachedText, cacheKey } from '../../lint/resultCache.ts'
import type { LintOptions } from '../../lint/run.ts'
import type { Session } from '../session.ts'
import { Disk } from './disk.ts'
import type { Checked } from './engine.ts'
import type { ReadProject } from './project.ts'

/** A project, and what is asked about it. */
export interface Question {
  readonly project: ReadProject
  readonly options: LintOptions
}

export interface Answers {
  /** Of each question, in order. */
  readonly checked: readonly Checked[]
  /** Keeps the answers for the next time, where that is worth it. To be called when all else is done. */
  keep(mask: Mask): void
}

/** The ranges of what was kept say what is blanked. */
const NONE: ReadonlySet<string> = new Set()

const keepNothing = (): void => {}

/** What the rules say of a project, worked out anew. */
export async function check({ project, options }: Question, disk = new Disk(project)): Promise<Checked> {
  const engine = await import('./engine.ts')
  expectWork(lengthOf(project.texts) > MUCH_TEXT ? 'long' : 'short')
  return engine.check(project, options, disk)
}

/** What the rules say of each project: as it was kept where they have said it of the very same before. */
export async function answersTo(questions: readonly Question[], cache: Session['cache']): Promise<Answers> {
  const disks = questions.map(({ project }) => new Disk(project))
  if (cache === undefined) return { checked: await checkAll(questions, disks), keep: keepNothing }
  const kept = new Cache(cache.directory)
  const key = cacheKey(
    cache.build,
    questions.map(({ project, options }) => ({ ...project, options })),
  )
  const entry = kept.get(key)
  const before = entry === undefined ? [] : cachedResults(entry)
  if (entry !== undefined && before.every(({ lookedUp }, index) => disks[index]?.isAsBefore(lookedUp)))
    return {
      checked: before.map(({ result }) => ({ ...result, secrets: NONE, secretWords: NONE })),
      keep: keepNothing,
    }
  const checked = await checkAll(questions, disks)
  const keep = (mask: Mask): void => {
    const results = questions.flatMap(({ project: { texts } }, index) => {
      const [result, disk] = [checked[index], disks[index]]
      return result === undefined || disk === undefined ? [] : [{ result, lookedUp: disk.lookedUp, texts }]
    })
    kept.put(key, cachedText(results, mask))
  }
  return { checked, keep }
}

async function checkAll(questions: readonly Question[], disks: readonly Disk[]): Promise<readonly Checked[]> {
  const checked: Checked[] = []
  for (const [index, question] of questions.entries()) checked.push(await check(question, disks[index]))
  return checked
}

/** Characters from which on a project takes more than a moment. */
const MUCH_TEXT = 32 * 1024

function lengthOf(texts: ReadonlyMap<string, string>): number {
  let length = 0
  for (const text of texts.values()) length += text.length
  return length
}
