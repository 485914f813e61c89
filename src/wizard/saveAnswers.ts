import { yamlString } from '../syntax/yamlEdit.ts'
import type { Answers } from './answers.ts'
import type { AnswerLine, Question } from './question.ts'
import { questionKeys, questionTable } from './questions.ts'

/**
 * An answers file that gives these answers again. It holds no secret: a token that was typed is not in it.
 * `path` writes an absolute path as it has to stand in that file.
 */
export function answersText(answers: Answers, path: (absolute: string) => string): string {
  const lines = questionKeys.flatMap((key) => linesOf(key, answers, path))
  const typed =
    answers.token.kind === 'typed'
      ? ['# The token was typed in: give it again with --token-stdin or --token-file.']
      : []
  return `${['# For k3seal init --answers. Paths start at this file; it holds no secret.', ...lines, ...typed].join('\n')}\n`
}

function linesOf<K extends keyof Answers>(
  key: K,
  answers: Answers,
  path: (absolute: string) => string,
): readonly string[] {
  const question: Question<Answers[K]> = questionTable[key]
  return question.write(answers[key], path).flatMap(yamlLines)
}

function yamlLines({ key, value }: AnswerLine): readonly string[] {
  if (typeof value === 'string') return [`${key}: ${yamlString(value)}`]
  if (value === null || typeof value === 'boolean') return [`${key}: ${value}`]
  if (value.length === 0) return [`${key}: []`]
  return [`${key}:`, ...value.map((item) => `  - ${yamlString(item)}`)]
}
