import { type Command, CommanderError } from 'commander'
import { UserError } from '../errors.ts'
import type { ExitStatus, Session } from './session.ts'

/** Runs a command on its arguments. Help ends with 0; what commander refuses becomes a `UserError`. */
export async function parse(
  program: Command,
  args: readonly string[],
  session: Session,
): Promise<ExitStatus | undefined> {
  prepare(program, session)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    throw new UserError(error.message.replace(/^error: /, ''), {
      fix: `see k3seal ${program.name()} --help`,
      cause: error,
    })
  }
}

function prepare(command: Command, session: Session): void {
  command.exitOverride()
  command.configureOutput({
    writeOut: (text) => session.stdout.write(text),
    writeErr: () => undefined,
    outputError: () => undefined,
  })
  for (const child of command.commands) prepare(child, session)
}
