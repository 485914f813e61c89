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

function changeLines(changes: readonly Change[], screen: Screen): readonly string[] {
  const rows = changes.map((change) => ({ change, ...lineCounts(change) }))
  const width = Math.min(Math.max(...rows.map(({ change }) => change.path.length)), screen.width - 22)
  const marks = marksOf(screen)
  return rows.map(({ change, added, removed }) => {
    const verb =
      change.before === undefined ? paint(screen, 'green', 'new ') : paint(screen, 'yellow', 'edit')
    const counts = [
      paint(screen, 'green', `+${added}`),
      ...(removed === 0 ? [] : [paint(screen, 'red', `-${removed}`)]),
    ]
    const { path } = change
    const short =
      path.length > width ? `${marks.dots}${path.slice(path.length - width + marks.dots.length)}` : path
    const mode =
      change.before === undefined && (change.mode & 0o077) === 0 ? paint(screen, 'dim', ' 0600') : ''
    return `  ${verb}  ${short.padEnd(width)}  ${counts.join(' ')}${mode}`
  })
}
