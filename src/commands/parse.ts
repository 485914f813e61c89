import { type Command, CommanderError } from 'commander'
import { UserError } from '../errors.ts'
import type { ExitStatus, Session } from './session.ts'

/** Runs a command on its arguments. Help ends with 0; what commander refuses becomes a `UserError`. */
export async function parse(
  program: Command,
  args: readonly string[],
  session: Session,
): Promise<ExitStatus | undefined> {
  program.name(`k3seal ${program.name()}`)
  prepare(program, session)
  try {
    await program.parseAsync([...args], { from: 'user' })
    return undefined
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return 0
    if (error.code === 'commander.help')
      throw new UserError(`${program.name()} takes a subcommand`, {
        fix: `one of: ${program.commands.map((child) => child.name()).join(', ')}; see ${program.name()} --help`,
      })
    const child = program.commands.find((command) => command.name() === args[0])
    throw new UserError(error.message.replace(/^error: /, ''), {
      fix: `see ${program.name()}${child === undefined ? '' : ` ${child.name()}`} --help`,
      cause: error,
    })
  }
}

/** For an option that may be given again: its values in their order. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
]

/** For an option that takes several values, with commas between them, and may be given again. */
export const list = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  ...value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== ''),
]

function prepare(command: Command, session: Session): void {
  command.exitOverride()
  command.configureOutput({
    writeOut: (text) => session.stdout.write(text),
    writeErr: () => undefined,
    outputError: () => undefined,
  })
  for (const child of command.commands) prepare(child, session)
}
