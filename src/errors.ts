/**
 * What the user can put right: wrong use, or an input that can't be used.
 * `message` is the cause, `fix` the cure; `at` is `path:line:column` or a path, where one is known.
 * Neither may hold a secret. `cli.ts` shows it and exits with 2.
 */
export class UserError extends Error {
  override readonly name = 'UserError'
  readonly fix: string
  readonly at: string | undefined

  constructor(
    message: string,
    { fix, at, cause }: { fix: string; at?: string | undefined; cause?: unknown },
  ) {
    super(message, { cause })
    this.fix = fix
    this.at = at
  }
}

/** The user broke off (Ctrl-C at a question, SIGINT). `cli.ts` exits with 130 and says nothing more. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted'

  constructor() {
    super('interrupted')
  }
}
