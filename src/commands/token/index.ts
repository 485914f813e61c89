import { Command } from 'commander'
import { UserError } from '../../errors.ts'
import { suggestion } from '../../suggestion.ts'
import type { ExitStatus, Session } from '../session.ts'
import { inspectCommand } from './inspect.ts'
import { newCommand } from './new.ts'

export function command(session: Session, setStatus: (status: ExitStatus) => void): Command {
  const subcommands = [newCommand(session), inspectCommand(session, setStatus)]
  const token = new Command('token')
    .description('Makes strong tokens, and says what a given one is.')
    .usage('new|inspect [options]')
    // Anything may stand here when `inspect` was forgotten, a token too: it is not repeated in the message.
    .argument('[subcommand...]')
    .allowUnknownOption()
    .action((words: readonly string[]) => {
      const names = subcommands.map((subcommand) => subcommand.name())
      throw new UserError('token needs a subcommand: new or inspect', {
        fix: suggestion(words[0] ?? '', names),
      })
    })
  for (const subcommand of subcommands) token.addCommand(subcommand)
  return token
}
