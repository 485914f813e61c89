import type { Answers, Draft } from './answers.ts'
import type { Fields } from './answersFile.ts'
import type { Asker } from './ask.ts'
import type { Scene } from './scene.ts'

export interface Question<T> {
  /** On the review screen, and the first words of the prompt. */
  readonly title: string
  /** The flags that answer it, as an example shows them; the likeliest first. */
  readonly flags: readonly [string, ...string[]]
  /** Its keys in an answers file. */
  readonly keys: readonly [string, ...string[]]
  /** What Enter, `--yes` and a question that is not asked answer. `undefined`: nobody but the user can know. */
  preset(scene: Scene, draft: Draft): { readonly answer: T } | undefined
  /** Whether there is anything to choose, given the answers before. Left out: always. */
  isOpen?(scene: Scene, draft: Draft): boolean
  /** `draft` holds the answer that is to be changed, where there is one. */
  ask(asker: Asker, scene: Scene, draft: Draft): Promise<T>
  /** Called where the answers file has one of the keys. */
  read(fields: Fields): T
  /** The lines of an answers file that `read` reads; `path` writes a path for that file. */
  write(answer: T, path: (absolute: string) => string): readonly AnswerLine[]
  show(answer: T, scene: Scene, answers: Answers): string
}

export interface AnswerLine {
  readonly key: string
  readonly value: string | boolean | null | readonly string[]
}
