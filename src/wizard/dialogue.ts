import { UserError } from '../errors.ts'
import { type Answers, type Draft, isAnswered } from './answers.ts'
import { answerFields, type Fields } from './answersFile.ts'
import type { Asker } from './ask.ts'
import type { Question } from './question.ts'
import { questionKeys, questionTable } from './questions.ts'
import type { Scene } from './scene.ts'

/** How an answer is found that the flags and the answers file leave open. */
export interface Filling {
  /** Whom to ask; `undefined`: nobody. */
  readonly asker: Asker | undefined
  /** `--yes`: what has a preset is not asked. */
  readonly takesPresets: boolean
  /** Why nobody is asked, for the message. */
  readonly silence: string
}

/** One answer more: the given one, the only one, the preset or what the user says. `undefined`: it stays open. */
export async function fill<K extends keyof Answers>(
  key: K,
  draft: Draft,
  scene: Scene,
  { asker, takesPresets }: Pick<Filling, 'asker' | 'takesPresets'>,
): Promise<void> {
  if (isAnswered(draft, key)) return
  const question: Question<Answers[K]> = questionTable[key]
  const preset = question.preset(scene, draft)
  const isOpen = question.isOpen?.(scene, draft) ?? true
  if (preset !== undefined && (!isOpen || takesPresets)) draft[key] = preset.answer
  else if (asker !== undefined) draft[key] = await question.ask(asker, scene, draft)
}

/** All answers. Throws `UserError`, naming every flag that is missing, where nobody can be asked. */
export async function complete(given: Draft, scene: Scene, filling: Filling): Promise<Answers> {
  const draft: Draft = { ...given }
  for (const key of questionKeys) await fill(key, draft, scene, filling)
  const open = questionKeys.filter((key) => !isAnswered(draft, key))
  if (open.length > 0) throw unanswered(open, filling)
  return draft as Answers
}

/** Asks for another answer to one question; those that depend on it are asked when they open up by that. */
export async function change(
  key: keyof Answers,
  answers: Answers,
  scene: Scene,
  asker: Asker,
): Promise<Answers> {
  const draft: Draft = { ...answers }
  await ask(key, draft, scene, asker)
  for (const other of questionKeys) {
    const { isOpen, preset } = questionTable[other]
    const opened = isOpen?.(scene, draft) === true && isOpen(scene, answers) === false
    if (opened && preset(scene, draft) === undefined) await ask(other, draft, scene, asker)
  }
  return draft as Answers
}

async function ask<K extends keyof Answers>(key: K, draft: Draft, scene: Scene, asker: Asker): Promise<void> {
  const question: Question<Answers[K]> = questionTable[key]
  draft[key] = await question.ask(asker, scene, draft)
}

function unanswered(open: readonly (keyof Answers)[], { silence, takesPresets }: Filling): UserError {
  const width = Math.max(...open.map((key) => questionTable[key].title.length))
  const lines = open.map((key) => {
    const { title, flags } = questionTable[key]
    return `    ${title.padEnd(width)}  ${flags.join(' | ')}`
  })
  const rest = takesPresets
    ? ''
    : '\n  --yes takes the defaults for all that have one, and writes without asking'
  return new UserError(`${silence}, and these answers are missing:\n${lines.join('\n')}`, {
    fix: `give them as flags or in a file, --answers FILE, for example:\n    k3seal init --server s1=10.0.0.11 --agent a1=10.0.0.21 --user ops --vault-password-file ~/.vault-password --yes${rest}`,
  })
}

/** The answers of a file. Throws `UserError` with the place. */
export function readAnswers(source: {
  readonly path: string
  readonly directory: string
  readonly text: string
}): Draft {
  const fields = answerFields(
    source,
    questionKeys.flatMap((key) => questionTable[key].keys),
  )
  const draft: Draft = {}
  for (const key of questionKeys) readAnswer(key, fields, draft)
  return draft
}

function readAnswer<K extends keyof Answers>(key: K, fields: Fields, draft: Draft): void {
  const question: Question<Answers[K]> = questionTable[key]
  if (question.keys.some((name) => fields.has(name))) draft[key] = question.read(fields)
}
