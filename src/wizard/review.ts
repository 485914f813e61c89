import type { Answers } from './answers.ts'
import { type Change, lineCounts } from './diff.ts'
import type { Question } from './question.ts'
import { questionKeys, questionTable } from './questions.ts'
import type { Scene } from './scene.ts'
import { marksOf, paint, type Screen, wrap } from './screen.ts'

export interface Warning {
  readonly message: string
  readonly fix: string | undefined
}

/** What is about to happen: the answers, the files with how many lines come and go, and what to know of it. */
export function reviewText(
  answers: Answers,
  scene: Scene,
  changes: readonly Change[],
  warnings: readonly Warning[],
  screen: Screen,
): string {
  return [
    heading('Answers', screen),
    ...answerLines(answers, scene, screen),
    '',
    heading(changes.length === 1 ? '1 file' : `${changes.length} files`, screen),
    ...changeLines(changes, screen),
    ...(warnings.length === 0 ? [] : ['', warningText(warnings, screen)]),
  ].join('\n')
}

/** Each with its cure below. */
export function warningText(warnings: readonly Warning[], screen: Screen): string {
  return warnings
    .map(({ message, fix }) => {
      const cause = wrap(`warning: ${message}`, screen.width - 3).replaceAll('\n', '\n  ')
      const cure = fix === undefined ? '' : `\n${wrap(`cure: ${fix}`, screen.width - 1, '  ')}`
      return paint(screen, 'yellow', cause.slice(0, 8)) + cause.slice(8) + cure
    })
    .join('\n')
}

function heading(text: string, screen: Screen): string {
  return paint(screen, 'bold', text)
}

/** Beside their titles where the screen is wide enough, else below. */
function answerLines(answers: Answers, scene: Scene, screen: Screen): readonly string[] {
  const rows = questionKeys.map((key) => ({
    title: questionTable[key].title,
    text: shown(key, answers, scene),
  }))
  const column = Math.max(...rows.map(({ title }) => title.length)) + 4
  if (screen.width < column + 24)
    return rows.flatMap(({ title, text }) => [
      `  ${paint(screen, 'dim', title)}`,
      wrap(text, screen.width - 1, '    '),
    ])
  return rows.map(({ title, text }) => {
    const [first = '', ...rest] = wrap(text, screen.width - 1 - column).split('\n')
    return [
      `  ${paint(screen, 'dim', title.padEnd(column - 2))}${first}`,
      ...rest.map((line) => ' '.repeat(column) + line),
    ].join('\n')
  })
}

function shown<K extends keyof Answers>(key: K, answers: Answers, scene: Scene): string {
  const question: Question<Answers[K]> = questionTable[key]
  return question.show(answers[key], scene, answers)
}

interface Row {
  readonly verb: 'new' | 'edit'
  readonly path: string
  readonly added: number
  readonly removed: number
  readonly mode: string
}

function changeLines(changes: readonly Change[], screen: Screen): readonly string[] {
  const rows = gathered(changes)
  const width = Math.min(Math.max(...rows.map(({ path }) => path.length)), screen.width - 22)
  const { dots } = marksOf(screen)
  return rows.map(({ verb, path, added, removed, mode }) => {
    const counts = [
      paint(screen, 'green', `+${added}`),
      ...(removed === 0 ? [] : [paint(screen, 'red', `-${removed}`)]),
      ...(mode === '' ? [] : [paint(screen, 'dim', mode)]),
    ]
    const short = path.length > width ? dots + path.slice(path.length - width + dots.length) : path
    const painted = paint(screen, verb === 'new' ? 'green' : 'yellow', verb.padEnd(4))
    return `  ${painted}  ${short.padEnd(width)}  ${counts.join(' ')}`
  })
}

/** One row for each file; new ones below `k3seal/`, which are the same for every site, share one. */
function gathered(changes: readonly Change[]): readonly Row[] {
  const rows: Row[] = []
  const shared = new Map<string, { index: number; count: number; added: number }>()
  for (const change of changes) {
    const { added, removed } = lineCounts(change)
    const { path, before, mode } = change
    const [directory] = /^(?:.*\/)?k3seal\/(?=(?:templates\/)?[^/]+$)/.exec(path) ?? []
    const isPrivate = before === undefined && (mode & 0o077) === 0
    if (directory === undefined || before !== undefined || isPrivate) {
      rows.push({
        verb: before === undefined ? 'new' : 'edit',
        path,
        added,
        removed,
        mode: isPrivate ? '0600' : '',
      })
      continue
    }
    const known = shared.get(directory) ?? { index: rows.length, count: 0, added: 0 }
    const sum = { ...known, count: known.count + 1, added: known.added + added }
    shared.set(directory, sum)
    rows[known.index] = {
      verb: 'new',
      path: sum.count === 1 ? path : `${directory} (${sum.count} files)`,
      added: sum.added,
      removed: 0,
      mode: '',
    }
  }
  return rows
}
